// SPDX-License-Identifier: Apache-2.0
// Another name server, on loopback, over UDP and TCP, which does as it is told:
// a thread of its own. It reads and writes DNS with its own few lines. What
// cannot be set up ends the program. Any thread.
#ifndef ORDINALD_TESTS_LIB_DUMMY_H
#define ORDINALD_TESTS_LIB_DUMMY_H

#include "base/sockaddr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dummy;

struct dummy_orders {
    bool silent;      // says nothing, not even to probes
    bool holds;       // says nothing until dummy_release()
    bool garbles;     // a record that leaves the message
    bool mistakes;    // before each reply others: another ID, another question
    bool refuses_tcp; // closes connections at once
    uint8_t rcode;
    uint16_t records; // A, 192.0.2.n; what does not fit over UDP is left out,
                      // and all of them with it, with TC
    bool cuts;        // TC over UDP whatever fits
};

enum { DUMMY_QUERY_MAX = 1024 };

// listen: "127.0.0.1:0"
struct dummy *dummy_new(const char *listen);
void dummy_free(struct dummy *d);
struct sockaddr_any dummy_address(const struct dummy *d);

void dummy_obey(struct dummy *d, struct dummy_orders orders);

// Answer what was held, by the orders of now, and hold no more.
void dummy_release(struct dummy *d);

// Queries that came; those of type HINFO are not counted, but answered.
unsigned dummy_asked(struct dummy *d);
unsigned dummy_asked_tcp(struct dummy *d); // of these

// The last one that was counted. Returns its octets.
size_t dummy_query(struct dummy *d, uint8_t out[DUMMY_QUERY_MAX]);

#endif
