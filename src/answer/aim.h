// SPDX-License-Identifier: Apache-2.0
// What an upstream is asked for a query. Worker threads, inside a zone read
// section.
#ifndef ORDINALD_ANSWER_AIM_H
#define ORDINALD_ANSWER_AIM_H

#include "answer/answer.h"

struct aim {
    bool is_alias;    // of ours; then `match` is what the zone has of it
    struct span name; // asked for, in wire form and in its own letters
    struct zone_match match;
    struct zone_lookup lookup; // private
};

/*
 * message  as it came; q is of it
 * out      borrowed from message and the zone
 *
 * Returns false where nobody is asked.
 */
bool aim_find(const struct answer_context *c, const uint8_t *message,
              const struct dns_query *q, struct aim *out);

#endif
