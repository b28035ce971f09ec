// SPDX-License-Identifier: Apache-2.0
// The name servers in a resolv.conf(5). Control thread, and commands.
#ifndef ORDINALD_BASE_RESOLV_CONF_H
#define ORDINALD_BASE_RESOLV_CONF_H

#include "base/base.h"
#include "base/error.h"
#include "base/sockaddr.h"

#include <stddef.h>

enum {
    RESOLV_CONF_SERVERS_MAX = 15,
    RESOLV_CONF_SIZE_MAX = 65536, // octets of a file; a real one has hundreds
};

struct resolv_conf {
    struct sockaddr_any servers[RESOLV_CONF_SERVERS_MAX]; // port 53
    size_t n; // each server once; what stands behind the last place is left out
    // of the first "nameserver" without an address, a sentence with file and
    // line; empty: there is none
    struct error fault;
};

/*
 * Read a file. Lines other than "nameserver" are skipped, as are those whose
 * address is none (see `fault`): a machine's libc goes on without them, too.
 * Addresses may have a zone, "fe80::1%eth0".
 *
 * out  filled on success only
 *
 * Returns 0, also where it names no server; with err filled a negative errno
 * where it cannot be read: also -EINVAL for what is no regular file, -EFBIG,
 * -ENOMEM.
 */
int resolv_conf_read(const char *path, struct resolv_conf *out,
                     struct error *err) ORD_CHECKED;

#endif
