// SPDX-License-Identifier: Apache-2.0
// Which endpoints have a name, which are in the service's set, and what they
// are called. Expected values are from K8S-DNS 2.4, from what CoreDNS does and
// from struct zone_rules.
#include "lib/fault.h"
#include "lib/testbed.h"

#include "../../src/zone/block.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// Another zone for the test, which the tear-down frees.
static struct testbed *with_rules(void **state, struct zone_rules rules)
{
    struct zone_settings s = testbed_settings();
    s.rules = rules;
    testbed_free(*state);
    struct testbed *t = testbed_new(&s);
    *state = t;
    return t;
}

// --- names and the set -----------------------------------------------------

static const char waiting[] =
    "one/db headless slice4 port p:1/tcp end a 10.0.0.1 end b 10.0.0.2! "
    "slice4 port q:2/udp end c 10.0.0.3!";

static void assert_ready_only(struct testbed *t)
{
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "a.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "b.db.one", "A", "NXDOMAIN");
    assert_answer(t, "c.db.one", "A", "NXDOMAIN");
    assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
}

static void assert_set_is_ready(struct testbed *t)
{
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 100 1 a.db.one + a.db.one A 10.0.0.1");
    assert_answer(t, "_p._tcp.db.one", "SRV",
                  "SRV 0 100 1 a.db.one + a.db.one A 10.0.0.1");
    assert_answer(t, "_p._tcp.db.one", "A", "A 10.0.0.1");
    // RFC 8020: nobody in the set serves q
    assert_answer(t, "_q._udp.db.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_udp.db.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_tcp.db.one", "SRV", "NODATA");
}

static void assert_all_have_names(struct testbed *t)
{
    assert_answer(t, "a.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "b.db.one", "A", "A 10.0.0.2");
    assert_answer(t, "b.db.one", "AAAA", "NODATA");
    assert_answer(t, "c.db.one", "A", "A 10.0.0.3");
    assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", "PTR b.db.one");
    assert_answer(t, "3.0.0.10.in-addr.arpa.", "PTR", "PTR c.db.one");
    // what has a name has all of it: its own ports too
    assert_answer(t, "b.db.one", "SRV",
                  "SRV 0 100 1 b.db.one + b.db.one A 10.0.0.2");
    assert_answer(t, "c.db.one", "SRV",
                  "SRV 0 100 2 c.db.one + c.db.one A 10.0.0.3");
    assert_answer(t, "d.db.one", "A", "NXDOMAIN");
}

static void a_peer_with_an_address_has_a_name_before_it_is_ready(void **state)
{
    struct testbed *t =
        with_rules(state, (struct zone_rules){.names = RULE_ADDRESSED});
    testbed_serve(t, waiting);
    assert_set_is_ready(t);
    assert_all_have_names(t);
    assert_int_equal(zone_state(t->zone).endpoints, 3);
    assert_int_equal(zone_state(t->zone).addresses, 3);
}

static void without_a_rule_who_is_not_ready_is_not_there(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, waiting);
    assert_ready_only(t);
    t = with_rules(state,
                   (struct zone_rules){.names = RULE_READY, .set = RULE_READY});
    testbed_serve(t, waiting);
    assert_ready_only(t);
    assert_set_is_ready(t);
}

static void a_service_says_otherwise(void **state)
{
    struct testbed *t = *state;
    char words[512];
    snprintf(words, sizeof words, "%s names addressed", waiting);
    testbed_serve(t, words);
    assert_set_is_ready(t);
    assert_all_have_names(t);
    t = with_rules(state, (struct zone_rules){.names = RULE_ADDRESSED,
                                              .set = RULE_ADDRESSED});
    snprintf(words, sizeof words, "%s names ready set ready", waiting);
    testbed_serve(t, words);
    assert_ready_only(t);
    assert_set_is_ready(t);
}

// An SRV record always leads to an address.
static void who_is_in_the_set_has_a_name(void **state)
{
    struct testbed *t = with_rules(state, (struct zone_rules){
                                              .names = RULE_READY,
                                              .set = RULE_ADDRESSED,
                                          });
    testbed_serve(t, waiting);
    assert_all_have_names(t);
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.2, A 10.0.0.3");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 33 1 a.db.one, SRV 0 33 1 b.db.one, "
                  "SRV 0 33 2 c.db.one + a.db.one A 10.0.0.1, "
                  "b.db.one A 10.0.0.2, c.db.one A 10.0.0.3");
    assert_answer(t, "_q._udp.db.one", "SRV",
                  "SRV 0 100 2 c.db.one + c.db.one A 10.0.0.3");
}

static void a_peer_that_ends_but_serves_is_in_a_serving_set(void **state)
{
    struct testbed *t =
        with_rules(state, (struct zone_rules){.set = RULE_SERVING});
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1 "
                     "end b 10.0.0.2! serving terminating end c 10.0.0.3!");
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "b.db.one", "A", "A 10.0.0.2");
    assert_answer(t, "c.db.one", "A", "NXDOMAIN");
    testbed_serve(t, "one/db headless set ready names serving slice4 "
                     "end a 10.0.0.1 end b 10.0.0.2! serving end c 10.0.0.3!");
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "b.db.one", "A", "A 10.0.0.2");
    assert_answer(t, "c.db.one", "A", "NXDOMAIN");
}

static void a_service_whose_set_is_empty_exists_by_its_names(void **state)
{
    struct testbed *t =
        with_rules(state, (struct zone_rules){.names = RULE_ADDRESSED});
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1!");
    assert_answer(t, "db.one", "A", "NODATA");
    assert_answer(t, "db.one", "SRV", "NODATA");
    assert_answer(t, "_p._tcp.db.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_tcp.db.one", "A", "NXDOMAIN");
    assert_answer(t, "a.db.one", "A", "A 10.0.0.1");
    testbed_serve(t, "one/db headless slice4 port p:1/tcp");
    assert_answer(t, "db.one", "A", "NXDOMAIN");
}

static void endpoints_of_a_virtual_address_go_by_the_rules_too(void **state)
{
    struct testbed *t =
        with_rules(state, (struct zone_rules){.names = RULE_ADDRESSED});
    testbed_serve(t, "one/web ip 10.96.0.1 port p:80/tcp slice4 "
                     "port p:8080/tcp end a 10.0.0.1 end b 10.0.0.2!");
    assert_answer(t, "b.web.one", "A", "A 10.0.0.2");
    assert_answer(t, "b.web.one", "SRV",
                  "SRV 0 100 8080 b.web.one + b.web.one A 10.0.0.2");
    assert_answer(t, "web.one", "A", "A 10.96.0.1");
    testbed_serve(t, "one/web ip 10.96.0.1 names ready slice4 "
                     "end a 10.0.0.1 end b 10.0.0.2!");
    assert_answer(t, "b.web.one", "A", "NXDOMAIN");
}

/*
 * RFC 2181 5: the addresses of a name are one set wherever they are told. Its
 * SRV records are those of the service: what is not in the set has no share.
 */
static void a_name_that_is_partly_in_the_set_tells_all_addresses(void **state)
{
    struct testbed *t =
        with_rules(state, (struct zone_rules){.names = RULE_ADDRESSED});
    testbed_serve(t, "one/db headless slice4 port p:1/tcp end a 10.0.0.1 "
                     "slice4 port p:1/tcp port q:9/tcp end a 10.0.0.2!");
    assert_answer(t, "a.db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    static const char srv[] = "SRV 0 100 1 a.db.one + a.db.one A 10.0.0.1, "
                              "a.db.one A 10.0.0.2";
    assert_answer(t, "db.one", "SRV", srv);
    assert_answer(t, "_p._tcp.db.one", "SRV", srv);
    assert_answer(t, "a.db.one", "SRV", srv);
    assert_answer(t, "_q._tcp.db.one", "SRV", "NXDOMAIN");
}

static void the_ptr_prefers_the_set_then_hostnames_then_order(void **state)
{
    struct testbed *t =
        with_rules(state, (struct zone_rules){.names = RULE_ADDRESSED});
    testbed_serve(t, "one/db headless slice4 "
                     "end a 10.0.0.1! end - 10.0.0.1 "
                     "end - 10.0.0.2 end z-10 10.0.0.2 end z-9 10.0.0.2 "
                     "end - 10.0.0.3! end b 10.0.0.3!");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR 10-0-0-1.db.one");
    assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", "PTR z-9.db.one");
    assert_answer(t, "3.0.0.10.in-addr.arpa.", "PTR", "PTR b.db.one");
}

// --- what an endpoint is called --------------------------------------------

static void an_endpoint_is_called_by_its_pod_where_rules_say_so(void **state)
{
    static const char words[] =
        "one/db headless slice4 port p:1/tcp end h 10.0.0.1 pod p-1 "
        "end - 10.0.0.2,10.0.0.3 pod Web-2 end - 10.0.0.4";
    struct testbed *t = *state;
    testbed_serve(t, words);
    assert_answer(t, "web-2.db.one", "A", "NXDOMAIN");
    assert_answer(t, "10-0-0-2.db.one", "A", "A 10.0.0.2");
    t = with_rules(state, (struct zone_rules){.endpoint_pod_names = true});
    testbed_serve(t, words);
    assert_answer(t, "web-2.db.one", "A", "A 10.0.0.2, A 10.0.0.3");
    assert_answer(t, "web-2.db.one", "SRV",
                  "SRV 0 50 1 web-2.db.one + web-2.db.one A 10.0.0.2, "
                  "web-2.db.one A 10.0.0.3");
    assert_answer(t, "3.0.0.10.in-addr.arpa.", "PTR", "PTR web-2.db.one");
    assert_answer(t, "10-0-0-2.db.one", "A", "NXDOMAIN");
    assert_answer(t, "h.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "p-1.db.one", "A", "NXDOMAIN");
    assert_answer(t, "10-0-0-4.db.one", "A", "A 10.0.0.4");
}

static void a_pod_name_that_is_no_label_is_not_taken(void **state)
{
    struct testbed *t =
        with_rules(state, (struct zone_rules){.endpoint_pod_names = true});
    char pod[65], words[256], name[96];
    memset(pod, 'p', 64);
    pod[64] = '\0';
    snprintf(words, sizeof words,
             "one/db headless slice4 end - 10.0.0.1 pod %s "
             "end - 10.0.0.2 pod %.63s end - 10.0.0.3 pod a.b",
             pod, pod);
    testbed_serve(t, words);
    assert_answer(t, "10-0-0-1.db.one", "A", "A 10.0.0.1");
    snprintf(name, sizeof name, "%.63s.db.one", pod);
    assert_answer(t, name, "A", "A 10.0.0.2");
    assert_answer(t, "10-0-0-3.db.one", "A", "A 10.0.0.3");
}

// A name that is not a hostname yields to one that is.
static void a_pod_name_does_not_claim_an_address_as_a_hostname(void **state)
{
    struct testbed *t =
        with_rules(state, (struct zone_rules){.endpoint_pod_names = true});
    testbed_put(t, "one/aa headless slice4 end - 10.0.0.1 pod p");
    testbed_serve(t, "one/zz headless slice4 end h 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR h.zz.one");
    testbed_serve(t, "one/aa headless slice4 end - 10.0.0.1 pod p "
                     "end h 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR h.aa.one");
}

// Serve one/db with an endpoint for each text, as a decoder tells it.
static void serve_texts(struct testbed *t, const char *words,
                        const char *const *texts)
{
    enum { MAX = 8 };
    struct draft *d = draft_new(words);
    struct service s = *draft_service(d);
    struct slice_facts slice = *s.slices[0];
    const struct slice_facts *const slices[] = {&slice};
    struct address_text list[MAX];
    struct error err;

    assert_true(slice.endpoints_n <= MAX);
    slice.texts = list;
    for (uint32_t i = 0; i < slice.endpoints_n; i++)
        if (texts[i])
            list[slice.texts_n++] =
                (struct address_text){slice.endpoints[i].addresses, texts[i]};
    // in order of the places
    for (uint32_t i = 1; i < slice.texts_n; i++)
        for (uint32_t k = i; k > 0 && list[k].octets < list[k - 1].octets;
             k--) {
            const struct address_text swap = list[k];
            list[k] = list[k - 1];
            list[k - 1] = swap;
        }
    s.slices = slices;
    testbed_begin(t);
    assert_int_equal(zone_update_service(t->update, &s, &err), 0);
    testbed_publish(t);
    draft_free(d);
}

static void a_dashed_name_is_made_of_the_text_in_the_slice(void **state)
{
    struct testbed *t = *state;
    static const char *const texts[] = {
        "2001:db8:0:0::1", NULL, "::ffff:10.1.2.3", "0::", "2001:DB8::000A"};
    serve_texts(t,
                "one/db headless slice6 end - 2001:db8::1 end - 2001:db8::2 "
                "end - ::ffff:10.1.2.3 end - :: end - 2001:db8::a",
                texts);
    assert_answer(t, "2001-db8-0-0--1.db.one", "AAAA", "AAAA 2001:db8::1");
    assert_answer(t, "2001-db8--1.db.one", "AAAA", "NXDOMAIN");
    assert_answer(t, "2001-db8--2.db.one", "AAAA", "AAAA 2001:db8::2");
    assert_answer(t, "2001-db8--000a.db.one", "AAAA", "AAAA 2001:db8::a");
    assert_answer(t, "0--0.db.one", "AAAA", "AAAA ::");
    assert_answer(t, "--ffff-10-1-2-3.db.one", "AAAA", "AAAA ::ffff:10.1.2.3");
}

// --- services without endpoints --------------------------------------------

static void an_empty_service_can_be_ignored(void **state)
{
    static const char words[] = "one/web ip 10.96.0.1 ip 2001:db8::1 "
                                "port p:80/tcp slice4 port p:80/tcp "
                                "end a 10.0.0.1!";
    static const char six[] = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                              "0.8.b.d.0.1.0.0.2.ip6.arpa.";
    struct testbed *t =
        with_rules(state, (struct zone_rules){.names = RULE_ADDRESSED,
                                              .ignore_empty_service = true});
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/ext external db.example.org");
    testbed_serve(t, words);
    assert_answer(t, "web.one", "A", "NXDOMAIN");
    assert_answer(t, "web.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_p._tcp.web.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_tcp.web.one", "SRV", "NXDOMAIN");
    // RFC 8020: nothing is below it, and no PTR leads there
    assert_answer(t, "a.web.one", "A", "NXDOMAIN");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    // CoreDNS: its own PTR stays
    assert_answer(t, "1.0.96.10.in-addr.arpa.", "PTR", "PTR web.one");
    assert_answer(t, six, "PTR", "PTR web.one");
    assert_int_equal(zone_state(t->zone).services, 1);
    assert_int_equal(zone_state(t->zone).addresses, 2);
    assert_answer(t, "ext.one", "A", "CNAME db.example.org.");

    testbed_serve(t, "one/web ip 10.96.0.1 port p:80/tcp slice4 "
                     "port p:80/tcp end a 10.0.0.1");
    assert_answer(t, "web.one", "A", "A 10.96.0.1");
    assert_answer(t, "a.web.one", "A", "A 10.0.0.1");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR a.web.one");
    assert_answer(t, six, "PTR", "NXDOMAIN");
    testbed_serve(t, words);
    assert_answer(t, "web.one", "A", "NXDOMAIN");
    assert_answer(t, "1.0.96.10.in-addr.arpa.", "PTR", "PTR web.one");
    testbed_remove(t, "one", "web");
    testbed_publish(t);
    assert_answer(t, "1.0.96.10.in-addr.arpa.", "PTR", "NXDOMAIN");
}

// --- topology zones --------------------------------------------------------

static void a_headless_service_tells_its_endpoints_by_zone(void **state)
{
    static const char words[] =
        "one/db headless names addressed slice4 port p:1/tcp "
        "end a 10.0.0.1 zone eu-1 end b 10.0.0.2 zone us "
        "end c 10.0.0.3! zone eu-1 end d 10.0.0.4! zone asia end e 10.0.0.5 "
        "slice4 end f 10.0.0.6 zone EU-1 slice6 end a fd00::1 zone eu-1";
    struct testbed *t = *state;
    testbed_serve(t, words);
    assert_answer(t, "eu-1.pin._zone.db.one", "A", "NXDOMAIN");
    t = with_rules(state, (struct zone_rules){.zonal = true});
    testbed_put(t, "one/web ip 10.96.0.1 slice4 end a 10.0.0.1 zone eu-1");
    testbed_serve(t, words);
    assert_answer(t, "eu-1.pin._zone.db.one", "A", "A 10.0.0.1, A 10.0.0.6");
    assert_answer(t, "Eu-1.pin._zone.db.one", "AAAA", "AAAA fd00::1");
    // a slice without ports counts once where the weight is shared out
    assert_answer(t, "eu-1.pin._zone.db.one", "SRV",
                  "SRV 0 33 1 a.db.one "
                  "+ a.db.one A 10.0.0.1, a.db.one AAAA fd00::1");
    assert_answer(t, "us.prefer._zone.db.one", "A", "A 10.0.0.2");
    // nobody in the set is there
    assert_answer(t, "asia.pin._zone.db.one", "A", "NODATA");
    assert_answer(t, "asia.prefer._zone.db.one", "A",
                  "A 10.0.0.1, A 10.0.0.2, A 10.0.0.5, A 10.0.0.6");
    assert_answer(t, "eu-1.pin._zone.web.one", "A", "NXDOMAIN");
}

// All of them in one zone: the zone's answers are the service's.
static void one_zone_for_all_is_the_whole_set(void **state)
{
    struct testbed *t = with_rules(state, (struct zone_rules){.zonal = true});
    testbed_serve(t, "one/db headless slice4 port p:1/tcp "
                     "end a 10.0.0.1 zone z end b 10.0.0.2 zone z");
    assert_answer(t, "z.pin._zone.db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "z.pin._zone.db.one", "SRV",
                  "SRV 0 50 1 a.db.one, SRV 0 50 1 b.db.one "
                  "+ a.db.one A 10.0.0.1, b.db.one A 10.0.0.2");
}

static void a_zone_with_dots_is_several_labels(void **state)
{
    struct testbed *t = with_rules(state, (struct zone_rules){.zonal = true});
    char words[768], label[65], name[128];
    memset(label, 'z', 64);
    label[64] = '\0';
    snprintf(words, sizeof words,
             "one/db headless slice4 end a 10.0.0.1 zone eu.Rack-1 "
             "end b 10.0.0.2 zone a..b end c 10.0.0.3 zone .a "
             "end d 10.0.0.4 zone a. end e 10.0.0.5 zone . "
             "end f 10.0.0.6 zone %s end g 10.0.0.7 zone %.63s "
             "end h 10.0.0.8 zone %.63s.%.63s.%.63s",
             label, label, label, label, label);
    testbed_serve(t, words);
    assert_answer(t, "eu.rack-1.pin._zone.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "a.pin._zone.db.one", "A", "NODATA");
    assert_answer(t, "a.b.pin._zone.db.one", "A", "NODATA");
    assert_answer(t, "rack-1.pin._zone.db.one", "A", "NODATA");
    snprintf(name, sizeof name, "%.63s.pin._zone.db.one", label);
    assert_answer(t, name, "A", "A 10.0.0.7");
    assert_answer(t, "db.one", "A",
                  "A 10.0.0.1, A 10.0.0.2, A 10.0.0.3, A 10.0.0.4, "
                  "A 10.0.0.5, A 10.0.0.6, A 10.0.0.7, A 10.0.0.8");
}

// A zone's name and its directive below a service fill 255 octets exactly.
static void the_longest_name_of_a_zone_is_served(void **state)
{
    struct testbed *t = with_rules(state, (struct zone_rules){.zonal = true});
    // 26 octets of service, 10 of directive: 219 for the zone's labels
    char text[256], words[1024], name[300];
    memset(text, 'z', sizeof text);
    text[63] = text[127] = text[191] = '.';
    snprintf(words, sizeof words,
             "one/db headless slice4 end a 10.0.0.1 zone %.218s "
             "end b 10.0.0.2 zone %.219s end c 10.0.0.3",
             text, text);
    testbed_serve(t, words);
    snprintf(name, sizeof name, "%.218s.pin._zone.db.one", text);
    assert_answer(t, name, "A", "A 10.0.0.1");
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.2, A 10.0.0.3");
}

/*
 * What cannot be asked for is not kept either: whoever prints a block finds
 * names in it, by their octets, that are names.
 */
static void a_zone_that_is_no_name_is_left_out(void **state)
{
    (void)state;
    static const char *const kept[] = {"\2eu\6rack-1", "\2us"};
    const struct zone_settings s = testbed_settings();
    struct why_texts *texts = why_texts_new(&s.domain, s.hash_seed, false);
    assert_non_null(texts);
    const struct block_settings settings = {
        .domain = &s.domain,
        .octets_max = 1 << 20,
        .rules = {.zonal = true},
        .texts = texts,
    };
    char words[1024], text[256];
    struct zone_block *b;
    struct error err;
    memset(text, 'z', sizeof text);
    text[63] = text[127] = text[191] = '.';
    snprintf(words, sizeof words,
             "one/db headless slice4 end a 10.0.0.1 zone us "
             "end b 10.0.0.2 zone a..b end c 10.0.0.3 zone .a "
             "end d 10.0.0.4 zone a. end e 10.0.0.5 zone . "
             "end f 10.0.0.6 zone zz%.62s end g 10.0.0.7 zone %.219s "
             "end h 10.0.0.8! zone nobody end i 10.0.0.9 zone eu.Rack-1",
             text, text);
    struct draft *d = draft_new(words);
    assert_int_equal(block_new(draft_service(d), &settings, &b, &err), 0);
    draft_free(d);
    assert_int_equal(b->topologies_n, ORD_COUNT(kept));
    for (size_t i = 0; i < ORD_COUNT(kept); i++) {
        assert_int_equal(b->topologies[i].name.n, strlen(kept[i]));
        assert_memory_equal(b->topologies[i].name.p, kept[i], strlen(kept[i]));
        assert_int_equal(b->topologies[i].set.a.answer_count, 1);
    }
    block_free(b);
    why_texts_free(texts);
}

// --- memory ----------------------------------------------------------------

// Each allocation fails once, with all that rules can ask for.
static void without_memory_the_old_answers_stay(void **state)
{
    struct testbed *t =
        with_rules(state, (struct zone_rules){.names = RULE_ADDRESSED,
                                              .endpoint_pod_names = true,
                                              .zonal = true});
    struct draft *d = draft_new(
        "one/db headless slice4 port p:1/tcp port q:2/tcp "
        "end A 10.0.0.1 zone Eu end - 10.0.0.2! zone us end - 10.0.0.3 pod P "
        "slice6 port p:1/tcp end - fd00::1 zone us");
    int refused = 0;
    testbed_serve(t, "one/db headless slice4 end old 10.9.0.1 zone eu");
    for (long n = 1;; n++, refused++) {
        testbed_begin(t);
        fault_alloc_after(n);
        const int rc = testbed_try(t, d);
        fault_alloc_after(-1);
        testbed_publish(t);
        if (!fault_alloc_hit()) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_equal(rc, -ENOMEM);
        assert_answer(t, "db.one", "A", "A 10.9.0.1");
        assert_answer(t, "eu.pin._zone.db.one", "A", "A 10.9.0.1");
        assert_answer(t, "a.db.one", "A", "NXDOMAIN");
        assert_answer(t, "1.0.9.10.in-addr.arpa.", "PTR", "PTR old.db.one");
    }
    assert_true(refused > 3);
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.3");
    assert_answer(t, "p.db.one", "A", "A 10.0.0.3");
    assert_answer(t, "10-0-0-2.db.one", "A", "A 10.0.0.2");
    assert_answer(t, "us.pin._zone.db.one", "AAAA", "AAAA fd00::1");
    draft_free(d);
}

// --- ports -----------------------------------------------------------------

/*
 * CoreDNS: a port without a number gives addresses and no SRV; it counts
 * where the weight is shared out.
 */
static void a_port_without_a_number_gives_addresses(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port any:0/tcp port p:1/tcp "
                     "end a 10.0.0.1");
    assert_answer(t, "_any._tcp.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "_any._tcp.db.one", "SRV", "NODATA");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 50 1 a.db.one + a.db.one A 10.0.0.1");
    assert_answer(t, "_p._tcp.db.one", "SRV",
                  "SRV 0 100 1 a.db.one + a.db.one A 10.0.0.1");
}

// CoreDNS: one record by target and number, whatever name and protocol.
static void ports_of_one_number_are_one_record(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/dns headless slice4 port dns:53/udp "
                     "port dns-tcp:53/tcp port m:9153/tcp end a 10.0.0.1");
    assert_answer(t, "dns.one", "SRV",
                  "SRV 0 33 53 a.dns.one, SRV 0 33 9153 a.dns.one + "
                  "a.dns.one A 10.0.0.1");
    assert_answer(t, "_dns._udp.dns.one", "SRV",
                  "SRV 0 100 53 a.dns.one + a.dns.one A 10.0.0.1");
    assert_answer(t, "_dns._tcp.dns.one", "SRV", "NXDOMAIN");
}

static void an_unnamed_port_is_at_the_bare_name_only(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port :7/sctp port p:8/sctp "
                     "end a 10.0.0.1 slice4 port :9/tcp end b 10.0.0.2");
    assert_answer(t, "db.one", "SRV",
                  "SRV 0 33 7 a.db.one, SRV 0 33 8 a.db.one, "
                  "SRV 0 33 9 b.db.one + a.db.one A 10.0.0.1, "
                  "b.db.one A 10.0.0.2");
    assert_answer(t, "_p._sctp.db.one", "SRV",
                  "SRV 0 100 8 a.db.one + a.db.one A 10.0.0.1");
    // CoreDNS: A at an SRV owner is of the endpoints with that port
    assert_answer(t, "_p._sctp.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "_tcp.db.one", "SRV", "NXDOMAIN");
}

static void names_of_ports_differ_in_more_than_case(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless slice4 port HTTP:80/tcp end a 10.0.0.1 "
                     "slice4 port http:81/tcp end b 10.0.0.2");
    assert_answer(t, "_http._tcp.db.one", "SRV",
                  "SRV 0 50 80 a.db.one, SRV 0 50 81 b.db.one + "
                  "a.db.one A 10.0.0.1, b.db.one A 10.0.0.2");
}

#define test(f)                                                                \
    cmocka_unit_test_setup_teardown(f, testbed_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_peer_with_an_address_has_a_name_before_it_is_ready),
        test(without_a_rule_who_is_not_ready_is_not_there),
        test(a_service_says_otherwise),
        test(who_is_in_the_set_has_a_name),
        test(a_peer_that_ends_but_serves_is_in_a_serving_set),
        test(a_service_whose_set_is_empty_exists_by_its_names),
        test(endpoints_of_a_virtual_address_go_by_the_rules_too),
        test(a_name_that_is_partly_in_the_set_tells_all_addresses),
        test(the_ptr_prefers_the_set_then_hostnames_then_order),
        test(an_endpoint_is_called_by_its_pod_where_rules_say_so),
        test(a_pod_name_that_is_no_label_is_not_taken),
        test(a_pod_name_does_not_claim_an_address_as_a_hostname),
        test(a_dashed_name_is_made_of_the_text_in_the_slice),
        test(an_empty_service_can_be_ignored),
        test(a_headless_service_tells_its_endpoints_by_zone),
        test(one_zone_for_all_is_the_whole_set),
        test(a_zone_with_dots_is_several_labels),
        test(the_longest_name_of_a_zone_is_served),
        cmocka_unit_test(a_zone_that_is_no_name_is_left_out),
        test(without_memory_the_old_answers_stay),
        test(a_port_without_a_number_gives_addresses),
        test(ports_of_one_number_are_one_record),
        test(an_unnamed_port_is_at_the_bare_name_only),
        test(names_of_ports_differ_in_more_than_case),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
