// SPDX-License-Identifier: Apache-2.0
// All objects that manifests have in service, by kind, namespace and name;
// several may have one key, when files define the same thing. Open addressing,
// because a million objects should not cost a million allocations. Control
// thread. Private to source/.
#ifndef ORDINALD_SOURCE_OBJECTS_H
#define ORDINALD_SOURCE_OBJECTS_H

#include "base/base.h"
#include "model/object.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct objects {
    size_t n; // read-only

    // private
    const struct object **slots; // NULL: free
    uint32_t *hashes;
    size_t mask; // slots - 1; no slots: slots is NULL
};

// Safe on zero bytes.
void objects_release(struct objects *o);

// Make room, so that the next `more` objects_add() succeed. Returns 0, -ENOMEM.
int objects_reserve(struct objects *o, size_t more) ORD_CHECKED;

void objects_add(struct objects *o, const struct object *object);

// Take out an object that is in.
void objects_remove(struct objects *o, const struct object *object);

// Put `now`, which has the same key, in the place of `old`, which is in.
void objects_swap(struct objects *o, const struct object *old,
                  const struct object *now);

bool objects_has(const struct objects *o, const struct object *object);

/*
 * Walk the objects that have the key of one, itself among them if it is in.
 *
 * at  zeroed before the first call; valid until the next change
 *
 * Returns the next, or NULL.
 */
struct objects_at {
    size_t slot;
    uint32_t hash;
    bool begun;
};
const struct object *objects_next(const struct objects *o,
                                  const struct object *key,
                                  struct objects_at *at);

#endif
