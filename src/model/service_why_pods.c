// SPDX-License-Identifier: Apache-2.0
// What pods below a service lack.
//
// Nothing that is well is looked at, but for the endpoints of a service that
// governs a StatefulSet: each is ticked off there, and what is left over are
// the ordinals that miss. Pods are looked up only for what is not ready.
#include "service_why_pods.h"

#include "endpoints.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// --- lacks -------------------------------------------------------------------

static int grow(struct collector *l)
{
    const uint32_t room = l->room ? l->room * 2 : 16;
    struct service_lack *items = arena_array(l->q->arena, room, sizeof *items);

    if (!items)
        return -ENOMEM;
    if (l->n)
        memcpy(items, l->items, l->n * sizeof *items);
    l->items = items;
    l->room = room;
    return 0;
}

int why_add(struct collector *l, const char *hostname, const struct reason *why)
{
    const int r = l->n == l->room ? grow(l) : 0;

    if (r)
        return r;
    l->items[l->n] = (struct service_lack){.hostname = hostname, .why = *why};
    l->items[l->n].why.namespace = l->q->h->space->name;
    l->items[l->n].why.service = l->q->h->name;
    l->n++;
    return 0;
}

// Of two that say something of one hostname, the one that stays comes first;
// whatever order they were found in.
static int compare(const void *a, const void *b)
{
    const struct service_lack *x = a, *y = b;
    const bool x_goes = x->why.code == REASON_POD_TERMINATING;
    const bool y_goes = y->why.code == REASON_POD_TERMINATING;
    int r = strcmp(x->hostname, y->hostname);

    if (r == 0)
        r = x_goes - y_goes;
    if (r == 0)
        r = (x->why.code > y->why.code) - (x->why.code < y->why.code);
    return r ? r : strcmp(x->why.pod, y->why.pod);
}

static void finish(struct collector *l)
{
    uint32_t n = 0;

    if (l->n > 1)
        qsort(l->items, l->n, sizeof *l->items, compare);
    for (uint32_t i = 0; i < l->n; i++)
        if (n == 0 ||
            strcmp(l->items[n - 1].hostname, l->items[i].hostname) != 0)
            l->items[n++] = l->items[i];
    l->q->out->lacks = l->items;
    l->q->out->lacks_n = n;
}

// --- endpoints ---------------------------------------------------------------

const struct object *why_find_pod(const struct collector *l, const char *name)
{
    return cluster_find(l->q->c, OBJECT_POD, l->q->h->space->name, name);
}

// The Pod of an endpoint, if it is named as the endpoint is: others are not
// followed, so that what they say would get old.
static const struct object *find_endpoint_pod(const struct collector *l,
                                              const struct endpoint *e)
{
    const struct object *pod = why_find_pod(l, *e->pod ? e->pod : e->hostname);

    return pod && strcmp(pod->pod.subdomain, l->q->h->name) == 0 &&
                   strcmp(pod->pod.hostname, e->hostname) == 0
               ? pod
               : NULL;
}

// An endpoint may be ahead of its Pod, or have none: then it is believed.
static struct reason endpoint_ill(const struct endpoint *e,
                                  const struct object *pod)
{
    const struct reason ill =
        pod ? endpoints_pod_ill(pod) : (struct reason){.code = REASON_NONE};

    if (ill.code != REASON_NONE)
        return ill;
    return (struct reason){
        .code = e->terminating ? REASON_POD_TERMINATING : REASON_POD_NOT_READY,
        .pod = *e->pod ? e->pod : e->hostname,
    };
}

static int add_endpoint(struct collector *l, const struct endpoint *e)
{
    const struct object *pod = find_endpoint_pod(l, e);

    // it is in hub->lacking then, and says so itself
    if (pod && endpoints_pod_lack(l->q->out->object, pod).code != REASON_NONE)
        return 0;
    const struct reason why = endpoint_ill(e, pod);
    return why_add(l, e->hostname, &why);
}

// A pod of the StatefulSet that is there, but not called as it should be.
int why_add_nameless(struct collector *l, const char *pod)
{
    const struct reason why = {.code = REASON_POD_WITHOUT_HOSTNAME, .pod = pod};

    return why_add(l, pod, &why);
}

static int tick_endpoint(struct collector *l, const struct endpoint *e)
{
    uint32_t at;
    struct tally *tally =
        tallies_find(l, *e->hostname ? e->hostname : e->pod, &at);

    if (!tally)
        return 0;
    tally_tick(tally, at);
    if (e->terminating || !e->serving) {
        const struct reason ill = endpoint_ill(e, NULL);
        tally_blame(tally, at, &ill);
    }
    return *e->hostname ? 0 : why_add_nameless(l, e->pod);
}

static int collect_slice(struct collector *l, const struct slice_facts *s)
{
    int r = 0;

    for (uint32_t i = 0; i < s->endpoints_n && r == 0; i++) {
        const struct endpoint *e = &s->endpoints[i];
        // where they are made of pods, these speak for themselves
        if (l->q->given && !e->ready && *e->hostname)
            r = add_endpoint(l, e);
        if (r == 0 && l->tallies)
            r = tick_endpoint(l, e);
    }
    return r;
}

static int collect_endpoints(struct collector *l)
{
    const struct service *s = l->q->out;
    int r = 0;

    if (!l->q->given && !l->tallies)
        return 0;
    for (uint32_t i = 0; i < s->slices_n && r == 0; i++)
        r = collect_slice(l, s->slices[i]);
    return r;
}

// --- pods --------------------------------------------------------------------

// A pod that the given endpoints leave out; of those that no StatefulSet
// declares nobody knows.
static int add_left_out(struct collector *l, const struct object *pod)
{
    const struct reason why = {.code = REASON_POD_NO_ENDPOINT,
                               .pod = pod->name};

    return why_add(l, pod->pod.hostname, &why);
}

static int add_lack(struct collector *l, const struct object *pod,
                    struct reason why)
{
    const struct object *service = l->q->out->object;

    if (why.code == REASON_POD_NOT_SELECTED) {
        const int r =
            why_missed(l->q, endpoints_missed_pod(service, pod), &why);
        if (r)
            return r;
    }
    return why_add(l, pod->pod.hostname, &why);
}

static int collect_pod(struct collector *l, const struct object *pod)
{
    const struct reason lack = endpoints_pod_lack(l->q->out->object, pod);
    uint32_t at;
    struct tally *tally = tallies_find(l, pod->pod.hostname, &at);
    const bool was = tally && tally_tick(tally, at);

    if (tally) {
        const struct reason ill = endpoints_pod_ill(pod);
        tally_blame(tally, at, &ill);
    }
    if (lack.code != REASON_NONE)
        return add_lack(l, pod, lack);
    return tally && !was ? add_left_out(l, pod) : 0;
}

static int collect_list(struct collector *l, struct list_node *at)
{
    int r = 0;

    for (; at && r == 0; at = at->next)
        r = collect_pod(l,
                        ORD_CONTAINER(at, struct pod_entry, at)->entry.object);
    return r;
}

static bool is_complete(const struct collector *l)
{
    for (uint32_t i = 0; l->tallies && i < l->q->sets_n; i++)
        if (tally_missing(&l->tallies[i], 0) < l->tallies[i].ticks_n)
            return false;
    return true;
}

static int collect_pods(struct collector *l)
{
    const struct hub *h = l->q->h;
    const int r = collect_list(l, h->lacking);

    l->pods = h->lacking || h->whole;
    // Pods that are well have endpoints, unless somebody else says which.
    return r || !l->q->given || is_complete(l) ? r : collect_list(l, h->whole);
}

// --- all of it ---------------------------------------------------------------

int why_pods(const struct asked *q)
{
    struct collector l = {.q = q};
    const bool has_endpoints = why_has_endpoints(q);
    int r;

    if (q->out->object->service.type == SERVICE_EXTERNAL_NAME)
        return 0;
    tallies_begin(q, has_endpoints);
    if (!has_endpoints)
        return 0;
    r = tallies_make(&l);
    if (r == 0)
        r = collect_endpoints(&l);
    if (r == 0)
        r = collect_pods(&l);
    for (uint32_t i = 0; r == 0 && i < q->sets_n; i++)
        if (q->ordinals[i].n)
            r = tally_tell(&l, &l.tallies[i], &q->ordinals[i]);
    if (r == 0)
        finish(&l);
    return r;
}
