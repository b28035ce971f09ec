// SPDX-License-Identifier: Apache-2.0
// A way to one other name server, over UDP and TCP: raw queries out, raw
// replies in (c-ares). One loop, one thread.
//
// Each query has an ID and over UDP a socket, and so a source port, of its own,
// both from the kernel's CSPRNG; a reply counts when it comes from the server's
// address to that socket, with that ID and that question (RFC 5452 9). Sent
// again it has another port, and a reply to either is taken.
#ifndef ORDINALD_NET_CHANNEL_H
#define ORDINALD_NET_CHANNEL_H

#include "base/base.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/sockaddr.h"

#include <stdint.h>
#include <uv.h>

struct channel;
struct channel_ask; // one query on its way

enum channel_transport { CHANNEL_UDP, CHANNEL_TCP };

enum channel_outcome {
    CHANNEL_ANSWERED,
    CHANNEL_SILENT,      // nothing came
    CHANNEL_UNREACHABLE, // the network, or the server's machine, said no
};

enum {
    // After so long without a reply it is sent once more, and `slow` called: a
    // lost datagram costs that. Replies in the Internet rarely take longer
    CHANNEL_SLOW_MS = 1400,
    // It is given up: within the five seconds that stub resolvers wait
    CHANNEL_GIVE_UP_MS = 4200,
};

// What becomes of a query. Called from the loop, never from channel_ask().
struct channel_call {
    // no reply for CHANNEL_SLOW_MS; once at most, before `done`; may be NULL
    void (*slow)(void *context);
    // the end: the ask is freed when this returns. reply: from the server, with
    // its ID, borrowed for the call; empty unless CHANNEL_ANSWERED
    void (*done)(void *context, enum channel_outcome outcome,
                 struct span reply);
    void *context;
};

/*
 * loop    borrowed until channel_free()
 * server  copied
 *
 * Returns 0 and sets out, or a negative errno with err filled.
 */
int channel_new(uv_loop_t *loop, const struct sockaddr_any *server,
                struct channel **out, struct error *err) ORD_CHECKED;

// What is on its way is dropped: no call is made. Its handles are closed when
// the loop has run once more. NULL is fine. Also from a call of its own.
void channel_free(struct channel *c);

/*
 * Send a query.
 *
 * message  whole, any ID, one question, at most DNS_UDP_MIN octets; copied. A
 *          reply over UDP that is cut off is an answer like others: who wants
 *          it all asks again over TCP
 * call     copied
 *
 * Returns 0 and sets out, valid until `done` returns; a negative errno, and
 * nothing is called: -EMFILE (files, ports or IDs), -ENOMEM, -EMSGSIZE, -EINVAL
 * (not one question), or what the network says at once.
 */
int channel_ask(struct channel *c, enum channel_transport transport,
                struct span message, const struct channel_call *call,
                struct channel_ask **out) ORD_CHECKED;

// Nobody waits for it any more: no call is made. Also from any call; in its own
// `done` it changes nothing.
void channel_drop(struct channel_ask *a);

#endif
