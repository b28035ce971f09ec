// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_MS = 5000, // a living server accepts at once
    // a large zone takes seconds to be made before its first octet comes
    SILENCE_S = 60,
};

// --- whom to ask -----------------------------------------------------------

int client_find(struct client *c, const struct settings *s, struct error *err)
{
    if (strcmp(s->control, "none") == 0)
        return error_set(
            err, -EINVAL, "with --control none there is no server to ask; %s",
            c->or_paths ? "give PATHs" : "name its socket with --control PATH");
    if (*s->control) {
        strcpy(c->socket, s->control);
        return 0;
    }
    return control_default_path(sockaddr_port(&s->listen.items[0]), c->socket,
                                err);
}

// --- a request -------------------------------------------------------------

// RFC 3986 2.3: what means itself wherever it stands.
static void put_encoded(FILE *out, const char *text)
{
    for (; *text; text++)
        if (isalnum((unsigned char)*text) || strchr("-._~", *text))
            fputc(*text, out);
        else
            fprintf(out, "%%%02X", (unsigned char)*text);
}

char *client_url(const char *page, const struct client_word *words)
{
    char *url = NULL, mark = '?';
    size_t n;
    FILE *out = open_memstream(&url, &n);

    if (!out)
        return NULL;
    fprintf(out, "http://ordinald%s", page);
    for (; words && words->key; words++, mark = '&') {
        fprintf(out, "%c%s=", mark, words->key);
        put_encoded(out, words->value);
    }
    if (fclose(out)) {
        free(url);
        return NULL;
    }
    return url;
}

// --- its reply -------------------------------------------------------------

// While it comes.
struct answer {
    FILE *out;         // for what is asked for
    int write_error;   // errno of `out`
    char refusal[512]; // one line, where it was refused
    size_t refusal_n;
};

static bool is_success(int status)
{
    return status >= 200 && status < 300;
}

static int on_data(void *context, int status, const char *p, size_t n)
{
    struct answer *a = context;

    if (is_success(status)) {
        if (fwrite(p, 1, n, a->out) == n)
            return 0;
        a->write_error = errno;
        return -1;
    }
    const size_t room = sizeof a->refusal - 1 - a->refusal_n;
    const size_t take = n < room ? n : room;
    memcpy(a->refusal + a->refusal_n, p, take);
    a->refusal_n += take;
    return 0;
}

int client_no_reply(const struct client *c, const struct http_result *r,
                    struct error *err)
{
    switch (r->code) {
    case -EACCES:
    case -EPERM:
        return error_set(err, -EACCES,
                         "may not use '%s': %s; be the user who runs the "
                         "server%s",
                         c->socket, r->error,
                         c->or_paths ? ", or give PATHs" : "");
    case -ENOMEM:
        return error_set(err, -ENOMEM, "no memory to ask the server at '%s'",
                         c->socket);
    case -EAGAIN:
        return error_set(err, -EAGAIN,
                         "too many clients wait for the server at '%s'; try "
                         "again",
                         c->socket);
    case -ETIMEDOUT:
        return error_set(err, -ETIMEDOUT,
                         "the server at '%s' does not answer: %s", c->socket,
                         r->error);
    case -EPROTO:
    case -ECANCELED:
        return error_set(err, -EPIPE,
                         "the server at '%s' gave no whole reply: %s",
                         c->socket, r->error);
    default:
        return error_set(err, -ECONNREFUSED,
                         "no server listens at '%s'; start one with `ordinald "
                         "serve`, or name its port with --listen or its socket "
                         "with --control%s",
                         c->socket, c->or_paths ? ", or give PATHs" : "");
    }
}

// What was said where it was refused: its first line.
static int refused(const struct client *c, struct answer *a, int status,
                   struct error *err)
{
    a->refusal[a->refusal_n] = '\0';
    a->refusal[strcspn(a->refusal, "\r\n")] = '\0';
    return error_set(err,
                     status == 404   ? -ENOENT
                     : status == 503 ? -EAGAIN
                                     : -EPROTO,
                     "the server at '%s' says: %s", c->socket, a->refusal);
}

static int judge(const struct client *c, struct answer *a,
                 const struct http_result *r, struct error *err)
{
    if (a->write_error)
        return error_set(err, -EIO, "cannot write: %s",
                         strerror(a->write_error));
    if (r->code)
        return client_no_reply(c, r, err);
    return is_success(r->status) ? 0 : refused(c, a, r->status, err);
}

static int perform(const struct client *c, const char *method, const char *page,
                   const struct client_word *words, struct span body, FILE *out,
                   struct error *err)
{
    static const struct http_header json = {"Content-Type", "application/json"};
    struct answer answer = {.out = out};
    char *url = client_url(page, words);
    const struct http_request request = {
        .url = url,
        .socket = c->socket,
        .method = method,
        .headers = &json,
        .headers_n = body.n ? 1 : 0,
        .body = body,
        .connect_ms = CONNECT_MS,
        .timeout_ms = c->timeout_ms,
        .silence_s = SILENCE_S,
        .data = on_data,
        .context = &answer,
    };

    if (!url)
        return error_set(err, -ENOMEM, "no memory to ask the server at '%s'",
                         c->socket);
    const struct http_result result = http_perform(&request);
    free(url);
    return judge(c, &answer, &result, err);
}

int client_get(const struct client *c, const char *page,
               const struct client_word *words, FILE *out, struct error *err)
{
    return perform(c, "GET", page, words, (struct span){0}, out, err);
}

// --- JSON ------------------------------------------------------------------

static int read_reply(const struct client *c, const char *text, size_t n,
                      struct json_value **out, struct error *err)
{
    const int rc = json_value_read(span_of(text, n), out, err);
    return rc ? error_wrap(err, rc == -ENOMEM ? rc : -EPROTO,
                           "the reply of the server at '%s'", c->socket)
              : 0;
}

int client_ask(const struct client *c, const char *method, const char *page,
               const struct client_word *words, struct json_out *body,
               struct json_value **out, struct error *err)
{
    size_t body_n = 0, n;
    char *sent = body ? json_out_take(body, &body_n) : NULL;
    char *text = NULL;
    FILE *reply = body && !sent ? NULL : open_memstream(&text, &n);
    int rc;

    if (!reply) {
        free(sent);
        return error_set(err, -ENOMEM, "no memory to ask the server at '%s'",
                         c->socket);
    }
    rc = perform(c, method, page, words, span_of(sent, body_n), reply, err);
    free(sent);
    if (fclose(reply) && rc == 0)
        rc = error_set(err, -ENOMEM, "no memory for the server's reply");
    if (rc == 0)
        rc = read_reply(c, text, n, out, err);
    free(text);
    return rc;
}
