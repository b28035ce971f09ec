// SPDX-License-Identifier: Apache-2.0
// Places for queries that wait for their replies: copies of the messages, with
// the way back. A fixed number of places, of which no client has more than its
// share. What they wait for is not known here: held ones see hold.h, forwarded
// ones forward.h, and what is done with both wait.h. Worker thread, but for
// set-up and release.
//
//     park_take()    free -> waits       its batch has just been answered
//     park_call()    waits -> called     it is to be answered (again)
//     park_tell()                        whose socket or connection is told
//     park_fetch()   called: into jobs   they are answered
//     park_done()    called -> free      a reply is on its way
//                    called -> waits     not yet
#ifndef ORDINALD_NET_PARK_H
#define ORDINALD_NET_PARK_H

#include "base/base.h"
#include "base/counter.h"
#include "base/sockaddr.h"
#include "batch.h"
#include "ring.h"
#include "share.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct park;
struct exchange;

enum {
    // A thousand clients may wait for one reply, and a large one takes 0.1 ms
    // for each, one made to be slow to read 3 ms: what else the loop has to do
    // waits for so much of it, and for one batch more
    PARK_TURN_MS = 1,
};

// The places of one socket or connection, whose member it is.
struct park_way {
    // read-only
    struct park *park;
    uint32_t n;
    // private
    void (*answer)(void *context);
    void *context;
    struct ring waiting;
    struct ring called;
    struct ring told; // of those that are to be told
};

// A query that waits.
struct parked {
    // read-only
    struct park_way *way;
    struct sockaddr_any client;
    uint32_t number; // of its place
    // set by a UDP socket: which of our addresses it was sent to
    struct batch_local local;
    // whoever's park it is: of those that wait for the same thing
    struct ring group;
    struct exchange *exchange; // that one
    // private
    struct ring link; // of its way
    bool called;
    uint64_t key;      // of what a client repeats when it asks again
    uint32_t next;     // place with the same part of the key, plus 1
    uint32_t share_at; // of its client
    uint16_t message_n;
    uint16_t question_n;
    uint8_t message[ANSWER_PARK_OCTETS_MAX];
};

// What is different from one park to another. p: ORD_CONTAINER() has the rest.
struct park_kind {
    // Answer n jobs, made of called queries.
    void (*answer)(struct park *p, struct answer_job *jobs,
                   struct parked *const *who, unsigned n);
    // The job is done with. Returns whether its query is to wait on.
    bool (*stays)(struct park *p, struct parked *who,
                  const struct answer_job *job);
    // A place was given back, and is about to be anybody's.
    void (*left)(struct park *p, struct parked *who);
};

struct park {
    // read-only
    uint32_t n;   // places taken
    uint32_t max; // places there are

    // private
    const struct park_kind *kind;
    struct counter *counter; // of places taken
    uint32_t client_max;
    uint64_t seed;
    uint32_t mask;         // of buckets
    uint32_t fresh;        // places from here on were never used
    struct ring unused;    // those that were
    struct ring told;      // ways with called ones
    uv_idle_t idle;        // runs while there are any that had no turn yet
    uint64_t turn_ms;      // the loop's, in which was last told
    uint64_t turn_ns;      // spent on it since
    struct parked *places; // pages that were never used are never touched
    uint32_t *buckets;     // the first place of each, plus 1
    struct share share;
};

struct park_limits {
    uint32_t places;        // 0: there are none to be had
    uint32_t client_places; // of one client (client.h)
};

/*
 * loop, kind, counter  borrowed until park_release()
 *
 * Returns 0 or a negative errno; park_release() is due either way.
 */
int park_init(struct park *p, uv_loop_t *loop, const struct park_kind *kind,
              const struct park_limits *limits,
              struct counter *counter) ORD_CHECKED;

// All places are free, and no loop runs the handle any more.
void park_release(struct park *p);

/*
 * A socket or a connection, by which queries will come.
 *
 * answer  some of them were called: some are to be fetched now, or whenever the
 *         socket can take their replies; see park_tell_rest()
 */
void park_way_init(struct park_way *way, struct park *p,
                   void (*answer)(void *context), void *context);

enum park_outcome {
    PARK_TAKEN,
    // It waits already (a client asks again while it has no reply): one place,
    // one reply
    PARK_REPEATED,
    PARK_FULL, // no place, or the client has its share
};

// Find a place for a query of at most ANSWER_PARK_OCTETS_MAX octets. out: set
// with PARK_TAKEN.
enum park_outcome park_take(struct park_way *way, const struct answer_job *job,
                            struct parked **out);

// Give a place back.
void park_leave(struct parked *who);

// The same for all that came by a way, which is about to go.
void park_forget(struct park_way *way);

// It is to be answered; park_tell() is due when all are called.
void park_call(struct parked *who);

// Have those answered that were called: for PARK_TURN_MS in a turn of the loop,
// the rest in the next ones.
void park_tell(struct park *p);

// The same for all of them, however long it takes.
void park_tell_all(struct park *p);

// --- for those who answer the called ---------------------------------------

// This way's `answer` has not fetched all: it is called once more.
void park_tell_rest(struct park_way *way);

/*
 * Make up to BATCH_MAX jobs of those that were called: all but the client, who
 * is in `who`.
 *
 * Returns how many.
 */
unsigned park_fetch(struct park_way *way, struct answer_job *jobs,
                    struct parked *who[BATCH_MAX]);

// The job that was made of it is done with: its place is given back, unless it
// is to wait on.
void park_done(struct parked *who, const struct answer_job *job);

#endif
