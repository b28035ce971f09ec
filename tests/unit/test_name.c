// SPDX-License-Identifier: Apache-2.0
// Names between text and wire form (RFC 1035 3.1, 5.1; RFC 4343).
#include "dns/name.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct dns_name parse(const char *text)
{
    struct dns_name name = {0};
    struct error err;
    if (dns_name_parse(text, &name, &err))
        fail_msg("%s", err.text);
    return name;
}

static void assert_wire(const char *text, const char *wire, size_t n)
{
    struct dns_name name = parse(text);
    assert_int_equal(name.n, n);
    assert_memory_equal(name.wire, wire, n);
}

static void assert_text(struct span wire, const char *text)
{
    char out[DNS_NAME_TEXT_SIZE];
    assert_ptr_equal(dns_name_format(wire, out), out);
    assert_string_equal(out, text);
}

static void assert_refused(const char *text, const char *why)
{
    struct dns_name name = {.n = 3, .wire = "\1x"};
    struct error err = {""};
    assert_int_equal(dns_name_parse(text, &name, &err), -EINVAL);
    if (!strstr(err.text, why))
        fail_msg("'%s' does not say '%s'", err.text, why);
    assert_int_equal(name.n, 3);
    assert_memory_equal(name.wire, "\1x", 3);
    // nobody has to want the reason
    assert_int_equal(dns_name_parse(text, &name, NULL), -EINVAL);
}

static void labels_are_counted(void **state)
{
    (void)state;
    assert_wire("cluster.local", "\7cluster\5local", 15);
    assert_wire("cluster.local.", "\7cluster\5local", 15);
    assert_wire("a", "\1a", 3);
    assert_wire("_http._tcp.Db", "\5_http\4_tcp\2Db", 15);
}

static void the_root_is_a_dot(void **state)
{
    (void)state;
    assert_wire(".", "", 1);
    assert_text(span_of("", 1), ".");
    assert_refused("", "a name is empty");
    assert_int_equal(dns_name_labels(span_of("", 1)), 0);
}

static void escapes_stand_for_octets(void **state)
{
    (void)state;
    assert_wire("a\\.b.c", "\3a.b\1c", 7);
    assert_wire("\\.", "\1.", 3);
    assert_wire("\\\\", "\1\\", 3);
    assert_wire("\\000\\255.x", "\2\0\xff\1x", 6);
    assert_wire("\\065bc", "\3Abc", 5);
    assert_wire("\\x", "\1x", 3);
    // no digit beyond the third is part of it
    assert_wire("\\0651", "\2A1", 4);
    assert_wire("a\\032b", "\3a b", 5);
    assert_wire("a\\046b", "\3a.b", 5);
    // octets above 127 stand for themselves
    assert_wire("\xc3\xa9", "\2\xc3\xa9", 4);
}

static void malformed_text_is_refused(void **state)
{
    (void)state;
    static const char *const empty[] = {"..",  ".a",   "a..",  "a..b",
                                        "..a", ".\\.", "a...b"};
    static const char *const backslash[] = {"\\",    "a\\",    "a.\\",  "\\25",
                                            "\\2",   "\\2x5",  "\\25x", "\\256",
                                            "\\999", "\\300.a"};
    for (size_t i = 0; i < ORD_COUNT(empty); i++)
        assert_refused(empty[i], "empty label");
    for (size_t i = 0; i < ORD_COUNT(backslash); i++)
        assert_refused(backslash[i], "backslash");
}

static void a_label_has_at_most_63_octets(void **state)
{
    (void)state;
    char text[80];
    memset(text, 'a', sizeof text);
    text[63] = 0;
    struct dns_name name = parse(text);
    assert_int_equal(name.n, 65);
    assert_int_equal(name.wire[0], 63);
    text[63] = 'a';
    text[64] = 0;
    assert_refused(text, "more than 63 octets");
    // an escape is one octet
    snprintf(text + 62, sizeof text - 62, "\\097");
    assert_int_equal(parse(text).n, 65);
    snprintf(text + 62, sizeof text - 62, "\\097\\.");
    assert_refused(text, "more than 63 octets");
}

// Labels of the given sizes.
static void make_text(char *out, const unsigned *sizes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        memset(out, 'a', sizes[i]);
        out += sizes[i];
        *out++ = '.';
    }
    *out = 0;
}

static void a_name_has_at_most_255_octets(void **state)
{
    (void)state;
    char text[600];
    // three times 64, one of 62, the root: 255
    make_text(text, (const unsigned[]){63, 63, 63, 61}, 4);
    assert_int_equal(parse(text).n, 255);
    text[strlen(text) - 1] = 0;
    assert_int_equal(parse(text).n, 255);
    make_text(text, (const unsigned[]){63, 63, 63, 62}, 4);
    assert_refused(text, "longer than 255 octets");
    make_text(text, (const unsigned[]){63, 63, 63, 63}, 4);
    assert_refused(text, "longer than 255 octets");
    make_text(text, (const unsigned[]){63, 63, 63, 59, 1}, 5);
    assert_int_equal(parse(text).n, 255);
    make_text(text, (const unsigned[]){63, 63, 63, 60, 1}, 5);
    assert_refused(text, "longer than 255 octets");
    make_text(text, (const unsigned[]){63, 63, 63, 61, 1}, 5);
    assert_refused(text, "longer than 255 octets");
}

static void a_name_has_at_most_127_labels(void **state)
{
    (void)state;
    char text[600], out[DNS_NAME_TEXT_SIZE];
    for (unsigned i = 0; i < 127; i++)
        memcpy(text + i * 2, "x.", 3);
    struct dns_name name = parse(text);
    assert_int_equal(name.n, 255);
    assert_int_equal(dns_name_labels(dns_name_view(&name)), 127);
    assert_string_equal(dns_name_format(dns_name_view(&name), out), text);
    strcat(text, "x.");
    assert_refused(text, "longer than 255 octets");
}

static void text_is_written_as_master_files_have_it(void **state)
{
    (void)state;
    assert_text(span_of("\7cluster\5local", 15), "cluster.local.");
    assert_text(span_of("\3a.b\1c", 7), "a\\.b.c.");
    assert_text(span_of("\1\\", 3), "\\\\.");
    assert_text(span_of("\3a b", 5), "a\\032b.");
    assert_text(span_of("\3\0\x7f\xff", 5), "\\000\\127\\255.");
    // characters that mean something in a master file
    assert_text(span_of("\6\";()@$", 8), "\\\"\\;\\(\\)\\@\\$.");
}

static void the_longest_text_fits(void **state)
{
    (void)state;
    uint8_t wire[255] = {0};
    char out[DNS_NAME_TEXT_SIZE];
    static const uint8_t sizes[] = {63, 63, 63, 61};
    size_t at = 0;
    for (size_t i = 0; i < 4; i++) {
        wire[at] = sizes[i];
        memset(wire + at + 1, 0x80, sizes[i]);
        at += sizes[i] + 1u;
    }
    dns_name_format(span_of(wire, sizeof wire), out);
    assert_int_equal(strlen(out), 4 * 250 + 4);
}

static void every_octet_survives_text(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t wire[] = {2, (uint8_t)c, 'x', 0};
        char text[DNS_NAME_TEXT_SIZE];
        dns_name_format(span_of(wire, sizeof wire), text);
        struct dns_name name = parse(text);
        assert_int_equal(name.n, sizeof wire);
        assert_memory_equal(name.wire, wire, sizeof wire);
        for (const char *p = text; *p; p++)
            assert_in_range(*p, '!', '~');
    }
}

// RFC 4343 2.1: ASCII letters only.
static void only_ascii_letters_fold(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t folded = dns_fold_octet((uint8_t)c);
        if (c >= 'A' && c <= 'Z')
            assert_int_equal(folded, c - 'A' + 'a');
        else
            assert_int_equal(folded, c);
    }
    struct dns_name name = parse("A\\255.@[`{Z\\192.z");
    dns_name_fold(&name);
    assert_int_equal(name.n, 13);
    assert_memory_equal(name.wire, "\2a\xff\6@[`{z\xc0\1z", 13);
}

static void lengths_are_no_letters(void **state)
{
    (void)state;
    char text[80];
    memset(text, 'Q', 63);
    text[63] = 0;
    struct dns_name name = parse(text);
    dns_name_fold(&name);
    assert_int_equal(name.wire[0], 63);
    assert_int_equal(name.wire[63], 'q');
}

static void assert_same(const char *a, const char *b, bool is_same)
{
    struct dns_name x, y;
    assert_int_equal(dns_name_parse(a, &x, NULL), 0);
    assert_int_equal(dns_name_parse(b, &y, NULL), 0);
    assert_int_equal(dns_name_is_same(dns_name_view(&x), dns_name_view(&y)),
                     is_same);
    assert_int_equal(dns_name_is_same(dns_name_view(&y), dns_name_view(&x)),
                     is_same);
}

static void names_are_the_same_in_any_letters(void **state)
{
    (void)state;
    assert_same(".", ".", true);
    assert_same("Db-0.One.", "dB-0.oNE.", true);
    assert_same("db.one.", "db.two.", false);
    assert_same("db.one.", "db.one.x.", false);
    assert_same("db.one.", "dbxone.", false);
    assert_same("db.", ".", false);
    assert_same("@[.", "`{.", false); // 32 apart, and no letters
    assert_same("\\193.", "\\225.", false);
}

static void a_label_can_be_put_before_a_name(void **state)
{
    (void)state;
    struct dns_name name = parse("local.");
    assert_int_equal(dns_name_prepend(&name, span_of_text("cluster")), 0);
    assert_int_equal(name.n, 15);
    assert_memory_equal(name.wire, "\7cluster\5local", 15);
    name = parse(".");
    assert_int_equal(dns_name_prepend(&name, span_of_text("a.b")), 0);
    assert_text(dns_name_view(&name), "a\\.b.");
}

static void prepending_respects_the_limits(void **state)
{
    (void)state;
    char label[64], text[300];
    memset(label, 'a', sizeof label);
    struct dns_name name = parse("b");
    assert_int_equal(dns_name_prepend(&name, span_of(label, 0)), -ENAMETOOLONG);
    assert_int_equal(dns_name_prepend(&name, span_of(label, 64)),
                     -ENAMETOOLONG);
    assert_int_equal(dns_name_prepend(&name, span_of(label, 63)), 0);
    assert_int_equal(name.n, 67);
    // 193 octets, and 62 more
    make_text(text, (const unsigned[]){63, 63, 63}, 3);
    name = parse(text);
    assert_int_equal(dns_name_prepend(&name, span_of(label, 62)),
                     -ENAMETOOLONG);
    assert_int_equal(name.n, 193);
    assert_int_equal(name.wire[0], 63);
    assert_int_equal(dns_name_prepend(&name, span_of(label, 61)), 0);
    assert_int_equal(name.n, 255);
    assert_int_equal(dns_name_prepend(&name, span_of(label, 1)), -ENAMETOOLONG);
}

static void assert_reverse(const char *address, unsigned bits, const char *text)
{
    struct address a;
    struct dns_name name;
    assert_true(address_parse(address, &a));
    dns_name_of_address(&a, bits, &name);
    assert_text(dns_name_view(&name), text);
}

static void ipv4_addresses_have_names(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "in-addr.arpa.", "10.in-addr.arpa.", "0.10.in-addr.arpa.",
        "255.0.10.in-addr.arpa.", "9.255.0.10.in-addr.arpa."};
    for (unsigned i = 0; i < ORD_COUNT(parts); i++)
        assert_reverse("10.0.255.9", 8 * i, parts[i]);
    assert_reverse("255.255.255.255", 32, "255.255.255.255.in-addr.arpa.");
    assert_reverse("0.0.0.0", 32, "0.0.0.0.in-addr.arpa.");
}

// The example of RFC 3596 2.5, at every nibble.
static void ipv6_addresses_have_names(void **state)
{
    (void)state;
    static const char whole[] = "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0."
                                "0.0.0.0.0.1.2.3.4.ip6.arpa.";
    for (unsigned nibbles = 0; nibbles <= 32; nibbles++)
        assert_reverse("4321:0:1:2:3:4:567:89ab", 4 * nibbles,
                       whole + 2 * (32 - nibbles));
    assert_reverse("fedc:ba98::", 32, "8.9.a.b.c.d.e.f.ip6.arpa.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_counted),
        cmocka_unit_test(the_root_is_a_dot),
        cmocka_unit_test(escapes_stand_for_octets),
        cmocka_unit_test(malformed_text_is_refused),
        cmocka_unit_test(a_label_has_at_most_63_octets),
        cmocka_unit_test(a_name_has_at_most_255_octets),
        cmocka_unit_test(a_name_has_at_most_127_labels),
        cmocka_unit_test(text_is_written_as_master_files_have_it),
        cmocka_unit_test(the_longest_text_fits),
        cmocka_unit_test(every_octet_survives_text),
        cmocka_unit_test(only_ascii_letters_fold),
        cmocka_unit_test(lengths_are_no_letters),
        cmocka_unit_test(names_are_the_same_in_any_letters),
        cmocka_unit_test(a_label_can_be_put_before_a_name),
        cmocka_unit_test(prepending_respects_the_limits),
        cmocka_unit_test(ipv4_addresses_have_names),
        cmocka_unit_test(ipv6_addresses_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
