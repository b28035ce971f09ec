// SPDX-License-Identifier: Apache-2.0
// A pod as a service sees it, found without looking at how the model does it.
#include "lib/plain.h"

#include <stdio.h>
#include <string.h>

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
            plain_say_port(ports, p->name, number, p->protocol);
    }
}

static bool wants(const struct service_facts *s, const struct pod_facts *p,
                  uint8_t family)
{
    if (s->policy >= IP_FAMILY_PREFER_DUAL)
        return true;
    return (s->families_n ? s->families[0] : p->addresses[0].family) == family;
}

void plain_say_pod(struct plain_lines *l, const struct object *service,
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
            plain_say_line(l, family, ports, &e);
    }
}

// --- what it lacks --------------------------------------------------------

struct reason plain_ill(const struct object *pod)
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

const char *plain_missed(const struct object *service, const struct object *pod)
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

bool plain_has_family(const struct object *service, const struct object *pod)
{
    for (uint8_t i = 0; i < pod->pod.addresses_n; i++)
        if (wants(&service->service, &pod->pod, pod->pod.addresses[i].family))
            return true;
    return false;
}

struct reason plain_lack(const struct object *service, const struct object *pod)
{
    const struct reason none = {.code = REASON_NONE};
    struct reason r = plain_ill(pod);
    const char *missed = plain_missed(service, pod);

    if (!missed && r.code != REASON_POD_ENDED &&
        plain_has_family(service, pod) && pod->pod.phase != POD_SUCCEEDED &&
        pod->pod.phase != POD_FAILED &&
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
