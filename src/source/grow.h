// SPDX-License-Identifier: Apache-2.0
// Growing arrays and copied text, by way of malloc() and realloc() themselves:
// the tests let each of those calls fail in turn, and see none that the C
// library makes on its own. Private to source/.
#ifndef ORDINALD_SOURCE_GROW_H
#define ORDINALD_SOURCE_GROW_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

// items with room for count of size octets, or NULL with items as they were.
static inline void *grow_array(void *items, size_t count, size_t size)
{
    size_t octets;
    return __builtin_mul_overflow(count, size, &octets)
               ? NULL
               : realloc(items, octets);
}

static inline char *copy_text(const char *text)
{
    const size_t n = strlen(text) + 1;
    char *copy = malloc(n);
    return copy ? memcpy(copy, text, n) : NULL;
}

#endif
