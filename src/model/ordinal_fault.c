// SPDX-License-Identifier: Apache-2.0
// What the faults that a test asks for do to pods. Two of them begin with the
// end of the pod that lives then, and go on with its successor: numbers tell
// which faults began before a pod did.
#include "ordinal_state.h"

#include <errno.h>
#include <string.h>

static bool is_of_pod(const struct pod *p, const struct fault *f)
{
    return !f->of_service && strcmp(f->name, p->name) == 0 &&
           strcmp(f->namespace, p->workload->holder.namespace) == 0;
}

// Whether a service selects the pod, whose object is made where it is needed.
// Returns 1, 0, or -ENOMEM.
static int is_selected(const struct ordinals *o, const struct pod *p,
                       const struct fault *f, struct told **own)
{
    const struct ordinals_settings *s = &o->settings;

    if (!f->of_service || !s->selects ||
        strcmp(f->namespace, p->workload->holder.namespace) != 0)
        return 0;
    if (!p->face.told && !*own)
        *own = pod_object(o, p);
    const struct told *told = p->face.told ? p->face.told : *own;
    if (!told)
        return -ENOMEM;
    return s->selects(s->events.context, f->namespace, f->name, &told->object);
}

static void add(const struct ordinals *o, struct pod_faults *out,
                const struct fault *f)
{
    switch (f->kind) {
    case FAULT_NOT_READY:
        out->not_ready = true;
        break;
    case FAULT_FLAP:
        out->flap_ms = f->ms;
        out->flap_since_ms = f->since_ms;
        break;
    case FAULT_GONE:
        out->no_address = true;
        break;
    case FAULT_MOVE:
        // Without a range there is nowhere to go.
        out->elsewhere = range_exists(&o->pods[0]) || range_exists(&o->pods[1]);
        break;
    default:
        break;
    }
}

/*
 * What faults a pod has.
 *
 * last  the highest number among those that begin with the pod's end
 */
static int collect(const struct ordinals *o, const struct pod *p,
                   struct pod_faults *out, uint64_t *last)
{
    const struct faults *all = o->settings.faults;
    struct told *own = NULL;
    int rc = 0;

    *out = (struct pod_faults){0};
    *last = 0;
    for (uint32_t i = 0; all && i < faults_count(all) && rc >= 0; i++) {
        const struct fault *f = faults_at(all, i);
        if (!fault_is_of_pods(f->kind))
            continue;
        rc = is_of_pod(p, f) ? 1 : is_selected(o, p, f, &own);
        if (rc <= 0)
            continue;
        add(o, out, f);
        const bool ends =
            f->kind == FAULT_GONE || (f->kind == FAULT_MOVE && out->elsewhere);
        if (ends && f->number > *last)
            *last = f->number;
    }
    told_free(own);
    return rc < 0 ? rc : 0;
}

int pod_fault_first(struct ordinals *o, struct pod *p)
{
    return collect(o, p, &p->faults, &p->faults_seen);
}

// The pod ends where a fault begins that is to end it, and one that had to live
// elsewhere returns to its own address.
static void apply(struct ordinals *o, struct pod *p,
                  const struct pod_faults *now, uint64_t last)
{
    const bool begins = last > p->faults_seen;
    const bool no_address = p->faults.no_address;

    if (begins && now->no_address) {
        pod_end(o, p, "fault gone");
    } else if (begins && now->elsewhere) {
        pod_end(o, p, "fault move");
    } else if (p->moved && !now->elsewhere && !p->terminating) {
        pod_end(o, p, "fault move is over");
    } else {
        p->faults = *now;
        if (no_address != now->no_address)
            ordinals_due(o, &p->workload->holder);
        pod_run(o, p);
    }
}

static void fault_pods(struct ordinals *o, struct workload *w)
{
    struct pod *next;

    for (struct pod *p = pod_of_node(w->pods); p; p = next) {
        struct pod_faults now;
        uint64_t last;
        next = pod_of_node(p->node.next);
        if (collect(o, p, &now, &last))
            o->failed = true;
        else
            apply(o, p, &now, last);
    }
}

// Whether the pods may have others than before. Objects that changed may have
// changed whom a service selects.
static bool is_due(const struct ordinals *o, bool objects)
{
    const struct faults *all = o->settings.faults;

    return all && (faults_version(all) != o->faults_version ||
                   (objects && faults_count(all)));
}

void ordinals_fault(struct ordinals *o, bool objects)
{
    const struct faults *all = o->settings.faults;
    struct map_node *n = NULL;

    if (!is_due(o, objects))
        return;
    const bool failed = o->failed;
    o->failed = false;
    while ((n = map_walk(&o->holders, n)))
        if (!is_vip(holder_of(n)))
            fault_pods(o, workload_of(holder_of(n)));
    if (!o->failed)
        o->faults_version = faults_version(all);
    o->failed |= failed;
}

// Ready for MS, not Ready for MS.
static uint64_t flap_turn(const struct ordinals *o, const struct pod *p)
{
    const uint64_t since = p->faults.flap_since_ms;

    return o->now_ms < since ? 0 : (o->now_ms - since) / p->faults.flap_ms;
}

bool pod_fault_ready(const struct ordinals *o, const struct pod *p)
{
    return !p->faults.not_ready &&
           (!p->faults.flap_ms || flap_turn(o, p) % 2 == 0);
}

uint64_t pod_fault_next_ms(const struct ordinals *o, const struct pod *p)
{
    if (!p->faults.flap_ms)
        return UINT64_MAX;
    return p->faults.flap_since_ms + (flap_turn(o, p) + 1) * p->faults.flap_ms;
}
