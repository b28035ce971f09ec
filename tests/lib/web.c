// SPDX-License-Identifier: Apache-2.0
#include "lib/web.h"

#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATIENCE_MS = 30000, TICK_MS = 5, BACKLOG = 512 };

struct web_client {
    uv_tcp_t stream;
    struct web *web;
    struct web_client *next;
    uv_write_t write;
    const struct web_page *page;
    uint8_t request[WEB_REQUEST_MAX];
    size_t request_n;
};

static struct web_client *client_of(void *handle)
{
    return ORD_CONTAINER(handle, struct web_client, stream);
}

static void on_client_closed(uv_handle_t *handle)
{
    struct web_client *const c = client_of(handle);
    struct web_client **at = &c->web->clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->web->open--;
    free(c);
}

static void client_close(struct web_client *c)
{
    if (!uv_is_closing((uv_handle_t *)&c->stream))
        uv_close((uv_handle_t *)&c->stream, on_client_closed);
}

static bool is_whole_http(struct span request)
{
    return memmem(request.p, request.n, "\r\n\r\n", 4) != NULL;
}

static bool is_asked(const struct web *w, const struct web_client *c,
                     const struct web_page *page)
{
    const char *target = memchr(c->request, ' ', c->request_n);
    return w->is_whole ||
           strncmp(target + 1, page->path, strlen(page->path)) == 0;
}

static const struct web_page *page_of(const struct web *w,
                                      const struct web_client *c)
{
    for (unsigned i = 0; i < WEB_PAGES_MAX && w->pages[i].path; i++)
        if (is_asked(w, c, &w->pages[i]))
            return &w->pages[i];
    return NULL;
}

static void on_written(uv_write_t *write, int status)
{
    struct web_client *const c = client_of(write->handle);
    if (status < 0 || !c->page->stays_open)
        client_close(c);
    c->page = NULL; // the next request may come
    c->request_n = 0;
}

static void answer(struct web *w, struct web_client *c)
{
    memcpy(w->request, c->request, c->request_n);
    w->request[c->request_n] = '\0';
    w->request_n = c->request_n;
    c->page = page_of(w, c);
    if (!c->page)
        return;
    w->answered++;
    const size_t n =
        c->page->reply_n ? c->page->reply_n : strlen(c->page->reply);
    const uv_buf_t buf = uv_buf_init((char *)c->page->reply, (unsigned)n);
    if (uv_write(&c->write, (uv_stream_t *)&c->stream, &buf, 1, on_written) < 0)
        client_close(c);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct web_client *const c = client_of(handle);
    (void)suggested;
    *buf = uv_buf_init((char *)c->request + c->request_n,
                       (unsigned)(sizeof c->request - c->request_n));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct web_client *const c = client_of(stream);
    struct web *const w = c->web;
    (void)buf;
    if (n < 0) {
        client_close(c);
        return;
    }
    c->request_n += (size_t)n;
    const struct span all = span_of(c->request, c->request_n);
    if (!c->page && (w->is_whole ? w->is_whole(all) : is_whole_http(all)))
        answer(w, c);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct web *const w =
        ORD_CONTAINER((uv_tcp_t *)listener, struct web, listener);
    struct web_client *c = calloc(1, sizeof *c);

    assert_int_equal(status, 0);
    assert_non_null(c);
    c->web = w;
    assert_int_equal(uv_tcp_init(w->loop, &c->stream), 0);
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&c->stream), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)&c->stream, on_room, on_read),
                     0);
    c->next = w->clients;
    w->clients = c;
    w->accepted++;
    if (++w->open > w->open_max)
        w->open_max = w->open;
}

static void on_tick(uv_timer_t *tick)
{
    struct web *const w = ORD_CONTAINER(tick, struct web, tick);
    if (++w->ticks == PATIENCE_MS / TICK_MS)
        fail_msg("nothing came of it for %d s", PATIENCE_MS / 1000);
}

void web_start(struct web *w)
{
    struct sockaddr_in a;
    int n = sizeof a;

    assert_int_equal(uv_timer_init(w->loop, &w->tick), 0);
    assert_int_equal(uv_timer_start(&w->tick, on_tick, TICK_MS, TICK_MS), 0);
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &a), 0);
    assert_int_equal(uv_tcp_init(w->loop, &w->listener), 0);
    assert_int_equal(uv_tcp_bind(&w->listener, (struct sockaddr *)&a, 0), 0);
    assert_int_equal(
        uv_listen((uv_stream_t *)&w->listener, BACKLOG, on_connection), 0);
    assert_int_equal(
        uv_tcp_getsockname(&w->listener, (struct sockaddr *)&a, &n), 0);
    w->port = ntohs(a.sin_port);
}

void web_stop(struct web *w)
{
    uv_close((uv_handle_t *)&w->tick, NULL);
    uv_close((uv_handle_t *)&w->listener, NULL);
    for (struct web_client *c = w->clients; c; c = c->next)
        client_close(c);
}
