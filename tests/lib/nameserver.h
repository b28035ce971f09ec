// SPDX-License-Identifier: Apache-2.0
// A name server that does what a test tells it to, step by step: real sockets
// on loopback, in the test's own thread, beside the loop of what is tested.
// What cannot be set up ends the program.
#ifndef ORDINALD_TESTS_LIB_NAMESERVER_H
#define ORDINALD_TESTS_LIB_NAMESERVER_H

#include "base/bytes.h"
#include "base/sockaddr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct nameserver {
    struct sockaddr_any address;
    int udp; // -1: closed
    int tcp; // it listens
};

// A query that has come.
struct asked {
    struct sockaddr_any from;
    size_t n;
    uint8_t octets[1024];
};

// text: "127.0.0.1:0", "[::1]:0"; UDP and TCP have the same port.
void nameserver_start(struct nameserver *s, const char *text);
void nameserver_stop(struct nameserver *s);
// Returns false where its port is taken.
bool nameserver_try(struct nameserver *s, const char *text);
void nameserver_close_udp(struct nameserver *s);
void nameserver_close_tcp(struct nameserver *s);

// A datagram that is there already.
bool nameserver_has(struct nameserver *s, struct asked *out);

// Run the loop until a datagram has come. What never comes ends the program.
void nameserver_wait(struct nameserver *s, uv_loop_t *loop, struct asked *out);

// Run the loop until a connection is there. Returns it; blocking.
int nameserver_accept(struct nameserver *s, uv_loop_t *loop);

// The next query of a connection; false: it has ended.
bool nameserver_read(int connection, uv_loop_t *loop, struct asked *out);

void nameserver_send(struct nameserver *s, const struct asked *to,
                     struct span reply);

// A reply behind its length, in pieces of that many octets; the loop runs in
// between.
void nameserver_write(int connection, uv_loop_t *loop, struct span reply,
                      size_t piece);

// The reply to a query, without records, filled up to n octets. Returns n.
size_t nameserver_reply(const struct asked *q, uint8_t *out, size_t n);

// A query of class IN for a name, ID 0. Returns its octets.
size_t nameserver_question(uint8_t *out, const char *name, uint16_t type);

// Run the loop once, and wait a little.
void nameserver_run(uv_loop_t *loop);

// Run the loop for a moment: all that is on its way on loopback has arrived.
void nameserver_settle(uv_loop_t *loop);

#endif
