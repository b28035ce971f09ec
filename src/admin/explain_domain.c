// SPDX-License-Identifier: Apache-2.0
// Names that lack the domain, have another one, or have it twice.
#include "explain.h"

#include <string.h>

// Where in a text a whole label stands last; NULL: nowhere.
static const char *last_label(const char *text, const char *label)
{
    const size_t n = strlen(label);
    const char *found = NULL;

    for (const char *at = text; *at; at = strchr(at, '.') + 1) {
        if (strncmp(at, label, n) == 0 && at[n] == '.')
            found = at;
        if (!strchr(at, '.'))
            break;
    }
    return found;
}

// How well a name would do.
enum promise {
    PROMISE_NONE,
    PROMISE_PLACE,   // it stands where names may be
    PROMISE_SERVICE, // and its service exists
    PROMISE_NAME,    // and so does it
};

static enum promise promise_of(struct explain *e, const char *name)
{
    struct dns_name wire;
    struct error err;

    if (dns_name_parse(name, &wire, &err))
        return PROMISE_NONE;
    dns_name_fold(&wire);
    const struct explain_subject s = explain_subject(e, &wire);
    if (s.place == EXPLAIN_ELSEWHERE)
        return PROMISE_NONE;
    if (explain_exists(e, name))
        return PROMISE_NAME;
    if (*s.service && explain_service_exists(e, s.namespace, s.service))
        return PROMISE_SERVICE;
    return s.place == EXPLAIN_NAMESPACE ? PROMISE_NONE : PROMISE_PLACE;
}

struct expansion {
    struct explain *e;
    const char *service; // the name's last label, with its dot
    const char *best;
    enum promise promise;
};

// Of equal promises the first by name.
static void try_expansion(struct expansion *x, const char *name)
{
    const enum promise p = promise_of(x->e, name);

    if (p >= PROMISE_SERVICE &&
        (p > x->promise || (p == x->promise && strcmp(name, x->best) < 0))) {
        x->promise = p;
        x->best = name;
    }
}

// As a pod of the service's namespace would ask.
static int visit_namesake(void *context, const struct object *o)
{
    struct expansion *x = context;
    const size_t n = strlen(o->name);

    if (strncmp(o->name, x->service, n) == 0 && x->service[n] == '.')
        try_expansion(x, explain_say(x->e, "%s%s.svc.%s", x->e->name_text,
                                     o->namespace, x->e->domain_text));
    return 0;
}

static const char *last_dotted(const char *name)
{
    const char *last = name;

    for (const char *at = name; (at = strchr(at, '.')) && at[1];)
        last = ++at;
    return last;
}

// What a pod's search list makes of a name without a final dot.
void explain_expansion(struct explain *e)
{
    struct expansion x = {
        .e = e, .service = last_dotted(e->name_text), .best = ""};

    if (!e->relative)
        return;
    try_expansion(&x, explain_say(e, "%ssvc.%s", e->name_text, e->domain_text));
    try_expansion(&x, explain_say(e, "%s%s", e->name_text, e->domain_text));
    if (!x.promise)
        (void)cluster_each(e->from->cluster, OBJECT_SERVICE, visit_namesake,
                           &x);
    if (!x.promise)
        return;
    explain_hint(e,
                 "names are taken as they are written, without a search list");
    explain_mean(e, x.best);
}

// "web.prod.svc.k8s.example." with the domain that is served.
void explain_domain(struct explain *e)
{
    static const char *const branches[] = {"svc", "pod"};

    for (size_t i = 0; i < ORD_COUNT(branches); i++) {
        const char *at = last_label(e->name_text, branches[i]);
        if (!at || at == e->name_text)
            continue;
        const char *name =
            explain_say(e, "%.*s%s.%s", (int)(at - e->name_text), e->name_text,
                        branches[i], e->domain_text);
        if (promise_of(e, name)) {
            explain_mean(e, name);
            return;
        }
    }
}

// The domain twice: what stands before the second one.
void explain_without_search(struct explain *e)
{
    const char *at = strstr(e->name_text, e->domain_text);

    if (!at || at == e->name_text || at[-1] != '.' ||
        !at[strlen(e->domain_text)])
        return;
    explain_mean(e, explain_say(e, "%.*s%s", (int)(at - e->name_text),
                                e->name_text, e->domain_text));
}
