// SPDX-License-Identifier: Apache-2.0
// Names in texts that could not be read: what stands there is not missing, so
// nobody is sent to look for it before the text is mended.
#include "check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

// Octets of each such text, and how many of them are looked at; what is beyond
// may have any name. They bound memory, and the time that each name takes.
enum { UNREAD_MAX = 1 << 20, UNREAD_TEXTS_MAX = 16 };

static bool is_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.';
}

static bool is_between(char c)
{
    return c == ' ' || c == '"' || c == '\'';
}

// Whether "name:" stands before a place, quotes and blanks between or not.
static bool follows_name(const char *text, const char *at)
{
    static const char key[] = "name";
    const size_t n = sizeof key - 1;

    while (at > text && is_between(at[-1]))
        at--;
    if (at == text || *--at != ':')
        return false;
    while (at > text && is_between(at[-1]))
        at--;
    return (size_t)(at - text) >= n && memcmp(at - n, key, n) == 0;
}

static bool text_names(const char *text, const char *name)
{
    const size_t n = strlen(name);

    for (const char *at = text; (at = strstr(at, name)) != NULL; at++)
        if (!is_of_name(at[n]) && follows_name(text, at))
            return true;
    return false;
}

// The text of a file, or NULL where it cannot be had again, or not whole.
static const char *read_again(struct check *c, const char *file)
{
    FILE *f = fopen(file, "re");
    char *text = f ? arena_bytes(&c->arena, UNREAD_MAX) : NULL;
    const size_t n = text ? fread(text, 1, UNREAD_MAX, f) : UNREAD_MAX;

    if (f)
        (void)fclose(f);
    if (n == UNREAD_MAX)
        return NULL;
    text[n] = '\0';
    return text;
}

// Texts are read once, when the first name is looked for.
static void read_all(struct check *c)
{
    const char *last = "";
    uint32_t n = 0;

    for (uint32_t i = 0; i < c->findings_n && n <= UNREAD_TEXTS_MAX; i++) {
        const struct check_finding *f = &c->findings[i];
        if (!check_is_unread(c, f) || strcmp(f->at.file, last) == 0)
            continue;
        last = f->at.file;
        struct check_unread *u = arena_alloc(&c->arena, sizeof *u);
        if (!u) {
            c->no_memory = true;
            return;
        }
        u->next = c->unread_texts;
        u->text = n++ < UNREAD_TEXTS_MAX ? read_again(c, last) : NULL;
        c->unread_texts = u;
    }
}

bool name_is_unread(struct check *c, const char *name)
{
    if (!c->unread)
        return false;
    if (!c->unread_texts)
        read_all(c);
    for (const struct check_unread *u = c->unread_texts; u; u = u->next)
        if (!u->text || text_names(u->text, name))
            return true;
    return false;
}
