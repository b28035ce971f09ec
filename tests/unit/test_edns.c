// SPDX-License-Identifier: Apache-2.0
// OPT records (RFC 6891 6.1.2, 6.1.3) and extended errors (RFC 8914 2).
#include "dns/edns.h"
#include "dns/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void an_opt_record_has_eleven_octets(void **state)
{
    (void)state;
    uint8_t out[DNS_OPT + 1];
    static const uint8_t plain[] = {0, 0, 41, 0x04, 0xd0, 0,
                                    0, 0, 0,  0,    0,    0xaa};
    memset(out, 0xaa, sizeof out);
    edns_opt_write(out, 1232, 0, false);
    assert_memory_equal(out, plain, sizeof out);
    // BADVERS is 16: the lower four bits are not here
    static const uint8_t all[] = {0, 0,    41, 0xff, 0xff, 1,
                                  0, 0x80, 0,  0,    0,    0xaa};
    edns_opt_write(out, 65535, 16, true);
    assert_memory_equal(out, all, sizeof out);
    edns_opt_write(out, 512, 0xfff, false);
    assert_int_equal(out[5], 0xff);
    edns_opt_write(out, 512, 15, false);
    assert_int_equal(out[5], 0);
}

static void an_extended_error_is_an_option(void **state)
{
    (void)state;
    uint8_t out[64];
    static const uint8_t expected[] = {0, 15, 0, 5, 0, 14, 'w', 'h', 'y', 0xaa};
    memset(out, 0xaa, sizeof out);
    edns_opt_write(out, 1232, 2, false);
    assert_int_equal(
        edns_error_append(out, 50, EDNS_ERROR_NOT_READY, span_of_text("why")),
        9);
    assert_memory_equal(out + 9, "\0\11", 2);
    assert_memory_equal(out + DNS_OPT, expected, sizeof expected);
}

static void an_option_is_left_out_where_it_does_not_fit(void **state)
{
    (void)state;
    uint8_t out[64];
    static const uint8_t expected[] = {0, 3, 0, 2, 'm', 'e', 0xaa};
    memset(out, 0xaa, sizeof out);
    edns_opt_write(out, 1232, 0, false);
    assert_int_equal(
        edns_option_append(out, 5, EDNS_OPTION_NSID, span_of_text("me")), 0);
    assert_int_equal(bytes_load_u16(out + 9), 0);
    assert_int_equal(
        edns_option_append(out, 6, EDNS_OPTION_NSID, span_of_text("me")), 6);
    assert_int_equal(bytes_load_u16(out + 9), 6);
    assert_memory_equal(out + DNS_OPT, expected, sizeof expected);
}

static void options_follow_each_other(void **state)
{
    (void)state;
    uint8_t out[64];
    static const uint8_t expected[] = {0,  15, 0, 2, 0, 3,  0,
                                       15, 0,  3, 0, 0, 'x'};
    edns_opt_write(out, 1232, 0, false);
    assert_int_equal(
        edns_error_append(out, 50, EDNS_ERROR_STALE_ANSWER, (struct span){0}),
        6);
    assert_int_equal(
        edns_error_append(out, 44, EDNS_ERROR_OTHER, span_of_text("x")), 7);
    assert_int_equal(bytes_load_u16(out + 9), 13);
    assert_memory_equal(out + DNS_OPT, expected, sizeof expected);
}

static void a_text_that_does_not_fit_is_left_out(void **state)
{
    (void)state;
    for (size_t room = 0; room < 16; room++) {
        uint8_t out[DNS_OPT + 16];
        size_t added = room < 6 ? 0 : room < 9 ? 6 : 9;
        memset(out, 0xaa, sizeof out);
        edns_opt_write(out, 1232, 2, true);
        assert_int_equal(edns_error_append(out, room, EDNS_ERROR_NOT_READY,
                                           span_of_text("why")),
                         added);
        assert_int_equal(bytes_load_u16(out + 9), added);
        // nothing is written behind it
        for (size_t i = DNS_OPT + added; i < sizeof out; i++)
            assert_int_equal(out[i], 0xaa);
    }
}

static void an_option_that_is_made_is_copied(void **state)
{
    (void)state;
    static const uint8_t option[64] = {0,   15,  0,   5,          0,         20,
                                       'w', 'h', 'y', [40] = 'z', [63] = '!'};
    static const size_t sizes[] = {0, 6, 9, 41, sizeof option};
    for (size_t i = 0; i < ORD_COUNT(sizes); i++) {
        uint8_t out[DNS_OPT + 80];
        memset(out, 0xaa, sizeof out);
        edns_opt_write(out, 1232, 0, true);
        edns_option_copy(out, option, sizes[i]);
        assert_int_equal(bytes_load_u16(out + 9), sizes[i]);
        assert_memory_equal(out + DNS_OPT, option, sizes[i]);
        for (size_t k = DNS_OPT + sizes[i]; k < sizeof out; k++)
            assert_int_equal(out[k], 0xaa);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_opt_record_has_eleven_octets),
        cmocka_unit_test(an_extended_error_is_an_option),
        cmocka_unit_test(an_option_is_left_out_where_it_does_not_fit),
        cmocka_unit_test(options_follow_each_other),
        cmocka_unit_test(a_text_that_does_not_fit_is_left_out),
        cmocka_unit_test(an_option_that_is_made_is_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
