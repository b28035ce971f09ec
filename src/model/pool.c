// SPDX-License-Identifier: Apache-2.0
#include "pool.h"

#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

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
    assert(!l->gained && !l->lost && "a step is over");
    for (struct map_node *n = map_walk(&l->grants, NULL), *next; n; n = next) {
        struct grant *g = ORD_CONTAINER(n, struct grant, node);
        next = map_walk(&l->grants, n);
        if (!g->declared)
            free(g);
    }
    map_release(&l->grants);
}

// The place of an address among those taken, or the free place it would have.
static uint32_t *taken_place(const struct ledger *l, const struct address *a)
{
    uint32_t i = (uint32_t)address_hash(l, a) & l->mask;

    while (l->places[i] && address_compare(&l->taken[l->places[i] - 1], a) != 0)
        i = (i + 1) & l->mask;
    return &l->places[i];
}

int ledger_begin(struct ledger *l, const struct address *taken,
                 uint32_t taken_n)
{
    assert(!l->gained && !l->lost && !l->places);
    // Half empty, so that a search ends soon; 2^30 places are 4 GiB already.
    if (taken_n > UINT32_C(1) << 29)
        return -ENOMEM;
    uint32_t places_n = 2;
    while (places_n < 2 * taken_n)
        places_n *= 2;
    l->places = calloc(places_n, sizeof *l->places);
    if (!l->places)
        return -ENOMEM;
    l->mask = places_n - 1;
    l->taken = taken;
    l->taken_n = taken_n;
    for (uint32_t i = 0; i < taken_n; i++)
        *taken_place(l, &taken[i]) = i + 1;
    return 0;
}

static void forget_taken(struct ledger *l)
{
    free(l->places);
    l->places = NULL;
    l->taken = NULL;
    l->taken_n = 0;
}

static void discard(struct grant *list)
{
    for (struct grant *g = list, *next; g; g = next) {
        next = g->journal;
        g->journal = NULL;
        if (!g->declared)
            free(g);
    }
}

void ledger_commit(struct ledger *l)
{
    for (struct grant *g = l->gained, *next; g; g = next) {
        next = g->journal;
        g->journal = NULL;
    }
    discard(l->lost);
    l->gained = l->lost = NULL;
    forget_taken(l);
}

void ledger_rollback(struct ledger *l)
{
    for (struct grant *g = l->gained; g; g = g->journal) {
        map_remove(&l->grants, &g->node);
        g->held = false;
    }
    discard(l->gained);
    for (struct grant *g = l->lost, *next; g; g = next) {
        next = g->journal;
        g->journal = NULL;
        g->held = true;
        map_insert(&l->grants, &g->node);
    }
    l->gained = l->lost = NULL;
    forget_taken(l);
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

void ledger_hold(struct ledger *l, struct grant *g)
{
    assert(!g->held && !g->journal);
    g->node.hash = address_hash(l, &g->address);
    map_insert(&l->grants, &g->node);
    g->held = true;
    g->journal = l->gained;
    l->gained = g;
}

void ledger_drop(struct ledger *l, struct grant *g)
{
    assert(g->held);
    // A grant is written down or struck out in a step, never both: one link is
    // enough for the journal. The end of `gained` has no link and is not seen
    // by this.
    assert(!g->journal && g != l->gained);
    map_remove(&l->grants, &g->node);
    g->held = false;
    g->journal = l->lost;
    l->lost = g;
}

struct grant *ledger_grant(struct ledger *l, const struct address *a,
                           struct holder *holder)
{
    struct grant *g = malloc(sizeof *g);

    if (!g)
        return NULL;
    *g = (struct grant){.address = *a, .holder = holder};
    ledger_hold(l, g);
    return g;
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

void range_begin(struct range *r)
{
    r->before = r->cursor;
    r->full = false;
}

void range_rollback(struct range *r)
{
    r->cursor = r->before;
}

static bool is_free(const struct ledger *l, const struct address *a)
{
    return !ledger_find(l, a) && !*taken_place(l, a);
}

/*
 * Next fit: the search goes on where the last one ended, so that an address
 * that came back rests until the range has been walked round, and a resolver's
 * memory of it has passed. Among as many candidates as there are addresses in
 * use, and one more, one is free: that bounds the walk in any range.
 */
bool range_next(struct range *r, const struct ledger *l, struct address *out)
{
    if (r->full || r->cidr.base.family == 0)
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
    r->full = true;
    return false;
}
