// SPDX-License-Identifier: Apache-2.0
// What the commands share that steer a running server.
#ifndef ORDINALD_CLI_STEER_H
#define ORDINALD_CLI_STEER_H

#include "cli.h"
#include "client.h"
#include "daemon/settings.h"

#include <stdbool.h>
#include <stdint.h>

// What those take that wait for pods.
struct steer_words {
    struct text_list words;
    bool no_wait;
    const char *timeout; // a duration, "0" for none
};

extern const struct setting steer_rows[];
enum { STEER_ROWS = 3 };

struct steer_command {
    const struct command *command;
    const struct setting *rows; // of its own words
    size_t rows_n;
    void *values; // of those
    // Do it; the words are there. Returns 0, or a negative errno with err
    // filled: -EINVAL is wrong usage
    int (*go)(const struct client *c, void *values, struct error *err);
};

// Read the words, find the server, go. Returns the exit status.
int steer_run(const struct steer_command *s, int argc, const char *const *argv);

// The end of a help page: own options, where the server is, how it ends.
void steer_help(FILE *out, const struct setting *rows, size_t n,
                const char *example);

// Says that there are too few or too many words; `usage` is what is wanted.
int steer_usage(const struct text_list *words, const char *usage,
                struct error *err);

// A duration of an option, at least min_ms. Returns 0, or -EINVAL with err
// filled.
int steer_duration(const char *option, const char *text, uint32_t min_ms,
                   uint32_t *ms, struct error *err) ORD_CHECKED;

/*
 * Ask for something to be done with a workload, print the first line, and then
 * each step as it happens, until nothing is left to be done.
 *
 * page  "/scale"
 * body  begun and ended; taken
 * say   print the first line, by the reply and its workload
 * goal  the replicas that are wanted; NULL: as they are
 *
 * Returns 0; or with err filled -ETIMEDOUT, -ECANCELED where somebody else
 * wants another number meanwhile, as client_ask() for the rest.
 */
int steer_workload(const struct client *c, const char *page,
                   struct json_out *body,
                   void (*say)(const struct json_value *reply,
                               const struct json_value *workload),
                   const uint32_t *goal, const struct steer_words *words,
                   struct error *err) ORD_CHECKED;

// A command that names one thing, and waits for what follows from it.
struct steer_named {
    const struct command *command;
    const char *usage;
    const char *page; // "/restart"
    const char *key;  // of the name, in the body
    void (*say)(const struct json_value *reply,
                const struct json_value *workload);
};

// As steer_run().
int steer_run_named(const struct steer_named *s, int argc,
                    const char *const *argv);

#endif
