// SPDX-License-Identifier: Apache-2.0
// The endpoints of a service that count, by name and by address: what rendering
// reads. Made in a scratch arena, borrowed from the service. Control thread.
#ifndef ORDINALD_ZONE_ENDPOINTS_H
#define ORDINALD_ZONE_ENDPOINTS_H

#include "base/arena.h"
#include "model/service.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One address of one endpoint of one slice.
struct endpoint_entry {
    const char *label; // lower case; of at most 63 octets
    const uint8_t *octets;
    const struct slice_facts *slice;
    uint32_t name; // index into names
    uint8_t label_n;
    uint8_t family; // enum family
    bool managed;   // the label is a hostname
};

// All entries of one label: entries[first .. first + n).
struct endpoint_name {
    const char *label;
    uint32_t first;
    uint32_t n;
    uint8_t label_n;
    bool managed;
};

struct endpoints {
    struct endpoint_entry *entries; // by label (ordinals as numbers), address
    const struct endpoint_entry **by_address; // by family, address, label
    struct endpoint_name *names;
    uint32_t entries_n;
    uint32_t names_n;
};

/*
 * Collect the endpoints of all slices that are ready (reference/
 * kubernetes-dns.md 2). An endpoint is called by its hostname, otherwise by its
 * address with dashes.
 *
 * Returns 0 or -ENOMEM.
 */
int endpoints_collect(const struct service *s, struct arena *scratch,
                      struct endpoints *out) ORD_CHECKED;

// Whether it counts: it is ready, has an address, and its hostname is a label.
bool endpoint_counts(const struct endpoint *e);

static inline unsigned entry_size(const struct endpoint_entry *e)
{
    return family_size(e->family);
}

// Whether two entries have the same address.
bool entry_same_address(const struct endpoint_entry *a,
                        const struct endpoint_entry *b);

#endif
