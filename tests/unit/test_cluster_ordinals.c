// SPDX-License-Identifier: Apache-2.0
// The ordinals that StatefulSets declare below the service that governs them.
#include "lib/changes.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct object *make_set_in(const char *namespace, const char *name,
                                  const char *service, uint32_t start,
                                  uint32_t replicas)
{
    struct object *o = object_make(OBJECT_STATEFUL_SET, namespace, name);
    o->workload.service = object_text(o, service);
    o->workload.start = start;
    o->workload.replicas = replicas;
    return o;
}

static struct object *make_set(const char *name, const char *service,
                               uint32_t start, uint32_t replicas)
{
    return make_set_in("ns", name, service, start, replicas);
}

// "a 0+3, b 5+1": what the service says; "none" where it is not there.
static const char *ordinals_of(const struct cluster *c, const char *name)
{
    static char text[512];
    struct arena arena;
    struct service s;

    arena_init(&arena, 1 << 16);
    text[0] = '\0';
    if (cluster_service(c, "ns", name, &arena, &s) != 0)
        strcpy(text, "none");
    else
        for (uint32_t i = 0, n = 0; i < s.ordinals_n; i++)
            n += (uint32_t)snprintf(text + n, sizeof text - n, "%s%s %u+%u",
                                    i ? ", " : "", s.ordinals[i].name,
                                    s.ordinals[i].start, s.ordinals[i].n);
    arena_release(&arena);
    return text;
}

static void a_service_tells_of_the_sets_it_governs_by_name(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *all[] = {
        make_service("db"),
        make_service("web"),
        make_set("b", "db", 5, 1),
        make_set("a", "db", 0, 3),
        make_set("other", "web", 0, 2),
        make_set("free", "", 0, 2),
        make_set_in("far", "c", "db", 0, 2), // another namespace's service
        make_set("empty", "db", 0, 0),
    };
    for (size_t i = 0; i < ORD_COUNT(all); i++)
        cluster_add(c, all[i], 1);
    assert_string_equal(ordinals_of(c, "db"), "a 0+3, b 5+1, empty 0+0");
    assert_string_equal(ordinals_of(c, "web"), "other 0+2");
    assert_string_equal(ordinals_of(c, "free"), "none");
    for (size_t i = 2; i < ORD_COUNT(all); i++)
        cluster_drop(c, all[i]);
    assert_string_equal(ordinals_of(c, "db"), "");
    cluster_free(c);
    object_drop(all[0]);
    object_drop(all[1]);
}

static void other_workloads_declare_no_ordinals(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *db = make_service("db");
    struct object *o = object_make(OBJECT_DEPLOYMENT, "ns", "a");
    o->workload.service = object_text(o, "db");
    o->workload.replicas = 3;
    cluster_add(c, db, 1);
    cluster_add(c, o, 1);
    assert_changes(c, "+ns +ns/db");
    assert_string_equal(ordinals_of(c, "db"), "");
    cluster_free(c);
    object_drop(db);
    object_drop(o);
}

static void a_set_touches_its_service_when_it_comes_and_goes(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *db = make_service("db"), *set = make_set("a", "db", 0, 3);
    cluster_add(c, db, 1);
    assert_changes(c, "+ns +ns/db");
    cluster_add(c, set, 1);
    assert_changes(c, "+ns/db");
    cluster_drop(c, set);
    assert_changes(c, "+ns/db");
    cluster_drop(c, db);
    assert_changes(c, "-ns/db -ns");
    cluster_free(c);
}

static void a_set_may_come_before_its_service_and_stay_after_it(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *set = make_set("a", "db", 0, 3), *db;
    cluster_add(c, set, 1);
    assert_changes(c, "+ns +ns/db"); // missing, which it says
    assert_string_equal(ordinals_of(c, "db"), "");
    db = make_service("db");
    cluster_add(c, db, 1);
    assert_changes(c, "+ns/db");
    assert_string_equal(ordinals_of(c, "db"), "a 0+3");
    cluster_drop(c, db);
    assert_changes(c, "+ns/db");
    assert_string_equal(ordinals_of(c, "db"), "");
    db = make_service("db");
    cluster_add(c, db, 1);
    assert_changes(c, "+ns/db");
    assert_string_equal(ordinals_of(c, "db"), "a 0+3");
    cluster_drop(c, db);
    cluster_drop(c, set);
    assert_changes(c, "-ns/db -ns");
    cluster_free(c);
}

static void only_what_is_declared_touches_the_service(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *a = make_service("a"), *b = make_service("b");
    struct object *set = make_set("s", "a", 0, 3), *new;
    cluster_add(c, a, 1);
    cluster_add(c, b, 1);
    cluster_add(c, set, 1);
    assert_changes(c, "+ns +ns/b +ns/a");
    new = make_set("s", "a", 0, 3); // something else about it
    new->workload.revision = 7;
    object_label(new, "x", "y");
    cluster_swap(c, new, 1, set);
    assert_changes(c, "");
    set = new;
    new = make_set("s", "a", 0, 4);
    cluster_swap(c, new, 1, set);
    assert_changes(c, "+ns/a");
    set = new;
    new = make_set("s", "a", 2, 4);
    cluster_swap(c, new, 1, set);
    assert_changes(c, "+ns/a");
    assert_string_equal(ordinals_of(c, "a"), "s 2+4");
    set = new;
    new = make_set("s", "b", 2, 4);
    cluster_swap(c, new, 1, set);
    assert_changes(c, "+ns/b +ns/a");
    assert_string_equal(ordinals_of(c, "a"), "");
    assert_string_equal(ordinals_of(c, "b"), "s 2+4");
    set = new;
    new = make_set("s", "b", 2, 0);
    cluster_swap(c, new, 1, set);
    assert_changes(c, "+ns/b");
    set = new;
    assert_string_equal(ordinals_of(c, "b"), "s 2+0");
    set = new;
    new = make_set("s", "a", 9, 0); // where there are none, that is told
    cluster_swap(c, new, 1, set);
    assert_changes(c, "+ns/a +ns/b");
    cluster_free(c);
    object_drop(a);
    object_drop(b);
    object_drop(new);
}

// The copy of a StatefulSet that was scaled ranks above the file's.
static void of_a_scaled_set_the_copy_counts(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *db = make_service("db"), *file = make_set("a", "db", 0, 3);
    struct object *copy = make_set("a", "db", 0, 5), *new;
    cluster_add(c, db, 1);
    cluster_add(c, file, 1);
    assert_changes(c, "+ns +ns/db");
    cluster_add(c, copy, 9);
    assert_changes(c, "+ns/db");
    assert_string_equal(ordinals_of(c, "db"), "a 0+5");
    new = make_set("a", "db", 0, 4); // waits below it
    cluster_swap(c, new, 1, file);
    assert_changes(c, "");
    assert_string_equal(ordinals_of(c, "db"), "a 0+5");
    cluster_drop(c, copy);
    assert_changes(c, "+ns/db");
    assert_string_equal(ordinals_of(c, "db"), "a 0+4");
    cluster_free(c);
    object_drop(db);
    object_drop(new);
}

static void ordinals_stand_beside_slices_and_endpoints(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *all[] = {make_service("db"), make_set("a", "db", 0, 3),
                            make_slice("s", "db")};
    for (size_t i = 0; i < ORD_COUNT(all); i++)
        cluster_add(c, all[i], 1);
    assert_string_equal(ordinals_of(c, "db"), "a 0+3");
    assert_int_equal(endpoints_of(c, "db"), 1);
    cluster_free(c);
    for (size_t i = 0; i < ORD_COUNT(all); i++)
        object_drop(all[i]);
}

static void a_hidden_namespace_declares_nothing(void **state)
{
    (void)state;
    static const char *const listed[] = {"seen"};
    const struct cluster_settings settings = {.namespaces = listed,
                                              .namespaces_n = 1};
    struct cluster *c = cluster_new(&settings);
    struct object *db = make_service("db"), *set = make_set("a", "db", 0, 3);
    cluster_add(c, db, 1);
    cluster_add(c, set, 1);
    assert_changes(c, "");
    assert_string_equal(ordinals_of(c, "db"), "none");
    assert_non_null(cluster_find(c, OBJECT_STATEFUL_SET, "ns", "a"));
    cluster_drop(c, set);
    cluster_free(c);
    object_drop(db);
}

static void without_endpoints_nothing_is_declared(void **state)
{
    (void)state;
    const struct cluster_settings settings = {.no_endpoints = true};
    struct cluster *c = cluster_new(&settings);
    struct object *db = make_service("db"), *set = make_set("a", "db", 0, 3);
    cluster_add(c, db, 1);
    assert_changes(c, "+ns +ns/db");
    cluster_add(c, set, 1);
    assert_changes(c, "");
    assert_string_equal(ordinals_of(c, "db"), "");
    cluster_drop(c, set);
    cluster_free(c);
    object_drop(db);
}

static void without_memory_a_set_is_not_put_in(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *set = object_done(make_set("a", "db", 0, 3));
    int r = -ENOMEM;

    for (long n = 1; r != 0; n++) {
        fault_alloc_after(n);
        r = cluster_put(c, set, 1, NULL);
        fault_alloc_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
        if (r) {
            assert_true(fault_alloc_hit());
            assert_changes(c, "");
        }
    }
    assert_changes(c, "+ns +ns/db");
    cluster_drop(c, set);
    assert_changes(c, "-ns/db -ns");
    cluster_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_tells_of_the_sets_it_governs_by_name),
        cmocka_unit_test(other_workloads_declare_no_ordinals),
        cmocka_unit_test(a_set_touches_its_service_when_it_comes_and_goes),
        cmocka_unit_test(a_set_may_come_before_its_service_and_stay_after_it),
        cmocka_unit_test(only_what_is_declared_touches_the_service),
        cmocka_unit_test(of_a_scaled_set_the_copy_counts),
        cmocka_unit_test(ordinals_stand_beside_slices_and_endpoints),
        cmocka_unit_test(a_hidden_namespace_declares_nothing),
        cmocka_unit_test(without_endpoints_nothing_is_declared),
        cmocka_unit_test(without_memory_a_set_is_not_put_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
