// SPDX-License-Identifier: Apache-2.0
// Addresses that two objects have: whoever asks for one of them reaches either.
#include "view.h"

#include <stdlib.h>
#include <string.h>

// Who has an address, and where that is written.
struct grant {
    struct address address;
    struct place at;
    const struct object *object;
};

struct grants {
    struct check *check;
    struct grant *items; // NULL: only count
    uint32_t n;
};

static void add(struct grants *g, struct address address, struct place at,
                const struct object *object)
{
    if (g->items)
        g->items[g->n] = (struct grant){address, at, object};
    g->n++;
}

// What a manifest writes; "None" and what was granted here is not in it.
static void add_text(struct grants *g, const struct check_document *d,
                     const struct doc_node *node, const struct object *o)
{
    struct address address;
    if (node && address_parse(text_of(node), &address))
        add(g, address, place_of(d, node), o);
}

static int take_service(void *context, const struct object *o)
{
    struct grants *g = context;
    const struct check_document *d = check_document_of(g->check, o);
    if (!d || !check_sees(g->check, o))
        return 0;
    const struct doc_node *spec = check_node(d, "spec");
    const struct nodes items = field_items(spec, "clusterIPs");
    for (uint32_t i = 0; i < items.n; i++)
        add_text(g, d, items.at[i], o);
    if (items.n == 0)
        add_text(g, d, doc_get(spec, "clusterIP"), o);
    return 0;
}

static const struct doc_node *annotation(const struct check_document *d)
{
    return doc_get(check_node(d, "metadata.annotations"),
                   "ordinald.io/addresses");
}

// A pod of the host's network has the host's address, as others may.
static int take_pod(void *context, const struct object *o)
{
    struct grants *g = context;
    const struct check_document *d = check_document_of(g->check, o);
    const struct doc_node *of_host = check_node(d, "spec.hostNetwork");
    const uint8_t phase = o->pod.phase;
    if (!d || !check_sees(g->check, o) || phase == POD_SUCCEEDED ||
        phase == POD_FAILED || (of_host && doc_bool(of_host)))
        return 0;
    const struct doc_node *at = check_node(d, "status.podIP");
    at = at ? at : annotation(d);
    for (uint32_t i = 0; i < o->pod.addresses_n; i++)
        add(g, o->pod.addresses[i], place_of(d, at ? at : d->root), o);
    return 0;
}

static int take_workload(void *context, const struct object *o)
{
    struct grants *g = context;
    const struct check_document *d = check_document_of(g->check, o);
    const struct doc_node *at = d ? annotation(d) : NULL;
    if (!at || !check_sees(g->check, o))
        return 0;
    for (uint32_t i = 0; i < o->workload.addresses_n; i++)
        add(g, o->workload.addresses[i], place_of(d, at), o);
    return 0;
}

static void take_all(struct grants *g)
{
    static const struct {
        enum object_kind kind;
        int (*take)(void *context, const struct object *o);
    } sources[] = {
        {OBJECT_SERVICE, take_service},
        {OBJECT_POD, take_pod},
        {OBJECT_STATEFUL_SET, take_workload},
        {OBJECT_DEPLOYMENT, take_workload},
        {OBJECT_REPLICA_SET, take_workload},
        {OBJECT_REPLICATION_CONTROLLER, take_workload},
    };
    for (unsigned i = 0; i < ORD_COUNT(sources); i++)
        (void)cluster_each(g->check->pipeline.cluster, sources[i].kind,
                           sources[i].take, g);
}

static int by_address(const void *a, const void *b)
{
    const struct grant *x = a, *y = b;
    int r = address_compare(&x->address, &y->address);
    if (r == 0)
        r = strcmp(x->at.file, y->at.file);
    if (r == 0)
        r = (x->at.line > y->at.line) - (x->at.line < y->at.line);
    return r ? r
             : (x->at.column > y->at.column) - (x->at.column < y->at.column);
}

// --- who is whom ------------------------------------------------------------

// A pod that is given has its workload's address, of which it is one.
static bool is_pod_of(const struct object *pod, const struct object *workload)
{
    if (pod->kind != OBJECT_POD || workload->kind <= OBJECT_POD ||
        strcmp(pod->namespace, workload->namespace) != 0)
        return false;
    return strcmp(pod->owner_name, workload->name) == 0 ||
           labels_match(workload->workload.selector, pod->labels);
}

// A ReplicaSet repeats the annotations of its Deployment.
static bool is_owned_by(const struct object *o, const struct object *owner)
{
    return strcmp(o->owner_name, owner->name) == 0 &&
           strcmp(o->namespace, owner->namespace) == 0 &&
           strcmp(o->owner_kind,
                  object_kind_name((enum object_kind)owner->kind)) == 0;
}

static bool is_same(const struct object *a, const struct object *b)
{
    return a == b || is_pod_of(a, b) || is_pod_of(b, a) || is_owned_by(a, b) ||
           is_owned_by(b, a);
}

static const char *describe(struct check *c, const struct object *o)
{
    return check_text(c, "%s %s/%s",
                      object_kind_name((enum object_kind)o->kind), o->namespace,
                      o->name);
}

// It is told where somebody goes without: of two annotations one is believed;
// otherwise of the second one.
static void tell(struct check *c, const struct grant *first,
                 const struct grant *second)
{
    char text[ADDRESS_TEXT_SIZE];
    address_format(&first->address, text);
    const char *part = check_text(c, "address %s of pod", text);
    const bool first_lacks = check_untell(c, first->object->at, part);
    const bool second_lacks = check_untell(c, second->object->at, part);
    const bool swap = first_lacks && !second_lacks;
    const struct grant *at = swap ? first : second;
    const struct grant *other = swap ? second : first;
    const struct reason why = {
        .code = REASON_DUPLICATE_ADDRESS,
        .namespace = at->object->namespace,
        .kind = object_kind_name((enum object_kind)at->object->kind),
        .workload = at->object->name,
        .detail = text,
        .near = check_text(c, "%s (%s)", describe(c, other->object),
                           check_where(c, at->at, other->at)),
    };
    check_tell(c, at->at, &why);
}

void check_addresses(struct check *c)
{
    struct grants g = {.check = c};
    take_all(&g);
    const uint32_t n = g.n;
    g = (struct grants){
        c, arena_array(&c->arena, (size_t)n + 1, sizeof *g.items), 0};
    if (!g.items) {
        c->no_memory = true;
        return;
    }
    take_all(&g);
    qsort(g.items, n, sizeof *g.items, by_address);
    for (uint32_t i = 1, first = 0; i < n; i++) {
        const struct grant *a = &g.items[first], *b = &g.items[i];
        if (address_compare(&a->address, &b->address) != 0)
            first = i;
        else if (!is_same(a->object, b->object))
            tell(c, a, b);
    }
}
