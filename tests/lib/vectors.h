// SPDX-License-Identifier: Apache-2.0
// The tables of tests/vectors (see README there): reading them, and comparing a
// reply with a row.
#ifndef ORDINALD_TESTS_LIB_VECTORS_H
#define ORDINALD_TESTS_LIB_VECTORS_H

#include "lib/reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VECTOR_NAME_SIZE = 1200, VECTOR_QUERY_SIZE = 512 };

enum vector_field {
    VECTOR_NAME,
    VECTOR_TYPE,
    VECTOR_RCODE,
    VECTOR_ANSWER, // then authority, then additional
    VECTOR_SOURCE = VECTOR_ANSWER + 3,
    VECTOR_FIELDS,
};

// What one server is asked.
struct vector_group {
    const char *manifest; // a file beside the tables
    const char *options;  // "" for the defaults
    char domain[256];
    char ttl[8];
    char negative_ttl[8];
};

struct vector_row {
    char title[160]; // "names.txt:12 mongo.db.svc A"
    size_t group;
    char *fields[VECTOR_FIELDS];
};

struct vectors {
    char **texts; // the tables, cut up; the rows point into them
    size_t texts_n;
    struct vector_group *groups;
    size_t groups_n;
    struct vector_row *rows;
    size_t rows_n;
};

// Read all tables of a folder. Returns false and says why on standard error.
bool vectors_read(const char *folder, struct vectors *out);
void vectors_release(struct vectors *v);

// A whole file with a NUL behind it, for free(), or NULL.
char *vectors_file(const char *folder, const char *file, size_t *n);

// Write the query of a row, with an OPT record; its octets, 0 for a name or a
// type that is none. out: VECTOR_QUERY_SIZE.
size_t vectors_query(const struct vectors *v, const struct vector_row *row,
                     uint8_t *out);

/*
 * Compare a reply with its row.
 *
 * server  the address that a table calls `server`
 *
 * Returns whether it is as expected; says on standard output what is not.
 */
bool vectors_match(const struct vectors *v, const struct vector_row *row,
                   const struct reply *reply, const char *server);

#endif
