// SPDX-License-Identifier: Apache-2.0
// Addresses, and what a service has itself.
#include "render.h"

// The order in which addresses stand in an answer.
static const uint8_t families[] = {FAMILY_IPV4, FAMILY_IPV6};

static struct zone_records *records_of(struct zone_set *set, uint8_t family)
{
    return family == FAMILY_IPV4 ? &set->a : &set->aaaa;
}

static void put_answer_address(struct render *r, struct zone_set *set,
                               uint8_t family, const uint8_t *octets)
{
    struct zone_records *records = records_of(set, family);

    if (records->answer_count == PEN_RECORDS_MAX)
        return;
    if (records->answer_count++ == 0)
        records->answer = pen_at(&r->pen);
    records->stride = family == FAMILY_IPV4 ? DNS_RECORD_A : DNS_RECORD_AAAA;
    records->answer_n += records->stride;
    pen_address(&r->pen, DNS_HEADER, family, octets);
}

// --- endpoints -------------------------------------------------------------

void render_sorted(struct render *r, struct sorted_addresses *out,
                   uint32_t *owners)
{
    const struct endpoints *ends = r->endpoints;
    const struct endpoint_entry *last = NULL;
    uint32_t n = 0;

    *out = (struct sorted_addresses){.a = pen_at(&r->pen),
                                     .aaaa = pen_at(&r->pen)};
    for (uint32_t i = 0; i < ends->entries_n; i++) {
        const struct endpoint_entry *e = ends->by_address[i];
        if (last && entry_same_address(last, e))
            continue;
        pen_address(&r->pen, DNS_HEADER, e->family, e->octets);
        if (e->family == FAMILY_IPV4) {
            out->a_n++;
            out->aaaa = pen_at(&r->pen);
        } else {
            out->aaaa_n++;
        }
        owners[n++] = e->name;
        last = e;
    }
}

static struct zone_records whole_answer(const uint8_t *records, uint32_t n,
                                        uint16_t stride)
{
    if (n == 0)
        return (struct zone_records){0};
    if (n > PEN_RECORDS_MAX)
        n = PEN_RECORDS_MAX;
    return (struct zone_records){
        .answer = records,
        .answer_n = n * stride,
        .answer_count = (uint16_t)n,
        .stride = stride,
    };
}

void render_whole_set(const struct sorted_addresses *sorted,
                      struct zone_set *out)
{
    *out = (struct zone_set){
        .a = whole_answer(sorted->a, sorted->a_n, DNS_RECORD_A),
        .aaaa = whole_answer(sorted->aaaa, sorted->aaaa_n, DNS_RECORD_AAAA),
    };
}

void render_addresses(struct render *r,
                      const struct endpoint_entry *const *entries, uint32_t n,
                      const struct port_choice *ports, struct zone_set *out)
{
    const struct endpoint_entry *last = NULL;

    *out = (struct zone_set){0};
    for (uint32_t i = 0; i < n; i++) {
        const struct endpoint_entry *e = entries[i];
        if (!e->in_set || (ports && ports->runs[e->slice].n == 0) ||
            (last && entry_same_address(last, e)))
            continue;
        put_answer_address(r, out, e->family, e->octets);
        last = e;
    }
}

// --- the service itself ----------------------------------------------------

static void put_virtual_addresses(struct render *r, struct zone_set *out)
{
    const struct service *s = r->service;

    // all of one family stand together: they are one answer
    for (unsigned k = 0; k < ORD_COUNT(families); k++)
        for (unsigned i = 0; i < s->addresses_n; i++)
            if (s->addresses[i].family == families[k])
                put_answer_address(r, out, families[k], s->addresses[i].octets);
}

static void put_virtual_extras(struct render *r, struct zone_records *out)
{
    const struct service *s = r->service;
    size_t at = r->pen.n;

    if (out->answer_count == 0 || out->answer_n > DNS_TCP_MAX)
        return;
    out->extra = pen_at(&r->pen);
    for (unsigned k = 0; k < ORD_COUNT(families); k++)
        for (unsigned i = 0; i < s->addresses_n; i++) {
            if (s->addresses[i].family != families[k])
                continue;
            pen_address(&r->pen, DNS_SRV_TARGET_AT, families[k],
                        s->addresses[i].octets);
            ++*(families[k] == FAMILY_IPV4 ? &out->extra_a_count
                                           : &out->extra_aaaa_count);
        }
    out->extra_n = (uint32_t)(r->pen.n - at);
}

void render_cluster_ip(struct render *r, const struct port_use *uses,
                       uint32_t n, struct zone_set *out)
{
    const struct service *s = r->service;
    const struct service_facts *facts = &s->object->service;
    // one target and number is one record, however many ports have the number
    uint8_t seen[(UINT16_MAX + 1) / 8] = {0};

    *out = (struct zone_set){0};
    put_virtual_addresses(r, out);
    if (s->addresses_n == 0)
        return;
    if (!uses)
        n = facts->ports_n;
    const uint8_t weight = render_weight((size_t)n * s->addresses_n);
    pen_begin_srv(&r->pen, &out->srv);
    for (uint32_t i = 0; i < n; i++) {
        const uint16_t number = uses ? uses[i].number : facts->ports[i].number;
        const uint8_t bit = (uint8_t)(1u << (number & 7));
        if (number == 0 || seen[number >> 3] & bit)
            continue;
        seen[number >> 3] |= bit;
        pen_next_srv(&r->pen, &out->srv, weight, number, (struct span){0});
    }
    pen_finish_srv(&r->pen, &out->srv);
    put_virtual_extras(r, &out->srv);
}

void render_cname(struct render *r, struct span target,
                  struct zone_records *out)
{
    const size_t at = r->pen.n;

    *out = (struct zone_records){.answer = pen_at(&r->pen), .answer_count = 1};
    pen_cname(&r->pen, target);
    out->answer_n = (uint32_t)(r->pen.n - at);
}
