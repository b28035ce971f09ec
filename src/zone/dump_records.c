// SPDX-License-Identifier: Apache-2.0
#include "dump_records.h"

#include "dns/record.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void dump_set_init(struct dump_set *set)
{
    *set = (struct dump_set){0};
    arena_init(&set->arena, SIZE_MAX);
}

void dump_set_release(struct dump_set *set)
{
    free(set->items);
    arena_release(&set->arena);
    dump_set_init(set);
}

static int reserve(struct dump_set *set, size_t n)
{
    if (n <= set->room)
        return 0;
    struct dump_record *items = reallocarray(set->items, n, sizeof *set->items);
    if (!items)
        return -ENOMEM;
    set->items = items;
    set->room = n;
    return 0;
}

// --- names in RDATA --------------------------------------------------------

// Copy a name; one that ends with a pointer goes on in the question's name,
// where all pointers of rendered records lead.
static void expand_name(struct bytes_in *in, const struct dns_query *q,
                        struct bytes_out *out)
{
    for (;;) {
        const uint8_t n = bytes_in_u8(in);
        if (n > DNS_LABEL_MAX) {
            const size_t at =
                ((n << 8 | bytes_in_u8(in)) & (DNS_POINTER_LIMIT - 1)) -
                DNS_HEADER;
            assert(at < q->name_n);
            bytes_out_put(out, span_of(q->name + at, q->name_n - at));
            return;
        }
        bytes_out_u8(out, n);
        if (n == 0)
            return;
        bytes_out_put(out, bytes_in_take(in, n));
    }
}

/*
 * RDATA without pointers, where its type has names that may be compressed (RFC
 * 3597 4). Those of ExternalNames and PTR are whole, but are read the same way.
 */
static int expand(struct dump_set *set, const struct dns_query *q,
                  struct span *rdata)
{
    unsigned names;
    switch (set->type) {
    case DNS_TYPE_SOA:
        names = 2;
        break;
    case DNS_TYPE_NS:
        names = 1;
        break;
    default:
        return 0;
    }
    const size_t room = rdata->n + names * DNS_NAME_MAX;
    uint8_t *to = arena_bytes(&set->arena, room);
    if (!to)
        return -ENOMEM;
    struct bytes_in in = bytes_in_of(*rdata);
    struct bytes_out out = bytes_out_of(to, room);
    while (names--)
        expand_name(&in, q, &out);
    bytes_out_put(&out, bytes_in_take(&in, bytes_in_left(&in)));
    assert(bytes_in_ok(&in) && bytes_out_ok(&out));
    *rdata = bytes_out_written(&out);
    return 0;
}

// --- records by their form -------------------------------------------------

// Records as they stand: each owner is a pointer.
static int take_records(struct dump_set *set, const struct dns_query *q,
                        const struct zone_records *records)
{
    struct bytes_in in =
        bytes_in_of(span_of(records->answer, records->answer_n));

    if (reserve(set, records->answer_count))
        return -ENOMEM;
    for (unsigned i = 0; i < records->answer_count; i++) {
        struct dump_record *record = &set->items[i];
        const uint16_t owner = bytes_in_u16(&in);
        const uint16_t type = bytes_in_u16(&in);
        (void)bytes_in_u16(&in);
        assert(owner == DNS_POINTER_QUESTION && type == set->type);
        record->ttl_s = bytes_in_u32(&in);
        record->rdata = bytes_in_take(&in, bytes_in_u16(&in));
        assert(bytes_in_ok(&in));
        if (expand(set, q, &record->rdata))
            return -ENOMEM;
    }
    assert(bytes_in_left(&in) == 0);
    set->n = records->answer_count;
    return 0;
}

static int take_addresses(struct dump_set *set, const struct zone *z,
                          const struct zone_match *m)
{
    const bool v4 = set->type == DNS_TYPE_A;
    const uint8_t *octets = v4 ? m->a : m->aaaa;
    const size_t count = v4 ? m->a_count : m->aaaa_count;
    const size_t size = v4 ? 4 : 16;

    if (reserve(set, count))
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        set->items[i] = (struct dump_record){
            .rdata = span_of(octets + i * size, size), .ttl_s = zone_ttl_s(z)};
    set->n = count;
    return 0;
}

// A copy of each record's RDATA, which the set may change.
static int own(struct dump_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        struct span *rdata = &set->items[i].rdata;
        uint8_t *copy = arena_bytes(&set->arena, rdata->n);
        if (!copy)
            return -ENOMEM;
        memcpy(copy, rdata->p, rdata->n);
        rdata->p = copy;
    }
    return 0;
}

// Write into RDATA that own() or expand() made.
static uint8_t *writable(const struct dump_set *set, size_t i, size_t at)
{
    assert(at <= set->items[i].rdata.n);
    return (uint8_t *)(uintptr_t)set->items[i].rdata.p + at;
}

static int take_peer_srv(struct dump_set *set, const struct dns_query *q,
                         const struct zone_match *m)
{
    if (take_records(set, q, m->records) || own(set))
        return -ENOMEM;
    for (size_t i = 0; i < set->n; i++)
        bytes_store_u16(writable(set, i, DNS_SRV_WEIGHT_AT - DNS_RECORD_HEAD),
                        m->weight);
    return 0;
}

static int take_soa(struct dump_set *set, const struct zone *z,
                    const struct dns_query *q, const struct zone_match *m)
{
    if (take_records(set, q, m->records))
        return -ENOMEM;
    // five numbers stand at the end, the serial is the first of them
    bytes_store_u32(writable(set, 0, set->items[0].rdata.n - 5 * 4),
                    zone_serial(z));
    return 0;
}

static int take_ptr(struct dump_set *set, const struct zone *z,
                    const struct zone_match *m)
{
    uint8_t *to = arena_bytes(&set->arena, m->label.n + m->suffix.n);

    if (!to || reserve(set, 1))
        return -ENOMEM;
    struct bytes_out out = bytes_out_of(to, m->label.n + m->suffix.n);
    bytes_out_put(&out, m->label);
    bytes_out_put(&out, m->suffix);
    set->items[0] = (struct dump_record){.rdata = bytes_out_written(&out),
                                         .ttl_s = zone_ttl_s(z)};
    set->n = 1;
    return 0;
}

static int take(struct dump_set *set, const struct zone *z,
                const struct dns_query *q, const struct zone_match *m)
{
    switch (m->form) {
    case ZONE_FORM_RECORDS:
        return take_records(set, q, m->records);
    case ZONE_FORM_SOA:
        return take_soa(set, z, q, m);
    case ZONE_FORM_PEER:
        return take_addresses(set, z, m);
    case ZONE_FORM_PEER_SRV:
        return take_peer_srv(set, q, m);
    case ZONE_FORM_PTR:
        return take_ptr(set, z, m);
    case ZONE_FORM_CNAME:
        break;
    }
    // it answers for every type, and is of one
    return set->type == DNS_TYPE_CNAME ? take_records(set, q, m->records) : 0;
}

// --- order -----------------------------------------------------------------

// RFC 4034 6.3: as octets; what ends first comes first.
static int compare(const void *a, const void *b)
{
    const struct dump_record *x = a, *y = b;
    return span_compare(x->rdata, y->rdata);
}

// Addresses come in order already.
static bool is_sorted(const struct dump_set *set)
{
    for (size_t i = 1; i < set->n; i++)
        if (compare(&set->items[i - 1], &set->items[i]) > 0)
            return false;
    return true;
}

int dump_set_ask(struct dump_set *set, const struct zone *z,
                 const struct zone_origin *origin, const struct dns_query *q,
                 enum zone_outcome *out)
{
    struct zone_match match;

    set->type = q->qtype;
    set->n = 0;
    if (set->arena.used)
        arena_reset(&set->arena);
    set->lookup = (struct zone_lookup){0};
    *out = zone_find(z, q, &set->lookup, &match);
    if (*out != ZONE_OUTSIDE && match.origin != origin)
        *out = ZONE_OUTSIDE;
    if (*out != ZONE_FOUND)
        return 0;
    const int rc = take(set, z, q, &match);
    if (rc == 0 && !is_sorted(set))
        qsort(set->items, set->n, sizeof *set->items, compare);
    return rc;
}
