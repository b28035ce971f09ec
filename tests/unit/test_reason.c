// SPDX-License-Identifier: Apache-2.0
#include "model/reason.h"

#include <ctype.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

// 2026-11-21 10:22:05 UTC: 20778 days and 37325 seconds
enum { SINCE = 20778 * 86400 + 37325 };

static const char *text_of(const struct reason *why)
{
    static char out[REASON_TEXT_MAX + 1];
    const size_t n = reason_text(why, out);

    assert_int_equal(n, strlen(out));
    return out;
}

static const char *mend_of(const struct reason *why)
{
    static char out[REASON_TEXT_MAX + 1];
    const size_t n = reason_mend(why, out);

    assert_int_equal(n, strlen(out));
    return out;
}

// --- filling ---------------------------------------------------------------

static void fields_stand_where_their_names_do(void **state)
{
    (void)state;
    const struct reason outside = {.code = REASON_ORDINAL_OUTSIDE,
                                   .workload = "mongo",
                                   .first = 0,
                                   .last = 4294967295};
    assert_string_equal(text_of(&outside),
                        "StatefulSet mongo has the ordinals 0..4294967295");
    const struct reason elsewhere = {.code = REASON_SERVICE_ELSEWHERE,
                                     .workload = "db",
                                     .service = "peers",
                                     .near = "other"};
    assert_string_equal(text_of(&elsewhere),
                        "StatefulSet db names the service peers, which is in "
                        "namespace other");
}

static void nothing_stands_where_nothing_is_known(void **state)
{
    (void)state;
    const struct reason none = {.code = REASON_NONE};
    assert_string_equal(text_of(&none), "");
    assert_string_equal(mend_of(&none), "");
    const struct reason bare = {.code = REASON_INVALID};
    assert_string_equal(text_of(&bare), "");
    const struct reason empty = {.code = REASON_INVALID, .detail = ""};
    assert_string_equal(text_of(&empty), "");
}

static void brackets_go_when_one_of_their_fields_is_empty(void **state)
{
    (void)state;
    struct reason why = {.code = REASON_POD_NOT_READY};
    assert_string_equal(text_of(&why), "not ready");
    why.detail = "";
    assert_string_equal(text_of(&why), "not ready");
    why.detail = "readiness probe failed";
    assert_string_equal(text_of(&why), "not ready: readiness probe failed");
    why.since_unix_s = SINCE;
    assert_string_equal(text_of(&why),
                        "not ready since 10:22:05Z, 2026-11-21: readiness "
                        "probe failed");
    why.detail = NULL;
    assert_string_equal(text_of(&why), "not ready since 10:22:05Z, 2026-11-21");
}

static void times_are_those_of_utc_in_each_locale(void **state)
{
    (void)state;
    struct reason why = {.code = REASON_POD_TERMINATING, .since_unix_s = 1};
    setenv("TZ", "IST-5:30", 1);
    tzset();
    setlocale(LC_ALL, "");
    assert_string_equal(text_of(&why),
                        "being deleted since 00:00:01Z, 1970-01-01");
    // a leap day; the last second of 32 bits
    why.since_unix_s = 1709251199;
    assert_string_equal(text_of(&why),
                        "being deleted since 23:59:59Z, 2024-02-29");
    why.since_unix_s = UINT32_MAX;
    assert_string_equal(text_of(&why),
                        "being deleted since 06:28:15Z, 2106-02-07");
}

static void a_mend_is_filled_the_same_way(void **state)
{
    (void)state;
    struct reason why = {.code = REASON_SERVICE_MISSING, .service = "db"};
    assert_string_equal(mend_of(&why), "add a headless Service db");
    why.near = "dbs";
    assert_string_equal(
        mend_of(&why), "did you mean dbs? otherwise add a headless Service db");
}

static void a_text_stays_on_its_line(void **state)
{
    (void)state;
    const struct reason why = {.code = REASON_INVALID,
                               .detail = "a\nb\tc\x1b[1m\x7f gr\xc3\xbc\xc3\x9f"
                                         "e {pod} [x]"};
    assert_string_equal(text_of(&why), "a b c [1m  gr\xc3\xbc\xc3\x9f"
                                       "e {pod} [x]");
}

// --- names -----------------------------------------------------------------

static const char *with_names(uint32_t n, uint32_t all,
                              const char *const *names)
{
    const struct reason why = {.code = REASON_TYPE_ABSENT,
                               .names = names,
                               .names_n = n,
                               .names_all = all};
    return text_of(&why);
}

static void names_are_told_as_people_do(void **state)
{
    (void)state;
    const char *const names[] = {"a", "bb", "c"};
    assert_string_equal(with_names(1, 1, names), "the name has a only");
    assert_string_equal(with_names(2, 2, names), "the name has a and bb only");
    assert_string_equal(with_names(3, 3, names),
                        "the name has a, bb and c only");
    assert_string_equal(with_names(3, 10, names),
                        "the name has a, bb, c and 7 more only");
    assert_string_equal(with_names(1, 2, names),
                        "the name has a and 1 more only");
    // who says fewer than there are means those
    assert_string_equal(with_names(2, 0, names), "the name has a and bb only");
}

static void without_names_their_brackets_go(void **state)
{
    (void)state;
    struct reason why = {.code = REASON_SERVICE_UNKNOWN, .namespace = "shop"};
    assert_string_equal(text_of(&why), "namespace shop has no such service");
    const char *const names[] = {"cart", "till"};
    why.names = names;
    why.names_n = why.names_all = 2;
    assert_string_equal(text_of(&why),
                        "namespace shop has no such service; it has cart and "
                        "till");
}

// The text with n names of 10 octets: "n000000000", "n000000001", ...
static const char *with_many(uint32_t n, uint32_t all, const char *namespace)
{
    static char storage[4000][12];
    static const char *names[4000];
    for (uint32_t i = 0; i < n; i++) {
        snprintf(storage[i], sizeof storage[i], "n%09u", i);
        names[i] = storage[i];
    }
    const struct reason why = {.code = REASON_SERVICE_UNKNOWN,
                               .namespace = namespace,
                               .names = names,
                               .names_n = n,
                               .names_all = all};
    return text_of(&why);
}

// n names of 10 octets take 12 n - 2 octets, and 3 more for the last "and"; or
// 12 n - 2, and 11 more for " and 7 more".
static void as_many_names_stand_there_as_fit(void **state)
{
    (void)state;
    enum { REST = sizeof "namespace  has no such service; it has " - 1 };
    assert_int_equal(REST, 39);

    // 13 of 13 take 13 * 12 - 2 + 3 = 157: with a namespace of 4 it is full
    const char *text = with_many(13, 13, "abcd");
    assert_int_equal(strlen(text), 200);
    assert_string_equal(text + 188, "d n000000012");
    // with one of 5 octets they do not fit: 12 of 13 take 153
    text = with_many(13, 13, "abcde");
    assert_int_equal(strlen(text), REST + 5 + 153);
    assert_non_null(strstr(text, ", n000000011 and 1 more"));
    // up to a namespace of 8; from then on 11 of 13
    assert_int_equal(strlen(with_many(13, 13, "abcdefgh")), 200);
    text = with_many(13, 13, "abcdefghi");
    assert_non_null(strstr(text, ", n000000010 and 2 more"));
    assert_int_equal(strlen(text), REST + 9 + 11 * 12 - 2 + 11);
}

static void thousands_of_names_are_counted(void **state)
{
    (void)state;
    const char *text = with_many(4000, 123456, "ab");
    assert_true(strlen(text) <= REASON_TEXT_MAX);
    assert_true(strlen(text) > REASON_TEXT_MAX - 12);
    assert_non_null(strstr(text, " and 123444 more")); // 12 of them fit
}

static void where_no_name_fits_the_brackets_go(void **state)
{
    (void)state;
    char name[190], namespace[64];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memset(namespace, 's', sizeof namespace - 1);
    namespace[sizeof namespace - 1] = '\0';
    const char *const names[] = {name};
    const struct reason why = {.code = REASON_SERVICE_UNKNOWN,
                               .namespace = namespace,
                               .names = names,
                               .names_n = 1,
                               .names_all = 1};
    const char *text = text_of(&why);
    assert_int_equal(strlen(text), 10 + 63 + 20);
    assert_string_equal(text + 10 + 63, " has no such service");
}

static void where_no_name_fits_and_one_must_it_is_cut(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const char *text = with_names(1, 9, (const char *const[]){name});
    assert_int_equal(strlen(text), 200);
    assert_memory_equal(text, "the name has nnn", 16);
    assert_string_equal(text + 196, "n...");
}

// --- what is too long ------------------------------------------------------

static const char *with_detail(const char *detail)
{
    const struct reason why = {.code = REASON_INVALID, .detail = detail};
    return text_of(&why);
}

static void a_text_is_cut_only_when_it_is_too_long(void **state)
{
    (void)state;
    char detail[400];
    memset(detail, 'x', sizeof detail);
    detail[200] = '\0';
    assert_string_equal(with_detail(detail), detail);
    detail[200] = 'x';
    detail[201] = '\0';
    const char *text = with_detail(detail);
    assert_int_equal(strlen(text), 200);
    assert_string_equal(text + 196, "x...");
    detail[201] = 'x';
    detail[399] = '\0';
    assert_int_equal(strlen(with_detail(detail)), 200);
}

// A character of n octets, of which `before` stand before octet 197.
static void expect_cut(const char *character, size_t before)
{
    char detail[400];
    const size_t at = 197 - before, n = strlen(character);
    memset(detail, 'x', sizeof detail);
    memcpy(detail + at, character, n);
    detail[399] = '\0';

    const char *text = with_detail(detail);
    const size_t whole = before == n ? at + n : at;
    assert_int_equal(strlen(text), whole + 3);
    assert_memory_equal(text, detail, whole);
    assert_string_equal(text + whole, "...");
}

static void a_cut_splits_no_character(void **state)
{
    (void)state;
    for (size_t before = 0; before <= 2; before++)
        expect_cut("\xc3\xbc", before);
    for (size_t before = 0; before <= 3; before++)
        expect_cut("\xe2\x82\xac", before);
    for (size_t before = 0; before <= 4; before++)
        expect_cut("\xf0\x9f\x90\xa2", before);
}

static void long_texts_have_room_for_the_longest_names(void **state)
{
    (void)state;
    char detail[700], out[REASON_LONG_MAX + 1];
    const struct reason why = {.code = REASON_INVALID, .detail = detail};
    memset(detail, 'x', sizeof detail);
    detail[REASON_LONG_MAX] = '\0';
    assert_int_equal(reason_text_long(&why, out), REASON_LONG_MAX);
    assert_string_equal(out, detail);
    detail[REASON_LONG_MAX] = 'x';
    detail[REASON_LONG_MAX + 1] = '\0';
    assert_int_equal(reason_text_long(&why, out), REASON_LONG_MAX);
    assert_string_equal(out + REASON_LONG_MAX - 4, "x...");
    const struct reason missing = {.code = REASON_SERVICE_MISSING,
                                   .service = "db"};
    assert_int_equal(reason_mend_long(&missing, out),
                     strlen(mend_of(&missing)));
    assert_string_equal(out, mend_of(&missing));
}

// --- the table -------------------------------------------------------------

// Where a row is wrong it is named, all of them in one run.
static void blame(bool *failed, enum reason_code code, const char *what)
{
    print_error("reason '%s': %s\n", reason_kind(code)->id, what);
    *failed = true;
}

static bool is_kebab(const char *id)
{
    const size_t n = strlen(id);
    if (!islower((unsigned char)*id) || id[n - 1] == '-' || strstr(id, "--"))
        return false;
    return strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static void ids_are_in_kebab_case_and_find_their_code(void **state)
{
    (void)state;
    bool failed = false;
    for (enum reason_code code = 1; code < REASONS; code++) {
        if (!is_kebab(reason_kind(code)->id))
            blame(&failed, code, "the id is not in kebab-case");
        if (reason_find(reason_kind(code)->id) != code)
            blame(&failed, code, "the id is that of another row");
    }
    assert_false(failed);
    assert_int_equal(reason_find("no-such-reason"), REASON_NONE);
    assert_int_equal(reason_find(""), REASON_NONE);
}

static void the_row_of_no_reason_is_empty(void **state)
{
    (void)state;
    const struct reason_kind *none = reason_kind(REASON_NONE);
    assert_string_equal(none->id, "");
    assert_string_equal(none->text, "");
    assert_string_equal(none->mend, "");
    assert_string_equal(none->help, "");
    assert_int_equal(none->ede, REASON_NO_EDE);
}

// RFC 8914 4, those that a server without DNSSEC and cache has a use for, 22
// and 23 where it asks another; who answers has one, who only checks has none
static void numbers_are_those_of_the_rfc(void **state)
{
    (void)state;
    bool failed = false;
    for (enum reason_code code = 1; code < REASONS; code++) {
        const struct reason_kind *k = reason_kind(code);
        const bool is_upstream = strncmp(k->id, "upstream-", 9) == 0;
        const bool is_reach = k->ede == 22 || k->ede == 23;
        if (is_upstream != is_reach)
            blame(&failed, code, "upstreams have 22 or 23, and nobody else");
        if (k->ede != 0 && k->ede != 14 && k->ede != 20 && k->ede != 21 &&
            !is_reach && k->ede != REASON_NO_EDE)
            blame(&failed, code,
                  "the EDE number is none of 0, 14, 20, 21, 22, 23");
        if (k->level > REASON_ERROR)
            blame(&failed, code, "the level is none");
        if (k->level == REASON_ANSWER && k->ede == REASON_NO_EDE)
            blame(&failed, code, "neither answers nor check have it");
    }
    assert_false(failed);
}

static bool is_field(const char *at, size_t n)
{
    static const char *const names[] = {
        "since", "first", "last",   "namespace", "service", "kind",
        "near",  "pod",   "detail", "workload",  "names"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == n && memcmp(names[i], at, n) == 0)
            return true;
    return false;
}

static const char *template_fault(const char *text)
{
    bool inside = false, left = *text == '\0';
    unsigned lists = 0;
    for (const char *at = text; *at; at++) {
        const size_t n = strcspn(at + 1, "}");
        if ((unsigned char)*at < ' ')
            return "a control character";
        if ((*at == '[') == inside && (*at == '[' || *at == ']'))
            return "brackets in brackets";
        if (*at == ']' && !inside)
            return "a bracket that was not opened";
        left |= !inside && *at != '[' && *at != ']';
        if (*at == '[' || *at == ']')
            inside = *at == '[';
        if (*at == '}')
            return "a brace that was not opened";
        if (*at != '{')
            continue;
        if (!is_field(at + 1, n) || at[1 + n] != '}')
            return "a field that there is not";
        if (inside && strncmp(at, "{first}", 7) == 0)
            return "{first} may be 0 and stands in brackets";
        if (strncmp(at, "{names}", 7) == 0 && ++lists > 1)
            return "{names} stands there twice";
        at += n + 1;
    }
    if (!left)
        return "nothing that stands whatever is known";
    return inside ? "a bracket that is not closed" : NULL;
}

static void templates_are_well_formed(void **state)
{
    (void)state;
    bool failed = false;
    for (enum reason_code code = 1; code < REASONS; code++) {
        const struct reason_kind *k = reason_kind(code);
        const char *fault = template_fault(k->text);
        if (fault)
            blame(&failed, code, fault);
        fault = template_fault(k->mend);
        if (fault)
            blame(&failed, code, fault);
    }
    assert_false(failed);
}

static void the_judge_of_templates_sees_each_fault(void **state)
{
    (void)state;
    assert_null(template_fault("a {pod}[ b {since}: {detail}][ c {names}]"));
    static const char *const bad[] = {
        "a [b",           "a b]",      "[a [b]]", "[a]]",
        "{pots}",         "{pod",      "a } b",   "{}",
        "[{pod]",         "[{first}]", "{pod }",  "a\nb c",
        "{names}{names}", "[[a]",      "a{",      "[{pod} a][{near} b]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!template_fault(bad[i]))
            fail_msg("'%s' passed", bad[i]);
}

static const char *style_fault(const char *text, bool may_ask)
{
    const size_t n = strlen(text);
    if (text[n - 1] == '.')
        return "a full stop at the end";
    if (!may_ask && strchr("!?:;,", text[n - 1]))
        return "a mark at the end";
    if (*text == ' ' || text[n - 1] == ' ')
        return "a space at the end or beginning";
    // a name or a word of Kubernetes may be first
    static const char *const words[] = {
        "StatefulSet", "Kubernetes", "ClusterIP",     "ExternalName",
        "Deployment",  "SRV",        "EndpointSlice", "DNS"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(text, words[i], strlen(words[i])) == 0)
            return NULL;
    return isupper((unsigned char)*text) ? "a capital letter first" : NULL;
}

static void texts_read_as_one_clause(void **state)
{
    (void)state;
    bool failed = false;
    for (enum reason_code code = 1; code < REASONS; code++) {
        const struct reason_kind *k = reason_kind(code);
        if (*k->text == '\0') {
            blame(&failed, code, "no text");
            continue;
        }
        const char *fault = style_fault(k->text, false);
        if (fault)
            blame(&failed, code, fault);
        fault = *k->mend ? style_fault(k->mend, true) : NULL;
        if (fault)
            blame(&failed, code, fault);
    }
    assert_false(failed);
}

// A reason all of whose texts have n octets.
static struct reason long_fields(enum reason_code code, size_t n)
{
    static char word[64];
    static const char *names[20];
    memset(word, 'w', n);
    word[n] = '\0';
    for (size_t i = 0; i < 20; i++)
        names[i] = word;
    return (struct reason){.code = code,
                           .since_unix_s = SINCE,
                           .first = 1999999999,
                           .last = 2000000000,
                           .namespace = word,
                           .service = word,
                           .kind = "StatefulSet",
                           .workload = word,
                           .pod = word,
                           .detail = word,
                           .near = word,
                           .names = names,
                           .names_n = 20,
                           .names_all = 1000000};
}

// With names of 63 octets a text may be cut, with 32 octets it is not.
static void long_names_fit(void **state)
{
    (void)state;
    bool failed = false;
    for (enum reason_code code = 1; code < REASONS; code++) {
        struct reason why = long_fields(code, 63);
        if (strlen(text_of(&why)) > REASON_TEXT_MAX ||
            strlen(mend_of(&why)) > REASON_TEXT_MAX)
            blame(&failed, code, "too long");
        why = long_fields(code, 32);
        if (strstr(text_of(&why), "..."))
            blame(&failed, code, "the text is too long for names of 32 octets");
        if (strstr(mend_of(&why), "..."))
            blame(&failed, code, "the mend is too long for names of 32 octets");
    }
    assert_false(failed);
}

// What an answer says is looked up at night: neither a hint nor a chapter.
static bool is_page(unsigned lines, bool answered)
{
    return answered ? lines >= 3 && lines <= 9 : lines <= 12;
}

static const char *help_fault(const char *help, bool answered)
{
    if (*help == '\0')
        return "no help";
    unsigned lines = 1;
    for (const char *at = help;; lines++) {
        const size_t n = strcspn(at, "\n");
        if (n > 79)
            return "a line of the help is longer than 79 columns";
        if (n && at[n - 1] == ' ')
            return "a line of the help ends with a space";
        if (at[n] == '\0')
            break;
        at += n + 1;
        if (*at == '\0')
            return "the help ends with a line feed";
    }
    return is_page(lines, answered) ? NULL : "the help is no few lines";
}

static void each_row_has_a_help(void **state)
{
    (void)state;
    bool failed = false;
    for (enum reason_code code = 1; code < REASONS; code++) {
        const struct reason_kind *k = reason_kind(code);
        const char *fault = help_fault(k->help, k->ede != REASON_NO_EDE);
        if (fault)
            blame(&failed, code, fault);
    }
    assert_false(failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_stand_where_their_names_do),
        cmocka_unit_test(nothing_stands_where_nothing_is_known),
        cmocka_unit_test(brackets_go_when_one_of_their_fields_is_empty),
        cmocka_unit_test(times_are_those_of_utc_in_each_locale),
        cmocka_unit_test(a_mend_is_filled_the_same_way),
        cmocka_unit_test(a_text_stays_on_its_line),
        cmocka_unit_test(names_are_told_as_people_do),
        cmocka_unit_test(without_names_their_brackets_go),
        cmocka_unit_test(as_many_names_stand_there_as_fit),
        cmocka_unit_test(thousands_of_names_are_counted),
        cmocka_unit_test(where_no_name_fits_the_brackets_go),
        cmocka_unit_test(where_no_name_fits_and_one_must_it_is_cut),
        cmocka_unit_test(a_text_is_cut_only_when_it_is_too_long),
        cmocka_unit_test(a_cut_splits_no_character),
        cmocka_unit_test(long_texts_have_room_for_the_longest_names),
        cmocka_unit_test(ids_are_in_kebab_case_and_find_their_code),
        cmocka_unit_test(the_row_of_no_reason_is_empty),
        cmocka_unit_test(numbers_are_those_of_the_rfc),
        cmocka_unit_test(the_judge_of_templates_sees_each_fault),
        cmocka_unit_test(templates_are_well_formed),
        cmocka_unit_test(texts_read_as_one_clause),
        cmocka_unit_test(long_names_fit),
        cmocka_unit_test(each_row_has_a_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
