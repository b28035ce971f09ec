// SPDX-License-Identifier: Apache-2.0
// A query is on its way as long as c-ares knows it (channel_wire.h). Whatever
// happens to it, its caller hears of it from the loop, when c-ares has
// returned: from there anything may be asked or dropped.
//
//     channel_ask()   fresh
//     CHANNEL_SLOW_MS fresh -> slow          `slow` is called, c-ares sends it
//                                            again
//     a datagram      fresh, slow -> gone    `done` is called: answered, or
//                                            refused by the network
//     c-ares          fresh, slow -> ended   answered over TCP, silent, refused
//     settle()        ended -> gone          `done` is called
//
// It is sent the second time by a port of its own, too: behind a virtual
// address the first one leads to the same machine again, which may be gone
// (conntrack keeps the way of a port). Both are listened to. RFC 5452 9.2 asks
// for ports that nobody can foresee; two of them are twice as easy to guess for
// 2.8 seconds, still one in 10^9.
//
// c-ares is made to forget a query over UDP whose reply has come, or that was
// dropped. Over TCP it keeps one that was dropped until a reply comes or the
// connection ends, which is when nobody waits for others, either.
#include "net/channel.h"

#include "channel_question.h"
#include "channel_socket.h"
#include "channel_wire.h"
#include "dns/message.h"
#include "ring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    // How often it is looked whose time is over: so much later than promised
    // it may be. Only while something is asked.
    LOOK_MS = 50,
    // On their way at once; the ports that Linux gives out are 28,232.
    ASKS_MAX = 16384,
    ID_HEADS = 256,
    ID_POOL = 64, // IDs drawn by one system call
    SENDS = 2,
};

struct channel_ask {
    struct ring link; // of fresh, slow, ended; not over TCP when dropped
    struct wire_query query;
    struct channel *channel;
    struct channel_call call;
    struct channel_socket *sockets[SENDS]; // UDP; NULL: not sent
    struct channel_ask *id_next;
    uint64_t since_ms;
    enum channel_transport transport;
    enum channel_outcome outcome;
    bool dropped;
    uint16_t id;
    uint16_t question_n;
    uint8_t question[];
};

struct channel {
    uv_timer_t timer;
    uv_loop_t *loop;
    struct wire *udp, *tcp; // NULL: not needed yet
    struct ring fresh, slow, ended;
    uint32_t n;           // asks, those that were dropped included
    uint32_t tcp_n;       // of these, that are on their way over TCP,
    uint32_t tcp_dropped; // and that nobody waits for
    bool closing;
    struct channel_ask *sending; // by channel_ask(), until it is on its way
    struct channel_ask *telling; // whose `done` is being called
    struct span reply;           // over TCP, to the one that is answered
    struct channel_ask *by_id[ID_HEADS];
    uint16_t ids[ID_POOL];
    uint32_t ids_n;
    struct channel_sockets sockets; // with the buffer of what was received
};

static void list_move(struct ring *list, struct channel_ask *a)
{
    ring_remove(&a->link);
    ring_append(list, &a->link);
}

// The one that has been there for longest, or NULL.
static struct channel_ask *list_first(const struct ring *list)
{
    return ring_is_empty(list)
               ? NULL
               : ORD_CONTAINER(list->next, struct channel_ask, link);
}

// The same, which is in no list then.
static struct channel_ask *list_take(struct ring *list)
{
    struct ring *const link = list->next;

    if (link == list)
        return NULL;
    list->next = link->next;
    link->next->previous = list;
    ring_init(link);
    return ORD_CONTAINER(link, struct channel_ask, link);
}

// --- IDs -------------------------------------------------------------------

static struct channel_ask **head_of(struct channel *c, uint16_t id)
{
    return &c->by_id[id % ID_HEADS];
}

static struct channel_ask *find_id(struct channel *c, uint16_t id)
{
    struct channel_ask *a = *head_of(c, id);
    while (a && a->id != id)
        a = a->id_next;
    return a;
}

static void file(struct channel_ask *a, uint16_t id)
{
    struct channel_ask **const head = head_of(a->channel, id);
    a->id = id;
    a->id_next = *head;
    *head = a;
}

static void unfile(struct channel_ask *a)
{
    struct channel_ask **at = head_of(a->channel, a->id);
    while (*at != a)
        at = &(*at)->id_next;
    *at = a->id_next;
}

// One that is not on its way. Three of four are not, at the worst.
static int draw_id(struct channel *c, uint16_t *out)
{
    do {
        if (c->ids_n == 0) {
            const int r = uv_random(NULL, NULL, c->ids, sizeof c->ids, 0, NULL);
            if (r < 0)
                return r;
            c->ids_n = ID_POOL;
        }
        *out = c->ids[--c->ids_n];
    } while (find_id(c, *out));
    return 0;
}

// --- an ask ----------------------------------------------------------------

static struct channel_ask *ask_of(struct wire_query *q)
{
    return ORD_CONTAINER(q, struct channel_ask, query);
}

static void close_sockets(struct channel_ask *a)
{
    for (int i = 0; i < SENDS; i++) {
        channel_socket_close(a->sockets[i]);
        a->sockets[i] = NULL;
    }
}

static void ask_free(struct channel_ask *a)
{
    struct channel *const c = a->channel;
    assert(!a->query.on_way && c->n > 0);
    close_sockets(a);
    ring_remove(&a->link);
    unfile(a);
    free(a);
    if (--c->n == 0 && !c->closing)
        (void)uv_timer_stop(&c->timer);
}

// It is of no interest any more, and freed when c-ares lets it go.
static void let_go(struct channel_ask *a)
{
    struct channel *const c = a->channel;
    const bool on_way = a->query.on_way;

    close_sockets(a);
    ring_remove(&a->link);
    a->dropped = true;
    if (!on_way) {
        ask_free(a);
    } else if (a->transport == CHANNEL_UDP) {
        wire_forget(c->udp, a->id, span_of(a->question, a->question_n));
    } else if (++c->tcp_dropped == c->tcp_n) {
        wire_cancel(c->tcp);
    }
}

static void tell_done(struct channel_ask *a, enum channel_outcome outcome,
                      struct span reply)
{
    struct channel *const c = a->channel;
    ring_remove(&a->link);
    c->telling = a;
    a->call.done(a->call.context, outcome, reply);
    c->telling = NULL; // c may be closing since, and is still there
    let_go(a);
}

// Tell of those that have ended. c may be closing afterwards.
static void settle(struct channel *c)
{
    struct channel_ask *a;
    while (!c->closing && (a = list_take(&c->ended)) != NULL)
        tell_done(a, a->outcome,
                  a->outcome == CHANNEL_ANSWERED ? c->reply : (struct span){0});
    c->reply = (struct span){0};
}

void channel_drop(struct channel_ask *a)
{
    if (a != a->channel->telling) // else it goes anyway
        let_go(a);
}

// --- replies ---------------------------------------------------------------

static bool is_reply_to(const struct channel_ask *a, struct span message)
{
    return channel_question_matches(span_of(a->question, a->question_n), a->id,
                                    message);
}

// A datagram, or an error of the network, which the kernel takes only where it
// names both ports: whoever forges one ends one query.
static void on_socket_event(void *context, int code, struct span datagram)
{
    struct channel_ask *const a = context;

    if (code < 0)
        tell_done(a, CHANNEL_UNREACHABLE, (struct span){0});
    else if (is_reply_to(a, datagram))
        tell_done(a, CHANNEL_ANSWERED, datagram);
}

// Over TCP the message is gone when c-ares returns.
static void keep_reply(struct channel_ask *a, struct span reply)
{
    struct channel *const c = a->channel;
    if (!is_reply_to(a, reply)) { // c-ares does not look at everything
        a->outcome = CHANNEL_SILENT;
        return;
    }
    assert(reply.n <= sizeof c->sockets.buffer);
    memcpy(c->sockets.buffer, reply.p, reply.n);
    c->reply = span_of(c->sockets.buffer, reply.n);
}

static void on_ended(struct wire_query *q, enum channel_outcome outcome,
                     struct span reply)
{
    struct channel_ask *const a = ask_of(q);
    struct channel *const c = a->channel;

    if (a->transport == CHANNEL_TCP) {
        c->tcp_n--;
        c->tcp_dropped -= a->dropped;
    }
    if (a == c->telling)
        return; // tell_done() frees it
    if (a->dropped || c->closing) {
        ask_free(a);
        return;
    }
    a->outcome = outcome;
    if (outcome == CHANNEL_ANSWERED)
        keep_reply(a, reply);
    list_move(&c->ended, a);
}

static void on_settled(void *context)
{
    settle(context);
}

// --- sending ---------------------------------------------------------------

static int open_socket(struct channel_ask *a, struct span message, int i)
{
    return channel_socket_open(&a->channel->sockets, message, a,
                               &a->sockets[i]);
}

// c-ares may have an ID of its own: what counts is what it sends.
static int on_send(void *context, struct span message)
{
    struct channel *const c = context;
    const uint16_t id = bytes_load_u16(message.p);
    struct channel_ask *a = c->sending;

    if (a) {
        unfile(a);
        file(a, id);
        return open_socket(a, message, 0);
    }
    a = find_id(c, id);
    if (!a || a->dropped)
        return -ECANCELED;
    // what fails here may still be answered by the first one
    if (a->sockets[1] || open_socket(a, message, 1) < 0)
        channel_socket_send(a->sockets[a->sockets[1] != NULL], message);
    return 0;
}

static const struct wire_calls calls = {
    .send = on_send,
    .ended = on_ended,
    .settled = on_settled,
};

// --- time ------------------------------------------------------------------

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static void look_for_slow(struct channel *c, uint64_t now)
{
    struct channel_ask *a;
    while (!c->closing && (a = list_first(&c->fresh)) != NULL &&
           a->since_ms + CHANNEL_SLOW_MS <= now) {
        list_move(&c->slow, a);
        if (a->call.slow)
            a->call.slow(a->call.context);
    }
    while (!c->closing && (a = list_first(&c->slow)) != NULL &&
           a->since_ms + CHANNEL_GIVE_UP_MS <= now)
        tell_done(list_take(&c->slow), CHANNEL_SILENT, (struct span){0});
}

static void on_look(uv_timer_t *timer)
{
    struct channel *const c = ORD_CONTAINER(timer, struct channel, timer);
    if (c->udp)
        wire_look(c->udp);
    if (c->tcp)
        wire_look(c->tcp);
    settle(c);
    look_for_slow(c, now_ms());
}

// --- a channel -------------------------------------------------------------

int channel_new(uv_loop_t *loop, const struct sockaddr_any *server,
                struct channel **out, struct error *err)
{
    struct channel *c = malloc(sizeof *c);
    if (!c)
        return error_set(err, -ENOMEM, "no memory for a channel");
    // all but the buffer, whose pages are not touched before they are used
    memset(c, 0, offsetof(struct channel, sockets));
    c->loop = loop;
    c->sockets.loop = loop;
    c->sockets.server = *server;
    c->sockets.event = on_socket_event;
    ring_init(&c->fresh);
    ring_init(&c->slow);
    ring_init(&c->ended);
    (void)uv_timer_init(loop, &c->timer); // always 0
    *out = c;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(ORD_CONTAINER((uv_timer_t *)handle, struct channel, timer));
}

void channel_free(struct channel *c)
{
    if (!c)
        return;
    assert(!c->closing);
    c->closing = true;
    wire_free(c->udp);
    wire_free(c->tcp);
    for (struct channel_ask *a; (a = list_take(&c->ended)) != NULL;)
        ask_free(a);
    // what is left is the one whose call this is
    assert(c->n == (c->telling != NULL));
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

static int wire_of(struct channel *c, enum channel_transport transport,
                   struct wire **out)
{
    struct wire **const wire = transport == CHANNEL_TCP ? &c->tcp : &c->udp;
    if (!*wire) {
        const int r =
            wire_new(c->loop, &c->sockets.server, transport, &calls, c, wire);
        if (r < 0)
            return r;
    }
    *out = *wire;
    return 0;
}

static struct channel_ask *ask_new(struct channel *c,
                                   enum channel_transport transport,
                                   struct span question,
                                   const struct channel_call *call, uint16_t id)
{
    struct channel_ask *a = malloc(sizeof *a + question.n);
    if (!a)
        return NULL;
    *a = (struct channel_ask){
        .channel = c,
        .call = *call,
        .transport = transport,
        .since_ms = now_ms(),
        .question_n = (uint16_t)question.n,
    };
    memcpy(a->question, question.p, question.n);
    ring_init(&a->link);
    file(a, id);
    c->n++;
    return a;
}

static int send_ask(struct channel_ask *a, struct wire *wire,
                    struct span message)
{
    struct channel *const c = a->channel;
    uint8_t octets[DNS_UDP_MIN];

    memcpy(octets, message.p, message.n);
    bytes_store_u16(octets, a->id);
    c->sending = a;
    const int r = wire_send(wire, span_of(octets, message.n), &a->query);
    c->sending = NULL;
    return r;
}

int channel_ask(struct channel *c, enum channel_transport transport,
                struct span message, const struct channel_call *call,
                struct channel_ask **out)
{
    struct wire *wire;
    uint16_t id;

    if (message.n > DNS_UDP_MIN)
        return -EMSGSIZE;
    const size_t question_n = channel_question_size(message);
    if (question_n == 0)
        return -EINVAL;
    if (c->n >= ASKS_MAX)
        return -EMFILE;
    int r = wire_of(c, transport, &wire);
    if (r == 0)
        r = draw_id(c, &id);
    if (r < 0)
        return r;
    struct channel_ask *const a = ask_new(
        c, transport, span_of(message.p + DNS_HEADER, question_n), call, id);
    if (!a)
        return -ENOMEM;
    r = send_ask(a, wire, message);
    if (r < 0) {
        ask_free(a);
        return r;
    }
    list_move(&c->fresh, a);
    c->tcp_n += transport == CHANNEL_TCP;
    if (!uv_is_active((uv_handle_t *)&c->timer))
        (void)uv_timer_start(&c->timer, on_look, LOOK_MS, LOOK_MS); // open: 0
    *out = a;
    return 0;
}
