// SPDX-License-Identifier: Apache-2.0
// Does a name not exist, or has nobody told us of what it stands below? Then
// another server that has the domain may know it.
#include "lookup.h"

// A name of many labels is below a service all the same.
static const struct zone_block *block_above(const struct zone *z,
                                            const struct dns_query *q,
                                            unsigned below)
{
    struct zone_lookup l;
    const unsigned at = q->label_at[below - 3];

    l.key_at = (uint8_t)at;
    l.key_n = (uint8_t)(q->label_at[below - 1] - at);
    l.hash = hash_bytes(z->seed, q->name + at, l.key_n);
    return service_block(z, q, &l);
}

static bool is_known(const struct zone_block *block)
{
    return block && !block->is_missing;
}

// Whether it is the server's own pod: that is there without its service.
static bool is_peer(const struct zone_block *block, const struct dns_query *q,
                    const struct zone_lookup *l)
{
    return block && block_find_peer(block, q->name, l->label_hash);
}

// At no place that has a fixed meaning, or too many labels left of one.
static bool is_absent(const struct zone *z, const struct dns_query *q,
                      const struct zone_lookup *l)
{
    const unsigned below = (unsigned)q->labels - l->origin->labels;
    const uint8_t *last = label_at(q, below - 1);

    if (label_is(last, "\3dns") || label_is(last, "\13dns-version"))
        return false;
    return below < 3 || !label_is(last, "\3svc") ||
           !is_known(block_above(z, q, below));
}

bool zone_is_unknown(const struct zone *z, const struct dns_query *q,
                     const struct zone_lookup *l)
{
    if (l->place == PLACE_OUTSIDE || zone_is_reverse(z, l))
        return false;
    switch (l->place) {
    case PLACE_ABSENT:
        return is_absent(z, q, l);
    case PLACE_ENDPOINT:
        return !is_known(l->block) && !is_peer(l->block, q, l);
    case PLACE_SERVICE:
    case PLACE_PORT:
    case PLACE_ZONAL:
        return !is_known(l->block);
    default:
        return false;
    }
}

bool zone_is_reverse(const struct zone *z, const struct zone_lookup *l)
{
    return l->origin != &z->origins[0];
}
