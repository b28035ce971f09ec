// SPDX-License-Identifier: Apache-2.0
// Which files a PATH stands for. Control thread; no state. Private to source/.
#ifndef ORDINALD_SOURCE_MANIFEST_SCAN_H
#define ORDINALD_SOURCE_MANIFEST_SCAN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct scan_entry {
    char *path;
    bool is_link;   // symbolic
    int fault;      // negative errno of stat(): then st means nothing
    struct stat st; // of what a link leads to
};

struct scan {
    struct scan_entry *entries; // in order of their octets
    size_t n;
};

/*
 * List the files of a PATH: a file itself, whatever its name; of a directory
 * what ends in .yaml, .yml or .json, without what is hidden and what editors
 * leave there.
 *
 * Returns 0; -ENOMEM; or another negative errno with err filled as by
 * path_fault(). -ENOENT: there is nothing of that name.
 */
int scan_path(const char *path, struct scan *out,
              struct error *err) ORD_CHECKED;

void scan_release(struct scan *s);

#endif
