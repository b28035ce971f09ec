// SPDX-License-Identifier: Apache-2.0
// Who has what address: all objects of all sources, indexed so that one change
// names the services it touches. The only mutable thing in the model; the
// control thread owns it. No I/O, no clock.
#ifndef ORDINALD_MODEL_CLUSTER_H
#define ORDINALD_MODEL_CLUSTER_H

#include "base/arena.h"
#include "model/object.h"
#include "model/selector.h"
#include "model/service.h"

#include <stdint.h>

struct cluster;

// What of the cluster is to be seen in DNS. What is hidden is still found by
// cluster_find() and cluster_each(), because pods are made from it.
struct cluster_settings {
    // namespaces that exist; none given: all of them
    const char *const *namespaces;
    size_t namespaces_n;
    // Services, EndpointSlices, Endpoints and addresses of Pods that it does
    // not match are hidden, their namespaces are not; NULL: none is. Endpoints
    // that come from pods are seen with their service, whatever the pods'
    // labels: the slice controller copies the service's labels to its slices
    const struct selector *selector;
    bool no_endpoints; // services have none, but for `self`
    bool pods;         // tell addresses of pods as well
    // the server's own pod, in a namespace that is not hidden; NULL: not known.
    // Its namespace and the service that it is named below exist as long as the
    // cluster does, whether an object says so or not
    const struct self *self;
};

// settings  borrowed until cluster_free(); NULL: nothing is hidden, and no pods
//           are told
// Returns NULL when there is no memory.
struct cluster *cluster_new(const struct cluster_settings *settings);
void cluster_free(struct cluster *c);

/*
 * Put an object in, or move to a newer value of the same object.
 *
 * c      the cluster
 * o      borrowed until it is removed or replaced
 * rank   where two objects have one kind, namespace and name, the higher rank
 *        counts and the other waits; of equal ranks, the one put in last
 * old    the object that was put in with the same kind, name and rank and is
 *        now replaced, or NULL. Equal digests: nothing becomes dirty
 *
 * Returns 0, or -ENOMEM with the cluster as it was.
 */
int cluster_put(struct cluster *c, const struct object *o, uint64_t rank,
                const struct object *old) ORD_CHECKED;

// Take an object out that was put in; cannot fail.
void cluster_remove(struct cluster *c, const struct object *o);

// The object that counts, or NULL. A Namespace is found by its name alone.
const struct object *cluster_find(const struct cluster *c,
                                  enum object_kind kind, const char *namespace,
                                  const char *name);

// The object that would count if none had this rank or a higher one, or NULL.
const struct object *cluster_find_below(const struct cluster *c,
                                        enum object_kind kind,
                                        const char *namespace, const char *name,
                                        uint64_t rank);

// Visit the objects of one kind that count, in no particular order. `visit` may
// not change the cluster; it returns 0 to go on, anything else ends the walk
// and is returned.
int cluster_each(const struct cluster *c, enum object_kind kind,
                 int (*visit)(void *context, const struct object *o),
                 void *context);

/*
 * The namespaces, services and addresses of pods that changed since the last
 * call of this, each once: namespaces that came, then services, then addresses
 * of pods, then namespaces that went. What came and went in between is not
 * told.
 *
 * A pod's address (each of status.podIPs) exists in its namespace while a pod
 * has it that is neither terminating nor in phase Succeeded, Failed or Unknown
 * (CoreDNS: `pods verified`). It is told when it comes and when it goes, not
 * when it passes from one pod to another.
 *
 * A namespace exists while an object names it, one that the selector hides
 * included. A service is told when what it publishes may have changed: by its
 * Service, its slices, its Endpoints where it has no slices, its pods where it
 * has neither (then only if it sees another endpoint than before), by the
 * ordinals that the StatefulSets declare which it governs.
 *
 * It is told as well when the reasons may have changed that cluster_service()
 * gives: by each pod that is named below it, or called like one of those
 * ordinals, when it comes, goes, or something else is to be said of it; by pods
 * that it selects and that have no address yet, where its endpoints are made of
 * pods; by workloads whose template it selects, when they come, go, or begin or
 * cease to want pods. Not followed, and read only when the service is asked
 * for: to whom pods belong that are named below no service, and how many there
 * are where endpoints are given.
 *
 * A service that is not there exists all the same while a StatefulSet names it
 * (spec.serviceName): cluster_service() has no object of it, but says what is
 * missing. A hidden one is not missing, and a StatefulSet that the selector
 * does not match misses none. So does the one that settings.self is named
 * below; it is told by the first call.
 *
 * changed  returns 0 to go on; anything else is returned, and this change and
 *          the rest wait for the next call. It may ask cluster_service() and
 *          cluster_find(), but change nothing
 */
struct cluster_change {
    const char *namespace;     // texts are borrowed for the call only
    const char *service;       // NULL: the namespace itself, or a pod of it
    const struct address *pod; // the address of a pod; NULL: none
    bool exists;
};
int cluster_take_changes(struct cluster *c,
                         int (*changed)(void *context,
                                        const struct cluster_change *change),
                         void *context) ORD_CHECKED;

/*
 * What a service publishes now: its slices, in order of their names; where none
 * is given, not even an empty or hidden one, what its Endpoints say; where
 * there are none either, what Kubernetes' slice controller would make of its
 * pods, in order of their names with ordinals as numbers. An ExternalName
 * service has no endpoints (K8S-DNS 2.5).
 *
 * Ordinals are those of the StatefulSets that count, of a scaled one its
 * copy's, whether they have pods or not; there are none where services have no
 * endpoints.
 *
 * Of a service that is not there, but that a StatefulSet names, there is
 * nothing but its name and the reason: REASON_SERVICE_MISSING as `empty` and
 * `unnamed`; where only settings.self is named below it,
 * REASON_SERVICE_UNKNOWN.
 *
 * Lacks are told of pods that are named below the service (spec.hostname and
 * spec.subdomain) and of given endpoints that have a hostname, where they are
 * no endpoint that is ready: what the Pod says, if there is one. A Pod whose
 * labels the selector misses, and one that given endpoints leave out although a
 * StatefulSet declares it, are among them; so is a Pod that is called like a
 * declared ordinal, but is not named below the service, as long as it is an
 * endpoint or all ordinals before it are known. Where nothing is said, all is
 * well. Of several pods with one hostname, one that stays is told.
 *
 * Of each StatefulSet `none` says why ordinals have no pod of which nothing
 * else is known: with OrderedReady they wait for the lowest that is not Running
 * and Ready; where that one does not exist itself, it is among the lacks, as
 * not created. REASON_NONE: each of them has one. Ordinals from 131072 on are
 * not looked at one by one.
 *
 * `empty` is told where no endpoint is ready, `unnamed` where no endpoint has a
 * hostname, or where one with a virtual address governs a StatefulSet; nothing
 * of the kind is of an ExternalName service. Reasons name no service and no
 * workload that the settings hide, but for StatefulSets that the service
 * governs.
 *
 * Pods are seen in the families of spec.ipFamilies, in both where the policy
 * is one of dual stack, in their primary one where the service says nothing.
 *
 * arena  holds what is made for the answer; the rest is borrowed from c until
 *        its next change
 *
 * Returns 0, -ENOENT where there is no such service to be seen, -ENOMEM.
 */
int cluster_service(const struct cluster *c, const char *namespace,
                    const char *name, struct arena *arena,
                    struct service *out) ORD_CHECKED;

#endif
