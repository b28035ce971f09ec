// SPDX-License-Identifier: Apache-2.0
// What signals ask of the server. SIGHUP: read everything again. SIGTERM: stop;
// with --lame-duck only when that time is over, and until then all goes on as
// before, so that those beside us can still ask while they leave. SIGINT, and
// SIGTERM once more: stop at once. Control thread. Private to daemon/.
#ifndef ORDINALD_DAEMON_SIGNALS_H
#define ORDINALD_DAEMON_SIGNALS_H

#include "base/base.h"
#include "base/error.h"
#include "base/log.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { SIGNALS = 3 };

// Does not move once it has started.
struct signals {
    // set by the caller
    uv_loop_t *loop;       // which is stopped, uv_stop()
    const struct log *log; // borrowed
    uint32_t lame_duck_ms; // 0: none
    void (*again)(void *context);
    void *context;

    // private
    uv_signal_t handles[SIGNALS];
    uv_timer_t lame_duck;
    bool leaving; // SIGTERM has come
};

// Returns 0, or a negative errno with err filled; then signals_end() as well.
int signals_begin(struct signals *s, struct error *err) ORD_CHECKED;

// Closes the handles; the loop has to run once more for their ends.
void signals_end(struct signals *s);

#endif
