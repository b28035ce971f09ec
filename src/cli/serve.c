// SPDX-License-Identifier: Apache-2.0
// ordinald serve
#include "cli.h"

#include "daemon/daemon.h"
#include "daemon/settings.h"

#include <unistd.h>

static void help(FILE *out)
{
    fputs("Usage: ordinald serve [options] [PATH...]\n"
          "\n"
          "Answer DNS questions about the services and peers in Kubernetes "
          "manifests.\n"
          "PATH is a file, a directory or - for standard input (default: "
          "zones); changes\n"
          "of files and directories are live at once.\n"
          "\n",
          out);
    settings_help(out, NULL);
    fputs("\n"
          "SIGHUP reads everything again; SIGINT, and SIGTERM after "
          "--lame-duck, drain and\n"
          "stop.\n"
          "\n"
          "Example: ordinald serve --listen 127.0.0.1:5300,[::1]:5300 zones\n"
          "         dig -p 5300 @127.0.0.1 SRV "
          "mongo-service.mongo.svc.cluster.local\n"
          "\n"
          "Exit status: 0 stopped when asked to, 1 cannot start, 2 wrong "
          "usage.\n",
          out);
}

static int run(int argc, const char *const *argv)
{
    struct log log = {.fd = STDERR_FILENO, .level = LOG_WARNING};
    const struct report report = {.finding = cli_finding, .context = &log};
    const struct settings_command command = {
        .name = cli_serve.name,
        .needs_paths = true,
    };
    struct settings settings;
    struct error err = {""};

    int r = settings_parse(&settings, &command, argc, argv, &report, &err);
    if (r == SETTINGS_HELP) {
        help(stdout);
        return CLI_DONE;
    }
    if (r < 0)
        return cli_fail(&cli_serve, r, &err);
    r = daemon_run(&settings, &err);
    settings_release(&settings);
    if (r < 0)
        return cli_fail(&cli_serve, r, &err);
    return CLI_DONE;
}

const struct command cli_serve = {
    .name = "serve",
    .summary = "answer DNS questions about the peers in manifests",
    .run = run,
    .help = help,
};
