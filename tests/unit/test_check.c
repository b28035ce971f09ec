// SPDX-License-Identifier: Apache-2.0
#include "check/check.h"

#include "base/bytes.h"
#include "doc/json.h"

#include "lib/clock.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS = 16, FILES = 16 };

// Two objects of which nothing is wrong, with places for the number of replicas
// and for what stands before the set's spec.
#define SERVICE                                                                \
    "apiVersion: v1\n"                                                         \
    "kind: Service\n"                                                          \
    "metadata: {name: db}\n"                                                   \
    "spec: {clusterIP: None, selector: {app: db},\n"                           \
    "  ports: [{name: p, port: 1}]}\n"
#define SET(replicas)                                                          \
    "apiVersion: apps/v1\n"                                                    \
    "kind: StatefulSet\n"                                                      \
    "metadata: {name: db}\n"                                                   \
    "spec:\n"                                                                  \
    "  serviceName: db\n"                                                      \
    "  replicas: " replicas "\n"                                               \
    "  selector: {matchLabels: {app: db}}\n"                                   \
    "  template:\n"                                                            \
    "    metadata: {labels: {app: db}}\n"                                      \
    "    spec: {containers: [{name: db, image: db}]}\n"

// A finding of the loader, 4:32.
#define BAD_PORT                                                               \
    "apiVersion: v1\n"                                                         \
    "kind: Service\n"                                                          \
    "metadata: {name: bad}\n"                                                  \
    "spec: {ports: [{name: p, port: 0}]}\n"
#define BAD_PORT_TEXT "spec.ports[0].port must be 1 to 65535, not 0"

struct fixture {
    struct settings s;
    struct fake_clock now;
    struct clock clock;
    struct error err;
    struct check_result result;
    char directory[64];
    char before[4096]; // the working directory
    char files[FILES][64];
    unsigned files_n;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->clock = fake_clock_view(&f->now);
    strcpy(f->directory, "/tmp/ordinald-check-XXXXXX");
    if (!getcwd(f->before, sizeof f->before) || !mkdtemp(f->directory) ||
        chdir(f->directory) != 0)
        return -1;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    free(f->result.p);
    settings_release(&f->s);
    for (unsigned i = 0; i < f->files_n; i++)
        unlink(f->files[i]);
    int rc = chdir(f->before);
    rc |= rmdir(f->directory);
    free(f);
    return rc;
}

static void put_octets(struct fixture *f, const char *name, const char *text,
                       size_t n)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    assert_true(f->files_n < FILES);
    snprintf(f->files[f->files_n++], sizeof f->files[0], "%s", name);
}

static void put(struct fixture *f, const char *name, const char *text)
{
    put_octets(f, name, text, strlen(text));
}

// Settings from words, ended by NULL.
static void given(struct fixture *f, const char *const *words)
{
    const struct settings_command command = {.name = "test"};
    int argc = 0;
    while (words[argc])
        argc++;
    settings_release(&f->s);
    const int r = settings_parse(&f->s, &command, argc, words, NULL, &f->err);
    if (r)
        print_message("%s\n", f->err.text);
    assert_int_equal(r, 0);
}

static const char *run(struct fixture *f, enum check_format format)
{
    free(f->result.p);
    f->result = (struct check_result){0};
    assert_int_equal(check_run(&f->s, &f->clock, format, &f->result, &f->err),
                     0);
    assert_non_null(f->result.p);
    char *text = realloc(f->result.p, f->result.n + 1);
    assert_non_null(text);
    text[f->result.n] = '\0';
    assert_int_equal(strlen(text), f->result.n);
    return f->result.p = text;
}

#define GIVEN(f, ...) given(f, (const char *const[]){__VA_ARGS__, NULL})

// What is found in a text that is called "a.yaml".
static const char *found_in(struct fixture *f, const char *text)
{
    put(f, "a.yaml", text);
    GIVEN(f, "a.yaml");
    return run(f, CHECK_TEXT);
}

// --- the frame --------------------------------------------------------------

static void a_good_manifest_has_no_findings(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(found_in(f, SERVICE "---\n" SET("3")), "");
    assert_int_equal(f->result.errors, 0);
    assert_int_equal(f->result.warnings, 0);
    assert_int_equal(f->result.objects, 2);
    assert_int_equal(f->result.files, 1);
}

static void a_finding_is_a_line_with_place_level_and_id(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(found_in(f, SERVICE "---\n" SET("3") "---\n" BAD_PORT),
                        "a.yaml:21:32: error: " BAD_PORT_TEXT " [invalid]\n");
    assert_int_equal(f->result.errors, 1);
    assert_int_equal(f->result.warnings, 0);
    assert_int_equal(f->result.objects, 2);
}

static void what_cannot_be_read_has_its_file_for_a_place(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(symlink("nowhere", "link.yaml"), 0);
    strcpy(f->files[f->files_n++], "link.yaml");
    put(f, "a.yaml", SERVICE "---\n" SET("1"));
    GIVEN(f, ".");
    assert_string_equal(run(f, CHECK_TEXT),
                        "./link.yaml: error: is a link to a file that does not "
                        "exist; create that [invalid]\n");
    assert_int_equal(f->result.files, 1);
}

// Not in that of their names, nor in that in which rules come to tell them.
static void findings_come_in_the_order_in_which_files_were_read(void **state)
{
    static const char both[] =
        "apiVersion: v1\n"
        "kind: Service\n"
        "metadata:\n"
        "  name: x\n"
        "  annotations: {ordinald.io/set: all, ordinald.io/names: all}\n"
        "spec: {clusterIP: None, ports: [{name: p, port: 1}],\n"
        "  selector: {a: b}}\n"
        "---\n" BAD_PORT;
    struct fixture *f = *state;
    put(f, "b.yaml", both);
    put(f, "a.yaml", BAD_PORT "---\n- none\n");
    GIVEN(f, "b.yaml", "a.yaml");
    const char *text = run(f, CHECK_TEXT);
    const char *const places[] = {
        "b.yaml:5:34: warning: ", "b.yaml:5:58: warning: ",
        "b.yaml:12:32: error: ",  "a.yaml:4:32: error: ",
        "a.yaml:6:1: error: ",
    };
    for (size_t i = 0; i < ORD_COUNT(places); i++) {
        text = strstr(text, places[i]);
        assert_non_null(text);
    }
    assert_int_equal(f->result.errors, 3);
}

static void what_is_found_twice_is_told_once(void **state)
{
    struct fixture *f = *state;
    put(f, "a.yaml", BAD_PORT);
    GIVEN(f, "a.yaml", "a.yaml");
    assert_string_equal(run(f, CHECK_TEXT),
                        "a.yaml:4:32: error: " BAD_PORT_TEXT " [invalid]\n");
    assert_int_equal(f->result.errors, 1);
}

// The same words at another place are another finding.
static void what_is_found_at_two_places_is_told_for_each(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(found_in(f, BAD_PORT "---\n" BAD_PORT),
                        "a.yaml:4:32: error: " BAD_PORT_TEXT " [invalid]\n"
                        "a.yaml:9:32: error: " BAD_PORT_TEXT " [invalid]\n");
}

static void standard_input_has_a_name(void **state)
{
    struct fixture *f = *state;
    const int before = dup(STDIN_FILENO);
    put(f, "a.txt", BAD_PORT);
    assert_non_null(freopen("a.txt", "r", stdin));
    GIVEN(f, "-");
    assert_string_equal(run(f, CHECK_TEXT),
                        "<stdin>:4:32: error: " BAD_PORT_TEXT " [invalid]\n");
    dup2(before, STDIN_FILENO);
    close(before);
}

// As editors count them: CRLF ends one line, and a character is one column
// however many octets it has.
static void lines_and_columns_are_those_of_editors(void **state)
{
    struct fixture *f = *state;
    const char *text =
        found_in(f, "# \xc3\xa9\r\n"
                    "apiVersion: v1\r\n"
                    "kind: Service\r\n"
                    "metadata: {name: bad}\r\n"
                    "spec: {x: \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x98\", "
                    "ports: [{name: p, port: 0}]}\r\n");
    assert_non_null(strstr(text, "a.yaml:5:42: error: " BAD_PORT_TEXT));
}

static void nothing_to_check_is_told(void **state)
{
    struct fixture *f = *state;
    const char *text = found_in(f, "apiVersion: v1\n"
                                   "kind: ConfigMap\n"
                                   "metadata: {name: x}\n");
    assert_string_equal(
        text, "a.yaml: warning: there is no object here that concerns DNS; "
              "name the files or directories that have Services and "
              "StatefulSets [nothing-to-check]\n");
    assert_int_equal(f->result.errors, 0);
    assert_int_equal(f->result.warnings, 1);
    assert_int_equal(f->result.objects, 0);
}

static void a_file_that_vanished_is_an_error(void **state)
{
    struct fixture *f = *state;
    put(f, "a.yaml", SERVICE);
    GIVEN(f, "a.yaml");
    unlink("a.yaml");
    assert_int_equal(
        check_run(&f->s, &f->clock, CHECK_TEXT, &f->result, &f->err), -ENOENT);
    assert_non_null(strstr(f->err.text, "'a.yaml'"));
    assert_null(f->result.p);
}

// --- lists ------------------------------------------------------------------

#define ITEM_SERVICE                                                           \
    "    metadata: {name: db}\n"                                               \
    "    spec: {clusterIP: None, selector: {app: db},\n"                       \
    "      ports: [{name: p, port: 1}]}\n"

// Findings about an item stand at the item: here the replicas of the set,
// which are too many for 512 octets.
static void items_of_lists_are_documents(void **state)
{
    struct fixture *f = *state;
    const char *text =
        found_in(f, "apiVersion: v1\n"
                    "kind: List\n"
                    "items:\n"
                    "- apiVersion: v1\n"
                    "  kind: ServiceList\n"
                    "  items:\n"
                    "  -\n" ITEM_SERVICE "- apiVersion: apps/v1\n"
                    "  kind: StatefulSet\n"
                    "  metadata: {name: db}\n"
                    "  spec:\n"
                    "    serviceName: db\n"
                    "    podManagementPolicy: Parallel\n"
                    "    replicas: 30\n"
                    "    selector: {matchLabels: {app: db}}\n"
                    "    template:\n"
                    "      metadata: {labels: {app: db}}\n"
                    "      spec: {containers: [{name: db, "
                    "image: db}]}\n");
    assert_non_null(strstr(text, "a.yaml:17:15: warning: "));
    assert_non_null(strstr(text, "[answer-over-512]\n"));
    assert_int_equal(f->result.errors, 0);
}

// They inherit the list's kind, by which their fields are known.
static void items_of_typed_lists_have_its_kind(void **state)
{
    struct fixture *f = *state;
    const char *text = found_in(f, "apiVersion: v1\n"
                                   "kind: ServiceList\n"
                                   "items:\n"
                                   "- metadata: {name: db}\n"
                                   "  spec: {clusterIp: None}\n");
    assert_non_null(strstr(text, "a.yaml:5:10: error: "));
    assert_non_null(strstr(text, "[field-misspelled]\n"));
}

// A finding about what is not there stands at what it is missing from.
static void a_missing_field_has_the_place_above_it(void **state)
{
    struct fixture *f = *state;
    const char *text =
        found_in(f, "apiVersion: apps/v1\n"
                    "kind: StatefulSet\n"
                    "metadata: {name: db}\n"
                    "spec:\n"
                    "  replicas: 2\n"
                    "  selector: {matchLabels: {app: db}}\n"
                    "  template:\n"
                    "    metadata: {labels: {app: db}}\n"
                    "    spec: {containers: [{name: db, image: db}]}\n");
    assert_non_null(strstr(text, "a.yaml:5:3: error: "));
    assert_non_null(strstr(text, "[service-name-empty]\n"));
}

// --- sizes ------------------------------------------------------------------

/*
 * db.default.svc.cluster.local. has 30 octets. An answer has a header of 12, a
 * question of 34, and 16 for each address: of the 466 left, 29 take 464.
 */
static void addresses_that_pass_512_octets_are_told(void **state)
{
    struct fixture *f = *state;
    const char *text = found_in(f, SERVICE "---\n" SET("30"));
    assert_non_null(strstr(
        text, "a.yaml:12:13: warning: 29 of 30 A records of service db fit "
              "into a UDP reply of 512 octets; "));
    assert_null(
        strstr(found_in(f, SERVICE "---\n" SET("29")), "[answer-over-512]"));
}

/*
 * Beside the header there are 11 octets of EDNS and the question, which is
 * _p._tcp. and the service: 38 + 4. Of the 1167 left, the records of db-0 to
 * db-9 take 12 for an owner and fixed fields, 6 for priority, weight and port,
 * and 35 for the target, 53 in all; those with two digits 54: 10 * 53 + 11 * 54
 * are 1124, and one more does not fit.
 */
static void srv_records_that_pass_what_udp_takes_are_told(void **state)
{
    struct fixture *f = *state;
    const char *text = found_in(f, SERVICE "---\n" SET("22"));
    assert_non_null(strstr(text, "a.yaml:12:13: warning: 21 of 22 SRV records "
                                 "of db fit into the largest UDP reply, 1232 "
                                 "octets; "));
    assert_int_equal(f->result.errors, 0);
    assert_null(
        strstr(found_in(f, SERVICE "---\n" SET("21")), "[answer-over-udp]"));
}

// TCP has room for 4093 addresses.
static void records_that_no_message_holds_are_counted(void **state)
{
    struct fixture *f = *state;
    assert_non_null(strstr(found_in(f, SERVICE "---\n" SET("5000")),
                           "29 of 5000 A records of service db fit"));
}

// 512 - 12 - 11 - 42 are 447: eight of 53.
static void a_server_that_sends_less_is_measured_by_that(void **state)
{
    struct fixture *f = *state;
    put(f, "a.yaml", SERVICE "---\n" SET("9"));
    GIVEN(f, "--max-udp", "512", "a.yaml");
    assert_non_null(strstr(run(f, CHECK_TEXT),
                           "8 of 9 SRV records of db fit into the largest UDP "
                           "reply, 512 octets; "));
}

// --- forms ------------------------------------------------------------------

static const struct json_value *read_json(const char *text, size_t n,
                                          struct json_value **root)
{
    struct error err = {""};
    const int rc = json_value_read(span_of(text, n), root, &err);
    if (rc)
        print_message("%s\n", err.text);
    assert_int_equal(rc, 0);
    return *root;
}

#define assert_field(object, key, text)                                        \
    assert_string_equal(json_value_text(json_value_get(object, key)), text)
#define assert_number(object, key, number)                                     \
    assert_int_equal(json_value_uint(json_value_get(object, key)), number)

static void json_has_each_part_apart(void **state)
{
    struct fixture *f = *state;
    struct json_value *root;
    put(f, "a.yaml", SERVICE "---\n" SET("30") "---\n" BAD_PORT);
    GIVEN(f, "a.yaml");
    const char *text = run(f, CHECK_JSON);
    assert_ptr_equal(strchr(text, '\n'), text + f->result.n - 1);
    const struct json_value *v = read_json(text, f->result.n, &root);
    assert_number(v, "version", 1);
    assert_number(v, "errors", 1);
    assert_number(v, "warnings", f->result.warnings);
    assert_number(v, "objects", 2);
    assert_number(v, "files", 1);
    const struct json_value *all = json_value_get(v, "findings");
    const size_t n = json_value_count(all);
    assert_int_equal(n, 1 + f->result.warnings);
    const struct json_value *last = json_value_at(all, n - 1);
    assert_field(last, "file", "a.yaml");
    assert_number(last, "line", 21);
    assert_number(last, "column", 32);
    assert_field(last, "level", "error");
    assert_field(last, "id", "invalid");
    assert_field(last, "text", BAD_PORT_TEXT);
    assert_field(last, "mend", "");
    const struct json_value *first = json_value_at(all, 0);
    assert_field(first, "level", "warning");
    assert_number(first, "line", 12);
    assert_true(*json_value_text(json_value_get(first, "mend")));
    json_value_free(root);
}

static void json_of_nothing_found_is_whole(void **state)
{
    struct fixture *f = *state;
    put(f, "a.yaml", SERVICE "---\n" SET("3"));
    GIVEN(f, "a.yaml");
    assert_string_equal(run(f, CHECK_JSON),
                        "{\"version\":1,\"findings\":[],\"errors\":0,"
                        "\"warnings\":0,\"objects\":2,\"files\":1}\n");
}

// File names have any octets.
static void forms_stay_well_formed_whatever_a_file_is_called(void **state)
{
    static const char name[] = "a\"\n\xff%,: \xc3\xa9.yaml";
    struct fixture *f = *state;
    struct json_value *root;
    put(f, name, BAD_PORT);
    GIVEN(f, name);
    assert_string_equal(run(f, CHECK_TEXT),
                        "a\"?\xff%,: \xc3\xa9.yaml:4:32: error: " BAD_PORT_TEXT
                        " [invalid]\n");
    assert_string_equal(run(f, CHECK_GITHUB),
                        "::error file=a\"%0A\xff%25%2C%3A \xc3\xa9.yaml,"
                        "line=4,col=32,title=invalid::" BAD_PORT_TEXT "\n");
    const char *text = run(f, CHECK_JSON);
    const struct json_value *v = read_json(text, f->result.n, &root);
    assert_field(json_value_at(json_value_get(v, "findings"), 0), "file",
                 "a\"\n\xef\xbf\xbd%,: \xc3\xa9.yaml");
    json_value_free(root);
    assert_non_null(strstr(run(f, CHECK_SARIF),
                           "\"artifactLocation\":{\"uri\":\"a%22%0A%FF%25%2C%3A"
                           "%20%C3%A9.yaml\",\"uriBaseId\":\"%SRCROOT%\"}"));
}

// A message may have anything but what ends a line; commas and colons are what
// they are in it.
static void github_reads_messages_and_properties(void **state)
{
    struct fixture *f = *state;
    put(f, "a,b.yaml",
        "apiVersion: v1\n"
        "kind: Service\n"
        "metadata: {name: x, annotations: {ordinald.io/set: '100%, a:b'}}\n"
        "spec: {clusterIP: None, ports: [{name: p, port: 1}],\n"
        "  selector: {a: b}}\n");
    GIVEN(f, "./a,b.yaml");
    assert_non_null(strstr(
        run(f, CHECK_GITHUB),
        "::warning file=a%2Cb.yaml,line=3,col=52,title=doubtful::"
        "metadata.annotations[\"ordinald.io/set\"] must be ready, serving or "
        "addressed, not '100%25, a:b'; it counts as absent\n"));
}

static void github_leaves_out_what_is_not_known(void **state)
{
    struct fixture *f = *state;
    put(f, "a.yaml", "apiVersion: v1\nkind: ConfigMap\n");
    GIVEN(f, "a.yaml");
    const char *text = run(f, CHECK_GITHUB);
    const char begin[] = "::warning file=a.yaml,title=nothing-to-check::there";
    assert_memory_equal(text, begin, sizeof begin - 1);
}

// --- SARIF ------------------------------------------------------------------

static const struct json_value *sarif_run(struct fixture *f,
                                          struct json_value **root)
{
    const char *text = run(f, CHECK_SARIF);
    const struct json_value *v = read_json(text, f->result.n, root);
    assert_field(v, "version", "2.1.0");
    const struct json_value *runs = json_value_get(v, "runs");
    assert_int_equal(json_value_count(runs), 1);
    return json_value_at(runs, 0);
}

static const struct json_value *result_at(const struct json_value *sarif,
                                          size_t i)
{
    return json_value_at(json_value_get(sarif, "results"), i);
}

static const struct json_value *place_of(const struct json_value *result)
{
    const struct json_value *all = json_value_get(result, "locations");
    assert_int_equal(json_value_count(all), 1);
    return json_value_get(json_value_at(all, 0), "physicalLocation");
}

static void sarif_tells_what_and_where(void **state)
{
    struct fixture *f = *state;
    struct json_value *root;
    put(f, "a.yaml", BAD_PORT);
    GIVEN(f, "a.yaml");
    const struct json_value *sarif = sarif_run(f, &root);
    assert_field(sarif, "columnKind", "unicodeCodePoints");
    assert_int_equal(json_value_count(json_value_get(sarif, "results")), 1);
    const struct json_value *r = result_at(sarif, 0);
    assert_field(r, "ruleId", "invalid");
    assert_field(r, "level", "error");
    assert_field(json_value_get(r, "message"), "text", BAD_PORT_TEXT);
    const struct json_value *place = place_of(r);
    assert_field(json_value_get(place, "artifactLocation"), "uri", "a.yaml");
    assert_number(json_value_get(place, "region"), "startLine", 4);
    assert_number(json_value_get(place, "region"), "startColumn", 32);
    json_value_free(root);
}

// Each rule of `check`, once, under the index that results have.
static void sarif_lists_its_rules(void **state)
{
    struct fixture *f = *state;
    struct json_value *root;
    put(f, "a.yaml", SERVICE "---\n" SET("30") "---\n" BAD_PORT);
    GIVEN(f, "a.yaml");
    const struct json_value *sarif = sarif_run(f, &root);
    const struct json_value *rules = json_value_get(
        json_value_get(json_value_get(sarif, "tool"), "driver"), "rules");
    size_t expected = 0;
    for (unsigned i = REASON_NONE + 1; i < REASONS; i++)
        expected += reason_kind((enum reason_code)i)->level != REASON_ANSWER;
    assert_int_equal(json_value_count(rules), expected);
    const size_t results = json_value_count(json_value_get(sarif, "results"));
    assert_true(results >= 2);
    for (size_t i = 0; i < results; i++) {
        const struct json_value *r = result_at(sarif, i);
        const struct json_value *rule = json_value_at(
            rules, json_value_uint(json_value_get(r, "ruleIndex")));
        assert_field(r, "ruleId", json_value_text(json_value_get(rule, "id")));
        assert_field(
            r, "level",
            json_value_text(json_value_get(
                json_value_get(rule, "defaultConfiguration"), "level")));
    }
    json_value_free(root);
}

static const char *uri_of(struct fixture *f, const char *path, const char *base)
{
    static char uri[256];
    struct json_value *root;
    GIVEN(f, path);
    const struct json_value *at = json_value_get(
        place_of(result_at(sarif_run(f, &root), 0)), "artifactLocation");
    snprintf(uri, sizeof uri, "%s", json_value_text(json_value_get(at, "uri")));
    assert_field(at, "uriBaseId", base);
    json_value_free(root);
    return uri;
}

static void sarif_has_relative_places_below_the_source(void **state)
{
    struct fixture *f = *state;
    char path[256], expected[256];
    put(f, "a b.yaml", BAD_PORT);
    assert_string_equal(uri_of(f, "a b.yaml", "%SRCROOT%"), "a%20b.yaml");
    assert_string_equal(uri_of(f, ".//./a b.yaml", "%SRCROOT%"), "a%20b.yaml");
    snprintf(path, sizeof path, "..%s/a b.yaml", strrchr(f->directory, '/'));
    snprintf(expected, sizeof expected, "..%s/a%%20b.yaml",
             strrchr(f->directory, '/'));
    assert_string_equal(uri_of(f, path, ""), expected);
    snprintf(path, sizeof path, "%s/a b.yaml", f->directory);
    snprintf(expected, sizeof expected, "file://%s/a%%20b.yaml", f->directory);
    assert_string_equal(uri_of(f, path, ""), expected);
}

static void sarif_has_no_region_where_it_is_about_a_file(void **state)
{
    struct fixture *f = *state;
    struct json_value *root;
    put(f, "a.yaml", "apiVersion: v1\nkind: ConfigMap\n");
    GIVEN(f, "a.yaml");
    const struct json_value *r = result_at(sarif_run(f, &root), 0);
    assert_field(r, "ruleId", "nothing-to-check");
    assert_null(json_value_get(place_of(r), "region"));
    json_value_free(root);
}

// So that a finding which has moved is the same one, and another is not.
static void sarif_knows_a_finding_again(void **state)
{
    struct fixture *f = *state;
    struct json_value *root;
    char before[64];
    put(f, "a.yaml", BAD_PORT);
    GIVEN(f, "a.yaml");
    const struct json_value *r = result_at(sarif_run(f, &root), 0);
    const char key[] = "idFileText/v1";
    const struct json_value *print = json_value_get(r, "partialFingerprints");
    snprintf(before, sizeof before, "%s",
             json_value_text(json_value_get(print, key)));
    assert_int_equal(strlen(before), 16);
    json_value_free(root);
    put(f, "a.yaml", "---\n- none\n---\n" BAD_PORT);
    const struct json_value *sarif = sarif_run(f, &root);
    assert_string_not_equal(
        json_value_text(json_value_get(
            json_value_get(result_at(sarif, 0), "partialFingerprints"), key)),
        before);
    assert_field(json_value_get(result_at(sarif, 1), "partialFingerprints"),
                 key, before);
    json_value_free(root);
}

// --- peers ------------------------------------------------------------------

static const char *given_pods(struct fixture *f, char out[4096],
                              const char *ready)
{
    size_t n = (size_t)snprintf(out, 4096, "%s---\n%s", SERVICE, SET("4"));
    for (unsigned i = 0; i < strlen(ready); i++)
        n += (size_t)snprintf(
            out + n, 4096 - n,
            "---\n"
            "apiVersion: v1\n"
            "kind: Pod\n"
            "metadata: {name: db-%u, labels: {app: db}, ownerReferences: [{\n"
            "  kind: StatefulSet, name: db, controller: true}]}\n"
            "spec: {hostname: db-%u, subdomain: db}\n"
            "status: {phase: Running, podIP: 10.0.0.%u,\n"
            "  conditions: [{type: Ready, status: '%s'}]}\n",
            i, i, i + 1, ready[i] == 'y' ? "True" : "False");
    return found_in(f, out);
}

// One line, from its place to the reason, and its id.
static void assert_line(const char *text, const char *begin, const char *id)
{
    char end[64];
    const size_t n = strlen(text);
    const size_t end_n = (size_t)snprintf(end, sizeof end, " [%s]\n", id);
    if (strncmp(text, begin, strlen(begin)) != 0)
        assert_string_equal(text, begin);
    assert_true(n > end_n);
    assert_string_equal(text + n - end_n, end);
    assert_ptr_equal(strchr(text, '\n'), text + n - 1);
}

static void peers_that_all_resolve_are_not_told(void **state)
{
    struct fixture *f = *state;
    char manifest[4096];
    assert_string_equal(given_pods(f, manifest, "yyyy"), "");
}

// The pods begin on lines 18, 26, 34 and 42.
static void a_given_pod_that_is_not_ready_is_told_at_its_place(void **state)
{
    struct fixture *f = *state;
    char manifest[4096];
    assert_line(given_pods(f, manifest, "yyny"),
                "a.yaml:34:1: warning: db-2 does not resolve: not ready",
                "pod-not-ready");
}

static void peers_of_one_reason_are_one_finding(void **state)
{
    struct fixture *f = *state;
    char manifest[4096];
    assert_line(given_pods(f, manifest, "ynny"),
                "a.yaml:26:1: warning: db-1 and db-2 do not resolve: not ready",
                "pod-not-ready");
    assert_line(given_pods(f, manifest, "ynnn"),
                "a.yaml:26:1: warning: db-1, db-2 and 1 more do not resolve: "
                "not ready",
                "pod-not-ready");
    assert_line(given_pods(f, manifest, "nnnn"),
                "a.yaml:18:1: warning: db-0, db-1 and 2 more do not resolve: "
                "not ready",
                "pod-not-ready");
}

// A set makes one after the other: db-3 waits for db-2, of which one finding
// is enough.
static void peers_without_a_pod_are_told_at_their_set(void **state)
{
    struct fixture *f = *state;
    char manifest[4096];
    const char *text = given_pods(f, manifest, "yy");
    assert_line(text,
                "a.yaml:11:16: warning: db-2 and db-3 do not resolve: not "
                "created; ",
                "pod-not-created");
    text = given_pods(f, manifest, "y");
    assert_line(text,
                "a.yaml:11:16: warning: db-1, db-2 and 1 more do not resolve: "
                "not created; ",
                "pod-not-created");
    text = given_pods(f, manifest, "yyy");
    assert_line(text,
                "a.yaml:11:16: warning: db-3 does not resolve: not created; ",
                "pod-not-created");
}

// db-1 is why db-2 and db-3 are not there.
static void peers_of_two_reasons_are_two_findings(void **state)
{
    struct fixture *f = *state;
    char manifest[4096];
    const char *text = given_pods(f, manifest, "yn");
    assert_non_null(strstr(text, "a.yaml:26:1: warning: db-1 does not resolve: "
                                 "not ready"));
    assert_non_null(strstr(text,
                           "a.yaml:11:16: warning: db-2 and db-3 do not "
                           "resolve: not created: waits for db-1, which is "));
    assert_int_equal(f->result.warnings, 2);
}

// Of one mistake there is one finding.
static void peers_of_a_set_with_an_error_are_not_told(void **state)
{
    struct fixture *f = *state;
    (void)found_in(f, SET("3"));
    assert_int_equal(f->result.errors, 1);
    assert_int_equal(f->result.warnings, 0);
    assert_null(strstr(f->result.p, "resolve"));
}

// The service is there, and what is wrong with it is told.
static void peers_of_a_refused_service_are_not_told(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(found_in(f, "apiVersion: v1\n"
                                    "kind: Service\n"
                                    "metadata: {name: db}\n"
                                    "spec: {ports: [{name: p, port: 0}]}\n"
                                    "---\n" SET("3")),
                        "a.yaml:4:32: error: " BAD_PORT_TEXT " [invalid]\n");
}

// --- rules ------------------------------------------------------------------

static char *printed(void (*print)(enum reason_code code, FILE *out),
                     enum reason_code code)
{
    char *p = NULL;
    size_t n;
    FILE *out = open_memstream(&p, &n);
    assert_non_null(out);
    if (print)
        print(code, out);
    else
        check_print_rules(out);
    assert_int_equal(fclose(out), 0);
    return p;
}

static void all_rules_are_listed_once(void **state)
{
    (void)state;
    char *text = printed(NULL, REASON_NONE);
    const char *line = text;
    const size_t column = (size_t)(strstr(text, " answer") + 1 - text);
    for (unsigned i = REASON_NONE + 1; i < REASONS; i++) {
        const struct reason_kind *kind = reason_kind((enum reason_code)i);
        const size_t n = strlen(kind->id);
        assert_memory_equal(line, kind->id, n);
        assert_in_range(n, 1, column - 1);
        assert_int_equal(strspn(line + n, " "), column - n);
        line = strchr(line, '\n');
        assert_non_null(line);
        line++;
    }
    assert_string_equal(line, "");
    assert_null(strpbrk(text, "{}[]"));
    // what may be left out of a text is left out
    assert_non_null(strstr(text, " not ready\n"));
    free(text);
}

static void a_page_shows_the_form_of_a_finding(void **state)
{
    (void)state;
    char *text = printed(check_print_rule, REASON_POD_NOT_READY);
    assert_memory_equal(text, "pod-not-ready\n", 14);
    assert_non_null(strstr(text, "ordinald check, as a warning"));
    assert_non_null(strstr(text, "(EDE 0)"));
    free(text);
    text = printed(check_print_rule, REASON_NOT_HEADLESS);
    assert_non_null(strstr(text, "ordinald check, as an error"));
    assert_non_null(
        strstr(text, "FILE:LINE:COLUMN: error: service SERVICE of StatefulSet "
                     "WORKLOAD is not headless; "));
    free(text);
    text = printed(check_print_rule, REASON_INVALID);
    assert_null(strstr(text, "EDE"));
    assert_non_null(strstr(text, reason_kind(REASON_INVALID)->help));
    free(text);
    text = printed(check_print_rule, REASON_NOT_LOADED);
    assert_null(strstr(text, "ordinald check"));
    free(text);
}

// --- memory -----------------------------------------------------------------

static void run_without(struct fixture *f, enum check_format format)
{
    bool hit = true;
    for (long n = 1; hit; n++) {
        struct check_result result = {0};
        struct error err = {""};
        fault_alloc_after(n);
        const int rc = check_run(&f->s, &f->clock, format, &result, &err);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        assert_true(rc == 0 || rc == -ENOMEM);
        assert_int_equal(rc != 0, err.text[0] != '\0');
        if (rc == 0) {
            assert_int_equal(result.n, f->result.n);
            assert_memory_equal(result.p, f->result.p, result.n);
            free(result.p);
        }
    }
}

static void memory_that_runs_out_is_an_error(void **state)
{
    static const enum check_format formats[] = {CHECK_TEXT, CHECK_JSON,
                                                CHECK_SARIF, CHECK_GITHUB};
    struct fixture *f = *state;
    put(f, "a\xff.yaml", SERVICE "---\n" SET("30") "---\n" BAD_PORT);
    GIVEN(f, "a\xff.yaml");
    for (size_t i = 0; i < ORD_COUNT(formats); i++) {
        (void)run(f, formats[i]);
        run_without(f, formats[i]);
    }
}

// So many of one document that their texts begin chunks of an arena.
static void memory_for_any_finding_may_run_out(void **state)
{
    struct fixture *f = *state;
    char text[4096];
    size_t n = (size_t)snprintf(text, sizeof text,
                                "apiVersion: v1\n"
                                "kind: Service\n"
                                "metadata: {name: bad}\n"
                                "spec: {ports: [");
    for (unsigned i = 0; i < 100; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "{port: 0}, ");
    snprintf(text + n, sizeof text - n, "]}\n");
    (void)found_in(f, text);
    run_without(f, CHECK_TEXT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_good_manifest_has_no_findings),
        TEST(a_finding_is_a_line_with_place_level_and_id),
        TEST(what_cannot_be_read_has_its_file_for_a_place),
        TEST(findings_come_in_the_order_in_which_files_were_read),
        TEST(what_is_found_twice_is_told_once),
        TEST(what_is_found_at_two_places_is_told_for_each),
        TEST(standard_input_has_a_name),
        TEST(lines_and_columns_are_those_of_editors),
        TEST(nothing_to_check_is_told),
        TEST(a_file_that_vanished_is_an_error),
        TEST(items_of_lists_are_documents),
        TEST(items_of_typed_lists_have_its_kind),
        TEST(a_missing_field_has_the_place_above_it),
        TEST(addresses_that_pass_512_octets_are_told),
        TEST(srv_records_that_pass_what_udp_takes_are_told),
        TEST(records_that_no_message_holds_are_counted),
        TEST(a_server_that_sends_less_is_measured_by_that),
        TEST(json_has_each_part_apart),
        TEST(json_of_nothing_found_is_whole),
        TEST(forms_stay_well_formed_whatever_a_file_is_called),
        TEST(github_reads_messages_and_properties),
        TEST(github_leaves_out_what_is_not_known),
        TEST(sarif_tells_what_and_where),
        TEST(sarif_lists_its_rules),
        TEST(sarif_has_relative_places_below_the_source),
        TEST(sarif_has_no_region_where_it_is_about_a_file),
        TEST(sarif_knows_a_finding_again),
        TEST(peers_that_all_resolve_are_not_told),
        TEST(a_given_pod_that_is_not_ready_is_told_at_its_place),
        TEST(peers_of_one_reason_are_one_finding),
        TEST(peers_without_a_pod_are_told_at_their_set),
        TEST(peers_of_two_reasons_are_two_findings),
        TEST(peers_of_a_set_with_an_error_are_not_told),
        TEST(peers_of_a_refused_service_are_not_told),
        TEST(all_rules_are_listed_once),
        TEST(a_page_shows_the_form_of_a_finding),
        TEST(memory_that_runs_out_is_an_error),
        TEST(memory_for_any_finding_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
