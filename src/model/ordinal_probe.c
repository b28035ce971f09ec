// SPDX-License-Identifier: Apache-2.0
// Readiness probes, as a kubelet counts them: asked each period, beginning when
// the initial delay after the pod's start is over; success and failure take so
// many answers in a row. Who asks, and how, is the caller's affair: here is a
// ticket and what came of it.
#include "ordinal_state.h"

#include "base/hash.h"

#include <stdio.h>
#include <string.h>

enum {
    // For an answer that took all of its time and is on its way.
    LATE_MS = 1000,
    SECOND_MS = 1000,
};

static const struct probe *probe_of(const struct probing *g)
{
    const struct pod *p = g->pod;

    return &p->template->probes[g - p->probings];
}

void pod_probe_start(struct ordinals *o, struct pod *p)
{
    for (uint32_t i = 0; i < p->probings_n; i++) {
        struct probing *g = &p->probings[i];
        *g = (struct probing){.pod = p};
        g->next_ms =
            o->now_ms + (uint64_t)probe_of(g)->initial_delay_s * SECOND_MS;
    }
}

static void forget_ticket(struct ordinals *o, struct probing *g)
{
    if (g->ticket)
        map_remove(&o->tickets, &g->node);
    g->ticket = 0;
}

void pod_probe_stop(struct ordinals *o, struct pod *p)
{
    for (uint32_t i = 0; i < p->probings_n; i++) {
        forget_ticket(o, &p->probings[i]);
        p->probings[i] = (struct probing){.pod = p, .next_ms = UINT64_MAX};
    }
    if (p->asking.link)
        list_unlink(&p->asking);
}

static void count_answer(struct ordinals *o, struct probing *g, bool success)
{
    const struct probe *probe = probe_of(g);
    // The period goes on from when it was asked, whatever the answer took.
    const uint64_t next = g->asked_ms + (uint64_t)probe->period_s * SECOND_MS;

    forget_ticket(o, g);
    g->next_ms = next > o->now_ms ? next : o->now_ms;
    g->successes = success ? g->successes + 1 : 0;
    g->failures = success ? 0 : g->failures + 1;
    if (g->successes >= probe->success_threshold)
        g->success = true;
    if (g->failures >= probe->failure_threshold)
        g->success = false;
}

void pod_probe_run(struct ordinals *o, struct pod *p)
{
    bool due = false;

    for (uint32_t i = 0; i < p->probings_n; i++) {
        struct probing *g = &p->probings[i];
        if (g->next_ms > o->now_ms)
            continue;
        if (g->ticket)
            count_answer(o, g, false);
        due |= g->next_ms <= o->now_ms;
    }
    if (due && !p->asking.link)
        list_link(&o->askers, &p->asking);
}

bool pod_probe_success(const struct pod *p)
{
    for (uint32_t i = 0; i < p->probings_n; i++)
        if (!p->probings[i].success)
            return false;
    return true;
}

uint64_t pod_probe_next_ms(const struct pod *p)
{
    uint64_t next = UINT64_MAX;

    for (uint32_t i = 0; i < p->probings_n; i++)
        if (p->probings[i].next_ms < next)
            next = p->probings[i].next_ms;
    return next;
}

static uint64_t ticket_hash(uint64_t ticket)
{
    return hash_mix(ticket, 0x9e3779b97f4a7c15);
}

static void ask(struct ordinals *o, struct probing *g)
{
    const struct probe *probe = probe_of(g);

    g->ticket = ++o->ticket;
    g->node.hash = ticket_hash(g->ticket);
    map_insert(&o->tickets, &g->node);
    g->asked_ms = o->now_ms;
    g->next_ms = o->now_ms + (uint64_t)probe->timeout_s * SECOND_MS + LATE_MS;
}

// All tickets of a pod first: the listener may answer within its call.
static void ask_pod(struct ordinals *o, struct pod *p)
{
    const struct ordinals_events *e = &o->settings.events;
    const uint64_t before = o->ticket;

    for (uint32_t i = 0; i < p->probings_n; i++)
        if (!p->probings[i].ticket && p->probings[i].next_ms <= o->now_ms)
            ask(o, &p->probings[i]);
    timer_set(o, p, pod_next_ms(o, p));
    for (uint32_t i = 0; i < p->probings_n; i++) {
        const struct probing *g = &p->probings[i];
        const struct ordinals_probe told = {.ticket = g->ticket,
                                            .pod = &p->face.told->object,
                                            .probe = probe_of(g)};
        if (g->ticket > before)
            e->probe(e->context, &told);
    }
}

void ordinals_ask(struct ordinals *o)
{
    struct list_node *list = NULL, *at;

    // The oldest first.
    while ((at = o->askers)) {
        list_unlink(at);
        list_link(&list, at);
    }
    while ((at = list)) {
        struct pod *p = ORD_CONTAINER(at, struct pod, asking);
        list_unlink(at);
        // Not told yet, for lack of memory: the next step asks.
        if (p->face.told)
            ask_pod(o, p);
        else
            timer_set(o, p, o->now_ms);
    }
}

static struct probing *find_ticket(const struct ordinals *o, uint64_t ticket)
{
    struct map_node *n = map_first(&o->tickets, ticket_hash(ticket));

    for (; n; n = map_next(n)) {
        struct probing *g = ORD_CONTAINER(n, struct probing, node);
        if (g->ticket == ticket)
            return g;
    }
    return NULL;
}

void ordinals_probed(struct ordinals *o, uint64_t ticket, bool success)
{
    struct probing *g = find_ticket(o, ticket);

    if (!g)
        return;
    struct pod *p = g->pod;
    const bool before = g->success;
    count_answer(o, g, success);
    // Readiness that changes by it, or why there is none, is the next step's
    // matter.
    const bool turns =
        g->success != before || pod_probe_success(p) != p->healthy;
    timer_set(o, p, turns ? o->now_ms : pod_next_ms(o, p));
}

static void name_probe(const struct probe *probe, char *out, size_t size)
{
    static const char *const kinds[] = {[PROBE_TCP] = "tcp",
                                        [PROBE_HTTP] = "http",
                                        [PROBE_HTTPS] = "https",
                                        [PROBE_GRPC] = "grpc"};

    snprintf(out, size, "probe of %s port %u", kinds[probe->kind], probe->port);
}

void pod_probe_reason(const struct pod *p, char *out, size_t size)
{
    char name[40];

    out[0] = '\0';
    for (uint32_t i = 0; i < p->probings_n; i++) {
        const struct probing *g = &p->probings[i];
        if (g->success)
            continue;
        name_probe(probe_of(g), name, sizeof name);
        if (g->failures)
            snprintf(out, size, "%s failed %u time%s", name, g->failures,
                     g->failures == 1 ? "" : "s");
        else if (g->successes)
            snprintf(out, size, "%s succeeded %u of %u times", name,
                     g->successes, probe_of(g)->success_threshold);
        else
            snprintf(out, size, "%s has no answer yet", name);
        return;
    }
}
