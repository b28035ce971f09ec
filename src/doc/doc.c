// SPDX-License-Identifier: Apache-2.0
#include "doc/doc.h"

#include "keys.h"
#include "number.h"

#include <string.h>

// Up to so many pairs are compared with each other, which needs no memory.
enum { SMALL_MAP = 32 };

struct doc_limits doc_limits_default(void)
{
    return (struct doc_limits){
        .text_max = (size_t)512 << 20,
        .depth_max = 64,
        .alias_max = 100000,
        .scalar_max = (size_t)1 << 20,
        .memory_max = (size_t)4 << 30,
    };
}

// The words of YAML 1.1 that goyaml.v2 knows; in order of strcmp().
static const struct word {
    char text[6];
    uint8_t type; // enum doc_type
    bool value;
} words[] = {
    {"", DOC_NULL, false},      {"FALSE", DOC_BOOL, false},
    {"False", DOC_BOOL, false}, {"N", DOC_BOOL, false},
    {"NO", DOC_BOOL, false},    {"NULL", DOC_NULL, false},
    {"No", DOC_BOOL, false},    {"Null", DOC_NULL, false},
    {"OFF", DOC_BOOL, false},   {"ON", DOC_BOOL, true},
    {"Off", DOC_BOOL, false},   {"On", DOC_BOOL, true},
    {"TRUE", DOC_BOOL, true},   {"True", DOC_BOOL, true},
    {"Y", DOC_BOOL, true},      {"YES", DOC_BOOL, true},
    {"Yes", DOC_BOOL, true},    {"false", DOC_BOOL, false},
    {"n", DOC_BOOL, false},     {"no", DOC_BOOL, false},
    {"null", DOC_NULL, false},  {"off", DOC_BOOL, false},
    {"on", DOC_BOOL, true},     {"true", DOC_BOOL, true},
    {"y", DOC_BOOL, true},      {"yes", DOC_BOOL, true},
    {"~", DOC_NULL, false},
};

static const struct word *word_of(const struct doc_node *node)
{
    if (node->n >= sizeof words[0].text)
        return NULL;
    size_t low = 0;
    size_t high = ORD_COUNT(words);
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int order = strcmp(node->text, words[middle].text);
        if (order == 0)
            return &words[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

enum doc_type doc_type_of(const struct doc_node *node)
{
    if (node->kind == DOC_MAP)
        return DOC_TYPE_MAP;
    if (node->kind == DOC_LIST)
        return DOC_TYPE_LIST;
    if (!node->plain)
        return DOC_STRING;
    const struct word *word = word_of(node);
    if (word)
        return (enum doc_type)word->type;
    switch (number_of(node->text, node->n).kind) {
    case NUMBER_INT:
    case NUMBER_INT_HUGE:
        return DOC_INT;
    case NUMBER_FLOAT:
        return DOC_FLOAT;
    case NUMBER_NONE:
        break;
    }
    return DOC_STRING;
}

const char *doc_type_name(enum doc_type type)
{
    switch (type) {
    case DOC_NULL:
        return "null";
    case DOC_BOOL:
        return "a boolean";
    case DOC_INT:
    case DOC_FLOAT:
        return "a number";
    case DOC_STRING:
        return "a string";
    case DOC_TYPE_MAP:
        return "a map";
    case DOC_TYPE_LIST:
        return "a list";
    }
    return "nothing known";
}

bool doc_bool(const struct doc_node *node)
{
    if (node->kind != DOC_SCALAR || !node->plain)
        return false;
    const struct word *word = word_of(node);
    return word && word->value;
}

bool doc_int(const struct doc_node *node, int64_t *out)
{
    if (node->kind != DOC_SCALAR || !node->plain)
        return false;
    const struct number number = number_of(node->text, node->n);
    if (number.kind == NUMBER_INT) {
        *out = number.value;
        return true;
    }
    // 2^63 itself is a double, INT64_MAX is not; no NaN passes.
    if (number.kind != NUMBER_FLOAT ||
        !(number.real >= -0x1p63 && number.real < 0x1p63))
        return false;
    const int64_t whole = (int64_t)number.real;
    if ((double)whole != number.real)
        return false;
    *out = whole;
    return true;
}

const struct doc_node *doc_get(const struct doc_node *map, const char *key)
{
    if (!map || map->kind != DOC_MAP)
        return NULL;
    const size_t n = strlen(key);
    for (size_t i = 0; i < map->n; i++) {
        const struct doc_pair *pair = &map->pairs[i];
        if (pair->key->n == n && memcmp(pair->key->text, key, n) == 0)
            return doc_type_of(pair->value) == DOC_NULL ? NULL : pair->value;
    }
    return NULL;
}

static struct span key_of(const void *context, uint32_t number)
{
    const struct doc_node *key = ((const struct doc_pair *)context)[number].key;
    return span_of(key->text, key->n);
}

// The first pair from `from` on whose key stood before; no memory, all pairs
// with each other.
static const struct doc_pair *duplicate_among(const struct doc_node *map,
                                              uint32_t from)
{
    for (uint32_t i = from; i < map->n; i++) {
        const struct span key = key_of(map->pairs, i);
        for (uint32_t j = 0; j < i; j++) {
            if (span_equal(key_of(map->pairs, j), key))
                return &map->pairs[i];
        }
    }
    return NULL;
}

const struct doc_pair *doc_duplicate(const struct doc_node *map)
{
    if (map->kind != DOC_MAP)
        return NULL;
    if (map->n <= SMALL_MAP)
        return duplicate_among(map, 0);

    const struct doc_pair *found = NULL;
    struct keys seen;
    keys_init(&seen, key_of, map->pairs);
    for (uint32_t i = 0; i < map->n && !found; i++) {
        const uint32_t first = keys_add(&seen, i, key_of(map->pairs, i));
        if (first == KEYS_NONE) {
            // Slow, but right, when there is no memory.
            found = duplicate_among(map, i);
            break;
        }
        if (first != i)
            found = &map->pairs[i];
    }
    keys_release(&seen);
    return found;
}
