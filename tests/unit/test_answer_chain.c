// SPDX-License-Identifier: Apache-2.0
// Aliases (K8S-DNS 2.5) and what they lead to: RFC 1034 3.6.2 and 4.3.2,
// RFC 2308 2.1, RFC 6604.
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
    TYPE_A = 1,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_PTR = 12,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
    TYPE_SRV = 33,
    TYPE_ANY = 255,
};

#define Z "cluster.local."

static int set_up(void **state)
{
    struct testbed *t = testbed_new(NULL);
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1 "
                   "end b 10.0.0.2");
    testbed_put(t, "one/six headless slice6 end a fd00::1");
    testbed_put(t, "one/web ip 10.96.0.1 port http:80/tcp");
    testbed_put(t, "one/to-db external db.one.svc.cluster.local");
    testbed_put(t, "one/to-Case external DB.One.svc.Cluster.Local");
    testbed_put(t, "one/to-a external a.db.one.svc.cluster.local");
    testbed_put(t, "one/to-port external _p._tcp.db.one.svc.cluster.local");
    testbed_put(t, "one/to-six external six.one.svc.cluster.local");
    testbed_put(t, "one/to-no external no.one.svc.cluster.local");
    testbed_put(t, "one/to-out external db.example.org");
    testbed_put(t, "one/to-apex external cluster.local");
    testbed_put(t, "one/to-arpa external 1.0.0.10.in-addr.arpa");
    testbed_put(t, "one/self external self.one.svc.cluster.local");
    testbed_put(t, "one/tick external tock.one.svc.cluster.local");
    testbed_put(t, "one/tock external tick.one.svc.cluster.local");
    char words[80];
    for (int i = 0; i < 12; i++) {
        snprintf(words, sizeof words,
                 "one/c%d external c%d.one.svc.cluster.local", i, i + 1);
        testbed_put(t, words);
    }
    testbed_serve(t, "one/c12 ip 10.96.0.9");
    *state = t;
    return 0;
}

struct expected {
    const char *name;
    uint16_t type;
    uint16_t rcode;
    const char *answers[13]; // in this order
    const char *soa;         // owner of the SOA in the authority section
    size_t additionals;
};

static void assert_chain(struct testbed *t, const struct expected *e)
{
    struct reply r;
    size_t n = 0;

    testbed_reply(t, e->name, e->type, 0, ANSWER_TCP, &r);
    assert_int_equal(r.rcode, e->rcode);
    assert_int_equal(r.flags & 0x8680, 0x8400); // QR, AA; no TC, no RA
    for (; e->answers[n]; n++) {
        assert_true(n < r.lines_n[REPLY_ANSWER]);
        assert_string_equal(r.lines[REPLY_ANSWER][n], e->answers[n]);
    }
    assert_int_equal(r.lines_n[REPLY_ANSWER], n);
    assert_int_equal(r.lines_n[REPLY_AUTHORITY], e->soa != NULL);
    if (e->soa) {
        char expected[200];
        snprintf(expected, sizeof expected,
                 "%s 1 IN SOA ns.dns.%s hostmaster.%s %u 7200 1800 86400 1",
                 e->soa, e->soa, e->soa, TESTBED_NOW_S);
        assert_string_equal(r.lines[REPLY_AUTHORITY][0], expected);
    }
    assert_int_equal(r.lines_n[REPLY_ADDITIONAL], e->additionals);
    reply_release(&r);
}

static void an_alias_leads_to_an_answer(void **state)
{
    struct testbed *t = *state;
    static const struct expected all[] = {
        {"to-a.one.svc." Z,
         TYPE_A,
         0,
         {"to-a.one.svc." Z " 5 IN CNAME a.db.one.svc." Z,
          "a.db.one.svc." Z " 5 IN A 10.0.0.1"},
         NULL,
         0},
        {"To-Six.one.svc." Z,
         TYPE_AAAA,
         0,
         {"To-Six.one.svc." Z " 5 IN CNAME six.one.svc." Z,
          "six.one.svc." Z " 5 IN AAAA fd00::1"},
         NULL,
         0},
        {"to-a.one.svc." Z,
         TYPE_SRV,
         0,
         {"to-a.one.svc." Z " 5 IN CNAME a.db.one.svc." Z,
          "a.db.one.svc." Z " 5 IN SRV 0 100 1 a.db.one.svc." Z},
         NULL,
         1},
        {"to-port.one.svc." Z,
         TYPE_SRV,
         0,
         {"to-port.one.svc." Z " 5 IN CNAME _p._tcp.db.one.svc." Z,
          "_p._tcp.db.one.svc." Z " 5 IN SRV 0 50 1 a.db.one.svc." Z,
          "_p._tcp.db.one.svc." Z " 5 IN SRV 0 50 1 b.db.one.svc." Z},
         NULL,
         2},
        {"to-arpa.one.svc." Z,
         TYPE_PTR,
         0,
         {"to-arpa.one.svc." Z " 5 IN CNAME 1.0.0.10.in-addr.arpa.",
          "1.0.0.10.in-addr.arpa. 5 IN PTR a.db.one.svc." Z},
         NULL,
         0},
    };
    for (unsigned i = 0; i < ORD_COUNT(all); i++)
        assert_chain(t, &all[i]);
}

// Owners of additional records point at targets: they name them.
static void additionals_belong_to_their_targets(void **state)
{
    struct testbed *t = *state;
    struct reply r;
    testbed_reply(t, "to-db.one.svc." Z, TYPE_SRV, 0, ANSWER_TCP, &r);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 3);
    assert_int_equal(r.lines_n[REPLY_ADDITIONAL], 2);
    assert_string_equal(r.lines[REPLY_ADDITIONAL][0],
                        "a.db.one.svc." Z " 5 IN A 10.0.0.1");
    assert_string_equal(r.lines[REPLY_ADDITIONAL][1],
                        "b.db.one.svc." Z " 5 IN A 10.0.0.2");
    reply_release(&r);
}

// RFC 2308 2.1: the alias stays in the answer, the SOA is the target's.
static void an_alias_without_an_answer_is_kept(void **state)
{
    struct testbed *t = *state;
    static const struct expected all[] = {
        {"to-six.one.svc." Z,
         TYPE_A,
         0,
         {"to-six.one.svc." Z " 5 IN CNAME six.one.svc." Z},
         Z,
         0},
        {"to-a.one.svc." Z,
         TYPE_TXT,
         0,
         {"to-a.one.svc." Z " 5 IN CNAME a.db.one.svc." Z},
         Z,
         0},
        {"to-no.one.svc." Z,
         TYPE_A,
         3,
         {"to-no.one.svc." Z " 5 IN CNAME no.one.svc." Z},
         Z,
         0},
        {"to-arpa.one.svc." Z,
         TYPE_A,
         0,
         {"to-arpa.one.svc." Z " 5 IN CNAME 1.0.0.10.in-addr.arpa."},
         "in-addr.arpa.",
         0},
    };
    for (unsigned i = 0; i < ORD_COUNT(all); i++)
        assert_chain(t, &all[i]);
}

static void the_apex_answers_through_an_alias(void **state)
{
    struct testbed *t = *state;
    struct reply r;
    testbed_reply(t, "to-apex.one.svc." Z, TYPE_SOA, 0, ANSWER_TCP, &r);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 2);
    assert_string_equal(r.lines[REPLY_ANSWER][1],
                        Z " 1 IN SOA ns.dns." Z " hostmaster." Z
                          " 1700000000 7200 1800 86400 1");
    reply_release(&r);
}

static void an_alias_that_leaves_is_all_there_is(void **state)
{
    struct testbed *t = *state;
    static const struct expected all[] = {
        {"to-out.one.svc." Z,
         TYPE_A,
         0,
         {"to-out.one.svc." Z " 5 IN CNAME db.example.org."},
         NULL,
         0},
        {"to-out.one.svc." Z,
         TYPE_TXT,
         0,
         {"to-out.one.svc." Z " 5 IN CNAME db.example.org."},
         NULL,
         0},
        // asked for itself, it is not followed
        {"to-a.one.svc." Z,
         TYPE_CNAME,
         0,
         {"to-a.one.svc." Z " 5 IN CNAME a.db.one.svc." Z},
         NULL,
         0},
        {"to-a.one.svc." Z,
         TYPE_ANY,
         0,
         {"to-a.one.svc." Z " 5 IN CNAME a.db.one.svc." Z},
         NULL,
         0},
        // nothing is below an alias
        {"x.to-a.one.svc." Z, TYPE_A, 3, {NULL}, Z, 0},
    };
    for (unsigned i = 0; i < ORD_COUNT(all); i++)
        assert_chain(t, &all[i]);
}

static void loops_end_with_what_was_collected(void **state)
{
    struct testbed *t = *state;
    static const struct expected all[] = {
        {"self.one.svc." Z,
         TYPE_A,
         0,
         {"self.one.svc." Z " 5 IN CNAME self.one.svc." Z},
         NULL,
         0},
        {"tick.one.svc." Z,
         TYPE_A,
         0,
         {"tick.one.svc." Z " 5 IN CNAME tock.one.svc." Z,
          "tock.one.svc." Z " 5 IN CNAME tick.one.svc." Z},
         NULL,
         0},
    };
    for (unsigned i = 0; i < ORD_COUNT(all); i++)
        assert_chain(t, &all[i]);
}

// c2 to c12 are ten aliases and an address; c1 has one alias too many.
static void ten_aliases_are_followed(void **state)
{
    struct testbed *t = *state;
    struct reply r;
    testbed_reply(t, "c2.one.svc." Z, TYPE_A, 0, ANSWER_TCP, &r);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 11);
    assert_string_equal(r.lines[REPLY_ANSWER][10],
                        "c12.one.svc." Z " 5 IN A 10.96.0.9");
    reply_release(&r);
    testbed_reply(t, "c1.one.svc." Z, TYPE_A, 0, ANSWER_TCP, &r);
    assert_int_equal(r.rcode, 0);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 10);
    assert_string_equal(r.lines[REPLY_ANSWER][9],
                        "c10.one.svc." Z " 5 IN CNAME c11.one.svc." Z);
    reply_release(&r);
}

// What does not fit is left out at a record's boundary, and TC says so.
static void a_chain_is_cut_between_records(void **state)
{
    struct testbed *t = *state;
    testbed_serve_peers(t, 60, 1);
    for (uint16_t size = 0; size <= 1232;
         size = (uint16_t)(size ? size + 1 : 512)) {
        struct reply r;
        size_t n =
            testbed_reply(t, "to-db.one.svc." Z, TYPE_A, size, ANSWER_UDP, &r);
        // 42 octets of header and question, OPT, 12 + 26 of CNAME, 16 an A
        size_t limit = size ? size : 512, before = 45 + 38 + (size ? 11 : 0);
        size_t fit = (limit - before) / 16;
        assert_true(n <= limit);
        assert_int_equal(r.lines_n[REPLY_ANSWER], 1 + (fit < 60 ? fit : 60));
        assert_int_equal((r.flags & DNS_FLAG_TC) != 0, fit < 60);
        reply_release(&r);
    }
}

// --- long names and large ends ---------------------------------------------

// 63 octets, the last of them a digit.
#define LONG_60     "x23456789-x23456789-x23456789-x23456789-x23456789-x23456789-"
#define LONG(digit) LONG_60 "xx" digit

// one/<long 1> leads to one/<long 2> and so on, the last one to the end: each
// name has 64 + 4 + 4 + 15 = 87 octets, a message with it as its question 103.
static void serve_long_chain(struct testbed *t, unsigned links, const char *end)
{
    char words[400];
    for (unsigned i = 1; i < links; i++) {
        snprintf(words, sizeof words,
                 "one/" LONG("%u") " external " LONG("%u") ".one.svc." Z, i,
                 i + 1);
        testbed_put(t, words);
    }
    snprintf(words, sizeof words, "one/" LONG("%u") " external %s", links, end);
    testbed_serve(t, words);
}

/*
 * Without EDNS there are 512 octets. Three links of 12 + 87 octets and one of
 * 12 + 15 to the apex leave 512 - 103 - 3 * 99 - 27 = 85 of them, of which an
 * SOA record takes 54; a link of 12 + 25 more leaves 48. That it has no room is
 * not the same as that there is none.
 */
static void an_soa_that_does_not_fit_is_cut(void **state)
{
    struct testbed *t = *state;
    static const char asked[] = LONG("1") ".one.svc." Z;
    testbed_put(t, "one/s external " Z);
    for (int fits = 0; fits < 2; fits++) {
        struct reply r;
        serve_long_chain(t, 4, fits ? Z : "s.one.svc." Z);
        testbed_reply(t, asked, TYPE_SOA, 0, ANSWER_UDP, &r);
        assert_int_equal(r.rcode, 0);
        assert_int_equal((r.flags & DNS_FLAG_TC) != 0, !fits);
        assert_int_equal(r.lines_n[REPLY_ANSWER], 5);
        reply_release(&r);
        // the SOA of a negative answer likewise
        testbed_reply(t, asked, TYPE_TXT, 0, ANSWER_UDP, &r);
        assert_int_equal((r.flags & DNS_FLAG_TC) != 0, !fits);
        assert_int_equal(r.lines_n[REPLY_ANSWER], fits ? 4 : 5);
        assert_int_equal(r.lines_n[REPLY_AUTHORITY], fits);
        reply_release(&r);
    }
}

// Of 1 + 5000 records (65535 - 45 - 38 - 11 - 28) / 16 = 4088 addresses fit
// behind the alias, beside OPT and the extended error.
static void an_extended_error_counts_aliases_too(void **state)
{
    struct testbed *t = *state;
    struct reply r;
    testbed_serve_peers(t, 5000, 1);
    testbed_reply(t, "to-db.one.svc." Z, TYPE_A, 1232, ANSWER_TCP, &r);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 1 + 4088);
    assert_int_equal(r.ede, 0);
    assert_string_equal(r.ede_text, "4089 of 5001 records");
    reply_release(&r);
}

// Each target's address is told under its name, or none is: a pointer reaches
// only 16 KiB, and there may be aliases before the targets.
static void additionals_behind_aliases_have_their_targets_names(void **state)
{
    struct testbed *t = *state;
    static const char asked[] = LONG("1") ".one.svc." Z;
    // an SRV record has 12 + 6 + 7 + 26 octets, and (16384 - 103 - 4 * 99 - 38)
    // / 51 = 310.7
    static const unsigned peers[] = {1, 200, 309, 310, 311, 312, 400};
    serve_long_chain(t, 5, "db.one.svc." Z);
    for (size_t k = 0; k < ORD_COUNT(peers); k++) {
        const unsigned n = peers[k];
        char expected[100];
        struct reply r;
        testbed_serve_peers(t, n, 1);
        testbed_reply(t, asked, TYPE_SRV, 1232, ANSWER_TCP, &r);
        assert_int_equal(r.lines_n[REPLY_ANSWER], 5 + n);
        assert_int_equal(r.lines_n[REPLY_ADDITIONAL], n <= 310 ? n : 0);
        for (unsigned i = 0; i < r.lines_n[REPLY_ADDITIONAL]; i++) {
            snprintf(expected, sizeof expected,
                     "p-%04u.db.one.svc." Z " 5 IN A 10.0.%u.%u", i, i >> 8,
                     i & 255);
            assert_string_equal(r.lines[REPLY_ADDITIONAL][i], expected);
        }
        reply_release(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_alias_leads_to_an_answer, set_up,
                                        testbed_tear_down),
        cmocka_unit_test_setup_teardown(additionals_belong_to_their_targets,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(an_alias_without_an_answer_is_kept,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(the_apex_answers_through_an_alias,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(an_alias_that_leaves_is_all_there_is,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(loops_end_with_what_was_collected,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(ten_aliases_are_followed, set_up,
                                        testbed_tear_down),
        cmocka_unit_test_setup_teardown(a_chain_is_cut_between_records, set_up,
                                        testbed_tear_down),
        cmocka_unit_test_setup_teardown(an_soa_that_does_not_fit_is_cut, set_up,
                                        testbed_tear_down),
        cmocka_unit_test_setup_teardown(an_extended_error_counts_aliases_too,
                                        set_up, testbed_tear_down),
        cmocka_unit_test_setup_teardown(
            additionals_behind_aliases_have_their_targets_names, set_up,
            testbed_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
