// SPDX-License-Identifier: Apache-2.0
// TCP connections (RFC 7766) on real sockets: framing, pipelining, clients that
// are slow, greedy, idle or many.
#include "lib/server.h"
#include "net/worker.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void pause_ms(long ms)
{
    const struct timespec t = {.tv_sec = ms / 1000,
                               .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static void ask(int fd, uint16_t id)
{
    uint8_t frame[SERVER_QUERY_SIZE];
    client_send(fd, frame,
                client_frame(frame, id, SERVER_SMALL, SERVER_TYPE_A));
}

static void expect(int fd, uint16_t id)
{
    uint8_t reply[65535];
    const size_t n = client_reply(fd, reply);
    assert_true(client_accepts(reply, n, id, SERVER_SMALL_N));
}

// The connection is over, and said nothing more.
static void expect_end(int fd)
{
    uint8_t reply[65535];
    assert_int_equal(client_reply(fd, reply), 0);
    close(fd);
}

static int client_of(const struct server *s)
{
    const int on = 1;
    const int fd = client_connect(&s->address, SOCK_STREAM, NULL);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

// Until that many connections are open.
static void wait_open(const struct server *s, unsigned n)
{
    for (int i = 0; i < SERVER_PATIENCE_MS; i++) {
        if (workers_state(s->workers).connections_open == n)
            return;
        pause_ms(1);
    }
    fail_msg("%u connections are open, not %u",
             (unsigned)workers_state(s->workers).connections_open, n);
}

static void wait_queries(const struct server *s, uint64_t n)
{
    for (int i = 0; i < SERVER_PATIENCE_MS; i++) {
        if (workers_state(s->workers).queries_tcp >= n)
            return;
        pause_ms(1);
    }
    fail_msg("only %u queries arrived",
             (unsigned)workers_state(s->workers).queries_tcp);
}

// --- messages --------------------------------------------------------------

static void a_connection_carries_many_queries(const char *listen)
{
    struct server s;
    server_start(&s, listen, server_settings());
    const int fd = client_of(&s);
    for (uint16_t id = 0; id < 50; id++) {
        ask(fd, id);
        expect(fd, id);
    }
    close(fd);
    wait_open(&s, 0);
    const struct workers_state state = workers_state(s.workers);
    assert_int_equal(state.queries_tcp, 50);
    assert_int_equal(state.queries_udp, 0);
    assert_int_equal(state.connections_accepted, 1);
    server_stop(&s);
}

static void queries_over_ipv4_are_answered(void **state)
{
    (void)state;
    a_connection_carries_many_queries("127.0.0.1:0");
}

static void queries_over_ipv6_are_answered(void **state)
{
    (void)state;
    const struct sockaddr_any a = server_address("[::1]:0");
    const int fd = socket(AF_INET6, SOCK_STREAM, 0);
    const bool have = fd >= 0 && bind(fd, &a.any, a.length) == 0;
    close(fd);
    if (!have)
        skip();
    a_connection_carries_many_queries("[::1]:0");
}

// Two messages; the cut goes through each place of both.
static void messages_may_be_split_at_every_octet(void **state)
{
    uint8_t frames[2 * SERVER_QUERY_SIZE];
    struct server s;

    (void)state;
    server_start(&s, "127.0.0.1:0", server_settings());
    const int fd = client_of(&s);
    size_t n = client_frame(frames, 1, SERVER_SMALL, SERVER_TYPE_A);
    n += client_frame(frames + n, 2, SERVER_SMALL, SERVER_TYPE_A);
    for (size_t cut = 1; cut < n; cut++) {
        client_send(fd, frames, cut);
        pause_ms(1);
        client_send(fd, frames + cut, n - cut);
        expect(fd, 1);
        expect(fd, 2);
    }
    for (size_t at = 0; at < n; at++) {
        client_send(fd, frames + at, 1);
        pause_ms(1);
    }
    expect(fd, 1);
    expect(fd, 2);
    close(fd);
    server_stop(&s);
}

// The longest message there is, mostly padding behind the question, in pieces
// that make its buffer grow in all steps.
static void a_message_of_65535_octets_is_read(void **state)
{
    static uint8_t message[2 + 65535 + SERVER_QUERY_SIZE];
    uint8_t reply[65535];
    struct server s;

    (void)state;
    server_start(&s, "127.0.0.1:0", server_settings());
    const int fd = client_of(&s);
    client_frame(message, 9, SERVER_SMALL, SERVER_TYPE_A);
    bytes_store_u16(message, 65535);
    const size_t n =
        2 + 65535 +
        client_frame(message + 2 + 65535, 10, SERVER_SMALL, SERVER_TYPE_A);
    for (size_t at = 0; at < n; at += 4999) {
        const size_t rest = n - at;
        client_send(fd, message + at, rest < 4999 ? rest : 4999);
        if (at % 3 == 0)
            pause_ms(1);
    }
    const size_t first = client_reply(fd, reply); // FORMERR or an answer
    assert_true(first >= 12 && bytes_load_u16(reply) == 9);
    expect(fd, 10);
    close(fd);
    server_stop(&s);
}

static void a_thousand_queries_may_be_under_way(void **state)
{
    enum { N = 1000 };
    static uint8_t frames[N * SERVER_QUERY_SIZE];
    struct server s;
    size_t n = 0;

    (void)state;
    server_start(&s, "127.0.0.1:0", server_settings());
    const int fd = client_of(&s);
    for (uint16_t id = 0; id < N; id++)
        n += client_frame(frames + n, id, SERVER_SMALL, SERVER_TYPE_A);
    client_send(fd, frames, n);
    for (uint16_t id = 0; id < N; id++)
        expect(fd, id);
    assert_int_equal(workers_state(s.workers).queries_tcp, N);
    close(fd);
    server_stop(&s);
}

static void a_half_closed_client_gets_its_answers(void **state)
{
    enum { N = 200 };
    uint8_t frame[SERVER_QUERY_SIZE], reply[65535];
    struct server s;

    (void)state;
    server_start(&s, "127.0.0.1:0", server_settings());
    const int fd = client_of(&s);
    for (uint16_t id = 0; id < N; id++)
        client_send(fd, frame,
                    client_frame(frame, id, SERVER_BIG, SERVER_TYPE_A));
    shutdown(fd, SHUT_WR);
    for (uint16_t id = 0; id < N; id++)
        assert_true(
            client_accepts(reply, client_reply(fd, reply), id, SERVER_BIG_N));
    expect_end(fd);
    wait_open(&s, 0);
    server_stop(&s);
}

// 600 times some 50 KB: far more than the system buffers, so that the server
// has to wait for us many times, with queries in hand.
static void large_answers_wait_for_the_client(void **state)
{
    enum { N = 600 };
    uint8_t frame[SERVER_QUERY_SIZE], reply[65535];
    static uint8_t first[65535];
    size_t first_n = 0;
    struct server s;

    (void)state;
    server_start(&s, "127.0.0.1:0", server_settings());
    const int fd = client_of(&s);
    for (uint16_t id = 0; id < N; id++)
        client_send(fd, frame,
                    client_frame(frame, id, SERVER_BIG, SERVER_TYPE_SRV));
    pause_ms(50);
    for (uint16_t id = 0; id < N; id++) {
        const size_t n = client_reply(fd, reply);
        assert_true(client_accepts(reply, n, id, SERVER_BIG_N));
        if (id == 0) { // SRV records keep their order: all are alike
            memcpy(first, reply, n);
            first_n = n;
        }
        assert_int_equal(n, first_n);
        assert_memory_equal(reply + 2, first + 2, n - 2);
    }
    ask(fd, 1); // and goes on as before
    expect(fd, 1);
    close(fd);
    server_stop(&s);
}

static void a_length_no_message_has_ends_the_connection(void **state)
{
    static const uint8_t broken[][2] = {{0, 0}, {0, 11}};
    struct server s;

    (void)state;
    server_start(&s, "127.0.0.1:0", server_settings());
    for (int i = 0; i < 2; i++) {
        const int fd = client_of(&s);
        ask(fd, 1); // what came before is answered
        ask(fd, 2);
        client_send(fd, broken[i], sizeof broken[i]);
        expect(fd, 1);
        expect(fd, 2);
        expect_end(fd);
    }
    wait_open(&s, 0);
    server_stop(&s);
}

static void a_message_that_is_no_query_gets_no_answer(void **state)
{
    uint8_t frame[SERVER_QUERY_SIZE];
    struct server s;

    (void)state;
    server_start(&s, "127.0.0.1:0", server_settings());
    const int fd = client_of(&s);
    const size_t n = client_frame(frame, 1, SERVER_SMALL, SERVER_TYPE_A);
    frame[4] |= 0x80; // a reply
    for (uint16_t id = 10; id < 20; id++) {
        client_send(fd, frame, n);
        ask(fd, id);
    }
    client_send(fd, frame, n);
    for (uint16_t id = 10; id < 20; id++)
        expect(fd, id);
    assert_false(client_waits(fd, 50));
    close(fd);
    server_stop(&s);
}

// --- clients that take too much --------------------------------------------

static size_t resident_pages(void)
{
    size_t all = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%zu %zu", &all, &resident), 2);
    fclose(f);
    return resident;
}

// Send as much as is taken.
static void stuff(int fd, const uint8_t *frames, size_t n)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    while (poll(&p, 1, 20) == 1 && (p.revents & POLLOUT) != 0)
        if (send(fd, frames, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
            break;
}

static void clients_that_never_read_cost_little(void **state)
{
    enum { CLIENTS = 24, QUERIES = 400 };
    static uint8_t frames[QUERIES * SERVER_QUERY_SIZE];
    struct workers_settings settings = server_settings();
    struct server s;
    int fds[CLIENTS];
    size_t n = 0;

    (void)state;
    settings.tcp_message_ms = 1500;
    server_start(&s, "127.0.0.1:0", settings);
    for (uint16_t id = 0; id < QUERIES; id++)
        n += client_frame(frames + n, id, SERVER_BIG, SERVER_TYPE_SRV);
    const size_t before = resident_pages();
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = client_of(&s);
        stuff(fds[i], frames, n);
    }
    const size_t after = resident_pages();
    assert_int_equal(workers_state(s.workers).connections_accepted, CLIENTS);
    // At most 64 KiB of replies and of queries each, and the 2 MiB where
    // replies are made; but sanitizers keep freed memory for a while.
    const size_t bound = (3u << 20) + CLIENTS * (128u << 10);
    const char *sanitizers = getenv("ORDINALD_SAN");
    if (!sanitizers || !*sanitizers)
        assert_true(after < before + bound / (size_t)sysconf(_SC_PAGESIZE));
    // others do not notice
    const int other = client_of(&s);
    ask(other, 1);
    expect(other, 1);
    close(other);
    wait_open(&s, 0); // closed, because nothing was read for so long
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    server_stop(&s);
}

// What the system holds for a client that does not read goes with it.
static void replies_that_are_not_read_are_dropped(void **state)
{
    enum { QUERIES = 100 };
    static uint8_t frames[QUERIES * SERVER_QUERY_SIZE], octets[65536];
    struct workers_settings settings = server_settings();
    const int window = 4096;
    struct server s;
    size_t n = 0;
    ssize_t r;

    (void)state;
    settings.tcp_message_ms = 500;
    server_start(&s, "127.0.0.1:0", settings);
    for (uint16_t id = 0; id < QUERIES; id++)
        n += client_frame(frames + n, id, SERVER_BIG, SERVER_TYPE_SRV);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    assert_int_equal(connect(fd, &s.address.any, s.address.length), 0);
    client_send(fd, frames, n);
    wait_queries(&s, 1);
    wait_open(&s, 0);
    do
        r = recv(fd, octets, sizeof octets, 0);
    while (r > 0);
    assert_int_equal(r, -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);
    server_stop(&s);
}

static void an_idle_connection_is_closed(void **state)
{
    struct workers_settings settings = server_settings();
    struct server s;

    (void)state;
    settings.tcp_idle_ms = 1000;
    server_start(&s, "127.0.0.1:0", settings);
    const int never = client_of(&s), once = client_of(&s);
    for (uint16_t id = 0; id < 4; id++) { // activity keeps it
        ask(once, id);
        expect(once, id);
        pause_ms(350);
    }
    expect_end(never);
    expect_end(once);
    wait_open(&s, 0);
    server_stop(&s);
}

static int client_from(const struct server *s, int host)
{
    char from[32];
    snprintf(from, sizeof from, "127.0.0.%d:0", host);
    return client_connect(&s->address, SOCK_STREAM, from);
}

static void idle_time_is_short_when_connections_are_scarce(void **state)
{
    struct workers_settings settings = server_settings();
    struct server s;
    int fds[3];

    (void)state;
    settings.tcp_connections = 4;
    settings.tcp_idle_ms = 5000;
    server_start(&s, "127.0.0.1:0", settings);
    for (int i = 0; i < 2; i++)
        fds[i] = client_from(&s, i + 2);
    wait_open(&s, 2);
    assert_false(client_waits(fds[0], 1500));
    fds[2] = client_from(&s, 4);
    assert_true(client_waits(fds[0], 2000)); // a fifth of 5 s is over for both
    expect_end(fds[0]);
    wait_open(&s, 2); // that is enough: half of them are free again
    assert_false(client_waits(fds[1], 400));
    close(fds[1]);
    close(fds[2]);
    server_stop(&s);
}

// Dripping octets do not buy time.
static void a_message_has_to_be_whole_in_time(void **state)
{
    struct workers_settings settings = server_settings();
    uint8_t frame[SERVER_QUERY_SIZE];
    struct server s;
    size_t at = 0;

    (void)state;
    settings.tcp_message_ms = 500;
    server_start(&s, "127.0.0.1:0", settings);
    const int fd = client_of(&s);
    const size_t n = client_frame(frame, 1, SERVER_SMALL, SERVER_TYPE_A);
    while (at < n && !client_waits(fd, 100))
        (void)send(fd, frame + at++, 1, MSG_NOSIGNAL);
    assert_true(at < 20);
    expect_end(fd);
    server_stop(&s);
}

// Each message has its own time, also where no moment is without one begun. One
// octet does not say how long the message is, so that its end and the next
// one's beginning are read together.
static void a_stream_without_a_pause_is_not_late(void **state)
{
    struct workers_settings settings = server_settings();
    uint8_t frame[SERVER_QUERY_SIZE];
    struct server s;

    (void)state;
    settings.tcp_message_ms = 1000;
    server_start(&s, "127.0.0.1:0", settings);
    const int fd = client_of(&s);
    const size_t n = client_frame(frame, 1, SERVER_SMALL, SERVER_TYPE_A);
    client_send(fd, frame, 1);
    for (int i = 0; i < 12; i++) {
        uint8_t next[SERVER_QUERY_SIZE];
        memcpy(next, frame + 1, n - 1);
        next[n - 1] = frame[0];
        pause_ms(150);
        client_send(fd, next, n);
        expect(fd, 1);
    }
    close(fd);
    server_stop(&s);
}

static void a_newcomer_takes_the_place_of_the_oldest_idle_one(void **state)
{
    struct workers_settings settings = server_settings();
    struct server s;
    int fds[5];

    (void)state;
    settings.tcp_connections = 4;
    settings.tcp_idle_ms = 2000000;
    server_start(&s, "127.0.0.1:0", settings);
    for (uint16_t i = 0; i < 4; i++) {
        fds[i] = client_from(&s, i + 2);
        ask(fds[i], i);
        expect(fds[i], i);
    }
    ask(fds[0], 77); // the first is not the oldest any more
    expect(fds[0], 77);
    fds[4] = client_from(&s, 6);
    ask(fds[4], 4);
    expect(fds[4], 4);
    expect_end(fds[1]);
    ask(fds[0], 78);
    expect(fds[0], 78);
    wait_open(&s, 4);
    assert_int_equal(workers_state(s.workers).connections_refused, 0);
    for (int i = 0; i < 5; i++)
        if (i != 1)
            close(fds[i]);
    server_stop(&s);
}

// One that has just begun is spared; one that drips in is not.
static void a_newcomer_takes_the_place_of_a_slow_one(void **state)
{
    struct workers_settings settings = server_settings();
    struct server s;
    int fds[4];

    (void)state;
    settings.tcp_connections = 4;
    settings.tcp_message_ms = 2000000;
    server_start(&s, "127.0.0.1:0", settings);
    for (int i = 0; i < 4; i++) {
        fds[i] = client_from(&s, i + 2);
        client_send(fds[i], "", 1); // half a length
    }
    wait_open(&s, 4);
    expect_end(client_from(&s, 6));
    assert_int_equal(workers_state(s.workers).connections_refused, 1);
    pause_ms(500);
    const int fd = client_from(&s, 6);
    ask(fd, 1);
    expect(fd, 1);
    expect_end(fds[0]);
    for (int i = 1; i < 4; i++)
        close(fds[i]);
    close(fd);
    server_stop(&s);
}

static void no_client_gets_more_than_a_quarter(void **state)
{
    struct workers_settings settings = server_settings();
    struct server s;
    int fds[2];

    (void)state;
    settings.tcp_connections = 8;
    server_start(&s, "127.0.0.1:0", settings);
    for (uint16_t i = 0; i < 2; i++) {
        fds[i] = client_of(&s);
        ask(fds[i], i);
        expect(fds[i], i);
    }
    expect_end(client_of(&s));
    assert_int_equal(workers_state(s.workers).connections_refused, 1);
    const int other = client_from(&s, 9);
    ask(other, 9);
    expect(other, 9);
    close(other);
    close(fds[0]); // there is room for it again
    wait_open(&s, 1);
    const int again = client_of(&s);
    ask(again, 3);
    expect(again, 3);
    close(again);
    close(fds[1]);
    server_stop(&s);
}

// Not at the cost of another one.
static void beyond_its_share_a_client_pays_for_a_newcomer(void **state)
{
    struct workers_settings settings = server_settings();
    struct server s;
    int fds[2];

    (void)state;
    settings.tcp_connections = 8;
    settings.tcp_idle_ms = 2000000;
    server_start(&s, "127.0.0.1:0", settings);
    const int other = client_from(&s, 9);
    ask(other, 9);
    expect(other, 9);
    for (uint16_t i = 0; i < 2; i++) {
        fds[i] = client_of(&s);
        ask(fds[i], i);
        expect(fds[i], i);
    }
    pause_ms(500); // its connections are at rest
    const int newcomer = client_of(&s);
    ask(newcomer, 3);
    expect(newcomer, 3);
    expect_end(fds[0]);
    ask(fds[1], 4);
    expect(fds[1], 4);
    ask(other, 5);
    expect(other, 5);
    assert_int_equal(workers_state(s.workers).connections_refused, 0);
    close(newcomer);
    close(fds[1]);
    close(other);
    server_stop(&s);
}

static void a_client_s_share_may_be_set(void **state)
{
    struct workers_settings settings = server_settings();
    struct server s;
    int fds[3];

    (void)state;
    settings.tcp_connections = 100;
    settings.tcp_per_client = 3;
    server_start(&s, "127.0.0.1:0", settings);
    for (uint16_t i = 0; i < 3; i++) {
        fds[i] = client_of(&s);
        ask(fds[i], i);
        expect(fds[i], i);
    }
    expect_end(client_of(&s));
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    server_stop(&s);
}

static void connections_may_come_and_go(void **state)
{
    enum { N = 500 };
    struct workers_settings settings = server_settings();
    struct server s;

    (void)state;
    settings.tcp_connections = 8;
    settings.threads = 2;
    server_start(&s, "127.0.0.1:0", settings);
    for (uint16_t id = 0; id < N; id++) {
        const int fd = client_of(&s);
        ask(fd, id);
        expect(fd, id);
        if (id % 3 == 0)
            shutdown(fd, SHUT_RDWR);
        close(fd);
        wait_open(&s, 0); // its client may have 1 of each 4
    }
    assert_int_equal(workers_state(s.workers).connections_accepted, N);
    server_stop(&s);
}

static double cpu_seconds(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

// Accepting stops for a while, and the loop does not spin meanwhile.
static void accepting_survives_a_lack_of_descriptors(void **state)
{
    struct rlimit limit, low;
    struct server s;

    (void)state;
    server_start(&s, "127.0.0.1:0", server_settings());
    const int fd = client_of(&s), later = socket(AF_INET, SOCK_STREAM, 0);
    ask(fd, 1);
    expect(fd, 1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = (rlim_t)later + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    const double before = cpu_seconds();
    assert_int_equal(connect(later, &s.address.any, s.address.length), 0);
    ask(later, 2);
    assert_false(client_waits(later, 500));
    assert_true(cpu_seconds() - before < 0.25);
    ask(fd, 3); // those that are there are served
    expect(fd, 3);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    expect(later, 2);
    close(fd);
    close(later);
    server_stop(&s);
}

// --- stopping --------------------------------------------------------------

static void stopping_answers_what_has_arrived(void **state)
{
    enum { N = 300 };
    static uint8_t frames[N * SERVER_QUERY_SIZE];
    struct server s;
    size_t n = 0;
    int fds[3];

    (void)state;
    for (uint16_t id = 0; id < N; id++)
        n += client_frame(frames + n, id, SERVER_SMALL, SERVER_TYPE_A);
    server_start(&s, "127.0.0.1:0", server_settings());
    for (int i = 0; i < 3; i++) {
        fds[i] = client_of(&s);
        client_send(fds[i], frames, n);
    }
    server_stop(&s);
    for (int i = 0; i < 3; i++) {
        for (uint16_t id = 0; id < N; id++)
            expect(fds[i], id);
        expect_end(fds[i]);
    }
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void stopping_does_not_wait_long_for_who_never_reads(void **state)
{
    enum { QUERIES = 400 };
    static uint8_t frames[QUERIES * SERVER_QUERY_SIZE];
    struct server s;
    size_t n = 0;

    (void)state;
    for (uint16_t id = 0; id < QUERIES; id++)
        n += client_frame(frames + n, id, SERVER_BIG, SERVER_TYPE_SRV);
    server_start(&s, "127.0.0.1:0", server_settings());
    const int idle = client_of(&s), fd = client_of(&s);
    stuff(fd, frames, n);
    wait_queries(&s, 1);
    const uint64_t before = now_ms();
    server_stop(&s);
    assert_in_range(now_ms() - before, 1000, 5000);
    expect_end(idle);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_over_ipv4_are_answered),
        cmocka_unit_test(queries_over_ipv6_are_answered),
        cmocka_unit_test(messages_may_be_split_at_every_octet),
        cmocka_unit_test(a_message_of_65535_octets_is_read),
        cmocka_unit_test(a_thousand_queries_may_be_under_way),
        cmocka_unit_test(a_half_closed_client_gets_its_answers),
        cmocka_unit_test(large_answers_wait_for_the_client),
        cmocka_unit_test(a_length_no_message_has_ends_the_connection),
        cmocka_unit_test(a_message_that_is_no_query_gets_no_answer),
        cmocka_unit_test(clients_that_never_read_cost_little),
        cmocka_unit_test(replies_that_are_not_read_are_dropped),
        cmocka_unit_test(an_idle_connection_is_closed),
        cmocka_unit_test(idle_time_is_short_when_connections_are_scarce),
        cmocka_unit_test(a_message_has_to_be_whole_in_time),
        cmocka_unit_test(a_stream_without_a_pause_is_not_late),
        cmocka_unit_test(a_newcomer_takes_the_place_of_the_oldest_idle_one),
        cmocka_unit_test(a_newcomer_takes_the_place_of_a_slow_one),
        cmocka_unit_test(no_client_gets_more_than_a_quarter),
        cmocka_unit_test(beyond_its_share_a_client_pays_for_a_newcomer),
        cmocka_unit_test(a_client_s_share_may_be_set),
        cmocka_unit_test(connections_may_come_and_go),
        cmocka_unit_test(accepting_survives_a_lack_of_descriptors),
        cmocka_unit_test(stopping_answers_what_has_arrived),
        cmocka_unit_test(stopping_does_not_wait_long_for_who_never_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
