// SPDX-License-Identifier: Apache-2.0
// ordinald check
#include "cli.h"

static void help(FILE *out)
{
    fputs("Usage: ordinald check\n", out);
}

static int run(int argc, const char *const *argv)
{
    (void)argc;
    (void)argv;
    return CLI_NO;
}

const struct command cli_check = {
    .name = "check",
    .summary = "would the peers in these manifests find each other?",
    .run = run,
    .help = help,
};
