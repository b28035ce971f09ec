// SPDX-License-Identifier: Apache-2.0
#include "descriptors.h"

#include <sys/resource.h>

unsigned descriptors_claim(size_t sockets, unsigned connections)
{
    const rlim_t others = DESCRIPTORS_RESERVE + (rlim_t)sockets;
    const rlim_t wanted = others + connections;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return connections;
    struct rlimit raised = limit;
    raised.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) < 0)
        raised = limit;
    if (raised.rlim_cur >= wanted)
        return connections;
    return raised.rlim_cur > others ? (unsigned)(raised.rlim_cur - others) : 1;
}
