// SPDX-License-Identifier: Apache-2.0
// Which of our addresses a datagram was sent to, so that the reply leaves from
// it: a resolver drops a reply from any other (RFC 2181 4.1). Needed only on
// sockets that stand for every address. Pure but for pktinfo_ask(); any thread.
#ifndef ORDINALD_NET_PKTINFO_H
#define ORDINALD_NET_PKTINFO_H

#include "base/base.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

// Room for one control message, aligned as its header wants.
union pktinfo {
    struct cmsghdr header;
    uint8_t octets[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

// Let a UDP socket report it. Returns 0 or a negative errno.
int pktinfo_ask(int fd, int family) ORD_CHECKED;

/*
 * Turn what came with a query into what goes with its reply, in place.
 *
 * n  octets the system put there
 *
 * Returns the octets to send; 0: nothing was there, the system chooses.
 */
size_t pktinfo_turn(union pktinfo *info, size_t n);

#endif
