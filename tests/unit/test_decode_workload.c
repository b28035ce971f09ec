// SPDX-License-Identifier: Apache-2.0
// Workloads out of documents: their pods, and what their controllers go by.
#include "lib/decoded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define STS                                                                    \
    "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec:\n"
#define DEPLOYMENT                                                             \
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n"
#define TEMPLATE                                                               \
    "  selector: {matchLabels: {app: a}}\n"                                    \
    "  template: {metadata: {labels: {app: a}}}\n"
// The probe is placed at 8:24.
#define PROBED(probe)                                                          \
    STS "  selector: {matchLabels: {app: a}}\n"                                \
        "  template:\n    metadata: {labels: {app: a}}\n"                      \
        "    spec: {containers: [{name: c, ports: [{containerPort: 80, name: " \
        "http}],\n      readinessProbe: " probe "}]}\n"
// A StatefulSet with one annotation, at 5:17.
#define TIMED(annotation, value)                                               \
    "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: a\n"           \
    "  annotations: {ordinald.io/" annotation ": " value "}\nspec:\n" TEMPLATE

// --- workloads --------------------------------------------------------------

static void a_stateful_set_has_all_its_facts(void **state)
{
    (void)state;
    struct result *r;
    const struct workload_facts *w =
        &decode_one("apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n"
                    "  name: a\n  annotations:\n"
                    "    ordinald.io/addresses: |\n"
                    "      10.0.0.1, 10.0.0.2\n      fd00::1\n"
                    "spec:\n  replicas: 5\n  ordinals: {start: 3}\n"
                    "  serviceName: svc\n"
                    "  selector: {matchLabels: {app: a}}\n"
                    "  template:\n    metadata: {labels: {app: a, env: dev}}\n"
                    "    spec: {containers: [{ports: [{containerPort: 80}]}]}"
                    "\n",
                    &r)
             ->workload;
    assert_int_equal(w->replicas, 5);
    assert_int_equal(w->start, 3);
    assert_string_equal(w->service, "svc");
    assert_int_equal(w->selector.n, 1);
    assert_int_equal(w->pod_labels.n, 2);
    assert_int_equal(w->ports_n, 1);
    assert_int_equal(w->addresses_n, 3);
    expect_address(&w->addresses[2], "fd00::1");
    drop(r);
}

static void replicas_are_one_unless_given(void **state)
{
    (void)state;
    struct result *r;
    const struct workload_facts *w = &decode_one(STS TEMPLATE, &r)->workload;
    assert_int_equal(w->replicas, 1);
    assert_int_equal(w->start, 0);
    assert_string_equal(w->service, "");
    drop(r);
    assert_int_equal(
        decode_one(STS "  replicas: 0\n" TEMPLATE, &r)->workload.replicas, 0);
    drop(r);
}

static void older_versions_take_the_labels_for_a_selector(void **state)
{
    (void)state;
    struct result *r;
    const struct object *o = decode_one(
        "apiVersion: v1\nkind: ReplicationController\nmetadata: {name: a}\n"
        "spec: {template: {metadata: {labels: {app: x}}}}\n",
        &r);
    assert_string_equal(labels_get(o->workload.selector, "app"), "x");
    drop(r);
}

static void workloads_are_checked(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {STS "  replicas: -1\n" TEMPLATE,
         "5:13 error: spec.replicas must be 0 to 2147483647, not -1\n"},
        {STS "  replicas: \"3\"\n" TEMPLATE,
         "5:13 error: spec.replicas must be an integer, not the string \"3\"; "
         "remove the quotes\n"},
        {STS "  replicas: 1.5\n" TEMPLATE,
         "5:13 error: spec.replicas must be an integer, not the number "
         "\"1.5\"\n"},
        {STS "  template: {metadata: {labels: {app: a}}}\n",
         "5:3 error: spec.selector selects nothing; write matchLabels as in "
         "the template's labels\n"},
        {STS "  selector: {matchLabels: {app: b}}\n"
             "  template: {metadata: {labels: {app: a}}}\n",
         "5:13 error: spec.selector wants 'app: b', which is not among "
         "spec.template.metadata.labels; make them equal\n"},
        {STS "  selector: {matchLabels: {app: b}}\n",
         "5:3 error: spec.template is missing; write one\n"},
        {STS "  serviceName: a.b\n" TEMPLATE,
         "5:16 error: spec.serviceName 'a.b' may have only lower-case letters, "
         "digits and '-'\n"},
        {"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\n"
         "  annotations: {ordinald.io/addresses: '10.0.0.1 x 10.0.0.256'}\n"
         "spec:\n" TEMPLATE,
         "5:40 error: metadata.annotations[\"ordinald.io/addresses\"] has 'x', "
         "which is no IP address; write addresses with commas, blanks or lines "
         "between them\n"
         "5:40 error: metadata.annotations[\"ordinald.io/addresses\"] has "
         "'10.0.0.256', which is no IP address; write addresses with commas, "
         "blanks or lines between them\n"},
        {"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\n"
         "  annotations: {ordinald.io/addresses: '::1,0:0::1'}\n"
         "spec:\n" TEMPLATE,
         "5:40 error: metadata.annotations[\"ordinald.io/addresses\"] has "
         "'::1' "
         "twice; remove one of them\n"},
    };
    expect_all_refused(cases, ORD_COUNT(cases));
}

// --- rules ------------------------------------------------------------------

static void what_is_not_said_is_kubernetes_default(void **state)
{
    (void)state;
    struct result *r;
    const struct workload_rules *w =
        decode_one(STS TEMPLATE, &r)->workload.rules;
    assert_ptr_equal(w, &stateful_set_rules);
    assert_int_equal(w->strategy, UPDATE_ROLLING);
    assert_false(w->parallel);
    assert_int_equal(w->partition, 0);
    assert_int_equal(w->max_unavailable.value, 1);
    assert_false(w->max_unavailable.percent);
    assert_int_equal(w->min_ready_s, 0);
    assert_false(w->delete_claims_when_deleted || w->delete_claims_when_scaled);
    drop(r);
    w = decode_one(DEPLOYMENT TEMPLATE, &r)->workload.rules;
    assert_ptr_equal(w, &deployment_rules);
    assert_int_equal(w->max_surge.value, 25);
    assert_true(w->max_surge.percent && w->max_unavailable.percent);
    drop(r);
    // an empty map says no more, nor does null
    w = decode_one(STS "  updateStrategy: {rollingUpdate: {}}\n"
                       "  podManagementPolicy: null\n" TEMPLATE,
                   &r)
            ->workload.rules;
    assert_int_equal(w->strategy, UPDATE_ROLLING);
    assert_int_equal(w->max_unavailable.value, 1);
    drop(r);
}

static void a_stateful_set_has_all_its_rules(void **state)
{
    (void)state;
    struct result *r;
    const struct workload_rules *w =
        decode_one(STS
                   "  podManagementPolicy: Parallel\n  minReadySeconds: 7\n"
                   "  updateStrategy: {type: RollingUpdate, rollingUpdate:\n"
                   "    {partition: 2, maxUnavailable: 30%}}\n"
                   "  persistentVolumeClaimRetentionPolicy:\n"
                   "    {whenDeleted: Delete, whenScaled: Retain}\n"
                   "  volumeClaimTemplates:\n"
                   "  - {metadata: {name: www}, spec: {}}\n"
                   "  - {metadata: {name: log}}\n" TEMPLATE,
                   &r)
            ->workload.rules;
    assert_true(w->parallel);
    assert_int_equal(w->min_ready_s, 7);
    assert_int_equal(w->strategy, UPDATE_ROLLING);
    assert_int_equal(w->partition, 2);
    assert_int_equal(w->max_unavailable.value, 30);
    assert_true(w->max_unavailable.percent);
    assert_true(w->delete_claims_when_deleted);
    assert_false(w->delete_claims_when_scaled);
    assert_int_equal(w->claims_n, 2);
    assert_string_equal(w->claims[0], "www");
    assert_string_equal(w->claims[1], "log");
    drop(r);
    w = decode_one(STS "  updateStrategy: {type: OnDelete}\n"
                       "  persistentVolumeClaimRetentionPolicy: {whenScaled: "
                       "Delete}\n" TEMPLATE,
                   &r)
            ->workload.rules;
    assert_int_equal(w->strategy, UPDATE_ON_DELETE);
    assert_false(w->delete_claims_when_deleted);
    assert_true(w->delete_claims_when_scaled);
    drop(r);
    w = decode_one(STS "  updateStrategy: {rollingUpdate: {maxUnavailable: 2}}"
                       "\n" TEMPLATE,
                   &r)
            ->workload.rules;
    assert_int_equal(w->max_unavailable.value, 2);
    assert_false(w->max_unavailable.percent);
    drop(r);
}

static void a_deployment_has_all_its_rules(void **state)
{
    (void)state;
    struct result *r;
    const struct workload_rules *w =
        decode_one(DEPLOYMENT "  paused: true\n  minReadySeconds: 1\n"
                              "  strategy: {rollingUpdate: {maxSurge: 150%, "
                              "maxUnavailable: 0}}\n" TEMPLATE,
                   &r)
            ->workload.rules;
    assert_true(w->paused);
    assert_int_equal(w->min_ready_s, 1);
    assert_int_equal(w->max_surge.value, 150);
    assert_true(w->max_surge.percent);
    assert_int_equal(w->max_unavailable.value, 0);
    assert_false(w->max_unavailable.percent);
    drop(r);
    w = decode_one(DEPLOYMENT "  strategy: {type: Recreate}\n" TEMPLATE, &r)
            ->workload.rules;
    assert_int_equal(w->strategy, UPDATE_RECREATE);
    drop(r);
    // what is not given keeps its default
    w = decode_one(DEPLOYMENT
                   "  strategy: {rollingUpdate: {maxSurge: 0}}\n" TEMPLATE,
                   &r)
            ->workload.rules;
    assert_int_equal(w->max_surge.value, 0);
    assert_int_equal(w->max_unavailable.value, 25);
    drop(r);
}

static void rules_are_checked(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {STS "  podManagementPolicy: parallel\n" TEMPLATE,
         "5:24 error: spec.podManagementPolicy must be OrderedReady or "
         "Parallel, not 'parallel'\n"},
        {STS "  updateStrategy: {type: Recreate}\n" TEMPLATE,
         "5:26 error: spec.updateStrategy.type must be RollingUpdate or "
         "OnDelete, not 'Recreate'\n"},
        {STS "  updateStrategy: {type: OnDelete, rollingUpdate: {partition: "
             "1}}\n" TEMPLATE,
         "5:51 error: spec.updateStrategy.rollingUpdate belongs to type "
         "RollingUpdate, not OnDelete; remove one of them\n"},
        {STS "  updateStrategy: {rollingUpdate: {partition: -1}}\n" TEMPLATE,
         "5:47 error: spec.updateStrategy.rollingUpdate.partition must be 0 to "
         "2147483647, not -1\n"},
        {STS
         "  updateStrategy: {rollingUpdate: {maxUnavailable: 0}}\n" TEMPLATE,
         "5:52 error: spec.updateStrategy.rollingUpdate.maxUnavailable must be "
         "at least 1: no pod would be updated\n"},
        {STS
         "  updateStrategy: {rollingUpdate: {maxUnavailable: 0%}}\n" TEMPLATE,
         "5:52 error: spec.updateStrategy.rollingUpdate.maxUnavailable must be "
         "at least 1: no pod would be updated\n"},
        {STS
         "  updateStrategy: {rollingUpdate: {maxUnavailable: 101%}}\n" TEMPLATE,
         "5:52 error: spec.updateStrategy.rollingUpdate.maxUnavailable must be "
         "at most 100%, not 101%\n"},
        {STS
         "  updateStrategy: {rollingUpdate: {maxUnavailable: '5'}}\n" TEMPLATE,
         "5:52 error: spec.updateStrategy.rollingUpdate.maxUnavailable must be "
         "an integer or a percentage such as 25%, not '5'\n"},
        {STS
         "  updateStrategy: {rollingUpdate: {maxUnavailable: true}}\n" TEMPLATE,
         "5:52 error: spec.updateStrategy.rollingUpdate.maxUnavailable must be "
         "an integer, not the boolean \"true\"\n"},
        {STS "  minReadySeconds: -1\n" TEMPLATE,
         "5:20 error: spec.minReadySeconds must be 0 to 2147483647, not -1\n"},
        {STS "  persistentVolumeClaimRetentionPolicy: {whenScaled: "
             "Keep}\n" TEMPLATE,
         "5:54 error: spec.persistentVolumeClaimRetentionPolicy.whenScaled "
         "must be Retain or Delete, not 'Keep'\n"},
        {STS "  volumeClaimTemplates: [{spec: {}}]\n" TEMPLATE,
         "5:26 error: spec.volumeClaimTemplates[0].metadata.name is missing; "
         "write one\n"},
        {STS "  volumeClaimTemplates: [{metadata: {name: ''}}]\n" TEMPLATE,
         "5:44 error: spec.volumeClaimTemplates[0].metadata.name is empty; "
         "write one\n"},
        {STS "  volumeClaimTemplates: [{metadata: {name: a.b}}]\n" TEMPLATE,
         "5:44 error: spec.volumeClaimTemplates[0].metadata.name 'a.b' may "
         "have only lower-case letters, digits and '-'\n"},
        {DEPLOYMENT "  strategy: {type: OnDelete}\n" TEMPLATE,
         "5:20 error: spec.strategy.type must be RollingUpdate or Recreate, "
         "not 'OnDelete'\n"},
        {DEPLOYMENT
         "  strategy: {type: Recreate, rollingUpdate: {}}\n" TEMPLATE,
         "5:45 error: spec.strategy.rollingUpdate belongs to type "
         "RollingUpdate, not Recreate; remove one of them\n"},
        {DEPLOYMENT "  strategy: {rollingUpdate: {maxSurge: 0%, "
                    "maxUnavailable: 0}}\n" TEMPLATE,
         "5:60 error: spec.strategy.rollingUpdate.maxUnavailable must not be 0 "
         "where maxSurge is 0: no pod would be updated; write 1 in one of "
         "them\n"},
        {DEPLOYMENT
         "  strategy: {rollingUpdate: {maxSurge: 99999999999%}}\n" TEMPLATE,
         "5:40 error: spec.strategy.rollingUpdate.maxSurge must be an integer "
         "or a percentage such as 25%, not '99999999999%'\n"},
        {DEPLOYMENT "  paused: 1\n" TEMPLATE,
         "5:11 error: spec.paused must be true or false, not the number "
         "\"1\"\n"},
    };
    expect_all_refused(cases, ORD_COUNT(cases));
}

static void rules_of_other_kinds_are_not_read(void **state)
{
    (void)state;
    struct result *r;
    const struct workload_rules *w =
        decode_one(DEPLOYMENT "  podManagementPolicy: 7\n"
                              "  updateStrategy: x\n" TEMPLATE,
                   &r)
            ->workload.rules;
    assert_false(w->parallel);
    drop(r);
    w = decode_one(STS "  strategy: x\n  paused: x\n" TEMPLATE, &r)
            ->workload.rules;
    assert_false(w->paused);
    drop(r);
}

// --- times ------------------------------------------------------------------

static void durations_are_as_kubernetes_writes_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t ms;
    } cases[] = {
        {TIMED("ready-after", "2s"), 2000},
        {TIMED("ready-after", "500ms"), 500},
        {TIMED("ready-after", "1m30s"), 90000},
        {TIMED("ready-after", "0s"), 0},
        {TIMED("ready-after", "'0'"), 0},
        {TIMED("ready-after", "1.5s"), 1500},
        {TIMED("ready-after", ".25s"), 250},
        {TIMED("ready-after", "1.0005s"), 1000},
        {TIMED("ready-after", "1h2m3s4ms"), 3723004},
        {TIMED("ready-after", "24h"), 86400000},
        {TIMED("ready-after", "1500us"), 1},
        {TIMED("ready-after", "1m0.333333333333333333333333s"), 60333},
    };
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        struct result *r;
        const struct object *o = decode_one(cases[i].text, &r);
        assert_int_equal(o->workload.rules->ready_after_ms, cases[i].ms);
        assert_int_equal(o->workload.rules->gone_after_ms, 0);
        drop(r);
    }
    struct result *r;
    assert_int_equal(decode_one(TIMED("gone-after", "1s"), &r)
                         ->workload.rules->gone_after_ms,
                     1000);
    drop(r);
    assert_int_equal(decode_one(TIMED("address-after", "1s"), &r)
                         ->workload.rules->address_after_ms,
                     1000);
    drop(r);
}

// What Kubernetes takes is served: our own annotation makes no object bad.
static void a_duration_that_is_none_counts_as_absent(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "soon", "5",         "-1s", "1",   "s",   "1 s",
        ".s",   "24h0.001s", "1d",  "25h", "2s3", "99999999999999999999h",
        "1e3s", "1.2.3s"};
    for (size_t i = 0; i < ORD_COUNT(wrong); i++) {
        char text[512], findings[512];
        snprintf(text, sizeof text, TIMED("ready-after", "'%s'"), wrong[i]);
        snprintf(findings, sizeof findings,
                 "5:42 warning: metadata.annotations[\"ordinald.io/"
                 "ready-after\"] must be a time of 0s to 24h such as 2s, 500ms "
                 "or 1m30s, not '%s'; it counts as absent\n",
                 wrong[i]);
        struct result *r;
        const struct object *o = decode_warned(text, findings, &r);
        assert_ptr_equal(o->workload.rules, &stateful_set_rules);
        drop(r);
    }
}

// --- probes -----------------------------------------------------------------

static const struct probe *only_probe(const char *text, struct result **r)
{
    const struct workload_rules *w = decode_one(text, r)->workload.rules;
    assert_int_equal(w->probes_n, 1);
    assert_false(w->command_probe);
    return w->probes;
}

static void a_probe_has_kubernetes_defaults(void **state)
{
    (void)state;
    static const char *const texts[] = {
        PROBED("{tcpSocket: {port: 81}}"),
        PROBED("{tcpSocket: {port: 81}, periodSeconds: 0, timeoutSeconds: 0, "
               "successThreshold: 0, failureThreshold: 0, exec: null}"),
    };
    for (size_t i = 0; i < ORD_COUNT(texts); i++) {
        struct result *r;
        const struct probe *p = only_probe(texts[i], &r);
        assert_int_equal(p->kind, PROBE_TCP);
        assert_int_equal(p->port, 81);
        assert_string_equal(p->host, "");
        assert_int_equal(p->initial_delay_s, 0);
        assert_int_equal(p->period_s, 10);
        assert_int_equal(p->timeout_s, 1);
        assert_int_equal(p->success_threshold, 1);
        assert_int_equal(p->failure_threshold, 3);
        drop(r);
    }
}

static void a_probe_has_all_its_facts(void **state)
{
    (void)state;
    struct result *r;
    const struct probe *p = only_probe(
        PROBED(
            "{httpGet: {port: http, path: health, scheme: HTTPS, host: h,\n"
            "  httpHeaders: [{name: X-A, value: b c}, {name: d, value: ''}]}"
            ",\n  initialDelaySeconds: 1, periodSeconds: 2,\n"
            "  timeoutSeconds: 3, successThreshold: 4, failureThreshold: 5}"),
        &r);
    assert_int_equal(p->kind, PROBE_HTTPS);
    assert_int_equal(p->port, 80);
    assert_string_equal(p->path, "/health");
    assert_string_equal(p->host, "h");
    assert_int_equal(p->headers_n, 2);
    assert_string_equal(p->headers[0].name, "X-A");
    assert_string_equal(p->headers[0].value, "b c");
    assert_string_equal(p->headers[1].value, "");
    assert_int_equal(p->initial_delay_s, 1);
    assert_int_equal(p->period_s, 2);
    assert_int_equal(p->timeout_s, 3);
    assert_int_equal(p->success_threshold, 4);
    assert_int_equal(p->failure_threshold, 5);
    drop(r);
    p = only_probe(PROBED("{httpGet: {port: 8080}}"), &r);
    assert_int_equal(p->kind, PROBE_HTTP);
    assert_string_equal(p->path, "/");
    drop(r);
    p = only_probe(PROBED("{httpGet: {port: 8080, path: /a, scheme: HTTP}}"),
                   &r);
    assert_int_equal(p->kind, PROBE_HTTP);
    assert_string_equal(p->path, "/a");
    drop(r);
    p = only_probe(PROBED("{grpc: {port: 9, service: db}}"), &r);
    assert_int_equal(p->kind, PROBE_GRPC);
    assert_int_equal(p->port, 9);
    assert_string_equal(p->service, "db");
    drop(r);
}

static void containers_that_stay_have_probes(void **state)
{
    (void)state;
    struct result *r;
    const struct workload_rules *w =
        decode_one(STS "  selector: {matchLabels: {app: a}}\n"
                       "  template:\n    metadata: {labels: {app: a}}\n"
                       "    spec:\n      containers:\n"
                       "      - {name: a, readinessProbe: {tcpSocket: {port: 1}"
                       "}}\n"
                       "      - {name: b}\n"
                       "      - {name: c, readinessProbe: {exec: {command: [x]}"
                       "}}\n"
                       "      - {name: d, readinessProbe: {grpc: {port: 2}}}\n"
                       "      initContainers:\n"
                       "      - {name: e}\n"
                       "      - name: f\n        restartPolicy: Always\n"
                       "        readinessProbe: {tcpSocket: {port: 3}}\n",
                   &r)
            ->workload.rules;
    assert_int_equal(w->probes_n, 3);
    assert_true(w->command_probe);
    for (uint16_t i = 0; i < 3; i++)
        assert_int_equal(w->probes[i].port, i + 1);
    drop(r);
}

// As in a cluster: the API server takes it, and the kubelet never finds it.
static void a_port_that_nobody_has_is_warned_of(void **state)
{
    (void)state;
    struct result *r;
    const struct object *o = decode_warned(
        PROBED("{tcpSocket: {port: https}}"),
        "9:42 warning: spec.template.spec.containers[0].readinessProbe."
        "tcpSocket.port names port 'https', which its container does not have: "
        "no probe will succeed; write its number\n",
        &r);
    assert_int_equal(o->workload.rules->probes_n, 1);
    assert_int_equal(o->workload.rules->probes[0].port, 0);
    drop(r);
}

#define AT_PROBE "error: spec.template.spec.containers[0].readinessProbe"

static void probes_are_checked(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {PROBED("{periodSeconds: 1}"),
         "9:23 " AT_PROBE " does not say what to ask; write tcpSocket, httpGet "
         "or grpc\n"},
        {PROBED("{tcpSocket: {port: 1}, grpc: {port: 2}}"),
         "9:35 " AT_PROBE " has grpc and tcpSocket; remove one of them\n"},
        {PROBED("{tcpSocket: {}}"),
         "9:35 " AT_PROBE ".tcpSocket.port is missing; write a number\n"},
        {PROBED("{tcpSocket: {port: 0}}"),
         "9:42 " AT_PROBE ".tcpSocket.port must be 1 to 65535, not 0\n"},
        {PROBED("{tcpSocket: {port: '80'}}"),
         "9:42 " AT_PROBE ".tcpSocket.port '80' needs a letter: a number "
         "stands without quotes\n"},
        {PROBED("{grpc: {port: http}}"),
         "9:37 " AT_PROBE ".grpc.port must be an integer, not the string "
         "\"http\"\n"},
        {PROBED("{httpGet: {port: 1, scheme: http}}"),
         "9:51 " AT_PROBE ".httpGet.scheme must be HTTP or HTTPS, not "
         "'http'\n"},
        {PROBED("{httpGet: {port: 1, httpHeaders: [{name: 'a b', value: c}]}}"),
         "9:64 " AT_PROBE ".httpGet.httpHeaders[0].name 'a b' is no name of a "
         "header; write letters, digits and '-'\n"},
        {PROBED("{httpGet: {port: 1, httpHeaders: [{value: c}]}}"),
         "9:57 " AT_PROBE ".httpGet.httpHeaders[0].name '' is no name of a "
         "header; write letters, digits and '-'\n"},
        {PROBED("{tcpSocket: {port: 1}, periodSeconds: -1}"),
         "9:61 " AT_PROBE ".periodSeconds must be 0 to 2147483647, not -1\n"},
        {PROBED("[]"), "9:23 " AT_PROBE " must be a map, not a list\n"},
        {STS "  selector: {matchLabels: {app: a}}\n"
             "  template:\n    metadata: {labels: {app: a}}\n"
             "    spec: {initContainers: [{readinessProbe: {exec: {}}}]}\n",
         "8:46 error: spec.template.spec.initContainers[0].readinessProbe is "
         "for containers that stay; write 'restartPolicy: Always', or remove "
         "it\n"},
    };
    expect_all_refused(cases, ORD_COUNT(cases));
}

// --- revisions and digests --------------------------------------------------

static uint64_t revision_of(const char *text)
{
    struct result *r;
    const uint64_t revision = decode_one(text, &r)->workload.revision;
    drop(r);
    return revision;
}

#define WITH(template)                                                         \
    STS "  selector: {matchLabels: {app: a}}\n  template:\n"                   \
        "    metadata: {labels: {app: a, b: c}}\n" template

static void a_revision_is_what_the_template_says(void **state)
{
    (void)state;
    const uint64_t revision =
        revision_of(WITH("    spec: {a: [1, 2], b: {c: x, d: true}}\n"));
    static const char *const same[] = {
        // keys in another order, comments, quotes, null
        STS "  template:\n    spec: {b: {d: yes, c: 'x'}, a: [1, 2]}  # here\n"
            "    metadata: {labels: {b: c, app: a}, creationTimestamp: null}\n"
            "  selector: {matchLabels: {app: a}}\n",
        // what is not of the template
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: a\n"
        "  annotations: {x: z}\n  labels: {c: d}\nspec:\n  replicas: 7\n"
        "  minReadySeconds: 5\n  podManagementPolicy: Parallel\n"
        "  updateStrategy: {rollingUpdate: {partition: 1}}\n"
        "  selector: {matchLabels: {app: a}}\n  template:\n"
        "    metadata: {labels: {app: a, b: c}}\n"
        "    spec: {a: [1, 2.0], b: {c: x, d: true}}\n",
    };
    for (size_t i = 0; i < ORD_COUNT(same); i++)
        assert_int_equal(revision_of(same[i]), revision);
    static const char *const other[] = {
        WITH("    spec: {a: [2, 1], b: {c: x, d: true}}\n"),
        WITH("    spec: {a: [1, 2], b: {c: y, d: true}}\n"),
        WITH("    spec: {a: [1, 2], b: {c: x, d: 'true'}}\n"),
        WITH("    spec: {a: [1, 2], b: {c: x, d: false}}\n"),
        WITH("    spec: {a: [1, '2'], b: {c: x, d: true}}\n"),
        WITH("    spec: {a: [1, 2], b: {c: x}, d: true}\n"),
        WITH("    spec: {a: [1, 2], b: {d: x, c: true}}\n"),
        WITH("    spec: {a: [1, 2], b: {c: x, d: true}, e: {}}\n"),
        WITH("    spec: {a: [[1], 2], b: {c: x, d: true}}\n"),
        WITH(""),
    };
    for (size_t i = 0; i < ORD_COUNT(other); i++) {
        assert_int_not_equal(revision_of(other[i]), revision);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(revision_of(other[i]), revision_of(other[j]));
    }
}

static void each_fact_is_in_the_digest(void **state)
{
    (void)state;
    static const char *const different[] = {
        STS TEMPLATE,
        STS "  podManagementPolicy: Parallel\n" TEMPLATE,
        STS "  minReadySeconds: 1\n" TEMPLATE,
        STS "  updateStrategy: {type: OnDelete}\n" TEMPLATE,
        STS "  updateStrategy: {rollingUpdate: {partition: 1}}\n" TEMPLATE,
        STS "  updateStrategy: {rollingUpdate: {maxUnavailable: 2}}\n" TEMPLATE,
        STS
        "  updateStrategy: {rollingUpdate: {maxUnavailable: 2%}}\n" TEMPLATE,
        STS "  persistentVolumeClaimRetentionPolicy: {whenScaled: "
            "Delete}\n" TEMPLATE,
        STS "  persistentVolumeClaimRetentionPolicy: {whenDeleted: "
            "Delete}\n" TEMPLATE,
        STS "  volumeClaimTemplates: [{metadata: {name: a}}]\n" TEMPLATE,
        STS "  volumeClaimTemplates: [{metadata: {name: b}}]\n" TEMPLATE,
        TIMED("address-after", "1s"),
        TIMED("ready-after", "1s"),
        TIMED("gone-after", "1s"),
        TIMED("gone-after", "2s"),
        DEPLOYMENT TEMPLATE,
        DEPLOYMENT "  paused: true\n" TEMPLATE,
        DEPLOYMENT "  strategy: {type: Recreate}\n" TEMPLATE,
        DEPLOYMENT "  strategy: {rollingUpdate: {maxSurge: 1}}\n" TEMPLATE,
        DEPLOYMENT
        "  strategy: {rollingUpdate: {maxUnavailable: 1}}\n" TEMPLATE,
        WITH("    spec: {x: 1}\n"),
        WITH("    spec: {x: 2}\n"),
        PROBED("{exec: {}}"),
        PROBED("{tcpSocket: {port: 1}}"),
        PROBED("{tcpSocket: {port: 1, host: h}}"),
    };
    for (size_t i = 0; i < ORD_COUNT(different); i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(digest_of(different[i]),
                                 digest_of(different[j]));
    }
    // the defaults, written down
    assert_int_equal(
        digest_of(STS TEMPLATE),
        digest_of(STS "  podManagementPolicy: OrderedReady\n"
                      "  minReadySeconds: 0\n"
                      "  updateStrategy: {type: RollingUpdate, rollingUpdate: "
                      "{partition: 0, maxUnavailable: 1}}\n"
                      "  persistentVolumeClaimRetentionPolicy: {whenDeleted: "
                      "Retain, whenScaled: Retain}\n" TEMPLATE));
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    expect_no_memory_lost(
        PROBED("{httpGet: {path: a, port: 1, httpHeaders: [{name: a, value: b}"
               "]}}") "  volumeClaimTemplates: [{metadata: {name: a}}]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stateful_set_has_all_its_facts),
        cmocka_unit_test(replicas_are_one_unless_given),
        cmocka_unit_test(older_versions_take_the_labels_for_a_selector),
        cmocka_unit_test(workloads_are_checked),
        cmocka_unit_test(what_is_not_said_is_kubernetes_default),
        cmocka_unit_test(a_stateful_set_has_all_its_rules),
        cmocka_unit_test(a_deployment_has_all_its_rules),
        cmocka_unit_test(rules_are_checked),
        cmocka_unit_test(rules_of_other_kinds_are_not_read),
        cmocka_unit_test(durations_are_as_kubernetes_writes_them),
        cmocka_unit_test(a_duration_that_is_none_counts_as_absent),
        cmocka_unit_test(a_probe_has_kubernetes_defaults),
        cmocka_unit_test(a_probe_has_all_its_facts),
        cmocka_unit_test(containers_that_stay_have_probes),
        cmocka_unit_test(a_port_that_nobody_has_is_warned_of),
        cmocka_unit_test(probes_are_checked),
        cmocka_unit_test(a_revision_is_what_the_template_says),
        cmocka_unit_test(each_fact_is_in_the_digest),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
