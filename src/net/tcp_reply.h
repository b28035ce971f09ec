// SPDX-License-Identifier: Apache-2.0
// Replies on their way out of a connection: by one call, and what the socket
// does not take by one write that is waited for. Worker thread.
#ifndef ORDINALD_NET_TCP_REPLY_H
#define ORDINALD_NET_TCP_REPLY_H

#include "answer/answer.h"
#include "base/base.h"
#include "tcp_connection.h"

/*
 * Send the replies of n jobs, just answered, in front of whose messages there
 * is room for a frame's length. Jobs without a reply are done with too.
 *
 * c  without a write on its way; it may have one afterwards, and is resumed, or
 *    closed, when that has ended
 *
 * Returns how many of the jobs are done with, at least 1 where there are any: a
 * write keeps no more than TCP_WAITING_MAX octets. A negative errno: the
 * connection is of no use any more.
 */
int tcp_reply_send(struct tcp_connection *c, const struct answer_job *jobs,
                   unsigned n) ORD_CHECKED;

#endif
