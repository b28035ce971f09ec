// SPDX-License-Identifier: Apache-2.0
// A service that is not there, although a StatefulSet names it; and reasons of
// which nobody is to hear.
#include "lib/crowd.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// --- a service that is missing --------------------------------------------

static const char missing[] =
    "service-missing service=db kind=StatefulSet workload=a";

static void assert_missing(const struct crowd *st, bool is)
{
    struct arena arena;
    struct service s;

    arena_init(&arena, 1 << 16);
    const int r = cluster_service(st->c, "ns", "db", &arena, &s);
    if (is) {
        assert_int_equal(r, 0);
        assert_null(s.object);
        assert_string_equal(s.namespace, "ns");
        assert_string_equal(s.name, "db");
        assert_int_equal(s.slices_n + s.ordinals_n + s.lacks_n + s.addresses_n,
                         0);
        assert_empty(st, missing);
        assert_unnamed(st, missing);
    } else {
        assert_true(r == -ENOENT || s.object);
    }
    arena_release(&arena);
}

static void a_service_that_a_set_names_is_missing_until_it_comes(void **state)
{
    (void)state;
    struct crowd s =
        CROWD(make_set("b", "db", 1), make_named("b-0"), make_bare_slice("s"));
    assert_changes(s.c, "+ns +ns/db");
    crowd_add(&s, make_set("a", "db", 0));
    assert_changes(s.c, "+ns/db");
    assert_missing(&s, true);
    struct object *db = make_service("db");
    cluster_add(s.c, db, 1);
    assert_changes(s.c, "+ns/db");
    assert_missing(&s, false);
    cluster_drop(s.c, db);
    assert_changes(s.c, "+ns/db");
    assert_missing(&s, true);
    crowd_swap(&s, 1, make_unready("b-0")); // of no matter
    assert_changes(s.c, "");
    crowd_swap(&s, 3, make_set("a", "", 1));
    assert_changes(s.c, "+ns/db");
    crowd_swap(&s, 0, make_set("b", "other", 1));
    struct changes t = {.left = -1};
    assert_int_equal(changes_take(s.c, &t), 0);
    assert_true(strcmp(t.text, "+ns/other -ns/db") == 0 ||
                strcmp(t.text, "-ns/db +ns/other") == 0);
    assert_missing(&s, false);
    crowd_end(&s);
}

static void what_was_not_told_is_not_told_to_be_gone(void **state)
{
    (void)state;
    struct crowd s = CROWD(make_service("other"));
    assert_changes(s.c, "+ns +ns/other");
    struct object *set = make_set("a", "db", 1);
    cluster_add(s.c, set, 1);
    cluster_drop(s.c, set);
    assert_changes(s.c, "");
    crowd_end(&s);
}

static void a_hidden_service_is_not_missing(void **state)
{
    (void)state;
    struct arena arena;
    struct cluster_settings settings = {0};
    arena_init(&arena, 1 << 16);
    assert_int_equal(selector_parse("seen", &arena, &settings.selector, NULL),
                     0);
    for (int order = 0; order < 2; order++) {
        struct object *set = make_set("a", "db", 1), *db = make_service("db");
        object_label(set, "seen", "");
        struct crowd s =
            crowd_with(&settings, (struct object *[]){order ? db : set}, 1);
        assert_changes(s.c, order ? "+ns" : "+ns +ns/db");
        assert_missing(&s, !order);
        cluster_add(s.c, order ? set : db, 1);
        assert_changes(s.c, order ? "" : "-ns/db");
        assert_missing(&s, false);
        cluster_drop(s.c, db);
        assert_changes(s.c, "+ns/db");
        assert_missing(&s, true);
        struct object *hidden = make_set("a", "db", 1);
        s.all[0] = set;
        crowd_swap(&s, 0, hidden);
        assert_changes(s.c, "-ns/db");
        assert_missing(&s, false);
        crowd_end(&s);
    }
    arena_release(&arena);
}

static void where_there_are_no_endpoints_none_is_missed(void **state)
{
    (void)state;
    const struct cluster_settings settings = {.no_endpoints = true};
    struct object *all[] = {make_set("a", "db", 1), make_unready("a-0"),
                            make_workload(OBJECT_DEPLOYMENT, "d", 0)};
    struct crowd s = crowd_with(&settings, all, ORD_COUNT(all));
    assert_changes(s.c, "+ns");
    assert_missing(&s, false);
    crowd_add(&s, make_selecting("db", "x"));
    assert_changes(s.c, "+ns/db");
    assert_empty(&s, "endpoints-off service=db");
    assert_unnamed(&s, "endpoints-off service=db");
    crowd_swap(&s, 1, make_named("a-0"));
    crowd_swap(&s, 0, make_set("a", "db", 5));
    crowd_swap(&s, 2, make_workload(OBJECT_DEPLOYMENT, "d", 1));
    assert_changes(s.c, "");
    crowd_end(&s);
}

// --- what is hidden -------------------------------------------------------

static void what_the_selector_hides_is_not_named(void **state)
{
    (void)state;
    struct arena arena;
    struct cluster_settings settings = {0};
    arena_init(&arena, 1 << 16);
    assert_int_equal(selector_parse("seen", &arena, &settings.selector, NULL),
                     0);
    struct object *db = make_selecting("db", "x"), *p = make_named("web-0");
    struct object *seen = make_workload(OBJECT_DEPLOYMENT, "web", 0);
    struct object *set = make_set("web", "peers", 0);
    object_label(db, "seen", "");
    object_label(seen, "seen", "");
    object_label(set, "seen", ""); // but not the service that it names
    p->pod.subdomain = "peers";
    struct object *all[] = {db, make_workload(OBJECT_DEPLOYMENT, "web", 0), p,
                            make_selecting("peers", "x"), set};
    struct crowd s = crowd_with(&settings, all, ORD_COUNT(all));
    assert_changes(s.c, "+ns +ns/db");
    assert_unnamed(&s, "pod-without-hostname service=db pod=web-0");
    crowd_swap(&s, 4, make_set("web", "peers", 0));
    crowd_swap(&s, 2, make_unready("web-0"));
    assert_empty(&s, "none-ready service=db last=1");
    assert_changes(s.c, "+ns/db");
    crowd_swap(&s, 1, seen);
    assert_changes(s.c, "+ns/db");
    assert_empty(&s, "no-replicas service=db kind=Deployment workload=web");
    // hidden: so are all endpoints
    crowd_add(&s, make_bare_slice("s"));
    assert_empty(&s, "endpoints-off service=db");
    crowd_end(&s);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_that_a_set_names_is_missing_until_it_comes),
        cmocka_unit_test(what_was_not_told_is_not_told_to_be_gone),
        cmocka_unit_test(a_hidden_service_is_not_missing),
        cmocka_unit_test(where_there_are_no_endpoints_none_is_missed),
        cmocka_unit_test(what_the_selector_hides_is_not_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
