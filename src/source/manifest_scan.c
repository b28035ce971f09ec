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

// Links on the way of one path that are followed; Linux itself follows 40.
enum { LINKS_MAX = 40 };

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

// --- what to watch ----------------------------------------------------------

void places_release(struct places *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->items[i].directory);
    free(p->items);
    *p = (struct places){0};
}

void places_settle(struct places *p)
{
    size_t kept = 0;
    if (p->n > 1)
        qsort(p->items, p->n, sizeof *p->items, watched_compare);
    for (size_t i = 0; i < p->n; i++) {
        if (kept && watched_compare(&p->items[kept - 1], &p->items[i]) == 0)
            free(p->items[i].directory);
        else
            p->items[kept++] = p->items[i];
    }
    p->n = kept;
}

// Both texts are in one allocation, which `directory` begins.
static int places_add(struct places *p, const char *directory, const char *only)
{
    // the files of a directory come one after another
    if (p->n && !only && !p->items[p->n - 1].only &&
        strcmp(p->items[p->n - 1].directory, directory) == 0)
        return 0;
    struct watched *items = grow_array(p->items, p->n, &p->room, sizeof *items);
    if (!items)
        return -ENOMEM;
    p->items = items;
    const size_t n = strlen(directory) + 1, m = only ? strlen(only) + 1 : 0;
    struct watched *item = &p->items[p->n];
    item->directory = malloc(n + m);
    if (!item->directory)
        return -ENOMEM;
    memcpy(item->directory, directory, n);
    item->only = m ? memcpy(item->directory + n, only, m) : NULL;
    p->n++;
    return 0;
}

// Cut the last part off: "a/b/" becomes "a", "a" ".", "/a" "/".
static void to_parent(char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    while (n > 1 && path[n - 1] == '/')
        n--;
    if (n == 0)
        path[n++] = '.';
    path[n] = '\0';
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int add_parent(const char *path, struct places *out)
{
    char parent[PATH_MAX];
    if (strlen(path) >= sizeof parent - 1)
        return 0; // no system call takes it
    strcpy(parent, *path ? path : ".");
    do
        to_parent(parent);
    while (!is_directory(parent) && strcmp(parent, "/") != 0 &&
           strcmp(parent, ".") != 0);
    return places_add(out, parent, NULL);
}

// A directory's own name in the one around it. "/", "." and ".." have none, and
// cannot be replaced either.
static int add_own_name(const char *path, struct places *out)
{
    char parent[PATH_MAX];
    strcpy(parent, path);
    to_parent(parent);
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    return places_add(out, parent, name);
}

// Where a link leads, relative to where it stands. False: it is none.
static bool follow(const char *path, char out[PATH_MAX])
{
    char target[PATH_MAX];
    const ssize_t n = readlink(path, target, sizeof target - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    if (target[0] == '/') {
        strcpy(out, target);
        return true;
    }
    char parent[PATH_MAX];
    strcpy(parent, path);
    to_parent(parent);
    if (strlen(parent) + (size_t)n + 2 > PATH_MAX)
        return false;
    stpcpy(stpcpy(stpcpy(out, parent), "/"), target);
    return true;
}

int scan_places(const char *path, struct places *out)
{
    char at[PATH_MAX], next[PATH_MAX];
    size_t n = strlen(path);
    if (n >= sizeof at)
        return 0;
    strcpy(at, path);
    while (n > 1 && at[n - 1] == '/')
        at[--n] = '\0'; // readlink("zones/") would not see the link
    const bool whole = is_directory(at);
    int rc = whole ? add_own_name(at, out) : add_parent(at, out);
    // Links among the directories on the way need nothing of their own: the
    // system follows them when it is told to watch what is behind.
    for (int i = 0; rc == 0 && i < LINKS_MAX && follow(at, next); i++) {
        strcpy(at, next);
        rc = add_parent(at, out);
    }
    if (rc == 0 && whole)
        rc = places_add(out, path, NULL);
    return rc;
}
