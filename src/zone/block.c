// SPDX-License-Identifier: Apache-2.0
#include "block_build.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

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
    if (!build_is_type(b, SERVICE_EXTERNAL_NAME))
        return 0;
    int rc =
        dns_name_parse(s->object->service.external_name, &b->external, err);
    if (rc)
        return error_wrap(err, rc, "service '%s/%s': externalName",
                          s->namespace, s->name);
    return 0;
}

static bool has_service(const struct build *b, const struct zone_rules *rules)
{
    const struct endpoints *ends = &b->endpoints;

    if (build_is_headless(b))
        return ends->names_n > 0;
    if (build_is_type(b, SERVICE_CLUSTER_IP))
        return ends->set_n > 0 || !rules->ignore_empty_service;
    return b->service->object != NULL;
}

// All that the endpoints are read for, in the scratch arena.
static int collect(struct build *b, const struct zone_rules *rules)
{
    const struct service *s = b->service;
    struct endpoints *ends = &b->endpoints;

    b->has_service = b->exists = s->object != NULL;
    if ((!b->exists || build_is_type(b, SERVICE_EXTERNAL_NAME)) && !s->self)
        return 0;
    if (endpoints_collect(s, rules, &b->scratch, ends))
        return -ENOMEM;
    b->has_service = has_service(b, rules);
    // RFC 8020: it does where the server's own pod is named below it
    b->exists = b->has_service || s->self;
    // nothing is below a name that does not exist (RFC 8020)
    if (!b->exists)
        *ends = (struct endpoints){0};
    if (!b->exists)
        return 0;
    if (ports_collect(s, ends, &b->scratch, &b->ports))
        return -ENOMEM;
    if (!b->has_service)
        b->ports.names_n = 0;
    return rules->zonal && build_is_headless(b)
               ? topologies_collect(s, ends, b->suffix.n, &b->scratch,
                                    &b->topologies)
               : 0;
}

static int prepare(struct build *b, const struct block_settings *settings,
                   struct error *err)
{
    int rc = make_suffix(b, settings->domain, err);
    if (rc)
        return rc;
    b->seed = settings->hash_seed;
    b->pod_names = settings->rules.endpoint_pod_names;
    if (collect(b, &settings->rules) || build_collect_reasons(b))
        return -ENOMEM;

    struct render *r = &b->render;
    const size_t names = b->endpoints.names_n + (size_t)1;
    b->own = arena_array(&b->scratch, names, sizeof *b->own);
    b->peer_at = arena_array(&b->scratch, names, sizeof *b->peer_at);
    b->owners = arena_array(&b->scratch, b->endpoints.entries_n + (size_t)1,
                            sizeof *b->owners);
    b->port_sets = arena_array(&b->scratch, b->ports.names_n + (size_t)1,
                               sizeof *b->port_sets);
    b->topology_sets = arena_array(&b->scratch, b->topologies.n + (size_t)1,
                                   sizeof *b->topology_sets);
    r->numbers = arena_array(&b->scratch, b->ports.number_max + (size_t)1,
                             sizeof *r->numbers);
    r->targets = arena_array(&b->scratch, names, sizeof *r->targets);
    r->service = b->service;
    r->endpoints = &b->endpoints;
    r->pen.suffix = dns_name_view(&b->suffix);
    r->pen.ttl_s = settings->ttl_s;
    r->pen.octets_max = settings->octets_max;
    return b->own && b->peer_at && b->owners && b->port_sets &&
                   b->topology_sets && r->numbers && r->targets
               ? 0
               : -ENOMEM;
}

// --- one allocation --------------------------------------------------------

// Octets from the block's beginning.
struct layout {
    size_t ports;
    size_t topologies;
    size_t peers;
    size_t index;
    size_t owners;
    size_t records;
    size_t text;
    size_t lacks;
    size_t declared;
    size_t reasons;
    size_t end;
    uint32_t index_n;
};

static struct span port_name(const struct build *b, uint32_t i)
{
    return span_of_text(b->ports.by_name[b->ports.names[i].first].name);
}

static struct layout lay_out(struct build *b)
{
    struct layout l = {.ports = align(sizeof(struct zone_block))};
    uint32_t names = b->endpoints.names_n;

    // at most two thirds full: a miss looks at three slots on average
    l.index_n = 1;
    while (names && l.index_n < names + names / 2 + 1)
        l.index_n *= 2;
    l.topologies = l.ports + b->ports.names_n * sizeof(struct zone_port);
    l.peers =
        align(l.topologies + b->topologies.n * sizeof(struct zone_topology));
    l.index = align(l.peers + build_measure_peers(b));
    l.owners = l.index + l.index_n * sizeof(uint32_t);
    size_t records = build_draw(b, NULL);
    l.records = l.owners +
                sizeof(uint32_t) * (b->sorted.a_n + (size_t)b->sorted.aaaa_n);
    l.text = l.records + records;
    l.end = l.text + b->suffix.n;
    for (uint32_t i = 0; i < b->ports.names_n; i++)
        l.end += port_name(b, i).n;
    for (uint32_t i = 0; i < b->topologies.n; i++)
        l.end += b->topologies.items[i].name.n;
    const size_t lacks = build_measure_lacks(b);
    l.lacks = lacks ? align(l.end) : l.end;
    l.end = l.lacks + lacks;
    const size_t declared = build_measure_declared(b);
    l.declared = declared ? align(l.end) : l.end;
    l.reasons = l.declared + declared;
    l.end = l.reasons + b->reasons.octets;
    return l;
}

// Put a name where its block keeps text, in lower case.
static struct span keep_name(struct span name, uint8_t **text)
{
    uint8_t *to = dns_fold(*text, name.p, name.n);

    *text += name.n;
    return span_of(to, name.n);
}

static void fill_ports(const struct build *b, const struct layout *l,
                       uint8_t **text, struct zone_block *out)
{
    struct zone_port *ports =
        (struct zone_port *)(void *)((uint8_t *)out + l->ports);

    for (uint32_t i = 0; i < b->ports.names_n; i++) {
        ports[i] = (struct zone_port){
            .name = keep_name(port_name(b, i), text),
            .protocol = b->ports.by_name[b->ports.names[i].first].protocol,
            .set = b->port_sets[i],
        };
        out->protocols |= (uint8_t)(1u << ports[i].protocol);
    }
    out->ports = ports;
    out->ports_n = b->ports.names_n;
}

static void fill_topologies(const struct build *b, const struct layout *l,
                            uint8_t **text, struct zone_block *out)
{
    struct zone_topology *topologies =
        (struct zone_topology *)(void *)((uint8_t *)out + l->topologies);

    for (uint32_t i = 0; i < b->topologies.n; i++)
        topologies[i] = (struct zone_topology){
            .name = keep_name(b->topologies.items[i].name, text),
            .set = b->topology_sets[i],
        };
    out->topologies = topologies;
    out->topologies_n = b->topologies.n;
}

static void fill_peers(const struct build *b, const struct layout *l,
                       struct zone_block *out)
{
    uint8_t *base = (uint8_t *)out;
    uint32_t *index = (uint32_t *)(void *)(base + l->index);
    uint32_t *owners = (uint32_t *)(void *)(base + l->owners);
    const uint32_t addresses = b->sorted.a_n + b->sorted.aaaa_n;

    build_fill_peers(b, base + l->peers, index, l->index_n - 1, b->seed);
    for (uint32_t i = 0; i < addresses; i++)
        owners[i] = b->peer_at[b->owners[i]];
    out->peers_n = b->endpoints.names_n;
    out->peers = base + l->peers;
    out->index_mask = l->index_n - 1;
    out->index = index;
    out->sorted_a = b->sorted.a;
    out->sorted_aaaa = b->sorted.aaaa;
    out->sorted_a_n = b->sorted.a_n;
    out->sorted_aaaa_n = b->sorted.aaaa_n;
    out->owner_a = owners;
    out->owner_aaaa = owners + out->sorted_a_n;
}

static void fill(struct build *b, const struct layout *l,
                 struct zone_block *out)
{
    uint8_t *base = (uint8_t *)out;
    uint8_t *text = base + l->text;
    const struct service *s = b->service;

    const size_t drawn = build_draw(b, base + l->records);
    assert(l->records + drawn == l->text);
    out->set = b->set;
    out->cname = b->cname;
    out->is_headless = build_is_headless(b);
    out->exists = b->exists;
    out->is_missing = !s->object;
    out->suffix = keep_name(dns_name_view(&b->suffix), &text).p;
    out->suffix_n = b->suffix.n;
    out->records = base + l->records;
    out->octets = l->end;
    if (build_is_type(b, SERVICE_CLUSTER_IP)) {
        out->cluster_ips_n = s->addresses_n;
        memcpy(out->cluster_ips, s->addresses, sizeof out->cluster_ips);
    }
    fill_peers(b, l, out);
    fill_ports(b, l, &text, out);
    fill_topologies(b, l, &text, out);
    assert(text <= base + l->lacks);
    build_fill_declared(b, base + l->declared, l->reasons, out);
    build_fill_reasons(b, l->lacks, l->reasons, out);
}

static int allocate(struct build *b, size_t octets_max, struct zone_block **out,
                    struct error *err)
{
    struct layout l = lay_out(b);

    // offsets into a block have 32 bits
    if (l.end > octets_max || l.end > UINT32_MAX)
        return error_set(err, -EFBIG,
                         "service '%s/%s' would take more than the %zu octets "
                         "of answers that a service may; split it",
                         b->service->namespace, b->service->name, octets_max);
    struct zone_block *block = calloc(1, l.end);
    if (!block)
        return -ENOMEM;
    fill(b, &l, block);
    *out = block;
    return 0;
}

int block_new(const struct service *s, const struct block_settings *settings,
              struct zone_block **out, struct error *err)
{
    struct build b = {.service = s, .texts = settings->texts};
    // No budget: what is needed follows from the endpoints that are there, and
    // too many of them are -EFBIG, which ends the matter. -ENOMEM would have
    // the service tried again for ever, and the zone never complete.
    arena_init(&b.scratch, SIZE_MAX);

    int rc = prepare(&b, settings, err);
    if (rc == 0)
        rc = allocate(&b, settings->octets_max, out, err);
    if (rc)
        build_drop_reasons(&b);
    if (rc == -ENOMEM)
        error_set(err, rc, "service '%s/%s': no memory for its answers",
                  s->namespace, s->name);
    arena_release(&b.scratch);
    return rc;
}

void block_free(const struct zone_block *b)
{
    if (b && b->shared) {
        why_unshare(b->shared, b->why_port);
        why_unshare(b->shared, b->why_protocol);
    }
    free((void *)(uintptr_t)b);
}
