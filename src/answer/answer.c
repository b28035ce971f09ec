// SPDX-License-Identifier: Apache-2.0
// A batch of queries, each step for all of them; and how an answer is put
// together, by what the zone has found. See reply.h for what a reply looks
// like.
#include "answer/answer.h"

#include "reply.h"

// RFC 5936, RFC 1995: other classes are not here, transfers are not allowed.
static inline bool is_refused(const struct dns_query *q)
{
    return q->qclass != DNS_CLASS_IN || q->qtype == DNS_TYPE_AXFR ||
           q->qtype == DNS_TYPE_IXFR;
}

// --- forms of answers ------------------------------------------------------

// Addresses behind a head that they share. Returns how many fitted.
ORD_INLINE uint16_t put_addresses(struct reply *r, const uint8_t *head,
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

// A peer with several addresses of a family, or an IPv6 address.
ORD_COLD static struct reply put_peer_addresses(struct answer_context *c,
                                                const struct answer_job *job,
                                                struct reply r,
                                                const struct zone_match *match)
{
    uint16_t type = match->a_count ? DNS_TYPE_A : DNS_TYPE_AAAA;
    uint16_t count = match->a_count ? match->a_count : match->aaaa_count;

    r.answers = put_addresses_of(c, &r, match, type, reply_next_turn(c, count));
    if (r.answers < count)
        reply_mark_cut(job, &r);
    return r;
}

ORD_INLINE void put_peer(struct answer_context *c, const struct answer_job *job,
                         struct reply *r, const struct zone_match *match)
{
    if (ORD_UNLIKELY(match->a_count != 1 || reply_room(r) < DNS_RECORD_A)) {
        *r = put_peer_addresses(c, job, *r, match);
        return;
    }
    reply_copy(r, zone_address_head(c->zone, DNS_TYPE_A), DNS_RECORD_HEAD);
    reply_copy(r, match->a, 4);
    r->answers = 1;
}

// The records of the service's set that lead to this peer, with the weight that
// they have among themselves; their targets are the question's name.
static void put_peer_srv(struct answer_context *c, const struct answer_job *job,
                         struct reply *r, const struct zone_match *match)
{
    uint8_t *at = r->at;

    *r = reply_put_cut(job, *r, match->records);
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

static void put_ptr(const struct answer_context *c,
                    const struct answer_job *job, struct reply *r,
                    const struct zone_match *match)
{
    size_t rdata_n = match->label.n + match->suffix.n;

    if (reply_room(r) < DNS_RECORD_HEAD + rdata_n) {
        reply_mark_cut(job, r);
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

// The SOA of the origin that the name is below, or is.
ORD_INLINE uint16_t put_soa(const struct answer_context *c,
                            const struct answer_job *job, struct reply *r,
                            const struct zone_origin *origin)
{
    if (ORD_UNLIKELY(reply_room(r) < ZONE_SOA_SIZE))
        return 0;
    size_t apex = DNS_HEADER + (size_t)job->query.name_n - origin->name.n;
    uint16_t pointer = (uint16_t)(DNS_POINTER | apex);
    uint8_t *soa = r->at;

    reply_copy(r, origin->soa.answer, ZONE_SOA_SIZE);
    bytes_store_u16(soa + ZONE_SOA_OWNER_AT, pointer);
    bytes_store_u16(soa + ZONE_SOA_MNAME_AT, pointer);
    bytes_store_u16(soa + ZONE_SOA_RNAME_AT, pointer);
    bytes_store_u32(soa + ZONE_SOA_SERIAL_AT, zone_serial(c->zone));
    return 1;
}

ORD_COLD static struct reply put_rare(struct answer_context *c,
                                      const struct answer_job *job,
                                      struct reply r,
                                      const struct zone_match *match)
{
    if (match->form == ZONE_FORM_SOA)
        r.answers = put_soa(c, job, &r, match->origin);
    else if (match->form == ZONE_FORM_PTR)
        put_ptr(c, job, &r, match);
    else
        put_peer_srv(c, job, &r, match);
    return r;
}

ORD_INLINE void put_found(struct answer_context *c,
                          const struct answer_job *job, struct reply *r,
                          const struct zone_match *match)
{
    if (match->form == ZONE_FORM_PEER)
        put_peer(c, job, r, match);
    else if (ORD_UNLIKELY(match->form != ZONE_FORM_RECORDS))
        *r = put_rare(c, job, *r, match);
    else if (match->records->stride)
        reply_put_rotated(c, job, r, match->records);
    else
        reply_put_ordered(job, r, match->records);
}

// --- verdicts --------------------------------------------------------------

ORD_COLD static void answer_error(struct answer_context *c,
                                  struct answer_job *job, uint16_t rcode)
{
    struct reply r = reply_begin(c, job);
    reply_finish(c, job, &r, rcode);
}

// K8S: before the first load nothing is known to be absent, so nothing is said
// to be (RFC 8914 4.15).
ORD_COLD static void answer_not_ready(struct answer_context *c,
                                      struct answer_job *job)
{
    static const char text[] = "the first load of the zone is not complete";
    struct reply r = reply_begin(c, job);

    reply_finish(c, job, &r, DNS_RCODE_SERVFAIL);
    if (!job->query.has_edns)
        return;
    uint8_t *opt = job->message + job->reply_n - DNS_OPT;
    size_t limit = reply_size_limit(c, job);
    job->reply_n += (uint32_t)edns_error_append(
        opt, limit - job->reply_n, EDNS_ERROR_NOT_READY, span_of_text(text));
}

ORD_INLINE void answer_query(struct answer_context *c, struct answer_job *job)
{
    struct zone_match match;
    enum zone_outcome outcome =
        zone_lookup_finish(c->zone, &job->query, &job->lookup, &match);

    if (ORD_UNLIKELY(outcome == ZONE_OUTSIDE)) {
        answer_error(c, job, DNS_RCODE_REFUSED);
        return;
    }
    if (ORD_UNLIKELY(!zone_is_complete(c->zone))) {
        answer_not_ready(c, job);
        return;
    }
    struct reply r = reply_begin(c, job);
    uint16_t rcode = DNS_RCODE_NOERROR;
    r.flags = DNS_FLAG_AA;
    if (ORD_LIKELY(outcome == ZONE_FOUND)) {
        put_found(c, job, &r, &match);
    } else {
        if (outcome == ZONE_NXDOMAIN)
            rcode = DNS_RCODE_NXDOMAIN;
        r.authorities = put_soa(c, job, &r, match.origin);
    }
    reply_finish(c, job, &r, rcode);
}

ORD_COLD static void answer_verdict(struct answer_context *c,
                                    struct answer_job *job)
{
    switch (job->parsed) {
    case DNS_QUERY_OK:
        answer_error(c, job, DNS_RCODE_REFUSED);
        break;
    case DNS_QUERY_COOKIE:
    case DNS_QUERY_FORMERR:
        answer_error(c, job, DNS_RCODE_FORMERR);
        break;
    case DNS_QUERY_NOTIMP:
        answer_error(c, job, DNS_RCODE_NOTIMP);
        break;
    case DNS_QUERY_BADVERS:
        answer_error(c, job, DNS_RCODE_BADVERS);
        break;
    case DNS_QUERY_SILENT:
        job->verdict = ANSWER_DROP;
        counter_add(&c->counters.dropped, 1);
        break;
    }
}

void answer_batch(struct answer_context *context, struct answer_job *jobs,
                  unsigned n)
{
    const struct zone *z = context->zone;

    struct answer_job *const end = jobs + n;

    for (struct answer_job *job = jobs; job < end; job++) {
        job->parsed =
            dns_query_parse(span_of(job->message, job->query_n), &job->query);
        job->asks_zone =
            job->parsed == DNS_QUERY_OK && !is_refused(&job->query);
        if (ORD_LIKELY(job->asks_zone))
            zone_lookup_begin(z, &job->query, &job->lookup);
    }
    for (struct answer_job *job = jobs; job < end; job++)
        if (ORD_LIKELY(job->asks_zone))
            zone_lookup_slot(z, &job->query, &job->lookup);
    for (struct answer_job *job = jobs; job < end; job++)
        if (ORD_LIKELY(job->asks_zone))
            zone_lookup_block(z, &job->query, &job->lookup);
    for (struct answer_job *job = jobs; job < end; job++) {
        counter_add(&context->counters.queries[job->transport], 1);
        if (ORD_LIKELY(job->asks_zone))
            answer_query(context, job);
        else
            answer_verdict(context, job);
    }
}
