// SPDX-License-Identifier: Apache-2.0
// From a name to its answer. Everything below the domain is positional (K8S-DNS
// 2, and CoreDNS for what that leaves open), so a name is read from the right:
//
//     <apex>                       SOA, NS
//     svc, pod, dns                empty non-terminals
//     N.svc, N.pod                 a namespace
//     S.N.svc                      a service: one probe of the table
//     H.S.N.svc                    an endpoint: one more probe, in the block
//     _port._proto.S.N.svc         a port
//     <zone>.pin._zone.S.N.svc     endpoints of one topology zone
//     <a-b-c-d>.N.pod              an address
//     dns-version, ns.dns          fixed
//
// In a reverse zone the labels are an address, or the beginning of one.
#include "lookup.h"

#include "dns/record.h"

// --- which name is this? ---------------------------------------------------

// Names that every origin has: its apex, and what K8S-DNS 2.2 puts below it.
static bool begin_fixed(const struct dns_query *q, unsigned below,
                        struct zone_lookup *l)
{
    const uint8_t *last = below ? label_at(q, below - 1) : NULL;

    if (below == 0) {
        l->place = PLACE_APEX;
    } else if (label_is(last, "\3dns")) {
        bool server = below == 2 && label_is(label_at(q, 0), "\2ns");
        l->place = below == 1 ? PLACE_EMPTY
                   : server   ? PLACE_SERVER
                              : PLACE_ABSENT;
    } else if (label_is(last, "\13dns-version")) {
        l->place = below == 1 ? PLACE_VERSION : PLACE_ABSENT;
    } else {
        return false;
    }
    return true;
}

// Three to five labels, the last of them "svc".
static inline void begin_service(const struct zone *z,
                                 const struct dns_query *q, unsigned below,
                                 struct zone_lookup *l)
{
    static const uint8_t places[] = {PLACE_SERVICE, PLACE_ENDPOINT, PLACE_PORT};
    unsigned at = q->label_at[below - 3];

    l->place = places[below - 3];
    l->key_at = (uint8_t)at;
    l->key_n = (uint8_t)(q->label_at[below - 1] - at);
    l->hash = hash_bytes(z->seed, q->name + at, l->key_n);
    table_prefetch(&z->slots, l->hash);
    if (l->place == PLACE_ENDPOINT)
        l->label_hash = block_label_hash(z->seed, q->name);
}

// Another number of labels, the last of them "svc".
static void begin_svc(const struct zone *z, const struct dns_query *q,
                      unsigned below, struct zone_lookup *l)
{
    if (below == 1) {
        l->place = PLACE_EMPTY;
    } else if (below == 2) {
        l->place = PLACE_NAMESPACE;
        l->key_at = 0;
        l->key_n = (uint8_t)label_size(q->name);
    } else {
        lookup_zonal_begin(z, q, below, l);
    }
}

ORD_COLD static void begin_other(const struct zone *z,
                                 const struct dns_query *q, unsigned below,
                                 struct zone_lookup *l)
{
    if (begin_fixed(q, below, l))
        return;
    const uint8_t *last = label_at(q, below - 1);
    if (label_is(last, "\3svc"))
        begin_svc(z, q, below, l);
    else if (label_is(last, "\3pod"))
        lookup_pod_begin(z, q, below, l);
    else
        l->place = PLACE_ABSENT;
}

static void begin_elsewhere(const struct zone *z, const struct dns_query *q,
                            struct zone_lookup *l)
{
    const struct zone_origin *longest = NULL;

    for (size_t i = 1; i < z->origins_n; i++) {
        const struct zone_origin *origin = &z->origins[i];
        if (is_within(q, origin) &&
            (!longest || origin->name.n > longest->name.n))
            longest = origin;
    }
    l->place = PLACE_OUTSIDE;
    if (!longest)
        return;
    l->origin = longest;
    if (!begin_fixed(q, (unsigned)q->labels - longest->labels, l))
        lookup_reverse_begin(z, q, l);
}

void zone_lookup_begin(const struct zone *z, const struct dns_query *q,
                       struct zone_lookup *l)
{
    const struct zone_origin *domain = &z->origins[0];

    if (ORD_UNLIKELY(!is_within(q, domain))) {
        begin_elsewhere(z, q, l);
        return;
    }
    unsigned below = (unsigned)q->labels - domain->labels;
    l->origin = domain;
    if (ORD_LIKELY(below >= 3 && below <= 5 &&
                   label_is(label_at(q, below - 1), "\3svc")))
        begin_service(z, q, below, l);
    else
        begin_other(z, q, below, l);
}

// --- where is it? ----------------------------------------------------------

ORD_COLD static void slot_rare(const struct zone *z, const struct dns_query *q,
                               struct zone_lookup *l)
{
    l->block = NULL;
    if (l->place == PLACE_NAMESPACE)
        l->place = has_namespace(z, q, l) ? PLACE_EMPTY : PLACE_ABSENT;
    else if (l->place == PLACE_POD)
        lookup_pod_slot(z, q, l);
    else
        l->block = service_block(z, q, l);
}

static void slot_elsewhere(const struct zone *z, const struct dns_query *q,
                           struct zone_lookup *l)
{
    if (l->place == PLACE_ADDRESS || l->place == PLACE_ADDRESS_PART)
        lookup_reverse_slot(z, q, l);
    else
        slot_rare(z, q, l);
}

void zone_lookup_slot(const struct zone *z, const struct dns_query *q,
                      struct zone_lookup *l)
{
    if (ORD_UNLIKELY(l->place < PLACE_NAMESPACE))
        return;
    if (ORD_UNLIKELY(l->place < PLACE_SERVICE || l->place > PLACE_PORT)) {
        slot_elsewhere(z, q, l);
        return;
    }
    l->block = service_block(z, q, l);
    if (ORD_LIKELY(l->block != NULL)) {
        // the header's lines: what the name answers, and where the rest is
        __builtin_prefetch(&l->block->set);
        __builtin_prefetch(&l->block->exists);
    }
}

void zone_lookup_block(const struct zone *z, const struct dns_query *q,
                       struct zone_lookup *l)
{
    (void)z;
    if (l->place < PLACE_SERVICE || !l->block)
        return;
    if (l->place == PLACE_ENDPOINT) {
        // where the label's search begins
        uint32_t first = (uint32_t)l->label_hash & l->block->index_mask;
        uint32_t offset = l->block->index[first];
        __builtin_prefetch(l->block->peers + offset);
    } else if (l->place == PLACE_SERVICE) {
        const struct zone_set *set = &l->block->set;
        __builtin_prefetch(q->qtype == DNS_TYPE_SRV ? set->srv.answer
                                                    : set->a.answer);
    } else if (l->place == PLACE_PORT) {
        __builtin_prefetch(l->block->ports);
    }
}

// --- what does it answer? --------------------------------------------------

static enum zone_outcome find_fixed(const struct zone_lookup *l, uint16_t qtype,
                                    struct zone_match *out)
{
    const struct zone_origin *origin = l->origin;
    bool any = qtype == DNS_TYPE_ANY;

    switch (l->place) {
    case PLACE_APEX:
        if (qtype == DNS_TYPE_NS)
            return found(out, &origin->ns);
        if (qtype != DNS_TYPE_SOA && !any)
            return ZONE_NODATA;
        out->form = ZONE_FORM_SOA;
        out->records = &origin->soa;
        return ZONE_FOUND;
    case PLACE_SERVER:
        if (qtype == DNS_TYPE_A || (any && origin->server_a.answer_count))
            return found(out, &origin->server_a);
        return qtype == DNS_TYPE_AAAA || any ? found(out, &origin->server_aaaa)
                                             : ZONE_NODATA;
    case PLACE_VERSION:
        return qtype == DNS_TYPE_TXT || any ? found(out, &origin->version)
                                            : ZONE_NODATA;
    case PLACE_EMPTY:
        return ZONE_NODATA;
    default:
        return ZONE_NXDOMAIN;
    }
}

static enum zone_outcome find_peer_srv(const struct zone_block *block,
                                       const struct zone_peer *peer,
                                       struct zone_match *out)
{
    if (peer->srv_count == 0)
        return ZONE_NODATA;
    out->form = ZONE_FORM_PEER_SRV;
    out->peer_srv = (struct zone_records){
        .answer = block->records + peer->srv_at,
        .answer_count = peer->srv_count,
        // one target: all its records are equally long
        .answer_n = peer->srv_count *
                    (uint32_t)(DNS_SRV_TARGET_AT + label_size(peer->label) +
                               block->suffix_n),
    };
    out->records = &out->peer_srv;
    out->weight = peer->srv_weight;
    out->a = peer_a(peer);
    out->a_count = peer->a_count;
    out->aaaa = peer_aaaa(peer);
    out->aaaa_count = peer->aaaa_count;
    return ZONE_FOUND;
}

static enum zone_outcome find_peer(const struct zone_block *block,
                                   const struct zone_peer *peer, uint16_t qtype,
                                   struct zone_match *out)
{
    bool any = qtype == DNS_TYPE_ANY;

    out->form = ZONE_FORM_PEER;
    out->a_count = out->aaaa_count = 0;
    if (peer->a_count && (qtype == DNS_TYPE_A || any)) {
        out->a = peer_a(peer);
        out->a_count = peer->a_count;
        return ZONE_FOUND;
    }
    if (peer->aaaa_count && (qtype == DNS_TYPE_AAAA || any)) {
        out->aaaa = peer_aaaa(peer);
        out->aaaa_count = peer->aaaa_count;
        return ZONE_FOUND;
    }
    return qtype == DNS_TYPE_SRV ? find_peer_srv(block, peer, out)
                                 : ZONE_NODATA;
}

// A label without one leading underscore (CoreDNS does not insist on it).
static struct span bare_label(const uint8_t *label)
{
    size_t skip = label[0] > 0 && label[1] == '_';
    return span_of(label + 1 + skip, label[0] - skip);
}

int lookup_protocol(const uint8_t *label)
{
    struct span bare = bare_label(label);
    // most labels that are asked for here in vain are longer
    if (bare.n < 3 || bare.n > 4)
        return -1;
    for (unsigned p = PROTOCOL_TCP; p <= PROTOCOL_SCTP; p++)
        if (span_equal(bare, span_of_text(protocol_label((enum protocol)p))))
            return (int)p;
    return -1;
}

const struct zone_port *lookup_port(const struct zone_block *block,
                                    const struct dns_query *q)
{
    return block_find_port(block, bare_label(q->name),
                           lookup_protocol(label_at(q, 1)));
}

static enum zone_outcome find_port(const struct zone *z,
                                   const struct zone_block *block,
                                   const struct dns_query *q,
                                   struct zone_match *out)
{
    const struct zone_port *port = lookup_port(block, q);

    if (port)
        return find_in_set(&port->set, q->qtype, out);
    return z->rules.zonal && lookup_is_zonal_part(block, q, 2) ? ZONE_NODATA
                                                               : ZONE_NXDOMAIN;
}

static enum zone_outcome find_endpoint(const struct zone *z,
                                       const struct zone_block *block,
                                       const struct dns_query *q,
                                       uint64_t label_hash,
                                       struct zone_match *out)
{
    const struct zone_peer *peer = block_find_peer(block, q->name, label_hash);
    if (ORD_LIKELY(peer != NULL))
        return find_peer(block, peer, q->qtype, out);
    // neither "_sctp" nor "_zone" is longer
    if (q->name[0] > 5)
        return ZONE_NXDOMAIN;
    // RFC 8020: "_tcp" exists because "_port._tcp" does
    int protocol = lookup_protocol(q->name);
    if (protocol >= 0 && block->protocols & 1u << protocol)
        return ZONE_NODATA;
    return z->rules.zonal && lookup_is_zonal_part(block, q, 1) ? ZONE_NODATA
                                                               : ZONE_NXDOMAIN;
}

static enum zone_outcome find_alias(const struct zone_block *block,
                                    struct zone_match *out)
{
    out->form = ZONE_FORM_CNAME;
    out->records = &block->cname;
    return ZONE_FOUND;
}

static enum zone_outcome finish_elsewhere(const struct zone *z,
                                          const struct dns_query *q,
                                          const struct zone_lookup *l,
                                          struct zone_match *out)
{
    if (l->place == PLACE_ADDRESS)
        return lookup_reverse_finish(z, l, q->qtype, out);
    return l->place == PLACE_POD ? lookup_pod_finish(l, q->qtype, out)
                                 : lookup_zonal_finish(q, l, out);
}

enum zone_outcome zone_lookup_finish(const struct zone *z,
                                     const struct dns_query *q,
                                     const struct zone_lookup *l,
                                     struct zone_match *out)
{
    if (ORD_UNLIKELY(l->place == PLACE_OUTSIDE))
        return ZONE_OUTSIDE;
    out->origin = l->origin;
    if (ORD_UNLIKELY(l->place < PLACE_SERVICE))
        return find_fixed(l, q->qtype, out);
    if (ORD_UNLIKELY(l->place >= PLACE_ADDRESS))
        return finish_elsewhere(z, q, l, out);
    if (!l->block || !l->block->exists)
        return ZONE_NXDOMAIN;
    // RFC 1034 3.6.2: a CNAME answers for every type; nothing is below it but
    // the server's own pod
    if (ORD_UNLIKELY(l->block->cname.answer_count > 0 &&
                     l->place != PLACE_ENDPOINT))
        return l->place == PLACE_SERVICE ? find_alias(l->block, out)
                                         : ZONE_NXDOMAIN;
    if (l->place == PLACE_SERVICE)
        return find_in_set(&l->block->set, q->qtype, out);
    if (l->place == PLACE_ENDPOINT)
        return find_endpoint(z, l->block, q, l->label_hash, out);
    return find_port(z, l->block, q, out);
}

enum zone_outcome zone_find(const struct zone *z, const struct dns_query *q,
                            struct zone_lookup *l, struct zone_match *out)
{
    zone_lookup_begin(z, q, l);
    zone_lookup_slot(z, q, l);
    zone_lookup_block(z, q, l);
    return zone_lookup_finish(z, q, l, out);
}

const uint8_t *zone_address_head(const struct zone *z, uint16_t type)
{
    return type == DNS_TYPE_A ? z->head_a : z->head_aaaa;
}

uint32_t zone_ttl_s(const struct zone *z)
{
    return z->ttl_s;
}
