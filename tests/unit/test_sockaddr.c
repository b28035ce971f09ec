// SPDX-License-Identifier: Apache-2.0
#include "base/sockaddr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct address address_of(const char *text)
{
    struct address a;
    assert_true(address_parse(text, &a));
    return a;
}

static void addresses_are_written_in_their_shortest_form(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"10.0.0.1", "10.0.0.1"},
        {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
    };
    for (size_t i = 0; i < ORD_COUNT(pairs); i++) {
        char text[ADDRESS_TEXT_SIZE];
        const struct address a = address_of(pairs[i][0]);
        assert_string_equal(address_format(&a, text), pairs[i][1]);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           "1.2.3",   "1.2.3.4.5", "01.2.3.4", "1.2.3.256",
        "fe80::1%lo", "[::1]",   ":::",       "::12345",  "1:2:3:4:5:6:7:8:9",
        "localhost",  "1.2.3.4 "};
    for (size_t i = 0; i < ORD_COUNT(bad); i++) {
        struct address a = {.family = 99};
        assert_false(address_parse(bad[i], &a));
        assert_int_equal(a.family, 99);
    }
}

static void addresses_are_ordered_by_family_and_value(void **state)
{
    (void)state;
    const struct address a = address_of("10.0.0.9"), b = address_of("10.0.1.0"),
                         c = address_of("::1");
    assert_true(address_compare(&a, &b) < 0);
    assert_true(address_compare(&c, &b) > 0);
    assert_int_equal(address_compare(&c, &c), 0);
}

static void a_range_contains_its_addresses(void **state)
{
    (void)state;
    struct cidr c;
    assert_int_equal(cidr_parse("10.244.0.0/14", &c, NULL), 0);
    assert_int_equal(c.prefix, 14);
    struct address a = address_of("10.247.255.255");
    assert_true(cidr_contains(&c, &a));
    a = address_of("10.248.0.0");
    assert_false(cidr_contains(&c, &a));
    a = address_of("::1");
    assert_false(cidr_contains(&c, &a));
    assert_int_equal(cidr_parse("0.0.0.0/0", &c, NULL), 0);
    a = address_of("255.1.2.3");
    assert_true(cidr_contains(&c, &a));
    assert_int_equal(cidr_parse("fd00::1/128", &c, NULL), 0);
    a = address_of("fd00::1");
    assert_true(cidr_contains(&c, &a));
    a = address_of("fd00::3");
    assert_false(cidr_contains(&c, &a));
}

struct refusal {
    const char *text;
    const char *because;
};

static void a_range_survives_reading_and_writing(void **state)
{
    static const char *const ranges[] = {
        "10.244.0.0/16",
        "0.0.0.0/0",
        "fd00::/64",
        // the longest text that there is
        "1111:2222:3333:4444:5555:6666:7777:8888/128",
    };
    (void)state;
    for (size_t i = 0; i < ORD_COUNT(ranges); i++) {
        struct cidr c;
        char text[CIDR_TEXT_SIZE];
        assert_int_equal(cidr_parse(ranges[i], &c, NULL), 0);
        assert_string_equal(cidr_format(&c, text), ranges[i]);
    }
}

static void a_bad_range_is_refused_with_a_mend(void **state)
{
    (void)state;
    static const struct refusal bad[] = {
        {"10.0.0.0", "has no prefix length; write it behind a slash"},
        {"x/8", "does not begin with an IP address"},
        {"/8", "does not begin with an IP address"},
        {"10.0.0.0/33", "prefix length that is not in 0..32"},
        {"10.0.0.0/08", "prefix length that is not in 0..32"},
        {"10.0.0.0/", "prefix length that is not in 0..32"},
        {"fd00::/129", "prefix length that is not in 0..128"},
        {"10.1.2.3/8", "bits set behind its prefix; write 10.0.0.0/8"},
        {"fd00::1/64", "bits set behind its prefix; write fd00::/64"},
        {"11111111111111111111111111111111111111111111111/8", "IP address"},
    };
    for (size_t i = 0; i < ORD_COUNT(bad); i++) {
        struct cidr c = {.prefix = 77};
        struct error err;
        assert_int_equal(cidr_parse(bad[i].text, &c, &err), -EINVAL);
        assert_non_null(strstr(err.text, bad[i].because));
        assert_non_null(strstr(err.text, bad[i].text));
        assert_int_equal(c.prefix, 77);
    }
}

static void socket_addresses_survive_writing_and_reading(void **state)
{
    (void)state;
    static const char *const good[] = {"127.0.0.1:5300",  "0.0.0.0:0",
                                       "[::1]:53",        "[::]:65535",
                                       "[fe80::1%lo]:53", "[fe80::1%7777]:53"};
    for (size_t i = 0; i < ORD_COUNT(good); i++) {
        struct sockaddr_any a;
        struct error err = {""};
        char text[SOCKADDR_TEXT_SIZE];
        assert_int_equal(sockaddr_parse(good[i], &a, &err), 0);
        assert_string_equal(sockaddr_format(&a, text), good[i]);
        assert_int_equal(a.length, a.any.sa_family == AF_INET
                                       ? sizeof(struct sockaddr_in)
                                       : sizeof(struct sockaddr_in6));
    }
}

static void wildcards_and_ports_are_known(void **state)
{
    (void)state;
    struct sockaddr_any a;
    assert_int_equal(sockaddr_parse("0.0.0.0:53", &a, NULL), 0);
    assert_true(sockaddr_is_wildcard(&a));
    assert_int_equal(sockaddr_port(&a), 53);
    assert_int_equal(sockaddr_parse("[::]:5300", &a, NULL), 0);
    assert_true(sockaddr_is_wildcard(&a));
    assert_int_equal(sockaddr_port(&a), 5300);
    assert_int_equal(sockaddr_parse("[::1]:1", &a, NULL), 0);
    assert_false(sockaddr_is_wildcard(&a));
}

static void a_bad_socket_address_is_refused_with_a_mend(void **state)
{
    (void)state;
    static const struct refusal bad[] = {
        {"", "no port"},
        {"127.0.0.1", "no port; write ADDR:PORT"},
        {":53", "no port"},
        {"[::1]", "no port"},
        {"[::1]53", "no port"},
        {"::1", "write ADDR:PORT as in [::1]:5300"},
        {"127.0.0.1:70000", "port '70000' is not in 0..65535"},
        {"127.0.0.1:", "port '' is not in 0..65535"},
        {"127.0.0.1:+5", "port '+5' is not in 0..65535"},
        {"127.0.0.1:053", "port '053' is not in 0..65535"},
        {"*:53", "0.0.0.0:5300 for all addresses"},
        {"localhost:53", "does not begin with an IP address"},
        {"1::2::3:53", "in brackets"},
        {"::1:5300", "write [::1]:5300 or [::1:5300]:5300"},
        {"[1.2.3.4]:53", "no IPv6 address in its brackets"},
        {"[::1%nosuchif0]:53", "interface 'nosuchif0', which does not exist"},
        {"[fe80::1]:53", "name its interface, as in [fe80::1%eth0]:53"},
        {"11111111111111111111111111111111111111111111111111111111111111111:5",
         "too long"},
    };
    for (size_t i = 0; i < ORD_COUNT(bad); i++) {
        struct sockaddr_any a = {.length = 3};
        struct error err;
        assert_int_equal(sockaddr_parse(bad[i].text, &a, &err), -EINVAL);
        assert_non_null(strstr(err.text, bad[i].because));
        assert_int_equal(a.length, 3);
    }
}

static void a_server_has_a_port_or_the_usual_one(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"10.96.0.10", "10.96.0.10:53"},
        {"10.96.0.10:1", "10.96.0.10:1"},
        {"10.96.0.10:65535", "10.96.0.10:65535"},
        {"::1", "[::1]:53"},
        {"[::1]", "[::1]:53"},
        {"[::1]:5300", "[::1]:5300"},
        {"fd00::1:54", "[fd00::1:54]:53"}, // all of it is the address
        {"2001:db8:1:2:3:4:5:6", "[2001:db8:1:2:3:4:5:6]:53"},
        {"fe80::1%lo", "[fe80::1%lo]:53"},
        {"[fe80::1%lo]", "[fe80::1%lo]:53"},
        {"[fe80::1%lo]:54", "[fe80::1%lo]:54"},
        // IPv4 in another dress
        {"::ffff:1.2.3.4", "1.2.3.4:53"},
        {"[::FFFF:102:304]:5300", "1.2.3.4:5300"},
        {"::1.2.3.4", "[::1.2.3.4]:53"},
    };
    for (size_t i = 0; i < ORD_COUNT(pairs); i++) {
        char text[SOCKADDR_TEXT_SIZE];
        struct sockaddr_any a;
        struct error err;
        assert_int_equal(sockaddr_parse_server(pairs[i][0], &a, &err), 0);
        assert_string_equal(sockaddr_format(&a, text), pairs[i][1]);
    }
}

static void what_is_no_server_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "x",
        "10.0.0",
        "10.0.0.1:",
        "10.0.0.1:x",
        "10.0.0.1:0",
        "10.0.0.1:-1",
        "10.0.0.1:65536",
        "010.0.0.1",
        ":53",
        "[]",
        "[",
        "]",
        "[]:53",
        "[::1",
        "::1]",
        "[::1]x",
        "[::1]53",
        "[::1]:",
        "[::1]:0",
        "[10.0.0.1]",
        "[10.0.0.1]:53",
        "10.0.0.1%lo",
        "10.0.0.1%lo:53",
        "fe80::1",
        "[fe80::1]:53",
        "fe80::1%",
        "fe80::1%lo:53",
        "fe80::1%none0",
        "%lo",
        "0.0.0.0",
        "0.0.0.0:53",
        "::",
        "[::]:53",
        "::ffff:0.0.0.0",
        "::ffff:10.0.0.1%lo",
        "10.0.0.1 ",
        " 10.0.0.1",
        "10.0.0.1,10.0.0.2",
        "localhost",
        "localhost:53",
        "[[::1]]",
        "::1::2",
        "1:2:3:4:5:6:7:8:9",
        "1111111111111111111111111111111111111111111111111111111111111111",
        "[1111111111111111111111111111111111111111111111111111111111111111]",
    };
    for (size_t i = 0; i < ORD_COUNT(bad); i++) {
        struct sockaddr_any a = {.length = 99};
        struct error err = {""};
        if (sockaddr_parse_server(bad[i], &a, &err) != -EINVAL)
            fail_msg("'%s' is taken", bad[i]);
        assert_int_equal(a.length, 99);
        assert_memory_equal(err.text, "'", 1);
        assert_non_null(strstr(err.text, bad[i]));
    }
}

static void socket_addresses_are_the_same_in_all_their_parts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "10.0.0.1:53",    "10.0.0.2:53",      "10.0.0.1:54",    "[::1]:53",
        "[fe80::1%1]:53", "[fe80::1%999]:53", "[fe80::2%1]:53",
    };
    for (size_t i = 0; i < ORD_COUNT(texts); i++) {
        for (size_t k = 0; k < ORD_COUNT(texts); k++) {
            struct sockaddr_any a, b;
            struct error err;
            assert_int_equal(sockaddr_parse(texts[i], &a, &err), 0);
            assert_int_equal(sockaddr_parse(texts[k], &b, &err), 0);
            assert_int_equal(sockaddr_same(&a, &b), i == k);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_written_in_their_shortest_form),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(addresses_are_ordered_by_family_and_value),
        cmocka_unit_test(a_range_contains_its_addresses),
        cmocka_unit_test(a_range_survives_reading_and_writing),
        cmocka_unit_test(a_bad_range_is_refused_with_a_mend),
        cmocka_unit_test(socket_addresses_survive_writing_and_reading),
        cmocka_unit_test(wildcards_and_ports_are_known),
        cmocka_unit_test(a_bad_socket_address_is_refused_with_a_mend),
        cmocka_unit_test(a_server_has_a_port_or_the_usual_one),
        cmocka_unit_test(what_is_no_server_is_refused),
        cmocka_unit_test(socket_addresses_are_the_same_in_all_their_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
