// SPDX-License-Identifier: Apache-2.0
// A datagram's way: the loop says that a socket is readable; one system call
// receives up to BATCH_MAX messages; all are answered in place; one call sends
// the replies. That is all while less than a full batch is there.
//
// A full batch means that more is waiting. The socket then leaves the loop's
// epoll set, because each reply that is sent through a socket in an epoll set
// costs 5 %, as was measured, and an idle handle reads it in each turn until it
// is found empty. Timers and TCP have their turns in between.
#include "udp.h"

#include "system.h"
#include "wait.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    // Batches of one socket per turn of the loop: about 1 ms at full load,
    // which is what TCP and timers may have to wait.
    TURN_BATCHES = 8,
    // A query is rarely longer than 300 octets; one that is longer than this is
    // not for us (RFC 6891 6.2.5 lets a requestor expect 4096 in a *reply*).
    MESSAGE_MIN = 2048,
    CACHE_LINE = 64,
    // More than a socket's buffer can hold (each message takes at least 500
    // octets of it): bounds how long draining takes where a system cannot
    // refuse what still arrives.
    DRAIN_MAX = 1 << 16,
};

struct udp_socket {
    uv_poll_t poll;
    struct udp *udp;
    struct batch *batch;
    struct wait_ways ways;
    int fd; // -1: closed
    bool busy;
};

static void on_readable(uv_poll_t *poll, int status, int events);

static void send_replies(struct udp_socket *s, unsigned n)
{
    const unsigned lost = batch_send(s->batch, s->fd, n);
    if (ORD_UNLIKELY(lost > 0))
        counter_add(&s->udp->responder->counters.send_errors, lost);
}

ORD_COLD static void let_wait(struct udp_socket *s, unsigned n)
{
    struct parked *place[BATCH_MAX];

    wait_take_all(&s->ways, s->udp->jobs, n, place);
    for (unsigned i = 0; i < n; i++)
        if (place[i])
            batch_local(s->batch, i, &place[i]->local);
}

// Returns how many messages there were, 0 also after an error.
static int answer_one_batch(struct udp_socket *s)
{
    struct udp *const u = s->udp;
    const int n = batch_receive(s->batch, s->fd);
    if (ORD_UNLIKELY(n <= 0)) {
        if (n < 0)
            counter_add(&u->responder->counters.receive_errors, 1);
        return 0;
    }
    responder_answer(u->responder, u->jobs, (unsigned)n);
    if (ORD_UNLIKELY(responder_has_waiting(u->responder)))
        let_wait(s, (unsigned)n);
    send_replies(s, (unsigned)n);
    return n;
}

// Cannot fail: the descriptor is open, and no other handle watches it.
static void watch(struct udp_socket *s)
{
    const int r = uv_poll_start(&s->poll, UV_READABLE, on_readable);
    assert(r == 0);
}

static void on_idle(uv_idle_t *idle);

static void become_busy(struct udp_socket *s)
{
    struct udp *const u = s->udp;
    (void)uv_poll_stop(&s->poll); // always 0
    s->busy = true;
    if (u->busy_n++ == 0)
        (void)uv_idle_start(&u->idle, on_idle);
}

static void become_calm(struct udp_socket *s)
{
    struct udp *const u = s->udp;
    s->busy = false;
    if (--u->busy_n == 0)
        (void)uv_idle_stop(&u->idle);
    watch(s);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct udp_socket *const s = ORD_CONTAINER(poll, struct udp_socket, poll);
    (void)events;
    // For a pending error libuv stops the handle: receiving fetches the error,
    // and the handle goes on.
    const int n = answer_one_batch(s);
    if (ORD_UNLIKELY(status < 0))
        watch(s);
    if (n == BATCH_MAX)
        become_busy(s);
}

static void answer_busy(struct udp_socket *s)
{
    for (int i = 0; i < TURN_BATCHES; i++) {
        if (answer_one_batch(s) == 0) {
            become_calm(s);
            return;
        }
    }
}

static void on_idle(uv_idle_t *idle)
{
    struct udp *const u = ORD_CONTAINER(idle, struct udp, idle);
    for (size_t i = 0; i < u->sockets_n; i++) {
        if (u->sockets[i].busy)
            answer_busy(&u->sockets[i]);
    }
}

// The stride is a cache line longer than the buffer: with a power of two the
// headers of all queries would compete for the same two sets of the cache.
static int make_buffers(struct udp *u, size_t reply_max)
{
    size_t size = reply_max > MESSAGE_MIN ? reply_max : MESSAGE_MIN;
    size = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    const size_t stride = size + CACHE_LINE;

    u->buffers = aligned_alloc(CACHE_LINE, BATCH_MAX * stride);
    u->clients = calloc(BATCH_MAX, sizeof *u->clients);
    u->jobs = calloc(BATCH_MAX, sizeof *u->jobs);
    if (!u->buffers || !u->clients || !u->jobs)
        return -ENOMEM;
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        u->jobs[i].message = u->buffers + i * stride;
        u->jobs[i].size = (uint32_t)size;
        u->jobs[i].transport = ANSWER_UDP;
        u->jobs[i].client = &u->clients[i];
    }
    return 0;
}

int udp_init(struct udp *u, struct responder *r, size_t sockets_max)
{
    *u = (struct udp){.responder = r};
    (void)uv_idle_init(r->loop, &u->idle); // always 0
    u->sockets = calloc(sockets_max, sizeof *u->sockets);
    if (!u->sockets)
        return -ENOMEM;
    return make_buffers(u, r->context.settings.udp_size_max);
}

static void on_called(void *context);

int udp_add_take(struct udp *u, int fd, const struct sockaddr_any *address)
{
    struct udp_socket *const s = &u->sockets[u->sockets_n];
    struct batch *batch = batch_new(u->jobs, u->clients, address->any.sa_family,
                                    sockaddr_is_wildcard(address));
    if (!batch)
        return -ENOMEM;
    const int r = uv_poll_init(u->responder->loop, &s->poll, fd);
    if (r < 0) {
        batch_free(batch);
        return r;
    }
    s->udp = u;
    s->batch = batch;
    s->fd = fd;
    wait_init(&s->ways, u->responder, on_called, s);
    u->sockets_n++;
    watch(s);
    return 0;
}

static void close_socket(struct udp_socket *s)
{
    assert(!wait_is_due(&s->ways)); // workers stop waiting before
    uv_close((uv_handle_t *)&s->poll, NULL);
    (void)close(s->fd); // allowed as soon as the handle is closing
    s->fd = -1;
}

void udp_look(struct udp *u)
{
    for (size_t i = 0; i < u->sockets_n; i++) {
        if (u->sockets[i].fd >= 0)
            (void)answer_one_batch(&u->sockets[i]);
    }
}

static void on_called(void *context)
{
    struct udp_socket *const s = context;
    struct udp *const u = s->udp;
    struct wait_called called;

    const unsigned n = wait_fetch(&s->ways, u->jobs, &called);
    for (unsigned i = 0; i < n; i++)
        batch_put(s->batch, i, &called.who[i]->client, &called.who[i]->local);
    wait_answer(&s->ways, u->jobs, &called);
    wait_done(u->jobs, &called, n);
    send_replies(s, n);
    wait_tell_rest(&s->ways);
}

void udp_drain(struct udp *u)
{
    for (size_t i = 0; i < u->sockets_n; i++)
        system_refuse_udp(u->sockets[i].fd);
    for (size_t i = 0; i < u->sockets_n; i++) {
        int n = 1;
        for (int all = 0; n > 0 && all < DRAIN_MAX; all += n)
            n = answer_one_batch(&u->sockets[i]);
        close_socket(&u->sockets[i]);
    }
    u->busy_n = 0;
    (void)uv_idle_stop(&u->idle);
}

void udp_release(struct udp *u)
{
    for (size_t i = 0; i < u->sockets_n; i++) {
        batch_free(u->sockets[i].batch);
        if (u->sockets[i].fd >= 0)
            (void)close(u->sockets[i].fd);
    }
    free(u->sockets);
    free(u->buffers);
    free(u->clients);
    free(u->jobs);
    *u = (struct udp){0};
}
