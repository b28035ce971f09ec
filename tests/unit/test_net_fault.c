// SPDX-License-Identifier: Apache-2.0
// The system calls and allocations of a worker fail, one at a time: each N-th
// of each kind, with each error that it may have. Replies may get lost by that;
// nothing else may.
#include "lib/fault.h"
#include "lib/server.h"
#include "net/worker.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

// --- calls that fail -------------------------------------------------------

// These stand before the C library's, for libuv too. Only workers meet faults:
// the test itself, which is the client, runs on another thread.
enum call { CALL_READ, CALL_WRITE, CALL_ACCEPT, CALL_RECEIVE, CALL_SEND };

enum { HALF = -1 }; // instead of an errno: less than was asked for

static pthread_t client;
static _Atomic int failing = -1; // enum call
static _Atomic int failing_errno;
static _Atomic long countdown = -1;

static void fail_after(enum call call, int code, long n)
{
    atomic_store(&failing, (int)call);
    atomic_store(&failing_errno, code);
    atomic_store(&countdown, n);
}

// Whether the call was met. None fails from here on.
static bool has_failed(void)
{
    return atomic_exchange(&countdown, -1) <= 0;
}

// The errno for this call, HALF, or 0: let it be.
static int fault_of(enum call call)
{
    if (pthread_equal(pthread_self(), client) ||
        atomic_load(&failing) != (int)call || atomic_load(&countdown) <= 0 ||
        atomic_fetch_sub(&countdown, 1) != 1)
        return 0;
    return atomic_load(&failing_errno);
}

// The next definition of the function that is asked from; POSIX lets a function
// pointer be had from dlsym() only by way of memory.
#define NEXT(name, type)                                                       \
    __typeof__(type) *next;                                                    \
    do {                                                                       \
        void *const at = dlsym(RTLD_NEXT, name);                               \
        memcpy(&next, &at, sizeof next);                                       \
    } while (0)

#define FAIL(call)                                                             \
    const int fault = fault_of(call);                                          \
    if (fault > 0) {                                                           \
        errno = fault;                                                         \
        return -1;                                                             \
    }

ssize_t read(int fd, void *to, size_t n)
{
    NEXT("read", ssize_t(int, void *, size_t));
    if (n == 1024) // the loop reads its wake-ups so, and no connection does
        return next(fd, to, n);
    FAIL(CALL_READ)
    return next(fd, to, fault == HALF && n > 1 ? 1 : n);
}

ssize_t write(int fd, const void *from, size_t n)
{
    NEXT("write", ssize_t(int, const void *, size_t));
    FAIL(CALL_WRITE)
    return next(fd, from, fault == HALF && n > 1 ? n / 2 : n);
}

ssize_t writev(int fd, const struct iovec *from, int n)
{
    NEXT("writev", ssize_t(int, const struct iovec *, int));
    FAIL(CALL_WRITE)
    if (fault == HALF) {
        const struct iovec first = {from->iov_base, from->iov_len / 2};
        return next(fd, &first, 1);
    }
    return next(fd, from, n);
}

int accept4(int fd, struct sockaddr *from, socklen_t *n, int flags)
{
    NEXT("accept4", int(int, struct sockaddr *, socklen_t *, int));
    FAIL(CALL_ACCEPT)
    return next(fd, from, n, flags);
}

int accept(int fd, struct sockaddr *from, socklen_t *n)
{
    NEXT("accept", int(int, struct sockaddr *, socklen_t *));
    FAIL(CALL_ACCEPT)
    return next(fd, from, n);
}

int recvmmsg(int fd, struct mmsghdr *to, unsigned n, int flags,
             struct timespec *timeout)
{
    NEXT("recvmmsg",
         int(int, struct mmsghdr *, unsigned, int, struct timespec *));
    FAIL(CALL_RECEIVE)
    return next(fd, to, fault == HALF ? 1 : n, flags, timeout);
}

ssize_t recvmsg(int fd, struct msghdr *to, int flags)
{
    NEXT("recvmsg", ssize_t(int, struct msghdr *, int));
    FAIL(CALL_RECEIVE)
    return next(fd, to, flags);
}

int sendmmsg(int fd, struct mmsghdr *from, unsigned n, int flags)
{
    NEXT("sendmmsg", int(int, struct mmsghdr *, unsigned, int));
    FAIL(CALL_SEND)
    return next(fd, from, fault == HALF ? 1 : n, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *from, int flags)
{
    NEXT("sendmsg", ssize_t(int, const struct msghdr *, int));
    FAIL(CALL_SEND)
    return next(fd, from, flags);
}

// --- what the server does meanwhile ----------------------------------------

enum { QUIET_MS = 15, DATAGRAMS = 40, LARGE = 12 };

static void read_for_a_while(int fd)
{
    static uint8_t octets[65536];
    while (client_waits(fd, QUIET_MS) &&
           recv(fd, octets, sizeof octets, MSG_DONTWAIT) > 0)
        continue;
}

// Octets that the other side may have closed for meanwhile.
static void try_send(int fd, const uint8_t *octets, size_t n)
{
    (void)!send(fd, octets, n, MSG_NOSIGNAL);
}

// More than one batch, so that the socket leaves the loop's set and comes back.
static void use_udp(const struct server *s)
{
    uint8_t query[SERVER_QUERY_SIZE];
    const int fd = client_connect(&s->address, SOCK_DGRAM, NULL);
    for (uint16_t id = 0; id < DATAGRAMS; id++)
        try_send(fd, query,
                 client_query(query, id, SERVER_SMALL, SERVER_TYPE_A));
    read_for_a_while(fd);
    close(fd);
}

// A message in two pieces, several at once, and replies that have to wait for
// a client that reads late.
static void use_tcp(const struct server *s)
{
    static uint8_t frames[LARGE * SERVER_QUERY_SIZE];
    const int fd = client_connect(&s->address, SOCK_STREAM, NULL);
    const struct timespec moment = {.tv_nsec = 3000000};
    size_t n = client_frame(frames, 1, SERVER_SMALL, SERVER_TYPE_A);
    try_send(fd, frames, 7);
    nanosleep(&moment, NULL);
    try_send(fd, frames + 7, n - 7);
    nanosleep(&moment, NULL);
    n = 0;
    for (uint16_t id = 0; id < LARGE; id++)
        n += client_frame(frames + n, id, SERVER_BIG, SERVER_TYPE_SRV);
    try_send(fd, frames, n);
    nanosleep(&moment, NULL);
    read_for_a_while(fd);
    close(fd);
}

static void answers_rightly(const struct server *s)
{
    static uint8_t reply[65535];
    uint8_t query[SERVER_QUERY_SIZE];
    int fd = client_connect(&s->address, SOCK_DGRAM, NULL);
    client_send(fd, query, client_query(query, 5, SERVER_SMALL, SERVER_TYPE_A));
    assert_true(client_waits(fd, SERVER_PATIENCE_MS));
    const ssize_t n = recv(fd, reply, sizeof reply, 0);
    assert_true(n > 0);
    assert_true(client_accepts(reply, (size_t)n, 5, SERVER_SMALL_N));
    close(fd);

    fd = client_connect(&s->address, SOCK_STREAM, NULL);
    client_send(fd, query, client_frame(query, 6, SERVER_BIG, SERVER_TYPE_SRV));
    assert_true(
        client_accepts(reply, client_reply(fd, reply), 6, SERVER_BIG_N));
    close(fd);
}

static void wait_closed(const struct server *s)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    for (int i = 0; i < SERVER_PATIENCE_MS; i++) {
        if (workers_state(s->workers).connections_open == 0)
            return;
        nanosleep(&moment, NULL);
    }
    fail_msg("a connection stays open");
}

// As many files are open again as before: a connection that its client has
// given up may still wait to be accepted.
static void wait_files(unsigned expected)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    for (int i = 0; i < SERVER_PATIENCE_MS && server_open_files() != expected;
         i++)
        nanosleep(&moment, NULL);
    assert_int_equal(server_open_files(), expected);
}

// --- tests -----------------------------------------------------------------

static void survives(enum call call, void (*use)(const struct server *s),
                     const int *codes, size_t codes_n)
{
    struct server s;
    long calls = 0;

    client = pthread_self();
    server_start(&s, "127.0.0.1:0", server_settings());
    answers_rightly(&s);
    wait_closed(&s);
    const unsigned files = server_open_files();
    for (size_t i = 0; i < codes_n; i++) {
        long n = 0;
        do {
            fail_after(call, codes[i], ++n);
            use(&s);
        } while (has_failed() && n < 30);
        calls += n - 1;
        answers_rightly(&s);
        wait_closed(&s);
        wait_files(files);
    }
    assert_true(calls >= (long)codes_n); // each of them was met
    server_stop(&s);
}

static void a_read_may_fail(void **state)
{
    static const int codes[] = {ECONNRESET, EINTR, EAGAIN, ENOMEM, EIO, HALF};
    (void)state;
    survives(CALL_READ, use_tcp, codes, ORD_COUNT(codes));
}

static void a_write_may_fail(void **state)
{
    static const int codes[] = {EPIPE,   ECONNRESET, EINTR, EAGAIN,
                                ENOBUFS, ENOMEM,     HALF};
    (void)state;
    survives(CALL_WRITE, use_tcp, codes, ORD_COUNT(codes));
}

static void an_accept_may_fail(void **state)
{
    static const int codes[] = {EMFILE, ENFILE, ECONNABORTED, EINTR,
                                EAGAIN, ENOMEM, ENOBUFS,      EPERM};
    (void)state;
    survives(CALL_ACCEPT, use_tcp, codes, ORD_COUNT(codes));
}

static void a_receive_may_fail(void **state)
{
    static const int codes[] = {EINTR, EAGAIN, ECONNREFUSED, ENOMEM, EIO, HALF};
    (void)state;
    survives(CALL_RECEIVE, use_udp, codes, ORD_COUNT(codes));
}

static void a_send_may_fail(void **state)
{
    static const int codes[] = {EINTR,   EAGAIN,   EPERM, ENETUNREACH,
                                ENOBUFS, EMSGSIZE, HALF};
    (void)state;
    survives(CALL_SEND, use_udp, codes, ORD_COUNT(codes));
}

// Only those of connections: a batch of datagrams needs none.
static void an_allocation_may_fail(void **state)
{
    struct server s;
    long n = 0;
    bool hit;

    (void)state;
    client = pthread_self();
    server_start(&s, "127.0.0.1:0", server_settings());
    answers_rightly(&s);
    wait_closed(&s);
    const unsigned files = server_open_files();
    do {
        fault_alloc_after(++n);
        use_tcp(&s);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        wait_closed(&s);
        wait_files(files);
    } while (hit);
    assert_true(n > 2); // for a message's beginning, and for a waiting reply
    answers_rightly(&s);
    server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_may_fail),
        cmocka_unit_test(a_write_may_fail),
        cmocka_unit_test(an_accept_may_fail),
        cmocka_unit_test(a_receive_may_fail),
        cmocka_unit_test(a_send_may_fail),
        cmocka_unit_test(an_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
