// SPDX-License-Identifier: Apache-2.0
// Which pod has which address. What an annotation declares stands in the ledger
// whether a pod uses it or not; what a range gave, as long as its pod lives.
#include "ordinal_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// --- what annotations declare ----------------------------------------------

int declared_new(const struct workload_facts *facts, struct declared **out)
{
    *out = NULL;
    if (facts->addresses_n == 0)
        return 0;
    struct declared *d =
        calloc(1, sizeof *d + facts->addresses_n * sizeof *d->of[0]);
    if (!d)
        return -ENOMEM;
    for (uint32_t i = 0; i < facts->addresses_n; i++) {
        const uint8_t family = facts->addresses[i].family;
        if (d->n[family_index(family)]++ == 0)
            d->order[d->families_n++] = family;
    }
    d->of[0] = (struct declared_address *)(void *)(d + 1);
    d->of[1] = d->of[0] + d->n[0];
    struct declared_address *next[POOL_FAMILIES] = {d->of[0], d->of[1]};
    for (uint32_t i = 0; i < facts->addresses_n; i++) {
        const struct address *a = &facts->addresses[i];
        next[family_index(a->family)]++->address = *a;
    }
    *out = d;
    return 0;
}

// What is declared still stays in the same hand, wherever it stands now.
static void keep_grants(struct ordinals *o, const struct workload *w,
                        struct declared *d)
{
    for (unsigned f = 0; f < POOL_FAMILIES; f++) {
        for (uint32_t i = 0; i < d->n[f]; i++) {
            struct declared_address *a = &d->of[f][i];
            struct grant *g = ledger_find(&o->ledger, &a->address);
            if (g && g->declared && g->holder == &w->holder && !g->kept) {
                a->grant = g;
                g->kept = true;
            }
            d->contested |= !a->grant;
        }
    }
}

static void drop_declared(struct ordinals *o, struct declared *d)
{
    for (unsigned f = 0; f < POOL_FAMILIES; f++) {
        for (uint32_t i = 0; i < d->n[f]; i++) {
            struct grant *g = d->of[f][i].grant;
            if (g && g->kept)
                g->kept = false;
            else if (g)
                ledger_undeclare(&o->ledger, g);
        }
    }
    o->contested -= d->contested;
    free(d);
}

void workload_declare(struct ordinals *o, struct workload *w,
                      struct declared *d)
{
    if (!d && !w->declared)
        return;
    if (d)
        keep_grants(o, w, d);
    if (w->declared)
        drop_declared(o, w->declared);
    w->declared = d;
    w->readdress = true;
    if (d)
        o->contested += d->contested;
}

// Returns 1 where it is another's, 0, or -ENOMEM.
static int claim_one(struct ordinals *o, struct workload *w,
                     struct declared_address *a)
{
    struct grant *g = ledger_find(&o->ledger, &a->address);

    if (g && g->declared)
        return 1;
    if (!g)
        g = ledger_grant(&o->ledger, &a->address, &w->holder);
    if (!g)
        return -ENOMEM;
    g->declared = true;
    a->grant = g;
    // A pod of its own may stand there; whether it may stay, is seen later.
    if (g->user && g->holder != &w->holder)
        grant_evict(o, g);
    g->holder = &w->holder;
    w->readdress = true;
    ordinals_due(o, &w->holder);
    return 0;
}

int workload_claim(struct ordinals *o, struct workload *w)
{
    struct declared *d = w->declared;
    bool contested = false;
    int rc = 0;

    if (!d || !d->contested)
        return 0;
    for (unsigned f = 0; f < POOL_FAMILIES && rc >= 0; f++) {
        for (uint32_t i = 0; i < d->n[f] && rc >= 0; i++) {
            if (d->of[f][i].grant)
                continue;
            rc = claim_one(o, w, &d->of[f][i]);
            contested |= rc != 0;
        }
    }
    if (!contested) {
        d->contested = false;
        o->contested--;
    }
    return rc < 0 ? rc : 0;
}

void grant_evict(struct ordinals *o, struct grant *g)
{
    const unsigned f = family_index(g->address.family);

    if (g->user->of == FACE_VIP) {
        struct vip *v = ORD_CONTAINER(g->user, struct vip, face);
        v->grants[f] = NULL;
        v->evicted[f] = g->address;
        v->wanting = true;
        face_changed(o, &v->face);
        ordinals_due(o, &v->holder);
    } else {
        struct pod *p = ORD_CONTAINER(g->user, struct pod, face);
        if (p->terminating)
            return;
        p->grants[f] = NULL;
        p->evicted[f] = g->address;
        p->lost = true;
        face_changed(o, &p->face);
        p->workload->readdress = true;
        ordinals_due(o, &p->workload->holder);
    }
    ledger_leave(&o->ledger, g);
}

// --- what pods have --------------------------------------------------------

static uint64_t place_of(const struct pod *p)
{
    // Below the start the difference wraps round and is out of range, too.
    return p->ordinal - workload_start(p->workload);
}

const struct declared_address *pod_declared(const struct pod *p, unsigned f)
{
    const struct declared *d = p->workload->declared;
    const uint64_t place = place_of(p);

    return d && place < d->n[f] ? &d->of[f][place] : NULL;
}

// The same, unless a fault lets it live elsewhere.
static const struct declared_address *entry_of(const struct ordinals *o,
                                               const struct pod *p, unsigned f)
{
    return p->faults.elsewhere && range_exists(&o->pods[f])
               ? NULL
               : pod_declared(p, f);
}

uint8_t workload_families(const struct ordinals *o, const struct workload *w,
                          uint8_t out[POOL_FAMILIES])
{
    const struct declared *d = w->declared;
    uint8_t n = 0;

    for (; d && n < d->families_n; n++)
        out[n] = d->order[n];
    for (unsigned i = 0; i < POOL_FAMILIES; i++) {
        const uint8_t family = o->pods_order[i];
        if (family && (!d || d->n[family_index(family)] == 0))
            out[n++] = family;
    }
    return n;
}

uint8_t pod_get_addresses(const struct ordinals *o, const struct pod *p,
                          struct address out[POOL_FAMILIES])
{
    uint8_t families[POOL_FAMILIES], n = 0;
    uint8_t families_n = workload_families(o, p->workload, families);

    // A pod that terminates may have one of a family that is none any more.
    if (families_n == 0)
        families[families_n++] = FAMILY_IPV4;
    if (families_n == 1)
        families[families_n++] =
            families[0] == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
    for (uint8_t i = 0; i < families_n; i++) {
        const struct grant *g = p->grants[family_index(families[i])];
        if (g)
            out[n++] = g->address;
    }
    return n;
}

static void give_back(struct ordinals *o, struct pod *p, unsigned f)
{
    struct grant *g = p->grants[f];

    if (!g)
        return;
    p->grants[f] = NULL;
    p->lost = true;
    face_changed(o, &p->face);
    ledger_leave(&o->ledger, g);
}

void pod_give_back(struct ordinals *o, struct pod *p)
{
    for (unsigned f = 0; f < POOL_FAMILIES; f++)
        give_back(o, p, f);
}

// Whether a pod may keep an address: its own entry in the annotation, or where
// it has none what the range might give it as well.
static bool may_keep(const struct ordinals *o, const struct pod *p, unsigned f)
{
    const struct grant *g = p->grants[f];
    const struct declared_address *a = entry_of(o, p, f);

    if (a)
        return a->grant == g;
    return !g->declared && range_exists(&o->pods[f]) &&
           cidr_contains(&o->pods[f].cidr, &g->address);
}

void workload_loosen(struct ordinals *o, struct workload *w)
{
    if (!w->readdress)
        return;
    for (struct pod *p = pod_of_node(w->pods); p; p = pod_of_node(p->node.next))
        for (unsigned f = 0; f < POOL_FAMILIES && !p->terminating; f++)
            if (p->grants[f] && !may_keep(o, p, f))
                give_back(o, p, f);
}

// Returns 1 where it got one, 0 where there is none for it, or -ENOMEM.
static int choose(struct ordinals *o, struct pod *p, unsigned f)
{
    const struct declared_address *a = entry_of(o, p, f);
    struct grant *g = NULL;

    if (a) {
        g = a->grant && !a->grant->user ? a->grant : NULL;
    } else {
        int rc = range_give(&o->pods[f], &o->ledger, &p->workload->holder, &g);
        if (rc)
            return rc;
    }
    if (!g)
        return 0;
    g->user = &p->face;
    p->grants[f] = g;
    p->moved |= !a && pod_declared(p, f);
    return 1;
}

bool pod_is_to_have_address(const struct ordinals *o, const struct pod *p)
{
    return !p->terminating && !p->gone && !pod_is_failed(p) &&
           !p->faults.no_address &&
           (p->addressed || o->now_ms - p->created_ms >=
                                rules_of(p->workload)->address_after_ms);
}

static void tell_moves(const struct ordinals *o, struct pod *p)
{
    for (unsigned f = 0; f < POOL_FAMILIES; f++) {
        if (p->evicted[f].family && p->grants[f] && !entry_of(o, p, f))
            pod_tell_move(o, p, f);
        p->evicted[f].family = 0;
    }
}

void pod_readdress(struct ordinals *o, struct pod *p)
{
    struct workload *w = p->workload;
    uint8_t families[POOL_FAMILIES];
    unsigned had = 0, has = 0;
    const uint8_t families_n = workload_families(o, w, families);
    int rc = 0;

    if (!pod_is_to_have_address(o, p))
        return;
    for (uint8_t i = 0; i < families_n && rc >= 0; i++) {
        const unsigned f = family_index(families[i]);
        had += p->grants[f] != NULL;
        if (!p->grants[f])
            rc = choose(o, p, f);
        has += p->grants[f] != NULL;
    }
    if (rc < 0) {
        o->failed = true;
        w->readdress = true;
        ordinals_due(o, &w->holder);
        return;
    }
    if ((has < families_n || families_n == 0) && !w->lacking.link)
        list_link(&o->lacking, &w->lacking);
    tell_moves(o, p);
    if (p->lost || has > had || p->addressed != (has > 0))
        pod_address_changed(o, p);
    else if (has == 0)
        face_changed(o, &p->face); // perhaps for another reason than before
    p->lost = false;
}

static int compare_ordinals(const void *x, const void *y)
{
    const struct pod *a = *(struct pod *const *)x;
    const struct pod *b = *(struct pod *const *)y;

    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

int workload_readdress(struct ordinals *o, struct workload *w)
{
    uint32_t n = 0;

    if (!w->readdress)
        return 0;
    struct pod **pods = ordinals_scratch(o, w->pods_n);
    if (!pods)
        return -ENOMEM;
    w->readdress = false;
    for (struct pod *p = pod_of_node(w->pods); p; p = pod_of_node(p->node.next))
        pods[n++] = p;
    qsort(pods, n, sizeof(struct pod *), compare_ordinals);
    for (uint32_t i = 0; i < n; i++)
        pod_readdress(o, pods[i]);
    return w->readdress ? -ENOMEM : 0;
}
