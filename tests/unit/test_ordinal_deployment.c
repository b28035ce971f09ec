// SPDX-License-Identifier: Apache-2.0
// Deployments, ReplicaSets and ReplicationControllers, as Kubernetes'
// controllers keep them.
#include "lib/fault.h"
#include "lib/stage.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HOUR_MS = 3600000, REVISIONS = 4 };

static void open_usual(struct stage *s)
{
    stage_open(s, "10.244.0.0/16", NULL, NULL, NULL);
}

static const struct label revisions[REVISIONS][2] = {
    {{"app", "a"}, {"rev", "0"}},
    {{"app", "a"}, {"rev", "1"}},
    {{"app", "a"}, {"rev", "2"}},
    {{"app", "a"}, {"rev", "3"}},
};

// A version of a workload's object.
static void put(struct stage *s, enum object_kind kind, uint32_t replicas,
                unsigned revision, const struct workload_rules *rules)
{
    struct object *o = stage_workload(s, kind, "web", replicas, "");

    o->workload.pod_labels = (struct labels){revisions[revision], 2};
    o->workload.revision = revision;
    o->workload.rules = rules;
}

static void put_deployment(struct stage *s, uint32_t replicas,
                           unsigned revision,
                           const struct workload_rules *rules)
{
    put(s, OBJECT_DEPLOYMENT, replicas, revision, rules);
}

static void pass(struct stage *s, uint64_t ms)
{
    s->now_ms += ms;
    stage_step(s);
}

// --- looking ---------------------------------------------------------------

struct counts {
    unsigned pods[REVISIONS]; // that do not terminate
    unsigned ready[REVISIONS];
    unsigned terminating;
};

static struct counts count(const struct stage *s)
{
    struct counts c = {0};

    for (size_t i = 0; i < s->live_n; i++) {
        const struct object *o = s->live[i];
        if (o->kind != OBJECT_POD)
            continue;
        const int r = atoi(labels_get(o->labels, "rev"));
        c.terminating += o->pod.terminating;
        c.pods[r] += !o->pod.terminating;
        c.ready[r] += !o->pod.terminating && o->pod.ready;
    }
    return c;
}

// Pods of the first two revisions that do not terminate.
static void assert_pods(const struct stage *s, unsigned first, unsigned second)
{
    const struct counts c = count(s);

    if (c.pods[0] != first || c.pods[1] != second)
        fail_msg("%u and %u pods, not %u and %u", c.pods[0], c.pods[1], first,
                 second);
}

static const struct object *pod_of(const struct stage *s, unsigned revision)
{
    for (size_t i = 0; i < s->live_n; i++)
        if (s->live[i]->kind == OBJECT_POD &&
            atoi(labels_get(s->live[i]->labels, "rev")) == (int)revision)
            return s->live[i];
    return NULL;
}

static void hash_of(const struct stage *s, unsigned revision, char out[32])
{
    const struct object *o = pod_of(s, revision);

    assert_non_null(o);
    const char *hash = labels_get(o->labels, "pod-template-hash");
    assert_non_null(hash);
    snprintf(out, 32, "%s", hash);
}

static int take_state(void *context, const struct ordinals_workload_state *w)
{
    struct ordinals_workload_state *out = context;

    *out = *w;
    return 0;
}

static struct ordinals_workload_state state_of(const struct stage *s)
{
    struct ordinals_workload_state w = {0};

    assert_int_equal(ordinals_look(s->ordinals, NULL, take_state, NULL, &w), 0);
    return w;
}

static void delete_pod(const struct stage *s, const char *name)
{
    struct error err;

    assert_int_equal(ordinals_delete_pod(s->ordinals,
                                         (struct ordinals_target){"ns", name},
                                         &err),
                     0);
}

// --- ReplicaSets -----------------------------------------------------------

static void a_set_has_as_many_pods_as_it_wants_at_once(void **state)
{
    static const enum object_kind kinds[] = {OBJECT_REPLICA_SET,
                                             OBJECT_REPLICATION_CONTROLLER};
    const struct workload_rules slow = {.ready_after_ms = HOUR_MS};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct stage s;
        open_usual(&s);
        put(&s, kinds[i], 3, 0, &slow);
        stage_step(&s);
        assert_int_equal(s.came, 3);
        for (unsigned k = 0; k < 3; k++) {
            assert_string_equal(s.live[k]->owner_kind,
                                object_kind_name(kinds[i]));
            assert_string_equal(s.live[k]->owner_name, "web");
            assert_string_equal(s.live[k]->pod.hostname, "");
            assert_int_equal(strlen(s.live[k]->name), strlen("web-xxxxx"));
        }
        assert_string_equal(state_of(&s).reason,
                            "waits for 3 pods to be available");
        stage_close(&s);
    }
}

static void the_least_worthy_pods_go_first(void **state)
{
    const struct workload_rules quick = {0};
    const struct workload_rules slow = {.ready_after_ms = 1000};
    const struct workload_rules unplaced = {.address_after_ms = HOUR_MS};
    struct stage s;
    (void)state;
    open_usual(&s);
    char oldest[64], older[64];
    put(&s, OBJECT_REPLICA_SET, 1, 0, &quick);
    stage_step(&s);
    snprintf(oldest, sizeof oldest, "%s", s.live[0]->name);
    put(&s, OBJECT_REPLICA_SET, 2, 1, &quick);
    pass(&s, 5);
    snprintf(older, sizeof older, "%s", pod_of(&s, 1)->name);
    put(&s, OBJECT_REPLICA_SET, 3, 2, &slow);
    pass(&s, 5);
    put(&s, OBJECT_REPLICA_SET, 4, 3, &unplaced);
    pass(&s, 5);
    assert_int_equal(s.live_n, 4);
    // Pending, then not ready, then the most recently ready.
    put(&s, OBJECT_REPLICA_SET, 3, 3, &slow);
    pass(&s, 5);
    assert_null(pod_of(&s, 3));
    put(&s, OBJECT_REPLICA_SET, 2, 3, &slow);
    pass(&s, 5);
    assert_null(pod_of(&s, 2));
    put(&s, OBJECT_REPLICA_SET, 1, 3, &slow);
    pass(&s, 5);
    assert_null(stage_find(&s, older));
    assert_non_null(stage_find(&s, oldest));
    stage_close(&s);
}

static void of_pods_that_are_equal_the_newest_goes(void **state)
{
    const struct workload_rules quick = {0};
    const struct workload_rules slow = {.ready_after_ms = HOUR_MS};
    struct stage s;
    (void)state;
    open_usual(&s);
    put(&s, OBJECT_REPLICA_SET, 1, 0, &slow);
    stage_step(&s);
    put(&s, OBJECT_REPLICA_SET, 3, 1, &slow);
    stage_step(&s);
    put(&s, OBJECT_REPLICA_SET, 1, 1, &slow);
    stage_step(&s);
    assert_pods(&s, 1, 0);
    // Ready in the same moment.
    put(&s, OBJECT_REPLICA_SET, 3, 1, &slow);
    stage_step(&s);
    put(&s, OBJECT_REPLICA_SET, 3, 1, &quick);
    stage_step(&s);
    put(&s, OBJECT_REPLICA_SET, 1, 1, &quick);
    stage_step(&s);
    assert_pods(&s, 1, 0);
    stage_close(&s);
}

static void a_template_change_touches_no_pod_of_a_set(void **state)
{
    const struct workload_rules quick = {0};
    struct stage s;
    (void)state;
    open_usual(&s);
    put(&s, OBJECT_REPLICA_SET, 2, 0, &quick);
    stage_step(&s);
    put(&s, OBJECT_REPLICA_SET, 2, 1, &quick);
    stage_step(&s);
    assert_int_equal(s.came + s.changed + s.went, 0);
    delete_pod(&s, s.live[0]->name);
    stage_step(&s);
    assert_pods(&s, 1, 1);
    stage_close(&s);
}

static void pods_that_terminate_or_failed_do_not_count(void **state)
{
    const struct workload_rules rules = {.gone_after_ms = 1000};
    struct stage s;
    struct error err;
    (void)state;
    open_usual(&s);
    put(&s, OBJECT_REPLICA_SET, 2, 0, &rules);
    stage_step(&s);
    delete_pod(&s, s.live[0]->name);
    stage_step(&s);
    assert_int_equal(count(&s).terminating, 1);
    assert_pods(&s, 2, 0);
    assert_string_equal(state_of(&s).reason, "waits for 1 pod to be gone");
    pass(&s, 1000);
    assert_int_equal(s.live_n, 2);
    assert_true(state_of(&s).settled);
    char failed[64];
    snprintf(failed, sizeof failed, "%s", s.live[0]->name);
    const struct ordinals_target t = {.name = failed};
    assert_int_equal(ordinals_fail_pod(s.ordinals, t, &err), 0);
    stage_step(&s);
    assert_null(stage_find(&s, failed));
    assert_int_equal(count(&s).ready[0], 2);
    stage_close(&s);
}

// --- Deployments -----------------------------------------------------------

static void names_and_labels_carry_the_hash_of_the_revision(void **state)
{
    struct stage s;
    char hash[32], owner[64];
    (void)state;
    open_usual(&s);
    put_deployment(&s, 3, 0, &deployment_rules);
    stage_step(&s);
    assert_int_equal(s.live_n, 3);
    hash_of(&s, 0, hash);
    snprintf(owner, sizeof owner, "web-%s", hash);
    for (size_t i = 0; i < s.live_n; i++) {
        assert_string_equal(s.live[i]->owner_kind, "ReplicaSet");
        assert_string_equal(s.live[i]->owner_name, owner);
        assert_memory_equal(s.live[i]->name, owner, strlen(owner));
        assert_int_equal(strlen(s.live[i]->name), strlen(owner) + 6);
    }
    stage_close(&s);
}

static void what_is_ready_at_once_rolls_in_one_step(void **state)
{
    static const struct workload_rules kinds[] = {
        {.max_surge = {1, false}},
        {.max_unavailable = {1, false}},
        {.max_surge = {25, true}, .max_unavailable = {25, true}},
        {.max_surge = {100, true}},
        {.strategy = UPDATE_RECREATE},
        {0}, // both 0: one may be missing
    };
    (void)state;
    for (unsigned i = 0; i < ORD_COUNT(kinds); i++) {
        struct stage s;
        char before[32], after[32];
        open_usual(&s);
        put_deployment(&s, 7, 0, &kinds[i]);
        stage_step(&s);
        hash_of(&s, 0, before);
        put_deployment(&s, 7, 1, &kinds[i]);
        stage_step(&s);
        assert_pods(&s, 0, 7);
        hash_of(&s, 1, after);
        assert_string_not_equal(before, after);
        assert_true(state_of(&s).settled);
        assert_int_equal(state_of(&s).updated, 7);
        stage_close(&s);
    }
}

// Only counted: the stage's list is too slow to follow each of so many.
struct tally {
    unsigned came, went;
};

static void tally_came(void *context, const struct object *o)
{
    (void)o;
    ((struct tally *)context)->came++;
}

static void tally_changed(void *context, const struct object *old,
                          const struct object *now)
{
    (void)context;
    (void)old;
    (void)now;
}

static void tally_went(void *context, const struct object *o)
{
    (void)o;
    ((struct tally *)context)->went++;
}

static void many_pods_roll_in_one_step(void **state)
{
    static const struct workload_rules one = {.max_surge = {1, false}};
    enum { MANY = 50000 };
    struct stage s; // for its objects
    struct tally t = {0};
    struct ordinals_settings settings = {.events = {.came = tally_came,
                                                    .changed = tally_changed,
                                                    .went = tally_went,
                                                    .context = &t},
                                         .pod_cidrs_n = 1};
    (void)state;
    open_usual(&s);
    settings.report = &s.report;
    assert_int_equal(cidr_parse("10.0.0.0/8", &settings.pod_cidrs[0], NULL), 0);
    struct ordinals *o = ordinals_new(&settings);
    assert_non_null(o);
    for (unsigned revision = 0; revision < 2; revision++) {
        put_deployment(&s, MANY, revision, &one);
        const struct object *w = s.workloads[0];
        const struct ordinals_input input = {.workloads = &w, .workloads_n = 1};
        assert_int_equal(ordinals_step(o, &input, revision), 0);
        assert_int_equal(t.came, MANY * (revision + 1));
        assert_int_equal(t.went, MANY * revision);
    }
    ordinals_free(o);
    stage_close(&s);
}

static void a_surge_comes_before_anything_goes(void **state)
{
    const struct workload_rules rules = {.max_surge = {1, false},
                                         .ready_after_ms = 1000};
    struct stage s;
    char hash[32], reason[128];
    (void)state;
    open_usual(&s);
    put_deployment(&s, 2, 0, &rules);
    stage_step(&s);
    pass(&s, 1000);
    put_deployment(&s, 2, 1, &rules);
    stage_step(&s);
    assert_pods(&s, 2, 1);
    hash_of(&s, 1, hash);
    snprintf(reason, sizeof reason,
             "waits for 1 pod of revision %s to be available", hash);
    assert_string_equal(state_of(&s).reason, reason);
    pass(&s, 1000);
    assert_pods(&s, 1, 2);
    assert_int_equal(count(&s).ready[1], 1);
    pass(&s, 1000);
    assert_pods(&s, 0, 2);
    assert_true(state_of(&s).settled);
    stage_close(&s);
}

static void what_may_be_missing_goes_before_anything_comes(void **state)
{
    const struct workload_rules rules = {.max_unavailable = {1, false},
                                         .ready_after_ms = 1000};
    struct stage s;
    (void)state;
    open_usual(&s);
    put_deployment(&s, 3, 0, &rules);
    stage_step(&s);
    pass(&s, 1000);
    put_deployment(&s, 3, 1, &rules);
    stage_step(&s);
    assert_pods(&s, 2, 1);
    pass(&s, 1000);
    assert_pods(&s, 1, 2);
    pass(&s, 1000);
    assert_pods(&s, 0, 3);
    pass(&s, 1000);
    assert_true(state_of(&s).settled);
    stage_close(&s);
}

static void available_means_ready_for_min_ready_seconds(void **state)
{
    const struct workload_rules rules = {.max_surge = {1, false},
                                         .min_ready_s = 10};
    struct stage s;
    (void)state;
    open_usual(&s);
    put_deployment(&s, 1, 0, &rules);
    stage_step(&s);
    pass(&s, 10000);
    put_deployment(&s, 1, 1, &rules);
    stage_step(&s);
    assert_int_equal(count(&s).ready[1], 1);
    pass(&s, 9000);
    assert_pods(&s, 1, 1);
    pass(&s, 1000);
    assert_pods(&s, 0, 1);
    stage_close(&s);
}

// The Kubernetes documentation's own example, "proportional scaling": of 10
// with maxSurge 3 and maxUnavailable 2 a rollout is stuck at 8 and 5; wanted
// are 15 then, of which 18 may be: 11 and 7.
static void parts_are_rounded_and_scaled_as_documented(void **state)
{
    const struct workload_rules stuck = {.max_surge = {3, false},
                                         .max_unavailable = {2, false},
                                         .ready_after_ms = HOUR_MS};
    const struct workload_rules parts = {.max_surge = {25, true},
                                         .max_unavailable = {25, true},
                                         .ready_after_ms = HOUR_MS};
    const struct workload_rules *const kinds[] = {&stuck, &parts};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct stage s;
        open_usual(&s);
        put_deployment(&s, 10, 0, kinds[i]);
        stage_step(&s);
        pass(&s, HOUR_MS);
        put_deployment(&s, 10, 1, kinds[i]);
        stage_step(&s);
        // 25 % of 10: up to 3 more, down to 2 less
        assert_pods(&s, 8, 5);
        put_deployment(&s, 15, 1, &stuck);
        stage_step(&s);
        assert_pods(&s, 11, 7);
        put_deployment(&s, 10, 1, &stuck);
        stage_step(&s);
        assert_pods(&s, 8, 5);
        put_deployment(&s, 0, 1, &stuck);
        stage_step(&s);
        assert_pods(&s, 0, 0);
        stage_close(&s);
    }
}

// A controller gives all of maxSurge to the largest set at once.
static void a_surge_of_billions_is_bounded(void **state)
{
    const struct workload_rules rules = {.max_surge = {INT32_MAX, true},
                                         .ready_after_ms = 1000};
    struct stage s;
    (void)state;
    stage_open(&s, "10.0.0.0/8", NULL, NULL, NULL);
    put_deployment(&s, 300, 0, &rules);
    stage_step(&s);
    stage_until(&s, 2000);
    put_deployment(&s, 300, 1, &rules);
    stage_step(&s);
    assert_pods(&s, 300, 300);
    put_deployment(&s, 400, 1, &rules);
    stage_step(&s);
    stage_until(&s, 9000);
    assert_pods(&s, 0, 400);
    assert_true(s.events_n < 20 * ORDINALS_REPLICAS_MAX);
    stage_close(&s);
}

static void old_pods_that_are_not_available_go_first(void **state)
{
    const struct workload_rules quick = {.max_unavailable = {1, false}};
    const struct workload_rules slow = {.max_unavailable = {1, false},
                                        .ready_after_ms = HOUR_MS};
    struct stage s;
    (void)state;
    open_usual(&s);
    put_deployment(&s, 2, 0, &quick);
    stage_step(&s);
    put_deployment(&s, 4, 0, &slow);
    stage_step(&s);
    assert_int_equal(count(&s).ready[0], 2);
    put_deployment(&s, 4, 1, &slow);
    stage_step(&s);
    assert_pods(&s, 3, 1);
    assert_int_equal(count(&s).ready[0], 2);
    stage_close(&s);
}

static void a_template_that_was_finds_its_pods_again(void **state)
{
    const struct workload_rules rules = {.max_surge = {1, false},
                                         .ready_after_ms = 1000};
    struct stage s;
    char before[32], after[32], name[64];
    (void)state;
    open_usual(&s);
    put_deployment(&s, 2, 0, &rules);
    stage_step(&s);
    pass(&s, 1000);
    hash_of(&s, 0, before);
    put_deployment(&s, 2, 1, &rules);
    stage_step(&s);
    pass(&s, 1000);
    assert_pods(&s, 1, 2);
    snprintf(name, sizeof name, "%s", pod_of(&s, 0)->name);
    put_deployment(&s, 2, 0, &rules);
    for (int i = 0; i < 4; i++)
        pass(&s, 1000);
    assert_pods(&s, 2, 0);
    assert_non_null(stage_find(&s, name));
    // Also when none of them is left.
    put_deployment(&s, 2, 1, &rules);
    for (int i = 0; i < 4; i++)
        pass(&s, 1000);
    assert_pods(&s, 0, 2);
    put_deployment(&s, 2, 0, &rules);
    for (int i = 0; i < 4; i++)
        pass(&s, 1000);
    assert_pods(&s, 2, 0);
    hash_of(&s, 0, after);
    assert_string_equal(before, after);
    stage_close(&s);
}

static void a_lost_pod_of_an_old_revision_comes_back_in_it(void **state)
{
    const struct workload_rules rules = {.max_surge = {1, false},
                                         .ready_after_ms = HOUR_MS};
    struct stage s;
    (void)state;
    open_usual(&s);
    put_deployment(&s, 2, 0, &rules);
    stage_step(&s);
    pass(&s, HOUR_MS);
    put_deployment(&s, 2, 1, &rules);
    stage_step(&s);
    assert_pods(&s, 2, 1);
    delete_pod(&s, pod_of(&s, 0)->name);
    stage_step(&s);
    assert_pods(&s, 2, 1);
    stage_close(&s);
}

static void what_is_paused_is_scaled_and_not_rolled(void **state)
{
    const struct workload_rules rules = {.max_surge = {1, false}};
    const struct workload_rules paused = {.max_surge = {1, false},
                                          .paused = true};
    struct stage s;
    (void)state;
    open_usual(&s);
    put_deployment(&s, 2, 0, &rules);
    stage_step(&s);
    put_deployment(&s, 2, 1, &paused);
    stage_step(&s);
    assert_pods(&s, 2, 0);
    put_deployment(&s, 4, 1, &paused);
    stage_step(&s);
    assert_pods(&s, 4, 0);
    assert_true(state_of(&s).settled);
    put_deployment(&s, 0, 1, &paused);
    stage_step(&s);
    put_deployment(&s, 3, 1, &paused);
    stage_step(&s);
    assert_pods(&s, 3, 0);
    put_deployment(&s, 3, 1, &rules);
    stage_step(&s);
    assert_pods(&s, 0, 3);
    stage_close(&s);
}

static void what_begins_paused_has_no_pods(void **state)
{
    const struct workload_rules paused = {.paused = true};
    const struct workload_rules rules = {0};
    struct stage s;
    (void)state;
    open_usual(&s);
    put_deployment(&s, 2, 0, &paused);
    stage_step(&s);
    assert_int_equal(s.live_n, 0);
    assert_string_equal(state_of(&s).reason, "is paused");
    put_deployment(&s, 2, 0, &rules);
    stage_step(&s);
    assert_pods(&s, 2, 0);
    stage_close(&s);
}

static void recreate_ends_all_before_the_first_comes(void **state)
{
    const struct workload_rules rules = {.strategy = UPDATE_RECREATE,
                                         .gone_after_ms = 1000};
    struct stage s;
    (void)state;
    open_usual(&s);
    put_deployment(&s, 3, 0, &rules);
    stage_step(&s);
    put_deployment(&s, 3, 1, &rules);
    stage_step(&s);
    assert_pods(&s, 0, 0);
    assert_int_equal(count(&s).terminating, 3);
    assert_string_equal(state_of(&s).reason, "waits for 3 pods to be gone");
    pass(&s, 500);
    assert_pods(&s, 0, 0);
    pass(&s, 500);
    assert_pods(&s, 0, 3);
    assert_int_equal(count(&s).terminating, 0);
    stage_close(&s);
}

static void a_restart_rolls_to_another_hash(void **state)
{
    const struct workload_rules rules = {.max_surge = {1, false}};
    struct stage s;
    struct error err;
    char before[32], after[32];
    (void)state;
    open_usual(&s);
    put_deployment(&s, 2, 0, &rules);
    stage_step(&s);
    hash_of(&s, 0, before);
    const struct ordinals_target t = {.name = "web"};
    assert_int_equal(ordinals_restart(s.ordinals, t, &err), 0);
    stage_step(&s);
    assert_int_equal(s.came, 2);
    assert_int_equal(s.went, 2);
    hash_of(&s, 0, after);
    assert_string_not_equal(before, after);
    stage_close(&s);
}

static void pods_take_the_places_in_the_annotation_that_are_free(void **state)
{
    const struct workload_rules rules = {.max_unavailable = {1, false}};
    static const char addresses[] = "10.0.0.1 10.0.0.2 10.0.0.3";
    struct stage s;
    (void)state;
    stage_open(&s, NULL, NULL, NULL, NULL);
    for (unsigned revision = 0; revision < 2; revision++) {
        struct object *o =
            stage_workload(&s, OBJECT_DEPLOYMENT, "web", 3, addresses);
        o->workload.pod_labels = (struct labels){revisions[revision], 2};
        o->workload.revision = revision;
        o->workload.rules = &rules;
        stage_step(&s);
        assert_int_equal(count(&s).ready[revision], 3);
        for (size_t i = 0; i < s.live_n; i++)
            assert_int_equal(s.live[i]->pod.addresses_n, 1);
    }
    stage_close(&s);
}

// --- memory ----------------------------------------------------------------

static void a_rollout_goes_on_after_memory_ran_out(void **state)
{
    const struct workload_rules rules = {.max_surge = {2, false}};
    long n = 1;
    (void)state;
    for (bool hit = true; hit; n++) {
        struct stage s;
        open_usual(&s);
        put_deployment(&s, 4, 0, &rules);
        stage_step(&s);
        put_deployment(&s, 5, 1, &rules);
        fault_alloc_after(n);
        const int rc = stage_try(&s);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        assert_true(rc == 0 || rc == -ENOMEM);
        stage_step(&s);
        assert_pods(&s, 0, 5);
        assert_true(state_of(&s).settled);
        stage_close(&s);
    }
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_has_as_many_pods_as_it_wants_at_once),
        cmocka_unit_test(the_least_worthy_pods_go_first),
        cmocka_unit_test(of_pods_that_are_equal_the_newest_goes),
        cmocka_unit_test(a_template_change_touches_no_pod_of_a_set),
        cmocka_unit_test(pods_that_terminate_or_failed_do_not_count),
        cmocka_unit_test(names_and_labels_carry_the_hash_of_the_revision),
        cmocka_unit_test(what_is_ready_at_once_rolls_in_one_step),
        cmocka_unit_test(many_pods_roll_in_one_step),
        cmocka_unit_test(a_surge_comes_before_anything_goes),
        cmocka_unit_test(what_may_be_missing_goes_before_anything_comes),
        cmocka_unit_test(available_means_ready_for_min_ready_seconds),
        cmocka_unit_test(parts_are_rounded_and_scaled_as_documented),
        cmocka_unit_test(a_surge_of_billions_is_bounded),
        cmocka_unit_test(old_pods_that_are_not_available_go_first),
        cmocka_unit_test(a_template_that_was_finds_its_pods_again),
        cmocka_unit_test(a_lost_pod_of_an_old_revision_comes_back_in_it),
        cmocka_unit_test(what_is_paused_is_scaled_and_not_rolled),
        cmocka_unit_test(what_begins_paused_has_no_pods),
        cmocka_unit_test(recreate_ends_all_before_the_first_comes),
        cmocka_unit_test(a_restart_rolls_to_another_hash),
        cmocka_unit_test(pods_take_the_places_in_the_annotation_that_are_free),
        cmocka_unit_test(a_rollout_goes_on_after_memory_ran_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
