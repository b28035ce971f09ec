// SPDX-License-Identifier: Apache-2.0
// Why an answer is negative: found once more from what the look-up has, by the
// name's place. Texts that were made before are pointed at, nothing is made.
//
// What is looked at may have changed since the answer was found: then the
// reason is that of now, or a more general one.
#include "lookup.h"

#include "dns/arpa.h"
#include "dns/dashed.h"
#include "dns/record.h"

static const struct zone_reason *common(const struct zone *z, unsigned which)
{
    return z->texts->common[which];
}

static unsigned below(const struct dns_query *q, const struct zone_lookup *l)
{
    return (unsigned)q->labels - l->origin->labels;
}

// --- what a name has -------------------------------------------------------

// A type that was asked for in vain is not there, whatever the zone has: a
// fault may hide it. Then type 0 is asked for in place of AAAA.
static unsigned hidden(const struct dns_query *q)
{
    return q->qtype == DNS_TYPE_A                       ? WHY_HAS_A
           : q->qtype == DNS_TYPE_SRV                   ? WHY_HAS_SRV
           : q->qtype == DNS_TYPE_AAAA || q->qtype == 0 ? WHY_HAS_AAAA
                                                        : 0;
}

// The bits of these types.
static unsigned types(bool a, bool aaaa, bool srv)
{
    return (a ? WHY_HAS_A : 0u) | (aaaa ? WHY_HAS_AAAA : 0u) |
           (srv ? WHY_HAS_SRV : 0u);
}

static const struct zone_reason *has(const struct zone *z,
                                     const struct dns_query *q, unsigned bits)
{
    return common(z, WHY_HAS + (bits & ~hidden(q)));
}

static const struct zone_reason *has_set(const struct zone *z,
                                         const struct dns_query *q,
                                         const struct zone_block *b,
                                         const struct zone_set *set)
{
    const unsigned bits = types(set->a.answer_count, set->aaaa.answer_count,
                                set->srv.answer_count);
    return bits ? has(z, q, bits) : b->why_empty;
}

// --- namespaces ------------------------------------------------------------

static const struct zone_reason *why_namespace(const struct zone *z)
{
    const struct zone_reason *r =
        atomic_load_explicit(&z->spaces.why, memory_order_acquire);
    return r ? r : common(z, WHY_NAMESPACE_UNKNOWN);
}

static bool is_namespace(const struct zone *z, const uint8_t *label)
{
    return roll_has(&z->namespaces, span_of(label, label_size(label)));
}

// There is no block for the service that the look-up has as its key.
static const struct zone_reason *why_service(const struct zone *z,
                                             const struct dns_query *q,
                                             const struct zone_lookup *l)
{
    const uint8_t *service = q->name + l->key_at;
    const uint8_t *namespace = service + label_size(service);
    const struct zone_reason *r =
        is_namespace(z, namespace) ? spaces_why(&z->spaces, namespace) : NULL;
    return r ? r : why_namespace(z);
}

// --- below a service -------------------------------------------------------

// A name that is none, of which the block may know more: an ordinal, most
// often.
ORD_APART static const struct zone_reason *why_hostname(
    const struct zone_block *b, const struct dns_query *q,
    const struct zone_lookup *l)
{
    const struct zone_reason *lack = block_find_lack(b, l->label_hash);

    if (lack)
        return lack;
    const struct lookup_ordinal ordinal = lookup_declared(b, q->name);
    if (ordinal.set) {
        const uint32_t at =
            ordinal.is_inside ? ordinal.set->none_at : ordinal.set->outside_at;
        if (at)
            return block_reason(b, at);
    }
    // "_tcp" and the like are asked for because of a port
    return q->name[1] == '_' ? b->why_protocol : b->why_hostname;
}

static const struct zone_reason *why_endpoint(const struct zone *z,
                                              const struct dns_query *q,
                                              const struct zone_lookup *l,
                                              enum zone_outcome outcome)
{
    if (outcome == ZONE_NXDOMAIN)
        return why_hostname(l->block, q, l);
    const struct zone_peer *peer =
        block_find_peer(l->block, q->name, l->label_hash);
    return peer ? has(z, q,
                      types(peer->a_count, peer->aaaa_count, peer->srv_count))
                : common(z, WHY_NAME_EMPTY);
}

static bool is_underlined(const uint8_t *label)
{
    return label[1] == '_';
}

static const struct zone_reason *why_port(const struct zone *z,
                                          const struct dns_query *q,
                                          const struct zone_block *b,
                                          enum zone_outcome outcome)
{
    const uint8_t *protocol = label_at(q, 1);

    if (outcome == ZONE_NODATA) {
        const struct zone_port *port = lookup_port(b, q);
        return port ? has_set(z, q, b, &port->set) : common(z, WHY_NAME_EMPTY);
    }
    const int p = lookup_protocol(protocol);
    if (p >= 0 && b->protocols & 1u << p)
        return b->why_port;
    // two labels that are no port's at all: a name below a pod, for one
    return is_underlined(q->name) || is_underlined(protocol) || !b->exists ||
                   b->cname.answer_count
               ? b->why_protocol
               : common(z, WHY_NAME_TOO_DEEP);
}

static const struct zone_reason *why_zonal(const struct zone *z,
                                           const struct dns_query *q,
                                           const struct zone_lookup *l,
                                           enum zone_outcome outcome)
{
    const struct zone_block *b = l->block;

    if (outcome == ZONE_NODATA) {
        const struct zone_set *set = lookup_zonal_set(q, l);
        return set ? has_set(z, q, b, set) : common(z, WHY_TOPOLOGY_UNKNOWN);
    }
    if (!b->exists)
        return b->why_empty;
    return common(z, b->cname.answer_count ? WHY_EXTERNAL_NAME
                                           : WHY_TOPOLOGY_UNKNOWN);
}

static const struct zone_reason *why_below(const struct zone *z,
                                           const struct dns_query *q,
                                           const struct zone_lookup *l,
                                           enum zone_outcome outcome)
{
    const struct zone_block *b = l->block;

    if (!b)
        return why_service(z, q, l);
    switch (l->place) {
    case PLACE_ENDPOINT:
        return why_endpoint(z, q, l, outcome);
    case PLACE_PORT:
        return why_port(z, q, b, outcome);
    case PLACE_ZONAL:
        return why_zonal(z, q, l, outcome);
    default:
        return b->exists ? has_set(z, q, b, &b->set) : b->why_empty;
    }
}

// --- elsewhere -------------------------------------------------------------

static const struct zone_reason *why_address(const struct zone *z,
                                             const struct dns_query *q)
{
    struct address a;
    unsigned bits;

    return common(z, dns_arpa_parse(q, &a, &bits) ? WHY_ADDRESS_UNKNOWN
                                                  : WHY_ADDRESS_MALFORMED);
}

static const struct zone_reason *why_pod(const struct zone *z,
                                         const struct dns_query *q,
                                         unsigned labels)
{
    struct address a;

    if (z->rules.pods == ZONE_PODS_DISABLED)
        return common(z, WHY_PODS_DISABLED);
    if (labels > 3)
        return common(z, WHY_NAME_TOO_DEEP);
    if (!is_namespace(z, label_at(q, labels - 2)))
        return why_namespace(z);
    return common(z, labels == 3 && dns_dashed_parse(q->name, &a)
                         ? WHY_POD_ADDRESS_UNKNOWN
                         : WHY_ADDRESS_MALFORMED);
}

// A name that stands at no place where there are any, or might be.
static const struct zone_reason *why_absent(const struct zone *z,
                                            const struct dns_query *q,
                                            const struct zone_lookup *l)
{
    const unsigned labels = below(q, l);

    if (l->origin != &z->origins[0])
        return why_address(z, q);
    const uint8_t *last = label_at(q, labels - 1);
    if (label_is(last, "\3pod"))
        return why_pod(z, q, labels);
    if (!label_is(last, "\3svc"))
        return common(z, WHY_NAME_UNKNOWN);
    return labels == 2 ? why_namespace(z) : common(z, WHY_NAME_TOO_DEEP);
}

static const struct zone_reason *why_fixed(const struct zone *z,
                                           const struct dns_query *q,
                                           const struct zone_lookup *l)
{
    switch (l->place) {
    case PLACE_OUTSIDE:
        return common(z, WHY_WRONG_DOMAIN);
    case PLACE_APEX:
        return common(z, WHY_HAS_APEX);
    case PLACE_SERVER:
        return has(z, q,
                   types(l->origin->server_a.answer_count,
                         l->origin->server_aaaa.answer_count, false));
    case PLACE_VERSION:
        return common(z, WHY_HAS_TXT);
    case PLACE_EMPTY:
        return common(z, WHY_NAME_EMPTY);
    default:
        return why_absent(z, q, l);
    }
}

ORD_COLD static const struct zone_reason *why_rare(const struct zone *z,
                                                   const struct dns_query *q,
                                                   const struct zone_lookup *l,
                                                   enum zone_outcome outcome)
{
    switch (l->place) {
    case PLACE_SERVICE:
    case PLACE_ENDPOINT:
    case PLACE_PORT:
    case PLACE_ZONAL:
        return why_below(z, q, l, outcome);
    case PLACE_ADDRESS:
        // asked for another type; a name too long for its PTR is none
        return common(z, outcome == ZONE_NODATA && q->qtype != DNS_TYPE_PTR &&
                                 q->qtype != DNS_TYPE_ANY
                             ? WHY_HAS_PTR
                             : WHY_ADDRESS_UNKNOWN);
    case PLACE_POD:
        return has(z, q,
                   types(l->address.family == FAMILY_IPV4,
                         l->address.family == FAMILY_IPV6, false));
    default:
        return why_fixed(z, q, l);
    }
}

const struct zone_reason *zone_why(const struct zone *z,
                                   const struct dns_query *q,
                                   const struct zone_lookup *l,
                                   enum zone_outcome outcome)
{
    if (ORD_UNLIKELY(l->place != PLACE_ENDPOINT || outcome != ZONE_NXDOMAIN ||
                     !l->block))
        return why_rare(z, q, l, outcome);
    if (l->block->knows_more || q->name[1] == '_')
        return why_hostname(l->block, q, l);
    return l->block->why_hostname;
}
