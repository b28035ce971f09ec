// SPDX-License-Identifier: Apache-2.0
// Peers by DNS: a round each second, through the name server that answered
// last. When it does not, the next ones are tried, in order, and round again.
#include "peers_source.h"

#include "dns/record.h"
#include "peers_query.h"
#include "peers_read.h"
#include "peers_round.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Between the end of a round and the next: a server's answer costs it
// microseconds, and a TTL would be no less.
enum { PERIOD_MS = 1000 };

struct dns {
    struct peers_source source;
    uv_loop_t *loop;
    struct peers_listener listener;
    struct dns_name name;
    char *service;
    char *namespace;
    struct sockaddr_any *servers;
    struct channel **channels; // NULL: it has not been asked yet
    size_t n;
    size_t current;
    size_t failed; // servers, in this round
    struct round *round;
    struct peers *last;
    struct error why; // of the first one that failed, or of an empty answer
    uv_timer_t timer;
    // a question beside them
    struct query *query;
    peers_why *why_done;
    void *why_context;
};

static void on_timer(uv_timer_t *timer);

static void rest(struct dns *d)
{
    // cannot fail: the handle was set up and has a callback
    (void)uv_timer_start(&d->timer, on_timer, PERIOD_MS, 0);
}

// --- rounds ----------------------------------------------------------------

static void ask(struct dns *d);

// What the name server that is asked by now said: whoever reads it may have
// meant another one.
static void set_why(struct dns *d, const char *why)
{
    char text[SOCKADDR_TEXT_SIZE];

    (void)error_set(&d->why, 0, "name server %s: %s",
                    sockaddr_format(&d->servers[d->current], text), why);
}

static void note_failure(struct dns *d, const char *why)
{
    if (d->failed++ == 0)
        set_why(d, why);
    d->current = (d->current + 1) % d->n;
}

static void on_round(void *context, struct peers *peers, const char *reason)
{
    struct dns *d = context;

    d->round = NULL;
    if (!peers) {
        note_failure(d, reason);
        ask(d);
        return;
    }
    peers_unref(d->last);
    d->last = peers_ref(peers);
    rest(d);
    if (peers->n == 0 && *reason) {
        set_why(d, reason);
        reason = d->why.text;
    }
    d->listener.told(d->listener.context, peers, reason);
}

static int begin(struct dns *d, struct error *err)
{
    struct channel **c = &d->channels[d->current];
    int rc = *c ? 0 : channel_new(d->loop, &d->servers[d->current], c, err);

    if (rc == 0) {
        rc = round_start(*c, &d->name, d->last, on_round, d, &d->round);
        if (rc)
            (void)error_set(err, rc, "cannot be asked: %s", uv_strerror(rc));
    }
    return rc;
}

// Ask the first one that lets itself be asked.
static void ask(struct dns *d)
{
    struct error err;

    while (d->failed < d->n) {
        if (begin(d, &err) == 0)
            return;
        note_failure(d, err.text);
    }
    rest(d);
    d->listener.told(d->listener.context, NULL, d->why.text);
}

static void on_timer(uv_timer_t *timer)
{
    struct dns *d = timer->data;

    d->failed = 0;
    ask(d);
}

// --- why -------------------------------------------------------------------

static void on_why(void *context, const struct dns_reply *reply,
                   const char *why)
{
    struct dns *d = context;
    struct error text = {""};
    struct span ede;
    uint16_t code;

    (void)why;
    d->query = NULL;
    // without an extended error it would only say that it is not there
    if (reply && dns_reply_error(reply, &code, &ede))
        peers_reason(reply, &text);
    d->why_done(d->why_context, text.text);
}

static int ask_why(struct peers_source *s, const char *hostname,
                   peers_why *done, void *context)
{
    struct dns *d = ORD_CONTAINER(s, struct dns, source);
    struct dns_name name;
    struct error err;

    if (d->query || !d->channels[d->current])
        return -EBUSY;
    const int rc = dns_name_parse(hostname, &name, &err);
    if (rc)
        return rc;
    d->why_done = done;
    d->why_context = context;
    return query_start(d->channels[d->current], &name, DNS_TYPE_A, CHANNEL_UDP,
                       on_why, d, &d->query);
}

// --- its life --------------------------------------------------------------

static void release(struct dns *d)
{
    for (size_t i = 0; d->channels && i < d->n; i++)
        channel_free(d->channels[i]);
    peers_unref(d->last);
    free(d->channels);
    free(d->servers);
    free(d->service);
    free(d->namespace);
    free(d);
}

static void on_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void dns_free(struct peers_source *s)
{
    struct dns *d = ORD_CONTAINER(s, struct dns, source);

    round_drop(d->round);
    query_drop(d->query);
    d->round = NULL;
    d->query = NULL;
    for (size_t i = 0; i < d->n; i++) {
        channel_free(d->channels[i]);
        d->channels[i] = NULL;
    }
    uv_close((uv_handle_t *)&d->timer, on_closed);
}

static int no_memory(struct dns *d, struct error *err)
{
    release(d);
    return error_set(err, -ENOMEM, "no memory to ask name servers");
}

int peers_over_dns(uv_loop_t *loop, const struct sockaddr_any *servers,
                   size_t n, const struct dns_name *name,
                   const struct peers_owner *owner,
                   const struct peers_listener *listener,
                   struct peers_source **out, struct error *err)
{
    struct dns *d = calloc(1, sizeof *d);

    if (!d)
        return error_set(err, -ENOMEM, "no memory to ask name servers");
    d->servers = calloc(n, sizeof *servers);
    d->channels = calloc(n, sizeof(struct channel *));
    d->service = strdup(owner->service);
    d->namespace = strdup(owner->namespace);
    if (!d->servers || !d->channels || !d->service || !d->namespace)
        return no_memory(d, err);
    memcpy(d->servers, servers, n * sizeof *servers);
    d->n = n;
    d->loop = loop;
    d->listener = *listener;
    d->name = *name;
    d->source = (struct peers_source){
        .owner = {d->service, d->namespace}, .why = ask_why, .free = dns_free};
    // neither can fail
    (void)uv_timer_init(loop, &d->timer);
    d->timer.data = d;
    (void)uv_timer_start(&d->timer, on_timer, 0, 0);
    *out = &d->source;
    return 0;
}
