// SPDX-License-Identifier: Apache-2.0
#include "lib/world.h"

#include "daemon/pipeline.h"
#include "daemon/settings.h"
#include "lib/answer_one.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 512, WORDS_MAX = 64 };

struct world {
    struct fake_clock clock;
    char directory[64];
    struct settings settings;
    struct pipeline pipeline;
    struct answer_context context;
    struct report report;
    // findings of the last load
    char *findings;
    size_t findings_n;
    bool reader; // this thread is registered with the zone
};

// The text of a finding as the log writes it, with the directory left out: it
// is another one each time.
static void take_finding(void *context, enum finding kind, struct place at,
                         const char *text)
{
    static const char *const names[] = {"error", "warning", "debug"};
    struct world *w = context;
    const char *slash = at.file ? strrchr(at.file, '/') : NULL;
    char *line;

    if (kind == FINDING_DEBUG)
        return;
    int n = asprintf(&line, "%s:%u:%u: %s: %s\n",
                     slash ? slash + 1 : (at.file ? at.file : ""), at.line,
                     at.column, names[kind], text);
    if (n < 0)
        return;
    char *all = realloc(w->findings, w->findings_n + (size_t)n + 1);
    if (all) {
        memcpy(all + w->findings_n, line, (size_t)n + 1);
        w->findings = all;
        w->findings_n += (size_t)n;
    }
    free(line);
}

static void forget_findings(struct world *w)
{
    free(w->findings);
    w->findings = NULL;
    w->findings_n = 0;
}

const char *world_findings(const struct world *w)
{
    return w->findings ? w->findings : "";
}

struct answer_context *world_context(struct world *w)
{
    return &w->context;
}

void world_advance(struct world *w, uint64_t ms)
{
    fake_clock_advance(&w->clock, ms);
}

// --- making and ending -----------------------------------------------------

// The next word of *rest, which is cut up, or NULL.
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    const bool quoted = *word == '\'';
    word += quoted;
    if (!*word)
        return NULL;
    char *end = word + strcspn(word, quoted ? "'" : " \t");
    *rest = end + (*end != 0);
    *end = 0;
    return word;
}

static int read_settings(struct world *w, const char *options,
                         struct error *err)
{
    const struct settings_command command = {
        .name = "serve",
        .needs_paths = true,
    };
    const char *argv[WORDS_MAX] = {"--listen", "192.0.2.53:53"};
    int argc = 2;
    char *copy = strdup(options), *rest = copy;

    for (char *word; copy && argc < WORDS_MAX - 2 && (word = next_word(&rest));)
        argv[argc++] = word;
    argv[argc++] = "--";
    argv[argc++] = w->directory;
    const int result =
        copy ? settings_parse(&w->settings, &command, argc, argv, NULL, err)
             : -ENOMEM;
    free(copy);
    return result;
}

static int make(struct world *w, const char *options, struct error *err)
{
    const struct pipeline_seeds seeds = {.hash = 0x0123456789abcdef,
                                         .pods = 42};

    w->report = (struct report){.finding = take_finding, .context = w};
    snprintf(w->directory, sizeof w->directory, "/tmp/ordinald-world.XXXXXX");
    if (!mkdtemp(w->directory)) {
        w->directory[0] = 0;
        return error_set(err, -errno, "no directory for manifests");
    }
    int result = read_settings(w, options, err);
    if (result == 0)
        result = pipeline_init(&w->pipeline, &w->settings, &seeds, NULL,
                               &w->report, err);
    if (result < 0)
        return result;
    w->context.zone = w->pipeline.zone;
    w->context.settings = pipeline_answers(&w->settings);
    zone_reader_register();
    w->reader = true;
    return 0;
}

struct world *world_new(const char *options)
{
    struct world *w = calloc(1, sizeof *w);
    struct error err = {""};

    if (w && make(w, options, &err) < 0) {
        fprintf(stderr, "world: %s\n", err.text);
        world_free(w);
        w = NULL;
    }
    return w;
}

static void remove_directory(const char *directory)
{
    DIR *d = opendir(directory);
    const struct dirent *entry;

    while (d && (entry = readdir(d)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(d), entry->d_name, 0);
    if (d)
        closedir(d);
    rmdir(directory);
}

void world_free(struct world *w)
{
    if (!w)
        return;
    if (w->reader)
        zone_reader_unregister();
    pipeline_release(&w->pipeline, NULL);
    settings_release(&w->settings);
    if (w->directory[0])
        remove_directory(w->directory);
    forget_findings(w);
    free(w);
}

// --- files -----------------------------------------------------------------

bool world_write(struct world *w, const char *file, const char *text, size_t n)
{
    char path[PATH_SIZE], aside[PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", w->directory, file);
    // hidden, so that it would not be read if a load came between
    snprintf(aside, sizeof aside, "%s/.%s", w->directory, file);
    FILE *f = fopen(aside, "wb");
    if (!f)
        return false;
    bool good = fwrite(text, 1, n, f) == n;
    good = fclose(f) == 0 && good;
    return good && rename(aside, path) == 0;
}

bool world_remove(struct world *w, const char *file)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", w->directory, file);
    return unlink(path) == 0;
}

// --- loading and answering -------------------------------------------------

int world_load(struct world *w)
{
    struct clock clock = fake_clock_view(&w->clock);

    forget_findings(w);
    int result = pipeline_read(&w->pipeline, false);
    if (result >= 0)
        result = pipeline_publish(&w->pipeline, &clock, NULL);
    return result;
}

size_t world_answer(struct world *w, const uint8_t *query, size_t n,
                    enum answer_transport transport, uint8_t *reply)
{
    const struct clock clock = fake_clock_view(&w->clock);
    w->context.now_ms = clock.monotonic_ms(clock.context);
    w->context.now_unix_s = clock.unix_s(clock.context);
    const size_t reply_n = answer_one(&w->context, query, n, transport, reply);
    zone_reader_quiescent();
    return reply_n;
}
