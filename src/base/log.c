// SPDX-License-Identifier: Apache-2.0
// A line is put together in a buffer on the stack and leaves in one write(), so
// that lines of several threads and processes never mix. What does not fit is
// cut off; the line stays one line, and JSON stays JSON.
#include "base/log.h"

#include "base/bytes.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

// Octets of a line. Up to PIPE_BUF (4096 on Linux) a write() into a pipe is
// never mixed with others; a longer line would lose that.
enum { LINE_MAX_SIZE = 4096 };

// Kept free for what closes a line: a quote, a brace, a newline.
enum { LINE_TAIL = 8 };

struct line {
    struct bytes_out out;
    enum log_format format;
    char space[LINE_MAX_SIZE];
};

static void line_init(struct line *l, enum log_format format)
{
    l->format = format;
    l->out = bytes_out_of(l->space, sizeof l->space - LINE_TAIL);
}

static void put(struct line *l, const char *text)
{
    bytes_out_put(&l->out, span_of_text(text));
}

static void put_uint(struct line *l, uint64_t v)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    put(l, digits);
}

// What ends a line or a quoted text is written in any case, into the reserve.
static void put_closing(struct line *l, const char *text)
{
    struct bytes_out *out = &l->out;
    uint8_t *const end = out->end;
    const bool cut = out->failed;
    out->end = (uint8_t *)l->space + sizeof l->space;
    out->failed = false;
    put(l, text);
    out->end = end;
    out->failed = cut || out->at > end;
}

static void line_write(struct line *l, const struct log *log)
{
    put_closing(l, l->format == LOG_FORMAT_JSON ? "}\n" : "\n");
    const struct span s = span_of(l->space, (size_t)(l->out.at - l->out.start));
    ssize_t r;
    do
        r = write(log->fd, s.p, s.n);
    while (r < 0 && errno == EINTR);
}

// One character as it may stand between quotes (RFC 8259 7; text has "\xNN"
// where JSON has "\u00NN"). Returns the octets of it, 0 for a cut.
static size_t put_escaped(struct line *l, const char *s, bool quoted)
{
    char code[8] = {*s};
    size_t n = utf8_size(s);
    const unsigned char c = (unsigned char)*s;
    const bool json = l->format == LOG_FORMAT_JSON;

    if (n == 0) {
        snprintf(code, sizeof code, json ? "\\ufffd" : "\\x%02x", c);
        n = 1;
    } else if (n > 1) {
        memcpy(code, s, n);
    } else if (quoted && (c == '"' || c == '\\')) {
        snprintf(code, sizeof code, "\\%c", c);
    } else if (c == '\n' || c == '\t' || c == '\r') {
        snprintf(code, sizeof code, "\\%c",
                 c == '\n'   ? 'n'
                 : c == '\t' ? 't'
                             : 'r');
    } else if (c < 0x20 || c == 0x7f) {
        snprintf(code, sizeof code, json ? "\\u%04x" : "\\x%02x", c);
    }
    put(l, code);
    return bytes_out_ok(&l->out) ? n : 0;
}

static void put_text(struct line *l, const char *text, bool quoted)
{
    while (*text) {
        const size_t n = put_escaped(l, text, quoted);
        if (n == 0)
            return;
        text += n;
    }
}

static void put_quoted(struct line *l, const char *text)
{
    put(l, "\"");
    if (!bytes_out_ok(&l->out))
        return;
    put_text(l, text, true);
    put_closing(l, "\"");
}

static bool needs_quotes(const char *text)
{
    if (!*text)
        return true;
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == '"' || *text == '=' ||
            *text == '\\' || *text == 0x7f)
            return true;
    return false;
}

// A field that does not begin within the line is left out whole.
static void put_field(struct line *l, const struct log_field *f)
{
    const struct bytes_out before = l->out;
    if (l->format == LOG_FORMAT_JSON) {
        put(l, ",");
        put_quoted(l, f->key);
        put(l, ":");
    } else {
        put(l, " ");
        put(l, f->key);
        put(l, "=");
    }
    // 24: a number, or a quote and the longest escape
    if (!bytes_out_ok(&l->out) || bytes_out_left(&l->out) < 24) {
        l->out = before;
        l->out.failed = true;
        return;
    }
    if (!f->text)
        put_uint(l, f->number);
    else if (l->format == LOG_FORMAT_JSON || needs_quotes(f->text))
        put_quoted(l, f->text);
    else
        put_text(l, f->text, false);
}

static void put_fields(struct line *l, const struct log_field *fields)
{
    for (; fields->key && bytes_out_ok(&l->out); fields++)
        put_field(l, fields);
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    return names[level];
}

// RFC 3339 with milliseconds, always UTC.
static void put_time(struct line *l)
{
    struct timespec now = {0};
    struct tm tm;
    char day[32], text[48];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, sizeof text, "%s.%03ldZ", day, now.tv_nsec / 1000000);
    put(l, text);
}

static void begin_json(struct line *l, enum log_level level, const char *event)
{
    put(l, "{\"time\":\"");
    put_time(l);
    put(l, "\",\"level\":\"");
    put(l, level_name(level));
    put(l, "\",\"event\":");
    put_quoted(l, event);
}

static void begin_text(struct line *l, enum log_level level, const char *event)
{
    put_time(l);
    put(l, " ");
    put(l, level_name(level));
    put(l, " ");
    put_text(l, event, false);
}

void log_fields(const struct log *log, enum log_level level, const char *phrase,
                const struct log_field *fields)
{
    if (level > log->level)
        return;
    struct line l;
    line_init(&l, log->format);
    if (log->format == LOG_FORMAT_JSON)
        begin_json(&l, level, phrase);
    else
        begin_text(&l, level, phrase);
    put_fields(&l, fields);
    line_write(&l, log);
}

static void finding_as_json(struct line *l, enum log_level level,
                            struct place at, const char *text)
{
    const struct log_field file[] = {LOG_STRING("file", at.file), {0}};
    const struct log_field spot[] = {
        LOG_UINT("line", at.line), LOG_UINT("column", at.column), {0}};
    const struct log_field rest[] = {LOG_STRING("text", text), {0}};
    begin_json(l, level, "finding");
    if (at.file)
        put_fields(l, file);
    if (at.line)
        put_fields(l, spot);
    put_fields(l, rest);
}

static void finding_as_text(struct line *l, enum log_level level,
                            struct place at, const char *text)
{
    if (at.file) {
        put_text(l, at.file, false);
        put(l, ":");
    }
    if (at.file && at.line) {
        put_uint(l, at.line);
        put(l, ":");
        put_uint(l, at.column);
        put(l, ":");
    }
    if (at.file)
        put(l, " ");
    put(l, level_name(level));
    put(l, ": ");
    put_text(l, text, false);
}

void log_finding(const struct log *log, enum finding kind, struct place at,
                 const char *text)
{
    const enum log_level level = kind == FINDING_ERROR     ? LOG_ERROR
                                 : kind == FINDING_WARNING ? LOG_WARNING
                                                           : LOG_DEBUG;
    if (level > log->level)
        return;
    struct line l;
    line_init(&l, log->format);
    if (log->format == LOG_FORMAT_JSON)
        finding_as_json(&l, level, at, text);
    else
        finding_as_text(&l, level, at, text);
    line_write(&l, log);
}
