// SPDX-License-Identifier: Apache-2.0
// EDNS options in replies (RFC 5001, RFC 7828, RFC 7873), questions
// in class CHAOS (RFC 4892).
#include "lib/reply.h"
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    NSID = 3,
    COOKIE = 10,
    KEEPALIVE = 11,
    TYPE_A = 1,
    TYPE_TXT = 16,
    NOW = 1700000000,
};

static const char service[] = "db.one.svc.cluster.local.";
static const uint8_t client_cookie[] = "\x24\x64\xc4\xab\xcf\x10\xc9\x57";

static int set_up(void **state)
{
    struct testbed *t = testbed_new(NULL);
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1");
    t->context.settings.identity = span_of_text("node-7");
    t->context.settings.version = span_of_text("ordinald 9");
    t->context.settings.tcp_idle_ds = 100;
    memcpy(t->context.settings.cookie_secret.octets, "0123456789abcdef", 16);
    t->context.now_unix_s = NOW;
    *state = t;
    return 0;
}

static struct testbed_query query_with(const char *name, unsigned code,
                                       const void *p, size_t n)
{
    struct testbed_query q = testbed_query(name, TYPE_A, 1232);
    testbed_query_option(&q, q.n - 11, code, p, n);
    return q;
}

// The value of the reply's option has to be this; NULL: there is none.
static void assert_option(const struct reply *r, unsigned code, const void *p,
                          size_t n)
{
    size_t got_n = 0;
    const uint8_t *got = reply_option(r, code, &got_n);

    if (!p) {
        assert_null(got);
        return;
    }
    assert_non_null(got);
    assert_int_equal(got_n, n);
    assert_memory_equal(got, p, n);
}

// --- NSID ------------------------------------------------------------------

static void the_identity_is_told_to_who_asks(void **state)
{
    struct testbed *t = *state;
    struct reply r;
    struct testbed_query q = query_with(service, NSID, NULL, 0);
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 1);
    assert_option(&r, NSID, "node-7", 6);
    reply_release(&r);
    // not asked for
    q = testbed_query(service, TYPE_A, 1232);
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.options_n, 0);
    reply_release(&r);
    // not set
    t->context.settings.identity.n = 0;
    q = query_with(service, NSID, NULL, 0);
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.options_n, 0);
    reply_release(&r);
}

// One NSID in the query a hundred times gives one in the reply.
static void an_option_that_is_repeated_counts_once(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = testbed_query(service, TYPE_A, 1232);
    size_t opt = q.n - 11;
    struct reply r;
    for (int i = 0; i < 100; i++)
        testbed_query_option(&q, opt, NSID, "", 0);
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.options_n, 4 + 6);
    assert_option(&r, NSID, "node-7", 6);
    reply_release(&r);
}

static void options_that_nobody_knows_are_ignored(void **state)
{
    struct testbed *t = *state;
    static const unsigned codes[] = {0,  1,     4,     5,     8,    9,
                                     12, 13,    14,    15,    16,   17,
                                     18, 20292, 26946, 65001, 65535};
    struct testbed_query q = testbed_query(service, TYPE_A, 1232);
    size_t opt = q.n - 11;
    struct reply r;
    for (unsigned i = 0; i < ORD_COUNT(codes); i++)
        testbed_query_option(&q, opt, codes[i], "abcdefgh", i % 9);
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.rcode, 0);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 1);
    assert_int_equal(r.options_n, 0);
    reply_release(&r);
}

// --- cookies ---------------------------------------------------------------

// RFC 9018 4: version 1, three reserved octets, the time, a hash.
static void assert_fresh_cookie(const struct testbed *t, const struct reply *r)
{
    const struct address client = {FAMILY_IPV4, {192, 0, 2, 1}};
    size_t n = 0;
    const uint8_t *cookie = reply_option(r, COOKIE, &n);
    assert_non_null(cookie);
    assert_int_equal(n, 24);
    assert_memory_equal(cookie, client_cookie, 8);
    assert_memory_equal(cookie + 8, "\1\0\0\0", 4);
    assert_int_equal(bytes_load_u32(cookie + 12), NOW);
    assert_true(dns_cookie_is_valid(&t->context.settings.cookie_secret,
                                    span_of(cookie, n), &client, NOW));
}

// RFC 7873 5.2: alone, with an old or with a forged server's part: all get an
// answer and a cookie.
static void cookies_are_answered(void **state)
{
    struct testbed *t = *state;
    static const size_t sizes[] = {8, 16, 24, 40};
    uint8_t cookie[40] = {0};
    memcpy(cookie, client_cookie, 8);
    for (unsigned i = 0; i < ORD_COUNT(sizes); i++)
        for (int tcp = 0; tcp < 2; tcp++) {
            struct reply r;
            struct testbed_query q =
                query_with(service, COOKIE, cookie, sizes[i]);
            testbed_send(t, &q, tcp ? ANSWER_TCP : ANSWER_UDP, &r);
            assert_int_equal(r.rcode, 0);
            assert_int_equal(r.lines_n[REPLY_ANSWER], 1);
            assert_fresh_cookie(t, &r);
            reply_release(&r);
        }
}

// RFC 7873 5.2.2
static void a_cookie_of_another_length_is_a_format_error(void **state)
{
    struct testbed *t = *state;
    uint8_t cookie[64] = {1};
    for (size_t n = 0; n <= sizeof cookie; n++) {
        struct reply r;
        struct testbed_query q = query_with(service, COOKIE, cookie, n);
        bool good = n == 8 || (n >= 16 && n <= 40);
        testbed_send(t, &q, ANSWER_UDP, &r);
        assert_int_equal(r.rcode, good ? 0 : 1);
        assert_true(r.has_opt);
        reply_release(&r);
    }
}

// RFC 7873 5.2: of several, the first one counts.
static void the_first_cookie_counts(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = testbed_query(service, TYPE_A, 1232);
    size_t opt = q.n - 11;
    struct reply r;
    testbed_query_option(&q, opt, COOKIE, client_cookie, 8);
    testbed_query_option(&q, opt, COOKIE, "abcdefgh", 8);
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.options_n, 28);
    assert_fresh_cookie(t, &r);
    reply_release(&r);
}

// RFC 7873 5.4: a query without a question asks for a cookie.
static void a_cookie_is_had_without_a_question(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = {.n = 23};
    struct reply r;
    memcpy(q.octets, "\xbe\xef\0\0\0\0\0\0\0\0\0\1", 12);
    memcpy(q.octets + 12, "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11);
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.rcode, 1);
    reply_release(&r);
    testbed_query_option(&q, 12, COOKIE, client_cookie, 8);
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.rcode, 0);
    assert_string_equal(r.question, "");
    assert_int_equal(r.lines_n[REPLY_ANSWER], 0);
    assert_fresh_cookie(t, &r);
    reply_release(&r);
}

// An error with everything that may go with it stays below three times its
// query (no amplification), also for the shortest of queries.
static void errors_stay_small(void **state)
{
    struct testbed *t = *state;
    static char longest[63];
    memset(longest, 'x', sizeof longest);
    t->context.settings.identity = span_of((uint8_t *)longest, 63);
    for (int with = 0; with < 4; with++) {
        struct testbed_query q = testbed_query(".", TYPE_A, 1232);
        size_t opt = q.n - 11;
        struct reply r;
        if (with & 1)
            testbed_query_option(&q, opt, NSID, NULL, 0);
        if (with & 2)
            testbed_query_option(&q, opt, COOKIE, client_cookie, 8);
        size_t n = testbed_send(t, &q, ANSWER_UDP, &r);
        assert_int_equal(r.rcode, 5);
        assert_true(n <= 3 * q.n);
        reply_release(&r);
    }
}

// --- keepalive -------------------------------------------------------------

// RFC 7828 3.3.1: over TCP in units of 100 ms; over UDP it means nothing.
static void how_long_a_connection_may_idle_is_told(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = query_with(service, KEEPALIVE, NULL, 0);
    struct reply r;
    testbed_send(t, &q, ANSWER_TCP, &r);
    assert_option(&r, KEEPALIVE, "\0\x64", 2);
    reply_release(&r);
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.options_n, 0);
    reply_release(&r);
    q = testbed_query(service, TYPE_A, 1232);
    testbed_send(t, &q, ANSWER_TCP, &r);
    assert_int_equal(r.options_n, 0);
    reply_release(&r);
}

static void all_options_go_together(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q =
        testbed_query("no.one.svc.cluster.local.", TYPE_A, 512);
    size_t opt = q.n - 11;
    struct reply r;
    testbed_query_option(&q, opt, KEEPALIVE, NULL, 0);
    testbed_query_option(&q, opt, COOKIE, client_cookie, 8);
    testbed_query_option(&q, opt, NSID, NULL, 0);
    testbed_send(t, &q, ANSWER_TCP, &r);
    assert_int_equal(r.rcode, 3);
    assert_int_equal(r.lines_n[REPLY_AUTHORITY], 1);
    assert_option(&r, KEEPALIVE, "\0\x64", 2);
    assert_option(&r, NSID, "node-7", 6);
    assert_fresh_cookie(t, &r);
    reply_release(&r);
}

// The limit holds with options: what was 512 octets without is cut more.
static void options_take_room_from_the_answer(void **state)
{
    struct testbed *t = *state;
    // 42 octets before the records, 11 for OPT: (512 - 53) / 16 = 28 fit
    testbed_serve_peers(t, 28, 1);
    struct testbed_query q = testbed_query(service, TYPE_A, 512);
    size_t opt = q.n - 11;
    struct reply r;
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 28);
    reply_release(&r);
    testbed_query_option(&q, opt, COOKIE, client_cookie, 8);
    size_t n = testbed_send(t, &q, ANSWER_UDP, &r);
    // 28 octets of cookie: two records less
    assert_true(n <= 512);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 26);
    assert_true(r.flags & DNS_FLAG_TC);
    assert_fresh_cookie(t, &r);
    reply_release(&r);
}

// --- CHAOS -----------------------------------------------------------------

static void ask_chaos(struct testbed *t, const char *name, uint16_t type,
                      struct reply *r)
{
    struct testbed_query q = testbed_query(name, type, 0);
    q.octets[q.n - 1] = 3;
    testbed_send(t, &q, ANSWER_UDP, r);
}

static void assert_chaos(struct testbed *t, const char *name, uint16_t type,
                         const char *expected)
{
    struct reply r;
    ask_chaos(t, name, type, &r);
    if (!expected) {
        assert_int_equal(r.rcode, 5);
        assert_int_equal(r.lines_n[REPLY_ANSWER], 0);
    } else {
        assert_int_equal(r.rcode, 0);
        assert_int_equal(r.lines_n[REPLY_ANSWER], 1);
        assert_string_equal(r.lines[REPLY_ANSWER][0], expected);
    }
    reply_release(&r);
}

static void chaos_tells_who_answers(void **state)
{
    struct testbed *t = *state;
    assert_chaos(t, "id.server.", TYPE_TXT, "id.server. 0 CH TXT \"node-7\"");
    assert_chaos(t, "HostName.Bind.", TYPE_TXT,
                 "HostName.Bind. 0 CH TXT \"node-7\"");
    assert_chaos(t, "version.bind.", TYPE_TXT,
                 "version.bind. 0 CH TXT \"ordinald 9\"");
    assert_chaos(t, "version.server.", 255,
                 "version.server. 0 CH TXT \"ordinald 9\"");
    assert_chaos(t, "version.bind.", TYPE_A, NULL);
    assert_chaos(t, "authors.bind.", TYPE_TXT, NULL);
    assert_chaos(t, ".", TYPE_TXT, NULL);
    assert_chaos(t, service, TYPE_A, NULL);
}

static void chaos_tells_nothing_unasked(void **state)
{
    struct testbed *t = *state;
    t->context.settings.identity.n = 0;
    assert_chaos(t, "id.server.", TYPE_TXT, NULL);
    assert_chaos(t, "version.bind.", TYPE_TXT, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_identity_is_told_to_who_asks,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(an_option_that_is_repeated_counts_once,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(options_that_nobody_knows_are_ignored,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(cookies_are_answered, set_up,
                                        testbed_tear_down),
        cmocka_unit_test_setup_teardown(
            a_cookie_of_another_length_is_a_format_error, set_up,
            testbed_tear_down),
        cmocka_unit_test_setup_teardown(the_first_cookie_counts, set_up,
                                        testbed_tear_down),
        cmocka_unit_test_setup_teardown(a_cookie_is_had_without_a_question,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(errors_stay_small, set_up,
                                        testbed_tear_down),
        cmocka_unit_test_setup_teardown(how_long_a_connection_may_idle_is_told,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(all_options_go_together, set_up,
                                        testbed_tear_down),
        cmocka_unit_test_setup_teardown(options_take_room_from_the_answer,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(chaos_tells_who_answers, set_up,
                                        testbed_tear_down),
        cmocka_unit_test_setup_teardown(chaos_tells_nothing_unasked, set_up,
                                        testbed_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
