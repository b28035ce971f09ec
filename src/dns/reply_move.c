// SPDX-License-Identifier: Apache-2.0
// A record moves to another message together with all that stood before it, so
// that its pointers are off by as much as it is, but for those to the question,
// whose name stands elsewhere. What a pointer would lead to is looked at before
// it is written: where that is not the name it led to before (it is out of a
// pointer's reach, or somebody pointed at octets that are no name), the name is
// written out instead.
#include "dns/reply.h"

#include "dns/record.h"
#include "rdata.h"

#include <assert.h>

static bool is_same_name(const struct dns_name *name, struct span other)
{
    if (name->n != other.n)
        return false;
    for (size_t i = 0; i < other.n; i++)
        if (dns_fold_octet(name->wire[i]) != dns_fold_octet(other.p[i]))
            return false;
    return true;
}

// Where that stands now which stood at an offset of the reply. Any number,
// where it is nowhere.
static size_t place_of(const struct dns_reply_move *m, size_t at)
{
    const struct dns_reply *r = m->reply;
    const size_t records_at = DNS_HEADER + (size_t)r->question_n;

    if (at < records_at)
        return m->name_at + (at - DNS_HEADER);
    const size_t opt_n =
        r->has_edns && at > r->opt_at ? DNS_OPT + r->options.n : 0;
    return m->first_at + (at - records_at) - opt_n;
}

// Whether a pointer in the name that begins at `before` may lead there, and
// finds this.
static bool leads_to(const struct dns_reply_move *m, size_t place,
                     size_t before, struct span name)
{
    struct dns_name found;

    return place < before && place < DNS_POINTER_LIMIT &&
           rdata_name(span_of(m->out.start, before), place, &found) > 0 &&
           is_same_name(&found, name);
}

// Write the name at an offset of the reply. Returns the octets it has there.
static size_t move_name(struct dns_reply_move *m, size_t at)
{
    const size_t before = (size_t)(m->out.at - m->out.start);
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
    if (leads_to(m, place, before, rest))
        bytes_out_u16(&m->out, (uint16_t)(DNS_POINTER | place));
    else
        bytes_out_put(&m->out, rest);
    return n;
}

static void move_rdata(struct dns_reply_move *m,
                       const struct dns_reply_record *record)
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
        at = names.at[i] + move_name(m, names.at[i]);
    }
    bytes_out_put(&m->out, span_of(msg.p + at, end - at));
}

bool dns_reply_move(struct dns_reply_move *m,
                    const struct dns_reply_record *record)
{
    const struct bytes_out before = m->out;

    (void)move_name(m, record->at);
    bytes_out_u16(&m->out, record->type);
    bytes_out_u16(&m->out, record->class);
    bytes_out_u32(&m->out, record->ttl_s);
    uint8_t *length = bytes_out_room(&m->out, 2);
    move_rdata(m, record);
    const size_t n = length ? (size_t)(m->out.at - length) - 2 : 0;
    if (!bytes_out_ok(&m->out) || n > UINT16_MAX) {
        m->out = before;
        return false;
    }
    bytes_store_u16(length, (uint16_t)n);
    return true;
}
