// SPDX-License-Identifier: Apache-2.0
// Copies of trees. As deep as the limit of levels lets a tree be.
#include "doc/doc.h"

static bool dup_text(struct arena *arena, struct doc_node *to)
{
    to->text = arena_text(arena, to->text, to->n);
    return to->text;
}

static bool dup_items(struct arena *arena, struct doc_node *to)
{
    struct doc_node **items = arena_array(arena, to->n, sizeof *items);
    if (!items)
        return false;
    for (uint32_t i = 0; i < to->n; i++) {
        items[i] = doc_dup(arena, to->items[i]);
        if (!items[i])
            return false;
    }
    to->items = items;
    return true;
}

static bool dup_pairs(struct arena *arena, struct doc_node *to)
{
    struct doc_pair *pairs = arena_array(arena, to->n, sizeof *pairs);
    if (!pairs)
        return false;
    for (uint32_t i = 0; i < to->n; i++) {
        pairs[i].key = doc_dup(arena, to->pairs[i].key);
        pairs[i].value = doc_dup(arena, to->pairs[i].value);
        if (!pairs[i].key || !pairs[i].value)
            return false;
    }
    to->pairs = pairs;
    return true;
}

struct doc_node *doc_dup(struct arena *arena, const struct doc_node *node)
{
    struct doc_node *to = arena_alloc(arena, sizeof *to);
    if (!to)
        return NULL;
    *to = *node;
    const bool done = node->kind == DOC_SCALAR ? dup_text(arena, to)
                      : node->kind == DOC_LIST ? dup_items(arena, to)
                                               : dup_pairs(arena, to);
    return done ? to : NULL;
}
