// SPDX-License-Identifier: Apache-2.0
// The only file that speaks libsodium. crypto_shorthash() is SipHash-2-4 with a
// result of 8 octets in the order that RFC 9018 4.4 wants; like sodium_memcmp()
// it works on its arguments alone, so sodium_init() is not needed.
#include "dns/cookie.h"

#include <sodium.h>
#include <string.h>

_Static_assert(DNS_COOKIE_SECRET == crypto_shorthash_siphash24_KEYBYTES,
               "RFC 9018 4.4: a secret is a SipHash key");

enum {
    VERSION_AT = DNS_COOKIE_CLIENT,
    TIME_AT = 12,
    HASH_AT = 16,
    HASH_SIZE = DNS_COOKIE_SIZE - HASH_AT,
    VERSION = 1,
    // RFC 9018 4.3: how long a cookie is good, in seconds, and how far ahead
    // the clock of a server with the same secret may be
    AGE_MAX_S = 3600,
    AHEAD_MAX_S = 300,
};

_Static_assert(HASH_SIZE == crypto_shorthash_siphash24_BYTES,
               "RFC 9018 4.4: the hash is all that SipHash gives");

// RFC 9018 4.4: Client Cookie | Version | Reserved | Timestamp | Client-IP
static void hash_cookie(const struct dns_cookie_secret *secret,
                        const uint8_t *cookie, const struct address *client,
                        uint8_t out[HASH_SIZE])
{
    uint8_t input[HASH_AT + sizeof client->octets];
    const uint8_t size = address_size(client);
    memcpy(input, cookie, HASH_AT);
    memcpy(input + HASH_AT, client->octets, size);
    // it fails for no input
    (void)crypto_shorthash(out, input, HASH_AT + (size_t)size, secret->octets);
}

// RFC 9018 4.3: times are serial numbers (RFC 1982 3.2), so that 2106 is a year
// as any other. Exactly half of the circle away is before or after as it
// pleases: neither is within bounds.
static bool is_timely(uint32_t made_s, uint32_t now_s)
{
    const uint32_t age_s = now_s - made_s, ahead_s = made_s - now_s;
    return age_s <= AGE_MAX_S || ahead_s <= AHEAD_MAX_S;
}

bool dns_cookie_is_valid(const struct dns_cookie_secret *secret,
                         struct span cookie, const struct address *client,
                         uint32_t now_unix_s)
{
    uint8_t hash[HASH_SIZE];
    // RFC 9018 4.2: what Reserved holds is not looked at, but hashed.
    if (cookie.n != DNS_COOKIE_SIZE || cookie.p[VERSION_AT] != VERSION ||
        !is_timely(bytes_load_u32(cookie.p + TIME_AT), now_unix_s))
        return false;
    hash_cookie(secret, cookie.p, client, hash);
    return sodium_memcmp(hash, cookie.p + HASH_AT, HASH_SIZE) == 0;
}

void dns_cookie_write(const struct dns_cookie_secret *secret,
                      const uint8_t *cookie, const struct address *client,
                      uint32_t now_unix_s, uint8_t out[DNS_COOKIE_SIZE])
{
    memmove(out, cookie, DNS_COOKIE_CLIENT);
    bytes_store_u32(out + VERSION_AT, (uint32_t)VERSION << 24);
    bytes_store_u32(out + TIME_AT, now_unix_s);
    hash_cookie(secret, out, client, out + HASH_AT);
}
