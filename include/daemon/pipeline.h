// SPDX-License-Identifier: Apache-2.0
// From settings to answers: manifests are read into a cluster, pods are made
// where none are given, and what changed becomes the zone. `serve` and each
// command that looks at PATHs come through here, so they say the same. The
// control thread owns it; it keeps no clock.
#ifndef ORDINALD_DAEMON_PIPELINE_H
#define ORDINALD_DAEMON_PIPELINE_H

#include "answer/answer.h"
#include "base/arena.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "daemon/settings.h"
#include "model/cluster.h"
#include "model/self.h"
#include "source/manifest.h"
#include "source/statefulset.h"
#include "zone/sync.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

// What others do with what happens; each may be NULL.
struct pipeline_listener {
    // as in struct ordinals_events, when its step has been published; of a
    // step in which more than PIPELINE_EVENTS_MAX happened the last ones, and
    // none for which there is no memory
    void (*event)(void *context, const struct ordinals_event *event);
    // NULL: no pod is probed
    void (*probe)(void *context, const struct ordinals_probe *probe);
    // as in struct manifests_settings
    void (*document)(void *context, const char *file,
                     const struct doc_node *root);
    void *context;
};

// Those of a StatefulSet of 10,000 pods that are made and ready at once, and
// some 10 MiB.
enum { PIPELINE_EVENTS_MAX = 65536 };

struct events;

struct pipeline {
    // read-only for others
    struct zone *zone;
    struct cluster *cluster;
    struct manifests *manifests;
    struct statefulsets *statefulsets;
    struct faults *faults; // NULL unless settings.enable_faults

    // private
    struct pipeline_listener listener;
    struct events *events; // not yet handed on; NULL: nobody listens
    struct zone_sync *sync;
    struct cluster_settings view; // the cluster borrows it
    struct self self;             // with settings.self
    struct arena arena;           // what zone_new() is told, texts of self
};

// What nobody outside can know. Tests give their own, for equal runs.
struct pipeline_seeds {
    uint64_t hash; // of the zone's tables
    uint64_t pods; // names of pods without ordinal
};

// Returns 0, or a negative errno with err filled.
int pipeline_seeds_random(struct pipeline_seeds *out,
                          struct error *err) ORD_CHECKED;

/*
 * Set all parts up; nothing is read yet, and the zone is not complete.
 *
 * p         filled on success only; then pipeline_release() it. It may not be
 *           moved
 * settings  borrowed until then
 * listener  NULL: nobody; copied
 * report    findings in manifests, and services that cannot be built; borrowed
 *           likewise
 *
 * Returns 0; or with err filled -EINVAL for a domain or a reverse zone that
 * cannot be served, or with settings.self for an environment that does not say
 * which pod this is (daemon/self.h), -ENOENT for a path that does not exist,
 * -ENOMEM.
 */
int pipeline_init(struct pipeline *p, const struct settings *settings,
                  const struct pipeline_seeds *seeds,
                  const struct pipeline_listener *listener,
                  const struct report *report, struct error *err) ORD_CHECKED;

/*
 * Give all back. Readers of the zone have gone.
 *
 * loop  what the manifests are watched on (manifests_watch()): it is run until
 *       they have let it go; NULL where they are not watched
 */
void pipeline_release(struct pipeline *p, uv_loop_t *loop);

/*
 * Publish what is known before anything is read: with settings.self the
 * server's own pod, which is answered for from here on. Call it once, before
 * the first of those below, or not at all: then these do it.
 *
 * Returns 0; or -ENOMEM: then, too.
 */
int pipeline_begin(struct pipeline *p, const struct clock *clock) ORD_CHECKED;

/*
 * Read what changed: see manifests_load().
 *
 * Returns 1 when the cluster changed, 0 when not, -ENOMEM, or -EAGAIN while
 * standard input has not ended.
 */
int pipeline_read(struct pipeline *p, bool everything) ORD_CHECKED;

/*
 * Make pods and addresses where none are given, and publish.
 *
 * done  what changed, also with -ENOMEM; may be NULL
 *
 * Returns 0; or -ENOMEM: what could be done is done, and the next call goes on.
 * No answer lacks a pod for which there was no memory.
 */
int pipeline_publish(struct pipeline *p, const struct clock *clock,
                     struct zone_sync_result *done) ORD_CHECKED;

/*
 * The same where time has passed, or a pod was steered or probed, or a fault
 * came or went, but no manifest changed.
 */
int pipeline_run(struct pipeline *p, const struct clock *clock,
                 struct zone_sync_result *done) ORD_CHECKED;

// When pipeline_run() has something to do, on the monotonic clock; UINT64_MAX:
// not by itself.
uint64_t pipeline_next_ms(const struct pipeline *p);

/*
 * Both, once, to the end: for commands that look and go. Waits for the end of
 * standard input, but not for pods: what takes them time is taken as passed, up
 * to where nothing more happens by itself; what pods say of when is the clock's
 * time all the same. Nothing may be run after it with an
 * earlier clock.
 *
 * Returns 0 with the zone complete, or -ENOMEM with err filled.
 */
int pipeline_load(struct pipeline *p, const struct clock *clock,
                  struct error *err) ORD_CHECKED;

// How settings want questions answered; borrows from them. The cookies' secret
// and the limit are left to the caller.
struct answer_settings pipeline_answers(const struct settings *s);

#endif
