// SPDX-License-Identifier: Apache-2.0
// Open files: as many as connections may need, and some that connections never
// get, so that clients cannot keep the control thread from reading a file.
// Control thread.
#ifndef ORDINALD_NET_DESCRIPTORS_H
#define ORDINALD_NET_DESCRIPTORS_H

#include <stddef.h>

// For the control thread: files it reads, directories it watches, its own
// connections.
enum { DESCRIPTORS_RESERVE = 128 };

/*
 * Raise the process's limit of open files as far as it has to be and may be.
 *
 * sockets      and other descriptors that are needed in any case
 * connections  wanted on top of that
 *
 * Returns how many connections there is room for, at least 1 and at most what
 * is wanted.
 */
unsigned descriptors_claim(size_t sockets, unsigned connections);

#endif
