// SPDX-License-Identifier: Apache-2.0
// What the zone has found becomes records of a reply, by its form. Worker
// threads.
#ifndef ORDINALD_ANSWER_FOUND_H
#define ORDINALD_ANSWER_FOUND_H

#include "reply.h"

// Where a name stands in the message, and how long it is.
struct found_name {
    size_t at;
    size_t n;
};

ORD_INLINE struct found_name found_question(const struct answer_job *job)
{
    return (struct found_name){DNS_HEADER, job->query.name_n};
}

// The SOA of the origin that the name is below, or is, where there is room for
// it.
ORD_INLINE void found_put_whole_soa(const struct answer_context *c,
                                    struct reply *r,
                                    const struct zone_origin *origin,
                                    struct found_name name)
{
    size_t apex = name.at + name.n - origin->name.n;
    uint16_t pointer = (uint16_t)(DNS_POINTER | apex);
    uint8_t *soa = r->at;

    reply_copy(r, origin->soa.answer, ZONE_SOA_SIZE);
    bytes_store_u16(soa + ZONE_SOA_OWNER_AT, pointer);
    bytes_store_u16(soa + ZONE_SOA_MNAME_AT, pointer);
    bytes_store_u16(soa + ZONE_SOA_RNAME_AT, pointer);
    bytes_store_u32(soa + ZONE_SOA_SERIAL_AT, zone_serial(c->zone));
}

// Returns how many: none where there is no room.
ORD_INLINE uint16_t found_put_soa(const struct answer_context *c,
                                  struct reply *r,
                                  const struct zone_origin *origin,
                                  struct found_name name)
{
    if (ORD_UNLIKELY(reply_room(r) < ZONE_SOA_SIZE))
        return 0;
    found_put_whole_soa(c, r, origin, name);
    return 1;
}

// Put a peer with several addresses of a family, or an IPv6 address. Returns
// the reply with them, as below.
ORD_COLD struct reply found_put_addresses(struct answer_context *c,
                                          struct answer_job *job,
                                          struct reply r,
                                          const struct zone_match *match);

// Put the forms that are rarely asked for, an alias excepted (chain.h). name:
// the owner, which need not be the question's.
ORD_COLD struct reply found_put_rare(struct answer_context *c,
                                     struct answer_job *job, struct reply r,
                                     const struct zone_match *match,
                                     struct found_name name);

ORD_INLINE void found_put_peer(struct answer_context *c, struct answer_job *job,
                               struct reply *r, const struct zone_match *match)
{
    if (ORD_UNLIKELY(match->a_count != 1 || reply_room(r) < DNS_RECORD_A)) {
        *r = found_put_addresses(c, job, *r, match);
        return;
    }
    reply_copy(r, zone_address_head(c->zone, DNS_TYPE_A), DNS_RECORD_HEAD);
    reply_copy(r, match->a, 4);
    r->answers = 1;
}

// The forms that are asked for all the time. Returns false for the others, with
// the reply as it was.
ORD_INLINE bool found_put_usual(struct answer_context *c,
                                struct answer_job *job, struct reply *r,
                                const struct zone_match *match)
{
    if (match->form == ZONE_FORM_PEER)
        found_put_peer(c, job, r, match);
    else if (ORD_UNLIKELY(match->form != ZONE_FORM_RECORDS))
        return false;
    else if (match->records->stride)
        reply_put_rotated(c, job, r, match->records);
    else
        reply_put_ordered(c, job, r, match->records);
    return true;
}

#endif
