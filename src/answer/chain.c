// SPDX-License-Identifier: Apache-2.0
// A link of the chain owns what is at the target of the link before, and its
// target is the name to be looked up next. Targets are written out in the
// message, so that each can be pointed at.
//
//     question       a.N.svc.Z
//     answer         ->question  CNAME  b.N.svc.Z
//                    ->target 1  CNAME  c.N.svc.Z
//                    ->target 2  A      10.0.0.1
#include "chain.h"

#include "dns/name.h"
#include "found.h"
#include "upstream.h"

enum { LINKS_MAX = 10 };

struct chain {
    struct dns_query query; // for the name that is looked at
    struct zone_lookup lookup;
    struct zone_match next; // what was found there
    // the question's, then targets, which are the zone's
    struct span names[LINKS_MAX + 1];
    unsigned links;
};

static void begin(struct chain *chain, const struct dns_query *q,
                  const struct zone_match *match)
{
    chain->query.qtype = q->qtype;
    chain->query.qclass = DNS_CLASS_IN;
    chain->next = *match;
    chain->names[0] = span_of(q->name, q->name_n);
    chain->links = 0;
}

static bool is_seen(const struct chain *chain)
{
    for (unsigned i = 0; i < chain->links; i++)
        if (dns_name_is_same(chain->names[i], chain->names[chain->links]))
            return true;
    return false;
}

// One more link: to the target of the alias that was found. Returns false when
// the chain ends here.
static bool follow(struct chain *chain)
{
    const struct zone_records *cname = chain->next.records;

    chain->names[++chain->links] =
        span_of(cname->answer + DNS_RECORD_HEAD,
                (size_t)cname->answer_n - DNS_RECORD_HEAD);
    return !is_seen(chain);
}

// Look up the name at the end of the chain.
static enum zone_outcome ask_for_last(const struct answer_context *c,
                                      struct chain *chain)
{
    struct dns_query *q = &chain->query;
    struct span name = chain->names[chain->links];

    q->labels = 0;
    for (size_t at = 0; name.p[at]; at += name.p[at] + 1u)
        q->label_at[q->labels++] = (uint8_t)at;
    q->label_at[q->labels] = (uint8_t)(name.n - 1);
    q->name_n = (uint8_t)name.n;
    q->name = dns_fold(q->folded, name.p, name.n);
    return zone_find(c->zone, q, &chain->lookup, &chain->next);
}

bool chain_leads_out(const struct answer_context *c, const struct dns_query *q,
                     const struct zone_match *match, struct span *target)
{
    // nobody has it: so that is no question for others (fault.c)
    const bool is_asked = chain_is_followed(q->qtype) && q->qtype != 0;
    struct chain chain;

    begin(&chain, q, match);
    while (is_asked && chain.links < LINKS_MAX && follow(&chain)) {
        enum zone_outcome outcome = ask_for_last(c, &chain);
        *target = chain.names[chain.links];
        if (outcome != ZONE_FOUND)
            return upstream_is_asked(c, &chain.query, &chain.lookup, outcome);
        if (chain.next.form != ZONE_FORM_CNAME)
            return false;
    }
    return false;
}

static void point_at(uint8_t *owner, size_t offset)
{
    bytes_store_u16(owner, (uint16_t)(DNS_POINTER | offset));
}

// The record of a link. name: its owner, then its target. Returns false where
// it has no room.
static bool put_link(struct answer_job *job, struct reply *r,
                     const struct zone_records *cname, struct found_name *name)
{
    if (cname->answer_n > reply_room(r)) {
        *r = reply_cut(job, *r, (uint16_t)(r->answers + 1));
        return false;
    }
    uint8_t *owner = r->at;
    reply_copy(r, cname->answer, cname->answer_n);
    point_at(owner, name->at);
    r->answers++;
    *name = (struct found_name){reply_offset(job, r) - cname->answer_n +
                                    DNS_RECORD_HEAD,
                                cname->answer_n - DNS_RECORD_HEAD};
    return true;
}

static uint8_t *skip_record(uint8_t *p)
{
    while (*p && *p < (DNS_POINTER >> 8))
        p += *p + 1;
    p += *p ? 2 : 1;
    p += DNS_RECORD_FIXED;
    return p + bytes_load_u16(p - 2);
}

// Owners that are the question's name become the one at `to`. Returns the end
// of the n records.
static uint8_t *move_owners(uint8_t *at, unsigned n, size_t to)
{
    for (; n > 0; n--, at = skip_record(at))
        if (bytes_load_u16(at) == DNS_POINTER_QUESTION)
            point_at(at, to);
    return at;
}

/*
 * What the last name has. It was rendered to stand behind its own question:
 * owners that point there are made to point at the target.
 */
static void put_end(struct answer_context *c, struct answer_job *job,
                    struct reply *r, const struct zone_match *match,
                    struct found_name name)
{
    struct reply end = *r;

    end.answers = 0;
    if (!found_put_usual(c, job, &end, match))
        end = found_put_rare(c, job, end, match, name);
    uint8_t *at = move_owners(r->at, end.answers, name.at);
    // additionals' owners are in the answers, as far as a pointer reaches
    if ((size_t)(at - job->message) >= DNS_POINTER_LIMIT) {
        end.at = at;
        end.additionals = 0;
    }
    (void)move_owners(at, end.additionals, name.at);
    if (job->query.options & REPLY_LEFT_OUT)
        job->all_of += r->answers;
    end.answers = (uint16_t)(end.answers + r->answers);
    *r = end;
}

// RFC 2308 2.1: the SOA is the last name's, and the RCODE says what it is.
static struct reply put_negative(struct answer_context *c,
                                 struct answer_job *job, struct reply r,
                                 const struct zone_origin *origin,
                                 struct found_name name)
{
    r.authorities = found_put_soa(c, &r, origin, name);
    return r.authorities ? r : reply_cut(job, r, r.answers);
}

struct reply chain_put(struct answer_context *c, struct answer_job *job,
                       struct reply r, const struct zone_match *match,
                       uint16_t *rcode)
{
    struct found_name name = found_question(job);
    struct chain chain;

    begin(&chain, &job->query, match);
    while (put_link(job, &r, chain.next.records, &name) &&
           chain_is_followed(job->query.qtype) && follow(&chain)) {
        enum zone_outcome outcome = ask_for_last(c, &chain);
        if (outcome == ZONE_OUTSIDE ||
            upstream_is_asked(c, &chain.query, &chain.lookup, outcome))
            break;
        if (outcome != ZONE_FOUND) {
            if (outcome == ZONE_NXDOMAIN)
                *rcode = DNS_RCODE_NXDOMAIN;
            reply_note_why(
                job, zone_why(c->zone, &chain.query, &chain.lookup, outcome));
            return put_negative(c, job, r, chain.next.origin, name);
        }
        if (chain.next.form != ZONE_FORM_CNAME)
            put_end(c, job, &r, &chain.next, name);
        if (chain.next.form != ZONE_FORM_CNAME || chain.links == LINKS_MAX)
            break;
    }
    return r;
}
