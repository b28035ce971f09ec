// SPDX-License-Identifier: Apache-2.0
// Any text as a label selector: what is refused has a place and a reason; what
// is taken means the same when it is written in another way, for labels made of
// its own words.
#include "model/selector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

// The longest text that is tried, and how many of its words become labels.
enum { TEXT_MAX = 2048, WORDS_MAX = 6 };

static void check(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_selector: %s\n", what);
    abort();
}

// --- labels ----------------------------------------------------------------

struct words {
    char text[TEXT_MAX + 1];
    const char *items[WORDS_MAX + 1]; // the last one is ""
    size_t n;
};

static void words_of(struct words *w, const char *text)
{
    char *save = NULL;

    strcpy(w->text, text);
    w->n = 0;
    for (char *at = strtok_r(w->text, "=!(),<> \t\r\n", &save);
         at && w->n < WORDS_MAX; at = strtok_r(NULL, "=!(),<> \t\r\n", &save))
        w->items[w->n++] = at;
    w->items[w->n] = "";
}

// Whether two selectors agree, or never agree, on all labels of these words:
// none, one, and two of them.
static void compare(const struct selector *a, const struct selector *b,
                    bool agree, const struct words *w, const char *what)
{
    const struct labels none = {0};

    check((selector_matches(a, none) == selector_matches(b, none)) == agree,
          what);
    for (size_t key = 0; key < w->n; key++) {
        for (size_t value = 0; value <= w->n; value++) {
            const struct label items[] = {
                {w->items[key], w->items[value]},
                {w->items[value], w->items[key]},
            };
            for (uint32_t n = 1; n <= 2; n++) {
                const struct labels labels = {items, n};
                check((selector_matches(a, labels) ==
                       selector_matches(b, labels)) == agree,
                      what);
            }
        }
    }
}

// --- the same in other words -----------------------------------------------

struct trial {
    struct arena arena;
    struct words words;
    const struct selector *selector;
};

static void try_text(struct trial *t, const char *text, bool agree)
{
    const struct selector *other = NULL;
    struct error err = {""};

    if (selector_parse(text, &t->arena, &other, &err)) {
        fprintf(stderr, "fuzz_selector: '%s': %s\n", text, err.text);
        abort();
    }
    compare(t->selector, other, agree, &t->words, text);
}

// Blanks around what stands alone.
static void try_blanks(struct trial *t, const char *text)
{
    char wide[3 * TEXT_MAX + 1];
    size_t n = 0;

    for (; *text; text++) {
        const bool alone = strchr("(),", *text);
        if (alone)
            wide[n++] = ' ';
        wide[n++] = *text;
        if (alone)
            wide[n++] = '\t';
    }
    wide[n] = '\0';
    try_text(t, wide, true);
}

static void try_twice(struct trial *t, const char *text)
{
    char twice[2 * TEXT_MAX + 2];

    snprintf(twice, sizeof twice, "%s,%s", text, text);
    try_text(t, twice, true);
}

// One requirement: `a`, `!a`, `a=b`, `a!=b`, `a in (b)`, `a notin (b)`.
static void try_forms(struct trial *t, const char *text)
{
    char other[2 * TEXT_MAX + 32];
    const int key_n = (int)strcspn(text, "=");
    const char *value = text + key_n;

    if (strpbrk(text, "!(),"))
        return;
    if (*value) {
        value += strspn(value, "=");
        snprintf(other, sizeof other, "%.*s in (%s)", key_n, text, value);
        try_text(t, other, true);
        snprintf(other, sizeof other, "%.*s notin (%s)", key_n, text, value);
        try_text(t, other, false);
        snprintf(other, sizeof other, "%.*s != %s", key_n, text, value);
        try_text(t, other, false);
    } else {
        snprintf(other, sizeof other, "! %s", text);
        try_text(t, other, false);
    }
}

static void refused(const struct selector *s, const struct error *err)
{
    check(!s, "touched although refused");
    check(strncmp(err->text, "character ", 10) == 0, "refused without a place");
    check(!strpbrk(err->text, "\r\n"), "an error of two lines");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct trial *t = calloc(1, sizeof *t);
    struct error err = {""};
    // a block of its own, so that reading past the end is seen
    const size_t text_n = n < TEXT_MAX ? n : TEXT_MAX;
    char *text = malloc(text_n + 1);

    check(t && text, "no memory for the fuzzer itself");
    if (text_n)
        memcpy(text, data, text_n);
    text[text_n] = '\0';
    arena_init(&t->arena, 1 << 20);
    if (selector_parse(text, &t->arena, &t->selector, &err)) {
        refused(t->selector, &err);
    } else {
        words_of(&t->words, text);
        try_blanks(t, text);
        if (t->words.n) {
            try_twice(t, text);
            try_forms(t, text);
        }
    }
    arena_release(&t->arena);
    free(text);
    free(t);
    return 0;
}
