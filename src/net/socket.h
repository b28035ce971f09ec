// SPDX-License-Identifier: Apache-2.0
// The listening sockets: one UDP and one TCP socket for each address and
// worker, all workers at one port by SO_REUSEPORT, and nobody else there.
// Control thread.
#ifndef ORDINALD_NET_SOCKET_H
#define ORDINALD_NET_SOCKET_H

#include "base/error.h"
#include "base/sockaddr.h"

struct socket_pair {
    int udp; // -1: none
    int tcp;
};

enum socket_claim {
    SOCKET_FIRST, // nobody may be there yet, not even with SO_REUSEPORT
    SOCKET_SHARE, // sockets of this process are there, and may be joined
};

/*
 * Open both sockets of an address, non-blocking, the TCP socket listening.
 *
 * address  port 0: set to the port the system chose, the same for both
 *
 * Returns 0 and sets out; a negative errno with err filled, one sentence that
 * names address, cause and mend, and nothing left open.
 */
int socket_pair_open(struct sockaddr_any *address, enum socket_claim claim,
                     struct socket_pair *out, struct error *err) ORD_CHECKED;

// Close what is open.
void socket_pair_close(struct socket_pair *pair);

#endif
