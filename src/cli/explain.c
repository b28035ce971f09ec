// SPDX-License-Identifier: Apache-2.0
// ordinald explain
#include "cli.h"

static void help(FILE *out)
{
    fputs("Usage: ordinald explain\n", out);
}

static int run(int argc, const char *const *argv)
{
    (void)argc;
    (void)argv;
    return CLI_NO;
}

const struct command cli_explain = {
    .name = "explain",
    .summary = "why a name answers as it does",
    .run = run,
    .help = help,
};
