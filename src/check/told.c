// SPDX-License-Identifier: Apache-2.0
// What was told of a document before: of two rules that see one mistake the one
// that knows it best tells it. Each finding is filed under the document that it
// stands in, so that nobody has to walk over all of them.
#include "check.h"

#include <ctype.h>
#include <string.h>

// --- filing ----------------------------------------------------------------

static uint32_t last_line_of(const struct doc_node *node)
{
    uint32_t last = node->line;
    for (uint32_t i = 0; node->kind != DOC_SCALAR && i < node->n; i++) {
        const uint32_t line = last_line_of(
            node->kind == DOC_MAP ? node->pairs[i].value : node->items[i]);
        last = line > last ? line : last;
    }
    return last;
}

// Whether a place is none in the document before it: what is wrong within an
// object stands at one of its fields.
static bool is_outside(struct check_slot *slot, struct place at)
{
    if (slot && !slot->last_line)
        slot->last_line = last_line_of(slot->document->root);
    return !slot || at.line > slot->last_line;
}

bool check_is_unread(const struct check *c, const struct check_finding *f)
{
    return f->code == REASON_INVALID && f->at.file &&
           is_outside(check_slot_at(c, f->at), f->at);
}

void check_file_finding(struct check *c, uint32_t index)
{
    struct check_finding *f = &c->findings[index];
    struct check_slot *slot = check_slot_at(c, f->at);

    c->unread |= check_is_unread(c, f);
    f->next = slot ? slot->findings : CHECK_NO_FINDING;
    if (slot)
        slot->findings = index;
}

void check_file_findings(struct check *c)
{
    c->unread = false;
    for (uint32_t i = 0; i < c->findings_n; i++)
        check_file_finding(c, i);
}

// --- asking ----------------------------------------------------------------

static uint32_t first_in(const struct check *c, const struct check_document *d)
{
    const struct place at = {d->file, d->root->line, d->root->column};
    const struct check_slot *slot = check_slot_at(c, at);
    return slot ? slot->findings : CHECK_NO_FINDING;
}

bool check_has_error(const struct check *c, const struct check_document *d)
{
    for (uint32_t i = d ? first_in(c, d) : CHECK_NO_FINDING;
         i != CHECK_NO_FINDING; i = c->findings[i].next) {
        const enum reason_code code = (enum reason_code)c->findings[i].code;
        if (code != REASON_NONE && reason_kind(code)->level == REASON_ERROR)
            return true;
    }
    return false;
}

// Whether a word is in a text, not as a part of another one.
static bool has_word(const char *text, const char *word)
{
    const size_t n = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        if ((at == text || !isalnum((unsigned char)at[-1])) &&
            !isalnum((unsigned char)at[n]))
            return true;
    return false;
}

bool field_is_told(const struct check *c, const struct check_document *d,
                   const char *key)
{
    for (uint32_t i = d ? first_in(c, d) : CHECK_NO_FINDING;
         i != CHECK_NO_FINDING; i = c->findings[i].next) {
        const struct check_finding *f = &c->findings[i];
        const bool field = f->code == REASON_FIELD_MISSPELLED ||
                           f->code == REASON_FIELD_MISPLACED;
        if (field && has_word(f->mend, key))
            return true;
    }
    return false;
}

bool something_is_unread(const struct check *c)
{
    return c->unread;
}

// --- taking back -----------------------------------------------------------

bool check_untell(struct check *c, struct place at, const char *part)
{
    struct check_slot *slot = check_slot_at(c, at);
    bool told = false;

    for (uint32_t i = slot ? slot->findings : CHECK_NO_FINDING;
         i != CHECK_NO_FINDING; i = c->findings[i].next) {
        struct check_finding *f = &c->findings[i];
        const bool read =
            f->code == REASON_INVALID || f->code == REASON_DOUBTFUL;
        if (!read || f->at.line != at.line || f->at.column != at.column ||
            !strstr(f->text, part))
            continue;
        f->code = REASON_NONE;
        told = true;
    }
    return told;
}
