// SPDX-License-Identifier: Apache-2.0
// GET /peers of the control interface: who is told, and when whoever waits is.
#include "lib/control_box.h"
#include "lib/fault.h"
#include "lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

// A service and a slice of it, of namespace one.
#define SERVICE(name, spec)                                                    \
    "---\napiVersion: v1\nkind: Service\n"                                     \
    "metadata: {name: " name ", namespace: one}\nspec: {" spec "}\n"
#define SLICE(name, of, family, ports, endpoints)                              \
    "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"              \
    "metadata: {name: " name ", namespace: one,\n"                             \
    "  labels: {kubernetes.io/service-name: " of "}}\n"                        \
    "addressType: " family "\nports: [" ports "]\nendpoints: [" endpoints      \
    "]\n"

#define HTTP "{name: http, port: 80}"

static const char db[] = SERVICE("db", "clusterIP: None, ports: [" HTTP "]")
    SLICE("db", "db", "IPv4", HTTP,
          "{hostname: db-0, addresses: [10.0.0.1]},"
          "{hostname: db-1, addresses: [10.0.0.2]}");

struct hall {
    struct box *box;
    struct world *world;
};

static struct hall *hall_new(const char *options)
{
    struct hall *h = calloc(1, sizeof *h);

    h->world = world_new(options);
    assert_non_null(h->world);
    h->box = box_new();
    h->box->context = h;
    const struct pipeline *p = world_pipeline(h->world);
    h->box->settings.zone = p->zone;
    h->box->settings.cluster = p->cluster;
    h->box->settings.ordinals = statefulsets_ordinals(p->statefulsets);
    h->box->settings.faults = p->faults;
    box_start(h->box);
    return h;
}

static int set_up(void **state)
{
    *state = hall_new("--enable-faults");
    return 0;
}

static int set_up_addressed(void **state)
{
    *state = hall_new("--set addressed");
    return 0;
}

// In the pod db-0, which is at 10.0.0.9 now.
static int set_up_self(void **state)
{
    static const char *const words[][2] = {{"POD_NAME", "db-0"},
                                           {"POD_NAMESPACE", "one"},
                                           {"POD_SERVICE", "db"},
                                           {"POD_IPS", "10.0.0.9,fd00::9"}};
    const size_t n = sizeof words / sizeof words[0];

    for (size_t i = 0; i < n; i++)
        assert_int_equal(setenv(words[i][0], words[i][1], 1), 0);
    *state = hall_new("--self --set addressed");
    for (size_t i = 0; i < n; i++)
        assert_int_equal(unsetenv(words[i][0]), 0);
    return 0;
}

static int tear_down(void **state)
{
    struct hall *h = *state;
    box_free(h->box);
    world_free(h->world);
    free(h);
    return 0;
}

static void load(struct hall *h, const char *file, const char *text)
{
    assert_true(world_write(h->world, file, text, strlen(text)));
    assert_int_equal(world_load(h->world), 0);
    control_published(h->box->control);
}

// --- asking ----------------------------------------------------------------

static char *ask(struct hall *h, const char *query)
{
    char request[512];

    snprintf(request, sizeof request, "GET /peers?service=%s", query);
    char *reply = box_ask(h->box, request);
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_has(reply, "Content-Type: application/json\r\n");
    return reply;
}

static unsigned long long version_in(const char *reply)
{
    static const char start[] = "{\"version\":";

    assert_starts(box_body(reply), start);
    return strtoull(box_body(reply) + sizeof start - 1, NULL, 10);
}

static unsigned long long version(struct hall *h, const char *service)
{
    char *reply = ask(h, service);
    const unsigned long long v = version_in(reply);
    free(reply);
    return v;
}

// All that stands behind the version.
static void assert_told(struct hall *h, const char *service, const char *rest)
{
    char *reply = ask(h, service);
    const char *at = strchr(box_body(reply), ',');

    assert_non_null(at);
    assert_string_equal(at + 1, rest);
    free(reply);
}

#define WHO(service, rcode, reason)                                            \
    "\"namespace\":\"one\",\"service\":\"" service "\",\"name\":\"" service    \
    ".one.svc.cluster.local\",\"rcode\":\"" rcode "\",\"reason\":\"" reason    \
    "\",\"peers\":["
#define PEER(name, addresses, ports)                                           \
    "{\"hostname\":\"" name "\",\"addresses\":[" addresses                     \
    "],\"ports\":[" ports "],\"ready\":true}"
#define PORT(name, protocol, port)                                             \
    "{\"name\":\"" name "\",\"protocol\":\"" protocol "\",\"port\":" port "}"
#define END "]}\n"

#define DB(n, address)                                                         \
    PEER("db-" n ".db.one.svc.cluster.local", "\"" address "\"",               \
         PORT("http", "tcp", "80"))
#define DB_PEERS                                                               \
    WHO("db", "NOERROR", "") DB("0", "10.0.0.1") "," DB("1", "10.0.0.2") END

// --- who is told -----------------------------------------------------------

static void peers_are_told_with_addresses_and_ports(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml", db);
    assert_told(h, "one/db", DB_PEERS);
}

static void a_service_is_found_by_each_of_its_names(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml", db);
    assert_told(h, "db", DB_PEERS);
    assert_told(h, "db.one.svc.cluster.local", DB_PEERS);
    assert_told(h, "DB.one.svc.cluster.local.", DB_PEERS);
    char *reply = ask(h, "_http._tcp.db.one.svc.cluster.local");
    assert_has(reply, "\"namespace\":\"one\",\"service\":\"db\",\"name\":"
                      "\"_http._tcp.db.one.svc.cluster.local\"");
    assert_has(reply, DB("1", "10.0.0.2"));
    free(reply);
}

static void a_service_that_is_not_there_says_why(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml", db);
    assert_told(h, "one/dc",
                WHO("dc", "NXDOMAIN",
                    "namespace one has no such service; it has db") END);
    assert_told(h, "dc",
                "\"namespace\":\"\",\"service\":\"\",\"name\":\"\",\"rcode\":"
                "\"NXDOMAIN\",\"reason\":\"no namespace has a service 'dc'\","
                "\"peers\":[" END);
}

static void what_is_outside_of_all_zones_is_refused(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml", db);
    char *reply = ask(h, "www.example.com");
    assert_has(reply, "\"namespace\":\"\",\"service\":\"\",\"name\":"
                      "\"www.example.com\",\"rcode\":\"REFUSED\"");
    free(reply);
}

static void a_name_of_two_namespaces_is_ambiguous(void **state)
{
    struct hall *h = *state;
    static const char twin[] = "apiVersion: v1\nkind: Service\n"
                               "metadata: {name: db, namespace: two}\n"
                               "spec: {clusterIP: None}\n";

    load(h, "a.yaml", db);
    load(h, "b.yaml", twin);
    assert_refused(h->box, "GET /peers?service=db", "HTTP/1.1 400 ",
                   "write NAMESPACE/NAME");
}

static void both_families_are_one_peer(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml", db);
    load(h, "b.yaml",
         SLICE("db6", "db", "IPv6", HTTP,
               "{hostname: db-0, addresses: [\"fd00::1\"]}"));
    assert_told(h, "one/db",
                WHO("db", "NOERROR", "") PEER(
                    "db-0.db.one.svc.cluster.local", "\"10.0.0.1\",\"fd00::1\"",
                    PORT("http", "tcp", "80")) "," DB("1", "10.0.0.2") END);
}

static void without_ports_addresses_are_called_as_ptr_says(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml",
         SERVICE("kv", "clusterIP: None")
             SLICE("kv", "kv", "IPv4", "",
                   "{hostname: kv-0, addresses: [10.0.1.1]},"
                   "{addresses: [10.0.1.2]}")
                 SLICE("kv6", "kv", "IPv6", "",
                       "{hostname: kv-0, addresses: [\"fd00::9\"]}"));
    char *reply = ask(h, "one/kv");
    assert_has(reply, PEER("kv-0.kv.one.svc.cluster.local",
                           "\"10.0.1.1\",\"fd00::9\"", ""));
    assert_has(reply,
               PEER("10-0-1-2.kv.one.svc.cluster.local", "\"10.0.1.2\"", ""));
    free(reply);
}

static void a_virtual_address_is_one_peer_with_the_services_ports(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml",
         SERVICE("vip", "clusterIP: 10.96.0.5, ports: ["
                        "{name: q, port: 53, protocol: UDP}]"));
    assert_told(h, "one/vip",
                WHO("vip", "NOERROR", "")
                    PEER("vip.one.svc.cluster.local", "\"10.96.0.5\"",
                         PORT("q", "udp", "53")) END);
}

static void aliases_are_followed(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml", db);
    load(h, "b.yaml",
         SERVICE("alias", "type: ExternalName, "
                          "externalName: db.one.svc.cluster.local")
             SERVICE("away", "type: ExternalName, externalName: example.com")
                 SERVICE("loop", "type: ExternalName, "
                                 "externalName: loop.one.svc.cluster.local"));
    char *reply = ask(h, "one/alias");
    assert_has(reply, "\"hostname\":\"db-1.db.one.svc.cluster.local\","
                      "\"addresses\":[\"10.0.0.2\"]");
    free(reply);
    reply = ask(h, "one/away");
    assert_has(reply, "\"rcode\":\"REFUSED\"");
    free(reply);
    reply = ask(h, "one/loop");
    assert_has(reply, "\"peers\":[]");
    free(reply);
}

static void who_is_in_the_set_and_not_ready_is_told_so(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml",
         SERVICE("db", "clusterIP: None")
             SLICE("db", "db", "IPv4", HTTP,
                   "{hostname: db-0, addresses: [10.0.0.1]},"
                   "{hostname: db-1, addresses: [10.0.0.2],"
                   " conditions: {ready: false}},"
                   // the same address by another name
                   "{hostname: db-2, addresses: [10.0.0.1],"
                   " conditions: {ready: false}}"));
    char *reply = ask(h, "one/db");
    assert_has(reply, DB("0", "10.0.0.1"));
    for (int n = 1; n <= 2; n++) {
        char part[200];
        snprintf(part, sizeof part,
                 "\"db-%d.db.one.svc.cluster.local\",\"addresses\":"
                 "[\"10.0.0.%d\"],\"ports\":[" PORT("http", "tcp",
                                                    "80") "],\"ready\":false}",
                 n, n == 1 ? 2 : 1);
        assert_has(reply, part);
    }
    free(reply);
}

// It has moved, and the slice does not say so yet.
static void the_own_pod_is_known_under_an_old_address(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml",
         SERVICE("db", "clusterIP: None, ports: [" HTTP "]")
             SLICE("db", "db", "IPv4", HTTP,
                   "{hostname: db-0, addresses: [10.0.0.1],"
                   " conditions: {ready: false}},"
                   "{hostname: db-1, addresses: [10.0.0.2]}"));
    assert_told(
        h, "one/db",
        WHO("db", "NOERROR",
            "") "{\"hostname\":\"db-0.db.one.svc.cluster.local\","
                "\"addresses\":[\"10.0.0.9\",\"fd00::9\"],\"ports\":[" PORT(
                    "http", "tcp",
                    "80") "],\"ready\":false}," DB("1", "10.0.0.2") END);
}

static void begin_fault(struct hall *h, enum fault_kind kind)
{
    const struct fault fault = {.kind = kind,
                                .of_service = true,
                                .until_ms = UINT64_MAX,
                                .namespace = "one",
                                .name = "db"};
    struct error err;

    assert_int_equal(faults_add(world_pipeline(h->world)->faults, &fault, &err),
                     0);
    assert_int_equal(world_run(h->world), 0);
}

static void faults_are_told_as_dns_shows_them(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml", db);
    load(h, "b.yaml",
         SLICE("db6", "db", "IPv6", HTTP,
               "{hostname: db-0, addresses: [\"fd00::1\"]}"));
    begin_fault(h, FAULT_NO_AAAA);
    assert_told(h, "one/db", DB_PEERS);
    begin_fault(h, FAULT_SERVFAIL);
    assert_told(h, "one/db", WHO("db", "SERVFAIL", "fault servfail") END);
    faults_clear(world_pipeline(h->world)->faults, NULL, NULL);
    assert_int_equal(world_run(h->world), 0);
    char *reply = ask(h, "one/db");
    assert_has(reply, "\"fd00::1\"");
    free(reply);
}

// More than a message over TCP holds; the last of them has this address.
static void load_many(struct hall *h, const char *last)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    fprintf(
        out, "%s",
        SERVICE(
            "many",
            "clusterIP: None") "---\napiVersion: discovery.k8s.io/v1\nkind: "
                               "EndpointSlice\n"
                               "metadata: {name: many, namespace: one,\n"
                               "  labels: {kubernetes.io/service-name: many}}\n"
                               "addressType: IPv4\nports: [" HTTP
                               "]\nendpoints:\n");
    for (unsigned i = 0; i < 2999; i++)
        fprintf(out, "- {hostname: many-%u, addresses: [10.1.%u.%u]}\n", i,
                i / 250, i % 250);
    fprintf(out, "- {hostname: many-2999, addresses: [%s]}\n", last);
    fclose(out);
    load(h, "a.yaml", text);
    free(text);
}

static void peers_beyond_64_kib_are_all_told(void **state)
{
    struct hall *h = *state;
    unsigned found = 0;

    load_many(h, "10.1.99.1");
    char *reply = ask(h, "one/many");
    for (const char *at = reply; (at = strstr(at, "\"addresses\":[\"10.1."));
         at++)
        found++;
    assert_int_equal(found, 3000);
    const unsigned long long first = version_in(reply);
    free(reply);
    load_many(h, "10.1.99.2");
    assert_true(version(h, "one/many") != first);
    load_many(h, "10.1.99.1");
    assert_true(version(h, "one/many") == first);
}

static void a_peer_by_its_own_name_is_one(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml", db);
    char *reply = ask(h, "db-1.db.one.svc.cluster.local");
    assert_has(reply, "\"peers\":[{\"hostname\":\"db-1.db.one.svc.cluster."
                      "local\",\"addresses\":[\"10.0.0.2\"]");
    free(reply);
}

// --- versions --------------------------------------------------------------

static void each_change_has_another_version(void **state)
{
    struct hall *h = *state;
    static const char *const states[] = {
        db,
        // another address, name, port; fewer; nobody ready; nothing
        SERVICE("db", "clusterIP: None")
            SLICE("db", "db", "IPv4", HTTP,
                  "{hostname: db-0, addresses: [10.0.0.1]},"
                  "{hostname: db-1, addresses: [10.0.0.3]}"),
        SERVICE("db", "clusterIP: None")
            SLICE("db", "db", "IPv4", HTTP,
                  "{hostname: db-0, addresses: [10.0.0.1]},"
                  "{hostname: db-2, addresses: [10.0.0.3]}"),
        SERVICE("db", "clusterIP: None")
            SLICE("db", "db", "IPv4", "{name: http, port: 81}",
                  "{hostname: db-0, addresses: [10.0.0.1]},"
                  "{hostname: db-2, addresses: [10.0.0.3]}"),
        SERVICE("db", "clusterIP: None")
            SLICE("db", "db", "IPv4", HTTP,
                  "{hostname: db-0, addresses: [10.0.0.1]}"),
        SERVICE("db", "clusterIP: None")
            SLICE("db", "db", "IPv4", HTTP,
                  "{hostname: db-0, addresses: [10.0.0.1],"
                  " conditions: {ready: false}}"),
        SERVICE("kv", "clusterIP: None"),
    };
    unsigned long long seen[sizeof states / sizeof states[0]];

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        load(h, "a.yaml", states[i]);
        seen[i] = version(h, "one/db");
        // JSON's numbers hold it exactly
        assert_true(seen[i] < 1ULL << 53);
        for (size_t k = 0; k < i; k++)
            assert_true(seen[i] != seen[k]);
        assert_true(seen[i] == version(h, "one/db"));
    }
    load(h, "a.yaml", db);
    assert_true(version(h, "one/db") == seen[0]);
}

static void another_server_has_the_same_version(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml", db);
    const unsigned long long first = version(h, "one/db");
    tear_down(state);
    h = hall_new("--negative-ttl 9");
    *state = h;
    load(h, "b.yaml", db);
    assert_true(version(h, "one/db") == first);
}

// --- waiting ---------------------------------------------------------------

static int wait_for(struct hall *h, unsigned long long from, const char *wait)
{
    char text[256];
    const int fd = box_dial(h->box);

    snprintf(text, sizeof text,
             "GET /peers?service=one/db&version=%llu&wait=%s HTTP/1.1\r\n"
             "Host: x\r\n\r\n",
             from, wait);
    box_say(fd, text);
    box_turn(h->box, 20);
    return fd;
}

static void assert_waits(struct hall *h, int fd)
{
    char octet;

    box_turn(h->box, 20);
    assert_int_equal(recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT), -1);
}

static unsigned long long hear(struct hall *h, int fd)
{
    char *reply = box_hear(h->box, fd);

    assert_starts(reply, "HTTP/1.1 200 ");
    const unsigned long long v = version_in(reply);
    free(reply);
    close(fd);
    return v;
}

static void who_waits_is_told_of_a_change_and_of_nothing_else(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml", db);
    const unsigned long long first = version(h, "one/db");
    const int fd = wait_for(h, first, "30000");
    assert_waits(h, fd);
    // another service, and an event that changes nothing
    load(h, "b.yaml", SERVICE("kv", "clusterIP: None"));
    assert_waits(h, fd);
    control_published(h->box->control);
    assert_waits(h, fd);
    load(h, "c.yaml",
         SLICE("more", "db", "IPv4", HTTP,
               "{hostname: db-2, addresses: [10.0.0.3]}"));
    assert_true(hear(h, fd) != first);
}

static void who_knows_another_state_need_not_wait(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml", db);
    const unsigned long long first = version(h, "one/db");
    assert_true(hear(h, wait_for(h, first + 1, "30000")) == first);
}

static void who_waited_long_enough_is_told_the_same(void **state)
{
    struct hall *h = *state;

    load(h, "a.yaml", db);
    const unsigned long long first = version(h, "one/db");
    const double began = box_now_s();
    assert_true(hear(h, wait_for(h, first, "300")) == first);
    assert_true(box_now_s() - began > 0.29);
}

static void before_the_zone_is_complete_it_is_waited_for(void **state)
{
    struct hall *h = *state;

    assert_refused(h->box, "GET /peers?service=one/db", "HTTP/1.1 503 ",
                   "has not read everything");
    int fd = wait_for(h, 1, "100");
    char *reply = box_hear(h->box, fd);
    assert_refusal(reply, "HTTP/1.1 503 ", "has not read everything");
    free(reply);
    close(fd);
    fd = wait_for(h, 1, "30000");
    assert_waits(h, fd);
    load(h, "a.yaml", db);
    assert_true(hear(h, fd) == version(h, "one/db"));
}

// 64 octets: no label
#define LONG_HALF    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_SERVICE "?service=one%2F" LONG_HALF LONG_HALF

static void what_is_badly_asked_is_400(void **state)
{
    struct hall *h = *state;
    static const char *const queries[] = {"",
                                          "?service",
                                          "?service=",
                                          "?service=a/b/c",
                                          "?service=/",
                                          "?service=a..b",
                                          "?name=db",
                                          "?service=db&version=x",
                                          "?service=db&version=-1",
                                          "?service=db&wait=30001",
                                          "?service=db&service=db",
                                          LONG_SERVICE};

    load(h, "a.yaml", db);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        char request[256];
        snprintf(request, sizeof request, "GET /peers%s", queries[i]);
        char *reply = box_ask(h->box, request);
        assert_starts(reply, "HTTP/1.1 400 ");
        free(reply);
    }
    assert_refused(h->box, "POST /peers", "HTTP/1.1 405 ", "GET");
    control_published(NULL);
}

static void memory_that_runs_out_ends_one_request(void **state)
{
    struct hall *h = *state;
    bool hit = true;

    load(h, "a.yaml", db);
    for (long n = 1; hit; n++) {
        const int fd = box_dial(h->box);
        box_say(fd, "GET /peers?service=db HTTP/1.1\r\nHost: x\r\n\r\n");
        fault_alloc_after(n);
        box_turn(h->box, 20);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        char *reply = box_hear(h->box, fd);
        if (!hit)
            assert_starts(reply, "HTTP/1.1 200 ");
        else if (reply[0])
            assert_starts(reply, "HTTP/1.1 503 ");
        free(reply);
        close(fd);
        assert_true(n < 1000);
    }
    assert_told(h, "db", DB_PEERS);
}

#define with_hall(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_hall(peers_are_told_with_addresses_and_ports),
        with_hall(a_service_is_found_by_each_of_its_names),
        with_hall(a_service_that_is_not_there_says_why),
        with_hall(what_is_outside_of_all_zones_is_refused),
        with_hall(a_name_of_two_namespaces_is_ambiguous),
        with_hall(both_families_are_one_peer),
        with_hall(without_ports_addresses_are_called_as_ptr_says),
        with_hall(a_virtual_address_is_one_peer_with_the_services_ports),
        with_hall(aliases_are_followed),
        cmocka_unit_test_setup_teardown(
            who_is_in_the_set_and_not_ready_is_told_so, set_up_addressed,
            tear_down),
        cmocka_unit_test_setup_teardown(
            the_own_pod_is_known_under_an_old_address, set_up_self, tear_down),
        with_hall(faults_are_told_as_dns_shows_them),
        with_hall(peers_beyond_64_kib_are_all_told),
        with_hall(a_peer_by_its_own_name_is_one),
        with_hall(each_change_has_another_version),
        with_hall(another_server_has_the_same_version),
        with_hall(who_waits_is_told_of_a_change_and_of_nothing_else),
        with_hall(who_knows_another_state_need_not_wait),
        with_hall(who_waited_long_enough_is_told_the_same),
        with_hall(before_the_zone_is_complete_it_is_waited_for),
        with_hall(what_is_badly_asked_is_400),
        with_hall(memory_that_runs_out_ends_one_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
