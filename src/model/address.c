// SPDX-License-Identifier: Apache-2.0
// Addresses of pods, counted: pods on the network of their node share one.
#include "index.h"

#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>

static uint64_t address_hash(const struct space *s, const struct address *a)
{
    return hash_bytes(s->node.hash ^ a->family, a->octets, address_size(a));
}

static struct pod_address *address_find(const struct cluster *c,
                                        const struct space *s,
                                        const struct address *address)
{
    struct map_node *at = map_first(&c->addresses, address_hash(s, address));

    for (; at; at = map_next(at)) {
        struct pod_address *a = ORD_CONTAINER(at, struct pod_address, node);
        if (a->space == s && address_compare(&a->address, address) == 0)
            return a;
    }
    return NULL;
}

struct pod_address *address_acquire(struct cluster *c, struct space *s,
                                    const struct address *address)
{
    struct pod_address *a = address_find(c, s, address);

    if (!a) {
        a = calloc(1, sizeof *a);
        if (!a)
            return NULL;
        a->space = s;
        a->address = *address;
        a->node.hash = address_hash(s, address);
        map_insert(&c->addresses, &a->node);
        s->parts++;
    }
    a->refs++;
    return a;
}

void address_settle(struct cluster *c, struct pod_address *a)
{
    struct space *s = a->space;

    if (a->refs || a->dirty)
        return;
    assert(a->pods == 0 && !a->known);
    map_remove(&c->addresses, &a->node);
    free(a);
    s->parts--;
    space_settle(c, s);
}

void address_release(struct cluster *c, struct pod_address *a)
{
    a->refs--;
    address_settle(c, a);
}
