// SPDX-License-Identifier: Apache-2.0
// What the pods below a service lack, and when that is told.
#include "lib/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void a_pod_says_what_it_lacks(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        for (size_t i = 0; i < POD_LIVES; i++) {
            struct object *p = make_named("db-0"),
                          *db = make_selecting("db", "x");
            pod_lives[i].becomes(p);
            struct crowd s = order ? CROWD(p, db) : CROWD(db, p);
            assert_lack(&s, "db-0", pod_lives[i].lack);
            assert_int_equal(crowd_lacks(&s), *pod_lives[i].lack != '\0');
            crowd_end(&s);
        }
    }
}

static void it_is_told_once_when_a_pod_comes_to_lack_something(void **state)
{
    (void)state;
    struct crowd s = CROWD(make_selecting("db", "x"), make_named("db-0"),
                           make_set("db", "db", 1));
    assert_changes(s.c, "+ns +ns/db");
    for (size_t i = 1; i < POD_LIVES; i++) {
        for (int again = 0; again < 2; again++) {
            struct object *p = make_named("db-0");
            pod_lives[i].becomes(p);
            object_label(p, "more", again ? "labels" : "");
            crowd_swap(&s, 1, p);
            assert_changes(s.c, again ? "" : "+ns/db");
        }
        assert_lack(&s, "db-0", pod_lives[i].lack);
        crowd_swap(&s, 1, make_named("db-0"));
        assert_changes(s.c, "+ns/db");
        assert_lack(&s, "db-0", "");
    }
    crowd_end(&s);
}

// The same where endpoints are given, or none is made of it.
static void what_a_pod_says_is_told_beside_given_endpoints(void **state)
{
    (void)state;
    struct object *slice = make_bare_slice("s");
    object_endpoint(slice, "db-0", "db-0", "10.0.0.1", false);
    struct crowd s =
        CROWD(make_selecting("db", "x"), slice, make_unready("db-0"));
    assert_changes(s.c, "+ns +ns/db");
    struct object *later = make_unready("db-0");
    later->pod.since_unix_s++;
    crowd_swap(&s, 2, later);
    assert_changes(s.c, "+ns/db");
    assert_lack(
        &s, "db-0",
        "pod-not-ready service=db pod=db-0 since=1235 detail=probe failed");
    struct object *other = make_unready("db-0");
    other->pod.since_unix_s++;
    other->pod.reason = "image missing";
    crowd_swap(&s, 2, other);
    assert_changes(s.c, "+ns/db");
    struct object *named = make_unready("db-0");
    named->pod.subdomain = "web";
    crowd_swap(&s, 2, named);
    assert_changes(s.c, "+ns/db");
    // the endpoint is believed, nothing else is known
    assert_lack(&s, "db-0", "pod-not-ready service=db pod=db-0");
    cluster_drop(s.c, s.all[2]);
    s.n--;
    assert_changes(s.c, "");
    crowd_end(&s);
}

static void a_given_endpoint_speaks_where_no_pod_does(void **state)
{
    (void)state;
    struct object *slice = make_bare_slice("s"), *second = make_bare_slice("t");
    object_endpoint(slice, "db-0", "db-0", "10.0.0.1", false);
    object_endpoint(slice, "db-1", "", "10.0.0.2", false);
    object_endpoint(slice, "db-2", "db-2", "10.0.0.3", true);
    object_endpoint(slice, "", "db-3", "10.0.0.4", false);
    // of another family, say
    object_endpoint(second, "db-0", "db-0", "10.0.1.1", false);
    slice_terminates(slice);
    struct crowd s = CROWD(make_service("db"), slice, second);
    assert_int_equal(crowd_lacks(&s), 2);
    assert_lack(&s, "db-0", "pod-not-ready service=db pod=db-0");
    assert_lack(&s, "db-1", "pod-not-ready service=db pod=db-1");
    struct object *gone = make_bare_slice("t");
    object_endpoint(gone, "db-0", "db-0", "10.0.1.1", false);
    slice_terminates(gone);
    crowd_swap(&s, 2, gone);
    assert_lack(&s, "db-0", "pod-terminating service=db pod=db-0");
    crowd_end(&s);
}

static void a_pod_that_is_published_lacks_nothing(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    db->service.publish_not_ready_addresses = true;
    struct crowd s = CROWD(db, make_unready("db-0"), make_pending("db-1"));
    assert_lack(&s, "db-0", "");
    assert_lack(&s, "db-1",
                "pod-pending service=db pod=db-1 since=1234 detail=no node");
    // once it is no more, all is told
    crowd_swap(&s, 0, make_selecting("db", "x"));
    assert_lack(
        &s, "db-0",
        "pod-not-ready service=db pod=db-0 since=1234 detail=probe failed");
    crowd_end(&s);
}

static void a_pod_that_is_not_selected_says_which_label_it_lacks(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    object_select(db, "tier", "back");
    struct crowd s = CROWD(db, make_named("db-0"));
    assert_changes(s.c, "+ns +ns/db");
    assert_lack(&s, "db-0",
                "pod-not-selected service=db pod=db-0 detail=tier=back");
    struct object *now = make_named("db-0");
    object_label(now, "other", "label");
    crowd_swap(&s, 1, now);
    assert_changes(s.c, "");
    now = make_pod("db-0", "y");
    now->pod.hostname = "db-0";
    now->pod.subdomain = "db";
    crowd_swap(&s, 1, now);
    assert_changes(s.c, "+ns/db");
    assert_lack(&s, "db-0",
                "pod-not-selected service=db pod=db-0 detail=app=x");
    // another selector: what was missed is found
    crowd_swap(&s, 0, make_selecting("db", "y"));
    assert_changes(s.c, "+ns/db");
    assert_lack(&s, "db-0", "");
    crowd_end(&s);
}

// Not ready it is, too, but that is not what has to be mended.
static void a_pod_that_is_not_selected_speaks_for_its_endpoint(void **state)
{
    (void)state;
    struct object *slice = make_bare_slice("s");
    object_endpoint(slice, "db-0", "db-0", "10.0.0.1", false);
    struct crowd s =
        CROWD(make_selecting("db", "y"), slice, make_unready("db-0"));
    assert_int_equal(crowd_lacks(&s), 1);
    assert_lack(&s, "db-0",
                "pod-not-selected service=db pod=db-0 detail=app=y");
    crowd_end(&s);
}

static void a_pod_of_the_other_family_has_no_address_here(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    db->service.families[0] = FAMILY_IPV6;
    db->service.families_n = 1;
    struct crowd s = CROWD(db, make_named("db-0"));
    assert_lack(&s, "db-0",
                "pod-no-address service=db pod=db-0 "
                "detail=the service is IPv6 only");
    crowd_end(&s);
}

static void of_two_pods_the_one_that_stays_is_told(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct object *old = make_named("a-0"), *new = make_pending("b-0");
        pod_goes(old);
        old->pod.hostname = new->pod.hostname = "db-0";
        struct object *db = make_selecting("db", "x");
        struct crowd s = order ? CROWD(db, new, old) : CROWD(db, old, new);
        assert_int_equal(crowd_lacks(&s), 1);
        assert_lack(&s, "db-0",
                    "pod-pending service=db pod=b-0 since=1234 detail=no node");
        struct object *same = make_pending("a-0");
        same->pod.hostname = "db-0";
        crowd_swap(&s, order ? 2 : 1, same); // of both, by name
        struct object *later = make_pending("b-0");
        later->pod.hostname = "db-0";
        later->pod.since_unix_s++;
        crowd_swap(&s, order ? 1 : 2, later);
        assert_lack(&s, "db-0",
                    "pod-pending service=db pod=a-0 since=1234 detail=no node");
        crowd_end(&s);
    }
}

static void a_pod_that_given_endpoints_leave_out_is_told_if_declared(
    void **state)
{
    (void)state;
    struct object *slice = make_bare_slice("s");
    object_endpoint(slice, "web-0", "web-0", "10.0.0.1", true);
    struct crowd s =
        CROWD(make_selecting("db", "x"), slice, make_named("web-0"),
              make_named("web-1"), make_named("other"));
    assert_int_equal(crowd_lacks(&s), 0);
    crowd_add(&s, make_set("web", "db", 2));
    assert_int_equal(crowd_lacks(&s), 1);
    assert_lack(&s, "web-1", "pod-no-endpoint service=db pod=web-1");
    assert_none(&s, "web", "");
    crowd_end(&s);
}

static void a_pod_with_an_ordinals_name_alone_is_not_called_so(void **state)
{
    (void)state;
    struct object *waiting = make_pending("web-1");
    waiting->pod.hostname = waiting->pod.subdomain = "";
    struct crowd s =
        CROWD(make_selecting("db", "x"), make_set("web", "db", 4),
              make_pod("web-0", "x"), waiting, make_named("web-3"));
    assert_changes(s.c, "+ns +ns/db");
    assert_lack(&s, "web-0", "pod-without-hostname service=db pod=web-0");
    assert_lack(&s, "web-1", "pod-without-hostname service=db pod=web-1");
    assert_none(&s, "web",
                "pod-blocked service=db kind=StatefulSet workload=web "
                "pod=web-1 since=1234 detail=pending");
    // it is told when it comes to something, though db has it nowhere
    struct object *elsewhere = make_pending("web-1");
    elsewhere->pod.subdomain = "far";
    elsewhere->pod.since_unix_s = 7;
    crowd_swap(&s, 3, elsewhere);
    assert_changes(s.c, "+ns/db");
    assert_none(&s, "web",
                "pod-blocked service=db kind=StatefulSet workload=web "
                "pod=web-1 since=7 detail=pending");
    crowd_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pod_says_what_it_lacks),
        cmocka_unit_test(it_is_told_once_when_a_pod_comes_to_lack_something),
        cmocka_unit_test(what_a_pod_says_is_told_beside_given_endpoints),
        cmocka_unit_test(a_given_endpoint_speaks_where_no_pod_does),
        cmocka_unit_test(a_pod_that_is_published_lacks_nothing),
        cmocka_unit_test(a_pod_that_is_not_selected_says_which_label_it_lacks),
        cmocka_unit_test(a_pod_that_is_not_selected_speaks_for_its_endpoint),
        cmocka_unit_test(a_pod_of_the_other_family_has_no_address_here),
        cmocka_unit_test(of_two_pods_the_one_that_stays_is_told),
        cmocka_unit_test(
            a_pod_that_given_endpoints_leave_out_is_told_if_declared),
        cmocka_unit_test(a_pod_with_an_ordinals_name_alone_is_not_called_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
