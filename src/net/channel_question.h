// SPDX-License-Identifier: Apache-2.0
// Questions of queries that are sent, and whether a reply is to them. Pure; any
// thread.
#ifndef ORDINALD_NET_CHANNEL_QUESTION_H
#define ORDINALD_NET_CHANNEL_QUESTION_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The octets of a query's one question, behind the header; 0: it has not
// exactly one, or not a whole one.
size_t channel_question_size(struct span query);

// Whether a message is a reply to a query with that ID and question (RFC 5452
// 9.1), letters' case aside. Whoever leaves out the question has not answered
// it.
bool channel_question_matches(struct span question, uint16_t id,
                              struct span message);

#endif
