// SPDX-License-Identifier: Apache-2.0
// Query octets and a zone in, reply octets and a verdict out. Pure: no clock,
// socket, lock or allocation. The same for UDP and TCP, for tests, fuzzers and
// the benchmark. Worker threads, inside a zone read section.
#ifndef ORDINALD_ANSWER_ANSWER_H
#define ORDINALD_ANSWER_ANSWER_H

#include "base/counter.h"
#include "dns/message.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stdint.h>

enum answer_transport { ANSWER_UDP, ANSWER_TCP };

enum answer_verdict {
    ANSWER_SEND,
    ANSWER_DROP, // say nothing
};

struct answer_settings {
    uint16_t udp_size_max; // octets of a UDP reply, 512 to 65507
};

enum { ANSWER_RCODES = 17 }; // BADVERS is the last one used

// One for each worker; only it counts.
struct answer_counters {
    struct counter queries[2];             // by transport
    struct counter replies[ANSWER_RCODES]; // by RCODE
    struct counter truncated;
    struct counter dropped;
};

// What a worker answers from; not changed by answering, except for counters
// and rotation.
struct answer_context {
    // set by the caller
    const struct zone *zone;
    struct answer_settings settings;
    struct answer_counters counters;
    // private
    uint32_t rotation; // where the next set of addresses begins
};

// One message on its way. The reply replaces the query in the same buffer.
struct answer_job {
    // set by the caller
    uint8_t *message;
    uint32_t query_n; // octets received
    uint32_t size;    // octets that the buffer has; at least query_n, for UDP
                      // at least settings.udp_size_max
    enum answer_transport transport;

    // set by answer_batch()
    enum answer_verdict verdict;
    uint32_t reply_n; // octets to send, with ANSWER_SEND

    // private
    enum dns_verdict parsed;
    bool asks_zone;
    struct dns_query query;
    struct zone_lookup lookup;
};

/*
 * Answer n messages, each step for all of them before the next, so that what
 * one waits for from memory is fetched while the others are worked on.
 *
 * Work is bounded by the octets of queries and replies, whatever the zone's
 * size.
 */
void answer_batch(struct answer_context *context, struct answer_job *jobs,
                  unsigned n);

#endif
