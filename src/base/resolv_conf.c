// SPDX-License-Identifier: Apache-2.0
#include "base/resolv_conf.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// What separates words; lines of other systems have a CR before their line
// feed.
static const char blanks[] = " \t\r\v\f";

// The rest of a line, NULs and all.
struct words {
    const char *at;
    const char *end;
};

static bool is_blank(char c)
{
    return c != '\0' && strchr(blanks, c);
}

// The next word of a line, which a blank or a comment ends. Empty: no more.
static struct words next_word(struct words *line)
{
    while (line->at < line->end && is_blank(*line->at))
        line->at++;
    struct words word = {.at = line->at, .end = line->at};
    while (word.end < line->end && !is_blank(*word.end) && *word.end != '#' &&
           *word.end != ';')
        word.end++;
    line->at = word.end;
    return word;
}

static bool is_word(struct words word, const char *text)
{
    const size_t n = strlen(text);
    return (size_t)(word.end - word.at) == n && memcmp(word.at, text, n) == 0;
}

static void add(struct resolv_conf *out, const struct sockaddr_any *server)
{
    for (size_t i = 0; i < out->n; i++)
        if (sockaddr_same(&out->servers[i], server))
            return;
    if (out->n < RESOLV_CONF_SERVERS_MAX)
        out->servers[out->n++] = *server;
}

static bool is_printable(struct words word)
{
    for (const char *p = word.at; p < word.end; p++)
        if (*p <= ' ' || *p > '~')
            return false;
    return true;
}

// No brackets, no port, as libc reads it.
static int read_address(struct words word, struct sockaddr_any *server,
                        struct error *err)
{
    char text[SOCKADDR_TEXT_SIZE], bare[SOCKADDR_TEXT_SIZE];
    const size_t n = (size_t)(word.end - word.at);
    struct address address;
    if (n == 0)
        return error_set(err, -EINVAL, "nameserver has no address");
    if (n >= sizeof text || !is_printable(word))
        return error_set(err, -EINVAL,
                         "nameserver has something else than an "
                         "IP address");
    memcpy(text, word.at, n);
    text[n] = '\0';
    memcpy(bare, text, n + 1);
    bare[strcspn(bare, "%")] = '\0';
    if (!address_parse(bare, &address))
        return error_set(err, -EINVAL, "'%s' is no IP address", text);
    return sockaddr_parse_server(text, server, err);
}

static void read_line(struct words line, const char *path, unsigned number,
                      struct resolv_conf *out)
{
    struct sockaddr_any server = {.length = 0};
    struct error why;
    if (!is_word(next_word(&line), "nameserver"))
        return;
    const int r = read_address(next_word(&line), &server, &why);
    if (r == 0)
        add(out, &server);
    else if (!out->fault.text[0])
        (void)error_set(&out->fault, r, "'%s': line %u: %s", path, number,
                        why.text);
}

static void read_lines(const char *text, size_t n, const char *path,
                       struct resolv_conf *out)
{
    const char *const end = text + n;
    for (unsigned number = 1; text < end; number++) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        const struct words line = {.at = text, .end = feed ? feed : end};
        read_line(line, path, number, out);
        text = line.end + 1;
    }
}

// --- the file --------------------------------------------------------------

// A descriptor of a regular file, or a negative errno. What is something else
// could let us wait for ever.
static int open_regular(const char *path)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    int r = fstat(fd, &st) < 0 ? -errno : 0;
    if (r == 0 && !S_ISREG(st.st_mode))
        r = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    if (r == 0)
        return fd;
    close(fd);
    return r;
}

static ssize_t slurp(const char *path, char *text)
{
    const int fd = open_regular(path);
    if (fd < 0)
        return fd;
    const ssize_t n = file_read(fd, text, RESOLV_CONF_SIZE_MAX);
    close(fd);
    return n;
}

static int unreadable(const char *path, int code, struct error *err)
{
    const char *because = strerror(-code);
    if (code == -EINVAL)
        because = "it is no regular file";
    if (code == -EFBIG)
        because = "it has more than 64 KiB";
    return error_set(err, code, "cannot read '%s': %s; name a resolv.conf",
                     path, because);
}

int resolv_conf_read(const char *path, struct resolv_conf *out,
                     struct error *err)
{
    char *text = malloc(RESOLV_CONF_SIZE_MAX + 1);
    if (!text)
        return unreadable(path, -ENOMEM, err);
    const ssize_t n = slurp(path, text);
    if (n >= 0) {
        *out = (struct resolv_conf){.n = 0};
        read_lines(text, (size_t)n, path, out);
    }
    free(text);
    return n < 0 ? unreadable(path, (int)n, err) : 0;
}
