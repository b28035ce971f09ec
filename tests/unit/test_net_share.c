// SPDX-License-Identifier: Apache-2.0
// How many of something each client has.
#include "../../src/net/share.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/fault.h"

#include <cmocka.h>

static void each_client_has_what_it_took(void **state)
{
    struct share s;
    uint32_t at[5];
    (void)state;
    assert_int_equal(share_init(&s, 5, 1), 0);
    assert_int_equal(share_count(&s, 7), 0);
    at[0] = share_take(&s, 7);
    at[1] = share_take(&s, 8);
    at[2] = share_take(&s, 7);
    at[3] = share_take(&s, 0);
    at[4] = share_take(&s, UINT64_MAX - 1);
    assert_int_equal(share_count(&s, 7), 2);
    assert_int_equal(share_count(&s, 8), 1);
    assert_int_equal(share_count(&s, 0), 1);
    assert_int_equal(share_count(&s, UINT64_MAX - 1), 1);
    assert_int_equal(share_count(&s, 9), 0);
    share_give(&s, at[2]);
    share_give(&s, at[1]);
    assert_int_equal(share_count(&s, 7), 1);
    assert_int_equal(share_count(&s, 8), 0);
    share_give(&s, at[0]);
    share_give(&s, at[3]);
    share_give(&s, at[4]);
    for (uint64_t client = 0; client < 10; client++)
        assert_int_equal(share_count(&s, client), 0);
    share_release(&s);
}

// Beside a plain array of counts.
static void it_counts_as_an_array_does(void **state)
{
    enum { THINGS = 100, CLIENTS = 150, STEPS = 200000 };
    uint32_t counts[CLIENTS] = {0}, all = 0;
    struct {
        uint32_t at, client;
    } things[THINGS];
    struct share s;

    (void)state;
    srand(1);
    assert_int_equal(share_init(&s, THINGS, 12345), 0);
    for (int i = 0; i < STEPS; i++) {
        const uint32_t client = (uint32_t)rand() % CLIENTS;
        if (all < THINGS && rand() % 2) {
            things[all].at = share_take(&s, client);
            things[all++].client = client;
            counts[client]++;
        } else if (all > 0) {
            const uint32_t k = (uint32_t)rand() % all;
            share_give(&s, things[k].at);
            counts[things[k].client]--;
            things[k] = things[--all];
        }
        assert_int_equal(share_count(&s, client), counts[client]);
    }
    for (uint32_t client = 0; client < CLIENTS; client++)
        assert_int_equal(share_count(&s, client), counts[client]);
    share_release(&s);
}

static void it_needs_memory_once(void **state)
{
    struct share s;
    (void)state;
    for (long n = 1; n <= 2; n++) {
        fault_alloc_after(n);
        const int r = share_init(&s, 3, 1);
        fault_alloc_after(-1);
        assert_int_equal(r, -ENOMEM);
        share_release(&s);
    }
    assert_int_equal(share_init(&s, 3, 1), 0);
    const unsigned long before = fault_alloc_count();
    const uint32_t at = share_take(&s, 1);
    share_give(&s, at);
    assert_int_equal(fault_alloc_count(), before);
    share_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_client_has_what_it_took),
        cmocka_unit_test(it_counts_as_an_array_does),
        cmocka_unit_test(it_needs_memory_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
