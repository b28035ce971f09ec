// SPDX-License-Identifier: Apache-2.0
// The octets of a YAML or JSON text before they are parsed: its encoding, its
// lines and its document markers. Pure; any thread.
#ifndef ORDINALD_DOC_TEXT_H
#define ORDINALD_DOC_TEXT_H

#include "base/base.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct text {
    // read-only
    struct span utf8; // without byte order mark

    // private
    uint8_t *owned; // NULL where utf8 is the input itself
};

/*
 * Make UTF-8 out of what a file holds (YAML 1.2.2 section 5.2), with JSON's
 * surrogate escapes as YAML writes them (see escape.h).
 *
 * raw  borrowed until text_release()
 *
 * Returns 0, -ENOMEM, or -EILSEQ for UTF-32. Ill-formed UTF-16 becomes
 * ill-formed UTF-8, so that the parser finds the place of either.
 */
int text_open(struct span raw, struct text *out) ORD_CHECKED;

void text_release(struct text *t);

// The octets of the line break at p, or 0: LF, CR, CRLF and, as in YAML 1.1,
// U+0085, U+2028, U+2029.
size_t text_break(const uint8_t *p, const uint8_t *end);

// The start of the line behind the one p is in, or end.
const uint8_t *text_next_line(const uint8_t *p, const uint8_t *end);

// The start of the line p is in; from is the start of a line at or before p.
const uint8_t *text_line_of(const uint8_t *from, const uint8_t *p,
                            const uint8_t *end);

// Line breaks between two places; to is the start of a line.
uint32_t text_lines(const uint8_t *from, const uint8_t *to);

// Characters between two places.
uint32_t text_characters(const uint8_t *from, const uint8_t *to);

// The place of the n-th character after from, or end.
const uint8_t *text_at(const uint8_t *from, const uint8_t *end, size_t n);

// Whether a document begins here: "---" and a blank, a line break or the end.
// In YAML that is so at the start of any line, within quotes, too.
bool text_is_marker(const uint8_t *p, const uint8_t *end);

// The first marker at or after p, the start of a line; or end.
const uint8_t *text_marker(const uint8_t *p, const uint8_t *end);

#endif
