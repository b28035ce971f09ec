// SPDX-License-Identifier: Apache-2.0
// ordinald delete-pod
#include "steer.h"

static const char usage[] = "ordinald delete-pod [NAMESPACE/]POD";

static void help(FILE *out)
{
    fprintf(out,
            "Usage: %s [options]\n"
            "\n"
            "Delete a pod of a running server, and print each step until its "
            "workload has as\n"
            "many as it should.\n",
            usage);
    steer_help(out, steer_rows, STEER_ROWS,
               "ordinald delete-pod mongo/mongo-statefulset-1");
}

static void say(const struct json_value *reply,
                const struct json_value *workload)
{
    const struct json_value *pod = json_value_get(reply, "pod");

    (void)workload;
    printf("%s/%s: deleted\n",
           json_value_text(json_value_get(pod, "namespace")),
           json_value_text(json_value_get(pod, "name")));
}

static int go(const struct client *c, void *values, struct error *err)
{
    const struct steer_words *words = values;
    struct json_out body = {.p = NULL};

    if (words->words.n != 1)
        return steer_usage(&words->words, usage, err);
    json_out_object(&body, NULL);
    json_out_text(&body, "pod", words->words.items[0]);
    json_out_end(&body);
    return steer_workload(c, "/delete-pod", &body, say, NULL, words, err);
}

static int run(int argc, const char *const *argv)
{
    struct steer_words words = {.timeout = "0"};
    const struct steer_command command = {
        .command = &cli_delete_pod,
        .rows = steer_rows,
        .rows_n = STEER_ROWS,
        .values = &words,
        .go = go,
    };
    return steer_run(&command, argc, argv);
}

const struct command cli_delete_pod = {
    .name = "delete-pod",
    .summary = "delete a pod; another one takes its place",
    .run = run,
    .help = help,
};
