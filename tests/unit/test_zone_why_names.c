// SPDX-License-Identifier: Apache-2.0
// The names of services and namespaces that are told where another one was
// asked for, as they come and go.
#include "lib/fault.h"
#include "lib/testbed.h"
#include "lib/why.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NO_SERVICE(namespace, names)                                           \
    "NXDOMAIN service-unknown 0: namespace " namespace " has no such "         \
                                                       "service; it "          \
                                                       "has " names
#define NO_NAMESPACE(names)                                                    \
    "NXDOMAIN namespace-unknown 0: there is no such namespace" names

static void serve_one(struct testbed *t, const char *words)
{
    testbed_namespace(t, "one", true);
    testbed_serve(t, words);
}

// --- services --------------------------------------------------------------

static void services_of_the_namespace_are_told(void **state)
{
    static const char *const names[] = {"nobody.one",         "a.nobody.one",
                                        "_tcp.nobody.one",    "a.b.nobody.one",
                                        "_p._tcp.nobody.one", "NOBODY.ONE",
                                        "x.nobody.one",       NULL};
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_namespace(t, "two", true);
    testbed_put(t, "one/web ip 10.96.0.1");
    testbed_put(t, "one/db headless slice4 end a 10.0.0.1");
    testbed_put(t, "one/Ext external example.org");
    testbed_put(t, "two/other ip 10.96.0.2");
    testbed_publish(t);
    for (size_t i = 0; names[i]; i++)
        assert_why(t, names[i], "A", NO_SERVICE("one", "db, ext and web"));
    assert_why(t, "db.two", "A", NO_SERVICE("two", "other"));
}

static void a_namespace_without_services_says_so(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_publish(t);
    assert_why(t, "db.one", "A", NO_SERVICE("one", "none"));
    testbed_serve(t, "one/db headless");
    assert_why(t, "x.one", "A", NO_SERVICE("one", "db"));
    testbed_remove(t, "one", "db");
    testbed_publish(t);
    assert_why(t, "db.one", "A", NO_SERVICE("one", "none"));
}

static void services_come_and_go(void **state)
{
    struct testbed *t = *state;
    serve_one(t, "one/b headless");
    testbed_serve(t, "one/a headless");
    testbed_serve(t, "one/c headless");
    assert_why(t, "x.one", "A", NO_SERVICE("one", "a, b and c"));
    testbed_remove(t, "one", "b");
    testbed_publish(t);
    assert_why(t, "b.one", "A", NO_SERVICE("one", "a and c"));
    // as it was is no news
    testbed_serve(t, "one/a headless slice4 end x 10.0.0.1");
    assert_why(t, "b.one", "A", NO_SERVICE("one", "a and c"));
    testbed_remove(t, "one", "a");
    testbed_put(t, "one/d headless");
    testbed_put(t, "one/0 headless");
    testbed_publish(t);
    assert_why(t, "b.one", "A", NO_SERVICE("one", "0, c and d"));
}

static void the_last_word_of_a_step_counts(void **state)
{
    struct testbed *t = *state;
    serve_one(t, "one/a headless");
    testbed_put(t, "one/b headless");
    testbed_remove(t, "one", "b");
    testbed_remove(t, "one", "a");
    testbed_put(t, "one/a ip 10.96.0.1");
    testbed_put(t, "one/c headless");
    testbed_put(t, "one/c headless");
    testbed_publish(t);
    assert_why(t, "b.one", "A", NO_SERVICE("one", "a and c"));
    testbed_put(t, "one/d headless");
    testbed_remove(t, "one", "a");
    testbed_cancel(t);
    assert_why(t, "b.one", "A", NO_SERVICE("one", "a and c"));
    testbed_serve(t, "one/d headless");
    assert_why(t, "b.one", "A", NO_SERVICE("one", "a, c and d"));
}

// A name that another one begins comes first.
static void order_is_that_of_octets(void **state)
{
    struct testbed *t = *state;
    static const char *const names[] = {"ab", "a", "b", "a-b", "aa", "a0"};
    testbed_namespace(t, "one", true);
    for (size_t i = 0; i < ORD_COUNT(names); i++) {
        char words[40];
        snprintf(words, sizeof words, "one/%s headless", names[i]);
        testbed_serve(t, words);
    }
    assert_why(t, "x.one", "A", NO_SERVICE("one", "a, a-b, a0, aa, ab and b"));
}

// In steps of one and of many, in no order. "namespace one has no such service;
// it has " has 42 octets and leaves 158: 13 names of 10 with ", " between them
// take 154, and " and 87 more" does not fit; 12 take 142 and 12.
static void many_services_are_counted(void **state)
{
    struct testbed *t = *state;
    char words[60];
    testbed_namespace(t, "one", true);
    for (int i = 0; i < 100; i++) {
        snprintf(words, sizeof words, "one/service-%02d headless",
                 i * 37 % 100);
        testbed_put(t, words);
        if (i < 20 || i % 30 == 0)
            testbed_publish(t);
    }
    testbed_publish(t);
    assert_why(t, "x.one", "A",
               NO_SERVICE("one", "service-00, service-01, service-02, "
                                 "service-03, service-04, service-05, "
                                 "service-06, service-07, service-08, "
                                 "service-09, service-10, service-11 and 88 "
                                 "more"));
    for (int i = 0; i < 98; i++) {
        snprintf(words, sizeof words, "service-%02d", i * 37 % 100);
        testbed_remove(t, "one", words);
        if (i % 3 == 0)
            testbed_publish(t);
    }
    testbed_publish(t);
    // 98 * 37 % 100 and 99 * 37 % 100
    assert_why(t, "x.one", "A", NO_SERVICE("one", "service-26 and service-63"));
}

// One of 63 octets, three of them and one more: 197 of 158.
static void long_names_are_told_as_far_as_they_fit(void **state)
{
    struct testbed *t = *state;
    char words[120], name[64], expected[400];
    memset(name, 'n', 63);
    name[63] = '\0';
    testbed_namespace(t, "one", true);
    for (char c = '0'; c < '5'; c++) {
        name[62] = c;
        snprintf(words, sizeof words, "one/%s headless", name);
        testbed_put(t, words);
    }
    testbed_publish(t);
    snprintf(expected, sizeof expected,
             NO_SERVICE("one", "%.62s0, %.62s1 and 3 more"), name, name);
    assert_why(t, "x.one", "A", expected);
}

static void hidden_is_what_was_never_told(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1");
    // its namespace was not: as before, it is none
    assert_why(t, "x.one", "A", NO_NAMESPACE(""));
    testbed_namespace(t, "two", true);
    testbed_publish(t);
    assert_why(t, "x.one", "A", NO_NAMESPACE(", only two"));
    testbed_namespace(t, "one", true);
    testbed_publish(t);
    assert_why(t, "x.one", "A", NO_SERVICE("one", "db"));
}

// --- namespaces ------------------------------------------------------------

static void namespaces_are_told(void **state)
{
    static const char *const names[] = {"three", "db.three", "a.db.three",
                                        "_p._tcp.db.three", NULL};
    struct testbed *t = *state;
    assert_why(t, "three", "A", NO_NAMESPACE(""));
    testbed_namespace(t, "two", true);
    testbed_namespace(t, "One", true);
    testbed_publish(t);
    for (size_t i = 0; names[i]; i++)
        assert_why(t, names[i], "A", NO_NAMESPACE(", only one and two"));
}

static void namespaces_come_and_go(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "two", true);
    testbed_publish(t);
    assert_why(t, "three", "A", NO_NAMESPACE(", only two"));
    testbed_namespace(t, "one", true);
    testbed_namespace(t, "two", false);
    testbed_namespace(t, "four", true);
    testbed_namespace(t, "four", false);
    testbed_namespace(t, "five", false);
    testbed_publish(t);
    assert_why(t, "db.two", "A", NO_NAMESPACE(", only one"));
    testbed_namespace(t, "two", true);
    testbed_cancel(t);
    assert_why(t, "db.two", "A", NO_NAMESPACE(", only one"));
    testbed_namespace(t, "one", false);
    testbed_publish(t);
    assert_why(t, "db.two", "A", NO_NAMESPACE(""));
}

// Services may stay when their namespace goes, and the other way round.
static void a_namespace_goes_apart_from_its_services(void **state)
{
    struct testbed *t = *state;
    serve_one(t, "one/db headless");
    testbed_namespace(t, "one", false);
    testbed_publish(t);
    assert_why(t, "x.one", "A", NO_NAMESPACE(""));
    testbed_namespace(t, "one", true);
    testbed_publish(t);
    assert_why(t, "x.one", "A", NO_SERVICE("one", "db"));
    testbed_remove(t, "one", "db");
    testbed_namespace(t, "one", false);
    testbed_publish(t);
    assert_why(t, "x.one", "A", NO_NAMESPACE(""));
    serve_one(t, "one/new headless");
    assert_why(t, "x.one", "A", NO_SERVICE("one", "new"));
}

static void many_namespaces_are_counted(void **state)
{
    struct testbed *t = *state;
    char name[40];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "namespace-%03d", i * 7 % 1000);
        testbed_namespace(t, name, true);
    }
    testbed_publish(t);
    // 32 octets, 168 left: 10 of 13 take 148, and 13 more
    assert_why(t, "x", "A",
               NO_NAMESPACE(", only namespace-000, namespace-001, "
                            "namespace-002, namespace-003, namespace-004, "
                            "namespace-005, namespace-006, namespace-007, "
                            "namespace-008, namespace-009 and 990 more"));
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "namespace-%03d", i);
        testbed_namespace(t, name, i == 500);
    }
    testbed_publish(t);
    assert_why(t, "x", "A", NO_NAMESPACE(", only namespace-500"));
}

// --- memory ----------------------------------------------------------------

static int play(struct testbed *t, struct draft *const drafts[2])
{
    int rc = zone_update_namespace(t->update, "two", true);
    if (rc == 0)
        rc = testbed_try(t, drafts[0]);
    if (rc == 0)
        rc = testbed_try(t, drafts[1]);
    if (rc == 0)
        rc = zone_update_remove(t->update, "one", "old");
    if (rc == 0)
        rc = zone_update_namespace(t->update, "zero", false);
    return rc;
}

static void assert_before(struct testbed *t)
{
    assert_why(t, "x.one", "A", NO_SERVICE("one", "old"));
    assert_why(t, "new.two", "A", NO_NAMESPACE(", only one and zero"));
}

// Each allocation fails once.
static void a_step_without_memory_changes_nothing(void **state)
{
    struct testbed *t = *state;
    struct draft *drafts[] = {draft_new("one/db ip 10.96.0.1 port p:1/tcp"),
                              draft_new("two/new headless")};
    bool hit = true;
    testbed_namespace(t, "zero", true);
    serve_one(t, "one/old headless");
    for (long n = 1; hit; n++) {
        fault_alloc_after(n);
        t->update = zone_update_begin(t->zone);
        const int rc = t->update ? play(t, drafts) : -ENOMEM;
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        if (!hit)
            break;
        assert_int_equal(rc, -ENOMEM);
        if (t->update)
            testbed_cancel(t);
        assert_before(t);
    }
    const unsigned long before = fault_alloc_count();
    zone_update_publish(t->update, t->now_s, true);
    t->update = NULL;
    assert_int_equal(fault_alloc_count(), before);
    assert_why(t, "x.one", "A", NO_SERVICE("one", "db"));
    assert_why(t, "x.two", "A", NO_SERVICE("two", "new"));
    assert_why(t, "x.zero", "A", NO_NAMESPACE(", only one and two"));
    draft_free(drafts[0]);
    draft_free(drafts[1]);
}

// The same, but what could be said is published.
static void half_a_step_is_told_as_far_as_it_went(void **state)
{
    struct testbed *t = *state;
    struct draft *drafts[] = {draft_new("one/db ip 10.96.0.1 port p:1/tcp"),
                              draft_new("two/new headless")};
    bool hit = true;
    for (long n = 1; hit; n++) {
        testbed_namespace(t, "zero", true);
        serve_one(t, "one/old headless");
        testbed_begin(t);
        fault_alloc_after(n);
        const int rc = play(t, drafts);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        assert_true(hit == (rc == -ENOMEM));
        testbed_publish(t);
        const bool two = strcmp(why_ask(t->zone, "two", "A", true),
                                "NODATA name-empty 0: the name has no records, "
                                "others stand below it") == 0;
        const bool db =
            strcmp(why_ask(t->zone, "db.one", "A", true), "found") == 0;
        const bool old = strncmp(why_ask(t->zone, "old.one", "A", true),
                                 "NXDOMAIN no-endpoints", 21) == 0;
        assert_why(t, "x.one", "A",
                   db && old ? NO_SERVICE("one", "db and old")
                   : old     ? NO_SERVICE("one", "old")
                   : db      ? NO_SERVICE("one", "db")
                             : "never");
        assert_true(two || old);
        testbed_namespace(t, "zero", false);
        testbed_namespace(t, "one", false);
        testbed_namespace(t, "two", false);
        testbed_remove(t, "one", "old");
        testbed_remove(t, "one", "db");
        testbed_remove(t, "two", "new");
        testbed_publish(t);
        assert_why(t, "x.one", "A", NO_NAMESPACE(""));
    }
    draft_free(drafts[0]);
    draft_free(drafts[1]);
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
        test(services_of_the_namespace_are_told),
        test(a_namespace_without_services_says_so),
        test(services_come_and_go),
        test(the_last_word_of_a_step_counts),
        test(order_is_that_of_octets),
        test(many_services_are_counted),
        test(long_names_are_told_as_far_as_they_fit),
        test(hidden_is_what_was_never_told),
        test(namespaces_are_told),
        test(namespaces_come_and_go),
        test(a_namespace_goes_apart_from_its_services),
        test(many_namespaces_are_counted),
        test(a_step_without_memory_changes_nothing),
        test(half_a_step_is_told_as_far_as_it_went),
    };
    return cmocka_run_group_tests(tests, register_reader, unregister_reader);
}
