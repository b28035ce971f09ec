// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include "escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum encoding { UTF_8, UTF_16LE, UTF_16BE, UTF_32 };

struct signature {
    uint8_t octets[4];
    uint8_t mask[4]; // 1: the octet counts, 2: it is any but zero
    uint8_t n;       // octets to look at
    uint8_t skip;    // octets of the byte order mark
    uint8_t encoding;
};

// YAML 1.2.2 section 5.2, in its order: the first that fits. Without a byte
// order mark the zeroes around the first character, which is ASCII, tell.
static const struct signature signatures[] = {
    {{0x00, 0x00, 0xfe, 0xff}, {1, 1, 1, 1}, 4, 4, UTF_32},
    {{0x00, 0x00, 0x00, 0x00}, {1, 1, 1, 2}, 4, 0, UTF_32},
    {{0xff, 0xfe, 0x00, 0x00}, {1, 1, 1, 1}, 4, 4, UTF_32},
    {{0x00, 0x00, 0x00, 0x00}, {2, 1, 1, 1}, 4, 0, UTF_32},
    {{0xfe, 0xff}, {1, 1}, 2, 2, UTF_16BE},
    {{0x00, 0x00}, {1, 2}, 2, 0, UTF_16BE},
    {{0xff, 0xfe}, {1, 1}, 2, 2, UTF_16LE},
    {{0x00, 0x00}, {2, 1}, 2, 0, UTF_16LE},
    {{0xef, 0xbb, 0xbf}, {1, 1, 1}, 3, 3, UTF_8},
};

static bool fits(const struct signature *s, struct span raw)
{
    if (raw.n < s->n)
        return false;
    for (size_t i = 0; i < s->n; i++) {
        const bool equal = raw.p[i] == s->octets[i];
        if (equal != (s->mask[i] == 1))
            return false;
    }
    return true;
}

static enum encoding detect(struct span raw, size_t *skip)
{
    *skip = 0;
    for (size_t i = 0; i < ORD_COUNT(signatures); i++) {
        if (fits(&signatures[i], raw)) {
            *skip = signatures[i].skip;
            return (enum encoding)signatures[i].encoding;
        }
    }
    return UTF_8;
}

static uint8_t *put_utf8(uint8_t *w, uint32_t c)
{
    if (c < 0x80) {
        *w++ = (uint8_t)c;
        return w;
    }
    if (c < 0x800) {
        *w++ = (uint8_t)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        *w++ = (uint8_t)(0xe0 | c >> 12);
        *w++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    } else {
        *w++ = (uint8_t)(0xf0 | c >> 18);
        *w++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        *w++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    }
    *w++ = (uint8_t)(0x80 | (c & 0x3f));
    return w;
}

static uint32_t unit_at(const uint8_t *p, enum encoding from)
{
    return from == UTF_16BE ? (uint32_t)(p[0] << 8 | p[1])
                            : (uint32_t)(p[1] << 8 | p[0]);
}

/*
 * UTF-16 to UTF-8 (RFC 2781 2.2). A lone surrogate is written as if it were a
 * character, an odd last octet as 0xff: both are ill-formed in UTF-8.
 */
static size_t from_utf16(struct span raw, enum encoding from, uint8_t *out)
{
    uint8_t *w = out;
    size_t i = 0;
    while (raw.n - i >= 2) {
        uint32_t c = unit_at(raw.p + i, from);
        i += 2;
        if (c >> 10 == 0x36 && raw.n - i >= 2) {
            const uint32_t low = unit_at(raw.p + i, from);
            if (low >> 10 == 0x37) {
                c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
                i += 2;
            }
        }
        w = put_utf8(w, c);
    }
    if (i < raw.n)
        *w++ = 0xff;
    return (size_t)(w - out);
}

// A copy that may be changed: of UTF-8 as it is, of UTF-16 transcoded.
static int own(struct text *t, struct span raw, enum encoding from)
{
    // One unit of two octets becomes three octets at most.
    const size_t room = from == UTF_8 ? raw.n : raw.n / 2 * 3 + 1;
    uint8_t *copy = malloc(room ? room : 1);
    if (!copy)
        return -ENOMEM;
    size_t n = raw.n;
    if (from == UTF_8)
        memcpy(copy, raw.p, raw.n);
    else
        n = from_utf16(raw, from, copy);
    t->owned = copy;
    t->utf8 = span_of(copy, n);
    return 0;
}

int text_open(struct span raw, struct text *out)
{
    size_t skip;
    const enum encoding from = detect(raw, &skip);
    if (from == UTF_32)
        return -EILSEQ;
    // An empty text need not have an address; the parser wants one.
    const void *start = raw.p ? (const void *)(raw.p + skip) : "";
    const struct span body = span_of(start, raw.n - skip);

    struct text t = {.utf8 = body};
    if (from != UTF_8) {
        const int rc = own(&t, body, from);
        if (rc)
            return rc;
    }
    if (escape_is_needed(t.utf8)) {
        const int rc = t.owned ? 0 : own(&t, body, UTF_8);
        if (rc)
            return rc;
        escape_rewrite(t.owned, t.utf8.n);
    }
    *out = t;
    return 0;
}

void text_release(struct text *t)
{
    free(t->owned);
    *t = (struct text){0};
}

size_t text_break(const uint8_t *p, const uint8_t *end)
{
    const size_t left = (size_t)(end - p);
    if (left == 0)
        return 0;
    if (p[0] == '\n')
        return 1;
    if (p[0] == '\r')
        return left > 1 && p[1] == '\n' ? 2 : 1;
    if (p[0] == 0xc2)
        return left > 1 && p[1] == 0x85 ? 2 : 0;
    if (p[0] == 0xe2)
        return left > 2 && p[1] == 0x80 && (p[2] | 1) == 0xa9 ? 3 : 0;
    return 0;
}

const uint8_t *text_next_line(const uint8_t *p, const uint8_t *end)
{
    for (; p < end; p++) {
        const size_t n = text_break(p, end);
        if (n)
            return p + n;
    }
    return end;
}

const uint8_t *text_line_of(const uint8_t *from, const uint8_t *p,
                            const uint8_t *end)
{
    for (;;) {
        const uint8_t *next = from;
        while (next < p && !text_break(next, end))
            next++;
        if (next >= p)
            return from;
        next += text_break(next, end);
        if (next > p)
            return from;
        from = next;
    }
}

uint32_t text_lines(const uint8_t *from, const uint8_t *to)
{
    uint32_t n = 0;
    while (from < to) {
        from = text_next_line(from, to);
        n++;
    }
    return n;
}

uint32_t text_characters(const uint8_t *from, const uint8_t *to)
{
    uint32_t n = 0;
    for (; from < to; from++)
        n += (*from & 0xc0) != 0x80;
    return n;
}

const uint8_t *text_at(const uint8_t *from, const uint8_t *end, size_t n)
{
    for (; n && from < end; n--) {
        do
            from++;
        while (from < end && (*from & 0xc0) == 0x80);
    }
    return from;
}

bool text_is_marker(const uint8_t *p, const uint8_t *end)
{
    if (end - p < 3 || memcmp(p, "---", 3) != 0)
        return false;
    p += 3;
    return p == end || *p == ' ' || *p == '\t' || text_break(p, end);
}

const uint8_t *text_marker(const uint8_t *p, const uint8_t *end)
{
    while (p < end && !text_is_marker(p, end))
        p = text_next_line(p, end);
    return p;
}
