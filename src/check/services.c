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
    const char *match;    // the one service that selects it, or NULL
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

// Services that select the pods of a StatefulSet and could govern it.
struct match {
    const struct object *only; // NULL: none, or several
    bool several;
};

// For each set of the view; NULL without memory.
static const struct match *match_all(const struct view *v)
{
    struct check *c = v->check;
    struct match *out =
        arena_array(&c->arena, (size_t)v->sets.n + 1, sizeof *out);
    c->no_memory |= !out;
    for (uint32_t i = 0; out && i < v->services.n; i++) {
        const struct object *service = v->services.items[i];
        if (service->service.type != SERVICE_HEADLESS ||
            !service->service.has_selector || !check_sees(c, service))
            continue;
        const struct relatives sets = view_candidates(
            v, SETS_LABELLED, service->namespace, service->service.selector);
        for (uint32_t k = 0; k < sets.n; k++) {
            const struct object *const *at = sets.at[k].item;
            struct match *m = &out[at - v->sets.items];
            if (m->several || !labels_match(service->service.selector,
                                            (*at)->workload.pod_labels))
                continue;
            m->several = m->only != NULL;
            m->only = m->only ? NULL : service;
        }
    }
    return out;
}

// --- serviceName ------------------------------------------------------------

// A single pod has no peers that could look for it.
static void tell_no_name(const struct set *s)
{
    struct reason why = about(REASON_SERVICE_NAME_EMPTY, s);
    why.near = s->match;
    if (s->object->workload.replicas > 1 &&
        !field_is_told(s->check, s->document, "serviceName"))
        check_tell(s->check, s->name_at, &why);
}

// The namespace of a service of this name that is not the set's; NULL: none.
static const char *find_elsewhere(const struct set *s)
{
    const struct relatives all = view_related(s->view, SERVICES_NAMED, "",
                                              s->object->workload.service, "");
    for (uint32_t i = 0; i < all.n; i++) {
        const struct object *service = all.at[i].item;
        if (check_sees(s->check, service))
            return service->namespace;
    }
    return NULL;
}

// The service that may be meant: by its name, or because it does the work.
static const char *find_near(const struct set *s)
{
    const struct objects services =
        view_in(s->view->services, s->object->namespace);
    struct nearest near = nearest_of(s->object->workload.service);
    // one is as near as another name can be
    for (uint32_t i = 0; i < services.n && near.distance > 1; i++)
        if (check_sees(s->check, services.items[i]))
            nearest_offer(&near, services.items[i]->name);
    return near.word ? near.word : s->match;
}

// Whether there is one that could not be read: that is told already. A kind
// such as "service" counts, too.
static bool is_refused(const struct set *s)
{
    const struct relatives documents =
        view_related(s->view, DOCUMENTS_NAMED, s->object->namespace,
                     s->object->workload.service, "");
    for (uint32_t i = 0; i < documents.n; i++) {
        const struct check_document *d = documents.at[i].item;
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
    if (is_refused(s) ||
        (!elsewhere && name_is_unread(s->check, s->object->workload.service)))
        return;
    why.near = elsewhere ? elsewhere : find_near(s);
    check_tell(s->check, s->name_at, &why);
}

// --- the service ------------------------------------------------------------

static void tell_not_headless(const struct set *s, const struct object *service)
{
    const struct check_document *d = check_document_of(s->check, service);
    struct reason why = about(REASON_NOT_HEADLESS, s);
    if (!d || field_is_told(s->check, d, "clusterIP"))
        return;
    // where another one does the work, the name is the mistake
    why.near = s->match;
    struct place at = s->match ? s->name_at : check_place(d, "spec.clusterIP");
    if (!s->match && service->service.type == SERVICE_EXTERNAL_NAME) {
        at = check_place(d, "spec.type");
        why.detail = "type and externalName";
    }
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

static const struct label *first_difference(const struct object *service,
                                            const struct object *set)
{
    const struct labels *selector = &service->service.selector;
    for (uint32_t i = 0; i < selector->n; i++) {
        const struct label *want = &selector->items[i];
        const char *has = labels_get(set->workload.pod_labels, want->key);
        if (has ? strcmp(has, want->value) != 0
                : !label_is_automatic(want->key))
            return want;
    }
    return NULL;
}

static void judge_selector(const struct set *s, const struct object *service)
{
    const struct check_document *d = check_document_of(s->check, service);
    const struct label *wrong = first_difference(service, s->object);
    if (!d || !wrong || has_endpoints(s->view, service))
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
    } else if (d && !has_endpoints(s->view, service) &&
               !field_is_told(s->check, d, "selector")) {
        const struct reason why = about(REASON_NO_SELECTOR, s);
        check_tell(s->check, check_place(d, "spec.selector"), &why);
    }
}

static void judge_set(const struct view *v, const struct object *o,
                      const struct match *match)
{
    struct set s = {.view = v, .check = v->check, .object = o};
    s.document = check_document_of(v->check, o);
    if (!s.document || !check_sees(v->check, o))
        return;
    s.name_at = check_place(s.document, "spec.serviceName");
    s.match = match->only ? match->only->name : NULL;
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
    const struct view *v = c->view;
    const struct match *matches = match_all(v);
    for (uint32_t i = 0; matches && i < v->sets.n; i++)
        judge_set(v, v->sets.items[i], &matches[i]);
}
