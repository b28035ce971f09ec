// SPDX-License-Identifier: Apache-2.0
// StatefulSet, Deployment, ReplicaSet, ReplicationController: how many pods,
// with which labels and ports, and below which service.
#include "decode_workload.h"
#include "names.h"

// The versions before apps/v1, and ReplicationControllers, took the template's
// labels for a selector that is not given.
static bool may_lack_selector(const struct document *in, const struct object *o)
{
    return o->kind == OBJECT_REPLICATION_CONTROLLER ||
           strcmp(in->api_version, "apps/v1beta1") == 0 ||
           strcmp(in->api_version, "extensions/v1beta1") == 0;
}

// spec.selector: matchLabels, or in a ReplicationController the labels
// themselves. matchExpressions are the controller's affair: without a cluster
// the pods come from the template. Returns whether they are there.
static bool decode_selector(struct decoder *d, const struct where *where,
                            const struct doc_node *node, bool bare,
                            struct labels *out)
{
    enum { EXPRESSIONS, LABELS, N };
    static const struct field fields[N] = {FIELD("matchExpressions"),
                                           FIELD("matchLabels")};
    const struct doc_node *value[N];
    if (bare) {
        *out = decode_labels(d, where, node);
        return false;
    }
    const struct where labels = where_field(where, "matchLabels");
    const struct where expressions = where_field(where, "matchExpressions");
    decode_fields(d, where, node, fields, N, value);
    *out = decode_labels(d, &labels, value[LABELS]);
    return decode_items(d, &expressions, value[EXPRESSIONS]).n > 0;
}

// Returns the probes of its containers.
static struct probes decode_template(struct decoder *d,
                                     const struct where *spec,
                                     const struct doc_node *node,
                                     struct workload_facts *out)
{
    enum { METADATA, SPEC, N };
    static const struct field fields[N] = {FIELD("metadata"), FIELD("spec")};
    enum { META_LABELS, META_NAME, META_N };
    static const struct field meta[META_N] = {FIELD("labels"), FIELD("name")};
    enum { CONTAINERS, INIT_CONTAINERS, POD_N };
    static const struct field pod[POD_N] = {FIELD("containers"),
                                            FIELD("initContainers")};
    const struct doc_node *value[N], *meta_value[META_N], *pod_value[POD_N];
    const struct where where = where_field(spec, "template");
    const struct where at_meta = where_field(&where, "metadata");
    const struct where at_labels = where_field(&at_meta, "labels");
    const struct where at_pod = where_field(&where, "spec");

    decode_fields(d, &where, node, fields, N, value);
    decode_fields(d, &at_meta, value[METADATA], meta, META_N, meta_value);
    decode_fields(d, &at_pod, value[SPEC], pod, POD_N, pod_value);
    out->pod_labels = decode_labels(d, &at_labels, meta_value[META_LABELS]);
    const struct container_ports ports = decode_container_ports(
        d, &at_pod, pod_value[CONTAINERS], pod_value[INIT_CONTAINERS]);
    out->ports = ports.items;
    out->ports_n = ports.n;
    out->revision = node_digest(node);
    return decode_probes(d, &at_pod, pod_value[CONTAINERS],
                         pod_value[INIT_CONTAINERS]);
}

// The API server refuses a workload that would not find its own pods.
static void check_selector(struct decoder *d, const struct where *where,
                           const struct doc_node *at,
                           const struct workload_facts *facts)
{
    for (uint32_t i = 0; i < facts->selector.n; i++) {
        const struct label *want = &facts->selector.items[i];
        const char *has = labels_get(facts->pod_labels, want->key);
        char key[SHOWN_SIZE], value[SHOWN_SIZE];
        if (!has || strcmp(has, want->value) != 0)
            decode_fault(d, where, at,
                         "wants '%s: %s', which is not among "
                         "spec.template.metadata.labels; make them equal",
                         decode_shown(want->key, key),
                         decode_shown(want->value, value));
    }
}

static struct probes decode_pods(struct decoder *d, const struct document *in,
                                 const struct where *spec,
                                 const struct doc_node *const *value,
                                 struct object *o)
{
    struct workload_facts *out = &o->workload;
    const struct where selector = where_field(spec, "selector");
    const struct where template = where_field(spec, "template");
    const struct doc_node *at = in->top[TOP_SPEC];
    const unsigned faults = d->faults;
    const bool expressions = decode_selector(
        d, &selector, value[SPEC_SELECTOR],
        o->kind == OBJECT_REPLICATION_CONTROLLER, &out->selector);
    const struct probes probes =
        decode_template(d, spec, value[SPEC_TEMPLATE], out);
    if (d->faults != faults || d->no_memory)
        return probes;
    if (!value[SPEC_TEMPLATE]) {
        decode_fault(d, &template, at, "is missing; write one");
    } else if (out->selector.n == 0 && !expressions) {
        if (may_lack_selector(in, o))
            out->selector = out->pod_labels;
        else
            decode_fault(d, &selector,
                         value[SPEC_SELECTOR] ? value[SPEC_SELECTOR] : at,
                         "selects nothing; write matchLabels as in the "
                         "template's labels");
    } else {
        check_selector(d, &selector, value[SPEC_SELECTOR], out);
    }
    return probes;
}

static void decode_ordinals(struct decoder *d, const struct where *spec,
                            const struct doc_node *node,
                            struct workload_facts *out)
{
    static const struct field field = FIELD("start");
    const struct doc_node *start;
    const struct where where = where_field(spec, "ordinals");
    const struct where at_start = where_field(&where, "start");
    decode_fields(d, &where, node, &field, 1, &start);
    out->start = (uint32_t)decode_int(d, &at_start, start, 0, INT32_MAX, 0);
}

void decode_workload(struct decoder *d, const struct document *in,
                     struct object *o)
{
    static const struct field fields[SPEC_N] = {
        [SPEC_MIN_READY] = FIELD("minReadySeconds"),
        [SPEC_ORDINALS] = FIELD("ordinals"),
        [SPEC_PAUSED] = FIELD("paused"),
        [SPEC_CLAIM_POLICY] = FIELD("persistentVolumeClaimRetentionPolicy"),
        [SPEC_POD_POLICY] = FIELD("podManagementPolicy"),
        [SPEC_REPLICAS] = FIELD("replicas"),
        [SPEC_SELECTOR] = FIELD("selector"),
        [SPEC_SERVICE] = FIELD("serviceName"),
        [SPEC_STRATEGY] = FIELD("strategy"),
        [SPEC_TEMPLATE] = FIELD("template"),
        [SPEC_UPDATE] = FIELD("updateStrategy"),
        [SPEC_CLAIMS] = FIELD("volumeClaimTemplates"),
    };
    const struct doc_node *value[SPEC_N];
    const struct where spec = where_field(NULL, "spec");
    const struct where replicas = where_field(&spec, "replicas");
    const struct where service = where_field(&spec, "serviceName");
    struct workload_facts *out = &o->workload;

    out->service = "";
    out->rules = o->kind == OBJECT_STATEFUL_SET ? &stateful_set_rules
                                                : &deployment_rules;
    if (!in->top[TOP_SPEC])
        decode_fault(d, &spec, in->node, "is missing; write one");
    if (!decode_fields(d, &spec, in->top[TOP_SPEC], fields, SPEC_N, value))
        return;
    out->replicas = (uint32_t)decode_int(d, &replicas, value[SPEC_REPLICAS], 0,
                                         INT32_MAX, 1);
    if (o->kind == OBJECT_STATEFUL_SET) {
        decode_ordinals(d, &spec, value[SPEC_ORDINALS], out);
        out->service =
            decode_name(d, &service, value[SPEC_SERVICE], name_label_fault);
    }
    const struct probes probes = decode_pods(d, in, &spec, value, o);
    out->rules = decode_rules(d, in, o->kind, value, probes);
    const struct addresses given = decode_annotated_addresses(d, in);
    out->addresses = given.items;
    out->addresses_n = given.n;
}
