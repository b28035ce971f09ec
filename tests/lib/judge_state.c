// SPDX-License-Identifier: Apache-2.0
// What is told, what is looked at and what the events said are the same.
#include "lib/judge.h"

#include <stdlib.h>
#include <string.h>

// --- objects ---------------------------------------------------------------

static struct judged *owner_of(struct judge *j, const struct object *o,
                               struct judged_pod **pod)
{
    for (uint32_t i = 0; i < j->workloads_n; i++) {
        *pod = judged_find(&j->workloads[i], o->name);
        if (*pod)
            return &j->workloads[i];
    }
    return NULL;
}

static void judge_facts(struct judge *j, const struct object *o,
                        struct judged_pod *p)
{
    const struct pod_facts *f = &o->pod;
    const char *wrong = NULL;

    // Another has its address now: told as not ready, if it was.
    if (f->addresses_n == 0 && (!p->ready || p->terminating))
        p->addressed = false;
    if (f->terminating != p->terminating)
        wrong = "terminating";
    else if (!p->terminating && f->ready != p->ready)
        wrong = "ready";
    else if (p->terminating && f->ready && !p->ready)
        wrong = "ready at last";
    else if (!p->failed && (f->addresses_n > 0) != p->addressed)
        wrong = "addressed";
    else if ((f->phase == POD_FAILED) != p->failed)
        wrong = "failed";
    else if (judged_is_active(p) && (f->phase == POD_RUNNING) != p->addressed)
        wrong = "running";
    if (wrong)
        judge_object(j, "%s: is it %s? events and object differ", o->name,
                     wrong);
}

static void judge_template(struct judge *j, const struct judged *w,
                           const struct object *o, const struct judged_pod *p)
{
    const char *rev = labels_get(o->labels, "rev");
    const uint64_t got = rev ? strtoull(rev, NULL, 10) : 0;
    const char *owner = w->kind == OBJECT_DEPLOYMENT
                            ? object_kind_name(OBJECT_REPLICA_SET)
                            : object_kind_name((enum object_kind)w->kind);

    if (strcmp(o->owner_kind, owner) != 0 ||
        strncmp(o->owner_name, w->name, strlen(w->name)) != 0)
        judge_object(j, "%s is owned by %s %s", o->name, o->owner_kind,
                     o->owner_name);
    if (!p->vague && got != p->revision % JUDGE_RESTART)
        judge_object(j, "%s is of template %llu, not %llu", o->name,
                     (unsigned long long)got,
                     (unsigned long long)p->revision % JUDGE_RESTART);
}

static void judge_told(struct judge *j)
{
    uint32_t pods = 0, judged = 0;

    for (uint32_t i = 0; i < j->told_n; i++) {
        const struct object *o = j->told[i];
        struct judged_pod *p;
        if (o->kind != OBJECT_POD)
            continue;
        const struct judged *w = owner_of(j, o, &p);
        pods++;
        if (!w) {
            judge_object(j, "%s is told and no event says so", o->name);
            return;
        }
        judge_facts(j, o, p);
        judge_template(j, w, o, p);
    }
    for (uint32_t i = 0; i < j->workloads_n; i++)
        judged += j->workloads[i].pods_n;
    if (pods != judged)
        judge_object(j, "%u pods are told, and events say %u", pods, judged);
}

struct count {
    struct judge *j;
    uint32_t n;
};

static int visit_each(void *context, const struct object *o)
{
    struct count *c = context;
    uint32_t i = 0;

    while (i < c->j->told_n && c->j->told[i] != o)
        i++;
    if (i == c->j->told_n)
        judge_object(c->j, "%s lives and was not told", o->name);
    c->n++;
    return 0;
}

static void judge_each(struct judge *j, const struct ordinals *o)
{
    struct count c = {.j = j};

    if (ordinals_each(o, visit_each, &c))
        judge_object(j, "the walk ends");
    if (c.n != j->told_n)
        judge_object(j, "%u objects live, and %u are told", c.n, j->told_n);
}

// --- addresses -------------------------------------------------------------

static bool is_declared(const struct judged *w, const struct address *a)
{
    for (uint32_t i = 0; w->object && i < w->object->workload.addresses_n; i++)
        if (address_compare(&w->object->workload.addresses[i], a) == 0)
            return true;
    return false;
}

static void judge_address(struct judge *j, const struct object *o,
                          const struct address *a, uint32_t after,
                          const struct address *taken, uint32_t taken_n)
{
    struct judged_pod *p;
    char text[ADDRESS_TEXT_SIZE];

    for (uint32_t i = after + 1; i < j->told_n; i++) {
        const struct object *other = j->told[i];
        if (other->kind != OBJECT_POD)
            continue;
        for (uint8_t k = 0; k < other->pod.addresses_n; k++)
            if (address_compare(&other->pod.addresses[k], a) == 0)
                judge_object(j, "%s and %s both have %s", o->name, other->name,
                             address_format(a, text));
    }
    const struct judged *w = owner_of(j, o, &p);
    for (uint32_t i = 0; w && i < taken_n; i++)
        if (address_compare(&taken[i], a) == 0 && !is_declared(w, a) &&
            judged_is_active(p))
            judge_object(j, "%s has %s, which another has", o->name,
                         address_format(a, text));
}

static void judge_addresses(struct judge *j, const struct address *taken,
                            uint32_t taken_n)
{
    for (uint32_t i = 0; i < j->told_n; i++) {
        const struct object *o = j->told[i];
        if (o->kind != OBJECT_POD)
            continue;
        for (uint8_t k = 0; k < o->pod.addresses_n; k++)
            judge_address(j, o, &o->pod.addresses[k], i, taken, taken_n);
    }
}

// --- looking ---------------------------------------------------------------

struct look {
    struct judge *j;
    struct judged *w;
    struct ordinals_workload_state state;
    uint32_t workloads;
    uint32_t pods, ready, available, updated; // of the workload
    char last[JUDGE_NAME];
};

static void end_workload(struct look *l)
{
    const struct ordinals_workload_state *s = &l->state;

    if (!l->w)
        return;
    if (s->pods != l->pods || s->ready != l->ready ||
        s->available != l->available || s->updated != l->updated)
        judge_object(l->j,
                     "%s: %u pods, %u ready, %u available, %u updated are "
                     "counted; there are %u, %u, %u, %u",
                     l->w->name, s->pods, s->ready, s->available, s->updated,
                     l->pods, l->ready, l->available, l->updated);
    if (s->settled && (l->available != s->replicas || l->pods != s->replicas))
        judge_object(l->j, "%s settled with %u of %u pods", l->w->name,
                     l->available, s->replicas);
    if (s->settled == (s->reason[0] != '\0'))
        judge_object(l->j, "%s is %ssettled: '%s'", l->w->name,
                     s->settled ? "" : "not ", s->reason);
}

static int visit_workload(void *context,
                          const struct ordinals_workload_state *s)
{
    struct look *l = context;

    end_workload(l);
    l->w = NULL;
    l->state = *s;
    l->workloads++;
    l->pods = l->ready = l->available = l->updated = 0;
    if (strcmp(l->last, s->name) > 0)
        judge_object(l->j, "%s is looked at after %s", s->name, l->last);
    strncpy(l->last, s->name, sizeof l->last - 1);
    for (uint32_t i = 0; i < l->j->workloads_n; i++) {
        struct judged *w = &l->j->workloads[i];
        if (w->kind == s->kind && strcmp(w->name, s->name) == 0)
            l->w = w;
    }
    if (!l->w || !l->w->object)
        judge_object(l->j, "%s is looked at and is gone", s->name);
    else if (s->replicas != l->w->replicas ||
             s->declared != l->w->object->workload.replicas)
        judge_object(l->j, "%s wants %u pods (%u), not %u (%u)", s->name,
                     s->replicas, s->declared, l->w->replicas,
                     l->w->object->workload.replicas);
    return 0;
}

static int visit_pod(void *context, const struct ordinals_pod_state *s)
{
    struct look *l = context;
    struct judge *j = l->j;

    if (!l->w)
        return 0;
    struct judged_pod *p = judged_find(l->w, s->pod->name);
    if (!p || !l->w->object) {
        judge_object(j, "%s is looked at and is not there", s->pod->name);
        return 0;
    }
    if (p->vague)
        p->revision = s->updated ? l->w->revision : JUDGE_OTHER;
    if (s->available != judged_is_available(j, l->w, p))
        judge_object(j, "%s is %savailable", p->name,
                     s->available ? "" : "not ");
    if (s->updated != (p->revision == l->w->revision))
        judge_object(j, "%s is %supdated", p->name, s->updated ? "" : "not ");
    if (s->available == (s->reason[0] != '\0'))
        judge_object(j, "%s is %savailable: '%s'", p->name,
                     s->available ? "" : "not ", s->reason);
    l->pods++;
    l->ready += s->pod->pod.ready && !s->pod->pod.terminating;
    l->available += s->available;
    l->updated += s->updated;
    return 0;
}

static void judge_look(struct judge *j, const struct ordinals *o)
{
    struct look l = {.j = j};
    uint32_t n = 0;

    if (ordinals_look(o, NULL, visit_workload, visit_pod, &l))
        judge_object(j, "the look ends");
    end_workload(&l);
    for (uint32_t i = 0; i < j->workloads_n; i++)
        n += j->workloads[i].object != NULL;
    if (n != l.workloads)
        judge_object(j, "%u workloads are looked at, of %u", l.workloads, n);
}

// --- a step's end ----------------------------------------------------------

static void judge_copies(struct judge *j)
{
    for (uint32_t i = 0; i < j->workloads_n; i++) {
        const struct judged *w = &j->workloads[i];
        const struct object *copy = NULL;
        for (uint32_t k = 0; k < j->told_n; k++)
            if (j->told[k]->kind == w->kind &&
                strcmp(j->told[k]->name, w->name) == 0)
                copy = j->told[k];
        if (!w->object)
            continue;
        if (copy && copy->workload.replicas != w->replicas)
            judge_object(j, "the copy of %s has %u replicas, not %u", w->name,
                         copy->workload.replicas, w->replicas);
        if (!copy && w->replicas != w->object->workload.replicas)
            judge_object(j, "%s was scaled and has no copy", w->name);
    }
}

static void judge_partition(struct judge *j, const struct judged *w)
{
    for (uint32_t i = 0; i < w->pods_n; i++) {
        const struct judged_pod *p = &w->pods[i];
        if (p->ordinal - w->object->workload.start < w->held_below &&
            p->revision == w->held_back)
            judge_object(j, "%s is below the partition and updated", p->name);
    }
}

void judge_end(struct judge *j, const struct ordinals *o,
               const struct address *taken, uint32_t taken_n)
{
    judge_told(j);
    judge_each(j, o);
    judge_addresses(j, taken, taken_n);
    judge_look(j, o);
    judge_copies(j);
    judge_claims(j, o);
    for (uint32_t i = 0; i < j->workloads_n; i++) {
        struct judged *w = &j->workloads[i];
        if (!w->object && w->pods_n)
            judge_object(j, "%s is gone and has pods", w->name);
        w->over = !w->object;
        if (!w->object)
            continue;
        if (w->kind == OBJECT_STATEFUL_SET) {
            judge_partition(j, w);
            judge_set_progress(j, w);
        } else {
            judge_replica_progress(j, w);
        }
        w->moved = false;
    }
}

void judge_quiet(struct judge *j)
{
    for (uint32_t i = 0; i < j->workloads_n; i++) {
        const struct judged *w = &j->workloads[i];
        if (!w->object || judged_is_stuck(j, w))
            continue;
        if (w->pods_n != w->replicas)
            judge_object(j, "%s has %u pods of %u at last", w->name, w->pods_n,
                         w->replicas);
        for (uint32_t k = 0; k < w->pods_n; k++)
            if (!judged_is_available(j, w, &w->pods[k]))
                judge_object(j, "%s is not available at last", w->pods[k].name);
    }
}
