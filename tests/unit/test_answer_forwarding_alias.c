// SPDX-License-Identifier: Apache-2.0
// Aliases (K8S-DNS 2.5) that lead to names which are asked upstream. Stub
// resolvers follow no alias (RFC 1034 5.3.1): the whole question is forwarded.
#include "lib/fault.h"
#include "lib/reply.h"
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    TYPE_A = 1,
    TYPE_CNAME = 5,
    TYPE_PTR = 12,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
    TYPE_SRV = 33,
    TYPE_ANY = 255,
    LINKS_MAX = 10, // that are followed
};

#define Z   "svc.cluster.local"
#define ONE ".one." Z "."

static const struct sockaddr_any client = {
    .v4 = {.sin_family = AF_INET, .sin_port = 0x1d04}, .length = 16};

// c0 -> c1 ... -> the target: so many links.
static void put_chain(struct testbed *t, const char *name, unsigned links,
                      const char *target)
{
    char words[200];

    for (unsigned i = 0; i < links; i++) {
        if (i + 1 < links)
            snprintf(words, sizeof words, "one/%s%u external %s%u.one." Z, name,
                     i, name, i + 1);
        else
            snprintf(words, sizeof words, "one/%s%u external %s", name, i,
                     target);
        testbed_put(t, words);
    }
}

static int set_up(void **state)
{
    struct testbed *t = testbed_new(NULL);
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1");
    testbed_put(t, "one/out external db.Example.org");
    testbed_put(t, "one/to-out external Out.one." Z);
    testbed_put(t, "one/to-db external db.one." Z);
    testbed_put(t, "one/to-miss external no.db.one." Z);
    testbed_put(t, "one/to-no external web-0.no.one." Z);
    testbed_put(t, "one/to-ns external two." Z);
    testbed_put(t, "one/to-apex external cluster.local");
    testbed_put(t, "one/to-arpa external 9.0.0.10.in-addr.arpa");
    testbed_put(t, "one/to-ptr external 1.0.0.10.in-addr.arpa");
    testbed_put(t, "one/tick external tock.one." Z);
    testbed_put(t, "one/tock external Tick.one." Z);
    put_chain(t, "ten", LINKS_MAX, "db.example.org");
    put_chain(t, "more", LINKS_MAX + 1, "db.example.org");
    testbed_publish(t);
    t->context.settings.forwards = true;
    *state = t;
    return 0;
}

static struct answer_job ask(struct testbed *t, const char *name, uint16_t type)
{
    const struct testbed_query q = testbed_query(name, type, 1232);
    struct answer_job job = {.message = t->message,
                             .query_n = (uint32_t)q.n,
                             .size = DNS_TCP_MAX,
                             .client = &client};
    const unsigned long allocations = fault_alloc_count();

    memcpy(t->message, q.octets, q.n);
    answer_batch(&t->context, &job, 1);
    assert_int_equal(fault_alloc_count(), allocations);
    if (job.verdict == ANSWER_FORWARD)
        assert_memory_equal(t->message, q.octets, q.n);
    return job;
}

static void assert_forwarded(struct testbed *t, const char *name, uint16_t type)
{
    const uint64_t before = counter_read(&t->context.counters.forwarded);

    assert_int_equal(ask(t, name, type).verdict, ANSWER_FORWARD);
    assert_int_equal(counter_read(&t->context.counters.forwarded), before + 1);
}

// It is answered: with so many aliases, and so many records behind them.
static void assert_answered(struct testbed *t, const char *name, uint16_t type,
                            unsigned rcode, unsigned aliases, unsigned others)
{
    const uint64_t before = counter_read(&t->context.counters.forwarded);
    struct reply r;
    unsigned n = 0;

    testbed_reply(t, name, type, 1232, ANSWER_TCP, &r);
    assert_int_equal(r.rcode, rcode);
    assert_int_equal(r.flags & 0x80, t->context.settings.forwards ? 0x80 : 0);
    for (size_t i = 0; i < r.lines_n[REPLY_ANSWER]; i++)
        n += strstr(r.lines[REPLY_ANSWER][i], " IN CNAME ") != NULL;
    assert_int_equal(n, aliases);
    assert_int_equal(r.lines_n[REPLY_ANSWER], aliases + others);
    reply_release(&r);
    assert_int_equal(counter_read(&t->context.counters.forwarded), before);
}

static const uint16_t types[] = {TYPE_A,   TYPE_AAAA, TYPE_SRV,
                                 TYPE_TXT, TYPE_PTR,  65};

static void an_alias_that_leads_out_is_forwarded(void **state)
{
    struct testbed *t = *state;
    for (size_t i = 0; i < ORD_COUNT(types); i++) {
        assert_forwarded(t, "out" ONE, types[i]);
        assert_forwarded(t, "oUT" ONE, types[i]);
        assert_forwarded(t, "to-out" ONE, types[i]);
        assert_forwarded(t, "ten0" ONE, types[i]);
    }
}

// The alias itself is what they ask for (RFC 1034 3.6.2, RFC 8482 4.1).
static void cname_and_any_are_answered(void **state)
{
    struct testbed *t = *state;
    assert_answered(t, "out" ONE, TYPE_CNAME, 0, 1, 0);
    assert_answered(t, "out" ONE, TYPE_ANY, 0, 1, 0);
    assert_answered(t, "to-out" ONE, TYPE_CNAME, 0, 1, 0);
    assert_answered(t, "to-out" ONE, TYPE_ANY, 0, 1, 0);
}

static void without_forwards_the_alias_is_the_answer(void **state)
{
    struct testbed *t = *state;
    t->context.settings.forwards = false;
    t->context.settings.falls_through = true;
    t->context.settings.forwards_reverse = true;
    assert_answered(t, "out" ONE, TYPE_A, 0, 1, 0);
    assert_answered(t, "to-out" ONE, TYPE_A, 0, 2, 0);
    assert_answered(t, "to-no" ONE, TYPE_A, 3, 1, 0);
    assert_answered(t, "to-arpa" ONE, TYPE_PTR, 3, 1, 0);
}

static void an_alias_of_a_name_of_ours_is_answered(void **state)
{
    struct testbed *t = *state;
    t->context.settings.falls_through = true;
    t->context.settings.forwards_reverse = true;
    assert_answered(t, "to-db" ONE, TYPE_A, 0, 1, 1);
    assert_answered(t, "to-db" ONE, TYPE_TXT, 0, 1, 0);
    assert_answered(t, "to-miss" ONE, TYPE_A, 3, 1, 0);
    assert_answered(t, "to-apex" ONE, TYPE_A, 0, 1, 0);
    assert_answered(t, "to-ptr" ONE, TYPE_PTR, 0, 1, 1);
    assert_answered(t, "to-ptr" ONE, TYPE_A, 0, 1, 0);
    assert_answered(t, "x.out" ONE, TYPE_A, 3, 0, 0);
}

static void one_that_ends_nowhere_is_answered(void **state)
{
    struct testbed *t = *state;
    assert_answered(t, "tick" ONE, TYPE_A, 0, 2, 0);
    assert_answered(t, "more0" ONE, TYPE_A, 0, LINKS_MAX, 0);
    assert_forwarded(t, "more1" ONE, TYPE_A);
}

static void one_that_leads_to_what_falls_through_is_forwarded(void **state)
{
    struct testbed *t = *state;
    assert_answered(t, "to-no" ONE, TYPE_A, 3, 1, 0);
    assert_answered(t, "to-ns" ONE, TYPE_A, 3, 1, 0);
    assert_answered(t, "to-arpa" ONE, TYPE_PTR, 3, 1, 0);
    t->context.settings.forwards_reverse = true;
    assert_answered(t, "to-no" ONE, TYPE_A, 3, 1, 0);
    assert_forwarded(t, "to-arpa" ONE, TYPE_PTR);
    t->context.settings.forwards_reverse = false;
    t->context.settings.falls_through = true;
    assert_forwarded(t, "to-no" ONE, TYPE_A);
    assert_forwarded(t, "to-ns" ONE, TYPE_AAAA);
    assert_answered(t, "to-arpa" ONE, TYPE_PTR, 3, 1, 0);
    assert_answered(t, "to-no" ONE, TYPE_CNAME, 0, 1, 0);
}

static void it_is_answered_once_its_target_is_there(void **state)
{
    struct testbed *t = *state;
    t->context.settings.falls_through = true;
    assert_forwarded(t, "to-no" ONE, TYPE_A);
    testbed_serve(t, "one/no headless slice4 port p:1/tcp end web-0 10.0.0.2");
    assert_answered(t, "to-no" ONE, TYPE_A, 0, 1, 1);
}

// Its faults are its own: others do not have them.
static void an_alias_has_its_faults(void **state)
{
    struct testbed *t = *state;
    struct zone_fault_of fault = {"one", "out", "", {.no_aaaa = true}};
    testbed_begin(t);
    assert_int_equal(zone_update_faults(t->update, &fault, 1), 0);
    testbed_publish(t);
    assert_answered(t, "out" ONE, TYPE_AAAA, 0, 1, 0);
    assert_forwarded(t, "out" ONE, TYPE_A);
    assert_forwarded(t, "to-out" ONE, TYPE_A);
    testbed_begin(t);
    fault.fault = (struct zone_fault){.servfail = true};
    assert_int_equal(zone_update_faults(t->update, &fault, 1), 0);
    testbed_publish(t);
    assert_answered(t, "out" ONE, TYPE_A, 2, 0, 0);
    // whether there is such a name is for others to say
    t->context.settings.falls_through = true;
    testbed_begin(t);
    fault = (struct zone_fault_of){"one", "to-no", "", {.no_aaaa = true}};
    assert_int_equal(zone_update_faults(t->update, &fault, 1), 0);
    testbed_publish(t);
    assert_answered(t, "to-no" ONE, TYPE_AAAA, 0, 1, 0);
}

static void an_incomplete_zone_follows_none(void **state)
{
    struct testbed *t = testbed_new(NULL);
    (void)state;
    t->context.settings.forwards = true;
    testbed_put(t, "one/out external db.example.org");
    zone_update_publish(t->update, TESTBED_NOW_S, false);
    t->update = NULL;
    assert_answered(t, "out" ONE, TYPE_A, 2, 0, 0);
    testbed_publish(t);
    assert_forwarded(t, "out" ONE, TYPE_A);
    testbed_free(t);
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
    cmocka_unit_test_setup_teardown(name, set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_alias_that_leads_out_is_forwarded),
        test(cname_and_any_are_answered),
        test(without_forwards_the_alias_is_the_answer),
        test(an_alias_of_a_name_of_ours_is_answered),
        test(one_that_ends_nowhere_is_answered),
        test(one_that_leads_to_what_falls_through_is_forwarded),
        test(it_is_answered_once_its_target_is_there),
        test(an_alias_has_its_faults),
        test(an_incomplete_zone_follows_none),
    };
    return cmocka_run_group_tests(tests, register_reader, unregister_reader);
}
