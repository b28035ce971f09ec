// SPDX-License-Identifier: Apache-2.0
// What each setting means to the parts between a manifest and an answer.
#include "daemon/pipeline.h"

#include "daemon/self.h"
#include "events.h"
#include "servers.h"

#include <assert.h>
#include <errno.h>
#include <time.h>
#include <uv.h>

// How often standard input is looked at by a command that waits for its end:
// no longer than anyone notices, rare enough to cost nothing.
enum { INPUT_MS = 5 };

// Moments at which something happens to pods, beyond which a command that only
// looks shows what there is: three for each pod of the largest set, and more.
enum { SETTLE_STEPS_MAX = 1 << 20 };

static int no_memory(struct error *err)
{
    return error_set(err, -ENOMEM, "not enough memory to start");
}

int pipeline_seeds_random(struct pipeline_seeds *out, struct error *err)
{
    struct pipeline_seeds seeds;
    const int r = uv_random(NULL, NULL, &seeds, sizeof seeds, 0, NULL);
    if (r < 0)
        return error_set(err, r, "cannot get random numbers: %s",
                         uv_strerror(r));
    *out = seeds;
    return 0;
}

// --- what settings mean ----------------------------------------------------

// In the order of the words in settings.def.
static const enum endpoint_rule names_rules[] = {RULE_READY, RULE_ADDRESSED};
static const enum endpoint_rule set_rules[] = {RULE_READY, RULE_SERVING,
                                               RULE_ADDRESSED};

static struct zone_rules rules_of(const struct settings *s)
{
    assert(s->names < ORD_COUNT(names_rules) && s->set < ORD_COUNT(set_rules) &&
           s->pods <= ZONE_PODS_VERIFIED);
    return (struct zone_rules){
        .names = names_rules[s->names],
        .set = set_rules[s->set],
        .pods = (enum zone_pods)s->pods,
        .endpoint_pod_names = s->endpoint_pod_names,
        .ignore_empty_service = s->ignore_empty_service,
        .zonal = s->zonal,
    };
}

static struct cluster_settings view_of(const struct settings *s,
                                       const struct self *self)
{
    return (struct cluster_settings){
        .namespaces = s->namespaces.items,
        .namespaces_n = s->namespaces.n,
        .selector = s->label_selector,
        .no_endpoints = s->no_endpoints,
        .pods = s->pods == ZONE_PODS_VERIFIED,
        .self = s->self ? self : NULL,
    };
}

struct answer_settings pipeline_answers(const struct settings *s)
{
    return (struct answer_settings){
        .udp_size_max = (uint16_t)s->max_udp,
        .tcp_idle_ds = (uint16_t)(s->tcp_idle_s * 10),
        .hold_ms = (uint16_t)s->hold_ms,
        .identity = span_of_text(s->identity),
        .version = span_of_text("ordinald " ORDINALD_VERSION),
        .forwards = s->forward.n > 0,
        .falls_through = s->fallthrough,
        // zones that --reverse names are ours alone; without it all are, which
        // nobody means who has other name servers
        .forwards_reverse = s->forward.n > 0 && s->reverse.n == 0,
    };
}

static void copy_ranges(const struct cidr_list *from, struct cidr to[2],
                        uint32_t *n)
{
    // One a family, as settings_parse() has seen to.
    assert(from->n <= 2);
    *n = (uint32_t)from->n;
    for (size_t i = 0; i < from->n; i++)
        to[i] = from->items[i];
}

// --- making ----------------------------------------------------------------

static int zone_start(struct pipeline *p, const struct settings *s,
                      uint64_t hash_seed, struct error *err)
{
    struct address_list servers;
    int r = servers_of(&s->listen, &p->arena, &servers);
    if (r < 0)
        return no_memory(err);
    const struct zone_settings zone = {
        .domain = s->cluster_domain,
        .reverse = s->reverse.items,
        .reverse_n = s->reverse.n,
        .ttl_s = s->ttl_s,
        .negative_ttl_s = s->negative_ttl_s,
        .servers = servers.items,
        .servers_n = servers.n,
        .hash_seed = hash_seed,
        .rules = rules_of(s),
        .no_reasons = s->no_reasons,
    };
    r = zone_new(&zone, &p->zone, err);
    return r == -ENOMEM ? no_memory(err) : r;
}

static void keep_event(void *context, const struct ordinals_event *event)
{
    const struct pipeline *p = context;
    events_keep(p->events, event);
}

static void pass_probe(void *context, const struct ordinals_probe *probe)
{
    const struct pipeline *p = context;
    p->listener.probe(p->listener.context, probe);
}

static int listener_start(struct pipeline *p,
                          const struct pipeline_listener *listener,
                          struct error *err)
{
    if (listener)
        p->listener = *listener;
    if (!p->listener.event)
        return 0;
    p->events = events_new(PIPELINE_EVENTS_MAX);
    return p->events ? 0 : no_memory(err);
}

static int model_start(struct pipeline *p, const struct settings *s,
                       uint64_t pods_seed, const struct report *report,
                       struct error *err)
{
    struct statefulsets_settings ordinals = {
        .seed = s->seed ? s->seed : pods_seed,
        .faults = p->faults,
        .report = report,
        .event = p->events ? keep_event : NULL,
        .probe = s->probe && p->listener.probe ? pass_probe : NULL,
        .context = p,
    };
    copy_ranges(&s->pod_cidrs, ordinals.pod_cidrs, &ordinals.pod_cidrs_n);
    copy_ranges(&s->service_cidrs, ordinals.service_cidrs,
                &ordinals.service_cidrs_n);
    p->view = view_of(s, &p->self);
    p->cluster = cluster_new(&p->view);
    if (p->cluster)
        p->statefulsets = statefulsets_new(p->cluster, &ordinals);
    if (p->statefulsets)
        p->sync = zone_sync_new(p->zone, p->cluster, p->faults, report);
    return p->sync ? 0 : no_memory(err);
}

static int source_start(struct pipeline *p, const struct settings *s,
                        const struct report *report, struct error *err)
{
    const struct manifests_settings settings = {
        .paths = s->paths.items,
        .paths_n = s->paths.n,
        .limits = doc_limits_default(),
        .report = report,
        .cluster = p->cluster,
        .document = p->listener.document,
        .context = p->listener.context,
    };
    const int r = manifests_new(&settings, &p->manifests, err);
    return r == -ENOMEM ? no_memory(err) : r;
}

int pipeline_init(struct pipeline *p, const struct settings *settings,
                  const struct pipeline_seeds *seeds,
                  const struct pipeline_listener *listener,
                  const struct report *report, struct error *err)
{
    *p = (struct pipeline){0};
    arena_init(&p->arena, SIZE_MAX);
    if (settings->enable_faults) {
        p->faults = faults_new();
        if (!p->faults)
            return no_memory(err);
    }
    int r = listener_start(p, listener, err);
    if (r == 0 && settings->self)
        r = self_read(settings, &p->arena, &p->self, err);
    if (r == 0)
        r = zone_start(p, settings, seeds->hash, err);
    if (r == 0)
        r = model_start(p, settings, seeds->pods, report, err);
    if (r == 0)
        r = source_start(p, settings, report, err);
    if (r < 0)
        pipeline_release(p, NULL);
    return r;
}

static void on_closed(void *context)
{
    bool *closed = context;
    *closed = true;
}

// In the order in which one part borrows from the next: sources put their
// objects into the cluster, and the zone is built from that.
void pipeline_release(struct pipeline *p, uv_loop_t *loop)
{
    bool closed = !p->manifests;
    if (p->manifests)
        manifests_free(p->manifests, on_closed, &closed);
    while (!closed) {
        assert(loop);
        (void)uv_run(loop, UV_RUN_ONCE);
    }
    zone_sync_free(p->sync);
    statefulsets_free(p->statefulsets);
    events_free(p->events);
    faults_free(p->faults);
    cluster_free(p->cluster);
    zone_free(p->zone);
    arena_release(&p->arena);
    *p = (struct pipeline){0};
}

// --- running ---------------------------------------------------------------

int pipeline_begin(struct pipeline *p, const struct clock *clock)
{
    return zone_sync_begin(p->sync, clock->monotonic_ms(clock->context),
                           clock->unix_s(clock->context));
}

int pipeline_read(struct pipeline *p, bool everything)
{
    return manifests_load(p->manifests, everything);
}

// Publish what a step of the pods came to, and say then what happened. A step
// that failed is not published: answers stay as they were rather than lack a
// pod for which there was no memory.
static int publish(struct pipeline *p, int step, uint64_t now_ms,
                   uint32_t now_unix_s, struct zone_sync_result *done)
{
    if (done)
        *done = (struct zone_sync_result){0};
    if (step < 0)
        return step;
    const int r = zone_sync_run(p->sync, now_ms, now_unix_s, done);
    if (r == 0 && p->events)
        events_hand_on(p->events, p->listener.event, p->listener.context);
    return r;
}

static uint64_t begin_step(struct pipeline *p, const struct clock *clock)
{
    const uint64_t now_ms = clock->monotonic_ms(clock->context);
    if (p->faults)
        faults_run(p->faults, now_ms);
    ordinals_tell_time(statefulsets_ordinals(p->statefulsets), now_ms,
                       clock->unix_s(clock->context));
    return now_ms;
}

int pipeline_publish(struct pipeline *p, const struct clock *clock,
                     struct zone_sync_result *done)
{
    const uint64_t now_ms = begin_step(p, clock);
    const int step = statefulsets_sync(p->statefulsets, now_ms);
    return publish(p, step, now_ms, clock->unix_s(clock->context), done);
}

int pipeline_run(struct pipeline *p, const struct clock *clock,
                 struct zone_sync_result *done)
{
    const uint64_t now_ms = begin_step(p, clock);
    const int step = statefulsets_run(p->statefulsets, now_ms);
    return publish(p, step, now_ms, clock->unix_s(clock->context), done);
}

uint64_t pipeline_next_ms(const struct pipeline *p)
{
    const uint64_t times[] = {
        statefulsets_next_ms(p->statefulsets),
        zone_sync_next_ms(p->sync),
        p->faults ? faults_next_ms(p->faults) : UINT64_MAX,
    };
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < ORD_COUNT(times); i++)
        if (times[i] < next)
            next = times[i];
    return next;
}

// Let time pass until the pods have come as far as they do by themselves. It is
// now all the while for people: a pod that waits since a time to come is no
// help.
static int settle(struct pipeline *p, const struct clock *clock)
{
    const uint32_t now_unix_s = clock->unix_s(clock->context);
    uint64_t now_ms = clock->monotonic_ms(clock->context);
    int step = 0;
    for (uint32_t i = 0; i < SETTLE_STEPS_MAX && step == 0; i++) {
        const uint64_t next_ms = statefulsets_next_ms(p->statefulsets);
        if (next_ms == UINT64_MAX)
            break;
        now_ms = next_ms > now_ms ? next_ms : now_ms;
        ordinals_tell_time(statefulsets_ordinals(p->statefulsets), now_ms,
                           now_unix_s);
        step = statefulsets_run(p->statefulsets, now_ms);
    }
    return publish(p, step, now_ms, now_unix_s, NULL);
}

int pipeline_load(struct pipeline *p, const struct clock *clock,
                  struct error *err)
{
    const struct timespec pause = {.tv_nsec = INPUT_MS * 1000000L};
    int r;
    while ((r = pipeline_read(p, false)) == -EAGAIN)
        (void)nanosleep(&pause, NULL);
    if (r >= 0)
        r = pipeline_publish(p, clock, NULL);
    if (r == 0)
        r = settle(p, clock);
    return r < 0 ? error_set(err, r, "not enough memory for what the paths say")
                 : 0;
}
