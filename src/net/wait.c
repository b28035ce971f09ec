// SPDX-License-Identifier: Apache-2.0
#include "wait.h"

#include "forward.h"
#include "hold.h"

void wait_init(struct wait_ways *w, struct responder *r,
               void (*answer)(void *context), void *context)
{
    w->responder = r;
    park_way_init(&w->held, &r->hold->park, answer, context);
    park_way_init(&w->forwarded, &r->forward->park, answer, context);
}

void wait_forget(struct wait_ways *w)
{
    park_forget(&w->held);
    park_forget(&w->forwarded);
}

// Held ones first: what cannot be held may be forwarded.
void wait_take_all(struct wait_ways *w, struct answer_job *jobs, unsigned n,
                   struct parked *place[BATCH_MAX])
{
    struct responder *const r = w->responder;

    for (unsigned i = 0; i < n; i++) {
        place[i] = NULL;
        if (jobs[i].verdict == ANSWER_PARK)
            place[i] = hold_take(r->hold, &w->held, &jobs[i]);
        if (jobs[i].verdict == ANSWER_FORWARD)
            place[i] = forward_take(r->forward, &w->forwarded, &jobs[i]);
    }
}

void wait_leave(struct parked *const *place, unsigned from, unsigned n)
{
    for (unsigned i = from; i < n; i++)
        if (place[i])
            park_leave(place[i]);
}

// So many of n forwarded ones, at least one, as are worth to be answered at a
// time: a connection may take no more, and others wait for each.
static unsigned some_of(struct parked *const *who, unsigned n)
{
    enum { OCTETS_MAX = DNS_TCP_MAX };
    size_t octets = 0;

    for (unsigned i = 0; i < n; i++) {
        octets += who[i]->exchange->reply.n;
        if (i > 0 && octets > OCTETS_MAX)
            return i;
    }
    return n;
}

unsigned wait_fetch(struct wait_ways *w, struct answer_job *jobs,
                    struct wait_called *called)
{
    struct park_way *way = &w->held;

    called->n = park_fetch(way, jobs, called->who);
    if (called->n == 0) {
        way = &w->forwarded;
        called->n = park_fetch(way, jobs, called->who);
        called->n = some_of(called->who, called->n);
    }
    called->park = way->park;
    return called->n;
}

void wait_answer(struct wait_ways *w, struct answer_job *jobs,
                 struct wait_called *called)
{
    struct park *const p = called->park;

    p->kind->answer(p, jobs, called->who, called->n);
    for (unsigned i = 0; i < called->n; i++) {
        called->place[i] = NULL;
        if (jobs[i].verdict != ANSWER_FORWARD)
            continue;
        called->place[i] =
            forward_take(w->responder->forward, &w->forwarded, &jobs[i]);
        if (called->place[i])
            called->place[i]->local = called->who[i]->local;
    }
}

void wait_done(struct answer_job *jobs, const struct wait_called *called,
               unsigned done)
{
    for (unsigned i = 0; i < called->n && i < done; i++)
        park_done(called->who[i], &jobs[i]);
    wait_leave(called->place, done, called->n);
}

void wait_tell_rest(struct wait_ways *w)
{
    park_tell_rest(&w->held);
    park_tell_rest(&w->forwarded);
}
