// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// A sentence that was cut off ends with a whole character: it is shown on
// terminals and in JSON, where half of a UTF-8 sequence would be a fault.
static void trim_utf8(char *text)
{
    size_t n = strlen(text), back = 0;
    while (back < 3 && back < n && (text[n - 1 - back] & 0xc0) == 0x80)
        back++;
    if (back == n)
        return;
    const unsigned char lead = (unsigned char)text[n - 1 - back];
    const size_t want = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0;
    if (lead >= 0xc0 && back < want)
        text[n - 1 - back] = '\0';
}

// Arguments may point into the very text that is replaced, so it is written
// elsewhere first.
static void ORD_PRINTF(2, 0)
    put(struct error *err, const char *format, va_list arguments)
{
    struct error next;
    const int n = vsnprintf(next.text, sizeof next.text, format, arguments);
    if (n < 0)
        next.text[0] = '\0';
    if (n >= (int)sizeof next.text)
        trim_utf8(next.text);
    memcpy(err->text, next.text, strlen(next.text) + 1);
}

int error_set(struct error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    va_list arguments;
    va_start(arguments, format);
    put(err, format, arguments);
    va_end(arguments);
    return code;
}

int error_wrap(struct error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    struct error before;
    va_list arguments;
    va_start(arguments, format);
    put(&before, format, arguments);
    va_end(arguments);
    return error_set(err, code, "%s: %s", before.text, err->text);
}

void report_finding(const struct report *r, enum finding kind, struct place at,
                    const char *format, ...)
{
    if (!r || !r->finding)
        return;
    struct error text;
    va_list arguments;
    va_start(arguments, format);
    put(&text, format, arguments);
    va_end(arguments);
    r->finding(r->context, kind, at, text.text);
}
