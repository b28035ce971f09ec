// SPDX-License-Identifier: Apache-2.0
// Which pod the server runs in: what its environment says, and that the model
// and the pipeline know it before anything is read.
#include "daemon/self.h"

#include "admin/explain.h"
#include "daemon/pipeline.h"
#include "lib/changes.h"
#include "lib/clock.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

// --- the environment -------------------------------------------------------

// As the kubelet writes it.
static const char hosts[] =
    "# Kubernetes-managed hosts file.\n"
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::0\tip6-localnet\n"
    "10.244.0.7\tmongo-0.mongo-service.mongo.svc.cluster.local\tmongo-0\n"
    "\n"
    "# Entries added by HostAliases.\n"
    "10.1.2.3\tmongo-0.other.mongo.svc.cluster.local mongo-0\n";

static struct self_told usual(void)
{
    return (struct self_told){
        .pod_name = "mongo-0",
        .namespace = "mongo",
        .addresses = "10.244.0.7,fd00::7",
        .address = "10.244.0.7",
        .hostname = "mongo-0",
        .hosts = hosts,
    };
}

struct read {
    struct settings s;
    struct arena arena;
    struct self self;
    struct error err;
    int rc;
};

static int read_begin(void **state)
{
    struct read *r = calloc(1, sizeof *r);
    if (!r || dns_name_parse("cluster.local", &r->s.cluster_domain, NULL))
        return -1;
    arena_init(&r->arena, 1 << 20);
    *state = r;
    return 0;
}

static int read_end(void **state)
{
    struct read *r = *state;
    arena_release(&r->arena);
    free(r);
    return 0;
}

// "pod.service.namespace address...", or what is wrong.
static const char *say(struct read *r, struct self_told told)
{
    static char text[1024];
    char address[ADDRESS_TEXT_SIZE];

    r->err.text[0] = '\0';
    r->rc = self_of(&told, &r->s, &r->arena, &r->self, &r->err);
    if (r->rc) {
        assert_int_equal(r->rc, -EINVAL);
        assert_null(strchr(r->err.text, '\n'));
        return r->err.text;
    }
    assert_string_equal(r->err.text, "");
    int n = snprintf(text, sizeof text, "%s.%s.%s", r->self.hostname,
                     r->self.service, r->self.namespace);
    for (unsigned i = 0; i < r->self.addresses_n; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, " %s",
                      address_format(&r->self.addresses[i], address));
    return text;
}

#define assert_says(r, told, wanted) assert_string_equal(say(r, told), wanted)
#define assert_refused(r, told, part)                                          \
    do {                                                                       \
        const char *text_ = say(r, told);                                      \
        assert_int_equal((r)->rc, -EINVAL);                                    \
        if (!strstr(text_, part))                                              \
            fail_msg("'%s' is not in '%s'", part, text_);                      \
    } while (0)

static void the_hosts_file_says_the_service(void **state)
{
    struct read *r = *state;
    assert_says(r, usual(), "mongo-0.mongo-service.mongo 10.244.0.7 fd00::7");
    struct self_told told = usual();
    // any spacing, a comment behind it, no final line feed, any case
    told.hosts = "10.244.0.7  MONGO-0.Mongo-Service.mongo.SVC.Cluster.local. "
                 "x mongo-0#y";
    assert_says(r, told, "mongo-0.mongo-service.mongo 10.244.0.7 fd00::7");
    told.hosts = "10.244.0.7 mongo-0.db.mongo.svc.cluster.local mongo-0\r\n";
    assert_says(r, told, "mongo-0.db.mongo 10.244.0.7 fd00::7");
}

// K8S: setHostnameAsFQDN.
static void a_hostname_with_dots_is_the_whole_name(void **state)
{
    struct read *r = *state;
    struct self_told told = usual();
    told.hostname = "mongo-0.own.mongo.svc.cluster.local";
    assert_says(r, told, "mongo-0.own.mongo 10.244.0.7 fd00::7");
    told.hosts = NULL;
    assert_says(r, told, "mongo-0.own.mongo 10.244.0.7 fd00::7");
}

static void a_service_that_is_given_is_taken(void **state)
{
    struct read *r = *state;
    struct self_told told = usual();
    told.service = "db";
    assert_says(r, told, "mongo-0.db.mongo 10.244.0.7 fd00::7");
    told.hostname = "node-1.example.org";
    told.hosts = NULL;
    assert_says(r, told, "mongo-0.db.mongo 10.244.0.7 fd00::7");
    told.service = "";
    assert_refused(r, told, "hostname -f is 'node-1.example.org'");
}

static void addresses_are_those_of_both_variables_once(void **state)
{
    struct read *r = *state;
    struct self_told told = usual();
    told.address = NULL;
    told.addresses = " fd00::7 , 10.244.0.7,fd00:0::7";
    assert_says(r, told, "mongo-0.mongo-service.mongo fd00::7 10.244.0.7");
    told.addresses = NULL;
    told.address = "10.0.0.1";
    assert_says(r, told, "mongo-0.mongo-service.mongo 10.0.0.1");
    told.addresses = "";
    assert_says(r, told, "mongo-0.mongo-service.mongo 10.0.0.1");
    // the list is better, where it has any of the family
    told.addresses = "fd00::7";
    assert_says(r, told, "mongo-0.mongo-service.mongo fd00::7 10.0.0.1");
    told.addresses = "10.0.0.2,10.0.0.3";
    assert_says(r, told, "mongo-0.mongo-service.mongo 10.0.0.2 10.0.0.3");
    told.addresses = "10.0.0.2";
    told.address = "";
    assert_says(r, told, "mongo-0.mongo-service.mongo 10.0.0.2");
}

static void what_is_missing_is_said_with_the_field_it_comes_from(void **state)
{
    struct read *r = *state;
    struct self_told told = usual();
    told.pod_name = NULL;
    assert_refused(r, told,
                   "POD_NAME is not set; add to the container's env: "
                   "{name: POD_NAME, valueFrom: {fieldRef: {fieldPath: "
                   "metadata.name}}}");
    told = usual();
    told.namespace = "";
    assert_refused(r, told, "fieldPath: metadata.namespace}}}");
    told = usual();
    told.addresses = told.address = NULL;
    assert_refused(r, told, "fieldPath: status.podIPs}}}");
    told = usual();
    told.hosts = "10.0.0.1 mongo-0\n";
    assert_refused(r, told, "'mongo-0' has no domain in /etc/hosts");
    assert_refused(r, told, "set POD_SERVICE");
    told.hosts = "10.0.0.1 mongo-00.a.mongo.svc.cluster.local mongo-00\n"
                 "10.0.0.1 mongo-0.a.mongo.svc.cluster.local mongo\n"
                 "#10.0.0.1 mongo-0.a.mongo.svc.cluster.local mongo-0\n"
                 "mongo-0.a.mongo.svc.cluster.local\n";
    assert_refused(r, told, "'mongo-0' has no domain in /etc/hosts");
    told.hosts = NULL;
    assert_refused(r, told, "'mongo-0' has no domain in /etc/hosts");
    told.hostname = "";
    assert_refused(r, told, "has no domain in /etc/hosts");
}

static void what_is_malformed_is_said(void **state)
{
    static const char *const names[] = {"Mongo-0", "a.b", "-a",  "a-",
                                        "a_b",     "a b", "a/b", "é"};
    static const char *const lists[] = {
        "10.0.0.1,",  ",10.0.0.1", "10.0.0.1 10.0.0.2", "10.0.0",
        "10.0.0.01",  "x",         "0.0.0.0",           "::",
        "10.0.0.1/8", " ",         "10.0.0.1;10.0.0.2", "fd00::7%eth0",
    };
    struct read *r = *state;
    for (size_t i = 0; i < ORD_COUNT(names); i++) {
        struct self_told told = usual();
        told.pod_name = names[i];
        assert_refused(r, told, "POD_NAME is '");
        told = usual();
        told.namespace = names[i];
        assert_refused(r, told, "POD_NAMESPACE is '");
        told = usual();
        told.service = names[i];
        assert_refused(r, told, "POD_SERVICE is '");
    }
    for (size_t i = 0; i < ORD_COUNT(lists); i++) {
        struct self_told told = usual();
        told.addresses = lists[i];
        assert_refused(r, told, "POD_IPS has '");
    }
    struct self_told told = usual();
    told.address = "10.0.0.1,10.0.0.2";
    assert_refused(r, told, "POD_IP has '10.0.0.1,10.0.0.2'");
    told = usual();
    told.addresses = "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,"
                     "10.0.0.7,10.0.0.8,10.0.0.1";
    assert_says(r, told,
                "mongo-0.mongo-service.mongo 10.0.0.1 10.0.0.2 10.0.0.3 "
                "10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 10.0.0.8");
    told.addresses = "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,"
                     "10.0.0.7,10.0.0.8,10.0.0.9";
    assert_refused(r, told, "POD_IPS has more than 8 addresses");
}

static void another_name_than_the_environment_says_is_refused(void **state)
{
    static const char *const others[] = {
        "mongo-1.db.mongo.svc.cluster.local",
        "mongo-0.db.other.svc.cluster.local",
        "mongo-0.db.mongo.pod.cluster.local",
        "mongo-0.mongo.svc.cluster.local",
        "mongo-0.a.b.mongo.svc.cluster.local",
        "mongo-0..mongo.svc.cluster.local",
        "mongo-0.a_b.mongo.svc.cluster.local",
        "mongo-0.db",
        "mongo-0.",
    };
    struct read *r = *state;
    struct self_told told = usual();
    for (size_t i = 0; i < ORD_COUNT(others); i++) {
        told.hostname = others[i];
        assert_refused(r, told,
                       "no name mongo-0.<service>.mongo.svc.cluster.local");
        assert_refused(r, told, others[i]);
    }
}

static void another_domain_than_is_served_is_refused(void **state)
{
    struct read *r = *state;
    struct self_told told = usual();
    told.hostname = "mongo-0.db.mongo.svc.k8s.example.org";
    assert_refused(r, told,
                   "hostname -f is 'mongo-0.db.mongo.svc.k8s.example.org', "
                   "whose domain is not 'cluster.local'; start with "
                   "--cluster-domain k8s.example.org");
    assert_int_equal(
        dns_name_parse("k8s.example.org", &r->s.cluster_domain, NULL), 0);
    assert_says(r, told, "mongo-0.db.mongo 10.244.0.7 fd00::7");
    assert_refused(r, usual(), "--cluster-domain cluster.local");
}

static void a_namespace_that_is_not_served_is_refused(void **state)
{
    static const char *listed[] = {"a", "mongo"};
    struct read *r = *state;
    r->s.namespaces = (struct text_list){.items = listed, .n = 1};
    assert_refused(r, usual(), "POD_NAMESPACE is 'mongo', which --namespaces");
    r->s.namespaces.n = 2;
    assert_says(r, usual(), "mongo-0.mongo-service.mongo 10.244.0.7 fd00::7");
}

static void a_name_that_does_not_fit_is_refused(void **state)
{
    struct read *r = *state;
    char label[64], domain[64];
    memset(label, 'x', 63);
    label[63] = '\0';
    struct self_told told = usual();
    told.pod_name = told.namespace = told.service = label;
    // 3 labels of 64 octets, "svc" of 4, the root of 1: 58 are left
    snprintf(domain, sizeof domain, "%.57s", label);
    assert_int_equal(dns_name_parse(domain, &r->s.cluster_domain, NULL), 0);
    say(r, told);
    assert_int_equal(r->rc, 0);
    snprintf(domain, sizeof domain, "%.58s", label);
    assert_int_equal(dns_name_parse(domain, &r->s.cluster_domain, NULL), 0);
    assert_refused(r, told, "more than 255 octets");
}

static void without_memory_nothing_is_known(void **state)
{
    struct read *r = *state;
    const struct self_told told = usual();
    // what is needed is some hundred octets
    for (size_t budget = 0; budget < 120; budget++) {
        arena_release(&r->arena);
        arena_init(&r->arena, budget);
        r->self.addresses_n = 99;
        const int rc = self_of(&told, &r->s, &r->arena, &r->self, &r->err);
        if (rc == 0)
            break;
        assert_int_equal(rc, -ENOMEM);
        assert_int_equal(r->self.addresses_n, 99);
        assert_string_not_equal(r->err.text, "");
    }
    assert_true(r->self.addresses_n == 2);
}

// --- the model -------------------------------------------------------------

static const struct self own = {
    .namespace = "ns",
    .service = "db",
    .hostname = "db-0",
    .addresses_n = 1,
    .addresses = {{.family = FAMILY_IPV4, .octets = {10, 0, 0, 7}}},
};

static struct cluster *make_cluster(const struct selector *selector)
{
    static struct cluster_settings settings;
    settings = (struct cluster_settings){.self = &own, .selector = selector};
    struct cluster *c = cluster_new(&settings);
    assert_non_null(c);
    return c;
}

struct seen {
    bool object;
    bool self;
    enum reason_code empty;
};

static struct seen look(const struct cluster *c, const char *namespace,
                        const char *name)
{
    struct arena arena;
    struct service s;
    arena_init(&arena, 1 << 20);
    assert_int_equal(cluster_service(c, namespace, name, &arena, &s), 0);
    const struct seen seen = {s.object, s.self == &own, s.empty.code};
    arena_release(&arena);
    return seen;
}

static void its_service_is_told_before_anything_else(void **state)
{
    (void)state;
    struct cluster *c = make_cluster(NULL);
    assert_changes(c, "+ns +ns/db");
    assert_changes(c, "");
    const struct seen seen = look(c, "ns", "db");
    assert_false(seen.object);
    assert_true(seen.self);
    assert_int_equal(seen.empty, REASON_SERVICE_UNKNOWN);
    cluster_free(c);
    // and where nobody asks
    cluster_free(make_cluster(NULL));
}

static void its_service_stays_while_objects_come_and_go(void **state)
{
    (void)state;
    struct cluster *c = make_cluster(NULL);
    struct object *db = make_service("db"), *web = make_service("web");
    assert_changes(c, "+ns +ns/db");
    cluster_add(c, db, 1);
    assert_changes(c, "+ns/db");
    struct seen seen = look(c, "ns", "db");
    assert_true(seen.object && seen.self);
    cluster_add(c, web, 1);
    assert_changes(c, "+ns/web");
    seen = look(c, "ns", "web");
    assert_true(seen.object && !seen.self);
    cluster_drop(c, web);
    assert_changes(c, "-ns/web");
    cluster_drop(c, db);
    assert_changes(c, "+ns/db");
    seen = look(c, "ns", "db");
    assert_true(!seen.object && seen.self);
    cluster_free(c);
}

static void a_hidden_service_is_none_and_its_pod_stays(void **state)
{
    (void)state;
    struct arena arena;
    const struct selector *selector;
    arena_init(&arena, 1 << 16);
    assert_int_equal(selector_parse("a=b", &arena, &selector, NULL), 0);
    struct cluster *c = make_cluster(selector);
    struct object *db = make_service("db");
    assert_changes(c, "+ns +ns/db");
    cluster_add(c, db, 1);
    assert_changes(c, "+ns/db");
    const struct seen seen = look(c, "ns", "db");
    assert_true(!seen.object && seen.self);
    assert_int_equal(seen.empty, REASON_SERVICE_UNKNOWN);
    cluster_drop(c, db);
    cluster_free(c);
    arena_release(&arena);
}

static void a_cluster_without_memory_is_none(void **state)
{
    (void)state;
    const struct cluster_settings settings = {.self = &own};
    for (long n = 1;; n++) {
        fault_alloc_after(n);
        struct cluster *c = cluster_new(&settings);
        fault_alloc_after(-1);
        if (!fault_alloc_hit()) {
            assert_changes(c, "+ns +ns/db");
            cluster_free(c);
            return;
        }
        assert_null(c);
    }
}

// --- the pipeline ----------------------------------------------------------

struct served {
    struct settings s;
    struct pipeline p;
    struct fake_clock now;
    struct clock clock;
    struct error err;
    char file[64];
};

static const char manifest[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: db, namespace: ns}\n"
    "spec: {clusterIP: None, ports: [{port: 80}]}\n"
    "---\n"
    "apiVersion: discovery.k8s.io/v1\n"
    "kind: EndpointSlice\n"
    "metadata:\n"
    "  {name: db, namespace: ns, labels: {kubernetes.io/service-name: db}}\n"
    "addressType: IPv4\n"
    "endpoints: [{addresses: [10.0.0.1], hostname: db-0}]\n";

static int served_begin(void **state)
{
    static const char *const argv[] = {"--self"};
    const struct settings_command command = {.name = "test"};
    struct served *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->clock = fake_clock_view(&f->now);
    strcpy(f->file, "/tmp/ordinald-self-XXXXXX.yaml");
    const int fd = mkstemps(f->file, 5);
    const size_t n = sizeof manifest - 1;
    if (fd < 0 || write(fd, manifest, n) != (ssize_t)n)
        return -1;
    close(fd);
    setenv("POD_NAME", "db-0", 1);
    setenv("POD_NAMESPACE", "ns", 1);
    setenv("POD_SERVICE", "db", 1);
    setenv("POD_IP", "10.0.0.7", 1);
    unsetenv("POD_IPS");
    const char *words[] = {argv[0], f->file};
    *state = f;
    return settings_parse(&f->s, &command, 2, words, NULL, &f->err);
}

static int served_end(void **state)
{
    struct served *f = *state;
    pipeline_release(&f->p, NULL);
    settings_release(&f->s);
    unlink(f->file);
    free(f);
    return 0;
}

static int init(struct served *f)
{
    static const struct pipeline_seeds seeds = {.hash = 1, .pods = 2};
    return pipeline_init(&f->p, &f->s, &seeds, NULL, NULL, &f->err);
}

// The explanation, to be freed; NULL: not yet.
static char *explained(struct served *f, const char *name, bool *resolves)
{
    const struct explain_sources from = {.zone = f->p.zone,
                                         .cluster = f->p.cluster};
    struct explanation e;
    const int rc = explain(&from, name, 0, EXPLAIN_TEXT, &e, &f->err);
    if (rc) {
        assert_int_equal(rc, -EAGAIN);
        return NULL;
    }
    char *copy = strndup(e.p, e.n);
    *resolves = e.resolves;
    free(e.p);
    assert_non_null(copy);
    return copy;
}

static bool resolves(struct served *f, const char *name, const char *text)
{
    bool does;
    char *told = explained(f, name, &does);
    assert_non_null(told);
    const bool found = strstr(told, text);
    if (!found)
        print_message("%s\n", told);
    free(told);
    assert_true(found);
    return does;
}

static const char own_name[] = "db-0.db.ns.svc.cluster.local";
static const char other_name[] = "db-1.db.ns.svc.cluster.local";
static const char own_link[] =
    "Pod ns/db-0: this pod itself (--self), whatever else is said of it; "
    "10.0.0.7\n";

static void it_is_published_before_anything_is_read(void **state)
{
    struct served *f = *state;
    assert_int_equal(init(f), 0);
    assert_int_equal(zone_state(f->p.zone).endpoints, 0);
    assert_int_equal(pipeline_begin(&f->p, &f->clock), 0);
    assert_false(zone_is_complete(f->p.zone));
    assert_int_equal(zone_state(f->p.zone).endpoints, 1);
    assert_int_equal(zone_state(f->p.zone).services, 0);
    assert_int_equal(zone_serial(f->p.zone), FAKE_CLOCK_START_S);
    assert_true(resolves(f, own_name, own_link));
    assert_true(resolves(f, "10.0.0.7", own_link));
    bool does;
    assert_null(explained(f, other_name, &does));
    assert_int_equal(pipeline_read(&f->p, false), 1);
    assert_int_equal(pipeline_publish(&f->p, &f->clock, NULL), 0);
    assert_true(zone_is_complete(f->p.zone));
    assert_int_equal(zone_state(f->p.zone).endpoints, 1);
    assert_int_equal(zone_state(f->p.zone).services, 1);
    assert_true(resolves(f, own_name, own_link));
    // what the slice says is told as what it says
    assert_true(resolves(f, own_name, "db-0: ready; 10.0.0.1"));
    assert_true(resolves(f, "db.ns.svc.cluster.local", own_link));
    char *told = explained(f, other_name, &does);
    assert_non_null(told);
    assert_false(does);
    assert_null(strstr(told, "--self"));
    free(told);
}

// What is published is said to be built, with a Service or without.
static void its_service_goes_and_is_built_without(void **state)
{
    struct served *f = *state;
    struct zone_sync_result done;
    assert_int_equal(init(f), 0);
    assert_int_equal(pipeline_read(&f->p, false), 1);
    assert_int_equal(pipeline_publish(&f->p, &f->clock, &done), 0);
    assert_int_equal(done.built, 1);
    FILE *file = fopen(f->file, "w");
    assert_non_null(file);
    fputs("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(pipeline_read(&f->p, true), 1);
    assert_int_equal(pipeline_publish(&f->p, &f->clock, &done), 0);
    assert_int_equal(done.built, 1);
    assert_int_equal(done.removed, 0);
    assert_true(resolves(f, own_name, own_link));
}

static void a_command_that_only_looks_has_it_too(void **state)
{
    struct served *f = *state;
    assert_int_equal(init(f), 0);
    assert_int_equal(pipeline_load(&f->p, &f->clock, &f->err), 0);
    assert_true(resolves(f, own_name, own_link));
    assert_true(resolves(f, "10.0.0.7", own_link));
}

static void without_it_nothing_is_published_before_the_first_load(void **state)
{
    struct served *f = *state;
    f->s.self = false;
    unsetenv("POD_NAME");
    assert_int_equal(init(f), 0);
    const uint64_t version = zone_version(f->p.zone);
    assert_int_equal(pipeline_begin(&f->p, &f->clock), 0);
    assert_int_equal(zone_version(f->p.zone), version);
    assert_int_equal(pipeline_load(&f->p, &f->clock, &f->err), 0);
    assert_true(resolves(f, own_name, "10.0.0.1"));
}

static void a_bad_environment_ends_the_start(void **state)
{
    struct served *f = *state;
    unsetenv("POD_NAME");
    assert_int_equal(init(f), -EINVAL);
    assert_non_null(strstr(f->err.text, "--self: POD_NAME is not set"));
}

static void without_memory_it_is_tried_again(void **state)
{
    struct served *f = *state;
    for (long n = 1;; n++) {
        assert_int_equal(init(f), 0);
        fault_alloc_after(n);
        const int r = pipeline_begin(&f->p, &f->clock);
        fault_alloc_after(-1);
        const bool hit = fault_alloc_hit();
        if (r)
            assert_int_equal(r, -ENOMEM);
        assert_true(hit || r == 0);
        assert_false(zone_is_complete(f->p.zone));
        assert_int_equal(pipeline_load(&f->p, &f->clock, &f->err), 0);
        assert_true(resolves(f, own_name, own_link));
        if (!hit)
            return;
        pipeline_release(&f->p, NULL);
    }
}

int main(void)
{
#define READ(name) cmocka_unit_test_setup_teardown(name, read_begin, read_end)
#define SERVED(name)                                                           \
    cmocka_unit_test_setup_teardown(name, served_begin, served_end)
    const struct CMUnitTest tests[] = {
        READ(the_hosts_file_says_the_service),
        READ(a_hostname_with_dots_is_the_whole_name),
        READ(a_service_that_is_given_is_taken),
        READ(addresses_are_those_of_both_variables_once),
        READ(what_is_missing_is_said_with_the_field_it_comes_from),
        READ(what_is_malformed_is_said),
        READ(another_name_than_the_environment_says_is_refused),
        READ(another_domain_than_is_served_is_refused),
        READ(a_namespace_that_is_not_served_is_refused),
        READ(a_name_that_does_not_fit_is_refused),
        READ(without_memory_nothing_is_known),
        cmocka_unit_test(its_service_is_told_before_anything_else),
        cmocka_unit_test(its_service_stays_while_objects_come_and_go),
        cmocka_unit_test(a_hidden_service_is_none_and_its_pod_stays),
        cmocka_unit_test(a_cluster_without_memory_is_none),
        SERVED(it_is_published_before_anything_is_read),
        SERVED(its_service_goes_and_is_built_without),
        SERVED(a_command_that_only_looks_has_it_too),
        SERVED(without_it_nothing_is_published_before_the_first_load),
        SERVED(a_bad_environment_ends_the_start),
        SERVED(without_memory_it_is_tried_again),
    };
    zone_reader_register();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
