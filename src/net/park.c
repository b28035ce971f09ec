// SPDX-License-Identifier: Apache-2.0
// Places are looked through one after the other: beside a query that waits for
// milliseconds, a walk over what its seat needs costs less than an index to
// keep, and no client can make it longer than PARK_MAX.
#include "park.h"

#include "base/hash.h"
#include "client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct park_seat {
    uint64_t client;  // CLIENT_NONE: nobody's
    uint64_t key;     // of what a client repeats when it asks again
    uint64_t due_ms;  // when its time is over
    uint64_t version; // of the zone, as it was answered from; VERSION_NONE
    const void *origin;
    uint8_t transport; // enum answer_transport
    bool for_change;
    bool called;
};

// Which version a first answer came from is not known for sure: it is looked at
// once more, whatever the zone says.
#define VERSION_NONE UINT64_MAX

static void on_look(uv_timer_t *timer);

int park_init(struct park *p, struct responder *r,
              void (*called)(void *context), void *context)
{
    *p = (struct park){.responder = r, .called = called, .context = context};
    (void)uv_timer_init(r->loop, &p->timer); // always 0
    p->places = calloc(PARK_MAX, sizeof *p->places);
    p->seats = calloc(PARK_MAX, sizeof *p->seats);
    return p->places && p->seats ? 0 : -ENOMEM;
}

void park_release(struct park *p)
{
    assert(p->n == 0);
    free(p->places);
    free(p->seats);
    *p = (struct park){0};
}

static struct park_seat *seat_of(const struct park *p, const struct parked *who)
{
    return &p->seats[who - p->places];
}

static bool is_taken(const struct park_seat *s)
{
    return s->client != CLIENT_NONE;
}

// --- coming and going ------------------------------------------------------

static uint64_t key_of(const struct answer_job *job, const void *origin)
{
    const uint64_t h =
        hash_bytes(bytes_load_u16(job->message), job->message + DNS_HEADER,
                   job->query.question_n);
    return hash_mix(h ^ sockaddr_port(job->client), (uintptr_t)origin);
}

static bool same_client(const struct sockaddr_any *a,
                        const struct sockaddr_any *b)
{
    const struct address x = sockaddr_address(a), y = sockaddr_address(b);
    return sockaddr_port(a) == sockaddr_port(b) && address_compare(&x, &y) == 0;
}

// The same ID and question, letter by letter (a resolver may draw their case,
// and looks for it in the reply), from the same port over the same way.
static bool is_repeated(const struct parked *who, const struct answer_job *job,
                        const void *origin)
{
    return who->origin == origin && who->question_n == job->query.question_n &&
           memcmp(who->message, job->message, 2) == 0 &&
           memcmp(who->message + DNS_HEADER, job->message + DNS_HEADER,
                  who->question_n) == 0 &&
           same_client(&who->client, job->client);
}

// What a walk over all places finds out about a query.
struct look_out {
    bool is_known;
    unsigned of_client; // places that its client has
    uint32_t free;      // the first place that nobody has
};

static struct look_out look_out(const struct park *p,
                                const struct answer_job *job, uint64_t client,
                                uint64_t key, const void *origin)
{
    struct look_out found = {.free = p->used};

    for (uint32_t i = 0; i < p->used && !found.is_known; i++) {
        const struct park_seat *s = &p->seats[i];
        if (!is_taken(s) && found.free == p->used)
            found.free = i;
        found.of_client += s->client == client;
        found.is_known = is_taken(s) && s->key == key &&
                         is_repeated(&p->places[i], job, origin);
    }
    return found;
}

static struct parked *take(struct park *p, uint32_t i,
                           const struct answer_job *job, const void *origin)
{
    struct parked *who = &p->places[i];

    who->origin = origin;
    who->client = *job->client;
    who->local.n = 0;
    who->message_n = (uint16_t)job->query_n;
    who->question_n = job->query.question_n;
    memcpy(who->message, job->message, job->query_n);
    p->seats[i] = (struct park_seat){
        .client = client_of(job->client),
        .key = key_of(job, origin),
        .due_ms = p->responder->context.now_ms + job->park_ms,
        .version = VERSION_NONE,
        .origin = origin,
        .transport = (uint8_t)job->transport,
        .for_change = job->park_for_change,
    };
    if (i == p->used)
        p->used++;
    if (p->n++ == 0)
        (void)uv_timer_start(&p->timer, on_look, PARK_LOOK_MS, PARK_LOOK_MS);
    counter_add(&p->responder->counters.parked, 1);
    return who;
}

static void answer_now(struct park *p, struct answer_job *job)
{
    job->again = job->due_now = true;
    responder_answer(p->responder, job, 1);
    job->again = job->due_now = false;
    assert(job->verdict != ANSWER_PARK);
}

static struct parked *take_one(struct park *p, struct answer_job *job,
                               const void *origin)
{
    const uint64_t client = client_of(job->client);
    const struct look_out found =
        look_out(p, job, client, key_of(job, origin), origin);

    if (found.is_known) {
        job->verdict = ANSWER_DROP;
        return NULL;
    }
    if (p->stopping || found.of_client >= PARK_CLIENT_MAX ||
        found.free >= PARK_MAX || job->query_n > ANSWER_PARK_OCTETS_MAX) {
        answer_now(p, job);
        return NULL;
    }
    return take(p, found.free, job, origin);
}

void park_take_all(struct park *p, struct answer_job *jobs, unsigned n,
                   const void *origin, struct parked *who[BATCH_MAX])
{
    for (unsigned i = 0; i < n; i++)
        who[i] = jobs[i].verdict == ANSWER_PARK ? take_one(p, &jobs[i], origin)
                                                : NULL;
}

void park_leave(struct park *p, struct parked *who)
{
    seat_of(p, who)->client = CLIENT_NONE;
    while (p->used > 0 && !is_taken(&p->seats[p->used - 1]))
        p->used--;
    if (--p->n == 0)
        (void)uv_timer_stop(&p->timer);
    counter_add(&p->responder->counters.parked, UINT64_MAX); // one less
}

void park_forget(struct park *p, const void *origin)
{
    for (uint32_t i = p->used; i-- > 0;)
        if (is_taken(&p->seats[i]) && p->seats[i].origin == origin)
            park_leave(p, &p->places[i]);
}

// --- time ------------------------------------------------------------------

static bool is_over(const struct park *p, const struct park_seat *s)
{
    return p->stopping || uv_now(p->responder->loop) >= s->due_ms;
}

// The version is read first: what changes after that is seen by the next look.
static void call(struct park *p)
{
    bool any = false;

    p->version = zone_version(p->responder->context.zone);
    for (uint32_t i = 0; i < p->used; i++) {
        struct park_seat *s = &p->seats[i];
        if (!is_taken(s))
            continue;
        s->called |=
            is_over(p, s) || (s->for_change && s->version != p->version);
        any |= s->called;
    }
    if (any)
        p->called(p->context);
}

static void on_look(uv_timer_t *timer)
{
    call(ORD_CONTAINER(timer, struct park, timer));
}

void park_stop(struct park *p)
{
    p->stopping = true;
    (void)uv_timer_stop(&p->timer); // always 0
    call(p);
}

// --- the called ------------------------------------------------------------

const void *park_next(const struct park *p, enum answer_transport transport,
                      uint32_t *at)
{
    while (*at < p->used) {
        const struct park_seat *s = &p->seats[(*at)++];
        if (is_taken(s) && s->called && s->transport == transport)
            return s->origin;
    }
    return NULL;
}

unsigned park_fetch(struct park *p, const void *origin, struct answer_job *jobs,
                    struct parked *who[BATCH_MAX])
{
    unsigned n = 0;

    for (uint32_t i = 0; i < p->used && n < BATCH_MAX; i++) {
        const struct park_seat *s = &p->seats[i];
        if (!is_taken(s) || !s->called || s->origin != origin)
            continue;
        struct answer_job *job = &jobs[n];
        who[n++] = &p->places[i];
        memcpy(job->message, p->places[i].message, p->places[i].message_n);
        job->query_n = p->places[i].message_n;
        job->again = true;
        job->due_now = is_over(p, s);
    }
    return n;
}

// A fault may make it wait for something else now, but no longer.
static void wait_on(struct park *p, struct park_seat *s,
                    const struct answer_job *job)
{
    const uint64_t due_ms = p->responder->context.now_ms + job->park_ms;

    if (due_ms < s->due_ms)
        s->due_ms = due_ms;
    s->for_change = job->park_for_change;
    s->version = p->version;
    s->called = false;
}

unsigned park_done(struct park *p, struct answer_job *jobs,
                   struct parked *const *who, unsigned n, unsigned done)
{
    unsigned left = 0;

    for (unsigned i = 0; i < n; i++) {
        jobs[i].again = jobs[i].due_now = false;
        if (i >= done)
            continue;
        if (jobs[i].verdict == ANSWER_PARK) {
            wait_on(p, seat_of(p, who[i]), &jobs[i]);
        } else {
            park_leave(p, who[i]);
            left++;
        }
    }
    return left;
}
