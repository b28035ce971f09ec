// SPDX-License-Identifier: Apache-2.0
// A run: read, publish, apply the rules, write what they found.
#include "check.h"

#include <errno.h>

int check_run(const struct settings *settings, const struct clock *clock,
              enum check_format format, struct check_result *out,
              struct error *err)
{
    (void)settings;
    (void)clock;
    (void)format;
    (void)out;
    return error_set(err, -ENOSYS, "not written yet");
}
