// SPDX-License-Identifier: Apache-2.0
// Small files, whole. Any thread; may wait for the disk.
#ifndef ORDINALD_BASE_FILE_H
#define ORDINALD_BASE_FILE_H

#include "base/base.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * Read all that is left of an open file.
 *
 * text  room for size_max + 1 octets; none is added
 *
 * Returns the octets read; -EFBIG where there are more than size_max; or
 * another negative errno.
 */
ssize_t file_read(int fd, char *text, size_t size_max) ORD_CHECKED;

#endif
