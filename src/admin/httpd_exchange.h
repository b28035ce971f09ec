// SPDX-License-Identifier: Apache-2.0
// What becomes of one request. Private to httpd*.c, the only files that speak
// libmicrohttpd.
#ifndef ORDINALD_ADMIN_HTTPD_EXCHANGE_H
#define ORDINALD_ADMIN_HTTPD_EXCHANGE_H

#include "httpd.h"

#include <microhttpd.h>

// A request on its way to the reply.
struct exchange {
    struct httpd *server;
    struct MHD_Connection *http;
    httpd_call *call;
    char *body;
    size_t body_n;
    bool too_long;
    bool no_memory;
    struct exchange *next; // of those that wait, the oldest first
    uint64_t until_ms;     // how long it does; 0: it has not begun to
};

struct httpd {
    const struct httpd_settings *settings;
    uv_loop_t *loop;
    struct MHD_Daemon *http;
    uv_poll_t poll;
    uv_timer_t timer;
    size_t held; // octets in replies under way
    unsigned handles;
    struct exchange *waiting;
    unsigned waiting_n;
    bool resumed; // some of them were, since the library ran
};

// For MHD_start_daemon(), whose context is a struct httpd.
enum MHD_Result exchange_go_on(void *context, struct MHD_Connection *http,
                               const char *url, const char *method,
                               const char *version, const char *data,
                               size_t *data_n, void **state);

// For MHD_OPTION_NOTIFY_COMPLETED.
void exchange_end(void *context, struct MHD_Connection *http, void **state,
                  enum MHD_RequestTerminationCode code);

// Let it wait: for httpd_wake(), or until its time is over. Returns false where
// too many do.
bool httpd_suspend(struct exchange *e, uint32_t wait_ms) ORD_CHECKED;

#endif
