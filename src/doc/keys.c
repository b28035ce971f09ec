// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include "base/hash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// At most half of the slots are taken, so that a free one ends each search.
enum { SLOTS_FIRST = 64, SLOTS_KEPT = 1024 };

static uint64_t hash_of(const struct keys *k, struct span name)
{
    return hash_bytes(k->seed, name.p, name.n);
}

// The slot that holds the name, or the free one where it belongs.
static size_t slot_of(const struct keys *k, uint64_t hash, struct span name)
{
    const uint32_t tag = (uint32_t)(hash >> 32);
    size_t i = (size_t)hash & k->mask;
    while (k->slots[i]) {
        if (k->tags[i] == tag &&
            span_equal(k->name_of(k->context, k->slots[i] - 1), name))
            return i;
        i = (i + 1) & k->mask;
    }
    return i;
}

void keys_init(struct keys *k,
               struct span (*name_of)(const void *context, uint32_t number),
               const void *context)
{
    *k = (struct keys){.name_of = name_of, .context = context};
}

static bool allocate(struct keys *k, size_t slots)
{
    k->slots = calloc(slots, sizeof *k->slots);
    k->tags = calloc(slots, sizeof *k->tags);
    k->mask = slots - 1;
    if (k->slots && k->tags)
        return true;
    free(k->slots);
    free(k->tags);
    return false;
}

static void move(struct keys *k, const struct keys *old)
{
    for (size_t i = 0; i <= old->mask; i++) {
        if (!old->slots[i])
            continue;
        const struct span name = k->name_of(k->context, old->slots[i] - 1);
        const size_t to = slot_of(k, hash_of(k, name), name);
        k->slots[to] = old->slots[i];
        k->tags[to] = old->tags[i];
    }
}

static bool grow(struct keys *k)
{
    struct keys bigger = *k;
    if (!k->slots) {
        // Without entropy the address of the table has to do.
        if (getentropy(&bigger.seed, sizeof bigger.seed))
            bigger.seed = (uintptr_t)k;
        if (!allocate(&bigger, SLOTS_FIRST))
            return false;
    } else {
        if (!allocate(&bigger, (k->mask + 1) * 2))
            return false;
        move(&bigger, k);
        free(k->slots);
        free(k->tags);
    }
    *k = bigger;
    return true;
}

uint32_t keys_add(struct keys *k, uint32_t number, struct span name)
{
    if ((!k->slots || k->n > k->mask / 2) && !grow(k))
        return KEYS_NONE;
    const uint64_t hash = hash_of(k, name);
    const size_t i = slot_of(k, hash, name);
    if (k->slots[i])
        return k->slots[i] - 1;
    k->slots[i] = number + 1;
    k->tags[i] = (uint32_t)(hash >> 32);
    k->n++;
    return number;
}

uint32_t keys_find(const struct keys *k, struct span name)
{
    if (k->n == 0)
        return KEYS_NONE;
    const size_t i = slot_of(k, hash_of(k, name), name);
    return k->slots[i] ? k->slots[i] - 1 : (uint32_t)KEYS_NONE;
}

void keys_reset(struct keys *k)
{
    if (k->n == 0)
        return;
    // What one large document needed is not cleared for each small one.
    if (k->mask >= SLOTS_KEPT) {
        keys_release(k);
        return;
    }
    memset(k->slots, 0, (k->mask + 1) * sizeof *k->slots);
    k->n = 0;
}

void keys_release(struct keys *k)
{
    free(k->slots);
    free(k->tags);
    keys_init(k, k->name_of, k->context);
}
