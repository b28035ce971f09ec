// SPDX-License-Identifier: Apache-2.0
// One message through answer_batch(), for tests. The caller is a reader.
#ifndef ORDINALD_TESTS_LIB_ANSWER_ONE_H
#define ORDINALD_TESTS_LIB_ANSWER_ONE_H

#include "answer/answer.h"

#include <stddef.h>

/*
 * Answer one message of a client at 192.0.2.1.
 *
 * reply  DNS_TCP_MAX octets; the query is copied there, and replaced
 *
 * Returns the octets of the reply, 0 where nothing is said.
 */
size_t answer_one(struct answer_context *context, const uint8_t *query,
                  size_t n, enum answer_transport transport, uint8_t *reply);

// How long the message is to wait (ANSWER_PARK), 0 where it is not; and what a
// worker asks when that time is over.
unsigned answer_one_waits_ms(struct answer_context *context,
                             const uint8_t *query, size_t n,
                             enum answer_transport transport, uint8_t *reply);
size_t answer_one_due(struct answer_context *context, const uint8_t *query,
                      size_t n, enum answer_transport transport,
                      uint8_t *reply);

#endif
