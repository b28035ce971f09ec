// SPDX-License-Identifier: Apache-2.0
#include "park.h"

#include "base/hash.h"
#include "client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct parked *parked_of(struct ring *link)
{
    return ORD_CONTAINER(link, struct parked, link);
}

int park_init(struct park *p, uv_loop_t *loop, const struct park_kind *kind,
              const struct park_limits *limits, struct counter *counter)
{
    uint32_t buckets_n = 1;

    *p = (struct park){.kind = kind,
                       .counter = counter,
                       .max = limits->places,
                       .client_max = limits->client_places};
    ring_init(&p->unused);
    ring_init(&p->told);
    (void)uv_idle_init(loop, &p->idle); // always 0
    if (p->max == 0)
        return 0;
    if (getentropy(&p->seed, sizeof p->seed) < 0)
        return -errno;
    while (buckets_n < p->max)
        buckets_n *= 2;
    p->mask = buckets_n - 1;
    p->places = calloc(p->max, sizeof *p->places);
    p->buckets = calloc(buckets_n, sizeof *p->buckets);
    if (!p->places || !p->buckets)
        return -ENOMEM;
    return share_init(&p->share, p->max, p->seed);
}

void park_release(struct park *p)
{
    assert(p->n == 0);
    free(p->places);
    free(p->buckets);
    share_release(&p->share);
    *p = (struct park){0};
}

void park_way_init(struct park_way *way, struct park *p,
                   void (*answer)(void *context), void *context)
{
    *way = (struct park_way){.park = p, .answer = answer, .context = context};
    ring_init(&way->waiting);
    ring_init(&way->called);
    ring_init(&way->told);
}

// --- the same query again --------------------------------------------------

static uint64_t key_of(const struct park_way *way, const struct answer_job *job)
{
    const uint64_t h =
        hash_bytes(way->park->seed ^ bytes_load_u16(job->message),
                   job->message + DNS_HEADER, job->query.question_n);
    return hash_mix(h ^ sockaddr_port(job->client), (uintptr_t)way);
}

static bool same_client(const struct sockaddr_any *a,
                        const struct sockaddr_any *b)
{
    const struct address x = sockaddr_address(a), y = sockaddr_address(b);
    return sockaddr_port(a) == sockaddr_port(b) && address_compare(&x, &y) == 0;
}

// The same ID and question, letter by letter (a resolver may draw their case,
// and looks for it in the reply), from the same port over the same way.
static bool is_repeated(const struct parked *who, const struct park_way *way,
                        const struct answer_job *job)
{
    return who->way == way && who->question_n == job->query.question_n &&
           memcmp(who->message, job->message, 2) == 0 &&
           memcmp(who->message + DNS_HEADER, job->message + DNS_HEADER,
                  who->question_n) == 0 &&
           same_client(&who->client, job->client);
}

static bool is_known(const struct park_way *way, const struct answer_job *job,
                     uint64_t key)
{
    const struct park *const p = way->park;

    for (uint32_t i = p->buckets[key & p->mask]; i > 0;) {
        const struct parked *const who = &p->places[i - 1];
        if (who->key == key && is_repeated(who, way, job))
            return true;
        i = who->next;
    }
    return false;
}

static void index_add(struct park *p, struct parked *who)
{
    uint32_t *const bucket = &p->buckets[who->key & p->mask];
    who->next = *bucket;
    *bucket = who->number + 1;
}

static void index_remove(struct park *p, const struct parked *who)
{
    uint32_t *link = &p->buckets[who->key & p->mask];
    while (*link != who->number + 1)
        link = &p->places[*link - 1].next;
    *link = who->next;
}

// --- coming and going ------------------------------------------------------

// The one that was left last is in the cache still.
static struct parked *free_place(struct park *p)
{
    if (ring_is_empty(&p->unused)) {
        struct parked *const who = &p->places[p->fresh];
        who->number = p->fresh++;
        ring_init(&who->link);
        ring_init(&who->group);
        return who;
    }
    struct parked *const who = parked_of(p->unused.previous);
    ring_remove(&who->link);
    return who;
}

enum park_outcome park_take(struct park_way *way, const struct answer_job *job,
                            struct parked **out)
{
    struct park *const p = way->park;
    const uint64_t client = client_of(job->client);

    assert(job->query_n <= ANSWER_PARK_OCTETS_MAX);
    if (p->max == 0)
        return PARK_FULL;
    const uint64_t key = key_of(way, job);
    if (is_known(way, job, key))
        return PARK_REPEATED;
    if (p->n == p->max || share_count(&p->share, client) >= p->client_max)
        return PARK_FULL;
    struct parked *const who = free_place(p);
    who->way = way;
    who->client = *job->client;
    who->local.n = 0;
    who->called = false;
    who->key = key;
    who->share_at = share_take(&p->share, client);
    who->message_n = (uint16_t)job->query_n;
    who->question_n = job->query.question_n;
    memcpy(who->message, job->message, job->query_n);
    index_add(p, who);
    ring_append(&way->waiting, &who->link);
    way->n++;
    p->n++;
    counter_add(p->counter, 1);
    *out = who;
    return PARK_TAKEN;
}

static void tell_no_more(struct park_way *way)
{
    if (ring_is_empty(&way->called))
        ring_remove(&way->told);
}

void park_leave(struct parked *who)
{
    struct park_way *const way = who->way;
    struct park *const p = way->park;

    ring_remove(&who->link);
    ring_remove(&who->group);
    tell_no_more(way);
    index_remove(p, who);
    share_give(&p->share, who->share_at);
    way->n--;
    p->n--;
    counter_add(p->counter, UINT64_MAX); // one less
    p->kind->left(p, who);
    ring_append(&p->unused, &who->link);
}

void park_forget(struct park_way *way)
{
    while (!ring_is_empty(&way->called))
        park_leave(parked_of(way->called.next));
    while (!ring_is_empty(&way->waiting))
        park_leave(parked_of(way->waiting.next));
}

// --- the called ------------------------------------------------------------

static void move(struct parked *who, bool called)
{
    struct park_way *const way = who->way;

    who->called = called;
    ring_remove(&who->link);
    ring_append(called ? &way->called : &way->waiting, &who->link);
}

void park_call(struct parked *who)
{
    struct park_way *const way = who->way;

    if (who->called)
        return;
    move(who, true);
    ring_remove(&way->told);
    ring_append(&way->park->told, &way->told);
}

static void tell_one(struct park *p)
{
    struct park_way *const way =
        ORD_CONTAINER(p->told.next, struct park_way, told);
    ring_remove(&way->told);
    way->answer(way->context);
}

// Whether this turn's time is over. A turn begins when the loop has looked at
// its clock, so that all who tell within it share the time.
static bool turn_is_over(struct park *p)
{
    const uint64_t now = uv_now(p->idle.loop);

    if (p->turn_ms != now) {
        p->turn_ms = now;
        p->turn_ns = 0;
    }
    return p->turn_ns >= PARK_TURN_MS * UINT64_C(1000000);
}

static void on_idle(uv_idle_t *idle);

// Telling one may close its connection. No way is told again for what it could
// not send yet: it comes back to that by itself.
void park_tell(struct park *p)
{
    while (!ring_is_empty(&p->told) && !turn_is_over(p)) {
        const uint64_t before = uv_hrtime();
        tell_one(p);
        p->turn_ns += uv_hrtime() - before;
    }
    if (!ring_is_empty(&p->told))
        (void)uv_idle_start(&p->idle, on_idle); // always 0, both
    else
        (void)uv_idle_stop(&p->idle);
}

static void on_idle(uv_idle_t *idle)
{
    park_tell(ORD_CONTAINER(idle, struct park, idle));
}

void park_tell_all(struct park *p)
{
    while (!ring_is_empty(&p->told))
        tell_one(p);
    (void)uv_idle_stop(&p->idle);
}

void park_tell_rest(struct park_way *way)
{
    if (ring_is_empty(&way->called))
        return;
    ring_remove(&way->told);
    ring_append(&way->park->told, &way->told);
    (void)uv_idle_start(&way->park->idle, on_idle);
}

unsigned park_fetch(struct park_way *way, struct answer_job *jobs,
                    struct parked *who[BATCH_MAX])
{
    unsigned n = 0;

    for (struct ring *link = way->called.next;
         link != &way->called && n < BATCH_MAX; link = link->next) {
        struct parked *const one = parked_of(link);
        memcpy(jobs[n].message, one->message, one->message_n);
        jobs[n].query_n = one->message_n;
        who[n++] = one;
    }
    return n;
}

void park_done(struct parked *who, const struct answer_job *job)
{
    struct park *const p = who->way->park;

    if (!p->kind->stays(p, who, job)) {
        park_leave(who);
        return;
    }
    move(who, false);
    tell_no_more(who->way);
}
