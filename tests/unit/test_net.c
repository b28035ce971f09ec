// SPDX-License-Identifier: Apache-2.0
// Starting, UDP and stopping, on real sockets; TCP is in test_net_tcp.c.
#include "lib/fault.h"
#include "lib/reply.h"
#include "lib/server.h"
#include "net/worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static bool have_ipv6(void)
{
    const struct sockaddr_any a = server_address("[::1]:0");
    const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    const bool have = fd >= 0 && bind(fd, &a.any, a.length) == 0;
    if (fd >= 0)
        close(fd);
    return have;
}

static void ask(int fd, uint16_t id)
{
    uint8_t query[SERVER_QUERY_SIZE];
    client_send(fd, query,
                client_query(query, id, SERVER_SMALL, SERVER_TYPE_A));
}

static void expect(int fd, uint16_t id)
{
    uint8_t reply[1500];
    assert_true(client_waits(fd, SERVER_PATIENCE_MS));
    const ssize_t n = recv(fd, reply, sizeof reply, 0);
    assert_true(n > 0);
    assert_true(client_accepts(reply, (size_t)n, id, SERVER_SMALL_N));
}

// Replies that are there or come within `ms` of each other.
static unsigned count_replies(int fd, int ms)
{
    uint8_t reply[1500];
    unsigned n = 0;
    while (client_waits(fd, ms) && recv(fd, reply, sizeof reply, 0) > 0)
        n++;
    return n;
}

// --- UDP -------------------------------------------------------------------

static void answers_on(const char *listen)
{
    struct server s;
    server_start(&s, listen, server_settings());
    const int fd = client_connect(&s.address, SOCK_DGRAM, NULL);
    for (uint16_t id = 0; id < 100; id++) {
        ask(fd, id);
        expect(fd, id);
    }
    close(fd);
    assert_int_equal(workers_state(s.workers).queries_udp, 100);
    assert_int_equal(workers_state(s.workers).replies[0], 100);
    server_stop(&s);
}

static void a_query_over_ipv4_is_answered(void **state)
{
    (void)state;
    answers_on("127.0.0.1:0");
}

static void a_query_over_ipv6_is_answered(void **state)
{
    (void)state;
    if (!have_ipv6())
        skip();
    answers_on("[::1]:0");
}

// A connected socket takes replies only from the address it asked.
static void wildcard_answers(const char *listen, const char *const *asked)
{
    struct server s;
    server_start(&s, listen, server_settings());
    for (uint16_t id = 0; asked[id]; id++) {
        char text[SOCKADDR_TEXT_SIZE];
        snprintf(text, sizeof text, "%s:%u", asked[id],
                 sockaddr_port(&s.address));
        const struct sockaddr_any to = server_address(text);
        const int fd = client_connect(&to, SOCK_DGRAM, NULL);
        ask(fd, id);
        expect(fd, id);
        close(fd);
    }
    server_stop(&s);
}

static void a_wildcard_answers_from_the_address_asked(void **state)
{
    static const char *const asked[] = {"127.0.0.1", "127.0.0.2", "127.1.2.3",
                                        NULL};
    (void)state;
    wildcard_answers("0.0.0.0:0", asked);
}

static void an_ipv6_wildcard_answers_from_the_address_asked(void **state)
{
    static const char *const asked[] = {"[::1]", NULL};
    (void)state;
    if (!have_ipv6())
        skip();
    wildcard_answers("[::]:0", asked);
}

// More than one batch at once takes the way out of the epoll set and back.
static void a_burst_is_answered_whole(const char *listen, unsigned threads)
{
    enum { CLIENTS = 8, EACH = 100, ROUNDS = 5 };
    struct workers_settings settings = server_settings();
    struct server s;
    int fds[CLIENTS];

    settings.threads = threads;
    server_start(&s, listen, settings);
    struct sockaddr_any to = s.address;
    to.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = client_connect(&to, SOCK_DGRAM, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        for (int k = 0; k < EACH; k++)
            for (int i = 0; i < CLIENTS; i++)
                ask(fds[i], (uint16_t)k);
        for (int i = 0; i < CLIENTS; i++)
            for (int k = 0; k < EACH; k++)
                expect(fds[i], (uint16_t)k);
    }
    assert_int_equal(workers_state(s.workers).queries_udp,
                     CLIENTS * EACH * ROUNDS);
    const clock_t before = clock(); // and then it waits, and does not spin
    assert_false(client_waits(fds[0], 300));
    assert_true(clock() - before < CLOCKS_PER_SEC / 10);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    server_stop(&s);
}

static void a_burst_is_answered_by_one_thread(void **state)
{
    (void)state;
    a_burst_is_answered_whole("127.0.0.1:0", 1);
}

static void a_burst_is_answered_by_several_threads(void **state)
{
    (void)state;
    a_burst_is_answered_whole("127.0.0.1:0", 3);
}

static void a_burst_to_a_wildcard_is_answered(void **state)
{
    (void)state;
    a_burst_is_answered_whole("0.0.0.0:0", 2);
}

// What must not be answered stands between what must, in one batch.
static void nothing_is_said_to_what_is_no_query(void **state)
{
    uint8_t query[SERVER_QUERY_SIZE], huge[3000] = {0};
    struct server s;

    (void)state;
    server_start(&s, "127.0.0.1:0", server_settings());
    const int fd = client_connect(&s.address, SOCK_DGRAM, NULL);
    const size_t n = client_query(query, 7, SERVER_SMALL, SERVER_TYPE_A);
    memcpy(huge, query, n);
    for (uint16_t id = 0; id < 40; id++) {
        ask(fd, id);
        client_send(fd, query, 11);              // no whole header
        client_send(fd, huge, sizeof huge);      // does not fit
        assert_int_equal(send(fd, "", 0, 0), 0); // nothing at all
        query[2] |= 0x80;                        // a reply
        client_send(fd, query, n);
        query[2] &= 0x7f;
    }
    for (uint16_t id = 0; id < 40; id++)
        expect(fd, id);
    assert_false(client_waits(fd, 50));
    assert_int_equal(workers_state(s.workers).dropped, 160);
    assert_int_equal(workers_state(s.workers).send_errors, 0);
    close(fd);
    server_stop(&s);
}

static void both_families_may_be_listened_on(void **state)
{
    struct workers_settings settings = server_settings();
    const struct sockaddr_any listen[] = {server_address("0.0.0.0:0"),
                                          server_address("[::]:0")};
    struct workers *w;
    struct error err;

    (void)state;
    if (!have_ipv6())
        skip();
    struct zone *z = server_zone();
    settings.zone = z;
    settings.listen = listen;
    settings.listen_n = 2;
    settings.threads = 2;
    assert_int_equal(workers_start(&settings, &w, &err), 0);
    for (size_t i = 0; i < 2; i++) {
        const struct sockaddr_any to = workers_address(w, i);
        const int fd = client_connect(&to, SOCK_DGRAM, NULL);
        ask(fd, (uint16_t)i);
        expect(fd, (uint16_t)i);
        close(fd);
    }
    workers_stop(w);
    zone_free(z);
}

// --- starting --------------------------------------------------------------

static void a_chosen_port_is_the_same_for_udp_and_tcp(void **state)
{
    struct workers_settings settings = server_settings();
    struct server s;

    (void)state;
    settings.threads = 4;
    server_start(&s, "127.0.0.1:0", settings);
    assert_int_not_equal(sockaddr_port(&s.address), 0);
    close(client_connect(&s.address, SOCK_STREAM, NULL));
    const int fd = client_connect(&s.address, SOCK_DGRAM, NULL);
    ask(fd, 1);
    expect(fd, 1);
    close(fd);
    server_stop(&s);
}

// Start on what is said, which has to fail. Returns the errno.
static int refused(const char *const *listen, size_t n, struct error *err)
{
    struct sockaddr_any addresses[4];
    struct workers_settings settings = server_settings();
    struct workers *w = NULL;

    assert_true(n <= 4);
    for (size_t i = 0; i < n; i++)
        addresses[i] = server_address(listen[i]);
    struct zone *z = server_zone();
    settings.zone = z;
    settings.listen = addresses;
    settings.listen_n = n;
    settings.threads = 2;
    const int r = workers_start(&settings, &w, err);
    assert_null(w);
    zone_free(z);
    return r;
}

static void refused_because_in_use(const struct sockaddr_any *a,
                                   const char *kind)
{
    char text[SOCKADDR_TEXT_SIZE], wanted[512];
    const char *const listen[] = {sockaddr_format(a, text)};
    struct error err;

    snprintf(wanted, sizeof wanted,
             "cannot listen on %s (%s): address in use; another server is "
             "there (ss -l%cnp shows it): stop it or choose another --listen",
             text, kind, kind[0]);
    assert_int_equal(refused(listen, 1, &err), -EADDRINUSE);
    assert_string_equal(err.text, wanted);
}

static void a_second_server_is_told_of_the_first(void **state)
{
    struct server s;
    (void)state;
    server_start(&s, "127.0.0.1:0", server_settings());
    refused_because_in_use(&s.address, "udp");
    server_stop(&s);
}

// A server that shares its port with whoever asks, as ours does among threads.
static void a_server_that_shares_its_port_is_noticed(void **state)
{
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
    static const char *const kinds[] = {"udp", "tcp"};
    const int on = 1;

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct sockaddr_any a = server_address("127.0.0.1:0");
        const int fd = socket(AF_INET, types[i], 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        assert_int_equal(bind(fd, &a.any, a.length), 0);
        if (types[i] == SOCK_STREAM)
            assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, &a.any, &a.length), 0);
        refused_because_in_use(&a, kinds[i]);
        close(fd);
    }
}

// TIME-WAIT of the first one's connections does not keep the second one out.
static void a_server_may_start_again_at_once(void **state)
{
    uint8_t frame[SERVER_QUERY_SIZE], reply[65535];
    char text[SOCKADDR_TEXT_SIZE];
    struct server s;

    (void)state;
    server_start(&s, "127.0.0.1:0", server_settings());
    const int fd = client_connect(&s.address, SOCK_STREAM, NULL);
    client_send(fd, frame, client_frame(frame, 1, SERVER_SMALL, SERVER_TYPE_A));
    assert_true(client_reply(fd, reply) > 0);
    sockaddr_format(&s.address, text);
    server_stop(&s); // the side that closes first keeps TIME-WAIT
    close(fd);
    server_start(&s, text, server_settings());
    server_stop(&s);
}

static void an_address_of_another_machine_is_refused(void **state)
{
    static const char *const v4[] = {"192.0.2.1:5300"};
    static const char *const v6[] = {"[2001:db8::1]:5300"};
    struct error err;

    (void)state;
    assert_int_equal(refused(v4, 1, &err), -EADDRNOTAVAIL);
    assert_string_equal(err.text,
                        "cannot listen on 192.0.2.1:5300 (udp): this machine "
                        "has no such address: choose one that 'ip -4 address' "
                        "shows, or 0.0.0.0 for all");
    if (!have_ipv6())
        return;
    assert_int_equal(refused(v6, 1, &err), -EADDRNOTAVAIL);
    assert_non_null(strstr(err.text, "or [::] for all"));
}

static void a_port_below_1024_needs_a_capability(void **state)
{
    static const char *const listen[] = {"127.0.0.1:1"};
    struct error err;

    (void)state;
    // effective capabilities go with root's effective user
    if (geteuid() == 0 && seteuid(65534) != 0)
        skip();
    const struct sockaddr_any a = server_address(listen[0]);
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    const bool allowed = bind(fd, &a.any, a.length) == 0;
    close(fd);
    const int r = allowed ? 0 : refused(listen, 1, &err);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    if (allowed) // net.ipv4.ip_unprivileged_port_start, as containers have it
        skip();
    assert_int_equal(r, -EACCES);
    assert_non_null(strstr(err.text, "cannot listen on 127.0.0.1:1 (udp): no "
                                     "permission for a port below 1024"));
    assert_non_null(strstr(err.text, "CAP_NET_BIND_SERVICE"));
    assert_non_null(strstr(err.text, "above 1023"));
}

// A port that was free a moment ago.
static uint16_t free_port(void)
{
    struct server s;
    server_start(&s, "127.0.0.1:0", server_settings());
    const uint16_t port = sockaddr_port(&s.address);
    server_stop(&s);
    return port;
}

static void an_address_given_twice_is_refused(void **state)
{
    char text[SOCKADDR_TEXT_SIZE], wanted[128];
    const char *const listen[] = {text, text};
    struct error err;

    (void)state;
    snprintf(text, sizeof text, "127.0.0.1:%u", free_port());
    snprintf(wanted, sizeof wanted,
             "cannot listen on %s: it is given twice: remove one --listen",
             text);
    assert_int_equal(refused(listen, 2, &err), -EINVAL);
    assert_string_equal(err.text, wanted);
}

static void an_address_may_stand_beside_its_wildcard(void **state)
{
    struct workers_settings settings = server_settings();
    struct sockaddr_any listen[2];
    char text[SOCKADDR_TEXT_SIZE];
    struct workers *w;
    struct error err;

    (void)state;
    const uint16_t port = free_port();
    snprintf(text, sizeof text, "0.0.0.0:%u", port);
    listen[0] = server_address(text);
    snprintf(text, sizeof text, "127.0.0.1:%u", port);
    listen[1] = server_address(text);
    struct zone *z = server_zone();
    settings.zone = z;
    settings.listen = listen;
    settings.listen_n = 2;
    settings.threads = 2;
    assert_int_equal(workers_start(&settings, &w, &err), 0);
    const int fd = client_connect(&listen[1], SOCK_DGRAM, NULL);
    ask(fd, 1);
    expect(fd, 1);
    close(fd);
    workers_stop(w);
    zone_free(z);
}

static void a_start_that_fails_leaves_nothing_behind(void **state)
{
    const struct sockaddr_any listen = server_address("127.0.0.1:0");
    struct workers_settings settings = server_settings();
    struct workers *w = NULL;
    struct error err;
    long n = 0;
    int r;

    (void)state;
    struct zone *z = server_zone();
    settings.zone = z;
    settings.listen = &listen;
    settings.listen_n = 1;
    settings.threads = 2;
    const unsigned before = server_open_files();
    do {
        fault_alloc_after(++n);
        r = workers_start(&settings, &w, &err);
        if (r < 0) {
            assert_int_equal(r, -ENOMEM);
            assert_int_equal(server_open_files(), before);
        }
    } while (r < 0);
    fault_alloc_after(-1);
    assert_true(n > 10);
    workers_stop(w);
    assert_int_equal(server_open_files(), before);
    zone_free(z);
}

static void the_limit_of_open_files_is_raised_for_connections(void **state)
{
    enum { CONNECTIONS = 1500 };
    struct workers_settings settings = server_settings();
    struct rlimit before, low, after;
    struct server s;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    if (before.rlim_max < 2 * CONNECTIONS)
        skip();
    low = before;
    low.rlim_cur = 256;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    settings.tcp_connections = CONNECTIONS;
    server_start(&s, "127.0.0.1:0", settings);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_in_range(after.rlim_cur, CONNECTIONS + 100, CONNECTIONS + 300);
    assert_int_equal(after.rlim_max, before.rlim_max);
    assert_int_equal(workers_state(s.workers).connections_max, CONNECTIONS);
    server_stop(&s);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

// In a process of its own, because nobody raises a hard limit again.
static void connections_are_fewer_where_files_are(void **state)
{
    enum { FILES = 400 };
    const struct rlimit low = {.rlim_cur = FILES, .rlim_max = FILES};
    int status;

    (void)state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct workers_settings settings = server_settings();
        struct server s;
        settings.tcp_connections = 2000;
        if (setrlimit(RLIMIT_NOFILE, &low) != 0)
            _exit(1);
        server_start(&s, "127.0.0.1:0", settings);
        const uint64_t n = workers_state(s.workers).connections_max;
        server_stop(&s);
        // some stay free for the control thread
        _exit(n >= FILES / 2 && n <= FILES - 128 ? 0 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

// --- stopping --------------------------------------------------------------

static void stopping_answers_what_has_arrived(void **state)
{
    enum { CLIENTS = 6, EACH = 100 };
    struct workers_settings settings = server_settings();
    struct server s;
    int fds[CLIENTS];

    (void)state;
    settings.threads = 2;
    server_start(&s, "127.0.0.1:0", settings);
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = client_connect(&s.address, SOCK_DGRAM, NULL);
    for (int k = 0; k < EACH; k++)
        for (int i = 0; i < CLIENTS; i++)
            ask(fds[i], (uint16_t)k);
    server_stop(&s);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(count_replies(fds[i], 0), EACH);
        close(fds[i]);
    }
}

static void stopping_without_having_started_is_fine(void **state)
{
    (void)state;
    workers_stop(NULL);
}

// --- before the zone is complete -------------------------------------------

enum {
    LONG_MS = 5000, // never over in a test that goes well
    // something did not happen by then; it may, on a machine that is busy, and
    // then goes unnoticed
    SHORT_MS = 40,
    THREADS = 2,
    CLIENTS = 8, // so that both threads are asked
    EDE_NOT_READY = 14,
};

struct loading {
    struct server server;
    int udp[CLIENTS];
    int tcp;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

// Questions that come before anything was loaded.
static void start_loading(struct loading *l, unsigned patience_ms)
{
    struct workers_settings settings = server_settings();
    uint8_t query[SERVER_QUERY_SIZE];

    settings.patience_ms = patience_ms;
    settings.threads = THREADS;
    server_start_empty(&l->server, "127.0.0.1:0", settings);
    for (int i = 0; i < CLIENTS; i++) {
        l->udp[i] = client_connect(&l->server.address, SOCK_DGRAM, NULL);
        ask(l->udp[i], (uint16_t)i);
    }
    l->tcp = client_connect(&l->server.address, SOCK_STREAM, NULL);
    client_send(l->tcp, query,
                client_frame(query, CLIENTS, SERVER_SMALL, SERVER_TYPE_A));
}

static void stop_loading(struct loading *l)
{
    for (int i = 0; i < CLIENTS; i++)
        close(l->udp[i]);
    close(l->tcp);
    server_stop(&l->server);
}

static void expect_not_ready(int fd, bool tcp)
{
    static uint8_t reply[65535];
    struct reply r;
    char error[200];

    assert_true(client_waits(fd, SERVER_PATIENCE_MS));
    const size_t n =
        tcp ? client_reply(fd, reply) : (size_t)recv(fd, reply, 1500, 0);
    assert_true(reply_read(reply, n, &r, error));
    assert_int_equal(r.rcode, 2); // SERVFAIL
    if (r.has_opt)
        assert_int_equal(r.ede, EDE_NOT_READY);
    reply_release(&r);
}

static void what_comes_before_the_zone_is_complete_waits_for_it(void **state)
{
    static uint8_t reply[65535];
    struct loading l;

    (void)state;
    start_loading(&l, LONG_MS);
    for (int i = 0; i < CLIENTS; i++)
        assert_false(client_waits(l.udp[i], SHORT_MS / CLIENTS));
    server_complete(&l.server);
    for (int i = 0; i < CLIENTS; i++)
        expect(l.udp[i], (uint16_t)i);
    const size_t n = client_reply(l.tcp, reply);
    assert_true(client_accepts(reply, n, CLIENTS, SERVER_SMALL_N));
    assert_int_equal(workers_state(l.server.workers).replies[0], CLIENTS + 1);
    stop_loading(&l);
}

static void it_does_not_wait_for_long(void **state)
{
    const uint64_t before_ms = now_ms();
    struct loading l;

    (void)state;
    start_loading(&l, SHORT_MS);
    for (int i = 0; i < CLIENTS; i++)
        expect_not_ready(l.udp[i], false);
    assert_true(now_ms() >= before_ms + SHORT_MS);
    expect_not_ready(l.tcp, true);
    server_complete(&l.server);
    ask(l.udp[0], 100);
    expect(l.udp[0], 100);
    stop_loading(&l);
}

static void without_patience_it_does_not_wait(void **state)
{
    struct loading l;

    (void)state;
    start_loading(&l, 0);
    for (int i = 0; i < CLIENTS; i++)
        expect_not_ready(l.udp[i], false);
    stop_loading(&l);
}

// Nobody waits for the end of its patience.
static void stopping_ends_its_patience(void **state)
{
    const uint64_t before_ms = now_ms();
    struct loading l;

    (void)state;
    start_loading(&l, LONG_MS);
    workers_stop(l.server.workers);
    assert_true(now_ms() < before_ms + LONG_MS);
    l.server.workers = NULL;
    for (int i = 0; i < CLIENTS; i++)
        expect_not_ready(l.udp[i], false);
    stop_loading(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_over_ipv4_is_answered),
        cmocka_unit_test(a_query_over_ipv6_is_answered),
        cmocka_unit_test(a_wildcard_answers_from_the_address_asked),
        cmocka_unit_test(an_ipv6_wildcard_answers_from_the_address_asked),
        cmocka_unit_test(a_burst_is_answered_by_one_thread),
        cmocka_unit_test(a_burst_is_answered_by_several_threads),
        cmocka_unit_test(a_burst_to_a_wildcard_is_answered),
        cmocka_unit_test(nothing_is_said_to_what_is_no_query),
        cmocka_unit_test(both_families_may_be_listened_on),
        cmocka_unit_test(a_chosen_port_is_the_same_for_udp_and_tcp),
        cmocka_unit_test(a_second_server_is_told_of_the_first),
        cmocka_unit_test(a_server_that_shares_its_port_is_noticed),
        cmocka_unit_test(a_server_may_start_again_at_once),
        cmocka_unit_test(an_address_of_another_machine_is_refused),
        cmocka_unit_test(a_port_below_1024_needs_a_capability),
        cmocka_unit_test(an_address_given_twice_is_refused),
        cmocka_unit_test(an_address_may_stand_beside_its_wildcard),
        cmocka_unit_test(a_start_that_fails_leaves_nothing_behind),
        cmocka_unit_test(the_limit_of_open_files_is_raised_for_connections),
        cmocka_unit_test(connections_are_fewer_where_files_are),
        cmocka_unit_test(stopping_answers_what_has_arrived),
        cmocka_unit_test(stopping_without_having_started_is_fine),
        cmocka_unit_test(what_comes_before_the_zone_is_complete_waits_for_it),
        cmocka_unit_test(it_does_not_wait_for_long),
        cmocka_unit_test(without_patience_it_does_not_wait),
        cmocka_unit_test(stopping_ends_its_patience),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
