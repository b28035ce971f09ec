// SPDX-License-Identifier: Apache-2.0
// A hash table that readers walk without a lock while one thread changes it,
// and the quiescence they report. The only place that speaks liburcu.
#ifndef ORDINALD_ZONE_TABLE_H
#define ORDINALD_ZONE_TABLE_H

#include "base/base.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table;

// Part of each entry, at its beginning. Private.
struct table_node {
    void *links[2];
};

// Returns NULL when there is no memory.
struct table *table_new(void);

// It has to be empty. NULL is fine.
void table_free(struct table *t);

/*
 * The entry with this hash for which `equal` says true, or NULL. Readers call
 * it inside a read section, the writer at any time.
 */
struct table_node *table_find(const struct table *t, uint64_t hash,
                              int (*equal)(struct table_node *node,
                                           const void *key),
                              const void *key);

// Writer only. All that a reader may look at in the entry is written before.
void table_add(struct table *t, uint64_t hash, struct table_node *node);

// Writer only. The entry's memory is free to go after table_wait_readers().
void table_remove(struct table *t, struct table_node *node);

// Writer only: any entry, or NULL when there is none.
struct table_node *table_any(const struct table *t);

// Writer only: entries in the table.
size_t table_count(const struct table *t);

// Writer only, outside of a read section: as many buckets as entries. Readers
// do not wait for it.
void table_fit(struct table *t);

// Writer only: returns when no reader uses anything that was removed before.
void table_wait_readers(void);

#endif
