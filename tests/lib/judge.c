// SPDX-License-Identifier: Apache-2.0
#include "lib/judge.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void judge_init(struct judge *j, const struct faults *faults)
{
    memset(j, 0, sizeof *j);
    j->faults = faults;
    j->announced = -1;
}

bool judge_object(struct judge *j, const char *format, ...)
{
    va_list args;

    if (j->says[0])
        return false;
    va_start(args, format);
    vsnprintf(j->says, sizeof j->says, format, args);
    va_end(args);
    return false;
}

// --- finding ---------------------------------------------------------------

struct judged *judge_workload(struct judge *j, uint8_t kind, const char *name)
{
    for (uint32_t i = 0; i < j->workloads_n; i++)
        if (j->workloads[i].kind == kind &&
            strcmp(j->workloads[i].name, name) == 0)
            return &j->workloads[i];
    return NULL;
}

struct judged_pod *judged_find(struct judged *w, const char *pod)
{
    for (uint32_t i = 0; i < w->pods_n; i++)
        if (strcmp(w->pods[i].name, pod) == 0)
            return &w->pods[i];
    return NULL;
}

struct judged_pod *judge_pod(struct judge *j, const char *name,
                             struct judged **of)
{
    for (uint32_t i = 0; i < j->workloads_n; i++) {
        struct judged_pod *p = judged_find(&j->workloads[i], name);
        if (p) {
            *of = &j->workloads[i];
            return p;
        }
    }
    return NULL;
}

// --- what is meant ---------------------------------------------------------

bool judged_is_active(const struct judged_pod *p)
{
    return !p->terminating && !p->failed;
}

bool judged_is_available(const struct judge *j, const struct judged *w,
                         const struct judged_pod *p)
{
    const uint64_t wait_ms =
        w->object ? (uint64_t)w->object->workload.rules->min_ready_s * 1000 : 0;

    return judged_is_active(p) && p->ready &&
           j->now_ms - p->ready_ms >= wait_ms;
}

static uint64_t part_of(struct pod_amount a, uint32_t of, bool up)
{
    if (!a.percent)
        return a.value;
    return ((uint64_t)a.value * of + (up ? 99 : 0)) / 100;
}

uint32_t judged_max_surge(const struct judged *w)
{
    return (uint32_t)part_of(w->object->workload.rules->max_surge, w->replicas,
                             true);
}

uint32_t judged_max_unavailable(const struct judged *w)
{
    const struct workload_rules *r = w->object->workload.rules;
    uint64_t n = part_of(r->max_unavailable, w->replicas, false);

    if (w->kind == OBJECT_STATEFUL_SET)
        return n ? (uint32_t)n : 1;
    // K8S: both rounded to 0 would end every rollout
    if (n == 0 && judged_max_surge(w) == 0)
        n = 1;
    return n < w->replicas ? (uint32_t)n : w->replicas;
}

static struct judged *add_workload(struct judge *j, const struct object *o)
{
    // one of which nothing was left in the step before leaves its place
    for (uint32_t i = 0; i < j->workloads_n; i++) {
        if (j->workloads[i].object || !j->workloads[i].over)
            continue;
        j->workloads[i] = j->workloads[--j->workloads_n];
        break;
    }
    assert(j->workloads_n < JUDGE_WORKLOADS);
    struct judged *w = &j->workloads[j->workloads_n++];
    memset(w, 0, sizeof *w);
    w->kind = o->kind;
    snprintf(w->name, sizeof w->name, "%s", o->name);
    return w;
}

// A pod's index in a StatefulSet is below the partition while the template
// changes: it keeps its revision until the partition is lowered.
static void note_revision(struct judged *w, bool is_new)
{
    const struct workload_rules *r = w->object->workload.rules;
    const uint32_t below =
        r->strategy != UPDATE_ROLLING
            ? 0
            : (r->partition < w->replicas ? r->partition : w->replicas);

    if (is_new) {
        w->held_back = w->revision;
        w->held_below = below;
    } else if (below < w->held_below) {
        w->held_below = below;
    }
}

static void take_facts(struct judged *w, const struct object *o)
{
    const bool first = !w->object;
    const uint64_t before = w->revision;

    w->object = o;
    if (first) { // nothing is left of one that was of its name
        w->restarts = 0;
        w->most = 0;
        w->hashes_n = 0;
    }
    // Places below the partition are others' then.
    if (first || w->start != o->workload.start)
        w->held_below = 0;
    w->start = o->workload.start;
    w->deletes_claims = o->workload.rules->delete_claims_when_deleted;
    w->deletes_scaled = o->workload.rules->delete_claims_when_scaled;
    if (first || w->digest != o->digest) {
        w->replicas = o->workload.replicas;
        w->moved = true;
    }
    if (first || w->declared_revision != o->workload.revision)
        w->declared_revision = o->workload.revision;
    w->digest = o->digest;
    w->revision = w->declared_revision + w->restarts * JUDGE_RESTART;
    // One that was may be what pods below the partition come back in.
    const bool is_new = !first && w->revision > w->newest;
    note_revision(w, is_new);
    if (!is_new && before != w->revision)
        w->held_below = 0;
    if (first || is_new)
        w->newest = w->revision;
}

void judge_input(struct judge *j, struct object *const *workloads, uint32_t n,
                 uint64_t now_ms)
{
    j->now_ms = now_ms;
    j->did = 0;
    j->announced = -1;
    for (uint32_t i = 0; i < j->workloads_n; i++) {
        struct judged *w = &j->workloads[i];
        bool there = false;
        for (uint32_t k = 0; k < n; k++)
            there |= workloads[k]->kind == w->kind &&
                     strcmp(workloads[k]->name, w->name) == 0;
        if (!there)
            w->object = NULL;
    }
    for (uint32_t k = 0; k < n; k++) {
        struct judged *w =
            judge_workload(j, workloads[k]->kind, workloads[k]->name);
        if (!w)
            w = add_workload(j, workloads[k]);
        take_facts(w, workloads[k]);
    }
}

void judge_scaled(struct judge *j, uint8_t kind, const char *name,
                  uint32_t replicas)
{
    struct judged *w = judge_workload(j, kind, name);

    if (!w || !w->object) {
        judge_object(j, "%s was scaled and is not there", name);
        return;
    }
    w->replicas = replicas;
    w->moved = true;
    note_revision(w, false);
}

void judge_restarted(struct judge *j, uint8_t kind, const char *name)
{
    struct judged *w = judge_workload(j, kind, name);

    if (!w || !w->object) {
        judge_object(j, "%s was restarted and is not there", name);
        return;
    }
    w->restarts++;
    w->revision = w->declared_revision + w->restarts * JUDGE_RESTART;
    w->moved = true;
    if (w->newest < w->revision)
        w->newest = w->revision;
    note_revision(w, true);
}

void judge_doomed(struct judge *j, const char *pod)
{
    struct judged *w;
    struct judged_pod *p = judge_pod(j, pod, &w);

    if (p)
        p->doomed = true;
    else
        judge_object(j, "%s was deleted and is not there", pod);
}
