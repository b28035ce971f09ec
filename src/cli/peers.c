// SPDX-License-Identifier: Apache-2.0
// ordinald peers
#include "cli.h"

#include "base/resolv_conf.h"
#include "client.h"
#include "daemon/settings.h"
#include "peers_job.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char usage[] = "ordinald peers [NAMESPACE/]SERVICE";
static const char resolv_conf[] = "/etc/resolv.conf";

// The command's own words.
struct words {
    struct text_list words; // SERVICE
    uint32_t output;        // enum peers_form
    const char *server;     // NULL: none
    uint32_t wait;
    uint32_t timeout_ms;
    bool reachable;
    const char *on_start;
    const char *on_change;
    uint32_t debounce_ms;
};

static const struct setting rows[] = {
    {.word = "words",
     .type = SETTING_WORDS,
     .offset = offsetof(struct words, words),
     .preset = "",
     .max = UINT32_MAX,
     .argument = "WORD"},
    {.word = "output",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct words, output),
     .preset = "text",
     .max = PEERS_HOSTS,
     .argument = "FORM",
     .unit = "text|json|env|hosts",
     .help = "form",
     .letter = 'o'},
    {.word = "server",
     .type = SETTING_TEXT,
     .offset = offsetof(struct words, server),
     .preset = "",
     .min = 1,
     .max = 100,
     .argument = "ADDR[:PORT]",
     .unit = "",
     .help = "the name server to ask"},
    {.word = "wait",
     .type = SETTING_UINT,
     .offset = offsetof(struct words, wait),
     .preset = "",
     .max = 1000000,
     .argument = "N",
     .unit = "peers",
     .help = "until so many are there"},
    {.word = "timeout",
     .type = SETTING_DURATION,
     .offset = offsetof(struct words, timeout_ms),
     .preset = "60s",
     .max = 24 * 3600 * 1000,
     .argument = "DURATION",
     .unit = "",
     .help = "wait no longer"},
    {.word = "reachable",
     .type = SETTING_FLAG,
     .offset = offsetof(struct words, reachable),
     .preset = "false",
     .max = 1,
     .argument = "",
     .unit = "",
     .help = "wait for such whose first TCP port is open"},
    {.word = "on-start",
     .type = SETTING_TEXT,
     .offset = offsetof(struct words, on_start),
     .preset = "",
     .min = 1,
     .max = 65536,
     .argument = "CMD",
     .unit = "",
     .help = "run it once, when they are there"},
    {.word = "on-change",
     .type = SETTING_TEXT,
     .offset = offsetof(struct words, on_change),
     .preset = "",
     .min = 1,
     .max = 65536,
     .argument = "CMD",
     .unit = "",
     .help = "run it when they change"},
    {.word = "debounce",
     .type = SETTING_DURATION,
     .offset = offsetof(struct words, debounce_ms),
     .preset = "200ms",
     .max = 60 * 1000,
     .argument = "DURATION",
     .unit = "",
     .help = "from a change to CMD"},
};

static void help(FILE *out)
{
    static const char *const groups[] = {"steering", NULL};

    fprintf(
        out,
        "Usage: %s [options]\n"
        "\n"
        "Print the peers of a service by ordinal, with their addresses; wait "
        "for them, or\n"
        "follow them. --server is asked, or else the server that runs at "
        "--control, or on\n"
        "this machine at the port of --listen, or else the name servers of "
        "resolv.conf.\n"
        "SERVICE may be a whole name, too. Without NAMESPACE it is "
        "$POD_NAMESPACE, or the\n"
        "one that has the service; name servers are asked for default.\n"
        "\n",
        usage);
    settings_help_own(out, rows + 1, ORD_COUNT(rows) - 1);
    settings_help(out, groups);
    fputs("\n"
          "CMD is for /bin/sh, with a hostname a line on standard input, and "
          "what `-o env`\n"
          "prints as variables; one at a time, and always for the last state. "
          "Without\n"
          "--on-start, --on-change runs at first as well. While nobody knows "
          "the peers, the\n"
          "last ones are kept. --timeout is for --wait and --on-start; 0: for "
          "ever. SIGTERM\n"
          "and SIGINT end it, and CMD. All options of `ordinald serve` are "
          "taken, so that\n"
          "both read one --config FILE.\n"
          "\n"
          "Example: ordinald peers mongo/mongo-service --wait 3 --on-change "
          "./reconfigure\n"
          "\n"
          "Exit status: 0 done, or ended while it followed; 1 there are none, "
          "or not so\n"
          "many in time; 2 wrong usage.\n",
          out);
}

// --- whose peers -----------------------------------------------------------

// What is asked, and of whom.
struct job {
    struct words words;
    struct settings settings;
    char service[512];   // as GET /peers takes it
    char name[64];       // of the service, where it is no whole name
    char namespace[64];  // "": not known
    struct dns_name dns; // what name servers are asked for
    struct client client;
    struct sockaddr_any servers[RESOLV_CONF_SERVERS_MAX];
    size_t servers_n; // 0: the control socket is asked
};

static int bad_service(const char *text, struct error *err)
{
    return error_set(err, -EINVAL,
                     "'%.100s' is neither SERVICE nor NAMESPACE/SERVICE nor a "
                     "name in DNS",
                     text);
}

static int read_parts(struct job *job, const char *text, struct error *err)
{
    const char *slash = strchr(text, '/');
    const char *name = slash ? slash + 1 : text;
    const size_t namespace_n = slash ? (size_t)(slash - text) : 0;
    const char *pods = getenv("POD_NAMESPACE");

    if (!*name || strlen(name) >= sizeof job->name || strchr(name, '/') ||
        strchr(text, '.') || slash == text ||
        namespace_n >= sizeof job->namespace)
        return bad_service(text, err);
    strcpy(job->name, name);
    if (slash)
        (void)snprintf(job->namespace, sizeof job->namespace, "%.*s",
                       (int)namespace_n, text);
    else if (pods && *pods && strlen(pods) < sizeof job->namespace)
        strcpy(job->namespace, pods);
    (void)snprintf(job->service, sizeof job->service, "%s%s%s", job->namespace,
                   *job->namespace ? "/" : "", name);
    return 0;
}

static int prepend(struct dns_name *name, const char *label)
{
    return dns_name_prepend(name, span_of_text(label));
}

static int read_service(struct job *job, const char *text, struct error *err)
{
    if (!strchr(text, '/') && strchr(text, '.')) {
        if (strlen(text) >= sizeof job->service)
            return bad_service(text, err);
        strcpy(job->service, text);
        const int rc = dns_name_parse(text, &job->dns, err);
        dns_name_fold(&job->dns);
        return rc;
    }
    int rc = read_parts(job, text, err);
    if (rc)
        return rc;
    job->dns = job->settings.cluster_domain;
    if (prepend(&job->dns, "svc") ||
        prepend(&job->dns, *job->namespace ? job->namespace : "default") ||
        prepend(&job->dns, job->name))
        return bad_service(text, err);
    dns_name_fold(&job->dns);
    return 0;
}

// --- whom to ask -----------------------------------------------------------

static bool listens(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    // a server that is too busy to accept us is one: it is not waited for here
    const int fd =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    const bool yes =
        fd >= 0 && (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 ||
                    errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    return yes;
}

// The control socket that was named, or the default one if somebody listens.
static bool has_control(struct job *job)
{
    const char *path = job->settings.control;
    struct error err;

    if (strcmp(path, "none") == 0 ||
        client_find(&job->client, &job->settings, &err))
        return false;
    return *path || listens(job->client.socket);
}

static int find_servers(struct job *job, struct error *err)
{
    struct resolv_conf conf;

    if (job->words.server) {
        job->servers_n = 1;
        const int rc =
            sockaddr_parse_server(job->words.server, &job->servers[0], err);
        return rc ? error_wrap(err, rc, "--server") : 0;
    }
    if (has_control(job))
        return 0;
    const int rc = resolv_conf_read(resolv_conf, &conf, err);
    if (rc)
        return rc == -EINVAL ? -EIO : rc;
    if (conf.n == 0)
        return error_set(err, -ENOENT,
                         "there is nobody to ask: '%s' names no server; give "
                         "--server or --control",
                         resolv_conf);
    memcpy(job->servers, conf.servers, sizeof job->servers);
    job->servers_n = conf.n;
    return 0;
}

static int begin(void *context, uv_loop_t *loop,
                 const struct peers_listener *listener,
                 struct peers_source **out, struct error *err)
{
    const struct job *job = context;
    struct peers_owner owner = {job->name,
                                *job->namespace ? job->namespace : "default"};
    if (job->servers_n == 0)
        return peers_over_control(loop, &job->client, job->service, listener,
                                  out, err);
    if (!*job->name)
        owner = (struct peers_owner){job->service, ""};
    return peers_over_dns(loop, job->servers, job->servers_n, &job->dns, &owner,
                          listener, out, err);
}

// --- the command -----------------------------------------------------------

static int check_words(const struct words *w, struct error *err)
{
    if (w->words.n != 1)
        return error_set(err, -EINVAL, "write %s", usage);
    if (w->reachable && w->wait == PEERS_ANY && !w->on_start)
        return error_set(err, -EINVAL,
                         "--reachable says which peers are waited for; give "
                         "--wait N, too");
    return 0;
}

static int go(struct job *job, struct error *err)
{
    const struct words *w = &job->words;
    const struct peers_job set = {
        .asked = w->words.n ? w->words.items[0] : "",
        .form = (enum peers_form)w->output,
        .wait = w->wait,
        .timeout_ms = w->timeout_ms,
        .reachable = w->reachable,
        .on_start = w->on_start,
        .on_change = w->on_change,
        .debounce_ms = w->debounce_ms,
        .begin = begin,
        .context = job,
    };
    int rc = check_words(w, err);

    if (rc == 0)
        rc = read_service(job, w->words.items[0], err);
    if (rc == 0)
        rc = find_servers(job, err);
    return rc ? rc : peers_job_run(&set, err);
}

static int run(int argc, const char *const *argv)
{
    struct log log = {.fd = STDERR_FILENO, .level = LOG_WARNING};
    const struct report report = {.finding = cli_finding, .context = &log};
    struct job job = {.words = {.wait = PEERS_ANY}};
    const struct settings_command command = {
        .name = cli_peers.name,
        .own = rows,
        .own_n = ORD_COUNT(rows),
        .values = &job.words,
    };
    struct error err = {""};

    // A command that does not read its list, or a server that goes: an error
    // of a write
    signal(SIGPIPE, SIG_IGN);
    int rc = settings_parse(&job.settings, &command, argc, argv, &report, &err);
    if (rc == SETTINGS_HELP) {
        help(stdout);
        return CLI_DONE;
    }
    if (rc == 0) {
        rc = go(&job, &err);
        settings_release(&job.settings);
    }
    return rc ? cli_fail(&cli_peers, rc, &err) : CLI_DONE;
}

const struct command cli_peers = {
    .name = "peers",
    .summary = "print, wait for, or follow the peers of a service",
    .run = run,
    .help = help,
};
