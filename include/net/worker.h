// SPDX-License-Identifier: Apache-2.0
// The workers: threads with a loop and sockets of their own, which share only
// the published zone. Control thread calls; nothing here blocks but
// workers_start() and workers_stop().
#ifndef ORDINALD_NET_WORKER_H
#define ORDINALD_NET_WORKER_H

#include "answer/answer.h"
#include "base/error.h"
#include "base/sockaddr.h"

#include <stddef.h>
#include <stdint.h>

struct workers;

struct workers_settings {
    const struct zone *zone;      // borrowed until workers_stop()
    struct answer_settings answer;
    const struct sockaddr_any *listen; // UDP and TCP on each
    size_t listen_n;
    unsigned threads;          // at least 1
    unsigned tcp_connections;  // in all; 0: 1024
};

// Sums over all workers; see struct answer_counters.
struct workers_state {
    uint64_t queries_udp;
    uint64_t queries_tcp;
    uint64_t replies[ANSWER_RCODES];
    uint64_t truncated;
    uint64_t dropped;
    uint64_t receive_errors;
    uint64_t send_errors;
    uint64_t connections_accepted;
    uint64_t connections_refused; // no room
    uint64_t connections_open;
};

/*
 * Bind all sockets, then start the threads.
 *
 * Returns 0 and sets out; a negative errno with err filled, naming the address
 * and the way out (address in use, no permission for a port below 1024, address
 * that is not this machine's), and nothing left behind.
 */
int workers_start(const struct workers_settings *settings,
                  struct workers **out, struct error *err) ORD_CHECKED;

/*
 * The address that socket i of settings->listen is bound to: the port that the
 * system chose where 0 was asked for.
 */
struct sockaddr_any workers_address(const struct workers *w, size_t i);

/*
 * Drain and end: no new connection; what has reached the sockets is answered;
 * replies on the way are written (2 s at most); then threads end and all memory
 * is freed. NULL is fine.
 */
void workers_stop(struct workers *w);

// Any thread.
struct workers_state workers_state(const struct workers *w);

#endif
