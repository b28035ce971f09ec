// SPDX-License-Identifier: Apache-2.0
// Which files a PATH stands for, and which directories have to be watched for
// them. Control thread; no state. Private to source/.
#ifndef ORDINALD_SOURCE_MANIFEST_SCAN_H
#define ORDINALD_SOURCE_MANIFEST_SCAN_H

#include "watch.h"

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

// A growing set of places.
struct places {
    struct watched *items;
    size_t n;
    size_t room;
};

void places_release(struct places *p);

// Put them in order, each once.
void places_settle(struct places *p);

/*
 * Add the places in which something happens when what a PATH stands for becomes
 * another: its own directory, those of each link on the way, the directory
 * itself; where one does not exist the nearest above it.
 *
 * Of the directory around a directory only that name counts: it may be as busy
 * as /tmp. Elsewhere all counts, since links such as a ConfigMap's ..data have
 * names of their own.
 *
 * Returns 0 or -ENOMEM.
 */
int scan_places(const char *path, struct places *out) ORD_CHECKED;

#endif
