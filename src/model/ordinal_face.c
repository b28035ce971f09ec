// SPDX-License-Identifier: Apache-2.0
// What the outside is told at the end of a step. Whatever changed since is one
// change: the object that stood for a pod, and the one that stands for it now.
// What went is told first: then nothing that comes finds its place taken.
#include "ordinal_state.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>

// --- copies of workloads that were scaled ----------------------------------

// 0: there is none.
static uint64_t copy_digest(const struct workload *w)
{
    if (!w->scaled)
        return 0;
    const uint64_t h = hash_bytes(w->spec->object.digest,
                                  (const uint8_t *)&w->asked, sizeof w->asked);

    return h ? h : 1;
}

static struct told *copy_object(const struct workload *w)
{
    struct told *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->spec = spec_share(w->spec);
    t->object = w->spec->object;
    t->object.workload.replicas = w->asked;
    t->object.digest = copy_digest(w);
    return t;
}

// --- any face --------------------------------------------------------------

static struct pod *pod_of(struct face *f)
{
    return ORD_CONTAINER(f, struct pod, face);
}

// 0: nothing of it is to be known.
static uint64_t digest_of(const struct ordinals *o, struct face *f)
{
    switch ((enum face_of)f->of) {
    case FACE_POD:
        return pod_digest(o, pod_of(f));
    case FACE_VIP:
        return vip_digest(ORD_CONTAINER(f, struct vip, face));
    case FACE_WORKLOAD:
        return copy_digest(ORD_CONTAINER(f, struct workload, face));
    }
    return 0;
}

static struct told *object_of(const struct ordinals *o, struct face *f)
{
    switch ((enum face_of)f->of) {
    case FACE_POD:
        return pod_object(o, pod_of(f));
    case FACE_VIP:
        return vip_object(o, ORD_CONTAINER(f, struct vip, face));
    case FACE_WORKLOAD:
        return copy_object(ORD_CONTAINER(f, struct workload, face));
    }
    return NULL;
}

static struct face *face_of_node(struct list_node *n)
{
    return n ? ORD_CONTAINER(n, struct face, dirty) : NULL;
}

// --- telling ---------------------------------------------------------------

// What is to be told.
struct news {
    struct face *come; // those that come or change, by `next`
    uint32_t come_n;
    struct told *go;
    struct pod *over; // to be freed: their names are those of what goes
    int rc;
};

static void note_going(struct news *n, struct face *f)
{
    if (!f->told)
        return;
    f->told->link = n->go;
    n->go = f->told;
    f->told = NULL;
}

// Only a step with an input knows what a service is: the next one looks again.
static void look_at_unknown(struct news *n, struct vip *v)
{
    v->holder.digest = 0;
    list_unlink(&v->face.dirty);
    if (v->evicted[0].family || v->evicted[1].family)
        note_going(n, &v->face);
}

// What one face has to say; it is clean then, unless memory ran out.
static void look_at(struct ordinals *o, struct news *n, struct face *f)
{
    if (f->gone) {
        list_unlink(&f->dirty);
        note_going(n, f);
        if (f->of == FACE_POD) {
            pod_of(f)->link = n->over;
            n->over = pod_of(f);
        }
        return;
    }
    if (f->of == FACE_VIP && !ORD_CONTAINER(f, struct vip, face)->object) {
        look_at_unknown(n, ORD_CONTAINER(f, struct vip, face));
        return;
    }
    const uint64_t digest = digest_of(o, f);
    if (digest == (f->told ? f->told->object.digest : 0)) {
        list_unlink(&f->dirty);
        return;
    }
    if (digest == 0) {
        list_unlink(&f->dirty);
        note_going(n, f);
        return;
    }
    f->next = object_of(o, f);
    if (!f->next) {
        // What is known is wrong, and its address may be another's.
        note_going(n, f);
        if (f->of == FACE_VIP)
            ORD_CONTAINER(f, struct vip, face)->holder.digest = 0;
        n->rc = -ENOMEM;
        return;
    }
    f->link = n->come;
    n->come = f;
    n->come_n++;
}

static void look_at_all(struct ordinals *o, struct news *n)
{
    struct list_node *next;

    // The list has the last one first, and so does what is put together here:
    // in the end the first one is told first.
    for (struct list_node *at = o->dirty; at; at = next) {
        next = at->next;
        look_at(o, n, face_of_node(at));
    }
}

static void tell_going(struct ordinals *o, struct news *n)
{
    const struct ordinals_events *e = &o->settings.events;

    for (struct told *t = n->go, *next; t; t = next) {
        next = t->link;
        e->went(e->context, &t->object);
        told_free(t);
    }
    for (struct pod *p = n->over, *next; p; p = next) {
        next = p->link;
        pod_free(o, p);
    }
}

static void forget_coming(struct news *n)
{
    for (struct face *f = n->come; f; f = f->link) {
        told_free(f->next);
        f->next = NULL;
    }
    n->come = NULL;
}

static void tell_coming(struct ordinals *o, struct news *n)
{
    const struct ordinals_events *e = &o->settings.events;

    for (struct face *f = n->come; f; f = f->link) {
        struct told *old = f->told;
        f->told = f->next;
        f->next = NULL;
        list_unlink(&f->dirty);
        if (old)
            e->changed(e->context, &old->object, &f->told->object);
        else
            e->came(e->context, &f->told->object);
        told_free(old);
    }
}

int ordinals_tell(struct ordinals *o)
{
    const struct ordinals_events *e = &o->settings.events;
    struct news n = {0};

    if (!o->dirty)
        return 0;
    look_at_all(o, &n);
    if (n.come_n && e->prepare) {
        const int rc = e->prepare(e->context, n.come_n);
        if (rc) {
            n.rc = rc;
            forget_coming(&n);
        }
    }
    tell_going(o, &n);
    tell_coming(o, &n);
    return n.rc;
}
