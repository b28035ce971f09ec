// SPDX-License-Identifier: Apache-2.0
// The endpoints that Kubernetes' EndpointSlice controller would write for a
// service and its pods. Pure.
#ifndef ORDINALD_MODEL_ENDPOINTS_H
#define ORDINALD_MODEL_ENDPOINTS_H

#include "base/arena.h"
#include "model/object.h"
#include "model/reason.h"

#include <stdbool.h>
#include <stdint.h>

// Whether a Service gets endpoints from pods at all.
bool endpoints_derivable(const struct object *service);

// Whether a Pod has not ended.
bool endpoints_alive(const struct object *pod);

// Whether a Pod may be an endpoint of any service.
bool endpoints_selectable(const struct object *pod);

// Whether a Pod is an endpoint of a derivable Service of its namespace.
bool endpoints_select(const struct object *service, const struct object *pod);

// Whether two values of one Pod, either may be NULL, are the same endpoint to a
// derivable Service, or none both times, selected or not.
bool endpoints_pod_same(const struct object *service,
                        const struct object *before,
                        const struct object *after);

// What a Pod lacks, whatever service asks: REASON_NONE where it is Running and
// Ready. With {since}, {pod} and, where it is known, {detail}.
struct reason endpoints_pod_ill(const struct object *pod);

// The first pair of a Service's selector that is not among a Pod's labels;
// NULL: it selects the Pod, or gets no endpoints from pods.
const struct label *endpoints_missed_pod(const struct object *service,
                                         const struct object *pod);

// The same of a StatefulSet's template. Labels that its controller adds are
// never missed, and nothing is where the template's labels are not known.
const struct label *endpoints_missed_template(const struct object *service,
                                              const struct object *set);

// What a Pod lacks to have a name below a Service: REASON_NONE where it has
// one. Of POD_NOT_SELECTED {detail} is left to the caller.
struct reason endpoints_pod_lack(const struct object *service,
                                 const struct object *pod);

// Whether the same is to be said of two Pods named below a Service.
bool endpoints_pod_alike(const struct object *service,
                         const struct object *before,
                         const struct object *after);

/*
 * Make the slices of a service: one for each family and each set of port
 * numbers, endpoints in order of the pods' names, ordinals as numbers.
 *
 * pods    that endpoints_select(); in any order
 * arena   holds the slices; texts and addresses are borrowed from the objects
 * slices  set to slices_n pointers
 *
 * Returns 0 or -ENOMEM.
 */
int endpoints_derive(const struct object *service,
                     const struct object *const *pods, uint32_t pods_n,
                     struct arena *arena,
                     const struct slice_facts *const **slices,
                     uint32_t *slices_n) ORD_CHECKED;

// A pod's name as a StatefulSet makes it, "<set>-<ordinal>".
struct ordinal_name {
    size_t set_n; // octets before the dash
    uint32_t ordinal;
};

// Returns whether the name is one; an ordinal is written without zeroes before
// it.
bool ordinal_name_of(const char *name, struct ordinal_name *out);

// Order of pods' names: "web-2" before "web-10". A total order on all texts.
int endpoints_name_compare(const char *a, const char *b);

#endif
