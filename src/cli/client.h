// SPDX-License-Identifier: Apache-2.0
// How a command asks a running server: see admin/control.h.
#ifndef ORDINALD_CLI_CLIENT_H
#define ORDINALD_CLI_CLIENT_H

#include "admin/control.h"
#include "base/base.h"
#include "base/error.h"
#include "daemon/settings.h"
#include "doc/json.h"
#include "source/http.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct client {
    char socket[CONTROL_PATH_SIZE];
    // the command could do without a server, if it were given PATHs
    bool or_paths;
    uint32_t timeout_ms; // of each request, in all; 0: none
};

/*
 * Whom to ask: the server that runs at --control, or on this machine at the
 * port of --listen.
 *
 * c  the rest of it is set by the caller
 *
 * Returns 0; or with err filled -EINVAL for --control none, otherwise as
 * control_default_path().
 */
int client_find(struct client *c, const struct settings *s,
                struct error *err) ORD_CHECKED;

// Why there was no whole reply, and what to do: fills err, of a result whose
// code is not 0. Returns a negative errno as client_get().
int client_no_reply(const struct client *c, const struct http_result *r,
                    struct error *err);

// A word of a query, "?key=value".
struct client_word {
    const char *key; // NULL ends a list of them
    const char *value;
};

// "http://ordinald/PAGE?KEY=VALUE&..."; the host is whoever listens. words:
// ended by one without key; NULL: none. For free(); NULL when there is no
// memory.
char *client_url(const char *page, const struct client_word *words);

/*
 * GET a page, and write what it says to `out` as it comes.
 *
 * words  ended by one without key
 * out    may have got part of the reply where this fails; not flushed
 *
 * Returns 0; or with err filled -ECONNREFUSED where nobody listens, -ENOENT for
 * what the server does not have, -EAGAIN for what it cannot say now, -EPIPE
 * where it has gone meanwhile, -ETIMEDOUT where it says nothing, -EIO where
 * `out` cannot be written, another negative errno for the rest.
 */
int client_get(const struct client *c, const char *page,
               const struct client_word *words, FILE *out,
               struct error *err) ORD_CHECKED;

/*
 * Ask a page that speaks JSON.
 *
 * method  "GET", "POST", "DELETE"
 * words   ended by one without key; NULL: none
 * body    begun and ended by the caller; taken. NULL: none
 * out     for json_value_free()
 *
 * Returns and errors as above.
 */
int client_ask(const struct client *c, const char *method, const char *page,
               const struct client_word *words, struct json_out *body,
               struct json_value **out, struct error *err) ORD_CHECKED;

#endif
