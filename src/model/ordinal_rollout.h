// SPDX-License-Identifier: Apache-2.0
// How large the ReplicaSets of a Deployment are to be: arithmetic over their
// sizes and over how many pods of each are available. It makes and deletes
// nothing.
#ifndef ORDINALD_MODEL_ORDINAL_ROLLOUT_H
#define ORDINALD_MODEL_ORDINAL_ROLLOUT_H

#include "ordinal_replicas.h"

#include <stdbool.h>
#include <stdint.h>

struct rollout {
    struct replica_set *newest; // NULL: none yet
    uint32_t wanted;
    uint32_t most;  // pods, with maxSurge
    uint32_t least; // available pods, without maxUnavailable
    // over all sets
    uint64_t size;
    uint64_t available;
};

// The numbers of now.
struct rollout rollout_look(const struct workload *w,
                            struct replica_set *newest);

// Let the newest set grow (or shrink) towards what is wanted. Returns whether
// it did.
bool rollout_grow(struct rollout *r);

// Let the others shrink. Pods of the newest set that are not available yet are
// no reason to delete others. Returns whether they did.
bool rollout_shrink(const struct workload *w, struct rollout *r);

/*
 * Other replicas are wanted than the sets were sized for, or it is paused: all
 * that have pods get their part.
 *
 * Returns 0, or -ENOMEM with nothing changed.
 */
int rollout_scale(struct workload *w, const struct rollout *r) ORD_CHECKED;

#endif
