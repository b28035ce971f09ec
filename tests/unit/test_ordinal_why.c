// SPDX-License-Identifier: Apache-2.0
// What pods made here say of when they came to where they are, and why they are
// not ready: in their facts, for answers.
#include "lib/fault.h"
#include "lib/objects.h"
#include "lib/stage.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { START_S = 1700000000 };

static void open_stage(struct stage *s)
{
    stage_open(s, "10.244.0.0/16", NULL, NULL, NULL);
}

static struct workload_rules *set(struct stage *s, uint32_t replicas,
                                  const char *addresses)
{
    struct object *o =
        stage_workload(s, OBJECT_STATEFUL_SET, "web", replicas, addresses);

    return stage_rules(o);
}

static const struct pod_facts *facts(const struct stage *s, const char *name)
{
    const struct object *o = stage_find(s, name);

    assert_non_null(o);
    assert_non_null(o->pod.reason);
    return &o->pod;
}

// A step at this moment, which is so long after START_S for people.
static void run(struct stage *s, uint64_t now_ms)
{
    ordinals_tell_time(s->ordinals, now_ms,
                       (uint32_t)(START_S + now_ms / 1000));
    stage_run(s, now_ms);
}

static void begin(struct stage *s)
{
    ordinals_tell_time(s->ordinals, 0, START_S);
    stage_step(s);
}

static void steer(struct stage *s,
                  int (*how)(struct ordinals *o, struct ordinals_target pod,
                             struct error *err),
                  const char *pod)
{
    struct error err;

    assert_int_equal(
        how(s->ordinals, (struct ordinals_target){"ns", pod}, &err), 0);
}

// --- since when ------------------------------------------------------------

static void a_pod_says_since_when_it_is_where_it_is(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    struct workload_rules *r = set(&s, 1, "");
    r->address_after_ms = 2000;
    r->ready_after_ms = 3000;
    r->min_ready_s = 4;
    r->gone_after_ms = 60000;
    begin(&s);
    assert_int_equal(facts(&s, "web-0")->phase, POD_PENDING);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S);
    run(&s, 2000);
    assert_int_equal(facts(&s, "web-0")->phase, POD_RUNNING);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S + 2);
    run(&s, 5000);
    assert_true(facts(&s, "web-0")->ready);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S + 5);
    // That it is available is nothing which the outside sees.
    run(&s, 9000);
    assert_int_equal(s.changed, 0);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S + 5);
    run(&s, 20000);
    steer(&s, ordinals_delete_pod, "web-0");
    run(&s, 21500);
    assert_true(facts(&s, "web-0")->terminating);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S + 21);
    run(&s, 70000);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S + 21);
    stage_close(&s);
}

static void readiness_that_is_lost_begins_anew(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 1, "");
    begin(&s);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S);
    run(&s, 10000);
    assert_int_equal(s.changed, 0);
    stage_fault(&s, FAULT_NOT_READY, 0, "web-0");
    run(&s, 11000);
    assert_false(facts(&s, "web-0")->ready);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S + 11);
    stage_close(&s);
}

static void another_address_is_no_other_state(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 1, "")->ready_after_ms = 60000;
    begin(&s);
    stage_take(&s, stage_address(&s, "web-0", 0));
    s.now_ms = 5000;
    ordinals_tell_time(s.ordinals, 5000, START_S + 5);
    stage_step(&s);
    assert_int_equal(s.changed, 1);
    assert_string_equal(stage_address(&s, "web-0", 0), "10.244.0.2");
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S);
    stage_close(&s);
}

static void time_that_a_machine_slept_changes_nothing_before(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 2, "")->ready_after_ms = 60000;
    begin(&s);
    // A night passed, of which the monotonic clock knows nothing.
    ordinals_tell_time(s.ordinals, 5000, START_S + 30000);
    stage_run(&s, 5000);
    assert_int_equal(s.changed, 0);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S);
    stage_run(&s, 60000);
    // What is told holds for later steps, too.
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S + 30055);
    assert_int_equal(facts(&s, "web-1")->since_unix_s, START_S + 30055);
    // Nor does a clock that is set back.
    ordinals_tell_time(s.ordinals, 120000, START_S + 10);
    stage_run(&s, 120000);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S + 30055);
    assert_int_equal(facts(&s, "web-1")->since_unix_s, START_S + 10);
    stage_close(&s);
}

static void without_a_time_nothing_is_said_of_when(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 1, "")->ready_after_ms = 1000;
    stage_step(&s);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, 0);
    stage_run(&s, 1000);
    assert_true(facts(&s, "web-0")->ready);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, 0);
    // Beyond 32 bits neither.
    ordinals_tell_time(s.ordinals, 2000, UINT32_MAX);
    stage_fault(&s, FAULT_NOT_READY, 0, "web-0");
    stage_run(&s, 3000);
    assert_false(facts(&s, "web-0")->ready);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, 0);
    stage_close(&s);
}

// --- why -------------------------------------------------------------------

static void a_pod_says_what_it_waits_for(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    struct workload_rules *r = set(&s, 1, "");
    r->address_after_ms = 500;
    r->ready_after_ms = 2000;
    r->min_ready_s = 5;
    r->gone_after_ms = 1000;
    begin(&s);
    assert_string_equal(facts(&s, "web-0")->reason,
                        "takes 500 ms to get an address");
    run(&s, 500);
    assert_string_equal(facts(&s, "web-0")->reason,
                        "takes 2000 ms to be ready");
    run(&s, 2500);
    assert_string_equal(facts(&s, "web-0")->reason, "");
    run(&s, 7500);
    steer(&s, ordinals_delete_pod, "web-0");
    run(&s, 8000);
    // That it terminates is a fact by itself.
    assert_true(facts(&s, "web-0")->terminating);
    assert_string_equal(facts(&s, "web-0")->reason, "");
    // So it is of one that was never ready.
    run(&s, 9000);
    run(&s, 10000);
    assert_string_equal(facts(&s, "web-0")->reason,
                        "takes 2000 ms to be ready");
    steer(&s, ordinals_delete_pod, "web-0");
    run(&s, 10100);
    assert_true(facts(&s, "web-0")->terminating);
    assert_string_equal(facts(&s, "web-0")->reason, "");
    stage_close(&s);
}

static void a_fault_is_the_reason(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 1, "");
    begin(&s);
    assert_string_equal(facts(&s, "web-0")->reason, "");
    stage_fault(&s, FAULT_FLAP, 700, "web-0");
    run(&s, 100);
    assert_string_equal(facts(&s, "web-0")->reason, "");
    run(&s, 1000);
    assert_string_equal(facts(&s, "web-0")->reason, "fault flap=700");
    // The other one holds for longer.
    stage_fault(&s, FAULT_NOT_READY, 0, "web-0");
    run(&s, 1100);
    assert_string_equal(facts(&s, "web-0")->reason, "fault not-ready");
    assert_int_equal(s.changed, 1);
    faults_clear(s.faults, NULL, NULL);
    run(&s, 1200);
    assert_string_equal(facts(&s, "web-0")->reason, "");
    stage_fault(&s, FAULT_GONE, 0, "web-0");
    run(&s, 1300);
    assert_string_equal(facts(&s, "web-0")->reason, "fault gone");
    assert_int_equal(facts(&s, "web-0")->phase, POD_PENDING);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S + 1);
    stage_close(&s);
}

static void a_reason_that_changes_is_told_though_the_state_does_not(
    void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 1, "")->ready_after_ms = 5000;
    begin(&s);
    stage_fault(&s, FAULT_NOT_READY, 0, "web-0");
    run(&s, 1000);
    // It takes its time all the same.
    assert_int_equal(s.changed, 0);
    assert_string_equal(facts(&s, "web-0")->reason,
                        "takes 5000 ms to be ready");
    run(&s, 5000);
    assert_int_equal(s.changed, 1);
    assert_string_equal(facts(&s, "web-0")->reason, "fault not-ready");
    // Not ready since the beginning, whatever it waits for.
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S);
    stage_close(&s);
}

static void a_time_that_changes_is_another_reason(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 1, "")->ready_after_ms = 5000;
    begin(&s);
    set(&s, 1, "")->ready_after_ms = 90000;
    stage_step(&s);
    assert_int_equal(s.changed, 1);
    assert_string_equal(facts(&s, "web-0")->reason,
                        "takes 90000 ms to be ready");
    stage_close(&s);
}

static void a_pod_without_address_says_why_and_names_none(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, NULL, NULL, NULL, NULL);
    set(&s, 1, "");
    begin(&s);
    assert_string_equal(
        facts(&s, "web-0")->reason,
        "there is no --pod-cidr and no annotation ordinald.io/addresses");
    set(&s, 2, "10.0.0.1");
    stage_step(&s);
    assert_string_equal(facts(&s, "web-0")->reason, "");
    assert_string_equal(facts(&s, "web-1")->reason,
                        "the annotation ordinald.io/addresses names no address "
                        "for it, and there is no --pod-cidr");
    // Another reason in the same state.
    stage_workload(&s, OBJECT_STATEFUL_SET, "a", 1, "10.0.0.9");
    stage_step(&s);
    set(&s, 2, "10.0.0.1 10.0.0.9");
    stage_step(&s);
    assert_int_equal(s.changed, 1);
    assert_string_equal(facts(&s, "web-1")->reason,
                        "its address is another workload's");
    stage_close(&s);
}

static void a_pod_waits_for_an_address_that_another_pod_still_has(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, NULL, NULL, NULL, NULL);
    set(&s, 2, "10.0.0.1 10.0.0.2")->gone_after_ms = 10000;
    begin(&s);
    run(&s, 5000);
    set(&s, 1, "10.0.0.1 10.0.0.2")->gone_after_ms = 10000;
    stage_step(&s);
    set(&s, 1, "10.0.0.2")->gone_after_ms = 10000;
    ordinals_tell_time(s.ordinals, 6000, START_S + 6);
    s.now_ms = 6000;
    stage_step(&s);
    assert_true(facts(&s, "web-1")->terminating);
    assert_string_equal(facts(&s, "web-0")->reason,
                        "its address is still another pod's");
    assert_int_equal(facts(&s, "web-0")->phase, POD_PENDING);
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S + 6);
    stage_run(&s, 15001); // 10 s from when it was to go
    assert_string_equal(stage_address(&s, "web-0", 0), "10.0.0.2");
    assert_string_equal(facts(&s, "web-0")->reason, "");
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S + 15);
    stage_close(&s);
}

static void a_full_range_is_a_reason(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.0.0.0/32", NULL, NULL, NULL);
    set(&s, 2, "")->parallel = true;
    begin(&s);
    const char *lacking = facts(&s, "web-0")->addresses_n ? "web-1" : "web-0";
    assert_string_equal(facts(&s, lacking)->reason,
                        "no address is left in --pod-cidr");
    stage_close(&s);
}

// --- probes ----------------------------------------------------------------

static const struct probe tcp = {.kind = PROBE_TCP,
                                 .port = 27017,
                                 .host = "",
                                 .path = "",
                                 .service = "",
                                 .period_s = 10,
                                 .timeout_s = 1,
                                 .success_threshold = 1,
                                 .failure_threshold = 2};

static struct probe probe_of(enum probe_kind kind, uint16_t port,
                             const char *path)
{
    struct probe p = tcp;

    p.kind = (uint8_t)kind;
    p.port = port;
    p.path = path;
    return p;
}

static void probe_set(struct stage *s, const struct probe *probes, uint32_t n)
{
    struct workload_rules *r = set(s, 1, "");

    r->probes = probes;
    r->probes_n = n;
}

static void the_probe_is_named(void **state)
{
    const struct {
        struct probe probe;
        const char *reason;
    } cases[] = {
        {tcp, "readinessProbe tcp 27017"},
        {probe_of(PROBE_HTTP, 8080, "/health"),
         "readinessProbe http :8080/health"},
        {probe_of(PROBE_HTTPS, 443, "/"), "readinessProbe https :443/"},
        {probe_of(PROBE_GRPC, 9000, ""), "readinessProbe grpc 9000"},
        // Port 0: a name that the container does not have.
        {probe_of(PROBE_HTTP, 0, "/a?token=secret"),
         "readinessProbe http :0/a"},
        {probe_of(PROBE_HTTP, 1, "/a#b"), "readinessProbe http :1/a"},
        {probe_of(PROBE_HTTP, 1, "/a\nb"), "readinessProbe http :1/a"},
        {probe_of(PROBE_HTTP, 1, "/a\u00e9"), "readinessProbe http :1/a"},
    };
    (void)state;
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        struct stage s;
        stage_open_probing(&s, "10.244.0.0/16");
        probe_set(&s, &cases[i].probe, 1);
        begin(&s);
        assert_string_equal(facts(&s, "web-0")->reason, cases[i].reason);
        stage_close(&s);
    }
}

static void a_long_path_is_cut(void **state)
{
    struct stage s;
    char path[201] = "/";
    (void)state;
    memset(path + 1, 'x', sizeof path - 2);
    const struct probe long_one = probe_of(PROBE_HTTPS, 65535, path);
    stage_open_probing(&s, "10.244.0.0/16");
    probe_set(&s, &long_one, 1);
    begin(&s);
    const char *reason = facts(&s, "web-0")->reason;
    assert_in_range(strlen(reason), 40, POD_REASON_MAX);
    assert_memory_equal(reason, "readinessProbe https :65535/xxx", 31);
    stage_close(&s);
}

static void probes_that_fail_again_are_no_change(void **state)
{
    struct stage s;
    (void)state;
    stage_open_probing(&s, "10.244.0.0/16");
    probe_set(&s, &tcp, 1);
    begin(&s);
    for (uint64_t at = 0; at < 60000; at += 10000) {
        run(&s, at + 1);
        stage_answer(&s, false);
        run(&s, at + 5000);
        assert_int_equal(s.changed, 0);
        run(&s, at + 10000);
        assert_int_equal(s.changed, 0);
    }
    assert_string_equal(facts(&s, "web-0")->reason, "readinessProbe tcp 27017");
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S);
    // What stands just now is another matter.
    assert_string_equal(stage_reason(&s, "web-0"),
                        "probe of tcp port 27017 failed 6 times");
    stage_answer(&s, true);
    run(&s, 60100);
    assert_true(facts(&s, "web-0")->ready);
    assert_string_equal(facts(&s, "web-0")->reason, "");
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S + 60);
    stage_close(&s);
}

static void the_first_probe_that_does_not_succeed_is_named(void **state)
{
    const struct probe two[] = {tcp, probe_of(PROBE_HTTP, 80, "/up")};
    struct stage s;
    (void)state;
    stage_open_probing(&s, "10.244.0.0/16");
    probe_set(&s, two, 2);
    begin(&s);
    assert_string_equal(facts(&s, "web-0")->reason, "readinessProbe tcp 27017");
    stage_answer(&s, true);
    // Told at once, not when the next probe is due.
    assert_true(ordinals_next_ms(s.ordinals) <= s.now_ms);
    run(&s, 100);
    assert_int_equal(s.changed, 1);
    assert_string_equal(facts(&s, "web-0")->reason,
                        "readinessProbe http :80/up");
    assert_int_equal(facts(&s, "web-0")->since_unix_s, START_S);
    stage_answer(&s, true);
    run(&s, 200);
    assert_true(facts(&s, "web-0")->ready);
    stage_close(&s);
}

// --- cost ------------------------------------------------------------------

static void a_step_in_which_nothing_happens_tells_nothing(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 3, "")->ready_after_ms = 60000;
    begin(&s);
    for (uint64_t at = 1000; at < 60000; at += 1000) {
        run(&s, at);
        assert_int_equal(s.came + s.changed + s.went, 0);
        ordinals_tell_time(s.ordinals, at, (uint32_t)(START_S + at / 1000));
        s.now_ms = at;
        stage_step(&s);
        assert_int_equal(s.came + s.changed + s.went, 0);
    }
    stage_close(&s);
}

static void a_ready_pod_takes_no_memory_for_a_reason(void **state)
{
    unsigned long used[2];
    (void)state;
    for (int unready = 0; unready < 2; unready++) {
        struct stage s;
        open_stage(&s);
        struct workload_rules *r = set(&s, 100, "");
        r->parallel = true;
        r->ready_after_ms = unready ? 1000 : 0;
        const unsigned long before = fault_alloc_count();
        begin(&s);
        used[unready] = fault_alloc_count() - before;
        stage_close(&s);
    }
    assert_int_equal(used[1] - used[0], 100);
}

static void without_memory_the_next_step_goes_on(void **state)
{
    bool hit = true;
    (void)state;
    for (long n = 1; hit; n++) {
        struct stage s;
        open_stage(&s);
        struct workload_rules *r = set(&s, 2, "");
        r->parallel = true;
        r->ready_after_ms = 2000;
        ordinals_tell_time(s.ordinals, 0, START_S);
        fault_alloc_after(n);
        const int rc = stage_try(&s);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        assert_true(rc == 0 || (rc == -ENOMEM && hit));
        if (rc)
            stage_step(&s);
        assert_string_equal(stage_names(&s), "web-0 web-1 ");
        assert_string_equal(facts(&s, "web-1")->reason,
                            "takes 2000 ms to be ready");
        assert_int_equal(facts(&s, "web-1")->since_unix_s, START_S);
        stage_close(&s);
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pod_says_since_when_it_is_where_it_is),
        cmocka_unit_test(readiness_that_is_lost_begins_anew),
        cmocka_unit_test(another_address_is_no_other_state),
        cmocka_unit_test(time_that_a_machine_slept_changes_nothing_before),
        cmocka_unit_test(without_a_time_nothing_is_said_of_when),
        cmocka_unit_test(a_pod_says_what_it_waits_for),
        cmocka_unit_test(a_fault_is_the_reason),
        cmocka_unit_test(
            a_reason_that_changes_is_told_though_the_state_does_not),
        cmocka_unit_test(a_time_that_changes_is_another_reason),
        cmocka_unit_test(a_pod_without_address_says_why_and_names_none),
        cmocka_unit_test(a_pod_waits_for_an_address_that_another_pod_still_has),
        cmocka_unit_test(a_full_range_is_a_reason),
        cmocka_unit_test(the_probe_is_named),
        cmocka_unit_test(a_long_path_is_cut),
        cmocka_unit_test(probes_that_fail_again_are_no_change),
        cmocka_unit_test(the_first_probe_that_does_not_succeed_is_named),
        cmocka_unit_test(a_step_in_which_nothing_happens_tells_nothing),
        cmocka_unit_test(a_ready_pod_takes_no_memory_for_a_reason),
        cmocka_unit_test(without_memory_the_next_step_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
