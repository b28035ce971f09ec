// SPDX-License-Identifier: Apache-2.0
// One number for all facts of an object, so that a text which was read again
// and says the same changes nothing. It is compared with digests of the same
// process only.
#include "decode_workload.h"

#include "base/hash.h"

static uint64_t mix_text(uint64_t h, const char *text)
{
    return hash_bytes(h, (const uint8_t *)text, strlen(text));
}

static uint64_t mix_number(uint64_t h, uint64_t n)
{
    return hash_mix(h ^ 0xa0761d6478bd642f, n ^ 0xe7037ed1a0b428db);
}

// Lengths go in before lists: moving an item from one list to the next differs.
static uint64_t mix_labels(uint64_t h, struct labels labels)
{
    h = mix_number(h, labels.n);
    for (uint32_t i = 0; i < labels.n; i++)
        h = mix_text(mix_text(h, labels.items[i].key), labels.items[i].value);
    return h;
}

static uint64_t mix_addresses(uint64_t h, const struct address *a, uint32_t n)
{
    h = mix_number(h, n);
    for (uint32_t i = 0; i < n; i++)
        h = hash_bytes(mix_number(h, a[i].family), a[i].octets,
                       address_size(&a[i]));
    return h;
}

static uint64_t mix_service(uint64_t h, const struct service_facts *s)
{
    h = mix_number(
        h, (uint64_t)s->type | (uint64_t)s->policy << 8 |
               (uint64_t)s->publish_not_ready_addresses << 16 |
               (uint64_t)s->has_selector << 17 | (uint64_t)s->families_n << 24 |
               (uint64_t)s->families[0] << 32 | (uint64_t)s->families[1] << 40 |
               (uint64_t)s->names << 48 | (uint64_t)s->set << 56);
    h = mix_addresses(h, s->addresses, s->addresses_n);
    h = mix_text(h, s->external_name);
    h = mix_labels(h, s->selector);
    h = mix_number(h, s->ports_n);
    for (uint32_t i = 0; i < s->ports_n; i++) {
        const struct service_port *p = &s->ports[i];
        h = mix_number(h, (uint64_t)p->number | (uint64_t)p->target << 16 |
                              (uint64_t)p->protocol << 32);
        h = mix_text(mix_text(h, p->name), p->target_name);
    }
    return h;
}

// What an address is called, where that is not RFC 5952's affair.
static uint64_t mix_texts(uint64_t h, const struct slice_facts *s,
                          const struct endpoint *e, size_t size)
{
    for (uint32_t i = 0; i < e->addresses_n; i++) {
        const char *text = slice_address_text(s, e->addresses + i * size);
        if (text)
            h = mix_text(mix_number(h, i), text);
    }
    return h;
}

static uint64_t mix_endpoint(uint64_t h, const struct endpoint *e, size_t size)
{
    // one text for both where they are equal: half of the work saved
    const bool same = e->pod == e->hostname || strcmp(e->pod, e->hostname) == 0;
    h = mix_number(h, (uint64_t)e->addresses_n | (uint64_t)e->ready << 16 |
                          (uint64_t)e->serving << 17 |
                          (uint64_t)e->terminating << 18 |
                          (uint64_t)same << 19 | (uint64_t)e->zone << 32);
    h = hash_bytes(h, e->addresses, e->addresses_n * size);
    h = mix_text(h, e->hostname);
    return same ? h : mix_text(h, e->pod);
}

static uint64_t mix_slice(uint64_t h, const struct slice_facts *s)
{
    const size_t size = s->family == FAMILY_IPV4 ? 4 : 16;
    h = mix_text(mix_number(h, s->family), s->service);
    h = mix_number(h, s->ports_n);
    for (uint32_t i = 0; i < s->ports_n; i++) {
        h = mix_number(h, (uint64_t)s->ports[i].number |
                              (uint64_t)s->ports[i].protocol << 16);
        h = mix_text(h, s->ports[i].name);
    }
    h = mix_number(h, s->endpoints_n);
    for (uint32_t i = 0; i < s->endpoints_n; i++) {
        h = mix_endpoint(h, &s->endpoints[i], size);
        if (s->texts_n)
            h = mix_texts(h, s, &s->endpoints[i], size);
    }
    h = mix_number(h, s->zones_n);
    for (uint32_t i = 0; i < s->zones_n; i++)
        h = mix_text(h, s->zones[i]);
    return h;
}

static uint64_t mix_endpoints(uint64_t h, const struct endpoints_facts *e)
{
    h = mix_number(h, e->slices_n);
    for (uint32_t i = 0; i < e->slices_n; i++)
        h = mix_slice(h, &e->slices[i]);
    return h;
}

static uint64_t mix_ports(uint64_t h, const struct container_port *p,
                          uint32_t n)
{
    h = mix_number(h, n);
    for (uint32_t i = 0; i < n; i++)
        h = mix_text(mix_number(h, (uint64_t)p[i].number |
                                       (uint64_t)p[i].protocol << 16),
                     p[i].name);
    return h;
}

static uint64_t mix_pod(uint64_t h, const struct pod_facts *p)
{
    h = mix_text(mix_text(h, p->hostname), p->subdomain);
    h = mix_number(h, (uint64_t)p->phase | (uint64_t)p->ready << 8 |
                          (uint64_t)p->terminating << 9 |
                          (uint64_t)p->since_unix_s << 32);
    h = mix_text(h, p->reason);
    h = mix_addresses(h, p->addresses, p->addresses_n);
    return mix_ports(h, p->ports, p->ports_n);
}

static uint64_t mix_amount(uint64_t h, struct pod_amount a)
{
    return mix_number(h, (uint64_t)a.value | (uint64_t)a.percent << 32);
}

static uint64_t mix_probe(uint64_t h, const struct probe *p)
{
    h = mix_number(h, (uint64_t)p->kind | (uint64_t)p->port << 8 |
                          (uint64_t)p->headers_n << 32);
    h = mix_text(mix_text(mix_text(h, p->host), p->path), p->service);
    for (uint32_t i = 0; i < p->headers_n; i++)
        h = mix_text(mix_text(h, p->headers[i].name), p->headers[i].value);
    h = mix_number(h,
                   (uint64_t)p->initial_delay_s | (uint64_t)p->period_s << 32);
    h = mix_number(h, (uint64_t)p->success_threshold |
                          (uint64_t)p->failure_threshold << 32);
    return mix_number(h, p->timeout_s);
}

static uint64_t mix_rules(uint64_t h, const struct workload_rules *r)
{
    h = mix_number(h, (uint64_t)r->strategy | (uint64_t)r->parallel << 8 |
                          (uint64_t)r->paused << 9 |
                          (uint64_t)r->delete_claims_when_deleted << 10 |
                          (uint64_t)r->delete_claims_when_scaled << 11 |
                          (uint64_t)r->command_probe << 12 |
                          (uint64_t)r->partition << 32);
    h = mix_amount(mix_amount(h, r->max_unavailable), r->max_surge);
    h = mix_number(h, (uint64_t)r->min_ready_s | (uint64_t)r->address_after_ms
                                                     << 32);
    h = mix_number(h, (uint64_t)r->ready_after_ms | (uint64_t)r->gone_after_ms
                                                        << 32);
    h = mix_number(h, r->claims_n);
    for (uint32_t i = 0; i < r->claims_n; i++)
        h = mix_text(h, r->claims[i]);
    h = mix_number(h, r->probes_n);
    for (uint32_t i = 0; i < r->probes_n; i++)
        h = mix_probe(h, &r->probes[i]);
    return h;
}

static uint64_t mix_workload(uint64_t h, const struct workload_facts *w)
{
    h = mix_number(h, (uint64_t)w->replicas | (uint64_t)w->start << 32);
    h = mix_text(h, w->service);
    h = mix_labels(h, w->selector);
    h = mix_labels(h, w->pod_labels);
    h = mix_ports(h, w->ports, w->ports_n);
    h = mix_rules(mix_number(h, w->revision), w->rules);
    return mix_addresses(h, w->addresses, w->addresses_n);
}

static uint64_t mix_facts(uint64_t h, const struct object *o)
{
    switch ((enum object_kind)o->kind) {
    case OBJECT_NAMESPACE:
        return h;
    case OBJECT_SERVICE:
        return mix_service(h, &o->service);
    case OBJECT_ENDPOINT_SLICE:
        return mix_slice(h, &o->slice);
    case OBJECT_ENDPOINTS:
        return mix_endpoints(h, &o->endpoints);
    case OBJECT_POD:
        return mix_pod(h, &o->pod);
    case OBJECT_STATEFUL_SET:
    case OBJECT_DEPLOYMENT:
    case OBJECT_REPLICA_SET:
    case OBJECT_REPLICATION_CONTROLLER:
        return mix_workload(h, &o->workload);
    }
    return h;
}

uint64_t object_digest(const struct object *o)
{
    uint64_t h = mix_number(0, o->kind);
    h = mix_text(mix_text(h, o->namespace), o->name);
    h = mix_labels(h, o->labels);
    h = mix_text(mix_text(h, o->owner_kind), o->owner_name);
    h = mix_facts(h, o);
    return h ? h : 1;
}

// --- nodes ------------------------------------------------------------------

// By what it means: "8e1" is 80 in JSON, and "yes" is true.
static uint64_t mix_scalar(uint64_t h, const struct doc_node *node)
{
    const enum doc_type type = doc_type_of(node);
    int64_t number;
    if (type == DOC_NULL)
        return mix_number(h, type);
    if (type == DOC_BOOL)
        return mix_number(mix_number(h, type), doc_bool(node));
    if ((type == DOC_INT || type == DOC_FLOAT) && doc_int(node, &number))
        return mix_number(mix_number(h, DOC_INT), (uint64_t)number);
    return mix_text(mix_number(h, type), node->text);
}

// Goes as deep as the reader of the text let it be (doc_limits.depth_max).
static uint64_t mix_node(uint64_t h, const struct doc_node *node)
{
    if (node->kind == DOC_SCALAR)
        return mix_scalar(h, node);
    if (node->kind == DOC_LIST) {
        h = mix_number(mix_number(h, DOC_TYPE_LIST), node->n);
        for (uint32_t i = 0; i < node->n; i++)
            h = mix_node(h, node->items[i]);
        return h;
    }
    // A sum, so that no order matters; Kubernetes takes null for absent.
    uint64_t sum = 0;
    for (uint32_t i = 0; i < node->n; i++) {
        const struct doc_pair *pair = &node->pairs[i];
        if (!decode_is_null(pair->value))
            sum +=
                mix_node(mix_text(DOC_TYPE_MAP, pair->key->text), pair->value);
    }
    return mix_number(mix_number(h, DOC_TYPE_MAP), sum);
}

uint64_t node_digest(const struct doc_node *node)
{
    return node ? mix_node(0, node) : 0;
}
