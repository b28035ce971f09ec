// SPDX-License-Identifier: Apache-2.0
// One connection: octets in, messages answered, replies out. Worker thread.
#ifndef ORDINALD_NET_TCP_CONNECTION_H
#define ORDINALD_NET_TCP_CONNECTION_H

#include "base/sockaddr.h"
#include "frame.h"
#include "tcp.h"
#include "tcp_pool.h"
#include "wait.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum {
    // Octets per read, and so at most what one connection is answered for in
    // a turn: about 400 queries, half a millisecond.
    TCP_INPUT = 16384,
    // Octets of replies that wait for one client. What does not fit is not kept
    // but answered again from its query later (and counted again).
    TCP_WAITING_MAX = FRAME_MAX,
    // From one reply's place to the next: whole frames, a few cache lines apart
    // from a power of two, or all would compete for one set of the cache.
    TCP_OUTPUT_STRIDE = 65536 + 5 * 64,
};

struct tcp_write;

struct tcp_connection {
    // the pool's
    struct ring link; // first: see hide() there
    struct sockaddr_any client;
    enum tcp_wait wait;

    uv_tcp_t stream;
    struct tcp *tcp;
    bool closing;            // no one may touch the stream any more
    uint64_t turn;           // of the loop, in which it last read
    unsigned reads;          // in that turn
    bool ended;              // the client has nothing more to say
    struct tcp_write *write; // on its way; NULL: none, and only then we read
    struct wait_ways ways;   // queries that wait
    // what has come and was not answered: a message's beginning, or, while a
    // write is on its way, whole messages too. NULL when there is nothing
    uint8_t *kept;
    size_t kept_n;
    size_t kept_size;
};

static inline uv_stream_t *tcp_connection_stream(struct tcp_connection *c)
{
    return (uv_stream_t *)&c->stream;
}

/*
 * Serve a connection that was accepted.
 *
 * fd  owned from here on, also on failure
 *
 * c   from tcp_pool_open(); returned to the pool when it is closed
 */
void tcp_connection_start(struct tcp_connection *c, struct tcp *t, int fd);

// Go on with what was kept: no write is on its way any more.
void tcp_connection_resume(struct tcp_connection *c);

// Begin to close; nothing more is read or written. What the system has taken is
// sent still. Once only.
void tcp_connection_close(struct tcp_connection *c);

// The same for one that has kept us waiting: where replies are on their way to
// it, the system drops what it has of them.
void tcp_connection_abort(struct tcp_connection *c);

#endif
