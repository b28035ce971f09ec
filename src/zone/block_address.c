// SPDX-License-Identifier: Apache-2.0
// Who has an address: what a PTR asks of a block.
#include "block.h"

#include "dns/record.h"

static bool is_cluster_ip(const struct zone_block *b, uint32_t n,
                          const struct address *a)
{
    for (uint32_t i = 0; i < n; i++)
        if (address_compare(&b->cluster_ips[i], a) == 0)
            return true;
    return false;
}

bool block_address(const struct zone_block *b, uint32_t i, struct address *out,
                   enum zone_rank *rank)
{
    struct address a = {0};

    if (i < b->cluster_ips_n) {
        *rank = ZONE_RANK_CLUSTER_IP;
        *out = b->cluster_ips[i];
        return !is_cluster_ip(b, i, out);
    }
    i -= b->cluster_ips_n;
    const struct zone_peer *peer;
    if (i < b->sorted_a_n) {
        a.family = FAMILY_IPV4;
        memcpy(a.octets,
               b->sorted_a + (size_t)i * DNS_RECORD_A + DNS_RECORD_HEAD, 4);
        peer = block_peer_at(b, b->owner_a[i]);
    } else {
        i -= b->sorted_a_n;
        a.family = FAMILY_IPV6;
        memcpy(a.octets,
               b->sorted_aaaa + (size_t)i * DNS_RECORD_AAAA + DNS_RECORD_HEAD,
               16);
        peer = block_peer_at(b, b->owner_aaaa[i]);
    }
    *rank = (enum zone_rank)peer->rank;
    *out = a;
    return !is_cluster_ip(b, b->cluster_ips_n, out);
}

// Binary search among records of one size; the index, or n.
static uint32_t find_sorted(const uint8_t *records, uint32_t n, size_t stride,
                            const uint8_t *octets)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int c = memcmp(records + middle * stride + DNS_RECORD_HEAD, octets,
                       stride - DNS_RECORD_HEAD);
        if (c == 0)
            return middle;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return n;
}

bool block_find_address(const struct zone_block *b, const struct address *a,
                        const struct zone_peer **peer)
{
    *peer = NULL;
    if (is_cluster_ip(b, b->cluster_ips_n, a))
        return true;
    bool v4 = a->family == FAMILY_IPV4;
    uint32_t n = v4 ? b->sorted_a_n : b->sorted_aaaa_n;
    uint32_t i = find_sorted(v4 ? b->sorted_a : b->sorted_aaaa, n,
                             v4 ? DNS_RECORD_A : DNS_RECORD_AAAA, a->octets);
    if (i == n)
        return false;
    *peer = block_peer_at(b, (v4 ? b->owner_a : b->owner_aaaa)[i]);
    return true;
}
