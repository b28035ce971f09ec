// SPDX-License-Identifier: Apache-2.0
// c-ares, and all that the channel needs to know of it: when to send a query
// again and when to give it up, and messages over TCP. One loop, one thread.
// One wire speaks one transport with one server.
//
// c-ares would send all queries by one UDP socket, and take 4,097 octets of a
// reply. So it is given a socket that is none: what it sends by it is handed to
// `send`, and what it receives by it is written here, to make it forget a query
// that was replied to, which is more than it offers otherwise.
#ifndef ORDINALD_NET_CHANNEL_WIRE_H
#define ORDINALD_NET_CHANNEL_WIRE_H

#include "base/base.h"
#include "base/bytes.h"
#include "base/sockaddr.h"
#include "net/channel.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct wire;

// A query that c-ares knows; part of a larger struct.
struct wire_query {
    struct wire *wire; // private
    bool on_way;       // read-only: c-ares has not come to its end with it
};

// Called by c-ares: nothing but what is said here may be done in a call.
struct wire_calls {
    // UDP: send a message, a second time where it has been sent before. Returns
    // 0, or a negative errno: the query ends
    int (*send)(void *context, struct span message);
    // reply: over TCP; borrowed for the call
    void (*ended)(struct wire_query *q, enum channel_outcome outcome,
                  struct span reply);
    // TCP: c-ares has returned: all may be done
    void (*settled)(void *context);
};

/*
 * calls    borrowed until wire_free()
 * context  of send and settled
 *
 * Returns 0 and sets out, or -ENOMEM.
 */
int wire_new(uv_loop_t *loop, const struct sockaddr_any *server,
             enum channel_transport transport, const struct wire_calls *calls,
             void *context, struct wire **out) ORD_CHECKED;

// Queries on their way have ended when this returns. NULL is fine.
void wire_free(struct wire *w);

/*
 * Send a message with an ID that no query on its way has.
 *
 * Returns 0; a negative errno where it ended at once: no call is made then.
 */
int wire_send(struct wire *w, struct span message,
              struct wire_query *q) ORD_CHECKED;

// UDP: end a query with that ID, as CHANNEL_ANSWERED. Without memory it is not
// found, and ends when its time is over.
void wire_forget(struct wire *w, uint16_t id, struct span question);

// See whose time is over.
void wire_look(struct wire *w);

// End all queries.
void wire_cancel(struct wire *w);

#endif
