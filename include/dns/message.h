// SPDX-License-Identifier: Apache-2.0
// Messages (RFC 1035 4.1) as a server reads them: a header, one question, and
// an OPT record among the rest. The hot path; pure; any thread.
//
//      0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
//    +-----------------------------------------------+
//  0 |                      ID                       |
//  2 |QR|   Opcode  |AA|TC|RD|RA| Z|AD|CD|   RCODE   |
//  4 |                    QDCOUNT                    |
//  6 |                    ANCOUNT                    |
//  8 |                    NSCOUNT                    |
// 10 |                    ARCOUNT                    |
//    +-----------------------------------------------+
// 12   question: QNAME, QTYPE, QCLASS; then the other sections
#ifndef ORDINALD_DNS_MESSAGE_H
#define ORDINALD_DNS_MESSAGE_H

#include "base/bytes.h"
#include "dns/cookie.h"
#include "dns/name.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DNS_HEADER = 12,
    DNS_QUESTION_MAX = DNS_NAME_MAX + 4,
    DNS_UDP_MIN = 512,   // what every client takes (RFC 1035 4.2.1)
    DNS_TCP_MAX = 65535, // what the length before a message can say
    DNS_OPT = 11,        // octets of an OPT record without options
};

enum dns_flag {
    DNS_FLAG_QR = 0x8000,
    DNS_FLAG_AA = 0x0400,
    DNS_FLAG_TC = 0x0200,
    DNS_FLAG_RD = 0x0100,
    DNS_FLAG_RA = 0x0080,
    DNS_FLAG_AD = 0x0020, // RFC 4035 3.1.6
    DNS_FLAG_CD = 0x0010,
    DNS_RCODE_MASK = 0x000f,
    DNS_OPCODE_MASK = 0x7800, // of all opcodes, QUERY is the one without a bit
};

enum dns_rcode {
    DNS_RCODE_NOERROR = 0,
    DNS_RCODE_FORMERR = 1,
    DNS_RCODE_SERVFAIL = 2,
    DNS_RCODE_NXDOMAIN = 3,
    DNS_RCODE_NOTIMP = 4,
    DNS_RCODE_REFUSED = 5,
    DNS_RCODE_BADVERS = 16, // extended: upper bits go into the OPT record
};

enum dns_verdict {
    DNS_QUERY_OK,      // everything of struct dns_query is set
    DNS_QUERY_SILENT,  // not a query: too short for a header, or a response
    DNS_QUERY_FORMERR, // header readable, the rest not
    DNS_QUERY_NOTIMP,  // an opcode that is not QUERY; EDNS as far as readable
    DNS_QUERY_BADVERS, // EDNS of a version above 0 (RFC 6891 6.1.3)
    DNS_QUERY_COOKIE,  // no question, but a cookie option (RFC 7873 5.4)
};

// EDNS options that make a difference to the reply: a bit each.
enum dns_option {
    DNS_OPTION_NSID = 1,      // RFC 5001
    DNS_OPTION_COOKIE = 2,    // RFC 7873
    DNS_OPTION_KEEPALIVE = 4, // RFC 7828
};

// A query, looked at once.
struct dns_query {
    uint16_t flags;
    uint16_t qtype;
    uint16_t qclass;
    uint8_t labels; // of the name, the root not counted
    uint8_t name_n; // octets, root included
    // eight octets that are cleared by one store
    uint16_t question_n; // octets of the question section, 0: none readable
    uint16_t edns_size;  // UDP payload size as sent; 0 without EDNS
    bool has_edns;       // an OPT record was there
    bool dnssec_ok;      // its DO bit (RFC 3225), which the reply repeats
    uint8_t options;     // bits of enum dns_option
    uint8_t cookie_n;    // octets of `cookie`, 8 to 40; 0: none
    // where each label's length octet stands in `name`, leftmost first
    uint8_t label_at[DNS_LABELS_MAX + 1];
    // the name in lower case: the message's own octets where they are, and as
    // long as they stay, otherwise `folded`
    const uint8_t *name;
    uint8_t folded[DNS_NAME_MAX];   // private
    uint8_t cookie[DNS_COOKIE_MAX]; // as sent
};

/*
 * Read a query.
 *
 * RFC 1035 4.1.2, RFC 9619: a QUERY has exactly one question, or none where a
 * cookie is asked for. Its name has no compression pointer: nothing before it
 * could be pointed at. RFC 6891 6.1.1: at most one OPT. Of its options each
 * that is known counts once, where it stands first. Records in other sections
 * are stepped over; counts bound that walk only together with the octets that
 * are there. Octets left behind the last record make the message malformed.
 *
 * msg  the message; borrowed for the call only
 * q    filled as far as the verdict says; flags also for FORMERR and NOTIMP
 */
enum dns_verdict dns_query_parse(struct span msg, struct dns_query *q);

#endif
