// SPDX-License-Identifier: Apache-2.0
// The life of struct ordinals and of those who hold addresses; how they move on
// is ordinal_step.c's affair.
//
// The machine is level-triggered: each small change is whole in itself, and
// whoever may have more to do is put into a list. So memory that runs out needs
// no way back: what was done stays, and the next step goes on with the list.
#include "model/ordinal.h"

#include "base/hash.h"
#include "ordinal_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void init_ranges(struct range ranges[POOL_FAMILIES],
                        uint8_t order[POOL_FAMILIES], const struct cidr *cidrs,
                        uint32_t n)
{
    assert(n <= POOL_FAMILIES);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t family = cidrs[i].base.family;
        range_init(&ranges[family_index(family)], &cidrs[i]);
        order[i] = family;
    }
    assert(n < 2 || order[0] != order[1]);
}

struct ordinals *ordinals_new(const struct ordinals_settings *s)
{
    struct ordinals *o = calloc(1, sizeof *o);

    if (!o)
        return NULL;
    o->settings = *s;
    o->seed = s->seed;
    ledger_init(&o->ledger, s->seed);
    map_init(&o->holders);
    map_init(&o->names);
    map_init(&o->claims);
    map_init(&o->tickets);
    init_ranges(o->pods, o->pods_order, s->pod_cidrs, s->pod_cidrs_n);
    init_ranges(o->services, o->services_order, s->service_cidrs,
                s->service_cidrs_n);
    return o;
}

static void free_workload(struct ordinals *o, struct workload *w)
{
    struct pod *next;

    for (struct pod *p = pod_of_node(w->pods); p; p = next) {
        next = pod_of_node(p->node.next);
        pod_free(o, p);
    }
    told_free(w->face.told);
    template_drop(w->current);
    template_drop(w->update);
    spec_drop(w->spec);
    deployment_release(w);
    free(w->declared);
    free(w);
}

void holder_free(struct ordinals *o, struct holder *h)
{
    if (is_vip(h)) {
        told_free(vip_of(h)->face.told);
        free(vip_of(h));
    } else {
        free_workload(o, workload_of(h));
    }
}

static void free_claims(struct ordinals *o)
{
    struct map_node *next;

    for (struct map_node *n = map_walk(&o->claims, NULL); n; n = next) {
        next = map_walk(&o->claims, n);
        free(ORD_CONTAINER(n, struct claim, node));
    }
    map_release(&o->claims);
}

void ordinals_free(struct ordinals *o)
{
    struct map_node *next;

    if (!o)
        return;
    for (struct map_node *n = map_walk(&o->holders, NULL); n; n = next) {
        next = map_walk(&o->holders, n);
        holder_free(o, holder_of(n));
    }
    ledger_release(&o->ledger);
    map_release(&o->holders);
    map_release(&o->names);
    map_release(&o->tickets);
    free_claims(o);
    free(o->timers);
    free(o->scratch);
    free(o);
}

uint64_t ordinals_hash(const struct ordinals *o, uint8_t kind,
                       const char *namespace, const char *name)
{
    const uint64_t h = hash_bytes(o->seed ^ kind, (const uint8_t *)namespace,
                                  strlen(namespace));

    return hash_bytes(h, (const uint8_t *)name, strlen(name));
}

struct holder *holder_find(const struct ordinals *o, uint8_t kind,
                           const char *namespace, const char *name)
{
    struct map_node *n =
        map_first(&o->holders, ordinals_hash(o, kind, namespace, name));

    for (; n; n = map_next(n)) {
        struct holder *h = holder_of(n);
        if (h->kind == kind && strcmp(h->namespace, namespace) == 0 &&
            strcmp(h->name, name) == 0)
            return h;
    }
    return NULL;
}

struct holder *holder_new(struct ordinals *o, const struct object *of)
{
    const bool vip = of->kind == OBJECT_SERVICE;
    const size_t size = vip ? sizeof(struct vip) : sizeof(struct workload);
    const size_t namespace_size = strlen(of->namespace) + 1;
    const size_t name_size = strlen(of->name) + 1;
    struct holder *h = calloc(1, size + namespace_size + name_size);

    if (!h)
        return NULL;
    char *text = (char *)h + size;
    h->kind = of->kind;
    h->namespace = memcpy(text, of->namespace, namespace_size);
    h->name = memcpy(text + namespace_size, of->name, name_size);
    if (vip)
        vip_of(h)->face.of = FACE_VIP;
    else
        workload_of(h)->face.of = FACE_WORKLOAD;
    h->node.hash = ordinals_hash(o, h->kind, h->namespace, h->name);
    map_insert(&o->holders, &h->node);
    return h;
}

int holder_compare(const struct holder *a, const struct holder *b)
{
    int rc = strcmp(a->namespace, b->namespace);

    if (rc == 0)
        rc = strcmp(a->name, b->name);
    return rc ? rc : a->kind - b->kind;
}

void ordinals_due(struct ordinals *o, struct holder *h)
{
    if (!h->due.link)
        list_link(&o->due, &h->due);
}

void face_changed(struct ordinals *o, struct face *f)
{
    if (!f->dirty.link)
        list_link(&o->dirty, &f->dirty);
}

struct pod **ordinals_scratch(struct ordinals *o, size_t n)
{
    if (n < o->scratch_room)
        return o->scratch;
    // Grown by the half at least: a workload is scaled again and again. One
    // more: no pods is not the same as no memory.
    const size_t room = n + n / 2 + 1;
    struct pod **p = realloc(o->scratch, room * sizeof(struct pod *));
    if (!p)
        return NULL;
    o->scratch = p;
    o->scratch_room = room;
    return p;
}

static int each_pod(const struct workload *w,
                    int (*visit)(void *context, const struct object *object),
                    void *context)
{
    int rc = 0;

    for (const struct pod *p = pod_of_node(w->pods); p && !rc;
         p = pod_of_node(p->node.next))
        if (p->face.told)
            rc = visit(context, &p->face.told->object);
    return rc;
}

static const struct face *holder_face(struct holder *h)
{
    return is_vip(h) ? &vip_of(h)->face : &workload_of(h)->face;
}

int ordinals_each(const struct ordinals *o,
                  int (*visit)(void *context, const struct object *object),
                  void *context)
{
    struct map_node *n = NULL;
    int rc = 0;

    while (!rc && (n = map_walk(&o->holders, n))) {
        struct holder *h = holder_of(n);
        const struct told *told = holder_face(h)->told;
        if (told)
            rc = visit(context, &told->object);
        if (!rc && !is_vip(h))
            rc = each_pod(workload_of(h), visit, context);
    }
    return rc;
}

bool ordinals_is_copy(const struct ordinals *o, const struct object *object)
{
    struct holder *h =
        holder_find(o, object->kind, object->namespace, object->name);
    const struct told *told = h ? holder_face(h)->told : NULL;

    return told && &told->object == object;
}
