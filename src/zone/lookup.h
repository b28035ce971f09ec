// SPDX-License-Identifier: Apache-2.0
// What the files of a look-up share: the places where a name can be, and the
// steps at those that are asked for rarely. Worker threads.
#ifndef ORDINALD_ZONE_LOOKUP_H
#define ORDINALD_ZONE_LOOKUP_H

#include "internal.h"

#include "dns/label.h"

// In this order: from PLACE_NAMESPACE on tables are asked, from PLACE_SERVICE
// on there is more to an answer than its place, and from PLACE_ADDRESS on it is
// found elsewhere than services are.
enum lookup_place {
    PLACE_OUTSIDE,
    PLACE_APEX,
    PLACE_EMPTY,  // exists, has no records
    PLACE_ABSENT, // does not exist
    PLACE_SERVER,
    PLACE_VERSION,
    PLACE_NAMESPACE, // below "svc" or "pod"
    PLACE_SERVICE,
    PLACE_ENDPOINT,
    PLACE_PORT,
    PLACE_ADDRESS, // whole
    PLACE_ADDRESS_PART,
    PLACE_POD,
    PLACE_ZONAL,
};

ORD_INLINE bool is_within(const struct dns_query *q,
                          const struct zone_origin *origin)
{
    if (q->labels < origin->labels)
        return false;
    unsigned at = q->label_at[q->labels - origin->labels];
    return q->name_n - at == origin->name.n &&
           bytes_equal(q->name + at, origin->name.wire, origin->name.n);
}

// A block that is not there and one without names answer alike.
ORD_INLINE const struct zone_block *slot_block(const struct zone_slot *slot)
{
    return slot ? atomic_load_explicit(&slot->block, memory_order_acquire)
                : NULL;
}

// The block of the service whose labels the lookup has as its key.
ORD_INLINE const struct zone_block *service_block(const struct zone *z,
                                                  const struct dns_query *q,
                                                  const struct zone_lookup *l)
{
    struct span k = span_of(q->name + l->key_at, l->key_n);
    return slot_block(table_find(&z->slots, l->hash, slot_has_key, &k));
}

static inline enum zone_outcome found(struct zone_match *out,
                                      const struct zone_records *records)
{
    if (records->answer_count == 0)
        return ZONE_NODATA;
    out->form = ZONE_FORM_RECORDS;
    out->records = records;
    return ZONE_FOUND;
}

// RFC 8482 4.1: of several RRsets, any one is an answer to ANY.
static inline enum zone_outcome find_in_set(const struct zone_set *set,
                                            uint16_t qtype,
                                            struct zone_match *out)
{
    switch (qtype) {
    case DNS_TYPE_A:
        return found(out, &set->a);
    case DNS_TYPE_AAAA:
        return found(out, &set->aaaa);
    case DNS_TYPE_SRV:
        return found(out, &set->srv);
    case DNS_TYPE_ANY:
        return found(out, set->a.answer_count      ? &set->a
                          : set->aaaa.answer_count ? &set->aaaa
                                                   : &set->srv);
    default:
        return ZONE_NODATA;
    }
}

// Whether the namespace exists that the lookup has as its key.
static inline bool has_namespace(const struct zone *z,
                                 const struct dns_query *q,
                                 const struct zone_lookup *l)
{
    return roll_has(&z->namespaces, span_of(q->name + l->key_at, l->key_n));
}

// enum protocol of a label, which may have a leading underscore; -1: none.
int lookup_protocol(const uint8_t *label);

// The port with these two labels, or NULL.
const struct zone_port *lookup_port(const struct zone_block *block,
                                    const struct dns_query *q);

// --- declared ordinals (lookup_declared.c) ---------------------------------

// A label that is <statefulset>-<ordinal>.
struct lookup_ordinal {
    const struct zone_declared *set; // NULL: it is none
    bool is_inside;                  // the set declares the ordinal
};

struct lookup_ordinal lookup_declared(const struct zone_block *block,
                                      const uint8_t *label);

// --- reverse zones (lookup_reverse.c) --------------------------------------

// A name below the apex of l->origin that has no fixed meaning.
void lookup_reverse_begin(const struct zone *z, const struct dns_query *q,
                          struct zone_lookup *l);
void lookup_reverse_slot(const struct zone *z, const struct dns_query *q,
                         struct zone_lookup *l);
enum zone_outcome lookup_reverse_finish(const struct zone *z,
                                        const struct zone_lookup *l,
                                        uint16_t qtype, struct zone_match *out);

// --- names of pods (lookup_pod.c) ------------------------------------------

// `below` labels are left of the domain, the last of them "pod".
ORD_COLD void lookup_pod_begin(const struct zone *z, const struct dns_query *q,
                               unsigned below, struct zone_lookup *l);
ORD_COLD void lookup_pod_slot(const struct zone *z, const struct dns_query *q,
                              struct zone_lookup *l);
ORD_COLD enum zone_outcome lookup_pod_finish(const struct zone_lookup *l,
                                             uint16_t qtype,
                                             struct zone_match *out);

// --- zonal names (lookup_zonal.c) ------------------------------------------

// `below` labels are left of the domain, six or more, the last of them "svc".
ORD_COLD void lookup_zonal_begin(const struct zone *z,
                                 const struct dns_query *q, unsigned below,
                                 struct zone_lookup *l);
ORD_COLD enum zone_outcome lookup_zonal_finish(const struct dns_query *q,
                                               const struct zone_lookup *l,
                                               struct zone_match *out);

// What a name answers that stands at the place where zonal names are, below a
// headless service that exists; NULL: no endpoint is in the topology zone.
ORD_COLD const struct zone_set *lookup_zonal_set(const struct dns_query *q,
                                                 const struct zone_lookup *l);

// Whether the labels left of a service, one or two, begin a zonal name of it:
// then they exist (RFC 8020), where the rules allow such names.
ORD_COLD bool lookup_is_zonal_part(const struct zone_block *block,
                                   const struct dns_query *q, unsigned labels);

#endif
