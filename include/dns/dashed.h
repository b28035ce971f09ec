// SPDX-License-Identifier: Apache-2.0
// Addresses written as one label, with dashes in place of dots or colons:
// 10-0-0-1, fd00--1. Any thread; pure.
#ifndef ORDINALD_DNS_DASHED_H
#define ORDINALD_DNS_DASHED_H

#include "base/sockaddr.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Read a label as an address. As CoreDNS has it, exactly three dashes and no
 * two of them side by side mean IPv4, anything else IPv6.
 *
 * label  in wire form, lower case
 * out    set only when it is one
 */
bool dns_dashed_parse(const uint8_t *label, struct address *out);

#endif
