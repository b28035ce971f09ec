// SPDX-License-Identifier: Apache-2.0
#include "http_transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// --- a reply ---------------------------------------------------------------

static int status_of(const struct transfer *t)
{
    long status = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static bool is_redirect(int status)
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

static size_t on_data(char *p, size_t size, size_t n, void *context)
{
    const struct transfer *t = context;
    const int status = status_of(t);

    n *= size;
    if (!t->data || (t->redirects_max && is_redirect(status)))
        return n;
    return t->data(t->context, status, p, n) == 0 ? n : CURL_WRITEFUNC_ERROR;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// RFC 9110 5.5: a value begins and ends with what is no blank.
static struct span trim(const char *p, size_t n)
{
    while (n > 0 && is_blank(p[0]))
        p++, n--;
    while (n > 0 && is_blank(p[n - 1]))
        n--;
    return span_of(p, n);
}

// Status lines and the end of the headers come this way, too.
static size_t on_header(char *p, size_t size, size_t n, void *context)
{
    const struct transfer *t = context;
    const char *colon = memchr(p, ':', size * n);

    n *= size;
    if (t->header && colon && (n < 5 || memcmp(p, "HTTP/", 5) != 0)) {
        const size_t name_n = (size_t)(colon - p);
        t->header(t->context, span_of(p, name_n),
                  trim(colon + 1, n - name_n - 1));
    }
    return n;
}

static int code_of(const struct transfer *t, CURLcode rc)
{
    long why = 0;

    switch (rc) {
    case CURLE_OK:
        return 0;
    case CURLE_COULDNT_CONNECT:
        curl_easy_getinfo(t->curl, CURLINFO_OS_ERRNO, &why);
        return why > 0 ? -(int)why : -ECONNREFUSED;
    case CURLE_COULDNT_RESOLVE_HOST:
        return -EHOSTUNREACH;
    case CURLE_OPERATION_TIMEDOUT:
        return -ETIMEDOUT;
    case CURLE_WRITE_ERROR:
        return -ECANCELED;
    case CURLE_TOO_MANY_REDIRECTS:
        return -ELOOP;
    case CURLE_OUT_OF_MEMORY:
        return -ENOMEM;
    case CURLE_URL_MALFORMAT:
        return -EINVAL;
    default:
        return -EPROTO;
    }
}

static void say(struct http_result *r, const char *words)
{
    snprintf(r->error, sizeof r->error, "%s", words);
}

struct http_result transfer_result(const struct transfer *t, CURLcode rc)
{
    struct http_result r = {.status = status_of(t), .code = code_of(t, rc)};

    if (rc == CURLE_COULDNT_CONNECT)
        say(&r, strerror(-r.code));
    else if (rc)
        say(&r, t->words[0] ? t->words : curl_easy_strerror(rc));
    return r;
}

// --- a request -------------------------------------------------------------

// RFC 9110 5.1, 5.5: nothing that would end the line, or begin another.
static bool is_header(const struct http_header *h)
{
    if (h->name[0] == '\0')
        return false;
    for (const char *p = h->name; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", *p))
            return false;
    for (const char *p = h->value; p && *p; p++)
        if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
            return false;
    return true;
}

static int add_line(struct transfer *t, const char *line)
{
    struct curl_slist *more = curl_slist_append(t->headers, line);
    if (!more)
        return -ENOMEM;
    t->headers = more;
    return 0;
}

// To libcurl "name:" takes a header away, and "name;" sends an empty one.
static int add_header(struct transfer *t, const struct http_header *h)
{
    if (!is_header(h))
        return -EINVAL;
    const char *value = h->value ? h->value : "";
    const char *between = !h->value ? ":" : h->value[0] ? ": " : ";";
    const size_t size = strlen(h->name) + strlen(value) + 3;
    char *line = malloc(size);
    if (!line)
        return -ENOMEM;
    snprintf(line, size, "%s%s%s", h->name, between, value);
    const int rc = add_line(t, line);
    free(line);
    return rc;
}

static int set_headers(struct transfer *t, const struct http_request *r)
{
    int rc = add_line(t, "Expect:"); // nobody here says 100 (Continue)

    for (uint32_t i = 0; rc == 0 && i < r->headers_n; i++)
        rc = add_header(t, &r->headers[i]);
    if (rc)
        return rc;
    return curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers) ? -ENOMEM
                                                                     : 0;
}

static CURLcode set_protocols(CURL *c)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return curl_easy_setopt(c, CURLOPT_PROTOCOLS,
                            (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

// What every request has; numbers and pointers cannot be refused.
static void set_manners(struct transfer *t)
{
    CURL *c = t->curl;

    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    // or the end of a request waits for a resolver that does not answer
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
#endif
    curl_easy_setopt(c, CURLOPT_PRIVATE, t);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->words);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
}

static void set_bounds(struct transfer *t, const struct http_request *r)
{
    CURL *c = t->curl;

    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_ms);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, r->silence_s ? 1L : 0L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)r->silence_s);
    curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, (long)r->connect_only);
    curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, (long)r->unshared);
    curl_easy_setopt(c, CURLOPT_FORBID_REUSE, (long)r->unshared);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, r->insecure ? 0L : 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, r->insecure ? 0L : 2L);
}

static int set_body(struct transfer *t, const struct http_request *r)
{
    CURL *c = t->curl;

    if (!r->method || strcmp(r->method, "GET") == 0)
        return 0;
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body.n ? (char *)r->body.p : "");
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
    if (strcmp(r->method, "POST") == 0)
        return 0;
    return curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method) ? -ENOMEM : 0;
}

static int set_up(struct transfer *t, const struct http_request *r)
{
    CURL *c = t->curl;

    set_manners(t);
    set_bounds(t, r);
    if (curl_easy_setopt(c, CURLOPT_PROXY, "") || set_protocols(c) ||
        curl_easy_setopt(c, CURLOPT_URL, r->url) ||
        (r->socket && curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, r->socket)))
        return -ENOMEM;
    if (r->http2 && curl_easy_setopt(c, CURLOPT_HTTP_VERSION,
                                     (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE))
        return -EINVAL; // a libcurl without HTTP/2
    const int rc = set_headers(t, r);
    return rc ? rc : set_body(t, r);
}

void transfer_release(struct transfer *t)
{
    curl_easy_cleanup(t->curl);
    curl_slist_free_all(t->headers);
}

int transfer_init(struct transfer *t, const struct http_request *r)
{
    *t = (struct transfer){
        .curl = curl_easy_init(),
        .data = r->data,
        .header = r->header,
        .context = r->context,
        .redirects_max = r->redirects,
        .timeout_ms = r->timeout_ms,
    };
    const int rc = t->curl ? set_up(t, r) : -ENOMEM;
    if (rc)
        transfer_release(t);
    return rc;
}

// --- redirects -------------------------------------------------------------

static char *host_of(const char *text)
{
    char *host = NULL;
    CURLU *url = curl_url();

    if (url && curl_url_set(url, CURLUPART_URL, text,
                            CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK)
        (void)curl_url_get(url, CURLUPART_HOST, &host, 0);
    curl_url_cleanup(url);
    return host;
}

static bool is_same_host(const char *a, const char *b)
{
    char *const ours = host_of(a);
    char *const other = host_of(b);
    const bool same = ours && other && strcasecmp(ours, other) == 0;

    curl_free(ours);
    curl_free(other);
    return same;
}

// Time counts in all: what the next reply may take.
static CURLcode set_rest(struct transfer *t)
{
    curl_off_t us = 0;

    curl_easy_getinfo(t->curl, CURLINFO_TOTAL_TIME_T, &us);
    t->used_us += us;
    if (t->timeout_ms == 0)
        return CURLE_OK;
    const curl_off_t rest_ms = (curl_off_t)t->timeout_ms - t->used_us / 1000;
    if (rest_ms <= 0)
        return CURLE_OPERATION_TIMEDOUT;
    return curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS, (long)rest_ms);
}

bool transfer_follow(struct transfer *t, CURLcode *rc)
{
    const char *from = NULL, *to = NULL;

    if (*rc || t->redirects_max == 0 || !is_redirect(status_of(t)))
        return false;
    curl_easy_getinfo(t->curl, CURLINFO_EFFECTIVE_URL, &from);
    curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &to);
    if (!from || !to || !is_same_host(from, to))
        return false;
    if (t->redirects == t->redirects_max)
        *rc = CURLE_TOO_MANY_REDIRECTS;
    else
        *rc = set_rest(t);
    if (*rc == CURLE_OK)
        *rc = curl_easy_setopt(t->curl, CURLOPT_URL, to);
    t->redirects++;
    return *rc == CURLE_OK;
}
