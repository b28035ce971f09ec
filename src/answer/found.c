// SPDX-License-Identifier: Apache-2.0
#include "found.h"

// Addresses behind a head that they share. Returns how many fitted.
static uint16_t put_addresses(struct reply *r, const uint8_t *head,
                              const uint8_t *octets, unsigned size,
                              unsigned count, unsigned first)
{
    unsigned n = (unsigned)(reply_room(r) / (DNS_RECORD_HEAD + size));
    if (n > count)
        n = count;
    for (unsigned i = 0, at = first; i < n; i++) {
        memcpy(r->at, head, DNS_RECORD_HEAD);
        memcpy(r->at + DNS_RECORD_HEAD, octets + at * size, size);
        r->at += DNS_RECORD_HEAD + size;
        at = at + 1 == count ? 0 : at + 1;
    }
    return (uint16_t)n;
}

static uint16_t put_addresses_of(const struct answer_context *c,
                                 struct reply *r,
                                 const struct zone_match *match, uint16_t type,
                                 unsigned first)
{
    const uint8_t *head = zone_address_head(c->zone, type);
    return type == DNS_TYPE_A
               ? put_addresses(r, head, match->a, 4, match->a_count, first)
               : put_addresses(r, head, match->aaaa, 16, match->aaaa_count,
                               first);
}

struct reply found_put_addresses(struct answer_context *c,
                                 struct answer_job *job, struct reply r,
                                 const struct zone_match *match)
{
    uint16_t type = match->a_count ? DNS_TYPE_A : DNS_TYPE_AAAA;
    uint16_t count = match->a_count ? match->a_count : match->aaaa_count;
    size_t each = type == DNS_TYPE_A ? DNS_RECORD_A : DNS_RECORD_AAAA;

    if (count * each > reply_room(&r))
        r = reply_cut(job, r, count);
    r.answers = put_addresses_of(c, &r, match, type, reply_next_turn(c, count));
    return r;
}

// The records of the service's set that lead to this peer, with the weight that
// they have among themselves; their targets are the question's name.
static void put_peer_srv(struct answer_context *c, struct answer_job *job,
                         struct reply *r, const struct zone_match *match)
{
    uint8_t *at = r->at;

    *r = reply_put_cut(c, job, *r, match->records);
    for (unsigned i = 0; i < r->answers; i++) {
        bytes_store_u16(at + DNS_SRV_WEIGHT_AT, match->weight);
        at += DNS_RECORD_HEAD + bytes_load_u16(at + DNS_RECORD_HEAD - 2);
    }
    if (r->answers < match->records->answer_count)
        return;
    // a set of records is not split
    if (match->a_count * (size_t)DNS_RECORD_A <= reply_room(r))
        r->additionals = put_addresses_of(c, r, match, DNS_TYPE_A, 0);
    if (match->aaaa_count * (size_t)DNS_RECORD_AAAA <= reply_room(r))
        r->additionals =
            (uint16_t)(r->additionals +
                       put_addresses_of(c, r, match, DNS_TYPE_AAAA, 0));
}

static void put_ptr(const struct answer_context *c, struct answer_job *job,
                    struct reply *r, const struct zone_match *match)
{
    size_t rdata_n = match->label.n + match->suffix.n;

    if (reply_room(r) < DNS_RECORD_HEAD + rdata_n) {
        *r = reply_cut(job, *r, 1);
        return;
    }
    struct bytes_out out = bytes_out_of(r->at, reply_room(r));
    dns_record_head(&out, DNS_POINTER_QUESTION, DNS_TYPE_PTR,
                    zone_ttl_s(c->zone), (uint16_t)rdata_n);
    bytes_out_put(&out, match->label);
    bytes_out_put(&out, match->suffix);
    r->at = out.at;
    r->answers = 1;
}

static void put_apex_soa(const struct answer_context *c, struct answer_job *job,
                         struct reply *r, const struct zone_match *match,
                         struct found_name name)
{
    r->answers = found_put_soa(c, r, match->origin, name);
    if (r->answers == 0) // behind aliases
        *r = reply_cut(job, *r, 1);
}

struct reply found_put_rare(struct answer_context *c, struct answer_job *job,
                            struct reply r, const struct zone_match *match,
                            struct found_name name)
{
    if (match->form == ZONE_FORM_SOA)
        put_apex_soa(c, job, &r, match, name);
    else if (match->form == ZONE_FORM_PTR)
        put_ptr(c, job, &r, match);
    else
        put_peer_srv(c, job, &r, match);
    return r;
}
