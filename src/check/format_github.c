// SPDX-License-Identifier: Apache-2.0
// Workflow commands of GitHub Actions, which make annotations of them. What
// would end a command, or one of its properties, is written as "%" and two
// hexadecimal digits; the runner undoes these, and no others.
#include "format.h"

#include <inttypes.h>
#include <string.h>

static void put(FILE *out, const char *text, const char *escaped)
{
    for (; *text; text++)
        if (strchr(escaped, *text))
            fprintf(out, "%%%02X", (unsigned)(unsigned char)*text);
        else
            fputc(*text, out);
}

static void put_message(FILE *out, const char *text)
{
    put(out, text, "%\r\n");
}

static void put_property(FILE *out, const char *text)
{
    put(out, text, "%\r\n:,");
}

static void put_finding(FILE *out, struct check *c,
                        const struct check_finding *f)
{
    const enum reason_code code = (enum reason_code)f->code;

    fprintf(out, "::%s ", check_level_name(code));
    if (f->at.file) {
        fputs("file=", out);
        put_property(out, check_relative(f->at.file));
        fputc(',', out);
    }
    if (f->at.file && f->at.line)
        fprintf(out, "line=%" PRIu32 ",", f->at.line);
    if (f->at.file && f->at.line && f->at.column)
        fprintf(out, "col=%" PRIu32 ",", f->at.column);
    fputs("title=", out);
    put_property(out, reason_kind(code)->id);
    fputs("::", out);
    put_message(out, check_message(c, f));
    fputc('\n', out);
}

char *check_format_github(struct check *c, size_t *n)
{
    return check_format_each(c, put_finding, n);
}
