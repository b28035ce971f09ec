// SPDX-License-Identifier: Apache-2.0
// HTTP as a client: the only place that speaks libcurl. One request at a time
// for commands (http_perform), any number on a loop for the server
// (http_start). Only http and https are spoken; proxies and passwords that the
// user's environment names are about other hosts, and are left alone.
#ifndef ORDINALD_SOURCE_HTTP_H
#define ORDINALD_SOURCE_HTTP_H

#include "base/base.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct http_header {
    const char *name;
    const char *value; // NULL: none of that name, not even libcurl's own
};

// What is not set is off, or has no bound.
struct http_request {
    const char *url;
    const char *socket; // a Unix socket's path; NULL: none
    const char *method; // NULL: GET
    const struct http_header *headers;
    uint32_t headers_n;
    struct span body;    // borrowed until the end; none with GET
    uint32_t connect_ms; // 0: as long as libcurl has it
    uint32_t timeout_ms; // in all; 0: none
    uint32_t silence_s;  // without an octet; 0: none
    // whoever answers is believed (a kubelet's probes)
    bool insecure;
    bool http2; // without asking first (gRPC)
    // only see whether a connection is accepted: nothing is sent
    bool connect_only;
    // a connection of its own, closed at the end
    bool unshared;
    // GET: at most so many to the same host are followed, as by a kubelet's
    // probes; one to another host is a reply like others. 0: none is followed
    uint32_t redirects;
    // A piece of the body; where redirects are followed, not of theirs. Returns
    // 0, or anything else to give up. May be NULL.
    int (*data)(void *context, int status, const char *p, size_t n);
    // A header or a trailer, of each reply. May be NULL.
    void (*header)(void *context, struct span name, struct span value);
    void *context; // data and header must not call http_start() or http_free()
};

struct http_result {
    int status; // of the reply; 0: there was none
    // 0: a whole reply; or a negative errno: -EINVAL of the request, -ELOOP
    // too many redirects, -ETIMEDOUT, -ECANCELED `data` gave up, -EHOSTUNREACH
    // also where a name has no address, what connect() said, -EPROTO else
    int code;
    char error[256]; // of code, in libcurl's or the system's words
};

// Ask, and wait for the end. Cannot fail but in its result.
struct http_result http_perform(const struct http_request *request);

struct http; // a loop's requests

// Returns 0 and sets out, or -ENOMEM.
int http_new(uv_loop_t *loop, struct http **out) ORD_CHECKED;

// Ends all requests without a word. The loop has to run once more for the
// handles' ends. NULL is fine.
void http_free(struct http *h);

/*
 * Begin a request; texts are copied, the body is not.
 *
 * done  called from the loop, once, when nothing is left of the request; it may
 *       begin others and free h
 *
 * Returns 0; or -EINVAL for what is no request, -ENOMEM, and then done is not
 * called.
 */
int http_start(struct http *h, const struct http_request *request,
               void (*done)(void *context,
                            const struct http_result *result)) ORD_CHECKED;

#endif
