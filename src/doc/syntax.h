// SPDX-License-Identifier: Apache-2.0
// What a YAML parser finds wrong, in the words of whoever wrote the text, with
// the way to mend it. Pure; any thread.
#ifndef ORDINALD_DOC_SYNTAX_H
#define ORDINALD_DOC_SYNTAX_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdint.h>

struct syntax {
    const char *problem;   // as libyaml words it
    const char *context;   // "while parsing ...", or NULL
    uint32_t context_line; // where that began, from 1
    struct span line;      // the line with the problem, to the end of the text
    size_t at;             // octets into it
};

// Fill err with one finished sentence.
void syntax_explain(const struct syntax *s, struct error *err);

#endif
