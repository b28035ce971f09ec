// SPDX-License-Identifier: Apache-2.0
// One worker's channels to the upstreams: which of them is asked, what its
// replies and its silence say about it, and the probes. Worker thread, but for
// set-up and release.
#ifndef ORDINALD_NET_LINES_H
#define ORDINALD_NET_LINES_H

#include "base/base.h"
#include "base/bytes.h"
#include "model/reason.h"
#include "net/channel.h"
#include "net/upstreams.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct lines;
struct line_ask; // one query on its way to one upstream

// Whom a question was sent to. Begin with {0}.
struct line_tried {
    uint64_t set;  // which upstreams the bits are about
    uint32_t bits; // one for each of them
};

// As struct channel_call. A reply of any RCODE is CHANNEL_ANSWERED.
struct line_call {
    void (*slow)(void *context);
    void (*done)(void *context, enum channel_outcome outcome,
                 struct span reply);
    void *context;
};

/*
 * loop       borrowed until lines_free()
 * upstreams  a reference is taken
 * probes     this worker sends the first probe to each of them; others only
 *            what becomes due while they wait for them
 *
 * Returns 0 and sets out, or a negative errno.
 */
int lines_new(uv_loop_t *loop, struct upstreams *upstreams, bool probes,
              struct lines **out) ORD_CHECKED;

// No call is made any more. Its handles are closed when the loop has run once
// more. NULL is fine. Not from a call.
void lines_free(struct lines *l);

// Ask these from now on; what is on its way goes on. Where there is no memory
// for them, those before are asked on.
void lines_set(struct lines *l, struct upstreams *upstreams);

/*
 * Ask the first upstream that is GOOD and was not tried. Where this one cannot
 * be asked at once, it has failed, and the next one is asked.
 *
 * tried  the upstream is added
 *
 * Returns 0 and sets out, valid until `done` returns; -EHOSTUNREACH: there is
 * none left, see lines_why(); -EMFILE, -ENOMEM.
 */
int lines_ask(struct lines *l, enum channel_transport transport,
              struct line_tried *tried, struct span message,
              const struct line_call *call, struct line_ask **out) ORD_CHECKED;

// Ask the upstream of `a` the same over TCP, where its reply over UDP was cut:
// from within `done`. Returns as channel_ask().
int lines_ask_again(struct line_ask *a, struct span message,
                    const struct line_call *call,
                    struct line_ask **out) ORD_CHECKED;

// Nobody waits for it any more: no call is made. Whether it becomes slow is
// seen all the same: it says something about the upstream. Also from any call.
void lines_drop(struct line_ask *a);

// Why nothing could be asked, or had an answer: REASON_UPSTREAM_SILENT,
// REASON_UPSTREAM_UNREACHABLE, REASON_UPSTREAM_LOOP, REASON_UPSTREAM_NONE.
enum reason_code lines_why(const struct lines *l);

// Whether a question is a probe of ours that came back: then its upstream is a
// LOOP. question: a folded name in wire form, its type and class.
bool lines_sees_probe(struct lines *l, struct span question);

#endif
