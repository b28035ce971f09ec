// SPDX-License-Identifier: Apache-2.0
// A doubly linked list of what is part of its items. An item remembers the
// pointer that points at it, so that it leaves its list without knowing which.
#ifndef ORDINALD_MODEL_LIST_H
#define ORDINALD_MODEL_LIST_H

#include <assert.h>
#include <stddef.h>

struct list_node {
    struct list_node *next;
    struct list_node **link; // NULL while in no list
};

// Put an item at the head.
static inline void list_link(struct list_node **head, struct list_node *item)
{
    item->next = *head;
    item->link = head;
    if (item->next)
        item->next->link = &item->next;
    *head = item;
}

static inline void list_unlink(struct list_node *item)
{
    assert(item->link);
    *item->link = item->next;
    if (item->next)
        item->next->link = item->link;
    *item = (struct list_node){0};
}

#endif
