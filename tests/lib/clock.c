// SPDX-License-Identifier: Apache-2.0
#include "lib/clock.h"

static uint64_t fake_monotonic_ms(void *context)
{
    const struct fake_clock *f = context;
    return f->now_ms;
}

static uint32_t fake_unix_s(void *context)
{
    const struct fake_clock *f = context;
    return (uint32_t)(FAKE_CLOCK_START_S + f->now_ms / 1000);
}

struct clock fake_clock_view(struct fake_clock *f)
{
    return (struct clock){
        .monotonic_ms = fake_monotonic_ms,
        .unix_s = fake_unix_s,
        .context = f,
    };
}

void fake_clock_advance(struct fake_clock *f, uint64_t ms)
{
    f->now_ms += ms;
}
