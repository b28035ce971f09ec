// SPDX-License-Identifier: Apache-2.0
#include "manifest_scan.h"
#include "grow.h"
#include "manifest_read.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool ends_with(const char *name, const char *tail)
{
    const size_t n = strlen(name), t = strlen(tail);
    return n > t && strcmp(name + n - t, tail) == 0;
}

// Hidden files hold editors' state (.x.swp, .#x) and the volumes of ConfigMaps
// (..data); what editors write beside a file (x.yaml~, #x.yaml#, vim's 4913)
// has no ending of ours but for names such as "#x.yaml".
static bool is_manifest_name(const char *name)
{
    if (name[0] == '.' || name[0] == '#' || name[0] == '~')
        return false;
    return ends_with(name, ".yaml") || ends_with(name, ".yml") ||
           ends_with(name, ".json");
}

static char *join(const char *directory, const char *name)
{
    const size_t n = strlen(directory), m = strlen(name);
    const bool slash = n == 0 || directory[n - 1] != '/';
    char *path = malloc(n + slash + m + 1);
    if (!path)
        return NULL;
    memcpy(path, directory, n);
    path[n] = '/';
    memcpy(path + n + slash, name, m + 1);
    return path;
}

void scan_release(struct scan *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->entries[i].path);
    free(s->entries);
    *s = (struct scan){0};
}

// Takes path, also when it fails.
static int scan_add(struct scan *s, size_t *room, struct scan_entry entry)
{
    struct scan_entry *entries =
        entry.path ? grow_array(s->entries, s->n, room, sizeof *entries) : NULL;
    if (!entries) {
        free(entry.path);
        return -ENOMEM;
    }
    s->entries = entries;
    s->entries[s->n++] = entry;
    return 0;
}

// A path on its own: a file whatever its name.
static int scan_single(const char *path, const struct stat *st,
                       struct scan *out)
{
    struct stat own;
    size_t room = 0;
    return scan_add(
        out, &room,
        (struct scan_entry){
            .path = copy_text(path),
            .is_link = lstat(path, &own) != 0 || S_ISLNK(own.st_mode),
            .st = *st,
        });
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct scan_entry *)a)->path,
                  ((const struct scan_entry *)b)->path);
}

static int scan_entry(DIR *dir, const char *path, const struct dirent *found,
                      struct scan *out, size_t *room)
{
    struct scan_entry entry = {.is_link = found->d_type == DT_LNK ||
                                          found->d_type == DT_UNKNOWN};
    const int fd = dirfd(dir);
    assert(fd >= 0); // of an open directory
    if (fstatat(fd, found->d_name, &entry.st, 0) != 0) {
        entry.fault = -errno;
        // gone since the directory was read, unless it is a link to nothing
        if (entry.fault == -ENOENT && !entry.is_link)
            return 0;
    } else if (S_ISDIR(entry.st.st_mode)) {
        return 0; // not recursive, as with kubectl
    }
    entry.path = join(path, found->d_name);
    return scan_add(out, room, entry);
}

static int scan_directory(const char *path, struct scan *out, struct error *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return path_fault(err, -errno);
    size_t room = 0;
    int rc = 0;
    while (rc == 0) {
        errno = 0;
        const struct dirent *found = readdir(dir);
        if (!found) {
            rc = errno ? path_fault(err, -errno) : 0;
            break;
        }
        if (is_manifest_name(found->d_name))
            rc = scan_entry(dir, path, found, out, &room);
    }
    closedir(dir);
    if (rc == 0 && out->n > 1)
        qsort(out->entries, out->n, sizeof *out->entries, by_path);
    return rc;
}

int scan_path(const char *path, struct scan *out, struct error *err)
{
    struct stat st;
    struct scan scan = {0};
    if (stat(path, &st) != 0)
        return path_fault(err, errno == ENOTDIR ? -ENOENT : -errno);
    const int rc = S_ISDIR(st.st_mode) ? scan_directory(path, &scan, err)
                                       : scan_single(path, &st, &scan);
    if (rc)
        scan_release(&scan);
    else
        *out = scan;
    return rc;
}
