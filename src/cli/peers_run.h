// SPDX-License-Identifier: Apache-2.0
// A command of the user's, given a list of peers: one at a time, by /bin/sh,
// with the list on standard input and in variables (peers_form.h). It is in a
// session of its own, so that what it starts can be ended with it. It inherits
// no descriptor but standard output and error. One loop.
#ifndef ORDINALD_CLI_PEERS_RUN_H
#define ORDINALD_CLI_PEERS_RUN_H

#include "base/base.h"
#include "base/error.h"
#include "peers_form.h"
#include "peers_list.h"

#include <stdbool.h>
#include <uv.h>

enum {
    // From SIGTERM to SIGKILL: less than the 30 s that a pod has for its end
    RUN_GRACE_MS = 5000,
    // A variable that would be longer is empty: no system takes it (Linux: 128
    // KiB with its name)
    RUN_VARIABLE_MAX = 128 * 1024 - 64,
};

struct runner;

/*
 * ended  a command has: called from the loop, never from run_start(); why not
 *        as it should: "exit status 3", "signal 9"; "" where all is well.
 *        Another one may be started from there
 *
 * Returns NULL when there is no memory.
 */
struct runner *runner_new(uv_loop_t *loop,
                          void (*ended)(void *context, const char *why),
                          void *context);

bool runner_is_busy(const struct runner *r);

/*
 * Start a command; none may run.
 *
 * Returns 0; or a negative errno with err filled, and `ended` is not called.
 */
int runner_start(struct runner *r, const char *command, const struct peers *p,
                 const struct peers_owner *owner,
                 struct error *err) ORD_CHECKED;

// End the command that runs, and all of its process group: SIGTERM, after
// RUN_GRACE_MS, or when this is called again, SIGKILL. `ended` is called as
// ever.
void runner_stop(struct runner *r);

// None may run. The loop has to run once more for its handles' ends. NULL is
// fine.
void runner_free(struct runner *r);

#endif
