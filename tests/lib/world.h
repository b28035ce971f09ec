// SPDX-License-Identifier: Apache-2.0
// A whole server in a box, without sockets, threads and a real clock: manifest
// files in a directory of its own, and the public functions that turn them into
// a zone and a query into a reply. One thread.
#ifndef ORDINALD_TESTS_LIB_WORLD_H
#define ORDINALD_TESTS_LIB_WORLD_H

#include "answer/answer.h"
#include "daemon/pipeline.h"
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
 * Nothing is loaded yet: it answers SERVFAIL, but for the pod that it is itself
 * (--self, with the environment of this process). Returns NULL and says why on
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

/*
 * What the server does when time has passed, or a pod was steered or a fault
 * began: derive, publish; and answer the probes that are due. Findings of the
 * step before are forgotten.
 *
 * Returns 0 or -ENOMEM.
 */
int world_run(struct world *w);

/*
 * Time passes, through all moments at which the server has something to do:
 * findings of all of them are kept.
 *
 * Returns 0, -ENOMEM, or -ELOOP where one moment has no end.
 */
int world_advance(struct world *w, uint64_t ms);

uint64_t world_now_ms(const struct world *w);

// To steer it, and to look at it; world_run() behind that.
struct pipeline *world_pipeline(struct world *w);

/*
 * From now on all probes of a pod succeed, or fail as they do until this is
 * called. At most WORLD_PROBED_MAX pods; returns whether there was room.
 */
enum { WORLD_PROBED_MAX = 16 };
bool world_probe(struct world *w, const char *pod, bool success);

/*
 * What happened since the last call of this, one event a line: "created web-0",
 * "ready web-0 10.244.0.1", "unready web-0: reason", "claimed www-web-0",
 * "scaled web 5", "settled web".
 *
 * namespace  only there; the rest waits. NULL: everywhere
 *
 * Returns a text that is valid until the world goes on.
 */
const char *world_take_events(struct world *w, const char *namespace);

/*
 * Answer one message.
 *
 * reply  DNS_TCP_MAX octets
 *
 * Returns the octets of the reply, 0 where nothing is said.
 */
size_t world_answer(struct world *w, const uint8_t *query, size_t n,
                    enum answer_transport transport, uint8_t *reply);

// How long the message is to wait, 0 where it is not; and what it is answered
// where that time is over.
unsigned world_waits_ms(struct world *w, const uint8_t *query, size_t n,
                        enum answer_transport transport, uint8_t *reply);
size_t world_answer_due(struct world *w, const uint8_t *query, size_t n,
                        enum answer_transport transport, uint8_t *reply);

// Findings of the last step, one a line: "file:line:column: error: text".
const char *world_findings(const struct world *w);

// For those who call answer_batch() themselves.
struct answer_context *world_context(struct world *w);

#endif
