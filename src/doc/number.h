// SPDX-License-Identifier: Apache-2.0
// Plain scalars that are numbers, as goyaml.v2 below sigs.k8s.io/yaml reads
// them: Go's ParseInt with base 0 and ParseFloat, underscores left out. Pure.
#ifndef ORDINALD_DOC_NUMBER_H
#define ORDINALD_DOC_NUMBER_H

#include <stddef.h>
#include <stdint.h>

enum number_kind {
    NUMBER_NONE,
    NUMBER_INT,      // value is it
    NUMBER_INT_HUGE, // an integer beyond 64 bits with sign
    NUMBER_FLOAT,    // real is it
};

struct number {
    enum number_kind kind;
    int64_t value;
    double real;
};

// text has a NUL behind it.
struct number number_of(const char *text, size_t n);

#endif
