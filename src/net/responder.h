// SPDX-License-Identifier: Apache-2.0
// What the UDP and the TCP side of one worker share: the loop, the way to an
// answer, and the numbers they count. One worker thread owns it; counters are
// read by any.
#ifndef ORDINALD_NET_RESPONDER_H
#define ORDINALD_NET_RESPONDER_H

#include "answer/answer.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/counter.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct net_counters {
    struct counter receive_errors;
    struct counter send_errors;
    struct counter connections_accepted;
    struct counter connections_refused;
    struct counter connections_closed;
    // go down again
    struct counter parked;    // that are held now
    struct counter forwarded; // that wait for upstreams now

    struct counter forward_failed;
    struct counter forward_full;
    struct counter forward_asked;
};

struct hold;
struct forward;

struct responder {
    // set by the worker
    uv_loop_t *loop;
    struct answer_context context;
    struct clock clock; // for seconds since 1970
    struct net_counters counters;
    struct hold *hold;       // where queries wait (wait.h)
    struct forward *forward; // others
    uint64_t turn; // of the loop; what is bounded per turn compares it
    bool offline;  // the zone's reader, since the loop last went to wait
    // private
    uint64_t unix_at_ms; // when now_unix_s was looked up
    uint64_t waiting_n;  // that were to wait, when last looked at
};

/*
 * Tell the context what time it is: milliseconds as the loop last read them,
 * for nothing; seconds since 1970 when those are 250 ms old. Cookies count
 * those, and do not mind (RFC 9018 4.3).
 */
static inline void responder_set_time(struct responder *r)
{
    enum { UNIX_OLD_MS = 250 };
    const uint64_t now = uv_now(r->loop);
    r->context.now_ms = now;
    if (ORD_UNLIKELY(now - r->unix_at_ms >= UNIX_OLD_MS)) {
        r->unix_at_ms = now;
        r->context.now_unix_s = r->clock.unix_s(r->clock.context);
    }
}

/*
 * Begin to answer from the zone as it is now.
 *
 * libuv runs the callbacks of sockets inside its wait, before uv_check_t: so
 * the reader comes back online here, when a first message is there, and not in
 * a check handle, which would be too late.
 */
static inline void responder_enter(struct responder *r)
{
    if (r->offline) {
        r->offline = false;
        zone_reader_online();
    }
    responder_set_time(r);
}

// Nothing of the zone is in use any more: saying so after each batch bounds how
// long an update waits for us to one batch, however busy the loop is.
static inline void responder_leave(void)
{
    zone_reader_quiescent();
}

// Answer n messages.
static inline void responder_answer(struct responder *r,
                                    struct answer_job *jobs, unsigned n)
{
    responder_enter(r);
    answer_batch(&r->context, jobs, n);
    responder_leave();
}

// Whether some of what was answered since this was last asked is to wait: see
// wait_take_all().
static inline bool responder_has_waiting(struct responder *r)
{
    const struct answer_counters *const c = &r->context.counters;
    const uint64_t n = counter_read(&c->parked) + counter_read(&c->forwarded);
    if (ORD_LIKELY(n == r->waiting_n))
        return false;
    r->waiting_n = n;
    return true;
}

#endif
