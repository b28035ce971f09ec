// SPDX-License-Identifier: Apache-2.0
// Names that are looked up often: the keys of a large map, the anchors of a
// document. An index over names that somebody else keeps; open addressing, with
// a secret seed, because names come from outside. Control path.
#ifndef ORDINALD_DOC_KEYS_H
#define ORDINALD_DOC_KEYS_H

#include "base/base.h"
#include "base/bytes.h"

#include <stdint.h>

enum { KEYS_NONE = UINT32_MAX };

struct keys {
    // set by keys_init(); the context may be changed while it says the same
    struct span (*name_of)(const void *context, uint32_t number);
    const void *context;

    // private
    uint32_t *slots; // number + 1, 0: free
    uint32_t *tags;  // a part of each name's hash
    size_t mask;
    size_t n;
    uint64_t seed;
};

// name_of says what number is called, for each number that was taken in.
void keys_init(struct keys *k,
               struct span (*name_of)(const void *context, uint32_t number),
               const void *context);

/*
 * Take in a name, unless an equal one is there already.
 *
 * Returns number when it was taken in, the number of the equal name otherwise;
 * KEYS_NONE without memory.
 */
uint32_t keys_add(struct keys *k, uint32_t number,
                  struct span name) ORD_CHECKED;

// The number of a name, or KEYS_NONE.
uint32_t keys_find(const struct keys *k, struct span name);

// Forget all names; a small table stays.
void keys_reset(struct keys *k);

// Safe after keys_init() and on zero bytes; k may be used again.
void keys_release(struct keys *k);

#endif
