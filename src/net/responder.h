// SPDX-License-Identifier: Apache-2.0
// What the UDP and the TCP side of one worker share: the loop, the way to an
// answer, and the numbers they count. One worker thread owns it; counters are
// read by any.
#ifndef ORDINALD_NET_RESPONDER_H
#define ORDINALD_NET_RESPONDER_H

#include "answer/answer.h"
#include "base/base.h"
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
};

struct responder {
    // set by the worker
    uv_loop_t *loop;
    struct answer_context context;
    struct net_counters counters;
    uint64_t turn; // of the loop; what is bounded per turn compares it
    bool offline;  // the zone's reader, since the loop last went to wait
};

/*
 * Answer n messages from the zone as it is now.
 *
 * libuv runs the callbacks of sockets inside its wait, before uv_check_t: so
 * the reader comes back online here, when a first message is there, and not in
 * a check handle, which would be too late. After the batch nothing of the zone
 * is in use: saying so each time bounds how long an update waits for us to one
 * batch, however busy the loop is.
 */
static inline void responder_answer(struct responder *r,
                                    struct answer_job *jobs, unsigned n)
{
    if (r->offline) {
        r->offline = false;
        zone_reader_online();
    }
    answer_batch(&r->context, jobs, n);
    zone_reader_quiescent();
}

#endif
