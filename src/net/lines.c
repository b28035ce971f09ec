// SPDX-License-Identifier: Apache-2.0
// A set is the upstreams of one time, with a channel to each: what is on its
// way by it goes on when another set is asked. What becomes of each query is
// told to the upstreams first (upstreams_health.h) and then to whoever asked;
// what is due for them is done at once, and by a timer that runs while anything
// is.
//
// TCP says nothing about an upstream: it is asked that way when it has just
// replied over UDP, and some never take it.
#include "lines.h"

#include "line_probe.h"
#include "ring.h"
#include "upstreams_health.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// What is asked, and so what comes of it.
enum purpose {
    PURPOSE_QUERY,
    PURPOSE_FIRST, // the first probe: as a query, but not counted
    PURPOSE_PROBE, // whether it is there, and does not lead back to us
    PURPOSE_SELF,  // whether it is there
};

struct line_set {
    struct ring link; // of all sets
    struct ring asks;
    struct lines *lines;
    struct upstreams *upstreams;
    size_t n;
    struct channel *channels[];
};

struct line_ask {
    struct ring link;
    struct line_set *set;
    size_t i; // upstream
    struct channel_ask *ask;
    struct line_call call; // without members: nobody waits
    enum channel_transport transport;
    enum purpose purpose;
    struct upstream_name name; // of a probe
    bool slow;
    bool over; // `done` is being called
};

struct lines {
    uv_timer_t timer;
    uv_loop_t *loop;
    struct ring sets;
    struct line_set *current;
    uint64_t number; // of the current set
    bool probes;
    bool probe_first; // the current set was not probed yet
};

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

// --- sets ------------------------------------------------------------------

static void set_free(struct line_set *s)
{
    for (size_t i = 0; i < s->n; i++)
        channel_free(s->channels[i]);
    for (struct ring *link = s->asks.next, *next; link != &s->asks;
         link = next) {
        next = link->next;
        free(ORD_CONTAINER(link, struct line_ask, link));
    }
    ring_remove(&s->link);
    upstreams_unref(s->upstreams);
    free(s);
}

// Nobody needs it once its last query has ended.
static void set_settle(struct line_set *s)
{
    if (s != s->lines->current && ring_is_empty(&s->asks))
        set_free(s);
}

static struct line_set *set_new(struct lines *l, struct upstreams *upstreams)
{
    const size_t n = upstreams_n(upstreams);
    struct line_set *s = malloc(sizeof *s + n * sizeof s->channels[0]);
    struct error err;

    if (!s)
        return NULL;
    *s = (struct line_set){.lines = l, .upstreams = upstreams_ref(upstreams)};
    ring_init(&s->asks);
    ring_init(&s->link);
    for (size_t i = 0; i < n; i++) {
        if (channel_new(l->loop, upstreams_address(upstreams, i),
                        &s->channels[i], &err) < 0) {
            set_free(s);
            return NULL;
        }
        s->n++;
    }
    ring_append(&l->sets, &s->link);
    return s;
}

// --- asking ----------------------------------------------------------------

static void on_slow(void *context);
static void on_done(void *context, enum channel_outcome outcome,
                    struct span reply);
static void look(struct lines *l);

static void ask_free(struct line_ask *a)
{
    struct line_set *const s = a->set;
    ring_remove(&a->link);
    free(a);
    set_settle(s);
}

// The other members of `ask` are set. Returns as channel_ask().
static int send_ask(const struct line_ask *ask, struct span message,
                    struct line_ask **out)
{
    struct line_ask *const a = malloc(sizeof *a);
    if (!a)
        return -ENOMEM;
    *a = *ask;
    ring_init(&a->link);
    const struct channel_call call = {on_slow, on_done, a};
    const int r = channel_ask(a->set->channels[a->i], a->transport, message,
                              &call, &a->ask);
    if (r < 0) {
        free(a);
        return r;
    }
    ring_append(&a->set->asks, &a->link);
    *out = a;
    return 0;
}

// What is missing here, or wrong with the message, is not the upstream's fault.
static bool is_of_network(int code)
{
    return code != -EMFILE && code != -ENOMEM && code != -EMSGSIZE &&
           code != -EINVAL;
}

// --- probes ----------------------------------------------------------------

// For one that is not asked for by anybody. Returns whether it is on its way,
// or at least no fault of ours keeps it.
static bool send_probe(const struct line_ask *ask, struct span query)
{
    struct line_ask *a;
    const int r = send_ask(ask, query, &a);
    if (r == 0 || !is_of_network(r))
        return r == 0;
    upstreams_doubt(ask->set->upstreams, ask->i, true, now_ms());
    return true;
}

static bool probe_name(struct line_set *s, size_t i, enum purpose purpose)
{
    struct line_ask ask = {.set = s, .i = i, .purpose = purpose};
    uint8_t query[LINE_PROBE_MAX];

    if (uv_random(NULL, NULL, &ask.name, sizeof ask.name, 0, NULL) < 0)
        return false;
    upstreams_probed(s->upstreams, i, ask.name);
    return send_probe(&ask, span_of(query, line_probe_named(query, ask.name)));
}

static bool probe_self(struct line_set *s, size_t i)
{
    const struct line_ask ask = {.set = s, .i = i, .purpose = PURPOSE_SELF};
    uint8_t query[LINE_PROBE_MAX];

    return send_probe(&ask, span_of(query, line_probe_self(query)));
}

bool lines_sees_probe(struct lines *l, struct span question)
{
    struct upstream_name name;

    if (!line_probe_read(question, &name) ||
        !upstreams_saw(l->current->upstreams, name, now_ms()))
        return false;
    look(l);
    return true;
}

// --- what is due -----------------------------------------------------------

static void on_due(uv_timer_t *timer)
{
    look(ORD_CONTAINER(timer, struct lines, timer));
}

static void wait_for_due(struct lines *l)
{
    const uint64_t due = upstreams_due_ms(l->current->upstreams);
    const uint64_t now = now_ms();
    if (due == UPSTREAMS_NEVER)
        (void)uv_timer_stop(&l->timer); // always 0, both
    else
        (void)uv_timer_start(&l->timer, on_due, due > now ? due - now : 1, 0);
}

// Do what is due, if no other worker has, and see to what will be.
static void look(struct lines *l)
{
    struct line_set *const s = l->current;
    const uint64_t now = now_ms();

    for (size_t i = 0; i < s->n; i++) {
        if (l->probe_first)
            (void)probe_name(s, i, PURPOSE_FIRST);
        if (!upstreams_take_probe(s->upstreams, i, now))
            continue;
        const bool by_name = probe_name(s, i, PURPOSE_PROBE);
        if (!probe_self(s, i) && !by_name)
            upstreams_spare(s->upstreams, i, now);
    }
    l->probe_first = false;
    wait_for_due(l);
}

// --- what becomes of it ----------------------------------------------------

static void doubt(const struct line_ask *a, bool unreachable)
{
    if (a->transport == CHANNEL_TCP)
        return;
    upstreams_doubt(a->set->upstreams, a->i, unreachable, now_ms());
    look(a->set->lines);
}

static void take_reply(const struct line_ask *a)
{
    struct upstreams *const u = a->set->upstreams;
    switch (a->purpose) {
    case PURPOSE_QUERY:
        upstreams_answered(u, a->i, now_ms());
        break;
    case PURPOSE_FIRST:
    case PURPOSE_PROBE:
        upstreams_probe_replied(u, a->i, a->name, now_ms());
        break;
    case PURPOSE_SELF:
        upstreams_replied(u, a->i, now_ms());
        break;
    }
}

// A probe that is silent says so by itself: see upstreams_take_probe().
static bool says_something(const struct line_ask *a)
{
    return a->purpose == PURPOSE_QUERY || a->purpose == PURPOSE_FIRST;
}

static void on_slow(void *context)
{
    struct line_ask *const a = context;
    const bool waited_for = a->purpose != PURPOSE_QUERY || a->call.done;

    a->slow = true;
    if (says_something(a))
        doubt(a, false);
    if (!waited_for)
        lines_drop(a);
    else if (a->call.slow)
        a->call.slow(a->call.context);
}

static void on_done(void *context, enum channel_outcome outcome,
                    struct span reply)
{
    struct line_ask *const a = context;
    const bool unreachable = outcome == CHANNEL_UNREACHABLE;

    a->over = true;
    if (outcome == CHANNEL_ANSWERED)
        take_reply(a);
    else if (unreachable || says_something(a))
        doubt(a, unreachable);
    if (outcome != CHANNEL_ANSWERED && a->purpose == PURPOSE_QUERY)
        upstreams_failed(a->set->upstreams, a->i);
    if (a->call.done)
        a->call.done(a->call.context, outcome, reply);
    ask_free(a);
}

void lines_drop(struct line_ask *a)
{
    a->call = (struct line_call){0};
    if (a->over || !a->slow)
        return;
    upstreams_failed(a->set->upstreams, a->i);
    channel_drop(a->ask);
    ask_free(a);
}

// --- lines -----------------------------------------------------------------

int lines_new(uv_loop_t *loop, struct upstreams *upstreams, bool probes,
              struct lines **out)
{
    struct lines *l = malloc(sizeof *l);
    if (!l)
        return -ENOMEM;
    *l = (struct lines){.loop = loop, .probes = probes};
    ring_init(&l->sets);
    l->current = set_new(l, upstreams);
    if (!l->current) {
        free(l);
        return -ENOMEM;
    }
    (void)uv_timer_init(loop, &l->timer); // always 0, both
    l->number = 1;
    l->probe_first = probes;
    if (probes)
        (void)uv_timer_start(&l->timer, on_due, 0, 0);
    *out = l;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(ORD_CONTAINER((uv_timer_t *)handle, struct lines, timer));
}

void lines_free(struct lines *l)
{
    if (!l)
        return;
    for (struct ring *link = l->sets.next, *next; link != &l->sets;
         link = next) {
        next = link->next;
        set_free(ORD_CONTAINER(link, struct line_set, link));
    }
    uv_close((uv_handle_t *)&l->timer, on_closed);
}

void lines_set(struct lines *l, struct upstreams *upstreams)
{
    struct line_set *const before = l->current;
    struct line_set *const next = set_new(l, upstreams);

    if (!next)
        return;
    l->current = next;
    l->number++;
    l->probe_first = l->probes;
    set_settle(before);
    look(l);
}

int lines_ask(struct lines *l, enum channel_transport transport,
              struct line_tried *tried, struct span message,
              const struct line_call *call, struct line_ask **out)
{
    struct line_set *const s = l->current;
    struct line_ask ask = {.set = s,
                           .call = *call,
                           .transport = transport,
                           .purpose = PURPOSE_QUERY};

    assert(call->done);
    if (tried->set != l->number)
        *tried = (struct line_tried){.set = l->number};
    for (ask.i = 0; ask.i < s->n; ask.i++) {
        const uint32_t bit = UINT32_C(1) << ask.i;
        if ((tried->bits & bit) || !upstreams_is_good(s->upstreams, ask.i))
            continue;
        tried->bits |= bit;
        const int r = send_ask(&ask, message, out);
        if (r < 0 && !is_of_network(r))
            return r;
        upstreams_asked(s->upstreams, ask.i);
        if (r == 0)
            return 0;
        upstreams_failed(s->upstreams, ask.i);
        doubt(&ask, true);
    }
    if (!uv_is_active((uv_handle_t *)&l->timer))
        wait_for_due(l); // of what other workers have set aside
    return -EHOSTUNREACH;
}

int lines_ask_again(struct line_ask *a, struct span message,
                    const struct line_call *call, struct line_ask **out)
{
    const struct line_ask ask = {.set = a->set,
                                 .i = a->i,
                                 .call = *call,
                                 .transport = CHANNEL_TCP,
                                 .purpose = PURPOSE_QUERY};
    assert(a->over && call->done);
    const int r = send_ask(&ask, message, out);
    if (r == 0)
        upstreams_asked(ask.set->upstreams, ask.i);
    return r;
}

enum reason_code lines_why(const struct lines *l)
{
    const struct upstreams *const u = l->current->upstreams;
    size_t loops = 0, unreachable = 0;

    for (size_t i = 0; i < upstreams_n(u); i++) {
        const struct upstream_state s = upstreams_state(u, i);
        loops += s.condition == UPSTREAM_LOOP;
        unreachable += s.condition != UPSTREAM_LOOP && s.unreachable;
    }
    if (upstreams_n(u) == 0)
        return REASON_UPSTREAM_NONE;
    if (loops == upstreams_n(u))
        return REASON_UPSTREAM_LOOP;
    return loops + unreachable == upstreams_n(u) ? REASON_UPSTREAM_UNREACHABLE
                                                 : REASON_UPSTREAM_SILENT;
}
