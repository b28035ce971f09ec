// SPDX-License-Identifier: Apache-2.0
// The text of a selector as tokens, one looked at at a time, and what a word
// has to look like to be a key or a value. What is wrong is said with its
// place. Private to src/model.
#ifndef ORDINALD_MODEL_SELECTOR_READER_H
#define ORDINALD_MODEL_SELECTOR_READER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum token {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_EQUAL,   // "=", "=="
    TOKEN_UNEQUAL, // "!="
    TOKEN_NOT,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_COMPARISON, // ">", "<"
};

struct reader {
    const char *text; // all of it
    struct error *err;
    const char *at; // the token
    size_t n;       // its octets, 0 at the end
    enum token token;
};

// Look at the first token of a text.
struct reader reader_of(const char *text, struct error *err);

// Look at the next token; behind the end is the end.
void reader_next(struct reader *r);

bool reader_word_is(const struct reader *r, const char *word);

// Say what is wrong with a place of the text. Returns -EINVAL.
int reader_wrong(const struct reader *r, const char *at, const char *format,
                 ...) ORD_PRINTF(3, 4);

// The token in quotes, as far as it fits on a line, or "the end".
enum { QUOTE_MAX = 40 };
struct quote {
    char text[QUOTE_MAX + sizeof "'...'"];
};
struct quote reader_quote(const struct reader *r);

// Whether the word that is looked at, or an empty one where it is no word, may
// be a key or a value. Returns 0 or -EINVAL.
int reader_check_key(const struct reader *r) ORD_CHECKED;
int reader_check_value(const struct reader *r) ORD_CHECKED;

#endif
