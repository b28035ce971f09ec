// SPDX-License-Identifier: Apache-2.0
// The names below a block's service.
#include "block_build.h"

// `peers` begins with so many octets, so that no peer has offset 0
enum { PEERS_PAD = 4 };

// The distinct addresses of one family of a name, written to `to` unless NULL.
static uint16_t put_addresses(const struct build *b,
                              const struct endpoint_name *name, uint8_t family,
                              uint8_t *to)
{
    const struct endpoint_entry *e = b->endpoints.entries + name->first;
    unsigned n = 0;

    for (uint32_t i = 0; i < name->n && n < UINT16_MAX; i++) {
        if (e[i].family != family ||
            (i > 0 && entry_same_address(&e[i], &e[i - 1])))
            continue;
        if (to)
            memcpy(to + n * entry_size(&e[i]), e[i].octets, entry_size(&e[i]));
        n++;
    }
    return (uint16_t)n;
}

size_t build_measure_peers(struct build *b)
{
    size_t at = PEERS_PAD;
    for (uint32_t i = 0; i < b->endpoints.names_n; i++) {
        const struct endpoint_name *name = &b->endpoints.names[i];
        b->peer_at[i] = (uint32_t)at;
        at += offsetof(struct zone_peer, label) + 1u + name->label_n +
              4u * put_addresses(b, name, FAMILY_IPV4, NULL) +
              16u * put_addresses(b, name, FAMILY_IPV6, NULL);
        at = (at + 3) & ~(size_t)3;
    }
    return at;
}

static void fill_peer(const struct build *b, uint32_t i, uint8_t *peers)
{
    const struct endpoint_name *name = &b->endpoints.names[i];
    struct zone_peer *peer =
        (struct zone_peer *)(void *)(peers + b->peer_at[i]);

    const struct port_choice all = ports_all(&b->ports);

    peer->srv_at = b->own[i].at;
    peer->srv_count = b->own[i].count;
    peer->srv_weight = render_own_weight(&b->render, &all, name);
    peer->rank = name->self      ? ZONE_RANK_SELF
                 : name->managed ? ZONE_RANK_MANAGED
                                 : ZONE_RANK_DASHED;
    uint8_t *label = (uint8_t *)peer + offsetof(struct zone_peer, label);
    label[0] = name->label_n;
    memcpy(label + 1, name->label, name->label_n);
    uint8_t *to = label + 1 + name->label_n;
    peer->a_count = put_addresses(b, name, FAMILY_IPV4, to);
    to += 4u * peer->a_count;
    peer->aaaa_count = put_addresses(b, name, FAMILY_IPV6, to);
}

void build_fill_peers(const struct build *b, uint8_t *peers, uint32_t *index,
                      uint32_t mask, uint64_t seed)
{
    for (uint32_t i = 0; i < b->endpoints.names_n; i++) {
        fill_peer(b, i, peers);
        const uint8_t *label =
            peers + b->peer_at[i] + offsetof(struct zone_peer, label);
        uint32_t slot = (uint32_t)block_label_hash(seed, label);
        while (index[slot & mask])
            slot++;
        index[slot & mask] = b->peer_at[i];
    }
}
