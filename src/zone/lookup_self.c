// SPDX-License-Identifier: Apache-2.0
// Is a question about the server's own pod?
#include "lookup.h"

bool zone_is_self(const struct zone *z, const struct dns_query *q,
                  const struct zone_lookup *l)
{
    const struct zone_peer *peer = NULL;

    (void)z;
    if (!l->block)
        return false;
    if (l->place == PLACE_ENDPOINT)
        peer = block_find_peer(l->block, q->name, l->label_hash);
    else if (l->place == PLACE_ADDRESS)
        (void)block_find_address(l->block, &l->address, &peer);
    return peer && peer->rank == ZONE_RANK_SELF;
}
