// SPDX-License-Identifier: Apache-2.0
/*
 * Rules of Deployments, ReplicaSets and ReplicationControllers.
 *
 * A Deployment has a ReplicaSet for each revision that has pods, and says how
 * large each of them is. A rollout goes on by turns: the new one grows as far
 * as maxSurge lets it; old ones shrink as far as maxUnavailable lets them,
 * first by pods that are not available anyway. It waits while neither can be
 * done.
 *
 *     scaled meanwhile   all grow or shrink in proportion
 *     rolled back        the old ReplicaSet of that revision is the new one
 *     paused             only scaled
 *     Recreate           all old pods are gone before the first new one comes
 *
 * The sizes are kept: a pod of an old revision that is lost comes back in it.
 */
#include "ordinal_replicas.h"
#include "ordinal_rollout.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

// The revision's ReplicaSet, or NULL.
static struct replica_set *find_set(const struct workload *w,
                                    const struct template *t)
{
    struct replica_set *s = w->sets;

    while (s && s->template->revision != t->revision)
        s = s->next;
    return s;
}

static struct replica_set *add_set(struct workload *w)
{
    struct replica_set *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->template = template_share(w->update);
    s->next = w->sets;
    w->sets = s;
    return s;
}

static void free_set(struct replica_set *s)
{
    template_drop(s->template);
    free(s);
}

void deployment_release(struct workload *w)
{
    struct replica_set *s;

    while ((s = w->sets)) {
        w->sets = s->next;
        free_set(s);
    }
}

// Those without pods are forgotten, but for the newest one: their names are
// made of their revisions and come back with them.
static void drop_empty(struct workload *w, const struct replica_set *newest)
{
    struct replica_set **link = &w->sets;

    while (*link) {
        struct replica_set *s = *link;
        const bool last = !newest && !s->next && s == w->sets;
        if (s == newest || s->size || s->active || s->going || last) {
            link = &s->next;
            continue;
        }
        *link = s->next;
        free_set(s);
    }
}

// --- turns -----------------------------------------------------------------

static int fit_all(struct replicas *r)
{
    int rc = 0;

    // Deleting first: there are never more pods than the rules allow.
    for (struct replica_set *s = r->sets; s && !rc; s = s->next)
        if (s->active > s->size)
            rc = replicas_fit(r, s);
    for (struct replica_set *s = r->sets; s && !rc; s = s->next)
        if (s->active < s->size)
            rc = replicas_fit(r, s);
    return rc;
}

static int roll(struct replicas *r, struct replica_set *newest)
{
    for (;;) {
        struct rollout numbers = rollout_look(r->w, newest);
        if (!rollout_grow(&numbers) && !rollout_shrink(r->w, &numbers))
            return 0;
        int rc = fit_all(r);
        if (rc)
            return rc;
    }
}

static int recreate(struct replicas *r, struct replica_set *newest)
{
    uint32_t old = 0;

    for (struct replica_set *s = r->sets; s; s = s->next)
        if (s != newest)
            s->size = 0;
    if (newest->size > r->w->wanted)
        newest->size = r->w->wanted;
    int rc = fit_all(r);
    for (struct replica_set *s = r->sets; s; s = s->next)
        if (s != newest)
            old += s->going;
    if (rc || old)
        return rc;
    newest->size = r->w->wanted;
    return fit_all(r);
}

static bool has_active(const struct workload *w)
{
    for (const struct replica_set *s = w->sets; s; s = s->next)
        if (s->size)
            return true;
    return false;
}

static int go_on(struct replicas *r, struct replica_set *newest)
{
    struct workload *w = r->w;
    const bool recreates = rules_of(w)->strategy == UPDATE_RECREATE;
    const bool paused = rules_of(w)->paused;
    int rc = 0;

    if (paused || (!recreates && has_active(w) && w->sized_for != w->wanted)) {
        const struct rollout numbers = rollout_look(w, newest);
        rc = rollout_scale(w, &numbers);
    }
    if (!rc && (paused || !recreates))
        rc = fit_all(r);
    // Who comes is counted anew before anyone of them goes.
    if (rc || paused || r->acted)
        return rc;
    if (!newest)
        newest = add_set(w);
    if (!newest)
        return -ENOMEM;
    r->sets = w->sets;
    r->reason = "its revision is replaced";
    rc = recreates ? recreate(r, newest) : roll(r, newest);
    w->sized_for = w->wanted;
    w->sized_max = rollout_look(w, newest).most;
    return rc;
}

// --- what is waited for ----------------------------------------------------

static const char *plural(uint32_t n)
{
    return n == 1 ? "" : "s";
}

static uint32_t missing_of(const struct replica_set *s)
{
    return s->size > s->available ? s->size - s->available : 0;
}

static void tell_deployment(struct ordinals *o, struct workload *w)
{
    uint32_t going = 0;
    uint64_t size = 0;

    for (const struct replica_set *s = w->sets; s; s = s->next) {
        const char *hash = labels_get(s->template->labels, "pod-template-hash");
        const uint32_t n = missing_of(s);
        going += s->going;
        size += s->size;
        if (n) {
            workload_waits(w,
                           "waits for %u pod%s of revision %s to be available",
                           n, plural(n), hash ? hash : "");
            return;
        }
    }
    if (going)
        workload_waits(w, "waits for %u pod%s to be gone", going,
                       plural(going));
    else if (size != w->wanted)
        workload_waits(w, "is paused");
    else
        workload_settled(o, w);
}

static int control_deployment(struct ordinals *o, struct workload *w)
{
    struct replica_set *newest = find_set(w, w->update);
    struct replicas r = {.o = o,
                         .w = w,
                         .sets = w->sets,
                         .by_revision = true,
                         .reason = "scaled down"};

    int rc = replicas_count(&r);
    if (!rc)
        rc = go_on(&r, newest);
    replicas_end(&r);
    if (rc)
        return rc;
    drop_empty(w, find_set(w, w->update));
    tell_deployment(o, w);
    return 0;
}

// --- ReplicaSets and ReplicationControllers --------------------------------

static void tell_set(struct ordinals *o, struct workload *w,
                     const struct replica_set *s)
{
    const uint32_t n = missing_of(s);

    if (n)
        workload_waits(w, "waits for %u pod%s to be available", n, plural(n));
    else if (s->going)
        workload_waits(w, "waits for %u pod%s to be gone", s->going,
                       plural(s->going));
    else
        workload_settled(o, w);
}

// Pods live on when the template changes: only later ones are made of it.
static int control_set(struct ordinals *o, struct workload *w)
{
    struct replica_set set = {.template = w->update, .size = w->wanted};
    struct replicas r = {.o = o, .w = w, .sets = &set, .reason = "scaled down"};

    int rc = replicas_count(&r);
    if (!rc)
        rc = replicas_fit(&r, &set);
    replicas_end(&r);
    if (!rc)
        tell_set(o, w, &set);
    return rc;
}

int deployment_control(struct ordinals *o, struct workload *w)
{
    return w->holder.kind == OBJECT_DEPLOYMENT ? control_deployment(o, w)
                                               : control_set(o, w);
}
