// SPDX-License-Identifier: Apache-2.0
// The pods that workloads would have if Kubernetes' controllers ran: a pure
// function of objects, time and events. It keeps which pod lives with which
// address between steps; it knows no clock, no file and no random source but
// the seed it is given. Control thread.
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

// The most pods that one workload gets, whatever its replicas say.
enum { ORDINALS_REPLICAS_MAX = 100000 };

// What pods made here have as their `at.file`, by identity: so they are told
// from pods that a source gave. Copies of services keep the service's place.
extern const char ordinals_file[];

// What a step did, told one by one when it has succeeded as a whole.
struct ordinals_events {
    // Before all others: that many calls of `came` and `changed` will follow.
    // Whatever memory they need is got here: anything but 0 takes the step
    // back, and ordinals_step() returns it. May be NULL.
    int (*prepare)(void *context, uint32_t n);
    // A pod or a service with addresses came; it lives until it is told gone or
    // changed.
    void (*came)(void *context, const struct object *object);
    // Its facts are others now (another address, label or port, never another
    // name): `now` stands for `old`, which is borrowed for the call only.
    void (*changed)(void *context, const struct object *old,
                    const struct object *now);
    // It went; borrowed for the call only.
    void (*went)(void *context, const struct object *object);
    void *context;
};

// What the pods and addresses should follow from now on. No object twice.
struct ordinals_input {
    // StatefulSets, Deployments, ReplicaSets and ReplicationControllers that
    // come without pods; all of them, each step
    const struct object *const *workloads;
    uint32_t workloads_n;
    // services that want a cluster address and have none; all of them
    const struct object *const *services;
    uint32_t services_n;
    // addresses that others have: no range gives them to anyone here. An
    // annotation that names one of them is believed: slices may well repeat it
    const struct address *taken;
    uint32_t taken_n;
};

/*
 * Make one step: at a cost of the workloads, the taken addresses and the pods
 * of those workloads that changed or still lack an address.
 *
 * A workload's pods come and go in this step; each keeps its name and address
 * as long as it lives, and no address is given twice. Its pods are running and
 * ready at once.
 *
 * Pods of a StatefulSet are `<name>-<start>` to `<name>-<start+replicas-1>`,
 * below the name of its service; all others get unpredictable names as the API
 * server makes them, `<deployment>-<hash>-<5 letters>`, without hostname.
 *
 * The n-th address of a family in the annotation belongs to the n-th pod
 * counted from the start, and the family named first is the primary one. Where
 * it names none, each family that has a range gives one. An address that two
 * annotations name is the first one's; the second pod is reported and does
 * without, since a made-up address would be wrong for certain. An address from
 * a range moves when an annotation or somebody else has it now: a warning.
 *
 * A service's copy is the whole service with addresses filled in: of its
 * ipFamilies, otherwise of the first range; with PreferDualStack and
 * RequireDualStack of the other range as well.
 *
 * now_ms  monotonic milliseconds, never less than in the step before
 * report  what could not be given an address, and how to mend it; told again
 *         only when it is another number of pods or another reason
 *
 * Returns 0, or -ENOMEM with everything as it was before.
 */
int ordinals_step(struct ordinals *o, const struct ordinals_input *input,
                  uint64_t now_ms, const struct ordinals_events *events,
                  const struct report *report) ORD_CHECKED;

// The copy of a service that lives now, or NULL; borrowed until it is told gone
// or changed.
const struct object *ordinals_service(const struct ordinals *o,
                                      const char *namespace, const char *name);

// Visit all pods and copies that live. `visit` returns 0 to go on, anything
// else ends the walk and is returned.
int ordinals_each(const struct ordinals *o,
                  int (*visit)(void *context, const struct object *object),
                  void *context);

#endif
