// SPDX-License-Identifier: Apache-2.0
#include "lib/vectors.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- reading ---------------------------------------------------------------

// Room for one more item; NULL where there is no memory.
static void *grow(void *items, size_t n, size_t size)
{
    // to the next power of two, when n is one
    if (n & (n - 1))
        return items;
    return realloc(items, (n ? 2 * n : 1) * size);
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    for (size_t n = strlen(text); n && strchr(" \t", text[n - 1]); n--)
        text[n - 1] = 0;
    return text;
}

// The value of an option, or what holds otherwise.
static void option_of(const char *options, const char *word,
                      const char *otherwise, char *out, size_t size)
{
    const char *at = strstr(options, word);
    if (at)
        otherwise = at + strlen(word);
    snprintf(out, size, "%.*s", (int)strcspn(otherwise, " "), otherwise);
}

static void take_options(struct vector_group *g, const char *options)
{
    char domain[sizeof g->domain - 1];

    g->options = options;
    option_of(options, "--ttl ", "5", g->ttl, sizeof g->ttl);
    option_of(options, "--negative-ttl ", "1", g->negative_ttl,
              sizeof g->negative_ttl);
    option_of(options, "--cluster-domain ", "cluster.local", domain,
              sizeof domain);
    snprintf(g->domain, sizeof g->domain, "%s.", domain);
}

static bool take_group(struct vectors *v, char *manifest)
{
    struct vector_group *groups = grow(v->groups, v->groups_n, sizeof *groups);

    if (!groups)
        return false;
    v->groups = groups;
    groups[v->groups_n].manifest = trim(manifest);
    take_options(&groups[v->groups_n++], "");
    return true;
}

static bool take_row(struct vectors *v, const char *file, unsigned number,
                     char *line)
{
    struct vector_row *rows = grow(v->rows, v->rows_n, sizeof *rows);

    if (!rows || v->groups_n == 0)
        return false;
    v->rows = rows;
    struct vector_row *row = &rows[v->rows_n++];
    *row = (struct vector_row){.group = v->groups_n - 1};
    for (int i = 0; i < VECTOR_FIELDS; i++) {
        char *end = strchr(line, '|');
        if ((end != NULL) != (i < VECTOR_FIELDS - 1))
            return false;
        if (end)
            *end++ = 0;
        row->fields[i] = trim(line);
        line = end;
    }
    snprintf(row->title, sizeof row->title, "%s:%u %.100s %s", file, number,
             row->fields[VECTOR_NAME], row->fields[VECTOR_TYPE]);
    return true;
}

static bool take_line(struct vectors *v, const char *file, unsigned number,
                      char *line)
{
    line = trim(line);
    if (!*line || *line == '#')
        return true;
    if (strncmp(line, "manifest ", 9) == 0)
        return take_group(v, line + 9);
    if (strncmp(line, "options ", 8) != 0)
        return take_row(v, file, number, line);
    if (v->groups_n > 0)
        take_options(&v->groups[v->groups_n - 1], line + 8);
    return v->groups_n > 0;
}

char *vectors_file(const char *folder, const char *file, size_t *n)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    long size = -1;

    if (f && fseek(f, 0, SEEK_END) == 0)
        size = ftell(f);
    if (size >= 0)
        text = calloc(1, (size_t)size + 1);
    if (text) {
        rewind(f);
        *n = fread(text, 1, (size_t)size, f);
    }
    if (f)
        fclose(f);
    return text;
}

static bool take_table(struct vectors *v, const char *folder, const char *file)
{
    size_t n;
    char *text = vectors_file(folder, file, &n);
    char **texts = grow(v->texts, v->texts_n, sizeof *texts);

    if (texts)
        v->texts = texts;
    if (!texts || !text) {
        fprintf(stderr, "vectors: cannot read %s/%s\n", folder, file);
        free(text);
        return false;
    }
    texts[v->texts_n++] = text;
    unsigned number = 1;
    for (char *next; text; text = next, number++) {
        next = strchr(text, '\n');
        if (next)
            *next++ = 0;
        if (!take_line(v, file, number, text)) {
            fprintf(stderr, "vectors: %s:%u is no row\n", file, number);
            return false;
        }
    }
    return true;
}

bool vectors_read(const char *folder, struct vectors *out)
{
    glob_t found;
    char pattern[512];
    bool good = true;

    *out = (struct vectors){.texts_n = 0};
    snprintf(pattern, sizeof pattern, "%s/*.txt", folder);
    if (glob(pattern, 0, NULL, &found) != 0) {
        fprintf(stderr, "vectors: there is no %s\n", pattern);
        return false;
    }
    for (size_t i = 0; good && i < found.gl_pathc; i++)
        good = take_table(out, folder, strrchr(found.gl_pathv[i], '/') + 1);
    globfree(&found);
    if (!good)
        vectors_release(out);
    return good;
}

void vectors_release(struct vectors *v)
{
    for (size_t i = 0; i < v->texts_n; i++)
        free(v->texts[i]);
    free(v->texts);
    free(v->groups);
    free(v->rows);
    *v = (struct vectors){.texts_n = 0};
}

// --- asking ----------------------------------------------------------------

// "name" below the domain, "name." as it is, "@" the domain. Returns out.
static const char *full_name(const struct vector_group *g, const char *name,
                             char out[VECTOR_NAME_SIZE])
{
    const size_t n = strlen(name);

    if (strcmp(name, "@") == 0)
        snprintf(out, VECTOR_NAME_SIZE, "%s", g->domain);
    else if (n > 0 && name[n - 1] == '.')
        snprintf(out, VECTOR_NAME_SIZE, "%s", name);
    else
        snprintf(out, VECTOR_NAME_SIZE, "%s.%s", name, g->domain);
    return out;
}

// One octet of a label in master file form (RFC 1035 5.1).
static uint8_t take_octet(const char **at)
{
    const char *p = *at;

    if (*p == '\\' && p[1] >= '0' && p[1] <= '9' && p[2] && p[3]) {
        *at = p + 4;
        return (uint8_t)((p[1] - '0') * 100 + (p[2] - '0') * 10 + p[3] - '0');
    }
    if (*p == '\\' && p[1])
        p++;
    *at = p + 1;
    return (uint8_t)*p;
}

// The wire form of a name that ends with a dot; 0 where it is none.
static size_t write_name(const char *name, uint8_t out[256])
{
    size_t n = 0;

    if (strcmp(name, ".") == 0)
        name++;
    while (*name) {
        const size_t label = n++;
        while (*name && *name != '.') {
            if (n > 254)
                return 0;
            out[n++] = take_octet(&name);
        }
        const size_t length = n - label - 1;
        if (length == 0 || length > 63 || n > 254 || *name++ != '.')
            return 0;
        out[label] = (uint8_t)length;
    }
    out[n++] = 0;
    return n;
}

size_t vectors_query(const struct vectors *v, const struct vector_row *row,
                     uint8_t *out)
{
    static const uint8_t head[12] = {0x4f, 0x72, 1, 0, 0, 1, [11] = 1};
    static const uint8_t opt[11] = {0, 0, 41, 4096 >> 8, 0};
    char text[VECTOR_NAME_SIZE];
    const char *name =
        full_name(&v->groups[row->group], row->fields[VECTOR_NAME], text);
    const int type = reply_type_of(row->fields[VECTOR_TYPE]);
    const size_t name_n = write_name(name, out + sizeof head);
    uint8_t *p = out + sizeof head + name_n;

    if (type < 0 || name_n == 0)
        return 0;
    memcpy(out, head, sizeof head);
    *p++ = (uint8_t)(type >> 8);
    *p++ = (uint8_t)type;
    *p++ = 0;
    *p++ = 1;
    memcpy(p, opt, sizeof opt);
    return (size_t)(p + sizeof opt - out);
}

// --- comparing -------------------------------------------------------------

// Records as they should be, one text each.
struct wanted {
    const struct vector_group *group;
    const char *question; // as the reply has it
    const char *server;
    char line[REPLY_LINE_SIZE];
};

// How many words of a type's data are names, from which word on.
static bool is_name(const char *type, unsigned word)
{
    if (strcmp(type, "SRV") == 0)
        return word == 3;
    if (strcmp(type, "SOA") == 0)
        return word < 2;
    return word == 0 && (strcmp(type, "PTR") == 0 || strcmp(type, "NS") == 0 ||
                         strcmp(type, "CNAME") == 0);
}

static bool is_number(const char *word)
{
    return word && word[strspn(word, "0123456789")] == 0;
}

// "soa [APEX]": what goes with a "no" of this zone.
static void want_soa(struct wanted *w, const char *apex)
{
    if (!apex)
        apex = w->group->domain;
    snprintf(w->line, sizeof w->line,
             "%s %s IN SOA ns.dns.%s hostmaster.%s * 7200 1800 86400 %s", apex,
             w->group->negative_ttl, apex, apex, w->group->negative_ttl);
}

static void want_data(struct wanted *w, const char *type, char **rest)
{
    char name[VECTOR_NAME_SIZE];

    for (unsigned i = 0;; i++) {
        const char *word = strtok_r(NULL, " ", rest);
        if (!word)
            return;
        if (is_name(type, i))
            word = full_name(w->group, word, name);
        else if (strcmp(word, "server") == 0)
            word = w->server;
        else if (strcmp(word, "serial") == 0)
            word = "*";
        const size_t n = strlen(w->line);
        snprintf(w->line + n, sizeof w->line - n, " %s", word);
    }
}

// "[owner] [ttl] type data", as a reader of replies writes it.
static void want_record(struct wanted *w, char *text)
{
    char *rest, name[VECTOR_NAME_SIZE];
    const char *owner = w->question, *ttl = w->group->ttl;
    const char *word = strtok_r(text, " ", &rest);

    w->line[0] = 0;
    if (!word)
        return;
    if (strcmp(word, "soa") == 0) {
        want_soa(w, strtok_r(NULL, " ", &rest));
        return;
    }
    if (!is_number(word) && reply_type_of(word) < 0) {
        owner = full_name(w->group, word, name);
        word = strtok_r(NULL, " ", &rest);
    }
    if (is_number(word)) {
        ttl = word;
        word = strtok_r(NULL, " ", &rest);
    }
    if (!word)
        return;
    snprintf(w->line, sizeof w->line, "%s %s IN %s", owner, ttl, word);
    want_data(w, word, &rest);
}

static int fold(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

// Word by word, letters folded (RFC 4343 3); "*" is any word.
static bool is_same(const char *is, const char *wanted)
{
    for (; *is || *wanted; is += *is != 0, wanted += *wanted != 0) {
        if (*wanted == '*' && (wanted[1] == ' ' || !wanted[1])) {
            is += strcspn(is, " ");
            wanted++;
        }
        if (fold(*is) != fold(*wanted))
            return false;
    }
    return true;
}

static bool find(const struct reply *reply, int section, bool *taken,
                 const char *line)
{
    for (size_t i = 0; i < reply->lines_n[section]; i++) {
        if (!taken[i] && is_same(reply->lines[section][i], line)) {
            taken[i] = true;
            return true;
        }
    }
    return false;
}

static bool match_section(struct wanted *w, const struct reply *reply,
                          int section, const char *expected)
{
    static const char *const names[] = {"answer", "authority", "additional"};
    const size_t n = reply->lines_n[section];
    char *copy = strdup(expected), *rest = NULL;
    bool *taken = calloc(n + 1, sizeof *taken);
    bool good = copy && taken;
    size_t wanted_n = 0;

    if (strcmp(expected, "*") == 0) {
        wanted_n = n;
    } else if (good && strcmp(expected, "-") != 0) {
        for (char *part = strtok_r(copy, ";", &rest); part;
             part = strtok_r(NULL, ";", &rest), wanted_n++) {
            want_record(w, part);
            if (!find(reply, section, taken, w->line)) {
                printf("# %s lacks: %s\n", names[section], w->line);
                good = false;
            }
        }
    }
    if (wanted_n != n) {
        printf("# %s has %zu records, should be %zu\n", names[section], n,
               wanted_n);
        good = false;
    }
    for (size_t i = 0; !good && i < n; i++)
        printf("# %s has: %s\n", names[section], reply->lines[section][i]);
    free(taken);
    free(copy);
    return good;
}

static bool match_head(const struct vector_row *row, const struct reply *reply)
{
    const char *rcode = row->fields[VECTOR_RCODE];
    const char *wanted = strcmp(rcode, "REFUSED") == 0 ? "rd" : "aa rd";
    char name[16], flags[REPLY_FLAGS_SIZE];

    reply_rcode_name(reply->rcode, name);
    reply_flags(reply, flags);
    if (strcmp(name, rcode) == 0 && strcmp(flags, wanted) == 0)
        return true;
    printf("# %s %s, should be %s %s\n", name, flags, rcode, wanted);
    return false;
}

bool vectors_match(const struct vectors *v, const struct vector_row *row,
                   const struct reply *reply, const char *server)
{
    char question[REPLY_LINE_SIZE];
    struct wanted w = {
        .group = &v->groups[row->group],
        .question = question,
        .server = server,
    };
    bool good = match_head(row, reply);

    snprintf(question, sizeof question, "%.*s",
             (int)strcspn(reply->question, " "), reply->question);
    for (int i = 0; i < 3; i++)
        if (!match_section(&w, reply, i, row->fields[VECTOR_ANSWER + i]))
            good = false;
    return good;
}
