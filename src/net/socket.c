// SPDX-License-Identifier: Apache-2.0
// SO_REUSEPORT lets several sockets share a port, and would let a second server
// join them unnoticed and take half of the queries. So the first socket is
// bound without it, which fails when anybody is there, and gets the option
// once it is bound: the workers' other sockets may then join. Nothing lies
// between the question whether the port is free and taking it.
#include "socket.h"

#include "pktinfo.h"
#include "system.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    // Connections that wait to be accepted, for as long as one turn of the loop
    // takes; the kernel cuts it down to net.core.somaxconn.
    BACKLOG = 1024,
    // How often a port that the system chose for UDP may be taken for TCP.
    PORT_TRIES = 64,
};

static int set_option(int fd, int level, int option)
{
    const int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on) < 0 ? -errno : 0;
}

static int prepare(int fd, const struct sockaddr_any *a, int type)
{
    int r = 0;
    // [::] is IPv6 only; 0.0.0.0 may be given beside it
    if (a->any.sa_family == AF_INET6)
        r = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    if (r == 0 && type == SOCK_DGRAM) {
        system_tune_udp(fd, a->any.sa_family);
        if (sockaddr_is_wildcard(a))
            r = pktinfo_ask(fd, a->any.sa_family);
    }
    if (r == 0 && type == SOCK_STREAM) {
        // Connections of a server that ended a moment ago are in TIME-WAIT
        // and must not keep us out. (With UDP the option would share ports.)
        r = set_option(fd, SOL_SOCKET, SO_REUSEADDR);
        // Inherited by accepted connections: replies go at once, never held
        // back until an earlier one is acknowledged.
        if (r == 0)
            r = set_option(fd, IPPROTO_TCP, TCP_NODELAY);
    }
    return r;
}

static int claim_port(int fd, const struct sockaddr_any *a,
                      enum socket_claim claim)
{
    int r = 0;
    if (claim == SOCKET_SHARE)
        r = set_option(fd, SOL_SOCKET, SO_REUSEPORT);
    if (r == 0 && bind(fd, &a->any, a->length) < 0)
        r = -errno;
    if (r == 0 && claim == SOCKET_FIRST)
        r = set_option(fd, SOL_SOCKET, SO_REUSEPORT);
    return r;
}

// Returns a descriptor or a negative errno.
static int open_socket(const struct sockaddr_any *a, int type,
                       enum socket_claim claim)
{
    const int fd =
        socket(a->any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int r = prepare(fd, a, type);
    if (r == 0)
        r = claim_port(fd, a, claim);
    if (r == 0 && type == SOCK_STREAM && listen(fd, BACKLOG) < 0)
        r = -errno;
    if (r < 0) {
        (void)close(fd);
        return r;
    }
    return fd;
}

static int explain_in_use(struct error *err, const char *where, bool tcp)
{
    return error_set(err, -EADDRINUSE,
                     "cannot listen on %s (%s): address in use; another server "
                     "is there (ss -l%cnp shows it): stop it or choose "
                     "another --listen",
                     where, tcp ? "tcp" : "udp", tcp ? 't' : 'u');
}

// What hinders and how to mend it; NULL for what has no better text than its
// errno's.
static const char *hint_for(int code, bool ipv6)
{
    switch (code) {
    case -EACCES:
    case -EPERM:
        return "no permission for a port below 1024: give the program "
               "CAP_NET_BIND_SERVICE (setcap cap_net_bind_service=+ep), a pod "
               "the sysctl net.ipv4.ip_unprivileged_port_start=53, or choose a "
               "port above 1023";
    case -EADDRNOTAVAIL:
        return ipv6 ? "this machine has no such address: choose one that "
                      "'ip -6 address' shows, or [::] for all"
                    : "this machine has no such address: choose one that "
                      "'ip -4 address' shows, or 0.0.0.0 for all";
    case -EAFNOSUPPORT:
        return ipv6 ? "this machine has no IPv6: choose an IPv4 address"
                    : "this machine has no IPv4: choose an IPv6 address";
    case -EMFILE:
    case -ENFILE:
        return "too many open files: raise the limit (ulimit -n) or lower "
               "--threads";
    case -EINVAL:
        // bind() says so of a link-local address without its interface
        return ipv6 ? "the address needs its interface, as in [fe80::1%eth0]"
                    : NULL;
    default:
        return NULL;
    }
}

static int explain(struct error *err, int code, const struct sockaddr_any *a,
                   int type)
{
    char where[SOCKADDR_TEXT_SIZE];
    const bool tcp = type == SOCK_STREAM;
    (void)sockaddr_format(a, where);
    if (code == -EADDRINUSE)
        return explain_in_use(err, where, tcp);
    const char *hint = hint_for(code, a->any.sa_family == AF_INET6);
    return error_set(err, code, "cannot listen on %s (%s): %s", where,
                     tcp ? "tcp" : "udp", hint ? hint : uv_strerror(code));
}

// Fill in the port that bind() chose.
static int learn_port(int fd, struct sockaddr_any *a)
{
    struct sockaddr_any bound = {.length = sizeof bound.v6};
    if (getsockname(fd, &bound.any, &bound.length) < 0)
        return -errno;
    if (a->any.sa_family == AF_INET6)
        a->v6.sin6_port = bound.v6.sin6_port;
    else
        a->v4.sin_port = bound.v4.sin_port;
    return 0;
}

// One try. Sets at to the type of socket that failed.
static int open_both(struct sockaddr_any *a, enum socket_claim claim,
                     struct socket_pair *out, int *at)
{
    struct socket_pair pair = {.udp = -1, .tcp = -1};
    int r;

    *at = SOCK_DGRAM;
    r = pair.udp = open_socket(a, SOCK_DGRAM, claim);
    if (r >= 0 && sockaddr_port(a) == 0)
        r = learn_port(pair.udp, a);
    if (r >= 0) {
        *at = SOCK_STREAM;
        r = pair.tcp = open_socket(a, SOCK_STREAM, claim);
    }
    if (r < 0) {
        socket_pair_close(&pair);
        return r;
    }
    *out = pair;
    return 0;
}

int socket_pair_open(struct sockaddr_any *address, enum socket_claim claim,
                     struct socket_pair *out, struct error *err)
{
    const bool chosen = sockaddr_port(address) != 0;
    struct sockaddr_any a;
    int r, at, tries = 0;

    do {
        a = *address;
        r = open_both(&a, claim, out, &at);
    } while (r == -EADDRINUSE && !chosen && ++tries < PORT_TRIES);
    if (r < 0)
        return explain(err, r, &a, at);
    *address = a;
    return 0;
}

void socket_pair_close(struct socket_pair *pair)
{
    if (pair->udp >= 0)
        (void)close(pair->udp);
    if (pair->tcp >= 0)
        (void)close(pair->tcp);
    *pair = (struct socket_pair){.udp = -1, .tcp = -1};
}
