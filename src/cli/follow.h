// SPDX-License-Identifier: Apache-2.0
// What happens to a workload of a running server, printed as it happens.
#ifndef ORDINALD_CLI_FOLLOW_H
#define ORDINALD_CLI_FOLLOW_H

#include "client.h"

// How much later than its time is over a server is given up that has stopped
// to answer: it may well be on its way.
enum { FOLLOW_GRACE_MS = 2000 };

/*
 * Print each step of a workload until nothing is left to be done, and then how
 * many of its pods are ready. What it waits for is said where nothing happens.
 *
 * workload    as GET /workloads has it; borrowed
 * after       the number of the last event that is not to be printed
 * goal        as many replicas are wanted; NULL: any
 * timeout_ms  0: none
 *
 * Returns 0; or with err filled -ETIMEDOUT, -ECANCELED where the goal is
 * another meanwhile, -ENOENT where the workload has gone, -EPIPE where the
 * server has, as client_ask() for the rest.
 */
int follow(const struct client *c, const struct json_value *workload,
           uint64_t after, const uint32_t *goal, uint32_t timeout_ms,
           struct error *err) ORD_CHECKED;

#endif
