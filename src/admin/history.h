// SPDX-License-Identifier: Apache-2.0
// The last events of pods and workloads, numbered from 1. Control thread.
#ifndef ORDINALD_ADMIN_HISTORY_H
#define ORDINALD_ADMIN_HISTORY_H

#include "doc/json.h"
#include "model/ordinal.h"

#include <stdint.h>

enum { HISTORY_MAX = 4096 }; // a power of two

struct noted {
    struct ordinals_event *event; // NULL: there was no memory for it
    uint64_t at_ms;
};

// Begin with {0}.
struct history {
    uint64_t last; // number of the newest one; 0: there was none
    struct noted kept[HISTORY_MAX];
};

void history_release(struct history *h);

// One more; the oldest goes. Without memory its number is used up all the same.
void history_note(struct history *h, const struct ordinals_event *event,
                  uint64_t now_ms);

/*
 * Write the events behind number `after` as a list of objects.
 *
 * Returns whether some of them are missing: they are kept no more, there was no
 * memory for them, or `after` is none that was given out here.
 */
bool history_write(const struct history *h, uint64_t after, uint64_t now_ms,
                   const char *key, struct json_out *out);

#endif
