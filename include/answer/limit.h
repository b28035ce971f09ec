// SPDX-License-Identifier: Apache-2.0
// How many replies a second a source prefix gets over UDP, where the source may
// be forged: an IPv4 /24 or an IPv6 /56. One table for all workers, of a fixed
// size, without locks: what a prefix may take does not multiply by threads.
// Worker threads.
//
// A prefix that finds no room in the table passes: nobody is limited for what
// another one did.
#ifndef ORDINALD_ANSWER_LIMIT_H
#define ORDINALD_ANSWER_LIMIT_H

#include "base/sockaddr.h"

#include <stdint.h>

struct limit;

// The highest rate; a higher one is taken as this.
enum { LIMIT_RATE_MAX = 1000000 };

/*
 * rate  replies a second, at least 1; a second's worth may come at once
 * seed  of the hash that finds a prefix; secret
 *
 * Returns NULL when there is no memory.
 */
struct limit *limit_new(uint32_t rate, uint64_t seed);
void limit_free(struct limit *l);

enum limit_verdict {
    LIMIT_PASS,
    LIMIT_SLIP, // every second one over the rate: TC, so that a real client
                // comes over TCP
    LIMIT_DROP,
};

// One reply for this client is due. An IPv4 address counts as the same client
// when it is written as an IPv6 one (::ffff:192.0.2.1). Times of threads may
// differ by less than a second.
enum limit_verdict limit_ask(struct limit *l, const struct address *client,
                             uint64_t now_ms);

#endif
