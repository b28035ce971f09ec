// SPDX-License-Identifier: Apache-2.0
// Random lives of a StatefulSet and a Deployment behind one headless service,
// as DNS shows them: after each published version the names are those of the
// pods that count by the service's rules, with their addresses, the service's
// own set is theirs, and each address leads back to its name. What counts is
// read off the pods themselves.
#include "lib/objects.h"
#include "lib/testbed.h"
#include "model/cluster.h"
#include "source/statefulset.h"
#include "zone/sync.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    SEEDS = 60,
    STEPS = 60,
    ORDINALS = 8,   // w-0 to w-7
    ADDRESSES = 32, // 10.0.0.0 to 10.0.0.31
    TEXT = 4096,
};

static const struct label pod_labels[] = {{"app", "a"}};

struct version {
    struct object *object;
    struct workload_rules rules;
};

struct play {
    uint64_t random;
    uint64_t seed;
    uint64_t now_ms;
    unsigned step;
    struct testbed *bed;
    struct cluster *cluster;
    struct zone_sync *sync;
    struct faults *faults;
    struct statefulsets *sets;
    struct report report;
    struct object *service;
    struct version set;
    struct version deployment;
    uint64_t digest;
};

static uint32_t draw(struct play *p, uint32_t below)
{
    p->random = p->random * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(p->random >> 33) % below;
}

// --- what the pods say -----------------------------------------------------

// One that has an address.
struct peer {
    char name[64]; // its label
    uint8_t last;  // of its address
    bool named;
    bool in_set;
};

struct peers {
    struct play *play;
    uint32_t n;
    struct peer list[ADDRESSES];
};

static bool counts(const struct service_facts *s, uint8_t rule,
                   const struct pod_facts *f)
{
    const bool ready =
        s->publish_not_ready_addresses || (f->ready && !f->terminating);

    return ready || rule == RULE_ADDRESSED ||
           (rule == RULE_SERVING && f->ready);
}

static int add_peer(void *context, const struct object *o)
{
    struct peers *all = context;
    const struct pod_facts *f = &o->pod;
    const struct service_facts *s = &all->play->service->service;

    if (o->kind != OBJECT_POD || f->addresses_n == 0 ||
        f->phase == POD_FAILED || f->phase == POD_SUCCEEDED)
        return 0;
    assert_int_equal(f->addresses_n, 1);
    assert_true(all->n < ADDRESSES);
    struct peer *peer = &all->list[all->n++];
    peer->last = f->addresses[0].octets[3];
    peer->in_set = counts(s, s->set, f);
    // Who is in the set has a name.
    peer->named = peer->in_set || counts(s, s->names, f);
    if (f->hostname[0])
        snprintf(peer->name, sizeof peer->name, "%s", f->hostname);
    else
        snprintf(peer->name, sizeof peer->name, "10-0-0-%u", peer->last);
    return 0;
}

static int compare_peers(const void *x, const void *y)
{
    const struct peer *a = x, *b = y;

    return a->last - b->last;
}

static void find_peers(struct play *p, struct peers *out)
{
    *out = (struct peers){.play = p};
    assert_int_equal(
        ordinals_each(statefulsets_ordinals(p->sets), add_peer, out), 0);
    qsort(out->list, out->n, sizeof *out->list, compare_peers);
}

// --- what DNS says ---------------------------------------------------------

static void compare(const struct play *p, const char *name, const char *type,
                    const char *expected)
{
    const char *got = testbed_ask(p->bed, name, type);

    if (strcmp(got, expected) != 0)
        fail_msg("seed %llu, step %u, at %llu ms: %s %s\n  got      %s\n  "
                 "expected %s",
                 (unsigned long long)p->seed, p->step,
                 (unsigned long long)p->now_ms, name, type, got, expected);
}

static void compare_set(const struct play *p, const struct peers *all)
{
    char expected[TEXT] = "";
    bool named = false;

    for (uint32_t i = 0; i < all->n; i++) {
        const struct peer *peer = &all->list[i];
        named |= peer->named;
        if (!peer->in_set)
            continue;
        const size_t n = strlen(expected);
        snprintf(expected + n, sizeof expected - n, "%sA 10.0.0.%u",
                 n ? ", " : "", peer->last);
    }
    if (!expected[0])
        strcpy(expected, named ? "NODATA" : "NXDOMAIN");
    compare(p, "svc.one", "A", expected);
}

static void compare_ordinal(const struct play *p, const struct peers *all,
                            unsigned ordinal)
{
    char label[16], name[64], expected[64] = "NXDOMAIN";
    bool found = false;

    snprintf(label, sizeof label, "w-%u", ordinal);
    snprintf(name, sizeof name, "%s.svc.one", label);
    for (uint32_t i = 0; i < all->n; i++) {
        const struct peer *peer = &all->list[i];
        if (!peer->named || strcmp(peer->name, label) != 0)
            continue;
        assert_false(found); // at most one pod of an ordinal
        found = true;
        snprintf(expected, sizeof expected, "A 10.0.0.%u", peer->last);
    }
    compare(p, name, "A", expected);
}

// Both ways: a name has the address that leads back to it.
static void compare_address(const struct play *p, const struct peers *all,
                            unsigned last)
{
    char reverse[64], dashed[64], name[128], expected[128] = "NXDOMAIN";
    char address[32] = "NXDOMAIN";

    snprintf(reverse, sizeof reverse, "%u.0.0.10.in-addr.arpa.", last);
    snprintf(dashed, sizeof dashed, "10-0-0-%u", last);
    for (uint32_t i = 0; i < all->n; i++) {
        const struct peer *peer = &all->list[i];
        if (!peer->named || peer->last != last)
            continue;
        snprintf(expected, sizeof expected, "PTR %s.svc.one", peer->name);
        if (strcmp(peer->name, dashed) == 0)
            snprintf(address, sizeof address, "A 10.0.0.%u", last);
    }
    compare(p, reverse, "PTR", expected);
    snprintf(name, sizeof name, "%s.svc.one", dashed);
    compare(p, name, "A", address);
}

static void compare_all(struct play *p)
{
    struct peers all;

    find_peers(p, &all);
    compare_set(p, &all);
    for (unsigned i = 0; i < ORDINALS; i++)
        compare_ordinal(p, &all, i);
    for (unsigned i = 0; i < ADDRESSES; i++)
        compare_address(p, &all, i);
}

// --- what happens ----------------------------------------------------------

static void replace(struct play *p, struct object **place, struct object *now)
{
    struct object *old = *place;

    now->digest = ++p->digest;
    assert_int_equal(cluster_put(p->cluster, now, 1, old), 0);
    if (old)
        object_drop(old);
    *place = now;
}

static void put_service(struct play *p)
{
    static const uint8_t rules[] = {RULE_UNSET, RULE_READY, RULE_SERVING,
                                    RULE_ADDRESSED};
    struct object *o = object_make(OBJECT_SERVICE, "one", "svc");

    o->service.type = SERVICE_HEADLESS;
    o->service.has_selector = true;
    o->service.publish_not_ready_addresses = draw(p, 4) == 0;
    o->service.names = rules[draw(p, 4)];
    o->service.set = rules[draw(p, 4)];
    object_select(o, "app", "a");
    replace(p, &p->service, o);
}

static uint32_t draw_ms(struct play *p)
{
    return draw(p, 2) ? 1 + draw(p, 1000) : 0;
}

static void put_workload(struct play *p, struct version *v,
                         enum object_kind kind, const char *name)
{
    const uint64_t revision = v->object ? v->object->workload.revision : 1;
    struct object *o = object_make(kind, "one", name);
    struct workload_rules r =
        kind == OBJECT_STATEFUL_SET ? stateful_set_rules : deployment_rules;

    r.parallel = kind == OBJECT_STATEFUL_SET && draw(p, 3) == 0;
    r.address_after_ms = draw_ms(p);
    r.ready_after_ms = draw_ms(p);
    r.gone_after_ms = draw_ms(p);
    o->workload.replicas = draw(p, 5);
    o->workload.start = kind == OBJECT_STATEFUL_SET ? draw(p, 3) : 0;
    o->workload.service = "svc";
    o->workload.pod_labels = o->workload.selector =
        (struct labels){pod_labels, ORD_COUNT(pod_labels)};
    o->workload.revision = revision + (draw(p, 3) == 0);
    v->rules = r;
    o->workload.rules = &v->rules;
    replace(p, &v->object, o);
}

static int pick_pod(void *context, const struct object *o)
{
    struct peers *all = context;

    if (o->kind == OBJECT_POD && all->n < ADDRESSES)
        snprintf(all->list[all->n++].name, sizeof all->list->name, "%s",
                 o->name);
    return 0;
}

static void hit_pod(struct play *p)
{
    static const enum fault_kind kinds[] = {FAULT_NOT_READY, FAULT_MOVE,
                                            FAULT_GONE, FAULT_FLAP};
    struct ordinals *o = statefulsets_ordinals(p->sets);
    struct peers all = {0};
    struct error err;

    assert_int_equal(ordinals_each(o, pick_pod, &all), 0);
    if (all.n == 0)
        return;
    const char *name = all.list[draw(p, all.n)].name;
    const struct ordinals_target t = {.namespace = "one", .name = name};
    const enum fault_kind kind = kinds[draw(p, 4)];
    const struct fault f = {.kind = kind,
                            .ms = fault_has_ms(kind) ? 1 + draw(p, 300) : 0,
                            .since_ms = p->now_ms,
                            .until_ms = p->now_ms + 1 + draw(p, 3000),
                            .namespace = "one",
                            .name = name};
    switch (draw(p, 3)) {
    case 0:
        assert_int_equal(ordinals_delete_pod(o, t, &err), 0);
        break;
    case 1:
        assert_int_equal(ordinals_fail_pod(o, t, &err), 0);
        break;
    default:
        assert_int_equal(faults_add(p->faults, &f, &err), 0);
    }
}

static void happen(struct play *p)
{
    switch (draw(p, 8)) {
    case 0:
        put_service(p);
        break;
    case 1:
    case 2:
        put_workload(p, &p->set, OBJECT_STATEFUL_SET, "w");
        break;
    case 3:
        put_workload(p, &p->deployment, OBJECT_DEPLOYMENT, "d");
        break;
    case 4:
    case 5:
        hit_pod(p);
        break;
    default:
        break;
    }
}

static void pass_time(struct play *p)
{
    const uint64_t next = statefulsets_next_ms(p->sets);

    if (draw(p, 2) && next != UINT64_MAX && next > p->now_ms)
        p->now_ms = next;
    else
        p->now_ms += draw(p, 800);
    faults_run(p->faults, p->now_ms);
}

static void publish(struct play *p)
{
    assert_int_equal(statefulsets_sync(p->sets, p->now_ms), 0);
    assert_int_equal(zone_sync_run(p->sync, p->now_ms, ++p->bed->now_s, NULL),
                     0);
}

// --- plays -----------------------------------------------------------------

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    (void)context;
    (void)kind;
    (void)at;
    (void)text;
}

static void open_play(struct play *p, uint64_t seed)
{
    *p = (struct play){.seed = seed, .random = seed * 0x9e3779b97f4a7c15};
    p->report = (struct report){.finding = on_finding};
    p->bed = testbed_new(NULL);
    p->cluster = cluster_new(NULL);
    p->faults = faults_new();
    assert_non_null(p->cluster);
    assert_non_null(p->faults);
    p->sync = zone_sync_new(p->bed->zone, p->cluster, p->faults, &p->report);
    assert_non_null(p->sync);
    struct statefulsets_settings settings = {.seed = seed,
                                             .pod_cidrs_n = 1,
                                             .faults = p->faults,
                                             .report = &p->report};
    assert_int_equal(cidr_parse("10.0.0.0/27", &settings.pod_cidrs[0], NULL),
                     0);
    p->sets = statefulsets_new(p->cluster, &settings);
    assert_non_null(p->sets);
    put_service(p);
}

static void close_play(struct play *p)
{
    struct object *const objects[] = {p->service, p->set.object,
                                      p->deployment.object};

    statefulsets_free(p->sets);
    for (unsigned i = 0; i < ORD_COUNT(objects); i++) {
        if (objects[i])
            cluster_remove(p->cluster, objects[i]);
        object_drop(objects[i]);
    }
    zone_sync_free(p->sync);
    cluster_free(p->cluster);
    faults_free(p->faults);
    testbed_free(p->bed);
}

static void names_are_those_of_the_pods_that_count(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct play p;
        open_play(&p, seed);
        for (p.step = 0; p.step < STEPS; p.step++) {
            happen(&p);
            pass_time(&p);
            publish(&p);
            compare_all(&p);
        }
        close_play(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_pods_that_count),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
