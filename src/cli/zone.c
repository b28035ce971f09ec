// SPDX-License-Identifier: Apache-2.0
// ordinald zone
#include "cli.h"

#include "base/clock.h"
#include "client.h"
#include "daemon/pipeline.h"
#include "daemon/settings.h"
#include "zone/dump.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The command's own words.
struct words {
    struct dns_name origin; // n of 0: all
    uint32_t output;        // enum zone_dump_format
    const char *directory;  // "": standard output
};

static const struct setting rows[] = {
    {.word = "origin",
     .type = SETTING_DOMAIN,
     .offset = offsetof(struct words, origin),
     .preset = "",
     .max = 1,
     .argument = "NAME",
     .unit = "",
     .help = "this one only: cluster.local, 10.in-addr.arpa"},
    {.word = "output",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct words, output),
     .preset = "text",
     .max = ZONE_DUMP_JSON,
     .argument = "FORM",
     .unit = "text|json",
     .help = "form",
     .letter = 'o'},
    {.word = "directory",
     .type = SETTING_FILE,
     .offset = offsetof(struct words, directory),
     .preset = "",
     .max = 1,
     .argument = "DIR",
     .unit = "",
     .help = "write files ORIGIN.zone or ORIGIN.json there"},
};

// Whom to ask: a zone, or a server.
struct job {
    struct words words;
    struct settings settings;
    struct log log;
    struct report report;
    struct pipeline pipeline;
    const struct zone *zone; // NULL: the server
    struct client client;
    bool refused; // a finding was an error
};

static void help(FILE *out)
{
    static const char *const groups[] = {"where", "what", "ordinals",
                                         "steering", NULL};

    fputs(
        "Usage: ordinald zone [options] [PATH...]\n"
        "\n"
        "Print what is served, as RFC 1035 master files: sorted, one record a "
        "line. With\n"
        "PATHs what they and the options below make; without, what the server "
        "answers\n"
        "that runs at --control, or on this machine at the port of --listen.\n"
        "\n"
        "What to print:\n",
        out);
    settings_help_own(out, rows, ORD_COUNT(rows));
    settings_help(out, groups);
    fputs("\n"
          "All options of `ordinald serve` are taken, so that both read one "
          "--config FILE.\n"
          "\n"
          "Example: ordinald zone --origin cluster.local zones | grep -w SRV\n"
          "\n"
          "Exit status: 0 done, 1 refused, no server or cannot write, 2 wrong "
          "usage.\n",
          out);
}

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    struct job *job = context;
    job->refused |= kind == FINDING_ERROR;
    log_finding(&job->log, kind, at, text);
}

// --- asking ----------------------------------------------------------------

static int write_error(struct error *err)
{
    return error_set(err, -EIO, "cannot write: %s", strerror(errno));
}

static int put_zone(const struct job *job, const char *origin, FILE *out,
                    struct error *err)
{
    size_t i = ZONE_DUMP_ALL;
    struct zone_dump dump;
    int rc = origin ? zone_dump_find(job->zone, origin, &i, err) : 0;

    if (rc)
        return rc;
    if (zone_dump(job->zone, i, job->words.output, &dump))
        return error_set(err, -ENOMEM, "no memory to print the zone");
    if (fwrite(dump.p, 1, dump.n, out) != dump.n)
        rc = write_error(err);
    free(dump.p);
    return rc;
}

// One origin, or all of them if it is NULL.
static int put(const struct job *job, const char *origin, FILE *out,
               struct error *err)
{
    if (job->zone)
        return put_zone(job, origin, out, err);
    const char *form = job->words.output == ZONE_DUMP_JSON ? "json" : "text";
    const struct client_word words[] = {
        {"output", form},
        {origin ? "origin" : NULL, origin},
        {NULL, NULL},
    };
    return client_get(&job->client, "/zone", words, out, err);
}

// The names of all origins, one a line.
static int put_origins(const struct job *job, FILE *out, struct error *err)
{
    char name[DNS_NAME_TEXT_SIZE];

    if (!job->zone)
        return client_get(&job->client, "/origins",
                          (const struct client_word[]){{NULL, NULL}}, out, err);
    for (size_t i = 0; i < zone_dump_origins(job->zone); i++)
        fprintf(out, "%s\n", zone_dump_origin(job->zone, i, name));
    return 0;
}

// --- files -----------------------------------------------------------------

// What mkstemp() leaves out: others may read it as they may read other files.
static int set_mode(int fd)
{
    const mode_t mask = umask(0);
    umask(mask);
    return fchmod(fd, 0666 & ~mask);
}

static int fill_file(const struct job *job, const char *origin, int fd,
                     struct error *err)
{
    FILE *out = fdopen(fd, "w");
    if (!out) {
        close(fd);
        return write_error(err);
    }
    int rc = set_mode(fd) ? write_error(err) : put(job, origin, out, err);
    if (fclose(out) && rc == 0)
        rc = write_error(err);
    return rc;
}

// A name that is whole or not there: written beside, then renamed.
static int write_file(const struct job *job, const char *origin,
                      const char *path, struct error *err)
{
    char *beside = NULL;

    if (asprintf(&beside, "%s.XXXXXX", path) < 0)
        return error_set(err, -ENOMEM, "no memory to write '%s'", path);
    const int fd = mkstemp(beside);
    int rc = fd < 0 ? write_error(err) : fill_file(job, origin, fd, err);
    if (rc == 0 && rename(beside, path) < 0)
        rc = write_error(err);
    if (rc && fd >= 0)
        unlink(beside);
    if (rc)
        error_wrap(err, rc, "'%.200s'", path);
    free(beside);
    return rc;
}

// DIR/ORIGIN.zone. A slash may be in a name, not in a file's: \047 is the same
// octet to a master file.
static char *path_of(const struct job *job, const char *origin)
{
    char name[4 * DNS_NAME_TEXT_SIZE], *to = name;
    char *path = NULL;

    for (const char *at = origin; *at; at++)
        if (*at == '/')
            to += sprintf(to, "\\047");
        else
            *to++ = *at;
    *to = '\0';
    // without the final dot
    if (asprintf(&path, "%s/%.*s%s", job->words.directory,
                 (int)(strlen(name) - 1), name,
                 job->words.output == ZONE_DUMP_JSON ? ".json" : ".zone") < 0)
        return NULL;
    return path;
}

static int write_origin(const struct job *job, const char *origin,
                        struct error *err)
{
    char *path = path_of(job, origin);
    const int rc =
        path ? write_file(job, origin, path, err)
             : error_set(err, -ENOMEM, "no memory to write '%s'", origin);
    free(path);
    return rc;
}

// origins: lines, which are cut up
static int write_origins(const struct job *job, char *origins,
                         struct error *err)
{
    char *rest = origins, *line;
    int rc = 0;

    if (mkdir(job->words.directory, 0777) < 0 && errno != EEXIST)
        return error_set(err, -errno, "cannot make '%.200s': %s",
                         job->words.directory, strerror(errno));
    while (rc == 0 && (line = strsep(&rest, "\n")) && *line)
        rc = write_origin(job, line, err);
    return rc;
}

static int write_files(const struct job *job, const char *origin,
                       struct error *err)
{
    char *origins = NULL;
    size_t n;
    FILE *lines = open_memstream(&origins, &n);

    if (!lines)
        return error_set(err, -ENOMEM, "no memory for the list of origins");
    int rc = 0;
    if (origin)
        fprintf(lines, "%s\n", origin);
    else
        rc = put_origins(job, lines, err);
    if (fclose(lines) && rc == 0)
        rc = error_set(err, -ENOMEM, "no memory for the list of origins");
    if (rc == 0)
        rc = write_origins(job, origins, err);
    free(origins);
    return rc;
}

// --- the command -----------------------------------------------------------

static int print(const struct job *job, struct error *err)
{
    char text[DNS_NAME_TEXT_SIZE];
    const char *origin = NULL;

    if (job->words.origin.n)
        origin = dns_name_format(dns_name_view(&job->words.origin), text);
    if (*job->words.directory)
        return write_files(job, origin, err);
    const int rc = put(job, origin, stdout, err);
    return rc == 0 && fflush(stdout) ? write_error(err) : rc;
}

// Load PATHs once.
static int print_paths(struct job *job, struct error *err)
{
    const struct clock clock = clock_of_system();
    struct pipeline_seeds seeds;
    int rc = pipeline_seeds_random(&seeds, err);

    // Equal PATHs are to give equal texts.
    seeds.pods = 0;
    if (rc == 0)
        rc = pipeline_init(&job->pipeline, &job->settings, &seeds, NULL,
                           &job->report, err);
    if (rc)
        return cli_fail(&cli_zone, rc, err);
    rc = pipeline_load(&job->pipeline, &clock, err);
    job->zone = job->pipeline.zone;
    if (rc == 0)
        rc = print(job, err);
    pipeline_release(&job->pipeline, NULL);
    if (rc)
        return cli_fail(&cli_zone, rc, err);
    return job->refused ? CLI_NO : CLI_DONE;
}

static int print_server(struct job *job, struct error *err)
{
    job->client.or_paths = true;
    int rc = client_find(&job->client, &job->settings, err);
    if (rc == 0)
        rc = print(job, err);
    return rc ? cli_fail(&cli_zone, rc, err) : CLI_DONE;
}

static int run(int argc, const char *const *argv)
{
    struct job job = {
        .words = {.directory = ""},
        .log = {.fd = STDERR_FILENO, .level = LOG_WARNING},
        .report = {.finding = on_finding, .context = &job},
    };
    const struct settings_command command = {
        .name = cli_zone.name,
        .own = rows,
        .own_n = ORD_COUNT(rows),
        .values = &job.words,
    };
    struct error err = {""};

    // Whoever reads may stop after some lines: then that is the end.
    signal(SIGPIPE, SIG_DFL);
    int r =
        settings_parse(&job.settings, &command, argc, argv, &job.report, &err);
    if (r == SETTINGS_HELP) {
        help(stdout);
        return CLI_DONE;
    }
    if (r < 0)
        return cli_fail(&cli_zone, r, &err);
    job.log = settings_log(&job.settings);
    r = job.settings.paths_given ? print_paths(&job, &err)
                                 : print_server(&job, &err);
    settings_release(&job.settings);
    return r;
}

const struct command cli_zone = {
    .name = "zone",
    .summary = "print what is served, as master files or JSON",
    .run = run,
    .help = help,
};
