// SPDX-License-Identifier: Apache-2.0
// Queries that are held until the zone has changed, or for some time
// (ANSWER_PARK). While there are any, a timer looks every few milliseconds for
// those whose time is over, or for which the zone has changed; they are called,
// and answered from the zone again. Worker thread, but for set-up and release.
#ifndef ORDINALD_NET_HOLD_H
#define ORDINALD_NET_HOLD_H

#include "base/base.h"
#include "park.h"
#include "responder.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum {
    HOLD_MAX = 1024,      // of one worker
    HOLD_CLIENT_MAX = 64, // of one client: see client.h
    // How late a reply may be, beside what else the loop has to do: a fifth of
    // what is promised. It costs half a percent of a core, as was measured,
    // while there is one query that waits, nothing with none.
    HOLD_LOOK_MS = 2,
};

struct hold_seat;

struct hold {
    struct park park;
    // private
    struct responder *responder;
    uv_timer_t timer;
    bool stopping;
    uint64_t version; // of the zone, when it was last looked at
    uint32_t used;    // seats from here on are free
    struct hold_seat *seats;
};

/*
 * r  borrowed until hold_release(); its loop is set
 *
 * Returns 0 or a negative errno; hold_release() is due either way.
 */
int hold_init(struct hold *h, struct responder *r) ORD_CHECKED;

// No loop runs the timer any more.
void hold_release(struct hold *h);

/*
 * Find a place for a job with ANSWER_PARK. For what finds none, the answer is
 * made now: it may be to forward it.
 *
 * Returns its place; NULL: it has another verdict now.
 */
struct parked *hold_take(struct hold *h, struct park_way *way,
                         struct answer_job *job);

// Call all that wait, now; from here on nobody waits any more.
void hold_stop(struct hold *h);

#endif
