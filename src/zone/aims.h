// SPDX-License-Identifier: Apache-2.0
// What faults of answers aim at: the names in DNS of the services and pods that
// they are of. Control thread; pure.
#ifndef ORDINALD_ZONE_AIMS_H
#define ORDINALD_ZONE_AIMS_H

#include "dns/name.h"
#include "model/cluster.h"
#include "model/fault.h"
#include "zone/zone.h"

#include <string.h>

struct aim {
    uint64_t number; // of the fault
    uint32_t ms;
    uint8_t kind; // enum fault_kind, none of pods
    char namespace[DNS_LABEL_MAX + 1];
    char service[DNS_LABEL_MAX + 1]; // "": no name in DNS
    char pod[DNS_LABEL_MAX + 1];     // its hostname; "": all of the service
};

struct aims {
    uint32_t n;
    struct aim items[FAULTS_MAX];
};

/*
 * The aims of all faults of answers there are. A pod's is below the service
 * that its subdomain names; while there is no such pod, where it was when there
 * was one.
 *
 * before  those of the last call
 */
void aims_take(struct aims *out, const struct aims *before,
               const struct faults *faults, const struct cluster *c);

bool aims_equal(const struct aims *a, const struct aims *b);

// How much later changes of a service are published; 0: at once.
uint32_t aims_stale_ms(const struct aims *aims, const char *namespace,
                       const char *service);

// Whether a pod of a service is to have no IPv6 address.
static inline bool aim_hides_aaaa(const struct aim *aim)
{
    return aim->kind == FAULT_NO_AAAA && aim->pod[0];
}

// Whether one of the aims is of the same kind and name.
bool aims_have(const struct aims *aims, const struct aim *aim);

static inline bool aim_is_of(const struct aim *aim, const char *namespace,
                             const char *service)
{
    return strcmp(aim->service, service) == 0 &&
           strcmp(aim->namespace, namespace) == 0;
}

// What the zone is told. `out` has room for FAULTS_MAX, and borrows from aims.
// Returns how many.
uint32_t aims_of_zone(const struct aims *aims, struct zone_fault_of *out);

/*
 * Leave the IPv6 addresses of those pods out that are to have none and have
 * others: one that has no others would lose its name with them, where a server
 * without AAAA still knows it.
 *
 * s      what it points at is replaced where it must differ
 * arena  holds what is made for that
 *
 * Returns 0 or -ENOMEM.
 */
int aims_hide_aaaa(const struct aims *aims, struct service *s,
                   struct arena *arena) ORD_CHECKED;

#endif
