// SPDX-License-Identifier: Apache-2.0
// Domain names in wire form (RFC 1035 3.1): length-counted labels, the root
// label last, at most 255 octets, never compressed here. Pure; any thread.
#ifndef ORDINALD_DNS_NAME_H
#define ORDINALD_DNS_NAME_H

#include "base/base.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/sockaddr.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DNS_NAME_MAX = 255,   // octets, root label included (RFC 1035 2.3.4)
    DNS_LABEL_MAX = 63,   // octets, length octet excluded
    DNS_LABELS_MAX = 127, // labels, root label excluded
    // "\ddd" for each octet, dots and a NUL
    DNS_NAME_TEXT_SIZE = 4 * DNS_NAME_MAX + 2,
};

// A name with its own storage.
struct dns_name {
    uint8_t n; // octets in use; 0: no name
    uint8_t wire[DNS_NAME_MAX];
};

static inline struct span dns_name_view(const struct dns_name *name)
{
    return span_of(name->wire, name->n);
}

// RFC 4343: only the 26 letters of ASCII have two cases.
static inline uint8_t dns_fold_octet(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/*
 * Read a name as master files write it (RFC 1035 5.1: "\." and "\ddd"), with or
 * without the final dot. The letters' case is kept.
 *
 * Returns 0, or -EINVAL with err filled and out untouched: an empty label, one
 * over 63 octets, a name over 255.
 */
int dns_name_parse(const char *text, struct dns_name *out,
                   struct error *err) ORD_CHECKED;

/*
 * Write a name as text, final dot included; "." for the root.
 *
 * name  a well-formed wire name
 * out   at least DNS_NAME_TEXT_SIZE octets
 *
 * Returns out.
 */
const char *dns_name_format(struct span name, char *out);

// Write n octets in lower case to `to`, which may be where they stand. Returns
// to. Kept out of the way of queries, which hardly ever have capitals.
ORD_COLD uint8_t *dns_fold(uint8_t *to, const uint8_t *from, size_t n);

// Fold to lower case, in place.
void dns_name_fold(struct dns_name *name);

/*
 * Put one label before a name.
 *
 * Returns 0, or -ENAMETOOLONG with name untouched: label empty or over 63
 * octets, or the result over 255.
 */
int dns_name_prepend(struct dns_name *name, struct span label) ORD_CHECKED;

// Whether two names in wire form are the same (RFC 4343).
bool dns_name_is_same(struct span a, struct span b);

// Labels of a well-formed name, the root not counted.
unsigned dns_name_labels(struct span name);

// The name of an address below in-addr.arpa or ip6.arpa (RFC 1035 3.5, RFC 3596
// 2.5): octets in reverse order. bits: how many of it, a multiple of 8 for IPv4
// and of 4 for IPv6.
void dns_name_of_address(const struct address *a, unsigned bits,
                         struct dns_name *out);

#endif
