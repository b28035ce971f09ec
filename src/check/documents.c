// SPDX-License-Identifier: Apache-2.0
// The documents of a run: copied while they are read, lists taken apart as the
// decoder does it, and found again by what is made of them.
#include "check.h"

#include <stdlib.h>
#include <string.h>

// --- collecting ------------------------------------------------------------

// What an item of a typed list may leave out; "" for none.
struct inherited {
    const char *kind;
    const char *api_version;
};

static const char *text_of(const struct doc_node *map, const char *key,
                           const char *otherwise)
{
    const struct doc_node *node = doc_get(map, key);
    return node && node->kind == DOC_SCALAR ? node->text : otherwise;
}

static bool is_known(const char *kind, size_t n)
{
    for (unsigned i = 0; i < OBJECT_KINDS; i++) {
        const char *name = object_kind_name((enum object_kind)i);
        if (strlen(name) == n && memcmp(name, kind, n) == 0)
            return true;
    }
    return false;
}

static const char list_tail[] = "List";

/*
 * Whether a kind is a list, List itself or one of a kind that is known, and
 * what its items inherit.
 */
static bool is_list(struct check *c, const struct doc_node *root,
                    const char *kind, struct inherited *items)
{
    const size_t n = strlen(kind), tail = sizeof list_tail - 1;
    *items = (struct inherited){"", ""};
    if (strcmp(kind, list_tail) == 0)
        return true;
    if (n < tail || strcmp(kind + n - tail, list_tail) != 0 ||
        !is_known(kind, n - tail))
        return false;
    items->kind = arena_text(&c->arena, kind, n - tail);
    items->api_version = text_of(root, "apiVersion", "");
    c->no_memory |= !items->kind;
    return true;
}

static void take_one(struct check *c, const struct check_document *d)
{
    struct check_document *all = check_grow(c, c->documents_all, c->documents_n,
                                            &c->documents_room, sizeof *all);
    if (!all)
        return;
    c->documents = c->documents_all = all;
    all[c->documents_n++] = *d;
}

// Lists within lists are as deep as a document may be (struct doc_limits).
static void split(struct check *c, const char *file,
                  const struct doc_node *root, struct inherited from)
{
    const struct check_document d = {
        .file = file,
        .root = root,
        .kind = text_of(root, "kind", from.kind),
        .api_version = text_of(root, "apiVersion", from.api_version),
    };
    const struct doc_node *items = doc_get(root, "items");
    struct inherited of_items;
    // What is no map is the decoder's to tell.
    if (root->kind != DOC_MAP)
        return;
    // a list without items is one object, whose fields are looked at
    if (!is_list(c, root, d.kind, &of_items) || !items)
        take_one(c, &d);
    else if (items->kind == DOC_LIST)
        for (uint32_t i = 0; i < items->n && !c->no_memory; i++)
            split(c, file, items->items[i], of_items);
}

void check_take_document(void *context, const char *file,
                         const struct doc_node *root)
{
    struct check *c = context;
    const char *seen = check_see_file(c, file);
    const struct doc_node *copy = seen ? doc_dup(&c->arena, root) : NULL;
    if (copy)
        split(c, seen, copy, (struct inherited){"", ""});
    else
        c->no_memory = true;
}

// --- finding ---------------------------------------------------------------

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare(struct place a, struct place b)
{
    int r = a.file == b.file ? 0 : strcmp(a.file, b.file);
    if (r == 0)
        r = compare_numbers(a.line, b.line);
    return r ? r : compare_numbers(a.column, b.column);
}

static struct place place_of(const struct check_document *d)
{
    return (struct place){d->file, d->root->line, d->root->column};
}

static int by_place(const void *a, const void *b)
{
    const struct check_slot *one = a, *other = b;
    const int r = compare(place_of(one->document), place_of(other->document));
    return r ? r
             : (one->document > other->document) -
                   (one->document < other->document);
}

void check_index_documents(struct check *c)
{
    c->slots =
        arena_array(&c->arena, (size_t)c->documents_n + 1, sizeof *c->slots);
    c->no_memory |= !c->slots;
    if (!c->slots)
        return;
    c->slots_n = c->documents_n;
    for (uint32_t i = 0; i < c->slots_n; i++)
        c->slots[i] = (struct check_slot){
            .document = &c->documents[i],
            .findings = CHECK_NO_FINDING,
        };
    qsort(c->slots, c->slots_n, sizeof *c->slots, by_place);
}

struct check_slot *check_slot_at(const struct check *c, struct place at)
{
    uint32_t low = 0, high = at.file ? c->slots_n : 0;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (compare(place_of(c->slots[middle].document), at) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct check_slot *slot = low > 0 ? &c->slots[low - 1] : NULL;
    return slot && strcmp(slot->document->file, at.file) == 0 ? slot : NULL;
}

const struct check_document *check_document_of(const struct check *c,
                                               const struct object *o)
{
    const struct check_slot *slot = check_slot_at(c, o->at);
    return slot && compare(place_of(slot->document), o->at) == 0
               ? slot->document
               : NULL;
}

// --- fields ----------------------------------------------------------------

enum { KEY_SIZE = 256 };

// The field that a step of a path names: "ports", or "[0]" of a list. *path
// moves on to the next step.
static const struct doc_node *step(const struct doc_node *node,
                                   const char **path)
{
    char key[KEY_SIZE];
    const char *at = *path;
    const bool is_item = *at == '[';
    const size_t n = is_item ? strcspn(at, "]") + 1 : strcspn(at, ".[");
    *path = at + n + (at[n] == '.');
    if (is_item) {
        const unsigned long i = strtoul(at + 1, NULL, 10);
        return node->kind == DOC_LIST && i < node->n ? node->items[i] : NULL;
    }
    if (n >= sizeof key)
        return NULL;
    memcpy(key, at, n);
    key[n] = '\0';
    return doc_get(node, key);
}

// Follow a path as far as it goes.
static const struct doc_node *follow(const struct check_document *d,
                                     const char *path, bool *whole)
{
    const struct doc_node *node = d->root;
    *whole = true;
    while (*path) {
        const struct doc_node *next = step(node, &path);
        if (!next) {
            *whole = false;
            break;
        }
        node = next;
    }
    return node;
}

struct place check_place(const struct check_document *d, const char *path)
{
    bool whole;
    if (!d)
        return (struct place){0};
    const struct doc_node *node = follow(d, path, &whole);
    return (struct place){d->file, node->line, node->column};
}

const struct doc_node *check_node(const struct check_document *d,
                                  const char *path)
{
    bool whole;
    const struct doc_node *node = d ? follow(d, path, &whole) : NULL;
    return node && whole ? node : NULL;
}
