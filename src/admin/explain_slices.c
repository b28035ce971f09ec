// SPDX-License-Identifier: Apache-2.0
// Endpoints that are given, by slices or by an Endpoints object. What pods make
// of a service is told with the pods.
#include "explain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// An endpoint that matters, and whose it is.
struct hit {
    const struct object *object;
    uint8_t family;
    const struct endpoint *end;
};

struct hits {
    struct explain *e;
    const struct explain_subject *subject;
    const struct service *service;
    struct explain_objects objects;
    struct hit *items;
    size_t n;
};

// --- objects ---------------------------------------------------------------

// Whether the service publishes these facts, which the cluster may hide.
static bool is_published(const struct service *s, const struct slice_facts *f)
{
    for (uint32_t i = 0; i < s->slices_n; i++)
        if (s->slices[i] == f)
            return true;
    return false;
}

static int visit_slice(void *context, const struct object *o)
{
    struct hits *h = context;

    if (strcmp(o->namespace, h->subject->namespace) == 0 &&
        strcmp(o->slice.service, h->subject->service) == 0 &&
        is_published(h->service, &o->slice))
        explain_objects_add(h->e, &h->objects, o);
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    const struct object *x = *(struct object *const *)a;
    const struct object *y = *(struct object *const *)b;

    return strverscmp(x->name, y->name);
}

static void find_objects(struct hits *h)
{
    const struct cluster *c = h->e->from->cluster;
    const struct object *o = cluster_find(
        c, OBJECT_ENDPOINTS, h->subject->namespace, h->subject->service);

    (void)cluster_each(c, OBJECT_ENDPOINT_SLICE, visit_slice, h);
    if (h->objects.n == 0 && o && o->endpoints.slices_n &&
        is_published(h->service, &o->endpoints.slices[0]))
        explain_objects_add(h->e, &h->objects, o);
    if (h->objects.n)
        qsort(h->objects.items, h->objects.n, sizeof(struct object *),
              compare_names);
}

// The n-th slice of an object; NULL: no more.
static const struct slice_facts *slice_of(const struct object *o, uint32_t i)
{
    if (o->kind == OBJECT_ENDPOINTS)
        return i < o->endpoints.slices_n ? &o->endpoints.slices[i] : NULL;
    return i == 0 ? &o->slice : NULL;
}

// --- endpoints -------------------------------------------------------------

static bool has_address(const struct endpoint *end, uint8_t family,
                        const struct address *a)
{
    const size_t size = family_size(family);

    for (uint16_t i = 0; a->family == family && i < end->addresses_n; i++)
        if (memcmp(end->addresses + i * size, a->octets, size) == 0)
            return true;
    return false;
}

// Whether it is asked for: by any of its names.
static bool is_meant(const struct explain_subject *s, uint8_t family,
                     const struct endpoint *end)
{
    return !*s->hostname || strcmp(end->hostname, s->hostname) == 0 ||
           strcmp(end->pod, s->hostname) == 0 ||
           has_address(end, family, &s->address);
}

// Of one object, or only counted where items is NULL.
static size_t take_hits(const struct hits *h, const struct object *o,
                        struct hit *items)
{
    const struct slice_facts *s;
    size_t n = 0;

    for (uint32_t i = 0; (s = slice_of(o, i)); i++) {
        for (uint32_t k = 0; k < s->endpoints_n; k++) {
            const struct endpoint *end = &s->endpoints[k];
            if (!is_meant(h->subject, s->family, end))
                continue;
            if (items)
                items[n] = (struct hit){o, s->family, end};
            n++;
        }
    }
    return n;
}

static const char *name_of(const struct endpoint *end)
{
    return *end->hostname ? end->hostname : end->pod;
}

// Those that lack something first.
static int compare_hits(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    const bool well_x = x->end->ready && !x->end->terminating;
    const bool well_y = y->end->ready && !y->end->terminating;

    if (well_x != well_y)
        return well_x ? 1 : -1;
    const int c = strverscmp(name_of(x->end), name_of(y->end));
    if (c)
        return c;
    // facts lie in their slice's memory, slices in order of their names
    const int o = strverscmp(x->object->name, y->object->name);
    return o ? o : (x->end > y->end) - (x->end < y->end);
}

static void find_hits(struct hits *h)
{
    size_t n = 0;

    for (size_t i = 0; i < h->objects.n; i++)
        n += take_hits(h, h->objects.items[i], NULL);
    h->items = arena_array(&h->e->arena, n + 1, sizeof *h->items);
    if (!h->items) {
        h->e->no_memory = true;
        return;
    }
    for (size_t i = 0; i < h->objects.n; i++)
        h->n += take_hits(h, h->objects.items[i], h->items + h->n);
    qsort(h->items, h->n, sizeof *h->items, compare_hits);
}

// --- links -----------------------------------------------------------------

static bool is_hit(const struct hits *h, const struct object *o)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->items[i].object == o)
            return true;
    return false;
}

static void link_object(struct explain *e, const struct object *o)
{
    const struct slice_facts *s;
    uint32_t n = 0, ready = 0;

    for (uint32_t i = 0; (s = slice_of(o, i)); i++) {
        n += s->endpoints_n;
        for (uint32_t k = 0; k < s->endpoints_n; k++)
            ready += s->endpoints[k].ready;
    }
    explain_link(e, o,
                 explain_say(e, "%" PRIu32 " endpoint%s, %" PRIu32 " ready", n,
                             n == 1 ? "" : "s", ready));
}

static void link_objects(const struct hits *h)
{
    size_t told = 0;

    for (size_t i = 0; i < h->objects.n; i++) {
        const struct object *o = h->objects.items[i];
        if (h->n && *h->subject->hostname && !is_hit(h, o))
            continue;
        if (told++ < EXPLAIN_LISTED_MAX)
            link_object(h->e, o);
    }
    if (told > EXPLAIN_LISTED_MAX)
        explain_link_more(
            h->e, object_kind_name((enum object_kind)h->objects.items[0]->kind),
            told - EXPLAIN_LISTED_MAX);
}

static void link_endpoint(struct explain *e, const struct hit *hit)
{
    const struct explain_link link = {
        .kind = "Endpoint",
        .namespace = hit->object->namespace,
        .name = name_of(hit->end),
        .state = explain_endpoint_state(e, hit->family, hit->end),
        .at = hit->object->at,
    };

    explain_link_other(e, &link);
}

void explain_slices(struct explain *e, const struct explain_subject *s,
                    const struct service *service)
{
    struct hits h = {.e = e, .subject = s, .service = service};

    find_objects(&h);
    find_hits(&h);
    link_objects(&h);
    for (size_t i = 0; i < h.n && i < EXPLAIN_LISTED_MAX; i++)
        link_endpoint(e, &h.items[i]);
    if (h.n > EXPLAIN_LISTED_MAX)
        explain_link_more(e, "Endpoint", h.n - EXPLAIN_LISTED_MAX);
}

// --- an address ------------------------------------------------------------

// Slices and Endpoints that have it.
struct owners {
    struct explain *e;
    const struct address *address;
    struct explain_objects objects;
    // whose service was asked for last, and what came of it
    const struct object *asked;
    struct service service;
    int rc;
    size_t told;
};

static const char *service_of(const struct object *o)
{
    return o->kind == OBJECT_ENDPOINTS ? o->name : o->slice.service;
}

// Those of one service stand together: it is asked for once.
static int compare_owners(const void *a, const void *b)
{
    const struct object *x = *(struct object *const *)a;
    const struct object *y = *(struct object *const *)b;
    int c = strcmp(x->namespace, y->namespace);

    if (c == 0)
        c = strcmp(service_of(x), service_of(y));
    return c ? c : strverscmp(x->name, y->name);
}

static void ask_service(struct owners *w, const struct object *o)
{
    const struct object *asked = w->asked;

    w->asked = o;
    if (asked && strcmp(asked->namespace, o->namespace) == 0 &&
        strcmp(service_of(asked), service_of(o)) == 0)
        return;
    w->rc = cluster_service(w->e->from->cluster, o->namespace, service_of(o),
                            &w->e->arena, &w->service);
    w->e->no_memory |= w->rc == -ENOMEM;
}

static void link_owner(struct owners *w, const struct object *o)
{
    const struct slice_facts *s;
    struct explain *e = w->e;

    ask_service(w, o);
    for (uint32_t i = 0; w->rc == 0 && (s = slice_of(o, i)); i++) {
        if (!is_published(&w->service, s))
            continue;
        for (uint32_t k = 0; k < s->endpoints_n; k++) {
            const struct hit hit = {o, s->family, &s->endpoints[k]};
            if (!has_address(hit.end, s->family, w->address) ||
                w->told++ >= EXPLAIN_LISTED_MAX)
                continue;
            explain_link(e, w->service.object,
                         explain_service_state(e, w->service.object, false));
            link_object(e, o);
            link_endpoint(e, &hit);
        }
    }
}

static int visit_owner(void *context, const struct object *o)
{
    struct owners *w = context;
    const struct slice_facts *s;

    for (uint32_t i = 0; (s = slice_of(o, i)); i++)
        for (uint32_t k = 0; k < s->endpoints_n; k++)
            if (has_address(&s->endpoints[k], s->family, w->address)) {
                explain_objects_add(w->e, &w->objects, o);
                return 0;
            }
    return 0;
}

void explain_slices_with(struct explain *e, const struct explain_subject *s)
{
    struct owners w = {.e = e, .address = &s->address};

    (void)cluster_each(e->from->cluster, OBJECT_ENDPOINT_SLICE, visit_owner,
                       &w);
    (void)cluster_each(e->from->cluster, OBJECT_ENDPOINTS, visit_owner, &w);
    if (w.objects.n)
        qsort(w.objects.items, w.objects.n, sizeof(struct object *),
              compare_owners);
    for (size_t i = 0; i < w.objects.n; i++)
        link_owner(&w, w.objects.items[i]);
    if (w.told > EXPLAIN_LISTED_MAX)
        explain_link_more(e, "Endpoint", w.told - EXPLAIN_LISTED_MAX);
}
