// SPDX-License-Identifier: Apache-2.0
// The only place that speaks libcurl.
#include "client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_MS = 5000, // a living server accepts at once
    // a large zone takes seconds to be made before its first octet comes
    SILENCE_S = 60,
};

// A reply while it comes.
struct reply {
    CURL *curl;
    FILE *out;
    int write_error;   // errno of `out`
    char refusal[256]; // one line, where it is no page
    size_t refusal_n;
};

static bool is_page(CURL *curl)
{
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status == 200;
}

static size_t on_data(char *p, size_t size, size_t n, void *context)
{
    struct reply *r = context;
    n *= size;
    if (is_page(r->curl)) {
        if (fwrite(p, 1, n, r->out) == n)
            return n;
        r->write_error = errno;
        return 0;
    }
    const size_t room = sizeof r->refusal - 1 - r->refusal_n;
    const size_t take = n < room ? n : room;
    memcpy(r->refusal + r->refusal_n, p, take);
    r->refusal_n += take;
    return n;
}

// "http://ordinald/PAGE?KEY=VALUE&..."; the host is whoever listens.
static bool make_url(CURLU *url, const char *page,
                     const struct client_word *words)
{
    if (curl_url_set(url, CURLUPART_URL, "http://ordinald", 0) ||
        curl_url_set(url, CURLUPART_PATH, page, 0))
        return false;
    for (; words->key; words++) {
        char *word;
        if (asprintf(&word, "%s=%s", words->key, words->value) < 0)
            return false;
        const CURLUcode rc = curl_url_set(url, CURLUPART_QUERY, word,
                                          CURLU_APPENDQUERY | CURLU_URLENCODE);
        free(word);
        if (rc)
            return false;
    }
    return true;
}

static void set_up(struct reply *r, CURLU *url, const char *socket)
{
    CURL *c = r->curl;
    curl_easy_setopt(c, CURLOPT_CURLU, url);
    curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket);
    // what the user's environment says is about other hosts
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
}

static int no_connection(struct reply *r, const char *socket, struct error *err)
{
    long why = 0;
    curl_easy_getinfo(r->curl, CURLINFO_OS_ERRNO, &why);
    if (why == EACCES || why == EPERM)
        return error_set(err, -EACCES,
                         "may not use '%s': %s; be the user who runs the "
                         "server, or give PATHs",
                         socket, strerror((int)why));
    return error_set(err, -ECONNREFUSED,
                     "no server listens at '%s'; start one with `ordinald "
                     "serve`, name its socket with --control, or give PATHs",
                     socket);
}

// What was said where it is no page: its first line.
static int refused(struct reply *r, const char *socket, struct error *err)
{
    long status = 0;
    curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
    r->refusal[r->refusal_n] = '\0';
    r->refusal[strcspn(r->refusal, "\r\n")] = '\0';
    return error_set(err,
                     status == 404   ? -ENOENT
                     : status == 503 ? -EAGAIN
                                     : -EPROTO,
                     "the server at '%s' says: %s", socket, r->refusal);
}

static int judge(struct reply *r, CURLcode rc, const char *socket,
                 struct error *err)
{
    if (r->write_error)
        return error_set(err, -EIO, "cannot write: %s",
                         strerror(r->write_error));
    if (rc == CURLE_COULDNT_CONNECT)
        return no_connection(r, socket, err);
    if (rc != CURLE_OK)
        return error_set(err, -EPROTO,
                         "the server at '%s' gave no whole reply: %s", socket,
                         curl_easy_strerror(rc));
    return is_page(r->curl) ? 0 : refused(r, socket, err);
}

int client_get(const char *socket, const char *page,
               const struct client_word *words, FILE *out, struct error *err)
{
    struct reply r = {.curl = curl_easy_init(), .out = out};
    CURLU *url = curl_url();
    int rc = -ENOMEM;

    if (r.curl && url && make_url(url, page, words)) {
        set_up(&r, url, socket);
        rc = judge(&r, curl_easy_perform(r.curl), socket, err);
    } else {
        error_set(err, rc, "no memory to ask the server at '%s'", socket);
    }
    curl_url_cleanup(url);
    curl_easy_cleanup(r.curl);
    return rc;
}
