// SPDX-License-Identifier: Apache-2.0
// Queries that wait for their replies (ANSWER_PARK): copies of the messages,
// with the way back. A fixed number of places, of which no client has more than
// its share. While there are any, a timer looks every few milliseconds for
// those whose time is over, or for which the zone has changed; they are called,
// and whoever owns the socket answers them again. Worker thread, but for set-up
// and release.
//
//     park_take_all()   free -> waits          a batch has just been answered
//     (the timer)       waits -> called
//     park_fetch()      called: into jobs      they are answered again
//     park_done()       called -> free         a reply is on its way
//                       called -> waits        not yet
#ifndef ORDINALD_NET_PARK_H
#define ORDINALD_NET_PARK_H

#include "base/base.h"
#include "base/sockaddr.h"
#include "batch.h"
#include "responder.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum {
    PARK_MAX = 1024,      // of one worker
    PARK_CLIENT_MAX = 64, // of one client: see client.h
    // How late a reply may be, beside what else the loop has to do: a fifth of
    // what is promised. It costs half a percent of a core, as was measured,
    // while there is one query that waits, nothing with none.
    PARK_LOOK_MS = 2,
};

// A query that waits.
struct parked {
    // read-only for others
    const void *origin; // the socket or the connection that it came by
    struct sockaddr_any client;
    // set by a UDP socket: which of our addresses it was sent to
    struct batch_local local;
    // private
    uint16_t message_n;
    uint16_t question_n;
    uint8_t message[ANSWER_PARK_OCTETS_MAX];
};

struct park_seat;

struct park {
    // read-only
    uint32_t n; // places taken

    // private
    struct responder *responder;
    uv_timer_t timer;
    void (*called)(void *context);
    void *context;
    bool stopping;
    uint32_t used;           // places from here on are free
    uint64_t version;        // of the zone, when it was last looked at
    struct parked *places;   // PARK_MAX; pages that were never used are never
                             // touched
    struct park_seat *seats; // by place: what is looked at often
};

/*
 * r       borrowed until park_release(); its loop is set
 * called  some were called: udp_answer_called() and tcp_answer_called()
 *
 * Returns 0 or -ENOMEM; park_release() is due either way.
 */
int park_init(struct park *p, struct responder *r,
              void (*called)(void *context), void *context) ORD_CHECKED;

// No loop runs the timer any more.
void park_release(struct park *p);

/*
 * Find places for those of n jobs, just answered, that are to wait. One that
 * waits already (a client asks again while it has no reply) gets no second one:
 * one place, one reply. For what finds no place, the answer is made now.
 *
 * origin  of all of them, by identity
 * who     set for each job: its place, which is new, or NULL
 *
 * No job has the verdict ANSWER_PARK afterwards, unless it has got a place.
 */
ORD_COLD void park_take_all(struct park *p, struct answer_job *jobs, unsigned n,
                            const void *origin, struct parked *who[BATCH_MAX]);

// Give a place back.
void park_leave(struct park *p, struct parked *who);

// The same for all that came by an origin, which is about to go.
void park_forget(struct park *p, const void *origin);

// Call all that wait, now; from here on nobody waits any more.
void park_stop(struct park *p);

// --- for those who answer the called ---------------------------------------

/*
 * The origin of a called one.
 *
 * at  where to look from, 0 at first; moves on
 *
 * Returns NULL when there is none any more.
 */
const void *park_next(const struct park *p, enum answer_transport transport,
                      uint32_t *at);

/*
 * Make up to BATCH_MAX jobs of those called that came by an origin: all but the
 * client, who is in `who`.
 *
 * Returns how many.
 */
unsigned park_fetch(struct park *p, const void *origin, struct answer_job *jobs,
                    struct parked *who[BATCH_MAX]);

/*
 * The jobs that were made of them have been answered: give their places back,
 * unless they are to wait on, but for no longer than they were to before.
 *
 * n     as park_fetch() said
 * done  of these, the first so many; the others stay called
 *
 * Returns how many places were given back.
 */
unsigned park_done(struct park *p, struct answer_job *jobs,
                   struct parked *const *who, unsigned n, unsigned done);

#endif
