// SPDX-License-Identifier: Apache-2.0
// Workloads for tests of model/ordinal whose facts are drawn at random: few
// pods, short times, and addresses that are often wanted twice.
#ifndef ORDINALD_TESTS_LIB_CAST_H
#define ORDINALD_TESTS_LIB_CAST_H

#include "model/object.h"

#include <stdbool.h>
#include <stdint.h>

enum { CAST_SLOTS = 8 };

// One version of a workload's object, with all that it points at.
struct made {
    struct object object;
    struct workload_rules rules;
    struct label labels[2]; // of its pods: "app", and "rev": the revision
    char rev[24];
    struct address addresses[4];
    struct probe probe;
    struct made *retired; // private
};

// A workload that may be there.
struct slot {
    enum object_kind kind;
    const char *name;
    struct made *made; // its object of now; NULL: it is not there
    bool broken;       // probes of its revision of now fail
};

struct cast {
    uint64_t random; // the caller's seed
    uint64_t version;
    struct slot slots[CAST_SLOTS];
    uint32_t slots_n;
    struct made *retired; // versions that were, till cast_sweep()
    bool changed;         // since somebody set it to false
};

uint32_t cast_draw(struct cast *c, uint32_t below);
bool cast_one_in(struct cast *c, uint32_t n);

// Draw who may be there; some of them are.
void cast_open(struct cast *c, uint64_t seed);
void cast_close(struct cast *c);

// Let it come, go, or be another; whichever it is can be seen by `made`.
void cast_come_or_go(struct cast *c, struct slot *s);
void cast_change(struct cast *c, struct slot *s);
// A new revision, whose probes fail.
void cast_break(struct cast *c, struct slot *s);
// Another version, with the same facts: the caller changes them.
struct made *cast_renew(struct cast *c, struct slot *s);

// Free what was, when nobody looks at it any more.
void cast_sweep(struct cast *c);

// The i-th of few addresses; those with an even number are in 10.0.0.0/24.
struct address cast_address(uint32_t i);

#endif
