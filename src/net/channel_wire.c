// SPDX-License-Identifier: Apache-2.0
// Written for c-ares 1.18. It is told to look at nothing but what it is given:
// no resolv.conf, no names of ours, no EDNS (with it a FORMERR makes it cut
// octets off a query), and to pass on each RCODE.
#include "channel_wire.h"

#include "dns/message.h"

#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    NO_SOCKET = 1, // the one that is none: c-ares only compares it
    // Sent at 0 and CHANNEL_SLOW_MS, and given up as long as twice that after:
    // c-ares doubles it each time.
    UDP_TRIES = 2,
    // A server may close a connection behind any reply. What it has not
    // answered is sent again by a new one, so often. Without a reply nothing is
    // sent twice over one connection.
    TCP_TRIES = 4,
};

static_assert(CHANNEL_GIVE_UP_MS == 3 * CHANNEL_SLOW_MS,
              "c-ares doubles its time for the second try");

struct wire {
    uv_loop_t *loop;
    struct sockaddr_any server;
    enum channel_transport transport;
    const struct wire_calls *calls;
    void *context;
    ares_channel ares;
    struct wire_query *sending; // by wire_send(), until it has ended
    int error;                  // of what was last tried
    struct span received;       // UDP: what c-ares is to read
    struct watch *watch;        // TCP: the connection
};

// --- UDP: a socket that is none --------------------------------------------

static ares_socket_t no_socket(int family, int type, int protocol,
                               void *context)
{
    (void)family;
    (void)type;
    (void)protocol;
    (void)context;
    return NO_SOCKET;
}

static int no_connect(ares_socket_t fd, const struct sockaddr *to,
                      ares_socklen_t n, void *context)
{
    (void)fd;
    (void)to;
    (void)n;
    (void)context;
    return 0;
}

static int no_close(ares_socket_t fd, void *context)
{
    (void)fd;
    (void)context;
    return 0;
}

static ares_ssize_t send_datagram(ares_socket_t fd, const struct iovec *from,
                                  int n, void *context)
{
    struct wire *const w = context;
    (void)fd;
    assert(n == 1); // a datagram is in one piece
    const int r =
        w->calls->send(w->context, span_of(from->iov_base, from->iov_len));
    if (r == 0)
        return (ares_ssize_t)from->iov_len;
    w->error = r;
    errno = -r;
    return -1;
}

static ares_ssize_t receive_datagram(ares_socket_t fd, void *to, size_t size,
                                     int flags, struct sockaddr *from,
                                     ares_socklen_t *from_n, void *context)
{
    struct wire *const w = context;
    const size_t n = w->received.n < size ? w->received.n : size;
    (void)fd;
    (void)flags;
    if (n == 0) {
        errno = EAGAIN;
        return -1;
    }
    memcpy(to, w->received.p, n);
    if (from && *from_n >= w->server.length) {
        memcpy(from, &w->server.any, w->server.length);
        *from_n = w->server.length;
    }
    w->received = (struct span){0};
    return (ares_ssize_t)n;
}

static const struct ares_socket_functions udp_functions = {
    .asocket = no_socket,
    .aclose = no_close,
    .aconnect = no_connect,
    .arecvfrom = receive_datagram,
    .asendv = send_datagram,
};

// --- TCP -------------------------------------------------------------------

// A connection.
struct watch {
    uv_poll_t poll;
    struct wire *wire;
    ares_socket_t fd;
    int events; // of libuv's, that are waited for
};

static void on_watch_closed(uv_handle_t *handle)
{
    free(ORD_CONTAINER((uv_poll_t *)handle, struct watch, poll));
}

static struct watch *watch_new(struct wire *w, ares_socket_t fd)
{
    struct watch *watch = malloc(sizeof *watch);
    if (!watch)
        return NULL;
    watch->wire = w;
    watch->fd = fd;
    watch->events = 0;
    if (uv_poll_init(w->loop, &watch->poll, fd) < 0) {
        free(watch);
        return NULL;
    }
    return watch;
}

static ares_socket_t open_stream(int family, int type, int protocol,
                                 void *context)
{
    struct wire *const w = context;
    const int on = 1;
    (void)family;
    (void)type;
    (void)protocol;
    const int fd = socket(w->server.any.sa_family,
                          SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        w->error = errno == ENFILE ? -EMFILE : -errno;
        return ARES_SOCKET_BAD;
    }
    // a query is one small segment: it must not wait for the one before it
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    assert(!w->watch); // c-ares closes one before it opens the next
    w->watch = watch_new(w, fd);
    if (!w->watch) {
        w->error = -ENOMEM;
        (void)close(fd);
        return ARES_SOCKET_BAD;
    }
    return fd;
}

// c-ares knows no IPv6 scope, so it is not asked where to.
static int connect_stream(ares_socket_t fd, const struct sockaddr *to,
                          ares_socklen_t n, void *context)
{
    struct wire *const w = context;
    (void)to;
    (void)n;
    const int r = connect(fd, &w->server.any, w->server.length);
    if (r < 0)
        w->error = -errno;
    return r;
}

static int close_stream(ares_socket_t fd, void *context)
{
    struct wire *const w = context;
    assert(w->watch && w->watch->fd == fd);
    uv_close((uv_handle_t *)&w->watch->poll, on_watch_closed);
    w->watch = NULL;
    return close(fd); // libuv allows it at once
}

static ares_ssize_t send_stream(ares_socket_t fd, const struct iovec *from,
                                int n, void *context)
{
    const struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)from,
                             .msg_iovlen = (size_t)n};
    (void)context;
    return sendmsg(fd, &m, MSG_NOSIGNAL); // it may be closed already
}

static ares_ssize_t receive_stream(ares_socket_t fd, void *to, size_t size,
                                   int flags, struct sockaddr *from,
                                   ares_socklen_t *from_n, void *context)
{
    (void)from;
    (void)from_n;
    (void)context;
    return recv(fd, to, size, flags);
}

static const struct ares_socket_functions tcp_functions = {
    .asocket = open_stream,
    .aclose = close_stream,
    .aconnect = connect_stream,
    .arecvfrom = receive_stream,
    .asendv = send_stream,
};

static void on_ready(uv_poll_t *poll, int status, int events);

// Of an open socket libuv's calls return 0.
static void watch_for(struct watch *watch, int events)
{
    watch->events = events;
    if (events)
        (void)uv_poll_start(&watch->poll, events, on_ready);
    else
        (void)uv_poll_stop(&watch->poll);
}

// c-ares finds out itself what is wrong with a connection. Before that there
// may be octets to read, and libuv has stopped looking.
static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *const watch = ORD_CONTAINER(poll, struct watch, poll);
    struct wire *const w = watch->wire;
    const ares_socket_t fd = watch->fd; // it may be closed meanwhile
    if (status < 0)
        events = UV_READABLE | UV_WRITABLE;
    ares_process_fd(w->ares, events & UV_READABLE ? fd : ARES_SOCKET_BAD,
                    events & UV_WRITABLE ? fd : ARES_SOCKET_BAD);
    if (status < 0 && w->watch == watch)
        watch_for(watch, watch->events);
    w->calls->settled(w->context);
}

// c-ares: what is waited for.
static void on_state(void *context, ares_socket_t fd, int readable,
                     int writable)
{
    struct wire *const w = context;
    const int events =
        (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
    if (w->watch && w->watch->fd == fd)
        watch_for(w->watch, events);
}

// --- a wire ----------------------------------------------------------------

// With all of them c-ares reads no file; none is left to the environment.
static int init_ares(struct wire *w, bool tcp)
{
    char lookups[] = "b";
    struct ares_options o = {
        .flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH |
                 ARES_FLAG_NOALIASES | (tcp ? ARES_FLAG_USEVC : 0),
        .timeout = tcp ? CHANNEL_GIVE_UP_MS : CHANNEL_SLOW_MS,
        .tries = tcp ? TCP_TRIES : UDP_TRIES,
        .lookups = lookups,
        .sock_state_cb = on_state,
        .sock_state_cb_data = w,
    };
    const int which = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                      ARES_OPT_NDOTS | ARES_OPT_SERVERS | ARES_OPT_DOMAINS |
                      ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST | ARES_OPT_NOROTATE |
                      (tcp ? ARES_OPT_SOCK_STATE_CB : 0);
    return ares_init_options(&w->ares, &o, which);
}

static int set_server(struct wire *w)
{
    const int port = sockaddr_port(&w->server);
    struct ares_addr_port_node node = {
        .family = w->server.any.sa_family, .udp_port = port, .tcp_port = port};
    if (node.family == AF_INET)
        node.addr.addr4 = w->server.v4.sin_addr;
    else
        memcpy(&node.addr.addr6, &w->server.v6.sin6_addr,
               sizeof node.addr.addr6);
    return ares_set_servers_ports(w->ares, &node);
}

int wire_new(uv_loop_t *loop, const struct sockaddr_any *server,
             enum channel_transport transport, const struct wire_calls *calls,
             void *context, struct wire **out)
{
    const bool tcp = transport == CHANNEL_TCP;
    struct wire *w = malloc(sizeof *w);
    if (!w)
        return -ENOMEM;
    *w = (struct wire){.loop = loop,
                       .server = *server,
                       .transport = transport,
                       .calls = calls,
                       .context = context};
    int status = init_ares(w, tcp);
    if (status == ARES_SUCCESS)
        status = set_server(w);
    if (status != ARES_SUCCESS) { // there is nothing but memory to go wrong
        ares_destroy(w->ares);
        free(w);
        return -ENOMEM;
    }
    ares_set_socket_functions(w->ares, tcp ? &tcp_functions : &udp_functions,
                              w);
    *out = w;
    return 0;
}

void wire_free(struct wire *w)
{
    if (!w)
        return;
    ares_destroy(w->ares);
    free(w);
}

static enum channel_outcome outcome_of(int status)
{
    if (status == ARES_SUCCESS)
        return CHANNEL_ANSWERED;
    return status == ARES_ETIMEOUT ? CHANNEL_SILENT : CHANNEL_UNREACHABLE;
}

static void on_ended(void *context, int status, int timeouts,
                     unsigned char *reply, int n)
{
    struct wire_query *const q = context;
    struct wire *const w = q->wire;
    (void)timeouts;
    q->on_way = false;
    if (w->sending == q) { // wire_send() says so
        w->sending = NULL;
        if (status == ARES_ENOMEM)
            w->error = -ENOMEM;
        return;
    }
    const bool answered = status == ARES_SUCCESS;
    w->calls->ended(q, outcome_of(status),
                    answered ? span_of(reply, (size_t)n) : (struct span){0});
}

int wire_send(struct wire *w, struct span message, struct wire_query *q)
{
    *q = (struct wire_query){.wire = w, .on_way = true};
    w->error = -EIO;
    w->sending = q;
    ares_send(w->ares, message.p, (int)message.n, on_ended, q);
    w->sending = NULL;
    return q->on_way ? 0 : w->error;
}

// By the shortest reply that c-ares takes.
void wire_forget(struct wire *w, uint16_t id, struct span question)
{
    uint8_t octets[DNS_HEADER + DNS_QUESTION_MAX] = {0};

    assert(w->transport == CHANNEL_UDP && question.n <= DNS_QUESTION_MAX);
    bytes_store_u16(octets, id);
    bytes_store_u16(octets + 2, DNS_FLAG_QR);
    bytes_store_u16(octets + 4, 1); // QDCOUNT
    memcpy(octets + DNS_HEADER, question.p, question.n);
    w->received = span_of(octets, DNS_HEADER + question.n);
    ares_process_fd(w->ares, NO_SOCKET, ARES_SOCKET_BAD);
    w->received = (struct span){0};
}

void wire_look(struct wire *w)
{
    ares_process_fd(w->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

void wire_cancel(struct wire *w)
{
    ares_cancel(w->ares);
}
