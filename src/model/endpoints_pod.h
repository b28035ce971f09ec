// SPDX-License-Identifier: Apache-2.0
// One pod as a service sees it; what endpoints.c makes slices of. Pure.
#ifndef ORDINALD_MODEL_ENDPOINTS_POD_H
#define ORDINALD_MODEL_ENDPOINTS_POD_H

#include "model/object.h"

#include <stdint.h>

enum { POD_ADDRESSES_MAX = ORD_COUNT(((struct pod_facts *)0)->addresses) };

// The pod's addresses of a family, as far as the service uses that family.
// Returns their number.
uint16_t pod_addresses(const struct service_facts *s,
                       const struct pod_facts *pod, uint8_t family,
                       const struct address *out[POD_ADDRESSES_MAX]);

// The number of a service's port in this pod; 0: the pod lacks it.
uint16_t pod_port(const struct service_port *port, const struct pod_facts *pod);

// The pod's name and conditions, without addresses.
struct endpoint pod_endpoint(const struct object *service,
                             const struct object *pod);

#endif
