// SPDX-License-Identifier: Apache-2.0
// What a service publishes now: its slices, or its Endpoints, or what its pods
// make of it, in this order.
#include "model/service.h"

#include "endpoints.h"
#include "index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

// The label of a selector that the fewest pods carry; NULL: none does.
static const struct pair *rarest_pair(const struct cluster *c,
                                      const struct space *s,
                                      struct labels selector)
{
    const struct pair *rarest = NULL;

    for (uint32_t i = 0; i < selector.n; i++) {
        const struct pair *p = pair_find(c, s, &selector.items[i]);
        if (!p || p->pods_n == 0)
            return NULL;
        if (!rarest || p->pods_n < rarest->pods_n)
            rarest = p;
    }
    return rarest;
}

// The pods on a list that a service selects, at most pods_n; `out` may be NULL
// to count them only.
static uint32_t select_pods(const struct hub *h, const struct pair *pair,
                            const struct object **out)
{
    const struct object *service = h->service->object;
    uint32_t n = 0;

    for (struct list_node *at = pair->pods; at; at = at->next) {
        const struct entry *e =
            &ORD_CONTAINER(at, struct posting, at)->pod->entry;
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
        rarest_pair(c, h->space, service->service.selector);
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

static int ordinals_compare(const void *a, const void *b)
{
    const struct service_ordinals *x = a, *y = b;

    return strcmp(x->name, y->name);
}

// What the StatefulSets declare that the service governs.
static int find_ordinals(const struct hub *h, struct arena *arena,
                         const struct service_ordinals **out, uint32_t *out_n)
{
    uint32_t n = 0;

    for (const struct list_node *at = h->sets; at; at = at->next)
        n++;
    if (n == 0)
        return 0;
    struct service_ordinals *all = arena_array(arena, n, sizeof *all);
    if (!all)
        return -ENOMEM;
    n = 0;
    for (struct list_node *at = h->sets; at; at = at->next) {
        const struct object *o =
            ORD_CONTAINER(at, struct set_entry, at)->entry.object;
        if (o->workload.replicas > 0)
            all[n++] = (struct service_ordinals){.name = o->name,
                                                 .start = o->workload.start,
                                                 .n = o->workload.replicas};
    }
    qsort(all, n, sizeof *all, ordinals_compare);
    *out = all;
    *out_n = n;
    return 0;
}

int cluster_service(const struct cluster *c, const char *namespace,
                    const char *name, struct arena *arena, struct service *out)
{
    const struct hub *h = hub_find(c, namespace, name);
    const struct service_ordinals *ordinals = NULL;
    uint32_t ordinals_n = 0;
    struct found found = {0};
    int r = 0;

    if (!h || !h->service)
        return -ENOENT;
    const struct object *o = h->service->object;
    // K8S-DNS 2.5: an ExternalName is an alias and has no endpoints, whatever
    // may be left over of the time when it had some.
    if (o->service.type == SERVICE_EXTERNAL_NAME)
        r = 0;
    else if (h->slices)
        r = find_slices(c, h, arena, &found);
    else if (h->endpoints)
        r = find_endpoints(c, h->endpoints->object, arena, &found);
    else
        r = find_pods(c, h, arena, &found);
    if (r == 0)
        r = find_ordinals(h, arena, &ordinals, &ordinals_n);
    if (r)
        return r;
    *out = (struct service){
        .namespace = h->space->name,
        .name = h->name,
        .object = o,
        .addresses_n = o->service.addresses_n,
        .addresses = {o->service.addresses[0], o->service.addresses[1]},
        .slices = found.slices,
        .slices_n = found.n,
        .ordinals = ordinals,
        .ordinals_n = ordinals_n,
    };
    return 0;
}
