// SPDX-License-Identifier: Apache-2.0
#include "given.h"

#include "grow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int object_list_add(struct object_list *l, const struct object *o)
{
    void *items =
        grow_array(l->items, l->n, &l->room, sizeof(const struct object *));

    if (!items)
        return -ENOMEM;
    l->items = items;
    l->items[l->n++] = o;
    return 0;
}

void given_release(struct given *g)
{
    free(g->workloads.items);
    free(g->has_pods);
    free(g->services.items);
    free(g->taken);
    *g = (struct given){0};
}

static bool wants_address(const struct object *o)
{
    return o->service.type == SERVICE_CLUSTER_IP && o->service.addresses_n == 0;
}

static int visit_workload(void *context, const struct object *o)
{
    struct given *g = context;
    const struct object *original = g->original(g->context, o);

    return original ? object_list_add(&g->workloads, original) : 0;
}

static int visit_service(void *context, const struct object *o)
{
    struct given *g = context;
    const struct object *original = g->original(g->context, o);

    return original && wants_address(original)
               ? object_list_add(&g->services, original)
               : 0;
}

static int compare_keys(const struct object *a, const struct object *b)
{
    int rc = strcmp(a->namespace, b->namespace);

    if (rc == 0)
        rc = a->kind - b->kind;
    return rc ? rc : strcmp(a->name, b->name);
}

static int compare_objects(const void *x, const void *y)
{
    return compare_keys(*(const struct object *const *)x,
                        *(const struct object *const *)y);
}

int given_begin(struct given *g, const struct cluster *c,
                const struct ordinals_settings *settings,
                const struct object *(*original)(void *context,
                                                 const struct object *o),
                void *context)
{
    int rc = 0;

    *g = (struct given){.cluster = c,
                        .settings = settings,
                        .original = original,
                        .context = context};
    for (enum object_kind k = OBJECT_STATEFUL_SET;
         k <= OBJECT_REPLICATION_CONTROLLER && !rc; k++)
        rc = cluster_each(c, k, visit_workload, g);
    if (!rc)
        rc = cluster_each(c, OBJECT_SERVICE, visit_service, g);
    if (rc)
        return rc;
    if (g->workloads.n)
        qsort(g->workloads.items, g->workloads.n, sizeof(const struct object *),
              compare_objects);
    g->has_pods = calloc((size_t)g->workloads.n + 1, sizeof *g->has_pods);
    return g->has_pods ? 0 : -ENOMEM;
}

// The place of the first workload that is not before this key.
static uint32_t lower_bound(const struct given *g, const struct object *key)
{
    uint32_t low = 0, high = g->workloads.n;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (compare_keys(g->workloads.items[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// Of the workloads of a namespace: from *first up to the place returned.
static uint32_t namespace_bounds(const struct given *g, const char *namespace,
                                 uint32_t *first)
{
    struct object key = {.namespace = namespace, .name = ""};

    *first = lower_bound(g, &key);
    key.kind = UINT8_MAX;
    return lower_bound(g, &key);
}

// Note that a workload has pods. Returns whether it is there.
static bool mark(struct given *g, const char *namespace, enum object_kind kind,
                 const char *name)
{
    const struct object key = {
        .namespace = namespace, .kind = (uint8_t)kind, .name = name};
    const uint32_t i = lower_bound(g, &key);

    if (i == g->workloads.n || compare_keys(g->workloads.items[i], &key) != 0)
        return false;
    g->has_pods[i] = true;
    return true;
}

// The workload that an owner reference names. Returns whether it is there.
static bool mark_owner(struct given *g, const struct object *o)
{
    for (enum object_kind k = OBJECT_STATEFUL_SET;
         k <= OBJECT_REPLICATION_CONTROLLER; k++)
        if (strcmp(o->owner_kind, object_kind_name(k)) == 0)
            return mark(g, o->namespace, k, o->owner_name);
    return false;
}

// A pod without owner belongs to whom it matches, as a controller would adopt
// it. A pod of a ReplicaSet that was left out, as `kubectl get
// deployments,pods` does, tells by its labels which Deployment it is of.
static void mark_matching(struct given *g, const struct object *pod,
                          bool deployments_only)
{
    uint32_t i, end = namespace_bounds(g, pod->namespace, &i);

    for (; i < end; i++) {
        const struct object *w = g->workloads.items[i];
        if (g->has_pods[i] ||
            (deployments_only && w->kind != OBJECT_DEPLOYMENT))
            continue;
        if (w->workload.selector.n &&
            labels_match(w->workload.selector, pod->labels))
            g->has_pods[i] = true;
    }
}

// Whether a service is about the pods that a workload would have.
static bool is_of_service(const struct object *w, const char *name,
                          const struct object *service)
{
    if (w->kind == OBJECT_STATEFUL_SET &&
        strcmp(w->workload.service, name) == 0)
        return true;
    return service && service->service.selector.n &&
           labels_match(service->service.selector, w->workload.pod_labels);
}

static void mark_service(struct given *g, const char *namespace,
                         const char *name)
{
    const struct object *service =
        cluster_find(g->cluster, OBJECT_SERVICE, namespace, name);
    uint32_t i, end = namespace_bounds(g, namespace, &i);

    for (; i < end; i++)
        if (!g->has_pods[i] &&
            is_of_service(g->workloads.items[i], name, service))
            g->has_pods[i] = true;
}

// --- what is taken ---------------------------------------------------------

static bool is_in_range(const struct ordinals_settings *s,
                        const struct address *a)
{
    for (uint32_t i = 0; i < s->pod_cidrs_n; i++)
        if (cidr_contains(&s->pod_cidrs[i], a))
            return true;
    for (uint32_t i = 0; i < s->service_cidrs_n; i++)
        if (cidr_contains(&s->service_cidrs[i], a))
            return true;
    return false;
}

static int take(struct given *g, const struct address *a)
{
    if (!is_in_range(g->settings, a))
        return 0;
    struct address *taken =
        grow_array(g->taken, g->taken_n, &g->taken_room, sizeof *g->taken);
    if (!taken)
        return -ENOMEM;
    g->taken = taken;
    g->taken[g->taken_n++] = *a;
    return 0;
}

static int take_all(struct given *g, const struct address *addresses, uint8_t n)
{
    int rc = 0;

    for (uint8_t i = 0; i < n && !rc; i++)
        rc = take(g, &addresses[i]);
    return rc;
}

static int take_slice(struct given *g, const struct slice_facts *s)
{
    struct address a = {.family = s->family};

    if (s->family == 0)
        return 0;
    const uint8_t size = address_size(&a);
    for (uint32_t i = 0; i < s->endpoints_n; i++) {
        const struct endpoint *e = &s->endpoints[i];
        for (uint16_t k = 0; k < e->addresses_n; k++) {
            memcpy(a.octets, e->addresses + (size_t)k * size, size);
            int rc = take(g, &a);
            if (rc)
                return rc;
        }
    }
    return 0;
}

// --- visits ----------------------------------------------------------------

static int look_at_pod(void *context, const struct object *o)
{
    struct given *g = context;

    if (o->at.file == ordinals_file)
        return 0;
    if (!*o->owner_kind)
        mark_matching(g, o, false);
    else if (!mark_owner(g, o) &&
             strcmp(o->owner_kind, object_kind_name(OBJECT_REPLICA_SET)) == 0)
        mark_matching(g, o, true);
    return take_all(g, o->pod.addresses, o->pod.addresses_n);
}

static int look_at_slice(void *context, const struct object *o)
{
    struct given *g = context;

    if (*o->slice.service)
        mark_service(g, o->namespace, o->slice.service);
    return take_slice(g, &o->slice);
}

static int look_at_endpoints(void *context, const struct object *o)
{
    struct given *g = context;
    int rc = 0;

    mark_service(g, o->namespace, o->name);
    for (uint32_t i = 0; i < o->endpoints.slices_n && !rc; i++)
        rc = take_slice(g, &o->endpoints.slices[i]);
    return rc;
}

// What a copy has was given here: what counts is said by its original.
static int look_at_service(void *context, const struct object *o)
{
    struct given *g = context;
    const struct object *original = g->original(g->context, o);

    return original ? take_all(g, original->service.addresses,
                               original->service.addresses_n)
                    : 0;
}

static void keep_podless(struct given *g)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < g->workloads.n; i++)
        if (!g->has_pods[i])
            g->workloads.items[n++] = g->workloads.items[i];
    g->workloads.n = n;
}

int given_finish(struct given *g)
{
    // A Deployment whose ReplicaSet is given makes no pods: that one does.
    for (uint32_t i = 0; i < g->workloads.n; i++)
        if (g->workloads.items[i]->kind == OBJECT_REPLICA_SET)
            (void)mark_owner(g, g->workloads.items[i]);
    int rc = cluster_each(g->cluster, OBJECT_POD, look_at_pod, g);
    if (!rc)
        rc = cluster_each(g->cluster, OBJECT_ENDPOINT_SLICE, look_at_slice, g);
    if (!rc)
        rc = cluster_each(g->cluster, OBJECT_ENDPOINTS, look_at_endpoints, g);
    if (!rc)
        rc = cluster_each(g->cluster, OBJECT_SERVICE, look_at_service, g);
    if (!rc)
        keep_podless(g);
    return rc;
}
