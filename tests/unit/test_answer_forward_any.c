// SPDX-License-Identifier: Apache-2.0
// What a client gets of any reply of an upstream: of each size, with names that
// are compressed in any way, with any octets.
#include "answer/forward.h"

#include "dns/reply.h"
#include "lib/passage.h"
#include "lib/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- any replies -----------------------------------------------------------

// Numbers that are the same each time.
static uint32_t draw(uint32_t below)
{
    static uint64_t state = 0x9e3779b97f4a7c15;

    state = state * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(state >> 33) % below;
}

// Offsets where a name begins that can be pointed at.
struct names {
    uint16_t at[2000];
    size_t n;
};

static void add_name(struct message *m, struct names *names)
{
    const size_t at = m->n;

    for (unsigned labels = draw(3); labels > 0; labels--) {
        const uint8_t n = (uint8_t)(1 + draw(12));
        if (m->n < 0x4000 && names->n < ORD_COUNT(names->at))
            names->at[names->n++] = (uint16_t)m->n;
        message_add(m, &n, 1);
        for (unsigned i = 0; i < n; i++)
            message_add(m, (const uint8_t[]){(uint8_t)('A' + draw(40))}, 1);
    }
    // one of those that began before this one
    size_t before = names->n;
    while (before > 0 && names->at[before - 1] >= at)
        before--;
    if (draw(8) == 0)
        MESSAGE_ADD(m, "\0");
    else
        message_u16(m, 0xc000u | names->at[draw((uint32_t)before)]);
}

static void add_octets(struct message *m, size_t n)
{
    for (size_t i = 0; i < n; i++)
        message_add(m, (const uint8_t[]){(uint8_t)draw(256)}, 1);
}

static void add_any_record(struct message *m, struct names *names)
{
    // octets, names, octets
    static const struct {
        unsigned type, before, names, behind;
    } types[] = {
        {1, 4, 0, 0},   {2, 0, 1, 0},      {5, 0, 1, 0},  {6, 0, 2, 20},
        {12, 0, 1, 0},  {14, 0, 2, 0},     {15, 2, 1, 0}, {16, 9, 0, 0},
        {17, 0, 2, 0},  {24, 18, 1, 7},    {26, 2, 2, 0}, {28, 16, 0, 0},
        {30, 0, 1, 3},  {33, 6, 1, 0},     {36, 2, 1, 0}, {39, 0, 1, 0},
        {46, 30, 0, 0}, {65280, 0, 0, 40},
    };
    const uint32_t k = draw(ORD_COUNT(types));

    add_name(m, names);
    message_u16(m, types[k].type);
    MESSAGE_ADD(m, "\0\1\0\0\0\x3c");
    const size_t length_at = m->n;
    message_u16(m, 0);
    add_octets(m, types[k].before);
    for (unsigned i = 0; i < types[k].names; i++)
        add_name(m, names);
    add_octets(m, types[k].behind);
    message_set_u16(m, length_at, (unsigned)(m->n - length_at - 2));
}

// A chain of pointers may be so long that a name has more than 255 octets, or
// 127 pointers: then another is drawn.
static void make_any(struct message *m, unsigned records, bool opt_between)
{
    struct dns_reply r;
    struct names names;

    do {
        const unsigned an = draw(records + 1), ns = draw(records - an + 1);
        const unsigned ar = records - an - ns;
        message_begin(m, TYPE_A, an, ns, ar + opt_between);
        names = (struct names){.at = {12, 15, 23}, .n = 3};
        for (unsigned i = 0; i < records; i++) {
            if (opt_between && i == an + ns)
                message_opt(m, "\0\x0f\0\5\0\6sig", 9);
            add_any_record(m, &names);
        }
        if (opt_between && ar == 0)
            message_opt(m, "\0\x0f\0\5\0\6sig", 9);
    } while (dns_reply_parse(span_of(m->octets, m->n), &r) < 0);
}

struct outcome {
    size_t n;
    size_t kept; // of the upstream's records
    bool is_cut;
};

/*
 * What must hold of any forwarded reply: it is well formed, no longer than the
 * client takes, and has the upstream's records up to one, and TC where one of
 * the answer or the authority section is missing.
 */
static struct outcome check(struct testbed *t, const struct testbed_query *q,
                            enum answer_transport transport,
                            const struct message *m, size_t limit,
                            size_t aliases)
{
    static uint8_t out[PASSAGE_SIZE];
    const struct counter *truncated = &t->context.counters.truncated;
    const uint64_t truncated_before = counter_read(truncated);
    struct dns_reply r;
    struct wire up, down;
    struct outcome o;

    o.n = passage_reply(t, q, transport, m->octets, m->n, out);
    assert_true(o.n <= limit);
    assert_int_equal(dns_reply_parse(span_of(out, o.n), &r), 0);
    assert_int_equal(r.has_edns, q->octets[11]);
    assert_memory_equal(out, q->octets, 2);
    assert_int_equal(r.question_n + DNS_HEADER,
                     q->n - (q->octets[11] ? 11 : 0));
    assert_memory_equal(out + 12, q->octets + 12, r.question_n);
    assert_true(wire_read(m->octets, m->n, &up));
    assert_true(wire_read(out, o.n, &down));
    o.is_cut = r.flags & TC;
    assert_int_equal(counter_read(truncated), truncated_before + o.is_cut);
    if (down.n < aliases)
        aliases = down.n;
    assert_true(wire_begins(&up, &down, aliases));
    o.kept = down.n - aliases;
    assert_int_equal(o.is_cut && transport == ANSWER_UDP,
                     o.kept < up.counts[0] + up.counts[1]);
    // as many as fit: the next one does not, nor its set where it is help
    if (aliases == 0 && o.kept < up.counts[0] + up.counts[1])
        assert_true(up.records[o.kept].end + (r.has_edns ? 11 : 0) +
                        r.options.n >
                    limit);
    wire_release(&up);
    wire_release(&down);
    return o;
}

static void each_size_has_what_fits(void **state)
{
    struct testbed *t = *state;
    static struct message m;

    t->context.settings.udp_size_max = 4000;
    for (unsigned round = 0; round < 4; round++) {
        make_any(&m, 40, round % 2);
        for (unsigned alias = 0; alias < 2; alias++)
            for (size_t size = 500; size < m.n + 120 && size < 4000; size++) {
                struct testbed_query q =
                    passage_query(alias ? "far.one.svc." Z : "db.example.org",
                                  TYPE_A, (unsigned)size);
                const struct outcome o =
                    check(t, &q, ANSWER_UDP, &m, size < 512 ? 512 : size,
                          alias ? 2 : 0);
                if (size > m.n + 100) {
                    assert_int_equal(o.kept, 40);
                    assert_false(o.is_cut);
                }
            }
        struct testbed_query q = passage_query("db.example.org", TYPE_A, 0);
        (void)check(t, &q, ANSWER_UDP, &m, 512, 0);
    }
}

static void moved_names_are_what_they_were(void **state)
{
    struct testbed *t = *state;
    static struct message m;

    for (unsigned round = 0; round < 400; round++) {
        make_any(&m, 1 + draw(60), draw(2));
        struct testbed_query q = passage_query("far.one.svc." Z, TYPE_A, 1232);
        const struct outcome o = check(t, &q, ANSWER_TCP, &m, DNS_TCP_MAX, 2);
        // no name had to be written out: as short as it was, but for aliases
        assert_true(o.n <= m.n + 2 * 12 + 25 + 2 + 16 + (25 + 2 - 16) + 11 + 9);
    }
}

// A pointer reaches 16 KiB: there some are too far with aliases before them.
static void names_out_of_reach_are_written_out(void **state)
{
    struct testbed *t = *state;
    static struct message m;

    for (unsigned round = 0; round < 20; round++) {
        make_any(&m, 500, draw(2));
        assert_true(m.n > 0x4000);
        struct testbed_query q = passage_query("far.one.svc." Z, TYPE_A, 1232);
        const struct outcome o = check(t, &q, ANSWER_TCP, &m, DNS_TCP_MAX, 2);
        assert_int_equal(o.kept, 500);
        assert_false(o.is_cut);
    }
}

// RFC 2181 9: a set that is help is there whole or not at all.
static void an_additional_set_is_not_split(void **state)
{
    struct testbed *t = *state;
    static struct message m;
    struct testbed_query q = passage_query("db.example.org", TYPE_A, 0);

    message_begin(&m, TYPE_A, 0, 0, 40);
    // sets of 5, two of them for each owner; 18 octets each
    for (unsigned i = 0; i < 40; i++) {
        const uint8_t label[] = {1, (uint8_t)('a' + i / 10)};
        message_add(&m, label, sizeof label);
        MESSAGE_RECORD(&m, QUESTION, i / 5 % 2 ? 65280 : TYPE_A, "\x0a\0\0\1");
    }
    // 26 fit behind 32 octets: 5 sets
    const struct outcome o = check(t, &q, ANSWER_UDP, &m, 512, 0);
    assert_int_equal(o.kept, 25);
    assert_false(o.is_cut);
}

// Over TCP clients take TC for a broken server: an error says it.
static void over_tcp_an_error_says_what_is_left_out(void **state)
{
    struct testbed *t = *state;
    static struct message m;
    static uint8_t out[PASSAGE_SIZE];
    struct dns_reply r;
    uint16_t code;
    struct span text;

    // (65535 - 32) / 16 = 4093 addresses fit into the upstream's reply; the
    // client's has 31 + 2 * 12 + 27 + 16 octets before them, 11 of OPT and 28
    // of the error, all but 4086
    message_begin(&m, TYPE_A, 4093, 0, 0);
    for (unsigned i = 0; i < 4093; i++)
        MESSAGE_RECORD(&m, QUESTION, TYPE_A, "\x0a\0\0\1");
    struct testbed_query q = passage_query("far.one.svc." Z, TYPE_A, 1232);
    const size_t before = 12 + 25 + 2 + 2 + 2 * 12 + 25 + 2 + 16;
    const unsigned fit = (unsigned)((65535 - before - 11 - 28) / 16);
    const size_t n = passage_reply(t, &q, ANSWER_TCP, m.octets, m.n, out);
    assert_int_equal(dns_reply_parse(span_of(out, n), &r), 0);
    assert_false(r.flags & TC);
    assert_int_equal(r.counts[DNS_ANSWER], 2 + fit);
    assert_true(dns_reply_error(&r, &code, &text));
    char expected[40];
    snprintf(expected, sizeof expected, "%u of 4095 records", 2 + fit);
    assert_int_equal(text.n, strlen(expected));
    assert_memory_equal(text.p, expected, text.n);
}

/*
 * Nine links of 12 + 87 octets and one of 12 + 16, in each size: of a chain
 * that is cut there are links alone, although records of the upstream would
 * fit.
 */
static void a_chain_that_does_not_fit_is_all_there_is(void **state)
{
    struct testbed *t = *state;
    static struct message m;
    static uint8_t out[PASSAGE_SIZE];
    char words[300];
#define LONG "x23456789-x23456789-x23456789-x23456789-x23456789-x23456789-xx"

    for (unsigned i = 0; i < 9; i++) {
        snprintf(words, sizeof words,
                 "one/" LONG "%u external " LONG "%u.one.svc." Z, i, i + 1);
        testbed_put(t, words);
    }
    testbed_serve(t, "one/" LONG "9 external db.example.org");
    message_sections(&m);
    for (unsigned size = 512; size <= UDP_MAX; size++) {
        struct testbed_query q =
            passage_query(LONG "0.one.svc." Z, TYPE_A, size);
        const unsigned room = size - 103 - 11;
        if (room >= 9 * 99 + 28) {
            message_set_u16(&m, 2, QR);
            const struct outcome o = check(t, &q, ANSWER_UDP, &m, size, 10);
            assert_int_equal(o.kept == 4, room >= 9 * 99 + 28 + m.n - 32);
            continue;
        }
        // whatever the upstream says of TC
        message_set_u16(&m, 2, QR | (size % 2 ? TC : 0));
        const size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
        struct dns_reply r;
        assert_int_equal(dns_reply_parse(span_of(out, n), &r), 0);
        const unsigned links = room / 99 < 9 ? room / 99 : 9;
        assert_int_equal(r.counts[DNS_ANSWER], links);
        assert_int_equal(n, 103 + links * 99 + 11);
        assert_true(r.flags & TC);
    }
}

// The client subnet has its room before records have theirs.
static void a_subnet_goes_before_records(void **state)
{
    struct testbed *t = *state;
    static struct message m;
    uint8_t out[PASSAGE_SIZE];
    struct testbed_query q = passage_query("db.example.org", TYPE_A, 512);

    // 32 + 11 + 11 + 28 * 16 = 502; with an error of 40 it is too long
    message_begin(&m, TYPE_A, 40, 0, 1);
    for (unsigned i = 0; i < 40; i++)
        MESSAGE_RECORD(&m, QUESTION, TYPE_A, "\x0a\0\0\1");
    message_opt(&m,
                "\0\x0f\0\x24\0\0an error that is too long for room"
                "\0\x08\0\7\0\1\x18\x10\xc0\0\2",
                40 + 11);
    const size_t n = passage_reply(t, &q, ANSWER_UDP, m.octets, m.n, out);
    assert_int_equal(n, 32 + 28 * 16 + 11 + 11 + 6);
    assert_int_equal(out[7], 28);
    assert_memory_equal(out + n - 17, "\0\x08\0\7\0\1\x18\x10\xc0\0\2", 11);
    // the text of an error is left out where only its number fits
    assert_memory_equal(out + n - 6, "\0\x0f\0\2\0\0", 6);
}

// --- anything at all -------------------------------------------------------

static void try(struct testbed *t, const struct message *m, const char *name,
                enum answer_transport transport, size_t aliases)
{
    struct testbed_query q = passage_query(name, TYPE_A, 1232);
    struct dns_reply r;
    uint8_t out[PASSAGE_SIZE];

    if (dns_reply_parse(span_of(m->octets, m->n), &r) == 0 &&
        r.qtype == TYPE_A && r.qclass == 1 && r.question_n == 20 &&
        strcasecmp((const char *)m->octets + 12, "\2db\7example\3org") == 0) {
        const bool was_cut = r.flags & TC;
        struct message whole = *m;
        if (was_cut)
            whole.octets[2] ^= TC >> 8;
        (void)check(t, &q, transport, &whole,
                    transport == ANSWER_UDP ? UDP_MAX : DNS_TCP_MAX, aliases);
    }
    // whatever it is, there is a reply
    const size_t n = passage_reply(t, &q, transport, m->octets, m->n, out);
    assert_int_equal(dns_reply_parse(span_of(out, n), &r), 0);
}

// Nor does one without end.
static void a_subnet_longer_than_the_reply_is_left_out(void **state)
{
    struct testbed *t = *state;
    struct message m;
    uint8_t option[4 + 2000] = {0, 8};

    for (unsigned n = 440; n < 2000; n++) {
        struct testbed_query q = passage_query("db.example.org", TYPE_A, 512);
        message_begin(&m, TYPE_A, 1, 0, 1);
        MESSAGE_RECORD(&m, QUESTION, TYPE_A, "\x0a\0\0\1");
        option[2] = (uint8_t)(n >> 8);
        option[3] = (uint8_t)n;
        message_opt(&m, option, 4 + n);
        // 512 - 32 - 11 octets are there for both
        const struct outcome o = check(t, &q, ANSWER_UDP, &m, 512, 0);
        const bool has_subnet = 4 + n < 512 - 32 - 11;
        const bool has_record = !has_subnet || 4 + n + 16 <= 512 - 32 - 11;
        assert_int_equal(o.kept, has_record);
        assert_int_equal(o.n, 32 + 11 + (has_record ? 16u : 0u) +
                                  (has_subnet ? 4u + n : 0u));
    }
}

static void each_octet_of_a_reply_may_be_anything(void **state)
{
    struct testbed *t = *state;
    struct message m;

    message_sections(&m);
    MESSAGE_ADD(&m, "\0\0\x29\x10\0\0\0\x80\0\0\x09\0\x0f\0\5\0\6sig");
    m.octets[11]++;
    for (size_t at = 0; at < m.n; at++) {
        const uint8_t was = m.octets[at];
        for (unsigned v = 0; v < 256; v++) {
            m.octets[at] = (uint8_t)v;
            try(t, &m, "db.example.org", ANSWER_UDP, 0);
            try(t, &m, "far.one.svc." Z, ANSWER_TCP, 2);
        }
        m.octets[at] = was;
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, passage_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_size_has_what_fits),
        TEST(moved_names_are_what_they_were),
        TEST(names_out_of_reach_are_written_out),
        TEST(an_additional_set_is_not_split),
        TEST(over_tcp_an_error_says_what_is_left_out),
        TEST(a_chain_that_does_not_fit_is_all_there_is),
        TEST(a_subnet_goes_before_records),
        TEST(a_subnet_longer_than_the_reply_is_left_out),
        TEST(each_octet_of_a_reply_may_be_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
