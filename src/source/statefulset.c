// SPDX-License-Identifier: Apache-2.0
// Looks at the cluster, makes a step of model/ordinal, and puts what came of it
// into the cluster. An object for which the cluster has no memory waits in
// `missing` and is tried again by the next call.
#include "source/statefulset.h"

#include "given.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Ranks of what sources give lie between: a pod that is given counts before one
// of the same name that is made, a copy with an address before its service.
static const uint64_t RANK_POD = 0;
static const uint64_t RANK_COPY = UINT64_MAX;

struct statefulsets {
    struct cluster *cluster;
    struct ordinals_settings settings;
    struct statefulsets_settings listener;
    struct ordinals *ordinals;
    uint32_t followed;          // workloads and services of the newest step
    struct object_list missing; // those of them that are not in the cluster
    uint64_t commands;          // of workloads that were warned of; a sum
};

static uint64_t rank_of(const struct object *o)
{
    return o->kind == OBJECT_POD ? RANK_POD : RANK_COPY;
}

// Room for n more that may be missing, so that noting one cannot fail.
static int reserve_missing(void *context, uint32_t n)
{
    struct statefulsets *s = context;
    struct object_list *l = &s->missing;
    const size_t room = (size_t)l->n + n;

    if (room <= l->room)
        return 0;
    void *p = realloc(l->items, room * sizeof(const struct object *));
    if (!p)
        return -ENOMEM;
    l->items = p;
    l->room = room;
    return 0;
}

static void note_missing(struct statefulsets *s, const struct object *o)
{
    assert(s->missing.n < s->missing.room);
    s->missing.items[s->missing.n++] = o;
}

// Whether an object was missing; it is no more. The list is empty unless memory
// ran out.
static bool forget_missing(struct statefulsets *s, const struct object *o)
{
    struct object_list *l = &s->missing;

    for (uint32_t i = 0; i < l->n; i++) {
        if (l->items[i] == o) {
            l->items[i] = l->items[--l->n];
            return true;
        }
    }
    return false;
}

static void put(struct statefulsets *s, const struct object *o)
{
    if (cluster_put(s->cluster, o, rank_of(o), NULL))
        note_missing(s, o);
}

static int put_missing(struct statefulsets *s)
{
    struct object_list *l = &s->missing;

    for (; l->n; l->n--) {
        const struct object *o = l->items[l->n - 1];
        int rc = cluster_put(s->cluster, o, rank_of(o), NULL);
        if (rc)
            return rc;
    }
    return 0;
}

// --- what a step did -------------------------------------------------------

static void came(void *context, const struct object *o)
{
    put(context, o);
}

static void changed(void *context, const struct object *old,
                    const struct object *now)
{
    struct statefulsets *s = context;

    if (forget_missing(s, old)) {
        put(s, now);
    } else if (cluster_put(s->cluster, now, rank_of(now), old)) {
        // Its memory ends with this call, and its address may be another's.
        cluster_remove(s->cluster, old);
        note_missing(s, now);
    }
}

static void went(void *context, const struct object *o)
{
    struct statefulsets *s = context;

    if (!forget_missing(s, o))
        cluster_remove(s->cluster, o);
}

// --- looking ---------------------------------------------------------------

static const struct object *original(void *context, const struct object *o)
{
    const struct statefulsets *s = context;

    // A service's copy has addresses: most services are known without a search.
    if ((o->kind == OBJECT_SERVICE && o->service.addresses_n == 0) ||
        !ordinals_is_copy(s->ordinals, o))
        return o;
    return cluster_find_below(s->cluster, (enum object_kind)o->kind,
                              o->namespace, o->name, RANK_COPY);
}

static bool selects(void *context, const char *namespace, const char *name,
                    const struct object *pod)
{
    const struct statefulsets *s = context;
    const struct object *o =
        cluster_find(s->cluster, OBJECT_SERVICE, namespace, name);

    return o && service_is_about(o, pod);
}

// --- commands --------------------------------------------------------------

static uint64_t fold_commands(const struct given *g)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < g->workloads.n; i++)
        if (g->workloads.items[i]->workload.rules->command_probe)
            sum += g->workloads.items[i]->digest;
    return sum;
}

// Warn of what cannot be asked, where pods are asked at all; again only when
// that is said of other objects.
static void report_commands(struct statefulsets *s, const struct given *g)
{
    const uint64_t sum = s->settings.probe ? fold_commands(g) : 0;

    if (sum == s->commands)
        return;
    s->commands = sum;
    for (uint32_t i = 0; i < g->workloads.n; i++) {
        const struct object *o = g->workloads.items[i];
        if (o->workload.rules->command_probe)
            report_finding(
                s->settings.report, FINDING_WARNING, o->at,
                "%s '%s/%s' has a readinessProbe that is a command, and no "
                "container is run here: its pods are ready without it; use "
                "tcpSocket, httpGet or grpc, or ordinald.io/ready-after",
                object_kind_name((enum object_kind)o->kind), o->namespace,
                o->name);
    }
}

// --- steps -----------------------------------------------------------------

static int step(struct statefulsets *s, struct given *g, uint64_t now_ms)
{
    const struct ordinals_input input = {
        .workloads = g->workloads.items,
        .workloads_n = g->workloads.n,
        .services = g->services.items,
        .services_n = g->services.n,
        .taken = g->taken,
        .taken_n = g->taken_n,
    };

    s->followed = input.workloads_n + input.services_n;
    return ordinals_step(s->ordinals, &input, now_ms);
}

int statefulsets_sync(struct statefulsets *s, uint64_t now_ms)
{
    struct given g;
    int rc = given_begin(&g, s->cluster, &s->settings, original, s);

    // Where nothing is left open there is nothing to do, whatever its size.
    if (!rc && (g.workloads.n || g.services.n || s->followed)) {
        rc = given_finish(&g);
        if (!rc) {
            report_commands(s, &g);
            rc = step(s, &g, now_ms);
        }
    }
    given_release(&g);
    return rc ? rc : put_missing(s);
}

int statefulsets_run(struct statefulsets *s, uint64_t now_ms)
{
    const int rc = ordinals_step(s->ordinals, NULL, now_ms);

    return rc ? rc : put_missing(s);
}

uint64_t statefulsets_next_ms(const struct statefulsets *s)
{
    return ordinals_next_ms(s->ordinals);
}

struct ordinals *statefulsets_ordinals(struct statefulsets *s)
{
    return s->ordinals;
}

// --- life ------------------------------------------------------------------

static void on_event(void *context, const struct ordinals_event *event)
{
    const struct statefulsets *s = context;

    if (s->listener.event)
        s->listener.event(s->listener.context, event);
}

static void on_probe(void *context, const struct ordinals_probe *probe)
{
    const struct statefulsets *s = context;

    s->listener.probe(s->listener.context, probe);
}

struct statefulsets *statefulsets_new(
    struct cluster *cluster, const struct statefulsets_settings *settings)
{
    struct statefulsets *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->cluster = cluster;
    s->listener = *settings;
    s->settings = (struct ordinals_settings){
        .pod_cidrs = {settings->pod_cidrs[0], settings->pod_cidrs[1]},
        .pod_cidrs_n = settings->pod_cidrs_n,
        .service_cidrs = {settings->service_cidrs[0],
                          settings->service_cidrs[1]},
        .service_cidrs_n = settings->service_cidrs_n,
        .seed = settings->seed,
        .probe = settings->probe != NULL,
        .faults = settings->faults,
        .selects = selects,
        .events = {.prepare = reserve_missing,
                   .came = came,
                   .changed = changed,
                   .went = went,
                   .event = on_event,
                   .probe = settings->probe ? on_probe : NULL,
                   .context = s},
        .report = settings->report,
    };
    s->ordinals = ordinals_new(&s->settings);
    if (!s->ordinals) {
        free(s);
        return NULL;
    }
    return s;
}

static int take_out(void *context, const struct object *o)
{
    struct statefulsets *s = context;

    if (!forget_missing(s, o))
        cluster_remove(s->cluster, o);
    return 0;
}

void statefulsets_free(struct statefulsets *s)
{
    if (!s)
        return;
    (void)ordinals_each(s->ordinals, take_out, s);
    ordinals_free(s->ordinals);
    free(s->missing.items);
    free(s);
}
