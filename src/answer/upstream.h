// SPDX-License-Identifier: Apache-2.0
// Which names are asked upstream instead of here. Of aliases see chain.h.
// Worker threads.
#ifndef ORDINALD_ANSWER_UPSTREAM_H
#define ORDINALD_ANSWER_UPSTREAM_H

#include "answer/answer.h"

// Whether it is a name of our domain that others may know and we do not.
static inline bool upstream_may_know(const struct answer_context *c,
                                     const struct dns_query *q,
                                     const struct zone_lookup *l)
{
    return c->settings.forwards && c->settings.falls_through &&
           zone_is_unknown(c->zone, q, l);
}

// Whether a question of class IN with this outcome is asked upstream; of a name
// in our zones, once the zone is complete.
static inline bool upstream_is_asked(const struct answer_context *c,
                                     const struct dns_query *q,
                                     const struct zone_lookup *l,
                                     enum zone_outcome outcome)
{
    const struct answer_settings *s = &c->settings;

    if (!s->forwards || outcome == ZONE_FOUND)
        return false;
    if (outcome == ZONE_OUTSIDE)
        return true;
    if (zone_is_reverse(c->zone, l))
        return s->forwards_reverse && outcome == ZONE_NXDOMAIN;
    return upstream_may_know(c, q, l);
}

#endif
