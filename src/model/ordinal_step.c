// SPDX-License-Identifier: Apache-2.0
/*
 * A step, in order; what can fail comes first, and nothing of it is seen:
 *
 *   admit    find what the input names, make what is new, see what changed
 *   retire   what the input names no more gives its addresses back
 *   prepare  read the changed workloads' facts
 *   claim    their annotations take what they declare, also from ranges' pods
 *   evict    what others have now is taken from ranges' pods; who lost one is
 *            looked at as well
 *   loosen   pods and services that go give their addresses back
 *   fill     pods and copies are made, with the addresses that are free now
 *
 * Then it is told and made so. All addresses are given back before one is
 * given, so that a full range can change hands in one step. Where memory runs
 * out the ledger's journal and each `next` are forgotten, and all is as before.
 */
#include "ordinal_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ordinals_due(struct ordinals *o, struct holder *h)
{
    if (h->due == o->step)
        return;
    h->due = o->step;
    o->due[o->due_n++] = h;
}

void ordinals_evict(struct ordinals *o, struct grant *g)
{
    ordinals_due(o, g->holder);
    ledger_drop(&o->ledger, g);
}

static int admit(struct ordinals *o, const struct object *object)
{
    struct holder *h =
        holder_find(o, object->kind, object->namespace, object->name);

    if (!h)
        h = holder_new(o, object);
    if (!h)
        return -ENOMEM;
    assert(h->seen != o->step && "no object is named twice");
    h->seen = o->step;
    h->object = object;
    if (h->digest != object->digest || h->wanting || h->born == o->step)
        ordinals_due(o, h);
    return 0;
}

static int admit_all(struct ordinals *o, const struct ordinals_input *in)
{
    int rc = 0;

    for (uint32_t i = 0; i < in->workloads_n && !rc; i++) {
        assert(in->workloads[i]->kind >= OBJECT_STATEFUL_SET);
        rc = admit(o, in->workloads[i]);
    }
    for (uint32_t i = 0; i < in->services_n && !rc; i++) {
        assert(in->services[i]->kind == OBJECT_SERVICE);
        assert(in->services[i]->service.type == SERVICE_CLUSTER_IP &&
               in->services[i]->service.addresses_n == 0);
        rc = admit(o, in->services[i]);
    }
    return rc;
}

static void retire_unseen(struct ordinals *o)
{
    struct map_node *n = NULL;

    while ((n = map_walk(&o->holders, n))) {
        struct holder *h = holder_of(n);
        if (h->seen == o->step)
            continue;
        h->link = o->gone;
        o->gone = h;
        if (is_vip(h))
            vip_retire(o, vip_of(h));
        else
            workload_retire(o, workload_of(h));
    }
}

// By namespace, name and kind: who comes in one step gets the same addresses
// whatever order the input has.
static int compare_holders(const void *x, const void *y)
{
    const struct holder *a = *(struct holder *const *)x;
    const struct holder *b = *(struct holder *const *)y;
    int rc = strcmp(a->namespace, b->namespace);

    if (rc == 0)
        rc = strcmp(a->name, b->name);
    return rc ? rc : a->kind - b->kind;
}

static void sort_due(struct ordinals *o)
{
    qsort(o->due, o->due_n, sizeof(struct holder *), compare_holders);
}

static int prepare_from(struct ordinals *o, uint32_t first)
{
    int rc = 0;

    for (uint32_t i = first; i < o->due_n && !rc; i++)
        if (!is_vip(o->due[i]))
            rc = workload_prepare(o, workload_of(o->due[i]));
    return rc;
}

// What others have now is taken from the ranges' pods. What an annotation
// declares stays: slices and pods of a manifest may well repeat it.
static void evict_taken(struct ordinals *o, const struct ordinals_input *in)
{
    for (uint32_t i = 0; i < in->taken_n; i++) {
        struct grant *g = ledger_find(&o->ledger, &in->taken[i]);
        if (g && !g->declared)
            ordinals_evict(o, g);
    }
}

static int fill_due(struct ordinals *o)
{
    int rc = 0;

    for (uint32_t i = 0; i < o->due_n; i++) {
        if (is_vip(o->due[i]))
            vip_loosen(o, vip_of(o->due[i]));
        else
            workload_loosen(o, workload_of(o->due[i]));
    }
    for (uint32_t i = 0; i < o->due_n && !rc; i++)
        rc = is_vip(o->due[i]) ? vip_fill(o, vip_of(o->due[i]))
                               : workload_fill(o, workload_of(o->due[i]));
    return rc;
}

static int plan(struct ordinals *o, const struct ordinals_input *in)
{
    int rc = admit_all(o, in);

    if (rc)
        return rc;
    retire_unseen(o);
    sort_due(o);
    rc = prepare_from(o, 0);
    if (rc)
        return rc;
    const uint32_t changed_n = o->due_n;
    for (uint32_t i = 0; i < changed_n; i++)
        if (!is_vip(o->due[i]))
            workload_claim(o, workload_of(o->due[i]));
    evict_taken(o, in);
    rc = prepare_from(o, changed_n);
    if (rc)
        return rc;
    sort_due(o);
    return fill_due(o);
}

static int begin(struct ordinals *o, const struct ordinals_input *in)
{
    const size_t n = (size_t)in->workloads_n + in->services_n;

    o->step++;
    assert(!o->due && !o->gone && !o->pods_come && !o->copies_come);
    o->due = calloc(n + 1, sizeof(struct holder *));
    if (!o->due)
        return -ENOMEM;
    int rc = ledger_begin(&o->ledger, in->taken, in->taken_n);
    if (rc) {
        free(o->due);
        o->due = NULL;
        return rc;
    }
    for (unsigned f = 0; f < POOL_FAMILIES; f++) {
        range_begin(&o->pods[f]);
        range_begin(&o->services[f]);
    }
    return 0;
}

static void end(struct ordinals *o)
{
    free(o->due);
    o->due = NULL;
    o->due_n = 0;
    o->gone = NULL;
    o->pods_come = o->pods_go = NULL;
    o->copies_come = o->copies_go = NULL;
    o->come_n = 0;
}

static void roll_back(struct ordinals *o, uint64_t serial)
{
    ledger_rollback(&o->ledger);
    for (unsigned f = 0; f < POOL_FAMILIES; f++) {
        range_rollback(&o->pods[f]);
        range_rollback(&o->services[f]);
    }
    for (struct pod *p = o->pods_come, *next; p; p = next) {
        next = p->link;
        pod_free(p);
    }
    for (struct copy *c = o->copies_come, *next; c; c = next) {
        next = c->link;
        copy_free(c);
    }
    for (uint32_t i = 0; i < o->due_n; i++) {
        struct holder *h = o->due[i];
        if (is_vip(h))
            vip_rollback(vip_of(h));
        else
            workload_rollback(workload_of(h));
        if (h->born == o->step) {
            map_remove(&o->holders, &h->node);
            holder_free(h);
        }
    }
    o->serial = serial;
    end(o);
}

static void tell_and_settle(struct ordinals *o, const struct report *report)
{
    for (uint32_t i = 0; i < o->due_n; i++) {
        if (is_vip(o->due[i])) {
            vip_tell(o, vip_of(o->due[i]), report);
        } else {
            workload_tell(o, workload_of(o->due[i]), report);
            workload_settle(o, workload_of(o->due[i]));
        }
    }
}

// What went is told first: then nothing that comes finds its place taken.
static void tell_gone(const struct ordinals *o, const struct ordinals_events *e)
{
    for (struct pod *p = o->pods_go, *next; p; p = next) {
        next = p->link;
        e->went(e->context, &p->object);
        pod_free(p);
    }
    for (struct copy *c = o->copies_go, *next; c; c = next) {
        next = c->link;
        e->went(e->context, &c->object);
        copy_free(c);
    }
}

static void tell_come(const struct ordinals *o, const struct ordinals_events *e)
{
    for (struct pod *p = o->pods_come; p; p = p->link) {
        if (p->was) {
            e->changed(e->context, &p->was->object, &p->object);
            pod_free(p->was);
        } else {
            e->came(e->context, &p->object);
        }
        p->was = NULL;
    }
    for (struct copy *c = o->copies_come; c; c = c->link) {
        if (c->was) {
            e->changed(e->context, &c->was->object, &c->object);
            copy_free(c->was);
        } else {
            e->came(e->context, &c->object);
        }
        c->was = NULL;
    }
}

static void commit(struct ordinals *o, const struct ordinals_events *events,
                   const struct report *report)
{
    tell_and_settle(o, report);
    ledger_commit(&o->ledger);
    for (uint32_t i = 0; i < o->due_n; i++) {
        if (is_vip(o->due[i]))
            vip_commit(vip_of(o->due[i]));
        else
            workload_commit(workload_of(o->due[i]));
    }
    tell_gone(o, events);
    for (struct holder *h = o->gone, *next; h; h = next) {
        next = h->link;
        map_remove(&o->holders, &h->node);
        holder_free(h);
    }
    tell_come(o, events);
    end(o);
}

int ordinals_step(struct ordinals *o, const struct ordinals_input *input,
                  uint64_t now_ms)
{
    const struct ordinals_events *events = &o->settings.events;
    const struct report *report = o->settings.report;
    const uint64_t serial = o->serial;

    if (!input)
        return 0;

    assert(now_ms >= o->now_ms);
    int rc = begin(o, input);
    if (rc)
        return rc;
    rc = plan(o, input);
    if (!rc && events->prepare)
        rc = events->prepare(events->context, o->come_n);
    if (rc) {
        roll_back(o, serial);
        return rc;
    }
    o->now_ms = now_ms;
    commit(o, events, report);
    return 0;
}
