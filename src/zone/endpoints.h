// SPDX-License-Identifier: Apache-2.0
// The endpoints of a service that count, by name and by address: what rendering
// reads. Made in a scratch arena, borrowed from the service. Control thread.
#ifndef ORDINALD_ZONE_ENDPOINTS_H
#define ORDINALD_ZONE_ENDPOINTS_H

#include "base/arena.h"
#include "model/service.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One address of one endpoint of one slice.
struct endpoint_entry {
    const char *label; // lower case; of 1 to 63 octets
    const uint8_t *octets;
    uint32_t slice; // index into the service's slices; slices_n: of none
    uint32_t name;  // index into names
    uint16_t zone;  // of the slice's zones, counted from 1; 0: none
    uint8_t label_n;
    uint8_t family; // enum family
    bool managed;   // the label is a hostname
    bool self;      // of the server's own pod
    bool in_set;
};

// All entries of one label: entries[first .. first + n).
struct endpoint_name {
    const char *label;
    uint32_t first;
    uint32_t n;
    uint8_t label_n;
    bool managed; // one of them is
    bool self;    // all of them are
    bool in_set;  // one of them is
};

struct endpoints {
    struct endpoint_entry *entries; // by label (ordinals as numbers), address
    // by family and address; of one address the server's own pod comes first,
    // then those in the set, then managed ones, then by label: the first one
    // has the PTR
    const struct endpoint_entry **by_address;
    struct endpoint_name *names;
    bool *serves; // by slice: whether it has an endpoint in the set
    uint32_t entries_n;
    uint32_t names_n;
    uint32_t set_n; // entries in the set
};

/*
 * Collect the endpoints of all slices that have a name, and the server's own
 * pod. Who is in the set and who has a name is for the service to say, else for
 * the rules; who is in the set has a name.
 *
 * An endpoint is called by its hostname; otherwise, where the rules say so and
 * it can be a label, by its pod's name; otherwise by its address with dashes
 * (CoreDNS).
 *
 * Returns 0 or -ENOMEM.
 */
int endpoints_collect(const struct service *s, const struct zone_rules *rules,
                      struct arena *scratch, struct endpoints *out) ORD_CHECKED;

// Whether one of the names is this, which is in lower case.
bool endpoints_have(const struct endpoints *ends, const char *label);

static inline unsigned entry_size(const struct endpoint_entry *e)
{
    return family_size(e->family);
}

// Whether two entries have the same address.
bool entry_same_address(const struct endpoint_entry *a,
                        const struct endpoint_entry *b);

#endif
