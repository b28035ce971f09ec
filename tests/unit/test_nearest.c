// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *nearest_among(const char *wanted, const char *const *words)
{
    struct nearest n = nearest_of(wanted);
    for (; *words; words++)
        nearest_offer(&n, *words);
    return n.word ? n.word : "";
}

static void a_slip_leads_to_the_word_that_was_meant(void **state)
{
    (void)state;
    const char *const words[] = {"listen", "ttl", "threads", "negative-ttl",
                                 NULL};
    assert_string_equal(nearest_among("lisen", words), "listen");   // missing
    assert_string_equal(nearest_among("listten", words), "listen"); // too much
    assert_string_equal(nearest_among("lixten", words), "listen");  // wrong
    assert_string_equal(nearest_among("tlt", words), "ttl");        // swapped
    assert_string_equal(nearest_among("negativ-tl", words), "negative-ttl");
    assert_string_equal(nearest_among("listen", words), "listen");
}

static void a_stranger_leads_nowhere(void **state)
{
    (void)state;
    const char *const words[] = {"listen", "ttl", NULL};
    assert_string_equal(nearest_among("frobnicate", words), "");
    assert_string_equal(nearest_among("", words), "");
    assert_string_equal(nearest_among("xxl", words), "");
}

static void a_very_long_word_is_never_near(void **state)
{
    (void)state;
    char word[70];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    const char *const words[] = {word, NULL};
    assert_string_equal(nearest_among(word, words), "");
    word[64] = '\0';
    assert_string_equal(nearest_among(word, words), word);
}

static void of_equally_near_words_the_first_by_name_is_taken(void **state)
{
    (void)state;
    const char *const words[] = {"web-c", "web-a", "web-b", NULL};
    assert_string_equal(nearest_among("web-x", words), "web-a");
    const char *const nearer[] = {"web-a", "web-xy", "web-xx", "web-b", NULL};
    assert_string_equal(nearest_among("web-xz", nearer), "web-xx");
    const char *const far[] = {"za", "yb", NULL};
    assert_string_equal(nearest_among("xx", far), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_leads_to_the_word_that_was_meant),
        cmocka_unit_test(a_stranger_leads_nowhere),
        cmocka_unit_test(a_very_long_word_is_never_near),
        cmocka_unit_test(of_equally_near_words_the_first_by_name_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
