// SPDX-License-Identifier: Apache-2.0
// ordinald restart
#include "steer.h"

#include <inttypes.h>

static const char usage[] = "ordinald restart [NAMESPACE/]STATEFULSET";

static void help(FILE *out)
{
    fprintf(out,
            "Usage: %s [options]\n"
            "\n"
            "Replace the pods of a StatefulSet of a running server one after "
            "another, as an\n"
            "update of its template does, and print each step. Deployments "
            "and ReplicaSets\n"
            "are taken as well.\n",
            usage);
    steer_help(out, steer_rows, STEER_ROWS,
               "ordinald restart mongo/mongo-statefulset");
}

static void say(const struct json_value *reply,
                const struct json_value *workload)
{
    (void)reply;
    printf("%s/%s: restart of %" PRIu64 " pods\n",
           json_value_text(json_value_get(workload, "namespace")),
           json_value_text(json_value_get(workload, "name")),
           json_value_uint(json_value_get(workload, "replicas")));
}

static int go(const struct client *c, void *values, struct error *err)
{
    const struct steer_words *words = values;
    struct json_out body = {.p = NULL};

    if (words->words.n != 1)
        return steer_usage(&words->words, usage, err);
    json_out_object(&body, NULL);
    json_out_text(&body, "workload", words->words.items[0]);
    json_out_end(&body);
    return steer_workload(c, "/restart", &body, say, NULL, words, err);
}

static int run(int argc, const char *const *argv)
{
    struct steer_words words = {.timeout = "0"};
    const struct steer_command command = {
        .command = &cli_restart,
        .rows = steer_rows,
        .rows_n = STEER_ROWS,
        .values = &words,
        .go = go,
    };
    return steer_run(&command, argc, argv);
}

const struct command cli_restart = {
    .name = "restart",
    .summary = "replace the pods of a StatefulSet",
    .run = run,
    .help = help,
};
