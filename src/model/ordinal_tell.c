// SPDX-License-Identifier: Apache-2.0
// What a step has to say to the person who wrote the manifests: each finding
// once for each state of things, however many steps that state lasts.
#include "ordinal_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

// The lacks of one look at a workload.
struct look {
    const struct ordinals *o;
    const struct workload *w;
    struct lack lacks[POOL_FAMILIES][LACK_REASONS];
    struct pod **pods; // by place; NULL: not there
};

static const struct object *object_of(const struct look *l)
{
    return &l->w->spec->object;
}

// The first pod that lacks something.
static const char *first_name(const struct look *l, const struct lack *lack,
                              char out[POD_NAME_SIZE])
{
    const struct pod *p = l->pods[lack->first];

    if (p)
        snprintf(out, POD_NAME_SIZE, "%s", p->name);
    else
        pod_name_of_ordinal(l->w->update, workload_start(l->w) + lack->first,
                            out);
    return out;
}

static void tell_pods_full(const struct look *l, unsigned f)
{
    const struct lack *lack = &l->lacks[f][LACK_FULL];
    const struct object *o = object_of(l);
    char cidr[CIDR_TEXT_SIZE], more[MORE_TEXT_SIZE], name[POD_NAME_SIZE];

    report_finding(l->o->settings.report, FINDING_ERROR, o->at,
                   "no address is left in --pod-cidr %s for pod '%s/%s'%s; "
                   "give a larger range or the annotation "
                   "ordinald.io/addresses",
                   cidr_format(&l->o->pods[f].cidr, cidr), o->namespace,
                   first_name(l, lack, name), more_text(lack, more));
}

static void tell_pods_lost(const struct look *l, unsigned f)
{
    const struct lack *lack = &l->lacks[f][LACK_LOST];
    const struct object *o = object_of(l);
    const struct address *a = &l->w->declared->of[f][lack->first].address;
    const struct grant *rival = ledger_find(&l->o->ledger, a);
    char text[ADDRESS_TEXT_SIZE], more[MORE_TEXT_SIZE], name[POD_NAME_SIZE];

    if (!rival)
        return;
    report_finding(l->o->settings.report, FINDING_ERROR, o->at,
                   "address %s of pod '%s/%s'%s is given to %s '%s/%s' "
                   "already; name another one in the annotation "
                   "ordinald.io/addresses",
                   address_format(a, text), o->namespace,
                   first_name(l, lack, name), more_text(lack, more),
                   object_kind_name(rival->holder->kind),
                   rival->holder->namespace, rival->holder->name);
}

static void tell_pods_range(const struct look *l, unsigned f)
{
    const struct lack *lack = &l->lacks[f][LACK_RANGE];
    const struct object *o = object_of(l);
    const struct declared *d = l->w->declared;
    char more[MORE_TEXT_SIZE], name[POD_NAME_SIZE];

    if (!d) {
        report_finding(l->o->settings.report, FINDING_ERROR, o->at,
                       "no address for pod '%s/%s'%s; give a --pod-cidr or the "
                       "annotation ordinald.io/addresses",
                       o->namespace, first_name(l, lack, name),
                       more_text(lack, more));
        return;
    }
    report_finding(l->o->settings.report, FINDING_ERROR, o->at,
                   "no %s address for pod '%s/%s'%s: the annotation "
                   "ordinald.io/addresses names %" PRIu32 "; name more or give "
                   "an %s --pod-cidr",
                   family_text(f), o->namespace, first_name(l, lack, name),
                   more_text(lack, more), d->n[f], family_text(f));
}

void workload_tell_limit(const struct ordinals *o, const struct workload *w)
{
    const struct object *s = &w->spec->object;

    if (w->wanted == w->asked)
        return;
    if (w->wanted == ORDINALS_REPLICAS_MAX)
        report_finding(o->settings.report, FINDING_ERROR, s->at,
                       "%s '%s/%s' asks for %" PRIu32 " replicas and gets %d, "
                       "the most that one may have; lower spec.replicas",
                       object_kind_name(s->kind), s->namespace, s->name,
                       w->asked, ORDINALS_REPLICAS_MAX);
    else
        report_finding(o->settings.report, FINDING_ERROR, s->at,
                       "%s '%s/%s' gets %" PRIu32 " of %" PRIu32 " pods: a "
                       "pod's name is its hostname, at most 63 letters without "
                       "a dot; give it a shorter name without dots",
                       object_kind_name(s->kind), s->namespace, s->name,
                       w->wanted, w->asked);
}

// A pod that had to leave an address although nothing of its own changed.
void pod_tell_move(const struct ordinals *o, const struct pod *p, unsigned f)
{
    const struct object *s = &p->workload->spec->object;
    char a[ADDRESS_TEXT_SIZE], b[ADDRESS_TEXT_SIZE];

    report_finding(o->settings.report, FINDING_WARNING, s->at,
                   "pod '%s/%s' moves from %s to %s: somebody else has its "
                   "address now; to fix the address of a pod, name it in the "
                   "annotation ordinald.io/addresses",
                   s->namespace, p->name, address_format(&p->evicted[f], a),
                   address_format(&p->grants[f]->address, b));
}

static bool is_new(const struct lack *now, const struct lack *next)
{
    return next->n && (next->n != now->n || next->first != now->first);
}

static void tell_lacks(const struct look *l)
{
    for (unsigned f = 0; f < POOL_FAMILIES; f++) {
        const struct lack *now = l->w->lacks[f], *next = l->lacks[f];
        if (is_new(&now[LACK_FULL], &next[LACK_FULL]))
            tell_pods_full(l, f);
        if (is_new(&now[LACK_LOST], &next[LACK_LOST]))
            tell_pods_lost(l, f);
        if (is_new(&now[LACK_RANGE], &next[LACK_RANGE]))
            tell_pods_range(l, f);
    }
}

// --- what is lacking -------------------------------------------------------

static void lacks(struct look *l, unsigned f, enum lack_reason why,
                  uint32_t place)
{
    struct lack *lack = &l->lacks[f][why];

    if (lack->n++ == 0)
        lack->first = place;
}

// What the one at a place lacks, be it there or still to come.
static void see_family(struct look *l, unsigned f, uint32_t place)
{
    const struct declared *d = l->w->declared;
    const struct range *r = &l->o->pods[f];
    const struct pod *p = l->pods[place];

    if (p && p->grants[f])
        return;
    if (d && place < d->n[f]) {
        if (!d->of[f][place].grant)
            lacks(l, f, LACK_LOST, place);
    } else if (!range_exists(r)) {
        lacks(l, f, LACK_RANGE, place);
    } else if (p || r->full == l->o->ledger.drops + 1) {
        lacks(l, f, LACK_FULL, place);
    }
}

static void see_places(struct look *l, uint32_t n)
{
    const struct workload *w = l->w;
    const bool to_come = w->holder.kind == OBJECT_STATEFUL_SET;
    uint8_t families[POOL_FAMILIES];
    const uint8_t families_n = workload_families(l->o, w, families);

    for (uint32_t place = 0; place < n; place++) {
        const struct pod *p = l->pods[place];
        if (!p ? !to_come : !pod_is_to_have_address(l->o, p))
            continue;
        for (uint8_t i = 0; i < families_n; i++)
            see_family(l, family_index(families[i]), place);
        if (families_n == 0)
            lacks(l, 0, LACK_RANGE, place);
    }
}

// Returns whether a pod that is there lacks something.
static bool fill_places(struct look *l, uint32_t n)
{
    uint8_t families[POOL_FAMILIES];
    const uint8_t families_n = workload_families(l->o, l->w, families);
    bool lacking = false;

    for (struct pod *p = pod_of_node(l->w->pods); p;
         p = pod_of_node(p->node.next)) {
        const uint64_t place = p->ordinal - workload_start(l->w);
        unsigned has = 0;
        if (place < n)
            l->pods[place] = p;
        for (uint8_t i = 0; i < families_n; i++)
            has += p->grants[family_index(families[i])] != NULL;
        lacking |= pod_is_to_have_address(l->o, p) &&
                   (has < families_n || families_n == 0);
    }
    return lacking;
}

void workload_tell(struct ordinals *o, struct workload *w)
{
    // Those without ordinals may be more than wanted while they are replaced.
    const uint32_t n = w->wanted > w->pods_n ? w->wanted : w->pods_n;
    struct look l = {.o = o, .w = w, .pods = ordinals_scratch(o, n)};

    if (!l.pods) {
        o->failed = true;
        return;
    }
    memset(l.pods, 0, n * sizeof(struct pod *));
    if (fill_places(&l, n)) {
        see_places(&l, w->holder.kind == OBJECT_STATEFUL_SET ? w->wanted : n);
        tell_lacks(&l);
    } else {
        list_unlink(&w->lacking);
    }
    memcpy(w->lacks, l.lacks, sizeof w->lacks);
}

static void tell_vip_move(const struct ordinals *o, struct vip *v, unsigned f)
{
    const struct object *s = v->object;
    char a[ADDRESS_TEXT_SIZE], b[ADDRESS_TEXT_SIZE];

    if (v->evicted[f].family && v->grants[f])
        report_finding(o->settings.report, FINDING_WARNING, s->at,
                       "Service '%s/%s' moves from %s to %s: somebody else has "
                       "its address now; to fix it, set spec.clusterIP",
                       s->namespace, s->name, address_format(&v->evicted[f], a),
                       address_format(&v->grants[f]->address, b));
    v->evicted[f].family = 0;
}

void vip_tell(const struct ordinals *o, struct vip *v,
              const struct lack lacking[POOL_FAMILIES][LACK_REASONS])
{
    const struct report *report = o->settings.report;
    const struct object *s = v->object;
    char cidr[CIDR_TEXT_SIZE];

    for (unsigned f = 0; f < POOL_FAMILIES; f++) {
        const struct lack *now = v->lacks[f], *next = lacking[f];
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
        tell_vip_move(o, v, f);
    }
}
