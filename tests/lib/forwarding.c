// SPDX-License-Identifier: Apache-2.0
#include "lib/forwarding.h"

#include "base/base.h"
#include "lib/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

// --- server ----------------------------------------------------------------

struct workers_settings forwarding_settings(void)
{
    struct workers_settings settings = server_settings();
    settings.answer.forwards = true;
    return settings;
}

void forwarding_start(struct forwarding *f, unsigned n, const char *listen,
                      struct workers_settings settings)
{
    struct sockaddr_any addresses[FORWARDING_UPSTREAMS];

    assert_true(n <= FORWARDING_UPSTREAMS);
    *f = (struct forwarding){.n = n};
    for (unsigned i = 0; i < n; i++) {
        f->up[i] = dummy_new("127.0.0.1:0");
        addresses[i] = dummy_address(f->up[i]);
    }
    struct upstreams *const u = upstreams_new(addresses, n, NULL, NULL);
    assert_non_null(u);
    settings.upstreams = u;
    server_start(&f->server, listen, settings);
    upstreams_unref(u);
}

void forwarding_stop(struct forwarding *f)
{
    server_stop(&f->server);
    for (unsigned i = 0; i < f->n; i++)
        dummy_free(f->up[i]);
}

uint64_t forwarding_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void forwarding_pause_ms(long ms)
{
    const struct timespec t = {.tv_sec = ms / 1000,
                               .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

// --- waiting ---------------------------------------------------------------

// Until *value(context) is n.
static void wait_for(uint64_t (*value)(const void *context),
                     const void *context, uint64_t n, const char *what)
{
    uint64_t now = 0;
    for (int i = 0; i < SERVER_PATIENCE_MS; i++) {
        now = value(context);
        if (now == n)
            return;
        forwarding_pause_ms(1);
    }
    fail_msg("%s: %u, not %u", what, (unsigned)now, (unsigned)n);
}

static struct workers_state state_of(const void *context)
{
    const struct forwarding *const f = context;
    return workers_state(f->server.workers);
}

static uint64_t waiting(const void *context)
{
    return state_of(context).forwarded_now;
}

static uint64_t queries(const void *context)
{
    const struct workers_state s = state_of(context);
    return s.queries_udp + s.queries_tcp;
}

static uint64_t asked(const void *context)
{
    return state_of(context).forward_asked;
}

struct replies {
    const struct forwarding *f;
    unsigned rcode;
};

static uint64_t replies(const void *context)
{
    const struct replies *const r = context;
    return state_of(r->f).replies[r->rcode];
}

static uint64_t dummy_was_asked(const void *context)
{
    return dummy_asked((struct dummy *)(uintptr_t)context);
}

void forwarding_wait(const struct forwarding *f, uint64_t n)
{
    wait_for(waiting, f, n, "queries that wait");
}

void forwarding_wait_queries(const struct forwarding *f, uint64_t n)
{
    wait_for(queries, f, n, "queries");
}

void forwarding_wait_asked(const struct forwarding *f, uint64_t n)
{
    wait_for(asked, f, n, "queries upstream");
}

void forwarding_wait_replies(const struct forwarding *f, unsigned rcode,
                             uint64_t n)
{
    const struct replies r = {f, rcode};
    wait_for(replies, &r, n, "replies");
}

void forwarding_wait_dummy(struct dummy *d, unsigned n)
{
    wait_for(dummy_was_asked, d, n, "queries that reached it");
}

void forwarding_wait_dummy_at_least(struct dummy *d, unsigned n)
{
    for (int i = 0; i < SERVER_PATIENCE_MS; i++) {
        if (dummy_asked(d) >= n)
            return;
        forwarding_pause_ms(1);
    }
    fail_msg("only some of %u queries reached it", n);
}

// --- clients ---------------------------------------------------------------

int forwarding_client(const struct forwarding *f, bool tcp, const char *from)
{
    return client_connect(&f->server.address, tcp ? SOCK_STREAM : SOCK_DGRAM,
                          from);
}

void forwarding_ask(int fd, bool tcp, uint16_t id, const char *name)
{
    uint8_t query[SERVER_QUERY_SIZE];
    const size_t n = tcp ? client_frame(query, id, name, SERVER_TYPE_A)
                         : client_query(query, id, name, SERVER_TYPE_A);
    client_send(fd, query, n);
}

size_t forwarding_receive(int fd, bool tcp, uint8_t reply[65535])
{
    if (tcp)
        return client_reply(fd, reply);
    assert_true(client_waits(fd, SERVER_PATIENCE_MS));
    const ssize_t n = recv(fd, reply, 65535, 0);
    assert_true(n > 0);
    return (size_t)n;
}

static void read_reply(int fd, bool tcp, struct reply *out)
{
    static uint8_t octets[65535];
    char error[200];
    const size_t n = forwarding_receive(fd, tcp, octets);

    if (!reply_read(octets, n, out, error))
        fail_msg("a reply that is none: %s", error);
}

uint16_t forwarding_expect_one(int fd, bool tcp, unsigned rcode,
                               unsigned answers)
{
    struct reply r;

    read_reply(fd, tcp, &r);
    assert_true(r.flags & 0x8000);
    assert_int_equal(r.rcode, rcode);
    assert_int_equal(r.lines_n[REPLY_ANSWER], answers);
    const uint16_t id = r.id;
    reply_release(&r);
    return id;
}

void forwarding_expect(int fd, bool tcp, uint16_t id, unsigned rcode,
                       unsigned answers)
{
    assert_int_equal(forwarding_expect_one(fd, tcp, rcode, answers), id);
}

void forwarding_expect_error(int fd, bool tcp, uint16_t id, int ede)
{
    struct reply r;

    read_reply(fd, tcp, &r);
    assert_int_equal(r.id, id);
    assert_int_equal(r.rcode, RCODE_SERVFAIL);
    if (!tcp) // clients over TCP send no OPT record here
        assert_int_equal(r.ede, ede);
    reply_release(&r);
}

void forwarding_expect_silence(int fd)
{
    assert_false(client_waits(fd, FORWARDING_SHORT_MS));
}
