// SPDX-License-Identifier: Apache-2.0
// The records of a reply with their names written out, in lower case, so that
// two messages can be compared whatever each has compressed. Names are read by
// the C library.
#ifndef ORDINALD_TESTS_LIB_WIRE_H
#define ORDINALD_TESTS_LIB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_record {
    unsigned section; // 0: answer, 1: authority, 2: additional
    unsigned type;
    size_t end;      // in the message
    uint8_t *octets; // owner to RDATA, the RDATA's length left out
    size_t n;
};

struct wire {
    struct wire_record *records; // an OPT record is not among them
    size_t n;
    size_t counts[3]; // of them, in each section
};

// Returns false where the message cannot be read; wire_release() is due in any
// case.
bool wire_read(const uint8_t *message, size_t n, struct wire *out);
void wire_release(struct wire *w);

bool wire_is_same(const struct wire_record *a, const struct wire_record *b);

// Whether the records of `part`, but for its first so many, are those that
// `whole` begins with.
bool wire_begins(const struct wire *whole, const struct wire *part,
                 size_t but_for);

#endif
