// SPDX-License-Identifier: Apache-2.0
// A clock that stands still until a test moves it.
#ifndef ORDINALD_TESTS_LIB_CLOCK_H
#define ORDINALD_TESTS_LIB_CLOCK_H

#include "base/clock.h"

#include <stdint.h>

enum { FAKE_CLOCK_START_S = 1700000000 }; // Unix time at which tests begin

struct fake_clock {
    uint64_t now_ms; // since the test began
};

// Borrows f.
struct clock fake_clock_view(struct fake_clock *f);

void fake_clock_advance(struct fake_clock *f, uint64_t ms);

#endif
