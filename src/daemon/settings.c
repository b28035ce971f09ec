// SPDX-License-Identifier: Apache-2.0
// The table of settings, and how values get into their places. Where a text
// stands is the affair of options.c and config.c, what it means that of value.c
// and list.c.
#include "daemon/settings.h"

#include "setter.h"
#include "value.h"

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
    switch (row->type) {
    case SETTING_PATHS:
    case SETTING_WORDS:
    case SETTING_SOCKETS:
    case SETTING_CIDRS:
    case SETTING_CIDR_PAIR:
    case SETTING_NAMES:
    case SETTING_UPSTREAMS:
        return true;
    case SETTING_FILE:
    case SETTING_UINT:
    case SETTING_DOMAIN:
    case SETTING_CHOICE:
    case SETTING_FLAG:
    case SETTING_TEXT:
    case SETTING_SELECTOR:
    case SETTING_DURATION:
        break;
    }
    return false;
}

static bool is_own(const struct setter *t, const struct setting *row)
{
    for (size_t i = 0; i < t->command->own_n; i++)
        if (row == &t->command->own[i])
            return true;
    return false;
}

// Where the row's value is; its type says what that points at.
static void *value_of(const struct setter *t, const struct setting *row)
{
    void *base = is_own(t, row) ? t->command->values : t->s;
    return (char *)base + row->offset;
}

static size_t *count_of(const struct setter *t, const struct setting *row)
{
    return value_count(row, value_of(t, row));
}

void setter_begin(struct setter *t, const struct setting *row, enum origin from)
{
    // Words of a command stand in one place only.
    if (is_own(t, row))
        return;
    enum origin *stands = &t->origins[row - table];
    if (*stands == from)
        return;
    *stands = from;
    if (setting_is_list(row))
        *count_of(t, row) = 0;
}

int setter_number(struct setter *t, const struct setting *row, int64_t value,
                  struct error *err)
{
    return value_set_number(row, value_of(t, row), value, err);
}

static int set_one(struct setter *t, const struct setting *row,
                   const char *text, struct error *err)
{
    void *value = value_of(t, row);
    return setting_is_list(row)
               ? value_add(row, value, text, &t->s->arena, err)
               : value_set(row, value, text, &t->s->arena, err);
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
    if (!setting_is_list(row) || row->type == SETTING_PATHS ||
        row->type == SETTING_WORDS)
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
    if (setting_is_list(row) && *count_of(t, row) < row->min)
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
