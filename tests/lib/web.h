// SPDX-License-Identifier: Apache-2.0
// A TCP server on the test's own loop that knows what to say: for clients of
// HTTP and what else is spoken in turns. While it is there the loop never waits
// long, and a test that goes on for half a minute has failed: so
// `while (!it_is_so) uv_run(loop, UV_RUN_ONCE)` is safe. One thread.
#ifndef ORDINALD_TESTS_LIB_WEB_H
#define ORDINALD_TESTS_LIB_WEB_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { WEB_REQUEST_MAX = 4096, WEB_PAGES_MAX = 8 };

struct web_page {
    const char *path; // how the request's target begins
    const char *reply;
    size_t reply_n;  // 0: reply is text
    bool stays_open; // behind the reply; otherwise the server closes
};

struct web {
    // set by the caller before web_start(), which clears nothing
    uv_loop_t *loop;
    struct web_page pages[WEB_PAGES_MAX]; // no path: the end; else: silence
    // Whether a request is whole, where it is not HTTP/1.1: pages[0] answers.
    bool (*is_whole)(struct span request);

    // read-only
    uint16_t port;     // on 127.0.0.1
    unsigned accepted; // connections, so far
    unsigned open;     // of them
    unsigned open_max; // at a time
    unsigned answered;
    uint8_t request[WEB_REQUEST_MAX + 1]; // the last one, with a NUL behind it
    size_t request_n;

    // private
    uv_tcp_t listener;
    uv_timer_t tick;
    unsigned ticks;
    struct web_client *clients;
};

void web_start(struct web *w);

// Close all; the loop has to run once more.
void web_stop(struct web *w);

#endif
