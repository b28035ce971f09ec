// SPDX-License-Identifier: Apache-2.0
// The time, as a value that someone passes: tests hand in their own.
#ifndef ORDINALD_BASE_CLOCK_H
#define ORDINALD_BASE_CLOCK_H

#include <stdint.h>

struct clock {
    uint64_t (*monotonic_ms)(void *context); // milliseconds, never back
    uint32_t (*unix_s)(void *context);       // seconds since 1970
    void *context;
};

// The machine's own clock. Any thread.
struct clock clock_of_system(void);

#endif
