// SPDX-License-Identifier: Apache-2.0
// The steps of a story that compare the last reply with what it should be.
#include "scenario/story.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 512 };

static bool asked(struct story *s)
{
    if (!s->asked)
        story_fail(s, "there is no reply to look at");
    return s->asked;
}

static void check_expect(struct story *s, char *rest)
{
    char name[16], flags[REPLY_FLAGS_SIZE], wanted[REPLY_FLAGS_SIZE] = "";
    const char *rcode = story_word(&rest);

    for (const char *word; (word = story_word(&rest));) {
        size_t n = strlen(wanted);
        snprintf(wanted + n, sizeof wanted - n, "%s%s", n ? " " : "", word);
    }
    reply_rcode_name(s->reply.rcode, name);
    reply_flags(&s->reply, flags);
    if (!rcode || strcmp(rcode, name) != 0 || strcmp(wanted, flags) != 0)
        story_fail(s, "%s is '%s %s', should be '%s %s'", s->reply.question,
                   name, flags, rcode ? rcode : "", wanted);
}

// Whether a record is the expected one; blanks may differ, `*` is any field.
static bool same_record(const char *is, const char *wanted)
{
    for (;;) {
        is += strspn(is, " \t");
        wanted += strspn(wanted, " \t");
        size_t is_n = strcspn(is, " \t"), wanted_n = strcspn(wanted, " \t");
        if (is_n == 0 || wanted_n == 0)
            return is_n == wanted_n;
        bool any = wanted_n == 1 && *wanted == '*';
        if (!any && (is_n != wanted_n || memcmp(is, wanted, is_n) != 0))
            return false;
        is += is_n;
        wanted += wanted_n;
    }
}

static void show(struct story *s, enum reply_section section)
{
    for (size_t i = 0; i < s->reply.lines_n[section]; i++)
        fprintf(s->out, "    %s\n", s->reply.lines[section][i]);
}

// The index of the first record that is as wanted and not yet taken, or n.
static size_t find_record(char **lines, size_t n, const bool *taken,
                          const char *wanted)
{
    size_t i = 0;
    while (i < n && (taken[i] || !same_record(lines[i], wanted)))
        i++;
    return i;
}

static void compare(struct story *s, enum reply_section section, char *block,
                    bool in_order)
{
    size_t n = s->reply.lines_n[section], wanted_n = 0;
    bool taken[LINES_MAX] = {false};
    bool good = n <= LINES_MAX;

    for (char *next, *line = block; good && line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        if (!line[strspn(line, " \t")])
            continue;
        size_t i = find_record(s->reply.lines[section], n, taken, line);
        if (i == n || (in_order && i != wanted_n)) {
            story_fail(s, "not there%s: %s", i < n ? " in its place" : "",
                       line);
            good = false;
        } else {
            taken[i] = true;
        }
        wanted_n++;
    }
    if (good && wanted_n != n) {
        story_fail(s, "%zu records, should be %zu", n, wanted_n);
        good = false;
    }
    if (!good)
        show(s, section);
}

static void check_section(struct story *s, enum reply_section section,
                          char *rest)
{
    size_t n = s->reply.lines_n[section];
    bool in_order = false;

    rest += strspn(rest, " \t");
    if (strncmp(rest, "in-order ", 9) == 0) {
        in_order = true;
        rest += 9;
    }
    if (strncmp(rest, "<<", 2) == 0) {
        char *block = story_block(s, &rest);
        if (block)
            compare(s, section, block, in_order);
        return;
    }
    size_t wanted =
        strncmp(rest, "count ", 6) == 0 ? strtoul(rest + 6, NULL, 10) : 0;
    if (wanted == 0 && strcmp(rest, "none") != 0) {
        story_fail(s, "expected 'none', 'count N' or '<<END'");
    } else if (n != wanted) {
        story_fail(s, "%zu records, should be %zu", n, wanted);
        show(s, section);
    }
}

static void check_opt(struct story *s, char *rest)
{
    bool none = strncmp(rest, "none", 4) == 0;

    if (none == s->reply.has_opt)
        story_fail(s, none ? "there is an OPT record" : "no OPT record");
    else if (!none && s->reply.opt_size != atoi(rest))
        story_fail(s, "OPT says %u octets", s->reply.opt_size);
}

static void check_ede(struct story *s, char *rest)
{
    char *code = story_word(&rest);
    int wanted = code && strcmp(code, "none") != 0 ? atoi(code) : -1;

    if (s->reply.ede != wanted)
        story_fail(s, "extended error %d (%s), should be %d", s->reply.ede,
                   s->reply.ede_text, wanted);
    else if (!strstr(s->reply.ede_text, rest))
        story_fail(s, "extended error says '%s'", s->reply.ede_text);
}

// How many extended errors the reply has.
static unsigned count_errors(const struct reply *r)
{
    enum { EDE = 15, HEAD = 4 };
    unsigned n = 0;

    for (size_t at = 0; at + HEAD <= r->options_n;) {
        const uint8_t *option = r->options + at;
        n += (option[0] << 8 | option[1]) == EDE;
        at += HEAD + (size_t)(option[2] << 8 | option[3]);
    }
    return n;
}

void story_check_why(struct story *s, char *rest)
{
    const char *code = story_word(&rest);
    const struct reply *r = &s->reply;
    const unsigned errors = count_errors(r);

    if (r->lines_n[REPLY_ANSWER])
        story_fail(s, "%s has an answer", r->question);
    else if (!r->has_opt)
        story_fail(s, "the question has no OPT record: write edns=1232");
    else if (!code || r->ede != atoi(code) || errors != 1)
        story_fail(s, "%s has %u extended errors, %d (%s), should be %s",
                   r->question, errors, r->ede, r->ede_text, code ? code : "");
    else if (strcmp(r->ede_text, rest + strspn(rest, " \t")) != 0)
        story_fail(s, "%s is no name because:\n    %s\nshould be:\n    %s",
                   r->question, r->ede_text, rest);
}

static void check_octets(struct story *s, char *rest)
{
    if (s->reply_n > strtoul(rest, NULL, 10))
        story_fail(s, "reply of %zu octets", s->reply_n);
}

static void check_answer(struct story *s, char *rest)
{
    check_section(s, REPLY_ANSWER, rest);
}

static void check_authority(struct story *s, char *rest)
{
    check_section(s, REPLY_AUTHORITY, rest);
}

static void check_additional(struct story *s, char *rest)
{
    check_section(s, REPLY_ADDITIONAL, rest);
}

static const struct {
    const char *word;
    void (*check)(struct story *s, char *rest);
} checks[] = {
    {"expect", check_expect},
    {"answer", check_answer},
    {"authority", check_authority},
    {"additional", check_additional},
    {"opt", check_opt},
    {"ede", check_ede},
    {"why", story_check_why},
    {"octets-max", check_octets},
};

bool story_check(struct story *s, const char *word, char *rest)
{
    for (size_t i = 0; i < ORD_COUNT(checks); i++) {
        if (strcmp(checks[i].word, word) != 0)
            continue;
        if (asked(s))
            checks[i].check(s, rest);
        return true;
    }
    return false;
}
