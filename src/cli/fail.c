// SPDX-License-Identifier: Apache-2.0
#include "cli.h"

#include <errno.h>

int cli_fail(const struct command *command, int rc, const struct error *err)
{
    if (err->text[0])
        fprintf(stderr, "ordinald %s: %s\n", command->name, err->text);
    return rc == -EINVAL ? CLI_USAGE : CLI_NO;
}
