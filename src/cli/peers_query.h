// SPDX-License-Identifier: Apache-2.0
// One question to one server: over UDP, and over TCP where the reply does not
// fit. One loop.
#ifndef ORDINALD_CLI_PEERS_QUERY_H
#define ORDINALD_CLI_PEERS_QUERY_H

#include "base/base.h"
#include "dns/reply.h"
#include "net/channel.h"

enum { QUERY_UDP_SIZE = 1232 }; // what we take over UDP (DNS flag day 2020)

struct query;

/*
 * The end of a query, which is freed when this returns.
 *
 * reply  borrowed for the call; NULL: there was none, or it cannot be read
 * why    then: "does not answer"; a constant
 */
typedef void query_done(void *context, const struct dns_reply *reply,
                        const char *why);

/*
 * Ask.
 *
 * channel    borrowed until the end
 * transport  CHANNEL_UDP, then TCP for what is truncated; or CHANNEL_TCP
 * done       called from the loop, never from here
 *
 * Returns 0 and sets out; or a negative errno, and nothing is called.
 */
int query_start(struct channel *channel, const struct dns_name *name,
                uint16_t type, enum channel_transport transport,
                query_done *done, void *context,
                struct query **out) ORD_CHECKED;

// Nobody waits for it any more. NULL is fine.
void query_drop(struct query *q);

#endif
