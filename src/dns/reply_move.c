// SPDX-License-Identifier: Apache-2.0
// A record moves to another message together with all that stood before it, so
// that its pointers are off by as much as it is, but for those to the question,
// whose name stands elsewhere. What a pointer would lead to is looked at before
// it is written: where that is not the name it led to before (it is out of a
// pointer's reach, or somebody pointed at octets that are no name), the name is
// written out instead. What is looked at is final: it is not the header, nor
// the length of the record's own RDATA, unless that stays what it was.
#include "dns/reply.h"

#include "dns/record.h"
#include "rdata.h"

#include <assert.h>

// Octets of the new message so far.
static size_t offset(const struct dns_reply_move *m)
{
    return (size_t)(m->out.at - m->out.start);
}

// Where that stands now which stood at an offset of the reply: behind the
// header. SIZE_MAX: nowhere, it is within the OPT record.
static size_t place_of(const struct dns_reply_move *m, size_t at)
{
    const struct dns_reply *r = m->reply;
    const size_t records_at = DNS_HEADER + (size_t)r->question_n;

    if (at < records_at)
        return m->name_at + (at - DNS_HEADER);
    const size_t opt_n = DNS_OPT + r->options.n;
    if (!r->has_edns || at <= r->opt_at)
        return m->first_at + (at - records_at);
    if (at < r->opt_at + opt_n)
        return SIZE_MAX;
    return m->first_at + (at - records_at) - opt_n;
}

// Whether a pointer may lead there, and finds this among the first n octets.
static bool leads_to(const struct dns_reply_move *m, size_t place, size_t n,
                     struct span name)
{
    struct dns_name found;

    return place < DNS_POINTER_LIMIT &&
           rdata_name(span_of(m->out.start, n), place, &found) > 0 &&
           dns_name_is_same(dns_name_view(&found), name);
}

// Write the name at an offset of the reply. final_n: of the octets before it,
// those that may be pointed at. Returns the octets that the name has there.
static size_t move_name(struct dns_reply_move *m, size_t at, size_t final_n)
{
    const size_t before = offset(m);
    const uint8_t *wire = m->reply->message.p + at;
    struct dns_name name;
    size_t own = 0; // octets of labels before a pointer or the root

    const size_t n = rdata_name(m->reply->message, at, &name);
    assert(n > 0); // dns_reply_parse() has read it
    while (wire[own] > 0 && wire[own] <= DNS_LABEL_MAX)
        own += wire[own] + 1u;
    if (wire[own] == 0) {
        bytes_out_put(&m->out, dns_name_view(&name));
        return n;
    }
    const struct span rest = span_of(name.wire + own, name.n - own);
    const size_t place =
        place_of(m, bytes_load_u16(wire + own) & (DNS_POINTER_LIMIT - 1u));
    bytes_out_put(&m->out, span_of(wire, own));
    if (leads_to(m, place, before < final_n ? before : final_n, rest))
        bytes_out_u16(&m->out, (uint16_t)(DNS_POINTER | place));
    else
        bytes_out_put(&m->out, rest);
    return n;
}

static void move_rdata(struct dns_reply_move *m,
                       const struct dns_reply_record *record, size_t final_n)
{
    const struct span msg = m->reply->message;
    const size_t end = record->at + record->n;
    size_t at = end - record->rdata.n;
    struct rdata_names names;

    const bool is_known =
        rdata_find_names(msg, record->type, at, record->rdata.n, &names);
    assert(is_known); // dns_reply_parse() has found them
    for (unsigned i = 0; i < names.n; i++) {
        bytes_out_put(&m->out, span_of(msg.p + at, names.at[i] - at));
        at = names.at[i] + move_name(m, names.at[i], final_n);
    }
    bytes_out_put(&m->out, span_of(msg.p + at, end - at));
}

// What pointers in RDATA may lead to.
enum reach {
    // all to their left, where the RDATA's length, which stands there, is the
    // same as it was
    REACH_ALL,
    REACH_OWNER, // all to the left of the owner's end
};

static bool put_record(struct dns_reply_move *m,
                       const struct dns_reply_record *record, enum reach reach)
{
    const struct bytes_out before = m->out;

    (void)move_name(m, record->at, SIZE_MAX);
    const size_t final_n = reach == REACH_ALL ? SIZE_MAX : offset(m);
    bytes_out_u16(&m->out, record->type);
    bytes_out_u16(&m->out, record->class);
    bytes_out_u32(&m->out, record->ttl_s);
    bytes_out_u16(&m->out, (uint16_t)record->rdata.n);
    const size_t rdata_at = offset(m);
    move_rdata(m, record, final_n);
    const size_t n = offset(m) - rdata_at;
    const bool is_as_said = reach == REACH_OWNER || n == record->rdata.n;
    if (!bytes_out_ok(&m->out) || n > UINT16_MAX || !is_as_said) {
        m->out = before;
        return false;
    }
    bytes_store_u16(m->out.start + rdata_at - 2, (uint16_t)n);
    return true;
}

bool dns_reply_move(struct dns_reply_move *m,
                    const struct dns_reply_record *record)
{
    return put_record(m, record, REACH_ALL) ||
           put_record(m, record, REACH_OWNER);
}
