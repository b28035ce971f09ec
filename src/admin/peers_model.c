// SPDX-License-Identifier: Apache-2.0
// What is known of peers beside their names and addresses. An endpoint is found
// again by its address, and by its hostname where it has one. The server's own
// pod has its own addresses, whatever its endpoint says.
#include "peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// An address of an endpoint.
struct known {
    uint8_t family;
    const uint8_t *octets;
    const struct endpoint *endpoint;
    const struct slice_facts *slice;
};

struct knowledge {
    const struct service *service;
    struct known *items; // by address
    size_t n;
};

static int compare(const void *a, const void *b)
{
    const struct known *x = a, *y = b;

    if (x->family != y->family)
        return (int)x->family - (int)y->family;
    return memcmp(x->octets, y->octets, family_size(x->family));
}

static size_t count(const struct service *s)
{
    size_t n = 0;

    for (uint32_t i = 0; i < s->slices_n; i++)
        for (uint32_t k = 0; k < s->slices[i]->endpoints_n; k++)
            n += service_is_self(s, &s->slices[i]->endpoints[k])
                     ? s->self->addresses_n
                     : s->slices[i]->endpoints[k].addresses_n;
    return n;
}

static void note_self(struct knowledge *k, const struct slice_facts *slice,
                      const struct endpoint *e)
{
    const struct self *self = k->service->self;

    for (uint8_t i = 0; i < self->addresses_n; i++)
        k->items[k->n++] = (struct known){
            .family = self->addresses[i].family,
            .octets = self->addresses[i].octets,
            .endpoint = e,
            .slice = slice,
        };
}

static void note_endpoint(struct knowledge *k, const struct slice_facts *slice,
                          const struct endpoint *e)
{
    if (service_is_self(k->service, e)) {
        note_self(k, slice, e);
        return;
    }
    for (uint16_t i = 0; i < e->addresses_n; i++)
        k->items[k->n++] = (struct known){
            .family = slice->family,
            .octets = e->addresses + (size_t)i * family_size(slice->family),
            .endpoint = e,
            .slice = slice,
        };
}

static int know(struct knowledge *k, const struct service *s,
                struct arena *arena)
{
    const size_t n = count(s);

    *k = (struct knowledge){.service = s};
    k->items = arena_array(arena, n ? n : 1, sizeof *k->items);
    if (!k->items)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->slices_n; i++)
        for (uint32_t e = 0; e < s->slices[i]->endpoints_n; e++)
            note_endpoint(k, s->slices[i], &s->slices[i]->endpoints[e]);
    qsort(k->items, k->n, sizeof *k->items, compare);
    return 0;
}

// The first of those with this address, or NULL.
static const struct known *find(const struct knowledge *k,
                                const struct address *a)
{
    const struct known wanted = {.family = a->family, .octets = a->octets};
    size_t low = 0, high = k->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(&k->items[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < k->n && compare(&k->items[low], &wanted) == 0 ? &k->items[low]
                                                               : NULL;
}

static bool is_called(const struct told_peer *peer, const struct endpoint *e)
{
    return !*e->hostname ||
           (peer->name.n &&
            span_equal(span_of(peer->name.wire + 1, peer->name.wire[0]),
                       span_of_text(e->hostname)));
}

static struct told_port *port_of(struct told_peer *peer, uint16_t number)
{
    for (uint32_t i = 0; i < peer->ports_n; i++)
        if (peer->ports[i].number == number && !*peer->ports[i].protocol)
            return &peer->ports[i];
    return NULL;
}

// A number may have several names: the first one is told.
static int name_port(struct told_peer *peer, struct arena *arena,
                     uint16_t number, const char *name, uint8_t protocol)
{
    struct told_port *port = port_of(peer, number);

    if (!port)
        return 0;
    // the model's texts may go before the peers do
    port->name = arena_text_dup(arena, name);
    port->protocol = protocol_label((enum protocol)protocol);
    return port->name ? 0 : -ENOMEM;
}

static int add_known(struct told_peer *peer, const struct known *known,
                     struct arena *arena)
{
    const struct slice_facts *slice = known->slice;
    int rc = 0;

    peer->ready = known->endpoint->ready;
    for (uint32_t i = 0; i < slice->ports_n && rc == 0; i++)
        rc = name_port(peer, arena, slice->ports[i].number,
                       slice->ports[i].name, slice->ports[i].protocol);
    return rc;
}

// Whoever is behind a virtual address: it has the ports of the service.
static int add_service(struct told_peer *peer, const struct object *service,
                       struct arena *arena)
{
    const struct service_facts *s = &service->service;
    int rc = 0;

    for (uint32_t i = 0; i < s->ports_n && rc == 0; i++)
        rc = name_port(peer, arena, s->ports[i].number, s->ports[i].name,
                       s->ports[i].protocol);
    return rc;
}

static int add(struct told_peer *peer, const struct knowledge *k,
               struct arena *arena)
{
    bool found = false;
    int rc = 0;

    for (uint32_t i = 0; i < peer->addresses_n && rc == 0; i++) {
        const struct known *at = find(k, &peer->addresses[i]);
        const struct known *const first = at;
        for (; rc == 0 && at && at < k->items + k->n && compare(at, first) == 0;
             at++)
            if (is_called(peer, at->endpoint)) {
                found = true;
                rc = add_known(peer, at, arena);
            }
    }
    if (rc == 0 && !found && k->service->object)
        rc = add_service(peer, k->service->object, arena);
    return rc;
}

static int add_all(struct told_peers *p, const struct service *s,
                   struct arena *arena)
{
    struct knowledge k;
    int rc = know(&k, s, arena);

    for (size_t i = 0; i < p->n && rc == 0; i++)
        rc = add(&p->items[i], &k, &p->arena);
    return rc;
}

int told_peers_add_model(struct told_peers *p, const struct cluster *c,
                         const char *namespace, const char *service)
{
    struct service s;
    struct arena arena;

    arena_init(&arena, SIZE_MAX);
    int rc = cluster_service(c, namespace, service, &arena, &s);
    if (rc == 0)
        rc = add_all(p, &s, &arena);
    arena_release(&arena);
    return rc == -ENOENT ? 0 : rc;
}
