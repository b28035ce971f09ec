// SPDX-License-Identifier: Apache-2.0
// The control interface: HTTP/1.1 on a Unix socket of mode 0600, by which the
// other commands ask a running server. Control thread, on its loop: a slow or
// silent client holds up nobody else.
//
//     GET /zone          all origins; ?origin=NAME for one of them;
//                        ?output=text or ?output=json (see zone/dump.h)
//     GET /origins       their names, one a line
//
// Anything else is 404, 405 with Allow, or 400, with one line that says why;
// 503 with Retry-After before the zone is complete, and while other clients are
// still to be sent much; 414 and 431 what is too long.
#ifndef ORDINALD_ADMIN_CONTROL_H
#define ORDINALD_ADMIN_CONTROL_H

#include "base/base.h"
#include "base/error.h"
#include "zone/zone.h"

#include <stddef.h>
#include <uv.h>

struct control;

enum { CONTROL_PATH_SIZE = 108 }; // what a Unix socket's address takes

/*
 * Where a server that answers on this port is steered, if nothing else is said:
 * ordinald-PORT.sock, for root in /run, for others in $XDG_RUNTIME_DIR,
 * otherwise in a directory of the user's own below /tmp.
 *
 * Returns 0; or with err filled -ENAMETOOLONG, or -EPERM where that directory
 * belongs to somebody else, who could pass for the server.
 */
int control_default_path(unsigned port, char out[CONTROL_PATH_SIZE],
                         struct error *err) ORD_CHECKED;

/*
 * Listen. What a dead server left behind at the path is removed; the socket of
 * a living one is not, nor a file that is no socket. The default path's
 * directory below /tmp is made where it is missing.
 *
 * loop, z  borrowed until control_stop()
 *
 * Returns 0 and sets out, or a negative errno with err filled.
 */
int control_start(uv_loop_t *loop, const char *path, const struct zone *z,
                  struct control **out, struct error *err) ORD_CHECKED;

/*
 * Close all, and remove the socket. The loop has to run once more for the
 * handles' ends. NULL is fine.
 */
void control_stop(struct control *c);

#endif
