// SPDX-License-Identifier: Apache-2.0
// StatefulSets and the services they name: without a headless one that selects
// its pods, no peer has a name.
#include "view.h"

#include <string.h>

// A StatefulSet, where it stands, and the fields that its findings are about.
struct set {
    const struct view *view;
    struct check *check;
    const struct object *object;
    const struct check_document *document;
    struct place name_at; // of spec.serviceName
};

static struct reason about(enum reason_code code, const struct set *s)
{
    return (struct reason){
        .code = code,
        .namespace = s->object->namespace,
        .service = s->object->workload.service,
        .kind = object_kind_name((enum object_kind)s->object->kind),
        .workload = s->object->name,
    };
}

static bool selects(const struct object *service, const struct object *set)
{
    return service->service.has_selector &&
           labels_match(service->service.selector, set->workload.pod_labels);
}

// The one headless service that selects the set's pods and governs no other;
// NULL: none, or several.
static const struct object *only_match(const struct set *s)
{
    const struct objects services =
        view_in(s->view->services, s->object->namespace);
    const struct object *found = NULL;
    for (uint32_t i = 0; i < services.n; i++) {
        const struct object *service = services.items[i];
        if (service->service.type != SERVICE_HEADLESS ||
            !check_sees(s->check, service) || !selects(service, s->object))
            continue;
        if (found)
            return NULL;
        found = service;
    }
    return found;
}

// --- serviceName ------------------------------------------------------------

// A single pod has no peers that could look for it.
static void tell_no_name(const struct set *s)
{
    const struct object *match = only_match(s);
    struct reason why = about(REASON_SERVICE_NAME_EMPTY, s);
    why.near = match ? match->name : NULL;
    if (s->object->workload.replicas > 1 &&
        !field_is_told(s->check, s->document, "serviceName"))
        check_tell(s->check, s->name_at, &why);
}

// The namespace of a service of this name that is not the set's; NULL: none.
static const char *find_elsewhere(const struct set *s)
{
    const struct objects all = s->view->services;
    for (uint32_t i = 0; i < all.n; i++)
        if (strcmp(all.items[i]->name, s->object->workload.service) == 0 &&
            check_sees(s->check, all.items[i]))
            return all.items[i]->namespace;
    return NULL;
}

// The service that may be meant: by its name, or because it does the work.
static const char *find_near(const struct set *s)
{
    const struct objects services =
        view_in(s->view->services, s->object->namespace);
    struct nearest near = nearest_of(s->object->workload.service);
    for (uint32_t i = 0; i < services.n; i++)
        if (check_sees(s->check, services.items[i]))
            nearest_offer(&near, services.items[i]->name);
    if (near.word)
        return near.word;
    const struct object *match = only_match(s);
    return match ? match->name : NULL;
}

// Whether there is one that could not be read: that is told already. A kind
// such as "service" counts, too.
static bool is_refused(const struct set *s)
{
    for (uint32_t i = 0; i < s->check->documents_n; i++) {
        const struct check_document *d = &s->check->documents[i];
        if (strcmp(document_name(d), s->object->workload.service) != 0 ||
            strcmp(document_namespace(d), s->object->namespace) != 0)
            continue;
        struct nearest kind = nearest_of(d->kind);
        nearest_offer(&kind, "Service");
        if (kind.word && check_has_error(s->check, d))
            return true;
    }
    return false;
}

static void tell_missing(const struct set *s)
{
    const char *elsewhere = find_elsewhere(s);
    struct reason why =
        about(elsewhere ? REASON_SERVICE_ELSEWHERE : REASON_SERVICE_MISSING, s);
    if (is_refused(s) || (!elsewhere && something_is_unread(s->check)))
        return;
    why.near = elsewhere ? elsewhere : find_near(s);
    check_tell(s->check, s->name_at, &why);
}

// --- the service ------------------------------------------------------------

static void tell_not_headless(const struct set *s, const struct object *service)
{
    const struct check_document *d = check_document_of(s->check, service);
    const struct object *match = only_match(s);
    struct reason why = about(REASON_NOT_HEADLESS, s);
    if (!d || field_is_told(s->check, d, "clusterIP"))
        return;
    // where another one does the work, the name is the mistake
    why.near = match ? match->name : NULL;
    struct place at = match ? s->name_at : check_place(d, "spec.clusterIP");
    if (!match && service->service.type == SERVICE_EXTERNAL_NAME)
        at = check_place(d, "spec.type");
    check_tell(s->check, at, &why);
}

// Which pair differs, and where the pods' labels say something else.
static const char *describe(const struct set *s, const struct label *want,
                            struct place at)
{
    const struct doc_node *labels =
        check_node(s->document, "spec.template.metadata.labels");
    const struct doc_node *has = doc_get(labels, want->key);
    if (has)
        return check_text(
            s->check, "it wants '%s: %s', they have '%s: %s' (%s)", want->key,
            want->value, want->key, text_of(has),
            check_where(s->check, at, place_of(s->document, has)));
    return check_text(
        s->check, "it wants '%s: %s', and they have no such label (%s)",
        want->key, want->value,
        check_where(s->check, at,
                    check_place(s->document, "spec.template.metadata.labels")));
}

static const struct label *first_difference(struct labels selector,
                                            struct labels labels)
{
    for (uint32_t i = 0; i < selector.n; i++) {
        const struct label *want = &selector.items[i];
        const char *has = labels_get(labels, want->key);
        if (has ? strcmp(has, want->value) != 0
                : !label_is_automatic(want->key))
            return want;
    }
    return NULL;
}

static void judge_selector(const struct set *s, const struct object *service)
{
    const struct check_document *d = check_document_of(s->check, service);
    const struct label *wrong = first_difference(
        service->service.selector, s->object->workload.pod_labels);
    if (!d || !wrong || has_endpoints(s->check, service))
        return;
    const struct doc_node *node =
        doc_get(check_node(d, "spec.selector"), wrong->key);
    const struct place at =
        node ? place_of(d, node) : check_place(d, "spec.selector");
    struct reason why = about(REASON_SELECTOR_MISSES_PODS, s);
    why.detail = describe(s, wrong, at);
    check_tell(s->check, at, &why);
}

static void judge_service(const struct set *s, const struct object *service)
{
    const struct check_document *d = check_document_of(s->check, service);
    const uint8_t type = service->service.type;
    if (type != SERVICE_HEADLESS)
        tell_not_headless(s, service);
    if (type == SERVICE_EXTERNAL_NAME)
        return;
    if (service->service.has_selector) {
        judge_selector(s, service);
    } else if (d && !has_endpoints(s->check, service) &&
               !field_is_told(s->check, d, "selector")) {
        const struct reason why = about(REASON_NO_SELECTOR, s);
        check_tell(s->check, check_place(d, "spec.selector"), &why);
    }
}

static void judge_set(const struct view *v, const struct object *o)
{
    struct set s = {.view = v, .check = v->check, .object = o};
    s.document = check_document_of(v->check, o);
    if (!s.document || !check_sees(v->check, o))
        return;
    s.name_at = check_place(s.document, "spec.serviceName");
    if (!*o->workload.service) {
        tell_no_name(&s);
        return;
    }
    const struct object *service =
        view_find(v->services, o->namespace, o->workload.service);
    if (!service)
        tell_missing(&s);
    else if (check_sees(v->check, service))
        judge_service(&s, service);
}

void check_services(struct check *c)
{
    struct view v;
    if (!view_init(&v, c))
        return;
    for (uint32_t i = 0; i < v.sets.n; i++)
        judge_set(&v, v.sets.items[i]);
    check_selectors(&v);
    check_waits(&v);
}
