// SPDX-License-Identifier: Apache-2.0
#include "base/sockaddr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

int address_compare(const struct address *a, const struct address *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->octets, b->octets, address_size(a));
}

static int af_of(uint8_t family)
{
    assert(family == FAMILY_IPV4 || family == FAMILY_IPV6);
    return family == FAMILY_IPV4 ? AF_INET : AF_INET6;
}

bool address_parse(const char *text, struct address *out)
{
    struct address a = {.family = FAMILY_IPV4};
    if (strchr(text, ':'))
        a.family = FAMILY_IPV6;
    if (inet_pton(af_of(a.family), text, a.octets) != 1)
        return false;
    *out = a;
    return true;
}

const char *address_format(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    const char *text =
        inet_ntop(af_of(a->family), a->octets, out, ADDRESS_TEXT_SIZE);
    assert(text); // it fails only for want of room, and the room is there
    return text;
}

// Up to `digits` decimal digits and nothing else, no leading zero.
static bool parse_number(const char *text, size_t digits, unsigned max,
                         unsigned *out)
{
    const size_t n = strlen(text);
    unsigned v = 0;
    if (n == 0 || n > digits || (n > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        v = v * 10 + (unsigned)(text[i] - '0');
    }
    if (v > max)
        return false;
    *out = v;
    return true;
}

// Clear all bits behind the prefix.
static void mask(struct address *a, unsigned prefix)
{
    for (unsigned i = 0; i < address_size(a); i++) {
        const unsigned keep = prefix > i * 8 ? prefix - i * 8 : 0;
        if (keep < 8)
            a->octets[i] &= (uint8_t)(0xff00u >> keep);
    }
}

int cidr_parse(const char *text, struct cidr *out, struct error *err)
{
    char base[ADDRESS_TEXT_SIZE];
    const char *slash = strchr(text, '/');
    if (!slash)
        return error_set(err, -EINVAL,
                         "'%s' has no prefix length; write it behind a slash, "
                         "as in 10.244.0.0/16",
                         text);
    const size_t n = (size_t)(slash - text);
    struct cidr c;
    if (n < sizeof base) {
        memcpy(base, text, n);
        base[n] = '\0';
    }
    if (n >= sizeof base || !address_parse(base, &c.base))
        return error_set(err, -EINVAL,
                         "'%s' does not begin with an IP address; write a "
                         "range as in 10.244.0.0/16 or fd00::/64",
                         text);
    const unsigned bits = 8u * address_size(&c.base);
    unsigned prefix;
    if (!parse_number(slash + 1, 3, bits, &prefix))
        return error_set(err, -EINVAL,
                         "'%s' has a prefix length that is not in 0..%u", text,
                         bits);
    struct address given = c.base;
    mask(&c.base, prefix);
    if (address_compare(&given, &c.base) != 0)
        return error_set(err, -EINVAL,
                         "'%s' has bits set behind its prefix; write %s/%u",
                         text, address_format(&c.base, base), prefix);
    c.prefix = (uint8_t)prefix;
    *out = c;
    return 0;
}

const char *cidr_format(const struct cidr *c, char out[CIDR_TEXT_SIZE])
{
    address_format(&c->base, out);
    sprintf(out + strlen(out), "/%u", c->prefix);
    return out;
}

bool cidr_contains(const struct cidr *c, const struct address *a)
{
    if (a->family != c->base.family)
        return false;
    struct address masked = *a;
    mask(&masked, c->prefix);
    return address_compare(&masked, &c->base) == 0;
}

static int parse_v4(const char *whole, const char *host, uint16_t port,
                    struct sockaddr_any *out, struct error *err)
{
    struct sockaddr_any a = {.length = sizeof a.v4};
    a.v4.sin_family = AF_INET;
    a.v4.sin_port = htons(port);
    if (strchr(host, ':'))
        return error_set(err, -EINVAL,
                         "'%s': write an IPv6 address in brackets, as in "
                         "[::1]:5300",
                         whole);
    if (inet_pton(AF_INET, host, &a.v4.sin_addr) != 1)
        return error_set(err, -EINVAL,
                         "'%s' does not begin with an IP address; write "
                         "ADDR:PORT as in 127.0.0.1:5300, or 0.0.0.0:5300 for "
                         "all addresses",
                         whole);
    *out = a;
    return 0;
}

// RFC 4007 11.2: an interface's name or its number.
static bool parse_scope(const char *text, uint32_t *out)
{
    unsigned number = if_nametoindex(text);
    if (number == 0 && !parse_number(text, 9, 999999999, &number))
        return false;
    *out = number;
    return number != 0;
}

static int parse_v6(const char *whole, char *host, uint16_t port,
                    struct sockaddr_any *out, struct error *err)
{
    struct sockaddr_any a = {.length = sizeof a.v6};
    a.v6.sin6_family = AF_INET6;
    a.v6.sin6_port = htons(port);
    char *scope = strchr(host, '%');
    if (scope)
        *scope++ = '\0';
    if (inet_pton(AF_INET6, host, &a.v6.sin6_addr) != 1)
        return error_set(err, -EINVAL,
                         "'%s' has no IPv6 address in its brackets; write it "
                         "as in [::1]:5300",
                         whole);
    if (scope && !parse_scope(scope, &a.v6.sin6_scope_id))
        return error_set(err, -EINVAL,
                         "'%s' names interface '%s', which does not exist; "
                         "`ip link` lists them",
                         whole, scope);
    if (!scope && IN6_IS_ADDR_LINKLOCAL(&a.v6.sin6_addr))
        return error_set(err, -EINVAL,
                         "'%s' is a link-local address; name its interface, "
                         "as in [%s%%eth0]:%u",
                         whole, host, port);
    *out = a;
    return 0;
}

static int no_port(const char *whole, struct error *err)
{
    return error_set(err, -EINVAL,
                     "'%s' has no port; write ADDR:PORT as in 127.0.0.1:5300 "
                     "or [::1]:5300",
                     whole);
}

// An IPv6 address alone, or one whose last group may be meant as the port.
static int no_brackets(const char *text, const char *colon, struct error *err)
{
    struct address host;
    char before[ADDRESS_TEXT_SIZE];
    snprintf(before, sizeof before, "%.*s", (int)(colon - text), text);
    if (colon[1] && address_parse(before, &host))
        return error_set(err, -EINVAL,
                         "'%s' is an IPv6 address without a port, or lacks "
                         "brackets; write [%s]:%s or [%s]:5300",
                         text, before, colon + 1, text);
    return error_set(err, -EINVAL,
                     "'%s' has no port; write ADDR:PORT as in [%s]:5300", text,
                     text);
}

int sockaddr_parse(const char *text, struct sockaddr_any *out,
                   struct error *err)
{
    char host[SOCKADDR_TEXT_SIZE];
    const char *colon = strrchr(text, ':');
    const bool bracket = text[0] == '[';
    if (!colon || colon == text || (bracket && colon[-1] != ']'))
        return no_port(text, err);
    struct address bare;
    if (!bracket && address_parse(text, &bare))
        return no_brackets(text, colon, err);
    unsigned port;
    if (!parse_number(colon + 1, 5, 65535, &port))
        return error_set(err, -EINVAL, "'%s': port '%s' is not in 0..65535",
                         text, colon + 1);
    const char *begin = bracket ? text + 1 : text;
    const size_t n = (size_t)(colon - begin) - (bracket ? 1 : 0);
    if (n >= sizeof host)
        return error_set(err, -EINVAL, "'%s' is too long for an IP address",
                         text);
    memcpy(host, begin, n);
    host[n] = '\0';
    return bracket ? parse_v6(text, host, (uint16_t)port, out, err)
                   : parse_v4(text, host, (uint16_t)port, out, err);
}

// The host of "10.0.0.1", "10.0.0.1:53", "fd00::a", "[fd00::a]" or
// "[fd00::a]:53", and its port, NULL where there is none. False: no such form.
static bool split_server(const char *text, char host[SOCKADDR_TEXT_SIZE],
                         const char **port)
{
    const bool bracket = text[0] == '[';
    const char *begin = bracket ? text + 1 : text;
    const char *end = bracket ? strchr(text, ']') : strchr(text, ':');
    if (!end || (!bracket && strchr(end + 1, ':')))
        end = bracket ? NULL : text + strlen(text);
    if (!end || end - begin >= SOCKADDR_TEXT_SIZE)
        return false;
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    if (bracket && (!strchr(host, ':') || (*++end && *end != ':')))
        return false;
    *port = *end ? end + 1 : NULL;
    return true;
}

static int no_server(const char *whole, struct error *err)
{
    return error_set(err, -EINVAL,
                     "'%s' is no server's address; write it as in 10.96.0.10, "
                     "10.96.0.10:53, fd00::a or [fd00::a]:53",
                     whole);
}

// RFC 4291 2.5.5.2: an IPv4 address all the same, which is written as such
// here, so that whoever compares knows it again.
static void unmap(struct address *a, char host[SOCKADDR_TEXT_SIZE])
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    struct address v4 = {.family = FAMILY_IPV4};
    if (a->family != FAMILY_IPV6 ||
        memcmp(a->octets, prefix, sizeof prefix) != 0)
        return;
    memcpy(v4.octets, a->octets + sizeof prefix, 4);
    *a = v4;
    address_format(a, host);
}

// host  its address without the zone is sound
static int parse_server(const char *whole, char *host, uint16_t port,
                        struct sockaddr_any *out, struct error *err)
{
    struct sockaddr_any a = {.length = 0};
    const int r = strchr(host, ':') ? parse_v6(whole, host, port, &a, err)
                                    : parse_v4(whole, host, port, &a, err);
    if (r < 0)
        return r;
    if (sockaddr_is_wildcard(&a))
        return error_set(err, -EINVAL,
                         "'%s' stands for all addresses of a machine; name "
                         "one of them",
                         whole);
    *out = a;
    return 0;
}

enum { NAME_SERVER_PORT = 53 };

int sockaddr_parse_server(const char *text, struct sockaddr_any *out,
                          struct error *err)
{
    char host[SOCKADDR_TEXT_SIZE], bare[SOCKADDR_TEXT_SIZE];
    const char *port_text;
    struct address address;
    unsigned number = NAME_SERVER_PORT;
    if (!split_server(text, host, &port_text))
        return no_server(text, err);
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(host, "%"), host);
    // a colon in the zone would be a port, which has to stand in brackets
    const char *zone = strchr(host, '%');
    if (!address_parse(bare, &address))
        return no_server(text, err);
    unmap(&address, host);
    if (zone && (address.family == FAMILY_IPV4 || strchr(zone, ':')))
        return no_server(text, err);
    if (port_text &&
        (!parse_number(port_text, 5, 65535, &number) || number == 0))
        return error_set(err, -EINVAL, "'%s': port '%s' is not in 1..65535",
                         text, port_text);
    return parse_server(text, host, (uint16_t)number, out, err);
}

static const char *format_v6(const struct sockaddr_in6 *a, char *out)
{
    char host[INET6_ADDRSTRLEN], interface[IF_NAMESIZE] = "";
    inet_ntop(AF_INET6, &a->sin6_addr, host, sizeof host);
    const char *mark = a->sin6_scope_id ? "%" : "";
    if (a->sin6_scope_id && !if_indextoname(a->sin6_scope_id, interface))
        snprintf(interface, sizeof interface, "%u", (unsigned)a->sin6_scope_id);
    // 39 + 1 + 15 for the host, 3 for brackets and colon, 5 for the port: 63
    snprintf(out, SOCKADDR_TEXT_SIZE, "[%.39s%s%.15s]:%u", host, mark,
             interface, ntohs(a->sin6_port));
    return out;
}

const char *sockaddr_format(const struct sockaddr_any *a,
                            char out[SOCKADDR_TEXT_SIZE])
{
    if (a->any.sa_family == AF_INET6)
        return format_v6(&a->v6, out);
    assert(a->any.sa_family == AF_INET);
    char host[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof host);
    snprintf(out, SOCKADDR_TEXT_SIZE, "%s:%u", host, ntohs(a->v4.sin_port));
    return out;
}

bool sockaddr_is_wildcard(const struct sockaddr_any *a)
{
    if (a->any.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
    return a->v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

uint16_t sockaddr_port(const struct sockaddr_any *a)
{
    return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port
                                              : a->v4.sin_port);
}

static uint32_t scope_of(const struct sockaddr_any *a)
{
    return a->any.sa_family == AF_INET6 ? a->v6.sin6_scope_id : 0;
}

bool sockaddr_same(const struct sockaddr_any *a, const struct sockaddr_any *b)
{
    const struct address x = sockaddr_address(a), y = sockaddr_address(b);
    return sockaddr_port(a) == sockaddr_port(b) && scope_of(a) == scope_of(b) &&
           address_compare(&x, &y) == 0;
}

struct address sockaddr_address(const struct sockaddr_any *a)
{
    struct address out = {.family = FAMILY_IPV4};
    if (a->any.sa_family == AF_INET6) {
        out.family = FAMILY_IPV6;
        memcpy(out.octets, &a->v6.sin6_addr, 16);
    } else {
        assert(a->any.sa_family == AF_INET);
        memcpy(out.octets, &a->v4.sin_addr, 4);
    }
    return out;
}
