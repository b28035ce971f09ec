// SPDX-License-Identifier: Apache-2.0
// Names of which nobody has told us, and which others may know: every place
// that a name can have.
#include "lib/testbed.h"
#include "model/self.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// One that a StatefulSet names and nobody made; or that the server's own pod is
// named below.
static void put_missing(struct testbed *t, const char *words,
                        const struct self *self)
{
    struct draft *d = draft_new(words);
    struct service s = *draft_service(d);
    struct error err;

    s.object = NULL;
    s.self = self;
    testbed_begin(t);
    assert_int_equal(zone_update_service(t->update, &s, &err), 0);
    draft_free(d);
}

static struct testbed *make(struct zone_rules rules)
{
    struct zone_settings settings = testbed_settings();
    settings.rules = rules;
    struct testbed *t = testbed_new(&settings);
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/db headless declares web 0 3 slice4 port p:1/tcp "
                   "end web-0 10.0.0.1");
    testbed_put(t, "one/none headless declares web 0 3");
    testbed_put(t, "one/vip ip 10.96.0.1 port p:1/tcp");
    testbed_put(t, "one/alias external db.example.org");
    put_missing(t, "one/lost headless declares x 0 3", NULL);
    testbed_publish(t);
    return t;
}

static int set_up(void **state)
{
    *state = make((struct zone_rules){0});
    return 0;
}

struct found {
    enum zone_outcome outcome;
    bool is_unknown;
    bool is_reverse;
};

static struct found look_up(struct testbed *t, const char *name, uint16_t type)
{
    const struct testbed_query query = testbed_query(name, type, 0);
    struct zone_lookup l;
    struct zone_match match;
    struct dns_query q;

    memset(&l, 0xa5, sizeof l); // it says nothing about the look-up before
    assert_int_equal(dns_query_parse(span_of(query.octets, query.n), &q),
                     DNS_QUERY_OK);
    struct found f = {.outcome = zone_find(t->zone, &q, &l, &match)};
    f.is_unknown = zone_is_unknown(t->zone, &q, &l);
    if (f.outcome != ZONE_OUTSIDE)
        f.is_reverse = zone_is_reverse(t->zone, &l);
    return f;
}

static const uint16_t types[] = {1, 28, 33, 16, 5, 12, 6, 255, 65, 0};

// Relative to cluster.local.
static void check(struct testbed *t, const char *const *names, bool is_unknown)
{
    char whole[300];

    for (; *names; names++) {
        snprintf(whole, sizeof whole, "%s.cluster.local.", *names);
        for (size_t i = 0; i < ORD_COUNT(types); i++) {
            const struct found f = look_up(t, whole, types[i]);
            if (f.is_unknown != is_unknown)
                fail_msg("%s type %u is %s", whole, types[i],
                         is_unknown ? "known" : "unknown");
            assert_false(f.is_reverse);
            if (is_unknown)
                assert_int_equal(f.outcome, ZONE_NXDOMAIN);
        }
    }
}

// --- services --------------------------------------------------------------

static void nothing_at_or_below_a_service_that_is_there_is_unknown(void **state)
{
    static const char *const names[] = {
        "db.one.svc",          "DB.One.SVC",
        "web-0.db.one.svc",    "web-1.db.one.svc",
        "web-9.db.one.svc",    "no.db.one.svc",
        "_tcp.db.one.svc",     "_udp.db.one.svc",
        "_p._tcp.db.one.svc",  "_q._tcp.db.one.svc",
        "x.web-0.db.one.svc",  "eu.pin._zone.db.one.svc",
        "x.y.z.db.one.svc",    "1.2.3.4.5.6.7.db.one.svc",
        "vip.one.svc",         "x.vip.one.svc",
        "x.y.vip.one.svc",     "x.y.z.vip.one.svc",
        "alias.one.svc",       "x.alias.one.svc",
        "x.y.z.alias.one.svc", NULL};
    check(*state, names, false);
}

static void one_without_endpoints_is_there_all_the_same(void **state)
{
    static const char *const names[] = {"none.one.svc", "web-0.none.one.svc",
                                        "_p._tcp.none.one.svc",
                                        "x.y.z.none.one.svc", NULL};
    static const char *const vip[] = {"vip.one.svc", "x.vip.one.svc",
                                      "x.y.z.vip.one.svc", NULL};
    (void)state;
    struct testbed *t = make((struct zone_rules){.ignore_empty_service = true});
    assert_int_equal(look_up(t, "vip.one.svc.cluster.local.", 1).outcome,
                     ZONE_NXDOMAIN);
    check(t, names, false);
    check(t, vip, false);
    testbed_free(t);
}

static const char *const below_unknown[] = {"no.one.svc",
                                            "NO.One.SVC",
                                            "web-0.no.one.svc",
                                            "_tcp.no.one.svc",
                                            "_p._tcp.no.one.svc",
                                            "eu.pin._zone.no.one.svc",
                                            "x.y.z.no.one.svc",
                                            "1.2.3.4.5.6.7.no.one.svc",
                                            NULL};

static void all_at_and_below_a_service_that_is_not_there_is(void **state)
{
    static const char *const elsewhere[] = {
        "db.two.svc",          "web-0.db.two.svc",
        "x.y.z.db.two.svc",    "one.db.svc",
        "db.one.one.svc",      "eu.pin._zone.db.two.svc",
        "_p._tcp.db.two.svc",  "db.svc.svc",
        "db.one.svc.one.svc",  "db.one.svc.cluster.local.one.svc",
        "a.b.c.db.one.no.svc", NULL};
    check(*state, below_unknown, true);
    check(*state, elsewhere, true);
}

static void one_that_only_a_stateful_set_names_is_not_there(void **state)
{
    static const char *const names[] = {"lost.one.svc",
                                        "x-0.lost.one.svc",
                                        "x-7.lost.one.svc",
                                        "_p._tcp.lost.one.svc",
                                        "_tcp.lost.one.svc",
                                        "x.y.z.lost.one.svc",
                                        NULL};
    check(*state, names, true);
}

static void it_is_unknown_until_it_comes_and_when_it_has_gone(void **state)
{
    struct testbed *t = *state;
    check(t, below_unknown, true);
    testbed_serve(t, "one/no headless");
    check(t, below_unknown, false);
    testbed_remove(t, "one", "no");
    testbed_publish(t);
    check(t, below_unknown, true);
}

// Its service is not: the rest of it others know.
static void the_servers_own_pod_is_known(void **state)
{
    static const struct self self = {
        .namespace = "one",
        .service = "own",
        .hostname = "web-0",
        .addresses = {{.family = FAMILY_IPV4, .octets = {10, 0, 0, 7}}},
        .addresses_n = 1,
    };
    static const char *const own[] = {"web-0.own.one.svc", "WEB-0.own.one.svc",
                                      NULL};
    static const char *const others[] = {
        "web-1.own.one.svc", "_tcp.own.one.svc", "_p._tcp.own.one.svc",
        "x.web-0.own.one.svc", NULL};
    struct testbed *t = *state;
    put_missing(t, "one/own headless", &self);
    testbed_publish(t);
    assert_answer(t, "web-0.own.one", "A", "A 10.0.0.7");
    check(t, own, false);
    check(t, others, true);
    const struct found f = look_up(t, "own.one.svc.cluster.local.", 1);
    assert_int_equal(f.outcome, ZONE_NODATA);
    assert_true(f.is_unknown);
}

static void topology_zones_change_nothing(void **state)
{
    static const char *const known[] = {
        "eu.pin._zone.db.one.svc",   "eu.prefer._zone.db.one.svc",
        "pin._zone.db.one.svc",      "_zone.db.one.svc",
        "eu.pin._zone.vip.one.svc",  "eu.pin._zone.alias.one.svc",
        "eu.pin._zone.none.one.svc", "a.b.eu.pin._zone.db.one.svc",
        "x.y.z.db.one.svc",          NULL};
    static const char *const unknown[] = {"eu.pin._zone.no.one.svc",
                                          "eu.prefer._zone.lost.one.svc",
                                          "a.b.eu.pin._zone.no.one.svc",
                                          "pin._zone.no.one.svc",
                                          "x.y.z.no.one.svc",
                                          NULL};
    (void)state;
    struct testbed *t = make((struct zone_rules){.zonal = true});
    check(t, known, false);
    check(t, unknown, true);
    testbed_free(t);
}

// --- other places ----------------------------------------------------------

static void a_namespace_is_unknown_where_nothing_is_in_it(void **state)
{
    static const char *const known[] = {"one.svc", NULL};
    static const char *const unknown[] = {"two.svc", "db.svc", NULL};
    check(*state, known, false);
    check(*state, unknown, true);
}

static void what_the_domain_has_of_its_own_is_known(void **state)
{
    static const char *const names[] = {
        "svc",   "pod",      "dns",         "ns.dns",        "no.dns",
        "a.dns", "x.ns.dns", "dns-version", "x.dns-version", NULL};
    struct testbed *t = *state;
    check(t, names, false);
    for (size_t i = 0; i < ORD_COUNT(types); i++)
        assert_false(look_up(t, "cluster.local.", types[i]).is_unknown);
}

static void any_other_name_in_the_domain_is_unknown(void **state)
{
    static const char *const names[] = {
        "db", "svc.one", "db.one", "svcs", "dns.x", "ns.dns.x", "dn", "x.y.z",
        "svc.x", "pod.x", "www.example.org", "db.one.x",
        // service and namespace, and another branch
        "x.db.one.svcs", "db.one.pod", "a.b.c.db.one.pod", NULL};
    check(*state, names, true);
}

static void pods_are_unknown_where_their_names_do_not_exist(void **state)
{
    static const char *const names[] = {
        "10-0-0-1.one.pod", "10-0-0-2.one.pod",
        "10-0-0-1.two.pod", "x.10-0-0-1.one.pod",
        "x.one.pod",        "two.pod",
        "fd00--1.two.pod",  NULL};
    static const struct {
        enum zone_pods pods;
        bool unknown[7];
        bool namespace; // one.pod is unknown
    } all[] = {
        {ZONE_PODS_DISABLED, {1, 1, 1, 1, 1, 1, 1}, true},
        {ZONE_PODS_INSECURE, {0, 0, 1, 1, 1, 1, 1}, false},
        {ZONE_PODS_VERIFIED, {0, 1, 1, 1, 1, 1, 1}, false},
    };
    (void)state;
    for (size_t i = 0; i < ORD_COUNT(all); i++) {
        struct testbed *t = make((struct zone_rules){.pods = all[i].pods});
        testbed_pod(t, "one", "10.0.0.1", true);
        testbed_publish(t);
        for (size_t k = 0; names[k]; k++) {
            const char *const one[] = {names[k], NULL};
            check(t, one, all[i].unknown[k]);
        }
        const char *const namespace[] = {"one.pod", NULL};
        check(t, namespace, all[i].namespace);
        testbed_free(t);
    }
}

static void no_name_outside_of_the_domain_is_unknown(void **state)
{
    static const struct {
        const char *name;
        bool is_ours;
    } names[] = {
        {".", false},
        {"local.", false},
        {"example.org.", false},
        {"db.one.svc.cluster.local.example.org.", false},
        {"xcluster.local.", false},
        {"in-addr.arpa.", true},
        {"1.0.0.10.in-addr.arpa.", true},
        {"9.0.0.10.in-addr.arpa.", true},
        {"9.10.in-addr.arpa.", true},
        {"no.svc.in-addr.arpa.", true},
        {"x.dns.in-addr.arpa.", true},
        {"1.d.f.ip6.arpa.", true},
    };
    for (size_t i = 0; i < ORD_COUNT(names); i++) {
        for (size_t k = 0; k < ORD_COUNT(types); k++) {
            const struct found f = look_up(*state, names[i].name, types[k]);
            assert_false(f.is_unknown);
            assert_int_equal(f.is_reverse, names[i].is_ours);
            assert_int_equal(f.outcome != ZONE_OUTSIDE, names[i].is_ours);
        }
    }
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
        test(nothing_at_or_below_a_service_that_is_there_is_unknown),
        test(one_without_endpoints_is_there_all_the_same),
        test(all_at_and_below_a_service_that_is_not_there_is),
        test(one_that_only_a_stateful_set_names_is_not_there),
        test(it_is_unknown_until_it_comes_and_when_it_has_gone),
        test(the_servers_own_pod_is_known),
        test(topology_zones_change_nothing),
        test(a_namespace_is_unknown_where_nothing_is_in_it),
        test(what_the_domain_has_of_its_own_is_known),
        test(any_other_name_in_the_domain_is_unknown),
        test(pods_are_unknown_where_their_names_do_not_exist),
        test(no_name_outside_of_the_domain_is_unknown),
    };
    return cmocka_run_group_tests(tests, register_reader, unregister_reader);
}
