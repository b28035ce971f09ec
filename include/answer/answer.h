// SPDX-License-Identifier: Apache-2.0
// Query octets and a zone in, reply octets and a verdict out. Pure: no clock,
// socket, lock or allocation. The same for UDP and TCP, for tests, fuzzers and
// the benchmark. Worker threads, inside a zone read section.
#ifndef ORDINALD_ANSWER_ANSWER_H
#define ORDINALD_ANSWER_ANSWER_H

#include "base/counter.h"
#include "base/sockaddr.h"
#include "dns/cookie.h"
#include "dns/edns.h"
#include "dns/message.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stdint.h>

enum answer_transport { ANSWER_UDP, ANSWER_TCP };

enum answer_verdict {
    ANSWER_SEND,
    ANSWER_DROP, // say nothing
    ANSWER_PARK, // say nothing yet: see answer_job.park_ms
    // ask somebody else (answer/forward.h); the message is as it came
    ANSWER_FORWARD,
};

enum {
    ANSWER_PARK_MS_MAX = 5000,
    ANSWER_PARK_OCTETS_MAX = 512, // of a message; a longer one never waits
};

struct limit;

enum { ANSWER_IDENTITY_MAX = 63 };

struct answer_settings {
    uint16_t udp_size_max; // octets of a UDP reply, 512 to 65507
    // what a TCP client may leave a connection idle (RFC 7828), 0.1 s
    uint16_t tcp_idle_ds;
    // who we are (RFC 4892, RFC 5001), at most ANSWER_IDENTITY_MAX octets;
    // empty: we do not say
    struct span identity;
    struct span version; // for version.bind; not told without identity
    struct dns_cookie_secret cookie_secret;
    struct limit *limit; // shared by all workers; NULL: no limit
    // how long a question waits for an ordinal that is declared and has no name
    // yet, at most ANSWER_PARK_MS_MAX; 0: not at all
    uint16_t hold_ms;
    // names outside of our zones are ANSWER_FORWARD instead of REFUSED, and all
    // replies have RA
    bool forwards;
    // with it: also names in our domain of which nobody has told us
    // (zone_is_unknown()), instead of NXDOMAIN
    bool falls_through;
    // with it: also names in reverse zones, instead of NXDOMAIN
    bool forwards_reverse;
};

enum {
    ANSWER_RCODES = 18,      // BADVERS is the last one of ours
    ANSWER_RCODE_OTHER = 17, // those beyond, of upstreams
};

// One for each worker; only it counts.
struct answer_counters {
    struct counter queries[2];             // by transport
    struct counter replies[ANSWER_RCODES]; // by RCODE
    struct counter truncated;
    struct counter dropped;
    struct counter limited;   // not answered, or cut, because of the limit
    struct counter parked;    // messages that were told to wait, once each
    struct counter forwarded; // ANSWER_FORWARD when they came, not again
};

// What a worker answers from; not changed by answering, except for counters and
// what is private.
struct answer_context {
    // set by the caller
    const struct zone *zone;
    struct answer_settings settings;
    struct answer_counters counters;
    // the time, set before a batch: it may be some milliseconds old
    uint64_t now_ms; // monotonic
    uint32_t now_unix_s;
    // private
    uint32_t rotation; // where the next set of addresses begins
    uint8_t rare;      // what is to be looked at in this batch; 0: nothing
};

// An extended error (RFC 8914) that goes with a reply.
struct answer_note {
    uint16_t code;    // INFO-CODE
    struct span text; // borrowed until the reply is made
};

// What the last step does for a message. Private.
enum answer_due {
    ANSWER_FROM_ZONE,
    ANSWER_VERDICT, // whatever else it asks, or is
    ANSWER_DONE,    // nothing: the limit or a fault saw to it
};

// One message on its way. The reply replaces the query in the same buffer.
struct answer_job {
    // set by the caller
    uint8_t *message;
    uint32_t query_n; // octets received
    uint32_t size;    // octets that the buffer has; at least query_n, for UDP
                      // at least settings.udp_size_max
    enum answer_transport transport;
    // who asks; looked at where a query has a cookie or there is a limit
    const struct sockaddr_any *client;
    // it was parked: it is not counted as a query again, nor limited. Of a
    // batch all were, or none
    bool again;
    // its time is over: it is not parked, but answered as things are
    bool due_now;

    // set by answer_batch()
    enum answer_verdict verdict;
    uint32_t reply_n; // octets to send, with ANSWER_SEND
    // with ANSWER_PARK, and the message as it came: how long it waits at most,
    // and whether it is asked again (`again`) when the zone changes before
    uint16_t park_ms;
    bool park_for_change;

    // private
    enum dns_verdict parsed;
    uint8_t due; // enum answer_due
    // with a reply that is marked so (reply.h): its extended error; of how many
    // answers TCP has not taken all
    struct answer_note note;
    uint32_t all_of;
    struct dns_query query;
    struct zone_lookup lookup;
};

/*
 * Answer n messages, each step for all of them before the next, so that what
 * one waits for from memory is fetched while the others are worked on.
 *
 * Work is bounded by the octets of queries and replies, whatever the zone's
 * size.
 *
 * ANSWER_PARK: where settings.hold_ms is given, a question of any type for an
 * ordinal that a StatefulSet declares (zone_is_declared()), whose name does not
 * exist yet, instead of NXDOMAIN; not while the zone is incomplete. Also what a
 * fault makes slow. The caller keeps the message and asks again: with `again`
 * when the zone has changed, where park_for_change says so; with `again` and
 * `due_now` when park_ms are over, or at once where it cannot keep it.
 *
 * ANSWER_FORWARD: where settings.forwards is given, a question of any type but
 * AXFR and IXFR, of any class but CH, whose name is outside of our zones, even
 * while the zone is incomplete; in class IN also for what the other settings
 * say, and for an alias that leads to such a name, unless CNAME or ANY is asked
 * for. Whether recursion is desired is for the upstream to look at.
 */
void answer_batch(struct answer_context *context, struct answer_job *jobs,
                  unsigned n);

#endif
