// SPDX-License-Identifier: Apache-2.0
#include "pen.h"

#include "base/sockaddr.h"

#include <assert.h>
#include <string.h>

// What a message has beside its answer: header, question, OPT record with its
// options. An answer that leaves this free is always sent whole.
enum { BESIDE_MAX = 1024 };

static void put(struct pen *p, const void *from, size_t n)
{
    if (p->to && n)
        memcpy(p->to + p->n, from, n);
    p->n += n;
}

// A label that is told in text, in wire form; nothing for an empty one.
static void put_label(struct pen *p, struct span label)
{
    const uint8_t n = (uint8_t)label.n;

    if (n == 0)
        return;
    put(p, &n, 1);
    put(p, label.p, n);
}

// Without its owner.
static void put_head(struct pen *p, uint16_t type, size_t rdata_n)
{
    uint8_t head[DNS_RECORD_HEAD];
    struct bytes_out out = bytes_out_of(head, sizeof head);

    dns_record_head(&out, 0, type, p->ttl_s, (uint16_t)rdata_n);
    put(p, head + 2, sizeof head - 2);
}

static void put_pointer(struct pen *p, size_t offset)
{
    uint8_t octets[2];
    bytes_store_u16(octets, (uint16_t)(DNS_POINTER | offset));
    put(p, octets, sizeof octets);
}

static void put_address(struct pen *p, uint8_t family, const uint8_t *octets)
{
    const unsigned size = family_size(family);
    put_head(p, family == FAMILY_IPV4 ? DNS_TYPE_A : DNS_TYPE_AAAA, size);
    put(p, octets, size);
}

void pen_address(struct pen *p, size_t owner, uint8_t family,
                 const uint8_t *octets)
{
    put_pointer(p, owner);
    put_address(p, family, octets);
}

void pen_far_address(struct pen *p, struct span label, uint8_t family,
                     const uint8_t *octets)
{
    put_label(p, label);
    put(p, p->suffix.p, p->suffix.n);
    put_address(p, family, octets);
}

void pen_srv(struct pen *p, uint8_t weight, uint16_t port, struct span label)
{
    uint8_t fixed[DNS_SRV_TARGET_AT - DNS_RECORD_HEAD] = {0};
    const size_t label_n = label.n ? label.n + 1 : 0;

    bytes_store_u16(fixed + 2, weight);
    bytes_store_u16(fixed + 4, port);
    put_pointer(p, DNS_HEADER);
    put_head(p, DNS_TYPE_SRV, sizeof fixed + label_n + p->suffix.n);
    put(p, fixed, sizeof fixed);
    // RFC 2782: the target is not compressed
    put_label(p, label);
    put(p, p->suffix.p, p->suffix.n);
}

void pen_cname(struct pen *p, struct span target)
{
    put_pointer(p, DNS_HEADER);
    put_head(p, DNS_TYPE_CNAME, target.n);
    put(p, target.p, target.n);
}

void pen_begin_srv(struct pen *p, struct zone_records *out)
{
    *out = (struct zone_records){.answer = pen_at(p)};
    p->start = p->n;
    p->marks_n = 0;
}

void pen_next_srv(struct pen *p, struct zone_records *out, uint8_t weight,
                  uint16_t port, struct span label)
{
    const uint32_t at = (uint32_t)(p->n - p->start);

    if (p->marks_n == 0 || at >= p->marks[p->marks_n - 1] + ZONE_MARK_STEP) {
        assert(p->marks_n < PEN_MARKS_MAX);
        p->marks[p->marks_n++] = at;
    }
    pen_srv(p, weight, port, label);
    out->answer_count++;
}

void pen_finish_srv(struct pen *p, struct zone_records *out)
{
    out->answer_n = (uint32_t)(p->n - p->start);
    if (out->answer_n <= DNS_TCP_MAX - BESIDE_MAX)
        return;
    out->marks_n = (uint16_t)p->marks_n;
    put(p, p->marks, p->marks_n * sizeof p->marks[0]);
}
