// SPDX-License-Identifier: Apache-2.0
// The user's commands as peers change: --on-start for the first list, or the
// first --on-change; then --on-change after each change, when nothing has
// changed for some moments or the last command has ended. One loop.
#ifndef ORDINALD_CLI_PEERS_FOLLOW_H
#define ORDINALD_CLI_PEERS_FOLLOW_H

#include "base/base.h"
#include "peers_form.h"
#include "peers_list.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct follow;

struct follow_settings {
    const char *on_start; // borrowed; one of them may be NULL
    const char *on_change;
    uint32_t debounce_ms; // from a change to --on-change
    // All is done, or has been stopped: 0, or 1 where --on-start, and nothing
    // but that, failed. Called from the loop, or from the first follow_tell()
    void (*ended)(void *context, int result);
    void *context;
};

/*
 * settings  copied
 *
 * Returns NULL when there is no memory.
 */
struct follow *follow_new(uv_loop_t *loop,
                          const struct follow_settings *settings);

/*
 * What there is now; the first call begins.
 *
 * peers  a reference is taken
 * owner  borrowed until follow_free()
 */
void follow_tell(struct follow *f, struct peers *peers,
                 const struct peers_owner *owner);

// End the command that runs: `ended` is called then. Returns false where none
// does, and nothing is called. Once more: it is killed.
bool follow_stop(struct follow *f);

// No command may run. The loop has to run once more for its handles' ends. NULL
// is fine.
void follow_free(struct follow *f);

#endif
