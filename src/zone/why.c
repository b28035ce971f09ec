// SPDX-License-Identifier: Apache-2.0
// Why an answer is negative.
#include "lookup.h"

const struct zone_reason *zone_why(const struct zone *z,
                                   const struct dns_query *q,
                                   const struct zone_lookup *l,
                                   enum zone_outcome outcome)
{
    static const struct zone_reason none = {.code = REASON_NONE};

    (void)z;
    (void)q;
    (void)l;
    (void)outcome;
    return &none;
}
