// SPDX-License-Identifier: Apache-2.0
#include "base/duration.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint64_t NS_MAX = (uint64_t)DURATION_MS_MAX * 1000000;

// The digits at *at, as far as they matter: what is beyond is too long in any
// unit.
static uint64_t take_digits(const char **at)
{
    uint64_t n = 0;
    for (; isdigit((unsigned char)**at); ++*at) {
        if (n <= NS_MAX)
            n = n * 10 + (uint64_t)(**at - '0');
    }
    return n;
}

// What stands behind a point, in millionths: what follows is far below a
// millisecond, but in hours, which nobody writes like that.
static uint64_t take_millionths(const char **at)
{
    uint64_t n = 0, unit = 1000000;
    for (; isdigit((unsigned char)**at); ++*at) {
        unit /= 10;
        n += unit * (uint64_t)(**at - '0');
    }
    return n;
}

// The next "30s" of a duration, added to *ns. False: there is none, or it is
// longer than anything here takes.
static bool take_part(const char **at, uint64_t *ns)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } units[] = {
        // "ms" before "m"
        {"ns", 1},         {"us", 1000},       {"ms", 1000000},
        {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000},
    };
    const char *start = *at;
    uint64_t millionths = 0;
    const uint64_t whole = take_digits(at);
    if (**at == '.') {
        start++;
        ++*at;
        millionths = take_millionths(at);
    }
    for (size_t i = 0; *at > start && i < ORD_COUNT(units); i++) {
        const size_t n = strlen(units[i].text);
        if (strncmp(*at, units[i].text, n) != 0)
            continue;
        if (whole > NS_MAX / units[i].ns)
            return false;
        *ns += whole * units[i].ns + millionths * units[i].ns / 1000000;
        *at += n;
        return true;
    }
    return false;
}

bool duration_parse(const char *text, uint32_t *ms)
{
    uint64_t ns = 0;
    if (strcmp(text, "0") == 0) {
        *ms = 0;
        return true;
    }
    if (!*text)
        return false;
    while (*text) {
        if (!take_part(&text, &ns) || ns > NS_MAX)
            return false;
    }
    *ms = (uint32_t)(ns / 1000000);
    return true;
}

const char *duration_format(uint64_t ms, char out[DURATION_TEXT_SIZE])
{
    const uint64_t h = ms / 3600000, m = ms / 60000 % 60, s = ms / 1000 % 60;
    char *to = out, *const end = out + DURATION_TEXT_SIZE;

    if (ms < 1000) {
        (void)snprintf(out, DURATION_TEXT_SIZE, ms ? "%" PRIu64 "ms" : "0s",
                       ms);
        return out;
    }
    if (h)
        to += snprintf(to, (size_t)(end - to), "%" PRIu64 "h", h);
    if (h || m)
        to += snprintf(to, (size_t)(end - to), "%" PRIu64 "m", m);
    to += snprintf(to, (size_t)(end - to), "%" PRIu64, s);
    if (ms % 1000)
        to += snprintf(to, (size_t)(end - to), ".%03" PRIu64, ms % 1000);
    // 1.500 is 1.5
    while (ms % 1000 && to[-1] == '0')
        to--;
    (void)snprintf(to, (size_t)(end - to), "s");
    return out;
}
