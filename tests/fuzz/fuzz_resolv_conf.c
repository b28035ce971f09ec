// SPDX-License-Identifier: Apache-2.0
// Any octets as a resolv.conf: what is taken are servers that can be asked, and
// written anew they are the same; what is left out is told in one line.
#include "base/resolv_conf.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATH_SIZE = 64, TEXT_SIZE = RESOLV_CONF_SERVERS_MAX * 80 };

// Returns what resolv_conf_read() does with a file of these octets.
static int read_octets(const void *data, size_t n, struct resolv_conf *out,
                       struct error *err)
{
    char path[PATH_SIZE];
    const int fd = memfd_create("resolv.conf", MFD_CLOEXEC);
    assert(fd >= 0);
    const bool written = write(fd, data, n) == (ssize_t)n;
    assert(written);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const int r = resolv_conf_read(path, out, err);
    close(fd);
    return r;
}

static void check_line(const char *text)
{
    for (; *text; text++)
        assert(*text >= ' ' && *text <= '~');
}

// As it would stand in a file, behind what is there.
static void put_server(char *text, const struct sockaddr_any *a)
{
    char socket[SOCKADDR_TEXT_SIZE];
    assert(sockaddr_port(a) == 53 && !sockaddr_is_wildcard(a));
    sockaddr_format(a, socket);
    *strrchr(socket, ':') = '\0';
    const bool v6 = socket[0] == '[';
    if (v6)
        *strchr(socket, ']') = '\0';
    strcat(text, "nameserver ");
    strcat(text, socket + v6);
    strcat(text, "\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct resolv_conf conf, again;
    struct error err = {""};
    char text[TEXT_SIZE] = "";
    if (read_octets(data, size, &conf, &err) < 0) {
        assert(size > RESOLV_CONF_SIZE_MAX && err.text[0]);
        return 0;
    }
    assert(size <= RESOLV_CONF_SIZE_MAX && conf.n <= RESOLV_CONF_SERVERS_MAX);
    check_line(conf.fault.text);
    for (size_t i = 0; i < conf.n; i++)
        put_server(text, &conf.servers[i]);
    const int r = read_octets(text, strlen(text), &again, &err);
    assert(r == 0 && again.n == conf.n && !again.fault.text[0]);
    for (size_t i = 0; i < conf.n; i++)
        assert(sockaddr_same(&conf.servers[i], &again.servers[i]));
    return 0;
}
