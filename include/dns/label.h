// SPDX-License-Identifier: Apache-2.0
// Labels of a question, where they stand. Any thread; pure.
#ifndef ORDINALD_DNS_LABEL_H
#define ORDINALD_DNS_LABEL_H

#include "base/base.h"
#include "dns/message.h"

#include <stdbool.h>
#include <string.h>

// Where a label begins; index counts from the left.
static inline const uint8_t *label_at(const struct dns_query *q, unsigned index)
{
    return q->name + q->label_at[index];
}

// wire: a constant, its length octet first
ORD_INLINE bool label_is(const uint8_t *label, const char *wire)
{
    return label[0] == (uint8_t)wire[0] &&
           memcmp(label, wire, strlen(wire)) == 0;
}

#endif
