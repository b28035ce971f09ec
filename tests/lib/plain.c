// SPDX-License-Identifier: Apache-2.0
#include "lib/plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- what counts and is to be seen ----------------------------------------

const struct object *plain_find(const struct plain *w, unsigned kind,
                                unsigned ns, unsigned name)
{
    for (unsigned rank = PLAIN_RANKS; rank-- > 0;)
        if (w->slots[kind][ns][name][rank].object)
            return w->slots[kind][ns][name][rank].object;
    return NULL;
}

static bool sees_namespace(const struct plain *w, unsigned ns)
{
    return !(w->settings & PLAIN_SET_NAMESPACES) || ns == 0;
}

bool plain_sees(const struct plain *w, const struct object *o)
{
    return !(w->settings & PLAIN_SET_SELECTOR) ||
           !labels_get(o->labels, "hide");
}

// The Service that is to be seen.
const struct object *plain_service(const struct plain *w, unsigned ns,
                                   unsigned name)
{
    const struct object *o = plain_find(w, OBJECT_SERVICE, ns, name);

    return o && sees_namespace(w, ns) && plain_sees(w, o) ? o : NULL;
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
bool plain_address_exists(const struct plain *w, unsigned ns, unsigned address)
{
    if (!(w->settings & PLAIN_SET_PODS) || !sees_namespace(w, ns))
        return false;
    for (unsigned i = 0; i < PLAIN_NAMES; i++) {
        const struct object *pod = plain_find(w, OBJECT_POD, ns, i);
        if (pod && !pod->pod.terminating && pod->pod.phase <= POD_RUNNING &&
            plain_sees(w, pod) && has_address(pod, plain_addresses[address]))
            return true;
    }
    return false;
}

bool plain_exists(const struct plain *w, unsigned ns)
{
    if (!sees_namespace(w, ns))
        return false;
    for (unsigned kind = 0; kind < OBJECT_KINDS; kind++)
        for (unsigned name = 0; name < PLAIN_NAMES; name++)
            if (plain_find(w, kind, ns, name))
                return true;
    return false;
}

// Whoever governs nothing that is there.
static bool is_missing(const struct plain *w, unsigned ns, unsigned name)
{
    if (plain_find(w, OBJECT_SERVICE, ns, name) || !sees_namespace(w, ns) ||
        (w->settings & PLAIN_SET_NO_ENDPOINTS))
        return false;
    for (unsigned i = 0; i < PLAIN_NAMES; i++) {
        const struct object *o = plain_find(w, OBJECT_STATEFUL_SET, ns, i);
        if (o && plain_sees(w, o) &&
            strcmp(o->workload.service, plain_names[name]) == 0)
            return true;
    }
    return false;
}

bool plain_service_exists(const struct plain *w, unsigned ns, unsigned name)
{
    return plain_service(w, ns, name) || is_missing(w, ns, name);
}

// --- as lines -------------------------------------------------------------

void plain_say(struct plain_lines *l, const char *format, ...)
{
    va_list args;

    assert_true(l->n < ORD_COUNT(l->text));
    va_start(args, format);
    vsnprintf(l->text[l->n++], sizeof l->text[0], format, args);
    va_end(args);
}

void plain_say_reason(struct plain_lines *l, const char *what, const char *name,
                      const struct reason *r)
{
    plain_say(l, "%s %s %s %s %u %s", what, name, reason_kind(r->code)->id,
              r->pod ? r->pod : "-", r->since_unix_s,
              r->detail ? r->detail : "");
}

void plain_say_line(struct plain_lines *l, uint8_t family, const char *ports,
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

void plain_say_port(char ports[64], const char *name, uint16_t number,
                    uint8_t protocol)
{
    const size_t n = strlen(ports);

    snprintf(ports + n, 64 - n, " %s=%u/%u", name, number, protocol);
}

void plain_say_slice(struct plain_lines *l, const struct slice_facts *s)
{
    char ports[64] = "";

    for (uint32_t i = 0; i < s->ports_n; i++)
        plain_say_port(ports, s->ports[i].name, s->ports[i].number,
                       s->ports[i].protocol);
    for (uint32_t i = 0; i < s->endpoints_n; i++)
        plain_say_line(l, s->family, ports, &s->endpoints[i]);
}

void plain_say_ordinals(struct plain_lines *l, const char *name, uint32_t start,
                        uint32_t n)
{
    plain_say(l, "set %s %u+%u", name, start, n);
}

bool plain_has_slices(const struct plain *w, unsigned ns, unsigned name,
                      struct plain_lines *l)
{
    bool given = false;

    for (unsigned i = 0; i < PLAIN_NAMES; i++) {
        const struct object *o = plain_find(w, OBJECT_ENDPOINT_SLICE, ns, i);
        if (!o || strcmp(o->slice.service, plain_names[name]) != 0)
            continue;
        given = true;
        if (l && o->slice.family && plain_sees(w, o))
            plain_say_slice(l, &o->slice);
    }
    return given;
}

static int line_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

void plain_finish(struct plain_lines *l, char text[PLAIN_TEXT_SIZE])
{
    text[0] = '\0';
    qsort(l->text, l->n, sizeof l->text[0], line_compare);
    for (size_t i = 0; i < l->n; i++)
        strcat(strcat(text, l->text[i]), "\n");
}

// --- a service ------------------------------------------------------------

static void say_sets(const struct plain *w, unsigned ns, unsigned name,
                     struct plain_lines *l)
{
    if (is_missing(w, ns, name))
        plain_say(l, "missing");
    if (!plain_service(w, ns, name) || (w->settings & PLAIN_SET_NO_ENDPOINTS))
        return;
    for (unsigned i = 0; i < PLAIN_NAMES; i++) {
        const struct object *o = plain_find(w, OBJECT_STATEFUL_SET, ns, i);
        if (o && strcmp(o->workload.service, plain_names[name]) == 0)
            plain_say_ordinals(l, o->name, o->workload.start,
                               o->workload.replicas);
    }
}

static void say_expected(const struct plain *w, unsigned ns, unsigned name,
                         struct plain_lines *l)
{
    const struct object *o = plain_service(w, ns, name);
    const struct object *e = plain_find(w, OBJECT_ENDPOINTS, ns, name);

    if (!o || o->service.type == SERVICE_EXTERNAL_NAME ||
        (w->settings & PLAIN_SET_NO_ENDPOINTS) ||
        plain_has_slices(w, ns, name, l))
        return;
    if (e) {
        if (plain_sees(w, e))
            plain_say_slice(l, e->endpoints.slices);
        return;
    }
    for (unsigned i = 0; i < PLAIN_NAMES && o->service.selector.n; i++) {
        const struct object *pod = plain_find(w, OBJECT_POD, ns, i);
        if (pod)
            plain_say_pod(l, o, pod);
    }
}

void plain_expect(const struct plain *w, unsigned ns, unsigned name,
                  char text[PLAIN_TEXT_SIZE])
{
    struct plain_lines l = {.n = 0};

    say_expected(w, ns, name, &l);
    say_sets(w, ns, name, &l);
    plain_say_lacks(w, ns, name, &l);
    plain_finish(&l, text);
}
