// SPDX-License-Identifier: Apache-2.0
// Characters of UTF-8 (RFC 3629). Pure; any thread.
#ifndef ORDINALD_BASE_UTF8_H
#define ORDINALD_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

// Octets of the well-formed character that a C string begins with (RFC 3629 4),
// or 0. Overlong forms, surrogates and what is above U+10FFFF are ill-formed.
size_t utf8_size(const char *s);

// Whether all of a C string is well-formed.
bool utf8_is_text(const char *s);

enum { UTF8_MENDED_MAX = 3 }; // octets of U+FFFD

/*
 * Copy a C string, with U+FFFD for each octet that begins no well-formed
 * character: names of files, for one, may have any octets.
 *
 * out  UTF8_MENDED_MAX octets for each of s, and a NUL
 *
 * Returns the octets written, without the NUL.
 */
size_t utf8_mend(const char *s, char *out);

#endif
