// SPDX-License-Identifier: Apache-2.0
// Aliases, followed as far as our zones go (RFC 1034 3.6.2, 4.3.2 step 3a).
// Worker threads.
#ifndef ORDINALD_ANSWER_CHAIN_H
#define ORDINALD_ANSWER_CHAIN_H

#include "dns/record.h"
#include "reply.h"

// Whether a question for an alias is one for what it leads to.
static inline bool chain_is_followed(uint16_t qtype)
{
    return qtype != DNS_TYPE_CNAME && qtype != DNS_TYPE_ANY;
}

/*
 * Whether the chain leads to a name that is asked upstream. Nothing is written:
 * the message stays as it came.
 *
 * match   a ZONE_FORM_CNAME, the question's
 * target  set to that name, in wire form and as it was given, borrowed from the
 *         zone until the read section ends; otherwise to any
 */
ORD_COLD bool chain_leads_out(const struct answer_context *c,
                              const struct dns_query *q,
                              const struct zone_match *match,
                              struct span *target);

/*
 * Put the CNAME that was found, and what its target has of the type that is
 * asked for: more CNAMEs, records, or the SOA of a negative answer. A target
 * outside of our zones, or asked upstream, one that was seen before, and the
 * last of ten end the chain with what was collected: the resolver that asks
 * goes on from there.
 *
 * match  a ZONE_FORM_CNAME
 * rcode  set to what the last name of the chain says (RFC 2308 2.1, RFC 6604)
 */
ORD_COLD struct reply chain_put(struct answer_context *c,
                                struct answer_job *job, struct reply r,
                                const struct zone_match *match,
                                uint16_t *rcode);

#endif
