// SPDX-License-Identifier: Apache-2.0
// Zonal names of headless services (CoreDNS: zonal): endpoints by the topology
// zone they are in.
#include "dns/message.h"
#include "lib/reply.h"
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const all_types[] = {"A",   "AAAA", "SRV", "TXT",
                                        "PTR", "ANY",  "SOA", NULL};

static int set_up(void **state)
{
    struct zone_settings s = testbed_settings();
    s.rules.zonal = true;
    *state = testbed_new(&s);
    return 0;
}

static const char service[] =
    "one/db headless slice4 port p:1/tcp end a 10.0.0.1 zone eu-1 "
    "end b 10.0.0.2 zone eu-2 end c 10.0.0.3 zone eu-1 end d 10.0.0.4 "
    "slice6 port p:1/tcp end e fd00::1 zone eu-1";

static void pin_has_the_addresses_of_a_zone(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, service);
    assert_answer(t, "eu-1.pin._zone.db.one", "A", "A 10.0.0.1, A 10.0.0.3");
    assert_answer(t, "eu-1.pin._zone.db.one", "AAAA", "AAAA fd00::1");
    assert_answer(t, "eu-2.pin._zone.db.one", "A", "A 10.0.0.2");
    assert_answer(t, "eu-2.pin._zone.db.one", "AAAA", "NODATA");
    assert_answers(t, "eu-3.pin._zone.db.one", all_types, "NODATA");
    assert_answer(t, "EU-1.Pin._ZONE.db.one", "A", "A 10.0.0.1, A 10.0.0.3");
    assert_answer(t, "eu.pin._zone.db.one", "A", "NODATA");
    assert_answer(t, "eu-11.pin._zone.db.one", "A", "NODATA");
}

static void prefer_has_all_where_the_zone_has_none(void **state)
{
    struct testbed *t = *state;
    static const char all[] = "A 10.0.0.1, A 10.0.0.2, A 10.0.0.3, A 10.0.0.4";
    testbed_serve(t, service);
    assert_answer(t, "eu-1.prefer._zone.db.one", "A", "A 10.0.0.1, A 10.0.0.3");
    assert_answer(t, "eu-3.prefer._zone.db.one", "A", all);
    assert_answer(t, "eu-3.prefer._zone.db.one", "AAAA", "AAAA fd00::1");
    assert_answer(t, "eu-3.prefer._zone.db.one", "ANY", all);
    // the zone has endpoints, but none of this family
    assert_answer(t, "eu-2.prefer._zone.db.one", "AAAA", "NODATA");
}

// CoreDNS: a hundred shared out among the zone's endpoints.
static void srv_has_the_endpoints_of_a_zone(void **state)
{
    struct testbed *t = *state;
    static const char one[] =
        "SRV 0 33 1 a.db.one, SRV 0 33 1 c.db.one, SRV 0 33 1 e.db.one "
        "+ a.db.one A 10.0.0.1, c.db.one A 10.0.0.3, e.db.one AAAA fd00::1";
    static const char all[] =
        "SRV 0 20 1 a.db.one, SRV 0 20 1 b.db.one, SRV 0 20 1 c.db.one, "
        "SRV 0 20 1 d.db.one, SRV 0 20 1 e.db.one "
        "+ a.db.one A 10.0.0.1, b.db.one A 10.0.0.2, c.db.one A 10.0.0.3, "
        "d.db.one A 10.0.0.4, e.db.one AAAA fd00::1";
    testbed_serve(t, service);
    assert_answer(t, "eu-1.pin._zone.db.one", "SRV", one);
    assert_answer(t, "eu-1.prefer._zone.db.one", "SRV", one);
    assert_answer(t, "eu-2.pin._zone.db.one", "SRV",
                  "SRV 0 100 1 b.db.one + b.db.one A 10.0.0.2");
    assert_answer(t, "eu-3.prefer._zone.db.one", "SRV", all);
    assert_answer(t, "db.one", "SRV", all);
}

static void one_zone_for_all_has_the_srv_of_the_service(void **state)
{
    struct testbed *t = *state;
    static const char all[] = "SRV 0 50 1 a.db.one, SRV 0 50 1 b.db.one "
                              "+ a.db.one A 10.0.0.1, b.db.one A 10.0.0.2";
    testbed_serve(t, "one/db headless names addressed slice4 port p:1/tcp "
                     "end a 10.0.0.1 zone z end b 10.0.0.2 zone z "
                     "end c 10.0.0.3! zone z");
    assert_answer(t, "z.pin._zone.db.one", "SRV", all);
    assert_answer(t, "db.one", "SRV", all);
}

/*
 * Each distinct number of the zone's slices is a record, and each port of each
 * address has its share. RFC 2181 5: of a target that is in several zones all
 * addresses are told.
 */
static void srv_counts_what_is_in_the_zone(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp port q:2/tcp "
                     "end a 10.0.0.1 zone x end a 10.0.0.2 zone y "
                     "slice4 port r:3/tcp end a 10.0.0.4 zone x "
                     "slice4 port p:1/tcp end a 10.0.0.3 zone x "
                     "end b 10.0.0.5 zone y end c 10.0.0.6! zone y");
    // 2 ports and twice 1
    assert_answer(t, "x.pin._zone.db.one", "SRV",
                  "SRV 0 25 1 a.db.one, SRV 0 25 2 a.db.one, "
                  "SRV 0 25 3 a.db.one "
                  "+ a.db.one A 10.0.0.1, a.db.one A 10.0.0.2, "
                  "a.db.one A 10.0.0.3, a.db.one A 10.0.0.4");
    assert_answer(t, "y.pin._zone.db.one", "SRV",
                  "SRV 0 33 1 a.db.one, SRV 0 33 2 a.db.one, "
                  "SRV 0 33 1 b.db.one "
                  "+ a.db.one A 10.0.0.1, a.db.one A 10.0.0.2, "
                  "a.db.one A 10.0.0.3, a.db.one A 10.0.0.4, "
                  "b.db.one A 10.0.0.5");
}

static void srv_is_ordered_by_name(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp "
                     "end a 10.0.0.2,10.0.0.4 zone x end b 10.0.0.1 zone x "
                     "end c 10.0.0.3 zone x end d 10.0.0.5");
    assert_answer(t, "x.pin._zone.db.one", "SRV",
                  "SRV 0 25 1 a.db.one, SRV 0 25 1 b.db.one, "
                  "SRV 0 25 1 c.db.one + a.db.one A 10.0.0.2, "
                  "a.db.one A 10.0.0.4, b.db.one A 10.0.0.1, "
                  "c.db.one A 10.0.0.3");
}

// A target elsewhere is none where it serves no port.
static void who_is_no_target_has_no_additional_record(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp "
                     "end a 10.0.0.1 zone x end b 10.0.0.2 zone y "
                     "slice4 end a 10.0.0.3 zone y");
    assert_answer(t, "y.pin._zone.db.one", "SRV",
                  "SRV 0 50 1 b.db.one + b.db.one A 10.0.0.2");
}

// Octets of the service's name: 243; of the zone's: 255; of b...'s: 256.
static void a_name_that_does_not_fit_is_no_target(void **state)
{
    (void)state;
    struct zone_settings s = testbed_settings();
    char domain[256], name[300];
    struct reply r;
    memset(domain, 'd', sizeof domain);
    domain[63] = domain[127] = domain[191] = '.';
    domain[230] = '\0';
    assert_int_equal(dns_name_parse(domain, &s.domain, NULL), 0);
    s.rules.zonal = true;
    struct testbed *t = testbed_new(&s);
    testbed_serve(t, "one/db headless slice4 port p:1/tcp "
                     "end a 10.0.0.1 zone z end bbbbbbbbbbbb 10.0.0.2 zone z "
                     "end c 10.0.0.3");
    snprintf(name, sizeof name, "z.pin._zone.db.one.svc.%s.", domain);
    testbed_reply(t, name, DNS_TYPE_A, 0, ANSWER_TCP, &r);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 2);
    reply_release(&r);
    testbed_reply(t, name, DNS_TYPE_SRV, 0, ANSWER_TCP, &r);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 1);
    assert_non_null(strstr(r.lines[REPLY_ANSWER][0], " IN SRV 0 50 1 a.db."));
    assert_int_equal(r.lines_n[REPLY_ADDITIONAL], 1);
    reply_release(&r);
    testbed_free(t);
}

// Without a number there is no SRV.
static void a_zone_without_ports_has_no_srv(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1 zone x "
                     "slice4 port p:1/tcp end b 10.0.0.2 zone y");
    assert_answer(t, "x.pin._zone.db.one", "SRV", "NODATA");
    assert_answer(t, "x.prefer._zone.db.one", "SRV", "NODATA");
    assert_answer(t, "y.pin._zone.db.one", "SRV",
                  "SRV 0 100 1 b.db.one + b.db.one A 10.0.0.2");
}

// Every second of the peers h-0, h-1, ... and its address, in order.
static void assert_large_zone(struct testbed *t, int z, unsigned n)
{
    static const char domain[] = "db.one.svc.cluster.local.";
    char name[64], line[200];
    struct reply r;
    snprintf(name, sizeof name, "z%d.pin._zone.%s", z, domain);
    testbed_reply(t, name, DNS_TYPE_SRV, 0, ANSWER_TCP, &r);
    assert_int_equal(r.lines_n[REPLY_ANSWER], n);
    assert_int_equal(r.lines_n[REPLY_ADDITIONAL], n);
    for (unsigned i = 0; i < n; i++) {
        const int peer = 2 * (int)i + z;
        snprintf(line, sizeof line, "%s 5 IN SRV 0 1 1 h-%d.%s", name, peer,
                 domain);
        assert_string_equal(r.lines[REPLY_ANSWER][i], line);
        snprintf(line, sizeof line, "h-%d.%s 5 IN A 10.1.%d.%d", peer, domain,
                 peer / 250, peer % 250);
        assert_string_equal(r.lines[REPLY_ADDITIONAL][i], line);
    }
    reply_release(&r);
}

// Behind 16 KiB a target cannot be pointed at: its address has an owner that is
// written out.
static void a_large_zone_has_all_its_targets(void **state)
{
    struct testbed *t = *state;
    enum { EACH = 600 };
    char *words;
    size_t size;
    FILE *out = open_memstream(&words, &size);
    assert_non_null(out);
    fputs("one/db headless slice4 port p:1/tcp", out);
    for (int i = 0; i < 2 * EACH; i++)
        fprintf(out, " end h-%d 10.1.%d.%d zone z%d", i, i / 250, i % 250,
                i % 2);
    fclose(out);
    testbed_serve(t, words);
    free(words);
    for (int z = 0; z < 2; z++)
        assert_large_zone(t, z, EACH);
}

static void zonal_names_have_no_other_types(void **state)
{
    struct testbed *t = *state;
    static const char *const names[] = {"eu-1.pin._zone.db.one",
                                        "eu-1.prefer._zone.db.one",
                                        "eu-3.prefer._zone.db.one"};
    testbed_serve(t, service);
    for (size_t i = 0; i < ORD_COUNT(names); i++) {
        assert_answer(t, names[i], "PTR", "NODATA");
        assert_answer(t, names[i], "SOA", "NODATA");
        assert_answers(t, names[i], testbed_other_types, "NODATA");
    }
    // RFC 8482 4.1
    assert_answer(t, "eu-2.pin._zone.db.one", "ANY", "A 10.0.0.2");
    testbed_serve(t, "one/six headless slice6 end e fd00::1 zone eu-1");
    assert_answer(t, "eu-1.pin._zone.six.one", "ANY", "AAAA fd00::1");
    assert_answer(t, "eu-1.pin._zone.six.one", "A", "NODATA");
}

// RFC 8020: they exist because something below them does.
static void names_on_the_way_are_empty(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, service);
    assert_answers(t, "_zone.db.one", all_types, "NODATA");
    assert_answers(t, "pin._zone.db.one", all_types, "NODATA");
    assert_answers(t, "prefer._zone.db.one", all_types, "NODATA");
    assert_answers(t, "PREFER._Zone.db.one", all_types, "NODATA");
}

static void a_zone_may_be_several_labels(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1 zone Rack.1 "
                     "end b 10.0.0.2 zone 1 end c 10.0.0.3 zone a.b.c.d.e.f");
    assert_answer(t, "rack.1.pin._zone.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "1.pin._zone.db.one", "A", "A 10.0.0.2");
    assert_answer(t, "a.b.c.d.e.f.pin._zone.db.one", "A", "A 10.0.0.3");
    assert_answer(t, "b.c.d.e.f.pin._zone.db.one", "A", "NODATA");
    assert_answer(t, "x.rack.1.pin._zone.db.one", "A", "NODATA");
    assert_answer(t, "x.1.prefer._zone.db.one", "A",
                  "A 10.0.0.1, A 10.0.0.2, A 10.0.0.3");
    // a zone may be called as a directive is: the right-most one counts
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1 zone x.pin._zone");
    assert_answer(t, "x.pin._zone.prefer._zone.db.one", "A", "A 10.0.0.1");
}

static void each_of_many_zones_is_found(void **state)
{
    struct testbed *t = *state;
    enum { ZONES = 100 };
    char *words, name[64], expected[64];
    size_t size;
    FILE *out = open_memstream(&words, &size);
    assert_non_null(out);
    fputs("one/db headless slice4", out);
    for (int i = 0; i < ZONES; i++)
        fprintf(out, " end h-%d 10.0.0.%d zone z%d", i, i, i * 7 % ZONES);
    fclose(out);
    testbed_serve(t, words);
    free(words);
    for (int i = 0; i < ZONES; i++) {
        snprintf(name, sizeof name, "z%d.pin._zone.db.one", i * 7 % ZONES);
        snprintf(expected, sizeof expected, "A 10.0.0.%d", i);
        assert_answer(t, name, "A", expected);
    }
    assert_answer(t, "z100.pin._zone.db.one", "A", "NODATA");
    assert_answer(t, "z.pin._zone.db.one", "A", "NODATA");
    assert_answer(t, "zz.pin._zone.db.one", "A", "NODATA");
}

static void an_unknown_directive_does_not_exist(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, service);
    assert_answers(t, "eu-1.avoid._zone.db.one", all_types, "NXDOMAIN");
    assert_answers(t, "eu-1._pin._zone.db.one", all_types, "NXDOMAIN");
    assert_answers(t, "eu-1.pin.zone.db.one", all_types, "NXDOMAIN");
    assert_answers(t, "eu-1.pin.x._zone.db.one", all_types, "NXDOMAIN");
    assert_answers(t, "avoid._zone.db.one", all_types, "NXDOMAIN");
    assert_answers(t, "pin.zone.db.one", all_types, "NXDOMAIN");
    assert_answers(t, "zone.db.one", all_types, "NXDOMAIN");
    assert_answers(t, "pin.db.one", all_types, "NXDOMAIN");
    assert_answers(t, "x._p._tcp.db.one", all_types, "NXDOMAIN");
    // below an endpoint or a port there is nothing
    assert_answers(t, "eu-1.pin._zone.a.db.one", all_types, "NXDOMAIN");
    assert_answers(t, "eu-1.pin._zone._p._tcp.db.one", all_types, "NXDOMAIN");
}

static void only_headless_services_that_exist_have_zonal_names(void **state)
{
    struct testbed *t = *state;
    static const char *const services[] = {"web.one",  "cname.one", "none.one",
                                           "late.one", "other.one", "db.two"};
    char name[64];
    testbed_put(t, "one/web ip 10.96.0.1 slice4 end a 10.0.0.1 zone eu-1");
    testbed_put(t, "one/cname external example.org");
    testbed_put(t, "one/none headless");
    testbed_put(t, "one/late headless slice4 end a 10.0.0.9! zone eu-1");
    testbed_serve(t, service);
    for (size_t i = 0; i < ORD_COUNT(services); i++) {
        snprintf(name, sizeof name, "eu-1.pin._zone.%s", services[i]);
        assert_answers(t, name, all_types, "NXDOMAIN");
        snprintf(name, sizeof name, "eu-1.prefer._zone.%s", services[i]);
        assert_answers(t, name, all_types, "NXDOMAIN");
        snprintf(name, sizeof name, "pin._zone.%s", services[i]);
        assert_answers(t, name, all_types, "NXDOMAIN");
        snprintf(name, sizeof name, "_zone.%s", services[i]);
        assert_answers(t, name, all_types, "NXDOMAIN");
    }
}

// What was there before has its name still.
static void other_names_are_as_without_the_rule(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp port pin:2/tcp "
                     "end a 10.0.0.1 zone eu-1 end _zone 10.0.0.2");
    assert_answer(t, "a.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "_p._tcp.db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "pin._tcp.db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "_tcp.db.one", "A", "NODATA");
    assert_answer(t, "_zone.db.one", "A", "A 10.0.0.2");
}

static void without_the_rule_there_are_none(void **state)
{
    (void)state;
    struct testbed *t = testbed_new(NULL);
    testbed_serve(t, service);
    assert_answers(t, "eu-1.pin._zone.db.one", all_types, "NXDOMAIN");
    assert_answers(t, "eu-1.prefer._zone.db.one", all_types, "NXDOMAIN");
    assert_answers(t, "pin._zone.db.one", all_types, "NXDOMAIN");
    assert_answers(t, "_zone.db.one", all_types, "NXDOMAIN");
    testbed_free(t);
}

#define test(f) cmocka_unit_test_setup_teardown(f, set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(pin_has_the_addresses_of_a_zone),
        test(prefer_has_all_where_the_zone_has_none),
        test(srv_has_the_endpoints_of_a_zone),
        test(one_zone_for_all_has_the_srv_of_the_service),
        test(srv_counts_what_is_in_the_zone),
        test(srv_is_ordered_by_name),
        test(who_is_no_target_has_no_additional_record),
        cmocka_unit_test(a_name_that_does_not_fit_is_no_target),
        test(a_zone_without_ports_has_no_srv),
        test(a_large_zone_has_all_its_targets),
        test(zonal_names_have_no_other_types),
        test(names_on_the_way_are_empty),
        test(a_zone_may_be_several_labels),
        test(each_of_many_zones_is_found),
        test(an_unknown_directive_does_not_exist),
        test(only_headless_services_that_exist_have_zonal_names),
        test(other_names_are_as_without_the_rule),
        cmocka_unit_test(without_the_rule_there_are_none),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
