// SPDX-License-Identifier: Apache-2.0
#include "dns/reply.h"

#include "dns/edns.h"
#include "dns/record.h"
#include "rdata.h"

#include <errno.h>

enum {
    QUESTION_FIXED = 4,
    OPT_DO = 0x8000, // of the TTL (RFC 3225 3)
};

// --- records ---------------------------------------------------------------

// Read the record at an offset, but for its section.
static bool read_record(struct span msg, size_t at,
                        struct dns_reply_record *out)
{
    const size_t owner_n = rdata_name(msg, at, &out->owner);

    if (owner_n == 0)
        return false;
    struct bytes_in in =
        bytes_in_of(span_of(msg.p + at + owner_n, msg.n - at - owner_n));
    out->type = bytes_in_u16(&in);
    out->class = bytes_in_u16(&in);
    out->ttl_s = bytes_in_u32(&in);
    const uint16_t rdata_n = bytes_in_u16(&in);
    out->rdata = bytes_in_take(&in, rdata_n);
    out->at = at;
    out->n = owner_n + DNS_RECORD_FIXED + rdata_n;
    return bytes_in_ok(&in);
}

bool dns_reply_next(const struct dns_reply *r, size_t *at,
                    struct dns_reply_record *out)
{
    const size_t next = *at ? *at : r->section_at[DNS_ANSWER];

    if (next >= r->message.n || !read_record(r->message, next, out))
        return false;
    out->section = DNS_ANSWER;
    // of empty sections the last one counts, which has the record
    for (unsigned s = DNS_AUTHORITY; s < DNS_SECTIONS; s++)
        if (r->section_at[s] <= next)
            out->section = (enum dns_section)s;
    *at = next + out->n;
    return true;
}

bool dns_reply_rdata_name(const struct dns_reply *r,
                          const struct dns_reply_record *record, size_t skip,
                          struct dns_name *out)
{
    const size_t end = record->at + record->n;
    struct dns_name name;

    if (rdata_name(span_of(r->message.p, end), end - record->rdata.n + skip,
                   &name) == 0)
        return false;
    *out = name;
    return true;
}

// --- options ---------------------------------------------------------------

bool dns_reply_option(struct span options, size_t *at, uint16_t *code,
                      struct span *value)
{
    if (*at >= options.n)
        return false;
    struct bytes_in in = bytes_in_of(span_of(options.p + *at, options.n - *at));
    const uint16_t c = bytes_in_u16(&in), n = bytes_in_u16(&in);
    const struct span v = bytes_in_take(&in, n);

    if (!bytes_in_ok(&in))
        return false;
    *code = c;
    *value = v;
    *at += EDNS_OPTION_HEAD + (size_t)n;
    return true;
}

bool dns_reply_error(const struct dns_reply *r, uint16_t *code,
                     struct span *text)
{
    uint16_t option;
    struct span value;

    for (size_t at = 0; dns_reply_option(r->options, &at, &option, &value);)
        if (option == EDNS_OPTION_EDE && value.n >= EDNS_INFO_CODE) {
            *code = bytes_load_u16(value.p);
            *text = span_of(value.p + EDNS_INFO_CODE, value.n - EDNS_INFO_CODE);
            return true;
        }
    return false;
}

// Options fill the RDATA exactly (RFC 6891 6.1.2).
static bool are_options(struct span rdata)
{
    uint16_t code;
    struct span value;
    size_t at = 0;

    while (dns_reply_option(rdata, &at, &code, &value))
        ;
    return at == rdata.n;
}

// --- a reply ---------------------------------------------------------------

// RFC 6891 6.1.1: one at most, its owner the root, in the additional section.
static bool take_opt(struct dns_reply *r, const struct dns_reply_record *record)
{
    if (r->has_edns || record->section != DNS_ADDITIONAL ||
        r->message.p[record->at] != 0 || !are_options(record->rdata))
        return false;
    r->has_edns = true;
    r->dnssec_ok = record->ttl_s & OPT_DO;
    r->rcode = (uint16_t)(r->rcode | record->ttl_s >> 24 << 4);
    r->opt_at = record->at;
    r->opt_is_last = record->at + record->n == r->message.n;
    r->options = record->rdata;
    return true;
}

// All records, with the names in them. Returns where the last one ends, 0 where
// one is malformed.
static size_t walk(struct dns_reply *r, size_t at)
{
    struct dns_reply_record record;
    struct rdata_names names;

    for (unsigned s = DNS_ANSWER; s < DNS_SECTIONS; s++) {
        r->section_at[s] = at;
        record.section = (enum dns_section)s;
        for (unsigned i = 0; i < r->counts[s]; i++, at += record.n) {
            if (!read_record(r->message, at, &record))
                return 0;
            const size_t rdata_at = at + record.n - record.rdata.n;
            if (!rdata_find_names(r->message, record.type, rdata_at,
                                  record.rdata.n, &names))
                return 0;
            if (record.type == DNS_TYPE_OPT && !take_opt(r, &record))
                return 0;
        }
    }
    return at;
}

// The one question (RFC 9619). No pointer in its name finds a prior one.
static bool read_question(struct dns_reply *r)
{
    const size_t n = rdata_name(r->message, DNS_HEADER, NULL);

    if (n == 0 || r->message.n - DNS_HEADER - n < QUESTION_FIXED)
        return false;
    const uint8_t *fixed = r->message.p + DNS_HEADER + n;
    r->question_n = (uint16_t)(n + QUESTION_FIXED);
    r->qtype = bytes_load_u16(fixed);
    r->qclass = bytes_load_u16(fixed + 2);
    return true;
}

int dns_reply_parse(struct span msg, struct dns_reply *out)
{
    struct dns_reply r = {.message = msg};

    if (msg.n < DNS_HEADER)
        return -EBADMSG;
    r.flags = bytes_load_u16(msg.p + 2);
    r.rcode = r.flags & DNS_RCODE_MASK;
    if (!(r.flags & DNS_FLAG_QR) || r.flags & DNS_OPCODE_MASK ||
        bytes_load_u16(msg.p + 4) != 1 || !read_question(&r))
        return -EBADMSG;
    for (unsigned s = DNS_ANSWER; s < DNS_SECTIONS; s++)
        r.counts[s] = bytes_load_u16(msg.p + 6 + (size_t)2 * s);
    if (walk(&r, DNS_HEADER + (size_t)r.question_n) != msg.n)
        return -EBADMSG;
    *out = r;
    return 0;
}
