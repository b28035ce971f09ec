// SPDX-License-Identifier: Apache-2.0
// What stands around model/ordinal in its tests: the objects of the input, the
// pods and copies that live, and what was reported. What cannot be made ends
// the test.
#ifndef ORDINALD_TESTS_LIB_STAGE_H
#define ORDINALD_TESTS_LIB_STAGE_H

#include "model/ordinal.h"

#include <stddef.h>

enum {
    STAGE_INPUTS = 64,
    STAGE_TEXT = 1 << 16,
    STAGE_EVENTS = 4096, // that are kept; the others are counted
    STAGE_PROBES = 64,
};

// An event that was told, with its texts cut off where they are long.
struct stage_event {
    enum ordinals_what what;
    char name[32]; // of the pod, or else of the workload
    char claim[48];
    char reason[96];
    uint32_t replicas;
};

struct stage {
    struct ordinals *ordinals;
    struct faults *faults;
    struct report report;
    uint64_t now_ms; // of the next step, which adds one
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
    // since stage_forget()
    struct stage_event events[STAGE_EVENTS];
    size_t events_n;
    // tickets that were not answered yet, the oldest first
    uint64_t tickets[STAGE_PROBES];
    uint32_t tickets_n;
};

// Ranges as on the command line, NULL for none.
void stage_open(struct stage *s, const char *pods, const char *more_pods,
                const char *services, const char *more_services);
// The same, where pods are probed.
void stage_open_probing(struct stage *s, const char *pods);
void stage_close(struct stage *s);

// A workload in the input, or a newer version of it. The annotation's addresses
// are separated by blanks.
struct object *stage_workload(struct stage *s, enum object_kind kind,
                              const char *name, uint32_t replicas,
                              const char *addresses);
struct object *stage_service(struct stage *s, const char *name);
void stage_remove(struct stage *s, const char *name);
void stage_take(struct stage *s, const char *address);

// The rules of a workload of the input, to be written to: Kubernetes' defaults.
struct workload_rules *stage_rules(struct object *workload);

// Make a step that is to return 0, or one that may run out of memory.
void stage_step(struct stage *s);
int stage_try(struct stage *s);
// Let time pass to that moment, with a step whenever one is due.
void stage_until(struct stage *s, uint64_t now_ms);
// A step at this moment, without an input.
void stage_run(struct stage *s, uint64_t now_ms);

// Begin a fault of a pod, or of all that a service is said to select: those of
// the label app=a.
void stage_fault(struct stage *s, enum fault_kind kind, uint32_t ms,
                 const char *pod);

// Answer the oldest ticket.
void stage_answer(struct stage *s, bool success);

// The names of those of whom this was told, in order, with a blank behind each.
const char *stage_told(const struct stage *s, enum ordinals_what what);
// The last event of this kind, or NULL.
const struct stage_event *stage_last(const struct stage *s,
                                     enum ordinals_what what);
void stage_forget(struct stage *s);

// The names of all that live, or of those that are ready to the DNS, in order
// of ordinals.
const char *stage_names(const struct stage *s);
const char *stage_ready(const struct stage *s);

// ordinals_look(): the reason of a workload, or of a pod.
const char *stage_reason(const struct stage *s, const char *name);

// What lives under this name, or NULL; the n-th address as text, "" for none.
const struct object *stage_find(const struct stage *s, const char *name);
const char *stage_address(const struct stage *s, const char *name, unsigned n);

// The first pod of an owner, or NULL.
const struct object *stage_owned(const struct stage *s, const char *owner);

#endif
