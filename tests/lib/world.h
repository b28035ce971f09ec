// SPDX-License-Identifier: Apache-2.0
// A whole server in a box, without sockets, threads and a real clock: manifest
// files in a directory of its own, and the public functions that turn them into
// a zone and a query into a reply. One thread.
#ifndef ORDINALD_TESTS_LIB_WORLD_H
#define ORDINALD_TESTS_LIB_WORLD_H

#include "answer/answer.h"
#include "lib/clock.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;

/*
 * options  as on the command line, with blanks between them; what has a blank
 *          in it stands in single quotes. "" for the defaults. The server's
 *          address is 192.0.2.53, and PATH the world's directory
 *
 * Nothing is loaded yet: it answers SERVFAIL. Returns NULL and says why on
 * standard error when it cannot be made.
 */
struct world *world_new(const char *options);
void world_free(struct world *w);

// Write a file anew (a rename over the old one), or remove it; seen by the next
// world_load(). Return whether that was possible.
bool world_write(struct world *w, const char *file, const char *text, size_t n);
bool world_remove(struct world *w, const char *file);

/*
 * What the server does after a change on disk: load, derive, publish. Findings
 * of the load before are forgotten.
 *
 * Returns 0 or -ENOMEM.
 */
int world_load(struct world *w);

// Time passes.
void world_advance(struct world *w, uint64_t ms);

/*
 * Answer one message.
 *
 * reply  DNS_TCP_MAX octets
 *
 * Returns the octets of the reply, 0 where nothing is said.
 */
size_t world_answer(struct world *w, const uint8_t *query, size_t n,
                    enum answer_transport transport, uint8_t *reply);

// Findings of the last load, one a line: "file:line:column: error: text".
const char *world_findings(const struct world *w);

// For those who call answer_batch() themselves.
struct answer_context *world_context(struct world *w);

#endif
