// SPDX-License-Identifier: Apache-2.0
// What the pods below a service lack, and why ordinals have none.
#include "lib/plain.h"

#include <stdio.h>
#include <string.h>

// A service, all its endpoints, and what is known of its hostnames.
struct scene {
    const struct plain *w;
    unsigned ns;
    const struct object *service;
    bool given;
    struct endpoint endpoints[16];
    unsigned endpoints_n;
    struct service_lack lacks[32];
    unsigned lacks_n;
};

static const struct object *scene_pod(const struct scene *s, const char *name)
{
    for (unsigned i = 0; i < PLAIN_NAMES; i++)
        if (strcmp(plain_names[i], name) == 0)
            return plain_find(s->w, OBJECT_POD, s->ns, i);
    return NULL;
}

// Of two lacks of one hostname the one that does not go is told, then the one
// with the lower code, then by the pod's name.
static void put_lack(struct scene *s, const char *hostname, struct reason r)
{
    struct service_lack *l = s->lacks;
    const bool goes = r.code == REASON_POD_TERMINATING;

    while (l < s->lacks + s->lacks_n && strcmp(l->hostname, hostname) != 0)
        l++;
    assert_true(l < s->lacks + ORD_COUNT(s->lacks));
    if (l == s->lacks + s->lacks_n) {
        s->lacks_n++;
    } else {
        const bool went = l->why.code == REASON_POD_TERMINATING;
        if (goes != went            ? goes
            : r.code != l->why.code ? r.code > l->why.code
                                    : strcmp(r.pod, l->why.pod) >= 0)
            return;
    }
    *l = (struct service_lack){
        .hostname =
            object_text((struct object *)(uintptr_t)s->service, hostname),
        .why = r};
}

static bool is_in(const struct object *set, const char *name, uint32_t *ordinal)
{
    for (uint32_t i = 0; i < set->workload.replicas; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s-%u", set->name,
                 set->workload.start + i);
        *ordinal = set->workload.start + i;
        if (strcmp(text, name) == 0)
            return true;
    }
    return false;
}

// The StatefulSet governed that declares the hostname.
static const struct object *set_of(const struct scene *s, const char *name,
                                   uint32_t *ordinal)
{
    for (unsigned i = 0; i < PLAIN_NAMES; i++) {
        const struct object *set =
            plain_find(s->w, OBJECT_STATEFUL_SET, s->ns, i);
        if (set && strcmp(set->workload.service, s->service->name) == 0 &&
            is_in(set, name, ordinal))
            return set;
    }
    return NULL;
}

static const char *key_of(const struct endpoint *e)
{
    return *e->hostname ? e->hostname : e->pod;
}

static bool has_endpoint(const struct scene *s, const char *name)
{
    for (unsigned i = 0; i < s->endpoints_n; i++)
        if (strcmp(key_of(&s->endpoints[i]), name) == 0)
            return true;
    return false;
}

static bool is_named_here(const struct scene *s, const struct object *pod)
{
    return pod && *pod->pod.hostname &&
           strcmp(pod->pod.subdomain, s->service->name) == 0;
}

static void judge_endpoint(struct scene *s, const struct endpoint *e)
{
    const struct object *pod = scene_pod(s, e->pod);
    struct reason r = {.code = REASON_NONE};
    uint32_t ordinal;

    if (!is_named_here(s, pod) || strcmp(pod->pod.hostname, e->hostname) != 0)
        pod = NULL;
    if (pod)
        r = plain_ill(pod);
    if (r.code == REASON_NONE)
        r = (struct reason){.code = e->terminating ? REASON_POD_TERMINATING
                                                   : REASON_POD_NOT_READY,
                            .pod = e->pod};
    if (s->given && *e->hostname && !e->ready &&
        !(pod && plain_lack(s->service, pod).code != REASON_NONE))
        put_lack(s, e->hostname, r);
    if (!*e->hostname && set_of(s, e->pod, &ordinal))
        put_lack(s, e->pod,
                 (struct reason){.code = REASON_POD_WITHOUT_HOSTNAME,
                                 .pod = e->pod});
}

static void judge_pod(struct scene *s, const struct object *pod)
{
    uint32_t ordinal;

    if (!is_named_here(s, pod))
        return;
    const struct reason r = plain_lack(s->service, pod);
    if (r.code != REASON_NONE)
        put_lack(s, pod->pod.hostname, r);
    else if (s->given && set_of(s, pod->pod.hostname, &ordinal) &&
             !has_endpoint(s, pod->pod.hostname))
        put_lack(
            s, pod->pod.hostname,
            (struct reason){.code = REASON_POD_NO_ENDPOINT, .pod = pod->name});
}

// Whether something is known of a pod of this name, and whether that is ill.
static bool is_known(const struct scene *s, const char *name, bool *ill)
{
    const struct object *pod = scene_pod(s, name);
    bool known = has_endpoint(s, name);

    *ill = false;
    for (unsigned i = 0; i < s->endpoints_n; i++)
        if (strcmp(key_of(&s->endpoints[i]), name) == 0)
            *ill |= s->endpoints[i].terminating || !s->endpoints[i].serving;
    if (is_named_here(s, pod)) {
        known = true;
        *ill |= plain_ill(pod).code != REASON_NONE;
    }
    return known;
}

static const char *word_for(enum reason_code code)
{
    return code == REASON_POD_PENDING       ? "pending"
           : code == REASON_POD_NO_ADDRESS  ? "without address"
           : code == REASON_POD_TERMINATING ? "being deleted"
           : code == REASON_POD_ENDED       ? "ended"
                                            : "not ready";
}

static enum reason_code endpoint_code(const struct scene *s, const char *name)
{
    enum reason_code code = REASON_POD_NOT_READY;

    for (unsigned i = 0; i < s->endpoints_n; i++)
        if (strcmp(key_of(&s->endpoints[i]), name) == 0 &&
            (s->endpoints[i].terminating || !s->endpoints[i].serving))
            code = s->endpoints[i].terminating ? REASON_POD_TERMINATING
                                               : REASON_POD_NOT_READY;
    return code; // the last one of those that say something
}

static struct reason blocked(const struct scene *s, const char *name)
{
    struct reason r = plain_ill(scene_pod(s, name));

    return (struct reason){
        .code = REASON_POD_BLOCKED,
        .pod = name,
        .since_unix_s = r.since_unix_s,
        .detail = word_for(r.code ? r.code : endpoint_code(s, name)),
    };
}

static void say_none(struct scene *s, const struct object *set, bool pods,
                     struct plain_lines *l)
{
    struct reason none = {.code = REASON_NONE};
    char name[64], worst[64] = "";
    uint32_t i = 0;
    bool ill = false;

    for (; i < set->workload.replicas; i++) {
        snprintf(name, sizeof name, "%s-%u", set->name,
                 set->workload.start + i);
        const struct object *pod = scene_pod(s, name);
        if (!is_known(s, name, &ill)) {
            if (!pod)
                break;
            pods = true;
            ill = plain_ill(pod).code != REASON_NONE;
            put_lack(s, name,
                     (struct reason){.code = REASON_POD_WITHOUT_HOSTNAME,
                                     .pod = pod->name});
        }
        if (ill && !*worst)
            strcpy(worst, name);
    }
    if (set->workload.replicas == 0) {
        none.code = REASON_NO_REPLICAS;
    } else if (i < set->workload.replicas) {
        none.code = REASON_POD_NOT_CREATED;
        if (s->given && !pods) {
            none.code = REASON_POD_NO_ENDPOINT;
        } else if (!set->workload.rules->parallel && *worst) {
            none = blocked(s, worst);
        } else if (!set->workload.rules->parallel) {
            put_lack(
                s, name,
                (struct reason){
                    .code = REASON_POD_NOT_CREATED,
                    .pod = object_text((struct object *)(uintptr_t)set, name)});
            none = (struct reason){.code = REASON_POD_BLOCKED,
                                   .pod = name,
                                   .detail = "not created"};
        }
    }
    plain_say_reason(l, "none", set->name, &none);
}

static bool is_governed(const struct object *set, const struct scene *s)
{
    return set && strcmp(set->workload.service, s->service->name) == 0;
}

static void judge_all(struct scene *s, struct plain_lines *l)
{
    bool pods = false;

    for (unsigned i = 0; i < s->endpoints_n; i++)
        judge_endpoint(s, &s->endpoints[i]);
    for (unsigned i = 0; i < PLAIN_NAMES; i++) {
        const struct object *pod = plain_find(s->w, OBJECT_POD, s->ns, i);
        pods |= is_named_here(s, pod);
        if (pod)
            judge_pod(s, pod);
    }
    for (unsigned i = 0; i < PLAIN_NAMES; i++) {
        const struct object *set =
            plain_find(s->w, OBJECT_STATEFUL_SET, s->ns, i);
        if (is_governed(set, s))
            say_none(s, set, pods, l);
    }
    for (unsigned i = 0; i < s->lacks_n; i++)
        plain_say_reason(l, "lack", s->lacks[i].hostname, &s->lacks[i].why);
}

// Nobody makes endpoints of a service without a selector.
static void say_no_endpoints(const struct scene *s, struct plain_lines *l)
{
    for (unsigned i = 0; i < PLAIN_NAMES; i++) {
        const struct object *set =
            plain_find(s->w, OBJECT_STATEFUL_SET, s->ns, i);
        const struct reason none = {.code = set && set->workload.replicas
                                                ? REASON_NO_ENDPOINTS
                                                : REASON_NO_REPLICAS};
        if (is_governed(set, s))
            plain_say_reason(l, "none", set->name, &none);
    }
}

static void keep_endpoints(struct scene *s, const struct slice_facts *slice)
{
    for (uint32_t i = 0; i < slice->endpoints_n; i++) {
        assert_true(s->endpoints_n < ORD_COUNT(s->endpoints));
        s->endpoints[s->endpoints_n++] = slice->endpoints[i];
    }
}

// Endpoints that are given, in the order of their objects' names.
static void keep_given(struct scene *s, unsigned name)
{
    static const unsigned order[PLAIN_NAMES] = {0, 2, 1}; // as texts
    const struct object *e = plain_find(s->w, OBJECT_ENDPOINTS, s->ns, name);

    for (unsigned k = 0; k < PLAIN_NAMES; k++) {
        const struct object *o =
            plain_find(s->w, OBJECT_ENDPOINT_SLICE, s->ns, order[k]);
        if (!o || strcmp(o->slice.service, plain_names[name]) != 0)
            continue;
        s->given = true;
        if (o->slice.family && plain_sees(s->w, o))
            keep_endpoints(s, &o->slice);
    }
    if (!s->given && e) {
        s->given = true;
        if (plain_sees(s->w, e))
            keep_endpoints(s, e->endpoints.slices);
    }
}

static void keep_pod(struct scene *s, const struct object *pod)
{
    const bool named = strcmp(pod->pod.subdomain, s->service->name) == 0;

    if (plain_missed(s->service, pod) || !plain_has_family(s->service, pod) ||
        pod->pod.phase == POD_SUCCEEDED || pod->pod.phase == POD_FAILED)
        return;
    s->endpoints[s->endpoints_n++] = (struct endpoint){
        .hostname = named ? pod->pod.hostname : "",
        .pod = pod->name,
        .serving = pod->pod.ready,
        .terminating = pod->pod.terminating,
    };
}

void plain_say_lacks(const struct plain *w, unsigned ns, unsigned name,
                     struct plain_lines *l)
{
    struct scene s = {.w = w, .ns = ns, .service = plain_service(w, ns, name)};

    if (!s.service || (w->settings & PLAIN_SET_NO_ENDPOINTS))
        return;
    if (s.service->service.type == SERVICE_EXTERNAL_NAME) {
        for (unsigned i = 0; i < PLAIN_NAMES; i++) {
            const struct object *set =
                plain_find(w, OBJECT_STATEFUL_SET, ns, i);
            if (is_governed(set, &s))
                plain_say_reason(l, "none", set->name, &(struct reason){0});
        }
        return;
    }
    keep_given(&s, name);
    const bool selects = s.service->service.selector.n > 0;
    for (unsigned i = 0; !s.given && selects && i < PLAIN_NAMES; i++)
        if (plain_find(w, OBJECT_POD, ns, i))
            keep_pod(&s, plain_find(w, OBJECT_POD, ns, i));
    if (s.given || selects)
        judge_all(&s, l);
    else
        say_no_endpoints(&s, l);
}
