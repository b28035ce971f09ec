// SPDX-License-Identifier: Apache-2.0
// Faults that name their field, and the fields of maps.
#include "decode.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

// The longest path that is written whole; a longer one loses its beginning,
// which says least. What is said behind it shows two texts at most.
enum {
    PATH_SIZE = 240,
    PART_SIZE = SHOWN_SIZE + 8,
    TEXT_SIZE = 2 * SHOWN_SIZE + 152,
};

// Keys that need no brackets to be told apart from the path around them.
static bool is_plain_key(const char *key)
{
    return *key && !strpbrk(key, "./ \"[]");
}

static void write_part(const struct where *where, char out[PART_SIZE])
{
    char key[SHOWN_SIZE];
    if (!where->key)
        snprintf(out, PART_SIZE, "[%u]", where->index);
    else if (is_plain_key(where->key))
        snprintf(out, PART_SIZE, "%s%s", where->up ? "." : "",
                 decode_shown(where->key, key));
    else
        snprintf(out, PART_SIZE, "[\"%s\"]", decode_shown(where->key, key));
}

// Written from its end to its beginning; returns where it begins.
static const char *write_path(const struct where *where, char out[PATH_SIZE])
{
    char *at = &out[PATH_SIZE - 1];
    *at = '\0';
    for (; where; where = where->up) {
        char part[PART_SIZE];
        write_part(where, part);
        const size_t n = strlen(part);
        if (n > (size_t)(at - out))
            break;
        at -= n;
        memcpy(at, part, n);
    }
    return at;
}

ORD_PRINTF(5, 0)
static void report_field(const struct decoder *d, enum finding kind,
                         const struct where *where, const struct doc_node *node,
                         const char *format, va_list arguments)
{
    char path[PATH_SIZE], text[TEXT_SIZE];
    const struct place at = {d->file, node->line, node->column};
    vsnprintf(text, sizeof text, format, arguments);
    report_finding(d->report, kind, at, "%s%s%s", write_path(where, path),
                   where ? " " : "", text);
}

void decode_fault(struct decoder *d, const struct where *where,
                  const struct doc_node *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_field(d, FINDING_ERROR, where, node, format, arguments);
    va_end(arguments);
    d->faults++;
}

void decode_warning(struct decoder *d, const struct where *where,
                    const struct doc_node *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_field(d, FINDING_WARNING, where, node, format, arguments);
    va_end(arguments);
}

const char *decode_shown(const char *text, char out[SHOWN_SIZE])
{
    static const char more[] = "...";
    size_t n = strlen(text);
    const bool cut = n > SHOWN_SIZE - sizeof more;
    if (cut) {
        n = SHOWN_SIZE - sizeof more;
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--; // not within a character of UTF-8
    }
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        out[i] = c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    memcpy(out + n, cut ? more : "", cut ? sizeof more : 1);
    return out;
}

// How text becomes of the wanted type, where quotes are all that is wrong.
static const char *mend_of(const struct doc_node *node, enum doc_type is,
                           enum doc_type wanted)
{
    if (wanted == DOC_STRING)
        return "; put it in quotes";
    struct doc_node bare = *node;
    bare.plain = true;
    return is == DOC_STRING && doc_type_of(&bare) == wanted
               ? "; remove the quotes"
               : "";
}

static const char *wanted_name(enum doc_type type)
{
    return type == DOC_BOOL  ? "true or false"
           : type == DOC_INT ? "an integer"
                             : doc_type_name(type);
}

void decode_mismatch(struct decoder *d, const struct where *where,
                     const struct doc_node *node, enum doc_type wanted)
{
    const enum doc_type is = doc_type_of(node);
    if (node->kind != DOC_SCALAR || is == DOC_NULL || wanted == DOC_TYPE_MAP ||
        wanted == DOC_TYPE_LIST) {
        decode_fault(d, where, node, "must be %s, not %s", wanted_name(wanted),
                     doc_type_name(is));
        return;
    }
    // doc_type_name() begins with an article: of "a string" stays " string"
    const char *name = strchr(doc_type_name(is), ' ');
    char shown[SHOWN_SIZE];
    decode_fault(d, where, node, "must be %s, not the%s \"%s\"%s",
                 wanted_name(wanted), name ? name : " value",
                 decode_shown(node->text, shown), mend_of(node, is, wanted));
}

bool decode_is_null(const struct doc_node *node)
{
    // Only "", "~" and "null" in three spellings are null: most plain scalars
    // are told apart here without doc_type_of().
    if (node->kind != DOC_SCALAR || !node->plain)
        return false;
    return (node->n == 0 || node->n == 1 || node->n == 4) &&
           doc_type_of(node) == DOC_NULL;
}

static void fault_twice(struct decoder *d, const struct where *where,
                        const struct doc_node *first,
                        const struct doc_node *second)
{
    const struct where field = where_field(where, second->text);
    decode_fault(d, &field, second,
                 "stands here twice, first at %u:%u; remove one of them",
                 first->line, first->column);
}

// Fields that nobody asked for are kubectl's affair, but one of them given
// twice tells that the text is not what its author thinks.
static void check_unknown(struct decoder *d, const struct where *where,
                          const struct doc_node *map)
{
    const struct doc_pair *second = doc_duplicate(map);
    if (!second)
        return;
    for (uint32_t i = 0; i < map->n; i++) {
        const struct doc_node *key = map->pairs[i].key;
        if (key->n == second->key->n &&
            memcmp(key->text, second->key->text, key->n) == 0) {
            fault_twice(d, where, key, second->key);
            return;
        }
    }
}

static uint32_t find_field(const struct doc_node *key,
                           const struct field *fields, uint32_t fields_n,
                           uint32_t guess)
{
    for (uint32_t i = 0, at = guess; i < fields_n; i++, at++) {
        if (at >= fields_n)
            at -= fields_n;
        if (fields[at].n == key->n &&
            memcmp(fields[at].text, key->text, key->n) == 0)
            return at;
    }
    return fields_n;
}

bool decode_fields(struct decoder *d, const struct where *where,
                   const struct doc_node *map, const struct field *fields,
                   uint32_t fields_n, const struct doc_node **values)
{
    enum { FIELDS_MAX = 16 };
    const struct doc_node *keys[FIELDS_MAX] = {0};
    assert(fields_n <= FIELDS_MAX);
    for (uint32_t i = 0; i < fields_n; i++)
        values[i] = NULL;
    if (!map)
        return false;
    if (map->kind != DOC_MAP) {
        decode_mismatch(d, where, map, DOC_TYPE_MAP);
        return false;
    }
    uint32_t unknown = 0, guess = 0;
    for (uint32_t i = 0; i < map->n; i++) {
        const struct doc_pair *pair = &map->pairs[i];
        const uint32_t at = find_field(pair->key, fields, fields_n, guess);
        guess = at + 1;
        if (at == fields_n) {
            unknown++;
            guess = 0;
        } else if (keys[at]) {
            fault_twice(d, where, keys[at], pair->key);
        } else {
            keys[at] = pair->key;
            values[at] = decode_is_null(pair->value) ? NULL : pair->value;
        }
    }
    if (unknown > 1)
        check_unknown(d, where, map);
    return true;
}

struct items decode_items(struct decoder *d, const struct where *where,
                          const struct doc_node *node)
{
    if (!node)
        return (struct items){0};
    if (node->kind != DOC_LIST) {
        decode_mismatch(d, where, node, DOC_TYPE_LIST);
        return (struct items){0};
    }
    return (struct items){node->items, node->n};
}
