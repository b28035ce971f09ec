// SPDX-License-Identifier: Apache-2.0
// Which services a change touches, and handing them over. A service is marked
// at most once and marking takes no memory; what is marked stays known until it
// has been told, gone or not.
#include "index.h"

#include "endpoints.h"

static void hub_mark(struct cluster *c, struct hub *h)
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

static void note_pod(struct cluster *c, const struct entry *before,
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

static void note_one(struct cluster *c, const struct entry *e)
{
    if (!e)
        return;
    if (e->object->kind == OBJECT_SERVICE) {
        hub_mark(c, ((const struct service_entry *)e)->hub);
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

// A StatefulSet that declares the same ordinals as before, which is what most
// of its changes leave alone, or none, matters to nobody.
static void note_set(struct cluster *c, const struct entry *before,
                     const struct entry *after)
{
    const struct set_entry *b = (const struct set_entry *)before;
    const struct set_entry *a = (const struct set_entry *)after;
    struct hub *was = b && before->object->workload.replicas ? b->hub : NULL;
    struct hub *is = a && after->object->workload.replicas ? a->hub : NULL;

    if (was == is && (!is || (before->object->workload.replicas ==
                                  after->object->workload.replicas &&
                              before->object->workload.start ==
                                  after->object->workload.start)))
        return;
    hub_mark(c, was);
    hub_mark(c, is);
}

void change_note(struct cluster *c, const struct entry *before,
                 const struct entry *after)
{
    const struct entry *any = after ? after : before;
    const uint8_t kind = any ? any->object->kind : OBJECT_NAMESPACE;

    if (kind == OBJECT_POD) {
        note_pod(c, before, after);
    } else if (kind == OBJECT_STATEFUL_SET) {
        note_set(c, before, after);
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
        const bool exists = h->service;
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
