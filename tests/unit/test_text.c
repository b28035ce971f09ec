// SPDX-License-Identifier: Apache-2.0
// RDATA as text: expected values from RFC 1035 5.1, RFC 2782, RFC 3597 5 and
// RFC 5952.
#include "dns/record.h"
#include "dns/text.h"
#include "doc/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// The room is just as much as is promised to be enough.
static void assert_text(uint16_t type, const char *rdata, size_t n,
                        const char *expected)
{
    char *out = malloc(dns_rdata_text_size(n));
    assert_int_equal(dns_rdata_format(type, span_of(rdata, n), out),
                     strlen(expected));
    assert_string_equal(out, expected);
    free(out);
}

#define assert_rdata(type, rdata, expected)                                    \
    assert_text(type, rdata, sizeof(rdata) - 1, expected)

static void each_known_type_has_its_form(void **state)
{
    (void)state;
    assert_rdata(DNS_TYPE_A, "\xff\xff\xff\xff", "255.255.255.255");
    assert_rdata(DNS_TYPE_AAAA, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1",
                 "2001:db8::1");
    assert_rdata(DNS_TYPE_NS, "\2ns\3dns\0", "ns.dns.");
    assert_rdata(DNS_TYPE_CNAME, "\0", ".");
    assert_rdata(DNS_TYPE_PTR, "\1a\1b\0", "a.b.");
    assert_rdata(DNS_TYPE_SRV, "\0\0\377\377\1\273\1a\0", "0 65535 443 a.");
    assert_rdata(DNS_TYPE_SOA,
                 "\1a\0\1b\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\3\0\0\0\4"
                 "\0\0\0\5",
                 "a. b. 4294967295 4294967295 3 4 5");
    assert_rdata(DNS_TYPE_TXT, "\0051.1.0", "\"1.1.0\"");
    assert_rdata(DNS_TYPE_TXT, "\1a\0\1b", "\"a\" \"\" \"b\"");
}

static void what_a_master_file_would_misread_is_escaped(void **state)
{
    (void)state;
    assert_rdata(DNS_TYPE_PTR, "\5a.b c\2\\\"\0", "a\\.b\\032c.\\\\\\\".");
    assert_rdata(DNS_TYPE_PTR, "\3\0\x7f\xff\0", "\\000\\127\\255.");
    // in quotes a blank and a dot are themselves
    assert_rdata(DNS_TYPE_TXT, "\7\". \\;\n\xff", "\"\\\". \\\\;\\010\\255\"");
}

static void what_is_not_of_its_type_is_written_as_octets(void **state)
{
    (void)state;
    assert_rdata(65, "\0\1\0", "\\# 3 000100");
    assert_rdata(65, "", "\\# 0");
    assert_rdata(DNS_TYPE_A, "\1\2\3", "\\# 3 010203");
    assert_rdata(DNS_TYPE_A, "\1\2\3\4\5", "\\# 5 0102030405");
    assert_rdata(DNS_TYPE_AAAA, "", "\\# 0");
    assert_rdata(DNS_TYPE_NS, "\1a", "\\# 2 0161");
    assert_rdata(DNS_TYPE_NS, "\1a\0\0", "\\# 4 01610000");
    assert_rdata(DNS_TYPE_NS, "\xc0\x0c", "\\# 2 c00c");
    assert_rdata(DNS_TYPE_TXT, "", "\\# 0");
    assert_rdata(DNS_TYPE_TXT, "\2a", "\\# 2 0261");
    assert_rdata(DNS_TYPE_SRV, "\0\0\0\0\0\1", "\\# 6 000000000001");
    assert_rdata(DNS_TYPE_SOA, "\0\0", "\\# 2 0000");
}

// The most that octets can become.
static void the_longest_texts_fit(void **state)
{
    char name[255], text[255 * 4 + 1], *to = text, strings[512];
    (void)state;

    for (unsigned i = 0; i < sizeof name - 1; i++)
        name[i] = i % 64 ? '\xff' : i + 64 < sizeof name ? 63 : 61;
    name[254] = '\0';
    for (unsigned i = 1; i < sizeof name; i++)
        to += i % 64 && i < 254 ? sprintf(to, "\\255") : sprintf(to, ".");
    assert_text(DNS_TYPE_PTR, name, sizeof name, text);
    // one octet more is no name
    char longer[256];
    memcpy(longer, name, sizeof name);
    longer[192] = 62;
    longer[254] = '\xff';
    longer[255] = '\0';
    char *out = malloc(dns_rdata_text_size(sizeof longer));
    dns_rdata_format(DNS_TYPE_PTR, span_of(longer, sizeof longer), out);
    assert_memory_equal(out, "\\# 256 3fff", 11);
    free(out);
    memset(strings, '\xff', sizeof strings);
    strings[0] = strings[256] = '\xff';
    out = malloc(dns_rdata_text_size(sizeof strings));
    assert_int_equal(
        dns_rdata_format(DNS_TYPE_TXT, span_of(strings, sizeof strings), out),
        2 * (2 + 4 * 255) + 1);
    free(out);
}

static void assert_json(const char *text, const char *expected)
{
    const size_t n = strlen(text);
    char *out = malloc(json_string_size(n));
    const size_t written = json_string_format(span_of(text, n), out);
    assert_int_equal(written, strlen(expected));
    assert_memory_equal(out, expected, written);
    free(out);
}

// RFC 8259 7: quote, backslash and control characters.
static void a_json_string_is_quoted_and_escaped(void **state)
{
    (void)state;
    assert_json("", "\"\"");
    assert_json("a.b.", "\"a.b.\"");
    assert_json("a\\.b", "\"a\\\\.b\"");
    assert_json("\"1.1.0\"", "\"\\\"1.1.0\\\"\"");
    assert_json("\x01\x02", "\"\\u0001\\u0002\"");
    assert_json("\xc3\xa4", "\"\xc3\xa4\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_known_type_has_its_form),
        cmocka_unit_test(what_a_master_file_would_misread_is_escaped),
        cmocka_unit_test(what_is_not_of_its_type_is_written_as_octets),
        cmocka_unit_test(the_longest_texts_fit),
        cmocka_unit_test(a_json_string_is_quoted_and_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
