// SPDX-License-Identifier: Apache-2.0
#include "render.h"

#include "dns/record.h"

// A pointer counted from the end of the question must stay below what 14 bits
// hold, however long the question.
enum { NEAR_LIMIT = DNS_POINTER_LIMIT - DNS_HEADER - DNS_QUESTION_MAX };

// ancount and arcount have 16 bits; nobody can be sent as many.
enum { RECORDS_MAX = UINT16_MAX };

// The order in which addresses stand in an answer.
static const uint8_t families[] = {FAMILY_IPV4, FAMILY_IPV6};

static void put(struct render *r, const void *p, size_t n)
{
    if (r->pen.to)
        memcpy(r->pen.to + r->pen.n, p, n);
    r->pen.n += n;
}

static const uint8_t *here(const struct render *r)
{
    return r->pen.to ? r->pen.to + r->pen.n : NULL;
}

static void put_head(struct render *r, struct span owner, uint16_t type,
                     size_t rdata_n)
{
    uint8_t head[DNS_RECORD_HEAD];
    struct bytes_out out = bytes_out_of(head, sizeof head);

    dns_record_head(&out, 0, type, r->ttl_s, (uint16_t)rdata_n);
    put(r, owner.p, owner.n);
    put(r, head + 2, sizeof head - 2);
}

// The owner as a pointer, in network order.
struct pointer {
    uint8_t octets[2];
};

static struct pointer pointer_of(size_t offset)
{
    struct pointer p;
    bytes_store_u16(p.octets, (uint16_t)(DNS_POINTER | offset));
    return p;
}

static void put_address(struct render *r, struct span owner, uint8_t family,
                        const uint8_t *octets)
{
    const unsigned size = family_size(family);
    put_head(r, owner, family == FAMILY_IPV4 ? DNS_TYPE_A : DNS_TYPE_AAAA,
             size);
    put(r, octets, size);
}

static struct zone_records *records_of(struct zone_set *set, uint8_t family)
{
    return family == FAMILY_IPV4 ? &set->a : &set->aaaa;
}

static void put_answer_address(struct render *r, struct zone_set *set,
                               uint8_t family, const uint8_t *octets)
{
    struct zone_records *records = records_of(set, family);
    struct pointer question = pointer_of(DNS_HEADER);

    if (records->answer_count == RECORDS_MAX)
        return;
    if (records->answer_count++ == 0)
        records->answer = here(r);
    records->stride = family == FAMILY_IPV4 ? DNS_RECORD_A : DNS_RECORD_AAAA;
    records->answer_n += records->stride;
    put_address(r, span_of(question.octets, 2), family, octets);
}

static bool port_matches(const struct port_filter *f,
                         const struct slice_port *port)
{
    if (!f->name)
        return true;
    return port->protocol == f->protocol && strcmp(port->name, f->name) == 0;
}

static bool has_port(const struct slice_facts *slice,
                     const struct port_filter *f)
{
    if (!f->name)
        return true;
    for (uint32_t i = 0; i < slice->ports_n; i++)
        if (slice->ports[i].number && port_matches(f, &slice->ports[i]))
            return true;
    return false;
}

/*
 * How many shares the weight of 100 is cut into: each address of each endpoint
 * times its matching ports, before any de-duplication; one without ports counts
 * once (reference/kubernetes-dns.md 3).
 */
static size_t count_shares(const struct endpoint_entry *e, size_t n,
                           const struct port_filter *f)
{
    size_t shares = 0;
    for (size_t i = 0; i < n; i++) {
        const struct slice_facts *slice = e[i].slice;
        if (!f->name && slice->ports_n == 0)
            shares++;
        for (uint32_t k = 0; k < slice->ports_n; k++)
            shares += port_matches(f, &slice->ports[k]);
    }
    return shares;
}

uint8_t render_name_weight(const struct render *r,
                           const struct endpoint_name *name)
{
    const struct port_filter all = {0};
    return render_weight(
        count_shares(r->endpoints->entries + name->first, name->n, &all));
}

// Put a number among n distinct ones that ascend. Returns how many there are.
static size_t insert_number(uint16_t *numbers, size_t n, uint16_t number)
{
    size_t at = n;
    while (at > 0 && numbers[at - 1] > number)
        at--;
    if (at > 0 && numbers[at - 1] == number)
        return n;
    memmove(numbers + at + 1, numbers + at, (n - at) * sizeof *numbers);
    numbers[at] = number;
    return n + 1;
}

/*
 * The distinct port numbers of one name, ascending, in r->numbers. A name's
 * entries may come from the same slices in turns: only distinct numbers are
 * bounded by the ports that all slices have.
 */
static size_t collect_numbers(struct render *r,
                              const struct endpoint_name *name,
                              const struct port_filter *f)
{
    const struct endpoint_entry *e = r->endpoints->entries + name->first;
    size_t n = 0;

    for (uint32_t i = 0; i < name->n; i++) {
        if (i > 0 && e[i].slice == e[i - 1].slice)
            continue;
        for (uint32_t k = 0; k < e[i].slice->ports_n; k++) {
            const struct slice_port *port = &e[i].slice->ports[k];
            if (port->number && port_matches(f, port))
                n = insert_number(r->numbers, n, port->number);
        }
    }
    return n;
}

// label: in text, of label_n octets; none for the service itself
static void put_srv(struct render *r, uint8_t weight, uint16_t port,
                    const char *label, uint8_t label_n)
{
    struct pointer question = pointer_of(DNS_HEADER);
    uint8_t fixed[6] = {0};
    size_t label_size = label_n ? label_n + 1u : 0;

    bytes_store_u16(fixed + 2, weight);
    bytes_store_u16(fixed + 4, port);
    put_head(r, span_of(question.octets, 2), DNS_TYPE_SRV,
             sizeof fixed + label_size + r->suffix.n);
    put(r, fixed, sizeof fixed);
    // RFC 2782: the target is not compressed
    if (label_n) {
        put(r, &label_n, 1);
        put(r, label, label_n);
    }
    put(r, r->suffix.p, r->suffix.n);
}

/*
 * The SRV records of one name. Returns how many; *target is where the first
 * one's target begins, from `start`.
 */
static uint16_t put_name_srv(struct render *r, const struct port_filter *f,
                             const struct endpoint_name *name, uint8_t weight,
                             uint16_t room, size_t start, size_t *target)
{
    size_t n = collect_numbers(r, name, f);

    // a target that would not fit into 255 octets cannot be named
    if (name->label_n + 1u + r->suffix.n > DNS_NAME_MAX)
        n = 0;
    if (n > room)
        n = room;
    *target = r->pen.n - start + DNS_SRV_TARGET_AT;
    for (size_t i = 0; i < n; i++)
        put_srv(r, weight, r->numbers[i], name->label, name->label_n);
    return (uint16_t)n;
}

// One additional record, its owner a pointer where it can be.
static void put_extra(struct render *r, struct zone_records *out, size_t target,
                      const struct endpoint_name *name,
                      const struct endpoint_entry *e)
{
    bool near = target < NEAR_LIMIT;
    uint16_t *count = !near                      ? &out->extra_far_count
                      : e->family == FAMILY_IPV4 ? &out->extra_a_count
                                                 : &out->extra_aaaa_count;
    if (*count == RECORDS_MAX)
        return;
    ++*count;
    if (near) {
        struct pointer owner = pointer_of(target);
        put_address(r, span_of(owner.octets, 2), e->family, e->octets);
        return;
    }
    uint8_t owner[DNS_NAME_MAX];
    owner[0] = name->label_n;
    memcpy(owner + 1, name->label, name->label_n);
    memcpy(owner + 1 + name->label_n, r->suffix.p, r->suffix.n);
    put_address(r, span_of(owner, 1 + name->label_n + r->suffix.n), e->family,
                e->octets);
}

enum extra_pass { EXTRA_A, EXTRA_AAAA, EXTRA_FAR, EXTRA_PASSES };

static bool extra_belongs(enum extra_pass pass, size_t target, uint8_t family)
{
    if (target >= NEAR_LIMIT)
        return pass == EXTRA_FAR;
    return pass == (family == FAMILY_IPV4 ? EXTRA_A : EXTRA_AAAA);
}

// A and AAAA of all targets, each address of a target once.
void render_extras(struct render *r, struct zone_records *out)
{
    const struct endpoints *ends = r->endpoints;
    size_t start = r->pen.n;

    out->extra = here(r);
    for (int pass = EXTRA_A; pass < EXTRA_PASSES; pass++)
        for (uint32_t i = 0; i < ends->entries_n; i++) {
            const struct endpoint_entry *e = &ends->entries[i];
            size_t target = r->targets[e->name];
            if (target == 0 ||
                !extra_belongs((enum extra_pass)pass, target, e->family))
                continue;
            if (i > 0 && e[-1].name == e->name && entry_same_address(e, e - 1))
                continue;
            put_extra(r, out, target, &ends->names[e->name], e);
        }
    out->extra_n = (uint32_t)(r->pen.n - start);
}

void render_srv(struct render *r, const struct port_filter *f,
                struct zone_records *out, uint32_t *peer_srv_at,
                uint16_t *peer_srv_count)
{
    const struct endpoints *ends = r->endpoints;
    uint8_t weight =
        render_weight(count_shares(ends->entries, ends->entries_n, f));
    size_t start = r->pen.n;

    *out = (struct zone_records){.answer = here(r)};
    for (uint32_t i = 0; i < ends->names_n; i++) {
        size_t target;
        size_t at = r->pen.n;
        uint16_t room = (uint16_t)(RECORDS_MAX - out->answer_count);
        uint16_t n =
            put_name_srv(r, f, &ends->names[i], weight, room, start, &target);
        r->targets[i] = n ? target : 0;
        out->answer_count = (uint16_t)(out->answer_count + n);
        if (peer_srv_at) {
            peer_srv_at[i] = (uint32_t)at;
            peer_srv_count[i] = n;
        }
    }
    out->answer_n = (uint32_t)(r->pen.n - start);
}

void render_addresses(struct render *r, const struct port_filter *f,
                      struct zone_set *out, uint32_t *owners)
{
    const struct endpoints *ends = r->endpoints;
    const struct endpoint_entry *last = NULL;
    uint32_t n = 0;

    *out = (struct zone_set){0};
    for (uint32_t i = 0; i < ends->entries_n; i++) {
        const struct endpoint_entry *e = ends->by_address[i];
        if (!has_port(e->slice, f) || (last && entry_same_address(last, e)))
            continue;
        uint16_t before = records_of(out, e->family)->answer_count;
        put_answer_address(r, out, e->family, e->octets);
        if (owners && records_of(out, e->family)->answer_count != before)
            owners[n++] = e->name;
        last = e;
    }
}

static bool service_port_matches(const struct port_filter *f,
                                 const struct service_port *port)
{
    return !f->name ||
           (port->protocol == f->protocol && strcmp(port->name, f->name) == 0);
}

// Whether an earlier port of the service has the same number: one target and
// port is one SRV record.
static bool number_is_repeated(const struct service_facts *facts, uint32_t i,
                               const struct port_filter *f)
{
    for (uint32_t k = 0; k < i; k++)
        if (facts->ports[k].number == facts->ports[i].number &&
            service_port_matches(f, &facts->ports[k]))
            return true;
    return false;
}

static void put_cluster_ip_extras(struct render *r, struct zone_records *out)
{
    const struct service *s = r->service;
    struct pointer owner = pointer_of(DNS_SRV_TARGET_AT);
    size_t at = r->pen.n;

    out->extra = here(r);
    for (unsigned k = 0; k < ORD_COUNT(families); k++)
        for (unsigned i = 0; i < s->addresses_n; i++) {
            if (s->addresses[i].family != families[k])
                continue;
            put_address(r, span_of(owner.octets, 2), families[k],
                        s->addresses[i].octets);
            ++*(families[k] == FAMILY_IPV4 ? &out->extra_a_count
                                           : &out->extra_aaaa_count);
        }
    out->extra_n = (uint32_t)(r->pen.n - at);
}

void render_cluster_ip(struct render *r, const struct port_filter *f,
                       struct zone_set *out)
{
    const struct service *s = r->service;
    const struct service_facts *facts = &s->object->service;
    size_t matching = 0;

    *out = (struct zone_set){0};
    // all of one family stand together: they are one answer
    for (unsigned k = 0; k < ORD_COUNT(families); k++)
        for (unsigned i = 0; i < s->addresses_n; i++)
            if (s->addresses[i].family == families[k])
                put_answer_address(r, out, families[k], s->addresses[i].octets);
    for (uint32_t i = 0; i < facts->ports_n; i++)
        matching += service_port_matches(f, &facts->ports[i]);
    if (s->addresses_n == 0)
        return;

    uint8_t weight = render_weight(matching * s->addresses_n);
    size_t start = r->pen.n;
    out->srv.answer = here(r);
    for (uint32_t i = 0; i < facts->ports_n; i++) {
        if (!service_port_matches(f, &facts->ports[i]) ||
            number_is_repeated(facts, i, f))
            continue;
        put_srv(r, weight, facts->ports[i].number, NULL, 0);
        out->srv.answer_count++;
    }
    out->srv.answer_n = (uint32_t)(r->pen.n - start);
    if (out->srv.answer_count)
        put_cluster_ip_extras(r, &out->srv);
}

void render_cname(struct render *r, struct span target,
                  struct zone_records *out)
{
    struct pointer question = pointer_of(DNS_HEADER);

    *out = (struct zone_records){.answer = here(r), .answer_count = 1};
    out->answer_n = (uint32_t)(DNS_RECORD_HEAD + target.n);
    put_head(r, span_of(question.octets, 2), DNS_TYPE_CNAME, target.n);
    put(r, target.p, target.n);
}
