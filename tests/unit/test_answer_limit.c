// SPDX-License-Identifier: Apache-2.0
// Replies over the limit for who asks (answer/limit.h), and who is free of it.
#include "answer/limit.h"
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { COOKIE = 10, TYPE_A = 1, NOW = 1700000000 };

static const char service[] = "db.one.svc.cluster.local.";
static const uint8_t client_cookie[] = "\x24\x64\xc4\xab\xcf\x10\xc9\x57";

static int set_up(void **state)
{
    struct testbed *t = testbed_new(NULL);
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1");
    memcpy(t->context.settings.cookie_secret.octets, "0123456789abcdef", 16);
    t->context.now_unix_s = NOW;
    *state = t;
    return 0;
}

struct sent {
    unsigned whole, cut, none;
};

static struct sent send_many(struct testbed *t, const struct testbed_query *q,
                             enum answer_transport transport, unsigned n)
{
    struct sent sent = {0};
    for (unsigned i = 0; i < n; i++) {
        if (testbed_answer(t, q->octets, q->n, transport, t->message) == 0)
            sent.none++;
        else if (t->message[2] & 2)
            sent.cut++;
        else
            sent.whole++;
    }
    return sent;
}

// Of what is over the limit one half comes over TCP, the other is left.
static void replies_over_the_limit_are_cut_or_left(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = testbed_query(service, TYPE_A, 1232);
    t->context.settings.limit = limit_new(10, 1);
    assert_non_null(t->context.settings.limit);
    t->context.now_ms = 1000;
    struct sent sent = send_many(t, &q, ANSWER_UDP, 110);
    assert_in_range(sent.whole, 10, 11);
    assert_in_range(sent.cut, 49, 51);
    assert_int_equal(sent.whole + sent.cut + sent.none, 110);
    assert_int_equal(counter_read(&t->context.counters.limited),
                     sent.cut + sent.none);
    // who is over TCP is where it says it is
    sent = send_many(t, &q, ANSWER_TCP, 50);
    assert_int_equal(sent.whole, 50);
    limit_free(t->context.settings.limit);
}

static void a_valid_cookie_passes_the_limit(void **state)
{
    struct testbed *t = *state;
    const struct address client = {FAMILY_IPV4, {192, 0, 2, 1}};
    uint8_t cookie[DNS_COOKIE_SIZE];
    t->context.settings.limit = limit_new(1, 1);
    assert_non_null(t->context.settings.limit);
    dns_cookie_write(&t->context.settings.cookie_secret, client_cookie, &client,
                     NOW, cookie);
    struct testbed_query q = testbed_query(service, TYPE_A, 1232);
    testbed_query_option(&q, q.n - DNS_OPT, COOKIE, cookie, sizeof cookie);
    struct sent sent = send_many(t, &q, ANSWER_UDP, 100);
    assert_int_equal(sent.whole, 100);
    q.octets[q.n - 1] ^= 1;
    sent = send_many(t, &q, ANSWER_UDP, 100);
    assert_in_range(sent.whole, 1, 2);
    limit_free(t->context.settings.limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(replies_over_the_limit_are_cut_or_left,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(a_valid_cookie_passes_the_limit, set_up,
                                        testbed_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
