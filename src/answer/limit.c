// SPDX-License-Identifier: Apache-2.0
// A token bucket for each prefix, kept as the time at which it will be full
// again (the generic cell rate algorithm): a reply moves that time on by one
// reply's worth, and may go out while it is at most a second ahead. So a bucket
// is one number, and one compare-and-swap takes from it.
//
//     24 bits   which prefix, of those that have the same set
//      1        whether the last one over the rate was cut (TC) or dropped
//     39        when the bucket is full, in steps, modulo 2^39
//
// A step is the longest time of which both a millisecond and a reply are whole
// multiples: no rate is rounded. The clock goes round after 17 years where a
// thousand is a multiple of the rate, after a month at 213 replies a second,
// after nine minutes at the highest prime one. A bucket that nobody asked for
// is full, whatever the clock did since; only one that comes back within a
// second or two of a whole round looks less full than it is.
//
// A full bucket says nothing that an absent one does not: its place is free.
#include "answer/limit.h"

#include "base/base.h"
#include "base/hash.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    SETS_LOG = 16, // 2 MiB in all: 262,144 prefixes that are busy at a time
    WAYS = 4,      // a set is half of a cache line
    TIME_BITS = 39,
    TAG_AT = TIME_BITS + 1,
    // Each try that fails is one that another thread made: after so many, the
    // rest of the prefix's second is being spent elsewhere.
    TRIES = 64,
    SECOND_MS = 1000,
};

static const uint64_t time_mask = ((uint64_t)1 << TIME_BITS) - 1;
static const uint64_t cut_bit = (uint64_t)1 << TIME_BITS;
static const uint64_t tag_mask = ~(uint64_t)0 << TAG_AT;

typedef _Atomic uint64_t atomic_word;

struct limit {
    uint64_t seed;
    uint64_t per_ms;    // steps of a millisecond
    uint64_t per_reply; // steps of a reply
    uint64_t second;    // steps
    atomic_word *words; // WAYS of each set; 0: never used
    atomic_word memory[];
};

_Static_assert(sizeof(atomic_word) == sizeof(uint64_t), "no lock within");

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

struct limit *limit_new(uint32_t rate, uint64_t seed)
{
    const size_t n = (size_t)WAYS << SETS_LOG;
    struct limit *l = calloc(1, sizeof *l + (n + WAYS) * sizeof *l->words);
    if (!l)
        return NULL;
    rate = rate < 1 ? 1 : rate > LIMIT_RATE_MAX ? LIMIT_RATE_MAX : rate;
    const uint32_t divisor = common_divisor(rate, SECOND_MS);
    l->seed = seed;
    l->per_ms = rate / divisor;
    l->per_reply = SECOND_MS / divisor;
    l->second = SECOND_MS * l->per_ms;
    // no set in two cache lines
    const size_t set = WAYS * sizeof *l->words;
    const uintptr_t over = (uintptr_t)l->memory % set;
    l->words = l->memory + (over ? (set - over) / sizeof *l->words : 0);
    return l;
}

void limit_free(struct limit *l)
{
    free(l);
}

// What the table knows a client by. Behind a /24 and a /56 there is one site,
// and whoever may forge one of its addresses may forge them all.
static uint64_t hash_prefix(const struct limit *l, const struct address *client)
{
    enum { IPV4_SIZE = 3, IPV6_SIZE = 7, MAPPED_SIZE = 12 };
    // RFC 4291 2.5.5.2: how an IPv4 client shows up at an IPv6 socket
    static const uint8_t mapped[MAPPED_SIZE] = {[10] = 0xff, 0xff};
    if (client->family == FAMILY_IPV4)
        return hash_bytes(l->seed, client->octets, IPV4_SIZE);
    if (memcmp(client->octets, mapped, sizeof mapped) == 0)
        return hash_bytes(l->seed, client->octets + MAPPED_SIZE, IPV4_SIZE);
    return hash_bytes(l->seed, client->octets, IPV6_SIZE);
}

// How far ahead of now the time in a word is: steps of replies that its bucket
// still has to win back. More than a second happens where another thread's
// clock is ahead of ours; what is further away is a time of the past.
static uint64_t word_level(const struct limit *l, uint64_t word, uint64_t now)
{
    const uint64_t ahead = (word - now) & time_mask;
    return word == 0 || ahead > 2 * l->second ? 0 : ahead;
}

// The prefix's word, or one that is free, or NULL; *out is what it holds.
static atomic_word *find_word(const struct limit *l, atomic_word *set,
                              uint64_t tag, uint64_t now, uint64_t *out)
{
    atomic_word *found = NULL;
    for (unsigned i = 0; i < WAYS; i++) {
        const uint64_t word =
            atomic_load_explicit(&set[i], memory_order_relaxed);
        const bool ours = (word & tag_mask) == tag;
        if (ours || (!found && word_level(l, word, now) == 0)) {
            found = &set[i];
            *out = word;
        }
        if (ours)
            break;
    }
    return found;
}

// The verdict for a prefix whose word, or a free one, is *word; and what will
// stand there then.
static enum limit_verdict take(const struct limit *l, uint64_t tag,
                               uint64_t now, uint64_t *word)
{
    const uint64_t level = word_level(l, *word, now) + l->per_reply;
    const uint64_t cut = (*word & tag_mask) == tag ? *word & cut_bit : 0;
    if (level <= l->second) {
        *word = tag | cut | ((now + level) & time_mask);
        return LIMIT_PASS;
    }
    *word ^= cut_bit;
    return cut ? LIMIT_DROP : LIMIT_SLIP;
}

enum limit_verdict limit_ask(struct limit *l, const struct address *client,
                             uint64_t now_ms)
{
    const uint64_t hash = hash_prefix(l, client);
    const uint64_t now = (now_ms * l->per_ms) & time_mask;
    atomic_word *set = l->words + (hash >> (64 - SETS_LOG)) * WAYS;
    uint64_t tag = hash << TAG_AT;
    if (tag == 0) // as in a word that was never used
        tag = (uint64_t)1 << TAG_AT;
    for (unsigned tries = 0; tries < TRIES; tries++) {
        uint64_t word;
        atomic_word *at = find_word(l, set, tag, now, &word);
        if (!at)
            return LIMIT_PASS;
        uint64_t wanted = word;
        const enum limit_verdict verdict = take(l, tag, now, &wanted);
        if (ORD_LIKELY(atomic_compare_exchange_strong_explicit(
                at, &word, wanted, memory_order_relaxed, memory_order_relaxed)))
            return verdict;
    }
    return LIMIT_DROP;
}
