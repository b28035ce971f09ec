// SPDX-License-Identifier: Apache-2.0
// Zonal names of headless services (CoreDNS: zonal): endpoints by the topology
// zone they are in.
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

static void zonal_names_have_addresses_only(void **state)
{
    struct testbed *t = *state;
    static const char *const names[] = {"eu-1.pin._zone.db.one",
                                        "eu-1.prefer._zone.db.one",
                                        "eu-3.prefer._zone.db.one"};
    testbed_serve(t, service);
    for (size_t i = 0; i < ORD_COUNT(names); i++) {
        assert_answer(t, names[i], "SRV", "NODATA");
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
        test(zonal_names_have_addresses_only),
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
