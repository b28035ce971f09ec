// SPDX-License-Identifier: Apache-2.0
// Resource records (RFC 1035 3.2): types, and records written as answers carry
// them, with the owner as a pointer to the question. Pure; any thread.
#ifndef ORDINALD_DNS_RECORD_H
#define ORDINALD_DNS_RECORD_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum dns_type {
    DNS_TYPE_A = 1,
    DNS_TYPE_NS = 2,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_SOA = 6,
    DNS_TYPE_PTR = 12,
    DNS_TYPE_TXT = 16,
    DNS_TYPE_AAAA = 28,
    DNS_TYPE_SRV = 33,
    DNS_TYPE_OPT = 41,
    DNS_TYPE_IXFR = 251,
    DNS_TYPE_AXFR = 252,
    DNS_TYPE_ANY = 255,
};

enum dns_class { DNS_CLASS_IN = 1, DNS_CLASS_CH = 3 };

enum {
    // behind the owner: type, class, TTL, RDATA length
    DNS_RECORD_FIXED = 2 + 2 + 4 + 2,
    DNS_RECORD_HEAD = 2 + DNS_RECORD_FIXED, // with an owner that is a pointer
    DNS_RECORD_A = DNS_RECORD_HEAD + 4,
    DNS_RECORD_AAAA = DNS_RECORD_HEAD + 16,
    // an SRV record: priority, weight and port before its target (RFC 2782)
    DNS_SRV_WEIGHT_AT = DNS_RECORD_HEAD + 2,
    DNS_SRV_TARGET_AT = DNS_RECORD_HEAD + 6,
    // a compression pointer: these bits and an offset below the limit (RFC 1035
    // 4.1.4)
    DNS_POINTER = 0xc000,
    DNS_POINTER_LIMIT = 0x4000,
    // to the question's name, right after the header
    DNS_POINTER_QUESTION = DNS_POINTER | 12,
};

/*
 * Write owner (as the pointer given), type, class IN, TTL in seconds and the
 * length of the RDATA that the caller writes next.
 */
void dns_record_head(struct bytes_out *out, uint16_t owner_pointer,
                     uint16_t type, uint32_t ttl_s, uint16_t rdata_n);

// "A", "SRV"; "TYPE65535" (RFC 3597 5) where there is no mnemonic. The text is
// written to out, of at least 16 octets. Returns out.
const char *dns_type_format(uint16_t type, char *out);

// The type of a mnemonic, in any case, or of "TYPE65535". Returns false, with
// out untouched, where text is none of both.
bool dns_type_parse(const char *text, uint16_t *out);

#endif
