// SPDX-License-Identifier: Apache-2.0
// The children of all open maps and lists stand on one stack; when a map or
// list ends, its own are the top of it and move into the arena in one piece.
//
// Nodes and their text are cut from slabs, by a few instructions each: this is
// what loading a million pods costs besides the parser. The first slab is kept,
// so that a small document needs no malloc() at all.
#include "tree.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Octets of a slab; a larger one costs more cache than it saves calls.
enum { SLAB = 64 << 10, ROOM_FIRST = 64 };

static struct span anchor_name(const void *context, uint32_t number)
{
    const struct tree *t = context;
    return t->anchors[number].name;
}

void tree_init(struct tree *t, const struct doc_limits *limits)
{
    *t = (struct tree){.limits = *limits};
    t->slab_size = limits->memory_max < SLAB ? limits->memory_max : SLAB;
    arena_init(&t->arena, limits->memory_max - t->slab_size);
    keys_init(&t->names, anchor_name, t);
}

void tree_reset(struct tree *t)
{
    arena_reset(&t->arena);
    t->at = t->slab;
    t->end = t->slab ? t->slab + t->slab_size : NULL;
    keys_reset(&t->names);
    t->root = NULL;
    t->children_n = t->frames_n = t->anchors_n = 0;
    t->nodes = t->aliased = 0;
}

void tree_release(struct tree *t)
{
    arena_release(&t->arena);
    free(t->slab);
    keys_release(&t->names);
    free(t->children);
    free(t->frames);
    free(t->anchors);
    *t = (struct tree){0};
}

int tree_refuse(struct tree *t, struct tree_place at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(t->fault.text, sizeof t->fault.text, format, arguments);
    va_end(arguments);
    // What was quoted may hold line breaks, or have been cut in a character.
    for (char *c = t->fault.text; *c; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    t->fault_at = at;
    return -EINVAL;
}

int tree_no_room(struct tree *t, struct tree_place at)
{
    return t->out_of_memory
               ? -ENOMEM
               : tree_refuse(t, at,
                             "the document needs more than %zu octets of "
                             "memory, the limit; split it with lines of '---'",
                             t->limits.memory_max);
}

// A slab that has room for size octets: the first one, or one of the arena.
static bool begin_slab(struct tree *t, size_t size)
{
    if (!t->slab && size <= t->slab_size) {
        t->slab = t->at = malloc(t->slab_size);
        t->out_of_memory = !t->slab;
        t->end = t->slab ? t->slab + t->slab_size : NULL;
        return t->slab;
    }
    // What the arena loses to its own padding is less than this.
    enum { PADDING = 64 };
    const size_t left = t->limits.memory_max - t->slab_size - t->arena.used;
    if (left < PADDING || size > left - PADDING) {
        t->out_of_memory = false;
        return false;
    }
    const size_t rest = (left - PADDING) / PADDING * PADDING;
    const size_t most = rest < SLAB ? rest : SLAB;
    const size_t octets = size > most ? size : most;
    char *slab = arena_bytes(&t->arena, octets);
    t->out_of_memory = !slab;
    if (!slab)
        return false;
    t->at = slab;
    t->end = slab + octets;
    return true;
}

void *tree_alloc(struct tree *t, size_t size)
{
    enum { ALIGNMENT = _Alignof(struct doc_node) };
    const size_t octets = (size + ALIGNMENT - 1) & ~((size_t)ALIGNMENT - 1);
    if ((size_t)(t->end - t->at) < octets && !begin_slab(t, octets))
        return NULL;
    void *p = t->at;
    t->at += octets;
    return p;
}

// Room for one more element behind n; a full array doubles.
static void *with_room(void *array, size_t n, size_t *room, size_t size)
{
    if (n < *room)
        return array;
    const size_t more = *room ? *room * 2 : ROOM_FIRST;
    size_t octets;
    if (__builtin_mul_overflow(more, size, &octets))
        return NULL;
    void *bigger = realloc(array, octets);
    if (bigger)
        *room = more;
    return bigger;
}

static int refuse_key(struct tree *t, const struct doc_node *key)
{
    const struct tree_place at = {key->line, key->column};
    if (key->kind != DOC_SCALAR)
        return tree_refuse(t, at,
                           "a key is %s; put text that contains '{' or '[' in "
                           "quotes, and run 'helm template' first where '{{' "
                           "belongs to a template",
                           key->kind == DOC_MAP ? "a map" : "a list");
    return tree_refuse(t, at,
                       "a key is null; write the key before the ':', in quotes "
                       "where it is to be '%s'",
                       key->text);
}

// Only a plain "", "~" and "null" in its spellings can be; many keys are
// called "name".
static bool may_be_null(const struct doc_node *key)
{
    return key->plain &&
           (key->n == 0 || key->text[0] == '~' ||
            ((key->text[0] | 0x20) == 'n' && (key->text[1] | 0x20) == 'u'));
}

static bool is_key(const struct tree *t, const struct tree_frame *frame)
{
    return frame->node->kind == DOC_MAP &&
           (t->children_n - frame->first) % 2 == 0;
}

// Put a node where it belongs: the root, an item, a key or a value.
static int place(struct tree *t, struct doc_node *node)
{
    assert(node);
    if (t->frames_n == 0) {
        assert(!t->root);
        t->root = node;
        return 0;
    }
    struct tree_frame *frame = &t->frames[t->frames_n - 1];
    if (is_key(t, frame)) {
        if (node->kind != DOC_SCALAR ||
            (may_be_null(node) && doc_type_of(node) == DOC_NULL))
            return refuse_key(t, node);
        frame->merges = frame->merges || tree_is_merge_key(node);
    }
    struct doc_node **children = with_room(
        t->children, t->children_n, &t->children_room, sizeof *t->children);
    if (!children)
        return -ENOMEM;
    t->children = children;
    t->children[t->children_n++] = node;
    return 0;
}

static int add_anchor(struct tree *t, struct tree_place at, const char *name,
                      const struct tree_anchor *anchor, uint32_t *out)
{
    const size_t length = strlen(name);
    struct tree_anchor *anchors = with_room(
        t->anchors, t->anchors_n, &t->anchors_room, sizeof *t->anchors);
    if (!anchors)
        return -ENOMEM;
    t->anchors = anchors;
    char *text = tree_alloc(t, length + 1);
    if (!text)
        return tree_no_room(t, at);
    memcpy(text, name, length + 1);
    struct tree_anchor *added = &t->anchors[t->anchors_n];
    *added = *anchor;
    added->name = span_of(text, length);
    const uint32_t number =
        keys_add(&t->names, (uint32_t)t->anchors_n, added->name);
    if (number == KEYS_NONE)
        return -ENOMEM;
    // YAML 1.2.2 section 3.2.2.2: a later anchor of the same name takes over.
    if (number == t->anchors_n)
        t->anchors_n++;
    else
        t->anchors[number] = *added;
    *out = number;
    return 0;
}

static bool is_plain(const struct tree_scalar *s)
{
    if (s->tag == TREE_TAG_STR)
        return false;
    return s->plain || s->tag != TREE_TAG_NONE;
}

static int new_scalar(struct tree *t, struct tree_place at,
                      const struct tree_scalar *s, struct doc_node **out)
{
    if (s->text.n > t->limits.scalar_max)
        return tree_refuse(t, at,
                           "a value of %zu octets; the limit for one value is "
                           "%zu",
                           s->text.n, t->limits.scalar_max);
    // Only an escape in double quotes can write it.
    if (!s->plain && s->text.n && memchr(s->text.p, 0, s->text.n))
        return tree_refuse(t, at,
                           "a value contains a NUL character ('\\0'); remove "
                           "it, or encode the value as base64");
    // The text stands right behind its node: whoever reads one, reads both.
    struct doc_node *node = tree_alloc(t, sizeof *node + s->text.n + 1);
    if (!node)
        return tree_no_room(t, at);
    char *text = (char *)(node + 1);
    memcpy(text, s->text.p, s->text.n);
    text[s->text.n] = '\0';
    *node = (struct doc_node){.kind = DOC_SCALAR,
                              .plain = is_plain(s),
                              .line = at.line,
                              .column = at.column,
                              .n = (uint32_t)s->text.n,
                              .text = text};
    *out = node;
    return 0;
}

int tree_scalar(struct tree *t, struct tree_place at,
                const struct tree_scalar *s)
{
    struct doc_node *node = NULL;
    int rc = new_scalar(t, at, s, &node);
    if (rc)
        return rc;
    if (s->tag) {
        rc = tree_check_tag(t, at, s->tag, node);
        if (rc)
            return rc;
    }
    t->nodes++;
    rc = place(t, node);
    if (rc || !s->anchor)
        return rc;
    uint32_t number;
    return add_anchor(t, at, s->anchor,
                      &(struct tree_anchor){.node = node, .weight = 1},
                      &number);
}

// The innermost open map or list contains something of this height.
static void reach(struct tree *t, unsigned height)
{
    if (t->frames_n == 0)
        return;
    struct tree_frame *frame = &t->frames[t->frames_n - 1];
    if (frame->height <= height)
        frame->height = height + 1;
}

int tree_alias(struct tree *t, struct tree_place at, const char *name)
{
    const uint32_t number = keys_find(&t->names, span_of_text(name));
    if (number == KEYS_NONE)
        return tree_refuse(t, at,
                           "'*%.60s' stands for nothing: no '&%.60s' before it "
                           "in this document; put the value in quotes if the "
                           "'*' belongs to it",
                           name, name);
    const struct tree_anchor *anchor = &t->anchors[number];
    if (anchor->open)
        return tree_refuse(t, at,
                           "'*%.60s' is used inside of what '&%.60s' names; "
                           "write the value out",
                           name, name);
    t->aliased += anchor->weight;
    t->nodes += anchor->weight;
    if (t->aliased > t->limits.alias_max)
        return tree_refuse(t, at,
                           "aliases add more than %zu nodes to the document, "
                           "the limit; write some of them out",
                           t->limits.alias_max);
    if (t->frames_n + anchor->height > t->limits.depth_max)
        return tree_refuse(t, at,
                           "with what '*%.60s' stands for, maps and lists are "
                           "nested deeper than %u levels, the limit",
                           name, t->limits.depth_max);
    reach(t, anchor->height);
    return place(t, anchor->node);
}

static int push_frame(struct tree *t, struct doc_node *node, uint32_t anchor)
{
    struct tree_frame *frames =
        with_room(t->frames, t->frames_n, &t->frames_room, sizeof *t->frames);
    if (!frames)
        return -ENOMEM;
    t->frames = frames;
    t->frames[t->frames_n++] = (struct tree_frame){
        .node = node,
        .first = t->children_n,
        .before = t->nodes - 1,
        .anchor = anchor,
        .height = 1,
    };
    return 0;
}

int tree_open(struct tree *t, struct tree_place at, enum doc_kind kind,
              const char *anchor)
{
    if (t->frames_n >= t->limits.depth_max)
        return tree_refuse(t, at,
                           "maps and lists are nested deeper than %u levels, "
                           "the limit",
                           t->limits.depth_max);
    struct doc_node *node = tree_alloc(t, sizeof *node);
    if (!node)
        return tree_no_room(t, at);
    *node = (struct doc_node){
        .kind = (uint8_t)kind, .line = at.line, .column = at.column};
    t->nodes++;
    int rc = place(t, node);
    if (rc)
        return rc;
    uint32_t number = KEYS_NONE;
    if (anchor) {
        rc = add_anchor(t, at, anchor,
                        &(struct tree_anchor){.node = node, .open = true},
                        &number);
        if (rc)
            return rc;
    }
    return push_frame(t, node, number);
}

static int close_list(struct tree *t, struct doc_node *node,
                      struct doc_node *const *children, size_t n)
{
    struct doc_node **items = tree_alloc(t, n * sizeof *items);
    if (!items)
        return tree_no_room(t, (struct tree_place){node->line, node->column});
    if (n)
        memcpy(items, children, n * sizeof *items);
    node->items = items;
    node->n = (uint32_t)n;
    return 0;
}

static int close_map(struct tree *t, struct doc_node *node,
                     struct doc_node *const *children, size_t n)
{
    struct doc_pair *pairs = tree_alloc(t, n * sizeof *pairs);
    if (!pairs)
        return tree_no_room(t, (struct tree_place){node->line, node->column});
    for (size_t i = 0; i < n; i++) {
        pairs[i].key = children[2 * i];
        pairs[i].value = children[2 * i + 1];
    }
    node->pairs = pairs;
    node->n = (uint32_t)n;
    return 0;
}

int tree_close(struct tree *t)
{
    assert(t->frames_n);
    const struct tree_frame *frame = &t->frames[t->frames_n - 1];
    struct doc_node *const node = frame->node;
    // an empty node may come before any child: there is nothing to point at
    struct doc_node *const *children =
        t->children ? t->children + frame->first : NULL;
    const size_t n = t->children_n - frame->first;
    assert(children || n == 0);
    int rc;
    if (node->kind == DOC_LIST)
        rc = close_list(t, node, children, n);
    else if (frame->merges)
        rc = tree_merge(t, node, children, n / 2);
    else
        rc = close_map(t, node, children, n / 2);
    if (rc)
        return rc;

    // Inside, the name may have been given to another node.
    if (frame->anchor != KEYS_NONE && t->anchors[frame->anchor].node == node) {
        struct tree_anchor *anchor = &t->anchors[frame->anchor];
        anchor->weight = t->nodes - frame->before;
        anchor->height = frame->height;
        anchor->open = false;
    }
    t->children_n = frame->first;
    t->frames_n--;
    reach(t, frame->height);
    return 0;
}
