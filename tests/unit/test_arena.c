// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    for (size_t n = 1; n < 3000; n = n * 3 + 1) {
        assert_non_null(memset(arena_bytes(&a, n), 0xff, n));
        const unsigned char *p = arena_alloc(&a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
    }
    arena_release(&a);
}

static void pieces_do_not_overlap(void **state)
{
    (void)state;
    enum { N = 2000 };
    struct arena a;
    unsigned char *pieces[N];
    arena_init(&a, SIZE_MAX);
    for (unsigned i = 0; i < N; i++) {
        const size_t n = i % 100 == 99 ? 70000 : 1 + i % 700;
        pieces[i] = i % 2 ? arena_alloc(&a, n) : arena_bytes(&a, n);
        assert_non_null(pieces[i]);
        memset(pieces[i], (int)(i % 251), n);
    }
    for (unsigned i = 0; i < N; i++) {
        const size_t n = i % 100 == 99 ? 70000 : 1 + i % 700;
        for (size_t k = 0; k < n; k++)
            assert_int_equal(pieces[i][k], i % 251);
    }
    arena_release(&a);
}

static void beyond_the_budget_there_is_no_memory(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 100);
    assert_null(arena_bytes(&a, 101));
    assert_non_null(arena_bytes(&a, 60));
    assert_null(arena_bytes(&a, 41));
    assert_non_null(arena_bytes(&a, 40));
    assert_null(arena_bytes(&a, 1));
    assert_null(arena_alloc(&a, 0));
    assert_int_equal(a.used, 100);
    arena_reset(&a);
    assert_int_equal(a.used, 0);
    assert_non_null(arena_bytes(&a, 100));
    arena_release(&a);
}

static void padding_counts_against_the_budget(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 32);
    assert_non_null(arena_bytes(&a, 1));
    assert_null(arena_alloc(&a, 20)); // 15 of padding
    assert_non_null(arena_alloc(&a, 16));
    assert_int_equal(a.used, 32);
    arena_release(&a);
}

static void sizes_cannot_overflow(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, SIZE_MAX);
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_bytes(&a, SIZE_MAX - 4));
    assert_null(arena_text(&a, "", SIZE_MAX));
    assert_non_null(arena_array(&a, 4, 8));
    arena_release(&a);
}

static void nothing_is_a_pointer_too(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 10);
    void *p = arena_alloc(&a, 0), *q = arena_array(&a, 0, 8);
    assert_non_null(p);
    assert_null(q); // 1 octet, 15 of padding, 1 octet: over the budget
    assert_string_equal(arena_text(&a, NULL, 0), "");
    arena_release(&a);
}

static void text_is_copied_with_its_end(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 100);
    const char *text = arena_text(&a, "mongo-0", 5);
    assert_string_equal(text, "mongo");
    arena_release(&a);
}

static void an_arena_of_zero_bytes_can_be_released(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_null(arena_alloc(&a, 1));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(beyond_the_budget_there_is_no_memory),
        cmocka_unit_test(padding_counts_against_the_budget),
        cmocka_unit_test(sizes_cannot_overflow),
        cmocka_unit_test(nothing_is_a_pointer_too),
        cmocka_unit_test(text_is_copied_with_its_end),
        cmocka_unit_test(an_arena_of_zero_bytes_can_be_released),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
