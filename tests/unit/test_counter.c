// SPDX-License-Identifier: Apache-2.0
#include "base/counter.h"

#include "base/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void *count(void *context)
{
    for (unsigned i = 0; i < 100000; i++)
        counter_add(context, 2);
    return NULL;
}

// Under the thread sanitizer: reading while another thread counts is no race.
static void another_thread_sees_the_count_grow(void **state)
{
    (void)state;
    struct counter c = {0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, count, &c), 0);
    uint64_t before = 0;
    for (unsigned i = 0; i < 1000; i++) {
        const uint64_t now = counter_read(&c);
        assert_true(now >= before);
        before = now;
    }
    pthread_join(thread, NULL);
    assert_int_equal(counter_read(&c), 200000);
}

static void the_machine_has_a_clock(void **state)
{
    (void)state;
    const struct clock clock = clock_of_system();
    const uint64_t a = clock.monotonic_ms(clock.context);
    assert_true(clock.monotonic_ms(clock.context) >= a);
    assert_true(clock.unix_s(clock.context) > 1700000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_thread_sees_the_count_grow),
        cmocka_unit_test(the_machine_has_a_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
