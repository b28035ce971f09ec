// SPDX-License-Identifier: Apache-2.0
// Is a name that does not exist that of an ordinal which is still to come?
#include "lookup.h"

// Whether these are the digits of an ordinal. K8S: `(.*)-([0-9]+)$`, and none
// is padded with zeros.
static bool parse_ordinal(struct span digits, uint64_t *out)
{
    enum { DIGITS_MAX = 10 }; // of a start and a number of 32 bits each
    uint64_t n = 0;

    for (size_t i = 0; i < digits.n; i++) {
        const unsigned digit = (unsigned)digits.p[i] - '0';
        if (digit > 9)
            return false;
        n = n * 10 + digit;
    }
    // with more digits it is larger than all that there are
    *out = digits.n <= DIGITS_MAX ? n : UINT64_MAX;
    return digits.n == 1 || (digits.n > 1 && digits.p[0] != '0');
}

// The StatefulSet whose name stands before the label's last dash, or NULL.
ORD_COLD static const struct zone_declared *search(const struct zone_block *b,
                                                   struct span label)
{
    const struct zone_declared *all = block_declared(b);
    uint32_t low = 0, high = b->declared_n;

    while (label.n > 0 && label.p[label.n - 1] != '-')
        label.n--;
    if (label.n == 0)
        return NULL;
    label.n--;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int c = span_compare(all[middle].name, label);
        if (c == 0)
            return &all[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

struct lookup_ordinal lookup_declared(const struct zone_block *block,
                                      const uint8_t *wire)
{
    const struct lookup_ordinal none = {0};
    const struct span label = span_of(wire + 1, wire[0]);
    uint64_t ordinal;

    // most services that govern any StatefulSet govern one
    const struct zone_declared *d = ORD_LIKELY(block->declared_n == 1)
                                        ? block_declared(block)
                                        : search(block, label);
    if (!d)
        return none;
    const size_t dash = d->name.n;
    if (dash >= label.n || label.p[dash] != '-' ||
        !bytes_equal(label.p, d->name.p, dash) ||
        !parse_ordinal(span_of(label.p + dash + 1, label.n - dash - 1),
                       &ordinal))
        return none;
    return (struct lookup_ordinal){
        .set = d,
        .is_inside = ordinal >= d->start && ordinal - d->start < d->n,
    };
}

bool zone_is_declared(const struct zone *z, const struct dns_query *q,
                      const struct zone_lookup *l)
{
    (void)z;
    return l->place == PLACE_ENDPOINT && l->block && !l->block->is_missing &&
           lookup_declared(l->block, q->name).is_inside;
}
