// SPDX-License-Identifier: Apache-2.0
#include "number.h"

#include "base/base.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Longer text is a string. Go would read a longer decimal fraction as a number;
// no field of Kubernetes has one.
enum { NUMBER_MAX = 1024 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static unsigned digit_of(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10 : 99;
}

// What ParseInt makes of the digits' prefix: "0x", "0o", "0b", and "0" alone
// for octal. Moves *p behind it.
static unsigned base_of(const char **p)
{
    if ((*p)[0] != '0' || (*p)[1] == '\0')
        return 10;
    const char letter = (char)((*p)[1] | 0x20);
    const unsigned base = letter == 'x'   ? 16
                          : letter == 'o' ? 8
                          : letter == 'b' ? 2
                                          : 0;
    *p += base ? 2 : 1;
    return base ? base : 8;
}

enum magnitude { MAGNITUDE_NONE, MAGNITUDE_FITS, MAGNITUDE_HUGE };

// Digits of the base and nothing else.
static enum magnitude magnitude_of(const char *p, unsigned base, uint64_t *out)
{
    if (*p == '\0')
        return MAGNITUDE_NONE;
    uint64_t value = 0;
    bool huge = false;
    for (; *p; p++) {
        const unsigned digit = digit_of(*p);
        if (digit >= base)
            return MAGNITUDE_NONE;
        huge = huge || __builtin_mul_overflow(value, base, &value) ||
               __builtin_add_overflow(value, digit, &value);
    }
    *out = value;
    return huge ? MAGNITUDE_HUGE : MAGNITUDE_FITS;
}

static struct number integer_of(const char *p)
{
    const struct number none = {.kind = NUMBER_NONE};
    const bool sign = *p == '-' || *p == '+';
    const bool negative = *p == '-';
    p += sign;
    const char *const digits = p;
    const unsigned base = base_of(&p);
    uint64_t value;
    const enum magnitude m = magnitude_of(p, base, &value);
    if (m == MAGNITUDE_NONE)
        return none;
    if (m == MAGNITUDE_FITS && value <= (uint64_t)INT64_MAX + negative) {
        const int64_t magnitude = (int64_t)(value - negative);
        return (struct number){.kind = NUMBER_INT,
                               .value = negative ? -magnitude - 1 : magnitude};
    }
    // ParseUint comes next, which knows no sign; then ParseFloat, which would
    // have decimal digits; then an integer of any size, without a sign.
    if (sign || (m == MAGNITUDE_HUGE && (base == 10 || is_digit(digits[1]))))
        return none;
    return (struct number){.kind = NUMBER_INT_HUGE};
}

static const char *skip_digits(const char *p)
{
    while (is_digit(*p))
        p++;
    return p;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
static bool is_decimal(const char *p)
{
    p += *p == '-' || *p == '+';
    const char *whole = p;
    p = skip_digits(p);
    const bool has_whole = p > whole;
    if (*p == '.') {
        const char *fraction = ++p;
        p = skip_digits(p);
        if (!has_whole && p == fraction)
            return false;
    } else if (!has_whole) {
        return false;
    }
    if ((*p | 0x20) == 'e') {
        p++;
        p += *p == '-' || *p == '+';
        const char *exponent = p;
        p = skip_digits(p);
        if (p == exponent)
            return false;
    }
    return *p == '\0';
}

static struct number real_of(const char *p)
{
    if (is_decimal(p)) {
        const double real = strtod(p, NULL);
        // ParseFloat refuses what is too large, and the text stays a string.
        if (isfinite(real))
            return (struct number){.kind = NUMBER_FLOAT, .real = real};
    }
    return (struct number){.kind = NUMBER_NONE};
}

static bool special_of(const char *p, struct number *out)
{
    static const struct {
        char text[6];
        signed char sign; // of infinity, 0: not a number
    } specials[] = {
        {".nan", 0},  {".NaN", 0},   {".NAN", 0},   {".inf", 1},
        {".Inf", 1},  {".INF", 1},   {"+.inf", 1},  {"+.Inf", 1},
        {"+.INF", 1}, {"-.inf", -1}, {"-.Inf", -1}, {"-.INF", -1},
    };
    for (size_t i = 0; i < ORD_COUNT(specials); i++) {
        if (strcmp(p, specials[i].text) == 0) {
            const double sign = specials[i].sign;
            *out = (struct number){.kind = NUMBER_FLOAT,
                                   .real = specials[i].sign
                                               ? sign * (double)INFINITY
                                               : (double)NAN};
            return true;
        }
    }
    return false;
}

struct number number_of(const char *text, size_t n)
{
    const char first = text[0];
    struct number number = {.kind = NUMBER_NONE};
    if (n == 0 || n > NUMBER_MAX ||
        (!is_digit(first) && first != '-' && first != '+' && first != '.'))
        return number;
    if (special_of(text, &number))
        return number;
    if (first == '.')
        return real_of(text); // underscores stay, and make it a string

    char plain[NUMBER_MAX + 1];
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '_')
            plain[m++] = text[i];
    }
    plain[m] = '\0';
    number = integer_of(plain);
    return number.kind == NUMBER_NONE ? real_of(plain) : number;
}
