// SPDX-License-Identifier: Apache-2.0
// Queries that we send: to an upstream, or for a command that asks a server.
// Pure; any thread.
#ifndef ORDINALD_DNS_QUERY_H
#define ORDINALD_DNS_QUERY_H

#include "dns/message.h"
#include "dns/name.h"

#include <stddef.h>
#include <stdint.h>

// Octets of a query for any name, with an OPT record without options.
enum { DNS_QUERY_MAX = DNS_HEADER + DNS_QUESTION_MAX + DNS_OPT };

/*
 * Write a query of class IN with RD and an OPT record.
 *
 * out       DNS_QUERY_MAX octets; the ID is 0
 * udp_size  what is taken over UDP, in octets
 *
 * Returns the octets written.
 */
size_t dns_query_write(uint8_t *out, const struct dns_name *name,
                       uint16_t qtype, uint16_t udp_size);

#endif
