// SPDX-License-Identifier: Apache-2.0
// A probe waits for its turn, is under way as one HTTP request (of which
// tcpSocket only makes the connection), and is judged at its end.
#include "source/probe.h"

#include "base/arena.h"
#include "probe_grpc.h"
#include "probe_request.h"
#include "source/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    BODY_MAX = 10 << 10, // read of a reply, as a kubelet does
    TIMEOUT_MS_MAX = INT32_MAX,
};

struct asking {
    struct prober *prober;
    struct asking *next;  // of those that wait, or are under way
    struct asking **link; // what points here; under way only
    struct arena arena;   // has what the request points to
    struct http_request request;
    uint64_t ticket;
    uint64_t until_ms; // of the loop's time
    uint8_t kind;      // enum probe_kind
    bool grpc_ok;      // status 0 of the call
    size_t body_n;     // so far
    uint8_t body[GRPC_REPLY_MAX];
};

struct prober {
    uv_loop_t *loop;
    struct http *http;
    void (*done)(void *context, uint64_t ticket, bool success);
    void *context;
    struct asking *waiting;
    struct asking **waiting_end;
    struct asking *under_way;
    uint32_t under_way_n;
};

static void asking_free(struct asking *a)
{
    arena_release(&a->arena);
    free(a);
}

static void free_all(struct asking *a)
{
    for (struct asking *next; a; a = next) {
        next = a->next;
        asking_free(a);
    }
}

// --- a reply ---------------------------------------------------------------

// An endless page is no worse than a long one: what it says is not read.
static int on_http(void *context, int status, const char *p, size_t n)
{
    struct asking *a = context;
    (void)status, (void)p;
    a->body_n += n;
    return a->body_n > BODY_MAX;
}

static int on_grpc(void *context, int status, const char *p, size_t n)
{
    struct asking *a = context;
    (void)status;
    if (n > sizeof a->body - a->body_n)
        return -1;
    memcpy(a->body + a->body_n, p, n);
    a->body_n += n;
    return 0;
}

// Behind the body, or instead of it.
static void on_header(void *context, struct span name, struct span value)
{
    static const char status[] = "grpc-status";
    struct asking *a = context;

    if (name.n == strlen(status) &&
        strncasecmp((const char *)name.p, status, name.n) == 0)
        a->grpc_ok = span_equal(value, span_of_text("0"));
}

static bool is_success(const struct asking *a, const struct http_result *r)
{
    switch (a->kind) {
    case PROBE_TCP:
        return r->code == 0;
    case PROBE_GRPC:
        return r->code == 0 && r->status == 200 && a->grpc_ok &&
               grpc_is_serving(span_of(a->body, a->body_n));
    default:
        // given up is what was long enough
        return (r->code == 0 || r->code == -ECANCELED) && r->status >= 200 &&
               r->status < 400;
    }
}

// --- its turn --------------------------------------------------------------

static void on_end(void *context, const struct http_result *r);

// Whether it is under way now.
static bool ask(struct asking *a)
{
    struct prober *const p = a->prober;
    const uint64_t now_ms = uv_now(p->loop);

    if (now_ms >= a->until_ms)
        return false;
    a->request.timeout_ms = (uint32_t)(a->until_ms - now_ms);
    if (http_start(p->http, &a->request, on_end))
        return false;
    a->next = p->under_way;
    a->link = &p->under_way;
    if (a->next)
        a->next->link = &a->next;
    p->under_way = a;
    p->under_way_n++;
    return true;
}

static void leave(struct asking *a)
{
    *a->link = a->next;
    if (a->next)
        a->next->link = a->link;
    a->prober->under_way_n--;
    asking_free(a);
}

static void go_on(struct prober *p)
{
    while (p->waiting && p->under_way_n < PROBES_MAX) {
        struct asking *a = p->waiting;
        p->waiting = a->next;
        if (!p->waiting)
            p->waiting_end = &p->waiting;
        if (!ask(a))
            asking_free(a);
    }
}

static void on_end(void *context, const struct http_result *r)
{
    struct asking *const a = context;
    struct prober *const p = a->prober;
    const uint64_t ticket = a->ticket;
    const bool success = is_success(a, r);

    leave(a);
    go_on(p);
    p->done(p->context, ticket, success); // p may be gone behind it
}

static int prepare(struct asking *a, const struct ordinals_probe *probe)
{
    const uint64_t timeout_ms = (uint64_t)probe->probe->timeout_s * 1000;

    a->ticket = probe->ticket;
    a->kind = probe->probe->kind;
    a->until_ms = uv_now(a->prober->loop) +
                  (timeout_ms < TIMEOUT_MS_MAX ? timeout_ms : TIMEOUT_MS_MAX);
    if (a->kind == PROBE_GRPC) {
        a->request.data = on_grpc;
        a->request.header = on_header;
    } else {
        a->request.data = on_http;
    }
    a->request.context = a;
    arena_init(&a->arena, SIZE_MAX);
    return probe_request(&a->arena, probe->pod, probe->probe, &a->request);
}

void prober_start(struct prober *p, const struct ordinals_probe *probe)
{
    struct asking *a = calloc(1, sizeof *a);
    if (!a)
        return;
    a->prober = p;
    if (prepare(a, probe)) {
        asking_free(a);
        return;
    }
    *p->waiting_end = a;
    p->waiting_end = &a->next;
    go_on(p);
}

// --- life ------------------------------------------------------------------

int prober_new(uv_loop_t *loop,
               void (*done)(void *context, uint64_t ticket, bool success),
               void *context, struct prober **out, struct error *err)
{
    struct prober *p = calloc(1, sizeof *p);

    if (!p || http_new(loop, &p->http)) {
        free(p);
        return error_set(err, -ENOMEM, "no memory for probes");
    }
    p->loop = loop;
    p->done = done;
    p->context = context;
    p->waiting_end = &p->waiting;
    *out = p;
    return 0;
}

void prober_free(struct prober *p)
{
    if (!p)
        return;
    http_free(p->http);
    free_all(p->under_way);
    free_all(p->waiting);
    free(p);
}
