// SPDX-License-Identifier: Apache-2.0
// Asks the processes behind pods' addresses whether they are ready, as a
// kubelet does (Kubernetes: Configure Liveness, Readiness and Startup Probes).
// When to ask, and what follows, is model/ordinal's affair. Control thread, on
// its loop: no answer holds up anything else.
//
//     tcpSocket  a connection is accepted
//     httpGet    a status of 200 to 399; certificates are not checked, and
//                redirects to another host count as success
//     grpc       grpc.health.v1.Health/Check says SERVING
//
// The pod's first address is asked, unless the probe names a host.
#ifndef ORDINALD_SOURCE_PROBE_H
#define ORDINALD_SOURCE_PROBE_H

#include "base/base.h"
#include "base/error.h"
#include "model/ordinal.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct prober;

// Under way at a time: a descriptor each. Further ones wait for their turn,
// which counts towards their timeouts.
enum { PROBES_MAX = 256 };

/*
 * loop  borrowed until the end
 * done  what came of a probe; called from the loop only, and may begin others
 *       and free the prober
 *
 * Returns 0 and sets out, or -ENOMEM with err filled.
 */
int prober_new(uv_loop_t *loop,
               void (*done)(void *context, uint64_t ticket, bool success),
               void *context, struct prober **out,
               struct error *err) ORD_CHECKED;

// Ends all probes without a word. The loop has to run once more for the
// handles' ends. NULL is fine.
void prober_free(struct prober *p);

// Ask now, once, for at most the probe's timeout; what it says is copied. What
// cannot be asked (no address, no memory, no turn in time) is not answered, and
// so fails when its timeout is over (ordinals_events).
void prober_start(struct prober *p, const struct ordinals_probe *probe);

#endif
