// SPDX-License-Identifier: Apache-2.0
// A hash table of nodes that are part of what they find: no allocation for a
// member, and none that an insertion depends on. A map that cannot grow gets
// slower and stays right, so that no change of the model fails half-way.
#ifndef ORDINALD_MODEL_MAP_H
#define ORDINALD_MODEL_MAP_H

#include <stddef.h>
#include <stdint.h>

// The first member of what stands in a map; the caller sets the hash.
struct map_node {
    struct map_node *next; // private
    uint64_t hash;
};

// Must not move: it may point into itself.
struct map {
    // read-only
    size_t n; // nodes

    // private
    struct map_node **buckets;
    size_t mask;          // buckets less one, a power of two less one
    struct map_node *one; // the only bucket of a map that never grew
};

void map_init(struct map *m);

// The members stay as they are; they belong to the caller.
void map_release(struct map *m);

// Put a node in; one of the same hash may be there already.
void map_insert(struct map *m, struct map_node *node);

// Take out a node that is in.
void map_remove(struct map *m, struct map_node *node);

// Let `after`, whose hash is the same, stand where `before` stood.
void map_replace(struct map *m, struct map_node *before,
                 struct map_node *after);

// The first and the next of the nodes with this hash, or NULL.
struct map_node *map_first(const struct map *m, uint64_t hash);
struct map_node *map_next(const struct map_node *node);

// Walk all nodes in no particular order: begin with NULL, ends with NULL. Who
// frees them asks for the next one first.
struct map_node *map_walk(const struct map *m, const struct map_node *node);

#endif
