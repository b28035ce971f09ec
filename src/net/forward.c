// SPDX-License-Identifier: Apache-2.0
#include "forward.h"

#include "answer/forward.h"

#include <assert.h>
#include <string.h>

static struct forward *forward_of(struct park *p)
{
    return ORD_CONTAINER(p, struct forward, park);
}

// --- answers that are made at once -----------------------------------------

static void refuse(struct forward *f, struct answer_job *job,
                   enum reason_code why)
{
    responder_enter(f->responder);
    answer_unforwarded(&f->responder->context, job, why, span_of(NULL, 0));
    responder_leave();
}

static void refuse_full(struct forward *f, struct answer_job *job)
{
    counter_add(&f->responder->counters.forward_full, 1);
    refuse(f, job, REASON_FORWARD_FULL);
}

// The zone knows it by now, or the query is too long.
static void answer_now(struct forward *f, struct answer_job *job)
{
    job->again = job->due_now = true;
    responder_answer(f->responder, job, 1);
    job->again = job->due_now = false;
    if (job->verdict == ANSWER_FORWARD)
        refuse(f, job, REASON_FORWARD_TOO_LONG);
}

// --- coming ----------------------------------------------------------------

static bool is_probe(struct forward *f, const struct dns_query *q)
{
    uint8_t question[DNS_QUESTION_MAX];

    memcpy(question, q->name, q->name_n);
    bytes_store_u16(question + q->name_n, q->qtype);
    bytes_store_u16(question + q->name_n + 2, q->qclass);
    return lines_sees_probe(f->lines, span_of(question, q->name_n + 4u));
}

// Returns whether it is to be asked, with what in out.
static bool ask_what(struct forward *f, const struct answer_job *job,
                     struct answer_upstream *out)
{
    responder_enter(f->responder);
    const bool asks = answer_upstream_query(&f->responder->context, job, out);
    responder_leave();
    return asks;
}

struct parked *forward_take(struct forward *f, struct park_way *way,
                            struct answer_job *job)
{
    struct answer_upstream query;
    struct parked *who;

    if (!f->lines || exchanges_have_stopped(&f->exchanges)) {
        refuse(f, job, f->lines ? lines_why(f->lines) : REASON_UPSTREAM_NONE);
        return NULL;
    }
    if (is_probe(f, &job->query)) {
        refuse(f, job, REASON_UPSTREAM_LOOP);
        return NULL;
    }
    if (!ask_what(f, job, &query)) {
        answer_now(f, job);
        return NULL;
    }
    switch (park_take(way, job, &who)) {
    case PARK_TAKEN:
        exchange_join(&f->exchanges, &query, who);
        return who;
    case PARK_REPEATED:
        job->verdict = ANSWER_DROP;
        return NULL;
    case PARK_FULL:
        refuse_full(f, job);
        return NULL;
    }
    return NULL;
}

// --- the called ------------------------------------------------------------

static void on_ended(void *context, struct exchange *e)
{
    struct forward *const f = context;

    for (struct ring *link = e->waiting.next; link != &e->waiting;
         link = link->next)
        park_call(ORD_CONTAINER(link, struct parked, group));
    park_tell(&f->park);
}

static void answer(struct park *p, struct answer_job *jobs,
                   struct parked *const *who, unsigned n)
{
    struct responder *const r = forward_of(p)->responder;

    responder_enter(r);
    for (unsigned i = 0; i < n; i++) {
        const struct exchange *const e = who[i]->exchange;
        if (e->reply.n > 0)
            answer_forwarded(&r->context, &jobs[i], e->reply);
        else
            answer_unforwarded(&r->context, &jobs[i], e->why, span_of(NULL, 0));
        jobs[i].again = jobs[i].due_now = false;
    }
    responder_leave();
}

static bool stays(struct park *p, struct parked *who,
                  const struct answer_job *job)
{
    struct net_counters *const n = &forward_of(p)->responder->counters;
    const struct exchange *const e = who->exchange;
    (void)job;
    if (e->reply.n == 0)
        counter_add(e->why == REASON_FORWARD_FULL ? &n->forward_full
                                                  : &n->forward_failed,
                    1);
    return false;
}

static void on_left(struct park *p, struct parked *who)
{
    (void)p;
    exchange_left(who->exchange);
}

// --- life ------------------------------------------------------------------

int forward_init(struct forward *f, struct responder *r,
                 const struct forward_settings *settings)
{
    static const struct park_kind kind = {
        .answer = answer, .stays = stays, .left = on_left};
    const uint32_t places = settings->limits.places;
    const struct exchange_settings exchanges = {
        .max = places,
        .asks_max = settings->asks_max,
        .asked = &r->counters.forward_asked,
        .ended = on_ended,
        .context = f,
    };

    *f = (struct forward){.responder = r};
    int made = exchanges_init(&f->exchanges, r->loop, &exchanges);
    if (made == 0)
        made = park_init(&f->park, r->loop, &kind, &settings->limits,
                         &r->counters.forwarded);
    if (made == 0 && places > 0)
        made = lines_new(r->loop, settings->upstreams, settings->probes,
                         &f->lines);
    exchanges_use(&f->exchanges, f->lines);
    return made;
}

void forward_close(struct forward *f)
{
    assert(f->exchanges.n == 0);
    lines_free(f->lines);
    f->lines = NULL;
}

void forward_release(struct forward *f)
{
    assert(!f->lines);
    park_release(&f->park);
    exchanges_release(&f->exchanges);
    *f = (struct forward){0};
}

void forward_to(struct forward *f, struct upstreams *upstreams)
{
    if (f->lines)
        lines_set(f->lines, upstreams);
}

void forward_stop(struct forward *f, uint64_t patience_ms)
{
    exchanges_stop(&f->exchanges, patience_ms);
    park_tell_all(&f->park);
}

bool forward_is_waiting(const struct forward *f)
{
    return f->exchanges.n > 0;
}
