// SPDX-License-Identifier: Apache-2.0
// The client's reply, made of an upstream's.
//
//     12       header: the client's ID and RD; all else of it is the upstream's
//     n + 4    question: the client's
//     ...      aliases of ours; then the upstream's sections without its OPT
//     11       OPT, where the client had one; our options, then the upstream's
//
// Where nothing stands between the question and the upstream's records, they
// are copied as they are. Otherwise their pointers move with them
// (dns/reply.h), one record after the other.
#include "answer/forward.h"

#include "aim.h"
#include "chain.h"
#include "dns/reply.h"
#include "reply.h"

#include <assert.h>

enum {
    // of the upstream's flags: AA, TC, RA, Z, AD, CD
    FLAGS_THROUGH = 0x06f0,
};

// --- records ---------------------------------------------------------------

// An upstream's reply on its way to a client.
struct passage {
    struct answer_context *context;
    struct answer_job *job;
    const struct dns_reply *from;
    size_t name_at; // where the name that was asked for stands
};

static uint16_t *count_of(struct reply *r, enum dns_section section)
{
    return section == DNS_ANSWER      ? &r->answers
           : section == DNS_AUTHORITY ? &r->authorities
                                      : &r->additionals;
}

static bool is_same_set(const struct dns_reply_record *a,
                        const struct dns_reply_record *b)
{
    return a->section == b->section && a->type == b->type &&
           dns_name_is_same(dns_name_view(&a->owner), dns_name_view(&b->owner));
}

/*
 * The upstream's records, as many as fit. RFC 2181 9: of an additional set all
 * or none. Returns the section that does not fit whole, DNS_SECTIONS: all do.
 */
static enum dns_section put_records(const struct passage *p, struct reply *r)
{
    struct dns_reply_move move = {
        .reply = p->from,
        .name_at = p->name_at,
        .first_at = reply_offset(p->job, r),
        .out = {p->job->message, r->at, r->end, false},
    };
    struct dns_reply_record record, last = {.section = DNS_SECTIONS};
    struct reply set = *r; // before the set that is being written

    for (size_t at = 0; dns_reply_next(p->from, &at, &record);) {
        if (record.type == DNS_TYPE_OPT)
            continue;
        if (!is_same_set(&record, &last))
            set = *r;
        if (!dns_reply_move(&move, &record)) {
            if (record.section == DNS_ADDITIONAL)
                *r = set;
            return record.section;
        }
        r->at = move.out.at;
        ++*count_of(r, record.section);
        last = record;
    }
    return DNS_SECTIONS;
}

// All of them, as they stand: the question is as long as the upstream's.
// Returns false where there is no room, or an OPT record between them.
static bool copy_records(const struct passage *p, struct reply *r)
{
    const struct dns_reply *from = p->from;
    const size_t at = DNS_HEADER + (size_t)from->question_n;
    const size_t end = from->has_edns ? from->opt_at : from->message.n;

    if ((from->has_edns && !from->opt_is_last) || end - at > reply_room(r))
        return false;
    reply_copy(r, from->message.p + at, end - at);
    r->answers = from->counts[DNS_ANSWER];
    r->authorities = from->counts[DNS_AUTHORITY];
    r->additionals = (uint16_t)(from->counts[DNS_ADDITIONAL] - from->has_edns);
    return true;
}

// RFC 2181 9: TC where what is left out is more than help. Over TCP the error
// that says so wants room: it is begun once more.
static struct reply put_all(const struct passage *p, struct reply begun)
{
    struct reply r = begun;
    const enum dns_section cut = put_records(p, &r);

    if (cut == DNS_ANSWER ||
        (cut == DNS_AUTHORITY && p->job->transport == ANSWER_UDP)) {
        r = reply_cut(p->job, begun,
                      (uint16_t)(begun.answers + p->from->counts[DNS_ANSWER]));
        (void)put_records(p, &r);
    }
    return r;
}

/*
 * Our aliases first. RFC 1035 4.1.1: AA is about the first owner, which is
 * ours. RFC 6840 5.8: AD is about all of the answer, and nobody has proved our
 * aliases.
 */
static struct reply put_behind_alias(struct passage *p, struct reply r,
                                     const struct aim *aim)
{
    uint16_t rcode = DNS_RCODE_NOERROR; // the upstream's counts

    r.flags = DNS_FLAG_AA;
    r = chain_put(p->context, p->job, r, &aim->match, &rcode);
    const bool is_cut =
        r.flags & DNS_FLAG_TC || p->job->query.options & REPLY_LEFT_OUT;
    r.flags |= p->from->flags & FLAGS_THROUGH & ~DNS_FLAG_AD;
    if (is_cut) // nothing goes behind it
        return r;
    // targets are written out, the last one at the end
    p->name_at = reply_offset(p->job, &r) - aim->name.n;
    return put_all(p, r);
}

// --- options ---------------------------------------------------------------

// The first client subnet, n octets; 0: none.
static size_t subnet_size(const struct dns_reply *from)
{
    uint16_t code;
    struct span value;

    for (size_t at = 0; dns_reply_option(from->options, &at, &code, &value);)
        if (code == EDNS_OPTION_SUBNET)
            return EDNS_OPTION_HEAD + value.n;
    return 0;
}

// RFC 7871 7.2.1: who asks with a subnet is told for which one the answer is.
// So it goes before records where room is short.
static size_t subnet_room(const struct passage *p, const struct reply *r)
{
    const size_t n = subnet_size(p->from);

    return p->job->query.has_edns && n < reply_room(r) ? n : 0;
}

static size_t put_option(uint8_t *opt, size_t room, uint16_t code,
                         struct span value)
{
    if (code != EDNS_OPTION_EDE)
        return edns_option_append(opt, room, code, value);
    if (value.n < EDNS_INFO_CODE)
        return 0;
    return edns_error_append(
        opt, room, bytes_load_u16(value.p),
        span_of(value.p + EDNS_INFO_CODE, value.n - EDNS_INFO_CODE));
}

// The upstream's options of a code, behind the OPT record's others: all that
// fit, or only the first one.
static void put_options(const struct passage *p, struct reply *r, uint8_t *opt,
                        uint16_t rcode, enum edns_option which)
{
    const uint8_t *const end = options_end(p->context, p->job, rcode);
    uint16_t code;
    struct span value;

    for (size_t at = 0;
         dns_reply_option(p->from->options, &at, &code, &value);) {
        if (code != which || r->at >= end)
            continue;
        r->at += put_option(opt, (size_t)(end - r->at), code, value);
        if (which == EDNS_OPTION_SUBNET)
            return;
    }
}

static void put_opt(const struct passage *p, struct reply *r, uint16_t rcode)
{
    uint8_t *const opt = r->at;

    reply_put_opt(p->context, p->job, r, rcode);
    // these have their room, whatever the reply is
    r->at = options_put(p->context, p->job, *r, DNS_RCODE_NOERROR);
    put_options(p, r, opt, DNS_RCODE_NOERROR, EDNS_OPTION_SUBNET);
    put_options(p, r, opt, rcode, EDNS_OPTION_EDE);
}

// --- replies ---------------------------------------------------------------

// As reply_end(), with the upstream's flags.
static void end_passage(const struct passage *p, const struct reply *r,
                        uint16_t rcode)
{
    struct answer_counters *counters = &p->context->counters;
    struct answer_job *job = p->job;
    const uint16_t rd = job->query.flags & DNS_FLAG_RD;

    reply_put_header(job, r, (uint16_t)(DNS_FLAG_QR | rd | r->flags), rcode);
    counter_add(
        &counters->replies[rcode < ANSWER_RCODES ? rcode : ANSWER_RCODE_OTHER],
        1);
    counter_add(&counters->truncated, (r->flags & DNS_FLAG_TC) != 0);
}

static void pass_on(struct passage *p, const struct aim *aim)
{
    const struct dns_query *q = &p->job->query;
    uint16_t rcode = p->from->rcode;
    struct reply r = reply_begin(p->context, p->job);

    // RFC 6891 6.1.3: the upper bits are in an OPT record, or nowhere
    if (!q->has_edns && rcode > DNS_RCODE_MASK)
        rcode = DNS_RCODE_SERVFAIL;
    r.flags = p->from->flags & FLAGS_THROUGH;
    r.end -= subnet_room(p, &r);
    if (aim->is_alias)
        r = put_behind_alias(p, r, aim);
    else if (!copy_records(p, &r))
        r = put_all(p, r);
    if (q->has_edns)
        put_opt(p, &r, rcode);
    end_passage(p, &r, rcode);
}

// Whether it is the reply to what is asked now.
static bool is_reply_to(const struct dns_reply *r, const struct dns_query *q,
                        struct span name)
{
    const struct span asked =
        span_of(r->message.p + DNS_HEADER, r->question_n - 4u);

    return r->qtype == q->qtype && r->qclass == q->qclass &&
           dns_name_is_same(asked, name);
}

void answer_forwarded(struct answer_context *context, struct answer_job *job,
                      struct span reply)
{
    struct dns_reply from;
    struct aim aim;

    // the zone may have changed since, and have the answer itself
    job->again = true;
    job->due_now = true;
    answer_batch(context, job, 1);
    if (job->verdict != ANSWER_FORWARD)
        return;
    if (dns_reply_parse(reply, &from) < 0 ||
        !aim_find(context, job->message, &job->query, &aim) ||
        !is_reply_to(&from, &job->query, aim.name)) {
        answer_unforwarded(context, job, REASON_UPSTREAM_MALFORMED,
                           span_of(NULL, 0));
        return;
    }
    struct passage p = {context, job, &from, DNS_HEADER};
    pass_on(&p, &aim);
}

void answer_unforwarded(struct answer_context *context, struct answer_job *job,
                        enum reason_code why, struct span text)
{
    const struct reason reason = {.code = why};
    char usual[REASON_TEXT_MAX + 1];

    job->parsed =
        dns_query_parse(span_of(job->message, job->query_n), &job->query);
    assert(job->parsed == DNS_QUERY_OK); // nothing else is forwarded
    if (text.n == 0)
        text = span_of(usual, reason_text(&reason, usual));
    struct reply r = reply_begin(context, job);
    reply_note(job, reason_kind(why)->ede, text);
    reply_finish(context, job, &r, DNS_RCODE_SERVFAIL);
}
