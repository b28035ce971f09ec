// SPDX-License-Identifier: Apache-2.0
// A server (server.h) that forwards to name servers of the test (dummy.h), and
// clients of it. What cannot be set up, or does not come, fails the test. One
// thread, besides theirs.
#ifndef ORDINALD_TESTS_LIB_FORWARDING_H
#define ORDINALD_TESTS_LIB_FORWARDING_H

#include "lib/dummy.h"
#include "lib/server.h"
#include "net/upstreams.h"
#include "net/worker.h"

#include <stdbool.h>
#include <stdint.h>

// A name that is not ours.
#define FORWARDING_NAME "www.example.com"

enum {
    FORWARDING_UPSTREAMS = 3,
    // something did not happen by then; it may, on a machine that is busy, and
    // then goes unnoticed
    FORWARDING_SHORT_MS = 40,
};

enum {
    RCODE_NOERROR = 0,
    RCODE_FORMERR = 1,
    RCODE_SERVFAIL = 2,
    RCODE_NXDOMAIN = 3,
    RCODE_NOTIMP = 4,
    RCODE_REFUSED = 5,
};

struct forwarding {
    struct server server;
    unsigned n;
    struct dummy *up[FORWARDING_UPSTREAMS];
};

// One thread, and names that are not ours are forwarded.
struct workers_settings forwarding_settings(void);

// n upstreams, in this order. listen: "127.0.0.1:0"
void forwarding_start(struct forwarding *f, unsigned n, const char *listen,
                      struct workers_settings settings);
void forwarding_stop(struct forwarding *f);

// Until so many queries wait for upstreams; were answered with an RCODE; came;
// went upstream.
void forwarding_wait(const struct forwarding *f, uint64_t n);
void forwarding_wait_replies(const struct forwarding *f, unsigned rcode,
                             uint64_t n);
void forwarding_wait_queries(const struct forwarding *f, uint64_t n);
void forwarding_wait_asked(const struct forwarding *f, uint64_t n);
// Until the other server was asked so often.
void forwarding_wait_dummy(struct dummy *d, unsigned n);
void forwarding_wait_dummy_at_least(struct dummy *d, unsigned n);

uint64_t forwarding_now_ms(void);
void forwarding_pause_ms(long ms);

// --- clients ---------------------------------------------------------------

int forwarding_client(const struct forwarding *f, bool tcp, const char *from);

// Type A, with an OPT record over UDP: 1232 octets are taken.
void forwarding_ask(int fd, bool tcp, uint16_t id, const char *name);

// The next reply, whole; checked for being well formed. Returns its octets.
size_t forwarding_receive(int fd, bool tcp, uint8_t reply[65535]);

// The next reply, whichever query it is for, has that RCODE and so many
// answers. Returns its ID.
uint16_t forwarding_expect_one(int fd, bool tcp, unsigned rcode,
                               unsigned answers);
void forwarding_expect(int fd, bool tcp, uint16_t id, unsigned rcode,
                       unsigned answers);
// The same for SERVFAIL with this extended error (RFC 8914).
void forwarding_expect_error(int fd, bool tcp, uint16_t id, int ede);

// Nothing comes for a moment.
void forwarding_expect_silence(int fd);

#endif
