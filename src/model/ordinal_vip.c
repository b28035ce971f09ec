// SPDX-License-Identifier: Apache-2.0
// The address of a ClusterIP service that names none: a copy of the whole
// service with the address filled in.
#include "base/hash.h"
#include "ordinal_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// The families that a service is to have, the primary one first; a family
// without a range is among them where the service insists on it.
struct families {
    uint8_t family[POOL_FAMILIES];
    uint8_t n;
};

static void add_family(struct families *out, uint8_t family)
{
    for (uint8_t i = 0; i < out->n; i++)
        if (out->family[i] == family)
            return;
    if (family && out->n < POOL_FAMILIES)
        out->family[out->n++] = family;
}

static struct families families_of(const struct ordinals *o,
                                   const struct service_facts *s)
{
    struct families out = {.n = 0};

    for (uint8_t i = 0; i < s->families_n; i++)
        add_family(&out, s->families[i]);
    if (out.n == 0)
        add_family(&out, o->services_order[0]);
    if (s->policy == IP_FAMILY_PREFER_DUAL ||
        s->policy == IP_FAMILY_REQUIRE_DUAL)
        for (unsigned i = 0; i < POOL_FAMILIES; i++)
            add_family(&out, o->services_order[i]);
    if (s->policy == IP_FAMILY_REQUIRE_DUAL) {
        add_family(&out, FAMILY_IPV4);
        add_family(&out, FAMILY_IPV6);
    }
    // No range at all: say that the ordinary family is missing.
    if (out.n == 0)
        add_family(&out, FAMILY_IPV4);
    return out;
}

void copy_free(struct copy *c)
{
    if (!c)
        return;
    arena_release(&c->arena);
    free(c);
}

static bool copy_labels(struct arena *a, struct labels *labels)
{
    struct label *items = arena_array(a, labels->n, sizeof *items);

    for (uint32_t i = 0; items && i < labels->n; i++) {
        items[i].key = arena_text_dup(a, labels->items[i].key);
        items[i].value = arena_text_dup(a, labels->items[i].value);
        if (!items[i].key || !items[i].value)
            return false;
    }
    labels->items = items;
    return items != NULL;
}

static bool copy_ports(struct arena *a, struct service_facts *s)
{
    struct service_port *ports = arena_array(a, s->ports_n, sizeof *ports);

    for (uint32_t i = 0; ports && i < s->ports_n; i++) {
        ports[i] = s->ports[i];
        ports[i].name = arena_text_dup(a, ports[i].name);
        ports[i].target_name = arena_text_dup(a, ports[i].target_name);
        if (!ports[i].name || !ports[i].target_name)
            return false;
    }
    s->ports = ports;
    return ports != NULL;
}

// Replace all that the object points at by copies in the arena.
static bool copy_object(struct arena *a, struct object *o)
{
    if (o->at.file) {
        o->at.file = arena_text_dup(a, o->at.file);
        if (!o->at.file)
            return false;
    }
    o->namespace = arena_text_dup(a, o->namespace);
    o->name = arena_text_dup(a, o->name);
    o->owner_kind = arena_text_dup(a, o->owner_kind);
    o->owner_name = arena_text_dup(a, o->owner_name);
    o->service.external_name = arena_text_dup(a, o->service.external_name);
    return o->namespace && o->name && o->owner_kind && o->owner_name &&
           o->service.external_name && copy_labels(a, &o->labels) &&
           copy_labels(a, &o->service.selector) && copy_ports(a, &o->service);
}

// The copy's facts are the service's and the addresses.
static uint64_t copy_digest(const struct object *o, uint64_t service_digest)
{
    uint64_t h = service_digest;

    for (uint8_t i = 0; i < o->service.addresses_n; i++)
        h = hash_bytes(h, &o->service.addresses[i].family,
                       sizeof o->service.addresses[i]);
    return h ? h : 1;
}

static struct copy *copy_new(const struct object *service)
{
    struct copy *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    arena_init(&c->arena, SIZE_MAX);
    c->object = *service;
    if (!copy_object(&c->arena, &c->object)) {
        copy_free(c);
        return NULL;
    }
    return c;
}

static void drop_range(struct ordinals *o, const struct copy *c, unsigned f)
{
    if (c->range[f] && c->range[f]->held)
        ledger_drop(&o->ledger, c->range[f]);
}

void vip_loosen(struct ordinals *o, struct vip *v)
{
    const struct families wanted = families_of(o, &v->holder.object->service);
    bool keep[POOL_FAMILIES] = {false};

    for (uint8_t i = 0; i < wanted.n; i++)
        keep[family_index(wanted.family[i])] = true;
    for (unsigned f = 0; v->now && f < POOL_FAMILIES; f++)
        if (!keep[f])
            drop_range(o, v->now, f);
}

static void copy_goes(struct ordinals *o, struct copy *c)
{
    c->link = o->copies_go;
    o->copies_go = c;
}

void vip_retire(struct ordinals *o, struct vip *v)
{
    for (unsigned f = 0; v->now && f < POOL_FAMILIES; f++)
        drop_range(o, v->now, f);
    if (v->now)
        copy_goes(o, v->now);
}

// Keep the address of a family, or ask its range for one; out stays NULL where
// there is none.
static int choose(struct ordinals *o, struct vip *v, unsigned f,
                  struct grant **out)
{
    struct grant *g = v->now ? v->now->range[f] : NULL;
    struct address a;

    if (g && g->held) {
        *out = g;
        return 0;
    }
    if (range_next(&o->services[f], &o->ledger, &a)) {
        *out = ledger_grant(&o->ledger, &a, &v->holder);
        return *out ? 0 : -ENOMEM;
    }
    v->lacks_next[f][o->services[f].cidr.base.family ? LACK_FULL : LACK_RANGE]
        .n = 1;
    return 0;
}

static bool is_unchanged(const struct vip *v,
                         struct grant *const range[POOL_FAMILIES])
{
    if (!v->now || v->holder.digest != v->holder.object->digest)
        return false;
    for (unsigned f = 0; f < POOL_FAMILIES; f++)
        if (v->now->range[f] != range[f])
            return false;
    return true;
}

static int make_copy(struct ordinals *o, struct vip *v,
                     struct grant *const range[POOL_FAMILIES],
                     const struct families *order)
{
    struct copy *c = copy_new(v->holder.object);

    if (!c)
        return -ENOMEM;
    for (uint8_t i = 0; i < order->n; i++) {
        const unsigned f = family_index(order->family[i]);
        c->range[f] = range[f];
        if (range[f])
            c->object.service.addresses[c->object.service.addresses_n++] =
                range[f]->address;
    }
    c->object.digest = copy_digest(&c->object, v->holder.object->digest);
    c->was = v->now;
    c->link = o->copies_come;
    o->copies_come = c;
    o->come_n++;
    v->next = c;
    return 0;
}

int vip_fill(struct ordinals *o, struct vip *v)
{
    const struct families order = families_of(o, &v->holder.object->service);
    struct grant *range[POOL_FAMILIES] = {NULL};

    for (uint8_t i = 0; i < order.n; i++) {
        const unsigned f = family_index(order.family[i]);
        int rc = choose(o, v, f, &range[f]);
        if (rc)
            return rc;
    }
    if (is_unchanged(v, range)) {
        v->next = v->now;
        return 0;
    }
    if (range[0] || range[1])
        return make_copy(o, v, range, &order);
    if (v->now)
        copy_goes(o, v->now);
    return 0;
}

void vip_commit(struct vip *v)
{
    v->now = v->next;
    v->next = NULL;
    memcpy(v->lacks_now, v->lacks_next, sizeof v->lacks_now);
    memset(v->lacks_next, 0, sizeof v->lacks_next);
    v->holder.wanting = lacks_any(v->lacks_now);
    v->holder.digest = v->holder.object->digest;
}

void vip_rollback(struct vip *v)
{
    v->next = NULL;
    memset(v->lacks_next, 0, sizeof v->lacks_next);
}

void vip_free(struct vip *v)
{
    free(v);
}
