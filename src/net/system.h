// SPDX-License-Identifier: Apache-2.0
// Single calls that differ between Linux and other systems; implemented beside
// the batches in batch_linux.c and batch_portable.c. Any thread.
#ifndef ORDINALD_NET_SYSTEM_H
#define ORDINALD_NET_SYSTEM_H

#include "base/base.h"
#include "base/sockaddr.h"

// Octets that a UDP socket may hold in each direction: about 5,000 queries with
// the kernel's bookkeeping, 10 to 20 ms of the highest rate one worker answers.
// It bounds what a pause of the worker (scheduling, a grown batch of TCP)
// loses.
enum { SYSTEM_UDP_BUFFER = 4 << 20 };

// Octets that a TCP connection may hold on its way out and in (Linux makes it
// twice that, for its bookkeeping): the longest reply at once, and queries for
// more than one turn.
enum { SYSTEM_TCP_SEND = 128 << 10, SYSTEM_TCP_RECEIVE = 64 << 10 };

/*
 * Large buffers, and no trust in what ICMP says about path MTUs: a forged
 * "fragmentation needed" would let replies leave in fragments, whose second
 * half can be forged too (RFC 9715 3.1). What a system cannot do is left out:
 * none of it is needed to answer.
 */
void system_tune_udp(int fd, int family);

/*
 * Bounds on what the kernel keeps for one connection, inherited from the socket
 * that listens: by itself it lets buffers grow to many MiB for a client that
 * asks and does not read. Octets that are not acknowledged, or not taken by a
 * client that has no room, end the connection after patience_ms, also when it
 * is closed here. What a system cannot do is left out.
 */
void system_tune_tcp(int fd, unsigned patience_ms);

// No datagram that arrives from here on is queued; what is queued stays. Where
// a system cannot, it goes on arriving.
void system_refuse_udp(int fd);

/*
 * Accept a connection, non-blocking and closed on exec.
 *
 * Returns the descriptor and fills from, or a negative errno.
 */
int system_accept(int fd, struct sockaddr_any *from) ORD_CHECKED;

// What top(1) and gdb show for the calling thread, 15 characters; best effort.
void system_name_thread(const char *name);

#endif
