// SPDX-License-Identifier: Apache-2.0
// What the parts of the zone share. Fields marked "control" are touched by the
// control thread only.
#ifndef ORDINALD_ZONE_INTERNAL_H
#define ORDINALD_ZONE_INTERNAL_H

#include "block.h"
#include "faults.h"
#include "roll.h"
#include "space.h"
#include "table.h"
#include "why.h"
#include "zone/zone.h"

enum {
    // service and namespace, each with its length octet
    SLOT_KEY_MAX = 2 * (DNS_LABEL_MAX + 1),
    ADDRESS_KEY_MAX = 1 + 16,
    POD_KEY_MAX = DNS_LABEL_MAX + 1 + 16, // see pod_key()
    // first octet of an address key: whole and partial addresses of both
    // families never collide; IPv4 bits as they are, IPv6 nibbles above
    ADDRESS_KEY_IPV6 = 128,
};

// A service's place in the table. It stays while blocks come and go.
struct zone_slot {
    _Atomic(const struct zone_block *) block; // NULL: no such service
    union {
        struct zone_change *pending; // control: in the update under way
        struct zone_slot *garbage;   // control: removed, waits for readers
    };
    uint8_t key_n;
    uint8_t key[]; // wire labels: service, namespace; lower case
};

// Its namespace's label.
static inline const uint8_t *slot_namespace(const struct zone_slot *slot)
{
    return slot->key + label_size(slot->key);
}

// A claim on an address by a service that is not the one to answer.
struct zone_claim {
    struct zone_claim *next;
    const struct zone_slot *slot;
    uint8_t rank; // enum zone_rank
};

// An address with a PTR, or a part of one that has such below it.
struct zone_address {
    // who answers: the slot; for a part of an address this struct itself, as a
    // mark; NULL: nobody, the name does not exist
    _Atomic(const void *) owner;
    union {
        struct zone_claim *others; // control: weaker claims on an address
        struct {                   // control, a part of an address:
            uint32_t below;        // addresses below it that have an owner
            uint32_t part_holds;   // addresses below it that are prepared
        };
        struct zone_address *garbage; // control: removed, waits for readers
    };
    uint16_t holds; // control: preparations of an address under way
    uint8_t rank;   // control: of the owner's claim
    uint8_t key[];  // see address_key(); 24 octets in all for IPv4
};

struct zone {
    // read-only once made
    struct dns_name domain;
    struct zone_rules rules;
    uint32_t ttl_s;
    uint64_t seed;
    struct zone_origin *origins; // the first is the domain, then reverse zones
    size_t origins_n;
    struct table slots;
    struct table addresses;
    struct roll namespaces; // keys: wire labels, lower case
    struct roll pods;       // keys: see pod_key(); empty unless verified
    // records of a peer, up to the address
    uint8_t head_a[DNS_RECORD_HEAD];
    uint8_t head_aaaa[DNS_RECORD_HEAD];
    size_t block_size_max;
    uint8_t *static_records;
    struct why_texts *texts; // what is shared in them: control
    struct spaces spaces;    // those that exist or have services

    _Atomic(struct zone_faults *) faults; // NULL: none

    _Atomic uint32_t serial;
    _Atomic uint64_t version; // who sees a new one sees all of its step
    _Atomic bool complete;

    struct zone_state state; // control
    bool updating;           // control
};

// Whether an entry of a table has a key, which is a struct span of the octets
// that stand in the entry.
ORD_INLINE bool slot_has_key(const void *entry, const void *key)
{
    const struct zone_slot *slot = entry;
    const struct span *k = key;
    return slot->key_n == k->n && bytes_equal(slot->key, k->p, k->n);
}

static inline bool address_has_key(const void *entry, const void *key)
{
    const struct zone_address *address = entry;
    const struct span *k = key;
    // the first octet says how many follow
    return address->key[0] == k->p[0] && bytes_equal(address->key, k->p, k->n);
}

// Whether a name is another one or stands below it; both in lower case.
static inline bool name_is_below(struct span name, struct span apex)
{
    // labels are cut off from the left until it is as short
    while (name.n > apex.n) {
        size_t n = label_size(name.p);
        name = span_of(name.p + n, name.n - n);
    }
    return span_equal(name, apex);
}

// Bits of a whole address.
static inline unsigned address_bits(const struct address *a)
{
    return 8u * address_size(a);
}

// A label of the reverse tree stands for so many bits: an octet, or a nibble.
static inline unsigned label_bits(const struct address *a)
{
    return a->family == FAMILY_IPV4 ? 8 : 4;
}

// The first bits of an address, the others zero.
static inline struct address address_part(const struct address *a,
                                          unsigned bits)
{
    struct address part = {.family = a->family};
    memcpy(part.octets, a->octets, (bits + 7) / 8);
    if (bits % 8)
        part.octets[bits / 8] &= (uint8_t)(0xff00 >> bits % 8);
    return part;
}

/*
 * The key of the first `bits` bits of an address, the rest of which is zero.
 *
 * bits  a multiple of 8 for IPv4, of 4 for IPv6
 *
 * Returns the octets used.
 */
static inline size_t address_key(const struct address *a, unsigned bits,
                                 uint8_t key[ADDRESS_KEY_MAX])
{
    bool v4 = a->family == FAMILY_IPV4;
    size_t size = v4 ? 4 : 16;
    key[0] = (uint8_t)(v4 ? bits : ADDRESS_KEY_IPV6 + bits / 4);
    memcpy(key + 1, a->octets, size);
    return 1 + size;
}

/*
 * The key of a pod's address: the namespace as a wire label, then the octets.
 * The label says where it ends, and the families differ in length.
 *
 * Returns the octets used.
 */
static inline size_t pod_key(const uint8_t *namespace, const struct address *a,
                             uint8_t key[POD_KEY_MAX])
{
    size_t n = label_size(namespace);
    memcpy(key, namespace, n);
    memcpy(key + n, a->octets, address_size(a));
    return n + address_size(a);
}

// --- claims on addresses (reverse.c), control thread -----------------------

/*
 * Make sure that claiming the address cannot fail later.
 *
 * Returns a spare claim that goes to reverse_claim() or reverse_unprepare(), or
 * NULL when there is no memory. What is removed from the table is linked to
 * *garbage, here and below.
 */
struct zone_claim *reverse_prepare(struct zone *z, const struct address *a,
                                   struct zone_address **garbage);

// Forget a preparation that was not used. Takes spare.
void reverse_unprepare(struct zone *z, const struct address *a,
                       struct zone_claim *spare, struct zone_address **garbage);

// Whether nobody has the address.
bool reverse_is_free(const struct zone *z, const struct address *a);

// Whether the slot has claimed the address with this rank, as its owner or not.
bool reverse_has_claim(const struct zone *z, const struct address *a,
                       const struct zone_slot *slot, enum zone_rank rank);

// The slot claims the address, or its claim has another rank now. Takes spare.
void reverse_claim(struct zone *z, const struct address *a,
                   const struct zone_slot *slot, enum zone_rank rank,
                   struct zone_claim *spare);

// The slot is about to give the address up: whoever waits for it has it now.
void reverse_hand_over(struct zone *z, const struct address *a,
                       const struct zone_slot *slot);

// The slot has given the address up.
void reverse_release(struct zone *z, const struct address *a,
                     const struct zone_slot *slot,
                     struct zone_address **garbage);

#endif
