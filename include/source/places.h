// SPDX-License-Identifier: Apache-2.0
// What has to be watched for a path. Control thread; no state but the set.
#ifndef ORDINALD_SOURCE_PLACES_H
#define ORDINALD_SOURCE_PLACES_H

#include "base/base.h"
#include "source/watch.h"

#include <stddef.h>

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
 * itself; where one does not exist the nearest above it. A file itself, too:
 * what is mounted over one is changed where its directory does not see it.
 *
 * Of the directory around a directory only that name counts: it may be as busy
 * as /tmp. Elsewhere all counts, since links such as a ConfigMap's ..data have
 * names of their own.
 *
 * Returns 0 or -ENOMEM.
 */
int places_of(const char *path, struct places *out) ORD_CHECKED;

// The same without a file itself: for those that a directory has, which may be
// more than the system has watches.
int places_of_links(const char *path, struct places *out) ORD_CHECKED;

#endif
