// SPDX-License-Identifier: Apache-2.0
// What each name in the forward zone answers. Expected values are from K8S-DNS,
// from what CoreDNS does where that is silent, and from the RFCs where CoreDNS
// denies what exists.
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

// --- names that do not depend on services ----------------------------------

static void the_apex_has_soa_and_ns_with_glue(void **state)
{
    struct testbed *t = *state;
    testbed_publish(t);
    assert_answer(t, "cluster.local.", "SOA",
                  "1 SOA ns.dns.cluster.local. hostmaster.cluster.local. "
                  "1700000000 7200 1800 86400 1");
    assert_answer(t, "cluster.local.", "NS",
                  "NS ns.dns.cluster.local. + ns.dns.cluster.local. A "
                  "192.0.2.53, ns.dns.cluster.local. AAAA 2001:db8::53");
    assert_answer(t, "cluster.local.", "A", "NODATA");
    assert_answer(t, "cluster.local.", "PTR", "NODATA");
    assert_answers(t, "cluster.local.", testbed_other_types, "NODATA");
}

static void the_name_server_has_addresses(void **state)
{
    struct testbed *t = *state;
    testbed_publish(t);
    assert_answer(t, "ns.dns.cluster.local.", "A", "A 192.0.2.53");
    assert_answer(t, "ns.dns.cluster.local.", "AAAA", "AAAA 2001:db8::53");
    assert_answer(t, "ns.dns.cluster.local.", "TXT", "NODATA");
    assert_answer(t, "ns.dns.cluster.local.", "SOA", "NODATA");
    // RFC 8020: it exists, because something below it does
    assert_answer(t, "dns.cluster.local.", "A", "NODATA");
    assert_answer(t, "dns.cluster.local.", "TXT", "NODATA");
    assert_answer(t, "x.dns.cluster.local.", "A", "NXDOMAIN");
    assert_answer(t, "x.ns.dns.cluster.local.", "A", "NXDOMAIN");
}

static void the_schema_version_is_a_text(void **state)
{
    struct testbed *t = *state;
    testbed_publish(t);
    assert_answer(t, "dns-version.cluster.local.", "TXT",
                  "28800 TXT \"1.1.0\"");
    assert_answer(t, "dns-version.cluster.local.", "A", "NODATA");
    assert_answer(t, "x.dns-version.cluster.local.", "TXT", "NXDOMAIN");
}

static void the_roots_of_the_schema_exist(void **state)
{
    struct testbed *t = *state;
    testbed_publish(t);
    assert_answer(t, "svc.cluster.local.", "A", "NODATA");
    assert_answers(t, "svc.cluster.local.", testbed_other_types, "NODATA");
    assert_answer(t, "pod.cluster.local.", "A", "NODATA");
    // pods are off: nothing is below
    assert_answer(t, "one.pod.cluster.local.", "A", "NXDOMAIN");
    assert_answer(t, "10-0-0-1.one.pod.cluster.local.", "A", "NXDOMAIN");
    assert_answer(t, "other.cluster.local.", "A", "NXDOMAIN");
    assert_answer(t, "x.other.cluster.local.", "TXT", "NXDOMAIN");
}

// RFC 4343: the case of letters makes no difference, and is kept.
static void fixed_names_are_found_in_any_case(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_publish(t);
    assert_answer(t, "CLUSTER.Local.", "NS",
                  "NS ns.dns.CLUSTER.Local. + ns.dns.CLUSTER.Local. A "
                  "192.0.2.53, ns.dns.CLUSTER.Local. AAAA 2001:db8::53");
    assert_answer(t, "cluster.LOCAL.", "SOA",
                  "1 SOA ns.dns.cluster.LOCAL. hostmaster.cluster.LOCAL. "
                  "1700000000 7200 1800 86400 1");
    assert_answer(t, "Cluster.Local.", "TXT", "NODATA");
    assert_answer(t, "NS.dns.cluster.local.", "A", "A 192.0.2.53");
    assert_answer(t, "ns.DNS.Cluster.local.", "AAAA", "AAAA 2001:db8::53");
    assert_answer(t, "DNS.cluster.local.", "A", "NODATA");
    assert_answer(t, "DNS-Version.cluster.local.", "TXT",
                  "28800 TXT \"1.1.0\"");
    assert_answer(t, "SVC.cluster.local.", "A", "NODATA");
    assert_answer(t, "POD.cluster.local.", "A", "NODATA");
    assert_answer(t, "IN-ADDR.Arpa.", "TXT", "NODATA");
    assert_answer(t, "Ns.Dns.IN-ADDR.Arpa.", "A", "A 192.0.2.53");
}

// RFC 2308, RFC 8020: what the type is has no say in whether a name exists.
static void a_name_exists_for_all_types_or_for_none(void **state)
{
    struct testbed *t = *state;
    static const char *const types[] = {"A",   "AAAA",  "SRV", "TXT",
                                        "SOA", "PTR",   "NS",  "MX",
                                        "DS",  "HTTPS", "ANY", NULL};
    static const char *const absent[] = {"x.cluster.local.",
                                         "two.svc.cluster.local.",
                                         "two.pod.cluster.local.",
                                         "x.one",
                                         "x.db.one",
                                         "x._tcp.db.one",
                                         "_udp.db.one",
                                         "_tcp.a.db.one",
                                         "_p._tcp.a.db.one",
                                         "x.x.x.x.db.one",
                                         "db.two",
                                         "a.db.two",
                                         "x.ns.dns.cluster.local.",
                                         "x.dns-version.cluster.local.",
                                         "9.0.0.10.in-addr.arpa.",
                                         "9.in-addr.arpa.",
                                         "x.in-addr.arpa.",
                                         "1.1.0.0.10.in-addr.arpa.",
                                         "e.ip6.arpa."};
    static const char *const empty[] = {
        "svc.cluster.local.",     "pod.cluster.local.", "dns.cluster.local.",
        "one.svc.cluster.local.", "_tcp.db.one",        "tcp.db.one",
        "0.0.10.in-addr.arpa.",   "10.in-addr.arpa.",   "dns.in-addr.arpa.",
        "0.0.d.f.ip6.arpa.",      "d.f.ip6.arpa."};
    testbed_namespace(t, "one", true);
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1 "
                     "slice6 port p:1/tcp end a fd00::1");
    for (size_t i = 0; i < ORD_COUNT(absent); i++)
        assert_answers(t, absent[i], types, "NXDOMAIN");
    for (size_t i = 0; i < ORD_COUNT(empty); i++)
        assert_answers(t, empty[i], types, "NODATA");
}

// Wildcards in questions are gone from CoreDNS; RFC 4592 has them in zones
// only.
static void wildcards_are_labels_like_others(void **state)
{
    struct testbed *t = *state;
    static const char *const names[] = {
        "*.cluster.local.",
        "*.svc.cluster.local.",
        "*.one",
        "any.one",
        "*.db.one",
        "any.db.one",
        "*.*",
        "db.*",
        "*._tcp.db.one",
        "_p.*.db.one",
        "any.any.db.one",
        "*.in-addr.arpa.",
        "*.0.0.10.in-addr.arpa.",
        "*.pod.cluster.local.",
    };
    testbed_namespace(t, "one", true);
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1");
    for (size_t i = 0; i < ORD_COUNT(names); i++) {
        assert_answer(t, names[i], "A", "NXDOMAIN");
        assert_answer(t, names[i], "SRV", "NXDOMAIN");
    }
}

static void a_namespace_exists_while_it_is_there(void **state)
{
    struct testbed *t = *state;
    testbed_publish(t);
    assert_answer(t, "one.svc.cluster.local.", "A", "NXDOMAIN");
    testbed_namespace(t, "one", true);
    testbed_publish(t);
    assert_answer(t, "one.svc.cluster.local.", "A", "NODATA");
    assert_answer(t, "ONE.svc.cluster.local.", "TXT", "NODATA");
    assert_answer(t, "two.svc.cluster.local.", "A", "NXDOMAIN");
    assert_answer(t, "on.svc.cluster.local.", "A", "NXDOMAIN");
    // it is no pod namespace, and no service
    assert_answer(t, "one.pod.cluster.local.", "A", "NXDOMAIN");
    assert_answer(t, "x.one.svc.cluster.local.", "A", "NXDOMAIN");
    testbed_namespace(t, "one", false);
    testbed_publish(t);
    assert_answer(t, "one.svc.cluster.local.", "A", "NXDOMAIN");
}

static void names_outside_are_refused(void **state)
{
    struct testbed *t = *state;
    testbed_publish(t);
    assert_answer(t, ".", "NS", "REFUSED ede 20");
    assert_answer(t, "local.", "SOA", "REFUSED ede 20");
    assert_answer(t, "example.org.", "A", "REFUSED ede 20");
    // whole labels count, not octets
    assert_answer(t, "xcluster.local.", "A", "REFUSED ede 20");
    assert_answer(t, "arpa.", "A", "REFUSED ede 20");
    assert_answer(t, "cluster.local.", "AXFR", "REFUSED");
    assert_answer(t, "cluster.local.", "IXFR", "REFUSED");
}

// --- headless services -----------------------------------------------------

static void a_headless_service_has_its_peers(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t,
                  "mongo/db headless slice4 port mongo:27017/tcp "
                  "end web-0 10.0.0.3 end web-1 10.0.0.1 end web-2 10.0.0.2");
    assert_answer(t, "db.mongo", "A", "A 10.0.0.1, A 10.0.0.2, A 10.0.0.3");
    assert_answer(t, "db.mongo", "AAAA", "NODATA");
    assert_answers(t, "db.mongo", testbed_other_types, "NODATA");
    assert_answer(t, "db.mongo", "SOA", "NODATA");
    assert_answer(t, "web-0.db.mongo", "A", "A 10.0.0.3");
    assert_answer(t, "web-2.db.mongo", "A", "A 10.0.0.2");
    assert_answer(t, "web-1.db.mongo", "AAAA", "NODATA");
    assert_answers(t, "web-1.db.mongo", testbed_other_types, "NODATA");
    assert_answer(t, "web-3.db.mongo", "A", "NXDOMAIN");
    assert_answer(t, "web-3.db.mongo", "TXT", "NXDOMAIN");
    assert_answer(t, "web.db.mongo", "A", "NXDOMAIN");
    // a hostname has no dashed alias (section 2)
    assert_answer(t, "10-0-0-3.db.mongo", "A", "NXDOMAIN");
    assert_answer(t, "db.other", "A", "NXDOMAIN");
    assert_answer(t, "other.mongo", "A", "NXDOMAIN");
    assert_answer(t, "mongo.db", "A", "NXDOMAIN");
}

static void srv_lists_peers_with_their_addresses(void **state)
{
    struct testbed *t = *state;
    static const char srv[] =
        "SRV 0 33 27017 web-0.db.mongo, SRV 0 33 27017 web-1.db.mongo, "
        "SRV 0 33 27017 web-2.db.mongo + web-0.db.mongo A 10.0.0.3, "
        "web-1.db.mongo A 10.0.0.1, web-2.db.mongo A 10.0.0.2";
    testbed_serve(t,
                  "mongo/db headless slice4 port mongo:27017/tcp "
                  "end web-0 10.0.0.3 end web-1 10.0.0.1 end web-2 10.0.0.2");
    assert_answer(t, "db.mongo", "SRV", srv);
    assert_answer(t, "_mongo._tcp.db.mongo", "SRV", srv);
    // the underscore is not insisted on (section 1)
    assert_answer(t, "mongo.tcp.db.mongo", "SRV", srv);
    assert_answer(t, "_mongo._tcp.db.mongo", "A",
                  "A 10.0.0.1, A 10.0.0.2, A 10.0.0.3");
    assert_answer(t, "_mongo._tcp.db.mongo", "TXT", "NODATA");
    assert_answer(t, "_mongo._udp.db.mongo", "SRV", "NXDOMAIN");
    assert_answer(t, "_other._tcp.db.mongo", "SRV", "NXDOMAIN");
    assert_answer(t, "_27017._tcp.db.mongo", "SRV", "NXDOMAIN");
    assert_answer(t, "__mongo._tcp.db.mongo", "SRV", "NXDOMAIN");
    assert_answer(t, "web-1.db.mongo", "SRV",
                  "SRV 0 100 27017 web-1.db.mongo + web-1.db.mongo A 10.0.0.1");
    assert_answer(t, "_mongo._tcp.web-1.db.mongo", "SRV", "NXDOMAIN");
}

// RFC 4592 2.2.2, RFC 8020: "_tcp" is there because "_mongo._tcp" is.
static void a_protocol_is_an_empty_non_terminal(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "mongo/db headless slice4 port mongo:27017/tcp "
                     "end web-0 10.0.0.3");
    assert_answer(t, "_tcp.db.mongo", "SRV", "NODATA");
    assert_answer(t, "_tcp.db.mongo", "A", "NODATA");
    assert_answer(t, "_TCP.db.mongo", "TXT", "NODATA");
    // "mongo.tcp" answers, so "tcp" is there
    assert_answer(t, "tcp.db.mongo", "A", "NODATA");
    assert_answer(t, "_udp.db.mongo", "SRV", "NXDOMAIN");
    assert_answer(t, "_sctp.db.mongo", "SRV", "NXDOMAIN");
    assert_answer(t, "_.db.mongo", "SRV", "NXDOMAIN");
    assert_answer(t, "__tcp.db.mongo", "SRV", "NXDOMAIN");
}

static void names_deeper_than_ports_do_not_exist(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "mongo/db headless slice4 port mongo:27017/tcp "
                     "end web-0 10.0.0.3");
    assert_answer(t, "x._mongo._tcp.db.mongo", "SRV", "NXDOMAIN");
    assert_answer(t, "a.b.c.d._mongo._tcp.db.mongo", "A", "NXDOMAIN");
    assert_answer(t, "x.web-0.db.mongo", "A", "NXDOMAIN");
}

static void without_ports_there_are_addresses_only(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1 end b 10.0.0.2");
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "db.one", "SRV", "NODATA");
    assert_answer(t, "a.db.one", "SRV", "NODATA");
    assert_answer(t, "_tcp.db.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_x._tcp.db.one", "SRV", "NXDOMAIN");
}

static void an_unnamed_port_shows_at_the_service_only(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port :80/tcp end a 10.0.0.1");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 100 80 a.db.one + a.db.one A 10.0.0.1");
    assert_answer(t, "_._tcp.db.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_tcp.db.one", "SRV", "NXDOMAIN");
}

static void an_empty_headless_service_does_not_exist(void **state)
{
    struct testbed *t = *state;
    testbed_put(t, "one/none headless");
    testbed_put(t, "one/empty headless slice4 port http:80/tcp");
    testbed_serve(t, "one/unready headless port http:80/tcp slice4 "
                     "port http:80/tcp end a 10.0.0.1!");
    assert_answer(t, "none.one", "A", "NXDOMAIN");
    assert_answer(t, "empty.one", "SRV", "NXDOMAIN");
    assert_answer(t, "unready.one", "TXT", "NXDOMAIN");
    assert_answer(t, "a.unready.one", "A", "NXDOMAIN");
    assert_answer(t, "_http._tcp.unready.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_tcp.unready.one", "SRV", "NXDOMAIN");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
}

static void only_ready_peers_count(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port http:80/tcp "
                     "end a 10.0.0.1 end b 10.0.0.2! end c 10.0.0.3");
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.3");
    assert_answer(t, "b.db.one", "A", "NXDOMAIN");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 50 80 a.db.one, SRV 0 50 80 c.db.one + "
                  "a.db.one A 10.0.0.1, c.db.one A 10.0.0.3");
}

// --- ports -----------------------------------------------------------------

static void several_ports_have_names_of_their_own(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t,
                  "one/db headless slice4 port http:80/tcp port admin:81/tcp "
                  "port gossip:7946/udp port sig:2905/sctp end a 10.0.0.1");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 25 80 a.db.one, SRV 0 25 81 a.db.one, "
                  "SRV 0 25 2905 a.db.one, SRV 0 25 7946 a.db.one + "
                  "a.db.one A 10.0.0.1");
    assert_answer(t, "_http._tcp.db.one", "SRV",
                  "SRV 0 100 80 a.db.one + a.db.one A 10.0.0.1");
    assert_answer(t, "_admin._tcp.db.one", "SRV",
                  "SRV 0 100 81 a.db.one + a.db.one A 10.0.0.1");
    assert_answer(t, "_gossip._udp.db.one", "SRV",
                  "SRV 0 100 7946 a.db.one + a.db.one A 10.0.0.1");
    assert_answer(t, "_sig._sctp.db.one", "SRV",
                  "SRV 0 100 2905 a.db.one + a.db.one A 10.0.0.1");
    assert_answer(t, "_gossip._tcp.db.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_tcp.db.one", "A", "NODATA");
    assert_answer(t, "_udp.db.one", "A", "NODATA");
    assert_answer(t, "_sctp.db.one", "A", "NODATA");
}

// Section 3: one record for a target and number, weighed as three entries.
static void one_number_with_two_protocols_is_one_record(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t,
                  "one/dns headless slice4 port dns:53/udp "
                  "port dns-tcp:53/tcp port metrics:9153/tcp end a 10.0.0.1");
    assert_answer(t, "dns.one", "SRV",
                  "SRV 0 33 53 a.dns.one, SRV 0 33 9153 a.dns.one + "
                  "a.dns.one A 10.0.0.1");
    assert_answer(t, "_dns._udp.dns.one", "SRV",
                  "SRV 0 100 53 a.dns.one + a.dns.one A 10.0.0.1");
    assert_answer(t, "_dns-tcp._tcp.dns.one", "SRV",
                  "SRV 0 100 53 a.dns.one + a.dns.one A 10.0.0.1");
}

// Pods of a rolling update may resolve one named port to two numbers; a port
// of some endpoints only leaves the others out.
static void a_port_lists_only_endpoints_that_have_it(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port http:80/tcp port x:1/tcp "
                     "end a 10.0.0.1 slice4 port http:8080/tcp end b 10.0.0.2 "
                     "end c 10.0.0.3");
    assert_answer(t, "_http._tcp.db.one", "SRV",
                  "SRV 0 33 80 a.db.one, SRV 0 33 8080 b.db.one, "
                  "SRV 0 33 8080 c.db.one + a.db.one A 10.0.0.1, "
                  "b.db.one A 10.0.0.2, c.db.one A 10.0.0.3");
    assert_answer(t, "_x._tcp.db.one", "SRV",
                  "SRV 0 100 1 a.db.one + a.db.one A 10.0.0.1");
    assert_answer(t, "_x._tcp.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "_http._tcp.db.one", "A",
                  "A 10.0.0.1, A 10.0.0.2, A 10.0.0.3");
}

static void a_port_that_no_ready_endpoint_has_is_no_name(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port http:80/tcp end a 10.0.0.1 "
                     "slice4 port gossip:7946/udp end b 10.0.0.2!");
    assert_answer(t, "_http._tcp.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "_gossip._udp.db.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_gossip._udp.db.one", "A", "NXDOMAIN");
    assert_answer(t, "_udp.db.one", "A", "NXDOMAIN");
}

// --- other -----------------------------------------------------------------

// RFC 8482 4.1: one of the sets will do.
static void any_is_answered_with_one_set(void **state)
{
    struct testbed *t = *state;
    testbed_put(t, "one/six headless slice6 port p:1/tcp end a 2001:db8::1");
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1");
    assert_answer(t, "db.one", "ANY", "A 10.0.0.1");
    assert_answer(t, "a.db.one", "ANY", "A 10.0.0.1");
    assert_answer(t, "six.one", "ANY", "AAAA 2001:db8::1");
    assert_answer(t, "a.six.one", "ANY", "AAAA 2001:db8::1");
    assert_answer(t, "_p._tcp.db.one", "ANY", "A 10.0.0.1");
    assert_answer(t, "_tcp.db.one", "ANY", "NODATA");
    assert_answer(t, "x.db.one", "ANY", "NXDOMAIN");
    assert_answer(t, "dns-version.cluster.local.", "ANY",
                  "28800 TXT \"1.1.0\"");
    assert_answer(t, "ns.dns.cluster.local.", "ANY", "A 192.0.2.53");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "ANY", "PTR a.db.one");
}

static void ptr_in_the_forward_zone_is_an_unknown_type(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1");
    assert_answer(t, "db.one", "PTR", "NODATA");
    assert_answer(t, "a.db.one", "PTR", "NODATA");
    assert_answer(t, "b.db.one", "PTR", "NXDOMAIN");
}

static void ten_thousand_peers_are_one_service(void **state)
{
    struct testbed *t = *state;
    enum { PEERS = 10000 };
    size_t size = PEERS * 40 + 100, n;
    char *words = malloc(size), name[32], expected[64];
    assert_non_null(words);
    n = (size_t)snprintf(words, size, "one/db headless slice4 port p:1/tcp");
    for (int i = 0; i < PEERS; i++)
        n += (size_t)snprintf(words + n, size - n, " end web-%d 10.1.%d.%d", i,
                              i / 250, i % 250);
    testbed_serve(t, words);
    free(words);
    assert_int_equal(zone_state(t->zone).endpoints, PEERS);
    assert_int_equal(zone_state(t->zone).addresses, PEERS);
    for (int i = 0; i < PEERS; i += 7) {
        snprintf(name, sizeof name, "web-%d.db.one", i);
        snprintf(expected, sizeof expected, "A 10.1.%d.%d", i / 250, i % 250);
        assert_answer(t, name, "A", expected);
        snprintf(expected, sizeof expected, "PTR web-%d.db.one", i);
        snprintf(name, sizeof name, "%d.%d.1.10.in-addr.arpa.", i % 250,
                 i / 250);
        assert_answer(t, name, "PTR", expected);
    }
    assert_answer(t, "web-10000.db.one", "A", "NXDOMAIN");
}

#define test(f)                                                                \
    cmocka_unit_test_setup_teardown(f, testbed_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(the_apex_has_soa_and_ns_with_glue),
        test(the_name_server_has_addresses),
        test(the_schema_version_is_a_text),
        test(the_roots_of_the_schema_exist),
        test(fixed_names_are_found_in_any_case),
        test(a_name_exists_for_all_types_or_for_none),
        test(wildcards_are_labels_like_others),
        test(a_namespace_exists_while_it_is_there),
        test(names_outside_are_refused),
        test(a_headless_service_has_its_peers),
        test(srv_lists_peers_with_their_addresses),
        test(a_protocol_is_an_empty_non_terminal),
        test(names_deeper_than_ports_do_not_exist),
        test(without_ports_there_are_addresses_only),
        test(an_unnamed_port_shows_at_the_service_only),
        test(an_empty_headless_service_does_not_exist),
        test(only_ready_peers_count),
        test(several_ports_have_names_of_their_own),
        test(one_number_with_two_protocols_is_one_record),
        test(a_port_lists_only_endpoints_that_have_it),
        test(a_port_that_no_ready_endpoint_has_is_no_name),
        test(any_is_answered_with_one_set),
        test(ptr_in_the_forward_zone_is_an_unknown_type),
        test(ten_thousand_peers_are_one_service),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
