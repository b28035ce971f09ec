// SPDX-License-Identifier: Apache-2.0
#include "lib/dummy.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TCP_MAX = 64,
    HELD_MAX = 16384,
    REPLY_MAX = 65535,
    HEADER = 12,
    TYPE_HINFO = 13,
    TYPE_OPT = 41,
    UDP_BUFFER = 4 << 20,
};

// Who asked what, to be answered later.
struct held {
    int fd; // of a connection, or that for datagrams
    struct sockaddr_any from;
    size_t n;
    uint8_t query[DUMMY_QUERY_MAX];
};

struct dummy {
    struct sockaddr_any address;
    int udp, listener, wake;
    int tcp[TCP_MAX];
    size_t tcp_n;
    pthread_t thread;
    pthread_mutex_t lock; // for all below
    bool stop;
    struct dummy_orders orders;
    unsigned asked, asked_tcp;
    uint8_t last[DUMMY_QUERY_MAX];
    size_t last_n;
    struct held *held;
    size_t held_n;
    uint8_t reply[2 + REPLY_MAX];
};

static void require(bool fine, const char *what)
{
    if (fine)
        return;
    fprintf(stderr, "test name server: %s: %s\n", what, strerror(errno));
    abort();
}

static unsigned load16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static void store16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

// Octets of the question behind the header, 0 where there is none.
static size_t question_size(const uint8_t *query, size_t n)
{
    size_t at = HEADER;
    while (at < n && query[at] != 0)
        at += 1u + query[at];
    return at + 5 <= n ? at + 5 - HEADER : 0;
}

// What the client takes over UDP: its OPT record stands right behind the
// question, as all clients here write it.
static size_t udp_size(const uint8_t *query, size_t n, size_t question_n)
{
    const uint8_t *const opt = query + HEADER + question_n;
    const bool has = n >= HEADER + question_n + 11 && opt[0] == 0 &&
                     load16(opt + 1) == TYPE_OPT;
    return has ? load16(opt + 3) : 512;
}

// --- replies ---------------------------------------------------------------

static size_t write_reply(const struct dummy *d, const uint8_t *query, size_t n,
                          bool tcp, uint8_t *out)
{
    const size_t question_n = question_size(query, n);
    const size_t room = tcp ? REPLY_MAX : udp_size(query, n, question_n);
    const size_t all = HEADER + question_n + 16u * d->orders.records;
    const bool cut = all > room || (d->orders.cuts && !tcp);
    const unsigned records = cut ? 0 : d->orders.records;

    memcpy(out, query, HEADER + question_n);
    store16(out + 2, 0x8180u | (cut ? 0x200u : 0) | d->orders.rcode);
    store16(out + 4, 1);
    store16(out + 6, records + d->orders.garbles);
    store16(out + 8, 0);
    store16(out + 10, 0);
    uint8_t *at = out + HEADER + question_n;
    for (unsigned i = 0; i < records; i++, at += 16) {
        static const uint8_t record[] = {0xc0, HEADER, 0, 1, 0,   1, 0, 0,
                                         0,    60,     0, 4, 192, 0, 2};
        memcpy(at, record, sizeof record);
        at[15] = (uint8_t)i;
    }
    return (size_t)(at - out);
}

static void send_to(const struct dummy *d, const struct held *h, bool tcp,
                    uint8_t *framed, size_t n)
{
    if (tcp) {
        store16(framed, (unsigned)n);
        for (size_t sent = 0; sent < n + 2;) {
            const ssize_t r =
                send(h->fd, framed + sent, n + 2 - sent, MSG_NOSIGNAL);
            if (r <= 0)
                return; // it has gone
            sent += (size_t)r;
        }
    } else {
        (void)!sendto(d->udp, framed + 2, n, 0, &h->from.any, h->from.length);
    }
}

static void answer(struct dummy *d, const struct held *h)
{
    const bool tcp = h->fd != d->udp;
    uint8_t *const reply = d->reply + 2;
    const size_t n = write_reply(d, h->query, h->n, tcp, reply);

    if (d->orders.mistakes) {
        reply[0] ^= 1;
        send_to(d, h, tcp, d->reply, n);
        reply[0] ^= 1;
        reply[HEADER + 1] ^= 1;
        send_to(d, h, tcp, d->reply, n);
        reply[HEADER + 1] ^= 1;
    }
    send_to(d, h, tcp, d->reply, n);
}

static bool is_probe(const struct held *h)
{
    const size_t n = question_size(h->query, h->n);
    return n > 0 && load16(h->query + HEADER + n - 4) == TYPE_HINFO;
}

static void take(struct dummy *d, const struct held *h)
{
    const bool probe = is_probe(h);

    if (!probe) {
        d->asked++;
        d->asked_tcp += h->fd != d->udp;
        memcpy(d->last, h->query, h->n);
        d->last_n = h->n;
    }
    if (d->orders.silent)
        return;
    if (!probe && d->orders.holds && d->held_n < HELD_MAX)
        d->held[d->held_n++] = *h;
    else
        answer(d, h);
}

// --- sockets ---------------------------------------------------------------

static void receive_udp(struct dummy *d)
{
    struct held h = {.fd = d->udp, .from.length = sizeof h.from.v6};
    const ssize_t n = recvfrom(d->udp, h.query, sizeof h.query, MSG_DONTWAIT,
                               &h.from.any, &h.from.length);
    h.n = n > HEADER ? (size_t)n : 0;
    if (h.n > 0)
        take(d, &h);
}

static bool receive_all(int fd, uint8_t *out, size_t n)
{
    return recv(fd, out, n, MSG_WAITALL) == (ssize_t)n;
}

static void receive_tcp(struct dummy *d, size_t i)
{
    struct held h = {.fd = d->tcp[i]};
    uint8_t length[2];

    if (receive_all(h.fd, length, 2) && (h.n = load16(length)) > HEADER &&
        h.n <= sizeof h.query && receive_all(h.fd, h.query, h.n)) {
        take(d, &h);
    } else {
        close(h.fd);
        d->tcp[i] = d->tcp[--d->tcp_n];
    }
}

static void accept_tcp(struct dummy *d)
{
    const int fd = accept(d->listener, NULL, NULL);
    if (fd >= 0 && (d->orders.refuses_tcp || d->tcp_n == TCP_MAX))
        close(fd);
    else if (fd >= 0)
        d->tcp[d->tcp_n++] = fd;
}

// Returns whether there is more to come.
static bool look(struct dummy *d, struct pollfd *p, size_t tcp_n)
{
    pthread_mutex_lock(&d->lock);
    if (p[0].revents)
        receive_udp(d);
    for (size_t i = tcp_n; i-- > 0;)
        if (p[3 + i].revents)
            receive_tcp(d, i);
    if (p[1].revents)
        accept_tcp(d);
    const bool stop = d->stop;
    pthread_mutex_unlock(&d->lock);
    return !stop;
}

static void *run(void *context)
{
    struct dummy *const d = context;
    struct pollfd p[3 + TCP_MAX];
    size_t tcp_n;

    do {
        tcp_n = d->tcp_n;
        p[0] = (struct pollfd){.fd = d->udp, .events = POLLIN};
        p[1] = (struct pollfd){.fd = d->listener, .events = POLLIN};
        p[2] = (struct pollfd){.fd = d->wake, .events = POLLIN};
        for (size_t i = 0; i < tcp_n; i++)
            p[3 + i] = (struct pollfd){.fd = d->tcp[i], .events = POLLIN};
        require(poll(p, 3 + tcp_n, -1) > 0 || errno == EINTR, "poll");
    } while (look(d, p, tcp_n));
    return NULL;
}

// Both on one port. Returns whether it was free for both.
static bool bind_both(struct dummy *d)
{
    const int one = 1, buffer = UDP_BUFFER;

    d->listener = socket(d->address.any.sa_family, SOCK_STREAM, 0);
    d->udp = socket(d->address.any.sa_family, SOCK_DGRAM, 0);
    require(d->listener >= 0 && d->udp >= 0, "sockets");
    (void)setsockopt(d->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    (void)setsockopt(d->udp, SOL_SOCKET, SO_RCVBUFFORCE, &buffer,
                     sizeof buffer);
    if (bind(d->listener, &d->address.any, d->address.length) == 0 &&
        listen(d->listener, 64) == 0 &&
        getsockname(d->listener, &d->address.any, &d->address.length) == 0 &&
        bind(d->udp, &d->address.any, d->address.length) == 0)
        return true;
    close(d->listener);
    close(d->udp);
    return false;
}

// A port that the system chooses for TCP may be somebody's for UDP.
static void open_sockets(struct dummy *d, const char *listen_on)
{
    enum { TRIES = 100 };
    struct error err = {0};
    bool open = false;

    for (int i = 0; i < TRIES && !open; i++) {
        require(sockaddr_parse(listen_on, &d->address, &err) == 0, err.text);
        open = bind_both(d);
    }
    require(open, listen_on);
}

struct dummy *dummy_new(const char *listen_on)
{
    struct dummy *const d = calloc(1, sizeof *d);

    require(d != NULL, "no memory");
    d->held = calloc(HELD_MAX, sizeof *d->held);
    d->wake = eventfd(0, EFD_CLOEXEC);
    require(d->held != NULL && d->wake >= 0, "no memory");
    d->orders.records = 1;
    open_sockets(d, listen_on);
    pthread_mutex_init(&d->lock, NULL);
    require(pthread_create(&d->thread, NULL, run, d) == 0, "a thread");
    return d;
}

void dummy_free(struct dummy *d)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&d->lock);
    d->stop = true;
    pthread_mutex_unlock(&d->lock);
    require(write(d->wake, &one, sizeof one) == sizeof one, "waking it");
    pthread_join(d->thread, NULL);
    for (size_t i = 0; i < d->tcp_n; i++)
        close(d->tcp[i]);
    close(d->udp);
    close(d->listener);
    close(d->wake);
    pthread_mutex_destroy(&d->lock);
    free(d->held);
    free(d);
}

struct sockaddr_any dummy_address(const struct dummy *d)
{
    return d->address;
}

// --- orders ----------------------------------------------------------------

void dummy_obey(struct dummy *d, struct dummy_orders orders)
{
    pthread_mutex_lock(&d->lock);
    d->orders = orders;
    pthread_mutex_unlock(&d->lock);
}

void dummy_release(struct dummy *d)
{
    pthread_mutex_lock(&d->lock);
    d->orders.holds = false;
    for (size_t i = 0; i < d->held_n; i++)
        answer(d, &d->held[i]);
    d->held_n = 0;
    pthread_mutex_unlock(&d->lock);
}

unsigned dummy_asked(struct dummy *d)
{
    pthread_mutex_lock(&d->lock);
    const unsigned n = d->asked;
    pthread_mutex_unlock(&d->lock);
    return n;
}

unsigned dummy_asked_tcp(struct dummy *d)
{
    pthread_mutex_lock(&d->lock);
    const unsigned n = d->asked_tcp;
    pthread_mutex_unlock(&d->lock);
    return n;
}

size_t dummy_query(struct dummy *d, uint8_t out[DUMMY_QUERY_MAX])
{
    pthread_mutex_lock(&d->lock);
    const size_t n = d->last_n;
    memcpy(out, d->last, n);
    pthread_mutex_unlock(&d->lock);
    return n;
}
