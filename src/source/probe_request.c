// SPDX-License-Identifier: Apache-2.0
#include "probe_request.h"

#include "probe_grpc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// What a kubelet calls itself, as far as it is the same for all of them.
#define USER_AGENT "kube-probe/1"

enum {
    // a kubelet sends ten requests at most
    REDIRECTS = 9,
    OWN_HEADERS = 3, // at most, beside those of the probe
    PORT_SIZE = sizeof ":65535",
};

// --- the URL ---------------------------------------------------------------

// What may stand in a path or a query as it is (RFC 3986 3.3, 3.4), and what
// has a meaning there. The rest has come here by a kubelet that escapes it.
static bool is_plain(char c)
{
    return c > ' ' && c < 0x7f && !strchr("\"<>\\^`{|}", c);
}

static void escape(char *to, const char *path)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *path; path++) {
        const unsigned char c = (unsigned char)*path;
        if (is_plain(*path)) {
            *to++ = *path;
        } else {
            *to++ = '%';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    *to = '\0';
}

static const char *scheme_of(const struct probe *probe)
{
    return probe->kind == PROBE_HTTPS ? "https" : "http";
}

static const char *path_of(const struct probe *probe)
{
    switch (probe->kind) {
    case PROBE_TCP:
        return "/";
    case PROBE_GRPC:
        return "/grpc.health.v1.Health/Check";
    default:
        return probe->path;
    }
}

// "http://[::1]:8080/ready?deep=1"
static int make_url(struct arena *arena, const char *host,
                    const struct probe *probe, const char **out)
{
    const char *path = path_of(probe);
    const bool brackets = strchr(host, ':') && host[0] != '[';
    const size_t size =
        sizeof "https://[]" + strlen(host) + PORT_SIZE + 3 * strlen(path);
    char *url = arena_bytes(arena, size);
    if (!url)
        return -ENOMEM;
    const int n =
        snprintf(url, size, "%s://%s%s%s:%u", scheme_of(probe),
                 brackets ? "[" : "", host, brackets ? "]" : "", probe->port);
    escape(url + n, path);
    *out = url;
    return 0;
}

// --- headers ---------------------------------------------------------------

static const struct probe_header *find(const struct probe *probe,
                                       const char *name)
{
    for (uint32_t i = 0; i < probe->headers_n; i++)
        if (strcasecmp(probe->headers[i].name, name) == 0)
            return &probe->headers[i];
    return NULL;
}

// Empty ones of these two are not sent at all.
static bool is_taken_away(const struct probe_header *h)
{
    return h->value[0] == '\0' && (strcasecmp(h->name, "Accept") == 0 ||
                                   strcasecmp(h->name, "User-Agent") == 0);
}

// An empty one of this is the URL's.
static bool is_no_host(const struct probe_header *h)
{
    return h->value[0] == '\0' && strcasecmp(h->name, "Host") == 0;
}

static int http_headers(struct arena *arena, const struct probe *probe,
                        struct http_request *out)
{
    const struct http_header own[OWN_HEADERS] = {
        {"User-Agent", USER_AGENT},
        {"Accept", "*/*"},
        {"Connection", "close"},
    };
    struct http_header *headers =
        arena_array(arena, OWN_HEADERS + probe->headers_n, sizeof *headers);
    if (!headers)
        return -ENOMEM;
    uint32_t n = 0;
    for (uint32_t i = 0; i < OWN_HEADERS; i++)
        if (!find(probe, own[i].name))
            headers[n++] = own[i];
    for (uint32_t i = 0; i < probe->headers_n; i++) {
        const struct probe_header *h = &probe->headers[i];
        if (is_no_host(h))
            continue;
        struct http_header *copy = &headers[n++];
        copy->name = arena_text_dup(arena, h->name);
        if (!copy->name)
            return -ENOMEM;
        if (is_taken_away(h))
            continue;
        copy->value = arena_text_dup(arena, h->value);
        if (!copy->value)
            return -ENOMEM;
    }
    out->headers = headers;
    out->headers_n = n;
    return 0;
}

// gRPC over HTTP/2, "Request-Headers".
static int grpc_request(struct arena *arena, const struct probe *probe,
                        struct http_request *out)
{
    static const struct http_header headers[] = {
        {"Content-Type", "application/grpc"},
        {"TE", "trailers"},
        {"User-Agent", USER_AGENT},
        {"Accept", NULL},
    };

    out->method = "POST";
    out->http2 = true;
    out->headers = headers;
    out->headers_n = ORD_COUNT(headers);
    return grpc_check(arena, probe->service, &out->body);
}

int probe_request(struct arena *arena, const struct object *pod,
                  const struct probe *probe, struct http_request *out)
{
    char address[ADDRESS_TEXT_SIZE];
    const char *host = probe->host;

    if (host[0] == '\0') {
        if (pod->pod.addresses_n == 0)
            return -EADDRNOTAVAIL;
        host = address_format(&pod->pod.addresses[0], address);
    }
    out->unshared = true;
    out->insecure = true;
    const int rc = make_url(arena, host, probe, &out->url);
    if (rc)
        return rc;
    switch (probe->kind) {
    case PROBE_TCP:
        out->connect_only = true;
        return 0;
    case PROBE_GRPC:
        return grpc_request(arena, probe, out);
    default:
        out->redirects = REDIRECTS;
        return http_headers(arena, probe, out);
    }
}
