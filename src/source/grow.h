// SPDX-License-Identifier: Apache-2.0
// Growing arrays and copied text, by way of malloc() and realloc() themselves:
// the tests let each of those calls fail in turn, and see none that the C
// library makes on its own. Private to source/.
#ifndef ORDINALD_SOURCE_GROW_H
#define ORDINALD_SOURCE_GROW_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { GROW_FIRST = 16 };

// items, n of them of size octets each, with room for one more: a full array
// doubles. NULL: no memory, and items and room are as they were.
static inline void *grow_array(void *items, size_t n, size_t *room, size_t size)
{
    if (n < *room)
        return items;
    const size_t more = *room ? 2 * *room : GROW_FIRST;
    size_t octets;
    if (__builtin_mul_overflow(more, size, &octets))
        return NULL;
    void *bigger = realloc(items, octets);
    if (bigger)
        *room = more;
    return bigger;
}

static inline char *copy_text(const char *text)
{
    const size_t n = strlen(text) + 1;
    char *copy = malloc(n);
    return copy ? memcpy(copy, text, n) : NULL;
}

#endif
