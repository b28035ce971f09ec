// SPDX-License-Identifier: Apache-2.0
// Names in messages of others, wherever they stand: compressed or not, as
// owners or in RDATA. Pure; any thread.
#ifndef ORDINALD_DNS_RDATA_H
#define ORDINALD_DNS_RDATA_H

#include "base/bytes.h"
#include "dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Read the name at an offset, pointers followed (RFC 1035 4.1.4).
 *
 * out  NULL: it is only looked at
 *
 * Returns the octets that it takes where it stands; 0, with out untouched,
 * where it is none: it leaves the message, is longer than 255 octets, has more
 * than 32 pointers, or one that does not lead to the left of all that was read
 * of it before.
 */
size_t rdata_name(struct span msg, size_t at, struct dns_name *out);

enum { RDATA_NAMES_MAX = 2 };

// Where names stand in an RDATA. All else of it are octets.
struct rdata_names {
    unsigned n;
    size_t at[RDATA_NAMES_MAX]; // in the message
};

/*
 * Find the names that may be compressed in a type's RDATA, the n octets at `at`
 * of the message. Unknown types have none (RFC 3597 4).
 *
 * Returns false where the RDATA is not what the type's is to be.
 */
bool rdata_find_names(struct span msg, uint16_t type, size_t at, size_t n,
                      struct rdata_names *out);

#endif
