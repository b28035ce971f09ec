// SPDX-License-Identifier: Apache-2.0
// When pods are to be looked at: a binary heap, first by time, then by age. It
// has room for all pods that live, so that setting a timer cannot fail.
#include "ordinal_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int timer_reserve(struct ordinals *o)
{
    if (o->pods_n < o->timers_room)
        return 0;
    const uint32_t room = o->timers_room + o->timers_room / 2 + 16;
    void *p = realloc(o->timers, room * sizeof(struct pod *));
    if (!p)
        return -ENOMEM;
    o->timers = p;
    o->timers_room = room;
    return 0;
}

static bool is_before(const struct pod *a, const struct pod *b)
{
    if (a->timer_ms != b->timer_ms)
        return a->timer_ms < b->timer_ms;
    return a->number < b->number;
}

// Places count from 1: the parent of i is i / 2.
static void place(struct ordinals *o, struct pod *p, uint32_t i)
{
    o->timers[i - 1] = p;
    p->timer = i;
}

static void sift_up(struct ordinals *o, struct pod *p)
{
    uint32_t i = p->timer;

    for (; i > 1 && is_before(p, o->timers[i / 2 - 1]); i /= 2)
        place(o, o->timers[i / 2 - 1], i);
    place(o, p, i);
}

static void sift_down(struct ordinals *o, struct pod *p)
{
    uint32_t i = p->timer;

    for (uint32_t next; (next = 2 * i) <= o->timers_n; i = next) {
        if (next < o->timers_n &&
            is_before(o->timers[next], o->timers[next - 1]))
            next++;
        if (!is_before(o->timers[next - 1], p))
            break;
        place(o, o->timers[next - 1], i);
    }
    place(o, p, i);
}

static void take_out(struct ordinals *o, struct pod *p)
{
    struct pod *last = o->timers[--o->timers_n];

    if (last != p) {
        place(o, last, p->timer);
        sift_up(o, last);
        sift_down(o, last);
    }
    p->timer = 0;
}

void timer_set(struct ordinals *o, struct pod *p, uint64_t at_ms)
{
    if (p->timer && p->timer_ms == at_ms)
        return;
    if (p->timer)
        take_out(o, p);
    p->timer_ms = at_ms;
    if (at_ms == UINT64_MAX)
        return;
    assert(o->timers_n < o->timers_room);
    place(o, p, ++o->timers_n);
    sift_up(o, p);
}

// The pod whose time came first, if it has come by now, or NULL. Its timer is
// off then.
static struct pod *timer_pop(struct ordinals *o, uint64_t now_ms)
{
    struct pod *p = o->timers_n ? o->timers[0] : NULL;

    if (!p || p->timer_ms > now_ms)
        return NULL;
    take_out(o, p);
    return p;
}

void ordinals_time(struct ordinals *o)
{
    struct pod *list = NULL, **end = &list, *p;

    // All of them first: one that goes on may be due again at once.
    while ((p = timer_pop(o, o->now_ms))) {
        p->next_due = NULL;
        *end = p;
        end = &p->next_due;
    }
    // What they give back the others may have.
    for (p = list; p; p = p->next_due)
        if (p->terminating)
            pod_run(o, p);
    for (p = list; p; p = p->next_due)
        if (!p->gone && !p->terminating)
            pod_run(o, p);
}
