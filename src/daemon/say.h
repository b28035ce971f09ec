// SPDX-License-Identifier: Apache-2.0
// What the server logs of its work. Control thread. Private to daemon/.
#ifndef ORDINALD_DAEMON_SAY_H
#define ORDINALD_DAEMON_SAY_H

#include "base/log.h"
#include "daemon/pipeline.h"
#include "model/fault.h"
#include "net/worker.h"

#include <stdbool.h>
#include <stdint.h>

// Where it answers, on standard output.
void say_listening(const struct workers_settings *s, const struct workers *w);

// That there are fewer clients over TCP than asked for, or questions that wait
// for upstreams, which is no reason not to serve.
void say_limits(const struct log *log, const struct workers_settings *s,
                const struct workers *w);

// A line that others wait for: it comes whatever the log level is.
void say_ready(const struct log *log, const struct pipeline *p);

// What was published, if something was.
void say_published(const struct log *log, const struct pipeline *p,
                   const struct zone_sync_result *done, uint64_t build_ms);

// What the files say by now: also how a mended file shows that it is.
void say_read(const struct log *log, const struct pipeline *p);

/*
 * What happened to a pod or a workload: LOG_INFO where somebody may want to do
 * something about it, or has done so; LOG_DEBUG for each step on the way.
 *
 * ready  the server has said so: before that, all there is comes to be
 */
void say_event(const struct log *log, const struct ordinals_event *event,
               bool ready);

// Which faults were told of. Begin with {0}.
struct faults_said {
    uint64_t number; // of the newest
    uint32_t count;  // that lasted then
};

// Which faults have begun since, and how many have ended.
void say_faults(const struct log *log, const struct faults *faults,
                uint64_t now_ms, struct faults_said *said);

#endif
