// SPDX-License-Identifier: Apache-2.0
// A worker's life: buffers and handles are made by the control thread, where
// failing is simple; then the thread runs the loop until it is told to stop,
// drains, and ends; what is left is freed by the control thread again.
#include "thread.h"

#include "forward.h"
#include "hold.h"
#include "responder.h"
#include "system.h"
#include "tcp.h"
#include "udp.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    CACHE_LINE = 64,
    // A worker's deepest calls need some 10 KiB; the default of 8 MiB only
    // makes maps of the process hard to read, sanitizers need the rest.
    STACK_SIZE = 256 << 10,
    TCP_IDLE_MS = 10000,
    TCP_MESSAGE_MS = 5000,
    // While draining: how long upstreams may take that are being asked, then
    // how long clients that go on asking are still listened to, and how long
    // those that are slow to read may take. workers_stop() takes as long as all
    // together at most.
    DRAIN_FORWARD_MS = 1000,
    DRAIN_READ_MS = 300,
    DRAIN_WRITE_MS = 1700,
};

// Each begins on a cache line of its own: counters are written all the time.
struct thread {
    _Alignas(CACHE_LINE) struct responder responder;
    struct hold hold;
    struct forward forward;
    struct udp udp;
    struct tcp tcp;
    uv_loop_t loop;
    uv_async_t stop;                     // sent once, by workers_stop()
    uv_async_t news;                     // sent when there are other upstreams
    struct upstreams *_Atomic upstreams; // those, with a reference; or NULL
    uv_prepare_t prepare;                // before the loop waits
    uv_thread_t thread;
    bool running;          // the thread is there, and has to be joined
    _Atomic bool stopping; // told to: for what it does before its loop
    unsigned patience_ms;
    char name[16];
};

// --- the worker's thread ---------------------------------------------------

static void on_prepare(uv_prepare_t *prepare)
{
    struct thread *const t = ORD_CONTAINER(prepare, struct thread, prepare);
    struct responder *const r = &t->responder;
    r->turn++;
    // A busy loop does not wait: see responder_answer() for both.
    if (!r->offline && !udp_is_busy(&t->udp)) {
        r->offline = true;
        zone_reader_offline();
    }
}

static void on_news(uv_async_t *async)
{
    struct thread *const t = ORD_CONTAINER(async, struct thread, news);
    struct upstreams *const upstreams = atomic_exchange(&t->upstreams, NULL);
    if (!upstreams)
        return;
    forward_to(&t->forward, upstreams);
    upstreams_unref(upstreams);
}

static void on_stop(uv_async_t *async)
{
    uv_stop(async->loop);
}

static uint64_t progress(const struct responder *r)
{
    return counter_read(&r->context.counters.queries[ANSWER_TCP]) +
           counter_read(&r->counters.connections_accepted) +
           counter_read(&r->counters.connections_refused);
}

// Let upstreams answer what they were asked; all the rest goes on meanwhile.
// From then on nobody waits for them, or the sockets below could not be closed.
static void drain_forward(struct thread *t)
{
    forward_stop(&t->forward, DRAIN_FORWARD_MS);
    while (forward_is_waiting(&t->forward))
        (void)uv_run(&t->loop, UV_RUN_ONCE);
    forward_stop(&t->forward, 0);
}

// Accept and answer what has reached the TCP sockets, until a turn of the loop
// finds nothing more.
static void drain_tcp(struct thread *t)
{
    const uint64_t until = uv_hrtime() + DRAIN_READ_MS * UINT64_C(1000000);
    uint64_t before;
    do {
        before = progress(&t->responder);
        (void)uv_run(&t->loop, UV_RUN_NOWAIT);
    } while (progress(&t->responder) != before && uv_hrtime() < until);
}

// A sleep and a look, rather than being told: it is once, and the control
// thread has everything else to do.
static void wait_for_zone(const struct thread *t)
{
    for (unsigned ms = 0; ms < t->patience_ms; ms++) {
        if (zone_is_complete(t->responder.context.zone) ||
            atomic_load_explicit(&t->stopping, memory_order_relaxed))
            return;
        uv_sleep(1);
    }
}

static void run(void *context)
{
    struct thread *const t = context;
    system_name_thread(t->name);
    wait_for_zone(t);
    zone_reader_register();

    (void)uv_run(&t->loop, UV_RUN_DEFAULT); // until on_stop()
    hold_stop(&t->hold);
    drain_forward(t);
    udp_drain(&t->udp);
    drain_tcp(t);
    tcp_stop_accepting(&t->tcp);
    tcp_finish(&t->tcp, DRAIN_WRITE_MS);
    forward_close(&t->forward);
    (void)uv_run(&t->loop, UV_RUN_DEFAULT); // until all connections are closed

    zone_reader_unregister();
}

// --- making and freeing one ------------------------------------------------

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

// The thread was never there, or has ended; no connection is open.
void thread_free(struct thread *t)
{
    if (!t)
        return;
    forward_close(&t->forward);
    uv_walk(&t->loop, close_handle, NULL);
    (void)uv_run(&t->loop, UV_RUN_DEFAULT);
    const int r = uv_loop_close(&t->loop);
    assert(r == 0); // else a handle is open still, and about to be freed
    udp_release(&t->udp);
    tcp_release(&t->tcp);
    hold_release(&t->hold);
    forward_release(&t->forward);
    upstreams_unref(atomic_load(&t->upstreams)); // where nobody took them
    free(t);
}

// Handles that are there for the others do not keep the loop running.
static int make_handles(struct thread *t)
{
    int r = uv_async_init(&t->loop, &t->stop, on_stop);
    if (r == 0)
        r = uv_async_init(&t->loop, &t->news, on_news);
    if (r < 0)
        return r;
    uv_unref((uv_handle_t *)&t->stop);
    uv_unref((uv_handle_t *)&t->news);
    (void)uv_prepare_init(&t->loop, &t->prepare); // both always 0
    (void)uv_prepare_start(&t->prepare, on_prepare);
    uv_unref((uv_handle_t *)&t->prepare);
    return 0;
}

// One of n shares, none of which is nothing.
static unsigned share_of(unsigned all, unsigned n)
{
    return all ? all / n + (all % n != 0) : 1;
}

static struct tcp_limits limits_of(const struct workers_settings *settings)
{
    const unsigned n = settings->threads;
    return (struct tcp_limits){
        .connections = share_of(settings->tcp_connections, n),
        .client_connections = share_of(settings->tcp_per_client, n),
        .idle_ms = settings->tcp_idle_ms ? settings->tcp_idle_ms : TCP_IDLE_MS,
        .message_ms = settings->tcp_message_ms ? settings->tcp_message_ms
                                               : TCP_MESSAGE_MS,
    };
}

// The pair's sockets that could be taken are the worker's, and no more in it.
static int take_pair(struct thread *t, struct socket_pair *pair,
                     const struct sockaddr_any *address)
{
    int r = udp_add_take(&t->udp, pair->udp, address);
    if (r < 0)
        return r;
    pair->udp = -1;
    r = tcp_add_take(&t->tcp, pair->tcp);
    if (r < 0)
        return r;
    pair->tcp = -1;
    return 0;
}

static struct forward_settings forward_of(
    const struct workers_settings *settings, unsigned asks, unsigned number)
{
    const unsigned n = settings->threads;
    if (settings->forward_queries == 0)
        return (struct forward_settings){.limits.places = 0};
    return (struct forward_settings){
        .limits.places = share_of(settings->forward_queries, n),
        .limits.client_places = share_of(settings->forward_per_client, n),
        .asks_max = share_of(asks, n),
        .upstreams = settings->upstreams,
        .probes = number == 0,
    };
}

static int fill(struct thread *t, const struct workers_settings *settings,
                const struct forward_settings *forward,
                const struct sockaddr_any *addresses, struct socket_pair *pairs)
{
    const struct tcp_limits limits = limits_of(settings);
    int r = make_handles(t);
    if (r == 0)
        r = hold_init(&t->hold, &t->responder);
    if (r == 0)
        r = forward_init(&t->forward, &t->responder, forward);
    if (r == 0)
        r = udp_init(&t->udp, &t->responder, settings->listen_n);
    if (r == 0)
        r = tcp_init(&t->tcp, &t->responder, &t->udp, &limits,
                     settings->listen_n);
    for (size_t i = 0; r == 0 && i < settings->listen_n; i++)
        r = take_pair(t, &pairs[i], &addresses[i]);
    return r;
}

int thread_new(const struct workers_settings *settings, unsigned asks,
               unsigned number, const struct sockaddr_any *addresses,
               struct socket_pair *pairs, struct thread **out)
{
    const struct forward_settings forward = forward_of(settings, asks, number);
    struct thread *t = aligned_alloc(CACHE_LINE, sizeof *t);
    if (!t)
        return -ENOMEM;
    memset(t, 0, sizeof *t);
    int r = uv_loop_init(&t->loop);
    if (r < 0) {
        free(t);
        return r;
    }
    (void)snprintf(t->name, sizeof t->name, "ordinald-w%u", number % 100000);
    t->patience_ms = settings->patience_ms;
    t->responder.loop = &t->loop;
    t->responder.context.zone = settings->zone;
    t->responder.context.settings = settings->answer;
    t->responder.clock = clock_of_system();
    t->responder.hold = &t->hold;
    t->responder.forward = &t->forward;
    r = fill(t, settings, &forward, addresses, pairs);
    if (r < 0) {
        thread_free(t);
        return r;
    }
    *out = t;
    return 0;
}

// Signals are for the control thread. A write to a connection that is gone then
// fails with EPIPE and does not end the process. Those that say that this very
// thread did something wrong cannot be left waiting.
static void block_signals(sigset_t *before)
{
    static const int own[] = {SIGSEGV, SIGBUS,  SIGFPE,
                              SIGILL,  SIGABRT, SIGTRAP};
    sigset_t all;
    (void)sigfillset(&all);
    for (size_t i = 0; i < ORD_COUNT(own); i++)
        (void)sigdelset(&all, own[i]);
    (void)pthread_sigmask(SIG_SETMASK, &all, before);
}

int thread_start(struct thread *t)
{
    const uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE,
                                         .stack_size = STACK_SIZE};
    sigset_t before;
    block_signals(&before); // the new thread inherits it
    const int r = uv_thread_create_ex(&t->thread, &options, run, t);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    t->running = r == 0;
    return r;
}

void thread_stop(struct thread *t)
{
    atomic_store_explicit(&t->stopping, true, memory_order_relaxed);
    if (t->running)
        (void)uv_async_send(&t->stop); // fails for a closing handle only
}

void thread_join(struct thread *t)
{
    if (t->running)
        (void)uv_thread_join(&t->thread);
    t->running = false;
}

// What was handed over before, and not taken yet, is replaced.
void thread_forward_to(struct thread *t, struct upstreams *upstreams)
{
    upstreams_unref(atomic_exchange(&t->upstreams, upstreams_ref(upstreams)));
    if (t->running)
        (void)uv_async_send(&t->news); // fails for a closing handle only
}

void thread_count(const struct thread *t, struct workers_state *sum)
{
    const struct responder *const r = &t->responder;
    const struct answer_counters *const a = &r->context.counters;
    const struct net_counters *const n = &r->counters;
    // closed before accepted: the difference is never below 0
    const uint64_t closed = counter_read(&n->connections_closed);
    const uint64_t accepted = counter_read(&n->connections_accepted);

    sum->queries_udp += counter_read(&a->queries[ANSWER_UDP]);
    sum->queries_tcp += counter_read(&a->queries[ANSWER_TCP]);
    for (int i = 0; i < ANSWER_RCODES; i++)
        sum->replies[i] += counter_read(&a->replies[i]);
    sum->truncated += counter_read(&a->truncated);
    sum->dropped += counter_read(&a->dropped);
    sum->limited += counter_read(&a->limited);
    sum->parked += counter_read(&a->parked);
    sum->parked_now += counter_read(&n->parked);
    sum->forwarded += counter_read(&a->forwarded);
    sum->forwarded_now += counter_read(&n->forwarded);
    sum->forward_failed += counter_read(&n->forward_failed);
    sum->forward_full += counter_read(&n->forward_full);
    sum->forward_asked += counter_read(&n->forward_asked);
    sum->receive_errors += counter_read(&n->receive_errors);
    sum->send_errors += counter_read(&n->send_errors);
    sum->connections_accepted += accepted;
    sum->connections_refused += counter_read(&n->connections_refused);
    sum->connections_open += accepted - closed;
}
