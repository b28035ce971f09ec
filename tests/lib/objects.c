// SPDX-License-Identifier: Apache-2.0
#include "lib/objects.h"

#include "base/arena.h"
#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct made {
    struct arena arena;
    struct object object;
};

static struct arena *arena_of(struct object *o)
{
    return &ORD_CONTAINER(o, struct made, object)->arena;
}

static void *need(void *p)
{
    if (!p)
        abort();
    return p;
}

const char *object_text(struct object *o, const char *text)
{
    return need(arena_text(arena_of(o), text, strlen(text)));
}

// Room for one more member of an array of at most OBJECTS_MANY.
static void *add(struct object *o, const void **items, uint32_t *n, size_t size)
{
    if (!*items)
        *items = need(arena_array(arena_of(o), OBJECTS_MANY, size));
    if (*n >= OBJECTS_MANY)
        abort();
    return (char *)(uintptr_t)*items + size * (*n)++;
}

// An Endpoints object of these tests has one slice.
static struct slice_facts *slice_of(struct object *o)
{
    if (o->kind == OBJECT_ENDPOINT_SLICE)
        return &o->slice;
    return (struct slice_facts *)(uintptr_t)o->endpoints.slices;
}

struct object *object_make(enum object_kind kind, const char *namespace,
                           const char *name)
{
    struct made *m = need(calloc(1, sizeof *m));
    struct object *o = &m->object;

    arena_init(&m->arena, (size_t)1 << 30);
    o->kind = (uint8_t)kind;
    o->namespace = object_text(o, namespace);
    o->name = object_text(o, name);
    o->owner_kind = o->owner_name = "";
    o->at = (struct place){.file = "test"};
    if (kind == OBJECT_SERVICE) {
        o->service.external_name = "";
    } else if (kind == OBJECT_ENDPOINT_SLICE) {
        o->slice.service = "";
        o->slice.family = FAMILY_IPV4;
    } else if (kind == OBJECT_ENDPOINTS) {
        struct slice_facts *s = need(arena_alloc(&m->arena, sizeof *s));
        *s = (struct slice_facts){.service = o->name, .family = FAMILY_IPV4};
        o->endpoints = (struct endpoints_facts){.slices = s, .slices_n = 1};
    } else if (kind == OBJECT_POD) {
        o->pod.hostname = o->pod.subdomain = o->pod.reason = "";
        o->pod.phase = POD_RUNNING;
        o->pod.ready = true;
    } else if (kind != OBJECT_NAMESPACE) {
        o->workload.service = "";
        o->workload.rules = kind == OBJECT_STATEFUL_SET ? &stateful_set_rules
                                                        : &deployment_rules;
    }
    return o;
}

void object_drop(struct object *o)
{
    if (!o)
        return;
    arena_release(arena_of(o));
    free(ORD_CONTAINER(o, struct made, object));
}

static void add_label(struct object *o, struct labels *labels, const char *key,
                      const char *value)
{
    struct label *l =
        add(o, (const void **)&labels->items, &labels->n, sizeof *l);
    l->key = object_text(o, key);
    l->value = object_text(o, value);
}

void object_label(struct object *o, const char *key, const char *value)
{
    add_label(o, &o->labels, key, value);
}

void object_select(struct object *o, const char *key, const char *value)
{
    o->service.has_selector = true;
    add_label(o, &o->service.selector, key, value);
}

void object_port(struct object *o, const char *name, uint16_t number,
                 enum protocol protocol, const char *target)
{
    struct service_port *p = add(o, (const void **)&o->service.ports,
                                 &o->service.ports_n, sizeof *p);
    const bool named = *target && (*target < '0' || *target > '9');

    *p = (struct service_port){
        .name = object_text(o, name),
        .number = number,
        .target = named ? 0 : (uint16_t)atoi(target),
        .target_name = object_text(o, named ? target : ""),
        .protocol = (uint8_t)protocol,
    };
}

void object_number(struct object *o, const char *name, uint16_t number,
                   enum protocol protocol)
{
    if (o->kind == OBJECT_POD) {
        struct container_port *p =
            add(o, (const void **)&o->pod.ports, &o->pod.ports_n, sizeof *p);
        *p = (struct container_port){.name = object_text(o, name),
                                     .number = number,
                                     .protocol = (uint8_t)protocol};
    } else {
        struct slice_facts *s = slice_of(o);
        struct slice_port *p =
            add(o, (const void **)&s->ports, &s->ports_n, sizeof *p);
        *p = (struct slice_port){.name = object_text(o, name),
                                 .number = number,
                                 .protocol = (uint8_t)protocol};
    }
}

void object_address(struct object *o, const char *text)
{
    uint8_t *n =
        o->kind == OBJECT_POD ? &o->pod.addresses_n : &o->service.addresses_n;
    struct address *all =
        o->kind == OBJECT_POD ? o->pod.addresses : o->service.addresses;

    if (*n >= 2 || !address_parse(text, &all[*n]))
        abort();
    ++*n;
}

void object_endpoint(struct object *o, const char *hostname, const char *pod,
                     const char *address, bool ready)
{
    struct slice_facts *s = slice_of(o);
    struct endpoint *e =
        add(o, (const void **)&s->endpoints, &s->endpoints_n, sizeof *e);
    struct address a;

    if (!address_parse(address, &a))
        abort();
    uint8_t *octets = need(arena_bytes(arena_of(o), address_size(&a)));
    memcpy(octets, a.octets, address_size(&a));
    *e = (struct endpoint){.hostname = object_text(o, hostname),
                           .pod = object_text(o, pod),
                           .addresses = octets,
                           .addresses_n = 1,
                           .ready = ready,
                           .serving = ready};
}

static void mix(uint64_t *h, const void *p, size_t n)
{
    *h = hash_bytes(*h, p, n);
}

static void mix_text(uint64_t *h, const char *text)
{
    mix(h, text, strlen(text) + 1);
}

static void mix_number(uint64_t *h, uint64_t number)
{
    mix(h, &number, sizeof number);
}

static void mix_labels(uint64_t *h, struct labels labels)
{
    mix_number(h, labels.n);
    for (uint32_t i = 0; i < labels.n; i++) {
        mix_text(h, labels.items[i].key);
        mix_text(h, labels.items[i].value);
    }
}

static void mix_addresses(uint64_t *h, const struct address *a, uint8_t n)
{
    mix_number(h, n);
    for (uint8_t i = 0; i < n; i++) {
        mix_number(h, a[i].family);
        mix(h, a[i].octets, sizeof a[i].octets);
    }
}

static void mix_service(uint64_t *h, const struct service_facts *s)
{
    mix_number(h, s->type);
    mix_number(h, s->policy);
    mix_number(h, s->publish_not_ready_addresses);
    mix_number(h, s->has_selector);
    mix(h, s->families, s->families_n);
    mix_addresses(h, s->addresses, s->addresses_n);
    mix_text(h, s->external_name);
    mix_labels(h, s->selector);
    for (uint32_t i = 0; i < s->ports_n; i++) {
        mix_text(h, s->ports[i].name);
        mix_number(h, s->ports[i].number);
        mix_number(h, s->ports[i].target);
        mix_text(h, s->ports[i].target_name);
        mix_number(h, s->ports[i].protocol);
    }
}

static void mix_slice(uint64_t *h, const struct slice_facts *s)
{
    mix_text(h, s->service);
    mix_number(h, s->family);
    for (uint32_t i = 0; i < s->ports_n; i++) {
        mix_text(h, s->ports[i].name);
        mix_number(h, s->ports[i].number);
        mix_number(h, s->ports[i].protocol);
    }
    for (uint32_t i = 0; i < s->endpoints_n; i++) {
        const struct endpoint *e = &s->endpoints[i];
        mix_text(h, e->hostname);
        mix_text(h, e->pod);
        mix(h, e->addresses, s->family == FAMILY_IPV6 ? 16 : 4);
        mix_number(h, e->ready);
        mix_number(h, e->serving);
        mix_number(h, e->terminating);
    }
}

static void mix_pod(uint64_t *h, const struct pod_facts *p)
{
    mix_text(h, p->hostname);
    mix_text(h, p->subdomain);
    mix_number(h, p->phase);
    mix_number(h, p->ready);
    mix_number(h, p->terminating);
    mix_number(h, p->since_unix_s);
    mix_text(h, p->reason);
    mix_addresses(h, p->addresses, p->addresses_n);
    for (uint32_t i = 0; i < p->ports_n; i++) {
        mix_text(h, p->ports[i].name);
        mix_number(h, p->ports[i].number);
        mix_number(h, p->ports[i].protocol);
    }
}

static void mix_workload(uint64_t *h, const struct workload_facts *w)
{
    mix_number(h, w->replicas);
    mix_number(h, w->start);
    mix_text(h, w->service);
    mix_labels(h, w->pod_labels);
    mix_number(h, w->rules->parallel);
    mix_number(h, w->revision);
}

struct object *object_done(struct object *o)
{
    uint64_t h = o->kind;

    mix_labels(&h, o->labels);
    mix_text(&h, o->owner_kind);
    mix_text(&h, o->owner_name);
    if (o->kind == OBJECT_SERVICE)
        mix_service(&h, &o->service);
    else if (o->kind == OBJECT_ENDPOINT_SLICE)
        mix_slice(&h, &o->slice);
    else if (o->kind == OBJECT_ENDPOINTS)
        mix_slice(&h, o->endpoints.slices);
    else if (o->kind == OBJECT_POD)
        mix_pod(&h, &o->pod);
    else if (o->kind != OBJECT_NAMESPACE)
        mix_workload(&h, &o->workload);
    o->digest = h ? h : 1;
    return o;
}
