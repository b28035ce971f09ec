// SPDX-License-Identifier: Apache-2.0
// Why nobody is in a service's set, and why hostnames below it are none.
#include "lib/crowd.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct label app_y[] = {{"app", "y"}};

// --- why nobody is in the set ---------------------------------------------

static void a_set_that_is_not_empty_has_no_reason(void **state)
{
    (void)state;
    struct crowd s = CROWD(make_selecting("db", "x"), make_named("db-0"),
                           make_unready("db-1"));
    assert_empty(&s, "");
    assert_unnamed(&s, "");
    crowd_end(&s);
}

static void none_is_ready_of_pods_with_an_address_or_without(void **state)
{
    (void)state;
    struct object *waiting = make_pod("a", "x");
    waiting->pod.addresses_n = 0;
    waiting->pod.phase = POD_PENDING;
    struct object *ended = make_pod("b", "x");
    pod_ends(ended);
    struct crowd s = CROWD(make_selecting("db", "x"), make_unready("db-0"),
                           make_pending("db-1"), waiting, ended);
    assert_changes(s.c, "+ns +ns/db");
    assert_empty(&s, "none-ready service=db last=3");
    cluster_drop(s.c, waiting);
    s.all[3] = ended;
    s.n--;
    assert_changes(s.c, "+ns/db");
    assert_empty(&s, "none-ready service=db last=2");
    crowd_end(&s);
    struct object *slice = make_bare_slice("s"), *six = make_bare_slice("t");
    object_endpoint(slice, "db-0", "db-0", "10.0.0.1", false);
    object_endpoint(slice, "db-1", "db-1", "10.0.0.2", false);
    six->slice.family = FAMILY_IPV6;
    object_endpoint(six, "db-0", "db-0", "fd00::1", false);
    struct crowd given = CROWD(make_service("db"), slice, six);
    assert_empty(&given, "none-ready service=db last=2");
    crowd_end(&given);
}

static void a_service_without_selector_has_what_is_written(void **state)
{
    (void)state;
    struct crowd s = CROWD(make_service("db"), make_set("db", "db", 2),
                           make_named("db-0"), make_unready("db-1"));
    assert_empty(&s, "no-endpoints service=db");
    assert_unnamed(&s, "no-endpoints service=db");
    assert_none(&s, "db",
                "no-endpoints service=db kind=StatefulSet workload=db");
    assert_int_equal(crowd_lacks(&s), 0);
    crowd_end(&s);
    struct crowd given = CROWD(make_service("db"), make_bare_slice("s"));
    assert_empty(&given, "no-endpoints service=db");
    crowd_end(&given);
}

static void a_selector_may_match_nothing(void **state)
{
    (void)state;
    struct crowd s = CROWD(make_selecting("db", "x"), make_pod("p", "y"));
    assert_empty(&s, "no-pods service=db");
    assert_unnamed(&s, "no-pods service=db");
    crowd_end(&s);
    struct crowd given = CROWD(make_selecting("db", "x"), make_bare_slice("s"));
    assert_empty(&given, "no-pods service=db");
    crowd_end(&given);
}

static void a_selector_may_miss_the_template_of_its_set(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct object *db = make_selecting("db", "y");
        struct object *set = make_set("db", "db", 2);
        struct crowd s = order ? CROWD(set, db) : CROWD(db, set);
        static const char wanted[] =
            "selector-misses-pods service=db kind=StatefulSet workload=db "
            "detail=app=y";
        assert_changes(s.c, "+ns +ns/db");
        assert_empty(&s, wanted);
        assert_unnamed(&s, wanted);
        struct object *now = make_set("db", "db", 2);
        now->workload.pod_labels = (struct labels){app_y, 1};
        crowd_swap(&s, order ? 0 : 1, now);
        assert_changes(s.c, "+ns/db");
        assert_empty(&s, "no-pods service=db");
        assert_unnamed(&s, "");
        // it has the pods of one of them
        crowd_add(&s, make_set("a", "db", 2));
        assert_unnamed(&s, "");
        crowd_end(&s);
    }
}

// A label that the controller adds, or a template of which nothing is known.
static void what_cannot_be_known_of_a_template_is_not_missed(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    object_select(db, "statefulset.kubernetes.io/pod-name", "db-0");
    struct crowd s = CROWD(db, make_set("db", "db", 2));
    assert_empty(&s, "no-pods service=db");
    assert_unnamed(&s, "");
    crowd_end(&s);
    struct object *set = make_set("db", "db", 2);
    set->workload.pod_labels = (struct labels){0};
    struct crowd t = CROWD(make_selecting("db", "x"), set);
    assert_empty(&t, "no-pods service=db");
    crowd_end(&t);
}

static void workloads_may_want_no_pods(void **state)
{
    (void)state;
    struct object *old = make_workload(OBJECT_REPLICA_SET, "a", 0);
    old->owner_kind = "Deployment";
    old->owner_name = "web";
    struct object *free = make_workload(OBJECT_REPLICA_SET, "0", 0);
    struct crowd s = CROWD(make_selecting("db", "x"), old,
                           make_workload(OBJECT_DEPLOYMENT, "web", 0));
    cluster_add(s.c, free, 1);
    assert_changes(s.c, "+ns +ns/db");
    assert_empty(&s, "no-replicas service=db kind=Deployment workload=web");
    cluster_drop(s.c, free);
    assert_changes(s.c, "+ns/db");
    crowd_swap(&s, 2, make_workload(OBJECT_DEPLOYMENT, "web", 2));
    assert_changes(s.c, "+ns/db");
    assert_empty(&s, "no-pods service=db");
    crowd_swap(&s, 2,
               make_workload(OBJECT_DEPLOYMENT, "web", 3)); // of no matter
    assert_changes(s.c, "");
    struct object *other = make_workload(OBJECT_DEPLOYMENT, "web", 3);
    other->workload.pod_labels = (struct labels){app_y, 1};
    crowd_swap(&s, 2, other);
    assert_changes(s.c, "+ns/db");
    // the Deployment is told, though only its ReplicaSet is there
    assert_empty(&s, "no-replicas service=db kind=Deployment workload=web");
    crowd_end(&s);
}

// --- why a hostname is none -----------------------------------------------

static void pods_of_a_deployment_have_no_names(void **state)
{
    (void)state;
    struct object *p = make_pod("web-1-a", "x"), *owned;
    p->owner_kind = "ReplicaSet";
    p->owner_name = "web-1";
    struct crowd s = CROWD(make_selecting("db", "x"), p);
    assert_unnamed(&s, "pods-without-names service=db kind=ReplicaSet "
                       "workload=web-1");
    owned = make_workload(OBJECT_REPLICA_SET, "web-1", 1);
    owned->owner_kind = "Deployment";
    owned->owner_name = "web";
    assert_changes(s.c, "+ns +ns/db");
    crowd_add(&s, owned);
    assert_changes(s.c, "+ns/db");
    assert_unnamed(&s, "pods-without-names service=db kind=Deployment "
                       "workload=web");
    crowd_end(&s);
}

// By the ReplicaSet that owns the pod, though the selector asks for more.
static void an_owner_is_told_of_a_pod_whose_template_is_not_known(void **state)
{
    (void)state;
    struct object *p = make_pod("web-1-a", "x"), *owner;
    p->owner_kind = "ReplicaSet";
    p->owner_name = "web-1";
    owner = make_workload(OBJECT_REPLICA_SET, "web-1", 1);
    owner->workload.pod_labels = (struct labels){0};
    owner->owner_kind = "Deployment";
    owner->owner_name = "web";
    struct crowd s = CROWD(make_selecting("db", "x"), p, owner);
    assert_unnamed(&s, "pods-without-names service=db kind=Deployment "
                       "workload=web");
    crowd_end(&s);
    struct crowd bare = CROWD(make_selecting("db", "x"), make_pod("p", "x"));
    assert_unnamed(&bare, "pod-without-hostname service=db pod=p");
    crowd_end(&bare);
}

static void where_one_pod_has_a_name_unknown_ones_are_just_unknown(void **state)
{
    (void)state;
    struct crowd s =
        CROWD(make_selecting("db", "x"), make_pod("p", "x"), make_named("q"),
              make_workload(OBJECT_DEPLOYMENT, "web", 1));
    assert_unnamed(&s, "");
    crowd_swap(&s, 2, make_pending("q"));
    assert_unnamed(&s, "");
    crowd_end(&s);
}

static void a_second_service_says_where_the_names_are(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    db->service.type = SERVICE_CLUSTER_IP;
    struct object *p = make_named("web-0");
    p->pod.subdomain = "peers";
    struct crowd s =
        CROWD(db, make_selecting("peers", "x"), make_set("web", "peers", 1), p);
    assert_unnamed(&s, "pod-elsewhere service=peers kind=StatefulSet "
                       "workload=web");
    assert_string_equal(crowd_say(&s, WHY_UNNAMED, "peers", ""), "");
    crowd_end(&s);
    // by the pods alone
    p = make_named("web-0");
    p->pod.subdomain = "peers";
    p->owner_kind = "StatefulSet";
    p->owner_name = "web";
    struct crowd t = CROWD(make_selecting("db", "x"), p, make_service("peers"));
    assert_unnamed(&t, "pod-elsewhere service=peers workload=web");
    crowd_end(&t);
}

// With names below it or without: it is the wrong service to look for peers.
static void a_service_that_governs_pods_is_to_be_headless(void **state)
{
    (void)state;
    for (int ready = 0; ready < 2; ready++) {
        struct object *db = make_selecting("db", "x");
        db->service.type = SERVICE_CLUSTER_IP;
        struct crowd s =
            CROWD(db, ready ? make_named("b-0") : make_unready("b-0"));
        assert_changes(s.c, "+ns +ns/db");
        assert_unnamed(&s, "");
        crowd_add(&s, make_set("b", "db", 1));
        assert_changes(s.c, "+ns/db");
        assert_unnamed(&s, "not-headless service=db kind=StatefulSet "
                           "workload=b");
        crowd_add(&s, make_set("a", "db", 0)); // before it by name
        assert_changes(s.c, "+ns/db");
        assert_unnamed(&s, "not-headless service=db kind=StatefulSet "
                           "workload=a");
        crowd_swap(&s, 0, make_selecting("db", "x"));
        assert_unnamed(&s, "");
        crowd_end(&s);
    }
}

// What keeps it from having pods at all has to be mended first.
static void a_service_without_pods_says_that_before_its_type(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "y"), *bare = make_service("db");
    db->service.type = bare->service.type = SERVICE_CLUSTER_IP;
    struct crowd s = CROWD(db, make_set("a", "db", 1));
    assert_unnamed(&s, "selector-misses-pods service=db kind=StatefulSet "
                       "workload=a detail=app=y");
    crowd_swap(&s, 0, bare);
    assert_unnamed(&s, "no-endpoints service=db");
    crowd_end(&s);
}

static void an_external_name_has_no_reasons(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    db->service.type = SERVICE_EXTERNAL_NAME;
    struct crowd s = CROWD(db, make_set("db", "db", 2), make_unready("db-0"));
    assert_empty(&s, "");
    assert_unnamed(&s, "");
    assert_none(&s, "db", "");
    assert_int_equal(crowd_lacks(&s), 0);
    crowd_end(&s);
}

// --- memory ---------------------------------------------------------------

static struct crowd everything(void)
{
    struct object *slice = make_bare_slice("s");
    object_endpoint(slice, "db-0", "db-0", "10.0.0.1", false);
    object_endpoint(slice, "", "db-1", "10.0.0.2", false);
    struct object *missed = make_pending("db-3");
    missed->pod.hostname = "other";
    return CROWD(make_selecting("db", "y"), make_set("db", "db", 9),
                 make_set("e", "db", 1), slice, make_named("db-2"), missed);
}

static void without_memory_a_service_says_so(void **state)
{
    (void)state;
    struct crowd s = everything();
    struct service out, untouched;
    size_t refused = 0;
    int r = -ENOMEM;

    memset(&out, 0x5a, sizeof out);
    untouched = out;
    for (size_t budget = 0; r != 0; budget += 8) {
        struct arena arena;
        arena_init(&arena, budget);
        r = cluster_service(s.c, "ns", "db", &arena, &out);
        assert_true(r == 0 || r == -ENOMEM);
        if (r)
            assert_memory_equal(&out, &untouched, sizeof out);
        refused += r != 0;
        arena_release(&arena);
    }
    assert_true(refused > 8);
    assert_lack(&s, "db-2",
                "pod-not-selected service=db pod=db-2 "
                "detail=app=y");
    assert_unnamed(&s, "");
    assert_empty(&s, "none-ready service=db last=2");
    crowd_end(&s);
}

static void without_memory_a_put_leaves_no_trace(void **state)
{
    (void)state;
    static const char *const told[] = {"+ns", "+ns +ns/db", "+ns"};

    for (size_t i = 0; i < 3; i++) {
        struct object *o = i == 0   ? make_named("db-0")
                           : i == 1 ? make_set("a", "db", 1)
                                    : make_workload(OBJECT_DEPLOYMENT, "d", 1);
        int r = -ENOMEM;
        struct cluster *c = cluster_new(NULL);
        object_done(o);
        for (long n = 1; r != 0; n++) {
            fault_alloc_after(n);
            r = cluster_put(c, o, 1, NULL);
            fault_alloc_after(-1);
            assert_true(r == 0 || (r == -ENOMEM && fault_alloc_hit()));
            if (r)
                assert_changes(c, "");
        }
        assert_changes(c, told[i]);
        cluster_drop(c, o);
        assert_changes(c, i == 1 ? "-ns/db -ns" : "-ns");
        cluster_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_that_is_not_empty_has_no_reason),
        cmocka_unit_test(none_is_ready_of_pods_with_an_address_or_without),
        cmocka_unit_test(a_service_without_selector_has_what_is_written),
        cmocka_unit_test(a_selector_may_match_nothing),
        cmocka_unit_test(a_selector_may_miss_the_template_of_its_set),
        cmocka_unit_test(what_cannot_be_known_of_a_template_is_not_missed),
        cmocka_unit_test(workloads_may_want_no_pods),
        cmocka_unit_test(pods_of_a_deployment_have_no_names),
        cmocka_unit_test(an_owner_is_told_of_a_pod_whose_template_is_not_known),
        cmocka_unit_test(
            where_one_pod_has_a_name_unknown_ones_are_just_unknown),
        cmocka_unit_test(a_second_service_says_where_the_names_are),
        cmocka_unit_test(a_service_that_governs_pods_is_to_be_headless),
        cmocka_unit_test(a_service_without_pods_says_that_before_its_type),
        cmocka_unit_test(an_external_name_has_no_reasons),
        cmocka_unit_test(without_memory_a_service_says_so),
        cmocka_unit_test(without_memory_a_put_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
