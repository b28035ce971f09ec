// SPDX-License-Identifier: Apache-2.0
#include "dns/text.h"

#include "base/base.h"
#include "base/sockaddr.h"
#include "dns/name.h"
#include "dns/record.h"

#include <stdio.h>

// What is written, and what it is read from.
struct text {
    struct bytes_in in;
    char *to;
};

static void put_number(struct text *t, uint32_t number)
{
    t->to += sprintf(t->to, "%u", number);
}

static void put_blank(struct text *t)
{
    *t->to++ = ' ';
}

static void put_address(struct text *t, uint8_t family)
{
    struct address a = {.family = family};
    const struct span octets = bytes_in_take(&t->in, family_size(family));

    if (!bytes_in_ok(&t->in))
        return;
    memcpy(a.octets, octets.p, octets.n);
    t->to += strlen(address_format(&a, t->to));
}

// A name, as far as its root label. RFC 1035 3.1: at most 255 octets.
static void put_name(struct text *t)
{
    const uint8_t *start = t->in.at;
    size_t n = 0;
    uint8_t label;

    do {
        label = bytes_in_u8(&t->in);
        (void)bytes_in_take(&t->in, label);
        n += label + 1u;
        t->in.failed |= label > DNS_LABEL_MAX || n > DNS_NAME_MAX;
    } while (label && bytes_in_ok(&t->in));
    if (bytes_in_ok(&t->in))
        t->to += strlen(dns_name_format(span_of(start, n), t->to));
}

// RFC 1035 5.1: within quotes only these two need a backslash.
static void put_string(struct text *t)
{
    const struct span s = bytes_in_take(&t->in, bytes_in_u8(&t->in));

    *t->to++ = '"';
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] >= 0x7f) {
            t->to += sprintf(t->to, "\\%03u", s.p[i]);
            continue;
        }
        if (s.p[i] == '"' || s.p[i] == '\\')
            *t->to++ = '\\';
        *t->to++ = (char)s.p[i];
    }
    *t->to++ = '"';
}

static void put_strings(struct text *t)
{
    put_string(t);
    while (bytes_in_ok(&t->in) && bytes_in_left(&t->in)) {
        put_blank(t);
        put_string(t);
    }
}

static void put_soa(struct text *t)
{
    put_name(t);
    put_blank(t);
    put_name(t);
    for (int i = 0; i < 5; i++) {
        put_blank(t);
        put_number(t, bytes_in_u32(&t->in));
    }
}

static void put_srv(struct text *t)
{
    for (int i = 0; i < 3; i++) {
        put_number(t, bytes_in_u16(&t->in));
        put_blank(t);
    }
    put_name(t);
}

static void put_known(struct text *t, uint16_t type)
{
    switch (type) {
    case DNS_TYPE_A:
        put_address(t, FAMILY_IPV4);
        break;
    case DNS_TYPE_AAAA:
        put_address(t, FAMILY_IPV6);
        break;
    case DNS_TYPE_NS:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
        put_name(t);
        break;
    case DNS_TYPE_SOA:
        put_soa(t);
        break;
    case DNS_TYPE_TXT:
        put_strings(t);
        break;
    case DNS_TYPE_SRV:
        put_srv(t);
        break;
    default:
        t->in.failed = true;
    }
}

static size_t format_unknown(struct span rdata, char *out)
{
    char *to = out + sprintf(out, "\\# %zu%s", rdata.n, rdata.n ? " " : "");
    for (size_t i = 0; i < rdata.n; i++)
        to += sprintf(to, "%02x", rdata.p[i]);
    return (size_t)(to - out);
}

size_t dns_rdata_format(uint16_t type, struct span rdata, char *out)
{
    struct text t = {.in = bytes_in_of(rdata), .to = out};

    put_known(&t, type);
    if (!bytes_in_ok(&t.in) || bytes_in_left(&t.in))
        return format_unknown(rdata, out);
    *t.to = '\0';
    return (size_t)(t.to - out);
}
