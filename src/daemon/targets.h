// SPDX-License-Identifier: Apache-2.0
// Which servers --forward names: its addresses, and those in its files as they
// are now. Control thread. Private to daemon/.
#ifndef ORDINALD_DAEMON_TARGETS_H
#define ORDINALD_DAEMON_TARGETS_H

#include "base/base.h"
#include "base/error.h"
#include "base/log.h"
#include "daemon/settings.h"
#include "net/upstreams.h"

#include <stdbool.h>
#include <stddef.h>

struct targets;

// Addresses, in the order of the settings, each once.
struct target_list {
    struct sockaddr_any items[UPSTREAMS_MAX];
    size_t n;
};

/*
 * Read the files for the first time.
 *
 * s, log  borrowed until targets_free()
 *
 * Returns 0 and sets out. With err filled -EINVAL for an address that is our
 * own, what the system says of a file that cannot be read, or -ENOMEM.
 */
int targets_new(const struct settings *s, const struct log *log,
                struct targets **out, struct error *err) ORD_CHECKED;

void targets_free(struct targets *t); // NULL is fine

/*
 * Read the files again. One that cannot be read keeps the servers that it had,
 * which is said once. Our own addresses in files are left out, and said when
 * they come.
 *
 * Returns whether targets_now() has changed.
 */
bool targets_read(struct targets *t);

// Borrowed until the next targets_read().
const struct target_list *targets_now(const struct targets *t);

#endif
