// SPDX-License-Identifier: Apache-2.0
// How it stands, and why, in words for people.
#include "ordinal_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- why a pod is not ready ------------------------------------------------

static void address_reason(const struct ordinals *o, const struct pod *p,
                           char *out, size_t size)
{
    uint8_t families[POOL_FAMILIES];
    char text[CIDR_TEXT_SIZE];

    if (workload_families(o, p->workload, families) == 0) {
        snprintf(out, size,
                 "no address: there is no --pod-cidr and no annotation "
                 "ordinald.io/addresses");
        return;
    }
    const unsigned f = family_index(families[0]);
    const struct declared_address *a = pod_declared(p, f);
    if (a && a->grant)
        snprintf(out, size, "address %s is still another pod's",
                 address_format(&a->address, text));
    else if (a)
        snprintf(out, size, "address %s is another workload's",
                 address_format(&a->address, text));
    else if (range_exists(&o->pods[f]))
        snprintf(out, size, "no address is left in --pod-cidr %s",
                 cidr_format(&o->pods[f].cidr, text));
    else
        snprintf(out, size,
                 "the annotation ordinald.io/addresses names no "
                 "address for it, and there is no --pod-cidr");
}

void pod_reason(const struct ordinals *o, const struct pod *p, char *out,
                size_t size)
{
    char room[POD_REASON_MAX + 1];

    out[0] = '\0';
    if (p->terminating)
        snprintf(out, size, "terminates");
    else if (pod_is_failed(p))
        snprintf(out, size, "failed");
    else if (!p->addressed && pod_is_to_have_address(o, p))
        address_reason(o, p, out, size);
    else if (p->addressed && !p->healthy && p->probings_n)
        pod_probe_reason(p, out, size);
    else if (p->ready && !p->available)
        snprintf(out, size, "available when ready for %" PRIu32 " s",
                 rules_of(p->workload)->min_ready_s);
    else
        snprintf(out, size, "%s", pod_why(o, p, room));
}

// --- looking ---------------------------------------------------------------

// One walk, and what it shows.
struct walk {
    const struct ordinals *o;
    int (*workload)(void *context, const struct ordinals_workload_state *w);
    int (*pod)(void *context, const struct ordinals_pod_state *p);
    void *context;
};

static int show_workload(const struct walk *k, const struct workload *w)
{
    struct ordinals_workload_state s = {
        .kind = w->holder.kind,
        .namespace = w->holder.namespace,
        .name = w->holder.name,
        .replicas = w->asked,
        .declared = facts_of(w)->replicas,
        .pods = w->pods_n,
        .settled = w->settled,
    };

    for (const struct pod *p = pod_of_node(w->pods); p;
         p = pod_of_node(p->node.next)) {
        s.ready += p->ready && !p->terminating;
        s.available += pod_is_available(p);
        s.updated += pod_is_of(p, w->update);
    }
    if (!w->settled)
        snprintf(s.reason, sizeof s.reason, "%s", w->reason);
    return k->workload(k->context, &s);
}

static int show_pod(const struct walk *k, const struct pod *p)
{
    struct ordinals_pod_state s = {
        .available = pod_is_available(p),
        .updated = pod_is_of(p, p->workload->update),
        .since_ms = p->since_ms,
    };

    // Memory ran out before it could be told: it is not there yet.
    if (!p->face.told)
        return 0;
    s.pod = &p->face.told->object;
    pod_reason(k->o, p, s.reason, sizeof s.reason);
    return k->pod(k->context, &s);
}

static int compare_pods(const void *x, const void *y)
{
    const struct pod *a = *(struct pod *const *)x;
    const struct pod *b = *(struct pod *const *)y;

    if (a->ordinal != b->ordinal)
        return a->ordinal < b->ordinal ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static int show_pods(const struct walk *k, const struct workload *w)
{
    struct pod **all = calloc((size_t)w->pods_n + 1, sizeof(struct pod *));
    uint32_t n = 0;
    int rc = 0;

    if (!all)
        return -ENOMEM;
    for (struct pod *p = pod_of_node(w->pods); p; p = pod_of_node(p->node.next))
        all[n++] = p;
    qsort(all, n, sizeof(struct pod *), compare_pods);
    for (uint32_t i = 0; i < n && !rc; i++)
        rc = show_pod(k, all[i]);
    free(all);
    return rc;
}

static int show(const struct walk *k, const struct workload *w)
{
    const int rc = show_workload(k, w);

    return rc || !k->pod ? rc : show_pods(k, w);
}

static int compare_holders(const void *x, const void *y)
{
    return holder_compare(*(struct holder *const *)x,
                          *(struct holder *const *)y);
}

static int show_all(const struct walk *k)
{
    struct holder **all = calloc(k->o->holders.n + 1, sizeof(struct holder *));
    size_t n = 0;
    int rc = 0;

    if (!all)
        return -ENOMEM;
    for (struct map_node *at = NULL; (at = map_walk(&k->o->holders, at));)
        if (!is_vip(holder_of(at)) && workload_of(holder_of(at))->spec)
            all[n++] = holder_of(at);
    qsort(all, n, sizeof(struct holder *), compare_holders);
    for (size_t i = 0; i < n && !rc; i++)
        rc = show(k, workload_of(all[i]));
    free(all);
    return rc;
}

int ordinals_look(const struct ordinals *o, const struct ordinals_target *only,
                  int (*workload)(void *context,
                                  const struct ordinals_workload_state *w),
                  int (*pod)(void *context, const struct ordinals_pod_state *p),
                  void *context)
{
    const struct walk k = {
        .o = o, .workload = workload, .pod = pod, .context = context};
    struct workload *w;

    if (!only)
        return show_all(&k);
    const int rc = workload_target(o, *only, &w, NULL);
    return rc ? rc : show(&k, w);
}
