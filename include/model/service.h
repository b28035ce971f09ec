// SPDX-License-Identifier: Apache-2.0
// One service as it is to be published: a value, borrowed from the cluster and
// an arena, made for one rendering. Control path.
#ifndef ORDINALD_MODEL_SERVICE_H
#define ORDINALD_MODEL_SERVICE_H

#include "model/object.h"
#include "model/reason.h"
#include "model/self.h"

#include <stdbool.h>

// The ordinals that a StatefulSet declares below the service that governs it,
// whether there are such pods by now or not: <name>-<start> and so on.
struct service_ordinals {
    const char *name;
    uint32_t start;
    uint32_t n;         // 0: it is scaled down to nothing
    struct reason none; // why those of them that have no pod, and are not among
                        // the lacks, have none; REASON_NONE: all have one
};

// A hostname that is known, and what its pod lacks. It may have a name all the
// same: the zone decides who has one.
struct service_lack {
    const char *hostname;
    struct reason why;
};

struct service {
    const char *namespace;
    const char *name;
    // NULL: there is none, but a StatefulSet names it, or `self` is named below
    // it; `empty` says so
    const struct object *object;
    // the server's own pod, where it is named below this service: it has its
    // name whatever the slices say; of its hostname, or of its pod's name where
    // an endpoint has none, they say only whether it is in the set, not where
    // it is. NULL: it is not
    const struct self *self;
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
    // each hostname once, in no particular order
    const struct service_lack *lacks;
    uint32_t lacks_n;
    struct reason empty;   // why nobody is in its set, if nobody is;
                           // REASON_NONE: an endpoint is ready
    struct reason unnamed; // why a name below it that nobody knows is none;
                           // REASON_NONE: it is just unknown. It speaks of
                           // hostnames: who is called by the pod's name or by
                           // address has a name all the same
};

// Whether an endpoint is the server's own pod, which one without a hostname is
// by its pod's name: names of pods differ within a namespace.
bool service_is_self(const struct service *s, const struct endpoint *e);

#endif
