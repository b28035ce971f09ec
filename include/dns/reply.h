// SPDX-License-Identifier: Apache-2.0
// Replies of other servers (RFC 1035 4.1), in which names may be compressed
// (4.1.4) and nothing can be trusted. What is read here has been looked at as a
// whole before: every record and every name is within the message, and pointers
// lead to the left only. Pure; any thread; not the hot path.
#ifndef ORDINALD_DNS_REPLY_H
#define ORDINALD_DNS_REPLY_H

#include "base/base.h"
#include "base/bytes.h"
#include "dns/message.h"
#include "dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL, DNS_SECTIONS };

struct dns_reply {
    struct span message;
    uint16_t flags;
    uint16_t rcode; // with the upper bits of its OPT record (RFC 6891 6.1.3)
    uint16_t question_n; // octets of the question section, which has one
    uint16_t qtype;
    uint16_t qclass;
    uint16_t counts[DNS_SECTIONS]; // records, an OPT record included
    bool has_edns;
    bool opt_is_last; // nothing stands behind the OPT record
    bool dnssec_ok;
    size_t opt_at;       // where the OPT record stands
    struct span options; // of it: well-formed, code, length and value each
    // private
    size_t section_at[DNS_SECTIONS]; // where it begins, if it is not empty
};

/*
 * Read a reply.
 *
 * msg  borrowed as long as out is used
 *
 * Returns 0; -EBADMSG with out untouched: not a reply, not exactly one
 * question, a record or a name that leaves the message, RDATA that is not what
 * its type's is to be where names in it may be compressed, a malformed OPT
 * record or two of them, octets behind the last record.
 *
 * Work is bounded by the octets: a name has 32 pointers at most.
 */
int dns_reply_parse(struct span msg, struct dns_reply *out) ORD_CHECKED;

struct dns_reply_record {
    enum dns_section section;
    struct dns_name owner; // as written, pointers followed
    uint16_t type;
    uint16_t class;
    uint32_t ttl_s;
    struct span rdata; // in the message; names in it may be compressed
    size_t at;         // of the record, in the message
    size_t n;          // octets of it
};

// Walk over the records. at: 0 at first; moves on. Returns false at the end.
bool dns_reply_next(const struct dns_reply *r, size_t *at,
                    struct dns_reply_record *out);

// The name in the RDATA of a record, `skip` octets from its beginning, pointers
// followed: of CNAME, NS, PTR with 0, of MX with 2, of SRV with 6. Returns
// false, with out untouched, where there is none.
bool dns_reply_rdata_name(const struct dns_reply *r,
                          const struct dns_reply_record *record, size_t skip,
                          struct dns_name *out);

// Walk over EDNS options. at: 0 at first; moves on. Returns false at the end,
// with the others untouched.
bool dns_reply_option(struct span options, size_t *at, uint16_t *code,
                      struct span *value);

// The first Extended DNS Error (RFC 8914) of the reply. Returns whether it has
// one; text is in the message, and may be anything.
bool dns_reply_error(const struct dns_reply *r, uint16_t *code,
                     struct span *text);

// Where records of a reply go that become part of another message, in their
// order, from its first one on. The OPT record stays behind.
struct dns_reply_move {
    const struct dns_reply *reply;
    // where the name of the reply's question stands in the new message
    size_t name_at;
    size_t first_at; // where the first record goes
    // the new message, from its header on, up to where it may end
    struct bytes_out out;
};

/*
 * Write one more record at the end of the new message. Its names are what they
 * were (but for letters' case, where they end with the question's name), and as
 * far as may be as short.
 *
 * Returns false, with nothing written, where there is no room.
 */
bool dns_reply_move(struct dns_reply_move *m,
                    const struct dns_reply_record *record) ORD_CHECKED;

#endif
