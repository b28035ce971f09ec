// SPDX-License-Identifier: Apache-2.0
// Which addresses this server is reached at, for ns.dns.<zone>.
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
 * The addresses that are listened on, each once. A wildcard stands for the
 * addresses of the machine's interfaces of its family, without loopback and
 * link-local ones; where there are none, for loopback.
 *
 * arena  holds the list
 *
 * Returns 0 or -ENOMEM.
 */
int servers_of(const struct sockaddr_list *listen, struct arena *arena,
               struct address_list *out) ORD_CHECKED;

#endif
