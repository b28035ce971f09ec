// SPDX-License-Identifier: Apache-2.0
// Names of fields, document by document: what the API server refuses when it is
// strict, and otherwise drops without a word. What a field's value may be is
// the loader's matter.
#include "check.h"

#include "base/nearest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum shape {
    SHAPE_ANY,
    SHAPE_SCALAR,
    SHAPE_SCALARS,
    SHAPE_MAP, // of scalars, its keys are free
    SHAPE_STRUCT,
    SHAPE_STRUCTS,
};

// One of a type's fields.
struct field {
    const char *name; // NULL behind the last one
    uint8_t shape;    // enum shape
    uint8_t type;     // of a struct, and of a list's items: enum type
};

enum type {
#define STRUCT(name, ...) TYPE_##name,
#include "fields.def"
#include "fields_status.def"
#include "fields_volume.def"
#undef STRUCT
    TYPES
};
static_assert(TYPES <= UINT8_MAX, "field.type is an octet");

#define V(name)       {#name, SHAPE_SCALAR, 0},
#define VS(name)      {#name, SHAPE_SCALARS, 0},
#define M(name)       {#name, SHAPE_MAP, 0},
#define S(name, type) {#name, SHAPE_STRUCT, TYPE_##type},
#define L(name, type) {#name, SHAPE_STRUCTS, TYPE_##type},
#define ANY(name)     {#name, SHAPE_ANY, 0},
#define STRUCT(name, ...)                                                      \
    [TYPE_##name] = {#name, (const struct field[]){__VA_ARGS__{NULL, 0, 0}}},
static const struct {
    const char *name;
    const struct field *fields;
} types[TYPES] = {
#include "fields.def"
#include "fields_status.def"
#include "fields_volume.def"
};
#undef V
#undef VS
#undef M
#undef S
#undef L
#undef ANY
#undef STRUCT

// All kinds of the versions that have ours. A kind whose fields are known has
// the name of its type; of the others it is enough that they exist.
static const struct {
    const char *version;
    const char *kind;
    enum type type; // TYPES: not known
} kinds[] = {
    {"v1", "Binding", TYPES},
    {"v1", "ComponentStatus", TYPES},
    {"v1", "ConfigMap", TYPES},
    {"v1", "Endpoints", TYPE_Endpoints},
    {"v1", "Event", TYPES},
    {"v1", "LimitRange", TYPES},
    {"v1", "List", TYPE_List},
    {"v1", "Namespace", TYPE_Namespace},
    {"v1", "Node", TYPES},
    {"v1", "PersistentVolume", TYPE_PersistentVolume},
    {"v1", "PersistentVolumeClaim", TYPE_PersistentVolumeClaim},
    {"v1", "Pod", TYPE_Pod},
    {"v1", "PodTemplate", TYPES},
    {"v1", "ReplicationController", TYPE_ReplicationController},
    {"v1", "ResourceQuota", TYPES},
    {"v1", "Secret", TYPES},
    {"v1", "Service", TYPE_Service},
    {"v1", "ServiceAccount", TYPES},
    {"apps/v1", "ControllerRevision", TYPES},
    {"apps/v1", "DaemonSet", TYPE_DaemonSet},
    {"apps/v1", "Deployment", TYPE_Deployment},
    {"apps/v1", "ReplicaSet", TYPE_ReplicaSet},
    {"apps/v1", "StatefulSet", TYPE_StatefulSet},
    {"discovery.k8s.io/v1", "EndpointSlice", TYPE_EndpointSlice},
    {"batch/v1", "CronJob", TYPES},
    {"batch/v1", "Job", TYPE_Job},
};

// A map on the way down from the object; on the callers' stacks.
struct level {
    const char *file;
    const struct doc_node *map;
    enum type type;
    const struct level *up;    // NULL: the object itself
    const struct field *field; // of the level above, whose value this is
    uint32_t item;             // where that is a list, counted from 0
};

static const struct field *find_field(enum type type, const char *name)
{
    const struct field *f = types[type].fields;
    while (f->name && strcmp(f->name, name) != 0)
        f++;
    return f->name ? f : NULL;
}

// The field that a mistyped one is closest to. Letters of the wrong case are no
// more than that, however many.
static const struct field *nearest_field(enum type type, const char *name)
{
    struct nearest n = nearest_of(name);
    for (const struct field *f = types[type].fields; f->name; f++) {
        if (strcasecmp(f->name, name) == 0)
            return f;
        nearest_offer(&n, f->name);
    }
    return n.word ? find_field(type, n.word) : NULL;
}

// Whether a value has the shape of the field.
static bool fits(const struct field *f, const struct doc_node *value)
{
    if (f->shape == SHAPE_ANY || doc_type_of(value) == DOC_NULL)
        return true;
    switch (value->kind) {
    case DOC_MAP:
        return f->shape == SHAPE_STRUCT || f->shape == SHAPE_MAP;
    case DOC_LIST:
        return f->shape == SHAPE_STRUCTS || f->shape == SHAPE_SCALARS;
    default:
        return f->shape == SHAPE_SCALAR;
    }
}

static bool has_type(const struct field *f)
{
    return f->shape == SHAPE_STRUCT || f->shape == SHAPE_STRUCTS;
}

// The field of the same name, where the value has its shape.
static const struct field *find_fitting(enum type type,
                                        const struct doc_pair *pair)
{
    const struct field *f = find_field(type, pair->key->text);
    return f && fits(f, pair->value) ? f : NULL;
}

// --- where a field belongs --------------------------------------------------

struct path {
    char text[REASON_TEXT_MAX];
    size_t n;
};

static void path_add(struct path *p, const char *text)
{
    const size_t room = sizeof p->text - p->n;
    const int n = snprintf(p->text + p->n, room, "%s", text);
    p->n += (size_t)n < room ? (size_t)n : room - 1;
}

static void path_add_name(struct path *p, const char *name)
{
    if (p->n > 0)
        path_add(p, ".");
    path_add(p, name);
}

static void path_add_level(struct path *p, const struct level *at)
{
    if (!at->up)
        return;
    path_add_level(p, at->up);
    path_add_name(p, at->field->name);
    if (at->field->shape == SHAPE_STRUCTS) {
        char item[16];
        snprintf(item, sizeof item, "[%u]", at->item);
        path_add(p, item);
    }
}

// The struct below a map that would take the field: one that is there, else the
// only one there could be, where `absent` ones may be meant. Status is nothing
// that people write.
static const struct field *find_below(const struct level *at, bool absent,
                                      const struct doc_pair *pair)
{
    const struct field *only = NULL;
    unsigned n = 0;
    for (const struct field *f = types[at->type].fields; f->name; f++) {
        if (!has_type(f) || strcmp(f->name, "status") == 0 ||
            !find_fitting(f->type, pair))
            continue;
        if (doc_get(at->map, f->name))
            return f;
        only = f;
        n++;
    }
    return absent && n == 1 ? only : NULL;
}

// Find where in this object the field would be one: first below this map, then
// above it and beside it.
static bool find_elsewhere(const struct level *at, const struct doc_pair *pair,
                           struct path *out)
{
    for (const struct level *l = at; l; l = l->up) {
        if (l != at && find_fitting(l->type, pair)) {
            path_add_level(out, l);
            path_add_name(out, pair->key->text);
            path_add(out, l->up ? "" : ", at the top level");
            return true;
        }
        const struct field *below = find_below(l, l == at, pair);
        if (below) {
            path_add_level(out, l);
            path_add_name(out, below->name);
            path_add(out, below->shape == SHAPE_STRUCTS ? "[]" : "");
            path_add_name(out, pair->key->text);
            return true;
        }
    }
    return false;
}

// --- the walk ---------------------------------------------------------------

// A field that is known elsewhere, and takes such a value, is more likely to be
// meant than one here that only resembles it.
static void tell_stranger(struct check *c, const struct level *at,
                          const struct doc_pair *pair)
{
    const char *key = pair->key->text;
    struct reason why = {
        .code = REASON_FIELD_UNKNOWN,
        .kind = types[at->type].name,
        .detail = key,
    };
    struct path path = {.n = 0};
    const struct field *near = nearest_field(at->type, key);
    if (find_elsewhere(at, pair, &path)) {
        why.code = REASON_FIELD_MISPLACED;
        why.near = path.text;
    } else if (near) {
        why.code = REASON_FIELD_MISSPELLED;
        why.near = near->name;
    }
    const struct place place = {at->file, pair->key->line, pair->key->column};
    check_tell(c, place, &why);
}

static void check_level(struct check *c, const struct level *at);

static void check_value(struct check *c, const struct level *up,
                        const struct field *f, const struct doc_node *value)
{
    struct level at = {
        .file = up->file,
        .map = value,
        .type = f->type,
        .up = up,
        .field = f,
    };
    if (f->shape == SHAPE_STRUCT && value->kind == DOC_MAP)
        check_level(c, &at);
    if (f->shape != SHAPE_STRUCTS || value->kind != DOC_LIST)
        return;
    for (; at.item < value->n; at.item++) {
        at.map = value->items[at.item];
        if (at.map->kind == DOC_MAP)
            check_level(c, &at);
    }
}

static void check_level(struct check *c, const struct level *at)
{
    for (uint32_t i = 0; i < at->map->n && !c->no_memory; i++) {
        const struct doc_pair *pair = &at->map->pairs[i];
        const struct field *f = find_field(at->type, pair->key->text);
        if (f)
            check_value(c, at, f, pair->value);
        else
            tell_stranger(c, at, pair);
    }
}

// --- kinds ------------------------------------------------------------------

// Lists of a kind have names of their own ("NamespaceList"), which are close to
// the kind's.
static bool is_list(const char *kind)
{
    const size_t n = strlen(kind);
    return n >= 4 && strcmp(kind + n - 4, "List") == 0;
}

static void check_kind(struct check *c, const struct check_document *d)
{
    struct nearest n = nearest_of(d->kind);
    for (size_t i = 0; i < ORD_COUNT(kinds); i++) {
        if (strcmp(kinds[i].version, d->api_version) != 0)
            continue;
        if (strcmp(kinds[i].kind, d->kind) == 0) {
            const struct level top = {
                .file = d->file, .map = d->root, .type = kinds[i].type};
            if (top.type != TYPES)
                check_level(c, &top);
            return;
        }
        nearest_offer(&n, kinds[i].kind);
    }
    if (!n.word || is_list(d->kind))
        return;
    const struct reason why = {
        .code = REASON_KIND_MISSPELLED,
        .kind = d->api_version,
        .detail = d->kind,
        .near = n.word,
    };
    check_tell(c, check_place(d, "kind"), &why);
}

void check_fields(struct check *c)
{
    for (uint32_t i = 0; i < c->documents_n; i++)
        check_kind(c, &c->documents[i]);
}
