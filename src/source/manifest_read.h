// SPDX-License-Identifier: Apache-2.0
// Octets of files, and how to tell that a file is another than before. Control
// thread; no state. Private to source/.
#ifndef ORDINALD_SOURCE_MANIFEST_READ_H
#define ORDINALD_SOURCE_MANIFEST_READ_H

#include "base/base.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

// What a file looked like. Equal ones: not changed since, unless it was young.
struct identity {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
    struct timespec changed;
    // Read so soon after its last change that the clock of the file system
    // may give the next change the same time.
    bool young;
};

struct identity identity_of(const struct stat *st);

// False also where either is young.
bool identity_same(const struct identity *a, const struct identity *b);

// A whole file; the caller frees data.
struct text {
    char *data;
    size_t n;
    struct identity identity;
    bool moving; // it changed while it was read
};

/*
 * Read a regular file.
 *
 * max  the most octets that it may have
 *
 * Returns 0; -ENOMEM; or another negative errno with err filled: what is wrong
 * with the file, without its name, and how to mend it.
 */
int text_read(const char *path, size_t max, struct text *out,
              struct error *err) ORD_CHECKED;

// Read standard input to its end, behind what *text has of it: after -ENOMEM,
// and after -EAGAIN where nothing came for a while, nothing is lost and the
// next call goes on. Otherwise as text_read().
int text_read_input(size_t max, struct text *text,
                    struct error *err) ORD_CHECKED;

/*
 * Make blanks of the no-break spaces (U+00A0) that indent lines, as they come
 * with text copied from web pages. To YAML they are letters, and a document
 * with them is not what anybody meant. Columns stay: one character each.
 *
 * first  set to the number of the first such line
 *
 * Returns the number of such lines.
 */
uint32_t text_mend_blanks(struct text *text, uint32_t *first);

// Say why a file of this mode is not read, or NULL where it is a regular one.
const char *mode_fault(mode_t mode);

// Say why a path cannot be looked at: what and mend for an errno.
int path_fault(struct error *err, int code);

#endif
