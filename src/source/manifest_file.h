// SPDX-License-Identifier: Apache-2.0
// One manifest file: which version of it is in service, and how the next one
// takes its place. Control thread. Private to source/.
//
// A version is what one reading of the file said, in one arena. Objects name
// their version by `at.file`, which points to the path within it. A version
// lives while an object of it is in service: usually until the next one has
// replaced all of its objects, longer for those objects that the next one,
// being broken somewhere, does not have.
#ifndef ORDINALD_SOURCE_MANIFEST_FILE_H
#define ORDINALD_SOURCE_MANIFEST_FILE_H

#include "manifest_read.h"
#include "manifest_scan.h"
#include "objects.h"

#include "base/arena.h"
#include "source/manifest.h"

struct version {
    struct version *older; // of the same file
    struct file *file;
    struct arena arena;
    const struct object **objects; // in order of the text
    uint32_t n;
    uint32_t live; // of them in service
    size_t room;
    uint64_t refused; // documents and objects
    char path[];
};

struct file {
    struct file *next;        // where it is in a list of those that are gone
    struct version *versions; // the newest one first
    uint64_t rank;            // for the cluster: later files win
    uint64_t loaded_at;       // number of the load that took its last version
    struct identity identity; // of the text below
    bool has_identity;
    bool has_text; // it was read at least once
    uint64_t text_hash;
    size_t text_n;
    struct text input; // standard input, until it is taken
    int trouble;       // why it cannot be read, as told; 0: it can
    bool is_link;
    bool kept; // objects of older versions, the last text being broken
    char path[];
};

// What all files of one source share.
struct shelf {
    const struct manifests_settings *settings;
    struct objects objects; // in service
    uint64_t load;          // number of the current load
    uint64_t loads;         // files read and taken, ever
    uint64_t refused;
    bool changed; // the cluster did, in this load
    bool doubled; // in this load one key was met in several files
    bool again;   // a file was written to while it was read
};

// Returns NULL without memory.
struct file *file_new(const char *path, uint64_t rank);

// Take all its objects out of the cluster and free it.
void file_free(struct shelf *s, struct file *f);

/*
 * Read it if it changed, and put what it says now in the place of what it said.
 *
 * found       what the directory says of it
 * everything  whether it seems changed or not
 *
 * Returns 0, or -ENOMEM with each of its objects in service either as before
 * or as it is now; the next call goes on.
 */
int file_refresh(struct shelf *s, struct file *f,
                 const struct scan_entry *found, bool everything) ORD_CHECKED;

// The same for standard input, which is read once: what it said stays. Returns
// -EAGAIN as well, while it has not ended.
int file_refresh_input(struct shelf *s, struct file *f) ORD_CHECKED;

// Whether old versions of some of its objects are in service because what
// should replace them cannot be read.
bool file_is_stale(const struct file *f);

// Warn of what this file, read in this load, and other files both define.
void file_tell_doubles(const struct shelf *s, const struct file *f);

#endif
