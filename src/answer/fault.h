// SPDX-License-Identifier: Apache-2.0
// Faults that a test asked for (model/fault.h), as they show in answers. Worker
// threads.
#ifndef ORDINALD_ANSWER_FAULT_H
#define ORDINALD_ANSWER_FAULT_H

#include "answer/answer.h"
#include "base/base.h"

/*
 * Give those jobs their answers that meet a fault, between the look-up and the
 * answering of a batch, and only where zone_has_faults(). What a fault leaves
 * to others is marked in the job.
 *
 * First of all a slow one waits; once its time is over (`due_now`), the other
 * faults are as they would have been.
 */
ORD_COLD void fault_meet(struct answer_context *c, struct answer_job *jobs,
                         unsigned n);

#endif
