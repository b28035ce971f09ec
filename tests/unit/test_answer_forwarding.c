// SPDX-License-Identifier: Apache-2.0
// Which questions are asked upstream (ANSWER_FORWARD), what is left of them,
// and what is never asked there. Aliases: test_answer_forwarding_alias.c.
#include "answer/limit.h"
#include "lib/fault.h"
#include "lib/reply.h"
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    TYPE_A = 1,
    TYPE_PTR = 12,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
    TYPE_SRV = 33,
    TYPE_IXFR = 251,
    TYPE_AXFR = 252,
    TYPE_ANY = 255,
    CLASS_IN = 1,
    CLASS_CH = 3,
    NOERROR = 0,
    FORMERR = 1,
    SERVFAIL = 2,
    NXDOMAIN = 3,
    NOTIMP = 4,
    REFUSED = 5,
    RA = 0x80, // in the fourth octet
    HOLD_MS = 700,
};

#define Z "cluster.local."

static const struct sockaddr_any client = {
    .v4 = {.sin_family = AF_INET, .sin_port = 0x1d04}, .length = 16};

static void put_missing(struct testbed *t, const char *words)
{
    struct draft *d = draft_new(words);
    struct service s = *draft_service(d);
    struct error err;

    s.object = NULL;
    testbed_begin(t);
    assert_int_equal(zone_update_service(t->update, &s, &err), 0);
    draft_free(d);
}

static void fill(struct testbed *t)
{
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/db headless declares web 0 3 slice4 port p:1/tcp "
                   "end web-0 10.0.0.1 slice6 port p:1/tcp end web-0 fd00::1");
    testbed_put(t, "one/none headless declares web 0 3");
    testbed_put(t, "one/vip ip 10.96.0.1 port p:1/tcp");
    put_missing(t, "one/lost headless declares x 0 3");
}

static void forward(struct testbed *t, bool falls_through, bool reverse)
{
    t->context.settings.forwards = true;
    t->context.settings.falls_through = falls_through;
    t->context.settings.forwards_reverse = reverse;
}

static int set_up(void **state)
{
    struct testbed *t = testbed_new(NULL);
    fill(t);
    testbed_publish(t);
    forward(t, false, false);
    *state = t;
    return 0;
}

// Answer it as it was received; the message is in t->message.
static struct answer_job answer(struct testbed *t,
                                const struct testbed_query *q,
                                struct answer_job job)
{
    job.message = t->message;
    job.query_n = (uint32_t)q->n;
    job.size = DNS_TCP_MAX;
    job.client = &client;
    memcpy(t->message, q->octets, q->n);
    answer_batch(&t->context, &job, 1);
    return job;
}

static struct answer_job ask(struct testbed *t, const char *name, uint16_t type)
{
    const struct testbed_query q = testbed_query(name, type, 1232);
    return answer(t, &q, (struct answer_job){.transport = ANSWER_UDP});
}

static unsigned rcode_of(const struct answer_job *job)
{
    assert_int_equal(job->verdict, ANSWER_SEND);
    return job->message[3] & 0x0f;
}

// Over both transports, and nothing of it has changed.
static void check_forwarded(struct testbed *t, const struct testbed_query *q)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        const struct answer_job job = answer(
            t, q,
            (struct answer_job){.transport = tcp ? ANSWER_TCP : ANSWER_UDP});
        assert_int_equal(job.verdict, ANSWER_FORWARD);
        assert_int_equal(job.query_n, q->n);
        assert_memory_equal(t->message, q->octets, q->n);
    }
}

static const uint16_t some_types[] = {TYPE_A,   TYPE_AAAA, TYPE_SRV, TYPE_TXT,
                                      TYPE_PTR, TYPE_ANY,  65,       0};

static void check_all_forwarded(struct testbed *t, const char *const *names)
{
    for (; *names; names++) {
        for (size_t i = 0; i < ORD_COUNT(some_types); i++) {
            const struct testbed_query q =
                testbed_query(*names, some_types[i], 1232);
            check_forwarded(t, &q);
        }
    }
}

static void check_none_forwarded(struct testbed *t, const char *const *names)
{
    for (; *names; names++)
        for (size_t i = 0; i < ORD_COUNT(some_types); i++)
            assert_int_equal(ask(t, *names, some_types[i]).verdict,
                             ANSWER_SEND);
}

static uint64_t forwarded(const struct testbed *t)
{
    return counter_read(&t->context.counters.forwarded);
}

static uint64_t replies(const struct testbed *t)
{
    uint64_t n = 0;
    for (int i = 0; i < ANSWER_RCODES; i++)
        n += counter_read(&t->context.counters.replies[i]);
    return n;
}

// --- names outside of our zones --------------------------------------------

static const char *const outside[] = {
    ".",           "org.",
    "local.",      "db.example.org.",
    "DB.ExAmPle.", "db.one.svc.cluster.local.example.org.",
    NULL};

static void names_outside_of_our_zones_are_forwarded(void **state)
{
    check_all_forwarded(*state, outside);
}

// Transfers are of many messages (RFC 5936 2.2), and not allowed here.
static void of_any_type_but_transfers(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = testbed_query("db.example.org.", 0, 0);
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        bytes_store_u16(q.octets + q.n - 4, (uint16_t)type);
        const struct answer_job job = answer(t, &q, (struct answer_job){0});
        if (type != TYPE_AXFR && type != TYPE_IXFR)
            assert_int_equal(job.verdict, ANSWER_FORWARD);
        else
            assert_int_equal(rcode_of(&job), REFUSED);
    }
}

// Class CH is about this server (RFC 4892).
static void of_any_class_but_ch(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = testbed_query("id.server.", TYPE_TXT, 0);
    t->context.settings.identity = span_of_text("me");
    for (unsigned class = 0; class <= UINT16_MAX; class ++) {
        bytes_store_u16(q.octets + q.n - 2, (uint16_t) class);
        if (class != CLASS_CH) {
            check_forwarded(t, &q);
            continue;
        }
        const struct answer_job job = answer(t, &q, (struct answer_job){0});
        assert_int_equal(rcode_of(&job), NOERROR);
        assert_true(t->message[3] & RA);
    }
    q = testbed_query("db.example.org.", TYPE_A, 0);
    bytes_store_u16(q.octets + q.n - 2, CLASS_CH);
    struct answer_job job = answer(t, &q, (struct answer_job){0});
    assert_int_equal(rcode_of(&job), REFUSED);
    q = testbed_query("db.example.org.", TYPE_AXFR, 0);
    bytes_store_u16(q.octets + q.n - 2, 4); // HS
    job = answer(t, &q, (struct answer_job){0});
    assert_int_equal(rcode_of(&job), REFUSED);
}

static void no_class_leads_a_name_of_ours_out(void **state)
{
    static const char *const names[] = {
        Z,        "db.one.svc." Z,          "no.one.svc." Z,
        "any." Z, "9.0.0.10.in-addr.arpa.", NULL,
    };
    struct testbed *t = *state;
    forward(t, true, true);
    for (size_t i = 0; names[i]; i++) {
        struct testbed_query q = testbed_query(names[i], TYPE_A, 0);
        for (unsigned class = 0; class <= UINT16_MAX; class ++) {
            if (class == CLASS_IN)
                continue;
            bytes_store_u16(q.octets + q.n - 2, (uint16_t) class);
            const struct answer_job job = answer(t, &q, (struct answer_job){0});
            assert_int_equal(rcode_of(&job), REFUSED);
        }
    }
    assert_int_equal(forwarded(t), 0);
}

// RD is for the upstream to look at; so are AD, CD, DO and options.
static void a_query_is_forwarded_as_it_came(void **state)
{
    static const uint8_t padding[480];
    struct testbed *t = *state;
    struct testbed_query q = testbed_query("wWw.eXample.org.", TYPE_A, 0);
    check_forwarded(t, &q);
    for (unsigned flags = 0; flags < 8; flags++) {
        q = testbed_query("wWw.eXample.org.", TYPE_A, 4096);
        q.octets[2] = flags & 1;                    // RD
        q.octets[3] = (uint8_t)((flags >> 1) << 4); // AD, CD
        q.octets[q.n - 4] = (uint8_t)(flags << 7);  // DO
        const size_t opt = q.n - 11;
        testbed_query_option(&q, opt, 10, "12345678", 8); // COOKIE
        testbed_query_option(&q, opt, 3, NULL, 0);        // NSID
        testbed_query_option(&q, opt, 65001, padding, flags * 60);
        check_forwarded(t, &q);
    }
}

// Nothing else of a message is: it was not understood, or is no question.
static void what_is_no_question_is_answered_as_ever(void **state)
{
    struct testbed *t = *state;
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        struct testbed_query q = testbed_query("example.org.", TYPE_A, 1232);
        q.octets[2] = (uint8_t)(opcode << 3);
        const struct answer_job job = answer(t, &q, (struct answer_job){0});
        assert_int_equal(rcode_of(&job), NOTIMP);
        assert_true(t->message[3] & RA);
    }
    struct testbed_query q = testbed_query("example.org.", TYPE_A, 1232);
    q.octets[2] |= 0x80; // a response
    assert_int_equal(answer(t, &q, (struct answer_job){0}).verdict,
                     ANSWER_DROP);
    q = testbed_query("example.org.", TYPE_A, 1232);
    q.octets[q.n - 5] = 1; // EDNS version
    struct answer_job job = answer(t, &q, (struct answer_job){0});
    assert_int_equal(rcode_of(&job), 0); // BADVERS, less its upper bits
    assert_true(t->message[3] & RA);
    q = testbed_query("example.org.", TYPE_A, 0);
    q.n--;
    job = answer(t, &q, (struct answer_job){0});
    assert_int_equal(rcode_of(&job), FORMERR);
    assert_true(t->message[3] & RA);
    assert_int_equal(forwarded(t), 0);
}

static void without_forwards_nothing_is_forwarded(void **state)
{
    struct testbed *t = *state;
    forward(t, true, true);
    t->context.settings.forwards = false;
    assert_answer(t, "example.org.", "A", "REFUSED ede 20");
    assert_answer(t, "no.one", "A", "NXDOMAIN");
    assert_answer(t, "9.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    struct testbed_query q = testbed_query("example.org.", TYPE_A, 0);
    bytes_store_u16(q.octets + q.n - 2, 4); // HS
    const struct answer_job job = answer(t, &q, (struct answer_job){0});
    assert_int_equal(rcode_of(&job), REFUSED);
    assert_int_equal(forwarded(t), 0);
}

// --- names in our zones ----------------------------------------------------

// In the domain, below no service that is there; see test_zone_unknown.c.
static const char *const unknown[] = {
    "no.one.svc." Z,         "web-0.no.one.svc." Z,
    "_p._tcp.no.one.svc." Z, "1.2.3.4.no.one.svc." Z,
    "lost.one.svc." Z,       "x-0.lost.one.svc." Z,
    "db.two.svc." Z,         "two.svc." Z,
    "10-0-0-1.one.pod." Z,   "www.example.org.cluster.local.",
    "NO.One.Svc." Z,         NULL};

static const char *const known[] = {
    Z,
    "svc." Z,
    "one.svc." Z,
    "pod." Z,
    "dns." Z,
    "ns.dns." Z,
    "no.dns." Z,
    "dns-version." Z,
    "x.dns-version." Z,
    "db.one.svc." Z,
    "web-0.db.one.svc." Z,
    "web-1.db.one.svc." Z,
    "no.db.one.svc." Z,
    "_p._tcp.db.one.svc." Z,
    "_no._tcp.db.one.svc." Z,
    "1.2.3.4.db.one.svc." Z,
    "none.one.svc." Z,
    "web-1.none.one.svc." Z,
    "vip.one.svc." Z,
    "no.vip.one.svc." Z,
    NULL,
};

static void nothing_in_the_domain_is_forwarded(void **state)
{
    struct testbed *t = *state;
    forward(t, false, true);
    check_none_forwarded(t, known);
    check_none_forwarded(t, unknown);
}

static void unless_it_falls_through_where_nobody_told_us_of_it(void **state)
{
    struct testbed *t = *state;
    forward(t, true, false);
    check_none_forwarded(t, known);
    check_all_forwarded(t, unknown);
    for (size_t i = 0; unknown[i]; i++) {
        const struct answer_job job = ask(t, unknown[i], TYPE_AXFR);
        assert_int_equal(rcode_of(&job), REFUSED);
    }
    // others do not know the reverse zones better
    assert_answer(t, "9.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
}

static void a_declared_ordinal_waits_and_is_never_forwarded(void **state)
{
    struct testbed *t = *state;
    forward(t, true, true);
    t->context.settings.hold_ms = HOLD_MS;
    const struct testbed_query q =
        testbed_query("web-1.db.one.svc." Z, TYPE_A, 1232);
    struct answer_job job = answer(t, &q, (struct answer_job){0});
    assert_int_equal(job.verdict, ANSWER_PARK);
    assert_memory_equal(t->message, q.octets, q.n);
    job = answer(t, &q, (struct answer_job){.again = true, .due_now = true});
    assert_int_equal(rcode_of(&job), NXDOMAIN);
    job = ask(t, "web-3.db.one.svc." Z, TYPE_A);
    assert_int_equal(rcode_of(&job), NXDOMAIN);
    // of a service that is not there
    assert_int_equal(ask(t, "x-1.lost.one.svc." Z, TYPE_A).verdict,
                     ANSWER_FORWARD);
    assert_int_equal(ask(t, "example.org.", TYPE_A).verdict, ANSWER_FORWARD);
}

// What was waited for, and is no longer ours to know.
static void what_waited_is_forwarded_when_its_service_goes(void **state)
{
    struct testbed *t = *state;
    forward(t, true, false);
    t->context.settings.hold_ms = HOLD_MS;
    const struct testbed_query q =
        testbed_query("web-1.db.one.svc." Z, TYPE_A, 1232);
    assert_int_equal(answer(t, &q, (struct answer_job){0}).verdict,
                     ANSWER_PARK);
    testbed_remove(t, "one", "db");
    testbed_publish(t);
    const struct answer_job job =
        answer(t, &q, (struct answer_job){.again = true});
    assert_int_equal(job.verdict, ANSWER_FORWARD);
    assert_memory_equal(t->message, q.octets, q.n);
}

static void an_address_that_nobody_has_is_forwarded(void **state)
{
    static const char *const nobody[] = {
        "9.0.0.10.in-addr.arpa.",
        "4.4.8.8.in-addr.arpa.",
        "8.8.in-addr.arpa.",
        "no-address.in-addr.arpa.",
        "lb._dns-sd._udp.0.0.0.10.in-addr.arpa.",
        "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f."
        "ip6.arpa.",
        "8.b.d.0.1.0.0.2.ip6.arpa.",
        NULL};
    static const char *const ours[] = {
        "1.0.0.10.in-addr.arpa.",
        "1.0.96.10.in-addr.arpa.",
        "10.in-addr.arpa.", // something is below it
        "in-addr.arpa.",
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f."
        "ip6.arpa.",
        "0.0.d.f.ip6.arpa.",
        "ip6.arpa.",
        NULL};
    struct testbed *t = *state;
    check_none_forwarded(t, nobody);
    forward(t, false, true);
    check_all_forwarded(t, nobody);
    check_none_forwarded(t, ours);
    assert_answer(t, ours[0], "PTR", "PTR web-0.db.one");
    assert_answer(t, ours[0], "A", "NODATA");
    assert_answer(t, ours[4], "PTR", "PTR web-0.db.one");
}

// --reverse: what is outside of it is nobody's of ours.
static void a_reverse_zone_that_is_given_is_ours_alone(void **state)
{
    static const struct cidr zones[] = {
        {.base = {.family = FAMILY_IPV4, .octets = {10}}, .prefix = 8}};
    struct zone_settings settings = testbed_settings();
    (void)state;
    settings.reverse = zones;
    settings.reverse_n = 1;
    struct testbed *t = testbed_new(&settings);
    fill(t);
    testbed_publish(t);
    forward(t, true, false);
    assert_answer(t, "9.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR", "PTR web-0.db.one");
    assert_int_equal(ask(t, "1.0.0.11.in-addr.arpa.", TYPE_PTR).verdict,
                     ANSWER_FORWARD);
    assert_int_equal(ask(t, "in-addr.arpa.", TYPE_PTR).verdict, ANSWER_FORWARD);
    testbed_free(t);
}

// Whether others know a name that we may know is not known yet. The world
// outside is there from the first moment.
static void an_incomplete_zone_forwards_names_outside_alone(void **state)
{
    struct testbed *t = testbed_new(NULL);
    (void)state;
    forward(t, true, true);
    check_all_forwarded(t, outside);
    fill(t);
    zone_update_publish(t->update, TESTBED_NOW_S, false);
    t->update = NULL;
    check_all_forwarded(t, outside);
    for (size_t i = 0; unknown[i]; i++) {
        const struct answer_job job = ask(t, unknown[i], TYPE_A);
        assert_int_equal(rcode_of(&job), SERVFAIL);
        assert_true(t->message[3] & RA);
    }
    struct answer_job job = ask(t, "9.0.0.10.in-addr.arpa.", TYPE_PTR);
    assert_int_equal(rcode_of(&job), SERVFAIL);
    testbed_publish(t);
    job = ask(t, "9.0.0.10.in-addr.arpa.", TYPE_PTR);
    assert_int_equal(job.verdict, ANSWER_FORWARD);
    check_all_forwarded(t, unknown);
    testbed_free(t);
}

// --- RA (RFC 1035 4.1.1) ---------------------------------------------------

static void ra_is_set_in_all_replies_if_anything_is_forwarded(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        unsigned rcode;
    } all[] = {
        {"db.one.svc." Z, TYPE_A, NOERROR},
        {"web-0.db.one.svc." Z, TYPE_A, NOERROR},
        {"web-0.db.one.svc." Z, TYPE_TXT, NOERROR}, // NODATA
        {"db.one.svc." Z, TYPE_SRV, NOERROR},
        {Z, TYPE_ANY, NOERROR},
        {"1.0.0.10.in-addr.arpa.", TYPE_PTR, NOERROR},
        {"no.db.one.svc." Z, TYPE_A, NXDOMAIN},
        {"db.one.svc." Z, TYPE_AXFR, REFUSED},
        {"example.org.", TYPE_AXFR, REFUSED},
    };
    struct testbed *t = *state;
    for (int forwards = 0; forwards < 2; forwards++) {
        t->context.settings.forwards = forwards;
        for (size_t i = 0; i < 2 * ORD_COUNT(all); i++) {
            const struct testbed_query q = testbed_query(
                all[i / 2].name, all[i / 2].type, i % 2 ? 1232 : 0);
            const struct answer_job job = answer(t, &q, (struct answer_job){0});
            assert_int_equal(rcode_of(&job), all[i / 2].rcode);
            assert_int_equal(t->message[3] & 0xf0, forwards ? RA : 0);
        }
    }
}

// --- limits, counters, faults ----------------------------------------------

static void a_forwarded_query_is_counted_once(void **state)
{
    struct testbed *t = *state;
    const struct answer_counters *c = &t->context.counters;
    const struct testbed_query q = testbed_query("example.org.", TYPE_A, 0);
    check_forwarded(t, &q);
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            answer(t, &q, (struct answer_job){.again = true, .due_now = i > 1})
                .verdict,
            ANSWER_FORWARD);
    assert_int_equal(forwarded(t), 2);
    assert_int_equal(counter_read(&c->queries[ANSWER_UDP]), 1);
    assert_int_equal(counter_read(&c->queries[ANSWER_TCP]), 1);
    assert_int_equal(counter_read(&c->dropped), 0);
    assert_int_equal(counter_read(&c->parked), 0);
    assert_int_equal(replies(t), 0);
}

static void the_limit_is_for_forwarded_queries_too(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = testbed_query("example.org.", TYPE_A, 1232);
    unsigned n = 0;
    t->context.settings.limit = limit_new(5, 1);
    assert_non_null(t->context.settings.limit);
    t->context.now_ms = 1000;
    for (int i = 0; i < 100; i++) {
        const struct answer_job job = answer(t, &q, (struct answer_job){0});
        n += job.verdict == ANSWER_FORWARD;
        if (job.verdict == ANSWER_SEND) {
            assert_int_equal(t->message[2] & 0x02, 0x02); // TC
            assert_true(t->message[3] & RA);
        }
    }
    assert_in_range(n, 5, 6);
    assert_int_equal(forwarded(t), n);
    assert_int_equal(counter_read(&t->context.counters.limited), 100 - n);
    // it was let through when it came; and who is over TCP is who it says
    for (int i = 0; i < 100; i++) {
        assert_int_equal(
            answer(t, &q, (struct answer_job){.again = true}).verdict,
            ANSWER_FORWARD);
        assert_int_equal(
            answer(t, &q, (struct answer_job){.transport = ANSWER_TCP}).verdict,
            ANSWER_FORWARD);
    }
    limit_free(t->context.settings.limit);
}

static void faults_of_a_service_that_others_know_are_not_ours(void **state)
{
    static const struct zone_fault fault = {
        .servfail = true, .truncate = true, .no_aaaa = true, .slow_ms = 50};
    const struct zone_fault_of faults[] = {
        {"one", "no", "", fault},
        {"one", "lost", "x-0", fault},
        {"one", "db", "", {.servfail = true}},
    };
    struct testbed *t = *state;
    testbed_begin(t);
    assert_int_equal(zone_update_faults(t->update, faults, ORD_COUNT(faults)),
                     0);
    testbed_publish(t);
    struct answer_job job = ask(t, "db.one.svc." Z, TYPE_A);
    assert_int_equal(rcode_of(&job), SERVFAIL);
    assert_true(t->message[3] & RA);
    check_all_forwarded(t, outside);
    assert_int_equal(ask(t, "no.one.svc." Z, TYPE_A).verdict, ANSWER_PARK);
    forward(t, true, true);
    t->context.settings.forwards = false;
    assert_int_equal(ask(t, "no.one.svc." Z, TYPE_A).verdict, ANSWER_PARK);
    forward(t, true, true);
    check_all_forwarded(t, unknown);
    job = ask(t, "no.db.one.svc." Z, TYPE_A);
    assert_int_equal(rcode_of(&job), SERVFAIL);
}

// In a batch it changes nothing for those beside it.
static void others_of_its_batch_are_answered(void **state)
{
    enum { N = 12, SIZE = 1232 };
    static const struct {
        const char *name;
        int rcode; // -1: forwarded
    } all[] = {{"web-0.db.one.svc." Z, NOERROR},
               {"example.org.", -1},
               {"no.db.one.svc." Z, NXDOMAIN},
               {"no.one.svc." Z, -1}};
    struct testbed *t = *state;
    struct answer_job jobs[N];
    struct testbed_query queries[ORD_COUNT(all)];
    uint8_t *buffers = malloc(N * SIZE);

    assert_non_null(buffers);
    forward(t, true, true);
    for (unsigned i = 0; i < N; i++) {
        struct testbed_query *q = &queries[i % 4];
        *q = testbed_query(all[i % 4].name, TYPE_A, 1232);
        jobs[i] = (struct answer_job){.message = buffers + i * SIZE,
                                      .query_n = (uint32_t)q->n,
                                      .size = SIZE,
                                      .client = &client};
        memcpy(jobs[i].message, q->octets, q->n);
    }
    const unsigned long allocations = fault_alloc_count();
    answer_batch(&t->context, jobs, N);
    assert_int_equal(fault_alloc_count(), allocations);
    for (unsigned i = 0; i < N; i++) {
        if (all[i % 4].rcode >= 0) {
            assert_int_equal(rcode_of(&jobs[i]), all[i % 4].rcode);
            continue;
        }
        assert_int_equal(jobs[i].verdict, ANSWER_FORWARD);
        assert_memory_equal(jobs[i].message, queries[i % 4].octets,
                            queries[i % 4].n);
    }
    assert_int_equal(forwarded(t), N / 2);
    assert_int_equal(replies(t), N / 2);
    free(buffers);
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
    cmocka_unit_test_setup_teardown(name, set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(names_outside_of_our_zones_are_forwarded),
        test(of_any_type_but_transfers),
        test(of_any_class_but_ch),
        test(no_class_leads_a_name_of_ours_out),
        test(a_query_is_forwarded_as_it_came),
        test(what_is_no_question_is_answered_as_ever),
        test(without_forwards_nothing_is_forwarded),
        test(nothing_in_the_domain_is_forwarded),
        test(unless_it_falls_through_where_nobody_told_us_of_it),
        test(a_declared_ordinal_waits_and_is_never_forwarded),
        test(what_waited_is_forwarded_when_its_service_goes),
        test(an_address_that_nobody_has_is_forwarded),
        test(a_reverse_zone_that_is_given_is_ours_alone),
        test(an_incomplete_zone_forwards_names_outside_alone),
        test(ra_is_set_in_all_replies_if_anything_is_forwarded),
        test(a_forwarded_query_is_counted_once),
        test(the_limit_is_for_forwarded_queries_too),
        test(faults_of_a_service_that_others_know_are_not_ours),
        test(others_of_its_batch_are_answered),
    };
    return cmocka_run_group_tests(tests, register_reader, unregister_reader);
}
