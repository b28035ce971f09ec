// SPDX-License-Identifier: Apache-2.0
// Label selectors, as the documentation of Kubernetes ("Labels and Selectors")
// and labels.Parse() of k8s.io/apimachinery have them.
#include "lib/fault.h"
#include "model/selector.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// 63 and 64 characters.
#define TEXT_21 "abcdefghijklmnopqrstu"
#define TEXT_63 TEXT_21 TEXT_21 TEXT_21
#define TEXT_64 TEXT_63 "v"
// 253 and 254 characters, of four labels.
#define TEXT_253                                                               \
    TEXT_63 "." TEXT_63 "." TEXT_63 "." TEXT_21 TEXT_21 "abcdefghijklmnopqrs"
#define TEXT_254 TEXT_253 "t"

enum { LABELS_MAX = 8 };

// Labels as "a=b c= d=e".
static struct labels labels_of(char *text, struct label items[LABELS_MAX])
{
    struct labels labels = {.items = items};

    for (char *at = strtok(text, " "); at; at = strtok(NULL, " ")) {
        char *equal = strchr(at, '=');
        assert_true(equal && labels.n < LABELS_MAX);
        *equal = '\0';
        items[labels.n++] = (struct label){.key = at, .value = equal + 1};
    }
    return labels;
}

static int parse(const char *text, struct arena *arena,
                 const struct selector **s, struct error *err)
{
    arena_init(arena, 1 << 20);
    return selector_parse(text, arena, s, err);
}

static bool matches(const char *selector, const char *labels)
{
    struct label items[LABELS_MAX];
    const struct selector *s = NULL;
    struct arena arena;
    struct error err = {""};
    char text[256];

    snprintf(text, sizeof text, "%s", labels);
    if (parse(selector, &arena, &s, &err))
        fail_msg("'%s': %s", selector, err.text);
    const bool r = selector_matches(s, labels_of(text, items));
    arena_release(&arena);
    return r;
}

struct row {
    const char *selector;
    const char *match;   // labels that it matches, NULL: none are tried
    const char *nothing; // labels that it does not match
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        if (r->match && !matches(r->selector, r->match))
            fail_msg("'%s' does not match '%s'", r->selector, r->match);
        if (r->nothing && matches(r->selector, r->nothing))
            fail_msg("'%s' matches '%s'", r->selector, r->nothing);
    }
}

// --- what matches ----------------------------------------------------------

static void each_operator_matches_what_kubernetes_says(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a=b", "a=b", "a=c"},
        {"a=b", "x=y a=b", "b=a"},
        {"a=b", NULL, ""},
        {"a=b", NULL, "a=B"}, // letters of both cases differ
        {"a=b", NULL, "A=b"},
        {"a==b", "a=b", "a=bb"},
        {"a==b", NULL, ""},
        {"a!=b", "a=c", "a=b"},
        {"a!=b", "", NULL}, // absent: not that value
        {"a in (b,c)", "a=b", "a=d"},
        {"a in (b,c)", "a=c", ""},
        {"a in (b)", "a=b", "a=c"},
        {"a notin (b,c)", "a=d", "a=b"},
        {"a notin (b,c)", "", "a=c"},
        {"a", "a=", ""},
        {"a", "a=b", "b=a"},
        {"!a", "", "a="},
        {"!a", "b=a", "a=b"},
    };
    check_rows(rows, ORD_COUNT(rows));
}

static void all_requirements_have_to_hold(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a=b,c=d", "a=b c=d", "a=b"},
        {"a=b,c=d", "c=d a=b x=y", "c=d"},
        {"a=b,a!=b", NULL, "a=b"},
        {"a,!a", NULL, "a=b"},
        {"a,!a", NULL, ""},
        {"a=b,a=c", NULL, "a=b"},
        {"app=db,tier!=cache,env in (prod,test),canary,!old",
         "app=db env=test canary=", "app=db env=test canary= old=1"},
        {"app=db,tier!=cache,env in (prod,test),canary,!old", NULL,
         "app=db env=test canary= tier=cache"},
        {"app=db,tier!=cache,env in (prod,test),canary,!old", NULL,
         "app=db env=dev canary="},
        {"app=db,tier!=cache,env in (prod,test),canary,!old", NULL,
         "app=db env=prod"},
    };
    check_rows(rows, ORD_COUNT(rows));
}

static void an_empty_text_matches_everything(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "", NULL},
        {"", "a=b", NULL},
        {" \t\r\n", "", NULL},
        {" \t\r\n", "a=b", NULL},
    };
    check_rows(rows, ORD_COUNT(rows));
}

static void a_value_that_is_left_out_is_the_empty_one(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a=", "a=", "a=b"},
        {"a=", NULL, ""},
        {"a==", "a=", "a=b"},
        {"a!=", "a=b", "a="},
        {"a!=", "", NULL},
        {"a=,b=c", "a= b=c", "a=x b=c"},
        {"a= , b=c", "a= b=c", "a=x b=c"},
        {"a in ()", "a=", "a=b"},
        {"a in ( )", "a=", ""},
        {"a in (,)", "a=", "a=b"},
        {"a in (b,)", "a=", "a=c"},
        {"a in (b,)", "a=b", ""},
        {"a in (,b)", "a=", "a=c"},
        {"a in (,b)", "a=b", ""},
        {"a in (b,,c)", "a=", "a=d"},
        {"a in (b,,c)", "a=b", ""},
        {"a in (b,,c)", "a=c", NULL},
        {"a in (b , , c)", "a=", "a=d"},
        {"a in (b,c)", NULL, "a="},
        {"a notin ()", "a=b", "a="},
        {"a notin ()", "", NULL},
        {"a notin (b,)", "a=c", "a="},
    };
    check_rows(rows, ORD_COUNT(rows));
}

static void blanks_may_stand_between_all_words_and_symbols(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {" a = b ", "a=b", "a=c"},
        {"a\t==\tb", "a=b", "a=c"},
        {"a != b", "a=c", "a=b"},
        {"a\r\n=\nb", "a=b", "a=c"},
        {" ! a ", "", "a=b"},
        {"a ,\n b", "a= b=", "a="},
        {"a in(b)", "a=b", "a=c"},
        {"a notin(b)", "a=c", "a=b"},
        {"a  in  (  b  ,  c  )  ,  d", "a=c d=", "a=d d="},
    };
    check_rows(rows, ORD_COUNT(rows));
}

static void in_and_notin_are_words_where_no_operator_stands(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"in", "in=", "a="},
        {"notin", "notin=", "a="},
        {"!in", "", "in="},
        {"in=notin", "in=notin", "in=in"},
        {"in in (in,notin)", "in=notin", "in=a"},
        {"notin notin (in)", "notin=a", "notin=in"},
        {"a=in", "a=in", "a=b"},
        {"IN", "IN=", "in="},
    };
    check_rows(rows, ORD_COUNT(rows));
}

static void keys_and_values_have_the_characters_of_kubernetes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"app.kubernetes.io/name=db", "app.kubernetes.io/name=db", "name=db"},
        {"example.com/A-b_c.9=Z-y_x.0", "example.com/A-b_c.9=Z-y_x.0", ""},
        {"a-b.0/x", "a-b.0/x=", "x="},
        {"0=1", "0=1", "0=2"},
        {"a=b-_.c", "a=b-_.c", "a=b"},
        {TEXT_63 "=" TEXT_63, TEXT_63 "=" TEXT_63, "a=b"},
        {"a in (" TEXT_63 ")", "a=" TEXT_63, "a=b"},
    };
    check_rows(rows, ORD_COUNT(rows));

    struct arena arena;
    struct error err = {""};
    const struct selector *s = NULL;
    const struct label label = {TEXT_253 "/" TEXT_63, "b"};
    assert_int_equal(parse(TEXT_253 "/" TEXT_63 "=b", &arena, &s, &err), 0);
    assert_true(selector_matches(s, (struct labels){&label, 1}));
    arena_release(&arena);
}

static void a_selector_outlives_its_text(void **state)
{
    (void)state;
    char text[] = "a in (b,c),!d";
    struct arena arena;
    struct error err = {""};
    const struct selector *s = NULL;
    const struct label labels[] = {{"a", "c"}, {"d", ""}};

    assert_int_equal(parse(text, &arena, &s, &err), 0);
    memset(text, 'x', sizeof text - 1);
    assert_true(selector_matches(s, (struct labels){labels, 1}));
    assert_false(selector_matches(s, (struct labels){labels, 2}));
    arena_release(&arena);
}

// --- what is refused -------------------------------------------------------

struct refusal {
    const char *selector;
    const char *says; // from its beginning
};

#define NOT_IN_KEY   "a label key has letters, digits, '-', '_' and '.', not "
#define NOT_IN_VALUE "a label value has letters, digits, '-', '_' and '.', not "
#define OPERATOR     "'=', '!=', 'in', 'notin' or ',' belongs here, not "
#define PREFIX                                                                 \
    "the prefix of a label key is a DNS name in lower case, as in "            \
    "'example.com/app': "

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        // a key is missing
        {"=b", "character 1: a label key belongs here, as in 'app=db' or "
               "'!app', not '='"},
        {"a=b,", "character 5: a label key belongs here, as in 'app=db' or "
                 "'!app', not the end"},
        {"a, ,b", "character 4: a label key belongs here"},
        {",a", "character 1: a label key belongs here"},
        {"!", "character 2: a label key belongs here"},
        {"!!a", "character 2: a label key belongs here"},
        {"!=a", "character 1: a label key belongs here"},
        {"(a)", "character 1: a label key belongs here"},
        {"  )", "character 3: a label key belongs here"},
        // an operator is missing
        {"a b", "character 3: " OPERATOR "'b'"},
        {"a (b)", "character 3: " OPERATOR "'('"},
        {"a ! b", "character 3: " OPERATOR "'!'"},
        {"a ! =b", "character 3: " OPERATOR "'!'"},
        {"a In (b)", "character 3: " OPERATOR "'In'"},
        {"a notIn (b)", "character 3: " OPERATOR "'notIn'"},
        {"a)", "character 2: " OPERATOR "')'"},
        {"a>1", "character 2: a label selector compares no numbers; '=', "
                "'!=', 'in' or 'notin' belongs here, not '>'"},
        {"a < 1", "character 3: a label selector compares no numbers"},
        // a value is missing, or one too many
        {"a=(b)", "character 3: a label value belongs here, not '('"},
        {"a===b", "character 4: a label value belongs here, not '='"},
        {"a==!b", "character 4: a label value belongs here, not '!'"},
        {"a!==b", "character 4: a label value belongs here, not '='"},
        {"a=>b", "character 3: a label value belongs here, not '>'"},
        {"a=b c", "character 5: ',' or the end belongs here, not 'c'"},
        {"a=b=c", "character 4: ',' or the end belongs here, not '='"},
        {"!a=b", "character 3: ',' or the end belongs here, not '='"},
        {"!a in (b)", "character 4: ',' or the end belongs here, not 'in'"},
        {"a in (b) c", "character 10: ',' or the end belongs here, not 'c'"},
        {"a in (b))", "character 9: ',' or the end belongs here, not ')'"},
        // sets
        {"a in", "character 5: '(' belongs here, as in 'app in (a,b)', not "
                 "the end"},
        {"a in b", "character 6: '(' belongs here"},
        {"a notin,b", "character 8: '(' belongs here"},
        {"a in (", "character 7: ',' or ')' belongs here, not the end"},
        {"a in (b", "character 8: ',' or ')' belongs here, not the end"},
        {"a in (b c)", "character 9: ',' or ')' belongs here, not 'c'"},
        {"a in (b=c)", "character 8: ',' or ')' belongs here, not '='"},
        {"a in (!b)", "character 7: ',' or ')' belongs here, not '!'"},
        {"a in ((b))", "character 7: ',' or ')' belongs here, not '('"},
        // keys
        {"-a", "character 1: a label key begins and ends with a letter or "
               "digit, not '-'"},
        {"a,b.=c", "character 4: a label key begins and ends with"},
        {"_", "character 1: a label key begins and ends with"},
        {"a:b", "character 2: " NOT_IN_KEY "':'"},
        {"a\x01", "character 2: " NOT_IN_KEY "'?'"},
        {"a/b/c", "character 4: " NOT_IN_KEY "'/'"},
        {"\xc3\xa4=b", "character 1: " NOT_IN_KEY "'\xc3\xa4'"},
        {TEXT_64, "character 64: a label key has at most 63 characters"},
        {"a/" TEXT_64, "character 66: a label key has at most 63 characters"},
        {"/a", "character 1: a prefix belongs before '/', as in "
               "'example.com/app'"},
        {"a/", "character 3: a name belongs behind '/', as in "
               "'example.com/app'"},
        {"a/ =b", "character 3: a name belongs behind '/'"},
        {"A/b", "character 1: " PREFIX "'A' does not fit"},
        {"a_b/c", "character 2: " PREFIX "'_' does not fit"},
        {"a..b/c", "character 3: " PREFIX "'.' does not fit"},
        {".a/c", "character 1: " PREFIX "'.' does not fit"},
        {"a./c", "character 2: " PREFIX "'.' does not fit"},
        {"-a/c", "character 1: " PREFIX "'-' does not fit"},
        {"a-/c", "character 2: " PREFIX "'-' does not fit"},
        {"a.-b/c", "character 3: " PREFIX "'-' does not fit"},
        {"a-.b/c", "character 2: " PREFIX "'-' does not fit"},
        {TEXT_254 "/a",
         "character 254: the prefix of a label key has at most 253"},
        // values
        {"a=-b", "character 3: a label value begins and ends with a letter or "
                 "digit, not '-'"},
        {"a=b_", "character 4: a label value begins and ends with"},
        {"a=b/c", "character 4: " NOT_IN_VALUE "'/'"},
        {"a in (b,c*)", "character 10: " NOT_IN_VALUE "'*'"},
        {"a='b'", "character 3: " NOT_IN_VALUE "'''"},
        {"a=" TEXT_64, "character 66: a label value has at most 63 characters"},
        {"a=\xf0\x9f\x98\x80",
         "character 3: " NOT_IN_VALUE "'\xf0\x9f\x98\x80'"},
        // one character each, whatever its octets are
        {"a in (b) \xc3\xa4\xc3\xb6 c",
         "character 10: ',' or the end belongs here, not '\xc3\xa4\xc3\xb6'"},
        // no more of it than fits on a line
        {"a " TEXT_63,
         "character 3: " OPERATOR "'" TEXT_21 "abcdefghijklmnopqrs...'"},
    };
    for (size_t i = 0; i < ORD_COUNT(refusals); i++) {
        const struct refusal *r = &refusals[i];
        struct selector *const untouched = (struct selector *)&refusals;
        const struct selector *s = untouched;
        struct error err = {""};
        struct arena arena;
        if (parse(r->selector, &arena, &s, &err) != -EINVAL)
            fail_msg("'%s' is taken", r->selector);
        if (strncmp(err.text, r->says, strlen(r->says)) != 0)
            fail_msg("'%s': %s", r->selector, err.text);
        assert_ptr_equal(s, untouched);
        arena_release(&arena);
    }
}

static void a_quoted_piece_ends_with_a_whole_character(void **state)
{
    (void)state;
    char text[128] = "a ";
    struct error err = {""};
    const struct selector *s = NULL;
    struct arena arena;

    // 39 octets and half of a character would be 40.
    memset(text + 2, 'x', 39);
    strcpy(text + 41, "\xc3\xa4\xc3\xa4\xc3\xa4");
    assert_int_equal(parse(text, &arena, &s, &err), -EINVAL);
    assert_non_null(strstr(err.text, "xxx...'"));
    arena_release(&arena);
}

// --- memory ----------------------------------------------------------------

static void without_memory_there_is_no_selector(void **state)
{
    (void)state;
    const char *text = "app=db,env in (prod,test,),!old";

    // by malloc
    struct arena arena;
    const struct selector *s = NULL;
    struct error err = {""};
    fault_alloc_after(1);
    const int r = parse(text, &arena, &s, &err);
    fault_alloc_after(-1);
    assert_int_equal(r, -ENOMEM);
    assert_null(s);
    arena_release(&arena);

    // by the budget, at each of its allocations
    size_t budget = 0;
    int taken = -ENOMEM;
    for (; taken; budget++) {
        s = NULL;
        arena_init(&arena, budget);
        taken = selector_parse(text, &arena, &s, &err);
        assert_true(taken == 0 || taken == -ENOMEM);
        assert_true((taken == 0) == (s != NULL));
        arena_release(&arena);
    }
    assert_in_range(budget, 64, 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operator_matches_what_kubernetes_says),
        cmocka_unit_test(all_requirements_have_to_hold),
        cmocka_unit_test(an_empty_text_matches_everything),
        cmocka_unit_test(a_value_that_is_left_out_is_the_empty_one),
        cmocka_unit_test(blanks_may_stand_between_all_words_and_symbols),
        cmocka_unit_test(in_and_notin_are_words_where_no_operator_stands),
        cmocka_unit_test(keys_and_values_have_the_characters_of_kubernetes),
        cmocka_unit_test(a_selector_outlives_its_text),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(a_quoted_piece_ends_with_a_whole_character),
        cmocka_unit_test(without_memory_there_is_no_selector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
