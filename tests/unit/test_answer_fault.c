// SPDX-License-Identifier: Apache-2.0
// What clients see of faults. Without faults nothing is otherwise: that is what
// all other tests say.
#include "lib/answer_one.h"
#include "lib/reply.h"
#include "lib/testbed.h"
#include "lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    TYPE_A = 1,
    TYPE_SRV = 33,
    TYPE_AAAA = 28,
    ID = 0xbeef,
    UDP_SIZE = 1232
};

static const char services[] =
    "one/db headless slice4 port p:1/tcp end a 10.0.0.1 end b 10.0.0.2 "
    "slice6 port p:1/tcp end a 2001:db8::1 end b 2001:db8::2";

static int set_up(void **state)
{
    struct testbed *t = testbed_new(NULL);
    testbed_put(t, services);
    testbed_put(t, "one/six headless slice6 port p:1/tcp end a 2001:db8::11");
    testbed_put(t, "one/other headless slice4 port p:1/tcp end a 10.0.0.9");
    testbed_put(t, "one/vip ip 10.9.0.1 ip 2001:db8::9:1 port p:1/tcp");
    testbed_put(t, "one/alias external db.one.svc.cluster.local");
    testbed_namespace(t, "one", true);
    testbed_publish(t);
    *state = t;
    return 0;
}

static void publish(struct testbed *t, const struct zone_fault_of *faults,
                    uint32_t n)
{
    testbed_begin(t);
    assert_int_equal(zone_update_faults(t->update, faults, n), 0);
    testbed_publish(t);
}

static void begin(struct testbed *t, const char *service, const char *pod,
                  struct zone_fault fault)
{
    const struct zone_fault_of f = {"one", service, pod, fault};
    publish(t, &f, 1);
}

// "NOERROR aa tc rd 1+0 ede 0 'text'": records of the answer and the others.
static const char *ask_udp(struct testbed *t, const char *name, uint16_t type)
{
    static char text[400];
    char flags[REPLY_FLAGS_SIZE], rcode[16];
    struct reply r;
    testbed_reply(t, name, type, UDP_SIZE, ANSWER_UDP, &r);
    int n = snprintf(text, sizeof text, "%s %s %zu+%zu",
                     reply_rcode_name(r.rcode, rcode), reply_flags(&r, flags),
                     r.lines_n[0], r.lines_n[1] + r.lines_n[2]);
    if (r.ede >= 0)
        snprintf(text + n, sizeof text - (size_t)n, " ede %d '%s'", r.ede,
                 r.ede_text);
    reply_release(&r);
    return text;
}

// --- servfail --------------------------------------------------------------

static void servfail_is_the_answer_to_all_types(void **state)
{
    static const char *const types[] = {"A",   "AAAA",  "SRV", "ANY",
                                        "TXT", "HTTPS", NULL};
    struct testbed *t = *state;
    begin(t, "db", "", (struct zone_fault){.servfail = true});
    assert_answers(t, "db.one", types, "SERVFAIL ede 0");
    assert_answers(t, "a.db.one", types, "SERVFAIL ede 0");
    assert_answers(t, "_p._tcp.db.one", types, "SERVFAIL ede 0");
    // also where there is no name
    assert_answers(t, "no.db.one", types, "SERVFAIL ede 0");
    assert_string_equal(ask_udp(t, "a.db.one.svc.cluster.local.", TYPE_A),
                        "SERVFAIL rd 0+0 ede 0 'fault servfail'");
}

static void others_are_answered_as_ever(void **state)
{
    struct testbed *t = *state;
    begin(
        t, "db", "",
        (struct zone_fault){
            .servfail = true, .truncate = true, .no_aaaa = true, .slow_ms = 1});
    assert_answer(t, "a.other.one", "A", "A 10.0.0.9");
    assert_answer(t, "db.two", "A", "NXDOMAIN");
    assert_answer(t, "one", "A", "NODATA");
    assert_answer(t, "cluster.local.", "A", "NODATA");
    assert_answer(t, "example.", "A", "REFUSED ede 20");
    // a zone transfer is refused as ever (AXFR)
    assert_string_equal(ask_udp(t, "db.one.svc.cluster.local.", 252),
                        "REFUSED rd 0+0");
    // PTR questions are not faulty
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR a.db.one");
    assert_answer(t,
                  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1."
                  "0.0.2.ip6.arpa.",
                  "PTR", "PTR a.db.one");
    assert_string_equal(ask_udp(t, "a.other.one.svc.cluster.local.", TYPE_A),
                        "NOERROR aa rd 1+0");
}

static void a_pods_fault_leaves_its_peers_alone(void **state)
{
    struct testbed *t = *state;
    begin(t, "db", "a", (struct zone_fault){.servfail = true});
    assert_answer(t, "a.db.one", "A", "SERVFAIL ede 0");
    assert_answer(t, "b.db.one", "A", "A 10.0.0.2");
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    publish(t, NULL, 0);
    assert_answer(t, "a.db.one", "A", "A 10.0.0.1");
}

static void a_client_without_edns_gets_no_reason(void **state)
{
    struct testbed *t = *state;
    struct reply r;
    begin(t, "db", "", (struct zone_fault){.servfail = true});
    testbed_reply(t, "db.one.svc.cluster.local.", TYPE_A, 0, ANSWER_UDP, &r);
    assert_int_equal(r.rcode, 2);
    assert_false(r.has_opt);
    reply_release(&r);
}

// Replies are in the order of the questions, whatever happens to some of them.
static void a_batch_has_sound_and_faulty_ones(void **state)
{
    struct testbed *t = *state;
    static const char *const names[] = {
        "a.db.one.svc.cluster.local.", "b.db.one.svc.cluster.local.",
        "a.other.one.svc.cluster.local.", "example."};
    static const unsigned rcodes[] = {2, 0, 0, 5};
    struct answer_job jobs[4];
    uint8_t messages[4][UDP_SIZE];
    begin(t, "db", "a", (struct zone_fault){.servfail = true});
    for (unsigned i = 0; i < 4; i++) {
        const struct testbed_query q =
            testbed_query(names[i], TYPE_A, UDP_SIZE);
        memcpy(messages[i], q.octets, q.n);
        jobs[i] = (struct answer_job){.message = messages[i],
                                      .query_n = (uint32_t)q.n,
                                      .size = UDP_SIZE,
                                      .transport = ANSWER_UDP};
    }
    answer_batch(&t->context, jobs, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(jobs[i].verdict, ANSWER_SEND);
        assert_int_equal(messages[i][3] & 15, rcodes[i]);
    }
    assert_int_equal(counter_read(&t->context.counters.queries[ANSWER_UDP]), 4);
    assert_int_equal(counter_read(&t->context.counters.replies[2]), 1);
}

// Nothing is known before the first load; no fault makes it known.
static void a_zone_that_is_not_complete_says_so_first(void **state)
{
    (void)state;
    struct testbed *t = testbed_new(NULL);
    testbed_put(t, services);
    const struct zone_fault_of f = {
        "one", "db", "", {.truncate = true, .no_aaaa = true, .slow_ms = 100}};
    assert_int_equal(zone_update_faults(t->update, &f, 1), 0);
    zone_update_publish(t->update, t->now_s, false);
    t->update = NULL;
    assert_answer(t, "a.db.one", "SRV", "SERVFAIL ede 14");
    testbed_free(t);
}

// --- truncate --------------------------------------------------------------

static void truncate_sends_clients_to_tcp(void **state)
{
    struct testbed *t = *state;
    begin(t, "db", "", (struct zone_fault){.truncate = true});
    assert_string_equal(ask_udp(t, "db.one.svc.cluster.local.", TYPE_A),
                        "NOERROR aa tc rd 0+0 ede 0 'fault truncate'");
    assert_string_equal(ask_udp(t, "a.db.one.svc.cluster.local.", TYPE_SRV),
                        "NOERROR aa tc rd 0+0 ede 0 'fault truncate'");
    assert_int_equal(counter_read(&t->context.counters.truncated), 2);
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "no.db.one", "A", "NXDOMAIN");
}

static void servfail_goes_before_truncate(void **state)
{
    struct testbed *t = *state;
    begin(t, "db", "", (struct zone_fault){.truncate = true, .servfail = true});
    assert_string_equal(ask_udp(t, "db.one.svc.cluster.local.", TYPE_A),
                        "SERVFAIL rd 0+0 ede 0 'fault servfail'");
}

// --- no-aaaa ---------------------------------------------------------------

// Both kinds of names are still there.
static void without_aaaa_names_stay(void **state)
{
    struct testbed *t = *state;
    const struct zone_fault_of all[] = {{"one", "db", "", {.no_aaaa = true}},
                                        {"one", "six", "", {.no_aaaa = true}},
                                        {"one", "vip", "", {.no_aaaa = true}}};
    publish(t, all, ORD_COUNT(all));
    static const char *const names[] = {
        "db.one",  "a.db.one", "_p._tcp.db.one", "six.one", "a.six.one",
        "vip.one", NULL};
    for (const char *const *name = names; *name; name++)
        assert_answer(t, *name, "AAAA", "NODATA");
    assert_answer(t, "no.db.one", "AAAA", "NXDOMAIN");
    assert_answer(t, "db.one", "A", "A 10.0.0.1, A 10.0.0.2");
    assert_answer(t, "a.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "a.six.one", "A", "NODATA");
    assert_answer(t, "vip.one", "A", "A 10.9.0.1");
    assert_answer(t, "db.one", "TXT", "NODATA");
    publish(t, NULL, 0);
    assert_answer(t, "a.six.one", "AAAA", "AAAA 2001:db8::11");
    assert_answer(t, "vip.one", "AAAA", "AAAA 2001:db8::9:1");
}

static void without_aaaa_srv_has_no_such_additionals(void **state)
{
    struct testbed *t = *state;
    const struct zone_fault_of all[] = {{"one", "db", "", {.no_aaaa = true}},
                                        {"one", "six", "", {.no_aaaa = true}}};
    publish(t, all, ORD_COUNT(all));
    static const char *const names[] = {"db.one", "_p._tcp.db.one", NULL};
    for (const char *const *name = names; *name; name++)
        assert_answer(t, *name, "SRV",
                      "SRV 0 25 1 a.db.one, SRV 0 25 1 b.db.one + "
                      "a.db.one A 10.0.0.1, b.db.one A 10.0.0.2");
    assert_answer(t, "a.db.one", "SRV",
                  "SRV 0 50 1 a.db.one + a.db.one A 10.0.0.1");
    assert_answer(t, "six.one", "SRV", "SRV 0 100 1 a.six.one");
    assert_answer(t, "no.db.one", "SRV", "NXDOMAIN");
    assert_answer(t, "_p._udp.db.one", "SRV", "NXDOMAIN");
}

// RFC 8482 4.1: one set of those that there are.
static void without_aaaa_any_is_another_type(void **state)
{
    struct testbed *t = *state;
    const struct zone_fault_of all[] = {{"one", "db", "", {.no_aaaa = true}},
                                        {"one", "six", "", {.no_aaaa = true}}};
    publish(t, all, ORD_COUNT(all));
    assert_answer(t, "a.db.one", "ANY", "A 10.0.0.1");
    assert_answer(t, "six.one", "ANY", "SRV 0 100 1 a.six.one");
    assert_answer(t, "a.six.one", "ANY", "SRV 0 100 1 a.six.one");
    assert_answer(t, "no.six.one", "ANY", "NXDOMAIN");
}

// RFC 2308 2.2: the alias, and no data behind it.
static void without_aaaa_an_alias_leads_to_nothing(void **state)
{
    struct testbed *t = *state;
    begin(t, "alias", "", (struct zone_fault){.no_aaaa = true});
    assert_string_equal(ask_udp(t, "alias.one.svc.cluster.local.", TYPE_AAAA),
                        "NOERROR aa rd 1+1 ede 0 'the name has A and SRV "
                        "only'");
    // CNAME and two addresses, as ever
    assert_string_equal(ask_udp(t, "alias.one.svc.cluster.local.", TYPE_A),
                        "NOERROR aa rd 3+0");
    assert_answer(t, "alias.one", "ANY", "CNAME db.one");
}

// An answer that takes more than one message: what is cut stays cut.
static void without_aaaa_large_answers_are_cut_as_ever(void **state)
{
    struct testbed *t = *state;
    testbed_serve_peers(t, 200, 1);
    const char *name = "db.one.svc.cluster.local.";
    char before[100];
    strcpy(before, ask_udp(t, name, TYPE_SRV));
    assert_non_null(strstr(before, " tc "));
    begin(t, "db", "", (struct zone_fault){.no_aaaa = true});
    assert_string_equal(ask_udp(t, name, TYPE_SRV), before);
    struct reply r;
    testbed_reply(t, name, TYPE_SRV, UDP_SIZE, ANSWER_TCP, &r);
    assert_int_equal(r.lines_n[REPLY_ANSWER], 200);
    assert_int_equal(r.lines_n[REPLY_ADDITIONAL], 200);
    reply_release(&r);
}

// --- slow ------------------------------------------------------------------

struct asked {
    struct answer_job job;
    struct testbed_query query;
    uint8_t message[DNS_TCP_MAX];
};

static void ask(struct testbed *t, const char *name,
                enum answer_transport transport, bool due_now,
                struct asked *out)
{
    out->query = testbed_query(name, TYPE_A, UDP_SIZE);
    memcpy(out->message, out->query.octets, out->query.n);
    out->job = (struct answer_job){.message = out->message,
                                   .query_n = (uint32_t)out->query.n,
                                   .size = sizeof out->message,
                                   .transport = transport,
                                   .again = due_now,
                                   .due_now = due_now};
    answer_batch(&t->context, &out->job, 1);
}

static void a_slow_answer_waits_first(void **state)
{
    struct testbed *t = *state;
    struct asked *a = malloc(sizeof *a);
    begin(t, "db", "", (struct zone_fault){.slow_ms = 200});
    for (int transport = ANSWER_UDP; transport <= ANSWER_TCP; transport++) {
        ask(t, "A.db.one.svc.cluster.local.", (enum answer_transport)transport,
            false, a);
        assert_int_equal(a->job.verdict, ANSWER_PARK);
        assert_int_equal(a->job.park_ms, 200);
        assert_false(a->job.park_for_change);
        // the message is as it came: it is asked again
        assert_memory_equal(a->message, a->query.octets, a->query.n);

        ask(t, "A.db.one.svc.cluster.local.", (enum answer_transport)transport,
            true, a);
        assert_int_equal(a->job.verdict, ANSWER_SEND);
        assert_int_equal(a->message[7], 1); // ANCOUNT
    }
    assert_int_equal(counter_read(&t->context.counters.parked), 2);
    assert_int_equal(counter_read(&t->context.counters.replies[0]), 2);
    // what does not exist is not known any faster
    ask(t, "no.db.one.svc.cluster.local.", ANSWER_UDP, false, a);
    assert_int_equal(a->job.verdict, ANSWER_PARK);
    ask(t, "a.other.one.svc.cluster.local.", ANSWER_UDP, false, a);
    assert_int_equal(a->job.verdict, ANSWER_SEND);
    free(a);
}

static void a_slow_answer_may_fail_in_the_end(void **state)
{
    struct testbed *t = *state;
    struct asked *a = malloc(sizeof *a);
    const char *name = "a.db.one.svc.cluster.local.";
    const struct zone_fault_of both[] = {{"one", "db", "", {.servfail = true}},
                                         {"one", "db", "a", {.slow_ms = 300}},
                                         {"one", "db", "", {.slow_ms = 100}}};
    publish(t, both, ORD_COUNT(both));
    ask(t, name, ANSWER_UDP, false, a);
    assert_int_equal(a->job.verdict, ANSWER_PARK);
    assert_int_equal(a->job.park_ms, 300);
    ask(t, name, ANSWER_UDP, true, a);
    assert_int_equal(a->job.verdict, ANSWER_SEND);
    assert_int_equal(a->message[3] & 15, 2);

    begin(t, "db", "", (struct zone_fault){.slow_ms = 100, .truncate = true});
    ask(t, name, ANSWER_UDP, false, a);
    assert_int_equal(a->job.verdict, ANSWER_PARK);
    ask(t, name, ANSWER_UDP, true, a);
    assert_int_equal(a->message[2] & 2, 2); // TC
    free(a);
}

// --- in a whole server -----------------------------------------------------

static const char manifest[] = "apiVersion: v1\n"
                               "kind: Service\n"
                               "metadata: {name: db, namespace: one}\n"
                               "spec: {clusterIP: None, selector: {app: db}}\n"
                               "---\n"
                               "apiVersion: apps/v1\n"
                               "kind: StatefulSet\n"
                               "metadata: {name: a, namespace: one}\n"
                               "spec:\n"
                               "  serviceName: db\n"
                               "  replicas: 2\n"
                               "  selector: {matchLabels: {app: db}}\n"
                               "  template: {metadata: {labels: {app: db}}}\n";

static void begin_in_world(struct world *w, bool of_service, const char *name,
                           const char *text, uint64_t for_ms)
{
    struct fault fault = {.of_service = of_service,
                          .since_ms = world_now_ms(w),
                          .until_ms = UINT64_MAX,
                          .namespace = "one",
                          .name = name};
    struct error err;
    if (for_ms)
        fault.until_ms = fault.since_ms + for_ms;
    assert_int_equal(fault_parse(text, &fault.kind, &fault.ms, &err), 0);
    assert_int_equal(faults_add(world_pipeline(w)->faults, &fault, &err), 0);
    assert_int_equal(world_run(w), 0);
}

// The RCODE, and TC as 512, of a reply that comes after so many milliseconds.
static int rcode_after(struct world *w, const char *name, uint64_t wait_ms)
{
    static uint8_t message[DNS_TCP_MAX];
    struct answer_context *c = world_context(w);
    const struct testbed_query q = testbed_query(name, TYPE_A, UDP_SIZE);
    assert_int_equal(answer_one_waits_ms(c, q.octets, q.n, ANSWER_UDP, message),
                     wait_ms);
    assert_int_equal(world_advance(w, wait_ms), 0);
    assert_true(answer_one_due(c, q.octets, q.n, ANSWER_UDP, message) > 0);
    return bytes_load_u16(message + 2) & (DNS_FLAG_TC | 15);
}

// What is answered in the end is what is true by then.
static void time_passes_while_an_answer_waits(void **state)
{
    (void)state;
    struct world *w =
        world_new("--enable-faults --seed 7 --pod-cidr 10.244.0.0/24");
    assert_non_null(w);
    assert_true(world_write(w, "db.yaml", manifest, sizeof manifest - 1));
    assert_int_equal(world_load(w), 0);
    const char *a0 = "a-0.db.one.svc.cluster.local.";
    const char *a1 = "a-1.db.one.svc.cluster.local.";
    assert_int_equal(rcode_after(w, a0, 0), 0);

    begin_in_world(w, true, "db", "slow=200", 0);
    begin_in_world(w, false, "a-1", "slow=500", 1000);
    begin_in_world(w, false, "a-1", "servfail", 400);
    assert_int_equal(rcode_after(w, a0, 200), 0);
    assert_int_equal(rcode_after(w, a1, 500), 0); // it ended meanwhile
    begin_in_world(w, false, "a-1", "truncate", 0);
    // 300 ms are left of the pod's, then the service's counts
    assert_int_equal(rcode_after(w, a1, 500), DNS_FLAG_TC);
    assert_int_equal(rcode_after(w, a1, 200), DNS_FLAG_TC);
    assert_int_equal(rcode_after(w, "a-2.db.one.svc.cluster.local.", 200), 3);
    assert_int_equal(faults_clear(world_pipeline(w)->faults, NULL, NULL), 2);
    assert_int_equal(world_run(w), 0);
    assert_int_equal(rcode_after(w, a1, 0), 0);
    world_free(w);
}

static const char deployment[] =
    "apiVersion: apps/v1\n"
    "kind: Deployment\n"
    "metadata: {name: web, namespace: one}\n"
    "spec:\n"
    "  replicas: 2\n"
    "  selector: {matchLabels: {app: db}}\n"
    "  template: {metadata: {labels: {app: db}}}\n";

// What happened in a world of this seed; free() it.
static char *tell_story(const char *seed)
{
    char options[100];
    snprintf(options, sizeof options,
             "--enable-faults --seed %s --pod-cidr 10.244.0.0/24", seed);
    struct world *w = world_new(options);
    assert_non_null(w);
    assert_true(world_write(w, "db.yaml", manifest, sizeof manifest - 1));
    assert_true(world_write(w, "web.yaml", deployment, sizeof deployment - 1));
    assert_int_equal(world_load(w), 0);
    begin_in_world(w, false, "a-0", "flap=70", 500);
    begin_in_world(w, false, "a-1", "move", 300);
    begin_in_world(w, true, "db", "gone", 200);
    begin_in_world(w, true, "db", "stale=40", 400);
    assert_int_equal(world_advance(w, 1000), 0);
    char *events = strdup(world_take_events(w, "one"));
    assert_non_null(events);
    world_free(w);
    return events;
}

static void equal_seeds_make_equal_stories(void **state)
{
    (void)state;
    char *one = tell_story("7"), *two = tell_story("7");
    char *other = tell_story("8");
    assert_string_equal(one, two);
    assert_string_not_equal(one, other); // pods without ordinal
    assert_non_null(strstr(one, "unready a-0"));
    free(one);
    free(two);
    free(other);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(servfail_is_the_answer_to_all_types),
        TEST(others_are_answered_as_ever),
        TEST(a_pods_fault_leaves_its_peers_alone),
        TEST(a_client_without_edns_gets_no_reason),
        TEST(a_batch_has_sound_and_faulty_ones),
        cmocka_unit_test(a_zone_that_is_not_complete_says_so_first),
        TEST(truncate_sends_clients_to_tcp),
        TEST(servfail_goes_before_truncate),
        TEST(without_aaaa_names_stay),
        TEST(without_aaaa_srv_has_no_such_additionals),
        TEST(without_aaaa_any_is_another_type),
        TEST(without_aaaa_an_alias_leads_to_nothing),
        TEST(without_aaaa_large_answers_are_cut_as_ever),
        TEST(a_slow_answer_waits_first),
        TEST(a_slow_answer_may_fail_in_the_end),
        cmocka_unit_test(time_passes_while_an_answer_waits),
        cmocka_unit_test(equal_seeds_make_equal_stories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
