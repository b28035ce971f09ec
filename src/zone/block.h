// SPDX-License-Identifier: Apache-2.0
// The answer block: all answers of one service, ready to be copied. One
// allocation, immutable once it is published.
//
//     struct zone_block      header: what the service's own name answers
//     struct zone_port[]     what _port._proto.<service> answers
//     struct zone_topology[] what <zone>.pin._zone.<service> answers
//     struct zone_peer...    one for each name below the service: its label,
//                            its addresses
//     uint32_t index[]       label -> peer, open addressing
//     uint32_t owner[]       peer of the i-th sorted A, then AAAA record
//     records                A, AAAA and SRV records as they are sent
//     text                   suffix, names of ports and topologies
//     uint64_t[], uint32_t[] hashes of hostnames that lack something, in
//                            ascending order; what
//     struct zone_declared[] ordinals, whether they have a name or not; their
//                            StatefulSets' names
//     struct zone_reason...  why names below the service are none, each text
//                            once
//
// A peer's A record is made of a template and the four octets: 16 rendered
// octets for each would cost more memory, and more cache, than that copy.
#ifndef ORDINALD_ZONE_BLOCK_H
#define ORDINALD_ZONE_BLOCK_H

#include "base/bytes.h"
#include "base/hash.h"
#include "dns/record.h"
#include "why.h"
#include "zone/zone.h"

// What one name answers, by type; an answer_count of 0: nothing.
struct zone_set {
    struct zone_records a;
    struct zone_records aaaa;
    struct zone_records srv;
};

struct zone_port {
    struct span name; // label without underscore, lower case
    uint8_t protocol; // enum protocol
    struct zone_set set;
};

// The endpoints of a headless service's set that are in a topology zone.
struct zone_topology {
    struct span name; // in wire form without the root, lower case: a dot in the
                      // zone's name divides labels
    struct zone_set set;
};

// A name below the service. Aligned to four octets; `label` goes on with the
// label itself, then all IPv4 addresses, then all IPv6 addresses.
struct zone_peer {
    uint32_t srv_at; // its SRV records: octets from block->records
    uint16_t srv_count;
    uint16_t a_count;
    uint16_t aaaa_count;
    uint8_t srv_weight; // of its own SRV answer
    uint8_t rank;       // enum zone_rank: of its addresses
    uint8_t label[1];   // wire form: length octet, then the label
};

// The ordinals that a StatefulSet declares, whether they have a name or not.
struct zone_declared {
    struct span name; // of the StatefulSet, lower case
    uint32_t start;
    uint32_t n;
    // octets from the block's beginning
    uint32_t none_at;    // why those that have no pod have none; 0: not known
    uint32_t outside_at; // why others are none
};

enum zone_rank {    // whose PTR an address has: the lowest one's
    ZONE_RANK_SELF, // of the server's own pod: it alone has that rank
    ZONE_RANK_CLUSTER_IP,
    ZONE_RANK_MANAGED, // with a hostname
    ZONE_RANK_DASHED,
};

struct zone_block {
    struct zone_set set;       // at the service's own name
    struct zone_records cname; // ExternalName: for every type
    // false: the name and all below is NXDOMAIN. A ClusterIP service may keep
    // the PTR of its addresses (CoreDNS: ignore empty_service)
    bool exists;
    // there is no such service: nothing exists of it, unless the server's own
    // pod is named below it
    bool is_missing;
    bool is_headless;  // has zonal names, where the rules allow them
    bool knows_more;   // of hostnames than why_hostname says
    uint8_t protocols; // bit of each enum protocol with a named port
    uint8_t suffix_n;  // wire name of the service, root included
    uint8_t cluster_ips_n;
    const struct zone_reason *why_hostname; // of those of which none is known
    uint32_t peers_n;
    uint32_t index_mask;
    uint32_t ports_n;
    uint32_t declared_n;
    const uint8_t *suffix;
    const uint32_t *index; // offset from `peers`, 0: empty
    const uint8_t *peers;  // begins with four octets that are no peer
    const uint8_t *records;
    const struct zone_port *ports;          // by name, then protocol
    const struct zone_topology *topologies; // by name
    uint32_t topologies_n;
    uint32_t declared_at; // octets from the block's beginning; by name
    uint32_t lacks_n;
    uint32_t lacks_at;
    // why the service's own name has nothing; any, where it always has
    const struct zone_reason *why_empty;
    const struct zone_reason *why_port;
    const struct zone_reason *why_protocol;
    struct why_texts *shared; // whose those two are; NULL: of all blocks
    // addresses of endpoints in ascending order, for PTR
    const uint8_t *sorted_a; // DNS_RECORD_A octets each
    const uint8_t *sorted_aaaa;
    const uint32_t *owner_a; // offset from `peers`
    const uint32_t *owner_aaaa;
    uint32_t sorted_a_n;
    uint32_t sorted_aaaa_n;
    struct address cluster_ips[2];
    size_t octets; // of the allocation
};

static inline const struct zone_peer *block_peer_at(const struct zone_block *b,
                                                    uint32_t offset)
{
    return (const struct zone_peer *)(const void *)(b->peers + offset);
}

// The octets of a label in wire form.
static inline size_t label_size(const uint8_t *label)
{
    return label[0] + 1u;
}

static inline uint64_t block_label_hash(uint64_t seed, const uint8_t *label)
{
    return hash_bytes(seed, label, label_size(label));
}

/*
 * The peer with this label (wire form, lower case), or NULL.
 *
 * hash  block_label_hash() of it
 */
static inline const struct zone_peer *block_find_peer(
    const struct zone_block *b, const uint8_t *label, uint64_t hash)
{
    if (b->peers_n == 0)
        return NULL;
    for (uint32_t i = (uint32_t)hash;; i++) {
        uint32_t offset = b->index[i & b->index_mask];
        if (offset == 0)
            return NULL;
        const struct zone_peer *peer = block_peer_at(b, offset);
        // one octet first: the labels' memory is as long as they are
        if (peer->label[0] == label[0] &&
            bytes_equal(peer->label, label, label_size(label)))
            return peer;
    }
}

/*
 * The port with this name and protocol, or NULL. A service may have thousands.
 *
 * name      without underscore, lower case
 * protocol  enum protocol, or -1, which none has
 */
static inline const struct zone_port *block_find_port(
    const struct zone_block *b, struct span name, int protocol)
{
    uint32_t low = 0, high = b->ports_n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct zone_port *port = &b->ports[middle];
        int c = span_compare(port->name, name);
        if (c == 0)
            c = port->protocol - protocol;
        if (c == 0)
            return port;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

// The addresses behind the label.
static inline const uint8_t *peer_a(const struct zone_peer *peer)
{
    return peer->label + label_size(peer->label);
}

static inline const uint8_t *peer_aaaa(const struct zone_peer *peer)
{
    return peer_a(peer) + 4u * peer->a_count;
}

// Also of a block that does not exist in DNS, in particular: it has no peer
// yet.
static inline const struct zone_declared *block_declared(
    const struct zone_block *b)
{
    return (const struct zone_declared *)(const void *)((const uint8_t *)b +
                                                        b->declared_at);
}

static inline const struct zone_reason *block_reason(const struct zone_block *b,
                                                     uint32_t at)
{
    return (const struct zone_reason *)(const void *)((const uint8_t *)b + at);
}

/*
 * What a hostname lacks, or NULL. Labels are told apart by their hashes: of two
 * of one service that have the same 64 bits of a keyed hash, one would be told
 * the other's reason, and that is all.
 */
static inline const struct zone_reason *block_find_lack(
    const struct zone_block *b, uint64_t label_hash)
{
    const uint64_t *hashes =
        (const uint64_t *)(const void *)((const uint8_t *)b + b->lacks_at);
    const uint32_t *reasons = (const uint32_t *)(hashes + b->lacks_n);
    uint32_t low = 0, high = b->lacks_n;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (hashes[middle] == label_hash)
            return block_reason(b, reasons[middle]);
        if (hashes[middle] < label_hash)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

// Addresses for which the block knows a PTR target.
static inline uint32_t block_addresses(const struct zone_block *b)
{
    return b->cluster_ips_n + b->sorted_a_n + b->sorted_aaaa_n;
}

// The i-th of them, and how strong its claim is. Returns false where an earlier
// one is the same: a virtual address may be an endpoint's too.
bool block_address(const struct zone_block *b, uint32_t i, struct address *out,
                   enum zone_rank *rank);

/*
 * Who has the address?
 *
 * peer  set to the peer, or to NULL for the service itself
 *
 * Returns false when nobody here has it.
 */
bool block_find_address(const struct zone_block *b, const struct address *a,
                        const struct zone_peer **peer);

struct block_settings {
    const struct dns_name *domain;
    uint32_t ttl_s;
    uint64_t hash_seed;
    size_t octets_max;
    struct zone_rules rules;
    struct why_texts *texts; // outlives the block
};

/*
 * Render a service (K8S-DNS 2.3, 2.4, 2.5; what that leaves open as
 * CoreDNS does).
 *
 * settings  borrowed for the call
 *
 * Returns 0 and a block for block_free(); -ENOMEM; -EFBIG when it would take
 * more than octets_max.
 */
int block_new(const struct service *s, const struct block_settings *settings,
              struct zone_block **out, struct error *err) ORD_CHECKED;

void block_free(const struct zone_block *b);

#endif
