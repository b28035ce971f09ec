// SPDX-License-Identifier: Apache-2.0
#include "source/places.h"

#include "grow.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Links on the way of one path that are followed; Linux itself follows 40.
enum { LINKS_MAX = 40 };

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

// What is no file cannot be mounted over one; what does not exist, or may not
// be read, is seen in its directory when that changes.
static bool is_readable_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           access(path, R_OK) == 0;
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

int places_of_links(const char *path, struct places *out)
{
    char at[PATH_MAX], next[PATH_MAX];
    size_t n = strlen(path);
    if (n >= sizeof at)
        return 0;
    strcpy(at, path);
    while (n > 1 && at[n - 1] == '/')
        at[--n] = '\0'; // readlink("zones/") would not see the link
    int rc = is_directory(at) ? add_own_name(at, out) : add_parent(at, out);
    // Links among the directories on the way need nothing of their own: the
    // system follows them when it is told to watch what is behind.
    for (int i = 0; rc == 0 && i < LINKS_MAX && follow(at, next); i++) {
        strcpy(at, next);
        rc = add_parent(at, out);
    }
    return rc;
}

int places_of(const char *path, struct places *out)
{
    const int rc = places_of_links(path, out);
    return rc == 0 && (is_directory(path) || is_readable_file(path))
               ? places_add(out, path, NULL)
               : rc;
}
