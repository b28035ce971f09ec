// SPDX-License-Identifier: Apache-2.0
// Memory that is given back all at once. An arena belongs to one thread at a
// time; what it handed out lives until arena_release() or arena_reset(). It has
// a byte budget, so that input which asks for too much is an ordinary error.
#ifndef ORDINALD_BASE_ARENA_H
#define ORDINALD_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    // read-only
    size_t used; // octets handed out, padding included

    // private
    size_t budget;
    struct arena_chunk *chunks;
    char *at;
    char *end;
};

/*
 * Begin with nothing allocated; cannot fail.
 *
 * budget  octets that may be handed out in all; beyond it arena_alloc()
 *         returns NULL just as when memory has run out
 */
void arena_init(struct arena *a, size_t budget);

// Give everything back; the arena may be used again, with the same budget.
void arena_reset(struct arena *a);

// Give everything back. Safe on an arena of zero bytes.
void arena_release(struct arena *a);

// size octets of zeroes, aligned for any object, or NULL.
void *arena_alloc(struct arena *a, size_t size);

// size octets, not cleared and not aligned, for text and wire data, or NULL.
void *arena_bytes(struct arena *a, size_t size);

// count objects of size octets each, zeroed, or NULL; cannot overflow.
void *arena_array(struct arena *a, size_t count, size_t size);

// A copy of n octets with a NUL behind it, or NULL.
char *arena_text(struct arena *a, const void *p, size_t n);

// A copy of a C string, or NULL.
char *arena_text_dup(struct arena *a, const char *text);

#endif
