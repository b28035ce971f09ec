// SPDX-License-Identifier: Apache-2.0
#include "frame.h"

#include <assert.h>

enum frame frame_next(struct span *in, struct span *message)
{
    if (in->n < FRAME_LENGTH)
        return FRAME_PART;
    const size_t n = bytes_load_u16(in->p);
    if (n < DNS_HEADER)
        return FRAME_BROKEN;
    if (in->n - FRAME_LENGTH < n)
        return FRAME_PART;
    *message = span_of(in->p + FRAME_LENGTH, n);
    *in = span_of(in->p + FRAME_LENGTH + n, in->n - FRAME_LENGTH - n);
    return FRAME_WHOLE;
}

size_t frame_room(struct span part)
{
    enum { FIRST = 512 }; // nearly all queries fit at once
    const size_t grown = 2 * part.n > FIRST ? 2 * part.n : FIRST;
    if (part.n < FRAME_LENGTH)
        return grown;
    const size_t whole = FRAME_LENGTH + (size_t)bytes_load_u16(part.p);
    assert(part.n < whole);
    return whole < grown ? whole : grown;
}
