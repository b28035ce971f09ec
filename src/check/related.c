// SPDX-License-Identifier: Apache-2.0
// What belongs together: one sorted table for all relations, made once, so that
// the work of the rules grows with what there is and not with its square.
#include "view.h"

#include <stdlib.h>
#include <string.h>

// --- rows -------------------------------------------------------------------

struct rows {
    const struct view *view;
    struct related *at; // NULL: only count
    uint32_t n;
};

static void add(struct rows *r, struct related row)
{
    row.order = r->n;
    if (r->at)
        r->at[r->n] = row;
    r->n++;
}

static void add_named(struct rows *r, enum relation relation,
                      const char *namespace, const char *name, const void *item)
{
    add(r, (struct related){relation, namespace, name, "", item, 0});
}

// Kinds of others that make no pods, however many charts have them. Any other
// may: an operator stands behind it.
static bool may_make_pods(const struct check_document *d)
{
    static const char *const kinds[] = {
        "Certificate",    "ClusterIssuer",  "DestinationRule", "ExternalSecret",
        "Gateway",        "HTTPRoute",      "IngressRoute",    "Issuer",
        "PodMonitor",     "PrometheusRule", "SealedSecret",    "ServiceMonitor",
        "VirtualService", "ServiceExport",  "SecretStore",
    };
    if (document_is_official(d))
        return false;
    for (unsigned i = 0; i < ORD_COUNT(kinds); i++)
        if (strcmp(d->kind, kinds[i]) == 0)
            return false;
    return true;
}

static void add_documents(struct rows *r)
{
    const struct check *c = r->view->check;
    for (uint32_t i = 0; i < c->documents_n; i++) {
        const struct check_document *d = &c->documents[i];
        const char *namespace = document_namespace(d);
        add_named(r, DOCUMENTS_NAMED, namespace, document_name(d), d);
        if (may_make_pods(d))
            add_named(r, OPERATORS, namespace, "", d);
    }
}

static int add_slice(void *context, const struct object *o)
{
    if (o->slice.endpoints_n > 0)
        add_named(context, SLICES_OF_SERVICE, o->namespace, o->slice.service,
                  o);
    return 0;
}

static void add_sets(struct rows *r)
{
    const struct objects sets = r->view->sets;
    for (uint32_t i = 0; i < sets.n; i++) {
        const struct object *const *at = &sets.items[i];
        const struct labels labels = (*at)->workload.pod_labels;
        const char *namespace = (*at)->namespace;
        add_named(r, SETS_OF_SERVICE, namespace, (*at)->workload.service, *at);
        add_named(r, SETS_LABELLED, namespace, "", at);
        for (uint32_t k = 0; k < labels.n; k++)
            add(r,
                (struct related){SETS_LABELLED, namespace, labels.items[k].key,
                                 labels.items[k].value, at, 0});
    }
}

static void add_pods(struct rows *r)
{
    for (uint32_t i = 0; i < r->view->pods_n; i++) {
        const struct pods *pods = &r->view->pods[i];
        add_named(r, PODS_LABELLED, pods->namespace, "", pods);
        for (uint32_t k = 0; pods->labels && k < pods->labels->n; k++) {
            const struct doc_pair *pair = &pods->labels->pairs[k];
            add(r, (struct related){PODS_LABELLED, pods->namespace,
                                    pair->key->text, text_of(pair->value), pods,
                                    0});
        }
    }
}

static void add_all(struct rows *r)
{
    const struct objects services = r->view->services;
    for (uint32_t i = 0; i < services.n; i++)
        add_named(r, SERVICES_NAMED, "", services.items[i]->name,
                  services.items[i]);
    add_documents(r);
    add_sets(r);
    add_pods(r);
    (void)cluster_each(r->view->check->pipeline.cluster, OBJECT_ENDPOINT_SLICE,
                       add_slice, r);
}

// --- order ------------------------------------------------------------------

static int by_all(const void *a, const void *b)
{
    const struct related *one = a, *other = b;
    int r =
        (one->relation > other->relation) - (one->relation < other->relation);
    if (r == 0)
        r = strcmp(one->namespace, other->namespace);
    if (r == 0)
        r = strcmp(one->name, other->name);
    if (r == 0)
        r = strcmp(one->value, other->value);
    return r ? r : (one->order > other->order) - (one->order < other->order);
}

bool view_relate(struct view *v)
{
    struct rows rows = {.view = v};
    add_all(&rows);
    rows.at =
        arena_array(&v->check->arena, (size_t)rows.n + 1, sizeof *rows.at);
    if (!rows.at)
        return false;
    rows.n = 0;
    add_all(&rows);
    qsort(rows.at, rows.n, sizeof *rows.at, by_all);
    v->related = rows.at;
    v->related_n = rows.n;
    return true;
}

// --- finding ----------------------------------------------------------------

// How many rows are before this one.
static uint32_t rows_before(const struct view *v, const struct related *row)
{
    uint32_t low = 0, high = v->related_n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (by_all(&v->related[middle], row) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct relatives view_related(const struct view *v, enum relation relation,
                              const char *namespace, const char *name,
                              const char *value)
{
    struct related row = {relation, namespace, name, value, NULL, 0};
    const uint32_t first = rows_before(v, &row);
    row.order = UINT32_MAX; // behind all that are alike
    return (struct relatives){v->related + first, rows_before(v, &row) - first};
}

struct relatives view_candidates(const struct view *v, enum relation relation,
                                 const char *namespace, struct labels selector)
{
    struct relatives best = view_related(v, relation, namespace, "", "");
    for (uint32_t i = 0; i < selector.n; i++) {
        const struct label *want = &selector.items[i];
        if (label_is_automatic(want->key))
            continue;
        const struct relatives some =
            view_related(v, relation, namespace, want->key, want->value);
        best = some.n < best.n ? some : best;
    }
    return best;
}

const struct object *governed_set(const struct view *v,
                                  const struct object *service)
{
    const struct relatives sets =
        view_related(v, SETS_OF_SERVICE, service->namespace, service->name, "");
    for (uint32_t i = 0; i < sets.n; i++)
        if (check_sees(v->check, sets.at[i].item))
            return sets.at[i].item;
    return NULL;
}

bool has_endpoints(const struct view *v, const struct object *service)
{
    return cluster_find(v->check->pipeline.cluster, OBJECT_ENDPOINTS,
                        service->namespace, service->name) ||
           view_related(v, SLICES_OF_SERVICE, service->namespace, service->name,
                        "")
                   .n > 0;
}
