// SPDX-License-Identifier: Apache-2.0
// A reply grows in the query's own buffer: the header is rewritten, the
// question stays as the client wrote it, and what the zone has rendered is
// copied behind it.
//
//     12       header: id kept, flags and counts new
//     n + 4    question: untouched, so its letters' case is kept
//     ...      answer; authority (SOA of a negative answer); additional
//     11       OPT, where the query had one
#include "answer/answer.h"

#include "base/base.h"
#include "dns/edns.h"
#include "dns/record.h"

// RFC 5936, RFC 1995: other classes are not here, transfers are not allowed.
static inline bool is_refused(const struct dns_query *q)
{
    return q->qclass != DNS_CLASS_IN || q->qtype == DNS_TYPE_AXFR ||
           q->qtype == DNS_TYPE_IXFR;
}

// --- the reply as it grows -------------------------------------------------

struct reply {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end; // the client's limit, less what OPT will take
    uint16_t answers;
    uint16_t authorities;
    uint16_t additionals;
    uint16_t flags; // RCODE not included
};

ORD_INLINE size_t room(const struct reply *r)
{
    return (size_t)(r->end - r->at);
}

ORD_INLINE void copy(struct reply *r, const void *p, size_t n)
{
    memcpy(r->at, p, n);
    r->at += n;
}

// What the client takes (RFC 1035 4.2.1, RFC 6891 6.2.3), and we send.
ORD_INLINE size_t size_limit(const struct answer_context *c,
                             const struct answer_job *job)
{
    size_t limit = DNS_UDP_MIN;
    if (job->transport == ANSWER_TCP)
        limit = DNS_TCP_MAX;
    else if (job->query.edns_size > DNS_UDP_MIN)
        limit = job->query.edns_size < c->settings.udp_size_max
                    ? job->query.edns_size
                    : c->settings.udp_size_max;
    return limit < job->size ? limit : job->size;
}

/*
 * Begin behind the question; a query whose question could not be read gets none
 * back. OPT's room is set aside.
 */
ORD_INLINE struct reply begin(const struct answer_context *c,
                              const struct answer_job *job)
{
    struct reply r = {.start = job->message};
    r.at = r.start + DNS_HEADER + job->query.question_n;
    r.end = r.start + size_limit(c, job) - (job->query.has_edns ? DNS_OPT : 0);
    return r;
}

ORD_INLINE void finish(struct answer_context *c, struct answer_job *job,
                       struct reply *r, uint16_t rcode)
{
    const struct dns_query *q = &job->query;
    uint8_t *m = r->start;

    if (ORD_LIKELY(q->has_edns)) {
        edns_opt_write(r->at, c->settings.udp_size_max, rcode, q->dnssec_ok);
        r->at += DNS_OPT;
        r->additionals++;
    }
    // RFC 6895 2.1: the opcode and RD are the query's, Z, AD and CD are clear
    uint16_t kept = q->flags & (DNS_OPCODE_MASK | DNS_FLAG_RD);
    bytes_store_u16(m + 2,
                    (uint16_t)(DNS_FLAG_QR | kept | r->flags | (rcode & 0xf)));
    bytes_store_u16(m + 4, q->question_n != 0);
    bytes_store_u16(m + 6, r->answers);
    bytes_store_u16(m + 8, r->authorities);
    bytes_store_u16(m + 10, r->additionals);
    job->reply_n = (uint32_t)(r->at - m);
    job->verdict = ANSWER_SEND;
    counter_add(&c->counters.replies[rcode], 1);
    if (ORD_UNLIKELY(r->flags & DNS_FLAG_TC))
        counter_add(&c->counters.truncated, 1);
}

// --- records that fit, and records that do not -----------------------------

// How many of the records at p fit into n octets; *size is what they take.
static unsigned fitting(const uint8_t *p, unsigned count, size_t n,
                        size_t *size)
{
    size_t at = 0;
    unsigned i = 0;
    for (; i < count; i++) {
        // owners of answers are pointers: the length stands at a fixed place
        size_t next = at + DNS_RECORD_HEAD;
        if (next > n)
            break;
        next += bytes_load_u16(p + at + DNS_RECORD_HEAD - 2);
        if (next > n)
            break;
        at = next;
    }
    *size = at;
    return i;
}

// Where a set of addresses begins this time: spread evenly over turns.
ORD_INLINE uint32_t next_turn(struct answer_context *c, uint32_t count)
{
    c->rotation += 0x9e3779b9; // 2^32 over the golden ratio
    return (uint32_t)((uint64_t)c->rotation * count >> 32);
}

/*
 * Some of the records are left out. RFC 2181 9: the TC bit says so. Over TCP
 * nothing larger can be asked for, so there it is not set (reference/clients.md
 * 19).
 */
ORD_INLINE void mark_cut(const struct answer_job *job, struct reply *r)
{
    if (job->transport == ANSWER_UDP)
        r->flags |= DNS_FLAG_TC;
}

// Records of one length, beginning with any of them, as many as fit.
ORD_INLINE void put_rotated(struct answer_context *c,
                            const struct answer_job *job, struct reply *r,
                            const struct zone_records *records)
{
    size_t stride = records->stride, all = records->answer_n;
    size_t first = next_turn(c, records->answer_count) * stride;
    size_t n = all;

    r->answers = records->answer_count;
    if (ORD_UNLIKELY(all > room(r))) {
        r->answers = (uint16_t)(room(r) / stride);
        n = r->answers * stride;
        mark_cut(job, r);
    }
    size_t tail = all - first < n ? all - first : n;
    copy(r, records->answer + first, tail);
    copy(r, records->answer, n - tail);
}

// An owner counted from the end of the question becomes one from the beginning
// of the message.
ORD_INLINE void move_pointer(uint8_t *owner, size_t question_end)
{
    bytes_store_u16(owner, (uint16_t)(bytes_load_u16(owner) + question_end));
}

/*
 * Additional records whose owner is a pointer counted from the end of the
 * question, as many as fit. A set of records for one owner is not split.
 */
static void put_extras(struct reply *r, const uint8_t *from, unsigned count,
                       size_t stride, size_t question_end)
{
    unsigned n =
        room(r) / stride < count ? (unsigned)(room(r) / stride) : count;

    while (n > 0 && n < count &&
           memcmp(from + n * stride, from + (n - 1) * stride, 2) == 0)
        n--;
    uint8_t *to = r->at;
    copy(r, from, n * stride);
    for (unsigned i = 0; i < n; i++, to += stride)
        move_pointer(to, question_end);
    r->additionals = (uint16_t)(r->additionals + n);
}

// The octets of an additional record's owner, written out, and its type.
static size_t far_owner_and_type(const uint8_t *record)
{
    size_t n = 0;
    while (record[n])
        n += record[n] + 1u;
    return n + 1 + 2;
}

// The same where owners are written out in place of pointers: sets of records
// of one owner and type stand together, and go together.
static void put_far_extras(struct reply *r, const uint8_t *from, unsigned count)
{
    struct reply set = *r; // before the set that is being written
    const uint8_t *last = NULL;

    for (; count > 0; count--) {
        size_t key = far_owner_and_type(from);
        // class, TTL, RDATA length
        size_t n = key + 2 + 4 + 2;
        n += bytes_load_u16(from + n - 2);
        if (!last || memcmp(last, from, key) != 0)
            set = *r;
        if (n > room(r)) {
            *r = set;
            return;
        }
        copy(r, from, n);
        r->additionals++;
        last = from;
        from += n;
    }
}

static void put_all_extras(struct reply *r, const struct zone_records *records,
                           size_t question_end)
{
    const uint8_t *from = records->extra;

    put_extras(r, from, records->extra_a_count, DNS_RECORD_A, question_end);
    from += (size_t)records->extra_a_count * DNS_RECORD_A;
    put_extras(r, from, records->extra_aaaa_count, DNS_RECORD_AAAA,
               question_end);
    from += (size_t)records->extra_aaaa_count * DNS_RECORD_AAAA;
    put_far_extras(r, from, records->extra_far_count);
}

// What does not fit whole. Additionals only behind all answers (RFC 2181 9).
ORD_COLD static struct reply put_cut(const struct answer_job *job,
                                     struct reply r,
                                     const struct zone_records *records)
{
    size_t question_end = (size_t)(r.at - r.start);
    size_t n;

    r.answers =
        (uint16_t)fitting(records->answer, records->answer_count, room(&r), &n);
    copy(&r, records->answer, n);
    if (r.answers < records->answer_count)
        mark_cut(job, &r);
    else if (records->extra_n)
        put_all_extras(&r, records, question_end);
    return r;
}

// Records in their order, and their additionals.
ORD_INLINE void put_ordered(const struct answer_job *job, struct reply *r,
                            const struct zone_records *records)
{
    size_t all = (size_t)records->answer_n + records->extra_n;

    if (ORD_UNLIKELY(all > room(r) || records->extra_far_count)) {
        *r = put_cut(job, *r, records);
        return;
    }
    size_t question_end = (size_t)(r->at - r->start);
    r->answers = records->answer_count;
    copy(r, records->answer, records->answer_n);
    if (records->extra_n == 0)
        return;
    uint8_t *owner = r->at;
    copy(r, records->extra, records->extra_n);
    for (unsigned i = 0; i < records->extra_a_count; i++) {
        move_pointer(owner, question_end);
        owner += DNS_RECORD_A;
    }
    for (unsigned i = 0; i < records->extra_aaaa_count; i++) {
        move_pointer(owner, question_end);
        owner += DNS_RECORD_AAAA;
    }
    r->additionals =
        (uint16_t)(records->extra_a_count + records->extra_aaaa_count);
}

// --- forms of answers ------------------------------------------------------

// Addresses behind a head that they share. Returns how many fitted.
ORD_INLINE uint16_t put_addresses(struct reply *r, const uint8_t *head,
                                  const uint8_t *octets, unsigned size,
                                  unsigned count, unsigned first)
{
    unsigned n = (unsigned)(room(r) / (DNS_RECORD_HEAD + size));
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

    r.answers = put_addresses_of(c, &r, match, type, next_turn(c, count));
    if (r.answers < count)
        mark_cut(job, &r);
    return r;
}

ORD_INLINE void put_peer(struct answer_context *c, const struct answer_job *job,
                         struct reply *r, const struct zone_match *match)
{
    if (ORD_UNLIKELY(match->a_count != 1 || room(r) < DNS_RECORD_A)) {
        *r = put_peer_addresses(c, job, *r, match);
        return;
    }
    copy(r, zone_address_head(c->zone, DNS_TYPE_A), DNS_RECORD_HEAD);
    copy(r, match->a, 4);
    r->answers = 1;
}

// The records of the service's set that lead to this peer, with the weight that
// they have among themselves; their targets are the question's name.
static void put_peer_srv(struct answer_context *c, const struct answer_job *job,
                         struct reply *r, const struct zone_match *match)
{
    uint8_t *at = r->at;

    *r = put_cut(job, *r, match->records);
    for (unsigned i = 0; i < r->answers; i++) {
        bytes_store_u16(at + DNS_SRV_WEIGHT_AT, match->weight);
        at += DNS_RECORD_HEAD + bytes_load_u16(at + DNS_RECORD_HEAD - 2);
    }
    if (r->answers < match->records->answer_count)
        return;
    // a set of records is not split
    if (match->a_count * (size_t)DNS_RECORD_A <= room(r))
        r->additionals = put_addresses_of(c, r, match, DNS_TYPE_A, 0);
    if (match->aaaa_count * (size_t)DNS_RECORD_AAAA <= room(r))
        r->additionals =
            (uint16_t)(r->additionals +
                       put_addresses_of(c, r, match, DNS_TYPE_AAAA, 0));
}

static void put_ptr(const struct answer_context *c,
                    const struct answer_job *job, struct reply *r,
                    const struct zone_match *match)
{
    size_t rdata_n = match->label.n + match->suffix.n;

    if (room(r) < DNS_RECORD_HEAD + rdata_n) {
        mark_cut(job, r);
        return;
    }
    struct bytes_out out = bytes_out_of(r->at, room(r));
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
    if (ORD_UNLIKELY(room(r) < ZONE_SOA_SIZE))
        return 0;
    size_t apex = DNS_HEADER + (size_t)job->query.name_n - origin->name.n;
    uint16_t pointer = (uint16_t)(DNS_POINTER | apex);
    uint8_t *soa = r->at;

    copy(r, origin->soa.answer, ZONE_SOA_SIZE);
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
        put_rotated(c, job, r, match->records);
    else
        put_ordered(job, r, match->records);
}

// --- verdicts --------------------------------------------------------------

ORD_COLD static void answer_error(struct answer_context *c,
                                  struct answer_job *job, uint16_t rcode)
{
    struct reply r = begin(c, job);
    finish(c, job, &r, rcode);
}

// K8S: before the first load nothing is known to be absent, so nothing is said
// to be (RFC 8914 4.15).
ORD_COLD static void answer_not_ready(struct answer_context *c,
                                      struct answer_job *job)
{
    static const char text[] = "the first load of the zone is not complete";
    struct reply r = begin(c, job);

    finish(c, job, &r, DNS_RCODE_SERVFAIL);
    if (!job->query.has_edns)
        return;
    uint8_t *opt = job->message + job->reply_n - DNS_OPT;
    size_t limit = size_limit(c, job);
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
    struct reply r = begin(c, job);
    uint16_t rcode = DNS_RCODE_NOERROR;
    r.flags = DNS_FLAG_AA;
    if (ORD_LIKELY(outcome == ZONE_FOUND)) {
        put_found(c, job, &r, &match);
    } else {
        if (outcome == ZONE_NXDOMAIN)
            rcode = DNS_RCODE_NXDOMAIN;
        r.authorities = put_soa(c, job, &r, match.origin);
    }
    finish(c, job, &r, rcode);
}

ORD_COLD static void answer_verdict(struct answer_context *c,
                                    struct answer_job *job)
{
    switch (job->parsed) {
    case DNS_QUERY_OK:
        answer_error(c, job, DNS_RCODE_REFUSED);
        break;
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
