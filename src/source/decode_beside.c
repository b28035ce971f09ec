// SPDX-License-Identifier: Apache-2.0
// What a slice keeps beside its endpoints, so that a million of them stay
// small: the zones, of which a slice has few, and the texts of addresses that
// are not written as RFC 5952 has it, of which there are hardly any.
#include "decode.h"

#include <stdlib.h>

enum { ROOM_FIRST = 4 };

// Room for one more of n items; what is left behind when it doubles is in all
// less than what is kept.
static void *grow(struct decoder *d, const void *items, uint32_t n,
                  uint32_t *room, size_t size)
{
    const uint32_t more = *room ? 2 * *room : ROOM_FIRST;
    void *bigger = more > *room ? decode_array(d, more, size) : NULL;
    if (!bigger) {
        d->no_memory = true;
        return NULL;
    }
    if (n)
        memcpy(bigger, items, n * size);
    *room = more;
    return bigger;
}

// --- texts ------------------------------------------------------------------

const char *decode_other_text(const struct address *a, const char *text)
{
    char shortest[ADDRESS_TEXT_SIZE];
    // of IPv4 there is one text only: address_parse() wants no leading zeroes
    if (a->family == FAMILY_IPV4 ||
        strcmp(address_format(a, shortest), text) == 0)
        return NULL;
    return text;
}

void decode_text(struct decoder *d, struct beside *b, const uint8_t *octets,
                 const char *text)
{
    if (b->texts_n == b->texts_room) {
        struct address_text *texts =
            grow(d, b->texts, b->texts_n, &b->texts_room, sizeof *texts);
        if (!texts)
            return;
        b->texts = texts;
    }
    b->texts[b->texts_n++] =
        (struct address_text){octets, decode_keep(d, text)};
}

// Octets stand in chunks of an arena: between those, places in memory are in
// another order than the endpoints.
static int by_place(const void *x, const void *y)
{
    const uintptr_t a = (uintptr_t)((const struct address_text *)x)->octets;
    const uintptr_t b = (uintptr_t)((const struct address_text *)y)->octets;
    return (a > b) - (a < b);
}

// --- zones ------------------------------------------------------------------

// Where in the order of names a zone is, or has to be put.
static uint32_t find_zone(const struct beside *b, const char *name, bool *found)
{
    uint32_t low = 0, high = b->zones_n;
    *found = false;
    while (low < high && !*found) {
        const uint32_t middle = low + (high - low) / 2;
        const int c = strcmp(b->zones[b->order[middle]], name);
        *found = c == 0;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return high;
}

static bool grow_zones(struct decoder *d, struct beside *b)
{
    if (b->zones_n < b->zones_room)
        return true;
    uint32_t room = b->zones_room;
    const char **zones = grow(d, b->zones, b->zones_n, &room, sizeof *zones);
    room = b->zones_room;
    uint16_t *order =
        zones ? grow(d, b->order, b->zones_n, &room, sizeof *order) : NULL;
    if (!order)
        return false;
    b->zones = zones;
    b->order = order;
    b->zones_room = room;
    return true;
}

uint16_t decode_zone(struct decoder *d, struct beside *b,
                     const struct where *where, const struct doc_node *node)
{
    bool found;
    const char *name = decode_string(d, where, node);
    if (!name || !*name)
        return 0;
    // neighbours are often in one zone
    if (b->zones_n && strcmp(b->zones[b->last], name) == 0)
        return (uint16_t)(b->last + 1);
    const uint32_t at = find_zone(b, name, &found);
    if (found)
        return (uint16_t)((b->last = b->order[at]) + 1);
    if (b->zones_n == UINT16_MAX) {
        if (!b->zones_full)
            decode_fault(d, where, node,
                         "is one zone too many: a slice has at "
                         "most 65535");
        b->zones_full = true;
        return 0;
    }
    if (!grow_zones(d, b))
        return 0;
    memmove(b->order + at + 1, b->order + at,
            (b->zones_n - at) * sizeof *b->order);
    b->last = b->order[at] = (uint16_t)b->zones_n;
    b->zones[b->zones_n++] = decode_keep(d, name);
    return (uint16_t)b->zones_n;
}

void decode_beside_end(struct beside *b, struct slice_facts *out)
{
    if (b->texts_n > 1)
        qsort(b->texts, b->texts_n, sizeof *b->texts, by_place);
    out->texts = b->texts;
    out->texts_n = b->texts_n;
    out->zones = b->zones;
    out->zones_n = b->zones_n;
}
