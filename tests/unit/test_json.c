// SPDX-License-Identifier: Apache-2.0
// JSON as requests and replies have it (RFC 8259).
#include "doc/json.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- writing ---------------------------------------------------------------

static void assert_written(struct json_out *j, const char *expected)
{
    size_t n;
    char *text = json_out_take(j, &n);
    assert_non_null(text);
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(text, expected, n);
    free(text);
}

static void objects_and_lists_nest(void **state)
{
    struct json_out j = {0};
    (void)state;
    json_out_object(&j, NULL);
    json_out_uint(&j, "a", UINT64_MAX);
    json_out_list(&j, "b");
    json_out_text(&j, NULL, "x");
    json_out_object(&j, NULL);
    json_out_end(&j);
    json_out_list(&j, NULL);
    json_out_bool(&j, NULL, true);
    json_out_bool(&j, NULL, false);
    json_out_end(&j);
    json_out_end(&j);
    json_out_text(&j, "c", "");
    json_out_end(&j);
    assert_written(&j, "{\"a\":18446744073709551615,\"b\":[\"x\",{},[true,"
                       "false]],\"c\":\"\"}\n");
}

static void texts_are_escaped(void **state)
{
    struct json_out j = {0};
    (void)state;
    json_out_text(&j, NULL, "\"\\\n\x01/\xc3\xa9");
    assert_written(&j, "\"\\\"\\\\\\n\\u0001/\xc3\xa9\"\n");
}

static void write_long(struct json_out *j)
{
    json_out_object(j, NULL);
    json_out_list(j, "list");
    for (int i = 0; i < 300; i++)
        json_out_text(j, NULL, "0123456789");
    json_out_end(j);
    json_out_end(j);
}

static void what_is_written_may_be_long(void **state)
{
    struct json_out j = {0};
    struct json_value *root;
    size_t n;
    (void)state;
    write_long(&j);
    char *text = json_out_take(&j, &n);
    assert_int_equal(json_value_read(span_of(text, n), &root, NULL), 0);
    const struct json_value *list = json_value_get(root, "list");
    assert_int_equal(json_value_count(list), 300);
    assert_string_equal(json_value_text(json_value_at(list, 299)),
                        "0123456789");
    json_value_free(root);
    free(text);
}

static void without_memory_nothing_is_written(void **state)
{
    struct json_out j = {0};
    bool hit = true;
    (void)state;
    for (long at = 1; hit; at++) {
        size_t n = 7;
        fault_alloc_after(at);
        write_long(&j);
        char *text = json_out_take(&j, &n);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        assert_int_equal(hit, text == NULL);
        if (hit)
            assert_int_equal(n, 0);
        free(text);
        assert_true(at < 100);
    }
    // and what was begun can be forgotten
    json_out_object(&j, NULL);
    json_out_release(&j);
    json_out_text(&j, NULL, "again");
    assert_written(&j, "\"again\"\n");
}

// --- reading ---------------------------------------------------------------

static struct json_value *read_text(const char *text)
{
    struct json_value *root = NULL;
    struct error err = {""};
    if (json_value_read(span_of_text(text), &root, &err))
        fail_msg("%s: %s", text, err.text);
    return root;
}

static void values_are_found(void **state)
{
    (void)state;
    struct json_value *root =
        read_text("{\"t\":\"x\",\"n\":12,\"b\":true,\"l\":[1,\"y\"],\"o\":{}}");
    const struct json_value *list = json_value_get(root, "l");
    assert_string_equal(json_value_text(json_value_get(root, "t")), "x");
    assert_int_equal(json_value_uint(json_value_get(root, "n")), 12);
    assert_true(json_value_bool(json_value_get(root, "b")));
    assert_int_equal(json_value_count(list), 2);
    assert_int_equal(json_value_uint(json_value_at(list, 0)), 1);
    assert_string_equal(json_value_text(json_value_at(list, 1)), "y");
    json_value_free(root);
}

static void what_is_not_there_is_empty(void **state)
{
    (void)state;
    struct json_value *root = read_text("{\"t\":\"x\",\"n\":-3,\"f\":1.5}");
    const struct json_value *text = json_value_get(root, "t");
    assert_null(json_value_get(root, "u"));
    assert_null(json_value_get(text, "u"));
    assert_null(json_value_get(NULL, "u"));
    assert_null(json_value_at(text, 0));
    assert_null(json_value_at(NULL, 0));
    assert_int_equal(json_value_count(text), 0);
    assert_int_equal(json_value_count(NULL), 0);
    assert_string_equal(json_value_text(NULL), "");
    assert_string_equal(json_value_text(json_value_get(root, "n")), "");
    assert_int_equal(json_value_uint(text), 0);
    assert_int_equal(json_value_uint(json_value_get(root, "n")), 0);
    assert_int_equal(json_value_uint(json_value_get(root, "f")), 0);
    assert_int_equal(json_value_uint(NULL), 0);
    assert_false(json_value_bool(text));
    assert_false(json_value_bool(NULL));
    json_value_free(root);
    json_value_free(NULL);
}

static void what_is_no_object_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "null",
        "1",
        "[]",
        "[{}]",
        "{",
        "{}x",
        "{} {}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":01}",
        "{\"a\":1,\"a\":2}",
        "{'a':1}",
        "{\"a\":nan}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"",
        "{\"a\":\"\xff\"}",
        "{\"a\":99999999999999999999}",
        "{\"a\":\"\n\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct json_value *root = (struct json_value *)1;
        struct error err = {""};
        assert_int_equal(json_value_read(span_of_text(bad[i]), &root, &err),
                         -EINVAL);
        assert_ptr_equal(root, (struct json_value *)1);
        assert_true(err.text[0]);
    }
    // as deep as 64 KiB can be
    char *deep = malloc(65536);
    memset(deep, '[', 65536);
    memcpy(deep, "{\"a\":", 5);
    struct json_value *root;
    assert_int_equal(json_value_read(span_of(deep, 65536), &root, NULL),
                     -EINVAL);
    free(deep);
}

// --- fields ----------------------------------------------------------------

static int fields_of(const char *text, struct error *err)
{
    struct json_field fields[] = {
        {.key = "name", .kind = JSON_KIND_TEXT},
        {.key = "count", .kind = JSON_KIND_UINT, .optional = true},
    };
    struct json_value *root = read_text(text);
    const int rc = json_value_fields(root, fields, 2, err);
    if (rc == 0)
        assert_non_null(fields[0].value);
    if (rc == 0 && fields[1].value)
        assert_int_equal(json_value_uint(fields[1].value), 4);
    json_value_free(root);
    return rc;
}

static void assert_bad_fields(const char *text, const char *why)
{
    struct error err = {""};
    assert_int_equal(fields_of(text, &err), -EINVAL);
    assert_string_equal(err.text, why);
}

static void fields_are_those_that_are_known(void **state)
{
    struct error err;
    (void)state;
    assert_int_equal(fields_of("{\"name\":\"\"}", &err), 0);
    assert_int_equal(fields_of("{\"count\":4,\"name\":\"x\"}", &err), 0);
    assert_bad_fields("{}", "'name' is missing");
    assert_bad_fields("{\"count\":4}", "'name' is missing");
    assert_bad_fields("{\"name\":\"x\",\"cuont\":4}",
                      "unknown key 'cuont'; did you mean 'count'?");
    assert_bad_fields("{\"name\":\"x\",\"\":4}", "unknown key ''");
    assert_bad_fields("{\"name\":1}", "'name' is not a text");
    assert_bad_fields("{\"name\":null}", "'name' is not a text");
    for (int i = 0; i < 5; i++) {
        static const char *const values[] = {"-1", "1.0", "\"4\"", "null",
                                             "true"};
        char text[64];
        snprintf(text, sizeof text, "{\"name\":\"x\",\"count\":%s}", values[i]);
        assert_bad_fields(text, "'count' is not a whole number, 0 or more");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_and_lists_nest),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(what_is_written_may_be_long),
        cmocka_unit_test(without_memory_nothing_is_written),
        cmocka_unit_test(values_are_found),
        cmocka_unit_test(what_is_not_there_is_empty),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(fields_are_those_that_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
