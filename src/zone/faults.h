// SPDX-License-Identifier: Apache-2.0
// The faults that answers have: a list that is replaced as a whole. The control
// thread makes it, readers look through it.
#ifndef ORDINALD_ZONE_FAULTS_H
#define ORDINALD_ZONE_FAULTS_H

#include "zone/zone.h"

// Immutable once it is published; NULL stands for an empty one.
struct zone_faults;

/*
 * Returns 0 and sets out, to NULL where no fault has a name that can be asked
 * for; or -ENOMEM.
 */
int zone_faults_new(const struct zone_fault_of *faults, uint32_t n,
                    struct zone_faults **out) ORD_CHECKED;

// No reader may be left. NULL is fine.
void zone_faults_free(struct zone_faults *f);

#endif
