// SPDX-License-Identifier: Apache-2.0
#include "scenario/story.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void story_fail(struct story *s, const char *format, ...)
{
    va_list arguments;

    s->failures++;
    fprintf(s->out, "%s:%u: ", s->path, s->step_line);
    va_start(arguments, format);
    vfprintf(s->out, format, arguments);
    va_end(arguments);
    fputc('\n', s->out);
}

char *story_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    size_t n = strcspn(word, " \t");

    if (n == 0)
        return NULL;
    *rest = word + n + (word[n] != 0);
    word[n] = 0;
    return word;
}

static char *next_line(struct story *s)
{
    char *line = s->at;

    if (!line || !*line)
        return NULL;
    char *end = strchr(line, '\n');
    s->at = end ? end + 1 : NULL;
    if (end)
        *end = 0;
    s->line++;
    return line;
}

char *story_block(struct story *s, char **rest)
{
    char *mark = story_word(rest);

    if (!mark || strncmp(mark, "<<", 2) != 0 || !mark[2]) {
        story_fail(s, "'<<END' is missing here");
        return NULL;
    }
    char *text = s->at;
    for (char *line; (line = next_line(s));) {
        if (strcmp(line + strspn(line, " \t"), mark + 2) == 0) {
            *line = 0;
            return text;
        }
        if (s->at)
            s->at[-1] = '\n'; // the block is one text again
    }
    story_fail(s, "no line '%s' ends this", mark + 2);
    return NULL;
}

// --- files -----------------------------------------------------------------

static struct story_file *file_of(struct story *s, const char *name)
{
    for (size_t i = 0; i < ORD_COUNT(s->files); i++) {
        struct story_file *f = &s->files[i];
        if (!f->text && !f->name[0])
            snprintf(f->name, sizeof f->name, "%s", name);
        if (strcmp(f->name, name) == 0)
            return f;
    }
    story_fail(s, "more than %zu files", ORD_COUNT(s->files));
    return NULL;
}

// Write a file; text is kept when it was.
static void put_file(struct story *s, const char *name, char *text)
{
    struct story_file *f = file_of(s, name);

    if (!text || !f || !world_write(s->world, name, text, strlen(text))) {
        story_fail(s, "cannot write '%s': %s", name, strerror(errno));
        free(text);
        return;
    }
    free(f->text);
    f->text = text;
}

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t size = 0;

    if (!f)
        return NULL;
    // no file has an octet 0 in it
    if (getdelim(&text, &size, 0, f) < 0 && ferror(f)) {
        free(text);
        text = NULL;
    }
    fclose(f);
    return text;
}

// A copy of text with each `old` replaced; NULL where there is none.
static char *replaced(const char *text, const char *old, const char *new)
{
    size_t old_n = strlen(old), new_n = strlen(new), n = 0, times = 0;
    char *copy = malloc(strlen(text) * (new_n + 1) + 1);

    while (copy && *text) {
        if (strncmp(text, old, old_n) == 0) {
            memcpy(copy + n, new, new_n);
            n += new_n;
            text += old_n;
            times++;
        } else {
            copy[n++] = *text++;
        }
    }
    if (!copy || times == 0) {
        free(copy);
        return NULL;
    }
    copy[n] = 0;
    return copy;
}

static void step_manifest(struct story *s, char *rest)
{
    char *name = story_word(&rest);
    char *text = name ? story_block(s, &rest) : NULL;

    if (text)
        put_file(s, name, strdup(text));
}

static void step_copy(struct story *s, char *rest)
{
    char *name = story_word(&rest);
    char *path = story_word(&rest);
    char *text = path ? read_text(path) : NULL;

    if (!text)
        story_fail(s, "cannot read '%s': %s", path ? path : "",
                   strerror(errno));
    else
        put_file(s, name, text);
}

// "\\n" as the end of a line.
static void unescape(char *text)
{
    for (char *end; text && (end = strstr(text, "\\n")); text = end + 1) {
        *end = '\n';
        memmove(end + 1, end + 2, strlen(end + 2) + 1);
    }
}

static void step_edit(struct story *s, char *rest)
{
    char *name = story_word(&rest);
    struct story_file *f = name ? file_of(s, name) : NULL;
    const char mark[] = {*rest, 0};
    char *old = strtok(rest, mark), *new = strtok(NULL, mark);

    unescape(old);
    unescape(new);
    char *text =
        f && f->text && old ? replaced(f->text, old, new ? new : "") : NULL;
    if (text)
        put_file(s, name, text);
    else
        story_fail(s, "'%s' is not in '%s'", old ? old : "", name ? name : "");
}

static void step_remove(struct story *s, char *rest)
{
    char *name = story_word(&rest);

    if (!name || !world_remove(s->world, name))
        story_fail(s, "cannot remove '%s'", name ? name : "");
}

// --- loading ----------------------------------------------------------------

static void step_load(struct story *s, char *rest)
{
    (void)rest;
    int result = world_load(s->world);
    if (result < 0)
        story_fail(s, "load: %s", strerror(-result));
}

static void step_finding(struct story *s, char *rest)
{
    const char *found = world_findings(s->world);

    rest += strspn(rest, " \t");
    if (strcmp(rest, "none") == 0) {
        if (*found)
            story_fail(s, "findings that were not expected:\n%s", found);
    } else if (!strstr(found, rest)) {
        story_fail(s, "no finding '%s', but:\n%s", rest, found);
    }
}

// --- options ---------------------------------------------------------------

static void step_options(struct story *s, const char *rest)
{
    const size_t n = strlen(s->options);

    if (s->world)
        story_fail(s, "options stand before all other steps");
    else if (n + strlen(rest) + 2 > sizeof s->options)
        story_fail(s, "too many options");
    else
        snprintf(s->options + n, sizeof s->options - n, " %s", rest);
}

static void step_environment(struct story *s, char *rest)
{
    for (char *word; (word = story_word(&rest));) {
        char *equals = strchr(word, '=');
        if (s->world || !equals || s->variables_n == ORD_COUNT(s->variables)) {
            story_fail(s, "written 'environment NAME=VALUE...', a few of them, "
                          "before all other steps");
            return;
        }
        *equals = 0;
        if (setenv(word, equals + 1, 1) == 0)
            s->variables[s->variables_n++] = word;
    }
}

// --- the whole -------------------------------------------------------------

static const struct {
    const char *word;
    void (*carry_out)(struct story *s, char *rest);
} steps[] = {
    {"manifest", step_manifest}, {"copy", step_copy}, {"edit", step_edit},
    {"remove", step_remove},     {"load", step_load}, {"finding", step_finding},
};

static void carry_out(struct story *s, const char *word, char *rest)
{
    for (size_t i = 0; i < ORD_COUNT(steps); i++) {
        if (strcmp(steps[i].word, word) == 0) {
            steps[i].carry_out(s, rest);
            return;
        }
    }
    if (!story_steer(s, word, rest) && !story_look(s, word, rest) &&
        !story_ask(s, word, rest) && !story_check(s, word, rest))
        story_fail(s, "no step is called '%s'", word);
}

// Returns false when the story cannot go on.
static bool step(struct story *s, char *line)
{
    line += strspn(line, " \t");
    if (!*line || *line == '#')
        return true;
    s->step_line = s->line;
    char *word = story_word(&line);
    if (strcmp(word, "options") == 0) {
        step_options(s, line);
        return true;
    }
    if (strcmp(word, "environment") == 0) {
        step_environment(s, line);
        return true;
    }
    if (!s->world)
        s->world = world_new(s->options);
    if (!s->world) {
        story_fail(s, "the world cannot be made");
        return false;
    }
    carry_out(s, word, line);
    return true;
}

bool story_run(const char *path, FILE *out)
{
    struct story s = {
        .path = path,
        .out = out,
        .text = read_text(path),
        .reply = {.ede = -1},
    };

    s.at = s.text;
    if (!s.text)
        story_fail(&s, "cannot be read: %s", strerror(errno));
    for (char *line; (line = next_line(&s));)
        if (!step(&s, line))
            break;
    reply_release(&s.reply);
    world_free(s.world);
    for (size_t i = 0; i < ORD_COUNT(s.files); i++)
        free(s.files[i].text);
    for (unsigned i = 0; i < s.variables_n; i++)
        unsetenv(s.variables[i]);
    free(s.text);
    return s.failures == 0;
}
