// SPDX-License-Identifier: Apache-2.0
#include "lib/changes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// No test framework here: this is linked into programs that have none.
static void need(bool done, const char *what)
{
    if (done)
        return;
    fprintf(stderr, "tests/lib/changes: %s refused\n", what);
    abort();
}

void cluster_add(struct cluster *c, struct object *o, uint64_t rank)
{
    need(cluster_put(c, object_done(o), rank, NULL) == 0, "cluster_put");
}

void cluster_swap(struct cluster *c, struct object *o, uint64_t rank,
                  struct object *old)
{
    need(cluster_put(c, object_done(o), rank, old) == 0, "cluster_put");
    object_drop(old);
}

void cluster_drop(struct cluster *c, struct object *o)
{
    cluster_remove(c, o);
    object_drop(o);
}

// --- what changed, as one text ---------------------------------------------

static int note(void *context, const struct cluster_change *change)
{
    struct changes *t = context;
    const size_t n = strlen(t->text);
    char pod[ADDRESS_TEXT_SIZE] = "";

    if (t->left == 0)
        return -EAGAIN;
    t->left--;
    if (change->pod)
        address_format(change->pod, pod);
    snprintf(t->text + n, sizeof t->text - n, "%s%s%s%s%s%s", n ? " " : "",
             change->exists ? "+" : "-", change->namespace,
             change->service ? "/"
             : change->pod   ? "@"
                             : "",
             change->service ? change->service : "", pod);
    return 0;
}

// --- objects ---------------------------------------------------------------

struct object *make_service(const char *name)
{
    struct object *o = object_make(OBJECT_SERVICE, "ns", name);

    o->service.type = SERVICE_HEADLESS;
    return o;
}

struct object *make_selecting(const char *name, const char *value)
{
    struct object *o = make_service(name);

    object_select(o, "app", value);
    return o;
}

struct object *make_pod(const char *name, const char *value)
{
    struct object *o = object_make(OBJECT_POD, "ns", name);

    object_label(o, "app", value);
    object_address(o, "10.0.0.1");
    return o;
}

struct object *make_slice(const char *name, const char *service)
{
    struct object *o = object_make(OBJECT_ENDPOINT_SLICE, "ns", name);

    o->slice.service = object_text(o, service);
    object_endpoint(o, "h", "p", "10.0.0.1", true);
    return o;
}

uint32_t endpoints_of(const struct cluster *c, const char *name)
{
    struct arena arena;
    struct service s;
    uint32_t n = 0;

    arena_init(&arena, 1 << 20);
    need(cluster_service(c, "ns", name, &arena, &s) == 0, "cluster_service");
    for (uint32_t i = 0; i < s.slices_n; i++)
        n += s.slices[i]->endpoints_n;
    arena_release(&arena);
    return n;
}

int changes_take(struct cluster *c, struct changes *changes)
{
    return cluster_take_changes(c, note, changes);
}
