// SPDX-License-Identifier: Apache-2.0
// JSON as it is written (RFC 8259). Any thread.
#ifndef ORDINALD_DOC_JSON_H
#define ORDINALD_DOC_JSON_H

#include "base/bytes.h"

#include <stddef.h>

// Room for a text of n octets as JSON: each takes at most the six of "\u0000",
// and there are two quotes.
static inline size_t json_string_size(size_t n)
{
    return 6 * n + 2;
}

/*
 * Write a text as a JSON string, quotes included; no NUL behind it.
 *
 * text  UTF-8
 * out   json_string_size() octets
 *
 * Returns the octets written, or 0 when there is no memory.
 */
size_t json_string_format(struct span text, char *out);

#endif
