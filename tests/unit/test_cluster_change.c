// SPDX-License-Identifier: Apache-2.0
// Which services a change touches.
#include "lib/changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void equal_facts_touch_nothing_and_the_old_object_is_let_go(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *service = make_selecting("db", "x");
    struct object *pod = make_pod("p", "x"), *slice = make_slice("s", "other");
    struct object *low = make_selecting("db", "y"), *new;
    cluster_add(c, service, 2);
    cluster_add(c, low, 1);
    cluster_add(c, pod, 1);
    cluster_add(c, slice, 1);
    assert_changes(c, "+ns +ns/db");
    new = make_selecting("db", "x");
    cluster_swap(c, new, 2, service);
    service = new;
    new = make_selecting("db", "y");
    cluster_swap(c, new, 1, low);
    low = new;
    new = make_pod("p", "x");
    cluster_swap(c, new, 1, pod);
    pod = new;
    new = make_slice("s", "other");
    cluster_swap(c, new, 1, slice);
    slice = new;
    assert_changes(c, "");
    assert_ptr_equal(cluster_find(c, OBJECT_SERVICE, "ns", "db"), service);
    assert_int_equal(endpoints_of(c, "db"), 1);
    cluster_drop(c, service);
    assert_ptr_equal(cluster_find(c, OBJECT_SERVICE, "ns", "db"), low);
    assert_int_equal(endpoints_of(c, "db"), 0);
    assert_changes(c, "+ns/db");
    cluster_free(c);
    object_drop(low);
    object_drop(pod);
    object_drop(slice);
}

static void a_slice_touches_its_service_and_a_moved_one_both(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *a = make_service("a"), *b = make_service("b");
    struct object *slice = make_slice("s", "a"), *moved;
    cluster_add(c, a, 1);
    cluster_add(c, b, 1);
    assert_changes(c, "+ns +ns/b +ns/a");
    cluster_add(c, slice, 1);
    assert_changes(c, "+ns/a");
    moved = make_slice("s", "b");
    cluster_swap(c, moved, 1, slice);
    assert_int_equal(endpoints_of(c, "a"), 0);
    assert_int_equal(endpoints_of(c, "b"), 1);
    assert_changes(c, "+ns/b +ns/a");
    cluster_drop(c, moved);
    assert_changes(c, "+ns/b");
    cluster_free(c);
    object_drop(a);
    object_drop(b);
}

static void slices_may_come_before_their_service(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *slice = make_slice("s", "db"), *o;
    cluster_add(c, slice, 1);
    assert_changes(c, "+ns");
    o = make_service("db");
    cluster_add(c, o, 1);
    assert_int_equal(endpoints_of(c, "db"), 1);
    assert_changes(c, "+ns/db");
    cluster_drop(c, o); // and stay after it
    assert_changes(c, "-ns/db");
    cluster_drop(c, slice);
    assert_changes(c, "-ns");
    cluster_free(c);
}

static void endpoints_touch_a_service_that_has_no_slices(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *o = make_service("db"), *slice = make_slice("s", "db");
    struct object *e = object_make(OBJECT_ENDPOINTS, "ns", "db");
    cluster_add(c, o, 1);
    cluster_add(c, e, 1);
    assert_changes(c, "+ns +ns/db");
    cluster_remove(c, e);
    assert_changes(c, "+ns/db");
    cluster_add(c, slice, 1);
    assert_changes(c, "+ns/db");
    cluster_add(c, e, 1);
    assert_changes(c, "");
    cluster_free(c);
    object_drop(o);
    object_drop(e);
    object_drop(slice);
}

static void a_pod_touches_the_services_that_selected_it_or_do(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *x = make_selecting("x", "x"), *y = make_selecting("y", "y");
    struct object *pod = make_pod("p", "x"), *new;
    cluster_add(c, x, 1);
    cluster_add(c, y, 1);
    assert_changes(c, "+ns +ns/y +ns/x");
    cluster_add(c, pod, 1);
    assert_changes(c, "+ns/x");
    new = make_pod("p", "y");
    cluster_swap(c, new, 1, pod);
    assert_int_equal(endpoints_of(c, "x"), 0);
    assert_int_equal(endpoints_of(c, "y"), 1);
    assert_changes(c, "+ns/y +ns/x");
    cluster_drop(c, new);
    assert_changes(c, "+ns/y");
    cluster_free(c);
    object_drop(x);
    object_drop(y);
}

// A service `db` with port 80 at `http`, its pod, and what becomes of the pod.
struct pod_change {
    const char *what;
    void (*change)(struct object *pod);
    bool touches;
};

static void change_label(struct object *o)
{
    object_label(o, "more", "labels");
}

static void change_owner(struct object *o)
{
    o->owner_name = "somebody";
}

static void change_phase(struct object *o)
{
    o->pod.phase = POD_UNKNOWN;
}

static void change_end(struct object *o)
{
    o->pod.phase = POD_SUCCEEDED;
}

static void change_ready(struct object *o)
{
    o->pod.ready = false;
}

static void change_deletion(struct object *o)
{
    o->pod.terminating = true;
}

static void change_other_family(struct object *o)
{
    object_address(o, "fd00::1");
}

static void change_address(struct object *o)
{
    o->pod.addresses[0].octets[3]++;
}

static void change_other_subdomain(struct object *o)
{
    o->pod.hostname = "p";
    o->pod.subdomain = "other";
}

static void change_hostname(struct object *o)
{
    o->pod.hostname = "p";
    o->pod.subdomain = "db";
}

static void change_other_port(struct object *o)
{
    object_number(o, "metrics", 9, PROTOCOL_TCP);
}

static void change_port(struct object *o)
{
    object_number(o, "http", 8080, PROTOCOL_TCP);
}

static void a_pod_touches_only_by_what_reaches_dns(void **state)
{
    (void)state;
    static const struct pod_change changes[] = {
        {"label", change_label, false},
        {"owner", change_owner, false},
        {"phase", change_phase, false},
        {"end", change_end, true},
        {"ready", change_ready, true},
        {"deletion", change_deletion, true},
        {"other family", change_other_family, false},
        {"address", change_address, true},
        {"other subdomain", change_other_subdomain, false},
        {"hostname", change_hostname, true},
        {"other port", change_other_port, false},
        {"port", change_port, true},
    };
    struct cluster *c = cluster_new(NULL);
    struct object *service = make_selecting("db", "x"),
                  *pod = make_pod("p", "x");
    object_port(service, "web", 80, PROTOCOL_TCP, "http");
    cluster_add(c, service, 1);
    cluster_add(c, pod, 1);
    for (size_t i = 0; i < ORD_COUNT(changes); i++) {
        for (int back = 0; back < 2; back++) {
            assert_int_equal(changes_take(c, &(struct changes){.left = -1}), 0);
            struct object *new = make_pod("p", "x");
            if (!back)
                changes[i].change(new);
            cluster_swap(c, new, 1, pod);
            pod = new;
            struct changes t = {.left = -1};
            assert_int_equal(changes_take(c, &t), 0);
            if (strcmp(t.text, changes[i].touches ? "+ns/db" : "") != 0)
                fail_msg("%s: '%s'", changes[i].what, t.text);
        }
    }
    cluster_free(c);
    object_drop(service);
    object_drop(pod);
}

static void pods_do_not_touch_a_service_whose_endpoints_are_given(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *service = make_selecting("db", "x"),
                  *pod = make_pod("p", "x");
    struct object *slice = make_slice("s", "db");
    cluster_add(c, service, 1);
    cluster_add(c, slice, 1);
    assert_changes(c, "+ns +ns/db");
    cluster_add(c, pod, 1);
    assert_changes(c, "");
    cluster_drop(c, slice);
    assert_int_equal(endpoints_of(c, "db"), 1);
    assert_changes(c, "+ns/db");
    cluster_free(c);
    object_drop(service);
    object_drop(pod);
}

static void equal_labels_of_another_namespace_do_not_mix(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(NULL);
    struct object *service = make_selecting("db", "x");
    struct object *pod = object_make(OBJECT_POD, "other", "p");
    object_label(pod, "app", "x");
    object_address(pod, "10.0.0.1");
    cluster_add(c, service, 1);
    assert_changes(c, "+ns +ns/db");
    cluster_add(c, pod, 1);
    assert_changes(c, "+other");
    assert_int_equal(endpoints_of(c, "db"), 0);
    cluster_free(c);
    object_drop(service);
    object_drop(pod);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            equal_facts_touch_nothing_and_the_old_object_is_let_go),
        cmocka_unit_test(a_slice_touches_its_service_and_a_moved_one_both),
        cmocka_unit_test(slices_may_come_before_their_service),
        cmocka_unit_test(endpoints_touch_a_service_that_has_no_slices),
        cmocka_unit_test(a_pod_touches_the_services_that_selected_it_or_do),
        cmocka_unit_test(a_pod_touches_only_by_what_reaches_dns),
        cmocka_unit_test(pods_do_not_touch_a_service_whose_endpoints_are_given),
        cmocka_unit_test(equal_labels_of_another_namespace_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
