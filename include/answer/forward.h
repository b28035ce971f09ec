// SPDX-License-Identifier: Apache-2.0
// What stands between a query that is to be forwarded (ANSWER_FORWARD) and its
// reply: the query that an upstream is asked, and the client's reply, made of
// the upstream's. Pure, as answer.h; worker threads; outside of zone read
// sections, unless it says so.
//
//     answer_batch()            verdict ANSWER_FORWARD
//     answer_upstream_query()   what to ask; equal ones are asked once
//     answer_forwarded()        there is an answer: each client gets its own
//     answer_unforwarded()      there is none
//
// EDNS is hop by hop (RFC 6891 6.1.1): the client's version, size, cookie,
// NSID, keepalive and padding are between it and us; the upstream gets an OPT
// record of ours where the client sent one, with its DO bit and those options
// that their RFCs let through: client subnet (RFC 7871 7.1.1), and the lists of
// algorithms (RFC 6975). Of the upstream's options extended errors and the
// client subnet go on to the client.
#ifndef ORDINALD_ANSWER_FORWARD_H
#define ORDINALD_ANSWER_FORWARD_H

#include "answer/answer.h"
#include "base/bytes.h"
#include "model/reason.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ANSWER_UPSTREAM_MAX = 512, // octets of a query upstream
    // what we take over UDP: no fragments on any path (RFC 9715 3.2)
    ANSWER_UPSTREAM_UDP = 1232,
};

// A query for an upstream.
struct answer_upstream {
    uint16_t n;
    uint16_t question_n; // octets of the question behind the header
    // octets of the reply that this client takes: above DNS_UDP_MIN, a reply
    // that was cut for UDP is worth asking again over TCP
    uint32_t reply_max;
    // the message, ID 0; the name in the client's letters
    uint8_t octets[ANSWER_UPSTREAM_MAX];
};

/*
 * What to ask for a job with verdict ANSWER_FORWARD: the client's question, or,
 * where its name is an alias of ours, the name at the end of the chain. Inside
 * a zone read section, the one of answer_batch() or a later one.
 *
 * Returns false where nothing is to be asked: the zone has changed since and
 * knows the answer itself, or what the client sent is longer than an upstream
 * can be asked.
 */
bool answer_upstream_query(struct answer_context *context,
                           const struct answer_job *job,
                           struct answer_upstream *out);

// Whether one reply answers both: all is equal but for the ID, the letters'
// case in the name and what the client takes.
bool answer_upstream_is_same(const struct answer_upstream *a,
                             const struct answer_upstream *b);

// Equal for those that are the same.
uint64_t answer_upstream_hash(const struct answer_upstream *a, uint64_t seed);

/*
 * Make the client's reply of an upstream's: its sections, flags and RCODE as
 * they are, behind the client's ID and question (and our aliases before it),
 * with an OPT record of ours if the client sent one; cut at a record's end,
 * with TC (over TCP: with an extended error), where the client takes less. With
 * aliases AA is set and AD clear: the first owner is ours, and nobody has
 * proved it. Where the zone has changed since and has an answer, that one is
 * given. Inside a zone read section.
 *
 * job    as it came: message, query_n, size, transport and client; the rest is
 *        set
 * reply  to a query that is the same as answer_upstream_query()'s of this job;
 *        borrowed for the call. One that is malformed, or not for that
 *        question, becomes SERVFAIL
 */
void answer_forwarded(struct answer_context *context, struct answer_job *job,
                      struct span reply);

/*
 * There is no answer: SERVFAIL, with an extended error.
 *
 * why   of those that reasons.def has for upstreams
 * text  instead of that of the reason, borrowed; empty: the reason's
 */
void answer_unforwarded(struct answer_context *context, struct answer_job *job,
                        enum reason_code why, struct span text);

#endif
