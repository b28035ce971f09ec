// SPDX-License-Identifier: Apache-2.0
// Any command line and any configuration file: what is taken is within the
// bounds of the table, what is refused is told in one line. The input is the
// file up to the first octet 0, then arguments with an octet 0 between them.
#include "daemon/settings.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGUMENTS_MAX = 64, PATH_SIZE = 64 };

struct own {
    uint32_t output;
    const char *directory;
    bool all;
};

static const struct setting own_rows[] = {
    {.word = "output",
     .letter = 'o',
     .type = SETTING_CHOICE,
     .offset = offsetof(struct own, output),
     .preset = "text",
     .argument = "FORMAT",
     .unit = "text|json"},
    {.word = "directory",
     .type = SETTING_FILE,
     .offset = offsetof(struct own, directory),
     .preset = "",
     .argument = "DIR"},
    {.word = "all",
     .type = SETTING_FLAG,
     .offset = offsetof(struct own, all),
     .preset = "",
     .argument = ""},
};

static void check_line(const char *text)
{
    for (; *text; text++)
        assert((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    unsigned *findings = context;
    ++*findings;
    assert(kind == FINDING_ERROR && text[0]);
    assert(at.file && at.file[0]); // the log makes one line of text
}

static const void *value_of(const struct settings *s, const struct setting *row)
{
    return (const char *)s + row->offset;
}

static void check_list(const struct setting *row, size_t n)
{
    assert(n >= row->min && n <= row->max);
}

static void check_row(const struct settings *s, const struct setting *row)
{
    const void *value = value_of(s, row);
    uint32_t number;
    const char *text;
    switch (row->type) {
    case SETTING_UINT:
    case SETTING_CHOICE:
    case SETTING_DURATION:
        memcpy(&number, value, sizeof number);
        assert(number >= row->min && number <= row->max);
        break;
    case SETTING_TEXT:
        memcpy(&text, value, sizeof text);
        assert(strlen(text) >= row->min && strlen(text) <= row->max);
        break;
    case SETTING_PATHS:
    case SETTING_WORDS:
    case SETTING_NAMES:
        check_list(row, ((const struct text_list *)value)->n);
        break;
    case SETTING_SOCKETS:
        check_list(row, ((const struct sockaddr_list *)value)->n);
        break;
    case SETTING_CIDRS:
    case SETTING_CIDR_PAIR:
        check_list(row, ((const struct cidr_list *)value)->n);
        break;
    case SETTING_UPSTREAMS:
        check_list(row, ((const struct forward_list *)value)->n);
        break;
    case SETTING_DOMAIN:
    case SETTING_FILE:
    case SETTING_FLAG:
    case SETTING_SELECTOR:
        break;
    }
}

static void check_settings(const struct settings *s)
{
    size_t n;
    const struct setting *rows = settings_table(&n);
    for (size_t i = 0; i < n; i++)
        check_row(s, &rows[i]);
    assert(!(s->zonal && s->no_endpoints));
    assert(!(s->fallthrough && s->forward.n == 0));
}

static void parse(int argc, const char *const *argv)
{
    struct own own = {.directory = ""};
    const struct settings_command command = {
        .name = "zone",
        .own = own_rows,
        .own_n = ORD_COUNT(own_rows),
        .values = &own,
    };
    unsigned findings = 0;
    const struct report report = {.finding = on_finding, .context = &findings};
    struct settings s;
    struct error err = {""};
    const int r = settings_parse(&s, &command, argc, argv, &report, &err);
    if (r < 0) {
        assert(r == -EINVAL || r == -ENOMEM);
        assert(err.text[0] || findings);
        check_line(err.text);
    }
    if (r != 0)
        return;
    assert(own.output <= 1 && findings == 0);
    assert(strlen(own.directory) < SIZE_MAX);
    check_settings(&s);
    settings_release(&s);
}

// A file of these octets that has no name; sets path to where it can be opened.
static int make_file(const uint8_t *data, size_t n, char path[PATH_SIZE])
{
    const int fd = memfd_create("settings", MFD_CLOEXEC);
    assert(fd >= 0);
    const bool written = write(fd, data, n) == (ssize_t)n;
    assert(written);
    snprintf(path, PATH_SIZE, "--config=/proc/self/fd/%d", fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, 0, size);
    const size_t file_n = end ? (size_t)(end - data) : size;
    const size_t rest_n = end ? size - file_n - 1 : 0;
    char path[PATH_SIZE];
    const char *argv[ARGUMENTS_MAX];
    int argc = 0;

    // arguments are C strings, the last one too
    char *rest = calloc(1, rest_n + 1);
    assert(rest);
    if (rest_n)
        memcpy(rest, end + 1, rest_n);
    const int fd = make_file(data, file_n, path);
    argv[argc++] = path;
    for (size_t at = 0; at < rest_n && argc < ARGUMENTS_MAX;
         at += strlen(rest + at) + 1)
        argv[argc++] = rest + at;
    parse(argc, argv);
    close(fd);
    free(rest);
    return 0;
}
