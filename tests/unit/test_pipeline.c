// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline.h"

#include "lib/clock.h"
#include "lib/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS = 16 };

static const char manifest[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: db, namespace: prod}\n"
    "spec: {clusterIP: None, selector: {app: db}}\n"
    "---\n"
    "apiVersion: apps/v1\n"
    "kind: StatefulSet\n"
    "metadata: {name: db, namespace: prod}\n"
    "spec:\n"
    "  serviceName: db\n"
    "  replicas: 3\n"
    "  selector: {matchLabels: {app: db}}\n"
    "  template:\n"
    "    metadata: {labels: {app: db}}\n"
    "    spec: {containers: [{name: db, image: db}]}\n";

struct fixture {
    struct settings s;
    struct pipeline p;
    struct fake_clock now;
    struct clock clock;
    struct error err;
    char file[64];
    int input[2]; // what stands for standard input
    int stdin_before;
};

static const struct pipeline_seeds seeds = {.hash = 1, .pods = 2};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->clock = fake_clock_view(&f->now);
    strcpy(f->file, "/tmp/ordinald-pipeline-XXXXXX.yaml");
    const int fd = mkstemps(f->file, 5);
    const size_t n = sizeof manifest - 1;
    f->stdin_before = dup(STDIN_FILENO);
    if (fd < 0 || write(fd, manifest, n) != (ssize_t)n || pipe(f->input) < 0)
        return -1;
    close(fd);
    dup2(f->input[0], STDIN_FILENO);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    pipeline_release(&f->p, NULL);
    settings_release(&f->s);
    unlink(f->file);
    dup2(f->stdin_before, STDIN_FILENO);
    close(f->stdin_before);
    close(f->input[0]);
    if (f->input[1] >= 0)
        close(f->input[1]);
    free(f);
    return 0;
}

// Settings from arguments that are separated by blanks, the file behind them.
static void given(struct fixture *f, const char *line, const char *path)
{
    const struct settings_command command = {.name = "test"};
    char copy[1024], *rest = copy;
    const char *argv[ARGUMENTS];
    int argc = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word; (word = strtok_r(rest, " ", &rest));)
        argv[argc++] = word;
    argv[argc++] = path;
    const int r = settings_parse(&f->s, &command, argc, argv, NULL, &f->err);
    if (r)
        print_message("%s\n", f->err.text);
    assert_int_equal(r, 0);
}

static int init(struct fixture *f)
{
    return pipeline_init(&f->p, &f->s, &seeds, NULL, NULL, &f->err);
}

// What was told, and what answers had by then.
struct told {
    const struct pipeline *p;
    unsigned events;
    unsigned ready;
    enum ordinals_what first;
    enum ordinals_what last;
    uint32_t endpoints_min; // at the time of a READY
    char pod[64];           // of the last event of a pod
};

static void take_event(void *context, const struct ordinals_event *event)
{
    struct told *t = context;
    const uint32_t endpoints = zone_state(t->p->zone).endpoints;
    if (t->events++ == 0)
        t->first = event->what;
    t->last = event->what;
    t->ready += event->what == ORDINALS_READY;
    if (event->what == ORDINALS_READY && endpoints < t->endpoints_min)
        t->endpoints_min = endpoints;
    if (*event->pod)
        snprintf(t->pod, sizeof t->pod, "%s/%s %s %u", event->namespace,
                 event->pod, event->workload, event->addresses_n);
}

static int init_with(struct fixture *f, struct told *told)
{
    const struct pipeline_listener listener = {.event = take_event,
                                               .context = told};
    *told = (struct told){.p = &f->p, .endpoints_min = UINT32_MAX};
    return pipeline_init(&f->p, &f->s, &seeds, &listener, NULL, &f->err);
}

static void end_input(struct fixture *f)
{
    close(f->input[1]);
    f->input[1] = -1;
}

// --- what it does -----------------------------------------------------------

static void files_become_a_zone(void **state)
{
    struct fixture *f = *state;
    given(f, "", f->file);
    assert_int_equal(init(f), 0);
    assert_false(zone_is_complete(f->p.zone));
    assert_int_equal(pipeline_load(&f->p, &f->clock, &f->err), 0);
    assert_true(zone_is_complete(f->p.zone));
    assert_int_equal(zone_state(f->p.zone).services, 1);
    assert_int_equal(zone_state(f->p.zone).endpoints, 3);
    assert_int_equal(zone_serial(f->p.zone), FAKE_CLOCK_START_S);
}

// Whoever only looks is not to see a set half way up.
static void a_load_takes_the_time_of_pods_as_passed(void **state)
{
    static const char slow[] =
        "metadata: {name: db, namespace: prod, annotations: "
        "{ordinald.io/address-after: 5s, ordinald.io/ready-after: 1h}}\nspec:\n"
        "  minReadySeconds: 60\n  serviceName";
    struct fixture *f = *state;
    char text[2048];
    const char *cut = strstr(manifest, "metadata: {name: db, namespace: prod}\n"
                                       "spec:\n  serviceName");
    assert_non_null(cut);
    const int n =
        snprintf(text, sizeof text, "%.*s%s%s", (int)(cut - manifest), manifest,
                 slow, strstr(cut, "serviceName") + strlen("serviceName"));
    const int fd = open(f->file, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, text, (size_t)n), n);
    close(fd);
    given(f, "", f->file);
    assert_int_equal(init(f), 0);
    assert_int_equal(pipeline_load(&f->p, &f->clock, &f->err), 0);
    assert_int_equal(zone_state(f->p.zone).endpoints, 3);
    assert_int_equal(pipeline_next_ms(&f->p), UINT64_MAX);
}

static void what_did_not_change_is_not_published_again(void **state)
{
    struct fixture *f = *state;
    struct zone_sync_result done;
    given(f, "", f->file);
    assert_int_equal(init(f), 0);
    assert_int_equal(pipeline_read(&f->p, false), 1);
    assert_int_equal(pipeline_publish(&f->p, &f->clock, &done), 0);
    assert_int_equal(done.built, 1);
    assert_int_equal(pipeline_read(&f->p, false), 0);
    assert_int_equal(pipeline_publish(&f->p, &f->clock, &done), 0);
    assert_int_equal(done.built, 0);
}

static void a_load_waits_for_the_end_of_standard_input(void **state)
{
    struct fixture *f = *state;
    given(f, "", "-");
    assert_int_equal(init(f), 0);
    const size_t half = sizeof manifest / 2;
    assert_int_equal(write(f->input[1], manifest, half), half);
    assert_int_equal(pipeline_read(&f->p, false), -EAGAIN);
    assert_false(zone_is_complete(f->p.zone));
    const size_t rest = sizeof manifest - 1 - half;
    assert_int_equal(write(f->input[1], manifest + half, rest), rest);
    end_input(f);
    assert_int_equal(pipeline_load(&f->p, &f->clock, &f->err), 0);
    assert_int_equal(zone_state(f->p.zone).endpoints, 3);
}

static void settings_say_how_to_answer(void **state)
{
    struct fixture *f = *state;
    given(f, "--max-udp 4096 --identity ns-7 --tcp-idle 3600", f->file);
    const struct answer_settings a = pipeline_answers(&f->s);
    assert_int_equal(a.udp_size_max, 4096);
    assert_int_equal(a.tcp_idle_ds, 36000); // RFC 7828: 100 ms
    assert_int_equal(a.identity.n, 4);
    assert_memory_equal(a.identity.p, "ns-7", 4);
    assert_true(a.version.n > 9);
    assert_memory_equal(a.version.p, "ordinald ", 9);
    assert_null(a.limit);
}

static void seeds_differ(void **state)
{
    struct fixture *f = *state;
    struct pipeline_seeds a, b;
    assert_int_equal(pipeline_seeds_random(&a, &f->err), 0);
    assert_int_equal(pipeline_seeds_random(&b, &f->err), 0);
    assert_true(a.hash != b.hash);
    assert_true(a.pods != b.pods);
    assert_true(a.hash != a.pods);
}

static void events_are_told_when_answers_have_them(void **state)
{
    struct fixture *f = *state;
    struct told told;
    given(f, "", f->file);
    assert_int_equal(init_with(f, &told), 0);
    assert_int_equal(pipeline_read(&f->p, false), 1);
    assert_int_equal(told.events, 0);
    assert_int_equal(pipeline_publish(&f->p, &f->clock, NULL), 0);
    assert_int_equal(told.ready, 3);
    assert_int_equal(told.endpoints_min, 3);
    assert_string_equal(told.pod, "prod/db-2 db 1");
    const unsigned events = told.events;
    assert_int_equal(pipeline_run(&f->p, &f->clock, NULL), 0);
    assert_int_equal(told.events, events);
}

// Whatever memory lacks: nobody is told what cannot be seen.
static void events_wait_for_what_could_not_be_published(void **state)
{
    struct fixture *f = *state;
    bool hit = true;
    given(f, "", f->file);
    for (long n = 1; hit; n++) {
        struct told told;
        assert_int_equal(init_with(f, &told), 0);
        assert_int_equal(pipeline_read(&f->p, false), 1);
        fault_alloc_after(n);
        const int r = pipeline_publish(&f->p, &f->clock, NULL);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        if (r < 0) {
            assert_int_equal(r, -ENOMEM);
            assert_int_equal(told.events, 0);
            assert_int_equal(pipeline_publish(&f->p, &f->clock, NULL), 0);
        }
        // one may be lost: that for which there was no memory
        assert_in_range(told.ready, hit && r == 0 ? 2 : 3, 3);
        assert_int_equal(told.endpoints_min, 3);
        pipeline_release(&f->p, NULL);
    }
}

static void the_last_of_too_many_events_are_told(void **state)
{
    struct fixture *f = *state;
    struct told told;
    given(f, "", f->file);
    assert_int_equal(init_with(f, &told), 0);
    assert_int_equal(pipeline_read(&f->p, false), 1);
    assert_int_equal(pipeline_publish(&f->p, &f->clock, NULL), 0);
    struct ordinals *o = statefulsets_ordinals(f->p.statefulsets);
    const struct ordinals_target db = {"prod", "db"};
    struct error err;
    // created, addressed and ready each
    assert_int_equal(
        ordinals_scale(o, db, PIPELINE_EVENTS_MAX / 3 + 9, NULL, &err), 0);
    told.events = 0;
    assert_int_equal(pipeline_run(&f->p, &f->clock, NULL), 0);
    assert_int_equal(told.events, PIPELINE_EVENTS_MAX);
    assert_int_not_equal(told.first, ORDINALS_SCALED);
    assert_int_equal(told.last, ORDINALS_SETTLED);
}

static void the_next_moment_is_the_earliest(void **state)
{
    struct fixture *f = *state;
    struct fault fault = {.kind = FAULT_STALE,
                          .of_service = true,
                          .ms = 700,
                          .until_ms = UINT64_MAX,
                          .namespace = "prod",
                          .name = "db"};
    given(f, "--enable-faults", f->file);
    assert_int_equal(init(f), 0);
    assert_int_equal(pipeline_load(&f->p, &f->clock, &f->err), 0);
    assert_true(pipeline_next_ms(&f->p) == UINT64_MAX);
    // the end of a fault
    fault.until_ms = 5000;
    assert_int_equal(faults_add(f->p.faults, &fault, &f->err), 0);
    assert_true(pipeline_next_ms(&f->p) <= f->now.now_ms);
    assert_int_equal(pipeline_run(&f->p, &f->clock, NULL), 0);
    assert_int_equal(pipeline_next_ms(&f->p), 5000);
    // a change that is held back
    struct error err;
    assert_int_equal(ordinals_scale(statefulsets_ordinals(f->p.statefulsets),
                                    (struct ordinals_target){"prod", "db"}, 2,
                                    NULL, &err),
                     0);
    assert_int_equal(pipeline_run(&f->p, &f->clock, NULL), 0);
    assert_int_equal(pipeline_next_ms(&f->p), 700);
    assert_int_equal(zone_state(f->p.zone).endpoints, 3);
    fake_clock_advance(&f->now, 700);
    assert_int_equal(pipeline_run(&f->p, &f->clock, NULL), 0);
    assert_int_equal(zone_state(f->p.zone).endpoints, 2);
    assert_int_equal(pipeline_next_ms(&f->p), 5000);
    fake_clock_advance(&f->now, 4300);
    assert_int_equal(pipeline_run(&f->p, &f->clock, NULL), 0);
    assert_int_equal(faults_count(f->p.faults), 0);
    assert_true(pipeline_next_ms(&f->p) == UINT64_MAX);
}

// --- time for people ---------------------------------------------------------

static const struct pod_facts *facts(const struct fixture *f, const char *pod)
{
    const struct object *o =
        cluster_find(f->p.cluster, OBJECT_POD, "prod", pod);
    assert_non_null(o);
    return &o->pod;
}

static void scale(struct fixture *f, uint32_t replicas)
{
    assert_int_equal(ordinals_scale(statefulsets_ordinals(f->p.statefulsets),
                                    (struct ordinals_target){"prod", "db"},
                                    replicas, NULL, &f->err),
                     0);
}

static void pods_say_when_by_the_clock(void **state)
{
    struct fixture *f = *state;
    given(f, "", f->file);
    assert_int_equal(init(f), 0);
    fake_clock_advance(&f->now, 60000);
    assert_true(pipeline_read(&f->p, false) >= 0);
    assert_int_equal(pipeline_publish(&f->p, &f->clock, NULL), 0);
    assert_int_equal(facts(f, "db-2")->since_unix_s, FAKE_CLOCK_START_S + 60);
    fake_clock_advance(&f->now, 40000);
    scale(f, 4);
    assert_int_equal(pipeline_run(&f->p, &f->clock, NULL), 0);
    assert_int_equal(facts(f, "db-2")->since_unix_s, FAKE_CLOCK_START_S + 60);
    assert_int_equal(facts(f, "db-3")->since_unix_s, FAKE_CLOCK_START_S + 100);
}

// A second pod is made when the first one is ready, which takes its time.
static void time_that_is_taken_as_passed_is_now(void **state)
{
    struct fixture *f = *state;
    given(f, "", f->file);
    static const char slow[] =
        "---\napiVersion: apps/v1\nkind: StatefulSet\n"
        "metadata:\n  name: slow\n  namespace: prod\n"
        "  annotations: {ordinald.io/ready-after: 1h}\n"
        "spec:\n  serviceName: db\n  replicas: 3\n"
        "  selector: {matchLabels: {app: slow}}\n"
        "  template:\n    metadata: {labels: {app: slow}}\n"
        "    spec: {containers: [{name: slow, image: slow}]}\n";
    FILE *out = fopen(f->file, "a");
    assert_non_null(out);
    assert_true(fputs(slow, out) >= 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(init(f), 0);
    fake_clock_advance(&f->now, 5000);
    assert_int_equal(pipeline_load(&f->p, &f->clock, &f->err), 0);
    assert_true(facts(f, "slow-2")->ready);
    assert_int_equal(facts(f, "slow-0")->since_unix_s, FAKE_CLOCK_START_S + 5);
    assert_int_equal(facts(f, "slow-2")->since_unix_s, FAKE_CLOCK_START_S + 5);
}

static void without_leave_there_are_no_faults(void **state)
{
    struct fixture *f = *state;
    given(f, "", f->file);
    assert_int_equal(init(f), 0);
    assert_null(f->p.faults);
}

// --- what it refuses --------------------------------------------------------

static void a_path_that_went_is_named(void **state)
{
    struct fixture *f = *state;
    given(f, "", f->file);
    unlink(f->file);
    assert_int_equal(init(f), -ENOENT);
    assert_non_null(strstr(f->err.text, f->file));
}

static void a_domain_without_room_for_names_is_refused(void **state)
{
    struct fixture *f = *state;
    char line[300] = "--cluster-domain ";
    for (int i = 0; i < 4; i++)
        strcat(line, "a23456789-123456789-123456789-123456789-123456789-"
                     "123456789.");
    strcat(line, "12345678"); // 250 octets, and 11 for "hostmaster"
    given(f, line, f->file);
    assert_int_equal(init(f), -EINVAL);
    assert_true(f->err.text[0] != '\0');
}

static void without_memory_nothing_is_left_behind(void **state)
{
    struct fixture *f = *state;
    given(f,
          "--pods verified --namespaces prod --label-selector !x --zonal "
          "--reverse 10.0.0.0/8",
          f->file);
    bool hit = true;
    for (long n = 1; hit; n++) {
        f->err.text[0] = '\0';
        fault_alloc_after(n);
        int r = init(f);
        if (r == 0)
            r = pipeline_load(&f->p, &f->clock, &f->err);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        // A service that found no memory is built by the next call.
        if (r == -ENOMEM && f->p.zone)
            r = pipeline_load(&f->p, &f->clock, &f->err);
        else if (r == -ENOMEM)
            assert_true(f->err.text[0] != '\0');
        if (f->p.zone) {
            assert_int_equal(r, 0);
            assert_int_equal(zone_state(f->p.zone).endpoints, 3);
        }
        pipeline_release(&f->p, NULL);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_become_a_zone),
        TEST(a_load_takes_the_time_of_pods_as_passed),
        TEST(what_did_not_change_is_not_published_again),
        TEST(a_load_waits_for_the_end_of_standard_input),
        TEST(settings_say_how_to_answer),
        TEST(seeds_differ),
        TEST(events_are_told_when_answers_have_them),
        TEST(events_wait_for_what_could_not_be_published),
        TEST(the_last_of_too_many_events_are_told),
        TEST(the_next_moment_is_the_earliest),
        TEST(pods_say_when_by_the_clock),
        TEST(time_that_is_taken_as_passed_is_now),
        TEST(without_leave_there_are_no_faults),
        TEST(a_path_that_went_is_named),
        TEST(a_domain_without_room_for_names_is_refused),
        TEST(without_memory_nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
