// SPDX-License-Identifier: Apache-2.0
// DNS cookies (RFC 7873) as RFC 9018 makes them, so that servers of different
// make that share a secret can stand in for each other. Pure; any thread.
//
//    8  client cookie, as sent
//    1  version 1, then 3 reserved octets
//    4  time, seconds since 1970
//    8  SipHash-2-4 of all before it and the client's address
#ifndef ORDINALD_DNS_COOKIE_H
#define ORDINALD_DNS_COOKIE_H

#include "base/bytes.h"
#include "base/sockaddr.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DNS_COOKIE_CLIENT = 8,
    DNS_COOKIE_SIZE = 24, // client's and our server's part
    DNS_COOKIE_MAX = 40,  // what any server's may have (RFC 7873 4)
    DNS_COOKIE_SECRET = 16,
};

struct dns_cookie_secret {
    uint8_t octets[DNS_COOKIE_SECRET];
};

// Whether a cookie option's length is one that RFC 7873 4 allows: 8 octets, or
// 16 to 40. Any other is FORMERR (5.2.2).
static inline bool dns_cookie_is_well_formed(size_t n)
{
    return n == DNS_COOKIE_CLIENT ||
           (n >= DNS_COOKIE_CLIENT + 8 && n <= DNS_COOKIE_MAX);
}

/*
 * Whether the cookie was made here, for this client, within the last hour or,
 * by a clock ahead of ours, the next five minutes (RFC 9018 4.3). Compares in
 * constant time.
 *
 * cookie  well formed
 */
bool dns_cookie_is_valid(const struct dns_cookie_secret *secret,
                         struct span cookie, const struct address *client,
                         uint32_t now_unix_s);

// Write the client's part (its first DNS_COOKIE_CLIENT octets) and a new
// server's part; out may be where cookie is.
void dns_cookie_write(const struct dns_cookie_secret *secret,
                      const uint8_t *cookie, const struct address *client,
                      uint32_t now_unix_s, uint8_t out[DNS_COOKIE_SIZE]);

#endif
