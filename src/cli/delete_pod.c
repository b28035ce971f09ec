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

static int run(int argc, const char *const *argv)
{
    static const struct steer_named named = {
        .command = &cli_delete_pod,
        .usage = usage,
        .page = "/delete-pod",
        .key = "pod",
        .say = say,
    };
    return steer_run_named(&named, argc, argv);
}

const struct command cli_delete_pod = {
    .name = "delete-pod",
    .summary = "delete a pod; another one takes its place",
    .run = run,
    .help = help,
};
