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

uint64_t vip_digest(const struct vip *v)
{
    uint64_t h = v->holder.digest;

    if (!v->object || (!v->grants[0] && !v->grants[1]))
        return 0;
    for (unsigned f = 0; f < POOL_FAMILIES; f++)
        if (v->grants[f])
            h = hash_bytes(h, &v->grants[f]->address.family,
                           sizeof v->grants[f]->address);
    return h ? h : 1;
}

struct told *vip_object(const struct ordinals *o, const struct vip *v)
{
    const struct families order = families_of(o, &v->object->service);
    struct told *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    arena_init(&t->arena, SIZE_MAX);
    t->object = *v->object;
    if (!copy_object(&t->arena, &t->object)) {
        told_free(t);
        return NULL;
    }
    for (uint8_t i = 0; i < order.n; i++) {
        const struct grant *g = v->grants[family_index(order.family[i])];
        if (g)
            t->object.service.addresses[t->object.service.addresses_n++] =
                g->address;
    }
    t->object.digest = vip_digest(v);
    return t;
}

static void give_back(struct ordinals *o, struct vip *v, unsigned f)
{
    struct grant *g = v->grants[f];

    if (!g)
        return;
    v->grants[f] = NULL;
    face_changed(o, &v->face);
    ledger_leave(&o->ledger, g);
}

void vip_loosen(struct ordinals *o, struct vip *v)
{
    bool keep[POOL_FAMILIES] = {false};

    if (!v->object)
        return;
    const struct families wanted = families_of(o, &v->object->service);
    for (uint8_t i = 0; i < wanted.n; i++)
        keep[family_index(wanted.family[i])] = true;
    for (unsigned f = 0; f < POOL_FAMILIES; f++)
        if (!keep[f])
            give_back(o, v, f);
}

void vip_retire(struct ordinals *o, struct vip *v)
{
    for (unsigned f = 0; f < POOL_FAMILIES; f++)
        give_back(o, v, f);
    if (v->holder.due.link)
        list_unlink(&v->holder.due);
    v->face.gone = true;
    if (v->face.told)
        face_changed(o, &v->face);
    else if (v->face.dirty.link)
        list_unlink(&v->face.dirty);
    map_remove(&o->holders, &v->holder.node);
    v->holder.link = o->retired;
    o->retired = &v->holder;
}

// Keep the address of a family, or ask its range for one.
static int choose(struct ordinals *o, struct vip *v, unsigned f,
                  struct lack lacks[POOL_FAMILIES][LACK_REASONS])
{
    struct grant *g;

    if (v->grants[f])
        return 0;
    int rc = range_give(&o->services[f], &o->ledger, &v->holder, &g);
    if (rc)
        return rc;
    if (!g) {
        lacks[f][range_exists(&o->services[f]) ? LACK_FULL : LACK_RANGE].n = 1;
        return 0;
    }
    g->user = &v->face;
    v->grants[f] = g;
    face_changed(o, &v->face);
    return 0;
}

int vip_fill(struct ordinals *o, struct vip *v)
{
    struct lack lacks[POOL_FAMILIES][LACK_REASONS] = {0};

    // Only a step with an input knows what it wants.
    if (!v->object)
        return 0;
    const struct families order = families_of(o, &v->object->service);
    for (uint8_t i = 0; i < order.n; i++) {
        int rc = choose(o, v, family_index(order.family[i]), lacks);
        if (rc) {
            v->wanting = true;
            return rc;
        }
    }
    vip_tell(o, v, (const struct lack(*)[LACK_REASONS])lacks);
    memcpy(v->lacks, lacks, sizeof v->lacks);
    v->wanting = lacks_any((const struct lack(*)[LACK_REASONS])lacks);
    return 0;
}
