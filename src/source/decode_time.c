// SPDX-License-Identifier: Apache-2.0
// Times as the API server writes and reads them (RFC 3339 5.6):
// 2026-11-21T10:22:05Z, also with a fraction and an offset.
#include "decode.h"

static bool take_number(const char **at, unsigned digits, int64_t min,
                        int64_t max, int64_t *out)
{
    int64_t n = 0;
    for (unsigned i = 0; i < digits; i++) {
        const char c = **at;
        if (c < '0' || c > '9')
            return false;
        n = n * 10 + (c - '0');
        ++*at;
    }
    *out = n;
    return n >= min && n <= max;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// Days from 1970-01-01 to the first day of a year; below 0 before that.
static int64_t days_to_year(int64_t year)
{
    const int64_t before = year - 1, epoch = 1969;
    const int64_t leaps = before / 4 - before / 100 + before / 400 -
                          (epoch / 4 - epoch / 100 + epoch / 400);
    return (year - 1970) * 365 + leaps;
}

static bool take_date(const char **at, int64_t *days)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30,
                                      31, 31, 30, 31, 30, 31};
    int64_t year, month, day;
    if (!take_number(at, 4, 0, 9999, &year) || !take_char(at, '-') ||
        !take_number(at, 2, 1, 12, &month) || !take_char(at, '-') ||
        !take_number(at, 2, 1, 31, &day))
        return false;
    int64_t n = days_to_year(year);
    for (int64_t m = 1; m < month; m++)
        n += lengths[m - 1] + (m == 2 && is_leap(year));
    *days = n + day - 1;
    return day <= lengths[month - 1] + (month == 2 && is_leap(year));
}

// What it is less than a second is dropped.
static bool take_clock(const char **at, int64_t *seconds)
{
    int64_t hour, minute, second, digit;
    if (!take_number(at, 2, 0, 23, &hour) || !take_char(at, ':') ||
        !take_number(at, 2, 0, 59, &minute) || !take_char(at, ':') ||
        !take_number(at, 2, 0, 59, &second))
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    if (!take_char(at, '.'))
        return true;
    if (!take_number(at, 1, 0, 9, &digit))
        return false;
    while (**at >= '0' && **at <= '9')
        ++*at;
    return true;
}

// Seconds that a clock there is ahead of UTC.
static bool take_offset(const char **at, int64_t *seconds)
{
    int64_t hour, minute;
    *seconds = 0;
    if (take_char(at, 'Z'))
        return true;
    const bool behind = **at == '-';
    if (!take_char(at, behind ? '-' : '+') ||
        !take_number(at, 2, 0, 23, &hour) || !take_char(at, ':') ||
        !take_number(at, 2, 0, 59, &minute))
        return false;
    *seconds = (hour * 3600 + minute * 60) * (behind ? -1 : 1);
    return true;
}

static bool parse(const char *text, int64_t *unix_s)
{
    int64_t days, seconds, ahead;
    if (!take_date(&text, &days) || !take_char(&text, 'T') ||
        !take_clock(&text, &seconds) || !take_offset(&text, &ahead) || *text)
        return false;
    *unix_s = days * 86400 + seconds - ahead;
    return true;
}

uint32_t decode_time(struct decoder *d, const struct where *where,
                     const struct doc_node *node)
{
    int64_t at = 0;
    if (!node)
        return 0;
    if (node->kind != DOC_SCALAR || !parse(node->text, &at)) {
        char shown[SHOWN_SIZE];
        const char *what = node->kind == DOC_SCALAR
                               ? decode_shown(node->text, shown)
                               : doc_type_name(doc_type_of(node));
        const char *quote = node->kind == DOC_SCALAR ? "'" : "";
        decode_warning(d, where, node,
                       "must be a time such as 2026-11-21T10:22:05Z, not "
                       "%s%s%s; it counts as absent",
                       quote, what, quote);
    }
    return at > 0 && at <= UINT32_MAX ? (uint32_t)at : 0;
}
