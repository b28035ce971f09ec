// SPDX-License-Identifier: Apache-2.0
// A monotonic clock that stands still but for what a test sets it forward, also
// for the libraries: it stands before the C library's. So it makes no
// difference how long a busy machine takes. In a header, since from an archive
// it would get into each program that asks for the time. Included by one file
// of a program.
#ifndef ORDINALD_TESTS_LIB_SKIP_CLOCK_H
#define ORDINALD_TESTS_LIB_SKIP_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Atomic uint64_t skipped_ms;

// It is so much later from now on.
static inline void skip_ms(uint64_t ms)
{
    atomic_fetch_add(&skipped_ms, ms);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    enum { BEGIN_S = 1000 };
    const uint64_t ms = atomic_load(&skipped_ms);
    if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE)
        return (int)syscall(SYS_clock_gettime, id, out);
    out->tv_sec = (time_t)(BEGIN_S + ms / 1000);
    out->tv_nsec = (long)(ms % 1000) * 1000000;
    return 0;
}

#endif
