// SPDX-License-Identifier: Apache-2.0
// Why names of a service do not resolve: what cluster_service() says besides
// what there is. Each reason is made when the service is asked for; nothing is
// kept.
#ifndef ORDINALD_MODEL_SERVICE_WHY_H
#define ORDINALD_MODEL_SERVICE_WHY_H

#include "index.h"

// A service that is asked for.
struct asked {
    const struct cluster *c;
    const struct hub *h;
    struct arena *arena;
    // the StatefulSets that it governs, and what it says of each
    const struct object *const *sets;
    struct service_ordinals *ordinals;
    uint32_t sets_n;
    bool given; // its endpoints are; otherwise they were made of pods
    struct service *out;
};

// Whether the service may have endpoints at all: nobody makes them where there
// is no selector, and none are given.
bool why_has_endpoints(const struct asked *q);

// A reason that speaks of the service.
struct reason why_reason(const struct asked *q, enum reason_code code);

// Name a StatefulSet that the service's selector misses. Returns 0 or -ENOMEM.
int why_missed(const struct asked *q, const struct label *missed,
               struct reason *why) ORD_CHECKED;

// What the pods below the service lack, and why ordinals have none: `lacks`,
// and of `ordinals` each one's `none`. Returns 0 or -ENOMEM.
int why_pods(const struct asked *q) ORD_CHECKED;

// Why nobody is in the set and why unknown hostnames are none: `empty` and
// `unnamed`; asked after why_pods(). Returns 0 or -ENOMEM.
int why_service(const struct asked *q) ORD_CHECKED;

// The same of a service that is not there, but that a StatefulSet names, or
// that the server's own pod is named below.
void why_missing(const struct asked *q);

#endif
