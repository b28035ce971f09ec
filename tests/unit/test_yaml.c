// SPDX-License-Identifier: Apache-2.0
// What is read is written down again, a document or a finding a line, and
// compared with what it should be.
#include "doc/doc.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct record {
    char text[8192];
    size_t n;
    bool places;  // say where each node stands
    size_t nodes; // in the documents, each time they are reached
    int documents;
};

static void put(struct record *r, const char *format, ...) ORD_PRINTF(2, 3);

static void put(struct record *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int m =
        vsnprintf(r->text + r->n, sizeof r->text - r->n, format, arguments);
    va_end(arguments);
    r->n += (size_t)m;
    if (r->n >= sizeof r->text)
        r->n = sizeof r->text - 1;
}

static void put_node(struct record *r, const struct doc_node *node)
{
    r->nodes++;
    if (node->kind == DOC_SCALAR) {
        assert_int_equal(node->n, strlen(node->text));
        put(r, doc_type_of(node) == DOC_STRING ? "\"%s\"" : "%s", node->text);
    } else {
        put(r, node->kind == DOC_MAP ? "{" : "[");
        for (uint32_t i = 0; i < node->n; i++) {
            put(r, i ? ", " : "");
            if (node->kind == DOC_MAP)
                put(r, "%s: ", node->pairs[i].key->text);
            put_node(r, node->kind == DOC_MAP ? node->pairs[i].value
                                              : node->items[i]);
        }
        put(r, node->kind == DOC_MAP ? "}" : "]");
    }
    if (r->places)
        put(r, "@%u:%u", node->line, node->column);
}

static void on_document(void *context, const struct doc_node *root)
{
    struct record *r = context;
    r->documents++;
    put_node(r, root);
    put(r, "\n");
}

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    assert_int_equal(kind, FINDING_ERROR);
    assert_string_equal(at.file, "f.yaml");
    assert_true(strlen(text) > 10);
    put(context, "%u:%u: %s\n", at.line, at.column, text);
}

static int read_limited(struct record *r, const void *p, size_t n,
                        const struct doc_limits *limits)
{
    // A copy of its own size: the sanitizer sees who reads on.
    uint8_t *text = malloc(n ? n : 1);
    assert_non_null(text);
    memcpy(text, p, n);
    const struct report report = {.finding = on_finding, .context = r};
    const int rc = doc_yaml_read("f.yaml", span_of(text, n), limits,
                                 on_document, r, &report);
    free(text);
    return rc;
}

static void assert_octets(const void *p, size_t n, const char *expected)
{
    struct record r = {.n = 0};
    const struct doc_limits limits = doc_limits_default();
    assert_int_equal(read_limited(&r, p, n, &limits), 0);
    assert_string_equal(r.text, expected);
}

static void assert_reads(const char *text, const char *expected)
{
    assert_octets(text, strlen(text), expected);
}

// Expected are documents, and of findings as much as `expected` has of a line.
static void assert_refuses(const char *text, int refused, const char *expected)
{
    struct record r = {.n = 0};
    const struct doc_limits limits = doc_limits_default();
    assert_int_equal(read_limited(&r, text, strlen(text), &limits), refused);
    const char *got = r.text;
    while (*expected) {
        const size_t n = strcspn(expected, "\n");
        const char *end = got + strcspn(got, "\n");
        if (memmem(got, (size_t)(end - got), expected, n) != got)
            fail_msg("expected '%s' in\n%s", expected, r.text);
        expected += n + (expected[n] == '\n');
        got = end + (*end == '\n');
    }
    assert_string_equal(got, "");
}

static void several_documents_come_in_their_order(void **state)
{
    (void)state;
    assert_reads(
        "a: 1\n---\nb: [x, 'y', \"z\"]\n---\n- c\n- d: {e: f,\n"
        "    }\n---\n--- |\n  text\n  more\n...\n%YAML 1.1\n--- >-\n"
        "  fol\n  ded\n...\n",
        "{a: 1}\n{b: [\"x\", \"y\", \"z\"]}\n[\"c\", {d: {e: \"f\"}}]\n"
        "\"text\nmore\n\"\n\"fol ded\"\n");
}

static void places_are_those_of_the_text(void **state)
{
    (void)state;
    struct record r = {.places = true};
    const char text[] = "# c\na: 1\n\nb:\n  - \xc3\xa9: x\n---\n  - 'q'\n"
                        "--- {\"k\": [~]}\n";
    const struct doc_limits limits = doc_limits_default();
    assert_int_equal(read_limited(&r, text, sizeof text - 1, &limits), 0);
    assert_string_equal(r.text, "{a: 1@2:4, b: [{\xc3\xa9: \"x\"@5:8}@5:5]@5:3}"
                                "@2:1\n[\"q\"@7:5]@7:3\n{k: [~@8:12]@8:11}"
                                "@8:5\n");
}

static void empty_documents_are_passed_over(void **state)
{
    (void)state;
    assert_reads("", "");
    assert_reads("\n# nothing\n", "");
    assert_reads("---\n---\n--- ~\n--- null\n---\n# x\n...\n---\na: b\n---",
                 "{a: \"b\"}\n");
    assert_reads("--- ''\n--- {}\n--- []\n", "\"\"\n{}\n[]\n");
}

static void line_breaks_of_all_systems_are_the_same(void **state)
{
    (void)state;
    static const char *const breaks[] = {"\n", "\r\n", "\r"};
    for (size_t i = 0; i < ORD_COUNT(breaks); i++) {
        char text[128];
        const char *b = breaks[i];
        snprintf(text, sizeof text, "a:%s  b: 1%s---%sc: |%s  x%s  y%s", b, b,
                 b, b, b, b);
        assert_reads(text, "{a: {b: 1}}\n{c: \"x\ny\n\"}\n");
        snprintf(text, sizeof text, "a: [%s---%sb: 1%s---%sc: @%s", b, b, b, b,
                 b);
        assert_refuses(text, 2,
                       "2:1: did not find a value before '---'; write one, "
                       "or close the '['\n{b: 1}\n"
                       "5:4: '@' cannot begin a value\n");
    }
}

static void byte_order_marks_and_utf_16_are_understood(void **state)
{
    (void)state;
    static const char be[] = "\xfe\xff\0a\0:\0 \0\xe9\xd8\x3d\xde\0";
    static const char le[] = "\xff\xfe\x61\0:\0 \0\xe9\0\x3d\xd8\0\xde";
    static const char expected[] = "{a: \"\xc3\xa9\xf0\x9f\x98\x80\"}\n";
    assert_reads("\xef\xbb\xbf"
                 "a: \xc3\xa9\xf0\x9f\x98\x80",
                 expected);
    assert_octets(be, sizeof be - 1, expected);
    assert_octets(le, sizeof le - 1, expected);
    assert_octets(be + 2, sizeof be - 3, expected);
    assert_octets(le + 2, sizeof le - 3, expected);
    assert_octets("\xff\xfe", 2, "");
}

static void what_is_no_text_has_a_place(void **state)
{
    (void)state;
    static const char utf32[] = "\xff\xfe\0\0a\0\0\0";
    static const char odd[] = "\xff\xfe"
                              "a\0:\0 \0b";
    static const char lone[] = "\xff\xfe"
                               "a\0:\0 \0\0\xd8 \0";
    const struct doc_limits limits = doc_limits_default();
    struct record r = {.n = 0};
    assert_int_equal(read_limited(&r, utf32, sizeof utf32 - 1, &limits), 1);
    assert_int_equal(read_limited(&r, odd, sizeof odd - 1, &limits), 1);
    assert_int_equal(read_limited(&r, lone, sizeof lone - 1, &limits), 1);
    assert_string_equal(
        r.text, "1:1: the text is UTF-32; save it as UTF-8\n"
                "1:4: an octet that is not UTF-8; save the text as UTF-8\n"
                "1:4: not a character of Unicode; save the text as UTF-8\n");
    assert_refuses("a: 1\n---\nb: \xc3(\n---\nc: \x01\n---\nd: 1\n---\n"
                   "e: \x80\n---\nf: 1\n",
                   3,
                   "{a: 1}\n3:5: an octet that is not UTF-8\n"
                   "5:4: a control character\n{d: 1}\n"
                   "9:4: an octet that is not UTF-8\n{f: 1}\n");
}

// The parser decodes 16 KiB ahead of what it has told.
static void octets_far_ahead_cost_no_sound_document(void **state)
{
    (void)state;
    static char text[200000];
    size_t n = 0;
    for (int i = 0; n < sizeof text - 100; i++)
        n += (size_t)sprintf(text + n, "---\nn: %s\n",
                             i % 7 == 6 ? "\xff" : "good");
    struct record r = {.n = 0};
    const struct doc_limits limits = doc_limits_default();
    const int refused = read_limited(&r, text, n, &limits);
    assert_in_range(refused, 2000, 3000);
    assert_in_range(r.documents, refused * 6, refused * 6 + 6);
}

static void aliases_are_the_node_itself(void **state)
{
    (void)state;
    assert_reads("a: &x [1, 2]\nb: *x\nc: &x z\nd: *x\n? *x\n: k\n",
                 "{a: [1, 2], b: [1, 2], c: \"z\", d: \"z\", z: \"k\"}\n");
    assert_refuses("a: &x 1\n---\nb: *x\n", 1,
                   "{a: 1}\n3:4: '*x' stands for nothing");
    assert_refuses("a: &x\n  b: [*x]\n---\nc: d\n", 1,
                   "2:7: '*x' is used inside of what '&x' names\n"
                   "{c: \"d\"}\n");
    // Inside, the name has got another meaning, which stays.
    assert_reads("a: &x [&x v, *x]\nb: *x\n",
                 "{a: [\"v\", \"v\"], b: \"v\"}\n");
}

static void many_anchors_are_found_quickly(void **state)
{
    (void)state;
    enum { MANY = 30000 };
    char *text = malloc((size_t)MANY * 32);
    assert_non_null(text);
    size_t n = 0;
    for (int i = 0; i < MANY; i++)
        n += (size_t)sprintf(text + n, "- &a%d x\n- *a%d\n", i, i / 2);
    struct record r = {.n = 0};
    const struct doc_limits limits = doc_limits_default();
    assert_int_equal(read_limited(&r, text, n, &limits), 0);
    assert_int_equal(r.nodes, 1 + 2 * MANY);
    free(text);
}

static void merge_keys_give_what_the_map_lacks(void **state)
{
    (void)state;
    assert_reads("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n",
                 "{a: {x: 1, y: 2}, b: {y: 3, x: 1}}\n");
    assert_reads("- &a {x: 1}\n- &b {x: 2, y: 2}\n- <<: [*a, *b]\n"
                 "- z: 0\n  <<: [*b, *a, {w: 4}]\n",
                 "[{x: 1}, {x: 2, y: 2}, {x: 1, y: 2}, "
                 "{z: 0, x: 2, y: 2, w: 4}]\n");
    assert_reads("- &a {x: 1}\n- &b {<<: *a, y: 2}\n- {<<: *b}\n",
                 "[{x: 1}, {y: 2, x: 1}, {y: 2, x: 1}]\n");
    assert_reads("- {<<: {x: 1}, <<: {x: 2, y: 2}}\n- {!!merge '<<': {x: 1}}\n",
                 "[{x: 1, y: 2}, {x: 1}]\n");
    assert_reads("\"<<\": 1\n'a': '<<'\nb: <<\n",
                 "{<<: 1, a: \"<<\", b: \"<<\"}\n");
    assert_refuses("<<: 1\n---\n<<:\n---\n<<: [{}, [x]]\n---\n<<: {}\n", 3,
                   "1:1: '<<' merges maps, and this is a scalar\n"
                   "3:1: '<<' merges maps, and this is a scalar\n"
                   "5:1: '<<' merges maps, and this is a list\n{}\n");
}

static void find_duplicate(void *context, const struct doc_node *root)
{
    ++*(int *)context;
    const struct doc_pair *pair = doc_duplicate(root);
    assert_non_null(pair);
    assert_int_equal(pair->key->line, 4);
}

static void keys_that_a_merge_repeats_are_no_duplicates(void **state)
{
    (void)state;
    struct record r = {.n = 0};
    const struct report report = {.finding = on_finding, .context = &r};
    const struct doc_limits limits = doc_limits_default();
    int documents = 0;
    static const char text[] = "x: &a {k: 1}\nk: 2\n<<: *a\nk: 3\n";
    assert_int_equal(doc_yaml_read("f.yaml", span_of_text(text), &limits,
                                   find_duplicate, &documents, &report),
                     0);
    assert_int_equal(documents, 1);
    assert_reads(text, "{x: {k: 1}, k: 2, k: 3}\n");
}

static void tags_decide_what_a_scalar_is(void **state)
{
    (void)state;
    assert_reads("[!!str 1, !!int '1', !!bool 'yes', !!null '', !!float 1, "
                 "! 1, !foo 1, !!binary 1, !!timestamp 1, !!str , "
                 "!<tag:yaml.org,2002:str> 1]",
                 "[\"1\", 1, yes, , 1, \"1\", 1, 1, 1, \"\", \"1\"]\n");
    assert_reads("!!map {a: !!seq [b]}", "{a: [\"b\"]}\n");
    assert_refuses("!!int x\n---\n!!bool 1\n---\n!!null x\n---\n!!float x\n"
                   "---\n!!int 1.5\n---\na: !x!y z\n---\n!!int 'a\n\n b'\n",
                   7,
                   "1:1: the tag !!int does not fit 'x'\n"
                   "3:1: the tag !!bool does not fit '1'\n"
                   "5:1: the tag !!null does not fit 'x'\n"
                   "7:1: the tag !!float does not fit 'x'\n"
                   "9:1: the tag !!int does not fit '1.5'\n"
                   "11:4: the tag before '!x!y' has a prefix\n"
                   "13:1: the tag !!int does not fit 'a?b'; remove it\n");
}

static void directives_belong_to_the_next_document(void **state)
{
    (void)state;
    assert_reads("%YAML 1.1\n%TAG !e! tag:yaml.org,2002:\n--- !e!str 1\n",
                 "\"1\"\n");
    assert_refuses("a: [\n...\n%TAG !e! tag:yaml.org,2002:\n--- !e!str 1\n", 1,
                   "2:1: \n\"1\"\n");
    assert_refuses("a: 1\n...\n%YAML 3.0\n---\nb: 1\n---\nc: 1\n", 1,
                   "{a: 1}\n3:1: the %YAML line asks for a version\n{c: 1}\n");
    assert_refuses("a: [\n%FOO\n---\nb: 1\n", 1,
                   "2:5: a line that begins with '%'\n{b: 1}\n");
}

static void keys_are_scalars(void **state)
{
    (void)state;
    assert_refuses("? [a]\n: b\n---\n{{ .x }}\n---\n~: 1\n---\n{null: 1}\n"
                   "---\n'': 1\nnumber: 2\n",
                   4,
                   "1:3: a key is a list; put\n4:2: a key is a map\n"
                   "6:1: a key is null; \n8:2: a key is null; \n"
                   "{: 1, number: 2}\n");
}

static void json_is_read_as_yaml(void **state)
{
    (void)state;
    assert_reads("{\n\t\"a\":1,\"b\" :\t[ true,null ,\"\\u00e9\\/\\n\"\t]\n}\n",
                 "{a: 1, b: [true, null, \"\xc3\xa9/\n\"]}\n");
    assert_reads("[{\"a\":{}},-1.5e3,\"x: y\",\"\"]",
                 "[{a: {}}, -1.5e3, \"x: y\", \"\"]\n");
    assert_refuses("{\"a\":1} x\n---\n{\"b\":1}\n", 1,
                   "1:9: the document ends before 'x'\n{b: 1}\n");
    assert_refuses("{\"a\":1}}", 1, "1:8: \n");
    assert_refuses("{\"a\":1}\n{\"b\":2}\n", 1,
                   "2:1: the document ends before '{\"b\"'; begin the next one "
                   "with a line '---'\n");
    assert_refuses("{\"a\":\"\\u0000\"}", 1,
                   "1:6: a value contains a NUL character\n");
}

static void surrogates_of_json_are_characters(void **state)
{
    (void)state;
    struct record r = {.places = true};
    static const char text[] =
        "{\"k\\uD83D\\uDE00\":\"\\ud83d\\ude00\\ud83d\\ude00x\", \"b\":"
        "\"\\\\ud83d\"}";
    const struct doc_limits limits = doc_limits_default();
    assert_int_equal(read_limited(&r, text, sizeof text - 1, &limits), 0);
    assert_string_equal(r.text, "{k\xf0\x9f\x98\x80: \"\xf0\x9f\x98\x80\xf0\x9f"
                                "\x98\x80x\"@1:18, b: \"\\ud83d\"@1:51}@1:1\n");
    assert_reads(
        "---\n a: 1\n--- \n [\"\\ud83dx\\ude00\\ud83d\\ud83d\\ude00\", "
        "1]\n",
        "{a: 1}\n[\"\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98"
        "\x80\", 1]\n");
    // Not JSON: single quotes, plain text and YAML's own strings stay.
    assert_reads("[a, '\\ud83d\\ude00', \"b\"]",
                 "[\"a\", \"\\ud83d\\ude00\", \"b\"]\n");
    assert_reads("[it \"\\ud83d\\ude00\", a:\"\\ud83d\\ude00\"]",
                 "[\"it \"\\ud83d\\ude00\"\", \"a:\"\\ud83d\\ude00\"\"]\n");
    assert_refuses("a: \"\\ud83d\\ude00\"\n---\n{\"a\": \"\\ud83", 2,
                   "1:7: an escape is no character\n"
                   "3:10: an escape has too few digits\n");
}

static void findings_say_how_to_mend_it(void **state)
{
    (void)state;
    assert_refuses("ports:\n  - port: 80\n  targetPort: 8080\n", 1,
                   "3:3: did not find expected '-' indicator while reading a "
                   "list that starts on line 2; line up 'targetPort' with the "
                   "item's other keys\n");
    assert_refuses("a:\n\tb: 1\n---\na: b\n\tc: 1\n---\n- |\n\tx\n---\n"
                   "a:\n  - b\n\t- c\n",
                   4,
                   "2:1: a tab is used for indentation; YAML takes spaces\n"
                   "5:1: a tab is used for indentation\n"
                   "8:1: a tab is used for indentation\n"
                   "12:1: a tab is used for indentation\n");
    assert_refuses("a: b: c\n---\na:\n  b: 1\n c: 2\n---\na: \"x\n---\n"
                   "a: 'x\n",
                   4,
                   "1:5: a second ': '\n"
                   "5:2: did not find expected key while reading a map that "
                   "starts on line 3; line up 'c' with\n"
                   "8:1: the document ends inside of quotes that begin on line "
                   "7; close them\n"
                   "10:1: the text ends inside of quotes that begin on line "
                   "9; close them\n");
}

static void findings_name_the_character_at_fault(void **state)
{
    (void)state;
    assert_refuses("a: `x`\n---\na: *\n---\na: &\n---\na: \"\\q\"\n---\n"
                   "a: \"\\xg\"\n---\na: |x\n---\n- a - b: - c\n---\n[a\n---\n"
                   "a\nb: c\n",
                   9,
                   "1:4: '`x`' cannot begin a value; put the value in quotes\n"
                   "3:5: '*' begins an alias\n5:5: '&' begins an anchor\n"
                   "7:5: '\\q\"' is no escape\n9:7: an escape has too few\n"
                   "11:5: '|' or '>' begins a block of text\n"
                   "13:10: a list item ('- ') cannot stand here\n"
                   "16:1: did not find expected ',' or ']' while reading a "
                   "list that starts with '[' on line 15\n"
                   "18:2: a second ': '\n");
}

static void a_key_beyond_the_parser_s_reach_is_named(void **state)
{
    (void)state;
    char text[1200];
    memset(text, 'k', sizeof text);
    memcpy(text, "{\"", 2);
    memcpy(text + 1100, "\": 1}", 6);
    assert_refuses(text, 1,
                   "1:1102: a key and its ':' have to stand on one "
                   "line, and a key has at most 1024 characters\n");
    assert_refuses("{\"a\"\n: 1}", 1, "2:1: a key and its ':' have to stand\n");
}

static void a_marker_in_text_is_none(void **state)
{
    (void)state;
    assert_reads("a: |\n  ---\nb: '\n  ---'\n",
                 "{a: \"---\n\", b: \" ---\"}\n");
    assert_reads("---x: 1\n", "{---x: 1}\n");
    assert_refuses("a: @\n ---\n---x\n----\n---\tb\n", 1, "1:4: \n\"b\"\n");
    assert_refuses("a: @\n---", 1, "1:4: \n");
}

// Read with one limit set to `limit` and expect `finding`; then with one more,
// and expect the document.
static void assert_limit(struct doc_limits low, struct doc_limits high,
                         const char *text, const char *finding)
{
    struct record r = {.n = 0};
    assert_int_equal(read_limited(&r, text, strlen(text), &low), 1);
    if (strncmp(r.text, finding, strlen(finding)) != 0)
        fail_msg("%s", r.text);
    r = (struct record){.n = 0};
    assert_int_equal(read_limited(&r, text, strlen(text), &high), 0);
    assert_int_equal(r.documents, 2);
}

static void each_limit_is_a_finding_that_names_it(void **state)
{
    (void)state;
    const struct doc_limits all = doc_limits_default();
    struct doc_limits low = all, high = all;

    low.depth_max = 3;
    high.depth_max = 4;
    assert_limit(low, high, "a: [{b: []}]\n---\nc: d\n",
                 "1:9: maps and lists are nested deeper than 3 levels, the "
                 "limit\n{c: \"d\"}\n");
    assert_limit(low, high, "[&a [[]], {k: *a}]\n---\nc: d\n",
                 "1:15: with what '*a' stands for, maps and lists are nested "
                 "deeper than 3 levels, the limit\n{c: \"d\"}\n");
    low = high = all;
    low.scalar_max = 4;
    high.scalar_max = 5;
    assert_limit(low, high, "a: '12345'\n---\nc: d\n",
                 "1:4: a value of 5 octets; the limit for one value is 4\n"
                 "{c: \"d\"}\n");
    low = high = all;
    low.alias_max = 6;
    high.alias_max = 7;
    assert_limit(low, high, "[&a [1, 2], &b [*a], *b]\n---\nc: d\n",
                 "1:22: aliases add more than 6 nodes to the document");
    low = high = all;
    low.text_max = 10;
    high.text_max = 11;
    assert_limit(low, high, "a: b\n--- c\n",
                 "0:0: the text has 11 octets, and the limit is 10; split");
}

static void a_billion_laughs_end_early(void **state)
{
    (void)state;
    char text[4096];
    size_t n = (size_t)sprintf(text, "a0: &a0 [x, x]\n");
    for (int i = 1; i < 40; i++)
        n += (size_t)sprintf(text + n, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1,
                             i - 1);
    assert_refuses(text, 1,
                   "15:18: aliases add more than 100000 nodes to the "
                   "document, the limit\n");
    n = (size_t)sprintf(text, "a0: &a0 {a: x, b: x}\n");
    for (int i = 1; i < 40; i++)
        n += (size_t)sprintf(text + n, "a%d: &a%d {<<: [*a%d, *a%d]}\n", i, i,
                             i - 1, i - 1);
    assert_refuses(text, 1, "14:23: aliases add more than 100000 nodes\n");
}

static void a_tree_keeps_within_its_memory(void **state)
{
    (void)state;
    enum { SIZE = 400000 };
    char *text = malloc(SIZE + 1);
    assert_non_null(text);
    size_t n = 0;
    while (n < SIZE - 16)
        n += (size_t)sprintf(text + n, "- abcdefg\n");
    sprintf(text + n, "---\nc: d\n");
    // 40,000 nodes of 32 octets and their pointers.
    static const size_t budgets[] = {0,     1,       500,     65536,  65600,
                                     65700, 1000000, 1280000, 1500000};
    for (size_t i = 0; i < ORD_COUNT(budgets); i++) {
        struct doc_limits limits = doc_limits_default();
        limits.memory_max = budgets[i];
        struct record r = {.n = 0};
        const int refused = read_limited(&r, text, strlen(text), &limits);
        assert_int_equal(refused, budgets[i] < 200 ? 2 : 1);
        assert_non_null(strstr(r.text, "octets of memory, the limit"));
    }
    struct doc_limits limits = doc_limits_default();
    limits.memory_max = 2000000;
    struct record r = {.n = 0};
    assert_int_equal(read_limited(&r, text, strlen(text), &limits), 0);
    free(text);
}

// Every use that takes memory, and a broken document between.
static const char rich[] =
    "a: &x {k: 1, l: [1, 2]}\nb: {<<: [*x], m: 2}\nc: *x\n---\nd: @\n---\n"
    "%TAG ! tag:x:\n---\n{\"e\": \"\\ud83d\\ude00\", \"f\": !y z}\n---\n"
    "g: |\n  text\n";

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)
// The program's malloc() is that of the libraries, too: libyaml's allocations
// fail in their turn.
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static long left_before_fault = -1; // -1: none is to come

static bool is_faulty(void)
{
    return left_before_fault >= 0 && left_before_fault-- == 0;
}

void *malloc(size_t n)
{
    return is_faulty() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return is_faulty() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return is_faulty() ? NULL : __libc_realloc(p, n);
}

enum { ALLOCATIONS_MIN = 100 };

static void let_fail(long n)
{
    left_before_fault = n;
}

static bool has_failed(void)
{
    const bool failed = left_before_fault < 0;
    left_before_fault = -1;
    return failed;
}
#else
// Sanitizers bring an allocator of their own: our allocations only.
enum { ALLOCATIONS_MIN = 5 };

static void let_fail(long n)
{
    fault_alloc_after(n + 1);
}

static bool has_failed(void)
{
    const bool failed = fault_alloc_hit();
    fault_alloc_after(-1);
    return failed;
}
#endif

static void ignore_document(void *context, const struct doc_node *root)
{
    (void)root;
    ++*(int *)context;
}

static void ignore_finding(void *context, enum finding kind, struct place at,
                           const char *text)
{
    (void)context;
    (void)kind;
    (void)at;
    (void)text;
}

static void memory_may_run_out_at_each_allocation(void **state)
{
    (void)state;
    const struct report report = {.finding = ignore_finding};
    const struct doc_limits limits = doc_limits_default();
    long n = 0;
    for (;; n++) {
        int documents = 0;
        let_fail(n);
        const int rc = doc_yaml_read("f.yaml", span_of_text(rich), &limits,
                                     ignore_document, &documents, &report);
        if (!has_failed()) {
            assert_int_equal(rc, 1);
            assert_int_equal(documents, 3);
            break;
        }
        assert_int_equal(rc, -ENOMEM);
        assert_in_range(documents, 0, 3);
    }
    assert_in_range(n, ALLOCATIONS_MIN, 5000);
}

static void a_rich_text_is_read_whole(void **state)
{
    (void)state;
    assert_refuses(rich, 1,
                   "{a: {k: 1, l: [1, 2]}, b: {m: 2, k: 1, l: [1, 2]}, c: {k: "
                   "1, l: [1, 2]}}\n5:4: '@' cannot begin a value\n"
                   "{e: \"\xf0\x9f\x98\x80\", f: \"z\"}\n{g: \"text\n\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_documents_come_in_their_order),
        cmocka_unit_test(places_are_those_of_the_text),
        cmocka_unit_test(empty_documents_are_passed_over),
        cmocka_unit_test(line_breaks_of_all_systems_are_the_same),
        cmocka_unit_test(byte_order_marks_and_utf_16_are_understood),
        cmocka_unit_test(what_is_no_text_has_a_place),
        cmocka_unit_test(octets_far_ahead_cost_no_sound_document),
        cmocka_unit_test(aliases_are_the_node_itself),
        cmocka_unit_test(many_anchors_are_found_quickly),
        cmocka_unit_test(merge_keys_give_what_the_map_lacks),
        cmocka_unit_test(keys_that_a_merge_repeats_are_no_duplicates),
        cmocka_unit_test(tags_decide_what_a_scalar_is),
        cmocka_unit_test(directives_belong_to_the_next_document),
        cmocka_unit_test(keys_are_scalars),
        cmocka_unit_test(json_is_read_as_yaml),
        cmocka_unit_test(surrogates_of_json_are_characters),
        cmocka_unit_test(findings_say_how_to_mend_it),
        cmocka_unit_test(findings_name_the_character_at_fault),
        cmocka_unit_test(a_key_beyond_the_parser_s_reach_is_named),
        cmocka_unit_test(a_marker_in_text_is_none),
        cmocka_unit_test(each_limit_is_a_finding_that_names_it),
        cmocka_unit_test(a_billion_laughs_end_early),
        cmocka_unit_test(a_tree_keeps_within_its_memory),
        cmocka_unit_test(a_rich_text_is_read_whole),
        cmocka_unit_test(memory_may_run_out_at_each_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
