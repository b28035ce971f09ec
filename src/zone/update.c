// SPDX-License-Identifier: Apache-2.0
// A step: blocks are made and all memory is got while nothing is visible, then
// everything is published by storing pointers, which cannot fail.
//
// Order of publishing, so that no name is missing in between: claims on
// addresses that nobody has (they lead to blocks that do not know them yet:
// still absent); the blocks of services that take addresses from others, one
// pointer each, by which all of a service changes at once; their claims; the
// other blocks, whose addresses are handed over first to services that wait for
// them; then claims that ended, slots without a block, and the serial.
// Last, what was replaced is freed when no reader can see it any more. Only
// where two services take addresses from each other in one step is one of the
// PTRs absent for that moment.
#include "internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

// What becomes of one service.
struct zone_change {
    struct zone_change *next;
    struct zone_slot *slot;
    bool decided; // false: its block could not be made, the old one stays
    const struct zone_block *block; // NULL: it goes
    const struct zone_block *old;   // once published: waits for readers
    bool published;
    // claims for those addresses of block that are new, in its order
    struct zone_claim *spares;
};

struct zone_update {
    struct zone *zone;
    struct zone_change *changes;
    struct zone_namespace *come; // linked by garbage
    size_t come_n;
    struct zone_namespace *went;
    struct zone_slot *slots;        // garbage
    struct zone_address *addresses; // garbage
    bool changed;
};

static uint64_t key_hash(const struct zone *z, struct span k)
{
    return hash_bytes(z->seed, k.p, k.n);
}

static size_t put_label(uint8_t *to, const char *text)
{
    size_t n = strlen(text);
    to[0] = (uint8_t)n;
    for (size_t i = 0; i < n; i++)
        to[1 + i] = dns_fold_octet((uint8_t)text[i]);
    return n + 1;
}

// Whether it can be a label at all; the model's names can, as a rule.
static bool is_label(const char *text)
{
    size_t n = strlen(text);
    return n > 0 && n <= DNS_LABEL_MAX;
}

static const struct zone_block *block_of(const struct zone_slot *slot)
{
    return atomic_load_explicit(&slot->block, memory_order_relaxed);
}

static struct zone_slot *find_slot(struct zone *z, struct span k)
{
    return table_find(&z->slots, key_hash(z, k), slot_has_key, &k);
}

static struct zone_slot *find_or_make_slot(struct zone *z, struct span k)
{
    struct zone_slot *slot = find_slot(z, k);
    if (slot)
        return slot;
    if (table_reserve(&z->slots, 1))
        return NULL;
    slot = calloc(1, sizeof *slot + k.n);
    if (!slot)
        return NULL;
    slot->key_n = (uint8_t)k.n;
    memcpy(slot->key, k.p, k.n);
    table_add(&z->slots, key_hash(z, k), slot);
    return slot;
}

// Whether the old block lacks the address or claims it more or less strongly.
static bool is_new_claim(const struct zone_block *old, const struct address *a,
                         enum zone_rank rank)
{
    const struct zone_peer *peer;
    if (!old || !block_find_address(old, a, &peer))
        return true;
    enum zone_rank was = !peer           ? ZONE_RANK_CLUSTER_IP
                         : peer->managed ? ZONE_RANK_MANAGED
                                         : ZONE_RANK_DASHED;
    return was != rank;
}

// Whether the i-th address of the change's block has to be claimed.
static bool has_new_claim(const struct zone_change *c, uint32_t i,
                          struct address *a, enum zone_rank *rank)
{
    const struct zone_block *before = c->published ? c->old : block_of(c->slot);
    return block_address(c->block, i, a, rank) &&
           is_new_claim(before, a, *rank);
}

static bool lacks(const struct zone_block *block, const struct address *a)
{
    const struct zone_peer *peer;
    return !block || !block_find_address(block, a, &peer);
}

// The next spare, taken off the change.
static struct zone_claim *take_spare(struct zone_change *c)
{
    struct zone_claim *spare = c->spares;
    if (spare)
        c->spares = spare->next;
    return spare;
}

// Undo what was prepared for a change, as far as its spares go.
static void unprepare(struct zone_update *u, struct zone_change *c)
{
    uint32_t n = c->block ? block_addresses(c->block) : 0;

    for (uint32_t i = 0; i < n && c->spares; i++) {
        enum zone_rank rank;
        struct address a;
        if (has_new_claim(c, i, &a, &rank))
            reverse_unprepare(u->zone, &a, take_spare(c), &u->addresses);
    }
    block_free(c->block);
    c->block = NULL;
}

// Get all memory that publishing c->block will need.
static int prepare(struct zone_update *u, struct zone_change *c)
{
    struct zone_claim **last = &c->spares;
    uint32_t n = block_addresses(c->block);

    for (uint32_t i = 0; i < n; i++) {
        enum zone_rank rank;
        struct address a;
        if (!has_new_claim(c, i, &a, &rank))
            continue;
        *last = reverse_prepare(u->zone, &a, &u->addresses);
        if (!*last)
            return -ENOMEM;
        last = &(*last)->next;
    }
    return 0;
}

// A slot that no block uses goes when no reader can see it any more.
static void drop_slot(struct zone_update *u, struct zone_slot *slot)
{
    struct span k = span_of(slot->key, slot->key_n);
    table_remove(&u->zone->slots, key_hash(u->zone, k), slot);
    slot->garbage = u->slots;
    u->slots = slot;
}

// The change of a service in this step; made if there is none yet.
static struct zone_change *change_of(struct zone_update *u,
                                     struct zone_slot *slot)
{
    if (slot->pending)
        return slot->pending;
    struct zone_change *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    *c = (struct zone_change){.next = u->changes, .slot = slot};
    u->changes = slot->pending = c;
    return c;
}

struct zone_update *zone_update_begin(struct zone *z)
{
    assert(!z->updating);
    struct zone_update *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->zone = z;
    z->updating = true;
    return u;
}

// The key of a service's slot. Returns its octets.
static size_t slot_key(const char *namespace, const char *service,
                       uint8_t key[SLOT_KEY_MAX])
{
    size_t n = put_label(key, service);
    return n + put_label(key + n, namespace);
}

// The step's word on a service is this block, which is taken, also on failure:
// then what the step said before stays.
static int decide(struct zone_update *u, const struct service *s,
                  const struct zone_block *block)
{
    uint8_t key[SLOT_KEY_MAX];
    const size_t n = slot_key(s->namespace, s->name, key);
    struct zone_slot *slot = find_or_make_slot(u->zone, span_of(key, n));
    struct zone_change *c = slot ? change_of(u, slot) : NULL;
    if (!c) {
        if (slot && !block_of(slot))
            drop_slot(u, slot);
        block_free(block);
        return -ENOMEM;
    }
    struct zone_change before = *c;
    c->decided = true;
    c->block = block;
    c->spares = NULL;
    const int rc = prepare(u, c);
    // what the step had for this service before, or all of this one
    struct zone_change unused = rc ? *c : before;
    if (rc)
        *c = before;
    unprepare(u, &unused);
    return rc;
}

int zone_update_service(struct zone_update *u, const struct service *s,
                        struct error *err)
{
    struct zone *z = u->zone;
    struct zone_block *block;

    const struct block_settings settings = {
        .domain = &z->domain,
        .ttl_s = z->ttl_s,
        .hash_seed = z->seed,
        .octets_max = z->block_size_max,
        .rules = z->rules,
    };
    int rc = block_new(s, &settings, &block, err);
    if (rc == 0) {
        rc = decide(u, s, block);
        if (rc)
            error_set(err, rc, "service '%s/%s': no memory for its answers",
                      s->namespace, s->name);
    }
    if (rc)
        z->state.failures++;
    else
        z->state.builds++;
    return rc;
}

int zone_update_remove(struct zone_update *u, const char *namespace,
                       const char *service)
{
    if (!is_label(namespace) || !is_label(service))
        return 0;
    uint8_t key[SLOT_KEY_MAX];
    const size_t n = slot_key(namespace, service, key);
    struct zone_slot *slot = find_slot(u->zone, span_of(key, n));
    if (!slot)
        return 0;
    struct zone_change *c = change_of(u, slot);
    if (!c)
        return -ENOMEM;
    unprepare(u, c);
    c->decided = true;
    return 0;
}

// What the step said before about a namespace no longer counts.
static void forget_namespace(struct zone_namespace **list, struct span k)
{
    for (struct zone_namespace **at = list; *at;) {
        struct zone_namespace *entry = *at;
        if (!span_equal(span_of(entry->key, label_size(entry->key)), k)) {
            at = &entry->garbage;
            continue;
        }
        *at = entry->garbage;
        free(entry);
    }
}

int zone_update_namespace(struct zone_update *u, const char *namespace,
                          bool exists)
{
    uint8_t key[DNS_LABEL_MAX + 1];

    if (!is_label(namespace))
        return 0;
    struct span k = {key, put_label(key, namespace)};
    // as many as this step has brought, so that publishing cannot fail
    if (exists && table_reserve(&u->zone->namespaces, ++u->come_n))
        return -ENOMEM;
    struct zone_namespace *entry = calloc(1, sizeof *entry + k.n);
    if (!entry)
        return -ENOMEM;
    memcpy(entry->key, key, k.n);
    forget_namespace(&u->come, k);
    forget_namespace(&u->went, k);
    struct zone_namespace **list = exists ? &u->come : &u->went;
    entry->garbage = *list;
    *list = entry;
    return 0;
}

// --- publishing ------------------------------------------------------------

enum claim_pass {
    CLAIM_FREE, // addresses that nobody has
    CLAIM_REST, // others have them, or this service in another way
};

static void claim_addresses(struct zone_update *u, struct zone_change *c,
                            enum claim_pass pass)
{
    const struct zone *z = u->zone;
    // each new claim has its spare: without one there is nothing to look for
    uint32_t n = c->spares ? block_addresses(c->block) : 0;

    for (uint32_t i = 0; i < n && c->spares; i++) {
        enum zone_rank rank;
        struct address a;
        if (!has_new_claim(c, i, &a, &rank))
            continue;
        if (pass == CLAIM_FREE ? reverse_is_free(z, &a)
                               : !reverse_has_claim(z, &a, c->slot, rank))
            reverse_claim(u->zone, &a, c->slot, rank, take_spare(c));
    }
}

static void count_block(struct zone *z, const struct zone_block *b, bool comes)
{
    size_t sign = comes ? 1 : (size_t)-1;
    if (!b)
        return;
    z->state.services += (uint32_t)(sign * b->exists);
    z->state.endpoints += (uint32_t)(sign * b->peers_n);
    z->state.octets += sign * b->octets;
}

// The i-th address of the block before, if the new one lacks it.
static bool is_lost(const struct zone_block *old, const struct zone_change *c,
                    uint32_t i, struct address *a)
{
    enum zone_rank rank;
    return block_address(old, i, a, &rank) && lacks(c->block, a);
}

static void hand_over_addresses(struct zone_update *u, struct zone_change *c)
{
    const struct zone_block *old = block_of(c->slot);
    uint32_t n = old ? block_addresses(old) : 0;
    struct address a;

    for (uint32_t i = 0; i < n; i++)
        if (is_lost(old, c, i, &a))
            reverse_hand_over(u->zone, &a, c->slot);
}

static void swap_block(struct zone_update *u, struct zone_change *c)
{
    if (!c->decided || c->published)
        return;
    hand_over_addresses(u, c);
    c->published = true;
    c->old = block_of(c->slot);
    count_block(u->zone, c->old, false);
    count_block(u->zone, c->block, true);
    u->changed |= c->old || c->block;
    atomic_store_explicit(&c->slot->block, c->block, memory_order_release);
}

static void release_addresses(struct zone_update *u, struct zone_change *c)
{
    uint32_t n = c->old ? block_addresses(c->old) : 0;
    struct address a;

    for (uint32_t i = 0; i < n; i++)
        if (is_lost(c->old, c, i, &a))
            reverse_release(u->zone, &a, c->slot, &u->addresses);
}

static void finish_slot(struct zone_update *u, struct zone_slot *slot)
{
    slot->pending = NULL;
    if (!block_of(slot))
        drop_slot(u, slot);
}

static struct zone_namespace *find_namespace(struct zone *z, const uint8_t *key)
{
    struct span k = {key, label_size(key)};
    return table_find(&z->namespaces, key_hash(z, k), namespace_has_key, &k);
}

static void add_namespaces(struct zone_update *u)
{
    struct zone *z = u->zone;
    struct zone_namespace *known = NULL;

    while (u->come) {
        struct zone_namespace *entry = u->come;
        u->come = entry->garbage;
        if (find_namespace(z, entry->key)) {
            entry->garbage = known;
            known = entry;
            continue;
        }
        struct span k = {entry->key, label_size(entry->key)};
        table_add(&z->namespaces, key_hash(z, k), entry);
        z->state.namespaces++;
        u->changed = true;
    }
    u->come = known;
}

static void remove_namespaces(struct zone_update *u)
{
    struct zone *z = u->zone;
    struct zone_namespace *gone = NULL;

    for (struct zone_namespace *entry = u->went; entry;
         entry = entry->garbage) {
        struct zone_namespace *found = find_namespace(z, entry->key);
        if (!found)
            continue;
        struct span k = {found->key, label_size(found->key)};
        table_remove(&z->namespaces, key_hash(z, k), found);
        found->garbage = gone;
        gone = found;
        z->state.namespaces--;
        u->changed = true;
    }
    while (gone) {
        struct zone_namespace *next = gone->garbage;
        gone->garbage = u->come;
        u->come = gone;
        gone = next;
    }
}

static void free_namespaces(struct zone_namespace *list)
{
    while (list) {
        struct zone_namespace *next = list->garbage;
        free(list);
        list = next;
    }
}

// After readers were waited for.
static void free_update(struct zone_update *u)
{
    while (u->slots) {
        struct zone_slot *next = u->slots->garbage;
        free(u->slots);
        u->slots = next;
    }
    while (u->addresses) {
        struct zone_address *next = u->addresses->garbage;
        free(u->addresses);
        u->addresses = next;
    }
    free_namespaces(u->come);
    free_namespaces(u->went);
    while (u->changes) {
        struct zone_change *next = u->changes->next;
        block_free(u->changes->old);
        free(u->changes);
        u->changes = next;
    }
    u->zone->updating = false;
    free(u);
}

// RFC 1912 2.2: never back, whatever the clock does.
static void move_serial(struct zone *z, uint32_t now_unix_s)
{
    uint32_t serial = zone_serial(z);
    if (now_unix_s > serial)
        atomic_store_explicit(&z->serial, now_unix_s, memory_order_relaxed);
}

void zone_update_publish(struct zone_update *u, uint32_t now_unix_s,
                         bool complete)
{
    struct zone *z = u->zone;

    add_namespaces(u);
    for (struct zone_change *c = u->changes; c; c = c->next)
        claim_addresses(u, c, CLAIM_FREE);
    for (struct zone_change *c = u->changes; c; c = c->next)
        if (c->spares)
            swap_block(u, c);
    for (struct zone_change *c = u->changes; c; c = c->next)
        claim_addresses(u, c, CLAIM_REST);
    for (struct zone_change *c = u->changes; c; c = c->next)
        swap_block(u, c);
    for (struct zone_change *c = u->changes; c; c = c->next)
        release_addresses(u, c);
    for (struct zone_change *c = u->changes; c; c = c->next)
        finish_slot(u, c->slot);
    remove_namespaces(u);
    if (u->changed || (complete && !zone_is_complete(z)))
        move_serial(z, now_unix_s);
    if (complete)
        atomic_store_explicit(&z->complete, true, memory_order_release);
    if (u->changed || u->addresses || u->slots)
        table_wait_readers();
    free_update(u);
}

void zone_update_cancel(struct zone_update *u)
{
    for (struct zone_change *c = u->changes; c; c = c->next) {
        unprepare(u, c);
        finish_slot(u, c->slot);
    }
    if (u->addresses || u->slots)
        table_wait_readers();
    free_update(u);
}
