// SPDX-License-Identifier: Apache-2.0
// From query octets to reply octets: headers, EDNS, order, batches, counters.
// How much goes into a reply: test_answer_size.c.
#include "lib/fault.h"
#include "lib/reply.h"
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { QUERY_SIZE = 600, TYPE_A = 1, TYPE_AAAA = 28, TYPE_SRV = 33 };

static int set_up(void **state)
{
    struct testbed *t = testbed_new(NULL);
    testbed_put(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1 "
                   "end b 10.0.0.2 end c 10.0.0.3 end d 10.0.0.4");
    testbed_put(t, "one/web ip 10.96.0.1 port p:1/tcp slice6 end a fd00::1");
    testbed_serve(t, "one/ext external db.example.org");
    *state = t;
    return 0;
}

static const char service[] = "db.one.svc.cluster.local.";

// --- headers ---------------------------------------------------------------

// RFC 6895 2.1: RD is copied; AA is ours; TC, RA, Z, AD and CD stay clear.
static void flags_are_what_they_have_to_be(void **state)
{
    struct testbed *t = *state;
    static const uint16_t types[] = {TYPE_A, TYPE_SRV, 16};
    static const char *const names[] = {service, "no.svc.cluster.local.",
                                        "svc.cluster.local.",
                                        "1.0.0.10.in-addr.arpa."};
    for (unsigned i = 0; i < ORD_COUNT(names); i++)
        for (unsigned k = 0; k < ORD_COUNT(types); k++)
            for (unsigned bits = 0; bits < 256; bits++) {
                struct testbed_query q = testbed_query(names[i], types[k], 0);
                struct reply r;
                // AA, TC, RD; RA, Z, AD, CD and an RCODE
                q.octets[2] = (uint8_t)(bits & 7);
                q.octets[3] = (uint8_t)(bits >> 3 << 3 | 5);
                testbed_send(t, &q, ANSWER_UDP, &r);
                assert_int_equal(r.flags & 0xfff0,
                                 0x8400 | (bits & 1 ? 0x0100 : 0));
                assert_true(r.rcode == 0 || r.rcode == 3);
                reply_release(&r);
            }
}

static void responses_and_scraps_are_dropped(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = testbed_query(service, TYPE_A, 1232);
    q.octets[2] |= 0x80;
    assert_int_equal(testbed_answer(t, q.octets, q.n, ANSWER_UDP, t->message),
                     0);
    q.octets[2] |= 0x28;
    assert_int_equal(testbed_answer(t, q.octets, q.n, ANSWER_TCP, t->message),
                     0);
    q = testbed_query(service, TYPE_A, 1232);
    for (size_t n = 0; n < 12; n++)
        assert_int_equal(testbed_answer(t, q.octets, n, ANSWER_UDP, t->message),
                         0);
    assert_int_equal(counter_read(&t->context.counters.dropped), 14);
}

// RFC 1035 4.1.1: the opcode is copied; RFC 8906 3.1.4: NOTIMP, not silence.
static void other_opcodes_are_not_implemented(void **state)
{
    struct testbed *t = *state;
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        struct testbed_query q = testbed_query(service, TYPE_A, 1232);
        struct reply r;
        q.octets[2] = (uint8_t)(opcode << 3 | 1);
        testbed_send(t, &q, ANSWER_UDP, &r);
        assert_int_equal(r.flags, 0x8104 | opcode << 11);
        assert_string_equal(r.question, "");
        reply_release(&r);
    }
}

static void what_cannot_be_read_is_a_format_error(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = testbed_query(service, TYPE_A, 1232);
    struct reply r;
    // no question can be told: just a header
    q.octets[5] = 0;
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.flags, 0x8001);
    assert_string_equal(r.question, "");
    assert_false(r.has_opt);
    reply_release(&r);
    q.octets[5] = 2;
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.flags, 0x8001);
    reply_release(&r);
    // the question is read, what follows is not: it comes back
    q.octets[5] = 1;
    q.octets[q.n++] = 0;
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.flags, 0x8001);
    assert_string_equal(r.question, "db.one.svc.cluster.local. IN A");
    reply_release(&r);
}

// RFC 6891 6.1.3: the code's upper bits are in the OPT record, version 0.
static void later_versions_of_edns_are_bad(void **state)
{
    struct testbed *t = *state;
    for (unsigned version = 1; version < 256; version += 127) {
        struct testbed_query q = testbed_query(service, TYPE_A, 1232);
        struct reply r;
        q.octets[q.n - 5] = (uint8_t)version;
        testbed_send(t, &q, ANSWER_UDP, &r);
        assert_int_equal(r.rcode, 16);
        assert_int_equal(r.flags, 0x8000);
        assert_string_equal(r.question, "db.one.svc.cluster.local. IN A");
        assert_int_equal(r.lines_n[REPLY_ANSWER], 0);
        reply_release(&r);
    }
}

static void what_is_not_ours_is_refused(void **state)
{
    struct testbed *t = *state;
    static const struct {
        const char *name;
        uint16_t type;
        uint16_t class;
    } cases[] = {
        {"version.bind.", 16, 3},   {service, TYPE_A, 3},
        {service, TYPE_A, 255},     {service, TYPE_A, 0},
        {"example.org.", 1, 1},     {".", 2, 1},
        {"cluster.local.", 252, 1}, {"cluster.local.", 251, 1},
        {"local.", 6, 1},
    };
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        struct testbed_query q =
            testbed_query(cases[i].name, cases[i].type, 1232);
        struct reply r;
        q.octets[q.n - 11 - 1] = (uint8_t)cases[i].class;
        testbed_send(t, &q, ANSWER_UDP, &r);
        assert_int_equal(r.flags, 0x8005);
        assert_true(r.question[0]);
        assert_true(r.has_opt);
        reply_release(&r);
    }
}

// --- EDNS ------------------------------------------------------------------

// RFC 6891 7: no OPT where none was asked for. RFC 3225 3: DO is repeated.
static void edns_is_answered_with_edns(void **state)
{
    struct testbed *t = *state;
    static const char *const names[] = {service, "no.svc.cluster.local.",
                                        "example.org."};
    for (size_t i = 0; i < ORD_COUNT(names); i++) {
        struct reply r;
        struct testbed_query q = testbed_query(names[i], TYPE_A, 0);
        testbed_send(t, &q, ANSWER_UDP, &r);
        assert_false(r.has_opt);
        reply_release(&r);
        q = testbed_query(names[i], TYPE_A, 4096);
        testbed_send(t, &q, ANSWER_UDP, &r);
        assert_true(r.has_opt);
        assert_false(r.dnssec_ok);
        assert_int_equal(r.opt_size, 1232);
        reply_release(&r);
        // all flags but DO are unknown (RFC 6891 6.1.4)
        q.octets[q.n - 4] = 0xff;
        q.octets[q.n - 3] = 0xff;
        testbed_send(t, &q, ANSWER_UDP, &r);
        assert_true(r.dnssec_ok);
        reply_release(&r);
        // options that nobody knows are ignored (RFC 6891 6.1.2)
        static const uint8_t option[] = {0xfd, 0xe9, 0, 3, 1, 2, 3};
        q.octets[q.n - 1] = sizeof option;
        memcpy(q.octets + q.n, option, sizeof option);
        q.n += sizeof option;
        testbed_send(t, &q, ANSWER_UDP, &r);
        assert_true(r.has_opt && r.dnssec_ok);
        assert_true(r.rcode != 1);
        reply_release(&r);
    }
}

static void before_the_first_load_it_says_why(void **state)
{
    (void)state;
    struct testbed *t = testbed_new(NULL);
    struct reply r;
    testbed_reply(t, service, TYPE_A, 1232, ANSWER_UDP, &r);
    assert_int_equal(r.rcode, 2);
    assert_int_equal(r.flags & 0x0400, 0);
    assert_int_equal(r.ede, 14);
    assert_string_equal(r.ede_text,
                        "the first load of the zone is not complete");
    reply_release(&r);
    testbed_reply(t, service, TYPE_A, 0, ANSWER_UDP, &r);
    assert_int_equal(r.rcode, 2);
    reply_release(&r);
    testbed_free(t);
}

// --- order -----------------------------------------------------------------

static void each_address_comes_first_about_equally_often(void **state)
{
    struct testbed *t = *state;
    enum { TURNS = 4000 };
    unsigned first[4] = {0};
    for (int i = 0; i < TURNS; i++) {
        struct reply r;
        unsigned last;
        testbed_reply(t, service, TYPE_A, 1232, ANSWER_UDP, &r);
        assert_int_equal(r.lines_n[REPLY_ANSWER], 4);
        // the others follow in their circle
        for (int k = 0; k < 4; k++) {
            const char *dot = strrchr(r.lines[REPLY_ANSWER][k], '.');
            unsigned octet = (unsigned)atoi(dot + 1);
            if (k == 0)
                first[octet - 1]++;
            else
                assert_int_equal(octet, last % 4 + 1);
            last = octet;
        }
        reply_release(&r);
    }
    for (int k = 0; k < 4; k++)
        assert_in_range(first[k], TURNS / 4 - TURNS / 50,
                        TURNS / 4 + TURNS / 50);
}

// A cut answer, too, begins anywhere: nobody is left out for ever.
static void a_cut_answer_gives_everyone_a_turn(void **state)
{
    struct testbed *t = *state;
    enum { PEERS = 100 };
    unsigned seen[PEERS] = {0};
    testbed_serve_peers(t, PEERS, 1);
    for (int i = 0; i < 1000; i++) {
        struct reply r;
        testbed_reply(t, service, TYPE_A, 0, ANSWER_UDP, &r);
        for (size_t k = 0; k < r.lines_n[REPLY_ANSWER]; k++) {
            const char *dot = strrchr(r.lines[REPLY_ANSWER][k], '.');
            seen[atoi(dot + 1)]++;
        }
        reply_release(&r);
    }
    // 290 times each
    for (int i = 0; i < PEERS; i++)
        assert_in_range(seen[i], 250, 330);
}

static void srv_records_keep_their_order(void **state)
{
    struct testbed *t = *state;
    char first[2000];
    snprintf(first, sizeof first, "%s", testbed_ask(t, "db.one", "SRV"));
    for (int i = 0; i < 20; i++)
        assert_answer(t, "db.one", "SRV", first);
}

// RFC 4343, RFC 1035 2.3.3: the question's letters come back, and owners with
// them.
static void the_case_of_the_question_is_kept(void **state)
{
    struct testbed *t = *state;
    struct reply r;
    testbed_reply(t, "dB.oNe.sVc.CLUSTER.locaL.", TYPE_A, 1232, ANSWER_UDP, &r);
    assert_string_equal(r.question, "dB.oNe.sVc.CLUSTER.locaL. IN A");
    assert_int_equal(strncmp(r.lines[REPLY_ANSWER][0],
                             "dB.oNe.sVc.CLUSTER.locaL. 5 IN A 10.0.0.", 39),
                     0);
    reply_release(&r);
    testbed_reply(t, "No.oNe.sVc.CLUSTER.locaL.", TYPE_A, 1232, ANSWER_UDP, &r);
    assert_int_equal(strncmp(r.lines[REPLY_AUTHORITY][0],
                             "CLUSTER.locaL. 1 IN SOA ns.dns.CLUSTER.locaL. ",
                             46),
                     0);
    reply_release(&r);
}

// --- batches, counters, memory ---------------------------------------------

enum { BATCH = 32 };

// Queries of all kinds.
static void mixed_query(struct testbed *t, unsigned i, struct testbed_query *q)
{
    static const char *const names[] = {
        service,
        "a.db.one.svc.cluster.local.",
        "_p._tcp.db.one.svc.cluster.local.",
        "x.db.one.svc.cluster.local.",
        "cluster.local.",
        "1.0.0.10.in-addr.arpa.",
        "0.10.in-addr.arpa.",
        "web.one.svc.cluster.local.",
        "ext.one.svc.cluster.local.",
        "example.org.",
        "ns.dns.cluster.local.",
        "one.svc.cluster.local.",
        "dns-version.cluster.local.",
    };
    static const uint16_t types[] = {TYPE_A, TYPE_SRV, 12, 6,  TYPE_AAAA,
                                     16,     255,      2,  252};
    (void)t;
    *q = testbed_query(names[i % ORD_COUNT(names)],
                       types[i / 3 % ORD_COUNT(types)],
                       i % 4 ? (uint16_t)(i % 4 * 600) : 0);
    if (i % 17 == 5)
        q->octets[2] |= 0x80;
    if (i % 17 == 6)
        q->octets[2] |= 0x10;
    if (i % 17 == 7)
        q->n -= 1;
    if (i % 17 == 8 && i % 4)
        q->octets[q->n - 5] = 1;
}

static void prepare_jobs(struct testbed *t, unsigned seed,
                         struct answer_job jobs[BATCH], uint8_t *buffers)
{
    for (unsigned i = 0; i < BATCH; i++) {
        struct testbed_query q;
        mixed_query(t, seed + i, &q);
        jobs[i] = (struct answer_job){
            .message = buffers + (size_t)i * 4096,
            .query_n = (uint32_t)q.n,
            .size = 4096,
            .transport = i % 5 ? ANSWER_UDP : ANSWER_TCP,
        };
        memset(jobs[i].message, 0, 4096);
        memcpy(jobs[i].message, q.octets, q.n);
    }
}

static void a_batch_answers_as_single_messages_do(void **state)
{
    struct testbed *t = *state;
    struct answer_job together[BATCH], alone[BATCH];
    uint8_t *buffers = malloc(2 * BATCH * 4096);
    assert_non_null(buffers);
    struct answer_context other = t->context;
    for (unsigned seed = 0; seed < 4000; seed += 29) {
        prepare_jobs(t, seed, together, buffers);
        prepare_jobs(t, seed, alone, buffers + BATCH * 4096);
        answer_batch(&t->context, together, BATCH);
        for (unsigned i = 0; i < BATCH; i++)
            answer_batch(&other, &alone[i], 1);
        for (unsigned i = 0; i < BATCH; i++) {
            assert_int_equal(together[i].verdict, alone[i].verdict);
            if (alone[i].verdict != ANSWER_SEND)
                continue;
            assert_int_equal(together[i].reply_n, alone[i].reply_n);
            assert_memory_equal(together[i].message, alone[i].message,
                                alone[i].reply_n);
        }
    }
    answer_batch(&t->context, together, 0);
    assert_memory_equal(&t->context.counters, &other.counters,
                        sizeof other.counters);
    free(buffers);
}

static void answering_allocates_nothing(void **state)
{
    struct testbed *t = *state;
    struct answer_job jobs[BATCH];
    uint8_t *buffers = malloc(BATCH * 4096);
    assert_non_null(buffers);
    for (unsigned seed = 0; seed < 4000; seed += 29) {
        prepare_jobs(t, seed, jobs, buffers);
        unsigned long before = fault_alloc_count();
        fault_alloc_after(1);
        answer_batch(&t->context, jobs, BATCH);
        fault_alloc_after(-1);
        assert_int_equal(fault_alloc_count(), before);
    }
    free(buffers);
}

static void counters_tell_what_was_done(void **state)
{
    struct testbed *t = *state;
    const struct answer_counters *c = &t->context.counters;
    struct reply r;
    struct testbed_query q = testbed_query(service, TYPE_A, 1232);
    q.octets[2] = 0x80;
    testbed_answer(t, q.octets, q.n, ANSWER_UDP, t->message);
    testbed_reply(t, service, TYPE_A, 0, ANSWER_TCP, &r);
    reply_release(&r);
    testbed_reply(t, "no.svc.cluster.local.", TYPE_A, 0, ANSWER_UDP, &r);
    reply_release(&r);
    testbed_reply(t, "example.org.", TYPE_A, 0, ANSWER_UDP, &r);
    reply_release(&r);
    q = testbed_query(service, TYPE_A, 1232);
    q.octets[q.n - 5] = 1;
    testbed_answer(t, q.octets, q.n, ANSWER_UDP, t->message);
    testbed_serve_peers(t, 100, 1);
    testbed_reply(t, service, TYPE_A, 0, ANSWER_UDP, &r);
    reply_release(&r);
    assert_int_equal(counter_read(&c->queries[ANSWER_UDP]), 5);
    assert_int_equal(counter_read(&c->queries[ANSWER_TCP]), 1);
    assert_int_equal(counter_read(&c->replies[0]), 2);
    assert_int_equal(counter_read(&c->replies[3]), 1);
    assert_int_equal(counter_read(&c->replies[5]), 1);
    assert_int_equal(counter_read(&c->replies[16]), 1);
    assert_int_equal(counter_read(&c->truncated), 1);
    assert_int_equal(counter_read(&c->dropped), 1);
}

#define test(f) cmocka_unit_test_setup_teardown(f, set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(flags_are_what_they_have_to_be),
        test(responses_and_scraps_are_dropped),
        test(other_opcodes_are_not_implemented),
        test(what_cannot_be_read_is_a_format_error),
        test(later_versions_of_edns_are_bad),
        test(what_is_not_ours_is_refused),
        test(edns_is_answered_with_edns),
        cmocka_unit_test(before_the_first_load_it_says_why),
        test(each_address_comes_first_about_equally_often),
        test(a_cut_answer_gives_everyone_a_turn),
        test(srv_records_keep_their_order),
        test(the_case_of_the_question_is_kept),
        test(a_batch_answers_as_single_messages_do),
        test(answering_allocates_nothing),
        test(counters_tell_what_was_done),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
