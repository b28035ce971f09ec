// SPDX-License-Identifier: Apache-2.0
// The life of a pod as its kubelet and its faults let it pass: what it waits
// for, what it is told to be, and what it leaves behind.
#include "lib/fault.h"
#include "lib/objects.h"
#include "lib/stage.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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

static struct ordinals_target pod(const char *name)
{
    return (struct ordinals_target){.namespace = "ns", .name = name};
}

static void delete_pod(struct stage *s, const char *name)
{
    struct error err;

    assert_int_equal(ordinals_delete_pod(s->ordinals, pod(name), &err), 0);
}

// --- time ------------------------------------------------------------------

static void a_pod_comes_to_be_ready_step_by_step(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    struct workload_rules *r = set(&s, 1, "");
    r->address_after_ms = 200;
    r->ready_after_ms = 2000;
    r->min_ready_s = 5;
    stage_step(&s);
    const struct object *o = stage_find(&s, "web-0");
    assert_int_equal(o->pod.phase, POD_PENDING);
    assert_int_equal(o->pod.addresses_n, 0);
    assert_string_equal(stage_reason(&s, "web-0"),
                        "takes 200 ms to get an address");
    assert_int_equal(ordinals_next_ms(s.ordinals), 200);
    stage_run(&s, 200);
    assert_int_equal(s.changed, 1);
    o = stage_find(&s, "web-0");
    assert_int_equal(o->pod.phase, POD_RUNNING);
    assert_int_equal(o->pod.addresses_n, 1);
    assert_false(o->pod.ready);
    assert_string_equal(stage_reason(&s, "web-0"), "takes 2000 ms to be ready");
    assert_int_equal(ordinals_next_ms(s.ordinals), 2200);
    stage_run(&s, 2199);
    assert_int_equal(s.changed, 0);
    stage_run(&s, 2200);
    assert_true(stage_find(&s, "web-0")->pod.ready);
    assert_string_equal(stage_reason(&s, "web-0"),
                        "available when ready for 5 s");
    assert_int_equal(ordinals_next_ms(s.ordinals), 7200);
    stage_run(&s, 7200);
    // That is nothing which the outside sees.
    assert_int_equal(s.changed, 0);
    assert_string_equal(stage_reason(&s, "web-0"), "");
    static const enum ordinals_what order[] = {
        ORDINALS_CREATED, ORDINALS_ADDRESSED, ORDINALS_READY,
        ORDINALS_AVAILABLE, ORDINALS_SETTLED};
    assert_int_equal(s.events_n, ORD_COUNT(order));
    for (size_t i = 0; i < ORD_COUNT(order); i++)
        assert_int_equal(s.events[i].what, order[i]);
    stage_close(&s);
}

static void a_pod_without_address_is_pending(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, NULL, NULL, NULL, NULL);
    set(&s, 2, "10.0.0.1");
    stage_step(&s);
    assert_string_equal(stage_names(&s), "web-0 web-1 ");
    assert_string_equal(stage_ready(&s), "web-0 ");
    assert_int_equal(stage_find(&s, "web-1")->pod.phase, POD_PENDING);
    assert_string_equal(stage_reason(&s, "web-1"),
                        "the annotation ordinald.io/addresses names no address "
                        "for it, and there is no --pod-cidr");
    assert_true(ordinals_next_ms(s.ordinals) == UINT64_MAX);
    // As soon as it has one, it goes on.
    set(&s, 2, "10.0.0.1 10.0.0.2");
    stage_step(&s);
    assert_string_equal(stage_ready(&s), "web-0 web-1 ");
    stage_close(&s);
}

static void an_address_that_gets_free_is_given_in_the_same_step(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.0.0.0/30", NULL, NULL, NULL);
    set(&s, 3, "");
    stage_workload(&s, OBJECT_STATEFUL_SET, "a", 1, "");
    stage_step(&s);
    // Two addresses for four.
    assert_string_equal(stage_ready(&s), "a-0 web-0 ");
    assert_string_equal(stage_reason(&s, "web-1"),
                        "no address is left in --pod-cidr 10.0.0.0/30");
    assert_non_null(strstr(s.findings, "'ns/web-1' and 1 more"));
    stage_remove(&s, "a");
    stage_step(&s);
    assert_string_equal(stage_ready(&s), "web-0 web-1 ");
    stage_close(&s);
}

static void a_terminating_pod_keeps_its_declared_address(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 2, "10.0.0.1 10.0.0.2")->gone_after_ms = 1000;
    stage_step(&s);
    delete_pod(&s, "web-1");
    stage_run(&s, 10);
    // Another one that is to have it waits, until it is free.
    stage_workload(&s, OBJECT_STATEFUL_SET, "other", 1, "10.0.0.2");
    set(&s, 2, "10.0.0.1")->gone_after_ms = 1000;
    stage_step(&s);
    assert_string_equal(stage_address(&s, "web-1", 0), "10.0.0.2");
    assert_string_equal(stage_address(&s, "other-0", 0), "");
    assert_string_equal(stage_reason(&s, "other-0"),
                        "address 10.0.0.2 is still another pod's");
    assert_string_equal(s.findings, "");
    stage_run(&s, 1010);
    assert_string_equal(stage_address(&s, "other-0", 0), "10.0.0.2");
    assert_memory_equal(stage_address(&s, "web-1", 0), "10.244.", 7);
    stage_close(&s);
}

static void a_time_that_changes_counts_from_when_it_began(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 1, "")->ready_after_ms = 10000;
    stage_step(&s);
    stage_run(&s, 3000);
    set(&s, 1, "")->ready_after_ms = 4000;
    stage_step(&s);
    assert_int_equal(ordinals_next_ms(s.ordinals), 4000);
    set(&s, 1, "")->ready_after_ms = 2000;
    stage_step(&s);
    assert_string_equal(stage_ready(&s), "web-0 ");
    // Whoever is ready stays so.
    set(&s, 1, "")->ready_after_ms = 60000;
    stage_step(&s);
    assert_string_equal(stage_ready(&s), "web-0 ");
    stage_close(&s);
}

static void a_step_in_which_nothing_is_due_says_nothing(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 3, "")->ready_after_ms = 1000;
    stage_step(&s);
    stage_forget(&s);
    const unsigned long before = fault_alloc_count();
    stage_run(&s, 500);
    assert_int_equal(fault_alloc_count(), before);
    assert_int_equal(s.events_n, 0);
    assert_int_equal(s.came + s.changed + s.went, 0);
    stage_close(&s);
}

// --- probes ----------------------------------------------------------------

static const struct probe usual = {.kind = PROBE_TCP,
                                   .port = 27017,
                                   .host = "",
                                   .path = "",
                                   .service = "",
                                   .initial_delay_s = 5,
                                   .period_s = 10,
                                   .timeout_s = 1,
                                   .success_threshold = 1,
                                   .failure_threshold = 3};

static void probe_set(struct stage *s, const struct probe *probes, uint32_t n)
{
    struct workload_rules *r = set(s, 1, "");

    r->probes = probes;
    r->probes_n = n;
    // A probe counts instead.
    r->ready_after_ms = 99;
}

static void a_probed_pod_is_ready_when_it_answers(void **state)
{
    struct stage s;
    (void)state;
    stage_open_probing(&s, "10.244.0.0/16");
    probe_set(&s, &usual, 1);
    stage_step(&s);
    assert_int_equal(s.tickets_n, 0);
    assert_int_equal(ordinals_next_ms(s.ordinals), 5000);
    stage_run(&s, 5000);
    assert_int_equal(s.tickets_n, 1);
    assert_string_equal(stage_ready(&s), "");
    assert_string_equal(stage_reason(&s, "web-0"),
                        "probe of tcp port 27017 has no answer yet");
    stage_answer(&s, true);
    // The next step sees it.
    assert_string_equal(stage_ready(&s), "");
    assert_int_equal(ordinals_next_ms(s.ordinals), 5000);
    stage_run(&s, 5200);
    assert_string_equal(stage_ready(&s), "web-0 ");
    // Periods count from when it was asked.
    assert_int_equal(ordinals_next_ms(s.ordinals), 15000);
    stage_run(&s, 15000);
    assert_int_equal(s.tickets_n, 1);
    stage_close(&s);
}

// A pod that could not be told of has a probe that is due.
static void who_lacks_memory_does_not_ask_again_at_once(void **state)
{
    struct probe now = usual;
    bool hit = true;
    (void)state;
    now.initial_delay_s = 0;
    for (long n = 1; hit; n++) {
        struct stage s;
        stage_open_probing(&s, "10.244.0.0/16");
        probe_set(&s, &now, 1);
        fault_alloc_after(n);
        const int rc = stage_try(&s);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        if (rc)
            assert_in_range(ordinals_next_ms(s.ordinals), s.now_ms + 10,
                            s.now_ms + 1000);
        stage_step(&s);
        assert_int_equal(s.tickets_n, 1);
        stage_close(&s);
    }
}

static void so_many_failures_in_a_row_make_it_unready(void **state)
{
    struct stage s;
    (void)state;
    stage_open_probing(&s, "10.244.0.0/16");
    probe_set(&s, &usual, 1);
    stage_step(&s);
    static const bool answers[] = {true, false, false, true, false, false};
    uint64_t at = 5000;
    for (size_t i = 0; i < ORD_COUNT(answers); i++, at += 10000) {
        stage_until(&s, at);
        stage_answer(&s, answers[i]);
        stage_until(&s, at + 100);
        assert_string_equal(stage_ready(&s), "web-0 ");
    }
    stage_until(&s, at);
    stage_answer(&s, false);
    stage_until(&s, at + 100);
    assert_string_equal(stage_ready(&s), "");
    assert_string_equal(stage_last(&s, ORDINALS_UNREADY)->reason,
                        "probe of tcp port 27017 failed 3 times");
    assert_string_equal(stage_reason(&s, "web-0"),
                        "probe of tcp port 27017 failed 3 times");
    stage_close(&s);
}

static void so_many_successes_in_a_row_make_it_ready(void **state)
{
    struct probe p = usual;
    struct stage s;
    (void)state;
    p.success_threshold = 2;
    stage_open_probing(&s, "10.244.0.0/16");
    probe_set(&s, &p, 1);
    stage_step(&s);
    static const bool answers[] = {true, false, true};
    uint64_t at = 5000;
    for (size_t i = 0; i < ORD_COUNT(answers); i++, at += 10000) {
        stage_until(&s, at);
        stage_answer(&s, answers[i]);
        stage_until(&s, at + 100);
        assert_string_equal(stage_ready(&s), "");
    }
    assert_string_equal(stage_reason(&s, "web-0"),
                        "probe of tcp port 27017 succeeded 1 of 2 times");
    stage_until(&s, at);
    stage_answer(&s, true);
    stage_until(&s, at + 100);
    assert_string_equal(stage_ready(&s), "web-0 ");
    stage_close(&s);
}

static void a_ticket_without_answer_fails(void **state)
{
    struct probe p = usual;
    struct stage s;
    (void)state;
    p.failure_threshold = 1;
    stage_open_probing(&s, "10.244.0.0/16");
    probe_set(&s, &p, 1);
    stage_step(&s);
    stage_run(&s, 5000);
    // The timeout, and a second on its way.
    assert_int_equal(ordinals_next_ms(s.ordinals), 7000);
    stage_run(&s, 7000);
    assert_string_equal(stage_reason(&s, "web-0"),
                        "probe of tcp port 27017 failed 1 time");
    // Its answer comes too late.
    stage_answer(&s, true);
    stage_run(&s, 7100);
    assert_string_equal(stage_ready(&s), "");
    assert_int_equal(ordinals_next_ms(s.ordinals), 15000);
    stage_close(&s);
}

static void nobody_is_asked_twice_at_a_time(void **state)
{
    struct probe p = usual;
    struct stage s;
    (void)state;
    p.period_s = 1;
    p.timeout_s = 30;
    stage_open_probing(&s, "10.244.0.0/16");
    probe_set(&s, &p, 1);
    stage_step(&s);
    stage_until(&s, 35000);
    assert_int_equal(s.tickets_n, 1);
    // Its period is long over: the next one is at once.
    stage_answer(&s, true);
    stage_run(&s, 35500);
    assert_int_equal(s.tickets_n, 1);
    assert_string_equal(stage_ready(&s), "web-0 ");
    stage_close(&s);
}

static void all_probes_of_a_pod_have_to_succeed(void **state)
{
    struct probe p[] = {usual, usual};
    struct stage s;
    (void)state;
    p[1].port = 80;
    p[1].kind = PROBE_HTTP;
    stage_open_probing(&s, "10.244.0.0/16");
    probe_set(&s, p, 2);
    stage_step(&s);
    stage_run(&s, 5000);
    assert_int_equal(s.tickets_n, 2);
    stage_answer(&s, true);
    stage_answer(&s, false);
    stage_run(&s, 5100);
    assert_string_equal(stage_ready(&s), "");
    assert_string_equal(stage_reason(&s, "web-0"),
                        "probe of http port 80 failed 1 time");
    stage_close(&s);
}

static void an_answer_for_a_pod_that_went_is_ignored(void **state)
{
    struct stage s;
    (void)state;
    stage_open_probing(&s, "10.244.0.0/16");
    probe_set(&s, &usual, 1);
    stage_step(&s);
    stage_run(&s, 5000);
    delete_pod(&s, "web-0");
    stage_run(&s, 5100);
    stage_answer(&s, true);
    stage_run(&s, 5200);
    assert_string_equal(stage_ready(&s), "");
    // The successor's delay counts from its own start.
    assert_int_equal(ordinals_next_ms(s.ordinals), 10100);
    stage_close(&s);
}

// --- faults ----------------------------------------------------------------

static void a_flapping_pod_is_ready_by_turns(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 1, "");
    stage_step(&s);
    s.now_ms = 1000;
    stage_fault(&s, FAULT_FLAP, 500, "web-0");
    stage_run(&s, 1000);
    assert_string_equal(stage_ready(&s), "web-0 ");
    assert_int_equal(ordinals_next_ms(s.ordinals), 1500);
    stage_run(&s, 1500);
    assert_string_equal(stage_ready(&s), "");
    assert_string_equal(stage_reason(&s, "web-0"), "fault flap=500");
    assert_int_equal(ordinals_next_ms(s.ordinals), 2000);
    stage_run(&s, 2000);
    assert_string_equal(stage_ready(&s), "web-0 ");
    faults_clear(s.faults, NULL, NULL);
    stage_run(&s, 2600);
    assert_string_equal(stage_ready(&s), "web-0 ");
    assert_true(ordinals_next_ms(s.ordinals) == UINT64_MAX);
    stage_close(&s);
}

static void a_fault_of_a_service_is_that_of_its_pods(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 2, "");
    stage_step(&s);
    stage_fault(&s, FAULT_NOT_READY, 0, "svc");
    // Before the step that is due there is something to do.
    assert_true(ordinals_next_ms(s.ordinals) < s.now_ms);
    stage_run(&s, 10);
    assert_string_equal(stage_ready(&s), "");
    assert_string_equal(stage_last(&s, ORDINALS_UNREADY)->reason,
                        "fault not-ready");
    // One that is made now has it from its birth.
    stage_forget(&s);
    delete_pod(&s, "web-0");
    stage_run(&s, 20);
    assert_string_equal(stage_told(&s, ORDINALS_CREATED), "web-0 ");
    assert_string_equal(stage_told(&s, ORDINALS_READY), "");
    faults_clear(s.faults, NULL, NULL);
    stage_run(&s, 30);
    assert_string_equal(stage_ready(&s), "web-0 web-1 ");
    stage_close(&s);
}

static void who_is_gone_has_a_successor_without_address(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 3, "10.0.0.1 10.0.0.2 10.0.0.3")->gone_after_ms = 30000;
    stage_step(&s);
    stage_forget(&s);
    stage_fault(&s, FAULT_GONE, 0, "web-1");
    stage_run(&s, 10);
    // Without the time that it had to terminate.
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "web-1 ");
    assert_string_equal(stage_told(&s, ORDINALS_CREATED), "web-1 ");
    assert_string_equal(stage_ready(&s), "web-0 web-2 ");
    assert_string_equal(stage_address(&s, "web-1", 0), "");
    assert_string_equal(stage_reason(&s, "web-1"), "fault gone");
    stage_step(&s);
    assert_string_equal(s.findings, "");
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "web-1 ");
    // Deleted meanwhile, its successor has none, too.
    faults_clear(s.faults, NULL, NULL);
    stage_run(&s, 20);
    assert_string_equal(stage_ready(&s), "web-0 web-1 web-2 ");
    assert_string_equal(stage_address(&s, "web-1", 0), "10.0.0.2");
    stage_close(&s);
}

static void who_moves_lives_elsewhere_until_the_fault_ends(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 2, "10.0.0.1");
    stage_step(&s);
    char was[ADDRESS_TEXT_SIZE];
    snprintf(was, sizeof was, "%s", stage_address(&s, "web-1", 0));
    stage_forget(&s);
    stage_fault(&s, FAULT_MOVE, 0, "svc");
    stage_run(&s, 10);
    assert_string_equal(stage_ready(&s), "web-0 web-1 ");
    assert_memory_equal(stage_address(&s, "web-0", 0), "10.244.", 7);
    assert_string_not_equal(stage_address(&s, "web-1", 0), was);
    stage_run(&s, 20);
    stage_step(&s);
    assert_int_equal(strlen(stage_told(&s, ORDINALS_GONE)),
                     2 * strlen("web-0 "));
    assert_string_equal(s.findings, "");
    // The one that has an address of its own returns to it.
    stage_forget(&s);
    faults_clear(s.faults, NULL, NULL);
    stage_run(&s, 30);
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "web-0 ");
    assert_string_equal(stage_address(&s, "web-0", 0), "10.0.0.1");
    stage_close(&s);
}

static void without_a_range_nobody_moves(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, NULL, NULL, NULL, NULL);
    set(&s, 1, "10.0.0.1");
    stage_step(&s);
    stage_forget(&s);
    stage_fault(&s, FAULT_MOVE, 0, "web-0");
    stage_run(&s, 10);
    assert_int_equal(s.events_n, 0);
    stage_close(&s);
}

static void a_fault_that_ends_by_itself_is_waited_for(void **state)
{
    struct fault f = {.kind = FAULT_NOT_READY,
                      .until_ms = 5000,
                      .namespace = "ns",
                      .name = "web-0"};
    struct error err;
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 1, "");
    stage_step(&s);
    assert_int_equal(faults_add(s.faults, &f, &err), 0);
    stage_run(&s, 10);
    assert_string_equal(stage_ready(&s), "");
    assert_int_equal(ordinals_next_ms(s.ordinals), 5000);
    stage_run(&s, 5000);
    assert_string_equal(stage_ready(&s), "web-0 ");
    stage_close(&s);
}

// --- claims ----------------------------------------------------------------

static const char *const templates[] = {"data", "log"};

static struct workload_rules *claiming_set(struct stage *s, uint32_t replicas)
{
    struct workload_rules *r = set(s, replicas, "");

    r->claims = templates;
    r->claims_n = 2;
    return r;
}

static int add_claim(void *context, const char *namespace, const char *name,
                     const char *pod_name)
{
    char *out = context;
    const size_t n = strlen(out);

    assert_string_equal(namespace, "ns");
    snprintf(out + n, 512 - n, "%s=%s ", name, pod_name);
    return 0;
}

static void assert_claims(const struct stage *s, const char *wanted)
{
    char text[512] = "";

    assert_int_equal(ordinals_claims(s->ordinals, add_claim, text), 0);
    assert_string_equal(text, wanted);
}

static void claims_outlive_pods_and_are_bound_again(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    claiming_set(&s, 2);
    stage_step(&s);
    assert_claims(&s, "data-web-0=web-0 data-web-1=web-1 "
                      "log-web-0=web-0 log-web-1=web-1 ");
    assert_string_equal(stage_told(&s, ORDINALS_CLAIMED),
                        "web-0 web-0 web-1 web-1 ");
    assert_string_equal(s.events[0].claim, "data-web-0");
    stage_forget(&s);
    claiming_set(&s, 1);
    stage_step(&s);
    assert_claims(&s, "data-web-0=web-0 data-web-1= "
                      "log-web-0=web-0 log-web-1= ");
    // Also when the whole set went meanwhile.
    stage_remove(&s, "web");
    stage_step(&s);
    assert_claims(&s, "data-web-0= data-web-1= log-web-0= log-web-1= ");
    claiming_set(&s, 2);
    stage_step(&s);
    assert_claims(&s, "data-web-0=web-0 data-web-1=web-1 "
                      "log-web-0=web-0 log-web-1=web-1 ");
    assert_string_equal(stage_told(&s, ORDINALS_BOUND),
                        "web-0 web-0 web-1 web-1 ");
    assert_string_equal(stage_told(&s, ORDINALS_CLAIMED), "");
    assert_string_equal(stage_told(&s, ORDINALS_CLAIM_DELETED), "");
    stage_close(&s);
}

static void whoever_is_scaled_away_loses_its_claims_if_they_say_so(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    struct workload_rules *r = claiming_set(&s, 2);
    r->delete_claims_when_scaled = true;
    r->gone_after_ms = 1000;
    stage_step(&s);
    // A pod that is replaced keeps them.
    delete_pod(&s, "web-1");
    stage_until(&s, 2000);
    assert_string_equal(stage_told(&s, ORDINALS_CLAIM_DELETED), "");
    r = claiming_set(&s, 1);
    r->delete_claims_when_scaled = true;
    r->gone_after_ms = 1000;
    stage_step(&s);
    // Not before the pod is gone, and not if it is wanted again by then.
    assert_claims(&s, "data-web-0=web-0 data-web-1=web-1 "
                      "log-web-0=web-0 log-web-1=web-1 ");
    r = claiming_set(&s, 2);
    r->delete_claims_when_scaled = true;
    r->gone_after_ms = 1000;
    stage_step(&s);
    stage_until(&s, 4000);
    assert_string_equal(stage_told(&s, ORDINALS_CLAIM_DELETED), "");
    claiming_set(&s, 1)->delete_claims_when_scaled = true;
    stage_step(&s);
    assert_claims(&s, "data-web-0=web-0 log-web-0=web-0 ");
    assert_string_equal(stage_told(&s, ORDINALS_CLAIM_DELETED), "web-1 web-1 ");
    // The set goes: that is another policy.
    stage_remove(&s, "web");
    stage_step(&s);
    assert_claims(&s, "data-web-0= log-web-0= ");
    stage_close(&s);
}

static void a_set_that_goes_takes_its_claims_with_it_if_they_say_so(
    void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    claiming_set(&s, 2)->delete_claims_when_deleted = true;
    stage_step(&s);
    claiming_set(&s, 1)->delete_claims_when_deleted = true;
    stage_step(&s);
    assert_string_equal(stage_told(&s, ORDINALS_CLAIM_DELETED), "");
    stage_remove(&s, "web");
    stage_step(&s);
    assert_claims(&s, "");
    stage_close(&s);
}

static void a_claim_that_two_sets_have_is_the_first_ones(void **state)
{
    static const char *const one[] = {"x"}, *const two[] = {"x-a"};
    struct stage s;
    (void)state;
    open_stage(&s);
    struct workload_rules *r =
        stage_rules(stage_workload(&s, OBJECT_STATEFUL_SET, "a-b", 1, ""));
    r->claims = one;
    r->claims_n = 1;
    r = stage_rules(stage_workload(&s, OBJECT_STATEFUL_SET, "b", 1, ""));
    r->claims = two;
    r->claims_n = 1;
    stage_step(&s);
    assert_claims(&s, "x-a-b-0=a-b-0 ");
    stage_remove(&s, "b");
    stage_step(&s);
    assert_claims(&s, "x-a-b-0=a-b-0 ");
    stage_remove(&s, "a-b");
    stage_step(&s);
    assert_claims(&s, "x-a-b-0= ");
    stage_close(&s);
}

// --- memory ----------------------------------------------------------------

// Everything that takes memory, in one step.
static void set_scene(struct stage *s)
{
    static const struct probe probe = {.kind = PROBE_TCP,
                                       .port = 1,
                                       .host = "",
                                       .path = "",
                                       .service = "",
                                       .period_s = 1,
                                       .timeout_s = 1,
                                       .success_threshold = 1,
                                       .failure_threshold = 1};
    struct error err;

    stage_open_probing(s, "10.244.0.0/16");
    struct workload_rules *r = claiming_set(s, 3);
    r->parallel = true;
    r->probes = &probe;
    r->probes_n = 1;
    stage_workload(s, OBJECT_STATEFUL_SET, "old", 2, "");
    stage_step(s);
    stage_answer(s, true);
    stage_run(s, 10);
    assert_int_equal(ordinals_scale(s->ordinals, pod("web"), 5, NULL, &err), 0);
    assert_int_equal(ordinals_restart(s->ordinals, pod("old"), &err), 0);
    stage_fault(s, FAULT_GONE, 0, "old-1");
    stage_fault(s, FAULT_NOT_READY, 0, "svc");
    claiming_set(s, 2)->partition = 1;
    s->workloads[0]->name = object_text(s->workloads[0], "new");
}

static void what_memory_leaves_undone_the_next_steps_do(void **state)
{
    static char good[4096], claims[512];
    struct stage s;
    bool hit = true;
    (void)state;
    set_scene(&s);
    stage_step(&s);
    snprintf(good, sizeof good, "%s", stage_names(&s));
    assert_int_equal(ordinals_claims(s.ordinals, add_claim, claims), 0);
    stage_close(&s);

    for (long n = 1; hit; n++) {
        set_scene(&s);
        fault_alloc_after(n);
        const int rc = stage_try(&s);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        assert_true(rc == 0 || (rc == -ENOMEM && hit));
        // It comes to try again by itself, but not at once again and again.
        if (rc)
            assert_in_range(ordinals_next_ms(s.ordinals), s.now_ms + 10,
                            s.now_ms + 1000);
        if (rc)
            stage_step(&s);
        assert_string_equal(stage_names(&s), good);
        assert_string_equal(stage_ready(&s), "");
        assert_claims(&s, claims);
        stage_close(&s);
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pod_comes_to_be_ready_step_by_step),
        cmocka_unit_test(a_pod_without_address_is_pending),
        cmocka_unit_test(an_address_that_gets_free_is_given_in_the_same_step),
        cmocka_unit_test(a_terminating_pod_keeps_its_declared_address),
        cmocka_unit_test(a_time_that_changes_counts_from_when_it_began),
        cmocka_unit_test(a_step_in_which_nothing_is_due_says_nothing),
        cmocka_unit_test(a_probed_pod_is_ready_when_it_answers),
        cmocka_unit_test(who_lacks_memory_does_not_ask_again_at_once),
        cmocka_unit_test(so_many_failures_in_a_row_make_it_unready),
        cmocka_unit_test(so_many_successes_in_a_row_make_it_ready),
        cmocka_unit_test(a_ticket_without_answer_fails),
        cmocka_unit_test(nobody_is_asked_twice_at_a_time),
        cmocka_unit_test(all_probes_of_a_pod_have_to_succeed),
        cmocka_unit_test(an_answer_for_a_pod_that_went_is_ignored),
        cmocka_unit_test(a_flapping_pod_is_ready_by_turns),
        cmocka_unit_test(a_fault_of_a_service_is_that_of_its_pods),
        cmocka_unit_test(who_is_gone_has_a_successor_without_address),
        cmocka_unit_test(who_moves_lives_elsewhere_until_the_fault_ends),
        cmocka_unit_test(without_a_range_nobody_moves),
        cmocka_unit_test(a_fault_that_ends_by_itself_is_waited_for),
        cmocka_unit_test(claims_outlive_pods_and_are_bound_again),
        cmocka_unit_test(
            whoever_is_scaled_away_loses_its_claims_if_they_say_so),
        cmocka_unit_test(
            a_set_that_goes_takes_its_claims_with_it_if_they_say_so),
        cmocka_unit_test(a_claim_that_two_sets_have_is_the_first_ones),
        cmocka_unit_test(what_memory_leaves_undone_the_next_steps_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
