// SPDX-License-Identifier: Apache-2.0
#include "zone/sync.h"

#include "dns/record.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SERVICES = 4, NOW = 1700000000 };

// A cluster of headless services db0, db1, ... in namespace "mongo", each with
// one slice of one endpoint "p0".
struct fixture {
    struct zone *zone;
    struct cluster *cluster;
    struct zone_sync *sync;
    struct report report;
    unsigned findings;
    char last[512];
    struct object services[SERVICES];
    struct object slices[SERVICES];
    char names[SERVICES][8];
    uint8_t addresses[SERVICES][4];
    struct endpoint endpoints[SERVICES];
    // many endpoints with long names, for a service that is too large
    struct endpoint crowd[64];
};

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    struct fixture *f = context;
    (void)kind;
    (void)at;
    f->findings++;
    strncpy(f->last, text, sizeof f->last - 1);
}

static void make_objects(struct fixture *f, unsigned i)
{
    snprintf(f->names[i], sizeof f->names[i], "db%u", i);
    f->services[i] = (struct object){
        .kind = OBJECT_SERVICE,
        .at = {.file = "a.yaml", .line = 1, .column = 1},
        .namespace = "mongo",
        .name = f->names[i],
        .owner_kind = "",
        .owner_name = "",
        .digest = 100 + i,
        .service = {.type = SERVICE_HEADLESS, .external_name = ""},
    };
    memcpy(f->addresses[i], (uint8_t[]){10, 1, 0, (uint8_t)i}, 4);
    f->endpoints[i] = (struct endpoint){.hostname = "p0",
                                        .pod = "",
                                        .addresses = f->addresses[i],
                                        .addresses_n = 1,
                                        .ready = true,
                                        .serving = true};
    f->slices[i] = f->services[i];
    f->slices[i].kind = OBJECT_ENDPOINT_SLICE;
    f->slices[i].digest = 200 + i;
    f->slices[i].slice = (struct slice_facts){.service = f->names[i],
                                              .family = FAMILY_IPV4,
                                              .endpoints = &f->endpoints[i],
                                              .endpoints_n = 1};
}

static void put(struct fixture *f, const struct object *o,
                const struct object *old)
{
    assert_int_equal(cluster_put(f->cluster, o, 1, old), 0);
}

static int begin(void **state, size_t block_size_max, enum zone_pods pods)
{
    static const struct cluster_settings with_pods = {.pods = true};
    struct fixture *f = calloc(1, sizeof *f);
    struct error err = {""};
    struct zone_settings zone = {.ttl_s = 5,
                                 .negative_ttl_s = 1,
                                 .block_size_max = block_size_max,
                                 .rules.pods = pods};
    *state = f;
    assert_non_null(f);
    assert_int_equal(dns_name_parse("cluster.local", &zone.domain, &err), 0);
    assert_int_equal(zone_new(&zone, &f->zone, &err), 0);
    f->cluster = cluster_new(pods ? &with_pods : NULL);
    assert_non_null(f->cluster);
    f->report = (struct report){.finding = on_finding, .context = f};
    f->sync = zone_sync_new(f->zone, f->cluster, NULL, &f->report);
    assert_non_null(f->sync);
    for (unsigned i = 0; i < SERVICES; i++)
        make_objects(f, i);
    zone_reader_register();
    return 0;
}

static int setup(void **state)
{
    return begin(state, 0, ZONE_PODS_DISABLED);
}

static int setup_pods(void **state)
{
    return begin(state, 0, ZONE_PODS_VERIFIED);
}

static int setup_small(void **state)
{
    return begin(state, 1500, ZONE_PODS_DISABLED);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    zone_reader_unregister();
    zone_sync_free(f->sync);
    cluster_free(f->cluster);
    zone_free(f->zone);
    free(f);
    return 0;
}

static int run(struct fixture *f, struct zone_sync_result *out)
{
    zone_reader_offline();
    const int r = zone_sync_run(f->sync, 0, NOW, out);
    zone_reader_online();
    return r;
}

static struct zone_sync_result good_run(struct fixture *f)
{
    struct zone_sync_result result;
    assert_int_equal(run(f, &result), 0);
    return result;
}

static enum zone_outcome find(const struct fixture *f, const char *text)
{
    struct dns_name name;
    struct dns_query q;
    struct zone_match match;
    uint8_t message[DNS_HEADER + DNS_QUESTION_MAX];
    struct bytes_out out = bytes_out_of(message, sizeof message);
    assert_int_equal(dns_name_parse(text, &name, NULL), 0);
    const uint16_t header[] = {1, 0, 1, 0, 0, 0};
    for (size_t i = 0; i < ORD_COUNT(header); i++)
        bytes_out_u16(&out, header[i]);
    bytes_out_put(&out, dns_name_view(&name));
    bytes_out_u16(&out, DNS_TYPE_A);
    bytes_out_u16(&out, DNS_CLASS_IN);
    assert_int_equal(dns_query_parse(bytes_out_written(&out), &q),
                     DNS_QUERY_OK);
    struct zone_lookup lookup;
    return zone_find(f->zone, &q, &lookup, &match);
}

static enum zone_outcome find_peer(const struct fixture *f, unsigned i)
{
    char name[64];
    snprintf(name, sizeof name, "p0.db%u.mongo.svc.cluster.local", i);
    return find(f, name);
}

static void an_empty_cluster_is_a_complete_zone(void **state)
{
    struct fixture *f = *state;
    assert_false(zone_is_complete(f->zone));
    const struct zone_sync_result r = good_run(f);
    assert_int_equal(r.built + r.removed + r.namespaces, 0);
    assert_true(zone_is_complete(f->zone));
    assert_int_equal(run(f, NULL), 0);
}

static void what_changed_is_built_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 3; i++) {
        put(f, &f->services[i], NULL);
        put(f, &f->slices[i], NULL);
    }
    struct zone_sync_result r = good_run(f);
    assert_int_equal(r.built, 3);
    assert_int_equal(r.namespaces, 1);
    assert_int_equal(find_peer(f, 0), ZONE_FOUND);
    assert_int_equal(zone_serial(f->zone), NOW);

    r = good_run(f);
    assert_int_equal(r.built + r.removed + r.namespaces, 0);

    struct object gone = f->slices[1];
    gone.digest = 300;
    gone.slice.endpoints_n = 0;
    put(f, &gone, &f->slices[1]);
    r = good_run(f);
    assert_int_equal(r.built, 1);
    assert_int_equal(find_peer(f, 1), ZONE_NXDOMAIN);
    assert_int_equal(find_peer(f, 2), ZONE_FOUND);
}

static void a_service_that_goes_takes_its_names_along(void **state)
{
    struct fixture *f = *state;
    put(f, &f->services[0], NULL);
    put(f, &f->slices[0], NULL);
    good_run(f);
    cluster_remove(f->cluster, &f->services[0]);
    cluster_remove(f->cluster, &f->slices[0]);
    const struct zone_sync_result r = good_run(f);
    assert_int_equal(r.removed, 1);
    assert_int_equal(r.namespaces, 1);
    assert_int_equal(find_peer(f, 0), ZONE_NXDOMAIN);
    assert_int_equal(zone_state(f->zone).services, 0);
}

static void crowd_in(struct fixture *f, struct object *slice)
{
    for (unsigned i = 0; i < ORD_COUNT(f->crowd); i++)
        f->crowd[i] = f->endpoints[0];
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    static uint8_t addresses[64][4];
    for (unsigned i = 0; i < ORD_COUNT(f->crowd); i++) {
        memcpy(addresses[i], (uint8_t[]){10, 2, 0, (uint8_t)i}, 4);
        f->crowd[i].addresses = addresses[i];
        f->crowd[i].hostname = names[i % ORD_COUNT(names)];
    }
    *slice = f->slices[0];
    slice->digest = 400;
    slice->slice.endpoints = f->crowd;
    slice->slice.endpoints_n = ORD_COUNT(f->crowd);
}

static void a_service_that_is_too_large_keeps_its_last_answers(void **state)
{
    struct fixture *f = *state;
    struct object large;
    put(f, &f->services[0], NULL);
    put(f, &f->slices[0], NULL);
    good_run(f);
    assert_int_equal(find_peer(f, 0), ZONE_FOUND);

    crowd_in(f, &large);
    put(f, &large, &f->slices[0]);
    put(f, &f->services[1], NULL);
    put(f, &f->slices[1], NULL);
    const struct zone_sync_result r = good_run(f);
    assert_int_equal(r.failed, 1);
    assert_int_equal(r.built, 1);
    assert_int_equal(find_peer(f, 0), ZONE_FOUND); // as before
    assert_int_equal(find_peer(f, 1), ZONE_FOUND);
    assert_int_equal(f->findings, 1);
    assert_non_null(strstr(f->last, "cannot build service 'db0' in namespace "
                                    "'mongo': "));

    good_run(f);
    assert_int_equal(f->findings, 1); // not said again
    cluster_remove(f->cluster, &large);
    put(f, &f->slices[0], NULL);
    assert_int_equal(good_run(f).built, 1);
    assert_int_equal(find_peer(f, 0), ZONE_FOUND);
}

// Whichever allocation fails, the run after it makes good for it, and nothing
// is lost on the way.
static void after_memory_ran_out_the_next_run_catches_up(void **state)
{
    struct fixture *f = *state;
    bool hit = true;
    for (unsigned i = 0; i < SERVICES; i++) {
        put(f, &f->services[i], NULL);
        put(f, &f->slices[i], NULL);
    }
    good_run(f);
    for (long n = 1; hit && n < 1000; n++) {
        struct object next[SERVICES];
        for (unsigned i = 0; i < SERVICES; i++) {
            next[i] = f->slices[i];
            next[i].digest = 1000 + (uint64_t)n;
            next[i].slice.endpoints_n = (uint32_t)n % 2;
            put(f, &next[i], &f->slices[i]);
        }
        fault_alloc_after(n);
        (void)!run(f, NULL);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        const struct zone_sync_result r = good_run(f);
        assert_int_equal(r.pending, 0);
        for (unsigned i = 0; i < SERVICES; i++) {
            assert_int_equal(find_peer(f, i),
                             n % 2 ? ZONE_FOUND : ZONE_NXDOMAIN);
            put(f, &f->slices[i], &next[i]);
        }
        good_run(f);
    }
    assert_false(hit);
    assert_int_equal(zone_state(f->zone).services, SERVICES);
}

// Until all of it is there, nothing is known to be absent.
static void a_zone_that_lacks_memory_is_not_complete(void **state)
{
    struct fixture *f = *state;
    put(f, &f->services[0], NULL);
    put(f, &f->slices[0], NULL);
    struct zone_sync_result r;
    fault_alloc_after(1);
    assert_int_equal(run(f, &r), -ENOMEM);
    fault_alloc_after(-1);
    assert_true(fault_alloc_hit());
    assert_false(zone_is_complete(f->zone));
    good_run(f);
    assert_true(zone_is_complete(f->zone));
    assert_int_equal(find_peer(f, 0), ZONE_FOUND);
}

// --- pods ------------------------------------------------------------------

static struct object make_pod(const char *name, uint8_t last)
{
    return (struct object){
        .kind = OBJECT_POD,
        .at = {.file = "a.yaml", .line = 1, .column = 1},
        .namespace = "mongo",
        .name = name,
        .owner_kind = "",
        .owner_name = "",
        .digest = 1000u + last,
        .pod = {.hostname = "",
                .subdomain = "",
                .phase = POD_RUNNING,
                .ready = true,
                .addresses_n = 1,
                .addresses = {
                    {.family = FAMILY_IPV4, .octets = {10, 9, 0, last}}}}};
}

static void addresses_of_pods_become_names(void **state)
{
    struct fixture *f = *state;
    const struct object a = make_pod("a", 1), b = make_pod("b", 2);
    put(f, &a, NULL);
    put(f, &b, NULL);
    struct zone_sync_result r = good_run(f);
    assert_int_equal(r.namespaces, 1);
    assert_int_equal(r.pods, 2);
    assert_int_equal(zone_state(f->zone).pods, 2);
    assert_int_equal(find(f, "10-9-0-1.mongo.pod.cluster.local"), ZONE_FOUND);
    assert_int_equal(find(f, "10-9-0-2.mongo.pod.cluster.local"), ZONE_FOUND);
    assert_int_equal(find(f, "10-9-0-3.mongo.pod.cluster.local"),
                     ZONE_NXDOMAIN);

    struct object moved = make_pod("a", 3);
    put(f, &moved, &a);
    r = good_run(f);
    assert_int_equal(r.namespaces, 0);
    assert_int_equal(r.pods, 2);
    assert_int_equal(find(f, "10-9-0-1.mongo.pod.cluster.local"),
                     ZONE_NXDOMAIN);
    assert_int_equal(find(f, "10-9-0-3.mongo.pod.cluster.local"), ZONE_FOUND);

    cluster_remove(f->cluster, &moved);
    cluster_remove(f->cluster, &b);
    r = good_run(f);
    assert_int_equal(r.namespaces, 1);
    assert_int_equal(zone_state(f->zone).pods, 0);
    assert_int_equal(find(f, "mongo.pod.cluster.local"), ZONE_NXDOMAIN);
}

// Whichever allocation fails, the next run tells what is missing.
static void pods_without_memory_come_with_the_next_run(void **state)
{
    struct fixture *f = *state;
    const struct object a = make_pod("a", 1), b = make_pod("b", 2);
    struct zone_sync_result r;
    bool hit = true;
    for (long n = 1; hit; n++) {
        put(f, &a, NULL);
        put(f, &b, NULL);
        fault_alloc_after(n);
        int rc = run(f, &r);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        assert_int_equal(rc, hit ? -ENOMEM : 0);
        good_run(f);
        assert_int_equal(zone_state(f->zone).pods, 2);
        assert_int_equal(find(f, "10-9-0-1.mongo.pod.cluster.local"),
                         ZONE_FOUND);
        cluster_remove(f->cluster, &a);
        cluster_remove(f->cluster, &b);
        good_run(f);
        assert_int_equal(zone_state(f->zone).pods, 0);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_cluster_is_a_complete_zone),
        TEST(what_changed_is_built_and_nothing_else),
        TEST(a_service_that_goes_takes_its_names_along),
        cmocka_unit_test_setup_teardown(
            a_service_that_is_too_large_keeps_its_last_answers, setup_small,
            teardown),
        TEST(after_memory_ran_out_the_next_run_catches_up),
        TEST(a_zone_that_lacks_memory_is_not_complete),
        cmocka_unit_test_setup_teardown(addresses_of_pods_become_names,
                                        setup_pods, teardown),
        cmocka_unit_test_setup_teardown(
            pods_without_memory_come_with_the_next_run, setup_pods, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
