// SPDX-License-Identifier: Apache-2.0
// Replies as peers. Pure.
#ifndef ORDINALD_CLI_PEERS_READ_H
#define ORDINALD_CLI_PEERS_READ_H

#include "base/error.h"
#include "dns/reply.h"
#include "peers_list.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Add the targets of a reply's SRV records, with their ports, and the addresses
 * that the reply has of them. The list is united.
 *
 * lacking  set to how many of the targets it has no address of
 *
 * Returns how many targets there are.
 */
size_t peers_read_srv(const struct dns_reply *r, struct peers *p,
                      size_t *lacking);

// Call visit for each address of type A or AAAA in the answer, whoever's: those
// of the question, with the aliases it came by.
void peers_read_addresses(const struct dns_reply *r,
                          void (*visit)(void *context, const struct address *a),
                          void *context);

/*
 * The name that an address has, out of a reply to PTR: of several one below
 * `base`, and of these, or else of all, the first one in their order.
 *
 * Returns false where there is none.
 */
bool peers_read_ptr(const struct dns_reply *r, const struct dns_name *base,
                    struct dns_name *out);

// Whether a reply says for sure what there is, be it nothing.
bool peers_is_sure(const struct dns_reply *r);

// "NXDOMAIN: ordinal 7 is outside 0..2": the RCODE, and the extended error's
// text, or its number. err is filled with it.
void peers_reason(const struct dns_reply *r, struct error *err);

#endif
