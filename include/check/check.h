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
#include "model/reason.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum check_format {
    CHECK_TEXT,
    CHECK_JSON,
    CHECK_SARIF,
    CHECK_GITHUB,
};

struct check_result {
    char *p; // for free()
    size_t n;
    uint32_t errors;
    uint32_t warnings;
    uint32_t objects; // that concern DNS and were taken
    uint32_t files;   // that were read
};

/*
 * Check the settings' paths. Findings come file by file as these were read, in
 * order of line and column, errors first; those about no file come last.
 *
 * CHECK_TEXT: a line for each, without line and column where it is about the
 * whole file:
 *
 *     FILE:LINE:COLUMN: error: what; how to mend it [id]
 *
 * CHECK_JSON: one object on one line. "file" is "" and "line" and "column" are
 * 0 where they mean nothing; "mend" is "" where "text" says it:
 *
 *     {"version": 1,
 *      "findings": [{"file": "db.yaml", "line": 12, "column": 16,
 *                    "level": "error", "id": "service-missing",
 *                    "text": "what", "mend": "how to mend it"}],
 *      "errors": 1, "warnings": 0, "objects": 2, "files": 1}
 *
 * CHECK_SARIF: SARIF 2.1.0, one run with all rules of this program. Relative
 * paths are below %SRCROOT%.
 *
 * CHECK_GITHUB: workflow commands, one line for each:
 *
 *     ::error file=db.yaml,line=12,col=16,title=service-missing::what; how ...
 *
 * Returns 0 and sets out, whatever was found; or with err filled -ENOENT where
 * a path does not exist, -EINVAL for settings that cannot be served, -ENOMEM.
 */
int check_run(const struct settings *settings, const struct clock *clock,
              enum check_format format, struct check_result *out,
              struct error *err) ORD_CHECKED;

// All rules, a line each: id, level, what it says. Level "answer": `check` does
// not tell it.
void check_print_rules(FILE *out);

// A page about one of them: who tells it, in what words, and its help.
void check_print_rule(enum reason_code code, FILE *out);

#endif
