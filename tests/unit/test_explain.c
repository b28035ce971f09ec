// SPDX-License-Identifier: Apache-2.0
// Explanations of a whole server in a box: manifests become a zone, and what is
// told of a name is read as a program reads it.
#include "admin/explain.h"

#include "dns/record.h"
#include "doc/json.h"
#include "lib/control_box.h"
#include "lib/fault.h"
#include "lib/reply.h"
#include "lib/world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- a server --------------------------------------------------------------

static const char manifests[] =
    "apiVersion: v1\n" // line 1
    "kind: Service\n"
    "metadata: {name: db, namespace: prod}\n"
    "spec:\n"
    "  clusterIP: None\n"
    "  selector: {app: db}\n"
    "  ports: [{name: peer, port: 7000}, {name: gossip, port: 7001,\n"
    "    protocol: UDP}]\n"
    "---\n"
    "apiVersion: apps/v1\n" // line 10
    "kind: StatefulSet\n"
    "metadata: {name: db, namespace: prod}\n"
    "spec:\n"
    "  serviceName: db\n"
    "  replicas: 3\n"
    "  selector: {matchLabels: {app: db}}\n"
    "  template: {metadata: {labels: {app: db}}}\n"
    "---\n"
    "apiVersion: v1\n" // line 19
    "kind: Service\n"
    "metadata: {name: front, namespace: prod}\n"
    "spec:\n"
    "  clusterIP: 10.96.0.10\n"
    "  selector: {app: db}\n"
    "  ports: [{name: http, port: 80}]\n"
    "---\n"
    "apiVersion: v1\n" // line 27
    "kind: Service\n"
    "metadata: {name: alias, namespace: prod}\n"
    "spec: {type: ExternalName, externalName: db.prod.svc.cluster.local}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: outside, namespace: prod}\n"
    "spec: {type: ExternalName, externalName: www.example.org}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: astray, namespace: prod}\n"
    "spec: {type: ExternalName, externalName: none.prod.svc.cluster.local}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: round, namespace: prod}\n"
    "spec: {type: ExternalName, externalName: about.prod.svc.cluster.local}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: about, namespace: prod}\n"
    "spec: {type: ExternalName, externalName: round.prod.svc.cluster.local}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: cache, namespace: test}\n"
    "spec: {clusterIP: 10.96.0.11}\n";

// Endpoints that are given, and pods that are.
static const char given[] =
    "apiVersion: v1\n" // line 1
    "kind: Service\n"
    "metadata: {name: ring, namespace: prod}\n"
    "spec: {clusterIP: None, ports: [{name: p, port: 1}]}\n"
    "---\n"
    "apiVersion: discovery.k8s.io/v1\n" // line 6
    "kind: EndpointSlice\n"
    "metadata:\n"
    "  name: ring-a\n"
    "  namespace: prod\n"
    "  labels: {kubernetes.io/service-name: ring}\n"
    "addressType: IPv4\n"
    "ports: [{name: p, port: 1}]\n"
    "endpoints:\n"
    "- {addresses: [10.1.0.1], hostname: ring-0}\n"
    "- {addresses: [10.1.0.2], hostname: ring-1, conditions: {ready: false}}\n"
    "- {addresses: [10.1.0.3], hostname: ring-2, conditions: {ready: false,\n"
    "    serving: true, terminating: true}}\n"
    "- {addresses: [10.1.0.4]}\n"
    "---\n"
    "apiVersion: v1\n" // line 21
    "kind: Service\n"
    "metadata: {name: old, namespace: prod}\n"
    "spec: {clusterIP: None}\n"
    "---\n"
    "apiVersion: v1\n" // line 26
    "kind: Endpoints\n"
    "metadata: {name: old, namespace: prod}\n"
    "subsets:\n"
    "- addresses: [{ip: 10.2.0.1, hostname: old-0}]\n"
    "  notReadyAddresses: [{ip: 10.2.0.2, hostname: old-1}]\n"
    "  ports: [{name: p, port: 1}]\n"
    "---\n"
    "apiVersion: v1\n" // line 34
    "kind: Service\n"
    "metadata: {name: kv, namespace: prod}\n"
    "spec: {clusterIP: None, selector: {app: kv}}\n"
    "---\n"
    "apiVersion: apps/v1\n" // line 39
    "kind: StatefulSet\n"
    "metadata: {name: kv, namespace: prod}\n"
    "spec:\n"
    "  serviceName: kv\n"
    "  replicas: 4\n"
    "  selector: {matchLabels: {app: kv}}\n"
    "  template: {metadata: {labels: {app: kv}}}\n"
    "---\n"
    "apiVersion: v1\n" // line 48
    "kind: Pod\n"
    "metadata: {name: kv-0, namespace: prod, labels: {app: kv},\n"
    "  ownerReferences: [{kind: StatefulSet, name: kv, controller: true}]}\n"
    "spec: {hostname: kv-0, subdomain: kv}\n"
    "status: {phase: Running, podIP: 10.3.0.1, conditions: [{type: Ready,\n"
    "  status: 'True', lastTransitionTime: '2026-11-21T10:00:00Z'}]}\n"
    "---\n"
    "apiVersion: v1\n" // line 56
    "kind: Pod\n"
    "metadata: {name: kv-1, namespace: prod, labels: {app: kv},\n"
    "  ownerReferences: [{kind: StatefulSet, name: kv, controller: true}]}\n"
    "spec: {hostname: kv-1, subdomain: kv}\n"
    "status: {phase: Running, podIP: 10.3.0.2, conditions: [{type: Ready,\n"
    "  status: 'False', lastTransitionTime: '2026-11-21T10:22:05Z',\n"
    "  message: 'the disk is full'}]}\n"
    "---\n"
    "apiVersion: v1\n" // line 65
    "kind: Pod\n"
    "metadata: {name: kv-2, namespace: prod, labels: {app: kv},\n"
    "  creationTimestamp: '2026-11-21T10:30:00Z',\n"
    "  ownerReferences: [{kind: StatefulSet, name: kv, controller: true}]}\n"
    "spec: {hostname: kv-2, subdomain: kv}\n"
    "status: {phase: Pending}\n"
    "---\n"
    "apiVersion: v1\n" // line 73
    "kind: Pod\n"
    "metadata: {name: kv-3, namespace: prod, labels: {app: kv},\n"
    "  deletionTimestamp: '2026-11-21T10:40:30Z',\n"
    "  deletionGracePeriodSeconds: 30,\n"
    "  ownerReferences: [{kind: StatefulSet, name: kv, controller: true}]}\n"
    "spec: {hostname: kv-3, subdomain: kv}\n"
    "status: {phase: Running, podIP: 10.3.0.4, conditions: [{type: Ready,\n"
    "  status: 'True'}]}\n";

// A server, and what it told last.
struct stand {
    struct world *world;
    char *text;
    size_t n;
    bool resolves;
    struct json_value *root; // of JSON
    struct error err;
};

static void forget(struct stand *s)
{
    free(s->text);
    json_value_free(s->root);
    s->text = NULL;
    s->root = NULL;
}

// Start anew with other options; nothing is loaded.
static void restart(struct stand *s, const char *options)
{
    forget(s);
    world_free(s->world);
    s->world = world_new(options);
    assert_non_null(s->world);
}

static void load(struct stand *s, const char *file, const char *text)
{
    assert_true(world_write(s->world, file, text, strlen(text)));
    assert_int_equal(world_load(s->world), 0);
}

// The manifests above with another number of replicas.
static void load_replicas(struct stand *s, const char *replicas)
{
    char text[sizeof manifests + 16];
    const char *at = strstr(manifests, "replicas: 3");

    snprintf(text, sizeof text, "%.*sreplicas: %s%s", (int)(at - manifests),
             manifests, replicas, at + strlen("replicas: 3"));
    load(s, "a.yaml", text);
}

static int set_up(void **state)
{
    struct stand *s = calloc(1, sizeof *s);

    assert_non_null(s);
    restart(s, "");
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct stand *s = *state;

    forget(s);
    world_free(s->world);
    free(s);
    return 0;
}

static struct explain_sources sources(struct stand *s)
{
    const struct pipeline *p = world_pipeline(s->world);

    return (struct explain_sources){
        .zone = p->zone,
        .cluster = p->cluster,
        .ordinals = statefulsets_ordinals(p->statefulsets),
    };
}

static uint16_t type_of(const char *text)
{
    uint16_t type = 0;

    if (text)
        assert_true(dns_type_parse(text, &type));
    return type;
}

static int try_explain(struct stand *s, const char *name, const char *type,
                       enum explain_format format)
{
    const struct explain_sources from = sources(s);
    struct explanation e;
    const int rc = explain(&from, name, type_of(type), format, &e, &s->err);

    forget(s);
    if (rc)
        return rc;
    // as a C string, which it need not be
    s->text = strndup(e.p, e.n);
    s->n = e.n;
    free(e.p);
    assert_non_null(s->text);
    s->resolves = e.resolves;
    return 0;
}

// Ask in JSON. A relative name gets the domain.
static void ask(struct stand *s, const char *name, const char *type)
{
    char whole[256];

    snprintf(whole, sizeof whole, "%s%s", name,
             strchr(name, ':') || name[strlen(name) - 1] == '.'
                 ? ""
                 : ".svc.cluster.local.");
    assert_int_equal(try_explain(s, whole, type, EXPLAIN_JSON), 0);
    assert_int_equal(json_value_read(span_of(s->text, s->n), &s->root, &s->err),
                     0);
    assert_int_equal(json_value_bool(json_value_get(s->root, "resolves")),
                     s->resolves);
}

static void ask_text(struct stand *s, const char *name, const char *type)
{
    assert_int_equal(try_explain(s, name, type, EXPLAIN_TEXT), 0);
    assert_int_equal(strlen(s->text), s->n);
}

// --- what it told ----------------------------------------------------------

static const char *word(const struct stand *s, const char *key)
{
    return json_value_text(json_value_get(s->root, key));
}

static const char *reason(const struct stand *s, const char *key)
{
    return json_value_text(
        json_value_get(json_value_get(s->root, "reason"), key));
}

static const struct json_value *link_of(const struct stand *s, const char *kind,
                                        const char *name)
{
    const struct json_value *chain = json_value_get(s->root, "chain");

    for (size_t i = 0; i < json_value_count(chain); i++) {
        const struct json_value *l = json_value_at(chain, i);
        if (strcmp(json_value_text(json_value_get(l, "kind")), kind) == 0 &&
            strcmp(json_value_text(json_value_get(l, "name")), name) == 0)
            return l;
    }
    return NULL;
}

static size_t links(const struct stand *s)
{
    return json_value_count(json_value_get(s->root, "chain"));
}

static void check_no(struct stand *s, const char *rcode, const char *id,
                     const char *near, int line)
{
    if (s->resolves || strcmp(word(s, "rcode"), rcode) != 0 ||
        strcmp(reason(s, "id"), id) != 0 || strcmp(word(s, "near"), near) != 0)
        fail_msg("line %d: %s", line, s->text);
}

static void check_link(struct stand *s, const char *kind, const char *name,
                       const char *state, unsigned at, int line)
{
    const struct json_value *l = link_of(s, kind, name);

    if (!l || strcmp(json_value_text(json_value_get(l, "state")), state) != 0 ||
        json_value_uint(json_value_get(l, "line")) != at)
        fail_msg("line %d: no %s '%s' '%s' at %u in %s", line, kind, name,
                 state, at, s->text);
}

static void check_answer(struct stand *s, const char *type, const char *data,
                         int line)
{
    const struct json_value *all = json_value_get(s->root, "answers");

    for (size_t i = 0; i < json_value_count(all); i++) {
        const struct json_value *r = json_value_at(all, i);
        if (strcmp(json_value_text(json_value_get(r, "type")), type) == 0 &&
            strcmp(json_value_text(json_value_get(r, "data")), data) == 0)
            return;
    }
    fail_msg("line %d: no %s %s in %s", line, type, data, s->text);
}

static void check_part(const char *text, const char *part, bool is, int line)
{
    if ((strstr(text, part) != NULL) != is)
        fail_msg("line %d: %s'%s' in:\n%s", line, is ? "no " : "", part, text);
}

// It does not resolve: the RCODE, the reason's id, and the name that is near.
#define assert_no(s, rcode, id, near) check_no(s, rcode, id, near, __LINE__)
#define assert_link(s, kind, name, state, at)                                  \
    check_link(s, kind, name, state, at, __LINE__)
#define assert_answers(s, type, data) check_answer(s, type, data, __LINE__)
#define assert_part(text, part)       check_part(text, part, true, __LINE__)
#define assert_no_part(text, part)    check_part(text, part, false, __LINE__)
#define assert_word(s, key, text)     assert_string_equal(word(s, key), text)
#define assert_reason(s, key, text)   assert_string_equal(reason(s, key), text)
#define assert_links(s, n)            assert_int_equal(links(s), n)

// --- what resolves ---------------------------------------------------------

static void a_peer_is_told_with_its_chain(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "db-1.db.prod", "A");
    assert_true(s->resolves);
    assert_word(s, "name", "db-1.db.prod.svc.cluster.local.");
    assert_word(s, "type", "A");
    assert_word(s, "rcode", "NOERROR");
    assert_answers(s, "A", "10.244.0.2");
    assert_reason(s, "id", "");
    assert_reason(s, "text", "");
    assert_link(s, "Service", "db", "headless, selects app=db", 1);
    assert_link(s, "StatefulSet", "db", "replicas 3, ordinals 0..2", 10);
    assert_link(s, "Pod", "db-1",
                "Running, ready since 22:13:20Z, 2023-11-14; 10.244.0.2", 0);
    assert_links(s, 3);
}

static void the_services_name_has_all_its_pods(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "DB.prod", NULL);
    assert_true(s->resolves);
    assert_answers(s, "A", "10.244.0.1");
    assert_answers(s, "A", "10.244.0.2");
    assert_answers(s, "A", "10.244.0.3");
    assert_links(s, 5);
    assert_non_null(link_of(s, "Pod", "db-0"));
    assert_non_null(link_of(s, "Pod", "db-2"));
}

static void of_two_types_one_is_enough(void **state)
{
    struct stand *s = *state;
    const struct json_value *questions;

    load(s, "a.yaml", manifests);
    ask(s, "db-0.db.prod", NULL);
    assert_true(s->resolves);
    assert_word(s, "type", "A");
    questions = json_value_get(s->root, "questions");
    assert_int_equal(json_value_count(questions), 2);
    const struct json_value *aaaa = json_value_at(questions, 1);
    assert_string_equal(json_value_text(json_value_get(aaaa, "type")), "AAAA");
    assert_string_equal(json_value_text(json_value_get(aaaa, "id")),
                        "type-absent");
    assert_false(json_value_bool(json_value_get(aaaa, "resolves")));
    ask(s, "db-0.db.prod", "AAAA");
    assert_no(s, "NOERROR", "type-absent", "");
    assert_int_equal(json_value_count(json_value_get(s->root, "questions")), 1);
}

static void both_families_are_told(void **state)
{
    struct stand *s = *state;

    restart(s, "--pod-cidr 10.244.0.0/16,fd00:1::/64");
    load(s, "a.yaml",
         "apiVersion: v1\nkind: Service\n"
         "metadata: {name: db, namespace: prod}\n"
         "spec: {clusterIP: None, selector: {app: db},\n"
         "  ipFamilies: [IPv6, IPv4], ipFamilyPolicy: RequireDualStack}\n"
         "---\napiVersion: apps/v1\nkind: StatefulSet\n"
         "metadata: {name: db, namespace: prod}\n"
         "spec: {serviceName: db, selector: {matchLabels: {app: db}},\n"
         "  template: {metadata: {labels: {app: db}}}}\n");
    ask(s, "db-0.db.prod", NULL);
    assert_true(s->resolves);
    assert_answers(s, "A", "10.244.0.1");
    assert_answers(s, "AAAA", "fd00:1::1");
    assert_link(s, "StatefulSet", "db", "replicas 1, ordinal 0", 7);
    assert_link(s, "Pod", "db-0",
                "Running, ready since 22:13:20Z, 2023-11-14; 10.244.0.1, "
                "fd00:1::1",
                0);
}

static void the_type_that_resolves_decides(void **state)
{
    struct stand *s = *state;

    restart(s, "--pod-cidr fd00:1::/64");
    load(s, "a.yaml", manifests);
    ask(s, "db-0.db.prod", NULL);
    assert_true(s->resolves);
    assert_word(s, "type", "AAAA");
    assert_reason(s, "id", "");
}

static void ports_are_told_where_srv_is_asked(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "_peer._tcp.db.prod", NULL);
    assert_true(s->resolves);
    assert_word(s, "type", "SRV");
    assert_answers(s, "SRV", "0 33 7000 db-0.db.prod.svc.cluster.local.");
    assert_link(s, "Service", "db",
                "headless, selects app=db, ports peer 7000/tcp, gossip "
                "7001/udp",
                1);
}

static void a_virtual_address_is_told(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "front.prod", "A");
    assert_true(s->resolves);
    assert_answers(s, "A", "10.96.0.10");
    assert_link(s, "Service", "front",
                "virtual address 10.96.0.10, selects app=db", 19);
    assert_non_null(link_of(s, "StatefulSet", "db"));
    ask(s, "x.cache.test", NULL);
    assert_no(s, "NXDOMAIN", "no-endpoints", "");
    ask(s, "db-1.front.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-elsewhere",
              "db-1.db.prod.svc.cluster.local.");
}

// --- aliases ---------------------------------------------------------------

static void an_alias_leads_to_the_chain_behind_it(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "alias.prod", NULL);
    assert_true(s->resolves);
    assert_answers(s, "CNAME", "db.prod.svc.cluster.local.");
    assert_answers(s, "A", "10.244.0.3");
    assert_link(s, "Service", "alias", "alias of db.prod.svc.cluster.local",
                27);
    assert_link(s, "Service", "db", "headless, selects app=db", 1);
    assert_non_null(link_of(s, "Pod", "db-2"));
}

static void an_alias_that_leads_outside_resolves(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "outside.prod", NULL);
    assert_true(s->resolves);
    assert_answers(s, "CNAME", "www.example.org.");
    assert_part(word(s, "hint"), "www.example.org. is not served here");
    // it is in the replies of both types
    assert_int_equal(json_value_count(json_value_get(s->root, "answers")), 1);
    assert_links(s, 1);
    ask(s, "x.outside.prod", NULL);
    assert_no(s, "NXDOMAIN", "external-name", "");
}

static void an_alias_of_nothing_has_the_reason_of_its_target(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "astray.prod", "A");
    assert_no(s, "NXDOMAIN", "service-unknown", "");
    assert_answers(s, "CNAME", "none.prod.svc.cluster.local.");
    // what is near its target is the alias itself
    load(s, "b.yaml",
         "apiVersion: v1\nkind: Service\n"
         "metadata: {name: pointer, namespace: prod}\n"
         "spec: {type: ExternalName,\n"
         "  externalName: pointre.prod.svc.cluster.local}\n");
    ask(s, "pointer.prod", "A");
    assert_no(s, "NXDOMAIN", "service-unknown", "");
    ask(s, "round.prod", "A");
    assert_false(s->resolves);
    assert_reason(s, "id", "");
    assert_part(reason(s, "text"), "circle");
    assert_links(s, 2);
}

// --- addresses -------------------------------------------------------------

static void an_address_leads_to_its_pod(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    assert_int_equal(try_explain(s, "10.244.0.2", NULL, EXPLAIN_TEXT), 0);
    assert_true(s->resolves);
    assert_part(s->text, "2.0.244.10.in-addr.arpa. PTR: resolves\n");
    ask(s, "2.0.244.10.in-addr.arpa.", NULL);
    assert_word(s, "type", "PTR");
    assert_answers(s, "PTR", "db-1.db.prod.svc.cluster.local.");
    assert_non_null(link_of(s, "Pod", "db-1"));
    assert_null(link_of(s, "Pod", "db-2"));
    ask(s, "10.0.96.10.in-addr.arpa.", NULL);
    assert_answers(s, "PTR", "front.prod.svc.cluster.local.");
    assert_non_null(link_of(s, "Service", "front"));
    ask(s, "fd00::1", NULL);
    assert_no(s, "NXDOMAIN", "address-unknown", "");
    assert_links(s, 0);
}

static void an_address_without_a_name_has_its_holder(void **state)
{
    struct stand *s = *state;

    load(s, "b.yaml", given);
    ask(s, "2.0.3.10.in-addr.arpa.", "PTR");
    assert_no(s, "NXDOMAIN", "address-unknown", "");
    assert_non_null(link_of(s, "Service", "kv"));
    assert_non_null(link_of(s, "Pod", "kv-1"));
    ask(s, "2.0.1.10.in-addr.arpa.", "PTR");
    assert_no(s, "NXDOMAIN", "address-unknown", "");
    assert_link(s, "Endpoint", "ring-1", "not ready; 10.1.0.2", 6);
    ask(s, "2.0.2.10.in-addr.arpa.", "PTR");
    assert_link(s, "Endpoint", "old-1", "not ready; 10.2.0.2", 26);
    ask(s, "256.0.2.10.in-addr.arpa.", "PTR");
    assert_no(s, "NXDOMAIN", "address-malformed", "");
}

static void a_pod_is_found_by_its_address(void **state)
{
    struct stand *s = *state;

    restart(s, "--pods verified");
    load(s, "b.yaml", given);
    ask(s, "10-3-0-2.prod.pod.cluster.local.", NULL);
    assert_true(s->resolves);
    assert_non_null(link_of(s, "Pod", "kv-1"));
    ask(s, "10-3-0-9.prod.pod.cluster.local.", NULL);
    assert_no(s, "NXDOMAIN", "pod-address-unknown", "");
    restart(s, "");
    load(s, "b.yaml", given);
    ask(s, "10-3-0-2.prod.pod.cluster.local.", NULL);
    assert_no(s, "NXDOMAIN", "pods-disabled", "");
}

// --- names that are none ---------------------------------------------------

static void an_ordinal_outside_has_the_range(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "db-9.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "ordinal-outside", "");
    assert_reason(s, "text", "StatefulSet db has the ordinals 0..2");
    assert_true(*reason(s, "help"));
    assert_true(*reason(s, "mend"));
    assert_link(s, "StatefulSet", "db", "replicas 3, ordinals 0..2", 10);
    assert_links(s, 2);
}

static void a_misspelled_service_has_its_neighbour(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "fornt.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "front.prod.svc.cluster.local.");
    assert_word(s, "hint", "did you mean front.prod.svc.cluster.local.?");
    ask(s, "_http._tcp.fron.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "_http._tcp.front.prod.svc.cluster.local.");
    ask(s, "zebra.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown", "");
    assert_word(s, "hint", "");
}

static void a_service_of_another_namespace_is_told(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "cache.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "cache.test.svc.cluster.local.");
    assert_part(word(s, "hint"), "service cache in namespace test");
    ask(s, "db-0.db.test", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "db-0.db.prod.svc.cluster.local.");
}

static void a_pod_without_its_service_has_its_whole_name(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "db-1.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "db-1.db.prod.svc.cluster.local.");
    assert_part(word(s, "hint"), "db-1 is a pod");
}

static void a_statefulset_in_place_of_its_service_is_told(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml",
         "apiVersion: v1\nkind: Service\n"
         "metadata: {name: mongo-service, namespace: prod}\n"
         "spec: {clusterIP: None, selector: {app: m}}\n"
         "---\napiVersion: apps/v1\nkind: StatefulSet\n"
         "metadata: {name: mongo, namespace: prod}\n"
         "spec: {serviceName: mongo-service, selector: {matchLabels: {app: "
         "m}},\n"
         "  template: {metadata: {labels: {app: m}}}}\n");
    ask(s, "mongo-0.mongo.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "mongo-0.mongo-service.prod.svc.cluster.local.");
    assert_part(word(s, "hint"), "mongo is a StatefulSet");
}

static void a_misspelled_namespace_has_its_neighbour(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "db-0.db.prdo", NULL);
    assert_no(s, "NXDOMAIN", "namespace-unknown",
              "db-0.db.prod.svc.cluster.local.");
    ask(s, "tes.svc.cluster.local.", NULL);
    assert_no(s, "NXDOMAIN", "namespace-unknown", "test.svc.cluster.local.");
    // none is near, but there is such a service
    ask(s, "cache.production", NULL);
    assert_no(s, "NXDOMAIN", "namespace-unknown",
              "cache.test.svc.cluster.local.");
}

static void a_misspelled_peer_has_its_neighbour(void **state)
{
    struct stand *s = *state;

    load(s, "b.yaml", given);
    ask(s, "rnig-1.ring.prod", NULL);
    assert_no(s, "NXDOMAIN", "hostname-unknown",
              "ring-1.ring.prod.svc.cluster.local.");
    assert_link(s, "EndpointSlice", "ring-a", "4 endpoints, 2 ready", 6);
}

static void a_misspelled_port_has_its_neighbour(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "_pere._tcp.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "port-unknown",
              "_peer._tcp.db.prod.svc.cluster.local.");
    ask(s, "_peer._udp.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "port-unknown",
              "_peer._tcp.db.prod.svc.cluster.local.");
    ask(s, "_gosip._tcp.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "port-unknown",
              "_gossip._udp.db.prod.svc.cluster.local.");
    ask(s, "_gossip._sctp.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "protocol-unknown",
              "_gossip._udp.db.prod.svc.cluster.local.");
}

static void another_domain_has_the_name_with_ours(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask(s, "db-0.db.prod.svc.k8s.example.", NULL);
    assert_no(s, "REFUSED", "wrong-domain", "db-0.db.prod.svc.cluster.local.");
    ask(s, "www.example.org.", NULL);
    assert_no(s, "REFUSED", "wrong-domain", "");
    ask(s, "db.prod.svc.cluster.local.test.svc.cluster.local.", NULL);
    assert_no(s, "NXDOMAIN", "name-too-deep", "db.prod.svc.cluster.local.");
}

static void names_without_dot_say_what_a_search_list_makes(void **state)
{
    struct stand *s = *state;
    static const char *const cases[][2] = {
        {"db-0.db.prod", "db-0.db.prod.svc.cluster.local."},
        {"db-0.db.prod.svc", "db-0.db.prod.svc.cluster.local."},
        {"db-0.db", "db-0.db.prod.svc.cluster.local."},
        {"cache", "cache.test.svc.cluster.local."},
        // it is not there, but its service is: that is what to explain
        {"db-9.db.prod", "db-9.db.prod.svc.cluster.local."},
        {"zebra.giraffe", ""},
        {"db-0.db.prod.", ""},
    };

    load(s, "a.yaml", manifests);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(try_explain(s, cases[i][0], NULL, EXPLAIN_JSON), 0);
        assert_int_equal(
            json_value_read(span_of(s->text, s->n), &s->root, &s->err), 0);
        assert_no(s, "REFUSED", "wrong-domain", cases[i][1]);
    }
    // a service without the peer is less than one with it
    load(s, "b.yaml",
         "apiVersion: v1\nkind: Service\n"
         "metadata: {name: db, namespace: alpha}\n"
         "spec: {clusterIP: 10.96.0.12}\n");
    ask_text(s, "db-0.db", NULL);
    assert_part(s->text, "did you mean db-0.db.prod.svc.cluster.local.?\n");
}

// --- peers that lack something ---------------------------------------------

static void given_pods_are_told_as_they_are(void **state)
{
    struct stand *s = *state;

    load(s, "b.yaml", given);
    ask(s, "kv-0.kv.prod", NULL);
    assert_true(s->resolves);
    assert_link(s, "Pod", "kv-0",
                "Running, ready since 10:00:00Z, 2026-11-21; 10.3.0.1", 48);
    ask(s, "kv-1.kv.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-not-ready", "");
    assert_part(reason(s, "text"), "not ready since 10:22:05Z, 2026-11-21");
    assert_link(s, "Pod", "kv-1",
                "Running, not ready since 10:22:05Z, 2026-11-21: the disk is "
                "full; 10.3.0.2",
                56);
    ask(s, "kv-2.kv.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-pending", "");
    assert_link(s, "Pod", "kv-2",
                "Pending since 10:30:00Z, 2026-11-21; no address", 65);
    ask(s, "kv-3.kv.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-terminating", "");
    assert_link(s, "Pod", "kv-3",
                "Running, being deleted since 10:40:00Z, 2026-11-21; 10.3.0.4",
                73);
}

static void who_lacks_something_comes_first(void **state)
{
    struct stand *s = *state;

    load(s, "b.yaml", given);
    ask_text(s, "kv.prod.svc.cluster.local.", "A");
    const char *ready = strstr(s->text, "Pod prod/kv-0");
    const char *pending = strstr(s->text, "Pod prod/kv-2");
    assert_non_null(ready);
    assert_non_null(pending);
    assert_true(pending < ready);
    ask_text(s, "ring.prod.svc.cluster.local.", "A");
    assert_true(strstr(s->text, "\n    ring-2: not ready") <
                strstr(s->text, "\n    ring-0: ready"));
    load_replicas(s, "33");
    ask(s, "db.prod", "A");
    assert_links(s, 2 + 10 + 1);
    assert_int_equal(
        json_value_uint(json_value_get(link_of(s, "Pod", ""), "more")), 23);
    ask_text(s, "db.prod.svc.cluster.local.", "A");
    assert_part(s->text, "\n  and 23 more (Pod)\n");
    assert_part(s->text, "\n  and 13 more\n"); // addresses
}

static void given_slices_are_told_with_their_endpoints(void **state)
{
    struct stand *s = *state;

    load(s, "b.yaml", given);
    ask(s, "ring-0.ring.prod", "A");
    assert_true(s->resolves);
    assert_link(s, "Service", "ring", "headless, no selector", 1);
    assert_link(s, "EndpointSlice", "ring-a", "4 endpoints, 2 ready", 6);
    assert_link(s, "Endpoint", "ring-0", "ready; 10.1.0.1", 6);
    assert_links(s, 3);
    ask(s, "ring-1.ring.prod", "A");
    assert_no(s, "NXDOMAIN", "pod-not-ready", "");
    assert_link(s, "Endpoint", "ring-1", "not ready; 10.1.0.2", 6);
    ask(s, "ring-2.ring.prod", "A");
    assert_link(s, "Endpoint", "ring-2",
                "not ready, serving, terminating; 10.1.0.3", 6);
    ask(s, "10-1-0-4.ring.prod", "A");
    assert_true(s->resolves);
    assert_link(s, "Endpoint", "", "ready; 10.1.0.4", 6);
    ask(s, "ring.prod", "A");
    assert_links(s, 2 + 4);
    ask(s, "old-1.old.prod", "A");
    assert_link(s, "Endpoints", "old", "2 endpoints, 1 ready", 26);
    assert_link(s, "Endpoint", "old-1", "not ready; 10.2.0.2", 26);
}

static const char ordered[] =
    "apiVersion: v1\nkind: Service\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec: {clusterIP: None, selector: {app: web}}\n"
    "---\napiVersion: apps/v1\nkind: StatefulSet\n" // line 6
    "metadata: {name: web, namespace: prod, annotations: {\n"
    "  ordinald.io/address-after: 1s, ordinald.io/ready-after: 10s}}\n"
    "spec:\n"
    "  serviceName: web\n"
    "  replicas: 3\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  template: {metadata: {labels: {app: web}}}\n";

static void an_ordered_start_says_who_waits_for_whom(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", ordered);
    ask(s, "web-0.web.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-pending", "");
    assert_link(s, "Pod", "web-0",
                "Pending since 22:13:20Z, 2023-11-14: takes 1000 ms to get an "
                "address; no address",
                0);
    assert_int_equal(world_advance(s->world, 1500), 0);
    ask(s, "web-0.web.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-not-ready", "");
    assert_part(reason(s, "text"), "not ready since 22:13:21Z, 2023-11-14");
    ask(s, "web-2.web.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-blocked", "");
    assert_part(reason(s, "text"), "web-0");
    // the one that it waits for is told too
    assert_non_null(link_of(s, "Pod", "web-0"));
    assert_link(s, "StatefulSet", "web",
                "replicas 3, ordinals 0..2, waits for web-0, which is not "
                "ready",
                6);
    assert_int_equal(world_advance(s->world, 10000), 0);
    ask(s, "web-0.web.prod", NULL);
    assert_true(s->resolves);
    ask(s, "web-2.web.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-blocked", "");
    assert_part(reason(s, "text"), "web-1");
    assert_non_null(link_of(s, "Pod", "web-1"));
}

static void no_replicas_are_told(void **state)
{
    struct stand *s = *state;

    load_replicas(s, "0");
    ask(s, "db-0.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "no-replicas", "");
    assert_link(s, "StatefulSet", "db", "replicas 0, no ordinals", 10);
    ask(s, "db.prod", NULL);
    assert_no(s, "NXDOMAIN", "no-replicas", "");
}

// --- services that are wrong -----------------------------------------------

static const char crooked[] =
    "apiVersion: v1\nkind: Service\n" // line 1
    "metadata: {name: db-peers, namespace: prod}\n"
    "spec: {clusterIP: None, selector: {app: other}}\n"
    "---\napiVersion: apps/v1\nkind: StatefulSet\n" // line 6
    "metadata: {name: db, namespace: prod}\n"
    "spec: {serviceName: db-peer, replicas: 2, selector: {matchLabels:\n"
    "  {app: db}}, template: {metadata: {labels: {app: db}}}}\n"
    "---\napiVersion: v1\nkind: Service\n" // line 12
    "metadata: {name: read, namespace: prod}\n"
    "spec: {clusterIP: None, selector: {app: web}}\n"
    "---\napiVersion: v1\nkind: Service\n" // line 17
    "metadata: {name: web, namespace: prod}\n"
    "spec: {clusterIP: None, selector: {app: web}}\n"
    "---\napiVersion: apps/v1\nkind: StatefulSet\n" // line 22
    "metadata: {name: web, namespace: prod}\n"
    "spec: {serviceName: web, replicas: 2, selector: {matchLabels:\n"
    "  {app: web}}, template: {metadata: {labels: {app: web}}}}\n"
    "---\napiVersion: v1\nkind: Service\n" // line 28
    "metadata: {name: api, namespace: prod}\n"
    "spec: {clusterIP: None, selector: {app: api}}\n"
    "---\napiVersion: apps/v1\nkind: Deployment\n" // line 33
    "metadata: {name: api, namespace: prod}\n"
    "spec: {replicas: 2, selector: {matchLabels: {app: api}},\n"
    "  template: {metadata: {labels: {app: api}}}}\n";

static void a_service_that_is_named_and_not_there_is_told(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", crooked);
    ask(s, "db-0.db-peer.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-missing",
              "db-0.db-peers.prod.svc.cluster.local.");
    assert_link(s, "Service", "db-peer", "is not there", 0);
    assert_link(s, "StatefulSet", "db", "replicas 2, ordinals 0..1", 6);
    assert_part(reason(s, "mend"), "db-peers");
}

static void a_peer_below_another_service_has_its_right_name(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", crooked);
    ask(s, "web-1.read.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-elsewhere",
              "web-1.web.prod.svc.cluster.local.");
    assert_link(s, "StatefulSet", "web",
                "replicas 2, ordinals 0..1, serviceName web", 22);
}

static void pods_without_names_are_told(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", crooked);
    ask(s, "api-0.api.prod", NULL);
    assert_no(s, "NXDOMAIN", "pods-without-names", "");
    assert_link(s, "Deployment", "api", "replicas 2", 33);
}

static void a_deployment_speaks_for_its_replicasets(void **state)
{
    static const char more[] =
        "apiVersion: apps/v1\nkind: ReplicaSet\n"
        "metadata: {name: api-5d9c, namespace: prod, ownerReferences: [{kind:\n"
        "  Deployment, name: api, controller: true}]}\n"
        "spec: {replicas: 2, selector: {matchLabels: {app: api}},\n"
        "  template: {metadata: {labels: {app: api}}}}\n"
        "---\napiVersion: apps/v1\nkind: ReplicaSet\n"
        "metadata: {name: lone, namespace: prod}\n"
        "spec: {replicas: 1, selector: {matchLabels: {app: api, x: x}},\n"
        "  template: {metadata: {labels: {app: api, x: x}}}}\n";
    struct stand *s = *state;

    load(s, "a.yaml", crooked);
    load(s, "b.yaml", more);
    ask(s, "api.prod", NULL);
    assert_non_null(link_of(s, "Deployment", "api"));
    assert_non_null(link_of(s, "ReplicaSet", "lone"));
    assert_null(link_of(s, "ReplicaSet", "api-5d9c"));
}

static void of_several_sets_the_one_that_is_asked_for_is_told(void **state)
{
    static const char more[] =
        "apiVersion: apps/v1\nkind: StatefulSet\n"
        "metadata: {name: web-far, namespace: prod}\n"
        "spec: {serviceName: web, replicas: 1, selector: {matchLabels:\n"
        "  {app: web, far: far}}, template: {metadata: {labels: {app: web,\n"
        "  far: far}}}}\n";
    struct stand *s = *state;

    load(s, "a.yaml", crooked);
    load(s, "b.yaml", more);
    ask(s, "web-0.web.prod", NULL);
    assert_non_null(link_of(s, "StatefulSet", "web"));
    assert_null(link_of(s, "StatefulSet", "web-far"));
    ask(s, "web-far-7.web.prod", NULL);
    assert_no(s, "NXDOMAIN", "ordinal-outside", "");
    assert_null(link_of(s, "StatefulSet", "web"));
    ask(s, "web.prod", NULL);
    assert_non_null(link_of(s, "StatefulSet", "web"));
    assert_non_null(link_of(s, "StatefulSet", "web-far"));
}

static void a_selector_that_misses_is_told(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", crooked);
    ask(s, "db-peers.prod", NULL);
    assert_no(s, "NXDOMAIN", "no-pods", "");
    assert_link(s, "Service", "db-peers", "headless, selects app=other", 1);
    assert_links(s, 1);
}

// --- what is not told ------------------------------------------------------

static void what_is_hidden_is_not_told(void **state)
{
    struct stand *s = *state;

    restart(s, "--namespaces test");
    load(s, "a.yaml", manifests);
    ask(s, "db-0.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "namespace-unknown", "");
    assert_links(s, 0);
    assert_word(s, "hint", "");
    ask(s, "front.test", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown", "");
    ask(s, "2.0.244.10.in-addr.arpa.", NULL);
    assert_no(s, "NXDOMAIN", "address-unknown", "");
    assert_links(s, 0);
    ask(s, "10.0.96.10.in-addr.arpa.", NULL);
    assert_links(s, 0);
    assert_int_equal(try_explain(s, "db-0.db", NULL, EXPLAIN_TEXT), 0);
    assert_no_part(s->text, "prod");
}

static void slices_that_are_hidden_are_not_told(void **state)
{
    static const char seen[] =
        "apiVersion: v1\nkind: Service\n"
        "metadata: {name: r, namespace: prod, labels: {see: me}}\n"
        "spec: {clusterIP: None}\n"
        "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
        "metadata: {name: r-a, namespace: prod,\n"
        "  labels: {kubernetes.io/service-name: r}}\n"
        "addressType: IPv4\n"
        "endpoints: [{addresses: [10.1.0.1], hostname: r-0}]\n"
        "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
        "metadata: {name: r-b, namespace: prod,\n"
        "  labels: {kubernetes.io/service-name: r, see: me}}\n"
        "addressType: IPv4\n"
        "endpoints: [{addresses: [10.1.0.2], hostname: r-1}]\n";
    struct stand *s = *state;

    restart(s, "--label-selector see=me");
    load(s, "a.yaml", seen);
    ask(s, "r.prod", NULL);
    assert_true(s->resolves);
    assert_non_null(link_of(s, "EndpointSlice", "r-b"));
    assert_null(link_of(s, "EndpointSlice", "r-a"));
    ask(s, "r-0.r.prod", NULL);
    assert_null(link_of(s, "Endpoint", "r-0"));
    ask(s, "1.0.1.10.in-addr.arpa.", NULL);
    assert_links(s, 0);
}

static void reasons_are_told_where_answers_have_none(void **state)
{
    struct stand *s = *state;

    restart(s, "--no-reasons");
    load(s, "a.yaml", manifests);
    ask(s, "db-9.db.prod", NULL);
    assert_reason(s, "text", "StatefulSet db has the ordinals 0..2");
}

// --- the same as the answer ------------------------------------------------

static void check_reply(struct stand *s, const char *name, const char *type)
{
    static uint8_t reply[65535];
    uint8_t query[512];
    struct reply r;
    char error[200] = "", rcode[16];
    const size_t n =
        query_write(query, sizeof query, 1, name, type_of(type), 1232, false);

    assert_true(n > 0);
    const size_t got = world_answer(s->world, query, n, ANSWER_TCP, reply);
    assert_true(reply_read(reply, got, &r, error));
    ask(s, name, type);
    assert_word(s, "rcode", reply_rcode_name(r.rcode, rcode));
    assert_int_equal(json_value_count(json_value_get(s->root, "answers")),
                     r.lines_n[REPLY_ANSWER]);
    if (s->resolves) {
        assert_int_equal(r.ede, -1);
    } else {
        const struct json_value *why = json_value_get(s->root, "reason");
        assert_int_equal(json_value_uint(json_value_get(why, "ede")), r.ede);
        assert_string_equal(reason(s, "text"), r.ede_text);
        assert_true(*r.ede_text);
    }
    reply_release(&r);
}

static void what_is_told_is_what_is_answered(void **state)
{
    static const char *const names[] = {
        "db-0.db.prod.svc.cluster.local.",
        "db-9.db.prod.svc.cluster.local.",
        "nope.db.prod.svc.cluster.local.",
        "_x._tcp.db.prod.svc.cluster.local.",
        "_tcp.db.prod.svc.cluster.local.",
        "db.prod.svc.cluster.local.",
        "nope.prod.svc.cluster.local.",
        "prod.svc.cluster.local.",
        "nope.svc.cluster.local.",
        "a.b.c.d.e.f.g.svc.cluster.local.",
        "nope.cluster.local.",
        "cluster.local.",
        "example.org.",
        "alias.prod.svc.cluster.local.",
        "astray.prod.svc.cluster.local.",
        "x.alias.prod.svc.cluster.local.",
        "front.prod.svc.cluster.local.",
        "cache.test.svc.cluster.local.",
        "x.front.prod.svc.cluster.local.",
        "kv-1.kv.prod.svc.cluster.local.",
        "kv-2.kv.prod.svc.cluster.local.",
        "kv-3.kv.prod.svc.cluster.local.",
        "10-0-0-1.prod.pod.cluster.local.",
        "1.0.0.10.in-addr.arpa.",
        "0.0.10.in-addr.arpa.",
        "300.0.0.10.in-addr.arpa.",
    };
    static const char *const types[] = {"A",   "AAAA", "SRV",  "PTR",
                                        "TXT", "ANY",  "CNAME"};
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    load(s, "b.yaml", given);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t k = 0; k < sizeof types / sizeof *types; k++)
            check_reply(s, names[i], types[k]);
}

static void a_fault_is_told_as_it_is(void **state)
{
    struct stand *s = *state;
    struct fault fault = {
        .kind = FAULT_SERVFAIL,
        .of_service = true,
        .until_ms = UINT64_MAX,
        .namespace = "prod",
        .name = "db",
    };

    restart(s, "--enable-faults --pod-cidr fd00::/64");
    load(s, "a.yaml", manifests);
    struct pipeline *p = world_pipeline(s->world);
    assert_int_equal(faults_add(p->faults, &fault, &s->err), 0);
    assert_int_equal(world_run(s->world), 0);
    ask(s, "db-0.db.prod", NULL);
    assert_no(s, "SERVFAIL", "", "");
    assert_reason(s, "text", "fault servfail");
    ask_text(s, "db-0.db.prod.svc.cluster.local.", NULL);
    assert_part(s->text, ". A, AAAA: SERVFAIL\nfault servfail\n");
    faults_clear(p->faults, NULL, NULL);
    fault.kind = FAULT_NO_AAAA;
    assert_int_equal(faults_add(p->faults, &fault, &s->err), 0);
    assert_int_equal(world_run(s->world), 0);
    ask(s, "db-0.db.prod", "AAAA");
    assert_false(s->resolves);
    assert_true(*reason(s, "text"));
    faults_clear(p->faults, NULL, NULL);
    fault.kind = FAULT_SLOW;
    fault.ms = 5000;
    assert_int_equal(faults_add(p->faults, &fault, &s->err), 0);
    assert_int_equal(world_run(s->world), 0);
    ask(s, "db-0.db.prod", "AAAA");
    assert_true(s->resolves);
}

// --- forms -----------------------------------------------------------------

static void the_text_reads_from_top_to_bottom(void **state)
{
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    ask_text(s, "db-9.db.prod.svc.cluster.local", NULL);
    assert_ptr_equal(strstr(s->text, "db-9.db.prod.svc.cluster.local. A, AAAA: "
                                     "NXDOMAIN\nordinal-outside: StatefulSet "
                                     "db has the ordinals 0..2\n"),
                     s->text);
    const char *because = strstr(s->text, "\n\nbecause:\n  Service prod/db: ");
    const char *set = strstr(s->text, "\n  StatefulSet prod/db: ");
    const char *mend = strstr(s->text, "\nmend: ");
    assert_true(because && set && mend && because < set && set < mend);
    assert_part(s->text, "/a.yaml:1\n");
    assert_part(s->text, "/a.yaml:10\n");
    ask_text(s, "db-0.db.prod.svc.cluster.local", NULL);
    assert_ptr_equal(strstr(s->text, "db-0.db.prod.svc.cluster.local. A, AAAA: "
                                     "resolves\n  db-0.db.prod.svc.cluster."
                                     "local. 5 A 10.244.0.1\n  AAAA: NODATA, "
                                     "type-absent: "),
                     s->text);
    assert_part(s->text, "(made here)\n");
    assert_no_part(s->text, "mend:");
}

static void names_have_one_form(void **state)
{
    struct stand *s = *state;
    static const char *const bad[] = {"", "a..b", ".a", "a.b\\300", "x\\"};
    char label[80] = "";

    load(s, "a.yaml", manifests);
    ask_text(s, "DB.Prod.SVC.Cluster.Local", "A");
    assert_part(s->text, "db.prod.svc.cluster.local. A: resolves\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s->err.text[0] = '\0';
        assert_int_equal(try_explain(s, bad[i], NULL, EXPLAIN_TEXT), -EINVAL);
        assert_true(s->err.text[0]);
    }
    memset(label, 'a', 64);
    assert_int_equal(try_explain(s, label, NULL, EXPLAIN_TEXT), -EINVAL);
    ask_text(s, ".", NULL);
    assert_part(s->text, ". A, AAAA: REFUSED\nwrong-domain: ");
    ask_text(s, "a\\.b\\000.db.prod.svc.cluster.local.", NULL);
    assert_part(s->text, "NXDOMAIN");
    ask_text(s, "db.prod.svc.cluster.local", "AXFR");
    assert_part(s->text, " AXFR: REFUSED\n");
    assert_part(s->text, "ordinald zone");
    ask_text(s, "db.prod.svc.cluster.local", "OPT");
    assert_part(s->text, " OPT: NODATA\ntype-absent: ");
}

static void nothing_is_told_before_the_load(void **state)
{
    struct stand *s = *state;

    assert_int_equal(try_explain(s, "db.prod", NULL, EXPLAIN_TEXT), -EAGAIN);
    assert_string_equal(s->err.text,
                        "not-loaded: the first load of the zone is not "
                        "complete; ask again; the log says what is waited "
                        "for");
}

static void memory_that_runs_out_is_told(void **state)
{
    static const char *const names[] = {
        "db.prod.svc.cluster.local", "db-9.db.prod.svc.cluster.local",
        "db-0.db", "fornt.prod.svc.cluster.local", "10.244.0.1"};
    struct stand *s = *state;

    load(s, "a.yaml", manifests);
    load(s, "b.yaml", given);
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        const enum explain_format format = i % 2 ? EXPLAIN_JSON : EXPLAIN_TEXT;
        bool hit = true;
        for (long n = 1; hit; n++) {
            fault_alloc_after(n);
            const int rc = try_explain(s, names[i / 2], NULL, format);
            hit = fault_alloc_hit();
            fault_alloc_after(-1);
            assert_int_equal(rc, hit ? -ENOMEM : 0);
        }
    }
}

// --- the page --------------------------------------------------------------

static void the_page_tells_the_same(void **state)
{
    struct stand *s = *state;
    struct box *b = box_new();
    const struct pipeline *p = world_pipeline(s->world);

    b->settings.zone = p->zone;
    b->settings.cluster = p->cluster;
    b->settings.ordinals = statefulsets_ordinals(p->statefulsets);
    box_start(b);
    char *reply = box_ask(b, "GET /explain?name=db.prod");
    assert_starts(reply, "HTTP/1.1 503 ");
    assert_has(reply, "Retry-After: 1\r\n");
    assert_has(reply, "not-loaded: the first load");
    free(reply);
    load(s, "a.yaml", manifests);
    reply = box_ask(b, "GET /explain?name=db-9.db.prod.svc.cluster.local");
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_has(reply, "Content-Type: text/plain");
    ask_text(s, "db-9.db.prod.svc.cluster.local", NULL);
    assert_string_equal(box_body(reply), s->text);
    free(reply);
    reply = box_ask(b, "GET /explain?name=db.prod.svc.cluster.local&type=srv&"
                       "output=json");
    assert_has(reply, "Content-Type: application/json");
    ask(s, "db.prod", "SRV");
    assert_string_equal(box_body(reply), s->text);
    free(reply);
    assert_refused(b, "GET /explain", "HTTP/1.1 400 ", "name");
    assert_refused(b, "GET /explain?name=a..b", "HTTP/1.1 400 ", "'a..b'");
    assert_refused(b, "GET /explain?name=a&type=x", "HTTP/1.1 400 ", "'x'");
    assert_refused(b, "GET /explain?name=a&output=xml", "HTTP/1.1 400 ",
                   "'xml'");
    assert_refused(b, "GET /explain?nam=a", "HTTP/1.1 400 ", "'nam'");
    box_free(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_peer_is_told_with_its_chain),
        TEST(the_services_name_has_all_its_pods),
        TEST(of_two_types_one_is_enough),
        TEST(both_families_are_told),
        TEST(the_type_that_resolves_decides),
        TEST(ports_are_told_where_srv_is_asked),
        TEST(a_virtual_address_is_told),
        TEST(an_alias_leads_to_the_chain_behind_it),
        TEST(an_alias_that_leads_outside_resolves),
        TEST(an_alias_of_nothing_has_the_reason_of_its_target),
        TEST(an_address_leads_to_its_pod),
        TEST(an_address_without_a_name_has_its_holder),
        TEST(a_pod_is_found_by_its_address),
        TEST(an_ordinal_outside_has_the_range),
        TEST(a_misspelled_service_has_its_neighbour),
        TEST(a_service_of_another_namespace_is_told),
        TEST(a_pod_without_its_service_has_its_whole_name),
        TEST(a_statefulset_in_place_of_its_service_is_told),
        TEST(a_misspelled_namespace_has_its_neighbour),
        TEST(a_misspelled_peer_has_its_neighbour),
        TEST(a_misspelled_port_has_its_neighbour),
        TEST(another_domain_has_the_name_with_ours),
        TEST(names_without_dot_say_what_a_search_list_makes),
        TEST(given_pods_are_told_as_they_are),
        TEST(who_lacks_something_comes_first),
        TEST(given_slices_are_told_with_their_endpoints),
        TEST(an_ordered_start_says_who_waits_for_whom),
        TEST(no_replicas_are_told),
        TEST(a_service_that_is_named_and_not_there_is_told),
        TEST(a_peer_below_another_service_has_its_right_name),
        TEST(pods_without_names_are_told),
        TEST(a_deployment_speaks_for_its_replicasets),
        TEST(of_several_sets_the_one_that_is_asked_for_is_told),
        TEST(a_selector_that_misses_is_told),
        TEST(what_is_hidden_is_not_told),
        TEST(slices_that_are_hidden_are_not_told),
        TEST(reasons_are_told_where_answers_have_none),
        TEST(what_is_told_is_what_is_answered),
        TEST(a_fault_is_told_as_it_is),
        TEST(the_text_reads_from_top_to_bottom),
        TEST(names_have_one_form),
        TEST(nothing_is_told_before_the_load),
        TEST(memory_that_runs_out_is_told),
        TEST(the_page_tells_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
