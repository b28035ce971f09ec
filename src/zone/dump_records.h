// SPDX-License-Identifier: Apache-2.0
// What a name answers, as records on their own: pointers resolved, sorted.
// Control thread.
#ifndef ORDINALD_ZONE_DUMP_RECORDS_H
#define ORDINALD_ZONE_DUMP_RECORDS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "zone/zone.h"

#include <stddef.h>
#include <stdint.h>

struct dump_record {
    struct span rdata; // borrowed from the zone, or in the set's arena
    uint32_t ttl_s;
};

// The records of one name and type; their place is used again.
struct dump_set {
    // read-only
    uint16_t type;
    size_t n;
    struct dump_record *items;
    // private
    size_t room;
    struct arena arena;
    struct zone_lookup lookup; // pods' addresses are in it
};

void dump_set_init(struct dump_set *set);
void dump_set_release(struct dump_set *set);

/*
 * Ask the zone.
 *
 * q    a question that dns_query_parse() read; its type is asked
 * set  filled; empty where there are no such records
 * out  the outcome; ZONE_OUTSIDE also where another origin answers
 *
 * Returns 0 or -ENOMEM.
 */
int dump_set_ask(struct dump_set *set, const struct zone *z,
                 const struct zone_origin *origin, const struct dns_query *q,
                 enum zone_outcome *out) ORD_CHECKED;

#endif
