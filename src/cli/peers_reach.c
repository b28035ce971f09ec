// SPDX-License-Identifier: Apache-2.0
// Attempts go on side by side, each with a handle and a timer of its own: an
// attempt is over when both are closed, and then its peer's next address comes.
#include "peers_reach.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reach {
    uv_loop_t *loop;
    struct peers *peers;
    void (*done)(void *context, size_t reachable, const char *reason);
    void *context;
    uv_timer_t begin; // so that nothing is told before reach_start() returns
    size_t next;      // peer to be tried
    size_t reachable;
    struct attempt *running;
    unsigned running_n;
    bool freed;
    unsigned shares;  // once it is freed: what is still to be closed
    struct error why; // the first failure
};

struct attempt {
    struct reach *reach;
    struct attempt *next;
    const struct peer *peer;
    uint16_t port;
    uint32_t at; // the address
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_connect_t connect;
    unsigned handles; // that are not closed
    int rc;           // what came of it; 1: nothing yet
    bool closing;
};

static void go_on(struct reach *r);
static int try(struct attempt *a);

static void drop_share(struct reach *r)
{
    if (--r->shares)
        return;
    peers_unref(r->peers);
    free(r);
}

static void on_begin_closed(uv_handle_t *handle)
{
    drop_share(handle->data);
}

static void note_failure(struct reach *r, const struct peer *peer,
                         const char *why)
{
    if (!r->why.text[0])
        (void)error_set(&r->why, 0, "%s: %s", peer->hostname, why);
}

// --- one attempt -----------------------------------------------------------

static void unlink_attempt(struct attempt *a)
{
    struct attempt **at = &a->reach->running;

    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
    a->reach->running_n--;
}

static void end(struct attempt *a)
{
    struct reach *r = a->reach;

    if (a->rc == 0)
        r->reachable++;
    else
        note_failure(r, a->peer, uv_strerror(a->rc));
    unlink_attempt(a);
    free(a);
}

static void on_closed(uv_handle_t *handle)
{
    struct attempt *a = handle->data;
    struct reach *r = a->reach;

    if (--a->handles)
        return;
    if (r->freed) {
        unlink_attempt(a);
        free(a);
        drop_share(r);
        return;
    }
    if (a->rc && ++a->at < a->peer->addresses_n && try(a) == 0)
        return;
    end(a);
    go_on(r);
}

static void close_attempt(struct attempt *a, int rc)
{
    if (a->closing)
        return;
    a->closing = true;
    a->rc = rc;
    uv_close((uv_handle_t *)&a->tcp, on_closed);
    uv_close((uv_handle_t *)&a->timer, on_closed);
}

static void on_connected(uv_connect_t *connect, int status)
{
    close_attempt(connect->data, status);
}

static void on_timeout(uv_timer_t *timer)
{
    close_attempt(timer->data, UV_ETIMEDOUT);
}

static struct sockaddr_any socket_of(const struct attempt *a)
{
    const struct address *address = &a->peer->addresses[a->at];
    struct sockaddr_any to = {.length = sizeof to.v4};

    if (address->family == FAMILY_IPV4) {
        to.v4.sin_family = AF_INET;
        to.v4.sin_port = htons(a->port);
        memcpy(&to.v4.sin_addr, address->octets, 4);
    } else {
        to.length = sizeof to.v6;
        to.v6.sin6_family = AF_INET6;
        to.v6.sin6_port = htons(a->port);
        memcpy(&to.v6.sin6_addr, address->octets, 16);
    }
    return to;
}

// Returns 0, or a negative errno with no handle open.
static int try(struct attempt *a)
{
    const struct sockaddr_any to = socket_of(a);
    const int rc = uv_tcp_init(a->reach->loop, &a->tcp);

    if (rc)
        return rc;
    (void)uv_timer_init(a->reach->loop, &a->timer); // always 0
    a->tcp.data = a->timer.data = a->connect.data = a;
    a->handles = 2;
    a->closing = false;
    // cannot fail: the handle was set up and has a callback
    (void)uv_timer_start(&a->timer, on_timeout, REACH_MS, 0);
    const int failed =
        uv_tcp_connect(&a->connect, &a->tcp, &to.any, on_connected);
    if (failed)
        close_attempt(a, failed);
    return 0;
}

// --- all of them -----------------------------------------------------------

// What is called UDP is not asked by TCP; of DNS, who tells no protocol, the
// first port there is.
static uint16_t port_of(const struct peer *peer)
{
    for (uint32_t i = 0; i < peer->ports_n; i++)
        if (!*peer->ports[i].protocol ||
            strcmp(peer->ports[i].protocol, "tcp") == 0)
            return peer->ports[i].number;
    return 0;
}

static void begin(struct reach *r, const struct peer *peer)
{
    const uint16_t port = port_of(peer);
    struct attempt *a = port ? calloc(1, sizeof *a) : NULL;

    if (!a) {
        note_failure(r, peer,
                     port ? "there is no memory to try it"
                          : "it has no TCP port in DNS");
        return;
    }
    *a = (struct attempt){
        .reach = r, .next = r->running, .peer = peer, .port = port};
    r->running = a;
    r->running_n++;
    const int rc = try(a);
    if (rc) {
        a->rc = rc;
        end(a);
    }
}

static void go_on(struct reach *r)
{
    while (r->next < r->peers->n && r->running_n < REACH_AT_ONCE)
        begin(r, &r->peers->items[r->next++]);
    if (r->running_n == 0)
        r->done(r->context, r->reachable, r->why.text);
}

static void on_begin(uv_timer_t *timer)
{
    go_on(timer->data);
}

int reach_start(uv_loop_t *loop, struct peers *peers,
                void (*done)(void *context, size_t reachable,
                             const char *reason),
                void *context, struct reach **out)
{
    struct reach *r = calloc(1, sizeof *r);

    if (!r)
        return -ENOMEM;
    r->loop = loop;
    r->peers = peers_ref(peers);
    r->done = done;
    r->context = context;
    // neither can fail
    (void)uv_timer_init(loop, &r->begin);
    r->begin.data = r;
    (void)uv_timer_start(&r->begin, on_begin, 0, 0);
    *out = r;
    return 0;
}

void reach_free(struct reach *r)
{
    if (!r)
        return;
    r->freed = true;
    r->shares = 1 + r->running_n;
    for (struct attempt *a = r->running; a; a = a->next)
        close_attempt(a, UV_ECANCELED);
    uv_close((uv_handle_t *)&r->begin, on_begin_closed);
}
