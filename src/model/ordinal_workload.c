// SPDX-License-Identifier: Apache-2.0
// A workload as a whole: what it follows, and how it ends.
#include "ordinal_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The longest label in DNS (RFC 1035 2.3.4); a hostname is one.
enum { LABEL_MAX = 63 };

// How many ordinals have names that are hostnames: <name>-<digits>.
static uint64_t ordinals_end(const char *name)
{
    const size_t n = strlen(name);
    uint64_t end = 1;

    if (strchr(name, '.') || n + 2 > LABEL_MAX)
        return 0;
    for (size_t digits = LABEL_MAX - n - 1; digits && end <= UINT32_MAX;
         digits--)
        end *= 10;
    return end;
}

// The API server refuses a pod whose hostname is no label: such ordinals do
// not come to be (RFC 1123 2.1: at most 63 octets).
static uint32_t count_nameable(const struct object *o, uint32_t asked)
{
    if (o->kind != OBJECT_STATEFUL_SET)
        return asked;
    const uint64_t start = o->workload.start, end = ordinals_end(o->name);
    if (start >= end)
        return 0;
    return end - start < asked ? (uint32_t)(end - start) : asked;
}

uint32_t workload_bound(const struct object *object, uint32_t asked)
{
    const uint32_t n = count_nameable(object, asked);

    return n < ORDINALS_REPLICAS_MAX ? n : ORDINALS_REPLICAS_MAX;
}

uint64_t workload_start(const struct workload *w)
{
    return w->spec->object.kind == OBJECT_STATEFUL_SET ? facts_of(w)->start : 0;
}

// --- following an object ---------------------------------------------------

static bool is_same_times(const struct workload_rules *a,
                          const struct workload_rules *b)
{
    return a->address_after_ms == b->address_after_ms &&
           a->ready_after_ms == b->ready_after_ms &&
           a->gone_after_ms == b->gone_after_ms &&
           a->min_ready_s == b->min_ready_s;
}

static void rename_service(struct ordinals *o, struct workload *w)
{
    for (struct pod *p = pod_of_node(w->pods); p; p = pod_of_node(p->node.next))
        face_changed(o, &p->face);
}

// Takes t.
static void set_update(struct ordinals *o, struct workload *w,
                       struct template *t)
{
    struct template *old = w->update;
    const bool other = old && old->revision != t->revision;

    w->update = t;
    if (!w->current || w->current->revision == t->revision) {
        template_drop(w->current);
        w->current = template_share(t);
    }
    template_drop(old);
    if (other) {
        w->settled = false;
        workload_event(o, w, ORDINALS_UPDATING, "", "");
    }
}

// The object changed: what was asked for here is over.
static void unscale(struct ordinals *o, struct workload *w,
                    const struct object *object)
{
    if (!w->scaled)
        return;
    if (w->asked != object->workload.replicas)
        report_finding(
            o->settings.report, FINDING_WARNING, object->at,
            "%s '%s/%s': spec.replicas %" PRIu32 " of the file is "
            "followed again; `ordinald scale` had asked for %" PRIu32,
            object_kind_name(object->kind), object->namespace, object->name,
            object->workload.replicas, w->asked);
    w->scaled = false;
    face_changed(o, &w->face);
}

// Takes all three.
static void follow(struct ordinals *o, struct workload *w, struct spec *spec,
                   struct template *t, struct declared *d)
{
    const struct spec *old = w->spec;
    const struct workload_facts *facts = &spec->object.workload;
    const uint32_t wanted = workload_bound(&spec->object, facts->replicas);

    unscale(o, w, &spec->object);
    w->spec = spec;
    w->holder.digest = spec->object.digest;
    workload_declare(o, w, d);
    if (old) {
        const struct workload_facts *was = &old->object.workload;
        w->readdress |= was->start != facts->start;
        w->rerun |= !is_same_times(was->rules, facts->rules);
        w->resized |= wanted != w->wanted;
        if (strcmp(was->service, facts->service) != 0)
            rename_service(o, w);
    }
    w->asked = facts->replicas;
    w->wanted = wanted;
    set_update(o, w, t);
    workload_tell_limit(o, w);
}

int workload_follow(struct ordinals *o, struct workload *w,
                    const struct object *object)
{
    struct spec *old = w->spec, *spec = spec_new(object);
    struct template *t = spec ? template_new(spec, w->restarts, o->seed) : NULL;
    struct declared *d = NULL;

    if (!t || declared_new(&object->workload, &d)) {
        template_drop(t);
        spec_drop(spec);
        return -ENOMEM;
    }
    w->restarts_done = w->restarts;
    follow(o, w, spec, t, d);
    spec_drop(old);
    return 0;
}

// --- steering --------------------------------------------------------------

static int restart(struct ordinals *o, struct workload *w)
{
    if (w->restarts_done == w->restarts)
        return 0;
    struct template *t = template_new(w->spec, w->restarts, o->seed);
    if (!t)
        return -ENOMEM;
    w->restarts_done = w->restarts;
    set_update(o, w, t);
    return 0;
}

static void steer_pods(struct ordinals *o, struct workload *w)
{
    struct pod *next;

    for (struct pod *p = pod_of_node(w->pods); p; p = next) {
        next = pod_of_node(p->node.next);
        if (p->to_fail)
            pod_fail(o, p);
        p->to_fail = false;
        if (p->to_delete)
            (void)pod_delete(o, p, "deleted by hand");
        p->to_delete = false;
    }
}

int workload_steered(struct ordinals *o, struct workload *w)
{
    int rc = restart(o, w);

    if (rc)
        return rc;
    if (w->resized) {
        w->resized = false;
        w->settled = false;
        workload_event(o, w, ORDINALS_SCALED, "", "");
    }
    if (w->steered) {
        w->steered = false;
        steer_pods(o, w);
    }
    return 0;
}

// --- the end ---------------------------------------------------------------

void workload_retire(struct ordinals *o, struct workload *w)
{
    struct holder *h = &w->holder;
    struct pod *next;

    for (struct pod *p = pod_of_node(w->pods); p; p = next) {
        next = pod_of_node(p->node.next);
        pod_end(o, p, "its workload went");
    }
    if (w->spec && rules_of(w)->delete_claims_when_deleted)
        workload_unclaim(o, w);
    workload_declare(o, w, NULL);
    if (w->lacking.link)
        list_unlink(&w->lacking);
    if (h->due.link)
        list_unlink(&h->due);
    w->face.gone = true;
    if (w->face.told)
        face_changed(o, &w->face);
    else if (w->face.dirty.link)
        list_unlink(&w->face.dirty);
    map_remove(&o->holders, &h->node);
    h->link = o->retired;
    o->retired = h;
}

// --- what controllers say --------------------------------------------------

void workload_waits(struct workload *w, const char *format, ...)
{
    va_list args;

    w->settled = false;
    va_start(args, format);
    vsnprintf(w->reason, sizeof w->reason, format, args);
    va_end(args);
}

void workload_settled(struct ordinals *o, struct workload *w)
{
    w->reason[0] = '\0';
    if (w->settled && !w->changed)
        return;
    w->settled = true;
    w->changed = false;
    workload_event(o, w, ORDINALS_SETTLED, "", "");
}
