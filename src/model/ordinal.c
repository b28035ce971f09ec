// SPDX-License-Identifier: Apache-2.0
// The life of struct ordinals and of those who hold addresses; how they move on
// is ordinal_step.c's affair.
#include "model/ordinal.h"

#include "base/hash.h"
#include "ordinal_state.h"

#include <assert.h>
#include <errno.h>
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
    init_ranges(o->pods, o->pods_order, s->pod_cidrs, s->pod_cidrs_n);
    init_ranges(o->services, o->services_order, s->service_cidrs,
                s->service_cidrs_n);
    return o;
}

void holder_free(struct holder *h)
{
    if (is_vip(h))
        vip_free(vip_of(h));
    else
        workload_free(workload_of(h));
}

static void free_with_all(struct holder *h)
{
    if (is_vip(h)) {
        copy_free(vip_of(h)->now);
    } else {
        const struct workload_state *s = &workload_of(h)->now;
        for (uint32_t i = 0; i < s->pods_n; i++)
            pod_free(s->pods[i]);
    }
    holder_free(h);
}

void ordinals_free(struct ordinals *o)
{
    struct holder *next;

    if (!o)
        return;
    ledger_release(&o->ledger);
    for (struct holder *h = holder_of(map_walk(&o->holders, NULL)); h;
         h = next) {
        next = holder_of(map_walk(&o->holders, &h->node));
        free_with_all(h);
    }
    map_release(&o->holders);
    free(o);
}

static uint64_t holder_hash(const struct ordinals *o, uint8_t kind,
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
        map_first(&o->holders, holder_hash(o, kind, namespace, name));

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
    const size_t size = of->kind == OBJECT_SERVICE ? sizeof(struct vip)
                                                   : sizeof(struct workload);
    const size_t namespace_size = strlen(of->namespace) + 1;
    const size_t name_size = strlen(of->name) + 1;
    struct holder *h = calloc(1, size + namespace_size + name_size);

    if (!h)
        return NULL;
    char *text = (char *)h + size;
    h->kind = of->kind;
    h->namespace = memcpy(text, of->namespace, namespace_size);
    h->name = memcpy(text + namespace_size, of->name, name_size);
    h->born = o->step;
    h->node.hash = holder_hash(o, h->kind, h->namespace, h->name);
    map_insert(&o->holders, &h->node);
    return h;
}

int ordinals_each(const struct ordinals *o,
                  int (*visit)(void *context, const struct object *object),
                  void *context)
{
    struct map_node *n = NULL;
    int rc = 0;

    while (!rc && (n = map_walk(&o->holders, n))) {
        struct holder *h = holder_of(n);
        if (is_vip(h)) {
            if (vip_of(h)->now)
                rc = visit(context, &vip_of(h)->now->object);
            continue;
        }
        const struct workload_state *s = &workload_of(h)->now;
        for (uint32_t i = 0; i < s->pods_n && !rc; i++)
            rc = visit(context, &s->pods[i]->object);
    }
    return rc;
}

// --- to come ---------------------------------------------------------------

uint64_t ordinals_next_ms(const struct ordinals *o)
{
    (void)o;
    return UINT64_MAX;
}

int ordinals_scale(struct ordinals *o, struct ordinals_target workload,
                   uint32_t replicas, uint32_t *was, struct error *err)
{
    (void)o;
    (void)workload;
    (void)replicas;
    (void)was;
    return error_set(err, -ENOENT, "not yet");
}

int ordinals_restart(struct ordinals *o, struct ordinals_target workload,
                     struct error *err)
{
    (void)o;
    (void)workload;
    return error_set(err, -ENOENT, "not yet");
}

int ordinals_delete_pod(struct ordinals *o, struct ordinals_target pod,
                        struct error *err)
{
    return ordinals_restart(o, pod, err);
}

int ordinals_fail_pod(struct ordinals *o, struct ordinals_target pod,
                      struct error *err)
{
    return ordinals_restart(o, pod, err);
}

void ordinals_probed(struct ordinals *o, uint64_t ticket, bool success)
{
    (void)o;
    (void)ticket;
    (void)success;
}

int ordinals_look(const struct ordinals *o, const struct ordinals_target *only,
                  int (*workload)(void *context,
                                  const struct ordinals_workload_state *w),
                  int (*pod)(void *context, const struct ordinals_pod_state *p),
                  void *context)
{
    (void)o;
    (void)only;
    (void)workload;
    (void)pod;
    (void)context;
    return 0;
}

int ordinals_claims(const struct ordinals *o,
                    int (*claim)(void *context, const char *namespace,
                                 const char *name, const char *pod),
                    void *context)
{
    (void)o;
    (void)claim;
    (void)context;
    return 0;
}

int ordinals_find_pod(const struct ordinals *o, struct ordinals_target target,
                      const struct object **out, struct error *err)
{
    (void)o;
    (void)target;
    (void)out;
    return error_set(err, -ENOENT, "not yet");
}

bool ordinals_is_copy(const struct ordinals *o, const struct object *object)
{
    const struct holder *h =
        object->kind == OBJECT_SERVICE
            ? holder_find(o, OBJECT_SERVICE, object->namespace, object->name)
            : NULL;

    return h && ((const struct vip *)(const void *)h)->now &&
           &((const struct vip *)(const void *)h)->now->object == object;
}
