// SPDX-License-Identifier: Apache-2.0
// The server as a whole: its parts wired together, from start to stop. Called
// once, by the thread that becomes the control thread.
#ifndef ORDINALD_DAEMON_DAEMON_H
#define ORDINALD_DAEMON_DAEMON_H

#include "base/base.h"
#include "base/error.h"
#include "daemon/settings.h"

/*
 * Serve until SIGTERM and for --lame-duck after it, or until SIGINT; SIGHUP
 * reads everything again.
 *
 * Standard output gets a line for each address that is listened on, standard
 * error the log and, once the zone is complete, "ready: N services, M
 * endpoints, serial S".
 *
 * settings  borrowed
 *
 * Returns 0 after a stop that was asked for; a negative errno with err filled
 * when it cannot start: -EINVAL for a setting that cannot be served, anything
 * else for what the system refused.
 */
int daemon_run(const struct settings *settings, struct error *err) ORD_CHECKED;

#endif
