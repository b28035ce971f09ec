// SPDX-License-Identifier: Apache-2.0
// What counts, what is told of it, and what it costs.
#include "lib/changes.h"
#include "lib/fault.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- finding ---------------------------------------------------------------

static void an_object_is_found_by_kind_namespace_and_name(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *service = make_service("db"), *pod = make_pod("db", "x");
    struct object *ns = object_make(OBJECT_NAMESPACE, "", "ns");
    cluster_add(c, service, 1);
    cluster_add(c, pod, 1);
    cluster_add(c, ns, 1);
    assert_ptr_equal(cluster_find(c, OBJECT_SERVICE, "ns", "db"), service);
    assert_ptr_equal(cluster_find(c, OBJECT_POD, "ns", "db"), pod);
    assert_ptr_equal(cluster_find(c, OBJECT_NAMESPACE, "", "ns"), ns);
    assert_null(cluster_find(c, OBJECT_ENDPOINTS, "ns", "db"));
    assert_null(cluster_find(c, OBJECT_POD, "ns", "d"));
    assert_null(cluster_find(c, OBJECT_POD, "n", "db"));
    cluster_remove(c, pod);
    assert_null(cluster_find(c, OBJECT_POD, "ns", "db"));
    cluster_free(c);
    object_drop(service);
    object_drop(pod);
    object_drop(ns);
}

static void the_highest_rank_counts_and_the_others_wait(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *o[4];
    for (unsigned i = 0; i < 4; i++) {
        o[i] = make_service("db");
        o[i]->service.policy = (uint8_t)i;
    }
    cluster_add(c, o[1], 10);
    assert_changes(c, "+ns +ns/db");
    cluster_add(c, o[0], 5); // waits
    assert_changes(c, "");
    cluster_add(c, o[3], 30); // counts
    assert_changes(c, "+ns/db");
    cluster_add(c, o[2], 20); // waits between them
    assert_changes(c, "");
    assert_ptr_equal(cluster_find(c, OBJECT_SERVICE, "ns", "db"), o[3]);
    cluster_remove(c, o[1]); // from the middle
    assert_changes(c, "");
    cluster_remove(c, o[3]);
    assert_ptr_equal(cluster_find(c, OBJECT_SERVICE, "ns", "db"), o[2]);
    assert_changes(c, "+ns/db");
    cluster_remove(c, o[2]);
    assert_ptr_equal(cluster_find(c, OBJECT_SERVICE, "ns", "db"), o[0]);
    cluster_remove(c, o[0]);
    assert_changes(c, "-ns/db -ns");
    cluster_free(c);
    for (unsigned i = 0; i < 4; i++)
        object_drop(o[i]);
}

static void of_equal_ranks_the_last_one_counts(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *gone = make_service("db"), *comes = make_service("db");
    comes->service.policy = IP_FAMILY_SINGLE;
    cluster_add(c, gone, 10);
    cluster_add(c, comes, 10);
    assert_changes(c, "+ns +ns/db");
    assert_ptr_equal(cluster_find(c, OBJECT_SERVICE, "ns", "db"), comes);
    cluster_drop(c, gone);
    assert_changes(c, "");
    assert_ptr_equal(cluster_find(c, OBJECT_SERVICE, "ns", "db"), comes);
    cluster_free(c);
    object_drop(comes);
}

static int count(void *context, const struct object *o)
{
    int *left = context;

    assert_int_equal(o->kind, OBJECT_POD);
    return --*left ? 0 : 7;
}

static void each_visits_what_counts_of_one_kind_until_told_to_stop(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *pods[100], *waiting = make_pod("p0", "y");
    struct object *service = make_service("db");
    cluster_add(c, service, 1);
    cluster_add(c, waiting, 0);
    for (unsigned i = 0; i < 100; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%u", i);
        pods[i] = make_pod(name, "x");
        cluster_add(c, pods[i], 1);
    }
    int left = 1000;
    assert_int_equal(cluster_each(c, OBJECT_POD, count, &left), 0);
    assert_int_equal(left, 900);
    left = 3;
    assert_int_equal(cluster_each(c, OBJECT_POD, count, &left), 7);
    assert_int_equal(cluster_each(c, OBJECT_DEPLOYMENT, count, &left), 0);
    cluster_free(c);
    for (unsigned i = 0; i < 100; i++)
        object_drop(pods[i]);
    object_drop(waiting);
    object_drop(service);
}

// --- namespaces ------------------------------------------------------------

static void a_namespace_lives_as_long_as_an_object_names_it(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *ns = object_make(OBJECT_NAMESPACE, "", "ns");
    struct object *set = object_make(OBJECT_STATEFUL_SET, "ns", "db");
    cluster_add(c, set, 1);
    assert_changes(c, "+ns");
    cluster_add(c, ns, 1);
    cluster_drop(c, set);
    assert_changes(c, "");
    cluster_drop(c, ns);
    assert_changes(c, "-ns");
    cluster_free(c);
}

static void what_came_and_went_in_between_is_not_told(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *o = make_service("db");
    cluster_add(c, o, 1);
    cluster_remove(c, o);
    assert_changes(c, "");
    cluster_add(c, o, 1);
    assert_changes(c, "+ns +ns/db");
    cluster_remove(c, o);
    cluster_add(c, o, 1);
    assert_changes(c, "+ns/db");
    cluster_free(c);
    object_drop(o);
}

static void namespaces_come_before_services_and_go_after_them(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *a = make_service("a"), *b;
    cluster_add(c, a, 1);
    assert_changes(c, "+ns +ns/a");
    b = object_make(OBJECT_SERVICE, "other", "b");
    cluster_remove(c, a);
    cluster_add(c, b, 1);
    struct changes t = {.left = -1};
    assert_int_equal(changes_take(c, &t), 0);
    assert_int_equal(strncmp(t.text, "+other ", 7), 0);
    assert_string_equal(t.text + strlen(t.text) - 4, " -ns");
    assert_int_equal(strlen(t.text), strlen("+other +other/b -ns/a -ns"));
    cluster_free(c);
    object_drop(a);
    object_drop(b);
}

static void a_refused_change_and_the_rest_wait(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *a = make_service("a"), *b;
    cluster_add(c, a, 1);
    assert_changes(c, "+ns +ns/a");
    cluster_drop(c, a);
    b = object_make(OBJECT_SERVICE, "other", "b");
    cluster_add(c, b, 1);
    char told[1024] = "";
    // One at a time, each refused once: all are told once, in order.
    for (int i = 0; i < 4; i++) {
        struct changes t = {.left = 0};
        assert_int_equal(changes_take(c, &t), -EAGAIN);
        t.left = 1;
        const int r = changes_take(c, &t);
        assert_int_equal(r, i < 3 ? -EAGAIN : 0);
        strcat(strcat(told, t.text), " ");
    }
    assert_true(strcmp(told, "+other +other/b -ns/a -ns ") == 0 ||
                strcmp(told, "+other -ns/a +other/b -ns ") == 0);
    assert_changes(c, "");
    cluster_free(c);
    object_drop(b);
}

// --- memory ----------------------------------------------------------------

static void a_put_without_memory_leaves_the_cluster_as_it_was(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < OBJECT_KINDS; kind++) {
        for (long n = 1;; n++) {
            struct cluster *c = cluster_new(NULL);
            struct object *o = object_make(OBJECT_SERVICE, "ns", "other");
            struct object *made[] = {
                object_make((enum object_kind)kind, "new", "new"),
                make_service("db"), make_pod("p", "x"), make_slice("s", "db")};
            struct object *x = made[kind == OBJECT_SERVICE          ? 1
                                    : kind == OBJECT_POD            ? 2
                                    : kind == OBJECT_ENDPOINT_SLICE ? 3
                                                                    : 0];
            if (kind == OBJECT_SERVICE)
                object_select(x, "app", "x");
            if (kind == OBJECT_POD)
                object_label(x, "second", "label");
            object_done(x);
            cluster_add(c, o, 1);
            assert_changes(c, "+ns +ns/other");
            fault_alloc_after(n);
            const int r = cluster_put(c, x, 1, NULL);
            fault_alloc_after(-1);
            const bool hit = fault_alloc_hit();
            assert_true(r == 0 || (r == -ENOMEM && hit));
            const char *ns = kind == OBJECT_NAMESPACE ? "" : x->namespace;
            assert_ptr_equal(cluster_find(c, x->kind, ns, x->name),
                             r ? NULL : x);
            if (r)
                assert_changes(c, "");
            if (r == 0)
                cluster_remove(c, x);
            cluster_drop(c, o);
            cluster_free(c);
            for (size_t i = 0; i < ORD_COUNT(made); i++)
                object_drop(made[i]);
            if (!hit)
                break;
        }
    }
}

static void a_replacement_without_memory_keeps_the_old_object(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        struct cluster *c = cluster_new(NULL);
        struct object *x = make_selecting("x", "x");
        struct object *y = make_selecting("y", "y");
        struct object *pod = make_pod("p", "x"), *new = make_pod("p", "y");
        cluster_add(c, x, 1);
        cluster_add(c, y, 1);
        cluster_add(c, pod, 1);
        assert_changes(c, "+ns +ns/y +ns/x");
        object_label(new, "second", "label");
        object_done(new);
        fault_alloc_after(n);
        const int r = cluster_put(c, new, 1, pod);
        fault_alloc_after(-1);
        const bool hit = fault_alloc_hit();
        assert_int_equal(endpoints_of(c, "x"), r ? 1 : 0);
        assert_int_equal(endpoints_of(c, "y"), r ? 0 : 1);
        assert_changes(c, r ? "" : "+ns/y +ns/x");
        assert_true(r == 0 || (r == -ENOMEM && hit));
        cluster_free(c);
        object_drop(x);
        object_drop(y);
        object_drop(pod);
        object_drop(new);
        if (!hit)
            break;
    }
}

static void a_cluster_without_memory_is_none(void **state)
{
    (void)state;
    fault_alloc_after(1);
    struct cluster *c = cluster_new(NULL);
    fault_alloc_after(-1);
    assert_null(c);
    cluster_free(NULL);
}

// What the cluster itself takes for a slice and its part of a service, by
// malloc's own account (which is empty under the address sanitizer).
static void a_slice_takes_less_than_150_octets(void **state)
{
    (void)state;
    enum { SERVICES = 1000, SLICES = 20000 };
    struct cluster *c = cluster_new(NULL);
    struct object *slices = calloc(SLICES, sizeof *slices);
    char(*names)[16] = calloc(SLICES, sizeof *names);
    assert_true(slices && names);
    const size_t before = mallinfo2().uordblks;
    for (unsigned i = 0; i < SLICES; i++) {
        snprintf(names[i], sizeof names[i], "s-%u", i);
        slices[i] = (struct object){.kind = OBJECT_ENDPOINT_SLICE,
                                    .namespace = "ns",
                                    .name = names[i],
                                    .digest = 1};
        slices[i].slice.service = names[i % SERVICES];
        assert_int_equal(cluster_put(c, &slices[i], 1, NULL), 0);
    }
    assert_in_range((mallinfo2().uordblks - before) / SLICES, 0, 149);
    cluster_free(c);
    free(slices);
    free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_found_by_kind_namespace_and_name),
        cmocka_unit_test(the_highest_rank_counts_and_the_others_wait),
        cmocka_unit_test(of_equal_ranks_the_last_one_counts),
        cmocka_unit_test(
            each_visits_what_counts_of_one_kind_until_told_to_stop),
        cmocka_unit_test(a_namespace_lives_as_long_as_an_object_names_it),
        cmocka_unit_test(what_came_and_went_in_between_is_not_told),
        cmocka_unit_test(namespaces_come_before_services_and_go_after_them),
        cmocka_unit_test(a_refused_change_and_the_rest_wait),
        cmocka_unit_test(a_put_without_memory_leaves_the_cluster_as_it_was),
        cmocka_unit_test(a_replacement_without_memory_keeps_the_old_object),
        cmocka_unit_test(a_cluster_without_memory_is_none),
        cmocka_unit_test(a_slice_takes_less_than_150_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
