// SPDX-License-Identifier: Apache-2.0
// Which addresses of pods are told, where the settings ask for them.
#include "lib/changes.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct cluster_settings with_pods = {.pods = true};

// A pod of namespace `ns` at an address; NULL: none yet.
static struct object *pod_at(const char *name, const char *address)
{
    struct object *o = object_make(OBJECT_POD, "ns", name);

    if (address)
        object_address(o, address);
    return o;
}

// Let a pod have another value; the old one is dropped.
static void pod_becomes(struct cluster *c, struct object **pod,
                        struct object *now)
{
    cluster_swap(c, now, 1, *pod);
    *pod = now;
}

static void an_address_is_told_when_it_comes_moves_and_goes(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(&with_pods);
    struct object *pod = pod_at("p", NULL);
    cluster_add(c, pod, 1);
    assert_changes(c, "+ns");
    pod_becomes(c, &pod, pod_at("p", "10.0.0.1"));
    assert_changes(c, "+ns@10.0.0.1");
    pod_becomes(c, &pod, pod_at("p", "10.0.0.2"));
    struct changes t = {.left = -1};
    assert_int_equal(changes_take(c, &t), 0);
    assert_true(strcmp(t.text, "+ns@10.0.0.2 -ns@10.0.0.1") == 0 ||
                strcmp(t.text, "-ns@10.0.0.1 +ns@10.0.0.2") == 0);
    struct object *labelled = pod_at("p", "10.0.0.2");
    object_label(labelled, "app", "x"); // of no matter
    pod_becomes(c, &pod, labelled);
    assert_changes(c, "");
    cluster_drop(c, pod);
    assert_changes(c, "-ns@10.0.0.2 -ns");
    cluster_free(c);
}

static void nothing_is_told_where_nobody_asked(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *pod = pod_at("p", "10.0.0.1");
    cluster_add(c, pod, 1);
    assert_changes(c, "+ns");
    cluster_drop(c, pod);
    assert_changes(c, "-ns");
    cluster_free(c);
}

static void both_addresses_of_a_pod_are_told(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(&with_pods);
    struct object *pod = pod_at("p", "10.0.0.1");
    object_address(pod, "fd00::1");
    cluster_add(c, pod, 1);
    assert_changes(c, "+ns +ns@fd00::1 +ns@10.0.0.1");
    pod_becomes(c, &pod, pod_at("p", "fd00::1"));
    assert_changes(c, "-ns@10.0.0.1");
    cluster_drop(c, pod);
    assert_changes(c, "-ns@fd00::1 -ns");
    cluster_free(c);
}

static void a_shared_address_goes_with_the_last_pod_that_has_it(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(&with_pods);
    struct object *a = pod_at("a", "10.0.0.1"), *b = pod_at("b", "10.0.0.1");
    struct object *other = object_make(OBJECT_POD, "other", "a");
    object_address(other, "10.0.0.1");
    cluster_add(c, a, 1);
    assert_changes(c, "+ns +ns@10.0.0.1");
    cluster_add(c, b, 1);
    assert_changes(c, "");
    cluster_add(c, other, 1); // another namespace, another name in DNS
    assert_changes(c, "+other +other@10.0.0.1");
    cluster_drop(c, a);
    assert_changes(c, "");
    pod_becomes(c, &b, pod_at("b", NULL));
    assert_changes(c, "-ns@10.0.0.1");
    cluster_drop(c, other);
    assert_changes(c, "-other@10.0.0.1 -other");
    cluster_free(c);
    object_drop(b);
}

static void an_address_that_passes_to_another_pod_is_not_told(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(&with_pods);
    struct object *a = pod_at("a", "10.0.0.1"), *b = pod_at("b", "10.0.0.1");
    cluster_add(c, a, 1);
    assert_changes(c, "+ns +ns@10.0.0.1");
    cluster_drop(c, a);
    cluster_add(c, b, 1);
    assert_changes(c, "");
    cluster_drop(c, b);
    assert_changes(c, "-ns@10.0.0.1 -ns");
    cluster_free(c);
}

static void an_address_that_came_and_went_is_not_told(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(&with_pods);
    struct object *pod = pod_at("p", "10.0.0.1");
    cluster_add(c, pod, 1);
    cluster_remove(c, pod);
    assert_changes(c, "");
    cluster_add(c, pod, 1);
    assert_changes(c, "+ns +ns@10.0.0.1");
    cluster_remove(c, pod);
    cluster_add(c, pod, 1);
    assert_changes(c, "");
    cluster_free(c);
    object_drop(pod);
}

static void a_pod_that_ends_has_no_address(void **state)
{
    (void)state;
    static const struct {
        enum pod_phase phase;
        bool terminating;
        bool told;
    } rows[] = {
        {POD_PENDING, false, true},    {POD_RUNNING, false, true},
        {POD_SUCCEEDED, false, false}, {POD_FAILED, false, false},
        {POD_UNKNOWN, false, false},   {POD_PENDING, true, false},
        {POD_RUNNING, true, false},
    };
    for (size_t i = 0; i < ORD_COUNT(rows); i++) {
        struct cluster *c = cluster_new(&with_pods);
        struct object *pod = pod_at("p", "10.0.0.1");
        pod->pod.phase = (uint8_t)rows[i].phase;
        pod->pod.terminating = rows[i].terminating;
        pod->pod.ready = false; // has no part in it
        cluster_add(c, pod, 1);
        assert_changes(c, rows[i].told ? "+ns +ns@10.0.0.1" : "+ns");
        pod_becomes(c, &pod, pod_at("p", "10.0.0.1"));
        assert_changes(c, rows[i].told ? "" : "+ns@10.0.0.1");
        struct object *end = pod_at("p", "10.0.0.1");
        end->pod.phase = (uint8_t)rows[i].phase;
        end->pod.terminating = rows[i].terminating;
        pod_becomes(c, &pod, end);
        assert_changes(c, rows[i].told ? "" : "-ns@10.0.0.1");
        cluster_drop(c, pod);
        cluster_free(c);
    }
}

static void only_the_pod_that_counts_has_addresses(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(&with_pods);
    struct object *high = pod_at("p", "10.0.0.1");
    struct object *low = pod_at("p", "10.0.0.2");
    cluster_add(c, high, 2);
    cluster_add(c, low, 1);
    assert_changes(c, "+ns +ns@10.0.0.1");
    cluster_drop(c, high);
    struct changes t = {.left = -1};
    assert_int_equal(changes_take(c, &t), 0);
    assert_int_equal(strlen(t.text), strlen("-ns@10.0.0.1 +ns@10.0.0.2"));
    assert_non_null(strstr(t.text, "-ns@10.0.0.1"));
    assert_non_null(strstr(t.text, "+ns@10.0.0.2"));
    cluster_drop(c, low);
    assert_changes(c, "-ns@10.0.0.2 -ns");
    cluster_free(c);
}

static void a_pod_without_the_label_has_no_address(void **state)
{
    (void)state;
    struct arena arena;
    struct cluster_settings settings = {.pods = true};
    arena_init(&arena, 1 << 16);
    assert_int_equal(selector_parse("dns", &arena, &settings.selector, NULL),
                     0);
    struct cluster *c = cluster_new(&settings);
    struct object *pod = pod_at("p", "10.0.0.1"), *seen;
    cluster_add(c, pod, 1);
    assert_changes(c, "+ns");
    seen = pod_at("p", "10.0.0.1");
    object_label(seen, "dns", "");
    pod_becomes(c, &pod, seen);
    assert_changes(c, "+ns@10.0.0.1");
    pod_becomes(c, &pod, pod_at("p", "10.0.0.1"));
    assert_changes(c, "-ns@10.0.0.1");
    cluster_free(c);
    arena_release(&arena);
    object_drop(pod);
}

static void pods_are_told_where_endpoints_are_not(void **state)
{
    (void)state;
    const struct cluster_settings settings = {.pods = true,
                                              .no_endpoints = true};
    struct cluster *c = cluster_new(&settings);
    struct object *service = make_selecting("db", "x");
    struct object *pod = make_pod("p", "x");
    cluster_add(c, service, 1);
    cluster_add(c, pod, 1);
    assert_changes(c, "+ns +ns/db +ns@10.0.0.1");
    assert_int_equal(endpoints_of(c, "db"), 0);
    cluster_free(c);
    object_drop(service);
    object_drop(pod);
}

// The order, and that what was refused comes again.
static void a_refused_address_and_the_rest_wait(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(&with_pods);
    struct object *went = pod_at("p", "10.0.0.1");
    cluster_add(c, went, 1);
    assert_changes(c, "+ns +ns@10.0.0.1");
    cluster_drop(c, went);
    struct object *service = object_make(OBJECT_SERVICE, "new", "db");
    struct object *pod = object_make(OBJECT_POD, "new", "p");
    object_address(pod, "10.0.0.1");
    cluster_add(c, service, 1);
    cluster_add(c, pod, 1);
    char told[1024] = "";
    for (int i = 0; i < 5; i++) {
        struct changes t = {.left = 0};
        assert_int_equal(changes_take(c, &t), -EAGAIN);
        t.left = 1;
        const int r = changes_take(c, &t);
        assert_int_equal(r, i < 4 ? -EAGAIN : 0);
        strcat(strcat(told, t.text), " ");
    }
    assert_string_equal(told, "+new +new/db +new@10.0.0.1 -ns@10.0.0.1 -ns ");
    assert_changes(c, "");
    cluster_free(c);
    object_drop(service);
    object_drop(pod);
}

static void what_changed_while_it_waited_is_told_as_it_is_then(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(&with_pods);
    struct object *pod = pod_at("p", "10.0.0.1");
    cluster_add(c, pod, 1);
    struct changes t = {.left = 1};
    assert_int_equal(changes_take(c, &t), -EAGAIN);
    assert_string_equal(t.text, "+ns");
    cluster_remove(c, pod);
    assert_changes(c, "-ns"); // the address never was
    cluster_free(c);
    object_drop(pod);
}

static void a_pod_that_moves_without_memory_stays(void **state)
{
    (void)state;
    bool hit = true;
    for (long n = 1; hit; n++) {
        struct cluster *c = cluster_new(&with_pods);
        struct object *pod = pod_at("p", "10.0.0.1");
        struct object *moved = pod_at("p", "10.0.0.2");
        object_address(moved, "fd00::2");
        object_label(moved, "app", "x");
        object_done(moved);
        cluster_add(c, pod, 1);
        assert_changes(c, "+ns +ns@10.0.0.1");
        fault_alloc_after(n);
        const int r = cluster_put(c, moved, 1, pod);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        assert_true(r == 0 || (r == -ENOMEM && hit));
        struct changes t = {.left = -1};
        assert_int_equal(changes_take(c, &t), 0);
        if (r)
            assert_string_equal(t.text, "");
        else
            assert_non_null(strstr(t.text, "-ns@10.0.0.1"));
        cluster_remove(c, r ? pod : moved);
        assert_int_equal(changes_take(c, &t), 0);
        cluster_free(c);
        object_drop(pod);
        object_drop(moved);
    }
}

static void a_pod_costs_an_address_only_where_it_is_told(void **state)
{
    (void)state;
    unsigned long calls[2];
    for (int told = 0; told < 2; told++) {
        struct cluster *c = cluster_new(told ? &with_pods : NULL);
        struct object *first = pod_at("a", "10.0.0.1");
        struct object *pod = object_done(pod_at("b", "10.0.0.2"));
        cluster_add(c, first, 1);
        const unsigned long before = fault_alloc_count();
        assert_int_equal(cluster_put(c, pod, 1, NULL), 0);
        calls[told] = fault_alloc_count() - before;
        cluster_free(c);
        object_drop(first);
        object_drop(pod);
    }
    assert_in_range(calls[0], 1, 2); // the entry, and its kind's map may grow
    assert_in_range(calls[1], calls[0] + 1, calls[0] + 2);
}

// What is put in again once it has been told gone is made anew.
static void nothing_is_left_of_a_pod_that_went(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(&with_pods);
    struct object *pod = object_done(pod_at("p", "10.0.0.1"));
    unsigned long calls[2];
    for (int i = 0; i < 2; i++) {
        const unsigned long before = fault_alloc_count();
        assert_int_equal(cluster_put(c, pod, 1, NULL), 0);
        calls[i] = fault_alloc_count() - before;
        assert_changes(c, "+ns +ns@10.0.0.1");
        cluster_remove(c, pod);
        assert_changes(c, "-ns@10.0.0.1 -ns");
    }
    assert_int_equal(calls[0], 3); // namespace, pod, address
    assert_int_equal(calls[1], 3);
    cluster_free(c);
    object_drop(pod);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_told_when_it_comes_moves_and_goes),
        cmocka_unit_test(nothing_is_told_where_nobody_asked),
        cmocka_unit_test(both_addresses_of_a_pod_are_told),
        cmocka_unit_test(a_shared_address_goes_with_the_last_pod_that_has_it),
        cmocka_unit_test(an_address_that_passes_to_another_pod_is_not_told),
        cmocka_unit_test(an_address_that_came_and_went_is_not_told),
        cmocka_unit_test(a_pod_that_ends_has_no_address),
        cmocka_unit_test(only_the_pod_that_counts_has_addresses),
        cmocka_unit_test(a_pod_without_the_label_has_no_address),
        cmocka_unit_test(pods_are_told_where_endpoints_are_not),
        cmocka_unit_test(a_refused_address_and_the_rest_wait),
        cmocka_unit_test(what_changed_while_it_waited_is_told_as_it_is_then),
        cmocka_unit_test(a_pod_that_moves_without_memory_stays),
        cmocka_unit_test(a_pod_costs_an_address_only_where_it_is_told),
        cmocka_unit_test(nothing_is_left_of_a_pod_that_went),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
