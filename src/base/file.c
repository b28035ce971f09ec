// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <errno.h>
#include <unistd.h>

ssize_t file_read(int fd, char *text, size_t size_max)
{
    size_t n = 0;
    while (n <= size_max) {
        const ssize_t r = read(fd, text + n, size_max + 1 - n);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -errno;
        if (r == 0)
            return (ssize_t)n;
        n += (size_t)r;
    }
    return -EFBIG;
}
