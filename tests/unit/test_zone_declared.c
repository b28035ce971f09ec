// SPDX-License-Identifier: Apache-2.0
// Which names that do not exist are ordinals that a StatefulSet declares, and
// how a reader notices that the zone has changed.
#include "lib/draft.h"
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// By a whole name, or one relative to svc.cluster.local.
static bool is_declared(struct testbed *t, const char *name)
{
    char whole[600];
    struct dns_query query;
    struct zone_lookup l;
    struct zone_match match;

    snprintf(whole, sizeof whole, "%s%s", name,
             name[strlen(name) - 1] == '.' ? "" : ".svc.cluster.local.");
    const struct testbed_query q = testbed_query(whole, 1, 1232);
    assert_int_equal(dns_query_parse(span_of(q.octets, q.n), &query),
                     DNS_QUERY_OK);
    zone_find(t->zone, &query, &l, &match);
    return zone_is_declared(t->zone, &query, &l);
}

static void assert_all(struct testbed *t, const char *const *names, bool wanted)
{
    for (; *names; names++)
        if (is_declared(t, *names) != wanted)
            fail_msg("%s: is%s declared", *names, wanted ? " not" : "");
}

static void an_ordinal_in_the_range_is_declared(void **state)
{
    static const char *const in[] = {"web-0.db.one", "web-1.db.one",
                                     "web-2.db.one", "WEB-2.dB.oNe", NULL};
    static const char *const out[] = {
        "web-3.db.one",   "web-03.db.one", "web-00.db.one", "web-.db.one",
        "web.db.one",     "web0.db.one",   "-0.db.one",     "0.db.one",
        "xweb-0.db.one",  "eb-0.db.one",   "web--0.db.one", "web-0x.db.one",
        "web-+1.db.one",  "web-1.db.two",  "web-1.da.one",  "web-1.one",
        "a.web-1.db.one", "db.one",        "one",           NULL};
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless declares web 0 3 slice4 end a 10.0.0.1");
    assert_all(t, in, true);
    assert_all(t, out, false);
    assert_false(is_declared(t, "web-1.example.org."));
    assert_false(is_declared(t, "_web-1._tcp.db.one"));
    assert_false(is_declared(t, "1.0.0.10.in-addr.arpa."));
    assert_false(is_declared(t, "10-0-0-1.one.pod.cluster.local."));
}

// All of its name counts, and nothing but digits behind it.
static void one_set_is_told_from_names_that_are_like_its_own(void **state)
{
    static const char *const in[] = {"mongo-statefulset-0.db.one",
                                     "MONGO-statefulset-2.db.one", NULL};
    static const char *const out[] = {"mongo-statefulset-3.db.one",
                                      "mongo-statefulset-0-0.db.one",
                                      "mongo-statefulset-2a.db.one",
                                      "mongo-statefulset-.db.one",
                                      "mongo-statefulset.db.one",
                                      "mongo-statefulsex-2.db.one",
                                      "mongo_statefulset-2.db.one",
                                      "xongo-statefulset-2.db.one",
                                      "mongo-statefulse-2.db.one",
                                      "mongo-statefulset22.db.one",
                                      "mongo-2.db.one",
                                      "statefulset-2.db.one",
                                      "mongo-statefulset-02.db.one",
                                      "mongo-statefulset-:.db.one",
                                      "mongo-statefulset-/.db.one",
                                      "mongo-statefulset--2.db.one",
                                      "x-mongo-statefulset-2.db.one",
                                      NULL};
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless declares mongo-statefulset 0 3");
    assert_all(t, in, true);
    assert_all(t, out, false);
    // 2^64, and one more
    assert_false(
        is_declared(t, "mongo-statefulset-18446744073709551616.db.one"));
    assert_false(
        is_declared(t, "mongo-statefulset-18446744073709551617.db.one"));
}

static void a_range_may_begin_anywhere_and_end_at_the_last_number(void **state)
{
    static const char *const in[] = {"web-5.db.one",
                                     "web-7.db.one",
                                     "far-4294967295.db.one",
                                     "far-4294967296.db.one",
                                     "all-0.db.one",
                                     "all-4294967294.db.one",
                                     NULL};
    static const char *const out[] = {"web-4.db.one",
                                      "web-8.db.one",
                                      "web-4294967301.db.one",
                                      "far-4294967294.db.one",
                                      "far-4294967297.db.one",
                                      "all-4294967295.db.one",
                                      "all-18446744073709551616.db.one",
                                      NULL};
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless declares web 5 3 "
                     "declares far 4294967295 2 declares all 0 4294967295");
    assert_all(t, in, true);
    assert_all(t, out, false);
}

// K8S: the controller takes what stands before the last dash.
static void several_sets_are_told_apart(void **state)
{
    static const char *const in[] = {"a-0.db.one", "a-1-0.db.one", "b-2.db.one",
                                     "B-2.db.one", "zz-1.db.one",  NULL};
    static const char *const out[] = {"a-1.db.one",   "a-1-1.db.one",
                                      "b-1.db.one",   "c-0.db.one",
                                      "a-0-0.db.one", NULL};
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless declares zz 1 1 declares a 0 1 "
                     "declares a-1 0 1 declares B 2 1");
    assert_all(t, in, true);
    assert_all(t, out, false);
}

static void a_service_without_a_name_declares_all_the_same(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless declares web 0 3");
    assert_answer(t, "db.one", "A", "NXDOMAIN");
    assert_answer(t, "web-0.db.one", "A", "NXDOMAIN");
    assert_int_equal(zone_state(t->zone).services, 0);
    assert_true(is_declared(t, "web-0.db.one"));
    assert_false(is_declared(t, "web-3.db.one"));
    testbed_remove(t, "one", "db");
    testbed_publish(t);
    assert_false(is_declared(t, "web-0.db.one"));
}

static void a_virtual_address_may_govern(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db ip 10.96.0.1 declares web 0 3 slice4 "
                     "end web-0 10.0.0.1");
    assert_answer(t, "db.one", "A", "A 10.96.0.1");
    assert_answer(t, "web-0.db.one", "A", "A 10.0.0.1");
    assert_true(is_declared(t, "web-2.db.one"));
    assert_false(is_declared(t, "web-3.db.one"));
}

// K8S-DNS 2.5: nothing is ever below an alias.
static void an_alias_declares_nothing(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db external example.org declares web 0 3");
    assert_false(is_declared(t, "web-0.db.one"));
}

// K8S: a pod's hostname is one label.
static void a_name_that_gives_no_label_declares_nothing(void **state)
{
    static const char long61[] =
        "a23456789b123456789c123456789d123456789e123456789f123456789g1";
    struct testbed *t = *state;
    char words[300], name[100];
    snprintf(words, sizeof words,
             "one/db headless declares a.b 0 1 declares %s 0 11 "
             "declares %s2 0 11",
             long61, long61);
    testbed_serve(t, words);
    assert_false(is_declared(t, "b-0.db.one"));
    snprintf(name, sizeof name, "%s-9.db.one", long61);
    assert_true(is_declared(t, name));
}

static void what_is_declared_changes_with_its_service(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless declares web 0 3");
    testbed_serve(t, "one/db headless declares web 0 5 slice4 end x 10.0.0.1");
    assert_true(is_declared(t, "web-4.db.one"));
    testbed_serve(t, "one/db headless slice4 end x 10.0.0.1");
    assert_false(is_declared(t, "web-0.db.one"));
}

// All other answers are as they would be without.
static void nothing_else_is_answered_from_it(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless declares web 0 3 port p:1/tcp slice4 "
                     "port p:1/tcp end web-0 10.0.0.1");
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "web-0.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "web-1.db.one", "A", "NXDOMAIN");
    assert_answer(t, "_p._tcp.db.one", "SRV",
                  "SRV 0 100 1 web-0.db.one + web-0.db.one A 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR web-0.db.one");
}

// However many they are: a range, and a text on what is outside of it.
static void ordinals_take_little_memory(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end x 10.0.0.1");
    const size_t octets = zone_state(t->zone).octets;
    testbed_serve(t, "one/db headless declares web 0 0 slice4 end x 10.0.0.1");
    assert_in_range(zone_state(t->zone).octets, octets + 1, octets + 128);
    testbed_serve(t, "one/db headless declares web 0 9000 slice4 "
                     "end x 10.0.0.1");
    assert_in_range(zone_state(t->zone).octets, octets + 1, octets + 128);
}

static void each_step_is_another_version(void **state)
{
    struct testbed *t = *state;
    const uint64_t first = zone_version(t->zone);
    testbed_serve(t, "one/db headless declares web 0 3");
    const uint64_t second = zone_version(t->zone);
    assert_true(second != first);
    t->now_s--; // within one second, too
    testbed_serve(t, "one/db headless declares web 0 3 slice4 end x 10.0.0.1");
    assert_true(zone_version(t->zone) != second);
    const uint64_t third = zone_version(t->zone);
    testbed_put(t, "one/db headless");
    assert_int_equal(zone_version(t->zone), third);
    testbed_cancel(t);
    assert_int_equal(zone_version(t->zone), third);
}

static int register_reader(void **state)
{
    (void)state;
    zone_reader_register();
    return 0;
}

static int unregister_reader(void **state)
{
    (void)state;
    zone_reader_unregister();
    return 0;
}

#define test(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testbed_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_ordinal_in_the_range_is_declared),
        test(one_set_is_told_from_names_that_are_like_its_own),
        test(a_range_may_begin_anywhere_and_end_at_the_last_number),
        test(several_sets_are_told_apart),
        test(a_service_without_a_name_declares_all_the_same),
        test(a_virtual_address_may_govern),
        test(an_alias_declares_nothing),
        test(a_name_that_gives_no_label_declares_nothing),
        test(what_is_declared_changes_with_its_service),
        test(nothing_else_is_answered_from_it),
        test(ordinals_take_little_memory),
        test(each_step_is_another_version),
    };
    return cmocka_run_group_tests(tests, register_reader, unregister_reader);
}
