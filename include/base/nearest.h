// SPDX-License-Identifier: Apache-2.0
// "Did you mean ...?": which known word a mistyped one is closest to. Pure.
#ifndef ORDINALD_BASE_NEAREST_H
#define ORDINALD_BASE_NEAREST_H

// The best of the words that were offered. Begin with nearest_of(wanted).
struct nearest {
    const char *wanted;
    // the closest word so far, or NULL where none is close enough to be meant
    const char *word;
    unsigned distance;
};

struct nearest nearest_of(const char *wanted);

// Offer a word; it is borrowed until the result has been used. Of words that
// are equally near the first in the order of strcmp() is taken, in whichever
// order they are offered.
void nearest_offer(struct nearest *n, const char *word);

#endif
