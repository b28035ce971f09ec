// SPDX-License-Identifier: Apache-2.0
// ordinald scale
#include "steer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "ordinald scale [NAMESPACE/]STATEFULSET N";

static void help(FILE *out)
{
    fprintf(out,
            "Usage: %s [options]\n"
            "\n"
            "Change how many pods a StatefulSet of a running server has, and "
            "print each step\n"
            "until all is as it should be. Deployments and ReplicaSets are "
            "taken as well.\n"
            "The number holds until the workload changes in its manifest.\n",
            usage);
    steer_help(out, steer_rows, STEER_ROWS,
               "ordinald scale mongo/mongo-statefulset 5");
}

static void say(const struct json_value *reply,
                const struct json_value *workload)
{
    printf("%s/%s: %" PRIu64 " -> %" PRIu64 "\n",
           json_value_text(json_value_get(workload, "namespace")),
           json_value_text(json_value_get(workload, "name")),
           json_value_uint(json_value_get(reply, "was")),
           json_value_uint(json_value_get(workload, "replicas")));
}

static int read_replicas(const char *text, uint32_t *out, struct error *err)
{
    const size_t n = strlen(text);
    const unsigned long long v = strtoull(text, NULL, 10);

    if (n == 0 || n > 10 || strspn(text, "0123456789") != n || v > UINT32_MAX)
        return error_set(err, -EINVAL,
                         "'%.40s' is no number of replicas; write %s", text,
                         usage);
    *out = (uint32_t)v;
    return 0;
}

static int go(const struct client *c, void *values, struct error *err)
{
    const struct steer_words *words = values;
    struct json_out body = {.p = NULL};
    uint32_t replicas = 0;

    if (words->words.n != 2)
        return steer_usage(&words->words, usage, err);
    const int rc = read_replicas(words->words.items[1], &replicas, err);
    if (rc)
        return rc;
    json_out_object(&body, NULL);
    json_out_text(&body, "workload", words->words.items[0]);
    json_out_uint(&body, "replicas", replicas);
    json_out_end(&body);
    return steer_workload(c, "/scale", &body, say, &replicas, words, err);
}

static int run(int argc, const char *const *argv)
{
    struct steer_words words = {.timeout = "0"};
    const struct steer_command command = {
        .command = &cli_scale,
        .rows = steer_rows,
        .rows_n = STEER_ROWS,
        .values = &words,
        .go = go,
    };
    return steer_run(&command, argc, argv);
}

const struct command cli_scale = {
    .name = "scale",
    .summary = "change how many pods a StatefulSet has",
    .run = run,
    .help = help,
};
