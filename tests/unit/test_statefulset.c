// SPDX-License-Identifier: Apache-2.0
// Pods and addresses in a cluster that objects are put into as a source does.
#include "source/statefulset.h"

#include "lib/fault.h"
#include "lib/objects.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { OBJECTS = 32 };

struct scene {
    struct cluster *cluster;
    struct statefulsets *statefulsets;
    struct object *objects[OBJECTS];
    uint64_t ranks[OBJECTS];
    size_t n;
    char findings[4096];
    struct faults *faults;
};

static void finding(void *context, enum finding kind, struct place at,
                    const char *text)
{
    struct scene *s = context;
    const size_t n = strlen(s->findings);

    (void)kind;
    snprintf(s->findings + n, sizeof s->findings - n, "%s: %s\n", at.file,
             text);
}

static void no_probe(void *context, const struct ordinals_probe *probe)
{
    (void)context;
    (void)probe;
}

static void scene_open_with(struct scene *s, struct report *report, bool probe)
{
    struct statefulsets_settings settings = {
        .pod_cidrs_n = 1,
        .service_cidrs_n = 1,
        .seed = 7,
        .report = report,
        .probe = probe ? no_probe : NULL,
    };

    memset(s, 0, sizeof *s);
    s->faults = faults_new();
    assert_non_null(s->faults);
    settings.faults = s->faults;
    assert_int_equal(cidr_parse("10.244.0.0/24", &settings.pod_cidrs[0], NULL),
                     0);
    assert_int_equal(
        cidr_parse("10.96.0.0/24", &settings.service_cidrs[0], NULL), 0);
    *report = (struct report){.finding = finding, .context = s};
    s->cluster = cluster_new(NULL);
    assert_non_null(s->cluster);
    s->statefulsets = statefulsets_new(s->cluster, &settings);
    assert_non_null(s->statefulsets);
}

static void scene_open(struct scene *s, struct report *report)
{
    scene_open_with(s, report, false);
}

static void scene_close(struct scene *s)
{
    statefulsets_free(s->statefulsets);
    for (size_t i = 0; i < s->n; i++)
        cluster_remove(s->cluster, s->objects[i]);
    cluster_free(s->cluster);
    for (size_t i = 0; i < s->n; i++)
        object_drop(s->objects[i]);
    faults_free(s->faults);
}

static void sync(struct scene *s)
{
    s->findings[0] = '\0';
    assert_int_equal(statefulsets_sync(s->statefulsets, 0), 0);
}

// Put an object in, or a newer version of it as a source does.
static struct object *put(struct scene *s, struct object *o)
{
    size_t i = 0;

    while (i < s->n && (s->objects[i]->kind != o->kind ||
                        strcmp(s->objects[i]->name, o->name) != 0))
        i++;
    struct object *old = i < s->n ? s->objects[i] : NULL;
    assert_true(i < OBJECTS);
    if (!old) {
        s->ranks[i] = i + 1;
        s->n++;
    }
    assert_int_equal(cluster_put(s->cluster, o, s->ranks[i], old), 0);
    s->objects[i] = o;
    object_drop(old);
    return o;
}

static void take_out(struct scene *s, enum object_kind kind, const char *name)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->objects[i]->kind != kind ||
            strcmp(s->objects[i]->name, name) != 0)
            continue;
        cluster_remove(s->cluster, s->objects[i]);
        object_drop(s->objects[i]);
        s->n--;
        s->objects[i] = s->objects[s->n];
        s->ranks[i] = s->ranks[s->n];
        return;
    }
    fail_msg("there is no %s", name);
}

static struct object *workload(enum object_kind kind, const char *name,
                               uint32_t replicas)
{
    static const struct label labels[] = {{"app", "a"}};
    static uint64_t version;
    struct object *o = object_make(kind, "ns", name);

    o->workload.replicas = replicas;
    o->workload.service = "svc";
    o->workload.selector = (struct labels){.items = labels, .n = 1};
    o->workload.pod_labels = o->workload.selector;
    o->digest = ++version;
    return o;
}

static struct object *service(const char *name, enum service_type type)
{
    struct object *o = object_make(OBJECT_SERVICE, "ns", name);

    o->service.type = (uint8_t)type;
    object_select(o, "app", "a");
    return object_done(o);
}

static struct object *pod(const char *name, const char *owner_kind,
                          const char *owner_name)
{
    struct object *o = object_make(OBJECT_POD, "ns", name);

    o->owner_kind = object_text(o, owner_kind);
    o->owner_name = object_text(o, owner_name);
    return o;
}

static int count(void *context, const struct object *o)
{
    size_t *n = context;

    *n += o->at.file == ordinals_file;
    return 0;
}

// How many pods were made.
static size_t made(const struct scene *s)
{
    size_t n = 0;

    assert_int_equal(cluster_each(s->cluster, OBJECT_POD, count, &n), 0);
    return n;
}

static const char *address_in(const struct scene *s, enum object_kind kind,
                              const char *name)
{
    static char text[ADDRESS_TEXT_SIZE];
    const struct object *o = cluster_find(s->cluster, kind, "ns", name);

    if (!o ||
        (kind == OBJECT_POD ? o->pod.addresses_n : o->service.addresses_n) == 0)
        return "";
    return address_format(kind == OBJECT_POD ? &o->pod.addresses[0]
                                             : &o->service.addresses[0],
                          text);
}

static void a_stateful_set_alone_gets_its_pods(void **state)
{
    struct scene s;
    struct report r;
    (void)state;
    scene_open(&s, &r);
    sync(&s);
    put(&s, workload(OBJECT_STATEFUL_SET, "web", 3));
    put(&s, service("svc", SERVICE_HEADLESS));
    sync(&s);
    assert_int_equal(made(&s), 3);
    assert_string_equal(address_in(&s, OBJECT_POD, "web-2"), "10.244.0.3");
    sync(&s);
    put(&s, workload(OBJECT_STATEFUL_SET, "web", 1));
    sync(&s);
    assert_int_equal(made(&s), 1);
    assert_string_equal(address_in(&s, OBJECT_POD, "web-0"), "10.244.0.1");
    take_out(&s, OBJECT_STATEFUL_SET, "web");
    sync(&s);
    assert_int_equal(made(&s), 0);
    scene_close(&s);
}

static void a_given_pod_ends_the_making(void **state)
{
    struct scene s;
    struct report r;
    (void)state;
    scene_open(&s, &r);
    put(&s, workload(OBJECT_STATEFUL_SET, "web", 3));
    sync(&s);
    assert_int_equal(made(&s), 3);
    struct object *o = pod("web-0", "StatefulSet", "web");
    object_address(o, "10.0.0.1");
    put(&s, object_done(o));
    sync(&s);
    assert_int_equal(made(&s), 0);
    assert_string_equal(address_in(&s, OBJECT_POD, "web-0"), "10.0.0.1");
    take_out(&s, OBJECT_POD, "web-0");
    sync(&s);
    assert_int_equal(made(&s), 3);
    // A pod of another owner, or with other labels, says nothing about it.
    o = pod("x", "Job", "web");
    object_label(o, "app", "a");
    put(&s, object_done(o));
    o = pod("y", "", "");
    object_label(o, "app", "b");
    put(&s, object_done(o));
    sync(&s);
    assert_int_equal(made(&s), 3);
    // One without owner that matches would be adopted.
    o = pod("z", "", "");
    object_label(o, "app", "a");
    put(&s, object_done(o));
    sync(&s);
    assert_int_equal(made(&s), 0);
    scene_close(&s);
}

static void a_given_replica_set_stands_for_its_deployment(void **state)
{
    struct scene s;
    struct report r;
    (void)state;
    scene_open(&s, &r);
    put(&s, workload(OBJECT_DEPLOYMENT, "dep", 2));
    sync(&s);
    assert_int_equal(made(&s), 2);
    struct object *o = workload(OBJECT_REPLICA_SET, "dep-1", 1);
    o->owner_kind = "Deployment";
    o->owner_name = "dep";
    put(&s, o);
    sync(&s);
    assert_int_equal(made(&s), 1);
    // Pods with a ReplicaSet that was left out are the Deployment's by labels.
    take_out(&s, OBJECT_REPLICA_SET, "dep-1");
    sync(&s);
    assert_int_equal(made(&s), 2);
    o = pod("dep-1-abcde", "ReplicaSet", "dep-1");
    object_label(o, "app", "a");
    put(&s, object_done(o));
    sync(&s);
    assert_int_equal(made(&s), 0);
    scene_close(&s);
}

static struct object *slice(const char *of, const char *address)
{
    struct object *o = object_make(OBJECT_ENDPOINT_SLICE, "ns", "slice");

    o->slice.service = object_text(o, of);
    object_endpoint(o, "", "", address, true);
    return object_done(o);
}

static void a_given_slice_ends_the_making(void **state)
{
    struct scene s;
    struct report r;
    (void)state;
    scene_open(&s, &r);
    put(&s, workload(OBJECT_STATEFUL_SET, "web", 3));
    struct object *other = service("other", SERVICE_HEADLESS);
    put(&s, other);
    sync(&s);
    assert_int_equal(made(&s), 3);
    // For a service that has nothing to do with it: only its address counts.
    put(&s, slice("elsewhere", "10.244.0.2"));
    sync(&s);
    assert_int_equal(made(&s), 3);
    assert_string_equal(address_in(&s, OBJECT_POD, "web-1"), "10.244.0.4");
    assert_non_null(strstr(s.findings, "test: pod 'ns/web-1' moves from "
                                       "10.244.0.2 to 10.244.0.4"));
    // For the one that selects its pods, then for the one that governs it.
    put(&s, slice("other", "10.0.0.1"));
    sync(&s);
    assert_int_equal(made(&s), 0);
    put(&s, slice("svc", "10.0.0.1"));
    sync(&s);
    assert_int_equal(made(&s), 0);
    take_out(&s, OBJECT_ENDPOINT_SLICE, "slice");
    sync(&s);
    assert_int_equal(made(&s), 3);
    struct object *endpoints = object_make(OBJECT_ENDPOINTS, "ns", "svc");
    object_endpoint(endpoints, "", "", "10.244.0.9", true);
    put(&s, object_done(endpoints));
    sync(&s);
    assert_int_equal(made(&s), 0);
    scene_close(&s);
}

static void a_service_without_address_gets_one(void **state)
{
    struct scene s;
    struct report r;
    (void)state;
    scene_open(&s, &r);
    put(&s, service("a", SERVICE_CLUSTER_IP));
    put(&s, service("b", SERVICE_HEADLESS));
    put(&s, service("c", SERVICE_EXTERNAL_NAME));
    struct object *given = service("d", SERVICE_CLUSTER_IP);
    object_address(given, "10.96.0.1");
    put(&s, object_done(given));
    sync(&s);
    assert_string_equal(address_in(&s, OBJECT_SERVICE, "a"), "10.96.0.2");
    assert_string_equal(address_in(&s, OBJECT_SERVICE, "b"), "");
    assert_string_equal(address_in(&s, OBJECT_SERVICE, "c"), "");
    sync(&s);
    assert_string_equal(address_in(&s, OBJECT_SERVICE, "a"), "10.96.0.2");
    // Its facts change, its address stays.
    struct object *o = service("a", SERVICE_CLUSTER_IP);
    object_port(o, "http", 80, PROTOCOL_TCP, "");
    put(&s, object_done(o));
    sync(&s);
    assert_string_equal(address_in(&s, OBJECT_SERVICE, "a"), "10.96.0.2");
    assert_int_equal(
        cluster_find(s.cluster, OBJECT_SERVICE, "ns", "a")->service.ports_n, 1);
    // It is given one, and that is believed.
    o = service("a", SERVICE_CLUSTER_IP);
    object_address(o, "10.96.0.7");
    put(&s, object_done(o));
    sync(&s);
    assert_string_equal(address_in(&s, OBJECT_SERVICE, "a"), "10.96.0.7");
    put(&s, service("a", SERVICE_HEADLESS));
    sync(&s);
    assert_string_equal(address_in(&s, OBJECT_SERVICE, "a"), "");
    put(&s, service("a", SERVICE_CLUSTER_IP));
    sync(&s);
    assert_string_equal(address_in(&s, OBJECT_SERVICE, "a"), "10.96.0.3");
    take_out(&s, OBJECT_SERVICE, "a");
    sync(&s);
    assert_null(cluster_find(s.cluster, OBJECT_SERVICE, "ns", "a"));
    scene_close(&s);
}

static void a_given_pod_of_the_same_name_counts(void **state)
{
    struct scene s;
    struct report r;
    (void)state;
    scene_open(&s, &r);
    struct object *o = pod("web-1", "Job", "someone");
    object_address(o, "10.244.0.1");
    put(&s, object_done(o));
    put(&s, workload(OBJECT_STATEFUL_SET, "web", 2));
    sync(&s);
    assert_string_equal(address_in(&s, OBJECT_POD, "web-1"), "10.244.0.1");
    assert_string_equal(address_in(&s, OBJECT_POD, "web-0"), "10.244.0.2");
    take_out(&s, OBJECT_POD, "web-1");
    sync(&s);
    assert_string_equal(address_in(&s, OBJECT_POD, "web-1"), "10.244.0.3");
    scene_close(&s);
}

static void scale(struct scene *s, const char *name, uint32_t replicas)
{
    struct error err;

    assert_int_equal(ordinals_scale(statefulsets_ordinals(s->statefulsets),
                                    (struct ordinals_target){"ns", name},
                                    replicas, NULL, &err),
                     0);
}

static uint32_t replicas_of(const struct scene *s, const char *name)
{
    const struct object *o =
        cluster_find(s->cluster, OBJECT_STATEFUL_SET, "ns", name);

    return o ? o->workload.replicas : 0;
}

// Others see what is wanted; what the file says is still looked for below it.
static void a_scaled_workload_is_seen_as_it_is_wanted(void **state)
{
    struct scene s;
    struct report r;
    (void)state;
    scene_open(&s, &r);
    put(&s, workload(OBJECT_STATEFUL_SET, "web", 3));
    sync(&s);
    scale(&s, "web", 5);
    assert_int_equal(statefulsets_run(s.statefulsets, 0), 0);
    assert_int_equal(made(&s), 5);
    assert_int_equal(replicas_of(&s, "web"), 5);
    // The copy is not taken for what a source gave.
    sync(&s);
    sync(&s);
    assert_int_equal(made(&s), 5);
    assert_int_equal(replicas_of(&s, "web"), 5);
    // A newer object wins.
    put(&s, workload(OBJECT_STATEFUL_SET, "web", 4));
    sync(&s);
    assert_int_equal(made(&s), 4);
    assert_int_equal(replicas_of(&s, "web"), 4);
    // The object goes while a copy is there.
    scale(&s, "web", 1);
    assert_int_equal(statefulsets_run(s.statefulsets, 0), 0);
    assert_int_equal(made(&s), 1);
    take_out(&s, OBJECT_STATEFUL_SET, "web");
    sync(&s);
    assert_int_equal(made(&s), 0);
    assert_null(cluster_find(s.cluster, OBJECT_STATEFUL_SET, "ns", "web"));
    scene_close(&s);
}

static void a_workload_that_has_no_pods_goes_like_any_other(void **state)
{
    struct scene s;
    struct report r;
    struct error err;
    (void)state;
    scene_open(&s, &r);
    put(&s, workload(OBJECT_STATEFUL_SET, "web", 0));
    sync(&s);
    take_out(&s, OBJECT_STATEFUL_SET, "web");
    sync(&s);
    assert_int_equal(ordinals_scale(statefulsets_ordinals(s.statefulsets),
                                    (struct ordinals_target){"ns", "web"}, 3,
                                    NULL, &err),
                     -ENOENT);
    assert_int_equal(statefulsets_run(s.statefulsets, 0), 0);
    assert_int_equal(made(&s), 0);
    scene_close(&s);
}

static size_t ready(const struct scene *s)
{
    size_t n = 0;

    for (int i = 0; i < 3; i++) {
        char name[] = {'w', 'e', 'b', '-', (char)('0' + i), 0};
        const struct object *o =
            cluster_find(s->cluster, OBJECT_POD, "ns", name);
        n += o && o->pod.ready;
    }
    return n;
}

static size_t ready_with_fault(struct scene *s, const char *namespace,
                               const char *name)
{
    const struct fault fault = {.kind = FAULT_NOT_READY,
                                .of_service = true,
                                .until_ms = UINT64_MAX,
                                .namespace = namespace,
                                .name = name};
    struct error err;

    assert_int_equal(faults_add(s->faults, &fault, &err), 0);
    assert_int_equal(statefulsets_run(s->statefulsets, 0), 0);
    const size_t n = ready(s);
    faults_clear(s->faults, NULL, NULL);
    assert_int_equal(statefulsets_run(s->statefulsets, 0), 0);
    assert_int_equal(ready(s), 3);
    return n;
}

static void a_fault_of_a_service_is_of_the_pods_it_is_about(void **state)
{
    struct scene s;
    struct report r;
    (void)state;
    scene_open(&s, &r);
    put(&s, workload(OBJECT_STATEFUL_SET, "web", 3));
    put(&s, service("a", SERVICE_HEADLESS)); // selects them
    struct object *o = object_make(OBJECT_SERVICE, "ns", "b");
    object_select(o, "app", "b");
    put(&s, object_done(o));
    // no selector: that it governs them counts
    o = object_make(OBJECT_SERVICE, "ns", "svc");
    put(&s, object_done(o));
    o = object_make(OBJECT_SERVICE, "ns", "c");
    put(&s, object_done(o));
    sync(&s);
    assert_int_equal(ready(&s), 3);
    assert_int_equal(ready_with_fault(&s, "ns", "a"), 0);
    assert_int_equal(ready_with_fault(&s, "ns", "b"), 3);
    assert_int_equal(ready_with_fault(&s, "ns", "svc"), 0);
    assert_int_equal(ready_with_fault(&s, "ns", "c"), 3);
    assert_int_equal(ready_with_fault(&s, "other", "a"), 3);
    assert_int_equal(ready_with_fault(&s, "ns", "unknown"), 3);
    scene_close(&s);
}

static void with_command(struct object *o)
{
    static struct workload_rules rules;

    rules = stateful_set_rules;
    rules.command_probe = true;
    o->workload.rules = &rules;
}

static void a_probe_that_is_a_command_is_told_once(void **state)
{
    struct scene s;
    struct report r;
    (void)state;
    scene_open_with(&s, &r, true);
    struct object *o = workload(OBJECT_STATEFUL_SET, "web", 3);
    with_command(o);
    put(&s, o);
    sync(&s);
    assert_string_equal(
        s.findings,
        "test: StatefulSet 'ns/web' has a readinessProbe that is a command, "
        "and no container is run here: its pods are ready without it; use "
        "tcpSocket, httpGet or grpc, or ordinald.io/ready-after\n");
    assert_int_equal(ready(&s), 3);
    sync(&s);
    assert_string_equal(s.findings, "");
    o = workload(OBJECT_STATEFUL_SET, "web", 2);
    with_command(o);
    put(&s, o);
    sync(&s);
    assert_string_not_equal(s.findings, "");
    scene_close(&s);
    // Nobody is asked: it does not matter.
    scene_open(&s, &r);
    o = workload(OBJECT_STATEFUL_SET, "web", 3);
    with_command(o);
    put(&s, o);
    sync(&s);
    assert_string_equal(s.findings, "");
    scene_close(&s);
}

static int note(void *context, const struct cluster_change *change)
{
    unsigned *n = context;

    *n += change->service != NULL;
    return 0;
}

static void only_services_that_changed_are_touched(void **state)
{
    struct scene s;
    struct report r;
    unsigned n = 0;
    (void)state;
    scene_open(&s, &r);
    put(&s, workload(OBJECT_STATEFUL_SET, "web", 3));
    put(&s, service("svc", SERVICE_HEADLESS));
    put(&s, service("virtual", SERVICE_CLUSTER_IP));
    sync(&s);
    assert_int_equal(cluster_take_changes(s.cluster, note, &n), 0);
    assert_int_equal(n, 2);
    n = 0;
    sync(&s);
    assert_int_equal(cluster_take_changes(s.cluster, note, &n), 0);
    assert_int_equal(n, 0);
    scene_close(&s);
}

static void make_changes(struct scene *s)
{
    put(s, workload(OBJECT_STATEFUL_SET, "web", 3));
    put(s, service("a", SERVICE_CLUSTER_IP));
    put(s, service("b", SERVICE_CLUSTER_IP));
    sync(s);
    struct object *o = workload(OBJECT_STATEFUL_SET, "web", 4);
    o->workload.start = 2;
    o->workload.service = "b";
    put(s, o);
    put(s, slice("elsewhere", "10.244.0.3"));
    o = service("a", SERVICE_CLUSTER_IP);
    object_port(o, "http", 80, PROTOCOL_TCP, "");
    put(s, object_done(o));
    put(s, workload(OBJECT_DEPLOYMENT, "dep", 2));
    put(s, service("c", SERVICE_CLUSTER_IP));
}

static void memory_that_runs_out_is_made_up_for(void **state)
{
    bool hit = true;
    (void)state;
    for (long n = 1; hit; n++) {
        struct scene s;
        struct report r;
        scene_open(&s, &r);
        make_changes(&s);
        fault_alloc_after(n);
        const int rc = statefulsets_sync(s.statefulsets, 0);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        assert_true(rc == 0 || (rc == -ENOMEM && hit));
        sync(&s);
        assert_int_equal(made(&s), 6);
        assert_string_not_equal(address_in(&s, OBJECT_POD, "web-2"), "");
        assert_string_not_equal(address_in(&s, OBJECT_POD, "web-5"), "");
        assert_string_equal(address_in(&s, OBJECT_SERVICE, "a"), "10.96.0.1");
        assert_string_equal(address_in(&s, OBJECT_SERVICE, "b"), "10.96.0.2");
        assert_string_equal(address_in(&s, OBJECT_SERVICE, "c"), "10.96.0.3");
        assert_int_equal(
            cluster_find(s.cluster, OBJECT_SERVICE, "ns", "a")->service.ports_n,
            1);
        scene_close(&s);
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stateful_set_alone_gets_its_pods),
        cmocka_unit_test(a_given_pod_ends_the_making),
        cmocka_unit_test(a_given_replica_set_stands_for_its_deployment),
        cmocka_unit_test(a_given_slice_ends_the_making),
        cmocka_unit_test(a_service_without_address_gets_one),
        cmocka_unit_test(a_given_pod_of_the_same_name_counts),
        cmocka_unit_test(a_scaled_workload_is_seen_as_it_is_wanted),
        cmocka_unit_test(a_workload_that_has_no_pods_goes_like_any_other),
        cmocka_unit_test(a_fault_of_a_service_is_of_the_pods_it_is_about),
        cmocka_unit_test(a_probe_that_is_a_command_is_told_once),
        cmocka_unit_test(only_services_that_changed_are_touched),
        cmocka_unit_test(memory_that_runs_out_is_made_up_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
