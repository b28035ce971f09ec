// SPDX-License-Identifier: Apache-2.0
// The addresses of the services that change in a step.
#include "update.h"

#include <errno.h>

// Whether the old block lacks the address or claims it more or less strongly.
static bool is_new_claim(const struct zone_block *old, const struct address *a,
                         enum zone_rank rank)
{
    const struct zone_peer *peer;
    if (!old || !block_find_address(old, a, &peer))
        return true;
    return (peer ? peer->rank : ZONE_RANK_CLUSTER_IP) != rank;
}

// Whether the i-th address of the change's block has to be claimed.
static bool has_new_claim(const struct zone_change *c, uint32_t i,
                          struct address *a, enum zone_rank *rank)
{
    const struct zone_block *before = c->published ? c->old : block_of(c->slot);
    return block_address(c->block, i, a, rank) &&
           is_new_claim(before, a, *rank);
}

static bool lacks(const struct zone_block *block, const struct address *a)
{
    const struct zone_peer *peer;
    return !block || !block_find_address(block, a, &peer);
}

// The next spare, taken off the change.
static struct zone_claim *take_spare(struct zone_change *c)
{
    struct zone_claim *spare = c->spares;
    if (spare)
        c->spares = spare->next;
    return spare;
}

void update_unprepare(struct zone_update *u, struct zone_change *c)
{
    uint32_t n = c->block ? block_addresses(c->block) : 0;

    for (uint32_t i = 0; i < n && c->spares; i++) {
        enum zone_rank rank;
        struct address a;
        if (has_new_claim(c, i, &a, &rank))
            reverse_unprepare(u->zone, &a, take_spare(c), &u->addresses);
    }
    block_free(c->block);
    c->block = NULL;
}

int update_prepare(struct zone_update *u, struct zone_change *c)
{
    struct zone_claim **last = &c->spares;
    uint32_t n = block_addresses(c->block);

    for (uint32_t i = 0; i < n; i++) {
        enum zone_rank rank;
        struct address a;
        if (!has_new_claim(c, i, &a, &rank))
            continue;
        *last = reverse_prepare(u->zone, &a, &u->addresses);
        if (!*last)
            return -ENOMEM;
        last = &(*last)->next;
    }
    return 0;
}

void update_claim(struct zone_update *u, struct zone_change *c,
                  enum claim_pass pass)
{
    const struct zone *z = u->zone;
    // each new claim has its spare: without one there is nothing to look for
    uint32_t n = c->spares ? block_addresses(c->block) : 0;

    for (uint32_t i = 0; i < n && c->spares; i++) {
        enum zone_rank rank;
        struct address a;
        if (!has_new_claim(c, i, &a, &rank))
            continue;
        if (pass == CLAIM_FREE ? reverse_is_free(z, &a)
                               : !reverse_has_claim(z, &a, c->slot, rank))
            reverse_claim(u->zone, &a, c->slot, rank, take_spare(c));
    }
}

// The i-th address of the block before, if the new one lacks it.
static bool is_lost(const struct zone_block *old, const struct zone_change *c,
                    uint32_t i, struct address *a)
{
    enum zone_rank rank;
    return block_address(old, i, a, &rank) && lacks(c->block, a);
}

void update_hand_over(struct zone_update *u, struct zone_change *c)
{
    const struct zone_block *old = block_of(c->slot);
    uint32_t n = old ? block_addresses(old) : 0;
    struct address a;

    for (uint32_t i = 0; i < n; i++)
        if (is_lost(old, c, i, &a))
            reverse_hand_over(u->zone, &a, c->slot);
}

void update_release(struct zone_update *u, struct zone_change *c)
{
    uint32_t n = c->old ? block_addresses(c->old) : 0;
    struct address a;

    for (uint32_t i = 0; i < n; i++)
        if (is_lost(c->old, c, i, &a))
            reverse_release(u->zone, &a, c->slot, &u->addresses);
}
