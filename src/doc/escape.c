// SPDX-License-Identifier: Apache-2.0
#include "escape.h"

#include "text.h"

#include <string.h>

// "\uXXXX" and "\UXXXXXXXX".
enum { SHORT_ESCAPE = 6, LONG_ESCAPE = 10 };

// Texts are long and backslashes rare: memchr() is many times as fast as
// memmem(), which counts at this place.
bool escape_is_needed(struct span text)
{
    const uint8_t *p = text.p;
    const uint8_t *end = text.p + text.n;
    while (p < end) {
        p = memchr(p, '\\', (size_t)(end - p));
        if (!p || end - p < SHORT_ESCAPE)
            return false;
        if (p[1] == 'u' && (p[2] | 0x20) == 'd')
            return true;
        p += 2; // a backslash escapes a backslash
    }
    return false;
}

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The value of the escape "\uXXXX" at p, or -1.
static int32_t unit_at(const uint8_t *p, const uint8_t *end)
{
    if (end - p < SHORT_ESCAPE || p[0] != '\\' || p[1] != 'u')
        return -1;
    int32_t value = 0;
    for (size_t i = 2; i < SHORT_ESCAPE; i++) {
        const int digit = digit_of(p[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static void put_long(uint8_t *w, uint32_t c)
{
    w[0] = '\\';
    w[1] = 'U';
    for (size_t i = LONG_ESCAPE; i > 2; i--, c >>= 4)
        w[i - 1] = (uint8_t) "0123456789ABCDEF"[c & 0xf];
}

struct edit {
    uint8_t *r; // next to read
    uint8_t *w; // next to write, at or before r
};

static void copy(struct edit *e, size_t n)
{
    memmove(e->w, e->r, n);
    e->w += n;
    e->r += n;
}

static void rewrite_escape(struct edit *e, const uint8_t *end)
{
    const int32_t high = unit_at(e->r, end);
    if (high < 0xd800 || high > 0xdfff) {
        copy(e, end - e->r > 1 ? 2 : 1);
        return;
    }
    const int32_t low = unit_at(e->r + SHORT_ESCAPE, end);
    if (high < 0xdc00 && low >= 0xdc00 && low <= 0xdfff) {
        put_long(e->w, 0x10000 + ((uint32_t)(high & 0x3ff) << 10 |
                                  (uint32_t)(low & 0x3ff)));
        e->w += LONG_ESCAPE;
        e->r += 2 * SHORT_ESCAPE;
    } else {
        memcpy(e->w, "\\uFFFD", SHORT_ESCAPE);
        e->w += SHORT_ESCAPE;
        e->r += SHORT_ESCAPE;
    }
}

// p is at the opening quotation mark. Returns the place behind the string.
static uint8_t *rewrite_string(uint8_t *p, uint8_t *end)
{
    struct edit e = {.r = p + 1, .w = p + 1};
    while (e.r < end && *e.r != '"') {
        if (*e.r == '\\')
            rewrite_escape(&e, end);
        else
            *e.w++ = *e.r++;
    }
    if (e.r < end)
        *e.w++ = *e.r++;
    memset(e.w, ' ', (size_t)(e.r - e.w));
    return e.r;
}

// A number, true, false, null: what is not is the parser's to refuse.
static bool is_literal(uint8_t c)
{
    const uint8_t lower = c | 0x20;
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') ||
           c == '-' || c == '+' || c == '.';
}

static size_t literal_length(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *start = p;
    while (p < end && is_literal(*p))
        p++;
    return (size_t)(p - start);
}

static void rewrite_document(uint8_t *p, uint8_t *end)
{
    enum { BEGIN, STRING, OTHER } last = BEGIN;
    while (p < end) {
        size_t n = 1;
        switch (*p) {
        case ' ':
        case '\t':
        case '\r':
        case '\n':
            break;
        case ':':
            // Behind plain text it need not end a key: {a:"b"} is one scalar.
            if (last != STRING)
                return;
            last = BEGIN;
            break;
        case '{':
        case '[':
        case ',':
            last = BEGIN;
            break;
        case '}':
        case ']':
            last = OTHER;
            break;
        case '"':
            if (last != BEGIN)
                return;
            n = (size_t)(rewrite_string(p, end) - p);
            last = STRING;
            break;
        default:
            n = literal_length(p, end);
            if (last != BEGIN || n == 0)
                return;
            last = OTHER;
        }
        p += n;
    }
}

void escape_rewrite(uint8_t *text, size_t n)
{
    uint8_t *p = text;
    uint8_t *const end = text + n;
    while (p < end) {
        if (text_is_marker(p, end))
            p += 3;
        uint8_t *const next =
            text + (text_marker(text_next_line(p, end), end) - text);
        while (p < next && (*p == ' ' || *p == '\t' || text_break(p, next)))
            p++;
        if (p < next && (*p == '{' || *p == '['))
            rewrite_document(p, next);
        p = next;
    }
}
