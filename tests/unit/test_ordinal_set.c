// SPDX-License-Identifier: Apache-2.0
// The rules of a StatefulSet: which pod comes and goes when, and what is waited
// for. Each test is a rule of Kubernetes' controller.
#include "lib/objects.h"
#include "lib/stage.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// How long a pod of these tests takes to be ready, and to be gone.
enum { READY_MS = 1000, GONE_MS = 500 };

static void open_stage(struct stage *s)
{
    stage_open(s, "10.244.0.0/16", NULL, NULL, NULL);
}

// A version of the set in the input, with rules to be written to.
static struct workload_rules *set(struct stage *s, uint32_t replicas)
{
    struct object *o =
        stage_workload(s, OBJECT_STATEFUL_SET, "web", replicas, "");

    return stage_rules(o);
}

static struct workload_rules *slow_set(struct stage *s, uint32_t replicas)
{
    struct workload_rules *r = set(s, replicas);

    r->ready_after_ms = READY_MS;
    r->gone_after_ms = GONE_MS;
    return r;
}

// All pods there and ready.
static void start(struct stage *s, uint64_t until_ms)
{
    stage_step(s);
    stage_until(s, until_ms);
    stage_forget(s);
}

static struct ordinals_target pod(const char *name)
{
    return (struct ordinals_target){.namespace = "ns", .name = name};
}

// --- scaling ---------------------------------------------------------------

static void each_pod_waits_for_those_below(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    slow_set(&s, 3);
    stage_step(&s);
    assert_string_equal(stage_names(&s), "web-0 ");
    assert_string_equal(stage_ready(&s), "");
    assert_string_equal(stage_reason(&s, "web"),
                        "waits for web-0, which is not ready");
    assert_int_equal(ordinals_next_ms(s.ordinals), READY_MS);
    stage_run(&s, READY_MS - 1);
    assert_string_equal(stage_names(&s), "web-0 ");
    stage_run(&s, READY_MS);
    assert_string_equal(stage_names(&s), "web-0 web-1 ");
    assert_string_equal(stage_ready(&s), "web-0 ");
    stage_until(&s, 3 * READY_MS);
    assert_string_equal(stage_ready(&s), "web-0 web-1 web-2 ");
    assert_string_equal(stage_told(&s, ORDINALS_CREATED), "web-0 web-1 web-2 ");
    assert_string_equal(stage_told(&s, ORDINALS_SETTLED), "web ");
    assert_string_equal(stage_reason(&s, "web"), "");
    assert_true(ordinals_next_ms(s.ordinals) == UINT64_MAX);
    stage_close(&s);
}

static void a_broken_pod_stops_what_does_not_exist_yet(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 2);
    start(&s, 10);
    stage_fault(&s, FAULT_NOT_READY, 0, "web-0");
    stage_run(&s, 20);
    set(&s, 4);
    stage_step(&s);
    // Not only its neighbour counts: web-1 is ready.
    assert_string_equal(stage_names(&s), "web-0 web-1 ");
    assert_string_equal(stage_reason(&s, "web"),
                        "waits for web-0, which is not ready");
    assert_string_equal(stage_reason(&s, "web-0"), "fault not-ready");
    faults_clear(s.faults, NULL, NULL);
    stage_run(&s, 30);
    assert_string_equal(stage_ready(&s), "web-0 web-1 web-2 web-3 ");
    stage_close(&s);
}

static void the_highest_goes_first_and_alone(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    slow_set(&s, 5);
    start(&s, 5 * READY_MS);
    slow_set(&s, 2);
    stage_step(&s);
    assert_string_equal(stage_ready(&s), "web-0 web-1 web-2 web-3 ");
    assert_true(stage_find(&s, "web-4")->pod.terminating);
    assert_string_equal(stage_reason(&s, "web"), "pod web-4 terminates");
    stage_run(&s, 5 * READY_MS + GONE_MS);
    assert_string_equal(stage_ready(&s), "web-0 web-1 web-2 web-3 ");
    stage_until(&s, 5 * READY_MS + GONE_MS + 2);
    assert_string_equal(stage_names(&s), "web-0 web-1 web-2 web-3 ");
    assert_string_equal(stage_ready(&s), "web-0 web-1 web-2 ");
    stage_until(&s, 20 * READY_MS);
    assert_string_equal(stage_names(&s), "web-0 web-1 ");
    assert_string_equal(stage_told(&s, ORDINALS_TERMINATING),
                        "web-4 web-3 web-2 ");
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "web-4 web-3 web-2 ");
    assert_string_equal(stage_told(&s, ORDINALS_UNREADY), "");
    stage_close(&s);
}

// K8S, 5 -> 3 with pod-1 not Ready: nothing is removed.
static void an_unready_replica_blocks_a_scale_down(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 5);
    start(&s, 10);
    stage_fault(&s, FAULT_NOT_READY, 0, "web-1");
    stage_run(&s, 20);
    set(&s, 3);
    stage_step(&s);
    assert_string_equal(stage_ready(&s), "web-0 web-2 web-3 web-4 ");
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "");
    faults_clear(s.faults, NULL, NULL);
    stage_run(&s, 30);
    assert_string_equal(stage_ready(&s), "web-0 web-1 web-2 ");
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "web-4 web-3 ");
    stage_close(&s);
}

static void a_lost_replica_comes_back_before_anything_goes(void **state)
{
    struct stage s;
    struct error err;
    (void)state;
    open_stage(&s);
    slow_set(&s, 5);
    start(&s, 5 * READY_MS);
    slow_set(&s, 3);
    stage_fault(&s, FAULT_NOT_READY, 0, "web-1");
    stage_step(&s);
    assert_int_equal(ordinals_delete_pod(s.ordinals, pod("web-1"), &err), 0);
    faults_clear(s.faults, NULL, NULL);
    stage_until(&s, 5 * READY_MS + GONE_MS + 10);
    assert_string_equal(stage_names(&s), "web-0 web-1 web-2 web-3 web-4 ");
    assert_string_equal(stage_ready(&s), "web-0 web-2 web-3 web-4 ");
    assert_string_equal(stage_told(&s, ORDINALS_CREATED), "web-1 ");
    stage_until(&s, 20 * READY_MS);
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "web-1 web-4 web-3 ");
    stage_close(&s);
}

static void the_only_unready_one_of_those_to_go_may_go(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 5);
    start(&s, 10);
    stage_fault(&s, FAULT_NOT_READY, 0, "web-4");
    stage_run(&s, 20);
    set(&s, 3);
    stage_step(&s);
    assert_string_equal(stage_names(&s), "web-0 web-1 web-2 ");
    stage_close(&s);
}

static void two_unready_ones_to_go_wait_for_ever(void **state)
{
    struct stage s;
    struct error err;
    (void)state;
    open_stage(&s);
    set(&s, 5);
    start(&s, 10);
    stage_fault(&s, FAULT_NOT_READY, 0, "web-3");
    stage_fault(&s, FAULT_NOT_READY, 0, "web-4");
    stage_run(&s, 20);
    set(&s, 3);
    stage_step(&s);
    stage_run(&s, 1000000);
    assert_string_equal(stage_names(&s), "web-0 web-1 web-2 web-3 web-4 ");
    assert_string_equal(stage_reason(&s, "web"),
                        "waits for web-3, which is not ready");
    // By hand it goes on.
    assert_int_equal(ordinals_delete_pod(s.ordinals, pod("web-3"), &err), 0);
    stage_run(&s, 1000010);
    assert_string_equal(stage_names(&s), "web-0 web-1 web-2 ");
    stage_close(&s);
}

static void the_lower_one_to_go_waits_for_the_higher_one(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 5);
    start(&s, 10);
    stage_fault(&s, FAULT_NOT_READY, 0, "web-3");
    stage_run(&s, 20);
    set(&s, 3);
    stage_step(&s);
    // web-4 is well and the highest; then web-3 is the only one.
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "web-4 web-3 ");
    stage_close(&s);
}

static void another_start_makes_the_new_ones_first(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    slow_set(&s, 3);
    start(&s, 3 * READY_MS);
    slow_set(&s, 3);
    s.workloads[0]->workload.start = 5;
    stage_step(&s);
    assert_string_equal(stage_names(&s), "web-0 web-1 web-2 web-5 ");
    stage_until(&s, 20 * READY_MS);
    assert_string_equal(stage_told(&s, ORDINALS_READY), "web-5 web-6 web-7 ");
    assert_string_equal(stage_told(&s, ORDINALS_TERMINATING),
                        "web-2 web-1 web-0 ");
    assert_int_equal(s.events[0].what, ORDINALS_CREATED);
    assert_string_equal(stage_names(&s), "web-5 web-6 web-7 ");
    stage_close(&s);
}

static void parallel_does_not_wait(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    slow_set(&s, 3)->parallel = true;
    stage_step(&s);
    assert_string_equal(stage_names(&s), "web-0 web-1 web-2 ");
    assert_string_equal(stage_ready(&s), "");
    stage_until(&s, READY_MS);
    assert_string_equal(stage_ready(&s), "web-0 web-1 web-2 ");
    // All go at once, healthy or not.
    stage_fault(&s, FAULT_NOT_READY, 0, "svc");
    stage_run(&s, READY_MS + 10);
    slow_set(&s, 0)->parallel = true;
    stage_step(&s);
    assert_string_equal(stage_told(&s, ORDINALS_TERMINATING),
                        "web-2 web-1 web-0 ");
    stage_until(&s, READY_MS + 20 + GONE_MS);
    assert_string_equal(stage_names(&s), "");
    stage_close(&s);
}

static void only_available_pods_count(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 2)->min_ready_s = 3;
    stage_step(&s);
    // It is in DNS at once, but the next one waits.
    assert_string_equal(stage_ready(&s), "web-0 ");
    assert_string_equal(stage_reason(&s, "web"),
                        "waits for web-0, which is not ready for 3 s yet");
    stage_run(&s, 2999);
    assert_string_equal(stage_names(&s), "web-0 ");
    assert_int_equal(ordinals_next_ms(s.ordinals), 3000);
    stage_run(&s, 3000);
    assert_string_equal(stage_ready(&s), "web-0 web-1 ");
    assert_string_equal(stage_told(&s, ORDINALS_AVAILABLE), "web-0 ");
    assert_string_equal(stage_told(&s, ORDINALS_SETTLED), "");
    stage_until(&s, 6000);
    assert_string_equal(stage_told(&s, ORDINALS_SETTLED), "web ");
    stage_close(&s);
}

static void a_failed_pod_is_made_again(void **state)
{
    struct stage s;
    struct error err;
    char was[ADDRESS_TEXT_SIZE];
    (void)state;
    open_stage(&s);
    slow_set(&s, 2);
    start(&s, 2 * READY_MS);
    snprintf(was, sizeof was, "%s", stage_address(&s, "web-0", 0));
    assert_int_equal(ordinals_fail_pod(s.ordinals, pod("web-0"), &err), 0);
    stage_run(&s, 3 * READY_MS);
    assert_string_equal(stage_told(&s, ORDINALS_FAILED), "web-0 ");
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "web-0 ");
    assert_string_equal(stage_told(&s, ORDINALS_CREATED), "web-0 ");
    assert_string_equal(stage_ready(&s), "web-1 ");
    // A replaced pod keeps its name and has another address.
    assert_string_not_equal(stage_address(&s, "web-0", 0), was);
    stage_close(&s);
}

static void a_deleted_pod_is_replaced_when_it_is_gone(void **state)
{
    struct stage s;
    struct error err;
    char was[ADDRESS_TEXT_SIZE];
    (void)state;
    open_stage(&s);
    slow_set(&s, 3);
    start(&s, 3 * READY_MS);
    snprintf(was, sizeof was, "%s", stage_address(&s, "web-1", 0));
    assert_int_equal(ordinals_delete_pod(s.ordinals, pod("web-1"), &err), 0);
    assert_int_equal(ordinals_next_ms(s.ordinals), s.now_ms - 1);
    stage_run(&s, 4 * READY_MS);
    assert_true(stage_find(&s, "web-1")->pod.terminating);
    // It is as ready as it was, and keeps its address until it is gone.
    assert_true(stage_find(&s, "web-1")->pod.ready);
    assert_string_equal(stage_address(&s, "web-1", 0), was);
    stage_run(&s, 4 * READY_MS + GONE_MS);
    assert_false(stage_find(&s, "web-1")->pod.terminating);
    assert_false(stage_find(&s, "web-1")->pod.ready);
    assert_string_not_equal(stage_address(&s, "web-1", 0), was);
    assert_string_equal(stage_ready(&s), "web-0 web-2 ");
    stage_close(&s);
}

static void without_its_object_all_go_at_once(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    slow_set(&s, 3);
    start(&s, 3 * READY_MS);
    stage_remove(&s, "web");
    stage_step(&s);
    assert_int_equal(s.live_n, 0);
    assert_true(ordinals_next_ms(s.ordinals) == UINT64_MAX);
    stage_close(&s);
}

static void thousands_are_one_step(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.0.0.0/8", NULL, NULL, NULL);
    set(&s, ORDINALS_REPLICAS_MAX);
    stage_step(&s);
    assert_int_equal(s.live_n, ORDINALS_REPLICAS_MAX);
    set(&s, 10);
    stage_step(&s);
    assert_int_equal(s.live_n, 10);
    stage_close(&s);
}

// --- updates ---------------------------------------------------------------

static void updates_go_from_the_highest_down_one_by_one(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    slow_set(&s, 3);
    start(&s, 3 * READY_MS);
    slow_set(&s, 3);
    s.workloads[0]->workload.revision = 2;
    stage_step(&s);
    assert_string_equal(stage_told(&s, ORDINALS_UPDATING), "web ");
    assert_string_equal(stage_ready(&s), "web-0 web-1 ");
    stage_until(&s, 3 * READY_MS + GONE_MS + 100);
    // web-2 is there again, and waited for.
    assert_string_equal(stage_names(&s), "web-0 web-1 web-2 ");
    assert_string_equal(stage_ready(&s), "web-0 web-1 ");
    assert_string_equal(stage_reason(&s, "web"),
                        "waits for web-2, which is not ready");
    stage_until(&s, 20 * READY_MS);
    assert_string_equal(stage_told(&s, ORDINALS_TERMINATING),
                        "web-2 web-1 web-0 ");
    assert_string_equal(stage_told(&s, ORDINALS_READY), "web-2 web-1 web-0 ");
    assert_string_equal(stage_told(&s, ORDINALS_SETTLED), "web ");
    stage_close(&s);
}

static void updates_of_parallel_sets_go_one_by_one_too(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    slow_set(&s, 3)->parallel = true;
    start(&s, 3 * READY_MS);
    slow_set(&s, 3)->parallel = true;
    s.workloads[0]->workload.revision = 2;
    stage_step(&s);
    assert_string_equal(stage_ready(&s), "web-0 web-1 ");
    stage_until(&s, 20 * READY_MS);
    assert_string_equal(stage_told(&s, ORDINALS_READY), "web-2 web-1 web-0 ");
    stage_close(&s);
}

static void scaling_goes_before_updates(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    slow_set(&s, 4);
    start(&s, 4 * READY_MS);
    slow_set(&s, 3);
    s.workloads[0]->workload.revision = 2;
    stage_step(&s);
    stage_until(&s, 20 * READY_MS);
    assert_string_equal(stage_told(&s, ORDINALS_TERMINATING),
                        "web-3 web-2 web-1 web-0 ");
    stage_close(&s);
}

// The revision is seen by a label that it brings.
static void set_revision(struct stage *s, uint64_t revision)
{
    static const struct label old[] = {{"app", "a"}, {"rev", "1"}};
    static const struct label new[] = {{"app", "a"}, {"rev", "2"}};
    struct workload_facts *w = &s->workloads[0]->workload;

    w->revision = revision;
    w->pod_labels = (struct labels){.items = revision == 1 ? old : new, .n = 2};
}

static const char *revision_of(const struct stage *s, const char *name)
{
    return labels_get(stage_find(s, name)->labels, "rev");
}

static void pods_below_the_partition_stay_as_they_were(void **state)
{
    struct stage s;
    struct error err;
    (void)state;
    open_stage(&s);
    set(&s, 3);
    set_revision(&s, 1);
    // The partition counts places, not ordinals.
    s.workloads[0]->workload.start = 7;
    start(&s, 10);
    set(&s, 3)->partition = 1;
    set_revision(&s, 2);
    s.workloads[0]->workload.start = 7;
    stage_step(&s);
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "web-9 web-8 ");
    assert_string_equal(revision_of(&s, "web-7"), "1");
    assert_string_equal(revision_of(&s, "web-8"), "2");
    // Deleted by hand it comes back in the old revision.
    assert_int_equal(ordinals_delete_pod(s.ordinals, pod("web-7"), &err), 0);
    assert_int_equal(ordinals_delete_pod(s.ordinals, pod("web-8"), &err), 0);
    stage_run(&s, 20);
    assert_string_equal(revision_of(&s, "web-7"), "1");
    assert_string_equal(revision_of(&s, "web-8"), "2");
    // Lowered, the rest follows, and the old revision is forgotten.
    set(&s, 3);
    set_revision(&s, 2);
    s.workloads[0]->workload.start = 7;
    stage_step(&s);
    assert_string_equal(revision_of(&s, "web-7"), "2");
    set(&s, 3)->partition = 3;
    set_revision(&s, 2);
    s.workloads[0]->workload.start = 7;
    stage_step(&s);
    assert_int_equal(ordinals_delete_pod(s.ordinals, pod("web-7"), &err), 0);
    stage_run(&s, 30);
    assert_string_equal(revision_of(&s, "web-7"), "2");
    stage_close(&s);
}

static void a_partition_beyond_all_updates_nothing(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 3);
    start(&s, 10);
    set(&s, 3)->partition = 5;
    s.workloads[0]->workload.revision = 2;
    stage_step(&s);
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "");
    assert_string_equal(stage_told(&s, ORDINALS_SETTLED), "web ");
    stage_close(&s);
}

static void several_may_be_unavailable(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    slow_set(&s, 5);
    start(&s, 5 * READY_MS);
    // 50 % of five, rounded down.
    slow_set(&s, 5)->max_unavailable =
        (struct pod_amount){.value = 50, .percent = true};
    s.workloads[0]->workload.revision = 2;
    stage_step(&s);
    assert_string_equal(stage_ready(&s), "web-0 web-1 web-2 ");
    stage_until(&s, 5 * READY_MS + GONE_MS + 10);
    // Made again in order, one waiting for the other.
    assert_string_equal(stage_names(&s), "web-0 web-1 web-2 web-3 ");
    stage_until(&s, 30 * READY_MS);
    assert_string_equal(stage_told(&s, ORDINALS_TERMINATING),
                        "web-4 web-3 web-2 web-1 web-0 ");
    assert_string_equal(stage_ready(&s), "web-0 web-1 web-2 web-3 web-4 ");
    stage_close(&s);
}

static void one_may_be_unavailable_however_small_the_part(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    slow_set(&s, 3);
    start(&s, 3 * READY_MS);
    slow_set(&s, 3)->max_unavailable =
        (struct pod_amount){.value = 10, .percent = true};
    s.workloads[0]->workload.revision = 2;
    stage_step(&s);
    assert_string_equal(stage_ready(&s), "web-0 web-1 ");
    stage_close(&s);
}

static void the_unavailable_count_against_the_most(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    slow_set(&s, 4)->parallel = true;
    start(&s, 4 * READY_MS);
    stage_fault(&s, FAULT_NOT_READY, 0, "web-0");
    stage_run(&s, 4 * READY_MS + 10);
    struct workload_rules *r = slow_set(&s, 4);
    r->parallel = true;
    r->max_unavailable = (struct pod_amount){.value = 2};
    s.workloads[0]->workload.revision = 2;
    stage_step(&s);
    assert_string_equal(stage_ready(&s), "web-1 web-2 ");
    stage_close(&s);
}

static void on_delete_waits_for_somebody_to_delete(void **state)
{
    struct stage s;
    struct error err;
    (void)state;
    open_stage(&s);
    set(&s, 2);
    set_revision(&s, 1);
    start(&s, 10);
    set(&s, 2)->strategy = UPDATE_ON_DELETE;
    set_revision(&s, 2);
    stage_step(&s);
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "");
    assert_int_equal(ordinals_delete_pod(s.ordinals, pod("web-0"), &err), 0);
    stage_run(&s, 20);
    assert_string_equal(revision_of(&s, "web-0"), "2");
    assert_string_equal(revision_of(&s, "web-1"), "1");
    stage_close(&s);
}

static void a_broken_new_pod_is_waited_for_even_when_reverted(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s);
    set(&s, 2);
    set_revision(&s, 1);
    start(&s, 10);
    set(&s, 2);
    set_revision(&s, 2);
    stage_fault(&s, FAULT_NOT_READY, 0, "web-1");
    stage_step(&s);
    stage_run(&s, 100);
    assert_string_equal(revision_of(&s, "web-0"), "1");
    stage_forget(&s);
    set(&s, 2);
    set_revision(&s, 1);
    stage_step(&s);
    stage_run(&s, 1000000);
    assert_string_equal(stage_told(&s, ORDINALS_GONE), "");
    assert_string_equal(stage_reason(&s, "web"),
                        "waits for web-1, which is not ready");
    stage_close(&s);
}

static void a_restart_is_an_update(void **state)
{
    struct stage s;
    struct error err;
    (void)state;
    open_stage(&s);
    slow_set(&s, 2);
    start(&s, 2 * READY_MS);
    assert_int_equal(ordinals_restart(s.ordinals, pod("web"), &err), 0);
    stage_until(&s, 20 * READY_MS);
    assert_string_equal(stage_told(&s, ORDINALS_TERMINATING), "web-1 web-0 ");
    assert_string_equal(stage_ready(&s), "web-0 web-1 ");
    // Not again when the object is named anew.
    stage_forget(&s);
    slow_set(&s, 2);
    stage_step(&s);
    assert_string_equal(stage_told(&s, ORDINALS_TERMINATING), "");
    stage_close(&s);
}

// --- steering --------------------------------------------------------------

static void a_scaled_set_keeps_its_size_until_the_file_changes(void **state)
{
    struct stage s;
    struct error err;
    uint32_t was = 0;
    (void)state;
    open_stage(&s);
    set(&s, 3);
    start(&s, 10);
    assert_int_equal(ordinals_scale(s.ordinals, pod("web"), 5, &was, &err), 0);
    assert_int_equal(was, 3);
    stage_run(&s, 20);
    assert_string_equal(stage_ready(&s), "web-0 web-1 web-2 web-3 web-4 ");
    assert_int_equal(stage_last(&s, ORDINALS_SCALED)->replicas, 5);
    const struct object *copy = stage_find(&s, "web");
    assert_non_null(copy);
    assert_int_equal(copy->kind, OBJECT_STATEFUL_SET);
    assert_int_equal(copy->workload.replicas, 5);
    assert_true(ordinals_is_copy(s.ordinals, copy));
    assert_false(ordinals_is_copy(s.ordinals, s.workloads[0]));
    stage_step(&s);
    assert_int_equal(s.came + s.changed + s.went, 0);
    set(&s, 3);
    stage_step(&s);
    assert_string_equal(stage_names(&s), "web-0 web-1 web-2 ");
    assert_null(stage_find(&s, "web"));
    assert_non_null(strstr(
        s.findings, "warning: StatefulSet 'ns/web': spec.replicas 3 of the "
                    "file is followed again; `ordinald scale` had asked for "
                    "5\n"));
    stage_close(&s);
}

static void whoever_is_not_there_cannot_be_steered(void **state)
{
    struct stage s;
    struct error err;
    struct ordinals_target t = {.name = "wbe"};
    (void)state;
    open_stage(&s);
    set(&s, 1);
    start(&s, 10);
    assert_int_equal(ordinals_scale(s.ordinals, t, 5, NULL, &err), -ENOENT);
    assert_string_equal(err.text, "no workload 'wbe' is made here; did you "
                                  "mean 'ns/web'?");
    t = (struct ordinals_target){.namespace = "other", .name = "web-0"};
    assert_int_equal(ordinals_delete_pod(s.ordinals, t, &err), -ENOENT);
    assert_string_equal(err.text, "no pod 'other/web-0' is made here; did you "
                                  "mean 'ns/web-0'?");
    t.name = "web-set";
    t.namespace = NULL;
    assert_int_equal(ordinals_restart(s.ordinals, t, &err), -ENOENT);
    assert_string_equal(err.text, "no workload 'web-set' is made here");
    t.name = "webs";
    assert_int_equal(ordinals_restart(s.ordinals, t, &err), -ENOENT);
    assert_string_equal(err.text, "no workload 'webs' is made here; did you "
                                  "mean 'ns/web'?");
    stage_workload(&s, OBJECT_STATEFUL_SET, "mongo-statefulset", 1, "");
    stage_step(&s);
    t.name = "mongo-set";
    assert_int_equal(ordinals_restart(s.ordinals, t, &err), -ENOENT);
    assert_string_equal(err.text, "no workload 'mongo-set' is made here; did "
                                  "you mean 'ns/mongo-statefulset'?");
    t = (struct ordinals_target){.name = "xyz"};
    assert_int_equal(ordinals_restart(s.ordinals, t, &err), -ENOENT);
    assert_string_equal(err.text, "no workload 'xyz' is made here");
    t.name = "web";
    assert_int_equal(ordinals_scale(s.ordinals, t, 100001, NULL, &err),
                     -EINVAL);
    assert_int_equal(ordinals_scale(s.ordinals, t, 2, NULL, &err), 0);
    stage_close(&s);
}

static void of_one_name_the_stateful_set_is_meant(void **state)
{
    struct stage s;
    struct error err;
    uint32_t was = 0;
    (void)state;
    open_stage(&s);
    stage_workload(&s, OBJECT_REPLICATION_CONTROLLER, "web", 7, "");
    stage_workload(&s, OBJECT_DEPLOYMENT, "web", 4, "");
    set(&s, 3);
    stage_step(&s);
    assert_int_equal(ordinals_scale(s.ordinals, pod("web"), 1, &was, &err), 0);
    assert_int_equal(was, 3);
    stage_remove(&s, "web"); // the first of them
    stage_step(&s);
    assert_int_equal(ordinals_scale(s.ordinals, pod("web"), 2, &was, &err), 0);
    assert_int_equal(was, 1);
    // In several namespaces nobody is.
    struct object *o = stage_workload(&s, OBJECT_DEPLOYMENT, "other", 5, "");
    o->name = object_text(o, "web");
    o->namespace = object_text(o, "far");
    stage_step(&s);
    const struct ordinals_target any = {.name = "web"};
    assert_int_equal(ordinals_scale(s.ordinals, any, 1, NULL, &err), -EINVAL);
    assert_string_equal(err.text, "workload 'web' is in 2 namespaces; write "
                                  "NAMESPACE/web");
    const struct ordinals_target far = {"far", "web"};
    assert_int_equal(ordinals_scale(s.ordinals, far, 1, &was, &err), 0);
    assert_int_equal(was, 5);
    stage_close(&s);
}

static void a_scale_beyond_what_can_be_named_is_reported(void **state)
{
    static const char name[] =
        "a2345678901234567890123456789012345678901234567890123456789-1";
    struct stage s;
    struct error err;
    (void)state;
    open_stage(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, name, 1, "");
    start(&s, 10);
    assert_int_equal(ordinals_scale(s.ordinals, pod(name), 11, NULL, &err), 0);
    assert_non_null(strstr(s.findings, "gets 10 of 11 pods"));
    stage_run(&s, 20);
    assert_int_equal(stage_last(&s, ORDINALS_SCALED)->replicas, 11);
    assert_int_equal(s.live_n, 11); // and its copy
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pod_waits_for_those_below),
        cmocka_unit_test(a_broken_pod_stops_what_does_not_exist_yet),
        cmocka_unit_test(the_highest_goes_first_and_alone),
        cmocka_unit_test(an_unready_replica_blocks_a_scale_down),
        cmocka_unit_test(a_lost_replica_comes_back_before_anything_goes),
        cmocka_unit_test(the_only_unready_one_of_those_to_go_may_go),
        cmocka_unit_test(two_unready_ones_to_go_wait_for_ever),
        cmocka_unit_test(the_lower_one_to_go_waits_for_the_higher_one),
        cmocka_unit_test(another_start_makes_the_new_ones_first),
        cmocka_unit_test(parallel_does_not_wait),
        cmocka_unit_test(only_available_pods_count),
        cmocka_unit_test(a_failed_pod_is_made_again),
        cmocka_unit_test(a_deleted_pod_is_replaced_when_it_is_gone),
        cmocka_unit_test(without_its_object_all_go_at_once),
        cmocka_unit_test(thousands_are_one_step),
        cmocka_unit_test(updates_go_from_the_highest_down_one_by_one),
        cmocka_unit_test(updates_of_parallel_sets_go_one_by_one_too),
        cmocka_unit_test(scaling_goes_before_updates),
        cmocka_unit_test(pods_below_the_partition_stay_as_they_were),
        cmocka_unit_test(a_partition_beyond_all_updates_nothing),
        cmocka_unit_test(several_may_be_unavailable),
        cmocka_unit_test(one_may_be_unavailable_however_small_the_part),
        cmocka_unit_test(the_unavailable_count_against_the_most),
        cmocka_unit_test(on_delete_waits_for_somebody_to_delete),
        cmocka_unit_test(a_broken_new_pod_is_waited_for_even_when_reverted),
        cmocka_unit_test(a_restart_is_an_update),
        cmocka_unit_test(a_scaled_set_keeps_its_size_until_the_file_changes),
        cmocka_unit_test(whoever_is_not_there_cannot_be_steered),
        cmocka_unit_test(of_one_name_the_stateful_set_is_meant),
        cmocka_unit_test(a_scale_beyond_what_can_be_named_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
