// SPDX-License-Identifier: Apache-2.0
// What is a query, and what is not (RFC 1035 4.1, RFC 6891, RFC 9619). Each
// message lies in memory of just its size, so that reading beyond it shows.
#include "dns/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct message {
    uint8_t octets[2048];
    size_t n;
};

static void add(struct message *m, const void *p, size_t n)
{
    assert_true(m->n + n <= sizeof m->octets);
    memcpy(m->octets + m->n, p, n);
    m->n += n;
}

static void add_u16(struct message *m, unsigned v)
{
    add(m, (const uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

// A header with these counts.
static struct message header(unsigned qd, unsigned an, unsigned ns, unsigned ar)
{
    struct message m = {.n = 0};
    add_u16(&m, 0xbeef);
    add_u16(&m, DNS_FLAG_RD);
    add_u16(&m, qd);
    add_u16(&m, an);
    add_u16(&m, ns);
    add_u16(&m, ar);
    return m;
}

static void add_question(struct message *m, const void *name, size_t n)
{
    add(m, name, n);
    add_u16(m, 28);
    add_u16(m, 1);
}

// "Db.One." AAAA IN
static struct message query(unsigned an, unsigned ns, unsigned ar)
{
    struct message m = header(1, an, ns, ar);
    add_question(&m, "\2Db\3One", 8);
    return m;
}

static void add_record(struct message *m, const void *owner, size_t owner_n,
                       unsigned type, unsigned class, const void *rdata,
                       size_t n)
{
    add(m, owner, owner_n);
    add_u16(m, type);
    add_u16(m, class);
    add(m, "\0\0\0", 4);
    add_u16(m, (unsigned)n);
    add(m, rdata, n);
}

static void add_opt(struct message *m, const void *rdata, size_t n)
{
    add_record(m, "", 1, 41, 1232, rdata, n);
}

// The verdict about the first n octets.
static enum dns_verdict judge_part(const struct message *m, size_t n,
                                   struct dns_query *q)
{
    uint8_t *exact = malloc(n ? n : 1);
    assert_non_null(exact);
    memcpy(exact, m->octets, n);
    memset(q, 0xaa, sizeof *q);
    enum dns_verdict verdict = dns_query_parse(span_of(exact, n), q);
    // the name may be the message's own octets, which go now
    if (verdict != DNS_QUERY_SILENT && q->question_n)
        q->name = memmove(q->folded, q->name, q->name_n);
    free(exact);
    return verdict;
}

static enum dns_verdict judge(const struct message *m, struct dns_query *q)
{
    return judge_part(m, m->n, q);
}

static void assert_verdict(const struct message *m, enum dns_verdict expected)
{
    struct dns_query q;
    assert_int_equal(judge(m, &q), expected);
}

// --- what is a query -------------------------------------------------------

static void a_query_is_read(void **state)
{
    (void)state;
    struct message m = query(0, 0, 0);
    struct dns_query q;
    assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
    assert_int_equal(q.flags, DNS_FLAG_RD);
    assert_int_equal(q.qtype, 28);
    assert_int_equal(q.qclass, 1);
    assert_int_equal(q.labels, 2);
    assert_int_equal(q.name_n, 8);
    assert_int_equal(q.question_n, 12);
    assert_memory_equal(q.name, "\2db\3one", 8);
    assert_int_equal(q.label_at[0], 0);
    assert_int_equal(q.label_at[1], 3);
    assert_int_equal(q.label_at[2], 7);
    assert_false(q.has_edns);
    assert_false(q.dnssec_ok);
    assert_int_equal(q.edns_size, 0);
}

static void an_opt_record_is_read(void **state)
{
    (void)state;
    struct message m = query(0, 0, 1);
    struct dns_query q;
    add_opt(&m, "", 0);
    assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
    assert_true(q.has_edns);
    assert_int_equal(q.edns_size, 1232);
    assert_false(q.dnssec_ok);
    m.octets[m.n - 4] = 0x80;
    assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
    assert_true(q.dnssec_ok);
    m.octets[m.n - 4] = 0x7f;
    assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
    assert_false(q.dnssec_ok);
    // a size of 0 is still EDNS
    m.octets[m.n - 8] = m.octets[m.n - 7] = 0;
    assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
    assert_true(q.has_edns);
    assert_int_equal(q.edns_size, 0);
}

static void the_root_is_a_name(void **state)
{
    (void)state;
    struct message m = header(1, 0, 0, 0);
    struct dns_query q;
    add_question(&m, "", 1);
    assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
    assert_int_equal(q.labels, 0);
    assert_int_equal(q.name_n, 1);
    assert_int_equal(q.question_n, 5);
    assert_int_equal(q.name[0], 0);
}

// Every truncation, at every octet.
static void a_cut_query_is_no_query(void **state)
{
    (void)state;
    struct message m = query(0, 0, 1);
    struct dns_query q;
    add_opt(&m, "\0\12\0\10COOKIES!", 12);
    assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
    for (size_t n = 0; n < m.n; n++) {
        enum dns_verdict verdict = judge_part(&m, n, &q);
        assert_int_equal(verdict,
                         n < DNS_HEADER ? DNS_QUERY_SILENT : DNS_QUERY_FORMERR);
        if (n >= DNS_HEADER)
            assert_int_equal(q.question_n, n < 24 ? 0 : 12);
    }
    // the same without an OPT record, cut within the question
    m = query(0, 0, 0);
    for (size_t n = DNS_HEADER; n < m.n; n++)
        assert_int_equal(judge_part(&m, n, &q), DNS_QUERY_FORMERR);
}

static void octets_left_over_are_an_error(void **state)
{
    (void)state;
    struct message m = query(0, 0, 0);
    add(&m, "", 1);
    assert_verdict(&m, DNS_QUERY_FORMERR);
    m = query(0, 0, 1);
    add_opt(&m, "", 0);
    add(&m, "", 1);
    assert_verdict(&m, DNS_QUERY_FORMERR);
    m = query(0, 0, 0);
    add_opt(&m, "", 0);
    assert_verdict(&m, DNS_QUERY_FORMERR);
}

static void responses_are_not_answered(void **state)
{
    (void)state;
    struct message m = query(0, 0, 0);
    for (unsigned high = 0x80; high < 0x100; high++) {
        m.octets[2] = (uint8_t)high;
        assert_verdict(&m, DNS_QUERY_SILENT);
    }
}

static void only_queries_are_implemented(void **state)
{
    (void)state;
    struct message m = query(0, 0, 0);
    struct dns_query q;
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        m.octets[2] = (uint8_t)(opcode << 3 | 1);
        assert_int_equal(judge(&m, &q), DNS_QUERY_NOTIMP);
        assert_int_equal(q.flags, opcode << 11 | DNS_FLAG_RD);
        assert_int_equal(q.question_n, 0);
        assert_false(q.has_edns);
        // whatever else is in it
        assert_int_equal(judge_part(&m, DNS_HEADER, &q), DNS_QUERY_NOTIMP);
    }
}

// RFC 9619: exactly one question.
static void a_query_has_one_question(void **state)
{
    (void)state;
    static const unsigned counts[] = {0, 2, 3, 256, 65535};
    struct dns_query q;
    for (size_t i = 0; i < ORD_COUNT(counts); i++) {
        struct message m = header(counts[i], 0, 0, 0);
        for (unsigned k = 0; k < counts[i] && k < 3; k++)
            add_question(&m, "\2Db\3One", 8);
        assert_int_equal(judge(&m, &q), DNS_QUERY_FORMERR);
        assert_int_equal(q.question_n, 0);
        assert_int_equal(q.flags, DNS_FLAG_RD);
    }
    struct message m = header(0, 0, 0, 1);
    add_opt(&m, "", 0);
    assert_verdict(&m, DNS_QUERY_FORMERR);
}

// --- names -----------------------------------------------------------------

static void a_name_has_127_labels_at_most(void **state)
{
    (void)state;
    uint8_t name[257];
    struct dns_query q;
    for (size_t i = 0; i < sizeof name; i += 2) {
        name[i] = 1;
        if (i + 1 < sizeof name)
            name[i + 1] = 'X';
    }
    struct message m = header(1, 0, 0, 0);
    add(&m, name, 254);
    add_question(&m, "", 1);
    assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
    assert_int_equal(q.labels, 127);
    assert_int_equal(q.name_n, 255);
    assert_int_equal(q.question_n, 259);
    assert_int_equal(q.label_at[126], 252);
    assert_int_equal(q.label_at[127], 254);
    for (unsigned i = 0; i < 127; i++) {
        assert_int_equal(q.name[i * 2], 1);
        assert_int_equal(q.name[i * 2 + 1], 'x');
        assert_int_equal(q.label_at[i], i * 2);
    }
    m = header(1, 0, 0, 0);
    add(&m, name, 256);
    add_question(&m, "", 1);
    assert_verdict(&m, DNS_QUERY_FORMERR);
}

static void a_name_has_255_octets_at_most(void **state)
{
    (void)state;
    for (unsigned last = 59; last <= 63; last++) {
        struct message m = header(1, 0, 0, 0);
        struct dns_query q;
        uint8_t label[64];
        memset(label, 'Z', sizeof label);
        label[0] = 63;
        for (int i = 0; i < 3; i++)
            add(&m, label, 64);
        label[0] = (uint8_t)last;
        add(&m, label, last + 1);
        add_question(&m, "", 1);
        if (last > 61) {
            assert_int_equal(judge(&m, &q), DNS_QUERY_FORMERR);
            continue;
        }
        assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
        assert_int_equal(q.name_n, 194 + last);
        assert_int_equal(q.name[0], 63);
        assert_int_equal(q.name[193], 'z');
        assert_int_equal(q.name[193 + last - 1], 'z');
        assert_int_equal(q.name[193 + last], 0);
    }
}

// Folding is done sixteen octets at a time: every length, every octet.
static void all_lengths_fold(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 63; n++) {
        struct message m = header(1, 0, 0, 0);
        struct dns_query q;
        uint8_t label[64];
        label[0] = (uint8_t)n;
        for (unsigned i = 1; i <= n; i++)
            label[i] = (uint8_t)(i % 2 ? '@' + i % 28 : 0xc0 + i);
        add(&m, label, n + 1);
        add_question(&m, "", 1);
        assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
        assert_int_equal(q.name[0], n);
        for (unsigned i = 1; i <= n; i++)
            assert_int_equal(q.name[i], dns_fold_octet(label[i]));
    }
    for (unsigned c = 0; c < 256; c++) {
        struct message m = header(1, 0, 0, 0);
        struct dns_query q;
        uint8_t label[33];
        memset(label, (int)c, sizeof label);
        label[0] = 32;
        add(&m, label, sizeof label);
        add_question(&m, "", 1);
        assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
        for (unsigned i = 1; i <= 32; i++)
            assert_int_equal(q.name[i], dns_fold_octet((uint8_t)c));
    }
}

// 0x40 was for extended label types (RFC 6891 5), 0x80 never for anything; a
// pointer has nothing before it to point at but the header.
static void other_label_types_are_errors(void **state)
{
    (void)state;
    for (unsigned type = 64; type < 256; type++) {
        struct message m = header(1, 0, 0, 0);
        uint8_t label[2] = {(uint8_t)type, 12};
        add(&m, label, 2);
        add(&m, "\0\34\0\1\0", 6);
        assert_verdict(&m, DNS_QUERY_FORMERR);
        m = header(1, 0, 0, 0);
        add(&m, "\2Db", 3);
        add(&m, label, 2);
        for (int i = 0; i < 70; i++)
            add(&m, "\0", 1);
        assert_verdict(&m, DNS_QUERY_FORMERR);
    }
}

// --- records ---------------------------------------------------------------

static void counts_that_lie_are_errors(void **state)
{
    (void)state;
    static const unsigned counts[] = {1, 2, 255, 256, 65535};
    for (size_t i = 0; i < ORD_COUNT(counts); i++) {
        struct message m = query(counts[i], 0, 0);
        assert_verdict(&m, DNS_QUERY_FORMERR);
        m = query(0, counts[i], 0);
        assert_verdict(&m, DNS_QUERY_FORMERR);
        m = query(0, 0, counts[i]);
        assert_verdict(&m, DNS_QUERY_FORMERR);
        m = query(counts[i], counts[i], counts[i]);
        assert_verdict(&m, DNS_QUERY_FORMERR);
        m = query(0, 0, counts[i] + 1u);
        add_opt(&m, "", 0);
        if (counts[i] < 65535)
            assert_verdict(&m, DNS_QUERY_FORMERR);
    }
}

static void other_records_are_stepped_over(void **state)
{
    (void)state;
    struct message m = query(1, 1, 3);
    struct dns_query q;
    // IXFR carries a SOA in authority (RFC 1995 3); owners may point
    add_record(&m, "\300\14", 2, 1, 1, "abcd", 4);
    add_record(&m, "\1x\300\17", 4, 6, 1, "", 0);
    add_record(&m, "\1x\1y", 5, 16, 1, "\1t", 2);
    add_opt(&m, "", 0);
    // a signature stands last (RFC 8945 5.1)
    add_record(&m, "\3key", 5, 250, 255, "mac", 3);
    assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
    assert_true(q.has_edns);
    assert_int_equal(q.edns_size, 1232);
    for (size_t n = 24; n < m.n; n++)
        assert_int_equal(judge_part(&m, n, &q), DNS_QUERY_FORMERR);
}

static void owners_are_names(void **state)
{
    (void)state;
    uint8_t name[260];
    for (size_t i = 0; i < sizeof name; i += 2) {
        name[i] = 1;
        name[i + 1] = 'x';
    }
    struct message m = query(0, 0, 1);
    add(&m, name, 254);
    add_record(&m, "", 1, 1, 1, "abcd", 4);
    assert_verdict(&m, DNS_QUERY_OK);
    m = query(0, 0, 1);
    add(&m, name, 256);
    add_record(&m, "", 1, 1, 1, "abcd", 4);
    assert_verdict(&m, DNS_QUERY_FORMERR);
    for (unsigned type = 64; type < 192; type++) {
        m = query(0, 0, 1);
        name[0] = (uint8_t)type;
        add(&m, name, 200);
        add_record(&m, "", 1, 1, 1, "abcd", 4);
        assert_verdict(&m, DNS_QUERY_FORMERR);
    }
}

// --- OPT -------------------------------------------------------------------

// RFC 6891 6.1.1: more than one is an error.
static void there_is_one_opt_at_most(void **state)
{
    (void)state;
    struct message m = query(0, 0, 2);
    add_opt(&m, "", 0);
    add_opt(&m, "", 0);
    assert_verdict(&m, DNS_QUERY_FORMERR);
    m = query(0, 0, 3);
    add_opt(&m, "", 0);
    add_record(&m, "", 1, 1, 1, "abcd", 4);
    add_opt(&m, "", 0);
    assert_verdict(&m, DNS_QUERY_FORMERR);
}

static void opt_stands_in_the_additional_section(void **state)
{
    (void)state;
    struct message m = query(1, 0, 0);
    add_opt(&m, "", 0);
    assert_verdict(&m, DNS_QUERY_FORMERR);
    m = query(0, 1, 0);
    add_opt(&m, "", 0);
    assert_verdict(&m, DNS_QUERY_FORMERR);
    m = query(1, 0, 1);
    add_opt(&m, "", 0);
    add_record(&m, "", 1, 1, 1, "abcd", 4);
    assert_verdict(&m, DNS_QUERY_FORMERR);
}

// RFC 6891 6.1.2: NAME must be 0 (the root).
static void the_owner_of_opt_is_the_root(void **state)
{
    (void)state;
    struct message m = query(0, 0, 1);
    add_record(&m, "\1x", 3, 41, 1232, "", 0);
    assert_verdict(&m, DNS_QUERY_FORMERR);
    // not even by way of a pointer to one
    m = query(0, 0, 1);
    add_record(&m, "\300\23", 2, 41, 1232, "", 0);
    assert_verdict(&m, DNS_QUERY_FORMERR);
}

// RFC 1035 4.1.4: a pointer leads back. It is not followed: one that leads to
// itself, further on or into the header is an error all the same.
static void pointers_lead_to_prior_names(void **state)
{
    (void)state;
    // the question takes 12 to 23, so the record's owner stands at 24
    for (unsigned target = 0; target < 64; target++) {
        struct message m = query(0, 0, 1);
        uint8_t owner[2] = {0xc0, (uint8_t)target};
        add_record(&m, owner, 2, 1, 1, "abcd", 4);
        assert_verdict(&m, target >= 12 && target < 24 ? DNS_QUERY_OK
                                                       : DNS_QUERY_FORMERR);
    }
}

// RFC 6891 6.1.1: an OPT record is answered by one, whatever is asked.
static void other_opcodes_have_edns(void **state)
{
    (void)state;
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        struct message m = query(0, 0, 1);
        struct dns_query q;
        add_opt(&m, "\0\3\0\0", 4);
        m.octets[2] = (uint8_t)(opcode << 3);
        assert_int_equal(judge(&m, &q), DNS_QUERY_NOTIMP);
        assert_true(q.has_edns);
        assert_int_equal(q.options, DNS_OPTION_NSID);
        assert_int_equal(q.question_n, 0);
        // another version of it
        m.octets[m.n - 9] = 1;
        assert_int_equal(judge(&m, &q), DNS_QUERY_BADVERS);
        // what cannot be read has none
        m.n--;
        assert_int_equal(judge(&m, &q), DNS_QUERY_NOTIMP);
        assert_false(q.has_edns);
        assert_int_equal(q.options, 0);
    }
}

static void options_fill_their_record(void **state)
{
    (void)state;
    static const struct {
        const char *rdata;
        size_t n;
        enum dns_verdict verdict;
    } cases[] = {
        {"\0\3\0\0", 4, DNS_QUERY_OK},                // NSID, empty
        {"\0\12\0\10COOKIES!", 12, DNS_QUERY_OK},     // COOKIE
        {"\0\3\0\0\xfd\xe9\0\2ab", 10, DNS_QUERY_OK}, // and an unknown one
        {"\0", 1, DNS_QUERY_FORMERR},
        {"\0\3", 2, DNS_QUERY_FORMERR},
        {"\0\3\0", 3, DNS_QUERY_FORMERR},
        {"\0\3\0\1", 4, DNS_QUERY_FORMERR},
        {"\0\3\xff\xff", 4, DNS_QUERY_FORMERR},
        {"\0\3\0\0\0", 5, DNS_QUERY_FORMERR},
        {"\0\3\0\2ab\0\3\0\1", 10, DNS_QUERY_FORMERR},
    };
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        struct message m = query(0, 0, 1);
        struct dns_query q;
        add_opt(&m, cases[i].rdata, cases[i].n);
        assert_int_equal(judge(&m, &q), cases[i].verdict);
    }
}

// The verdict about a query with this RDATA in its OPT record.
static enum dns_verdict judge_options(const void *rdata, size_t n,
                                      struct dns_query *q)
{
    struct message m = query(0, 0, 1);
    add_opt(&m, rdata, n);
    return judge(&m, q);
}

// RFC 5001, RFC 7873, RFC 7828: the three that change the reply are noticed.
static void known_options_are_noticed(void **state)
{
    (void)state;
    struct dns_query q;
    assert_int_equal(judge_options("\0\3\0\0", 4, &q), DNS_QUERY_OK);
    assert_int_equal(q.options, DNS_OPTION_NSID);
    assert_int_equal(judge_options("\0\13\0\0", 4, &q), DNS_QUERY_OK);
    assert_int_equal(q.options, DNS_OPTION_KEEPALIVE);
    assert_int_equal(judge_options("\0\12\0\10COOKIES!", 12, &q), DNS_QUERY_OK);
    assert_int_equal(q.options, DNS_OPTION_COOKIE);
    assert_int_equal(q.cookie_n, 8);
    assert_memory_equal(q.cookie, "COOKIES!", 8);
    // an extended error, and one for experiments (RFC 6891 9)
    assert_int_equal(judge_options("\0\17\0\2\0\1\xfd\xe9\0\0", 10, &q),
                     DNS_QUERY_OK);
    assert_int_equal(q.options, 0);
    assert_int_equal(
        judge_options("\0\3\0\0\0\12\0\10COOKIES!\0\13\0\0", 20, &q),
        DNS_QUERY_OK);
    assert_int_equal(q.options, 7);
}

// A query without EDNS has none, whatever was there before.
static void without_opt_there_are_no_options(void **state)
{
    (void)state;
    struct message m = query(0, 0, 0);
    struct dns_query q;
    assert_int_equal(judge(&m, &q), DNS_QUERY_OK);
    assert_int_equal(q.options, 0);
}

// RFC 7873 5.2: of several cookies the first counts, and only it is judged.
static void the_first_cookie_counts(void **state)
{
    (void)state;
    struct dns_query q;
    assert_int_equal(
        judge_options("\0\12\0\10COOKIES!\0\12\0\1x\0\12\0\10cookies?", 29, &q),
        DNS_QUERY_OK);
    assert_memory_equal(q.cookie, "COOKIES!", 8);
    assert_int_equal(judge_options("\0\12\0\1x\0\12\0\10COOKIES!", 17, &q),
                     DNS_QUERY_FORMERR);
}

// RFC 7873 4: 8 octets, or 16 to 40.
static void a_cookie_has_a_certain_length(void **state)
{
    (void)state;
    uint8_t option[4 + 64] = {0, 10};
    for (uint8_t n = 0; n <= 64; n++) {
        struct dns_query q;
        bool good = n == 8 || (n >= 16 && n <= 40);
        option[3] = n;
        assert_int_equal(judge_options(option, 4u + n, &q),
                         good ? DNS_QUERY_OK : DNS_QUERY_FORMERR);
        if (good)
            assert_int_equal(q.cookie_n, n);
    }
}

// Work is bounded: behind 32 options none is looked at, but all have to be
// well formed.
static void thirty_two_options_are_looked_at(void **state)
{
    (void)state;
    uint8_t options[4 * 40] = {0};
    struct dns_query q;
    for (size_t i = 0; i < 40; i++)
        options[4 * i + 1] = 9;
    options[4 * 32 + 1] = 3;
    assert_int_equal(judge_options(options, sizeof options, &q), DNS_QUERY_OK);
    assert_int_equal(q.options, 0);
    options[4 * 31 + 1] = 3;
    assert_int_equal(judge_options(options, sizeof options, &q), DNS_QUERY_OK);
    assert_int_equal(q.options, DNS_OPTION_NSID);
    options[4 * 39 + 3] = 1;
    assert_int_equal(judge_options(options, sizeof options, &q),
                     DNS_QUERY_FORMERR);
}

// RFC 7873 5.4: a question is not needed to get a cookie; RFC 9619: it is for
// anything else.
static void a_cookie_needs_no_question(void **state)
{
    (void)state;
    struct dns_query q;
    struct message m = header(0, 0, 0, 1);
    add_opt(&m, "\0\12\0\10COOKIES!", 12);
    assert_int_equal(judge(&m, &q), DNS_QUERY_COOKIE);
    assert_int_equal(q.question_n, 0);
    assert_true(q.has_edns);
    assert_memory_equal(q.cookie, "COOKIES!", 8);
    m.octets[12 + 6] = 1; // version
    assert_verdict(&m, DNS_QUERY_BADVERS);
    m = header(0, 0, 0, 1);
    add_opt(&m, "\0\3\0\0", 4);
    assert_verdict(&m, DNS_QUERY_FORMERR);
    m = header(0, 0, 0, 0);
    assert_verdict(&m, DNS_QUERY_FORMERR);
    m = header(2, 0, 0, 1);
    add_opt(&m, "\0\12\0\10COOKIES!", 12);
    assert_verdict(&m, DNS_QUERY_FORMERR);
}

static void versions_above_zero_are_bad(void **state)
{
    (void)state;
    for (unsigned version = 1; version < 256; version++) {
        struct message m = query(0, 0, 1);
        struct dns_query q;
        add_opt(&m, "", 0);
        m.octets[m.n - 5] = (uint8_t)version;
        m.octets[m.n - 4] = 0x80;
        assert_int_equal(judge(&m, &q), DNS_QUERY_BADVERS);
        assert_int_equal(q.question_n, 12);
        assert_true(q.has_edns && q.dnssec_ok);
        assert_int_equal(q.edns_size, 1232);
    }
    // with options the same, also with such as version 0 does not know
    struct dns_query q;
    struct message m = query(0, 0, 1);
    add_opt(&m, "\0\12\0\1x", 5);
    m.octets[m.n - 10] = 1;
    assert_int_equal(judge(&m, &q), DNS_QUERY_BADVERS);
    assert_int_equal(q.options, 0);
    m = query(0, 0, 1);
    add_opt(&m, "\0\3\0\0", 4);
    m.octets[m.n - 9] = 1;
    assert_verdict(&m, DNS_QUERY_BADVERS);
    // the extended RCODE of a query says nothing
    m.octets[m.n - 9] = 0;
    m.octets[m.n - 10] = 0xff;
    assert_verdict(&m, DNS_QUERY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_read),
        cmocka_unit_test(an_opt_record_is_read),
        cmocka_unit_test(the_root_is_a_name),
        cmocka_unit_test(a_cut_query_is_no_query),
        cmocka_unit_test(octets_left_over_are_an_error),
        cmocka_unit_test(responses_are_not_answered),
        cmocka_unit_test(only_queries_are_implemented),
        cmocka_unit_test(a_query_has_one_question),
        cmocka_unit_test(a_name_has_127_labels_at_most),
        cmocka_unit_test(a_name_has_255_octets_at_most),
        cmocka_unit_test(all_lengths_fold),
        cmocka_unit_test(other_label_types_are_errors),
        cmocka_unit_test(counts_that_lie_are_errors),
        cmocka_unit_test(other_records_are_stepped_over),
        cmocka_unit_test(owners_are_names),
        cmocka_unit_test(there_is_one_opt_at_most),
        cmocka_unit_test(opt_stands_in_the_additional_section),
        cmocka_unit_test(the_owner_of_opt_is_the_root),
        cmocka_unit_test(pointers_lead_to_prior_names),
        cmocka_unit_test(other_opcodes_have_edns),
        cmocka_unit_test(options_fill_their_record),
        cmocka_unit_test(known_options_are_noticed),
        cmocka_unit_test(without_opt_there_are_no_options),
        cmocka_unit_test(the_first_cookie_counts),
        cmocka_unit_test(a_cookie_has_a_certain_length),
        cmocka_unit_test(thirty_two_options_are_looked_at),
        cmocka_unit_test(a_cookie_needs_no_question),
        cmocka_unit_test(versions_above_zero_are_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
