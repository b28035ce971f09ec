// SPDX-License-Identifier: Apache-2.0
// From the model to the zone: what changed in the cluster is built anew and
// published in one step, with the faults that answers are to have. The server,
// `check`, `explain` and the tests all come through here. The control thread
// owns it; no clock, no I/O.
#ifndef ORDINALD_ZONE_SYNC_H
#define ORDINALD_ZONE_SYNC_H

#include "base/base.h"
#include "base/error.h"
#include "model/cluster.h"
#include "model/fault.h"
#include "zone/zone.h"

#include <stdint.h>

struct zone_sync;

// What one run did.
struct zone_sync_result {
    uint32_t built;      // services whose answers are new
    uint32_t removed;    // services that went, or are named and not there
    uint32_t namespaces; // that came or went
    uint32_t pods;       // addresses of pods that came or went
    uint32_t failed;     // services that keep their last answers for good
    uint32_t pending;    // services that wait for memory
    uint32_t stale;      // services whose changes a fault holds back
};

/*
 * z, c    borrowed until zone_sync_free()
 * faults  borrowed likewise; NULL: there are none, ever
 * report  borrowed likewise; a service that cannot be built is reported when
 *         that happens, not again while it waits for memory
 *
 * Returns NULL when there is no memory.
 */
struct zone_sync *zone_sync_new(struct zone *z, struct cluster *c,
                                const struct faults *faults,
                                const struct report *report);
void zone_sync_free(struct zone_sync *s);

/*
 * Publish what the cluster has before any source was read: the server's own
 * pod. The zone stays incomplete.
 *
 * now_ms, now_unix_s  as for zone_sync_run(), and before its first call
 *
 * Returns 0; or -ENOMEM, and the first run tries it again.
 */
int zone_sync_begin(struct zone_sync *s, uint64_t now_ms,
                    uint32_t now_unix_s) ORD_CHECKED;

/*
 * Bring the zone in line with the cluster and publish, as one step.
 *
 * A service that cannot be built keeps its last answers, and the others go on.
 * The zone is complete (zone_is_complete()) from the first run on that left
 * nothing to be tried again.
 *
 * A service with a fault `stale` keeps its last answers until a change is as
 * old as the fault says, or the fault ends; then it is built as it is by then.
 *
 * now_ms      monotonic, never less than in the run before
 * now_unix_s  for the serial; it moves only if something changed
 * out         what was done, also with -ENOMEM; may be NULL
 *
 * Returns 0, or -ENOMEM when part of it could not be done: what could is
 * published, the rest is kept and tried again by the next run.
 */
int zone_sync_run(struct zone_sync *s, uint64_t now_ms, uint32_t now_unix_s,
                  struct zone_sync_result *out) ORD_CHECKED;

// When the next run has something to do though nothing changed in the cluster;
// 0 where the faults have changed; UINT64_MAX: it has not.
uint64_t zone_sync_next_ms(const struct zone_sync *s);

#endif
