// SPDX-License-Identifier: Apache-2.0
#include "manifest_file.h"
#include "grow.h"
#include "source/object.h"

#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct version *version_of(const struct object *o)
{
    return ORD_CONTAINER(o->at.file, struct version, path);
}

static struct file *file_of(const struct object *o)
{
    return version_of(o)->file;
}

struct file *file_new(const char *path, uint64_t rank)
{
    const size_t n = strlen(path) + 1;
    struct file *f = calloc(1, sizeof *f + n);
    if (!f)
        return NULL;
    memcpy(f->path, path, n);
    f->rank = rank;
    return f;
}

// --- versions ---------------------------------------------------------------

static void version_free(struct version *v)
{
    arena_release(&v->arena);
    free(v->objects);
    free(v);
}

static struct version *version_new(struct file *f, size_t budget)
{
    const size_t n = strlen(f->path) + 1;
    struct version *v = calloc(1, sizeof *v + n);
    if (!v)
        return NULL;
    memcpy(v->path, f->path, n);
    v->file = f;
    arena_init(&v->arena, budget);
    return v;
}

// What the callbacks of one reading share.
struct reading {
    const struct manifests_settings *settings;
    struct version *version;
    bool no_memory;
};

static void take_object(void *context, struct object *o)
{
    struct reading *r = context;
    struct version *v = r->version;
    const struct object **objects =
        grow_array(v->objects, v->n, &v->room, sizeof *objects);
    if (!objects) {
        r->no_memory = true;
        return;
    }
    v->objects = objects;
    v->objects[v->n++] = o;
}

static void take_document(void *context, const struct doc_node *root)
{
    struct reading *r = context;
    struct version *v = r->version;
    const struct manifests_settings *s = r->settings;
    if (r->no_memory)
        return;
    if (s->document)
        s->document(s->context, v->file->path, root);
    const int refused =
        object_decode(root, v->path, &v->arena, take_object, r, s->report);
    if (refused < 0)
        r->no_memory = true;
    else
        v->refused += (uint64_t)refused;
}

static void mend_blanks(const struct shelf *s, const struct file *f,
                        struct text *text)
{
    struct place at = {f->path, 0, 1};
    const uint32_t n = text_mend_blanks(text, &at.line);
    if (n)
        report_finding(s->settings->report, FINDING_WARNING, at,
                       "no-break spaces (U+00A0) indent %" PRIu32
                       " lines, as in text copied from a web page; they are "
                       "read as blanks; replace them",
                       n);
}

// The text's objects as a new version, not in service yet. Returns 0, -ENOMEM.
static int version_read(const struct shelf *s, struct file *f,
                        struct text *text, struct version **out)
{
    const struct doc_limits *limits = &s->settings->limits;
    mend_blanks(s, f, text);
    struct version *v = version_new(f, limits->memory_max);
    if (!v)
        return -ENOMEM;
    struct reading r = {.version = v, .settings = s->settings};
    const int refused =
        doc_yaml_read(v->path, span_of(text->data, text->n), limits,
                      take_document, &r, s->settings->report);
    if (refused < 0 || r.no_memory) {
        version_free(v);
        return -ENOMEM;
    }
    v->refused += (uint64_t)refused;
    *out = v;
    return 0;
}

// Free the versions of which nothing is in service any more.
static void prune(struct file *f)
{
    for (struct version **at = &f->versions; *at;) {
        struct version *v = *at;
        if (v->live) {
            at = &v->older;
            continue;
        }
        *at = v->older;
        version_free(v);
    }
}

// --- taking the place of another --------------------------------------------

static void tell_twice(const struct shelf *s, const struct object *wins,
                       const struct object *loses)
{
    const bool spaced = *wins->namespace != '\0';
    report_finding(s->settings->report, FINDING_WARNING, wins->at,
                   "%s '%s%s%s' is defined twice: this one wins over "
                   "%s:%" PRIu32 ":%" PRIu32,
                   object_kind_name((enum object_kind)wins->kind),
                   wins->namespace, spaced ? "/" : "", wins->name,
                   loses->at.file, loses->at.line, loses->at.column);
}

// What the file has in service under the key of o, or NULL.
static const struct object *find_own(struct shelf *s, const struct file *f,
                                     const struct object *o)
{
    struct objects_at at = {0};
    const struct object *own = NULL, *found;
    while ((found = objects_next(&s->objects, o, &at))) {
        if (file_of(found) == f)
            own = found;
        else
            s->doubled = true;
    }
    return own;
}

// Room for it in s->objects is reserved.
static int serve(struct shelf *s, struct version *v, const struct object *o)
{
    const struct object *old = find_own(s, v->file, o);
    if (old && version_of(old) == v)
        tell_twice(s, o, old);
    const int rc = cluster_put(s->settings->cluster, o, v->file->rank, old);
    if (rc)
        return rc;
    if (old) {
        version_of(old)->live--;
        objects_swap(&s->objects, old, o);
    } else {
        objects_add(&s->objects, o);
    }
    v->live++;
    s->changed |= !old || old->digest != o->digest;
    return 0;
}

// Take the objects of one version that are in service out of it.
static void withdraw(struct shelf *s, struct version *v)
{
    for (uint32_t i = 0; v->live && i < v->n; i++) {
        if (!objects_has(&s->objects, v->objects[i]))
            continue;
        objects_remove(&s->objects, v->objects[i]);
        cluster_remove(s->settings->cluster, v->objects[i]);
        s->changed = true;
        v->live--;
    }
    assert(v->live == 0);
}

static void withdraw_all(struct shelf *s, struct version *v)
{
    for (; v; v = v->older)
        withdraw(s, v);
}

/*
 * Put a version into service, v being owned by its file from now on.
 *
 * An object that stood in the file before and is in the new text no more goes,
 * unless something in the text was refused: that may be just this object, so
 * its last good version stays.
 */
static int take_over(struct shelf *s, struct version *v)
{
    struct file *f = v->file;
    v->older = f->versions;
    f->versions = v;
    int rc = objects_reserve(&s->objects, v->n);
    for (uint32_t i = 0; rc == 0 && i < v->n; i++)
        rc = serve(s, v, v->objects[i]);
    if (rc == 0 && v->refused == 0)
        withdraw_all(s, v->older);
    if (rc == 0) {
        f->kept = false;
        for (const struct version *older = v->older; older;
             older = older->older)
            f->kept |= older->live != 0;
        f->loaded_at = s->load;
        s->refused += v->refused;
        s->loads++;
    }
    prune(f);
    return rc;
}

void file_free(struct shelf *s, struct file *f)
{
    withdraw_all(s, f->versions);
    prune(f);
    assert(!f->versions);
    free(f->input.data);
    free(f);
}

// --- reading ----------------------------------------------------------------

// Told once for each reason; what was good stays in service.
static void tell_trouble(const struct shelf *s, struct file *f, int code,
                         const char *text)
{
    const struct place at = {f->path, 0, 0};
    if (f->trouble != code)
        report_finding(s->settings->report, FINDING_ERROR, at, "%s", text);
    f->trouble = code;
    f->has_identity = false;
}

static bool same_text(const struct file *f, const struct text *text,
                      uint64_t hash)
{
    return f->has_text && f->text_n == text->n && f->text_hash == hash;
}

static int take_text(struct shelf *s, struct file *f, struct text *text,
                     bool everything)
{
    const size_t n = text->n; // mending makes it shorter
    const uint64_t hash = hash_bytes(0, (const uint8_t *)text->data, n);
    if (everything || !same_text(f, text, hash)) {
        struct version *v;
        int rc = version_read(s, f, text, &v);
        if (rc == 0)
            rc = take_over(s, v);
        if (rc) {
            f->has_text = false;
            f->has_identity = false;
            return rc;
        }
    }
    f->has_text = true;
    f->text_hash = hash;
    f->text_n = n;
    f->identity = text->identity;
    f->has_identity = !text->moving;
    f->trouble = 0;
    s->again |= text->moving;
    return 0;
}

// A link to nothing: what it led to is gone, and its objects with it.
static void lose(struct shelf *s, struct file *f)
{
    tell_trouble(s, f, -ENOENT,
                 "is a link to a file that does not exist; create that");
    withdraw_all(s, f->versions);
    prune(f);
    f->has_text = false;
    f->kept = false;
}

// Whether what the directory says makes reading needless or impossible.
static bool look(struct shelf *s, struct file *f,
                 const struct scan_entry *found, bool everything)
{
    struct error err;
    f->is_link = found->is_link;
    if (found->fault == -ENOENT) {
        lose(s, f);
        return true;
    }
    if (found->fault) {
        tell_trouble(s, f, path_fault(&err, found->fault), err.text);
        return true;
    }
    const char *fault = mode_fault(found->st.st_mode);
    if (fault) {
        tell_trouble(s, f, -EINVAL, fault);
        return true;
    }
    const struct identity now = identity_of(&found->st);
    return !everything && f->has_identity && identity_same(&f->identity, &now);
}

int file_refresh_input(struct shelf *s, struct file *f)
{
    struct error err;
    if (f->has_text || f->trouble)
        return 0;
    int rc = text_read_input(s->settings->limits.text_max, &f->input, &err);
    if (rc == 0)
        rc = take_text(s, f, &f->input, false);
    if (rc == -ENOMEM || rc == -EAGAIN)
        return rc;
    if (rc)
        tell_trouble(s, f, rc, err.text);
    free(f->input.data);
    f->input = (struct text){0};
    return 0;
}

static bool is_blank(const struct text *text)
{
    size_t i = 0;
    while (i < text->n && strchr(" \t\r\n", text->data[i]) && text->data[i])
        i++;
    return i == text->n;
}

static bool says_something(const struct file *f)
{
    for (const struct version *v = f->versions; v; v = v->older)
        if (v->live)
            return true;
    return false;
}

int file_refresh(struct shelf *s, struct file *f,
                 const struct scan_entry *found, bool everything)
{
    struct text text;
    struct error err;
    if (look(s, f, found, everything))
        return 0;
    int rc = text_read(f->path, s->settings->limits.text_max, &text, &err);
    if (rc == -ENOENT)
        return 0; // gone since it was listed: the next listing tells
    if (rc == -ENOMEM)
        return rc;
    if (rc) {
        tell_trouble(s, f, rc, err.text);
        return 0;
    }
    // a shell's ">" empties a file first, and what fills it may take its time
    if (is_blank(&text) && says_something(f))
        tell_trouble(s, f, -ENODATA,
                     "is empty; what it said before stays until it says "
                     "something again, or is removed");
    else
        rc = take_text(s, f, &text, everything);
    free(text.data);
    return rc;
}

bool file_is_stale(const struct file *f)
{
    return f->kept || (f->trouble && f->versions);
}

// --- what several files define ----------------------------------------------

static void tell_double(const struct shelf *s, const struct object *o)
{
    struct objects_at at = {0};
    const struct object *top = o, *found;
    while ((found = objects_next(&s->objects, o, &at))) {
        if (file_of(found)->rank > file_of(top)->rank)
            top = found;
    }
    // the other file was read in this load too: it tells
    if (top != o && file_of(top)->loaded_at == s->load)
        return;
    at = (struct objects_at){0};
    while ((found = objects_next(&s->objects, o, &at))) {
        if (found != top && (top == o || found == o))
            tell_twice(s, top, found);
    }
}

void file_tell_doubles(const struct shelf *s, const struct file *f)
{
    const struct version *v = f->versions;
    for (uint32_t i = 0; v && i < v->n; i++) {
        if (objects_has(&s->objects, v->objects[i]))
            tell_double(s, v->objects[i]);
    }
}
