// SPDX-License-Identifier: Apache-2.0
// What the settings hide, and what they leave to be seen.
#include "lib/changes.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

// A cluster that shows what a selector matches.
struct selecting {
    struct arena arena;
    struct cluster *cluster;
    struct cluster_settings settings;
};

static struct cluster *selecting_init(struct selecting *s, const char *selector)
{
    *s = (struct selecting){0};
    arena_init(&s->arena, 1 << 16);
    assert_int_equal(
        selector_parse(selector, &s->arena, &s->settings.selector, NULL), 0);
    s->cluster = cluster_new(&s->settings);
    assert_non_null(s->cluster);
    return s->cluster;
}

static void selecting_release(struct selecting *s)
{
    cluster_free(s->cluster);
    arena_release(&s->arena);
}

static struct object *labelled(struct object *o, const char *key,
                               const char *value)
{
    object_label(o, key, value);
    return o;
}

static int ask(const struct cluster *c, const char *namespace, const char *name)
{
    struct arena arena;
    struct service s;

    arena_init(&arena, 1 << 20);
    const int r = cluster_service(c, namespace, name, &arena, &s);
    arena_release(&arena);
    return r;
}

// --- namespaces ------------------------------------------------------------

static void a_namespace_that_is_not_listed_is_never_told(void **state)
{
    (void)state;
    static const char *const listed[] = {"seen", "ns"};
    const struct cluster_settings settings = {
        .namespaces = listed, .namespaces_n = 2, .pods = true};
    struct cluster *c = cluster_new(&settings);
    struct object *hidden[] = {
        object_make(OBJECT_NAMESPACE, "", "other"),
        object_make(OBJECT_SERVICE, "other", "db"),
        object_make(OBJECT_ENDPOINT_SLICE, "other", "db-1"),
        object_make(OBJECT_ENDPOINTS, "other", "db"),
        object_make(OBJECT_POD, "other", "db-0"),
        object_make(OBJECT_STATEFUL_SET, "other", "db"),
    };
    object_select(hidden[1], "app", "x");
    hidden[2]->slice.service = "db";
    object_endpoint(hidden[3], "", "p", "10.0.0.1", true);
    object_label(hidden[4], "app", "x");
    object_address(hidden[4], "10.0.0.1");
    for (size_t i = 0; i < ORD_COUNT(hidden); i++)
        cluster_add(c, hidden[i], 1);
    assert_changes(c, "");
    assert_int_equal(ask(c, "other", "db"), -ENOENT);
    struct object *db = make_service("db");
    cluster_add(c, db, 1);
    assert_changes(c, "+ns +ns/db");
    assert_int_equal(ask(c, "ns", "db"), 0);
    cluster_drop(c, db);
    for (size_t i = 0; i < ORD_COUNT(hidden); i++) {
        const struct object *o = hidden[i];
        assert_ptr_equal(cluster_find(c, o->kind, o->namespace, o->name), o);
        cluster_drop(c, hidden[i]);
    }
    assert_changes(c, "-ns/db -ns");
    cluster_free(c);
}

static int count(void *context, const struct object *o)
{
    (void)o;
    ++*(unsigned *)context;
    return 0;
}

static void what_is_hidden_is_found_all_the_same(void **state)
{
    (void)state;
    static const char *const listed[] = {"seen"};
    const struct cluster_settings settings = {.namespaces = listed,
                                              .namespaces_n = 1};
    struct cluster *c = cluster_new(&settings);
    struct object *low = make_pod("p", "x"), *high = make_pod("p", "y");
    unsigned n = 0;
    cluster_add(c, low, 1);
    cluster_add(c, high, 2);
    assert_int_equal(cluster_each(c, OBJECT_POD, count, &n), 0);
    assert_int_equal(n, 1);
    assert_ptr_equal(cluster_find(c, OBJECT_POD, "ns", "p"), high);
    assert_ptr_equal(cluster_find_below(c, OBJECT_POD, "ns", "p", 2), low);
    cluster_drop(c, high);
    assert_ptr_equal(cluster_find(c, OBJECT_POD, "ns", "p"), low);
    assert_changes(c, "");
    cluster_free(c);
    object_drop(low);
}

// --- labels ----------------------------------------------------------------

static void a_service_without_the_label_is_not_there(void **state)
{
    (void)state;
    struct selecting s;
    struct cluster *c = selecting_init(&s, "dns=yes");
    struct object *hidden = make_service("hidden");
    struct object *seen = labelled(make_service("seen"), "dns", "yes");
    struct object *slice = labelled(make_slice("s", "hidden"), "dns", "yes");
    cluster_add(c, hidden, 1);
    assert_changes(c, "+ns"); // the namespace is there
    cluster_add(c, seen, 1);
    cluster_add(c, slice, 1);
    assert_changes(c, "+ns/seen");
    assert_int_equal(ask(c, "ns", "hidden"), -ENOENT);
    assert_int_equal(ask(c, "ns", "seen"), 0);
    assert_ptr_equal(cluster_find(c, OBJECT_SERVICE, "ns", "hidden"), hidden);
    cluster_drop(c, hidden);
    assert_changes(c, "");
    cluster_drop(c, seen);
    cluster_drop(c, slice);
    assert_changes(c, "-ns/seen -ns");
    selecting_release(&s);
}

static void a_service_whose_label_changes_comes_and_goes(void **state)
{
    (void)state;
    struct selecting s;
    struct cluster *c = selecting_init(&s, "!hidden");
    struct object *slice = make_slice("s", "db");
    struct object *service = make_service("db"), *next;
    cluster_add(c, service, 1);
    cluster_add(c, slice, 1);
    assert_changes(c, "+ns +ns/db");
    next = labelled(make_service("db"), "hidden", "");
    cluster_swap(c, next, 1, service);
    service = next;
    assert_int_equal(ask(c, "ns", "db"), -ENOENT);
    assert_changes(c, "-ns/db");
    next = labelled(make_service("db"), "hidden", "still");
    cluster_swap(c, next, 1, service);
    service = next;
    assert_changes(c, "");
    next = make_service("db");
    cluster_swap(c, next, 1, service);
    service = next;
    assert_int_equal(endpoints_of(c, "db"), 1);
    assert_changes(c, "+ns/db");
    cluster_drop(c, service);
    assert_changes(c, "-ns/db");
    selecting_release(&s);
    object_drop(slice);
}

static void a_hidden_service_hides_the_lower_ones_of_its_name(void **state)
{
    (void)state;
    struct selecting s;
    struct cluster *c = selecting_init(&s, "dns");
    struct object *low = labelled(make_service("db"), "dns", "");
    struct object *high = make_service("db");
    cluster_add(c, low, 1);
    assert_changes(c, "+ns +ns/db");
    cluster_add(c, high, 2);
    assert_int_equal(ask(c, "ns", "db"), -ENOENT);
    assert_changes(c, "-ns/db");
    cluster_drop(c, high);
    assert_changes(c, "+ns/db");
    selecting_release(&s);
    object_drop(low);
}

static void a_hidden_slice_has_no_endpoints_and_lets_none_speak(void **state)
{
    (void)state;
    struct selecting s;
    struct cluster *c = selecting_init(&s, "dns");
    struct object *service = labelled(make_selecting("db", "x"), "dns", "");
    struct object *pod = labelled(make_pod("p", "x"), "dns", "");
    struct object *slice = make_slice("s", "db"), *next;
    struct object *other = labelled(make_slice("t", "db"), "dns", "");
    cluster_add(c, service, 1);
    cluster_add(c, pod, 1);
    assert_int_equal(endpoints_of(c, "db"), 1); // from its pod
    assert_changes(c, "+ns +ns/db");
    cluster_add(c, slice, 1);
    assert_int_equal(endpoints_of(c, "db"), 0);
    assert_changes(c, "+ns/db");
    cluster_add(c, other, 1);
    assert_int_equal(endpoints_of(c, "db"), 1);
    assert_changes(c, "+ns/db");
    next = labelled(make_slice("s", "db"), "dns", ""); // comes into sight
    cluster_swap(c, next, 1, slice);
    assert_int_equal(endpoints_of(c, "db"), 2);
    assert_changes(c, "+ns/db");
    slice = make_slice("s", "db"); // and goes
    cluster_swap(c, slice, 1, next);
    assert_int_equal(endpoints_of(c, "db"), 1);
    assert_changes(c, "+ns/db");
    cluster_drop(c, slice);
    cluster_drop(c, other);
    assert_int_equal(endpoints_of(c, "db"), 1); // from its pod again
    selecting_release(&s);
    object_drop(service);
    object_drop(pod);
}

static struct object *make_endpoints(const char *name)
{
    struct object *o = object_make(OBJECT_ENDPOINTS, "ns", name);

    object_endpoint(o, "", "p", "10.0.0.1", true);
    return o;
}

static void hidden_endpoints_are_none(void **state)
{
    (void)state;
    struct selecting s;
    struct cluster *c = selecting_init(&s, "dns");
    struct object *service = labelled(make_selecting("db", "x"), "dns", "");
    struct object *pod = make_pod("p", "x");
    struct object *endpoints = make_endpoints("db"), *next;
    cluster_add(c, service, 1);
    cluster_add(c, pod, 1);
    cluster_add(c, endpoints, 1);
    assert_int_equal(endpoints_of(c, "db"), 0);
    assert_changes(c, "+ns +ns/db");
    next = labelled(make_endpoints("db"), "dns", "");
    cluster_swap(c, next, 1, endpoints);
    assert_int_equal(endpoints_of(c, "db"), 1);
    assert_changes(c, "+ns/db");
    cluster_drop(c, next);
    assert_changes(c, "+ns/db");
    selecting_release(&s);
    object_drop(service);
    object_drop(pod);
}

// K8S: the slice controller gives its slices the labels of the service.
static void pods_need_no_label_to_be_endpoints(void **state)
{
    (void)state;
    struct selecting s;
    struct cluster *c = selecting_init(&s, "dns");
    struct object *service = labelled(make_selecting("db", "x"), "dns", "");
    struct object *pod = make_pod("p", "x");
    cluster_add(c, service, 1);
    assert_changes(c, "+ns +ns/db");
    cluster_add(c, pod, 1);
    assert_int_equal(endpoints_of(c, "db"), 1);
    assert_changes(c, "+ns/db");
    selecting_release(&s);
    object_drop(service);
    object_drop(pod);
}

// --- no endpoints ----------------------------------------------------------

static void without_endpoints_only_services_touch_services(void **state)
{
    (void)state;
    const struct cluster_settings settings = {.no_endpoints = true};
    struct cluster *c = cluster_new(&settings);
    struct object *service = make_selecting("db", "x");
    struct object *given = make_selecting("given", "y");
    struct object *old = make_selecting("old", "y");
    struct object *others[] = {make_pod("p", "x"), make_slice("s", "given"),
                               make_endpoints("old")};
    cluster_add(c, service, 1);
    cluster_add(c, given, 1);
    cluster_add(c, old, 1);
    assert_changes(c, "+ns +ns/old +ns/given +ns/db");
    for (size_t i = 0; i < ORD_COUNT(others); i++)
        cluster_add(c, others[i], 1);
    assert_changes(c, "");
    assert_int_equal(endpoints_of(c, "db"), 0);
    assert_int_equal(endpoints_of(c, "given"), 0);
    assert_int_equal(endpoints_of(c, "old"), 0);
    struct object *next = make_selecting("db", "y");
    cluster_swap(c, next, 1, service);
    assert_changes(c, "+ns/db");
    for (size_t i = 0; i < ORD_COUNT(others); i++)
        cluster_drop(c, others[i]);
    assert_changes(c, "");
    cluster_free(c);
    object_drop(next);
    object_drop(given);
    object_drop(old);
}

// --- memory ----------------------------------------------------------------

// Hidden or not, of each kind: refused puts leave no trace.
static void a_put_without_memory_leaves_no_trace(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < OBJECT_KINDS; kind++) {
        for (unsigned variant = 0; variant < 4; variant++) {
            bool hit = true;
            for (long n = 1; hit; n++) {
                struct selecting s;
                struct cluster *c = selecting_init(&s, "dns");
                cluster_free(c);
                static const char *const listed[] = {"ns"};
                s.settings.namespaces = listed;
                s.settings.namespaces_n = variant & 1;
                s.settings.pods = true;
                c = s.cluster = cluster_new(&s.settings);
                struct object *o =
                    kind == OBJECT_NAMESPACE
                        ? object_make(OBJECT_NAMESPACE, "", "new")
                        : object_make((enum object_kind)kind, "new", "new");
                if (variant & 2)
                    object_label(o, "dns", "");
                if (kind == OBJECT_SERVICE)
                    object_select(o, "app", "x");
                if (kind == OBJECT_ENDPOINT_SLICE)
                    o->slice.service = "db";
                if (kind == OBJECT_POD) {
                    object_label(o, "app", "x");
                    object_address(o, "10.0.0.1");
                    object_address(o, "fd00::1");
                }
                object_done(o);
                fault_alloc_after(n);
                const int r = cluster_put(c, o, 1, NULL);
                fault_alloc_after(-1);
                hit = fault_alloc_hit();
                assert_true(r == 0 || (r == -ENOMEM && hit));
                assert_ptr_equal(
                    cluster_find(c, o->kind, o->namespace, o->name),
                    r ? NULL : o);
                if (r || (variant & 1))
                    assert_changes(c, "");
                if (r == 0)
                    cluster_remove(c, o);
                object_drop(o);
                selecting_release(&s);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_namespace_that_is_not_listed_is_never_told),
        cmocka_unit_test(what_is_hidden_is_found_all_the_same),
        cmocka_unit_test(a_service_without_the_label_is_not_there),
        cmocka_unit_test(a_service_whose_label_changes_comes_and_goes),
        cmocka_unit_test(a_hidden_service_hides_the_lower_ones_of_its_name),
        cmocka_unit_test(a_hidden_slice_has_no_endpoints_and_lets_none_speak),
        cmocka_unit_test(hidden_endpoints_are_none),
        cmocka_unit_test(pods_need_no_label_to_be_endpoints),
        cmocka_unit_test(without_endpoints_only_services_touch_services),
        cmocka_unit_test(a_put_without_memory_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
