// SPDX-License-Identifier: Apache-2.0
// Queries on their way to upstreams, of which there is a fixed number: each has
// sockets. What nobody waits for any more still says something about its
// upstream (lines.h) and has them until it is answered or slow: it counts as
// long as that, or connections that ask and break would take all descriptors.
// Worker thread, but for set-up and release.
#ifndef ORDINALD_NET_ASKS_H
#define ORDINALD_NET_ASKS_H

#include "base/base.h"
#include "base/counter.h"
#include "lines.h"
#include "ring.h"

#include <stdbool.h>
#include <stdint.h>

struct asks;

struct ask {
    // read-only
    enum channel_transport transport;
    // private
    struct ring link; // of its owner, or of the unused ones
    void *owner;      // NULL: nobody waits for it
    struct asks *all;
    struct line_ask *line;
    bool slow;
};

// As struct line_call; the ask is gone when `done` returns.
struct asks_calls {
    void (*slow)(void *owner);
    void (*done)(void *owner, struct ask *a, enum channel_outcome outcome,
                 struct span reply);
};

struct asks {
    // private
    const struct asks_calls *calls;
    struct counter *counter; // of what was sent
    struct lines *lines;
    uint32_t max;
    uint32_t begun;     // from here on were never used
    struct ring unused; // those that were
    struct ask *table;
};

/*
 * calls, asked  borrowed until asks_release(); `asked` is counted up with each
 *               query upstream
 *
 * Returns 0 or -ENOMEM; asks_release() is due either way.
 */
int asks_init(struct asks *x, uint32_t max, const struct asks_calls *calls,
              struct counter *asked) ORD_CHECKED;

// The lines are freed.
void asks_release(struct asks *x);

// By these; borrowed until asks_release(). Before the first one is sent.
void asks_use(struct asks *x, struct lines *lines);

/*
 * Ask the next upstream.
 *
 * list   of what its owner has on its way: it is appended
 *
 * Returns as lines_ask(), and -EMFILE where too many are on their way.
 */
int asks_send(struct asks *x, void *owner, struct ring *list,
              struct line_tried *tried, struct span message) ORD_CHECKED;

// Ask the same upstream over TCP, from within `done`. Returns as asks_send().
int asks_send_again(struct ask *a, void *owner, struct ring *list,
                    struct span message) ORD_CHECKED;

// Nobody waits any more for those in a list: no call is made.
void asks_drop(struct ring *list);

#endif
