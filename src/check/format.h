// SPDX-License-Identifier: Apache-2.0
// What the forms of a report share. Private to src/check.
#ifndef ORDINALD_CHECK_FORMAT_H
#define ORDINALD_CHECK_FORMAT_H

#include "check.h"

#include <stdio.h>

/*
 * Write all findings.
 *
 * n  set to the octets
 *
 * Returns a text for free(), or NULL where there is no memory.
 */
char *check_format_text(struct check *c, size_t *n);
char *check_format_json(struct check *c, size_t *n);
char *check_format_sarif(struct check *c, size_t *n);
char *check_format_github(struct check *c, size_t *n);

// The same for a form in which findings stand one behind the other.
char *check_format_each(struct check *c,
                        void (*put)(FILE *out, struct check *c,
                                    const struct check_finding *f),
                        size_t *n);

// "error", "warning": the same word in all forms.
const char *check_level_name(enum reason_code code);

// "what; how to mend it". Lives as long as the check; "" without memory.
const char *check_message(struct check *c, const struct check_finding *f);

// A file's name without "./" in front, as it is compared with names in a
// repository.
const char *check_relative(const char *file);

enum { CHECK_TITLE_SIZE = 512 };

// What a rule says, with names for what it speaks of: "service SERVICE of
// StatefulSet WORKLOAD is not headless". Returns out.
const char *check_title(enum reason_code code, char out[CHECK_TITLE_SIZE]);

#endif
