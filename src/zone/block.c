// SPDX-License-Identifier: Apache-2.0
#include "block.h"

#include "dns/record.h"
#include "endpoints.h"
#include "render.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

// `peers` begins with so many octets, so that no peer has offset 0
enum { PEERS_PAD = 4 };

// A block while it is made.
struct build {
    const struct service *service;
    struct arena scratch;
    struct endpoints endpoints;
    struct render render;
    struct dns_name suffix;
    struct dns_name external;
    bool one_port; // all endpoints have the same single port
    // by name
    uint32_t *srv_at;
    uint16_t *srv_count;
    uint32_t *peer_at;
    // by address
    uint32_t *owners;
    // what is drawn
    struct zone_set set;
    struct zone_set sorted;
    struct zone_records cname;
    struct zone_port *ports;
    uint32_t ports_n;
};

static bool is_headless(const struct build *b)
{
    return b->service->object->service.type == SERVICE_HEADLESS;
}

static size_t align(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

// --- what there is ---------------------------------------------------------

static int make_suffix(struct build *b, const struct dns_name *domain,
                       struct error *err)
{
    const struct service *s = b->service;

    b->suffix = *domain;
    if (dns_name_prepend(&b->suffix, span_of_text("svc")) ||
        dns_name_prepend(&b->suffix, span_of_text(s->namespace)) ||
        dns_name_prepend(&b->suffix, span_of_text(s->name)))
        return error_set(err, -EINVAL,
                         "service '%s/%s' has a name that does not fit into "
                         "DNS; a label has 1 to 63 octets, a name 255",
                         s->namespace, s->name);
    dns_name_fold(&b->suffix);
    if (s->object->service.type != SERVICE_EXTERNAL_NAME)
        return 0;
    int rc =
        dns_name_parse(s->object->service.external_name, &b->external, err);
    if (rc)
        return error_wrap(err, rc, "service '%s/%s': externalName",
                          s->namespace, s->name);
    return 0;
}

static void add_port(struct build *b, const char *name, uint8_t protocol)
{
    struct span label = span_of_text(name);

    for (uint32_t i = 0; i < b->ports_n; i++)
        if (span_equal(b->ports[i].name, label) &&
            b->ports[i].protocol == protocol)
            return;
    b->ports[b->ports_n++] =
        (struct zone_port){.name = label, .protocol = protocol};
}

// RFC 8020: a port that no endpoint serves is no name.
static bool is_served(const struct slice_facts *slice)
{
    for (uint32_t i = 0; i < slice->endpoints_n; i++)
        if (endpoint_counts(&slice->endpoints[i]))
            return true;
    return false;
}

// All named ports, each once, and room for the numbers of any one name.
static int collect_ports(struct build *b)
{
    const struct service *s = b->service;
    const struct service_facts *facts = &s->object->service;
    size_t n = facts->ports_n;

    for (uint32_t i = 0; i < s->slices_n; i++)
        n += s->slices[i]->ports_n;
    b->ports = arena_array(&b->scratch, n + 1, sizeof *b->ports);
    b->render.numbers = arena_array(&b->scratch, n + 1, sizeof(uint16_t));
    if (!b->ports || !b->render.numbers)
        return -ENOMEM;
    if (facts->type == SERVICE_CLUSTER_IP)
        for (uint32_t i = 0; i < facts->ports_n; i++)
            if (facts->ports[i].name[0])
                add_port(b, facts->ports[i].name, facts->ports[i].protocol);
    if (facts->type != SERVICE_HEADLESS)
        return 0;
    for (uint32_t i = 0; i < s->slices_n; i++) {
        const struct slice_facts *slice = s->slices[i];
        uint32_t ports_n = is_served(slice) ? slice->ports_n : 0;
        for (uint32_t k = 0; k < ports_n; k++)
            if (slice->ports[k].number && slice->ports[k].name[0])
                add_port(b, slice->ports[k].name, slice->ports[k].protocol);
    }
    return 0;
}

// Whether each endpoint has just the one named port: then the service's own
// answers are the port's.
static bool has_one_port(const struct build *b)
{
    const struct service *s = b->service;

    if (b->ports_n != 1)
        return false;
    for (uint32_t i = 0; i < s->slices_n; i++)
        if (s->slices[i]->ports_n != 1 || s->slices[i]->ports[0].number == 0 ||
            !s->slices[i]->ports[0].name[0])
            return false;
    return true;
}

static int prepare(struct build *b, const struct dns_name *domain,
                   struct error *err)
{
    int rc = make_suffix(b, domain, err);
    if (rc)
        return rc;
    bool below = b->service->object->service.type != SERVICE_EXTERNAL_NAME;
    if (below && endpoints_collect(b->service, &b->scratch, &b->endpoints))
        return -ENOMEM;
    if (collect_ports(b))
        return -ENOMEM;
    b->one_port = has_one_port(b);

    size_t names = b->endpoints.names_n + 1,
           entries = b->endpoints.entries_n + 1;
    b->srv_at = arena_array(&b->scratch, names, sizeof *b->srv_at);
    b->srv_count = arena_array(&b->scratch, names, sizeof *b->srv_count);
    b->peer_at = arena_array(&b->scratch, names, sizeof *b->peer_at);
    b->owners = arena_array(&b->scratch, entries, sizeof *b->owners);
    b->render.targets = arena_array(&b->scratch, names, sizeof(size_t));
    b->render.service = b->service;
    b->render.endpoints = &b->endpoints;
    b->render.suffix = dns_name_view(&b->suffix);
    return b->srv_at && b->srv_count && b->peer_at && b->owners &&
                   b->render.targets
               ? 0
               : -ENOMEM;
}

// --- records: drawn twice, first to measure --------------------------------

// Until the block is filled, a port's name is the fact's own text.
static struct port_filter filter_of(const struct zone_port *port)
{
    return (struct port_filter){.name = (const char *)port->name.p,
                                .protocol = port->protocol};
}

static void draw_headless(struct build *b)
{
    const struct port_filter all = {0};
    struct render *r = &b->render;

    render_addresses(r, &all, &b->sorted, b->owners);
    b->set = b->sorted;
    render_srv(r, &all, &b->set.srv, b->srv_at, b->srv_count);
    render_extras(r, &b->set.srv);
    for (uint32_t i = 0; i < b->ports_n; i++) {
        struct zone_port *port = &b->ports[i];
        if (b->one_port) {
            port->set = b->set;
            continue;
        }
        struct port_filter f = filter_of(port);
        render_addresses(r, &f, &port->set, NULL);
        render_srv(r, &f, &port->set.srv, NULL, NULL);
        render_extras(r, &port->set.srv);
    }
}

static void draw_cluster_ip(struct build *b)
{
    const struct port_filter all = {0};
    struct render *r = &b->render;
    struct zone_records peers_only;

    render_cluster_ip(r, &all, &b->set);
    for (uint32_t i = 0; i < b->ports_n; i++) {
        struct port_filter f = filter_of(&b->ports[i]);
        render_cluster_ip(r, &f, &b->ports[i].set);
    }
    render_addresses(r, &all, &b->sorted, b->owners);
    render_srv(r, &all, &peers_only, b->srv_at, b->srv_count);
}

static size_t draw(struct build *b, uint8_t *to)
{
    b->render.pen = (struct pen){.to = to};
    switch (b->service->object->service.type) {
    case SERVICE_HEADLESS:
        draw_headless(b);
        break;
    case SERVICE_CLUSTER_IP:
        draw_cluster_ip(b);
        break;
    default:
        render_cname(&b->render, dns_name_view(&b->external), &b->cname);
    }
    return b->render.pen.n;
}

// --- peers -----------------------------------------------------------------

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

static size_t peers_size(struct build *b)
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

    peer->srv_at = b->srv_at[i];
    peer->srv_count = b->srv_count[i];
    peer->srv_weight = render_name_weight(&b->render, name);
    peer->managed = name->managed;
    uint8_t *label = (uint8_t *)peer + offsetof(struct zone_peer, label);
    label[0] = name->label_n;
    memcpy(label + 1, name->label, name->label_n);
    uint8_t *to = label + 1 + name->label_n;
    peer->a_count = put_addresses(b, name, FAMILY_IPV4, to);
    to += 4u * peer->a_count;
    peer->aaaa_count = put_addresses(b, name, FAMILY_IPV6, to);
}

static void fill_index(const struct build *b, uint32_t *index, uint32_t mask,
                       const uint8_t *peers, uint64_t seed)
{
    for (uint32_t i = 0; i < b->endpoints.names_n; i++) {
        const uint8_t *label =
            peers + b->peer_at[i] + offsetof(struct zone_peer, label);
        uint32_t slot = (uint32_t)block_label_hash(seed, label);
        while (index[slot & mask])
            slot++;
        index[slot & mask] = b->peer_at[i];
    }
}

// --- one allocation --------------------------------------------------------

// Octets from the block's beginning.
struct layout {
    size_t ports;
    size_t peers;
    size_t index;
    size_t owners;
    size_t records;
    size_t text;
    size_t end;
    uint32_t index_n;
};

static struct layout lay_out(struct build *b)
{
    struct layout l = {.ports = align(sizeof(struct zone_block))};
    uint32_t names = b->endpoints.names_n;

    // at most two thirds full: a miss looks at three slots on average
    l.index_n = 1;
    while (names && l.index_n < names + names / 2 + 1)
        l.index_n *= 2;
    l.peers = align(l.ports + b->ports_n * sizeof(struct zone_port));
    l.index = align(l.peers + peers_size(b));
    l.owners = l.index + l.index_n * sizeof(uint32_t);
    size_t records = draw(b, NULL);
    l.records =
        l.owners + sizeof(uint32_t) * (b->sorted.a.answer_count +
                                       (size_t)b->sorted.aaaa.answer_count);
    l.text = l.records + records;
    l.end = l.text + b->suffix.n;
    for (uint32_t i = 0; i < b->ports_n; i++)
        l.end += b->ports[i].name.n;
    return l;
}

static void fill_ports(struct build *b, struct zone_port *ports, uint8_t *text,
                       struct zone_block *out)
{
    for (uint32_t i = 0; i < b->ports_n; i++) {
        ports[i] = b->ports[i];
        for (size_t k = 0; k < ports[i].name.n; k++)
            text[k] = dns_fold_octet(b->ports[i].name.p[k]);
        ports[i].name.p = text;
        text += ports[i].name.n;
        out->protocols |= (uint8_t)(1u << ports[i].protocol);
    }
}

static void fill(struct build *b, const struct layout *l, uint64_t seed,
                 struct zone_block *out)
{
    uint8_t *base = (uint8_t *)out;
    const struct service *s = b->service;
    uint32_t *index = (uint32_t *)(void *)(base + l->index);
    uint32_t *owners = (uint32_t *)(void *)(base + l->owners);

    size_t drawn = draw(b, base + l->records);
    assert(l->records + drawn == l->text);
    for (uint32_t i = 0; i < b->endpoints.names_n; i++)
        fill_peer(b, i, base + l->peers);
    fill_index(b, index, l->index_n - 1, base + l->peers, seed);
    uint32_t addresses =
        b->sorted.a.answer_count + (uint32_t)b->sorted.aaaa.answer_count;
    for (uint32_t i = 0; i < addresses; i++)
        owners[i] = b->peer_at[b->owners[i]];
    memcpy(base + l->text, b->suffix.wire, b->suffix.n);

    out->set = b->set;
    out->cname = b->cname;
    out->is_headless = is_headless(b);
    out->exists = !is_headless(b) || b->endpoints.names_n > 0;
    out->suffix_n = b->suffix.n;
    out->peers_n = b->endpoints.names_n;
    out->index_mask = l->index_n - 1;
    out->ports_n = b->ports_n;
    out->suffix = base + l->text;
    out->index = index;
    out->peers = base + l->peers;
    out->records = base + l->records;
    out->ports = (const struct zone_port *)(const void *)(base + l->ports);
    out->sorted_a = b->sorted.a.answer;
    out->sorted_aaaa = b->sorted.aaaa.answer;
    out->sorted_a_n = b->sorted.a.answer_count;
    out->sorted_aaaa_n = b->sorted.aaaa.answer_count;
    out->owner_a = owners;
    out->owner_aaaa = owners + out->sorted_a_n;
    if (s->object->service.type == SERVICE_CLUSTER_IP) {
        out->cluster_ips_n = s->addresses_n;
        memcpy(out->cluster_ips, s->addresses, sizeof out->cluster_ips);
    }
    out->octets = l->end;
    fill_ports(b, (struct zone_port *)(void *)(base + l->ports),
               base + l->text + b->suffix.n, out);
}

static int allocate(struct build *b, size_t octets_max, uint64_t seed,
                    struct zone_block **out, struct error *err)
{
    struct layout l = lay_out(b);

    // offsets into a block have 32 bits
    if (l.end > octets_max || l.end > UINT32_MAX)
        return error_set(err, -EFBIG,
                         "service '%s/%s' would take %zu octets of answers, "
                         "more than the %zu allowed; split it",
                         b->service->namespace, b->service->name, l.end,
                         octets_max);
    struct zone_block *block = calloc(1, l.end);
    if (!block)
        return -ENOMEM;
    fill(b, &l, seed, block);
    *out = block;
    return 0;
}

int block_new(const struct service *s, const struct block_settings *settings,
              struct zone_block **out, struct error *err)
{
    struct build b = {.service = s};
    b.render.ttl_s = settings->ttl_s;
    // No budget: what is needed follows from the endpoints that are there, and
    // too many of them are -EFBIG, which ends the matter. -ENOMEM would have
    // the service tried again for ever, and the zone never complete.
    arena_init(&b.scratch, SIZE_MAX);

    int rc = prepare(&b, settings->domain, err);
    if (rc == 0)
        rc = allocate(&b, settings->octets_max, settings->hash_seed, out, err);
    if (rc == -ENOMEM)
        error_set(err, rc, "service '%s/%s': no memory for its answers",
                  s->namespace, s->name);
    arena_release(&b.scratch);
    return rc;
}

void block_free(const struct zone_block *b)
{
    free((void *)(uintptr_t)b);
}
