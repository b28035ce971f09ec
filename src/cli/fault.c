// SPDX-License-Identifier: Apache-2.0
// ordinald fault
#include "base/duration.h"
#include "steer.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

struct words {
    struct text_list words;
    const char *lasts; // a duration; "": until it is cleared
    bool list;
    bool clear;
};

static const struct setting rows[] = {
    {.word = "words",
     .type = SETTING_WORDS,
     .offset = offsetof(struct words, words),
     .preset = "",
     .max = UINT32_MAX,
     .argument = "WORD"},
    {.word = "for",
     .type = SETTING_TEXT,
     .offset = offsetof(struct words, lasts),
     .preset = "",
     .min = 1,
     .max = 32,
     .argument = "DURATION",
     .unit = "",
     .help = "ends by itself: 500ms, 10s, 5m"},
    {.word = "list",
     .type = SETTING_FLAG,
     .offset = offsetof(struct words, list),
     .preset = "false",
     .max = 1,
     .argument = "",
     .unit = "",
     .help = "print those that last"},
    {.word = "clear",
     .type = SETTING_FLAG,
     .offset = offsetof(struct words, clear),
     .preset = "false",
     .max = 1,
     .argument = "",
     .unit = "",
     .help = "end those of the TARGET, or all"},
};

static const char usage[] = "ordinald fault TARGET KIND, ordinald fault --list "
                            "or ordinald fault --clear [TARGET]";

static void help(FILE *out)
{
    fputs("Usage: ordinald fault TARGET KIND [options]\n"
          "       ordinald fault --list\n"
          "       ordinald fault --clear [TARGET]\n"
          "\n"
          "Let something go wrong at a server that was started with "
          "--enable-faults, to see\n"
          "how clients take it. TARGET is [NAMESPACE/]POD or "
          "[NAMESPACE/]SERVICE; KIND is\n"
          "one of\n"
          "\n"
          "  not-ready   the pod, or each of the service, is not ready\n"
          "  gone        it ends, and its successor gets no address\n"
          "  move        it is replaced by one with another address\n"
          "  flap=MS     it is ready for MS, not ready for MS, and so on\n"
          "  stale=MS    what changes is seen MS later\n"
          "  slow=MS     replies leave MS later\n"
          "  no-aaaa     IPv6 addresses are left out\n"
          "  truncate    over UDP nothing but TC is said\n"
          "  servfail    nothing but SERVFAIL is said\n",
          out);
    steer_help(out, rows, ORD_COUNT(rows),
               "ordinald fault mongo/mongo-statefulset-1 not-ready --for 10s");
}

// --- what is printed -------------------------------------------------------

static const char *text_of(const struct json_value *v, const char *key)
{
    return json_value_text(json_value_get(v, key));
}

// How much longer it lasts.
static void print_fault(const struct json_value *fault)
{
    const struct json_value *left = json_value_get(fault, "left_ms");
    char text[DURATION_TEXT_SIZE];

    printf("%s: %s %s%s\n", text_of(fault, "target"), text_of(fault, "kind"),
           left ? "for " : "until it is cleared",
           left ? duration_format(json_value_uint(left), text) : "");
}

// --- asking ----------------------------------------------------------------

static int list(const struct client *c, struct error *err)
{
    struct json_value *reply;
    const int rc = client_ask(c, "GET", "/faults", NULL, NULL, &reply, err);

    if (rc)
        return rc;
    const struct json_value *faults = json_value_get(reply, "faults");
    const size_t n = json_value_count(faults);
    for (size_t i = 0; i < n; i++)
        print_fault(json_value_at(faults, i));
    if (n == 0)
        puts("no faults");
    json_value_free(reply);
    return 0;
}

static int clear(const struct client *c, const struct text_list *words,
                 struct error *err)
{
    const struct client_word target[] = {
        {words->n ? "target" : NULL, words->n ? words->items[0] : NULL},
        {NULL, NULL}};
    struct json_value *reply;
    const int rc =
        client_ask(c, "DELETE", "/faults", target, NULL, &reply, err);

    if (rc)
        return rc;
    const uint64_t n = json_value_uint(json_value_get(reply, "cleared"));
    printf("%" PRIu64 " fault%s cleared\n", n, n == 1 ? "" : "s");
    json_value_free(reply);
    return 0;
}

static int add(const struct client *c, const struct words *w, struct error *err)
{
    struct json_out body = {.p = NULL};
    struct json_value *reply;
    uint32_t for_ms = 0;
    int rc = *w->lasts ? steer_duration("--for", w->lasts, 1, &for_ms, err) : 0;

    if (rc)
        return rc;
    json_out_object(&body, NULL);
    json_out_text(&body, "target", w->words.items[0]);
    json_out_text(&body, "kind", w->words.items[1]);
    if (for_ms)
        json_out_uint(&body, "for_ms", for_ms);
    json_out_end(&body);
    rc = client_ask(c, "POST", "/faults", NULL, &body, &reply, err);
    if (rc)
        return rc;
    print_fault(json_value_get(reply, "fault"));
    json_value_free(reply);
    return 0;
}

// Which of the three it is decides how many words there are.
static int go(const struct client *c, void *values, struct error *err)
{
    const struct words *w = values;
    const size_t n = w->words.n;

    if (*w->lasts && (w->list || w->clear))
        return error_set(err, -EINVAL, "--for is of a new fault; write %s",
                         usage);
    if (w->list && !w->clear && n == 0)
        return list(c, err);
    if (w->clear && !w->list && n <= 1)
        return clear(c, &w->words, err);
    if (!w->list && !w->clear && n == 2)
        return add(c, w, err);
    return steer_usage(&w->words, usage, err);
}

static int run(int argc, const char *const *argv)
{
    struct words words = {.lasts = ""};
    const struct steer_command command = {
        .command = &cli_fault,
        .rows = rows,
        .rows_n = ORD_COUNT(rows),
        .values = &words,
        .go = go,
    };
    return steer_run(&command, argc, argv);
}

const struct command cli_fault = {
    .name = "fault",
    .summary = "let something go wrong, to see how clients take it",
    .run = run,
    .help = help,
};
