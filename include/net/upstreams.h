// SPDX-License-Identifier: Apache-2.0
// The name servers that are asked for what is not ours, in the order in which
// they were given, and how they do. One value, shared by all workers: what one
// of them learns, all know. Any thread; what changes is atomic.
//
//     GOOD    asked; the first one of them that a question was not sent to yet.
//             Where it is slow or unreachable it is doubted: a probe is sent at
//             once, and only if nothing comes for UPSTREAM_DOUBT_MS it is
//             ASIDE. A name that nobody can answer sets no server aside
//     ASIDE   left alone for UPSTREAM_WAIT_MIN_MS; then probed, after twice the
//             time each, up to UPSTREAM_WAIT_MAX_MS, or UPSTREAM_WAIT_ALONE_MS
//             where none is GOOD, and at once when the last one that was is
//             not any more. Whatever it replies to makes it GOOD
//     LOOP    a probe of ours came back as a query: it leads back to us. Probed
//             on as one that is aside, until the reply comes and the query does
//             not
//
// A probe is two queries. One that nobody else asks, HINFO of two random
// labels, is known again wherever it turns up; it is sent once at first, too.
// The other one, id.server of class CHAOS (RFC 4892), is answered by the server
// itself: one whose own upstreams are gone still knows names of its own.
#ifndef ORDINALD_NET_UPSTREAMS_H
#define ORDINALD_NET_UPSTREAMS_H

#include "base/base.h"
#include "base/bytes.h"
#include "base/sockaddr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UPSTREAMS_MAX = 15, // as CoreDNS
    // a server that is there replies to a probe sooner
    UPSTREAM_DOUBT_MS = 500,
    UPSTREAM_WAIT_MIN_MS = 500,
    UPSTREAM_WAIT_MAX_MS = 8000,
    // so long after it has come back the only one may be refused
    UPSTREAM_WAIT_ALONE_MS = 1000,
};

struct upstreams;

enum upstream_condition { UPSTREAM_GOOD, UPSTREAM_ASIDE, UPSTREAM_LOOP };

struct upstream_state {
    struct sockaddr_any address;
    enum upstream_condition condition;
    bool unreachable;  // the last failure: it was refused, not silent
    uint64_t since_ms; // monotonic, of the condition
    uint64_t asked;    // queries; no probes
    uint64_t answered;
    uint64_t failed; // silent or unreachable
};

/*
 * addresses  at most UPSTREAMS_MAX; copied. None is fine: then nothing can be
 *            asked
 * changed    a condition has changed; called on any worker's thread, and only
 * to wake somebody. NULL: nobody
 *
 * Returns it with one reference, or NULL when there is no memory.
 */
struct upstreams *upstreams_new(const struct sockaddr_any *addresses, size_t n,
                                void (*changed)(void *context), void *context);

struct upstreams *upstreams_ref(struct upstreams *u);
void upstreams_unref(struct upstreams *u); // the last one frees; NULL is fine

size_t upstreams_n(const struct upstreams *u);
struct upstream_state upstreams_state(const struct upstreams *u, size_t i);

#endif
