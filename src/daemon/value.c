// SPDX-License-Identifier: Apache-2.0
// Single values among the settings.
#include "value.h"

#include "base/duration.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

int value_no_memory(struct error *err)
{
    return error_set(err, -ENOMEM, "no memory for the settings");
}

static int out_of_bounds(const struct setting *row, const char *text,
                         struct error *err)
{
    return error_set(err, -EINVAL, "'%s' is not in %u..%u %s", text, row->min,
                     row->max, row->unit);
}

int value_set_number(const struct setting *row, void *value, int64_t number,
                     struct error *err)
{
    assert(row->type == SETTING_UINT);
    if (number < row->min || number > row->max) {
        struct error text;
        (void)error_set(&text, 0, "%lld", (long long)number);
        return out_of_bounds(row, text.text, err);
    }
    *(uint32_t *)value = (uint32_t)number;
    return 0;
}

// Decimal digits only: flags are written by people, and 010 is not 8 to them.
static int set_uint(const struct setting *row, void *value, const char *text,
                    struct error *err)
{
    const size_t n = strlen(text);
    int64_t v = 0;
    if (n == 0 || strspn(text, "0123456789") != n)
        return error_set(err, -EINVAL,
                         "'%s' is not a whole number; write one in %u..%u %s",
                         text, row->min, row->max, row->unit);
    for (size_t i = 0; i < n && v <= UINT32_MAX; i++)
        v = v * 10 + (text[i] - '0');
    if (v > UINT32_MAX)
        return out_of_bounds(row, text, err);
    return value_set_number(row, value, v, err);
}

static int set_duration(const struct setting *row, uint32_t *value,
                        const char *text, struct error *err)
{
    char least[DURATION_TEXT_SIZE], most[DURATION_TEXT_SIZE];
    uint32_t ms;
    if (!duration_parse(text, &ms) || ms < row->min || ms > row->max)
        return error_set(err, -EINVAL,
                         "'%.40s' is no duration of %s to %s; write 500ms, 5s "
                         "or 1m30s",
                         text, duration_format(row->min, least),
                         duration_format(row->max, most));
    *value = ms;
    return 0;
}

static int set_domain(struct dns_name *value, const char *text,
                      struct error *err)
{
    struct dns_name name;
    int r = dns_name_parse(text, &name, err);
    if (r < 0)
        return r;
    dns_name_fold(&name);
    *value = name;
    return 0;
}

// Which word of "a|b|c" is text, or -1.
static int choice_index(const char *words, const char *text)
{
    const size_t n = strlen(text);
    for (int i = 0; *words; i++) {
        const size_t word_n = strcspn(words, "|");
        if (word_n == n && strncmp(words, text, n) == 0)
            return i;
        words += word_n + (words[word_n] == '|');
    }
    return -1;
}

static int set_choice(const struct setting *row, uint32_t *value,
                      const char *text, struct error *err)
{
    const int i = choice_index(row->unit, text);
    if (i < 0)
        return error_set(err, -EINVAL, "'%s' is none of %s", text, row->unit);
    *value = (uint32_t)i;
    return 0;
}

static int set_flag(bool *value, const char *text, struct error *err)
{
    const int i = choice_index("false|true", text);
    if (i < 0)
        return error_set(err, -EINVAL,
                         "'%s' is neither true nor false; write one of them, "
                         "or the option alone",
                         text);
    *value = i == 1;
    return 0;
}

static int set_copy(const char **value, const char *text, struct arena *arena,
                    struct error *err)
{
    const char *copy = arena_text_dup(arena, text);
    if (!copy)
        return value_no_memory(err);
    *value = copy;
    return 0;
}

static int set_text(const struct setting *row, const char **value,
                    const char *text, struct arena *arena, struct error *err)
{
    const size_t n = strlen(text);
    if (n < row->min || n > row->max)
        return error_set(err, -EINVAL,
                         "'%.40s%s' has %zu octets; give %u to %u", text,
                         n > 40 ? "..." : "", n, row->min, row->max);
    return set_copy(value, text, arena, err);
}

static int set_selector(const struct selector **value, const char *text,
                        struct arena *arena, struct error *err)
{
    // No text is no selector: nothing has to be looked at then.
    if (!*text) {
        *value = NULL;
        return 0;
    }
    const int r = selector_parse(text, arena, value, err);
    return r == -ENOMEM ? value_no_memory(err) : r;
}

int value_set(const struct setting *row, void *value, const char *text,
              struct arena *arena, struct error *err)
{
    switch (row->type) {
    case SETTING_FILE:
        return set_copy(value, text, arena, err);
    case SETTING_TEXT:
        return set_text(row, value, text, arena, err);
    case SETTING_UINT:
        return set_uint(row, value, text, err);
    case SETTING_DOMAIN:
        return set_domain(value, text, err);
    case SETTING_CHOICE:
        return set_choice(row, value, text, err);
    case SETTING_FLAG:
        return set_flag(value, text, err);
    case SETTING_SELECTOR:
        return set_selector(value, text, arena, err);
    case SETTING_DURATION:
        return set_duration(row, value, text, err);
    default:
        return error_set(err, -EINVAL, "'%s' is a list", row->word);
    }
}
