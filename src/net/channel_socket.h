// SPDX-License-Identifier: Apache-2.0
// A UDP socket for one sending of one query: connected to the server, so that
// the kernel draws its port and lets nobody else's datagrams in. One loop, one
// thread.
#ifndef ORDINALD_NET_CHANNEL_SOCKET_H
#define ORDINALD_NET_CHANNEL_SOCKET_H

#include "base/base.h"
#include "base/bytes.h"
#include "base/sockaddr.h"

#include <uv.h>

struct channel_socket;

enum { CHANNEL_DATAGRAM_MAX = 65535 }; // octets

// What the sockets of a channel have in common; lives as long as they do.
struct channel_sockets {
    uv_loop_t *loop;
    struct sockaddr_any server;
    // A datagram came from the server, borrowed for the call; or what the
    // network said instead, a negative errno. The socket may be closed in it.
    void (*event)(void *context, int code, struct span datagram);
    uint8_t buffer[CHANNEL_DATAGRAM_MAX]; // private
};

/*
 * Open one and send a message by it.
 *
 * Returns 0 and sets out; a negative errno, -EMFILE also where no port is left.
 */
int channel_socket_open(struct channel_sockets *all, struct span message,
                        void *context, struct channel_socket **out) ORD_CHECKED;

// Send once more by the same port. What fails is as if it got lost.
void channel_socket_send(struct channel_socket *s, struct span message);

// Nothing is heard of it from here on; its memory is freed when the loop has
// run. NULL is fine.
void channel_socket_close(struct channel_socket *s);

#endif
