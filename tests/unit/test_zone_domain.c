// SPDX-License-Identifier: Apache-2.0
// Cluster domains of all kinds: of one label and of several, called as what is
// below them, and as long as names get.
#include "lib/testbed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct testbed *testbed_below(const char *domain)
{
    struct zone_settings s = testbed_settings();
    s.rules.pods = ZONE_PODS_INSECURE;
    assert_int_equal(dns_name_parse(domain, &s.domain, NULL), 0);
    return testbed_new(&s);
}

static const char *below(const char *name, const char *domain)
{
    static char text[2][DNS_NAME_TEXT_SIZE];
    static unsigned next;
    char *out = text[next++ % 2];
    snprintf(out, DNS_NAME_TEXT_SIZE, "%s%s", name, domain);
    return out;
}

static void names_are_found_below_any_domain(void **state)
{
    (void)state;
    static const char *const domains[] = {
        "local.",
        "k8s.eu.example.org.",
        "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.",
        "svc.",
        "one.svc.",
        "db.one.svc.pod.dns.",
        "ns.dns.",
        "_tcp._udp.",
        "10-0-0-1.one.pod."};
    for (size_t i = 0; i < ORD_COUNT(domains); i++) {
        const char *d = domains[i];
        char expected[512];
        struct testbed *t = testbed_below(d);
        testbed_namespace(t, "one", true);
        testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1");
        assert_answer(t, d, "A", "NODATA");
        assert_answer(t, below("svc.", d), "A", "NODATA");
        assert_answer(t, below("one.svc.", d), "A", "NODATA");
        assert_answer(t, below("db.one.svc.", d), "A", "A 10.0.0.1");
        assert_answer(t, below("a.db.one.svc.", d), "A", "A 10.0.0.1");
        assert_answer(t, below("_tcp.db.one.svc.", d), "A", "NODATA");
        assert_answer(t, below("ns.dns.", d), "A", "A 192.0.2.53");
        assert_answer(t, below("10-0-0-2.one.pod.", d), "A", "A 10.0.0.2");
        assert_answer(t, below("x.", d), "A", "NXDOMAIN");
        assert_answer(t, below("x.db.one.svc.", d), "A", "NXDOMAIN");
        snprintf(expected, sizeof expected,
                 "SRV 0 100 1 a.db.one.svc.%s + a.db.one.svc.%s A 10.0.0.1", d,
                 d);
        assert_answer(t, below("_p._tcp.db.one.svc.", d), "SRV", expected);
        snprintf(expected, sizeof expected, "PTR a.db.one.svc.%s", d);
        assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", expected);
        assert_answer(t, "cluster.local.", "SOA",
                      i == 0 ? "NXDOMAIN" : "REFUSED ede 20");
        assert_answer(t, ".", "NS", "REFUSED ede 20");
        testbed_free(t);
    }
}

// A domain of so many octets in wire form, in labels of at most 63.
static const char *long_domain(size_t octets)
{
    static char text[DNS_NAME_MAX + 1];
    size_t n = 0;

    octets--; // the root
    while (octets) {
        size_t label = octets > 64 ? (octets == 65 ? 62 : 63) : octets - 1;
        memset(text + n, 'd', label);
        n += label;
        text[n++] = '.';
        octets -= label + 1;
    }
    text[n] = '\0';
    return text;
}

static void a_long_domain_leaves_little_room(void **state)
{
    (void)state;
    enum { LONGEST = 255 - 12 }; // "dns-version" and its length octet fit
    struct testbed *t = testbed_below(long_domain(LONGEST));
    const char *d = long_domain(LONGEST);
    char expected[1024];
    testbed_namespace(t, "one", true);
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1");
    snprintf(expected, sizeof expected,
             "1 SOA ns.dns.%s hostmaster.%s 1700000000 7200 1800 86400 1", d,
             d);
    assert_answer(t, d, "SOA", expected);
    snprintf(expected, sizeof expected,
             "NS ns.dns.%s + ns.dns.%s A 192.0.2.53, ns.dns.%s AAAA "
             "2001:db8::53",
             d, d, d);
    assert_answer(t, d, "NS", expected);
    assert_answer(t, below("dns-version.", d), "TXT", "28800 TXT \"1.1.0\"");
    assert_answer(t, below("one.svc.", d), "A", "NODATA");
    // 254 octets: the endpoint below it cannot be asked for
    assert_answer(t, below("db.one.svc.", d), "A", "A 10.0.0.1");
    assert_answer(t, below("db.one.svc.", d), "SRV", "NODATA");
    assert_answer(t, below("xx.one.svc.", d), "A", "NXDOMAIN");
    assert_answer(t, below("xxx.one.svc.", d), "A", "NXDOMAIN");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NODATA");
    testbed_free(t);
}

static void a_domain_of_200_octets_is_like_others(void **state)
{
    (void)state;
    struct testbed *t = testbed_below(long_domain(200));
    const char *d = long_domain(200);
    char expected[1024];
    testbed_namespace(t, "one", true);
    testbed_serve(t, "one/db headless slice4 port p:1/tcp "
                     "end web-0 10.0.0.1 end web-1 10.0.0.2");
    snprintf(expected, sizeof expected,
             "SRV 0 50 1 web-0.db.one.svc.%s, SRV 0 50 1 web-1.db.one.svc.%s + "
             "web-0.db.one.svc.%s A 10.0.0.1, web-1.db.one.svc.%s A 10.0.0.2",
             d, d, d, d);
    assert_answer(t, below("db.one.svc.", d), "SRV", expected);
    assert_answer(t, below("_p._tcp.db.one.svc.", d), "SRV", expected);
    assert_answer(t, below("web-1.db.one.svc.", d), "A", "A 10.0.0.2");
    assert_answer(t, below("web-2.db.one.svc.", d), "A", "NXDOMAIN");
    assert_answer(t, below("fd00--1.one.pod.", d), "AAAA", "AAAA fd00::1");
    snprintf(expected, sizeof expected, "PTR web-0.db.one.svc.%s", d);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", expected);
    testbed_free(t);
}

static void a_longer_domain_is_refused(void **state)
{
    (void)state;
    for (size_t octets = 244; octets <= 255; octets++) {
        struct zone_settings s = testbed_settings();
        struct zone *z = NULL;
        struct error err = {""};
        assert_int_equal(dns_name_parse(long_domain(octets), &s.domain, NULL),
                         0);
        assert_int_equal(s.domain.n, octets);
        assert_int_equal(zone_new(&s, &z, &err), -EINVAL);
        assert_null(z);
        assert_non_null(strstr(err.text, "at most 243"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_below_any_domain),
        cmocka_unit_test(a_long_domain_leaves_little_room),
        cmocka_unit_test(a_domain_of_200_octets_is_like_others),
        cmocka_unit_test(a_longer_domain_is_refused),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
