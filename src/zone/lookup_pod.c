// SPDX-License-Identifier: Apache-2.0
// Names of pods, <a-b-c-d>.<namespace>.pod.<domain> (CoreDNS: pods). The name
// says the address; what is to be found out is whether it exists. Nothing is
// below it: CoreDNS answers for labels left of it, too.
#include "lookup.h"

#include "dns/dashed.h"
#include "dns/record.h"

void lookup_pod_begin(const struct zone *z, const struct dns_query *q,
                      unsigned below, struct zone_lookup *l)
{
    l->place = PLACE_ABSENT;
    if (below == 1) {
        // there whether or not pods have names
        l->place = PLACE_EMPTY;
        return;
    }
    if (z->rules.pods == ZONE_PODS_DISABLED || below > 3)
        return;
    const uint8_t *namespace = label_at(q, below - 2);
    l->key_at = q->label_at[below - 2];
    l->key_n = (uint8_t)label_size(namespace);
    if (below == 2)
        l->place = PLACE_NAMESPACE;
    else if (dns_dashed_parse(q->name, &l->address))
        l->place = PLACE_POD;
}

static bool exists(const struct zone *z, const struct dns_query *q,
                   const struct zone_lookup *l)
{
    uint8_t key[POD_KEY_MAX];

    if (!has_namespace(z, q, l))
        return false;
    if (z->rules.pods == ZONE_PODS_INSECURE)
        return true;
    size_t n = pod_key(q->name + l->key_at, &l->address, key);
    return roll_has(&z->pods, span_of(key, n));
}

void lookup_pod_slot(const struct zone *z, const struct dns_query *q,
                     struct zone_lookup *l)
{
    if (!exists(z, q, l))
        l->place = PLACE_ABSENT;
}

enum zone_outcome lookup_pod_finish(const struct zone_lookup *l, uint16_t qtype,
                                    struct zone_match *out)
{
    bool v4 = l->address.family == FAMILY_IPV4;

    if (qtype != (v4 ? DNS_TYPE_A : DNS_TYPE_AAAA) && qtype != DNS_TYPE_ANY)
        return ZONE_NODATA;
    out->form = ZONE_FORM_PEER;
    out->a = out->aaaa = l->address.octets;
    out->a_count = v4;
    out->aaaa_count = !v4;
    return ZONE_FOUND;
}
