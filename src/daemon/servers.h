// SPDX-License-Identifier: Apache-2.0
// Which addresses this server is reached at.
#ifndef ORDINALD_DAEMON_SERVERS_H
#define ORDINALD_DAEMON_SERVERS_H

#include "base/arena.h"
#include "daemon/settings.h"

#include <stddef.h>

struct address_list {
    struct address *items;
    size_t n;
};

/*
 * For ns.dns.<zone>: the addresses that are listened on, each once. A wildcard
 * stands for the addresses of the machine's interfaces of its family, without
 * loopback and link-local ones; where there are none, for loopback.
 *
 * arena  holds the list
 *
 * Returns 0 or -ENOMEM.
 */
int servers_of(const struct sockaddr_list *listen, struct arena *arena,
               struct address_list *out) ORD_CHECKED;

/*
 * The socket that gets what is sent to an address: it listens there, or at a
 * wildcard, and the address is one of this machine, loopback included. What the
 * interfaces have now counts. NULL: none of them.
 */
const struct sockaddr_any *servers_hearing(const struct sockaddr_list *listen,
                                           const struct sockaddr_any *to);

#endif
