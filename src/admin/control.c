// SPDX-License-Identifier: Apache-2.0
// The only place that speaks libmicrohttpd. It has no threads of its own: its
// epoll descriptor and its next timeout are watched by our loop. The happy
// path:
//
//     a client connects, and its request is read as it comes
//     the reply is made as a whole, in memory, and sent as the client takes it
//     the connection waits for another request, or ends
//
// What a client can hold is a connection, until it has done nothing for the
// time limit, and its reply until that has been read.
#include "admin/control.h"

#include "socket.h"
#include "zone/dump.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    // commands of one user; others wait until one of these has ended
    CONNECTIONS_MAX = 16,
    // octets of request line and headers: several times what a command sends.
    // Too long a line is 414, too many headers are 431
    REQUEST_MAX = 16 << 10,
    // how long a client may do nothing
    IDLE_S = 5,
    // octets in replies that are still to be read, beyond which no other is
    // made: what is held at most is this and one reply
    HELD_MAX = 64 << 20,
};

struct control {
    const struct zone *zone;
    struct MHD_Daemon *http;
    uv_poll_t poll;
    uv_timer_t timer;
    size_t held; // octets in replies under way
    unsigned handles;
    struct node node;
    char path[CONTROL_PATH_SIZE];
};

// --- replies ---------------------------------------------------------------

struct body {
    struct control *control;
    char *p;
    size_t n;
};

static void body_free(void *context)
{
    struct body *b = context;
    b->control->held -= b->n;
    free(b->p);
    free(b);
}

// Takes p in any case. Returns NULL where there is no memory.
static struct MHD_Response *response_take(struct control *c, char *p, size_t n)
{
    struct body *b = malloc(sizeof *b);
    if (!b) {
        free(p);
        return NULL;
    }
    *b = (struct body){c, p, n};
    c->held += n;
    struct MHD_Response *r =
        MHD_create_response_from_buffer_with_free_callback_cls(n, p, body_free,
                                                               b);
    if (!r)
        body_free(b);
    return r;
}

// Takes r, which may be NULL: then the connection ends.
static enum MHD_Result reply(struct MHD_Connection *http, unsigned status,
                             const char *type, struct MHD_Response *r)
{
    if (!r)
        return MHD_NO;
    enum MHD_Result ok = MHD_add_response_header(r, "Content-Type", type);
    if (ok == MHD_YES && status == MHD_HTTP_METHOD_NOT_ALLOWED)
        ok = MHD_add_response_header(r, "Allow", "GET, HEAD");
    if (ok == MHD_YES && status == MHD_HTTP_SERVICE_UNAVAILABLE)
        ok = MHD_add_response_header(r, "Retry-After", "1");
    if (ok == MHD_YES)
        ok = MHD_queue_response(http, status, r);
    MHD_destroy_response(r);
    return ok;
}

static enum MHD_Result refuse(struct MHD_Connection *http, unsigned status,
                              const char *why)
{
    char line[sizeof(struct error) + 1];
    const int n = snprintf(line, sizeof line, "%s\n", why);
    return reply(http, status, "text/plain; charset=utf-8",
                 MHD_create_response_from_buffer((size_t)n, line,
                                                 MHD_RESPMEM_MUST_COPY));
}

// --- GET /zone -------------------------------------------------------------

// What was asked for.
struct request {
    size_t origin;
    enum zone_dump_format format;
    const struct zone *zone;
    struct error err; // why not, if it has a text
    unsigned status;
    bool has_origin;
    bool has_output;
};

static void set_origin(struct request *r, const char *value)
{
    const int rc = zone_dump_find(r->zone, value, &r->origin, &r->err);
    if (rc)
        r->status = rc == -ENOENT ? MHD_HTTP_NOT_FOUND : MHD_HTTP_BAD_REQUEST;
}

static int set_output(struct request *r, const char *value)
{
    if (strcmp(value, "json") == 0)
        r->format = ZONE_DUMP_JSON;
    else if (strcmp(value, "text") != 0)
        return error_set(&r->err, -EINVAL,
                         "output '%.100s' is neither text nor json", value);
    return 0;
}

// A word of the query; the first one that is wrong ends it.
static enum MHD_Result on_word(void *context, enum MHD_ValueKind kind,
                               const char *key, size_t key_n, const char *value,
                               size_t value_n)
{
    struct request *r = context;
    const bool origin = strcmp(key, "origin") == 0;
    bool *has = origin ? &r->has_origin : &r->has_output;
    int rc = 0;

    (void)kind;
    if (strlen(key) != key_n || (!origin && strcmp(key, "output") != 0))
        rc = error_set(&r->err, -EINVAL,
                       "'%.100s' is neither origin nor output", key);
    else if (!value || strlen(value) != value_n || *has)
        rc = error_set(&r->err, -EINVAL, "'%s' wants one value", key);
    else if (origin)
        set_origin(r, value);
    else
        rc = set_output(r, value);
    *has = true;
    if (rc)
        r->status = MHD_HTTP_BAD_REQUEST;
    return r->err.text[0] ? MHD_NO : MHD_YES;
}

static enum MHD_Result reply_dump(struct control *c,
                                  struct MHD_Connection *http,
                                  const struct request *request)
{
    struct zone_dump dump;

    if (c->held > HELD_MAX)
        return refuse(http, MHD_HTTP_SERVICE_UNAVAILABLE,
                      "other clients have not read their replies yet; ask "
                      "again");
    if (zone_dump(c->zone, request->origin, request->format, &dump))
        return refuse(http, MHD_HTTP_SERVICE_UNAVAILABLE,
                      "there is no memory for the reply; ask for one origin");
    // RFC 4027: what a master file is called
    return reply(http, MHD_HTTP_OK,
                 request->format == ZONE_DUMP_JSON ? "application/json"
                                                   : "text/dns; charset=utf-8",
                 response_take(c, dump.p, dump.n));
}

static enum MHD_Result get_zone(struct control *c, struct MHD_Connection *http)
{
    struct request request = {.origin = ZONE_DUMP_ALL, .zone = c->zone};

    MHD_get_connection_values_n(http, MHD_GET_ARGUMENT_KIND, on_word, &request);
    if (request.err.text[0])
        return refuse(http, request.status, request.err.text);
    if (!zone_is_complete(c->zone))
        return refuse(http, MHD_HTTP_SERVICE_UNAVAILABLE,
                      "the server has not read everything yet; ask again");
    return reply_dump(c, http, &request);
}

// --- GET /origins ----------------------------------------------------------

static enum MHD_Result get_origins(struct control *c,
                                   struct MHD_Connection *http)
{
    const size_t n = zone_dump_origins(c->zone);
    char *text = malloc(n * (DNS_NAME_TEXT_SIZE + 1));
    if (!text)
        return MHD_NO;
    char *to = text;
    for (size_t i = 0; i < n; i++) {
        to += strlen(zone_dump_origin(c->zone, i, to));
        *to++ = '\n';
    }
    return reply(http, MHD_HTTP_OK, "text/plain; charset=utf-8",
                 response_take(c, text, (size_t)(to - text)));
}

// --- requests --------------------------------------------------------------

static const struct {
    const char *path;
    enum MHD_Result (*get)(struct control *c, struct MHD_Connection *http);
} pages[] = {
    {"/zone", get_zone},
    {"/origins", get_origins},
};

static enum MHD_Result on_request(void *context, struct MHD_Connection *http,
                                  const char *url, const char *method,
                                  const char *version, const char *data,
                                  size_t *data_n, void **state)
{
    struct control *c = context;

    (void)version;
    (void)data;
    // A body is not waited for: nothing here takes one.
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return refuse(http, MHD_HTTP_METHOD_NOT_ALLOWED,
                      "only GET and HEAD are served here");
    // The first call comes before the whole request has been read.
    if (!*state) {
        *state = c;
        return MHD_YES;
    }
    // What comes with a GET means nothing (RFC 9110 9.3.1).
    if (*data_n) {
        *data_n = 0;
        return MHD_YES;
    }
    for (size_t i = 0; i < ORD_COUNT(pages); i++)
        if (strcmp(url, pages[i].path) == 0)
            return pages[i].get(c, http);
    return refuse(http, MHD_HTTP_NOT_FOUND,
                  "there is /zone and /origins, and nothing else");
}

// --- the loop --------------------------------------------------------------

static void on_timer(uv_timer_t *timer);

static unsigned connections(const struct control *c)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(c->http, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    assert(info);
    return info->num_connections;
}

/*
 * Do what can be done, and see when to come back. While all places are taken,
 * the library does not listen; that one has become free it sees at its next
 * run, for which there may be no cause but this one.
 */
static void run(struct control *c)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    unsigned before;

    do {
        before = connections(c);
        (void)MHD_run(c->http);
    } while (connections(c) < before);
    // Neither can fail: the handle was set up and has a callback.
    if (MHD_get_timeout(c->http, &wait_ms) == MHD_YES)
        (void)uv_timer_start(&c->timer, on_timer, wait_ms, 0);
    else
        (void)uv_timer_stop(&c->timer);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run(poll->data);
}

static void on_closed(uv_handle_t *handle)
{
    struct control *c = handle->data;
    if (--c->handles == 0)
        free(c);
}

// --- start and stop --------------------------------------------------------

static int http_start(struct control *c, int fd)
{
    struct stat before, after;

    if (fstat(fd, &before) < 0)
        return -errno;
    c->http = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, c, MHD_OPTION_LISTEN_SOCKET,
        fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END);
    if (c->http)
        return 0;
    // The library has closed the socket, or has not: another thread may have
    // been given its number since.
    if (fstat(fd, &after) == 0 && after.st_ino == before.st_ino &&
        after.st_dev == before.st_dev)
        close(fd);
    return -ENOMEM;
}

static int poll_start(struct control *c, uv_loop_t *loop)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(c->http, MHD_DAEMON_INFO_EPOLL_FD);

    assert(info);
    int rc = uv_poll_init(loop, &c->poll, info->epoll_fd);
    if (rc)
        return rc;
    c->poll.data = c;
    c->handles = 1;
    // cannot fail
    (void)uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    c->handles = 2;
    return uv_poll_start(&c->poll, UV_READABLE, on_poll);
}

void control_note(struct control *c, const struct ordinals_event *event)
{
    (void)c;
    (void)event;
}

int control_start(uv_loop_t *loop, const char *path,
                  const struct control_settings *settings, struct control **out,
                  struct error *err)
{
    struct control *c = calloc(1, sizeof *c);
    int fd = -1;

    if (!c)
        return error_set(err, -ENOMEM, "no memory to listen at '%s'", path);
    c->zone = settings->zone;
    int rc = socket_listen(path, &fd, &c->node, err);
    if (rc) {
        free(c);
        return rc;
    }
    strcpy(c->path, path);
    rc = http_start(c, fd);
    if (rc == 0)
        rc = poll_start(c, loop);
    if (rc) {
        control_stop(c);
        return error_set(err, rc, "cannot serve at '%s': %s", path,
                         uv_strerror(rc));
    }
    *out = c;
    return 0;
}

void control_stop(struct control *c)
{
    if (!c)
        return;
    // first: from here on nobody finds us
    socket_remove(c->path, c->node);
    if (c->handles > 0)
        uv_close((uv_handle_t *)&c->poll, on_closed);
    if (c->handles > 1)
        uv_close((uv_handle_t *)&c->timer, on_closed);
    if (c->http)
        MHD_stop_daemon(c->http);
    c->http = NULL;
    if (c->handles == 0)
        free(c);
}
