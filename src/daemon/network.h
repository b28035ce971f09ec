// SPDX-License-Identifier: Apache-2.0
// The workers as the settings want them. Control thread. Private to daemon/.
#ifndef ORDINALD_DAEMON_NETWORK_H
#define ORDINALD_DAEMON_NETWORK_H

#include "answer/limit.h"
#include "base/error.h"
#include "base/log.h"
#include "daemon/settings.h"
#include "net/worker.h"
#include "zone/zone.h"

// Begin with {0}.
struct network {
    struct limit *limit; // that all workers share; NULL: none
    struct workers *workers;
};

/*
 * Open the sockets and start the workers, and say where they answer.
 *
 * zone       borrowed until network_stop(), as are the settings
 * upstreams  who is asked for other names; NULL: nobody
 *
 * Returns 0; or with err filled as workers_start(), or what the system says.
 * network_stop() gives back what there is in either case.
 */
int network_start(struct network *n, const struct settings *s,
                  const struct zone *zone, struct upstreams *upstreams,
                  const struct log *log, struct error *err) ORD_CHECKED;

// Drain and end; what never started is fine.
void network_stop(struct network *n);

#endif
