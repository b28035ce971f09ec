// SPDX-License-Identifier: Apache-2.0
// What the controller of a StatefulSet may do, must do, and has done.
#include "lib/judge.h"

#include <string.h>

static uint64_t start_of(const struct judged *w)
{
    return w->object->workload.start;
}

static bool is_in_range(const struct judged *w, const struct judged_pod *p)
{
    return p->ordinal >= start_of(w) && p->ordinal - start_of(w) < w->replicas;
}

static bool is_ordered(const struct judged *w)
{
    return !w->object->workload.rules->parallel;
}

static const struct judged_pod *pod_at(const struct judged *w, uint64_t ordinal)
{
    for (uint32_t i = 0; i < w->pods_n; i++)
        if (w->pods[i].ordinal == ordinal)
            return &w->pods[i];
    return NULL;
}

// The lowest ordinal from the start on that is not available, or `end`.
static uint64_t first_bad(const struct judge *j, const struct judged *w,
                          uint64_t end)
{
    uint64_t i = start_of(w);

    for (; i < end; i++) {
        const struct judged_pod *p = pod_at(w, i);
        if (!p || !judged_is_available(j, w, p))
            break;
    }
    return i;
}

static uint64_t end_of(const struct judged *w)
{
    return start_of(w) + w->replicas;
}

// Replicas that are available, one of them not counted.
static uint32_t count_good(const struct judge *j, const struct judged *w,
                           const struct judged_pod *without)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->pods_n; i++)
        n += &w->pods[i] != without && is_in_range(w, &w->pods[i]) &&
             judged_is_available(j, w, &w->pods[i]);
    return n;
}

void judge_set_creation(struct judge *j, const struct judged *w,
                        const struct judged_pod *p)
{
    if (p->ordinal == UINT64_MAX || !is_in_range(w, p)) {
        judge_object(j, "%s is created: no ordinal of %s, %u from %llu",
                     p->name, w->name, w->replicas,
                     (unsigned long long)start_of(w));
        return;
    }
    const uint64_t bad = first_bad(j, w, p->ordinal);
    if (is_ordered(w) && bad < p->ordinal)
        judge_object(j, "%s is created while %s-%llu is not available", p->name,
                     w->name, (unsigned long long)bad);
}

// The highest pod out of the range; the lowest that is not available.
static const struct judged_pod *highest_condemned(const struct judged *w)
{
    const struct judged_pod *found = NULL;

    for (uint32_t i = 0; i < w->pods_n; i++) {
        const struct judged_pod *p = &w->pods[i];
        if (!is_in_range(w, p) && (!found || p->ordinal > found->ordinal))
            found = p;
    }
    return found;
}

static const struct judged_pod *first_bad_condemned(const struct judge *j,
                                                    const struct judged *w)
{
    const struct judged_pod *found = NULL;

    for (uint32_t i = 0; i < w->pods_n; i++) {
        const struct judged_pod *p = &w->pods[i];
        if (!is_in_range(w, p) && !judged_is_available(j, w, p) &&
            (!found || p->ordinal < found->ordinal))
            found = p;
    }
    return found;
}

static void judge_condemned(struct judge *j, const struct judged *w,
                            const struct judged_pod *p)
{
    if (!is_ordered(w))
        return;
    if (first_bad(j, w, end_of(w)) < end_of(w))
        judge_object(j, "%s is scaled down while %s-%llu is not available",
                     p->name, w->name,
                     (unsigned long long)first_bad(j, w, end_of(w)));
    else if (highest_condemned(w) != p)
        judge_object(j, "%s is scaled down before %s is gone", p->name,
                     highest_condemned(w)->name);
    else if (!judged_is_available(j, w, p) && first_bad_condemned(j, w) != p)
        judge_object(j, "%s is scaled down though it is not available, nor %s",
                     p->name, first_bad_condemned(j, w)->name);
}

// Those above it come first; Parallel waits for these alone where one at a time
// is updated, as without the gate MaxUnavailableStatefulSet.
static void judge_turn(struct judge *j, const struct judged *w,
                       const struct judged_pod *p)
{
    const uint32_t most = judged_max_unavailable(w);
    const uint32_t good = count_good(j, w, p);

    for (uint64_t i = p->ordinal + 1; i < end_of(w); i++) {
        const struct judged_pod *q = pod_at(w, i);
        if (q && !q->terminating && q->revision != w->revision && !q->vague)
            judge_object(j, "%s is updated before %s", p->name, q->name);
        if (most == 1 && (!q || !judged_is_available(j, w, q)))
            judge_object(j, "%s is updated while %s-%llu is not available",
                         p->name, w->name, (unsigned long long)i);
    }
    // One that is not available is no loss, but stops OrderedReady.
    if (!is_ordered(w) && (most == 1 || !judged_is_available(j, w, p)))
        return;
    if (good + most < w->replicas)
        judge_object(j, "%s is updated: %u of %u stay available, %u may go",
                     p->name, good, w->replicas, most);
}

static void judge_set_update(struct judge *j, const struct judged *w,
                             const struct judged_pod *p)
{
    const struct workload_rules *r = w->object->workload.rules;

    if (r->strategy != UPDATE_ROLLING ||
        (p->revision == w->revision && !p->vague) ||
        p->ordinal - start_of(w) < r->partition) {
        judge_object(j, "%s is deleted for no reason", p->name);
        return;
    }
    for (uint32_t i = 0; i < w->pods_n && is_ordered(w); i++)
        if (!is_in_range(w, &w->pods[i]))
            judge_object(j, "%s is updated while %s is to go", p->name,
                         w->pods[i].name);
    judge_turn(j, w, p);
}

void judge_set_deletion(struct judge *j, const struct judged *w,
                        const struct judged_pod *p)
{
    if (!is_in_range(w, p))
        judge_condemned(j, w, p);
    else if (!p->failed)
        judge_set_update(j, w, p);
    else if (is_ordered(w) && first_bad(j, w, p->ordinal) < p->ordinal)
        judge_object(j, "%s failed and is deleted before lower ones are right",
                     p->name);
}

// --- what must have been done ----------------------------------------------

static void must_create(struct judge *j, const struct judged *w)
{
    for (uint64_t i = start_of(w); i < end_of(w); i++) {
        const struct judged_pod *p = pod_at(w, i);
        if (!p)
            judge_object(j, "%s-%llu could be created and is not", w->name,
                         (unsigned long long)i);
        else if (p->failed && !p->terminating)
            judge_object(j, "%s failed and could be deleted", p->name);
        if (is_ordered(w) && (!p || !judged_is_available(j, w, p)))
            return;
    }
}

static void must_condemn(struct judge *j, const struct judged *w)
{
    const struct judged_pod *p = highest_condemned(w);

    if (!is_ordered(w)) {
        for (uint32_t i = 0; i < w->pods_n; i++)
            if (!is_in_range(w, &w->pods[i]) && !w->pods[i].terminating)
                judge_object(j, "%s could be scaled down", w->pods[i].name);
        return;
    }
    if (!p || p->terminating || first_bad(j, w, end_of(w)) < end_of(w))
        return;
    if (judged_is_available(j, w, p) || first_bad_condemned(j, w) == p)
        judge_object(j, "%s could be scaled down", p->name);
}

static void must_update(struct judge *j, const struct judged *w)
{
    const struct workload_rules *r = w->object->workload.rules;

    if (r->strategy != UPDATE_ROLLING || first_bad(j, w, end_of(w)) < end_of(w))
        return;
    for (uint32_t i = 0; i < w->pods_n; i++)
        if (is_ordered(w) && !is_in_range(w, &w->pods[i]))
            return;
    for (uint32_t i = 0; i < w->pods_n; i++) {
        const struct judged_pod *p = &w->pods[i];
        if (is_in_range(w, p) && p->ordinal - start_of(w) >= r->partition &&
            p->revision != w->revision)
            judge_object(j, "%s could be updated", p->name);
    }
}

bool judged_is_stuck(const struct judge *j, const struct judged *w)
{
    const struct judged_pod *p = highest_condemned(w);

    return w->kind == OBJECT_STATEFUL_SET && is_ordered(w) && p && p->failed &&
           first_bad(j, w, end_of(w)) == end_of(w) &&
           first_bad_condemned(j, w)->failed && first_bad_condemned(j, w) != p;
}

void judge_set_progress(struct judge *j, const struct judged *w)
{
    must_create(j, w);
    must_condemn(j, w);
    must_update(j, w);
}
