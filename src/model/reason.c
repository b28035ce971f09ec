// SPDX-License-Identifier: Apache-2.0
// The table of reasons, and its texts with what they speak of.
#include "model/reason.h"

#include "base/base.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct reason_kind kinds[REASONS] = {
    [REASON_NONE] = {"", REASON_NO_EDE, REASON_ANSWER, "", "", ""},
#define REASON(code, id, ede, level, text, mend, help)                         \
    [REASON_##code] = {id, ede, level, text, mend, help},
#include "model/reasons.def"
#undef REASON
};

const struct reason_kind *reason_kind(enum reason_code code)
{
    assert(code < REASONS);
    return &kinds[code];
}

enum reason_code reason_find(const char *id)
{
    for (unsigned code = REASON_NONE + 1; code < REASONS; code++)
        if (strcmp(kinds[code].id, id) == 0)
            return (enum reason_code)code;
    return REASON_NONE;
}

// --- texts -------------------------------------------------------------------

enum field_form { FORM_TEXT, FORM_NUMBER, FORM_TIME, FORM_NAMES };

struct field {
    const char *name; // between the braces
    size_t at;        // in struct reason
    enum field_form form;
};

#define AT(field) offsetof(struct reason, field)

static const struct field fields[] = {
    {"since", AT(since_unix_s), FORM_TIME},
    {"first", AT(first), FORM_NUMBER},
    {"last", AT(last), FORM_NUMBER},
    {"namespace", AT(namespace), FORM_TEXT},
    {"service", AT(service), FORM_TEXT},
    {"kind", AT(kind), FORM_TEXT},
    {"workload", AT(workload), FORM_TEXT},
    {"pod", AT(pod), FORM_TEXT},
    {"detail", AT(detail), FORM_TEXT},
    {"near", AT(near), FORM_TEXT},
    {"names", AT(names), FORM_NAMES},
};

struct text {
    const struct reason *why;
    char *out; // max octets
    size_t max;
    size_t n;        // octets of all, those that did not fit included
    uint32_t choice; // how many of the names to write
};

// What comes from manifests stays on its line: each control character is a
// space.
static void put(struct text *t, const char *from, size_t n)
{
    for (size_t i = 0; i < n; i++, t->n++)
        if (t->n < t->max) {
            const unsigned char c = (unsigned char)from[i];
            t->out[t->n] = c < ' ' || c == 0x7f ? ' ' : (char)c;
        }
}

static void put_text(struct text *t, const char *from)
{
    put(t, from, from ? strlen(from) : 0);
}

static void put_number(struct text *t, uint32_t number)
{
    char digits[sizeof "4294967295"];

    put(t, digits, (size_t)snprintf(digits, sizeof digits, "%" PRIu32, number));
}

const char *reason_time(uint32_t unix_s, char out[REASON_TIME_SIZE])
{
    const time_t time = (time_t)unix_s;
    struct tm tm;

    gmtime_r(&time, &tm);
    snprintf(out, REASON_TIME_SIZE, "%02d:%02d:%02dZ, %04d-%02d-%02d",
             tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday);
    return out;
}

static void put_time(struct text *t, uint32_t unix_s)
{
    char out[REASON_TIME_SIZE];

    put_text(t, reason_time(unix_s, out));
}

// --- names

static uint32_t all_names(const struct reason *why)
{
    return why->names_all > why->names_n ? why->names_all : why->names_n;
}

static void put_name(struct text *t, uint32_t i)
{
    if (i)
        put_text(t, i + 1 == all_names(t->why) ? " and " : ", ");
    put_text(t, t->why->names[i]);
}

// What stands behind n names.
static void put_more(struct text *t, uint32_t n)
{
    const uint32_t all = all_names(t->why);

    if (n == all)
        return;
    put_text(t, " and ");
    put_number(t, all - n);
    put_text(t, " more");
}

// "a, b and c" of all of them, "a, b and 7 more" of some.
static void put_names(struct text *t, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        put_name(t, i);
    put_more(t, n);
}

// The most names that fit into so many octets. The search ends where the names
// alone are too long, however many there are.
static uint32_t choose_names(const struct reason *why, size_t room)
{
    struct text t = {.why = why}; // counts only
    uint32_t most = 0;

    for (uint32_t n = 1; n <= why->names_n && t.n <= room; n++) {
        put_name(&t, n - 1);
        struct text whole = t;
        put_more(&whole, n);
        if (whole.n <= room)
            most = n;
    }
    return most;
}

// --- templates

// The table has no others: test_reason looks at each row.
static const struct field *find_field(const char *at)
{
    const size_t n = strcspn(at, "}");
    size_t i = 0;

    while (strlen(fields[i].name) != n || memcmp(fields[i].name, at, n) != 0) {
        i++;
        assert(i < sizeof fields / sizeof *fields);
    }
    return &fields[i];
}

static uint32_t number_of(const struct field *f, const struct reason *why)
{
    return *(const uint32_t *)((const char *)why + f->at);
}

static const char *text_of(const struct field *f, const struct reason *why)
{
    return *(const char *const *)((const char *)why + f->at);
}

static bool is_empty(const struct field *f, const struct text *t)
{
    switch (f->form) {
    case FORM_NAMES:
        return t->choice == 0;
    case FORM_NUMBER:
    case FORM_TIME:
        return number_of(f, t->why) == 0;
    case FORM_TEXT:
        break;
    }
    const char *text = text_of(f, t->why);
    return !text || *text == '\0';
}

static void put_field(struct text *t, const struct field *f)
{
    switch (f->form) {
    case FORM_NUMBER:
        put_number(t, number_of(f, t->why));
        break;
    case FORM_TIME:
        put_time(t, number_of(f, t->why));
        break;
    case FORM_NAMES: // outside of brackets something stands, be it cut
        if (t->why->names_n)
            put_names(t, t->choice ? t->choice : 1);
        break;
    case FORM_TEXT:
        put_text(t, text_of(f, t->why));
        break;
    }
}

// Whether all that stands in the brackets that begin here is known.
static bool is_known(const char *at, const struct text *t)
{
    for (; *at != ']'; at++) {
        assert(*at);
        if (*at == '{' && is_empty(find_field(at + 1), t))
            return false;
    }
    return true;
}

static void put_template(struct text *t, const char *at)
{
    t->n = 0;
    for (; *at; at++)
        switch (*at) {
        case '[':
            if (!is_known(at, t))
                at = strchr(at, ']');
            break;
        case ']':
            break;
        case '{':
            put_field(t, find_field(at + 1));
            at = strchr(at, '}');
            break;
        default:
            put(t, at, 1);
        }
}

// End the text with "..." behind a whole character.
static void cut(struct text *t)
{
    size_t n = t->max - strlen("...");

    while (n && ((unsigned char)t->out[n] & 0xc0) == 0x80)
        n--;
    memcpy(t->out + n, "...", 3);
    t->n = n + 3;
}

static size_t render(const struct reason *why, const char *template, char *out,
                     size_t max)
{
    // one name first, which tells what is left for more of them
    struct text t = {
        .why = why, .out = out, .max = max, .choice = why->names_n ? 1 : 0};

    assert(max > strlen("..."));
    put_template(&t, template);
    if (why->names_n && strstr(template, "{names}")) {
        struct text first = {.why = why}; // counts only
        put_names(&first, 1);
        const size_t rest = t.n - first.n;
        t.choice = choose_names(why, rest < max ? max - rest : 0);
        put_template(&t, template);
    }
    if (t.n > max)
        cut(&t);
    out[t.n] = '\0';
    return t.n;
}

size_t reason_text(const struct reason *why, char out[REASON_TEXT_MAX + 1])
{
    return render(why, kinds[why->code].text, out, REASON_TEXT_MAX);
}

size_t reason_mend(const struct reason *why, char out[REASON_TEXT_MAX + 1])
{
    return render(why, kinds[why->code].mend, out, REASON_TEXT_MAX);
}

size_t reason_text_long(const struct reason *why, char out[REASON_LONG_MAX + 1])
{
    return render(why, kinds[why->code].text, out, REASON_LONG_MAX);
}

size_t reason_mend_long(const struct reason *why, char out[REASON_LONG_MAX + 1])
{
    return render(why, kinds[why->code].mend, out, REASON_LONG_MAX);
}
