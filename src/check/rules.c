// SPDX-License-Identifier: Apache-2.0
// The table of reasons for people: what there is, and a page about each.
#include "format.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

// --- in one line -----------------------------------------------------------

// What becomes of brackets, in which stands what may be left out.
enum brackets { BRACKETS_STAY, BRACKETS_GO };

// The form of a text: {service} becomes SERVICE.
static const char *form(const char *template, enum brackets brackets,
                        char out[CHECK_TITLE_SIZE])
{
    size_t n = 0;
    bool upper = false;

    for (const char *at = template; *at && n < CHECK_TITLE_SIZE - 1; at++)
        if (*at == '{' || *at == '}')
            upper = *at == '{';
        else if (*at == '[' && brackets == BRACKETS_GO)
            at = strchr(at, ']');
        else
            out[n++] = (char)(upper ? toupper((unsigned char)*at) : *at);
    out[n] = '\0';
    return out;
}

// The first sentence of a help, as a title.
static const char *sentence(const char *help, char out[CHECK_TITLE_SIZE])
{
    size_t n = 0;

    for (; help[n] && help[n] != '.' && n < CHECK_TITLE_SIZE - 1; n++)
        out[n] = (char)(help[n] == '\n' ? ' ' : help[n]);
    out[n] = '\0';
    out[0] = (char)tolower((unsigned char)out[0]);
    return out;
}

const char *check_title(enum reason_code code, char out[CHECK_TITLE_SIZE])
{
    const struct reason_kind *kind = reason_kind(code);

    // Of what comes in others' words there is nothing to be shown.
    if (strcmp(kind->text, "{detail}") == 0)
        return sentence(kind->help, out);
    return form(kind->text, BRACKETS_GO, out);
}

void check_print_rules(FILE *out)
{
    char title[CHECK_TITLE_SIZE];
    size_t wide = 0;

    for (unsigned i = REASON_NONE + 1; i < REASONS; i++) {
        const size_t n = strlen(reason_kind((enum reason_code)i)->id);
        wide = n > wide ? n : wide;
    }
    for (unsigned i = REASON_NONE + 1; i < REASONS; i++) {
        const enum reason_code code = (enum reason_code)i;
        const struct reason_kind *kind = reason_kind(code);
        char ede[8] = "-";
        if (kind->ede != REASON_NO_EDE)
            snprintf(ede, sizeof ede, "%u", kind->ede);
        fprintf(out, "%-*s  %-7s  %2s  %s\n", (int)wide, kind->id,
                check_level_name(code), ede, check_title(code, title));
    }
}

// --- a page ----------------------------------------------------------------

static void put_told(const struct reason_kind *kind, enum reason_code code,
                     FILE *out)
{
    const bool checked = kind->level != REASON_ANSWER;
    const bool answered = kind->ede != REASON_NO_EDE;

    fputs("Told by   ", out);
    if (checked)
        fprintf(out, "ordinald check, as a%s %s",
                kind->level == REASON_ERROR ? "n" : "", check_level_name(code));
    if (answered)
        fprintf(out, "%snegative answers (EDE %u) and ordinald explain",
                checked ? "; " : "", kind->ede);
    fputc('\n', out);
}

void check_print_rule(enum reason_code code, FILE *out)
{
    const struct reason_kind *kind = reason_kind(code);
    char text[CHECK_TITLE_SIZE], mend[CHECK_TITLE_SIZE];

    assert(code != REASON_NONE);
    fprintf(out, "%s\n\n", kind->id);
    put_told(kind, code, out);
    form(kind->text, BRACKETS_STAY, text);
    form(kind->mend, BRACKETS_STAY, mend);
    if (kind->level == REASON_ANSWER)
        fprintf(out, "Reads     %s\n", text);
    else
        fprintf(out, "Reads     FILE:LINE:COLUMN: %s: %s%s%s [%s]\n",
                check_level_name(code), text, *mend ? "; " : "", mend,
                kind->id);
    if (*kind->help)
        fprintf(out, "\n%s\n", kind->help);
}
