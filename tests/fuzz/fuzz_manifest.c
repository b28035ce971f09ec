// SPDX-License-Identifier: Apache-2.0
// Any text as a manifest: what is decoded must be sound, whatever it says, put
// into a cluster and read from there as it would be for publication.
#include "model/cluster.h"
#include "source/object.h"

#include <stdlib.h>
#include <string.h>

// The driver has no header for it.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { OBJECTS_MAX = 256 };

struct input {
    struct arena arena;
    const struct object *objects[OBJECTS_MAX];
    uint32_t n;
};

// Each finding has to stand somewhere and to be one line.
static void take_finding(void *context, enum finding kind, struct place at,
                         const char *text)
{
    (void)context;
    (void)kind;
    if (at.line == 0 || at.column == 0 || *text == '\0' ||
        strpbrk(text, "\n\r"))
        abort();
}

static void take_object(void *context, struct object *o)
{
    struct input *in = context;
    if (o->digest == 0 || *o->name == '\0' || strlen(o->name) > 253 ||
        strlen(o->namespace) > 63)
        abort();
    if (in->n < OBJECTS_MAX)
        in->objects[in->n++] = o;
}

static void take_document(void *context, const struct doc_node *root)
{
    struct input *in = context;
    const struct report report = {take_finding, NULL};
    if (object_decode(root, "fuzz", &in->arena, take_object, in, &report) < 0)
        in->n = 0;
}

static int see_change(void *context, const struct cluster_change *change)
{
    const struct cluster *c = context;
    struct service service;
    struct arena arena;
    arena_init(&arena, (size_t)1 << 24);
    if (change->service && change->exists &&
        cluster_service(c, change->namespace, change->service, &arena,
                        &service) != 0)
        abort();
    arena_release(&arena);
    return 0;
}

static void put_all(const struct input *in)
{
    struct cluster *c = cluster_new(NULL);
    uint32_t put = 0;
    while (c && put < in->n && cluster_put(c, in->objects[put], put, NULL) == 0)
        put++;
    if (c && cluster_take_changes(c, see_change, c) != 0)
        abort();
    while (put > 0)
        cluster_remove(c, in->objects[--put]);
    cluster_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct input in = {.n = 0};
    const struct report report = {take_finding, NULL};
    struct doc_limits limits = doc_limits_default();
    limits.alias_max = 1000; // keeps one input fast
    arena_init(&in.arena, (size_t)1 << 26);
    const int rc = doc_yaml_read("fuzz", span_of(data, n), &limits,
                                 take_document, &in, &report);
    if (rc >= 0)
        put_all(&in);
    arena_release(&in.arena);
    return 0;
}
