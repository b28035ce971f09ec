// SPDX-License-Identifier: Apache-2.0
// The workers: threads with a loop and sockets of their own, which share only
// the published zone. Control thread calls; nothing here blocks but
// workers_start() and workers_stop().
#ifndef ORDINALD_NET_WORKER_H
#define ORDINALD_NET_WORKER_H

#include "answer/answer.h"
#include "base/error.h"
#include "base/sockaddr.h"
#include "net/upstreams.h"

#include <stddef.h>
#include <stdint.h>

struct workers;

struct workers_settings {
    const struct zone *zone; // borrowed until workers_stop()
    struct answer_settings answer;
    // UDP and TCP on each; port 0: one that the system chooses, the same for
    // both and for all threads. Copied.
    const struct sockaddr_any *listen;
    size_t listen_n;  // at least 1
    unsigned threads; // at least 1
    // connections in all, of which each thread takes its share; 0: 1024. The
    // process's limit of open files is raised for them where it may be
    unsigned tcp_connections;
    // open files that the rest of the process may need beside the usual ones:
    // connections never get them
    unsigned kept_descriptors;
    // connections that one IPv4 address or IPv6 /64 may have, of which each
    // thread gives its share, rounded up; 0: a quarter
    unsigned tcp_per_client;
    // until a connection without a message begun is closed, and a fifth of it
    // while more than half are taken (RFC 7766 6.2.3); 0: 10 s
    unsigned tcp_idle_ms;
    // for a message to be whole from its first octet on, and for a reply to be
    // taken by the client; 0: 5 s
    unsigned tcp_message_ms;
    // for the zone to be complete before the first answer is given: meanwhile
    // questions stay in the sockets. Loading takes moments, and who forwards to
    // us passes a SERVFAIL on; 0: none
    unsigned patience_ms;
    // who is asked for what is not ours, with answer.forwards; a reference is
    // taken. NULL: nobody, until workers_forward_to()
    struct upstreams *upstreams;
    // queries that may wait for upstreams, of which each thread takes its
    // share, rounded up; 0: 4096. The limit of open files is raised for them
    // too
    unsigned forward_queries;
    // of these, one client's, as with tcp_per_client; 0: a quarter
    unsigned forward_per_client;
};

// Sums over all workers; see struct answer_counters.
struct workers_state {
    uint64_t queries_udp;
    uint64_t queries_tcp;
    uint64_t replies[ANSWER_RCODES];
    uint64_t truncated;
    uint64_t dropped; // UDP messages cut off or from port 0 included
    uint64_t limited; // by the rate limit
    uint64_t parked;  // told to wait, what found no place included
    uint64_t parked_now;
    uint64_t forwarded;     // told to ask upstream, whatever became of it
    uint64_t forwarded_now; // that wait for upstreams
    // different questions that may wait; less than asked for where open files
    // are few, 0: nothing is forwarded
    uint64_t forwarded_max;
    uint64_t forward_failed; // no upstream had an answer: SERVFAIL from us
    uint64_t forward_full;   // no place, descriptor or memory: SERVFAIL
    // queries that went upstream: one for equal ones, and one more for each
    // further upstream and for TCP
    uint64_t forward_asked;
    uint64_t receive_errors;
    uint64_t send_errors; // UDP replies that did not leave
    uint64_t connections_accepted;
    uint64_t connections_refused; // no room, or its client has its share
    uint64_t connections_open;
    uint64_t connections_max; // less than asked for where open files are few
};

/*
 * Bind all sockets, then start the threads.
 *
 * Returns 0 and sets out; a negative errno with err filled, naming the address
 * and the way out (address in use, also by a server that shares it with
 * SO_REUSEPORT; no permission for a port below 1024; not this machine's
 * address; given twice), and nothing left behind.
 */
int workers_start(const struct workers_settings *settings, struct workers **out,
                  struct error *err) ORD_CHECKED;

/*
 * The address that socket i of settings->listen is bound to: the port that the
 * system chose where 0 was asked for.
 */
struct sockaddr_any workers_address(const struct workers *w, size_t i);

/*
 * Drain and end: upstreams may answer what they were asked (1 s at most, while
 * all goes on as ever), what they have not is SERVFAIL; then no new connection;
 * what has reached the sockets is answered; replies on the way are written (2 s
 * at most); then threads end and all memory is freed. NULL is fine.
 */
void workers_stop(struct workers *w);

// Ask these from now on; a reference is taken. What is on its way is answered
// by whom it was sent to. Does not wait for the workers.
void workers_forward_to(struct workers *w, struct upstreams *upstreams);

// Any thread.
struct workers_state workers_state(const struct workers *w);

#endif
