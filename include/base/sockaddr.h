// SPDX-License-Identifier: Apache-2.0
// IP addresses, address ranges and socket addresses, as text and as values.
// Pure; any thread.
#ifndef ORDINALD_BASE_SOCKADDR_H
#define ORDINALD_BASE_SOCKADDR_H

#include "base/error.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum family { FAMILY_IPV4 = 4, FAMILY_IPV6 = 6 };

// An IP address in network order; an IPv4 address uses the first four octets
// and has the others zero, so that two are equal when all their octets are.
struct address {
    uint8_t family; // enum family
    uint8_t octets[16];
};

enum { ADDRESS_TEXT_SIZE = 46, CIDR_TEXT_SIZE = 50, SOCKADDR_TEXT_SIZE = 64 };

// Octets of an address: 4 or 16.
static inline uint8_t family_size(uint8_t family)
{
    return family == FAMILY_IPV4 ? 4 : 16;
}

static inline uint8_t address_size(const struct address *a)
{
    return family_size(a->family);
}

// Order by family, then by value; 0 when equal.
int address_compare(const struct address *a, const struct address *b);

// Whether text is an IPv4 or IPv6 address as RFC 4291 2.2 writes it (no zone,
// no brackets, no leading zeroes in IPv4); out is set only then.
bool address_parse(const char *text, struct address *out) ORD_CHECKED;

// Write the shortest text (RFC 5952) into out. Returns out.
const char *address_format(const struct address *a,
                           char out[ADDRESS_TEXT_SIZE]);

// A range of addresses; the bits behind the prefix are zero.
struct cidr {
    struct address base;
    uint8_t prefix; // bits
};

/*
 * Read "10.244.0.0/16" or "fd00::/64".
 *
 * Returns 0, or -EINVAL with err filled: no prefix, bits set behind it, not an
 * address.
 */
int cidr_parse(const char *text, struct cidr *out,
               struct error *err) ORD_CHECKED;

// As cidr_parse() reads it. Returns out.
const char *cidr_format(const struct cidr *c, char out[CIDR_TEXT_SIZE]);

bool cidr_contains(const struct cidr *c, const struct address *a);

// Room for either family; length is what bind() wants.
struct sockaddr_any {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t length;
};

/*
 * Read "127.0.0.1:5300", "[::1]:53", "[fe80::1%eth0]:53", "*:53" is refused.
 * A port of 0 to 65535 has to be there.
 *
 * Returns 0, or -EINVAL with err filled.
 */
int sockaddr_parse(const char *text, struct sockaddr_any *out,
                   struct error *err) ORD_CHECKED;

/*
 * Read the address of a name server that is to be asked, at port 53 (RFC 1035
 * 4.2) unless it says another: "10.96.0.10",
 * "10.96.0.10:53", "fd00::a", "[fd00::a]", "[fd00::a]:53", "fe80::1%eth0",
 * "[fe80::1%eth0]:53". "::ffff:10.96.0.10" is "10.96.0.10".
 *
 * Returns 0, or -EINVAL with err filled, also for an address that stands for
 * all, a port of 0, and an interface that does not exist.
 */
int sockaddr_parse_server(const char *text, struct sockaddr_any *out,
                          struct error *err) ORD_CHECKED;

// As sockaddr_parse() reads it. Returns out.
const char *sockaddr_format(const struct sockaddr_any *a,
                            char out[SOCKADDR_TEXT_SIZE]);

// Whether it stands for every address of the machine: 0.0.0.0 or [::].
bool sockaddr_is_wildcard(const struct sockaddr_any *a);

uint16_t sockaddr_port(const struct sockaddr_any *a);

// Whether address, port and zone are the same.
bool sockaddr_same(const struct sockaddr_any *a, const struct sockaddr_any *b);

struct address sockaddr_address(const struct sockaddr_any *a);

#endif
