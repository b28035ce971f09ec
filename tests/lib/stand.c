// SPDX-License-Identifier: Apache-2.0
#include "stand.h"

#include "dns/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- manifests -------------------------------------------------------------

const char stand_manifests[] =
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

const char stand_given[] =
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

// --- a server --------------------------------------------------------------

static void forget(struct stand *s)
{
    free(s->text);
    json_value_free(s->root);
    s->text = NULL;
    s->root = NULL;
}

void stand_restart(struct stand *s, const char *options)
{
    forget(s);
    world_free(s->world);
    s->world = world_new(options);
    assert_non_null(s->world);
}

void stand_load(struct stand *s, const char *file, const char *text)
{
    assert_true(world_write(s->world, file, text, strlen(text)));
    assert_int_equal(world_load(s->world), 0);
}

void stand_load_replicas(struct stand *s, const char *replicas)
{
    char text[sizeof stand_manifests + 16];
    const char *at = strstr(stand_manifests, "replicas: 3");

    snprintf(text, sizeof text, "%.*sreplicas: %s%s",
             (int)(at - stand_manifests), stand_manifests, replicas,
             at + strlen("replicas: 3"));
    stand_load(s, "a.yaml", text);
}

int stand_set_up(void **state)
{
    struct stand *s = calloc(1, sizeof *s);

    assert_non_null(s);
    stand_restart(s, "");
    *state = s;
    return 0;
}

int stand_tear_down(void **state)
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
        .answers = world_context(s->world)->settings,
    };
}

uint16_t stand_type(const char *text)
{
    uint16_t type = 0;

    if (text)
        assert_true(dns_type_parse(text, &type));
    return type;
}

int stand_explain(struct stand *s, const char *name, const char *type,
                  enum explain_format format)
{
    const struct explain_sources from = sources(s);
    struct explanation e;
    const int rc = explain(&from, name, stand_type(type), format, &e, &s->err);

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

void stand_ask(struct stand *s, const char *name, const char *type)
{
    char whole[256];

    snprintf(whole, sizeof whole, "%s%s", name,
             strchr(name, ':') || name[strlen(name) - 1] == '.'
                 ? ""
                 : ".svc.cluster.local.");
    assert_int_equal(stand_explain(s, whole, type, EXPLAIN_JSON), 0);
    assert_int_equal(json_value_read(span_of(s->text, s->n), &s->root, &s->err),
                     0);
    assert_int_equal(json_value_bool(json_value_get(s->root, "resolves")),
                     s->resolves);
}

void stand_ask_text(struct stand *s, const char *name, const char *type)
{
    assert_int_equal(stand_explain(s, name, type, EXPLAIN_TEXT), 0);
    assert_int_equal(strlen(s->text), s->n);
}

// --- what it told ----------------------------------------------------------

const char *stand_word(const struct stand *s, const char *key)
{
    return json_value_text(json_value_get(s->root, key));
}

const char *stand_reason(const struct stand *s, const char *key)
{
    return json_value_text(
        json_value_get(json_value_get(s->root, "reason"), key));
}

const struct json_value *stand_link(const struct stand *s, const char *kind,
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

void stand_check_no(struct stand *s, const char *rcode, const char *id,
                    const char *near, int line)
{
    if (s->resolves || strcmp(stand_word(s, "rcode"), rcode) != 0 ||
        strcmp(stand_reason(s, "id"), id) != 0 ||
        strcmp(stand_word(s, "near"), near) != 0)
        fail_msg("line %d: %s", line, s->text);
}

void stand_check_link(struct stand *s, const char *kind, const char *name,
                      const char *state, unsigned at, int line)
{
    const struct json_value *l = stand_link(s, kind, name);

    if (!l || strcmp(json_value_text(json_value_get(l, "state")), state) != 0 ||
        json_value_uint(json_value_get(l, "line")) != at)
        fail_msg("line %d: no %s '%s' '%s' at %u in %s", line, kind, name,
                 state, at, s->text);
}

void stand_check_answer(struct stand *s, const char *type, const char *data,
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

void stand_check_part(const char *text, const char *part, bool is, int line)
{
    if ((strstr(text, part) != NULL) != is)
        fail_msg("line %d: %s'%s' in:\n%s", line, is ? "no " : "", part, text);
}
