// SPDX-License-Identifier: Apache-2.0
// How a text becomes a value of each type. What is taken of it is copied into
// the arena. All return 0; -EINVAL with err filled, without the setting's name;
// -ENOMEM, likewise; on failure the value is as it was.
#ifndef ORDINALD_DAEMON_VALUE_H
#define ORDINALD_DAEMON_VALUE_H

#include "daemon/settings.h"

#include <stdbool.h>

int value_no_memory(struct error *err);

// A single value, by the row's type; `value` is what the row's offset leads to.
int value_set(const struct setting *row, void *value, const char *text,
              struct arena *arena, struct error *err) ORD_CHECKED;
int value_set_number(const struct setting *row, void *value, int64_t number,
                     struct error *err) ORD_CHECKED;

// One more item of a list.
int value_add(const struct setting *row, void *list, const char *text,
              struct arena *arena, struct error *err) ORD_CHECKED;

// The number of items of a list of the row's type, or NULL for other types.
size_t *value_count(const struct setting *row, void *list);

#endif
