// SPDX-License-Identifier: Apache-2.0
// Why ordinals that StatefulSets declare below a service have no pod.
#include "lib/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void an_ordinal_waits_for_the_lowest_that_is_not_well(void **state)
{
    (void)state;
    for (size_t i = 1; i < 2 * POD_LIVES; i++) {
        const bool late = i >= POD_LIVES;
        struct object *ill = make_named("db-0"), *second = make_pending("db-2");
        const size_t life = i % POD_LIVES ? i % POD_LIVES : 1;
        pod_lives[life].becomes(ill);
        char wanted[256];
        snprintf(wanted, sizeof wanted,
                 "pod-blocked service=db kind=StatefulSet workload=db "
                 "pod=db-0 %s",
                 pod_lives[life].blocks);
        struct object *db = make_selecting("db", "x");
        struct object *set = make_set("db", "db", 5);
        struct crowd s = late ? CROWD(db, set, second, make_named("db-1"), ill)
                              : CROWD(db, set, ill, make_named("db-1"), second);
        assert_none(&s, "db", wanted);
        assert_lack(&s, "db-3", "");
        crowd_end(&s);
    }
}

static void an_unready_pod_blocks_where_it_is_published(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    db->service.publish_not_ready_addresses = true;
    struct crowd s = CROWD(db, make_set("db", "db", 3), make_unready("db-0"));
    assert_changes(s.c, "+ns +ns/db");
    assert_none(&s, "db",
                "pod-blocked service=db kind=StatefulSet workload=db "
                "pod=db-0 since=1234 detail=not ready");
    struct object *later = make_unready("db-0");
    later->pod.since_unix_s++;
    crowd_swap(&s, 2, later);
    assert_changes(s.c, "+ns/db");
    crowd_end(&s);
}

static void the_ordinal_whose_turn_it_is_waits_for_nobody(void **state)
{
    (void)state;
    struct crowd s =
        CROWD(make_selecting("db", "x"), make_set("db", "db", 5),
              make_named("db-0"), make_named("db-1"), make_unready("db-4"));
    assert_lack(&s, "db-2",
                "pod-not-created service=db kind=StatefulSet "
                "workload=db pod=db-2");
    assert_none(&s, "db",
                "pod-blocked service=db kind=StatefulSet workload=db "
                "pod=db-2 detail=not created");
    crowd_end(&s);
}

static void ordinals_of_a_parallel_set_wait_for_nobody(void **state)
{
    (void)state;
    struct crowd s = CROWD(make_selecting("db", "x"),
                           make_parallel_set("db", 3), make_unready("db-0"));
    assert_changes(s.c, "+ns +ns/db");
    assert_none(&s, "db",
                "pod-not-created service=db kind=StatefulSet "
                "workload=db");
    assert_lack(&s, "db-1", "");
    crowd_swap(&s, 1, make_set("db", "db", 3)); // another policy
    assert_changes(s.c, "+ns/db");
    assert_none(&s, "db",
                "pod-blocked service=db kind=StatefulSet workload=db "
                "pod=db-0 since=1234 detail=not ready");
    crowd_end(&s);
}

static void where_all_ordinals_have_pods_none_is_missing(void **state)
{
    (void)state;
    struct object *set = make_set("db", "db", 2);
    set->workload.start = 3;
    struct crowd s =
        CROWD(make_selecting("db", "x"), set, make_named("db-3"),
              make_unready("db-4"), make_named("db-2"), make_named("db-5"));
    assert_none(&s, "db", "");
    assert_int_equal(crowd_lacks(&s), 1);
    crowd_end(&s);
}

static void a_set_of_nothing_has_no_ordinals(void **state)
{
    (void)state;
    struct crowd s = CROWD(make_selecting("db", "x"), make_set("db", "db", 0));
    assert_none(&s, "db",
                "no-replicas service=db kind=StatefulSet workload=db");
    assert_empty(&s, "no-replicas service=db kind=StatefulSet workload=db");
    crowd_end(&s);
}

static void given_endpoints_without_pods_tell_no_more_than_they_know(
    void **state)
{
    (void)state;
    struct object *slice = make_bare_slice("s");
    object_endpoint(slice, "db-0", "db-0", "10.0.0.1", true);
    object_endpoint(slice, "db-1", "db-1", "10.0.0.2", false);
    struct crowd s =
        CROWD(make_selecting("db", "x"), make_set("db", "db", 4), slice);
    assert_changes(s.c, "+ns +ns/db");
    assert_lack(&s, "db-1", "pod-not-ready service=db pod=db-1");
    assert_none(&s, "db",
                "pod-no-endpoint service=db kind=StatefulSet workload=db");
    // so pods are known
    crowd_add(&s, make_named("db-0"));
    assert_changes(s.c, "+ns/db");
    assert_none(&s, "db",
                "pod-blocked service=db kind=StatefulSet workload=db "
                "pod=db-1 detail=not ready");
    crowd_end(&s);
}

static void sets_of_one_service_are_told_apart(void **state)
{
    (void)state;
    struct crowd s = CROWD(make_selecting("db", "x"), make_set("db", "db", 2),
                           make_set("db-1", "db", 2), make_set("a", "db", 1),
                           make_named("db-0"), make_unready("db-1-0"));
    assert_none(&s, "db-1",
                "pod-blocked service=db kind=StatefulSet workload=db-1 "
                "pod=db-1-0 since=1234 detail=not ready");
    assert_none(&s, "db",
                "pod-blocked service=db kind=StatefulSet workload=db "
                "pod=db-1 detail=not created");
    assert_lack(&s, "a-0",
                "pod-not-created service=db kind=StatefulSet "
                "workload=a pod=a-0");
    crowd_end(&s);
}

static void only_ordinals_as_kubernetes_writes_them_are_pods_of_a_set(
    void **state)
{
    (void)state;
    static const char *const others[] = {
        "db-00", "db-", "db-0x", "db0", "-0", "0", "db-99999999999", "b-0"};
    for (size_t i = 0; i < ORD_COUNT(others); i++) {
        struct crowd s = CROWD(make_selecting("db", "x"),
                               make_set("db", "db", 1), make_named(others[i]));
        assert_lack(&s, "db-0",
                    "pod-not-created service=db kind=StatefulSet "
                    "workload=db pod=db-0");
        crowd_end(&s);
    }
}

static void a_set_of_very_many_costs_no_more_than_its_ticks(void **state)
{
    (void)state;
    struct object *set = make_set("db", "db", 2000000000);
    set->workload.start = 2000000000;
    struct crowd s =
        CROWD(make_selecting("db", "x"), set, make_named("db-2000000000"),
              make_unready("db-2000000001"));
    struct arena arena;
    struct service out;

    arena_init(&arena, 1 << 16);
    assert_int_equal(cluster_service(s.c, "ns", "db", &arena, &out), 0);
    assert_int_equal(out.lacks_n, 1);
    assert_in_range(arena.used, 0, 1 << 15);
    arena_release(&arena);
    assert_none(&s, "db",
                "pod-blocked service=db kind=StatefulSet workload=db "
                "pod=db-2000000001 since=1234 detail=not ready");
    crowd_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinal_waits_for_the_lowest_that_is_not_well),
        cmocka_unit_test(an_unready_pod_blocks_where_it_is_published),
        cmocka_unit_test(the_ordinal_whose_turn_it_is_waits_for_nobody),
        cmocka_unit_test(ordinals_of_a_parallel_set_wait_for_nobody),
        cmocka_unit_test(where_all_ordinals_have_pods_none_is_missing),
        cmocka_unit_test(a_set_of_nothing_has_no_ordinals),
        cmocka_unit_test(
            given_endpoints_without_pods_tell_no_more_than_they_know),
        cmocka_unit_test(sets_of_one_service_are_told_apart),
        cmocka_unit_test(
            only_ordinals_as_kubernetes_writes_them_are_pods_of_a_set),
        cmocka_unit_test(a_set_of_very_many_costs_no_more_than_its_ticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
