// SPDX-License-Identifier: Apache-2.0
// A query on its way to an upstream, and a reply on its way back, for cmocka's
// tests. Messages lie in memory of just their size, so that reading beyond them
// shows.
#ifndef ORDINALD_TESTS_LIB_PASSAGE_H
#define ORDINALD_TESTS_LIB_PASSAGE_H

#include "answer/forward.h"
#include "lib/testbed.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TYPE_A = 1,
    TYPE_CNAME = 5,
    TYPE_SRV = 33,
    SERVFAIL = 2,
    QR = 0x8000,
    AA = 0x0400,
    TC = 0x0200,
    RD = 0x0100,
    RA = 0x0080,
    AD = 0x0020,
    CD = 0x0010,
    UDP_MAX = 1232,
    PASSAGE_SIZE = 70000, // octets of any message
};

#define Z "cluster.local."

struct reply;

// A testbed that forwards. far.one.svc.Z is an alias of out.one.svc.Z, and that
// one of Db.Example.org.
int passage_set_up(void **state);

// As testbed_query(), with RD.
struct testbed_query passage_query(const char *name, unsigned type,
                                   unsigned edns_size);

// What a worker has for a message of n octets, size in all.
struct answer_job passage_job(uint8_t *message, size_t n, size_t size,
                              enum answer_transport transport);

// Octets of the buffer that a worker has for a query.
size_t passage_size(const struct testbed *t, const struct testbed_query *q,
                    enum answer_transport transport);

// What an upstream is asked for a query that has to be forwarded. Returns
// whether it is asked.
bool passage_ask(struct testbed *t, const struct testbed_query *q,
                 enum answer_transport transport, struct answer_upstream *out);

// What the client gets of an upstream's reply. Returns its octets.
size_t passage_reply(struct testbed *t, const struct testbed_query *q,
                     enum answer_transport transport, const uint8_t *reply,
                     size_t n, uint8_t out[PASSAGE_SIZE]);

// Read what the client got, which has to be well formed; reply_release() it.
void passage_read(const uint8_t *message, size_t n, struct reply *out);

// --- an upstream's reply ---------------------------------------------------

struct message {
    uint8_t octets[PASSAGE_SIZE];
    size_t n;
};

void message_add(struct message *m, const void *p, size_t n);
void message_u16(struct message *m, unsigned v);
void message_set_u16(struct message *m, size_t at, unsigned v);

// The octets of a literal, without its NUL.
#define MESSAGE_ADD(m, literal) message_add(m, literal, sizeof(literal) - 1)

// A reply to "db.example.org." of a type, with RD and RA: the name stands at
// 12, "example.org." at 15, "org." at 23, and all ends at 32.
void message_begin(struct message *m, unsigned type, unsigned an, unsigned ns,
                   unsigned ar);

#define QUESTION "\xc0\x0c"
#define EXAMPLE  "\xc0\x0f"

// Class IN, TTL 60, RDATA as it stands; both are literals.
#define MESSAGE_RECORD(m, owner, type, rdata)                                  \
    do {                                                                       \
        MESSAGE_ADD(m, owner);                                                 \
        message_u16(m, type);                                                  \
        MESSAGE_ADD(m, "\0\1\0\0\0\x3c");                                      \
        message_u16(m, sizeof(rdata) - 1);                                     \
        MESSAGE_ADD(m, rdata);                                                 \
    } while (0)

// DO is clear, 4096 octets.
void message_opt(struct message *m, const void *options, size_t n);

// A CNAME, an address behind it, an NS and its address: 99 octets.
void message_sections(struct message *m);

#endif
