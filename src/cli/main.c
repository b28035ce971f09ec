// SPDX-License-Identifier: Apache-2.0
// ordinald COMMAND ...
#include "cli.h"

#include "base/base.h"
#include "base/nearest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
    &cli_serve, &cli_zone,    &cli_check,      &cli_explain, &cli_peers,
    &cli_scale, &cli_restart, &cli_delete_pod, &cli_fault,   &cli_health,
};

static void help(FILE *out)
{
    fputs("Usage: ordinald COMMAND [options]\n"
          "\n"
          "A DNS server by which the peers of a Kubernetes StatefulSet find "
          "each other.\n"
          "\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < ORD_COUNT(commands); i++)
        fprintf(out, "  %-16s %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help [COMMAND]   this page, or the page of a command\n"
          "\n"
          "  --help, -h       the same: ordinald serve --help\n"
          "  --version        name and version\n"
          "\n"
          "Example: ordinald serve zones\n"
          "\n"
          "Exit status: 0 done, 1 the answer is no, 2 wrong usage.\n",
          out);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < ORD_COUNT(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown(const char *word)
{
    struct nearest near = nearest_of(word);
    for (size_t i = 0; i < ORD_COUNT(commands); i++)
        nearest_offer(&near, commands[i]->name);
    nearest_offer(&near, "help");
    nearest_offer(&near, "--help");
    nearest_offer(&near, "--version");
    fprintf(stderr, "ordinald: unknown %s '%s'; ",
            word[0] == '-' ? "option" : "command", word);
    if (near.word)
        fprintf(stderr, "did you mean '%s'? (ordinald --help lists them)\n",
                near.word);
    else
        fputs("ordinald --help lists them\n", stderr);
    return CLI_USAGE;
}

// "help" and "help COMMAND".
static int run_help(int argc, const char *const *argv)
{
    if (argc == 0) {
        help(stdout);
        return CLI_DONE;
    }
    const struct command *c = find(argv[0]);
    if (!c)
        return unknown(argv[0]);
    c->help(stdout);
    return CLI_DONE;
}

/*
 * A program started without one of the three standard descriptors would give
 * its number to a socket, and write messages into that. They are opened the
 * wrong way round, so that reading and writing fail as they would have.
 */
static void fill_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            abort();
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    if (argc < 2) {
        help(stderr);
        return CLI_USAGE;
    }
    const char *word = argv[1];
    const char *const *rest = (const char *const *)argv + 2;
    if (strcmp(word, "--version") == 0) {
        puts("ordinald " ORDINALD_VERSION);
        return CLI_DONE;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
        strcmp(word, "help") == 0)
        return run_help(argc - 2, rest);
    const struct command *c = find(word);
    return c ? c->run(argc - 2, rest) : unknown(word);
}
