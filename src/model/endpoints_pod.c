// SPDX-License-Identifier: Apache-2.0
// One pod as a service sees it: selected or not, under which name, with which
// addresses and port numbers, and whether any of it changed.
#include "endpoints_pod.h"

#include "endpoints.h"

#include <string.h>

// --- what a service sees of a pod -------------------------------------------

bool endpoints_derivable(const struct object *service)
{
    // K8S: the controller leaves services without a selector to whoever writes
    // their slices; an empty selector means none, not every pod.
    return service->service.type != SERVICE_EXTERNAL_NAME &&
           service->service.has_selector && service->service.selector.n > 0;
}

bool endpoints_alive(const struct object *pod)
{
    return pod->pod.phase != POD_SUCCEEDED && pod->pod.phase != POD_FAILED;
}

bool endpoints_selectable(const struct object *pod)
{
    return pod->pod.addresses_n > 0 && endpoints_alive(pod);
}

bool endpoints_select(const struct object *service, const struct object *pod)
{
    return endpoints_selectable(pod) &&
           labels_match(service->service.selector, pod->labels);
}

// Whether the service has endpoints of this family in this pod.
static bool family_counts(const struct service_facts *s,
                          const struct pod_facts *pod, uint8_t family)
{
    // Both policies add the family that ipFamilies leaves out.
    if (s->policy == IP_FAMILY_PREFER_DUAL ||
        s->policy == IP_FAMILY_REQUIRE_DUAL)
        return true;
    for (uint8_t i = 0; i < s->families_n; i++)
        if (s->families[i] == family)
            return true;
    return s->families_n == 0 && pod->addresses[0].family == family;
}

uint16_t pod_addresses(const struct service_facts *s,
                       const struct pod_facts *pod, uint8_t family,
                       const struct address *out[POD_ADDRESSES_MAX])
{
    uint16_t n = 0;

    if (!family_counts(s, pod, family))
        return 0;
    for (uint8_t i = 0; i < pod->addresses_n; i++)
        if (pod->addresses[i].family == family)
            out[n++] = &pod->addresses[i];
    return n;
}

// K8S: a pod's name in DNS is for its governing service only.
static const char *pod_hostname(const struct object *service,
                                const struct object *pod)
{
    return strcmp(pod->pod.subdomain, service->name) == 0 ? pod->pod.hostname
                                                          : "";
}

uint16_t pod_port(const struct service_port *port, const struct pod_facts *pod)
{
    if (!*port->target_name)
        return port->target ? port->target : port->number;
    for (uint32_t i = 0; i < pod->ports_n; i++)
        if (pod->ports[i].protocol == port->protocol &&
            strcmp(pod->ports[i].name, port->target_name) == 0)
            return pod->ports[i].number;
    return 0;
}

struct endpoint pod_endpoint(const struct object *service,
                             const struct object *pod)
{
    const bool serving = pod->pod.ready;
    const bool terminating = pod->pod.terminating;

    return (struct endpoint){
        .hostname = pod_hostname(service, pod),
        .pod = pod->name,
        .ready = service->service.publish_not_ready_addresses ||
                 (serving && !terminating),
        .serving = serving,
        .terminating = terminating,
    };
}

// --- two values of one pod -------------------------------------------------

static bool same_addresses(const struct service_facts *s,
                           const struct pod_facts *a, const struct pod_facts *b,
                           uint8_t family)
{
    const struct address *of_a[POD_ADDRESSES_MAX], *of_b[POD_ADDRESSES_MAX];
    const uint16_t n = pod_addresses(s, a, family, of_a);

    if (pod_addresses(s, b, family, of_b) != n)
        return false;
    for (uint16_t i = 0; i < n; i++)
        if (address_compare(of_a[i], of_b[i]) != 0)
            return false;
    return true;
}

static bool same_ports(const struct service_facts *s, const struct pod_facts *a,
                       const struct pod_facts *b)
{
    for (uint32_t i = 0; i < s->ports_n; i++)
        if (pod_port(&s->ports[i], a) != pod_port(&s->ports[i], b))
            return false;
    return true;
}

// Selected, and with an address of a family that the service uses.
static bool is_endpoint(const struct object *service, const struct object *pod)
{
    const struct service_facts *s = &service->service;
    const struct address *addresses[POD_ADDRESSES_MAX];

    return endpoints_select(service, pod) &&
           (pod_addresses(s, &pod->pod, FAMILY_IPV4, addresses) ||
            pod_addresses(s, &pod->pod, FAMILY_IPV6, addresses));
}

// Selected, be it without an address: then nobody says that there is none.
static bool is_expected(const struct object *service, const struct object *pod)
{
    return pod && endpoints_alive(pod) &&
           labels_match(service->service.selector, pod->labels);
}

bool endpoints_pod_same(const struct object *service,
                        const struct object *before, const struct object *after)
{
    const bool was = before && is_endpoint(service, before);
    const bool is = after && is_endpoint(service, after);

    if (!was && !is)
        return is_expected(service, before) == is_expected(service, after);
    if (!was || !is)
        return false;
    const struct service_facts *s = &service->service;
    const struct endpoint a = pod_endpoint(service, before);
    const struct endpoint b = pod_endpoint(service, after);
    return a.ready == b.ready && a.serving == b.serving &&
           a.terminating == b.terminating &&
           strcmp(a.hostname, b.hostname) == 0 &&
           same_addresses(s, &before->pod, &after->pod, FAMILY_IPV4) &&
           same_addresses(s, &before->pod, &after->pod, FAMILY_IPV6) &&
           same_ports(s, &before->pod, &after->pod);
}

// --- what it lacks -----------------------------------------------------------

struct reason endpoints_pod_ill(const struct object *pod)
{
    const struct pod_facts *p = &pod->pod;
    struct reason why = {.since_unix_s = p->since_unix_s, .pod = pod->name};

    if (p->terminating) {
        why.code = REASON_POD_TERMINATING;
    } else if (p->phase == POD_SUCCEEDED || p->phase == POD_FAILED) {
        why.code = REASON_POD_ENDED;
        why.detail = p->reason && *p->reason
                         ? p->reason
                         : pod_phase_name((enum pod_phase)p->phase);
    } else if (p->addresses_n == 0) {
        why.code = p->phase == POD_PENDING ? REASON_POD_PENDING
                                           : REASON_POD_NO_ADDRESS;
        why.detail = p->reason;
    } else if (!p->ready) {
        why.code = REASON_POD_NOT_READY;
        why.detail = p->reason;
    } else {
        return (struct reason){.code = REASON_NONE};
    }
    return why;
}

const struct label *endpoints_missed_pod(const struct object *service,
                                         const struct object *pod)
{
    const struct labels *selector = &service->service.selector;

    for (uint32_t i = 0; endpoints_derivable(service) && i < selector->n; i++) {
        const char *value = labels_get(pod->labels, selector->items[i].key);
        if (!value || strcmp(value, selector->items[i].value) != 0)
            return &selector->items[i];
    }
    return NULL;
}

const struct label *endpoints_missed_template(const struct object *service,
                                              const struct object *set)
{
    const struct labels *selector = &service->service.selector;
    const struct labels labels = set->workload.pod_labels;

    for (uint32_t i = 0; endpoints_derivable(service) && i < selector->n; i++) {
        const struct label *want = &selector->items[i];
        const char *has = labels_get(labels, want->key);
        if (labels.n && (has ? strcmp(has, want->value) != 0
                             : !label_is_automatic(want->key)))
            return want;
    }
    return NULL;
}

// It is an endpoint that has a name under each rule.
static bool is_ready_endpoint(const struct object *service,
                              const struct object *pod)
{
    return is_endpoint(service, pod) && pod_endpoint(service, pod).ready;
}

struct reason endpoints_pod_lack(const struct object *service,
                                 const struct object *pod)
{
    if (is_ready_endpoint(service, pod))
        return (struct reason){.code = REASON_NONE};
    struct reason why = endpoints_pod_ill(pod);
    // A pod that goes need not be mended.
    if (why.code == REASON_POD_TERMINATING)
        return why;
    if (endpoints_missed_pod(service, pod))
        return (struct reason){.code = REASON_POD_NOT_SELECTED,
                               .pod = pod->name};
    if (why.code == REASON_NONE)
        why = (struct reason){
            .code = REASON_POD_NO_ADDRESS,
            .pod = pod->name,
            .detail = service->service.families[0] == FAMILY_IPV6
                          ? "the service is IPv6 only"
                          : "the service is IPv4 only",
        };
    return why;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_reason(const struct reason *a, const struct reason *b)
{
    return a->code == b->code && a->since_unix_s == b->since_unix_s &&
           same_text(a->detail, b->detail);
}

bool endpoints_pod_alike(const struct object *service,
                         const struct object *before,
                         const struct object *after)
{
    const struct reason ill[] = {endpoints_pod_ill(before),
                                 endpoints_pod_ill(after)};
    const struct reason lack[] = {endpoints_pod_lack(service, before),
                                  endpoints_pod_lack(service, after)};

    return strcmp(before->pod.hostname, after->pod.hostname) == 0 &&
           same_reason(&ill[0], &ill[1]) && same_reason(&lack[0], &lack[1]) &&
           endpoints_missed_pod(service, before) ==
               endpoints_missed_pod(service, after);
}

// --- names -------------------------------------------------------------------

bool ordinal_name_of(const char *name, struct ordinal_name *out)
{
    const size_t n = strlen(name);
    size_t at = n;
    uint64_t number = 0, power = 1;

    // ten digits at most, so that none of it overflows
    for (; at > 0 && n - at < 11 && name[at - 1] >= '0' && name[at - 1] <= '9';
         at--, power *= 10)
        number += power * (uint64_t)(name[at - 1] - '0');
    if (at == n || at < 2 || name[at - 1] != '-' || number > UINT32_MAX ||
        (name[at] == '0' && n - at > 1))
        return false;
    *out = (struct ordinal_name){.set_n = at - 1, .ordinal = (uint32_t)number};
    return true;
}

// --- order -----------------------------------------------------------------

// A pod's name as StatefulSet reads it, "(.*)-([0-9]+)$".
struct pod_name {
    size_t parent_n;    // octets before the dash, or all
    const char *number; // without leading zeroes, NULL: none
    size_t number_n;
};

static struct pod_name pod_name_of(const char *text)
{
    const size_t n = strlen(text);
    size_t at = n;

    while (at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9')
        at--;
    if (at == n || at == 0 || text[at - 1] != '-')
        return (struct pod_name){.parent_n = n};
    const size_t parent_n = at - 1;
    while (at + 1 < n && text[at] == '0')
        at++;
    return (struct pod_name){
        .parent_n = parent_n, .number = text + at, .number_n = n - at};
}

static int size_compare(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

int endpoints_name_compare(const char *a, const char *b)
{
    const struct pod_name x = pod_name_of(a), y = pod_name_of(b);
    const size_t n = x.parent_n < y.parent_n ? x.parent_n : y.parent_n;
    int r = memcmp(a, b, n);

    if (r == 0)
        r = size_compare(x.parent_n, y.parent_n);
    if (r == 0)
        r = size_compare(x.number_n, y.number_n);
    if (r == 0 && x.number_n)
        r = memcmp(x.number, y.number, x.number_n);
    return r ? r : strcmp(a, b); // "a-01" and "a-1"
}
