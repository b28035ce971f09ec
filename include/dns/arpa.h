// SPDX-License-Identifier: Apache-2.0
// Names of the reverse tree as addresses (RFC 1035 3.5, RFC 3596 2.5). Any
// thread; pure.
#ifndef ORDINALD_DNS_ARPA_H
#define ORDINALD_DNS_ARPA_H

#include "base/sockaddr.h"
#include "dns/message.h"

#include <stdbool.h>

/*
 * The labels left of "in-addr.arpa" or "ip6.arpa" as the first bits of an
 * address, right-most label first.
 *
 * q     a question that ends with one of them
 * bits  set to how many there are; the address's other bits are zero
 *
 * Returns false for a name that no address has: leading zeroes, other letters,
 * too many labels.
 */
bool dns_arpa_parse(const struct dns_query *q, struct address *a,
                    unsigned *bits);

#endif
