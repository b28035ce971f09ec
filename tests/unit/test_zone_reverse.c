// SPDX-License-Identifier: Apache-2.0
// Whose name an address has (K8S-DNS 2.3.3, 2.4.3): exactly one PTR, of the
// virtual address first, then of the service that governs the pod, then in
// (namespace, name) order; and the names in between (RFC 8020).
#include "lib/testbed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void an_address_has_the_name_of_its_peer(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t,
                  "one/db headless slice4 end web-0 10.1.2.3 end - 10.1.2.4");
    assert_answer(t, "3.2.1.10.in-addr.arpa.", "PTR", "PTR web-0.db.one");
    assert_answer(t, "4.2.1.10.in-addr.arpa.", "PTR", "PTR 10-1-2-4.db.one");
    assert_answer(t, "3.2.1.10.in-addr.arpa.", "A", "NODATA");
    assert_answer(t, "3.2.1.10.in-addr.arpa.", "TXT", "NODATA");
    assert_answer(t, "3.2.1.10.in-addr.arpa.", "SOA", "NODATA");
    assert_answer(t, "5.2.1.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "5.2.1.10.in-addr.arpa.", "A", "NXDOMAIN");
}

// RFC 8020: a name exists when something below it does.
static void parts_of_an_address_exist_while_it_does(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end a 10.1.2.3 end b 10.1.9.9");
    assert_answer(t, "2.1.10.in-addr.arpa.", "PTR", "NODATA");
    assert_answer(t, "1.10.in-addr.arpa.", "A", "NODATA");
    assert_answer(t, "10.in-addr.arpa.", "TXT", "NODATA");
    assert_answer(t, "3.1.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "2.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "11.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "0.in-addr.arpa.", "PTR", "NXDOMAIN");
    testbed_serve(t, "one/db headless slice4 end b 10.1.9.9");
    assert_answer(t, "2.1.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "1.10.in-addr.arpa.", "PTR", "NODATA");
    testbed_remove(t, "one", "db");
    testbed_publish(t);
    assert_answer(t, "10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_int_equal(zone_state(t->zone).addresses, 0);
}

static void names_that_are_no_address_do_not_exist(void **state)
{
    struct testbed *t = *state;
    static const char *const names[] = {
        "3.2.1.010.in-addr.arpa.",   "03.2.1.10.in-addr.arpa.",
        "00.2.1.10.in-addr.arpa.",   "3.2.1.256.in-addr.arpa.",
        "3.2.1.266.in-addr.arpa.",   "3.2.1.999.in-addr.arpa.",
        "3.2.1.0010.in-addr.arpa.",  "x.2.1.10.in-addr.arpa.",
        "3.2.1.1a.in-addr.arpa.",    "1.3.2.1.10.in-addr.arpa.",
        "0-31.2.1.10.in-addr.arpa.", "-1.2.1.10.in-addr.arpa.",
        "x.in-addr.arpa.",           "a.b.c.d.e.f.g.in-addr.arpa.",
    };
    testbed_serve(t, "one/db headless slice4 end a 10.1.2.3 end b 10.1.2.0");
    for (size_t i = 0; i < ORD_COUNT(names); i++)
        assert_answer(t, names[i], "PTR", "NXDOMAIN");
    assert_answer(t, "0.2.1.10.in-addr.arpa.", "PTR", "PTR b.db.one");
}

// 2001:db8::567:89ab, the example of RFC 3596 2.5
#define RFC_3596                                                               \
    "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6."     \
    "arpa."

static void an_ipv6_address_is_32_nibbles(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice6 end a 2001:db8::567:89ab");
    assert_answer(t, RFC_3596, "PTR", "PTR a.db.one");
    assert_answer(t, RFC_3596, "AAAA", "NODATA");
    // upper-case nibbles are the same name (RFC 4343)
    assert_answer(t,
                  "B.A.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0."
                  "0.2.IP6.ARPA.",
                  "PTR", "PTR a.db.one");
    // a label too many is not left out
    assert_answer(t, "0." RFC_3596, "PTR", "NXDOMAIN");
    assert_answer(t, "x.y.z." RFC_3596, "PTR", "NXDOMAIN");
    for (const char *part = &RFC_3596[2]; *part != 'i'; part += 2)
        assert_answer(t, part, "TXT", "NODATA");
    assert_answer(t, "3.ip6.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "g.ip6.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "02.ip6.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "2001.ip6.arpa.", "PTR", "NXDOMAIN");
    testbed_remove(t, "one", "db");
    testbed_publish(t);
    for (const char *part = RFC_3596; *part != 'i'; part += 2)
        assert_answer(t, part, "PTR", "NXDOMAIN");
}

static void reverse_zones_have_an_apex_of_their_own(void **state)
{
    struct testbed *t = *state;
    testbed_publish(t);
    assert_answer(t, "in-addr.arpa.", "SOA",
                  "1 SOA ns.dns.in-addr.arpa. hostmaster.in-addr.arpa. "
                  "1700000000 7200 1800 86400 1");
    assert_answer(t, "ip6.arpa.", "NS",
                  "NS ns.dns.ip6.arpa. + ns.dns.ip6.arpa. A 192.0.2.53, "
                  "ns.dns.ip6.arpa. AAAA 2001:db8::53");
    assert_answer(t, "in-addr.arpa.", "PTR", "NODATA");
    assert_answer(t, "dns.in-addr.arpa.", "A", "NODATA");
    assert_answer(t, "ns.dns.in-addr.arpa.", "A", "A 192.0.2.53");
    assert_answer(t, "dns-version.ip6.arpa.", "TXT", "28800 TXT \"1.1.0\"");
}

// --- whose name ------------------------------------------------------------

static void the_governing_service_wins(void **state)
{
    struct testbed *t = *state;
    testbed_put(t, "one/aaa ip 10.96.0.1 slice4 end - 10.0.0.1");
    testbed_put(t, "aaa/aaa headless slice4 end - 10.0.0.1");
    testbed_serve(t, "one/db headless slice4 end web-0 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR web-0.db.one");
    // whoever comes later
    testbed_serve(t, "aaa/aab headless slice4 end - 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR web-0.db.one");
    testbed_remove(t, "one", "db");
    testbed_publish(t);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR 10-0-0-1.aaa.aaa");
    testbed_remove(t, "aaa", "aaa");
    testbed_publish(t);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR 10-0-0-1.aab.aaa");
    testbed_remove(t, "aaa", "aab");
    testbed_publish(t);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR 10-0-0-1.aaa.one");
    testbed_remove(t, "one", "aaa");
    testbed_publish(t);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "10.in-addr.arpa.", "PTR", "NXDOMAIN");
}

static void equal_claims_go_by_namespace_then_name(void **state)
{
    struct testbed *t = *state;
    // not by length first, and the namespace before the name
    testbed_serve(t, "bb/a headless slice4 end h 10.0.0.1");
    testbed_serve(t, "b/zz headless slice4 end h 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR h.zz.b");
    testbed_serve(t, "b/z headless slice4 end h 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR h.z.b");
    testbed_serve(t, "ab/zzz headless slice4 end h 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR h.zzz.ab");
    assert_int_equal(zone_state(t->zone).addresses, 1);
}

static void a_virtual_address_wins_over_endpoints(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "aaa/db headless slice4 end web-0 10.0.0.1 "
                     "slice6 end web-0 2001:db8::1");
    testbed_serve(t, "one/web ip 10.0.0.1 ip 2001:db8::1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR web.one");
    assert_answer(t,
                  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0."
                  "0.2.ip6.arpa.",
                  "PTR", "PTR web.one");
    testbed_remove(t, "one", "web");
    testbed_publish(t);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR web-0.db.aaa");
}

static void a_claim_may_become_stronger_and_weaker(void **state)
{
    struct testbed *t = *state;
    testbed_put(t, "one/a headless slice4 end - 10.0.0.1");
    testbed_serve(t, "one/b headless slice4 end - 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR 10-0-0-1.a.one");
    testbed_serve(t, "one/b headless slice4 end h 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR h.b.one");
    testbed_serve(t, "one/b headless slice4 end - 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR 10-0-0-1.a.one");
    testbed_serve(t, "one/b headless slice4 end k 10.0.0.1");
    testbed_serve(t, "one/a headless slice4 end h 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR h.a.one");
    // the owner's claim changes its name, not its strength
    testbed_serve(t, "one/a headless slice4 end hh 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR hh.a.one");
    testbed_remove(t, "one", "a");
    testbed_publish(t);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR k.b.one");
}

static void a_hostname_is_preferred_within_a_service(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end - 10.0.0.1 end z-2 10.0.0.1 "
                     "end z-10 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR z-2.db.one");
}

static void an_address_may_move_between_services_in_one_step(void **state)
{
    struct testbed *t = *state;
    testbed_put(t, "one/a headless slice4 end x 10.0.0.1");
    testbed_serve(t, "one/b headless slice4 end y 10.0.0.2");
    testbed_put(t, "one/a headless slice4 end x 10.0.0.2");
    testbed_serve(t, "one/b headless slice4 end y 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR y.b.one");
    assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", "PTR x.a.one");
    testbed_put(t, "one/b headless slice4 end y 10.0.0.3 end z 10.0.0.2");
    testbed_remove(t, "one", "a");
    testbed_publish(t);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", "PTR z.b.one");
    assert_answer(t, "3.0.0.10.in-addr.arpa.", "PTR", "PTR y.b.one");
    assert_int_equal(zone_state(t->zone).addresses, 2);
}

// A manifest may list the service's own address as its endpoint.
static void a_virtual_address_may_be_an_endpoint_too(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t,
                  "one/web ip 10.0.0.1 slice4 end h 10.0.0.1 end k 10.0.0.2");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR web.one");
    assert_answer(t, "h.web.one", "A", "A 10.0.0.1");
    testbed_serve(t,
                  "one/web ip 10.0.0.2 slice4 end h 10.0.0.1 end k 10.0.0.2");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR h.web.one");
    assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", "PTR web.one");
    testbed_serve(t, "one/other headless slice4 end x 10.0.0.1");
    testbed_remove(t, "one", "web");
    testbed_publish(t);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR x.other.one");
    assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_int_equal(zone_state(t->zone).addresses, 1);
}

static void a_virtual_address_given_twice_is_one(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/web ip 10.0.0.1 ip 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR web.one");
    testbed_remove(t, "one", "web");
    testbed_publish(t);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_int_equal(zone_state(t->zone).addresses, 0);
}

// --- narrower reverse zones ------------------------------------------------

static struct testbed *narrow(const char *const ranges[], size_t n)
{
    struct zone_settings s = testbed_settings();
    struct cidr cidrs[4];
    for (size_t i = 0; i < n; i++)
        assert_int_equal(cidr_parse(ranges[i], &cidrs[i], NULL), 0);
    s.reverse = cidrs;
    s.reverse_n = n;
    return testbed_new(&s);
}

static void reverse_zones_may_be_narrower(void **state)
{
    (void)state;
    // the longest match counts, whatever the order
    static const char *const ranges[] = {"10.0.0.0/8", "10.1.0.0/16",
                                         "2001:db8::/32"};
    struct testbed *t = narrow(ranges, ORD_COUNT(ranges));
    testbed_serve(t, "one/db headless slice4 end a 10.1.2.3 end b 10.2.0.1 "
                     "end c 192.0.2.1 slice6 end a 2001:db8::567:89ab "
                     "end b fd00::1");
    assert_answer(t, "3.2.1.10.in-addr.arpa.", "PTR", "PTR a.db.one");
    assert_answer(t, "1.0.2.10.in-addr.arpa.", "PTR", "PTR b.db.one");
    assert_answer(t, "1.2.0.192.in-addr.arpa.", "PTR", "REFUSED ede 20");
    assert_answer(t, "in-addr.arpa.", "SOA", "REFUSED ede 20");
    assert_answer(t, "10.in-addr.arpa.", "SOA",
                  "1 SOA ns.dns.10.in-addr.arpa. hostmaster.10.in-addr.arpa. "
                  "1700000000 7200 1800 86400 1");
    assert_answer(t, "1.10.in-addr.arpa.", "SOA",
                  "1 SOA ns.dns.1.10.in-addr.arpa. "
                  "hostmaster.1.10.in-addr.arpa. 1700000000 7200 1800 86400 1");
    assert_answer(t, "2.10.in-addr.arpa.", "PTR", "NODATA");
    assert_answer(t, "3.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "ns.dns.1.10.in-addr.arpa.", "A", "A 192.0.2.53");
    assert_answer(t, RFC_3596, "PTR", "PTR a.db.one");
    assert_answer(t, "8.b.d.0.1.0.0.2.ip6.arpa.", "NS",
                  "NS ns.dns.8.b.d.0.1.0.0.2.ip6.arpa. + "
                  "ns.dns.8.b.d.0.1.0.0.2.ip6.arpa. A 192.0.2.53, "
                  "ns.dns.8.b.d.0.1.0.0.2.ip6.arpa. AAAA 2001:db8::53");
    assert_answer(t, "0.ip6.arpa.", "PTR", "REFUSED ede 20");
    testbed_free(t);
}

// RFC 8020: above an apex that exists there is no name that does not.
static void names_above_a_zone_within_a_zone_exist(void **state)
{
    (void)state;
    static const char *const ranges[] = {"0.0.0.0/0", "10.1.2.0/24", "fd00::/8",
                                         "fd00:10::/32"};
    struct testbed *t = narrow(ranges, ORD_COUNT(ranges));
    testbed_publish(t);
    assert_answer(t, "10.in-addr.arpa.", "PTR", "NODATA");
    assert_answer(t, "1.10.in-addr.arpa.", "SOA", "NODATA");
    assert_answer(t, "2.1.10.in-addr.arpa.", "PTR", "NODATA");
    assert_answer(t, "2.1.10.in-addr.arpa.", "NS",
                  "NS ns.dns.2.1.10.in-addr.arpa. + "
                  "ns.dns.2.1.10.in-addr.arpa. A 192.0.2.53, "
                  "ns.dns.2.1.10.in-addr.arpa. AAAA 2001:db8::53");
    assert_answer(t, "3.1.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "0.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "0.d.f.ip6.arpa.", "PTR", "NODATA");
    assert_answer(t, "1.0.0.0.0.d.f.ip6.arpa.", "PTR", "NODATA");
    assert_answer(t, "2.0.0.0.0.d.f.ip6.arpa.", "PTR", "NXDOMAIN");
    testbed_free(t);
}

// Each bit boundary at which one can: four of IPv4, 32 of IPv6.
static void zones_begin_at_each_label(void **state)
{
    (void)state;
    for (unsigned prefix = 0; prefix < 128; prefix++) {
        struct zone_settings s = testbed_settings();
        struct cidr c[2] = {{.base.family = FAMILY_IPV4},
                            {.base.family = FAMILY_IPV6}};
        struct zone *z = NULL;
        c[0].prefix = (uint8_t)(prefix / 4 % 4 * 8);
        c[1].prefix = (uint8_t)prefix;
        s.reverse = c;
        s.reverse_n = 2;
        assert_int_equal(zone_new(&s, &z, NULL), prefix % 4 ? -EINVAL : 0);
        zone_free(z);
    }
}

static void a_reverse_zone_ends_where_a_label_does(void **state)
{
    (void)state;
    static const char where[] = " does not end where a label of the reverse "
                                "tree does; use ";
    static const struct {
        const char *range;
        const char *mend;
    } bad[] = {
        {"10.0.0.0/12", "10.0.0.0/8, which holds it, or the 16 zones "
                        "10.0.0.0/16 to 10.15.0.0/16"},
        {"10.16.0.0/15", "10.0.0.0/8, which holds it, or the 2 zones "
                         "10.16.0.0/16 to 10.17.0.0/16"},
        {"192.168.64.0/18", "192.168.0.0/16, which holds it, or the 64 zones "
                            "192.168.64.0/24 to 192.168.127.0/24"},
        // more zones than may be given
        {"10.128.0.0/9", "10.0.0.0/8, which holds it"},
        {"10.0.0.0/7", "0.0.0.0/0, which holds it, or the 2 zones "
                       "10.0.0.0/8 to 11.0.0.0/8"},
        // one address is no zone
        {"10.0.0.1/32", "10.0.0.0/24, which holds it"},
        {"10.0.0.128/25", "10.0.0.0/24, which holds it"},
        {"10.0.0.2/31", "10.0.0.0/24, which holds it"},
        {"2001:db8::/33", "2001:db8::/32, which holds it, or the 8 zones "
                          "2001:db8::/36 to 2001:db8:7000::/36"},
        {"fd00:0:0:c::/62", "fd00::/60, which holds it, or the 4 zones "
                            "fd00:0:0:c::/64 to fd00:0:0:f::/64"},
        {"fd00::c0/123", "fd00::/120, which holds it, or the 2 zones "
                         "fd00::c0/124 to fd00::d0/124"},
        {"fd00::8/125", "fd00::/124, which holds it"},
        {"2001:db8::1/128", "2001:db8::/124, which holds it"},
    };
    for (size_t i = 0; i < ORD_COUNT(bad); i++) {
        struct zone_settings s = testbed_settings();
        struct cidr c;
        struct zone *z = NULL;
        struct error err = {""};
        char expected[512];
        assert_int_equal(cidr_parse(bad[i].range, &c, NULL), 0);
        s.reverse = &c;
        s.reverse_n = 1;
        assert_int_equal(zone_new(&s, &z, &err), -EINVAL);
        assert_null(z);
        snprintf(expected, sizeof expected, "reverse zone '%s'%s%s",
                 bad[i].range,
                 c.prefix == 8u * address_size(&c.base)
                     ? " is a single address; use "
                     : where,
                 bad[i].mend);
        assert_string_equal(err.text, expected);
    }
}

static void a_reverse_zone_given_twice_is_one(void **state)
{
    (void)state;
    static const char *const ranges[] = {"10.0.0.0/8", "10.0.0.0/8"};
    struct testbed *t = narrow(ranges, ORD_COUNT(ranges));
    testbed_serve(t, "one/db headless slice4 end a 10.1.2.3");
    assert_answer(t, "3.2.1.10.in-addr.arpa.", "PTR", "PTR a.db.one");
    testbed_free(t);
}

// --- domains ---------------------------------------------------------------

static void a_domain_may_be_below_a_reverse_zone(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    assert_int_equal(dns_name_parse("k8s.2.1.10.in-addr.arpa", &s.domain, NULL),
                     0);
    struct testbed *t = testbed_new(&s);
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1 end b 10.1.2.4");
    assert_answer(t, "a.db.one.svc.k8s.2.1.10.in-addr.arpa.", "A",
                  "A 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR",
                  "PTR a.db.one.svc.k8s.2.1.10.in-addr.arpa.");
    assert_answer(t, "4.2.1.10.in-addr.arpa.", "PTR",
                  "PTR b.db.one.svc.k8s.2.1.10.in-addr.arpa.");
    assert_answer(t, "k8s.2.1.10.in-addr.arpa.", "A", "NODATA");
    assert_answer(t, "x.k8s.2.1.10.in-addr.arpa.", "A", "NXDOMAIN");
    assert_answer(t, "x.2.1.10.in-addr.arpa.", "A", "NXDOMAIN");
    testbed_remove(t, "one", "db");
    testbed_publish(t);
    assert_answer(t, "2.1.10.in-addr.arpa.", "PTR", "NODATA");
    assert_answer(t, "1.10.in-addr.arpa.", "PTR", "NODATA");
    assert_answer(t, "2.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    testbed_free(t);
}

static void a_domain_may_not_hold_a_reverse_zone(void **state)
{
    (void)state;
    static const char *const domains[] = {"arpa", "in-addr.arpa", "IP6.arpa",
                                          "10.in-addr.arpa"};
    struct cidr c;
    assert_int_equal(cidr_parse("10.1.0.0/16", &c, NULL), 0);
    for (size_t i = 0; i < ORD_COUNT(domains); i++) {
        struct zone_settings s = testbed_settings();
        struct zone *z = NULL;
        struct error err = {""};
        assert_int_equal(dns_name_parse(domains[i], &s.domain, NULL), 0);
        if (i == 3) {
            s.reverse = &c;
            s.reverse_n = 1;
        }
        assert_int_equal(zone_new(&s, &z, &err), -EINVAL);
        assert_null(z);
        assert_non_null(strstr(err.text, "the cluster domain holds the reverse "
                                         "zone '"));
    }
    // a name that only ends alike
    struct zone_settings s = testbed_settings();
    struct zone *z = NULL;
    assert_int_equal(dns_name_parse("addr.arpa", &s.domain, NULL), 0);
    assert_int_equal(zone_new(&s, &z, NULL), 0);
    zone_free(z);
}

#define test(f)                                                                \
    cmocka_unit_test_setup_teardown(f, testbed_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_address_has_the_name_of_its_peer),
        test(parts_of_an_address_exist_while_it_does),
        test(names_that_are_no_address_do_not_exist),
        test(an_ipv6_address_is_32_nibbles),
        test(reverse_zones_have_an_apex_of_their_own),
        test(the_governing_service_wins),
        test(equal_claims_go_by_namespace_then_name),
        test(a_virtual_address_wins_over_endpoints),
        test(a_claim_may_become_stronger_and_weaker),
        test(a_hostname_is_preferred_within_a_service),
        test(an_address_may_move_between_services_in_one_step),
        test(a_virtual_address_may_be_an_endpoint_too),
        test(a_virtual_address_given_twice_is_one),
        cmocka_unit_test(reverse_zones_may_be_narrower),
        cmocka_unit_test(names_above_a_zone_within_a_zone_exist),
        cmocka_unit_test(zones_begin_at_each_label),
        cmocka_unit_test(a_reverse_zone_ends_where_a_label_does),
        cmocka_unit_test(a_reverse_zone_given_twice_is_one),
        cmocka_unit_test(a_domain_may_be_below_a_reverse_zone),
        cmocka_unit_test(a_domain_may_not_hold_a_reverse_zone),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
