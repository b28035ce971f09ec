// SPDX-License-Identifier: Apache-2.0
// The server's own pod in the zone: it has its name and its addresses whatever
// the slices say; they say whether it is in the set.
#include "lib/fault.h"
#include "lib/testbed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct testbed *with_rules(void **state, struct zone_rules rules)
{
    struct zone_settings s = testbed_settings();
    s.rules = rules;
    testbed_free(*state);
    struct testbed *t = testbed_new(&s);
    *state = t;
    return t;
}

static const char v6_name[] = "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                              "0.0.0.0.0.0.0.d.f.ip6.arpa.";

// --- its name --------------------------------------------------------------

static void it_has_its_name_where_no_slice_has_it(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless self db-0 10.0.0.7 slice4 port p:1/tcp "
                     "end db-1 10.0.0.1");
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "db-0.db.one", "ANY", "A 10.0.0.7");
    assert_answer(t, "DB-0.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "db-0.db.one", "AAAA", "NODATA");
    assert_answer(t, "db-0.db.one", "SRV", "NODATA");
    assert_answers(t, "db-0.db.one", testbed_other_types, "NODATA");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "PTR db-0.db.one");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "A", "NODATA");
    assert_answer(t, "0.0.10.in-addr.arpa.", "PTR", "NODATA");
    // the set is what the slices say
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 100 1 db-1.db.one + db-1.db.one A 10.0.0.1");
    assert_answer(t, "_p._tcp.db.one", "A", "A 10.0.0.1");
    assert_int_equal(zone_state(t->zone).endpoints, 2);
    assert_int_equal(zone_state(t->zone).services, 1);
    assert_int_equal(zone_state(t->zone).addresses, 2);
}

static void it_has_both_families(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless self db-0 10.0.0.7,fd00::7 slice4 "
                     "port p:1/tcp end db-0 10.0.0.7");
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "db-0.db.one", "AAAA", "AAAA fd00::7");
    assert_answer(t, v6_name, "PTR", "PTR db-0.db.one");
    // the service has one family; RFC 2181 5: its target has two
    assert_answer(t, "db.one", "A", "A 10.0.0.7");
    assert_answer(t, "db.one", "AAAA", "NODATA");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 100 1 db-0.db.one + db-0.db.one A 10.0.0.7, "
                  "db-0.db.one AAAA fd00::7");
    assert_answer(t, "_p._tcp.db.one", "SRV",
                  "SRV 0 100 1 db-0.db.one + db-0.db.one A 10.0.0.7, "
                  "db-0.db.one AAAA fd00::7");
    assert_answer(t, "_p._tcp.db.one", "AAAA", "NODATA");
}

static void it_costs_no_memory_where_slices_are_right(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port p:1/tcp "
                     "end db-0 10.0.0.7 end db-1 10.0.0.2");
    const size_t octets = zone_state(t->zone).octets;
    testbed_serve(t, "one/db headless self db-0 10.0.0.7 slice4 port p:1/tcp "
                     "end db-0 10.0.0.7 end db-1 10.0.0.2");
    assert_int_equal(zone_state(t->zone).octets, octets);
}

static void with_ipv6_only_it_has_no_ipv4(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless self db-0 fd00::7 slice4 port p:1/tcp "
                     "end db-0 10.0.0.1 end db-1 10.0.0.2");
    assert_answer(t, "db-0.db.one", "AAAA", "AAAA fd00::7");
    assert_answer(t, "db-0.db.one", "A", "NODATA");
    assert_answer(t, "db-0.db.one", "ANY", "AAAA fd00::7");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "db.one", "A", "A 10.0.0.2");
}

static void several_addresses_of_a_family_are_all_its_own(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless self db-0 10.0.0.7,10.0.0.8 slice4 "
                     "end db-0 10.0.0.1");
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7, A 10.0.0.8");
    assert_answer(t, "db.one", "A", "A 10.0.0.7, A 10.0.0.8");
    assert_answer(t, "8.0.0.10.in-addr.arpa.", "PTR", "PTR db-0.db.one");
}

// --- where slices have it --------------------------------------------------

static void an_older_address_gives_way_everywhere(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless self db-0 10.0.0.7 slice4 port p:1/tcp "
                     "end db-0 10.0.0.1 end db-1 10.0.0.2");
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "db.one", "A", "A 10.0.0.2, A 10.0.0.7");
    assert_answer(t, "_p._tcp.db.one", "A", "A 10.0.0.2, A 10.0.0.7");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 50 1 db-0.db.one, SRV 0 50 1 db-1.db.one + "
                  "db-0.db.one A 10.0.0.7, db-1.db.one A 10.0.0.2");
    assert_answer(t, "db-0.db.one", "SRV",
                  "SRV 0 100 1 db-0.db.one + db-0.db.one A 10.0.0.7");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "PTR db-0.db.one");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "10-0-0-1.db.one", "A", "NXDOMAIN");
}

// An old slice and a new one, as they may stand side by side.
static void it_is_one_peer_however_many_slices_have_it(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless self db-0 10.0.0.7,fd00::7 "
                     "slice4 port p:1/tcp end db-0 10.0.0.1 "
                     "slice4 port p:1/tcp end DB-0 10.0.0.3 "
                     "slice6 port p:1/tcp end db-0 fd00::1");
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "db-0.db.one", "AAAA", "AAAA fd00::7");
    assert_answer(t, "db.one", "A", "A 10.0.0.7");
    assert_answer(t, "db.one", "AAAA", "AAAA fd00::7");
    assert_int_equal(zone_state(t->zone).endpoints, 1);
    assert_int_equal(zone_state(t->zone).addresses, 2);
}

static void one_that_is_not_ready_has_its_name_alone(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless self db-0 10.0.0.7 slice4 port p:1/tcp "
                     "end db-0 10.0.0.7! end db-1 10.0.0.2");
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "PTR db-0.db.one");
    assert_answer(t, "db.one", "A", "A 10.0.0.2");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 100 1 db-1.db.one + db-1.db.one A 10.0.0.2");
    // it becomes ready, and its name is the same all the while
    testbed_serve(t, "one/db headless self db-0 10.0.0.7 slice4 port p:1/tcp "
                     "end db-0 10.0.0.7 end db-1 10.0.0.2");
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "db.one", "A", "A 10.0.0.2, A 10.0.0.7");
}

static void alone_and_not_ready_it_leaves_the_set_empty(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless self db-0 10.0.0.7 slice4 port p:1/tcp "
                     "end db-0 10.0.0.7!");
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    // RFC 8020: it exists, because something is below it
    assert_answer(t, "db.one", "A", "NODATA");
    assert_answer(t, "db.one", "SRV", "NODATA");
    assert_answer(t, "_p._tcp.db.one", "SRV", "NXDOMAIN");
    assert_answer(t, "db-1.db.one", "A", "NXDOMAIN");
}

// Whether it is in the set is for the rules to say of what the slices have.
static void rules_hold_for_what_slices_say(void **state)
{
    struct testbed *t =
        with_rules(state, (struct zone_rules){.names = RULE_ADDRESSED,
                                              .set = RULE_ADDRESSED});
    testbed_serve(t, "one/db headless self db-0 10.0.0.7 slice4 port p:1/tcp "
                     "end db-0 10.0.0.1!");
    assert_answer(t, "db.one", "A", "A 10.0.0.7");
    testbed_serve(t, "one/db headless self db-0 10.0.0.7 slice4 port p:1/tcp "
                     "end db-1 10.0.0.1!");
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    t = with_rules(state, (struct zone_rules){.names = RULE_ADDRESSED});
    testbed_serve(t, "one/db headless self db-0 10.0.0.7 slice4 port p:1/tcp "
                     "end db-0 10.0.0.1!");
    assert_answer(t, "db.one", "A", "NODATA");
    assert_answer(t, "db-0.db.one", "SRV",
                  "SRV 0 100 1 db-0.db.one + db-0.db.one A 10.0.0.7");
    t = with_rules(state, (struct zone_rules){.set = RULE_SERVING});
    testbed_serve(t, "one/db headless self db-0 10.0.0.7 slice4 "
                     "end db-0 10.0.0.1! serving terminating");
    assert_answer(t, "db.one", "A", "A 10.0.0.7");
}

// Without a hostname an endpoint is the pod that its target says.
static void an_endpoint_of_the_pod_without_hostname_is_it(void **state)
{
    struct testbed *t = *state;
    for (int i = 0; i < 2; i++) {
        testbed_serve(t, "one/db headless self db-0 10.0.0.7 slice4 port "
                         "p:1/tcp end - 10.0.0.1 pod db-0 end db-1 10.0.0.2 "
                         "pod db-0 end - 10.0.0.3 pod db-00");
        assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
        assert_answer(t, "db.one", "A", "A 10.0.0.2, A 10.0.0.3, A 10.0.0.7");
        assert_answer(t, "10-0-0-1.db.one", "A", "NXDOMAIN");
        assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
        t = with_rules(state, (struct zone_rules){.endpoint_pod_names = true});
    }
}

static void zonal_names_have_where_it_is(void **state)
{
    struct testbed *t = with_rules(state, (struct zone_rules){.zonal = true});
    testbed_serve(t, "one/db headless self db-0 10.0.0.7,fd00::7 slice4 "
                     "port p:1/tcp end db-0 10.0.0.1 zone a end db-1 10.0.0.2 "
                     "zone b");
    assert_answer(t, "a.pin._zone.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "a.pin._zone.db.one", "AAAA", "NODATA");
    assert_answer(t, "b.pin._zone.db.one", "A", "A 10.0.0.2");
}

// --- addresses that others have --------------------------------------------

// Its address was another pod's before, and a slice still says so.
static void its_address_leads_back_to_it(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless self db-9 10.0.0.7 slice4 "
                     "end db-1 10.0.0.7 end - 10.0.0.7");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "PTR db-9.db.one");
    assert_answer(t, "db-1.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "db.one", "A", "A 10.0.0.7");
    // before others' names and virtual addresses, whoever comes first
    testbed_serve(t, "one/aa headless slice4 end x 10.0.0.7");
    testbed_serve(t, "one/ab ip 10.0.0.7");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "PTR db-9.db.one");
    testbed_serve(t, "one/db headless slice4 end db-1 10.0.0.7");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "PTR ab.one");
    testbed_serve(t, "one/db headless self db-9 10.0.0.7 slice4 "
                     "end db-1 10.0.0.2");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "PTR db-9.db.one");
}

// One service has the pod by its hostname, another by its address.
static void another_service_of_the_pod_is_untouched(void **state)
{
    struct testbed *t = *state;
    testbed_put(t, "one/db headless self db-0 10.0.0.7 slice4 "
                   "end db-0 10.0.0.1");
    testbed_put(t, "one/all headless slice4 end - 10.0.0.7 pod db-0");
    testbed_put(t, "one/old headless slice4 end db-0 10.0.0.1");
    testbed_put(t, "two/db headless slice4 end db-0 10.0.0.3");
    testbed_publish(t);
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "all.one", "A", "A 10.0.0.7");
    assert_answer(t, "10-0-0-7.all.one", "A", "A 10.0.0.7");
    assert_answer(t, "db-0.old.one", "A", "A 10.0.0.1");
    assert_answer(t, "db-0.db.two", "A", "A 10.0.0.3");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "PTR db-0.db.one");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR db-0.old.one");
    assert_answer(t, "3.0.0.10.in-addr.arpa.", "PTR", "PTR db-0.db.two");
}

static void a_reverse_zone_that_is_not_served_has_no_ptr(void **state)
{
    struct zone_settings s = testbed_settings();
    struct cidr served;
    assert_int_equal(cidr_parse("10.0.1.0/24", &served, NULL), 0);
    s.reverse = &served;
    s.reverse_n = 1;
    testbed_free(*state);
    struct testbed *t = testbed_new(&s);
    *state = t;
    testbed_serve(t, "one/db headless missing self db-0 10.0.0.7,10.0.1.7");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "REFUSED ede 20");
    assert_answer(t, "7.1.0.10.in-addr.arpa.", "PTR", "PTR db-0.db.one");
}

// --- other services --------------------------------------------------------

static void below_a_service_that_is_not_there_it_is_alone(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_serve(t, "one/db missing self db-0 10.0.0.7,fd00::7");
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "db-0.db.one", "AAAA", "AAAA fd00::7");
    assert_answer(t, "db-0.db.one", "SRV", "NODATA");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "PTR db-0.db.one");
    assert_answer(t, "db.one", "A", "NODATA");
    assert_answer(t, "db.one", "SRV", "NODATA");
    assert_answer(t, "one", "A", "NODATA");
    assert_answer(t, "db-1.db.one", "A", "NXDOMAIN");
    assert_answer(t, "_p._tcp.db.one", "SRV", "NXDOMAIN");
    assert_answer(t, "x.db-0.db.one", "A", "NXDOMAIN");
    // it is no service of the namespace
    assert_int_equal(zone_state(t->zone).services, 0);
    assert_int_equal(zone_state(t->zone).endpoints, 1);
    testbed_serve(t, "one/db missing");
    assert_answer(t, "db-0.db.one", "A", "NXDOMAIN");
    assert_answer(t, "db.one", "A", "NXDOMAIN");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_int_equal(zone_state(t->zone).endpoints, 0);
}

static void below_a_service_of_another_kind_it_has_its_name(void **state)
{
    struct testbed *t =
        with_rules(state, (struct zone_rules){.ignore_empty_service = true});
    testbed_put(t, "one/vip ip 10.96.0.1 port p:1/tcp self db-0 10.0.0.7");
    testbed_put(t, "one/alias external www.example.org self db-1 10.0.0.8 "
                   "port p:1/tcp");
    testbed_publish(t);
    assert_answer(t, "db-0.vip.one", "A", "A 10.0.0.7");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "PTR db-0.vip.one");
    assert_answer(t, "db-1.alias.one", "A", "A 10.0.0.8");
    assert_answer(t, "db-1.alias.one", "AAAA", "NODATA");
    assert_answer(t, "8.0.0.10.in-addr.arpa.", "PTR", "PTR db-1.alias.one");
    assert_answer(t, "alias.one", "A", "CNAME www.example.org.");
    assert_answer(t, "db-2.alias.one", "A", "NXDOMAIN");
    assert_answer(t, "_tcp.alias.one", "A", "NXDOMAIN");
    assert_answer(t, "_p._tcp.alias.one", "SRV", "NXDOMAIN");
}

static void an_empty_service_is_ignored_but_for_it(void **state)
{
    struct testbed *t =
        with_rules(state, (struct zone_rules){.ignore_empty_service = true});
    testbed_serve(t, "one/vip ip 10.96.0.1 port p:1/tcp self db-0 10.0.0.7 "
                     "slice4 port p:1/tcp end db-0 10.0.0.7!");
    assert_answer(t, "vip.one", "A", "NODATA");
    assert_answers(t, "vip.one", testbed_other_types, "NODATA");
    assert_answer(t, "_tcp.vip.one", "A", "NXDOMAIN");
    assert_answer(t, "_p._tcp.vip.one", "SRV", "NXDOMAIN");
    assert_answer(t, "db-0.vip.one", "A", "A 10.0.0.7");
    assert_answer(t, "db-1.vip.one", "A", "NXDOMAIN");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "PTR db-0.vip.one");
    // one that is ready is enough
    testbed_serve(t, "one/vip ip 10.96.0.1 port p:1/tcp self db-0 10.0.0.7 "
                     "slice4 port p:1/tcp end db-0 10.0.0.7");
    assert_answer(t, "vip.one", "A", "A 10.96.0.1");
    assert_answer(t, "_p._tcp.vip.one", "A", "A 10.96.0.1");
    assert_answer(t, "db-0.vip.one", "A", "A 10.0.0.7");
}

// --- before the zone is complete -------------------------------------------

static void serve_incomplete(struct testbed *t, const char *words)
{
    testbed_put(t, words);
    zone_update_publish(t->update, t->now_s, false);
    t->update = NULL;
}

static void before_the_first_load_it_alone_is_answered_for(void **state)
{
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    // a second service stands for a load that came half-way
    testbed_put(t, "one/web headless slice4 port p:1/tcp end web-0 10.0.0.2");
    serve_incomplete(t, "one/db headless self db-0 10.0.0.7 slice4 "
                        "port p:1/tcp end db-1 10.0.0.1 end db-0 10.0.0.7");
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "db-0.db.one", "ANY", "A 10.0.0.7");
    assert_answer(t, "db-0.db.one", "AAAA", "NODATA");
    assert_answers(t, "db-0.db.one", testbed_other_types, "NODATA");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "PTR", "PTR db-0.db.one");
    assert_answer(t, "7.0.0.10.in-addr.arpa.", "TXT", "NODATA");
    static const char *const others[] = {
        "db.one",
        "db-1.db.one",
        "db-2.db.one",
        "_p._tcp.db.one",
        "web.one",
        "web-0.web.one",
        "one",
        "cluster.local.",
        "two",
        "x.db-0.db.one",
        "ns.dns.cluster.local.",
    };
    for (size_t i = 0; i < ORD_COUNT(others); i++) {
        assert_answer(t, others[i], "A", "SERVFAIL ede 14");
        assert_answer(t, others[i], "AAAA", "SERVFAIL ede 14");
    }
    assert_answer(t, "db.one", "SRV", "SERVFAIL ede 14");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "SERVFAIL ede 14");
    assert_answer(t, "9.0.0.10.in-addr.arpa.", "PTR", "SERVFAIL ede 14");
    assert_answer(t, "0.0.10.in-addr.arpa.", "PTR", "SERVFAIL ede 14");
    assert_answer(t, "example.org.", "A", "REFUSED ede 20");
    testbed_serve(t, "one/db headless self db-0 10.0.0.7 slice4 "
                     "port p:1/tcp end db-1 10.0.0.1");
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "db-2.db.one", "A", "NXDOMAIN");
}

// --- memory ----------------------------------------------------------------

static void without_memory_the_old_answers_stay(void **state)
{
    struct testbed *t = *state;
    struct draft *d = draft_new("one/db missing self db-0 10.0.0.7,fd00::7");
    int rc;
    testbed_serve(t, "one/db headless slice4 end db-1 10.0.0.1");
    for (long n = 1;; n++) {
        testbed_begin(t);
        fault_alloc_after(n);
        rc = testbed_try(t, d);
        fault_alloc_after(-1);
        if (!fault_alloc_hit())
            break;
        assert_int_equal(rc, -ENOMEM);
        testbed_publish(t);
        assert_answer(t, "db-1.db.one", "A", "A 10.0.0.1");
        assert_answer(t, "db-0.db.one", "A", "NXDOMAIN");
    }
    assert_int_equal(rc, 0);
    testbed_publish(t);
    assert_answer(t, "db-0.db.one", "A", "A 10.0.0.7");
    draft_free(d);
}

int main(void)
{
    zone_reader_register();
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testbed_set_up, testbed_tear_down)
        TEST(it_has_its_name_where_no_slice_has_it),
        TEST(it_has_both_families),
        TEST(it_costs_no_memory_where_slices_are_right),
        TEST(with_ipv6_only_it_has_no_ipv4),
        TEST(several_addresses_of_a_family_are_all_its_own),
        TEST(an_older_address_gives_way_everywhere),
        TEST(it_is_one_peer_however_many_slices_have_it),
        TEST(one_that_is_not_ready_has_its_name_alone),
        TEST(alone_and_not_ready_it_leaves_the_set_empty),
        TEST(rules_hold_for_what_slices_say),
        TEST(an_endpoint_of_the_pod_without_hostname_is_it),
        TEST(zonal_names_have_where_it_is),
        TEST(its_address_leads_back_to_it),
        TEST(another_service_of_the_pod_is_untouched),
        TEST(a_reverse_zone_that_is_not_served_has_no_ptr),
        TEST(below_a_service_that_is_not_there_it_is_alone),
        TEST(below_a_service_of_another_kind_it_has_its_name),
        TEST(an_empty_service_is_ignored_but_for_it),
        TEST(before_the_first_load_it_alone_is_answered_for),
        TEST(without_memory_the_old_answers_stay),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
