// SPDX-License-Identifier: Apache-2.0
// HTTP as a client: the only place that speaks libcurl. One request at a time
// for commands (http_perform), any number on a loop for the server
// (http_start).
#ifndef ORDINALD_SOURCE_HTTP_H
#define ORDINALD_SOURCE_HTTP_H

#include "base/base.h"
#include "base/bytes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct http_header {
    const char *name;
    const char *value;
};

struct http_request {
    const char *url;
    const char *socket; // a Unix socket's path; NULL: none
    const char *method; // "GET", "POST"
    const struct http_header *headers;
    uint32_t headers_n;
    struct span body; // borrowed until the end
    uint32_t connect_ms;
    uint32_t timeout_ms; // in all; 0: none
    uint32_t silence_s;  // without an octet; 0: none
    // whoever answers is believed (a kubelet's probes)
    bool insecure;
    bool http2; // without asking first (gRPC)
    // at most so many to the same host, as a kubelet's probes do; 0: none are
    // followed
    uint32_t redirects;
    // A piece of the body. Returns 0, or anything else to give up. May be NULL.
    int (*data)(void *context, int status, const char *p, size_t n);
    // A header or a trailer, both as they stand without the line's end. May be
    // NULL.
    void (*header)(void *context, const char *name, const char *value);
    void *context;
};

struct http_result {
    int status;      // of the reply; 0: there was none
    int code;        // 0, or a negative errno: no connection, no whole reply
    char error[160]; // of code, in libcurl's or the system's words
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
 * done  called from the loop, once
 *
 * Returns 0 or -ENOMEM, and then done is not called.
 */
int http_start(struct http *h, const struct http_request *request,
               void (*done)(void *context,
                            const struct http_result *result)) ORD_CHECKED;

#endif
