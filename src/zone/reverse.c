// SPDX-License-Identifier: Apache-2.0
// Which service answers for an address. An address that several services have
// (a governing and a ClusterIP service select the same pods) gives one PTR: the
// strongest claim owns it, the others wait. Parts of addresses exist while an
// address below them does (RFC 8020).
//
// An address comes in two moves, so that publishing cannot fail: prepare puts
// entries without an owner into the table, which readers take for absent; claim
// gives them one.
#include "internal.h"

#include <assert.h>
#include <stdlib.h>

static struct zone_address *find(const struct zone *z, const struct address *a,
                                 unsigned bits)
{
    uint8_t key[ADDRESS_KEY_MAX] = {0};
    struct address part = address_part(a, bits);
    struct span k = span_of(key, address_key(&part, bits, key));
    return table_find(&z->addresses, hash_bytes(z->seed, k.p, k.n),
                      address_has_key, &k);
}

static struct zone_address *find_or_make(struct zone *z,
                                         const struct address *a, unsigned bits)
{
    struct zone_address *entry = find(z, a, bits);
    if (entry)
        return entry;
    if (table_reserve(&z->addresses, 1))
        return NULL;
    uint8_t key[ADDRESS_KEY_MAX] = {0};
    struct address part = address_part(a, bits);
    size_t n = address_key(&part, bits, key);
    entry = calloc(1, sizeof *entry + n);
    if (!entry)
        return NULL;
    memcpy(entry->key, key, n);
    table_add(&z->addresses, hash_bytes(z->seed, key, n), entry);
    return entry;
}

static bool has_owner(const struct zone_address *entry)
{
    return atomic_load_explicit(&entry->owner, memory_order_relaxed) != NULL;
}

static void set_owner(struct zone_address *entry, const void *owner)
{
    atomic_store_explicit(&entry->owner, owner, memory_order_release);
}

static void remove_entry(struct zone *z, struct zone_address *entry,
                         struct zone_address **garbage)
{
    size_t n = entry->key[0] < ADDRESS_KEY_IPV6 ? 1 + 4 : 1 + 16;
    table_remove(&z->addresses, hash_bytes(z->seed, entry->key, n), entry);
    entry->garbage = *garbage;
    *garbage = entry;
}

// Prepared, or no longer: entries in between have no owner and must not go.
static void hold(struct zone_address *entry, bool whole, int change)
{
    if (whole)
        entry->holds = (uint16_t)(entry->holds + change);
    else
        entry->part_holds += (uint32_t)change;
}

static bool is_held(const struct zone_address *entry, bool whole)
{
    return whole ? entry->holds > 0 : entry->part_holds > 0;
}

// End a preparation, as far as it came: the first `upto` bits.
static void unhold(struct zone *z, const struct address *a, unsigned upto,
                   struct zone_address **garbage)
{
    for (unsigned bits = label_bits(a); bits <= upto; bits += label_bits(a)) {
        struct zone_address *entry = find(z, a, bits);
        bool whole = bits == address_bits(a);
        assert(entry && is_held(entry, whole));
        hold(entry, whole, -1);
        if (!has_owner(entry) && !is_held(entry, whole))
            remove_entry(z, entry, garbage);
    }
}

struct zone_claim *reverse_prepare(struct zone *z, const struct address *a,
                                   struct zone_address **garbage)
{
    struct zone_claim *spare = calloc(1, sizeof *spare);
    if (!spare)
        return NULL;
    for (unsigned bits = label_bits(a); bits <= address_bits(a);
         bits += label_bits(a)) {
        bool whole = bits == address_bits(a);
        struct zone_address *entry = find_or_make(z, a, bits);
        if (!entry || (whole && entry->holds == UINT16_MAX)) {
            unhold(z, a, bits - label_bits(a), garbage);
            free(spare);
            return NULL;
        }
        hold(entry, whole, 1);
    }
    return spare;
}

void reverse_unprepare(struct zone *z, const struct address *a,
                       struct zone_claim *spare, struct zone_address **garbage)
{
    unhold(z, a, address_bits(a), garbage);
    free(spare);
}

// Address `a` gets its first owner, or loses its last: its parts know.
static void count_below(struct zone *z, const struct address *a, int change,
                        struct zone_address **garbage)
{
    for (unsigned bits = label_bits(a); bits < address_bits(a);
         bits += label_bits(a)) {
        struct zone_address *part = find(z, a, bits);
        assert(part);
        part->below += (uint32_t)change;
        set_owner(part, part->below ? part : NULL);
        if (part->below == 0 && !is_held(part, false))
            remove_entry(z, part, garbage);
    }
}

// (namespace, name) order of two services, as their labels stand in the key.
static int compare_slots(const struct zone_slot *a, const struct zone_slot *b)
{
    const uint8_t *na = a->key + a->key[0] + 1, *nb = b->key + b->key[0] + 1;
    size_t n = na[0] < nb[0] ? na[0] : nb[0];
    int c = memcmp(na + 1, nb + 1, n);
    if (c == 0)
        c = (int)na[0] - (int)nb[0];
    if (c)
        return c;
    n = a->key[0] < b->key[0] ? a->key[0] : b->key[0];
    c = memcmp(a->key + 1, b->key + 1, n);
    return c ? c : (int)a->key[0] - (int)b->key[0];
}

static bool is_stronger(uint8_t rank, const struct zone_slot *slot,
                        uint8_t than_rank, const struct zone_slot *than)
{
    return rank != than_rank ? rank < than_rank : compare_slots(slot, than) < 0;
}

// Take the slot's own claim out of the waiting ones; NULL if it is not there.
static struct zone_claim *take_waiting(struct zone_address *entry,
                                       const struct zone_slot *slot)
{
    for (struct zone_claim **at = &entry->others; *at; at = &(*at)->next)
        if ((*at)->slot == slot) {
            struct zone_claim *claim = *at;
            *at = claim->next;
            return claim;
        }
    return NULL;
}

static struct zone_claim *strongest(const struct zone_address *entry)
{
    struct zone_claim *best = entry->others;
    for (struct zone_claim *c = best; c; c = c->next)
        if (is_stronger(c->rank, c->slot, best->rank, best->slot))
            best = c;
    return best;
}

static void wait_in_line(struct zone_address *entry, struct zone_claim *claim,
                         const struct zone_slot *slot, uint8_t rank)
{
    *claim = (struct zone_claim){entry->others, slot, rank};
    entry->others = claim;
}

bool reverse_is_free(const struct zone *z, const struct address *a)
{
    const struct zone_address *entry = find(z, a, address_bits(a));
    return !entry || !has_owner(entry);
}

bool reverse_has_claim(const struct zone *z, const struct address *a,
                       const struct zone_slot *slot, enum zone_rank rank)
{
    const struct zone_address *entry = find(z, a, address_bits(a));
    if (!entry || !has_owner(entry))
        return false;
    if (atomic_load_explicit(&entry->owner, memory_order_relaxed) == slot)
        return entry->rank == rank;
    for (const struct zone_claim *c = entry->others; c; c = c->next)
        if (c->slot == slot)
            return c->rank == rank;
    return false;
}

void reverse_claim(struct zone *z, const struct address *a,
                   const struct zone_slot *slot, enum zone_rank rank,
                   struct zone_claim *spare)
{
    struct zone_address *entry = find(z, a, address_bits(a));
    assert(entry);
    const struct zone_slot *owner =
        atomic_load_explicit(&entry->owner, memory_order_relaxed);

    free(take_waiting(entry, slot));
    hold(entry, true, -1);
    for (unsigned bits = label_bits(a); bits < address_bits(a);
         bits += label_bits(a))
        hold(find(z, a, bits), false, -1);
    if (!owner) {
        count_below(z, a, 1, NULL);
        z->state.addresses++;
    }
    if (!owner || owner == slot) {
        entry->rank = (uint8_t)rank;
        set_owner(entry, slot);
        struct zone_claim *best = strongest(entry);
        if (best && is_stronger(best->rank, best->slot, entry->rank, slot)) {
            entry->rank = best->rank;
            set_owner(entry, best->slot);
            best->rank = (uint8_t)rank;
            best->slot = slot;
        }
        free(spare);
    } else if (is_stronger((uint8_t)rank, slot, entry->rank, owner)) {
        wait_in_line(entry, spare, owner, entry->rank);
        entry->rank = (uint8_t)rank;
        set_owner(entry, slot);
    } else {
        wait_in_line(entry, spare, slot, (uint8_t)rank);
    }
}

static bool is_owner(const struct zone_address *entry,
                     const struct zone_slot *slot)
{
    return atomic_load_explicit(&entry->owner, memory_order_relaxed) == slot;
}

// The slot's claim ends. Returns whether it still is the owner, because nobody
// waits.
static bool end_claim(struct zone_address *entry, const struct zone_slot *slot)
{
    if (!is_owner(entry, slot)) {
        free(take_waiting(entry, slot));
        return false;
    }
    struct zone_claim *next = strongest(entry);
    if (!next)
        return true;
    entry->rank = next->rank;
    set_owner(entry, next->slot);
    free(take_waiting(entry, next->slot));
    return false;
}

void reverse_hand_over(struct zone *z, const struct address *a,
                       const struct zone_slot *slot)
{
    struct zone_address *entry = find(z, a, address_bits(a));
    assert(entry);
    (void)end_claim(entry, slot);
}

void reverse_release(struct zone *z, const struct address *a,
                     const struct zone_slot *slot,
                     struct zone_address **garbage)
{
    struct zone_address *entry = find(z, a, address_bits(a));

    // it may have been handed over, and be gone since
    if (!entry || !end_claim(entry, slot))
        return;
    set_owner(entry, NULL);
    count_below(z, a, -1, garbage);
    if (!is_held(entry, true))
        remove_entry(z, entry, garbage);
    z->state.addresses--;
}
