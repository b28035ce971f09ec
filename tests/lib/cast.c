// SPDX-License-Identifier: Apache-2.0
#include "lib/cast.h"

#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t cast_draw(struct cast *c, uint32_t below)
{
    c->random = c->random * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(c->random >> 33) % below;
}

bool cast_one_in(struct cast *c, uint32_t n)
{
    return cast_draw(c, n) == 0;
}

static struct pod_amount draw_amount(struct cast *c)
{
    static const struct pod_amount some[] = {{0, false}, {1, false}, {1, false},
                                             {2, false}, {25, true}, {50, true},
                                             {100, true}};

    return some[cast_draw(c, ORD_COUNT(some))];
}

static uint32_t draw_ms(struct cast *c, uint32_t most)
{
    return cast_one_in(c, 3) ? 1 + cast_draw(c, most) : 0;
}

static void draw_probe(struct cast *c, struct made *m)
{
    m->probe = (struct probe){.kind = PROBE_TCP,
                              .port = 80,
                              .host = "",
                              .path = "",
                              .service = "",
                              .initial_delay_s = cast_draw(c, 2),
                              .period_s = 1 + cast_draw(c, 2),
                              .timeout_s = 1,
                              .success_threshold = 1 + cast_draw(c, 2),
                              .failure_threshold = 1 + cast_draw(c, 2)};
    m->rules.probes = &m->probe;
    m->rules.probes_n = 1;
}

static void draw_rules(struct cast *c, struct made *m, enum object_kind kind)
{
    static const uint8_t strategies[] = {UPDATE_ROLLING, UPDATE_ROLLING,
                                         UPDATE_ROLLING, UPDATE_RECREATE};
    static const char *const claims[] = {"data"};
    const bool set = kind == OBJECT_STATEFUL_SET;
    struct workload_rules *r = &m->rules;

    *r = set ? stateful_set_rules : deployment_rules;
    r->strategy = strategies[cast_draw(c, ORD_COUNT(strategies))];
    if (set && r->strategy == UPDATE_RECREATE)
        r->strategy = UPDATE_ON_DELETE;
    r->parallel = set && cast_one_in(c, 3);
    r->paused = kind == OBJECT_DEPLOYMENT && cast_one_in(c, 8);
    r->partition = set && cast_one_in(c, 3) ? cast_draw(c, 4) : 0;
    if (cast_one_in(c, 2))
        r->max_unavailable = draw_amount(c);
    if (kind == OBJECT_DEPLOYMENT && cast_one_in(c, 2))
        r->max_surge = draw_amount(c);
    r->min_ready_s = cast_one_in(c, 4) ? 1 + cast_draw(c, 2) : 0;
    r->address_after_ms = draw_ms(c, 500);
    r->ready_after_ms = draw_ms(c, 3000);
    r->gone_after_ms = draw_ms(c, 2000);
    r->claims = claims;
    r->claims_n = set && cast_one_in(c, 2);
    r->delete_claims_when_scaled = cast_one_in(c, 3);
    r->delete_claims_when_deleted = cast_one_in(c, 3);
    if (cast_one_in(c, 4))
        draw_probe(c, m);
}

struct address cast_address(uint32_t i)
{
    struct address a = {.family = FAMILY_IPV4, .octets = {10, 0, 0, 0}};

    // Half of them are in the range that pods get addresses from.
    a.octets[2] = (uint8_t)(i % 2);
    a.octets[3] = (uint8_t)(1 + i);
    return a;
}

static void draw_addresses(struct cast *c, struct made *m)
{
    struct workload_facts *w = &m->object.workload;
    const uint32_t first = cast_draw(c, 8);

    w->addresses = m->addresses;
    w->addresses_n = cast_one_in(c, 4) ? 1 + cast_draw(c, 3) : 0;
    for (uint32_t i = 0; i < w->addresses_n; i++)
        m->addresses[i] = cast_address(first + i);
}

static void name_template(struct made *m, uint64_t revision)
{
    struct workload_facts *w = &m->object.workload;

    w->revision = revision;
    snprintf(m->rev, sizeof m->rev, "%llu", (unsigned long long)revision);
    m->labels[0] = (struct label){.key = "app", .value = "svc"};
    m->labels[1] = (struct label){.key = "rev", .value = m->rev};
    w->pod_labels = (struct labels){.items = m->labels, .n = 2};
}

static void retire(struct cast *c, struct slot *s)
{
    if (s->made) {
        s->made->retired = c->retired;
        c->retired = s->made;
    }
    s->made = NULL;
    c->changed = true;
}

struct made *cast_renew(struct cast *c, struct slot *s)
{
    struct made *m = calloc(1, sizeof *m);
    const struct made *was = s->made;

    if (!m)
        abort();
    if (was)
        *m = *was;
    m->retired = NULL;
    struct object *o = &m->object;
    o->kind = (uint8_t)s->kind;
    o->namespace = "ns";
    o->name = s->name;
    o->owner_kind = o->owner_name = "";
    o->at = (struct place){.file = "test"};
    o->digest = ++c->version;
    o->workload.service = s->kind == OBJECT_STATEFUL_SET ? "svc" : "";
    if (!was) {
        o->workload.replicas = cast_draw(c, 5);
        draw_rules(c, m, s->kind);
        draw_addresses(c, m);
        name_template(m, 1);
    } else {
        name_template(m, was->object.workload.revision);
        o->workload.addresses = m->addresses;
        if (m->rules.probes_n)
            m->rules.probes = &m->probe;
    }
    o->workload.rules = &m->rules;
    retire(c, s);
    s->made = m;
    return m;
}

void cast_sweep(struct cast *c)
{
    for (struct made *m = c->retired, *next; m; m = next) {
        next = m->retired;
        free(m);
    }
    c->retired = NULL;
}

void cast_change(struct cast *c, struct slot *s)
{
    struct made *m = cast_renew(c, s);
    struct workload_facts *w = &m->object.workload;

    switch (cast_draw(c, 8)) {
    case 0:
    case 1:
    case 2:
        w->replicas = cast_one_in(c, 6) ? cast_draw(c, 8) : cast_draw(c, 5);
        break;
    case 3:
        if (s->kind == OBJECT_STATEFUL_SET)
            w->start = cast_draw(c, 4);
        break;
    case 4:
    case 5: // a new template, or one that was
        name_template(m, cast_one_in(c, 4) && w->revision > 1 ? w->revision - 1
                                                              : ++c->version);
        s->broken = cast_one_in(c, 3);
        break;
    case 6:
        draw_rules(c, m, s->kind);
        break;
    default:
        draw_addresses(c, m);
    }
}

void cast_break(struct cast *c, struct slot *s)
{
    struct made *m = cast_renew(c, s);

    name_template(m, ++c->version);
    draw_probe(c, m);
    s->broken = true;
}

void cast_come_or_go(struct cast *c, struct slot *s)
{
    if (!s->made)
        (void)cast_renew(c, s);
    else if (cast_one_in(c, 4))
        retire(c, s);
}

void cast_open(struct cast *c, uint64_t seed)
{
    static const struct slot slots[CAST_SLOTS] = {
        {.kind = OBJECT_STATEFUL_SET, .name = "a"},
        {.kind = OBJECT_DEPLOYMENT, .name = "d"},
        {.kind = OBJECT_REPLICA_SET, .name = "r"},
        {.kind = OBJECT_STATEFUL_SET, .name = "a-1"},
        {.kind = OBJECT_REPLICATION_CONTROLLER, .name = "c"},
        {.kind = OBJECT_DEPLOYMENT, .name = "e"},
        {.kind = OBJECT_STATEFUL_SET, .name = "b"},
        {.kind = OBJECT_DEPLOYMENT, .name = "f"},
    };

    *c = (struct cast){.random = seed * 0x9e3779b97f4a7c15, .version = 1};
    c->slots_n = 1 + cast_draw(c, CAST_SLOTS);
    // any of them may be the only one
    const uint32_t first = cast_draw(c, CAST_SLOTS - c->slots_n + 1);
    memcpy(c->slots, slots + first, c->slots_n * sizeof *slots);
    for (uint32_t i = 0; i < c->slots_n; i++)
        if (cast_one_in(c, 2))
            (void)cast_renew(c, &c->slots[i]);
}

void cast_close(struct cast *c)
{
    for (uint32_t i = 0; i < c->slots_n; i++)
        retire(c, &c->slots[i]);
    cast_sweep(c);
}
