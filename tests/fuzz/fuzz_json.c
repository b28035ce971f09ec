// SPDX-License-Identifier: Apache-2.0
// Any octets as the body of a request to the control interface: what is refused
// is told, what is taken has the fields that were asked for, and a text that is
// written again is read as the same.
#include "doc/json.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIELDS = 3 };

// Those of the pages, at once: a fault's, and others that are missing mostly.
static const struct json_field known[FIELDS] = {
    {.key = "target", .kind = JSON_KIND_TEXT},
    {.key = "kind", .kind = JSON_KIND_TEXT, .optional = true},
    {.key = "for_ms", .kind = JSON_KIND_UINT, .optional = true},
};

static void check_again(const struct json_field *field)
{
    const bool is_text = field->kind == JSON_KIND_TEXT;
    struct json_out out = {.p = NULL};
    struct json_value *root;
    struct error err;
    size_t n;

    json_out_object(&out, NULL);
    if (is_text)
        json_out_text(&out, "again", json_value_text(field->value));
    else
        json_out_uint(&out, "again", json_value_uint(field->value));
    json_out_end(&out);
    char *text = json_out_take(&out, &n);
    assert(text && text[n - 1] == '\n');
    const int rc = json_value_read(span_of(text, n), &root, &err);
    assert(rc == 0);
    const struct json_value *again = json_value_get(root, "again");
    assert(again &&
           strcmp(json_value_text(again), json_value_text(field->value)) == 0);
    assert(json_value_uint(again) == json_value_uint(field->value));
    json_value_free(root);
    free(text);
}

static void check_fields(const struct json_value *root)
{
    struct json_field fields[FIELDS];
    struct error err = {""};

    memcpy(fields, known, sizeof fields);
    if (json_value_fields(root, fields, FIELDS, &err)) {
        assert(err.text[0]);
        return;
    }
    for (size_t i = 0; i < FIELDS; i++) {
        assert(fields[i].value == json_value_get(root, fields[i].key));
        assert(fields[i].value || fields[i].optional);
        if (fields[i].value)
            check_again(&fields[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_value *root = NULL;
    struct error err = {""};
    const int rc = json_value_read(span_of(data, size), &root, &err);

    if (rc == 0) {
        check_fields(root);
        json_value_free(root);
    } else {
        assert(rc == -EINVAL && err.text[0] && !root);
    }
    return 0;
}
