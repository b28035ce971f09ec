// SPDX-License-Identifier: Apache-2.0
// Manifests as text, and what object_decode() makes of them. All of it for
// cmocka's tests.
#ifndef ORDINALD_TESTS_LIB_DECODED_H
#define ORDINALD_TESTS_LIB_DECODED_H

#include "base/arena.h"
#include "model/object.h"

#include <stddef.h>
#include <stdint.h>

struct result {
    struct arena arena;
    struct object *objects[16];
    size_t n;
    int refused;
    char findings[4096]; // "line:column kind: text\n"; debug ones too
};

// What a text says; drop() it.
struct result *decode(const char *text);
void drop(struct result *r);

// The only object of a text, with these findings.
const struct object *decode_warned(const char *text, const char *findings,
                                   struct result **r);

// The only object of a text without findings.
const struct object *decode_one(const char *text, struct result **r);

// Texts of one object each that is refused with these findings.
struct fault_case {
    const char *text;
    const char *findings;
};
void expect_refused(const char *text, const char *findings);
void expect_all_refused(const struct fault_case *cases, size_t n);

void expect_address(const struct address *a, const char *text);

// The digest of the only object of a text.
uint64_t digest_of(const char *text);

// Decode a text of one object in ever larger arenas: -ENOMEM and no finding
// until it fits.
void expect_no_memory_lost(const char *text);

#endif
