// SPDX-License-Identifier: Apache-2.0
#include "daemon/settings.h"

#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS = 16 };

struct fixture {
    struct settings s;
    struct error err;
    char file[64];       // a configuration file, once config() wrote it
    char findings[1024]; // "line:column: text" each on a line
    const struct settings_command *command;
};

static const struct settings_command serve = {
    .name = "serve",
    .needs_paths = true,
};

// A command with words of its own, as a test wants it.
struct own_values {
    uint32_t output;
    const char *directory;
    bool all;
    struct dns_name origin;
};

static const struct setting own_rows[] = {
    {.word = "output",
     .letter = 'o',
     .type = SETTING_CHOICE,
     .offset = offsetof(struct own_values, output),
     .preset = "text",
     .argument = "FORMAT",
     .unit = "text|json",
     .help = "form"},
    {.word = "directory",
     .type = SETTING_FILE,
     .offset = offsetof(struct own_values, directory),
     .preset = "",
     .argument = "DIR",
     .help = "where to"},
    {.word = "all",
     .type = SETTING_FLAG,
     .offset = offsetof(struct own_values, all),
     .preset = "",
     .argument = "",
     .help = "all of it"},
    {.word = "origin",
     .type = SETTING_DOMAIN,
     .offset = offsetof(struct own_values, origin),
     .preset = "",
     .argument = "NAME",
     .help = "one of them"},
};

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    struct fixture *f = context;
    const size_t n = strlen(f->findings);
    assert_int_equal(kind, FINDING_ERROR);
    assert_string_equal(at.file, f->file);
    snprintf(f->findings + n, sizeof f->findings - n, "%u:%u: %s\n", at.line,
             at.column, text);
}

static int parse_n(struct fixture *f, int argc, const char *const *argv)
{
    const struct report report = {.finding = on_finding, .context = f};
    settings_release(&f->s);
    f->err = (struct error){"untouched"};
    f->findings[0] = '\0';
    return settings_parse(&f->s, f->command ? f->command : &serve, argc, argv,
                          &report, &f->err);
}

// The arguments are separated by blanks.
static int parse(struct fixture *f, const char *line)
{
    char copy[1024], *rest = copy;
    const char *argv[ARGUMENTS];
    int argc = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word; (word = strtok_r(rest, " ", &rest));) {
        assert_true(argc < ARGUMENTS);
        argv[argc++] = word;
    }
    return parse_n(f, argc, argv);
}

static void good(struct fixture *f, const char *line)
{
    const int r = parse(f, line);
    if (r)
        print_message("%s: %s %s\n", line, f->err.text, f->findings);
    assert_int_equal(r, 0);
}

static void bad(struct fixture *f, const char *line, const char *text)
{
    assert_int_equal(parse(f, line), -EINVAL);
    assert_string_equal(f->err.text, text);
}

// Read `text` as a configuration file, beside the flags.
static int config(struct fixture *f, const char *text, const char *flags)
{
    char line[512];
    strcpy(f->file, "/tmp/ordinald-settings-XXXXXX");
    const int fd = mkstemp(f->file);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    snprintf(line, sizeof line, "- --config %s %s", f->file, flags);
    const int r = parse(f, line);
    unlink(f->file);
    return r;
}

static void good_config(struct fixture *f, const char *text, const char *flags)
{
    const int r = config(f, text, flags);
    if (r)
        print_message("%s: %s %s\n", text, f->err.text, f->findings);
    assert_int_equal(r, 0);
}

// All findings; then nothing else is left to say.
static void bad_config(struct fixture *f, const char *text,
                       const char *findings)
{
    assert_int_equal(config(f, text, ""), -EINVAL);
    assert_string_equal(f->findings, findings);
    assert_string_equal(f->err.text, "");
}

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    settings_release(&f->s);
    free(f);
    return 0;
}

static const char *listening(const struct fixture *f, size_t i, char *text)
{
    assert_true(i < f->s.listen.n);
    return sockaddr_format(&f->s.listen.items[i], text);
}

static const char *range(const struct cidr_list *list, size_t i, char *text)
{
    assert_true(i < list->n);
    return address_format(&list->items[i].base, text);
}

// --- defaults and values ---------------------------------------------------

static void without_flags_the_defaults_stand(void **state)
{
    struct fixture *f = *state;
    char text[SOCKADDR_TEXT_SIZE], name[DNS_NAME_TEXT_SIZE];
    good(f, "-");
    assert_string_equal(f->s.config, "");
    assert_int_equal(f->s.listen.n, 1);
    assert_string_equal(listening(f, 0, text), "127.0.0.1:5300");
    assert_int_equal(f->s.threads, 0);
    assert_int_equal(f->s.max_udp, 1232);
    assert_string_equal(
        dns_name_format(dns_name_view(&f->s.cluster_domain), name),
        "cluster.local.");
    assert_int_equal(f->s.reverse.n, 0);
    assert_int_equal(f->s.ttl_s, 5);
    assert_int_equal(f->s.negative_ttl_s, 1);
    assert_int_equal(f->s.pod_cidrs.n, 1);
    assert_string_equal(range(&f->s.pod_cidrs, 0, text), "10.244.0.0");
    assert_int_equal(f->s.service_cidrs.n, 1);
    assert_string_equal(range(&f->s.service_cidrs, 0, text), "10.96.0.0");
    assert_int_equal(settings_log(&f->s).level, LOG_INFO);
    assert_int_equal(settings_log(&f->s).format, LOG_FORMAT_TEXT);
    // who answers, and what a client may take (RFC 7766 6.2.3)
    assert_string_equal(f->s.identity, "");
    assert_string_equal(f->s.control, "");
    assert_int_equal(f->s.rate_limit, 0);
    assert_int_equal(f->s.tcp_connections, 1024);
    assert_int_equal(f->s.tcp_per_client, 0);
    assert_int_equal(f->s.tcp_idle_s, 10);
    assert_int_equal(f->s.tcp_timeout_s, 5);
    // nobody is asked, and nothing waits for a stop
    assert_int_equal(f->s.forward.n, 0);
    assert_false(f->s.fallthrough);
    assert_int_equal(f->s.forward_queries, 4096);
    assert_int_equal(f->s.forward_per_client, 0);
    assert_int_equal(f->s.lame_duck_ms, 0);
}

// Kubernetes' rules, and CoreDNS' defaults (K8S-DNS 8).
static void without_flags_all_is_as_kubernetes_has_it(void **state)
{
    struct fixture *f = *state;
    good(f, "-");
    assert_int_equal(f->s.namespaces.n, 0);
    assert_null(f->s.label_selector);
    assert_int_equal(f->s.names, 0);
    assert_int_equal(f->s.set, 0);
    assert_int_equal(f->s.pods, 0);
    assert_false(f->s.endpoint_pod_names);
    assert_false(f->s.ignore_empty_service);
    assert_false(f->s.no_endpoints);
    assert_false(f->s.zonal);
}

static uint32_t number_of(const struct fixture *f, const struct setting *row)
{
    return *(const uint32_t *)(const void *)((const char *)&f->s + row->offset);
}

static void each_number_has_its_bounds_in_both_notations(void **state)
{
    struct fixture *f = *state;
    size_t n;
    const struct setting *rows = settings_table(&n);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].type != SETTING_UINT)
            continue;
        const uint32_t bounds[] = {rows[i].min, rows[i].max};
        for (size_t k = 0; k < 2; k++) {
            char line[80];
            snprintf(line, sizeof line, "- --%s %u", rows[i].word, bounds[k]);
            good(f, line);
            assert_int_equal(number_of(f, &rows[i]), bounds[k]);
            snprintf(line, sizeof line, "- --%s=%u", rows[i].word, bounds[k]);
            good(f, line);
            assert_int_equal(number_of(f, &rows[i]), bounds[k]);
            snprintf(line, sizeof line, "%s: %u\n", rows[i].word, bounds[k]);
            good_config(f, line, "");
            assert_int_equal(number_of(f, &rows[i]), bounds[k]);
        }
    }
}

static void beyond_its_bounds_each_number_is_refused(void **state)
{
    struct fixture *f = *state;
    size_t n;
    const struct setting *rows = settings_table(&n);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].type != SETTING_UINT)
            continue;
        char line[128], text[256];
        snprintf(line, sizeof line, "- --%s %u", rows[i].word, rows[i].max + 1);
        snprintf(text, sizeof text, "--%s: '%u' is not in %u..%u %s",
                 rows[i].word, rows[i].max + 1, rows[i].min, rows[i].max,
                 rows[i].unit);
        bad(f, line, text);
        snprintf(line, sizeof line, "%s: %d\n", rows[i].word,
                 (int)rows[i].min - 1);
        snprintf(text, sizeof text, "1:%zu: %s: '%d' is not in %u..%u %s\n",
                 strlen(rows[i].word) + 3, rows[i].word, (int)rows[i].min - 1,
                 rows[i].min, rows[i].max, rows[i].unit);
        bad_config(f, line, text);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    struct fixture *f = *state;
    const char *const texts[] = {"x", "-1", "+1", "0x10", "1.5", "5s", ""};
    for (size_t i = 0; i < ORD_COUNT(texts); i++) {
        char line[64], text[128];
        snprintf(line, sizeof line, "- --ttl=%s", texts[i]);
        snprintf(text, sizeof text,
                 "--ttl: '%s' is not a whole number; write one in 0..3600 "
                 "seconds",
                 texts[i]);
        bad(f, line, text);
    }
    bad(f, "- --ttl=99999999999999999999999999",
        "--ttl: '99999999999999999999999999' is not in 0..3600 seconds");
}

static void choices_are_known_words(void **state)
{
    struct fixture *f = *state;
    good(f, "- --log-level error --log-format=json");
    assert_int_equal(settings_log(&f->s).level, LOG_ERROR);
    assert_int_equal(settings_log(&f->s).format, LOG_FORMAT_JSON);
    good(f, "- --log-level warning");
    assert_int_equal(settings_log(&f->s).level, LOG_WARNING);
    good(f, "- --log-level debug --log-format text");
    assert_int_equal(settings_log(&f->s).level, LOG_DEBUG);
    bad(f, "- --log-level warn",
        "--log-level: 'warn' is none of error|warning|info|debug");
    bad(f, "- --log-format=", "--log-format: '' is none of text|json");
}

static void who_has_a_name_is_chosen_by_word(void **state)
{
    struct fixture *f = *state;
    good(f, "- --names addressed --set serving --pods insecure");
    assert_int_equal(f->s.names, 1);
    assert_int_equal(f->s.set, 1);
    assert_int_equal(f->s.pods, 1);
    good(f, "- --names=ready --set=addressed --pods=verified");
    assert_int_equal(f->s.names, 0);
    assert_int_equal(f->s.set, 2);
    assert_int_equal(f->s.pods, 2);
    bad(f, "- --names serving",
        "--names: 'serving' is none of ready|addressed");
    good_config(f, "set: serving\npods: disabled\n", "");
    assert_int_equal(f->s.set, 1);
}

static void a_flag_is_set_by_its_word_alone(void **state)
{
    struct fixture *f = *state;
    // the word behind it is a path
    good(f, "--zonal /tmp --endpoint-pod-names");
    assert_true(f->s.zonal);
    assert_true(f->s.endpoint_pod_names);
    assert_false(f->s.ignore_empty_service);
    assert_int_equal(f->s.paths.n, 1);
    assert_string_equal(f->s.paths.items[0], "/tmp");
    good(f, "- --zonal=true --no-endpoints=false --ignore-empty-service");
    assert_true(f->s.zonal);
    assert_false(f->s.no_endpoints);
    assert_true(f->s.ignore_empty_service);
    bad(f, "- --zonal=yes",
        "--zonal: 'yes' is neither true nor false; write one of them, or the "
        "option alone");
    bad(f, "- --zonal=",
        "--zonal: '' is neither true nor false; write one of them, or the "
        "option alone");
}

static void a_flag_in_the_file_is_a_boolean(void **state)
{
    struct fixture *f = *state;
    good_config(f, "zonal: true\nno-endpoints: false\n", "");
    assert_true(f->s.zonal);
    good_config(f, "zonal: true\n", "--zonal=false");
    assert_false(f->s.zonal);
    bad_config(f, "zonal: 'true'\nno-endpoints: 1\nttl: true\n",
               "1:8: zonal: must be true or false, not a string; write it "
               "without quotes\n"
               "2:15: no-endpoints: must be true or false, not a number\n"
               "3:6: ttl: must be a number, not a boolean\n");
}

static void a_text_has_a_longest_length(void **state)
{
    struct fixture *f = *state;
    char line[160], text[64];
    // RFC 4892 leaves it open; ANSWER_IDENTITY_MAX is 63
    memset(text, 'x', 63);
    text[63] = '\0';
    snprintf(line, sizeof line, "- --identity %s", text);
    good(f, line);
    assert_string_equal(f->s.identity, text);
    snprintf(line, sizeof line, "- --identity %sy", text);
    bad(f, line,
        "--identity: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' has 64 "
        "octets; give 0 to 63");
    good(f, "- --control /run/o.sock");
    assert_string_equal(f->s.control, "/run/o.sock");
    good(f, "- --control none");
    assert_string_equal(f->s.control, "none");
    good_config(f, "identity: ns-0\n", "");
    assert_string_equal(f->s.identity, "ns-0");
}

static void a_selector_is_read_at_once(void **state)
{
    struct fixture *f = *state;
    const char *argv[] = {"-", "--label-selector", "app in (db,web),!old"};
    assert_int_equal(parse_n(f, 3, argv), 0);
    assert_non_null(f->s.label_selector);
    // an empty one is none at all
    good(f, "- --label-selector=");
    assert_null(f->s.label_selector);
    assert_int_equal(parse(f, "- --label-selector app=in(db"), -EINVAL);
    assert_memory_equal(f->err.text, "--label-selector: ", 18);
    assert_true(strlen(f->err.text) > 18);
}

static void zones_have_no_names_without_endpoints(void **state)
{
    struct fixture *f = *state;
    bad(f, "- --zonal --no-endpoints",
        "--zonal tells endpoints by their zone, and --no-endpoints leaves them "
        "out; give one of both");
    assert_int_equal(config(f, "zonal: true\n", "--no-endpoints"), -EINVAL);
    assert_memory_equal(f->err.text, "--zonal tells", 13);
}

static void a_duration_has_units(void **state)
{
    struct fixture *f = *state;
    good(f, "- --lame-duck 5s");
    assert_int_equal(f->s.lame_duck_ms, 5000);
    good(f, "- --lame-duck=1m30s");
    assert_int_equal(f->s.lame_duck_ms, 90000);
    good(f, "- --lame-duck 500ms");
    assert_int_equal(f->s.lame_duck_ms, 500);
    good(f, "- --lame-duck 1h");
    assert_int_equal(f->s.lame_duck_ms, 3600000);
    good(f, "- --lame-duck 0");
    assert_int_equal(f->s.lame_duck_ms, 0);
    const char *const wrong[] = {"5", "-5s", "1h1ms", "25h", "", "x", "5 s"};
    for (size_t i = 0; i < ORD_COUNT(wrong); i++) {
        char text[128];
        const char *argv[] = {"-", "--lame-duck", wrong[i]};
        assert_int_equal(parse_n(f, 3, argv), -EINVAL);
        snprintf(text, sizeof text,
                 "--lame-duck: '%s' is no duration of 0s to 1h0m0s; write "
                 "500ms, 5s or 1m30s",
                 wrong[i]);
        assert_string_equal(f->err.text, text);
    }
    good_config(f, "lame-duck: 2s\n", "");
    assert_int_equal(f->s.lame_duck_ms, 2000);
    bad_config(f, "lame-duck: 5\n",
               "1:12: lame-duck: must be a duration as in 5s, not a number\n");
}

// --- whom to ask -----------------------------------------------------------

static void asks(const struct fixture *f, size_t i, const char *address)
{
    char text[SOCKADDR_TEXT_SIZE];
    assert_true(i < f->s.forward.n);
    assert_false(f->s.forward.items[i].is_file);
    assert_string_equal(sockaddr_format(&f->s.forward.items[i].address, text),
                        address);
}

static void servers_are_named_with_or_without_port(void **state)
{
    struct fixture *f = *state;
    good(f, "- --forward 10.96.0.10,10.96.0.10:5353 --forward fd00::a "
            "--forward=[fd00::b],[fd00::a]:5353,fe80::1%lo,[fe80::1%lo]:54");
    assert_int_equal(f->s.forward.n, 7);
    asks(f, 0, "10.96.0.10:53");
    asks(f, 1, "10.96.0.10:5353");
    asks(f, 2, "[fd00::a]:53");
    asks(f, 3, "[fd00::b]:53");
    asks(f, 4, "[fd00::a]:5353");
    asks(f, 5, "[fe80::1%lo]:53");
    asks(f, 6, "[fe80::1%lo]:54");
    good_config(f, "forward: ['10.0.0.1', '[::1]:54', /etc/resolv.conf]\n", "");
    assert_int_equal(f->s.forward.n, 3);
    asks(f, 1, "[::1]:54");
    good_config(f, "forward: 10.0.0.1,10.0.0.2\nfallthrough: true\n",
                "--forward 10.0.0.3");
    assert_int_equal(f->s.forward.n, 1); // flags win
    asks(f, 0, "10.0.0.3:53");
    assert_true(f->s.fallthrough);
}

static void what_has_a_slash_is_a_file(void **state)
{
    struct fixture *f = *state;
    good(f, "- --forward /etc/resolv.conf,10.0.0.1 --forward ./resolv.conf");
    assert_int_equal(f->s.forward.n, 3);
    assert_true(f->s.forward.items[0].is_file);
    assert_string_equal(f->s.forward.items[0].text, "/etc/resolv.conf");
    asks(f, 1, "10.0.0.1:53");
    assert_string_equal(f->s.forward.items[1].text, "10.0.0.1");
    assert_true(f->s.forward.items[2].is_file);
    assert_string_equal(f->s.forward.items[2].text, "./resolv.conf");
    bad(f, "- --forward resolv.conf",
        "--forward: 'resolv.conf' is no server's address; write it as in "
        "10.96.0.10, 10.96.0.10:53, fd00::a or [fd00::a]:53, or a file with a "
        "slash, as in ./resolv.conf");
}

static void a_server_counts_once(void **state)
{
    struct fixture *f = *state;
    bad(f, "- --forward 10.0.0.1,10.0.0.1:53",
        "--forward: '10.0.0.1:53' is given twice; leave one out");
    bad(f, "- --forward fd00::a --forward [fd00:0::a]",
        "--forward: '[fd00:0::a]' is given twice; leave one out");
    bad(f, "- --forward ./a,./a",
        "--forward: './a' is given twice; leave one out");
}

static void more_servers_than_places_are_refused(void **state)
{
    struct fixture *f = *state;
    char line[1024] = "- --forward 10.0.0.1";
    for (unsigned i = 2; i <= 15; i++)
        sprintf(line + strlen(line), ",10.0.0.%u", i);
    good(f, line);
    assert_int_equal(f->s.forward.n, 15);
    strcat(line, ",./resolv.conf");
    bad(f, line, "--forward: there are more than 15; leave some out");
}

static void falling_through_needs_somebody_to_ask(void **state)
{
    struct fixture *f = *state;
    good(f, "- --fallthrough --forward ./x");
    assert_true(f->s.fallthrough);
    bad(f, "- --fallthrough",
        "--fallthrough needs --forward; name who is to be asked, as in "
        "--forward /etc/resolv.conf");
    assert_int_equal(config(f, "fallthrough: true\n", ""), -EINVAL);
    assert_memory_equal(f->err.text, "--fallthrough needs --forward", 29);
}

static void the_domain_is_folded(void **state)
{
    struct fixture *f = *state;
    char name[DNS_NAME_TEXT_SIZE];
    good(f, "- --cluster-domain Corp.Example.");
    assert_string_equal(
        dns_name_format(dns_name_view(&f->s.cluster_domain), name),
        "corp.example.");
    assert_int_equal(parse(f, "- --cluster-domain a..b"), -EINVAL);
    assert_memory_equal(f->err.text, "--cluster-domain: ", 18);
}

static void threads_are_one_for_each_usable_core(void **state)
{
    struct fixture *f = *state;
    good(f, "-");
    assert_in_range(settings_threads(&f->s), 1, 256);
    good(f, "- --threads 7");
    assert_int_equal(settings_threads(&f->s), 7);
}

// --- lists -----------------------------------------------------------------

static void lists_repeat_or_take_commas(void **state)
{
    struct fixture *f = *state;
    char text[SOCKADDR_TEXT_SIZE];
    good(f, "- --listen 127.0.0.1:53,[::1]:53 --listen=0.0.0.0:5300");
    assert_int_equal(f->s.listen.n, 3);
    assert_string_equal(listening(f, 0, text), "127.0.0.1:53");
    assert_string_equal(listening(f, 1, text), "[::1]:53");
    assert_string_equal(listening(f, 2, text), "0.0.0.0:5300");
    good(f, "- --reverse 10.0.0.0/8,fd00::/8 --reverse=192.168.0.0/16");
    assert_int_equal(f->s.reverse.n, 3);
    assert_string_equal(range(&f->s.reverse, 2, text), "192.168.0.0");
}

static void namespaces_are_labels(void **state)
{
    struct fixture *f = *state;
    good(f, "- --namespaces prod,kube-system --namespaces=0x");
    assert_int_equal(f->s.namespaces.n, 3);
    assert_string_equal(f->s.namespaces.items[0], "prod");
    assert_string_equal(f->s.namespaces.items[1], "kube-system");
    assert_string_equal(f->s.namespaces.items[2], "0x");
    good_config(f, "namespaces: [a, b]\n", "");
    assert_int_equal(f->s.namespaces.n, 2);
    const char *const wrong[] = {"Prod", "-a", "a-", "a.b", "a_b", "*"};
    for (size_t i = 0; i < ORD_COUNT(wrong); i++) {
        char line[64], text[160];
        snprintf(line, sizeof line, "- --namespaces=%s", wrong[i]);
        snprintf(text, sizeof text,
                 "--namespaces: '%s' is no name of a namespace; write "
                 "lower-case letters, digits and '-' between them, 63 at most",
                 wrong[i]);
        bad(f, line, text);
    }
    char line[128] = "- --namespaces ";
    memset(line + 15, 'n', 63);
    good(f, line);
    line[78] = 'n';
    assert_int_equal(parse(f, line), -EINVAL);
    bad(f, "- --namespaces a,b,a",
        "--namespaces: 'a' is given twice; leave one out");
    bad(f, "- --namespaces a,",
        "--namespaces: an item is empty; write NAME, with commas between "
        "several");
}

static void lists_have_a_longest_length(void **state)
{
    struct fixture *f = *state;
    char line[4096] = "127.0.0.1:1000";
    for (unsigned i = 1; i < 64; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line),
                 ",127.0.0.1:%u", 1000 + i);
    const char *argv[] = {"-", "--listen", line, "--listen", "[::1]:1"};
    assert_int_equal(parse_n(f, 3, argv), 0);
    assert_int_equal(f->s.listen.n, 64);
    assert_int_equal(parse_n(f, 5, argv), -EINVAL);
    assert_string_equal(f->err.text,
                        "--listen: there are more than 64; leave some out");
}

static void paths_have_a_longest_length(void **state)
{
    struct fixture *f = *state;
    enum { PATHS_MAX = 65534 };
    const char **argv = calloc(PATHS_MAX + 1, sizeof *argv);
    assert_non_null(argv);
    for (int i = 0; i <= PATHS_MAX; i++)
        argv[i] = "/";
    assert_int_equal(parse_n(f, PATHS_MAX, argv), 0);
    assert_int_equal(f->s.paths.n, PATHS_MAX);
    assert_int_equal(parse_n(f, PATHS_MAX + 1, argv), -EINVAL);
    assert_string_equal(f->err.text,
                        "there are more than 65534; leave some out");
    free(argv);
}

static void a_bad_item_is_named(void **state)
{
    struct fixture *f = *state;
    bad(f, "- --listen 127.0.0.1:70000",
        "--listen: '127.0.0.1:70000': port '70000' is not in 0..65535");
    bad(f, "- --listen 127.0.0.1:1,,[::1]:1",
        "--listen: an item is empty; write ADDR:PORT, with commas between "
        "several");
    bad(f, "- --listen=[::1]:1,[::1]:1",
        "--listen: '[::1]:1' is given twice; leave one out");
    good(f, "- --listen=[::1]:0,[::1]:0"); // any two ports
    bad(f, "- --reverse 10.0.0.0/8,10.0.0.0/8",
        "--reverse: '10.0.0.0/8' is given twice; leave one out");
    bad(f, "- --reverse 10.1.0.0/8",
        "--reverse: '10.1.0.0/8' has bits set behind its prefix; write "
        "10.0.0.0/8");
}

static void there_is_one_range_a_family(void **state)
{
    struct fixture *f = *state;
    char text[ADDRESS_TEXT_SIZE];
    good(f, "- --pod-cidr fd00::/64,10.1.0.0/16 --service-cidr fd01::/112");
    assert_int_equal(f->s.pod_cidrs.n, 2);
    assert_string_equal(range(&f->s.pod_cidrs, 0, text), "fd00::");
    assert_int_equal(f->s.service_cidrs.n, 1);
    bad(f, "- --pod-cidr 10.1.0.0/16 --pod-cidr 10.2.0.0/16",
        "--pod-cidr: '10.2.0.0/16' comes beside 10.1.0.0/16, but there may be "
        "one range for each of IPv4 and IPv6; leave one out");
}

static void ranges_lie_apart(void **state)
{
    struct fixture *f = *state;
    bad(f, "- --pod-cidr 10.0.0.0/8",
        "--pod-cidr 10.0.0.0/8 and --service-cidr 10.96.0.0/16 overlap; choose "
        "ranges that lie apart");
    bad(f, "- --service-cidr 10.244.7.0/24",
        "--pod-cidr 10.244.0.0/16 and --service-cidr 10.244.7.0/24 overlap; "
        "choose ranges that lie apart");
}

// --- the command line ------------------------------------------------------

static void arguments_that_are_no_options_are_paths(void **state)
{
    struct fixture *f = *state;
    good(f, "/tmp --ttl 1 - -- /");
    assert_int_equal(f->s.paths.n, 3);
    assert_string_equal(f->s.paths.items[0], "/tmp");
    assert_string_equal(f->s.paths.items[1], "-");
    assert_string_equal(f->s.paths.items[2], "/");
    bad(f, "-- --ttl",
        "cannot read '--ttl': No such file or directory; name an existing file "
        "or directory, or - for standard input");
    bad(f, "- -", "'-' is given twice; leave one out");
}

static void the_default_path_may_be_missing(void **state)
{
    struct fixture *f = *state;
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir("/proc"), 0);
    bad(f, "",
        "no PATH is given and there is no 'zones' here; name a manifest file "
        "or directory: ordinald serve PATH");
    // a sidecar knows its own pod without any
    good(f, "--self");
    assert_int_equal(f->s.paths.n, 0);
    bad(f, "--self zones",
        "cannot read 'zones': No such file or directory; name an existing file "
        "or directory, or - for standard input");
    assert_int_equal(chdir(before), 0);
}

static void who_gave_the_paths_is_known(void **state)
{
    struct fixture *f = *state;
    const struct settings_command zone = {.name = "zone"};
    f->command = &zone;
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir("/proc"), 0);
    // it can do without, so the default need not be there
    good(f, "--ttl 1");
    assert_false(f->s.paths_given);
    good(f, "- --ttl 1");
    assert_true(f->s.paths_given);
    good_config(f, "paths: [/tmp]\n", "");
    assert_true(f->s.paths_given);
    bad(f, "/nowhere/x",
        "cannot read '/nowhere/x': No such file or directory; name an existing "
        "file or directory, or - for standard input");
    assert_int_equal(chdir(before), 0);
}

static void a_file_may_give_the_paths(void **state)
{
    struct fixture *f = *state;
    char line[128];
    assert_int_equal(config(f, "", ""), 0); // makes up a name for the file
    FILE *out = fopen(f->file, "w");
    assert_non_null(out);
    fputs("paths: [/tmp, /]\n", out);
    fclose(out);
    snprintf(line, sizeof line, "--config %s", f->file);
    good(f, line);
    unlink(f->file);
    assert_true(f->s.paths_given);
    assert_int_equal(f->s.paths.n, 2);
}

static void a_command_has_words_of_its_own(void **state)
{
    struct fixture *f = *state;
    struct own_values own = {.output = 7, .directory = "unset"};
    const struct settings_command zone = {
        .name = "zone",
        .own = own_rows,
        .own_n = ORD_COUNT(own_rows),
        .values = &own,
    };
    f->command = &zone;
    good(f, "--ttl 9");
    assert_int_equal(own.output, 0);             // its default
    assert_string_equal(own.directory, "unset"); // it has none
    good(f, "-o json --all - --directory=/x --origin A.Example --ttl 9");
    assert_int_equal(own.output, 1);
    assert_true(own.all);
    assert_string_equal(own.directory, "/x");
    char name[DNS_NAME_TEXT_SIZE];
    assert_string_equal(dns_name_format(dns_name_view(&own.origin), name),
                        "a.example.");
    assert_int_equal(f->s.ttl_s, 9);
    assert_int_equal(f->s.paths.n, 1);
    good(f, "--output text");
    assert_int_equal(own.output, 0);
    bad(f, "-o yaml", "--output: 'yaml' is none of text|json");
    bad(f, "--output", "'--output' wants a value; write --output FORMAT");
    bad(f, "-o", "'-o' wants a value; write -o FORMAT");
    bad(f, "-x", "unknown option '-x'; ordinald zone --help lists them");
    bad(f, "--outptu json",
        "unknown option '--outptu'; did you mean '--output'? (ordinald zone "
        "--help lists them)");
    // they are none of a server's settings
    bad_config(f, "output: json\n",
               "1:1: unknown setting 'output'; ordinald zone --help lists them "
               "(keys have no dashes in front)\n");
}

static void an_error_is_one_line(void **state)
{
    struct fixture *f = *state;
    const char *argv[] = {"-", "--ttl", "1\n2\t3\x7f"};
    assert_int_equal(parse_n(f, 3, argv), -EINVAL);
    assert_string_equal(f->err.text,
                        "--ttl: '1?2?3?' is not a whole number; write one in "
                        "0..3600 seconds");
}

static void without_memory_it_says_so(void **state)
{
    struct fixture *f = *state;
    const char line[] = "- --listen 127.0.0.1:1,127.0.0.1:2 --namespaces a,b "
                        "--forward ./x,::1,10.0.0.1 "
                        "--identity x --label-selector a=b --reverse fd00::/8";
    good(f, line);
    for (long n = 1;; n++) {
        fault_alloc_after(n);
        const int r = parse(f, line);
        const bool hit = fault_alloc_hit();
        fault_alloc_after(-1);
        if (!hit) {
            assert_int_equal(r, 0);
            break;
        }
        assert_int_equal(r, -ENOMEM);
        assert_true(f->err.text[0] != '\0');
        assert_int_equal(f->s.paths.n, 0); // not filled
    }
}

static void an_unknown_option_is_told_its_neighbour(void **state)
{
    struct fixture *f = *state;
    bad(f, "- --lisen 1",
        "unknown option '--lisen'; did you mean '--listen'? (ordinald serve "
        "--help lists them)");
    bad(f, "- --max_udp=1",
        "unknown option '--max_udp'; did you mean '--max-udp'? (ordinald serve "
        "--help lists them)");
    bad(f, "- -tll",
        "unknown option '-tll'; did you mean '--ttl'? (ordinald serve --help "
        "lists them)");
    bad(f, "- --frobnicate",
        "unknown option '--frobnicate'; ordinald serve --help lists them");
    bad(f, "--paths x",
        "unknown option '--paths'; ordinald serve --help lists "
        "them");
}

static void an_option_without_its_value_is_refused(void **state)
{
    struct fixture *f = *state;
    bad(f, "- --listen", "'--listen' wants a value; write --listen ADDR:PORT");
    bad(f, "- --ttl --threads 1", "'--ttl' wants a value; write --ttl N");
}

static void help_comes_before_all_errors(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "--lisen --help"), SETTINGS_HELP);
    assert_int_equal(parse(f, "--ttl 99999 -h"), SETTINGS_HELP);
    assert_int_equal(parse(f, "-- -h"), -EINVAL);
}

static void the_last_of_two_values_counts(void **state)
{
    struct fixture *f = *state;
    good(f, "- --ttl 1 --ttl 2");
    assert_int_equal(f->s.ttl_s, 2);
}

// --- the configuration file ------------------------------------------------

static void a_file_sets_what_flags_set(void **state)
{
    struct fixture *f = *state;
    char text[SOCKADDR_TEXT_SIZE];
    good_config(f,
                "listen: [127.0.0.1:53, '[::1]:53']\n"
                "max-udp: 4096\nreverse: 10.0.0.0/8,fd00::/8\n"
                "log-level: debug\nthreads: 0x10\nttl: ~\n"
                "pod-cidr: []\n",
                "");
    assert_int_equal(f->s.listen.n, 2);
    assert_string_equal(listening(f, 1, text), "[::1]:53");
    assert_int_equal(f->s.max_udp, 4096);
    assert_int_equal(f->s.reverse.n, 2);
    assert_int_equal(settings_log(&f->s).level, LOG_DEBUG);
    assert_int_equal(f->s.threads, 16);
    assert_int_equal(f->s.ttl_s, 5); // null: as if it were not there
    assert_int_equal(f->s.pod_cidrs.n, 0);
}

static void flags_win_over_the_file(void **state)
{
    struct fixture *f = *state;
    char text[SOCKADDR_TEXT_SIZE];
    good_config(f,
                "listen: [127.0.0.1:53, 127.0.0.2:53]\nttl: 7\n"
                "negative-ttl: 9\npaths: [/nowhere, /else]\n",
                "--ttl 8 --listen [::1]:53");
    assert_int_equal(f->s.listen.n, 1);
    assert_string_equal(listening(f, 0, text), "[::1]:53");
    assert_int_equal(f->s.ttl_s, 8);
    assert_int_equal(f->s.negative_ttl_s, 9);
    assert_int_equal(f->s.paths.n, 1);
    assert_string_equal(f->s.paths.items[0], "-");
}

static void all_that_is_wrong_in_a_file_is_reported(void **state)
{
    struct fixture *f = *state;
    bad_config(f,
               "lisen: x\nttl: 99999\nnegative-ttl: '5'\n"
               "log-level: [info]\ncluster-domain: 12\n"
               "reverse: [10.0.0.0/8, nonsense]\nconfig: x\nxyzzy: 1\n"
               "listen: []\n",
               "1:1: unknown setting 'lisen'; did you mean 'listen'?\n"
               "2:6: ttl: '99999' is not in 0..3600 seconds\n"
               "3:15: negative-ttl: must be a number, not a string; write "
               "digits without quotes\n"
               "4:12: log-level: must be a string, not a list\n"
               "5:17: cluster-domain: must be a string, not a number; put it "
               "into quotes\n"
               "6:23: reverse: 'nonsense' has no prefix length; write it "
               "behind a slash, as in 10.244.0.0/16\n"
               "7:1: config: cannot stand in a configuration file; give it as "
               "a flag\n"
               "8:1: unknown setting 'xyzzy'; ordinald serve --help lists them "
               "(keys have no dashes in front)\n"
               "9:9: listen: there is none; give at least 1 ADDR:PORT\n");
}

static void a_file_is_one_map(void **state)
{
    struct fixture *f = *state;
    good_config(f, "", "");
    good_config(f, "# nothing\n---\n", "");
    bad_config(f, "- a\n",
               "1:1: settings are a map; write them as 'listen: "
               "127.0.0.1:5300'\n");
    bad_config(f, "ttl: 1\n---\nttl: 2\n",
               "3:1: a second document; a configuration file has one\n");
    assert_int_equal(config(f, "ttl: 1\nttl: 2\n", ""), -EINVAL);
    assert_int_equal(config(f, "ttl: [1\n", ""), -EINVAL);
    assert_true(f->findings[0] != '\0');
    assert_string_equal(f->err.text, "");
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    struct fixture *f = *state;
    bad(f, "- --config /nowhere/x.yaml",
        "cannot read '/nowhere/x.yaml': No such file or directory; name a "
        "readable YAML file with --config");
    bad(f, "- --config /",
        "cannot read '/': Is a directory; name a readable YAML file with "
        "--config");
    bad(f, "- --config /dev/zero",
        "cannot read '/dev/zero': File too large; name a readable YAML file "
        "with --config");
}

// --- help ------------------------------------------------------------------

static void the_help_shows_all_options_in_80_columns(void **state)
{
    (void)state;
    char *text = NULL;
    size_t text_n, n;
    FILE *out = open_memstream(&text, &text_n);
    assert_non_null(out);
    settings_help(out, NULL);
    fclose(out);
    const struct setting *rows = settings_table(&n);
    for (size_t i = 0; i < n; i++) {
        char option[64];
        snprintf(option, sizeof option, "--%s %s", rows[i].word,
                 rows[i].argument);
        if (rows[i].type != SETTING_PATHS)
            assert_non_null(strstr(text, option));
        // a flag that is not given is false
        if (rows[i].type != SETTING_PATHS && rows[i].type != SETTING_FLAG)
            assert_non_null(strstr(text, rows[i].preset));
    }
    unsigned lines = 0;
    for (char *rest = text, *line; (line = strsep(&rest, "\n")); lines++)
        assert_in_range(strlen(line), 0, 80);
    // with headings, and a last line; each group is known
    assert_int_equal(lines, n - 1 + 7 + 2);
    free(text);
}

static void the_help_shows_the_groups_that_matter(void **state)
{
    (void)state;
    static const char *const groups[] = {"steering", "ordinals", NULL};
    char *text = NULL;
    size_t text_n;
    FILE *out = open_memstream(&text, &text_n);
    assert_non_null(out);
    settings_help(out, groups);
    fclose(out);
    const char *pods = strstr(text, "  --pod-cidr"); // in the table's order
    assert_non_null(pods);
    assert_non_null(strstr(pods, "  --control"));
    assert_null(strstr(text, "  --listen"));
    free(text);
}

static void the_help_shows_words_of_a_command(void **state)
{
    (void)state;
    char *text = NULL;
    size_t text_n;
    FILE *out = open_memstream(&text, &text_n);
    assert_non_null(out);
    settings_help_own(out, own_rows, ORD_COUNT(own_rows));
    fclose(out);
    assert_string_equal(text,
                        "  -o, --output FORMAT        form: text|json (text)\n"
                        "  --directory DIR            where to\n"
                        "  --all                      all of it\n"
                        "  --origin NAME              one of them\n");
    free(text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_flags_the_defaults_stand),
        TEST(without_flags_all_is_as_kubernetes_has_it),
        TEST(each_number_has_its_bounds_in_both_notations),
        TEST(beyond_its_bounds_each_number_is_refused),
        TEST(what_is_no_number_is_refused),
        TEST(choices_are_known_words),
        TEST(who_has_a_name_is_chosen_by_word),
        TEST(a_flag_is_set_by_its_word_alone),
        TEST(a_flag_in_the_file_is_a_boolean),
        TEST(a_text_has_a_longest_length),
        TEST(a_selector_is_read_at_once),
        TEST(zones_have_no_names_without_endpoints),
        TEST(a_duration_has_units),
        TEST(servers_are_named_with_or_without_port),
        TEST(what_has_a_slash_is_a_file),
        TEST(a_server_counts_once),
        TEST(more_servers_than_places_are_refused),
        TEST(falling_through_needs_somebody_to_ask),
        TEST(the_domain_is_folded),
        TEST(threads_are_one_for_each_usable_core),
        TEST(lists_repeat_or_take_commas),
        TEST(namespaces_are_labels),
        TEST(lists_have_a_longest_length),
        TEST(paths_have_a_longest_length),
        TEST(a_bad_item_is_named),
        TEST(there_is_one_range_a_family),
        TEST(ranges_lie_apart),
        TEST(arguments_that_are_no_options_are_paths),
        TEST(the_default_path_may_be_missing),
        TEST(who_gave_the_paths_is_known),
        TEST(a_file_may_give_the_paths),
        TEST(a_command_has_words_of_its_own),
        TEST(an_error_is_one_line),
        TEST(without_memory_it_says_so),
        TEST(an_unknown_option_is_told_its_neighbour),
        TEST(an_option_without_its_value_is_refused),
        TEST(help_comes_before_all_errors),
        TEST(the_last_of_two_values_counts),
        TEST(a_file_sets_what_flags_set),
        TEST(flags_win_over_the_file),
        TEST(all_that_is_wrong_in_a_file_is_reported),
        TEST(a_file_is_one_map),
        TEST(a_file_that_cannot_be_read_is_named),
        TEST(the_help_shows_all_options_in_80_columns),
        TEST(the_help_shows_the_groups_that_matter),
        TEST(the_help_shows_words_of_a_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
