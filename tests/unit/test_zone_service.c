// SPDX-License-Identifier: Apache-2.0
// Weights, names of endpoints, and the other kinds of services. Expected values
// are from K8S-DNS 2.3 to 2.5, and from what CoreDNS does where that is silent.
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// --- weights: the examples of section 3 ------------------------------------

static void six_addresses_with_a_shared_name_weigh_16(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1 "
                     "end a 10.0.0.2 end b 10.0.0.3 end c 10.0.0.4 "
                     "end d 10.0.0.5 end e 10.0.0.6");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 16 1 a.db.one, SRV 0 16 1 b.db.one, "
                  "SRV 0 16 1 c.db.one, SRV 0 16 1 d.db.one, "
                  "SRV 0 16 1 e.db.one + a.db.one A 10.0.0.1, "
                  "a.db.one A 10.0.0.2, b.db.one A 10.0.0.3, "
                  "c.db.one A 10.0.0.4, d.db.one A 10.0.0.5, "
                  "e.db.one A 10.0.0.6");
    assert_answer(t, "a.db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "a.db.one", "SRV",
                  "SRV 0 50 1 a.db.one + a.db.one A 10.0.0.1, "
                  "a.db.one A 10.0.0.2");
}

static void dual_stack_peers_weigh_16(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1 "
                     "end b 10.0.0.2 end c 10.0.0.3 slice6 port p:1/tcp "
                     "end a 2001:db8::1 end b 2001:db8::2 end c 2001:db8::3");
    assert_answer(t, "_p._tcp.db.one", "SRV",
                  "SRV 0 16 1 a.db.one, SRV 0 16 1 b.db.one, "
                  "SRV 0 16 1 c.db.one + a.db.one A 10.0.0.1, "
                  "b.db.one A 10.0.0.2, c.db.one A 10.0.0.3, "
                  "a.db.one AAAA 2001:db8::1, b.db.one AAAA 2001:db8::2, "
                  "c.db.one AAAA 2001:db8::3");
    assert_answer(t, "db.one", "AAAA",
                  "AAAA 2001:db8::1, AAAA 2001:db8::2, AAAA 2001:db8::3");
    assert_answer(t, "b.db.one", "AAAA", "AAAA 2001:db8::2");
    assert_answer(t, "b.db.one", "SRV",
                  "SRV 0 50 1 b.db.one + b.db.one A 10.0.0.2, "
                  "b.db.one AAAA 2001:db8::2");
}

static void an_endpoint_in_two_slices_lowers_the_weight(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1 "
                     "end b 10.0.0.2 slice4 port p:1/tcp end b 10.0.0.2");
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 33 1 a.db.one, SRV 0 33 1 b.db.one + "
                  "a.db.one A 10.0.0.1, b.db.one A 10.0.0.2");
    assert_answer(t, "b.db.one", "A", "A 10.0.0.2");
}

// Entries without a port count in n and give no SRV.
static void an_endpoint_without_ports_lowers_the_weight(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1 "
                     "slice4 end b 10.0.0.2");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 50 1 a.db.one + a.db.one A 10.0.0.1");
    assert_answer(t, "b.db.one", "SRV", "NODATA");
    assert_answer(t, "b.db.one", "A", "A 10.0.0.2");
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.2");
}

static void a_weight_is_never_less_than_one(void **state)
{
    struct testbed *t = *state;
    char words[8192] = "one/db headless slice4 port p:1/tcp";
    char name[32];
    for (int i = 0; i < 150; i++) {
        size_t n = strlen(words);
        snprintf(words + n, sizeof words - n, " end a-%d 10.0.1.%d", i, i);
    }
    testbed_serve(t, words);
    const char *srv = testbed_ask(t, "db.one", "SRV");
    assert_true(
        strncmp(srv, "SRV 0 1 1 a-0.db.one, SRV 0 1 1 a-1.db.one, ", 44) == 0);
    // ordinals in the order of their numbers
    assert_non_null(strstr(srv, "a-9.db.one, SRV 0 1 1 a-10.db.one, "));
    for (int i = 0; i < 150; i++) {
        char expected[32];
        snprintf(name, sizeof name, "a-%d.db.one", i);
        snprintf(expected, sizeof expected, "A 10.0.1.%d", i);
        assert_answer(t, name, "A", expected);
    }
}

// --- names of endpoints ----------------------------------------------------

static void an_endpoint_without_hostname_has_a_dashed_name(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end - 10.0.0.1 "
                     "slice6 port p:1/tcp end - 2001:db8:: end - ::1 "
                     "end - 2001:db8::a:1");
    assert_answer(t, "10-0-0-1.db.one", "A", "A 10.0.0.1");
    // a label does not end with a dash
    assert_answer(t, "2001-db8--0.db.one", "AAAA", "AAAA 2001:db8::");
    assert_answer(t, "2001-db8--.db.one", "AAAA", "NXDOMAIN");
    assert_answer(t, "--1.db.one", "AAAA", "AAAA ::1");
    assert_answer(t, "2001-db8--a-1.db.one", "AAAA", "AAAA 2001:db8::a:1");
    assert_answer(t, "2001-DB8--A-1.db.one", "AAAA", "AAAA 2001:db8::a:1");
    assert_answer(t, "10-0-0-1.db.one", "AAAA", "NODATA");
    assert_answer(t, "10-0-0-1.db.one", "SRV",
                  "SRV 0 100 1 10-0-0-1.db.one + 10-0-0-1.db.one A 10.0.0.1");
}

static void all_addresses_of_an_endpoint_count(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t,
                  "one/db headless slice4 port p:1/tcp "
                  "end a 10.0.0.2,10.0.0.1,10.0.0.2 end - 10.0.0.4,10.0.0.3");
    assert_answer(t, "a.db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "db.one", "A",
                  "A 10.0.0.1, A 10.0.0.2, A 10.0.0.3, A 10.0.0.4");
    assert_answer(t, "10-0-0-3.db.one", "A", "A 10.0.0.3");
    assert_answer(t, "10-0-0-4.db.one", "A", "A 10.0.0.4");
    assert_answer(t, "_p._tcp.db.one", "SRV",
                  "SRV 0 20 1 10-0-0-3.db.one, SRV 0 20 1 10-0-0-4.db.one, "
                  "SRV 0 20 1 a.db.one + 10-0-0-3.db.one A 10.0.0.3, "
                  "10-0-0-4.db.one A 10.0.0.4, a.db.one A 10.0.0.1, "
                  "a.db.one A 10.0.0.2");
}

static void an_address_of_two_endpoints_counts_once(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end b 10.0.0.1 "
                     "end a 10.0.0.1 end c 10.0.0.2");
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "a.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "b.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR a.db.one");
}

// Names of one endpoint that slices tell in turns: each number once.
static void a_name_across_many_slices_keeps_its_ports_apart(void **state)
{
    struct testbed *t = *state;
    char words[4096] = "one/db headless";
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(words);
        n += (size_t)snprintf(words + n, sizeof words - n,
                              " slice4 port p:%d/tcp", 2 - i);
        for (int k = i; k < 64; k += 2)
            n += (size_t)snprintf(words + n, sizeof words - n,
                                  " end a 10.0.0.%d", k);
    }
    testbed_serve(t, words);
    const char *srv = testbed_ask(t, "a.db.one", "SRV");
    static const char expected[] = "SRV 0 1 1 a.db.one, SRV 0 1 2 a.db.one + "
                                   "a.db.one A 10.0.0.0, a.db.one A 10.0.0.1, ";
    assert_memory_equal(srv, expected, sizeof expected - 1);
}

static void case_does_not_count(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t,
                  "One/DB headless slice4 port HTTP:80/tcp end Web-0 10.0.0.1");
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "dB.oNe.SVC.Cluster.LOCAL.", "A", "A 10.0.0.1");
    assert_answer(t, "WEB-0.DB.ONE.svc.cluster.local.", "A", "A 10.0.0.1");
    assert_answer(t, "_Http._TCP.db.one", "SRV",
                  "SRV 0 100 80 web-0.db.one + web-0.db.one A 10.0.0.1");
    assert_answer(t, "CLUSTER.local.", "NS",
                  "NS ns.dns.CLUSTER.local. + ns.dns.CLUSTER.local. A "
                  "192.0.2.53, ns.dns.CLUSTER.local. AAAA 2001:db8::53");
    assert_answer(t, "1.0.0.10.IN-ADDR.arpa.", "PTR", "PTR web-0.db.one");
    testbed_remove(t, "oNE", "dB");
    testbed_publish(t);
    assert_answer(t, "db.one", "A", "NXDOMAIN");
}

// Section 1: everything is positional.
static void words_of_the_schema_may_be_names(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "svc", true);
    testbed_put(t, "svc/svc headless slice4 port tcp:1/tcp end svc 10.0.0.1");
    testbed_serve(t,
                  "pod/dns headless slice4 port udp:2/udp end _tcp 10.0.0.2");
    assert_answer(t, "svc.svc.cluster.local.", "TXT", "NODATA");
    assert_answer(t, "svc.svc", "A", "A 10.0.0.1");
    assert_answer(t, "svc.svc.svc", "A", "A 10.0.0.1");
    assert_answer(t, "_tcp._tcp.svc.svc", "SRV",
                  "SRV 0 100 1 svc.svc.svc + svc.svc.svc A 10.0.0.1");
    assert_answer(t, "dns.pod", "A", "A 10.0.0.2");
    // one extra label is always an endpoint's name
    assert_answer(t, "_tcp.dns.pod", "A", "A 10.0.0.2");
    assert_answer(t, "_udp.dns.pod", "A", "NODATA");
}

// --- ClusterIP -------------------------------------------------------------

static void a_cluster_ip_service_has_its_own_address(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/web ip 10.96.0.1 port http:80/tcp port :81/tcp "
                     "slice4 port http:8080/tcp end - 10.0.0.1 end a 10.0.0.2");
    assert_answer(t, "web.one", "A", "A 10.96.0.1");
    assert_answer(t, "web.one", "AAAA", "NODATA");
    assert_answers(t, "web.one", testbed_other_types, "NODATA");
    assert_answer(t, "web.one", "SRV",
                  "SRV 0 50 80 web.one, SRV 0 50 81 web.one + "
                  "web.one A 10.96.0.1");
    assert_answer(t, "_http._tcp.web.one", "SRV",
                  "SRV 0 100 80 web.one + web.one A 10.96.0.1");
    assert_answer(t, "_http._tcp.web.one", "A", "A 10.96.0.1");
    assert_answer(t, "_http._udp.web.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_tcp.web.one", "SRV", "NODATA");
    assert_answer(t, "_udp.web.one", "SRV", "NXDOMAIN");
    // endpoints below it, with the slice's number (section 2)
    assert_answer(t, "a.web.one", "A", "A 10.0.0.2");
    assert_answer(t, "10-0-0-1.web.one", "A", "A 10.0.0.1");
    assert_answer(t, "a.web.one", "SRV",
                  "SRV 0 100 8080 a.web.one + a.web.one A 10.0.0.2");
    assert_answer(t, "b.web.one", "A", "NXDOMAIN");
}

static void a_dual_stack_cluster_ip_weighs_50(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/web ip 2001:db8::a ip 10.96.0.1 port http:80/tcp");
    assert_answer(t, "web.one", "A", "A 10.96.0.1");
    assert_answer(t, "web.one", "AAAA", "AAAA 2001:db8::a");
    assert_answer(t, "_http._tcp.web.one", "SRV",
                  "SRV 0 50 80 web.one + web.one A 10.96.0.1, "
                  "web.one AAAA 2001:db8::a");
}

static void a_cluster_ip_needs_no_endpoints(void **state)
{
    struct testbed *t = *state;
    testbed_put(t, "one/bare ip 10.96.0.2");
    testbed_serve(t, "one/dns ip 10.96.0.1 port dns:53/udp port dns-tcp:53/tcp "
                     "port m:9153/tcp slice4 port dns:53/udp end - 10.0.0.1!");
    assert_answer(t, "bare.one", "A", "A 10.96.0.2");
    assert_answer(t, "bare.one", "SRV", "NODATA");
    assert_answer(t, "_x._tcp.bare.one", "SRV", "NXDOMAIN");
    assert_answer(t, "dns.one", "SRV",
                  "SRV 0 33 53 dns.one, SRV 0 33 9153 dns.one + "
                  "dns.one A 10.96.0.1");
    assert_answer(t, "10-0-0-1.dns.one", "A", "NXDOMAIN");
    assert_answer(t, "1.0.96.10.in-addr.arpa.", "PTR", "PTR dns.one");
}

// --- ExternalName ----------------------------------------------------------

static void an_external_name_is_a_cname_for_every_type(void **state)
{
    struct testbed *t = *state;
    static const char *const types[] = {"A",   "AAAA",  "CNAME", "SRV",
                                        "TXT", "HTTPS", "ANY",   NULL};
    testbed_put(t, "one/dot external db.example.org. port http:80/tcp");
    testbed_serve(t, "one/ext external db.example.org");
    assert_answers(t, "ext.one", types, "CNAME db.example.org.");
    assert_answer(t, "dot.one", "A", "CNAME db.example.org.");
    assert_answer(t, "x.ext.one", "A", "NXDOMAIN");
    assert_answer(t, "_http._tcp.dot.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_tcp.dot.one", "SRV", "NXDOMAIN");
}

static void an_external_name_that_is_none_is_an_error(void **state)
{
    struct testbed *t = *state;
    static const char *const bad[] = {
        "one/ext external a..b",
        "one/ext external "
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.org",
    };
    testbed_serve(t, "one/ext external db.example.org");
    for (size_t i = 0; i < ORD_COUNT(bad); i++) {
        struct draft *d = draft_new(bad[i]);
        struct error err = {""};
        testbed_begin(t);
        assert_true(zone_update_service(t->update, draft_service(d), &err) < 0);
        assert_non_null(strstr(err.text, "service 'one/ext': externalName"));
        draft_free(d);
        testbed_publish(t);
        assert_answer(t, "ext.one", "A", "CNAME db.example.org.");
    }
    assert_int_equal(zone_state(t->zone).failures, 2);
}

#define test(f)                                                                \
    cmocka_unit_test_setup_teardown(f, testbed_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(six_addresses_with_a_shared_name_weigh_16),
        test(dual_stack_peers_weigh_16),
        test(an_endpoint_in_two_slices_lowers_the_weight),
        test(an_endpoint_without_ports_lowers_the_weight),
        test(a_weight_is_never_less_than_one),
        test(an_endpoint_without_hostname_has_a_dashed_name),
        test(all_addresses_of_an_endpoint_count),
        test(an_address_of_two_endpoints_counts_once),
        test(a_name_across_many_slices_keeps_its_ports_apart),
        test(case_does_not_count),
        test(words_of_the_schema_may_be_names),
        test(a_cluster_ip_service_has_its_own_address),
        test(a_dual_stack_cluster_ip_weighs_50),
        test(a_cluster_ip_needs_no_endpoints),
        test(an_external_name_is_a_cname_for_every_type),
        test(an_external_name_that_is_none_is_an_error),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
