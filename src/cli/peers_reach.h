// SPDX-License-Identifier: Apache-2.0
// Which peers can be spoken to: a TCP connection to the first TCP port of each,
// at one of its addresses. One loop.
#ifndef ORDINALD_CLI_PEERS_REACH_H
#define ORDINALD_CLI_PEERS_REACH_H

#include "base/base.h"
#include "peers_list.h"

#include <uv.h>

enum {
    REACH_AT_ONCE = 64, // connections on their way
    REACH_MS = 1000,    // for each of them
};

struct reach;

/*
 * Try all of them, once.
 *
 * peers  a reference is taken
 * done   called from the loop, never from here, once, unless it is freed
 *        before; reason: what one of the others said; "" where there is none.
 *        It may free the reach
 *
 * Returns 0 and sets out, for reach_free(); or -ENOMEM.
 */
int reach_start(uv_loop_t *loop, struct peers *peers,
                void (*done)(void *context, size_t reachable,
                             const char *reason),
                void *context, struct reach **out) ORD_CHECKED;

// The loop has to run once more for its handles' ends. NULL is fine.
void reach_free(struct reach *r);

#endif
