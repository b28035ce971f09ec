// SPDX-License-Identifier: Apache-2.0
/*
 * A step, in order:
 *
 *   admit    follow what the input names, if it is another than before
 *   retire   what the input names no more goes, with its addresses
 *   claim    annotations take what they declare, also from ranges' pods
 *   evict    what others have now is taken from ranges' pods
 *   loosen   pods and services give back what they are not to have any more
 *   time     pods whose time has come go on; those that end do so first
 *   faults   begin and end
 *   work     what was steered is done, pods and services get addresses, and
 *            controllers do what their rules want
 *   tell     findings, then objects, then probes
 *
 * What the input takes from somebody is given back before anything is given, so
 * that a full range can change hands in one step; whenever more is given back
 * behind that, those who lack an address are looked at again.
 */
#include "ordinal_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// --- who is due ------------------------------------------------------------

static struct holder *merge(struct holder *a, struct holder *b)
{
    struct holder *out = NULL, **end = &out;

    while (a && b) {
        struct holder **least = holder_compare(b, a) < 0 ? &b : &a;
        *end = *least;
        end = &(*least)->link;
        *least = *end;
    }
    *end = a ? a : b;
    return out;
}

// Who comes in one step gets the same addresses whatever order the input has.
static struct holder *sort(struct holder *list, size_t n)
{
    struct holder *at = list, *rest;

    if (n < 2)
        return list;
    for (size_t i = 1; i < n / 2; i++)
        at = at->link;
    rest = at->link;
    at->link = NULL;
    return merge(sort(list, n / 2), sort(rest, n - n / 2));
}

// All that are due, by `link`, and nobody is due any more.
static struct holder *take_due(struct ordinals *o)
{
    struct holder *list = NULL;
    size_t n = 0;

    while (o->due) {
        struct holder *h = holder_of_due(o->due);
        list_unlink(&h->due);
        h->link = list;
        list = h;
        n++;
    }
    return sort(list, n);
}

static void put_off(struct ordinals *o, struct holder *h)
{
    o->failed = true;
    if (h->due.link)
        list_unlink(&h->due);
    list_link(&o->later, &h->due);
}

// Those for whom memory was not enough are due in the next step.
static void take_later(struct ordinals *o)
{
    while (o->later) {
        struct holder *h = holder_of_due(o->later);
        list_unlink(&h->due);
        list_link(&o->due, &h->due);
    }
}

static void due_contested(struct ordinals *o)
{
    struct map_node *n = NULL;

    while (o->contested && (n = map_walk(&o->holders, n))) {
        struct holder *h = holder_of(n);
        const struct declared *d = is_vip(h) ? NULL : workload_of(h)->declared;
        if (d && d->contested)
            ordinals_due(o, h);
    }
}

// --- the input -------------------------------------------------------------

static bool is_same_file(const struct place *a, const struct place *b)
{
    return a->file == b->file ||
           (a->file && b->file && strcmp(a->file, b->file) == 0);
}

static void admit_workload(struct ordinals *o, struct workload *w,
                           const struct object *object)
{
    struct holder *h = &w->holder;

    if (w->spec && h->digest == object->digest &&
        is_same_file(&w->spec->object.at, &object->at)) {
        w->spec->object.at.line = object->at.line;
        w->spec->object.at.column = object->at.column;
        return;
    }
    if (workload_follow(o, w, object))
        o->failed = true;
    else
        ordinals_due(o, h);
}

static void admit_service(struct ordinals *o, struct vip *v,
                          const struct object *object)
{
    v->object = object;
    if (v->holder.digest == object->digest && !v->wanting)
        return;
    v->holder.digest = object->digest;
    face_changed(o, &v->face);
    ordinals_due(o, &v->holder);
}

static void admit(struct ordinals *o, const struct object *object)
{
    struct holder *h =
        holder_find(o, object->kind, object->namespace, object->name);

    if (!h)
        h = holder_new(o, object);
    if (!h) {
        o->failed = true;
        return;
    }
    assert(h->seen != o->step && "no object is named twice");
    h->seen = o->step;
    if (is_vip(h))
        admit_service(o, vip_of(h), object);
    else
        admit_workload(o, workload_of(h), object);
}

static void admit_all(struct ordinals *o, const struct ordinals_input *in)
{
    for (uint32_t i = 0; i < in->workloads_n; i++) {
        assert(in->workloads[i]->kind >= OBJECT_STATEFUL_SET);
        admit(o, in->workloads[i]);
    }
    for (uint32_t i = 0; i < in->services_n; i++) {
        assert(in->services[i]->kind == OBJECT_SERVICE);
        assert(in->services[i]->service.type == SERVICE_CLUSTER_IP &&
               in->services[i]->service.addresses_n == 0);
        admit(o, in->services[i]);
    }
}

static void retire_unseen(struct ordinals *o)
{
    struct map_node *next;

    for (struct map_node *n = map_walk(&o->holders, NULL); n; n = next) {
        struct holder *h = holder_of(n);
        next = map_walk(&o->holders, n);
        if (h->seen == o->step)
            continue;
        if (is_vip(h))
            vip_retire(o, vip_of(h));
        else
            workload_retire(o, workload_of(h));
    }
}

static void take_input(struct ordinals *o, const struct ordinals_input *in)
{
    admit_all(o, in);
    retire_unseen(o);
    if (ledger_take(&o->ledger, in->taken, in->taken_n))
        o->failed = true;
}

// What others have now is taken from the ranges' pods. What an annotation
// declares stays: slices and pods of a manifest may well repeat it.
static void evict_taken(struct ordinals *o, const struct ordinals_input *in)
{
    for (uint32_t i = 0; i < in->taken_n; i++) {
        struct grant *g = ledger_find(&o->ledger, &in->taken[i]);
        if (g && !g->declared)
            grant_evict(o, g);
    }
}

// The input's objects are not ours after the step.
static void forget_input(struct ordinals *o)
{
    struct map_node *n = NULL;

    while ((n = map_walk(&o->holders, n)))
        if (is_vip(holder_of(n)))
            vip_of(holder_of(n))->object = NULL;
}

// --- work ------------------------------------------------------------------

static void claim_all(struct ordinals *o, struct holder *list)
{
    for (struct holder *h = list; h; h = h->link)
        if (!is_vip(h) && workload_claim(o, workload_of(h)))
            put_off(o, h);
}

static void loosen_all(struct ordinals *o, struct holder *list)
{
    for (struct holder *h = list; h; h = h->link) {
        if (is_vip(h))
            vip_loosen(o, vip_of(h));
        else
            workload_loosen(o, workload_of(h));
    }
}

static void rerun(struct ordinals *o, struct workload *w)
{
    struct pod *next;

    for (struct pod *p = w->rerun ? pod_of_node(w->pods) : NULL; p; p = next) {
        next = pod_of_node(p->node.next);
        pod_run(o, p);
    }
    w->rerun = false;
}

static int work_workload(struct ordinals *o, struct workload *w)
{
    if (!w->spec)
        return 0;
    int rc = workload_steered(o, w);
    if (rc)
        return rc;
    rerun(o, w);
    rc = workload_readdress(o, w);
    if (rc)
        return rc;
    return w->holder.kind == OBJECT_STATEFUL_SET ? set_control(o, w)
                                                 : deployment_control(o, w);
}

static void work_all(struct ordinals *o, struct holder *list)
{
    for (struct holder *h = list; h; h = h->link) {
        const int rc = is_vip(h) ? vip_fill(o, vip_of(h))
                                 : work_workload(o, workload_of(h));
        if (rc)
            put_off(o, h);
    }
}

// An address that got free may be what another waits for.
static void due_for_freed(struct ordinals *o)
{
    if (o->drops_seen == o->ledger.drops)
        return;
    o->drops_seen = o->ledger.drops;
    due_contested(o);
    for (struct list_node *n = o->lacking; n; n = n->next) {
        struct workload *w = ORD_CONTAINER(n, struct workload, lacking);
        w->readdress = true;
        ordinals_due(o, &w->holder);
    }
}

static void work(struct ordinals *o, const struct ordinals_input *in)
{
    if (in)
        due_contested(o);
    struct holder *list = take_due(o);
    claim_all(o, list);
    if (in)
        evict_taken(o, in);
    loosen_all(o, list);
    ordinals_time(o);
    ordinals_fault(o, in != NULL);
    work_all(o, list);
    for (;;) {
        due_for_freed(o);
        list = take_due(o);
        if (!list)
            break;
        claim_all(o, list);
        loosen_all(o, list);
        work_all(o, list);
    }
}

// --- the step --------------------------------------------------------------

static void tell_lacks(struct ordinals *o)
{
    struct list_node *next;

    for (struct list_node *n = o->lacking; n; n = next) {
        next = n->next;
        workload_tell(o, ORD_CONTAINER(n, struct workload, lacking));
    }
}

static void free_retired(struct ordinals *o)
{
    while (o->retired) {
        struct holder *h = o->retired;
        o->retired = h->link;
        holder_free(o, h);
    }
}

int ordinals_step(struct ordinals *o, const struct ordinals_input *input,
                  uint64_t now_ms)
{
    assert(now_ms >= o->now_ms);
    o->now_ms = now_ms;
    o->step++;
    o->failed = false;
    if (input)
        take_input(o, input);
    work(o, input);
    take_later(o);
    tell_lacks(o);
    const int rc = ordinals_tell(o);
    free_retired(o);
    if (input)
        forget_input(o);
    ordinals_ask(o);
    o->failed |= rc != 0;
    if (rc)
        return rc;
    return o->failed ? -ENOMEM : 0;
}

// Where memory ran out: soon, but not at once again and again.
enum { RETRY_MS = 100 };

uint64_t ordinals_next_ms(const struct ordinals *o)
{
    const struct faults *faults = o->settings.faults;
    uint64_t next = o->timers_n ? o->timers[0]->timer_ms : UINT64_MAX;

    if (o->failed)
        return o->now_ms + RETRY_MS;
    if (faults && faults_version(faults) != o->faults_version)
        next = o->now_ms;
    if (faults && faults_next_ms(faults) < next)
        next = faults_next_ms(faults);
    if (o->due || o->dirty)
        next = o->now_ms;
    return next;
}
