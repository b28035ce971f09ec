// SPDX-License-Identifier: Apache-2.0
#include "socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// Clients that wait to be accepted: more than are served at once.
enum { BACKLOG = 64 };

// --- where it is -----------------------------------------------------------

// The directory of a user who has no other for such things.
static void own_directory(char out[CONTROL_PATH_SIZE])
{
    snprintf(out, CONTROL_PATH_SIZE, "/tmp/ordinald-%u", (unsigned)geteuid());
}

/*
 * Anybody may make a directory in /tmp, under any name: one of somebody else's,
 * or a link to one, would let him put a socket of his own there.
 */
static int check_owner(const char *directory, struct error *err)
{
    struct stat st;

    if (lstat(directory, &st) < 0)
        return errno == ENOENT
                   ? 0
                   : error_set(err, -errno, "cannot look at '%s': %s",
                               directory, strerror(errno));
    if (S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
        (st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return 0;
    return error_set(err, -EPERM,
                     "'%s' is no directory of this user's alone; set "
                     "XDG_RUNTIME_DIR, or choose a path with --control",
                     directory);
}

/*
 * What root runs is there for the whole machine, and is to be found at one
 * place: a login shell of root's has XDG_RUNTIME_DIR set, a unit of systemd's
 * has not.
 */
static int choose_directory(const char **out, char own[CONTROL_PATH_SIZE],
                            struct error *err)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");

    if (geteuid() == 0) {
        *out = "/run";
        return 0;
    }
    if (runtime && runtime[0] == '/') {
        *out = runtime;
        return 0;
    }
    own_directory(own);
    *out = own;
    return check_owner(own, err);
}

int control_default_path(unsigned port, char out[CONTROL_PATH_SIZE],
                         struct error *err)
{
    const char *directory;
    char own[CONTROL_PATH_SIZE], path[CONTROL_PATH_SIZE];
    const int rc = choose_directory(&directory, own, err);

    if (rc)
        return rc;
    const int n =
        snprintf(path, sizeof path, "%s/ordinald-%u.sock", directory, port);
    if (n < 0 || (size_t)n >= sizeof path)
        return error_set(err, -ENAMETOOLONG,
                         "the path of a socket in '%.200s' is longer than %d "
                         "octets; choose another with --control",
                         directory, CONTROL_PATH_SIZE - 1);
    memcpy(out, path, sizeof path);
    return 0;
}

// The directory below /tmp, where the path leads into that.
static int make_directory(const char *path, struct error *err)
{
    char own[CONTROL_PATH_SIZE];

    own_directory(own);
    const size_t n = strlen(own);
    if (strncmp(path, own, n) != 0 || path[n] != '/')
        return 0;
    if (mkdir(own, S_IRWXU) < 0 && errno != EEXIST)
        return error_set(err, -errno, "cannot make '%s': %s", own,
                         strerror(errno));
    return check_owner(own, err);
}

// --- who is there ----------------------------------------------------------

static int fail(int code, const char *path, struct error *err)
{
    return error_set(err, code,
                     "cannot listen at '%s': %s; choose another path with "
                     "--control",
                     path, strerror(-code));
}

static int new_socket(void)
{
    const int fd =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

// Whether somebody listens: 1, 0, or a negative errno. A full queue (EAGAIN) is
// a living server's.
static int is_alive(const struct sockaddr_un *address)
{
    const int fd = new_socket();
    if (fd < 0)
        return fd;
    int rc = connect(fd, (const struct sockaddr *)address, sizeof *address);
    rc = rc == 0 || errno == EAGAIN || errno == EINPROGRESS ? 1
         : errno == ECONNREFUSED || errno == ENOENT         ? 0
                                                            : -errno;
    close(fd);
    return rc;
}

// Make way for a socket, if what is there is a dead one.
static int clear(const struct sockaddr_un *address, struct error *err)
{
    const char *path = address->sun_path;
    struct stat st;

    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : fail(-errno, path, err);
    if (!S_ISSOCK(st.st_mode))
        return error_set(err, -EEXIST,
                         "'%s' is there and is no socket; remove it, or choose "
                         "another path with --control",
                         path);
    const int alive = is_alive(address);
    if (alive > 0)
        return error_set(err, -EADDRINUSE,
                         "another server listens at '%s'; stop it, or choose "
                         "another path with --control",
                         path);
    if (alive < 0 || (unlink(path) < 0 && errno != ENOENT))
        return fail(alive < 0 ? alive : -errno, path, err);
    return 0;
}

// --- listening -------------------------------------------------------------

// Nobody can connect before listen(): until then the mode may still be wide.
static int open_at(const struct sockaddr_un *address, int fd, struct node *node)
{
    struct stat st;

    if (bind(fd, (const struct sockaddr *)address, sizeof *address) < 0)
        return -errno;
    if (chmod(address->sun_path, S_IRUSR | S_IWUSR) == 0 &&
        listen(fd, BACKLOG) == 0 && lstat(address->sun_path, &st) == 0) {
        *node = (struct node){st.st_dev, st.st_ino};
        return 0;
    }
    const int rc = -errno;
    unlink(address->sun_path);
    return rc;
}

int socket_listen(const char *path, int *fd, struct node *node,
                  struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t n = strlen(path);

    if (n >= sizeof address.sun_path)
        return error_set(err, -ENAMETOOLONG,
                         "the control path '%.200s' has %zu octets; a socket "
                         "takes at most %zu",
                         path, n, sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, n);
    int rc = make_directory(path, err);
    if (rc == 0)
        rc = clear(&address, err);
    if (rc)
        return rc;
    const int s = new_socket();
    if (s < 0)
        return fail(s, path, err);
    rc = open_at(&address, s, node);
    if (rc) {
        close(s);
        return fail(rc, path, err);
    }
    *fd = s;
    return 0;
}

void socket_remove(const char *path, struct node node)
{
    struct stat st;

    if (lstat(path, &st) == 0 && st.st_dev == node.device &&
        st.st_ino == node.number)
        unlink(path);
}
