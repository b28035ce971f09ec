// SPDX-License-Identifier: Apache-2.0
// The only place that speaks jansson.
#include "doc/json.h"

#include "base/nearest.h"
#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t json_string_format(struct span text, char *out)
{
    json_t *string = json_stringn_nocheck((const char *)text.p, text.n);
    if (!string)
        return 0;
    const size_t n =
        json_dumpb(string, out, json_string_size(text.n), JSON_ENCODE_ANY);
    json_decref(string);
    return n;
}

// --- writing ---------------------------------------------------------------

enum { ROOM_MIN = 512, NUMBER_SIZE = 24 };

// Room for n octets more, or NULL.
static char *room(struct json_out *j, size_t n)
{
    if (j->failed)
        return NULL;
    if (j->room - j->n < n) {
        size_t size = j->room ? 2 * j->room : ROOM_MIN;
        if (size < j->n + n)
            size = j->n + n;
        char *p = realloc(j->p, size);
        if (!p) {
            j->failed = true;
            return NULL;
        }
        j->p = p;
        j->room = size;
    }
    return j->p + j->n;
}

static void put(struct json_out *j, const char *p, size_t n)
{
    char *to = room(j, n);
    if (to) {
        memcpy(to, p, n);
        j->n += n;
    }
}

static void put_utf8(struct json_out *j, struct span s)
{
    char *to = room(j, json_string_size(s.n));
    if (!to)
        return;
    const size_t n = json_string_format(s, to);
    j->failed = n == 0;
    j->n += n;
}

static void put_string(struct json_out *j, const char *text)
{
    if (utf8_is_text(text)) {
        put_utf8(j, span_of_text(text));
        return;
    }
    char *mended = malloc(UTF8_MENDED_MAX * strlen(text) + 1);
    if (mended)
        put_utf8(j, span_of(mended, utf8_mend(text, mended)));
    j->failed |= !mended;
    free(mended);
}

// What stands before a value: a comma, a key.
static void begin(struct json_out *j, const char *key)
{
    if (j->follows)
        put(j, ",", 1);
    j->follows = true;
    if (!key)
        return;
    // a word of ours: nothing in it is to be escaped
    put(j, "\"", 1);
    put(j, key, strlen(key));
    put(j, "\":", 2);
}

static void open_level(struct json_out *j, const char *key,
                       const char *brackets)
{
    assert(j->depth < JSON_OUT_DEPTH_MAX);
    begin(j, key);
    put(j, brackets, 1);
    j->ends[j->depth++] = brackets[1];
    j->follows = false;
}

void json_out_object(struct json_out *j, const char *key)
{
    open_level(j, key, "{}");
}

void json_out_list(struct json_out *j, const char *key)
{
    open_level(j, key, "[]");
}

void json_out_end(struct json_out *j)
{
    assert(j->depth > 0);
    put(j, &j->ends[--j->depth], 1);
    j->follows = true;
}

void json_out_text(struct json_out *j, const char *key, const char *text)
{
    begin(j, key);
    put_string(j, text);
}

void json_out_uint(struct json_out *j, const char *key, uint64_t number)
{
    char text[NUMBER_SIZE];
    const int n = snprintf(text, sizeof text, "%" PRIu64, number);

    begin(j, key);
    put(j, text, (size_t)n);
}

void json_out_bool(struct json_out *j, const char *key, bool value)
{
    begin(j, key);
    if (value)
        put(j, "true", 4);
    else
        put(j, "false", 5);
}

char *json_out_take(struct json_out *j, size_t *n)
{
    assert(j->depth == 0);
    put(j, "\n", 1);
    char *p = j->failed ? NULL : j->p;
    *n = p ? j->n : 0;
    if (p)
        j->p = NULL;
    json_out_release(j);
    return p;
}

void json_out_release(struct json_out *j)
{
    free(j->p);
    *j = (struct json_out){0};
}

// --- reading ---------------------------------------------------------------

// A value is a json_t under a name that callers need no header for.
static const json_t *of(const struct json_value *v)
{
    return (const json_t *)(const void *)v;
}

static const struct json_value *value(const json_t *j)
{
    return (const struct json_value *)(const void *)j;
}

int json_value_read(struct span text, struct json_value **out,
                    struct error *err)
{
    json_error_t why;

    if (text.n == 0)
        return error_set(err, -EINVAL, "nothing stands where an object should");
    json_t *root =
        json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (!root && json_error_code(&why) == json_error_out_of_memory)
        return error_set(err, -ENOMEM, "no memory to read JSON");
    if (!root)
        return error_set(err, -EINVAL, "no JSON: line %d, column %d: %s",
                         why.line, why.column, why.text);
    if (!json_is_object(root)) {
        json_decref(root);
        return error_set(err, -EINVAL, "a list stands where an object should");
    }
    *out = (struct json_value *)(void *)root;
    return 0;
}

void json_value_free(struct json_value *root)
{
    json_decref((json_t *)(void *)root);
}

const struct json_value *json_value_get(const struct json_value *object,
                                        const char *key)
{
    return value(json_object_get(of(object), key));
}

size_t json_value_count(const struct json_value *list)
{
    return json_array_size(of(list));
}

const struct json_value *json_value_at(const struct json_value *list, size_t i)
{
    return value(json_array_get(of(list), i));
}

const char *json_value_text(const struct json_value *v)
{
    const char *text = json_string_value(of(v));
    return text ? text : "";
}

uint64_t json_value_uint(const struct json_value *v)
{
    const json_int_t n = json_integer_value(of(v));
    return n > 0 ? (uint64_t)n : 0;
}

bool json_value_bool(const struct json_value *v)
{
    return json_is_true(of(v));
}

static struct json_field *find_field(struct json_field *fields, size_t n,
                                     const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    return NULL;
}

static int unknown_key(const struct json_field *fields, size_t n,
                       const char *key, struct error *err)
{
    struct nearest near = nearest_of(key);
    for (size_t i = 0; i < n; i++)
        nearest_offer(&near, fields[i].key);
    if (near.word)
        return error_set(err, -EINVAL,
                         "unknown key '%.100s'; did you mean '%s'?", key,
                         near.word);
    return error_set(err, -EINVAL, "unknown key '%.100s'", key);
}

static bool is_of_kind(const json_t *j, enum json_kind kind)
{
    if (kind == JSON_KIND_TEXT)
        return json_is_string(j);
    return json_is_integer(j) && json_integer_value(j) >= 0;
}

int json_value_fields(const struct json_value *object,
                      struct json_field *fields, size_t n, struct error *err)
{
    const char *key;
    json_t *j;

    for (size_t i = 0; i < n; i++)
        fields[i].value = NULL;
    json_object_foreach((json_t *)(void *)(uintptr_t)object, key, j)
    {
        struct json_field *f = find_field(fields, n, key);
        if (!f)
            return unknown_key(fields, n, key, err);
        if (!is_of_kind(j, f->kind))
            return error_set(
                err, -EINVAL, "'%s' is not a %s", key,
                f->kind == JSON_KIND_TEXT ? "text" : "whole number, 0 or more");
        f->value = value(j);
    }
    for (size_t i = 0; i < n; i++)
        if (!fields[i].value && !fields[i].optional)
            return error_set(err, -EINVAL, "'%s' is missing", fields[i].key);
    return 0;
}
