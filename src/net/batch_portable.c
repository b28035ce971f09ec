// SPDX-License-Identifier: Apache-2.0
// Batches for systems that have no calls for them: one system call for each
// message, as POSIX and RFC 3542 have it. Built on Linux too, for tests.
#ifdef ORDINALD_PORTABLE

#include "batch.h"
#include "pktinfo.h"
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

// By which of our addresses a message came.
struct origin {
    size_t info_n;
    union pktinfo info;
};

struct batch {
    struct answer_job *jobs;
    struct sockaddr_any *clients;
    bool wildcard;
    struct origin origins[BATCH_MAX];
};

struct batch *batch_new(struct answer_job *jobs, struct sockaddr_any *clients,
                        int family, bool wildcard)
{
    struct batch *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->jobs = jobs;
    b->clients = clients;
    b->wildcard = wildcard;
    (void)family; // the system says it with each message
    return b;
}

void batch_free(struct batch *b)
{
    free(b);
}

// Returns 1, 0 where nothing waits, or a negative errno.
static int receive_one(struct batch *b, unsigned i, int fd)
{
    struct answer_job *const job = &b->jobs[i];
    struct sockaddr_any *const client = &b->clients[i];
    struct origin *const o = &b->origins[i];
    struct iovec iov = {.iov_base = job->message, .iov_len = job->size};
    struct msghdr m = {
        .msg_name = &client->any,
        .msg_namelen = sizeof client->v6,
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = b->wildcard ? &o->info : NULL,
        .msg_controllen = b->wildcard ? sizeof o->info : 0,
    };
    const ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR
                   ? 0
                   : -errno;
    client->length = m.msg_namelen;
    o->info_n = m.msg_controllen;
    const bool whole =
        (m.msg_flags & MSG_TRUNC) == 0 && sockaddr_port(client) != 0;
    job->query_n = whole ? (uint32_t)n : 0;
    return 1;
}

int batch_receive(struct batch *b, int fd)
{
    for (int n = 0; n < BATCH_MAX; n++) {
        const int r = receive_one(b, (unsigned)n, fd);
        if (r <= 0)
            return n > 0 ? n : r; // an error that lasts is met again
    }
    return BATCH_MAX;
}

void batch_local(const struct batch *b, unsigned i, struct batch_local *out)
{
    out->n = b->origins[i].info_n;
    memcpy(out->info, &b->origins[i].info, out->n);
}

void batch_put(struct batch *b, unsigned i, const struct sockaddr_any *client,
               const struct batch_local *local)
{
    b->clients[i] = *client;
    b->origins[i].info_n = local->n;
    memcpy(&b->origins[i].info, local->info, local->n);
}

// Returns 0 or a negative errno.
static int send_one(struct batch *b, unsigned i, int fd)
{
    const struct answer_job *const job = &b->jobs[i];
    struct sockaddr_any *const client = &b->clients[i];
    struct origin *const o = &b->origins[i];
    struct iovec iov = {.iov_base = job->message, .iov_len = job->reply_n};
    struct msghdr m = {
        .msg_name = &client->any,
        .msg_namelen = client->length,
        .msg_iov = &iov,
        .msg_iovlen = 1,
    };
    if (b->wildcard) {
        const size_t n = pktinfo_turn(&o->info, o->info_n);
        m.msg_control = n ? &o->info : NULL;
#ifdef __linux__
        m.msg_controllen = n;
#else
        m.msg_controllen = (socklen_t)n;
#endif
    }
    ssize_t r;
    do
        r = sendmsg(fd, &m, MSG_DONTWAIT);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : 0;
}

unsigned batch_send(struct batch *b, int fd, unsigned n)
{
    unsigned lost = 0;
    bool full = false;

    for (unsigned i = 0; i < n; i++) {
        if (b->jobs[i].verdict != ANSWER_SEND)
            continue;
        const int r = full ? -EAGAIN : send_one(b, i, fd);
        if (r == 0)
            continue;
        lost++;
        full = r == -EAGAIN || r == -EWOULDBLOCK || r == -ENOBUFS;
    }
    return lost;
}

void system_tune_udp(int fd, int family)
{
    // half as much as wanted is better than the default: some systems refuse
    // what is over their limit instead of cutting it down
    for (int n = SYSTEM_UDP_BUFFER; n >= 1 << 18; n /= 2) {
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof n) == 0 &&
            setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof n) == 0)
            break;
    }
    (void)family;
}

void system_tune_tcp(int fd, unsigned patience_ms)
{
    const int out = SYSTEM_TCP_SEND, in = SYSTEM_TCP_RECEIVE;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &out, sizeof out);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &in, sizeof in);
    (void)patience_ms; // POSIX has no such thing
}

void system_refuse_udp(int fd)
{
    // Once connected to itself, a socket receives from itself only. A reply
    // to another address then fails on some systems, so this is for those
    // where it does not.
#ifdef __linux__
    struct sockaddr_any self = {.length = sizeof self.v6};
    if (getsockname(fd, &self.any, &self.length) == 0)
        (void)connect(fd, &self.any, self.length);
#else
    (void)fd;
#endif
}

int system_accept(int fd, struct sockaddr_any *from)
{
    socklen_t n = sizeof from->v6;
    const int r = accept(fd, &from->any, &n);
    if (r < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    if (fcntl(r, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(r, F_SETFL, O_NONBLOCK) < 0) {
        const int code = -errno;
        (void)close(r);
        return code;
    }
    from->length = n;
    return r;
}

void system_name_thread(const char *name)
{
    (void)name; // POSIX has no such thing
}

#endif
