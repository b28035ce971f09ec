// SPDX-License-Identifier: Apache-2.0
// A service that StatefulSets name and that is not there, from the cluster into
// the zone.
#include "lib/changes.h"
#include "lib/objects.h"
#include "lib/testbed.h"
#include "lib/why.h"
#include "zone/dump.h"
#include "zone/sync.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MISSING(set, service)                                                  \
    "NXDOMAIN service-missing 0: StatefulSet " set                             \
    " names the service " service ", which is not there"
#define NO_SERVICE(names)                                                      \
    "NXDOMAIN service-unknown 0: namespace ns has no such service; it "        \
    "has " names

struct fixture {
    struct testbed *testbed;
    struct zone *zone;
    struct cluster *cluster;
    struct faults *faults;
    struct zone_sync *sync;
    struct report report;
    struct zone_sync_result result; // of the last run
    unsigned findings;
};

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    struct fixture *f = context;
    (void)kind;
    (void)at;
    (void)text;
    f->findings++;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    zone_reader_register();
    f->testbed = testbed_new(NULL);
    f->zone = f->testbed->zone;
    f->cluster = cluster_new(NULL);
    f->faults = faults_new();
    f->report = (struct report){.finding = on_finding, .context = f};
    assert_true(f->cluster && f->faults);
    f->sync = zone_sync_new(f->zone, f->cluster, f->faults, &f->report);
    assert_non_null(f->sync);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    zone_sync_free(f->sync);
    faults_free(f->faults);
    cluster_free(f->cluster);
    testbed_free(f->testbed);
    zone_reader_unregister();
    free(f);
    return 0;
}

static void run(struct fixture *f)
{
    zone_reader_offline();
    const int rc = zone_sync_run(f->sync, 1000, TESTBED_NOW_S, &f->result);
    zone_reader_online();
    assert_int_equal(rc, 0);
}

static struct object *set_of(const char *name, const char *service)
{
    struct object *o = object_make(OBJECT_STATEFUL_SET, "ns", name);
    o->workload.replicas = 2;
    o->workload.service = object_text(o, service);
    o->workload.rules = &stateful_set_rules;
    return object_done(o);
}

static struct object *put(struct fixture *f, struct object *o)
{
    cluster_add(f->cluster, o, 1);
    return o;
}

static void assert_nothing_is_dumped(struct fixture *f)
{
    struct zone_dump dump;
    assert_int_equal(zone_dump(f->zone, 0, ZONE_DUMP_TEXT, &dump), 0);
    dump.p[dump.n - 1] = '\0';
    assert_null(strstr(dump.p, "db.ns"));
    free(dump.p);
}

static void it_is_known_while_it_is_named(void **state)
{
    struct fixture *f = *state;
    struct object *set = put(f, set_of("web", "db"));
    run(f);
    assert_int_equal(f->result.built, 0);
    assert_why(f, "db.ns", "A", MISSING("web", "db"));
    assert_why(f, "web-0.db.ns", "A", MISSING("web", "db"));
    assert_why(f, "other.ns", "A", NO_SERVICE("none"));
    assert_int_equal(zone_state(f->zone).services, 0);
    assert_nothing_is_dumped(f);
    cluster_drop(f->cluster, set);
    run(f);
    assert_why(f, "db.ns", "A",
               "NXDOMAIN namespace-unknown 0: there is no such namespace");
    assert_int_equal(zone_state(f->zone).octets, 0);
    assert_int_equal(f->findings, 0);
}

static void the_service_comes_and_goes(void **state)
{
    struct fixture *f = *state;
    struct object *set = put(f, set_of("web", "db"));
    run(f);
    struct object *service = put(f, make_service("db"));
    struct object *slice = put(f, make_slice("db-1", "db"));
    run(f);
    assert_int_equal(f->result.built, 1);
    assert_why(f, "db.ns", "A", "found");
    assert_why(f, "other.ns", "A", NO_SERVICE("db"));
    cluster_drop(f->cluster, service);
    run(f);
    assert_int_equal(f->result.built, 0);
    assert_int_equal(f->result.removed, 1);
    assert_why(f, "db.ns", "A", MISSING("web", "db"));
    assert_why(f, "other.ns", "A", NO_SERVICE("none"));
    cluster_drop(f->cluster, slice);
    cluster_drop(f->cluster, set);
    run(f);
    assert_int_equal(zone_state(f->zone).octets, 0);
}

// A serviceName may be anything, and is the StatefulSet's own affair.
static void one_that_cannot_be_a_name_is_nothing(void **state)
{
    struct fixture *f = *state;
    char name[100];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct object *set = put(f, set_of("web", name));
    run(f);
    assert_int_equal(f->findings, 0);
    assert_int_equal(zone_state(f->zone).octets, 0);
    assert_true(zone_is_complete(f->zone));
    cluster_drop(f->cluster, set);
}

static void faults_may_be_of_it(void **state)
{
    struct fixture *f = *state;
    struct object *set = put(f, set_of("web", "db"));
    struct error err;
    const struct fault fault = {.of_service = true,
                                .namespace = "ns",
                                .name = "db",
                                .kind = FAULT_NO_AAAA,
                                .until_ms = UINT64_MAX};
    assert_int_equal(faults_add(f->faults, &fault, &err), 0);
    run(f);
    assert_why(f, "web-0.db.ns", "A", MISSING("web", "db"));
    assert_answer(f->testbed, "web-0.db.ns", "A", "NXDOMAIN");
    cluster_drop(f->cluster, set);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(it_is_known_while_it_is_named),
        test(the_service_comes_and_goes),
        test(one_that_cannot_be_a_name_is_nothing),
        test(faults_may_be_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
