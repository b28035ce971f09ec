// SPDX-License-Identifier: Apache-2.0
// Numbers that one thread counts up and any thread may read: relaxed C11
// atomics without a locked instruction, because there is just one writer.
#ifndef ORDINALD_BASE_COUNTER_H
#define ORDINALD_BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

struct counter {
    _Atomic uint64_t value; // private
};

// Only the thread that owns the counter.
static inline void counter_add(struct counter *c, uint64_t n)
{
    uint64_t v = atomic_load_explicit(&c->value, memory_order_relaxed);
    atomic_store_explicit(&c->value, v + n, memory_order_relaxed);
}

static inline uint64_t counter_read(const struct counter *c)
{
    return atomic_load_explicit(&c->value, memory_order_relaxed);
}

#endif
