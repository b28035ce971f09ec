// SPDX-License-Identifier: Apache-2.0
// What the server logs of its upstreams. Control thread. Private to daemon/.
#ifndef ORDINALD_DAEMON_SAY_UPSTREAMS_H
#define ORDINALD_DAEMON_SAY_UPSTREAMS_H

#include "base/log.h"
#include "base/sockaddr.h"
#include "net/upstreams.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Between two lines about one upstream: one that comes and goes says so once a
// minute, and what it came to is said when the minute is over. That it leads
// back here has a minute of its own: somebody has to mend that.
enum { UPSTREAM_SAY_MS = 60000 };

// What was said of one upstream.
struct upstream_said {
    struct sockaddr_any address;
    enum upstream_condition condition;
    // when the next line may come: whether it answers, and that it is a loop
    uint64_t free_ms[2];
};

// Begin with {0}.
struct upstreams_said {
    struct upstream_said items[UPSTREAMS_MAX];
    size_t n;
};

// Who is asked from now on: one line. fallthrough: as in struct settings.
void say_forwarding(const struct log *log, const struct sockaddr_any *addresses,
                    size_t n, bool fallthrough);

// Others are asked from now on, of whom nothing is known yet.
void upstreams_said_begin(struct upstreams_said *said,
                          const struct sockaddr_any *addresses, size_t n);

/*
 * Say which upstreams do not answer, lead back here, or answer again.
 *
 * states  one for each address of upstreams_said_begin(), in that order
 * now_ms  monotonic
 *
 * Returns when to come again, where something may not be said yet; otherwise
 * UINT64_MAX.
 */
uint64_t say_upstreams(const struct log *log,
                       const struct upstream_state *states,
                       struct upstreams_said *said, uint64_t now_ms);

#endif
