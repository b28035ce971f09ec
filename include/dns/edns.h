// SPDX-License-Identifier: Apache-2.0
// EDNS (RFC 6891) in replies: the OPT record and extended errors (RFC 8914).
// Pure; any thread.
#ifndef ORDINALD_DNS_EDNS_H
#define ORDINALD_DNS_EDNS_H

#include "base/base.h"
#include "base/bytes.h"
#include "dns/message.h"
#include "dns/record.h"

#include <stdbool.h>

enum edns_option {
    EDNS_OPTION_NSID = 3,
    EDNS_OPTION_DAU = 5, // RFC 6975
    EDNS_OPTION_DHU = 6,
    EDNS_OPTION_N3U = 7,
    EDNS_OPTION_SUBNET = 8, // RFC 7871
    EDNS_OPTION_COOKIE = 10,
    EDNS_OPTION_KEEPALIVE = 11,
    EDNS_OPTION_EDE = 15,
};

// INFO-CODEs of RFC 8914 4.
enum edns_error {
    EDNS_ERROR_OTHER = 0,
    EDNS_ERROR_STALE_ANSWER = 3,
    EDNS_ERROR_NOT_READY = 14,
};

enum {
    EDNS_OPT_LENGTH_AT = DNS_OPT - 2, // of its RDATA, in the record
    EDNS_OPTION_HEAD = 4,             // octets of an option: code, length
    EDNS_INFO_CODE = 2, // octets of an extended error before its text
};

/*
 * Write an OPT record without options into out[0..DNS_OPT).
 *
 * udp_size   what we take, in octets
 * rcode      the whole extended RCODE; its upper eight bits go here
 * dnssec_ok  repeated from the query (RFC 3225 3)
 */
ORD_INLINE void edns_opt_write(uint8_t *out, uint16_t udp_size, uint16_t rcode,
                               bool dnssec_ok)
{
    // the root; type, class (for the size), TTL (RCODE, version, flags), RDATA
    static const uint8_t opt[DNS_OPT] = {0, 0, DNS_TYPE_OPT};

    memcpy(out, opt, sizeof opt);
    bytes_store_u16(out + 3, udp_size);
    out[5] = (uint8_t)(rcode >> 4);
    out[7] = (uint8_t)(dnssec_ok << 7);
}

/*
 * Append an option to the OPT record at opt, which is the last thing in its
 * message; its RDATA length grows.
 *
 * room  octets that may be written behind the record
 *
 * Returns the octets added; 0 where it does not fit.
 */
size_t edns_option_append(uint8_t *opt, size_t room, enum edns_option code,
                          struct span value);

/*
 * Append an Extended DNS Error to the OPT record at opt, which is the last
 * thing in its message; its RDATA length grows.
 *
 * room  octets that may be written behind the record
 * text  UTF-8, may be empty; left out where it does not fit
 *
 * Returns the octets added; 0 where not even the code fits.
 */
size_t edns_error_append(uint8_t *opt, size_t room, uint16_t code,
                         struct span text);

/*
 * Append an option whose n octets are made already, or none, to the OPT record
 * at opt, which is the last thing in its message and has no options; its RDATA
 * length is set. There is room.
 */
static inline void edns_option_copy(uint8_t *opt, const uint8_t *option,
                                    size_t n)
{
    bytes_copy(opt + DNS_OPT, option, n);
    bytes_store_u16(opt + EDNS_OPT_LENGTH_AT, (uint16_t)n);
}

#endif
