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

bool zone_is_declared(const struct zone *z, const struct dns_query *q,
                      const struct zone_lookup *l)
{
    enum { DIGITS_MAX = 10 }; // of a start and a number of 32 bits each

    (void)z;
    if (l->place != PLACE_ENDPOINT || !l->block || l->block->declared_n == 0)
        return false;
    const struct span label = span_of(q->name + 1, q->name[0]);
    const size_t at = ordinal_at(label);
    if (at == 0 || label.n - at > DIGITS_MAX)
        return false;
    const struct zone_declared *d =
        find_declared(l->block, span_of(label.p, at - 1));
    uint64_t ordinal = 0;
    for (size_t i = at; i < label.n; i++)
        ordinal = ordinal * 10 + (uint64_t)(label.p[i] - '0');
    return d && ordinal >= d->start && ordinal - d->start < d->n;
}
