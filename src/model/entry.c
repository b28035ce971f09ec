// SPDX-License-Identifier: Apache-2.0
// Entries and what they hold: making one takes all memory that it will ever
// need, freeing one lets go of what nobody else holds.
#include "index.h"

#include "base/hash.h"
#include "endpoints.h"

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

static struct space *space_acquire(struct cluster *c, const char *namespace)
{
    struct space *s = space_find(c, namespace);

    if (!s) {
        const size_t n = strlen(namespace) + 1;
        s = calloc(1, sizeof *s + n);
        if (!s)
            return NULL;
        memcpy(s->name, namespace, n);
        s->node.hash = text_hash(c->seed, namespace);
        map_insert(&c->spaces, &s->node);
    }
    s->entries++;
    return s;
}

void space_settle(struct cluster *c, struct space *s)
{
    if (s->entries || s->hubs || s->dirty)
        return;
    map_remove(&c->spaces, &s->node);
    free(s);
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

static struct hub *hub_acquire(struct cluster *c, struct space *s,
                               const char *name)
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
        s->hubs++;
    }
    h->refs++;
    return h;
}

void hub_settle(struct cluster *c, struct hub *h)
{
    struct space *s = h->space;

    if (h->refs || h->dirty)
        return;
    assert(!h->service && !h->endpoints && !h->slices);
    map_remove(&c->hubs, &h->node);
    free(h);
    s->hubs--;
    space_settle(c, s);
}

static void hub_release(struct cluster *c, struct hub *h)
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

static struct pair *pair_acquire(struct cluster *c, const struct space *s,
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

static void pair_release(struct cluster *c, struct pair *p)
{
    if (!p || --p->refs)
        return;
    assert(!p->pods && !p->services);
    map_remove(&c->pairs, &p->node);
    free(p);
}

// Which pair of a selector has the fewest services filed under it: a label that
// all services of an application share would make each of its pods ask all.
static uint32_t selector_rarest(const struct cluster *c, const struct space *s,
                                struct labels selector)
{
    uint32_t rarest = 0, fewest = UINT32_MAX;

    for (uint32_t i = 0; i < selector.n && fewest > 0; i++) {
        const struct pair *p = pair_find(c, s, &selector.items[i]);
        const uint32_t n = p ? p->services_n : 0;
        if (n < fewest) {
            fewest = n;
            rarest = i;
        }
    }
    return rarest;
}

// --- entries ---------------------------------------------------------------

static size_t entry_size(const struct object *o)
{
    switch (o->kind) {
    case OBJECT_SERVICE:
        return sizeof(struct service_entry);
    case OBJECT_ENDPOINT_SLICE:
        return sizeof(struct slice_entry);
    case OBJECT_ENDPOINTS:
        return sizeof(struct endpoints_entry);
    case OBJECT_POD:
        return sizeof(struct pod_entry) +
               (endpoints_selectable(o) ? o->labels.n : 0) *
                   sizeof(struct posting);
    default:
        return sizeof(struct entry);
    }
}

static bool service_hold(struct cluster *c, struct service_entry *e)
{
    const struct object *o = e->entry.object;

    e->hub = hub_acquire(c, e->entry.space, o->name);
    if (!e->hub || !endpoints_derivable(o))
        return e->hub;
    const struct labels selector = o->service.selector;
    const uint32_t i = selector_rarest(c, e->entry.space, selector);
    e->pair = pair_acquire(c, e->entry.space, &selector.items[i]);
    return e->pair;
}

static bool slice_hold(struct cluster *c, struct slice_entry *e)
{
    const char *service = e->entry.object->slice.service;

    // K8S-DNS: a slice without the label belongs to no service.
    if (!*service)
        return true;
    e->hub = hub_acquire(c, e->entry.space, service);
    return e->hub;
}

static bool endpoints_hold(struct cluster *c, struct endpoints_entry *e)
{
    e->hub = hub_acquire(c, e->entry.space, e->entry.object->name);
    return e->hub;
}

// Whether an earlier label of the pod leads to the same pair: a key that is
// given twice must not count a pod twice.
static bool pod_holds(const struct pod_entry *e, const struct pair *pair)
{
    for (uint32_t i = 0; i < e->postings_n; i++)
        if (e->postings[i].pair == pair)
            return true;
    return false;
}

static bool pod_hold(struct cluster *c, struct pod_entry *e)
{
    const struct object *o = e->entry.object;
    const uint32_t n = endpoints_selectable(o) ? o->labels.n : 0;

    for (uint32_t i = 0; i < n; i++) {
        struct pair *pair =
            pair_acquire(c, e->entry.space, &o->labels.items[i]);
        if (!pair)
            return false;
        if (pod_holds(e, pair))
            pair_release(c, pair);
        else
            e->postings[e->postings_n++] =
                (struct posting){.pair = pair, .pod = e};
    }
    return true;
}

static bool entry_hold(struct cluster *c, struct entry *e)
{
    switch (e->object->kind) {
    case OBJECT_SERVICE:
        return service_hold(c, (struct service_entry *)e);
    case OBJECT_ENDPOINT_SLICE:
        return slice_hold(c, (struct slice_entry *)e);
    case OBJECT_ENDPOINTS:
        return endpoints_hold(c, (struct endpoints_entry *)e);
    case OBJECT_POD:
        return pod_hold(c, (struct pod_entry *)e);
    default:
        return true;
    }
}

struct entry *entry_new(struct cluster *c, const struct object *o,
                        uint64_t rank)
{
    struct entry *e = calloc(1, entry_size(o));

    if (!e)
        return NULL;
    e->object = o;
    e->rank = rank;
    e->space = space_acquire(c, object_space(o));
    if (!e->space) {
        free(e);
        return NULL;
    }
    e->node.hash = space_hash(e->space, o->name);
    if (!entry_hold(c, e)) {
        entry_free(c, e);
        return NULL;
    }
    return e;
}

static void entry_release(struct cluster *c, struct entry *e)
{
    switch (e->object->kind) {
    case OBJECT_SERVICE:
        hub_release(c, ((struct service_entry *)e)->hub);
        pair_release(c, ((struct service_entry *)e)->pair);
        break;
    case OBJECT_ENDPOINT_SLICE:
        hub_release(c, ((struct slice_entry *)e)->hub);
        break;
    case OBJECT_ENDPOINTS:
        hub_release(c, ((struct endpoints_entry *)e)->hub);
        break;
    case OBJECT_POD:
        for (uint32_t i = 0; i < ((struct pod_entry *)e)->postings_n; i++)
            pair_release(c, ((struct pod_entry *)e)->postings[i].pair);
        break;
    default:
        break;
    }
}

void entry_free(struct cluster *c, struct entry *e)
{
    if (!e)
        return;
    struct space *s = e->space;
    entry_release(c, e);
    free(e);
    s->entries--;
    change_note_space(c, s);
    space_settle(c, s);
}
