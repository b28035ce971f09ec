// SPDX-License-Identifier: Apache-2.0
// Ports that services and probes call by a name that containers do not have.
#include "view.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 16 }; // that a finding may list

// The named ports of containers, against one that is wanted.
struct ports {
    const char *wanted;
    const char *protocol; // NULL: any
    bool found;
    bool other_protocol; // found, but of another one
    struct nearest near;
    const char *names[NAMES_MAX];
    uint32_t n;
    uint32_t all;
};

static struct ports ports_of(const char *wanted, const char *protocol)
{
    return (struct ports){
        .wanted = wanted, .protocol = protocol, .near = nearest_of(wanted)};
}

static void add_name(struct ports *p, const char *name)
{
    for (uint32_t i = 0; i < p->n; i++)
        if (strcmp(p->names[i], name) == 0)
            return;
    if (p->n < NAMES_MAX)
        p->names[p->n++] = name;
    p->all++;
}

static void look_at_container(void *context, const struct doc_node *container)
{
    struct ports *p = context;
    const struct nodes ports = field_items(container, "ports");
    for (uint32_t i = 0; i < ports.n; i++) {
        const char *name = field_text(ports.at[i], "name");
        const char *protocol = field_text(ports.at[i], "protocol");
        if (!*name)
            continue;
        add_name(p, name);
        if (strcmp(name, p->wanted) != 0)
            nearest_offer(&p->near, name);
        else if (!p->protocol ||
                 strcmp(p->protocol, *protocol ? protocol : "TCP") == 0)
            p->found = true;
        else
            p->other_protocol = true;
    }
}

static void list(struct reason *why, const struct ports *p)
{
    why->near = p->near.word;
    why->names = p->names;
    why->names_n = p->n;
    why->names_all = p->all;
}

// --- targetPort -------------------------------------------------------------

static const char *protocol_name(uint8_t protocol)
{
    return protocol == PROTOCOL_UDP    ? "UDP"
           : protocol == PROTOCOL_SCTP ? "SCTP"
                                       : "TCP";
}

static void judge_port(const struct view *v, const struct object *service,
                       const struct check_document *d, uint32_t index)
{
    struct check *c = v->check;
    const struct service_port *port = &service->service.ports[index];
    struct ports ports =
        ports_of(port->target_name, protocol_name(port->protocol));
    const struct pods *selected = NULL;
    const struct relatives some = view_candidates(
        v, PODS_LABELLED, service->namespace, service->service.selector);
    for (uint32_t i = 0; i < some.n && !ports.found; i++) {
        const struct pods *pods = some.at[i].item;
        if (!pods_match(service->service.selector, pods))
            continue;
        if (!pods->spec || field_is_told(c, pods->document, "ports"))
            return;
        selected = selected ? selected : pods;
        each_container(pods->spec, false, look_at_container, &ports);
    }
    if (!selected || ports.found)
        return;
    struct reason why = {
        .code = REASON_TARGET_PORT_UNKNOWN,
        .namespace = service->namespace,
        .service = service->name,
        .kind = selected->kind,
        .workload = selected->name,
        .detail = ports.other_protocol
                      ? check_text(c, "%s (%s)", ports.wanted, ports.protocol)
                      : ports.wanted,
    };
    list(&why, &ports);
    check_tell(
        c,
        check_place(d,
                    check_text(c, "spec.ports[%" PRIu32 "].targetPort", index)),
        &why);
}

void check_target_ports(struct check *c)
{
    const struct view *v = c->view;
    for (uint32_t i = 0; i < v->services.n; i++) {
        const struct object *o = v->services.items[i];
        const struct check_document *d = check_document_of(c, o);
        if (!d || !o->service.has_selector || !check_sees(c, o) ||
            o->service.type == SERVICE_EXTERNAL_NAME)
            continue;
        for (uint32_t p = 0; p < o->service.ports_n; p++)
            if (*o->service.ports[p].target_name)
                judge_port(v, o, d, p);
    }
}

// --- probes -----------------------------------------------------------------

// A container with a probe, and whose it is.
struct probed {
    struct check *check;
    const struct pods *pods;
};

static bool has_letter(const char *text)
{
    for (; *text; text++)
        if (isalpha((unsigned char)*text))
            return true;
    return false;
}

static void judge_probe(const struct probed *p,
                        const struct doc_node *container, const char *what,
                        const struct doc_node *action)
{
    static const char *const actions[] = {"httpGet", "tcpSocket"};
    struct check *c = p->check;
    for (unsigned i = 0; i < ORD_COUNT(actions); i++) {
        const struct doc_node *port =
            doc_get(doc_get(action, actions[i]), "port");
        if (!port || doc_type_of(port) != DOC_STRING || !has_letter(port->text))
            continue;
        struct ports ports = ports_of(port->text, NULL);
        look_at_container(&ports, container);
        if (ports.found)
            continue;
        struct reason why = {
            .code = REASON_PROBE_PORT_UNKNOWN,
            .kind = p->pods->kind,
            .workload = p->pods->name,
            .detail = check_text(c, "%s in %s of container %s", port->text,
                                 what, field_text(container, "name")),
        };
        list(&why, &ports);
        const struct place at = place_of(p->pods->document, port);
        (void)check_untell(c, at, "which its container does not have");
        check_tell(c, at, &why);
    }
}

static void judge_container(void *context, const struct doc_node *container)
{
    static const char *const probes[] = {"readinessProbe", "livenessProbe",
                                         "startupProbe"};
    static const char *const hooks[] = {"postStart", "preStop"};
    const struct probed *p = context;
    const struct doc_node *lifecycle = doc_get(container, "lifecycle");
    if (field_is_told(p->check, p->pods->document, "ports"))
        return;
    for (unsigned i = 0; i < ORD_COUNT(probes); i++)
        judge_probe(p, container, probes[i], doc_get(container, probes[i]));
    for (unsigned i = 0; i < ORD_COUNT(hooks); i++)
        judge_probe(p, container, hooks[i], doc_get(lifecycle, hooks[i]));
}

void check_probe_ports(struct check *c)
{
    const struct view *v = c->view;
    for (uint32_t i = 0; i < v->pods_n; i++) {
        struct probed p = {c, &v->pods[i]};
        if (document_is_official(p.pods->document) &&
            check_sees_document(c, p.pods->document))
            each_container(p.pods->spec, false, judge_container, &p);
    }
}
