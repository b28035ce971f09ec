// SPDX-License-Identifier: Apache-2.0
#include "doc/doc.h"
#include "lib/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct doc_node scalar(const char *text, bool plain)
{
    return (struct doc_node){.kind = DOC_SCALAR,
                             .plain = plain,
                             .line = 1,
                             .column = 1,
                             .n = (uint32_t)strlen(text),
                             .text = text};
}

static enum doc_type type_of(const char *text)
{
    const struct doc_node node = scalar(text, true);
    return doc_type_of(&node);
}

static void assert_type(const char *text, enum doc_type type)
{
    if (type_of(text) != type)
        fail_msg("'%s' is %s", text, doc_type_name(type_of(text)));
}

static void assert_int(const char *text, int64_t value)
{
    const struct doc_node node = scalar(text, true);
    int64_t got = 0;
    if (!doc_int(&node, &got) || got != value)
        fail_msg("'%s' is %lld", text, (long long)got);
}

static void assert_no_int(const char *text)
{
    const struct doc_node node = scalar(text, true);
    int64_t got = 77;
    if (doc_int(&node, &got) || got != 77)
        fail_msg("'%s' is %lld", text, (long long)got);
}

static void booleans_are_the_words_of_yaml_1_1(void **state)
{
    (void)state;
    static const char *const yes[] = {"y",  "Y",  "yes",  "Yes",  "YES", "on",
                                      "On", "ON", "true", "True", "TRUE"};
    static const char *const no[] = {"n",     "N",     "no",   "No",
                                     "NO",    "off",   "Off",  "OFF",
                                     "false", "False", "FALSE"};
    for (size_t i = 0; i < ORD_COUNT(yes); i++) {
        const struct doc_node t = scalar(yes[i], true);
        const struct doc_node f = scalar(no[i], true);
        assert_type(yes[i], DOC_BOOL);
        assert_type(no[i], DOC_BOOL);
        assert_true(doc_bool(&t));
        assert_false(doc_bool(&f));
    }
    static const char *const none[] = {"yEs", "oN", "tRUE", "yess",  "o",
                                       "t",   "f",  "nO",   "Falsee"};
    for (size_t i = 0; i < ORD_COUNT(none); i++)
        assert_type(none[i], DOC_STRING);
}

static void null_has_five_spellings(void **state)
{
    (void)state;
    static const char *const null[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < ORD_COUNT(null); i++)
        assert_type(null[i], DOC_NULL);
    assert_type("nULL", DOC_STRING);
    assert_type("None", DOC_STRING);
}

static void what_is_quoted_is_a_string(void **state)
{
    (void)state;
    static const char *const texts[] = {"yes", "1", "", "~", "1.5", "0x1F"};
    for (size_t i = 0; i < ORD_COUNT(texts); i++) {
        const struct doc_node node = scalar(texts[i], false);
        int64_t value;
        assert_int_equal(doc_type_of(&node), DOC_STRING);
        assert_false(doc_bool(&node));
        assert_false(doc_int(&node, &value));
    }
}

static void integers_are_go_s_with_base_zero(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } ints[] = {
        {"0", 0},
        {"-0", 0},
        {"+5", 5},
        {"-5", -5},
        {"0x1F", 31},
        {"0X1f", 31},
        {"0b101", 5},
        {"0B1", 1},
        {"0o17", 15},
        {"0O17", 15},
        {"017", 15},
        {"00", 0},
        {"-017", -15},
        {"1_000", 1000},
        {"0x_1_F", 31},
        {"0_7", 7},
        {"1_", 1},
        {"+0x10", 16},
        {"-0b11", -3},
        {"65535", 65535},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"0x7fffffffffffffff", INT64_MAX},
    };
    for (size_t i = 0; i < ORD_COUNT(ints); i++) {
        assert_type(ints[i].text, DOC_INT);
        assert_int(ints[i].text, ints[i].value);
    }
}

static void an_integral_float_is_an_integer_value(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } floats[] = {
        {"8e1", 80},    {"80.0", 80},
        {"1.", 1},      {"-2.50e1", -25},
        {"08", 8},      {"09.0", 9},
        {"1E+3", 1000}, {"1_0.0", 10},
        {"-0.0", 0},    {"-9.223372036854775808e18", INT64_MIN},
    };
    for (size_t i = 0; i < ORD_COUNT(floats); i++) {
        assert_type(floats[i].text, DOC_FLOAT);
        assert_int(floats[i].text, floats[i].value);
    }
    static const char *const others[] = {
        "1.5",
        ".5",
        "-.5",
        "+.5e-3",
        "1e-1",
        ".inf",
        "-.Inf",
        "+.INF",
        ".nan",
        ".NaN",
        "1e300",
        "9.3e18",
        "9223372036854775808.0",
    };
    for (size_t i = 0; i < ORD_COUNT(others); i++) {
        assert_type(others[i], DOC_FLOAT);
        assert_no_int(others[i]);
    }
}

static void numbers_beyond_64_bits_are_what_goyaml_makes_of_them(void **state)
{
    (void)state;
    // ParseUint, or an integer of any size
    static const char *const ints[] = {
        "9223372036854775808", "18446744073709551615", "0xffffffffffffffff",
        "0x1ffffffffffffffff"};
    for (size_t i = 0; i < ORD_COUNT(ints); i++) {
        assert_type(ints[i], DOC_INT);
        assert_no_int(ints[i]);
    }
    // ParseFloat takes over where digits are decimal
    assert_type("99999999999999999999", DOC_FLOAT);
    assert_type("-9223372036854775809", DOC_FLOAT);
    assert_type("077777777777777777777777", DOC_FLOAT);
    assert_type("-0xffffffffffffffff", DOC_STRING);
}

static void what_only_looks_like_a_number_is_a_string(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0x",         "0b",
        "0o",         "0b2",
        "0o8",        "0xg",
        "-",          "+",
        "+-5",        "--5",
        "1-2",        "1.2.3",
        "10.0.0.1",   "1e",
        "e1",         "1e+",
        ".",          ".e1",
        "._5",        ".5_0",
        "_1",         "1 2",
        "1,000",      "12:30:45",
        "2001-12-14", "2001-12-14t21:59:43.10Z",
        "1e999",      ".inff",
        "inf",        "nan",
        "+.nan",      "0x1p4",
        "1Gi",        "500m",
        "http",       "<<",
        "-.1e999",    "0x1.8",
        "+_",         "1d",
    };
    for (size_t i = 0; i < ORD_COUNT(texts); i++) {
        assert_type(texts[i], DOC_STRING);
        assert_no_int(texts[i]);
    }
}

static void a_number_of_a_thousand_digits_does_no_harm(void **state)
{
    (void)state;
    char text[2001];
    memset(text, '9', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_type(text, DOC_STRING);
    text[1024] = '\0';
    assert_type(text, DOC_STRING); // beyond a double
    text[300] = '\0';
    assert_type(text, DOC_FLOAT);
    assert_no_int(text);
}

static void types_have_names_for_findings(void **state)
{
    (void)state;
    const struct doc_node map = {.kind = DOC_MAP};
    const struct doc_node list = {.kind = DOC_LIST};
    assert_string_equal(doc_type_name(doc_type_of(&map)), "a map");
    assert_string_equal(doc_type_name(doc_type_of(&list)), "a list");
    assert_string_equal(doc_type_name(type_of("x")), "a string");
    assert_string_equal(doc_type_name(type_of("1")), "a number");
    assert_string_equal(doc_type_name(type_of("1.5")), "a number");
    assert_string_equal(doc_type_name(type_of("no")), "a boolean");
    assert_string_equal(doc_type_name(type_of("")), "null");
}

// A map of n pairs "k<i>: v<i>", and its parts.
struct big {
    struct doc_node map;
    struct doc_node *keys;
    struct doc_pair *pairs;
    char (*texts)[16];
};

static struct big big_of(uint32_t n)
{
    struct big b = {.keys = calloc(n, sizeof *b.keys),
                    .pairs = calloc(n, sizeof *b.pairs),
                    .texts = calloc(n, sizeof *b.texts)};
    assert_true(b.keys && b.pairs && b.texts);
    for (uint32_t i = 0; i < n; i++) {
        snprintf(b.texts[i], sizeof b.texts[i], "k%u", i);
        b.keys[i] = scalar(b.texts[i], true);
        b.pairs[i] = (struct doc_pair){&b.keys[i], &b.keys[i]};
    }
    b.map = (struct doc_node){.kind = DOC_MAP, .n = n, .pairs = b.pairs};
    return b;
}

static void big_release(struct big *b)
{
    free(b->keys);
    free(b->pairs);
    free(b->texts);
}

static void a_value_is_found_by_its_key(void **state)
{
    (void)state;
    struct big b = big_of(5);
    const struct doc_node list = {.kind = DOC_LIST};
    assert_ptr_equal(doc_get(&b.map, "k3"), &b.keys[3]);
    assert_null(doc_get(&b.map, "k5"));
    assert_null(doc_get(&b.map, "k"));
    assert_null(doc_get(&b.map, "k33"));
    assert_null(doc_get(NULL, "k1"));
    assert_null(doc_get(&list, "k1"));
    assert_null(doc_get(&b.keys[1], "k1"));
    big_release(&b);
}

static void a_null_value_is_as_good_as_none(void **state)
{
    (void)state;
    struct big b = big_of(2);
    const struct doc_node null = scalar("~", true);
    const struct doc_node quoted = scalar("", false);
    b.pairs[0].value = &null;
    b.pairs[1].value = &quoted;
    assert_null(doc_get(&b.map, "k0"));
    assert_ptr_equal(doc_get(&b.map, "k1"), &quoted);
    big_release(&b);
}

static void a_duplicate_is_the_first_pair_that_repeats_a_key(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {2, 3, 31, 32, 33, 34, 100, 50000};
    for (size_t i = 0; i < ORD_COUNT(sizes); i++) {
        const uint32_t n = sizes[i];
        struct big b = big_of(n);
        assert_null(doc_duplicate(&b.map));
        b.pairs[n - 1].key = b.pairs[0].key;
        assert_ptr_equal(doc_duplicate(&b.map), &b.pairs[n - 1]);
        b.pairs[n / 2].key = b.pairs[0].key;
        assert_ptr_equal(doc_duplicate(&b.map), &b.pairs[n / 2]);
        big_release(&b);
    }
}

static void a_duplicate_is_found_without_memory(void **state)
{
    (void)state;
    struct big b = big_of(200);
    b.pairs[150].key = b.pairs[140].key;
    // The index begins with two tables and grows three times.
    for (long n = 1; n <= 10; n++) {
        fault_alloc_after(n);
        assert_ptr_equal(doc_duplicate(&b.map), &b.pairs[150]);
        assert_int_equal(fault_alloc_hit(), n <= 8);
        fault_alloc_after(-1);
    }
    big_release(&b);
}

static void what_is_no_map_has_no_duplicate(void **state)
{
    (void)state;
    const struct doc_node text = scalar("a", true);
    const struct doc_node map = {.kind = DOC_MAP};
    const struct doc_node list = {.kind = DOC_LIST};
    assert_null(doc_duplicate(&text));
    assert_null(doc_duplicate(&map));
    assert_null(doc_duplicate(&list));
}

// --- copies ----------------------------------------------------------------

static void assert_copy(const struct doc_node *a, const struct doc_node *b)
{
    assert_ptr_not_equal(a, b);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->plain, b->plain);
    assert_int_equal(a->line, b->line);
    assert_int_equal(a->column, b->column);
    assert_int_equal(a->n, b->n);
    if (a->kind == DOC_SCALAR) {
        assert_ptr_not_equal(a->text, b->text);
        assert_string_equal(a->text, b->text);
    }
    for (uint32_t i = 0; a->kind == DOC_LIST && i < a->n; i++)
        assert_copy(a->items[i], b->items[i]);
    for (uint32_t i = 0; a->kind == DOC_MAP && i < a->n; i++) {
        assert_copy(a->pairs[i].key, b->pairs[i].key);
        assert_copy(a->pairs[i].value, b->pairs[i].value);
    }
}

static void a_copy_has_all_of_a_tree_and_none_of_its_memory(void **state)
{
    (void)state;
    struct doc_node text = scalar("gr\xc3\xbc\xc3\x9f"
                                  "e",
                                  false);
    struct doc_node none = {.kind = DOC_MAP, .line = 7, .column = 3};
    struct doc_node *const items[] = {&text, &none, &text};
    const struct doc_node list = {
        .kind = DOC_LIST, .line = 4, .column = 2, .n = 3, .items = items};
    struct big b = big_of(3);
    b.pairs[1].value = &list;
    struct doc_node *copy = NULL;
    for (size_t budget = 0; !copy; budget += 16) {
        struct arena arena;
        arena_init(&arena, budget);
        copy = doc_dup(&arena, &b.map);
        assert_true(copy || budget < 4096);
        if (copy)
            assert_copy(&b.map, copy);
        arena_release(&arena);
    }
    big_release(&b);
}

static void the_limits_are_those_of_the_design(void **state)
{
    (void)state;
    const struct doc_limits l = doc_limits_default();
    assert_true(l.text_max == (size_t)512 << 20);
    assert_int_equal(l.depth_max, 64);
    assert_int_equal(l.alias_max, 100000);
    assert_true(l.scalar_max == (size_t)1 << 20);
    assert_true(l.memory_max == (size_t)4 << 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(booleans_are_the_words_of_yaml_1_1),
        cmocka_unit_test(null_has_five_spellings),
        cmocka_unit_test(what_is_quoted_is_a_string),
        cmocka_unit_test(integers_are_go_s_with_base_zero),
        cmocka_unit_test(an_integral_float_is_an_integer_value),
        cmocka_unit_test(numbers_beyond_64_bits_are_what_goyaml_makes_of_them),
        cmocka_unit_test(what_only_looks_like_a_number_is_a_string),
        cmocka_unit_test(a_number_of_a_thousand_digits_does_no_harm),
        cmocka_unit_test(types_have_names_for_findings),
        cmocka_unit_test(a_value_is_found_by_its_key),
        cmocka_unit_test(a_null_value_is_as_good_as_none),
        cmocka_unit_test(a_duplicate_is_the_first_pair_that_repeats_a_key),
        cmocka_unit_test(a_duplicate_is_found_without_memory),
        cmocka_unit_test(what_is_no_map_has_no_duplicate),
        cmocka_unit_test(a_copy_has_all_of_a_tree_and_none_of_its_memory),
        cmocka_unit_test(the_limits_are_those_of_the_design),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
