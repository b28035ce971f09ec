// SPDX-License-Identifier: Apache-2.0
// The commands of the program: one file each, one row in main.c.
#ifndef ORDINALD_CLI_CLI_H
#define ORDINALD_CLI_CLI_H

#include "base/error.h"

#include <stdio.h>

// What a command's exit status says.
enum {
    CLI_DONE = 0,
    CLI_NO = 1,    // the answer is no, or it could not start
    CLI_USAGE = 2, // wrong usage
};

struct command {
    const char *name;
    const char *summary; // one line for the program's help
    // argv: argc texts behind the command's name. Returns the exit status.
    int (*run)(int argc, const char *const *argv);
    void (*help)(FILE *out);
};

extern const struct command cli_check;
extern const struct command cli_delete_pod;
extern const struct command cli_explain;
extern const struct command cli_fault;
extern const struct command cli_health;
extern const struct command cli_peers;
extern const struct command cli_restart;
extern const struct command cli_scale;
extern const struct command cli_serve;
extern const struct command cli_zone;

// Prints a finding; the context is a struct log. For those in the configuration
// file, before there are settings for a log.
void cli_finding(void *context, enum finding kind, struct place at,
                 const char *text);

// Say why a command fails, unless err is empty: then it has been said, with its
// place. Returns the exit status: CLI_USAGE where rc is -EINVAL, or CLI_NO.
int cli_fail(const struct command *command, int rc, const struct error *err);

#endif
