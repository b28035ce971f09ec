// SPDX-License-Identifier: Apache-2.0
// Durations as Go's time.ParseDuration() takes them.
#include "base/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void what_go_takes_is_read(void **state)
{
    static const struct {
        const char *text;
        uint32_t ms;
    } good[] = {
        {"0", 0},
        {"0s", 0},
        {"500ms", 500},
        {"10s", 10000},
        {"1m30s", 90000},
        {"1.5s", 1500},
        {".5s", 500},
        {"24h", 86400000},
        {"1h0m0.001s", 3600001},
        {"999us", 0},
        {"1000us", 1},
        {"1500000ns", 1},
        {"0.0000001h", 0},
        {"2s2s", 4000},
        // as many digits as there are
        {"5000000000ns", 5000},
        {"86400000000000ns", 86400000},
        {"1000000000us", 1000000},
        {"00000000000000000000001s", 1000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint32_t ms = 7;
        if (!duration_parse(good[i].text, &ms) || ms != good[i].ms)
            fail_msg("%s: %u", good[i].text, ms);
    }
}

static void other_texts_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "1",
        "-1s",
        "+1s",
        "1 s",
        " 1s",
        "1s ",
        "s",
        "ms",
        ".s",
        "1d",
        "1S",
        "0x1s",
        "24h1ms",
        "1e3s",
        "25h",
        "99999999999999999999s",
        "86400000000001ns",
        "99999999999999999999ns",
        "1sm",
        "1..5s",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t ms = 7;
        if (duration_parse(bad[i], &ms) || ms != 7)
            fail_msg("'%s' was taken: %u", bad[i], ms);
    }
}

static void what_is_written_is_short_and_read_again(void **state)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } known[] = {
        {0, "0s"},           {1, "1ms"},        {999, "999ms"},
        {1000, "1s"},        {1500, "1.5s"},    {1050, "1.05s"},
        {1005, "1.005s"},    {60000, "1m0s"},   {90000, "1m30s"},
        {3600000, "1h0m0s"}, {100000, "1m40s"}, {86400000, "24h0m0s"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char text[DURATION_TEXT_SIZE];
        uint32_t ms;
        assert_string_equal(duration_format(known[i].ms, text), known[i].text);
        assert_true(duration_parse(text, &ms));
        assert_int_equal(ms, known[i].ms);
    }
    // far beyond what is read: still a text
    char text[DURATION_TEXT_SIZE];
    assert_non_null(duration_format(UINT64_MAX, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_go_takes_is_read),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(what_is_written_is_short_and_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
