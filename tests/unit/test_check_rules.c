// SPDX-License-Identifier: Apache-2.0
// What `check` finds in objects that have to fit each other. Each test changes
// a good manifest and expects all that is printed then: what nobody expects is
// a false alarm, or one mistake told twice.
#include "check/check.h"

#include "lib/clock.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

// 1 to 12
#define SERVICE                                                                \
    "apiVersion: v1\n"                                                         \
    "kind: Service\n"                                                          \
    "metadata:\n"                                                              \
    "  name: web\n"                                                            \
    "spec:\n"                                                                  \
    "  clusterIP: None\n"                                                      \
    "  selector:\n"                                                            \
    "    app: web\n"                                                           \
    "  ports:\n"                                                               \
    "    - name: http\n"                                                       \
    "      port: 80\n"                                                         \
    "---\n"
// 13 to 33
#define SET                                                                    \
    "apiVersion: apps/v1\n"                                                    \
    "kind: StatefulSet\n"                                                      \
    "metadata:\n"                                                              \
    "  name: web\n"                                                            \
    "spec:\n"                                                                  \
    "  serviceName: web\n"                                                     \
    "  replicas: 3\n"                                                          \
    "  selector:\n"                                                            \
    "    matchLabels:\n"                                                       \
    "      app: web\n"                                                         \
    "  template:\n"                                                            \
    "    metadata:\n"                                                          \
    "      labels:\n"                                                          \
    "        app: web\n"                                                       \
    "    spec:\n"                                                              \
    "      containers:\n"                                                      \
    "        - name: web\n"                                                    \
    "          image: web:1\n"                                                 \
    "          ports:\n"                                                       \
    "            - name: http\n"                                               \
    "              containerPort: 80\n"
#define GOOD SERVICE SET

// Parts that tests change.
#define SERVICE_NAME  "  name: web\nspec:\n  clusterIP: None\n"
#define SET_NAME      "  name: web\nspec:\n  serviceName: web\n"
#define SERVICE_LABEL "    app: web\n  ports:\n"
#define SET_LABEL     "      app: web\n  template:\n"
#define POD_LABEL     "        app: web\n    spec:\n"
#define PORT          "    - name: http\n      port: 80\n"
#define CONTAINER     "              containerPort: 80\n"

#define PROBE                                                                  \
    "          readinessProbe:\n"                                              \
    "            tcpSocket:\n"                                                 \
    "              port: 80\n"

enum { FILES = 4 };

struct fixture {
    struct settings s;
    struct fake_clock now;
    struct clock clock;
    struct error err;
    struct check_result result;
    char directory[64];
    char before[4096]; // the working directory
    const char *files[FILES];
    unsigned files_n;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->clock = fake_clock_view(&f->now);
    strcpy(f->directory, "/tmp/ordinald-rules-XXXXXX");
    if (!getcwd(f->before, sizeof f->before) || !mkdtemp(f->directory) ||
        chdir(f->directory) != 0)
        return -1;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < f->files_n; i++)
        unlink(f->files[i]);
    int rc = chdir(f->before);
    rc |= rmdir(f->directory);
    free(f);
    return rc;
}

// name: a literal
static void put(struct fixture *f, const char *name, const char *text)
{
    bool known = false;
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    for (unsigned i = 0; i < f->files_n; i++)
        known |= strcmp(f->files[i], name) == 0;
    assert_true(known || f->files_n < FILES);
    if (!known)
        f->files[f->files_n++] = name;
}

// Run with words of the command line, ended by NULL, and compare all of it.
static void run(struct fixture *f, const char *const *words,
                const char *expected)
{
    const struct settings_command command = {.name = "test"};
    int argc = 0;
    while (words[argc])
        argc++;
    assert_int_equal(
        settings_parse(&f->s, &command, argc, words, NULL, &f->err), 0);
    assert_int_equal(
        check_run(&f->s, &f->clock, CHECK_TEXT, &f->result, &f->err), 0);
    char *text = strndup(f->result.p, f->result.n);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    free(f->result.p);
    settings_release(&f->s);
}

#define RUN(f, expected, ...)                                                  \
    run(f, (const char *const[]){__VA_ARGS__, NULL}, expected)

// What is told of one text, which is "m".
static void finds(struct fixture *f, const char *text, const char *expected)
{
    put(f, "m.yaml", text);
    RUN(f, expected, "m.yaml");
}

#define AT(place, level, text, id)                                             \
    "m.yaml:" place ": " level ": " text " [" id "]\n"
#define ERROR(place, text, id)   AT(place, "error", text, id)
#define WARNING(place, text, id) AT(place, "warning", text, id)

// A text with one part changed, which it has exactly once; lives until the
// eighth call after this one.
static const char *with(const char *text, const char *from, const char *to)
{
    static _Thread_local char texts[8][8192];
    static _Thread_local unsigned turn;
    char *out = texts[turn++ % 8];
    const char *at = strstr(text, from);
    assert_non_null(at);
    assert_null(strstr(at + 1, from));
    const int n = snprintf(out, sizeof texts[0], "%.*s%s%s", (int)(at - text),
                           text, to, at + strlen(from));
    assert_in_range(n, 0, sizeof texts[0] - 1);
    return out;
}

static void a_good_manifest_gives_nothing(void **state)
{
    finds(*state, GOOD, "");
}

// --- serviceName ------------------------------------------------------------

static void a_service_that_is_missing_is_told_with_the_one_meant(void **state)
{
    finds(*state, with(GOOD, "serviceName: web", "serviceName: wbe"),
          ERROR("18:16",
                "StatefulSet web names the service wbe, which is not there; "
                "did you mean web? otherwise add a headless Service wbe",
                "service-missing"));
}

static void a_service_that_selects_the_pods_may_be_meant(void **state)
{
    finds(*state, with(GOOD, "serviceName: web", "serviceName: database"),
          ERROR("18:16",
                "StatefulSet web names the service database, which is not "
                "there; did you mean web? otherwise add a headless Service "
                "database",
                "service-missing"));
}

static void a_service_with_a_like_name_comes_before_one_that_selects(
    void **state)
{
    const char *text = with(GOOD, "serviceName: web", "serviceName: wbe");
    char both[8192];
    snprintf(both, sizeof both, "%s---\n%s",
             with(text, "  clusterIP: None\n", ""),
             with(SERVICE, SERVICE_NAME,
                  "  name: store\nspec:\n  clusterIP: None\n"));
    finds(*state, both,
          ERROR("17:16",
                "StatefulSet web names the service wbe, which is not there; "
                "did you mean web? otherwise add a headless Service wbe",
                "service-missing"));
}

static void a_service_that_nothing_resembles_is_just_missing(void **state)
{
    finds(*state, SET,
          ERROR("6:16",
                "StatefulSet web names the service web, which is not there; "
                "add a headless Service web",
                "service-missing"));
}

static void a_service_that_is_refused_is_not_missing(void **state)
{
    finds(*state, with(GOOD, "      port: 80\n", "      port: 0\n"),
          ERROR("11:13", "spec.ports[0].port must be 1 to 65535, not 0",
                "invalid"));
    finds(*state, with(GOOD, "kind: Service\n", "kind: service\n"),
          ERROR("2:7", "service is no kind of v1; did you mean Service?",
                "kind-misspelled"));
}

static void a_service_may_be_in_what_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    put(f, "m.yaml", SET);
    put(f, "broken.yaml", "'kind: Service, name: web'\n");
    RUN(f,
        "broken.yaml:1:1: error: an object must be a map with apiVersion and "
        "kind, not a string [invalid]\n",
        "broken.yaml", "m.yaml");
    put(f, "broken.yaml", "['\"name\" : \"web\"']\n");
    RUN(f,
        "broken.yaml:1:1: error: an object must be a map with apiVersion and "
        "kind, not a list [invalid]\n",
        "broken.yaml", "m.yaml");
    // also behind an object in its file: lines 1 to 21, and the mark
    finds(f, SET "---\n'name: web'\n",
          ERROR("23:1",
                "an object must be a map with apiVersion and kind, not a "
                "string",
                "invalid"));
}

static void what_cannot_be_read_hides_no_service_of_another_name(void **state)
{
    struct fixture *f = *state;
    put(f, "m.yaml", SET);
    put(f, "broken.yaml", "'name: web-0, hostname: xweb, web'\n");
    RUN(f,
        "broken.yaml:1:1: error: an object must be a map with apiVersion and "
        "kind, not a string [invalid]\n"
        "m.yaml:6:16: error: StatefulSet web names the service web, which is "
        "not there; add a headless Service web [service-missing]\n",
        "broken.yaml", "m.yaml");
}

static void a_service_of_another_namespace_is_told(void **state)
{
    finds(*state,
          with(GOOD, SERVICE_NAME,
               "  name: web\n  namespace: prod\nspec:\n  clusterIP: None\n"),
          ERROR("19:16",
                "StatefulSet web names the service web, which is in namespace "
                "prod; put both into one namespace",
                "service-elsewhere"));
}

static void a_service_in_the_same_other_namespace_is_good(void **state)
{
    const char *text =
        with(GOOD, SERVICE_NAME,
             "  name: web\n  namespace: prod\nspec:\n  clusterIP: None\n");
    finds(*state,
          with(text, SET_NAME,
               "  name: web\n  namespace: prod\nspec:\n  serviceName: web\n"),
          "");
}

static void a_set_without_service_name_is_told(void **state)
{
    finds(*state, with(GOOD, "  serviceName: web\n", ""),
          ERROR("18:3",
                "StatefulSet web names no service, so its pods have no names; "
                "write the name of a headless Service in spec.serviceName, "
                "such as web",
                "service-name-empty"));
    finds(*state, with(GOOD, "serviceName: web\n", "serviceName: \"\"\n"),
          ERROR("18:16",
                "StatefulSet web names no service, so its pods have no names; "
                "write the name of a headless Service in spec.serviceName, "
                "such as web",
                "service-name-empty"));
}

static void a_single_pod_needs_no_service_name(void **state)
{
    finds(*state,
          with(GOOD, "  serviceName: web\n  replicas: 3\n", "  replicas: 1\n"),
          "");
}

static void a_misspelled_service_name_is_told_as_such(void **state)
{
    finds(*state, with(GOOD, "serviceName: web", "serviceNam: web"),
          ERROR("18:3",
                "serviceNam is no field of StatefulSetSpec; did you mean "
                "serviceName?",
                "field-misspelled"));
}

// A word that has another one in it is not that one.
static void another_misspelled_field_excuses_nothing(void **state)
{
    const char *text = with(GOOD, PORT, "    - port: 80\n");
    finds(*state,
          with(text, SERVICE_NAME,
               "  name: web\n  namespac: default\nspec:\n  clusterIP: None\n"),
          ERROR("5:3",
                "namespac is no field of ObjectMeta; did you mean namespace?",
                "field-misspelled")
              WARNING("11:7",
                      "port 80 of service web has no name, so no SRV record of "
                      "it can be asked for by name; give it one, such as "
                      "'name: peer'",
                      "port-unnamed"));
}

static void a_file_that_is_given_twice_is_judged_once(void **state)
{
    struct fixture *f = *state;
    put(f, "m.yaml", with(GOOD, "serviceName: web", "serviceNam: web"));
    RUN(f,
        WARNING("1:1",
                "Service 'default/web' is defined twice: this one wins over "
                "m.yaml:1:1",
                "doubtful")
            WARNING("13:1",
                    "StatefulSet 'default/web' is defined twice: this one wins "
                    "over m.yaml:13:1",
                    "doubtful")
                ERROR("18:3",
                      "serviceNam is no field of StatefulSetSpec; did you mean "
                      "serviceName?",
                      "field-misspelled"),
        "m.yaml", "m.yaml");
}

static void of_several_services_that_select_the_pods_none_is_offered(
    void **state)
{
    const char *text = with(GOOD, "serviceName: web", "serviceName: database");
    char several[8192];
    const size_t n =
        (size_t)snprintf(several, sizeof several, "%s---\n%s", text,
                         with(SERVICE, SERVICE_NAME,
                              "  name: peers\nspec:\n  clusterIP: None\n"));
    static const char expected[] =
        ERROR("18:16",
              "StatefulSet web names the service database, which is not "
              "there; add a headless Service database",
              "service-missing");
    finds(*state, several, expected);
    snprintf(several + n, sizeof several - n, "%s",
             with(SERVICE, SERVICE_NAME,
                  "  name: store\nspec:\n  clusterIP: None\n"));
    finds(*state, several, expected);
}

// --- the governing service --------------------------------------------------

static void a_service_with_a_virtual_address_is_told(void **state)
{
    finds(*state, with(GOOD, "  clusterIP: None\n", ""),
          ERROR("6:3",
                "service web of StatefulSet web is not headless; write "
                "'clusterIP: None'",
                "not-headless"));
    finds(*state, with(GOOD, "clusterIP: None", "clusterIP: 10.96.0.9"),
          ERROR("6:14",
                "service web of StatefulSet web is not headless; write "
                "'clusterIP: None'",
                "not-headless"));
}

static void an_alias_is_told_at_its_type(void **state)
{
    finds(*state,
          with(GOOD, "  clusterIP: None\n",
               "  type: ExternalName\n  externalName: db.example.org\n"),
          ERROR("6:9",
                "service web of StatefulSet web is not headless; remove type "
                "and externalName, and write 'clusterIP: None'",
                "not-headless"));
}

static void a_headless_service_beside_it_is_offered(void **state)
{
    const char *text = with(GOOD, "  clusterIP: None\n", "");
    static char both[8192];
    snprintf(both, sizeof both, "%s---\n%s", text,
             with(SERVICE, SERVICE_NAME,
                  "  name: web-peers\nspec:\n  clusterIP: None\n"));
    finds(*state, both,
          ERROR("17:16",
                "service web of StatefulSet web is not headless; write "
                "'clusterIP: None', or web-peers in spec.serviceName",
                "not-headless"));
}

static void a_selector_that_misses_the_pods_is_told_with_both(void **state)
{
    finds(*state, with(GOOD, SERVICE_LABEL, "    app: www\n  ports:\n"),
          ERROR("8:10",
                "the selector of service web matches no pod of StatefulSet "
                "web: it wants 'app: www', they have 'app: web' (26:14); make "
                "it match the labels in spec.template",
                "selector-misses-pods"));
}

static void a_label_that_the_pods_lack_is_told(void **state)
{
    finds(
        *state,
        with(GOOD, SERVICE_LABEL, "    app: web\n    tier: front\n  ports:\n"),
        ERROR("9:11",
              "the selector of service web matches no pod of StatefulSet "
              "web: it wants 'tier: front', and they have no such label "
              "(27:9); make it match the labels in spec.template",
              "selector-misses-pods"));
}

static void an_alias_has_the_place_of_its_anchor(void **state)
{
    const char *text = with(GOOD, "    matchLabels:\n      app: web\n",
                            "    matchLabels: &labels\n      app: web\n");
    text = with(text, "      labels:\n        app: web\n",
                "      labels: *labels\n");
    finds(*state, text, "");
    finds(*state, with(text, SERVICE_LABEL, "    app: www\n  ports:\n"),
          ERROR("8:10",
                "the selector of service web matches no pod of StatefulSet "
                "web: it wants 'app: www', they have 'app: web' (22:12); make "
                "it match the labels in spec.template",
                "selector-misses-pods"));
}

static void another_file_is_named(void **state)
{
    struct fixture *f = *state;
    put(f, "m.yaml", with(SERVICE, SERVICE_LABEL, "    app: www\n  ports:\n"));
    put(f, "set.yaml", SET);
    RUN(f,
        ERROR("8:10",
              "the selector of service web matches no pod of StatefulSet web: "
              "it wants 'app: www', they have 'app: web' (set.yaml:14:14); "
              "make it match the labels in spec.template",
              "selector-misses-pods"),
        "m.yaml", "set.yaml");
}

#define NO_SELECTOR                                                            \
    "apiVersion: v1\n"                                                         \
    "kind: Service\n"                                                          \
    "metadata: {name: web}\n"                                                  \
    "spec:\n"                                                                  \
    "  clusterIP: None\n"                                                      \
    "  ports: [{name: http, port: 80}]\n"                                      \
    "---\n" SET

static void a_governing_service_without_selector_is_told(void **state)
{
    finds(*state, NO_SELECTOR,
          ERROR("5:3",
                "service web of StatefulSet web has no selector and no "
                "endpoints; write spec.selector as the labels in "
                "spec.template",
                "no-selector"));
}

static void endpoints_that_are_given_need_no_selector(void **state)
{
    finds(*state,
          NO_SELECTOR "---\n"
                      "apiVersion: discovery.k8s.io/v1\n"
                      "kind: EndpointSlice\n"
                      "metadata:\n"
                      "  name: web-1\n"
                      "  labels: {kubernetes.io/service-name: web}\n"
                      "addressType: IPv4\n"
                      "ports: [{name: http, port: 80}]\n"
                      "endpoints:\n"
                      "  - {hostname: web-0, addresses: [10.1.0.1]}\n"
                      "  - {hostname: web-1, addresses: [10.1.0.2]}\n"
                      "  - {hostname: web-2, addresses: [10.1.0.3]}\n",
          "");
}

// --- selectors of workloads -------------------------------------------------

static void a_selector_that_misses_its_own_template_is_told_once(void **state)
{
    finds(*state, with(GOOD, SET_LABEL, "      app: www\n  template:\n"),
          ERROR("22:12",
                "the selector of StatefulSet web does not match its own "
                "template: it wants 'app: www', the template has 'app: web' "
                "(26:14); make both equal",
                "selector-misses-template"));
}

static void each_pair_that_misses_the_template_is_told(void **state)
{
    finds(*state,
          with(GOOD, SET_LABEL,
               "      app: www\n      tier: front\n  template:\n"),
          ERROR("22:12",
                "the selector of StatefulSet web does not match its own "
                "template: it wants 'app: www', the template has 'app: web' "
                "(27:14); make both equal",
                "selector-misses-template")
              ERROR("23:13",
                    "the selector of StatefulSet web does not match its own "
                    "template: it wants 'tier: front', the template has no "
                    "such label (27:9); make both equal",
                    "selector-misses-template"));
}

static const char *with_expression(const char *expression)
{
    char text[128];
    snprintf(text, sizeof text, "    matchExpressions:\n      - {%s}\n",
             expression);
    return with(GOOD, "    matchLabels:\n      app: web\n", text);
}

static void expressions_that_miss_the_template_are_told(void **state)
{
    finds(*state, with_expression("key: app, operator: In, values: [www, ww]"),
          ERROR("22:9",
                "the selector of StatefulSet web does not match its own "
                "template: it wants app In ..., the template has 'app: web' "
                "(26:14); make both equal",
                "selector-misses-template"));
    finds(*state, with_expression("key: app, operator: NotIn, values: [web]"),
          ERROR("22:9",
                "the selector of StatefulSet web does not match its own "
                "template: it wants app NotIn web, the template has 'app: web' "
                "(26:14); make both equal",
                "selector-misses-template"));
    finds(*state, with_expression("key: tier, operator: Exists"),
          ERROR("22:9",
                "the selector of StatefulSet web does not match its own "
                "template: it wants tier Exists, the template has no such "
                "label (26:9); make both equal",
                "selector-misses-template"));
    finds(
        *state, with_expression("key: app, operator: DoesNotExist"),
        ERROR(
            "22:9",
            "the selector of StatefulSet web does not match its own "
            "template: it wants app DoesNotExist, the template has 'app: web' "
            "(26:14); make both equal",
            "selector-misses-template"));
}

static void expressions_that_hold_are_good(void **state)
{
    finds(*state, with_expression("key: app, operator: In, values: [www, web]"),
          "");
    finds(*state, with_expression("key: app, operator: NotIn, values: [www]"),
          "");
    finds(*state, with_expression("key: tier, operator: NotIn, values: [www]"),
          "");
    finds(*state, with_expression("key: app, operator: Exists"), "");
    finds(*state, with_expression("key: tier, operator: DoesNotExist"), "");
}

static void a_kind_that_is_skipped_has_a_selector_as_well(void **state)
{
    finds(*state,
          "apiVersion: apps/v1\n"
          "kind: DaemonSet\n"
          "metadata: {name: agent}\n"
          "spec:\n"
          "  selector: {matchLabels: {app: agnt}}\n"
          "  template:\n"
          "    metadata: {labels: {app: agent}}\n"
          "    spec: {containers: [{name: agent, image: agent}]}\n"
          "---\n" GOOD,
          ERROR("5:33",
                "the selector of DaemonSet agent does not match its own "
                "template: it wants 'app: agnt', the template has 'app: agent' "
                "(7:30); make both equal",
                "selector-misses-template"));
}

static const char *labelled(const char *set, const char *label)
{
    char text[64];
    snprintf(text, sizeof text, "      app: %s\n  template:\n", label);
    set = with(set, SET_LABEL, text);
    snprintf(text, sizeof text, "        app: %s\n    spec:\n", label);
    return with(set, POD_LABEL, text);
}

static const char *two_sets(const char *second)
{
    static char text[8192];
    snprintf(text, sizeof text, "%s---\n%s", GOOD, second);
    return text;
}

static void sets_that_own_the_same_pods_are_told(void **state)
{
    finds(*state,
          two_sets(with(SET, SET_NAME,
                        "  name: web-b\nspec:\n  serviceName: web\n")),
          WARNING("44:7",
                  "the selectors of StatefulSets web-b and web match the same "
                  "pods (the other one: 22:7); add a label to each that the "
                  "other does not have",
                  "selectors-overlap"));
}

static void each_set_is_told_of_the_one_before_it(void **state)
{
    char text[8192];
    snprintf(text, sizeof text, "%s---\n%s---\n%s", GOOD,
             with(SET, SET_NAME, "  name: web-c\nspec:\n  serviceName: web\n"),
             with(SET, SET_NAME, "  name: web-b\nspec:\n  serviceName: web\n"));
    // by name: the third one stands before the second
    finds(*state, text,
          WARNING("44:7",
                  "the selectors of StatefulSets web-c and web-b match the "
                  "same pods (the other one: 66:7); add a label to each that "
                  "the other does not have",
                  "selectors-overlap")
              WARNING("66:7",
                      "the selectors of StatefulSets web-b and web match the "
                      "same pods (the other one: 22:7); add a label to each "
                      "that the other does not have",
                      "selectors-overlap"));
}

// web-c wants pods of web, and web-b, which stands between them, those of
// web-c.
static void the_nearest_set_is_told_whoever_owns_whose_pods(void **state)
{
    const char *b = with(SET, SET_NAME, "  name: web-b\nspec:\n");
    b = labelled(with(b, "  replicas: 3\n", "  replicas: 1\n"), "c");
    const char *c =
        with(SET, SET_NAME, "  name: web-c\nspec:\n  serviceName: web\n");
    c = with(c, POD_LABEL, "        app: web\n        part: c\n    spec:\n");
    b = with(b, "      app: c\n  template:\n", "      part: c\n  template:\n");
    b = with(b, "        app: c\n    spec:\n",
             "        app: b\n        part: c\n    spec:\n");
    char text[8192];
    snprintf(text, sizeof text, "%s---\n%s---\n%s", GOOD, b, c);
    finds(*state, text,
          WARNING("66:7",
                  "the selectors of StatefulSets web-c and web-b match the "
                  "same pods (the other one: 43:7); add a label to each that "
                  "the other does not have",
                  "selectors-overlap"));
}

static void a_set_that_owns_anothers_pods_is_told(void **state)
{
    const char *narrow =
        with(SET, SET_LABEL, "      app: web\n      part: b\n  template:\n");
    narrow = with(narrow, POD_LABEL,
                  "        app: web\n        part: b\n    spec:\n");
    finds(*state,
          two_sets(with(narrow, SET_NAME,
                        "  name: web-b\nspec:\n  serviceName: web\n")),
          WARNING("44:7",
                  "the selectors of StatefulSets web-b and web match the same "
                  "pods (the other one: 22:7); add a label to each that the "
                  "other does not have",
                  "selectors-overlap"));
    finds(*state,
          two_sets(with(narrow, SET_NAME,
                        "  name: a-web\nspec:\n  serviceName: web\n")),
          WARNING("22:7",
                  "the selectors of StatefulSets web and a-web match the same "
                  "pods (the other one: 44:7); add a label to each that the "
                  "other does not have",
                  "selectors-overlap"));
}

static void sets_with_a_label_of_their_own_are_good(void **state)
{
    // each selector wants what the other's pods lack, and the service neither
    const char *a =
        with(GOOD, SET_LABEL, "      app: web\n      part: a\n  template:\n");
    a = with(a, POD_LABEL, "        app: web\n        part: a\n    spec:\n");
    const char *b =
        with(SET, SET_LABEL, "      app: web\n      part: b\n  template:\n");
    b = with(b, POD_LABEL, "        app: web\n        part: b\n    spec:\n");
    b = with(b, SET_NAME, "  name: web-b\nspec:\n  serviceName: web\n");
    char text[8192];
    snprintf(text, sizeof text, "%s---\n%s", a, b);
    finds(*state, text, "");
}

// --- services that find nobody ----------------------------------------------

// From line 34.
#define FRONT(selector)                                                        \
    "---\n"                                                                    \
    "apiVersion: v1\n"                                                         \
    "kind: Service\n"                                                          \
    "metadata: {name: front}\n"                                                \
    "spec:\n"                                                                  \
    "  selector: " selector "\n"                                               \
    "  ports: [{name: http, port: 80}]\n"

static void a_service_that_selects_nobody_is_told(void **state)
{
    finds(*state, GOOD FRONT("{app: wbe}"),
          WARNING("39:19",
                  "no pod matches the selector of service front: it wants "
                  "'app: wbe', pods of StatefulSet web have 'app: web' "
                  "(26:14); make it match the labels of the pods that are "
                  "meant",
                  "no-pods"));
    finds(*state, GOOD FRONT("{app: web, tier: front}"),
          WARNING("39:30",
                  "no pod matches the selector of service front: it wants "
                  "'tier: front', pods of StatefulSet web have no such label; "
                  "make it match the labels of the pods that are meant",
                  "no-pods"));
    finds(*state, GOOD FRONT("{name: cache}"),
          WARNING("39:20",
                  "no pod matches the selector of service front; make it "
                  "match the labels of the pods that are meant",
                  "no-pods"));
}

// From line 41, behind a service in front.
#define CACHE(labels)                                                          \
    "---\n"                                                                    \
    "apiVersion: apps/v1\n"                                                    \
    "kind: Deployment\n"                                                       \
    "metadata: {name: cache}\n"                                                \
    "spec:\n"                                                                  \
    "  selector: {matchLabels: {tier: front}}\n"                               \
    "  template:\n"                                                            \
    "    metadata: {labels: {tier: front" labels "}}\n"                        \
    "    spec: {containers: [{name: a, image: a}]}\n"

static void the_pods_that_come_nearest_are_told(void **state)
{
    finds(*state,
          GOOD FRONT("{app: web, part: b, tier: front}")
              CACHE(", app: web, part: a"),
          WARNING("39:30",
                  "no pod matches the selector of service front: it wants "
                  "'part: b', pods of Deployment cache have 'part: a' (48:54); "
                  "make it match the labels of the pods that are meant",
                  "no-pods"));
    // of equal ones the first
    finds(*state, GOOD FRONT("{tier: front, app: web}") CACHE(", part: a"),
          WARNING("39:20",
                  "no pod matches the selector of service front: it wants "
                  "'tier: front', pods of StatefulSet web have no such label; "
                  "make it match the labels of the pods that are meant",
                  "no-pods"));
}

static void a_label_that_says_who_leads_may_come_later(void **state)
{
    finds(*state, GOOD FRONT("{app: web, role: primary}"), "");
}

static void without_workloads_nobody_is_missed(void **state)
{
    finds(*state, SERVICE FRONT("{app: cache}"), "");
}

static void pods_of_any_kind_are_found(void **state)
{
    finds(*state,
          GOOD FRONT("{app: cron}") "---\n"
                                    "apiVersion: batch/v1\n"
                                    "kind: CronJob\n"
                                    "metadata: {name: cron}\n"
                                    "spec:\n"
                                    "  schedule: '@daily'\n"
                                    "  jobTemplate:\n"
                                    "    spec:\n"
                                    "      template:\n"
                                    "        metadata: {labels: {app: cron}}\n"
                                    "        spec:\n"
                                    "          restartPolicy: Never\n"
                                    "          containers:\n"
                                    "            - {name: a, image: a}\n",
          "");
}

static void an_operator_may_make_the_pods(void **state)
{
    static const char *const certificate = "---\n"
                                           "apiVersion: cert-manager.io/v1\n"
                                           "kind: Certificate\n"
                                           "metadata: {name: front}\n";
    static const char *const cluster = "---\n"
                                       "apiVersion: db.example.org/v1\n"
                                       "kind: Cluster\n"
                                       "metadata: {name: front}\n";
    char text[8192];
    snprintf(text, sizeof text, "%s%s", GOOD FRONT("{name: cache}"), cluster);
    finds(*state, text, "");
    snprintf(text, sizeof text, "%s%s", GOOD FRONT("{name: cache}"),
             certificate);
    finds(*state, text,
          WARNING("39:20",
                  "no pod matches the selector of service front; make it "
                  "match the labels of the pods that are meant",
                  "no-pods"));
}

// --- ports ------------------------------------------------------------------

static void a_port_without_a_name_is_told(void **state)
{
    finds(*state, with(GOOD, PORT, "    - port: 80\n"),
          WARNING("10:7",
                  "port 80 of service web has no name, so no SRV record of it "
                  "can be asked for by name; give it one, such as 'name: "
                  "peer'",
                  "port-unnamed"));
}

static void a_port_of_a_virtual_address_needs_no_name(void **state)
{
    finds(*state,
          GOOD "---\n"
               "apiVersion: v1\n"
               "kind: Service\n"
               "metadata: {name: front}\n"
               "spec: {selector: {app: web}, ports: [{port: 80}]}\n",
          "");
}

static void a_service_without_ports_is_told(void **state)
{
    finds(*state, with(GOOD, "  ports:\n" PORT, ""),
          WARNING("6:3",
                  "service web of StatefulSet web has no ports, so SRV has "
                  "nothing to list; write the ports of its pods in spec.ports",
                  "no-ports"));
}

static void a_long_name_of_a_port_is_told(void **state)
{
    finds(*state,
          with(GOOD, PORT,
               "    - name: http-for-all-xxx\n"
               "      port: 80\n"),
          WARNING("10:13",
                  "the name of port http-for-all-xxx has 16 characters, and "
                  "names of services have at most 15; shorten it",
                  "port-name-long"));
    finds(*state,
          with(GOOD, PORT,
               "    - name: http-for-all-xx\n"
               "      port: 80\n"),
          "");
}

static void a_target_that_no_container_has_is_told(void **state)
{
    finds(*state, with(GOOD, PORT, PORT "      targetPort: htpp\n"),
          ERROR("12:19",
                "service web sends to port htpp, which no container of "
                "StatefulSet web has; it has http; write the name of one, or "
                "a number; did you mean http?",
                "target-port-unknown"));
}

static void a_target_of_another_protocol_is_told(void **state)
{
    finds(
        *state,
        with(GOOD, PORT, PORT "      protocol: UDP\n      targetPort: http\n"),
        ERROR("13:19",
              "service web sends to port http (UDP), which no "
              "container of StatefulSet web has; it has http; write the "
              "name of one, or a number",
              "target-port-unknown"));
}

static void targets_that_are_there_are_good(void **state)
{
    finds(*state, with(GOOD, PORT, PORT "      targetPort: http\n"), "");
    // a number needs no port of a container
    finds(*state, with(GOOD, PORT, PORT "      targetPort: 8080\n"), "");
    // K8S 1.28: a sidecar
    const char *text = with(GOOD, PORT, PORT "      targetPort: side\n");
    finds(*state,
          with(text, CONTAINER,
               CONTAINER "      initContainers:\n"
                         "        - name: side\n"
                         "          image: side\n"
                         "          restartPolicy: Always\n"
                         "          ports:\n"
                         "            - {name: side, containerPort: 90}\n"),
          "");
}

static void a_probe_of_no_port_is_told_once(void **state)
{
    finds(*state,
          with(GOOD, CONTAINER,
               CONTAINER "          readinessProbe:\n"
                         "            tcpSocket:\n"
                         "              port: htpp\n"),
          ERROR("36:21",
                "a probe asks for a port that its container does not have: "
                "htpp in readinessProbe of container web; it has http; "
                "write the port's number or its name; did you mean http?",
                "probe-port-unknown"));
    finds(*state,
          with(GOOD, CONTAINER,
               CONTAINER "          livenessProbe:\n"
                         "            httpGet: {path: /, port: admin}\n"),
          ERROR("35:38",
                "a probe asks for a port that its container does not have: "
                "admin in livenessProbe of container web; it has http; "
                "write the port's number or its name",
                "probe-port-unknown"));
}

static void probes_of_ports_that_are_there_are_good(void **state)
{
    finds(*state,
          with(GOOD, CONTAINER,
               CONTAINER PROBE "          livenessProbe:\n"
                               "            httpGet: {path: /, port: http}\n"),
          "");
}

// --- names ------------------------------------------------------------------

#define NAME_52 "a234567890b234567890c234567890d234567890e234567890f2"

static void a_name_that_leaves_no_room_for_the_revision_is_told(void **state)
{
    finds(*state,
          with(GOOD, SET_NAME,
               "  name: " NAME_52 "\nspec:\n  serviceName: web\n"),
          "");
    finds(*state,
          with(GOOD, SET_NAME,
               "  name: " NAME_52 "3\nspec:\n  serviceName: web\n"),
          ERROR("16:9",
                "the name of StatefulSet " NAME_52 "3 has 53 characters; its "
                "pods cannot be created with more than 52; shorten it",
                "name-too-long"));
}

static void a_name_too_long_for_a_hostname_is_told_once(void **state)
{
    finds(*state,
          with(GOOD, SET_NAME,
               "  name: " NAME_52 "3456789g12\nspec:\n  serviceName: web\n"),
          ERROR("16:9",
                "the name of StatefulSet " NAME_52 "3456789g12 has 62 "
                "characters; its pods cannot be created with more than 52; "
                "shorten it",
                "name-too-long"));
}

static void a_name_with_dots_is_told_once(void **state)
{
    finds(*state,
          with(GOOD, SET_NAME, "  name: web.1\nspec:\n  serviceName: web\n"),
          ERROR("16:9",
                "the name of StatefulSet web.1 has a dot, so none of its pods "
                "has a valid hostname; write dashes instead",
                "name-has-dots"));
}

#define LABEL_57 "a23456789b123456789c123456789d123456789e123456789f1234567"

static void a_name_that_dns_cannot_carry_is_told(void **state)
{
    struct fixture *f = *state;
    put(f, "m.yaml", GOOD);
    // web-2.web.default.svc. and four labels: 22 + 3 * 57 + 58 + 3
    RUN(f,
        ERROR("16:9",
              "the name of pod web-2 below service web has 254 characters in "
              "DNS, and 253 are the most; shorten one of its names, or the "
              "cluster domain",
              "full-name-too-long"),
        "--cluster-domain", LABEL_57 "." LABEL_57 "." LABEL_57 ".a" LABEL_57,
        "m.yaml");
    RUN(f, "", "--cluster-domain", LABEL_57 "." LABEL_57 "." LABEL_57,
        "m.yaml");
}

// --- addresses --------------------------------------------------------------

#define ADDRESSES(name, addresses)                                             \
    "  name: " name "\n"                                                       \
    "  annotations:\n"                                                         \
    "    ordinald.io/addresses: " addresses "\n"                               \
    "spec:\n"                                                                  \
    "  serviceName: web\n"

static void an_address_of_two_sets_is_told_once(void **state)
{
    const char *first =
        with(GOOD, SET_NAME, ADDRESSES("web", "10.1.0.1 10.1.0.2 10.1.0.3"));
    const char *second =
        with(SET, SET_NAME,
             "  name: db\n"
             "  annotations:\n"
             "    ordinald.io/addresses: 10.1.0.5 10.1.0.6 10.1.0.2\n"
             "spec:\n"
             "  serviceName: db\n");
    second = labelled(second, "db");
    const char *service =
        with(SERVICE, SERVICE_NAME, "  name: db\nspec:\n  clusterIP: None\n");
    service = with(service, SERVICE_LABEL, "    app: db\n  ports:\n");
    char text[8192];
    snprintf(text, sizeof text, "%s---\n%s%s", first, service, second);
    // the first by name is believed
    finds(*state, text,
          ERROR("18:28",
                "StatefulSet web has the address 10.1.0.2, which StatefulSet "
                "default/db (54:28) has already; give each an address of its "
                "own",
                "duplicate-address"));
}

static void an_address_of_two_services_is_told(void **state)
{
    finds(*state,
          "apiVersion: v1\n"
          "kind: List\n"
          "items:\n"
          "  - apiVersion: v1\n"
          "    kind: Service\n"
          "    metadata: {name: a}\n"
          "    spec: {clusterIP: 10.96.0.9, ports: [{port: 1}]}\n"
          "  - apiVersion: v1\n"
          "    kind: Service\n"
          "    metadata: {name: b, namespace: other}\n"
          "    spec:\n"
          "      clusterIP: 10.96.0.9\n"
          "      clusterIPs: [10.96.0.9]\n"
          "      ports: [{port: 1}]\n",
          ERROR("13:20",
                "Service b has the address 10.96.0.9, which Service default/a "
                "(7:23) has already; give each an address of its own",
                "duplicate-address"));
}

#define POD(name, host)                                                        \
    "apiVersion: v1\n"                                                         \
    "kind: Pod\n"                                                              \
    "metadata: {name: " name "}\n"                                             \
    "spec: {" host "containers: [{name: a, image: a}]}\n"                      \
    "status: {phase: Running, podIP: 10.1.0.1}\n"                              \
    "---\n"

static void an_address_of_two_pods_is_told_unless_it_is_the_nodes(void **state)
{
    finds(*state, POD("a", "hostNetwork: false, ") POD("b", ""),
          ERROR("11:33",
                "Pod b has the address 10.1.0.1, which Pod default/a (5:33) "
                "has already; give each an address of its own",
                "duplicate-address"));
    finds(*state,
          POD("a", "hostNetwork: true, ") POD("b", "hostNetwork: true, "), "");
}

// --- peers that wait for each other -----------------------------------------

#define NAMING(value)                                                          \
    CONTAINER PROBE "          env:\n"                                         \
                    "            - name: PEERS\n"                              \
                    "              value: " value "\n"

static const char *naming(const char *part)
{
    return with(GOOD, CONTAINER, part);
}

#define DEADLOCK(place, who, rest)                                             \
    WARNING(place,                                                             \
            "pods of StatefulSet web look for " who ", but service web has "   \
            "names only for pods that are ready; write "                       \
            "'publishNotReadyAddresses: true' in the service" rest,            \
            "peers-before-ready")

static void peers_that_wait_for_each_other_are_told(void **state)
{
    const char *text = naming(NAMING("web-0.web:80,web-1.web:80"));
    finds(*state, text,
          DEADLOCK("39:22", "web-1",
                   ", and 'podManagementPolicy: Parallel', or web-1 is not "
                   "created until those before it are ready"));
    finds(*state,
          with(text, "  replicas: 3\n",
               "  replicas: 3\n  podManagementPolicy: Parallel\n"),
          DEADLOCK("40:22", "web-1", ""));
}

static void peers_in_arguments_are_told(void **state)
{
    finds(*state,
          naming(CONTAINER PROBE
                 "          command: [web, --join]\n"
                 "          args:\n"
                 "            - --join\n"
                 "            - http://web-2.web.default.svc:80\n"),
          DEADLOCK("40:15", "web-2",
                   ", and 'podManagementPolicy: Parallel', or web-2 is not "
                   "created until those before it are ready"));
    finds(*state,
          naming(CONTAINER PROBE "          args: [--discovery-srv="
                                 "web.default.svc.cluster.local]\n"),
          DEADLOCK("37:18", "web", ""));
}

static void peers_that_have_names_at_once_are_good(void **state)
{
    const char *text = naming(NAMING("web-0.web:80,web-1.web:80"));
    finds(*state,
          with(text, "  clusterIP: None\n",
               "  clusterIP: None\n  publishNotReadyAddresses: true\n"),
          "");
    finds(*state,
          with(text, SERVICE_NAME,
               "  name: web\n"
               "  annotations: {ordinald.io/names: addressed}\n"
               "spec:\n"
               "  clusterIP: None\n"),
          "");
    put(*state, "m.yaml", text);
    RUN(*state, "", "--names", "addressed", "m.yaml");
}

static void names_that_nobody_waits_for_are_good(void **state)
{
    // no probe
    finds(*state,
          naming(CONTAINER "          env:\n"
                           "            - {name: P, value: web-1.web}\n"),
          "");
    // the first one, its own name, others' names, and ordinals that are none
    finds(*state, naming(NAMING("web-0.web")), "");
    finds(*state, naming(NAMING("$(POD_NAME).web.default.svc")), "");
    finds(*state, naming(NAMING("my-web-1.web web-1.webs web-7.web")), "");
    // a domain of which names are made
    finds(*state,
          naming(CONTAINER PROBE
                 "          env:\n"
                 "            - {name: DOMAIN, value: web.default.svc}\n"),
          "");
    const char *text = naming(NAMING("web-0.web:80,web-1.web:80"));
    finds(*state, with(text, "  replicas: 3\n", "  replicas: 1\n"), "");
}

// --- annotations ------------------------------------------------------------

static void a_misspelled_annotation_is_told(void **state)
{
    finds(*state,
          with(GOOD, SERVICE_NAME,
               "  name: web\n"
               "  annotations:\n"
               "    ordinald.io/name: addressed\n"
               "spec:\n"
               "  clusterIP: None\n"),
          WARNING("6:5",
                  "annotation ordinald.io/name means nothing on Service; "
                  "remove it; did you mean ordinald.io/names?",
                  "annotation-unknown"));
    finds(*state,
          with(GOOD, SET_NAME,
               "  name: web\n"
               "  annotations: {ordinal.io/ready-after: 2s}\n"
               "spec:\n"
               "  serviceName: web\n"),
          WARNING("17:17",
                  "annotation ordinal.io/ready-after means nothing on "
                  "StatefulSet; remove it; did you mean "
                  "ordinald.io/ready-after?",
                  "annotation-unknown"));
}

static void an_annotation_on_another_kind_is_told(void **state)
{
    finds(*state,
          with(GOOD, SERVICE_NAME,
               "  name: web\n"
               "  annotations:\n"
               "    ordinald.io/addresses: 10.1.0.1\n"
               "spec:\n"
               "  clusterIP: None\n"),
          WARNING("6:5",
                  "annotation ordinald.io/addresses means nothing on "
                  "Service; remove it",
                  "annotation-unknown"));
    finds(*state,
          with(GOOD, "    metadata:\n      labels:\n",
               "    metadata:\n"
               "      annotations: {ordinald.io/ready-after: 2s}\n"
               "      labels:\n"),
          WARNING("25:21",
                  "annotation ordinald.io/ready-after means nothing on the "
                  "template of StatefulSet; remove it",
                  "annotation-unknown"));
}

static void annotations_that_are_read_or_of_others_are_good(void **state)
{
    const char *text = with(GOOD, SERVICE_NAME,
                            "  name: web\n"
                            "  annotations:\n"
                            "    ordinald.io/names: ready\n"
                            "    ordinald.io/set: serving\n"
                            "    example.org/names: ready\n"
                            "spec:\n"
                            "  clusterIP: None\n");
    finds(*state,
          with(text, SET_NAME,
               "  name: web\n"
               "  annotations:\n"
               "    ordinald.io/addresses: 10.1.0.1 10.1.0.2 10.1.0.3\n"
               "    ordinald.io/address-after: 1s\n"
               "    ordinald.io/ready-after: 1s\n"
               "    ordinald.io/gone-after: 1s\n"
               "spec:\n"
               "  serviceName: web\n"),
          "");
}

// --- volumes ----------------------------------------------------------------

#define CLAIM(name)                                                            \
    "    - metadata:\n"                                                        \
    "        name: " name "\n"                                                 \
    "      spec:\n"                                                            \
    "        accessModes: [ReadWriteOnce]\n"                                   \
    "        resources: {requests: {storage: 1Gi}}\n"

static void a_mount_of_no_volume_is_told(void **state)
{
    finds(*state,
          with(GOOD, CONTAINER,
               CONTAINER "          volumeMounts:\n"
                         "            - {name: dat, mountPath: /data}\n"
                         "      volumes:\n"
                         "        - {name: tmp, emptyDir: {}}\n"
                         "  volumeClaimTemplates:\n" CLAIM("data")),
          ERROR("35:22",
                "a container mounts a volume that StatefulSet web does not "
                "have: dat in container web; it has tmp and data; add the "
                "volume or its claim; did you mean data?",
                "volume-mount-unknown"));
}

static void mounts_of_volumes_and_claims_are_good(void **state)
{
    finds(*state,
          with(GOOD, CONTAINER,
               CONTAINER "          volumeMounts:\n"
                         "            - {name: data, mountPath: /data}\n"
                         "            - {name: tmp, mountPath: /tmp}\n"
                         "      volumes:\n"
                         "        - {name: tmp, emptyDir: {}}\n"
                         "  volumeClaimTemplates:\n" CLAIM("data")),
          "");
}

static void a_claim_that_stands_twice_is_told(void **state)
{
    finds(*state,
          with(GOOD, CONTAINER,
               CONTAINER "  volumeClaimTemplates:\n" CLAIM("data")
                   CLAIM("data")),
          WARNING("41:15",
                  "StatefulSet web has the volumeClaimTemplate data twice, "
                  "first at 36:15; give one of them another name",
                  "claim-twice"));
}

// --- forms of text ----------------------------------------------------------

static void places_hold_in_json(void **state)
{
    struct fixture *f = *state;
    put(f, "m.json",
        "{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [\n"
        "{\"kind\": \"Service\", \"apiVersion\": \"v1\",\n"
        " \"metadata\": {\"name\": \"web\"},\n"
        " \"spec\": {\"clusterIP\": \"None\", \"selector\": {\"app\": \"w\"},\n"
        "  \"ports\": [{\"port\": 80}]}}, {\n"
        " \"kind\": \"StatefulSet\", \"apiVersion\": \"apps/v1\",\n"
        " \"metadata\": {\"name\": \"web\"},\n"
        " \"spec\": {\"serviceName\": \"web\", \"replicas\": 2,\n"
        "  \"selector\": {\"matchLabels\": {\"app\": \"web\"}},\n"
        "  \"template\": {\"metadata\": {\"labels\": {\"app\": \"web\"}},\n"
        "   \"spec\": {\"containers\": [{\"name\": \"web\",\n"
        "    \"image\": \"web\"}]}}}}]}\n");
    RUN(f,
        "m.json:4:52: error: the selector of service web matches no pod of "
        "StatefulSet web: it wants 'app: w', they have 'app: web' (10:47); "
        "make it match the labels in spec.template [selector-misses-pods]\n"
        "m.json:5:13: warning: port 80 of service web has no name, so no SRV "
        "record of it can be asked for by name; give it one, such as 'name: "
        "peer' [port-unnamed]\n",
        "m.json");
}

static void places_hold_with_crlf(void **state)
{
    const char *from = with(GOOD, "serviceName: web", "serviceName: wbe");
    char text[4096];
    size_t n = 0;
    for (; *from; from++) {
        if (*from == '\n')
            text[n++] = '\r';
        text[n++] = *from;
    }
    text[n] = '\0';
    finds(*state, text,
          ERROR("18:16",
                "StatefulSet web names the service wbe, which is not there; "
                "did you mean web? otherwise add a headless Service wbe",
                "service-missing"));
}

static void items_of_a_typed_list_are_judged(void **state)
{
    finds(*state,
          "apiVersion: apps/v1\n"
          "kind: StatefulSetList\n"
          "items:\n"
          "  - metadata: {name: a}\n"
          "    spec:\n"
          "      serviceName: a\n"
          "      selector: {matchLabels: {app: a}}\n"
          "      template:\n"
          "        metadata: {labels: {app: a}}\n"
          "        spec:\n"
          "          containers:\n"
          "            - name: a\n"
          "              image: a\n"
          "              volumeMounts: [{name: v, mountPath: /v}]\n",
          ERROR("6:20",
                "StatefulSet a names the service a, which is not there; add a "
                "headless Service a",
                "service-missing")
              ERROR("14:37",
                    "a container mounts a volume that StatefulSet a does not "
                    "have: v in container a; add the volume or its claim",
                    "volume-mount-unknown"));
}

// --- what is hidden ---------------------------------------------------------

static void hidden_objects_are_not_judged(void **state)
{
    struct fixture *f = *state;
    put(f, "m.yaml",
        with(GOOD FRONT("{app: wbe}"), "serviceName: web", "serviceName: wbe"));
    RUN(f, "", "--namespaces", "other", "m.yaml");
    RUN(f, "", "--label-selector", "shown=yes", "m.yaml");
}

static void a_hidden_service_is_not_judged_by_its_set(void **state)
{
    struct fixture *f = *state;
    const char *text = with(GOOD, SET_NAME,
                            "  name: web\n"
                            "  labels: {shown: \"1\"}\n"
                            "spec:\n"
                            "  serviceName: web\n");
    put(f, "m.yaml", with(text, SERVICE_LABEL, "    app: www\n  ports:\n"));
    RUN(f, "", "--label-selector", "shown=1", "m.yaml");
}

static void any_number_of_labels_is_looked_at(void **state)
{
    struct fixture *f = *state;
    char labels[2048] = "";
    size_t n = 0;
    for (unsigned i = 0; i < 100; i++)
        n += (size_t)snprintf(labels + n, sizeof labels - n, "    l%u: a\n", i);
    char name[4096];
    snprintf(name, sizeof name,
             "  name: web\n  labels:\n%s    shown: '1'\nspec:\n"
             "  serviceName: web\n",
             labels);
    const char *text = with(GOOD, SET_LABEL, "      app: www\n  template:\n");
    put(f, "m.yaml", with(text, SET_NAME, name));
    // 22 and 26, and 102 lines more
    RUN(f,
        ERROR("124:12",
              "the selector of StatefulSet web does not match its own "
              "template: it wants 'app: www', the template has 'app: web' "
              "(128:14); make both equal",
              "selector-misses-template"),
        "--label-selector", "shown=1", "m.yaml");
}

// --- memory -----------------------------------------------------------------

static void memory_that_runs_out_is_an_error(void **state)
{
    struct fixture *f = *state;
    const char *text = with(GOOD, CONTAINER,
                            CONTAINER "          volumeMounts:\n"
                                      "            - {name: x, mountPath: /}\n"
                                      "          livenessProbe:\n"
                                      "            tcpSocket: {port: x}\n");
    text = with(text, SET_NAME, ADDRESSES("web", "10.1.0.1"));
    put(f, "m.yaml", with(text, SERVICE_LABEL, "    app: www\n  ports:\n"));
    const struct settings_command command = {.name = "test"};
    const char *const words[] = {"m.yaml", NULL};
    assert_int_equal(settings_parse(&f->s, &command, 1, words, NULL, &f->err),
                     0);
    bool hit = true;
    int good = 0, failed = 0;
    for (long n = 1; hit; n++) {
        fault_alloc_after(n);
        const int r =
            check_run(&f->s, &f->clock, CHECK_TEXT, &f->result, &f->err);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
        if (r == 0) {
            assert_int_equal(f->result.errors, 3);
            free(f->result.p);
            good++;
        } else {
            failed++;
        }
    }
    assert_true(good > 0 && failed > 0);
    settings_release(&f->s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_manifest_gives_nothing),
        TEST(a_service_that_is_missing_is_told_with_the_one_meant),
        TEST(a_service_that_selects_the_pods_may_be_meant),
        TEST(a_service_with_a_like_name_comes_before_one_that_selects),
        TEST(a_service_that_nothing_resembles_is_just_missing),
        TEST(a_service_that_is_refused_is_not_missing),
        TEST(a_service_may_be_in_what_cannot_be_read),
        TEST(what_cannot_be_read_hides_no_service_of_another_name),
        TEST(a_service_of_another_namespace_is_told),
        TEST(a_service_in_the_same_other_namespace_is_good),
        TEST(a_set_without_service_name_is_told),
        TEST(a_single_pod_needs_no_service_name),
        TEST(a_misspelled_service_name_is_told_as_such),
        TEST(another_misspelled_field_excuses_nothing),
        TEST(a_file_that_is_given_twice_is_judged_once),
        TEST(of_several_services_that_select_the_pods_none_is_offered),
        TEST(a_service_with_a_virtual_address_is_told),
        TEST(an_alias_is_told_at_its_type),
        TEST(a_headless_service_beside_it_is_offered),
        TEST(a_selector_that_misses_the_pods_is_told_with_both),
        TEST(a_label_that_the_pods_lack_is_told),
        TEST(an_alias_has_the_place_of_its_anchor),
        TEST(another_file_is_named),
        TEST(a_governing_service_without_selector_is_told),
        TEST(endpoints_that_are_given_need_no_selector),
        TEST(a_selector_that_misses_its_own_template_is_told_once),
        TEST(each_pair_that_misses_the_template_is_told),
        TEST(expressions_that_miss_the_template_are_told),
        TEST(expressions_that_hold_are_good),
        TEST(a_kind_that_is_skipped_has_a_selector_as_well),
        TEST(sets_that_own_the_same_pods_are_told),
        TEST(each_set_is_told_of_the_one_before_it),
        TEST(the_nearest_set_is_told_whoever_owns_whose_pods),
        TEST(a_set_that_owns_anothers_pods_is_told),
        TEST(sets_with_a_label_of_their_own_are_good),
        TEST(a_service_that_selects_nobody_is_told),
        TEST(the_pods_that_come_nearest_are_told),
        TEST(a_label_that_says_who_leads_may_come_later),
        TEST(without_workloads_nobody_is_missed),
        TEST(pods_of_any_kind_are_found),
        TEST(an_operator_may_make_the_pods),
        TEST(a_port_without_a_name_is_told),
        TEST(a_port_of_a_virtual_address_needs_no_name),
        TEST(a_service_without_ports_is_told),
        TEST(a_long_name_of_a_port_is_told),
        TEST(a_target_that_no_container_has_is_told),
        TEST(a_target_of_another_protocol_is_told),
        TEST(targets_that_are_there_are_good),
        TEST(a_probe_of_no_port_is_told_once),
        TEST(probes_of_ports_that_are_there_are_good),
        TEST(a_name_that_leaves_no_room_for_the_revision_is_told),
        TEST(a_name_too_long_for_a_hostname_is_told_once),
        TEST(a_name_with_dots_is_told_once),
        TEST(a_name_that_dns_cannot_carry_is_told),
        TEST(an_address_of_two_sets_is_told_once),
        TEST(an_address_of_two_services_is_told),
        TEST(an_address_of_two_pods_is_told_unless_it_is_the_nodes),
        TEST(peers_that_wait_for_each_other_are_told),
        TEST(peers_in_arguments_are_told),
        TEST(peers_that_have_names_at_once_are_good),
        TEST(names_that_nobody_waits_for_are_good),
        TEST(a_misspelled_annotation_is_told),
        TEST(an_annotation_on_another_kind_is_told),
        TEST(annotations_that_are_read_or_of_others_are_good),
        TEST(a_mount_of_no_volume_is_told),
        TEST(mounts_of_volumes_and_claims_are_good),
        TEST(a_claim_that_stands_twice_is_told),
        TEST(places_hold_in_json),
        TEST(places_hold_with_crlf),
        TEST(items_of_a_typed_list_are_judged),
        TEST(hidden_objects_are_not_judged),
        TEST(a_hidden_service_is_not_judged_by_its_set),
        TEST(any_number_of_labels_is_looked_at),
        TEST(memory_that_runs_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
