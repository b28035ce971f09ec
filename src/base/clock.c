// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <assert.h>
#include <time.h>

static uint64_t monotonic_ms(void *context)
{
    (void)context;
    struct timespec now;
    // Cannot fail: the clock exists on every Linux and the pointer is good.
    int r = clock_gettime(CLOCK_MONOTONIC, &now);
    assert(r == 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// Until 2106 a serial (RFC 1035 3.3.13) and these seconds are the same number.
static uint32_t unix_s(void *context)
{
    (void)context;
    struct timespec now;
    int r = clock_gettime(CLOCK_REALTIME, &now);
    assert(r == 0);
    return (uint32_t)now.tv_sec;
}

struct clock clock_of_system(void)
{
    return (struct clock){.monotonic_ms = monotonic_ms, .unix_s = unix_s};
}
