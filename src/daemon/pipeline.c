// SPDX-License-Identifier: Apache-2.0
// What each setting means to the parts between a manifest and an answer.
#include "daemon/pipeline.h"

#include "servers.h"

#include <assert.h>
#include <errno.h>
#include <time.h>
#include <uv.h>

// How often standard input is looked at by a command that waits for its end:
// no longer than anyone notices, rare enough to cost nothing.
enum { INPUT_MS = 5 };

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

static struct cluster_settings view_of(const struct settings *s)
{
    return (struct cluster_settings){
        .namespaces = s->namespaces.items,
        .namespaces_n = s->namespaces.n,
        .selector = s->label_selector,
        .no_endpoints = s->no_endpoints,
        .pods = s->pods == ZONE_PODS_VERIFIED,
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
    };
    r = zone_new(&zone, &p->zone, err);
    return r == -ENOMEM ? no_memory(err) : r;
}

static int model_start(struct pipeline *p, const struct settings *s,
                       uint64_t pods_seed,
                       const struct pipeline_listener *listener,
                       const struct report *report, struct error *err)
{
    struct statefulsets_settings ordinals = {
        .seed = s->seed ? s->seed : pods_seed,
        .faults = p->faults,
        .report = report,
    };
    if (listener) {
        ordinals.event = listener->event;
        ordinals.probe = s->probe ? listener->probe : NULL;
        ordinals.context = listener->context;
    }
    copy_ranges(&s->pod_cidrs, ordinals.pod_cidrs, &ordinals.pod_cidrs_n);
    copy_ranges(&s->service_cidrs, ordinals.service_cidrs,
                &ordinals.service_cidrs_n);
    p->view = view_of(s);
    p->cluster = cluster_new(&p->view);
    if (p->cluster)
        p->statefulsets = statefulsets_new(p->cluster, &ordinals);
    if (p->statefulsets)
        p->sync = zone_sync_new(p->zone, p->cluster, report);
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
    int r = zone_start(p, settings, seeds->hash, err);
    if (r == 0)
        r = model_start(p, settings, seeds->pods, listener, report, err);
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
    faults_free(p->faults);
    cluster_free(p->cluster);
    zone_free(p->zone);
    arena_release(&p->arena);
    *p = (struct pipeline){0};
}

// --- running ---------------------------------------------------------------

int pipeline_read(struct pipeline *p, bool everything)
{
    return manifests_load(p->manifests, everything);
}

int pipeline_publish(struct pipeline *p, const struct clock *clock,
                     struct zone_sync_result *done)
{
    if (done)
        *done = (struct zone_sync_result){0};
    const int r =
        statefulsets_sync(p->statefulsets, clock->monotonic_ms(clock->context));
    if (r < 0)
        return r;
    return zone_sync_run(p->sync, clock->unix_s(clock->context), done);
}

int pipeline_run(struct pipeline *p, const struct clock *clock,
                 struct zone_sync_result *done)
{
    if (done)
        *done = (struct zone_sync_result){0};
    const int r =
        statefulsets_run(p->statefulsets, clock->monotonic_ms(clock->context));
    if (r < 0)
        return r;
    return zone_sync_run(p->sync, clock->unix_s(clock->context), done);
}

uint64_t pipeline_next_ms(const struct pipeline *p)
{
    return statefulsets_next_ms(p->statefulsets);
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
    return r < 0 ? error_set(err, r, "not enough memory for what the paths say")
                 : 0;
}
