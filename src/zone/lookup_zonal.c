// SPDX-License-Identifier: Apache-2.0
// Zonal names of headless services (CoreDNS: zonal):
//
//     <zone>.pin._zone.S.N.svc     endpoints in that topology zone
//     <zone>.prefer._zone.S.N.svc  the same; where there are none, all
//
// A zone's name may be several labels. Any name there exists, so that which
// zones have endpoints changes records, not names.
#include "lookup.h"

#include "dns/record.h"

enum { SERVICE_LABELS = 3 }; // S.N.svc

// Whether the label says what to do.
static bool is_directive(const uint8_t *label)
{
    return label_is(label, "\3pin") || label_is(label, "\6prefer");
}

bool lookup_is_zonal_part(const struct zone_block *block,
                          const struct dns_query *q, unsigned labels)
{
    return block->is_headless && label_is(label_at(q, labels - 1), "\5_zone") &&
           (labels == 1 || is_directive(label_at(q, 0)));
}

void lookup_zonal_begin(const struct zone *z, const struct dns_query *q,
                        unsigned below, struct zone_lookup *l)
{
    unsigned service = below - SERVICE_LABELS;

    l->place = PLACE_ABSENT;
    if (!z->rules.zonal || !label_is(label_at(q, service - 1), "\5_zone") ||
        !is_directive(label_at(q, service - 2)))
        return;
    l->place = PLACE_ZONAL;
    l->key_at = q->label_at[service];
    l->key_n = (uint8_t)(q->label_at[below - 1] - l->key_at);
    l->hash = hash_bytes(z->seed, q->name + l->key_at, l->key_n);
}

static const struct zone_set *find_topology(const struct zone_block *block,
                                            struct span name)
{
    uint32_t low = 0, high = block->topologies_n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct zone_topology *t = &block->topologies[middle];
        int c = span_compare(t->name, name);
        if (c == 0)
            return &t->set;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct zone_set *lookup_zonal_set(const struct dns_query *q,
                                        const struct zone_lookup *l)
{
    const struct zone_block *block = l->block;
    unsigned service = (unsigned)q->labels - l->origin->labels - SERVICE_LABELS;
    unsigned directive = service - 2;

    const struct zone_set *set =
        find_topology(block, span_of(q->name, q->label_at[directive]));
    if (!set && label_is(label_at(q, directive), "\6prefer"))
        set = &block->set;
    return set;
}

enum zone_outcome lookup_zonal_finish(const struct dns_query *q,
                                      const struct zone_lookup *l,
                                      struct zone_match *out)
{
    if (!l->block || !l->block->exists || !l->block->is_headless)
        return ZONE_NXDOMAIN;
    const struct zone_set *set = lookup_zonal_set(q, l);
    return set ? find_in_set(set, q->qtype, out) : ZONE_NODATA;
}
