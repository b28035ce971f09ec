// SPDX-License-Identifier: Apache-2.0
// Read, not mapped: a file that is truncated by others while it is mapped kills
// its reader.
#include "manifest_read.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The clocks of file systems tick every 1 to 10 ms, those of servers differ: a
// file changed less than this ago is read again next time, which costs a look
// at its octets and no more.
enum { YOUNG_MS = 200 };

// First room for what has no size beforehand, such as standard input.
enum { ROOM_FIRST = 64 << 10 };

// How long standard input is waited for at a time, for whoever writes it may
// never end: bounds how long a signal waits for the control thread.
enum { INPUT_WAIT_MS = 100 };

static bool is_young(const struct timespec *changed)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return true;
    const int64_t age_ms = ((int64_t)now.tv_sec - changed->tv_sec) * 1000 +
                           (now.tv_nsec - changed->tv_nsec) / 1000000;
    return age_ms < YOUNG_MS; // a time that is still to come, too
}

struct identity identity_of(const struct stat *st)
{
    return (struct identity){
        .device = st->st_dev,
        .inode = st->st_ino,
        .size = st->st_size,
        .modified = st->st_mtim,
        .changed = st->st_ctim,
    };
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_state(const struct identity *a, const struct identity *b)
{
    return a->device == b->device && a->inode == b->inode &&
           a->size == b->size && same_time(&a->modified, &b->modified) &&
           same_time(&a->changed, &b->changed);
}

bool identity_same(const struct identity *a, const struct identity *b)
{
    return !a->young && !b->young && same_state(a, b);
}

const char *mode_fault(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return NULL;
    case S_IFDIR:
        return "is a directory within a directory; name it as a PATH of its "
               "own";
    case S_IFIFO:
        return "is a pipe, which can be read only once; write a file, or use "
               "PATH '-' for standard input";
    case S_IFSOCK:
        return "is a socket; name a file";
    default:
        return "is a device; name a file, or use PATH '-' for standard input";
    }
}

int path_fault(struct error *err, int code)
{
    switch (code) {
    case -ENOENT:
    case -ENOTDIR:
        return error_set(err, code, "does not exist; create it");
    case -EACCES:
    case -EPERM:
        return error_set(err, code,
                         "cannot be read: permission denied; let user id %ld "
                         "read it",
                         (long)geteuid());
    case -ELOOP:
        return error_set(err, code,
                         "is a link that leads back to itself; point it at a "
                         "file");
    case -EMFILE:
    case -ENFILE:
        return error_set(err, code,
                         "cannot be opened: too many open files; raise the "
                         "limit (ulimit -n)");
    default:
        return error_set(err, code, "cannot be read: %s", strerror(-code));
    }
}

static int too_large(struct error *err, size_t max)
{
    return error_set(err, -EFBIG,
                     "has more than %zu octets; split it into several files",
                     max);
}

static int grow(struct text *t, size_t room)
{
    char *data = realloc(t->data, room);
    if (!data)
        return -ENOMEM;
    t->data = data;
    return 0;
}

// Read once. One octet more than max is asked for, to tell the end from the
// limit. Returns 1 to go on, 0 at the end.
static int read_more(int fd, size_t max, size_t *room, struct text *out,
                     struct error *err)
{
    if (out->n == *room)
        *room *= 2;
    if (grow(out, *room) != 0)
        return -ENOMEM;
    const ssize_t n = read(fd, out->data + out->n, *room - out->n);
    if (n == 0)
        return 0;
    if (n < 0)
        return errno == EINTR ? 1 : path_fault(err, -errno);
    out->n += (size_t)n;
    return out->n > max ? too_large(err, max) : 1;
}

static int read_file(int fd, size_t max, struct text *out, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return path_fault(err, -errno);
    const char *fault = mode_fault(st.st_mode);
    if (fault)
        return error_set(err, -EINVAL, "%s", fault);
    if ((uint64_t)st.st_size > max)
        return too_large(err, max);
    out->identity = identity_of(&st);
    out->identity.young = is_young(&st.st_ctim) || is_young(&st.st_mtim);
    size_t room = (size_t)st.st_size + 1;
    int rc;
    do
        rc = read_more(fd, max, &room, out, err);
    while (rc > 0);
    if (rc)
        return rc;
    if (fstat(fd, &st) != 0)
        return path_fault(err, -errno);
    const struct identity after = identity_of(&st);
    out->moving =
        !same_state(&out->identity, &after) || out->n != (size_t)st.st_size;
    return 0;
}

int text_read(const char *path, size_t max, struct text *out, struct error *err)
{
    struct text text = {0};
    // Not blocking: a pipe that took the file's place would hang us here.
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return path_fault(err, -errno);
    const int rc = read_file(fd, max, &text, err);
    close(fd);
    if (rc)
        free(text.data);
    else
        *out = text;
    return rc;
}

// Whether a read would return at once, be it with an error or at the end.
static bool input_is_ready(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&p, 1, INPUT_WAIT_MS) > 0;
}

int text_read_input(size_t max, struct text *text, struct error *err)
{
    size_t room = text->n + ROOM_FIRST;
    int rc;
    do
        rc = input_is_ready() ? read_more(STDIN_FILENO, max, &room, text, err)
                              : -EAGAIN;
    while (rc > 0);
    return rc;
}

// --- blanks that are none ---------------------------------------------------

static const char no_break_space[] = "\xc2\xa0";
enum { NO_BREAK_SPACE_SIZE = sizeof no_break_space - 1 };

static bool is_no_break_space(const char *p, const char *end)
{
    return end - p >= NO_BREAK_SPACE_SIZE &&
           memcmp(p, no_break_space, NO_BREAK_SPACE_SIZE) == 0;
}

// Most texts have not even its first octet, which memchr() finds at the speed
// of memory.
static bool has_no_break_space(const char *p, const char *end)
{
    while ((p = memchr(p, 0xc2, (size_t)(end - p)))) {
        if (is_no_break_space(p, end))
            return true;
        p++;
    }
    return false;
}

// Copy the blanks at the beginning of a line from *from to *to, both moving on.
// Returns whether one of them had to be mended.
static bool mend_indent(const char **from, char **to, const char *end)
{
    bool mended = false;
    while (*from < end) {
        const bool wrong = is_no_break_space(*from, end);
        if (!wrong && **from != ' ')
            break;
        *from += wrong ? NO_BREAK_SPACE_SIZE : 1;
        *(*to)++ = ' ';
        mended |= wrong;
    }
    return mended;
}

// The end of a line, behind its LF, CRLF or CR.
static const char *line_end(const char *p, const char *end)
{
    while (p < end && *p != '\n' && *p != '\r')
        p++;
    if (p < end)
        p += *p == '\r' && end - p > 1 && p[1] == '\n' ? 2 : 1;
    return p;
}

uint32_t text_mend_blanks(struct text *text, uint32_t *first)
{
    const char *from = text->data, *const end = text->data + text->n;
    if (!has_no_break_space(from, end))
        return 0;
    char *to = text->data;
    uint32_t mended = 0;
    for (uint32_t line = 1; from < end; line++) {
        if (mend_indent(&from, &to, end) && mended++ == 0)
            *first = line;
        const char *next = line_end(from, end);
        memmove(to, from, (size_t)(next - from));
        to += next - from;
        from = next;
    }
    text->n = (size_t)(to - text->data);
    return mended;
}
