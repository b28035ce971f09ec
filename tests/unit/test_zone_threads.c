// SPDX-License-Identifier: Apache-2.0
// Two readers and a writer, for two seconds. Each version of a service has its
// number in its addresses and in its port, so that a reply made of two versions
// shows. Then a reader that is there while zones are loaded. Meant for the
// thread sanitizer, too.
#include "lib/reply.h"
#include "lib/testbed.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { READERS = 2, SECONDS = 2, VERSIONS = 60000, CHURN = 64 };

struct shared {
    const struct zone *zone;
    _Atomic bool done;
};

struct reader {
    struct shared *shared;
    struct answer_context context;
    pthread_t thread;
    unsigned long replies;
    unsigned long changes; // of the version between two replies
    unsigned version;      // seen last
    char wrong[400];       // the first thing that was
    uint8_t message[DNS_TCP_MAX];
};

static void wrong(struct reader *r, const char *what, const char *line)
{
    if (!r->wrong[0])
        snprintf(r->wrong, sizeof r->wrong, "%s: %.300s", what, line);
}

// The version in "... A 10.<high>.<low>.<peer>".
static unsigned address_version(const char *line)
{
    const char *address = strrchr(line, ' ');
    unsigned high = 0, low = 0;
    if (!address || sscanf(address, " 10.%u.%u.", &high, &low) != 2)
        return 0;
    return high * 250 + low;
}

// The version in "... SRV 0 <weight> <port> <target>".
static unsigned port_version(const char *line)
{
    const char *srv = strstr(line, " SRV 0 ");
    unsigned weight, port = 0;
    if (!srv || sscanf(srv, " SRV 0 %u %u", &weight, &port) != 2)
        return 0;
    return port;
}

static unsigned peers_of(unsigned version)
{
    return 2 + version % 5;
}

static void check_version(struct reader *r, unsigned version, size_t records)
{
    if (version == 0 || records != peers_of(version))
        wrong(r, "a version has another number of records", "");
    if (version < r->version)
        wrong(r, "an older version after a newer one", "");
    r->changes += version != r->version;
    r->version = version;
}

static void check_addresses(struct reader *r, const struct reply *reply)
{
    size_t n = reply->lines_n[REPLY_ANSWER];
    unsigned version = n ? address_version(reply->lines[REPLY_ANSWER][0]) : 0;

    for (size_t i = 0; i < n; i++)
        if (address_version(reply->lines[REPLY_ANSWER][i]) != version)
            wrong(r, "two versions in one set", reply->lines[REPLY_ANSWER][i]);
    check_version(r, version, n);
}

static void check_srv(struct reader *r, const struct reply *reply)
{
    size_t n = reply->lines_n[REPLY_ANSWER];
    unsigned version = n ? port_version(reply->lines[REPLY_ANSWER][0]) : 0;

    if (reply->lines_n[REPLY_ADDITIONAL] != n)
        wrong(r, "a target without its address", "");
    for (size_t i = 0; i < n && !r->wrong[0]; i++) {
        const char *extra = reply->lines[REPLY_ADDITIONAL][i];
        if (port_version(reply->lines[REPLY_ANSWER][i]) != version ||
            address_version(extra) != version)
            wrong(r, "two versions in one reply", extra);
    }
    check_version(r, version, n);
}

static void check_ptr(struct reader *r, const struct reply *reply)
{
    if (reply->rcode != 0 || reply->lines_n[REPLY_ANSWER] != 1)
        wrong(r, "an address that stays lost its name", reply->question);
}

static void check_pod(struct reader *r, const struct reply *reply)
{
    if (reply->rcode != 0 || reply->lines_n[REPLY_ANSWER] != 1 ||
        !strstr(reply->lines[REPLY_ANSWER][0], " A 10.9.9.9"))
        wrong(r, "a pod that stays lost its name", reply->question);
}

static void check_churn(struct reader *r, const struct reply *reply)
{
    if (reply->rcode != 0 && reply->rcode != 3)
        wrong(r, "neither there nor absent", reply->question);
}

static const struct {
    const char *name;
    uint16_t type;
    void (*check)(struct reader *r, const struct reply *reply);
} questions[] = {
    {"db.one.svc.cluster.local.", 1, check_addresses},
    {"db.one.svc.cluster.local.", 33, check_srv},
    {"_p._tcp.db.one.svc.cluster.local.", 33, check_srv},
    {"_p._tcp.db.one.svc.cluster.local.", 1, check_addresses},
    {"9.9.9.10.in-addr.arpa.", 12, check_ptr},
    {"8.8.8.10.in-addr.arpa.", 12, check_ptr},
    {"7.7.7.10.in-addr.arpa.", 12, check_ptr},
    {"z.pin._zone.db.one.svc.cluster.local.", 1, check_addresses},
    {"y.prefer._zone.db.one.svc.cluster.local.", 1, check_addresses},
    {"10-9-9-9.one.pod.cluster.local.", 1, check_pod},
    {"11-2-1-7.one.pod.cluster.local.", 1, check_churn},
    {"11-2-1-6.ns.pod.cluster.local.", 1, check_churn},
    {"ns.pod.cluster.local.", 1, check_churn},
    {"s-7.one.svc.cluster.local.", 1, check_churn},
    {"1.2.11.in-addr.arpa.", 12, check_churn},
    {"ns.svc.cluster.local.", 1, check_churn},
    {"cluster.local.", 6, check_churn},
};

static void ask(struct reader *r, size_t i)
{
    struct reply reply;
    char error[200] = "";
    uint32_t n =
        (uint32_t)query_write(r->message, sizeof r->message, 1,
                              questions[i].name, questions[i].type, 1232, true);
    struct answer_job job = {.message = r->message,
                             .query_n = n,
                             .size = sizeof r->message,
                             .transport = ANSWER_TCP};
    answer_batch(&r->context, &job, 1);
    if (!reply_read(r->message, job.reply_n, &reply, error))
        wrong(r, "malformed", error);
    else
        questions[i].check(r, &reply);
    reply_release(&reply);
    r->replies++;
}

static void *read_all(void *context)
{
    struct reader *r = context;

    zone_reader_register();
    while (!atomic_load(&r->shared->done) && !r->wrong[0]) {
        for (size_t i = 0; i < ORD_COUNT(questions); i++)
            ask(r, i);
        zone_reader_quiescent();
    }
    zone_reader_unregister();
    return NULL;
}

// --- the writer ------------------------------------------------------------

static void put_version(struct testbed *t, unsigned version)
{
    char words[512];
    int n = snprintf(words, sizeof words,
                     "one/db headless slice4 port p:%u/tcp", version);
    for (unsigned i = 0; i < peers_of(version); i++)
        n += snprintf(words + n, sizeof words - (size_t)n,
                      " end h-%u 10.%u.%u.%u zone z", i, version / 250,
                      version % 250, i);
    testbed_put(t, words);
}

// One address passes from one service to another and back; another has a name
// below `weak` and, in every other version, a stronger one below `strong`.
static void put_moves(struct testbed *t, unsigned version)
{
    bool left = version % 2;
    testbed_put(t, left ? "one/left headless slice4 end m 10.8.8.8"
                        : "one/left headless slice4 end m 10.8.8.9");
    testbed_put(t, left ? "one/right headless slice4 end m 10.8.8.10"
                        : "one/right headless slice4 end m 10.8.8.8");
    testbed_put(t, "one/weak headless slice4 end - 10.7.7.7");
    if (left)
        testbed_put(t, "one/strong headless slice4 end s 10.7.7.7");
    else
        testbed_remove(t, "one", "strong");
}

// Others come and go, so that tables are replaced while they are read; one
// address stays, below a service that is built anew each time.
static void put_others(struct testbed *t, unsigned version)
{
    char words[128];

    snprintf(words, sizeof words, "one/stays headless slice4 end x-%u 10.9.9.9",
             version % 3);
    testbed_put(t, words);
    testbed_namespace(t, "ns", version % 2);
    testbed_namespace(t, "one", true);
    testbed_pod(t, "one", "10.9.9.9", true);
    for (unsigned i = 0; i < CHURN; i++) {
        snprintf(words, sizeof words, "11.2.%u.%u", version % 8 / 4, i);
        testbed_pod(t, i % 2 ? "one" : "ns", words, version % 4 != 3);
        snprintf(words, sizeof words, "s-%u", i);
        if (version % 8 == 7) {
            testbed_remove(t, "one", words);
            continue;
        }
        snprintf(words, sizeof words,
                 "one/s-%u headless slice4 end a 11.2.1.%u", i,
                 i + version % 8);
        testbed_put(t, words);
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static unsigned write_versions(struct testbed *t)
{
    double end = seconds() + SECONDS;
    unsigned version = 2;

    for (; version < VERSIONS && seconds() < end; version++) {
        put_version(t, version);
        put_moves(t, version);
        if (version % 16 == 0)
            put_others(t, version / 16);
        testbed_publish(t);
    }
    return version;
}

static void readers_see_one_version_at_a_time(void **state)
{
    (void)state;
    struct zone_settings settings = testbed_settings();
    settings.rules.pods = ZONE_PODS_VERIFIED;
    settings.rules.zonal = true;
    struct testbed *t = testbed_new(&settings);
    struct shared shared = {.zone = t->zone};
    struct reader *readers = calloc(READERS, sizeof *readers);
    assert_non_null(readers);
    put_version(t, 1);
    put_moves(t, 1);
    put_others(t, 1);
    testbed_publish(t);
    for (int i = 0; i < READERS; i++) {
        readers[i].shared = &shared;
        readers[i].context = t->context;
        assert_int_equal(
            pthread_create(&readers[i].thread, NULL, read_all, &readers[i]), 0);
    }
    unsigned versions = write_versions(t);
    atomic_store(&shared.done, true);
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        assert_string_equal(readers[i].wrong, "");
        assert_true(readers[i].replies > 100);
        assert_true(readers[i].changes > 5);
    }
    assert_true(versions > 20);
    free(readers);
    testbed_free(t);
}

// --- the first load --------------------------------------------------------

enum { LOADS = 200, BATCH = 32, MESSAGE = 512 };

struct loading {
    _Atomic(const struct zone *) zone; // NULL: none is asked
    _Atomic unsigned rcodes;           // a bit of each that the zone gave
    _Atomic bool asking;
    _Atomic bool done;
};

// A batch, because its look-ups are made before its replies. Returns a bit of
// each RCODE.
static unsigned ask_batch(struct answer_context *context)
{
    static uint8_t messages[BATCH][MESSAGE];
    struct answer_job jobs[BATCH] = {0};
    unsigned rcodes = 0;

    for (unsigned i = 0; i < BATCH; i++) {
        jobs[i].message = messages[i];
        jobs[i].size = MESSAGE;
        jobs[i].query_n =
            (uint32_t)query_write(messages[i], MESSAGE, 1,
                                  "db.one.svc.cluster.local.", 1, 1232, true);
    }
    answer_batch(context, jobs, BATCH);
    for (unsigned i = 0; i < BATCH; i++)
        rcodes |= 1u << (messages[i][3] & 15);
    return rcodes;
}

static void *ask_loading(void *argument)
{
    struct loading *l = argument;
    struct answer_context context = {.settings.udp_size_max = MESSAGE};

    zone_reader_register();
    while (!atomic_load(&l->done)) {
        atomic_store(&l->asking, true);
        context.zone = atomic_load(&l->zone);
        if (context.zone)
            atomic_fetch_or(&l->rcodes, ask_batch(&context));
        atomic_store(&l->asking, false);
        zone_reader_quiescent();
    }
    zone_reader_unregister();
    return NULL;
}

static void wait_for(const struct loading *l, unsigned rcode)
{
    while (!(atomic_load(&l->rcodes) & 1u << rcode))
        zone_reader_quiescent();
}

// One zone from its making to its end. Returns a bit of each RCODE it gave.
static unsigned load(struct loading *l)
{
    struct testbed *t = testbed_new(NULL);

    testbed_put(t, "one/db headless slice4 end a 10.0.0.1");
    atomic_store(&l->rcodes, 0);
    atomic_store(&l->zone, t->zone);
    wait_for(l, DNS_RCODE_SERVFAIL);
    testbed_publish(t);
    wait_for(l, DNS_RCODE_NOERROR);
    atomic_store(&l->zone, NULL);
    while (atomic_load(&l->asking))
        zone_reader_quiescent();
    testbed_free(t);
    return atomic_load(&l->rcodes);
}

static void nothing_is_absent_before_the_first_load_is_whole(void **state)
{
    (void)state;
    const unsigned expected =
        1u << DNS_RCODE_SERVFAIL | 1u << DNS_RCODE_NOERROR;
    struct loading l = {.done = false};
    unsigned seen = expected;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, ask_loading, &l), 0);
    for (int i = 0; i < LOADS && seen == expected; i++)
        seen = load(&l);
    atomic_store(&l.done, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(seen, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_see_one_version_at_a_time),
        cmocka_unit_test(nothing_is_absent_before_the_first_load_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
