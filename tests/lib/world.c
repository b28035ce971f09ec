// SPDX-License-Identifier: Apache-2.0
#include "lib/world.h"

#include "daemon/pipeline.h"
#include "daemon/settings.h"
#include "lib/answer_one.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH_SIZE = 512,
    WORDS_MAX = 64,
    TICKETS_MAX = 1024,
    // steps within one moment before that is thought to have no end
    MOMENT_MAX = 1000,
};

// Lines that come one after another.
struct lines {
    char *text; // NULL: none
    size_t n;
};

// What came of a probe, told when the step is over.
struct ticket {
    uint64_t number;
    bool success;
};

struct world {
    struct fake_clock clock;
    char directory[64];
    struct settings settings;
    struct pipeline pipeline;
    struct answer_context context;
    struct report report;
    bool reader;           // this thread is registered with the zone
    struct lines findings; // of the last step
    struct lines events;   // since they were taken
    struct lines taken;
    struct {
        char pod[254];
        bool success;
    } probed[WORLD_PROBED_MAX];
    struct ticket tickets[TICKETS_MAX];
    size_t tickets_n;
};

// --- lines -----------------------------------------------------------------

// Without memory the line is lost, and whoever looks for it says so.
__attribute__((format(printf, 2, 3))) static void add_line(struct lines *l,
                                                           const char *format,
                                                           ...)
{
    va_list arguments;
    char *line;

    va_start(arguments, format);
    const int n = vasprintf(&line, format, arguments);
    va_end(arguments);
    if (n < 0)
        return;
    char *all = realloc(l->text, l->n + (size_t)n + 2);
    if (all) {
        memcpy(all + l->n, line, (size_t)n);
        memcpy(all + l->n + n, "\n", 2);
        l->text = all;
        l->n += (size_t)n + 1;
    }
    free(line);
}

static void forget_lines(struct lines *l)
{
    free(l->text);
    *l = (struct lines){0};
}

// The text of a finding as the log writes it, with the directory left out: it
// is another one each time.
static void take_finding(void *context, enum finding kind, struct place at,
                         const char *text)
{
    static const char *const names[] = {"error", "warning", "debug"};
    struct world *w = context;
    const char *slash = at.file ? strrchr(at.file, '/') : NULL;

    if (kind != FINDING_DEBUG)
        add_line(&w->findings, "%s:%u:%u: %s: %s",
                 slash ? slash + 1 : (at.file ? at.file : ""), at.line,
                 at.column, names[kind], text);
}

const char *world_findings(const struct world *w)
{
    return w->findings.text ? w->findings.text : "";
}

struct answer_context *world_context(struct world *w)
{
    return &w->context;
}

struct pipeline *world_pipeline(struct world *w)
{
    return &w->pipeline;
}

uint64_t world_now_ms(const struct world *w)
{
    return w->clock.now_ms;
}

// --- pods ------------------------------------------------------------------

static bool has_addresses(const struct ordinals_event *e)
{
    return e->what == ORDINALS_ADDRESSED || e->what == ORDINALS_MOVED ||
           e->what == ORDINALS_READY;
}

static void take_event(void *context, const struct ordinals_event *e)
{
    struct world *w = context;
    char more[300] = "";
    size_t n = 0;

    for (uint8_t i = 0; has_addresses(e) && i < e->addresses_n; i++) {
        char text[ADDRESS_TEXT_SIZE];
        n += (size_t)snprintf(more + n, sizeof more - n, " %s",
                              address_format(&e->addresses[i], text));
    }
    if (e->what == ORDINALS_SCALED)
        snprintf(more, sizeof more, " %u", e->replicas);
    else if (*e->reason)
        snprintf(more + n, sizeof more - n, ": %s", e->reason);
    add_line(&w->events, "%s/%s %s%s", e->namespace,
             ordinals_what_name(e->what),
             *e->claim ? e->claim
             : *e->pod ? e->pod
                       : e->workload,
             more);
}

const char *world_take_events(struct world *w, const char *namespace)
{
    struct lines all = w->events;

    w->events = (struct lines){0};
    forget_lines(&w->taken);
    for (char *line = all.text, *end; line && *line; line = end + 1) {
        end = strchr(line, '\n');
        char *slash = strchr(line, '/');
        *end = *slash = 0;
        if (namespace && strcmp(line, namespace) != 0)
            add_line(&w->events, "%s/%s", line, slash + 1);
        else
            add_line(&w->taken, "%s", slash + 1);
    }
    forget_lines(&all);
    return w->taken.text ? w->taken.text : "";
}

bool world_probe(struct world *w, const char *pod, bool success)
{
    for (size_t i = 0; i < WORLD_PROBED_MAX; i++) {
        if (*w->probed[i].pod && strcmp(w->probed[i].pod, pod) != 0)
            continue;
        snprintf(w->probed[i].pod, sizeof w->probed[i].pod, "%s", pod);
        w->probed[i].success = success;
        return true;
    }
    return false;
}

static void take_probe(void *context, const struct ordinals_probe *probe)
{
    struct world *w = context;
    bool success = false;

    for (size_t i = 0; i < WORLD_PROBED_MAX; i++)
        if (strcmp(w->probed[i].pod, probe->pod->name) == 0)
            success = w->probed[i].success;
    if (w->tickets_n < TICKETS_MAX)
        w->tickets[w->tickets_n++] = (struct ticket){probe->ticket, success};
}

// Answer the probes that a step has asked for. Returns whether there were any:
// then another step is due.
static bool answer_probes(struct world *w)
{
    struct ordinals *o = statefulsets_ordinals(w->pipeline.statefulsets);
    const size_t n = w->tickets_n;

    w->tickets_n = 0;
    for (size_t i = 0; i < n; i++)
        ordinals_probed(o, w->tickets[i].number, w->tickets[i].success);
    return n > 0;
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
    const struct pipeline_listener listener = {
        .event = take_event, .probe = take_probe, .context = w};
    const struct clock clock = fake_clock_view(&w->clock);

    w->report = (struct report){.finding = take_finding, .context = w};
    snprintf(w->directory, sizeof w->directory, "/tmp/ordinald-world.XXXXXX");
    if (!mkdtemp(w->directory)) {
        w->directory[0] = 0;
        return error_set(err, -errno, "no directory for manifests");
    }
    int result = read_settings(w, options, err);
    if (result == 0)
        result = pipeline_init(&w->pipeline, &w->settings, &seeds, &listener,
                               &w->report, err);
    if (result == 0)
        result = pipeline_begin(&w->pipeline, &clock);
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
    forget_lines(&w->findings);
    forget_lines(&w->events);
    forget_lines(&w->taken);
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

static int run(struct world *w)
{
    const struct clock clock = fake_clock_view(&w->clock);
    int result;

    do
        result = pipeline_run(&w->pipeline, &clock, NULL);
    while (result == 0 && answer_probes(w));
    return result;
}

int world_run(struct world *w)
{
    forget_lines(&w->findings);
    return run(w);
}

int world_load(struct world *w)
{
    const struct clock clock = fake_clock_view(&w->clock);

    forget_lines(&w->findings);
    int result = pipeline_read(&w->pipeline, false);
    if (result >= 0)
        result = pipeline_publish(&w->pipeline, &clock, NULL);
    return result == 0 && answer_probes(w) ? run(w) : result;
}

int world_advance(struct world *w, uint64_t ms)
{
    const uint64_t end_ms = w->clock.now_ms + ms;
    int result = 0;
    unsigned steps = 0;

    forget_lines(&w->findings);
    for (uint64_t next_ms;
         (next_ms = pipeline_next_ms(&w->pipeline)) <= end_ms && !result;) {
        if (next_ms > w->clock.now_ms) {
            w->clock.now_ms = next_ms;
            steps = 0;
        }
        result = ++steps > MOMENT_MAX ? -ELOOP : run(w);
    }
    if (result == 0)
        w->clock.now_ms = end_ms;
    return result;
}

static void set_time(struct world *w)
{
    const struct clock clock = fake_clock_view(&w->clock);
    w->context.now_ms = clock.monotonic_ms(clock.context);
    w->context.now_unix_s = clock.unix_s(clock.context);
}

size_t world_answer(struct world *w, const uint8_t *query, size_t n,
                    enum answer_transport transport, uint8_t *reply)
{
    set_time(w);
    const size_t reply_n = answer_one(&w->context, query, n, transport, reply);
    zone_reader_quiescent();
    return reply_n;
}

unsigned world_waits_ms(struct world *w, const uint8_t *query, size_t n,
                        enum answer_transport transport, uint8_t *reply)
{
    set_time(w);
    const unsigned ms =
        answer_one_waits_ms(&w->context, query, n, transport, reply);
    zone_reader_quiescent();
    return ms;
}

size_t world_answer_due(struct world *w, const uint8_t *query, size_t n,
                        enum answer_transport transport, uint8_t *reply)
{
    set_time(w);
    const size_t reply_n =
        answer_one_due(&w->context, query, n, transport, reply);
    zone_reader_quiescent();
    return reply_n;
}
