// SPDX-License-Identifier: Apache-2.0
// A roll of what exists and has nothing else to say: namespaces, addresses of
// pods. Any number of readers ask it; the control thread changes it in steps.
//
// A key comes in two moves, so that publishing cannot fail: it is told, which
// puts it into the table as one that does not exist yet; then it is let in. One
// that goes is taken for absent first, and freed when no reader sees it any
// more.
#ifndef ORDINALD_ZONE_ROLL_H
#define ORDINALD_ZONE_ROLL_H

#include "table.h"

#include "base/bytes.h"
#include "base/hash.h"

#include <stdbool.h>
#include <stdint.h>

// Private.
struct roll_entry {
    struct roll_entry *next; // control: told in the step under way, or gone
    _Atomic bool exists;
    bool is_told; // control: the step under way has a word on it
    bool told;    // control: that word
    uint8_t key_n;
    uint8_t key[];
};

struct roll {
    // private
    struct table table;
    uint64_t seed;
    uint32_t count; // control: of those that exist
};

// What a step says about a roll. All zero: nothing.
struct roll_step {
    // private
    struct roll_entry *told;
    struct roll_entry *gone; // wait for readers
};

// Returns 0 or -ENOMEM.
int roll_init(struct roll *r, uint64_t seed) ORD_CHECKED;

// No reader may be left. Safe on zero bytes.
void roll_release(struct roll *r);

// Private.
static inline bool roll_entry_has_key(const void *entry, const void *key)
{
    const struct roll_entry *e = entry;
    const struct span *k = key;
    return e->key_n == k->n && bytes_equal(e->key, k->p, k->n);
}

// Readers: whether the key exists.
static inline bool roll_has(const struct roll *r, struct span key)
{
    const struct roll_entry *e = table_find(
        &r->table, hash_bytes(r->seed, key.p, key.n), roll_entry_has_key, &key);
    return e && atomic_load_explicit(&e->exists, memory_order_acquire);
}

// Control thread: the first key that exists at or behind *at, which then stands
// behind it; false after the last. Begin with 0. key is borrowed from r.
static inline bool roll_next(const struct roll *r, size_t *at, struct span *key)
{
    const struct roll_entry *e;
    while ((e = table_next(&r->table, at)))
        if (atomic_load_explicit(&e->exists, memory_order_relaxed)) {
            *key = span_of(e->key, e->key_n);
            return true;
        }
    return false;
}

// Control thread, before roll_let_in(): the first key behind `at` that the step
// lets in or go, NULL: the first of all. Returns NULL after the last.
static inline const struct roll_entry *roll_step_next(
    const struct roll_step *step, const struct roll_entry *at)
{
    const struct roll_entry *e = at ? at->next : step->told;
    while (e &&
           e->told == atomic_load_explicit(&e->exists, memory_order_relaxed))
        e = e->next;
    return e;
}

/*
 * The step's word on a key, of at most 255 octets: it comes, or goes. Of
 * several, the last one counts.
 *
 * Returns 0; or -ENOMEM, and what the step said before stays.
 */
int roll_tell(struct roll *r, struct roll_step *step, struct span key,
              bool exists) ORD_CHECKED;

// The two halves of publishing: what comes, then what goes. Return whether
// anything did.
bool roll_let_in(struct roll *r, struct roll_step *step);
bool roll_let_go(struct roll *r, struct roll_step *step);

// Forget what the step says.
void roll_cancel(struct roll *r, struct roll_step *step);

// Whether roll_step_release() has to wait for readers.
static inline bool roll_step_waits(const struct roll_step *step)
{
    return step->gone != NULL;
}

// After readers were waited for.
void roll_step_release(struct roll_step *step);

#endif
