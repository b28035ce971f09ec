// SPDX-License-Identifier: Apache-2.0
// The socket by which a server is steered: its place in the file system, and
// who may be there. Control thread.
#ifndef ORDINALD_ADMIN_SOCKET_H
#define ORDINALD_ADMIN_SOCKET_H

#include "admin/control.h"

#include <sys/types.h>

// A file by what it is, not by its name.
struct node {
    dev_t device;
    ino_t number;
};

/*
 * Listen at a path; the file is for its owner alone before anybody could
 * connect.
 *
 * fd    does not block, closed on exec
 * node  the socket's file, for socket_remove()
 *
 * Returns 0, or a negative errno with err filled.
 */
int socket_listen(const char *path, int *fd, struct node *node,
                  struct error *err) ORD_CHECKED;

// Remove the file, unless another has taken its place.
void socket_remove(const char *path, struct node node);

#endif
