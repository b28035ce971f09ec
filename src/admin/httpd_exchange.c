// SPDX-License-Identifier: Apache-2.0
#include "httpd_exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Octets in replies that are still to be read, beyond which no large one is
// made: what is held at most is this and one reply.
enum { HELD_MAX = 64 << 20 };

static const char too_long[] = "the body is longer than 65536 octets";

// --- replies ---------------------------------------------------------------

struct body {
    struct httpd *server;
    char *p;
    size_t n;
};

static void body_free(void *context)
{
    struct body *b = context;
    b->server->held -= b->n;
    free(b->p);
    free(b);
}

// Takes p in any case. Returns NULL where there is no memory.
static struct MHD_Response *response_take(struct httpd *h, char *p, size_t n)
{
    struct body *b = malloc(sizeof *b);
    if (!b) {
        free(p);
        return NULL;
    }
    *b = (struct body){h, p, n};
    h->held += n;
    struct MHD_Response *r =
        MHD_create_response_from_buffer_with_free_callback_cls(n, p, body_free,
                                                               b);
    if (!r)
        body_free(b);
    return r;
}

// Takes r, which may be NULL: then the connection ends.
static enum MHD_Result reply(struct MHD_Connection *http, unsigned status,
                             const char *type, const char *allow,
                             struct MHD_Response *r)
{
    if (!r)
        return MHD_NO;
    enum MHD_Result ok = MHD_add_response_header(r, "Content-Type", type);
    if (ok == MHD_YES && allow)
        ok = MHD_add_response_header(r, "Allow", allow);
    if (ok == MHD_YES && status == HTTPD_UNAVAILABLE)
        ok = MHD_add_response_header(r, "Retry-After", "1");
    if (ok == MHD_YES)
        ok = MHD_queue_response(http, status, r);
    MHD_destroy_response(r);
    return ok;
}

// One line; what the client wrote is repeated in it, and may be several.
static struct MHD_Response *line_of(const char *why)
{
    char line[sizeof(struct error) + 1];
    const int n = snprintf(line, sizeof line, "%s\n", why);

    for (int i = 0; i < n - 1; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = '?';
    return MHD_create_response_from_buffer((size_t)n, line,
                                           MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result refuse(struct MHD_Connection *http, unsigned status,
                              const char *why)
{
    return reply(http, status, "text/plain; charset=utf-8", NULL, line_of(why));
}

// --- requests --------------------------------------------------------------

// The words of a query while they are gathered.
struct words {
    struct httpd_word items[HTTPD_WORDS_MAX];
    size_t n;
    bool too_many;
};

static enum MHD_Result on_word(void *context, enum MHD_ValueKind kind,
                               const char *key, size_t key_n, const char *value,
                               size_t value_n)
{
    struct words *w = context;

    (void)kind;
    w->too_many = w->n == HTTPD_WORDS_MAX;
    if (w->too_many)
        return MHD_NO;
    w->items[w->n++] =
        (struct httpd_word){span_of(key, key_n), span_of(value, value_n)};
    return MHD_YES;
}

// The reply to a request that is there as a whole.
static enum MHD_Result answer(struct exchange *e)
{
    struct httpd *h = e->server;
    struct words words = {.n = 0};
    struct httpd_reply r = {.status = 0};

    if (e->too_long)
        return refuse(e->http, HTTPD_TOO_LARGE, too_long);
    if (e->no_memory)
        return refuse(e->http, HTTPD_UNAVAILABLE,
                      "there is no memory for the request; ask again");
    MHD_get_connection_values_n(e->http, MHD_GET_ARGUMENT_KIND, on_word,
                                &words);
    if (words.too_many)
        return refuse(e->http, HTTPD_BAD_REQUEST,
                      "the query has too many words");
    const struct httpd_request request = {
        .words = words.items,
        .words_n = words.n,
        .body = span_of(e->body, e->body_n),
        .waited = e->until_ms && e->until_ms <= uv_now(h->loop),
    };
    e->call(h->settings->context, &request, &r);
    if (r.wait_ms && httpd_suspend(e, r.wait_ms))
        return MHD_YES;
    if (r.wait_ms)
        return refuse(e->http, HTTPD_UNAVAILABLE,
                      "too many clients wait for events already; ask without "
                      "waiting");
    if (!r.p)
        return refuse(e->http, r.status, r.why.text);
    return reply(e->http, r.status, r.type, NULL, response_take(h, r.p, r.n));
}

// Takes some more of a body. A connection that is too talkative may go on: what
// it says is not kept.
static void gather(struct exchange *e, const char *p, size_t n)
{
    if (e->too_long || e->no_memory)
        return;
    if (n > HTTPD_BODY_MAX - e->body_n) {
        e->too_long = true;
        return;
    }
    char *body = realloc(e->body, e->body_n + n);
    if (!body) {
        e->no_memory = true;
        return;
    }
    memcpy(body + e->body_n, p, n);
    e->body = body;
    e->body_n += n;
}

// --- which page ------------------------------------------------------------

static const struct httpd_page *find(const struct httpd *h, const char *path)
{
    for (size_t i = 0; i < h->settings->pages_n; i++)
        if (strcmp(path, h->settings->pages[i].path) == 0)
            return &h->settings->pages[i];
    return NULL;
}

static httpd_call *call_of(const struct httpd_page *page, const char *method)
{
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        return page->get;
    if (strcmp(method, "POST") == 0)
        return page->post;
    return strcmp(method, "DELETE") == 0 ? page->delete : NULL;
}

static enum MHD_Result refuse_path(const struct httpd *h,
                                   struct MHD_Connection *http,
                                   const char *path)
{
    struct error err;
    char pages[sizeof err.text] = "";
    size_t n = 0;

    for (size_t i = 0; i < h->settings->pages_n; i++)
        n += (size_t)snprintf(pages + n, sizeof pages - n, "%s%s", i ? " " : "",
                              h->settings->pages[i].path);
    (void)error_set(&err, 0, "there is no '%.100s'; there is %s", path, pages);
    return refuse(http, HTTPD_NOT_FOUND, err.text);
}

static enum MHD_Result refuse_method(struct MHD_Connection *http,
                                     const struct httpd_page *page)
{
    struct error err;
    char allow[32];

    (void)snprintf(allow, sizeof allow, "%s%s%s",
                   page->get ? ", GET, HEAD" : "", page->post ? ", POST" : "",
                   page->delete ? ", DELETE" : "");
    (void)error_set(&err, 0, "%s takes %s", page->path, allow + 2);
    return reply(http, HTTPD_METHOD_NOT_ALLOWED, "text/plain; charset=utf-8",
                 allow + 2, line_of(err.text));
}

static bool is_too_long(struct MHD_Connection *http)
{
    const char *length =
        MHD_lookup_connection_value(http, MHD_HEADER_KIND, "Content-Length");
    return length && strtoull(length, NULL, 10) > HTTPD_BODY_MAX;
}

// Its head is there: what is refused now is so without waiting for a body.
static enum MHD_Result begin(struct httpd *h, struct MHD_Connection *http,
                             const char *path, const char *method, void **state)
{
    const struct httpd_page *page = find(h, path);
    httpd_call *call = page ? call_of(page, method) : NULL;

    if (!page)
        return refuse_path(h, http, path);
    if (!call)
        return refuse_method(http, page);
    if (page->large && h->held > HELD_MAX)
        return refuse(http, HTTPD_UNAVAILABLE,
                      "other clients have not read their replies yet; ask "
                      "again");
    if (call == page->post && is_too_long(http))
        return refuse(http, HTTPD_TOO_LARGE, too_long);
    struct exchange *e = calloc(1, sizeof *e);
    if (!e)
        return MHD_NO;
    e->server = h;
    e->http = http;
    e->call = call;
    *state = e;
    return MHD_YES;
}

enum MHD_Result exchange_go_on(void *context, struct MHD_Connection *http,
                               const char *url, const char *method,
                               const char *version, const char *data,
                               size_t *data_n, void **state)
{
    struct exchange *e = *state;

    (void)version;
    if (!e)
        return begin(context, http, url, method, state);
    if (!*data_n)
        return answer(e);
    // What comes with a GET means nothing (RFC 9110 9.3.1).
    if (strcmp(method, "POST") == 0)
        gather(e, data, *data_n);
    *data_n = 0;
    return MHD_YES;
}

void exchange_end(void *context, struct MHD_Connection *http, void **state,
                  enum MHD_RequestTerminationCode code)
{
    struct exchange *e = *state;

    (void)context;
    (void)http;
    (void)code;
    if (!e)
        return;
    free(e->body);
    free(e);
    *state = NULL;
}
