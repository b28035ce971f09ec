// SPDX-License-Identifier: Apache-2.0
// What entries hold together: namespaces, hubs and pairs. Each lives as long as
// somebody holds it, or its dirt has not been told.
#include "index.h"

#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static uint64_t text_hash(uint64_t seed, const char *text)
{
    return hash_bytes(seed, (const uint8_t *)text, strlen(text));
}

// --- namespaces ------------------------------------------------------------

struct space *space_find(const struct cluster *c, const char *namespace)
{
    struct map_node *at = map_first(&c->spaces, text_hash(c->seed, namespace));

    for (; at; at = map_next(at)) {
        struct space *s = ORD_CONTAINER(at, struct space, node);
        if (strcmp(s->name, namespace) == 0)
            return s;
    }
    return NULL;
}

uint64_t space_hash(const struct space *s, const char *name)
{
    return text_hash(s->node.hash, name);
}

struct space *space_acquire(struct cluster *c, const char *namespace)
{
    struct space *s = space_find(c, namespace);

    if (!s) {
        const size_t n = strlen(namespace) + 1;
        s = calloc(1, sizeof *s + n);
        if (!s)
            return NULL;
        memcpy(s->name, namespace, n);
        s->node.hash = text_hash(c->seed, namespace);
        s->hidden = filter_hides_namespace(c, namespace);
        map_insert(&c->spaces, &s->node);
    }
    s->entries++;
    return s;
}

void space_settle(struct cluster *c, struct space *s)
{
    if (s->entries || s->parts || s->dirty)
        return;
    map_remove(&c->spaces, &s->node);
    free(s);
}

void space_release(struct cluster *c, struct space *s)
{
    s->entries--;
    change_note_space(c, s);
    space_settle(c, s);
}

// --- services by name ------------------------------------------------------

static struct hub *space_hub(const struct cluster *c, const struct space *s,
                             const char *name)
{
    struct map_node *at = map_first(&c->hubs, space_hash(s, name));

    for (; at; at = map_next(at)) {
        struct hub *h = ORD_CONTAINER(at, struct hub, node);
        if (h->space == s && strcmp(h->name, name) == 0)
            return h;
    }
    return NULL;
}

struct hub *hub_find(const struct cluster *c, const char *namespace,
                     const char *name)
{
    const struct space *s = space_find(c, namespace);

    return s ? space_hub(c, s, name) : NULL;
}

struct hub *hub_acquire(struct cluster *c, struct space *s, const char *name)
{
    struct hub *h = space_hub(c, s, name);

    if (!h) {
        const size_t n = strlen(name) + 1;
        h = calloc(1, sizeof *h + n);
        if (!h)
            return NULL;
        memcpy(h->name, name, n);
        h->space = s;
        h->node.hash = space_hash(s, name);
        map_insert(&c->hubs, &h->node);
        s->parts++;
    }
    h->refs++;
    return h;
}

void hub_settle(struct cluster *c, struct hub *h)
{
    struct space *s = h->space;

    if (h->refs || h->dirty)
        return;
    assert(!h->service && !h->endpoints && !h->slices && !h->sets &&
           !h->whole && !h->lacking);
    map_remove(&c->hubs, &h->node);
    free(h);
    s->parts--;
    space_settle(c, s);
}

void hub_release(struct cluster *c, struct hub *h)
{
    if (!h)
        return;
    h->refs--;
    hub_settle(c, h);
}

// --- labels ----------------------------------------------------------------

static uint64_t pair_hash(const struct space *s, const struct label *label)
{
    return text_hash(space_hash(s, label->key), label->value);
}

struct pair *pair_find(const struct cluster *c, const struct space *s,
                       const struct label *label)
{
    struct map_node *at = map_first(&c->pairs, pair_hash(s, label));

    return at ? ORD_CONTAINER(at, struct pair, node) : NULL;
}

struct pair *pair_acquire(struct cluster *c, const struct space *s,
                          const struct label *label)
{
    struct pair *p = pair_find(c, s, label);

    if (!p) {
        p = calloc(1, sizeof *p);
        if (!p)
            return NULL;
        p->node.hash = pair_hash(s, label);
        map_insert(&c->pairs, &p->node);
    }
    p->refs++;
    return p;
}

// Selects by what the fewest have: of most labels, an application's pods share
// one.
const struct pair *pair_rarest(const struct cluster *c, const struct space *s,
                               struct labels selector, bool templates)
{
    const struct pair *rarest = NULL;
    uint32_t fewest = UINT32_MAX;

    for (uint32_t i = 0; i < selector.n; i++) {
        const struct pair *p = pair_find(c, s, &selector.items[i]);
        const uint32_t n = !p ? 0 : templates ? p->templates_n : p->pods_n;
        if (n == 0)
            return NULL;
        if (n < fewest) {
            fewest = n;
            rarest = p;
        }
    }
    return rarest;
}

void pair_release(struct cluster *c, struct pair *p)
{
    if (!p || --p->refs)
        return;
    assert(!p->pods && !p->templates && !p->services);
    map_remove(&c->pairs, &p->node);
    free(p);
}
