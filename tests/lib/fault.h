// SPDX-License-Identifier: Apache-2.0
// Memory that runs out on demand, and a count of allocations. Programs linked
// with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc (each test is) have their
// own calls counted here; those made inside of shared libraries are not seen.
// Any thread.
#ifndef ORDINALD_TESTS_LIB_FAULT_H
#define ORDINALD_TESTS_LIB_FAULT_H

#include <stdbool.h>

/*
 * Let the n-th allocation from now on fail, and only that one.
 *
 * n  1 (or 0) is the very next one; -1: none. Switching off keeps what
 *    fault_alloc_hit() says
 */
void fault_alloc_after(long n);

// Whether the allocation failed that the last fault_alloc_after() named.
bool fault_alloc_hit(void);

// Allocations so far, failed ones included.
unsigned long fault_alloc_count(void);

#endif
