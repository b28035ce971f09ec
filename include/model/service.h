// SPDX-License-Identifier: Apache-2.0
// One service as it is to be published: a value, borrowed from the cluster and
// an arena, made for one rendering. Control path.
#ifndef ORDINALD_MODEL_SERVICE_H
#define ORDINALD_MODEL_SERVICE_H

#include "model/object.h"

// The ordinals that a StatefulSet declares below the service that governs it,
// whether there are such pods by now or not: <name>-<start> and so on.
struct service_ordinals {
    const char *name;
    uint32_t start;
    uint32_t n;
};

struct service {
    const char *namespace;
    const char *name;
    const struct object *object;
    // as in the object, or given by the source of ordinals
    uint8_t addresses_n;
    struct address addresses[2];
    // all endpoints, whatever their conditions; slices of an unknown address
    // type are left out. Not NULL unless slices_n is 0
    const struct slice_facts *const *slices;
    uint32_t slices_n;
    // of StatefulSets whose spec.serviceName it is, by name
    const struct service_ordinals *ordinals;
    uint32_t ordinals_n;
};

#endif
