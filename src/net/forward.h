// SPDX-License-Identifier: Apache-2.0
// Queries that are not ours to answer (ANSWER_FORWARD): each waits in a place
// for the exchange that asks its question, and gets a reply of its own, made of
// the upstream's. Own answers never wait for any of it: a batch's are sent
// before an upstream is asked. Worker thread, but for set-up and release.
#ifndef ORDINALD_NET_FORWARD_H
#define ORDINALD_NET_FORWARD_H

#include "base/base.h"
#include "exchange.h"
#include "net/upstreams.h"
#include "park.h"
#include "responder.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    // Queries upstream that there may be for each place, where descriptors are
    // not few: a question, and one more while the first upstream is slow
    FORWARD_ASKS = 2,
    // of each: sent again it has another socket
    FORWARD_ASK_DESCRIPTORS = 2,
};

struct forward {
    struct park park;
    // private
    struct exchanges exchanges;
    struct responder *responder;
    struct lines *lines; // NULL: nothing is forwarded, or no more
};

struct forward_settings {
    struct park_limits limits;   // no places: nothing is forwarded
    uint32_t asks_max;           // queries on their way to upstreams
    struct upstreams *upstreams; // a reference is taken; NULL without places
    bool probes;                 // see lines_new()
};

/*
 * r  borrowed until forward_release(); its loop is set
 *
 * Returns 0 or a negative errno; forward_close() and forward_release() are due
 * either way.
 */
int forward_init(struct forward *f, struct responder *r,
                 const struct forward_settings *settings) ORD_CHECKED;

// Nothing is on its way any more: the loop has to run once more.
void forward_close(struct forward *f);

// No loop runs the handles any more.
void forward_release(struct forward *f);

// Ask these from now on.
void forward_to(struct forward *f, struct upstreams *upstreams);

/*
 * Find a place for a job with ANSWER_FORWARD. What finds none, or is not to be
 * forwarded, gets its answer now.
 *
 * Returns its place; NULL: it has another verdict now.
 */
struct parked *forward_take(struct forward *f, struct park_way *way,
                            struct answer_job *job);

// Go on for patience_ms at most: what waits then, or comes later, gets
// SERVFAIL.
void forward_stop(struct forward *f, uint64_t patience_ms);

// Whether a question is on its way: the loop is to be run for it still.
bool forward_is_waiting(const struct forward *f);

#endif
