// SPDX-License-Identifier: Apache-2.0
// What a step has to say to the person who wrote the manifests: each finding
// once for each state of things, however many steps that state lasts.
#include "ordinal_state.h"

#include <inttypes.h>
#include <stdio.h>

// What may stand behind the name of the first pod.
enum { MORE_TEXT_SIZE = 24 };

static const char *more_text(const struct lack *l, char out[MORE_TEXT_SIZE])
{
    out[0] = '\0';
    if (l->n > 1)
        snprintf(out, MORE_TEXT_SIZE, " and %" PRIu32 " more", l->n - 1);
    return out;
}

static const char *family_text(unsigned f)
{
    return f == family_index(FAMILY_IPV6) ? "IPv6" : "IPv4";
}

static void tell_pods_full(const struct ordinals *o, const struct workload *w,
                           unsigned f, const struct report *report)
{
    const struct lack *l = &w->next.lacks[f][LACK_FULL];
    const struct pod *p = w->next.pods[l->first];
    char cidr[CIDR_TEXT_SIZE], more[MORE_TEXT_SIZE];

    report_finding(
        report, FINDING_ERROR, w->holder.object->at,
        "no address is left in --pod-cidr %s for pod '%s/%s'%s; give "
        "a larger range or the annotation ordinald.io/addresses",
        cidr_format(&o->pods[f].cidr, cidr), p->object.namespace,
        p->object.name, more_text(l, more));
}

static void tell_pods_lost(const struct ordinals *o, const struct workload *w,
                           unsigned f, const struct report *report)
{
    const struct lack *l = &w->next.lacks[f][LACK_LOST];
    const struct pod *p = w->next.pods[l->first];
    const struct address *a = &w->next.claims->of[f][l->first].address;
    const struct grant *rival = ledger_find(&o->ledger, a);
    char text[ADDRESS_TEXT_SIZE], more[MORE_TEXT_SIZE];

    if (!rival)
        return;
    report_finding(
        report, FINDING_ERROR, w->holder.object->at,
        "address %s of pod '%s/%s'%s is given to %s '%s/%s' already; "
        "name another one in the annotation ordinald.io/addresses",
        address_format(a, text), p->object.namespace, p->object.name,
        more_text(l, more), object_kind_name(rival->holder->kind),
        rival->holder->namespace, rival->holder->name);
}

static void tell_pods_range(const struct workload *w, unsigned f,
                            const struct report *report)
{
    const struct lack *l = &w->next.lacks[f][LACK_RANGE];
    const struct pod *p = w->next.pods[l->first];
    const struct claims *c = w->next.claims;
    char more[MORE_TEXT_SIZE];

    if (!c) {
        report_finding(report, FINDING_ERROR, w->holder.object->at,
                       "no address for pod '%s/%s'%s; give a --pod-cidr or the "
                       "annotation ordinald.io/addresses",
                       p->object.namespace, p->object.name, more_text(l, more));
        return;
    }
    report_finding(report, FINDING_ERROR, w->holder.object->at,
                   "no %s address for pod '%s/%s'%s: the annotation "
                   "ordinald.io/addresses names %" PRIu32 "; name more or give "
                   "an %s --pod-cidr",
                   family_text(f), p->object.namespace, p->object.name,
                   more_text(l, more), c->n[f], family_text(f));
}

static void tell_limit(const struct workload *w, const struct report *report)
{
    const struct object *o = w->holder.object;
    const uint32_t n = w->next.pods_n;

    if (n == o->workload.replicas)
        return;
    if (n == ORDINALS_REPLICAS_MAX)
        report_finding(report, FINDING_ERROR, o->at,
                       "%s '%s/%s' asks for %" PRIu32 " replicas and gets %d, "
                       "the most that one may have; lower spec.replicas",
                       object_kind_name(o->kind), o->namespace, o->name,
                       o->workload.replicas, ORDINALS_REPLICAS_MAX);
    else
        report_finding(
            report, FINDING_ERROR, o->at,
            "%s '%s/%s' gets %" PRIu32 " of %" PRIu32 " pods: a pod's "
            "name is its hostname, at most 63 letters without a dot; "
            "give it a shorter name without dots",
            object_kind_name(o->kind), o->namespace, o->name, n,
            o->workload.replicas);
}

// The address of one family that a pod has, or NULL.
static const struct address *address_in(const struct object *pod, unsigned f)
{
    for (uint8_t i = 0; i < pod->pod.addresses_n; i++)
        if (family_index(pod->pod.addresses[i].family) == f)
            return &pod->pod.addresses[i];
    return NULL;
}

// A pod that had to leave an address although nothing of its own changed.
static void tell_move(const struct workload *w, uint32_t place, unsigned f,
                      const struct report *report)
{
    const struct pod *p = w->next.pods[place], *was = p->was;
    const struct claims *c = w->next.claims;
    const struct address *to = address_in(&p->object, f);
    char a[ADDRESS_TEXT_SIZE], b[ADDRESS_TEXT_SIZE];

    if (!was->range[f] || was->range[f]->held || !to || (c && place < c->n[f]))
        return;
    report_finding(report, FINDING_WARNING, w->holder.object->at,
                   "pod '%s/%s' moves from %s to %s: somebody else has its "
                   "address now; to fix the address of a pod, name it in the "
                   "annotation ordinald.io/addresses",
                   p->object.namespace, p->object.name,
                   address_format(&was->range[f]->address, a),
                   address_format(to, b));
}

static bool is_new(const struct lack *now, const struct lack *next)
{
    return next->n && (next->n != now->n || next->first != now->first);
}

void workload_tell(const struct ordinals *o, const struct workload *w,
                   const struct report *report)
{
    if (w->holder.digest != w->holder.object->digest)
        tell_limit(w, report);
    for (unsigned f = 0; f < POOL_FAMILIES; f++) {
        const struct lack *now = w->now.lacks[f], *next = w->next.lacks[f];
        if (is_new(&now[LACK_FULL], &next[LACK_FULL]))
            tell_pods_full(o, w, f, report);
        if (is_new(&now[LACK_LOST], &next[LACK_LOST]))
            tell_pods_lost(o, w, f, report);
        if (is_new(&now[LACK_RANGE], &next[LACK_RANGE]))
            tell_pods_range(w, f, report);
        for (uint32_t i = 0; i < w->next.pods_n; i++)
            if (w->next.pods[i]->was)
                tell_move(w, i, f, report);
    }
}

static void tell_vip_move(const struct vip *v, unsigned f,
                          const struct report *report)
{
    const struct object *s = v->holder.object;
    const struct grant *from = v->now ? v->now->range[f] : NULL;
    const struct grant *to = v->next ? v->next->range[f] : NULL;
    char a[ADDRESS_TEXT_SIZE], b[ADDRESS_TEXT_SIZE];

    if (!from || from->held || !to)
        return;
    report_finding(report, FINDING_WARNING, s->at,
                   "Service '%s/%s' moves from %s to %s: somebody else has its "
                   "address now; to fix it, set spec.clusterIP",
                   s->namespace, s->name, address_format(&from->address, a),
                   address_format(&to->address, b));
}

void vip_tell(const struct ordinals *o, const struct vip *v,
              const struct report *report)
{
    const struct object *s = v->holder.object;
    char cidr[CIDR_TEXT_SIZE];

    for (unsigned f = 0; f < POOL_FAMILIES; f++) {
        const struct lack *now = v->lacks_now[f], *next = v->lacks_next[f];
        if (is_new(&now[LACK_FULL], &next[LACK_FULL]))
            report_finding(report, FINDING_ERROR, s->at,
                           "no address is left in --service-cidr %s for "
                           "Service '%s/%s'; give a larger range or set "
                           "spec.clusterIP",
                           cidr_format(&o->services[f].cidr, cidr),
                           s->namespace, s->name);
        if (is_new(&now[LACK_RANGE], &next[LACK_RANGE]))
            report_finding(report, FINDING_ERROR, s->at,
                           "no %s address for Service '%s/%s'; give an %s "
                           "--service-cidr or set spec.clusterIP",
                           family_text(f), s->namespace, s->name,
                           family_text(f));
        tell_vip_move(v, f, report);
    }
}
