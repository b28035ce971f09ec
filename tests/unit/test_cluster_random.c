// SPDX-License-Identifier: Apache-2.0
// Thousands of random puts, replacements and removals, each compared with what
// a plain list of all objects says: what counts, what each service publishes,
// what its pods lack, which services a change touches and which addresses pods
// have, with each combination of settings. Written without the cluster's
// indexes.
#include "lib/objects.h"
#include "model/cluster.h"
#include "model/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NAMESPACES = 2, NAMES = 3, RANKS = 3, TEXT_SIZE = 4096 };

static const char *const namespaces[NAMESPACES] = {"one", "two"};
static const char *const names[NAMES] = {"db", "db-2", "db-10"};

// All addresses that pods have here.
enum { ADDRESSES = 4 };
static const char *const addresses[ADDRESSES] = {"10.0.0.1", "10.0.0.2",
                                                 "fd00::1", "fd00::2"};

// Settings, in all combinations.
enum {
    SET_NAMESPACES = 1, // only `one` is to be seen
    SET_SELECTOR = 2,   // only what has no label `hide`
    SET_NO_ENDPOINTS = 4,
    SET_PODS = 8,
    SETTINGS = 16,
};

// An object under each kind, namespace, name and rank, or none.
struct slot {
    struct object *object;
    uint64_t seed; // it is made of
};

struct world {
    struct cluster *cluster;
    unsigned settings;
    struct slot slots[OBJECT_KINDS][NAMESPACES][NAMES][RANKS];
    bool dirty[NAMESPACES][NAMES]; // is to be told
    bool may[NAMESPACES][NAMES];   // is concerned, and may be told
    bool told[NAMESPACES][NAMES];
    bool told_namespace[NAMESPACES];
    bool told_address[NAMESPACES][ADDRESSES];
    uint64_t random;
};

static uint32_t draw(uint64_t *random, uint32_t below)
{
    *random = *random * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(*random >> 33) % below;
}

// --- random objects --------------------------------------------------------

static const char *draw_text(uint64_t *r, const char *a, const char *b)
{
    return draw(r, 2) ? a : b;
}

static void draw_service(struct object *o, uint64_t *r)
{
    struct service_facts *s = &o->service;

    s->type = draw(r, 8) ? SERVICE_HEADLESS : SERVICE_EXTERNAL_NAME;
    s->publish_not_ready_addresses = draw(r, 4) == 0;
    s->policy = (uint8_t)draw(r, 3);
    if (draw(r, 3) == 0)
        s->families[s->families_n++] = draw(r, 2) ? FAMILY_IPV6 : FAMILY_IPV4;
    s->has_selector = draw(r, 8) > 0;
    if (s->has_selector && draw(r, 4))
        object_select(o, "app", draw_text(r, "x", "y"));
    if (s->has_selector && draw(r, 3) == 0)
        object_select(o, "role", draw_text(r, "x", "y"));
    if (draw(r, 2))
        object_port(o, "web", 80, PROTOCOL_TCP, draw_text(r, "http", "8080"));
    if (draw(r, 3) == 0)
        object_port(o, "dns", 53, PROTOCOL_UDP, draw_text(r, "dns", ""));
}

static void draw_endpoint(struct object *o, uint64_t *r)
{
    object_endpoint(o, draw_text(r, names[draw(r, NAMES)], ""),
                    names[draw(r, NAMES)], draw_text(r, "10.1.0.1", "10.1.0.2"),
                    draw(r, 2));
    struct endpoint *e = (struct endpoint *)(uintptr_t)&o->slice
                             .endpoints[o->slice.endpoints_n - 1];
    e->terminating = draw(r, 4) == 0;
    e->serving = e->ready || draw(r, 4) == 0;
}

static void draw_slice(struct object *o, uint64_t *r)
{
    static const uint8_t families[] = {FAMILY_IPV4, FAMILY_IPV4, 0};

    o->slice.service = draw(r, 5) ? names[draw(r, NAMES)] : "";
    o->slice.family = families[draw(r, 3)];
    if (draw(r, 2))
        object_number(o, "web", (uint16_t)(1 + draw(r, 2)), PROTOCOL_TCP);
    for (uint32_t n = draw(r, 3); n > 0; n--)
        draw_endpoint(o, r);
}

static void draw_pod(struct object *o, uint64_t *r)
{
    if (draw(r, 6))
        object_label(o, "app", draw_text(r, "x", "y"));
    if (draw(r, 2))
        object_label(o, "role", draw_text(r, "x", "y"));
    o->pod.phase = (uint8_t)draw(r, 5);
    o->pod.ready = draw(r, 3) > 0;
    o->pod.terminating = draw(r, 4) == 0;
    o->pod.hostname = draw_text(r, o->name, "");
    o->pod.subdomain = draw_text(r, names[draw(r, NAMES)], "");
    o->pod.since_unix_s = draw(r, 3);
    o->pod.reason = draw_text(r, "slow", "");
    if (draw(r, 6))
        object_address(o, addresses[draw(r, 2) * 2]);
    if (o->pod.addresses_n && draw(r, 2))
        object_address(o, addresses[draw(r, 2) * 2 + 1]);
    if (draw(r, 2))
        object_number(o, "http", (uint16_t)(1 + draw(r, 2)), PROTOCOL_TCP);
    if (draw(r, 2))
        object_number(o, "dns", 5353, draw(r, 2) ? PROTOCOL_UDP : PROTOCOL_TCP);
}

static void draw_workload(struct object *o, uint64_t *r)
{
    static const struct label labels[] = {{"app", "x"}, {"role", "y"}};
    static const struct workload_rules parallel = {.parallel = true};
    static const uint32_t starts[] = {0, 1, 2, 9};

    o->workload.replicas = draw(r, 4);
    o->workload.start = starts[draw(r, ORD_COUNT(starts))];
    o->workload.service = draw(r, 5) ? names[draw(r, NAMES)] : "";
    o->workload.revision = draw(r, 2);
    o->workload.pod_labels = (struct labels){labels, draw(r, 3)};
    if (draw(r, 3) == 0)
        o->workload.rules = &parallel;
}

static struct object *draw_object(unsigned kind, unsigned ns, unsigned name,
                                  uint64_t seed)
{
    struct object *o =
        kind == OBJECT_NAMESPACE
            ? object_make(OBJECT_NAMESPACE, "", namespaces[ns])
            : object_make((enum object_kind)kind, namespaces[ns], names[name]);

    if (kind == OBJECT_SERVICE)
        draw_service(o, &seed);
    else if (kind == OBJECT_ENDPOINT_SLICE)
        draw_slice(o, &seed);
    else if (kind == OBJECT_ENDPOINTS && draw(&seed, 4))
        object_endpoint(o, "", "p", "10.2.0.1", draw(&seed, 2));
    else if (kind == OBJECT_POD)
        draw_pod(o, &seed);
    else if (kind >= OBJECT_STATEFUL_SET)
        draw_workload(o, &seed);
    if (draw(&seed, 4) == 0)
        object_label(o, "hide", "");
    return object_done(o);
}

// --- what a plain list says ------------------------------------------------

static const struct object *counts(const struct world *w, unsigned kind,
                                   unsigned ns, unsigned name)
{
    for (unsigned rank = RANKS; rank-- > 0;)
        if (w->slots[kind][ns][name][rank].object)
            return w->slots[kind][ns][name][rank].object;
    return NULL;
}

static bool sees_namespace(const struct world *w, unsigned ns)
{
    return !(w->settings & SET_NAMESPACES) || ns == 0;
}

static bool sees_labels(const struct world *w, const struct object *o)
{
    return !(w->settings & SET_SELECTOR) || !labels_get(o->labels, "hide");
}

// The Service that is to be seen.
static const struct object *seen_service(const struct world *w, unsigned ns,
                                         unsigned name)
{
    const struct object *o = counts(w, OBJECT_SERVICE, ns, name);

    return o && sees_namespace(w, ns) && sees_labels(w, o) ? o : NULL;
}

static bool has_address(const struct object *pod, const char *address)
{
    struct address a;

    assert_true(address_parse(address, &a));
    for (uint8_t i = 0; i < pod->pod.addresses_n; i++)
        if (address_compare(&pod->pod.addresses[i], &a) == 0)
            return true;
    return false;
}

// Whether the address of a pod is to be told.
static bool address_exists(const struct world *w, unsigned ns, unsigned address)
{
    if (!(w->settings & SET_PODS) || !sees_namespace(w, ns))
        return false;
    for (unsigned i = 0; i < NAMES; i++) {
        const struct object *pod = counts(w, OBJECT_POD, ns, i);
        if (pod && !pod->pod.terminating && pod->pod.phase <= POD_RUNNING &&
            sees_labels(w, pod) && has_address(pod, addresses[address]))
            return true;
    }
    return false;
}

static bool exists(const struct world *w, unsigned ns)
{
    if (!sees_namespace(w, ns))
        return false;
    for (unsigned kind = 0; kind < OBJECT_KINDS; kind++)
        for (unsigned name = 0; name < NAMES; name++)
            if (counts(w, kind, ns, name))
                return true;
    return false;
}

// Endpoints as lines, sorted: the order is another test's affair.
struct lines {
    char text[64][160];
    size_t n;
};

static void say_line(struct lines *l, uint8_t family, const char *ports,
                     const struct endpoint *e)
{
    char hex[40] = "";

    for (unsigned i = 0; i < 4; i++) // enough to tell ours apart
        snprintf(hex + 2 * i, 3, "%02x",
                 e->addresses[(family == FAMILY_IPV6 ? 12 : 0) + i]);
    assert_true(l->n < ORD_COUNT(l->text));
    snprintf(l->text[l->n++], sizeof l->text[0], "%u[%s] %s/%s %s %u %d%d%d",
             family, ports, e->pod, e->hostname, hex, e->addresses_n, e->ready,
             e->serving, e->terminating);
}

static void say_port(char ports[64], const char *name, uint16_t number,
                     uint8_t protocol)
{
    const size_t n = strlen(ports);

    snprintf(ports + n, 64 - n, " %s=%u/%u", name, number, protocol);
}

static void say_slice(struct lines *l, const struct slice_facts *s)
{
    char ports[64] = "";

    for (uint32_t i = 0; i < s->ports_n; i++)
        say_port(ports, s->ports[i].name, s->ports[i].number,
                 s->ports[i].protocol);
    for (uint32_t i = 0; i < s->endpoints_n; i++)
        say_line(l, s->family, ports, &s->endpoints[i]);
}

static bool given_slices(const struct world *w, unsigned ns, unsigned name,
                         struct lines *l)
{
    bool given = false;

    for (unsigned i = 0; i < NAMES; i++) {
        const struct object *o = counts(w, OBJECT_ENDPOINT_SLICE, ns, i);
        if (!o || strcmp(o->slice.service, names[name]) != 0)
            continue;
        given = true;
        if (l && o->slice.family && sees_labels(w, o))
            say_slice(l, &o->slice);
    }
    return given;
}

static void pod_ports(const struct object *service, const struct object *pod,
                      char ports[64])
{
    for (uint32_t i = 0; i < service->service.ports_n; i++) {
        const struct service_port *p = &service->service.ports[i];
        uint16_t number = p->target ? p->target : p->number;
        if (*p->target_name)
            number = 0;
        for (uint32_t k = 0; *p->target_name && k < pod->pod.ports_n; k++)
            if (strcmp(pod->pod.ports[k].name, p->target_name) == 0 &&
                pod->pod.ports[k].protocol == p->protocol)
                number = pod->pod.ports[k].number;
        if (number)
            say_port(ports, p->name, number, p->protocol);
    }
}

static bool wants(const struct service_facts *s, const struct pod_facts *p,
                  uint8_t family)
{
    if (s->policy >= IP_FAMILY_PREFER_DUAL)
        return true;
    return (s->families_n ? s->families[0] : p->addresses[0].family) == family;
}

static void say_pod(struct lines *l, const struct object *service,
                    const struct object *pod)
{
    const struct pod_facts *p = &pod->pod;
    char ports[64] = "";

    if (!labels_match(service->service.selector, pod->labels) ||
        p->phase == POD_SUCCEEDED || p->phase == POD_FAILED)
        return;
    pod_ports(service, pod, ports);
    for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2)) {
        struct endpoint e = {
            .pod = pod->name,
            .hostname = strcmp(p->subdomain, service->name) ? "" : p->hostname,
            .serving = p->ready,
            .terminating = p->terminating,
            .ready = service->service.publish_not_ready_addresses ||
                     (p->ready && !p->terminating),
        };
        for (uint8_t i = p->addresses_n; i-- > 0;) {
            if (p->addresses[i].family != family)
                continue;
            e.addresses = p->addresses[i].octets;
            e.addresses_n++;
        }
        if (e.addresses_n && wants(&service->service, p, family))
            say_line(l, family, ports, &e);
    }
}

// --- what its pods lack ----------------------------------------------------

static void say(struct lines *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct lines *l, const char *format, ...)
{
    va_list args;

    assert_true(l->n < ORD_COUNT(l->text));
    va_start(args, format);
    vsnprintf(l->text[l->n++], sizeof l->text[0], format, args);
    va_end(args);
}

static void say_reason(struct lines *l, const char *what, const char *name,
                       const struct reason *r)
{
    say(l, "%s %s %s %s %u %s", what, name, reason_kind(r->code)->id,
        r->pod ? r->pod : "-", r->since_unix_s, r->detail ? r->detail : "");
}

// Whoever governs nothing that is there.
static bool is_missing(const struct world *w, unsigned ns, unsigned name)
{
    if (counts(w, OBJECT_SERVICE, ns, name) || !sees_namespace(w, ns) ||
        (w->settings & SET_NO_ENDPOINTS))
        return false;
    for (unsigned i = 0; i < NAMES; i++) {
        const struct object *o = counts(w, OBJECT_STATEFUL_SET, ns, i);
        if (o && sees_labels(w, o) &&
            strcmp(o->workload.service, names[name]) == 0)
            return true;
    }
    return false;
}

// A service, all its endpoints, and what is known of its hostnames.
struct scene {
    const struct world *w;
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
    for (unsigned i = 0; i < NAMES; i++)
        if (strcmp(names[i], name) == 0)
            return counts(s->w, OBJECT_POD, s->ns, i);
    return NULL;
}

static struct reason ill_of(const struct object *pod)
{
    struct reason r = {.code = REASON_NONE};

    if (!pod ||
        (pod->pod.ready && !pod->pod.terminating && pod->pod.addresses_n &&
         pod->pod.phase != POD_SUCCEEDED && pod->pod.phase != POD_FAILED))
        return r;
    r.since_unix_s = pod->pod.since_unix_s;
    r.pod = pod->name;
    r.detail = pod->pod.reason;
    if (pod->pod.terminating)
        r.code = REASON_POD_TERMINATING;
    else if (pod->pod.phase == POD_SUCCEEDED || pod->pod.phase == POD_FAILED)
        r.code = REASON_POD_ENDED;
    else if (pod->pod.addresses_n)
        r.code = REASON_POD_NOT_READY;
    else if (pod->pod.phase == POD_PENDING)
        r.code = REASON_POD_PENDING;
    else
        r.code = REASON_POD_NO_ADDRESS;
    if (r.code == REASON_POD_TERMINATING)
        r.detail = "";
    if (r.code == REASON_POD_ENDED && !*r.detail)
        r.detail = pod->pod.phase == POD_FAILED ? "Failed" : "Succeeded";
    return r;
}

static const char *missed_of(const struct object *service,
                             const struct object *pod)
{
    static const char *const pairs[][3] = {{"app", "x", "app=x"},
                                           {"app", "y", "app=y"},
                                           {"role", "x", "role=x"},
                                           {"role", "y", "role=y"}};
    for (uint32_t i = 0; i < service->service.selector.n; i++) {
        const struct label *want = &service->service.selector.items[i];
        const char *has = labels_get(pod->labels, want->key);
        for (unsigned k = 0; k < ORD_COUNT(pairs); k++)
            if ((!has || strcmp(has, want->value) != 0) &&
                strcmp(want->key, pairs[k][0]) == 0 &&
                strcmp(want->value, pairs[k][1]) == 0)
                return pairs[k][2];
    }
    return NULL;
}

static bool has_family(const struct object *service, const struct object *pod)
{
    for (uint8_t i = 0; i < pod->pod.addresses_n; i++)
        if (wants(&service->service, &pod->pod, pod->pod.addresses[i].family))
            return true;
    return false;
}

static struct reason lack_of(const struct object *service,
                             const struct object *pod)
{
    const struct reason none = {.code = REASON_NONE};
    struct reason r = ill_of(pod);
    const char *missed = missed_of(service, pod);

    if (!missed && r.code != REASON_POD_ENDED && has_family(service, pod) &&
        pod->pod.phase != POD_SUCCEEDED && pod->pod.phase != POD_FAILED &&
        (service->service.publish_not_ready_addresses || r.code == REASON_NONE))
        return none;
    if (r.code == REASON_POD_TERMINATING)
        return r;
    if (missed)
        return (struct reason){.code = REASON_POD_NOT_SELECTED,
                               .pod = pod->name,
                               .detail = missed};
    if (r.code == REASON_NONE)
        return (struct reason){.code = REASON_POD_NO_ADDRESS,
                               .pod = pod->name,
                               .detail =
                                   service->service.families[0] == FAMILY_IPV6
                                       ? "the service is IPv6 only"
                                       : "the service is IPv4 only"};
    return r;
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
    for (unsigned i = 0; i < NAMES; i++) {
        const struct object *set = counts(s->w, OBJECT_STATEFUL_SET, s->ns, i);
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
        r = ill_of(pod);
    if (r.code == REASON_NONE)
        r = (struct reason){.code = e->terminating ? REASON_POD_TERMINATING
                                                   : REASON_POD_NOT_READY,
                            .pod = e->pod};
    if (s->given && *e->hostname && !e->ready &&
        !(pod && lack_of(s->service, pod).code != REASON_NONE))
        put_lack(s, e->hostname, r);
    if (!*e->hostname && set_of(s, e->pod, &ordinal))
        put_lack(
            s, e->pod,
            (struct reason){.code = REASON_PODS_WITHOUT_NAMES, .pod = e->pod});
}

static void judge_pod(struct scene *s, const struct object *pod)
{
    uint32_t ordinal;

    if (!is_named_here(s, pod))
        return;
    const struct reason r = lack_of(s->service, pod);
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
        *ill |= ill_of(pod).code != REASON_NONE;
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
    struct reason r = ill_of(scene_pod(s, name));

    return (struct reason){
        .code = REASON_POD_BLOCKED,
        .pod = name,
        .since_unix_s = r.since_unix_s,
        .detail = word_for(r.code ? r.code : endpoint_code(s, name)),
    };
}

static void say_none(struct scene *s, const struct object *set, bool pods,
                     struct lines *l)
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
            ill = ill_of(pod).code != REASON_NONE;
            put_lack(s, name,
                     (struct reason){.code = REASON_PODS_WITHOUT_NAMES,
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
    say_reason(l, "none", set->name, &none);
}

static void say_ordinals(struct lines *l, const char *name, uint32_t start,
                         uint32_t n)
{
    say(l, "set %s %u+%u", name, start, n);
}

static bool is_governed(const struct object *set, const struct scene *s)
{
    return set && strcmp(set->workload.service, s->service->name) == 0;
}

static void judge_all(struct scene *s, struct lines *l)
{
    bool pods = false;

    for (unsigned i = 0; i < s->endpoints_n; i++)
        judge_endpoint(s, &s->endpoints[i]);
    for (unsigned i = 0; i < NAMES; i++) {
        const struct object *pod = counts(s->w, OBJECT_POD, s->ns, i);
        pods |= is_named_here(s, pod);
        if (pod)
            judge_pod(s, pod);
    }
    for (unsigned i = 0; i < NAMES; i++) {
        const struct object *set = counts(s->w, OBJECT_STATEFUL_SET, s->ns, i);
        if (is_governed(set, s))
            say_none(s, set, pods, l);
    }
    for (unsigned i = 0; i < s->lacks_n; i++)
        say_reason(l, "lack", s->lacks[i].hostname, &s->lacks[i].why);
}

// Nobody makes endpoints of a service without a selector.
static void say_no_endpoints(const struct scene *s, struct lines *l)
{
    for (unsigned i = 0; i < NAMES; i++) {
        const struct object *set = counts(s->w, OBJECT_STATEFUL_SET, s->ns, i);
        const struct reason none = {.code = set && set->workload.replicas
                                                ? REASON_NO_ENDPOINTS
                                                : REASON_NO_REPLICAS};
        if (is_governed(set, s))
            say_reason(l, "none", set->name, &none);
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
    static const unsigned order[NAMES] = {0, 2, 1}; // as texts
    const struct object *e = counts(s->w, OBJECT_ENDPOINTS, s->ns, name);

    for (unsigned k = 0; k < NAMES; k++) {
        const struct object *o =
            counts(s->w, OBJECT_ENDPOINT_SLICE, s->ns, order[k]);
        if (!o || strcmp(o->slice.service, names[name]) != 0)
            continue;
        s->given = true;
        if (o->slice.family && sees_labels(s->w, o))
            keep_endpoints(s, &o->slice);
    }
    if (!s->given && e) {
        s->given = true;
        if (sees_labels(s->w, e))
            keep_endpoints(s, e->endpoints.slices);
    }
}

static void keep_pod(struct scene *s, const struct object *pod)
{
    const bool named = strcmp(pod->pod.subdomain, s->service->name) == 0;

    if (missed_of(s->service, pod) || !has_family(s->service, pod) ||
        pod->pod.phase == POD_SUCCEEDED || pod->pod.phase == POD_FAILED)
        return;
    s->endpoints[s->endpoints_n++] = (struct endpoint){
        .hostname = named ? pod->pod.hostname : "",
        .pod = pod->name,
        .serving = pod->pod.ready,
        .terminating = pod->pod.terminating,
    };
}

static void say_lacks(const struct world *w, unsigned ns, unsigned name,
                      struct lines *l)
{
    struct scene s = {.w = w, .ns = ns, .service = seen_service(w, ns, name)};

    if (!s.service || (w->settings & SET_NO_ENDPOINTS))
        return;
    if (s.service->service.type == SERVICE_EXTERNAL_NAME) {
        for (unsigned i = 0; i < NAMES; i++) {
            const struct object *set = counts(w, OBJECT_STATEFUL_SET, ns, i);
            if (is_governed(set, &s))
                say_reason(l, "none", set->name, &(struct reason){0});
        }
        return;
    }
    keep_given(&s, name);
    const bool selects = s.service->service.selector.n > 0;
    for (unsigned i = 0; !s.given && selects && i < NAMES; i++)
        if (counts(w, OBJECT_POD, ns, i))
            keep_pod(&s, counts(w, OBJECT_POD, ns, i));
    if (s.given || selects)
        judge_all(&s, l);
    else
        say_no_endpoints(&s, l);
}

static void say_sets(const struct world *w, unsigned ns, unsigned name,
                     struct lines *l)
{
    if (is_missing(w, ns, name))
        say(l, "missing");
    if (!seen_service(w, ns, name) || (w->settings & SET_NO_ENDPOINTS))
        return;
    for (unsigned i = 0; i < NAMES; i++) {
        const struct object *o = counts(w, OBJECT_STATEFUL_SET, ns, i);
        if (o && strcmp(o->workload.service, names[name]) == 0)
            say_ordinals(l, o->name, o->workload.start, o->workload.replicas);
    }
}

static void say_expected(const struct world *w, unsigned ns, unsigned name,
                         struct lines *l)
{
    const struct object *o = seen_service(w, ns, name);
    const struct object *e = counts(w, OBJECT_ENDPOINTS, ns, name);

    if (!o || o->service.type == SERVICE_EXTERNAL_NAME ||
        (w->settings & SET_NO_ENDPOINTS) || given_slices(w, ns, name, l))
        return;
    if (e) {
        if (sees_labels(w, e))
            say_slice(l, e->endpoints.slices);
        return;
    }
    for (unsigned i = 0; i < NAMES && o->service.selector.n; i++) {
        const struct object *pod = counts(w, OBJECT_POD, ns, i);
        if (pod)
            say_pod(l, o, pod);
    }
}

static int line_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void finish(struct lines *l, char text[TEXT_SIZE])
{
    text[0] = '\0';
    qsort(l->text, l->n, sizeof l->text[0], line_compare);
    for (size_t i = 0; i < l->n; i++)
        strcat(strcat(text, l->text[i]), "\n");
}

static void expected(const struct world *w, unsigned ns, unsigned name,
                     char text[TEXT_SIZE])
{
    struct lines l = {.n = 0};

    say_expected(w, ns, name, &l);
    say_sets(w, ns, name, &l);
    say_lacks(w, ns, name, &l);
    finish(&l, text);
}

// --- what the cluster says -------------------------------------------------

static bool service_exists(const struct world *w, unsigned ns, unsigned name)
{
    return seen_service(w, ns, name) || is_missing(w, ns, name);
}

static void check_service(const struct world *w, unsigned ns, unsigned name)
{
    char wanted[TEXT_SIZE], text[TEXT_SIZE];
    struct lines l = {.n = 0};
    struct arena arena;
    struct service s;

    arena_init(&arena, 1 << 20);
    const int r =
        cluster_service(w->cluster, namespaces[ns], names[name], &arena, &s);
    assert_int_equal(r == 0, service_exists(w, ns, name));
    if (r == 0)
        assert_ptr_equal(s.object, seen_service(w, ns, name));
    if (r == 0 && !s.object)
        say(&l, "missing");
    for (uint32_t i = 0; r == 0 && i < s.slices_n; i++)
        say_slice(&l, s.slices[i]);
    for (uint32_t i = 0; r == 0 && i < s.ordinals_n; i++) {
        say_ordinals(&l, s.ordinals[i].name, s.ordinals[i].start,
                     s.ordinals[i].n);
        say_reason(&l, "none", s.ordinals[i].name, &s.ordinals[i].none);
    }
    for (uint32_t i = 0; r == 0 && i < s.lacks_n; i++)
        say_reason(&l, "lack", s.lacks[i].hostname, &s.lacks[i].why);
    finish(&l, text);
    expected(w, ns, name, wanted);
    assert_string_equal(text, wanted);
    arena_release(&arena);
}

static void check_all(const struct world *w)
{
    for (unsigned ns = 0; ns < NAMESPACES; ns++) {
        for (unsigned name = 0; name < NAMES; name++) {
            check_service(w, ns, name);
            for (unsigned kind = 1; kind < OBJECT_KINDS; kind++)
                assert_ptr_equal(cluster_find(w->cluster,
                                              (enum object_kind)kind,
                                              namespaces[ns], names[name]),
                                 counts(w, kind, ns, name));
        }
    }
}

static unsigned index_of(const char *const *texts, unsigned n, const char *text)
{
    unsigned i = 0;

    while (i < n && strcmp(texts[i], text) != 0)
        i++;
    assert_true(i < n);
    return i;
}

static void take_namespace(struct world *w, unsigned ns, bool now)
{
    assert_int_equal(now, exists(w, ns));
    assert_int_not_equal(now, w->told_namespace[ns]);
    w->told_namespace[ns] = now;
}

static void take_service(struct world *w, unsigned ns, unsigned name, bool now)
{
    assert_int_equal(now, service_exists(w, ns, name));
    assert_true(now || w->told[ns][name]);
    assert_true(w->may[ns][name]);
    w->dirty[ns][name] = w->may[ns][name] = false;
    w->told[ns][name] = now;
}

static void take_address(struct world *w, unsigned ns, unsigned address,
                         bool now)
{
    assert_int_equal(now, address_exists(w, ns, address));
    assert_int_not_equal(now, w->told_address[ns][address]);
    w->told_address[ns][address] = now;
}

static int take(void *context, const struct cluster_change *change)
{
    struct world *w = context;
    const unsigned ns = index_of(namespaces, NAMESPACES, change->namespace);
    char text[ADDRESS_TEXT_SIZE];

    if (draw(&w->random, 8) == 0)
        return 1;
    // a namespace is told of before what is in it comes and after it went
    if (change->service || change->pod)
        assert_true(w->told_namespace[ns]);
    if (change->service)
        take_service(w, ns, index_of(names, NAMES, change->service),
                     change->exists);
    else if (change->pod)
        take_address(
            w, ns,
            index_of(addresses, ADDRESSES, address_format(change->pod, text)),
            change->exists);
    else
        take_namespace(w, ns, change->exists);
    return 0;
}

static void take_all(struct world *w)
{
    while (cluster_take_changes(w->cluster, take, w) != 0)
        continue;
    for (unsigned ns = 0; ns < NAMESPACES; ns++) {
        assert_int_equal(w->told_namespace[ns], exists(w, ns));
        for (unsigned name = 0; name < NAMES; name++) {
            const bool now = service_exists(w, ns, name);
            assert_int_equal(w->told[ns][name], now);
            // left over: what nobody needs to know
            assert_true(!w->dirty[ns][name] || !now);
            w->dirty[ns][name] = w->may[ns][name] = false;
        }
        for (unsigned i = 0; i < ADDRESSES; i++)
            assert_int_equal(w->told_address[ns][i], address_exists(w, ns, i));
    }
}

// --- steps -----------------------------------------------------------------

// What counted and was published before a step.
struct before {
    const char *slice_service;
    uint64_t digest;
    bool concerned[NAMES];
    char text[NAMES][TEXT_SIZE];
};

// Whether a service has to do with a pod or a workload.
static bool concerns(const struct world *w, const struct object *o, unsigned ns,
                     unsigned name)
{
    const struct object *service = seen_service(w, ns, name);

    if (!o)
        return false;
    if (o->kind >= OBJECT_STATEFUL_SET)
        return (o->kind == OBJECT_STATEFUL_SET &&
                strcmp(o->workload.service, names[name]) == 0) ||
               (service && labels_match(service->service.selector,
                                        o->workload.pod_labels));
    if (o->kind != OBJECT_POD || !service)
        return false;
    for (unsigned i = 0; i < NAMES; i++) {
        const struct object *set = counts(w, OBJECT_STATEFUL_SET, ns, i);
        const size_t n = set ? strlen(set->name) : 0;
        // also ordinals that are not declared
        if (n && strcmp(set->workload.service, names[name]) == 0 &&
            strncmp(o->name, set->name, n) == 0 && o->name[n] == '-')
            return true;
    }
    return strcmp(o->pod.subdomain, names[name]) == 0 ||
           labels_match(service->service.selector, o->labels);
}

static void remember(const struct world *w, unsigned kind, unsigned ns,
                     unsigned name, struct before *b)
{
    const struct object *o = counts(w, kind, ns, name);

    b->digest = o ? o->digest : 0;
    b->slice_service = NULL;
    if (o && kind == OBJECT_ENDPOINT_SLICE)
        b->slice_service = o->slice.service; // one of `names`, or ""
    for (unsigned i = 0; i < NAMES; i++) {
        expected(w, ns, i, b->text[i]);
        b->concerned[i] = concerns(w, o, ns, i);
    }
}

static void expect_dirty(struct world *w, unsigned kind, unsigned ns,
                         unsigned name, const struct before *b)
{
    const struct object *o = counts(w, kind, ns, name);
    const bool endpoints = !(w->settings & SET_NO_ENDPOINTS);
    char text[TEXT_SIZE];

    if (b->digest == (o ? o->digest : 0))
        return;
    if (kind == OBJECT_SERVICE || (kind == OBJECT_ENDPOINTS && endpoints &&
                                   !given_slices(w, ns, name, NULL)))
        w->dirty[ns][name] = w->may[ns][name] = true;
    for (unsigned i = 0; i < NAMES; i++) {
        expected(w, ns, i, text);
        if (strcmp(text, b->text[i]) != 0)
            w->dirty[ns][i] = w->may[ns][i] = true;
        if (b->concerned[i] || concerns(w, o, ns, i))
            w->may[ns][i] = true;
        if (kind != OBJECT_ENDPOINT_SLICE || !endpoints)
            continue;
        if ((o && strcmp(o->slice.service, names[i]) == 0) ||
            (b->slice_service && strcmp(b->slice_service, names[i]) == 0))
            w->dirty[ns][i] = w->may[ns][i] = true;
    }
}

static void step(struct world *w)
{
    static const uint8_t kinds[] = {
        OBJECT_NAMESPACE,    OBJECT_SERVICE,    OBJECT_SERVICE,
        OBJECT_POD,          OBJECT_POD,        OBJECT_POD,
        OBJECT_POD,          OBJECT_ENDPOINTS,  OBJECT_POD,
        OBJECT_STATEFUL_SET, OBJECT_DEPLOYMENT, OBJECT_ENDPOINT_SLICE,
    };
    const unsigned kind = kinds[draw(&w->random, ORD_COUNT(kinds))];
    const unsigned ns = draw(&w->random, NAMESPACES);
    const unsigned name =
        kind == OBJECT_NAMESPACE ? 0 : draw(&w->random, NAMES);
    const unsigned rank = draw(&w->random, RANKS);
    struct slot *slot = &w->slots[kind][ns][name][rank];
    struct object *old = slot->object;
    struct before before;

    remember(w, kind, ns, name, &before);
    if (old && draw(&w->random, 2)) {
        cluster_remove(w->cluster, old);
        slot->object = NULL;
    } else {
        if (!old || draw(&w->random, 3))
            slot->seed = draw(&w->random, 1000);
        slot->object = draw_object(kind, ns, name, slot->seed);
        assert_int_equal(cluster_put(w->cluster, slot->object, 100 + rank, old),
                         0);
    }
    object_drop(old);
    expect_dirty(w, kind, ns, name, &before);
}

static void run(unsigned settings, uint64_t seed, unsigned steps)
{
    struct world *w = calloc(1, sizeof *w);
    struct cluster_settings set = {
        .namespaces = namespaces,
        .namespaces_n = settings & SET_NAMESPACES ? 1 : 0,
        .no_endpoints = settings & SET_NO_ENDPOINTS,
        .pods = settings & SET_PODS,
    };
    struct arena arena;

    assert_non_null(w);
    arena_init(&arena, 1 << 16);
    if (settings & SET_SELECTOR)
        assert_int_equal(selector_parse("!hide", &arena, &set.selector, NULL),
                         0);
    w->random = seed;
    w->settings = settings;
    w->cluster = cluster_new(settings ? &set : NULL);
    assert_non_null(w->cluster);
    for (unsigned i = 0; i < steps; i++) {
        step(w);
        check_all(w);
        // taken to the end, not at all, or, now and then, in part: then
        // things change before it goes on
        const unsigned how = draw(&w->random, 6);
        if (how < 2)
            take_all(w);
        else if (how == 2)
            assert_in_range(cluster_take_changes(w->cluster, take, w), 0, 1);
    }
    cluster_free(w->cluster);
    for (struct slot *s = &w->slots[0][0][0][0],
                     *end = s + sizeof w->slots / sizeof *s;
         s < end; s++)
        object_drop(s->object);
    arena_release(&arena);
    free(w);
}

static void a_cluster_says_what_a_plain_list_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++)
        run(0, seed * 977, 250);
}

static void settings_hide_what_a_plain_list_hides(void **state)
{
    (void)state;
    for (unsigned settings = 1; settings < SETTINGS; settings++)
        for (uint64_t seed = 1; seed <= 4; seed++)
            run(settings, seed * 811 + settings, 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cluster_says_what_a_plain_list_says),
        cmocka_unit_test(settings_hide_what_a_plain_list_hides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
