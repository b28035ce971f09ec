// SPDX-License-Identifier: Apache-2.0
// What stands around model/ordinal in its tests: the objects of the input, the
// pods and copies that live, and what was reported. What cannot be made ends
// the test.
#ifndef ORDINALD_TESTS_LIB_STAGE_H
#define ORDINALD_TESTS_LIB_STAGE_H

#include "model/ordinal.h"

#include <stddef.h>

enum { STAGE_INPUTS = 64, STAGE_TEXT = 1 << 16 };

struct stage {
    struct ordinals *ordinals;
    struct report report;
    uint64_t now_ms;
    // the input of the next step
    struct object *workloads[STAGE_INPUTS];
    uint32_t workloads_n;
    struct object *services[STAGE_INPUTS];
    uint32_t services_n;
    struct address taken[STAGE_INPUTS];
    uint32_t taken_n;
    // what lives
    const struct object **live;
    size_t live_n;
    size_t live_room;
    // of the last step
    unsigned came, changed, went;
    char findings[STAGE_TEXT]; // one a line
};

// Ranges as on the command line, NULL for none.
void stage_open(struct stage *s, const char *pods, const char *more_pods,
                const char *services, const char *more_services);
void stage_close(struct stage *s);

// A workload in the input, or a newer version of it. The annotation's addresses
// are separated by blanks.
struct object *stage_workload(struct stage *s, enum object_kind kind,
                              const char *name, uint32_t replicas,
                              const char *addresses);
struct object *stage_service(struct stage *s, const char *name);
void stage_remove(struct stage *s, const char *name);
void stage_take(struct stage *s, const char *address);

// Make a step that is to return 0, or one that may run out of memory.
void stage_step(struct stage *s);
int stage_try(struct stage *s);

// What lives under this name, or NULL; the n-th address as text, "" for none.
const struct object *stage_find(const struct stage *s, const char *name);
const char *stage_address(const struct stage *s, const char *name, unsigned n);

// The first pod of an owner, or NULL.
const struct object *stage_owned(const struct stage *s, const char *owner);

#endif
