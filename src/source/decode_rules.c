// SPDX-License-Identifier: Apache-2.0
// What a workload's controller goes by: how pods are replaced, how many at a
// time, what becomes of claims, and how long the parts of a pod's life take.
#include "decode_workload.h"
#include "names.h"

#include "base/duration.h"

#include <ctype.h>

// --- amounts and times ------------------------------------------------------

// "25%": digits and a percent sign. False: something else.
static bool parse_percent(const char *text, uint32_t *out)
{
    uint64_t n = 0;
    const char *at = text;
    for (; isdigit((unsigned char)*at) && n <= INT32_MAX; at++)
        n = n * 10 + (uint64_t)(*at - '0');
    if (at == text || strcmp(at, "%") != 0 || n > INT32_MAX)
        return false;
    *out = (uint32_t)n;
    return true;
}

static struct pod_amount decode_amount(struct decoder *d,
                                       const struct where *where,
                                       const struct doc_node *node,
                                       struct pod_amount absent)
{
    uint32_t percent;
    char shown[SHOWN_SIZE];
    if (!node)
        return absent;
    if (doc_type_of(node) != DOC_STRING) {
        const int64_t n = decode_int(d, where, node, 0, INT32_MAX, -1);
        return n < 0 ? absent : (struct pod_amount){.value = (uint32_t)n};
    }
    if (parse_percent(node->text, &percent))
        return (struct pod_amount){.value = percent, .percent = true};
    decode_fault(d, where, node,
                 "must be an integer or a percentage such as 25%%, not '%s'",
                 decode_shown(node->text, shown));
    return absent;
}

// An annotation of ours: what Kubernetes takes is served, so a text that is no
// duration is warned of and counts as absent. Returns whether it says one.
static bool decode_duration(struct decoder *d, const struct document *in,
                            const char *key, uint32_t *ms)
{
    const struct where metadata = where_field(NULL, "metadata");
    const struct where annotations = where_field(&metadata, "annotations");
    const struct where where = where_field(&annotations, key);
    const struct doc_node *node = decode_annotation(in, key);
    char shown[SHOWN_SIZE];
    if (!node)
        return false;
    if (duration_parse(node->text, ms))
        return true;
    decode_warning(d, &where, node,
                   "must be a time of 0s to 24h such as 2s, 500ms or 1m30s, "
                   "not '%s'; it counts as absent",
                   decode_shown(node->text, shown));
    return false;
}

static bool decode_durations(struct decoder *d, const struct document *in,
                             struct workload_rules *out)
{
    const bool address = decode_duration(d, in, ANNOTATION_ADDRESS_AFTER,
                                         &out->address_after_ms);
    const bool ready =
        decode_duration(d, in, ANNOTATION_READY_AFTER, &out->ready_after_ms);
    const bool gone =
        decode_duration(d, in, ANNOTATION_GONE_AFTER, &out->gone_after_ms);
    return address || ready || gone;
}

// --- updates ----------------------------------------------------------------

// The first word is RollingUpdate, Kubernetes' default.
static enum update_strategy decode_strategy(struct decoder *d,
                                            const struct where *where,
                                            const struct doc_node *node,
                                            const char *const words[2],
                                            enum update_strategy other,
                                            const struct doc_node **rolling)
{
    enum { ROLLING, TYPE, N };
    static const struct field fields[N] = {FIELD("rollingUpdate"),
                                           FIELD("type")};
    const struct doc_node *value[N];
    const struct where at_type = where_field(where, "type");
    const struct where at_rolling = where_field(where, "rollingUpdate");
    decode_fields(d, where, node, fields, N, value);
    const int word = decode_word(d, &at_type, value[TYPE], words, 2, 0);
    *rolling = word == 0 ? value[ROLLING] : NULL;
    if (word == 1 && value[ROLLING])
        decode_fault(d, &at_rolling, value[ROLLING],
                     "belongs to type RollingUpdate, not %s; remove one of "
                     "them",
                     words[1]);
    return word == 1 ? other : UPDATE_ROLLING;
}

static void check_unavailable(struct decoder *d, const struct where *where,
                              const struct doc_node *node,
                              struct pod_amount amount)
{
    if (amount.percent && amount.value > 100)
        decode_fault(d, where, node, "must be at most 100%%, not %u%%",
                     amount.value);
}

// spec.updateStrategy of a StatefulSet.
static void decode_update(struct decoder *d, const struct where *spec,
                          const struct doc_node *node,
                          struct workload_rules *out)
{
    enum { UNAVAILABLE, PARTITION, N };
    static const struct field fields[N] = {FIELD("maxUnavailable"),
                                           FIELD("partition")};
    static const char *const words[] = {"RollingUpdate", "OnDelete"};
    const struct doc_node *rolling, *value[N];
    const struct where where = where_field(spec, "updateStrategy");
    const struct where at = where_field(&where, "rollingUpdate");
    const struct where unavailable = where_field(&at, "maxUnavailable");
    const struct where partition = where_field(&at, "partition");
    out->strategy = (uint8_t)decode_strategy(d, &where, node, words,
                                             UPDATE_ON_DELETE, &rolling);
    decode_fields(d, &at, rolling, fields, N, value);
    out->partition =
        (uint32_t)decode_int(d, &partition, value[PARTITION], 0, INT32_MAX, 0);
    out->max_unavailable = decode_amount(d, &unavailable, value[UNAVAILABLE],
                                         out->max_unavailable);
    if (!value[UNAVAILABLE])
        return;
    check_unavailable(d, &unavailable, value[UNAVAILABLE],
                      out->max_unavailable);
    if (out->max_unavailable.value == 0)
        decode_fault(d, &unavailable, value[UNAVAILABLE],
                     "must be at least 1: no pod would be updated");
}

// spec.strategy of a Deployment.
static void decode_deployment(struct decoder *d, const struct where *spec,
                              const struct doc_node *node,
                              struct workload_rules *out)
{
    enum { SURGE, UNAVAILABLE, N };
    static const struct field fields[N] = {FIELD("maxSurge"),
                                           FIELD("maxUnavailable")};
    static const char *const words[] = {"RollingUpdate", "Recreate"};
    const struct doc_node *rolling, *value[N];
    const struct where where = where_field(spec, "strategy");
    const struct where at = where_field(&where, "rollingUpdate");
    const struct where surge = where_field(&at, "maxSurge");
    const struct where unavailable = where_field(&at, "maxUnavailable");
    out->strategy = (uint8_t)decode_strategy(d, &where, node, words,
                                             UPDATE_RECREATE, &rolling);
    decode_fields(d, &at, rolling, fields, N, value);
    out->max_surge = decode_amount(d, &surge, value[SURGE], out->max_surge);
    out->max_unavailable = decode_amount(d, &unavailable, value[UNAVAILABLE],
                                         out->max_unavailable);
    check_unavailable(d, &unavailable, value[UNAVAILABLE],
                      out->max_unavailable);
    if (out->max_surge.value == 0 && out->max_unavailable.value == 0)
        decode_fault(d, &unavailable, value[UNAVAILABLE],
                     "must not be 0 where maxSurge is 0: no pod would be "
                     "updated; write 1 in one of them");
}

// --- claims -----------------------------------------------------------------

static void decode_claim_policy(struct decoder *d, const struct where *spec,
                                const struct doc_node *node,
                                struct workload_rules *out)
{
    enum { DELETED, SCALED, N };
    static const struct field fields[N] = {FIELD("whenDeleted"),
                                           FIELD("whenScaled")};
    static const char *const words[] = {"Retain", "Delete"};
    const struct doc_node *value[N];
    const struct where where =
        where_field(spec, "persistentVolumeClaimRetentionPolicy");
    const struct where deleted = where_field(&where, "whenDeleted");
    const struct where scaled = where_field(&where, "whenScaled");
    decode_fields(d, &where, node, fields, N, value);
    out->delete_claims_when_deleted =
        decode_word(d, &deleted, value[DELETED], words, 2, 0) == 1;
    out->delete_claims_when_scaled =
        decode_word(d, &scaled, value[SCALED], words, 2, 0) == 1;
}

// The name of a claim's template: that of a volume in each pod, too.
static const char *decode_claim(struct decoder *d, const struct where *where,
                                const struct doc_node *node)
{
    static const struct field of_claim = FIELD("metadata");
    static const struct field of_metadata = FIELD("name");
    const struct doc_node *metadata, *name;
    const struct where at = where_field(where, "metadata");
    const struct where at_name = where_field(&at, "name");
    const unsigned faults = d->faults;
    decode_fields(d, where, node, &of_claim, 1, &metadata);
    decode_fields(d, &at, metadata, &of_metadata, 1, &name);
    const char *text = decode_name(d, &at_name, name, name_label_fault);
    if (!*text && d->faults == faults && !d->no_memory)
        decode_fault(d, &at_name,
                     name       ? name
                     : metadata ? metadata
                                : node,
                     "is %s; write one", name ? "empty" : "missing");
    return text;
}

static void decode_claims(struct decoder *d, const struct where *spec,
                          const struct doc_node *node,
                          struct workload_rules *out)
{
    const struct where where = where_field(spec, "volumeClaimTemplates");
    const struct items items = decode_items(d, &where, node);
    const char **names = decode_array(d, items.n, sizeof *names);
    for (uint32_t i = 0; names && i < items.n; i++) {
        const struct where item = where_item(&where, i);
        names[i] = decode_claim(d, &item, items.at[i]);
    }
    out->claims = names;
    out->claims_n = names ? items.n : 0;
}

// --- the whole --------------------------------------------------------------

static void decode_stateful_set(struct decoder *d, const struct where *spec,
                                const struct doc_node *const *value,
                                struct workload_rules *out)
{
    static const char *const words[] = {"OrderedReady", "Parallel"};
    const struct where policy = where_field(spec, "podManagementPolicy");
    out->parallel =
        decode_word(d, &policy, value[SPEC_POD_POLICY], words, 2, 0) == 1;
    decode_update(d, spec, value[SPEC_UPDATE], out);
    decode_claims(d, spec, value[SPEC_CLAIMS], out);
    decode_claim_policy(d, spec, value[SPEC_CLAIM_POLICY], out);
}

static bool says_nothing(const struct doc_node *const *value)
{
    return !value[SPEC_MIN_READY] && !value[SPEC_PAUSED] &&
           !value[SPEC_POD_POLICY] && !value[SPEC_UPDATE] &&
           !value[SPEC_STRATEGY] && !value[SPEC_CLAIMS] &&
           !value[SPEC_CLAIM_POLICY];
}

const struct workload_rules *decode_rules(struct decoder *d,
                                          const struct document *in,
                                          enum object_kind kind,
                                          const struct doc_node *const *value,
                                          struct probes probes)
{
    const struct workload_rules *preset =
        kind == OBJECT_STATEFUL_SET ? &stateful_set_rules : &deployment_rules;
    const struct where spec = where_field(NULL, "spec");
    const struct where min_ready = where_field(&spec, "minReadySeconds");
    const struct where paused = where_field(&spec, "paused");
    struct workload_rules rules = *preset;
    rules.probes = probes.items;
    rules.probes_n = probes.n;
    rules.command_probe = probes.command;
    rules.min_ready_s = (uint32_t)decode_int(
        d, &min_ready, value[SPEC_MIN_READY], 0, INT32_MAX, 0);
    if (kind == OBJECT_STATEFUL_SET)
        decode_stateful_set(d, &spec, value, &rules);
    if (kind == OBJECT_DEPLOYMENT) {
        rules.paused = decode_bool(d, &paused, value[SPEC_PAUSED], false);
        decode_deployment(d, &spec, value[SPEC_STRATEGY], &rules);
    }
    const bool timed = decode_durations(d, in, &rules);
    if (says_nothing(value) && !timed && probes.n == 0 && !probes.command)
        return preset;
    struct workload_rules *out = decode_array(d, 1, sizeof *out);
    if (!out)
        return preset;
    *out = rules;
    return out;
}
