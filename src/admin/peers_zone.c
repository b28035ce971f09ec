// SPDX-License-Identifier: Apache-2.0
// The peers as the zone has them. What is sent over DNS has a limit of 64 KiB;
// here the same records are read where they stand.
#include "peers.h"

#include "base/hash.h"
#include "dns/edns.h"
#include "dns/query.h"
#include "dns/record.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum {
    ALIASES_MAX = 8,
    DIGEST_BITS = 53, // of an IEEE double, which many readers of JSON make
};

// --- asking ----------------------------------------------------------------

struct asked {
    struct dns_query q;
    struct zone_lookup lookup;
    struct zone_match match;
    enum zone_outcome outcome;
    struct zone_fault fault;
    uint8_t message[DNS_QUERY_MAX];
};

static void ask(const struct zone *z, const struct dns_name *name,
                uint16_t type, struct asked *out)
{
    const size_t n = dns_query_write(out->message, name, type, DNS_UDP_MIN);
    const enum dns_verdict verdict =
        dns_query_parse(span_of(out->message, n), &out->q);

    assert(verdict == DNS_QUERY_OK);
    out->lookup = (struct zone_lookup){0};
    out->fault = (struct zone_fault){0};
    if (zone_has_faults(z))
        out->fault = zone_find_fault(z, &out->q);
    out->outcome = zone_find(z, &out->q, &out->lookup, &out->match);
}

// The next record of a match's, and its RDATA; false at the end.
static bool next_record(struct bytes_in *in, uint16_t type, struct span *rdata)
{
    while (bytes_in_left(in)) {
        (void)bytes_in_u16(in);
        const uint16_t is = bytes_in_u16(in);
        (void)bytes_in_take(in, 2 + 4); // class, TTL
        *rdata = bytes_in_take(in, bytes_in_u16(in));
        assert(bytes_in_ok(in));
        if (is == type)
            return true;
    }
    return false;
}

static struct bytes_in records_of(const struct asked *a)
{
    const struct zone_records *r = a->match.records;
    const bool has =
        a->outcome == ZONE_FOUND && (a->match.form == ZONE_FORM_RECORDS ||
                                     a->match.form == ZONE_FORM_PEER_SRV ||
                                     a->match.form == ZONE_FORM_CNAME);
    return bytes_in_of(has ? span_of(r->answer, r->answer_n) : span_of("", 0));
}

static void name_of(struct span wire, struct dns_name *out)
{
    assert(wire.n <= DNS_NAME_MAX);
    out->n = (uint8_t)wire.n;
    memcpy(out->wire, wire.p, wire.n);
    dns_name_fold(out);
}

// --- the list --------------------------------------------------------------

// Room for one more behind n items. They move when n is a power of two.
static void *grow(struct arena *arena, void *items, size_t n, size_t size)
{
    if (n & (n - 1))
        return items;
    void *more = arena_array(arena, n ? 2 * n : 1, size);
    if (more && n)
        memcpy(more, items, n * size);
    return more;
}

static int add(struct told_peers *p, const struct dns_name *name,
               struct told_peer **out)
{
    struct told_peer *items = grow(&p->arena, p->items, p->n, sizeof *items);

    if (!items)
        return -ENOMEM;
    p->items = items;
    *out = &items[p->n++];
    **out = (struct told_peer){.name = *name, .ready = true};
    return 0;
}

static int add_port(struct told_peers *p, struct told_peer *peer,
                    uint16_t number)
{
    struct told_port *ports =
        grow(&p->arena, peer->ports, peer->ports_n, sizeof *ports);

    if (!ports)
        return -ENOMEM;
    peer->ports = ports;
    ports[peer->ports_n++] = (struct told_port){"", "", number};
    return 0;
}

// octets: of an address of this family
static int add_address(struct told_peers *p, struct told_peer *peer,
                       uint8_t family, const uint8_t *octets)
{
    struct address *addresses =
        grow(&p->arena, peer->addresses, peer->addresses_n, sizeof *addresses);

    if (!addresses)
        return -ENOMEM;
    peer->addresses = addresses;
    struct address *a = &addresses[peer->addresses_n++];
    a->family = family;
    memcpy(a->octets, octets, family_size(family));
    return 0;
}

// --- addresses -------------------------------------------------------------

// Those of one type that a name has, one after the other.
struct octets {
    const uint8_t *p; // of a peer's name; otherwise in the records
    size_t n;
    struct bytes_in in;
};

static struct octets octets_of(const struct asked *a, uint8_t family)
{
    struct octets o = {.in = records_of(a)};

    if (a->outcome == ZONE_FOUND && a->match.form == ZONE_FORM_PEER) {
        o.p = family == FAMILY_IPV4 ? a->match.a : a->match.aaaa;
        o.n = family == FAMILY_IPV4 ? a->match.a_count : a->match.aaaa_count;
    }
    if (a->fault.no_aaaa && family == FAMILY_IPV6)
        o = (struct octets){.n = 0};
    return o;
}

static const uint8_t *next_octets(struct octets *o, uint8_t family)
{
    struct span rdata;

    if (o->n) {
        const uint8_t *at = o->p;
        o->p += family_size(family);
        o->n--;
        return at;
    }
    if (o->in.at == o->in.end ||
        !next_record(&o->in, family == FAMILY_IPV4 ? DNS_TYPE_A : DNS_TYPE_AAAA,
                     &rdata))
        return NULL;
    return rdata.p;
}

static const uint8_t families[] = {FAMILY_IPV4, FAMILY_IPV6};

static int each_address(const struct zone *z, const struct dns_name *name,
                        int (*visit)(const struct zone *z, struct told_peers *p,
                                     struct told_peer *peer, uint8_t family,
                                     const uint8_t *octets),
                        struct told_peers *p, struct told_peer *peer)
{
    struct asked a;
    int rc = 0;

    for (size_t i = 0; i < ORD_COUNT(families) && rc == 0; i++) {
        const uint8_t *octets;
        ask(z, name, families[i] == FAMILY_IPV4 ? DNS_TYPE_A : DNS_TYPE_AAAA,
            &a);
        struct octets o = octets_of(&a, families[i]);
        while (rc == 0 && (octets = next_octets(&o, families[i])))
            rc = visit(z, p, peer, families[i], octets);
    }
    return rc;
}

static int on_target_address(const struct zone *z, struct told_peers *p,
                             struct told_peer *peer, uint8_t family,
                             const uint8_t *octets)
{
    (void)z;
    return add_address(p, peer, family, octets);
}

// --- SRV -------------------------------------------------------------------

static int add_target(const struct zone *z, struct told_peers *p,
                      struct span rdata, struct told_peer **last)
{
    struct dns_name target;
    int rc = 0;

    name_of(span_of(rdata.p + 6, rdata.n - 6), &target);
    // the ports of one target stand together
    if (!*last ||
        !span_equal(dns_name_view(&(*last)->name), dns_name_view(&target))) {
        rc = add(p, &target, last);
        if (rc == 0)
            rc = each_address(z, &target, on_target_address, p, *last);
    }
    return rc ? rc : add_port(p, *last, bytes_load_u16(rdata.p + 4));
}

static int add_targets(const struct zone *z, const struct asked *a,
                       struct told_peers *p)
{
    struct bytes_in in = records_of(a);
    struct told_peer *last = NULL;
    struct span rdata;
    int rc = 0;

    while (rc == 0 && next_record(&in, DNS_TYPE_SRV, &rdata))
        rc = add_target(z, p, rdata, &last);
    return rc;
}

// --- without SRV -----------------------------------------------------------

// What an address is called; nothing where it has no PTR record.
static void reverse(const struct zone *z, const struct address *a,
                    struct dns_name *out)
{
    struct dns_name name;
    struct asked asked;

    dns_name_of_address(a, 8u * address_size(a), &name);
    ask(z, &name, DNS_TYPE_PTR, &asked);
    out->n = 0;
    if (asked.outcome != ZONE_FOUND || asked.match.form != ZONE_FORM_PTR)
        return;
    const struct span label = asked.match.label, suffix = asked.match.suffix;
    memcpy(out->wire, label.p, label.n);
    memcpy(out->wire + label.n, suffix.p, suffix.n);
    out->n = (uint8_t)(label.n + suffix.n);
}

// A peer's addresses of two families come in the same order: the look begins
// behind the one that was found last.
static struct told_peer *find_named(struct told_peers *p,
                                    const struct dns_name *name)
{
    for (size_t i = 0; name->n && i < p->n; i++) {
        const size_t at = (p->next + i) % p->n;
        if (span_equal(dns_name_view(&p->items[at].name),
                       dns_name_view(name))) {
            p->next = at + 1;
            return &p->items[at];
        }
    }
    return NULL;
}

static int on_set_address(const struct zone *z, struct told_peers *p,
                          struct told_peer *peer, uint8_t family,
                          const uint8_t *octets)
{
    struct address a = {.family = family};
    struct dns_name name;
    int rc = 0;

    memcpy(a.octets, octets, family_size(family));
    reverse(z, &a, &name);
    peer = family == FAMILY_IPV6 ? find_named(p, &name) : NULL;
    if (!peer)
        rc = add(p, &name, &peer);
    return rc ? rc : add_address(p, peer, family, octets);
}

// --- why not ---------------------------------------------------------------

static uint16_t rcode_of(const struct asked *a)
{
    if (a->fault.servfail)
        return DNS_RCODE_SERVFAIL;
    switch (a->outcome) {
    case ZONE_NXDOMAIN:
        return DNS_RCODE_NXDOMAIN;
    case ZONE_OUTSIDE:
        return DNS_RCODE_REFUSED;
    default:
        return DNS_RCODE_NOERROR;
    }
}

static struct span reason_of(const struct zone *z, const struct asked *a)
{
    if (a->fault.servfail)
        return span_of_text("fault servfail");
    if (a->outcome == ZONE_FOUND)
        return (struct span){0};
    const struct zone_reason *why = zone_why(z, &a->q, &a->lookup, a->outcome);
    return span_of(why->option + ZONE_REASON_TEXT_AT, why->text_n);
}

// --- all of it -------------------------------------------------------------

// The name at the end of its aliases, asked for SRV.
static void follow(const struct zone *z, const struct dns_name *name,
                   struct dns_name *last, struct asked *a)
{
    struct span rdata;

    *last = *name;
    ask(z, last, DNS_TYPE_SRV, a);
    for (int i = 0; i < ALIASES_MAX && a->outcome == ZONE_FOUND &&
                    a->match.form == ZONE_FORM_CNAME;
         i++) {
        struct bytes_in in = records_of(a);
        if (!next_record(&in, DNS_TYPE_CNAME, &rdata))
            return;
        name_of(rdata, last);
        ask(z, last, DNS_TYPE_SRV, a);
    }
}

static int find(const struct zone *z, const struct dns_name *name,
                struct told_peers *p)
{
    struct dns_name last;
    struct asked a;
    int rc = 0;

    follow(z, name, &last, &a);
    p->rcode = rcode_of(&a);
    if (p->rcode == DNS_RCODE_NOERROR && a.outcome == ZONE_FOUND)
        rc = add_targets(z, &a, p);
    if (p->rcode == DNS_RCODE_NOERROR && a.outcome == ZONE_NODATA)
        rc = each_address(z, &last, on_set_address, p, NULL);
    if (rc || p->n)
        return rc;
    const struct span why = reason_of(z, &a);
    p->reason = why.n ? arena_text(&p->arena, why.p, why.n) : "";
    return p->reason ? 0 : -ENOMEM;
}

int told_peers_of_zone(const struct zone *z, const struct dns_name *name,
                       struct told_peers *out)
{
    *out = (struct told_peers){.reason = ""};
    arena_init(&out->arena, SIZE_MAX);
    return find(z, name, out);
}

void told_peers_release(struct told_peers *p)
{
    arena_release(&p->arena);
}

// --- digests ---------------------------------------------------------------

static uint64_t digest(uint64_t from, struct span s)
{
    return hash_bytes(from, s.p, s.n);
}

// Of SRV records the octets themselves, as long as they have the addresses with
// them: they have not where no message could hold them, nor a peer's own.
static bool digest_records(const struct asked *a, uint64_t *h)
{
    const struct zone_records *r = a->match.records;

    if (a->outcome != ZONE_FOUND || a->match.form != ZONE_FORM_RECORDS ||
        r->extra_n == 0)
        return false;
    *h = digest(*h, span_of(r->answer, r->answer_n));
    *h = digest(*h, span_of(r->extra, r->extra_n));
    return true;
}

static int digest_peers(const struct zone *z, const struct dns_name *name,
                        uint64_t *h)
{
    struct told_peers p;
    const int rc = told_peers_of_zone(z, name, &p);

    for (size_t i = 0; i < p.n; i++) {
        const struct told_peer *peer = &p.items[i];
        *h = digest(*h, dns_name_view(&peer->name));
        for (uint32_t k = 0; k < peer->addresses_n; k++)
            *h = digest(*h, span_of(peer->addresses[k].octets,
                                    sizeof peer->addresses[k].octets));
        for (uint32_t k = 0; k < peer->ports_n; k++)
            *h = digest(*h, span_of(&peer->ports[k].number,
                                    sizeof peer->ports[k].number));
    }
    told_peers_release(&p);
    return rc;
}

int told_peers_digest(const struct zone *z, const struct dns_name *name,
                      uint64_t *out)
{
    struct dns_name last;
    struct asked a;
    int rc = 0;

    follow(z, name, &last, &a);
    const uint16_t begin[] = {rcode_of(&a), a.fault.no_aaaa};
    uint64_t h = digest(0, span_of(begin, sizeof begin));
    h = digest(h, reason_of(z, &a));
    if (begin[0] == DNS_RCODE_NOERROR && !digest_records(&a, &h))
        rc = digest_peers(z, &last, &h);
    *out = h >> (64 - DIGEST_BITS);
    return rc;
}
