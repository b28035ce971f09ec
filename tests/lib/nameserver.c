// SPDX-License-Identifier: Apache-2.0
#include "lib/nameserver.h"

#include "dns/message.h"
#include "dns/name.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

// --- sockets ---------------------------------------------------------------

static void fail(const char *what)
{
    fprintf(stderr, "nameserver: %s: %s\n", what, strerror(errno));
    abort();
}

static int bound(const struct sockaddr_any *a, int type)
{
    const int fd = socket(a->any.sa_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail("socket");
    if (bind(fd, &a->any, a->length) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

bool nameserver_try(struct nameserver *s, const char *text)
{
    struct sockaddr_any any;
    struct error err;
    if (sockaddr_parse(text, &any, &err) < 0)
        fail(err.text);
    *s = (struct nameserver){.udp = bound(&any, SOCK_DGRAM), .tcp = -1};
    if (s->udp < 0)
        return false;
    s->address.length = sizeof s->address.v6;
    getsockname(s->udp, &s->address.any, &s->address.length);
    s->tcp = bound(&s->address, SOCK_STREAM);
    if (s->tcp >= 0 && listen(s->tcp, 100) == 0)
        return true;
    nameserver_stop(s);
    return false;
}

void nameserver_start(struct nameserver *s, const char *text)
{
    for (int i = 0; i < 100; i++) // TCP may have lost the port to somebody
        if (nameserver_try(s, text))
            return;
    fail("no port for both");
}

void nameserver_close_udp(struct nameserver *s)
{
    if (s->udp >= 0)
        close(s->udp);
    s->udp = -1;
}

void nameserver_close_tcp(struct nameserver *s)
{
    if (s->tcp >= 0)
        close(s->tcp);
    s->tcp = -1;
}

void nameserver_stop(struct nameserver *s)
{
    nameserver_close_udp(s);
    nameserver_close_tcp(s);
}

// Run the loop until fd is readable.
static void wait_for(int fd, uv_loop_t *loop, const char *what)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (int i = 0; i < PATIENCE_MS; i++) {
        (void)uv_run(loop, UV_RUN_NOWAIT);
        if (poll(&p, 1, 1) > 0)
            return;
    }
    errno = ETIMEDOUT;
    fail(what);
}

void nameserver_run(uv_loop_t *loop)
{
    const struct timespec moment = {.tv_nsec = 500000};
    (void)uv_run(loop, UV_RUN_NOWAIT);
    nanosleep(&moment, NULL);
}

void nameserver_settle(uv_loop_t *loop)
{
    for (int i = 0; i < 40; i++)
        nameserver_run(loop);
}

bool nameserver_has(struct nameserver *s, struct asked *out)
{
    out->from.length = sizeof out->from.v6;
    const ssize_t n = recvfrom(s->udp, out->octets, sizeof out->octets,
                               MSG_DONTWAIT, &out->from.any, &out->from.length);
    out->n = n < 0 ? 0 : (size_t)n;
    return n >= 0;
}

void nameserver_wait(struct nameserver *s, uv_loop_t *loop, struct asked *out)
{
    wait_for(s->udp, loop, "no query comes");
    if (!nameserver_has(s, out))
        fail("recvfrom");
}

int nameserver_accept(struct nameserver *s, uv_loop_t *loop)
{
    wait_for(s->tcp, loop, "no connection comes");
    const int fd = accept(s->tcp, NULL, NULL);
    if (fd < 0)
        fail("accept");
    return fd;
}

static bool read_all(int fd, uv_loop_t *loop, uint8_t *to, size_t n)
{
    while (n > 0) {
        wait_for(fd, loop, "no query comes by the connection");
        const ssize_t got = read(fd, to, n);
        if (got <= 0)
            return false;
        to += got;
        n -= (size_t)got;
    }
    return true;
}

bool nameserver_read(int connection, uv_loop_t *loop, struct asked *out)
{
    uint8_t length[2];
    if (!read_all(connection, loop, length, sizeof length))
        return false;
    out->n = bytes_load_u16(length);
    if (out->n > sizeof out->octets)
        fail("a query is too long");
    return read_all(connection, loop, out->octets, out->n);
}

void nameserver_send(struct nameserver *s, const struct asked *to,
                     struct span reply)
{
    if (sendto(s->udp, reply.p, reply.n, 0, &to->from.any, to->from.length) < 0)
        fail("sendto");
}

static void write_piece(int fd, uv_loop_t *loop, const uint8_t *from, size_t n)
{
    for (int i = 0; n > 0; i++) {
        const ssize_t put = send(fd, from, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put < 0 && (errno != EAGAIN || i > PATIENCE_MS))
            fail("send");
        (void)uv_run(loop, UV_RUN_NOWAIT);
        from += put < 0 ? 0 : put;
        n -= put < 0 ? 0 : (size_t)put;
    }
}

void nameserver_write(int connection, uv_loop_t *loop, struct span reply,
                      size_t piece)
{
    static uint8_t all[2 + DNS_TCP_MAX];
    bytes_store_u16(all, (uint16_t)reply.n);
    memcpy(all + 2, reply.p, reply.n);
    for (size_t at = 0; at < reply.n + 2; at += piece) {
        const size_t left = reply.n + 2 - at;
        write_piece(connection, loop, all + at, left < piece ? left : piece);
    }
}

// --- messages --------------------------------------------------------------

size_t nameserver_reply(const struct asked *q, uint8_t *out, size_t n)
{
    memset(out, 'x', n);
    memcpy(out, q->octets, q->n);
    bytes_store_u16(out + 2, bytes_load_u16(out + 2) | DNS_FLAG_QR);
    return n;
}

size_t nameserver_question(uint8_t *out, const char *name, uint16_t type)
{
    struct dns_name wire;
    struct error err;
    if (dns_name_parse(name, &wire, &err) < 0)
        fail(err.text);
    memset(out, 0, DNS_HEADER);
    bytes_store_u16(out + 2, DNS_FLAG_RD);
    bytes_store_u16(out + 4, 1);
    memcpy(out + DNS_HEADER, wire.wire, wire.n);
    bytes_store_u16(out + DNS_HEADER + wire.n, type);
    bytes_store_u16(out + DNS_HEADER + wire.n + 2, 1);
    return DNS_HEADER + wire.n + 4u;
}
