// SPDX-License-Identifier: Apache-2.0
// Selectors of workloads that miss or share their pods, and of services that
// find none.
#include "view.h"

#include <string.h>

// --- a workload and its own template ----------------------------------------

// A workload's selector beside its template's labels.
struct own {
    struct check *check;
    const struct pods *pods;
    struct place template_at; // of the template's labels
};

static void tell_own(const struct own *o, const struct doc_node *at,
                     const char *key, const char *wants,
                     const struct doc_node *has)
{
    struct check *c = o->check;
    const struct place place = place_of(o->pods->document, at);
    const char *template =
        has ? check_text(
                  c, "'%s: %s' (%s)", key, text_of(has),
                  check_where(c, place, place_of(o->pods->document, has)))
            : check_text(c, "no such label (%s)",
                         check_where(c, place, o->template_at));
    const struct reason why = {
        .code = REASON_SELECTOR_MISSES_TEMPLATE,
        .kind = o->pods->kind,
        .workload = o->pods->name,
        .detail =
            check_text(c, "it wants %s, the template has %s", wants, template),
    };
    check_tell(c, place, &why);
}

static void judge_labels(const struct own *o, const struct doc_node *selector)
{
    for (uint32_t i = 0;
         selector && selector->kind == DOC_MAP && i < selector->n; i++) {
        const char *key = selector->pairs[i].key->text;
        const struct doc_node *want = selector->pairs[i].value;
        const struct doc_node *has = doc_get(o->pods->labels, key);
        if (want->kind != DOC_SCALAR ||
            (has && strcmp(text_of(has), want->text) == 0))
            continue;
        tell_own(o, want, key,
                 check_text(o->check, "'%s: %s'", key, want->text), has);
    }
}

static bool is_among(const char *text, struct nodes values)
{
    for (uint32_t i = 0; i < values.n; i++)
        if (strcmp(text_of(values.at[i]), text) == 0)
            return true;
    return false;
}

static void judge_expression(const struct own *o, const struct doc_node *node)
{
    const char *key = field_text(node, "key");
    const char *operator= field_text(node, "operator");
    const struct nodes values = field_items(node, "values");
    const struct doc_node *has = doc_get(o->pods->labels, key);
    const bool among = has && is_among(text_of(has), values);
    const bool good = strcmp(operator, "In") == 0             ? among
                      : strcmp(operator, "NotIn") == 0        ? !among
                      : strcmp(operator, "Exists") == 0       ? has != NULL
                      : strcmp(operator, "DoesNotExist") == 0 ? has == NULL
                                                              : true;
    if (!good)
        tell_own(o, node, key,
                 check_text(o->check, "%s %s%s%s", key, operator,
                            values.n ? " " : "",
                            values.n == 1 ? text_of(values.at[0])
                            : values.n    ? "..."
                                          : ""),
                 has);
}

// Whose selectors the API server compares with their templates.
static bool has_selector_of_its_own(const struct pods *pods)
{
    static const char *const kinds[] = {"StatefulSet", "Deployment",
                                        "ReplicaSet", "DaemonSet",
                                        "ReplicationController"};
    for (unsigned i = 0; i < ORD_COUNT(kinds); i++)
        if (strcmp(pods->kind, kinds[i]) == 0)
            return document_is_official(pods->document);
    return false;
}

static void judge_own(struct check *c, const struct pods *pods)
{
    const struct check_document *d = pods->document;
    const struct doc_node *selector = check_node(d, "spec.selector");
    const struct own o = {
        .check = c,
        .pods = pods,
        .template_at = check_place(d, "spec.template.metadata.labels"),
    };
    if (!selector || !has_selector_of_its_own(pods))
        return;
    // the reader of manifests says it without the pair's place
    (void)check_untell(c, place_of(d, selector), "which is not among");
    if (field_is_told(c, d, "labels"))
        return;
    if (strcmp(pods->kind, "ReplicationController") == 0) {
        judge_labels(&o, selector);
        return;
    }
    judge_labels(&o, doc_get(selector, "matchLabels"));
    const struct nodes expressions = field_items(selector, "matchExpressions");
    for (uint32_t i = 0; i < expressions.n; i++)
        judge_expression(&o, expressions.at[i]);
}

// --- two workloads ----------------------------------------------------------

// Whether a workload's selector matches the pods of another, or the other's its
// own. Selectors with matchExpressions are not known to the model.
static bool overlap(const struct object *a, const struct object *b)
{
    const struct labels of_a = a->workload.selector;
    const struct labels of_b = b->workload.selector;
    return (of_a.n && labels_match(of_a, b->workload.pod_labels)) ||
           (of_b.n && labels_match(of_b, a->workload.pod_labels));
}

static bool has_expressions(const struct check_document *d)
{
    return field_items(check_node(d, "spec.selector"), "matchExpressions").n >
           0;
}

static void judge_pair(struct check *c, const struct object *first,
                       const struct object *second)
{
    const struct check_document *d = check_document_of(c, second);
    const struct check_document *other = check_document_of(c, first);
    if (!d || !other || has_expressions(d) || has_expressions(other) ||
        !overlap(first, second))
        return;
    const struct place at = check_place(d, "spec.selector.matchLabels");
    const struct reason why = {
        .code = REASON_SELECTORS_OVERLAP,
        .kind = object_kind_name((enum object_kind)second->kind),
        .workload = second->name,
        .near = first->name,
        .detail =
            check_where(c, at, check_place(other, "spec.selector.matchLabels")),
    };
    check_tell(c, at, &why);
}

// Each set is told once, of the first one before it.
static void judge_pairs(const struct view *v)
{
    for (uint32_t i = 0; i < v->sets.n; i++) {
        const struct object *o = v->sets.items[i];
        if (!check_sees(v->check, o))
            continue;
        for (uint32_t j = i; j > 0; j--) {
            const struct object *before = v->sets.items[j - 1];
            if (strcmp(before->namespace, o->namespace) != 0)
                break;
            if (check_sees(v->check, before) && overlap(before, o)) {
                judge_pair(v->check, before, o);
                break;
            }
        }
    }
}

// --- services that find nobody ----------------------------------------------

// Whether a label may be set while pods run, by an operator or by themselves,
// to say who leads: "role: primary", "vault-active: true".
static bool may_come_later(const struct label *label)
{
    static const char *const values[] = {
        "active",  "arbiter",  "follower", "leader", "master",
        "primary", "readonly", "replica",  "slave",  "secondary",
        "standby", "sync",     "true",     "yes",    "writer",
    };
    for (unsigned i = 0; i < ORD_COUNT(values); i++)
        if (strcmp(label->value, values[i]) == 0)
            return true;
    return false;
}

// How far pods are from what a selector wants.
struct distance {
    uint32_t right;            // pairs that they have
    uint32_t wrong;            // pairs that they have with another value
    uint32_t missing;          // keys that they have not
    uint32_t later;            // keys that may still come
    const struct label *first; // that is wrong or missing
};

static struct distance measure(struct labels selector, const struct pods *pods)
{
    struct distance out = {0};
    for (uint32_t i = 0; i < selector.n; i++) {
        const struct label *want = &selector.items[i];
        const struct doc_node *has = doc_get(pods->labels, want->key);
        if (has && strcmp(text_of(has), want->value) == 0)
            out.right++;
        else if (has)
            out.wrong++;
        else if (may_come_later(want) || label_is_automatic(want->key))
            out.later++;
        else
            out.missing++;
        if (!out.first && out.right < i + 1)
            out.first = want;
    }
    return out;
}

// Kinds of others that make no pods, however many charts have them. Any other
// may: an operator stands behind it.
static bool makes_no_pods(const struct check_document *d)
{
    static const char *const kinds[] = {
        "Certificate",    "ClusterIssuer",  "DestinationRule", "ExternalSecret",
        "Gateway",        "HTTPRoute",      "IngressRoute",    "Issuer",
        "PodMonitor",     "PrometheusRule", "SealedSecret",    "ServiceMonitor",
        "VirtualService", "ServiceExport",  "SecretStore",
    };
    if (document_is_official(d))
        return true;
    for (unsigned i = 0; i < ORD_COUNT(kinds); i++)
        if (strcmp(d->kind, kinds[i]) == 0)
            return true;
    return false;
}

static bool has_operator(const struct check *c, const char *namespace)
{
    for (uint32_t i = 0; i < c->documents_n; i++)
        if (!makes_no_pods(&c->documents[i]) &&
            strcmp(document_namespace(&c->documents[i]), namespace) == 0)
            return true;
    return false;
}

static bool is_governed(const struct view *v, const struct object *service)
{
    const struct objects sets = view_in(v->sets, service->namespace);
    for (uint32_t i = 0; i < sets.n; i++)
        if (governs(service, sets.items[i]))
            return true;
    return false;
}

// The nearest pods of those that are there; NULL where somebody is selected, or
// may be when labels come while pods run.
static const struct pods *nearest_pods(const struct view *v,
                                       const struct object *service,
                                       struct distance *best)
{
    uint32_t n;
    const struct pods *pods = view_pods_in(v, service->namespace, &n);
    const struct pods *found = NULL;
    for (uint32_t i = 0; i < n; i++) {
        const struct distance d = measure(service->service.selector, &pods[i]);
        if (pods_match(service->service.selector, &pods[i], NULL) ||
            (d.right > 0 && d.wrong == 0 && d.missing == 0))
            return NULL;
        if (!found || d.right > best->right) {
            found = &pods[i];
            *best = d;
        }
    }
    return found;
}

static const char *describe(struct check *c, const struct pods *pods,
                            const struct distance *d, struct place at)
{
    const struct label *want = d->first;
    const struct doc_node *has = doc_get(pods->labels, want->key);
    if (d->right == 0 && !(has && d->wrong == 1))
        return NULL; // nothing that it resembles
    const char *who =
        check_text(c, pods->given ? "%s %s has" : "pods of %s %s have",
                   pods->kind, pods->name);
    if (!has)
        return check_text(c, "it wants '%s: %s', %s no such label", want->key,
                          want->value, who);
    return check_text(c, "it wants '%s: %s', %s '%s: %s' (%s)", want->key,
                      want->value, who, want->key, text_of(has),
                      check_where(c, at, place_of(pods->document, has)));
}

static void judge_service(const struct view *v, const struct object *service)
{
    struct check *c = v->check;
    const struct check_document *d = check_document_of(c, service);
    struct distance distance;
    if (!d || !service->service.has_selector ||
        service->service.type == SERVICE_EXTERNAL_NAME ||
        !check_sees(c, service) || is_governed(v, service))
        return;
    const struct pods *pods = nearest_pods(v, service, &distance);
    if (!pods || has_endpoints(c, service) ||
        has_operator(c, service->namespace) || something_is_unread(c))
        return;
    const struct doc_node *selector = check_node(d, "spec.selector");
    const struct doc_node *pair = doc_get(selector, distance.first->key);
    const struct place at =
        pair ? place_of(d, pair) : check_place(d, "spec.selector");
    const struct reason why = {
        .code = REASON_NO_PODS,
        .namespace = service->namespace,
        .service = service->name,
        .detail = describe(c, pods, &distance, at),
    };
    check_tell(c, at, &why);
}

void check_selectors(const struct view *v)
{
    for (uint32_t i = 0; i < v->pods_n; i++)
        if (check_sees_document(v->check, v->pods[i].document))
            judge_own(v->check, &v->pods[i]);
    judge_pairs(v);
    for (uint32_t i = 0; i < v->services.n; i++)
        judge_service(v, v->services.items[i]);
}
