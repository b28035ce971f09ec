// SPDX-License-Identifier: Apache-2.0
// What the workers tell each other about upstreams: see upstreams.h for the
// rules. Any thread; now_ms is monotonic. What goes well takes no lock.
#ifndef ORDINALD_NET_UPSTREAMS_HEALTH_H
#define ORDINALD_NET_UPSTREAMS_HEALTH_H

#include "base/base.h"
#include "net/upstreams.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPSTREAMS_NEVER UINT64_MAX

// The random labels of a probe: 16 hexadecimal digits each.
struct upstream_name {
    uint64_t labels[2];
};

bool upstreams_is_good(const struct upstreams *u, size_t i);
const struct sockaddr_any *upstreams_address(const struct upstreams *u,
                                             size_t i);

// A query was sent.
void upstreams_asked(struct upstreams *u, size_t i);

// There was a reply to a query, or to one about the server itself.
void upstreams_answered(struct upstreams *u, size_t i, uint64_t now_ms);
void upstreams_replied(struct upstreams *u, size_t i, uint64_t now_ms);

// A query has ended without a reply: counted, and no more.
void upstreams_failed(struct upstreams *u, size_t i);

// There may be something wrong: a query is slow, or has ended without a reply;
// a probe was refused. (One that is slow says nothing: see upstreams_due_ms().)
void upstreams_doubt(struct upstreams *u, size_t i, bool unreachable,
                     uint64_t now_ms);

// When something is due for any of them; UPSTREAMS_NEVER: nothing.
uint64_t upstreams_due_ms(struct upstreams *u);

// Whether the caller is to probe it now; nobody else is told so.
bool upstreams_take_probe(struct upstreams *u, size_t i, uint64_t now_ms);

// None could be sent, for want of something here: no doubt comes of that.
void upstreams_spare(struct upstreams *u, size_t i, uint64_t now_ms);

// A probe of that name is on its way.
void upstreams_probed(struct upstreams *u, size_t i, struct upstream_name name);

// The reply to it has come.
void upstreams_probe_replied(struct upstreams *u, size_t i,
                             struct upstream_name name, uint64_t now_ms);

// The probe itself has come, as a query. Returns whether it is one of ours.
bool upstreams_saw(struct upstreams *u, struct upstream_name name,
                   uint64_t now_ms);

#endif
