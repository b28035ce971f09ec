// SPDX-License-Identifier: Apache-2.0
// All that only Linux can do: recvmmsg and sendmmsg, buffers beyond the limit,
// replies that ignore path MTUs, a filter that ends reception, accept4.
#ifndef ORDINALD_PORTABLE

#include "batch.h"
#include "pktinfo.h"
#include "system.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// The kernel only writes to the receiving headers what it would find there
// again (the address's length never changes), so they are not touched between
// calls, but for the control messages' length. The sending headers name the
// replies without a gap where a query is not answered.
struct batch {
    struct answer_job *jobs;
    struct sockaddr_any *clients;
    socklen_t name_n;
    size_t control_n; // of each control message; 0: none is asked for
    struct mmsghdr in[BATCH_MAX];
    struct mmsghdr out[BATCH_MAX];
    struct iovec in_iov[BATCH_MAX];
    struct iovec out_iov[BATCH_MAX];
    union pktinfo info[]; // BATCH_MAX with a wildcard address, else none
};

_Static_assert(offsetof(struct sockaddr_in, sin_port) ==
                   offsetof(struct sockaddr_in6, sin6_port),
               "both families have the port at one place");

static void set_up(struct batch *b)
{
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        b->in_iov[i].iov_base = b->jobs[i].message;
        b->in_iov[i].iov_len = b->jobs[i].size;
        b->in[i].msg_hdr = (struct msghdr){
            .msg_name = &b->clients[i].any,
            .msg_namelen = b->name_n,
            .msg_iov = &b->in_iov[i],
            .msg_iovlen = 1,
            .msg_control = b->control_n ? &b->info[i] : NULL,
            .msg_controllen = b->control_n,
        };
        b->out[i].msg_hdr = (struct msghdr){
            .msg_namelen = b->name_n,
            .msg_iov = &b->out_iov[i],
            .msg_iovlen = 1,
        };
    }
}

struct batch *batch_new(struct answer_job *jobs, struct sockaddr_any *clients,
                        int family, bool wildcard)
{
    const size_t infos = wildcard ? BATCH_MAX * sizeof(union pktinfo) : 0;
    struct batch *b = calloc(1, sizeof *b + infos);
    if (!b)
        return NULL;
    b->jobs = jobs;
    b->clients = clients;
    b->name_n = family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                   : sizeof(struct sockaddr_in);
    b->control_n = wildcard ? sizeof(union pktinfo) : 0;
    set_up(b);
    return b;
}

void batch_free(struct batch *b)
{
    free(b);
}

// The names were another family's socket's before: once for all of them.
ORD_COLD static void set_lengths(struct batch *b)
{
    for (unsigned i = 0; i < BATCH_MAX; i++)
        b->clients[i].length = b->name_n;
}

int batch_receive(struct batch *b, int fd)
{
    const int n = recvmmsg(fd, b->in, BATCH_MAX, MSG_DONTWAIT, NULL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;

    if (ORD_UNLIKELY(b->clients[0].length != b->name_n))
        set_lengths(b);
    for (int i = 0; i < n; i++) {
        uint32_t octets = b->in[i].msg_len;
        if (ORD_UNLIKELY((b->in[i].msg_hdr.msg_flags & MSG_TRUNC) != 0 ||
                         b->clients[i].v4.sin_port == 0))
            octets = 0;
        b->jobs[i].query_n = octets;
    }
    return n;
}

void batch_local(const struct batch *b, unsigned i, struct batch_local *out)
{
    out->n = b->control_n ? b->in[i].msg_hdr.msg_controllen : 0;
    if (out->n)
        memcpy(out->info, &b->info[i], out->n);
}

void batch_put(struct batch *b, unsigned i, const struct sockaddr_any *client,
               const struct batch_local *local)
{
    if (b->clients[0].length != b->name_n)
        set_lengths(b);
    b->clients[i] = *client;
    if (b->control_n == 0)
        return;
    memcpy(&b->info[i], local->info, local->n);
    b->in[i].msg_hdr.msg_controllen = local->n;
}

// The reply's control message is the query's, turned round in place.
static void gather_control(struct batch *b, unsigned i, struct msghdr *out)
{
    const size_t n = b->in[i].msg_hdr.msg_controllen;
    out->msg_controllen = pktinfo_turn(&b->info[i], n);
    out->msg_control = out->msg_controllen ? &b->info[i] : NULL;
}

static unsigned gather(struct batch *b, unsigned n)
{
    const size_t control_n = b->control_n;
    unsigned replies = 0;

    for (unsigned i = 0; i < n; i++) {
        const struct answer_job *const job = &b->jobs[i];
        struct msghdr *const out = &b->out[replies].msg_hdr;
        if (job->verdict == ANSWER_SEND) {
            out->msg_name = &b->clients[i].any;
            b->out_iov[replies].iov_base = job->message;
            b->out_iov[replies].iov_len = job->reply_n;
            if (control_n)
                gather_control(b, i, out);
            replies++;
        }
        if (control_n) // what the kernel cut down to what it wrote
            b->in[i].msg_hdr.msg_controllen = control_n;
    }
    return replies;
}

unsigned batch_send(struct batch *b, int fd, unsigned n)
{
    const unsigned replies = gather(b, n);
    unsigned at = 0, lost = 0;

    while (at < replies) {
        // stops short of a message that cannot leave; the next call says why
        const int r = sendmmsg(fd, b->out + at, replies - at, MSG_DONTWAIT);
        if (ORD_LIKELY(r > 0)) {
            at += (unsigned)r;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            return lost + (replies - at);
        } else if (errno != EINTR) {
            at++;
            lost++;
        }
    }
    return lost;
}

static void buffer_size(int fd, int force, int ask)
{
    const int n = SYSTEM_UDP_BUFFER;
    if (setsockopt(fd, SOL_SOCKET, force, &n, sizeof n) < 0)
        (void)setsockopt(fd, SOL_SOCKET, ask, &n, sizeof n);
}

void system_tune_udp(int fd, int family)
{
    buffer_size(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    buffer_size(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    if (family == AF_INET6) {
        const int omit = IPV6_PMTUDISC_OMIT;
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit,
                         sizeof omit);
    } else {
        const int omit = IP_PMTUDISC_OMIT;
        (void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit, sizeof omit);
    }
}

void system_tune_tcp(int fd, unsigned patience_ms)
{
    const int out = SYSTEM_TCP_SEND, in = SYSTEM_TCP_RECEIVE;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &out, sizeof out);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &in, sizeof in);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms,
                     sizeof patience_ms);
}

void system_refuse_udp(int fd)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    const struct sock_fprog program = {.len = 1, .filter = &nothing};
    (void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
                     sizeof program);
}

int system_accept(int fd, struct sockaddr_any *from)
{
    socklen_t n = sizeof from->v6;
    const int r = accept4(fd, &from->any, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (r < 0)
        return -errno;
    from->length = n;
    return r;
}

void system_name_thread(const char *name)
{
    (void)pthread_setname_np(pthread_self(), name);
}

#endif
