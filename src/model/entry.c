// SPDX-License-Identifier: Apache-2.0
// Entries and what they hold: making one takes all memory that it will ever
// need, freeing one lets go of what nobody else holds.
#include "index.h"

#include "endpoints.h"

#include <stdlib.h>

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

// --- what an entry needs ----------------------------------------------------

// Labels of a pod by which services may find it: also of one that has no
// address yet, so that a service can say that its pods are to come.
static uint32_t pod_labels(const struct cluster *c, const struct space *s,
                           const struct object *o)
{
    return s->hidden || c->settings.no_endpoints || !endpoints_alive(o)
               ? 0
               : o->labels.n;
}

// Labels of a workload's template, by which services that select its pods may
// find it.
static uint32_t template_labels(const struct cluster *c, const struct space *s,
                                const struct object *o)
{
    return s->hidden || c->settings.no_endpoints ? 0 : o->workload.pod_labels.n;
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
    case OBJECT_DEPLOYMENT:
    case OBJECT_REPLICA_SET:
    case OBJECT_REPLICATION_CONTROLLER:
        return sizeof(struct workload_entry) +
               template_labels(c, s, o) * sizeof(struct posting);
    case OBJECT_POD:
        return sizeof(struct pod_entry) +
               pod_labels(c, s, o) * sizeof(struct posting) +
               pod_addresses_told(c, s, o) * sizeof(struct pod_address *);
    default:
        return sizeof(struct entry);
    }
}

// --- holding it -------------------------------------------------------------

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

// Whether an earlier label leads to the same pair: a key that is given twice
// must not count a pod twice.
static bool has_posting(const struct posting *all, uint32_t n,
                        const struct pair *pair)
{
    for (uint32_t i = 0; i < n; i++)
        if (all[i].pair == pair)
            return true;
    return false;
}

// Make postings of the first n labels, at most that many.
static bool labels_hold(struct cluster *c, struct entry *e,
                        struct labels labels, uint32_t n, struct posting *out,
                        uint32_t *out_n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct pair *pair = pair_acquire(c, e->space, &labels.items[i]);
        if (!pair)
            return false;
        if (has_posting(out, *out_n, pair))
            pair_release(c, pair);
        else
            out[(*out_n)++] = (struct posting){.pair = pair, .entry = e};
    }
    return true;
}

static bool workload_hold(struct cluster *c, struct workload_entry *e)
{
    const struct object *o = e->entry.object;
    const char *service = o->workload.service;

    // Where services have no endpoints, no ordinal will ever have a name.
    if (o->kind == OBJECT_STATEFUL_SET && *service &&
        !c->settings.no_endpoints) {
        e->hub = hub_acquire(c, e->entry.space, service);
        if (!e->hub)
            return false;
    }
    return labels_hold(c, &e->entry, o->workload.pod_labels,
                       template_labels(c, e->entry.space, o), e->postings,
                       &e->postings_n);
}

static bool pod_hold(struct cluster *c, struct pod_entry *e)
{
    const struct object *o = e->entry.object;

    if (*o->pod.hostname && *o->pod.subdomain && !c->settings.no_endpoints) {
        e->hub = hub_acquire(c, e->entry.space, o->pod.subdomain);
        if (!e->hub)
            return false;
    }
    if (!labels_hold(c, &e->entry, o->labels, pod_labels(c, e->entry.space, o),
                     e->postings, &e->postings_n))
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
    case OBJECT_DEPLOYMENT:
    case OBJECT_REPLICA_SET:
    case OBJECT_REPLICATION_CONTROLLER:
        return workload_hold(c, (struct workload_entry *)e);
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

// --- letting go -------------------------------------------------------------

static void postings_release(struct cluster *c, const struct posting *all,
                             uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        pair_release(c, all[i].pair);
}

static void workload_release(struct cluster *c, struct workload_entry *e)
{
    hub_release(c, e->hub);
    postings_release(c, e->postings, e->postings_n);
}

static void pod_release(struct cluster *c, struct pod_entry *e)
{
    for (uint32_t i = 0; i < e->addresses_n; i++)
        address_release(c, pod_entry_addresses(e)[i]);
    postings_release(c, e->postings, e->postings_n);
    hub_release(c, e->hub);
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
    case OBJECT_DEPLOYMENT:
    case OBJECT_REPLICA_SET:
    case OBJECT_REPLICATION_CONTROLLER:
        workload_release(c, (struct workload_entry *)e);
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
