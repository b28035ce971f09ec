// SPDX-License-Identifier: Apache-2.0
// Which faults a question meets.
#include "lib/fault.h"
#include "lib/testbed.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct zone_fault find(const struct testbed *t, const char *name)
{
    const struct testbed_query query = testbed_query(name, DNS_TYPE_A, 0);
    struct dns_query q;
    assert_int_equal(dns_query_parse(span_of(query.octets, query.n), &q),
                     DNS_QUERY_OK);
    return zone_find_fault(t->zone, &q);
}

// "servfail truncate no-aaaa 200", or "".
static void assert_fault_at(const struct testbed *t, const char *name,
                            const char *expected, int line)
{
    char text[64], whole[300];
    snprintf(whole, sizeof whole, "%s%s", name,
             name[strlen(name) - 1] == '.' ? "" : ".svc.cluster.local.");
    const struct zone_fault f = find(t, whole);
    snprintf(text, sizeof text, "%s%s%s", f.servfail ? "servfail " : "",
             f.truncate ? "truncate " : "", f.no_aaaa ? "no-aaaa " : "");
    const size_t n = strlen(text);
    if (f.slow_ms)
        snprintf(text + n, sizeof text - n, "%u ", f.slow_ms);
    if (text[0])
        text[strlen(text) - 1] = '\0';
    _assert_string_equal(text, expected, __FILE__, line);
}
#define assert_fault(t, name, expected)                                        \
    assert_fault_at(t, name, expected, __LINE__)

static void tell(struct testbed *t, const struct zone_fault_of *faults,
                 uint32_t n)
{
    testbed_begin(t);
    assert_int_equal(zone_update_faults(t->update, faults, n), 0);
}

static void publish(struct testbed *t, const struct zone_fault_of *faults,
                    uint32_t n)
{
    tell(t, faults, n);
    testbed_publish(t);
}

static const struct zone_fault_of of_service = {
    "one", "db", "", {.servfail = true, .slow_ms = 100}};
static const struct zone_fault_of of_pod = {
    "one", "db", "web-1", {.truncate = true, .slow_ms = 200}};

static void a_zone_has_no_faults_until_it_is_told(void **state)
{
    struct testbed *t = *state;
    assert_false(zone_has_faults(t->zone));
    assert_fault(t, "db.one", "");
    testbed_serve(t, "one/db headless slice4 end web-0 10.0.0.1");
    assert_false(zone_has_faults(t->zone));

    publish(t, &of_service, 1);
    assert_true(zone_has_faults(t->zone));
    assert_fault(t, "db.one", "servfail 100");

    publish(t, NULL, 0);
    assert_false(zone_has_faults(t->zone));
    assert_fault(t, "db.one", "");
}

static void a_service_has_it_at_its_name_and_below(void **state)
{
    struct testbed *t = *state;
    publish(t, &of_service, 1);
    static const char *const faulty[] = {"db.one",
                                         "DB.One",
                                         "web-0.db.one",
                                         "_p._tcp.db.one",
                                         "a.pin._zone.db.one",
                                         "no.such.name.at.all.db.one",
                                         NULL};
    static const char *const sound[] = {"db.two",
                                        "db2.one",
                                        "d.one",
                                        "one",
                                        "one.db",
                                        "db.one.two",
                                        "svc.cluster.local.",
                                        "cluster.local.",
                                        "db.one.pod.cluster.local.",
                                        "db.one.svc.cluster.example.",
                                        "1.0.0.10.in-addr.arpa.",
                                        ".",
                                        "db.one.cluster.local.",
                                        "local.",
                                        "db.one.svc.x.cluster.local.",
                                        NULL};
    for (const char *const *name = faulty; *name; name++)
        assert_fault(t, *name, "servfail 100");
    for (const char *const *name = sound; *name; name++)
        assert_fault(t, *name, "");
}

static void a_pod_has_it_at_its_name_and_below(void **state)
{
    struct testbed *t = *state;
    publish(t, &of_pod, 1);
    static const char *const faulty[] = {"web-1.db.one", "WEB-1.db.one",
                                         "x.web-1.db.one",
                                         "_p._tcp.web-1.db.one", NULL};
    static const char *const sound[] = {
        "db.one",      "web-0.db.one",  "web-10.db.one",
        "web-.db.one", "web-1.db2.one", "web-1.x.db.one",
        "web-1.one",   "web-1.db.two",  NULL};
    for (const char *const *name = faulty; *name; name++)
        assert_fault(t, *name, "truncate 200");
    for (const char *const *name = sound; *name; name++)
        assert_fault(t, *name, "");
}

static void faults_that_meet_add_up(void **state)
{
    struct testbed *t = *state;
    const struct zone_fault_of all[] = {
        of_pod,
        of_service,
        {"one", "db", "", {.no_aaaa = true, .slow_ms = 50}}};
    publish(t, all, ORD_COUNT(all));
    assert_fault(t, "web-1.db.one", "servfail truncate no-aaaa 200");
    assert_fault(t, "web-0.db.one", "servfail no-aaaa 100");
    assert_fault(t, "db.one", "servfail no-aaaa 100");
    publish(t, all, 1);
    assert_fault(t, "web-1.db.one", "truncate 200");
    assert_fault(t, "db.one", "");
}

static void letters_have_no_case(void **state)
{
    struct testbed *t = *state;
    const struct zone_fault_of loud = {
        "One", "DB", "Web-1", {.servfail = true}};
    publish(t, &loud, 1);
    assert_fault(t, "web-1.db.one", "servfail");
}

// Names that cannot be asked for have no effect, and do no harm.
static void what_is_no_label_is_passed_over(void **state)
{
    struct testbed *t = *state;
    char text[65];
    memset(text, 'a', 64);
    text[64] = '\0';
    const struct zone_fault_of odd[] = {
        {"one", text, "", {.servfail = true}},
        {text, "db", "", {.servfail = true}},
        {"one", "db", text, {.servfail = true}},
        {"one", "", "", {.servfail = true}},
        {"", "db", "", {.servfail = true}},
    };
    publish(t, odd, ORD_COUNT(odd));
    assert_false(zone_has_faults(t->zone));
    text[63] = '\0';
    const struct zone_fault_of longest = {text, text, text, {.servfail = true}};
    publish(t, &longest, 1);
    char name[300];
    snprintf(name, sizeof name, "%s.%s.%s", text, text, text);
    assert_fault(t, name, "servfail");
}

static void they_are_seen_with_their_step(void **state)
{
    struct testbed *t = *state;
    tell(t, &of_service, 1);
    assert_false(zone_has_faults(t->zone));
    testbed_cancel(t);
    assert_false(zone_has_faults(t->zone));

    // the last word of a step counts
    tell(t, &of_pod, 1);
    tell(t, &of_service, 1);
    testbed_publish(t);
    assert_fault(t, "web-1.db.one", "servfail 100");

    tell(t, NULL, 0);
    testbed_cancel(t);
    assert_fault(t, "web-1.db.one", "servfail 100");

    // a step that says nothing of them leaves them
    testbed_serve(t, "one/db headless slice4 end web-0 10.0.0.1");
    assert_fault(t, "web-1.db.one", "servfail 100");
}

static void they_do_not_move_the_serial(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end web-0 10.0.0.1");
    const uint32_t serial = zone_serial(t->zone);
    publish(t, &of_service, 1);
    publish(t, &of_pod, 1);
    publish(t, NULL, 0);
    assert_int_equal(zone_serial(t->zone), serial);
}

static void without_memory_the_word_before_stays(void **state)
{
    struct testbed *t = *state;
    publish(t, &of_service, 1);
    tell(t, NULL, 0);
    fault_alloc_after(1);
    assert_int_equal(zone_update_faults(t->update, &of_pod, 1), -ENOMEM);
    fault_alloc_after(-1);
    testbed_publish(t);
    assert_false(zone_has_faults(t->zone));
}

// --- readers ---------------------------------------------------------------

struct reader {
    const struct testbed *testbed;
    _Atomic bool stop;
    _Atomic unsigned looks;
    unsigned torn; // faults that were never told like this
};

static void *read_on(void *context)
{
    struct reader *r = context;
    zone_reader_register();
    while (!atomic_load(&r->stop)) {
        const struct zone_fault f =
            find(r->testbed, "web-1.db.one.svc.cluster.local.");
        const bool none = !f.servfail && !f.truncate && f.slow_ms == 0;
        const bool service = f.servfail && !f.truncate && f.slow_ms == 100;
        const bool pod = !f.servfail && f.truncate && f.slow_ms == 200;
        r->torn += !none && !service && !pod;
        zone_reader_quiescent();
        atomic_fetch_add(&r->looks, 1);
    }
    zone_reader_unregister();
    return NULL;
}

// A list is seen whole, and is not used when it is freed.
static void readers_see_one_list_or_the_other(void **state)
{
    struct testbed *t = *state;
    struct reader reader = {.testbed = t};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_on, &reader), 0);
    for (unsigned i = 0; i < 300 || atomic_load(&reader.looks) < 300; i++) {
        const struct zone_fault_of *faults = i % 2 ? &of_service : &of_pod;
        publish(t, faults, i % 3 > 0);
    }
    atomic_store(&reader.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(reader.torn, 0);
}

#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, testbed_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_zone_has_no_faults_until_it_is_told),
        TEST(a_service_has_it_at_its_name_and_below),
        TEST(a_pod_has_it_at_its_name_and_below),
        TEST(faults_that_meet_add_up),
        TEST(letters_have_no_case),
        TEST(what_is_no_label_is_passed_over),
        TEST(they_are_seen_with_their_step),
        TEST(they_do_not_move_the_serial),
        TEST(without_memory_the_word_before_stays),
        TEST(readers_see_one_list_or_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
