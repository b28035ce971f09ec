// SPDX-License-Identifier: Apache-2.0
#include "identity.h"

// What a name of class CHAOS says, or nothing.
static struct span find(const struct answer_settings *s,
                        const struct dns_query *q)
{
    static const struct {
        struct span name;
        bool is_version;
    } names[] = {
        {{(const uint8_t *)"\2id\6server", 11}, false},
        {{(const uint8_t *)"\10hostname\4bind", 15}, false},
        {{(const uint8_t *)"\7version\4bind", 14}, true},
        {{(const uint8_t *)"\7version\6server", 16}, true},
    };
    struct span asked = span_of(q->name, q->name_n);

    for (size_t i = 0; i < ORD_COUNT(names); i++)
        if (span_equal(asked, names[i].name))
            return names[i].is_version ? s->version : s->identity;
    return (struct span){0};
}

uint16_t identity_put(const struct answer_context *c, struct answer_job *job,
                      struct reply *r)
{
    const struct dns_query *q = &job->query;
    struct span text = find(&c->settings, q);

    if (c->settings.identity.n == 0 || text.n == 0 || text.n > UINT8_MAX ||
        (q->qtype != DNS_TYPE_TXT && q->qtype != DNS_TYPE_ANY))
        return DNS_RCODE_REFUSED;
    struct bytes_out out = bytes_out_of(r->at, reply_room(r));
    bytes_out_u16(&out, DNS_POINTER_QUESTION);
    bytes_out_u16(&out, DNS_TYPE_TXT);
    bytes_out_u16(&out, DNS_CLASS_CH);
    bytes_out_u32(&out, 0); // TTL: it may be another server next time
    bytes_out_u16(&out, (uint16_t)(1 + text.n));
    bytes_out_u8(&out, (uint8_t)text.n);
    bytes_out_put(&out, text);
    if (!bytes_out_ok(&out)) {
        *r = reply_cut(job, *r, 1);
        return DNS_RCODE_NOERROR;
    }
    r->at = out.at;
    r->answers = 1;
    r->flags |= DNS_FLAG_AA;
    return DNS_RCODE_NOERROR;
}
