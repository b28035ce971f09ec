// SPDX-License-Identifier: Apache-2.0
// The endpoints that Kubernetes' EndpointSlice controller would write for a
// service and its pods. Pure.
#ifndef ORDINALD_MODEL_ENDPOINTS_H
#define ORDINALD_MODEL_ENDPOINTS_H

#include "base/arena.h"
#include "model/object.h"

#include <stdbool.h>
#include <stdint.h>

// Whether a Service gets endpoints from pods at all.
bool endpoints_derivable(const struct object *service);

// Whether a Pod may be an endpoint of any service.
bool endpoints_selectable(const struct object *pod);

// Whether a Pod is an endpoint of a derivable Service of its namespace.
bool endpoints_select(const struct object *service, const struct object *pod);

// Whether two values of one Pod, either may be NULL, are the same endpoint to a
// derivable Service, or none both times.
bool endpoints_pod_same(const struct object *service,
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

// Order of pods' names: "web-2" before "web-10". A total order on all texts.
int endpoints_name_compare(const char *a, const char *b);

#endif
