// SPDX-License-Identifier: Apache-2.0
#include "lib/fault.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

// State of the process, not of a caller: it stands behind malloc().
static _Atomic long countdown = -1;
static _Atomic bool hit;
static _Atomic unsigned long count;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void fault_alloc_after(long n)
{
    if (n >= 0)
        atomic_store(&hit, false);
    atomic_store(&countdown, n == 0 ? 1 : n);
}

bool fault_alloc_hit(void)
{
    return atomic_load(&hit);
}

unsigned long fault_alloc_count(void)
{
    return atomic_load(&count);
}

// Whether this allocation is the one to refuse.
static bool refuse(void)
{
    atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
    if (atomic_load_explicit(&countdown, memory_order_relaxed) < 0)
        return false;
    if (atomic_fetch_sub(&countdown, 1) != 1)
        return false;
    atomic_store(&countdown, -1);
    atomic_store(&hit, true);
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return refuse() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refuse() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return refuse() ? NULL : __real_realloc(p, n);
}
