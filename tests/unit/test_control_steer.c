// SPDX-License-Identifier: Apache-2.0
// Steering and looking by the control interface: a pipeline with manifests of
// its own, and a clock that the test moves.
#include "daemon/pipeline.h"
#include "lib/clock.h"
#include "lib/control_box.h"
#include "lib/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

// web of three is made here, ready after two seconds each; db is given.
static const char manifest[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: one}\n"
    "spec: {clusterIP: None, selector: {app: web}}\n"
    "---\n"
    "apiVersion: apps/v1\n"
    "kind: StatefulSet\n"
    "metadata: {name: web, namespace: one,\n"
    "  annotations: {ordinald.io/ready-after: 2s}}\n"
    "spec:\n"
    "  serviceName: web\n"
    "  replicas: 3\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  template: {metadata: {labels: {app: web}}}\n"
    "  volumeClaimTemplates: [{metadata: {name: data}}]\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: db, namespace: two}\n"
    "spec: {clusterIP: None, selector: {app: db}}\n"
    "---\n"
    "apiVersion: apps/v1\n"
    "kind: StatefulSet\n"
    "metadata: {name: db, namespace: two}\n"
    "spec:\n"
    "  serviceName: db\n"
    "  selector: {matchLabels: {app: db}}\n"
    "  template: {metadata: {labels: {app: db}}}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Pod\n"
    "metadata: {name: db-0, namespace: two, labels: {app: db},\n"
    "  ownerReferences: [{kind: StatefulSet, name: db, controller: true}]}\n"
    "spec: {hostname: db-0, subdomain: db}\n"
    "status: {phase: Running, podIP: 10.9.9.9,\n"
    "  conditions: [{type: Ready, status: \"True\"}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: twin, namespace: one}\n"
    "spec: {clusterIP: None}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: twin, namespace: two}\n"
    "spec: {clusterIP: None}\n";

struct stand {
    struct box *box;
    struct settings settings;
    struct pipeline pipeline;
    struct fake_clock clock;
    struct report report;
    char file[128];
    int fail_changed; // what `changed` is to return
    unsigned changes;
};

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    (void)context;
    if (kind == FINDING_ERROR)
        print_error("%s:%u: %s\n", at.file, at.line, text);
}

static void on_event(void *context, const struct ordinals_event *event)
{
    const struct stand *s = context;
    control_note(s->box->control, event);
}

static int run_step(struct stand *s)
{
    const struct clock clock = fake_clock_view(&s->clock);
    return pipeline_run(&s->pipeline, &clock, NULL);
}

static int on_changed(void *context)
{
    struct stand *s = context;
    s->changes++;
    const int rc = run_step(s);
    return s->fail_changed ? s->fail_changed : rc;
}

static void pass_s(struct stand *s, unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        fake_clock_advance(&s->clock, 1000);
        assert_int_equal(run_step(s), 0);
    }
}

static void start_pipeline(struct stand *s, const char *option)
{
    const char *const argv[] = {s->file, option};
    const struct settings_command command = {.name = "test"};
    const struct pipeline_seeds seeds = {1, 2};
    const struct pipeline_listener listener = {.event = on_event, .context = s};
    const struct clock clock = fake_clock_view(&s->clock);
    struct error err = {""};

    assert_int_equal(settings_parse(&s->settings, &command, option ? 2 : 1,
                                    argv, &s->report, &err),
                     0);
    assert_int_equal(pipeline_init(&s->pipeline, &s->settings, &seeds,
                                   &listener, &s->report, &err),
                     0);
    s->box->settings = (struct control_settings){
        .zone = s->pipeline.zone,
        .cluster = s->pipeline.cluster,
        .ordinals = statefulsets_ordinals(s->pipeline.statefulsets),
        .faults = s->pipeline.faults,
        .pod_cidrs = s->settings.pod_cidrs.items,
        .pod_cidrs_n = (uint32_t)s->settings.pod_cidrs.n,
        .clock = clock,
        .changed = on_changed,
        .context = s,
    };
    box_start(s->box);
}

static void load(struct stand *s)
{
    const struct clock clock = fake_clock_view(&s->clock);

    assert_int_equal(pipeline_read(&s->pipeline, true), 1);
    assert_int_equal(pipeline_publish(&s->pipeline, &clock, NULL), 0);
    pass_s(s, 8);
}

static struct stand *stand_new(const char *option)
{
    struct stand *s = calloc(1, sizeof *s);

    assert_non_null(s);
    s->report = (struct report){on_finding, s};
    s->box = box_new();
    s->box->context = s;
    snprintf(s->file, sizeof s->file, "%s/m.yaml", s->box->directory);
    FILE *out = fopen(s->file, "w");
    assert_non_null(out);
    fputs(manifest, out);
    assert_int_equal(fclose(out), 0);
    start_pipeline(s, option);
    return s;
}

static int set_up(void **state)
{
    struct stand *s = stand_new("--enable-faults");
    load(s);
    *state = s;
    return 0;
}

static int set_up_without_faults(void **state)
{
    struct stand *s = stand_new(NULL);
    load(s);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct stand *s = *state;
    box_stop(s->box);
    pipeline_release(&s->pipeline, NULL);
    settings_release(&s->settings);
    unlink(s->file);
    box_free(s->box);
    free(s);
    return 0;
}

// --- asking ----------------------------------------------------------------

// A request that is to succeed, and parts of what is said.
static void good(struct stand *s, char *reply, const char *const *parts)
{
    (void)s;
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_has(reply, "Content-Type: application/json\r\n");
    for (; *parts; parts++)
        assert_has(box_body(reply), *parts);
    free(reply);
}

#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void get(struct stand *s, const char *path, const char *const *parts)
{
    char request[256];
    snprintf(request, sizeof request, "GET %s", path);
    good(s, box_ask(s->box, request), parts);
}

static void post(struct stand *s, const char *path, const char *body,
                 const char *const *parts)
{
    good(s, box_post(s->box, path, body), parts);
}

static void bad(struct stand *s, const char *path, const char *body,
                const char *status, const char *why)
{
    const unsigned before = s->changes;
    char *reply = box_post(s->box, path, body);
    assert_refusal(reply, status, why);
    free(reply);
    assert_int_equal(s->changes, before);
}

// The number behind a key, in the whole text.
static unsigned long number(const char *text, const char *key)
{
    char part[64];
    snprintf(part, sizeof part, "\"%s\":", key);
    const char *at = strstr(text, part);
    assert_non_null(at);
    return strtoul(at + strlen(part), NULL, 10);
}

static unsigned long last_event(struct stand *s)
{
    char *reply = box_ask(s->box, "GET /events");
    const unsigned long n = number(box_body(reply), "last");
    free(reply);
    return n;
}

// --- looking ---------------------------------------------------------------

static void workloads_and_their_pods_are_told(void **state)
{
    struct stand *s = *state;
    get(s, "/workloads",
        PARTS("{\"workloads\":[{\"kind\":\"StatefulSet\",\"namespace\":\"one\","
              "\"name\":\"web\",\"replicas\":3,\"declared\":3,\"live\":3,"
              "\"ready\":3,\"available\":3,\"updated\":3,\"settled\":true,"
              "\"reason\":\"\",\"pods\":[{\"name\":\"web-0\","
              "\"phase\":\"Running\",\"ready\":true,\"available\":true,"
              "\"updated\":true,\"terminating\":false,"
              "\"addresses\":[\"10.244.0.1\"],\"since_ms\":6000,"
              "\"reason\":\"\"},{\"name\":\"web-1\"",
              "\"name\":\"web-2\""));
    get(s, "/workloads?workload=web&pods=no",
        PARTS("\"name\":\"web\"", "\"pods\":[]}]}\n"));
    get(s, "/workloads?workload=one/web", PARTS("\"name\":\"web-2\""));
}

static void workloads_that_are_not_made_here_are_told_why(void **state)
{
    struct stand *s = *state;
    assert_refused(s->box, "GET /workloads?workload=wbe", "HTTP/1.1 404 ",
                   "no workload 'wbe'");
    assert_refused(s->box, "GET /workloads?workload=two/web", "HTTP/1.1 404 ",
                   "'two/web'");
    assert_refused(s->box, "GET /workloads?workload=db", "HTTP/1.1 409 ",
                   "'two/db'");
    assert_refused(s->box, "GET /workloads?workload=a/b/c", "HTTP/1.1 400 ",
                   "'a/b/c'");
    assert_refused(s->box, "GET /workloads?pods=maybe", "HTTP/1.1 400 ",
                   "'maybe'");
}

static void claims_outlive_their_pods(void **state)
{
    struct stand *s = *state;
    post(s, "/scale", "{\"workload\":\"web\",\"replicas\":2}",
         PARTS("\"was\":3"));
    get(s, "/claims",
        PARTS(
            "{\"claims\":[{\"namespace\":\"one\",\"name\":\"data-web-0\","
            "\"pod\":\"web-0\"}",
            "{\"namespace\":\"one\",\"name\":\"data-web-2\",\"pod\":\"\"}]}"));
    assert_refused(s->box, "GET /claims?x=1", "HTTP/1.1 400 ", "'x'");
}

// --- steering --------------------------------------------------------------

static void scale_is_done_when_it_is_replied(void **state)
{
    struct stand *s = *state;
    const unsigned long before = last_event(s);
    char path[64], after[64];

    snprintf(after, sizeof after, "\"after\":%lu", before);
    post(s, "/scale", "{\"workload\":\"one/web\",\"replicas\":5}",
         PARTS("{\"was\":3,", after, "\"replicas\":5", "\"declared\":3",
               "\"live\":4", "\"settled\":false"));
    snprintf(path, sizeof path, "/events?after=%lu", before);
    get(s, path,
        PARTS("\"what\":\"scaled\"", "\"replicas\":5", "\"pod\":\"web-3\""));
    pass_s(s, 5);
    get(s, path, PARTS("\"pod\":\"web-4\"", "\"what\":\"settled\""));
    get(s, "/workloads", PARTS("\"ready\":5", "\"settled\":true"));
}

static void scale_down_goes_backwards(void **state)
{
    struct stand *s = *state;
    char path[64];

    snprintf(path, sizeof path, "GET /events?after=%lu", last_event(s));
    post(s, "/scale", "{\"workload\":\"web\",\"replicas\":0}",
         PARTS("\"was\":3", "\"live\":0", "\"settled\":true"));
    char *reply = box_ask(s->box, path);
    const char *two = strstr(reply, "\"what\":\"gone\"");
    assert_non_null(two);
    assert_has(two, "\"pod\":\"web-2\"");
    const char *one = strstr(two, "\"pod\":\"web-1\"");
    assert_non_null(one);
    assert_has(one, "\"pod\":\"web-0\"");
    free(reply);
}

static void what_cannot_be_scaled_is_refused(void **state)
{
    struct stand *s = *state;
    bad(s, "/scale", "{\"workload\":\"wbe\",\"replicas\":1}", "HTTP/1.1 404 ",
        "did you mean 'one/web'");
    bad(s, "/scale", "{\"workload\":\"two/web\",\"replicas\":1}",
        "HTTP/1.1 404 ", "'two/web'");
    bad(s, "/scale", "{\"workload\":\"db\",\"replicas\":1}", "HTTP/1.1 409 ",
        "given by manifests");
    bad(s, "/scale", "{\"workload\":\"web\",\"replicas\":100001}",
        "HTTP/1.1 400 ", "100000");
    // no number wraps round
    bad(s, "/scale", "{\"workload\":\"web\",\"replicas\":4294967297}",
        "HTTP/1.1 400 ", "100000");
}

static void bodies_are_read_with_care(void **state)
{
    struct stand *s = *state;
    static const struct {
        const char *body, *why;
    } known[] = {
        {"", "nothing stands where an object should"},
        {"x", "no JSON"},
        {"[]", "object"},
        {"{\"workload\":\"web\"}", "'replicas' is missing"},
        {"{\"replicas\":1}", "'workload' is missing"},
        {"{\"workload\":\"web\",\"replicas\":\"1\"}", "whole number"},
        {"{\"workload\":\"web\",\"replicas\":1.5}", "whole number"},
        {"{\"workload\":\"web\",\"replicas\":-1}", "whole number"},
        {"{\"workload\":1,\"replicas\":1}", "'workload' is not a text"},
        {"{\"workload\":\"web\",\"replcas\":1}", "did you mean 'replicas'"},
        {"{\"workload\":\"\",\"replicas\":1}", "NAMESPACE/NAME"},
        {"{\"workload\":\"/web\",\"replicas\":1}", "NAMESPACE/NAME"},
        {"{\"workload\":\"one/\",\"replicas\":1}", "NAMESPACE/NAME"},
        {"{\"workload\":\"a/b/c\",\"replicas\":1}", "NAMESPACE/NAME"},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        bad(s, "/scale", known[i].body, "HTTP/1.1 400 ", known[i].why);
    // what is repeated stays on one line
    bad(s, "/scale", "{\"workload\":\"a\\nb\",\"replicas\":1}", "HTTP/1.1 404 ",
        "'a?b'");
    bad(s, "/scale?x=1", "{\"workload\":\"web\",\"replicas\":1}",
        "HTTP/1.1 400 ", "'x'");
}

static void restart_replaces_the_pods(void **state)
{
    struct stand *s = *state;
    post(s, "/restart", "{\"workload\":\"web\"}",
         PARTS("\"after\":", "\"settled\":false", "\"updated\":1"));
    pass_s(s, 8);
    get(s, "/workloads", PARTS("\"updated\":3", "\"settled\":true"));
    bad(s, "/restart", "{\"workload\":\"db\"}", "HTTP/1.1 409 ", "'two/db'");
    bad(s, "/restart", "{\"workload\":\"wbe\"}", "HTTP/1.1 404 ", "'wbe'");
    bad(s, "/restart", "{}", "HTTP/1.1 400 ", "'workload'");
}

static void a_deleted_pod_is_made_again(void **state)
{
    struct stand *s = *state;
    post(s, "/delete-pod", "{\"pod\":\"one/web-1\"}",
         PARTS("\"pod\":{\"namespace\":\"one\",\"name\":\"web-1\"}",
               "\"name\":\"web\"", "\"ready\":2", "\"settled\":false"));
    pass_s(s, 3);
    get(s, "/workloads", PARTS("\"ready\":3", "\"settled\":true"));
    bad(s, "/delete-pod", "{\"pod\":\"db-0\"}", "HTTP/1.1 409 ", "'two/db-0'");
    bad(s, "/delete-pod", "{\"pod\":\"web-7\"}", "HTTP/1.1 404 ",
        "did you mean");
    bad(s, "/delete-pod", "{\"pod\":\"two/web-1\"}", "HTTP/1.1 404 ",
        "'two/web-1'");
}

// What could not be carried out at once is so later, and accepted.
static void what_is_done_later_is_accepted(void **state)
{
    struct stand *s = *state;
    s->fail_changed = -ENOMEM;
    char *reply =
        box_post(s->box, "/scale", "{\"workload\":\"web\",\"replicas\":4}");
    assert_starts(reply, "HTTP/1.1 202 ");
    free(reply);
}

static void each_page_has_its_methods(void **state)
{
    struct stand *s = *state;
    static const struct {
        const char *request, *allow;
    } known[] = {
        {"GET /scale", "Allow: POST\r\n"},
        {"HEAD /restart", "Allow: POST\r\n"},
        {"DELETE /delete-pod", "Allow: POST\r\n"},
        {"POST /workloads", "Allow: GET, HEAD\r\n"},
        {"PUT /faults", "Allow: GET, HEAD, POST, DELETE\r\n"},
        {"DELETE /events", "Allow: GET, HEAD\r\n"},
        {"POST /claims", "Allow: GET, HEAD\r\n"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char *reply = box_ask(s->box, known[i].request);
        assert_starts(reply, "HTTP/1.1 405 ");
        assert_has(reply, known[i].allow);
        free(reply);
    }
    assert_refused(s->box, "GET /scal", "HTTP/1.1 404 ", "/delete-pod");
}

static void send_long(struct stand *s, const char *head, size_t n,
                      const char *status)
{
    const int fd = box_dial(s->box);
    char *text = malloc(n);

    memset(text, ' ', n);
    box_say(fd, head);
    for (size_t i = 0; i < n; i += 4096) {
        box_say_octets(fd, text + i, n - i < 4096 ? n - i : 4096);
        box_turn(s->box, 3);
    }
    if (strstr(head, "chunked"))
        box_say(fd, "\r\n0\r\n\r\n");
    char *reply = box_hear(s->box, fd);
    assert_starts(reply, status);
    free(reply);
    free(text);
    close(fd);
}

static void a_body_may_be_so_long(void **state)
{
    struct stand *s = *state;
    // blanks are no JSON, but they are read
    send_long(s,
              "POST /scale HTTP/1.1\r\nHost: x\r\nContent-Length: "
              "65536\r\n\r\n",
              65536, "HTTP/1.1 400 ");
    send_long(s,
              "POST /scale HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
              "chunked\r\n\r\n10001\r\n",
              65537, "HTTP/1.1 413 ");
    // that it will be too long is told at once
    send_long(s,
              "POST /scale HTTP/1.1\r\nHost: x\r\nContent-Length: "
              "65537\r\n\r\n",
              0, "HTTP/1.1 413 ");
}

static void before_all_is_read_nothing_is_steered(void **state)
{
    struct stand *s = stand_new("--enable-faults");
    (void)state;
    assert_refused(s->box, "GET /workloads", "HTTP/1.1 503 ", "ask again");
    assert_refused(s->box, "GET /claims", "HTTP/1.1 503 ", "ask again");
    bad(s, "/scale", "{\"workload\":\"web\",\"replicas\":1}", "HTTP/1.1 503 ",
        "ask again");
    bad(s, "/restart", "{\"workload\":\"web\"}", "HTTP/1.1 503 ", "ask again");
    bad(s, "/delete-pod", "{\"pod\":\"web-0\"}", "HTTP/1.1 503 ", "ask again");
    bad(s, "/faults", "{\"target\":\"web\",\"kind\":\"gone\"}", "HTTP/1.1 503 ",
        "ask again");
    load(s);
    get(s, "/workloads", PARTS("\"ready\":3"));
    tear_down((void **)&s);
}

// --- faults ----------------------------------------------------------------

static void a_fault_of_a_pod_lasts_until_it_is_cleared(void **state)
{
    struct stand *s = *state;
    post(s, "/faults", "{\"target\":\"web-1\",\"kind\":\"not-ready\"}",
         PARTS("{\"fault\":{\"number\":1,\"target\":\"one/web-1\","
               "\"of\":\"Pod\",\"kind\":\"not-ready\",\"since_ms\":0},"
               "\"after\":"));
    get(s, "/workloads",
        PARTS("\"ready\":2", "\"reason\":\"fault not-ready\""));
    pass_s(s, 3);
    get(s, "/faults",
        PARTS("{\"faults\":[{\"number\":1,\"target\":\"one/web-1\","
              "\"of\":\"Pod\",\"kind\":\"not-ready\",\"since_ms\":3000}]}\n"));
    good(s, box_ask(s->box, "DELETE /faults?target=one/web-1"),
         PARTS("{\"cleared\":1,\"after\":"));
    get(s, "/workloads", PARTS("\"ready\":3"));
    get(s, "/faults", PARTS("{\"faults\":[]}\n"));
}

static void a_fault_ends_when_its_time_is_over(void **state)
{
    struct stand *s = *state;
    post(s, "/faults",
         "{\"target\":\"web\",\"kind\":\"slow=200\",\"for_ms\":3000}",
         PARTS("\"of\":\"Service\"", "\"kind\":\"slow=200\"",
               "\"left_ms\":3000"));
    pass_s(s, 1);
    get(s, "/faults", PARTS("\"left_ms\":2000"));
    pass_s(s, 2);
    get(s, "/faults", PARTS("{\"faults\":[]}\n"));
}

static void all_faults_are_cleared_at_once(void **state)
{
    struct stand *s = *state;
    post(s, "/faults", "{\"target\":\"web-0\",\"kind\":\"flap=500\"}",
         PARTS("\"number\":1"));
    post(s, "/faults", "{\"target\":\"db\",\"kind\":\"servfail\"}",
         PARTS("\"number\":2", "\"target\":\"two/db\""));
    post(s, "/faults", "{\"target\":\"db-0\",\"kind\":\"truncate\"}",
         PARTS("\"number\":3", "\"of\":\"Pod\""));
    good(s, box_ask(s->box, "DELETE /faults"), PARTS("\"cleared\":3"));
    good(s, box_ask(s->box, "DELETE /faults"), PARTS("\"cleared\":0"));
    assert_refused(s->box, "DELETE /faults?target=web-0", "HTTP/1.1 404 ",
                   "'web-0' has no fault");
}

static void what_can_have_no_fault_is_refused(void **state)
{
    struct stand *s = *state;
    bad(s, "/faults", "{\"target\":\"web-9\",\"kind\":\"gone\"}",
        "HTTP/1.1 404 ", "did you mean 'web-");
    bad(s, "/faults", "{\"target\":\"two/web-1\",\"kind\":\"gone\"}",
        "HTTP/1.1 404 ", "did you mean 'one/web-1'");
    bad(s, "/faults", "{\"target\":\"twin\",\"kind\":\"servfail\"}",
        "HTTP/1.1 400 ", "NAMESPACE/NAME");
    bad(s, "/faults", "{\"target\":\"web-1\",\"kind\":\"not-redy\"}",
        "HTTP/1.1 400 ", "did you mean 'not-ready'");
    bad(s, "/faults", "{\"target\":\"web-1\",\"kind\":\"slow\"}",
        "HTTP/1.1 400 ", "milliseconds");
    bad(s, "/faults", "{\"target\":\"web-1\",\"kind\":\"gone\",\"for_ms\":0}",
        "HTTP/1.1 400 ", "for_ms");
    bad(s, "/faults",
        "{\"target\":\"web-1\",\"kind\":\"gone\",\"for_ms\":86400001}",
        "HTTP/1.1 400 ", "for_ms");
    // pods that a manifest gives are what that says
    bad(s, "/faults", "{\"target\":\"db-0\",\"kind\":\"not-ready\"}",
        "HTTP/1.1 409 ", "m.yaml");
    bad(s, "/faults", "{\"target\":\"db\",\"kind\":\"flap=100\"}",
        "HTTP/1.1 409 ", "'two/db'");
    get(s, "/faults", PARTS("{\"faults\":[]}\n"));
}

static void nothing_moves_without_a_range(void **state)
{
    struct stand *s = *state;
    s->box->settings.pod_cidrs_n = 0;
    box_stop(s->box);
    box_start(s->box);
    bad(s, "/faults", "{\"target\":\"web-1\",\"kind\":\"move\"}",
        "HTTP/1.1 409 ", "--pod-cidr");
    post(s, "/faults", "{\"target\":\"web-1\",\"kind\":\"gone\"}",
         PARTS("\"kind\":\"gone\""));
}

static void there_are_only_so_many_faults(void **state)
{
    struct stand *s = *state;
    char body[128];

    post(s, "/scale", "{\"workload\":\"web\",\"replicas\":0}",
         PARTS("\"live\":0"));
    // nine kinds of each of two services and a pod do not fill the list
    for (unsigned i = 0; i < FAULTS_MAX; i++) {
        const struct fault f = {.kind = FAULT_GONE,
                                .namespace = "x",
                                .name = body,
                                .until_ms = UINT64_MAX};
        snprintf(body, sizeof body, "p-%u", i);
        assert_int_equal(faults_add(s->pipeline.faults, &f, NULL), 0);
    }
    snprintf(body, sizeof body, "{\"target\":\"web\",\"kind\":\"servfail\"}");
    bad(s, "/faults", body, "HTTP/1.1 409 ", "256");
}

static void faults_that_are_not_enabled_are_forbidden(void **state)
{
    struct stand *s = *state;
    static const char *const why =
        "faults are not enabled; start the server with --enable-faults";
    bad(s, "/faults", "{\"target\":\"web-1\",\"kind\":\"gone\"}",
        "HTTP/1.1 403 ", why);
    assert_refused(s->box, "GET /faults", "HTTP/1.1 403 ", why);
    assert_refused(s->box, "DELETE /faults", "HTTP/1.1 403 ", why);
}

// --- memory ----------------------------------------------------------------

// Steer while the n-th allocation fails. Returns whether there was one.
static bool steer_without_memory(struct stand *s, long n, unsigned replicas)
{
    char text[256], body[64];
    const int fd = box_dial(s->box);

    snprintf(body, sizeof body, "{\"workload\":\"web\",\"replicas\":%u}",
             replicas);
    snprintf(text, sizeof text,
             "POST /scale HTTP/1.1\r\nHost: x\r\nContent-Length: "
             "%zu\r\n\r\n%s",
             strlen(body), body);
    box_say(fd, text);
    fault_alloc_after(n);
    box_turn(s->box, 20);
    fault_alloc_after(-1);
    const bool hit = fault_alloc_hit();
    char *reply = box_hear(s->box, fd);
    if (reply[0] && strncmp(reply, "HTTP/1.1 20", 11) != 0)
        assert_starts(reply, "HTTP/1.1 503 ");
    free(reply);
    close(fd);
    return hit;
}

static void memory_that_runs_out_ends_one_request(void **state)
{
    struct stand *s = *state;

    for (long n = 1; steer_without_memory(s, n, n % 2 ? 4 : 2); n++) {
        pass_s(s, 6);
        assert_true(n < 10000);
    }
    pass_s(s, 6);
    get(s, "/workloads", PARTS("\"settled\":true"));
}

#define with(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with(workloads_and_their_pods_are_told),
        with(workloads_that_are_not_made_here_are_told_why),
        with(claims_outlive_their_pods),
        with(scale_is_done_when_it_is_replied),
        with(scale_down_goes_backwards),
        with(what_cannot_be_scaled_is_refused),
        with(bodies_are_read_with_care),
        with(restart_replaces_the_pods),
        with(a_deleted_pod_is_made_again),
        with(what_is_done_later_is_accepted),
        with(each_page_has_its_methods),
        with(a_body_may_be_so_long),
        cmocka_unit_test(before_all_is_read_nothing_is_steered),
        with(a_fault_of_a_pod_lasts_until_it_is_cleared),
        with(a_fault_ends_when_its_time_is_over),
        with(all_faults_are_cleared_at_once),
        with(what_can_have_no_fault_is_refused),
        with(nothing_moves_without_a_range),
        with(there_are_only_so_many_faults),
        cmocka_unit_test_setup_teardown(
            faults_that_are_not_enabled_are_forbidden, set_up_without_faults,
            tear_down),
        with(memory_that_runs_out_ends_one_request),
    };
    zone_reader_register();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
