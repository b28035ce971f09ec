// SPDX-License-Identifier: Apache-2.0
// Addresses out of ranges, seen through the pods that get them.
#include "lib/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void pods_get_addresses_in_order_of_the_range(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.244.0.0/16", NULL, NULL, NULL);
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 3, "");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "x-0", 0), "10.244.0.1");
    assert_string_equal(stage_address(&s, "x-1", 0), "10.244.0.2");
    assert_string_equal(stage_address(&s, "x-2", 0), "10.244.0.3");
    assert_string_equal(stage_address(&s, "x-2", 1), "");
    stage_close(&s);
}

static void network_and_broadcast_addresses_are_not_given(void **state)
{
    static const struct {
        const char *range;
        uint32_t usable;
        const char *first, *last;
    } cases[] = {
        {"10.0.0.0/29", 6, "10.0.0.1", "10.0.0.6"},
        {"10.0.0.4/30", 2, "10.0.0.5", "10.0.0.6"},
        {"10.0.0.4/31", 2, "10.0.0.4", "10.0.0.5"},
        {"10.0.0.4/32", 1, "10.0.0.4", "10.0.0.4"},
        {"fd00::/126", 3, "fd00::1", "fd00::3"},
        {"fd00::2/127", 2, "fd00::2", "fd00::3"},
        {"fd00::2/128", 1, "fd00::2", "fd00::2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s;
        char last[16];
        stage_open(&s, cases[i].range, NULL, NULL, NULL);
        stage_workload(&s, OBJECT_STATEFUL_SET, "x", cases[i].usable, "");
        stage_step(&s);
        snprintf(last, sizeof last, "x-%u", cases[i].usable - 1);
        assert_string_equal(stage_address(&s, "x-0", 0), cases[i].first);
        assert_string_equal(stage_address(&s, last, 0), cases[i].last);
        assert_string_equal(s.findings, "");
        stage_workload(&s, OBJECT_STATEFUL_SET, "x", cases[i].usable + 1, "");
        stage_step(&s);
        snprintf(last, sizeof last, "x-%u", cases[i].usable);
        assert_non_null(stage_find(&s, last));
        assert_string_equal(stage_address(&s, last, 0), "");
        assert_non_null(strstr(s.findings, cases[i].range));
        stage_close(&s);
    }
}

static void ranges_of_any_size_cost_the_same(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "0.0.0.0/0", "::/0", NULL, NULL);
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 2, "");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "x-1", 0), "0.0.0.2");
    assert_string_equal(stage_address(&s, "x-1", 1), "::2");
    stage_close(&s);
}

static void a_freed_address_rests_until_the_range_was_walked_round(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.0.0.0/29", NULL, NULL, NULL);
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 2, "");
    stage_step(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 1, "");
    stage_step(&s);
    assert_int_equal(s.went, 1);
    for (unsigned round = 3; round <= 6; round++) {
        char address[16];
        stage_workload(&s, OBJECT_STATEFUL_SET, "x", 2, "");
        stage_step(&s);
        snprintf(address, sizeof address, "10.0.0.%u", round);
        assert_string_equal(stage_address(&s, "x-1", 0), address);
        stage_workload(&s, OBJECT_STATEFUL_SET, "x", 1, "");
        stage_step(&s);
    }
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 2, "");
    stage_step(&s);
    // .1 is still that of x-0.
    assert_string_equal(stage_address(&s, "x-1", 0), "10.0.0.2");
    stage_close(&s);
}

static void a_full_range_is_reported_once_and_used_when_it_has_room(
    void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.244.0.0/30", NULL, NULL, NULL);
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 3, "");
    stage_step(&s);
    assert_string_equal(
        s.findings,
        "no address is left in --pod-cidr 10.244.0.0/30 for pod 'ns/x-2'; give "
        "a larger range or the annotation ordinald.io/addresses\n");
    stage_step(&s);
    assert_string_equal(s.findings, "");
    assert_int_equal(s.came + s.changed + s.went, 0);
    stage_workload(&s, OBJECT_STATEFUL_SET, "y", 1, "");
    stage_step(&s);
    assert_non_null(strstr(s.findings, "for pod 'ns/y-0'; give"));
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 5, "");
    stage_step(&s);
    assert_non_null(strstr(s.findings, "for pod 'ns/x-2' and 2 more; give"));
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 1, "");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "y-0", 0), "10.244.0.2");
    assert_string_equal(s.findings, "");
    stage_close(&s);
}

static void a_full_range_changes_hands_in_one_step(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.244.0.0/30", NULL, NULL, NULL);
    stage_workload(&s, OBJECT_STATEFUL_SET, "old", 2, "");
    stage_step(&s);
    stage_remove(&s, "old");
    stage_workload(&s, OBJECT_STATEFUL_SET, "new", 2, "");
    stage_step(&s);
    assert_string_not_equal(stage_address(&s, "new-0", 0), "");
    assert_string_not_equal(stage_address(&s, "new-1", 0), "");
    assert_string_equal(s.findings, "");
    stage_close(&s);
}

static void taken_addresses_are_passed_over(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.0.0.0/29", NULL, "10.0.0.0/29", NULL);
    stage_take(&s, "10.0.0.1");
    stage_take(&s, "10.0.0.3");
    stage_take(&s, "10.0.0.3");
    stage_take(&s, "fd00::1");
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 2, "");
    stage_service(&s, "y");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "x-0", 0), "10.0.0.2");
    assert_string_equal(stage_address(&s, "x-1", 0), "10.0.0.4");
    // The ranges are one, what is given from them is told apart all the same.
    assert_string_equal(stage_address(&s, "y", 0), "10.0.0.5");
    stage_close(&s);
}

static void a_pod_moves_when_its_address_turns_up_elsewhere(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.0.0.0/24", NULL, "10.1.0.0/24", NULL);
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 3, "");
    stage_service(&s, "y");
    stage_step(&s);
    stage_take(&s, "10.0.0.2");
    stage_take(&s, "10.1.0.1");
    stage_step(&s);
    assert_int_equal(s.changed, 2);
    assert_int_equal(s.came + s.went, 0);
    assert_string_equal(stage_address(&s, "x-1", 0), "10.0.0.4");
    assert_string_equal(stage_address(&s, "x-0", 0), "10.0.0.1");
    assert_string_equal(stage_address(&s, "y", 0), "10.1.0.2");
    assert_non_null(strstr(s.findings, "warning: pod 'ns/x-1' moves from "
                                       "10.0.0.2 to 10.0.0.4: "));
    assert_non_null(strstr(s.findings, "warning: Service 'ns/y' moves from "
                                       "10.1.0.1 to 10.1.0.2: "));
    stage_step(&s);
    assert_string_equal(s.findings, "");
    assert_int_equal(s.changed, 0);
    stage_close(&s);
}

static void an_annotation_takes_a_pods_address_away(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.0.0.0/24", NULL, NULL, NULL);
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 2, "");
    stage_step(&s);
    stage_workload(&s, OBJECT_STATEFUL_SET, "a", 1, "10.0.0.1 10.0.0.9");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "a-0", 0), "10.0.0.1");
    assert_string_equal(stage_address(&s, "x-0", 0), "10.0.0.3");
    assert_string_equal(stage_address(&s, "x-1", 0), "10.0.0.2");
    // What an annotation names is kept even while there is no such pod.
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 8, "");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "x-6", 0), "10.0.0.8");
    assert_string_equal(stage_address(&s, "x-7", 0), "10.0.0.10");
    stage_close(&s);
}

static void an_address_from_another_hand_is_given_back(void **state)
{
    struct stage s;
    (void)state;
    stage_open(&s, "10.0.0.0/30", NULL, NULL, NULL);
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 1, "10.0.0.1");
    stage_step(&s);
    // The annotation goes, and the range happens to give the same.
    stage_workload(&s, OBJECT_STATEFUL_SET, "x", 1, "");
    stage_step(&s);
    assert_string_equal(stage_address(&s, "x-0", 0), "10.0.0.1");
    assert_int_equal(s.came + s.changed + s.went, 0);
    stage_remove(&s, "x");
    stage_workload(&s, OBJECT_STATEFUL_SET, "y", 2, "");
    stage_step(&s);
    // there are no others, so both are free again
    assert_string_equal(stage_address(&s, "y-0", 0), "10.0.0.1");
    assert_string_equal(stage_address(&s, "y-1", 0), "10.0.0.2");
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pods_get_addresses_in_order_of_the_range),
        cmocka_unit_test(network_and_broadcast_addresses_are_not_given),
        cmocka_unit_test(ranges_of_any_size_cost_the_same),
        cmocka_unit_test(
            a_freed_address_rests_until_the_range_was_walked_round),
        cmocka_unit_test(
            a_full_range_is_reported_once_and_used_when_it_has_room),
        cmocka_unit_test(a_full_range_changes_hands_in_one_step),
        cmocka_unit_test(taken_addresses_are_passed_over),
        cmocka_unit_test(a_pod_moves_when_its_address_turns_up_elsewhere),
        cmocka_unit_test(an_annotation_takes_a_pods_address_away),
        cmocka_unit_test(an_address_from_another_hand_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
