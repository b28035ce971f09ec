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

// Who is there instead of somebody who is not, as it is to be written: the
// closest of the names, or one that begins alike.
struct hint {
    const char *wanted;
    const char *namespace; // of those that are offered; NULL: any
    struct nearest nearest;
    size_t common; // letters that both begin with
    char full[FULL_NAME_SIZE];
};

static size_t count_common(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

static void hint_offer(struct hint *h, const char *namespace, const char *name)
{
    const char *before = h->nearest.word;

    if (h->namespace && strcmp(h->namespace, namespace) != 0)
        return;
    nearest_offer(&h->nearest, name);
    const size_t common = count_common(h->wanted, name);
    const bool better = !h->nearest.word && common > h->common &&
                        2 * common > strlen(h->wanted);
    if (better)
        h->common = common;
    if (better || h->nearest.word != before)
        snprintf(h->full, sizeof h->full, "%s/%s", namespace, name);
}

static struct hint hint_of(const struct ordinals_target *t,
                           const char *namespace)
{
    return (struct hint){.wanted = t->name,
                         .namespace = namespace,
                         .nearest = nearest_of(t->name)};
}

static int nobody(const struct ordinals_target *t, const char *what,
                  const struct hint *h, struct error *err)
{
    return error_set(err, -ENOENT, "no %s '%s%s%s' is made here%s%s%s", what,
                     t->namespace ? t->namespace : "", t->namespace ? "/" : "",
                     t->name, h->full[0] ? "; did you mean '" : "", h->full,
                     h->full[0] ? "'?" : "");
}

static int several(const struct ordinals_target *t, const char *what,
                   uint32_t n, struct error *err)
{
    return error_set(err, -EINVAL,
                     "%s '%s' is in %" PRIu32 " namespaces; write NAMESPACE/%s",
                     what, t->name, n, t->name);
}

static bool is_meant(const struct ordinals_target *t, const char *namespace,
                     const char *name)
{
    return strcmp(t->name, name) == 0 &&
           (!t->namespace || strcmp(t->namespace, namespace) == 0);
}

// The workload that this is, or NULL: a service, or one that was not read yet.
static struct workload *workload_at(struct holder *h)
{
    return h && !is_vip(h) && workload_of(h)->spec ? workload_of(h) : NULL;
}

// A StatefulSet and a Deployment may have one name: the first kind is meant.
static bool is_first(const struct ordinals *o, const struct holder *h)
{
    for (uint8_t kind = OBJECT_STATEFUL_SET; kind < h->kind; kind++)
        if (workload_at(holder_find(o, kind, h->namespace, h->name)))
            return false;
    return true;
}

static struct hint hint_workload(const struct ordinals *o,
                                 const struct ordinals_target *t,
                                 const char *namespace)
{
    struct hint hint = hint_of(t, namespace);

    for (struct map_node *n = NULL; (n = map_walk(&o->holders, n));)
        if (workload_at(holder_of(n)))
            hint_offer(&hint, holder_of(n)->namespace, holder_of(n)->name);
    return hint;
}

// The namespace that was written may be right, and is looked at first.
static int no_workload(const struct ordinals *o,
                       const struct ordinals_target *t, struct error *err)
{
    struct hint hint = hint_workload(o, t, t->namespace);

    if (!hint.full[0] && t->namespace)
        hint = hint_workload(o, t, NULL);
    return nobody(t, "workload", &hint, err);
}

int workload_target(const struct ordinals *o, struct ordinals_target target,
                    struct workload **out, struct error *err)
{
    struct workload *found = NULL;
    uint32_t n = 0;

    for (struct map_node *at = NULL; (at = map_walk(&o->holders, at));) {
        struct holder *h = holder_of(at);
        if (!workload_at(h) || !is_meant(&target, h->namespace, h->name) ||
            !is_first(o, h))
            continue;
        found = workload_of(h);
        n++;
    }
    if (n == 0)
        return no_workload(o, &target, err);
    if (n > 1)
        return several(&target, "workload", n, err);
    *out = found;
    return 0;
}

static struct pod *pod_at(struct map_node *n)
{
    return ORD_CONTAINER(n, struct pod, by_name);
}

static struct hint hint_pod(const struct ordinals *o,
                            const struct ordinals_target *t,
                            const char *namespace)
{
    struct hint hint = hint_of(t, namespace);

    for (struct map_node *n = NULL; (n = map_walk(&o->names, n));)
        hint_offer(&hint, pod_at(n)->workload->holder.namespace,
                   pod_at(n)->name);
    return hint;
}

static int no_pod(const struct ordinals *o, const struct ordinals_target *t,
                  struct error *err)
{
    struct hint hint = hint_pod(o, t, t->namespace);

    if (!hint.full[0] && t->namespace)
        hint = hint_pod(o, t, NULL);
    return nobody(t, "pod", &hint, err);
}

// Those of the name in any namespace.
static uint32_t find_pods(const struct ordinals *o, const char *name,
                          struct pod **out)
{
    uint32_t n = 0;

    for (struct map_node *at = NULL; (at = map_walk(&o->names, at));) {
        if (strcmp(pod_at(at)->name, name) != 0)
            continue;
        *out = pod_at(at);
        n++;
    }
    return n;
}

static int pod_target(const struct ordinals *o, struct ordinals_target target,
                      struct pod **out, struct error *err)
{
    struct pod *found = NULL;
    uint32_t n = 0;

    if (target.namespace) {
        found = pod_find(o, target.namespace, target.name);
        n = found != NULL;
    } else {
        n = find_pods(o, target.name, &found);
    }
    if (n == 0)
        return no_pod(o, &target, err);
    if (n > 1)
        return several(&target, "pod", n, err);
    *out = found;
    return 0;
}

int ordinals_scale(struct ordinals *o, struct ordinals_target target,
                   uint32_t replicas, uint32_t *was, struct error *err)
{
    struct workload *w = NULL;

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
    workload_tell_limit(o, w);
    return 0;
}

int ordinals_restart(struct ordinals *o, struct ordinals_target target,
                     struct error *err)
{
    struct workload *w = NULL;
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
    struct pod *p = NULL;
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
    struct pod *p = NULL;
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
    struct pod *p = NULL;
    const int rc = pod_target(o, target, &p, err);

    if (rc)
        return rc;
    assert(p);
    *out = p->face.told ? &p->face.told->object : NULL;
    return 0;
}
