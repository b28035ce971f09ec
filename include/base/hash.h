// SPDX-License-Identifier: Apache-2.0
// A keyed 64-bit hash for tables whose keys come from outside. Whoever does not
// know the seed cannot choose colliding keys. Pure; any thread.
#ifndef ORDINALD_BASE_HASH_H
#define ORDINALD_BASE_HASH_H

#include <stdint.h>
#include <string.h>

static inline uint64_t hash_load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint64_t hash_load32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

// Both halves of a 128-bit product, folded: each input bit reaches all outputs.
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    unsigned __int128 r = (unsigned __int128)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}

/*
 * Hash n octets. Reads no octet outside of them: runs of 8 to 16 octets are
 * covered by two words that may overlap.
 */
static inline uint64_t hash_bytes(uint64_t seed, const uint8_t *p, size_t n)
{
    const uint64_t k0 = 0x9e3779b97f4a7c15, k1 = 0xd6e8feb86659fd93;
    uint64_t h = seed ^ (n * k0), a, b;

    for (; n > 16; p += 16, n -= 16)
        h = hash_mix(hash_load64(p) ^ k1, hash_load64(p + 8) ^ h);
    if (n >= 8) {
        a = hash_load64(p);
        b = hash_load64(p + n - 8);
    } else if (n >= 4) {
        a = hash_load32(p);
        b = hash_load32(p + n - 4);
    } else if (n > 0) {
        a = (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 8 | p[n - 1];
        b = 0;
    } else {
        a = b = 0;
    }
    return hash_mix(hash_mix(a ^ k1, b ^ h), k0);
}

#endif
