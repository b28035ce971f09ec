// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

// Octets of a word that are compared; a longer one is never near. It bounds the
// work of one offer and the rows on the stack.
enum { WORD_MAX = 64 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    const unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/*
 * Insertions, deletions, replacements and swaps of neighbours that lead from a
 * to b ("optimal string alignment"): the ways in which people mistype. Three
 * rows of the table are kept: this one and the two before.
 */
static unsigned distance(const char *a, size_t an, const char *b, size_t bn)
{
    unsigned rows[3][WORD_MAX + 1];
    for (unsigned j = 0; j <= bn; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= an; i++) {
        unsigned *now = rows[i % 3];
        const unsigned *last = rows[(i + 2) % 3];
        const unsigned *first = rows[(i + 1) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= bn; j++) {
            const unsigned differs = a[i - 1] != b[j - 1];
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + differs);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1] && first[j - 2] + 1 < now[j])
                now[j] = first[j - 2] + 1;
        }
    }
    return rows[an % 3][bn];
}

// Which octets a word has, modulo 64. One change adds or removes two of them at
// most, so that half of those in which words differ bound their distance from
// below, at a fraction of its price.
static unsigned least_distance(const char *a, const char *b)
{
    uint64_t differ = 0, of_b = 0;
    for (; *a; a++)
        differ |= UINT64_C(1) << (*a & 63);
    for (; *b; b++)
        of_b |= UINT64_C(1) << (*b & 63);
    differ ^= of_b;
    unsigned n = 0;
    for (; differ; differ &= differ - 1)
        n++;
    return (n + 1) / 2;
}

struct nearest nearest_of(const char *wanted)
{
    return (struct nearest){.wanted = wanted, .distance = UINT_MAX};
}

void nearest_offer(struct nearest *n, const char *word)
{
    const size_t wanted_n = strlen(n->wanted), word_n = strlen(word);
    if (wanted_n > WORD_MAX || word_n > WORD_MAX)
        return;
    // More than a third of the letters wrong: another word was meant.
    const size_t longer = wanted_n > word_n ? wanted_n : word_n;
    const unsigned least = least_distance(n->wanted, word);
    if (least > n->distance || least > longer / 3)
        return;
    const unsigned d = distance(n->wanted, wanted_n, word, word_n);
    if (d > longer / 3)
        return;
    if (d < n->distance || (d == n->distance && strcmp(word, n->word) < 0)) {
        n->distance = d;
        n->word = word;
    }
}
