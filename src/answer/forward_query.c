// SPDX-License-Identifier: Apache-2.0
// The query that an upstream is asked.
//
//     12       header: ID 0; RD, AD and CD as the client has them
//     n + 4    question: the client's, or the end of an alias of ours
//     11       OPT, where the client had one, and options that go through
#include "answer/forward.h"

#include "aim.h"
#include "base/hash.h"
#include "dns/reply.h"
#include "reply.h"

enum {
    // what a client asks of whoever answers in the end: AD, that it
    // understands it (RFC 6840 5.7), and CD (RFC 4035 3.2.2)
    FLAGS_THROUGH = DNS_FLAG_RD | DNS_FLAG_AD | DNS_FLAG_CD,
};

// --- the client's options --------------------------------------------------

// Step over an owner, which is not looked at.
static void skip_owner(struct bytes_in *in)
{
    uint8_t n;

    while (bytes_in_ok(in) && (n = bytes_in_u8(in)) > 0) {
        if (n >= DNS_POINTER >> 8) {
            (void)bytes_in_u8(in);
            return;
        }
        (void)bytes_in_take(in, n);
    }
}

// The options of a query with an OPT record that was read before, so that it is
// found.
static struct span find_options(struct span msg, const struct dns_query *q)
{
    const size_t at = DNS_HEADER + (size_t)q->question_n;
    struct bytes_in in = bytes_in_of(span_of(msg.p + at, msg.n - at));

    while (bytes_in_ok(&in) && bytes_in_left(&in) > 0) {
        skip_owner(&in);
        const struct span fixed = bytes_in_take(&in, DNS_RECORD_FIXED);
        const struct span rdata =
            bytes_in_take(&in, fixed.n ? bytes_load_u16(fixed.p + 8) : 0);
        if (bytes_in_ok(&in) && bytes_load_u16(fixed.p) == DNS_TYPE_OPT)
            return rdata;
    }
    return span_of(NULL, 0);
}

// Which of the options that go through it is, as a bit; 0: none.
static unsigned through_bit(uint16_t code)
{
    switch (code) {
    case EDNS_OPTION_DAU:
        return 1;
    case EDNS_OPTION_DHU:
        return 2;
    case EDNS_OPTION_N3U:
        return 4;
    case EDNS_OPTION_SUBNET:
        return 8;
    default:
        return 0;
    }
}

// Of each the first one, as it was sent. Returns false where there is no room.
static bool put_options(uint8_t *opt, struct bytes_out *out,
                        struct span options)
{
    unsigned seen = 0;
    uint16_t code;
    struct span value;

    for (size_t at = 0; dns_reply_option(options, &at, &code, &value);) {
        const unsigned bit = through_bit(code);
        if (bit == 0 || seen & bit)
            continue;
        const size_t n =
            edns_option_append(opt, bytes_out_left(out), code, value);
        if (n == 0)
            return false;
        (void)bytes_out_room(out, n);
        seen |= bit;
    }
    return true;
}

// --- the query -------------------------------------------------------------

static bool put_opt(struct bytes_out *out, struct span msg,
                    const struct dns_query *q)
{
    uint8_t *opt = bytes_out_room(out, DNS_OPT);

    if (!opt)
        return false;
    edns_opt_write(opt, ANSWER_UPSTREAM_UDP, 0, q->dnssec_ok);
    return put_options(opt, out, find_options(msg, q));
}

static bool put_query(struct bytes_out *out, struct span msg,
                      const struct dns_query *q, struct span name)
{
    bytes_out_u16(out, 0); // ID
    bytes_out_u16(out, q->flags & FLAGS_THROUGH);
    bytes_out_u16(out, 1); // QDCOUNT
    bytes_out_u16(out, 0);
    bytes_out_u16(out, 0);
    bytes_out_u16(out, q->has_edns);
    bytes_out_put(out, name);
    bytes_out_u16(out, q->qtype);
    bytes_out_u16(out, q->qclass);
    return (!q->has_edns || put_opt(out, msg, q)) && bytes_out_ok(out);
}

bool answer_upstream_query(struct answer_context *context,
                           const struct answer_job *job,
                           struct answer_upstream *out)
{
    const struct span msg = span_of(job->message, job->query_n);
    struct answer_job own = *job; // with a query that is read anew
    struct aim aim;

    if (msg.n > ANSWER_PARK_OCTETS_MAX ||
        dns_query_parse(msg, &own.query) != DNS_QUERY_OK ||
        !aim_find(context, msg.p, &own.query, &aim))
        return false;
    struct bytes_out bytes = bytes_out_of(out->octets, sizeof out->octets);
    if (!put_query(&bytes, msg, &own.query, aim.name))
        return false;
    out->n = (uint16_t)bytes_out_written(&bytes).n;
    out->question_n = (uint16_t)(aim.name.n + 4);
    out->reply_max = (uint32_t)reply_size_limit(context, &own);
    return true;
}

// --- equal ones ------------------------------------------------------------

// With the name in lower case: all of a query but its ID, which is 0.
static struct span fold(const struct answer_upstream *a,
                        uint8_t out[ANSWER_UPSTREAM_MAX])
{
    memcpy(out, a->octets, a->n);
    (void)dns_fold(out + DNS_HEADER, out + DNS_HEADER, a->question_n - 4u);
    return span_of(out, a->n);
}

bool answer_upstream_is_same(const struct answer_upstream *a,
                             const struct answer_upstream *b)
{
    uint8_t x[ANSWER_UPSTREAM_MAX], y[ANSWER_UPSTREAM_MAX];

    return span_equal(fold(a, x), fold(b, y));
}

uint64_t answer_upstream_hash(const struct answer_upstream *a, uint64_t seed)
{
    uint8_t folded[ANSWER_UPSTREAM_MAX];
    const struct span all = fold(a, folded);

    return hash_bytes(seed, all.p, all.n);
}
