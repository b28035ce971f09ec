// SPDX-License-Identifier: Apache-2.0
// Accepting, and ending connections whose time is over. Who gets one of a fixed
// number of connections, when all are taken? A newcomer, at the cost of the one
// that has been idle longest, or else is slowest; but no client more than its
// share: beyond that a newcomer costs the same client one. So neither idle nor
// slow nor many clients keep a new one out.
#include "tcp.h"

#include "batch.h"
#include "system.h"
#include "tcp_connection.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    // Per listening socket and turn, so that a flood of connections does not
    // keep the open ones waiting.
    TURN_ACCEPTS = 16,
    // How exactly times are kept; connections may live that much longer.
    SWEEP_MS = 250,
    // After an error that will be there again at once, such as EMFILE: the
    // longest that a client waits after descriptors are free again.
    PAUSE_MS = 100,
    // Longer than a lost segment explains (retransmitted after 200 ms).
    STALLED_MS = 250,
};

struct tcp_listener {
    uv_poll_t poll;
    struct tcp *tcp;
    int fd; // -1: closed
};

// --- time ------------------------------------------------------------------

static uint64_t patience_ms(const struct tcp *t, enum tcp_wait what)
{
    if (what == TCP_HOLDING) // those it waits for have an end of their own
        return UINT64_MAX;
    if (what != TCP_IDLE)
        return t->limits.message_ms;
    const bool crowded = t->pool.open > t->pool.max / 2;
    return crowded ? t->limits.idle_ms / 5 : t->limits.idle_ms;
}

static void close_older(struct tcp *t, enum tcp_wait what, uint64_t now)
{
    struct tcp_connection *c;
    while ((c = tcp_pool_oldest(&t->pool, what)) &&
           tcp_pool_waited_ms(&t->pool, c, now) >= patience_ms(t, what))
        tcp_connection_abort(c);
}

static void on_sweep(uv_timer_t *timer)
{
    struct tcp *const t = ORD_CONTAINER(timer, struct tcp, sweep);
    const uint64_t now = uv_now(t->responder->loop);
    for (int what = 0; what < TCP_WAITS; what++)
        close_older(t, (enum tcp_wait)what, now);
}

// --- accepting -------------------------------------------------------------

static void on_acceptable(uv_poll_t *poll, int status, int events);

// Cannot fail: the descriptor is open, and no other handle watches it.
static void watch(struct tcp_listener *l)
{
    const int r = uv_poll_start(&l->poll, UV_READABLE, on_acceptable);
    assert(r == 0);
}

static void on_pause_over(uv_timer_t *timer)
{
    struct tcp *const t = ORD_CONTAINER(timer, struct tcp, pause);
    for (size_t i = 0; i < t->listeners_n; i++) {
        if (t->listeners[i].fd >= 0)
            watch(&t->listeners[i]);
    }
}

static void pause_accepting(struct tcp *t)
{
    for (size_t i = 0; i < t->listeners_n; i++)
        (void)uv_poll_stop(&t->listeners[i].poll); // always 0
    (void)uv_timer_start(&t->pause, on_pause_over, PAUSE_MS, 0);
}

/*
 * The connection that is missed least: an idle one loses nothing but time;
 * then one whose message, or whose reading of a reply, has stalled; then one
 * that has been told nothing yet, and may ask again. One that has just
 * connected comes last: its query may be on its way, and where the slow ones
 * take all the room, newcomers would otherwise only close each other.
 */
static struct tcp_connection *most_dispensable(const struct tcp *t)
{
    static const struct {
        enum tcp_wait what;
        uint64_t since_ms;
    } order[] = {{TCP_IDLE, 100},
                 {TCP_RECEIVING, STALLED_MS},
                 {TCP_SENDING, STALLED_MS},
                 {TCP_HOLDING, STALLED_MS},
                 {TCP_IDLE, 0}};
    const uint64_t now = uv_now(t->responder->loop);

    for (size_t i = 0; i < ORD_COUNT(order); i++) {
        struct tcp_connection *c = tcp_pool_oldest(&t->pool, order[i].what);
        if (c && tcp_pool_waited_ms(&t->pool, c, now) >= order[i].since_ms)
            return c;
    }
    return NULL;
}

// One that a client may have instead of those it has, or NULL: the one that has
// stood still longest, but none that a lost segment explains.
static struct tcp_connection *own_dispensable(const struct tcp *t,
                                              struct tcp_connection *oldest)
{
    const uint64_t now = uv_now(t->responder->loop);
    return tcp_pool_waited_ms(&t->pool, oldest, now) >= STALLED_MS ? oldest
                                                                   : NULL;
}

// Whether there is room for this client, now that someone may have left for it.
static bool make_room(struct tcp *t, const struct sockaddr_any *client)
{
    struct tcp_connection *c = tcp_pool_greedy(&t->pool, client);
    if (c)
        c = own_dispensable(t, c);
    else if (t->pool.open < t->pool.max)
        return true;
    else
        c = most_dispensable(t);
    if (!c)
        return false;
    tcp_connection_abort(c);
    return true;
}

static void admit(struct tcp *t, int fd, const struct sockaddr_any *from)
{
    struct net_counters *const counters = &t->responder->counters;

    if (!make_room(t, from)) {
        counter_add(&counters->connections_refused, 1);
        (void)close(fd);
        return;
    }
    counter_add(&counters->connections_accepted, 1);
    if (t->pool.open == 0)
        (void)uv_timer_start(&t->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    struct tcp_connection *c =
        tcp_pool_open(&t->pool, from, uv_now(t->responder->loop));
    tcp_connection_start(c, t, fd);
}

// Errors of the one connection that was to be accepted, not of accepting: the
// next one may be fine (accept(2), "Error handling").
static bool is_of_connection(int code)
{
    switch (code) {
    case -ECONNABORTED:
    case -EINTR:
    case -EPROTO:
    case -EPERM:
    case -ENETDOWN:
    case -ENETUNREACH:
    case -EHOSTUNREACH:
    case -EOPNOTSUPP:
        return true;
    default:
        return false;
    }
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    struct tcp_listener *const l =
        ORD_CONTAINER(poll, struct tcp_listener, poll);
    struct tcp *const t = l->tcp;
    (void)events;
    if (status < 0) { // libuv has stopped the handle
        pause_accepting(t);
        return;
    }
    // Without a slot the rest waits in the backlog until closing ones are gone,
    // which is at the end of this turn.
    for (int i = 0; i < TURN_ACCEPTS && tcp_pool_has_slot(&t->pool); i++) {
        struct sockaddr_any from;
        const int fd = system_accept(l->fd, &from);
        if (fd >= 0) {
            admit(t, fd, &from);
        } else if (fd == -EAGAIN) {
            return;
        } else if (!is_of_connection(fd)) {
            pause_accepting(t);
            return;
        }
    }
}

// --- life ------------------------------------------------------------------

static int make_buffers(struct tcp *t)
{
    t->input = malloc(TCP_INPUT);
    // pages are touched as far as replies reach
    t->output = malloc((size_t)BATCH_MAX * TCP_OUTPUT_STRIDE);
    t->jobs = calloc(BATCH_MAX, sizeof *t->jobs);
    if (!t->input || !t->output || !t->jobs)
        return -ENOMEM;
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        t->jobs[i].message =
            t->output + (size_t)i * TCP_OUTPUT_STRIDE + FRAME_LENGTH;
        t->jobs[i].size = DNS_TCP_MAX;
        t->jobs[i].transport = ANSWER_TCP;
    }
    return 0;
}

int tcp_init(struct tcp *t, struct responder *r, struct udp *udp,
             const struct tcp_limits *limits, size_t listeners_max)
{
    *t = (struct tcp){.responder = r, .udp = udp, .limits = *limits};
    (void)uv_timer_init(r->loop, &t->sweep); // always 0
    (void)uv_timer_init(r->loop, &t->pause);
    t->listeners = calloc(listeners_max, sizeof *t->listeners);
    if (!t->listeners)
        return -ENOMEM;
    const int made = make_buffers(t);
    if (made < 0)
        return made;
    return tcp_pool_init(&t->pool, limits->connections,
                         limits->client_connections);
}

int tcp_add_take(struct tcp *t, int fd)
{
    struct tcp_listener *const l = &t->listeners[t->listeners_n];
    const int r = uv_poll_init(t->responder->loop, &l->poll, fd);
    if (r < 0)
        return r;
    system_tune_tcp(fd, t->limits.message_ms);
    l->tcp = t;
    l->fd = fd;
    t->listeners_n++;
    watch(l);
    return 0;
}

void tcp_stop_accepting(struct tcp *t)
{
    (void)uv_timer_stop(&t->pause);
    for (size_t i = 0; i < t->listeners_n; i++) {
        struct tcp_listener *const l = &t->listeners[i];
        uv_close((uv_handle_t *)&l->poll, NULL);
        (void)close(l->fd); // allowed as soon as the handle is closing
        l->fd = -1;
    }
}

static void close_all(struct tcp *t, enum tcp_wait what)
{
    struct tcp_connection *c;
    while ((c = tcp_pool_oldest(&t->pool, what)))
        tcp_connection_close(c);
}

// Those of which some may have been called, and had no turn yet: what cannot be
// sent at once is waited for, and nothing else.
static void end_all(struct tcp *t, enum tcp_wait what)
{
    struct tcp_connection *c;
    while ((c = tcp_pool_oldest(&t->pool, what)))
        tcp_connection_resume(c);
}

static void on_patience_over(uv_timer_t *timer)
{
    close_all(ORD_CONTAINER(timer, struct tcp, sweep), TCP_SENDING);
}

void tcp_finish(struct tcp *t, uint64_t patience)
{
    t->draining = true;
    close_all(t, TCP_IDLE);
    end_all(t, TCP_RECEIVING);
    end_all(t, TCP_HOLDING);
    if (t->pool.open > 0)
        (void)uv_timer_start(&t->sweep, on_patience_over, patience, 0);
}

void tcp_release(struct tcp *t)
{
    for (size_t i = 0; i < t->listeners_n; i++) {
        if (t->listeners[i].fd >= 0)
            (void)close(t->listeners[i].fd);
    }
    tcp_pool_release(&t->pool);
    free(t->listeners);
    free(t->input);
    free(t->output);
    free(t->jobs);
    *t = (struct tcp){0};
}
