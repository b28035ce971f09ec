// SPDX-License-Identifier: Apache-2.0
// Is a name that does not exist that of an ordinal which is still to come?
#include "lookup.h"

// Where the label's last run of digits begins, behind its dash; 0: it does not
// end so. K8S: `(.*)-([0-9]+)$`, and no ordinal is padded with zeros.
static size_t ordinal_at(struct span label)
{
    size_t at = label.n;

    while (at > 0 && label.p[at - 1] >= '0' && label.p[at - 1] <= '9')
        at--;
    const bool is_padded = label.n - at > 1 && label.p[at] == '0';
    return at > 1 && at < label.n && label.p[at - 1] == '-' && !is_padded ? at
                                                                          : 0;
}

static const struct zone_declared *find_declared(const struct zone_block *b,
                                                 struct span name)
{
    const struct zone_declared *all = block_declared(b);
    uint32_t low = 0, high = b->declared_n;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int c = span_compare(all[middle].name, name);
        if (c == 0)
            return &all[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct zone_declared *lookup_declared(const struct zone_block *block,
                                            const uint8_t *wire, bool *inside)
{
    enum { DIGITS_MAX = 10 }; // of a start and a number of 32 bits each

    if (block->declared_n == 0)
        return NULL;
    const struct span label = span_of(wire + 1, wire[0]);
    const size_t at = ordinal_at(label);
    const struct zone_declared *d =
        at ? find_declared(block, span_of(label.p, at - 1)) : NULL;
    if (!d)
        return NULL;
    uint64_t ordinal = 0;
    for (size_t i = at; i < label.n && i - at < DIGITS_MAX; i++)
        ordinal = ordinal * 10 + (uint64_t)(label.p[i] - '0');
    *inside = label.n - at <= DIGITS_MAX && ordinal >= d->start &&
              ordinal - d->start < d->n;
    return d;
}

bool zone_is_declared(const struct zone *z, const struct dns_query *q,
                      const struct zone_lookup *l)
{
    bool inside;

    (void)z;
    return l->place == PLACE_ENDPOINT && l->block && !l->block->is_missing &&
           lookup_declared(l->block, q->name, &inside) && inside;
}
