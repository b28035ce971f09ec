// SPDX-License-Identifier: Apache-2.0
// Which labels are addresses. IPv4 by exactly three single dashes, as CoreDNS
// has it; both families as RFC 4291 2.2 and RFC 6943 3.1.1 write them.
#include "dns/dashed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// In memory of just its size, so that reading further is seen.
static bool parse(const char *text, size_t n, struct address *out)
{
    uint8_t *label = malloc(1 + n);
    assert_non_null(label);
    label[0] = (uint8_t)n;
    memcpy(label + 1, text, n);
    const bool is = dns_dashed_parse(label, out);
    free(label);
    return is;
}

static void a_dashed_label_is_an_address(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"10-0-0-1", "10.0.0.1"},
        {"0-0-0-0", "0.0.0.0"},
        {"255-255-255-255", "255.255.255.255"},
        {"--", "::"},
        {"--1", "::1"},
        {"1--", "1::"},
        {"a-b--c", "a:b::c"},
        {"2001-db8--0", "2001:db8::"},
        {"1-2-3-4-5-6-7-8", "1:2:3:4:5:6:7:8"},
        {"0001-0-0-0-0-0-0-00ff", "1:0:0:0:0:0:0:ff"},
        {"1-2-3-4-5-6-7--", "1:2:3:4:5:6:7:0"},
        {"--ffff-a00-1", "::ffff:10.0.0.1"},
        {"ffff-ffff-ffff-ffff-ffff-ffff-ffff-ffff",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    for (size_t i = 0; i < ORD_COUNT(good); i++) {
        struct address expected, a;
        assert_true(address_parse(good[i][1], &expected));
        assert_true(parse(good[i][0], strlen(good[i][0]), &a));
        assert_memory_equal(&a, &expected, sizeof a);
    }
}

static void another_label_is_none(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "1-2-3", // three groups of either family
        "1-2-3-4-5",
        "01-2-3-4",
        "1-2-3-04",
        "256-2-3-4",
        "1-2-3-a",
        "a-b-c-d",
        "1-2--3-4--5",
        "-1-2-3",
        "1-2-3-",
        "-",
        "---",
        "1---2",
        "-1--2",
        "1--2-",
        "12345--",
        "g--1",
        "1-2-3-4-5-6-7-8-9",
        "1-2-3-4--5-6-7-8",
        "1-2-3-4-5-6-7-8--",
        "1",
        "web-0",
        "10.0.0.1", // a label may hold dots and colons: not as an address
        "::1",
        "--1.2.3.4",
        "10-0-0-1 ",
        " 1-2-3-4",
        "+1-2-3-4",
        "1-2-3-4%eth0",
        "0x1-2-3-4",
        "FD00--1", // the question's name is in lower case by then
        "\200\377\300",
        "1-2-3-\264",
    };
    for (size_t i = 0; i < ORD_COUNT(bad); i++) {
        struct address a = {.family = 99};
        assert_false(parse(bad[i], strlen(bad[i]), &a));
        assert_int_equal(a.family, 99);
    }
    struct address a;
    assert_false(parse("1-2-3-4\0", 8, &a));
    assert_false(parse("\0001-2-3-4", 8, &a));
    assert_false(parse("1-2\0-3-4", 8, &a));
}

// As long as labels are, of what an address may be made of and of all else.
static void long_labels_are_no_addresses(void **state)
{
    (void)state;
    char text[63];
    struct address a;

    for (unsigned c = 0; c < 256; c++) {
        memset(text, (int)c, sizeof text);
        for (size_t n = 16; n <= sizeof text; n++)
            assert_false(parse(text, n, &a));
    }
    memcpy(text, "10-0-0-1", 8);
    memset(text + 8, '0', sizeof text - 8);
    assert_false(parse(text, sizeof text, &a));
    memset(text, '0', sizeof text);
    memcpy(text + sizeof text - 3, "--1", 3);
    assert_false(parse(text, sizeof text, &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dashed_label_is_an_address),
        cmocka_unit_test(another_label_is_none),
        cmocka_unit_test(long_labels_are_no_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
