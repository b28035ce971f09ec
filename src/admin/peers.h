// SPDX-License-Identifier: Apache-2.0
// Who the peers of a service are: what DNS answers, asked in process and whole,
// however many they are, and what the model adds to it. Private to src/admin.
// Control thread.
#ifndef ORDINALD_ADMIN_PEERS_H
#define ORDINALD_ADMIN_PEERS_H

#include "base/arena.h"
#include "base/base.h"
#include "base/sockaddr.h"
#include "dns/name.h"
#include "model/cluster.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct told_port {
    const char *name; // "" where it has none, or it is not known
    const char *protocol;
    uint16_t number;
};

struct told_peer {
    struct dns_name name; // empty: of its address nothing else is known
    struct address *addresses;
    uint32_t addresses_n;
    struct told_port *ports;
    uint32_t ports_n;
    bool ready;
};

struct told_peers {
    struct arena arena;      // of all of it
    struct told_peer *items; // in the order of the answer
    size_t n;
    uint16_t rcode;
    const char *reason; // why there are none; "" where there are
    // private
    size_t next; // where to look for a name first
};

/*
 * Ask the zone: SRV, and the addresses of the targets; or where there is no
 * such record A and AAAA, and PTR of each address. Aliases are followed.
 *
 * name  folded
 * out   for told_peers_release(), also on failure
 *
 * Returns 0 or -ENOMEM.
 */
int told_peers_of_zone(const struct zone *z, const struct dns_name *name,
                       struct told_peers *out) ORD_CHECKED;
void told_peers_release(struct told_peers *p);

/*
 * A number for all that DNS says of them: another answer has another one. It is
 * the same in another process that says the same, and small enough for JSON's
 * numbers to hold it exactly. Cheaper than to ask for them, while they are few
 * enough for a message.
 *
 * Returns 0 and sets out, or -ENOMEM.
 */
int told_peers_digest(const struct zone *z, const struct dns_name *name,
                      uint64_t *out) ORD_CHECKED;

/*
 * Add what DNS does not tell: what ports are called, and who is ready.
 *
 * Returns 0 or -ENOMEM.
 */
int told_peers_add_model(struct told_peers *p, const struct cluster *c,
                         const char *namespace,
                         const char *service) ORD_CHECKED;

#endif
