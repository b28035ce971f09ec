// SPDX-License-Identifier: Apache-2.0
// What a client gets of an upstream's reply, message by message.
#include "answer/forward.h"

#include "lib/passage.h"
#include "lib/reply.h"
#include "lib/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// The same where none came.
static size_t fail_with(struct testbed *t, const struct testbed_query *q,
                        enum reason_code why, const char *text,
                        uint8_t out[PASSAGE_SIZE])
{
    memcpy(out, q->octets, q->n);
    struct answer_job job =
        passage_job(out, q->n, passage_size(t, q, ANSWER_UDP), ANSWER_UDP);
    answer_unforwarded(&t->context, &job, why, span_of_text(text));
    assert_int_equal(job.verdict, ANSWER_SEND);
    return job.reply_n;
}

// --- what the client gets --------------------------------------------------
static void a_reply_goes_on_as_it_came(void **state)
{
    struct testbed *t = *state;
    uint8_t out[PASSAGE_SIZE];
    struct message m;
    struct testbed_query q = passage_query("dB.Example.orG", TYPE_A, 0);

    message_sections(&m);
    const size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
    assert_int_equal(n, m.n);
    assert_memory_equal(out, "\xbe\xef\x81\x80\0\1\0\2\0\1\0\1", 12);
    assert_memory_equal(out + 12, q.octets + 12, 20); // its letters
    assert_memory_equal(out + 32, m.octets + 32, m.n - 32);
}

static void opt_is_between_the_client_and_us(void **state)
{
    struct testbed *t = *state;
    uint8_t out[PASSAGE_SIZE];
    struct message m;

    for (unsigned dnssec_ok = 0; dnssec_ok < 2; dnssec_ok++) {
        struct testbed_query q = passage_query("db.example.org", TYPE_A, 1400);
        q.octets[q.n - 4] = (uint8_t)(dnssec_ok << 7);
        message_sections(&m);
        const size_t end = m.n;
        message_opt(&m, "\0\x0a\0\1x\0\3\0\1x\0\x0c\0\2\0\0", 16);
        m.octets[11]++;
        m.octets[end + 7] = 0x80; // DO of the upstream
        const size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
        assert_int_equal(n, end + 11);
        assert_int_equal(out[11], 2);
        assert_memory_equal(out + 32, m.octets + 32, end - 32);
        const uint8_t opt[] = {0,
                               0,
                               41,
                               UDP_MAX >> 8,
                               UDP_MAX & 255,
                               0,
                               0,
                               (uint8_t)(dnssec_ok << 7),
                               0,
                               0,
                               0};
        assert_memory_equal(out + end, opt, sizeof opt);
        // without one in the query there is none
        q = passage_query("db.example.org", TYPE_A, 0);
        assert_int_equal(passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out),
                         end);
        assert_int_equal(out[11], 1);
        assert_memory_equal(out + 32, m.octets + 32, end - 32);
    }
}

// It is taken out from between other records, whose pointers follow.
static void opt_may_stand_between_records(void **state)
{
    struct testbed *t = *state;
    uint8_t out[PASSAGE_SIZE];
    struct message m;
    struct reply r;
    struct testbed_query q = passage_query("db.example.org", TYPE_A, 0);

    message_begin(&m, TYPE_A, 0, 0, 4);
    MESSAGE_RECORD(&m, "\1a\xc0\x0c", TYPE_A, "\x0a\0\0\1"); // "a" at 32
    message_opt(&m, "\0\x0f\0\2\0\0", 6);                    // 50 to 67
    MESSAGE_RECORD(&m, "\1b\xc0\x20", TYPE_A, "\x0a\0\0\2"); // "b" at 67
    MESSAGE_RECORD(&m, "\1c\xc0\x43", TYPE_CNAME, "\xc0\x20");
    const size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
    assert_int_equal(n, m.n - 17);
    passage_read(out, n, &r);
    assert_false(r.has_opt);
    assert_int_equal(r.lines_n[REPLY_ADDITIONAL], 3);
    assert_string_equal(r.lines[REPLY_ADDITIONAL][0],
                        "a.db.example.org. 60 IN A 10.0.0.1");
    assert_string_equal(r.lines[REPLY_ADDITIONAL][1],
                        "b.a.db.example.org. 60 IN A 10.0.0.2");
    assert_string_equal(r.lines[REPLY_ADDITIONAL][2],
                        "c.b.a.db.example.org. 60 IN CNAME "
                        "a.db.example.org.");
    reply_release(&r);
}

// All but the opcode, which is QUERY's, and RD, which is the client's.
static void flags_are_the_upstreams(void **state)
{
    struct testbed *t = *state;
    uint8_t out[PASSAGE_SIZE];
    struct message m;
    struct testbed_query q = passage_query("db.example.org", TYPE_A, 0);

    for (unsigned bit = 0x0010; bit <= 0x0400; bit <<= 1)
        for (unsigned rd = 0; rd <= RD; rd += RD) {
            message_sections(&m);
            q.octets[2] = (uint8_t)(rd >> 8);
            message_set_u16(&m, 2, QR | bit);
            (void)passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
            assert_int_equal(out[2] << 8 | out[3],
                             QR | rd | (bit == RD ? 0 : bit));
        }
}

// RFC 6891 6.1.3, and RFC 6895 2.3 for the numbers.
static void rcodes_are_the_upstreams(void **state)
{
    struct testbed *t = *state;
    static const unsigned rcodes[] = {0, 1, 3, 5, 15, 16, 17, 23, 4095};
    uint8_t out[PASSAGE_SIZE];
    struct message m;
    struct reply r;

    for (size_t i = 0; i < ORD_COUNT(rcodes); i++) {
        const unsigned rcode = rcodes[i];
        struct answer_counters *counters = &t->context.counters;
        message_begin(&m, TYPE_A, 0, 0, 1);
        message_opt(&m, "", 0);
        message_set_u16(&m, 2, QR | rcode % 16);
        m.octets[m.n - 6] = (uint8_t)(rcode / 16);
        for (unsigned edns = 0; edns < 2; edns++) {
            const unsigned expected = edns || rcode < 16 ? rcode : SERVFAIL;
            struct counter *counter =
                &counters->replies[expected < 17 ? expected : 17];
            const uint64_t before = counter_read(counter);
            struct testbed_query q =
                passage_query("db.example.org", TYPE_A, edns * 1232);
            const size_t n =
                passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
            passage_read(out, n, &r);
            assert_int_equal(r.rcode, expected);
            assert_int_equal(r.has_opt, edns);
            assert_int_equal(counter_read(counter), before + 1);
            reply_release(&r);
        }
    }
}

// Errors (RFC 8914) and the client subnet (RFC 7871) are about the answer, the
// others about the way.
static void options_about_the_answer_go_through(void **state)
{
    struct testbed *t = *state;
    static const uint8_t options[] = "\0\x0f\0\5\0\6sig"
                                     "\0\x0a\0\1x"
                                     "\0\x08\0\7\0\1\x18\x10\xc0\0\2"
                                     "\0\x0f\0\2\0\x16"
                                     "\0\x08\0\4\0\1\0\0"
                                     "\0\3\0\2up"
                                     "\0\x0f\0\1x";
    static const uint8_t expected[] = "\0\x08\0\7\0\1\x18\x10\xc0\0\2"
                                      "\0\x0f\0\5\0\6sig"
                                      "\0\x0f\0\2\0\x16";
    uint8_t out[PASSAGE_SIZE];
    struct message m;
    struct testbed_query q = passage_query("db.example.org", TYPE_A, 1232);

    message_sections(&m);
    const size_t end = m.n;
    message_opt(&m, options, sizeof options - 1);
    m.octets[11]++;
    const size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
    assert_int_equal(n, end + 11 + sizeof expected - 1);
    assert_int_equal(out[end + 9] << 8 | out[end + 10], sizeof expected - 1);
    assert_memory_equal(out + end + 11, expected, sizeof expected - 1);
}

// Errors go to anyone, in anyone's name: three times what was asked, as far as
// it is ours to say; our own options have their room.
static void errors_of_upstreams_stay_short(void **state)
{
    struct testbed *t = *state;
    uint8_t out[PASSAGE_SIZE], text[4 + 2 + 200] = "\0\x0f\0\xca\0\6";
    struct message m;
    struct reply r;
    size_t size;

    memset(text + 6, 'x', sizeof text - 6);
    for (unsigned records = 0; records < 40; records++) {
        struct testbed_query q = passage_query("db.example.org", TYPE_A, 1232);
        testbed_query_option(&q, q.n - 11, 10, "clientck", 8);
        message_begin(&m, TYPE_A, records, 0, 1);
        message_set_u16(&m, 2, QR | 6);
        for (unsigned i = 0; i < records; i++)
            MESSAGE_RECORD(&m, QUESTION, TYPE_A, "\x0a\0\0\1");
        message_opt(&m, text, sizeof text);
        const size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
        // header, question, records, OPT, cookie
        const size_t before = 32 + (size_t)16 * records + 11 + 28;
        assert_true(reply_read(out, n, &r, (char[200]){0}));
        assert_int_equal(r.lines_n[REPLY_ANSWER], records);
        assert_non_null(reply_option(&r, 10, &size));
        assert_int_equal(size, 24);
        assert_string_equal(r.ede_text, "");
        assert_int_equal(r.ede, before + 6 <= 3 * q.n ? 6 : -1);
        assert_int_equal(n, before + (before + 6 <= 3 * q.n ? 6 : 0));
        reply_release(&r);
    }
}

// Before the upstream's.
static void our_own_options_are_in_a_forwarded_reply(void **state)
{
    struct testbed *t = *state;
    uint8_t out[PASSAGE_SIZE];
    struct message m;
    struct reply r;
    size_t size;
    struct testbed_query q = passage_query("db.example.org", TYPE_A, 1232);
    const size_t opt = q.n - 11;

    t->context.settings.identity = span_of_text("here");
    t->context.settings.tcp_idle_ds = 100;
    testbed_query_option(&q, opt, 3, "", 0);
    testbed_query_option(&q, opt, 10, "clientck", 8);
    testbed_query_option(&q, opt, 11, "", 0);
    message_sections(&m);
    message_opt(&m, "\0\x0f\0\5\0\6sig", 9);
    m.octets[11]++;
    const size_t n = passage_reply(t, &q, ANSWER_TCP, m.octets, m.n, out);
    passage_read(out, n, &r);
    assert_memory_equal(reply_option(&r, 3, &size), "here", 4);
    assert_int_equal(size, 4);
    assert_memory_equal(reply_option(&r, 10, &size), "clientck", 8);
    assert_int_equal(size, 24);
    assert_memory_equal(reply_option(&r, 11, &size), "\0\x64", 2);
    assert_int_equal(r.ede, 6);
    assert_string_equal(r.ede_text, "sig");
    reply_release(&r);
}

// --- aliases ---------------------------------------------------------------

static void aliases_stand_before_what_they_lead_to(void **state)
{
    struct testbed *t = *state;
    uint8_t out[PASSAGE_SIZE];
    struct message m;
    struct reply r;
    struct testbed_query q = passage_query("FAR.one.svc." Z, TYPE_A, 1232);

    message_sections(&m);
    message_opt(&m, "\0\x0f\0\2\0\6", 6);
    m.octets[11]++;
    message_set_u16(&m, 2, QR | RD | RA | AD | CD | 3);
    const size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
    passage_read(out, n, &r);
    // the first owner is ours, and nobody has proved it
    assert_int_equal(r.flags, QR | AA | RD | RA | CD | 3);
    assert_int_equal(r.rcode, 3);
    assert_int_equal(r.ede, 6);
    assert_string_equal(r.question, "FAR.one.svc." Z " IN A");
    assert_int_equal(r.lines_n[REPLY_ANSWER], 4);
    assert_string_equal(r.lines[REPLY_ANSWER][0],
                        "FAR.one.svc." Z " 5 IN CNAME out.one.svc." Z);
    assert_string_equal(r.lines[REPLY_ANSWER][1],
                        "out.one.svc." Z " 5 IN CNAME Db.Example.org.");
    assert_string_equal(r.lines[REPLY_ANSWER][2],
                        "Db.Example.org. 60 IN CNAME Pri.Example.org.");
    assert_string_equal(r.lines[REPLY_ANSWER][3],
                        "Pri.Example.org. 60 IN A 10.0.0.1");
    assert_int_equal(r.lines_n[REPLY_AUTHORITY], 1);
    assert_string_equal(r.lines[REPLY_AUTHORITY][0],
                        "Example.org. 60 IN NS ns.Example.org.");
    assert_int_equal(r.lines_n[REPLY_ADDITIONAL], 1);
    assert_string_equal(r.lines[REPLY_ADDITIONAL][0],
                        "ns.Example.org. 60 IN A 10.0.0.2");
    reply_release(&r);
    // as short as they were: two links of 12 octets and their targets more, and
    // the question's own difference
    assert_int_equal(n, m.n + 2 * 12 + 25 + 2 + 16 + (25 + 2 - 16));
}

// Octets that are no name, but were pointed at: they do not move as names do.
static void names_in_octets_are_written_out(void **state)
{
    struct testbed *t = *state;
    uint8_t out[PASSAGE_SIZE];
    struct message m;
    struct wire up, down;
    struct testbed_query q = passage_query("out.one.svc." Z, TYPE_A, 1232);

    message_begin(&m, TYPE_A, 4, 0, 0);
    // "txt" at 44, in an unknown type's RDATA; the class and TTL at 36 are
    // "\0\1\0...": a root
    MESSAGE_RECORD(&m, QUESTION, 65280, "\3txt\xc0\x0c");
    MESSAGE_RECORD(&m, "\xc0\x2c", TYPE_A, "\x0a\0\0\1");
    MESSAGE_RECORD(&m, "\1x\xc0\x24", TYPE_A, "\x0a\0\0\2");
    // a pointer to the type behind the question's name: a root as well
    MESSAGE_RECORD(&m, "\1y\xc0\x1c", TYPE_CNAME, "\1z\xc0\x2c");
    const size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
    assert_true(wire_read(m.octets, m.n, &up));
    assert_true(wire_read(out, n, &down));
    assert_int_equal(up.n, 4);
    assert_int_equal(down.n, 5);
    assert_true(wire_begins(&up, &down, 1));
    wire_release(&up);
    wire_release(&down);
}

// --- what cannot be passed on ----------------------------------------------

static void assert_refused(const uint8_t *message, size_t n, int ede,
                           const char *text)
{
    struct reply r;

    passage_read(message, n, &r);
    assert_int_equal(r.flags, QR | RD | RA | SERVFAIL);
    assert_int_equal(r.rcode, SERVFAIL);
    assert_int_equal(r.ede, ede);
    assert_string_equal(r.ede_text, text);
    assert_int_equal(r.lines_n[0] + r.lines_n[1] + r.lines_n[2], 0);
    reply_release(&r);
}

static void a_malformed_reply_is_servfail(void **state)
{
    struct testbed *t = *state;
    uint8_t out[PASSAGE_SIZE];
    struct message m;
    struct testbed_query q = passage_query("db.example.org", TYPE_A, 1232);

    message_sections(&m);
    for (size_t n = 0; n < m.n; n++) {
        const size_t reply_n =
            passage_reply(t, &q, ANSWER_UDP, m.octets, n, out);
        assert_refused(out, reply_n, 22, "the upstream's reply cannot be read");
    }
}

// RFC 5452 9.1: name, type and class.
static void a_reply_to_another_question_is_servfail(void **state)
{
    struct testbed *t = *state;
    static const size_t places[] = {13, 14, 16, 22, 26, 28, 29, 30, 31};
    uint8_t out[PASSAGE_SIZE];
    struct message m;
    struct testbed_query q = passage_query("db.example.org", TYPE_A, 1232);

    for (size_t i = 0; i < ORD_COUNT(places); i++) {
        message_begin(&m, TYPE_A, 0, 0, 0);
        m.octets[places[i]] ^= 1;
        size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
        assert_refused(out, n, 22, "the upstream's reply cannot be read");
    }
    // a shorter one that is its end
    message_begin(&m, TYPE_A, 0, 0, 0);
    memmove(m.octets + 12, m.octets + 15, 17);
    size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n - 3, out);
    assert_refused(out, n, 22, "the upstream's reply cannot be read");
    // an alias' own name is not what was asked
    message_begin(&m, TYPE_A, 0, 0, 0);
    q = passage_query("out.one.svc." Z, TYPE_A, 1232);
    memcpy(m.octets + 12, q.octets + 12, q.n - 23);
    n = passage_reply(t, &q, ANSWER_UDP, m.octets, q.n - 11, out);
    assert_refused(out, n, 22, "the upstream's reply cannot be read");
}

static void what_the_zone_knows_by_now_is_answered(void **state)
{
    struct testbed *t = *state;
    uint8_t out[PASSAGE_SIZE];
    struct message m;
    struct reply r;
    struct testbed_query q = passage_query("out.one.svc." Z, TYPE_A, 1232);

    message_sections(&m);
    testbed_serve(t, "one/out ip 10.96.0.7");
    const size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
    passage_read(out, n, &r);
    assert_int_equal(r.flags, QR | AA | RD | RA);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 1);
    assert_string_equal(r.lines[REPLY_ANSWER][0],
                        "out.one.svc." Z " 5 IN A 10.96.0.7");
    reply_release(&r);
    // it was counted when it came
    assert_int_equal(counter_read(&t->context.counters.queries[ANSWER_UDP]), 0);
    assert_int_equal(counter_read(&t->context.counters.forwarded), 0);
}

// It has waited already.
static void what_is_declared_by_now_does_not_wait(void **state)
{
    struct testbed *t = *state;
    uint8_t out[PASSAGE_SIZE];
    struct message m;
    struct reply r;
    struct testbed_query q = passage_query("db-1.db.one.svc." Z, TYPE_A, 1232);

    t->context.settings.hold_ms = 1000;
    testbed_serve(t, "one/db headless declares db 0 2");
    message_sections(&m);
    const size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
    passage_read(out, n, &r);
    assert_int_equal(r.rcode, 3);
    reply_release(&r);
}

static void without_an_answer_the_reason_is_said(void **state)
{
    struct testbed *t = *state;
    static const struct {
        enum reason_code why;
        int ede;
        const char *text;
    } all[] = {
        {REASON_UPSTREAM_SILENT, 22, "no upstream answers"},
        {REASON_UPSTREAM_UNREACHABLE, 23, "no upstream can be reached"},
        {REASON_UPSTREAM_LOOP, 22, "the upstream leads back here"},
        {REASON_UPSTREAM_NONE, 22, "there is no upstream to ask"},
        {REASON_UPSTREAM_MALFORMED, 22, "the upstream's reply cannot be read"},
        {REASON_FORWARD_FULL, 0, "too many questions wait for upstreams"},
        {REASON_FORWARD_TOO_LONG, 0,
         "a query as long as this one is not forwarded"},
    };
    uint8_t out[PASSAGE_SIZE];
    struct testbed_query q = passage_query("db.example.org", TYPE_A, 1232);
    const struct counter *counter = &t->context.counters.replies[SERVFAIL];

    for (size_t i = 0; i < ORD_COUNT(all); i++) {
        size_t n = fail_with(t, &q, all[i].why, "", out);
        assert_refused(out, n, all[i].ede, all[i].text);
        n = fail_with(t, &q, all[i].why, "no upstream answers: 10.0.0.1:53",
                      out);
        assert_refused(out, n, all[i].ede, "no upstream answers: 10.0.0.1:53");
    }
    assert_int_equal(counter_read(counter), 2 * ORD_COUNT(all));
    // who does not speak EDNS gets the RCODE
    q = passage_query("db.example.org", TYPE_A, 0);
    const size_t n = fail_with(t, &q, REASON_UPSTREAM_SILENT, "", out);
    assert_int_equal(n, q.n);
    assert_memory_equal(out, "\xbe\xef\x81\x82\0\1\0\0\0\0\0\0", 12);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, passage_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reply_goes_on_as_it_came),
        TEST(opt_is_between_the_client_and_us),
        TEST(opt_may_stand_between_records),
        TEST(flags_are_the_upstreams),
        TEST(rcodes_are_the_upstreams),
        TEST(options_about_the_answer_go_through),
        TEST(errors_of_upstreams_stay_short),
        TEST(our_own_options_are_in_a_forwarded_reply),
        TEST(aliases_stand_before_what_they_lead_to),
        TEST(names_in_octets_are_written_out),
        TEST(a_malformed_reply_is_servfail),
        TEST(a_reply_to_another_question_is_servfail),
        TEST(what_the_zone_knows_by_now_is_answered),
        TEST(what_is_declared_by_now_does_not_wait),
        TEST(without_an_answer_the_reason_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
