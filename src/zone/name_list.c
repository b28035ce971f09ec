// SPDX-License-Identifier: Apache-2.0
#include "name_list.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Up to so many names are put in one by one.
enum { FEW = 8 };

void name_list_release(struct name_list *l)
{
    free(l->items);
    *l = (struct name_list){0};
}

int name_list_reserve(struct name_list *l)
{
    if (l->n + l->wanted < l->room) {
        l->wanted++;
        return 0;
    }
    const uint32_t room = l->room ? 2 * l->room : 4;
    const uint8_t **items =
        reallocarray(l->items, room, sizeof(const uint8_t *));
    if (!items)
        return -ENOMEM;
    l->items = items;
    l->room = room;
    l->wanted++;
    return 0;
}

static int compare(const uint8_t *a, const uint8_t *b)
{
    const int c = memcmp(a + 1, b + 1, a[0] < b[0] ? a[0] : b[0]);
    return c ? c : (int)a[0] - (int)b[0];
}

static int compare_items(const void *x, const void *y)
{
    const uint8_t *const *a = x, *const *b = y;
    return compare(*a, *b);
}

// Where the name stands among the first n, or would.
static uint32_t find(const struct name_list *l, const uint8_t *label)
{
    uint32_t low = 0, high = l->n;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (compare(l->items[middle], label) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void name_list_add(struct name_list *l, const uint8_t *label)
{
    assert(l->n + l->added < l->room);
    l->items[l->n + l->added++] = label;
}

void name_list_remove(struct name_list *l, const uint8_t *label)
{
    const uint32_t at = find(l, label);

    assert(at < l->n && compare(l->items[at], label) == 0);
    memmove(l->items + at, l->items + at + 1,
            (l->n + l->added - at - 1) * sizeof(const uint8_t *));
    l->n--;
}

// The first of those that were added.
static void put_in(struct name_list *l)
{
    const uint8_t *label = l->items[l->n];
    const uint32_t at = find(l, label);

    memmove(l->items + at + 1, l->items + at,
            (l->n - at) * sizeof(const uint8_t *));
    l->items[at] = label;
    l->n++;
    l->added--;
}

void name_list_settle(struct name_list *l)
{
    l->wanted = 0;
    if (l->added > FEW) {
        l->n += l->added;
        l->added = 0;
        qsort(l->items, l->n, sizeof(const uint8_t *), compare_items);
    }
    while (l->added)
        put_in(l);
}

void name_list_show(const struct name_list *l, struct name_list_view *out)
{
    size_t used = 0;

    assert(l->added == 0);
    // a text with the last of these would be too long: ", " is between them
    for (out->n = 0; out->n < l->n && used <= REASON_TEXT_MAX; out->n++) {
        const uint8_t *label = l->items[out->n];
        char *to = out->text + used;
        assert(used + label[0] + 1 <= sizeof out->text);
        memcpy(to, label + 1, label[0]);
        to[label[0]] = '\0';
        used += label[0] + 1u;
        out->names[out->n] = to;
    }
}
