// SPDX-License-Identifier: Apache-2.0
// Peers by a server's control socket: GET /peers answers at once the first
// time, and from then on when they are others than it said before. Where all
// places for waiting are taken, it is asked each POLL_MS instead.
#include "peers_source.h"

#include "doc/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAIT_MS = 25000,  // of a request; the server takes at most 30 s
    GRACE_MS = 10000, // beyond it: then the server is taken for dead
    POLL_MS = 500,
    // until it is asked again that could not be: doubled each time. A server
    // that is started anew is there within a second
    AGAIN_MIN_MS = 100,
    AGAIN_MAX_MS = 1000,
    REPLY_MAX = 256 << 20, // octets: a million peers
    UNAVAILABLE = 503,
};

// What comes.
struct reply {
    char *p;
    size_t n;
    size_t room;
};

struct control_source {
    struct peers_source source;
    struct client client;
    struct peers_listener listener;
    struct http *http;
    uv_timer_t timer;
    char *service;            // as it is asked for
    struct json_value *texts; // the last reply: the owner's texts are in it
    char version[24];         // "": none was told
    bool crowded;             // it may not wait
    uint32_t again_ms;
    struct reply reply;
    // a question beside them
    struct reply why;
    peers_why *why_done; // NULL: none is on its way
    void *why_context;
};

static void ask(struct control_source *c);

static void on_timer(uv_timer_t *timer)
{
    ask(timer->data);
}

static void ask_after(struct control_source *c, uint32_t ms)
{
    // cannot fail: the handle was set up and has a callback
    (void)uv_timer_start(&c->timer, on_timer, ms, 0);
}

static int on_data(struct reply *r, const char *p, size_t n)
{
    if (n > REPLY_MAX - r->n)
        return -1;
    if (r->n + n > r->room) {
        const size_t room = 2 * (r->n + n);
        char *more = realloc(r->p, room);
        if (!more)
            return -1;
        r->p = more;
        r->room = room;
    }
    memcpy(r->p + r->n, p, n);
    r->n += n;
    return 0;
}

// --- what it says ----------------------------------------------------------

static const char *text_of(const struct json_value *v, const char *key)
{
    return json_value_text(json_value_get(v, key));
}

static void read_peer(struct peers *p, const struct json_value *v)
{
    const struct json_value *addresses = json_value_get(v, "addresses");
    const struct json_value *ports = json_value_get(v, "ports");
    const char *hostname = text_of(v, "hostname");
    struct address a;

    // one without a name is called by its address
    if (!*hostname)
        hostname = json_value_text(json_value_at(addresses, 0));
    struct peer *peer = peers_add(p, hostname);
    if (peer)
        peer->readiness = json_value_bool(json_value_get(v, "ready"))
                              ? PEER_READY
                              : PEER_NOT_READY;
    for (size_t i = 0; i < json_value_count(addresses); i++)
        if (address_parse(json_value_text(json_value_at(addresses, i)), &a))
            peers_add_address(p, peer, &a);
    for (size_t i = 0; i < json_value_count(ports); i++) {
        const struct json_value *port = json_value_at(ports, i);
        peers_add_port(p, peer,
                       (uint16_t)json_value_uint(json_value_get(port, "port")),
                       text_of(port, "name"), text_of(port, "protocol"));
    }
}

static struct peers *read_peers(const struct json_value *root)
{
    const struct json_value *list = json_value_get(root, "peers");
    struct peers *p = peers_new();

    for (size_t i = 0; p && i < json_value_count(list); i++)
        read_peer(p, json_value_at(list, i));
    if (p)
        peers_drop_unaddressed(p);
    if (p && peers_end(p) == 0)
        return p;
    peers_unref(p);
    return NULL;
}

static void tell_nothing(struct control_source *c, const char *why)
{
    c->listener.told(c->listener.context, NULL, why);
}

static void fail(struct control_source *c, const char *why)
{
    ask_after(c, c->again_ms);
    c->again_ms =
        c->again_ms < AGAIN_MAX_MS / 2 ? 2 * c->again_ms : AGAIN_MAX_MS;
    tell_nothing(c, why);
}

static void tell(struct control_source *c, const struct json_value *root)
{
    const char *rcode = text_of(root, "rcode");
    const char *reason = text_of(root, "reason");
    struct error why = {""};

    if (*reason)
        (void)error_set(
            &why, 0, "%s: %s",
            strcmp(rcode, "NOERROR") == 0 ? "no such records" : rcode, reason);
    c->source.owner = (struct peers_owner){text_of(root, "service"),
                                           text_of(root, "namespace")};
    if (!*c->source.owner.service)
        c->source.owner.service = text_of(root, "name");
    if (strcmp(rcode, "NOERROR") != 0 && strcmp(rcode, "NXDOMAIN") != 0) {
        tell_nothing(c, why.text);
        return;
    }
    struct peers *p = read_peers(root);
    if (p)
        c->listener.told(c->listener.context, p, why.text);
    else
        tell_nothing(c, "there is no memory for the peers");
    peers_unref(p);
}

static void on_peers(struct control_source *c)
{
    struct json_value *root;
    struct error err;

    if (json_value_read(span_of(c->reply.p, c->reply.n), &root, &err)) {
        (void)error_wrap(&err, 0, "the reply of the server at '%s'",
                         c->client.socket);
        fail(c, err.text);
        return;
    }
    struct json_value *before = c->texts;
    c->texts = root;
    (void)snprintf(c->version, sizeof c->version, "%" PRIu64,
                   json_value_uint(json_value_get(root, "version")));
    c->again_ms = AGAIN_MIN_MS;
    // 0: what is heard now may make the listener end it all
    ask_after(c, c->crowded ? POLL_MS : 0);
    c->crowded = false;
    tell(c, root);
    json_value_free(before);
}

// --- asking ----------------------------------------------------------------

static int on_reply_data(void *context, int status, const char *p, size_t n)
{
    struct control_source *c = context;

    (void)status;
    return on_data(&c->reply, p, n);
}

// Its refusal is one line.
static void refused(struct control_source *c, int status)
{
    struct error err;
    const size_t n = c->reply.n < 400 ? c->reply.n : 400;
    char line[401] = "";

    if (n)
        memcpy(line, c->reply.p, n);
    line[strcspn(line, "\r\n")] = '\0';
    // all places for waiting are taken, or the zone is not complete: which of
    // them is seen without waiting
    if (status == UNAVAILABLE && *c->version && !c->crowded) {
        c->crowded = true;
        ask_after(c, 0);
        return;
    }
    (void)error_set(&err, 0, "the server at '%s' says: %s", c->client.socket,
                    line);
    fail(c, err.text);
}

static void on_done(void *context, const struct http_result *result)
{
    struct control_source *c = context;
    struct error err;

    if (result->code) {
        (void)client_no_reply(&c->client, result, &err);
        c->crowded = false;
        fail(c, err.text);
    } else if (result->status != 200) {
        refused(c, result->status);
    } else {
        on_peers(c);
    }
}

static int get(struct control_source *c, const char *page,
               const struct client_word *words, uint32_t timeout_ms,
               int (*data)(void *context, int status, const char *p, size_t n),
               void (*done)(void *context, const struct http_result *result))
{
    char *url = client_url(page, words);
    const struct http_request request = {
        .url = url,
        .socket = c->client.socket,
        .connect_ms = GRACE_MS,
        .timeout_ms = timeout_ms,
        .data = data,
        .context = c,
    };
    const int rc = url ? http_start(c->http, &request, done) : -ENOMEM;

    free(url);
    return rc;
}

static void ask(struct control_source *c)
{
    char wait[16];
    const bool waits = *c->version && !c->crowded;

    (void)snprintf(wait, sizeof wait, "%d", WAIT_MS);
    const struct client_word words[] = {
        {"service", c->service},
        {waits ? "version" : NULL, c->version},
        {"wait", wait},
        {NULL, NULL},
    };
    c->reply.n = 0;
    if (get(c, "/peers", words, WAIT_MS + GRACE_MS, on_reply_data, on_done))
        fail(c, "there is no memory to ask the server");
}

// --- why -------------------------------------------------------------------

static int on_why_data(void *context, int status, const char *p, size_t n)
{
    struct control_source *c = context;

    (void)status;
    return on_data(&c->why, p, n);
}

static void on_why(void *context, const struct http_result *result)
{
    struct control_source *c = context;
    struct json_value *root = NULL;
    struct error err;
    peers_why *const done = c->why_done;

    c->why_done = NULL;
    if (result->code || result->status != 200 ||
        json_value_read(span_of(c->why.p, c->why.n), &root, &err)) {
        done(c->why_context, "");
        return;
    }
    const char *text = text_of(json_value_get(root, "reason"), "text");
    (void)error_set(&err, 0, "%s: %s", text_of(root, "rcode"), text);
    done(c->why_context, *text ? err.text : "");
    json_value_free(root);
}

static int ask_why(struct peers_source *s, const char *hostname,
                   peers_why *done, void *context)
{
    struct control_source *c = ORD_CONTAINER(s, struct control_source, source);
    const struct client_word words[] = {
        {"name", hostname}, {"type", "A"}, {"output", "json"}, {NULL, NULL}};

    if (c->why_done)
        return -EBUSY;
    c->why.n = 0;
    const int rc = get(c, "/explain", words, GRACE_MS, on_why_data, on_why);
    if (rc == 0) {
        c->why_done = done;
        c->why_context = context;
    }
    return rc;
}

// --- its life --------------------------------------------------------------

static void on_closed(uv_handle_t *handle)
{
    struct control_source *c = handle->data;

    json_value_free(c->texts);
    free(c->reply.p);
    free(c->why.p);
    free(c->service);
    free(c);
}

static void control_free(struct peers_source *s)
{
    struct control_source *c = ORD_CONTAINER(s, struct control_source, source);

    http_free(c->http);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

int peers_over_control(uv_loop_t *loop, const struct client *client,
                       const char *service,
                       const struct peers_listener *listener,
                       struct peers_source **out, struct error *err)
{
    struct control_source *c = calloc(1, sizeof *c);
    char *copy = strdup(service);

    if (!c || !copy || http_new(loop, &c->http)) {
        free(copy);
        free(c);
        return error_set(err, -ENOMEM, "no memory to ask the server at '%s'",
                         client->socket);
    }
    c->client = *client;
    c->service = copy;
    c->listener = *listener;
    c->again_ms = AGAIN_MIN_MS;
    c->source = (struct peers_source){
        .owner = {copy, ""}, .why = ask_why, .free = control_free};
    // neither can fail
    (void)uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    ask_after(c, 0);
    *out = &c->source;
    return 0;
}
