// SPDX-License-Identifier: Apache-2.0
// Selectors of workloads that miss or share their pods, and of services that
// find none.
#include "view.h"

#include <assert.h>
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

static bool has_expressions(const struct check_document *d)
{
    return field_items(check_node(d, "spec.selector"), "matchExpressions").n >
           0;
}

// Selectors with matchExpressions are not known to the model.
static void judge_pair(struct check *c, const struct object *first,
                       const struct object *second)
{
    const struct check_document *d = check_document_of(c, second);
    const struct check_document *other = check_document_of(c, first);
    if (!d || !other || has_expressions(d) || has_expressions(other))
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

// For each of the view's sets the nearest one before it, by name, where the
// selector of either matches the pods of the other.
struct overlaps {
    const struct view *view;
    const struct object *const **before; // NULL: none
};

// What the selector of one of them matches.
static void find_overlaps(const struct overlaps *o,
                          const struct object *const *set)
{
    const struct labels selector = (*set)->workload.selector;
    const struct relatives others =
        view_candidates(o->view, SETS_LABELLED, (*set)->namespace, selector);
    // from behind, as the nearest one is wanted
    for (uint32_t i = others.n; i-- > 0;) {
        const struct object *const *other = others.at[i].item;
        const struct object *const *low = other < set ? other : set;
        const struct object *const *high = other < set ? set : other;
        const struct object *const **before =
            &o->before[high - o->view->sets.items];
        if (low != high && (!*before || *before < low) &&
            check_sees(o->view->check, *other) &&
            labels_match(selector, (*other)->workload.pod_labels))
            *before = low;
    }
}

// Each set is told once, of the nearest one.
static void judge_pairs(const struct view *v)
{
    struct check *c = v->check;
    const struct objects sets = v->sets;
    const struct overlaps o = {
        .view = v,
        .before = arena_array(&c->arena, (size_t)sets.n + 1, sizeof *o.before),
    };
    c->no_memory |= !o.before;
    for (uint32_t i = o.before ? sets.n : 0; i-- > 0;)
        if (sets.items[i]->workload.selector.n > 0 &&
            check_sees(c, sets.items[i]))
            find_overlaps(&o, &sets.items[i]);
    for (uint32_t i = 0; o.before && i < sets.n; i++)
        if (o.before[i])
            judge_pair(c, *o.before[i], sets.items[i]);
}

// --- services that find nobody ----------------------------------------------

// Whether a label may be set while pods run: by a controller, or by an operator
// or themselves, to say who leads: "role: primary", "vault-active: true".
static bool comes_later(const struct label *label)
{
    static const char *const values[] = {
        "active",  "arbiter",  "follower", "leader", "master",
        "primary", "readonly", "replica",  "slave",  "secondary",
        "standby", "sync",     "true",     "yes",    "writer",
    };
    for (unsigned i = 0; i < ORD_COUNT(values); i++)
        if (strcmp(label->value, values[i]) == 0)
            return true;
    return label_is_automatic(label->key);
}

// How far pods are from what a selector wants.
struct distance {
    uint32_t right;            // pairs that they have
    uint32_t wrong;            // pairs that they have with another value
    uint32_t missing;          // keys that they have not, nor may get
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
        else if (!comes_later(want))
            out.missing++;
        if (!out.first && out.right < i + 1)
            out.first = want;
    }
    return out;
}

// The pairs of a selector that pods have from the first on; none without
// memory.
static struct labels lasting(struct check *c, struct labels selector)
{
    struct label *items =
        arena_array(&c->arena, (size_t)selector.n + 1, sizeof *items);
    struct labels out = {items, 0};
    c->no_memory |= !items;
    for (uint32_t i = 0; items && i < selector.n; i++)
        if (!comes_later(&selector.items[i]))
            items[out.n++] = selector.items[i];
    return out;
}

// Whether somebody is selected, or may be when labels come while pods run.
static bool is_selected(const struct view *v, const struct object *service)
{
    const struct labels selector = service->service.selector;
    const struct relatives some = view_candidates(
        v, PODS_LABELLED, service->namespace, lasting(v->check, selector));
    for (uint32_t i = 0; i < some.n; i++) {
        const struct distance d = measure(selector, some.at[i].item);
        if (pods_match(selector, some.at[i].item) ||
            (d.right > 0 && d.wrong == 0 && d.missing == 0))
            return true;
    }
    return false;
}

// The first pods of those that have the most pairs of a selector; NULL: there
// are no pods.
static const struct pods *nearest_pods(const struct view *v,
                                       const struct object *service,
                                       struct distance *best)
{
    const struct labels selector = service->service.selector;
    const struct relatives all =
        view_related(v, PODS_LABELLED, service->namespace, "", "");
    const struct pods *found = all.n ? all.at[0].item : NULL;
    struct relatives *some =
        arena_array(&v->check->arena, (size_t)selector.n + 1, sizeof *some);
    uint32_t most = 0; // that anybody has
    v->check->no_memory |= !some;
    if (!found || !some)
        return NULL;
    *best = measure(selector, found);
    for (uint32_t i = 0; i < selector.n; i++) {
        const struct label *want = &selector.items[i];
        some[i] = view_related(v, PODS_LABELLED, service->namespace, want->key,
                               want->value);
        most += some[i].n > 0;
    }
    for (uint32_t i = 0; i < selector.n; i++)
        for (uint32_t k = 0; k < some[i].n && best->right < most; k++) {
            const struct pods *pods = some[i].at[k].item;
            const struct distance d = measure(selector, pods);
            if (d.right < best->right ||
                (d.right == best->right && pods >= found))
                continue;
            found = pods;
            *best = d;
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

static bool has_operator(const struct view *v, const char *namespace)
{
    return view_related(v, OPERATORS, namespace, "", "").n > 0;
}

static bool is_governed(const struct view *v, const struct object *service)
{
    return view_related(v, SETS_OF_SERVICE, service->namespace, service->name,
                        "")
               .n > 0;
}

static void judge_service(const struct view *v, const struct object *service)
{
    struct check *c = v->check;
    const struct check_document *d = check_document_of(c, service);
    struct distance distance;
    if (!d || !service->service.has_selector ||
        service->service.type == SERVICE_EXTERNAL_NAME ||
        !check_sees(c, service) || is_governed(v, service) ||
        has_endpoints(v, service) || has_operator(v, service->namespace) ||
        something_is_unread(c) || is_selected(v, service))
        return;
    const struct pods *pods = nearest_pods(v, service, &distance);
    if (!pods)
        return;
    assert(distance.first); // or they would be selected
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

void check_selectors(struct check *c)
{
    const struct view *v = c->view;
    for (uint32_t i = 0; i < v->pods_n; i++)
        if (check_sees_document(c, v->pods[i].document))
            judge_own(c, &v->pods[i]);
    judge_pairs(v);
    for (uint32_t i = 0; i < v->services.n && !c->no_memory; i++)
        judge_service(v, v->services.items[i]);
}
