// SPDX-License-Identifier: Apache-2.0
// What rules look at. Objects and pods are put in order first, so that what is
// said does not depend on the order in which tables are walked.
#include "view.h"

#include "model/selector.h"

#include <stdlib.h>
#include <string.h>

// --- objects ----------------------------------------------------------------

struct gathered {
    const struct object **items; // NULL: only count
    uint32_t n;
};

static int gather(void *context, const struct object *o)
{
    struct gathered *g = context;
    if (g->items)
        g->items[g->n] = o;
    g->n++;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct object *const *x = a, *const *y = b;
    const int r = strcmp((*x)->namespace, (*y)->namespace);
    return r ? r : strcmp((*x)->name, (*y)->name);
}

static bool gather_all(struct check *c, enum object_kind kind,
                       struct objects *out)
{
    struct gathered g = {NULL, 0};
    (void)cluster_each(c->pipeline.cluster, kind, gather, &g);
    const uint32_t n = g.n;
    g = (struct gathered){arena_array(&c->arena, n + 1, sizeof *g.items), 0};
    if (!g.items)
        return false;
    (void)cluster_each(c->pipeline.cluster, kind, gather, &g);
    qsort(g.items, n, sizeof *g.items, by_name);
    *out = (struct objects){g.items, n};
    return true;
}

// The first that is not before this namespace and name.
static uint32_t lower_bound(struct objects all, const char *namespace,
                            const char *name)
{
    uint32_t low = 0, high = all.n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int r = strcmp(all.items[middle]->namespace, namespace);
        if (r < 0 || (r == 0 && strcmp(all.items[middle]->name, name) < 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct objects view_in(struct objects all, const char *namespace)
{
    const uint32_t first = lower_bound(all, namespace, "");
    const struct objects rest = {all.items + first, all.n - first};
    uint32_t low = 0, high = rest.n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (strcmp(rest.items[middle]->namespace, namespace) == 0)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct objects){rest.items, low};
}

const struct object *view_find(struct objects all, const char *namespace,
                               const char *name)
{
    const uint32_t at = lower_bound(all, namespace, name);
    return at < all.n && strcmp(all.items[at]->namespace, namespace) == 0 &&
                   strcmp(all.items[at]->name, name) == 0
               ? all.items[at]
               : NULL;
}

// --- what is seen -----------------------------------------------------------

static bool sees_namespace(const struct check *c, const char *namespace)
{
    const struct text_list *list = &c->settings->namespaces;
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i], namespace) == 0)
            return true;
    return list->n == 0;
}

bool check_sees(const struct check *c, const struct object *o)
{
    const struct selector *selector = c->settings->label_selector;
    return sees_namespace(c, o->namespace) &&
           (!selector || selector_matches(selector, o->labels));
}

bool check_sees_document(struct check *c, const struct check_document *d)
{
    const struct selector *selector = c->settings->label_selector;
    const struct doc_node *node = check_node(d, "metadata.labels");
    if (!sees_namespace(c, document_namespace(d)))
        return false;
    if (!selector)
        return true;
    const uint32_t n = node && node->kind == DOC_MAP ? node->n : 0;
    struct label *items = arena_array(&c->arena, n + 1, sizeof *items);
    c->no_memory |= !items;
    if (!items)
        return false;
    for (uint32_t i = 0; i < n; i++)
        items[i] = (struct label){node->pairs[i].key->text,
                                  text_of(node->pairs[i].value)};
    return selector_matches(selector, (struct labels){items, n});
}

// --- documents --------------------------------------------------------------

struct place place_of(const struct check_document *d,
                      const struct doc_node *node)
{
    return (struct place){d->file, node->line, node->column};
}

const char *text_of(const struct doc_node *node)
{
    return node && node->kind == DOC_SCALAR ? node->text : "";
}

const char *field_text(const struct doc_node *map, const char *key)
{
    return text_of(doc_get(map, key));
}

struct nodes field_items(const struct doc_node *map, const char *key)
{
    const struct doc_node *list = doc_get(map, key);
    return list && list->kind == DOC_LIST ? (struct nodes){list->items, list->n}
                                          : (struct nodes){NULL, 0};
}

const char *document_namespace(const struct check_document *d)
{
    const char *text = text_of(check_node(d, "metadata.namespace"));
    return *text ? text : "default";
}

const char *document_name(const struct check_document *d)
{
    return text_of(check_node(d, "metadata.name"));
}

bool document_is_official(const struct check_document *d)
{
    static const char tail[] = ".k8s.io";
    const char *version = d->api_version;
    const size_t n = strcspn(version, "/"), tail_n = sizeof tail - 1;
    if (!version[n] || !memchr(version, '.', n))
        return true; // "v1", "apps/v1"
    return n > tail_n && memcmp(version + n - tail_n, tail, tail_n) == 0;
}

static bool container_stays(const struct doc_node *container, bool init)
{
    return !init ||
           strcmp(field_text(container, "restartPolicy"), "Always") == 0;
}

void each_container(const struct doc_node *pod_spec, bool all,
                    void (*visit)(void *context,
                                  const struct doc_node *container),
                    void *context)
{
    static const char *const keys[] = {"containers", "initContainers"};
    for (unsigned k = 0; k < ORD_COUNT(keys); k++) {
        const struct nodes items = field_items(pod_spec, keys[k]);
        for (uint32_t i = 0; i < items.n; i++)
            if (all || container_stays(items.at[i], k == 1))
                visit(context, items.at[i]);
    }
}

// --- pods -------------------------------------------------------------------

static const struct doc_node *map_or_null(const struct doc_node *node)
{
    return node && node->kind == DOC_MAP ? node : NULL;
}

// A workload is known by its template, whatever it is called: those of others
// (Rollout, CloneSet) make pods, too.
static bool read_pods(const struct check_document *d, struct pods *out)
{
    const struct doc_node *spec = check_node(d, "spec");
    const struct doc_node *template = doc_get(spec, "template");
    const bool pod = strcmp(d->kind, "Pod") == 0;
    if (pod)
        template = d->root;
    else if (!template)
        template = check_node(d, "spec.jobTemplate.spec.template");
    if (!map_or_null(template))
        return false;
    *out = (struct pods){
        .document = d,
        .namespace = document_namespace(d),
        .kind = d->kind,
        .name = document_name(d),
        .labels = map_or_null(doc_get(doc_get(template, "metadata"), "labels")),
        .spec = map_or_null(doc_get(template, "spec")),
        .given = pod,
    };
    return out->labels || out->spec;
}

static bool gather_pods(struct check *c, struct view *v)
{
    struct pods *items =
        arena_array(&c->arena, (size_t)c->documents_n + 1, sizeof *items);
    if (!items)
        return false;
    for (uint32_t i = 0; i < c->documents_n; i++)
        v->pods_n += read_pods(&c->documents[i], &items[v->pods_n]);
    v->pods = items;
    return true;
}

bool view_init(struct view *v, struct check *c)
{
    *v = (struct view){.check = c};
    if (!gather_all(c, OBJECT_SERVICE, &v->services) ||
        !gather_all(c, OBJECT_STATEFUL_SET, &v->sets) || !gather_pods(c, v) ||
        !view_relate(v)) {
        c->no_memory = true;
        return false;
    }
    return true;
}

// --- labels -----------------------------------------------------------------

bool pods_match(struct labels selector, const struct pods *pods)
{
    for (uint32_t i = 0; i < selector.n; i++) {
        const struct label *want = &selector.items[i];
        const struct doc_node *has = doc_get(pods->labels, want->key);
        if (!has && !pods->given && label_is_automatic(want->key))
            continue;
        if (!has || strcmp(text_of(has), want->value) != 0)
            return false;
    }
    return true;
}
