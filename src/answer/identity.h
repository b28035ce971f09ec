// SPDX-License-Identifier: Apache-2.0
// Who answers (RFC 4892): TXT in class CHAOS, told only where an identity was
// set. Worker threads.
#ifndef ORDINALD_ANSWER_IDENTITY_H
#define ORDINALD_ANSWER_IDENTITY_H

#include "reply.h"

/*
 * Put the TXT record that a question of class CHAOS asks for.
 *
 * Returns RCODE REFUSED with r untouched for any other question, and where no
 * identity is set.
 */
ORD_COLD uint16_t identity_put(const struct answer_context *c,
                               struct answer_job *job, struct reply *r);

#endif
