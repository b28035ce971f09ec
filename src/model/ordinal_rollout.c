// SPDX-License-Identifier: Apache-2.0
#include "ordinal_rollout.h"

#include <errno.h>
#include <stdlib.h>

static uint64_t less(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

// --- sizes -----------------------------------------------------------------

struct rollout rollout_look(const struct workload *w,
                            struct replica_set *newest)
{
    const struct workload_rules *rules = rules_of(w);
    // K8S: who is scaled meanwhile gets all of maxSurge at once, which may say
    // billions.
    const uint64_t surge =
        less(amount_ceil(rules->max_surge, w->wanted), ORDINALS_REPLICAS_MAX);
    uint64_t missing = amount_floor(rules->max_unavailable, w->wanted);
    struct rollout r = {.newest = newest, .wanted = w->wanted};

    // K8S: both rounded to 0 would end each rollout.
    if (surge == 0 && missing == 0)
        missing = 1;
    r.most = w->wanted + (uint32_t)surge;
    r.least = w->wanted - (uint32_t)less(missing, w->wanted);
    for (const struct replica_set *s = w->sets; s; s = s->next) {
        r.size += s->size;
        r.available += s->available;
    }
    return r;
}

// The oldest set beside the newest that has pods and comes after `before`,
// which is younger in the list; NULL: there is none.
static struct replica_set *next_old(const struct workload *w,
                                    const struct replica_set *newest,
                                    const struct replica_set *before)
{
    struct replica_set *found = NULL;

    for (struct replica_set *s = w->sets; s && s != before; s = s->next)
        if (s != newest && s->size)
            found = s;
    return found;
}

static void shrink(struct rollout *r, struct replica_set *s, uint64_t n)
{
    s->size -= (uint32_t)n;
    r->size -= n;
}

bool rollout_grow(struct rollout *r)
{
    struct replica_set *s = r->newest;
    const uint32_t before = s->size;

    if (s->size >= r->wanted)
        s->size = r->wanted;
    else if (r->size < r->most)
        s->size += (uint32_t)less(r->most - r->size, r->wanted - s->size);
    return s->size != before;
}

// Pods of old sets that are not available go first: nobody misses them.
static void shrink_unavailable(const struct workload *w, struct rollout *r,
                               uint64_t most)
{
    struct replica_set *s = NULL;

    while (most && (s = next_old(w, r->newest, s))) {
        const uint32_t missing =
            s->size > s->available ? s->size - s->available : 0;
        const uint64_t n = less(most, missing);
        shrink(r, s, n);
        most -= n;
    }
}

static void shrink_available(const struct workload *w, struct rollout *r)
{
    uint64_t most = r->available > r->least ? r->available - r->least : 0;
    struct replica_set *s = NULL;

    while (most && (s = next_old(w, r->newest, s))) {
        const uint64_t n = less(most, s->size);
        shrink(r, s, n);
        most -= n;
    }
}

bool rollout_shrink(const struct workload *w, struct rollout *r)
{
    const struct replica_set *s = r->newest;
    const uint64_t before = r->size;
    const uint64_t coming = s->size > s->available ? s->size - s->available : 0;
    const uint64_t kept = r->least + coming;

    if (r->size == s->size || r->size <= kept)
        return false;
    shrink_unavailable(w, r, r->size - kept);
    shrink_available(w, r);
    return r->size != before;
}

// --- scaling ---------------------------------------------------------------

// The only set that has pods; where none has, the newest. NULL: several have.
static struct replica_set *active_or_latest(const struct workload *w,
                                            struct replica_set *newest)
{
    struct replica_set *found = NULL;
    uint32_t n = 0;

    for (struct replica_set *s = w->sets; s; s = s->next) {
        if (s->size == 0)
            continue;
        found = s;
        n++;
    }
    if (n == 0)
        return newest ? newest : w->sets;
    return n == 1 ? found : NULL;
}

// Whether a set gets its part before another of its size: K8S: the younger one
// when pods are added, the older one when they are taken away.
static bool is_before(const struct replica_set *a, const struct replica_set *b,
                      bool younger_first)
{
    if (a->size != b->size)
        return a->size > b->size;
    for (const struct replica_set *s = a->next; s; s = s->next)
        if (s == b)
            return younger_first;
    return !younger_first;
}

static void sort_sets(struct replica_set **sets, uint32_t n, bool younger_first)
{
    for (uint32_t i = 1; i < n; i++) {
        struct replica_set *s = sets[i];
        uint32_t k = i;
        for (; k && is_before(s, sets[k - 1], younger_first); k--)
            sets[k] = sets[k - 1];
        sets[k] = s;
    }
}

// What a set's part of so many pods to be added (or taken away) is, rounded;
// at most what is left of them.
static int64_t part_of(const struct rollout *r, const struct replica_set *s,
                       uint32_t most_before, int64_t left)
{
    if (r->wanted == 0)
        return -(int64_t)s->size;
    if (left == 0)
        return 0;
    const uint64_t of = most_before ? most_before : 1;
    const uint64_t size = (2 * (uint64_t)s->size * r->most + of) / (2 * of);
    const int64_t part = (int64_t)size - (int64_t)s->size;
    if (left > 0)
        return part < left ? part : left;
    return part > left ? part : left;
}

static void share_out(const struct rollout *r, struct replica_set **sets,
                      uint32_t n, uint32_t most_before)
{
    const uint64_t all = r->wanted ? r->most : 0;
    int64_t left = (int64_t)all - (int64_t)r->size;

    if (left == 0)
        return;
    sort_sets(sets, n, left > 0);
    for (uint32_t i = 0; i < n; i++) {
        const int64_t part = part_of(r, sets[i], most_before, left);
        sets[i]->size = (uint32_t)((int64_t)sets[i]->size + part);
        left -= part;
    }
    // What rounding left is the largest one's.
    const int64_t size = (int64_t)sets[0]->size + left;
    sets[0]->size = size > 0 ? (uint32_t)size : 0;
}

static int scale_in_proportion(const struct workload *w,
                               const struct rollout *r)
{
    uint32_t n = 0;

    for (const struct replica_set *s = w->sets; s; s = s->next)
        n += s->size > 0;
    struct replica_set **sets = calloc(n + 1, sizeof(struct replica_set *));
    if (!sets)
        return -ENOMEM;
    n = 0;
    for (struct replica_set *s = w->sets; s; s = s->next)
        if (s->size)
            sets[n++] = s;
    if (n)
        share_out(r, sets, n, w->sized_max);
    free(sets);
    return 0;
}

int rollout_scale(struct workload *w, const struct rollout *r)
{
    struct replica_set *only = active_or_latest(w, r->newest);
    int rc = 0;

    if (only)
        only->size = r->wanted;
    else if (r->newest && r->newest->size == r->wanted &&
             r->newest->available == r->wanted)
        for (struct replica_set *s = w->sets; s; s = s->next)
            s->size = s == r->newest ? s->size : 0;
    else if (rules_of(w)->strategy != UPDATE_RECREATE)
        rc = scale_in_proportion(w, r);
    if (rc)
        return rc;
    w->sized_for = r->wanted;
    w->sized_max = r->most;
    return 0;
}
