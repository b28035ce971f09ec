// SPDX-License-Identifier: Apache-2.0
#include "pool.h"

#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t address_hash(const struct ledger *l, const struct address *a)
{
    return hash_bytes(l->seed ^ a->family, a->octets, address_size(a));
}

void ledger_init(struct ledger *l, uint64_t seed)
{
    *l = (struct ledger){.seed = seed};
    map_init(&l->grants);
}

void ledger_release(struct ledger *l)
{
    for (struct map_node *n = map_walk(&l->grants, NULL), *next; n; n = next) {
        next = map_walk(&l->grants, n);
        free(ORD_CONTAINER(n, struct grant, node));
    }
    map_release(&l->grants);
    free(l->taken);
    free(l->places);
}

// The place of an address among those taken, or the free place it would have.
static uint32_t *taken_place(const struct ledger *l, const struct address *a)
{
    uint32_t i = (uint32_t)address_hash(l, a) & l->mask;

    while (l->places[i] && address_compare(&l->taken[l->places[i] - 1], a) != 0)
        i = (i + 1) & l->mask;
    return &l->places[i];
}

static bool is_taken(const struct ledger *l, const struct address *a)
{
    return l->taken_n && *taken_place(l, a);
}

static bool is_same(const struct ledger *l, const struct address *taken,
                    uint32_t n)
{
    // Octets only: there is no padding in an address.
    return l->taken_n == n &&
           (n == 0 || memcmp(l->taken, taken, n * sizeof *taken) == 0);
}

int ledger_take(struct ledger *l, const struct address *taken, uint32_t n)
{
    if (is_same(l, taken, n))
        return 0;
    // Half empty, so that a search ends soon; 2^30 places are 4 GiB already.
    if (n > UINT32_C(1) << 29)
        return -ENOMEM;
    uint32_t places_n = 2;
    while (places_n < 2 * n)
        places_n *= 2;
    // One more: no address is not the same as no memory.
    struct address *copy = calloc((size_t)n + 1, sizeof *copy);
    uint32_t *places = calloc(places_n, sizeof *places);
    if (!copy || !places) {
        free(copy);
        free(places);
        return -ENOMEM;
    }
    free(l->taken);
    free(l->places);
    if (n)
        memcpy(copy, taken, n * sizeof *copy);
    l->taken = copy;
    l->taken_n = n;
    l->places = places;
    l->mask = places_n - 1;
    l->drops++;
    for (uint32_t i = 0; i < n; i++)
        *taken_place(l, &copy[i]) = i + 1;
    return 0;
}

struct grant *ledger_find(const struct ledger *l, const struct address *a)
{
    struct map_node *n = map_first(&l->grants, address_hash(l, a));

    for (; n; n = map_next(n)) {
        struct grant *g = ORD_CONTAINER(n, struct grant, node);
        if (address_compare(&g->address, a) == 0)
            return g;
    }
    return NULL;
}

struct grant *ledger_grant(struct ledger *l, const struct address *a,
                           struct holder *holder)
{
    struct grant *g = malloc(sizeof *g);

    if (!g)
        return NULL;
    *g = (struct grant){.address = *a, .holder = holder};
    g->node.hash = address_hash(l, a);
    map_insert(&l->grants, &g->node);
    return g;
}

static void settle(struct ledger *l, struct grant *g)
{
    // Also where it stays declared: its pod may have waited for it.
    l->drops++;
    if (g->declared || g->user)
        return;
    map_remove(&l->grants, &g->node);
    free(g);
}

void ledger_leave(struct ledger *l, struct grant *g)
{
    assert(g->user);
    g->user = NULL;
    settle(l, g);
}

void ledger_undeclare(struct ledger *l, struct grant *g)
{
    assert(g->declared);
    g->declared = false;
    settle(l, g);
}

static unsigned __int128 value_of(const struct address *a)
{
    unsigned __int128 v = 0;

    for (unsigned i = 0; i < address_size(a); i++)
        v = v << 8 | a->octets[i];
    return v;
}

static struct address address_of(uint8_t family, unsigned __int128 v)
{
    struct address a = {.family = family};

    for (unsigned i = address_size(&a); i-- > 0; v >>= 8)
        a.octets[i] = (uint8_t)v;
    return a;
}

/*
 * The first address of a prefix names the network (IPv4) or any router in it
 * (RFC 4291 2.6.1), the last one of an IPv4 prefix is its broadcast address
 * (RFC 919). Prefixes of two addresses have neither (RFC 3021, RFC 6164), nor
 * has a single address.
 */
void range_init(struct range *r, const struct cidr *cidr)
{
    const unsigned bits = 8u * address_size(&cidr->base);

    assert(cidr->prefix <= bits);
    const unsigned host_bits = bits - cidr->prefix;
    // Shifted twice: a shift by all 128 bits is undefined.
    const unsigned __int128 last_host =
        host_bits ? (((unsigned __int128)1 << (host_bits - 1)) - 1) * 2 + 1 : 0;

    *r = (struct range){.cidr = *cidr};
    r->first = value_of(&cidr->base);
    r->last = r->first + last_host;
    if (host_bits > 1) {
        r->first++;
        if (cidr->base.family == FAMILY_IPV4)
            r->last--;
    }
    r->cursor = r->first;
}

static bool is_free(const struct ledger *l, const struct address *a)
{
    return !ledger_find(l, a) && !is_taken(l, a);
}

/*
 * Next fit: the search goes on where the last one ended, so that an address
 * that came back rests until the range has been walked round, and a resolver's
 * memory of it has passed. Among as many candidates as there are addresses in
 * use, and one more, one is free: that bounds the walk in any range.
 */
static bool range_next(struct range *r, const struct ledger *l,
                       struct address *out)
{
    if (!range_exists(r) || r->full == l->drops + 1)
        return false;
    const unsigned __int128 all = r->last - r->first + 1;
    const unsigned __int128 used = l->grants.n + (size_t)l->taken_n;

    for (unsigned __int128 tries = all <= used ? all : used + 1; tries;
         tries--) {
        const struct address a = address_of(r->cidr.base.family, r->cursor);
        r->cursor = r->cursor == r->last ? r->first : r->cursor + 1;
        if (is_free(l, &a)) {
            *out = a;
            return true;
        }
    }
    r->full = l->drops + 1;
    return false;
}

int range_give(struct range *r, struct ledger *l, struct holder *holder,
               struct grant **out)
{
    const unsigned __int128 before = r->cursor;
    struct address a;

    *out = NULL;
    if (!range_next(r, l, &a))
        return 0;
    *out = ledger_grant(l, &a, holder);
    if (*out)
        return 0;
    r->cursor = before;
    return -ENOMEM;
}
