// SPDX-License-Identifier: Apache-2.0
// Pods to slices. A named target port is looked up in each pod, so pods of
// different revisions may differ in numbers; each set of numbers is a slice.
#include "endpoints.h"

#include "endpoints_pod.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A pod and the number of each of the service's ports in it.
struct member {
    const struct object *pod;
    const uint16_t *numbers;
};

// What a derivation has made so far.
struct derivation {
    const struct object *service;
    struct arena *arena;
    struct member *members;
    uint32_t members_n;
    const struct slice_facts **slices; // room for two families of each group
    uint32_t slices_n;
};

static bool has_named_target(const struct service_facts *s)
{
    for (uint32_t i = 0; i < s->ports_n; i++)
        if (*s->ports[i].target_name)
            return true;
    return false;
}

static void resolve_ports(const struct service_facts *s,
                          const struct pod_facts *pod, uint16_t *numbers)
{
    for (uint32_t i = 0; i < s->ports_n; i++)
        numbers[i] = pod_port(&s->ports[i], pod);
}

static int make_members(struct derivation *d, const struct object *const *pods,
                        uint32_t pods_n)
{
    const struct service_facts *s = &d->service->service;
    // Without names all pods have the same numbers and share one set of them.
    const uint32_t step = has_named_target(s) ? s->ports_n : 0;
    const size_t sets = step ? pods_n : 1;
    uint16_t *numbers =
        arena_array(d->arena, sets * s->ports_n + 1, sizeof *numbers);

    d->members = arena_array(d->arena, pods_n, sizeof *d->members);
    if (!numbers || !d->members)
        return -ENOMEM;
    for (uint32_t i = 0; i < pods_n; i++, numbers += step) {
        if (i == 0 || step)
            resolve_ports(s, &pods[i]->pod, numbers);
        d->members[i] = (struct member){.pod = pods[i], .numbers = numbers};
    }
    d->members_n = pods_n;
    return 0;
}

static int numbers_compare(const struct member *a, const struct member *b,
                           uint32_t n)
{
    if (a->numbers == b->numbers)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        if (a->numbers[i] != b->numbers[i])
            return a->numbers[i] - b->numbers[i];
    return 0;
}

static int member_compare(const void *a, const void *b, void *context)
{
    const struct member *x = a, *y = b;
    const struct derivation *d = context;
    const int r = numbers_compare(x, y, d->service->service.ports_n);

    return r ? r : endpoints_name_compare(x->pod->name, y->pod->name);
}

// Octets of one or more addresses in a row.
static const uint8_t *join_addresses(struct arena *arena,
                                     const struct address *const *addresses,
                                     uint16_t n)
{
    const uint8_t size = address_size(addresses[0]);

    if (n == 1)
        return addresses[0]->octets;
    uint8_t *out = arena_bytes(arena, (size_t)n * size);
    for (uint16_t i = 0; out && i < n; i++)
        memcpy(out + (size_t)i * size, addresses[i]->octets, size);
    return out;
}

// Fill in the endpoints of n members in a family.
static int make_endpoints(const struct derivation *d,
                          const struct member *members, uint32_t n,
                          uint8_t family, struct endpoint *out)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct object *pod = members[i].pod;
        const struct address *addresses[POD_ADDRESSES_MAX];
        const uint16_t k =
            pod_addresses(&d->service->service, &pod->pod, family, addresses);
        if (k == 0)
            continue;
        struct endpoint e = pod_endpoint(d->service, pod);
        e.addresses = join_addresses(d->arena, addresses, k);
        e.addresses_n = k;
        if (!e.addresses)
            return -ENOMEM;
        *out++ = e;
    }
    return 0;
}

static uint32_t count_endpoints(const struct derivation *d,
                                const struct member *members, uint32_t n,
                                uint8_t family)
{
    const struct address *addresses[POD_ADDRESSES_MAX];
    uint32_t count = 0;

    for (uint32_t i = 0; i < n; i++)
        count += pod_addresses(&d->service->service, &members[i].pod->pod,
                               family, addresses) > 0;
    return count;
}

static int make_slice(struct derivation *d, const struct member *members,
                      uint32_t n, uint8_t family,
                      const struct slice_port *ports, uint32_t ports_n)
{
    const uint32_t count = count_endpoints(d, members, n, family);

    if (count == 0)
        return 0;
    struct slice_facts *slice = arena_alloc(d->arena, sizeof *slice);
    struct endpoint *endpoints =
        arena_array(d->arena, count, sizeof *endpoints);
    if (!slice || !endpoints ||
        make_endpoints(d, members, n, family, endpoints))
        return -ENOMEM;
    *slice = (struct slice_facts){
        .service = d->service->name,
        .family = family,
        .ports = ports,
        .ports_n = ports_n,
        .endpoints = endpoints,
        .endpoints_n = count,
    };
    d->slices[d->slices_n++] = slice;
    return 0;
}

// The ports of a group; one that its pods lack is left out.
static uint32_t make_ports(const struct service_facts *s,
                           const uint16_t *numbers, struct slice_port *out)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->ports_n; i++)
        if (numbers[i])
            out[n++] = (struct slice_port){.name = s->ports[i].name,
                                           .number = numbers[i],
                                           .protocol = s->ports[i].protocol};
    return n;
}

// The slices of n members with the same numbers.
static int make_group(struct derivation *d, const struct member *members,
                      uint32_t n)
{
    const struct service_facts *s = &d->service->service;
    struct slice_port *ports =
        arena_array(d->arena, s->ports_n + 1, sizeof *ports);

    if (!ports)
        return -ENOMEM;
    const uint32_t ports_n = make_ports(s, members->numbers, ports);
    const uint8_t first = s->families_n ? s->families[0] : FAMILY_IPV4;
    const uint8_t second = first == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
    const int r = make_slice(d, members, n, first, ports, ports_n);
    return r ? r : make_slice(d, members, n, second, ports, ports_n);
}

// The members that have the same numbers as the one at `begin` end here.
static uint32_t group_end(const struct derivation *d, uint32_t begin)
{
    uint32_t end = begin + 1;

    while (end < d->members_n &&
           numbers_compare(&d->members[begin], &d->members[end],
                           d->service->service.ports_n) == 0)
        end++;
    return end;
}

static int make_groups(struct derivation *d)
{
    uint32_t groups = 0, begin, end;

    for (begin = 0; begin < d->members_n; begin = group_end(d, begin))
        groups++;
    d->slices = arena_array(d->arena, (size_t)groups * 2 + 1,
                            sizeof(struct slice_facts *));
    if (!d->slices)
        return -ENOMEM;
    for (begin = 0; begin < d->members_n; begin = end) {
        end = group_end(d, begin);
        const int r = make_group(d, &d->members[begin], end - begin);
        if (r)
            return r;
    }
    return 0;
}

int endpoints_derive(const struct object *service,
                     const struct object *const *pods, uint32_t pods_n,
                     struct arena *arena,
                     const struct slice_facts *const **slices,
                     uint32_t *slices_n)
{
    struct derivation d = {.service = service, .arena = arena};
    int r = make_members(&d, pods, pods_n);

    if (r)
        return r;
    qsort_r(d.members, pods_n, sizeof *d.members, member_compare, &d);
    r = make_groups(&d);
    if (r)
        return r;
    *slices = d.slices;
    *slices_n = d.slices_n;
    return 0;
}
