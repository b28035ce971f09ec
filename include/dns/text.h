// SPDX-License-Identifier: Apache-2.0
// RDATA as master files write it (RFC 1035 5.1, RFC 2782, RFC 3596). Pure; any
// thread.
#ifndef ORDINALD_DNS_TEXT_H
#define ORDINALD_DNS_TEXT_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>

// Room for the text of n octets of RDATA, NUL included: each octet takes at
// most the four of "\ddd", and an IPv6 address 45.
static inline size_t dns_rdata_text_size(size_t n)
{
    return 4 * n + 32;
}

/*
 * Write RDATA as text: names with their final dot, strings in quotes. A type
 * that is not known here, and RDATA that is not of its type, is written as "\#
 * LENGTH HEX" (RFC 3597 5), which every server reads.
 *
 * rdata  names in it are not compressed
 * out    dns_rdata_text_size() octets
 *
 * Returns the octets written, the NUL not counted.
 */
size_t dns_rdata_format(uint16_t type, struct span rdata, char *out);

#endif
