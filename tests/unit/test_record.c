// SPDX-License-Identifier: Apache-2.0
// Heads of records (RFC 1035 4.1.3) and names of types (RFC 3597 5).
#include "dns/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void a_head_has_twelve_octets(void **state)
{
    (void)state;
    uint8_t out[DNS_RECORD_HEAD];
    struct bytes_out b = bytes_out_of(out, sizeof out);
    static const uint8_t expected[] = {0xc0, 0x0c, 0,    33,   0,    1,
                                       0,    0,    0x0e, 0x10, 0x01, 0x02};
    dns_record_head(&b, DNS_POINTER_QUESTION, DNS_TYPE_SRV, 3600, 258);
    assert_true(bytes_out_ok(&b));
    assert_int_equal(bytes_out_left(&b), 0);
    assert_memory_equal(out, expected, sizeof expected);
}

static void a_head_that_does_not_fit_fails(void **state)
{
    (void)state;
    for (size_t n = 0; n < DNS_RECORD_HEAD; n++) {
        uint8_t out[DNS_RECORD_HEAD] = {0};
        struct bytes_out b = bytes_out_of(out, n);
        dns_record_head(&b, DNS_POINTER_QUESTION, DNS_TYPE_A, 5, 4);
        assert_false(bytes_out_ok(&b));
        for (size_t i = n; i < sizeof out; i++)
            assert_int_equal(out[i], 0);
    }
}

static void types_have_names(void **state)
{
    (void)state;
    static const struct {
        uint16_t type;
        const char *text;
    } cases[] = {
        {1, "A"},     {2, "NS"},      {5, "CNAME"},         {6, "SOA"},
        {12, "PTR"},  {16, "TXT"},    {28, "AAAA"},         {33, "SRV"},
        {41, "OPT"},  {251, "IXFR"},  {252, "AXFR"},        {255, "ANY"},
        {0, "TYPE0"}, {65, "TYPE65"}, {65535, "TYPE65535"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[16];
        assert_ptr_equal(dns_type_format(cases[i].type, out), out);
        assert_string_equal(out, cases[i].text);
    }
}

static void names_have_types(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint16_t type;
    } cases[] = {
        {"A", 1},       {"a", 1},      {"aAaA", 28},         {"Srv", 33},
        {"ANY", 255},   {"TYPE0", 0},  {"type33", 33},       {"TYPE00001", 1},
        {"TYPE65", 65}, {"AXFR", 252}, {"TYPE65535", 65535},
    };
    static const char *const none[] = {
        "",      "AA",     "A ",         "TYPE",      "TYPE65536", "TYPE-1",
        "TYPEA", "TYPE1x", "TYPE000001", "TYPE99999", "MX",        "1",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint16_t type = 4242;
        assert_true(dns_type_parse(cases[i].text, &type));
        assert_int_equal(type, cases[i].type);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        uint16_t type = 4242;
        assert_false(dns_type_parse(none[i], &type));
        assert_int_equal(type, 4242);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_has_twelve_octets),
        cmocka_unit_test(a_head_that_does_not_fit_fails),
        cmocka_unit_test(types_have_names),
        cmocka_unit_test(names_have_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
