// SPDX-License-Identifier: Apache-2.0
// How values get into the settings while they are read: from the defaults, then
// from the file, then from the command line.
#ifndef ORDINALD_DAEMON_SETTER_H
#define ORDINALD_DAEMON_SETTER_H

#include "daemon/settings.h"

#include <stdbool.h>

enum {
#define SETTING(word, type, field, ...) SETTING_INDEX_##field,
#include "settings.def"
#undef SETTING
    SETTINGS_N
};

// Where a value comes from; a higher one replaces what lower ones gave.
enum origin { ORIGIN_PRESET, ORIGIN_FILE, ORIGIN_FLAG };

struct setter {
    struct settings *s;
    const struct settings_command *command;
    enum origin origins[SETTINGS_N]; // of the values that stand now
};

// The row of a word in the table, or NULL.
const struct setting *setter_find(const char *word);

// Forget what lower origins gave; what follows is added to a list.
void setter_begin(struct setter *t, const struct setting *row,
                  enum origin from);

/*
 * Set a value, or add to a list. setter_begin() came before.
 *
 * Returns 0; -EINVAL with err filled, without the setting's name; -ENOMEM,
 * likewise.
 */
int setter_text(struct setter *t, const struct setting *row, const char *text,
                struct error *err) ORD_CHECKED;
int setter_number(struct setter *t, const struct setting *row, int64_t value,
                  struct error *err) ORD_CHECKED;

// A list that has too few items after all: -EINVAL.
int setter_end(const struct setter *t, const struct setting *row,
               struct error *err) ORD_CHECKED;

// Whether it may be given several times or as a list.
bool setting_is_list(const struct setting *row);

/*
 * Read a configuration file.
 *
 * Returns 0; -EINVAL with all that is wrong in it reported and err empty, or
 * with err filled where it cannot be read; -ENOMEM.
 */
int config_read(struct setter *t, const char *file, const struct report *report,
                struct error *err) ORD_CHECKED;

#endif
