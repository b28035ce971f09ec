// SPDX-License-Identifier: Apache-2.0
// Who is meant by a name, and what is asked of them: it is noted here, and the
// next step does it.
#include "ordinal_state.h"

#include "base/nearest.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// Room for NAMESPACE/NAME, both up to 253 octets.
enum { FULL_NAME_SIZE = 2 * POD_NAME_SIZE };

// A search by name.
struct search {
    struct ordinals_target target;
    const char *what; // "workload", "pod"
    uint32_t found;
    // the closest of the other names, as it is to be written; or one that goes
    // on in another way
    struct nearest nearest;
    size_t common; // letters that both begin with
    char full[FULL_NAME_SIZE];
};

static struct search search_begin(struct ordinals_target target,
                                  const char *what)
{
    return (struct search){
        .target = target, .what = what, .nearest = nearest_of(target.name)};
}

static size_t count_common(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

// Whether somebody is meant; others are remembered for the error.
static bool search_see(struct search *s, const char *namespace,
                       const char *name)
{
    const char *before = s->nearest.word;
    const struct ordinals_target *t = &s->target;

    if (strcmp(t->name, name) == 0 &&
        (!t->namespace || strcmp(t->namespace, namespace) == 0)) {
        s->found++;
        return true;
    }
    nearest_offer(&s->nearest, name);
    const size_t common = count_common(t->name, name);
    const bool better =
        !s->nearest.word && common > s->common && 2 * common > strlen(t->name);
    if (better)
        s->common = common;
    if (better || s->nearest.word != before)
        snprintf(s->full, sizeof s->full, "%s/%s", namespace, name);
    return false;
}

static int search_end(const struct search *s, struct error *err)
{
    const struct ordinals_target *t = &s->target;

    if (s->found == 1)
        return 0;
    if (s->found)
        return error_set(err, -EINVAL,
                         "%s '%s' is in %" PRIu32 " namespaces; write "
                         "NAMESPACE/%s",
                         s->what, t->name, s->found, t->name);
    return error_set(err, -ENOENT, "no %s '%s%s%s' is made here%s%s%s", s->what,
                     t->namespace ? t->namespace : "", t->namespace ? "/" : "",
                     t->name, s->full[0] ? "; did you mean '" : "", s->full,
                     s->full[0] ? "'?" : "");
}

int workload_target(const struct ordinals *o, struct ordinals_target target,
                    struct workload **out, struct error *err)
{
    struct search s = search_begin(target, "workload");

    *out = NULL;
    for (struct map_node *n = NULL; (n = map_walk(&o->holders, n));) {
        struct holder *h = holder_of(n);
        if (!is_vip(h) && workload_of(h)->spec &&
            search_see(&s, h->namespace, h->name))
            *out = workload_of(h);
    }
    return search_end(&s, err);
}

static int pod_target(const struct ordinals *o, struct ordinals_target target,
                      struct pod **out, struct error *err)
{
    struct search s = search_begin(target, "pod");

    *out = NULL;
    for (struct map_node *n = NULL; (n = map_walk(&o->names, n));) {
        struct pod *p = ORD_CONTAINER(n, struct pod, by_name);
        if (search_see(&s, p->workload->holder.namespace, p->name))
            *out = p;
    }
    return search_end(&s, err);
}

int ordinals_scale(struct ordinals *o, struct ordinals_target target,
                   uint32_t replicas, uint32_t *was, struct error *err)
{
    struct workload *w;

    if (replicas > ORDINALS_REPLICAS_MAX)
        return error_set(err, -EINVAL,
                         "%" PRIu32 " replicas are too many; at most %d",
                         replicas, ORDINALS_REPLICAS_MAX);
    const int rc = workload_target(o, target, &w, err);
    if (rc)
        return rc;
    assert(w);
    if (was)
        *was = w->asked;
    if (replicas == w->asked)
        return 0;
    w->asked = replicas;
    w->wanted = workload_bound(&w->spec->object, replicas);
    w->scaled = replicas != facts_of(w)->replicas;
    w->resized = true;
    face_changed(o, &w->face);
    ordinals_due(o, &w->holder);
    return 0;
}

int ordinals_restart(struct ordinals *o, struct ordinals_target target,
                     struct error *err)
{
    struct workload *w;
    const int rc = workload_target(o, target, &w, err);

    if (rc)
        return rc;
    assert(w);
    w->restarts++;
    ordinals_due(o, &w->holder);
    return 0;
}

static void steer(struct ordinals *o, struct workload *w)
{
    w->steered = true;
    ordinals_due(o, &w->holder);
}

int ordinals_delete_pod(struct ordinals *o, struct ordinals_target target,
                        struct error *err)
{
    struct pod *p;
    const int rc = pod_target(o, target, &p, err);

    if (rc)
        return rc;
    assert(p);
    p->to_delete = true;
    steer(o, p->workload);
    return 0;
}

int ordinals_fail_pod(struct ordinals *o, struct ordinals_target target,
                      struct error *err)
{
    struct pod *p;
    const int rc = pod_target(o, target, &p, err);

    if (rc)
        return rc;
    assert(p);
    p->to_fail = true;
    steer(o, p->workload);
    return 0;
}

int ordinals_find_pod(const struct ordinals *o, struct ordinals_target target,
                      const struct object **out, struct error *err)
{
    struct pod *p;
    const int rc = pod_target(o, target, &p, err);

    if (rc)
        return rc;
    assert(p);
    *out = p->face.told ? &p->face.told->object : NULL;
    return 0;
}
