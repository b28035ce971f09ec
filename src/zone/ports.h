// SPDX-License-Identifier: Apache-2.0
// The ports of a service, by slice and by name: what rendering reads. Made in a
// scratch arena, borrowed from the service. Control thread.
#ifndef ORDINALD_ZONE_PORTS_H
#define ORDINALD_ZONE_PORTS_H

#include "base/arena.h"
#include "endpoints.h"
#include "model/service.h"

#include <stddef.h>
#include <stdint.h>

// One port of one slice.
struct port_use {
    const char *name; // "" for none
    uint32_t slice;   // index into the service's slices; 0 for a service's port
    // 0: none, which gives addresses but no SRV. A slice without ports has one
    // such, without a name (CoreDNS: -1)
    uint16_t number;
    uint8_t protocol; // enum protocol
};

// uses[first .. first + n)
struct port_run {
    uint32_t first;
    uint32_t n;
};

// Some of the ports.
struct port_choice {
    const struct port_use *uses;
    const struct port_run *runs; // by slice; its uses, by number
};

struct ports {
    struct port_use *by_slice; // all of slices, by slice and number
    struct port_run *slices;   // by slice, in by_slice
    // those with a name, by name (its case does not count), protocol, slice and
    // number: of slices with an endpoint in the set, or of a ClusterIP service
    struct port_use *by_name;
    struct port_run *names; // by distinct name and protocol, in by_name
    uint32_t names_n;
    uint32_t number_max; // distinct numbers that one name below may have
    bool same;           // names[0] is all there is in the set
    // private
    struct port_run *chosen; // by slice, in by_name; those of `last` alone
    struct port_run last;
};

/*
 * Collect the ports of a service and its slices. RFC 8020: a port that no
 * endpoint in the set serves is no name.
 *
 * Returns 0 or -ENOMEM.
 */
int ports_collect(const struct service *s, const struct endpoints *ends,
                  struct arena *scratch, struct ports *out) ORD_CHECKED;

// All ports of all slices.
struct port_choice ports_all(const struct ports *p);

// Those of names[i]; until the next call of this function.
struct port_choice ports_choose(struct ports *p, uint32_t i);

#endif
