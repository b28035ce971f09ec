// SPDX-License-Identifier: Apache-2.0
// JSON's escaped surrogates, which YAML has not: RFC 8259 section 7 writes
// U+1F600 as "\ud83d\ude00", YAML as "\U0001F600", and libyaml refuses the
// former. Pure; any thread.
#ifndef ORDINALD_DOC_ESCAPE_H
#define ORDINALD_DOC_ESCAPE_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether there may be anything to rewrite; a quick look.
bool escape_is_needed(struct span text);

/*
 * Rewrite the surrogates in the strings of all JSON documents of a text, where
 * they are. A lone one becomes U+FFFD, as with Go's encoding/json. The length
 * stays: a pair's two octets too many become blanks behind its string, so that
 * all tokens keep their line and column.
 *
 * A document is JSON as far as its tokens are: what is YAML only (comments,
 * other quotes, plain text) ends the rewriting of that document, because from
 * there on a quotation mark may be an ordinary character.
 */
void escape_rewrite(uint8_t *text, size_t n);

#endif
