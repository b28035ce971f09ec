// SPDX-License-Identifier: Apache-2.0
// The pods that workloads would have if Kubernetes' controllers and kubelets
// ran: a pure state machine of objects, time and events. It keeps which pod
// lives, how far it has come, and with which address; it knows no clock, no
// file, no socket and no random source but the seed it is given. Control
// thread.
//
// A pod's life, and what ends each part of it:
//
//     created      Pending, no address      until `address_after_ms`
//     addressed    Running, not Ready       until `ready_after_ms`, or its
//                                           probes succeed
//     ready        Ready                    until a probe fails, or a fault
//     available    Ready for minReadySeconds
//     terminating  not Ready to DNS         until `gone_after_ms`
//     gone
//
// Parts that take no time are passed in one step, as far as the rules let them.
#ifndef ORDINALD_MODEL_ORDINAL_H
#define ORDINALD_MODEL_ORDINAL_H

#include "base/error.h"
#include "base/sockaddr.h"
#include "model/fault.h"
#include "model/object.h"

#include <stdint.h>

struct ordinals;

// The most pods that one workload gets, whatever its replicas say.
enum { ORDINALS_REPLICAS_MAX = 100000 };

// What pods made here have as their `at.file`, by identity: so they are told
// from pods that a source gave. Copies of services keep the service's place.
extern const char ordinals_file[];

// What happened to a pod, or to a whole workload.
enum ordinals_what {
    ORDINALS_CREATED,     // a pod, Pending
    ORDINALS_ADDRESSED,   // has its addresses
    ORDINALS_MOVED,       // has others while it lives
    ORDINALS_READY,       // is Ready
    ORDINALS_UNREADY,     // is so no more; `reason`
    ORDINALS_AVAILABLE,   // where minReadySeconds is not 0
    ORDINALS_FAILED,      // its containers ended
    ORDINALS_TERMINATING, // where that takes time
    ORDINALS_GONE,
    ORDINALS_CLAIMED,       // a claim was made; `claim`
    ORDINALS_BOUND,         // a claim that was there is bound again; `claim`
    ORDINALS_CLAIM_DELETED, // by the retention policy; `claim`
    ORDINALS_SCALED,        // the workload, by ordinals_scale() or its object
    ORDINALS_UPDATING,      // the workload has a new revision
    ORDINALS_SETTLED,       // the workload: nothing is left to be done
};

// "created", "claim-deleted".
const char *ordinals_what_name(enum ordinals_what what);

// Borrowed for the call only.
struct ordinals_event {
    enum ordinals_what what;
    uint8_t kind; // enum object_kind of the workload
    const char *namespace;
    const char *workload;
    const char *pod;   // "" where it is about the workload
    const char *claim; // "" for none
    const char *reason;
    const struct address *addresses; // of the pod
    uint8_t addresses_n;
    uint32_t replicas; // ORDINALS_SCALED, ORDINALS_SETTLED: what is wanted
};

// A copy that owns all it points at, for free(); NULL: no memory.
struct ordinals_event *ordinals_event_dup(const struct ordinals_event *event);

// What is to be asked of a pod's address, now.
struct ordinals_probe {
    uint64_t ticket; // names the answer: ordinals_probed()
    const struct object *pod;
    const struct probe *probe;
};

// What a step did. Those told of objects come when the rest of the step is done
// and name each object once, those of events in the order in which they
// happened, before them.
struct ordinals_events {
    // Before all others: that many calls of `came` and `changed` will follow.
    // Whatever memory they need is got here: anything but 0 leaves them to the
    // next step, and ordinals_step() returns it. May be NULL.
    int (*prepare)(void *context, uint32_t n);
    // A pod, or a copy of a service or a workload came; it lives until it is
    // told gone or changed.
    void (*came)(void *context, const struct object *object);
    // Its facts are others now (address, condition, reason, label, port, never
    // the name): `now` stands for `old`, which is borrowed for the call only.
    void (*changed)(void *context, const struct object *old,
                    const struct object *now);
    // It went; borrowed for the call only.
    void (*went)(void *context, const struct object *object);
    // May be NULL.
    void (*event)(void *context, const struct ordinals_event *event);
    // A probe is due. One that is not answered counts as failed when its
    // timeout is over. NULL: no pod is probed.
    void (*probe)(void *context, const struct ordinals_probe *probe);
    void *context;
};

struct ordinals_settings {
    // where pods and ClusterIP services get addresses; at most one range a
    // family, the first is the primary family
    struct cidr pod_cidrs[2];
    uint32_t pod_cidrs_n;
    struct cidr service_cidrs[2];
    uint32_t service_cidrs_n;
    uint64_t seed; // for the names of pods that have no ordinal
    // pods are ready when their readinessProbes say so, where they have some
    bool probe;
    // borrowed; NULL: none. Those that are over have been ended (faults_run())
    // when a step begins
    const struct faults *faults;
    // whether a service that has a fault selects a pod; NULL: none does
    bool (*selects)(void *context, const char *namespace, const char *service,
                    const struct object *pod);
    struct ordinals_events events; // its context is that of `selects`, too
    const struct report *report;   // borrowed
};

// Returns NULL when there is no memory.
struct ordinals *ordinals_new(const struct ordinals_settings *settings);
void ordinals_free(struct ordinals *o);

// What the pods and addresses should follow from now on. No object twice. All
// of it is borrowed for the call only: what is needed later is copied.
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
 * Go on as far as time, facts and rules allow. What takes no time is done at
 * once: a StatefulSet of a thousand that is ready at once is one step, in which
 * its pods come one after another.
 *
 * input   NULL: as in the step before
 * now_ms  monotonic milliseconds, never less than in the step before
 *
 * StatefulSets follow Kubernetes' rules (OrderedReady and Parallel, ordinals
 * from spec.ordinals.start, minReadySeconds, RollingUpdate with partition and
 * maxUnavailable, OnDelete, claims and their retention); pods are
 * `<name>-<ordinal>`, below the name of its service. Deployments replace one
 * ReplicaSet by another within maxSurge and maxUnavailable; their pods, and
 * those of ReplicaSets, get unpredictable names as the API server makes them,
 * `<deployment>-<hash>-<5 letters>`, without hostname. The pods of a workload
 * that is named no more go at once, without order; claims stay unless their
 * policy says otherwise.
 *
 * A pod that is not ready has the reason in its facts (pod_facts, reason): a
 * text that is the same as long as it waits for the same. "takes 2000 ms to be
 * ready", "takes 500 ms to get an address", "readinessProbe tcp 27017" (the
 * first that does not succeed), "fault not-ready", "fault flap=500", "fault
 * gone", or why no address is left for it.
 *
 * A pod keeps its name and address as long as it lives, and no address is given
 * twice, that of a terminating pod included. The n-th address of a family in
 * the annotation belongs to the n-th ordinal counted from the start, whichever
 * pod is that; the family named first is the primary one. Where the annotation
 * names none, each family that has a range gives one. An address that two
 * annotations name is the first one's; the second pod is reported and does
 * without, since a made-up address would be wrong for certain. An address from
 * a range moves when an annotation or somebody else has it now: a warning.
 *
 * A service's copy is the whole service with addresses filled in: of its
 * ipFamilies, otherwise of the first range; with PreferDualStack and
 * RequireDualStack of the other range as well. A workload that was scaled here
 * has a copy with the replicas that are wanted.
 *
 * What cannot be given an address is reported, and how to mend it; again only
 * when it is another number of pods or another reason.
 *
 * Returns 0, or -ENOMEM: what could be done is done and told, and the next step
 * goes on; an object that could not be read is, by the next that has an input.
 */
int ordinals_step(struct ordinals *o, const struct ordinals_input *input,
                  uint64_t now_ms) ORD_CHECKED;

/*
 * What time it is for people at now_ms, for what pods say of when (pod_facts,
 * since_unix_s). To be told before each step; without it nothing is said of
 * when. What was said stays, whatever is told later: a machine that sleeps, or
 * whose clock is set, has no wrong times before that.
 */
void ordinals_tell_time(struct ordinals *o, uint64_t now_ms,
                        uint32_t now_unix_s);

// When the next step has something to do, if nothing else happens; UINT64_MAX:
// never. May be in the past.
uint64_t ordinals_next_ms(const struct ordinals *o);

// --- steering: seen by the next step ---------------------------------------

// Who is meant: NAME or NAMESPACE/NAME. Of workloads of one name in a namespace
// the StatefulSet, then the Deployment, the ReplicaSet.
struct ordinals_target {
    const char *namespace; // NULL: the only one of that name in any
    const char *name;
};

/*
 * Change the replicas of a workload made here, until its object changes: then
 * that is followed again, with a finding.
 *
 * was  what was wanted before; may be NULL
 *
 * Returns 0; or with err filled -ENOENT where none is made here by that name,
 * -EINVAL for more than ORDINALS_REPLICAS_MAX or a name in several namespaces.
 */
int ordinals_scale(struct ordinals *o, struct ordinals_target workload,
                   uint32_t replicas, uint32_t *was,
                   struct error *err) ORD_CHECKED;

// Replace all pods of a workload as an update of its template does. Errors as
// above.
int ordinals_restart(struct ordinals *o, struct ordinals_target workload,
                     struct error *err) ORD_CHECKED;

// Delete a pod; its controller makes another one. Errors as above.
int ordinals_delete_pod(struct ordinals *o, struct ordinals_target pod,
                        struct error *err) ORD_CHECKED;

// The containers of a pod ended (phase Failed). Errors as above.
int ordinals_fail_pod(struct ordinals *o, struct ordinals_target pod,
                      struct error *err) ORD_CHECKED;

// What came of a probe. A ticket whose pod has gone is ignored.
void ordinals_probed(struct ordinals *o, uint64_t ticket, bool success);

// --- looking ---------------------------------------------------------------

struct ordinals_workload_state {
    uint8_t kind; // enum object_kind
    const char *namespace;
    const char *name;
    uint32_t replicas; // wanted
    uint32_t declared; // by its object
    uint32_t pods;     // that live, the terminating included
    uint32_t ready;
    uint32_t available;
    uint32_t updated; // of the newest revision
    bool settled;
    // why it is not: "waits for web-1, which is not ready"; "" where it is
    char reason[192];
};

enum { ORDINALS_CLAIM_SIZE = 254 };

struct ordinals_pod_state {
    const struct object *pod; // its facts of now; borrowed
    bool available;
    bool updated;
    uint64_t since_ms; // when it came to where it is
    // why it is not ready, or not available; "" where it is
    char reason[192];
};

/*
 * Visit the workloads made here in order of namespace, name and kind, each
 * followed by its pods in order. Both return 0 to go on, anything else ends the
 * walk and is returned; `pod` may be NULL.
 *
 * only  names one workload; NULL: all
 *
 * Returns -ENOENT where `only` names none, -ENOMEM.
 */
int ordinals_look(const struct ordinals *o, const struct ordinals_target *only,
                  int (*workload)(void *context,
                                  const struct ordinals_workload_state *w),
                  int (*pod)(void *context, const struct ordinals_pod_state *p),
                  void *context) ORD_CHECKED;

// The claims that exist, of pods that live or went, in order of namespace and
// name: `pod` is who has it bound, or "". As above.
int ordinals_claims(const struct ordinals *o,
                    int (*claim)(void *context, const char *namespace,
                                 const char *name, const char *pod),
                    void *context) ORD_CHECKED;

// The pod made here, as it is now, or NULL; -ENOENT and -EINVAL as above.
int ordinals_find_pod(const struct ordinals *o, struct ordinals_target target,
                      const struct object **out, struct error *err) ORD_CHECKED;

// Whether an object is a copy made here.
bool ordinals_is_copy(const struct ordinals *o, const struct object *object);

// Visit all pods and copies that live and were told. `visit` returns 0 to go
// on, anything else ends the walk and is returned.
int ordinals_each(const struct ordinals *o,
                  int (*visit)(void *context, const struct object *object),
                  void *context);

#endif
