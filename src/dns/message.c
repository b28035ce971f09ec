// SPDX-License-Identifier: Apache-2.0
#include "dns/message.h"

#include "base/base.h"
#include "dns/record.h"

enum {
    RECORD_FIXED = 10, // type, class, TTL, RDATA length
    OPTION_HEAD = 4,   // EDNS: code, length
};

// Sixteen octets at a time; gcc and clang make of it what the machine has.
typedef uint8_t octets16 __attribute__((vector_size(16)));

static inline void fold16(uint8_t *to, const uint8_t *from)
{
    octets16 v;
    memcpy(&v, from, sizeof v);
    octets16 letter = (octets16)((octets16)(v - 'A') < 26);
    v |= letter & 0x20;
    memcpy(to, &v, sizeof v);
}

/*
 * Copy a name in lower case. Length octets are at most 63 and so are no
 * letters: nothing needs to know where they stand. The last sixteen octets
 * may be folded twice, which changes nothing.
 */
static inline void fold_name(uint8_t *to, const uint8_t *from, size_t n)
{
    if (ORD_LIKELY(n >= 16)) {
        for (size_t i = 0; i + 16 < n; i += 16)
            fold16(to + i, from + i);
        fold16(to + n - 16, from + n - 16);
        return;
    }
    for (size_t i = 0; i < n; i++)
        to[i] = dns_fold_octet(from[i]);
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
    size_t at = 0;
    unsigned labels = 0;

    for (;;) {
        if (ORD_UNLIKELY(at >= limit))
            return false;
        uint8_t n = name[at];
        if (n == 0)
            break;
        if (ORD_UNLIKELY(n > DNS_LABEL_MAX))
            return false;
        q->label_at[labels++] = (uint8_t)at;
        at += n + 1u;
    }
    at++;
    if (ORD_UNLIKELY(at + 4 > readable))
        return false;
    q->label_at[labels] = (uint8_t)(at - 1);
    q->labels = (uint8_t)labels;
    q->name_n = (uint8_t)at;
    q->question_n = (uint16_t)(at + 4);
    q->qtype = bytes_load_u16(name + at);
    q->qclass = bytes_load_u16(name + at + 2);
    fold_name(q->name, name, at);
    return true;
}

// Step over a record's owner: labels, then the root or a pointer.
static bool skip_name(struct bytes_in *in)
{
    for (unsigned octets = 0; octets < DNS_NAME_MAX;) {
        uint8_t n = bytes_in_u8(in);
        if (!bytes_in_ok(in))
            return false;
        if (n == 0)
            return true;
        if (n >= 0xc0) {
            bytes_in_take(in, 1);
            return bytes_in_ok(in);
        }
        if (n > DNS_LABEL_MAX)
            return false;
        bytes_in_take(in, n);
        octets += n + 1u;
    }
    return false;
}

// Whether the options fill the RDATA exactly (RFC 6891 6.1.2).
static bool options_well_formed(struct span rdata)
{
    struct bytes_in in = bytes_in_of(rdata);
    while (bytes_in_left(&in) > 0 && bytes_in_ok(&in)) {
        struct span head = bytes_in_take(&in, OPTION_HEAD);
        if (head.n)
            bytes_in_take(&in, bytes_load_u16(head.p + 2));
    }
    return bytes_in_ok(&in);
}

/*
 * Records behind the question, `count` of which are said to be there, the last
 * `additional` of them in the additional section. Returns false when one is
 * malformed or octets are left over.
 */
static bool parse_records(struct bytes_in *in, unsigned count,
                          unsigned additional, struct dns_query *q,
                          uint8_t *version)
{
    for (; count > 0; count--) {
        const uint8_t *owner = in->at;
        if (!skip_name(in))
            return false;
        struct span fixed = bytes_in_take(in, RECORD_FIXED);
        struct span rdata =
            bytes_in_take(in, fixed.n ? bytes_load_u16(fixed.p + 8) : 0);
        if (!bytes_in_ok(in))
            return false;
        if (bytes_load_u16(fixed.p) != DNS_TYPE_OPT)
            continue;
        // RFC 6891 6.1.1: one at most, its owner the root, additional section
        if (q->has_edns || *owner != 0 || count > additional ||
            !options_well_formed(rdata))
            return false;
        q->has_edns = true;
        q->edns_size = bytes_load_u16(fixed.p + 2);
        q->dnssec_ok = fixed.p[6] & 0x80;
        *version = fixed.p[5];
    }
    return bytes_in_left(in) == 0;
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
    if (ORD_UNLIKELY(q->flags & DNS_FLAG_QR))
        return DNS_QUERY_SILENT;
    if (ORD_UNLIKELY(q->flags & DNS_OPCODE_MASK))
        return DNS_QUERY_NOTIMP;
    // RFC 9619: a QUERY has one question
    if (ORD_UNLIKELY(bytes_load_u16(m + 4) != 1 || !parse_question(msg, q))) {
        q->question_n = 0;
        return DNS_QUERY_FORMERR;
    }

    uint8_t version = 0;
    unsigned additional = bytes_load_u16(m + 10);
    unsigned count =
        bytes_load_u16(m + 6) + bytes_load_u16(m + 8) + additional;
    size_t at = DNS_HEADER + (size_t)q->question_n;
    const uint8_t *rest = m + at;
    // what resolvers send: just an OPT record without options, or nothing
    if (ORD_LIKELY(count == 1 && additional == 1 && msg.n - at == DNS_OPT &&
                   rest[0] == 0 && rest[1] == 0 && rest[2] == DNS_TYPE_OPT &&
                   rest[9] == 0 && rest[10] == 0)) {
        q->has_edns = true;
        q->edns_size = bytes_load_u16(rest + 3);
        version = rest[6];
        q->dnssec_ok = rest[7] & 0x80;
    } else if (count > 0 || msg.n != at) {
        struct bytes_in in = bytes_in_of(span_of(rest, msg.n - at));
        if (!parse_records(&in, count, additional, q, &version))
            return DNS_QUERY_FORMERR;
    }
    return ORD_UNLIKELY(version) ? DNS_QUERY_BADVERS : DNS_QUERY_OK;
}
