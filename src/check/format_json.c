// SPDX-License-Identifier: Apache-2.0
// For programs: include/check/check.h has the form, which only grows.
#include "format.h"

#include "doc/json.h"

// Counts up when a field changes what it means, or goes.
enum { JSON_VERSION = 1 };

static void put_finding(struct json_out *j, const struct check_finding *f)
{
    const enum reason_code code = (enum reason_code)f->code;

    json_out_object(j, NULL);
    json_out_text(j, "file", f->at.file ? f->at.file : "");
    json_out_uint(j, "line", f->at.line);
    json_out_uint(j, "column", f->at.column);
    json_out_text(j, "level", check_level_name(code));
    json_out_text(j, "id", reason_kind(code)->id);
    json_out_text(j, "text", f->text);
    json_out_text(j, "mend", f->mend);
    json_out_end(j);
}

char *check_format_json(struct check *c, size_t *n)
{
    struct json_out j = {0};

    json_out_object(&j, NULL);
    json_out_uint(&j, "version", JSON_VERSION);
    json_out_list(&j, "findings");
    for (uint32_t i = 0; i < c->findings_n; i++)
        put_finding(&j, &c->findings[i]);
    json_out_end(&j);
    json_out_uint(&j, "errors", c->result.errors);
    json_out_uint(&j, "warnings", c->result.warnings);
    json_out_uint(&j, "objects", c->result.objects);
    json_out_uint(&j, "files", c->result.files);
    json_out_end(&j);
    return json_out_take(&j, n);
}
