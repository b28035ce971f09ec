// SPDX-License-Identifier: Apache-2.0
// A doubly linked list without an end: its head is one of its links, and so an
// item leaves it without knowing which list that is. Pure; any thread.
#ifndef ORDINALD_NET_RING_H
#define ORDINALD_NET_RING_H

#include <stdbool.h>

struct ring {
    struct ring *previous, *next;
};

// An empty list, or an item that is in none.
static inline void ring_init(struct ring *r)
{
    r->previous = r->next = r;
}

static inline bool ring_is_empty(const struct ring *r)
{
    return r->next == r;
}

// item: not in a list
static inline void ring_append(struct ring *list, struct ring *item)
{
    item->previous = list->previous;
    item->next = list;
    list->previous->next = item;
    list->previous = item;
}

// Also one that is in none.
static inline void ring_remove(struct ring *item)
{
    item->previous->next = item->next;
    item->next->previous = item->previous;
    ring_init(item);
}

#endif
