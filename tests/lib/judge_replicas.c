// SPDX-License-Identifier: Apache-2.0
// The same for Deployments, ReplicaSets and ReplicationControllers.
#include "lib/judge.h"

#include <string.h>

static const char *suffix_of(const char *pod)
{
    return strrchr(pod, '-');
}

// Of one ReplicaSet: the names are equal but for what comes last.
static bool is_fellow(const struct judged_pod *a, const struct judged_pod *b)
{
    const size_t n = (size_t)(suffix_of(a->name) - a->name);

    return strncmp(a->name, b->name, n + 1) == 0 &&
           suffix_of(b->name) == b->name + n;
}

static uint32_t count_active(const struct judged *w)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->pods_n; i++)
        n += judged_is_active(&w->pods[i]);
    return n;
}

static uint32_t count_available(const struct judge *j, const struct judged *w,
                                const struct judged_pod *without)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->pods_n; i++)
        n += &w->pods[i] != without && judged_is_available(j, w, &w->pods[i]);
    return n;
}

static bool is_deployment(const struct judged *w)
{
    return w->kind == OBJECT_DEPLOYMENT;
}

static bool recreates(const struct judged *w)
{
    return is_deployment(w) &&
           w->object->workload.rules->strategy == UPDATE_RECREATE;
}

static bool is_new(const struct judged *w, const struct judged_pod *p)
{
    return p->revision == w->revision;
}

// What the judge remembers of its ReplicaSet; NULL: it has no hash.
static struct judged_hash *hash_of(struct judged *w, const struct judged_pod *p)
{
    const char *hash = p->name + strlen(w->name) + 1;

    for (uint32_t i = 0; i < w->hashes_n; i++)
        if (strncmp(w->hashes[i].text, hash, strlen(w->hashes[i].text)) == 0)
            return &w->hashes[i];
    return NULL;
}

static uint32_t most_of(const struct judged *w)
{
    return w->replicas +
           (is_deployment(w) && !recreates(w) ? judged_max_surge(w) : 0);
}

void judge_replica_creation(struct judge *j, struct judged *w,
                            const struct judged_pod *p)
{
    const uint32_t most = most_of(w) > w->most ? most_of(w) : w->most;

    if (strncmp(p->name, w->name, strlen(w->name)) != 0)
        judge_object(j, "%s is a pod of %s", p->name, w->name);
    // p is not among them yet
    if (count_active(w) >= most)
        judge_object(j, "%s is created beside %u of %u", p->name,
                     count_active(w), most);
    // A set that has pods replaces those that are lost.
    struct judged_hash *h = hash_of(w, p);
    for (uint32_t i = 0; i < w->pods_n && recreates(w); i++)
        if (!is_fellow(p, &w->pods[i]) && !w->object->workload.rules->paused &&
            h && !h->begun)
            judge_object(j, "%s is created before %s is gone", p->name,
                         w->pods[i].name);
    if (h)
        h->begun = true;
}

// Whether a is deleted before b.
static bool is_less_worthy(const struct judged_pod *a,
                           const struct judged_pod *b)
{
    if (a->addressed != b->addressed)
        return !a->addressed;
    if (a->ready != b->ready)
        return !a->ready;
    if (a->ready && a->ready_ms != b->ready_ms)
        return a->ready_ms > b->ready_ms;
    return a->born_turn > b->born_turn;
}

// No event says that a pod that is not ready lost its address to another.
static bool may_be_unaddressed(const struct judged *w,
                               const struct judged_pod *p)
{
    return !p->ready && (w->moved || w->object->workload.addresses_n);
}

static uint32_t count_coming(const struct judge *j, const struct judged *w)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->pods_n; i++)
        n += is_new(w, &w->pods[i]) && judged_is_active(&w->pods[i]) &&
             !judged_is_available(j, w, &w->pods[i]);
    return n;
}

void judge_replica_deletion(struct judge *j, const struct judged *w,
                            const struct judged_pod *p)
{
    const uint32_t n = count_active(w), good = count_available(j, w, p);

    if (p->failed)
        return;
    for (uint32_t i = 0; i < w->pods_n; i++) {
        const struct judged_pod *q = &w->pods[i];
        if (judged_is_active(q) && q != p &&
            (!is_deployment(w) || is_fellow(p, q)) && is_less_worthy(q, p) &&
            !may_be_unaddressed(w, p))
            judge_object(j, "%s is deleted before %s", p->name, q->name);
    }
    if (!is_deployment(w)) {
        if (n <= w->replicas)
            judge_object(j, "%s is deleted, one of %u", p->name, n);
        return;
    }
    if (w->moved || recreates(w))
        return;
    if (is_new(w, p) && n <= w->replicas)
        judge_object(j, "%s is deleted and is new", p->name);
    // New pods that are not available yet are no reason to delete others.
    if (!is_new(w, p) &&
        n <= w->replicas - judged_max_unavailable(w) + count_coming(j, w))
        judge_object(j, "%s is updated: %u pods, %u of them not available yet",
                     p->name, n, count_coming(j, w));
    if (judged_is_available(j, w, p) &&
        good + judged_max_unavailable(w) < w->replicas)
        judge_object(j, "%s is updated: %u of %u stay available, %u may go",
                     p->name, good, w->replicas, judged_max_unavailable(w));
}

// --- what must have been done ----------------------------------------------

static void must_roll(struct judge *j, const struct judged *w)
{
    uint32_t fresh = 0, fresh_good = 0, old = 0, old_good = 0, old_alive = 0;

    for (uint32_t i = 0; i < w->pods_n; i++) {
        const struct judged_pod *p = &w->pods[i];
        const bool good = judged_is_available(j, w, p);
        fresh += is_new(w, p) && judged_is_active(p);
        fresh_good += is_new(w, p) && good;
        old += !is_new(w, p) && judged_is_active(p);
        old_good += !is_new(w, p) && good;
        old_alive += !is_new(w, p);
    }
    const uint32_t all = fresh + old;
    if (w->object->workload.rules->paused)
        return;
    if (recreates(w)) {
        if (old)
            judge_object(j, "%u old pods of %s could be deleted", old, w->name);
        if (fresh != w->replicas && !old_alive)
            judge_object(j, "%s has %u new pods", w->name, fresh);
        return;
    }
    if (fresh > w->replicas ||
        (fresh < w->replicas && all < w->replicas + judged_max_surge(w)))
        judge_object(j, "%s could have other than %u new pods", w->name, fresh);
    const uint32_t least = w->replicas - judged_max_unavailable(w);
    if (old && all > least + (fresh - fresh_good) &&
        (old > old_good || old_good + fresh_good > least))
        judge_object(j, "old pods of %s could be deleted", w->name);
}

void judge_replica_progress(struct judge *j, struct judged *w)
{
    for (uint32_t i = 0; i < w->pods_n; i++)
        if (w->pods[i].failed && !w->pods[i].terminating)
            judge_object(j, "%s failed and is there", w->pods[i].name);
    // A set that is larger than it may be now shrinks as the rollout goes on.
    if (is_deployment(w) && count_active(w) > most_of(w)) {
        if (count_active(w) > w->most)
            judge_object(j, "%s has %u pods, of %u", w->name, count_active(w),
                         w->most);
    } else {
        w->most = most_of(w);
    }
    for (uint32_t i = 0; i < w->hashes_n; i++)
        w->hashes[i].begun = false;
    for (uint32_t i = 0; i < w->pods_n && is_deployment(w); i++)
        if (judged_is_active(&w->pods[i]))
            hash_of(w, &w->pods[i])->begun = true;
    if (is_deployment(w))
        must_roll(j, w);
    else if (count_active(w) != w->replicas)
        judge_object(j, "%s has %u pods of %u", w->name, count_active(w),
                     w->replicas);
}
