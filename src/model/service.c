// SPDX-License-Identifier: Apache-2.0
// What a service publishes now: its slices, or its Endpoints, or what its pods
// make of it, in this order.
#include "model/service.h"

#include "endpoints.h"
#include "index.h"
#include "service_why.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool service_is_self(const struct service *s, const struct endpoint *e)
{
    return s->self && strcasecmp(e->hostname[0] ? e->hostname : e->pod,
                                 s->self->hostname) == 0;
}

struct found {
    const struct slice_facts *const *slices;
    uint32_t n;
};

static int slice_compare(const void *a, const void *b)
{
    const struct object *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static bool is_known_family(const struct slice_facts *s)
{
    return s->family == FAMILY_IPV4 || s->family == FAMILY_IPV6;
}

// The slices given for a service, in order of their names: an answer depends on
// what was said, not on the order in which it was said. Where all are hidden,
// the service has no endpoints: a filter takes away and never lets Endpoints or
// pods speak instead.
static int find_slices(const struct cluster *c, const struct hub *h,
                       struct arena *arena, struct found *out)
{
    uint32_t n = 0, known = 0;

    for (const struct list_node *at = h->slices; at; at = at->next)
        n++;
    const struct object **objects =
        arena_array(arena, n, sizeof(struct object *));
    const struct slice_facts **slices =
        arena_array(arena, n, sizeof(struct slice_facts *));
    if (!objects || !slices)
        return -ENOMEM;
    n = 0;
    for (struct list_node *at = h->slices; at; at = at->next)
        objects[n++] = ORD_CONTAINER(at, struct slice_entry, at)->entry.object;
    qsort(objects, n, sizeof(struct object *), slice_compare);
    for (uint32_t i = 0; i < n; i++)
        if (is_known_family(&objects[i]->slice) && !filter_hides(c, objects[i]))
            slices[known++] = &objects[i]->slice;
    *out = (struct found){.slices = slices, .n = known};
    return 0;
}

static int find_endpoints(const struct cluster *c, const struct object *o,
                          struct arena *arena, struct found *out)
{
    const struct endpoints_facts *e = &o->endpoints;
    const struct slice_facts **slices = arena_array(
        arena, (size_t)e->slices_n + 1, sizeof(struct slice_facts *));
    uint32_t known = 0;

    if (!slices)
        return -ENOMEM;
    for (uint32_t i = 0; i < e->slices_n && !filter_hides(c, o); i++)
        if (is_known_family(&e->slices[i]))
            slices[known++] = &e->slices[i];
    *out = (struct found){.slices = slices, .n = known};
    return 0;
}

// The pods on a list that a service selects, at most pods_n; `out` may be NULL
// to count them only.
static uint32_t select_pods(const struct hub *h, const struct pair *pair,
                            const struct object **out)
{
    const struct object *service = h->service->object;
    uint32_t n = 0;

    for (struct list_node *at = pair->pods; at; at = at->next) {
        const struct entry *e = ORD_CONTAINER(at, struct posting, at)->entry;
        if (e->space != h->space || !endpoints_select(service, e->object))
            continue;
        if (out)
            out[n] = e->object;
        n++;
    }
    return n;
}

static int find_pods(const struct cluster *c, const struct hub *h,
                     struct arena *arena, struct found *out)
{
    const struct object *service = h->service->object;

    if (!endpoints_derivable(service))
        return 0;
    const struct pair *pair =
        pair_rarest(c, h->space, service->service.selector, false);
    if (!pair)
        return 0;
    const uint32_t n = select_pods(h, pair, NULL);
    if (n == 0)
        return 0;
    const struct object **pods = arena_array(arena, n, sizeof(struct object *));
    if (!pods)
        return -ENOMEM;
    select_pods(h, pair, pods);
    return endpoints_derive(service, pods, n, arena, &out->slices, &out->n);
}

static int set_compare(const void *a, const void *b)
{
    const struct object *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

// What the StatefulSets declare that the service governs.
static int find_sets(struct asked *q)
{
    uint32_t n = 0;

    for (const struct list_node *at = q->h->sets; at; at = at->next)
        n++;
    if (n == 0)
        return 0;
    const struct object **sets =
        arena_array(q->arena, n, sizeof(struct object *));
    q->ordinals = arena_array(q->arena, n, sizeof *q->ordinals);
    if (!sets || !q->ordinals)
        return -ENOMEM;
    for (struct list_node *at = q->h->sets; at; at = at->next)
        sets[q->sets_n++] =
            ORD_CONTAINER(at, struct workload_entry, at)->entry.object;
    qsort(sets, n, sizeof(struct object *), set_compare);
    for (uint32_t i = 0; i < n; i++)
        q->ordinals[i] = (struct service_ordinals){
            .name = sets[i]->name,
            .start = sets[i]->workload.start,
            .n = sets[i]->workload.replicas,
        };
    q->sets = sets;
    return 0;
}

static int find_slices_of(const struct asked *q, struct found *out)
{
    const struct hub *h = q->h;

    // K8S-DNS 2.5: an ExternalName is an alias and has no endpoints, whatever
    // may be left over of the time when it had some.
    if (h->service->object->service.type == SERVICE_EXTERNAL_NAME)
        return 0;
    if (h->slices)
        return find_slices(q->c, h, q->arena, out);
    if (h->endpoints)
        return find_endpoints(q->c, h->endpoints->object, q->arena, out);
    return find_pods(q->c, h, q->arena, out);
}

static int tell(struct asked *q)
{
    struct service *s = q->out;
    struct found found = {0};
    const struct object *o = q->h->service->object;
    int r = find_slices_of(q, &found);

    if (r == 0)
        r = find_sets(q);
    if (r)
        return r;
    s->object = o;
    s->addresses_n = o->service.addresses_n;
    memcpy(s->addresses, o->service.addresses, sizeof s->addresses);
    s->slices = found.slices;
    s->slices_n = found.n;
    s->ordinals = q->ordinals;
    s->ordinals_n = q->sets_n;
    r = why_pods(q);
    return r ? r : why_service(q);
}

int cluster_service(const struct cluster *c, const char *namespace,
                    const char *name, struct arena *arena, struct service *out)
{
    const struct hub *h = hub_find(c, namespace, name);

    if (!h || !filter_shows(c, h))
        return -ENOENT;
    struct service s = {
        .namespace = h->space->name,
        .name = h->name,
        .self = h == c->own ? c->settings.self : NULL,
    };
    struct asked q = {.c = c,
                      .h = h,
                      .arena = arena,
                      .given = h->slices || h->endpoints,
                      .out = &s};
    const int r = h->service ? tell(&q) : 0;
    if (r)
        return r;
    if (!h->service)
        why_missing(&q);
    *out = s;
    return 0;
}
