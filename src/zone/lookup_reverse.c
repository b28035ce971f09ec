// SPDX-License-Identifier: Apache-2.0
// Names of the reverse trees: an address has the name of one service or
// endpoint, and parts of addresses exist while something below them does.
#include "lookup.h"

#include "dns/arpa.h"

void lookup_reverse_begin(const struct zone *z, const struct dns_query *q,
                          struct zone_lookup *l)
{
    unsigned bits;

    l->place = PLACE_ADDRESS_PART;
    l->key_n = 0;
    if (!dns_arpa_parse(q, &l->address, &bits))
        return;
    if (bits == address_bits(&l->address))
        l->place = PLACE_ADDRESS;
    l->key_n = (uint8_t)address_key(&l->address, bits, l->address_key);
    l->hash = hash_bytes(z->seed, l->address_key, l->key_n);
}

// Who answers for an address, or has one below it.
static const void *address_owner(const struct zone *z,
                                 const struct zone_lookup *l)
{
    struct span k = span_of(l->address_key, l->key_n);
    const struct zone_address *address =
        k.n ? table_find(&z->addresses, l->hash, address_has_key, &k) : NULL;
    return address ? atomic_load_explicit(&address->owner, memory_order_acquire)
                   : NULL;
}

// RFC 8020: a name above the apex of another of our zones exists.
static bool is_above_origin(const struct zone *z, const struct dns_query *q)
{
    for (size_t i = 0; i < z->origins_n; i++) {
        const struct dns_name *apex = &z->origins[i].name;
        if (apex->n > q->name_n &&
            name_is_below(dns_name_view(apex), span_of(q->name, q->name_n)))
            return true;
    }
    return false;
}

void lookup_reverse_slot(const struct zone *z, const struct dns_query *q,
                         struct zone_lookup *l)
{
    const void *owner = address_owner(z, l);

    if (!owner)
        l->place = is_above_origin(z, q) ? PLACE_EMPTY : PLACE_ABSENT;
    else if (l->place == PLACE_ADDRESS)
        l->block = slot_block(owner);
    else
        l->place = PLACE_EMPTY;
}

/*
 * The owner and its block are two pointers, and a step may have been published
 * between our looks at them: a block that lacks the address is believed only if
 * its service still is the owner. One step at most can come between, because
 * the next one waits for us.
 */
static const struct zone_block *find_address(const struct zone *z,
                                             const struct zone_lookup *l,
                                             const struct zone_peer **peer)
{
    const struct zone_block *block = l->block, *before;

    do {
        if (block && block_find_address(block, &l->address, peer))
            return block;
        before = block;
        block = slot_block(address_owner(z, l));
    } while (block != before);
    return NULL;
}

enum zone_outcome lookup_reverse_finish(const struct zone *z,
                                        const struct zone_lookup *l,
                                        uint16_t qtype, struct zone_match *out)
{
    const struct zone_peer *peer;
    const struct zone_block *block = find_address(z, l, &peer);

    if (!block)
        return ZONE_NXDOMAIN;
    out->form = ZONE_FORM_PTR;
    out->label =
        peer ? span_of(peer->label, label_size(peer->label)) : (struct span){0};
    out->suffix = span_of(block->suffix, block->suffix_n);
    // an endpoint whose name would exceed 255 octets has none
    if ((qtype != DNS_TYPE_PTR && qtype != DNS_TYPE_ANY) ||
        out->label.n + out->suffix.n > DNS_NAME_MAX)
        return ZONE_NODATA;
    return ZONE_FOUND;
}
