// SPDX-License-Identifier: Apache-2.0
/*
 * The one file that speaks libyaml. Its events go straight into the tree; a
 * document is delivered when the parser has seen what follows it, because text
 * behind a document's end makes it a broken one.
 *
 * libyaml ends at the first error. A document marker is one at the start of any
 * line, so a new parser can go on there: the text is read in stretches, one
 * when all is well and one more for each broken document. Marks are relative to
 * their stretch.
 *
 * Ill-formed octets are the exception: libyaml looks at up to 16 KiB ahead of
 * its events, and stops before it has told about documents that are sound.
 * Then a stretch is cut off before the document with those octets.
 */
#include "doc/doc.h"
#include "syntax.h"
#include "text.h"
#include "tree.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

struct reader {
    const char *file;
    const struct report *report;
    void (*document)(void *context, const struct doc_node *root);
    void *context;
    int refused;

    struct tree tree;
    bool within;  // a document has begun and not ended
    bool pending; // the tree is complete and waits for what follows it

    yaml_parser_t parser;
    const uint8_t *fed;   // up to here the parser has the stretch
    size_t helping;       // octets it gets next, at most
    const uint8_t *start; // of the stretch, always of a line
    const uint8_t *end;
    const uint8_t *text_end;
    uint32_t lines;     // before the stretch
    size_t document_at; // characters between the stretch's start and it
};

enum { STEP_ON, STEP_END }; // besides negative errors

// libyaml decodes at once what it is given, up to 16 KiB. A stretch begins with
// a small helping, so that many small broken documents do not make it decode
// the same octets again and again.
enum { HELPING_FIRST = 512, HELPING_LAST = 16 << 10 };

static struct tree_place place_of(const struct reader *r,
                                  const yaml_mark_t *mark)
{
    return (struct tree_place){.line = r->lines + (uint32_t)mark->line + 1,
                               .column = (uint32_t)mark->column + 1};
}

static const uint8_t *pointer_of(const struct reader *r, size_t characters)
{
    return text_at(r->start, r->end, characters);
}

static void refuse(struct reader *r, struct tree_place at, const char *text)
{
    r->refused++;
    report_finding(r->report, FINDING_ERROR,
                   (struct place){r->file, at.line, at.column}, "%s", text);
}

static void deliver(struct reader *r)
{
    r->pending = false;
    // As kubectl does: what is empty or null is no object.
    if (doc_type_of(r->tree.root) != DOC_NULL)
        r->document(r->context, r->tree.root);
}

static enum tree_tag tag_of(const yaml_event_t *event)
{
    static const struct {
        char text[24];
        enum tree_tag tag;
    } tags[] = {
        {YAML_STR_TAG, TREE_TAG_STR},
        {YAML_INT_TAG, TREE_TAG_INT},
        {YAML_BOOL_TAG, TREE_TAG_BOOL},
        {YAML_NULL_TAG, TREE_TAG_NULL},
        {YAML_FLOAT_TAG, TREE_TAG_FLOAT},
        {"!", TREE_TAG_STR},
        {"tag:yaml.org,2002:merge", TREE_TAG_MERGE},
    };
    const char *text = (const char *)event->data.scalar.tag;
    for (size_t i = 0; text && i < ORD_COUNT(tags); i++) {
        if (strcmp(text, tags[i].text) == 0)
            return tags[i].tag;
    }
    return TREE_TAG_NONE;
}

static int on_scalar(struct reader *r, const yaml_event_t *event)
{
    const struct tree_scalar scalar = {
        .text = span_of(event->data.scalar.value, event->data.scalar.length),
        .anchor = (const char *)event->data.scalar.anchor,
        .tag = tag_of(event),
        .plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
    };
    return tree_scalar(&r->tree, place_of(r, &event->start_mark), &scalar);
}

static int on_document_start(struct reader *r, const yaml_event_t *event)
{
    if (r->pending)
        deliver(r);
    tree_reset(&r->tree);
    r->within = true;
    r->document_at = event->start_mark.index;
    return STEP_ON;
}

static int on_document_end(struct reader *r, const yaml_event_t *event)
{
    r->within = false;
    r->pending = true;
    // Behind "..." anything may follow.
    if (!event->data.document_end.implicit) {
        deliver(r);
        r->document_at = event->end_mark.index;
    }
    return STEP_ON;
}

static int on_event(struct reader *r, const yaml_event_t *event)
{
    const struct tree_place at = place_of(r, &event->start_mark);
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(r, event);
    case YAML_MAPPING_START_EVENT:
        return tree_open(&r->tree, at, DOC_MAP,
                         (const char *)event->data.mapping_start.anchor);
    case YAML_SEQUENCE_START_EVENT:
        return tree_open(&r->tree, at, DOC_LIST,
                         (const char *)event->data.sequence_start.anchor);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return tree_close(&r->tree);
    case YAML_ALIAS_EVENT:
        return tree_alias(&r->tree, at, (const char *)event->data.alias.anchor);
    case YAML_DOCUMENT_START_EVENT:
        return on_document_start(r, event);
    case YAML_DOCUMENT_END_EVENT:
        return on_document_end(r, event);
    case YAML_STREAM_START_EVENT:
        return STEP_ON;
    case YAML_STREAM_END_EVENT:
    case YAML_NO_EVENT:
        break;
    }
    if (r->pending)
        deliver(r);
    return STEP_END;
}

// The next stretch begins at `start`.
static void go_on_at(struct reader *r, const uint8_t *start)
{
    if (start < r->text_end)
        r->lines += text_lines(r->start, start);
    r->start = start;
    r->end = r->text_end;
    r->document_at = 0;
    r->within = r->pending = false;
}

// "%TAG" and "%YAML" lines right above a marker belong to its document.
static const uint8_t *with_directives(const uint8_t *from, const uint8_t *p,
                                      const uint8_t *marker)
{
    const uint8_t *first = NULL;
    for (p = text_next_line(p, marker); p < marker;
         p = text_next_line(p, marker)) {
        const size_t left = (size_t)(marker - p);
        const bool directive = (left > 5 && memcmp(p, "%TAG ", 5) == 0) ||
                               (left > 6 && memcmp(p, "%YAML ", 6) == 0);
        if (!directive)
            first = NULL;
        else if (!first)
            first = p;
    }
    return first && first > from ? first : marker;
}

/*
 * Leave the broken document, which has something wrong at `wrong`.
 *
 * headless  what is wrong stands before the document's own marker
 */
static void skip_document(struct reader *r, const uint8_t *wrong, bool headless)
{
    const uint8_t *const document = pointer_of(r, r->document_at);
    const uint8_t *const line = text_line_of(r->start, wrong, r->end);
    const uint8_t *next = line;
    // A marker ends what was left open before; then it is the next document's.
    if (wrong > line || line <= document || !text_is_marker(line, r->end)) {
        next = text_marker(text_next_line(line, r->end), r->end);
        if (headless)
            next = text_marker(text_next_line(next, r->end), r->end);
        next = with_directives(r->start, line, next);
    }
    go_on_at(r, next);
}

static void on_tree_fault(struct reader *r, const yaml_event_t *event)
{
    refuse(r, r->tree.fault_at, r->tree.fault.text);
    skip_document(r, pointer_of(r, event->start_mark.index), false);
}

static bool is_about_directive(const yaml_parser_t *p)
{
    return (p->context && strstr(p->context, "directive")) ||
           strstr(p->problem, "directive") ||
           strstr(p->problem, "incompatible");
}

static void on_syntax_error(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const bool behind = strstr(p->problem, "<document start>");
    if (r->pending && !behind)
        deliver(r);
    const uint8_t *const wrong = pointer_of(r, p->problem_mark.index);
    const uint8_t *const line = text_line_of(r->start, wrong, r->end);
    const struct syntax syntax = {
        .problem = p->problem,
        .context = p->context,
        .context_line = place_of(r, &p->context_mark).line,
        .line = span_of(line, (size_t)(r->end - line)),
        .at = (size_t)(wrong - line),
    };
    struct error err;
    syntax_explain(&syntax, &err);
    refuse(r, place_of(r, &p->problem_mark), err.text);
    skip_document(r, wrong, !r->within && is_about_directive(p));
}

// Something ill-formed at an offset that the events have not come to.
static void on_octet_error(struct reader *r)
{
    const size_t size = (size_t)(r->end - r->start);
    const size_t offset = r->parser.problem_offset;
    const uint8_t *const wrong = r->start + (offset < size ? offset : size);
    const uint8_t *const document =
        text_line_of(r->start, pointer_of(r, r->document_at), r->end);

    const uint8_t *cut = NULL;
    const uint8_t *marker = document;
    for (;;) {
        marker = text_marker(text_next_line(marker, r->end), r->end);
        if (marker > wrong || marker == r->end)
            break;
        cut = marker;
    }
    if (cut) {
        go_on_at(r, document);
        r->end = cut;
        return;
    }
    const uint8_t *const line = text_line_of(r->start, wrong, r->end);
    const struct syntax syntax = {.problem = r->parser.problem};
    struct error err;
    syntax_explain(&syntax, &err);
    refuse(r,
           (struct tree_place){r->lines + text_lines(r->start, line) + 1,
                               text_characters(line, wrong) + 1},
           err.text);
    skip_document(r, wrong, false);
}

static int on_parser_error(struct reader *r)
{
    switch (r->parser.error) {
    case YAML_READER_ERROR:
        on_octet_error(r);
        return STEP_END;
    case YAML_SCANNER_ERROR:
    case YAML_PARSER_ERROR:
        on_syntax_error(r);
        return STEP_END;
    default:
        // YAML_MEMORY_ERROR; where libyaml duplicates a string and cannot, it
        // stops without setting any error.
        return -ENOMEM;
    }
}

// Every third event ends a map or a list and owns nothing; to delete it would
// only clear it.
static bool owns_memory(const yaml_event_t *event)
{
    return event->type != YAML_MAPPING_END_EVENT &&
           event->type != YAML_SEQUENCE_END_EVENT;
}

static int read_event(struct reader *r)
{
    yaml_event_t event;
    if (!yaml_parser_parse(&r->parser, &event))
        return on_parser_error(r);
    int rc = on_event(r, &event);
    if (rc == -EINVAL) {
        on_tree_fault(r, &event);
        rc = STEP_END;
    } else if (rc == STEP_END) {
        go_on_at(r, r->end);
    }
    if (owns_memory(&event))
        yaml_event_delete(&event);
    return rc;
}

static int feed(void *context, unsigned char *buffer, size_t size, size_t *read)
{
    struct reader *r = context;
    size_t n = (size_t)(r->end - r->fed);
    n = n < size ? n : size;
    n = n < r->helping ? n : r->helping;
    if (r->helping < HELPING_LAST)
        r->helping *= 2;
    memcpy(buffer, r->fed, n);
    r->fed += n;
    *read = n;
    return 1;
}

// Leaves the start of the next stretch in r.
static int read_stretch(struct reader *r)
{
    if (!yaml_parser_initialize(&r->parser))
        return -ENOMEM;
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    r->fed = r->start;
    r->helping = HELPING_FIRST;
    yaml_parser_set_input(&r->parser, feed, r);
    tree_reset(&r->tree);
    int rc;
    do
        rc = read_event(r);
    while (rc == STEP_ON);
    yaml_parser_delete(&r->parser);
    return rc < 0 ? rc : 0;
}

static int read_text(struct reader *r, struct span text)
{
    r->start = text.p;
    r->end = r->text_end = text.p + text.n;
    while (r->start < r->text_end) {
        const int rc = read_stretch(r);
        if (rc)
            return rc;
    }
    return r->refused;
}

int doc_yaml_read(const char *file, struct span text,
                  const struct doc_limits *limits,
                  void (*document)(void *context, const struct doc_node *root),
                  void *context, const struct report *report)
{
    struct reader r = {.file = file,
                       .report = report,
                       .document = document,
                       .context = context};
    // Lengths and numbers in a tree have 32 bits, also once UTF-16 has grown
    // to UTF-8.
    const size_t text_max =
        limits->text_max < INT32_MAX ? limits->text_max : INT32_MAX;
    if (text.n > text_max) {
        report_finding(report, FINDING_ERROR, (struct place){.file = file},
                       "the text has %zu octets, and the limit is %zu; split "
                       "it into several files",
                       text.n, text_max);
        return 1;
    }
    struct text utf8;
    int rc = text_open(text, &utf8);
    if (rc == -EILSEQ) {
        refuse(&r, (struct tree_place){1, 1},
               "the text is UTF-32; save it as UTF-8");
        return 1;
    }
    if (rc)
        return rc;
    tree_init(&r.tree, limits);
    rc = read_text(&r, utf8.utf8);
    tree_release(&r.tree);
    text_release(&utf8);
    return rc;
}
