// SPDX-License-Identifier: Apache-2.0
#include "dns/query.h"

#include "dns/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct dns_name name_of(const char *text)
{
    struct dns_name name;

    assert_int_equal(dns_name_parse(text, &name, NULL), 0);
    return name;
}

// RFC 1035 4.1, RFC 6891 6.1.2, octet for octet.
static void a_query_is_a_question_and_an_opt(void **state)
{
    (void)state;
    static const uint8_t expected[] = "\0\0\1\0\0\1\0\0\0\0\0\1"
                                      "\2Db\3One\0\0\x21\0\1"
                                      "\0\0\x29\x04\xd0\0\0\0\0\0";
    const struct dns_name name = name_of("Db.One.");
    uint8_t out[DNS_QUERY_MAX];

    assert_int_equal(dns_query_write(out, &name, 33, 1232), sizeof expected);
    assert_memory_equal(out, expected, sizeof expected);
}

static void a_query_is_read_as_one(void **state)
{
    (void)state;
    const struct dns_name name = name_of("pod-0.db.");
    uint8_t out[DNS_QUERY_MAX];
    struct dns_query q;

    const size_t n = dns_query_write(out, &name, 65535, 4096);
    assert_int_equal(dns_query_parse(span_of(out, n), &q), DNS_QUERY_OK);
    assert_int_equal(q.flags, DNS_FLAG_RD);
    assert_int_equal(q.qtype, 65535);
    assert_int_equal(q.qclass, 1);
    assert_int_equal(q.name_n, name.n);
    assert_memory_equal(q.name, name.wire, name.n);
    assert_true(q.has_edns);
    assert_false(q.dnssec_ok);
    assert_int_equal(q.edns_size, 4096);
    assert_int_equal(q.options, 0);
}

static void the_longest_name_and_the_root_fit(void **state)
{
    (void)state;
    struct dns_name name = {.n = 0};
    uint8_t out[DNS_QUERY_MAX];
    struct dns_query q;

    // 127 labels of one octet
    for (unsigned i = 0; i < 127; i++) {
        name.wire[name.n++] = 1;
        name.wire[name.n++] = 'x';
    }
    name.wire[name.n++] = 0;
    assert_int_equal(name.n, DNS_NAME_MAX);
    assert_int_equal(dns_query_write(out, &name, 1, 512), sizeof out);
    assert_int_equal(dns_query_parse(span_of(out, sizeof out), &q),
                     DNS_QUERY_OK);
    assert_int_equal(q.labels, 127);

    name = name_of(".");
    assert_int_equal(dns_query_write(out, &name, 2, 512), 12 + 5 + 11);
    assert_int_equal(dns_query_parse(span_of(out, 12 + 5 + 11), &q),
                     DNS_QUERY_OK);
    assert_int_equal(q.labels, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_a_question_and_an_opt),
        cmocka_unit_test(a_query_is_read_as_one),
        cmocka_unit_test(the_longest_name_and_the_root_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
