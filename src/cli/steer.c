// SPDX-License-Identifier: Apache-2.0
#include "steer.h"

#include "base/duration.h"
#include "follow.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

const struct setting steer_rows[STEER_ROWS] = {
    {.word = "words",
     .type = SETTING_WORDS,
     .offset = offsetof(struct steer_words, words),
     .preset = "",
     .max = UINT32_MAX,
     .argument = "WORD"},
    {.word = "no-wait",
     .type = SETTING_FLAG,
     .offset = offsetof(struct steer_words, no_wait),
     .preset = "false",
     .max = 1,
     .argument = "",
     .unit = "",
     .help = "ask for it, and end"},
    {.word = "timeout",
     .type = SETTING_TEXT,
     .offset = offsetof(struct steer_words, timeout),
     .preset = "0",
     .min = 1,
     .max = 32,
     .argument = "DURATION",
     .unit = "",
     .help = "wait no longer: 90s, 5m, 0 for ever"},
};

// --- running ---------------------------------------------------------------

static int go(const struct steer_command *s, const struct settings *settings,
              struct error *err)
{
    struct client client = {.or_paths = false};
    const int rc = client_find(&client, settings, err);

    return rc ? rc : s->go(&client, s->values, err);
}

int steer_run(const struct steer_command *s, int argc, const char *const *argv)
{
    struct log log = {.fd = STDERR_FILENO, .level = LOG_WARNING};
    const struct report report = {.finding = cli_finding, .context = &log};
    const struct settings_command command = {
        .name = s->command->name,
        .own = s->rows,
        .own_n = s->rows_n,
        .values = s->values,
    };
    struct settings settings;
    struct error err = {""};

    // Whoever reads may stop after some lines: then that is the end.
    signal(SIGPIPE, SIG_DFL);
    // and sees each line when it is due
    setvbuf(stdout, NULL, _IOLBF, 0);
    int rc = settings_parse(&settings, &command, argc, argv, &report, &err);
    if (rc == SETTINGS_HELP) {
        s->command->help(stdout);
        return CLI_DONE;
    }
    if (rc == 0) {
        rc = go(s, &settings, &err);
        settings_release(&settings);
    }
    if (rc == 0 && (fflush(stdout) || ferror(stdout)))
        rc = error_set(&err, -EIO, "cannot write to standard output");
    return rc ? cli_fail(s->command, rc, &err) : CLI_DONE;
}

void steer_help(FILE *out, const struct setting *rows, size_t n,
                const char *example)
{
    static const char *const groups[] = {"steering", NULL};

    fputs("\nOptions:\n", out);
    settings_help_own(out, rows, n);
    settings_help(out, groups);
    fprintf(out,
            "\n"
            "The server is found by --control, or on this machine by the port "
            "of --listen.\n"
            "All options of `ordinald serve` are taken, so that both read one "
            "--config FILE.\n"
            "\n"
            "Example: %s\n"
            "\n"
            "Exit status: 0 done, 1 refused, not in time, or there is no "
            "server; 2 wrong\n"
            "usage.\n",
            example);
}

int steer_usage(const struct text_list *words, const char *usage,
                struct error *err)
{
    if (words->n == 0)
        return error_set(err, -EINVAL, "write %s", usage);
    return error_set(err, -EINVAL, "%zu word%s too few or too many; write %s",
                     words->n, words->n == 1 ? " is" : "s are", usage);
}

int steer_duration(const char *option, const char *text, uint32_t min_ms,
                   uint32_t *ms, struct error *err)
{
    char least[DURATION_TEXT_SIZE];

    if (duration_parse(text, ms) && *ms >= min_ms)
        return 0;
    return error_set(err, -EINVAL,
                     "%s: '%.40s' is no duration of %s to 24h; write 500ms, "
                     "10s or 1m30s",
                     option, text, duration_format(min_ms, least));
}

int steer_workload(const struct client *c, const char *page,
                   struct json_out *body,
                   void (*say)(const struct json_value *reply,
                               const struct json_value *workload),
                   const uint32_t *goal, const struct steer_words *words,
                   struct error *err)
{
    struct json_value *reply;
    uint32_t timeout_ms;
    int rc = steer_duration("--timeout", words->timeout, 0, &timeout_ms, err);

    if (rc) {
        json_out_release(body);
        return rc;
    }
    struct client hurried = *c;
    hurried.timeout_ms = timeout_ms ? timeout_ms + FOLLOW_GRACE_MS : 0;
    rc = client_ask(&hurried, "POST", page, NULL, body, &reply, err);
    if (rc)
        return rc;
    const struct json_value *workload = json_value_get(reply, "workload");
    say(reply, workload);
    // a pod's workload may have gone with it
    if (!words->no_wait && workload)
        rc =
            follow(c, workload, json_value_uint(json_value_get(reply, "after")),
                   goal, timeout_ms, err);
    json_value_free(reply);
    return rc;
}

// --- one name --------------------------------------------------------------

struct named {
    struct steer_words words; // first: steer_rows are places in it
    const struct steer_named *of;
};

static int go_named(const struct client *c, void *values, struct error *err)
{
    const struct named *n = values;
    const struct text_list *words = &n->words.words;
    struct json_out body = {.p = NULL};

    if (words->n != 1)
        return steer_usage(words, n->of->usage, err);
    json_out_object(&body, NULL);
    json_out_text(&body, n->of->key, words->items[0]);
    json_out_end(&body);
    return steer_workload(c, n->of->page, &body, n->of->say, NULL, &n->words,
                          err);
}

int steer_run_named(const struct steer_named *s, int argc,
                    const char *const *argv)
{
    struct named named = {.words = {.timeout = "0"}, .of = s};
    const struct steer_command command = {
        .command = s->command,
        .rows = steer_rows,
        .rows_n = STEER_ROWS,
        .values = &named,
        .go = go_named,
    };
    return steer_run(&command, argc, argv);
}
