// SPDX-License-Identifier: Apache-2.0
// The table of settings and how the text of each type becomes a value. Where
// the text stands is the affair of options.c and config.c.
#include "daemon/settings.h"

#include "setter.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

static const struct setting table[SETTINGS_N] = {
#define SETTING(word_, type_, field_, preset_, min_, max_, argument_, unit_,   \
                group_, help_)                                                 \
    {.word = (word_),                                                          \
     .type = SETTING_##type_,                                                  \
     .offset = offsetof(struct settings, field_),                              \
     .preset = (preset_),                                                      \
     .min = (min_),                                                            \
     .max = (max_),                                                            \
     .argument = (argument_),                                                  \
     .unit = (unit_),                                                          \
     .group = (group_),                                                        \
     .help = (help_)},
#include "settings.def"
#undef SETTING
};

const struct setting *settings_table(size_t *n)
{
    *n = SETTINGS_N;
    return table;
}

const struct setting *setter_find(const char *word)
{
    for (size_t i = 0; i < SETTINGS_N; i++)
        if (strcmp(table[i].word, word) == 0)
            return &table[i];
    return NULL;
}

bool setting_is_list(const struct setting *row)
{
    return row->type == SETTING_PATHS || row->type == SETTING_SOCKETS ||
           row->type == SETTING_CIDRS || row->type == SETTING_CIDR_PAIR;
}

// Where the row's value is; `type` in the table says what it points at.
static void *value_of(struct settings *s, const struct setting *row)
{
    return (char *)s + row->offset;
}

static size_t *count_of(struct settings *s, const struct setting *row)
{
    switch (row->type) {
    case SETTING_PATHS:
        return &((struct text_list *)value_of(s, row))->n;
    case SETTING_SOCKETS:
        return &((struct sockaddr_list *)value_of(s, row))->n;
    case SETTING_CIDRS:
    case SETTING_CIDR_PAIR:
        return &((struct cidr_list *)value_of(s, row))->n;
    default:
        return NULL;
    }
}

void setter_begin(struct setter *t, const struct setting *row, enum origin from)
{
    enum origin *stands = &t->origins[row - table];
    if (*stands == from)
        return;
    *stands = from;
    if (setting_is_list(row))
        *count_of(t->s, row) = 0;
}

// --- lists -----------------------------------------------------------------

// Room for one more item. Lists double whenever their length is a power of
// two, so the room they have need not be kept. An emptied list begins anew.
static void *list_grow(struct settings *s, void *items, size_t n, size_t size)
{
    if (n & (n - 1))
        return items;
    void *more = arena_array(&s->arena, n ? 2 * n : 1, size);
    if (more && n)
        memcpy(more, items, n * size);
    return more;
}

static int no_memory(struct error *err)
{
    return error_set(err, -ENOMEM, "no memory for the settings");
}

static int twice(const char *text, struct error *err)
{
    return error_set(err, -EINVAL, "'%s' is given twice; leave one out", text);
}

static int add_path(struct settings *s, struct text_list *list,
                    const char *text, struct error *err)
{
    if (!*text)
        return error_set(err, -EINVAL,
                         "a path is empty; name a file, a directory or -");
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(text, "-") == 0 && strcmp(list->items[i], text) == 0)
            return twice(text, err); // standard input can be read once only
    const char **items =
        list_grow(s, list->items, list->n, sizeof *list->items);
    if (!items)
        return no_memory(err);
    list->items = items;
    list->items[list->n] = arena_text_dup(&s->arena, text);
    if (!list->items[list->n])
        return no_memory(err);
    list->n++;
    return 0;
}

static bool same_socket(const struct sockaddr_any *a,
                        const struct sockaddr_any *b)
{
    char at[SOCKADDR_TEXT_SIZE], bt[SOCKADDR_TEXT_SIZE];
    // Port 0 asks for any free port: twice means two of them.
    return sockaddr_port(a) != 0 &&
           strcmp(sockaddr_format(a, at), sockaddr_format(b, bt)) == 0;
}

static int add_socket(struct settings *s, struct sockaddr_list *list,
                      const char *text, struct error *err)
{
    struct sockaddr_any a;
    int r = sockaddr_parse(text, &a, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < list->n; i++)
        if (same_socket(&a, &list->items[i]))
            return twice(text, err);
    struct sockaddr_any *items =
        list_grow(s, list->items, list->n, sizeof *list->items);
    if (!items)
        return no_memory(err);
    items[list->n++] = a;
    list->items = items;
    return 0;
}

static bool same_cidr(const struct cidr *a, const struct cidr *b)
{
    return a->prefix == b->prefix && address_compare(&a->base, &b->base) == 0;
}

static int add_cidr(struct settings *s, struct cidr_list *list, bool pair,
                    const char *text, struct error *err)
{
    struct cidr c;
    int r = cidr_parse(text, &c, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < list->n; i++) {
        const struct cidr *other = &list->items[i];
        char given[CIDR_TEXT_SIZE];
        if (same_cidr(&c, other))
            return twice(text, err);
        if (pair && other->base.family == c.base.family)
            return error_set(err, -EINVAL,
                             "'%s' comes beside %s, but there may be one "
                             "range for each of IPv4 and IPv6; leave one out",
                             text, cidr_format(other, given));
    }
    struct cidr *items =
        list_grow(s, list->items, list->n, sizeof *list->items);
    if (!items)
        return no_memory(err);
    items[list->n++] = c;
    list->items = items;
    return 0;
}

// --- single values ---------------------------------------------------------

static int out_of_bounds(const struct setting *row, const char *text,
                         struct error *err)
{
    return error_set(err, -EINVAL, "'%s' is not in %u..%u %s", text, row->min,
                     row->max, row->unit);
}

int setter_number(struct setter *t, const struct setting *row, int64_t value,
                  struct error *err)
{
    assert(row->type == SETTING_UINT);
    if (value < row->min || value > row->max) {
        struct error text;
        (void)error_set(&text, 0, "%lld", (long long)value);
        return out_of_bounds(row, text.text, err);
    }
    *(uint32_t *)value_of(t->s, row) = (uint32_t)value;
    return 0;
}

// Decimal digits only: flags are written by people, and 010 is not 8 to them.
static int set_uint(struct setter *t, const struct setting *row,
                    const char *text, struct error *err)
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
    return setter_number(t, row, v, err);
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

static int set_choice(uint32_t *value, const struct setting *row,
                      const char *text, struct error *err)
{
    const int i = choice_index(row->unit, text);
    if (i < 0)
        return error_set(err, -EINVAL, "'%s' is none of %s", text, row->unit);
    *value = (uint32_t)i;
    return 0;
}

static int set_file(struct settings *s, const char **value, const char *text,
                    struct error *err)
{
    const char *copy = arena_text_dup(&s->arena, text);
    if (!copy)
        return no_memory(err);
    *value = copy;
    return 0;
}

// Whether a list may have one more item. Of ranges there is one a family: what
// is said of the family says more.
static int check_room(struct setter *t, const struct setting *row,
                      struct error *err)
{
    if (!setting_is_list(row) || row->type == SETTING_CIDR_PAIR ||
        *count_of(t->s, row) < row->max)
        return 0;
    return error_set(err, -EINVAL, "there are more than %u; leave some out",
                     row->max);
}

static int set_one(struct setter *t, const struct setting *row,
                   const char *text, struct error *err)
{
    void *value = value_of(t->s, row);
    const int r = check_room(t, row, err);
    if (r < 0)
        return r;
    switch (row->type) {
    case SETTING_FILE:
        return set_file(t->s, value, text, err);
    case SETTING_PATHS:
        return add_path(t->s, value, text, err);
    case SETTING_SOCKETS:
        return add_socket(t->s, value, text, err);
    case SETTING_UINT:
        return set_uint(t, row, text, err);
    case SETTING_DOMAIN:
        return set_domain(value, text, err);
    case SETTING_CIDRS:
        return add_cidr(t->s, value, false, text, err);
    case SETTING_CIDR_PAIR:
        return add_cidr(t->s, value, true, text, err);
    case SETTING_CHOICE:
        return set_choice(value, row, text, err);
    case SETTING_FLAG:
    case SETTING_TEXT:
    case SETTING_NAMES:
    case SETTING_SELECTOR:
        break;
    }
    return error_set(err, -EINVAL, "'%s' cannot be set", row->word);
}

// One of several items in a comma list, copied out of it.
static int set_item(struct setter *t, const struct setting *row,
                    const char *text, size_t n, struct error *err)
{
    char item[256];
    if (n == 0)
        return error_set(err, -EINVAL,
                         "an item is empty; write %s, with commas between "
                         "several",
                         row->argument);
    if (n >= sizeof item)
        return error_set(err, -EINVAL, "'%.40s...' is too long for %s", text,
                         row->argument);
    memcpy(item, text, n);
    item[n] = '\0';
    return set_one(t, row, item, err);
}

int setter_text(struct setter *t, const struct setting *row, const char *text,
                struct error *err)
{
    // A comma is as good a letter as any in a path.
    if (!setting_is_list(row) || row->type == SETTING_PATHS)
        return set_one(t, row, text, err);
    for (;;) {
        const size_t n = strcspn(text, ",");
        int r = set_item(t, row, text, n, err);
        if (r < 0 || text[n] == '\0')
            return r;
        text += n + 1;
    }
}

int setter_end(const struct setter *t, const struct setting *row,
               struct error *err)
{
    if (setting_is_list(row) && *count_of(t->s, row) < row->min)
        return error_set(err, -EINVAL, "there is none; give at least %u %s",
                         row->min, row->argument);
    return 0;
}

void settings_release(struct settings *s)
{
    arena_release(&s->arena);
    *s = (struct settings){0};
}

unsigned settings_threads(const struct settings *s)
{
    if (s->threads)
        return s->threads;
    // libuv looks at the cores that we may use, not at those there are
    const long n = (long)uv_available_parallelism();
    const long most = table[SETTING_INDEX_threads].max;
    return (unsigned)(n < 1 ? 1 : n > most ? most : n);
}

struct log settings_log(const struct settings *s)
{
    return (struct log){.fd = STDERR_FILENO,
                        .level = (enum log_level)s->log_level,
                        .format = (enum log_format)s->log_format};
}
