// SPDX-License-Identifier: Apache-2.0
// Peers that lack something, and services that are wrong, are told with what
// stands behind them.
#include "admin/explain.h"

#include "lib/stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// --- peers that lack something ---------------------------------------------

static void given_pods_are_told_as_they_are(void **state)
{
    struct stand *s = *state;

    stand_load(s, "b.yaml", stand_given);
    stand_ask(s, "kv-0.kv.prod", NULL);
    assert_true(s->resolves);
    assert_link(s, "Pod", "kv-0",
                "Running, ready since 10:00:00Z, 2026-11-21; 10.3.0.1", 48);
    stand_ask(s, "kv-1.kv.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-not-ready", "");
    assert_part(stand_reason(s, "text"),
                "not ready since 10:22:05Z, 2026-11-21");
    assert_link(s, "Pod", "kv-1",
                "Running, not ready since 10:22:05Z, 2026-11-21: the disk is "
                "full; 10.3.0.2",
                56);
    stand_ask(s, "kv-2.kv.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-pending", "");
    assert_link(s, "Pod", "kv-2",
                "Pending since 10:30:00Z, 2026-11-21; no address", 65);
    stand_ask(s, "kv-3.kv.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-terminating", "");
    assert_link(s, "Pod", "kv-3",
                "Running, being deleted since 10:40:00Z, 2026-11-21; 10.3.0.4",
                73);
}

static void who_lacks_something_comes_first(void **state)
{
    struct stand *s = *state;

    stand_load(s, "b.yaml", stand_given);
    stand_ask_text(s, "kv.prod.svc.cluster.local.", "A");
    const char *ready = strstr(s->text, "Pod prod/kv-0");
    const char *pending = strstr(s->text, "Pod prod/kv-2");
    assert_non_null(ready);
    assert_non_null(pending);
    assert_true(pending < ready);
    stand_ask_text(s, "ring.prod.svc.cluster.local.", "A");
    assert_true(strstr(s->text, "\n    ring-2: not ready") <
                strstr(s->text, "\n    ring-0: ready"));
    stand_load_replicas(s, "33");
    stand_ask(s, "db.prod", "A");
    assert_links(s, 2 + 10 + 1);
    assert_int_equal(
        json_value_uint(json_value_get(stand_link(s, "Pod", ""), "more")), 23);
    stand_ask_text(s, "db.prod.svc.cluster.local.", "A");
    assert_part(s->text, "\n  and 23 more (Pod)\n");
    assert_part(s->text, "\n  and 13 more\n"); // addresses
}

static void given_slices_are_told_with_their_endpoints(void **state)
{
    struct stand *s = *state;

    stand_load(s, "b.yaml", stand_given);
    stand_ask(s, "ring-0.ring.prod", "A");
    assert_true(s->resolves);
    assert_link(s, "Service", "ring", "headless, no selector", 1);
    assert_link(s, "EndpointSlice", "ring-a", "4 endpoints, 2 ready", 6);
    assert_link(s, "Endpoint", "ring-0", "ready; 10.1.0.1", 6);
    assert_links(s, 3);
    stand_ask(s, "ring-1.ring.prod", "A");
    assert_no(s, "NXDOMAIN", "pod-not-ready", "");
    assert_link(s, "Endpoint", "ring-1", "not ready; 10.1.0.2", 6);
    stand_ask(s, "ring-2.ring.prod", "A");
    assert_link(s, "Endpoint", "ring-2",
                "not ready, serving, terminating; 10.1.0.3", 6);
    stand_ask(s, "10-1-0-4.ring.prod", "A");
    assert_true(s->resolves);
    assert_link(s, "Endpoint", "", "ready; 10.1.0.4", 6);
    stand_ask(s, "ring.prod", "A");
    assert_links(s, 2 + 4);
    stand_ask(s, "old-1.old.prod", "A");
    assert_link(s, "Endpoints", "old", "2 endpoints, 1 ready", 26);
    assert_link(s, "Endpoint", "old-1", "not ready; 10.2.0.2", 26);
}

static const char ordered[] =
    "apiVersion: v1\nkind: Service\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec: {clusterIP: None, selector: {app: web}}\n"
    "---\napiVersion: apps/v1\nkind: StatefulSet\n" // line 6
    "metadata: {name: web, namespace: prod, annotations: {\n"
    "  ordinald.io/address-after: 1s, ordinald.io/ready-after: 10s}}\n"
    "spec:\n"
    "  serviceName: web\n"
    "  replicas: 3\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  template: {metadata: {labels: {app: web}}}\n";

static void an_ordered_start_says_who_waits_for_whom(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", ordered);
    stand_ask(s, "web-0.web.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-pending", "");
    assert_link(s, "Pod", "web-0",
                "Pending since 22:13:20Z, 2023-11-14: takes 1000 ms to get an "
                "address; no address",
                0);
    assert_int_equal(world_advance(s->world, 1500), 0);
    stand_ask(s, "web-0.web.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-not-ready", "");
    assert_part(stand_reason(s, "text"),
                "not ready since 22:13:21Z, 2023-11-14");
    stand_ask(s, "web-2.web.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-blocked", "");
    assert_part(stand_reason(s, "text"), "web-0");
    // the one that it waits for is told too
    assert_non_null(stand_link(s, "Pod", "web-0"));
    assert_link(s, "StatefulSet", "web",
                "replicas 3, ordinals 0..2, waits for web-0, which is not "
                "ready",
                6);
    assert_int_equal(world_advance(s->world, 10000), 0);
    stand_ask(s, "web-0.web.prod", NULL);
    assert_true(s->resolves);
    stand_ask(s, "web-2.web.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-blocked", "");
    assert_part(stand_reason(s, "text"), "web-1");
    assert_non_null(stand_link(s, "Pod", "web-1"));
}

static void no_replicas_are_told(void **state)
{
    struct stand *s = *state;

    stand_load_replicas(s, "0");
    stand_ask(s, "db-0.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "no-replicas", "");
    assert_link(s, "StatefulSet", "db", "replicas 0, no ordinals", 10);
    stand_ask(s, "db.prod", NULL);
    assert_no(s, "NXDOMAIN", "no-replicas", "");
}

// --- services that are wrong -----------------------------------------------

static const char crooked[] =
    "apiVersion: v1\nkind: Service\n" // line 1
    "metadata: {name: db-peers, namespace: prod}\n"
    "spec: {clusterIP: None, selector: {app: other}}\n"
    "---\napiVersion: apps/v1\nkind: StatefulSet\n" // line 6
    "metadata: {name: db, namespace: prod}\n"
    "spec: {serviceName: db-peer, replicas: 2, selector: {matchLabels:\n"
    "  {app: db}}, template: {metadata: {labels: {app: db}}}}\n"
    "---\napiVersion: v1\nkind: Service\n" // line 12
    "metadata: {name: read, namespace: prod}\n"
    "spec: {clusterIP: None, selector: {app: web}}\n"
    "---\napiVersion: v1\nkind: Service\n" // line 17
    "metadata: {name: web, namespace: prod}\n"
    "spec: {clusterIP: None, selector: {app: web}}\n"
    "---\napiVersion: apps/v1\nkind: StatefulSet\n" // line 22
    "metadata: {name: web, namespace: prod}\n"
    "spec: {serviceName: web, replicas: 2, selector: {matchLabels:\n"
    "  {app: web}}, template: {metadata: {labels: {app: web}}}}\n"
    "---\napiVersion: v1\nkind: Service\n" // line 28
    "metadata: {name: api, namespace: prod}\n"
    "spec: {clusterIP: None, selector: {app: api}}\n"
    "---\napiVersion: apps/v1\nkind: Deployment\n" // line 33
    "metadata: {name: api, namespace: prod}\n"
    "spec: {replicas: 2, selector: {matchLabels: {app: api}},\n"
    "  template: {metadata: {labels: {app: api}}}}\n";

static void a_service_that_is_named_and_not_there_is_told(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", crooked);
    stand_ask(s, "db-0.db-peer.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-missing",
              "db-0.db-peers.prod.svc.cluster.local.");
    assert_link(s, "Service", "db-peer", "is not there", 0);
    assert_link(s, "StatefulSet", "db", "replicas 2, ordinals 0..1", 6);
    assert_part(stand_reason(s, "mend"), "db-peers");
}

static void a_service_that_is_elsewhere_is_mended_otherwise(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml",
               "apiVersion: v1\nkind: Service\n"
               "metadata: {name: db, namespace: stage}\n"
               "spec: {clusterIP: None, selector: {app: db}}\n"
               "---\napiVersion: apps/v1\nkind: StatefulSet\n"
               "metadata: {name: db, namespace: prod}\n"
               "spec: {serviceName: db, selector: {matchLabels: {app: db}},\n"
               "  template: {metadata: {labels: {app: db}}}}\n");
    stand_ask(s, "db-0.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-missing", "");
    assert_part(stand_word(s, "hint"),
                "there is a service db in namespace stage");
    assert_string_equal(stand_reason(s, "mend"), "put both into one namespace");
}

static void a_peer_below_another_service_has_its_right_name(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", crooked);
    stand_ask(s, "web-1.read.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-elsewhere",
              "web-1.web.prod.svc.cluster.local.");
    assert_link(s, "StatefulSet", "web",
                "replicas 2, ordinals 0..1, serviceName web", 22);
}

static void pods_without_names_are_told(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", crooked);
    stand_ask(s, "api-0.api.prod", NULL);
    assert_no(s, "NXDOMAIN", "pods-without-names", "");
    assert_link(s, "Deployment", "api", "replicas 2", 33);
}

static void a_deployment_speaks_for_its_replicasets(void **state)
{
    static const char more[] =
        "apiVersion: apps/v1\nkind: ReplicaSet\n"
        "metadata: {name: api-5d9c, namespace: prod, ownerReferences: [{kind:\n"
        "  Deployment, name: api, controller: true}]}\n"
        "spec: {replicas: 2, selector: {matchLabels: {app: api}},\n"
        "  template: {metadata: {labels: {app: api}}}}\n"
        "---\napiVersion: apps/v1\nkind: ReplicaSet\n"
        "metadata: {name: lone, namespace: prod}\n"
        "spec: {replicas: 1, selector: {matchLabels: {app: api, x: x}},\n"
        "  template: {metadata: {labels: {app: api, x: x}}}}\n";
    struct stand *s = *state;

    stand_load(s, "a.yaml", crooked);
    stand_load(s, "b.yaml", more);
    stand_ask(s, "api.prod", NULL);
    assert_non_null(stand_link(s, "Deployment", "api"));
    assert_non_null(stand_link(s, "ReplicaSet", "lone"));
    assert_null(stand_link(s, "ReplicaSet", "api-5d9c"));
}

static void of_several_sets_the_one_that_is_asked_for_is_told(void **state)
{
    static const char more[] =
        "apiVersion: apps/v1\nkind: StatefulSet\n"
        "metadata: {name: web-far, namespace: prod}\n"
        "spec: {serviceName: web, replicas: 1, selector: {matchLabels:\n"
        "  {app: web, far: far}}, template: {metadata: {labels: {app: web,\n"
        "  far: far}}}}\n";
    struct stand *s = *state;

    stand_load(s, "a.yaml", crooked);
    stand_load(s, "b.yaml", more);
    stand_ask(s, "web-0.web.prod", NULL);
    assert_non_null(stand_link(s, "StatefulSet", "web"));
    assert_null(stand_link(s, "StatefulSet", "web-far"));
    stand_ask(s, "web-far-7.web.prod", NULL);
    assert_no(s, "NXDOMAIN", "ordinal-outside", "");
    assert_null(stand_link(s, "StatefulSet", "web"));
    stand_ask(s, "web.prod", NULL);
    assert_non_null(stand_link(s, "StatefulSet", "web"));
    assert_non_null(stand_link(s, "StatefulSet", "web-far"));
}

static void a_selector_that_misses_is_told(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", crooked);
    stand_ask(s, "db-peers.prod", NULL);
    assert_no(s, "NXDOMAIN", "no-pods", "");
    assert_link(s, "Service", "db-peers", "headless, selects app=other", 1);
    assert_links(s, 1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, stand_set_up, stand_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(given_pods_are_told_as_they_are),
        TEST(who_lacks_something_comes_first),
        TEST(given_slices_are_told_with_their_endpoints),
        TEST(an_ordered_start_says_who_waits_for_whom),
        TEST(no_replicas_are_told),
        TEST(a_service_that_is_elsewhere_is_mended_otherwise),
        TEST(a_service_that_is_named_and_not_there_is_told),
        TEST(a_peer_below_another_service_has_its_right_name),
        TEST(pods_without_names_are_told),
        TEST(a_deployment_speaks_for_its_replicasets),
        TEST(of_several_sets_the_one_that_is_asked_for_is_told),
        TEST(a_selector_that_misses_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
