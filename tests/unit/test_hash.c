// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void equal_octets_have_equal_hashes(void **state)
{
    (void)state;
    uint8_t a[70], b[71];
    for (size_t i = 0; i < sizeof a; i++)
        a[i] = b[i + 1] = (uint8_t)(i * 7);
    for (size_t n = 0; n <= sizeof a; n++)
        assert_true(hash_bytes(1, a, n) == hash_bytes(1, b + 1, n));
}

// Under the address sanitizer: a read behind the end is an error there.
static void no_octet_behind_the_end_is_read(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 40; n++) {
        uint8_t *p = malloc(n ? n : 1);
        assert_non_null(p);
        memset(p, 3, n);
        assert_true(hash_bytes(5, p, n) == hash_bytes(5, p, n));
        free(p);
    }
}

static void each_octet_and_the_seed_and_the_length_count(void **state)
{
    (void)state;
    uint8_t p[48] = {0};
    for (size_t n = 1; n <= sizeof p; n++) {
        const uint64_t before = hash_bytes(9, p, n);
        assert_true(before != hash_bytes(10, p, n));
        assert_true(before != hash_bytes(9, p, n - 1));
        for (size_t i = 0; i < n; i++) {
            p[i] = 1;
            assert_true(before != hash_bytes(9, p, n));
            p[i] = 0;
        }
    }
}

// 20,000 names of pods into 65,536 places: about 2,700 share one by chance.
static void names_spread_over_the_table(void **state)
{
    (void)state;
    uint8_t *places = calloc(65536, 1);
    assert_non_null(places);
    unsigned shared = 0;
    for (unsigned i = 0; i < 20000; i++) {
        char name[32];
        const int n = snprintf(name, sizeof name, "mongo-%u", i);
        uint8_t *place =
            &places[hash_bytes(42, (const uint8_t *)name, (size_t)n) & 0xffff];
        shared += *place;
        *place = 1;
    }
    free(places);
    assert_in_range(shared, 2300, 3200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_octets_have_equal_hashes),
        cmocka_unit_test(no_octet_behind_the_end_is_read),
        cmocka_unit_test(each_octet_and_the_seed_and_the_length_count),
        cmocka_unit_test(names_spread_over_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
