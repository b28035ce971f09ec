// SPDX-License-Identifier: Apache-2.0
#include "network.h"

#include "daemon/pipeline.h"
#include "say.h"
#include "source/probe.h"

#include <errno.h>
#include <uv.h>

// Before the first answer, for manifests to be read: more than a thousand
// services take, and a moment to who asks. A pod's own name is known without.
enum { PATIENCE_MS = 250 };

static int random_octets(void *out, size_t n, struct error *err)
{
    const int r = uv_random(NULL, NULL, out, n, 0, NULL);
    return r < 0 ? error_set(err, r, "cannot get random numbers: %s",
                             uv_strerror(r))
                 : 0;
}

static int limit_start(struct network *n, const struct settings *s,
                       struct error *err)
{
    uint64_t seed;
    if (s->rate_limit == 0)
        return 0;
    const int r = random_octets(&seed, sizeof seed, err);
    if (r < 0)
        return r;
    n->limit = limit_new(s->rate_limit, seed);
    return n->limit ? 0 : error_set(err, -ENOMEM, "not enough memory to start");
}

int network_start(struct network *n, const struct settings *s,
                  const struct zone *zone, struct upstreams *upstreams,
                  const struct log *log, struct error *err)
{
    struct workers_settings settings = {
        .zone = zone,
        .answer = pipeline_answers(s),
        .listen = s->listen.items,
        .listen_n = s->listen.n,
        .threads = settings_threads(s),
        .tcp_connections = s->tcp_connections,
        // clients are not to make pods unready
        .kept_descriptors = s->probe ? PROBES_MAX : 0,
        .tcp_per_client = s->tcp_per_client,
        .tcp_idle_ms = s->tcp_idle_s * 1000,
        .tcp_message_ms = s->tcp_timeout_s * 1000,
        .patience_ms = s->self ? 0 : PATIENCE_MS,
        .upstreams = upstreams,
        .forward_queries = s->forward_queries,
        .forward_per_client = s->forward_per_client,
    };
    struct dns_cookie_secret *secret = &settings.answer.cookie_secret;
    int r = random_octets(secret, sizeof *secret, err);
    if (r == 0)
        r = limit_start(n, s, err);
    settings.answer.limit = n->limit;
    if (r == 0)
        r = workers_start(&settings, &n->workers, err);
    if (r < 0)
        return r;
    say_listening(&settings, n->workers);
    say_limits(log, &settings, n->workers);
    return 0;
}

void network_stop(struct network *n)
{
    workers_stop(n->workers);
    limit_free(n->limit);
    *n = (struct network){0};
}
