// SPDX-License-Identifier: Apache-2.0
// Why names are none, by the place where they would stand, as far as the zone
// itself knows.
#include "dns/record.h"
#include "lib/testbed.h"
#include "lib/why.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EMPTY                                                                  \
    "NODATA name-empty 0: the name has no records, others stand below it"
#define UNKNOWN                                                                \
    "NXDOMAIN name-unknown 0: below cluster.local there are svc, pod, ns.dns " \
    "and dns-version only"
#define TOO_DEEP                                                               \
    "NXDOMAIN name-too-deep 0: no name stands so deep; a search list may "     \
    "have been appended"
#define HAS(types) "NODATA type-absent 0: the name has " types " only"
#define EXTERNAL                                                               \
    "NXDOMAIN external-name 0: the service is an ExternalName; nothing "       \
    "stands below it"
#define NO_PORT(ports)                                                         \
    "NXDOMAIN port-unknown 0: the service has no such port; it has " ports
#define NO_PROTOCOL(ports)                                                     \
    "NXDOMAIN protocol-unknown 0: the service has no port of this protocol; "  \
    "it has " ports
#define NO_PEER(peers)                                                         \
    "NXDOMAIN hostname-unknown 0: the service has no peer of this name" peers
#define NO_ADDRESS                                                             \
    "NXDOMAIN address-unknown 0: no service and no pod with a name has this "  \
    "address"
#define NO_ADDRESS_NAME "NXDOMAIN address-malformed 0: the name is no address"

static void all_have(struct testbed *t, const char *const *names,
                     const char *expected)
{
    for (; *names; names++)
        assert_why(t, *names, "A", expected);
}

// --- the domain ------------------------------------------------------------

static void outside_is_told_the_domain(void **state)
{
    static const char *const names[] = {"example.org.",
                                        "db.one.svc.cluster.locale.",
                                        "local.",
                                        "db.one.svc.acluster.local.",
                                        ".",
                                        NULL};
    struct testbed *t = *state;
    all_have(t, names,
             "OUTSIDE wrong-domain 20: names here end with "
             "cluster.local");
}

static void what_is_below_the_domain_is_told(void **state)
{
    static const char *const names[] = {
        "foo.cluster.local.",           "db.one.cluster.local.",
        "db.one.svx.cluster.local.",    "x.dns.cluster.local.",
        "x.ns.dns.cluster.local.",      "x.dns-version.cluster.local.",
        "a.b.c.d.e.f.g.cluster.local.", NULL};
    all_have(*state, names, UNKNOWN);
}

static void a_branch_has_no_records(void **state)
{
    static const char *const names[] = {"svc.cluster.local.",
                                        "pod.cluster.local.",
                                        "dns.cluster.local.",
                                        "one",
                                        "_tcp.db.one",
                                        "10.in-addr.arpa.",
                                        NULL};
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_serve(t, "one/db headless port p:1/tcp slice4 port p:1/tcp "
                     "end a 10.0.0.1");
    all_have(t, names, EMPTY);
    assert_why(t, "one.pod.cluster.local.", "A",
               "NXDOMAIN pods-disabled 21: names of pods by address are not "
               "served");
}

static void too_many_labels_are_too_many(void **state)
{
    static const char *const names[] = {
        "a.b.c.d.one",         "web-0.db.one.svc.cluster.local.default",
        "a.b.c.d.e.f.g.h.one", "a.web-0.db.one",
        "a._b._c.db.one",      NULL};
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_serve(t, "one/db headless port p:1/tcp slice4 port p:1/tcp "
                     "end web-0 10.0.0.1");
    all_have(t, names, TOO_DEEP);
}

static void a_domain_of_one_label_is_told_as_well(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    struct error err;
    assert_int_equal(dns_name_parse("K8S.", &s.domain, &err), 0);
    struct testbed *t = testbed_new(&s);
    assert_why(t, "a.b.", "A",
               "OUTSIDE wrong-domain 20: names here end with "
               "k8s");
    assert_why(t, "a.k8s.", "A",
               "NXDOMAIN name-unknown 0: below k8s there are svc, pod, ns.dns "
               "and dns-version only");
    testbed_free(t);
}

// --- types -----------------------------------------------------------------

static void fixed_names_say_what_they_have(void **state)
{
    struct testbed *t = *state;
    assert_why(t, "cluster.local.", "A", HAS("SOA and NS"));
    assert_why(t, "10.in-addr.arpa.", "A", NO_ADDRESS);
    assert_why(t, "in-addr.arpa.", "A", HAS("SOA and NS"));
    assert_why(t, "dns-version.cluster.local.", "A", HAS("TXT"));
    assert_why(t, "ns.dns.cluster.local.", "SRV", HAS("A and AAAA"));
}

static void a_server_without_addresses_says_no_type(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    s.servers_n = 0;
    struct testbed *t = testbed_new(&s);
    assert_why(t, "ns.dns.cluster.local.", "A", EMPTY);
    testbed_free(t);
}

static void each_set_of_types_is_told(void **state)
{
    static const struct {
        const char *words, *expected;
    } rows[] = {
        {"slice4 end a 10.0.0.1", HAS("A")},
        {"slice6 end a fd00::1", HAS("AAAA")},
        {"slice4 end a 10.0.0.1 slice6 end a fd00::1", HAS("A and AAAA")},
        {"slice4 port p:1/tcp end a 10.0.0.1", HAS("A and SRV")},
        {"slice6 port p:1/tcp end a fd00::1", HAS("AAAA and SRV")},
        {"slice4 port p:1/tcp end a 10.0.0.1 slice6 port p:1/tcp end a fd00::1",
         HAS("A, AAAA and SRV")},
    };
    struct testbed *t = *state;
    for (size_t i = 0; i < ORD_COUNT(rows); i++) {
        char words[200];
        snprintf(words, sizeof words, "one/db headless %s", rows[i].words);
        testbed_serve(t, words);
        assert_why(t, "db.one", "TXT", rows[i].expected);
        assert_why(t, "a.db.one", "TXT", rows[i].expected);
        if (strstr(words, "port"))
            assert_why(t, "_p._tcp.db.one", "TXT", rows[i].expected);
    }
}

static void the_type_that_was_asked_for_is_not_told(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1");
    assert_why(t, "db.one", "AAAA", HAS("A and SRV"));
    testbed_serve(t, "one/web ip 10.96.0.1 port p:1/tcp");
    assert_why(t, "web.one", "AAAA", HAS("A and SRV"));
    assert_why(t, "_p._tcp.web.one", "AAAA", HAS("A and SRV"));
    testbed_serve(t, "one/bare ip fd00::1");
    assert_why(t, "bare.one", "A", HAS("AAAA"));
    assert_why(t, "bare.one", "SRV", HAS("AAAA"));
}

// A fault has a type hidden that the zone has.
static void a_type_that_is_hidden_is_not_told(void **state)
{
    const struct testbed_query message =
        testbed_query("db.one.svc.cluster.local.", DNS_TYPE_AAAA, 1232);
    struct testbed *t = *state;
    struct dns_query q;
    struct zone_lookup l;
    struct zone_match match;
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1 "
                     "slice6 end a fd00::1");
    assert_int_equal(dns_query_parse(span_of(message.octets, message.n), &q),
                     DNS_QUERY_OK);
    assert_int_equal(zone_find(t->zone, &q, &l, &match), ZONE_FOUND);
    const struct zone_reason *r = zone_why(t->zone, &q, &l, ZONE_NODATA);
    assert_int_equal(r->text_n, strlen("the name has A only"));
    assert_memory_equal(r->option + ZONE_REASON_TEXT_AT, "the name has A only",
                        r->text_n);
}

// --- below a service -------------------------------------------------------

static void peers_are_told_in_order(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end web-10 10.0.0.1 "
                     "end web-2 10.0.0.2 end Arbiter 10.0.0.3");
    assert_why(t, "web-3.db.one", "A",
               NO_PEER("; it has arbiter, web-2 and web-10"));
    assert_why(t, "WEB-3.db.one", "SRV",
               NO_PEER("; it has arbiter, web-2 and web-10"));
    testbed_serve(t, "one/db headless slice4 end web-10 10.0.0.1");
    assert_why(t, "web-2.db.one", "A", NO_PEER("; it has web-10"));
}

// "the service has no peer of this name; it has " leaves 155 octets: 10 names
// of 12 with ", " between them, and " and 90 more".
static void many_peers_are_counted(void **state)
{
    char words[4000] = "one/db headless slice4";
    struct testbed *t = *state;
    for (int i = 0; i < 100; i++)
        snprintf(words + strlen(words), sizeof words - strlen(words),
                 " end database-%03d 10.0.0.%d", i, i);
    testbed_serve(t, words);
    assert_why(t, "x.db.one", "A",
               NO_PEER("; it has database-000, database-001, database-002, "
                       "database-003, database-004, database-005, "
                       "database-006, database-007, database-008, "
                       "database-009 and 90 more"));
}

static void addresses_are_not_told(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end - 10.0.0.1 end - 10.0.0.2 "
                     "slice6 end - fd00::1");
    assert_why(t, "x.db.one", "A", NO_PEER(""));
    testbed_serve(t, "one/db headless slice4 end - 10.0.0.1 end a-b 10.0.0.2 "
                     "end dead-beef 10.0.0.3 end 10-0-0 10.0.0.4");
    assert_why(t, "x.db.one", "A",
               NO_PEER("; it has 10-0-0, a-b and dead-beef"));
}

// CoreDNS: endpoint_pod_names.
static void names_of_pods_are_told_where_they_are_names(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    s.rules.endpoint_pod_names = true;
    struct testbed *t = testbed_new(&s);
    testbed_serve(t, "one/db headless slice4 end - 10.0.0.1 pod web-x7k2p "
                     "end - 10.0.0.2");
    assert_why(t, "x.db.one", "A", NO_PEER("; it has web-x7k2p"));
    testbed_free(t);
}

static void ports_are_told(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port Mongo:1/tcp port web:2/udp "
                     "end a 10.0.0.1");
    assert_why(t, "_x._tcp.db.one", "SRV",
               NO_PORT("_mongo._tcp and _web._udp"));
    assert_why(t, "_mongo._udp.db.one", "SRV",
               NO_PORT("_mongo._tcp and _web._udp"));
    assert_why(t, "_mongo._sctp.db.one", "SRV",
               NO_PROTOCOL("_mongo._tcp and _web._udp"));
    assert_why(t, "_mongo._http.db.one", "SRV",
               NO_PROTOCOL("_mongo._tcp and _web._udp"));
    assert_why(t, "_mongo.tls.db.one", "SRV",
               NO_PROTOCOL("_mongo._tcp and _web._udp"));
    assert_why(t, "_sctp.db.one", "A",
               NO_PROTOCOL("_mongo._tcp and _web._udp"));
    assert_why(t, "_mongo.db.one", "A",
               NO_PROTOCOL("_mongo._tcp and _web._udp"));
}

static void ports_without_names_are_not_told(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db ip 10.96.0.1 port :80/tcp");
    assert_why(t, "_x._tcp.db.one", "SRV", NO_PROTOCOL("none with a name"));
    assert_why(t, "_tcp.db.one", "SRV", NO_PROTOCOL("none with a name"));
    testbed_serve(t, "one/web ip 10.96.0.2 port :80/tcp port a:1/sctp");
    assert_why(t, "_x._tcp.web.one", "SRV", NO_PROTOCOL("_a._sctp"));
    assert_why(t, "_x._sctp.web.one", "SRV", NO_PORT("_a._sctp"));
}

// Services with the same ports share the text, and do not lose it.
static void ports_stay_told_while_a_service_has_them(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/a ip 10.96.0.1 port http:80/tcp");
    const size_t octets = zone_state(t->zone).octets;
    testbed_serve(t, "one/b ip 10.96.0.2 port http:80/tcp");
    assert_int_equal(zone_state(t->zone).octets, 2 * octets);
    testbed_remove(t, "one", "a");
    testbed_publish(t);
    assert_why(t, "_x._tcp.b.one", "SRV", NO_PORT("_http._tcp"));
    testbed_serve(t, "one/b ip 10.96.0.2 port https:443/tcp");
    assert_why(t, "_x._tcp.b.one", "SRV", NO_PORT("_https._tcp"));
    assert_why(t, "_x._udp.b.one", "SRV", NO_PROTOCOL("_https._tcp"));
}

static void many_ports_of_many_services_are_told(void **state)
{
    struct testbed *t = *state;
    char words[100], name[100], expected[200];
    for (int i = 0; i < 300; i++) {
        snprintf(words, sizeof words, "one/s%d ip 10.96.%d.%d port p%d:1/tcp",
                 i, i / 250, i % 250, i % 150);
        testbed_put(t, words);
    }
    testbed_publish(t);
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof name, "s%d", i);
        testbed_remove(t, "one", name);
    }
    testbed_publish(t);
    for (int i = 150; i < 300; i++) {
        snprintf(name, sizeof name, "_x._tcp.s%d.one", i);
        snprintf(expected, sizeof expected, NO_PORT("_p%d._tcp"), i % 150);
        assert_why(t, name, "SRV", expected);
    }
}

static void a_virtual_address_has_no_hostnames(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/web ip 10.96.0.1");
    assert_why(t, "web-0.web.one", "A",
               "NXDOMAIN cluster-ip-hostname 0: the service is not headless, "
               "and no endpoint of it has this name");
}

static void without_its_virtual_address_a_service_says_so(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/web port p:1/tcp slice4 end - 10.0.0.1");
    assert_why(t, "web.one", "A",
               "NODATA no-cluster-ip 0: the service has no virtual address "
               "yet");
    assert_why(t, "_p._tcp.web.one", "SRV",
               "NODATA no-cluster-ip 0: the service has no virtual address "
               "yet");
}

static void nothing_is_below_an_alias(void **state)
{
    struct testbed *t = *state;
    static const char *const names[] = {"a.ext.one", "_tcp.ext.one",
                                        "_p._tcp.ext.one", "a.b.ext.one", NULL};
    testbed_serve(t, "one/ext external example.org declares web 0 3");
    all_have(t, names, EXTERNAL);
    assert_why(t, "ext.one", "A", "found");
}

// --- services without endpoints --------------------------------------------

static void an_empty_service_says_who_is_missing(void **state)
{
    static const char *const names[] = {"db.one", "a.db.one", "_tcp.db.one",
                                        "_p._tcp.db.one", NULL};
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless");
    all_have(t, names,
             "NXDOMAIN no-endpoints 0: db has no selector and no "
             "endpoints");
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1! end b 10.0.0.2! "
                     "slice6 end a fd00::1!");
    all_have(t, names, "NXDOMAIN none-ready 0: 0 of 2 pods of db are ready");
}

static void a_service_whose_peers_are_not_in_its_set_says_so(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless names addressed set ready "
                     "slice4 end a 10.0.0.1! end b 10.0.0.2! end c 10.0.0.3!");
    assert_why(t, "db.one", "A",
               "NODATA none-ready 0: 0 of 3 pods of db are ready");
    assert_why(t, "a.db.one", "AAAA", HAS("A"));
    assert_why(t, "d.db.one", "A", NO_PEER("; it has a, b and c"));
}

static void an_empty_service_that_is_ignored_says_so(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    s.rules.ignore_empty_service = true;
    struct testbed *t = testbed_new(&s);
    testbed_serve(t, "one/web ip 10.96.0.1 port p:1/tcp slice4 "
                     "end - 10.0.0.1!");
    assert_why(t, "web.one", "A",
               "NXDOMAIN none-ready 0: 0 of 1 pods of web are ready");
    assert_why(t, "_p._tcp.web.one", "A",
               "NXDOMAIN none-ready 0: 0 of 1 pods of web are ready");
    testbed_serve(t, "one/web ip 10.96.0.1 slice4 end - 10.0.0.1");
    assert_why(t, "web.one", "AAAA", HAS("A"));
    testbed_free(t);
}

// --- zonal names -----------------------------------------------------------

static void zonal_names_say_where_nobody_is(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    s.rules.zonal = true;
    struct testbed *t = testbed_new(&s);
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/db headless slice4 end a 10.0.0.1 zone eu");
    testbed_put(t, "one/web ip 10.96.0.1");
    testbed_put(t, "one/non headless");
    testbed_put(t, "one/ext external example.org");
    testbed_publish(t);
    assert_why(t, "us.pin._zone.db.one", "A",
               "NODATA topology-unknown 0: the service has no endpoint in this "
               "topology zone");
    assert_why(t, "eu.pin._zone.db.one", "AAAA", HAS("A"));
    assert_why(t, "us.prefer._zone.db.one", "AAAA", HAS("A"));
    assert_why(t, "pin._zone.db.one", "A", EMPTY);
    assert_why(t, "_zone.db.one", "A", EMPTY);
    assert_why(t, "eu.pin._zone.web.one", "A",
               "NXDOMAIN topology-unknown 0: the service has no endpoint in "
               "this topology zone");
    assert_why(t, "eu.pin._zone.ext.one", "A", EXTERNAL);
    assert_why(t, "eu.pin._zone.non.one", "A",
               "NXDOMAIN no-endpoints 0: non has no selector and no endpoints");
    assert_why(t, "eu.pin._zone.nobody.one", "A",
               "NXDOMAIN service-unknown 0: namespace one has no such service; "
               "it has db, ext, non and web");
    assert_why(t, "eu.pin.zone.db.one", "A", TOO_DEEP);
    testbed_free(t);
}

// --- addresses -------------------------------------------------------------

static void reverse_names_are_addresses_or_none(void **state)
{
    static const char *const malformed[] = {"x.in-addr.arpa.",
                                            "256.0.0.10.in-addr.arpa.",
                                            "01.0.0.10.in-addr.arpa.",
                                            "5.4.3.2.1.in-addr.arpa.",
                                            "10.ip6.arpa.",
                                            "x.dns.in-addr.arpa.",
                                            "a.b.ip6.arpa.x.in-addr.arpa.",
                                            NULL};
    static const char *const unknown[] = {"2.0.0.10.in-addr.arpa.",
                                          "11.in-addr.arpa.",
                                          "1.0.0.0.d.f.ip6.arpa.", NULL};
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1");
    all_have(t, malformed, NO_ADDRESS_NAME);
    all_have(t, unknown, NO_ADDRESS);
    assert_why(t, "1.0.0.10.in-addr.arpa.", "A", HAS("PTR"));
    assert_why(t, "1.0.0.10.in-addr.arpa.", "PTR", "found");
}

#define NO_POD                                                                 \
    "NXDOMAIN pod-address-unknown 0: no pod of the namespace has this address"

static void pods_are_found_by_address_only(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    s.rules.pods = ZONE_PODS_VERIFIED;
    struct testbed *t = testbed_new(&s);
    testbed_namespace(t, "one", true);
    testbed_pod(t, "one", "10.0.0.1", true);
    testbed_pod(t, "one", "fd00::1", true);
    testbed_publish(t);
    assert_why(t, "10-0-0-1.one.pod.cluster.local.", "AAAA", HAS("A"));
    assert_why(t, "fd00--1.one.pod.cluster.local.", "A", HAS("AAAA"));
    assert_why(t, "10-0-0-2.one.pod.cluster.local.", "A", NO_POD);
    assert_why(t, "web-0.one.pod.cluster.local.", "A", NO_ADDRESS_NAME);
    assert_why(t, "10-0-0-1.two.pod.cluster.local.", "A",
               "NXDOMAIN namespace-unknown 0: there is no such namespace, "
               "only one");
    assert_why(t, "two.pod.cluster.local.", "A",
               "NXDOMAIN namespace-unknown 0: there is no such namespace, "
               "only one");
    assert_why(t, "a.10-0-0-1.one.pod.cluster.local.", "A", TOO_DEEP);
    assert_why(t, "one.pod.cluster.local.", "A", EMPTY);
    testbed_free(t);
}

static void pods_may_be_disabled(void **state)
{
    static const char *const names[] = {"10-0-0-1.one.pod.cluster.local.",
                                        "x.y.one.pod.cluster.local.",
                                        "two.pod.cluster.local.", NULL};
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_publish(t);
    all_have(t, names,
             "NXDOMAIN pods-disabled 21: names of pods by address "
             "are not served");
}

// --- silence ---------------------------------------------------------------

static void without_reasons_the_number_is_sent_alone(void **state)
{
    static const char *const names[] = {
        "a.b.",        "foo.cluster.local.", "cluster.local.",  "x.one",
        "x.two",       "a.db.one",           "_x._tcp.db.one",  "_udp.db.one",
        "a.b.c.d.one", "a.none.one",         "x.in-addr.arpa.", NULL};
    (void)state;
    struct zone_settings s = testbed_settings();
    s.no_reasons = true;
    struct testbed *t = testbed_new(&s);
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/db headless slice4 port p:1/tcp end b 10.0.0.1");
    testbed_put(t, "one/none headless");
    testbed_publish(t);
    for (size_t i = 0; names[i]; i++)
        assert_string_not_equal(why_ask(t->zone, names[i], "A", false),
                                "found");
    // and the text is there to be told in another way
    assert_string_equal(why_ask(t->zone, "a.db.one", "A", false),
                        NO_PEER("; it has b"));
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
    cmocka_unit_test_setup_teardown(name, testbed_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(outside_is_told_the_domain),
        test(what_is_below_the_domain_is_told),
        test(a_branch_has_no_records),
        test(too_many_labels_are_too_many),
        cmocka_unit_test(a_domain_of_one_label_is_told_as_well),
        test(fixed_names_say_what_they_have),
        cmocka_unit_test(a_server_without_addresses_says_no_type),
        test(each_set_of_types_is_told),
        test(the_type_that_was_asked_for_is_not_told),
        test(a_type_that_is_hidden_is_not_told),
        test(peers_are_told_in_order),
        test(many_peers_are_counted),
        test(addresses_are_not_told),
        cmocka_unit_test(names_of_pods_are_told_where_they_are_names),
        test(ports_are_told),
        test(ports_without_names_are_not_told),
        test(ports_stay_told_while_a_service_has_them),
        test(many_ports_of_many_services_are_told),
        test(a_virtual_address_has_no_hostnames),
        test(without_its_virtual_address_a_service_says_so),
        test(nothing_is_below_an_alias),
        test(an_empty_service_says_who_is_missing),
        test(a_service_whose_peers_are_not_in_its_set_says_so),
        cmocka_unit_test(an_empty_service_that_is_ignored_says_so),
        cmocka_unit_test(zonal_names_say_where_nobody_is),
        test(reverse_names_are_addresses_or_none),
        cmocka_unit_test(pods_are_found_by_address_only),
        test(pods_may_be_disabled),
        cmocka_unit_test(without_reasons_the_number_is_sent_alone),
    };
    return cmocka_run_group_tests(tests, register_reader, unregister_reader);
}
