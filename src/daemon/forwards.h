// SPDX-License-Identifier: Apache-2.0
// Who is asked for names that are not ours, from start to stop: what --forward
// names is read, read again when its files change, and given to the workers;
// what they learn of the servers is logged. Control thread, on its loop.
// Private to daemon/.
#ifndef ORDINALD_DAEMON_FORWARDS_H
#define ORDINALD_DAEMON_FORWARDS_H

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "daemon/settings.h"
#include "net/upstreams.h"
#include "net/worker.h"

#include <uv.h>

struct forwards;

// All borrowed until forwards_free().
struct forwards_settings {
    const struct settings *settings; // with at least one --forward
    const struct log *log;
    const struct report *report; // what cannot be watched
    struct clock clock;
    uv_loop_t *loop;
};

/*
 * Read what is named, and say it.
 *
 * Returns 0 and sets out, or a negative errno with err filled: see
 * targets_new().
 */
int forwards_new(const struct forwards_settings *settings,
                 struct forwards **out, struct error *err) ORD_CHECKED;

// What workers_start() is told. Borrowed until something changes.
struct upstreams *forwards_upstreams(const struct forwards *f);

// Watch the files from now on; what changes goes to w, borrowed likewise.
void forwards_watch(struct forwards *f, struct workers *w);

// Read the files again, though nobody said that they have changed. f may be
// NULL, when nothing is forwarded.
void forwards_read(struct forwards *f);

// The workers have ended. The loop has to run once more for the handles' ends.
// NULL is fine.
void forwards_free(struct forwards *f);

#endif
