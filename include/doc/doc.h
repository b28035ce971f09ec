// SPDX-License-Identifier: Apache-2.0
// Text as a small tree that remembers line and column: what YAML and JSON have
// in common. Control path; a tree belongs to its arena and is never changed
// once it is built. Scalars keep their text; what a plain one means (YAML 1.1
// as Kubernetes reads it) is decided when it is asked for.
#ifndef ORDINALD_DOC_DOC_H
#define ORDINALD_DOC_DOC_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum doc_kind { DOC_SCALAR, DOC_MAP, DOC_LIST };

// What a scalar is: quoted and block scalars are strings, plain ones whatever
// their text says.
enum doc_type {
    DOC_NULL,
    DOC_BOOL,
    DOC_INT,
    DOC_FLOAT,
    DOC_STRING,
    DOC_TYPE_MAP,
    DOC_TYPE_LIST,
};

struct doc_pair;

// Immutable. Walk it with the fields; a list has items, a map has pairs (merge
// keys already resolved, own keys first).
struct doc_node {
    uint8_t kind;  // enum doc_kind
    bool plain;    // scalar without quotes and "!!str", or with "!!int" etc.
    uint32_t line; // from 1
    uint32_t column;
    uint32_t n; // octets, items or pairs
    union {
        const char *text; // NUL behind it; has no NUL in it
        struct doc_node *const *items;
        const struct doc_pair *pairs;
    };
};

struct doc_pair {
    const struct doc_node *key; // always a scalar
    const struct doc_node *value;
};

// What a reader refuses; each field is tested by passing it.
struct doc_limits {
    size_t text_max;    // octets of input
    unsigned depth_max; // levels of maps and lists, aliases followed
    size_t alias_max;   // nodes that aliases and merge keys of one document add
    size_t scalar_max;  // octets of one scalar
    size_t memory_max;  // octets of tree for one document
};

// 512 MiB of text, 64 levels, 100,000 nodes by alias, 1 MiB a scalar, 4 GiB.
struct doc_limits doc_limits_default(void);

/*
 * Read the YAML (or JSON, its subset) documents of a text one after another.
 *
 * file      for places in findings; borrowed during the call
 * text      UTF-8 or UTF-16 with or without byte order mark, LF, CRLF or CR
 * limits    each one passed is a finding that names the limit
 * document  called for each well-formed document that is not empty, with its
 *           root; the tree is only valid during the call
 * report    where an ill-formed document goes: place, what, how to mend it.
 *           Reading goes on at the next line that starts with "---"
 *
 * A document is refused whole: for its syntax, a limit, a key that is null, a
 * map or a list, an alias of what is not there, a merge key without a map, a
 * tag that its value contradicts, text behind its end. A broken document takes
 * nothing along: those before and after it are delivered. A document that says
 * null is empty.
 *
 * Returns the number of documents that were refused, or -ENOMEM as soon as
 * memory runs out (what was delivered by then was sound); memory_max is a limit
 * like the others, and no -ENOMEM.
 */
int doc_yaml_read(const char *file, struct span text,
                  const struct doc_limits *limits,
                  void (*document)(void *context, const struct doc_node *root),
                  void *context, const struct report *report) ORD_CHECKED;

// What the node is, by YAML 1.1 as sigs.k8s.io/yaml reads it: "yes" and "on"
// are booleans, "0x1F", "0b1", "010", "0o10", "1_000" integers, "~" is null. A
// DOC_INT may be larger than 64 bits. The tags !!str, !!int, !!bool, !!null and
// !!float decide; other tags change nothing.
enum doc_type doc_type_of(const struct doc_node *node);

// "a string", "a number": for findings.
const char *doc_type_name(enum doc_type type);

// The value of a DOC_BOOL; false for all others.
bool doc_bool(const struct doc_node *node);

// An integer, also one written as a float without fraction (8e1: encoding it
// as JSON, as Kubernetes does, makes it 80). False: none, or beyond 64 bits.
bool doc_int(const struct doc_node *node, int64_t *out) ORD_CHECKED;

// The value of key, or NULL where map is NULL, no map, or has no such key.
// Kubernetes treats an explicit null like an absent key: so does this. Of two
// equal keys it is the first.
const struct doc_node *doc_get(const struct doc_node *map, const char *key);

// A copy of a tree that belongs to this arena; NULL without memory.
struct doc_node *doc_dup(struct arena *arena, const struct doc_node *node);

// The first pair whose key stood in the map before, or NULL: a mistake in any
// document. What a merge key brings never counts. Takes time in proportion
// to the number of pairs.
const struct doc_pair *doc_duplicate(const struct doc_node *map);

#endif
