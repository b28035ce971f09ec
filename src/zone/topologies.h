// SPDX-License-Identifier: Apache-2.0
// The endpoints in a service's set by topology zone (CoreDNS: zonal): what
// rendering reads. Made in a scratch arena. Control thread.
#ifndef ORDINALD_ZONE_TOPOLOGIES_H
#define ORDINALD_ZONE_TOPOLOGIES_H

#include "base/arena.h"
#include "base/bytes.h"
#include "endpoints.h"
#include "model/service.h"

#include <stddef.h>
#include <stdint.h>

struct topology {
    struct span name; // wire labels without the root, lower case
    // in the set: by address, and as the endpoints have them, by name
    const struct endpoint_entry **by_address;
    const struct endpoint_entry **by_name;
    uint32_t entries_n; // at least 1
};

struct topologies {
    struct topology *items; // by name
    uint32_t n;
};

/*
 * Collect the zones of the endpoints in the set. A dot in a zone's name divides
 * labels; a zone whose name cannot be labels, or is too long for a name below
 * the service, is left out.
 *
 * suffix_n  octets of the service's wire name, root included
 *
 * Returns 0 or -ENOMEM.
 */
int topologies_collect(const struct service *s, const struct endpoints *ends,
                       size_t suffix_n, struct arena *scratch,
                       struct topologies *out) ORD_CHECKED;

#endif
