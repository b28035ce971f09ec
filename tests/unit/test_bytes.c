// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void integers_are_read_in_network_order(void **state)
{
    (void)state;
    const uint8_t p[] = {1, 2, 3, 0xff, 0xfe, 0xfd, 0xfc};
    struct bytes_in in = bytes_in_of(span_of(p, sizeof p));
    assert_int_equal(bytes_in_u8(&in), 1);
    assert_int_equal(bytes_in_u16(&in), 0x0203);
    assert_int_equal(bytes_in_u32(&in), 0xfffefdfc);
    assert_true(bytes_in_ok(&in));
    assert_int_equal(bytes_in_left(&in), 0);
}

static void reading_past_the_end_fails_for_good(void **state)
{
    (void)state;
    const uint8_t p[] = {1, 2, 3};
    struct bytes_in in = bytes_in_of(span_of(p, sizeof p));
    assert_int_equal(bytes_in_u32(&in), 0);
    assert_false(bytes_in_ok(&in));
    assert_int_equal(bytes_in_u8(&in), 0);
    assert_int_equal(bytes_in_take(&in, 0).n, 0);
    assert_false(bytes_in_ok(&in));
}

static int compare(const char *a, const char *b)
{
    const int c = span_compare(span_of_text(a), span_of_text(b));
    const int turned = span_compare(span_of_text(b), span_of_text(a));
    assert_int_equal((c > 0) - (c < 0), (turned < 0) - (turned > 0));
    return c;
}

static void spans_are_ordered_by_octets(void **state)
{
    (void)state;
    assert_int_equal(compare("", ""), 0);
    assert_int_equal(compare("ab", "ab"), 0);
    assert_true(compare("", "a") < 0);
    assert_true(compare("a", "ab") < 0);
    assert_true(compare("ab", "b") < 0);
    assert_true(compare("a\xff", "b") < 0);
    assert_true(compare("\x7f", "\x80") < 0);
    assert_true(span_compare((struct span){0}, span_of_text("a")) < 0);
}

static void what_is_written_can_be_read(void **state)
{
    (void)state;
    uint8_t p[10];
    struct bytes_out out = bytes_out_of(p, sizeof p);
    bytes_out_u8(&out, 7);
    bytes_out_u16(&out, 0x1234);
    bytes_out_u32(&out, 0x89abcdef);
    bytes_out_put(&out, span_of_text("abc"));
    assert_true(bytes_out_ok(&out));
    const uint8_t expected[] = {7,    0x12, 0x34, 0x89, 0xab,
                                0xcd, 0xef, 'a',  'b',  'c'};
    assert_true(span_equal(bytes_out_written(&out),
                           span_of(expected, sizeof expected)));
}

static void writing_past_the_end_fails_for_good(void **state)
{
    (void)state;
    uint8_t p[4] = {0, 0, 0, 9};
    struct bytes_out out = bytes_out_of(p, 3);
    bytes_out_u16(&out, 1);
    bytes_out_u16(&out, 2);
    bytes_out_u8(&out, 3);
    assert_false(bytes_out_ok(&out));
    assert_int_equal(bytes_out_written(&out).n, 0);
    assert_null(bytes_out_room(&out, 0));
    assert_int_equal(p[3], 9);
}

// Nothing but n octets is written.
static void copies_have_each_octet(void **state)
{
    (void)state;
    enum { MOST = 210, EDGE = 40 };
    uint8_t from[MOST], to[MOST + 2 * EDGE], expected[sizeof to];
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)(i + 1);
    for (size_t n = 0; n <= sizeof from; n++) {
        memset(to, 0, sizeof to);
        memset(expected, 0, sizeof expected);
        for (size_t i = 0; i < n; i++)
            expected[EDGE + i] = from[i];
        bytes_copy(to + EDGE, from, n);
        assert_memory_equal(to, expected, sizeof to);
    }
}

static void empty_spans_are_equal_whatever_they_point_at(void **state)
{
    (void)state;
    assert_true(span_equal(span_of(NULL, 0), span_of_text("")));
    assert_false(span_equal(span_of_text("a"), span_of_text("")));
    assert_false(span_equal(span_of_text("a"), span_of_text("b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_in_network_order),
        cmocka_unit_test(reading_past_the_end_fails_for_good),
        cmocka_unit_test(spans_are_ordered_by_octets),
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(writing_past_the_end_fails_for_good),
        cmocka_unit_test(copies_have_each_octet),
        cmocka_unit_test(empty_spans_are_equal_whatever_they_point_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
