// SPDX-License-Identifier: Apache-2.0
#include "aim.h"

#include "chain.h"
#include "upstream.h"

bool aim_find(const struct answer_context *c, const uint8_t *message,
              const struct dns_query *q, struct aim *out)
{
    const enum zone_outcome outcome =
        zone_find(c->zone, q, &out->lookup, &out->match);

    out->name = span_of(message + DNS_HEADER, q->name_n);
    // of other classes only what is outside of our zones is asked elsewhere
    out->is_alias = q->qclass == DNS_CLASS_IN && outcome == ZONE_FOUND &&
                    out->match.form == ZONE_FORM_CNAME &&
                    chain_leads_out(c, q, &out->match, &out->name);
    return out->is_alias || outcome == ZONE_OUTSIDE ||
           (q->qclass == DNS_CLASS_IN &&
            upstream_is_asked(c, q, &out->lookup, outcome));
}
