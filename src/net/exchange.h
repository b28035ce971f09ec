// SPDX-License-Identifier: Apache-2.0
// Questions on their way to upstreams. One exchange is one question, and all
// queries that wait for its reply: equal questions are asked once (RFC 5452 5).
// Worker thread, but for set-up and release.
//
//     exchange_join()   a query waits for it; the first one begins it
//     (next turn)       the first good upstream is asked
//     slow              the next one as well, whoever answers first
//     SERVFAIL, REFUSED, NOTIMP, malformed, no reply: the next one
//     cut, over UDP     again over TCP, if some client takes more
//     ended             a usable reply; else the best of the others; else why
//                       there is none. EXCHANGE_MS after it began in any case
#ifndef ORDINALD_NET_EXCHANGE_H
#define ORDINALD_NET_EXCHANGE_H

#include "answer/forward.h"
#include "asks.h"
#include "base/base.h"
#include "base/counter.h"
#include "lines.h"
#include "park.h"
#include "ring.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum {
    // Stub resolvers wait for 5 s: the reply, or that there is none, comes
    // before
    EXCHANGE_MS = 4500,
    // Upstreams that are asked at the same time
    EXCHANGE_ASKS = 3,
    // Questions that leave in one turn of the loop: each costs a socket, about
    // 20 us, and what else the loop has to do waits for all of them
    EXCHANGE_TURN_ASKS = 32,
    // that end in one millisecond because their time is over
    EXCHANGE_TURN_ENDS = 64,
    // Octets of replies that are kept for clients who do not take theirs: of
    // 64 KiB each could be all exchanges', and connections that ask and never
    // read would take the memory of the machine
    EXCHANGE_KEPT_MAX = 8 << 20,
};

struct exchanges;
struct exchange;

// How good a reply is that is kept while better ones may come. Private.
enum exchange_worth { EXCHANGE_NOTHING, EXCHANGE_FAILURE, EXCHANGE_CUT };

struct exchange {
    // read-only
    struct ring waiting; // the group of those that wait for it
    bool ended;
    // with that: the reply, with the upstream's ID; or nothing, and why
    struct span reply;
    enum reason_code why;

    // private
    struct exchanges *all;
    struct ring active;    // of those that have not ended, the oldest first
    struct ring fresh;     // of those that were not asked yet
    struct exchange *next; // of its bucket, or of the unused ones
    uint64_t hash;
    uint64_t due_ms;    // its end
    uint32_t reply_max; // the most that one of the waiting takes
    bool telling;
    struct answer_upstream query;
    struct line_tried tried;
    struct ring asks;          // on their way
    enum exchange_worth worth; // of what is kept
    uint8_t *kept;             // a copy of a reply; NULL: none
    size_t kept_n;
};

struct exchanges {
    // read-only
    uint32_t n;    // that have not ended
    size_t kept_n; // octets of replies that are kept

    // private
    uv_loop_t *loop;
    struct asks asks;
    void (*ended)(void *context, struct exchange *e);
    void *context;
    uint64_t stop_ms; // nobody waits from then on
    uint64_t seed;
    uint32_t mask;             // of buckets
    uint32_t begun;            // exchanges from here on were never used
    struct exchange *unused;   // those that were
    struct exchange *table;    // pages that were never used are never touched
    struct exchange **buckets; // by hash
    struct ring active;
    struct ring fresh;
    uv_timer_t timer; // runs while there are any
    uv_idle_t idle;   // runs while some are fresh
};

struct exchange_settings {
    uint32_t max;          // as many as there are places; 0: none
    uint32_t asks_max;     // queries on their way to upstreams
    struct counter *asked; // counted up with each query upstream
    // An exchange has ended: the place of each of those that wait is given
    // back, now or later
    void (*ended)(void *context, struct exchange *e);
    void *context;
};

// Returns 0 or a negative errno; exchanges_release() is due either way. loop:
// borrowed until then.
int exchanges_init(struct exchanges *x, uv_loop_t *loop,
                   const struct exchange_settings *settings) ORD_CHECKED;

// There are none, and no loop runs the handles any more.
void exchanges_release(struct exchanges *x);

// Who is asked; borrowed until all have ended. Before the first one begins.
void exchanges_use(struct exchanges *x, struct lines *lines);

// Let a query wait for an answer: nothing is called before the loop's next
// turn. There is one exchange more than places, so that one is free: of those
// that nobody waits for, only the one that is just ending is not.
void exchange_join(struct exchanges *x, const struct answer_upstream *query,
                   struct parked *who);

// A place was given back: one that nobody waits for is no more.
void exchange_left(struct exchange *e);

// What has not ended after patience_ms has no reply; nobody is to join then.
void exchanges_stop(struct exchanges *x, uint64_t patience_ms);
bool exchanges_have_stopped(const struct exchanges *x);

#endif
