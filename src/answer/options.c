// SPDX-License-Identifier: Apache-2.0
// EDNS options of a reply, in the order in which they stand: the server's name
// (RFC 5001), a cookie (RFC 7873), how long a connection may idle (RFC 7828),
// and extended errors (RFC 8914).
#include "reply.h"

#include <assert.h>
#include <stdio.h>

enum { KEEPALIVE = 2 }; // octets of its value

static bool sends_identity(const struct answer_context *c,
                           const struct dns_query *q)
{
    return q->options & DNS_OPTION_NSID && c->settings.identity.n > 0;
}

// RFC 7828 3.2.1: over UDP it means nothing.
static bool sends_keepalive(const struct answer_job *job)
{
    return job->query.options & DNS_OPTION_KEEPALIVE &&
           job->transport == ANSWER_TCP;
}

size_t options_room(const struct answer_context *c,
                    const struct answer_job *job, struct reply r)
{
    size_t n = 0;

    if (sends_identity(c, &job->query))
        n += EDNS_OPTION_HEAD + c->settings.identity.n;
    if (job->query.options & DNS_OPTION_COOKIE)
        n += EDNS_OPTION_HEAD + DNS_COOKIE_SIZE;
    if (sends_keepalive(job))
        n += EDNS_OPTION_HEAD + KEEPALIVE;
    return n < reply_room(&r) ? n : reply_room(&r);
}

// Options are written one behind the other; one that does not fit is left out.
struct options {
    uint8_t *opt;
    uint8_t *at;
    uint8_t *end;
};

static void put(struct options *o, enum edns_option code, const void *p,
                size_t n)
{
    o->at += edns_option_append(o->opt, (size_t)(o->end - o->at), code,
                                span_of(p, n));
}

// RFC 7873 5.2: a client's cookie alone, a stale and a forged one all get a new
// one; what they may do without is the rate limit's affair.
static void put_cookie(struct options *o, const struct answer_context *c,
                       const struct answer_job *job)
{
    uint8_t cookie[DNS_COOKIE_SIZE];
    struct address client = sockaddr_address(job->client);

    dns_cookie_write(&c->settings.cookie_secret, job->query.cookie, &client,
                     c->now_unix_s, cookie);
    put(o, EDNS_OPTION_COOKIE, cookie, sizeof cookie);
}

static void put_note(struct options *o, const struct answer_job *job,
                     unsigned answers)
{
    char text[32];
    struct answer_note note;

    if (job->query.options & REPLY_NOTED) {
        note = job->note;
    } else {
        int n = snprintf(text, sizeof text, "%u of %u records", answers,
                         job->all_of);
        assert(n > 0 && (size_t)n < sizeof text);
        note = (struct answer_note){EDNS_ERROR_OTHER, span_of(text, (size_t)n)};
    }
    o->at += edns_error_append(o->opt, (size_t)(o->end - o->at), note.code,
                               note.text);
}

// Errors are for anyone who asks, in anyone's name: they stay below three times
// what was asked.
uint8_t *options_end(const struct answer_context *c,
                     const struct answer_job *job, uint16_t rcode)
{
    size_t limit = reply_size_limit(c, job);

    if (rcode != DNS_RCODE_NOERROR && rcode != DNS_RCODE_NXDOMAIN &&
        limit > 3 * (size_t)job->query_n)
        limit = 3 * (size_t)job->query_n;
    return job->message + limit;
}

uint8_t *options_put(const struct answer_context *c,
                     const struct answer_job *job, struct reply r,
                     uint16_t rcode)
{
    struct options o = {
        .opt = r.at - DNS_OPT,
        .at = r.at,
        .end = options_end(c, job, rcode),
    };

    if (sends_identity(c, &job->query))
        put(&o, EDNS_OPTION_NSID, c->settings.identity.p,
            c->settings.identity.n);
    if (job->query.options & DNS_OPTION_COOKIE)
        put_cookie(&o, c, job);
    if (sends_keepalive(job)) {
        uint8_t idle[KEEPALIVE];
        bytes_store_u16(idle, c->settings.tcp_idle_ds);
        put(&o, EDNS_OPTION_KEEPALIVE, idle, sizeof idle);
    }
    if (job->query.options & (REPLY_NOTED | REPLY_LEFT_OUT))
        put_note(&o, job, r.answers);
    return o.at;
}
