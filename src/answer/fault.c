// SPDX-License-Identifier: Apache-2.0
// servfail, truncate and slow say what the client gets instead of an answer.
// no-aaaa is what a server does that drops such records (RFC 6147 5.1.4 knows
// them, and many resolvers have a switch for it): a name with other addresses
// and one with none are both there, and AAAA is NODATA. So the question is
// changed here, and the name is looked up and answered as ever.
#include "fault.h"

#include "chain.h"
#include "found.h"
#include "reply.h"
#include "upstream.h"

// No record has it (RFC 6895 3.1).
enum { TYPE_NONE = 0 };

static void note(struct answer_job *job, const char *text)
{
    reply_note(job, EDNS_ERROR_OTHER, span_of_text(text));
}

// It was not answered from the zone: it is not looked at again.
static void finish(struct answer_context *c, struct answer_job *job,
                   struct reply *r, uint16_t rcode)
{
    reply_finish(c, job, r, rcode);
    job->due = ANSWER_DONE;
}

static void meet_servfail(struct answer_context *c, struct answer_job *job)
{
    struct reply r = reply_begin(c, job);

    note(job, "fault servfail");
    finish(c, job, &r, DNS_RCODE_SERVFAIL);
}

static void meet_truncate(struct answer_context *c, struct answer_job *job)
{
    struct reply r = reply_begin(c, job);

    r.flags = DNS_FLAG_AA | DNS_FLAG_TC;
    note(job, "fault truncate");
    finish(c, job, &r, DNS_RCODE_NOERROR);
}

// The message stays as it came: it is asked again.
static void meet_slow(struct answer_context *c, struct answer_job *job,
                      uint16_t ms)
{
    job->due = ANSWER_DONE;
    job->verdict = ANSWER_PARK;
    job->park_ms = ms;
    job->park_for_change = false;
    counter_add(&c->counters.parked, !job->again);
}

// --- no-aaaa ---------------------------------------------------------------

static enum zone_outcome find(const struct answer_context *c,
                              struct answer_job *job, uint16_t type,
                              struct zone_match *match)
{
    job->query.qtype = type;
    return zone_lookup_finish(c->zone, &job->query, &job->lookup, match);
}

// RFC 8482 4.1: any of the other sets.
static void ask_for_others(const struct answer_context *c,
                           struct answer_job *job)
{
    struct zone_match match;

    if (find(c, job, DNS_TYPE_A, &match) != ZONE_FOUND)
        job->query.qtype = DNS_TYPE_SRV;
    else if (match.form == ZONE_FORM_CNAME)
        job->query.qtype = DNS_TYPE_ANY;
}

// Additional records are help, and may be left out: all that are AAAA, and
// those that stand too far behind to be told from them.
static void answer_srv(struct answer_context *c, struct answer_job *job)
{
    struct zone_match match;

    if (find(c, job, DNS_TYPE_SRV, &match) != ZONE_FOUND ||
        match.form == ZONE_FORM_CNAME)
        return;
    struct zone_records records = *match.records;
    records.extra_n = records.extra_a_count * (uint32_t)DNS_RECORD_A;
    records.extra_aaaa_count = records.extra_far_count = 0;
    match.records = &records;
    match.aaaa_count = 0;
    struct reply r = reply_begin(c, job);
    r.flags = DNS_FLAG_AA;
    if (!found_put_usual(c, job, &r, &match))
        r = found_put_rare(c, job, r, &match, found_question(job));
    finish(c, job, &r, DNS_RCODE_NOERROR);
}

static void meet_no_aaaa(struct answer_context *c, struct answer_job *job)
{
    if (job->query.qtype == DNS_TYPE_ANY)
        ask_for_others(c, job);
    if (job->query.qtype == DNS_TYPE_AAAA)
        job->query.qtype = TYPE_NONE;
    else if (job->query.qtype == DNS_TYPE_SRV)
        answer_srv(c, job);
}

// --- all of them -----------------------------------------------------------

static void meet(struct answer_context *c, struct answer_job *job,
                 const struct zone_fault *f)
{
    if (f->slow_ms && !job->due_now && job->query_n <= ANSWER_PARK_OCTETS_MAX)
        meet_slow(c, job, f->slow_ms);
    else if (f->servfail)
        meet_servfail(c, job);
    else if (f->truncate && job->transport == ANSWER_UDP)
        meet_truncate(c, job);
    else if (f->no_aaaa)
        meet_no_aaaa(c, job);
}

void fault_meet(struct answer_context *c, struct answer_job *jobs, unsigned n)
{
    for (struct answer_job *job = jobs; job < jobs + n; job++) {
        // a fault is one of ours, not of who else knows the name
        if (job->due != ANSWER_FROM_ZONE ||
            upstream_may_know(c, &job->query, &job->lookup))
            continue;
        const struct zone_fault f = zone_find_fault(c->zone, &job->query);
        meet(c, job, &f);
    }
}
