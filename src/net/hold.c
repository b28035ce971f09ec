// SPDX-License-Identifier: Apache-2.0
#include "hold.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

// By place: what is looked at often, apart from what is not.
struct hold_seat {
    struct parked *who; // NULL: nobody's
    uint64_t due_ms;    // when its time is over
    uint64_t version;   // of the zone, as it was answered from; VERSION_NONE
    bool for_change;
};

// Which version a first answer came from is not known for sure: it is looked at
// once more, whatever the zone says.
#define VERSION_NONE UINT64_MAX

static struct hold *hold_of(struct park *p)
{
    return ORD_CONTAINER(p, struct hold, park);
}

// --- time ------------------------------------------------------------------

static bool is_over(const struct hold *h, const struct hold_seat *s)
{
    return h->stopping || uv_now(h->responder->loop) >= s->due_ms;
}

// The version is read first: what changes after that is seen by the next look.
static void look(struct hold *h)
{
    h->version = zone_version(h->responder->context.zone);
    for (uint32_t i = 0; i < h->used; i++) {
        const struct hold_seat *const s = &h->seats[i];
        if (s->who &&
            (is_over(h, s) || (s->for_change && s->version != h->version)))
            park_call(s->who);
    }
    park_tell(&h->park);
}

static void on_look(uv_timer_t *timer)
{
    look(ORD_CONTAINER(timer, struct hold, timer));
}

void hold_stop(struct hold *h)
{
    h->stopping = true;
    (void)uv_timer_stop(&h->timer); // always 0
    look(h);
    park_tell_all(&h->park);
}

// --- coming and going ------------------------------------------------------

static void answer_now(struct hold *h, struct answer_job *job)
{
    job->again = job->due_now = true;
    responder_answer(h->responder, job, 1);
    job->again = job->due_now = false;
    assert(job->verdict != ANSWER_PARK);
}

static void seat(struct hold *h, struct parked *who,
                 const struct answer_job *job)
{
    h->seats[who->number] = (struct hold_seat){
        .who = who,
        .due_ms = h->responder->context.now_ms + job->park_ms,
        .version = VERSION_NONE,
        .for_change = job->park_for_change,
    };
    if (h->used <= who->number)
        h->used = who->number + 1;
    if (h->park.n == 1)
        (void)uv_timer_start(&h->timer, on_look, HOLD_LOOK_MS, HOLD_LOOK_MS);
}

struct parked *hold_take(struct hold *h, struct park_way *way,
                         struct answer_job *job)
{
    struct parked *who;
    enum park_outcome outcome = PARK_FULL;

    if (!h->stopping && job->query_n <= ANSWER_PARK_OCTETS_MAX)
        outcome = park_take(way, job, &who);
    switch (outcome) {
    case PARK_TAKEN:
        seat(h, who, job);
        return who;
    case PARK_REPEATED:
        job->verdict = ANSWER_DROP;
        return NULL;
    case PARK_FULL:
        answer_now(h, job);
        return NULL;
    }
    return NULL;
}

static void on_left(struct park *p, struct parked *who)
{
    struct hold *const h = hold_of(p);

    h->seats[who->number].who = NULL;
    while (h->used > 0 && !h->seats[h->used - 1].who)
        h->used--;
    if (p->n == 0)
        (void)uv_timer_stop(&h->timer);
}

// --- the called ------------------------------------------------------------

static void answer(struct park *p, struct answer_job *jobs,
                   struct parked *const *who, unsigned n)
{
    struct hold *const h = hold_of(p);

    for (unsigned i = 0; i < n; i++) {
        jobs[i].again = true;
        jobs[i].due_now = is_over(h, &h->seats[who[i]->number]);
    }
    responder_answer(h->responder, jobs, n);
    for (unsigned i = 0; i < n; i++)
        jobs[i].again = jobs[i].due_now = false;
}

// A fault may make it wait for something else now, but no longer.
static bool stays(struct park *p, struct parked *who,
                  const struct answer_job *job)
{
    struct hold *const h = hold_of(p);
    struct hold_seat *const s = &h->seats[who->number];
    const uint64_t due_ms = h->responder->context.now_ms + job->park_ms;

    if (job->verdict != ANSWER_PARK)
        return false;
    if (due_ms < s->due_ms)
        s->due_ms = due_ms;
    s->for_change = job->park_for_change;
    s->version = h->version;
    return true;
}

// --- life ------------------------------------------------------------------

int hold_init(struct hold *h, struct responder *r)
{
    static const struct park_kind kind = {
        .answer = answer, .stays = stays, .left = on_left};
    const struct park_limits limits = {.places = HOLD_MAX,
                                       .client_places = HOLD_CLIENT_MAX};

    *h = (struct hold){.responder = r};
    (void)uv_timer_init(r->loop, &h->timer); // always 0
    const int made =
        park_init(&h->park, r->loop, &kind, &limits, &r->counters.parked);
    if (made < 0)
        return made;
    h->seats = calloc(HOLD_MAX, sizeof *h->seats);
    return h->seats ? 0 : -ENOMEM;
}

void hold_release(struct hold *h)
{
    park_release(&h->park);
    free(h->seats);
    *h = (struct hold){0};
}
