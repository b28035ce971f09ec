// SPDX-License-Identifier: Apache-2.0
// One worker: a thread with a loop, sockets and buffers of its own. The control
// thread makes and frees it; between thread_start() and thread_join() the rest
// is the thread's.
#ifndef ORDINALD_NET_THREAD_H
#define ORDINALD_NET_THREAD_H

#include "base/base.h"
#include "base/sockaddr.h"
#include "net/worker.h"
#include "socket.h"

struct thread;

/*
 * Make all of it but the running thread.
 *
 * settings   without a 0 for connections, and for forwarded queries only where
 *            none are forwarded; borrowed until thread_free(), as far as the
 *            zone goes
 * asks       queries that all threads together may have on their way to
 *            upstreams
 * number     from 0, for its name
 * addresses  settings->listen_n, that the sockets are bound to
 * pairs      a pair of sockets for each address. Those taken are no more in it
 *
 * Returns 0 and sets out, or a negative errno.
 */
int thread_new(const struct workers_settings *settings, unsigned asks,
               unsigned number, const struct sockaddr_any *addresses,
               struct socket_pair *pairs, struct thread **out) ORD_CHECKED;

// Returns 0 or a negative errno; then it can be freed, or tried again.
int thread_start(struct thread *t) ORD_CHECKED;

// Tell it to drain and end, and do not wait. Once; fine if it never started.
void thread_stop(struct thread *t);

// Wait for its end. Fine if it never started.
void thread_join(struct thread *t);

// It has never started, or was joined. NULL is fine.
void thread_free(struct thread *t);

// Ask these upstreams from now on, and do not wait; a reference is taken.
// Control thread.
void thread_forward_to(struct thread *t, struct upstreams *upstreams);

// Add what it has counted. Any thread.
void thread_count(const struct thread *t, struct workers_state *sum);

#endif
