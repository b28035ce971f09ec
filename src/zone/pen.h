// SPDX-License-Identifier: Apache-2.0
// Writes the records of one service, or only measures them. Control thread.
#ifndef ORDINALD_ZONE_PEN_H
#define ORDINALD_ZONE_PEN_H

#include "base/bytes.h"
#include "dns/message.h"
#include "dns/record.h"
#include "zone/zone.h"

#include <stddef.h>
#include <stdint.h>

enum {
    // ancount and arcount have 16 bits; nobody can be sent as many
    PEN_RECORDS_MAX = UINT16_MAX,
    // in an answer of as many SRV records of the longest kind
    PEN_MARKS_MAX =
        PEN_RECORDS_MAX * (DNS_SRV_TARGET_AT + DNS_NAME_MAX) / ZONE_MARK_STEP +
        1,
};

struct pen {
    // set by the caller
    uint8_t *to;        // NULL while measuring
    struct span suffix; // wire name of the service
    uint32_t ttl_s;
    size_t octets_max; // measuring may end soon after so many
    // read-only
    size_t n; // octets written
    // private: of the SRV answer that is written
    size_t start;
    uint32_t marks_n;
    uint32_t marks[PEN_MARKS_MAX];
};

// Whether it was measured that this is too much: what is left need not be.
static inline bool pen_is_full(const struct pen *p)
{
    return !p->to && p->n > p->octets_max;
}

// Where the next octet goes; NULL while measuring.
static inline const uint8_t *pen_at(const struct pen *p)
{
    return p->to ? p->to + p->n : NULL;
}

// An address record whose owner is a pointer to this offset. family: enum
// family.
void pen_address(struct pen *p, size_t owner, uint8_t family,
                 const uint8_t *octets);

// An address record whose owner is written out: label (text) and suffix.
void pen_far_address(struct pen *p, struct span label, uint8_t family,
                     const uint8_t *octets);

// An SRV record of the question's name. label: of the target, in text; empty
// for the service itself.
void pen_srv(struct pen *p, uint8_t weight, uint16_t port, struct span label);

// A CNAME record of the question's name.
void pen_cname(struct pen *p, struct span target);

// An answer of SRV records: begun, each record written by pen_next_srv(),
// finished with its length and, where it needs them, marks.
void pen_begin_srv(struct pen *p, struct zone_records *out);
void pen_next_srv(struct pen *p, struct zone_records *out, uint8_t weight,
                  uint16_t port, struct span label);
void pen_finish_srv(struct pen *p, struct zone_records *out);

#endif
