// SPDX-License-Identifier: Apache-2.0
// Pods where no cluster makes them: finds the workloads that come without pods
// and the services that come without addresses, and lets model/ordinal give
// them some. Control thread.
#ifndef ORDINALD_SOURCE_STATEFULSET_H
#define ORDINALD_SOURCE_STATEFULSET_H

#include "base/error.h"
#include "model/cluster.h"
#include "model/ordinal.h"

struct statefulsets;

// Returns NULL when there is no memory.
struct statefulsets *statefulsets_new(struct cluster *cluster,
                                      const struct ordinals_settings *settings,
                                      const struct report *report);
// Takes its pods out of the cluster.
void statefulsets_free(struct statefulsets *s);

/*
 * Bring the pods in line with the cluster's objects; call it after each change
 * of the manifests.
 *
 * A workload comes without pods when no Pod names it as its controller or, with
 * no controller of its own, matches its selector, and when no slice or
 * Endpoints is given for a service that selects its pods or governs it. A
 * Deployment whose ReplicaSet is given makes no pods; one whose ReplicaSet was
 * left out but whose pods are given is known by their labels.
 *
 * A pod that is made ranks below a given one of the same name; the copy of a
 * service that got an address ranks above the service.
 *
 * Returns 0 or -ENOMEM, with the cluster consistent either way; what could not
 * be put in is tried again by the next call.
 */
int statefulsets_sync(struct statefulsets *s, uint64_t now_ms) ORD_CHECKED;

#endif
