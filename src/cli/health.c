// SPDX-License-Identifier: Apache-2.0
// ordinald health
#include "cli.h"

#include "base/duration.h"
#include "daemon/settings.h"
#include "dns/record.h"
#include "peers_query.h"
#include "peers_read.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <unistd.h>
#include <uv.h>

// The command's own words.
struct words {
    struct text_list words; // there should be none
    const char *server;     // "": where it listens by its settings
    bool ready;
    uint32_t timeout_ms;
};

static const struct setting rows[] = {
    {.word = "words",
     .type = SETTING_WORDS,
     .offset = offsetof(struct words, words),
     .preset = "",
     .max = UINT32_MAX,
     .argument = "WORD"},
    {.word = "server",
     .type = SETTING_TEXT,
     .offset = offsetof(struct words, server),
     .preset = "",
     .max = SOCKADDR_TEXT_SIZE,
     .argument = "ADDR",
     .unit = "",
     .help = "ask ADDR[:PORT], else where --listen says first"},
    {.word = "ready",
     .type = SETTING_FLAG,
     .offset = offsetof(struct words, ready),
     .preset = "false",
     .max = 1,
     .argument = "",
     .unit = "",
     .help = "whether it has read all and answers from it"},
    {.word = "timeout",
     .type = SETTING_DURATION,
     .offset = offsetof(struct words, timeout_ms),
     .preset = "2s",
     .min = 1,
     .max = CHANNEL_GIVE_UP_MS,
     .argument = "TIME",
     .unit = "ms",
     .help = "wait so long for a reply"},
};

// One question, and what came of it.
struct job {
    struct words words;
    struct settings settings;
    char server[SOCKADDR_TEXT_SIZE];
    uv_loop_t loop;
    uv_timer_t timer;
    struct query *query; // NULL: it has ended
    bool alive;
    struct error reason; // why it is not alive, or not ready; "" if it is
};

static void help(FILE *out)
{
    fputs("Usage: ordinald health [options]\n"
          "\n"
          "Ask a server whether it lives: it does when it answers a question "
          "for its\n"
          "version, dns-version.CLUSTER-DOMAIN, whatever the answer. Made for "
          "probes of\n"
          "containers: HEALTHCHECK and exec.\n"
          "\n",
          out);
    settings_help_own(out, rows, ORD_COUNT(rows));
    fputs("\n"
          "All options of `ordinald serve` are taken, so that both read one "
          "--config FILE;\n"
          "--listen and --cluster-domain matter.\n"
          "\n"
          "Example: ordinald health --ready --server 127.0.0.1:53\n"
          "\n"
          "Exit status: 0 it lives, or is ready; 1 it does not, or is not; 2 "
          "wrong usage.\n",
          out);
}

// --- whom to ask, and what -------------------------------------------------

// Where it listens on all addresses, it does on the loopback's.
static int find_server(const struct job *job, struct sockaddr_any *out,
                       struct error *err)
{
    const struct sockaddr_any *first = &job->settings.listen.items[0];

    if (*job->words.server) {
        const int rc = sockaddr_parse_server(job->words.server, out, err);
        return rc ? error_wrap(err, rc, "--server") : 0;
    }
    if (sockaddr_port(first) == 0)
        return error_set(err, -EINVAL,
                         "--listen has port 0, which can be any; name the "
                         "server with --server ADDR:PORT");
    *out = *first;
    if (sockaddr_is_wildcard(first) && first->any.sa_family == AF_INET6)
        out->v6.sin6_addr = in6addr_loopback;
    else if (sockaddr_is_wildcard(first))
        out->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return 0;
}

static int version_name(const struct settings *s, struct dns_name *out,
                        struct error *err)
{
    static const char label[] = "dns-version";

    *out = s->cluster_domain;
    if (dns_name_prepend(out, span_of(label, sizeof label - 1)))
        return error_set(err, -EINVAL,
                         "--cluster-domain is too long to ask for a name below "
                         "it");
    return 0;
}

// --- asking ----------------------------------------------------------------

// Who serves the domain has the name, or says SERVFAIL.
static void tell_reason(struct job *job, const struct dns_reply *reply)
{
    struct error text;

    peers_reason(reply, &text);
    (void)error_set(&job->reason, 0, "%s%s", text.text,
                    reply->rcode == DNS_RCODE_REFUSED ||
                            reply->rcode == DNS_RCODE_NXDOMAIN
                        ? "; it serves another --cluster-domain"
                        : "");
}

static void on_reply(void *context, const struct dns_reply *reply,
                     const char *why)
{
    struct job *job = context;

    job->query = NULL;
    job->alive = reply;
    if (!reply)
        (void)error_set(&job->reason, 0, "%s", why);
    else if (reply->rcode != DNS_RCODE_NOERROR)
        tell_reason(job, reply);
    uv_stop(&job->loop);
}

static void on_timeout(uv_timer_t *timer)
{
    struct job *job = timer->data;
    char after[DURATION_TEXT_SIZE];

    (void)error_set(&job->reason, 0, "does not answer within %s",
                    duration_format(job->words.timeout_ms, after));
    uv_stop(&job->loop);
}

static int ask(struct job *job, struct channel *channel, struct error *err)
{
    struct dns_name name;
    int rc = version_name(&job->settings, &name, err);

    if (rc)
        return rc;
    rc = query_start(channel, &name, DNS_TYPE_TXT, CHANNEL_UDP, on_reply, job,
                     &job->query);
    if (rc)
        return error_set(err, rc, "%s cannot be asked: %s", job->server,
                         uv_strerror(rc));
    (void)uv_timer_start(&job->timer, on_timeout, job->words.timeout_ms, 0);
    (void)uv_run(&job->loop, UV_RUN_DEFAULT);
    query_drop(job->query);
    return 0;
}

static int ask_server(struct job *job, struct error *err)
{
    struct sockaddr_any server;
    struct channel *channel;
    int rc = find_server(job, &server, err);

    if (rc)
        return rc;
    sockaddr_format(&server, job->server);
    rc = uv_loop_init(&job->loop);
    if (rc)
        return error_set(err, rc, "cannot ask %s: %s", job->server,
                         uv_strerror(rc));
    (void)uv_timer_init(&job->loop, &job->timer); // always 0
    job->timer.data = job;
    rc = channel_new(&job->loop, &server, &channel, err);
    if (rc == 0) {
        rc = ask(job, channel, err);
        channel_free(channel);
    }
    uv_close((uv_handle_t *)&job->timer, NULL);
    (void)uv_run(&job->loop, UV_RUN_DEFAULT);
    const int closed = uv_loop_close(&job->loop);
    assert(closed == 0);
    return rc;
}

// --- the command -----------------------------------------------------------

static int judge(const struct job *job, struct error *err)
{
    const char *why = job->reason.text;

    if (!job->alive)
        return error_set(err, -ECONNREFUSED, "%s %s", job->server, why);
    if (job->words.ready && *why)
        return error_set(err, -EAGAIN, "%s is not ready: %s", job->server, why);
    printf("%s is %s\n", job->server, job->words.ready ? "ready" : "alive");
    return 0;
}

static int go(struct job *job, struct error *err)
{
    if (job->words.words.n > 0)
        return error_set(err, -EINVAL,
                         "'%.100s' is too much; write ordinald health "
                         "[options]",
                         job->words.words.items[0]);
    const int rc = ask_server(job, err);
    return rc ? rc : judge(job, err);
}

static int run(int argc, const char *const *argv)
{
    struct log log = {.fd = STDERR_FILENO, .level = LOG_WARNING};
    const struct report report = {.finding = cli_finding, .context = &log};
    struct job job = {.words = {.server = ""}};
    const struct settings_command command = {
        .name = cli_health.name,
        .own = rows,
        .own_n = ORD_COUNT(rows),
        .values = &job.words,
    };
    struct error err = {""};

    int rc = settings_parse(&job.settings, &command, argc, argv, &report, &err);
    if (rc == SETTINGS_HELP) {
        help(stdout);
        return CLI_DONE;
    }
    if (rc == 0) {
        rc = go(&job, &err);
        settings_release(&job.settings);
    }
    return rc ? cli_fail(&cli_health, rc, &err) : CLI_DONE;
}

const struct command cli_health = {
    .name = "health",
    .summary = "whether a server lives, or is ready, for probes",
    .run = run,
    .help = help,
};
