// SPDX-License-Identifier: Apache-2.0
// The chain behind a name: the services that it speaks of, what governs them,
// and those in their set. What the cluster hides is not told: only services
// that cluster_service() gives are.
#include "explain.h"

#include "dns/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// --- links -----------------------------------------------------------------

static bool is_same(const struct explain_link *a, const struct explain_link *b)
{
    return strcmp(a->kind, b->kind) == 0 && strcmp(a->name, b->name) == 0 &&
           strcmp(a->namespace, b->namespace) == 0 &&
           strcmp(a->state, b->state) == 0 && a->more == b->more;
}

void explain_link_other(struct explain *e, const struct explain_link *link)
{
    for (const struct explain_link *at = e->links; at; at = at->next)
        if (is_same(at, link))
            return;
    struct explain_link *copy = arena_alloc(&e->arena, sizeof *copy);
    if (!copy) {
        e->no_memory = true;
        return;
    }
    *copy = *link;
    *e->links_end = copy;
    e->links_end = &copy->next;
}

void explain_link(struct explain *e, const struct object *o, const char *state)
{
    const bool made = o->at.file == ordinals_file;
    struct explain_link link = {
        .kind = object_kind_name((enum object_kind)o->kind),
        .namespace = o->namespace,
        .name = o->name,
        .state = state,
        .made = made,
    };

    if (!made)
        link.at = o->at;
    explain_link_other(e, &link);
}

void explain_link_more(struct explain *e, const char *kind, size_t n)
{
    const struct explain_link link = {
        .kind = kind,
        .namespace = "",
        .name = "",
        .state = "",
        .more = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX,
    };

    if (n)
        explain_link_other(e, &link);
}

void explain_objects_add(struct explain *e, struct explain_objects *objects,
                         const struct object *o)
{
    if (objects->n == objects->room) {
        const size_t room = objects->room ? 2 * objects->room : 16;
        const struct object **items =
            arena_array(&e->arena, room, sizeof(struct object *));
        if (!items) {
            e->no_memory = true;
            return;
        }
        for (size_t i = 0; i < objects->n; i++)
            items[i] = objects->items[i];
        objects->items = items;
        objects->room = room;
    }
    objects->items[objects->n++] = o;
}

// --- workloads -------------------------------------------------------------

struct search {
    struct explain *e;
    const struct explain_subject *subject;
    const struct object *service; // may be NULL
    struct explain_objects found;
};

bool explain_is_set_of(const char *set, const char *hostname)
{
    const size_t n = strlen(set);

    if (strncmp(hostname, set, n) != 0 || hostname[n] != '-')
        return false;
    const char *digits = hostname + n + 1;
    return *digits && digits[strspn(digits, "0123456789")] == '\0';
}

// Whether a StatefulSet's pods may be called so.
static bool is_set_of(const struct object *o, const char *hostname)
{
    return o->kind == OBJECT_STATEFUL_SET &&
           explain_is_set_of(o->name, hostname);
}

static bool is_selected(const struct object *service, const struct object *o)
{
    return service && service->service.selector.n &&
           labels_match(service->service.selector, o->workload.pod_labels);
}

static int visit_workload(void *context, const struct object *o)
{
    struct search *s = context;

    if (strcmp(o->namespace, s->subject->namespace) != 0)
        return 0;
    const bool governs = o->kind == OBJECT_STATEFUL_SET &&
                         strcmp(o->workload.service, s->subject->service) == 0;
    if (governs || is_selected(s->service, o) ||
        is_set_of(o, s->subject->hostname))
        explain_objects_add(s->e, &s->found, o);
    return 0;
}

static int compare_objects(const void *a, const void *b)
{
    const struct object *x = *(struct object *const *)a;
    const struct object *y = *(struct object *const *)b;
    const int c = x->kind - y->kind;

    return c ? c : strverscmp(x->name, y->name);
}

// Of a hostname that a StatefulSet may give, that one only.
static void narrow(struct explain_objects *found, const char *hostname)
{
    for (size_t i = 0; i < found->n; i++) {
        if (!is_set_of(found->items[i], hostname))
            continue;
        found->items[0] = found->items[i];
        found->n = 1;
        return;
    }
}

// A Deployment speaks for its ReplicaSets.
static bool is_spoken_for(const struct explain *e, const struct object *o)
{
    return o->kind == OBJECT_REPLICA_SET &&
           strcmp(o->owner_kind, object_kind_name(OBJECT_DEPLOYMENT)) == 0 &&
           cluster_find(e->from->cluster, OBJECT_DEPLOYMENT, o->namespace,
                        o->owner_name);
}

struct unsettled {
    struct explain *e;
    uint8_t kind;
    const char *why;
};

static int take_state(void *context, const struct ordinals_workload_state *w)
{
    struct unsettled *u = context;

    if (w->kind == u->kind)
        u->why = explain_say(u->e, "%s", w->reason);
    return 1;
}

// Why the workload is not settled, where its pods are made here.
static const char *why_unsettled(struct explain *e, const struct object *o)
{
    const struct ordinals_target target = {o->namespace, o->name};
    struct unsettled u = {e, o->kind, ""};

    if (e->from->ordinals && ordinals_look(e->from->ordinals, &target,
                                           take_state, NULL, &u) == -ENOMEM)
        e->no_memory = true;
    return u.why;
}

static struct explain_objects find_workloads(struct explain *e,
                                             const struct explain_subject *s,
                                             const struct object *service)
{
    static const enum object_kind kinds[] = {
        OBJECT_STATEFUL_SET,
        OBJECT_DEPLOYMENT,
        OBJECT_REPLICA_SET,
        OBJECT_REPLICATION_CONTROLLER,
    };
    struct search search = {.e = e, .subject = s, .service = service};

    for (size_t i = 0; i < ORD_COUNT(kinds); i++)
        (void)cluster_each(e->from->cluster, kinds[i], visit_workload, &search);
    if (search.found.n)
        qsort(search.found.items, search.found.n, sizeof(struct object *),
              compare_objects);
    narrow(&search.found, s->hostname);
    return search.found;
}

static void link_workloads(struct explain *e, const struct explain_subject *s,
                           const struct explain_objects *workloads)
{
    size_t told = 0;

    for (size_t i = 0; i < workloads->n; i++) {
        const struct object *o = workloads->items[i];
        if (is_spoken_for(e, o))
            continue;
        if (told++ < EXPLAIN_LISTED_MAX)
            explain_link(
                e, o,
                explain_workload_state(e, o, s->service, why_unsettled(e, o)));
    }
    if (told > EXPLAIN_LISTED_MAX)
        explain_link_more(e, "Workload", told - EXPLAIN_LISTED_MAX);
}

// --- why -------------------------------------------------------------------

// The model's word on a reason has more in it than the zone keeps.
static bool take_why(struct explain *e, const struct reason *why)
{
    if (why->code != e->why.code || why->code == REASON_NONE)
        return false;
    const struct reason before = e->why;
    e->why = *why;
    if (!e->why.namespace)
        e->why.namespace = before.namespace;
    if (!e->why.service)
        e->why.service = before.service;
    return true;
}

static void find_why(struct explain *e, const struct explain_subject *s,
                     const struct service *service)
{
    for (uint32_t i = 0; i < service->lacks_n; i++)
        if (strcmp(service->lacks[i].hostname, s->hostname) == 0 &&
            take_why(e, &service->lacks[i].why))
            return;
    for (uint32_t i = 0; i < service->ordinals_n; i++) {
        const struct service_ordinals *o = &service->ordinals[i];
        if (explain_is_set_of(o->name, s->hostname) && take_why(e, &o->none))
            return;
    }
    if (!take_why(e, &service->empty))
        (void)take_why(e, &service->unnamed);
}

// --- names -----------------------------------------------------------------

static void link_missing(struct explain *e, const struct explain_subject *s)
{
    const struct explain_link link = {
        .kind = object_kind_name(OBJECT_SERVICE),
        .namespace = s->namespace,
        .name = s->service,
        .state = "is not there",
    };

    explain_link_other(e, &link);
}

// Its name stands whatever else the chain says of it.
static void link_self(struct explain *e, const struct explain_subject *s,
                      const struct self *self)
{
    if (!self || (*s->hostname && strcmp(s->hostname, self->hostname) != 0))
        return;
    const struct explain_link link = {
        .kind = object_kind_name(OBJECT_POD),
        .namespace = self->namespace,
        .name = self->hostname,
        .state = explain_say(
            e, "this pod itself (--self), whatever else is said of it; %s",
            explain_addresses(e, self->addresses, self->addresses_n)),
    };
    explain_link_other(e, &link);
}

static bool wants_ports(const struct explain *e,
                        const struct explain_subject *s)
{
    return s->place == EXPLAIN_PORT || e->decides->type == DNS_TYPE_SRV;
}

static void link_service(struct explain *e, const struct explain_subject *s)
{
    struct service service;
    const int rc = cluster_service(e->from->cluster, s->namespace, s->service,
                                   &e->arena, &service);

    e->no_memory |= rc == -ENOMEM;
    if (rc)
        return;
    const struct object *o = service.object;
    if (o)
        explain_link(e, o, explain_service_state(e, o, wants_ports(e, s)));
    else
        link_missing(e, s);
    link_self(e, s, service.self);
    find_why(e, s, &service);
    if (o && o->service.type == SERVICE_EXTERNAL_NAME)
        return;
    const struct explain_objects workloads = find_workloads(e, s, o);
    link_workloads(e, s, &workloads);
    explain_slices(e, s, &service);
    if (*s->hostname)
        explain_pods_named(e, s->namespace, s->hostname, &s->address,
                           &workloads);
    else
        explain_pods_of(e, o, &workloads);
    // the one that others wait for
    if (e->why.pod && *e->why.pod)
        explain_pods_named(e, s->namespace, e->why.pod, NULL, &workloads);
}

static void link_namespace(struct explain *e, const struct explain_subject *s)
{
    const struct object *o =
        cluster_find(e->from->cluster, OBJECT_NAMESPACE, "", s->namespace);

    if (o && e->decides->code != REASON_NAMESPACE_UNKNOWN)
        explain_link(e, o, "exists");
}

void explain_chain(struct explain *e)
{
    const struct explain_question *q = e->decides;

    for (unsigned i = 0; i < q->names_n; i++) {
        const struct explain_subject s = explain_subject(e, &q->names[i]);
        switch (s.place) {
        case EXPLAIN_SERVICE:
        case EXPLAIN_HOSTNAME:
        case EXPLAIN_PORT:
            link_service(e, &s);
            break;
        case EXPLAIN_NAMESPACE:
            link_namespace(e, &s);
            break;
        case EXPLAIN_POD:
        case EXPLAIN_ADDRESS:
            // the name that it leads to tells more
            if (q->names_n == 1)
                explain_holders(e, &s);
            break;
        case EXPLAIN_ELSEWHERE:
            break;
        }
    }
}
