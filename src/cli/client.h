// SPDX-License-Identifier: Apache-2.0
// How a command asks a running server: see admin/control.h.
#ifndef ORDINALD_CLI_CLIENT_H
#define ORDINALD_CLI_CLIENT_H

#include "base/base.h"
#include "base/error.h"

#include <stdio.h>

// A word of a query, "?key=value".
struct client_word {
    const char *key; // NULL ends a list of them
    const char *value;
};

/*
 * GET a page from the server that listens at a socket, and write what it says
 * to `out` as it comes.
 *
 * words  ended by one without key
 * out    may have got part of the reply where this fails; not flushed
 *
 * Returns 0; or with err filled -ECONNREFUSED where nobody listens, -ENOENT for
 * what the server does not have, -EIO where `out` cannot be written, another
 * negative errno for the rest.
 */
int client_get(const char *socket, const char *page,
               const struct client_word *words, FILE *out,
               struct error *err) ORD_CHECKED;

#endif
