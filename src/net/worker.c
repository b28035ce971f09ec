// SPDX-License-Identifier: Apache-2.0
#include "net/worker.h"

#include "base/base.h"
#include "descriptors.h"
#include "forward.h"
#include "socket.h"
#include "thread.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    TCP_CONNECTIONS = 1024,
    FORWARD_QUERIES = 4096,
    // of a worker beside its sockets: what its loop waits with and is woken
    // by, and what libuv keeps for the moment when no other can be had
    LOOP_DESCRIPTORS = 5,
};

struct workers {
    unsigned threads;
    unsigned connections; // in all
    unsigned forwards;    // different questions that may wait for upstreams
    size_t listen_n;
    struct sockaddr_any *addresses;
    struct thread **workers;
    unsigned made; // of them
};

static bool same_host(const struct sockaddr_any *a,
                      const struct sockaddr_any *b)
{
    if (a->any.sa_family == AF_INET6)
        return IN6_ARE_ADDR_EQUAL(&a->v6.sin6_addr, &b->v6.sin6_addr) &&
               a->v6.sin6_scope_id == b->v6.sin6_scope_id;
    return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

static bool same_family_and_port(const struct sockaddr_any *a,
                                 const struct sockaddr_any *b)
{
    return a->any.sa_family == b->any.sa_family && sockaddr_port(a) != 0 &&
           sockaddr_port(a) == sockaddr_port(b);
}

/*
 * How to claim address i, when those before it are bound: 127.0.0.1:53 beside
 * 0.0.0.0:53 has our own sockets in its way, and joins them.
 */
static int claim_of(const struct sockaddr_any *addresses, size_t i,
                    enum socket_claim *claim, struct error *err)
{
    const struct sockaddr_any *const a = &addresses[i];
    *claim = SOCKET_FIRST;
    for (size_t j = 0; j < i; j++) {
        const struct sockaddr_any *const b = &addresses[j];
        if (!same_family_and_port(a, b))
            continue;
        if (same_host(a, b)) {
            char text[SOCKADDR_TEXT_SIZE];
            return error_set(err, -EINVAL,
                             "cannot listen on %s: it is given twice: remove "
                             "one --listen",
                             sockaddr_format(a, text));
        }
        if (sockaddr_is_wildcard(a) || sockaddr_is_wildcard(b))
            *claim = SOCKET_SHARE;
    }
    return 0;
}

// pairs: a row of listen_n for each thread
static int open_sockets(struct workers *ws, struct socket_pair *pairs,
                        struct error *err)
{
    for (size_t i = 0; i < ws->listen_n; i++) {
        enum socket_claim claim;
        int r = claim_of(ws->addresses, i, &claim, err);
        for (unsigned k = 0; r == 0 && k < ws->threads; k++) {
            r = socket_pair_open(&ws->addresses[i], claim,
                                 &pairs[k * ws->listen_n + i], err);
            claim = SOCKET_SHARE;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

static int make_workers(struct workers *ws,
                        const struct workers_settings *settings, unsigned asks,
                        struct socket_pair *pairs, struct error *err)
{
    for (unsigned k = 0; k < ws->threads; k++) {
        const int r = thread_new(settings, asks, k, ws->addresses,
                                 &pairs[k * ws->listen_n], &ws->workers[k]);
        if (r < 0)
            return error_set(err, r,
                             "cannot make worker %u of %u: %s: lower "
                             "--threads",
                             k + 1, ws->threads, uv_strerror(r));
        ws->made++;
    }
    return 0;
}

static int start_threads(struct workers *ws, struct error *err)
{
    for (unsigned k = 0; k < ws->threads; k++) {
        const int r = thread_start(ws->workers[k]);
        if (r < 0)
            return error_set(err, r,
                             "cannot start thread %u of %u: %s: lower "
                             "--threads",
                             k + 1, ws->threads, uv_strerror(r));
    }
    return 0;
}

/*
 * What clients may have of the system's descriptors: connections, and queries
 * upstream. Where they are few, connections get half of them at least.
 *
 * asks  set to how many queries may be on their way to upstreams
 */
static void share_descriptors(struct workers_settings *s, size_t others,
                              unsigned *asks)
{
    const unsigned wanted = s->forward_queries * FORWARD_ASKS;
    const unsigned forwards = wanted * FORWARD_ASK_DESCRIPTORS;
    const unsigned got =
        descriptors_claim(others, s->tcp_connections + forwards);
    const unsigned rest = got > forwards ? got - forwards : 0;
    const unsigned most = rest > got / 2 ? rest : (got + 1) / 2;

    if (s->tcp_connections > most)
        s->tcp_connections = most;
    const unsigned room = (got - s->tcp_connections) / FORWARD_ASK_DESCRIPTORS;
    *asks = room > 0 ? room : 1;
}

// What the settings leave open, and what the system allows.
static struct workers_settings complete_settings(
    const struct workers_settings *given, unsigned *asks)
{
    struct workers_settings s = *given;
    const size_t per_thread = 2 * s.listen_n + LOOP_DESCRIPTORS;
    if (s.tcp_connections == 0)
        s.tcp_connections = TCP_CONNECTIONS;
    if (!s.answer.forwards)
        s.forward_queries = 0;
    else if (s.forward_queries == 0)
        s.forward_queries = FORWARD_QUERIES;
    share_descriptors(&s, s.threads * per_thread + s.kept_descriptors, asks);
    if (s.tcp_per_client == 0)
        s.tcp_per_client = s.tcp_connections / 4;
    if (s.forward_per_client == 0)
        s.forward_per_client = s.forward_queries / 4;
    return s;
}

static struct workers *workers_new(const struct workers_settings *settings,
                                   unsigned asks)
{
    struct workers *ws = calloc(1, sizeof *ws);
    if (!ws)
        return NULL;
    ws->threads = settings->threads;
    ws->connections = settings->tcp_connections;
    ws->forwards =
        asks < settings->forward_queries ? asks : settings->forward_queries;
    ws->listen_n = settings->listen_n;
    ws->addresses = calloc(ws->listen_n, sizeof *ws->addresses);
    ws->workers = calloc(ws->threads, sizeof *ws->workers);
    if (!ws->addresses || !ws->workers) {
        workers_stop(ws);
        return NULL;
    }
    memcpy(ws->addresses, settings->listen,
           ws->listen_n * sizeof *ws->addresses);
    return ws;
}

static struct socket_pair *pairs_new(size_t n)
{
    struct socket_pair *pairs = calloc(n, sizeof *pairs);
    if (!pairs)
        return NULL;
    for (size_t i = 0; i < n; i++)
        pairs[i] = (struct socket_pair){.udp = -1, .tcp = -1};
    return pairs;
}

static void pairs_free(struct socket_pair *pairs, size_t n)
{
    for (size_t i = 0; pairs && i < n; i++)
        socket_pair_close(&pairs[i]);
    free(pairs);
}

// A reference to those that are asked, NULL where nobody ever is.
static struct upstreams *upstreams_of(const struct workers_settings *s)
{
    if (!s->answer.forwards)
        return NULL;
    return s->upstreams ? upstreams_ref(s->upstreams)
                        : upstreams_new(NULL, 0, NULL, NULL);
}

int workers_start(const struct workers_settings *settings, struct workers **out,
                  struct error *err)
{
    assert(settings->threads > 0 && settings->listen_n > 0);
    unsigned asks = 0;
    struct workers_settings s = complete_settings(settings, &asks);
    const size_t pairs_n = s.threads * s.listen_n;
    struct workers *ws = workers_new(&s, asks);
    struct socket_pair *pairs = pairs_new(pairs_n);
    int r;

    s.upstreams = upstreams_of(&s);
    if (!ws || !pairs || (s.answer.forwards && !s.upstreams)) {
        r = error_set(err, -ENOMEM, "cannot start %u threads: no memory",
                      s.threads);
        goto out;
    }
    r = open_sockets(ws, pairs, err);
    if (r == 0)
        r = make_workers(ws, &s, asks, pairs, err);
    if (r == 0)
        r = start_threads(ws, err);
    if (r == 0) {
        *out = ws;
        ws = NULL;
    }
out:
    upstreams_unref(s.upstreams);
    pairs_free(pairs, pairs_n);
    workers_stop(ws); // what there is of it
    return r;
}

struct sockaddr_any workers_address(const struct workers *ws, size_t i)
{
    assert(i < ws->listen_n);
    return ws->addresses[i];
}

void workers_stop(struct workers *ws)
{
    if (!ws)
        return;
    // all are told before the first is waited for: they drain side by side
    for (unsigned k = 0; k < ws->made; k++)
        thread_stop(ws->workers[k]);
    for (unsigned k = 0; k < ws->made; k++)
        thread_join(ws->workers[k]);
    for (unsigned k = 0; k < ws->made; k++)
        thread_free(ws->workers[k]);
    free(ws->workers);
    free(ws->addresses);
    free(ws);
}

void workers_forward_to(struct workers *ws, struct upstreams *upstreams)
{
    for (unsigned k = 0; k < ws->threads; k++)
        thread_forward_to(ws->workers[k], upstreams);
}

struct workers_state workers_state(const struct workers *ws)
{
    struct workers_state sum = {.connections_max = ws->connections,
                                .forwarded_max = ws->forwards};
    for (unsigned k = 0; k < ws->threads; k++)
        thread_count(ws->workers[k], &sum);
    return sum;
}
