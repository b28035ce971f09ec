// SPDX-License-Identifier: Apache-2.0
// Pods that matter to a name, those that lack something first.
#include "explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// --- why a pod made here is where it is ------------------------------------

struct told {
    struct explain *e;
    const struct object *const *pods;
    const char **whys;
    size_t n;
};

static int skip_workload(void *context, const struct ordinals_workload_state *w)
{
    (void)context;
    (void)w;
    return 0;
}

static int take_pod(void *context, const struct ordinals_pod_state *p)
{
    struct told *t = context;

    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->pods[i]->name, p->pod->name) == 0 &&
            strcmp(t->pods[i]->namespace, p->pod->namespace) == 0)
            t->whys[i] = explain_say(t->e, "%s", p->reason);
    return 0;
}

static void ask_ordinals(struct told *t,
                         const struct explain_objects *workloads)
{
    for (size_t i = 0; workloads && i < workloads->n; i++) {
        const struct object *w = workloads->items[i];
        const struct ordinals_target target = {w->namespace, w->name};
        if (t->e->from->ordinals &&
            ordinals_look(t->e->from->ordinals, &target, skip_workload,
                          take_pod, t) == -ENOMEM)
            t->e->no_memory = true;
    }
}

// --- links -----------------------------------------------------------------

static bool is_well(const struct object *o)
{
    return o->pod.ready && !o->pod.terminating && o->pod.addresses_n;
}

static int compare_pods(const void *a, const void *b)
{
    const struct object *x = *(struct object *const *)a;
    const struct object *y = *(struct object *const *)b;

    if (is_well(x) != is_well(y))
        return is_well(x) ? 1 : -1;
    const int c = strverscmp(x->name, y->name);
    return c ? c : strcmp(x->namespace, y->namespace);
}

// What the state says already is not said again.
static const char *why_of(const struct object *pod, const char *why)
{
    if (pod->pod.terminating || strcasecmp(why, "failed") == 0)
        return "";
    return *why ? why : pod->pod.reason;
}

static void link_pods(struct explain *e, const struct explain_objects *pods,
                      const struct explain_objects *workloads)
{
    const char *whys[EXPLAIN_LISTED_MAX];
    struct told t = {.e = e, .pods = pods->items, .whys = whys};

    if (pods->n == 0)
        return;
    qsort(pods->items, pods->n, sizeof(struct object *), compare_pods);
    while (t.n < pods->n && t.n < EXPLAIN_LISTED_MAX)
        whys[t.n++] = "";
    ask_ordinals(&t, workloads);
    for (size_t i = 0; i < t.n; i++)
        explain_link(e, pods->items[i],
                     explain_pod_state(e, pods->items[i],
                                       why_of(pods->items[i], whys[i])));
    explain_link_more(e, object_kind_name(OBJECT_POD), pods->n - t.n);
}

static bool has_address(const struct address *a, uint32_t n,
                        const struct address *wanted)
{
    for (uint32_t i = 0; i < n; i++)
        if (address_compare(&a[i], wanted) == 0)
            return true;
    return false;
}

// --- of a service ----------------------------------------------------------

struct search {
    struct explain *e;
    const char *namespace;
    const char *name;
    const struct object *service;  // may be NULL
    const struct address *address; // may be NULL
    const struct explain_objects *workloads;
    struct explain_objects found;
};

static bool is_governed(const struct search *s, const struct object *pod)
{
    for (size_t i = 0; i < s->workloads->n; i++) {
        const struct object *w = s->workloads->items[i];
        if (w->kind == OBJECT_STATEFUL_SET &&
            strcmp(w->namespace, pod->namespace) == 0 &&
            strcmp(w->name, pod->owner_name) == 0 &&
            strcmp(object_kind_name(OBJECT_STATEFUL_SET), pod->owner_kind) == 0)
            return true;
    }
    return false;
}

static int visit_member(void *context, const struct object *pod)
{
    struct search *s = context;

    if ((s->service && service_is_about(s->service, pod)) ||
        is_governed(s, pod))
        explain_objects_add(s->e, &s->found, pod);
    return 0;
}

void explain_pods_of(struct explain *e, const struct object *service,
                     const struct explain_objects *workloads)
{
    struct search s = {.e = e, .service = service, .workloads = workloads};

    (void)cluster_each(e->from->cluster, OBJECT_POD, visit_member, &s);
    link_pods(e, &s.found, workloads);
}

static int visit_named(void *context, const struct object *pod)
{
    struct search *s = context;

    if (strcmp(pod->namespace, s->namespace) == 0 &&
        (strcmp(pod->name, s->name) == 0 ||
         strcmp(pod->pod.hostname, s->name) == 0 ||
         (s->address &&
          has_address(pod->pod.addresses, pod->pod.addresses_n, s->address))))
        explain_objects_add(s->e, &s->found, pod);
    return 0;
}

void explain_pods_named(struct explain *e, const char *namespace,
                        const char *name, const struct address *address,
                        const struct explain_objects *workloads)
{
    struct search s = {
        .e = e, .namespace = namespace, .name = name, .address = address};

    (void)cluster_each(e->from->cluster, OBJECT_POD, visit_named, &s);
    link_pods(e, &s.found, workloads);
}

// --- with an address -------------------------------------------------------

static int visit_service(void *context, const struct object *o)
{
    struct search *s = context;

    if (has_address(o->service.addresses, o->service.addresses_n, s->address) &&
        explain_service_exists(s->e, o->namespace, o->name))
        explain_objects_add(s->e, &s->found, o);
    return 0;
}

static int visit_holder(void *context, const struct object *pod)
{
    struct search *s = context;

    if ((!*s->namespace || strcmp(pod->namespace, s->namespace) == 0) &&
        has_address(pod->pod.addresses, pod->pod.addresses_n, s->address))
        explain_objects_add(s->e, &s->found, pod);
    return 0;
}

// Services about a pod.
struct about {
    struct explain *e;
    const struct object *pod;
    struct explain_objects services;
};

static int visit_about(void *context, const struct object *o)
{
    struct about *a = context;

    if (service_is_about(o, a->pod) &&
        explain_service_exists(a->e, o->namespace, o->name))
        explain_objects_add(a->e, &a->services, o);
    return 0;
}

static int compare_services(const void *a, const void *b)
{
    const struct object *x = *(struct object *const *)a;
    const struct object *y = *(struct object *const *)b;
    const int c = strcmp(x->namespace, y->namespace);

    return c ? c : strverscmp(x->name, y->name);
}

static void link_services(struct explain *e,
                          const struct explain_objects *services)
{
    if (services->n)
        qsort(services->items, services->n, sizeof(struct object *),
              compare_services);
    for (size_t i = 0; i < services->n && i < EXPLAIN_LISTED_MAX; i++)
        explain_link(e, services->items[i],
                     explain_service_state(e, services->items[i], false));
    if (services->n > EXPLAIN_LISTED_MAX)
        explain_link_more(e, object_kind_name(OBJECT_SERVICE),
                          services->n - EXPLAIN_LISTED_MAX);
}

void explain_holders(struct explain *e, const struct explain_subject *s)
{
    struct search services = {
        .e = e, .namespace = s->namespace, .address = &s->address};
    struct search pods = services;
    struct explain_objects told = {0};

    if (s->address.family == 0)
        return;
    if (s->place == EXPLAIN_ADDRESS)
        (void)cluster_each(e->from->cluster, OBJECT_SERVICE, visit_service,
                           &services);
    link_services(e, &services.found);
    (void)cluster_each(e->from->cluster, OBJECT_POD, visit_holder, &pods);
    if (pods.found.n)
        qsort(pods.found.items, pods.found.n, sizeof(struct object *),
              compare_pods);
    for (size_t i = 0; i < pods.found.n; i++) {
        struct about about = {.e = e, .pod = pods.found.items[i]};
        (void)cluster_each(e->from->cluster, OBJECT_SERVICE, visit_about,
                           &about);
        link_services(e, &about.services);
        // a pod that no service tells of may be hidden
        if (about.services.n || e->decides->resolves)
            explain_objects_add(e, &told, about.pod);
    }
    link_pods(e, &told, NULL);
    if (s->place == EXPLAIN_ADDRESS)
        explain_slices_with(e, s);
}
