// SPDX-License-Identifier: Apache-2.0
// Who counts as one client where shares are given out: an IPv4 address, or an
// IPv6 /64, because a host may choose any address below that (RFC 7934). Pure;
// any thread.
#ifndef ORDINALD_NET_CLIENT_H
#define ORDINALD_NET_CLIENT_H

#include "base/bytes.h"
#include "base/sockaddr.h"

#include <stdint.h>

// Nobody: the prefix of multicast addresses.
#define CLIENT_NONE UINT64_MAX

// An IPv6 address's first 64 bits; an IPv4 address below ::/16, where no IPv6
// prefix is given out (RFC 4291 2.4) but that of ::1.
static inline uint64_t client_of(const struct sockaddr_any *a)
{
    if (a->any.sa_family == AF_INET6)
        return (uint64_t)bytes_load_u32(a->v6.sin6_addr.s6_addr) << 32 |
               bytes_load_u32(a->v6.sin6_addr.s6_addr + 4);
    return UINT64_C(0xffff00000000) | ntohl(a->v4.sin_addr.s_addr);
}

#endif
