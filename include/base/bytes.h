// SPDX-License-Identifier: Apache-2.0
// Bytes that are looked at, read and written, always within bounds. A cursor
// that once ran past its end stays failed: read or write ten fields, then ask
// bytes_in_ok() or bytes_out_ok() once. Values only: any thread, no memory of
// its own; all of it borrows what the caller hands in.
#ifndef ORDINALD_BASE_BYTES_H
#define ORDINALD_BASE_BYTES_H

#include "base/base.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// A borrowed run of bytes; p may be NULL where n is 0.
struct span {
    const uint8_t *p;
    size_t n;
};

static inline struct span span_of(const void *p, size_t n)
{
    return (struct span){.p = p, .n = n};
}

// The bytes of a C string, without its NUL.
static inline struct span span_of_text(const char *text)
{
    return span_of(text, strlen(text));
}

// Whether n octets are the same, for short runs of the hot path: no call, and
// words that may overlap instead of single octets.
ORD_INLINE bool bytes_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
    uint64_t x, y;
    uint32_t v, w;

    if (n >= 8) {
        for (size_t i = 0; i + 8 < n; i += 8) {
            memcpy(&x, a + i, 8);
            memcpy(&y, b + i, 8);
            if (x != y)
                return false;
        }
        memcpy(&x, a + n - 8, 8);
        memcpy(&y, b + n - 8, 8);
        return x == y;
    }
    if (n >= 4) {
        memcpy(&v, a, 4);
        memcpy(&w, b, 4);
        if (v != w)
            return false;
        memcpy(&v, a + n - 4, 4);
        memcpy(&w, b + n - 4, 4);
        return v == w;
    }
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

// Copy some dozen octets, on the hot path: from 32 on no call, nor what the
// machine has for copying, which takes long to begin. The last two steps may
// overlap.
static inline void bytes_copy(uint8_t *to, const uint8_t *from, size_t n)
{
    enum { STEP = 32 };

    if (n < STEP) {
        memcpy(to, from, n);
        return;
    }
    uint8_t *const last = to + n - STEP;
    memcpy(last, from + n - STEP, STEP);
    for (; to < last; to += STEP, from += STEP)
        memcpy(to, from, STEP);
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

// Order octet by octet; of equal beginnings the shorter one comes first. 0 when
// equal.
static inline int span_compare(struct span a, struct span b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

// Reading cursor. Private: use the functions.
struct bytes_in {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline struct bytes_in bytes_in_of(struct span s)
{
    return (struct bytes_in){.at = s.p, .end = s.p + s.n};
}

static inline bool bytes_in_ok(const struct bytes_in *in)
{
    return !in->failed;
}

static inline size_t bytes_in_left(const struct bytes_in *in)
{
    return (size_t)(in->end - in->at);
}

// The next n bytes, borrowed, or an empty span once the cursor has failed.
static inline struct span bytes_in_take(struct bytes_in *in, size_t n)
{
    if (in->failed || bytes_in_left(in) < n) {
        in->failed = true;
        return (struct span){0};
    }
    struct span s = {.p = in->at, .n = n};
    in->at += n;
    return s;
}

static inline uint8_t bytes_in_u8(struct bytes_in *in)
{
    struct span s = bytes_in_take(in, 1);
    return s.n ? s.p[0] : 0;
}

static inline uint16_t bytes_load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t bytes_load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

// As one store: where the halves of a value come from several places, gcc does
// not put its octets together again.
ORD_INLINE void bytes_store_u16(uint8_t *p, uint16_t v)
{
    const uint16_t v_be = htons(v);
    memcpy(p, &v_be, sizeof v_be);
}

ORD_INLINE void bytes_store_u32(uint8_t *p, uint32_t v)
{
    const uint32_t v_be = htonl(v);
    memcpy(p, &v_be, sizeof v_be);
}

// Integers in network order; 0 once the cursor has failed.
static inline uint16_t bytes_in_u16(struct bytes_in *in)
{
    struct span s = bytes_in_take(in, 2);
    return s.n ? bytes_load_u16(s.p) : 0;
}

static inline uint32_t bytes_in_u32(struct bytes_in *in)
{
    struct span s = bytes_in_take(in, 4);
    return s.n ? bytes_load_u32(s.p) : 0;
}

// Writing cursor. Private: use the functions.
struct bytes_out {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool failed;
};

static inline struct bytes_out bytes_out_of(void *p, size_t n)
{
    return (struct bytes_out){.start = p, .at = p, .end = (uint8_t *)p + n};
}

static inline bool bytes_out_ok(const struct bytes_out *out)
{
    return !out->failed;
}

// What has been written so far; empty if a write did not fit.
static inline struct span bytes_out_written(const struct bytes_out *out)
{
    if (out->failed)
        return (struct span){0};
    return span_of(out->start, (size_t)(out->at - out->start));
}

static inline size_t bytes_out_left(const struct bytes_out *out)
{
    return (size_t)(out->end - out->at);
}

// Room for n bytes that the caller fills, or NULL once the cursor has failed.
static inline uint8_t *bytes_out_room(struct bytes_out *out, size_t n)
{
    if (out->failed || bytes_out_left(out) < n) {
        out->failed = true;
        return NULL;
    }
    uint8_t *p = out->at;
    out->at += n;
    return p;
}

static inline void bytes_out_put(struct bytes_out *out, struct span s)
{
    uint8_t *p = bytes_out_room(out, s.n);
    if (p && s.n)
        memcpy(p, s.p, s.n);
}

static inline void bytes_out_u8(struct bytes_out *out, uint8_t v)
{
    bytes_out_put(out, span_of(&v, 1));
}

static inline void bytes_out_u16(struct bytes_out *out, uint16_t v)
{
    uint8_t *p = bytes_out_room(out, 2);
    if (p)
        bytes_store_u16(p, v);
}

static inline void bytes_out_u32(struct bytes_out *out, uint32_t v)
{
    uint8_t *p = bytes_out_room(out, 4);
    if (p)
        bytes_store_u32(p, v);
}

#endif
