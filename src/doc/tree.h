// SPDX-License-Identifier: Apache-2.0
// A document's tree while it grows: events in, immutable nodes out, within the
// limits. Knows no parser. Control path; one document at a time, and the memory
// of one document serves the next.
#ifndef ORDINALD_DOC_TREE_H
#define ORDINALD_DOC_TREE_H

#include "base/arena.h"
#include "base/error.h"
#include "doc/doc.h"
#include "keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The tags that decide what a scalar is; all others change nothing.
enum tree_tag {
    TREE_TAG_NONE,
    TREE_TAG_STR,
    TREE_TAG_INT,
    TREE_TAG_BOOL,
    TREE_TAG_NULL,
    TREE_TAG_FLOAT,
    TREE_TAG_MERGE,
};

// Where an event stands, from 1.
struct tree_place {
    uint32_t line;
    uint32_t column;
};

struct tree_scalar {
    struct span text;
    const char *anchor; // or NULL
    enum tree_tag tag;
    bool plain; // no quotes
};

struct tree_anchor {
    struct span name; // in the arena
    struct doc_node *node;
    size_t weight;   // nodes below and with it, aliases followed
    unsigned height; // levels of maps and lists, likewise
    bool open;       // its map or list has not ended
};

// A map or list that has not ended.
struct tree_frame {
    struct doc_node *node;
    size_t first;    // of its children
    size_t before;   // nodes of the document before it
    uint32_t anchor; // or KEYS_NONE
    unsigned height; // levels so far, itself included, aliases followed
    bool merges;     // has a merge key
};

struct tree {
    // read-only
    struct doc_node *root;      // NULL: none yet
    struct tree_place fault_at; // where -EINVAL comes from
    struct error fault;         // and why

    // private
    struct doc_limits limits;
    struct arena arena; // what does not fit into the first slab
    char *at;           // free within the slab in use
    char *end;
    char *slab; // the first one: serves one document after another
    size_t slab_size;
    bool out_of_memory;         // why tree_alloc() failed: not the limit
    struct doc_node **children; // of all open frames; key, value, key, ...
    size_t children_n;
    size_t children_room;
    struct tree_frame *frames;
    size_t frames_n;
    size_t frames_room;
    struct tree_anchor *anchors;
    size_t anchors_n;
    size_t anchors_room;
    struct keys names; // of the anchors
    size_t nodes;      // so far, aliases followed
    size_t aliased;    // of these, what aliases added
};

// Cannot fail. limits is copied.
void tree_init(struct tree *t, const struct doc_limits *limits);

// Begin a document; the last one's nodes are gone.
void tree_reset(struct tree *t);

void tree_release(struct tree *t);

/*
 * The events of one document in their order. All borrow what they are given.
 *
 * Return 0; -EINVAL with fault and fault_at filled, then only tree_reset() and
 * tree_release() may follow; or -ENOMEM, likewise.
 */
int tree_scalar(struct tree *t, struct tree_place at,
                const struct tree_scalar *scalar) ORD_CHECKED;
int tree_alias(struct tree *t, struct tree_place at,
               const char *name) ORD_CHECKED;
int tree_open(struct tree *t, struct tree_place at, enum doc_kind kind,
              const char *anchor) ORD_CHECKED;
int tree_close(struct tree *t) ORD_CHECKED;

// For the parts of this module: refuse the document.
int tree_refuse(struct tree *t, struct tree_place at, const char *format, ...)
    ORD_PRINTF(3, 4);

// size octets that live as long as the document, aligned for a pointer and not
// cleared, or NULL; then tree_no_room() says what to return.
void *tree_alloc(struct tree *t, size_t size);
int tree_no_room(struct tree *t, struct tree_place at);

// Refuse a scalar that is not what its tag says.
int tree_check_tag(struct tree *t, struct tree_place at, enum tree_tag tag,
                   const struct doc_node *node) ORD_CHECKED;

/*
 * The pairs of a map with merge keys, see merge.c.
 *
 * children  key, value, key, ... n pairs in the map as it is written
 */
int tree_merge(struct tree *t, struct doc_node *map,
               struct doc_node *const *children, size_t n) ORD_CHECKED;

// Whether a scalar that is a key is a merge key.
static inline bool tree_is_merge_key(const struct doc_node *key)
{
    return key->text[0] == '<' && key->plain && key->n == 2 &&
           key->text[1] == '<';
}

#endif
