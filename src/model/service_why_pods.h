// SPDX-License-Identifier: Apache-2.0
// What is collected while a service says what its pods lack: one look at each
// endpoint, and at each pod that is not well.
#ifndef ORDINALD_MODEL_SERVICE_WHY_PODS_H
#define ORDINALD_MODEL_SERVICE_WHY_PODS_H

#include "service_why.h"

// A StatefulSet that the service governs.
struct tally {
    const struct object *set;
    uint64_t *ticks; // by ordinal, counted from the start: there is such a pod
    uint32_t ticks_n;
    // the lowest ordinal that is not well; REASON_NONE: all are
    uint32_t ill_at;
    struct reason ill;
    bool pods; // there are Pods of it, named below the service or not
};

struct collector {
    const struct asked *q;
    struct tally *tallies; // as the service's sets: by name
    struct service_lack *items;
    uint32_t n;
    uint32_t room;
    bool pods; // below the service there are Pods: those that miss are not
};

// Add what a hostname lacks. Returns 0 or -ENOMEM.
int why_add(struct collector *l, const char *hostname,
            const struct reason *why) ORD_CHECKED;

// A pod that is called like an ordinal, but is not named below the service.
// Returns 0 or -ENOMEM.
int why_add_nameless(struct collector *l, const char *pod) ORD_CHECKED;

// The Pod of this name in the service's namespace, or NULL.
const struct object *why_find_pod(const struct collector *l, const char *name);

// Make the tallies of all StatefulSets. Returns 0 or -ENOMEM.
int tallies_make(struct collector *l) ORD_CHECKED;

// What holds for all ordinals of a StatefulSet, before a pod is looked at.
void tallies_begin(const struct asked *q, bool has_endpoints);

// The tally in which a name is, and at which place; NULL: on none.
struct tally *tallies_find(const struct collector *l, const char *name,
                           uint32_t *at);

// Tick a place off. Returns whether it was before.
bool tally_tick(struct tally *tally, uint32_t at);

// The first place from here that was not ticked off; ticks_n: there is none.
uint32_t tally_missing(const struct tally *tally, uint32_t at);

// What the pod at a place lacks in itself; REASON_NONE: nothing.
void tally_blame(struct tally *tally, uint32_t at, const struct reason *ill);

// Say why ordinals have no pod, when all that is known is ticked off. Returns 0
// or -ENOMEM.
int tally_tell(struct collector *l, struct tally *tally,
               struct service_ordinals *o) ORD_CHECKED;

#endif
