// SPDX-License-Identifier: Apache-2.0
// Would the peers in these manifests find each other? Reads them as the server
// does, builds the zone, asks it for every peer, and compares what the objects
// say of each other. The rules are rows of model/reasons.def. Any thread; no
// state is kept.
#ifndef ORDINALD_CHECK_CHECK_H
#define ORDINALD_CHECK_CHECK_H

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "daemon/settings.h"

#include <stddef.h>
#include <stdint.h>

enum check_format {
    CHECK_TEXT,   // FILE:LINE:COLUMN: error: what; how to mend it [id]
    CHECK_JSON,   // {"findings": [{file, line, column, level, id, ...}], ...}
    CHECK_SARIF,  // 2.1.0
    CHECK_GITHUB, // workflow commands: ::error file=...,line=...
};

struct check_result {
    char *p; // for free()
    size_t n;
    uint32_t errors;
    uint32_t warnings;
};

/*
 * Check the settings' paths. Findings come in order of file, line and column.
 *
 * Returns 0 and sets out, whatever was found; or with err filled -ENOENT where
 * a path does not exist, -EINVAL for settings that cannot be served, -ENOMEM.
 */
int check_run(const struct settings *settings, const struct clock *clock,
              enum check_format format, struct check_result *out,
              struct error *err) ORD_CHECKED;

#endif
