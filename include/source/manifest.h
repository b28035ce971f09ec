// SPDX-License-Identifier: Apache-2.0
// Manifest files and directories as a source: what they say is put into the
// cluster, and what changes on disk follows within 100 ms. The control thread
// owns it; watching is on its loop.
#ifndef ORDINALD_SOURCE_MANIFEST_H
#define ORDINALD_SOURCE_MANIFEST_H

#include "base/error.h"
#include "base/log.h"
#include "doc/doc.h"
#include "model/cluster.h"

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct manifests;

struct manifests_settings {
    // files, directories (*.yaml, *.yml and *.json in them, not recursive, in
    // order of their octets), "-" for standard input; copied. Where two define
    // the same object, the later one wins
    const char *const *paths;
    size_t paths_n;
    struct doc_limits limits;
    const struct report *report; // borrowed
    struct cluster *cluster;     // borrowed; objects get ranks from 2^48 on
    // each well-formed document that is read, before it is decoded, with its
    // root, for the call only; `file` lives as long as the manifests. NULL: for
    // nobody
    void (*document)(void *context, const char *file,
                     const struct doc_node *root);
    void *context;
};

// What is read now, for logs and metrics.
struct manifests_state {
    uint32_t files;   // in service
    uint32_t objects; // in service
    uint64_t loads;   // versions of files taken, ever
    uint64_t refused; // documents and objects refused, ever
    uint32_t stale;   // files of which something older is served,
                      // because what is there cannot be read
};

/*
 * Take the paths; nothing is read yet.
 *
 * Returns 0 and sets out, or with err filled -ENOENT where a path does not
 * exist, -E2BIG where there are more than 65534 of them, -ENOMEM.
 */
int manifests_new(const struct manifests_settings *settings,
                  struct manifests **out, struct error *err) ORD_CHECKED;

// Takes its objects out of the cluster, which has to be there still, and ends
// watching. If that was started, run the loop until `closed` was called;
// without watching it is called at once, and may be NULL. m may be NULL.
void manifests_free(struct manifests *m, void (*closed)(void *context),
                    void *context);

/*
 * Read what changed since the last time, by directory listing, inode, size and
 * times of each file, and put the difference into the cluster.
 *
 * A file in which something is refused, or which cannot be read, keeps the last
 * good version of each object that it has no more; what is good in it is taken.
 * Findings are reported once for each version. A file that is gone takes its
 * objects along. No-break spaces (U+00A0) that indent lines are read as blanks,
 * with a warning: text copied from web pages has them.
 *
 * everything  read all files again, whether they seem changed or not. Standard
 *             input is read once
 *
 * Returns 1 when the cluster changed, 0 when not. -ENOMEM, or -EAGAIN while
 * standard input has not ended: then each object is as before or as it is now,
 * and the next call goes on.
 */
int manifests_load(struct manifests *m, bool everything) ORD_CHECKED;

/*
 * Watch all paths on a loop. `changed` is called on it, 20 ms after the last
 * event of a burst and at most 80 ms after the first, and calls
 * manifests_load(). Where the system refuses a watch, the paths are looked at
 * once a second instead, and a warning says so; each half minute they are
 * looked at in any case, for network file systems tell nothing. The first look
 * comes 20 ms after this call.
 *
 * Returns 0 or a negative errno.
 */
int manifests_watch(struct manifests *m, uv_loop_t *loop,
                    void (*changed)(void *context), void *context) ORD_CHECKED;

struct manifests_state manifests_state(const struct manifests *m);

#endif
