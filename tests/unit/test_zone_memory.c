// SPDX-License-Identifier: Apache-2.0
// Memory that runs out, at each allocation in turn: the answers before the step
// stay as they were, and the next try works.
#include "lib/fault.h"
#include "lib/testbed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// --- memory that runs out --------------------------------------------------

struct story {
    struct draft *change; // of a service that is there
    struct draft *come;   // one that is not
    struct draft *steal;  // one that takes addresses of others
};

static int play(struct testbed *t, const struct story *s)
{
    int rc = 0;
    rc |= testbed_try(t, s->change);
    rc |= testbed_try(t, s->come);
    rc |= testbed_try(t, s->steal);
    rc |= testbed_try(t, s->change);
    rc |= zone_update_remove(t->update, "one", "gone");
    rc |= zone_update_namespace(t->update, "two", true);
    rc |= zone_update_namespace(t->update, "one", false);
    return rc;
}

static void serve_old(struct testbed *t)
{
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1 "
                   "end b 10.0.0.2");
    testbed_put(t, "one/steal headless slice4 port p:1/tcp end - 10.0.0.1");
    testbed_serve(t, "one/gone headless slice4 end g 10.3.0.1");
}

static void assert_old(struct testbed *t)
{
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "_p._tcp.db.one", "SRV",
                  "SRV 0 50 1 a.db.one, SRV 0 50 1 b.db.one + "
                  "a.db.one A 10.0.0.1, b.db.one A 10.0.0.2");
    assert_answer(t, "steal.one", "A", "A 10.0.0.1");
    assert_answer(t, "come.one", "A", "NXDOMAIN");
    assert_answer(t, "gone.one", "A", "A 10.3.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR a.db.one");
    assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", "PTR b.db.one");
    assert_answer(t, "1.0.3.10.in-addr.arpa.", "PTR", "PTR g.gone.one");
    assert_answer(t, "1.0.1.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "1.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "one.svc.cluster.local.", "A", "NODATA");
    assert_answer(t, "two.svc.cluster.local.", "A", "NXDOMAIN");
    struct zone_state s = zone_state(t->zone);
    assert_int_equal(s.services, 3);
    assert_int_equal(s.endpoints, 4);
    assert_int_equal(s.addresses, 3);
    assert_int_equal(s.namespaces, 1);
}

static void assert_new(struct testbed *t)
{
    assert_answer(t, "db.one", "A", "A 10.0.0.2, A 10.1.0.1");
    assert_answer(t, "come.one", "A", "A 10.2.0.1, A 10.2.0.2");
    assert_answer(t, "steal.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "gone.one", "A", "NXDOMAIN");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR s.steal.one");
    assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", "PTR b.db.one");
    assert_answer(t, "1.0.1.10.in-addr.arpa.", "PTR", "PTR a.db.one");
    assert_answer(t, "3.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "two.svc.cluster.local.", "A", "NODATA");
    assert_answer(t, "one.svc.cluster.local.", "A", "NXDOMAIN");
    struct zone_state s = zone_state(t->zone);
    assert_int_equal(s.services, 3);
    assert_int_equal(s.endpoints, 6);
    assert_int_equal(s.addresses, 5);
    assert_int_equal(s.namespaces, 1);
}

static struct story story_new(void)
{
    return (struct story){
        .change = draft_new("one/db headless slice4 port p:1/tcp "
                            "end a 10.1.0.1 end b 10.0.0.2"),
        .come = draft_new("one/come headless slice4 end x 10.2.0.1 "
                          "end y 10.2.0.2"),
        .steal = draft_new("one/steal headless slice4 end s 10.0.0.1 "
                           "end t 10.0.0.2"),
    };
}

static void story_free(struct story *s)
{
    draft_free(s->change);
    draft_free(s->come);
    draft_free(s->steal);
}

// Each allocation fails once; the step is given up.
static void a_step_without_memory_can_be_cancelled(void **state)
{
    struct testbed *t = *state;
    struct story s = story_new();
    serve_old(t);
    int visited = 0;
    for (long n = 1;; n++, visited++) {
        fault_alloc_after(n);
        t->update = zone_update_begin(t->zone);
        int rc = t->update ? play(t, &s) : -ENOMEM;
        fault_alloc_after(-1);
        if (!fault_alloc_hit()) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_not_equal(rc, 0);
        if (t->update)
            testbed_cancel(t);
        assert_old(t);
    }
    assert_true(visited > 20);
    testbed_publish(t);
    assert_new(t);
    story_free(&s);
}

/*
 * Each allocation fails once, in the change of a service alone: published
 * nevertheless, the service answers as before, and the next try works.
 */
static void a_service_without_memory_keeps_its_answers(void **state)
{
    struct testbed *t = *state;
    struct story s = story_new();
    const struct draft *const drafts[] = {s.change, s.come, s.steal};
    serve_old(t);
    for (size_t i = 0; i < ORD_COUNT(drafts); i++)
        for (long n = 1;; n++) {
            testbed_begin(t);
            fault_alloc_after(n);
            int rc = testbed_try(t, drafts[i]);
            fault_alloc_after(-1);
            if (!fault_alloc_hit()) {
                assert_int_equal(rc, 0);
                testbed_cancel(t);
                break;
            }
            assert_int_equal(rc, -ENOMEM);
            testbed_publish(t);
            assert_old(t);
        }
    testbed_begin(t);
    assert_int_equal(play(t, &s), 0);
    testbed_publish(t);
    assert_new(t);
    story_free(&s);
}

// What the step had for the service before stays when a second try fails.
static void the_first_word_stays_when_the_second_cannot_be_made(void **state)
{
    struct testbed *t = *state;
    struct story s = story_new();
    struct draft *first =
        draft_new("one/db headless slice4 end f 10.1.0.1 end b 10.7.0.1");
    for (long n = 1;; n++) {
        testbed_remove(t, "one", "db");
        testbed_publish(t);
        testbed_begin(t);
        assert_int_equal(testbed_try(t, first), 0);
        fault_alloc_after(n);
        int rc = testbed_try(t, s.change);
        fault_alloc_after(-1);
        testbed_publish(t);
        if (!fault_alloc_hit()) {
            assert_int_equal(rc, 0);
            assert_answer(t, "db.one", "A", "A 10.0.0.2, A 10.1.0.1");
            break;
        }
        assert_answer(t, "db.one", "A", "A 10.1.0.1, A 10.7.0.1");
        assert_answer(t, "1.0.1.10.in-addr.arpa.", "PTR", "PTR f.db.one");
        assert_answer(t, "0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    }
    draft_free(first);
    story_free(&s);
}

static void publishing_needs_no_memory(void **state)
{
    struct testbed *t = *state;
    struct story s = story_new();
    serve_old(t);
    testbed_begin(t);
    for (int i = 0; i < 200; i++) {
        char name[32];
        snprintf(name, sizeof name, "ns-%d", i);
        testbed_namespace(t, name, true);
    }
    assert_int_equal(play(t, &s), 0);
    unsigned long before = fault_alloc_count();
    fault_alloc_after(1);
    zone_update_publish(t->update, t->now_s, true);
    fault_alloc_after(-1);
    t->update = NULL;
    assert_int_equal(fault_alloc_count(), before);
    assert_answer(t, "ns-199.svc.cluster.local.", "A", "NODATA");
    for (int i = 0; i < 200; i++) {
        char name[32];
        snprintf(name, sizeof name, "ns-%d", i);
        testbed_namespace(t, name, false);
    }
    testbed_publish(t);
    assert_new(t);
    story_free(&s);
}

static void a_zone_without_memory_is_not_made(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    for (long n = 1;; n++) {
        struct zone *z = NULL;
        struct error err = {""};
        fault_alloc_after(n);
        int rc = zone_new(&s, &z, &err);
        fault_alloc_after(-1);
        if (!fault_alloc_hit()) {
            assert_int_equal(rc, 0);
            zone_free(z);
            assert_true(n > 3);
            return;
        }
        assert_int_equal(rc, -ENOMEM);
        assert_null(z);
        assert_true(err.text[0]);
    }
}

static void the_root_is_no_cluster_domain(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    struct zone *z = NULL;
    struct error err = {""};
    assert_int_equal(dns_name_parse(".", &s.domain, NULL), 0);
    assert_int_equal(zone_new(&s, &z, &err), -EINVAL);
    assert_non_null(strstr(err.text, "cluster.local"));
    zone_free(NULL);
}

#define test(f)                                                                \
    cmocka_unit_test_setup_teardown(f, testbed_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_step_without_memory_can_be_cancelled),
        test(a_service_without_memory_keeps_its_answers),
        test(the_first_word_stays_when_the_second_cannot_be_made),
        test(publishing_needs_no_memory),
        cmocka_unit_test(a_zone_without_memory_is_not_made),
        cmocka_unit_test(the_root_is_no_cluster_domain),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
