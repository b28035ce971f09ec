// SPDX-License-Identifier: Apache-2.0
#include "view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *check_text(struct check *c, const char *format, ...)
{
    char text[REASON_LONG_MAX + 1]; // no more of it is ever printed
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *kept = arena_text_dup(&c->arena, text);
    c->no_memory |= !kept;
    return kept ? kept : "";
}

const char *check_where(struct check *c, struct place from, struct place at)
{
    const bool same = strcmp(from.file, at.file) == 0;
    return check_text(c, "%s%s%u:%u", same ? "" : at.file, same ? "" : ":",
                      at.line, at.column);
}
