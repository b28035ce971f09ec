// SPDX-License-Identifier: Apache-2.0
// A block while it is made: what there is (block.c), its records
// (block_draw.c), its peers (block_peers.c), what is declared
// (block_declared.c). Control thread.
#ifndef ORDINALD_ZONE_BLOCK_BUILD_H
#define ORDINALD_ZONE_BLOCK_BUILD_H

#include "base/arena.h"
#include "block.h"
#include "endpoints.h"
#include "ports.h"
#include "render.h"
#include "topologies.h"

struct build {
    const struct service *service;
    struct arena scratch;
    struct endpoints endpoints;
    struct ports ports;
    struct topologies topologies;
    struct render render;
    struct dns_name suffix;
    struct dns_name external;
    bool exists;
    // by name
    struct own_srv *own;
    uint32_t *peer_at;
    // by address
    uint32_t *owners;
    // what is drawn
    struct zone_set set;
    struct sorted_addresses sorted;
    struct zone_records cname;
    struct zone_set *port_sets;     // by name of ports
    struct zone_set *topology_sets; // by topology
};

static inline bool build_is_headless(const struct build *b)
{
    return b->service->object->service.type == SERVICE_HEADLESS;
}

// All records, or, while `to` is NULL, their size. Returns the octets; more
// than the pen's octets_max may be too few.
size_t build_draw(struct build *b, uint8_t *to);

// The octets that the peers take; sets where each one begins.
size_t build_measure_peers(struct build *b);

// The peers, at `peers`, and the index of their labels, which is all zero.
void build_fill_peers(const struct build *b, uint8_t *peers, uint32_t *index,
                      uint32_t mask, uint64_t seed);

// The octets that the declared ordinals take, names included.
size_t build_measure_declared(const struct build *b);

// The declared ordinals, at `to`, which is aligned for them.
void build_fill_declared(const struct build *b, uint8_t *to,
                         struct zone_block *out);

#endif
