// SPDX-License-Identifier: Apache-2.0
#include "pktinfo.h"

#include <errno.h>
#include <string.h>

// Linux and macOS hand over a struct in_pktinfo, the BSDs a bare address.
#if defined(IP_PKTINFO)
enum { ASK_V4 = IP_PKTINFO };
#else
enum { ASK_V4 = IP_RECVDSTADDR };
#endif

int pktinfo_ask(int fd, int family)
{
    const int on = 1;
    const int r =
        family == AF_INET6
            ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)
            : setsockopt(fd, IPPROTO_IP, ASK_V4, &on, sizeof on);
    return r < 0 ? -errno : 0;
}

// The interface is left to the routing table: the query's may not be the one
// that leads back. Only a link-local address means nothing without it.
static void turn_v6(void *data)
{
    struct in6_pktinfo info;
    memcpy(&info, data, sizeof info);
    if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
        info.ipi6_addr = in6addr_any; // nothing can be sent from it
    if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
        info.ipi6_ifindex = 0;
    memcpy(data, &info, sizeof info);
}

// ipi_spec_dst is both "our address it reached" when received and "send from"
// when sent; for a broadcast the system has put a unicast address there.
static void turn_v4(void *data)
{
#if defined(IP_PKTINFO)
    struct in_pktinfo info;
    memcpy(&info, data, sizeof info);
    info.ipi_ifindex = 0;
    memcpy(data, &info, sizeof info);
#else
    (void)data; // IP_RECVDSTADDR is IP_SENDSRCADDR
#endif
}

size_t pktinfo_turn(union pktinfo *info, size_t n)
{
    struct cmsghdr *const c = &info->header;
    if (n < sizeof *c)
        return 0;
    if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO &&
        c->cmsg_len >= CMSG_LEN(sizeof(struct in6_pktinfo)))
        turn_v6(CMSG_DATA(c));
    else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == ASK_V4)
        turn_v4(CMSG_DATA(c));
    else
        return 0;
    return n;
}
