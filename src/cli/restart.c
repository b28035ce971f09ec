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

static int run(int argc, const char *const *argv)
{
    static const struct steer_named named = {
        .command = &cli_restart,
        .usage = usage,
        .page = "/restart",
        .key = "workload",
        .say = say,
    };
    return steer_run_named(&named, argc, argv);
}

const struct command cli_restart = {
    .name = "restart",
    .summary = "replace the pods of a StatefulSet",
    .run = run,
    .help = help,
};
