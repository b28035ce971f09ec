// SPDX-License-Identifier: Apache-2.0
// Steps: what is published, cancelled, given twice, or cannot be made. Whatever
// fails, the answers before the step stay as they were.
#include "lib/testbed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- what a step shows -----------------------------------------------------

static void nothing_is_seen_before_publishing(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1");
    testbed_put(t, "one/db headless slice4 end a 10.0.0.2");
    testbed_put(t, "one/new headless slice4 end a 10.0.0.3");
    testbed_remove(t, "one", "db2");
    testbed_namespace(t, "one", true);
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "new.one", "A", "NXDOMAIN");
    assert_answer(t, "one.svc.cluster.local.", "A", "NXDOMAIN");
    assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    testbed_publish(t);
    assert_answer(t, "db.one", "A", "A 10.0.0.2");
    assert_answer(t, "new.one", "A", "A 10.0.0.3");
    assert_answer(t, "one.svc.cluster.local.", "A", "NODATA");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", "PTR a.db.one");
}

static void a_cancelled_step_leaves_no_trace(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1");
    struct zone_state before = zone_state(t->zone);
    uint32_t serial = zone_serial(t->zone);
    testbed_put(t, "one/db headless slice4 end a 10.0.0.2 end b 10.0.0.1");
    testbed_put(t, "one/new headless slice4 end a 10.0.0.3");
    testbed_put(t, "one/new headless slice4 end a 10.9.0.3");
    testbed_remove(t, "one", "db");
    testbed_remove(t, "one", "never");
    testbed_namespace(t, "one", false);
    testbed_namespace(t, "two", true);
    testbed_cancel(t);
    struct zone_state after = zone_state(t->zone);
    assert_int_equal(after.services, before.services);
    assert_int_equal(after.endpoints, before.endpoints);
    assert_int_equal(after.addresses, before.addresses);
    assert_int_equal(after.namespaces, before.namespaces);
    assert_int_equal(after.octets, before.octets);
    assert_int_equal(zone_serial(t->zone), serial);
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "new.one", "A", "NXDOMAIN");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR a.db.one");
    assert_answer(t, "9.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "one.svc.cluster.local.", "A", "NODATA");
    assert_answer(t, "two.svc.cluster.local.", "A", "NXDOMAIN");
}

static void the_last_word_about_a_service_counts(void **state)
{
    struct testbed *t = *state;
    testbed_put(t, "one/db headless slice4 end a 10.0.0.1");
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.2 end b 10.1.0.1");
    assert_answer(t, "db.one", "A", "A 10.0.0.2, A 10.1.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    testbed_put(t, "one/db headless slice4 end a 10.0.0.3");
    testbed_remove(t, "one", "db");
    testbed_publish(t);
    assert_answer(t, "db.one", "A", "NXDOMAIN");
    testbed_remove(t, "one", "db");
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.4");
    assert_answer(t, "db.one", "A", "A 10.0.0.4");
    testbed_remove(t, "one", "db");
    testbed_put(t, "one/db headless slice4 end a 10.0.0.5");
    testbed_remove(t, "one", "db");
    testbed_serve(t, "one/db headless slice4 end c 10.0.0.4");
    assert_answer(t, "4.0.0.10.in-addr.arpa.", "PTR", "PTR c.db.one");
    assert_answer(t, "5.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_int_equal(zone_state(t->zone).services, 1);
    assert_int_equal(zone_state(t->zone).addresses, 1);
}

static void the_last_word_about_a_namespace_counts(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_namespace(t, "one", false);
    testbed_namespace(t, "two", false);
    testbed_namespace(t, "two", true);
    testbed_publish(t);
    assert_answer(t, "one.svc.cluster.local.", "A", "NXDOMAIN");
    assert_answer(t, "two.svc.cluster.local.", "A", "NODATA");
    testbed_namespace(t, "two", false);
    testbed_namespace(t, "Two", true);
    testbed_namespace(t, "two", true);
    testbed_publish(t);
    assert_answer(t, "two.svc.cluster.local.", "A", "NODATA");
    assert_int_equal(zone_state(t->zone).namespaces, 1);
    testbed_namespace(t, "two", false);
    testbed_namespace(t, "two", false);
    testbed_publish(t);
    assert_int_equal(zone_state(t->zone).namespaces, 0);
}

static void a_service_changes_its_kind(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1");
    testbed_serve(t, "one/db ip 10.96.0.1 slice4 port p:1/tcp end a 10.0.0.1");
    assert_answer(t, "db.one", "A", "A 10.96.0.1");
    assert_answer(t, "1.0.96.10.in-addr.arpa.", "PTR", "PTR db.one");
    assert_answer(t, "_p._tcp.db.one", "SRV", "NXDOMAIN");
    testbed_serve(t, "one/db external x.example.");
    assert_answer(t, "db.one", "A", "CNAME x.example.");
    assert_answer(t, "a.db.one", "A", "NXDOMAIN");
    assert_answer(t, "10.in-addr.arpa.", "PTR", "NXDOMAIN");
    testbed_serve(t, "one/db headless");
    assert_answer(t, "db.one", "A", "NXDOMAIN");
    assert_int_equal(zone_state(t->zone).services, 0);
}

static void the_state_counts_what_is_served(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/db headless slice4 end a 10.0.0.1 end b 10.0.0.2 "
                   "slice6 end a 2001:db8::1");
    testbed_put(t, "one/empty headless");
    testbed_serve(t, "one/web ip 10.96.0.1 slice4 end - 10.0.0.1");
    struct zone_state s = zone_state(t->zone);
    assert_int_equal(s.services, 2);
    assert_int_equal(s.endpoints, 3);
    assert_int_equal(s.addresses, 4);
    assert_int_equal(s.namespaces, 1);
    assert_int_equal(s.builds, 3);
    assert_int_equal(s.failures, 0);
    assert_true(s.octets > 0);
    testbed_remove(t, "one", "db");
    testbed_remove(t, "one", "empty");
    testbed_remove(t, "one", "web");
    testbed_namespace(t, "one", false);
    testbed_publish(t);
    s = zone_state(t->zone);
    assert_int_equal(s.services + s.endpoints + s.addresses + s.namespaces, 0);
    assert_int_equal(s.octets, 0);
}

// --- complete, and the serial ----------------------------------------------

static void before_the_first_load_nothing_is_known(void **state)
{
    struct testbed *t = *state;
    testbed_put(t, "one/db headless slice4 end a 10.0.0.1");
    zone_update_publish(t->update, t->now_s, false);
    t->update = NULL;
    assert_false(zone_is_complete(t->zone));
    static const char *const names[] = {"db.one",
                                        "a.db.one",
                                        "x.db.one",
                                        "other.one",
                                        "cluster.local.",
                                        "one.svc.cluster.local.",
                                        "1.0.0.10.in-addr.arpa.",
                                        "9.9.9.9.in-addr.arpa."};
    for (size_t i = 0; i < ORD_COUNT(names); i++) {
        assert_answer(t, names[i], "A", "SERVFAIL ede 14");
        assert_answer(t, names[i], "SOA", "SERVFAIL ede 14");
    }
    assert_answer(t, "example.org.", "A", "REFUSED ede 20");
    testbed_publish(t);
    assert_true(zone_is_complete(t->zone));
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "other.one", "A", "NXDOMAIN");
    // once complete, complete for good
    testbed_begin(t);
    zone_update_publish(t->update, t->now_s, false);
    t->update = NULL;
    assert_answer(t, "other.one", "A", "NXDOMAIN");
}

static void publish_at(struct testbed *t, uint32_t now_s, const char *words)
{
    testbed_begin(t);
    if (words)
        testbed_put(t, words);
    zone_update_publish(t->update, now_s, true);
    t->update = NULL;
}

static void the_serial_is_the_time_of_the_last_change(void **state)
{
    struct testbed *t = *state;
    assert_int_equal(zone_serial(t->zone), 0);
    publish_at(t, 1000, "one/db headless slice4 end a 10.0.0.1");
    assert_int_equal(zone_serial(t->zone), 1000);
    publish_at(t, 2000, NULL);
    assert_int_equal(zone_serial(t->zone), 1000);
    publish_at(t, 3000, "one/db headless slice4 end a 10.0.0.2");
    assert_int_equal(zone_serial(t->zone), 3000);
    // the clock goes back: the serial does not
    publish_at(t, 2500, "one/db headless slice4 end a 10.0.0.3");
    assert_int_equal(zone_serial(t->zone), 3000);
    testbed_remove(t, "one", "never");
    publish_at(t, 4000, NULL);
    assert_int_equal(zone_serial(t->zone), 3000);
    testbed_remove(t, "one", "db");
    publish_at(t, 5000, NULL);
    assert_int_equal(zone_serial(t->zone), 5000);
    testbed_namespace(t, "one", true);
    publish_at(t, 6000, NULL);
    assert_int_equal(zone_serial(t->zone), 6000);
    testbed_namespace(t, "one", true);
    publish_at(t, 7000, NULL);
    assert_int_equal(zone_serial(t->zone), 6000);
    publish_at(t, UINT32_MAX, "one/db ip 10.96.0.1");
    assert_int_equal(zone_serial(t->zone), UINT32_MAX);
}

// --- what cannot be made ---------------------------------------------------

static void names_that_do_not_fit_into_dns_are_refused(void **state)
{
    struct testbed *t = *state;
    char words[256], label[65];
    memset(label, 'a', 64);
    label[64] = 0;
    snprintf(words, sizeof words, "one/%s ip 10.96.0.1", label);
    struct draft *d = draft_new(words);
    testbed_begin(t);
    assert_int_equal(testbed_try(t, d), -EINVAL);
    draft_free(d);
    snprintf(words, sizeof words, "%s/web ip 10.96.0.1", label);
    d = draft_new(words);
    assert_int_equal(testbed_try(t, d), -EINVAL);
    draft_free(d);
    // what was never there goes without a word
    assert_int_equal(zone_update_remove(t->update, label, "web"), 0);
    assert_int_equal(zone_update_remove(t->update, "one", label), 0);
    assert_int_equal(zone_update_remove(t->update, "", ""), 0);
    assert_int_equal(zone_update_namespace(t->update, label, true), 0);
    // 63 octets are a label
    snprintf(words, sizeof words, "%s/%s ip 10.96.0.1", label + 1, label + 1);
    testbed_serve(t, words);
    snprintf(words, sizeof words, "%s.%s", label + 1, label + 1);
    assert_answer(t, words, "A", "A 10.96.0.1");
    assert_int_equal(zone_state(t->zone).failures, 2);
}

// A hostname of more than 63 octets is no label: the endpoint does not count.
static void a_hostname_that_is_no_label_is_left_out(void **state)
{
    struct testbed *t = *state;
    char words[512], host[65];
    memset(host, 'h', 64);
    host[64] = 0;
    snprintf(words, sizeof words,
             "one/db headless slice4 end %s 10.0.0.1 end %s 10.0.0.2", host,
             host + 1);
    testbed_serve(t, words);
    assert_answer(t, "db.one", "A", "A 10.0.0.2");
}

/*
 * Names below a service may exceed 255 octets when the domain is long: such an
 * endpoint has an address, but no name that a reply could hold.
 */
static void an_endpoint_whose_name_is_too_long_has_none(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    char words[512], d[64], domain[130];
    memset(d, 'd', 63);
    d[63] = 0;
    // 126 octets; with "svc" and "db" and their lengths 133
    snprintf(domain, sizeof domain, "%.63s.%.60s.", d, d);
    assert_int_equal(dns_name_parse(domain, &s.domain, NULL), 0);
    struct testbed *t = testbed_new(&s);
    // a hostname of 63 octets and a namespace of 57 fill up to 255
    snprintf(words, sizeof words,
             "%.57s/db headless slice4 port p:1/tcp end %s 10.0.0.1", d, d);
    testbed_serve(t, words);
    snprintf(words, sizeof words, "%s.db.%.57s.svc.%s", d, d, domain);
    assert_int_equal(strlen(words) + 1, 255);
    assert_answer(t, words, "A", "A 10.0.0.1");
    assert_memory_equal(testbed_ask(t, "1.0.0.10.in-addr.arpa.", "PTR"),
                        "PTR ddd", 7);
    // one more octet is too much
    snprintf(words, sizeof words, "%.57s", d);
    testbed_remove(t, words, "db");
    snprintf(words, sizeof words,
             "%.58s/db headless slice4 port p:1/tcp end %s 10.0.0.1 "
             "end k 10.0.0.2",
             d, d);
    testbed_serve(t, words);
    snprintf(words, sizeof words, "db.%.58s.svc.%s", d, domain);
    assert_answer(t, words, "A", "A 10.0.0.1, A 10.0.0.2");
    assert_memory_equal(testbed_ask(t, words, "SRV"), "SRV 0 50 1 k.db.", 16);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NODATA");
    testbed_free(t);
}

static void a_service_over_its_budget_keeps_its_answers(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    s.block_size_max = 2000;
    struct testbed *t = testbed_new(&s);
    char words[4096] = "one/db headless slice4 port p:1/tcp";
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1");
    for (int i = 0; i < 60; i++)
        snprintf(words + strlen(words), 32, " end a-%d 10.0.0.%d", i, i);
    struct draft *d = draft_new(words);
    struct error err = {""};
    testbed_begin(t);
    assert_int_equal(zone_update_service(t->update, draft_service(d), &err),
                     -EFBIG);
    assert_non_null(strstr(err.text, "'one/db'"));
    assert_non_null(strstr(err.text, "2000"));
    draft_free(d);
    // the rest of the step goes on
    testbed_put(t, "one/other headless slice4 end a 10.0.0.9");
    testbed_publish(t);
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR a.db.one");
    assert_answer(t, "other.one", "A", "A 10.0.0.9");
    assert_int_equal(zone_state(t->zone).failures, 1);
    testbed_free(t);
}

// What a block is made from may be much larger than the block, and a service
// that is too large is so however many endpoints it has: neither waits for
// memory that there will never be.
static void a_budget_is_for_answers_not_for_endpoints(void **state)
{
    (void)state;
    enum { ENDPOINTS = 20000 };
    struct zone_settings settings = testbed_settings();
    settings.block_size_max = 2000;
    struct testbed *t = testbed_new(&settings);
    struct endpoint *ends = calloc(ENDPOINTS, sizeof *ends);
    uint8_t *octets = calloc(ENDPOINTS, 4);
    assert_non_null(ends);
    assert_non_null(octets);
    for (unsigned i = 0; i < ENDPOINTS; i++) {
        octets[4 * i] = 10;
        octets[4 * i + 2] = (uint8_t)(i >> 8);
        octets[4 * i + 3] = (uint8_t)i;
        ends[i] = (struct endpoint){.hostname = "a",
                                    .pod = "",
                                    .addresses = octets + 4 * i,
                                    .addresses_n = 1,
                                    .ready = true};
    }
    const struct object o = {
        .kind = OBJECT_SERVICE,
        .service = {.type = SERVICE_HEADLESS, .external_name = ""}};
    const struct slice_facts slice = {.service = "db",
                                      .family = FAMILY_IPV4,
                                      .endpoints = ends,
                                      .endpoints_n = ENDPOINTS};
    const struct slice_facts *const slices[] = {&slice};
    const struct service s = {.namespace = "one",
                              .name = "db",
                              .object = &o,
                              .slices = slices,
                              .slices_n = 1};
    testbed_begin(t);
    assert_int_equal(zone_update_service(t->update, &s, NULL), -EFBIG);
    for (unsigned i = 0; i < ENDPOINTS; i++)
        ends[i].addresses = octets;
    assert_int_equal(zone_update_service(t->update, &s, NULL), 0);
    testbed_publish(t);
    assert_answer(t, "db.one", "A", "A 10.0.0.0");
    testbed_free(t);
    free(octets);
    free(ends);
}

// Tables grow and shrink, and entries leave marks behind.
static void many_services_come_and_go(void **state)
{
    struct testbed *t = *state;
    char words[128], name[32];
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 1000; i++) {
            snprintf(words, sizeof words,
                     "one/s-%d headless slice4 end a 10.%d.%d.1", i,
                     i / 250 + round, i % 250);
            testbed_put(t, words);
        }
        testbed_publish(t);
        assert_int_equal(zone_state(t->zone).services, 1000);
        assert_int_equal(zone_state(t->zone).addresses, 1000);
        for (int i = 0; i < 1000; i += 13) {
            snprintf(name, sizeof name, "s-%d.one", i);
            snprintf(words, sizeof words, "A 10.%d.%d.1", i / 250 + round,
                     i % 250);
            assert_answer(t, name, "A", words);
        }
        for (int i = 0; i < 1000; i++) {
            snprintf(name, sizeof name, "s-%d", i);
            testbed_remove(t, "one", name);
            if (i % 100 == 99)
                testbed_publish(t);
        }
        assert_int_equal(zone_state(t->zone).services, 0);
        assert_answer(t, "s-7.one", "A", "NXDOMAIN");
    }
    assert_answer(t, "10.in-addr.arpa.", "PTR", "NXDOMAIN");
}

#define test(f)                                                                \
    cmocka_unit_test_setup_teardown(f, testbed_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(nothing_is_seen_before_publishing),
        test(a_cancelled_step_leaves_no_trace),
        test(the_last_word_about_a_service_counts),
        test(the_last_word_about_a_namespace_counts),
        test(a_service_changes_its_kind),
        test(the_state_counts_what_is_served),
        test(before_the_first_load_nothing_is_known),
        test(the_serial_is_the_time_of_the_last_change),
        test(names_that_do_not_fit_into_dns_are_refused),
        test(a_hostname_that_is_no_label_is_left_out),
        cmocka_unit_test(an_endpoint_whose_name_is_too_long_has_none),
        cmocka_unit_test(a_service_over_its_budget_keeps_its_answers),
        cmocka_unit_test(a_budget_is_for_answers_not_for_endpoints),
        test(many_services_come_and_go),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
