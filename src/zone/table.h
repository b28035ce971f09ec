// SPDX-License-Identifier: Apache-2.0
// A hash table that readers search without a lock while one thread changes it,
// and the quiescence they report. The only place that speaks liburcu.
//
// liburcu's own lock-free table (rculfhash) is made for many writers: a look-up
// in it reverses the hash's bits and calls twice through pointers, 120
// instructions of the 400 that an answer may take, and its buckets cannot be
// fetched ahead. One writer needs less: open addressing in an array that is
// replaced as a whole when it gets full.
//
// An entry that is removed leaves a mark, so that nothing behind it is missed
// by a reader on its way; marks go when the array is replaced.
#ifndef ORDINALD_ZONE_TABLE_H
#define ORDINALD_ZONE_TABLE_H

#include "base/base.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Private.
struct table_bucket {
    _Atomic uint64_t hash;
    _Atomic(void *) entry; // NULL: none, ends a search; see table_removed
};

// Private.
struct table_array {
    size_t mask;
    struct table_bucket buckets[];
};

struct table {
    // private
    _Atomic(struct table_array *) array;
    size_t count; // entries
    size_t used;  // entries and marks
};

// The mark: no entry has its address.
extern const char table_removed;

// Returns 0 or -ENOMEM.
int table_init(struct table *t) ORD_CHECKED;

// The entries are the caller's. Safe on zero bytes.
void table_release(struct table *t);

// Fetch the bucket of a hash ahead.
ORD_INLINE void table_prefetch(const struct table *t, uint64_t hash)
{
    const struct table_array *a =
        atomic_load_explicit(&t->array, memory_order_acquire);
    __builtin_prefetch(&a->buckets[hash & a->mask]);
}

/*
 * The entry with this hash for which `equal` says true, or NULL. Readers call
 * it inside a read section, the writer at any time.
 */
ORD_INLINE void *table_find(const struct table *t, uint64_t hash,
                            bool (*equal)(const void *entry, const void *key),
                            const void *key)
{
    const struct table_array *a =
        atomic_load_explicit(&t->array, memory_order_acquire);

    for (size_t i = hash & a->mask;; i = (i + 1) & a->mask) {
        const struct table_bucket *b = &a->buckets[i];
        // the hash was written before the entry; if another entry took the
        // place meanwhile, ours was removed
        void *entry = atomic_load_explicit(&b->entry, memory_order_acquire);
        if (!entry)
            return NULL;
        if (atomic_load_explicit(&b->hash, memory_order_relaxed) == hash &&
            entry != &table_removed && equal(entry, key))
            return entry;
    }
}

/*
 * Writer only: n more entries will find room. May replace the array, waiting
 * for readers.
 *
 * Returns 0 or -ENOMEM.
 */
int table_reserve(struct table *t, size_t n) ORD_CHECKED;

// Writer only; room was reserved. All that a reader may look at in the entry is
// written before.
void table_add(struct table *t, uint64_t hash, void *entry);

// Writer only; it is there. Its memory is free to go after
// table_wait_readers().
void table_remove(struct table *t, uint64_t hash, const void *entry);

// Writer only: the first entry at or behind *at, which then stands behind it;
// NULL after the last. Begin with 0.
void *table_next(const struct table *t, size_t *at);

// Writer only: returns when no reader uses anything that was removed before.
void table_wait_readers(void);

#endif
