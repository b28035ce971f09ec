// SPDX-License-Identifier: Apache-2.0
// What went wrong, as a sentence for the person who can mend it, and the way in
// which findings about input are handed to whoever prints or counts them.
// Values only; any thread.
#ifndef ORDINALD_BASE_ERROR_H
#define ORDINALD_BASE_ERROR_H

#include "base/base.h"

#include <stdint.h>

// One finished sentence: lower case, subject in quotes, no full stop.
struct error {
    char text[512];
};

/*
 * Say what went wrong.
 *
 * err   filled, cut off where it does not fit; may be NULL
 * code  a negative errno
 *
 * Returns code, so that `return error_set(err, -EINVAL, "...")` reads well.
 */
int error_set(struct error *err, int code, const char *format, ...)
    ORD_PRINTF(3, 4);

// Put what was being done before what went wrong: "cannot load 'x': no memory".
// Returns code.
int error_wrap(struct error *err, int code, const char *format, ...)
    ORD_PRINTF(3, 4);

// Where something stands in a file; line and column count from 1, 0: unknown.
struct place {
    const char *file; // borrowed; "<stdin>" for standard input
    uint32_t line;
    uint32_t column;
};

enum finding { FINDING_ERROR, FINDING_WARNING, FINDING_DEBUG };

/*
 * Where findings go. `text` says what and how to mend it, without the place;
 * both are borrowed for the call only.
 */
struct report {
    void (*finding)(void *context, enum finding kind, struct place at,
                    const char *text);
    void *context;
};

// Hand one finding to r.
void report_finding(const struct report *r, enum finding kind, struct place at,
                    const char *format, ...) ORD_PRINTF(4, 5);

#endif
