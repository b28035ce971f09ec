// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include "base/sockaddr.h"

#include <string.h>

static const char MORE[] = "...";

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

// How many octets here are an IP address; 0: none. A port or the sentence's
// full stop may stand behind it.
static size_t address_length(const char *text)
{
    char word[ADDRESS_TEXT_SIZE];
    struct address a;
    size_t n = strspn(text, "0123456789abcdefABCDEF.:");
    if (n >= sizeof word)
        n = sizeof word - 1;
    for (; n > 1; n--) {
        memcpy(word, text, n);
        word[n] = '\0';
        if (!is_word(text[n]) && address_parse(word, &a))
            return n;
    }
    return 0;
}

// The octets of the character here; 0 where it is a control character, which is
// `*control` octets (also U+0080 to U+009F).
static size_t character_length(const char *text, size_t *control)
{
    const unsigned char c = (unsigned char)text[0];
    const unsigned char next = (unsigned char)(c ? text[1] : 0);
    *control = c < ' ' || c == 0x7f ? 1 : c == 0xc2 && next < 0xa0 ? 2 : 0;
    if (*control)
        return 0;
    size_t n = 1;
    while (((unsigned char)text[n] & 0xc0) == 0x80)
        n++;
    return n;
}

// Cut at a character, with room for what says so.
static void cut(struct words *w)
{
    size_t n = w->room - (sizeof MORE - 1);
    if (n > w->n)
        n = w->n;
    while (n > 0 && ((unsigned char)w->text[n] & 0xc0) == 0x80)
        n--;
    memcpy(w->text + n, MORE, sizeof MORE);
    w->n = n + sizeof MORE - 1;
    w->cut = true;
}

static void add_octets(struct words *w, const char *octets, size_t n)
{
    if (w->cut)
        return;
    if (w->n + n > w->room) {
        w->text[w->n] = '\0';
        cut(w);
        return;
    }
    memcpy(w->text + w->n, octets, n);
    w->n += n;
    w->text[w->n] = '\0';
}

void words_add_plain(struct words *w, const char *text)
{
    add_octets(w, text, strlen(text));
}

void words_add(struct words *w, const char *text)
{
    bool gap = false, began = false, inside = false;
    while (*text && !w->cut) {
        size_t control;
        const size_t n = character_length(text, &control);
        const size_t address = inside ? 0 : address_length(text);
        if (control || *text == ' ') {
            gap = began;
            inside = false;
            text += control ? control : 1;
            continue;
        }
        if (gap)
            words_add_plain(w, " ");
        gap = false;
        began = true;
        if (address)
            words_add_plain(w, "<address>");
        else
            add_octets(w, text, n);
        inside = is_word(*text) || *text == '.';
        text += address ? address : n;
    }
}

void words_add_both(struct words *w, const char *first, const char *second)
{
    words_add(w, first);
    if (*first && *second)
        words_add_plain(w, ": ");
    words_add(w, second);
}
