// SPDX-License-Identifier: Apache-2.0
// The command line: `--word value`, `--word=value`, `-w value` where a word has
// a letter, `--flag`, `--flag=true`, PATH, and `--` before paths that begin
// with a dash. It is read twice: first for its form and for --config, then,
// once defaults and file have been set, for its values.
#include "daemon/settings.h"

#include "base/nearest.h"
#include "setter.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

// Octets of text and lists in all: the most paths there may be fit, each of the
// length that the system takes.
enum { SETTINGS_SIZE_MAX = 512 << 20 };

// The arguments, and what stands at the place that is read.
struct options {
    const struct settings_command *command;
    int argc;
    const char *const *argv;
    int at;
    bool paths_only; // behind "--"

    // set by options_next()
    const struct setting *row;
    const char *value;
};

// The command's own row for arguments that are no options, or NULL.
static const struct setting *own_arguments(const struct settings_command *c)
{
    for (size_t i = 0; i < c->own_n; i++)
        if (c->own[i].type == SETTING_WORDS)
            return &c->own[i];
    return NULL;
}

static const struct setting *argument_row(const struct settings_command *c)
{
    const struct setting *own = own_arguments(c);
    return own ? own : &settings_table(&(size_t){0})[SETTING_INDEX_paths];
}

static void offer_rows(struct nearest *near, const struct setting *rows,
                       size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].type != SETTING_PATHS && rows[i].type != SETTING_WORDS)
            nearest_offer(near, rows[i].word);
}

static int unknown_option(const struct settings_command *command,
                          const char *text, struct error *err)
{
    char word[64];
    size_t n;
    const struct setting *rows = settings_table(&n);
    snprintf(word, sizeof word, "%.*s", (int)strcspn(text, "="), text);
    struct nearest near = nearest_of(word + strspn(word, "-"));
    offer_rows(&near, rows, n);
    offer_rows(&near, command->own, command->own_n);
    nearest_offer(&near, "help");
    if (near.word)
        return error_set(err, -EINVAL,
                         "unknown option '%s'; did you mean '--%s'? (ordinald "
                         "%s --help lists them)",
                         word, near.word, command->name);
    return error_set(err, -EINVAL,
                     "unknown option '%s'; ordinald %s --help lists them", word,
                     command->name);
}

// Whether text is "--word", "--word=..." or the row's letter.
static bool is_named(const struct setting *row, const char *text)
{
    if (row->letter && text[1] == row->letter && text[2] == '\0')
        return true;
    const size_t n = strcspn(text, "=");
    return strncmp(text, "--", 2) == 0 && strlen(row->word) == n - 2 &&
           memcmp(row->word, text + 2, n - 2) == 0;
}

// The row of an argument that begins with a dash, or NULL.
static const struct setting *row_of(const struct settings_command *command,
                                    const char *text)
{
    size_t n;
    const struct setting *rows = settings_table(&n);
    for (size_t i = 0; i < command->own_n; i++)
        if (command->own[i].type != SETTING_WORDS &&
            is_named(&command->own[i], text))
            return &command->own[i];
    for (size_t i = 0; i < n; i++)
        if (rows[i].type != SETTING_PATHS && is_named(&rows[i], text))
            return &rows[i];
    return NULL;
}

static int option_value(struct options *o, const char *text, struct error *err)
{
    const char *equals = strchr(text, '=');
    if (equals || o->row->type == SETTING_FLAG) {
        o->value = equals ? equals + 1 : "true";
        return 1;
    }
    // No value begins with two dashes, so such a one is the next option.
    if (o->at == o->argc || strncmp(o->argv[o->at], "--", 2) == 0)
        return error_set(err, -EINVAL, "'%s' wants a value; write %s %s", text,
                         text, o->row->argument);
    o->value = o->argv[o->at++];
    return 1;
}

// The next option or path. Returns 1 with row and value set, 0 at the end,
// -EINVAL with err filled.
static int options_next(struct options *o, struct error *err)
{
    if (o->at < o->argc && !o->paths_only &&
        strcmp(o->argv[o->at], "--") == 0) {
        o->paths_only = true;
        o->at++;
    }
    if (o->at == o->argc)
        return 0;
    const char *text = o->argv[o->at++];
    if (o->paths_only || text[0] != '-' || text[1] == '\0') {
        o->row = argument_row(o->command);
        o->value = text;
        return 1;
    }
    o->row = row_of(o->command, text);
    return o->row ? option_value(o, text, err)
                  : unknown_option(o->command, text, err);
}

static bool wants_help(int argc, const char *const *argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

// The form of all arguments; sets config to the last --config, or NULL.
static int check_form(struct options o, const char **config, struct error *err)
{
    const struct setting *row = setter_find("config");
    int r;
    *config = NULL;
    while ((r = options_next(&o, err)) > 0)
        if (o.row == row)
            *config = o.value;
    return r;
}

// Where there is no default the value stays as it is: empty, or as the command
// has set its own.
static int set_presets(struct setter *t, const struct setting *rows, size_t n,
                       struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!*rows[i].preset)
            continue;
        int r = setter_text(t, &rows[i], rows[i].preset, err);
        if (r < 0)
            return error_wrap(err, r, "the default of '%s'", rows[i].word);
    }
    return 0;
}

static int set_flags(struct setter *t, struct options o, struct error *err)
{
    int r;
    while ((r = options_next(&o, err)) > 0) {
        setter_begin(t, o.row, ORIGIN_FLAG);
        r = setter_text(t, o.row, o.value, err);
        if (r < 0)
            return o.row == argument_row(o.command)
                       ? r
                       : error_wrap(err, r, "--%s", o.row->word);
    }
    return r;
}

// --- what no value can know alone ------------------------------------------

static int check_lists(const struct setter *t, struct error *err)
{
    size_t n;
    const struct setting *rows = settings_table(&n);
    for (size_t i = 0; i < n; i++) {
        int r = setter_end(t, &rows[i], err);
        if (r < 0)
            return error_wrap(err, r, "%s", rows[i].word);
    }
    return 0;
}

// An address in both ranges could be given to a pod and to a service.
static int check_ranges(const struct settings *s, struct error *err)
{
    for (size_t i = 0; i < s->pod_cidrs.n; i++) {
        for (size_t k = 0; k < s->service_cidrs.n; k++) {
            const struct cidr *p = &s->pod_cidrs.items[i],
                              *v = &s->service_cidrs.items[k];
            char pods[CIDR_TEXT_SIZE], services[CIDR_TEXT_SIZE];
            if (!cidr_contains(p, &v->base) && !cidr_contains(v, &p->base))
                continue;
            return error_set(err, -EINVAL,
                             "--pod-cidr %s and --service-cidr %s overlap; "
                             "choose ranges that lie apart",
                             cidr_format(p, pods), cidr_format(v, services));
        }
    }
    return 0;
}

static int check_paths(struct setter *t, struct error *err)
{
    struct text_list *paths = &t->s->paths;
    if ((!t->s->paths_given && !t->command->needs_paths) ||
        own_arguments(t->command))
        return 0;
    for (size_t i = 0; i < paths->n; i++) {
        struct stat st;
        const char *path = paths->items[i];
        if (strcmp(path, "-") == 0 || stat(path, &st) == 0)
            continue;
        // a sidecar may know its own pod only
        if (!t->s->paths_given && t->s->self) {
            paths->n = 0;
            return 0;
        }
        if (!t->s->paths_given)
            return error_set(err, -EINVAL,
                             "no PATH is given and there is no '%s' here; name "
                             "a manifest file or directory: ordinald %s PATH",
                             path, t->command->name);
        return error_set(err, -EINVAL,
                         "cannot read '%s': %s; name an existing file or "
                         "directory, or - for standard input",
                         path, strerror(errno));
    }
    return 0;
}

// A zone's names come from the endpoints that are in it.
static int check_zonal(const struct settings *s, struct error *err)
{
    if (!s->zonal || !s->no_endpoints)
        return 0;
    return error_set(err, -EINVAL,
                     "--zonal tells endpoints by their zone, and "
                     "--no-endpoints leaves them out; give one of both");
}

static int check_fallthrough(const struct settings *s, struct error *err)
{
    if (!s->fallthrough || s->forward.n)
        return 0;
    return error_set(err, -EINVAL,
                     "--fallthrough needs --forward; name who is to be asked, "
                     "as in --forward /etc/resolv.conf");
}

static int check_whole(struct setter *t, struct error *err)
{
    t->s->paths_given = t->origins[SETTING_INDEX_paths] != ORIGIN_PRESET;
    int r = check_lists(t, err);
    if (r == 0)
        r = check_ranges(t->s, err);
    if (r == 0)
        r = check_zonal(t->s, err);
    if (r == 0)
        r = check_fallthrough(t->s, err);
    return r == 0 ? check_paths(t, err) : r;
}

// --- all of it -------------------------------------------------------------

static int settings_fill(struct setter *t, const struct options *o,
                         const struct report *report, struct error *err)
{
    size_t n;
    const struct setting *rows = settings_table(&n);
    const struct settings_command *command = t->command;
    const char *config;
    int r = check_form(*o, &config, err);
    if (r == 0)
        r = set_presets(t, rows, n, err);
    if (r == 0)
        r = set_presets(t, command->own, command->own_n, err);
    if (r == 0 && config)
        r = config_read(t, config, report, err);
    if (r == 0)
        r = set_flags(t, *o, err);
    return r == 0 ? check_whole(t, err) : r;
}

// What the user wrote is repeated in errors, and may have line feeds in it.
static void keep_to_one_line(struct error *err)
{
    for (char *p = err->text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
}

int settings_parse(struct settings *s, const struct settings_command *command,
                   int argc, const char *const *argv,
                   const struct report *report, struct error *err)
{
    if (wants_help(argc, argv))
        return SETTINGS_HELP;
    struct settings next = {.config = "", .identity = "", .control = ""};
    struct setter t = {.s = &next, .command = command};
    const struct options o = {.command = command, .argc = argc, .argv = argv};
    arena_init(&next.arena, SETTINGS_SIZE_MAX);
    int r = settings_fill(&t, &o, report, err);
    if (r < 0) {
        keep_to_one_line(err);
        settings_release(&next);
        return r;
    }
    *s = next;
    return 0;
}
