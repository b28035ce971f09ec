// SPDX-License-Identifier: Apache-2.0
#include "exchange.h"

#include "dns/reply.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEVER UINT64_MAX

static struct exchange *active_of(struct ring *link)
{
    return ORD_CONTAINER(link, struct exchange, active);
}

static struct span message_of(const struct exchange *e)
{
    return span_of(e->query.octets, e->query.n);
}

// --- the table -------------------------------------------------------------

static struct exchange **bucket_of(struct exchanges *x, uint64_t hash)
{
    return &x->buckets[hash & x->mask];
}

static struct exchange *find(struct exchanges *x,
                             const struct answer_upstream *query, uint64_t hash)
{
    struct exchange *e = *bucket_of(x, hash);

    while (e && !(e->hash == hash && answer_upstream_is_same(&e->query, query)))
        e = e->next;
    return e;
}

static struct exchange *unused_one(struct exchanges *x)
{
    struct exchange *const e = x->unused;

    if (!e)
        return &x->table[x->begun++];
    x->unused = e->next;
    return e;
}

// Nobody finds it, and it has no end, any more.
static void leave_table(struct exchange *e)
{
    struct exchanges *const x = e->all;
    struct exchange **link = bucket_of(x, e->hash);

    while (*link != e)
        link = &(*link)->next;
    *link = e->next;
    ring_remove(&e->active);
    ring_remove(&e->fresh);
    if (--x->n == 0)
        (void)uv_timer_stop(&x->timer); // always 0, both
    if (ring_is_empty(&x->fresh))
        (void)uv_idle_stop(&x->idle);
}

static void keep_nothing(struct exchange *e)
{
    free(e->kept);
    e->all->kept_n -= e->kept_n;
    e->kept = NULL;
    e->kept_n = 0;
}

static void release(struct exchange *e)
{
    assert(ring_is_empty(&e->waiting) && ring_is_empty(&e->asks));
    keep_nothing(e);
    e->next = e->all->unused;
    e->all->unused = e;
}

// --- the end ---------------------------------------------------------------

// Returns whether there was memory.
static bool keep(struct exchange *e, struct span reply)
{
    struct exchanges *const x = e->all;
    uint8_t *const copy =
        x->kept_n + reply.n <= EXCHANGE_KEPT_MAX ? malloc(reply.n) : NULL;

    if (!copy)
        return false;
    memcpy(copy, reply.p, reply.n);
    keep_nothing(e);
    e->kept = copy;
    e->kept_n = reply.n;
    x->kept_n += reply.n;
    return true;
}

/*
 * Hand the reply to all that wait; empty: there is none. Most are done with
 * when this returns; for those that are many, or whose connections cannot take
 * it yet, a copy is kept.
 */
static void end(struct exchange *e, struct span reply)
{
    struct exchanges *const x = e->all;

    asks_drop(&e->asks);
    leave_table(e);
    e->ended = e->telling = true;
    e->reply = reply;
    x->ended(x->context, e);
    e->telling = false;
    if (ring_is_empty(&e->waiting)) {
        release(e);
    } else if (reply.p && reply.p != e->kept) {
        if (keep(e, reply)) {
            e->reply = span_of(e->kept, e->kept_n);
        } else {
            e->reply = span_of(NULL, 0);
            e->why = REASON_FORWARD_FULL;
        }
    }
}

// With the best of what has come, or nothing.
static void end_with_kept(struct exchange *e)
{
    end(e, span_of(e->kept, e->kept_n));
}

void exchange_left(struct exchange *e)
{
    if (!ring_is_empty(&e->waiting) || e->telling)
        return;
    if (!e->ended) {
        asks_drop(&e->asks);
        leave_table(e);
    }
    release(e);
}

// --- asking ----------------------------------------------------------------

static unsigned asks_of(const struct exchange *e)
{
    unsigned n = 0;
    for (const struct ring *r = e->asks.next; r != &e->asks; r = r->next)
        n++;
    return n;
}

// One more upstream, if there is one. What is not to be had here counts only
// where nobody else is asked.
static void ask_next(struct exchange *e)
{
    struct asks *const asks = &e->all->asks;

    if (asks_of(e) == EXCHANGE_ASKS)
        return;
    const int r = asks_send(asks, e, &e->asks, &e->tried, message_of(e));
    if (r < 0)
        e->why =
            r == -EHOSTUNREACH ? lines_why(asks->lines) : REASON_FORWARD_FULL;
}

// The same, and the end if nobody is asked any more.
static void go_on(struct exchange *e)
{
    ask_next(e);
    if (ring_is_empty(&e->asks))
        end_with_kept(e);
}

static void on_slow(void *context)
{
    ask_next(context);
}

static void on_idle(uv_idle_t *idle)
{
    struct exchanges *const x = ORD_CONTAINER(idle, struct exchanges, idle);

    for (int i = 0; i < EXCHANGE_TURN_ASKS && !ring_is_empty(&x->fresh); i++) {
        struct exchange *const e =
            ORD_CONTAINER(x->fresh.next, struct exchange, fresh);
        ring_remove(&e->fresh);
        go_on(e);
    }
    if (ring_is_empty(&x->fresh))
        (void)uv_idle_stop(idle);
}

// --- replies ---------------------------------------------------------------

static bool is_failure(struct span reply)
{
    struct dns_reply r;

    return dns_reply_parse(reply, &r) < 0 || r.rcode == DNS_RCODE_SERVFAIL ||
           r.rcode == DNS_RCODE_REFUSED || r.rcode == DNS_RCODE_NOTIMP;
}

static bool is_cut(enum channel_transport transport, struct span reply)
{
    return transport == CHANNEL_UDP && reply.n >= DNS_HEADER &&
           bytes_load_u16(reply.p + 2) & DNS_FLAG_TC;
}

// Something that others may have better: for the client if they have not.
// Without memory for it there is still what comes next.
static void set_aside(struct exchange *e, enum exchange_worth worth,
                      struct span reply)
{
    if (e->worth < worth && keep(e, reply))
        e->worth = worth;
}

static void take_cut(struct exchange *e, struct ask *a, struct span reply)
{
    if (e->reply_max <= DNS_UDP_MIN) {
        end(e, reply);
        return;
    }
    set_aside(e, EXCHANGE_CUT, reply);
    if (asks_send_again(a, e, &e->asks, message_of(e)) < 0)
        end(e, reply);
}

static void take_failure(struct exchange *e, struct span reply)
{
    set_aside(e, EXCHANGE_FAILURE, reply);
    go_on(e);
}

static void on_done(void *context, struct ask *a, enum channel_outcome outcome,
                    struct span reply)
{
    struct exchange *const e = context;

    if (outcome != CHANNEL_ANSWERED && a->transport == CHANNEL_TCP) {
        e->why = REASON_FORWARD_FULL; // where the cut one could not be kept
        end_with_kept(e);
    } else if (outcome != CHANNEL_ANSWERED) {
        go_on(e);
    } else if (is_cut(a->transport, reply)) {
        take_cut(e, a, reply);
    } else if (is_failure(reply)) {
        take_failure(e, reply);
    } else {
        end(e, reply);
    }
}

// --- time ------------------------------------------------------------------

static uint64_t end_of(const struct exchange *e)
{
    return e->due_ms < e->all->stop_ms ? e->due_ms : e->all->stop_ms;
}

static void on_time(uv_timer_t *timer);

// Of the oldest one. A timer that is due already would run in the same turn.
static void wait_for_end(struct exchanges *x)
{
    if (ring_is_empty(&x->active))
        return;
    const uint64_t due = end_of(active_of(x->active.next));
    const uint64_t now = uv_now(x->loop);
    (void)uv_timer_start(&x->timer, on_time, due > now ? due - now : 1, 0);
}

static void on_time(uv_timer_t *timer)
{
    struct exchanges *const x = ORD_CONTAINER(timer, struct exchanges, timer);

    for (int i = 0; i < EXCHANGE_TURN_ENDS && !ring_is_empty(&x->active); i++) {
        struct exchange *const e = active_of(x->active.next);
        if (end_of(e) > uv_now(x->loop))
            break;
        e->why = lines_why(x->asks.lines);
        end_with_kept(e);
    }
    wait_for_end(x);
}

void exchanges_stop(struct exchanges *x, uint64_t patience_ms)
{
    x->stop_ms = uv_now(x->loop) + patience_ms;
    wait_for_end(x);
}

bool exchanges_have_stopped(const struct exchanges *x)
{
    return uv_now(x->loop) >= x->stop_ms;
}

// --- coming ----------------------------------------------------------------

static struct exchange *begin(struct exchanges *x,
                              const struct answer_upstream *query,
                              uint64_t hash)
{
    struct exchange *const e = unused_one(x);

    *e = (struct exchange){.all = x,
                           .hash = hash,
                           .due_ms = uv_now(x->loop) + EXCHANGE_MS,
                           .query = *query,
                           .next = *bucket_of(x, hash)};
    ring_init(&e->waiting);
    ring_init(&e->active);
    ring_init(&e->fresh);
    ring_init(&e->asks);
    *bucket_of(x, hash) = e;
    ring_append(&x->active, &e->active);
    ring_append(&x->fresh, &e->fresh);
    (void)uv_idle_start(&x->idle, on_idle); // always 0; also if it runs
    if (x->n++ == 0)
        wait_for_end(x);
    return e;
}

void exchange_join(struct exchanges *x, const struct answer_upstream *query,
                   struct parked *who)
{
    const uint64_t hash = answer_upstream_hash(query, x->seed);
    struct exchange *e = find(x, query, hash);

    if (!e)
        e = begin(x, query, hash);
    if (e->reply_max < query->reply_max)
        e->reply_max = query->reply_max;
    who->exchange = e;
    ring_append(&e->waiting, &who->group);
}

// --- life ------------------------------------------------------------------

int exchanges_init(struct exchanges *x, uv_loop_t *loop,
                   const struct exchange_settings *settings)
{
    static const struct asks_calls calls = {.slow = on_slow, .done = on_done};
    uint32_t buckets_n = 1;

    *x = (struct exchanges){.loop = loop,
                            .ended = settings->ended,
                            .context = settings->context,
                            .stop_ms = NEVER};
    ring_init(&x->active);
    ring_init(&x->fresh);
    (void)uv_timer_init(loop, &x->timer); // both always 0
    (void)uv_idle_init(loop, &x->idle);
    if (settings->max == 0)
        return 0;
    if (getentropy(&x->seed, sizeof x->seed) < 0)
        return -errno;
    while (buckets_n < settings->max)
        buckets_n *= 2;
    x->mask = buckets_n - 1;
    x->table = calloc(settings->max + (size_t)1, sizeof *x->table);
    x->buckets = calloc(buckets_n, sizeof *x->buckets);
    if (!x->table || !x->buckets)
        return -ENOMEM;
    return asks_init(&x->asks, settings->asks_max, &calls, settings->asked);
}

void exchanges_release(struct exchanges *x)
{
    assert(x->n == 0 && x->kept_n == 0);
    asks_release(&x->asks);
    free(x->table);
    free(x->buckets);
    *x = (struct exchanges){0};
}

void exchanges_use(struct exchanges *x, struct lines *lines)
{
    asks_use(&x->asks, lines);
}
