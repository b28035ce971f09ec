// SPDX-License-Identifier: Apache-2.0
// The name servers in a resolv.conf(5). Control thread, and commands.
#ifndef ORDINALD_BASE_RESOLV_CONF_H
#define ORDINALD_BASE_RESOLV_CONF_H

#include "base/base.h"
#include "base/error.h"
#include "base/sockaddr.h"

#include <stddef.h>

enum { RESOLV_CONF_SERVERS_MAX = 15 };

struct resolv_conf {
    struct sockaddr_any servers[RESOLV_CONF_SERVERS_MAX]; // port 53
    size_t n; // what stands behind the last place is left out
};

/*
 * Read a file. Lines other than "nameserver" are skipped; addresses may have a
 * zone, "fe80::1%eth0".
 *
 * Returns 0, also where it names no server; with err filled a negative errno
 * where it cannot be read, -EINVAL with the line for an address that is none.
 */
int resolv_conf_read(const char *path, struct resolv_conf *out,
                     struct error *err) ORD_CHECKED;

#endif
