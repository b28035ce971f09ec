// SPDX-License-Identifier: Apache-2.0
// How much goes into a reply. The numbers of records are arithmetic:
// "db.one.svc.cluster.local." takes 26 octets, so a reply is 42 octets before
// its first record, 53 with an OPT record; an A record takes 16; an SRV record
// to "p-0000.db.one..." takes 12 + 6 + 33 = 51.
#include "lib/reply.h"
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_SRV = 33 };

// --- asking ----------------------------------------------------------------

static const char service[] = "db.one.svc.cluster.local.";

struct expected {
    const char *name;
    uint16_t type;
    uint16_t edns_size;
    enum answer_transport transport;
    size_t answers;
    size_t additionals;
    bool truncated;
};

static void assert_size(struct testbed *t, const struct expected *e)
{
    struct reply r;
    size_t n =
        testbed_reply(t, e->name, e->type, e->edns_size, e->transport, &r);
    size_t limit = e->transport == ANSWER_TCP ? DNS_TCP_MAX
                   : e->edns_size > 512       ? e->edns_size
                                              : 512;

    if (limit > t->context.settings.udp_size_max && e->transport == ANSWER_UDP)
        limit = t->context.settings.udp_size_max;
    assert_true(n <= limit);
    assert_int_equal(r.rcode, 0);
    assert_int_equal(r.lines_n[REPLY_ANSWER], e->answers);
    assert_int_equal(r.lines_n[REPLY_ADDITIONAL], e->additionals);
    assert_int_equal(r.lines_n[REPLY_AUTHORITY], 0);
    assert_int_equal((r.flags & DNS_FLAG_TC) != 0, e->truncated);
    reply_release(&r);
}

// --- sizes -----------------------------------------------------------------

static void addresses_are_cut_where_the_arithmetic_says(void **state)
{
    struct testbed *t = *state;
    static const unsigned peers[] = {1,  28, 29,  30,   72,
                                     73, 74, 150, 1000, 4500};
    for (size_t i = 0; i < ORD_COUNT(peers); i++) {
        unsigned n = peers[i];
        // 512 - 42 = 470; 512 - 53 = 459; 1232 - 53 = 1179; 65535 - 42; and
        // less 53 and 28 for the extended error that says so
        const struct {
            uint16_t edns;
            enum answer_transport transport;
            unsigned fit;
        } ways[] = {{0, ANSWER_UDP, 29},     {1, ANSWER_UDP, 28},
                    {511, ANSWER_UDP, 28},   {512, ANSWER_UDP, 28},
                    {516, ANSWER_UDP, 28},   {517, ANSWER_UDP, 29},
                    {1220, ANSWER_UDP, 72},  {1221, ANSWER_UDP, 73},
                    {1232, ANSWER_UDP, 73},  {4096, ANSWER_UDP, 73},
                    {65535, ANSWER_UDP, 73}, {512, ANSWER_TCP, 4090},
                    {0, ANSWER_TCP, 4093}};
        testbed_serve_peers(t, n, 1);
        for (size_t k = 0; k < ORD_COUNT(ways); k++) {
            bool cut = n > ways[k].fit;
            assert_size(t, &(struct expected){
                               service, TYPE_A, ways[k].edns, ways[k].transport,
                               cut ? ways[k].fit : n, 0,
                               cut && ways[k].transport == ANSWER_UDP});
        }
    }
}

static void the_largest_udp_size_is_a_setting(void **state)
{
    struct testbed *t = *state;
    testbed_serve_peers(t, 4500, 1);
    t->context.settings.udp_size_max = 512;
    assert_size(
        t, &(struct expected){service, TYPE_A, 4096, ANSWER_UDP, 28, 0, true});
    t->context.settings.udp_size_max = 4096;
    assert_size(
        t, &(struct expected){service, TYPE_A, 4096, ANSWER_UDP, 252, 0, true});
    assert_size(
        t, &(struct expected){service, TYPE_A, 0, ANSWER_UDP, 29, 0, true});
    t->context.settings.udp_size_max = 65507;
    assert_size(t, &(struct expected){service, TYPE_A, 65535, ANSWER_UDP, 4090,
                                      0, true});
}

static void ipv6_addresses_are_cut_likewise(void **state)
{
    struct testbed *t = *state;
    char words[2048] = "one/db headless slice6";
    for (int i = 0; i < 20; i++)
        snprintf(words + strlen(words), 32, " end x fd00::%x", i + 1);
    testbed_serve(t, words);
    // 470 / 28 = 16; at "x.db.one..." two octets less: 468 / 28 = 16
    assert_size(
        t, &(struct expected){service, TYPE_AAAA, 0, ANSWER_UDP, 16, 0, true});
    assert_size(t, &(struct expected){"x.db.one.svc.cluster.local.", TYPE_AAAA,
                                      0, ANSWER_UDP, 16, 0, true});
    assert_size(t, &(struct expected){"x.db.one.svc.cluster.local.", TYPE_AAAA,
                                      1232, ANSWER_UDP, 20, 0, false});
    assert_size(
        t, &(struct expected){service, TYPE_AAAA, 0, ANSWER_TCP, 20, 0, false});
}

// RFC 2181 9: additionals go before the answer is cut; then there are none.
static void additionals_are_dropped_first(void **state)
{
    struct testbed *t = *state;
    static const struct {
        unsigned peers;
        uint16_t edns;
        unsigned answers;
        unsigned additionals;
        bool truncated;
    } cases[] = {
        {1, 0, 1, 1, false},       // 51 + 16 of 470
        {7, 0, 7, 7, false},       // 357 + 112
        {8, 0, 8, 3, false},       // 408 + 3 x 16 of 62
        {9, 0, 9, 0, false},       // 459 of 470
        {10, 0, 9, 0, true},       //
        {9, 512, 9, 0, false},     // 459 of 459
        {10, 512, 9, 0, true},     //
        {17, 1232, 17, 17, false}, // 867 + 272 of 1179
        {18, 1232, 18, 16, false}, // 918 + 16 x 16 of 261
        {23, 1232, 23, 0, false},  // 1173
        {24, 1232, 23, 0, true},   //
        {150, 1232, 23, 0, true},  //
    };
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        testbed_serve_peers(t, cases[i].peers, 1);
        assert_size(t, &(struct expected){service, TYPE_SRV, cases[i].edns,
                                          ANSWER_UDP, cases[i].answers,
                                          cases[i].additionals,
                                          cases[i].truncated});
    }
}

/*
 * RFC 1035 4.1.4: a pointer reaches 16383. Whether targets are near is decided
 * for the longest question, 271 octets: those that begin before 16384 - 271 of
 * them: 18 + 51 x 315. The owners of the rest are written out: 47 octets.
 */
static void over_tcp_as_many_as_fit_go_without_tc(void **state)
{
    struct testbed *t = *state;
    static const struct {
        unsigned peers;
        unsigned answers;
        unsigned additionals;
    } cases[] = {
        {316, 316, 316},         {317, 317, 317}, {600, 600, 600},
        {1000, 1000, 316 + 200}, // 65482 - 51000 - 316 x 16 = 200 x 47 + 26
        {1283, 1283, 3},         // 65482 - 65433 = 49
        {1284, 1283, 0},         {4500, 1283, 0},
    };
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        testbed_serve_peers(t, cases[i].peers, 1);
        assert_size(t, &(struct expected){service, TYPE_SRV, 1232, ANSWER_TCP,
                                          cases[i].answers,
                                          cases[i].additionals, false});
    }
}

// Each additional record belongs to the target at the same place.
static void additionals_beyond_pointers_have_the_right_owners(void **state)
{
    struct testbed *t = *state;
    struct reply r;
    char expected[128];
    testbed_serve_peers(t, 600, 1);
    testbed_reply(t, service, TYPE_SRV, 1232, ANSWER_TCP, &r);
    for (unsigned i = 0; i < 600; i++) {
        snprintf(expected, sizeof expected, "p-%04u.%s 5 IN A 10.0.%u.%u", i,
                 service, i >> 8, i & 255);
        assert_string_equal(r.lines[REPLY_ADDITIONAL][i], expected);
        snprintf(expected, sizeof expected, "%s 5 IN SRV 0 1 1 p-%04u.%s",
                 service, i, service);
        assert_string_equal(r.lines[REPLY_ANSWER][i], expected);
    }
    reply_release(&r);
}

/*
 * The last place that a pointer may reach, below the longest question there is:
 * a port's name with labels that fill 255 octets. Targets of all residues are
 * tried, so that one begins right at the limit.
 */
static void pointers_end_at_the_limit_for_any_question(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    char d[64], domain[130], name[300];
    memset(d, 'd', 63);
    d[63] = 0;
    // 126 octets; with "svc", "one" and 52 more: 186; with "_tcp" and 64: 255
    snprintf(domain, sizeof domain, "%.63s.%.60s.", d, d);
    assert_int_equal(dns_name_parse(domain, &s.domain, NULL), 0);
    struct testbed *t = testbed_new(&s);
    snprintf(name, sizeof name, "_%.62s._tcp.%.51s.one.svc.%s", d, d, domain);
    assert_int_equal(strlen(name) + 1, 255);
    for (unsigned pad = 1; pad <= 60; pad++) {
        enum { PEERS = 90, SIZE = 16384 };
        struct reply r;
        char *words = malloc(SIZE);
        assert_non_null(words);
        size_t n =
            (size_t)snprintf(words, SIZE,
                             "one/%.51s headless slice4 port %.62s:1/tcp "
                             "end 0%.*s 10.9.9.9",
                             d, d, (int)pad, d);
        for (unsigned i = 1; i < PEERS; i++)
            n += (size_t)snprintf(words + n, SIZE - n, " end %u%.6s 10.0.0.%u",
                                  100 + i, d, i);
        testbed_serve(t, words);
        free(words);
        testbed_reply(t, name, TYPE_SRV, 0, ANSWER_TCP, &r);
        assert_int_equal(r.lines_n[REPLY_ANSWER], PEERS);
        assert_int_equal(r.lines_n[REPLY_ADDITIONAL], PEERS);
        for (unsigned i = 0; i < PEERS; i++) {
            const char *target = strrchr(r.lines[REPLY_ANSWER][i], ' ') + 1;
            size_t size = strlen(target);
            assert_memory_equal(r.lines[REPLY_ADDITIONAL][i], target, size);
        }
        reply_release(&r);
    }
    testbed_free(t);
}

// RFC 2181 5: a set is whole or not there.
static void sets_of_additionals_are_not_split(void **state)
{
    struct testbed *t = *state;
    testbed_serve_peers(t, 8, 2);
    // 408 of 470, then one pair of 32
    assert_size(
        t, &(struct expected){service, TYPE_SRV, 0, ANSWER_UDP, 8, 2, false});
    // far from the beginning: 65482 - 50490 - 632 x 16 = 51 x 94 + 86
    testbed_serve_peers(t, 990, 2);
    assert_size(t, &(struct expected){service, TYPE_SRV, 1232, ANSWER_TCP, 990,
                                      632 + 102, false});
    // a peer's own: 512 - 49 - 51 = 412 = 25 x 16 + 12
    static const char peer[] = "p-0000.db.one.svc.cluster.local.";
    testbed_serve_peers(t, 1, 25);
    assert_size(
        t, &(struct expected){peer, TYPE_SRV, 0, ANSWER_UDP, 1, 25, false});
    testbed_serve_peers(t, 1, 26);
    assert_size(t,
                &(struct expected){peer, TYPE_SRV, 0, ANSWER_UDP, 1, 0, false});
    assert_size(
        t, &(struct expected){peer, TYPE_SRV, 1232, ANSWER_UDP, 1, 26, false});
    // its addresses asked for are cut with TC: 463 = 28 x 16 + 15
    testbed_serve_peers(t, 1, 40);
    assert_size(t,
                &(struct expected){peer, TYPE_A, 0, ANSWER_UDP, 28, 0, true});
}

// What a smaller buffer holds is sent, and nothing is written behind it.
static void assert_fits(struct testbed *t, const struct testbed_query *q,
                        uint32_t size)
{
    uint8_t *buffer = malloc(size);
    struct reply r;
    char error[200] = "";

    assert_non_null(buffer);
    memcpy(buffer, q->octets, q->n);
    struct answer_job job = {
        .message = buffer,
        .query_n = (uint32_t)q->n,
        .size = size,
        .transport = ANSWER_TCP,
        .client = &(struct sockaddr_any){.v4.sin_family = AF_INET}};
    answer_batch(&t->context, &job, 1);
    assert_int_equal(job.verdict, ANSWER_SEND);
    assert_true(job.reply_n <= size);
    if (!reply_read(buffer, job.reply_n, &r, error))
        fail_msg("%s", error);
    reply_release(&r);
    free(buffer);
}

static void a_buffer_is_never_overrun(void **state)
{
    struct testbed *t = *state;
    static const uint16_t types[] = {TYPE_A, TYPE_SRV, 255, 6};
    testbed_serve_peers(t, 150, 1);
    for (size_t i = 0; i < ORD_COUNT(types); i++)
        for (int options = 0; options < 2; options++) {
            struct testbed_query q = testbed_query(service, types[i], 1232);
            const size_t opt = q.n - DNS_OPT;
            if (options) // a cookie: 8 octets in the query, 24 in the reply
                testbed_query_option(&q, opt, 10, "abcdefgh", 8);
            for (uint32_t size = (uint32_t)q.n; size < 3000; size += 7)
                assert_fits(t, &q, size);
        }
}

// --- answers that no message holds -----------------------------------------

// 4,200 A records take 67,200 octets. (65535 - 42 - 11) / 16 = 4092 fit, less
// those in whose place the extended error stands: 4 + 2 + 20 octets.
static void tcp_says_how_many_records_there_are(void **state)
{
    struct testbed *t = *state;
    struct reply r;
    testbed_serve_peers(t, 4200, 1);
    struct testbed_query q = testbed_query(service, TYPE_A, 1232);
    size_t n = testbed_send(t, &q, ANSWER_TCP, &r);
    assert_true(n <= 65535);
    assert_false(r.flags & DNS_FLAG_TC);
    assert_in_range(r.lines_n[REPLY_ANSWER], 4090, 4091);
    assert_int_equal(r.ede, 0);
    char expected[80];
    snprintf(expected, sizeof expected, "%zu of 4200 records",
             r.lines_n[REPLY_ANSWER]);
    assert_string_equal(r.ede_text, expected);
    reply_release(&r);
    // without EDNS there is no place for it, and no TC either
    q = testbed_query(service, TYPE_A, 0);
    testbed_send(t, &q, ANSWER_TCP, &r);
    assert_false(r.flags & DNS_FLAG_TC);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 4093);
    reply_release(&r);
    // over UDP it is TC that says so, as ever
    q = testbed_query(service, TYPE_A, 1232);
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_true(r.flags & DNS_FLAG_TC);
    assert_int_equal(r.ede, -1);
    reply_release(&r);
}

// SRV records that no message holds come in turns, in one order: all are seen.
static void tcp_goes_round_srv_records(void **state)
{
    struct testbed *t = *state;
    static bool seen[3000];
    unsigned n = 0;
    testbed_serve_peers(t, 3000, 1);
    for (int turn = 0; turn < 40; turn++) {
        struct reply r;
        struct testbed_query q = testbed_query(service, TYPE_SRV, 1232);
        testbed_send(t, &q, ANSWER_TCP, &r);
        assert_false(r.flags & DNS_FLAG_TC);
        assert_true(r.lines_n[REPLY_ANSWER] > 1000);
        assert_int_equal(r.ede, 0);
        unsigned before = 0;
        for (size_t i = 0; i < r.lines_n[REPLY_ANSWER]; i++) {
            unsigned peer;
            const char *p = strstr(r.lines[REPLY_ANSWER][i], " p-");
            assert_non_null(p);
            assert_int_equal(sscanf(p, " p-%u.", &peer), 1);
            assert_true(peer < 3000);
            if (i > 0)
                assert_int_equal(peer, (before + 1) % 3000);
            before = peer;
            n += !seen[peer];
            seen[peer] = true;
        }
        reply_release(&r);
    }
    assert_int_equal(n, 3000);
}

#define test(f)                                                                \
    cmocka_unit_test_setup_teardown(f, testbed_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(addresses_are_cut_where_the_arithmetic_says),
        test(the_largest_udp_size_is_a_setting),
        test(ipv6_addresses_are_cut_likewise),
        test(additionals_are_dropped_first),
        test(over_tcp_as_many_as_fit_go_without_tc),
        test(additionals_beyond_pointers_have_the_right_owners),
        cmocka_unit_test(pointers_end_at_the_limit_for_any_question),
        test(sets_of_additionals_are_not_split),
        test(a_buffer_is_never_overrun),
        test(tcp_says_how_many_records_there_are),
        test(tcp_goes_round_srv_records),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
