// SPDX-License-Identifier: Apache-2.0
// Why names below a service are none, where the model knows.
#include "lib/fault.h"
#include "lib/testbed.h"
#include "lib/why.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// 2023-11-14 22:13:20 UTC
enum { SINCE = 1700000000 };

#define NOT_READY                                                              \
    "NXDOMAIN pod-not-ready 0: not ready since 22:13:20Z, 2023-11-14: probe"
#define WAITS                                                                  \
    "NXDOMAIN pod-blocked 0: not created: waits for web-1, which is not ready"
#define OUTSIDE(range)                                                         \
    "NXDOMAIN ordinal-outside 0: StatefulSet web has the ordinals " range
#define MISSING                                                                \
    "NXDOMAIN service-missing 0: StatefulSet web names the service db, which " \
    "is not there"

static const struct reason not_ready = {
    .code = REASON_POD_NOT_READY, .since_unix_s = SINCE, .detail = "probe"};
static const struct reason blocked = {
    .code = REASON_POD_BLOCKED, .pod = "web-1", .detail = "not ready"};
static const struct reason missing = {
    .code = REASON_SERVICE_MISSING, .workload = "web", .service = "db"};

// A drafted service, with what the model says beside.
static struct service drafted(const char *words, struct draft **d)
{
    *d = draft_new(words);
    return *draft_service(*d);
}

static void serve(struct testbed *t, const struct service *s)
{
    struct error err = {""};
    testbed_begin(t);
    const int rc = zone_update_service(t->update, s, &err);
    if (rc)
        fail_msg("%d: %s", rc, err.text);
    testbed_publish(t);
}

// --- pods ------------------------------------------------------------------

static void a_pod_that_lacks_something_says_what(void **state)
{
    const struct service_lack lacks[] = {
        {"Web-1", not_ready},
        {"arbiter", {.code = REASON_POD_TERMINATING, .since_unix_s = SINCE}},
        {"web-0", not_ready},
        {"", not_ready},
        {"web.2", {.code = REASON_POD_PENDING}},
    };
    struct testbed *t = *state;
    struct draft *d;
    struct service s =
        drafted("one/db headless port p:1/tcp slice4 port p:1/tcp "
                "end web-0 10.0.0.1 end web-2 10.0.0.3",
                &d);
    s.lacks = lacks;
    s.lacks_n = ORD_COUNT(lacks);
    serve(t, &s);
    assert_why(t, "web-1.db.one", "A", NOT_READY);
    assert_why(t, "WEB-1.db.one", "AAAA", NOT_READY);
    assert_why(t, "arbiter.db.one", "A",
               "NXDOMAIN pod-terminating 0: being deleted since 22:13:20Z, "
               "2023-11-14");
    // who has a name has it, whatever it lacks
    assert_why(t, "web-0.db.one", "A", "found");
    assert_why(t, "web-0.db.one", "AAAA",
               "NODATA type-absent 0: the name has A and SRV only");
    assert_why(t, "web-3.db.one", "A",
               "NXDOMAIN hostname-unknown 0: the service has no peer of this "
               "name; it has web-0 and web-2");
    assert_why(t, "_udp.db.one", "A",
               "NXDOMAIN protocol-unknown 0: the service has no port of this "
               "protocol; it has _p._tcp");
    draft_free(d);
}

static void what_peers_lack_is_not_kept(void **state)
{
    const struct service_lack lacks[] = {{"web-0", not_ready},
                                         {"WEB-1", blocked}};
    struct testbed *t = *state;
    struct draft *d;
    struct service s = drafted(
        "one/db headless slice4 end web-0 10.0.0.1 end web-1 10.0.0.2", &d);
    serve(t, &s);
    const size_t octets = zone_state(t->zone).octets;
    s.lacks = lacks;
    s.lacks_n = 2;
    serve(t, &s);
    assert_int_equal(zone_state(t->zone).octets, octets);
    draft_free(d);
}

static void pods_of_a_service_that_is_empty_say_more_than_it(void **state)
{
    const struct service_lack lacks[] = {{"web-1", not_ready}};
    struct testbed *t = *state;
    struct draft *d;
    struct service s =
        drafted("one/db headless slice4 end web-1 10.0.0.1!", &d);
    s.lacks = lacks;
    s.lacks_n = 1;
    serve(t, &s);
    assert_why(t, "web-1.db.one", "A", NOT_READY);
    assert_why(t, "web-2.db.one", "A",
               "NXDOMAIN none-ready 0: 0 of 1 pods of db are ready");
    draft_free(d);
}

// Pods that lack the same have one text; who lacks nothing has no octet of it.
static void equal_texts_are_there_once(void **state)
{
    enum { PODS = 10000, SIZE = 24 };
    struct service_lack *lacks = calloc(PODS, sizeof *lacks);
    char(*names)[SIZE] = calloc(PODS, SIZE);
    struct testbed *t = *state;
    struct draft *d;
    struct service s = drafted("one/db headless", &d);
    assert_true(lacks && names);
    serve(t, &s);
    const size_t without = zone_state(t->zone).octets;
    for (int i = 0; i < PODS; i++) {
        snprintf(names[i], SIZE, "web-%d", i);
        lacks[i] = (struct service_lack){names[i], not_ready};
        if (i % 2)
            lacks[i].why.since_unix_s += 60;
    }
    s.lacks = lacks;
    s.lacks_n = PODS;
    serve(t, &s);
    assert_in_range(zone_state(t->zone).octets, without + PODS * 12,
                    without + PODS * 12 + 200);
    assert_why(t, "web-0.db.one", "A", NOT_READY);
    assert_why(t, "web-9998.db.one", "A", NOT_READY);
    assert_why(t, "web-9999.db.one", "A",
               "NXDOMAIN pod-not-ready 0: not ready since 22:14:20Z, "
               "2023-11-14: probe");
    assert_why(t, "web-10000.db.one", "A",
               "NXDOMAIN no-endpoints 0: db has no selector and no endpoints");
    draft_free(d);
    free(names);
    free(lacks);
}

// Each of them is found, also where all are different.
static void many_pods_say_each_what_it_lacks(void **state)
{
    enum { PODS = 3000 };
    struct service_lack *lacks = calloc(PODS, sizeof *lacks);
    char(*texts)[2][24] = calloc(PODS, sizeof *texts);
    struct testbed *t = *state;
    struct draft *d;
    struct service s = drafted("one/db headless slice4 end x 10.0.0.1", &d);
    char name[40], expected[80];
    assert_true(lacks && texts);
    for (int i = 0; i < PODS; i++) {
        snprintf(texts[i][0], sizeof texts[i][0], "web-%d", i);
        snprintf(texts[i][1], sizeof texts[i][1], "cause %d", i * 7 % PODS);
        lacks[i] = (struct service_lack){
            texts[i][0], {.code = REASON_POD_PENDING, .detail = texts[i][1]}};
    }
    s.lacks = lacks;
    s.lacks_n = PODS;
    serve(t, &s);
    for (int i = 0; i < PODS; i++) {
        snprintf(name, sizeof name, "web-%d.db.one", i);
        snprintf(expected, sizeof expected,
                 "NXDOMAIN pod-pending 0: pod pending, no address yet: cause "
                 "%d",
                 i * 7 % PODS);
        assert_why(t, name, "A", expected);
    }
    draft_free(d);
    free(texts);
    free(lacks);
}

// --- ordinals --------------------------------------------------------------

static void ordinals_say_where_they_are(void **state)
{
    static const char *const outside[] = {"web-4.db.one", "web-8.db.one",
                                          "web-99999999999999999999.db.one",
                                          "web-4294967301.db.one", NULL};
    // no ordinals at all
    static const char *const none[] = {"web-05.db.one",
                                       "web-:.db.one",
                                       "web-/.db.one",
                                       "web-7a.db.one",
                                       "web-.db.one",
                                       "web.db.one",
                                       NULL};
    const struct service_lack lacks[] = {{"web-6", not_ready},
                                         {"web-9", not_ready}};
    struct testbed *t = *state;
    struct draft *d;
    struct service s = drafted("one/db headless slice4 end web-5 10.0.0.1", &d);
    const struct service_ordinals ordinals = {"Web", 5, 3, blocked};
    s.lacks = lacks;
    s.lacks_n = 2;
    s.ordinals = &ordinals;
    s.ordinals_n = 1;
    serve(t, &s);
    assert_why(t, "web-5.db.one", "A", "found");
    assert_why(t, "web-6.db.one", "A", NOT_READY);
    assert_why(t, "web-7.db.one", "A", WAITS);
    // a pod that is still there says more than the range
    assert_why(t, "web-9.db.one", "A", NOT_READY);
    for (size_t i = 0; outside[i]; i++)
        assert_why(t, outside[i], "A",
                   "NXDOMAIN ordinal-outside 0: StatefulSet Web has the "
                   "ordinals 5..7");
    for (size_t i = 0; none[i]; i++)
        assert_why(t, none[i], "A",
                   "NXDOMAIN hostname-unknown 0: the service has no peer of "
                   "this name; it has web-5");
    draft_free(d);
}

static void ten_thousand_ordinals_have_one_text(void **state)
{
    const struct service_ordinals ordinals = {"web", 0, 10000, blocked};
    struct testbed *t = *state;
    struct draft *d;
    struct service s = drafted("one/db headless", &d);
    serve(t, &s);
    const size_t without = zone_state(t->zone).octets;
    s.ordinals = &ordinals;
    s.ordinals_n = 1;
    serve(t, &s);
    assert_in_range(zone_state(t->zone).octets, without + 1, without + 256);
    assert_why(t, "web-0.db.one", "A", WAITS);
    assert_why(t, "web-9999.db.one", "A", WAITS);
    assert_why(t, "web-10000.db.one", "A", OUTSIDE("0..9999"));
    draft_free(d);
}

static void ordinals_end_at_the_last_number(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless declares web 4294967295 3 "
                     "slice4 end x 10.0.0.1");
    assert_why(t, "web-0.db.one", "A", OUTSIDE("4294967295..4294967295"));
    testbed_serve(t, "one/db headless declares web 1 4294967295 "
                     "slice4 end x 10.0.0.1");
    assert_why(t, "web-0.db.one", "A", OUTSIDE("1..4294967295"));
}

static void nothing_is_known_of_some_ordinals(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless declares web 0 3 slice4 end a 10.0.0.1");
    assert_why(t, "web-0.db.one", "A",
               "NXDOMAIN hostname-unknown 0: the service has no peer of this "
               "name; it has a");
}

static void scaled_down_to_nothing_is_told(void **state)
{
    struct testbed *t = *state;
    testbed_serve(t, "one/db headless declares web 3 0 declares db 0 1 "
                     "slice4 end db-0 10.0.0.1");
    assert_why(t, "web-3.db.one", "A",
               "NXDOMAIN no-replicas 0: StatefulSet web has 0 replicas");
    assert_why(t, "db-1.db.one", "A",
               "NXDOMAIN ordinal-outside 0: StatefulSet db has the ordinals "
               "0..0");
    assert_why(t, "other-0.db.one", "A",
               "NXDOMAIN hostname-unknown 0: the service has no peer of this "
               "name; it has db-0");
}

// --- the service -----------------------------------------------------------

static void what_the_model_says_of_others_comes_first(void **state)
{
    struct testbed *t = *state;
    struct draft *d;
    struct service s = drafted(
        "one/db ip 10.96.0.1 declares web 0 2 slice4 end - 10.0.0.1", &d);
    s.unnamed = (struct reason){.code = REASON_PODS_WITHOUT_NAMES,
                                .kind = "Deployment",
                                .workload = "shop"};
    serve(t, &s);
    assert_why(t, "x.db.one", "A",
               "NXDOMAIN pods-without-names 0: pods of Deployment shop have no "
               "names of their own");
    assert_why(t, "web-2.db.one", "A", OUTSIDE("0..1"));
    draft_free(d);
}

// Also where some have names, but not where it does not exist itself.
static void that_it_is_not_headless_comes_before_names(void **state)
{
    (void)state;
    struct zone_settings settings = testbed_settings();
    settings.rules.ignore_empty_service = true;
    struct testbed *t = testbed_new(&settings);
    struct draft *d;
    struct service s = drafted("one/db ip 10.96.0.1 slice4 end a 10.0.0.1", &d);
    s.unnamed = (struct reason){
        .code = REASON_NOT_HEADLESS, .service = "db", .workload = "web"};
    s.empty = (struct reason){.code = REASON_NO_PODS, .service = "db"};
    serve(t, &s);
    assert_why(t, "x.db.one", "A",
               "NXDOMAIN not-headless 0: service db of StatefulSet web is not "
               "headless");
    assert_string_equal(why_ask(t->zone, "a.db.one", "A", true), "found");
    s.slices_n = 0;
    serve(t, &s);
    assert_why(t, "x.db.one", "A",
               "NXDOMAIN no-pods 0: no pod matches the selector of service db");
    testbed_free(t);
    draft_free(d);
}

// CoreDNS: endpoint_pod_names. The model speaks of hostnames.
static void names_of_pods_come_before_it(void **state)
{
    (void)state;
    struct zone_settings settings = testbed_settings();
    settings.rules.endpoint_pod_names = true;
    struct testbed *t = testbed_new(&settings);
    struct draft *d;
    struct service s =
        drafted("one/db headless slice4 end - 10.0.0.1 pod shop-x7k2p", &d);
    s.unnamed = (struct reason){.code = REASON_PODS_WITHOUT_NAMES,
                                .kind = "Deployment",
                                .workload = "shop"};
    serve(t, &s);
    assert_why(t, "x.db.one", "A",
               "NXDOMAIN hostname-unknown 0: the service has no peer of this "
               "name; it has shop-x7k2p");
    testbed_free(t);
    draft_free(d);
}

// The same: that they lack hostnames is not why they have none, when none of
// them is ready.
static void names_of_pods_that_are_not_ready_are_not_missed(void **state)
{
    static const char none_ready[] =
        "NXDOMAIN none-ready 0: 0 of 1 pods of db are ready";
    const struct service_lack lacks[] = {
        {"shop-0", {.code = REASON_POD_WITHOUT_HOSTNAME, .pod = "shop-0"}},
        {"shop-1", not_ready}};
    (void)state;
    struct zone_settings settings = testbed_settings();
    for (int i = 0; i < 2; i++) {
        settings.rules.endpoint_pod_names = i == 0;
        struct testbed *t = testbed_new(&settings);
        struct draft *d;
        struct service s = drafted(
            "one/db headless slice4 end - 10.0.0.1! pod shop-x7k2p", &d);
        s.unnamed = (struct reason){.code = REASON_PODS_WITHOUT_NAMES,
                                    .kind = "Deployment",
                                    .workload = "shop"};
        s.lacks = lacks;
        s.lacks_n = ORD_COUNT(lacks);
        serve(t, &s);
        assert_why(t, "shop-x7k2p.db.one", "A",
                   i == 0 ? none_ready
                          : "NXDOMAIN pods-without-names 0: pods of Deployment "
                            "shop have no names of their own");
        assert_why(t, "shop-0.db.one", "A",
                   i == 0 ? none_ready
                          : "NXDOMAIN pod-without-hostname 0: pod shop-0 lacks "
                            "a hostname, or the subdomain ");
        assert_why(t, "shop-1.db.one", "A", NOT_READY);
        testbed_free(t);
        draft_free(d);
    }
}

static void what_the_model_says_of_an_empty_set_comes_first(void **state)
{
    struct testbed *t = *state;
    struct draft *d;
    struct service s = drafted("one/db headless names addressed slice4 "
                               "end a 10.0.0.1!",
                               &d);
    s.empty = (struct reason){.code = REASON_NO_PODS, .service = "db"};
    serve(t, &s);
    assert_why(t, "db.one", "A",
               "NODATA no-pods 0: no pod matches the selector of service db");
    draft_free(d);
    // the zone decides whether it is empty
    s = drafted("one/db headless slice4 end a 10.0.0.1", &d);
    s.empty = (struct reason){.code = REASON_NO_PODS, .service = "db"};
    serve(t, &s);
    assert_why(t, "db.one", "AAAA",
               "NODATA type-absent 0: the name has A only");
    draft_free(d);
}

static void a_reason_that_is_switched_off_is_told_by_its_number(void **state)
{
    struct testbed *t = *state;
    struct draft *d;
    struct service s = drafted("one/db headless", &d);
    s.empty = (struct reason){.code = REASON_ENDPOINTS_OFF};
    serve(t, &s);
    assert_why(t, "db.one", "A",
               "NXDOMAIN endpoints-off 21: endpoints are not served");
    assert_why(t, "a.db.one", "A",
               "NXDOMAIN endpoints-off 21: endpoints are not served");
    draft_free(d);
}

// --- a service that is not there -------------------------------------------

static struct service absent(const struct service_ordinals *ordinals)
{
    return (struct service){
        .namespace = "one",
        .name = "db",
        .ordinals = ordinals,
        .ordinals_n = ordinals ? 1 : 0,
        .empty = missing,
    };
}

static void a_service_that_is_only_named_says_so(void **state)
{
    static const char *const names[] = {
        "db.one",     "a.db.one",     "_tcp.db.one", "_p._tcp.db.one",
        "a.b.db.one", "web-0.db.one", NULL};
    const struct service s = absent(NULL);
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/web headless");
    serve(t, &s);
    for (size_t i = 0; names[i]; i++)
        assert_why(t, names[i], "A", MISSING);
    assert_why(t, "x.one", "A",
               "NXDOMAIN service-unknown 0: namespace one has no such service; "
               "it has web");
    assert_int_equal(zone_state(t->zone).services, 0);
    assert_int_equal(zone_state(t->zone).addresses, 0);
    assert_int_equal(zone_state(t->zone).endpoints, 0);
}

static void its_pods_are_known_all_the_same(void **state)
{
    const struct service_ordinals ordinals = {"web", 0, 2, blocked};
    const struct service_lack lacks[] = {{"web-0", not_ready}};
    struct service s = absent(&ordinals);
    struct testbed *t = *state;
    s.lacks = lacks;
    s.lacks_n = 1;
    serve(t, &s);
    assert_why(t, "web-0.db.one", "A", NOT_READY);
    assert_why(t, "web-1.db.one", "A", WAITS);
    assert_why(t, "web-2.db.one", "A", OUTSIDE("0..1"));
    assert_why(t, "x.db.one", "A", MISSING);
}

static void it_says_so_where_the_model_does_not(void **state)
{
    const struct service_ordinals ordinals = {.name = "web", .n = 2};
    struct service s = absent(&ordinals);
    struct testbed *t = *state;
    s.empty = (struct reason){.code = REASON_NONE};
    serve(t, &s);
    assert_why(t, "db.one", "A", MISSING);
    assert_why(t, "web-1.db.one", "A", MISSING);
}

static void it_comes_and_goes(void **state)
{
    const struct service s = absent(NULL);
    struct testbed *t = *state;
    testbed_namespace(t, "one", true);
    serve(t, &s);
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1");
    assert_why(t, "db.one", "A", "found");
    assert_why(t, "x.one", "A",
               "NXDOMAIN service-unknown 0: namespace one has no such service; "
               "it has db");
    assert_int_equal(zone_state(t->zone).services, 1);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR a.db.one");
    serve(t, &s);
    assert_why(t, "db.one", "A", MISSING);
    assert_why(t, "x.one", "A",
               "NXDOMAIN service-unknown 0: namespace one has no such service; "
               "it has none");
    assert_int_equal(zone_state(t->zone).services, 0);
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    testbed_remove(t, "one", "db");
    testbed_publish(t);
    assert_why(t, "db.one", "A",
               "NXDOMAIN service-unknown 0: namespace one has no such service; "
               "it has none");
    assert_int_equal(zone_state(t->zone).octets, 0);
}

// Nobody can be waited for below a name that is not there.
static void it_declares_nothing(void **state)
{
    const struct service_ordinals ordinals = {.name = "web", .n = 2};
    const struct service s = absent(&ordinals);
    const struct testbed_query q =
        testbed_query("web-0.db.one.svc.cluster.local.", 1, 1232);
    struct testbed *t = *state;
    struct dns_query query;
    struct zone_lookup l;
    struct zone_match match;
    serve(t, &s);
    assert_int_equal(dns_query_parse(span_of(q.octets, q.n), &query),
                     DNS_QUERY_OK);
    assert_int_equal(zone_find(t->zone, &query, &l, &match), ZONE_NXDOMAIN);
    assert_false(zone_is_declared(t->zone, &query, &l));
}

// --- memory ----------------------------------------------------------------

// Each allocation fails once: the old reasons stay.
static void without_memory_the_old_reasons_stay(void **state)
{
    const struct service_ordinals ordinals = {"web", 0, 3, blocked};
    const struct service_lack lacks[] = {
        {"web-1", not_ready},
        {"web-2", {.code = REASON_POD_TERMINATING, .since_unix_s = SINCE}}};
    struct testbed *t = *state;
    struct draft *d;
    bool hit = true;
    struct service s = drafted("one/db headless port p:1/tcp slice4 "
                               "port p:1/tcp end web-0 10.0.0.1",
                               &d);
    s.lacks = lacks;
    s.lacks_n = 2;
    s.ordinals = &ordinals;
    s.ordinals_n = 1;
    testbed_serve(t, "one/db headless");
    for (long n = 1; hit; n++) {
        struct error err = {""};
        testbed_begin(t);
        fault_alloc_after(n);
        const int rc = zone_update_service(t->update, &s, &err);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        assert_int_equal(rc, hit ? -ENOMEM : 0);
        testbed_publish(t);
        assert_why(t, "web-1.db.one", "A",
                   hit ? "NXDOMAIN no-endpoints 0: db has no selector and no "
                         "endpoints"
                       : NOT_READY);
    }
    draft_free(d);
}

// Texts are octets of their service as others are.
static void texts_count_for_the_size_of_a_service(void **state)
{
    (void)state;
    struct zone_settings settings = testbed_settings();
    struct error err = {""};
    struct draft *d;
    struct service s = drafted("one/db headless", &d);
    struct testbed *t = testbed_new(NULL);
    serve(t, &s);
    settings.block_size_max = zone_state(t->zone).octets + 100;
    testbed_free(t);
    t = testbed_new(&settings);
    serve(t, &s);
    const struct service_lack lacks[] = {{"a", not_ready}, {"b", blocked}};
    s.lacks = lacks;
    s.lacks_n = 2;
    testbed_begin(t);
    assert_int_equal(zone_update_service(t->update, &s, &err), -EFBIG);
    testbed_cancel(t);
    testbed_free(t);
    draft_free(d);
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
        test(a_pod_that_lacks_something_says_what),
        test(what_peers_lack_is_not_kept),
        test(pods_of_a_service_that_is_empty_say_more_than_it),
        test(equal_texts_are_there_once),
        test(many_pods_say_each_what_it_lacks),
        test(ordinals_say_where_they_are),
        test(ten_thousand_ordinals_have_one_text),
        test(ordinals_end_at_the_last_number),
        test(nothing_is_known_of_some_ordinals),
        test(scaled_down_to_nothing_is_told),
        test(what_the_model_says_of_others_comes_first),
        cmocka_unit_test(that_it_is_not_headless_comes_before_names),
        cmocka_unit_test(names_of_pods_come_before_it),
        cmocka_unit_test(names_of_pods_that_are_not_ready_are_not_missed),
        test(what_the_model_says_of_an_empty_set_comes_first),
        test(a_reason_that_is_switched_off_is_told_by_its_number),
        test(a_service_that_is_only_named_says_so),
        test(its_pods_are_known_all_the_same),
        test(it_says_so_where_the_model_does_not),
        test(it_comes_and_goes),
        test(it_declares_nothing),
        test(without_memory_the_old_reasons_stay),
        cmocka_unit_test(texts_count_for_the_size_of_a_service),
    };
    return cmocka_run_group_tests(tests, register_reader, unregister_reader);
}
