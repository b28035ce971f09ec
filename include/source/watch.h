// SPDX-License-Identifier: Apache-2.0
// Tells when something happened in some directories, many events as one. What
// happened is not told: names in events lie where links are involved, and a
// look at all files costs little. On the control thread's loop.
#ifndef ORDINALD_SOURCE_WATCH_H
#define ORDINALD_SOURCE_WATCH_H

#include "base/error.h"

#include <stddef.h>
#include <uv.h>

struct watch;

// `changed` is called on the loop; report is borrowed until watch_free().
// Returns 0, -ENOMEM or another libuv error.
int watch_new(uv_loop_t *loop, const struct report *report,
              void (*changed)(void *context), void *context,
              struct watch **out) ORD_CHECKED;

// Ends it; `closed` (may be NULL) is called on the loop when it is gone.
void watch_free(struct watch *w, void (*closed)(void *context), void *context);

// Where something may happen.
struct watched {
    char *directory;
    char *only; // what in it counts; NULL: all
};

// Order by directory, then by what counts there.
int watched_compare(const void *a, const void *b);

/*
 * Watch these directories and no others from now on. Where the system refuses,
 * `changed` comes once a second instead, and a warning says so, once.
 *
 * places  in order, each once; copied
 *
 * Without memory it is tried again with the next call, and `changed` comes once
 * a second until then.
 */
void watch_set(struct watch *w, const struct watched *places, size_t n);

// Behave as if something had happened just now.
void watch_poke(struct watch *w);

// Call `changed` in a second: what it did could not be finished.
void watch_again(struct watch *w);

#endif
