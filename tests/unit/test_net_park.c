// SPDX-License-Identifier: Apache-2.0
// Queries for ordinals that are declared and have no name yet, on real sockets:
// who waits, for how long, and that each gets one reply.
#include "lib/draft.h"
#include "lib/reply.h"
#include "lib/server.h"
#include "net/worker.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WEB(n) "web-" #n ".web.test.svc.cluster.local"

enum {
    LONG_MS = 5000, // never over in a test that goes well
    // something did not happen by then; it may, on a machine that is busy, and
    // then goes unnoticed
    SHORT_MS = 40,
    NXDOMAIN = 3,
};

// --- server ----------------------------------------------------------------

static void publish(struct server *s, const char *words)
{
    struct zone_update *u = zone_update_begin(s->zone);
    struct draft *d = draft_new(words);
    struct error err;

    assert_non_null(u);
    assert_int_equal(zone_update_service(u, draft_service(d), &err), 0);
    zone_update_publish(u, zone_serial(s->zone) + 1, true);
    draft_free(d);
}

// test/web is declared to have the ordinals 0 to 199, and has none.
static void start(struct server *s, const char *listen, unsigned hold_ms,
                  unsigned threads)
{
    struct workers_settings settings = server_settings();

    settings.answer.hold_ms = (uint16_t)hold_ms;
    settings.threads = threads;
    server_start(s, listen, settings);
    publish(s, "test/web headless declares web 0 200");
}

static void come(struct server *s)
{
    publish(s, "test/web headless declares web 0 200 slice4 port p:1/tcp "
               "end web-0 10.0.0.1 end web-1 10.0.0.2");
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
    const struct timespec t = {.tv_sec = ms / 1000,
                               .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

// Until that many queries wait.
static void wait_parked(const struct server *s, uint64_t n)
{
    for (int i = 0; i < SERVER_PATIENCE_MS; i++) {
        if (workers_state(s->workers).parked_now == n)
            return;
        pause_ms(1);
    }
    fail_msg("%u queries wait, not %u",
             (unsigned)workers_state(s->workers).parked_now, (unsigned)n);
}

static void wait_queries(const struct server *s, uint64_t n)
{
    for (int i = 0; i < SERVER_PATIENCE_MS; i++) {
        const struct workers_state state = workers_state(s->workers);
        if (state.queries_udp + state.queries_tcp >= n)
            return;
        pause_ms(1);
    }
    fail_msg("only some of %u queries arrived", (unsigned)n);
}

static void wait_told_no(const struct server *s, uint64_t n)
{
    for (int i = 0; i < SERVER_PATIENCE_MS; i++) {
        if (workers_state(s->workers).replies[NXDOMAIN] == n)
            return;
        pause_ms(1);
    }
    fail_msg("%u were told no, not %u",
             (unsigned)workers_state(s->workers).replies[NXDOMAIN],
             (unsigned)n);
}

// --- clients, of either transport ------------------------------------------

static void ask(int fd, bool tcp, uint16_t id, const char *name)
{
    uint8_t query[SERVER_QUERY_SIZE];
    const size_t n = tcp ? client_frame(query, id, name, SERVER_TYPE_A)
                         : client_query(query, id, name, SERVER_TYPE_A);
    client_send(fd, query, n);
}

static size_t receive(int fd, bool tcp, uint8_t reply[65535])
{
    if (tcp)
        return client_reply(fd, reply);
    assert_true(client_waits(fd, SERVER_PATIENCE_MS));
    const ssize_t n = recv(fd, reply, 65535, 0);
    assert_true(n > 0);
    return (size_t)n;
}

// The next reply, whichever query it is for. Returns its id.
static uint16_t expect_one(int fd, bool tcp, unsigned rcode, unsigned answers)
{
    static uint8_t reply[65535];
    const size_t n = receive(fd, tcp, reply);

    assert_true(n >= 12);
    assert_true(reply[2] & 0x80);
    assert_int_equal(reply[3] & 0x0f, rcode);
    assert_int_equal(bytes_load_u16(reply + 6), answers);
    return bytes_load_u16(reply);
}

static void expect(int fd, bool tcp, uint16_t id, unsigned rcode,
                   unsigned answers)
{
    assert_int_equal(expect_one(fd, tcp, rcode, answers), id);
}

static int client_of(const struct server *s, bool tcp, const char *from)
{
    return client_connect(&s->address, tcp ? SOCK_STREAM : SOCK_DGRAM, from);
}

static void expect_silence(int fd)
{
    assert_false(client_waits(fd, SHORT_MS));
}

static bool have_ipv6(void)
{
    const struct sockaddr_any a = server_address("[::1]:0");
    const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    const bool have = fd >= 0 && bind(fd, &a.any, a.length) == 0;
    if (fd >= 0)
        close(fd);
    return have;
}

// --- one query -------------------------------------------------------------

static void waits_for_its_name(const char *listen, bool tcp, unsigned threads)
{
    struct server s;
    start(&s, listen, LONG_MS, threads);
    const int fd = client_of(&s, tcp, NULL);
    ask(fd, tcp, 7, WEB(0));
    wait_parked(&s, 1);
    // what is not about it changes nothing
    publish(&s, "test/web headless declares web 0 200 slice4 end x 10.0.0.9");
    expect_silence(fd);
    come(&s);
    expect(fd, tcp, 7, 0, 1);
    wait_parked(&s, 0);
    expect_silence(fd);
    const struct workers_state state = workers_state(s.workers);
    assert_int_equal(state.queries_udp + state.queries_tcp, 1);
    assert_int_equal(state.parked, 1);
    assert_int_equal(state.replies[0], 1);
    assert_int_equal(state.replies[NXDOMAIN], 0);
    ask(fd, tcp, 8, WEB(0)); // and the way is as it was
    expect(fd, tcp, 8, 0, 1);
    close(fd);
    server_stop(&s);
}

static void a_datagram_waits_for_its_name(void **state)
{
    (void)state;
    waits_for_its_name("127.0.0.1:0", false, 1);
    waits_for_its_name("127.0.0.1:0", false, 3);
}

static void a_query_over_tcp_waits_for_its_name(void **state)
{
    (void)state;
    waits_for_its_name("127.0.0.1:0", true, 1);
    waits_for_its_name("127.0.0.1:0", true, 3);
}

static void queries_over_ipv6_wait_too(void **state)
{
    (void)state;
    if (!have_ipv6())
        skip();
    waits_for_its_name("[::1]:0", false, 1);
    waits_for_its_name("[::1]:0", true, 1);
}

static void is_told_no_at_the_end(bool tcp)
{
    enum { HOLD_MS = 200, EARLY_MS = 20 };
    struct server s;
    start(&s, "127.0.0.1:0", HOLD_MS, 1);
    const int fd = client_of(&s, tcp, NULL);
    const uint64_t began = now_ms();
    ask(fd, tcp, 7, WEB(0));
    expect(fd, tcp, 7, NXDOMAIN, 0);
    assert_true(now_ms() - began >= HOLD_MS - EARLY_MS);
    expect_silence(fd);
    assert_int_equal(workers_state(s.workers).parked_now, 0);
    assert_int_equal(workers_state(s.workers).replies[NXDOMAIN], 1);
    close(fd);
    server_stop(&s);
}

static void a_query_is_told_no_once_when_its_time_is_over(void **state)
{
    (void)state;
    is_told_no_at_the_end(false);
    is_told_no_at_the_end(true);
}

// Ordinals outside, other services, names that no ordinal has.
static void what_is_not_declared_is_answered_at_once(void **state)
{
    static const char *const names[] = {
        WEB(200),
        WEB(007),
        WEB(x),
        "web-0.db.test.svc.cluster.local",
        "web-0.web.none.svc.cluster.local",
        "none.test.svc.cluster.local",
        "x.web-0.web.test.svc.cluster.local",
    };
    struct server s;
    (void)state;
    start(&s, "127.0.0.1:0", LONG_MS, 1);
    for (int tcp = 0; tcp < 2; tcp++) {
        const int fd = client_of(&s, tcp, NULL);
        for (uint16_t i = 0; i < ORD_COUNT(names); i++) {
            ask(fd, tcp, i, names[i]);
            expect(fd, tcp, i, NXDOMAIN, 0);
        }
        close(fd);
    }
    assert_int_equal(workers_state(s.workers).parked, 0);
    server_stop(&s);
}

static void without_hold_nothing_waits(void **state)
{
    struct server s;
    (void)state;
    start(&s, "127.0.0.1:0", 0, 1);
    const int fd = client_of(&s, false, NULL);
    ask(fd, false, 1, WEB(0));
    expect(fd, false, 1, NXDOMAIN, 0);
    close(fd);
    server_stop(&s);
}

// --- the same query again --------------------------------------------------

static void asked_again_has_one_place(bool tcp)
{
    struct server s;
    start(&s, "127.0.0.1:0", LONG_MS, 1);
    const int fd = client_of(&s, tcp, NULL);
    for (int i = 0; i < 5; i++)
        ask(fd, tcp, 7, WEB(0));
    wait_queries(&s, 5);
    wait_parked(&s, 1);
    come(&s);
    expect(fd, tcp, 7, 0, 1);
    expect_silence(fd);
    assert_int_equal(workers_state(s.workers).replies[0], 1);
    close(fd);
    server_stop(&s);
}

static void a_query_that_is_asked_again_has_one_place_and_one_reply(
    void **state)
{
    (void)state;
    asked_again_has_one_place(false);
    asked_again_has_one_place(true);
}

// Another id, another name, other letters, another port: other queries.
static void other_queries_have_places_of_their_own(bool tcp)
{
    enum { N = 5 };
    unsigned seen = 0;
    struct server s;
    start(&s, "127.0.0.1:0", LONG_MS, 1);
    const int fd = client_of(&s, tcp, NULL), other = client_of(&s, tcp, NULL);
    ask(fd, tcp, 0, WEB(0));
    ask(fd, tcp, 1, WEB(0));
    ask(fd, tcp, 2, WEB(1));
    ask(fd, tcp, 3, "WEB-0.web.TEST.svc.cluster.local");
    ask(fd, tcp, 3, "web-0.WEB.test.svc.cluster.local");
    ask(other, tcp, 0, WEB(0));
    wait_parked(&s, N + 1);
    come(&s);
    for (int i = 0; i < N; i++)
        seen |= 1u << (4 * expect_one(fd, tcp, 0, 1));
    expect(other, tcp, 0, 0, 1);
    assert_int_equal(seen, 0x1111);
    expect_silence(fd);
    expect_silence(other);
    close(fd);
    close(other);
    server_stop(&s);
}

static void each_other_query_has_a_reply_of_its_own(void **state)
{
    (void)state;
    other_queries_have_places_of_their_own(false);
    other_queries_have_places_of_their_own(true);
}

// The case of letters that a resolver drew comes back.
static void the_question_comes_back_as_it_was_written(void **state)
{
    static const char name[] = "wEb-0.wEB.tEst.sVc.cLuster.LOCAL";
    uint8_t query[SERVER_QUERY_SIZE], reply[65535];
    struct server s;

    (void)state;
    start(&s, "127.0.0.1:0", LONG_MS, 1);
    const int fd = client_of(&s, false, NULL);
    const size_t n = client_query(query, 9, name, SERVER_TYPE_A);
    client_send(fd, query, n);
    wait_parked(&s, 1);
    come(&s);
    assert_true(receive(fd, false, reply) > n - 11);
    assert_memory_equal(reply + 12, query + 12, n - 12 - 11); // less OPT
    close(fd);
    server_stop(&s);
}

// --- TCP -------------------------------------------------------------------

// RFC 7766 6.2.1.1: replies may come in another order.
static void a_query_that_waits_is_overtaken(void **state)
{
    uint8_t frames[3 * SERVER_QUERY_SIZE];
    struct server s;

    (void)state;
    start(&s, "127.0.0.1:0", LONG_MS, 1);
    const int fd = client_of(&s, true, NULL);
    size_t n = client_frame(frames, 1, SERVER_SMALL, SERVER_TYPE_A);
    n += client_frame(frames + n, 2, WEB(0), SERVER_TYPE_A);
    n += client_frame(frames + n, 3, SERVER_SMALL, SERVER_TYPE_A);
    client_send(fd, frames, n);
    expect(fd, true, 1, 0, SERVER_SMALL_N);
    expect(fd, true, 3, 0, SERVER_SMALL_N);
    expect_silence(fd);
    come(&s);
    expect(fd, true, 2, 0, 1);
    close(fd);
    server_stop(&s);
}

static void wait_open(const struct server *s, uint64_t n)
{
    for (int i = 0; i < SERVER_PATIENCE_MS; i++) {
        if (workers_state(s->workers).connections_open == n)
            return;
        pause_ms(1);
    }
    fail_msg("connections are open still");
}

static void a_connection_that_breaks_gives_its_places_back(void **state)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    struct server s;

    (void)state;
    start(&s, "127.0.0.1:0", LONG_MS, 1);
    const int fd = client_of(&s, true, NULL), other = client_of(&s, true, NULL);
    for (uint16_t id = 0; id < 10; id++)
        ask(fd, true, id, WEB(0));
    ask(other, true, 1, WEB(0));
    wait_parked(&s, 11);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
    wait_parked(&s, 1);
    wait_open(&s, 1);
    come(&s);
    expect(other, true, 1, 0, 1);
    close(other);
    server_stop(&s);
}

// It may have shut down its side only (RFC 7766 6.2.4), so it is waited with.
static void a_half_closed_client_gets_its_replies_and_the_end(void **state)
{
    uint8_t reply[65535];
    unsigned seen = 0;
    struct server s;

    (void)state;
    start(&s, "127.0.0.1:0", LONG_MS, 1);
    const int fd = client_of(&s, true, NULL);
    for (uint16_t id = 0; id < 3; id++)
        ask(fd, true, id, WEB(0));
    ask(fd, true, 3, SERVER_SMALL);
    client_send(fd, "\0\x20half", 6);
    shutdown(fd, SHUT_WR);
    expect(fd, true, 3, 0, SERVER_SMALL_N);
    expect_silence(fd);
    come(&s);
    for (int i = 0; i < 3; i++)
        seen |= 1u << expect_one(fd, true, 0, 1);
    assert_int_equal(seen, 7);
    assert_int_equal(client_reply(fd, reply), 0);
    wait_open(&s, 0);
    close(fd);
    server_stop(&s);
}

static void a_client_that_has_gone_takes_its_places_along(void **state)
{
    struct server s;
    (void)state;
    start(&s, "127.0.0.1:0", LONG_MS, 1);
    const int fd = client_of(&s, true, NULL);
    ask(fd, true, 1, WEB(0));
    ask(fd, true, 2, WEB(5)); // will not come
    wait_parked(&s, 2);
    close(fd);
    come(&s); // the reply meets nobody, and resets the connection
    wait_parked(&s, 1);
    publish(&s, "test/web headless");
    wait_parked(&s, 0);
    wait_open(&s, 0);
    server_stop(&s);
}

static void a_connection_with_queries_that_wait_is_not_idle(void **state)
{
    enum { HOLD_MS = 1000 };
    struct workers_settings settings = server_settings();
    uint8_t reply[65535];
    struct server s;

    (void)state;
    settings.answer.hold_ms = HOLD_MS;
    settings.tcp_idle_ms = 100;
    server_start(&s, "127.0.0.1:0", settings);
    publish(&s, "test/web headless declares web 0 3");
    const int fd = client_of(&s, true, NULL);
    ask(fd, true, 1, WEB(0));
    expect(fd, true, 1, NXDOMAIN, 0);
    assert_int_equal(client_reply(fd, reply), 0); // but is afterwards
    close(fd);
    server_stop(&s);
}

// Other changes of the zone do not make it look as if it had just begun.
static void a_connection_that_waits_makes_room_for_a_newcomer(void **state)
{
    struct workers_settings settings = server_settings();
    uint8_t reply[65535];
    struct server s;

    (void)state;
    settings.answer.hold_ms = LONG_MS;
    settings.tcp_connections = 1;
    server_start(&s, "127.0.0.1:0", settings);
    publish(&s, "test/web headless declares web 0 3");
    const int fd = client_of(&s, true, NULL);
    ask(fd, true, 1, WEB(0));
    wait_parked(&s, 1);
    for (int i = 0; i < 8; i++) { // longer than a lost segment explains
        pause_ms(SHORT_MS);
        publish(&s, "test/other headless");
    }
    const int newcomer = client_of(&s, true, "127.0.0.2:0");
    ask(newcomer, true, 2, SERVER_SMALL);
    expect(newcomer, true, 2, 0, SERVER_SMALL_N);
    assert_int_equal(client_reply(fd, reply), 0);
    wait_parked(&s, 0);
    close(newcomer);
    close(fd);
    server_stop(&s);
}

/*
 * A client that does not read: its large replies wait, so do the queries behind
 * them, and those that were parked and are called meanwhile. Each gets one
 * reply all the same.
 */
static void a_slow_reader_gets_each_reply_once(void **state)
{
    enum { ROUNDS = 100, N = 5 * ROUNDS };
    static uint8_t frames[N * SERVER_QUERY_SIZE], reply[65535];
    unsigned seen[N] = {0};
    struct server s;
    size_t n = 0;

    (void)state;
    start(&s, "127.0.0.1:0", LONG_MS, 1);
    const int fd = client_of(&s, true, NULL);
    for (uint16_t id = 0; id < N; id++)
        n += id % 5 == 2
                 ? client_frame(frames + n, id, WEB(1), SERVER_TYPE_A)
                 : client_frame(frames + n, id, SERVER_BIG, SERVER_TYPE_SRV);
    client_send(fd, frames, n);
    wait_parked(&s, 1);
    pause_ms(SHORT_MS);
    for (unsigned i = 0; i < N; i++) {
        if (i == 10)
            come(&s);
        if (i == 20)
            publish(&s, "test/web headless declares web 0 200");
        if (i == 40)
            come(&s);
        assert_true(client_reply(fd, reply) >= 12);
        const uint16_t id = bytes_load_u16(reply);
        assert_true(id < N && (reply[3] & 0x0f) == 0);
        assert_int_equal(bytes_load_u16(reply + 6),
                         id % 5 == 2 ? 1 : SERVER_BIG_N);
        seen[id]++;
    }
    expect_silence(fd);
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
    assert_int_equal(workers_state(s.workers).parked_now, 0);
    close(fd);
    server_stop(&s);
}

// --- bounds ----------------------------------------------------------------

static void ask_many(int fd, bool tcp, unsigned n)
{
    for (uint16_t id = 0; id < n; id++)
        ask(fd, tcp, id, WEB(0));
}

static void has_no_more_than_its_share(bool tcp)
{
    enum { SHARE = 64, MORE = 20 };
    struct server s;
    start(&s, "127.0.0.1:0", LONG_MS, 1);
    const int fd = client_of(&s, tcp, NULL);
    const int other = client_of(&s, tcp, "127.0.0.2:0");
    ask_many(fd, tcp, SHARE + MORE);
    for (int i = 0; i < MORE; i++)
        (void)expect_one(fd, tcp, NXDOMAIN, 0);
    expect_silence(fd);
    wait_parked(&s, SHARE);
    ask(other, tcp, 1, WEB(0));
    wait_parked(&s, SHARE + 1);
    come(&s);
    for (int i = 0; i < SHARE; i++)
        (void)expect_one(fd, tcp, 0, 1);
    expect(other, tcp, 1, 0, 1);
    ask(fd, tcp, 1, WEB(9)); // and there is room again
    wait_parked(&s, 1);
    close(fd);
    close(other);
    server_stop(&s);
}

static void a_client_has_no_more_than_its_share(void **state)
{
    (void)state;
    has_no_more_than_its_share(false);
    has_no_more_than_its_share(true);
}

static void a_worker_has_no_more_than_its_places(void **state)
{
    enum { CLIENTS = 17, EACH = 64, PLACES = 1024 };
    int fds[CLIENTS];
    unsigned no = 0, yes = 0;
    struct server s;

    (void)state;
    start(&s, "127.0.0.1:0", LONG_MS, 1);
    for (int i = 0; i < CLIENTS; i++) {
        char from[SOCKADDR_TEXT_SIZE];
        snprintf(from, sizeof from, "127.0.0.%d:0", i + 1);
        fds[i] = client_of(&s, false, from);
        ask_many(fds[i], false, EACH);
    }
    wait_told_no(&s, CLIENTS * EACH - PLACES);
    wait_parked(&s, PLACES);
    come(&s);
    for (int i = 0; i < CLIENTS; i++) {
        uint8_t reply[1500];
        for (int k = 0; k < EACH; k++) {
            assert_true(client_waits(fds[i], SERVER_PATIENCE_MS));
            assert_true(recv(fds[i], reply, sizeof reply, 0) > 12);
            no += (reply[3] & 0x0f) == NXDOMAIN;
            yes += (reply[3] & 0x0f) == 0;
        }
        close(fds[i]);
    }
    assert_int_equal(yes, PLACES);
    assert_int_equal(no, CLIENTS * EACH - PLACES);
    server_stop(&s);
}

// --- the end ---------------------------------------------------------------

static void stopping_answers_all_that_waits(void **state)
{
    enum { N = 30 }; // both within one client's share
    struct server s;
    unsigned udp_seen = 0;
    uint8_t reply[65535];

    (void)state;
    start(&s, "127.0.0.1:0", LONG_MS, 2);
    const int udp = client_of(&s, false, NULL), tcp = client_of(&s, true, NULL);
    ask_many(udp, false, N);
    ask_many(tcp, true, N);
    wait_parked(&s, 2 * N);
    const uint64_t began = now_ms();
    server_stop(&s);
    assert_true(now_ms() - began < LONG_MS / 2);
    while (udp_seen < N && client_waits(udp, 0)) {
        expect_one(udp, false, NXDOMAIN, 0);
        udp_seen++;
    }
    assert_int_equal(udp_seen, N);
    for (int i = 0; i < N; i++)
        (void)expect_one(tcp, true, NXDOMAIN, 0);
    assert_int_equal(client_reply(tcp, reply), 0);
    close(udp);
    close(tcp);
}

// --- sockets ---------------------------------------------------------------

// A connected client takes replies only from the address it asked.
static void wildcard_answers(const char *listen, const char *const *asked)
{
    enum { MAX = 4 };
    int fds[MAX], n = 0;
    struct server s;
    start(&s, listen, LONG_MS, 1);
    for (; asked[n]; n++) {
        char text[SOCKADDR_TEXT_SIZE];
        snprintf(text, sizeof text, "%s:%u", asked[n],
                 sockaddr_port(&s.address));
        const struct sockaddr_any to = server_address(text);
        fds[n] = client_connect(&to, SOCK_DGRAM, NULL);
        ask(fds[n], false, 1, SERVER_SMALL);
        expect(fds[n], false, 1, 0, SERVER_SMALL_N);
        ask(fds[n], false, 2, WEB(0));
    }
    wait_parked(&s, (uint64_t)n);
    come(&s);
    for (int i = 0; i < n; i++) {
        expect(fds[i], false, 2, 0, 1);
        ask(fds[i], false, 3, SERVER_SMALL);
        expect(fds[i], false, 3, 0, SERVER_SMALL_N);
        close(fds[i]);
    }
    server_stop(&s);
}

static void a_wildcard_answers_from_the_address_asked(void **state)
{
    static const char *const v4[] = {"127.0.0.1", "127.0.0.2", "127.1.2.3",
                                     NULL};
    static const char *const v6[] = {"[::1]", NULL};
    (void)state;
    wildcard_answers("0.0.0.0:0", v4);
    if (have_ipv6())
        wildcard_answers("[::]:0", v6);
}

// Sockets of a worker share what replies are made in.
static void sockets_of_both_families_take_turns(void **state)
{
    struct workers_settings settings = server_settings();
    const struct sockaddr_any listen[] = {server_address("127.0.0.1:0"),
                                          server_address("[::1]:0")};
    struct server s = {0};
    struct error err;
    int fds[2];

    (void)state;
    if (!have_ipv6())
        skip();
    s.zone = server_zone();
    settings.zone = s.zone;
    settings.answer.hold_ms = LONG_MS;
    settings.listen = listen;
    settings.listen_n = 2;
    assert_int_equal(workers_start(&settings, &s.workers, &err), 0);
    for (uint16_t round = 0; round < 5; round++) {
        publish(&s, "test/web headless declares web 0 200");
        for (size_t i = 0; i < 2; i++) {
            const struct sockaddr_any to = workers_address(s.workers, i);
            fds[i] = client_connect(&to, SOCK_DGRAM, NULL);
            ask(fds[i], false, round, WEB(0));
            ask(fds[i], false, 99, SERVER_SMALL);
            expect(fds[i], false, 99, 0, SERVER_SMALL_N);
        }
        wait_parked(&s, 2);
        come(&s);
        for (size_t i = 0; i < 2; i++) {
            expect(fds[i], false, round, 0, 1);
            ask(fds[i], false, 98, SERVER_SMALL);
            expect(fds[i], false, 98, 0, SERVER_SMALL_N);
            close(fds[i]);
        }
    }
    server_stop(&s);
}

// --- delays ----------------------------------------------------------------

// A fault's delay is not cut short by a change, and what is there then counts.
static void a_slow_answer_leaves_later(void **state)
{
    enum { SLOW_MS = 150, EARLY_MS = 20 };
    const struct zone_fault_of fault = {
        .namespace = "test",
        .service = "web",
        .pod = "",
        .fault = {.slow_ms = SLOW_MS},
    };
    struct server s;

    (void)state;
    start(&s, "127.0.0.1:0", 0, 1);
    struct zone_update *u = zone_update_begin(s.zone);
    assert_non_null(u);
    assert_int_equal(zone_update_faults(u, &fault, 1), 0);
    zone_update_publish(u, zone_serial(s.zone) + 1, true);
    for (int tcp = 0; tcp < 2; tcp++) {
        publish(&s, "test/web headless declares web 0 200");
        const int fd = client_of(&s, tcp, NULL);
        const uint64_t began = now_ms();
        ask(fd, tcp, 1, WEB(0));
        ask(fd, tcp, 2, SERVER_SMALL);
        expect(fd, tcp, 2, 0, SERVER_SMALL_N);
        come(&s);
        expect(fd, tcp, 1, 0, 1);
        assert_true(now_ms() - began >= SLOW_MS - EARLY_MS);
        expect_silence(fd);
        close(fd);
    }
    server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_waits_for_its_name),
        cmocka_unit_test(a_query_over_tcp_waits_for_its_name),
        cmocka_unit_test(queries_over_ipv6_wait_too),
        cmocka_unit_test(a_query_is_told_no_once_when_its_time_is_over),
        cmocka_unit_test(what_is_not_declared_is_answered_at_once),
        cmocka_unit_test(without_hold_nothing_waits),
        cmocka_unit_test(
            a_query_that_is_asked_again_has_one_place_and_one_reply),
        cmocka_unit_test(each_other_query_has_a_reply_of_its_own),
        cmocka_unit_test(the_question_comes_back_as_it_was_written),
        cmocka_unit_test(a_query_that_waits_is_overtaken),
        cmocka_unit_test(a_connection_that_breaks_gives_its_places_back),
        cmocka_unit_test(a_half_closed_client_gets_its_replies_and_the_end),
        cmocka_unit_test(a_client_that_has_gone_takes_its_places_along),
        cmocka_unit_test(a_connection_with_queries_that_wait_is_not_idle),
        cmocka_unit_test(a_connection_that_waits_makes_room_for_a_newcomer),
        cmocka_unit_test(a_slow_reader_gets_each_reply_once),
        cmocka_unit_test(a_client_has_no_more_than_its_share),
        cmocka_unit_test(a_worker_has_no_more_than_its_places),
        cmocka_unit_test(stopping_answers_all_that_waits),
        cmocka_unit_test(a_wildcard_answers_from_the_address_asked),
        cmocka_unit_test(sockets_of_both_families_take_turns),
        cmocka_unit_test(a_slow_answer_leaves_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
