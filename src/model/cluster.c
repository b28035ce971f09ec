// SPDX-License-Identifier: Apache-2.0
// Objects by kind, namespace and name; see index.h for how they hang together.
// A put makes its entry first, which may fail, then moves it into its chain,
// which may not.
#include "model/cluster.h"

#include "base/hash.h"
#include "index.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Hold the service that the server's own pod is named below, and its namespace,
// for good. Returns false when there is no memory.
static bool own_acquire(struct cluster *c)
{
    const struct self *self = c->settings.self;

    if (!self)
        return true;
    struct space *s = space_acquire(c, self->namespace);
    if (!s)
        return false;
    change_note_space(c, s);
    c->own = hub_acquire(c, s, self->service);
    hub_mark(c, c->own);
    return c->own;
}

struct cluster *cluster_new(const struct cluster_settings *settings)
{
    struct cluster *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    if (settings)
        c->settings = *settings;
    // Names come from whoever may write manifests: where this cluster lies is
    // what they do not know, and it keeps the model free of system calls.
    c->seed = hash_mix((uint64_t)(uintptr_t)c, 0x9e3779b97f4a7c15);
    for (size_t i = 0; i < OBJECT_KINDS; i++)
        map_init(&c->kinds[i]);
    map_init(&c->spaces);
    map_init(&c->hubs);
    map_init(&c->pairs);
    map_init(&c->addresses);
    if (own_acquire(c))
        return c;
    cluster_free(c);
    return NULL;
}

static void free_nodes(struct map *t)
{
    struct map_node *next;

    // Each node is the first member of what was allocated.
    for (struct map_node *at = map_walk(t, NULL); at; at = next) {
        next = map_walk(t, at);
        free(at);
    }
    map_release(t);
}

static void free_waiting(struct map *t)
{
    for (struct map_node *at = map_walk(t, NULL); at; at = map_walk(t, at)) {
        struct entry *lower = ((struct entry *)at)->lower;
        while (lower) {
            struct entry *next = lower->lower;
            free(lower);
            lower = next;
        }
    }
}

void cluster_free(struct cluster *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < OBJECT_KINDS; i++) {
        free_waiting(&c->kinds[i]);
        free_nodes(&c->kinds[i]);
    }
    free_nodes(&c->hubs);
    free_nodes(&c->pairs);
    free_nodes(&c->addresses);
    free_nodes(&c->spaces);
    free(c);
}

struct entry *entry_find(const struct cluster *c, enum object_kind kind,
                         const char *namespace, const char *name)
{
    const struct space *s = space_find(c, namespace);

    if (!s)
        return NULL;
    struct map_node *at = map_first(&c->kinds[kind], space_hash(s, name));
    for (; at; at = map_next(at)) {
        struct entry *e = ORD_CONTAINER(at, struct entry, node);
        if (e->space == s && strcmp(e->object->name, name) == 0)
            return e;
    }
    return NULL;
}

static struct entry *head_of(const struct cluster *c, const struct object *o)
{
    assert(o->kind < OBJECT_KINDS);
    return entry_find(c, (enum object_kind)o->kind, object_space(o), o->name);
}

static bool same_facts(const struct object *a, const struct object *b)
{
    return a->digest != 0 && a->digest == b->digest;
}

// Let another entry, or none, be the head of a chain.
static void head_switch(struct cluster *c, struct entry *before,
                        struct entry *after)
{
    if (before == after)
        return;
    struct map *m = &c->kinds[(after ? after : before)->object->kind];
    if (before)
        entry_unlink(c, before);
    if (after)
        entry_link(c, after);
    if (!before)
        map_insert(m, &after->node);
    else if (!after)
        map_remove(m, &before->node);
    else
        map_replace(m, &before->node, &after->node);
    if (!before || !after || !same_facts(before->object, after->object))
        change_note(c, before, after);
}

static void chain_insert(struct entry **chain, struct entry *e)
{
    while (*chain && (*chain)->rank > e->rank)
        chain = &(*chain)->lower;
    e->lower = *chain;
    *chain = e;
}

// Take the object's entry out of the chain and return it.
static struct entry *chain_remove(struct entry **chain, const struct object *o)
{
    while (*chain && (*chain)->object != o)
        chain = &(*chain)->lower;
    struct entry *e = *chain;
    assert(e && "the object was put in and not yet taken out");
    *chain = e->lower;
    return e;
}

// Let the entry of `old` speak for an object with the same facts: whatever is
// linked leads to the entry, so nothing else has to know.
static void chain_repoint(struct entry *e, const struct object *old,
                          const struct object *o, uint64_t rank)
{
    while (e && e->object != old)
        e = e->lower;
    assert(e && e->rank == rank && "old was put in under this rank");
    e->object = o;
}

int cluster_put(struct cluster *c, const struct object *o, uint64_t rank,
                const struct object *old)
{
    struct entry *const head = head_of(c, o);
    struct entry *chain = head;
    struct entry *gone = NULL;

    if (old && same_facts(o, old)) {
        chain_repoint(head, old, o, rank);
        return 0;
    }
    struct entry *e = entry_new(c, o, rank);
    if (!e)
        return -ENOMEM;
    if (old)
        gone = chain_remove(&chain, old);
    chain_insert(&chain, e);
    head_switch(c, head, chain);
    change_note_space(c, e->space);
    entry_free(c, gone);
    return 0;
}

void cluster_remove(struct cluster *c, const struct object *o)
{
    struct entry *const head = head_of(c, o);
    struct entry *chain = head;
    struct entry *gone = chain_remove(&chain, o);

    head_switch(c, head, chain);
    entry_free(c, gone);
}

const struct object *cluster_find(const struct cluster *c,
                                  enum object_kind kind, const char *namespace,
                                  const char *name)
{
    const struct entry *e =
        entry_find(c, kind, kind == OBJECT_NAMESPACE ? name : namespace, name);

    return e ? e->object : NULL;
}

const struct object *cluster_find_below(const struct cluster *c,
                                        enum object_kind kind,
                                        const char *namespace, const char *name,
                                        uint64_t rank)
{
    const struct entry *e =
        entry_find(c, kind, kind == OBJECT_NAMESPACE ? name : namespace, name);

    while (e && e->rank >= rank)
        e = e->lower;
    return e ? e->object : NULL;
}

int cluster_each(const struct cluster *c, enum object_kind kind,
                 int (*visit)(void *context, const struct object *o),
                 void *context)
{
    const struct map *t = &c->kinds[kind];
    int r = 0;

    for (struct map_node *at = map_walk(t, NULL); at && r == 0;
         at = map_walk(t, at))
        r = visit(context, ((const struct entry *)at)->object);
    return r;
}
