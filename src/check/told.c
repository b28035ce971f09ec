// SPDX-License-Identifier: Apache-2.0
// Words of findings, and what was found before: of two rules that see one
// mistake the one that knows it best tells it.
#include "view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *check_text(struct check *c, const char *format, ...)
{
    char text[512]; // more than a reason's text holds
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *kept = arena_text_dup(&c->arena, text);
    c->no_memory |= !kept;
    return kept ? kept : "";
}

const char *check_where(struct check *c, struct place from, struct place at)
{
    const bool same = strcmp(from.file, at.file) == 0;
    return check_text(c, "%s%s%u:%u", same ? "" : at.file, same ? "" : ":",
                      at.line, at.column);
}

// --- whose a finding is -----------------------------------------------------

static int compare(const struct check_document *d, struct place at)
{
    const int r = strcmp(d->file, at.file);
    if (r != 0)
        return r;
    if (d->root->line != at.line)
        return d->root->line < at.line ? -1 : 1;
    return (d->root->column > at.column) - (d->root->column < at.column);
}

// The last document that does not begin behind a place; NULL: none in its file.
static const struct check_document *document_at(const struct check *c,
                                                struct place at)
{
    uint32_t low = 0, high = at.file ? c->documents_n : 0;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (compare(c->index[middle], at) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && strcmp(c->index[low - 1]->file, at.file) == 0
               ? c->index[low - 1]
               : NULL;
}

bool field_is_told(const struct check *c, const struct check_document *d,
                   const char *key)
{
    for (uint32_t i = 0; i < c->findings_n; i++) {
        const struct check_finding *f = &c->findings[i];
        const bool field = f->code == REASON_FIELD_MISSPELLED ||
                           f->code == REASON_FIELD_MISPLACED;
        if (field && strstr(f->mend, key) && document_at(c, f->at) == d)
            return true;
    }
    return false;
}

static uint32_t last_line(const struct doc_node *node)
{
    uint32_t last = node->line;
    for (uint32_t i = 0; node->kind != DOC_SCALAR && i < node->n; i++) {
        const uint32_t line = last_line(
            node->kind == DOC_MAP ? node->pairs[i].value : node->items[i]);
        last = line > last ? line : last;
    }
    return last;
}

bool something_is_unread(const struct check *c)
{
    for (uint32_t i = 0; i < c->findings_n; i++) {
        const struct check_finding *f = &c->findings[i];
        if (f->code != REASON_INVALID || !f->at.file)
            continue;
        // what is wrong within an object stands at one of its fields
        const struct check_document *d = document_at(c, f->at);
        if (!d || f->at.line > last_line(d->root))
            return true;
    }
    return false;
}

bool check_untell(struct check *c, struct place at, const char *part)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->findings_n; i++) {
        const struct check_finding *f = &c->findings[i];
        const bool read =
            f->code == REASON_INVALID || f->code == REASON_DOUBTFUL;
        if (read && f->at.file && f->at.line == at.line &&
            f->at.column == at.column && strcmp(f->at.file, at.file) == 0 &&
            strstr(f->text, part))
            continue;
        c->findings[kept++] = *f;
    }
    const bool told = kept < c->findings_n;
    c->findings_n = kept;
    return told;
}
