// SPDX-License-Identifier: Apache-2.0
// What an upstream is asked for a query.
#include "answer/forward.h"

#include "lib/passage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- what is asked ---------------------------------------------------------

static void a_question_is_asked_as_it_came(void **state)
{
    struct testbed *t = *state;
    struct answer_upstream up;
    struct testbed_query q = passage_query("Db.exAMPLE.org", 65280, 0);

    assert_true(passage_ask(t, &q, ANSWER_UDP, &up));
    assert_int_equal(up.n, q.n);
    assert_int_equal(up.question_n, 16 + 4);
    assert_memory_equal(up.octets, "\0\0", 2);
    assert_memory_equal(up.octets + 2, q.octets + 2, q.n - 2);
}

// Other classes too, but for CHAOS, which is about this server.
static void a_question_of_another_class_is_asked_as_it_came(void **state)
{
    struct testbed *t = *state;
    struct answer_upstream up;
    struct testbed_query q = passage_query("example.org", 1, 0);

    q.octets[q.n - 1] = 4;
    assert_true(passage_ask(t, &q, ANSWER_UDP, &up));
    assert_memory_equal(up.octets + 2, q.octets + 2, q.n - 2);
}

// RFC 1035 4.1.1, RFC 4035 3.1.6, RFC 6840 5.7.
static void flags_for_who_answers_go_through(void **state)
{
    struct testbed *t = *state;

    for (unsigned bit = 1; bit < 0x10000; bit <<= 1) {
        struct answer_upstream up;
        struct testbed_query q = passage_query("example.org", 1, 0);
        if (bit & 0xf800) // QR, opcode
            continue;
        q.octets[2] = (uint8_t)(bit >> 8);
        q.octets[3] = (uint8_t)bit;
        assert_true(passage_ask(t, &q, ANSWER_UDP, &up));
        assert_int_equal(up.octets[2] << 8 | up.octets[3],
                         bit & (RD | AD | CD));
    }
}

static void edns_is_ours_with_the_clients_do(void **state)
{
    struct testbed *t = *state;

    for (unsigned dnssec_ok = 0; dnssec_ok < 2; dnssec_ok++) {
        struct answer_upstream up;
        struct testbed_query q = passage_query("example.org", 1, 4096);
        const size_t opt = q.n - 11;
        // all flags of EDNS: only DO means something
        q.octets[opt + 7] = dnssec_ok ? 0xff : 0x7f;
        q.octets[opt + 8] = 0xff;
        assert_true(passage_ask(t, &q, ANSWER_UDP, &up));
        assert_int_equal(up.n, q.n);
        assert_memory_equal(up.octets + 2, q.octets + 2, opt - 2);
        const uint8_t expected[] = {
            0, 0, 41, 1232 >> 8, 1232 & 255, 0, 0, (uint8_t)(dnssec_ok << 7),
            0, 0, 0};
        assert_memory_equal(up.octets + opt, expected, sizeof expected);
    }
}

// RFC 6891 6.1.1: the others are between the client and us.
static void options_for_who_answers_go_through_once(void **state)
{
    struct testbed *t = *state;
    static const uint8_t expected[] = "\0\x08\0\7\0\1\x18\0\xc0\0\2"
                                      "\0\5\0\2\x08\x0d"
                                      "\0\7\0\1\1"
                                      "\0\6\0\0";
    struct answer_upstream up;
    struct testbed_query q = passage_query("example.org", 1, 1232);
    const size_t opt = q.n - 11;

    testbed_query_option(&q, opt, 10, "clientck", 8);
    testbed_query_option(&q, opt, 8, "\0\1\x18\0\xc0\0\2", 7);
    testbed_query_option(&q, opt, 3, "", 0);
    testbed_query_option(&q, opt, 5, "\x08\x0d", 2);
    testbed_query_option(&q, opt, 5, "\x08", 1);
    testbed_query_option(&q, opt, 11, "", 0);
    testbed_query_option(&q, opt, 7, "\1", 1);
    testbed_query_option(&q, opt, 12, "\0\0\0", 3);
    testbed_query_option(&q, opt, 6, "", 0);
    testbed_query_option(&q, opt, 8, "\0\1\0\0", 4);
    testbed_query_option(&q, opt, 15, "\0\0", 2);
    testbed_query_option(&q, opt, 65001, "x", 1);
    assert_true(passage_ask(t, &q, ANSWER_UDP, &up));
    assert_int_equal(up.n, opt + 11 + sizeof expected - 1);
    assert_int_equal(up.octets[opt + 9] << 8 | up.octets[opt + 10],
                     sizeof expected - 1);
    assert_memory_equal(up.octets + opt + 11, expected, sizeof expected - 1);
}

// An OPT record among others is found.
static void records_in_a_query_do_not_go_through(void **state)
{
    struct testbed *t = *state;
    struct answer_upstream up;
    struct testbed_query q = passage_query("example.org", 1, 0);
    const size_t n = q.n;

    static const uint8_t more[] = "\1x\xc0\x0c\0\1\0\1\0\0\0\0\0\2\0\x29"
                                  "\0\0\x29\x04\xd0\0\0\x80\0\0\6"
                                  "\0\x05\0\2\1\2"
                                  "\4name\0\0\x10\0\1\0\0\0\0\0\0";
    memcpy(q.octets + n, more, sizeof more - 1);
    q.n = n + sizeof more - 1;
    q.octets[11] = 3;
    assert_true(passage_ask(t, &q, ANSWER_UDP, &up));
    assert_int_equal(up.n, n + 11 + 6);
    assert_memory_equal(up.octets + 4, "\0\1\0\0\0\0\0\1", 8);
    assert_memory_equal(up.octets + n,
                        "\0\0\x29\x04\xd0\0\0\x80\0\0\6\0\x05\0\2\1\2", 17);
}

static void an_alias_is_asked_for_by_its_end(void **state)
{
    struct testbed *t = *state;
    static const char *const names[] = {"out.one.svc." Z, "FAR.one.svc." Z};

    for (size_t i = 0; i < ORD_COUNT(names); i++) {
        struct answer_upstream up;
        struct testbed_query q = passage_query(names[i], TYPE_SRV, 1232);
        assert_true(passage_ask(t, &q, ANSWER_UDP, &up));
        assert_int_equal(up.n, 12 + 20 + 11);
        assert_int_equal(up.question_n, 20);
        assert_memory_equal(up.octets + 12, "\2Db\7Example\3org\0\0\x21\0\1",
                            20);
        assert_memory_equal(up.octets + 32, q.octets + q.n - 11, 11);
    }
}

// What the client takes: without EDNS, with less than we send, with more, over
// TCP.
static void what_the_client_takes_is_said(void **state)
{
    struct testbed *t = *state;
    static const struct {
        uint16_t edns_size;
        enum answer_transport transport;
        uint32_t expected;
    } all[] = {
        {0, ANSWER_UDP, 512},   {1, ANSWER_UDP, 512},
        {800, ANSWER_UDP, 800}, {4096, ANSWER_UDP, 1232},
        {0, ANSWER_TCP, 65535}, {512, ANSWER_TCP, 65535},
    };
    for (size_t i = 0; i < ORD_COUNT(all); i++) {
        struct answer_upstream up;
        struct testbed_query q =
            passage_query("example.org", 1, all[i].edns_size);
        assert_true(passage_ask(t, &q, all[i].transport, &up));
        assert_int_equal(up.reply_max, all[i].expected);
    }
}

// 512 octets are asked, of which one option here has most; one more is not.
static void a_long_query_is_not_asked(void **state)
{
    struct testbed *t = *state;
    uint8_t value[512] = {0};

    for (size_t n = 511; n <= 513; n++) {
        struct answer_upstream up;
        struct testbed_query q = passage_query("example.org", 1, 1232);
        const size_t opt = q.n - 11;
        testbed_query_option(&q, opt, 5, value, n - q.n - 4);
        assert_int_equal(q.n, n);
        assert_int_equal(passage_ask(t, &q, ANSWER_UDP, &up), n <= 512);
        if (n <= 512)
            assert_int_equal(up.n, n);
        // the same, whatever of it would go through: padding does not
        q = passage_query("example.org", 1, 1232);
        testbed_query_option(&q, opt, 12, value, n - q.n - 4);
        assert_int_equal(passage_ask(t, &q, ANSWER_UDP, &up), n <= 512);
    }
}

// The end of an alias may be longer than the alias.
static void a_query_that_becomes_too_long_is_not_asked(void **state)
{
    struct testbed *t = *state;
    uint8_t value[512] = {0};
    char words[300] = "one/a external ";

    // 3 * 40 + 16 octets as a name, in place of "a.one.svc.cluster.local." 25
    for (int i = 0; i < 3; i++)
        strcat(words, "x23456789-x23456789-x23456789-x2345678y.");
    strcat(words, "db.example.org");
    testbed_serve(t, words);
    for (size_t n = 512 - 111 - 1; n <= 512 - 111 + 1; n++) {
        struct answer_upstream up;
        struct testbed_query q = passage_query("a.one.svc." Z, 1, 1232);
        testbed_query_option(&q, q.n - 11, 5, value, n - q.n - 4);
        assert_int_equal(passage_ask(t, &q, ANSWER_UDP, &up), n + 111 <= 512);
    }
}

static void equal_queries_are_the_same(void **state)
{
    struct testbed *t = *state;
    struct answer_upstream a, b;
    const struct testbed_query q = passage_query("db.example.org", 1, 1232);

    assert_true(passage_ask(t, &q, ANSWER_UDP, &a));
    // another ID, other letters, another size, cookie, transport
    struct testbed_query other = passage_query("DB.example.ORG", 1, 4000);
    other.octets[0] = 1;
    testbed_query_option(&other, other.n - 11, 10, "clientck", 8);
    assert_true(passage_ask(t, &other, ANSWER_TCP, &b));
    assert_true(answer_upstream_is_same(&a, &b));
    assert_true(answer_upstream_hash(&a, 7) == answer_upstream_hash(&b, 7));
    assert_true(answer_upstream_hash(&a, 7) != answer_upstream_hash(&b, 8));
    // by an alias: the same as well
    other = passage_query("far.one.svc." Z, 1, 1232);
    assert_true(passage_ask(t, &other, ANSWER_UDP, &b));
    assert_true(answer_upstream_is_same(&a, &b));
    assert_true(answer_upstream_hash(&a, 7) == answer_upstream_hash(&b, 7));
}

static void other_queries_are_not_the_same(void **state)
{
    struct testbed *t = *state;
    struct testbed_query others[8];
    struct answer_upstream a, b;
    const struct testbed_query q = passage_query("db.example.org", 1, 1232);

    for (size_t i = 0; i < 8; i++)
        others[i] = q;
    others[0].octets[13] = 'e'; // eb
    others[1] = passage_query("db.example.org", 28, 1232);
    others[2] = passage_query("db.example.org", 1, 0);
    others[3].octets[2] = 0; // RD
    others[4].octets[3] = CD;
    others[5].octets[q.n - 11 + 7] = 128; // DO
    testbed_query_option(&others[6], q.n - 11, 6, "\1", 1);
    // letters' case counts where it is no name
    testbed_query_option(&others[6], q.n - 11, 5, "A", 1);
    others[7] = q;
    testbed_query_option(&others[7], q.n - 11, 6, "\1", 1);
    testbed_query_option(&others[7], q.n - 11, 5, "a", 1);
    assert_true(passage_ask(t, &q, ANSWER_UDP, &a));
    for (size_t i = 0; i < 8; i++) {
        assert_true(passage_ask(t, &others[i], ANSWER_UDP, &b));
        assert_false(answer_upstream_is_same(&a, &b));
        assert_true(answer_upstream_hash(&a, 7) != answer_upstream_hash(&b, 7));
    }
    assert_true(passage_ask(t, &others[6], ANSWER_UDP, &a));
    assert_false(answer_upstream_is_same(&a, &b));
}

static void what_the_zone_knows_by_now_is_not_asked(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = passage_query("out.one.svc." Z, 1, 1232);
    uint8_t message[UDP_MAX];
    struct answer_upstream up;

    memcpy(message, q.octets, q.n);
    struct answer_job job =
        passage_job(message, q.n, sizeof message, ANSWER_UDP);
    answer_batch(&t->context, &job, 1);
    assert_int_equal(job.verdict, ANSWER_FORWARD);
    testbed_serve(t, "one/out ip 10.96.0.7");
    assert_false(answer_upstream_query(&t->context, &job, &up));
    // of another class an alias is none
    message[q.n - 11 - 1] = 4;
    testbed_serve(t, "one/out external db.example.org");
    assert_false(answer_upstream_query(&t->context, &job, &up));
    message[q.n - 11 - 1] = 1;
    assert_true(answer_upstream_query(&t->context, &job, &up));
    testbed_remove(t, "one", "out");
    testbed_publish(t);
    assert_false(answer_upstream_query(&t->context, &job, &up));
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, passage_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_is_asked_as_it_came),
        TEST(a_question_of_another_class_is_asked_as_it_came),
        TEST(flags_for_who_answers_go_through),
        TEST(edns_is_ours_with_the_clients_do),
        TEST(options_for_who_answers_go_through_once),
        TEST(records_in_a_query_do_not_go_through),
        TEST(an_alias_is_asked_for_by_its_end),
        TEST(what_the_client_takes_is_said),
        TEST(a_long_query_is_not_asked),
        TEST(a_query_that_becomes_too_long_is_not_asked),
        TEST(equal_queries_are_the_same),
        TEST(other_queries_are_not_the_same),
        TEST(what_the_zone_knows_by_now_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
