// SPDX-License-Identifier: Apache-2.0
// Queries that are forwarded, on real sockets, as upstreams see it: which of
// them are asked, how often, and what becomes of replies that are none, are
// late or do not come. test_net_forward.c has the clients' side.
#include "base/base.h"
#include "lib/forwarding.h"
#include "lib/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define NAME FORWARDING_NAME

// Extended errors (RFC 8914 4).
enum { EDE_NO_REACHABLE_AUTHORITY = 22, EDE_NETWORK_ERROR = 23 };

enum { END_MS = 5000 }; // what clients wait

static const struct dummy_orders silence = {.silent = true};

static void start(struct forwarding *f, unsigned upstreams)
{
    forwarding_start(f, upstreams, "127.0.0.1:0", forwarding_settings());
}

static void ask(const struct forwarding *f, unsigned rcode, unsigned answers)
{
    const int fd = forwarding_client(f, false, NULL);
    forwarding_ask(fd, false, 1, NAME);
    forwarding_expect(fd, false, 1, rcode, answers);
    forwarding_expect_silence(fd);
    close(fd);
}

// An address at which nobody listens, as far as can be known.
static struct sockaddr_any nobody(void)
{
    struct dummy *const d = dummy_new("127.0.0.1:0");
    const struct sockaddr_any a = dummy_address(d);
    dummy_free(d);
    return a;
}

static void forward_to(const struct forwarding *f,
                       const struct sockaddr_any *addresses, size_t n)
{
    struct upstreams *const u = upstreams_new(addresses, n, NULL, NULL);
    assert_non_null(u);
    workers_forward_to(f->server.workers, u);
    upstreams_unref(u);
}

// --- replies that others may have better -----------------------------------

static void the_first_one_is_asked(void **state)
{
    struct forwarding f;
    (void)state;
    start(&f, 2);
    for (int i = 0; i < 5; i++)
        ask(&f, RCODE_NOERROR, 1);
    assert_int_equal(dummy_asked(f.up[0]), 5);
    assert_int_equal(dummy_asked(f.up[1]), 0);
    forwarding_stop(&f);
}

static void a_failure_is_asked_of_the_next(void **state)
{
    static const struct dummy_orders failures[] = {
        {.rcode = RCODE_SERVFAIL},
        {.rcode = RCODE_REFUSED},
        {.rcode = RCODE_NOTIMP},
        {.garbles = true},
    };
    struct forwarding f;
    (void)state;
    for (size_t i = 0; i < ORD_COUNT(failures); i++) {
        start(&f, 2);
        dummy_obey(f.up[0], failures[i]);
        ask(&f, RCODE_NOERROR, 1);
        assert_int_equal(dummy_asked(f.up[0]), 1);
        assert_int_equal(dummy_asked(f.up[1]), 1);
        assert_int_equal(workers_state(f.server.workers).forward_asked, 2);
        forwarding_stop(&f);
    }
}

static void with_nothing_but_failures_the_first_one_is_given(void **state)
{
    struct forwarding f;
    (void)state;
    start(&f, 3);
    dummy_obey(f.up[0], (struct dummy_orders){.rcode = RCODE_REFUSED});
    dummy_obey(f.up[1], (struct dummy_orders){.rcode = RCODE_SERVFAIL});
    dummy_obey(f.up[2], (struct dummy_orders){.rcode = RCODE_NOTIMP});
    ask(&f, RCODE_REFUSED, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(dummy_asked(f.up[i]), 1);
    // the upstreams said so, not we
    assert_int_equal(workers_state(f.server.workers).forward_failed, 0);
    forwarding_stop(&f);
}

static void other_errors_are_answers(void **state)
{
    static const uint8_t rcodes[] = {RCODE_FORMERR, RCODE_NXDOMAIN, 9};
    struct forwarding f;
    (void)state;
    start(&f, 2);
    for (size_t i = 0; i < ORD_COUNT(rcodes); i++) {
        dummy_obey(f.up[0], (struct dummy_orders){.rcode = rcodes[i]});
        ask(&f, rcodes[i], 0);
    }
    assert_int_equal(dummy_asked(f.up[1]), 0);
    forwarding_stop(&f);
}

static void what_is_no_reply_to_the_question_is_not_taken(void **state)
{
    struct forwarding f;
    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0], (struct dummy_orders){.mistakes = true, .records = 2});
    ask(&f, RCODE_NOERROR, 2);
    assert_int_equal(dummy_asked(f.up[0]), 1);
    forwarding_stop(&f);
}

// --- size ------------------------------------------------------------------

enum { MANY = 4000 }; // 64,000 octets

static void a_cut_reply_is_asked_again_over_tcp(void **state)
{
    struct forwarding f;
    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0], (struct dummy_orders){.records = MANY});
    const int fd = forwarding_client(&f, true, NULL);
    forwarding_ask(fd, true, 1, NAME);
    forwarding_expect(fd, true, 1, RCODE_NOERROR, MANY);
    close(fd);
    assert_int_equal(dummy_asked(f.up[0]), 2);
    assert_int_equal(dummy_asked_tcp(f.up[0]), 1);
    forwarding_stop(&f);
}

// What fits into 512 octets is fetched; what does not fit is cut by us.
static void so_it_is_for_datagrams_that_may_be_large(void **state)
{
    uint8_t reply[65535];
    struct forwarding f;
    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0], (struct dummy_orders){.records = 40, .cuts = true});
    ask(&f, RCODE_NOERROR, 40);
    assert_int_equal(dummy_asked_tcp(f.up[0]), 1);
    dummy_obey(f.up[0], (struct dummy_orders){.records = MANY});
    const int fd = forwarding_client(&f, false, NULL);
    forwarding_ask(fd, false, 1, NAME);
    assert_true(forwarding_receive(fd, false, reply) <= 1232);
    assert_true(reply[2] & 0x02);
    close(fd);
    assert_int_equal(dummy_asked_tcp(f.up[0]), 2);
    forwarding_stop(&f);
}

static void who_takes_no_more_gets_the_cut_reply(void **state)
{
    uint8_t query[SERVER_QUERY_SIZE], reply[65535];
    struct forwarding f;
    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0], (struct dummy_orders){.records = MANY});
    const int fd = forwarding_client(&f, false, NULL);
    client_send(
        fd, query,
        query_write(query, sizeof query, 5, NAME, SERVER_TYPE_A, 0, true));
    (void)forwarding_receive(fd, false, reply);
    assert_true(reply[2] & 0x02);
    assert_int_equal(dummy_asked(f.up[0]), 1);
    assert_int_equal(dummy_asked_tcp(f.up[0]), 0);
    close(fd);
    forwarding_stop(&f);
}

// Of a question that both have asked, and is asked once.
static void each_client_gets_as_much_as_it_takes(void **state)
{
    uint8_t query[SERVER_QUERY_SIZE], reply[65535];
    struct forwarding f;
    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0], (struct dummy_orders){.holds = true, .records = MANY});
    const int udp = forwarding_client(&f, false, NULL);
    const int tcp = forwarding_client(&f, true, NULL);
    client_send(
        udp, query,
        query_write(query, sizeof query, 5, NAME, SERVER_TYPE_A, 0, true));
    forwarding_wait(&f, 1);
    forwarding_ask(tcp, true, 6, NAME);
    forwarding_wait(&f, 2);
    forwarding_wait_dummy(f.up[0], 1);
    dummy_release(f.up[0]);
    assert_true(forwarding_receive(udp, false, reply) <= 512);
    assert_true(reply[2] & 0x02);
    forwarding_expect(tcp, true, 6, RCODE_NOERROR, MANY);
    assert_int_equal(dummy_asked(f.up[0]), 2);
    assert_int_equal(dummy_asked_tcp(f.up[0]), 1);
    close(udp);
    close(tcp);
    forwarding_stop(&f);
}

static void without_tcp_the_cut_reply_is_given(void **state)
{
    uint8_t reply[65535];
    struct forwarding f;
    (void)state;
    start(&f, 1);
    dummy_obey(f.up[0],
               (struct dummy_orders){.records = MANY, .refuses_tcp = true});
    const int fd = forwarding_client(&f, true, NULL);
    forwarding_ask(fd, true, 1, NAME);
    (void)forwarding_receive(fd, true, reply);
    assert_true(reply[2] & 0x02);
    assert_int_equal(reply[3] & 0x0f, 0);
    close(fd);
    forwarding_stop(&f);
}

// --- nobody answers --------------------------------------------------------

static void without_upstreams_there_is_no_answer(void **state)
{
    struct forwarding f;
    (void)state;
    start(&f, 0);
    for (int tcp = 0; tcp < 2; tcp++) {
        const int fd = forwarding_client(&f, tcp, NULL);
        forwarding_ask(fd, tcp, 1, NAME);
        forwarding_expect_error(fd, tcp, 1, EDE_NO_REACHABLE_AUTHORITY);
        close(fd);
    }
    forwarding_wait(&f, 0); // a place is given back behind its reply
    assert_int_equal(workers_state(f.server.workers).forward_failed, 2);
    assert_int_equal(workers_state(f.server.workers).forward_asked, 0);
    forwarding_stop(&f);
}

static void the_next_is_asked_where_nobody_listens(void **state)
{
    const struct sockaddr_any none = nobody();
    struct forwarding f;
    (void)state;
    start(&f, 1);
    const struct sockaddr_any both[] = {none, dummy_address(f.up[0])};
    forward_to(&f, &none, 1);
    const uint64_t began = forwarding_now_ms();
    const int fd = forwarding_client(&f, false, NULL);
    forwarding_ask(fd, false, 1, NAME);
    forwarding_expect_error(fd, false, 1, EDE_NETWORK_ERROR);
    assert_true(forwarding_now_ms() - began < END_MS);
    forward_to(&f, both, 2);
    forwarding_ask(fd, false, 2, NAME);
    forwarding_expect(fd, false, 2, RCODE_NOERROR, 1);
    close(fd);
    forwarding_stop(&f);
}

static void when_one_is_slow_the_next_is_asked_as_well(void **state)
{
    struct forwarding f;
    (void)state;
    start(&f, 2);
    dummy_obey(f.up[0], silence);
    ask(&f, RCODE_NOERROR, 1);
    assert_true(dummy_asked(f.up[0]) >= 1);
    assert_int_equal(dummy_asked(f.up[1]), 1);
    forwarding_stop(&f);
}

// Also one that comes when others have waited for long already.
static void silence_ends_in_time(void **state)
{
    enum { LATE_MS = 3000, NOT_BEFORE_MS = 1500 };
    struct forwarding f;
    (void)state;
    start(&f, 2);
    dummy_obey(f.up[0], silence);
    dummy_obey(f.up[1], silence);
    const uint64_t began = forwarding_now_ms();
    const int fd = forwarding_client(&f, false, NULL);
    const int late = forwarding_client(&f, true, NULL);
    forwarding_ask(fd, false, 1, NAME);
    forwarding_pause_ms(LATE_MS);
    forwarding_ask(fd, false, 2, NAME);
    forwarding_expect_one(fd, false, RCODE_SERVFAIL, 0);
    forwarding_expect_one(fd, false, RCODE_SERVFAIL, 0);
    assert_true(forwarding_now_ms() - began < END_MS);
    assert_true(forwarding_now_ms() - began > NOT_BEFORE_MS);
    const struct workers_state s = workers_state(f.server.workers);
    assert_int_equal(s.forward_failed, 2);
    assert_int_equal(s.forward_asked, 2);
    assert_int_equal(s.forwarded_now, 0);
    close(fd);
    close(late);
    forwarding_stop(&f);
}

// --- other upstreams -------------------------------------------------------

static void another_list_is_for_what_comes_then(void **state)
{
    struct forwarding f;
    (void)state;
    start(&f, 2);
    dummy_obey(f.up[0], (struct dummy_orders){.holds = true, .records = 1});
    dummy_obey(f.up[1], (struct dummy_orders){.records = 2});
    const struct sockaddr_any other = dummy_address(f.up[1]);
    const int fd = forwarding_client(&f, false, NULL);
    forwarding_ask(fd, false, 1, NAME);
    forwarding_wait_dummy(f.up[0], 1);
    for (int i = 0; i < 50; i++) // nobody waits for the worker to take them
        forward_to(&f, &other, 1);
    forwarding_pause_ms(FORWARDING_SHORT_MS);
    forwarding_ask(fd, false, 2, "x." NAME);
    forwarding_expect(fd, false, 2, RCODE_NOERROR, 2);
    dummy_release(f.up[0]);
    forwarding_expect(fd, false, 1, RCODE_NOERROR, 1);
    assert_int_equal(dummy_asked(f.up[0]), 1);
    close(fd);
    forwarding_stop(&f);
}

static void take_replies(int fd, unsigned n)
{
    while (n-- > 0) {
        uint8_t reply[1500];
        assert_true(client_waits(fd, SERVER_PATIENCE_MS));
        assert_true(recv(fd, reply, sizeof reply, 0) > 12);
        assert_int_equal(reply[3] & 0x0f, RCODE_NOERROR);
    }
}

// Whatever the workers are doing meanwhile.
static void lists_may_change_at_any_time(void **state)
{
    enum { ROUNDS = 100, CLIENTS = 8 };
    struct workers_settings settings = forwarding_settings();
    struct forwarding f;
    int fds[CLIENTS];
    char name[64];

    (void)state;
    settings.threads = 2;
    forwarding_start(&f, 2, "127.0.0.1:0", settings);
    const struct sockaddr_any lists[] = {dummy_address(f.up[0]),
                                         dummy_address(f.up[1])};
    for (int k = 0; k < CLIENTS; k++)
        fds[k] = forwarding_client(&f, false, NULL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        for (int k = 0; k < CLIENTS; k++) {
            snprintf(name, sizeof name, "%u." NAME, i + (unsigned)k % 2);
            forwarding_ask(fds[k], false, (uint16_t)i, name);
            if (k % 3 == 0)
                forward_to(&f, &lists[i % 2], 1);
        }
        for (int k = 0; k < CLIENTS; k++)
            take_replies(fds[k], 1);
    }
    for (int k = 0; k < CLIENTS; k++)
        close(fds[k]);
    assert_true(dummy_asked(f.up[0]) > 0 && dummy_asked(f.up[1]) > 0);
    assert_int_equal(workers_state(f.server.workers).replies[RCODE_NOERROR],
                     ROUNDS * CLIENTS);
    forwarding_stop(&f);
}

// What it was asked comes back as a question: once the probe has, nothing is
// asked any more.
static void who_leads_back_to_us_is_not_asked(void **state)
{
    enum { TRIES = 1000, PAUSE_MS = 10 };
    struct forwarding f;
    char name[64];
    bool seen = false;
    (void)state;
    start(&f, 0);
    forward_to(&f, &f.server.address, 1);
    const int fd = forwarding_client(&f, false, NULL);
    for (uint16_t i = 0; i < TRIES && !seen; i++) {
        uint8_t octets[65535];
        char error[200];
        struct reply r;
        snprintf(name, sizeof name, "%u." NAME, i);
        forwarding_ask(fd, false, i, name);
        const size_t n = forwarding_receive(fd, false, octets);
        assert_true(reply_read(octets, n, &r, error));
        assert_int_equal(r.rcode, RCODE_SERVFAIL);
        seen = strstr(r.ede_text, "leads back here") != NULL;
        reply_release(&r);
        forwarding_pause_ms(PAUSE_MS);
    }
    assert_true(seen);
    const uint64_t before = workers_state(f.server.workers).forward_asked;
    forwarding_ask(fd, false, 1, NAME);
    forwarding_expect_error(fd, false, 1, EDE_NO_REACHABLE_AUTHORITY);
    assert_int_equal(workers_state(f.server.workers).forward_asked, before);
    close(fd);
    forwarding_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_one_is_asked),
        cmocka_unit_test(a_failure_is_asked_of_the_next),
        cmocka_unit_test(with_nothing_but_failures_the_first_one_is_given),
        cmocka_unit_test(other_errors_are_answers),
        cmocka_unit_test(what_is_no_reply_to_the_question_is_not_taken),
        cmocka_unit_test(a_cut_reply_is_asked_again_over_tcp),
        cmocka_unit_test(so_it_is_for_datagrams_that_may_be_large),
        cmocka_unit_test(who_takes_no_more_gets_the_cut_reply),
        cmocka_unit_test(each_client_gets_as_much_as_it_takes),
        cmocka_unit_test(without_tcp_the_cut_reply_is_given),
        cmocka_unit_test(without_upstreams_there_is_no_answer),
        cmocka_unit_test(the_next_is_asked_where_nobody_listens),
        cmocka_unit_test(when_one_is_slow_the_next_is_asked_as_well),
        cmocka_unit_test(silence_ends_in_time),
        cmocka_unit_test(another_list_is_for_what_comes_then),
        cmocka_unit_test(lists_may_change_at_any_time),
        cmocka_unit_test(who_leads_back_to_us_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
