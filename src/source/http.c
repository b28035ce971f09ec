// SPDX-License-Identifier: Apache-2.0
// libcurl says which sockets to watch and when to wake it (on_watch, on_wait);
// whatever happens is told to it, and then the requests that came to their end
// are looked for (settle). One that is redirected goes round again.
#include "http_transfer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct http_result result_of_code(int code)
{
    struct http_result r = {.code = code};
    if (code)
        snprintf(r.error, sizeof r.error, "%s", strerror(-code));
    return r;
}

struct http_result http_perform(const struct http_request *request)
{
    struct transfer t;
    const int code = transfer_init(&t, request);
    CURLcode rc;

    if (code)
        return result_of_code(code);
    do
        rc = curl_easy_perform(t.curl);
    while (transfer_follow(&t, &rc));
    const struct http_result r = transfer_result(&t, rc);
    transfer_release(&t);
    return r;
}

// --- on a loop -------------------------------------------------------------

struct http {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    struct pending *first;
    bool unwatched; // one of them is
    bool closing;
};

struct pending {
    struct transfer transfer;
    struct http *http;
    struct pending *next;
    struct pending **link; // what points here
    void (*done)(void *context, const struct http_result *result);
    bool unwatched; // there was no memory to watch its socket
};

// A socket of libcurl's.
struct watch {
    uv_poll_t poll;
    struct http *http;
    curl_socket_t fd;
};

// NULL: a handle of libcurl's own, which closes connections.
static struct pending *pending_of(CURL *curl)
{
    struct transfer *t = NULL;
    curl_easy_getinfo(curl, CURLINFO_PRIVATE, &t);
    return t ? ORD_CONTAINER(t, struct pending, transfer) : NULL;
}

static void unlink_pending(struct pending *p)
{
    *p->link = p->next;
    if (p->next)
        p->next->link = p->link;
}

static void link_pending(struct http *h, struct pending *p)
{
    p->http = h;
    p->next = h->first;
    p->link = &h->first;
    if (p->next)
        p->next->link = &p->next;
    h->first = p;
}

// Its connection, where it is its own, ends here.
static void drop(struct pending *p)
{
    (void)curl_multi_remove_handle(p->http->multi, p->transfer.curl);
    unlink_pending(p);
    transfer_release(&p->transfer);
    free(p);
}

static void finish(struct pending *p, CURLcode rc)
{
    struct http *const h = p->http;

    (void)curl_multi_remove_handle(h->multi, p->transfer.curl);
    if (transfer_follow(&p->transfer, &rc)) {
        if (curl_multi_add_handle(h->multi, p->transfer.curl) == CURLM_OK)
            return;
        rc = CURLE_OUT_OF_MEMORY;
    }
    const struct http_result r = transfer_result(&p->transfer, rc);
    void (*const done)(void *, const struct http_result *) = p->done;
    void *const context = p->transfer.context;
    drop(p);
    done(context, &r);
}

static struct pending *first_unwatched(const struct http *h)
{
    struct pending *p = h->first;
    while (p && !p->unwatched)
        p = p->next;
    return p;
}

// End those that have come to their end. Whoever is told may free h, whose
// memory stays until its timer is closed.
static void settle(struct http *h)
{
    struct pending *p;
    CURLMsg *m;
    int left;

    while (!h->closing && (m = curl_multi_info_read(h->multi, &left))) {
        assert(m->msg == CURLMSG_DONE); // there is no other
        const CURLcode rc = m->data.result;
        finish(pending_of(m->easy_handle), rc);
    }
    while (!h->closing && h->unwatched && (p = first_unwatched(h)))
        finish(p, CURLE_OUT_OF_MEMORY);
    h->unwatched = false;
}

static void on_timer(uv_timer_t *timer)
{
    struct http *const h = ORD_CONTAINER(timer, struct http, timer);
    int running;

    (void)curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    settle(h);
}

// libcurl: wake me in so many milliseconds, or (-1) not at all.
static int on_wait(CURLM *multi, long ms, void *context)
{
    struct http *const h = context;
    (void)multi;
    if (ms < 0)
        (void)uv_timer_stop(&h->timer); // always 0
    else
        (void)uv_timer_start(&h->timer, on_timer, (uint64_t)ms, 0); // open: 0
    return 0;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *const w = ORD_CONTAINER(poll, struct watch, poll);
    struct http *const h = w->http; // w may be closed meanwhile
    int what = 0, running;

    if (status < 0)
        what = CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        what |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        what |= CURL_CSELECT_OUT;
    (void)curl_multi_socket_action(h->multi, w->fd, what, &running);
    settle(h);
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(ORD_CONTAINER((uv_poll_t *)handle, struct watch, poll));
}

static struct watch *watch_new(struct http *h, curl_socket_t fd)
{
    struct watch *w = malloc(sizeof *w);
    if (!w)
        return NULL;
    w->http = h;
    w->fd = fd;
    if (uv_poll_init_socket(h->loop, &w->poll, fd) < 0) {
        free(w);
        return NULL;
    }
    (void)curl_multi_assign(h->multi, fd, w); // of a socket it knows: 0
    return w;
}

// An error returned to libcurl would end all requests, now and later: only that
// one is ended which cannot be watched.
static void cannot_watch(struct http *h, CURL *curl)
{
    struct pending *p = pending_of(curl);

    if (!p)
        return;
    p->unwatched = true;
    h->unwatched = true;
}

// libcurl: watch this socket in this way, or no more, since it is closed next.
static int on_watch(CURL *curl, curl_socket_t fd, int what, void *context,
                    void *watch)
{
    struct http *const h = context;
    struct watch *w = watch;

    if (what == CURL_POLL_REMOVE) {
        if (w)
            uv_close((uv_handle_t *)&w->poll, on_watch_closed);
        return 0;
    }
    if (!w)
        w = watch_new(h, fd);
    const int events = (what & CURL_POLL_IN ? UV_READABLE : 0) |
                       (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    if (!w || uv_poll_start(&w->poll, events, on_ready) < 0)
        cannot_watch(h, curl);
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(ORD_CONTAINER((uv_timer_t *)handle, struct http, timer));
}

int http_new(uv_loop_t *loop, struct http **out)
{
    struct http *h = calloc(1, sizeof *h);
    if (!h)
        return -ENOMEM;
    h->loop = loop;
    h->multi = curl_multi_init();
    if (!h->multi) {
        free(h);
        return -ENOMEM;
    }
    (void)uv_timer_init(loop, &h->timer); // always 0
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_watch);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_wait);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    *out = h;
    return 0;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    h->closing = true;
    for (struct pending *p = h->first, *next; p; p = next) {
        next = p->next;
        drop(p);
    }
    (void)curl_multi_cleanup(h->multi); // of a living one: 0
    uv_close((uv_handle_t *)&h->timer, on_closed);
}

int http_start(struct http *h, const struct http_request *request,
               void (*done)(void *context, const struct http_result *result))
{
    struct pending *p = malloc(sizeof *p);
    if (!p)
        return -ENOMEM;
    const int rc = transfer_init(&p->transfer, request);
    if (rc) {
        free(p);
        return rc;
    }
    p->done = done;
    link_pending(h, p);
    if (curl_multi_add_handle(h->multi, p->transfer.curl) == CURLM_OK)
        return 0;
    drop(p);
    return -ENOMEM;
}
