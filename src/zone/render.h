// SPDX-License-Identifier: Apache-2.0
// Records of one service in wire form. Everything is drawn twice: once to
// measure, once into memory of just that size. Control thread.
#ifndef ORDINALD_ZONE_RENDER_H
#define ORDINALD_ZONE_RENDER_H

#include "base/arena.h"
#include "block.h"
#include "endpoints.h"

// Where records go; `to` is NULL while measuring.
struct pen {
    uint8_t *to;
    size_t n;
};

struct render {
    // set by the caller
    const struct service *service;
    const struct endpoints *endpoints;
    struct span suffix; // wire name of the service
    uint32_t ttl_s;
    struct pen pen;
    uint16_t *numbers; // room for the port numbers of one name
    size_t *targets;   // room for one offset a name
};

// Which ports a set is about.
struct port_filter {
    const char *name; // NULL: all of them, named or not
    uint8_t protocol;
};

/*
 * A and AAAA records of the endpoints with the port, in ascending order, each
 * address once (K8S-DNS 2.4.1).
 *
 * owners  index of the name that each belongs to, A first; may be NULL
 */
void render_addresses(struct render *r, const struct port_filter *f,
                      struct zone_set *out, uint32_t *owners);

/*
 * SRV records of the endpoints with the port: one for each name and port number
 * (K8S-DNS 2.4.2; reference/kubernetes-dns.md 3).
 *
 * peer_srv_at, peer_srv_count  where each name's records begin and how many
 *     there are, one a name; both may be NULL
 */
void render_srv(struct render *r, const struct port_filter *f,
                struct zone_records *out, uint32_t *peer_srv_at,
                uint16_t *peer_srv_count);

// The weight in a name's own SRV answer.
uint8_t render_name_weight(const struct render *r,
                           const struct endpoint_name *name);

// The additional records of the SRV records rendered last.
void render_extras(struct render *r, struct zone_records *out);

// The virtual addresses of a ClusterIP service and its own ports (K8S-DNS 2.3).
void render_cluster_ip(struct render *r, const struct port_filter *f,
                       struct zone_set *out);

// A CNAME record (K8S-DNS 2.5).
void render_cname(struct render *r, struct span target,
                  struct zone_records *out);

// K8S-DNS leaves it open; CoreDNS: a hundred shared out, at least 1.
static inline uint8_t render_weight(size_t shares)
{
    return (uint8_t)(shares == 0 || shares >= 100 ? 1 : 100 / shares);
}

#endif
