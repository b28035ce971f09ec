// SPDX-License-Identifier: Apache-2.0
#include "lib/crowd.h"

#include <stdio.h>
#include <string.h>

enum { SINCE = 1234 };

// --- objects --------------------------------------------------------------

static const struct label app_x[] = {{"app", "x"}};

struct object *make_workload(enum object_kind kind, const char *name,
                             uint32_t replicas)
{
    struct object *o = object_make(kind, "ns", name);

    o->workload.replicas = replicas;
    o->workload.pod_labels = (struct labels){app_x, 1};
    return o;
}

struct object *make_set(const char *name, const char *service,
                        uint32_t replicas)
{
    struct object *o = make_workload(OBJECT_STATEFUL_SET, name, replicas);

    o->workload.service = object_text(o, service);
    return o;
}

struct object *make_parallel_set(const char *name, uint32_t replicas)
{
    static const struct workload_rules rules = {.parallel = true};
    struct object *o = make_set(name, "db", replicas);

    o->workload.rules = &rules;
    return o;
}

struct object *make_named(const char *name)
{
    struct object *o = make_pod(name, "x");

    o->pod.hostname = object_text(o, name);
    o->pod.subdomain = "db";
    return o;
}

struct object *make_unready(const char *name)
{
    struct object *o = make_named(name);

    o->pod.ready = false;
    o->pod.since_unix_s = SINCE;
    o->pod.reason = "probe failed";
    return o;
}

struct object *make_pending(const char *name)
{
    struct object *o = make_unready(name);

    o->pod.phase = POD_PENDING;
    o->pod.addresses_n = 0;
    o->pod.reason = "no node";
    return o;
}

struct object *make_bare_slice(const char *name)
{
    struct object *o = object_make(OBJECT_ENDPOINT_SLICE, "ns", name);

    o->slice.service = "db";
    return o;
}

void slice_terminates(struct object *slice)
{
    ((struct endpoint *)(uintptr_t)slice->slice.endpoints)->terminating = true;
}

// --- what becomes of a pod ------------------------------------------------

void pod_ends(struct object *o)
{
    o->pod.phase = POD_FAILED;
    o->pod.since_unix_s = SINCE;
}

static void completes(struct object *o)
{
    o->pod.phase = POD_SUCCEEDED;
}

static void is_evicted(struct object *o)
{
    o->pod.phase = POD_FAILED;
    o->pod.reason = "Evicted";
}

void pod_goes(struct object *o)
{
    o->pod.terminating = true;
    o->pod.since_unix_s = SINCE;
    o->pod.reason = "of no matter";
}

static void waits(struct object *o)
{
    o->pod.phase = POD_PENDING;
    o->pod.addresses_n = 0;
    o->pod.since_unix_s = SINCE;
    o->pod.reason = "no node";
}

static void runs_nowhere(struct object *o)
{
    o->pod.addresses_n = 0;
}

static void fails_probe(struct object *o)
{
    o->pod.ready = false;
    o->pod.since_unix_s = SINCE;
    o->pod.reason = "probe failed";
}

static void starts(struct object *o)
{
    o->pod.phase = POD_PENDING;
    o->pod.ready = false;
}

static void nothing(struct object *o)
{
    o->pod.since_unix_s = SINCE;
}

const struct pod_life pod_lives[POD_LIVES] = {
    {nothing, "", ""},
    {pod_ends, "pod-ended service=db pod=db-0 since=1234 detail=Failed",
     "since=1234 detail=ended"},
    {completes, "pod-ended service=db pod=db-0 detail=Succeeded",
     "detail=ended"},
    {is_evicted, "pod-ended service=db pod=db-0 detail=Evicted",
     "detail=ended"},
    {pod_goes, "pod-terminating service=db pod=db-0 since=1234",
     "since=1234 detail=being deleted"},
    {waits, "pod-pending service=db pod=db-0 since=1234 detail=no node",
     "since=1234 detail=pending"},
    {runs_nowhere, "pod-no-address service=db pod=db-0",
     "detail=without address"},
    {fails_probe,
     "pod-not-ready service=db pod=db-0 since=1234 detail=probe failed",
     "since=1234 detail=not ready"},
    {starts, "pod-not-ready service=db pod=db-0", "detail=not ready"},
};

// --- a cluster ------------------------------------------------------------

struct crowd crowd_with(const struct cluster_settings *settings,
                        struct object *const *objects, size_t n)
{
    struct crowd s = {.c = cluster_new(settings)};

    assert_non_null(s.c);
    for (; s.n < n; s.n++) {
        s.all[s.n] = objects[s.n];
        cluster_add(s.c, s.all[s.n], 1);
    }
    return s;
}

void crowd_add(struct crowd *s, struct object *o)
{
    assert_true(s->n < CROWD_MANY);
    s->all[s->n] = o;
    cluster_add(s->c, s->all[s->n++], 1);
}

void crowd_end(struct crowd *s)
{
    for (size_t i = 0; i < s->n; i++)
        cluster_remove(s->c, s->all[i]);
    // nothing is left that nobody holds
    assert_int_equal(changes_take(s->c, &(struct changes){.left = -1}), 0);
    cluster_free(s->c);
    for (size_t i = 0; i < s->n; i++)
        object_drop(s->all[i]);
}

void crowd_swap(struct crowd *s, size_t at, struct object *now)
{
    cluster_swap(s->c, now, 1, s->all[at]);
    s->all[at] = now;
}

// --- what is said ---------------------------------------------------------

static void put(char out[512], const char *name, const char *value)
{
    const size_t n = strlen(out);

    if (value && *value)
        snprintf(out + n, 512 - n, " %s=%s", name, value);
}

static void put_number(char out[512], const char *name, uint32_t value)
{
    char text[16];

    snprintf(text, sizeof text, "%u", value);
    put(out, name, value ? text : "");
}

// "pod-not-ready service=db pod=db-0 since=1234 detail=probe failed"
static const char *reason_say(const struct reason *r, char out[512])
{
    snprintf(out, 512, "%s", reason_kind(r->code)->id);
    put(out, "service", r->service);
    put(out, "kind", r->kind);
    put(out, "workload", r->workload);
    put(out, "pod", r->pod);
    put_number(out, "since", r->since_unix_s);
    put_number(out, "last", r->last);
    put(out, "detail", r->detail);
    if (r->code != REASON_NONE)
        assert_string_equal(r->namespace, "ns");
    return out;
}

static const struct reason *pick(const struct service *s, enum crowd_why what,
                                 const char *name)
{
    static const struct reason nothing = {.code = REASON_NONE};
    const struct reason *found = &nothing;
    uint32_t n = 0;

    if (what == WHY_EMPTY || what == WHY_UNNAMED)
        return what == WHY_EMPTY ? &s->empty : &s->unnamed;
    for (uint32_t i = 0; what == WHY_LACK && i < s->lacks_n; i++)
        if (strcmp(s->lacks[i].hostname, name) == 0 && ++n)
            found = &s->lacks[i].why;
    for (uint32_t i = 0; what == WHY_NONE && i < s->ordinals_n; i++)
        if (strcmp(s->ordinals[i].name, name) == 0 && ++n)
            found = &s->ordinals[i].none;
    assert_true(n <= 1);
    return found;
}

const char *crowd_say(const struct crowd *s, enum crowd_why what,
                      const char *service, const char *name)
{
    static char out[512];
    struct arena arena;
    struct service found;

    arena_init(&arena, 1 << 24);
    assert_int_equal(cluster_service(s->c, "ns", service, &arena, &found), 0);
    reason_say(pick(&found, what, name), out);
    arena_release(&arena);
    return out;
}

uint32_t crowd_lacks(const struct crowd *s)
{
    struct arena arena;
    struct service found;

    arena_init(&arena, 1 << 24);
    assert_int_equal(cluster_service(s->c, "ns", "db", &arena, &found), 0);
    arena_release(&arena);
    return found.lacks_n;
}
