// SPDX-License-Identifier: Apache-2.0
// What the zone answers for each peer: each ordinal that a StatefulSet declares
// is asked for below the service that governs it, and what does not resolve is
// told with the reason that the answer has.
//
// Peers without a name for one reason are one finding. It stands where the
// first of their pods is given, otherwise where the StatefulSet names its
// service. Nothing is told of a StatefulSet, or a service, that has an error
// already: that is the cause.
#include "ask.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Peers that lack their name for one reason.
struct trouble {
    uint32_t n;
    uint32_t first[2]; // ordinals of the first of them
    const char *text;  // of the first one's reason
};

// A StatefulSet being asked for.
struct asking {
    struct check *c;
    const struct object *set;
    struct dns_name service;
    struct trouble troubles[REASONS]; // by code
};

// Room for "<set>-<ordinal>".
enum { POD_NAME_SIZE = 256 + sizeof "-4294967295" };

static const char *pod_name(const struct object *set, uint32_t ordinal,
                            char out[POD_NAME_SIZE])
{
    snprintf(out, POD_NAME_SIZE, "%.255s-%" PRIu32, set->name, ordinal);
    return out;
}

// --- asking ----------------------------------------------------------------

// NULL: it resolves.
static const struct zone_reason *ask(const struct zone *z,
                                     const struct dns_name *name, uint16_t type)
{
    uint8_t message[ASK_MESSAGE_SIZE];
    struct dns_query q;
    struct zone_lookup l;
    struct zone_match match;
    const uint32_t n = ask_write(name, type, 0, message);

    if (dns_query_parse(span_of(message, n), &q) != DNS_QUERY_OK)
        return NULL;
    const enum zone_outcome outcome = zone_find(z, &q, &l, &match);
    return outcome == ZONE_FOUND ? NULL : zone_why(z, &q, &l, outcome);
}

static void keep(struct asking *a, uint32_t ordinal,
                 const struct zone_reason *why)
{
    struct trouble *t = &a->troubles[why->code];

    if (t->n < ORD_COUNT(t->first))
        t->first[t->n] = ordinal;
    if (t->n++ == 0) {
        t->text = arena_text(&a->c->arena, why->option + ZONE_REASON_TEXT_AT,
                             why->text_n);
        a->c->no_memory |= !t->text;
    }
}

static void ask_peer(struct asking *a, uint32_t ordinal)
{
    const struct zone *z = a->c->pipeline.zone;
    struct dns_name name = a->service;
    char label[POD_NAME_SIZE];

    // What is no label is told as a name (names.c).
    if (!ask_prepend(&name, pod_name(a->set, ordinal, label)))
        return;
    const struct zone_reason *why = ask(z, &name, DNS_TYPE_A);
    if (why && ask(z, &name, DNS_TYPE_AAAA))
        keep(a, ordinal, why);
}

// --- telling ---------------------------------------------------------------

static struct place place_of(const struct asking *a, const struct trouble *t)
{
    char name[POD_NAME_SIZE];
    const struct object *pod =
        cluster_find(a->c->pipeline.cluster, OBJECT_POD, a->set->namespace,
                     pod_name(a->set, t->first[0], name));
    const struct check_document *d = pod ? check_document_of(a->c, pod) : NULL;

    return d ? pod->at
             : check_place(check_document_of(a->c, a->set), "spec.serviceName");
}

// "web-1", "web-1 and web-2", "web-1, web-2 and 8 more".
static void put_peers(const struct asking *a, const struct trouble *t,
                      FILE *out)
{
    char name[POD_NAME_SIZE];

    fputs(pod_name(a->set, t->first[0], name), out);
    if (t->n > 1)
        fprintf(out, "%s%s", t->n == 2 ? " and " : ", ",
                pod_name(a->set, t->first[1], name));
    if (t->n > 2)
        fprintf(out, " and %" PRIu32 " more", t->n - 2);
}

// The reason as the model has it, with all that it speaks of; NULL: another one
// decided.
static const struct reason *find_reason(const struct service *service,
                                        const struct asking *a,
                                        enum reason_code code)
{
    char name[POD_NAME_SIZE];

    pod_name(a->set, a->troubles[code].first[0], name);
    for (uint32_t i = 0; i < service->lacks_n; i++)
        if (service->lacks[i].why.code == code &&
            strcmp(service->lacks[i].hostname, name) == 0)
            return &service->lacks[i].why;
    for (uint32_t i = 0; i < service->ordinals_n; i++)
        if (service->ordinals[i].none.code == code &&
            strcmp(service->ordinals[i].name, a->set->name) == 0)
            return &service->ordinals[i].none;
    return NULL;
}

// How to mend it. The zone keeps only what an answer says: the rest is asked
// for again.
static void write_mend(const struct asking *a, enum reason_code code,
                       char out[REASON_LONG_MAX + 1])
{
    struct service service = {0};
    struct arena *arena = &a->c->arena;
    const int rc = cluster_service(a->c->pipeline.cluster, a->set->namespace,
                                   a->set->workload.service, arena, &service);
    const struct reason plain = {.code = code};
    const struct reason *why = rc ? NULL : find_reason(&service, a, code);

    a->c->no_memory |= rc == -ENOMEM;
    out[0] = '\0';
    if (why || !strchr(reason_kind(code)->mend, '{'))
        reason_mend_long(why ? why : &plain, out);
}

static void tell(const struct asking *a, enum reason_code code)
{
    const struct trouble *t = &a->troubles[code];
    char mend[REASON_LONG_MAX + 1];
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    if (out) {
        put_peers(a, t, out);
        fprintf(out, " do%s not resolve: %s", t->n == 1 ? "es" : "", t->text);
    }
    write_mend(a, code, mend);
    if (!out || fclose(out))
        a->c->no_memory = true;
    else
        check_tell_text(a->c, place_of(a, t), code, text, mend);
    free(text);
}

static bool has_error(const struct asking *a)
{
    const struct object *service =
        cluster_find(a->c->pipeline.cluster, OBJECT_SERVICE, a->set->namespace,
                     a->set->workload.service);

    return check_has_error(a->c, check_document_of(a->c, a->set)) ||
           (service && check_has_error(a->c, check_document_of(a->c, service)));
}

// What services.c judges: told there, or not, because the service is hidden or
// was refused.
static bool is_judged(unsigned code)
{
    return code == REASON_SERVICE_MISSING || code == REASON_SERVICE_ELSEWHERE;
}

// Peers that wait for one that is missing itself, lack a name because of that:
// one cause, one finding.
static void join_missing(struct asking *a)
{
    struct trouble *missing = &a->troubles[REASON_POD_NOT_CREATED];
    struct trouble *blocked = &a->troubles[REASON_POD_BLOCKED];

    if (missing->n == 0)
        return;
    for (uint32_t i = 0; i < blocked->n && i < ORD_COUNT(blocked->first); i++)
        if (missing->n + i < ORD_COUNT(missing->first))
            missing->first[missing->n + i] = blocked->first[i];
    missing->n += blocked->n;
    blocked->n = 0;
}

static void tell_troubles(struct asking *a)
{
    bool some = false;

    for (unsigned i = 0; i < REASONS; i++)
        some |= a->troubles[i].n > 0 && !is_judged(i);
    if (!some || has_error(a))
        return;
    join_missing(a);
    for (unsigned i = 0; i < REASONS && !a->c->no_memory; i++)
        if (a->troubles[i].n && !is_judged(i))
            tell(a, (enum reason_code)i);
}

// --- each StatefulSet ------------------------------------------------------

static int visit(void *context, const struct object *set)
{
    struct check *c = context;
    struct asking a = {.c = c, .set = set};
    const struct workload_facts *w = &set->workload;

    // One without service asks for no names.
    if (!*w->service ||
        !ask_service_name(c, set->namespace, w->service, &a.service))
        return 0;
    for (uint32_t i = 0; i < w->replicas && !c->no_memory; i++)
        ask_peer(&a, w->start + i);
    if (!c->no_memory)
        tell_troubles(&a);
    return c->no_memory;
}

void check_peers(struct check *c)
{
    (void)cluster_each(c->pipeline.cluster, OBJECT_STATEFUL_SET, visit, c);
}
