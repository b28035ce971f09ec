// SPDX-License-Identifier: Apache-2.0
// DNS cookies. Octets are those of RFC 9018 Appendix A.
#include "dns/cookie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { HOUR_S = 3600, AHEAD_S = 300 };

#define SECRET "e5e973e5a6b2a43f48e7dc849e37bfcf"
// A.1: Wed Jun  5 10:53:05 UTC 2019
#define CLIENT "198.51.100.100"
#define COOKIE "2464c4abcf10c957010000005cf79f111f8130c3eee29480"
#define MADE_S 1559731985u

// Octets written as hexadecimal digits; returns their number.
static size_t unhex(const char *text, uint8_t *out)
{
    const size_t n = strlen(text) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned octet;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &octet), 1);
        out[i] = (uint8_t)octet;
    }
    return n;
}

static struct dns_cookie_secret secret_of(const char *text)
{
    struct dns_cookie_secret secret;
    assert_int_equal(unhex(text, secret.octets), DNS_COOKIE_SECRET);
    return secret;
}

static struct address address_of(const char *text)
{
    struct address a;
    assert_true(address_parse(text, &a));
    return a;
}

static bool is_valid(const char *secret, const char *cookie, const char *client,
                     uint32_t now_s)
{
    uint8_t octets[DNS_COOKIE_MAX + 1];
    const struct dns_cookie_secret s = secret_of(secret);
    const struct address a = address_of(client);
    const size_t n = unhex(cookie, octets);
    return dns_cookie_is_valid(&s, span_of(octets, n), &a, now_s);
}

// Write a cookie for one of which only the client's part is looked at.
static void write_cookie(const char *secret, const char *cookie,
                         const char *client, uint32_t now_s,
                         uint8_t out[DNS_COOKIE_SIZE])
{
    uint8_t octets[DNS_COOKIE_MAX];
    const struct dns_cookie_secret s = secret_of(secret);
    const struct address a = address_of(client);
    unhex(cookie, octets);
    dns_cookie_write(&s, octets, &a, now_s, out);
}

static void expect_written(const char *secret, const char *cookie,
                           const char *client, uint32_t now_s,
                           const char *expected)
{
    uint8_t out[DNS_COOKIE_SIZE + 1], octets[DNS_COOKIE_SIZE];
    out[DNS_COOKIE_SIZE] = 0xaa;
    write_cookie(secret, cookie, client, now_s, out);
    assert_int_equal(unhex(expected, octets), DNS_COOKIE_SIZE);
    assert_memory_equal(out, octets, DNS_COOKIE_SIZE);
    assert_int_equal(out[DNS_COOKIE_SIZE], 0xaa);
}

// A.1: the client has its own part only; A.2: 40 minutes later.
static void a_client_learns_a_cookie_and_a_newer_one(void **state)
{
    (void)state;
    expect_written(SECRET, "2464c4abcf10c957", CLIENT, MADE_S, COOKIE);
    assert_true(is_valid(SECRET, COOKIE, CLIENT, 1559734385));
    expect_written(SECRET, COOKIE, CLIENT, 1559734385,
                   "2464c4abcf10c957010000005cf7a871d4a564a1442aca77");
}

// A.3: the reserved octets of a cookie are not zero, and were hashed.
static void reserved_octets_are_hashed_and_written_as_zero(void **state)
{
    (void)state;
    static const char cookie[] =
        "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5";
    static const char zeroed[] =
        "fc93fc62807ddb86010000005cf78f71a314227b6679ebf5";
    assert_true(is_valid(SECRET, cookie, "203.0.113.203", 1559727985));
    assert_false(is_valid(SECRET, zeroed, "203.0.113.203", 1559727985));
    // when it is used it is 1 h 51 min 55 s old
    assert_false(is_valid(SECRET, cookie, "203.0.113.203", 1559734700));
    expect_written(SECRET, cookie, "203.0.113.203", 1559734700,
                   "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e");
}

// A.4: the secret was rolled over; a server that still has the old one knows
// the cookie, and writes the next one with the new one.
static void an_ipv6_client_learns_a_cookie_of_a_new_secret(void **state)
{
    (void)state;
    static const char old[] = "dd3bdf9344b678b185a6f5cb60fca715";
    static const char new[] = "445536bcd2513298075a5d379663c962";
    static const char client[] = "2001:db8:220:1:59de:d0f4:8769:82b8";
    static const char cookie[] =
        "22681ab97d52c298010000005cf7c57926556bd0934c72f8";
    static const char next[] =
        "22681ab97d52c298010000005cf7c609a6bb79d16625507a";
    assert_true(is_valid(old, cookie, client, 1559741961));
    assert_false(is_valid(new, cookie, client, 1559741961));
    expect_written(new, cookie, client, 1559741961, next);
    assert_true(is_valid(new, next, client, 1559741961));
    assert_false(is_valid(old, next, client, 1559741961));
}

static void a_cookie_is_good_for_an_hour(void **state)
{
    (void)state;
    assert_true(is_valid(SECRET, COOKIE, CLIENT, MADE_S));
    assert_true(is_valid(SECRET, COOKIE, CLIENT, MADE_S + HOUR_S));
    assert_false(is_valid(SECRET, COOKIE, CLIENT, MADE_S + HOUR_S + 1));
    assert_false(is_valid(SECRET, COOKIE, CLIENT, MADE_S + 24 * HOUR_S));
}

static void another_server_may_be_five_minutes_ahead(void **state)
{
    (void)state;
    assert_true(is_valid(SECRET, COOKIE, CLIENT, MADE_S - 1));
    assert_true(is_valid(SECRET, COOKIE, CLIENT, MADE_S - AHEAD_S));
    assert_false(is_valid(SECRET, COOKIE, CLIENT, MADE_S - AHEAD_S - 1));
    assert_false(is_valid(SECRET, COOKIE, CLIENT, 0));
}

// RFC 1982 3.2, where seconds since 1970 begin anew: in February 2106.
static void time_may_begin_anew(void **state)
{
    (void)state;
    static const struct {
        uint32_t made_s, now_s;
        bool valid;
    } cases[] = {
        {UINT32_MAX, UINT32_MAX, true},
        {UINT32_MAX, 0, true},
        {UINT32_MAX, HOUR_S - 1, true},
        {UINT32_MAX, HOUR_S, false},
        {0, UINT32_MAX, true}, // 1 s ahead
        {0, UINT32_MAX - AHEAD_S + 1, true},
        {0, UINT32_MAX - AHEAD_S, false},
        // as far away as can be, either way
        {0, 0x7fffffff, false},
        {0, 0x80000000, false},
        {0, 0x80000001, false},
    };
    const struct dns_cookie_secret secret = secret_of(SECRET);
    const struct address client = address_of(CLIENT);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[DNS_COOKIE_SIZE];
        write_cookie(SECRET, COOKIE, CLIENT, cases[i].made_s, out);
        assert_int_equal(dns_cookie_is_valid(&secret, span_of(out, sizeof out),
                                             &client, cases[i].now_s),
                         cases[i].valid);
    }
}

static void a_cookie_is_for_one_address(void **state)
{
    (void)state;
    assert_false(is_valid(SECRET, COOKIE, "198.51.100.101", MADE_S));
    assert_false(is_valid(SECRET, COOKIE, "203.0.113.203", MADE_S));
    assert_false(is_valid(SECRET, COOKIE, "c633:6464::", MADE_S));
    assert_false(is_valid(SECRET, COOKIE, "::ffff:198.51.100.100", MADE_S));
}

static void each_bit_of_a_cookie_counts(void **state)
{
    (void)state;
    const struct dns_cookie_secret secret = secret_of(SECRET);
    const struct address client = address_of(CLIENT);
    uint8_t octets[DNS_COOKIE_SIZE];
    unhex(COOKIE, octets);
    for (unsigned bit = 0; bit < 8 * DNS_COOKIE_SIZE; bit++) {
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(dns_cookie_is_valid(
            &secret, span_of(octets, sizeof octets), &client, MADE_S));
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(dns_cookie_is_valid(&secret, span_of(octets, sizeof octets),
                                    &client, MADE_S));
}

// Its hash would be right: another version may mean another time or hash.
static void a_cookie_of_another_version_is_not_ours(void **state)
{
    (void)state;
    // SipHash-2-4 of what stands before it and c6336464, by another
    // implementation, which also gives the hash of A.1
    static const char second[] =
        "2464c4abcf10c957020000005cf79f116187d0e51e7646e7";
    static const char none[] =
        "2464c4abcf10c957000000005cf79f1129b715bd0a88999c";
    assert_false(is_valid(SECRET, second, CLIENT, MADE_S));
    assert_false(is_valid(SECRET, none, CLIENT, MADE_S));
}

static void a_cookie_of_another_length_is_not_ours(void **state)
{
    (void)state;
    uint8_t octets[DNS_COOKIE_MAX] = {0};
    const struct dns_cookie_secret secret = secret_of(SECRET);
    const struct address client = address_of(CLIENT);
    unhex(COOKIE, octets);
    for (size_t n = 0; n <= DNS_COOKIE_MAX; n++)
        assert_int_equal(
            dns_cookie_is_valid(&secret, span_of(octets, n), &client, MADE_S),
            n == DNS_COOKIE_SIZE);
}

// RFC 7873 4: 8 octets of the client's, and 8 to 32 of the server's or none.
static void some_lengths_are_malformed(void **state)
{
    (void)state;
    for (size_t n = 0; n < 70000; n++)
        assert_int_equal(dns_cookie_is_well_formed(n),
                         n == 8 || (n >= 16 && n <= 40));
}

// A reply may be written over its query.
static void a_cookie_may_take_the_place_of_the_old_one(void **state)
{
    (void)state;
    uint8_t octets[DNS_COOKIE_SIZE], expected[DNS_COOKIE_SIZE];
    const struct dns_cookie_secret secret = secret_of(SECRET);
    const struct address client = address_of(CLIENT);
    unhex(COOKIE, octets);
    unhex("2464c4abcf10c957010000005cf7a871d4a564a1442aca77", expected);
    dns_cookie_write(&secret, octets, &client, 1559734385, octets);
    assert_memory_equal(octets, expected, sizeof expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_learns_a_cookie_and_a_newer_one),
        cmocka_unit_test(reserved_octets_are_hashed_and_written_as_zero),
        cmocka_unit_test(an_ipv6_client_learns_a_cookie_of_a_new_secret),
        cmocka_unit_test(a_cookie_is_good_for_an_hour),
        cmocka_unit_test(another_server_may_be_five_minutes_ahead),
        cmocka_unit_test(time_may_begin_anew),
        cmocka_unit_test(a_cookie_is_for_one_address),
        cmocka_unit_test(each_bit_of_a_cookie_counts),
        cmocka_unit_test(a_cookie_of_another_version_is_not_ours),
        cmocka_unit_test(a_cookie_of_another_length_is_not_ours),
        cmocka_unit_test(some_lengths_are_malformed),
        cmocka_unit_test(a_cookie_may_take_the_place_of_the_old_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
