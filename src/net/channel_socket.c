// SPDX-License-Identifier: Apache-2.0
#include "channel_socket.h"

#include <errno.h>
#include <stdlib.h>

struct channel_socket {
    uv_udp_t udp;
    struct channel_sockets *all;
    void *context;
};

static struct channel_socket *socket_of(void *handle)
{
    return ORD_CONTAINER(handle, struct channel_socket, udp);
}

static void on_closed(uv_handle_t *handle)
{
    free(socket_of(handle));
}

void channel_socket_close(struct channel_socket *s)
{
    if (s)
        uv_close((uv_handle_t *)&s->udp, on_closed);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct channel_sockets *const all = socket_of(handle)->all;
    (void)suggested;
    *buf = uv_buf_init((char *)all->buffer, sizeof all->buffer);
}

// The kernel compares it too, but for what came before the socket was
// connected.
static bool is_from_server(const struct channel_socket *s,
                           const struct sockaddr *from)
{
    const struct sockaddr_any *const server = &s->all->server;
    struct sockaddr_any a = {.length = server->length};

    if (from->sa_family != server->any.sa_family)
        return false;
    memcpy(&a.any, from, server->length);
    const struct address x = sockaddr_address(&a);
    const struct address y = sockaddr_address(server);
    return sockaddr_port(&a) == sockaddr_port(server) &&
           address_compare(&x, &y) == 0;
}

static void on_received(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
                        const struct sockaddr *from, unsigned flags)
{
    struct channel_socket *const s = socket_of(udp);
    if (n < 0)
        s->all->event(s->context, (int)n, (struct span){0});
    else if (from && !(flags & UV_UDP_PARTIAL) && is_from_server(s, from))
        s->all->event(s->context, 0, span_of(buf->base, (size_t)n));
}

static int send_by(struct channel_socket *s, struct span message)
{
    // libuv writes the octets nowhere but to the network
    const uv_buf_t buf =
        uv_buf_init((char *)(uintptr_t)message.p, (unsigned)message.n);
    const int r = uv_udp_try_send(&s->udp, &buf, 1, NULL);
    return r < 0 ? r : 0;
}

void channel_socket_send(struct channel_socket *s, struct span message)
{
    (void)send_by(s, message);
}

// What is used up here says nothing about the network.
static int local_fault(int code)
{
    switch (code) {
    case UV_ENFILE:
    case UV_EADDRINUSE: // all ports are in use
    case UV_EAGAIN:
        return UV_EMFILE;
    case UV_ENOBUFS:
        return UV_ENOMEM;
    default:
        return code;
    }
}

int channel_socket_open(struct channel_sockets *all, struct span message,
                        void *context, struct channel_socket **out)
{
    struct channel_socket *s = malloc(sizeof *s);
    if (!s)
        return -ENOMEM;
    s->all = all;
    s->context = context;
    (void)uv_udp_init(all->loop, &s->udp); // 0 without a socket
    int r = uv_udp_connect(&s->udp, &all->server.any);
    if (r == 0)
        r = uv_udp_recv_start(&s->udp, on_room, on_received);
    if (r == 0)
        r = send_by(s, message);
    if (r < 0) {
        channel_socket_close(s);
        return local_fault(r);
    }
    *out = s;
    return 0;
}
