// SPDX-License-Identifier: Apache-2.0
// The UDP side of one worker: its sockets, one for each address listened on,
// and the memory in which a batch of queries becomes a batch of replies. Worker
// thread, but for set-up and release.
#ifndef ORDINALD_NET_UDP_H
#define ORDINALD_NET_UDP_H

#include "base/base.h"
#include "base/sockaddr.h"
#include "batch.h"
#include "responder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct udp_socket;

struct udp {
    // private
    struct responder *responder;
    uv_idle_t idle;  // runs while a socket is busy
    unsigned busy_n; // sockets that have left the epoll set
    size_t sockets_n;
    struct udp_socket *sockets;
    uint8_t *buffers;             // BATCH_MAX, next to each other
    struct sockaddr_any *clients; // who sent each job's message
    struct answer_job *jobs;
};

/*
 * Begin without a socket.
 *
 * r            borrowed until udp_release(); its loop and settings are set
 * sockets_max  how many will be added
 *
 * Returns 0 or -ENOMEM; udp_release() is due either way.
 */
int udp_init(struct udp *u, struct responder *r,
             size_t sockets_max) ORD_CHECKED;

/*
 * Answer what comes to fd, which udp owns from here on if this succeeds.
 *
 * address  that fd is bound to
 *
 * Returns 0 or a negative errno.
 */
int udp_add_take(struct udp *u, int fd,
                 const struct sockaddr_any *address) ORD_CHECKED;

// Whether the loop will not wait, because queries are coming in faster.
static inline bool udp_is_busy(const struct udp *u)
{
    return u->busy_n > 0;
}

// Answer a batch of each socket now, if one is there, and not only when the
// loop comes to it. Fine after udp_drain().
void udp_look(struct udp *u);

// Take in nothing more, answer all that the sockets hold, close them.
void udp_drain(struct udp *u);

// Free all; no loop runs the handles any more.
void udp_release(struct udp *u);

#endif
