// SPDX-License-Identifier: Apache-2.0
#include "cli.h"

#include "base/log.h"

#include <errno.h>

void cli_finding(void *context, enum finding kind, struct place at,
                 const char *text)
{
    log_finding(context, kind, at, text);
}

int cli_fail(const struct command *command, int rc, const struct error *err)
{
    if (err->text[0])
        fprintf(stderr, "ordinald %s: %s\n", command->name, err->text);
    return rc == -EINVAL ? CLI_USAGE : CLI_NO;
}
