// SPDX-License-Identifier: Apache-2.0
// ordinald explain
#include "cli.h"

#include "admin/explain.h"
#include "base/clock.h"
#include "client.h"
#include "daemon/pipeline.h"
#include "daemon/settings.h"
#include "dns/record.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The command's own words.
struct words {
    struct text_list words; // NAME, and whatever else
    uint32_t output;        // enum explain_format
};

static const struct setting rows[] = {
    {.word = "words",
     .type = SETTING_WORDS,
     .offset = offsetof(struct words, words),
     .preset = "",
     .max = UINT32_MAX,
     .argument = "WORD"},
    {.word = "output",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct words, output),
     .preset = "text",
     .max = EXPLAIN_JSON,
     .argument = "FORM",
     .unit = "text|json",
     .help = "form",
     .letter = 'o'},
};

// What is asked, and of whom.
struct job {
    struct words words;
    const char *name;
    const char *type_text; // NULL: none given
    uint16_t type;         // 0 likewise
    struct settings settings;
    struct log log;
    struct report report;
};

static void help(FILE *out)
{
    static const char *const groups[] = {"what", "ordinals", "steering", NULL};

    fputs("Usage: ordinald explain [options] NAME [TYPE] [PATH...]\n"
          "\n"
          "Print what a name answers, why it does, and the chain behind it: "
          "service, slice\n"
          "or StatefulSet, pod, its condition, and the manifest's line. With "
          "PATHs what\n"
          "they and the options below make; without, what the server answers "
          "that runs at\n"
          "--control, or on this machine at the port of --listen.\n"
          "\n"
          "  NAME  as it is asked for, with its domain: no search list is "
          "used. An address\n"
          "        stands for its name below in-addr.arpa or ip6.arpa\n"
          "  TYPE  A, AAAA, SRV, PTR, ..., TYPE123; without it PTR for an "
          "address, SRV for\n"
          "        _port._protocol..., otherwise A and AAAA. A PATH of this "
          "name: ./a\n"
          "\n",
          out);
    settings_help_own(out, rows + 1, ORD_COUNT(rows) - 1);
    settings_help(out, groups);
    fputs("\n"
          "All options of `ordinald serve` are taken, so that both read one "
          "--config FILE.\n"
          "\n"
          "Example: ordinald explain etcd-9.etcd.db.svc.cluster.local zones\n"
          "\n"
          "Exit status: 0 the name resolves, or an upstream is asked "
          "(--forward), 1 it does\n"
          "not, or there is no server; 2 wrong usage.\n",
          out);
}

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    const struct job *job = context;
    log_finding(&job->log, kind, at, text);
}

// --- words -----------------------------------------------------------------

static int missing_path(const struct job *job, const char *path, bool first,
                        struct error *err)
{
    const char *why = strerror(errno);

    if (first && !job->type_text && !strpbrk(path, "./"))
        return error_set(err, -EINVAL,
                         "'%.100s' is neither a TYPE nor a PATH; write A, SRV "
                         "or TYPE123, or an existing file or directory",
                         path);
    return error_set(err, -EINVAL,
                     "cannot read '%.200s': %s; name an existing file or "
                     "directory, or - for standard input",
                     path, why);
}

// What stands behind NAME and TYPE are PATHs, and all there are.
static int take_paths(struct job *job, size_t at, struct error *err)
{
    const struct text_list *words = &job->words.words;
    struct stat st;

    if (at == words->n && !job->settings.paths_given)
        return 0;
    if (at < words->n) {
        job->settings.paths =
            (struct text_list){.items = words->items + at, .n = words->n - at};
        job->settings.paths_given = true;
    }
    for (size_t i = 0; i < job->settings.paths.n; i++) {
        const char *path = job->settings.paths.items[i];
        if (strcmp(path, "-") != 0 && stat(path, &st) < 0)
            return missing_path(job, path, i == 0, err);
    }
    return 0;
}

// What is no name is wrong usage, wherever it would be looked up.
static int check_name(const char *name, struct error *err)
{
    struct dns_name wire;
    struct address a;

    if (address_parse(name, &a))
        return 0;
    const int rc = dns_name_parse(name, &wire, err);
    return rc ? error_wrap(err, rc, "NAME") : 0;
}

static int read_words(struct job *job, struct error *err)
{
    const struct text_list *words = &job->words.words;
    size_t at = 1;

    if (words->n == 0)
        return error_set(err, -EINVAL,
                         "write ordinald explain NAME [TYPE] [PATH...]");
    job->name = words->items[0];
    // nobody asks for TYPE0 (RFC 6895 3.1)
    if (words->n > 1 && dns_type_parse(words->items[1], &job->type) &&
        job->type)
        job->type_text = words->items[at++];
    const int rc = check_name(job->name, err);
    return rc ? rc : take_paths(job, at, err);
}

// --- from PATHs ------------------------------------------------------------

static int write_out(const char *p, size_t n, struct error *err)
{
    if (fwrite(p, 1, n, stdout) != n || fflush(stdout))
        return error_set(err, -EIO, "cannot write: %s", strerror(errno));
    return 0;
}

static int explain_pipeline(const struct job *job, const struct pipeline *p,
                            bool *resolves, struct error *err)
{
    const struct explain_sources from = {
        .zone = p->zone,
        .cluster = p->cluster,
        .ordinals = statefulsets_ordinals(p->statefulsets),
        .answers = pipeline_answers(&job->settings),
    };
    struct explanation e;
    int rc = explain(&from, job->name, job->type,
                     (enum explain_format)job->words.output, &e, err);

    if (rc)
        return rc;
    *resolves = e.resolves;
    rc = write_out(e.p, e.n, err);
    free(e.p);
    return rc;
}

// Load PATHs once.
static int explain_paths(struct job *job, bool *resolves, struct error *err)
{
    const struct clock clock = clock_of_system();
    struct pipeline_seeds seeds;
    struct pipeline pipeline;
    int rc = pipeline_seeds_random(&seeds, err);

    // Equal PATHs are to give equal texts.
    seeds.pods = 0;
    if (rc == 0)
        rc = pipeline_init(&pipeline, &job->settings, &seeds, NULL,
                           &job->report, err);
    if (rc)
        return rc;
    rc = pipeline_load(&pipeline, &clock, err);
    if (rc == 0)
        rc = explain_pipeline(job, &pipeline, resolves, err);
    pipeline_release(&pipeline, NULL);
    return rc;
}

// --- from a server ---------------------------------------------------------

static bool ends_with(struct span line, const char *end)
{
    const size_t n = strlen(end);
    return line.n > n && memcmp(line.p + line.n - n, end, n) == 0;
}

// See admin/explain.h: the first line says it, or the key.
static int read_verdict(const struct job *job, char *text, size_t n,
                        bool *resolves, struct error *err)
{
    struct json_value *root;

    if (job->words.output == EXPLAIN_TEXT) {
        const struct span line = span_of(text, strcspn(text, "\n"));
        *resolves =
            ends_with(line, ": resolves") || ends_with(line, ": forwarded");
        return 0;
    }
    const int rc = json_value_read(span_of(text, n), &root, err);
    if (rc)
        return error_wrap(err, rc == -ENOMEM ? rc : -EPROTO,
                          "the server's reply");
    *resolves = json_value_bool(json_value_get(root, "resolves"));
    json_value_free(root);
    return 0;
}

static int ask_server(const struct job *job, const struct client *client,
                      char **text, size_t *n, struct error *err)
{
    const bool json = job->words.output == EXPLAIN_JSON;
    const struct client_word words[] = {
        {"name", job->name},
        {"output", json ? "json" : "text"},
        {job->type_text ? "type" : NULL, job->type_text},
        {NULL, NULL},
    };
    FILE *out = open_memstream(text, n);

    if (!out)
        return error_set(err, -ENOMEM, "no memory for the server's reply");
    int rc = client_get(client, "/explain", words, out, err);
    if (fclose(out) && rc == 0)
        rc = error_set(err, -ENOMEM, "no memory for the server's reply");
    return rc;
}

static int explain_server(const struct job *job, bool *resolves,
                          struct error *err)
{
    struct client client = {.or_paths = true};
    char *text = NULL;
    size_t n = 0;
    int rc = client_find(&client, &job->settings, err);

    if (rc == 0)
        rc = ask_server(job, &client, &text, &n, err);
    if (rc == -ENOENT)
        (void)error_set(err, rc,
                        "the server at '%s' explains nothing yet: its version "
                        "is older than this command's; start it anew, or give "
                        "PATHs",
                        client.socket);
    if (rc == 0)
        rc = read_verdict(job, text, n, resolves, err);
    if (rc == 0)
        rc = write_out(text, n, err);
    free(text);
    return rc;
}

// --- the command -----------------------------------------------------------

static int go(struct job *job, bool *resolves, struct error *err)
{
    int rc = read_words(job, err);

    job->log = settings_log(&job->settings);
    if (rc)
        return rc;
    return job->settings.paths_given ? explain_paths(job, resolves, err)
                                     : explain_server(job, resolves, err);
}

static int run(int argc, const char *const *argv)
{
    struct job job = {
        .log = {.fd = STDERR_FILENO, .level = LOG_WARNING},
        .report = {.finding = on_finding, .context = &job},
    };
    const struct settings_command command = {
        .name = cli_explain.name,
        .own = rows,
        .own_n = ORD_COUNT(rows),
        .values = &job.words,
    };
    struct error err = {""};
    bool resolves = false;

    // Whoever reads may stop after some lines: then that is the end.
    signal(SIGPIPE, SIG_DFL);
    int rc =
        settings_parse(&job.settings, &command, argc, argv, &job.report, &err);
    if (rc == SETTINGS_HELP) {
        help(stdout);
        return CLI_DONE;
    }
    if (rc == 0) {
        rc = go(&job, &resolves, &err);
        settings_release(&job.settings);
    }
    if (rc)
        return cli_fail(&cli_explain, rc, &err);
    return resolves ? CLI_DONE : CLI_NO;
}

const struct command cli_explain = {
    .name = "explain",
    .summary = "why a name answers as it does",
    .run = run,
    .help = help,
};
