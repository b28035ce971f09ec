// SPDX-License-Identifier: Apache-2.0
// The pods that workloads would have if a controller ran: a pure function of
// objects, time and events (reference/statefulset.md 1, 4, 6). It keeps which
// pod lives with which address between steps; it knows no clock, no file and
// no random source but the seed it is given. Control thread.
#ifndef ORDINALD_MODEL_ORDINAL_H
#define ORDINALD_MODEL_ORDINAL_H

#include "base/error.h"
#include "base/sockaddr.h"
#include "model/object.h"

#include <stdint.h>

struct ordinals;

struct ordinals_settings {
    // where pods and ClusterIP services get addresses; at most one range a
    // family, the first is the primary family
    struct cidr pod_cidrs[2];
    uint32_t pod_cidrs_n;
    struct cidr service_cidrs[2];
    uint32_t service_cidrs_n;
    uint64_t seed; // for the names of pods that have no ordinal
};

// Returns NULL when there is no memory.
struct ordinals *ordinals_new(const struct ordinals_settings *settings);
void ordinals_free(struct ordinals *o);

// What a step did, told one by one when it has succeeded as a whole.
struct ordinals_events {
    // A pod or a service with addresses came; it lives until it is told gone.
    void (*came)(void *context, const struct object *object);
    // It went; borrowed for the call only.
    void (*went)(void *context, const struct object *object);
    void *context;
};

// What the pods and addresses should follow from now on.
struct ordinals_input {
    // StatefulSets, Deployments, ReplicaSets and ReplicationControllers that
    // come without pods; all of them, each step
    const struct object *const *workloads;
    uint32_t workloads_n;
    // services that want a cluster address and have none; all of them
    const struct object *const *services;
    uint32_t services_n;
    // addresses that others have: never given to anyone here
    const struct address *taken;
    uint32_t taken_n;
};

/*
 * Make one step.
 *
 * A workload's pods come and go in this step; each keeps its address as long as
 * it lives, and no address is given twice. The address of an ordinal comes from
 * its annotation (the n-th of a family belongs to the n-th ordinal), otherwise
 * from the range. A pod for which no address is left is reported and has none.
 *
 * now_ms  monotonic milliseconds, never less than in the step before
 * report  what could not be given an address, and how to mend it
 *
 * Returns 0, or -ENOMEM with everything as it was before.
 */
int ordinals_step(struct ordinals *o, const struct ordinals_input *input,
                  uint64_t now_ms, const struct ordinals_events *events,
                  const struct report *report) ORD_CHECKED;

#endif
