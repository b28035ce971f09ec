// SPDX-License-Identifier: Apache-2.0
// How the zone follows faults: what is held back, what is left out, and which
// names faults are of.
#include "lib/changes.h"
#include "lib/fault.h"
#include "lib/objects.h"
#include "lib/testbed.h"
#include "zone/sync.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { START_MS = 10000 };

// A testbed whose zone follows a cluster.
struct fixture {
    struct testbed *testbed;
    struct cluster *cluster;
    struct faults *faults;
    struct zone_sync *sync;
    struct report report;
    struct zone_sync_result result; // of the last run
    uint64_t now_ms;
    struct object *objects[8]; // that are in the cluster
    unsigned objects_n;
};

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    (void)context;
    (void)kind;
    (void)at;
    (void)text;
}

static struct object *put(struct fixture *f, struct object *o)
{
    assert_true(f->objects_n < ORD_COUNT(f->objects));
    cluster_add(f->cluster, o, 1);
    f->objects[f->objects_n++] = o;
    return o;
}

static unsigned place_of(const struct fixture *f, const struct object *o)
{
    unsigned i = 0;
    while (f->objects[i] != o)
        i++;
    return i;
}

static void swap(struct fixture *f, struct object *o, struct object *old)
{
    const unsigned i = place_of(f, old);
    cluster_swap(f->cluster, o, 1, old);
    f->objects[i] = o;
}

static void drop(struct fixture *f, struct object *o)
{
    const unsigned i = place_of(f, o);
    cluster_drop(f->cluster, o);
    f->objects[i] = f->objects[--f->objects_n];
}

static int run(struct fixture *f, uint64_t now_ms)
{
    f->now_ms = now_ms;
    zone_reader_offline();
    const int r =
        zone_sync_run(f->sync, START_MS + now_ms, TESTBED_NOW_S, &f->result);
    zone_reader_online();
    return r;
}

static void good_run(struct fixture *f, uint64_t now_ms)
{
    assert_int_equal(run(f, now_ms), 0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    zone_reader_register();
    f->testbed = testbed_new(NULL);
    f->cluster = cluster_new(NULL);
    f->faults = faults_new();
    f->report.finding = on_finding;
    assert_true(f->cluster && f->faults);
    f->sync =
        zone_sync_new(f->testbed->zone, f->cluster, f->faults, &f->report);
    assert_non_null(f->sync);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    zone_sync_free(f->sync);
    while (f->objects_n > 0)
        drop(f, f->objects[0]);
    faults_free(f->faults);
    cluster_free(f->cluster);
    testbed_free(f->testbed);
    zone_reader_unregister();
    free(f);
    return 0;
}

// From now on, for so long; 0: until it is cleared.
static void begin(struct fixture *f, const char *name, bool of_service,
                  const char *text, uint64_t for_ms)
{
    struct fault fault = {.of_service = of_service,
                          .namespace = "ns",
                          .name = name,
                          .since_ms = START_MS + f->now_ms,
                          .until_ms = UINT64_MAX};
    struct error err;
    if (for_ms)
        fault.until_ms = fault.since_ms + for_ms;
    assert_int_equal(fault_parse(text, &fault.kind, &fault.ms, &err), 0);
    assert_int_equal(faults_add(f->faults, &fault, &err), 0);
}

// A slice of ns/db with one endpoint, "web-0".
static struct object *slice(const char *address)
{
    struct object *o = object_make(OBJECT_ENDPOINT_SLICE, "ns", "db-1");
    o->slice.service = object_text(o, "db");
    object_endpoint(o, "web-0", "web-0", address, true);
    return o;
}

static struct object *pod(const char *name, const char *subdomain)
{
    struct object *o = object_make(OBJECT_POD, "ns", name);
    o->pod.hostname = object_text(o, name);
    o->pod.subdomain = object_text(o, subdomain);
    object_address(o, "10.9.9.9");
    return o;
}

static uint64_t next(const struct fixture *f)
{
    const uint64_t ms = zone_sync_next_ms(f->sync);
    return ms == UINT64_MAX ? ms : ms - START_MS;
}

#define assert_a(f, address)                                                   \
    assert_answer((f)->testbed, "web-0.db.ns", "A", address)

// --- stale -----------------------------------------------------------------

static void a_stale_service_changes_later(void **state)
{
    struct fixture *f = *state;
    put(f, make_service("db"));
    struct object *old = put(f, slice("10.0.0.1"));
    good_run(f, 0);
    begin(f, "db", true, "stale=2000", 0);
    good_run(f, 0);
    assert_true(next(f) == UINT64_MAX);

    swap(f, slice("10.0.0.2"), old);
    good_run(f, 100);
    assert_int_equal(f->result.built, 0);
    assert_int_equal(f->result.stale, 1);
    assert_a(f, "A 10.0.0.1");
    assert_int_equal(next(f), 2100);
    good_run(f, 2099);
    assert_a(f, "A 10.0.0.1");

    good_run(f, 2100);
    assert_int_equal(f->result.built, 1);
    assert_int_equal(f->result.stale, 0);
    assert_a(f, "A 10.0.0.2");
    assert_true(next(f) == UINT64_MAX);
}

// What is due is built as it is by then.
static void several_changes_are_seen_at_once(void **state)
{
    struct fixture *f = *state;
    put(f, make_service("db"));
    struct object *now = put(f, slice("10.0.0.1")), *then;
    good_run(f, 0);
    begin(f, "db", true, "stale=1000", 0);
    for (unsigned i = 2; i < 5; i++) {
        char address[16];
        snprintf(address, sizeof address, "10.0.0.%u", i);
        swap(f, then = slice(address), now);
        now = then;
        good_run(f, 100 * i);
        assert_a(f, "A 10.0.0.1");
        assert_int_equal(next(f), 1200);
    }
    good_run(f, 1200);
    assert_a(f, "A 10.0.0.4");
    assert_int_equal(f->result.built, 1);
    // the next change waits anew
    swap(f, slice("10.0.0.5"), now);
    good_run(f, 1300);
    assert_a(f, "A 10.0.0.4");
    assert_int_equal(next(f), 2300);
}

static void others_are_not_held_back(void **state)
{
    struct fixture *f = *state;
    begin(f, "other", true, "stale=2000", 0);
    put(f, make_service("db"));
    put(f, slice("10.0.0.1"));
    good_run(f, 0);
    assert_a(f, "A 10.0.0.1");
    assert_true(zone_is_complete(f->testbed->zone));
}

static void what_comes_and_goes_is_stale_too(void **state)
{
    struct fixture *f = *state;
    begin(f, "db", true, "stale=500", 0);
    struct object *service = put(f, make_service("db"));
    struct object *s = put(f, slice("10.0.0.1"));
    good_run(f, 0);
    assert_a(f, "NXDOMAIN");
    assert_true(zone_is_complete(f->testbed->zone));
    good_run(f, 500);
    assert_a(f, "A 10.0.0.1");

    drop(f, s);
    drop(f, service);
    good_run(f, 600);
    assert_a(f, "A 10.0.0.1");
    good_run(f, 1100);
    assert_int_equal(f->result.removed, 1);
    assert_a(f, "NXDOMAIN");
}

static void a_fault_that_ends_lets_go_at_once(void **state)
{
    struct fixture *f = *state;
    put(f, make_service("db"));
    struct object *a = put(f, slice("10.0.0.1")), *b = slice("10.0.0.2");
    struct object *c = slice("10.0.0.3"), *d = slice("10.0.0.4");
    good_run(f, 0);

    begin(f, "db", true, "stale=2000", 0);
    swap(f, b, a);
    good_run(f, 100);
    assert_a(f, "A 10.0.0.1");
    assert_int_equal(faults_clear(f->faults, "ns", "db"), 1);
    assert_int_equal(zone_sync_next_ms(f->sync), 0);
    good_run(f, 200);
    assert_a(f, "A 10.0.0.2");

    // by its time
    begin(f, "db", true, "stale=2000", 300);
    swap(f, c, b);
    good_run(f, 300);
    assert_a(f, "A 10.0.0.2");
    faults_run(f->faults, START_MS + 500);
    good_run(f, 500);
    assert_a(f, "A 10.0.0.3");

    // another one in its place is shorter
    begin(f, "db", true, "stale=2000", 0);
    swap(f, d, c);
    good_run(f, 600);
    begin(f, "db", true, "stale=100", 0);
    good_run(f, 650);
    assert_a(f, "A 10.0.0.3");
    assert_int_equal(next(f), 700);
    good_run(f, 700);
    assert_a(f, "A 10.0.0.4");
}

static void of_two_delays_the_longer_one_counts(void **state)
{
    struct fixture *f = *state;
    put(f, make_service("db"));
    put(f, pod("web-0", "db"));
    struct object *old = put(f, slice("10.0.0.1"));
    begin(f, "web-0", false, "stale=700", 0);
    begin(f, "db", true, "stale=300", 0);
    good_run(f, 0);
    good_run(f, 700);
    assert_a(f, "A 10.0.0.1");
    swap(f, slice("10.0.0.2"), old);
    good_run(f, 800);
    assert_int_equal(next(f), 1500);
    assert_int_equal(faults_clear(f->faults, "ns", "web-0"), 1);
    good_run(f, 900);
    assert_a(f, "A 10.0.0.1");
    assert_int_equal(next(f), 1100);
}

static void a_stale_pod_holds_its_service_back(void **state)
{
    struct fixture *f = *state;
    put(f, make_service("db"));
    struct object *p = put(f, pod("web-0", "db"));
    struct object *old = put(f, slice("10.0.0.1"));
    good_run(f, 0);
    begin(f, "web-0", false, "stale=1000", 0);
    good_run(f, 0);
    // the pod goes: where it was is known
    drop(f, p);
    drop(f, old);
    good_run(f, 100);
    assert_a(f, "A 10.0.0.1");
    good_run(f, 1100);
    assert_a(f, "NXDOMAIN");
}

// --- faults of answers -----------------------------------------------------

static void faults_are_seen_in_answers(void **state)
{
    struct fixture *f = *state;
    put(f, make_service("db"));
    put(f, slice("10.0.0.1"));
    good_run(f, 0);
    begin(f, "db", true, "servfail", 0);
    assert_a(f, "A 10.0.0.1");
    assert_int_equal(zone_sync_next_ms(f->sync), 0);
    good_run(f, 0);
    assert_int_equal(f->result.built, 0);
    assert_a(f, "SERVFAIL ede 0");
    assert_true(next(f) == UINT64_MAX);
    assert_int_equal(faults_clear(f->faults, NULL, NULL), 1);
    good_run(f, 0);
    assert_a(f, "A 10.0.0.1");
    assert_false(zone_has_faults(f->testbed->zone));
}

static void a_pods_fault_follows_the_pod(void **state)
{
    struct fixture *f = *state;
    put(f, make_service("db"));
    put(f, slice("10.0.0.1"));
    begin(f, "web-0", false, "servfail", 0);
    good_run(f, 0);
    assert_a(f, "A 10.0.0.1"); // no such pod yet

    struct object *p = put(f, pod("web-0", "db")), *moved = pod("web-0", "two");
    good_run(f, 0);
    assert_a(f, "SERVFAIL ede 0");
    assert_answer(f->testbed, "web-1.db.ns", "A", "NXDOMAIN");
    assert_answer(f->testbed, "db.ns", "A", "A 10.0.0.1");
    // it is below another service now
    swap(f, moved, p);
    good_run(f, 0);
    assert_a(f, "A 10.0.0.1");
    assert_answer(f->testbed, "web-0.two.ns", "A", "SERVFAIL ede 0");
    // without a name there is nothing to be wrong with
    p = pod("web-0", "");
    swap(f, p, moved);
    good_run(f, 0);
    assert_false(zone_has_faults(f->testbed->zone));
    moved = pod("web-0", "db");
    moved->pod.hostname = "";
    swap(f, moved, p);
    good_run(f, 0);
    assert_false(zone_has_faults(f->testbed->zone));
}

static void faults_of_pods_are_not_the_zones(void **state)
{
    struct fixture *f = *state;
    put(f, pod("web-0", "db"));
    begin(f, "web-0", false, "gone", 0);
    begin(f, "web-0", false, "flap=100", 0);
    begin(f, "db", true, "stale=100", 0);
    good_run(f, 0);
    assert_false(zone_has_faults(f->testbed->zone));
}

// --- no-aaaa ---------------------------------------------------------------

static const char aaaa_both[] = "AAAA 2001:db8::1, AAAA 2001:db8::2";

// ns/db: web-0 and web-1 with both families, six-0 with IPv6 alone.
static void put_dual_stack(struct fixture *f)
{
    struct object *v6 = object_make(OBJECT_ENDPOINT_SLICE, "ns", "db-2");
    struct object *v4 = slice("10.0.0.1");
    v6->slice.service = object_text(v6, "db");
    v6->slice.family = FAMILY_IPV6;
    object_endpoint(v4, "web-1", "web-1", "10.0.0.2", true);
    object_endpoint(v6, "web-0", "web-0", "2001:db8::1", true);
    object_endpoint(v6, "web-1", "web-1", "2001:db8::2", true);
    put(f, make_service("db"));
    put(f, v4);
    put(f, v6);
    put(f, pod("web-0", "db"));
    put(f, pod("web-1", "db"));
}

static void a_pod_without_aaaa_leaves_the_set_of_them(void **state)
{
    struct fixture *f = *state;
    struct testbed *t = f->testbed;
    put_dual_stack(f);
    good_run(f, 0);
    assert_answer(t, "db.ns", "AAAA", aaaa_both);
    begin(f, "web-0", false, "no-aaaa", 0);
    good_run(f, 0);
    assert_int_equal(f->result.built, 1);
    assert_answer(t, "db.ns", "AAAA", "AAAA 2001:db8::2");
    assert_answer(t, "web-0.db.ns", "AAAA", "NODATA");
    assert_answer(t, "web-0.db.ns", "A", "A 10.0.0.1");
    assert_answer(t, "web-1.db.ns", "AAAA", "AAAA 2001:db8::2");
    assert_answer(t, "db.ns", "A", "A 10.0.0.1, A 10.0.0.2");

    begin(f, "web-1", false, "no-aaaa", 0);
    good_run(f, 0);
    assert_answer(t, "db.ns", "AAAA", "NODATA");
    assert_int_equal(faults_clear(f->faults, "ns", "web-0"), 1);
    good_run(f, 0);
    assert_answer(t, "db.ns", "AAAA", "AAAA 2001:db8::1");
    assert_int_equal(faults_clear(f->faults, NULL, NULL), 1);
    good_run(f, 0);
    assert_answer(t, "db.ns", "AAAA", aaaa_both);
    assert_answer(t, "web-1.db.ns", "AAAA", "AAAA 2001:db8::2");
}

// A name with no other address would go with it.
static void a_pod_of_ipv6_alone_keeps_its_name(void **state)
{
    struct fixture *f = *state;
    struct testbed *t = f->testbed;
    struct object *v6 = object_make(OBJECT_ENDPOINT_SLICE, "ns", "db-2");
    v6->slice.service = object_text(v6, "db");
    v6->slice.family = FAMILY_IPV6;
    object_endpoint(v6, "six-0", "six-0", "2001:db8::6", true);
    put(f, make_service("db"));
    put(f, v6);
    put(f, slice("10.0.0.1"));
    put(f, pod("six-0", "db"));
    begin(f, "six-0", false, "no-aaaa", 0);
    good_run(f, 0);
    assert_answer(t, "six-0.db.ns", "AAAA", "NODATA");
    assert_answer(t, "six-0.db.ns", "A", "NODATA");
    assert_answer(t, "db.ns", "AAAA", "AAAA 2001:db8::6");
}

static void a_service_without_aaaa_is_not_built_for_that(void **state)
{
    struct fixture *f = *state;
    put_dual_stack(f);
    good_run(f, 0);
    begin(f, "db", true, "no-aaaa", 0);
    good_run(f, 0);
    assert_int_equal(f->result.built, 0);
    assert_answer(f->testbed, "db.ns", "AAAA", "NODATA");
    assert_answer(f->testbed, "web-1.db.ns", "AAAA", "NODATA");
    assert_answer(f->testbed, "web-1.db.ns", "A", "A 10.0.0.2");
}

// Two faults at once: the set changes as late as everything does.
static void a_stale_set_loses_its_pod_later(void **state)
{
    struct fixture *f = *state;
    put_dual_stack(f);
    good_run(f, 0);
    begin(f, "db", true, "stale=400", 0);
    begin(f, "web-0", false, "no-aaaa", 0);
    good_run(f, 0);
    assert_answer(f->testbed, "db.ns", "AAAA", aaaa_both);
    assert_int_equal(next(f), 400);
    good_run(f, 400);
    assert_answer(f->testbed, "db.ns", "AAAA", "AAAA 2001:db8::2");
}

// --- memory ----------------------------------------------------------------

// Whichever allocation fails, the next run makes good for it.
static void after_memory_ran_out_faults_are_as_they_should(void **state)
{
    struct fixture *f = *state;
    struct testbed *t = f->testbed;
    unsigned unhurt = 0;
    put_dual_stack(f);
    good_run(f, 0);
    // each allocation of both ways
    for (long n = 2; unhurt < 2 && n < 1000; n++) {
        const bool with = n % 2 == 0;
        if (with) {
            begin(f, "web-0", false, "no-aaaa", 0);
            begin(f, "web-1", false, "servfail", 0);
        } else {
            assert_int_equal(faults_clear(f->faults, NULL, NULL), 2);
        }
        fault_alloc_after(n / 2);
        (void)!run(f, 0);
        fault_alloc_after(-1);
        unhurt = fault_alloc_hit() ? 0 : unhurt + 1;
        good_run(f, 0);
        assert_int_equal(f->result.pending + f->result.stale, 0);
        assert_answer(t, "db.ns", "AAAA",
                      with ? "AAAA 2001:db8::2" : aaaa_both);
        assert_answer(t, "web-1.db.ns", "A",
                      with ? "SERVFAIL ede 0" : "A 10.0.0.2");
    }
    assert_int_equal(unhurt, 2);
}

// A fault that could not begin for want of memory leaves nothing behind.
static void a_fault_that_ended_meanwhile_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    bool hit = true;
    put_dual_stack(f);
    good_run(f, 0);
    for (long n = 1; hit && n < 1000; n++) {
        begin(f, "web-0", false, "no-aaaa", 0);
        begin(f, "web-1", false, "servfail", 0);
        fault_alloc_after(n);
        (void)!run(f, 0);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        assert_int_equal(faults_clear(f->faults, NULL, NULL), 2);
        good_run(f, 0);
        assert_false(zone_has_faults(f->testbed->zone));
        assert_answer(f->testbed, "db.ns", "AAAA", aaaa_both);
    }
    assert_false(hit);
}

static void a_stale_change_outlives_want_of_memory(void **state)
{
    struct fixture *f = *state;
    bool hit = true;
    put(f, make_service("db"));
    struct object *now = put(f, slice("10.0.0.9")), *then;
    begin(f, "db", true, "stale=1000", 0);
    good_run(f, 0);
    good_run(f, 1000);
    for (long n = 1; hit && n < 1000; n++) {
        char address[16], wanted[24];
        const uint64_t at = 10000 * (uint64_t)n;
        snprintf(address, sizeof address, "10.0.1.%ld", n % 250);
        snprintf(wanted, sizeof wanted, "A %s", address);
        swap(f, then = slice(address), now);
        now = then;
        fault_alloc_after(n);
        const int first = run(f, at);
        if (!fault_alloc_hit())
            (void)!run(f, at + 1000);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        if (first)
            good_run(f, at);
        good_run(f, at + 1000);
        assert_a(f, wanted);
    }
    assert_false(hit);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stale_service_changes_later),
        TEST(several_changes_are_seen_at_once),
        TEST(others_are_not_held_back),
        TEST(what_comes_and_goes_is_stale_too),
        TEST(a_fault_that_ends_lets_go_at_once),
        TEST(of_two_delays_the_longer_one_counts),
        TEST(a_stale_pod_holds_its_service_back),
        TEST(faults_are_seen_in_answers),
        TEST(a_pods_fault_follows_the_pod),
        TEST(faults_of_pods_are_not_the_zones),
        TEST(a_pod_without_aaaa_leaves_the_set_of_them),
        TEST(a_pod_of_ipv6_alone_keeps_its_name),
        TEST(a_service_without_aaaa_is_not_built_for_that),
        TEST(a_stale_set_loses_its_pod_later),
        TEST(after_memory_ran_out_faults_are_as_they_should),
        TEST(a_fault_that_ended_meanwhile_leaves_nothing),
        TEST(a_stale_change_outlives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
