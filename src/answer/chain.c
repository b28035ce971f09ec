// SPDX-License-Identifier: Apache-2.0
// A link of the chain owns what is at the target of the link before. Targets
// are written out in the message, so that each can be pointed at, and is the
// name to be looked up next.
//
//     question       a.N.svc.Z
//     answer         ->question  CNAME  b.N.svc.Z
//                    ->target 1  CNAME  c.N.svc.Z
//                    ->target 2  A      10.0.0.1
#include "chain.h"

#include "dns/name.h"
#include "found.h"

enum { LINKS_MAX = 10 };

struct chain {
    struct dns_query query; // for the name that is looked at
    struct zone_lookup lookup;
    struct found_name names[LINKS_MAX + 1]; // the question's, then targets
    unsigned links;
};

// The name at the end of the chain becomes the query's.
static void ask_for_last(struct chain *chain, const uint8_t *message)
{
    struct dns_query *q = &chain->query;
    struct found_name name = chain->names[chain->links];
    const uint8_t *wire = message + name.at;

    q->labels = 0;
    for (size_t at = 0; wire[at]; at += wire[at] + 1u)
        q->label_at[q->labels++] = (uint8_t)at;
    q->label_at[q->labels] = (uint8_t)(name.n - 1);
    q->name_n = (uint8_t)name.n;
    q->name = dns_fold(q->folded, wire, name.n);
}

static bool is_seen(const struct chain *chain, const uint8_t *message)
{
    struct found_name last = chain->names[chain->links];

    for (unsigned i = 0; i < chain->links; i++) {
        struct found_name name = chain->names[i];
        size_t k = 0;
        while (k < last.n && name.n == last.n &&
               dns_fold_octet(message[name.at + k]) ==
                   dns_fold_octet(message[last.at + k]))
            k++;
        if (k == last.n)
            return true;
    }
    return false;
}

static void point_at(uint8_t *owner, size_t offset)
{
    bytes_store_u16(owner, (uint16_t)(DNS_POINTER | offset));
}

// One more link. Returns false when the chain ends here.
static bool put_link(struct answer_job *job, struct reply *r,
                     const struct zone_records *cname, struct chain *chain)
{
    if (cname->answer_n > reply_room(r)) {
        *r = reply_cut(job, *r, (uint16_t)(r->answers + 1));
        return false;
    }
    uint8_t *owner = r->at;
    size_t target_n = cname->answer_n - DNS_RECORD_HEAD;
    reply_copy(r, cname->answer, cname->answer_n);
    point_at(owner, chain->names[chain->links].at);
    r->answers++;
    chain->links++;
    chain->names[chain->links] = (struct found_name){
        (size_t)(owner - job->message) + DNS_RECORD_HEAD, target_n};
    return !is_seen(chain, job->message);
}

static uint8_t *skip_record(uint8_t *p)
{
    while (*p && *p < (DNS_POINTER >> 8))
        p += *p + 1;
    p += *p ? 2 : 1;
    p += DNS_RECORD_HEAD - 2;
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
    const uint16_t qtype = job->query.qtype;
    const bool follow = qtype != DNS_TYPE_CNAME && qtype != DNS_TYPE_ANY;
    struct chain chain;
    struct zone_match next = *match;

    chain.query.qtype = qtype;
    chain.query.qclass = DNS_CLASS_IN;
    chain.links = 0;
    chain.names[0] = found_question(job);
    while (put_link(job, &r, next.records, &chain) && follow) {
        struct found_name name = chain.names[chain.links];
        ask_for_last(&chain, job->message);
        enum zone_outcome outcome =
            zone_find(c->zone, &chain.query, &chain.lookup, &next);
        if (outcome == ZONE_OUTSIDE)
            break;
        if (outcome != ZONE_FOUND) {
            if (outcome == ZONE_NXDOMAIN)
                *rcode = DNS_RCODE_NXDOMAIN;
            reply_note_why(
                job, zone_why(c->zone, &chain.query, &chain.lookup, outcome));
            return put_negative(c, job, r, next.origin, name);
        }
        if (next.form != ZONE_FORM_CNAME)
            put_end(c, job, &r, &next, name);
        if (next.form != ZONE_FORM_CNAME || chain.links == LINKS_MAX)
            break;
    }
    return r;
}
