// SPDX-License-Identifier: Apache-2.0
#include "dns/query.h"

#include "dns/edns.h"

size_t dns_query_write(uint8_t *out, const struct dns_name *name,
                       uint16_t qtype, uint16_t udp_size)
{
    // one question, one additional record
    static const uint8_t header[DNS_HEADER] = {
        0, 0, DNS_FLAG_RD >> 8, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    uint8_t *at = out;

    memcpy(at, header, sizeof header);
    at += sizeof header;
    memcpy(at, name->wire, name->n);
    at += name->n;
    bytes_store_u16(at, qtype);
    bytes_store_u16(at + 2, DNS_CLASS_IN);
    at += 4;
    edns_opt_write(at, udp_size, 0, false);
    return (size_t)(at - out) + DNS_OPT;
}
