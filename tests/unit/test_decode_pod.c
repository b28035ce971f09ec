// SPDX-License-Identifier: Apache-2.0
// What a given pod says of when it came to where it is, and why it is not
// ready: out of status, metadata and the spec's probes, as kubectl prints them.
#include "source/object.h"

#include "lib/decoded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "apiVersion: v1\nkind: Pod\n"
#define POD                                                                    \
    HEAD "metadata: {name: a, creationTimestamp: 2026-11-21T10:00:00Z}\n"
#define STATUS "status:\n"

// 2026-11-21T10:00:00Z; the others count from there.
enum { TEN = 1795255200, MINUTE = 60, HOUR = 3600 };

static void expect_since(const char *text, uint32_t since_unix_s)
{
    struct result *r;
    assert_int_equal(decode_one(text, &r)->pod.since_unix_s, since_unix_s);
    drop(r);
}

static void expect_reason(const char *text, const char *reason)
{
    struct result *r;
    const struct object *o = decode_one(text, &r);
    assert_non_null(o->pod.reason);
    assert_string_equal(o->pod.reason, reason);
    drop(r);
}

// --- times ------------------------------------------------------------------

static void expect_time(const char *time, uint32_t unix_s)
{
    char text[256];
    snprintf(text, sizeof text,
             HEAD "metadata: {name: a, creationTimestamp: '%s'}\n", time);
    expect_since(text, unix_s);
}

static void times_are_those_of_rfc_3339(void **state)
{
    (void)state;
    expect_time("1970-01-01T00:00:01Z", 1);
    expect_time("2000-02-29T12:00:00Z", 951825600);
    expect_time("2001-09-09T01:46:40Z", 1000000000);
    expect_time("2023-11-14T22:13:20Z", 1700000000);
    expect_time("2023-12-31T23:59:59Z", 1704067199);
    expect_time("2024-01-01T00:00:00Z", 1704067200);
    expect_time("2024-03-01T00:00:00Z", 1709251200);
    expect_time("2026-11-21T10:00:00Z", TEN);
    expect_time("2100-03-01T00:00:00Z", 4107542400);
    expect_time("2106-02-07T06:28:15Z", 4294967295);
    // The examples of RFC 3339 5.8, but for the leap seconds.
    expect_time("1985-04-12T23:20:50.52Z", 482196050);
    expect_time("1996-12-19T16:39:57-08:00", 851042397);
    expect_time("1996-12-20T00:39:57Z", 851042397);
    expect_time("2026-11-21T15:30:00.999999999+05:30", TEN);
    expect_time("2026-11-21T00:00:00-10:00", TEN);
}

static void times_beyond_32_bits_are_not_known(void **state)
{
    (void)state;
    expect_time("0001-01-01T00:00:00Z", 0); // Go's "no time"
    expect_time("1969-12-31T23:59:59Z", 0);
    expect_time("1970-01-01T00:00:00Z", 0);
    expect_time("2106-02-07T06:28:16Z", 0);
    expect_time("9999-12-31T23:59:59Z", 0);
}

static void a_malformed_time_is_warned_of_and_counts_as_absent(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "soon",
        "2026-11-21",
        "2026-11-21T10:00:00",
        "2026-11-21 10:00:00Z",
        "2026-11-21t10:00:00z",
        "2026-11-21T10:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T10:60:00Z",
        "2026-11-21T10:00:60Z",
        "2026-11-21T10:00:00.Z",
        "2026-11-21T10:00:00Z.",
        "2026-11-21T10:00:00+0100",
        "2026-11-21T10:00:00+24:00",
        "2026-11-21T10:00:00+01:60",
        "2026-13-01T10:00:00Z",
        "2026-00-01T10:00:00Z",
        "2026-11-31T10:00:00Z",
        "2026-11-00T10:00:00Z",
        "2025-02-29T10:00:00Z",
        "2100-02-29T10:00:00Z",
        "26-11-21T10:00:00Z",
        "+026-11-21T10:00:00Z",
    };
    for (size_t i = 0; i < ORD_COUNT(bad); i++) {
        char text[256], finding[256];
        snprintf(text, sizeof text,
                 HEAD "metadata: {name: a, creationTimestamp: '%s'}\n", bad[i]);
        snprintf(finding, sizeof finding,
                 "3:40 warning: metadata.creationTimestamp must be a time such "
                 "as 2026-11-21T10:22:05Z, not '%s'; it counts as absent\n",
                 bad[i]);
        struct result *r;
        assert_int_equal(decode_warned(text, finding, &r)->pod.since_unix_s, 0);
        drop(r);
    }
}

static void times_that_are_no_texts_are_warned_of(void **state)
{
    (void)state;
    struct result *r;
    const struct object *o = decode_warned(
        HEAD "metadata: {name: a, creationTimestamp: [1]}\n"
             "status:\n  startTime: {}\n"
             "  conditions: [{type: Ready, status: 'False', "
             "lastTransitionTime: 5}]\n"
             "  containerStatuses: [{state: {terminated: {finishedAt: x}}}]\n",
        "5:14 warning: status.startTime must be a time such as "
        "2026-11-21T10:22:05Z, not a map; it counts as absent\n"
        "6:67 warning: status.conditions[0].lastTransitionTime must be a time "
        "such as 2026-11-21T10:22:05Z, not '5'; it counts as absent\n"
        "3:40 warning: metadata.creationTimestamp must be a time such as "
        "2026-11-21T10:22:05Z, not a list; it counts as absent\n"
        "7:57 warning: status.containerStatuses[0].state.terminated.finishedAt "
        "must be a time such as 2026-11-21T10:22:05Z, not 'x'; it counts as "
        "absent\n",
        &r);
    assert_int_equal(o->pod.since_unix_s, 0);
    drop(r);
    // What nobody knows yet is null.
    expect_since(HEAD "metadata: {name: a, creationTimestamp: null}\n", 0);
}

// --- since when -------------------------------------------------------------

static void a_pending_pod_waits_since_it_was_created(void **state)
{
    (void)state;
    expect_since(POD, TEN);
    expect_since(POD STATUS
                 "  phase: Pending\n"
                 "  startTime: 2026-11-21T10:01:00Z\n"
                 "  conditions:\n"
                 "  - {type: Ready, status: 'False', lastTransitionTime: "
                 "'2026-11-21T10:01:00Z'}\n"
                 "  - {type: PodScheduled, status: 'True', lastTransitionTime: "
                 "'2026-11-21T10:01:00Z'}\n",
                 TEN);
    expect_since(HEAD "metadata: {name: a}\n", 0);
}

static void a_running_pod_is_ready_or_not_since_its_condition_turned(
    void **state)
{
    (void)state;
    static const char *const ready[] = {"True", "False", "Unknown"};
    for (size_t i = 0; i < ORD_COUNT(ready); i++) {
        char text[512];
        snprintf(text, sizeof text,
                 POD STATUS "  phase: Running\n"
                            "  startTime: 2026-11-21T10:01:00Z\n"
                            "  conditions:\n"
                            "  - {type: ContainersReady, status: 'False', "
                            "lastTransitionTime: '2026-11-21T12:00:00Z'}\n"
                            "  - {type: Ready, status: '%s', "
                            "lastTransitionTime: '2026-11-21T11:00:00Z'}\n",
                 ready[i]);
        expect_since(text, TEN + HOUR);
    }
    expect_since(POD STATUS "  phase: Running\n"
                            "  startTime: 2026-11-21T10:01:00Z\n"
                            "  conditions: [{type: Ready, status: 'False'}]\n",
                 TEN + MINUTE);
    expect_since(POD STATUS "  phase: Running\n", TEN);
    expect_since(POD STATUS "  phase: Unknown\n", TEN);
}

static void a_pod_terminates_since_it_was_told_to(void **state)
{
    (void)state;
    static const char format[] =
        HEAD "metadata:\n  name: a\n"
             "  creationTimestamp: 2026-11-21T10:00:00Z\n"
             "  deletionTimestamp: 2026-11-21T11:00:30Z\n%s"
             "status:\n  phase: %s\n"
             "  conditions: [{type: Ready, status: 'False', "
             "lastTransitionTime: '2026-11-21T10:30:00Z'}]\n"
             "  containerStatuses: [{state: {terminated: {finishedAt: "
             "'2026-11-21T10:40:00Z'}}}]\n";
    static const struct {
        const char *grace;
        uint32_t since_unix_s;
    } cases[] = {
        {"", TEN + HOUR + 30},
        {"  deletionGracePeriodSeconds: 0\n", TEN + HOUR + 30},
        {"  deletionGracePeriodSeconds: 30\n", TEN + HOUR},
        {"  deletionGracePeriodSeconds: 3630\n", TEN},
        // what cannot be
        {"  deletionGracePeriodSeconds: -30\n", TEN + HOUR + 30},
        {"  deletionGracePeriodSeconds: 9999999999\n", TEN + HOUR + 30},
        {"  deletionGracePeriodSeconds: soon\n", TEN + HOUR + 30},
    };
    static const char *const phases[] = {"Pending", "Running", "Failed"};
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        for (size_t p = 0; p < ORD_COUNT(phases); p++) {
            char text[1024];
            snprintf(text, sizeof text, format, cases[i].grace, phases[p]);
            expect_since(text, cases[i].since_unix_s);
            expect_reason(text, "");
        }
    }
}

static void a_pod_ended_when_its_last_container_did(void **state)
{
    (void)state;
    expect_since(
        POD STATUS
        "  phase: Succeeded\n"
        "  conditions: [{type: Ready, status: 'False', lastTransitionTime: "
        "'2026-11-21T13:00:00Z'}]\n"
        "  containerStatuses:\n"
        "  - {state: {terminated: {finishedAt: '2026-11-21T11:00:00Z'}}}\n"
        "  - {state: {terminated: {finishedAt: '2026-11-21T12:00:00Z'}}}\n"
        "  - {state: {terminated: {}}}\n",
        TEN + 2 * HOUR);
    expect_since(
        POD STATUS
        "  phase: Failed\n"
        "  initContainerStatuses:\n"
        "  - {state: {terminated: {finishedAt: '2026-11-21T11:00:00Z'}}}\n",
        TEN + HOUR);
    // One that was evicted may have none; when it began says nothing.
    expect_since(POD STATUS "  phase: Failed\n"
                            "  startTime: 2026-11-21T10:01:00Z\n"
                            "  conditions: [{type: Ready, status: 'False', "
                            "lastTransitionTime: '2026-11-21T13:00:00Z'}]\n",
                 TEN + 3 * HOUR);
    expect_since(POD STATUS "  phase: Failed\n"
                            "  startTime: 2026-11-21T10:01:00Z\n",
                 0);
}

// --- why --------------------------------------------------------------------

#define UNSCHEDULED                                                            \
    "  - type: PodScheduled\n    status: 'False'\n"                            \
    "    reason: Unschedulable\n"                                              \
    "    message: '0/3 nodes are available: 3 Insufficient memory.'\n"
#define CONTAINER_SPEC(name, probe)                                            \
    "  - name: " name "\n    readinessProbe: " probe "\n"
#define UNREADY                                                                \
    "  phase: Running\n  conditions:\n"                                        \
    "  - {type: Ready, status: 'False', reason: ContainersNotReady, message: " \
    "'containers with unready status: [db]'}\n"

static void a_pod_that_is_ready_or_unknown_has_no_reason(void **state)
{
    (void)state;
    expect_reason(POD, "");
    expect_reason(POD STATUS "  phase: Pending\n", "");
    expect_reason(POD "spec:\n  containers:\n" CONTAINER_SPEC(
                      "db", "{tcpSocket: {port: 1}}") STATUS
                  "  phase: Running\n  message: odd\n"
                  "  conditions: [{type: Ready, status: 'True', "
                  "message: x}]\n",
                  "");
    // A pod as people write it does not run yet: no probe is asked.
    expect_reason(POD "spec:\n  containers:\n" CONTAINER_SPEC(
                      "db", "{tcpSocket: {port: 1}}"),
                  "");
    expect_reason(HEAD "metadata:\n  name: a\n"
                       "  annotations: {ordinald.io/addresses: 10.0.0.1}\n"
                       "spec:\n  containers:\n" CONTAINER_SPEC(
                           "db", "{tcpSocket: {port: 1}}"),
                  "");
}

static void a_pod_without_node_says_so(void **state)
{
    (void)state;
    expect_reason(POD STATUS "  phase: Pending\n  conditions:\n" UNSCHEDULED,
                  "Unschedulable: 0/3 nodes are available: 3 Insufficient "
                  "memory.");
    expect_reason(POD STATUS
                  "  phase: Pending\n  conditions:\n"
                  "  - {type: PodScheduled, status: 'False', reason: "
                  "SchedulingGated}\n",
                  "SchedulingGated");
    expect_reason(POD STATUS
                  "  phase: Pending\n  conditions:\n"
                  "  - {type: PodScheduled, status: 'True', message: x}\n",
                  "");
}

static void a_container_that_waits_is_named(void **state)
{
    (void)state;
    expect_reason(POD STATUS "  phase: Pending\n"
                             "  containerStatuses:\n"
                             "  - {name: db, state: {waiting: {reason: "
                             "ContainerCreating}}}\n",
                  "container db: ContainerCreating");
    expect_reason(POD STATUS
                  "  phase: Pending\n"
                  "  containerStatuses:\n"
                  "  - {name: log, state: {waiting: {reason: "
                  "ContainerCreating}}}\n"
                  "  - name: db\n    state:\n      waiting:\n"
                  "        reason: ImagePullBackOff\n"
                  "        message: Back-off pulling image \"mongo:8\"\n",
                  "container db: ImagePullBackOff: Back-off pulling image "
                  "\"mongo:8\"");
    // What an init container waits for keeps the others waiting.
    expect_reason(POD STATUS
                  "  phase: Pending\n"
                  "  containerStatuses:\n"
                  "  - {name: db, state: {waiting: {reason: "
                  "PodInitializing}}}\n"
                  "  initContainerStatuses:\n"
                  "  - {name: done, state: {terminated: {exitCode: 0, reason: "
                  "Completed}}}\n"
                  "  - {name: init, state: {waiting: {reason: "
                  "ErrImagePull}}}\n",
                  "container init: ErrImagePull");
}

static void a_container_that_crashes_says_how_it_ended(void **state)
{
    (void)state;
    static const char crashing[] =
        UNREADY "  containerStatuses:\n"
                "  - name: db\n    ready: false\n"
                "    lastState: {terminated: {exitCode: 137, reason: "
                "OOMKilled}}\n"
                "    state:\n      waiting:\n"
                "        reason: CrashLoopBackOff\n"
                "        message: back-off 5m0s restarting failed "
                "container=db pod=a_default(1f)\n";
    char text[1024];
    snprintf(text, sizeof text, "%s%s", POD STATUS, crashing);
    expect_reason(text, "container db: CrashLoopBackOff after OOMKilled, exit "
                        "code 137");
    expect_reason(POD STATUS UNREADY
                  "  containerStatuses:\n"
                  "  - {name: log, ready: false, state: {terminated: "
                  "{exitCode: 0, reason: Completed}}}\n"
                  "  - {name: db, ready: false, state: {terminated: "
                  "{exitCode: 1, reason: Error}}}\n",
                  "container db: Error, exit code 1");
    expect_reason(POD STATUS UNREADY
                  "  containerStatuses:\n"
                  "  - {name: db, ready: false, state: {running: {}}}\n",
                  "containers with unready status: [db]");
    // Init containers that are done are none of its troubles.
    expect_reason(POD STATUS UNREADY
                  "  initContainerStatuses:\n"
                  "  - {name: init, ready: true, state: {terminated: "
                  "{exitCode: 0, reason: Completed}}}\n"
                  "  containerStatuses:\n"
                  "  - {name: db, ready: false, state: {running: {}}}\n",
                  "containers with unready status: [db]");
}

static void an_ended_pod_says_how(void **state)
{
    (void)state;
    expect_reason(POD STATUS
                  "  phase: Failed\n  reason: Evicted\n"
                  "  message: 'The node was low on resource: memory.'\n"
                  "  containerStatuses:\n"
                  "  - {name: db, state: {terminated: {exitCode: 1}}}\n",
                  "Evicted: The node was low on resource: memory.");
    expect_reason(POD STATUS
                  "  phase: Failed\n"
                  "  conditions:\n" UNSCHEDULED "  containerStatuses:\n"
                  "  - {name: log, state: {terminated: {exitCode: 0, reason: "
                  "Completed}}}\n"
                  "  - {name: db, state: {terminated: {exitCode: 2}}}\n",
                  "container db: ended, exit code 2");
    expect_reason(POD STATUS
                  "  phase: Succeeded\n"
                  "  containerStatuses:\n"
                  "  - {name: db, state: {terminated: {exitCode: 0, reason: "
                  "Completed}}}\n",
                  "container db: Completed, exit code 0");
    expect_reason(POD "spec:\n  containers:\n" CONTAINER_SPEC(
                      "db", "{tcpSocket: {port: 1}}") STATUS
                  "  phase: Failed\n"
                  "  conditions: [{type: Ready, status: 'False', "
                  "message: x}]\n",
                  "");
}

// --- probes -----------------------------------------------------------------

static void the_probe_of_what_is_not_ready_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *probe;
        const char *named;
    } cases[] = {
        {"{tcpSocket: {port: 27017}}", "readinessProbe tcp 27017"},
        {"{tcpSocket: {port: peer}}", "readinessProbe tcp peer"},
        {"{httpGet: {port: 8080, path: /health}}",
         "readinessProbe http :8080/health"},
        {"{httpGet: {port: 8080}}", "readinessProbe http :8080/"},
        {"{httpGet: {port: web, path: up, scheme: HTTPS}}",
         "readinessProbe https :web/up"},
        {"{httpGet: {port: 1, path: '/a?token=secret'}}",
         "readinessProbe http :1/a"},
        {"{grpc: {port: 9000, service: x}}", "readinessProbe grpc 9000"},
        {"{exec: {command: [sh, -c, 'mongo --password secret']}}",
         "readinessProbe exec"},
        {"{}", "readinessProbe"},
        {"text", "readinessProbe"},
    };
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        char text[1024], wanted[128];
        snprintf(text, sizeof text,
                 POD "spec:\n  containers:\n  - name: db\n"
                     "    readinessProbe: %s\n" STATUS "  phase: Running\n",
                 cases[i].probe);
        expect_reason(text, cases[i].named);
        snprintf(text, sizeof text,
                 POD "spec:\n  containers:\n  - name: db\n"
                     "    readinessProbe: %s\n" STATUS UNREADY,
                 cases[i].probe);
        snprintf(wanted, sizeof wanted,
                 "containers with unready status: [db]; %s", cases[i].named);
        expect_reason(text, wanted);
    }
}

#define TWO                                                                    \
    "spec:\n  containers:\n  - name: log\n" CONTAINER_SPEC(                    \
        "a", "{tcpSocket: {port: 1}}") CONTAINER_SPEC("b", "{tcpSocket: "      \
                                                           "{port: 2}}")

static void only_a_container_that_is_not_ready_is_probed(void **state)
{
    (void)state;
    expect_reason(POD TWO STATUS "  phase: Running\n", "readinessProbe tcp 1");
    expect_reason(POD TWO STATUS
                  "  phase: Running\n"
                  "  containerStatuses:\n"
                  "  - {name: b, ready: false}\n  - {name: a, ready: true}\n",
                  "readinessProbe tcp 2");
    expect_reason(POD TWO STATUS
                  "  phase: Running\n"
                  "  containerStatuses:\n"
                  "  - {name: b, ready: true}\n  - {name: a, ready: true}\n",
                  "");
    // A readiness gate is shut, and nothing is wrong with the containers.
    expect_reason(POD TWO STATUS
                  "  phase: Running\n  conditions:\n"
                  "  - {type: ContainersReady, status: 'True'}\n"
                  "  - {type: Ready, status: 'False', reason: "
                  "ReadinessGatesNotReady, message: the gate is shut}\n",
                  "the gate is shut");
    expect_reason(POD TWO STATUS
                  "  phase: Running\n  conditions:\n"
                  "  - {type: ContainersReady, status: 'False'}\n"
                  "  - {type: Ready, status: 'False', reason: "
                  "ContainersNotReady}\n",
                  "ContainersNotReady; readinessProbe tcp 1");
    // A sidecar is an init container.
    expect_reason(POD "spec:\n  initContainers:\n" CONTAINER_SPEC(
                      "side", "{tcpSocket: {port: 3}}") STATUS
                  "  phase: Running\n"
                  "  initContainerStatuses: [{name: side, ready: false}]\n",
                  "readinessProbe tcp 3");
}

static void a_container_that_has_not_started_is_probed_for_that(void **state)
{
    (void)state;
    static const char *const started[][2] = {
        {"", "readinessProbe tcp 1"},
        {", started: true", "readinessProbe tcp 1"},
        {", started: false", "startupProbe http :2/up"},
    };
    for (size_t i = 0; i < ORD_COUNT(started); i++) {
        char text[1024];
        snprintf(
            text, sizeof text,
            POD "spec:\n  containers:\n" CONTAINER_SPEC(
                "db", "{tcpSocket: {port: 1}}") "    startupProbe: {httpGet: "
                                                "{port: 2, path: /up}}\n"
                                                "status:\n  phase: Running\n"
                                                "  containerStatuses: [{name: "
                                                "db, ready: false%s}]\n",
            started[i][0]);
        expect_reason(text, started[i][1]);
    }
    expect_reason(POD "spec:\n  containers:\n" CONTAINER_SPEC(
                      "db", "{tcpSocket: {port: 1}}") STATUS
                  "  phase: Running\n"
                  "  containerStatuses: [{name: db, started: false}]\n",
                  "readinessProbe tcp 1");
}

// --- few words --------------------------------------------------------------

// The reason of a pod whose status has this message, in double quotes.
static void expect_words(const char *message, const char *reason)
{
    char text[4096];
    snprintf(text, sizeof text,
             POD STATUS "  phase: Failed\n  message: \"%s\"\n", message);
    expect_reason(text, reason);
}

static void reasons_have_at_most_100_octets(void **state)
{
    (void)state;
    char message[256], wanted[256];
    assert_int_equal(POD_REASON_MAX, 100);
    memset(message, 'x', 200);
    message[100] = '\0';
    expect_words(message, message);
    message[100] = 'x';
    message[101] = '\0';
    memset(wanted, 'x', 97);
    strcpy(wanted + 97, "...");
    expect_words(message, wanted);
    // Cut at a character: of two octets here, at an odd place.
    message[0] = '\0';
    for (int i = 0; i < 60; i++)
        strcat(message, "\u00e9");
    wanted[0] = '\0';
    for (int i = 0; i < 48; i++)
        strcat(wanted, "\u00e9");
    strcat(wanted, "...");
    expect_words(message, wanted);
}

static void a_long_message_leaves_the_probe_its_place(void **state)
{
    (void)state;
    char message[201], text[1024], wanted[128];
    memset(message, 'x', 200);
    message[200] = '\0';
    snprintf(text, sizeof text,
             POD "spec:\n  containers:\n" CONTAINER_SPEC(
                 "db", "{tcpSocket: {port: 27017}}") "status:\n  phase: "
                                                     "Running\n  conditions: "
                                                     "[{type: Ready, status: "
                                                     "'False', message: %s}]\n",
             message);
    // 100 less "; readinessProbe tcp 27017" and the dots
    snprintf(wanted, sizeof wanted, "%.71s...; readinessProbe tcp 27017",
             message);
    assert_int_equal(strlen(wanted), 100);
    expect_reason(text, wanted);
    // and a long probe leaves a place to the message
    snprintf(text, sizeof text,
             POD "spec:\n  containers:\n  - name: db\n"
                 "    readinessProbe: {httpGet: {port: 80, path: /%s}}\n"
                 "status:\n  phase: Running\n  conditions: "
                 "[{type: Ready, status: 'False', message: %s}]\n",
             message, message);
    snprintf(wanted, sizeof wanted,
             "%.45s...; readinessProbe http :80/%.23s...", message, message);
    assert_int_equal(strlen(wanted), 100);
    expect_reason(text, wanted);
}

static void reasons_have_no_control_characters(void **state)
{
    (void)state;
    expect_words("  a \\t\\r\\n\\n b\\x01c\\x7f\\u0085d\\u00a0e  ",
                 "a b c d\u00a0e");
    expect_words("\\n\\t ", "");
}

static void reasons_name_no_addresses(void **state)
{
    (void)state;
    expect_words("dial tcp 10.96.0.1:443: connect: no route to host",
                 "dial tcp <address>:443: connect: no route to host");
    expect_words("10.0.0.1 and 10.0.0.2.", "<address> and <address>.");
    expect_words("[fd00::1]:80 or fd00::2, FE80:0:0::3",
                 "[<address>]:80 or <address>, <address>");
    expect_words("at 10:22:05 of 2026-11-21, 1.2.3 and v10.0.0.1 of face",
                 "at 10:22:05 of 2026-11-21, 1.2.3 and v10.0.0.1 of face");
}

// --- robust -----------------------------------------------------------------

static void what_only_texts_need_is_never_a_fault(void **state)
{
    (void)state;
    static const char *const statuses[] = {
        "  reason: [x]\n  message: {a: b}\n  phase: Running\n",
        "  containerStatuses: text\n  initContainerStatuses: {a: b}\n",
        "  containerStatuses: [text, [], {state: x}, {state: {waiting: x}}, "
        "{state: {terminated: x}}, {lastState: 5, state: {waiting: {reason: "
        "[]}}}]\n",
        "  conditions: [{type: PodScheduled, status: maybe, reason: {}}]\n",
        "  conditions: [{type: ContainersReady, message: []}]\n",
    };
    for (size_t i = 0; i < ORD_COUNT(statuses); i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 POD "spec: {containers: [{name: x, readinessProbe: [y], "
                     "startupProbe: 5}]}\nstatus:\n%s",
                 statuses[i]);
        struct result *r;
        (void)decode_one(text, &r);
        drop(r);
    }
}

static void since_and_reason_are_facts(void **state)
{
    (void)state;
    static const char *const different[] = {
        POD,
        HEAD "metadata: {name: a, creationTimestamp: 2026-11-21T10:00:01Z}\n",
        POD STATUS "  phase: Pending\n  reason: x\n",
        POD STATUS "  phase: Pending\n  reason: y\n",
    };
    for (size_t i = 0; i < ORD_COUNT(different); i++)
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(digest_of(different[i]),
                                 digest_of(different[j]));
    // What is not told is none.
    assert_int_equal(digest_of(POD),
                     digest_of(POD STATUS "  startTime: "
                                          "2026-11-21T10:01:00Z\n"));
}

// A pod is told anew each time that a kubelet has counted something: that it is
// asked again, or tried again after a longer time, changes no answer.
static void what_a_kubelet_repeats_is_no_other_fact(void **state)
{
    (void)state;
    static const char form[] = HEAD
        "metadata:\n  name: a\n  creationTimestamp: 2026-11-21T10:00:00Z\n"
        "  resourceVersion: '%d'\n"
        "  managedFields: [{manager: kubelet, time: 2026-11-21T10:0%d:00Z}]\n"
        "status:\n  phase: Running\n  conditions:\n"
        "  - {type: Ready, status: 'False', reason: ContainersNotReady,\n"
        "     lastProbeTime: 2026-11-21T10:0%d:00Z,\n"
        "     lastTransitionTime: 2026-11-21T10:00:00Z,\n"
        "     message: 'containers with unready status: [db]'}\n"
        "  containerStatuses:\n"
        "  - name: db\n    ready: false\n    restartCount: %d\n"
        "    lastState: {terminated: {exitCode: 1, reason: Error,\n"
        "      startedAt: 2026-11-21T10:0%d:00Z,\n"
        "      finishedAt: 2026-11-21T10:0%d:30Z}}\n"
        "    state: {waiting: {reason: CrashLoopBackOff,\n"
        "      message: back-off %dm0s restarting failed container=db}}\n";
    uint64_t digests[2];
    for (int i = 0; i < 2; i++) {
        char text[2048];
        snprintf(text, sizeof text, form, i, i, i, i, i, i, i);
        digests[i] = digest_of(text);
    }
    assert_int_equal(digests[0], digests[1]);
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    expect_no_memory_lost(POD STATUS UNREADY
                          "  containerStatuses: [{name: db}]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_those_of_rfc_3339),
        cmocka_unit_test(times_beyond_32_bits_are_not_known),
        cmocka_unit_test(a_malformed_time_is_warned_of_and_counts_as_absent),
        cmocka_unit_test(times_that_are_no_texts_are_warned_of),
        cmocka_unit_test(a_pending_pod_waits_since_it_was_created),
        cmocka_unit_test(
            a_running_pod_is_ready_or_not_since_its_condition_turned),
        cmocka_unit_test(a_pod_terminates_since_it_was_told_to),
        cmocka_unit_test(a_pod_ended_when_its_last_container_did),
        cmocka_unit_test(a_pod_that_is_ready_or_unknown_has_no_reason),
        cmocka_unit_test(a_pod_without_node_says_so),
        cmocka_unit_test(a_container_that_waits_is_named),
        cmocka_unit_test(a_container_that_crashes_says_how_it_ended),
        cmocka_unit_test(an_ended_pod_says_how),
        cmocka_unit_test(the_probe_of_what_is_not_ready_is_named),
        cmocka_unit_test(only_a_container_that_is_not_ready_is_probed),
        cmocka_unit_test(a_container_that_has_not_started_is_probed_for_that),
        cmocka_unit_test(reasons_have_at_most_100_octets),
        cmocka_unit_test(a_long_message_leaves_the_probe_its_place),
        cmocka_unit_test(reasons_have_no_control_characters),
        cmocka_unit_test(reasons_name_no_addresses),
        cmocka_unit_test(what_only_texts_need_is_never_a_fault),
        cmocka_unit_test(since_and_reason_are_facts),
        cmocka_unit_test(what_a_kubelet_repeats_is_no_other_fact),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
