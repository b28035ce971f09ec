// SPDX-License-Identifier: Apache-2.0
// A block while it is made: what there is (block.c), its records
// (block_draw.c), its peers (block_peers.c), what is declared
// (block_declared.c), what others lack (block_lacks.c) and why they are none
// (block_why.c). Control thread.
#ifndef ORDINALD_ZONE_BLOCK_BUILD_H
#define ORDINALD_ZONE_BLOCK_BUILD_H

#include "base/arena.h"
#include "block.h"
#include "endpoints.h"
#include "ports.h"
#include "render.h"
#include "topologies.h"

// A reason that the block will have, once for all who have it.
struct build_reason {
    struct build_reason *next;   // behind it
    struct build_reason *bucket; // of the same hash
    uint32_t at;                 // among all of them
    struct zone_reason text;
};

// One of the block's own; where that is NULL, one that is shared; where that is
// NULL, too, one of all blocks.
struct build_choice {
    const struct build_reason *own;
    const struct zone_reason *shared;
    enum why_common common;
};

struct build_lack {
    uint64_t hash;
    const struct build_reason *why;
};

// Of one StatefulSet.
struct build_ordinals {
    const struct build_reason *none; // NULL: not known
    const struct build_reason *outside;
};

struct build_reasons {
    struct build_reason *first;
    struct build_reason **last;
    struct build_reason **buckets;
    size_t mask;
    size_t octets; // of all
    struct build_choice hostname;
    struct build_choice empty;
    struct build_choice port;
    struct build_choice protocol;
    struct build_lack *lacks; // by hash
    uint32_t lacks_n;
    struct build_ordinals *ordinals; // by that of the service
};

struct build {
    const struct service *service;
    struct arena scratch;
    struct endpoints endpoints;
    struct ports ports;
    struct topologies topologies;
    struct render render;
    struct dns_name suffix;
    struct dns_name external;
    struct why_texts *texts;
    uint64_t seed;
    bool exists;
    bool has_service; // names of its own, not only the server's own pod below
    bool pod_names;   // endpoints may be called by their pods' names
    struct build_reasons reasons;
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

static inline bool build_is_type(const struct build *b, enum service_type type)
{
    return b->service->object && b->service->object->service.type == type;
}

static inline bool build_is_headless(const struct build *b)
{
    return build_is_type(b, SERVICE_HEADLESS);
}

// All records, or, while `to` is NULL, their size. Returns the octets; more
// than the pen's octets_max may be too few.
size_t build_draw(struct build *b, uint8_t *to);

// The octets that the peers take; sets where each one begins.
size_t build_measure_peers(struct build *b);

// The peers, at `peers`, and the index of their labels, which is all zero.
void build_fill_peers(const struct build *b, uint8_t *peers, uint32_t *index,
                      uint32_t mask, uint64_t seed);

// The reason among the block's own, found or added; NULL when there is no
// memory.
const struct build_reason *build_add_reason(struct build *b,
                                            const struct reason *why);

// Whether all that it says is that pods lack hostnames, where the names of the
// pods do as well.
bool build_is_named_by_pod(const struct build *b, const struct reason *why);

// All reasons, in the scratch arena, but for those that are shared; parts of
// this are what hostnames lack and why ordinals are none. Return 0 or -ENOMEM.
int build_collect_reasons(struct build *b) ORD_CHECKED;
int build_collect_lacks(struct build *b) ORD_CHECKED;
int build_collect_ordinals(struct build *b) ORD_CHECKED;

// The block was not made: what it would have shared.
void build_drop_reasons(struct build *b);

// The octets that hostnames with a lack take.
static inline size_t build_measure_lacks(const struct build *b)
{
    return b->reasons.lacks_n * (sizeof(uint64_t) + sizeof(uint32_t));
}

// Hostnames with a lack, at octet `lacks` of the block, which is aligned for
// them; texts of reasons are at octet `texts`.
void build_fill_lacks(const struct build *b, size_t lacks, size_t texts,
                      struct zone_block *out);

// These, and the texts themselves.
void build_fill_reasons(const struct build *b, size_t lacks, size_t texts,
                        struct zone_block *out);

// Whether ordinals of it can have a name below the service.
bool build_is_declared(const struct build *b, const struct service_ordinals *o);

// The octets that the declared ordinals take, names included.
size_t build_measure_declared(const struct build *b);

// The declared ordinals, at `to`, which is aligned for them; texts of reasons
// are at octet `texts` of the block.
void build_fill_declared(const struct build *b, uint8_t *to, size_t texts,
                         struct zone_block *out);

#endif
