// SPDX-License-Identifier: Apache-2.0
// A batch of queries, each step for all of them. See reply.h for what a reply
// looks like, found.h for how it is put together.
#include "answer/answer.h"

#include "answer/limit.h"
#include "chain.h"
#include "fault.h"
#include "found.h"
#include "identity.h"
#include "reply.h"
#include "upstream.h"

// RFC 5936, RFC 1995: not allowed; nor forwarded, since their replies are of
// many messages.
static inline bool is_transfer(const struct dns_query *q)
{
    return q->qtype == DNS_TYPE_AXFR || q->qtype == DNS_TYPE_IXFR;
}

// Other classes are not here.
static inline bool is_elsewhere(const struct dns_query *q)
{
    return q->qclass != DNS_CLASS_IN || is_transfer(q);
}

// --- verdicts --------------------------------------------------------------

ORD_COLD static void answer_empty(struct answer_context *c,
                                  struct answer_job *job, uint16_t rcode)
{
    struct reply r = reply_begin(c, job);
    // QDCOUNT stays as it is where a question was read; else there is none
    if (job->query.question_n == 0)
        bytes_store_u16(job->message + 4, 0);
    reply_finish(c, job, &r, rcode);
}

// Another server is asked; the message stays as it came.
ORD_COLD static void forward(struct answer_context *c, struct answer_job *job)
{
    job->verdict = ANSWER_FORWARD;
    counter_add(&c->counters.forwarded, !job->again);
}

// A name that is below none of our zones.
ORD_COLD static void answer_outside(struct answer_context *c,
                                    struct answer_job *job)
{
    if (c->settings.forwards) {
        forward(c, job);
        return;
    }
    struct reply r = reply_begin(c, job);
    reply_note_why(job,
                   zone_why(c->zone, &job->query, &job->lookup, ZONE_OUTSIDE));
    reply_finish(c, job, &r, DNS_RCODE_REFUSED);
}

// Whether others may have the class. Class CH is about this server
// (RFC 4892 2), and whatever is below our zones leads nobody else to know of
// it.
static bool is_others(const struct answer_context *c, struct answer_job *job)
{
    const struct dns_query *q = &job->query;
    struct zone_match match;

    return c->settings.forwards && q->qclass != DNS_CLASS_CH &&
           !is_transfer(q) &&
           zone_find(c->zone, q, &job->lookup, &match) == ZONE_OUTSIDE;
}

// A question that is not for the zone.
static void answer_elsewhere(struct answer_context *c, struct answer_job *job)
{
    if (is_others(c, job)) {
        forward(c, job);
        return;
    }
    struct reply r = reply_begin(c, job);
    uint16_t rcode = DNS_RCODE_REFUSED;
    if (job->query.qclass == DNS_CLASS_CH)
        rcode = identity_put(c, job, &r);
    reply_finish(c, job, &r, rcode);
}

// Before the first load nothing is known to be absent, so nothing is said to be
// (RFC 8914 4.15).
ORD_COLD static void answer_not_ready(struct answer_context *c,
                                      struct answer_job *job)
{
    const struct reason_kind *why = reason_kind(REASON_NOT_LOADED);
    struct reply r = reply_begin(c, job);

    reply_note(job, why->ede, span_of_text(why->text));
    reply_finish(c, job, &r, DNS_RCODE_SERVFAIL);
}

ORD_COLD static void answer_rare(struct answer_context *c,
                                 struct answer_job *job,
                                 const struct zone_match *match)
{
    const bool is_alias = match->form == ZONE_FORM_CNAME;
    struct span target;

    // stub resolvers follow no alias: they need the addresses in the reply
    if (is_alias && c->settings.forwards &&
        chain_leads_out(c, &job->query, match, &target)) {
        forward(c, job);
        return;
    }
    struct reply r = reply_begin(c, job);
    uint16_t rcode = DNS_RCODE_NOERROR;
    r.flags = DNS_FLAG_AA;
    if (is_alias)
        r = chain_put(c, job, r, match, &rcode);
    else
        r = found_put_rare(c, job, r, match, found_question(job));
    reply_finish(c, job, &r, rcode);
}

// Whether the reply may be one too many for the prefix of who is said to ask. A
// cookie of ours shows that the client is where it says it is (RFC 7873 5.2.5).
static enum limit_verdict ask_limit(const struct answer_context *c,
                                    const struct answer_job *job)
{
    const struct dns_query *q = &job->query;

    if (job->transport != ANSWER_UDP || job->parsed == DNS_QUERY_SILENT ||
        job->again)
        return LIMIT_PASS;
    const struct address client = sockaddr_address(job->client);
    if (q->options & DNS_OPTION_COOKIE &&
        dns_cookie_is_valid(&c->settings.cookie_secret,
                            span_of(q->cookie, q->cookie_n), &client,
                            c->now_unix_s))
        return LIMIT_PASS;
    return limit_ask(c->settings.limit, &client, c->now_ms);
}

/*
 * Replies that may go to someone who did not ask for them, and are too many:
 * they are cut, so that a client who did ask comes over TCP, or left.
 */
ORD_COLD static void answer_limited(struct answer_context *c,
                                    struct answer_job *job)
{
    const enum limit_verdict verdict = ask_limit(c, job);

    // an error is hardly longer than its query, and TC would not help its
    // client
    if (verdict == LIMIT_PASS ||
        (verdict == LIMIT_SLIP && job->parsed != DNS_QUERY_OK))
        return;
    counter_add(&c->counters.limited, 1);
    job->due = ANSWER_DONE;
    job->verdict = ANSWER_DROP;
    if (verdict == LIMIT_SLIP) {
        struct reply r = reply_begin(c, job);
        r.flags = DNS_FLAG_TC;
        reply_finish(c, job, &r, DNS_RCODE_NOERROR);
    }
}

// --- what is rare, for all of a batch --------------------------------------

// Of a context.
enum {
    RARE_INCOMPLETE = 1, // the zone
    RARE_ABSENT, // some of what does not exist is waited for, or asked upstream
};

static uint8_t find_rare(const struct answer_settings *s, bool complete)
{
    const bool falls = s->falls_through || s->forwards_reverse;

    return !complete                              ? RARE_INCOMPLETE
           : s->hold_ms || (s->forwards && falls) ? RARE_ABSENT
                                                  : 0;
}

// The message waits, and stays as it came, while the name does not exist that a
// StatefulSet declares.
static bool is_held(const struct answer_context *c, struct answer_job *job,
                    enum zone_outcome outcome)
{
    if (!c->settings.hold_ms || outcome != ZONE_NXDOMAIN || job->due_now ||
        job->query_n > ANSWER_PARK_OCTETS_MAX ||
        !zone_is_declared(c->zone, &job->query, &job->lookup))
        return false;
    job->verdict = ANSWER_PARK;
    job->park_ms = c->settings.hold_ms;
    job->park_for_change = true;
    return true;
}

// The functions below return false where the answer is as ever.

// Of the server's own pod all is known before anything was read.
ORD_COLD static bool answer_incomplete(struct answer_context *c,
                                       struct answer_job *job)
{
    if (zone_is_self(c->zone, &job->query, &job->lookup))
        return false;
    answer_not_ready(c, job);
    return true;
}

// A name that does not exist, or not yet, or not here.
ORD_COLD static bool answer_absent(struct answer_context *c,
                                   struct answer_job *job,
                                   enum zone_outcome outcome)
{
    if (is_held(c, job, outcome))
        counter_add(&c->counters.parked, !job->again);
    else if (upstream_is_asked(c, &job->query, &job->lookup, outcome))
        forward(c, job);
    else
        return false;
    return true;
}

static inline uint16_t negative_rcode(enum zone_outcome outcome)
{
    return outcome == ZONE_NXDOMAIN ? DNS_RCODE_NXDOMAIN : DNS_RCODE_NOERROR;
}

// With options, or where not everything may fit: what does not is left out, the
// reason first.
ORD_COLD static void answer_negative_tight(struct answer_context *c,
                                           struct answer_job *job,
                                           enum zone_outcome outcome,
                                           const struct zone_origin *origin,
                                           const struct zone_reason *why)
{
    struct reply r = reply_begin(c, job);

    r.flags = DNS_FLAG_AA;
    r.authorities = found_put_soa(c, &r, origin, found_question(job));
    if (why)
        reply_note_why(job, why);
    reply_finish(c, job, &r, negative_rcode(outcome));
}

/*
 * The SOA, and why there is nothing. Together they are shorter than what each
 * client takes, unless the question is very long; so its limit is not looked
 * at.
 */
ORD_INLINE void answer_negative(struct answer_context *c,
                                struct answer_job *job,
                                enum zone_outcome outcome,
                                const struct zone_origin *origin)
{
    const struct dns_query *q = &job->query;
    const uint16_t rcode = negative_rcode(outcome);
    const struct zone_reason *why = NULL;
    size_t n = DNS_HEADER + (size_t)q->question_n + ZONE_SOA_SIZE;
    size_t why_n = 0;
    struct reply r = {
        .at = job->message + DNS_HEADER + q->question_n,
        .flags = DNS_FLAG_AA,
        .authorities = 1,
    };

    if (ORD_LIKELY(q->has_edns)) {
        why = zone_why(c->zone, q, &job->lookup, outcome);
        why_n = why->option_n;
        n += DNS_OPT + why_n;
    }
    if (ORD_UNLIKELY(q->options || n > DNS_UDP_MIN || n > job->size)) {
        answer_negative_tight(c, job, outcome, origin, why);
        return;
    }
    found_put_whole_soa(c, &r, origin, found_question(job));
    if (ORD_LIKELY(why != NULL)) {
        reply_put_opt(c, job, &r, rcode);
        edns_option_copy(r.at - DNS_OPT, why->option, why_n);
        r.at += why_n;
    }
    reply_end(c, job, &r, rcode);
}

ORD_INLINE void answer_query(struct answer_context *c, struct answer_job *job)
{
    struct zone_match match;
    enum zone_outcome outcome =
        zone_lookup_finish(c->zone, &job->query, &job->lookup, &match);

    if (ORD_UNLIKELY(outcome == ZONE_OUTSIDE)) {
        answer_outside(c, job);
        return;
    }
    if (ORD_UNLIKELY(c->rare == RARE_INCOMPLETE) && answer_incomplete(c, job))
        return;
    if (ORD_UNLIKELY(outcome != ZONE_FOUND)) {
        if (ORD_LIKELY(c->rare != RARE_ABSENT) ||
            !answer_absent(c, job, outcome))
            answer_negative(c, job, outcome, match.origin);
        return;
    }
    struct reply r = reply_begin(c, job);
    r.flags = DNS_FLAG_AA;
    if (ORD_UNLIKELY(!found_put_usual(c, job, &r, &match)))
        answer_rare(c, job, &match);
    else
        reply_finish(c, job, &r, DNS_RCODE_NOERROR);
}

ORD_COLD static void answer_verdict(struct answer_context *c,
                                    struct answer_job *job)
{
    if (job->due == ANSWER_DONE)
        return;
    switch (job->parsed) {
    case DNS_QUERY_OK:
        answer_elsewhere(c, job);
        break;
    case DNS_QUERY_COOKIE:
        answer_empty(c, job, DNS_RCODE_NOERROR);
        break;
    case DNS_QUERY_FORMERR:
        answer_empty(c, job, DNS_RCODE_FORMERR);
        break;
    case DNS_QUERY_NOTIMP:
        answer_empty(c, job, DNS_RCODE_NOTIMP);
        break;
    case DNS_QUERY_BADVERS:
        answer_empty(c, job, DNS_RCODE_BADVERS);
        break;
    case DNS_QUERY_SILENT:
        job->verdict = ANSWER_DROP;
        counter_add(&c->counters.dropped, 1);
        break;
    }
}

_Static_assert(ANSWER_UDP == 0 && ANSWER_TCP == 1,
               "transports of jobs are summed up");

ORD_INLINE void count_queries(struct answer_context *c, unsigned udp,
                              unsigned tcp)
{
    counter_add(&c->counters.queries[ANSWER_UDP], udp);
    counter_add(&c->counters.queries[ANSWER_TCP], tcp);
}

ORD_FLAT void answer_batch(struct answer_context *context,
                           struct answer_job *jobs, unsigned n)
{
    const struct zone *z = context->zone;
    // before anything is looked up: what was absent then may be there since,
    // and the zone complete
    const bool complete = zone_is_complete(z);
    unsigned tcp = 0;

    context->rare = find_rare(&context->settings, complete);
    struct answer_job *const end = jobs + n;

    for (struct answer_job *job = jobs; job < end; job++) {
        job->parsed =
            dns_query_parse(span_of(job->message, job->query_n), &job->query);
        const bool from_zone =
            job->parsed == DNS_QUERY_OK && !is_elsewhere(&job->query);
        job->due = from_zone ? ANSWER_FROM_ZONE : ANSWER_VERDICT;
        if (ORD_LIKELY(from_zone))
            zone_lookup_begin(z, &job->query, &job->lookup);
    }
    for (struct answer_job *job = jobs; job < end; job++)
        if (ORD_LIKELY(job->due == ANSWER_FROM_ZONE))
            zone_lookup_slot(z, &job->query, &job->lookup);
    for (struct answer_job *job = jobs; job < end; job++)
        if (ORD_LIKELY(job->due == ANSWER_FROM_ZONE))
            zone_lookup_block(z, &job->query, &job->lookup);
    if (ORD_UNLIKELY(context->settings.limit != NULL))
        for (struct answer_job *job = jobs; job < end; job++)
            answer_limited(context, job);
    if (ORD_UNLIKELY(zone_has_faults(z)) && complete)
        fault_meet(context, jobs, n);
    for (struct answer_job *job = jobs; job < end; job++) {
        tcp += job->transport;
        if (ORD_LIKELY(job->due == ANSWER_FROM_ZONE))
            answer_query(context, job);
        else
            answer_verdict(context, job);
    }
    if (ORD_LIKELY(n > 0 && !jobs->again))
        count_queries(context, n - tcp, tcp);
}
