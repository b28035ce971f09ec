// SPDX-License-Identifier: Apache-2.0
// The two messages of gRPC's health checking protocol (grpc.health.v1), in the
// frames of gRPC over HTTP/2. Pure. Private to source/probe.
#ifndef ORDINALD_SOURCE_PROBE_GRPC_H
#define ORDINALD_SOURCE_PROBE_GRPC_H

#include "base/arena.h"
#include "base/base.h"
#include "base/bytes.h"

#include <stdbool.h>

// A reply of the server's takes 7 octets.
enum { GRPC_REPLY_MAX = 64 };

/*
 * The body of a request.
 *
 * service  whom the server is asked about; "": itself
 *
 * Returns 0 and sets out, or -ENOMEM.
 */
int grpc_check(struct arena *arena, const char *service,
               struct span *out) ORD_CHECKED;

// Whether the body of a reply says SERVING.
bool grpc_is_serving(struct span body);

#endif
