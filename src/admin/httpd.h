// SPDX-License-Identifier: Apache-2.0
// HTTP as a server, on our loop and without threads: requests become calls,
// what they return becomes replies. Control thread.
#ifndef ORDINALD_ADMIN_HTTPD_H
#define ORDINALD_ADMIN_HTTPD_H

#include "base/base.h"
#include "base/bytes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct httpd;
struct control;

enum {
    HTTPD_OK = 200,
    HTTPD_ACCEPTED = 202, // it will be done
    HTTPD_BAD_REQUEST = 400,
    HTTPD_FORBIDDEN = 403,
    HTTPD_NOT_FOUND = 404,
    HTTPD_METHOD_NOT_ALLOWED = 405,
    HTTPD_CONFLICT = 409,
    HTTPD_TOO_LARGE = 413,
    HTTPD_UNAVAILABLE = 503,
};

enum {
    HTTPD_WORDS_MAX = 8,       // of a query
    HTTPD_BODY_MAX = 64 << 10, // octets: several times what a command sends
    // requests that wait for something to happen: half of all places, so that
    // they never keep out one that steers
    HTTPD_WAITING_MAX = 8,
};

// A word of the query, "key=value", decoded.
struct httpd_word {
    struct span key;
    struct span value; // p is NULL where there is no "="
};

// Borrowed for the call only.
struct httpd_request {
    const struct httpd_word *words;
    size_t words_n;
    struct span body; // of a POST
    bool waited;      // as long as it wanted to
};

// What a page says. Begins as {0}; see page.h.
struct httpd_reply {
    unsigned status;
    const char *type; // a constant
    char *p;          // from malloc(); taken. NULL: `why` is said
    size_t n;
    struct error why;
    // Not 0: nothing yet. The request is made again after httpd_wake(), or when
    // so many milliseconds are over since it came
    uint32_t wait_ms;
};

typedef void httpd_call(struct control *c, const struct httpd_request *request,
                        struct httpd_reply *reply);

struct httpd_page {
    const char *path;
    httpd_call *get; // also for HEAD; NULL: not served
    httpd_call *post;
    httpd_call *delete;
    bool large; // put off while clients have much to read still
};

struct httpd_settings {
    const struct httpd_page *pages;
    size_t pages_n;
    struct control *context; // of their calls
};

/*
 * Serve the connections that come to a listening socket.
 *
 * fd        taken in any case
 * settings  borrowed until httpd_stop(), the pages included
 *
 * Returns 0 and sets out, or -ENOMEM or what the loop says.
 */
int httpd_start(uv_loop_t *loop, int fd, const struct httpd_settings *settings,
                struct httpd **out) ORD_CHECKED;

// Something happened: whoever waits is asked again, soon. Also from a page.
void httpd_wake(struct httpd *h);

// Close all; the pages are not called any more. The loop has to run once more
// for the handles' ends.
void httpd_stop(struct httpd *h);

#endif
