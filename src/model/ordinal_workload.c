// SPDX-License-Identifier: Apache-2.0
// The pods of one workload. A pod is found again by its ordinal, or where it
// has none by its place; that is also its place in the annotation.
#include "ordinal_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// The longest label in DNS (RFC 1035 2.3.4); a hostname is one.
enum { LABEL_MAX = 63 };

// How many ordinals have names that are hostnames: <name>-<digits>.
static uint64_t ordinals_end(const char *name)
{
    const size_t n = strlen(name);
    uint64_t end = 1;

    if (strchr(name, '.') || n + 2 > LABEL_MAX)
        return 0;
    for (size_t digits = LABEL_MAX - n - 1; digits && end <= UINT32_MAX;
         digits--)
        end *= 10;
    return end;
}

static uint64_t first_ordinal(const struct object *o)
{
    return o->kind == OBJECT_STATEFUL_SET ? o->workload.start : 0;
}

// The API server refuses a pod whose hostname is no label: such ordinals do
// not come to be (RFC 1123 2.1: at most 63 octets).
static uint32_t count_nameable(const struct object *o)
{
    const uint64_t start = first_ordinal(o);

    if (o->kind != OBJECT_STATEFUL_SET)
        return o->workload.replicas;
    const uint64_t end = ordinals_end(o->name);
    if (start >= end)
        return 0;
    return end - start < o->workload.replicas ? (uint32_t)(end - start)
                                              : o->workload.replicas;
}

static uint32_t count_pods(const struct object *o)
{
    const uint32_t n = count_nameable(o);

    return n < ORDINALS_REPLICAS_MAX ? n : ORDINALS_REPLICAS_MAX;
}

// Whether the annotation says what these claims were made of.
static bool claims_match(const struct claims *c, const struct workload_facts *w)
{
    uint32_t n[POOL_FAMILIES] = {0};

    if (!c || c->n[0] + c->n[1] != w->addresses_n ||
        c->order[0] != w->addresses[0].family)
        return false;
    for (uint32_t i = 0; i < w->addresses_n; i++) {
        const struct address *a = &w->addresses[i];
        const unsigned f = family_index(a->family);
        if (n[f] == c->n[f] || address_compare(&c->of[f][n[f]].address, a) != 0)
            return false;
        n[f]++;
    }
    return true;
}

static struct claims *claims_new(struct workload *w)
{
    const struct workload_facts *facts = &w->holder.object->workload;
    struct claims *c =
        calloc(1, sizeof *c + facts->addresses_n * sizeof(struct grant));

    if (!c)
        return NULL;
    for (uint32_t i = 0; i < facts->addresses_n; i++) {
        const uint8_t family = facts->addresses[i].family;
        if (c->n[family_index(family)]++ == 0)
            c->order[c->families_n++] = family;
    }
    c->of[0] = (struct grant *)(void *)(c + 1);
    c->of[1] = c->of[0] + c->n[0];
    struct grant *next[POOL_FAMILIES] = {c->of[0], c->of[1]};
    for (uint32_t i = 0; i < facts->addresses_n; i++) {
        const struct address *a = &facts->addresses[i];
        *next[family_index(a->family)]++ = (struct grant){
            .holder = &w->holder, .address = *a, .declared = true};
    }
    return c;
}

static void drop_claims(struct ledger *l, const struct claims *c)
{
    for (unsigned f = 0; c && f < POOL_FAMILIES; f++)
        for (uint32_t i = 0; i < c->n[f]; i++)
            if (c->of[f][i].held)
                ledger_drop(l, &c->of[f][i]);
}

static int prepare_claims(struct ordinals *o, struct workload *w)
{
    const struct workload_facts *facts = &w->holder.object->workload;

    if (facts->addresses_n && claims_match(w->now.claims, facts)) {
        w->next.claims = w->now.claims;
        return 0;
    }
    if (facts->addresses_n) {
        w->next.claims = claims_new(w);
        if (!w->next.claims)
            return -ENOMEM;
    }
    drop_claims(&o->ledger, w->now.claims);
    return 0;
}

int workload_prepare(struct ordinals *o, struct workload *w)
{
    const struct object *object = w->holder.object;
    struct template *now = w->now.template;

    if (now && now->digest == template_digest(object, o->seed))
        w->next.template = template_share(now);
    else
        w->next.template = template_new(object, o->seed);
    if (!w->next.template)
        return -ENOMEM;
    w->next.pods_n = count_pods(object);
    // One more: no pods is not the same as no memory.
    w->next.pods = calloc((size_t)w->next.pods_n + 1, sizeof(struct pod *));
    if (!w->next.pods)
        return -ENOMEM;
    return prepare_claims(o, w);
}

void workload_claim(struct ordinals *o, struct workload *w)
{
    struct claims *c = w->next.claims;

    for (unsigned f = 0; c && f < POOL_FAMILIES; f++) {
        for (uint32_t i = 0; i < c->n[f]; i++) {
            struct grant *g = &c->of[f][i];
            if (g->held)
                continue;
            struct grant *rival = ledger_find(&o->ledger, &g->address);
            if (rival && rival->declared)
                continue;
            if (rival)
                ordinals_evict(o, rival);
            ledger_hold(&o->ledger, g);
        }
    }
}

static void drop_range(struct ledger *l, const struct pod *p, unsigned f)
{
    if (p->range[f] && p->range[f]->held)
        ledger_drop(l, p->range[f]);
}

// Whether the annotation has an entry of that family for that place.
static bool is_declared(const struct claims *c, unsigned f, uint64_t place)
{
    return c && place < c->n[f];
}

void workload_loosen(struct ordinals *o, struct workload *w)
{
    const uint64_t start = first_ordinal(w->holder.object);

    for (uint32_t i = 0; i < w->now.pods_n; i++) {
        const struct pod *p = w->now.pods[i];
        // Below the start the difference wraps round and is out of range, too.
        const uint64_t place = p->ordinal - start;
        for (unsigned f = 0; f < POOL_FAMILIES; f++)
            if (place >= w->next.pods_n ||
                is_declared(w->next.claims, f, place))
                drop_range(&o->ledger, p, f);
    }
}

static void pod_goes(struct ordinals *o, struct pod *p)
{
    p->link = o->pods_go;
    o->pods_go = p;
}

void workload_retire(struct ordinals *o, struct workload *w)
{
    drop_claims(&o->ledger, w->now.claims);
    for (uint32_t i = 0; i < w->now.pods_n; i++) {
        for (unsigned f = 0; f < POOL_FAMILIES; f++)
            drop_range(&o->ledger, w->now.pods[i], f);
        pod_goes(o, w->now.pods[i]);
    }
}

// The addresses that a pod is to have.
struct choice {
    struct address addresses[POOL_FAMILIES];
    uint8_t n;
    struct grant *range[POOL_FAMILIES];
};

static void lacks(struct workload *w, unsigned f, enum lack_reason why,
                  uint32_t place)
{
    struct lack *l = &w->next.lacks[f][why];

    if (l->n++ == 0)
        l->first = place;
}

// Keep the address that the range gave, or ask for one.
static int choose_from_range(struct ordinals *o, struct workload *w,
                             uint32_t place, const struct pod *was, unsigned f,
                             struct choice *out)
{
    struct grant *g = was ? was->range[f] : NULL;

    if (!g || !g->held) {
        struct address a;
        if (!range_next(&o->pods[f], &o->ledger, &a)) {
            lacks(w, f, LACK_FULL, place);
            return 0;
        }
        g = ledger_grant(&o->ledger, &a, &w->holder);
        if (!g)
            return -ENOMEM;
    }
    out->range[f] = g;
    out->addresses[out->n++] = g->address;
    return 0;
}

static int choose_family(struct ordinals *o, struct workload *w, uint32_t place,
                         const struct pod *was, uint8_t family,
                         struct choice *out)
{
    const unsigned f = family_index(family);
    const struct claims *c = w->next.claims;

    if (o->pods[f].cidr.base.family && !is_declared(c, f, place))
        return choose_from_range(o, w, place, was, f, out);
    if (!is_declared(c, f, place))
        lacks(w, f, LACK_RANGE, place);
    else if (!c->of[f][place].held)
        lacks(w, f, LACK_LOST, place);
    else
        out->addresses[out->n++] = c->of[f][place].address;
    return 0;
}

// The families of the workload's pods, the primary one first.
static uint8_t families_of(const struct ordinals *o, const struct workload *w,
                           uint8_t out[POOL_FAMILIES])
{
    const struct claims *c = w->next.claims;
    uint8_t n = 0;

    for (; c && n < c->families_n; n++)
        out[n] = c->order[n];
    for (unsigned i = 0; i < POOL_FAMILIES; i++) {
        const uint8_t family = o->pods_order[i];
        if (family && (!c || c->n[family_index(family)] == 0))
            out[n++] = family;
    }
    return n;
}

static bool is_unchanged(const struct pod *was, const struct workload *w,
                         const struct choice *c)
{
    const struct pod_facts *facts = &was->object.pod;

    if (was->template != w->next.template || facts->addresses_n != c->n)
        return false;
    for (uint8_t i = 0; i < c->n; i++)
        if (address_compare(&facts->addresses[i], &c->addresses[i]) != 0)
            return false;
    return true;
}

static void name_pod(struct ordinals *o, const struct template *t,
                     uint64_t ordinal, char out[POD_NAME_SIZE])
{
    if (t->ordinal)
        pod_name_of_ordinal(t, ordinal, out);
    else
        pod_name_of_serial(t, o->seed, &o->serial, out);
}

static int fill_place(struct ordinals *o, struct workload *w, uint32_t place,
                      struct pod *was, const struct choice *c)
{
    const uint64_t ordinal = first_ordinal(w->holder.object) + place;
    struct template *t = w->next.template;
    char name[POD_NAME_SIZE];

    if (was && is_unchanged(was, w, c)) {
        w->next.pods[place] = was;
        return 0;
    }
    if (!was)
        name_pod(o, t, ordinal, name);
    struct pod *p =
        pod_new(t, ordinal, was ? was->object.name : name, c->addresses, c->n);
    if (!p)
        return -ENOMEM;
    for (unsigned f = 0; f < POOL_FAMILIES; f++)
        p->range[f] = c->range[f];
    p->was = was;
    p->link = o->pods_come;
    o->pods_come = p;
    o->come_n++;
    w->next.pods[place] = p;
    return 0;
}

int workload_fill(struct ordinals *o, struct workload *w)
{
    const uint64_t start = first_ordinal(w->holder.object);
    struct pod **was = w->now.pods, **end = was + w->now.pods_n;
    uint8_t families[POOL_FAMILIES];
    const uint8_t families_n = families_of(o, w, families);

    for (uint32_t place = 0; place < w->next.pods_n; place++) {
        struct choice c = {0};
        while (was < end && (*was)->ordinal < start + place)
            pod_goes(o, *was++);
        struct pod *same =
            was < end && (*was)->ordinal == start + place ? *was++ : NULL;
        int rc = 0;
        for (uint8_t i = 0; i < families_n && !rc; i++)
            rc = choose_family(o, w, place, same, families[i], &c);
        if (families_n == 0)
            lacks(w, 0, LACK_RANGE, place);
        if (!rc)
            rc = fill_place(o, w, place, same, &c);
        if (rc)
            return rc;
    }
    while (was < end)
        pod_goes(o, *was++);
    return 0;
}

// A pod that stays as it is may have its address from another hand than before:
// what the annotation no longer names the range may give, or the other way.
static void settle_pod(const struct ledger *l, struct pod *p)
{
    const struct pod_facts *facts = &p->object.pod;

    for (unsigned f = 0; f < POOL_FAMILIES; f++)
        if (p->range[f] && !p->range[f]->held)
            p->range[f] = NULL;
    for (uint8_t i = 0; i < facts->addresses_n; i++) {
        struct grant *g = ledger_find(l, &facts->addresses[i]);
        assert(g && "each address that is given stands in the ledger");
        if (!g->declared)
            p->range[family_index(g->address.family)] = g;
    }
}

void workload_settle(const struct ordinals *o, struct workload *w)
{
    for (uint32_t i = 0; i < w->next.pods_n; i++)
        settle_pod(&o->ledger, w->next.pods[i]);
}

static void release_state(struct workload_state *s,
                          const struct workload_state *other)
{
    template_drop(s->template);
    if (s->claims != other->claims)
        free(s->claims);
    free(s->pods);
}

void workload_commit(struct workload *w)
{
    release_state(&w->now, &w->next);
    w->now = w->next;
    w->next = (struct workload_state){0};
    w->holder.wanting = lacks_any(w->now.lacks);
    w->holder.digest = w->holder.object->digest;
}

void workload_rollback(struct workload *w)
{
    release_state(&w->next, &w->now);
    w->next = (struct workload_state){0};
}

void workload_free(struct workload *w)
{
    release_state(&w->now, &w->next);
    free(w);
}
