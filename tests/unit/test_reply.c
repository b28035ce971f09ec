// SPDX-License-Identifier: Apache-2.0
// Replies of others (RFC 1035 4.1): what is one, and what is not. Each message
// lies in memory of just its size, so that reading beyond it shows.
#include "dns/reply.h"

#include "lib/wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    TYPE_A = 1,
    TYPE_NS = 2,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_TXT = 16,
    TYPE_SRV = 33,
    TYPE_OPT = 41,
    TYPE_PRIVATE = 65280,
};

struct message {
    uint8_t octets[70000];
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

// The octets of a literal, without its NUL.
#define ADD(m, literal) add(m, literal, sizeof(literal) - 1)

static void set_u16(struct message *m, size_t at, unsigned v)
{
    m->octets[at] = (uint8_t)(v >> 8);
    m->octets[at + 1] = (uint8_t)v;
}

// "Db.One." A IN: the name stands at 12, "One." at 15, and it ends at 24.
static void begin(struct message *m, unsigned an, unsigned ns, unsigned ar)
{
    m->n = 0;
    ADD(m, "\xbe\xef\x81\x80\0\1");
    add_u16(m, an);
    add_u16(m, ns);
    add_u16(m, ar);
    ADD(m, "\2Db\3One\0\0\1\0\1");
    assert_int_equal(m->n, 24);
}

// Owner ->12, class IN, TTL 60.
static void add_record(struct message *m, unsigned type, const void *rdata,
                       size_t n)
{
    ADD(m, "\xc0\x0c");
    add_u16(m, type);
    ADD(m, "\0\1\0\0\0\x3c");
    add_u16(m, (unsigned)n);
    add(m, rdata, n);
}

static void add_opt(struct message *m, const void *options, size_t n)
{
    ADD(m, "\0\0\x29\x04\xd0\0\0\0\0");
    add_u16(m, (unsigned)n);
    add(m, options, n);
}

// In memory of just its size, which stays until the next call.
static int parse_octets(const uint8_t *p, size_t n, struct dns_reply *out)
{
    static uint8_t *exact;

    free(exact);
    exact = malloc(n ? n : 1);
    assert_non_null(exact);
    memcpy(exact, p, n);
    return dns_reply_parse(span_of(exact, n), out);
}

static int parse(const struct message *m, struct dns_reply *out)
{
    return parse_octets(m->octets, m->n, out);
}

static void assert_good(const struct message *m)
{
    struct dns_reply r;
    assert_int_equal(parse(m, &r), 0);
}

// Refused, with nothing set.
static void assert_bad(const struct message *m)
{
    struct dns_reply r, before;

    memset(&r, 0xa5, sizeof r);
    before = r;
    assert_int_equal(parse(m, &r), -EBADMSG);
    assert_memory_equal(&r, &before, sizeof r);
}

static void assert_name(const struct dns_name *name, const char *text)
{
    char out[DNS_NAME_TEXT_SIZE];
    assert_string_equal(dns_name_format(dns_name_view(name), out), text);
}

// --- a whole one -----------------------------------------------------------

/*
 * 24  answer      ->Db.One    CNAME  Pri.->One   (RDATA at 36, "Pri" at 36)
 * 42              ->Pri.One   A      10.0.0.1
 * 58  authority   ->One       NS     ns.->One    (RDATA at 70)
 * 75  additional  ->ns.One    A      10.0.0.2
 * 91              OPT, with two extended errors
 */
static void add_sections(struct message *m)
{
    begin(m, 2, 1, 2);
    add_record(m, TYPE_CNAME, "\3Pri\xc0\x0f", 6);
    ADD(m, "\xc0\x24\0\1\0\1\0\0\0\x1e\0\4\x0a\0\0\1");
    ADD(m, "\xc0\x0f\0\2\0\1\0\1\x51\x80\0\5\2ns\xc0\x0f");
    ADD(m, "\xc0\x46\0\1\0\1\0\0\0\x1e\0\4\x0a\0\0\2");
    assert_int_equal(m->n, 91);
    // 4096 octets, upper bits 1 of the RCODE, version 0, DO
    ADD(m, "\0\0\x29\x10\0\x01\0\x80\0\0\x15");
    ADD(m, "\0\x03\0\1x");
    ADD(m, "\0\x0f\0\6\0\x16text");
    ADD(m, "\0\x0f\0\2\0\x17");
    set_u16(m, 2, 0x8183); // NXDOMAIN, as far as the header goes
}

static void a_reply_is_read_whole(void **state)
{
    (void)state;
    struct message m;
    struct dns_reply r;
    uint16_t code;
    struct span text;

    add_sections(&m);
    assert_int_equal(parse(&m, &r), 0);
    assert_int_equal(r.message.n, m.n);
    assert_int_equal(r.flags, 0x8183);
    assert_int_equal(r.rcode, 0x13);
    assert_int_equal(r.question_n, 12);
    assert_int_equal(r.qtype, TYPE_A);
    assert_int_equal(r.qclass, 1);
    assert_int_equal(r.counts[DNS_ANSWER], 2);
    assert_int_equal(r.counts[DNS_AUTHORITY], 1);
    assert_int_equal(r.counts[DNS_ADDITIONAL], 2);
    assert_true(r.has_edns);
    assert_true(r.opt_is_last);
    assert_true(r.dnssec_ok);
    assert_int_equal(r.opt_at, 91);
    assert_int_equal(r.options.n, 21);
    assert_true(dns_reply_error(&r, &code, &text));
    assert_int_equal(code, 22);
    assert_int_equal(text.n, 4);
    assert_memory_equal(text.p, "text", 4);
}

static void records_are_walked_in_their_sections(void **state)
{
    (void)state;
    static const struct {
        enum dns_section section;
        const char *owner;
        uint16_t type;
        uint16_t class;
        uint32_t ttl_s;
        size_t at;
        size_t n;
        size_t rdata_n;
    } expected[] = {
        {DNS_ANSWER, "Db.One.", TYPE_CNAME, 1, 60, 24, 18, 6},
        {DNS_ANSWER, "Pri.One.", TYPE_A, 1, 30, 42, 16, 4},
        {DNS_AUTHORITY, "One.", TYPE_NS, 1, 86400, 58, 17, 5},
        {DNS_ADDITIONAL, "ns.One.", TYPE_A, 1, 30, 75, 16, 4},
        {DNS_ADDITIONAL, ".", TYPE_OPT, 4096, 0x01008000, 91, 32, 21},
    };
    struct message m;
    struct dns_reply r;
    struct dns_reply_record record;
    size_t at = 0;

    add_sections(&m);
    assert_int_equal(parse(&m, &r), 0);
    for (size_t i = 0; i < ORD_COUNT(expected); i++) {
        assert_true(dns_reply_next(&r, &at, &record));
        assert_int_equal(record.section, expected[i].section);
        assert_name(&record.owner, expected[i].owner);
        assert_int_equal(record.type, expected[i].type);
        assert_int_equal(record.class, expected[i].class);
        assert_int_equal(record.ttl_s, expected[i].ttl_s);
        assert_int_equal(record.at, expected[i].at);
        assert_int_equal(record.n, expected[i].n);
        assert_int_equal(record.rdata.n, expected[i].rdata_n);
        assert_ptr_equal(record.rdata.p + record.rdata.n,
                         r.message.p + record.at + record.n);
    }
    assert_false(dns_reply_next(&r, &at, &record));
}

// Each of the eight ways in which sections may be empty.
static void empty_sections_have_no_records(void **state)
{
    (void)state;
    for (unsigned full = 0; full < 8; full++) {
        struct message m;
        struct dns_reply r;
        struct dns_reply_record record;
        size_t at = 0;

        begin(&m, full & 1, full >> 1 & 1, full >> 2 & 1);
        for (unsigned s = 0; s < 3; s++)
            if (full >> s & 1)
                add_record(&m, TYPE_A, "\1\2\3\4", 4);
        assert_int_equal(parse(&m, &r), 0);
        assert_false(r.has_edns);
        for (unsigned s = 0; s < 3; s++)
            if (full >> s & 1) {
                assert_true(dns_reply_next(&r, &at, &record));
                assert_int_equal(record.section, s);
            }
        assert_false(dns_reply_next(&r, &at, &record));
    }
}

// --- what is no reply ------------------------------------------------------

static void what_is_no_reply_is_refused(void **state)
{
    (void)state;
    struct message m;

    begin(&m, 0, 0, 0);
    assert_good(&m);
    for (unsigned bit = 1; bit < 0x10000; bit <<= 1) {
        set_u16(&m, 2, 0x8000 ^ bit);
        if (bit == 0x8000 || bit & 0x7800) // QR; an opcode other than QUERY
            assert_bad(&m);
        else
            assert_good(&m);
    }
    set_u16(&m, 2, 0x8000);
    for (unsigned questions = 0; questions < 4; questions += 2) {
        set_u16(&m, 4, questions);
        assert_bad(&m);
    }
    m.n = 12;
    set_u16(&m, 4, 0);
    assert_bad(&m);
}

// Whatever octet it ends at.
static void a_reply_that_ends_early_is_refused(void **state)
{
    (void)state;
    struct message m;

    add_sections(&m);
    for (size_t n = m.n; n-- > 0;) {
        struct message part = m;
        part.n = n;
        assert_bad(&part);
    }
}

static void counts_say_how_many_there_are(void **state)
{
    (void)state;
    struct message m;

    add_sections(&m);
    for (size_t at = 6; at <= 10; at += 2) {
        const unsigned was = m.octets[at + 1];
        set_u16(&m, at, was + 1);
        assert_bad(&m);
        set_u16(&m, at, was - 1); // octets are left over
        assert_bad(&m);
        set_u16(&m, at, 0xffff);
        assert_bad(&m);
        set_u16(&m, at, was);
    }
    assert_good(&m);
    ADD(&m, "\0");
    assert_bad(&m);
}

// RFC 6891 6.1.1.
static void there_is_one_opt_at_most(void **state)
{
    (void)state;
    struct message m;
    struct dns_reply r;

    begin(&m, 0, 0, 2);
    add_opt(&m, "", 0);
    add_record(&m, TYPE_A, "\1\2\3\4", 4);
    assert_int_equal(parse(&m, &r), 0);
    assert_true(r.has_edns);
    assert_false(r.opt_is_last);
    assert_int_equal(r.opt_at, 24);

    begin(&m, 0, 0, 2);
    add_opt(&m, "", 0);
    add_opt(&m, "", 0);
    assert_bad(&m);
    for (unsigned s = 0; s < 2; s++) {
        begin(&m, s == 0, s == 1, 0);
        add_opt(&m, "", 0);
        assert_bad(&m);
    }
    begin(&m, 0, 0, 1); // not the root's
    add_record(&m, TYPE_OPT, "", 0);
    assert_bad(&m);
}

static void options_fill_their_record(void **state)
{
    (void)state;
    static const uint8_t options[] = {0, 15, 0, 3, 0, 22, 'x', 0, 3, 0, 0};
    struct message m;

    for (size_t n = 0; n <= sizeof options; n++) {
        begin(&m, 0, 0, 1);
        add_opt(&m, options, n);
        if (n == 0 || n == 7 || n == 11)
            assert_good(&m);
        else
            assert_bad(&m);
    }
}

static void an_error_that_is_none_is_not_taken(void **state)
{
    (void)state;
    struct message m;
    struct dns_reply r;
    uint16_t code = 77;
    struct span text = span_of("t", 1);

    begin(&m, 0, 0, 0);
    assert_int_equal(parse(&m, &r), 0);
    assert_false(dns_reply_error(&r, &code, &text));
    begin(&m, 0, 0, 1); // without a whole INFO-CODE; then another option
    add_opt(&m, "\0\x0f\0\1\0\0\x0e\0\2\0\1", 11);
    assert_int_equal(parse(&m, &r), 0);
    assert_false(dns_reply_error(&r, &code, &text));
    assert_int_equal(code, 77);
    assert_int_equal(text.n, 1);
}

// --- names -----------------------------------------------------------------

// An owner at 24 and the rest of an A record behind it.
static void begin_owner(struct message *m, const void *owner, size_t n)
{
    begin(m, 1, 0, 0);
    add(m, owner, n);
    ADD(m, "\0\1\0\1\0\0\0\0\0\4\x0a\0\0\1");
}

static void pointers_lead_to_the_left(void **state)
{
    (void)state;
    static const struct {
        bool good;
        uint8_t owner[6];
        size_t n;
    } owners[] = {
        {true, {0xc0, 12}, 2},          // the question
        {true, {0xc0, 15}, 2},          // its second label
        {true, {0xc0, 19}, 2},          // its root
        {true, {1, 'x', 0xc0, 12}, 4},  // a label before it
        {false, {0xc0, 24}, 2},         // itself
        {false, {0xc0, 25}, 2},         // its own second octet
        {false, {0xc0, 26}, 2},         // behind it
        {false, {0xc0, 40}, 2},         // the end
        {false, {0xff, 0xff}, 2},       // beyond it
        {false, {0xc0, 0}, 2},          // the header
        {false, {0xc0, 11}, 2},         // the header's last octet
        {false, {1, 'x', 0xc0, 24}, 4}, // the label before it: a loop
        {false, {0x40, 12}, 2},         // RFC 6891 5: no label types
        {false, {0x80, 12}, 2},         //
        {false, {64, 12}, 2},           //
    };
    for (size_t i = 0; i < ORD_COUNT(owners); i++) {
        struct message m;
        begin_owner(&m, owners[i].owner, owners[i].n);
        if (owners[i].good)
            assert_good(&m);
        else
            assert_bad(&m);
    }
}

// The question's name has nothing to its left.
static void the_question_has_no_pointer(void **state)
{
    (void)state;
    static const uint8_t names[][4] = {
        {0xc0, 12}, {0xc0, 14}, {0xc0, 0}, {1, 'x', 0xc0, 12}};
    static const size_t sizes[] = {2, 2, 2, 4};

    for (size_t i = 0; i < ORD_COUNT(names); i++) {
        struct message m = {.n = 0};
        ADD(&m, "\xbe\xef\x80\0\0\1\0\0\0\0\0\0");
        add(&m, names[i], sizes[i]);
        ADD(&m, "\0\1\0\1");
        assert_bad(&m);
    }
}

// What stands in octets has not been looked at: a name that leads there, and
// from there to the right, is none, although that is to its own left.
static void each_pointer_leads_further_left(void **state)
{
    (void)state;
    struct message m;

    begin(&m, 2, 0, 0);
    // "a" at 36, ->41; "b" at 41
    add_record(&m, TYPE_PRIVATE, "\1a\xc0\x29\0\1b\0", 8);
    add_record(&m, TYPE_CNAME, "\xc0\x24", 2);
    assert_bad(&m);
    m.octets[39] = 12;
    assert_good(&m);
    m.octets[m.n - 1] = 41;
    assert_good(&m);
}

// Two names that point to each other: one of them leads to the right.
static void names_do_not_lead_round(void **state)
{
    (void)state;
    struct message m;

    begin(&m, 2, 0, 0);
    // "a" at 36 and on to what stands at 54
    add_record(&m, TYPE_CNAME, "\1a\xc0\x36", 4);
    add_record(&m, TYPE_CNAME, "\1b\xc0\x24", 4);
    assert_int_equal(m.n, 56);
    assert_bad(&m);
    m.octets[39] = 12;
    assert_good(&m);
}

// A pointer to a pointer to a pointer: of each record's owner to the one's
// before.
static void work_for_a_name_is_bounded(void **state)
{
    (void)state;
    for (unsigned hops = 31; hops <= 34; hops++) {
        struct message m;
        begin(&m, hops, 0, 0);
        for (unsigned i = 0; i < hops; i++) {
            const size_t before = i ? m.n - 16 : 12;
            add_u16(&m, 0xc000 | (unsigned)before);
            ADD(&m, "\0\1\0\1\0\0\0\0\0\4\x0a\0\0\1");
        }
        if (hops <= 32)
            assert_good(&m);
        else
            assert_bad(&m);
    }
}

// RFC 1035 2.3.4: 255 octets, however many of them a pointer stands for.
static void names_have_255_octets_at_most(void **state)
{
    (void)state;
    uint8_t rdata[300];

    // "Db.One." has 8 octets; three labels of 64, and one more
    for (unsigned last = 53; last <= 56; last++) {
        struct message m;
        size_t n = 0;
        for (unsigned i = 0; i < 4; i++) {
            const unsigned label = i < 3 ? 63 : last;
            rdata[n] = (uint8_t)label;
            memset(rdata + n + 1, 'x', label);
            n += 1 + label;
        }
        rdata[n++] = 0xc0;
        rdata[n++] = 12;
        begin(&m, 1, 0, 0);
        add_record(&m, TYPE_CNAME, rdata, n);
        if (192 + 1 + last + 8 <= 255)
            assert_good(&m);
        else
            assert_bad(&m);
    }
}

// --- names in RDATA --------------------------------------------------------

// ->12 and ->15 are names; each RDATA but those of SIG and NXT ends with what
// stands here.
#define N1 "\xc0\x0c"
#define N2 "\2ns\xc0\x0f"
#define U4 "\0\0\0\1"
static const struct rdata_case {
    unsigned type;
    const char *octets;
    size_t n;
    size_t names[2]; // where they stand; 0 behind the last one
    bool is_open;    // anything may follow
} cases[] = {
#define CASE(type, octets, ...)                                                \
    {                                                                          \
        type, octets, sizeof(octets) - 1, __VA_ARGS__                          \
    }
    CASE(2, N2, {0}, false),
    CASE(3, N1, {0}, false),
    CASE(4, N2, {0}, false),
    CASE(5, N1, {0}, false),
    CASE(6, N2 N1 U4 U4 U4 U4 U4, {0, 5}, false),
    CASE(7, N2, {0}, false),
    CASE(8, N2, {0}, false),
    CASE(9, N1, {0}, false),
    CASE(12, N2, {0}, false),
    CASE(14, N1 N2, {0, 2}, false),
    CASE(15, "\0\12" N2, {2}, false),
    CASE(17, N2 N2, {0, 5}, false),
    CASE(18, "\0\1" N1, {2}, false),
    CASE(21, "\0\1" N2, {2}, false),
    CASE(24, "\0\1\x05\2" U4 U4 U4 "\1\2" N2 "signature", {18}, true),
    CASE(26, "\0\12" N1 N2, {2, 4}, false),
    CASE(30, N2 "\x40\1", {0}, true),
    CASE(33, "\0\1\0\2\0\3" N2, {6}, false),
    CASE(35, "\0\1\0\2\1s\3sip\2!!" N2, {13}, false),
    CASE(36, "\0\1" N2, {2}, false),
    CASE(39, N1, {0}, false),
#undef CASE
};

static void names_in_rdata_may_be_compressed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        const struct rdata_case *c = &cases[i];
        struct message m;
        struct dns_reply r;
        struct dns_reply_record record;
        struct dns_name name;

        begin(&m, 1, 0, 0);
        add_record(&m, c->type, c->octets, c->n);
        assert_int_equal(parse(&m, &r), 0);
        size_t at = 0;
        assert_true(dns_reply_next(&r, &at, &record));
        for (size_t k = 0; k < 2 && (k == 0 || c->names[k]); k++) {
            const bool first = c->octets[c->names[k]] == '\xc0';
            assert_true(dns_reply_rdata_name(&r, &record, c->names[k], &name));
            assert_name(&name, first ? "Db.One." : "ns.One.");
        }
    }
}

// Each octet less, and one more.
static void rdata_ends_where_its_type_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        const struct rdata_case *c = &cases[i];
        const size_t last = c->names[1] ? c->names[1] : c->names[0];
        const size_t last_n = c->octets[last] == '\xc0' ? 2 : 5;

        for (size_t n = 0; n <= c->n + 1; n++) {
            struct message m;
            begin(&m, 1, 0, 0);
            add_record(&m, c->type, c->octets, n);
            if (n == c->n || (c->is_open && n >= last + last_n))
                assert_good(&m);
            else
                assert_bad(&m);
        }
    }
}

// To itself, and to what follows: the record's end, that of the message.
static void pointers_in_rdata_lead_to_the_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < ORD_COUNT(cases); i++)
        for (size_t k = 0; k < 2 && (k == 0 || cases[i].names[k]); k++) {
            const struct rdata_case *c = &cases[i];
            const bool first = c->octets[c->names[k]] == '\xc0';
            const size_t at = 36 + c->names[k];
            const size_t pointer = at + (first ? 0 : 3);
            const size_t bad[] = {at,          pointer, pointer + 1,
                                  pointer + 2, 0x3fff,  0};
            struct message m;
            begin(&m, 1, 0, 0);
            add_record(&m, c->type, c->octets, c->n);
            assert_int_equal(m.octets[pointer], 0xc0);
            for (size_t b = 0; b < ORD_COUNT(bad); b++) {
                set_u16(&m, pointer, 0xc000 | (unsigned)bad[b]);
                assert_bad(&m);
            }
        }
}

// RFC 3597 4: what is not known has no names.
static void other_types_are_octets(void **state)
{
    (void)state;
    static const unsigned types[] = {TYPE_A, TYPE_TXT, 28,  46,
                                     47,     64,       257, TYPE_PRIVATE};
    for (size_t i = 0; i < ORD_COUNT(types); i++) {
        struct message m;
        begin(&m, 1, 0, 0);
        add_record(&m, types[i], "\xff\xff\xc0", 3);
        assert_good(&m);
        begin(&m, 1, 0, 0);
        add_record(&m, types[i], "", 0);
        assert_good(&m);
    }
}

static void a_name_in_rdata_is_within_it(void **state)
{
    (void)state;
    struct message m;
    struct dns_reply r;
    struct dns_reply_record record;
    struct dns_name name = {.n = 0};
    size_t at = 0;

    begin(&m, 2, 0, 0);
    add_record(&m, TYPE_PRIVATE, "\0\2\1x\1", 5);
    add_record(&m, TYPE_A, "\1\2\3\4", 4);
    assert_int_equal(parse(&m, &r), 0);
    assert_true(dns_reply_next(&r, &at, &record));
    assert_true(dns_reply_rdata_name(&r, &record, 0, &name));
    assert_name(&name, ".");
    name.n = 77;
    for (size_t skip = 1; skip < 8; skip++)
        assert_false(dns_reply_rdata_name(&r, &record, skip, &name));
    assert_int_equal(name.n, 77);
}

// --- anything at all -------------------------------------------------------

// What was read fits together, and the C library reads the same.
static void check(const uint8_t *p, size_t n)
{
    struct dns_reply r;
    struct dns_reply_record record;
    struct wire w;
    size_t at = 0, records = 0, counts[DNS_SECTIONS] = {0};

    if (parse_octets(p, n, &r) != 0)
        return;
    assert_true(wire_read(r.message.p, n, &w));
    while (dns_reply_next(&r, &at, &record)) {
        counts[record.section]++;
        if (record.type == TYPE_OPT)
            continue;
        assert_true(records < w.n);
        assert_int_equal(record.type, w.records[records].type);
        assert_int_equal(record.section, w.records[records].section);
        assert_int_equal(at, w.records[records].end);
        records++;
    }
    assert_int_equal(records, w.n);
    assert_int_equal(at ? at : DNS_HEADER + (size_t)r.question_n, n);
    for (unsigned s = 0; s < DNS_SECTIONS; s++)
        assert_int_equal(counts[s], r.counts[s]);
    wire_release(&w);
}

static void each_octet_may_be_anything(void **state)
{
    (void)state;
    struct message m;

    add_sections(&m);
    for (size_t at = 0; at < m.n; at++) {
        const uint8_t was = m.octets[at];
        for (unsigned v = 0; v < 256; v++) {
            m.octets[at] = (uint8_t)v;
            check(m.octets, m.n);
        }
        m.octets[at] = was;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_is_read_whole),
        cmocka_unit_test(records_are_walked_in_their_sections),
        cmocka_unit_test(empty_sections_have_no_records),
        cmocka_unit_test(what_is_no_reply_is_refused),
        cmocka_unit_test(a_reply_that_ends_early_is_refused),
        cmocka_unit_test(counts_say_how_many_there_are),
        cmocka_unit_test(there_is_one_opt_at_most),
        cmocka_unit_test(options_fill_their_record),
        cmocka_unit_test(an_error_that_is_none_is_not_taken),
        cmocka_unit_test(pointers_lead_to_the_left),
        cmocka_unit_test(the_question_has_no_pointer),
        cmocka_unit_test(each_pointer_leads_further_left),
        cmocka_unit_test(names_do_not_lead_round),
        cmocka_unit_test(work_for_a_name_is_bounded),
        cmocka_unit_test(names_have_255_octets_at_most),
        cmocka_unit_test(names_in_rdata_may_be_compressed),
        cmocka_unit_test(rdata_ends_where_its_type_does),
        cmocka_unit_test(pointers_in_rdata_lead_to_the_left),
        cmocka_unit_test(other_types_are_octets),
        cmocka_unit_test(a_name_in_rdata_is_within_it),
        cmocka_unit_test(each_octet_may_be_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
