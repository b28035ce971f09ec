// SPDX-License-Identifier: Apache-2.0
// Pods where no cluster makes them: finds the workloads that come without pods
// and the services that come without addresses, lets model/ordinal give them
// some, and keeps them going as time passes. Control thread.
#ifndef ORDINALD_SOURCE_STATEFULSET_H
#define ORDINALD_SOURCE_STATEFULSET_H

#include "base/error.h"
#include "model/cluster.h"
#include "model/fault.h"
#include "model/ordinal.h"

struct statefulsets;

struct statefulsets_settings {
    struct cidr pod_cidrs[2];
    uint32_t pod_cidrs_n;
    struct cidr service_cidrs[2];
    uint32_t service_cidrs_n;
    uint64_t seed;
    const struct faults *faults; // borrowed; NULL: none
    const struct report *report; // borrowed
    // as in struct ordinals_events; each may be NULL
    void (*event)(void *context, const struct ordinals_event *event);
    void (*probe)(void *context, const struct ordinals_probe *probe);
    void *context;
};

// Returns NULL when there is no memory.
struct statefulsets *statefulsets_new(
    struct cluster *cluster, const struct statefulsets_settings *settings);
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
 * service that got an address, and of a workload that was scaled, ranks above
 * it.
 *
 * Returns 0 or -ENOMEM, with the cluster consistent either way; what could not
 * be done is tried again by the next call.
 */
int statefulsets_sync(struct statefulsets *s, uint64_t now_ms) ORD_CHECKED;

// The same where time has passed, a pod was steered or probed, or a fault came
// or went, but no manifest changed: it costs nothing where nothing is due.
int statefulsets_run(struct statefulsets *s, uint64_t now_ms) ORD_CHECKED;

// When to run next; UINT64_MAX: not by itself.
uint64_t statefulsets_next_ms(const struct statefulsets *s);

// For steering and looking; call statefulsets_run() after it.
struct ordinals *statefulsets_ordinals(struct statefulsets *s);

#endif
