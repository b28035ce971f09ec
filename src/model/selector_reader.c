// SPDX-License-Identifier: Apache-2.0
#include "selector_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// --- what went wrong -------------------------------------------------------

int reader_wrong(const struct reader *r, const char *at, const char *format,
                 ...)
{
    struct error what;
    size_t character = 1;
    va_list arguments;

    for (const char *p = r->text; p < at; p++)
        character += ((unsigned char)p[1] & 0xc0) != 0x80; // UTF-8
    va_start(arguments, format);
    vsnprintf(what.text, sizeof what.text, format, arguments);
    va_end(arguments);
    return error_set(r->err, -EINVAL, "character %zu: %s", character,
                     what.text);
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static struct quote quote_of(const char *p, size_t n)
{
    const bool whole = n <= QUOTE_MAX;
    struct quote q = {"the end"};
    size_t at = 0;

    if (n == 0)
        return q;
    n = whole ? n : QUOTE_MAX;
    while (!whole && n > 0 && ((unsigned char)p[n] & 0xc0) == 0x80)
        n--; // no half characters
    q.text[at++] = '\'';
    for (size_t i = 0; i < n; i++)
        q.text[at++] = (char)(is_control(p[i]) ? '?' : p[i]);
    strcpy(q.text + at, whole ? "'" : "...'");
    return q;
}

struct quote reader_quote(const struct reader *r)
{
    return quote_of(r->at, r->n);
}

static struct quote quote_character(const char *p)
{
    size_t n = 1;

    while (n < 4 && ((unsigned char)p[n] & 0xc0) == 0x80)
        n++;
    return quote_of(p, n);
}

// --- tokens ----------------------------------------------------------------

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum token token_at(const char *p, size_t *n)
{
    *n = 1;
    switch (*p) {
    case '\0':
        *n = 0;
        return TOKEN_END;
    case '=':
        *n = p[1] == '=' ? 2 : 1;
        return TOKEN_EQUAL;
    case '!':
        *n = p[1] == '=' ? 2 : 1;
        return p[1] == '=' ? TOKEN_UNEQUAL : TOKEN_NOT;
    case '(':
        return TOKEN_OPEN;
    case ')':
        return TOKEN_CLOSE;
    case ',':
        return TOKEN_COMMA;
    case '<':
    case '>':
        return TOKEN_COMPARISON;
    default:
        *n = strcspn(p, "=!(),<> \t\r\n");
        return TOKEN_WORD;
    }
}

void reader_next(struct reader *r)
{
    r->at += r->n;
    while (is_blank(*r->at))
        r->at++;
    r->token = token_at(r->at, &r->n);
}

struct reader reader_of(const char *text, struct error *err)
{
    struct reader r = {.text = text, .err = err, .at = text};

    reader_next(&r);
    return r;
}

bool reader_word_is(const struct reader *r, const char *word)
{
    return r->token == TOKEN_WORD && r->n == strlen(word) &&
           memcmp(r->at, word, r->n) == 0;
}

// --- keys and values -------------------------------------------------------

// K8S "Syntax and character set": the name in a key or a value, and the prefix
// of a key.
enum { WORD_MAX = 63, PREFIX_MAX = 253 };

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_letter_or_digit(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool is_mark(char c)
{
    return c == '-' || c == '_' || c == '.';
}

static int check_word(const struct reader *r, const char *p, size_t n,
                      const char *what)
{
    for (size_t i = 0; i < n; i++) {
        const bool edge = i == 0 || i + 1 == n;
        if (i == WORD_MAX)
            return reader_wrong(r, p + i, "a %s has at most %d characters",
                                what, WORD_MAX);
        if (is_letter_or_digit(p[i]) || (is_mark(p[i]) && !edge))
            continue;
        if (is_mark(p[i]))
            return reader_wrong(
                r, p + i, "a %s begins and ends with a letter or digit, not %s",
                what, quote_character(p + i).text);
        return reader_wrong(
            r, p + i, "a %s has letters, digits, '-', '_' and '.', not %s",
            what, quote_character(p + i).text);
    }
    return 0;
}

static int check_prefix(const struct reader *r, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        // Where RFC 1123 2.1 wants a letter or digit, not a hyphen or dot.
        const bool edge =
            i == 0 || i + 1 == n || p[i - 1] == '.' || p[i + 1] == '.';
        if (i == PREFIX_MAX)
            return reader_wrong(
                r, p + i, "the prefix of a label key has at most %d characters",
                PREFIX_MAX);
        if (is_lower_or_digit(p[i]) || (p[i] == '-' && !edge) ||
            (p[i] == '.' && i > 0 && i + 1 < n && p[i - 1] != '.'))
            continue;
        return reader_wrong(r, p + i,
                            "the prefix of a label key is a DNS name in lower "
                            "case, as in 'example.com/app': %s does not fit",
                            quote_character(p + i).text);
    }
    return 0;
}

int reader_check_key(const struct reader *r)
{
    const char *end = r->at + r->n;
    const char *slash = memchr(r->at, '/', r->n);

    if (!slash)
        return check_word(r, r->at, r->n, "label key");
    if (slash == r->at)
        return reader_wrong(r, slash,
                            "a prefix belongs before '/', as in "
                            "'example.com/app'");
    const int rc = check_prefix(r, r->at, (size_t)(slash - r->at));
    if (rc)
        return rc;
    if (slash + 1 == end)
        return reader_wrong(r, end,
                            "a name belongs behind '/', as in "
                            "'example.com/app'");
    return check_word(r, slash + 1, (size_t)(end - slash - 1), "label key");
}

int reader_check_value(const struct reader *r)
{
    return r->token == TOKEN_WORD ? check_word(r, r->at, r->n, "label value")
                                  : 0;
}
