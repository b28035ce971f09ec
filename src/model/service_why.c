// SPDX-License-Identifier: Apache-2.0
// Why nobody is in a service's set, and why hostnames that nobody knows are
// none.
#include "service_why.h"

#include "endpoints.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

bool why_has_endpoints(const struct asked *q)
{
    return q->given || endpoints_derivable(q->out->object);
}

struct reason why_reason(const struct asked *q, enum reason_code code)
{
    return (struct reason){
        .code = code,
        .namespace = q->h->space->name,
        .service = q->h->name,
    };
}

int why_missed(const struct asked *q, const struct label *missed,
               struct reason *why)
{
    const size_t key_n = strlen(missed->key), value_n = strlen(missed->value);
    char *text = (char *)arena_bytes(q->arena, key_n + 1 + value_n + 1);

    if (!text)
        return -ENOMEM;
    memcpy(text, missed->key, key_n);
    text[key_n] = '=';
    memcpy(text + key_n + 1, missed->value, value_n + 1);
    why->detail = text;
    return 0;
}

// --- what there is -----------------------------------------------------------

struct picture {
    uint32_t endpoints; // of the family that has more; if none is ready
    bool ready;         // one of them is
    bool named;         // one of them has a hostname
};

// Of a service that is well the first endpoint says so.
static struct picture look_at_endpoints(const struct service *s)
{
    struct picture p = {0};
    uint32_t ipv4 = 0, ipv6 = 0;

    for (uint32_t i = 0; i < s->slices_n; i++) {
        const struct slice_facts *slice = s->slices[i];
        *(slice->family == FAMILY_IPV6 ? &ipv6 : &ipv4) += slice->endpoints_n;
        for (uint32_t k = 0; k < slice->endpoints_n; k++) {
            p.ready |= slice->endpoints[k].ready;
            p.named |= *slice->endpoints[k].hostname != '\0';
            if (p.ready && p.named)
                return p;
        }
    }
    p.endpoints = ipv4 > ipv6 ? ipv4 : ipv6;
    return p;
}

// Pods that it selects and that have not ended, with an address or without.
static uint32_t count_pods(const struct asked *q)
{
    const struct object *service = q->out->object;
    const struct pair *pair =
        endpoints_derivable(service)
            ? pair_rarest(q->c, q->h->space, service->service.selector, false)
            : NULL;
    uint32_t n = 0;

    for (struct list_node *at = pair ? pair->pods : NULL; at; at = at->next) {
        const struct entry *e = ORD_CONTAINER(at, struct posting, at)->entry;
        n += e->space == q->h->space &&
             labels_match(service->service.selector, e->object->labels);
    }
    return n;
}

// Whether endpoints are given that nobody is to see.
static bool hides_endpoints(const struct asked *q)
{
    const struct hub *h = q->h;

    for (struct list_node *at = h->slices; at; at = at->next)
        if (filter_hides(
                q->c, ORD_CONTAINER(at, struct slice_entry, at)->entry.object))
            return true;
    return !h->slices && h->endpoints &&
           filter_hides(q->c, h->endpoints->object);
}

// --- workloads whose pods it selects -----------------------------------------

struct templates {
    // those that are to be seen, each the first of its sort, or NULL
    const struct object *any;
    const struct object *elsewhere; // its pods are named below another service
    const struct object *nameless;  // its pods have no names
    bool wanted;                    // one of all has replicas
};

// A Deployment before its ReplicaSets, then names in order.
static bool is_before(const struct object *a, const struct object *b)
{
    if (!b || a->kind != b->kind)
        return !b || a->kind < b->kind;
    return strcmp(a->name, b->name) < 0;
}

static void keep_first(const struct object **first, const struct object *o)
{
    if (is_before(o, *first))
        *first = o;
}

// Whether a service may be spoken of: it is seen, or there is none.
static bool is_seen(const struct asked *q, const char *service)
{
    const struct hub *h = hub_find(q->c, q->h->space->name, service);

    return h && (h->service || filter_shows_missing(q->c, h));
}

static void look_at_template(const struct asked *q, const struct object *o,
                             struct templates *out)
{
    const char *service =
        o->kind == OBJECT_STATEFUL_SET ? o->workload.service : "";

    out->wanted |= o->workload.replicas > 0;
    if (filter_hides(q->c, o))
        return;
    keep_first(&out->any, o);
    if (!*service)
        keep_first(&out->nameless, o);
    else if (strcmp(service, q->h->name) != 0 && is_seen(q, service))
        keep_first(&out->elsewhere, o);
}

static struct templates look_at_templates(const struct asked *q)
{
    struct templates out = {0};
    const struct object *service = q->out->object;
    const struct pair *pair =
        endpoints_derivable(service)
            ? pair_rarest(q->c, q->h->space, service->service.selector, true)
            : NULL;

    for (struct list_node *at = pair ? pair->templates : NULL; at;
         at = at->next) {
        const struct entry *e = ORD_CONTAINER(at, struct posting, at)->entry;
        if (e->space == q->h->space &&
            labels_match(service->service.selector,
                         e->object->workload.pod_labels))
            look_at_template(q, e->object, &out);
    }
    return out;
}

// A Deployment's pods are its ReplicaSets', of which nobody wrote any.
static void name_workload(const struct object *o, struct reason *why)
{
    const bool deployed =
        o->kind == OBJECT_REPLICA_SET &&
        strcmp(o->owner_kind, object_kind_name(OBJECT_DEPLOYMENT)) == 0;

    why->kind =
        deployed ? o->owner_kind : object_kind_name((enum object_kind)o->kind);
    why->workload = deployed ? o->owner_name : o->name;
}

static struct reason about(const struct asked *q, enum reason_code code,
                           const struct object *workload)
{
    struct reason why = why_reason(q, code);

    name_workload(workload, &why);
    return why;
}

// --- a selector that misses --------------------------------------------------

// The first StatefulSet of those governed whose template the selector misses.
static const struct object *find_missed(const struct asked *q, uint32_t *n)
{
    const struct object *first = NULL;

    *n = 0;
    for (uint32_t i = 0; i < q->sets_n; i++) {
        if (!endpoints_missed_template(q->out->object, q->sets[i]))
            continue;
        first = first ? first : q->sets[i];
        ++*n;
    }
    return first;
}

static int tell_missed(const struct asked *q, const struct object *set,
                       struct reason *out)
{
    struct reason why = about(q, REASON_SELECTOR_MISSES_PODS, set);
    const int r =
        why_missed(q, endpoints_missed_template(q->out->object, set), &why);

    if (r == 0)
        *out = why;
    return r;
}

// --- why nobody is in the set ------------------------------------------------

static enum reason_code empty_code(const struct asked *q)
{
    if (hides_endpoints(q))
        return REASON_ENDPOINTS_OFF;
    return endpoints_derivable(q->out->object) ? REASON_NO_PODS
                                               : REASON_NO_ENDPOINTS;
}

static int tell_empty(const struct asked *q, const struct picture *p,
                      const struct templates *t)
{
    struct reason *out = &q->out->empty;
    const uint32_t pods = count_pods(q);
    uint32_t missed_n;

    *out = why_reason(q, empty_code(q));
    if (out->code == REASON_ENDPOINTS_OFF && !p->endpoints)
        return 0;
    if (t->any && !t->wanted) {
        *out = about(q, REASON_NO_REPLICAS, t->any);
    } else if (pods || p->endpoints) {
        out->code = REASON_NONE_READY;
        out->last = pods > p->endpoints ? pods : p->endpoints;
    } else if (!t->wanted) {
        const struct object *missed = find_missed(q, &missed_n);
        return missed ? tell_missed(q, missed, out) : 0;
    }
    return 0;
}

// --- why a hostname is none --------------------------------------------------

// The first pod that the endpoints name, or NULL.
static const struct object *first_pod(const struct asked *q)
{
    const struct service *s = q->out;

    for (uint32_t i = 0; i < s->slices_n; i++)
        if (s->slices[i]->endpoints_n && *s->slices[i]->endpoints[0].pod)
            return cluster_find(q->c, OBJECT_POD, s->namespace,
                                s->slices[i]->endpoints[0].pod);
    return NULL;
}

static void name_owner(const struct asked *q, const struct object *pod,
                       struct reason *why)
{
    why->kind = pod->owner_kind;
    why->workload = pod->owner_name;
    if (strcmp(pod->owner_kind, object_kind_name(OBJECT_REPLICA_SET)) != 0)
        return;
    const struct object *o = cluster_find(q->c, OBJECT_REPLICA_SET,
                                          q->h->space->name, pod->owner_name);
    if (o)
        name_workload(o, why);
}

// Where no workload is known, one of the pods stands for all.
static struct reason tell_by_pod(const struct asked *q,
                                 const struct object *pod)
{
    const struct pod_facts *p = &pod->pod;
    struct reason why = why_reason(q, REASON_PODS_WITHOUT_NAMES);

    if (*p->hostname && *p->subdomain && is_seen(q, p->subdomain) &&
        strcmp(p->subdomain, q->h->name) != 0) {
        why.code = REASON_POD_ELSEWHERE;
        why.service = p->subdomain;
        if (strcmp(pod->owner_kind, object_kind_name(OBJECT_STATEFUL_SET)) == 0)
            why.workload = pod->owner_name;
    } else if (*pod->owner_kind) {
        name_owner(q, pod, &why);
    } else {
        why.code = REASON_POD_WITHOUT_HOSTNAME;
        why.pod = pod->name;
    }
    return why;
}

// No endpoint has a hostname, and no pod is named below it.
static struct reason tell_by_workload(const struct asked *q,
                                      const struct templates *t)
{
    if (t->elsewhere) {
        struct reason why = about(q, REASON_POD_ELSEWHERE, t->elsewhere);
        why.service = t->elsewhere->workload.service;
        return why;
    }
    if (t->nameless)
        return about(q, REASON_PODS_WITHOUT_NAMES, t->nameless);
    const struct object *pod = first_pod(q);
    if (pod)
        return tell_by_pod(q, pod);
    // nobody is known: what makes the set empty makes the name unknown
    if (q->out->empty.code != REASON_NONE_READY)
        return q->out->empty;
    return why_reason(q, REASON_NONE);
}

static int tell_unnamed(const struct asked *q, const struct templates *t)
{
    uint32_t missed_n;

    if (!why_has_endpoints(q)) {
        q->out->unnamed = why_reason(q, REASON_NO_ENDPOINTS);
        return 0;
    }
    if (q->sets_n) {
        const struct object *missed = find_missed(q, &missed_n);
        return missed && missed_n == q->sets_n
                   ? tell_missed(q, missed, &q->out->unnamed)
                   : 0;
    }
    if (q->out->lacks_n == 0)
        q->out->unnamed = tell_by_workload(q, t);
    return 0;
}

// --- all of it ---------------------------------------------------------------

// Peers look for names below the service that governs their StatefulSet: it is
// told of each that is none, also where some pods have theirs.
static bool is_to_be_headless(const struct asked *q)
{
    return q->sets_n > 0 && q->out->object->service.type == SERVICE_CLUSTER_IP;
}

int why_service(const struct asked *q)
{
    struct service *s = q->out;
    int r = 0;

    if (s->object->service.type == SERVICE_EXTERNAL_NAME)
        return 0;
    if (q->c->settings.no_endpoints) {
        s->empty = s->unnamed = why_reason(q, REASON_ENDPOINTS_OFF);
        return 0;
    }
    const struct picture p = look_at_endpoints(s);
    if (!p.ready || !p.named) {
        const struct templates t = look_at_templates(q);
        if (!p.ready)
            r = tell_empty(q, &p, &t);
        if (r == 0 && !p.named)
            r = tell_unnamed(q, &t);
    }
    if (r == 0 && s->unnamed.code == REASON_NONE && is_to_be_headless(q))
        s->unnamed = about(q, REASON_NOT_HEADLESS, q->sets[0]);
    return r;
}

void why_missing(const struct asked *q)
{
    const struct object *set = NULL;

    if (!filter_shows_missing(q->c, q->h)) {
        q->out->empty = q->out->unnamed = why_reason(q, REASON_SERVICE_UNKNOWN);
        return;
    }
    for (struct list_node *at = q->h->sets; at; at = at->next) {
        const struct object *o =
            ORD_CONTAINER(at, struct workload_entry, at)->entry.object;
        if (!filter_hides(q->c, o))
            keep_first(&set, o);
    }
    assert(set && "filter_shows_missing()");
    q->out->empty = q->out->unnamed = about(q, REASON_SERVICE_MISSING, set);
}
