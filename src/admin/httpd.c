// SPDX-License-Identifier: Apache-2.0
// libmicrohttpd without threads of its own: its epoll descriptor and its next
// timeout are watched by our loop. The happy path:
//
//     a client connects, and its request is read as it comes
//     a page makes the reply as a whole, in memory, or has none yet: then the
//     connection is suspended, and its page is asked again
//     the reply is sent as the client takes it
//     the connection waits for another request, or ends
//
// What a client can hold is a connection, until it has done nothing for the
// time limit, and its reply until that has been read. A suspended connection is
// not read from: that its client has gone is seen when its place is wanted.
#include "httpd_exchange.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    // commands of one user; others wait until one of these has ended
    CONNECTIONS_MAX = 16,
    // octets of request line and headers: several times what a command sends.
    // Too long a line is 414, too many headers are 431
    REQUEST_MAX = 16 << 10,
    // how long a client may do nothing
    IDLE_S = 5,
};

// --- those that wait -------------------------------------------------------

static void resume(struct httpd *h, struct exchange **at)
{
    struct exchange *e = *at;

    *at = e->next;
    h->waiting_n--;
    h->resumed = true;
    MHD_resume_connection(e->http);
}

static void on_timer(uv_timer_t *timer);

// The library goes on with them at its next run, for which it gives no sign.
// Where this is called from a page, set_timer() comes after it.
void httpd_wake(struct httpd *h)
{
    while (h->waiting)
        resume(h, &h->waiting);
    if (h->resumed)
        (void)uv_timer_start(&h->timer, on_timer, 0, 0);
}

static bool is_gone(const struct exchange *e)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(e->http, MHD_CONNECTION_INFO_CONNECTION_FD);

    assert(info);
    struct pollfd fd = {.fd = info->connect_fd, .events = POLLRDHUP};
    return poll(&fd, 1, 0) > 0;
}

// Let go of clients that do not wait any more: replied to, they are found to be
// gone. One that has only ended its own side gets its reply early.
static void wake_gone(struct httpd *h)
{
    struct exchange **at = &h->waiting;

    while (*at) {
        struct exchange *e = *at;
        if (is_gone(e)) {
            e->until_ms = uv_now(h->loop);
            resume(h, at);
        } else {
            at = &e->next;
        }
    }
}

static void wake_late(struct httpd *h)
{
    struct exchange **at = &h->waiting;

    while (*at)
        if ((*at)->until_ms <= uv_now(h->loop))
            resume(h, at);
        else
            at = &(*at)->next;
}

bool httpd_suspend(struct exchange *e, uint32_t wait_ms)
{
    struct httpd *h = e->server;
    struct exchange **at = &h->waiting;

    if (h->waiting_n == HTTPD_WAITING_MAX)
        wake_gone(h);
    if (h->waiting_n == HTTPD_WAITING_MAX)
        return false;
    if (!e->until_ms)
        e->until_ms = uv_now(h->loop) + wait_ms;
    while (*at)
        at = &(*at)->next;
    e->next = NULL;
    *at = e;
    h->waiting_n++;
    MHD_suspend_connection(e->http);
    return true;
}

// --- the loop --------------------------------------------------------------

static unsigned connections(const struct httpd *h)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(h->http, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    assert(info);
    return info->num_connections;
}

// When something is to be done although no client does anything.
static void set_timer(struct httpd *h)
{
    MHD_UNSIGNED_LONG_LONG http_ms;
    const uint64_t now_ms = uv_now(h->loop);
    uint64_t wait_ms = h->resumed ? 0 : UINT64_MAX;

    if (wait_ms && MHD_get_timeout(h->http, &http_ms) == MHD_YES)
        wait_ms = http_ms;
    for (const struct exchange *e = h->waiting; e; e = e->next) {
        const uint64_t left_ms =
            e->until_ms > now_ms ? e->until_ms - now_ms : 0;
        if (left_ms < wait_ms)
            wait_ms = left_ms;
    }
    // Neither can fail: the handle was set up and has a callback.
    if (wait_ms != UINT64_MAX)
        (void)uv_timer_start(&h->timer, on_timer, wait_ms, 0);
    else
        (void)uv_timer_stop(&h->timer);
}

/*
 * Do what can be done, and see when to come back. While all places are taken,
 * the library does not listen; that one has become free it sees at its next
 * run, for which there may be no cause but this one.
 */
static void run(struct httpd *h)
{
    unsigned before;

    h->resumed = false;
    do {
        before = connections(h);
        (void)MHD_run(h->http);
    } while (connections(h) < before);
    set_timer(h);
}

static void on_timer(uv_timer_t *timer)
{
    struct httpd *h = timer->data;

    wake_late(h);
    run(h);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run(poll->data);
}

static void on_closed(uv_handle_t *handle)
{
    struct httpd *h = handle->data;
    if (--h->handles == 0)
        free(h);
}

// --- start and stop --------------------------------------------------------

static int daemon_start(struct httpd *h, int fd)
{
    struct stat before, after;

    if (fstat(fd, &before) < 0)
        return -errno;
    h->http = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, exchange_go_on,
        h, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)REQUEST_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
        MHD_OPTION_NOTIFY_COMPLETED, exchange_end, NULL, MHD_OPTION_END);
    if (h->http)
        return 0;
    // The library has closed the socket, or has not: another thread may have
    // been given its number since.
    if (fstat(fd, &after) == 0 && after.st_ino == before.st_ino &&
        after.st_dev == before.st_dev)
        close(fd);
    return -ENOMEM;
}

static int poll_start(struct httpd *h)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(h->http, MHD_DAEMON_INFO_EPOLL_FD);

    assert(info);
    int rc = uv_poll_init(h->loop, &h->poll, info->epoll_fd);
    if (rc)
        return rc;
    h->poll.data = h;
    h->handles = 1;
    // cannot fail
    (void)uv_timer_init(h->loop, &h->timer);
    h->timer.data = h;
    h->handles = 2;
    return uv_poll_start(&h->poll, UV_READABLE, on_poll);
}

int httpd_start(uv_loop_t *loop, int fd, const struct httpd_settings *settings,
                struct httpd **out)
{
    struct httpd *h = calloc(1, sizeof *h);
    if (!h) {
        close(fd);
        return -ENOMEM;
    }
    h->settings = settings;
    h->loop = loop;
    int rc = daemon_start(h, fd);
    if (rc == 0)
        rc = poll_start(h);
    if (rc) {
        httpd_stop(h);
        return rc;
    }
    *out = h;
    return 0;
}

void httpd_stop(struct httpd *h)
{
    // the library does not stop while one is suspended
    while (h->waiting)
        resume(h, &h->waiting);
    if (h->handles > 0)
        uv_close((uv_handle_t *)&h->poll, on_closed);
    if (h->handles > 1)
        uv_close((uv_handle_t *)&h->timer, on_closed);
    if (h->http)
        MHD_stop_daemon(h->http);
    h->http = NULL;
    if (h->handles == 0)
        free(h);
}
