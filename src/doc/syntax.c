// SPDX-License-Identifier: Apache-2.0
#include "syntax.h"

#include "text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// Room for a word out of the text, and how much of it is shown.
enum { WORD_SIZE = 41 };

// What a finding may say besides its fixed words: @W the word at the place, @L
// the line where the context began.
struct phrase {
    const char *problem; // a part of libyaml's
    const char *context; // a part of libyaml's, or NULL: any
    const char *words;
};

/*
 * The first that fits. Indentation and quotes are what people get wrong; the
 * mends say which of both it is.
 */
static const struct phrase phrases[] = {
    {"expected '-' indicator", NULL,
     "did not find expected '-' indicator while reading a list that starts on "
     "line @L; line up '@W' with the item's other keys, or with the key above "
     "the list"},
    {"expected key", NULL,
     "did not find expected key while reading a map that starts on line @L; "
     "line up '@W' with the keys of the map it belongs to, or quote the text "
     "before it as a whole"},
    {"expected ',' or '}'", NULL,
     "did not find expected ',' or '}' while reading a map that starts with "
     "'{' on line @L; put ',' between its entries and '}' behind the last, "
     "and quote text that contains braces"},
    {"expected ',' or ']'", NULL,
     "did not find expected ',' or ']' while reading a list that starts with "
     "'[' on line @L; put ',' between its items and ']' behind the last, and "
     "quote text that contains brackets"},
    {"expected node content", "flow node",
     "did not find a value before '@W'; write one, or close the '[' or '{' "
     "that is open"},
    {"expected node content", NULL,
     "did not find a value before '@W'; write one, or put text that contains "
     "'@W' in quotes"},
    {"expected <document start>", NULL,
     "the document ends before '@W'; begin the next one with a line '---', or "
     "remove what stands behind the end"},
    {"undefined tag handle", NULL,
     "the tag before '@W' has a prefix that no %TAG line declares; remove the "
     "tag"},
    {"incompatible YAML", NULL,
     "the %YAML line asks for a version that is not 1.1 or 1.2; remove the "
     "line"},
    {"duplicate %", NULL,
     "the same % line stands twice before a document; remove one"},
    {"", "directive",
     "a line that begins with '%' is neither '%YAML 1.1' nor '%TAG !prefix! "
     "name'; indent or quote it if it is text, or remove it"},
    {"could not find expected ':'", NULL,
     "did not find expected ':' after the key that starts on line @L; write "
     "'key: value' on one line, with a key of at most 1024 characters, or "
     "indent text that goes on from the line before"},
    {"mapping values are not allowed", NULL,
     "a second ': ' where no key can be; put the value in quotes if ':' is "
     "part of it, or indent this line like its neighbours"},
    {"block sequence entries", NULL,
     "a list item ('- ') cannot stand here; begin it on a line of its own, "
     "lined up with the list's other items"},
    {"mapping keys are not allowed", NULL,
     "a '?' cannot stand here; put the value in quotes"},
    {"tab character", NULL,
     "a tab is used for indentation; YAML takes spaces only"},
    {"cannot start any token", NULL,
     "'@W' cannot begin a value; put the value in quotes"},
    {"unexpected end of stream", NULL,
     "the text ends inside of quotes that begin on line @L; close them"},
    {"unexpected document indicator", NULL,
     "the document ends inside of quotes that begin on line @L; close them"},
    {"unknown escape character", NULL,
     "'@W' is no escape; in double quotes a backslash is written '\\\\', in "
     "single quotes it is itself"},
    {"hexdecimal", NULL,
     "an escape has too few digits; '\\x' takes two, '\\u' four and '\\U' "
     "eight hexadecimal digits"},
    {"invalid Unicode character escape", NULL,
     "an escape is no character: '\\ud800' to '\\udfff' are halves that JSON "
     "alone knows; write '\\U' and eight digits"},
    {"", "scanning an alias",
     "'*' begins an alias and has to be followed by a name of letters, digits, "
     "'-' and '_'; put the value in quotes if '*' is part of it"},
    {"", "scanning an anchor",
     "'&' begins an anchor and has to be followed by a name of letters, "
     "digits, '-' and '_'; put the value in quotes if '&' is part of it"},
    {"", " tag",
     "'!' begins a tag such as '!!str'; put the value in quotes if '!' is part "
     "of it"},
    {"", "block scalar",
     "'|' or '>' begins a block of text and can be followed only by '+', '-', "
     "a digit from 1 to 9 and a comment; begin the text on the next line, or "
     "put the value in quotes"},
    {"unexpected ':'", NULL,
     "a ':' that is followed by ',', '[', ']', '{' or '}'; put the value in "
     "quotes, or a blank behind the ':'"},
    {"control characters", NULL,
     "a control character cannot stand in a text; remove it, or write it as "
     "an escape in double quotes"},
    {"UTF-8", NULL, "an octet that is not UTF-8; save the text as UTF-8"},
    {"invalid Unicode character", NULL,
     "not a character of Unicode; save the text as UTF-8"},
};

static bool has(const char *text, const char *part)
{
    return !*part || (text && strstr(text, part));
}

// The word at the place: a key without its ':', a list's dash, or any text up
// to the next blank; never empty.
static void word_at(const struct syntax *s, char out[WORD_SIZE])
{
    size_t n = 0;
    for (size_t i = s->at; i < s->line.n && n + 1 < WORD_SIZE; i++) {
        const char c = (char)s->line.p[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' ||
            (c == ':' && n > 0))
            break;
        // What would garble a terminal or stand in the way of the quotes.
        const bool shown = c >= ' ' && c <= '~' && c != '\'';
        out[n++] = (char)(shown ? c : '?');
    }
    out[n] = '\0';
    if (n == 0)
        snprintf(out, WORD_SIZE, "%s", "the end");
}

// Whether the line is indented with a tab somewhere.
static bool is_tabbed(const struct syntax *s)
{
    for (size_t i = 0; i < s->line.n; i++) {
        if (s->line.p[i] == '\t')
            return true;
        if (s->line.p[i] != ' ')
            return false;
    }
    return false;
}

static bool may_be_indentation(const char *problem)
{
    return has(problem, "expected key") || has(problem, "'-' indicator") ||
           has(problem, "not allowed in this") || has(problem, "start any") ||
           has(problem, "expected ':'");
}

static const char *words_of(const struct syntax *s)
{
    if (is_tabbed(s) && may_be_indentation(s->problem))
        return "a tab is used for indentation; YAML takes spaces only";
    if (has(s->problem, "expected ',' or '}'") && s->at < s->line.n &&
        s->line.p[s->at] == ':')
        return "a key and its ':' have to stand on one line, and a key has at "
               "most 1024 characters; shorten the key, or move its ':' up";
    for (size_t i = 0; i < ORD_COUNT(phrases); i++) {
        const struct phrase *p = &phrases[i];
        if (has(s->problem, p->problem) &&
            (!p->context || has(s->context, p->context)))
            return p->words;
    }
    return NULL;
}

static void put(struct error *err, size_t *n, const char *text)
{
    const size_t left = sizeof err->text - *n;
    const int m = snprintf(err->text + *n, left, "%s", text);
    *n += (size_t)m < left ? (size_t)m : left - 1;
}

static void expand(const struct syntax *s, const char *words, struct error *err)
{
    char word[WORD_SIZE];
    char line[12];
    word_at(s, word);
    snprintf(line, sizeof line, "%u", (unsigned)s->context_line);

    size_t n = 0;
    for (; *words; words++) {
        if (words[0] != '@') {
            put(err, &n, (char[]){*words, '\0'});
            continue;
        }
        words++;
        put(err, &n, *words == 'W' ? word : line);
    }
}

void syntax_explain(const struct syntax *s, struct error *err)
{
    const char *words = words_of(s);
    if (words) {
        expand(s, words, err);
        return;
    }
    error_set(err, -EINVAL, "%s%s%s; put the value in quotes",
              s->problem ? s->problem : "not YAML", s->context ? " " : "",
              s->context ? s->context : "");
}
