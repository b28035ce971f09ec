// SPDX-License-Identifier: Apache-2.0
// Why a name does not resolve, and what is wrong with manifests: one table
// (reasons.def) that answers (RFC 8914), `explain`, `check` and the README
// read. Pure; any thread.
#ifndef ORDINALD_MODEL_REASON_H
#define ORDINALD_MODEL_REASON_H

#include <stddef.h>
#include <stdint.h>

enum reason_code {
    REASON_NONE, // nothing is known to be wrong
#define REASON(code, id, ede, level, text, mend, help) REASON_##code,
#include "model/reasons.def"
#undef REASON
    REASONS, // how many there are, with REASON_NONE
};

// What `check` makes of it.
enum reason_level {
    REASON_ANSWER, // nothing: only an answer has it
    REASON_WARNING,
    REASON_ERROR,
};

struct reason_kind {
    const char *id; // "ordinal-outside"
    uint16_t ede;   // INFO-CODE (RFC 8914); REASON_NO_EDE: no answer has it
    uint8_t level;  // enum reason_level
    const char *text;
    const char *mend; // "": there is nothing to mend
    const char *help; // some lines, wrapped at 79 columns, no final line feed
};

enum { REASON_NO_EDE = UINT16_MAX };

// The row of a code; of REASON_NONE all texts are empty.
const struct reason_kind *reason_kind(enum reason_code code);

// The code with this id; REASON_NONE where there is none.
enum reason_code reason_find(const char *id);

/*
 * A reason with what its text speaks of. All texts are borrowed; NULL is the
 * same as "". `text` and `mend` in the table have the fields' names in braces,
 * and in brackets what is left out as a whole when a field in it is empty, is 0
 * or has no name that fits:
 *
 *     "not ready[ since {since}][: {detail}]"
 */
struct reason {
    enum reason_code code;
    uint32_t since_unix_s; // {since} "10:22:05Z, 2026-11-21"; 0: not known
    uint32_t first;        // {first}
    uint32_t last;         // {last}
    const char *namespace; // {namespace}
    const char *service;   // {service}
    const char *kind;      // {kind} of the workload
    const char *workload;  // {workload}
    const char *pod;       // {pod}
    const char *detail;    // {detail}
    const char *near;      // {near}: what may have been meant
    // {names}: "a, b, c and 7 more", as many as fit; empty where names_n is 0
    const char *const *names;
    uint32_t names_n;
    uint32_t names_all; // how many there are, the names_n included
};

enum {
    REASON_TEXT_MAX = 200, // octets of a text, without its NUL
    REASON_LONG_MAX = 511, // where no message has to hold it
};

/*
 * Write the text of a reason, on one line: control characters become spaces.
 * What does not fit into REASON_TEXT_MAX octets is cut at a character's end and
 * has "..." in its place; {names} gives way first. Allocates nothing, heeds no
 * locale.
 *
 * Returns the octets written, without the NUL.
 */
size_t reason_text(const struct reason *why, char out[REASON_TEXT_MAX + 1]);

// The same for how to mend it.
size_t reason_mend(const struct reason *why, char out[REASON_TEXT_MAX + 1]);

// Both, cut at REASON_LONG_MAX: for `check`, where the longest names there are
// stand whole.
size_t reason_text_long(const struct reason *why,
                        char out[REASON_LONG_MAX + 1]);
size_t reason_mend_long(const struct reason *why,
                        char out[REASON_LONG_MAX + 1]);

enum { REASON_TIME_SIZE = 64 };

// A time as {since} has it, "10:22:05Z, 2026-11-21" (UTC). Returns out.
const char *reason_time(uint32_t unix_s, char out[REASON_TIME_SIZE]);

#endif
