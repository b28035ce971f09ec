// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void an_error_returns_its_code(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(error_set(&err, -EINVAL, "port '%d'", 70000), -EINVAL);
    assert_string_equal(err.text, "port '70000'");
    assert_int_equal(error_set(NULL, -ENOMEM, "x"), -ENOMEM);
    assert_int_equal(error_wrap(NULL, -ENOENT, "x"), -ENOENT);
}

static void wrapping_puts_the_deed_before_the_cause(void **state)
{
    (void)state;
    struct error err = {"line 12: no port"};
    assert_int_equal(error_wrap(&err, -EINVAL, "cannot load '%s'", "a.yaml"),
                     -EINVAL);
    assert_string_equal(err.text, "cannot load 'a.yaml': line 12: no port");
}

static void an_error_may_be_made_of_itself(void **state)
{
    (void)state;
    struct error err = {"cause"};
    assert_int_equal(error_set(&err, -1, "<%s>", err.text), -1);
    assert_string_equal(err.text, "<cause>");
}

static void a_long_error_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t n = 505; n < 515; n++) {
        char head[600];
        struct error err;
        memset(head, 'x', n);
        head[n] = '\0';
        assert_int_equal(error_set(&err, -1, "%s\xec\x8a\xa4", head), -1);
        const size_t whole = n + 3 <= sizeof err.text - 1 ? n + 3
                             : n < sizeof err.text - 1    ? n
                                                          : sizeof err.text - 1;
        assert_int_equal(strlen(err.text), whole);
    }
}

struct seen {
    enum finding kind;
    struct place at;
    char text[64];
};

static void keep(void *context, enum finding kind, struct place at,
                 const char *text)
{
    struct seen *seen = context;
    seen->kind = kind;
    seen->at = at;
    strncpy(seen->text, text, sizeof seen->text - 1);
}

static void a_finding_reaches_whoever_reports_it(void **state)
{
    (void)state;
    struct seen seen = {0};
    const struct report r = {.finding = keep, .context = &seen};
    const struct place at = {.file = "a.yaml", .line = 3, .column = 9};
    report_finding(&r, FINDING_WARNING, at, "port '%s' twice", "http");
    assert_int_equal(seen.kind, FINDING_WARNING);
    assert_string_equal(seen.at.file, "a.yaml");
    assert_int_equal(seen.at.column, 9);
    assert_string_equal(seen.text, "port 'http' twice");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_returns_its_code),
        cmocka_unit_test(wrapping_puts_the_deed_before_the_cause),
        cmocka_unit_test(an_error_may_be_made_of_itself),
        cmocka_unit_test(a_long_error_is_cut_between_characters),
        cmocka_unit_test(a_finding_reaches_whoever_reports_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
