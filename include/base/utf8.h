// SPDX-License-Identifier: Apache-2.0
// Characters of UTF-8 (RFC 3629). Pure; any thread.
#ifndef ORDINALD_BASE_UTF8_H
#define ORDINALD_BASE_UTF8_H

#include <stddef.h>

// Octets of the well-formed character that a C string begins with (RFC 3629 4),
// or 0. Overlong forms, surrogates and what is above U+10FFFF are ill-formed.
size_t utf8_size(const char *s);

#endif
