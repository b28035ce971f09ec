// SPDX-License-Identifier: Apache-2.0
/*
 * The rules of a StatefulSet, as Kubernetes' controller has them. OrderedReady:
 *
 *   1  the lowest ordinal that is missing or failed is made, when all below it
 *      are available;
 *   2  of the pods out of range the highest goes, when all in range are
 *      available, and no other one of them is less so;
 *   3  pods of an older revision are replaced from the highest down to the
 *      partition, each when all above it are available.
 *
 * Whatever is not so yet is waited for, and nothing behind it is done. Parallel
 * does not wait in 1 and 2. The controller looks at everything again after each
 * thing that it does; here one walk goes on behind what is done at once.
 */
#include "ordinal_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// One look at a set.
struct look {
    struct ordinals *o;
    struct workload *w;
    const struct workload_rules *rules;
    struct pod **replicas; // by place; NULL: missing
    uint32_t n;
    struct pod **condemned; // out of range, the highest first
    uint32_t condemned_n;
    bool waiting; // a reason was given
};

enum { LOOK_GO_ON = 0, LOOK_STOP = 1 };

static int compare_descending(const void *x, const void *y)
{
    const struct pod *a = *(struct pod *const *)x;
    const struct pod *b = *(struct pod *const *)y;

    return (a->ordinal < b->ordinal) - (a->ordinal > b->ordinal);
}

static int look_begin(struct look *l, struct ordinals *o, struct workload *w)
{
    const uint64_t start = workload_start(w);
    struct pod **room = ordinals_scratch(o, (size_t)w->wanted + w->pods_n);

    if (!room)
        return -ENOMEM;
    memset(room, 0, w->wanted * sizeof *room);
    *l = (struct look){.o = o,
                       .w = w,
                       .rules = rules_of(w),
                       .replicas = room,
                       .n = w->wanted,
                       .condemned = room + w->wanted};
    for (struct pod *p = pod_of_node(w->pods); p;
         p = pod_of_node(p->node.next)) {
        // Below the start the difference wraps round and is out of range, too.
        const uint64_t place = p->ordinal - start;
        if (place < l->n)
            l->replicas[place] = p;
        else
            l->condemned[l->condemned_n++] = p;
    }
    qsort(l->condemned, l->condemned_n, sizeof(struct pod *),
          compare_descending);
    return 0;
}

// The first reason is the one that counts: what was met first in order.
static int wait_for(struct look *l, const struct pod *p)
{
    if (l->waiting)
        return LOOK_STOP;
    l->waiting = true;
    if (p->terminating)
        workload_waits(l->w, "pod %s terminates", p->name);
    else if (!p->ready)
        workload_waits(l->w, "waits for %s, which is not ready", p->name);
    else
        workload_waits(l->w, "waits for %s, which is not ready for %u s yet",
                       p->name, l->rules->min_ready_s);
    return LOOK_STOP;
}

// --- 1: replicas -----------------------------------------------------------

// K8S: below the partition a pod comes back as it was.
static struct template *template_at(const struct look *l, uint32_t place)
{
    return l->rules->strategy == UPDATE_ROLLING && place < l->rules->partition
               ? l->w->current
               : l->w->update;
}

static int make(struct look *l, uint32_t place)
{
    return pod_create(l->o, l->w, template_at(l, place),
                      workload_start(l->w) + place, &l->replicas[place]);
}

// Returns LOOK_STOP where those above have to wait for it, or -ENOMEM.
static int see_replica(struct look *l, uint32_t place)
{
    struct pod *p = l->replicas[place];

    if (p && pod_is_failed(p) && !p->terminating &&
        pod_delete(l->o, p, "it failed"))
        p = l->replicas[place] = NULL;
    if (!p) {
        int rc = make(l, place);
        if (rc)
            return rc;
        p = l->replicas[place];
    }
    return pod_is_available(p) ? LOOK_GO_ON : wait_for(l, p);
}

static int see_replicas(struct look *l)
{
    for (uint32_t place = 0; place < l->n; place++) {
        const int rc = see_replica(l, place);
        if (rc < 0 || (rc == LOOK_STOP && !l->rules->parallel))
            return rc;
    }
    return LOOK_GO_ON;
}

// --- 2: condemned pods -----------------------------------------------------

static struct pod *lowest_unavailable(const struct look *l)
{
    for (uint32_t i = l->condemned_n; i-- > 0;)
        if (!pod_is_available(l->condemned[i]))
            return l->condemned[i];
    return NULL;
}

static int see_condemned_ordered(struct look *l)
{
    const struct pod *first = lowest_unavailable(l);

    for (uint32_t i = 0; i < l->condemned_n; i++) {
        struct pod *p = l->condemned[i];
        if (p->terminating)
            return wait_for(l, p);
        // K8S: the only one that is not well may go; of two the higher one
        // waits for the lower one, and that waits for its turn.
        if (!pod_is_available(p) && p != first)
            return wait_for(l, first);
        if (!pod_delete(l->o, p, "scaled down"))
            return wait_for(l, p);
    }
    return LOOK_GO_ON;
}

static int see_condemned(struct look *l)
{
    if (!l->rules->parallel)
        return see_condemned_ordered(l);
    for (uint32_t i = 0; i < l->condemned_n; i++)
        if (!pod_delete(l->o, l->condemned[i], "scaled down"))
            (void)wait_for(l, l->condemned[i]);
    return LOOK_GO_ON;
}

// --- 3: updates ------------------------------------------------------------

// A missing pod is one that was deleted just now.
static bool is_old(const struct look *l, const struct pod *p)
{
    return p && !p->terminating && !pod_is_of(p, l->w->update);
}

static bool is_unavailable(const struct pod *p)
{
    return !p || !pod_is_available(p);
}

// Delete a pod of an older revision, and make its successor if it is gone.
static int replace(struct look *l, uint32_t place)
{
    if (!pod_delete(l->o, l->replicas[place], "update"))
        return 0;
    l->replicas[place] = NULL;
    return make(l, place);
}

static int update_one_by_one(struct look *l)
{
    for (uint32_t i = l->n; i-- > l->rules->partition;) {
        if (is_old(l, l->replicas[i])) {
            int rc = replace(l, i);
            if (rc)
                return rc;
        }
        if (!pod_is_available(l->replicas[i]))
            return wait_for(l, l->replicas[i]);
    }
    return LOOK_GO_ON;
}

// An update of several at a time: how many are unavailable of those that it has
// passed, and of those below.
struct walk {
    uint32_t at; // the place behind the next one
    uint32_t above;
    uint32_t below;
};

// Delete up to `most` old pods from there downward. Those that terminate are
// left to a later look, those that are gone are missing.
static uint32_t delete_old(struct look *l, struct walk *k, uint64_t most)
{
    uint32_t n = 0;

    while (k->at > l->rules->partition && n < most) {
        struct pod *p = l->replicas[--k->at];
        k->below -= is_unavailable(p);
        if (!is_old(l, p))
            continue;
        if (pod_delete(l->o, p, "update"))
            l->replicas[k->at] = NULL;
        n++;
    }
    return n;
}

// The missing ones from a place on, in order.
static int make_missing(struct look *l, uint32_t from, uint32_t end)
{
    for (uint32_t i = from; i < end; i++) {
        if (l->replicas[i])
            continue;
        int rc = make(l, i);
        if (rc < 0)
            return rc;
        if (!pod_is_available(l->replicas[i]) && !l->rules->parallel)
            return wait_for(l, l->replicas[i]);
    }
    return LOOK_GO_ON;
}

static uint32_t count_unavailable(const struct look *l, uint32_t from,
                                  uint32_t end)
{
    uint32_t n = 0;

    for (uint32_t i = from; i < end; i++)
        n += is_unavailable(l->replicas[i]);
    return n;
}

// K8S, maxUnavailable: what is unavailable for other reasons counts, too.
static int update_many(struct look *l, uint64_t most)
{
    struct walk k = {.at = l->n, .below = count_unavailable(l, 0, l->n)};
    uint32_t n = 1;

    while (n && k.above + k.below < most) {
        const uint32_t end = k.at;
        n = delete_old(l, &k, most - k.above - k.below);
        const int rc = make_missing(l, k.at, end);
        if (rc)
            return rc;
        k.above += count_unavailable(l, k.at, end);
    }
    for (uint32_t i = l->n; k.above + k.below && i-- > 0;)
        if (is_unavailable(l->replicas[i]))
            return wait_for(l, l->replicas[i]);
    return LOOK_GO_ON;
}

static int see_updates(struct look *l)
{
    const uint64_t floor = amount_floor(l->rules->max_unavailable, l->n);

    if (l->rules->strategy == UPDATE_ON_DELETE)
        return LOOK_GO_ON;
    return floor > 1 ? update_many(l, floor) : update_one_by_one(l);
}

// K8S: a rollout is over when all pods there are have the new revision.
static void complete(const struct look *l)
{
    struct workload *w = l->w;

    if (l->rules->strategy != UPDATE_ROLLING || w->pods_n != l->n ||
        w->current == w->update)
        return;
    for (uint32_t i = 0; i < l->n; i++) {
        const struct pod *p = l->replicas[i];
        if (!p || !p->ready || p->terminating || !pod_is_of(p, w->update))
            return;
    }
    template_drop(w->current);
    w->current = template_share(w->update);
}

int set_control(struct ordinals *o, struct workload *w)
{
    struct look l;
    int rc = look_begin(&l, o, w);

    if (rc)
        return rc;
    rc = see_replicas(&l);
    if (!rc)
        rc = see_condemned(&l);
    if (!rc)
        rc = see_updates(&l);
    if (rc < 0)
        return rc;
    complete(&l);
    if (!l.waiting)
        workload_settled(o, w);
    return 0;
}
