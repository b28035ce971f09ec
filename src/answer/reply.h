// SPDX-License-Identifier: Apache-2.0
// A reply as it grows in the query's own buffer: the header is rewritten, the
// question stays as the client wrote it, and what the zone has rendered is
// copied behind it.
//
//     12       header: id and QDCOUNT kept, flags and the other counts new
//     n + 4    question: untouched, so its letters' case is kept
//     ...      answer; authority (SOA of a negative answer); additional
//     11       OPT, where the query had one, and its options (options.c)
//
// What almost every reply takes is inline: a struct reply then lives in
// registers. What has to leave records out is in reply.c, what follows an alias
// in chain.c. Worker threads.
#ifndef ORDINALD_ANSWER_REPLY_H
#define ORDINALD_ANSWER_REPLY_H

#include "answer/answer.h"
#include "base/base.h"
#include "dns/edns.h"
#include "dns/record.h"

struct reply {
    uint8_t *at; // in the job's message
    uint16_t answers;
    uint16_t authorities;
    uint16_t additionals;
    uint16_t flags; // RCODE not included
    uint8_t *end;   // the client's limit, less what OPT will take
};

// Among the options of the query, in place of some that it may have: an
// extended error goes with the reply. One does: job->note, if both are marked,
// since why there is nothing says more than that there was no room for it.
enum {
    REPLY_NOTED = 0x80,    // job->note
    REPLY_LEFT_OUT = 0x40, // what job->all_of says
};

ORD_INLINE size_t reply_room(const struct reply *r)
{
    return (size_t)(r->end - r->at);
}

// Octets of the message so far.
ORD_INLINE size_t reply_offset(const struct answer_job *job,
                               const struct reply *r)
{
    return (size_t)(r->at - job->message);
}

ORD_INLINE void reply_copy(struct reply *r, const void *p, size_t n)
{
    memcpy(r->at, p, n);
    r->at += n;
}

// What the client takes (RFC 1035 4.2.1, RFC 6891 6.2.3), and we send.
ORD_INLINE size_t reply_size_limit(const struct answer_context *c,
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

// The octets that the options of this reply's OPT will take at most, of those
// that r has.
ORD_COLD size_t options_room(const struct answer_context *c,
                             const struct answer_job *job, struct reply r);

// Write the options behind r's OPT record, which is complete but for them.
// Returns where they end.
ORD_COLD uint8_t *options_put(const struct answer_context *c,
                              const struct answer_job *job, struct reply r,
                              uint16_t rcode);

// Where the options of a reply with this RCODE end at the latest.
ORD_COLD uint8_t *options_end(const struct answer_context *c,
                              const struct answer_job *job, uint16_t rcode);

/*
 * Begin behind the question; a query whose question could not be read gets none
 * back. OPT's room is set aside.
 */
ORD_INLINE struct reply reply_begin(const struct answer_context *c,
                                    const struct answer_job *job)
{
    struct reply r = {
        .at = job->message + DNS_HEADER + job->query.question_n,
        .end = job->message + reply_size_limit(c, job) -
               (job->query.has_edns ? DNS_OPT : 0),
    };
    if (ORD_UNLIKELY(job->query.options))
        r.end -= options_room(c, job, r);
    return r;
}

// OPT without options, which then follow it.
ORD_INLINE void reply_put_opt(const struct answer_context *c,
                              const struct answer_job *job, struct reply *r,
                              uint16_t rcode)
{
    edns_opt_write(r->at, c->settings.udp_size_max, rcode,
                   job->query.dnssec_ok);
    r->at += DNS_OPT;
    r->additionals++;
}

// The header, when all that follows it stands. flags: with those of r.
ORD_INLINE void reply_put_header(struct answer_job *job, const struct reply *r,
                                 uint16_t flags, uint16_t rcode)
{
    uint8_t *m = job->message;

    bytes_store_u16(m + 2, (uint16_t)(flags | (rcode & DNS_RCODE_MASK)));
    bytes_store_u16(m + 6, r->answers);
    bytes_store_u16(m + 8, r->authorities);
    bytes_store_u16(m + 10, r->additionals);
    job->reply_n = (uint32_t)reply_offset(job, r);
    job->verdict = ANSWER_SEND;
}

// The same for a reply that is all ours.
ORD_INLINE void reply_end(struct answer_context *c, struct answer_job *job,
                          const struct reply *r, uint16_t rcode)
{
    // RFC 6895 2.1: the opcode and RD are the query's, Z, AD and CD are clear;
    // RFC 1035 4.1.1: RA says what the server does, in whatever reply
    uint16_t kept = job->query.flags & (DNS_OPCODE_MASK | DNS_FLAG_RD);
    uint16_t ra = (uint16_t)(c->settings.forwards * DNS_FLAG_RA);
    reply_put_header(job, r, (uint16_t)(DNS_FLAG_QR | ra | kept | r->flags),
                     rcode);
    counter_add(&c->counters.replies[rcode], 1);
    if (ORD_UNLIKELY(r->flags & DNS_FLAG_TC))
        counter_add(&c->counters.truncated, 1);
}

ORD_INLINE void reply_finish(struct answer_context *c, struct answer_job *job,
                             struct reply *r, uint16_t rcode)
{
    if (ORD_LIKELY(job->query.has_edns)) {
        reply_put_opt(c, job, r, rcode);
        if (ORD_UNLIKELY(job->query.options))
            r->at = options_put(c, job, *r, rcode);
    }
    reply_end(c, job, r, rcode);
}

// An extended error goes with the reply, if OPT and its options leave room.
ORD_INLINE void reply_note(struct answer_job *job, uint16_t code,
                           struct span text)
{
    job->note = (struct answer_note){code, text};
    job->query.options |= REPLY_NOTED;
}

// The same for the zone's reason.
ORD_INLINE void reply_note_why(struct answer_job *job,
                               const struct zone_reason *why)
{
    reply_note(job, bytes_load_u16(why->option + 4),
               span_of(why->option + ZONE_REASON_TEXT_AT,
                       (size_t)why->option_n - ZONE_REASON_TEXT_AT));
}

// Where a set of addresses begins this time: spread evenly over turns.
ORD_INLINE uint32_t reply_next_turn(struct answer_context *c, uint32_t count)
{
    c->rotation += 0x9e3779b9; // 2^32 over the golden ratio
    return (uint32_t)((uint64_t)c->rotation * count >> 32);
}

/*
 * Not all of the answer's records fit, of which there are so many: to be called
 * before as many as do are put. RFC 2181 9: the TC bit says so. Over TCP
 * nothing larger can be asked for, and clients take TC for a broken server
 * there: it stays clear, and an extended error says how many there are.
 */
ORD_COLD struct reply reply_cut(struct answer_job *job, struct reply r,
                                uint16_t all_of);

// Records of one length, beginning with any of them, as many as fit.
ORD_INLINE void reply_put_rotated(struct answer_context *c,
                                  struct answer_job *job, struct reply *r,
                                  const struct zone_records *records)
{
    size_t stride = records->stride, all = records->answer_n;
    size_t first = reply_next_turn(c, records->answer_count) * stride;
    size_t n = all;

    r->answers = records->answer_count;
    if (ORD_UNLIKELY(all > reply_room(r))) {
        *r = reply_cut(job, *r, records->answer_count);
        r->answers = (uint16_t)(reply_room(r) / stride);
        n = r->answers * stride;
    }
    size_t tail = all - first < n ? all - first : n;
    reply_copy(r, records->answer + first, tail);
    reply_copy(r, records->answer, n - tail);
}

// An owner counted from the end of the question becomes one from the beginning
// of the message.
ORD_INLINE void reply_move_pointer(uint8_t *owner, size_t question_end)
{
    bytes_store_u16(owner, (uint16_t)(bytes_load_u16(owner) + question_end));
}

/*
 * Records in their order, as many as fit, with as many of their additional
 * records as then fit. Additionals only behind all answers, and a set of them
 * is not split (RFC 2181 9).
 */
ORD_COLD struct reply reply_put_cut(struct answer_context *c,
                                    struct answer_job *job, struct reply r,
                                    const struct zone_records *records);

// Records in their order, and their additionals.
ORD_INLINE void reply_put_ordered(struct answer_context *c,
                                  struct answer_job *job, struct reply *r,
                                  const struct zone_records *records)
{
    size_t all = (size_t)records->answer_n + records->extra_n;

    if (ORD_UNLIKELY(all > reply_room(r) || records->extra_far_count)) {
        *r = reply_put_cut(c, job, *r, records);
        return;
    }
    size_t question_end = reply_offset(job, r);
    r->answers = records->answer_count;
    reply_copy(r, records->answer, records->answer_n);
    if (records->extra_n == 0)
        return;
    uint8_t *owner = r->at;
    reply_copy(r, records->extra, records->extra_n);
    for (unsigned i = 0; i < records->extra_a_count; i++) {
        reply_move_pointer(owner, question_end);
        owner += DNS_RECORD_A;
    }
    for (unsigned i = 0; i < records->extra_aaaa_count; i++) {
        reply_move_pointer(owner, question_end);
        owner += DNS_RECORD_AAAA;
    }
    r->additionals =
        (uint16_t)(records->extra_a_count + records->extra_aaaa_count);
}

#endif
