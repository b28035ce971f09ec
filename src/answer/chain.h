// SPDX-License-Identifier: Apache-2.0
// Aliases, followed as far as our zones go (RFC 1034 3.6.2, 4.3.2 step 3a).
// Worker threads.
#ifndef ORDINALD_ANSWER_CHAIN_H
#define ORDINALD_ANSWER_CHAIN_H

#include "reply.h"

/*
 * Put the CNAME that was found, and what its target has of the type that is
 * asked for: more CNAMEs, records, or the SOA of a negative answer. A target
 * outside of our zones, one that was seen before, and the last of ten end the
 * chain with what was collected: the resolver that asks goes on from there.
 *
 * match  a ZONE_FORM_CNAME
 * rcode  set to what the last name of the chain says (RFC 2308 2.1, RFC 6604)
 */
ORD_COLD struct reply chain_put(struct answer_context *c,
                                struct answer_job *job, struct reply r,
                                const struct zone_match *match,
                                uint16_t *rcode);

#endif
