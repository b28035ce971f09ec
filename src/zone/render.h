// SPDX-License-Identifier: Apache-2.0
// Records of one service in wire form. Everything is drawn twice: once to
// measure, once into memory of just that size. Control thread.
#ifndef ORDINALD_ZONE_RENDER_H
#define ORDINALD_ZONE_RENDER_H

#include "block.h"
#include "endpoints.h"
#include "pen.h"
#include "ports.h"

struct render {
    // set by the caller
    const struct service *service;
    const struct endpoints *endpoints;
    uint16_t *numbers; // room for the port numbers of one name
    size_t *targets;   // room for one offset a name
    struct pen pen;
};

// The SRV records of one name: where they begin in the pen, and how many.
struct own_srv {
    uint32_t at;
    uint16_t count;
};

// All addresses that have a PTR, as records in ascending order.
struct sorted_addresses {
    const uint8_t *a;
    const uint8_t *aaaa;
    uint32_t a_n;
    uint32_t aaaa_n;
};

/*
 * The addresses of all names.
 *
 * owners  index of the name that has each one's PTR, IPv4 first
 */
void render_sorted(struct render *r, struct sorted_addresses *out,
                   uint32_t *owners);

// A and AAAA answers that are those records, as many as a message can count.
void render_whole_set(const struct sorted_addresses *sorted,
                      struct zone_set *out);

/*
 * A and AAAA records of those entries that are in the set and have one of the
 * ports, in ascending order, each address once (K8S-DNS 2.4.1).
 *
 * entries  by address
 * ports    NULL: whatever ports they have
 */
void render_addresses(struct render *r,
                      const struct endpoint_entry *const *entries, uint32_t n,
                      const struct port_choice *ports, struct zone_set *out);

/*
 * SRV records of the endpoints in the set with one of the ports: one for each
 * name and port number (K8S-DNS 2.4.2).
 *
 * own  those of each name; may be NULL
 *
 * Returns up to which name they are drawn: those from there on are more than a
 * message can count.
 */
uint32_t render_srv(struct render *r, const struct port_choice *ports,
                    struct zone_records *out, struct own_srv *own);

// The SRV records of names that have none in the service's answer: of those
// that are not in the set, and of those from `drawn` on.
void render_own_srv(struct render *r, const struct port_choice *ports,
                    uint32_t drawn, struct own_srv *own);

// The weight in a name's own SRV answer.
uint8_t render_own_weight(const struct render *r,
                          const struct port_choice *ports,
                          const struct endpoint_name *name);

// The additional records of the SRV records of render_srv(), right after it.
void render_extras(struct render *r, struct zone_records *out);

/*
 * SRV records of some entries that are in the set, as if no other were.
 *
 * entries  by name
 */
void render_part_srv(struct render *r,
                     const struct endpoint_entry *const *entries, uint32_t n,
                     const struct port_choice *ports, struct zone_records *out);

// The additional records of the SRV records of render_part_srv(), right after
// it, as render_extras() has them.
void render_part_extras(struct render *r,
                        const struct endpoint_entry *const *entries, uint32_t n,
                        struct zone_records *out);

/*
 * The virtual addresses of a ClusterIP service and its own ports (K8S-DNS 2.3).
 *
 * uses  NULL: all of its ports, named or not; otherwise these n
 */
void render_cluster_ip(struct render *r, const struct port_use *uses,
                       uint32_t n, struct zone_set *out);

// A CNAME record (K8S-DNS 2.5).
void render_cname(struct render *r, struct span target,
                  struct zone_records *out);

// K8S-DNS leaves it open; CoreDNS: a hundred shared out, at least 1.
static inline uint8_t render_weight(size_t shares)
{
    return (uint8_t)(shares == 0 || shares >= 100 ? 1 : 100 / shares);
}

#endif
