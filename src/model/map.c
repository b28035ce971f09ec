// SPDX-License-Identifier: Apache-2.0
#include "map.h"

#include <assert.h>
#include <stdlib.h>

// Buckets of a map's first growth, 128 octets: what an empty namespace or an
// unused kind costs is nothing, and a small cluster grows a few times only.
enum { MAP_BUCKETS_MIN = 16 };

void map_init(struct map *m)
{
    *m = (struct map){0};
    m->buckets = &m->one;
}

void map_release(struct map *m)
{
    if (m->buckets != &m->one)
        free(m->buckets);
    map_init(m);
}

static void map_grow(struct map *m)
{
    const size_t n = m->mask ? (m->mask + 1) * 2 : MAP_BUCKETS_MIN;
    struct map_node **buckets = calloc(n, sizeof(struct map_node *));

    if (!buckets)
        return; // longer chains until the next insertion tries again
    for (size_t i = 0; i <= m->mask; i++) {
        struct map_node *next;
        for (struct map_node *at = m->buckets[i]; at; at = next) {
            struct map_node **bucket = &buckets[at->hash & (n - 1)];
            next = at->next;
            at->next = *bucket;
            *bucket = at;
        }
    }
    if (m->buckets != &m->one)
        free(m->buckets);
    m->buckets = buckets;
    m->mask = n - 1;
}

void map_insert(struct map *m, struct map_node *node)
{
    if (m->n > m->mask)
        map_grow(m);
    struct map_node **bucket = &m->buckets[node->hash & m->mask];
    node->next = *bucket;
    *bucket = node;
    m->n++;
}

// Where the pointer to a node stands.
static struct map_node **map_link(struct map *m, const struct map_node *node)
{
    struct map_node **link = &m->buckets[node->hash & m->mask];

    while (*link != node) {
        assert(*link && "the node is in this map");
        link = &(*link)->next;
    }
    return link;
}

void map_remove(struct map *m, struct map_node *node)
{
    *map_link(m, node) = node->next;
    node->next = NULL;
    m->n--;
}

void map_replace(struct map *m, struct map_node *before, struct map_node *after)
{
    assert(before->hash == after->hash);
    *map_link(m, before) = after;
    after->next = before->next;
    before->next = NULL;
}

static struct map_node *node_with(struct map_node *at, uint64_t hash)
{
    while (at && at->hash != hash)
        at = at->next;
    return at;
}

struct map_node *map_first(const struct map *m, uint64_t hash)
{
    return node_with(m->buckets[hash & m->mask], hash);
}

struct map_node *map_next(const struct map_node *node)
{
    return node_with(node->next, node->hash);
}

struct map_node *map_walk(const struct map *m, const struct map_node *node)
{
    size_t i = 0;

    if (node) {
        if (node->next)
            return node->next;
        i = (node->hash & m->mask) + 1;
    }
    while (i <= m->mask && !m->buckets[i])
        i++;
    return i <= m->mask ? m->buckets[i] : NULL;
}
