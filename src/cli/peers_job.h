// SPDX-License-Identifier: Apache-2.0
// What becomes of what a source tells: peers are waited for, printed, and given
// to commands. One loop.
#ifndef ORDINALD_CLI_PEERS_JOB_H
#define ORDINALD_CLI_PEERS_JOB_H

#include "base/base.h"
#include "base/error.h"
#include "peers_form.h"
#include "peers_source.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { PEERS_ANY = UINT32_MAX }; // no number of peers is waited for

struct peers_job {
    // set by the caller
    const char *asked; // the service, as it was written
    enum peers_form form;
    uint32_t wait;        // so many peers, or PEERS_ANY
    uint32_t timeout_ms;  // of waiting for them; 0: none
    bool reachable;       // only those count that accept a connection
    const char *on_start; // a command; NULL: none
    const char *on_change;
    uint32_t debounce_ms; // from a change to the command
    // begins the source on the loop
    int (*begin)(void *context, uv_loop_t *loop,
                 const struct peers_listener *listener,
                 struct peers_source **out, struct error *err);
    void *context;
};

/*
 * Do it, until it is done, time is over, or a signal ends it.
 *
 * Returns 0 where it is done; 1 where the answer is no, with err filled; a
 * negative errno with err filled.
 */
int peers_job_run(const struct peers_job *job, struct error *err) ORD_CHECKED;

#endif
