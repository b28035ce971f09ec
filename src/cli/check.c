// SPDX-License-Identifier: Apache-2.0
// ordinald check
#include "cli.h"

#include "base/clock.h"
#include "base/nearest.h"
#include "check/check.h"
#include "daemon/settings.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The command's own words.
struct words {
    uint32_t output; // enum check_format
    bool warnings_as_errors;
    const char *explain; // the id of a rule; "" for none
    bool rules;
};

static const struct setting rows[] = {
    {.word = "output",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct words, output),
     .preset = "text",
     .max = CHECK_GITHUB,
     .argument = "FORM",
     .unit = "text|json|sarif|github",
     .help = "form",
     .letter = 'o'},
    {.word = "warnings-as-errors",
     .type = SETTING_FLAG,
     .offset = offsetof(struct words, warnings_as_errors),
     .preset = "false",
     .max = 1,
     .argument = "",
     .unit = "",
     .help = "a warning makes the exit status 1 as well"},
    {.word = "explain",
     .type = SETTING_TEXT,
     .offset = offsetof(struct words, explain),
     .preset = "",
     .max = 63,
     .argument = "ID",
     .unit = "",
     .help = "what a finding with this id means, and no more"},
    {.word = "rules",
     .type = SETTING_FLAG,
     .offset = offsetof(struct words, rules),
     .preset = "false",
     .max = 1,
     .argument = "",
     .unit = "",
     .help = "list all ids, and no more"},
};

static void help(FILE *out)
{
    static const char *const groups[] = {"what", "ordinals", NULL};

    fputs("Usage: ordinald check [options] PATH...\n"
          "\n"
          "Would the peers in these manifests find each other? Reads them as "
          "the server\n"
          "does, asks for each peer, and prints what is wrong, with its place, "
          "how to mend\n"
          "it, and an id:\n"
          "\n"
          "    FILE:LINE:COLUMN: error: what; how to mend it [id]\n"
          "\n"
          "What to print:\n",
          out);
    settings_help_own(out, rows, ORD_COUNT(rows));
    settings_help(out, groups);
    fputs("\n"
          "All options of `ordinald serve` are taken, so that both read one "
          "--config FILE.\n"
          "Findings go to standard output, their number to standard error.\n"
          "\n"
          "Example: helm template mongo | ordinald check -\n"
          "\n"
          "Exit status: 0 no errors, 1 some or no answer, 2 wrong usage.\n",
          out);
}

// --- rules -----------------------------------------------------------------

static int explain(const char *id, struct error *err)
{
    const enum reason_code code = reason_find(id);
    struct nearest near = nearest_of(id);

    if (code != REASON_NONE) {
        check_print_rule(code, stdout);
        return 0;
    }
    for (unsigned i = REASON_NONE + 1; i < REASONS; i++)
        nearest_offer(&near, reason_kind((enum reason_code)i)->id);
    if (near.word)
        return error_set(err, -EINVAL,
                         "unknown id '%s'; did you mean '%s'? (--rules lists "
                         "them)",
                         id, near.word);
    return error_set(err, -EINVAL, "unknown id '%s'; --rules lists them", id);
}

// --- checking --------------------------------------------------------------

static const char *plural(uint32_t n)
{
    return n == 1 ? "" : "s";
}

// On another stream than the findings, which may be read by a program.
static void put_sum(const struct check_result *r)
{
    if (r->errors || r->warnings)
        fprintf(stderr, "%u error%s, %u warning%s", r->errors,
                plural(r->errors), r->warnings, plural(r->warnings));
    else
        fputs("no findings", stderr);
    fprintf(stderr, ": %u object%s in %u file%s\n", r->objects,
            plural(r->objects), r->files, plural(r->files));
}

static int write_error(struct error *err)
{
    return error_set(err, -EIO, "cannot write: %s", strerror(errno));
}

static int check(const struct settings *settings, const struct words *words,
                 struct error *err, bool *good)
{
    const struct clock clock = clock_of_system();
    struct check_result result;
    int rc = check_run(settings, &clock, (enum check_format)words->output,
                       &result, err);
    if (rc)
        return rc;
    if (fwrite(result.p, 1, result.n, stdout) != result.n)
        rc = write_error(err);
    free(result.p);
    if (rc == 0 && settings->log_level >= LOG_INFO)
        put_sum(&result);
    *good = result.errors == 0 &&
            (result.warnings == 0 || !words->warnings_as_errors);
    return rc;
}

// --- the command -----------------------------------------------------------

static int do_it(const struct settings *settings, const struct words *words,
                 struct error *err, bool *good)
{
    int rc = 0;

    if (words->rules)
        check_print_rules(stdout);
    else if (*words->explain)
        rc = explain(words->explain, err);
    else if (settings->paths_given)
        rc = check(settings, words, err, good);
    else
        rc = error_set(err, -EINVAL,
                       "no PATH is given; name a manifest file or directory, "
                       "or - for standard input");
    return rc == 0 && fflush(stdout) ? write_error(err) : rc;
}

static int run(int argc, const char *const *argv)
{
    struct words words = {.explain = ""};
    struct settings settings;
    struct error err = {""};
    struct log log = {.fd = STDERR_FILENO, .level = LOG_WARNING};
    const struct report report = {.finding = cli_finding, .context = &log};
    const struct settings_command command = {
        .name = cli_check.name,
        .own = rows,
        .own_n = ORD_COUNT(rows),
        .values = &words,
    };
    bool good = true;

    // Whoever reads may stop after some lines: then that is the end.
    signal(SIGPIPE, SIG_DFL);
    int rc = settings_parse(&settings, &command, argc, argv, &report, &err);
    if (rc == SETTINGS_HELP) {
        help(stdout);
        return CLI_DONE;
    }
    if (rc < 0)
        return cli_fail(&cli_check, rc, &err);
    // a server's --config may have it, and here is no pod
    settings.self = false;
    rc = do_it(&settings, &words, &err, &good);
    settings_release(&settings);
    if (rc)
        return cli_fail(&cli_check, rc, &err);
    return good ? CLI_DONE : CLI_NO;
}

const struct command cli_check = {
    .name = "check",
    .summary = "would the peers in these manifests find each other?",
    .run = run,
    .help = help,
};
