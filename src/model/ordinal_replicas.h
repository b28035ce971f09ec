// SPDX-License-Identifier: Apache-2.0
// Pods without ordinals: what a ReplicaSet's controller does. It keeps a number
// of pods of one template, made and deleted all at once, in no order but this:
// of those to be deleted, the least worthy go first.
#ifndef ORDINALD_MODEL_ORDINAL_REPLICAS_H
#define ORDINALD_MODEL_ORDINAL_REPLICAS_H

#include "ordinal_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A ReplicaSet. That of a Deployment lives from step to step.
struct replica_set {
    struct replica_set *next; // an older one
    struct template *template;
    uint32_t size; // spec.replicas

    // of replicas_count(); the functions below keep them right
    uint32_t active;    // pods that neither terminate nor failed
    uint32_t available; // of those
    uint32_t going;     // that terminate
    struct pod **pods;  // that were active when they were counted
    uint32_t pods_n;
    uint32_t deleted; // that many of them, from the front
    bool sorted;      // the least worthy first
};

// Which places of the annotation living pods have.
struct places {
    uint64_t *used; // a bit for each; NULL: not known yet
    size_t words;
    size_t lowest; // no word below this has a free one
};

// The ReplicaSets of one workload, while they are looked after.
struct replicas {
    struct ordinals *o;
    struct workload *w;
    struct replica_set *sets; // the youngest first
    bool by_revision;         // or all pods are the only set's
    const char *reason;       // why pods are deleted
    bool acted;               // some pod came or went
    struct places places;
};

/*
 * Count the pods of each set. Failed ones are deleted: they do not count, and
 * others come in their place.
 *
 * r  o, w, sets, by_revision and reason are set by the caller, the rest is 0;
 *    end it with replicas_end(), whatever this returns
 *
 * Returns 0 or -ENOMEM.
 */
int replicas_count(struct replicas *r) ORD_CHECKED;
void replicas_end(struct replicas *r);

// Make or delete pods until a set has its size. Pods that came since
// replicas_count() are not deleted. Returns 0 or -ENOMEM.
int replicas_fit(struct replicas *r, struct replica_set *s) ORD_CHECKED;

#endif
