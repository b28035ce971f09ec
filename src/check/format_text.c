// SPDX-License-Identifier: Apache-2.0
// As compilers write: file, line and column first, which editors jump to.
#include "format.h"

#include <inttypes.h>

// A finding stays on its line, whatever its file is called.
static void put(FILE *out, const char *text)
{
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        fputc(c < ' ' || c == 0x7f ? '?' : c, out);
    }
}

static void put_place(FILE *out, struct place at)
{
    if (!at.file)
        return;
    put(out, at.file);
    if (at.line)
        fprintf(out, ":%" PRIu32, at.line);
    if (at.line && at.column)
        fprintf(out, ":%" PRIu32, at.column);
    fputs(": ", out);
}

static void put_finding(FILE *out, struct check *c,
                        const struct check_finding *f)
{
    const enum reason_code code = (enum reason_code)f->code;

    put_place(out, f->at);
    fprintf(out, "%s: ", check_level_name(code));
    put(out, check_message(c, f));
    fprintf(out, " [%s]\n", reason_kind(code)->id);
}

char *check_format_text(struct check *c, size_t *n)
{
    return check_format_each(c, put_finding, n);
}
