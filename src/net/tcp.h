// SPDX-License-Identifier: Apache-2.0
// The TCP side of one worker (RFC 7766): sockets that listen, and a fixed pool
// of connections. Worker thread, but for set-up and release.
#ifndef ORDINALD_NET_TCP_H
#define ORDINALD_NET_TCP_H

#include "base/base.h"
#include "responder.h"
#include "tcp_pool.h"
#include "udp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct tcp_listener;

struct tcp_limits {
    unsigned connections;
    unsigned client_connections; // of one client
    unsigned idle_ms;    // without a message begun; a fifth when half full
    unsigned message_ms; // for a whole message to come, or a reply to go
};

struct tcp {
    // private
    struct responder *responder;
    struct udp *udp; // let in between reads
    struct tcp_limits limits;
    struct tcp_pool pool;
    uv_timer_t sweep; // looks for connections whose time is over
    uv_timer_t pause; // ends a pause in accepting
    bool draining;
    uint64_t turn;  // of the loop, in which was last read
    unsigned reads; // in that turn
    size_t listeners_n;
    struct tcp_listener *listeners;
    // Shared by all connections, because each is done with them when its turn
    // ends: where messages arrive, and where replies are made.
    uint8_t *input;
    uint8_t *output;
    struct answer_job *jobs;
};

/*
 * Begin without a socket.
 *
 * r, udp         borrowed until tcp_release()
 * listeners_max  how many will be added
 *
 * Returns 0 or -ENOMEM; tcp_release() is due either way.
 */
int tcp_init(struct tcp *t, struct responder *r, struct udp *udp,
             const struct tcp_limits *limits, size_t listeners_max) ORD_CHECKED;

// Accept from fd, which tcp owns from here on if this succeeds. Returns 0 or a
// negative errno.
int tcp_add_take(struct tcp *t, int fd) ORD_CHECKED;

// Take no new connection.
void tcp_stop_accepting(struct tcp *t);

/*
 * End all connections: at once where no reply is on its way, else when it has
 * been written, and after patience_ms in any case.
 */
void tcp_finish(struct tcp *t, uint64_t patience_ms);

// Free all; no loop runs the handles any more, and no connection is open.
void tcp_release(struct tcp *t);

#endif
