// SPDX-License-Identifier: Apache-2.0
// What a step tells: events, then objects.
#include "lib/judge.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- events ----------------------------------------------------------------

static uint64_t ordinal_of(const struct judged *w, const char *pod)
{
    const size_t n = strlen(w->name);
    char again[JUDGE_NAME];

    if (strncmp(pod, w->name, n) != 0 || pod[n] != '-')
        return UINT64_MAX;
    const uint64_t ordinal = strtoull(pod + n + 1, NULL, 10);
    snprintf(again, sizeof again, "%s-%llu", w->name,
             (unsigned long long)ordinal);
    return strcmp(again, pod) == 0 ? ordinal : UINT64_MAX;
}

// A ReplicaSet's name stands for one revision, and for none else.
static uint64_t revision_of(struct judge *j, struct judged *w, const char *pod)
{
    char hash[sizeof w->hashes[0].text];
    const char *from = pod + strlen(w->name) + 1, *end = strrchr(pod, '-');

    if (strlen(pod) <= strlen(w->name) || end < from ||
        (size_t)(end - from) >= sizeof hash) {
        judge_object(j, "%s is no name of a pod of %s", pod, w->name);
        return 0;
    }
    snprintf(hash, sizeof hash, "%.*s", (int)(end - from), from);
    for (uint32_t i = 0; i < w->hashes_n; i++)
        if (strcmp(w->hashes[i].text, hash) == 0)
            return w->hashes[i].revision;
    // While it is paused the newest revision has none: it is that of the one
    // before, which may never have had a pod.
    const bool paused = w->object->workload.rules->paused;
    for (uint32_t i = 0; i < w->hashes_n && !paused; i++)
        if (w->hashes[i].revision == w->revision)
            judge_object(j, "%s: the revision had hash %s", pod,
                         w->hashes[i].text);
    assert(w->hashes_n < JUDGE_PODS);
    struct judged_hash *h = &w->hashes[w->hashes_n++];
    memcpy(h->text, hash, sizeof hash);
    h->revision = paused ? JUDGE_OTHER : w->revision;
    return h->revision;
}

// Below the partition it may be of an older revision.
static bool is_vague(const struct judged *w, const struct judged_pod *p)
{
    const struct workload_rules *r = w->object->workload.rules;

    return w->kind == OBJECT_STATEFUL_SET && r->strategy == UPDATE_ROLLING &&
           p->ordinal - w->object->workload.start < r->partition;
}

static void create(struct judge *j, struct judged *w, const char *name)
{
    struct judged *other;

    if (judge_pod(j, name, &other)) {
        judge_object(j, "%s is created and is there", name);
        return;
    }
    if (!w->object || w->pods_n == JUDGE_PODS) {
        judge_object(j, "%s is created for %s", name,
                     w->object ? "no end" : "what is gone");
        return;
    }
    struct judged_pod *p = &w->pods[w->pods_n];
    *p = (struct judged_pod){.revision = w->revision, .born_turn = j->turn};
    snprintf(p->name, sizeof p->name, "%s", name);
    p->ordinal = w->kind == OBJECT_STATEFUL_SET ? ordinal_of(w, name) : 0;
    p->vague = is_vague(w, p);
    if (w->kind == OBJECT_DEPLOYMENT)
        p->revision = revision_of(j, w, name);
    p->vague |= p->revision == JUDGE_OTHER;
    if (w->kind == OBJECT_STATEFUL_SET)
        judge_set_creation(j, w, p);
    else
        judge_replica_creation(j, w, p);
    w->pods_n++;
}

static void go_on(struct judge *j, struct judged *w, struct judged_pod *p,
                  enum ordinals_what what)
{
    const char *wrong = NULL;

    switch (what) {
    case ORDINALS_ADDRESSED:
        // Again where another took the one that it had.
        wrong = (p->addressed && p->ready) || p->failed ? "addressed" : NULL;
        p->addressed = true;
        break;
    case ORDINALS_MOVED:
        wrong = !p->addressed ? "moved" : NULL;
        break;
    case ORDINALS_READY:
        if (p->ready || !p->addressed || !judged_is_active(p))
            wrong = "ready";
        p->ready = true;
        p->ready_ms = j->now_ms;
        p->ready_turn = j->turn;
        break;
    case ORDINALS_UNREADY:
        wrong = !p->ready ? "unready" : NULL;
        p->ready = false;
        break;
    case ORDINALS_AVAILABLE:
        if (w->object && !judged_is_available(j, w, p))
            wrong = "available";
        break;
    case ORDINALS_FAILED:
        wrong = p->failed ? "failed" : NULL;
        p->failed = true;
        p->ready = false;
        break;
    default:
        wrong = "something else";
    }
    if (wrong)
        judge_object(j, "%s is told %s too early, or twice", p->name, wrong);
}

static void judge_deletion(struct judge *j, const struct judged *w,
                           const struct judged_pod *p)
{
    if (!w->object || p->doomed)
        return;
    if (w->kind == OBJECT_STATEFUL_SET)
        judge_set_deletion(j, w, p);
    else
        judge_replica_deletion(j, w, p);
}

static void end_pod(struct judge *j, struct judged *w, struct judged_pod *p,
                    const struct ordinals_event *e)
{
    const bool gone = e->what == ORDINALS_GONE;

    // A pod that is to go and lost its address would be waited for in vain; and
    // a pod that was moved ends with its fault, too.
    if (strstr(e->reason, "has its address") ||
        (strncmp(e->reason, "fault ", 6) == 0 && j->faults &&
         faults_version(j->faults) > 0))
        p->doomed = true;
    if (!gone && p->terminating)
        judge_object(j, "%s is told terminating twice", p->name);
    if (!p->terminating)
        judge_deletion(j, w, p);
    p->terminating = true;
    if (!gone)
        return;
    judge_claims_of(
        j, w, p, p->ordinal >= w->start && p->ordinal - w->start < w->replicas);
    *p = w->pods[--w->pods_n];
}

static void judge_about(struct judge *j, const struct ordinals_event *e,
                        const struct judged *w)
{
    if (!w || !w->object)
        judge_object(j, "'%s' is told of, and is gone", e->workload);
    else if (e->replicas != w->replicas && e->what != ORDINALS_UPDATING)
        judge_object(j, "%s wants %u pods, not %u", w->name, w->replicas,
                     e->replicas);
}

void judge_event(struct judge *j, const struct ordinals_event *e)
{
    struct judged *w = judge_workload(j, e->kind, e->workload);

    j->did++;
    j->turn++;
    if (j->announced >= 0)
        judge_object(j, "events come before objects");
    if (e->what >= ORDINALS_SCALED) {
        judge_about(j, e, w);
        return;
    }
    if (e->what >= ORDINALS_CLAIMED) {
        judge_claim(j, w, e);
        return;
    }
    if (!w) {
        judge_object(j, "pod '%s' is of an unknown workload '%s'", e->pod,
                     e->workload);
        return;
    }
    if (e->what == ORDINALS_CREATED) {
        create(j, w, e->pod);
        return;
    }
    struct judged_pod *p = judged_find(w, e->pod);
    if (!p)
        judge_object(j, "pod '%s' is told of and is not there", e->pod);
    else if (e->what == ORDINALS_TERMINATING || e->what == ORDINALS_GONE)
        end_pod(j, w, p, e);
    else
        go_on(j, w, p, e->what);
}

// --- objects ---------------------------------------------------------------

void judge_prepare(struct judge *j, uint32_t n)
{
    if (j->announced >= 0)
        judge_object(j, "prepare() is called twice");
    j->announced = (int)n;
}

static void announced(struct judge *j)
{
    j->did++;
    if (j->announced-- <= 0)
        judge_object(j, "more objects are told than were announced");
}

static uint32_t place_of(const struct judge *j, const struct object *o)
{
    uint32_t i = 0;

    while (i < j->told_n && j->told[i] != o)
        i++;
    return i;
}

static bool is_same(const struct object *a, const struct object *b)
{
    return a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
           strcmp(a->namespace, b->namespace) == 0;
}

void judge_came(struct judge *j, const struct object *o)
{
    announced(j);
    for (uint32_t i = 0; i < j->told_n; i++)
        if (is_same(j->told[i], o))
            judge_object(j, "'%s' came and is there", o->name);
    assert(j->told_n < JUDGE_TOLD);
    j->told[j->told_n++] = o;
}

void judge_changed(struct judge *j, const struct object *old,
                   const struct object *now)
{
    const uint32_t i = place_of(j, old);

    announced(j);
    if (i == j->told_n)
        judge_object(j, "'%s' changed and was not told", now->name);
    else if (!is_same(old, now) || old->digest == now->digest)
        judge_object(j, "'%s' became '%s', or nothing changed", old->name,
                     now->name);
    else
        j->told[i] = now;
}

void judge_went(struct judge *j, const struct object *o)
{
    const uint32_t i = place_of(j, o);

    j->did++;
    if (i == j->told_n)
        judge_object(j, "'%s' went and was not told", o->name);
    else
        j->told[i] = j->told[--j->told_n];
}
