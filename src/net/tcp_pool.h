// SPDX-License-Identifier: Apache-2.0
// The connections of one worker: a fixed number of slots, and for each thing
// that a connection may wait for a list with the one first that has waited
// longest. Knows no socket. Worker thread.
#ifndef ORDINALD_NET_TCP_POOL_H
#define ORDINALD_NET_TCP_POOL_H

#include "base/base.h"
#include "base/sockaddr.h"
#include "ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What an open connection waits for.
enum tcp_wait {
    TCP_IDLE,      // the first octet of a message
    TCP_RECEIVING, // the rest of it
    TCP_SENDING,   // room for the rest of a reply
    TCP_HOLDING,   // the time of a reply that it waits for (wait.h)
    TCP_WAITS,
};

struct tcp_connection;
struct tcp_seat;

struct tcp_pool {
    // read-only
    uint32_t max;        // open connections
    uint32_t client_max; // of one client
    uint32_t open;       // those that are not closing

    // private
    uint32_t slots_n; // more than max: closing ones need theirs still
    uint32_t fresh;   // slots from here on were never used
    struct ring unused;
    struct ring waiting[TCP_WAITS];
    struct tcp_connection *slots;
    struct tcp_seat *seats; // by slot: whose it is, since when it waits
};

// Returns 0 or -ENOMEM; tcp_pool_release() is due either way.
int tcp_pool_init(struct tcp_pool *p, uint32_t max,
                  uint32_t client_max) ORD_CHECKED;
void tcp_pool_release(struct tcp_pool *p);

// Whether a connection can be opened before another one's slot is returned.
bool tcp_pool_has_slot(const struct tcp_pool *p);

/*
 * Whether one more connection of this client would be more than its share, so
 * that no single one keeps the others out. A client is an IPv4 address, or an
 * IPv6 /64: a host may choose any address below that (RFC 7934).
 *
 * Returns the client's connection that has waited longest, whatever for; NULL:
 * it has not got its share yet.
 */
struct tcp_connection *tcp_pool_greedy(const struct tcp_pool *p,
                                       const struct sockaddr_any *client);

// A slot, idle since now_ms, zeroes beside the pool's own members. There has to
// be one, and less than max may be open.
struct tcp_connection *tcp_pool_open(struct tcp_pool *p,
                                     const struct sockaddr_any *client,
                                     uint64_t now_ms);

// The connection is closing: it counts no more, and waits for nothing.
void tcp_pool_close(struct tcp_pool *p, struct tcp_connection *c);

// Its handle is closed: nothing refers to the slot any more.
void tcp_pool_return(struct tcp_pool *p, struct tcp_connection *c);

// It waits for something else, or anew, since now_ms.
void tcp_pool_wait(struct tcp_pool *p, struct tcp_connection *c,
                   enum tcp_wait what, uint64_t now_ms);

// How long it has waited.
uint64_t tcp_pool_waited_ms(const struct tcp_pool *p,
                            const struct tcp_connection *c, uint64_t now_ms);

// The one that has waited longest, or NULL.
struct tcp_connection *tcp_pool_oldest(const struct tcp_pool *p,
                                       enum tcp_wait what);

#endif
