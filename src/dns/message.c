// SPDX-License-Identifier: Apache-2.0
#include "dns/message.h"

#include "base/base.h"
#include "dns/edns.h"
#include "dns/record.h"

enum {
    // Options that are looked at for what they mean. No client sends more than
    // a few; those behind them only have to be well formed.
    OPTIONS_MAX = 32,
};

// Sixteen octets at a time; gcc and clang make of it what the machine has.
typedef uint8_t octets16 __attribute__((vector_size(16)));

// All ones where the octet is a capital letter. Length octets are at most 63
// and so are none: nothing needs to know where they stand.
ORD_INLINE octets16 capitals(const uint8_t *p)
{
    octets16 v;
    memcpy(&v, p, sizeof v);
    return (octets16)((octets16)(v - 'A') < 26);
}

// Whether a name of at least 16 octets has a capital letter. The last sixteen
// octets may be looked at twice.
ORD_INLINE bool has_capitals(const uint8_t *name, size_t n)
{
    octets16 any = capitals(name + n - 16);
    for (size_t i = 0; i + 16 < n; i += 16)
        any |= capitals(name + i);
    uint64_t halves[2];
    memcpy(halves, &any, sizeof halves);
    return (halves[0] | halves[1]) != 0;
}

/*
 * The question (RFC 1035 4.1.2). A length octet above 63 is a compression
 * pointer, for which there is nothing to point at, or one of the label types
 * that RFC 6891 5 ended.
 */
static inline bool parse_question(struct span msg, struct dns_query *q)
{
    const uint8_t *name = msg.p + DNS_HEADER;
    size_t readable = msg.n - DNS_HEADER;
    size_t limit = readable < DNS_NAME_MAX ? readable : DNS_NAME_MAX;
    uint8_t *label = q->label_at;
    size_t at = 0, n = 0;

    // 1 to 63; the root's 0 wraps round
    for (; at < limit && (n = name[at]) - 1 < DNS_LABEL_MAX; at += n + 1)
        *label++ = (uint8_t)at;
    if (ORD_UNLIKELY(at >= limit || n != 0))
        return false;
    at++;
    if (ORD_UNLIKELY(at + 4 > readable))
        return false;
    *label = (uint8_t)(at - 1);
    q->labels = (uint8_t)(label - q->label_at);
    q->name_n = (uint8_t)at;
    q->question_n = (uint16_t)(at + 4);
    uint32_t type_and_class = bytes_load_u32(name + at);
    q->qtype = (uint16_t)(type_and_class >> 16);
    q->qclass = (uint16_t)type_and_class;
    q->name = ORD_LIKELY(at >= 16) && ORD_LIKELY(!has_capitals(name, at))
                  ? name
                  : dns_fold(q->folded, name, at);
    return true;
}

// Step over a record's owner: labels, then the root or a pointer, which is not
// followed. RFC 1035 4.1.4: it points at a prior name.
static bool skip_name(struct span msg, struct bytes_in *in)
{
    const size_t owner = (size_t)(in->at - msg.p);

    for (unsigned octets = 0; octets < DNS_NAME_MAX;) {
        uint8_t n = bytes_in_u8(in);
        if (!bytes_in_ok(in))
            return false;
        if (n == 0)
            return true;
        if (n >= DNS_POINTER >> 8) {
            size_t target = (n & 0x3fu) << 8 | bytes_in_u8(in);
            return bytes_in_ok(in) && target >= DNS_HEADER && target < owner;
        }
        if (n > DNS_LABEL_MAX)
            return false;
        bytes_in_take(in, n);
        octets += n + 1u;
    }
    return false;
}

static bool take_cookie(struct dns_query *q, struct span value)
{
    // RFC 7873 5.2.2: another length is FORMERR; 5.2: the first one counts
    if (q->options & DNS_OPTION_COOKIE)
        return true;
    if (!dns_cookie_is_well_formed(value.n))
        return false;
    q->options |= DNS_OPTION_COOKIE;
    q->cookie_n = (uint8_t)value.n;
    memcpy(q->cookie, value.p, value.n);
    return true;
}

// Unknown options are ignored (RFC 6891 6.1.2), and so is what NSID and
// keepalive may bring: in a query they are empty (RFC 5001 2.1, RFC 7828 3.1).
static bool take_option(struct dns_query *q, unsigned code, struct span value)
{
    if (code == EDNS_OPTION_COOKIE)
        return take_cookie(q, value);
    if (code == EDNS_OPTION_NSID)
        q->options |= DNS_OPTION_NSID;
    else if (code == EDNS_OPTION_KEEPALIVE)
        q->options |= DNS_OPTION_KEEPALIVE;
    return true;
}

// The options fill the RDATA exactly (RFC 6891 6.1.2). Returns false when they
// do not, or when one that is known is malformed.
static bool parse_options(struct span rdata, struct dns_query *q)
{
    struct bytes_in in = bytes_in_of(rdata);
    for (unsigned i = 0; bytes_in_left(&in) > 0; i++) {
        struct span head = bytes_in_take(&in, EDNS_OPTION_HEAD);
        if (head.n == 0)
            return false;
        struct span value = bytes_in_take(&in, bytes_load_u16(head.p + 2));
        if (!bytes_in_ok(&in))
            return false;
        if (i < OPTIONS_MAX && !take_option(q, bytes_load_u16(head.p), value))
            return false;
    }
    return true;
}

/*
 * RFC 6891 6.1.1: one at most, its owner the root, in the additional section.
 * What another version's RDATA means is not known: BADVERS is all it gets.
 */
static bool parse_opt(const uint8_t *owner, struct span fixed,
                      struct span rdata, struct dns_query *q, uint8_t *version)
{
    if (q->has_edns || *owner != 0)
        return false;
    q->has_edns = true;
    q->edns_size = bytes_load_u16(fixed.p + 2);
    q->dnssec_ok = fixed.p[6] & 0x80;
    *version = fixed.p[5];
    return *version || parse_options(rdata, q);
}

/*
 * The sections behind the question, from offset `at` on. Returns FORMERR when a
 * record is malformed or octets are left over, BADVERS, or OK.
 */
ORD_COLD static enum dns_verdict parse_records(struct span msg, size_t at,
                                               struct dns_query *q)
{
    unsigned additional = bytes_load_u16(msg.p + 10);
    unsigned count =
        bytes_load_u16(msg.p + 6) + bytes_load_u16(msg.p + 8) + additional;
    struct bytes_in rest = bytes_in_of(span_of(msg.p + at, msg.n - at));
    struct bytes_in *in = &rest;
    uint8_t version = 0;

    for (; count > 0; count--) {
        const uint8_t *owner = in->at;
        if (!skip_name(msg, in))
            return DNS_QUERY_FORMERR;
        struct span fixed = bytes_in_take(in, DNS_RECORD_FIXED);
        struct span rdata =
            bytes_in_take(in, fixed.n ? bytes_load_u16(fixed.p + 8) : 0);
        if (!bytes_in_ok(in))
            return DNS_QUERY_FORMERR;
        if (bytes_load_u16(fixed.p) != DNS_TYPE_OPT)
            continue;
        if (count > additional || !parse_opt(owner, fixed, rdata, q, &version))
            return DNS_QUERY_FORMERR;
    }
    if (bytes_in_left(in) > 0)
        return DNS_QUERY_FORMERR;
    return version ? DNS_QUERY_BADVERS : DNS_QUERY_OK;
}

static inline bool has_no_records(const uint8_t *header)
{
    static const uint8_t counts[6] = {0};
    return bytes_equal(header + 6, counts, sizeof counts);
}

// What resolvers send: just an OPT record without options, as the last thing.
static inline bool is_plain_opt(const uint8_t *header, const uint8_t *opt,
                                size_t n)
{
    static const uint8_t counts[6] = {0, 0, 0, 0, 0, 1};
    return n == DNS_OPT && bytes_equal(header + 6, counts, sizeof counts) &&
           bytes_load_u32(opt) >> 8 == DNS_TYPE_OPT && // the root before it
           bytes_load_u16(opt + 9) == 0;
}

// RFC 7873 5.4: without a question it may still ask for a cookie.
ORD_COLD static enum dns_verdict parse_without_question(struct span msg,
                                                        struct dns_query *q)
{
    if (bytes_load_u16(msg.p + 4) != 0)
        return DNS_QUERY_FORMERR;
    const enum dns_verdict verdict = parse_records(msg, DNS_HEADER, q);
    if (verdict == DNS_QUERY_OK)
        return q->options & DNS_OPTION_COOKIE ? DNS_QUERY_COOKIE
                                              : DNS_QUERY_FORMERR;
    return verdict;
}

/*
 * What another opcode's message means is not known, but that an OPT record in
 * it is to be answered by one (RFC 6891 6.1.1): it is looked for where a query
 * has it.
 */
ORD_COLD static enum dns_verdict parse_other_opcode(struct span msg,
                                                    struct dns_query *q)
{
    const unsigned questions = bytes_load_u16(msg.p + 4);
    enum dns_verdict verdict = DNS_QUERY_FORMERR;

    if (questions == 0 || (questions == 1 && parse_question(msg, q)))
        verdict = parse_records(msg, DNS_HEADER + (size_t)q->question_n, q);
    q->question_n = 0;
    if (verdict == DNS_QUERY_FORMERR) {
        q->has_edns = false;
        q->options = 0;
    }
    return verdict == DNS_QUERY_BADVERS ? verdict : DNS_QUERY_NOTIMP;
}

enum dns_verdict dns_query_parse(struct span msg, struct dns_query *q)
{
    const uint8_t *m = msg.p;

    if (ORD_UNLIKELY(msg.n < DNS_HEADER))
        return DNS_QUERY_SILENT;
    q->flags = bytes_load_u16(m + 2);
    q->question_n = 0;
    q->edns_size = 0;
    q->has_edns = false;
    q->dnssec_ok = false;
    q->options = 0;
    q->cookie_n = 0;
    if (ORD_UNLIKELY(q->flags & DNS_FLAG_QR))
        return DNS_QUERY_SILENT;
    if (ORD_UNLIKELY(q->flags & DNS_OPCODE_MASK))
        return parse_other_opcode(msg, q);
    // RFC 9619: a QUERY has one question
    if (ORD_UNLIKELY(bytes_load_u16(m + 4) != 1 || !parse_question(msg, q))) {
        q->question_n = 0;
        return parse_without_question(msg, q);
    }

    size_t at = DNS_HEADER + (size_t)q->question_n;
    if (ORD_LIKELY(is_plain_opt(m, m + at, msg.n - at))) {
        q->has_edns = true;
        q->edns_size = bytes_load_u16(m + at + 3);
        q->dnssec_ok = m[at + 7] & 0x80;
        return ORD_UNLIKELY(m[at + 6]) ? DNS_QUERY_BADVERS : DNS_QUERY_OK;
    }
    if (msg.n == at && has_no_records(m))
        return DNS_QUERY_OK;
    return parse_records(msg, at, q);
}
