// SPDX-License-Identifier: Apache-2.0
#include "lib/fault.h"
#include "lib/objects.h"
#include "lib/stage.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void open_usual(struct stage *s)
{
    stage_open(s, "10.244.0.0/16", NULL, "10.96.0.0/16", NULL);
}

// --- StatefulSets ----------------------------------------------------------

static void a_pod_of_a_stateful_set_is_what_its_controller_makes(void **state)
{
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 11, "");
    stage_step(&s);
    assert_int_equal(s.came, 11);
    const struct object *o = stage_find(&s, "web-10");
    assert_non_null(o);
    assert_int_equal(o->kind, OBJECT_POD);
    assert_true(o->at.file == ordinals_file);
    assert_string_equal(o->namespace, "ns");
    assert_string_equal(o->owner_kind, "StatefulSet");
    assert_string_equal(o->owner_name, "web");
    assert_string_equal(o->pod.hostname, "web-10");
    assert_string_equal(o->pod.subdomain, "svc");
    assert_int_equal(o->pod.phase, POD_RUNNING);
    assert_true(o->pod.ready);
    assert_false(o->pod.terminating);
    assert_int_equal(o->pod.ports_n, 1);
    assert_string_equal(o->pod.ports[0].name, "peer");
    assert_int_equal(o->labels.n, 4);
    assert_string_equal(labels_get(o->labels, "app"), "a");
    assert_string_equal(
        labels_get(o->labels, "statefulset.kubernetes.io/pod-name"), "web-10");
    assert_string_equal(labels_get(o->labels, "apps.kubernetes.io/pod-index"),
                        "10");
    assert_true(o->digest != 0);
    stage_close(&s);
}

static void replicas_come_and_go_in_one_step(void **state)
{
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 3, "");
    stage_step(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 5, "");
    stage_step(&s);
    assert_int_equal(s.came, 2);
    assert_int_equal(s.changed + s.went, 0);
    assert_string_equal(stage_address(&s, "web-4", 0), "10.244.0.5");
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 1, "");
    stage_step(&s);
    assert_int_equal(s.went, 4);
    assert_int_equal(s.changed + s.came, 0);
    assert_string_equal(stage_address(&s, "web-0", 0), "10.244.0.1");
    stage_remove(&s, "web");
    stage_step(&s);
    assert_int_equal(s.live_n, 0);
    stage_close(&s);
}

static void nothing_is_told_when_nothing_changed(void **state)
{
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 3, "");
    stage_workload(&s, OBJECT_DEPLOYMENT, "dep", 3, "");
    stage_service(&s, "svc");
    stage_step(&s);
    assert_int_equal(s.came, 7);
    stage_step(&s);
    // The same facts in another version of the text.
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 3, "");
    stage_step(&s);
    assert_int_equal(s.came + s.changed + s.went, 0);
    stage_close(&s);
}

static void ordinals_begin_at_the_start(void **state)
{
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 3, "10.0.0.1 10.0.0.2")
        ->workload.start = 5;
    stage_step(&s);
    assert_string_equal(stage_address(&s, "web-5", 0), "10.0.0.1");
    assert_string_equal(stage_address(&s, "web-6", 0), "10.0.0.2");
    assert_string_equal(stage_address(&s, "web-7", 0), "10.244.0.1");
    // The annotation counts from the start: each pod that stays moves.
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 3, "10.0.0.1 10.0.0.2")
        ->workload.start = 6;
    stage_step(&s);
    assert_int_equal(s.went, 1);
    assert_int_equal(s.came, 1);
    assert_int_equal(s.changed, 2);
    assert_string_equal(stage_address(&s, "web-6", 0), "10.0.0.1");
    assert_string_equal(stage_address(&s, "web-7", 0), "10.0.0.2");
    assert_memory_equal(stage_address(&s, "web-8", 0), "10.244.0.", 9);
    stage_close(&s);
}

static void other_facts_keep_name_and_address(void **state)
{
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 2, "");
    stage_workload(&s, OBJECT_DEPLOYMENT, "dep", 1, "");
    stage_step(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 2, "")->workload.service =
        "else";
    stage_step(&s);
    assert_int_equal(s.changed, 2);
    assert_int_equal(s.came + s.went, 0);
    assert_string_equal(stage_address(&s, "web-1", 0), "10.244.0.3");
    const struct object *pod = stage_find(&s, "web-1");
    assert_string_equal(pod->pod.subdomain, "else");
    stage_close(&s);
}

static void labels_of_the_controller_win_over_the_templates(void **state)
{
    static const struct label labels[] = {
        {"app", "b"}, {"apps.kubernetes.io/pod-index", "x"}};
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 2, "")->workload.pod_labels =
        (struct labels){.items = labels, .n = 2};
    stage_step(&s);
    const struct object *pod = stage_find(&s, "web-1");
    assert_string_equal(labels_get(pod->labels, "app"), "b");
    assert_int_equal(pod->labels.n, 3);
    assert_string_equal(labels_get(pod->labels, "apps.kubernetes.io/pod-index"),
                        "1");
    stage_close(&s);
}

static void hostnames_that_are_no_labels_make_no_pods(void **state)
{
    static const char name[] =
        "a23456789012345678901234567890123456789012345678"
        "901234567890"; // 60 letters: two digits
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "a.b", 2, "");
    stage_step(&s);
    assert_int_equal(s.live_n, 0);
    assert_non_null(
        strstr(s.findings, "StatefulSet 'ns/a.b' gets 0 of 2 pods"));
    stage_remove(&s, "a.b");
    stage_workload(&s, OBJECT_STATEFUL_SET, name, 101, "");
    stage_step(&s);
    assert_int_equal(s.live_n, 100);
    assert_non_null(strstr(s.findings, "gets 100 of 101 pods"));
    stage_step(&s);
    assert_string_equal(s.findings, "");
    stage_close(&s);
}

static void replicas_are_bounded(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.0.0.0/8", NULL, NULL, NULL);
    stage_workload(&s, OBJECT_REPLICATION_CONTROLLER, "huge", UINT32_MAX, "");
    stage_step(&s);
    assert_int_equal(s.live_n, ORDINALS_REPLICAS_MAX);
    assert_string_equal(s.findings,
                        "ReplicationController 'ns/huge' asks for 4294967295 "
                        "replicas and gets 100000, the most that one may have; "
                        "lower spec.replicas\n");
    stage_close(&s);
}

static void ordinals_near_the_end_of_numbers_are_right(void **state)
{
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 2, "")->workload.start =
        UINT32_MAX;
    stage_step(&s);
    assert_non_null(stage_find(&s, "web-4294967295"));
    assert_non_null(stage_find(&s, "web-4294967296"));
    stage_close(&s);
}

// --- addresses -------------------------------------------------------------

static void the_annotation_gives_the_nth_of_each_family(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.244.0.0/16", "fd00:1::/64", NULL, NULL);
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 4,
                   "fd00::a 10.0.0.1 10.0.0.2 fd00::b 10.0.0.3");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "web-0", 0), "fd00::a");
    assert_string_equal(stage_address(&s, "web-0", 1), "10.0.0.1");
    assert_string_equal(stage_address(&s, "web-1", 0), "fd00::b");
    assert_string_equal(stage_address(&s, "web-1", 1), "10.0.0.2");
    assert_string_equal(stage_address(&s, "web-2", 0), "fd00:1::1");
    assert_string_equal(stage_address(&s, "web-2", 1), "10.0.0.3");
    assert_string_equal(stage_address(&s, "web-3", 0), "fd00:1::2");
    assert_string_equal(stage_address(&s, "web-3", 1), "10.244.0.1");
    assert_string_equal(s.findings, "");
    stage_close(&s);
}

static void an_entry_that_changes_moves_its_pod_only(void **state)
{
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 3,
                   "10.0.0.1 10.0.0.2 10.0.0.3");
    stage_step(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 3,
                   "10.0.0.1 10.0.0.9 10.0.0.3");
    stage_step(&s);
    assert_int_equal(s.changed, 1);
    assert_string_equal(stage_address(&s, "web-1", 0), "10.0.0.9");
    // Two change places.
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 3,
                   "10.0.0.9 10.0.0.1 10.0.0.3");
    stage_step(&s);
    assert_int_equal(s.changed, 2);
    assert_string_equal(stage_address(&s, "web-0", 0), "10.0.0.9");
    assert_string_equal(s.findings, "");
    // It gets shorter: the last pod goes on with an address from the range.
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 3, "10.0.0.9 10.0.0.1");
    stage_step(&s);
    assert_int_equal(s.changed, 1);
    assert_string_equal(stage_address(&s, "web-2", 0), "10.244.0.1");
    // The range's own address is named: nothing moves.
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 3,
                   "10.0.0.9 10.0.0.1 10.244.0.1");
    stage_step(&s);
    assert_int_equal(s.changed, 0);
    // Nor when it is named no more: a pod keeps what the range might give it.
    stage_workload(&s, OBJECT_STATEFUL_SET, "web", 3, "10.0.0.9 10.0.0.1");
    stage_step(&s);
    assert_int_equal(s.changed, 0);
    assert_string_equal(stage_address(&s, "web-2", 0), "10.244.0.1");
    stage_close(&s);
}

static void an_address_declared_twice_is_the_first_ones(void **state)
{
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "b", 1, "10.0.0.1");
    stage_step(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "a", 3,
                   "10.0.0.2 10.0.0.1 10.0.0.2");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "b-0", 0), "10.0.0.1");
    assert_string_equal(stage_address(&s, "a-0", 0), "10.0.0.2");
    assert_string_equal(stage_address(&s, "a-1", 0), "");
    assert_string_equal(stage_address(&s, "a-2", 0), "");
    assert_string_equal(s.findings,
                        "address 10.0.0.1 of pod 'ns/a-1' and 1 more is given "
                        "to StatefulSet 'ns/b' already; name another one in "
                        "the annotation ordinald.io/addresses\n");
    stage_step(&s);
    assert_string_equal(s.findings, "");
    stage_remove(&s, "b");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "a-1", 0), "10.0.0.1");
    stage_close(&s);
}

static void a_declared_address_is_believed_when_others_name_it(void **state)
{
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_take(&s, "10.0.0.1");
    stage_workload(&s, OBJECT_STATEFUL_SET, "a", 1, "10.0.0.1");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "a-0", 0), "10.0.0.1");
    assert_string_equal(s.findings, "");
    stage_close(&s);
}

static void a_family_without_range_is_reported(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, NULL, NULL, NULL, NULL);
    stage_workload(&s, OBJECT_STATEFUL_SET, "a", 2, "fd00::1");
    stage_workload(&s, OBJECT_STATEFUL_SET, "b", 2, "");
    stage_service(&s, "v");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "a-0", 0), "fd00::1");
    assert_non_null(stage_find(&s, "a-1"));
    assert_non_null(strstr(
        s.findings, "no IPv6 address for pod 'ns/a-1': the annotation "
                    "ordinald.io/addresses names 1; name more or give an IPv6 "
                    "--pod-cidr\n"));
    assert_non_null(strstr(
        s.findings, "no address for pod 'ns/b-0' and 1 more; give a --pod-cidr "
                    "or the annotation ordinald.io/addresses\n"));
    assert_non_null(strstr(s.findings,
                           "no IPv4 address for Service 'ns/v'; give an IPv4 "
                           "--service-cidr or set spec.clusterIP\n"));
    assert_null(stage_find(&s, "v"));
    stage_close(&s);
}

// --- pods without ordinals -------------------------------------------------

static bool is_random(const char *text, size_t n)
{
    return strlen(text) == n &&
           strspn(text, "bcdfghjklmnpqrstvwxz2456789") == n;
}

static void a_deployments_pod_has_an_unpredictable_name(void **state)
{
    struct stage s;
    char name[254];
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_DEPLOYMENT, "dep", 1, "10.0.0.7");
    stage_step(&s);
    const struct object *o = s.live[0];
    assert_memory_equal(o->name, "dep-", 4);
    const char *dash = strrchr(o->name, '-');
    assert_true(is_random(dash + 1, 5));
    assert_in_range(dash - (o->name + 4), 8, 10);
    assert_string_equal(o->owner_kind, "ReplicaSet");
    assert_int_equal(strlen(o->owner_name), dash - o->name);
    assert_string_equal(labels_get(o->labels, "pod-template-hash"),
                        o->owner_name + 4);
    assert_string_equal(o->pod.hostname, "");
    assert_string_equal(o->pod.subdomain, "");
    assert_null(labels_get(o->labels, "apps.kubernetes.io/pod-index"));
    assert_string_equal(stage_address(&s, o->name, 0), "10.0.0.7");
    // It keeps its name when its facts change, and a new one gets another.
    snprintf(name, sizeof name, "%s", o->name);
    stage_workload(&s, OBJECT_DEPLOYMENT, "dep", 1, "10.0.0.8");
    stage_step(&s);
    assert_string_equal(stage_address(&s, name, 0), "10.0.0.8");
    stage_remove(&s, "dep");
    stage_step(&s);
    stage_workload(&s, OBJECT_DEPLOYMENT, "dep", 1, "");
    stage_step(&s);
    assert_null(stage_find(&s, name));
    // The hash is that of the Deployment, and with it the ReplicaSet.
    assert_memory_equal(s.live[0]->name, name, strlen(name) - 5);
    stage_close(&s);
}

static void scaling_a_deployment_keeps_the_others(void **state)
{
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_DEPLOYMENT, "dep", 5, "");
    stage_step(&s);
    stage_workload(&s, OBJECT_DEPLOYMENT, "dep", 2, "");
    stage_step(&s);
    assert_int_equal(s.went, 3);
    assert_int_equal(s.came + s.changed, 0);
    stage_workload(&s, OBJECT_DEPLOYMENT, "dep", 4, "");
    stage_step(&s);
    assert_int_equal(s.came, 2);
    assert_int_equal(s.went + s.changed, 0);
    stage_close(&s);
}

static void long_names_are_cut_as_the_api_server_does(void **state)
{
    static const char name[] = "a234567890123456789012345678901234567890123456"
                               "78901234567890123456789";
    struct stage s;
    (void)state;
    open_usual(&s);
    stage_workload(&s, OBJECT_REPLICA_SET, name, 1, "");
    stage_workload(&s, OBJECT_REPLICA_SET, "short", 1, "");
    stage_step(&s);
    const struct object *o = stage_owned(&s, name);
    assert_int_equal(strlen(o->name), 63);
    assert_memory_equal(o->name, name, 58);
    assert_true(is_random(o->name + 58, 5));
    o = stage_owned(&s, "short");
    assert_memory_equal(o->name, "short-", 6);
    assert_true(is_random(o->name + 6, 5));
    assert_string_equal(o->owner_kind, "ReplicaSet");
    stage_close(&s);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const struct object *const *)a)->name,
                  (*(const struct object *const *)b)->name);
}

static void no_name_comes_twice(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, NULL, NULL, NULL, NULL);
    stage_workload(&s, OBJECT_REPLICA_SET, "x", 100000, "");
    stage_workload(&s, OBJECT_REPLICATION_CONTROLLER, "y", 100000, "");
    stage_step(&s);
    assert_int_equal(s.live_n, 200000);
    qsort(s.live, s.live_n, sizeof *s.live, compare_names);
    for (size_t i = 1; i < s.live_n; i++)
        assert_string_not_equal(s.live[i - 1]->name, s.live[i]->name);
    stage_close(&s);
}

// --- services --------------------------------------------------------------

static void a_service_gets_an_address_and_keeps_it(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, NULL, NULL, "10.96.0.0/16", "fd96::/112");
    struct object *o = stage_service(&s, "v");
    const uint64_t digest = o->digest;
    object_label(o, "role", "db");
    stage_step(&s);
    const struct object *copy = stage_find(&s, "v");
    assert_non_null(copy);
    assert_true(ordinals_is_copy(s.ordinals, copy));
    assert_int_equal(copy->kind, OBJECT_SERVICE);
    assert_string_equal(stage_address(&s, "v", 0), "10.96.0.1");
    assert_int_equal(copy->service.addresses_n, 1);
    // Its memory is its own.
    stage_service(&s, "v");
    assert_string_equal(copy->at.file, "test");
    assert_string_equal(labels_get(copy->labels, "role"), "db");
    assert_string_equal(labels_get(copy->service.selector, "app"), "a");
    assert_int_equal(copy->service.ports_n, 1);
    assert_string_equal(copy->service.ports[0].name, "peer");
    assert_string_equal(copy->service.ports[0].target_name, "peer");
    assert_true(copy->digest != 0 && copy->digest != digest);
    // Another version of the service: another copy, the same address.
    stage_step(&s);
    assert_int_equal(s.changed, 1);
    assert_string_equal(stage_address(&s, "v", 0), "10.96.0.1");
    assert_null(labels_get(stage_find(&s, "v")->labels, "role"));
    stage_remove(&s, "v");
    stage_step(&s);
    assert_int_equal(s.went, 1);
    stage_close(&s);
}

static void set_families(struct object *o, enum ip_family_policy policy,
                         uint8_t n, enum family first)
{
    o->service.policy = (uint8_t)policy;
    o->service.families_n = n;
    o->service.families[0] = (uint8_t)first;
    o->service.families[1] = first == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
}

static void families_follow_the_services_policy(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, NULL, NULL, "10.96.0.0/16", "fd96::/112");
    set_families(stage_service(&s, "a"), IP_FAMILY_UNSET, 1, FAMILY_IPV6);
    set_families(stage_service(&s, "b"), IP_FAMILY_PREFER_DUAL, 0, FAMILY_IPV4);
    set_families(stage_service(&s, "c"), IP_FAMILY_REQUIRE_DUAL, 1,
                 FAMILY_IPV6);
    set_families(stage_service(&s, "d"), IP_FAMILY_SINGLE, 0, FAMILY_IPV4);
    stage_step(&s);
    assert_string_equal(stage_address(&s, "a", 0), "fd96::1");
    assert_string_equal(stage_address(&s, "a", 1), "");
    assert_string_equal(stage_address(&s, "b", 0), "10.96.0.1");
    assert_string_equal(stage_address(&s, "b", 1), "fd96::2");
    assert_string_equal(stage_address(&s, "c", 0), "fd96::3");
    assert_string_equal(stage_address(&s, "c", 1), "10.96.0.2");
    assert_string_equal(stage_address(&s, "d", 0), "10.96.0.3");
    assert_string_equal(stage_address(&s, "d", 1), "");
    // A service that wants one family less gives the other back.
    set_families(stage_service(&s, "b"), IP_FAMILY_SINGLE, 1, FAMILY_IPV6);
    stage_step(&s);
    assert_string_equal(stage_address(&s, "b", 0), "fd96::2");
    assert_string_equal(stage_address(&s, "b", 1), "");
    stage_close(&s);
}

static void dual_stack_without_both_ranges_is_reported(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, NULL, NULL, "10.96.0.0/30", NULL);
    set_families(stage_service(&s, "p"), IP_FAMILY_PREFER_DUAL, 0, FAMILY_IPV4);
    set_families(stage_service(&s, "r"), IP_FAMILY_REQUIRE_DUAL, 0,
                 FAMILY_IPV4);
    stage_step(&s);
    assert_string_equal(stage_address(&s, "r", 0), "10.96.0.2");
    assert_string_equal(s.findings,
                        "no IPv6 address for Service 'ns/r'; give an IPv6 "
                        "--service-cidr or set spec.clusterIP\n");
    stage_service(&s, "z");
    stage_step(&s);
    assert_string_equal(s.findings,
                        "no address is left in --service-cidr 10.96.0.0/30 for "
                        "Service 'ns/z'; give a larger range or set "
                        "spec.clusterIP\n");
    stage_remove(&s, "p");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "z", 0), "10.96.0.1");
    stage_close(&s);
}

// --- anything at all -------------------------------------------------------

static unsigned roll(uint64_t *seed, unsigned n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % n;
}

static void random_addresses(uint64_t *seed, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (unsigned k = roll(seed, 5); k; k--)
        n += (size_t)snprintf(out + n, size - n,
                              roll(seed, 3) ? "10.0.0.%u " : "fd00::%x ",
                              roll(seed, 20) + 1);
}

static void random_change(struct stage *s, uint64_t *seed)
{
    static const struct workload_rules parallel = {
        .parallel = true, .max_unavailable = {.value = 1}};
    static const enum object_kind kinds[] = {
        OBJECT_STATEFUL_SET, OBJECT_STATEFUL_SET, OBJECT_STATEFUL_SET,
        OBJECT_DEPLOYMENT, OBJECT_REPLICA_SET};
    char name[8], addresses[128];
    const unsigned which = roll(seed, 5);

    snprintf(name, sizeof name, "w%u", which);
    switch (roll(seed, 6)) {
    case 0:
        stage_remove(s, name);
        break;
    case 1:
        snprintf(name, sizeof name, "s%u", which);
        if (roll(seed, 2))
            stage_service(s, name);
        else
            stage_remove(s, name);
        break;
    case 2:
        s->taken_n = 0;
        for (unsigned k = roll(seed, 4); k; k--) {
            snprintf(addresses, sizeof addresses, "10.0.0.%u",
                     roll(seed, 30) + 1);
            stage_take(s, addresses);
        }
        break;
    default:
        random_addresses(seed, addresses, sizeof addresses);
        struct object *o =
            stage_workload(s, kinds[which], name, roll(seed, 7), addresses);
        o->workload.start = which < 3 ? roll(seed, 3) : 0;
        // Where pods that lack addresses are not waited for.
        if (o->kind == OBJECT_STATEFUL_SET)
            o->workload.rules = &parallel;
    }
}

// The ranges' addresses are unlike those that only annotations name.
static bool is_taken(const struct stage *s, const struct address *a)
{
    for (uint32_t i = 0; i < s->taken_n; i++)
        if (address_compare(&s->taken[i], a) == 0)
            return true;
    return false;
}

static bool is_declared(const struct stage *s, const struct address *a)
{
    for (uint32_t i = 0; i < s->workloads_n; i++)
        for (uint32_t k = 0; k < s->workloads[i]->workload.addresses_n; k++)
            if (address_compare(&s->workloads[i]->workload.addresses[k], a) ==
                0)
                return true;
    return false;
}

static const struct address *addresses_of(const struct object *o, uint8_t *n)
{
    const bool pod = o->kind == OBJECT_POD;

    *n = pod ? o->pod.addresses_n : o->service.addresses_n;
    return pod ? o->pod.addresses : o->service.addresses;
}

// No address stands for two, whatever memory did.
static void check_unique(const struct stage *s)
{
    static struct address all[1024];
    size_t n = 0;

    for (size_t i = 0; i < s->live_n; i++) {
        uint8_t own_n;
        const struct address *own = addresses_of(s->live[i], &own_n);
        for (uint8_t k = 0; k < own_n; k++) {
            for (size_t j = 0; j < n; j++)
                assert_true(address_compare(&all[j], &own[k]) != 0);
            all[n++] = own[k];
        }
    }
}

static void check_addresses(const struct stage *s)
{
    check_unique(s);
    for (size_t i = 0; i < s->live_n; i++) {
        uint8_t own_n;
        const struct address *own = addresses_of(s->live[i], &own_n);
        for (uint8_t k = 0; k < own_n; k++)
            assert_true(!is_taken(s, &own[k]) || is_declared(s, &own[k]));
    }
}

static void check_names(const struct stage *s)
{
    size_t wanted = 0, pods = 0;
    char name[32];

    for (size_t i = 0; i < s->live_n; i++)
        pods += s->live[i]->kind == OBJECT_POD;
    for (uint32_t i = 0; i < s->workloads_n; i++) {
        const struct object *w = s->workloads[i];
        wanted += w->workload.replicas;
        for (uint32_t k = 0;
             w->kind == OBJECT_STATEFUL_SET && k < w->workload.replicas; k++) {
            snprintf(name, sizeof name, "%s-%u", w->name,
                     w->workload.start + k);
            assert_non_null(stage_find(s, name));
        }
    }
    assert_int_equal(pods, wanted);
}

// --- memory ----------------------------------------------------------------

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

// Who lives, in order of names, with the addresses that no range gave; and how
// many the ranges gave. Which one is whose depends on who came first.
static void write_all(const struct stage *s, char *out, size_t size)
{
    static char lines[64][128];
    size_t n = 0;
    unsigned given = 0;

    assert_true(s->live_n <= 64);
    for (size_t i = 0; i < s->live_n; i++) {
        const char *name = s->live[i]->name;
        const char *address = stage_address(s, name, 0);
        const bool ranged = strncmp(address, "10.0.", 5) != 0;
        snprintf(lines[i], sizeof lines[i], "%s=%s ", name,
                 ranged ? "" : address);
        given += ranged && *address;
        given += *stage_address(s, name, 1) != 0;
    }
    qsort(lines, s->live_n, sizeof lines[0], compare_texts);
    out[0] = '\0';
    for (size_t i = 0; i < s->live_n && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s", lines[i]);
    snprintf(out + n, size - n, "%u", given);
}

// One step in which everything that can happen does.
static void set_scene(struct stage *s)
{
    stage_open(s, "10.244.0.0/29", "fd00::/64", "10.96.0.0/29", NULL);
    stage_workload(s, OBJECT_STATEFUL_SET, "web", 3, "");
    stage_workload(s, OBJECT_STATEFUL_SET, "old", 2, "10.0.0.1");
    stage_workload(s, OBJECT_DEPLOYMENT, "dep", 2, "");
    stage_service(s, "v");
    stage_step(s);
    stage_workload(s, OBJECT_STATEFUL_SET, "web", 4, "")->workload.start = 1;
    stage_workload(s, OBJECT_STATEFUL_SET, "new", 2, "10.0.0.1 10.244.0.2");
    stage_workload(s, OBJECT_REPLICA_SET, "rs", 1, "");
    stage_remove(s, "old");
    stage_service(s, "v");
    stage_service(s, "w");
    stage_service(s, "x");
    stage_take(s, "10.244.0.3");
}

static void what_memory_leaves_undone_the_next_step_does(void **state)
{
    static char after[4096], good[4096];
    struct stage s;
    bool hit = true;
    (void)state;
    set_scene(&s);
    stage_step(&s);
    write_all(&s, good, sizeof good);
    stage_close(&s);

    for (long n = 1; hit; n++) {
        set_scene(&s);
        fault_alloc_after(n);
        const int rc = stage_try(&s);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        // A table that does not grow is no failure.
        assert_true(rc == 0 || (rc == -ENOMEM && hit));
        check_unique(&s);
        if (rc)
            stage_step(&s);
        write_all(&s, after, sizeof after);
        assert_string_equal(after, good);
        check_addresses(&s);
        stage_close(&s);
        assert_true(n < 1000);
    }
}

// --- and all of it together ---------------------------------------------

static void invariants_hold_whatever_happens(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t dice = seed * 7919;
        struct stage s;
        stage_open(&s, roll(&dice, 2) ? "10.0.0.0/27" : "10.0.0.0/24",
                   roll(&dice, 2) ? "fd00::/120" : NULL, "10.0.0.0/26", NULL);
        for (unsigned i = 0; i < 60; i++) {
            for (unsigned k = roll(&dice, 3) + 1; k; k--)
                random_change(&s, &dice);
            const bool fault = roll(&dice, 3) == 0;
            if (fault)
                fault_alloc_after((long)roll(&dice, 40) + 1);
            const int rc = stage_try(&s);
            fault_alloc_after(-1);
            check_unique(&s);
            if (rc)
                stage_step(&s);
            check_names(&s);
            check_addresses(&s);
            stage_step(&s);
            assert_int_equal(s.came + s.changed + s.went, 0);
            assert_string_equal(s.findings, "");
        }
        stage_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pod_of_a_stateful_set_is_what_its_controller_makes),
        cmocka_unit_test(replicas_come_and_go_in_one_step),
        cmocka_unit_test(nothing_is_told_when_nothing_changed),
        cmocka_unit_test(ordinals_begin_at_the_start),
        cmocka_unit_test(other_facts_keep_name_and_address),
        cmocka_unit_test(labels_of_the_controller_win_over_the_templates),
        cmocka_unit_test(hostnames_that_are_no_labels_make_no_pods),
        cmocka_unit_test(replicas_are_bounded),
        cmocka_unit_test(ordinals_near_the_end_of_numbers_are_right),
        cmocka_unit_test(the_annotation_gives_the_nth_of_each_family),
        cmocka_unit_test(an_entry_that_changes_moves_its_pod_only),
        cmocka_unit_test(an_address_declared_twice_is_the_first_ones),
        cmocka_unit_test(a_declared_address_is_believed_when_others_name_it),
        cmocka_unit_test(a_family_without_range_is_reported),
        cmocka_unit_test(a_deployments_pod_has_an_unpredictable_name),
        cmocka_unit_test(scaling_a_deployment_keeps_the_others),
        cmocka_unit_test(long_names_are_cut_as_the_api_server_does),
        cmocka_unit_test(no_name_comes_twice),
        cmocka_unit_test(a_service_gets_an_address_and_keeps_it),
        cmocka_unit_test(families_follow_the_services_policy),
        cmocka_unit_test(dual_stack_without_both_ranges_is_reported),
        cmocka_unit_test(what_memory_leaves_undone_the_next_step_does),
        cmocka_unit_test(invariants_hold_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
