// SPDX-License-Identifier: Apache-2.0
#include "dns/name.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

// One octet of a label, with the escapes of RFC 1035 5.1; -1 when malformed.
static int text_octet(const char **text)
{
    const char *t = *text;
    if (*t != '\\') {
        *text = t + 1;
        return (uint8_t)*t;
    }
    if (!isdigit((unsigned char)t[1])) {
        *text = t[1] ? t + 2 : t + 1;
        return t[1] ? (uint8_t)t[1] : -1;
    }
    int value = 0;
    for (int i = 1; i <= 3; i++) {
        if (!isdigit((unsigned char)t[i]))
            return -1;
        value = 10 * value + (t[i] - '0');
    }
    *text = t + 4;
    return value > 255 ? -1 : value;
}

// One label and the dot behind it, into wire form at name->wire[name->n].
static int parse_label(const char **text, struct dns_name *name,
                       const char *whole, struct error *err)
{
    unsigned length_at = name->n, n = 0;
    while (**text && **text != '.') {
        int octet = text_octet(text);
        if (octet < 0)
            return error_set(err, -EINVAL,
                             "name '%.256s' has a backslash without a "
                             "character or three digits up to 255 behind it",
                             whole);
        if (n == DNS_LABEL_MAX)
            return error_set(err, -EINVAL,
                             "name '%.256s' has a label of more than 63 octets",
                             whole);
        // the length octet before it and the root label behind it count too
        if (length_at + 1 + n + 1 >= DNS_NAME_MAX)
            return error_set(err, -EINVAL,
                             "name '%.200s...' is longer than 255 octets",
                             whole);
        name->wire[length_at + 1 + n++] = (uint8_t)octet;
    }
    if (n == 0)
        return error_set(err, -EINVAL, "name '%.256s' has an empty label",
                         whole);
    name->wire[length_at] = (uint8_t)n;
    name->n = (uint8_t)(length_at + 1 + n);
    if (**text == '.')
        (*text)++;
    return 0;
}

int dns_name_parse(const char *text, struct dns_name *out, struct error *err)
{
    struct dns_name name = {0};
    const char *at = text;

    if (strcmp(text, ".") == 0)
        at++;
    else if (!*text)
        return error_set(err, -EINVAL,
                         "a name is empty; write labels with dots "
                         "between them, as in cluster.local");
    while (*at) {
        int rc = parse_label(&at, &name, text, err);
        if (rc)
            return rc;
    }
    name.wire[name.n++] = 0;
    *out = name;
    return 0;
}

// What means something else in a master file (RFC 1035 5.1). A dump asks it of
// each octet.
static bool is_special(uint8_t c)
{
    switch (c) {
    case '.':
    case '\\':
    case '"':
    case '(':
    case ')':
    case ';':
    case '@':
    case '$':
        return true;
    default:
        return false;
    }
}

// One octet as master files write it; returns the end of what was written.
static char *format_octet(uint8_t c, char *out)
{
    if (c <= ' ' || c >= 0x7f)
        return out + sprintf(out, "\\%03u", c);
    if (is_special(c))
        *out++ = '\\';
    *out++ = (char)c;
    return out;
}

const char *dns_name_format(struct span name, char *out)
{
    char *to = out;
    for (size_t i = 0; i < name.n && name.p[i]; i += name.p[i] + 1u) {
        for (unsigned k = 1; k <= name.p[i]; k++)
            to = format_octet(name.p[i + k], to);
        *to++ = '.';
    }
    if (to == out)
        *to++ = '.';
    *to = '\0';
    return out;
}

uint8_t *dns_fold(uint8_t *to, const uint8_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = dns_fold_octet(from[i]);
    return to;
}

void dns_name_fold(struct dns_name *name)
{
    dns_fold(name->wire, name->wire, name->n);
}

int dns_name_prepend(struct dns_name *name, struct span label)
{
    if (label.n == 0 || label.n > DNS_LABEL_MAX ||
        name->n + label.n + 1 > DNS_NAME_MAX)
        return -ENAMETOOLONG;
    memmove(name->wire + label.n + 1, name->wire, name->n);
    name->wire[0] = (uint8_t)label.n;
    memcpy(name->wire + 1, label.p, label.n);
    name->n = (uint8_t)(name->n + label.n + 1);
    return 0;
}

bool dns_name_is_same(struct span a, struct span b)
{
    if (a.n != b.n)
        return false;
    // octets of lengths are below the letters
    for (size_t i = 0; i < a.n; i++)
        if (dns_fold_octet(a.p[i]) != dns_fold_octet(b.p[i]))
            return false;
    return true;
}

unsigned dns_name_labels(struct span name)
{
    unsigned labels = 0;
    for (size_t i = 0; i < name.n && name.p[i]; i += name.p[i] + 1u)
        labels++;
    return labels;
}

void dns_name_of_address(const struct address *a, unsigned bits,
                         struct dns_name *out)
{
    char text[DNS_NAME_TEXT_SIZE], *to = text;

    if (a->family == FAMILY_IPV4) {
        for (unsigned i = bits / 8; i-- > 0;)
            to += sprintf(to, "%u.", a->octets[i]);
        strcpy(to, "in-addr.arpa.");
    } else {
        for (unsigned i = bits / 4; i-- > 0;) {
            const unsigned octet = a->octets[i / 2];
            to += sprintf(to, "%x.", i % 2 ? octet & 15 : octet >> 4);
        }
        strcpy(to, "ip6.arpa.");
    }
    // at most 4 labels of three digits, or 32 of one: it always fits
    const int rc = dns_name_parse(text, out, NULL);
    assert(rc == 0);
}
