// SPDX-License-Identifier: Apache-2.0
#include "ordinal_replicas.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_BITS = 64 };

// --- places in the annotation ----------------------------------------------

static void use_place(struct places *p, uint64_t place)
{
    if (place / WORD_BITS < p->words)
        p->used[place / WORD_BITS] |= (uint64_t)1 << place % WORD_BITS;
}

static void free_place(struct places *p, uint64_t place)
{
    const size_t word = place / WORD_BITS;

    if (!p->used || word >= p->words)
        return;
    p->used[word] &= ~((uint64_t)1 << place % WORD_BITS);
    if (word < p->lowest)
        p->lowest = word;
}

// Room for `more` pods beside those that live, and as many again, so that they
// are not looked for often.
static int find_places(struct replicas *r, uint32_t more)
{
    struct places *p = &r->places;
    struct list_node *n = r->w->pods;

    free(p->used);
    p->lowest = 0;
    p->words = ((size_t)r->w->pods_n * 2 + more) / WORD_BITS + 1;
    p->used = calloc(p->words, sizeof *p->used);
    if (!p->used)
        return -ENOMEM;
    for (; n; n = n->next)
        use_place(p, pod_of_node(n)->ordinal);
    return 0;
}

// The lowest place that no living pod has.
static int take_place(struct replicas *r, uint32_t more, uint64_t *out)
{
    struct places *p = &r->places;

    for (;;) {
        while (p->used && p->lowest < p->words && !~p->used[p->lowest])
            p->lowest++;
        if (p->used && p->lowest < p->words)
            break;
        int rc = find_places(r, more);
        if (rc)
            return rc;
    }
    *out =
        p->lowest * WORD_BITS + (unsigned)__builtin_ctzll(~p->used[p->lowest]);
    use_place(p, *out);
    return 0;
}

// --- counting --------------------------------------------------------------

static struct replica_set *set_of(const struct replicas *r, const struct pod *p,
                                  struct replica_set *guess)
{
    if (!r->by_revision)
        return r->sets;
    if (guess && pod_is_of(p, guess->template))
        return guess;
    for (struct replica_set *s = r->sets; s; s = s->next)
        if (pod_is_of(p, s->template))
            return s;
    return NULL;
}

static void delete_failed(struct replicas *r)
{
    struct list_node *n = r->w->pods, *next;

    for (; n; n = next) {
        struct pod *p = pod_of_node(n);
        next = n->next;
        if (!pod_is_failed(p) || p->terminating)
            continue;
        (void)pod_delete(r->o, p, "its containers ended");
        r->acted = true;
    }
}

static void count_pods(struct replicas *r)
{
    struct replica_set *s = NULL;

    for (struct list_node *n = r->w->pods; n; n = n->next) {
        const struct pod *p = pod_of_node(n);
        s = set_of(r, p, s);
        // A set is not forgotten before its pods have begun to go.
        assert(s || p->terminating);
        if (!s)
            continue;
        s->going += p->terminating;
        s->active += !p->terminating;
        s->available += pod_is_available(p);
    }
}

static void list_pods(struct replicas *r, struct pod **room)
{
    struct replica_set *s = NULL;

    for (s = r->sets; s; s = s->next) {
        s->pods = room;
        room += s->active;
    }
    for (struct list_node *n = r->w->pods; n; n = n->next) {
        struct pod *p = pod_of_node(n);
        if (p->terminating)
            continue;
        s = set_of(r, p, s);
        s->pods[s->pods_n++] = p;
    }
}

int replicas_count(struct replicas *r)
{
    delete_failed(r);
    for (struct replica_set *s = r->sets; s; s = s->next) {
        s->active = s->available = s->going = 0;
        s->pods_n = s->deleted = 0;
        s->sorted = false;
    }
    count_pods(r);
    struct pod **room = ordinals_scratch(r->o, (size_t)r->w->pods_n + 1);
    if (!room)
        return -ENOMEM;
    list_pods(r, room);
    return 0;
}

void replicas_end(struct replicas *r)
{
    free(r->places.used);
    r->places.used = NULL;
}

// --- making and deleting ---------------------------------------------------

/*
 * K8S (ActivePodsWithRanks): not assigned and Pending before Running, not ready
 * before ready, ready for a short time before long, young before old. All pods
 * are on one node here, and none says what its deletion costs.
 */
static int compare_worth(const void *x, const void *y)
{
    const struct pod *a = *(struct pod *const *)x;
    const struct pod *b = *(struct pod *const *)y;

    if ((a->phase == POD_PENDING) != (b->phase == POD_PENDING))
        return a->phase == POD_PENDING ? -1 : 1;
    if (a->ready != b->ready)
        return a->ready ? 1 : -1;
    if (a->ready && a->ready_ms != b->ready_ms)
        return a->ready_ms > b->ready_ms ? -1 : 1;
    return a->number > b->number ? -1 : a->number < b->number;
}

static void delete_pod(struct replicas *r, struct replica_set *s)
{
    struct pod *p = s->pods[s->deleted++];
    const uint64_t place = p->ordinal;

    s->active--;
    s->available -= pod_is_available(p);
    if (pod_delete(r->o, p, r->reason))
        free_place(&r->places, place);
    else
        s->going++;
    r->acted = true;
}

static int make_pod(struct replicas *r, struct replica_set *s)
{
    uint64_t place;
    struct pod *p;

    int rc = take_place(r, s->size - s->active, &place);
    if (!rc)
        rc = pod_create(r->o, r->w, s->template, place, &p);
    if (rc)
        return rc;
    s->active++;
    s->available += pod_is_available(p);
    r->acted = true;
    return 0;
}

int replicas_fit(struct replicas *r, struct replica_set *s)
{
    int rc = 0;

    if (s->active > s->size && !s->sorted) {
        qsort(s->pods, s->pods_n, sizeof(struct pod *), compare_worth);
        s->sorted = true;
    }
    while (s->active > s->size && s->deleted < s->pods_n)
        delete_pod(r, s);
    while (s->active < s->size && !rc)
        rc = make_pod(r, s);
    return rc;
}
