// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259) as programs exchange it: a writer that keeps its text in
// memory, and a reader for small texts whose form is known. What people write
// is read by doc/doc.h, which knows lines and columns. Any thread.
#ifndef ORDINALD_DOC_JSON_H
#define ORDINALD_DOC_JSON_H

#include "base/base.h"
#include "base/bytes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Room for a text of n octets as JSON: each takes at most the six of "\u0000",
// and there are two quotes.
static inline size_t json_string_size(size_t n)
{
    return 6 * n + 2;
}

/*
 * Write a text as a JSON string, quotes included; no NUL behind it.
 *
 * text  UTF-8
 * out   json_string_size() octets
 *
 * Returns the octets written, or 0 when there is no memory.
 */
size_t json_string_format(struct span text, char *out);

// --- writing ---------------------------------------------------------------

enum { JSON_OUT_DEPTH_MAX = 16 };

// A text that grows. Begin with {0}; memory that runs out is told at the end,
// by json_out_take(). Private: use the functions.
struct json_out {
    char *p;
    size_t n;
    size_t room;
    bool failed;
    bool follows;                  // something stands before, on this level
    unsigned depth;                // at most JSON_OUT_DEPTH_MAX
    char ends[JSON_OUT_DEPTH_MAX]; // of the levels that are open
};

// Each has a key within an object, and NULL for it in a list and at the top. A
// key is written as it stands: a word without quotes and backslashes. What is
// no UTF-8 in a text becomes U+FFFD.
void json_out_object(struct json_out *j, const char *key);
void json_out_list(struct json_out *j, const char *key);
void json_out_text(struct json_out *j, const char *key, const char *text);
void json_out_uint(struct json_out *j, const char *key, uint64_t number);
void json_out_bool(struct json_out *j, const char *key, bool value);
// End the object or list that was begun last.
void json_out_end(struct json_out *j);

// What was written, all ended, and a line feed: for free(). NULL when there was
// no memory; j is empty again in either case.
char *json_out_take(struct json_out *j, size_t *n);

// Forget what was written.
void json_out_release(struct json_out *j);

// --- reading ---------------------------------------------------------------

struct json_value; // immutable; lives as long as its root

/*
 * Read one object, and nothing behind it.
 *
 * out  the root, for json_value_free()
 *
 * Returns 0; -EINVAL with err filled where it is none, or has a key twice, or
 * a NUL in a text; -ENOMEM likewise.
 */
int json_value_read(struct span text, struct json_value **out,
                    struct error *err) ORD_CHECKED;
void json_value_free(struct json_value *root);

// All of these take NULL, and what is of another type, as what is empty: NULL,
// "", 0, false.
const struct json_value *json_value_get(const struct json_value *object,
                                        const char *key);
size_t json_value_count(const struct json_value *list);
const struct json_value *json_value_at(const struct json_value *list, size_t i);
const char *json_value_text(const struct json_value *v);
uint64_t json_value_uint(const struct json_value *v);
bool json_value_bool(const struct json_value *v);

enum json_kind { JSON_KIND_TEXT, JSON_KIND_UINT };

// What an object may have.
struct json_field {
    const char *key;
    enum json_kind kind;
    bool optional;
    const struct json_value *value; // set by json_value_fields(); NULL: none
};

/*
 * Find the fields of an object, which may have no others.
 *
 * Returns 0, or -EINVAL with err filled: which key is unknown, missing, or of
 * another kind.
 */
int json_value_fields(const struct json_value *object,
                      struct json_field *fields, size_t n,
                      struct error *err) ORD_CHECKED;

#endif
