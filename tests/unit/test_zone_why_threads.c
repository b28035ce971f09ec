// SPDX-License-Identifier: Apache-2.0
// Two readers ask why names are none while services, namespaces and what pods
// lack come and go. Meant for the sanitizers, too.
#include "lib/testbed.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { READERS = 2, SECONDS = 1 };

// Asked for, and the codes that may be the answer.
static const struct {
    const char *name;
    uint8_t codes[3];
} questions[] = {
    // that of the namespace stays; its services change
    {"x.one.svc.cluster.local.", {REASON_SERVICE_UNKNOWN}},
    // comes and goes with its only service
    {"x.two.svc.cluster.local.",
     {REASON_SERVICE_UNKNOWN, REASON_NAMESPACE_UNKNOWN}},
    {"three.svc.cluster.local.", {REASON_NAMESPACE_UNKNOWN}},
    {"web-1.db.one.svc.cluster.local.",
     {REASON_POD_NOT_READY, REASON_POD_BLOCKED}},
    {"web-9.db.one.svc.cluster.local.", {REASON_ORDINAL_OUTSIDE}},
    {"_x._tcp.port.one.svc.cluster.local.",
     {REASON_PORT_UNKNOWN, REASON_SERVICE_UNKNOWN}},
};

struct shared {
    const struct zone *zone;
    _Atomic bool done;
};

struct reader {
    pthread_t thread;
    struct shared *shared;
    unsigned long answers;
    char wrong[300];
};

// A text is whole: it neither begins nor ends in the middle.
static bool is_whole(const struct zone_reason *r)
{
    const uint8_t *o = r->option;
    return r->option_n == 6 + r->text_n &&
           (o[2] << 8 | o[3]) == 2 + r->text_n && r->text_n > 10 &&
           o[ZONE_REASON_TEXT_AT] >= 'S' && o[r->option_n - 1] >= '0';
}

static void ask(struct reader *r, size_t i)
{
    const struct testbed_query q = testbed_query(questions[i].name, 1, 1232);
    struct dns_query query;
    struct zone_lookup l;
    struct zone_match match;

    if (dns_query_parse(span_of(q.octets, q.n), &query) != DNS_QUERY_OK)
        return;
    const enum zone_outcome outcome =
        zone_find(r->shared->zone, &query, &l, &match);
    if (outcome == ZONE_FOUND || outcome == ZONE_NODATA)
        return; // a port's service is there for a while
    const struct zone_reason *why =
        zone_why(r->shared->zone, &query, &l, outcome);
    if (!why || !memchr(questions[i].codes, why->code, 3) || !is_whole(why))
        snprintf(r->wrong, sizeof r->wrong, "%s: %d %.*s", questions[i].name,
                 why ? why->code : -1, why ? why->text_n : 0,
                 why ? (const char *)why->option + ZONE_REASON_TEXT_AT : "");
    r->answers++;
}

static void *read_all(void *context)
{
    struct reader *r = context;
    zone_reader_register();
    while (!atomic_load(&r->shared->done)) {
        for (size_t i = 0; i < ORD_COUNT(questions); i++)
            ask(r, i);
        zone_reader_quiescent();
    }
    zone_reader_unregister();
    return NULL;
}

// --- the writer ------------------------------------------------------------

static void put_pods(struct testbed *t, unsigned round)
{
    static const struct service_lack lack = {
        "web-1", {.code = REASON_POD_NOT_READY, .since_unix_s = 1}};
    static const struct service_ordinals ordinals = {
        "web",
        0,
        3,
        {.code = REASON_POD_BLOCKED, .pod = "web-0", .detail = "x"}};
    struct draft *d = draft_new("one/db headless slice4 end web-0 10.0.0.1");
    struct service s = *draft_service(d);
    struct error err;

    s.ordinals = &ordinals;
    s.ordinals_n = 1;
    s.lacks = &lack;
    s.lacks_n = round % 2;
    testbed_begin(t);
    assert_int_equal(zone_update_service(t->update, &s, &err), 0);
    draft_free(d);
}

static void change(struct testbed *t, unsigned round)
{
    char words[80];

    put_pods(t, round);
    snprintf(words, sizeof words, "one/s%u ip 10.96.0.1 port p%u:1/tcp",
             round % 7, round % 3);
    testbed_put(t, words);
    snprintf(words, sizeof words, "s%u", (round + 3) % 7);
    testbed_remove(t, "one", words);
    if (round % 3)
        testbed_put(t, "one/port ip 10.96.0.2 port http:80/tcp");
    else
        testbed_remove(t, "one", "port");
    testbed_namespace(t, "two", round % 2 == 0);
    if (round % 2)
        testbed_remove(t, "two", "only");
    else
        testbed_put(t, "two/only headless");
    testbed_publish(t);
}

static void reasons_are_whole_while_they_change(void **state)
{
    struct testbed *t = *state;
    struct shared shared = {.zone = t->zone};
    struct reader readers[READERS] = {{.shared = &shared}, {.shared = &shared}};
    unsigned rounds = 0;

    testbed_namespace(t, "one", true);
    change(t, rounds++);
    zone_reader_offline();
    for (int i = 0; i < READERS; i++)
        assert_int_equal(
            pthread_create(&readers[i].thread, NULL, read_all, &readers[i]), 0);
    zone_reader_online();
    for (const time_t end = time(NULL) + SECONDS + 1; time(NULL) < end;)
        change(t, rounds++);
    atomic_store(&shared.done, true);
    zone_reader_offline();
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i].thread, NULL);
    zone_reader_online();
    for (int i = 0; i < READERS; i++) {
        assert_string_equal(readers[i].wrong, "");
        assert_true(readers[i].answers > 0);
    }
    assert_true(rounds > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reasons_are_whole_while_they_change,
                                        testbed_set_up, testbed_tear_down),
    };
    zone_reader_register();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
