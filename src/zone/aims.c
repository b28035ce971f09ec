// SPDX-License-Identifier: Apache-2.0
#include "aims.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

// --- whom a fault is of ----------------------------------------------------

// Returns false for what is no label, and so no name either.
static bool put(char to[DNS_LABEL_MAX + 1], const char *text)
{
    const size_t n = strlen(text);
    if (n > DNS_LABEL_MAX)
        return false;
    memcpy(to, text, n + 1);
    return true;
}

// The aim has no name in DNS.
static void miss(struct aim *a)
{
    a->service[0] = a->pod[0] = '\0';
}

static void aim_at_pod(struct aim *a, const struct object *pod)
{
    const struct pod_facts *p = &pod->pod;
    if (!p->hostname[0] || !put(a->service, p->subdomain) ||
        !put(a->pod, p->hostname))
        miss(a);
}

static const struct aim *find_number(const struct aims *aims, uint64_t number)
{
    for (uint32_t i = 0; i < aims->n; i++)
        if (aims->items[i].number == number)
            return &aims->items[i];
    return NULL;
}

static void take(struct aim *a, const struct fault *f,
                 const struct aims *before, const struct cluster *c)
{
    *a = (struct aim){
        .number = f->number, .ms = f->ms, .kind = (uint8_t)f->kind};
    if (!put(a->namespace, f->namespace))
        return;
    if (f->of_service) {
        if (!put(a->service, f->name))
            miss(a);
        return;
    }
    const struct object *pod =
        cluster_find(c, OBJECT_POD, f->namespace, f->name);
    const struct aim *was = find_number(before, f->number);
    if (pod)
        aim_at_pod(a, pod);
    else if (was)
        *a = *was;
}

void aims_take(struct aims *out, const struct aims *before,
               const struct faults *faults, const struct cluster *c)
{
    out->n = 0;
    for (uint32_t i = 0; i < faults_count(faults); i++) {
        const struct fault *f = faults_at(faults, i);
        if (!fault_is_of_pods(f->kind))
            take(&out->items[out->n++], f, before, c);
    }
}

// --- looking ---------------------------------------------------------------

static bool has_same_name(const struct aim *a, const struct aim *b)
{
    return aim_is_of(a, b->namespace, b->service) &&
           strcmp(a->pod, b->pod) == 0;
}

bool aims_equal(const struct aims *a, const struct aims *b)
{
    uint32_t i = 0;
    if (a->n != b->n)
        return false;
    while (i < a->n && a->items[i].number == b->items[i].number &&
           has_same_name(&a->items[i], &b->items[i]))
        i++;
    return i == a->n;
}

bool aims_have(const struct aims *aims, const struct aim *aim)
{
    for (uint32_t i = 0; i < aims->n; i++)
        if (aims->items[i].kind == aim->kind &&
            has_same_name(&aims->items[i], aim))
            return true;
    return false;
}

uint32_t aims_stale_ms(const struct aims *aims, const char *namespace,
                       const char *service)
{
    uint32_t ms = 0;
    for (uint32_t i = 0; i < aims->n; i++) {
        const struct aim *a = &aims->items[i];
        if (a->kind == FAULT_STALE && a->ms > ms &&
            aim_is_of(a, namespace, service))
            ms = a->ms;
    }
    return ms;
}

uint32_t aims_of_zone(const struct aims *aims, struct zone_fault_of *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < aims->n; i++) {
        const struct aim *a = &aims->items[i];
        if (!a->service[0] || a->kind == FAULT_STALE)
            continue;
        out[n++] = (struct zone_fault_of){
            .namespace = a->namespace,
            .service = a->service,
            .pod = a->pod,
            .fault = {
                .servfail = a->kind == FAULT_SERVFAIL,
                .truncate = a->kind == FAULT_TRUNCATE,
                .no_aaaa = a->kind == FAULT_NO_AAAA,
                .slow_ms = a->kind == FAULT_SLOW ? (uint16_t)a->ms : 0,
            }};
    }
    return n;
}

// --- pods without IPv6 addresses -------------------------------------------

struct hidden {
    const char *hosts[FAULTS_MAX];
    uint32_t n;
};

static bool has_host(const struct slice_facts *slice, const char *host)
{
    for (uint32_t i = 0; i < slice->endpoints_n; i++)
        if (slice->endpoints[i].addresses_n > 0 &&
            strcasecmp(slice->endpoints[i].hostname, host) == 0)
            return true;
    return false;
}

static bool has_ipv4(const struct service *s, const char *host)
{
    for (uint32_t i = 0; i < s->slices_n; i++)
        if (s->slices[i]->family == FAMILY_IPV4 && has_host(s->slices[i], host))
            return true;
    return false;
}

static bool is_hidden(const struct hidden *h, const char *host)
{
    uint32_t i = 0;
    while (i < h->n && strcasecmp(h->hosts[i], host) != 0)
        i++;
    return i < h->n;
}

// The same for the server's own pod, where it has an address left.
static int hide_own(const struct hidden *h, struct service *s,
                    struct arena *arena)
{
    if (!s->self || !is_hidden(h, s->self->hostname))
        return 0;
    struct self *left = arena_alloc(arena, sizeof *left);
    if (!left)
        return -ENOMEM;
    *left = *s->self;
    left->addresses_n = 0;
    for (uint8_t i = 0; i < s->self->addresses_n; i++)
        if (s->self->addresses[i].family == FAMILY_IPV4)
            left->addresses[left->addresses_n++] = s->self->addresses[i];
    if (left->addresses_n)
        s->self = left;
    return 0;
}

// A copy of a slice without some endpoints.
static const struct slice_facts *without(const struct slice_facts *slice,
                                         const struct hidden *h,
                                         struct arena *arena)
{
    struct slice_facts *copy = arena_alloc(arena, sizeof *copy);
    struct endpoint *left = arena_array(arena, (size_t)slice->endpoints_n + 1,
                                        sizeof(struct endpoint));
    uint32_t n = 0;

    if (!copy || !left)
        return NULL;
    for (uint32_t i = 0; i < slice->endpoints_n; i++)
        if (!is_hidden(h, slice->endpoints[i].hostname))
            left[n++] = slice->endpoints[i];
    *copy = *slice;
    copy->endpoints = left;
    copy->endpoints_n = n;
    return copy;
}

int aims_hide_aaaa(const struct aims *aims, struct service *s,
                   struct arena *arena)
{
    struct hidden h;

    h.n = 0;
    for (uint32_t i = 0; i < aims->n; i++) {
        const struct aim *a = &aims->items[i];
        if (aim_hides_aaaa(a) && aim_is_of(a, s->namespace, s->name) &&
            has_ipv4(s, a->pod))
            h.hosts[h.n++] = a->pod;
    }
    if (h.n == 0)
        return 0;
    if (hide_own(&h, s, arena))
        return -ENOMEM;
    const struct slice_facts **slices =
        arena_array(arena, s->slices_n, sizeof(struct slice_facts *));
    if (!slices)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->slices_n; i++) {
        slices[i] = s->slices[i]->family == FAMILY_IPV6
                        ? without(s->slices[i], &h, arena)
                        : s->slices[i];
        if (!slices[i])
            return -ENOMEM;
    }
    s->slices = slices;
    return 0;
}
