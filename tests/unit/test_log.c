// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct log log;
    int ends[2];
    char text[8192];
};

static void begin(struct fixture *f, enum log_format format)
{
    assert_int_equal(pipe(f->ends), 0);
    f->log =
        (struct log){.fd = f->ends[1], .level = LOG_DEBUG, .format = format};
}

// All that was logged.
static const char *end(struct fixture *f)
{
    close(f->ends[1]);
    size_t n = 0;
    for (ssize_t r;
         (r = read(f->ends[0], f->text + n, sizeof f->text - 1 - n)) > 0;)
        n += (size_t)r;
    f->text[n] = '\0';
    close(f->ends[0]);
    return f->text;
}

// "2026-11-21T10:22:05.123Z" is 24 octets.
static const char *behind_time(const char *line)
{
    assert_true(strlen(line) > 25);
    assert_int_equal(line[4], '-');
    assert_int_equal(line[10], 'T');
    assert_int_equal(line[19], '.');
    assert_int_equal(line[23], 'Z');
    return line + 25;
}

static void an_event_is_a_phrase_and_its_fields(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, LOG_FORMAT_TEXT);
    log_event(&f.log, LOG_INFO, "zone published", LOG_UINT("serial", 42),
              LOG_STRING("name", "mongo"));
    assert_string_equal(behind_time(end(&f)),
                        "info zone published serial=42 name=mongo\n");
}

static void values_are_quoted_where_they_must(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, LOG_FORMAT_TEXT);
    log_event(&f.log, LOG_WARNING, "odd", LOG_STRING("a", "x y"),
              LOG_STRING("b", ""), LOG_STRING("c", "say \"hi\"\\\n"),
              LOG_STRING("d", "k=v"), LOG_STRING("e", "\x01\xff"),
              LOG_STRING("f", "\xec\x8a\xa4"));
    assert_string_equal(behind_time(end(&f)),
                        "warning odd a=\"x y\" b=\"\" "
                        "c=\"say \\\"hi\\\"\\\\\\n\" d=\"k=v\" "
                        "e=\"\\x01\\xff\" f=\xec\x8a\xa4\n");
}

static void json_is_one_object_a_line(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, LOG_FORMAT_JSON);
    log_event(&f.log, LOG_ERROR, "no \"way\"", LOG_UINT("n", UINT64_MAX),
              LOG_STRING("t", "a\tb\x02\xff\xed\xa0\x80/"));
    const char *line = end(&f);
    assert_memory_equal(line, "{\"time\":\"", 9);
    assert_string_equal(line + 33,
                        "\",\"level\":\"error\",\"event\":\"no \\\"way\\\"\","
                        "\"n\":18446744073709551615,\"t\":\"a\\tb\\u0002"
                        "\\ufffd\\ufffd\\ufffd\\ufffd/\"}\n");
}

static void what_is_less_severe_is_left_out(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, LOG_FORMAT_TEXT);
    f.log.level = LOG_WARNING;
    log_event(&f.log, LOG_INFO, "no", LOG_UINT("n", 1));
    log_finding(&f.log, FINDING_DEBUG, (struct place){.file = "a"}, "no");
    log_event(&f.log, LOG_WARNING, "yes", LOG_UINT("n", 1));
    assert_string_equal(behind_time(end(&f)), "warning yes n=1\n");
}

static void findings_look_like_a_compilers(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, LOG_FORMAT_TEXT);
    const struct place at = {.file = "zones/a b.yaml", .line = 3, .column = 7};
    log_finding(&f.log, FINDING_ERROR, at, "port 'x' is no number");
    log_finding(&f.log, FINDING_WARNING, (struct place){.file = "x\ny"}, "w");
    log_finding(&f.log, FINDING_DEBUG, (struct place){0}, "d\"\\");
    assert_string_equal(end(&f),
                        "zones/a b.yaml:3:7: error: port 'x' is no number\n"
                        "x\\ny: warning: w\n"
                        "debug: d\"\\\n");
}

static void findings_are_fields_in_json(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, LOG_FORMAT_JSON);
    const struct place at = {.file = "a.yaml", .line = 3, .column = 7};
    log_finding(&f.log, FINDING_ERROR, at, "no");
    assert_string_equal(end(&f) + 33,
                        "\",\"level\":\"error\",\"event\":\"finding\","
                        "\"file\":\"a.yaml\",\"line\":3,\"column\":7,"
                        "\"text\":\"no\"}\n");
}

static void a_long_line_is_cut_and_stays_one_line(void **state)
{
    (void)state;
    char *big = malloc(10001);
    assert_non_null(big);
    for (size_t n = 3980; n < 4120; n++) {
        struct fixture f;
        memset(big, '"', n);
        big[n] = '\0';
        begin(&f, n % 2 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT);
        log_event(&f.log, LOG_INFO, "big", LOG_STRING("t", big + n % 3 * 1900),
                  LOG_STRING("u", big + n - 20), LOG_UINT("v", 1));
        const char *line = end(&f);
        const size_t length = strlen(line);
        assert_in_range(length, 60, 4096);
        assert_ptr_equal(strchr(line, '\n'), line + length - 1);
        if (n % 2)
            assert_true(strcmp(line + length - 3, "\"}\n") == 0 ||
                        strcmp(line + length - 3, "1}\n") == 0);
    }
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_a_phrase_and_its_fields),
        cmocka_unit_test(values_are_quoted_where_they_must),
        cmocka_unit_test(json_is_one_object_a_line),
        cmocka_unit_test(what_is_less_severe_is_left_out),
        cmocka_unit_test(findings_look_like_a_compilers),
        cmocka_unit_test(findings_are_fields_in_json),
        cmocka_unit_test(a_long_line_is_cut_and_stays_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
