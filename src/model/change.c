// SPDX-License-Identifier: Apache-2.0
// Which services a change touches, and handing them over. A service is marked
// at most once and marking takes no memory; what is marked stays known until it
// has been told, gone or not.
#include "index.h"

#include "endpoints.h"

#include <string.h>

void hub_mark(struct cluster *c, struct hub *h)
{
    if (!h || h->dirty)
        return;
    h->dirty = true;
    h->dirty_next = c->dirty_hubs;
    c->dirty_hubs = h;
}

void change_note_space(struct cluster *c, struct space *s)
{
    if (s->dirty || s->hidden || s->known == (s->entries > 0))
        return;
    s->dirty = true;
    s->dirty_next = c->dirty_spaces;
    c->dirty_spaces = s;
}

void change_note_address(struct cluster *c, struct pod_address *a)
{
    if (a->dirty || a->known == (a->pods > 0))
        return;
    a->dirty = true;
    a->dirty_next = c->dirty_addresses;
    c->dirty_addresses = a;
}

// A pod matters to a service that is filed under one of its labels, gets its
// endpoints from pods, and would see another endpoint than before.
static void note_pod_label(struct cluster *c, const struct pair *pair,
                           const struct space *s, const struct object *before,
                           const struct object *after)
{
    for (struct list_node *at = pair->services; at; at = at->next) {
        const struct service_entry *e =
            ORD_CONTAINER(at, struct service_entry, at);
        struct hub *h = e->hub;
        if (h->dirty || h->space != s || h->slices || h->endpoints)
            continue;
        if (!endpoints_pod_same(e->entry.object, before, after))
            hub_mark(c, h);
    }
}

static void note_pod_labels(struct cluster *c, const struct entry *before,
                            const struct entry *after)
{
    const struct entry *const both[] = {before, after};

    for (size_t i = 0; i < ORD_COUNT(both); i++) {
        const struct pod_entry *e = (const struct pod_entry *)both[i];
        for (uint32_t k = 0; e && k < e->postings_n; k++)
            note_pod_label(c, e->postings[k].pair, e->entry.space,
                           before ? before->object : NULL,
                           after ? after->object : NULL);
    }
}

// Reasons are of no interest before the service is there: it marks itself.
static void note_named(struct cluster *c, struct hub *h)
{
    if (h && h->service)
        hub_mark(c, h);
}

// The service below which a pod is named says what the pod lacks, also where
// its endpoints are given, or do not have it.
static void note_pod_name(struct cluster *c, const struct entry *before,
                          const struct entry *after)
{
    struct hub *was = before ? ((const struct pod_entry *)before)->hub : NULL;
    struct hub *is = after ? ((const struct pod_entry *)after)->hub : NULL;

    if (was && was == is && was->service &&
        endpoints_pod_alike(was->service->object, before->object,
                            after->object))
        return;
    note_named(c, was);
    note_named(c, is);
}

// The service that governs the StatefulSet of which a pod has the name of an
// ordinal, or NULL.
static struct hub *hub_of_ordinal(const struct cluster *c,
                                  const struct entry *pod)
{
    struct ordinal_name name;
    char set[256]; // names in Kubernetes have 253 octets at most

    if (!ordinal_name_of(pod->object->name, &name) || name.set_n >= sizeof set)
        return NULL;
    memcpy(set, pod->object->name, name.set_n);
    set[name.set_n] = '\0';
    const struct entry *e =
        entry_find(c, OBJECT_STATEFUL_SET, pod->space->name, set);
    return e ? ((const struct workload_entry *)e)->hub : NULL;
}

// A pod that is called as an ordinal is, but is named below another service or
// none: the one that governs its StatefulSet says so.
static void note_pod_ordinal(struct cluster *c, const struct entry *before,
                             const struct entry *after)
{
    const struct pod_entry *b = (const struct pod_entry *)before;
    const struct pod_entry *a = (const struct pod_entry *)after;
    struct hub *h = hub_of_ordinal(c, after ? after : before);

    if (h && ((b && b->hub != h) || (a && a->hub != h)))
        note_named(c, h);
}

static void note_pod(struct cluster *c, const struct entry *before,
                     const struct entry *after)
{
    note_pod_labels(c, before, after);
    note_pod_name(c, before, after);
    note_pod_ordinal(c, before, after);
}

// A Service that is hidden holds no hub; but where it is, none is missing.
static void note_service(struct cluster *c, const struct entry *e)
{
    struct hub *h = ((const struct service_entry *)e)->hub;

    if (!h)
        h = hub_find(c, e->space->name, e->object->name);
    hub_mark(c, h);
}

static void note_one(struct cluster *c, const struct entry *e)
{
    if (!e)
        return;
    if (e->object->kind == OBJECT_SERVICE) {
        note_service(c, e);
    } else if (e->object->kind == OBJECT_ENDPOINT_SLICE) {
        hub_mark(c, ((const struct slice_entry *)e)->hub);
    } else if (e->object->kind == OBJECT_ENDPOINTS) {
        // Slices win over Endpoints: where both are watched, the mirror's
        // changes must not build each service twice.
        struct hub *h = ((const struct endpoints_entry *)e)->hub;
        if (h && !h->slices)
            hub_mark(c, h);
    }
}

static bool same_labels(struct labels a, struct labels b)
{
    if (a.n != b.n)
        return false;
    for (uint32_t i = 0; i < a.n; i++)
        if (strcmp(a.items[i].key, b.items[i].key) != 0 ||
            strcmp(a.items[i].value, b.items[i].value) != 0)
            return false;
    return true;
}

// A StatefulSet that declares the same as before, which is what most of its
// changes leave alone, matters to nobody.
static bool declares_same(const struct cluster *c, const struct object *a,
                          const struct object *b)
{
    const struct workload_facts *x = &a->workload, *y = &b->workload;

    return x->replicas == y->replicas && x->start == y->start &&
           x->rules->parallel == y->rules->parallel &&
           same_labels(x->pod_labels, y->pod_labels) &&
           filter_hides(c, a) == filter_hides(c, b);
}

static void note_set(struct cluster *c, const struct entry *before,
                     const struct entry *after)
{
    struct hub *was =
        before ? ((const struct workload_entry *)before)->hub : NULL;
    struct hub *is = after ? ((const struct workload_entry *)after)->hub : NULL;

    if (was == is && (!is || declares_same(c, before->object, after->object)))
        return;
    hub_mark(c, was);
    hub_mark(c, is);
}

// Services that select a workload's pods by its template.
static void note_template(struct cluster *c, const struct entry *e)
{
    const struct workload_entry *w = (const struct workload_entry *)e;

    for (uint32_t i = 0; w && i < w->postings_n; i++) {
        struct list_node *at = w->postings[i].pair->services;
        for (; at; at = at->next) {
            const struct service_entry *s =
                ORD_CONTAINER(at, struct service_entry, at);
            if (s->hub->space == e->space &&
                labels_match(s->entry.object->service.selector,
                             e->object->workload.pod_labels))
                hub_mark(c, s->hub);
        }
    }
}

// What services say of workloads whose pods they select: which they are, and
// whether they want any pods at all.
static bool templates_same(const struct cluster *c, const struct object *a,
                           const struct object *b)
{
    const struct workload_facts *x = &a->workload, *y = &b->workload;

    return (x->replicas == 0) == (y->replicas == 0) &&
           strcmp(x->service, y->service) == 0 &&
           strcmp(a->owner_kind, b->owner_kind) == 0 &&
           strcmp(a->owner_name, b->owner_name) == 0 &&
           same_labels(x->pod_labels, y->pod_labels) &&
           filter_hides(c, a) == filter_hides(c, b);
}

static void note_workload(struct cluster *c, const struct entry *before,
                          const struct entry *after)
{
    note_set(c, before, after);
    if (before && after && templates_same(c, before->object, after->object))
        return;
    note_template(c, before);
    note_template(c, after);
}

void change_note(struct cluster *c, const struct entry *before,
                 const struct entry *after)
{
    const struct entry *any = after ? after : before;
    const uint8_t kind = any ? any->object->kind : OBJECT_NAMESPACE;

    if (kind == OBJECT_POD) {
        note_pod(c, before, after);
    } else if (kind >= OBJECT_STATEFUL_SET) {
        note_workload(c, before, after);
    } else {
        note_one(c, before);
        note_one(c, after);
    }
}

// --- handing over ----------------------------------------------------------

// Tell of the namespaces on the list for which `exists` holds, and take them
// and those that have nothing to tell off it.
static int take_spaces(struct cluster *c, bool exists,
                       int (*changed)(void *context,
                                      const struct cluster_change *change),
                       void *context)
{
    struct space **at = &c->dirty_spaces;

    while (*at) {
        struct space *s = *at;
        const bool now = s->entries > 0;
        if (now != s->known && now != exists) {
            at = &s->dirty_next;
            continue;
        }
        if (now != s->known) {
            const int r = changed(context, &(struct cluster_change){
                                               .namespace = s->name,
                                               .exists = exists,
                                           });
            if (r)
                return r;
            s->known = exists;
        }
        *at = s->dirty_next;
        s->dirty = false;
        space_settle(c, s);
    }
    return 0;
}

static int take_hubs(struct cluster *c,
                     int (*changed)(void *context,
                                    const struct cluster_change *change),
                     void *context)
{
    while (c->dirty_hubs) {
        struct hub *h = c->dirty_hubs;
        const bool exists = filter_shows(c, h);
        // A service that was never told of has nothing to go: slices without
        // their Service, or one that came and went.
        if (exists || h->known) {
            const int r = changed(context, &(struct cluster_change){
                                               .namespace = h->space->name,
                                               .service = h->name,
                                               .exists = exists,
                                           });
            if (r)
                return r;
            h->known = exists;
        }
        c->dirty_hubs = h->dirty_next;
        h->dirty = false;
        hub_settle(c, h);
    }
    return 0;
}

static int take_addresses(struct cluster *c,
                          int (*changed)(void *context,
                                         const struct cluster_change *change),
                          void *context)
{
    while (c->dirty_addresses) {
        struct pod_address *a = c->dirty_addresses;
        const bool exists = a->pods > 0;
        if (exists != a->known) {
            const int r = changed(context, &(struct cluster_change){
                                               .namespace = a->space->name,
                                               .pod = &a->address,
                                               .exists = exists,
                                           });
            if (r)
                return r;
            a->known = exists;
        }
        c->dirty_addresses = a->dirty_next;
        a->dirty = false;
        address_settle(c, a);
    }
    return 0;
}

int cluster_take_changes(struct cluster *c,
                         int (*changed)(void *context,
                                        const struct cluster_change *change),
                         void *context)
{
    int r = take_spaces(c, true, changed, context);

    if (r == 0)
        r = take_hubs(c, changed, context);
    if (r == 0)
        r = take_addresses(c, changed, context);
    if (r == 0)
        r = take_spaces(c, false, changed, context);
    return r;
}
