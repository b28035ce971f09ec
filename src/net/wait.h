// SPDX-License-Identifier: Apache-2.0
// What a socket or a connection does with queries that get no reply yet, be
// they held (hold.h) or forwarded (forward.h). Worker thread.
//
//     responder_answer()           a batch
//     wait_take_all()              where responder_has_waiting()
//     (sends the replies)
//     wait_leave()                 for what could not be sent: asked again
//
//     wait_fetch(), wait_answer()  when told that some were called
//     (sends the replies)
//     wait_done()
//     wait_tell_rest()             where more may have been: told again
#ifndef ORDINALD_NET_WAIT_H
#define ORDINALD_NET_WAIT_H

#include "base/base.h"
#include "batch.h"
#include "park.h"
#include "responder.h"

#include <stdbool.h>

struct wait_ways {
    // private
    struct responder *responder;
    struct park_way held;
    struct park_way forwarded;
};

// answer: some were called, and some of them are to be fetched, or later;
// context: with it
void wait_init(struct wait_ways *w, struct responder *r,
               void (*answer)(void *context), void *context);

// Whether queries wait that came by these ways.
static inline bool wait_is_due(const struct wait_ways *w)
{
    return w->held.n + w->forwarded.n > 0;
}

// Nobody is there any more for their replies.
void wait_forget(struct wait_ways *w);

/*
 * Find places for those of n jobs, just answered, that are to wait. What finds
 * none gets its answer now; what waits already gets none.
 *
 * place  set for each job: its place, which is new, or NULL
 */
ORD_COLD void wait_take_all(struct wait_ways *w, struct answer_job *jobs,
                            unsigned n, struct parked *place[BATCH_MAX]);

// Give back those of the places that are from the `from`th on.
void wait_leave(struct parked *const *place, unsigned from, unsigned n);

// Queries that were called, and are being answered.
struct wait_called {
    unsigned n;
    struct parked *who[BATCH_MAX];
    // private
    struct park *park;
    struct parked *place[BATCH_MAX]; // what was held may be forwarded then
};

// Make jobs of some of those that were called, held or forwarded: no more than
// can be answered at a time. Returns how many; 0: there are none any more.
unsigned wait_fetch(struct wait_ways *w, struct answer_job *jobs,
                    struct wait_called *called);

// jobs: their clients are set too
void wait_answer(struct wait_ways *w, struct answer_job *jobs,
                 struct wait_called *called);

// done: the first so many have been sent; the others stay called
void wait_done(struct answer_job *jobs, const struct wait_called *called,
               unsigned done);

// `answer` is called once more, if some are called still.
void wait_tell_rest(struct wait_ways *w);

#endif
