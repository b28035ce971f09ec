// SPDX-License-Identifier: Apache-2.0
// Ports of the services that govern StatefulSets: SRV is asked for them by
// name.
#include "view.h"

#include <inttypes.h>
#include <string.h>

// RFC 6335 5.1: what the name of a service, and so an SRV's first label
// without its underscore, may have.
enum { PORT_NAME_MAX = 15 };

static struct reason about(enum reason_code code, const struct object *service)
{
    return (struct reason){
        .code = code,
        .namespace = service->namespace,
        .service = service->name,
    };
}

// Only where it stands alone: several have to have names.
static void judge_unnamed(struct check *c, const struct check_document *d,
                          const struct object *service,
                          const struct object *set)
{
    const struct service_port *port = service->service.ports;
    if (service->service.ports_n != 1 || *port->name ||
        field_is_told(c, d, "name"))
        return;
    struct reason why = about(REASON_PORT_UNNAMED, service);
    why.workload = set->name;
    why.detail = check_text(c, "%u", port->number);
    check_tell(c, check_place(d, "spec.ports[0]"), &why);
}

static void judge_none(struct check *c, const struct check_document *d,
                       const struct object *service, const struct object *set)
{
    if (service->service.ports_n > 0 || field_is_told(c, d, "ports"))
        return;
    struct reason why = about(REASON_NO_PORTS, service);
    why.workload = set->name;
    check_tell(c, check_place(d, "spec.ports"), &why);
}

static void judge_names(struct check *c, const struct check_document *d,
                        const struct object *service)
{
    for (uint32_t i = 0; i < service->service.ports_n; i++) {
        const char *name = service->service.ports[i].name;
        const size_t n = strlen(name);
        if (n <= PORT_NAME_MAX)
            continue;
        struct reason why = about(REASON_PORT_NAME_LONG, service);
        why.detail = name;
        why.first = (uint32_t)n;
        why.last = PORT_NAME_MAX;
        check_tell(
            c, check_place(d, check_text(c, "spec.ports[%" PRIu32 "].name", i)),
            &why);
    }
}

static void judge_service(const struct view *v, const struct object *service)
{
    struct check *c = v->check;
    const struct check_document *d = check_document_of(c, service);
    if (!d || service->service.type != SERVICE_HEADLESS ||
        !check_sees(c, service))
        return;
    judge_names(c, d, service);
    const struct object *set = governed_set(v, service);
    if (!set)
        return;
    judge_unnamed(c, d, service, set);
    judge_none(c, d, service, set);
}

void check_ports(struct check *c)
{
    for (uint32_t i = 0; i < c->view->services.n; i++)
        judge_service(c->view, c->view->services.items[i]);
}
