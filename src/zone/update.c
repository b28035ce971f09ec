// SPDX-License-Identifier: Apache-2.0
// A step: blocks are made and all memory is got while nothing is visible, then
// everything is published by storing pointers, which cannot fail.
//
// Order of publishing, so that no name is missing in between: claims on
// addresses that nobody has (they lead to blocks that do not know them yet:
// still absent); the blocks of services that take addresses from others, one
// pointer each, by which all of a service changes at once; their claims; the
// other blocks, whose addresses are handed over first to services that wait for
// them; then claims that ended, slots without a block, the serial, the version.
// Namespaces and addresses of pods come before all that and go after it.
// Last, what was replaced is freed when no reader can see it any more. Only
// where two services take addresses from each other in one step is one of the
// PTRs absent for that moment.
#include "update.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static uint64_t key_hash(const struct zone *z, struct span k)
{
    return hash_bytes(z->seed, k.p, k.n);
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

// What publishing needs if the service becomes one of its namespace, or none.
static int tell_space(struct zone_update *u, const struct zone_slot *slot,
                      const struct zone_block *block)
{
    if (update_is_listed(block_of(slot)) == update_is_listed(block))
        return 0;
    return spaces_tell_service(&u->zone->spaces, &u->spaces,
                               slot_namespace(slot));
}

// The step's word on a service is this block, which is taken, also on failure:
// then what the step said before stays.
static int decide(struct zone_update *u, const struct service *s,
                  const struct zone_block *block)
{
    uint8_t key[SLOT_KEY_MAX];
    const size_t n = update_slot_key(s->namespace, s->name, key);
    struct zone_slot *slot = find_or_make_slot(u->zone, span_of(key, n));
    struct zone_change *c = slot ? change_of(u, slot) : NULL;
    if (!c || tell_space(u, slot, block)) {
        if (slot && !c && !block_of(slot))
            drop_slot(u, slot);
        block_free(block);
        return -ENOMEM;
    }
    struct zone_change before = *c;
    c->decided = true;
    c->block = block;
    c->spares = NULL;
    const int rc = update_prepare(u, c);
    // what the step had for this service before, or all of this one
    struct zone_change unused = rc ? *c : before;
    if (rc)
        *c = before;
    update_unprepare(u, &unused);
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
        .texts = z->texts,
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
    if (!update_is_label(namespace) || !update_is_label(service))
        return 0;
    uint8_t key[SLOT_KEY_MAX];
    const size_t n = update_slot_key(namespace, service, key);
    struct zone_slot *slot = find_slot(u->zone, span_of(key, n));
    if (!slot)
        return 0;
    struct zone_change *c = change_of(u, slot);
    if (!c || tell_space(u, slot, NULL))
        return -ENOMEM;
    update_unprepare(u, c);
    c->decided = true;
    return 0;
}

int zone_update_namespace(struct zone_update *u, const char *namespace,
                          bool exists)
{
    uint8_t key[DNS_LABEL_MAX + 1];

    if (!update_is_label(namespace))
        return 0;
    struct span k = span_of(key, update_put_label(key, namespace));
    if (exists != roll_has(&u->zone->namespaces, k) &&
        spaces_tell_namespace(&u->zone->spaces, &u->spaces, key))
        return -ENOMEM;
    return roll_tell(&u->zone->namespaces, &u->namespaces, k, exists);
}

int zone_update_pod(struct zone_update *u, const char *namespace,
                    const struct address *a, bool exists)
{
    uint8_t label[DNS_LABEL_MAX + 1], key[POD_KEY_MAX];

    if (u->zone->rules.pods != ZONE_PODS_VERIFIED ||
        !update_is_label(namespace))
        return 0;
    update_put_label(label, namespace);
    struct span k = span_of(key, pod_key(label, a, key));
    return roll_tell(&u->zone->pods, &u->pods, k, exists);
}

int zone_update_faults(struct zone_update *u,
                       const struct zone_fault_of *faults, uint32_t n)
{
    struct zone_faults *told;

    int rc = zone_faults_new(faults, n, &told);
    if (rc)
        return rc;
    zone_faults_free(u->faults);
    u->faults = told;
    u->faults_told = true;
    return 0;
}

// --- publishing ------------------------------------------------------------

static void count_block(struct zone *z, const struct zone_block *b, bool comes)
{
    size_t sign = comes ? 1 : (size_t)-1;
    if (!b)
        return;
    z->state.services += (uint32_t)(sign * (b->exists && !b->is_missing));
    z->state.endpoints += (uint32_t)(sign * b->peers_n);
    z->state.octets += sign * b->octets;
}

static void swap_block(struct zone_update *u, struct zone_change *c)
{
    if (!c->decided || c->published)
        return;
    update_hand_over(u, c);
    c->published = true;
    c->old = block_of(c->slot);
    count_block(u->zone, c->old, false);
    count_block(u->zone, c->block, true);
    u->changed |= c->old || c->block;
    if (update_is_listed(c->old) != update_is_listed(c->block))
        spaces_change_service(&u->zone->spaces, slot_namespace(c->slot),
                              c->slot->key, update_is_listed(c->block));
    atomic_store_explicit(&c->slot->block, c->block, memory_order_release);
}

static void finish_slot(struct zone_update *u, struct zone_slot *slot)
{
    slot->pending = NULL;
    if (!block_of(slot))
        drop_slot(u, slot);
}

// RFC 8020: a namespace is there before what is below it, and after.
static void let_in(struct zone_update *u)
{
    struct zone *z = u->zone;
    const struct roll_entry *e = NULL;
    while ((e = roll_step_next(&u->namespaces, e)))
        spaces_change_namespace(&z->spaces, &u->spaces, e->key, e->told);
    u->changed |= roll_let_in(&z->namespaces, &u->namespaces);
    u->changed |= roll_let_in(&z->pods, &u->pods);
}

static void let_go(struct zone_update *u)
{
    struct zone *z = u->zone;
    u->changed |= roll_let_go(&z->pods, &u->pods);
    u->changed |= roll_let_go(&z->namespaces, &u->namespaces);
    z->state.pods = z->pods.count;
    z->state.namespaces = z->namespaces.count;
}

// Where the step has a word on them, they are from now on garbage.
static void swap_faults(struct zone_update *u)
{
    if (u->faults_told)
        u->faults = atomic_exchange_explicit(&u->zone->faults, u->faults,
                                             memory_order_acq_rel);
}

// Whether something that readers may look at is to be freed.
static bool has_garbage(const struct zone_update *u)
{
    return u->faults || u->addresses || u->slots ||
           spaces_step_waits(&u->spaces) || roll_step_waits(&u->namespaces) ||
           roll_step_waits(&u->pods);
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
    roll_step_release(&u->namespaces);
    roll_step_release(&u->pods);
    spaces_step_release(&u->spaces);
    zone_faults_free(u->faults);
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

    let_in(u);
    for (struct zone_change *c = u->changes; c; c = c->next)
        update_claim(u, c, CLAIM_FREE);
    for (struct zone_change *c = u->changes; c; c = c->next)
        if (c->spares)
            swap_block(u, c);
    for (struct zone_change *c = u->changes; c; c = c->next)
        update_claim(u, c, CLAIM_REST);
    for (struct zone_change *c = u->changes; c; c = c->next)
        swap_block(u, c);
    for (struct zone_change *c = u->changes; c; c = c->next)
        update_release(u, c);
    for (struct zone_change *c = u->changes; c; c = c->next)
        finish_slot(u, c->slot);
    let_go(u);
    spaces_settle(&z->spaces, &u->spaces);
    swap_faults(u);
    if (u->changed || (complete && !zone_is_complete(z)))
        move_serial(z, now_unix_s);
    if (complete)
        atomic_store_explicit(&z->complete, true, memory_order_release);
    // behind all of it, and before readers are waited for
    atomic_fetch_add_explicit(&z->version, 1, memory_order_release);
    if (u->changed || has_garbage(u))
        table_wait_readers();
    free_update(u);
}

void zone_update_cancel(struct zone_update *u)
{
    for (struct zone_change *c = u->changes; c; c = c->next) {
        update_unprepare(u, c);
        finish_slot(u, c->slot);
    }
    roll_cancel(&u->zone->namespaces, &u->namespaces);
    roll_cancel(&u->zone->pods, &u->pods);
    spaces_settle(&u->zone->spaces, &u->spaces);
    if (has_garbage(u))
        table_wait_readers();
    free_update(u);
}
