// SPDX-License-Identifier: Apache-2.0
// Queries that are forwarded, on real sockets, as clients see it: who gets
// which reply, who waits, and how many. test_net_forward_upstream.c has the
// other side.
#include "base/base.h"
#include "lib/draft.h"
#include "lib/forwarding.h"
#include "lib/reply.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define NAME FORWARDING_NAME

// Extended errors (RFC 8914 4).
enum { EDE_OTHER = 0, EDE_NO_REACHABLE_AUTHORITY = 22 };

static const struct dummy_orders hold = {.holds = true, .records = 1};
static const struct dummy_orders silence = {.silent = true};

static void start(struct forwarding *f, unsigned upstreams)
{
    forwarding_start(f, upstreams, "127.0.0.1:0", forwarding_settings());
}

// --- one query -------------------------------------------------------------

static bool have_ipv6(void)
{
    const struct sockaddr_any a = server_address("[::1]:0");
    const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    const bool have = fd >= 0 && bind(fd, &a.any, a.length) == 0;
    if (fd >= 0)
        close(fd);
    return have;
}

static void is_answered(const char *listen, bool tcp, unsigned threads)
{
    struct workers_settings settings = forwarding_settings();
    struct forwarding f;
    settings.threads = threads;
    forwarding_start(&f, 1, listen, settings);
    dummy_obey(f.up[0], (struct dummy_orders){.records = 3});
    const int fd = forwarding_client(&f, tcp, NULL);
    forwarding_ask(fd, tcp, 7, NAME);
    forwarding_expect(fd, tcp, 7, RCODE_NOERROR, 3);
    forwarding_ask(fd, tcp, 8, SERVER_SMALL); // and ours are ours
    forwarding_expect(fd, tcp, 8, RCODE_NOERROR, SERVER_SMALL_N);
    dummy_obey(f.up[0], (struct dummy_orders){.rcode = RCODE_NXDOMAIN});
    forwarding_ask(fd, tcp, 9, NAME); // nothing is kept
    forwarding_expect(fd, tcp, 9, RCODE_NXDOMAIN, 0);
    forwarding_expect_silence(fd);
    forwarding_wait(&f, 0);
    const struct workers_state state = workers_state(f.server.workers);
    assert_int_equal(state.queries_udp + state.queries_tcp, 3);
    assert_int_equal(state.forwarded, 2);
    assert_int_equal(state.forward_asked, 2);
    assert_int_equal(state.forward_failed, 0);
    assert_int_equal(state.replies[RCODE_NOERROR], 2);
    assert_int_equal(state.replies[RCODE_NXDOMAIN], 1);
    assert_int_equal(dummy_asked(f.up[0]), 2);
    close(fd);
    forwarding_stop(&f);
}

static void a_datagram_is_answered_by_the_upstream(void **state)
{
    (void)state;
    is_answered("127.0.0.1:0", false, 1);
    is_answered("127.0.0.1:0", false, 3);
}

static void a_query_over_tcp_is_answered_by_the_upstream(void **state)
{
    (void)state;
    is_answered("127.0.0.1:0", true, 1);
    is_answered("127.0.0.1:0", true, 3);
}

static void queries_over_ipv6_are_too(void **state)
{
    (void)state;
    if (!have_ipv6())
        skip();
    is_answered("[::1]:0", false, 1);
    is_answered("[::1]:0", true, 1);
}

// A connected client takes replies only from the address it asked.
static void a_wildcard_answers_from_the_address_asked(void **state)
{
    enum { N = 3 };
    static const char *const asked[N] = {"127.0.0.1", "127.0.0.2", "127.1.2.3"};
    struct forwarding f;
    int fds[N];

    (void)state;
    forwarding_start(&f, 1, "0.0.0.0:0", forwarding_settings());
    dummy_obey(f.up[0], hold);
    for (uint16_t i = 0; i < N; i++) {
        char text[SOCKADDR_TEXT_SIZE];
        snprintf(text, sizeof text, "%s:%u", asked[i],
                 sockaddr_port(&f.server.address));
        const struct sockaddr_any to = server_address(text);
        fds[i] = client_connect(&to, SOCK_DGRAM, NULL);
        forwarding_ask(fds[i], false, i, NAME);
    }
    forwarding_wait(&f, N);
    forwarding_wait_dummy(f.up[0], 1);
    dummy_release(f.up[0]);
    for (uint16_t i = 0; i < N; i++) {
        forwarding_expect(fds[i], false, i, RCODE_NOERROR, 1);
        close(fds[i]);
    }
    forwarding_stop(&f);
}

// Own answers do not wait for upstreams, nor for those that wait for them.
static void own_names_are_answered_while_others_wait(void **state)
{
    struct forwarding f;
    int fds[2];
    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0], hold);
    for (int tcp = 0; tcp < 2; tcp++) {
        fds[tcp] = forwarding_client(&f, tcp, NULL);
        forwarding_ask(fds[tcp], tcp, 1, NAME);
        forwarding_ask(fds[tcp], tcp, 2, SERVER_SMALL);
        forwarding_expect(fds[tcp], tcp, 2, RCODE_NOERROR, SERVER_SMALL_N);
        forwarding_expect_silence(fds[tcp]);
    }
    forwarding_wait(&f, 2);
    forwarding_wait_dummy(f.up[0], 2);
    dummy_release(f.up[0]);
    for (int tcp = 0; tcp < 2; tcp++) {
        forwarding_expect(fds[tcp], tcp, 1, RCODE_NOERROR, 1);
        close(fds[tcp]);
    }
    forwarding_stop(&f);
}

// --- equal questions -------------------------------------------------------

// Letters of a name in a case of its own for each number.
static void in_some_case(char out[64], const char *name, unsigned number)
{
    for (; *name; name++) {
        const bool letter = *name >= 'a' && *name <= 'z';
        *out++ = (char)(letter && number & 1 ? *name - 32 : *name);
        if (letter)
            number >>= 1;
    }
    *out = '\0';
}

static void expect_letters(int fd, bool tcp, uint16_t id, const char *name)
{
    static uint8_t reply[65535];
    uint8_t query[SERVER_QUERY_SIZE];
    char error[200];
    struct reply r;
    const size_t n = forwarding_receive(fd, tcp, reply);

    assert_true(reply_read(reply, n, &r, error));
    assert_int_equal(r.id, id);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 1);
    reply_release(&r);
    (void)client_query(query, id, name, SERVER_TYPE_A);
    assert_memory_equal(reply + 12, query + 12, strlen(name) + 2 + 4);
}

static void equal_questions_are_asked_once(void **state)
{
    enum { N = 100 };
    struct forwarding f;
    int fds[N];
    char name[64];

    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0], hold);
    for (uint16_t i = 0; i < N; i++) {
        fds[i] = forwarding_client(&f, i % 3 == 0, NULL);
        in_some_case(name, NAME, i);
        forwarding_ask(fds[i], i % 3 == 0, (uint16_t)(i / 2), name);
    }
    forwarding_wait(&f, N);
    // those of datagram clients have an OPT record here, the others have not
    forwarding_wait_dummy(f.up[0], 2);
    dummy_release(f.up[0]);
    for (uint16_t i = 0; i < N; i++) {
        in_some_case(name, NAME, i);
        expect_letters(fds[i], i % 3 == 0, (uint16_t)(i / 2), name);
        close(fds[i]);
    }
    forwarding_wait(&f, 0);
    const struct workers_state s = workers_state(f.server.workers);
    assert_int_equal(s.forwarded, N);
    assert_int_equal(s.forward_asked, 2);
    assert_int_equal(dummy_asked(f.up[0]), 2);
    forwarding_stop(&f);
}

static void other_questions_are_asked_too(void **state)
{
    uint8_t query[SERVER_QUERY_SIZE];
    struct forwarding f;
    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0], hold);
    const int fd = forwarding_client(&f, false, NULL);
    forwarding_ask(fd, false, 1, NAME);
    forwarding_ask(fd, false, 2, "x." NAME);
    client_send(fd, query, client_query(query, 3, NAME, 28));
    size_t n = client_query(query, 4, NAME, SERVER_TYPE_A);
    query[n - 4] |= 0x80; // the DO bit of its OPT record
    client_send(fd, query, n);
    client_send(
        fd, query,
        query_write(query, sizeof query, 5, NAME, SERVER_TYPE_A, 0, true));
    forwarding_wait_dummy(f.up[0], 5);
    dummy_release(f.up[0]);
    unsigned seen = 0;
    for (int i = 1; i <= 5; i++)
        seen |= 1u << forwarding_expect_one(fd, false, RCODE_NOERROR, 1);
    assert_int_equal(seen, 0x3e);
    close(fd);
    forwarding_stop(&f);
}

static void asked_again_has_one_place(bool tcp)
{
    struct forwarding f;
    start(&f, 1);
    dummy_obey(f.up[0], hold);
    const int fd = forwarding_client(&f, tcp, NULL);
    for (int i = 0; i < 5; i++)
        forwarding_ask(fd, tcp, 7, NAME);
    forwarding_wait_queries(&f, 5);
    forwarding_wait(&f, 1);
    forwarding_wait_dummy(f.up[0], 1);
    dummy_release(f.up[0]);
    forwarding_expect(fd, tcp, 7, RCODE_NOERROR, 1);
    forwarding_expect_silence(fd);
    assert_int_equal(workers_state(f.server.workers).replies[0], 1);
    close(fd);
    forwarding_stop(&f);
}

static void a_query_that_is_asked_again_has_one_place_and_one_reply(
    void **state)
{
    (void)state;
    asked_again_has_one_place(false);
    asked_again_has_one_place(true);
}

// --- TCP -------------------------------------------------------------------

// RFC 7766 6.2.1.1: replies may come in another order.
static void a_query_that_waits_is_overtaken(void **state)
{
    uint8_t frames[3 * SERVER_QUERY_SIZE];
    struct forwarding f;

    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0], hold);
    const int fd = forwarding_client(&f, true, NULL);
    size_t n = client_frame(frames, 1, SERVER_SMALL, SERVER_TYPE_A);
    n += client_frame(frames + n, 2, NAME, SERVER_TYPE_A);
    n += client_frame(frames + n, 3, SERVER_SMALL, SERVER_TYPE_A);
    client_send(fd, frames, n);
    forwarding_expect(fd, true, 1, 0, SERVER_SMALL_N);
    forwarding_expect(fd, true, 3, 0, SERVER_SMALL_N);
    forwarding_wait_dummy(f.up[0], 1);
    dummy_release(f.up[0]);
    forwarding_expect(fd, true, 2, 0, 1);
    close(fd);
    forwarding_stop(&f);
}

static void a_connection_that_breaks_gives_its_places_back(void **state)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    struct forwarding f;

    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0], hold);
    const int fd = forwarding_client(&f, true, NULL);
    const int other = forwarding_client(&f, true, NULL);
    for (uint16_t id = 0; id < 10; id++)
        forwarding_ask(fd, true, id, id % 2 ? NAME : "x." NAME);
    forwarding_ask(other, true, 1, NAME);
    forwarding_wait(&f, 11);
    forwarding_wait_dummy(f.up[0], 2);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
    forwarding_wait(&f, 1);
    dummy_release(f.up[0]);
    forwarding_expect(other, true, 1, 0, 1);
    forwarding_ask(other, true, 2, "x." NAME); // nobody had waited for it
    forwarding_expect(other, true, 2, 0, 1);
    assert_int_equal(dummy_asked(f.up[0]), 3);
    close(other);
    forwarding_stop(&f);
}

// Nor does who breaks its connections get more descriptors than its share: what
// it has asked counts until the upstream is slow.
static void broken_connections_leave_no_more_questions_than_places(void **state)
{
    enum { PLACES = 8, ROUNDS = 40, SLOW_MS = 1400 };
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    struct workers_settings settings = forwarding_settings();
    struct forwarding f;
    char name[64];

    (void)state;
    settings.forward_queries = settings.forward_per_client = PLACES;
    forwarding_start(&f, 1, "127.0.0.1:0", settings);
    dummy_obey(f.up[0], hold);
    const uint64_t began = forwarding_now_ms();
    for (unsigned i = 0; i < ROUNDS; i++) {
        const int fd = forwarding_client(&f, true, NULL);
        snprintf(name, sizeof name, "%u." NAME, i);
        forwarding_ask(fd, true, 1, name);
        forwarding_wait_queries(&f, i + 1);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
        forwarding_wait(&f, 0);
    }
    const struct workers_state s = workers_state(f.server.workers);
    if (forwarding_now_ms() - began < SLOW_MS)
        assert_true(s.forward_asked <= 2 * PLACES);
    // no longer: there is room again
    forwarding_pause_ms(SLOW_MS);
    dummy_obey(f.up[0], (struct dummy_orders){.records = 1});
    const int fd = forwarding_client(&f, true, NULL);
    for (unsigned rcode = RCODE_SERVFAIL; rcode != RCODE_NOERROR;) {
        static uint8_t reply[65535];
        assert_true(forwarding_now_ms() - began < SERVER_PATIENCE_MS);
        forwarding_ask(fd, true, 1, NAME);
        assert_true(client_reply(fd, reply) > 12);
        rcode = reply[3] & 0x0f;
    }
    close(fd);
    forwarding_stop(&f);
}

// It may have shut down its side only (RFC 7766 6.2.4), so it is waited with.
static void a_half_closed_client_gets_its_replies_and_the_end(void **state)
{
    uint8_t reply[65535];
    unsigned seen = 0;
    struct forwarding f;

    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0], hold);
    const int fd = forwarding_client(&f, true, NULL);
    for (uint16_t id = 0; id < 3; id++)
        forwarding_ask(fd, true, id, NAME);
    client_send(fd, "\0\x20half", 6);
    shutdown(fd, SHUT_WR);
    forwarding_wait(&f, 3);
    forwarding_wait_dummy(f.up[0], 1);
    forwarding_expect_silence(fd);
    dummy_release(f.up[0]);
    for (int i = 0; i < 3; i++)
        seen |= 1u << forwarding_expect_one(fd, true, 0, 1);
    assert_int_equal(seen, 7);
    assert_int_equal(client_reply(fd, reply), 0);
    close(fd);
    forwarding_stop(&f);
}

/*
 * A client that does not read: large replies wait, from us and from upstream,
 * and so do those behind them. Each gets one reply all the same.
 */
static void a_slow_reader_gets_each_reply_once(void **state)
{
    enum { ROUNDS = 60, N = 3 * ROUNDS, MANY = 4000 };
    static uint8_t frames[N * SERVER_QUERY_SIZE], reply[65535];
    unsigned seen[N] = {0};
    char name[64];
    struct forwarding f;
    size_t n = 0;

    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0], (struct dummy_orders){.records = MANY});
    const int fd = forwarding_client(&f, true, NULL);
    for (uint16_t id = 0; id < N; id++) {
        snprintf(name, sizeof name, "%u." NAME, id / 6);
        n += id % 3 == 2
                 ? client_frame(frames + n, id, SERVER_BIG, SERVER_TYPE_SRV)
                 : client_frame(frames + n, id, name, SERVER_TYPE_A);
    }
    client_send(fd, frames, n);
    forwarding_pause_ms(FORWARDING_SHORT_MS);
    for (unsigned i = 0; i < N; i++) {
        assert_true(client_reply(fd, reply) >= 12);
        const uint16_t id = bytes_load_u16(reply);
        assert_true(id < N && (reply[3] & 0x0f) == 0);
        assert_int_equal(bytes_load_u16(reply + 6),
                         id % 3 == 2 ? SERVER_BIG_N : MANY);
        seen[id]++;
    }
    forwarding_expect_silence(fd);
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
    forwarding_wait(&f, 0);
    close(fd);
    forwarding_stop(&f);
}

// --- bounds ----------------------------------------------------------------

static void ask_many(int fd, bool tcp, unsigned n)
{
    for (uint16_t id = 0; id < n; id++)
        forwarding_ask(fd, tcp, id, NAME);
}

static void has_no_more_than_its_share(bool tcp)
{
    enum { SHARE = 16, MORE = 10 };
    struct workers_settings settings = forwarding_settings();
    struct forwarding f;
    settings.forward_queries = 4 * SHARE; // a quarter is one's share
    forwarding_start(&f, 1, "127.0.0.1:0", settings);
    dummy_obey(f.up[0], hold);
    const int fd = forwarding_client(&f, tcp, NULL);
    const int other = forwarding_client(&f, tcp, "127.0.0.2:0");
    ask_many(fd, tcp, SHARE + MORE);
    for (uint16_t i = 0; i < MORE; i++)
        forwarding_expect_error(fd, tcp, (uint16_t)(SHARE + i), EDE_OTHER);
    forwarding_expect_silence(fd);
    forwarding_wait(&f, SHARE);
    forwarding_ask(other, tcp, 1, NAME);
    forwarding_wait(&f, SHARE + 1);
    forwarding_wait_dummy(f.up[0], 1);
    dummy_release(f.up[0]);
    for (int i = 0; i < SHARE; i++)
        (void)forwarding_expect_one(fd, tcp, 0, 1);
    forwarding_expect(other, tcp, 1, 0, 1);
    assert_int_equal(workers_state(f.server.workers).forward_full, MORE);
    forwarding_ask(fd, tcp, 1, NAME); // and there is room again
    forwarding_expect(fd, tcp, 1, 0, 1);
    close(fd);
    close(other);
    forwarding_stop(&f);
}

static void a_client_has_no_more_than_its_share(void **state)
{
    (void)state;
    has_no_more_than_its_share(false);
    has_no_more_than_its_share(true);
}

static void a_server_has_no_more_than_its_places(void **state)
{
    enum { CLIENTS = 9, EACH = 8, PLACES = 64 };
    struct workers_settings settings = forwarding_settings();
    unsigned no = 0, yes = 0;
    struct forwarding f;
    int fds[CLIENTS];
    char name[64];

    (void)state;
    settings.forward_queries = PLACES;
    settings.forward_per_client = EACH;
    forwarding_start(&f, 1, "127.0.0.1:0", settings);
    dummy_obey(f.up[0], hold);
    assert_int_equal(workers_state(f.server.workers).forwarded_max, PLACES);
    for (int i = 0; i < CLIENTS; i++) {
        char from[SOCKADDR_TEXT_SIZE];
        snprintf(from, sizeof from, "127.0.0.%d:0", i + 1);
        fds[i] = forwarding_client(&f, false, from);
        for (uint16_t k = 0; k < EACH; k++) {
            snprintf(name, sizeof name, "%d.%u." NAME, i, k);
            forwarding_ask(fds[i], false, k, name);
        }
    }
    forwarding_wait_replies(&f, RCODE_SERVFAIL, CLIENTS * EACH - PLACES);
    forwarding_wait(&f, PLACES);
    forwarding_wait_dummy(f.up[0], PLACES);
    dummy_release(f.up[0]);
    for (int i = 0; i < CLIENTS; i++) {
        uint8_t reply[1500];
        for (int k = 0; k < EACH; k++) {
            assert_true(client_waits(fds[i], SERVER_PATIENCE_MS));
            assert_true(recv(fds[i], reply, sizeof reply, 0) > 12);
            no += (reply[3] & 0x0f) == RCODE_SERVFAIL;
            yes += (reply[3] & 0x0f) == 0;
        }
        close(fds[i]);
    }
    assert_int_equal(yes, PLACES);
    assert_int_equal(no, CLIENTS * EACH - PLACES);
    assert_int_equal(workers_state(f.server.workers).forward_full, no);
    assert_int_equal(dummy_asked(f.up[0]), PLACES);
    forwarding_stop(&f);
}

// With an EDNS option of so many octets behind it. Returns its octets.
static size_t long_query(uint8_t *out, uint16_t id, const char *name,
                         size_t option_n)
{
    const size_t n = client_query(out, id, name, SERVER_TYPE_A);
    bytes_store_u16(out + n - 2, (uint16_t)(4 + option_n));
    bytes_store_u16(out + n, 65001); // for local use (RFC 6891 9)
    bytes_store_u16(out + n + 2, (uint16_t)option_n);
    memset(out + n + 4, 'x', option_n);
    return n + 4 + option_n;
}

static void a_long_query_is_refused_and_a_long_one_for_us_is_not(void **state)
{
    uint8_t query[1232];
    struct forwarding f;
    (void)state;
    start(&f, 1);
    const int fd = forwarding_client(&f, false, NULL);
    client_send(fd, query, long_query(query, 1, NAME, 600));
    forwarding_expect_error(fd, false, 1, EDE_OTHER);
    client_send(fd, query, long_query(query, 2, NAME, 400));
    forwarding_expect(fd, false, 2, 0, 1);
    client_send(fd, query, long_query(query, 3, SERVER_SMALL, 600));
    forwarding_expect(fd, false, 3, 0, SERVER_SMALL_N);
    assert_int_equal(dummy_asked(f.up[0]), 1);
    close(fd);
    forwarding_stop(&f);
}

// --- held before -------------------------------------------------------------

static void publish(struct server *s, const char *words, bool removes)
{
    struct zone_update *u = zone_update_begin(s->zone);
    struct draft *d = draft_new(words);
    struct error err;

    assert_non_null(u);
    if (removes)
        assert_int_equal(zone_update_remove(u, "test", "web"), 0);
    else
        assert_int_equal(zone_update_service(u, draft_service(d), &err), 0);
    zone_update_publish(u, zone_serial(s->zone) + 1, true);
    draft_free(d);
}

// It waits for an ordinal of a service that is no more then, and may be known
// elsewhere.
static void a_query_that_was_held_may_be_forwarded(void **state)
{
    static const char web[] = "test/web headless declares web 0 3";
    struct workers_settings settings = forwarding_settings();
    struct forwarding f;

    (void)state;
    settings.answer.falls_through = true;
    settings.answer.hold_ms = 5000;
    for (int tcp = 0; tcp < 2; tcp++) {
        forwarding_start(&f, 1, "127.0.0.1:0", settings);
        publish(&f.server, web, false);
        const int fd = forwarding_client(&f, tcp, NULL);
        for (uint16_t id = 0; id < 2; id++)
            forwarding_ask(fd, tcp, id, "web-0.web.test.svc.cluster.local");
        forwarding_wait_queries(&f, 2);
        forwarding_expect_silence(fd);
        assert_int_equal(dummy_asked(f.up[0]), 0);
        publish(&f.server, web, true);
        unsigned seen = 0;
        for (int i = 0; i < 2; i++)
            seen |= 1u << forwarding_expect_one(fd, tcp, RCODE_NOERROR, 1);
        assert_int_equal(seen, 3);
        assert_int_equal(dummy_asked(f.up[0]), 1);
        forwarding_wait(&f, 0);
        assert_int_equal(workers_state(f.server.workers).parked_now, 0);
        close(fd);
        forwarding_stop(&f);
    }
}

// --- the end ---------------------------------------------------------------

static void *release_soon(void *context)
{
    forwarding_pause_ms(2 * FORWARDING_SHORT_MS);
    dummy_release(context);
    return NULL;
}

// What the upstream answers soon still reaches the client; nothing else is lost
// either.
static void stopping_answers_all_that_waits(bool silent)
{
    enum { N = 10, END_MS = 4500 };
    struct workers_settings settings = forwarding_settings();
    uint8_t reply[65535];
    struct forwarding f;
    pthread_t helper;

    settings.threads = 2;
    forwarding_start(&f, 1, "127.0.0.1:0", settings);
    dummy_obey(f.up[0], silent ? silence : hold);
    const int udp = forwarding_client(&f, false, NULL);
    const int tcp = forwarding_client(&f, true, NULL);
    ask_many(udp, false, N);
    ask_many(tcp, true, N);
    forwarding_wait(&f, 2 * N);
    forwarding_wait_asked(&f, 2);
    forwarding_wait_dummy(f.up[0], 2);
    if (!silent)
        assert_int_equal(pthread_create(&helper, NULL, release_soon, f.up[0]),
                         0);
    const uint64_t began = forwarding_now_ms();
    server_stop(&f.server);
    assert_true(forwarding_now_ms() - began < END_MS);
    if (!silent)
        pthread_join(helper, NULL);
    dummy_free(f.up[0]);
    for (int i = 0; i < 2 * N; i++)
        (void)forwarding_expect_one(i < N ? udp : tcp, i >= N,
                                    silent ? RCODE_SERVFAIL : RCODE_NOERROR,
                                    silent ? 0 : 1);
    assert_int_equal(client_reply(tcp, reply), 0);
    close(udp);
    close(tcp);
}

static void stopping_waits_for_upstreams_for_a_moment(void **state)
{
    (void)state;
    stopping_answers_all_that_waits(false);
}

static void stopping_waits_no_longer(void **state)
{
    (void)state;
    stopping_answers_all_that_waits(true);
}

// By the upstream or by us: those that were not read yet are not asked any
// more.
static void stopping_answers_what_has_arrived(void **state)
{
    enum { ROUNDS = 20, N = 64 };
    struct forwarding f;
    char name[64];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        start(&f, 1);
        const int fd = forwarding_client(&f, false, NULL);
        for (uint16_t i = 0; i < N; i++) {
            snprintf(name, sizeof name, "%u." NAME, i);
            forwarding_ask(fd, false, i, name);
        }
        forwarding_stop(&f);
        for (int i = 0; i < N; i++) {
            uint8_t reply[1500];
            assert_true(client_waits(fd, SERVER_PATIENCE_MS));
            assert_true(recv(fd, reply, sizeof reply, 0) > 12);
        }
        close(fd);
    }
}

struct flood {
    int fds[2]; // UDP, TCP
    _Atomic bool over;
};

// New questions, until the server has gone.
static void *flood(void *context)
{
    struct flood *const f = context;
    uint8_t query[SERVER_QUERY_SIZE];
    char name[64];

    for (unsigned i = 0; !f->over; i++) {
        snprintf(name, sizeof name, "%u." NAME, i);
        (void)!send(f->fds[0], query,
                    client_query(query, (uint16_t)i, name, SERVER_TYPE_A),
                    MSG_DONTWAIT);
        (void)!send(f->fds[1], query,
                    client_frame(query, (uint16_t)i, name, SERVER_TYPE_A),
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return NULL;
}

// With whatever comes while it stops; see the assertions on what is left.
static void stopping_under_a_flood_leaves_nothing_behind(void **state)
{
    enum { ROUNDS = 3, END_MS = 6000 };
    struct forwarding f;
    pthread_t client;

    (void)state;
    const unsigned files = server_open_files();
    for (int i = 0; i < ROUNDS; i++) {
        struct flood load = {.over = false};
        start(&f, 1);
        if (i == 0)
            dummy_obey(f.up[0], silence);
        for (int tcp = 0; tcp < 2; tcp++)
            load.fds[tcp] = forwarding_client(&f, tcp, NULL);
        assert_int_equal(pthread_create(&client, NULL, flood, &load), 0);
        forwarding_wait_dummy_at_least(f.up[0], 100);
        const uint64_t began = forwarding_now_ms();
        server_stop(&f.server);
        assert_true(forwarding_now_ms() - began < END_MS);
        load.over = true;
        pthread_join(client, NULL);
        dummy_free(f.up[0]);
        close(load.fds[0]);
        close(load.fds[1]);
    }
    assert_int_equal(server_open_files(), files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_is_answered_by_the_upstream),
        cmocka_unit_test(a_query_over_tcp_is_answered_by_the_upstream),
        cmocka_unit_test(queries_over_ipv6_are_too),
        cmocka_unit_test(a_wildcard_answers_from_the_address_asked),
        cmocka_unit_test(own_names_are_answered_while_others_wait),
        cmocka_unit_test(equal_questions_are_asked_once),
        cmocka_unit_test(other_questions_are_asked_too),
        cmocka_unit_test(
            a_query_that_is_asked_again_has_one_place_and_one_reply),
        cmocka_unit_test(a_query_that_waits_is_overtaken),
        cmocka_unit_test(a_connection_that_breaks_gives_its_places_back),
        cmocka_unit_test(
            broken_connections_leave_no_more_questions_than_places),
        cmocka_unit_test(a_half_closed_client_gets_its_replies_and_the_end),
        cmocka_unit_test(a_slow_reader_gets_each_reply_once),
        cmocka_unit_test(a_client_has_no_more_than_its_share),
        cmocka_unit_test(a_server_has_no_more_than_its_places),
        cmocka_unit_test(a_long_query_is_refused_and_a_long_one_for_us_is_not),
        cmocka_unit_test(a_query_that_was_held_may_be_forwarded),
        cmocka_unit_test(stopping_waits_for_upstreams_for_a_moment),
        cmocka_unit_test(stopping_waits_no_longer),
        cmocka_unit_test(stopping_answers_what_has_arrived),
        cmocka_unit_test(stopping_under_a_flood_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
