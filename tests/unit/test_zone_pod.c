// SPDX-License-Identifier: Apache-2.0
// Names of pods by their address (CoreDNS: pods), in the three modes.
#include "lib/fault.h"
#include "lib/testbed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const all_types[] = {"A",   "AAAA", "SRV", "TXT",
                                        "PTR", "ANY",  "SOA", NULL};

static struct testbed *testbed_with(enum zone_pods pods)
{
    struct zone_settings s = testbed_settings();
    s.rules.pods = pods;
    return testbed_new(&s);
}

static int set_up_insecure(void **state)
{
    *state = testbed_with(ZONE_PODS_INSECURE);
    return 0;
}

static int set_up_verified(void **state)
{
    *state = testbed_with(ZONE_PODS_VERIFIED);
    return 0;
}

// --- disabled --------------------------------------------------------------

static void disabled_leaves_the_root_only(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_pod(t, "one", "10.0.0.1", true);
    testbed_publish(t);
    assert_answers(t, "pod.cluster.local.", all_types, "NODATA");
    assert_answers(t, "one.pod.cluster.local.", all_types, "NXDOMAIN");
    assert_answers(t, "10-0-0-1.one.pod.cluster.local.", all_types, "NXDOMAIN");
    assert_answer(t, "one.svc.cluster.local.", "A", "NODATA");
    // nothing is kept for nobody
    assert_int_equal(zone_state(t->zone).pods, 0);
}

// --- insecure --------------------------------------------------------------

static void any_address_is_a_name_in_a_namespace(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_publish(t);
    assert_answers(t, "pod.cluster.local.", all_types, "NODATA");
    assert_answers(t, "one.pod.cluster.local.", all_types, "NODATA");
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "A 10.0.0.1");
    assert_answer(t, "255-255-255-255.one.pod.cluster.local.", "A",
                  "A 255.255.255.255");
    assert_answer(t, "2001-db8--1.one.pod.cluster.local.", "AAAA",
                  "AAAA 2001:db8::1");
    assert_answer(t, "--1.one.pod.cluster.local.", "AAAA", "AAAA ::1");
    assert_answer(t, "1--.one.pod.cluster.local.", "AAAA", "AAAA 1::");
    assert_answer(t, "a-b--c.one.pod.cluster.local.", "AAAA", "AAAA a:b::c");
    // RFC 4343
    assert_answer(t, "FD00--A.ONE.POD.CLUSTER.LOCAL.", "AAAA", "AAAA fd00::a");
}

static void other_types_of_an_address_are_no_data(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_publish(t);
    static const char v4[] = "10-0-0-1.one.pod.cluster.local.";
    static const char v6[] = "fd00--1.one.pod.cluster.local.";
    assert_answer(t, v4, "AAAA", "NODATA");
    assert_answer(t, v6, "A", "NODATA");
    // RFC 8482 4.1
    assert_answer(t, v4, "ANY", "A 10.0.0.1");
    assert_answer(t, v6, "ANY", "AAAA fd00::1");
    // CoreDNS has an SRV record of port 0 here
    assert_answer(t, v4, "SRV", "NODATA");
    assert_answer(t, v4, "PTR", "NODATA");
    assert_answer(t, v4, "SOA", "NODATA");
    assert_answers(t, v4, testbed_other_types, "NODATA");
    assert_answers(t, v6, testbed_other_types, "NODATA");
}

static void what_is_no_address_does_not_exist(void **state)
{
    struct testbed *t = *state;
    static const char *const labels[] = {
        "1-2-3",
        "1-2-3-4-5",
        "01-2-3-4",
        "256-0-0-1",
        "a-b-c-d",
        "---",
        "1---2",
        "12345--",
        "web-0",
        "*",
        "_tcp",
        "1",
        "1-2-3-4-5-6-7-8-9",
        "111111111111111111111111111111111111111111111111111111111111111",
        "---------------------------------------------------------------",
    };
    char name[128];
    testbed_namespace(t, "one", true);
    testbed_publish(t);
    for (size_t i = 0; i < ORD_COUNT(labels); i++) {
        snprintf(name, sizeof name, "%s.one.pod.cluster.local.", labels[i]);
        assert_answers(t, name, all_types, "NXDOMAIN");
    }
}

// CoreDNS answers for up to two labels more.
static void nothing_is_below_a_pod(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_publish(t);
    assert_answers(t, "x.10-0-0-1.one.pod.cluster.local.", all_types,
                   "NXDOMAIN");
    assert_answers(t, "_p._tcp.10-0-0-1.one.pod.cluster.local.", all_types,
                   "NXDOMAIN");
    assert_answers(t, "10-0-0-2.10-0-0-1.one.pod.cluster.local.", all_types,
                   "NXDOMAIN");
    assert_answers(t, "a.b.c.d.e.10-0-0-1.one.pod.cluster.local.", all_types,
                   "NXDOMAIN");
}

static void no_pod_is_in_a_namespace_that_is_not_there(void **state)
{
    struct testbed *t = *state;
    testbed_publish(t);
    assert_answers(t, "one.pod.cluster.local.", all_types, "NXDOMAIN");
    assert_answers(t, "10-0-0-1.one.pod.cluster.local.", all_types, "NXDOMAIN");
    testbed_namespace(t, "one", true);
    testbed_publish(t);
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "A 10.0.0.1");
    assert_answer(t, "10-0-0-1.two.pod.cluster.local.", "A", "NXDOMAIN");
    assert_answer(t, "10-0-0-1.on.pod.cluster.local.", "A", "NXDOMAIN");
    testbed_namespace(t, "one", false);
    testbed_publish(t);
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "NXDOMAIN");
}

// Names are positional: "pod" and "svc" may be anybody's name.
static void a_namespace_may_be_called_pod(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "pod", true);
    testbed_namespace(t, "svc", true);
    testbed_serve(t, "pod/svc headless slice4 end 10-0-0-9 10.0.0.2");
    assert_answer(t, "10-0-0-1.pod.pod.cluster.local.", "A", "A 10.0.0.1");
    assert_answer(t, "10-0-0-1.svc.pod.cluster.local.", "A", "A 10.0.0.1");
    assert_answer(t, "svc.pod.svc.cluster.local.", "A", "A 10.0.0.2");
    assert_answer(t, "10-0-0-9.svc.pod.svc.cluster.local.", "A", "A 10.0.0.2");
    assert_answer(t, "pod.pod.cluster.local.", "A", "NODATA");
}

static void pods_that_are_told_do_not_matter_to_insecure(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_pod(t, "one", "10.0.0.1", true);
    testbed_publish(t);
    assert_int_equal(zone_state(t->zone).pods, 0);
    assert_answer(t, "10-0-0-2.one.pod.cluster.local.", "A", "A 10.0.0.2");
}

// --- verified --------------------------------------------------------------

static void only_told_addresses_are_names(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_namespace(t, "two", true);
    testbed_pod(t, "one", "10.0.0.1", true);
    testbed_pod(t, "one", "fd00::1", true);
    testbed_pod(t, "two", "10.0.0.2", true);
    testbed_publish(t);
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "A 10.0.0.1");
    assert_answer(t, "fd00--1.one.pod.cluster.local.", "AAAA", "AAAA fd00::1");
    // the same address in other words
    assert_answer(t, "fd00-0-0-0-0-0-0-1.one.pod.cluster.local.", "AAAA",
                  "AAAA fd00::1");
    assert_answer(t, "10-0-0-2.two.pod.cluster.local.", "A", "A 10.0.0.2");
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "AAAA", "NODATA");
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "SRV", "NODATA");
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "ANY", "A 10.0.0.1");
    assert_answers(t, "10-0-0-2.one.pod.cluster.local.", all_types, "NXDOMAIN");
    assert_answers(t, "10-0-0-1.two.pod.cluster.local.", all_types, "NXDOMAIN");
    assert_answer(t, "fd00--2.one.pod.cluster.local.", "AAAA", "NXDOMAIN");
    assert_answer(t, "x.10-0-0-1.one.pod.cluster.local.", "A", "NXDOMAIN");
    assert_answer(t, "one.pod.cluster.local.", "A", "NODATA");
    assert_answer(t, "three.pod.cluster.local.", "A", "NXDOMAIN");
    assert_int_equal(zone_state(t->zone).pods, 3);
}

// One is the beginning of the other: keys of one length must not meet.
static void addresses_of_both_families_are_kept_apart(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_pod(t, "one", "10.0.0.1", true);
    testbed_publish(t);
    // 10.0.0.1 as the first four octets
    assert_answer(t, "a00-1--.one.pod.cluster.local.", "AAAA", "NXDOMAIN");
    assert_answer(t, "--a00-1.one.pod.cluster.local.", "AAAA", "NXDOMAIN");
    testbed_pod(t, "one", "a00:1::", true);
    testbed_pod(t, "one", "10.0.0.1", false);
    testbed_publish(t);
    assert_answer(t, "a00-1--.one.pod.cluster.local.", "AAAA", "AAAA a00:1::");
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "NXDOMAIN");
}

// RFC 8020: what is below a name that does not exist does not exist either.
static void a_pod_waits_for_its_namespace(void **state)
{
    struct testbed *t = *state;
    testbed_pod(t, "one", "10.0.0.1", true);
    testbed_publish(t);
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "NXDOMAIN");
    testbed_namespace(t, "One", true);
    testbed_publish(t);
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "A 10.0.0.1");
    testbed_namespace(t, "one", false);
    testbed_publish(t);
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "NXDOMAIN");
}

static void a_pod_is_seen_once_it_is_published(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_pod(t, "one", "10.0.0.1", true);
    testbed_publish(t);
    testbed_pod(t, "one", "10.0.0.1", false);
    testbed_pod(t, "one", "10.0.0.2", true);
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "A 10.0.0.1");
    assert_answer(t, "10-0-0-2.one.pod.cluster.local.", "A", "NXDOMAIN");
    testbed_cancel(t);
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "A 10.0.0.1");
    assert_answer(t, "10-0-0-2.one.pod.cluster.local.", "A", "NXDOMAIN");
    assert_int_equal(zone_state(t->zone).pods, 1);
    testbed_pod(t, "one", "10.0.0.1", false);
    testbed_pod(t, "one", "10.0.0.2", true);
    testbed_publish(t);
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "NXDOMAIN");
    assert_answer(t, "10-0-0-2.one.pod.cluster.local.", "A", "A 10.0.0.2");
    assert_int_equal(zone_state(t->zone).pods, 1);
}

static void the_last_word_about_a_pod_counts(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_pod(t, "one", "10.0.0.1", true);
    testbed_pod(t, "one", "10.0.0.1", false);
    testbed_pod(t, "one", "10.0.0.2", false);
    testbed_pod(t, "one", "10.0.0.2", true);
    testbed_pod(t, "one", "10.0.0.3", false);
    testbed_publish(t);
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "NXDOMAIN");
    assert_answer(t, "10-0-0-2.one.pod.cluster.local.", "A", "A 10.0.0.2");
    assert_int_equal(zone_state(t->zone).pods, 1);
    testbed_pod(t, "one", "10.0.0.2", false);
    testbed_pod(t, "one", "10.0.0.2", true);
    testbed_pod(t, "one", "10.0.0.2", true);
    testbed_publish(t);
    assert_answer(t, "10-0-0-2.one.pod.cluster.local.", "A", "A 10.0.0.2");
    assert_int_equal(zone_state(t->zone).pods, 1);
}

static void a_pod_moves_the_serial_when_it_changes_something(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_pod(t, "one", "10.0.0.1", true);
    testbed_publish(t);
    uint32_t serial = zone_serial(t->zone);
    testbed_pod(t, "one", "10.0.0.1", true);
    testbed_pod(t, "one", "10.0.0.2", false);
    testbed_publish(t);
    assert_int_equal(zone_serial(t->zone), serial);
    testbed_pod(t, "one", "10.0.0.1", false);
    testbed_publish(t);
    assert_int_equal(zone_serial(t->zone), serial + 2);
}

static void a_namespace_that_is_no_label_has_no_pods(void **state)
{
    struct testbed *t = *state;
    char namespace[65];
    memset(namespace, 'n', 64);
    namespace[64] = '\0';
    testbed_pod(t, namespace, "10.0.0.1", true);
    testbed_pod(t, "", "10.0.0.1", true);
    testbed_publish(t);
    assert_int_equal(zone_state(t->zone).pods, 0);
    testbed_namespace(t, namespace + 1, true);
    testbed_pod(t, namespace + 1, "fd00::1", true);
    testbed_publish(t);
    char name[128];
    snprintf(name, sizeof name, "fd00--1.%s.pod.cluster.local.", namespace + 1);
    assert_answer(t, name, "AAAA", "AAAA fd00::1");
}

static void many_pods_come_and_go(void **state)
{
    struct testbed *t = *state;
    enum { PODS = 2000 };
    char text[64];
    testbed_namespace(t, "one", true);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < PODS; i++) {
            snprintf(text, sizeof text, "10.%d.%d.%d", round, i / 250, i % 250);
            testbed_pod(t, "one", text, true);
            snprintf(text, sizeof text, "10.%d.%d.%d", round - 1, i / 250,
                     i % 250);
            if (round)
                testbed_pod(t, "one", text, false);
        }
        testbed_publish(t);
        assert_int_equal(zone_state(t->zone).pods, PODS);
        for (int i = 0; i < PODS; i += 37) {
            char expected[64];
            snprintf(text, sizeof text, "10-%d-%d-%d.one.pod.cluster.local.",
                     round, i / 250, i % 250);
            snprintf(expected, sizeof expected, "A 10.%d.%d.%d", round, i / 250,
                     i % 250);
            assert_answer(t, text, "A", expected);
            snprintf(text, sizeof text, "10-%d-%d-%d.one.pod.cluster.local.",
                     round + 1, i / 250, i % 250);
            assert_answer(t, text, "A", "NXDOMAIN");
        }
    }
}

// --- memory ----------------------------------------------------------------

// Enough of them that the table is replaced on the way.
static int tell_many(struct testbed *t, bool exist)
{
    struct address a = {.family = FAMILY_IPV4, .octets = {10, 7}};
    int rc = 0;

    for (uint8_t i = 0; i < 40 && rc == 0; i++) {
        a.octets[3] = i;
        rc = zone_update_pod(t->update, "one", &a, exist);
    }
    return rc;
}

// Each allocation fails once; what is published nevertheless is what was told.
static void a_pod_without_memory_leaves_all_as_it_was(void **state)
{
    struct testbed *t = *state;
    bool hit = true;
    int faults = 0;
    testbed_namespace(t, "one", true);
    testbed_pod(t, "one", "10.0.0.1", true);
    testbed_publish(t);
    for (long n = 1; hit; n++) {
        testbed_begin(t);
        fault_alloc_after(n);
        int rc = tell_many(t, true);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        assert_int_equal(rc, hit ? -ENOMEM : 0);
        faults += hit;
        if (n % 2)
            testbed_cancel(t);
        else
            testbed_publish(t);
        assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "A 10.0.0.1");
        assert_answer(t, "10-7-0-39.one.pod.cluster.local.", "A",
                      hit || n % 2 ? "NXDOMAIN" : "A 10.7.0.39");
        testbed_begin(t);
        // what goes needs no memory
        fault_alloc_after(1);
        assert_int_equal(tell_many(t, false), 0);
        fault_alloc_after(-1);
        testbed_publish(t);
        assert_int_equal(zone_state(t->zone).pods, 1);
    }
    assert_true(faults > 20);
}

static void publishing_pods_needs_no_memory(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    assert_int_equal(tell_many(t, true), 0);
    unsigned long before = fault_alloc_count();
    zone_update_publish(t->update, t->now_s, true);
    t->update = NULL;
    assert_int_equal(fault_alloc_count(), before);
    assert_answer(t, "10-7-0-39.one.pod.cluster.local.", "A", "A 10.7.0.39");
}

#define with(f, set_up)                                                        \
    cmocka_unit_test_setup_teardown(f, set_up, testbed_tear_down)
#define insecure(f) with(f, set_up_insecure)
#define verified(f) with(f, set_up_verified)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with(disabled_leaves_the_root_only, testbed_set_up),
        insecure(any_address_is_a_name_in_a_namespace),
        insecure(other_types_of_an_address_are_no_data),
        insecure(what_is_no_address_does_not_exist),
        insecure(nothing_is_below_a_pod),
        insecure(no_pod_is_in_a_namespace_that_is_not_there),
        insecure(a_namespace_may_be_called_pod),
        insecure(pods_that_are_told_do_not_matter_to_insecure),
        verified(only_told_addresses_are_names),
        verified(addresses_of_both_families_are_kept_apart),
        verified(a_pod_waits_for_its_namespace),
        verified(a_pod_is_seen_once_it_is_published),
        verified(the_last_word_about_a_pod_counts),
        verified(a_pod_moves_the_serial_when_it_changes_something),
        verified(a_namespace_that_is_no_label_has_no_pods),
        verified(many_pods_come_and_go),
        verified(a_pod_without_memory_leaves_all_as_it_was),
        verified(publishing_pods_needs_no_memory),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
