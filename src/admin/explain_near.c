// SPDX-License-Identifier: Apache-2.0
// What may have been meant. What the cluster hides is not offered.
#include "explain.h"

#include "base/nearest.h"
#include "dns/record.h"

#include <errno.h>
#include <string.h>

void explain_hint(struct explain *e, const char *text)
{
    explain_say_more(e, &e->hint, text);
}

void explain_mean(struct explain *e, const char *name)
{
    if (*e->near || strcmp(name, e->name_text) == 0)
        return;
    e->near = name;
    explain_hint(e, explain_say(e, "did you mean %s?", name));
}

// What stands left of the service in the name that was asked for, with its dot.
static const char *left_of_service(struct explain *e)
{
    const struct explain_subject *s = &e->about;

    if (s->place == EXPLAIN_HOSTNAME)
        return explain_say(e, "%s.", s->hostname);
    if (*s->port)
        return explain_say(e, "_%s._%s.", s->port, s->protocol);
    return "";
}

static const char *service_name(struct explain *e, const char *service,
                                const char *namespace)
{
    return explain_say(e, "%s.%s.svc.%s", service, namespace, e->domain_text);
}

// --- services and namespaces -----------------------------------------------

// A walk over objects of which some are near.
struct walk {
    struct explain *e;
    struct nearest near;
    const char *only; // this namespace; NULL: all
    const struct object *found;
};

// Offer a service, unless it is further away than what there is, or unseen.
static void offer_service(struct walk *w, const struct object *o)
{
    struct nearest next = w->near;

    nearest_offer(&next, o->name);
    if (next.word == w->near.word ||
        !explain_service_exists(w->e, o->namespace, o->name))
        return;
    w->near = next;
    w->found = o;
}

static int visit_neighbour(void *context, const struct object *o)
{
    struct walk *w = context;

    if (strcmp(o->namespace, w->only) == 0)
        offer_service(w, o);
    return 0;
}

// Of several the first by name, so that equal clusters say the same.
static int visit_namesake(void *context, const struct object *o)
{
    struct walk *w = context;

    if (strcmp(o->name, w->e->about.service) == 0 &&
        (!w->found || strcmp(o->namespace, w->found->namespace) < 0) &&
        explain_service_exists(w->e, o->namespace, o->name))
        w->found = o;
    return 0;
}

// The service of this name in another namespace, which is told; or NULL.
static const struct object *tell_namesake(struct explain *e)
{
    struct walk w = {.e = e};

    (void)cluster_each(e->from->cluster, OBJECT_SERVICE, visit_namesake, &w);
    if (w.found)
        explain_hint(e, explain_say(e, "there is a service %s in namespace %s",
                                    w.found->name, w.found->namespace));
    return w.found;
}

static void find_namesake(struct explain *e)
{
    const struct object *o = tell_namesake(e);

    if (o)
        explain_mean(e, explain_say(e, "%s%s", left_of_service(e),
                                    service_name(e, o->name, o->namespace)));
}

// What a StatefulSet names in vain is mended otherwise where it is in another
// namespace.
static void find_missing(struct explain *e)
{
    if (tell_namesake(e))
        e->why.code = REASON_SERVICE_ELSEWHERE;
}

static void find_neighbour(struct explain *e)
{
    struct walk w = {.e = e,
                     .near = nearest_of(e->about.service),
                     .only = e->about.namespace};

    (void)cluster_each(e->from->cluster, OBJECT_SERVICE, visit_neighbour, &w);
    if (!w.found)
        return;
    if (!e->why.near)
        e->why.near = w.found->name;
    explain_mean(
        e, explain_say(e, "%s%s", left_of_service(e),
                       service_name(e, w.found->name, w.found->namespace)));
}

// A pod's name where its service should stand. Of pods of one hostname the one
// whose service is the first by name.
static int visit_peer(void *context, const struct object *pod)
{
    struct walk *w = context;
    const struct explain_subject *s = &w->e->about;

    if (strcmp(pod->namespace, s->namespace) != 0 ||
        strcmp(pod->pod.hostname, s->service) != 0 || !*pod->pod.subdomain ||
        (w->found &&
         strcmp(w->found->pod.subdomain, pod->pod.subdomain) <= 0) ||
        !explain_service_exists(w->e, pod->namespace, pod->pod.subdomain))
        return 0;
    w->found = pod;
    return 0;
}

static void find_peer(struct explain *e)
{
    struct walk w = {.e = e};

    if (e->about.place != EXPLAIN_SERVICE)
        return;
    (void)cluster_each(e->from->cluster, OBJECT_POD, visit_peer, &w);
    if (!w.found)
        return;
    explain_hint(
        e, explain_say(e, "%s is a pod; its name stands below its service",
                       w.found->pod.hostname));
    explain_mean(e, explain_say(e, "%s.%s", w.found->pod.hostname,
                                service_name(e, w.found->pod.subdomain,
                                             w.found->namespace)));
}

// The name of a StatefulSet where that of its service should stand.
static int visit_set(void *context, const struct object *o)
{
    struct walk *w = context;
    const struct explain_subject *s = &w->e->about;

    if (strcmp(o->namespace, s->namespace) != 0 ||
        strcmp(o->name, s->service) != 0 ||
        !explain_service_exists(w->e, o->namespace, o->workload.service))
        return 0;
    w->found = o;
    return 1;
}

static void find_set(struct explain *e)
{
    struct walk w = {.e = e};

    (void)cluster_each(e->from->cluster, OBJECT_STATEFUL_SET, visit_set, &w);
    if (!w.found)
        return;
    explain_hint(e, explain_say(e, "%s is a StatefulSet, its service is %s",
                                w.found->name, w.found->workload.service));
    explain_mean(e, explain_say(e, "%s%s", left_of_service(e),
                                service_name(e, w.found->workload.service,
                                             w.found->namespace)));
}

static int visit_namespace(void *context, const struct object *o)
{
    struct walk *w = context;
    const char *name = o->kind == OBJECT_NAMESPACE ? o->name : o->namespace;
    struct nearest next = w->near;

    nearest_offer(&next, name);
    if (next.word != w->near.word &&
        explain_exists(w->e,
                       explain_say(w->e, "%s.svc.%s", name, w->e->domain_text)))
        w->near = next;
    return 0;
}

static void find_namespace(struct explain *e)
{
    struct walk w = {.e = e, .near = nearest_of(e->about.namespace)};
    const struct explain_subject *s = &e->about;

    (void)cluster_each(e->from->cluster, OBJECT_NAMESPACE, visit_namespace, &w);
    (void)cluster_each(e->from->cluster, OBJECT_SERVICE, visit_namespace, &w);
    if (!w.near.word) {
        find_namesake(e);
        return;
    }
    if (s->place == EXPLAIN_NAMESPACE)
        explain_mean(e,
                     explain_say(e, "%s.svc.%s", w.near.word, e->domain_text));
    else if (*s->service)
        explain_mean(e, explain_say(e, "%s%s", left_of_service(e),
                                    service_name(e, s->service, w.near.word)));
}

// --- below a service -------------------------------------------------------

static void offer_endpoints(struct nearest *near, const struct service *s)
{
    for (uint32_t i = 0; i < s->slices_n; i++)
        for (uint32_t k = 0; k < s->slices[i]->endpoints_n; k++)
            if (*s->slices[i]->endpoints[k].hostname)
                nearest_offer(near, s->slices[i]->endpoints[k].hostname);
    for (uint32_t i = 0; i < s->lacks_n; i++)
        nearest_offer(near, s->lacks[i].hostname);
}

static void find_hostname(struct explain *e, const struct service *service)
{
    struct nearest near = nearest_of(e->about.hostname);

    offer_endpoints(&near, service);
    if (near.word)
        explain_mean(
            e, explain_say(e, "%s.%s", near.word,
                           service_name(e, service->name, service->namespace)));
}

// A port's name, which another protocol than the one asked for may have.
struct port {
    struct nearest near;
    const char *protocol; // of the nearest
};

static void offer_port(struct port *p, const char *name, uint8_t protocol)
{
    const char *before = p->near.word;

    if (*name)
        nearest_offer(&p->near, name);
    if (p->near.word != before)
        p->protocol = protocol_label((enum protocol)protocol);
}

static void find_port(struct explain *e, const struct service *service)
{
    struct port p = {.near = nearest_of(e->about.port)};
    const struct object *o = service->object;

    for (uint32_t i = 0; o && i < o->service.ports_n; i++)
        offer_port(&p, o->service.ports[i].name, o->service.ports[i].protocol);
    for (uint32_t i = 0; i < service->slices_n; i++)
        for (uint32_t k = 0; k < service->slices[i]->ports_n; k++)
            offer_port(&p, service->slices[i]->ports[k].name,
                       service->slices[i]->ports[k].protocol);
    if (p.near.word)
        explain_mean(
            e, explain_say(e, "_%s._%s.%s", p.near.word, p.protocol,
                           service_name(e, service->name, service->namespace)));
}

// A pod has its name below the service that its StatefulSet names.
static int visit_elsewhere(void *context, const struct object *o)
{
    struct walk *w = context;
    const struct explain_subject *s = &w->e->about;

    if (strcmp(o->namespace, s->namespace) != 0 ||
        !explain_is_set_of(o->name, s->hostname) ||
        !explain_service_exists(w->e, o->namespace, o->workload.service))
        return 0;
    w->found = o;
    return 1;
}

static void find_elsewhere(struct explain *e)
{
    struct walk w = {.e = e};

    (void)cluster_each(e->from->cluster, OBJECT_STATEFUL_SET, visit_elsewhere,
                       &w);
    if (w.found)
        explain_mean(e, explain_say(e, "%s.%s", e->about.hostname,
                                    service_name(e, w.found->workload.service,
                                                 e->about.namespace)));
}

static void find_below(struct explain *e, enum reason_code code)
{
    struct service service;

    if (code == REASON_POD_ELSEWHERE) {
        find_elsewhere(e);
        return;
    }
    const int rc = cluster_service(e->from->cluster, e->about.namespace,
                                   e->about.service, &e->arena, &service);
    e->no_memory |= rc == -ENOMEM;
    if (rc)
        return;
    if (e->about.place == EXPLAIN_HOSTNAME)
        find_hostname(e, &service);
    else if (*e->about.port)
        find_port(e, &service);
}

// --- all of it -------------------------------------------------------------

static void find_near(struct explain *e)
{
    // most names that are in no zone here are none that was meant to be
    if (e->decides->forwarded && e->decides->code == REASON_NONE)
        explain_expansion(e);
    switch (e->decides->code) {
    case REASON_WRONG_DOMAIN:
        explain_expansion(e);
        explain_domain(e);
        break;
    case REASON_NAME_TOO_DEEP:
    case REASON_NAME_UNKNOWN:
        explain_without_search(e);
        break;
    case REASON_NAMESPACE_UNKNOWN:
        find_namespace(e);
        break;
    case REASON_SERVICE_UNKNOWN:
        find_peer(e);
        find_set(e);
        find_namesake(e);
        find_neighbour(e);
        break;
    case REASON_SERVICE_MISSING:
        find_neighbour(e);
        find_missing(e);
        break;
    case REASON_POD_ELSEWHERE:
    case REASON_HOSTNAME_UNKNOWN:
    case REASON_NOT_HEADLESS_HOSTNAME:
    case REASON_NOT_HEADLESS:
    case REASON_PORT_UNKNOWN:
    case REASON_PROTOCOL_UNKNOWN:
        find_below(e, (enum reason_code)e->decides->code);
        break;
    default:
        break;
    }
}

static void find_mend(struct explain *e)
{
    char text[REASON_TEXT_MAX + 1];

    if (e->why.code == REASON_NONE || e->decides->forwarded)
        return;
    (void)reason_mend(&e->why, text);
    e->mend = explain_say(e, "%s", text);
}

void explain_near(struct explain *e)
{
    const struct explain_question *q = e->decides;
    char last[DNS_NAME_TEXT_SIZE];

    dns_name_format(dns_name_view(&q->names[q->names_n - 1]), last);
    if (q->type == DNS_TYPE_AXFR || q->type == DNS_TYPE_IXFR)
        explain_hint(
            e, "transfers are refused; `ordinald zone` prints all there is");
    else if (q->resolves && !q->forwarded && q->names_n > 1 &&
             q->type != DNS_TYPE_PTR && e->about.place == EXPLAIN_ELSEWHERE)
        explain_hint(e,
                     explain_say(e,
                                 "%s is not served here; whoever asks finds it "
                                 "elsewhere",
                                 last));
    else
        find_near(e);
    find_mend(e);
}
