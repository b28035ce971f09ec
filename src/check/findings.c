// SPDX-License-Identifier: Apache-2.0
// What is found: kept as it comes, then put into the order in which people read
// it, each once.
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 16 };

void *check_grow(struct check *c, void *items, uint32_t n, uint32_t *room,
                 size_t size)
{
    if (n < *room)
        return items;
    const uint32_t more = *room ? 2 * *room : ROOM_FIRST;
    void *p = more > n ? reallocarray(items, more, size) : NULL;
    if (p)
        *room = more;
    c->no_memory |= !p;
    return p;
}

const char *check_see_file(struct check *c, const char *file)
{
    if (c->files_n && strcmp(c->files[c->files_n - 1].text, file) == 0)
        return c->files[c->files_n - 1].text;
    struct check_file *files =
        check_grow(c, c->files, c->files_n, &c->files_room, sizeof *c->files);
    if (!files)
        return NULL;
    c->files = files;
    const char *text = arena_text_dup(&c->arena, file);
    c->no_memory |= !text;
    if (!text)
        return NULL;
    files[c->files_n] = (struct check_file){text, c->files_n};
    c->files_n++;
    return text;
}

// --- telling ---------------------------------------------------------------

void check_tell_text(struct check *c, struct place at, enum reason_code code,
                     const char *text, const char *mend)
{
    if (c->no_memory || reason_kind(code)->level == REASON_ANSWER)
        return;
    const struct check_finding f = {
        .code = (uint8_t)code,
        .at = {at.file ? check_see_file(c, at.file) : NULL, at.line, at.column},
        .text = arena_text_dup(&c->arena, text),
        .mend = arena_text_dup(&c->arena, mend),
    };
    struct check_finding *findings = check_grow(
        c, c->findings, c->findings_n, &c->findings_room, sizeof *findings);
    if (findings)
        c->findings = findings;
    c->no_memory |= !f.text || !f.mend;
    if (!findings || c->no_memory)
        return;
    findings[c->findings_n] = f;
    check_file_finding(c, c->findings_n++);
}

void check_tell(struct check *c, struct place at, const struct reason *why)
{
    char text[REASON_LONG_MAX + 1], mend[REASON_LONG_MAX + 1];
    reason_text_long(why, text);
    reason_mend_long(why, mend);
    check_tell_text(c, at, why->code, text, mend);
}

void check_take_finding(void *context, enum finding kind, struct place at,
                        const char *text)
{
    if (kind == FINDING_DEBUG)
        return;
    check_tell_text(context, at,
                    kind == FINDING_ERROR ? REASON_INVALID : REASON_DOUBTFUL,
                    text, "");
}

// --- order -----------------------------------------------------------------

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int by_text(const void *a, const void *b)
{
    const struct check_file *one = a, *other = b;
    const int r = strcmp(one->text, other->text);
    return r ? r : compare_numbers(one->order, other->order);
}

// When a file was first heard of. The files are sorted, and it is one of them.
static uint32_t order_of(const struct check *c, const char *file)
{
    uint32_t low = 0, high = c->files_n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (strcmp(c->files[middle].text, file) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return c->files[low].order;
}

static int level_of(const struct check_finding *f)
{
    return reason_kind((enum reason_code)f->code)->level;
}

// Errors first; then anything that is the same each time.
static int by_words(const struct check_finding *a,
                    const struct check_finding *b)
{
    int r = level_of(b) - level_of(a);
    if (r == 0)
        r = strcmp(a->text, b->text);
    return r ? r : strcmp(a->mend, b->mend);
}

static int by_place(const struct check_finding *a,
                    const struct check_finding *b)
{
    int r = compare_numbers(a->order, b->order);
    if (r == 0)
        r = compare_numbers(a->at.line, b->at.line);
    return r ? r : compare_numbers(a->at.column, b->at.column);
}

static bool is_same(const struct check_finding *a,
                    const struct check_finding *b)
{
    return by_place(a, b) == 0 && by_words(a, b) == 0;
}

static int by_all(const void *a, const void *b)
{
    const struct check_finding *one = a, *other = b;
    int r = by_place(one, other);
    if (r == 0)
        r = by_words(one, other);
    return r ? r : compare_numbers(one->code, other->code);
}

void check_sort(struct check *c)
{
    uint32_t n = 0;
    if (c->findings_n == 0)
        return;
    if (c->files_n)
        qsort(c->files, c->files_n, sizeof *c->files, by_text);
    // what is about no file comes last
    for (uint32_t i = 0; i < c->findings_n; i++) {
        struct check_finding *f = &c->findings[i];
        if (f->code == REASON_NONE) // taken back
            continue;
        f->order = f->at.file ? order_of(c, f->at.file) : UINT32_MAX;
        c->findings[n++] = *f;
    }
    c->findings_n = n;
    qsort(c->findings, n, sizeof *c->findings, by_all);
    n = 0;
    for (uint32_t i = 0; i < c->findings_n; i++)
        if (n == 0 || !is_same(&c->findings[n - 1], &c->findings[i]))
            c->findings[n++] = c->findings[i];
    c->findings_n = n;
}
