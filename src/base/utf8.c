// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <string.h>

size_t utf8_size(const char *s)
{
    const unsigned char *p = (const unsigned char *)s;
    const size_t n = p[0] < 0x80   ? 1
                     : p[0] < 0xc2 ? 0
                     : p[0] < 0xe0 ? 2
                     : p[0] < 0xf0 ? 3
                     : p[0] < 0xf5 ? 4
                                   : 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

bool utf8_is_text(const char *s)
{
    size_t n = 1;

    while (*s && n) {
        n = utf8_size(s);
        s += n;
    }
    return n > 0;
}

size_t utf8_mend(const char *s, char *out)
{
    static const char instead[] = "\xef\xbf\xbd"; // U+FFFD
    char *to = out;

    while (*s) {
        const size_t n = utf8_size(s);
        const size_t put_n = n ? n : sizeof instead - 1;
        memcpy(to, n ? s : instead, put_n);
        to += put_n;
        s += n ? n : 1;
    }
    *to = '\0';
    return (size_t)(to - out);
}
