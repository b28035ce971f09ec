// SPDX-License-Identifier: Apache-2.0
// What a readinessProbe has us send, as a kubelet sends it. Pure. Private to
// source/probe.
#ifndef ORDINALD_SOURCE_PROBE_REQUEST_H
#define ORDINALD_SOURCE_PROBE_REQUEST_H

#include "base/arena.h"
#include "base/base.h"
#include "model/object.h"
#include "source/http.h"

/*
 * All of a request but its time and who takes the reply, which are left as they
 * are.
 *
 * arena  gets whatever the request points to
 * pod    whose first address is asked
 *
 * Returns 0; -ENOMEM; -EADDRNOTAVAIL for a pod without address.
 */
int probe_request(struct arena *arena, const struct object *pod,
                  const struct probe *probe,
                  struct http_request *out) ORD_CHECKED;

#endif
