// SPDX-License-Identifier: Apache-2.0
// A list of chunks. The first chunk of the list is the one that is being used
// up; regular chunks double in size, so that a small service costs little and a
// large one few calls of malloc().
#include "base/arena.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Octets of a regular chunk, header and malloc()'s own word included. The first
// size is what an arena costs at least; the last one bounds what is lost at the
// end of a large arena.
enum {
    CHUNK_FIRST = 1 << 10,
    CHUNK_LAST = 16 << 10,
    MALLOC_WORD = 16,
};

struct arena_chunk {
    _Alignas(max_align_t) struct arena_chunk *next;
    size_t following; // octets of the next regular chunk
};

enum { ALIGNMENT = _Alignof(max_align_t) };

void arena_init(struct arena *a, size_t budget)
{
    *a = (struct arena){.budget = budget};
}

void arena_reset(struct arena *a)
{
    for (struct arena_chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    arena_init(a, a->budget);
}

void arena_release(struct arena *a)
{
    arena_reset(a);
}

// A chunk of its own, behind the one in use: the room left there is not lost.
static void *alloc_apart(struct arena *a, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct arena_chunk))
        return NULL;
    struct arena_chunk *c = malloc(sizeof *c + size);
    if (!c)
        return NULL;
    if (a->chunks) {
        c->following = a->chunks->following;
        c->next = a->chunks->next;
        a->chunks->next = c;
    } else {
        c->following = CHUNK_FIRST;
        c->next = NULL;
        a->chunks = c;
    }
    return c + 1;
}

static bool begin_chunk(struct arena *a, size_t total)
{
    const size_t octets = total - MALLOC_WORD;
    struct arena_chunk *c = malloc(octets);
    if (!c)
        return false;
    c->next = a->chunks;
    c->following = total < CHUNK_LAST ? 2 * total : total;
    a->chunks = c;
    a->at = (char *)(c + 1);
    a->end = (char *)c + octets;
    return true;
}

// `at` moves on by padding + size, once both are known to fit into the chunk.
static void *alloc_here(struct arena *a, size_t padding, size_t size)
{
    char *p = a->at + padding;
    a->at = p + size;
    a->used += padding + size;
    return p;
}

static size_t padding_of(const struct arena *a, size_t alignment)
{
    return -(uintptr_t)a->at & (alignment - 1);
}

static void *alloc(struct arena *a, size_t size, size_t alignment)
{
    assert(a->used <= a->budget);
    // Nothing at all still is a pointer of its own: NULL means no memory.
    if (size == 0)
        size = 1;
    const size_t budget = a->budget - a->used;
    const size_t left = (size_t)(a->end - a->at);
    const size_t padding = padding_of(a, alignment);
    if (size > budget)
        return NULL;
    if (padding <= left && size <= left - padding)
        return size + padding <= budget ? alloc_here(a, padding, size) : NULL;

    // A quarter: a new chunk is begun only when less than that is left over in
    // the old one, relative to the new one's size.
    const size_t total = a->chunks ? a->chunks->following : CHUNK_FIRST;
    if (size > total / 4) {
        void *p = alloc_apart(a, size);
        if (p)
            a->used += size;
        return p;
    }
    return begin_chunk(a, total) ? alloc_here(a, 0, size) : NULL;
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *p = alloc(a, size, ALIGNMENT);
    return p ? memset(p, 0, size) : NULL;
}

void *arena_bytes(struct arena *a, size_t size)
{
    return alloc(a, size, 1);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t octets;
    if (__builtin_mul_overflow(count, size, &octets))
        return NULL;
    return arena_alloc(a, octets);
}

char *arena_text(struct arena *a, const void *p, size_t n)
{
    char *text = n < SIZE_MAX ? arena_bytes(a, n + 1) : NULL;
    if (!text)
        return NULL;
    if (n)
        memcpy(text, p, n);
    text[n] = '\0';
    return text;
}

char *arena_text_dup(struct arena *a, const char *text)
{
    return arena_text(a, text, strlen(text));
}
