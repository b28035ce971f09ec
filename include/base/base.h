// SPDX-License-Identifier: Apache-2.0
// The few words that every module uses. Any thread.
#ifndef ORDINALD_BASE_BASE_H
#define ORDINALD_BASE_BASE_H

#include <stddef.h>

// The caller must look at the result: it says whether the work was done.
#define ORD_CHECKED __attribute__((warn_unused_result))

// The compiler checks the arguments of a printf-like function.
#define ORD_PRINTF(at, first) __attribute__((format(printf, at, first)))

// Which way a branch of the hot path usually goes.
#define ORD_LIKELY(x)   __builtin_expect(!!(x), 1)
#define ORD_UNLIKELY(x) __builtin_expect(!!(x), 0)

// Part of the hot path's one function, or of the path that it rarely takes:
// what is inlined keeps its values in registers only if nothing else needs
// their address.
#define ORD_INLINE static inline __attribute__((always_inline))
#define ORD_COLD   __attribute__((noinline, cold))
// No part of that function, and yet not rare.
#define ORD_APART __attribute__((noinline))
// All that it calls, and is neither of these, becomes part of it, also what
// others call too. Hot, or gcc may think it as cold as the coldest of its
// callers.
#define ORD_FLAT __attribute__((flatten, hot))

// The number of members of an array (never of a pointer).
#define ORD_COUNT(array) (sizeof(array) / sizeof((array)[0]))

// The struct that has *pointer as its member.
#define ORD_CONTAINER(pointer, type, member)                                   \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
