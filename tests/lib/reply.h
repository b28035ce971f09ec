// SPDX-License-Identifier: Apache-2.0
// A second reader of DNS messages, for expected answers: written from RFC 1035
// alone and sharing no line with src/, so that the two cannot be wrong alike.
// It is strict: what it accepts has exact counts and lengths, no octet behind
// the last record, and SRV targets without compression (RFC 2782).
#ifndef ORDINALD_TESTS_LIB_REPLY_H
#define ORDINALD_TESTS_LIB_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reply_section { REPLY_ANSWER, REPLY_AUTHORITY, REPLY_ADDITIONAL };

enum { REPLY_LINE_SIZE = 1400, REPLY_FLAGS_SIZE = 32 };

struct reply {
    uint16_t id;
    uint16_t flags;
    uint16_t rcode;                 // with the upper bits from the OPT record
    char question[REPLY_LINE_SIZE]; // "name. IN TYPE"; empty for none
    // records as master files write them, one blank between fields; the OPT
    // record is not among them
    char **lines[3];
    size_t lines_n[3];
    bool has_opt;
    bool dnssec_ok;
    uint16_t opt_size;
    uint8_t options[1024]; // of the OPT record, as they stand
    size_t options_n;
    int ede; // INFO-CODE of the first extended error, -1: none (RFC 8914)
    char ede_text[256];
};

/*
 * Read a message.
 *
 * error  where to say what is wrong with it, at least 200 octets
 *
 * Returns whether it is well formed; out has to be released either way.
 */
bool reply_read(const uint8_t *message, size_t n, struct reply *out,
                char *error);

void reply_release(struct reply *r);

// The value of the first option with this code, n octets, or NULL.
const uint8_t *reply_option(const struct reply *r, unsigned code, size_t *n);

// "aa rd": the flags that are set, QR left out. Returns out.
const char *reply_flags(const struct reply *r, char out[REPLY_FLAGS_SIZE]);

// "NOERROR"; "RCODE23" where it has no name. out: at least 16 octets.
const char *reply_rcode_name(uint16_t rcode, char *out);

// The number of a type by its name ("SRV", "TYPE65"), -1: none.
int reply_type_of(const char *name);

/*
 * Write a query.
 *
 * name       as text, final dot optional, no escapes
 * type       its number
 * edns_size  0: without an OPT record
 *
 * Returns its octets, 0 where it does not fit or name is no name.
 */
size_t query_write(uint8_t *out, size_t size, uint16_t id, const char *name,
                   uint16_t type, uint16_t edns_size, bool recursion_desired);

#endif
