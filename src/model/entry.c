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

static void space_release(struct cluster *c, struct space *s)
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
    assert(!h->service && !h->endpoints && !h->slices && !h->sets);
    map_remove(&c->hubs, &h->node);
    free(h);
    s->parts--;
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

// Labels of a pod by which services may find it.
static uint32_t pod_labels(const struct cluster *c, const struct space *s,
                           const struct object *o)
{
    return s->hidden || c->settings.no_endpoints || !endpoints_selectable(o)
               ? 0
               : o->labels.n;
}

// Addresses of a pod that are told while it counts. CoreDNS (`pods verified`)
// forgets a pod as soon as its addresses may be somebody else's.
static uint32_t pod_addresses_told(const struct cluster *c,
                                   const struct space *s,
                                   const struct object *o)
{
    const struct pod_facts *p = &o->pod;
    const bool lives =
        !p->terminating && (p->phase == POD_PENDING || p->phase == POD_RUNNING);

    return c->settings.pods && lives && !s->hidden && !filter_hides(c, o)
               ? p->addresses_n
               : 0;
}

static size_t entry_size(const struct cluster *c, const struct space *s,
                         const struct object *o)
{
    switch (o->kind) {
    case OBJECT_SERVICE:
        return sizeof(struct service_entry);
    case OBJECT_ENDPOINT_SLICE:
        return sizeof(struct slice_entry);
    case OBJECT_ENDPOINTS:
        return sizeof(struct endpoints_entry);
    case OBJECT_STATEFUL_SET:
        return sizeof(struct set_entry);
    case OBJECT_POD:
        return sizeof(struct pod_entry) +
               pod_labels(c, s, o) * sizeof(struct posting) +
               pod_addresses_told(c, s, o) * sizeof(struct pod_address *);
    default:
        return sizeof(struct entry);
    }
}

static bool service_hold(struct cluster *c, struct service_entry *e)
{
    const struct object *o = e->entry.object;

    if (filter_hides(c, o))
        return true;
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
    if (!*service || c->settings.no_endpoints)
        return true;
    e->hub = hub_acquire(c, e->entry.space, service);
    return e->hub;
}

static bool endpoints_hold(struct cluster *c, struct endpoints_entry *e)
{
    if (c->settings.no_endpoints)
        return true;
    e->hub = hub_acquire(c, e->entry.space, e->entry.object->name);
    return e->hub;
}

// Where services have no endpoints, no ordinal will ever have a name.
static bool set_hold(struct cluster *c, struct set_entry *e)
{
    const char *service = e->entry.object->workload.service;

    if (!*service || c->settings.no_endpoints)
        return true;
    e->hub = hub_acquire(c, e->entry.space, service);
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

static bool pod_hold_labels(struct cluster *c, struct pod_entry *e)
{
    const struct object *o = e->entry.object;
    const uint32_t n = pod_labels(c, e->entry.space, o);

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

static bool pod_hold(struct cluster *c, struct pod_entry *e)
{
    const struct object *o = e->entry.object;

    if (!pod_hold_labels(c, e))
        return false;
    const uint32_t n = pod_addresses_told(c, e->entry.space, o);
    struct pod_address **addresses = pod_entry_addresses(e);
    for (uint32_t i = 0; i < n; i++) {
        addresses[i] = address_acquire(c, e->entry.space, &o->pod.addresses[i]);
        if (!addresses[i])
            return false;
        e->addresses_n++;
    }
    return true;
}

static bool entry_hold(struct cluster *c, struct entry *e)
{
    if (e->space->hidden)
        return true;
    switch (e->object->kind) {
    case OBJECT_SERVICE:
        return service_hold(c, (struct service_entry *)e);
    case OBJECT_ENDPOINT_SLICE:
        return slice_hold(c, (struct slice_entry *)e);
    case OBJECT_ENDPOINTS:
        return endpoints_hold(c, (struct endpoints_entry *)e);
    case OBJECT_STATEFUL_SET:
        return set_hold(c, (struct set_entry *)e);
    case OBJECT_POD:
        return pod_hold(c, (struct pod_entry *)e);
    default:
        return true;
    }
}

struct entry *entry_new(struct cluster *c, const struct object *o,
                        uint64_t rank)
{
    struct space *s = space_acquire(c, object_space(o));

    if (!s)
        return NULL;
    struct entry *e = calloc(1, entry_size(c, s, o));
    if (!e) {
        space_release(c, s);
        return NULL;
    }
    e->object = o;
    e->rank = rank;
    e->space = s;
    e->node.hash = space_hash(s, o->name);
    if (!entry_hold(c, e)) {
        entry_free(c, e);
        return NULL;
    }
    return e;
}

static void pod_release(struct cluster *c, struct pod_entry *e)
{
    for (uint32_t i = 0; i < e->addresses_n; i++)
        address_release(c, pod_entry_addresses(e)[i]);
    for (uint32_t i = 0; i < e->postings_n; i++)
        pair_release(c, e->postings[i].pair);
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
    case OBJECT_STATEFUL_SET:
        hub_release(c, ((struct set_entry *)e)->hub);
        break;
    case OBJECT_POD:
        pod_release(c, (struct pod_entry *)e);
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
    space_release(c, s);
}
