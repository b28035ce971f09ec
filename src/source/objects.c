// SPDX-License-Identifier: Apache-2.0
// Linear probing; a removal closes the gap by moving back what it cut off from
// its home, so there are no tombstones.
#include "objects.h"

#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

// Slots of the first table; all sizes are powers of two.
enum { SLOTS_FIRST = 64 };

static uint64_t mix_text(uint64_t seed, const char *text)
{
    return hash_bytes(seed, (const uint8_t *)text, strlen(text));
}

// Seeded with where the table's owner lies, which never moves and is unknown to
// whoever writes names.
static uint32_t hash_of(const struct objects *o, const struct object *key)
{
    const uint64_t seed = (uint64_t)(uintptr_t)o ^ key->kind;
    return (uint32_t)mix_text(mix_text(seed, key->namespace), key->name);
}

static bool same_key(const struct object *a, const struct object *b)
{
    return a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
           strcmp(a->namespace, b->namespace) == 0;
}

void objects_release(struct objects *o)
{
    free(o->slots);
    free(o->hashes);
    *o = (struct objects){0};
}

static void place(struct objects *o, const struct object *object, uint32_t hash)
{
    size_t at = hash & o->mask;
    while (o->slots[at])
        at = (at + 1) & o->mask;
    o->slots[at] = object;
    o->hashes[at] = hash;
}

int objects_reserve(struct objects *o, size_t more)
{
    // at most three of four slots are taken
    const size_t have = o->slots ? o->mask + 1 : 0;
    size_t want = have ? have : SLOTS_FIRST;
    if (more > SIZE_MAX / 64 - o->n)
        return -ENOMEM;
    while (want / 4 * 3 < o->n + more)
        want *= 2;
    if (want == have)
        return 0;
    struct objects next = {.n = o->n, .mask = want - 1};
    next.slots = calloc(want, sizeof(*next.slots));
    next.hashes = calloc(want, sizeof *next.hashes);
    if (!next.slots || !next.hashes) {
        objects_release(&next);
        return -ENOMEM;
    }
    for (size_t i = 0; i < have; i++) {
        if (o->slots[i])
            place(&next, o->slots[i], o->hashes[i]);
    }
    objects_release(o);
    *o = next; // the hashes stay those of *o
    return 0;
}

void objects_add(struct objects *o, const struct object *object)
{
    assert(o->slots && o->n < (o->mask + 1) / 4 * 3 && "room was reserved");
    place(o, object, hash_of(o, object));
    o->n++;
}

// The slot of an object that is in, or SIZE_MAX.
static size_t slot_of(const struct objects *o, const struct object *object)
{
    if (!o->slots)
        return SIZE_MAX;
    for (size_t at = hash_of(o, object) & o->mask; o->slots[at];
         at = (at + 1) & o->mask) {
        if (o->slots[at] == object)
            return at;
    }
    return SIZE_MAX;
}

void objects_remove(struct objects *o, const struct object *object)
{
    size_t gap = slot_of(o, object);
    assert(gap != SIZE_MAX && "it was added and not yet removed");
    for (size_t at = (gap + 1) & o->mask; o->slots[at];
         at = (at + 1) & o->mask) {
        // may move when its home is not between the gap and where it stands
        const size_t home = o->hashes[at] & o->mask;
        if (((at - home) & o->mask) < ((at - gap) & o->mask))
            continue;
        o->slots[gap] = o->slots[at];
        o->hashes[gap] = o->hashes[at];
        gap = at;
    }
    o->slots[gap] = NULL;
    o->n--;
}

void objects_swap(struct objects *o, const struct object *old,
                  const struct object *now)
{
    const size_t at = slot_of(o, old);
    assert(at != SIZE_MAX && same_key(old, now));
    o->slots[at] = now;
}

bool objects_has(const struct objects *o, const struct object *object)
{
    return slot_of(o, object) != SIZE_MAX;
}

const struct object *objects_next(const struct objects *o,
                                  const struct object *key,
                                  struct objects_at *at)
{
    if (!o->slots)
        return NULL;
    if (!at->begun) {
        at->hash = hash_of(o, key);
        at->slot = at->hash & o->mask;
        at->begun = true;
    } else {
        at->slot = (at->slot + 1) & o->mask;
    }
    for (; o->slots[at->slot]; at->slot = (at->slot + 1) & o->mask) {
        if (o->hashes[at->slot] == at->hash &&
            same_key(o->slots[at->slot], key))
            return o->slots[at->slot];
    }
    return NULL;
}
