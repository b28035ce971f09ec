// SPDX-License-Identifier: Apache-2.0
// Questions to the loaded zone, as clients put them. Private to src/check.
#ifndef ORDINALD_CHECK_ASK_H
#define ORDINALD_CHECK_ASK_H

#include "check.h"

#include "dns/message.h"
#include "dns/name.h"
#include "dns/record.h"

enum { ASK_MESSAGE_SIZE = DNS_HEADER + DNS_QUESTION_MAX + DNS_OPT };

/*
 * SERVICE.NAMESPACE.svc.DOMAIN.
 *
 * Returns false where that is no name.
 */
bool ask_service_name(const struct check *c, const char *namespace,
                      const char *service, struct dns_name *out);

// One more label in front. Returns false where that is no name.
bool ask_prepend(struct dns_name *name, const char *label);

/*
 * Write a query.
 *
 * edns_size  of UDP replies that are taken; 0: without EDNS
 *
 * Returns its octets.
 */
uint32_t ask_write(const struct dns_name *name, uint16_t type,
                   uint16_t edns_size, uint8_t out[ASK_MESSAGE_SIZE]);

#endif
